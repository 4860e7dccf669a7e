/* Is a process known to be over? Only when it cannot possibly run: anything else may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

/* A child that says who it is and then waits to be killed; it dies with us. */
static pid_t start_holder(char *name, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char self[PROCESS_NAME_MAX];
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        (void)process_describe_self(self);
        if (write(ends[1], self, strlen(self) + 1) < 0)
            _exit(1);
        for (;;)
            (void)pause();
    }
    size_t size = 0;
    (void)close(ends[1]);
    while (size < room && read(ends[0], name + size, 1) == 1 && name[size] != '\0')
        size++;
    assert_true(size > 0 && size < room);
    (void)close(ends[0]);
    return pid;
}

static void test_a_child_that_dies(void **state)
{
    char name[200];
    const pid_t pid = start_holder(name, sizeof name);
    (void)state;
    assert_false(process_is_over(name));
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_false(process_is_over(name)); /* asleep is not dead */
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(process_is_over(name)); /* a zombie does nothing any more */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(process_is_over(name));
}

static void test_ourselves(void **state)
{
    char self[PROCESS_NAME_MAX], again[PROCESS_NAME_MAX];
    (void)state;
    (void)process_describe_self(self);
    (void)process_describe_self(again);
    assert_string_equal(self, again);
    assert_false(process_is_over(self));
}

struct parts {
    char machine[64], boot[64], space[64];
    long pid;
    unsigned long long started;
};

static struct parts parts_of_self(void)
{
    char self[PROCESS_NAME_MAX];
    struct parts p;
    assert_int_equal(sscanf(process_describe_self(self), "%63[^/]/%63[^/]/%63[^/]/%ld/%llu",
                            p.machine, p.boot, p.space, &p.pid, &p.started),
                     5);
    return p;
}

/* Each part of the name changed in turn: a process of another machine, boot or namespace may well
 * live; only a pid that is somebody else's now, or nobody's, is known dead. */
static void test_names(void **state)
{
    char name[400];
    const struct parts s = parts_of_self();
    const long nobody = 1L << 30;
    static const char other_boot[] = "2f7c9a4e-0000-4000-8000-000000000000";
    (void)state;
    const struct {
        const char *name, *machine, *boot, *space;
        long pid;
        unsigned long long started;
        bool over;
    } rows[] = {
        {"our pid, but a process that started at another time", s.machine, s.boot, s.space, s.pid,
         s.started + 1, true},
        {"a pid that nobody has", s.machine, s.boot, s.space, nobody, s.started, true},
        {"the machine's name changed, the boot did not", "0123456789abcdef", s.boot, s.space,
         nobody, s.started, true},
        {"another boot of another machine", "0123456789abcdef", other_boot, s.space, nobody,
         s.started, false},
        {"another boot of a machine without a name", "?", other_boot, s.space, nobody, s.started,
         false},
        {"another boot, in a container of it", s.machine, other_boot, "pid:[1]", nobody, s.started,
         false},
        {"another namespace", s.machine, s.boot, "pid:[1]", nobody, s.started, false},
        {"no boot id to be read", s.machine, "?", s.space, nobody, s.started, false},
        {"no start time", s.machine, s.boot, s.space, nobody, 0, false},
        {"a pid that no system has", s.machine, s.boot, s.space, 1L << 40, s.started, false},
        /* only where the machine has a name: not in a container */
        {"an earlier boot of this machine", s.machine, other_boot, s.space, s.pid, s.started,
         strcmp(s.machine, "?") != 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(name, sizeof name, "%s/%s/%s/%ld/%llu", rows[i].machine, rows[i].boot,
                       rows[i].space, rows[i].pid, rows[i].started);
        if (process_is_over(name) != rows[i].over)
            fail_msg("%s: %s", rows[i].name, rows[i].over ? "is waited for" : "is taken for over");
    }
    static const char *const odd[] = {"",          "/",       "////",     "x",      "a/b", "a/b/",
                                      "a/b/c/d/e", "a/b/c/1", "a/b/c/1/", "host-7", "-"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (process_is_over(odd[i]))
            fail_msg("\"%s\" is taken for over", odd[i]);
    char more[404];
    (void)snprintf(more, sizeof more, "%s/1", name);
    assert_false(process_is_over(more));
}

static void test_fits_in_a_word(void **state)
{
    char self[PROCESS_NAME_MAX];
    (void)state;
    assert_null(strpbrk(process_describe_self(self), " \n\t"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ourselves), cmocka_unit_test(test_a_child_that_dies),
        cmocka_unit_test(test_names), cmocka_unit_test(test_fits_in_a_word)};
    return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
