/* Inputs taken apart; see fuzz_input.h. */
#include "fuzz_input.h"

#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 2 };

size_t fuzz_choose(struct fuzz_input *in, size_t count)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++ % count;
}

const char *fuzz_text(struct fuzz_input *in, struct arena *arena)
{
    const uint8_t *end = in->left > 0 ? memchr(in->at, '\0', in->left) : NULL;
    const size_t size = end != NULL ? (size_t)(end - in->at) : in->left;
    const char *text = arena_text(arena, (const char *)in->at, size);
    FUZZ_CHECK(text != NULL);
    in->at += size + (end != NULL);
    in->left -= size + (end != NULL);
    return text;
}

const char *fuzz_file(size_t i, const void *bytes, size_t size)
{
    static struct {
        int fd;
        char path[40];
    } files[FILES];
    FUZZ_CHECK(i < FILES);
    if (files[i].path[0] == '\0') {
        files[i].fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_CHECK(files[i].fd >= 0);
        (void)snprintf(files[i].path, sizeof files[i].path, "/proc/self/fd/%d", files[i].fd);
    }
    FUZZ_CHECK(ftruncate(files[i].fd, 0) == 0);
    FUZZ_CHECK(size == 0 || pwrite(files[i].fd, bytes, size, 0) == (ssize_t)size);
    return files[i].path;
}

const char *fuzz_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder != NULL && folder[0] == '/' && strlen(folder) <= 40 ? folder : "/tmp";
}

bool fuzz_is_costly(const void *bytes, size_t size)
{
    const char *text = bytes;
    size_t stars = 0;
    for (size_t i = 0; i < size; i++) {
        stars += text[i] == '*' || text[i] == '+';
        if (text[i] == '{' && i + 1 < size && text[i + 1] >= '0' && text[i + 1] <= '9')
            return true;
    }
    return stars > 6 || memchr(bytes, '\\', size) != NULL;
}
