/* After a loss of Redis: can anybody still be sending who sent before? Only when nobody can, what
 * Prima does not have is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream/fleet.h"

static char alive[PROCESS_NAME_MAX], dead[PROCESS_NAME_MAX];

/* A process of this machine that has ended. */
static int set_up(void **state)
{
    int ends[2];
    (void)state;
    (void)process_describe_self(alive);
    if (pipe(ends) != 0)
        return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        char self[PROCESS_NAME_MAX] = "";
        (void)process_describe_self(self);
        _exit(write(ends[1], self, sizeof self) == sizeof self ? 0 : 1);
    }
    const ssize_t size = read(ends[0], dead, sizeof dead);
    return pid > 0 && size == sizeof dead && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

enum who { NOBODY, ALIVE, DEAD, ELSEWHERE };

static void name(char text[static PROCESS_NAME_MAX], enum who who)
{
    static const char elsewhere[] = "?/another-boot/pid:[1]/77/1000";
    (void)snprintf(text, PROCESS_NAME_MAX, "%s",
                   who == ALIVE       ? alive
                   : who == DEAD      ? dead
                   : who == ELSEWHERE ? elsewhere
                                      : "");
}

static void test_senders(void **state)
{
    static const struct {
        const char *name, *incident;
        enum who process, former;
        bool stopped, over;
    } rows[] = {
        {"begun anew", "now", ALIVE, NOBODY, false, true},
        {"begun anew elsewhere", "now", ELSEWHERE, NOBODY, false, true},
        {"not begun anew", "before", ALIVE, NOBODY, false, false},
        {"... nor two losses ago, of which the first was not settled", "earlier", ALIVE, NOBODY,
         false, false},
        {"... nor before one that was settled", "long ago", ALIVE, NOBODY, false, true},
        {"dead", "before", DEAD, NOBODY, false, true},
        {"stopped, elsewhere", "before", ELSEWHERE, NOBODY, true, true},
        {"silent, elsewhere", "before", ELSEWHERE, NOBODY, false, false},
        {"begun anew, where one may be asleep", "now", ALIVE, ELSEWHERE, false, false},
        {"... where one has died", "now", ALIVE, DEAD, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct control_member members[2] = {{.slot = "0", .incident = "now"},
                                            {.slot = "1", .stopped = rows[i].stopped}};
        struct control c = {.incident = "now",
                            .since = {"before", "earlier"},
                            .since_count = 2,
                            .members = members,
                            .member_count = 2};
        name(members[0].process, ALIVE);
        (void)snprintf(members[1].incident, sizeof members[1].incident, "%s", rows[i].incident);
        name(members[1].process, rows[i].process);
        name(members[1].former, rows[i].former);
        if (fleet_senders_are_over(&c) != rows[i].over)
            fail_msg("%s", rows[i].name);
    }
}

static void test_too_many_losses_to_tell(void **state)
{
    struct control_member one = {.slot = "0", .incident = "long ago"};
    struct control c = {
        .incident = "now", .since_count = CONTROL_SINCE_MAX, .members = &one, .member_count = 1};
    (void)state;
    name(one.process, ALIVE);
    assert_false(fleet_senders_are_over(&c));
    name(one.process, DEAD);
    assert_true(fleet_senders_are_over(&c));
}

/* What left last is applied within prima.max_apply_delay, or never: an absence counts no sooner. */
static void test_absence_counts_once_the_last_bytes_are_applied(void **state)
{
    (void)state;
    assert_false(fleet_absence_counts(0, 100000, 30000)); /* somebody may be sending */
    assert_false(fleet_absence_counts(70001, 100000, 30000));
    assert_true(fleet_absence_counts(70000, 100000, 30000));
}

static void test_reach(void **state)
{
    struct control_member members[] = {{.slot = "0", .reach = 900}, {.slot = "1", .reach = 16800}};
    static struct stream stream;
    static struct worker w = {.stream = &stream};
    (void)state;
    stream.reach = 1200;
    assert_int_equal(fleet_reach(&w), 1200);
    stream.control.members = members;
    stream.control.member_count = 2;
    assert_int_equal(fleet_reach(&w), 16800); /* one of them buffers more than we do */
    assert_ptr_equal(fleet_find(&stream.control, "1"), &members[1]);
    assert_null(fleet_find(&stream.control, "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_senders), cmocka_unit_test(test_too_many_losses_to_tell),
        cmocka_unit_test(test_absence_counts_once_the_last_bytes_are_applied),
        cmocka_unit_test(test_reach)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
