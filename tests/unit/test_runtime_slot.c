/* Is the holder of a slot known to be dead? Only when it cannot possibly live: anything else is waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/slot.h"

/* A child that says who it is and then waits to be killed; it dies with us. */
static pid_t start_holder(char *name, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char self[200];
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        slot_describe_self(self, sizeof self);
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
    assert_false(slot_holder_is_dead(name));
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_false(slot_holder_is_dead(name)); /* asleep is not dead */
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(slot_holder_is_dead(name)); /* a zombie does nothing any more */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(slot_holder_is_dead(name));
}

static void test_ourselves(void **state)
{
    char self[200], again[200];
    (void)state;
    slot_describe_self(self, sizeof self);
    slot_describe_self(again, sizeof again);
    assert_string_equal(self, again);
    assert_false(slot_holder_is_dead(self));
}

/* Each part of the name changed in turn: a process of another machine, boot or namespace may well live; only a pid that is somebody else's
 * now, or nobody's, is known dead. */
static void test_names(void **state)
{
    char self[200], boot[64], space[64], name[300];
    long pid;
    unsigned long long started;
    (void)state;
    slot_describe_self(self, sizeof self);
    assert_int_equal(sscanf(self, "%63[^/]/%63[^/]/%ld/%llu", boot, space, &pid, &started), 4);
    const struct {
        const char *name, *boot, *space;
        long pid;
        unsigned long long started;
        bool dead;
    } rows[] = {
        {"our pid, but a process that started at another time", boot, space, pid, started + 1, true},
        {"a pid that nobody has", boot, space, 1L << 30, started, true},
        {"another boot", "2f7c9a4e-0000-4000-8000-000000000000", space, 1L << 30, started, false},
        {"another namespace", boot, "pid:[1]", 1L << 30, started, false},
        {"no boot id to be read", "?", space, 1L << 30, started, false},
        {"no start time", boot, space, 1L << 30, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(name, sizeof name, "%s/%s/%ld/%llu", rows[i].boot, rows[i].space, rows[i].pid, rows[i].started);
        if (slot_holder_is_dead(name) != rows[i].dead)
            fail_msg("%s: %s", rows[i].name, rows[i].dead ? "is waited for" : "is taken for dead");
    }
    static const char *const odd[] = {"", "/", "///", "x", "a/b", "a/b/", "a/b/c/d", "a/b/1", "a/b/1/", "host-7"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (slot_holder_is_dead(odd[i]))
            fail_msg("\"%s\" is taken for dead", odd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ourselves), cmocka_unit_test(test_a_child_that_dies),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
