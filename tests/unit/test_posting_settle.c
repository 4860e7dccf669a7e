/* Settling, lanes, what is published, and the stream's side of the engine, by the questions that a record asks (test_posting_world.h). */
#include "test_posting_world.h"

#include "obs/metrics.h"
#include "posting/days_left.h"

/* ---- settle ---- */

static void test_settle(void **state)
{
    static const struct way ways[] = {
        {.name = "too late, nothing sent: the claim goes back",
         "claimed;~70000 wait 100;deferred;released",
         "claim sent:R1 defer release | retry settle_deadline"},
        {.name = "too late, sent: the claim stays, and the retry says so",
         "claimed;sent 1;timeout;~70000 timeout;deferred",
         "claim sent:R1 post:R1 ask defer | retry settle_deadline, sent"},
        {.name = "too late, and somebody else has the key",
         "claimed;~70000 wait 100;lost;posted own d S 2 5",
         "claim sent:R1 defer over claim | posted"},
        {.name = "too old behind an earlier one: nobody knows that the world is well",
         "deferred;deferred",
         "claim defer | retry deferred",
         .is_old = true},
        {.name = "too old for what it waits for",
         "claimed;released",
         "claim release:ends | dead letter company_unmapped",
         .plan = PLAN_WAITS,
         .is_old = true},
        {.name = "too old, but sent: it is found out",
         "claimed;sent 1;timeout;~70000 timeout;deferred",
         "claim sent:R1 post:R1 ask defer | retry settle_deadline, sent",
         .is_old = true},
        {.name = "too old, but the world is at fault: it goes on waiting",
         "busy 70000;deferred",
         "claim defer | retry settle_deadline",
         .is_old = true},
        {.name = "posted, from a rebuilt key: no summary is left",
         "posted own d - 2 5",
         "claim | duplicate"},
    };
    (void)state;
    WALK(ways);
}

/* ---- lanes ---- */

/* The second of a key waits for the first to settle, whatever it comes to; a lane of its own does
 * not. */
static void test_lanes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *natural, *lane_of_first, *lane_of_second;
        bool apart;
    } rows[] = {
        {"one key", "01/orders/shop/uk/1", NULL, NULL, false},
        {"one key, another lane", "01/orders/shop/uk/1", NULL, "another", true},
        {"two keys", "01/orders/shop/uk/2", NULL, NULL, true},
        {"two keys of one lane", "01/orders/shop/uk/2", "order 7", "order 7", false},
        {"... which is another key", "01/orders/shop/uk/2", NULL, "01/orders/shop/uk/1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        plan = PLAN_SENDS;
        script = "";
        struct record *first = decoded(false, false), *second = decoded(false, false);
        first->key.lane = rows[i].lane_of_first;
        second->work.natural = second->key.natural = rows[i].natural;
        second->key.lane = rows[i].lane_of_second;
        record_transition(first, DECODED_OK);
        record_transition(second, DECODED_OK);
        assert_ptr_equal(posting.ready.first, first);
        if (first->ready.next != (rows[i].apart ? second : NULL))
            fail_msg("%s: %s", rows[i].name, rows[i].apart ? "it waits" : "side by side");
        end_world();
    }
    begin_world();
    script = "refused event_invalid;posted own d S 2 5";
    struct record *first = decoded(false, false), *second = decoded(false, false);
    record_transition(first, DECODED_OK);
    record_transition(second, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && step(); steps++)
        continue;
    assert_string_equal(trace, "claim claim");
    assert_true(first->state == SETTLED && second->state == SETTLED);
    assert_int_equal(posting.window.unsettled, 0);
    assert_int_equal(posting.ready.in_flight, 0);
    end_world();
}

/* ---- what the flow publishes beside a dead letter ---- */

