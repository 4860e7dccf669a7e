/* A program without a topic: a trivial job in its host, started as a process of its own, and stopped
 * by a signal within worker.drain_deadline, whatever the job does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/host.h"

enum { DEADLINE_MS = 2000, SLACK_MS = 1500, NEVER = -1 };

/* How the job behaves. It tells what happens to it, a letter each: begin, turn, reload, drain, late,
 * end. */
struct manner {
    bool starts;       /* host_started is called */
    int64_t work_ms;   /* after `drain`, until it is drained; NEVER */
    bool stands_still; /* from `drain` on, the loop never returns */
    int drains_with;   /* it drains by itself, with this code; 0: it does not */
    int fails_with;    /* it fails at once, with this code; 0: it does not */
};

struct trivial {
    struct host host; /* the first */
    struct manner manner;
    int tell;
    struct timer work;
    bool is_done, has_turned, was_late;
};

static struct trivial *trivial_of(struct host *h)
{
    return (struct trivial *)h;
}

static void tell(struct host *h, char letter)
{
    if (write(trivial_of(h)->tell, &letter, 1) != 1)
        _exit(99);
}

static int trivial_prepare(struct host *h, struct config_message *ret_message)
{
    (void)snprintf(h->slot, sizeof h->slot, "%s", h->options.slot != NULL ? h->options.slot : "");
    if (strcmp(h->slot, "refused") != 0)
        return 0;
    (void)snprintf(ret_message->text, sizeof ret_message->text, "this slot is refused");
    return -EINVAL;
}

static void trivial_release(struct host *h)
{
    tell(h, 'r');
}

static void trivial_begin(struct host *h)
{
    const struct manner *m = &trivial_of(h)->manner;
    if (m->starts)
        host_started(h);
    tell(h, 'b');
    if (m->fails_with != 0)
        host_fail(h, m->fails_with, "failed", "as it was told to", NULL);
}

static void trivial_tick(struct host *h, int64_t now_ms)
{
    struct trivial *t = trivial_of(h);
    (void)now_ms;
    if (t->manner.drains_with != 0 && !h->draining)
        host_drain(h, t->manner.drains_with);
}

static void trivial_turn(struct host *h)
{
    struct trivial *t = trivial_of(h);
    if (!t->has_turned)
        tell(h, 't');
    t->has_turned = true;
}

static void trivial_reload(struct host *h)
{
    tell(h, 'h');
}

static void work_is_done(void *owner)
{
    struct trivial *t = owner;
    t->is_done = true;
}

static void trivial_drain(struct host *h)
{
    struct trivial *t = trivial_of(h);
    tell(h, 'd');
    while (t->manner.stands_still)
        (void)pause();
    if (t->manner.work_ms != NEVER)
        timers_set(&h->timers, &t->work, t->manner.work_ms, work_is_done, t);
}

static bool trivial_is_drained(struct host *h, bool late)
{
    struct trivial *t = trivial_of(h);
    if (late && !t->was_late)
        tell(h, 'l');
    t->was_late |= late;
    return t->is_done;
}

static void trivial_end(struct host *h)
{
    tell(h, 'e');
}

static const struct host_job job = {.name = "trivial",
                                    .usage = "A job that does nothing.",
                                    .prepare = trivial_prepare,
                                    .release = trivial_release,
                                    .begin = trivial_begin,
                                    .turn = trivial_turn,
                                    .tick = trivial_tick,
                                    .reload = trivial_reload,
                                    .drain = trivial_drain,
                                    .is_drained = trivial_is_drained,
                                    .end = trivial_end};

/* ---- its process ---- */

static struct {
    pid_t pid;
    int heard;
    char letters[64];
} child;

/* One arena, and what a burst took is given back: a child that asks for anything else ends. */
int __wrap_mallopt(int parameter, int value);
int __wrap_mallopt(int parameter, int value)
{
    if (!(parameter == M_ARENA_MAX && value == 1) &&
        !(parameter == M_TRIM_THRESHOLD && value == 256 * 1024))
        _exit(99);
    return 1;
}

static void start(const struct manner *manner, const char *word)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    child.letters[0] = '\0';
    child.heard = pipes[0];
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid > 0) {
        (void)close(pipes[1]);
        return;
    }
    static struct trivial t;
    char *argv[] = {"trivial", "-o", "worker.drain_deadline=2s", (char *)(uintptr_t)word, NULL};
    char *named[] = {"trivial", "-o", "worker.drain_deadline=2s", "--slot", (char *)(uintptr_t)word,
                     NULL};
    const bool is_option = word == NULL || word[0] == '-';
    t.manner = *manner;
    t.tell = pipes[1];
    _exit(is_option ? host_run(&t.host, &job, word == NULL ? 3 : 4, argv)
                    : host_run(&t.host, &job, 5, named));
}

