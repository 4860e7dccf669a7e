/* The engine's side of the stream (engine.h), by records in all their states (test_posting_world.h). */
#include "test_posting_world.h"

static struct worker *const w = &worker;

/* Three records; each is settled, or at work at Redis, or has not begun. */
static struct record *records[3];

static void settle(struct record *r)
{
    script = "posted own d S 2 5";
    record_transition(r, DECODED_OK);
    while (r->state < SETTLED && step())
        continue;
    assert_int_equal(r->state, SETTLED);
}

static void begin_three(int settled)
{
    begin_world();
    plan = PLAN_SENDS;
    for (int i = 0; i < 3; i++) {
        records[i] = decoded(false, false);
        records[i]->raw.offset = 80 + 2 * i;
        if (i < settled)
            settle(records[i]);
    }
    script = "";
}

/* ---- what is seen ---- */

static void test_views(void **state)
{
    (void)state;
    for (int settled = 0; settled <= 3; settled++) {
        begin_three(settled);
        const struct engine_view view = posting_engine.look(&partition);
        assert_int_equal(view.count, 3);
        assert_int_equal(view.first_offset, 80);
        assert_int_equal(view.has_settled, settled > 0);
        assert_false(posting_engine.is_under_way(&partition));
        assert_int_equal(posting_engine.is_idle(&partition), settled == 0);
        assert_int_equal(posting.window.unsettled, 3 - settled);
        end_world();
    }
    begin_world();
    assert_int_equal(posting_engine.look(&partition).count, 0);
    assert_int_equal(posting_engine.look(&partition).first_offset, -1);
    assert_false(posting_engine.look(&partition).has_settled);
    assert_true(posting_engine.is_idle(&partition));
    end_world();
}

static void test_at_work(void **state)
{
    (void)state;
    begin_three(0);
    record_transition(records[1], DECODED_OK);
    while (posting.ready.first != NULL)
        ready_run(w);
    assert_true(posting_engine.is_under_way(&partition)); /* not the first */
    assert_false(posting_engine.is_idle(&partition));
    assert_int_equal(posting_engine.in_flight(w), posting.ready.in_flight);
    assert_true(posting_engine.in_flight(w) > 0);
    end_world();
}

/* ---- transactions ---- */

