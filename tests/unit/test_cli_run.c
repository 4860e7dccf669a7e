/* See test_cli_run.h. */
#include "test_cli_run.h"

#include <stdio_ext.h>
#include <dirent.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <unistd.h>

#define main primaflow_main
int primaflow_main(int argc, char **argv);
#include "../../ops/cli/main.c"
#undef main

char run_out[RUN_TEXT_MAX], run_err[RUN_TEXT_MAX];
int run_stdout = -1;

enum { WORDS_MAX = 24 };

struct captured {
    int file, kept, number;
};

static struct captured capture(FILE *stream)
{
    const struct captured c = {
        .file = memfd_create("out", 0), .kept = dup(fileno(stream)), .number = fileno(stream)};
    assert_true(c.file >= 0 && c.kept >= 0);
    assert_int_equal(fflush(stream), 0);
    assert_true(dup2(c.file, c.number) >= 0);
    return c;
}

static void release(struct captured c, FILE *stream, char text[static RUN_TEXT_MAX])
{
    (void)fflush(stream); /* fails where run_stdout does: what is left there is nobody's */
    __fpurge(stream);
    clearerr(stream);
    assert_true(dup2(c.kept, c.number) >= 0);
    const ssize_t size = pread(c.file, text, RUN_TEXT_MAX - 1, 0);
    assert_true(size >= 0);
    text[size] = '\0';
    (void)close(c.file);
    (void)close(c.kept);
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
    return world.memory_max > 0 && size > world.memory_max ? NULL : __real_realloc(p, size);
}

/* How often run_file()'s files are open: of all that is, what the commands open themselves. */
static size_t open_inputs(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        char what[16] = "";
        if (readlinkat(dirfd(folder), e->d_name, what, sizeof what - 1) > 0)
            count += strncmp(what, "/memfd:in ", 10) == 0;
    }
    (void)closedir(folder);
    return count;
}

int run(const char *first, ...)
{
    char program[] = "primaflow", *argv[WORDS_MAX] = {program};
    int argc = 1;
    va_list words;
    va_start(words, first);
    for (const char *word = first; word != NULL; word = va_arg(words, const char *)) {
        assert_true(argc < WORDS_MAX - 1);
        argv[argc++] = (char *)(uintptr_t)word;
    }
    va_end(words);
    const struct captured out = capture(stdout), err = capture(stderr);
    if (run_stdout >= 0)
        assert_true(dup2(run_stdout, STDOUT_FILENO) >= 0);
    const size_t opened = open_inputs();
    const int code = primaflow_main(argc, argv);
    const size_t left_open = open_inputs();
    release(out, stdout, run_out);
    release(err, stderr, run_err);
    assert_int_equal(left_open, opened);
    return code;
}

const char *run_file(const char *content)
{
    static char path[64];
    static int file = -1;
    if (file >= 0)
        (void)close(file);
    file = memfd_create("in", 0);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return path;
}

void run_input(const char *content)
{
    FILE *in = fopen(content != NULL ? run_file(content) : "/dev/null", "re");
    assert_non_null(in);
    clearerr(stdin);
    __fpurge(stdin);
    assert_true(dup2(fileno(in), STDIN_FILENO) >= 0);
    (void)fclose(in);
}

void run_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}
