/* Replays a corpus folder through a fuzz target, for compilers without libFuzzer. Exit 1: no
 * folder, or nothing in it. */
#include <dirent.h>

#include "fuzz_target.h"

enum { INPUT_MAX = 1 << 20 };

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    static uint8_t data[INPUT_MAX];
    const size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    uint8_t *exact = malloc(size > 0 ? size : 1); /* a read beyond the end is then seen */
    if (exact == NULL)
        return -1;
    memcpy(exact, data, size);
    const int r = LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return r;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    const int count = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;
    int failed = count <= 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name) >= (int)sizeof path ||
            replay(path) != 0) {
            (void)fprintf(stderr, "%s: cannot be replayed\n", entries[i]->d_name);
            failed = 1;
        }
        free(entries[i]);
    }
    free(entries);
    (void)printf("%d inputs replayed\n", count);
    return failed;
}