static void test_collects_the_settled_prefix(void **state)
{
    static const struct {
        int settled;
        size_t most, count;
        int64_t next;
        bool is_all;
    } rows[] = {{0, 9, 0, 0, false},  {1, 9, 1, 81, false}, {3, 9, 3, 85, true},
                {3, 2, 2, 83, false}, {3, 3, 3, 85, true},  {3, 1, 1, 81, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch batch = {0};
        begin_three(rows[i].settled);
        const struct collected got = posting_engine.collect(&partition, rows[i].most, &batch);
        assert_int_equal(got.count, rows[i].count);
        if (got.count > 0)
            assert_int_equal(got.next, rows[i].next);
        assert_int_equal(got.is_all, rows[i].is_all);
        assert_int_equal(batch.count, rows[i].count);
        for (int r = 0; r < 3; r++)
            assert_int_equal(records[r]->state == PUBLISHED, (size_t)r < rows[i].count);
        if (got.count == 1) { /* the first ends, the others stay */
            posting_engine.committed(&partition, 1);
            assert_int_equal(posting_engine.look(&partition).count, 2);
            assert_int_equal(posting_engine.look(&partition).first_offset, 82);
            assert_int_equal(posting.window.buffered, 2);
        } else if (got.count > 0) {
            posting_engine.aborted(&partition, got.count - 1);
            for (size_t r = 0; r < got.count; r++)
                assert_int_equal(records[r]->state, r < got.count - 1 ? SETTLED : PUBLISHED);
        }
        free(batch.messages);
        end_world();
    }
}

static void test_all_committed(void **state)
{
    struct batch batch = {0};
    (void)state;
    begin_three(3);
    (void)posting_engine.collect(&partition, 9, &batch);
    posting_engine.committed(&partition, 3);
    assert_int_equal(posting_engine.look(&partition).count, 0);
    assert_int_equal(posting.window.buffered, 0);
    assert_int_equal(posting.window.bytes, 0);
    assert_int_equal(posting.window.unsettled, 0);
    struct record *r = decoded(false, false); /* the list goes on */
    assert_ptr_equal(backlog_of(&partition)->first, r);
    free(batch.messages);
    end_world();
}

/* ---- time ---- */

static void test_a_pause_is_not_the_records_time(void **state)
{
    int64_t before[3];
    (void)state;
    begin_three(1);
    stream.partitions = &partition;
    for (int i = 0; i < 3; i++)
        before[i] = records[i]->timing.deadline_ms;
    posting_engine.resumed(w, 700);
    for (int i = 0; i < 3; i++)
        assert_int_equal(records[i]->timing.deadline_ms, before[i] + 700);
    stream.partitions = NULL;
    end_world();
}

static int gone;
static void go(struct record *r)
{
    (void)r;
    gone++;
}

/* No wait is none: the others have their turn first. */
static void test_a_delay(void **state)
{
    static const struct {
        int64_t ms, waits;
    } rows[] = {{0, 1}, {-5, 1}, {1, 1}, {40, 40}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_three(0);
        script = "x"; /* time may pass */
        gone = 0;
        record_delay(records[0], rows[i].ms, go);
        assert_int_equal(worker.host.timers.count, 1);
        assert_int_equal(worker.host.timers.heap[1]->at_ms, now_ms + rows[i].waits);
        assert_true(step());
        assert_int_equal(gone, 0); /* made ready */
        assert_true(step());
        assert_int_equal(gone, 1);
        assert_true(records[0]->ready.is_in_flight);
        assert_int_equal(posting.ready.in_flight, 1);
        script = "";
        end_world();
    }
}

/* ---- who may go on ---- */

static void test_who_may_go_on(void **state)
{
    static const struct {
        const char *name;
        bool leaves, going, drains;
        size_t in_flight, max;
        int goes;
    } rows[] = {{"there is room", .max = 1, .goes = 1},
                {"there is none", .in_flight = 1, .max = 1},
                {"Redis was lost", .leaves = true, .max = 1},
                {"its partition goes", .going = true, .max = 1},
                {"the worker ends", .drains = true, .max = 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_three(0);
        gone = 0;
        posting.in_flight_max = rows[i].max;
        posting.ready.in_flight = rows[i].in_flight;
        w->leaving = rows[i].leaves;
        partition.going = rows[i].going;
        w->host.draining = rows[i].drains;
        record_make_ready(records[0], go);
        record_make_ready(records[0], go); /* twice is as once */
        ready_run(w);
        if (gone != rows[i].goes)
            fail_msg("%s", rows[i].name);
        w->leaving = w->host.draining = false;
        posting.in_flight_max = 8;
        end_world();
    }
}

/* ---- what ends ---- */

static void test_dropped(void **state)
{
    (void)state;
    begin_three(1);
    struct record *at_work = records[1];
    record_transition(at_work, DECODED_OK);
    while (posting.ready.first != NULL)
        ready_run(w);
    const size_t in_flight = posting.ready.in_flight;
    assert_true(in_flight > 0);
    posting_engine.revoked(&partition);
    assert_null(partition.engine_state);
    assert_int_equal(posting.window.buffered, 0);
    assert_int_equal(posting.window.unsettled, 0);
    assert_int_equal(posting.window.bytes, 0);
    assert_int_equal(posting.ready.in_flight, in_flight - 1);
    assert_int_equal(posting.lanes.items, 0);
    assert_true(at_work->dropped && at_work->held > 0); /* Redis' answer still comes */
    posting_engine.assigned(&partition);
    end_world();
}

/* Its claim goes back when nothing of it was sent: nobody else may hear of the key again. */
static void test_dropped_when_claimed(void **state)
{
    static const struct {
        const char *name;
        enum life_state state;
        bool is_stored;
        bool gives_back;
    } rows[] = {{"claimed", CLAIMED, false, true},
                {"its request is stored", CLAIMED, true, false},
                {"not claimed yet", DECODED, false, false},
                {"sent", SENT, true, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_three(0);
        records[0]->state = rows[i].state;
        records[0]->claim.request_is_stored = rows[i].is_stored;
        trace[0] = '\0';
        posting_engine.revoked(&partition);
        if ((strstr(trace, "gives_back") != NULL) != rows[i].gives_back)
            fail_msg("%s: %s", rows[i].name, trace);
        posting_engine.assigned(&partition);
        end_world();
    }
}

/* ... also where Redis says so when the partition has gone already. */
static void test_claimed_after_it_was_dropped(void **state)
{
    (void)state;
    begin_three(0);
    script = "claimed";
    record_transition(records[0], DECODED_OK);
    while (posting.ready.first != NULL)
        ready_run(w);
    assert_non_null(strstr(trace, "claim"));
    posting_engine.revoked(&partition);
    assert_null(strstr(trace, "gives_back"));
    (void)step();
    assert_non_null(strstr(trace, "gives_back"));
    script = "";
    posting_engine.assigned(&partition);
    end_world();
}

static void test_is_finishing(void **state)
{
    (void)state;
    begin_world();
    assert_false(posting_engine.is_finishing(w));
    posting.rising = true;
    assert_true(posting_engine.is_finishing(w));
    end_world();
}

/* With empty hands nobody probes: the breaker lapses, and the next record tells. */
static void test_a_breaker_lapses(void **state)
{
    (void)state;
    for (int row = 0; row < 3; row++) {
        begin_world();
        posting.breaker.is_open = row != 0;
        posting.breaker.gates[PRIMA_NEW_ORDER].is_open = row != 0;
        posting.breaker.gates[PRIMA_NEW_ORDER].next_probe_ms = now_ms;
        if (row == 1)
            (void)decoded(false, false);
        pauses_begin(&w->host.pauses, PAUSE_PRIMA, NULL);
        pauses_begin(&w->host.pauses, PAUSE_DENIED, NULL);
        pauses_begin(&w->host.pauses, PAUSE_REDIS, "away");
        posting_engine.tick(w, now_ms);
        assert_int_equal(pauses_has(&w->host.pauses, PAUSE_PRIMA), row != 2);
        assert_int_equal(pauses_has(&w->host.pauses, PAUSE_DENIED), row != 2);
        assert_true(pauses_has(&w->host.pauses, PAUSE_REDIS));
        end_world();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_at_work),
        cmocka_unit_test(test_collects_the_settled_prefix),
        cmocka_unit_test(test_all_committed),
        cmocka_unit_test(test_a_pause_is_not_the_records_time),
        cmocka_unit_test(test_a_delay),
        cmocka_unit_test(test_who_may_go_on),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_dropped_when_claimed),
        cmocka_unit_test(test_claimed_after_it_was_dropped),
        cmocka_unit_test(test_is_finishing),
        cmocka_unit_test(test_a_breaker_lapses),
    };
    return cmocka_run_group_tests_name("posting: the engine", tests, set_up, tear_down);
}
