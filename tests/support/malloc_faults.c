/* See malloc_faults.h. */
#include "malloc_faults.h"

#include <errno.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EACH_UNTIL = 100,
    SECONDS_MAX = 60,
    REFUSED = 3,
    BROKEN = 4,
    SANITIZED = 1 /* the address sanitizer's exit code, for leaks too */
};

static long countdown; /* allocations until one fails; 0: none does */
static long made;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);

static bool fails(void)
{
    made++;
    if (countdown == 0 || --countdown > 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

static void say_nothing(void *user, const char *format, ...)
{
    (void)user;
    (void)format;
}

static void install(void)
{
    (void)xmlMemSetup(free, __wrap_malloc, __wrap_realloc, __wrap_strdup);
    xmlInitParser(); /* once a process, at its start */
    xmlSetGenericErrorFunc(NULL, say_nothing);
    json_set_alloc_funcs(__wrap_malloc, free);
}

/* A process in which the nth allocation fails; its wait status. */
static int run(malloc_scenario *scenario, long nth, long *ret_made)
{
    const pid_t child = fork();
    if (child == 0) {
        static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
            (void)signal(signals[i], SIG_DFL); /* cmocka would go on with the next test */
        (void)alarm(SECONDS_MAX);
        install();
        made = 0;
        countdown = nth;
        const int said = scenario();
        *ret_made = made;
        countdown = 0;
        const int again = nth > 0 ? scenario() : 0; /* a failure leaves nothing behind */
        exit(again != 0 ? BROKEN : said != 0 ? REFUSED : 0);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

int malloc_faults_once(malloc_scenario *scenario, long nth)
{
    install();
    countdown = nth;
    return scenario();
}

static void count(struct malloc_outcome *o, int status, long nth)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
        o->refused++;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        o->unharmed++;
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
        o->aborted++;
    else if (o->wrong[0] == '\0')
        (void)snprintf(o->wrong, sizeof o->wrong, "allocation %ld of %ld fails: %s %d%s", nth,
                       o->allocations, WIFSIGNALED(status) ? "signal" : "exit",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                       WIFEXITED(status) && WEXITSTATUS(status) == BROKEN
                           ? ", it does not work afterwards"
                       : WIFEXITED(status) && WEXITSTATUS(status) == SANITIZED
                           ? ", the sanitizer's words are above"
                           : "");
}

struct malloc_outcome malloc_faults_try(malloc_scenario *scenario)
{
    struct malloc_outcome o = {0};
    long *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        (void)snprintf(o.wrong, sizeof o.wrong, "no memory to count in");
        return o;
    }
    const int status = run(scenario, 0, shared);
    o.allocations = *shared;
    if (status != 0)
        (void)snprintf(o.wrong, sizeof o.wrong, "it does not work without a failure: status %#x",
                       (unsigned)status);
    for (long nth = 1; nth <= o.allocations && o.wrong[0] == '\0';
         nth += nth < EACH_UNTIL ? 1 : 1 + nth / 10)
        count(&o, run(scenario, nth, shared), nth);
    (void)munmap(shared, sizeof *shared);
    return o;
}