static void test_beside_a_dead_letter(void **state)
{
    static const struct {
        const char *topic;
        size_t count;
    } rows[] = {{"beside", 2}, {"", 1}}; /* "": it is not written, as in a shadow */
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_world();
        (void)snprintf(stream.outputs.written[1], sizeof stream.outputs.written[1], "%s",
                       rows[i].topic);
        script = "discarded";
        struct record *r = decoded(false, false);
        record_transition(r, DECODED_OK);
        for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
            continue;
        assert_int_equal(r->state, SETTLED);
        assert_int_equal(r->out.count, rows[i].count);
        assert_string_equal(r->out.list[0].message.topic, "orders.raw.dlq");
        if (rows[i].count == 2) {
            const struct kafka_message *m = &r->out.list[1].message;
            assert_ptr_equal(m->topic, stream.outputs.written[1]);
            assert_int_equal(m->key_size, 6);
            assert_memory_equal(m->key, "beside", 6);
            assert_memory_equal(m->value, "discarded", 9);
        }
        end_world();
    }
}

/* Of a letter that had to be cut, by the code that it was. */
static void test_beside_a_cut_letter(void **state)
{
    (void)state;
    begin_world();
    (void)snprintf(stream.outputs.written[1], sizeof stream.outputs.written[1], "beside");
    stream.sizes = (struct sizes){.count = 2,
                                  .message_max = 1 << 20,
                                  .topics = {stream.outputs.dlq, stream.outputs.written[1]},
                                  .bytes = {300, 1 << 20}};
    script = "discarded";
    struct record *r = decoded(false, false);
    record_transition(r, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
        continue;
    assert_int_equal(r->state, SETTLED);
    assert_int_equal(r->end.code, PF_E_record_too_large);
    assert_int_equal(r->out.count, 2);
    assert_int_equal(r->out.list[1].message.value_size, 9);
    assert_memory_equal(r->out.list[1].message.value, "discarded", 9);
    end_world();
}

/* ---- a decision that settles ---- */

/* Its summary is in the settlement, though nothing is stored. */
static void test_a_settlement_has_its_summary(void **state)
{
    (void)state;
    begin_world();
    plan = PLAN_IGNORES;
    script = "claimed;released";
    struct record *r = decoded(false, false);
    record_transition(r, DECODED_OK);
    for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
        continue;
    assert_int_equal(r->state, SETTLED);
    assert_int_equal(r->out.count, 1);
    assert_int_equal(r->out.list[0].message.value_size, 21);
    assert_memory_equal(r->out.list[0].message.value, "ignored_test, and why", 21);
    end_world();
}

/* ---- a repeat of what differs from its document ---- */

/* It says that the flow's own exception is open, and where: of a refund no order's. */
static void test_a_repeat_names_its_flows_exception(void **state)
{
    static const char *const scripts[] = {"posted known d S 2 5 x", "posted added d S 2 5 x;read"};
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        begin_world();
        script = scripts[i];
        struct record *r = decoded(false, false);
        record_transition(r, DECODED_OK);
        for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
            continue;
        assert_int_equal(r->state, SETTLED);
        assert_int_equal(r->end.outcome, OUTCOME_DUPLICATE);
        assert_int_equal(r->end.code, PF_E_refund_amended);
        end_world();
    }
}

/* ---- days that are left for a document ---- */

static int32_t days_told; /* INT32_MAX: nothing counts them */

static bool days_left(const void *event, const struct flow_key *key, const void *rules,
                      int64_t wall_ms, int32_t *ret_days)
{
    (void)rules;
    assert_non_null(event);
    assert_string_equal(key->company, "01");
    assert_int_equal(wall_ms, WALL_MS + now_ms);
    if (days_told == INT32_MAX)
        return false;
    *ret_days = days_told;
    return true;
}

static double days_counted(const char *word)
{
    return metrics_value(METRIC_note_days, word);
}

