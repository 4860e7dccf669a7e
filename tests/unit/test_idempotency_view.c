/* What is shown of a key's record: every state, the senders that may still apply something, and
 * nothing of a value that no script of ours wrote. */
#include "test_idempotency_support.h"

#include "idempotency/key_view.h"

#include <errno.h>
#include <string.h>

/* Looks at the record of the row that ran last. */
static struct key_view look(void)
{
    struct key_view view = {.is_asked = false};
    struct redis_once *redis = NULL;
    struct redis_server server;
    char name[400], message[300] = "";
    (void)row_key(name, sizeof name);
    char *natural = strstr(name, ":k:");
    assert_non_null(natural);
    *natural = '\0';
    assert_int_equal(redis_once_open(world_url(), 3000, &redis, &server, message), 0);
    if (key_view_read(redis, name, natural + 3, &view, message) != 0)
        fail_msg("%s", message);
    redis_once_close(redis);
    assert_true(view.is_asked);
    return view;
}

static void test_states(void **state)
{
    static const struct {
        const char *name, *steps, *answer; /* of the last step */
        char shown;
        const char *code, *delivery, *senders;
        int64_t version, unanswered, deferred;
        int lease; /* its sign */
    } rows[] = {
        {"claimed", "claim A 1 d1 v=7", "claimed", 'c', "", "d1", "", 7, 0, 0, 1},
        {"claimed, the lease is over", "set lease=-5;claim A 1 d1", "claimed", 'c', "", "d1", "", 0,
         0, 0, -1},
        {"sent", "claim A 1 d1;sent 1 1 A", "sent 1", 's', "", "d1", "0", 0, 1, 0, 1},
        {"sent, and the transfer has ended", "claim A 1 d1;sent 1 1 A;over 1", "over", 's', "",
         "d1", "", 0, 1, 0, 1},
        {"sent, and told no in words that prove nothing", "claim A 1 d1;sent 1 1 A;no 1 1",
         "sent + 0", 's', "", "d1", "", 0, 1, 0, 1},
        {"posted", "claim A 1 d1 v=3;sent 1 1 A;finish ok 1 A d1 mine", "finished +", 'p', "", "d1",
         "", 3, 0, 0, 0},
        {"refused", "claim A 1 d1;sent 1 1 A;refuse 1 1 d1", "refused", 'r', "prima_refused", "d1",
         "", 0, 0, 0, 0},
        {"deferred", "claim A 1 d1;release 1;defer d1 1", "deferred", '\0', "", "", "", 0, 0, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        row_answers(rows[i].steps, rows[i].answer);
        const struct key_view view = look();
        assert_int_equal(view.state, rows[i].shown);
        assert_string_equal(view.code, rows[i].code);
        assert_string_equal(view.delivery, rows[i].delivery);
        assert_string_equal(view.senders, rows[i].senders);
        assert_int_equal(view.version, rows[i].version);
        assert_int_equal(view.unanswered, rows[i].unanswered);
        assert_int_equal(view.deferred, rows[i].deferred);
        if (rows[i].lease != 0)
            assert_int_equal((view.lease_left_ms > 0) - (view.lease_left_ms < 0), rows[i].lease);
        assert_string_equal(view.content, view.state == '\0' ? "" : "41414141"); /* of A */
        assert_int_equal(view.ttl_left_ms > 0, view.state != '\0');
        assert_int_equal(view.at_ms > 0, view.state == 'p' || view.state == 'r');
    }
}

static void test_unreadable(void **state)
{
    (void)state;
    row_raw = "not a record of ours";
    row_answers("raw;claim A 1 d1", "unreadable");
    struct key_view view = look();
    assert_int_equal(view.state, '?');
    assert_string_equal(view.content, "");
    assert_string_equal(view.delivery, "");
    row_answers("list;claim A 1 d1", "unreadable"); /* not even a string */
    view = look();
    assert_int_equal(view.state, '?');
    assert_int_equal(view.deferred, 0);
}

static void test_nothing_is_written(void **state)
{
    char name[400], before[400], after[400];
    (void)state;
    row_answers("claim A 1 d1;sent 1 1 A", "sent 1");
    (void)row_key(name, sizeof name);
    (void)REDIS_ASK(before, "GETRANGE", name, "0", "99");
    (void)look();
    (void)REDIS_ASK(after, "GETRANGE", name, "0", "99");
    assert_string_equal(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_nothing_is_written),
    };
    return cmocka_run_group_tests_name("a key shown", tests, world_set_up, world_tear_down);
}
