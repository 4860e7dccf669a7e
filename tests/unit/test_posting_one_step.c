/* Claim and `sent` in one step, by the questions that a record asks (test_posting_world.h). */
#include "test_posting_world.h"

/* ---- claim and `sent` in one step ---- */

static void test_one_step(void **state)
{
    static struct way ways[] = {
        {.name = "posted", "sent 1;ok;finished 5", "both:R1 post:R1 finish:ok | posted"},
        {.name = "stored late: the same send, a fresh lease",
         "~3000 sent 1;sent 1",
         "both:R1 sent:R1 post:R1 | sent"},
        {.name = "... and the key is another's by then",
         "~3000 sent 1;lost;claimed",
         "both:R1 sent:R1 over claim sent:R1 | claimed"},
        {.name = "the fleet pauses: claimed, and asked again when it may be sent",
         "claimed;wait 100;sent 1;ok;finished 5",
         "both:R1 sent:R1 sent:R1 post:R1 finish:ok | posted"},
        {.name = "busy, then free", "busy 200;claimed", "both:R1 claim sent:R1 | claimed"},
        {.name = "posted, same content", "posted same d S 2 5", "both:R1 | duplicate"},
        {.name = "posted, older content", "posted other d S 1 5", "both:R1 | dead letter conflict"},
        {.name = "an earlier one waits", "deferred;deferred", "both:R1 defer | retry deferred"},
        {.name = "refused before", "refused event_invalid", "both:R1 | dead letter event_invalid"},
        {.name = "a newer generation", "stale 9;claimed", "both:R1 fence claim sent:R1 | claimed"},
        {.name = "unreadable", "unreadable", "both:R1 | dead letter defect"},
        {.name = "taken over: the bytes that were stored go first",
         "takeover 0 - R0 S 1 0 1 0 -;missing;renewed 0 -;missing;absent 0 0;sent 2;refused;"
         "refused;claimed",
         "both:R1 ask renew ask absent sent:R0 post:R0 refuse:prima_unknown_product:other claim "
         "sent:R1 | claimed"},
        {.name = "parked before, still absent: stays so",
         "parked 1 outcome_unknown - S 0 1;missing;released",
         "both:R1 ask release:ends | dead letter outcome_unknown"},
        {.name = "nothing is to be sent: claimed first",
         "claimed;released",
         "claim release:ends | ignored_test, and why",
         .plan = PLAN_IGNORES},
        {.name = "taken back: claimed first",
         "claimed;cancelled",
         "claim cancel | cancelled_before_posting",
         .cancels = true},
        {.name = "asked for first: claimed before that",
         "claimed;missing",
         "claim ask sent:R1 | claimed",
         .resolve_first = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        ways[i].decides_ahead = true;
    WALK(ways);
}

/* One record up to its first question, in a world that `arranged` and `meanwhile` change before its
 * claim and while it waits for its turn. */
static const char *first_question(void (*arranged)(void), void (*meanwhile)(void))
{
    static char asked[sizeof trace];
    begin_world();
    posting.in_vain = 0;
    plan = PLAN_SENDS;
    script = "";
    if (arranged != NULL)
        arranged();
    record_transition(decoded(false, false), DECODED_OK);
    while (step())
        continue;
    if (meanwhile != NULL) {
        assert_string_equal(trace, ""); /* it waits, and has no claim yet */
        meanwhile();
        send_queue_dispatch(&worker);
    }
    (void)snprintf(asked, sizeof asked, "%s", trace);
    posting.send_queue.posting = 0;
    end_world();
    return asked;
}

static void all_connections_are_busy(void)
{
    posting.send_queue.posting = 16;
}

static void one_is_free(void)
{
    posting.send_queue.posting = 15;
}

static void prima_fails_meanwhile(void)
{
    one_is_free();
    (void)breaker_failure(&posting.breaker, PRIMA_NEW_ORDER, "another", true, now_ms);
}

static void fleet_has_a_limit(void)
{
    worker.keys.limit_rate = 10;
}

static void partition_goes(void)
{
    partition.going = true;
}

static void worker_is_a_shadow(void)
{
    worker.shadow = true;
}

static void came_by_a_replay(void)
{
    topic.role = TOPIC_REPLAY;
}

/* `sent` begins a send's time: it is not stored before its turn, and whatever else may be waited
 * for is waited for with a claim. */
static void test_one_step_in_turn(void **state)
{
    (void)state;
    assert_string_equal(first_question(NULL, NULL), "both:R1");
    assert_string_equal(first_question(all_connections_are_busy, one_is_free), "both:R1");
    assert_string_equal(first_question(all_connections_are_busy, prima_fails_meanwhile), "claim");
    assert_string_equal(first_question(fleet_has_a_limit, NULL), "claim");
    assert_string_equal(first_question(partition_goes, NULL), ""); /* the next owner's */
    assert_string_equal(first_question(worker_is_a_shadow, NULL), "claim");
    assert_string_equal(first_question(came_by_a_replay, NULL), "claim");
    topic.role = TOPIC_INPUT;
}

static void settle_one(const char *answers)
{
    script = answers;
    struct record *r = decoded(false, false);
    record_transition(r, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
        continue;
    assert_int_equal(r->state, SETTLED);
}

/* Each decision is made once; and to duplicates that come in numbers no request is carried. */
static void test_one_step_not_in_vain(void **state)
{
    (void)state;
    begin_world();
    plan = PLAN_SENDS;
    posting.in_vain = 0;
    settle_one("sent 1;ok;finished 5");
    assert_int_equal(decisions, 1);
    plan = PLAN_IGNORES;
    settle_one("claimed;released");
    assert_int_equal(decisions, 2);
    plan = PLAN_SENDS;
    for (int i = 0; i < 20; i++)
        settle_one("posted same d S 2 5");
    assert_int_equal(decisions, 2 + 8);
    trace[0] = '\0';
    settle_one("claimed;sent 1;ok;finished 5");
    assert_string_equal(trace, "claim sent:R1 post:R1 finish:ok");
    trace[0] = '\0';
    settle_one("sent 1;ok;finished 5"); /* new orders again */
    assert_string_equal(trace, "both:R1 post:R1 finish:ok");
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_step),
        cmocka_unit_test(test_one_step_in_turn),
        cmocka_unit_test(test_one_step_not_in_vain),
    };
    return cmocka_run_group_tests_name("posting_one_step", tests, set_up, tear_down);
}