/* Counted once it is committed: whatever waits or is dead, and has no document. */
static void test_days_of_what_has_no_document(void **state)
{
    static const struct {
        const char *name, *script;
        int32_t days;
        int plan;
        bool is_unread;
        double many, few, late;
    } rows[] = {
        {"waits, with time", "claimed;released", 9, PLAN_WAITS, false, 1, 0, 0},
        {"waits, near its last day", "claimed;released", 3, PLAN_WAITS, false, 0, 1, 0},
        {"waits, late", "claimed;released", -1, PLAN_WAITS, false, 0, 0, 1},
        {"waits behind another", "deferred;deferred", 0, PLAN_SENDS, false, 0, 1, 0},
        {"is a dead letter", "discarded", 2, PLAN_SENDS, false, 0, 1, 0},
        {"nothing counts its days", "discarded", INT32_MAX, PLAN_SENDS, false, 0, 0, 0},
        {"nobody could read it", "", 2, PLAN_SENDS, true, 0, 0, 0},
        {"has its document", "posted own d S 2 5", 2, PLAN_SENDS, false, 0, 0, 0},
        {"has one, and is an exception", "posted differs d S 2 5", 2, PLAN_SENDS, false, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow counting;
        print_message("  %s\n", rows[i].name);
        begin_world();
        counting = *worker.flow;
        counting.days_left = days_left;
        worker.flow = &counting;
        days_left_begin(&worker);
        const double many = days_counted("many"), few = days_counted("few"),
                     late = days_counted("late");
        days_told = rows[i].days;
        plan = rows[i].plan;
        script = rows[i].script;
        struct record *r = decoded(false, false);
        if (rows[i].is_unread) {
            r->key = (struct flow_key){0};
            r->end.code = PF_E_event_invalid;
            record_transition(r, MALFORMED);
        } else {
            record_transition(r, DECODED_OK);
        }
        for (int steps = 0; steps < LINES_MAX && r->state < SETTLED && step(); steps++)
            continue;
        assert_int_equal(r->state, SETTLED);
        struct batch batch = {0};
        const struct collected got = posting_engine.collect(&partition, 10, &batch);
        posting_engine.aborted(&partition, got.count);
        assert_true(days_counted("few") == few && days_counted("many") == many);
        posting_engine.committed(&partition, posting_engine.collect(&partition, 10, &batch).count);
        assert_true(days_counted("many") - many == rows[i].many);
        assert_true(days_counted("few") - few == rows[i].few);
        assert_true(days_counted("late") - late == rows[i].late);
        free(batch.messages);
        end_world();
    }
}

/* ---- the stream's side of the engine ---- */

static void test_engine(void **state)
{
    (void)state;
    begin_world();
    script = "posted own d S 2 5;posted same d S 2 5";
    struct record *first = decoded(false, false), *second = decoded(false, false);
    second->raw.offset = 78;
    assert_int_equal(posting_engine.look(&partition).count, 2);
    assert_int_equal(posting_engine.look(&partition).first_offset, 77);
    assert_false(posting_engine.look(&partition).has_settled);
    record_transition(first, DECODED_OK);
    (void)step();
    assert_true(posting_engine.is_under_way(&partition));
    assert_false(posting_engine.is_idle(&partition));
    while (step())
        continue;
    struct batch batch = {0};
    struct collected got = posting_engine.collect(&partition, 10, &batch);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.next, 78);
    assert_false(got.is_all);
    posting_engine.aborted(&partition, got.count);
    record_transition(second, DECODED_OK);
    while (step())
        continue;
    batch.count = 0;
    got = posting_engine.collect(&partition, 10, &batch);
    assert_int_equal(got.count, 2); /* what was aborted is there again */
    assert_int_equal(batch.count, 2);
    assert_true(got.is_all);
    posting_engine.committed(&partition, got.count);
    assert_int_equal(posting_engine.look(&partition).count, 0);
    assert_int_equal(posting.window.buffered, 0);
    assert_int_equal(posting.window.bytes, 0);
    free(batch.messages);
    end_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_beside_a_dead_letter),
        cmocka_unit_test(test_beside_a_cut_letter),
        cmocka_unit_test(test_a_settlement_has_its_summary),
        cmocka_unit_test(test_a_repeat_names_its_flows_exception),
        cmocka_unit_test(test_days_of_what_has_no_document),
        cmocka_unit_test(test_engine),
    };
    return cmocka_run_group_tests_name("posting_settle", tests, set_up, tear_down);
}