/* Reads letters until this one has come, or the process has ended ('\0'), or time is up. */
static void await(char letter, int ms)
{
    const int64_t by = clock_monotonic_ms() + ms;
    for (;;) {
        const size_t size = strlen(child.letters);
        struct pollfd one = {.fd = child.heard, .events = POLLIN};
        const int64_t left = by - clock_monotonic_ms();
        if (letter != '\0' && strchr(child.letters, letter) != NULL)
            return;
        if (left <= 0 || poll(&one, 1, (int)left) <= 0)
            fail_msg("'%c' did not come: \"%s\"", letter != '\0' ? letter : '.', child.letters);
        const ssize_t got = read(child.heard, child.letters + size, 1);
        if (got <= 0 && letter != '\0')
            fail_msg("it ended before '%c': \"%s\"", letter, child.letters);
        if (got <= 0)
            return;
        child.letters[size + 1] = '\0';
    }
}

static int end(int ms)
{
    int status = 0;
    await('\0', ms);
    (void)close(child.heard);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- */

static void test_signals(void **state)
{
    static const struct {
        const char *name;
        struct manner manner;
        char after; /* SIGTERM once this letter has come */
        char again; /* ... and once more after this one; '\0': no */
        const char *letters;
        int exit_code;
        int least_ms, most_ms; /* from the first signal to the end */
    } rows[] = {
        {"nothing is under way", {.starts = true}, 't', 0, "btde", 0, 0, DEADLINE_MS},
        {"its work ends", {.starts = true, .work_ms = 300}, 't', 0, "btde", 0, 300, DEADLINE_MS},
        {"its work never ends",
         {.starts = true, .work_ms = NEVER},
         't',
         0,
         "btdle",
         0,
         DEADLINE_MS * 8 / 10,
         DEADLINE_MS + SLACK_MS},
        {"the loop stands still",
         {.starts = true, .stands_still = true},
         't',
         0,
         "btd",
         0,
         DEADLINE_MS - 50,
         DEADLINE_MS + SLACK_MS},
        {"a second signal stops at once",
         {.starts = true, .work_ms = NEVER},
         't',
         'd',
         "btde",
         0,
         0,
         DEADLINE_MS * 8 / 10},
        {"before it has started", {.work_ms = NEVER}, 'b', 0, "be", 0, 0, DEADLINE_MS * 8 / 10},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        start(&rows[i].manner, NULL);
        await(rows[i].after, 10000);
        const int64_t began = clock_monotonic_ms();
        assert_int_equal(kill(child.pid, SIGTERM), 0);
        if (rows[i].again != '\0') {
            await(rows[i].again, 10000);
            assert_int_equal(kill(child.pid, SIGTERM), 0);
        }
        const int exit_code = end(10000);
        const int64_t took = clock_monotonic_ms() - began;
        assert_string_equal(child.letters, rows[i].letters);
        assert_int_equal(exit_code, rows[i].exit_code);
        if (took < rows[i].least_ms || took > rows[i].most_ms + SLACK_MS)
            fail_msg("%s: it took %lld ms", rows[i].name, (long long)took);
    }
}

static void test_reload(void **state)
{
    (void)state;
    start(&(const struct manner){.starts = true}, NULL);
    await('t', 10000);
    assert_int_equal(kill(child.pid, SIGHUP), 0);
    await('h', 10000);
    assert_int_equal(kill(child.pid, SIGINT), 0); /* as SIGTERM */
    assert_int_equal(end(10000), 0);
    assert_string_equal(child.letters, "bthde");
}

static void test_its_own_end(void **state)
{
    static const struct {
        const char *name, *word;
        struct manner manner;
        const char *letters;
        int exit_code;
    } rows[] = {
        {"it drains by itself", NULL, {.starts = true, .drains_with = 70}, "btde", 70},
        {"it fails", NULL, {.starts = true, .fails_with = 69}, "be", 69},
        {"it fails before it has started", NULL, {.fails_with = 69}, "be", 69},
        {"its configuration is checked", "--check", {.starts = true}, "r", 0},
        {"its configuration is refused", "refused", {.starts = true}, "", 78},
        {"help", "--help", {.starts = true}, "", 0},
        {"an option that it does not have", "--none", {.starts = true}, "", 64},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        start(&rows[i].manner, rows[i].word);
        assert_int_equal(end(10000), rows[i].exit_code);
        assert_string_equal(child.letters, rows[i].letters);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_its_own_end),
    };
    return cmocka_run_group_tests_name("the host", tests, NULL, NULL);
}
