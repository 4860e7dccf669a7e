/* A socket that fails libcurl while a request leaves. Two variables, each with a text, choose the
 * requests that hold it:
 *   PF_FULL_SOCKET    the first write of the request is answered EAGAIN, as under memory pressure;
 *                     the next one goes through
 *   PF_BROKEN_SOCKET  the request leaves, and the write is answered EPIPE
 * Linked into a test program, or loaded into a worker by LD_PRELOAD: either way libcurl finds this
 * `send` before the system's. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { DESCRIPTORS_MAX = 65536 };

static bool is_chosen(const char *variable, const void *bytes, size_t size)
{
    const char *text = getenv(variable);
    return text != NULL && size > 5 && memcmp(bytes, "POST ", 5) == 0 &&
           memmem(bytes, size, text, strlen(text)) != NULL;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    static bool was_refused[DESCRIPTORS_MAX];
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "send");
        memcpy(&real, &found,
               sizeof real); /* ISO C has no cast from an object's address to a function's */
    }
    if (fd >= 0 && fd < DESCRIPTORS_MAX && is_chosen("PF_FULL_SOCKET", bytes, size)) {
        was_refused[fd] = !was_refused[fd];
        if (was_refused[fd]) {
            errno = EAGAIN;
            return -1;
        }
    }
    const ssize_t sent = real(fd, bytes, size, flags);
    if (!is_chosen("PF_BROKEN_SOCKET", bytes, size))
        return sent;
    errno = EPIPE;
    return -1;
}
