/* How a program ends, and how it begins again in place: what is said, what is inherited, what is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "obs/log.h"

static jmp_buf ended;
static char said[600], done[300];

void __wrap_log_write(enum log_level level, const struct log_fields *f);
int __wrap_close_range(unsigned first, unsigned last, int flags);
int __wrap_execv(const char *path, char *const argv[]);
void __wrap__exit(int code);

void __wrap_log_write(enum log_level level, const struct log_fields *f)
{
    const size_t used = strlen(said);
    (void)snprintf(said + used, sizeof said - used, "%d %s|%s|%s|%s|%s;", (int)level, f->message,
                   f->detail != NULL ? f->detail : "", f->reason != NULL ? f->reason : "",
                   f->remedy != NULL ? f->remedy : "", f->slot != NULL ? f->slot : "");
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    assert_int_equal(first, 3);
    assert_int_equal(last, ~0U);
    assert_int_equal(flags, CLOSE_RANGE_CLOEXEC);
    (void)snprintf(done, sizeof done, "closed ");
    return 0;
}

int __wrap_execv(const char *path, char *const argv[])
{
    sigset_t mask;
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 0); /* nothing is blocked */
    (void)snprintf(done + strlen(done), sizeof done - strlen(done), "%s %s %s ", path, argv[0],
                   argv[1]);
    return -1;
}

void __wrap__exit(int code)
{
    (void)snprintf(done + strlen(done), sizeof done - strlen(done), "exit %d", code);
    longjmp(ended, 1);
}

static struct host host;

static void begin(void)
{
    host = (struct host){.slot = "s", .exit_code = 9};
    assert_int_equal(uv_loop_init(&host.loop), 0);
    said[0] = done[0] = '\0';
}

static void test_fails_once(void **state)
{
    static const struct {
        int code;
        const char *message, *said;
    } rows[] = {{70, "it broke", "3 it broke|why||do this|s;"},
                {70, NULL, ""},
                {0, "it ended", ""},
                {0, NULL, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        host_fail(&host, rows[i].code, rows[i].message, "why", "do this");
        assert_string_equal(said, rows[i].said);
        assert_int_equal(host.exit_code, rows[i].code);
        assert_true(host.over);
        assert_int_equal(host.give_up, 1);
        host_fail(&host, 99, "once more", NULL, NULL);
        assert_string_equal(said, rows[i].said); /* the first one counts */
        assert_int_equal(host.exit_code, rows[i].code);
        assert_int_equal(uv_loop_close(&host.loop), 0);
    }
}

static void test_starts_over(void **state)
{
    char *argv[] = {(char *)(uintptr_t) "worker", (char *)(uintptr_t) "--slot", NULL};
    sigset_t blocked;
    (void)state;
    begin();
    host_remember_argv(argv);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    if (setjmp(ended) == 0)
        host_start_over(&host, "fenced", "another has it");
    assert_string_equal(done, "closed /proc/self/exe worker --slot exit 70");
    assert_memory_equal(said, "2 restarting|another has it|fenced||s;3 cannot restart|", 54);
    assert_int_equal(uv_loop_close(&host.loop), 0);
}

static void test_ends_where_it_is_to_end(void **state)
{
    (void)state;
    begin();
    host.draining = true;
    if (setjmp(ended) == 0)
        host_start_over(&host, "fenced", "another has it");
    assert_string_equal(done, "exit 9");
    assert_string_equal(said,
                        "2 stopping before all records were committed|another has it|fenced||s;");
    assert_int_equal(uv_loop_close(&host.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fails_once),
        cmocka_unit_test(test_starts_over),
        cmocka_unit_test(test_ends_where_it_is_to_end),
    };
    return cmocka_run_group_tests_name("host: ends, and begins again", tests, NULL, NULL);
}
