/* One order's life, record by record: what is told of each, in which order, and what versions are
 * compared with. */
#include "test_why_support.h"

#include "domain/events/ledger_credit.h"

static void test_an_event_by_kind_version_size_and_total(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *e = version(7);
    put_event(ops, e, 10, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_string_equal(only_event()->text, "created, version 7, 2 lines, 52.50 GBP");
    assert_string_equal(only_event()->topic, "orders.raw");
    assert_string_equal(only_event()->delivery, "orders.raw/0/0");
    assert_int_equal(only_event()->kind, WHY_INPUT);
    assert_int_equal(only_event()->at_ms, 10);
    assert_int_equal(strlen(only_event()->content), 8);
    assert_null(only_event()->version); /* personal data: let go */
    assert_true(story.is_known);
    assert_false(story.is_incomplete);
}

static void test_one_line_a_test_and_no_currency(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *e = version(8);
    e->kind = ORDER_EDITED;
    e->lines.count = 1;
    e->test = true;
    e->currency = "???";
    put_event(ops, e, 10, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_string_equal(only_event()->text, "edited, version 8, 1 line, ?, a test");
}

static void test_the_same_content_has_the_same_digest(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_event *other = version(9);
    other->lines.items[0].quantity = 3;
    put_event(ops, version(7), 10, 0);
    put_event(ops, version(8), 20, 0);
    put_event(ops, other, 30, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    const struct why_event *e = story.orders[0].events;
    assert_int_equal(story.orders[0].event_count, 3);
    assert_string_equal(e[0].content, e[1].content);
    assert_string_not_equal(e[1].content, e[2].content);
    assert_false(e[0].is_compared);
    assert_true(e[1].is_compared && e[2].is_compared);
    assert_int_equal(e[1].changes->parts[PART_GOODS].count, 0);
    assert_int_equal(e[2].changes->parts[PART_GOODS].count, 1);
}

static void test_what_cannot_be_read_says_why(void **state)
{
    static const struct {
        const char *topic, *value, *text;
    } rows[] = {{"orders.raw", NULL, "cannot be read: no value"},
                {"orders.raw", "x", "cannot be read: framing_unknown"},
                {"orders.raw.replay", "x", "cannot be read: framing_unknown"},
                {"orders.results", "x", "cannot be read: framing_unknown"},
                {"orders.ledger", "x", "what remains creditable"},
                {"orders.ledger", NULL, "taken back"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        world_put(&(struct world_put){.topic = rows[i].topic,
                                      .key = KEY,
                                      .value = rows[i].value,
                                      .size = rows[i].value != NULL});
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        assert_string_equal(only_event()->text, rows[i].text);
        assert_string_equal(only_event()->content, "");
    }
}

/* Of an order's refunds, whose keys go on behind the order's. */
static void test_what_the_ledger_says_of_refunds(void **state)
{
    struct ledger_credit_taken taken[] = {{.number = 1, .units = 2}, {.number = 2, .units = 1}};
    const struct {
        const char *key;
        enum credit_state state;
        bool all, is_tombstone;
        const char *text; /* NULL: it is not of this order */
    } rows[] = {
        {KEY "/9001", CREDIT_CREDITED, false, false, "refund 9001: credited 12.50 GBP by CN1"},
        {KEY "/9001", CREDIT_OPEN, false, false,
         "refund 9001: a person must tell whether its credit note exists; until then 12.50 GBP is "
         "kept"},
        {KEY "/9001", CREDIT_OPEN, true, false,
         "refund 9001: a person must tell whether its credit note exists; until then all that "
         "remains is kept, and other refunds of the order wait"},
        {KEY "/9001", CREDIT_OWED, false, false,
         "edit 9001: took away 3 units, and no money came back"},
        {KEY "/", CREDIT_UNPOSTED, false, false,
         "not posted (ignored_test): nothing can be credited"},
        {KEY "/9001", CREDIT_OPEN, false, true, "refund 9001: nothing is kept for it any more"},
        {KEY "2/9001", CREDIT_OPEN, false, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct ledger_credit record = {.key = "",
                                             .order = KEY,
                                             .company = "01",
                                             .channel = "shopify",
                                             .store = "uk",
                                             .order_id = "1001",
                                             .refund_id = "9001",
                                             .state = rows[i].state,
                                             .all = rows[i].all,
                                             .outcome = "ignored_test",
                                             .document = "CN1",
                                             .currency = "GBP",
                                             .amount_minor = 1250,
                                             .taken = {.items = taken, .count = 2}};
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        const struct world_put put = {.topic = "orders.ledger", .key = rows[i].key};
        if (rows[i].is_tombstone)
            world_put(&put);
        else
            world_put_struct(ops, &put, &ledger_credit_record, &record);
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        if (rows[i].text == NULL) {
            assert_int_equal(story.orders[0].event_count, 0);
            continue;
        }
        assert_string_equal(only_event()->text, rows[i].text);
        assert_int_equal(only_event()->kind, WHY_LEDGER);
    }
}

static void test_a_result(void **state)
{
    const char *codes[] = {"unknown_sku", "total_mismatch"};
    const struct result_delivery before = {.topic = "orders.raw", .partition = 1, .offset = 4};
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_result r = result_of(OUTCOME_POSTED_ON_HOLD);
    r.code = codes[0];
    r.codes.items = codes;
    r.codes.count = 2;
    r.document = "2011001";
    r.narrative = "Held for a look.";
    r.publisher = r.resolves = &before;
    r.overlay = "00c1ff0203040506";
    put_result(ops, &r, 10);
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_string_equal(
        only_event()->text,
        "posted_on_hold: unknown_sku, total_mismatch; document 2011001; posted by "
        "orders.raw/1/4; as a person edited it, edit 00c1ff0203040506; Held for a look.");
    assert_string_equal(only_event()->outcome, "posted_on_hold");
    assert_string_equal(only_event()->delivery, "orders.raw/2/9");
    assert_string_equal(only_event()->resolves, "orders.raw/1/4");
    assert_string_equal(only_event()->content, "abcdef12");
    assert_int_equal(only_event()->code, PF_E_unknown_sku);
    assert_int_equal(only_event()->kind, WHY_RESULT);
}

static void test_a_plain_result(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct order_result r = result_of(OUTCOME_IGNORED_TEST);
    r.identity = "01abcdef12"; /* too short to be one */
    r.narrative = "";
    put_result(ops, &r, 10);
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_string_equal(only_event()->text, "ignored_test");
    assert_string_equal(only_event()->resolves, "");
    assert_string_equal(only_event()->content, "");
}

static void test_dead_letters_and_retries_by_their_headers(void **state)
{
    static const struct {
        struct world_put put;
        const char *text, *delivery;
        enum why_kind kind;
        enum pf_error code;
    } rows[] = {
        {{.topic = "orders.raw.dlq",
          .headers = {{"primaflow.code", "unknown_sku"},
                      {"primaflow.owner", "catalogue"},
                      {"primaflow.delivery", "orders.raw/0/3"}}},
         "dead letter: unknown_sku, owner catalogue",
         "orders.raw/0/3",
         WHY_DEAD,
         PF_E_unknown_sku},
        {{.topic = "orders.raw.dlq",
          .headers = {{"primaflow.owner", "catalogue"}, {"primaflow.replay-count", "2"}}},
         "dead letter: no code, owner catalogue, redriven or replayed before: 2",
         "",
         WHY_DEAD,
         PF_OK},
        {{.topic = "orders.raw.retry.10s",
          .headers = {{"primaflow.retry-reason", "order_settling"},
                      {"primaflow.attempts", "4"},
                      {"primaflow.delivery", "orders.raw/0/3"}}},
         "waits: order_settling, attempt 4",
         "orders.raw/0/3",
         WHY_WAITS,
         PF_E_order_settling},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world_put put = rows[i].put;
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        put.key = KEY;
        world_put(&put);
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        assert_string_equal(only_event()->text, rows[i].text);
        assert_string_equal(only_event()->delivery, rows[i].delivery);
        assert_int_equal(only_event()->kind, rows[i].kind);
        assert_int_equal(only_event()->code, rows[i].code);
    }
}

static void test_records_by_time_then_kind_then_offset(void **state)
{
    static const enum why_kind expected[] = {WHY_RESULT, WHY_INPUT, WHY_INPUT, WHY_RESULT,
                                             WHY_DEAD};
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct order_result r = result_of(OUTCOME_DUPLICATE);
    put_result(ops, &r, 20);
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = KEY, .at_ms = 20});
    put_event(ops, version(7), 20, 0);
    put_event(ops, version(8), 20, 0);
    put_result(ops, &r, 10);
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = "01/shopify/uk/10011"});
    world_put(&(struct world_put){.topic = "orders.raw.dlq", .key = NULL});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    const struct why_order *o = &story.orders[0];
    assert_int_equal(o->event_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(o->events[i].kind, expected[i]);
    assert_int_equal(o->events[1].offset, 2);
    assert_int_equal(o->events[2].offset, 3);
}

/* Of one time, as partitions added since may give: in the order of their offsets. */
static void test_records_of_one_time(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int64_t offset = 9; offset >= 7; offset--)
        world_put(&(struct world_put){
            .topic = "orders.raw.dlq", .key = KEY, .at_ms = 5, .offset = offset});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(story.orders[0].events[i].offset, 7 + i);
}

/* A dead letter is compared with what Prima's document holds: by Redis, which a person's word may
 * have moved on; else by the first result. */
static void test_what_a_dead_letter_is_compared_with(void **state)
{
    static const struct {
        const char *name;
        bool amended, posted; /* Redis has version 8's content; a result says that 7 was posted */
        const char *units;    /* before: NULL: not compared */
    } rows[] = {{"the first one posted", false, true, "2"},
                {"the amended one", true, true, "5"},
                {"the amended one, its result gone", true, false, "5"},
                {"none that is known", false, false, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct key_view view = {.state = rows[i].amended ? 'p' : 'r'};
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        struct order_event *e = version(7);
        put_event(ops, e, 10, 0);
        e->source_version = 8;
        e->lines.items[0].quantity = 5;
        put_event(ops, e, 20, 0);
        e->source_version = 9;
        e->lines.items[0].quantity = 6;
        put_event(ops, e, 30, 0);
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        memcpy(view.content, story.orders[0].events[1].content, sizeof view.content);
        world_view(NATURAL, &view);
        struct order_result r = result_of(OUTCOME_POSTED);
        r.delivery = (struct result_delivery){.topic = "orders.raw", .offset = 0};
        if (rows[i].posted)
            put_result(ops, &r, 11);
        world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                      .key = KEY,
                                      .at_ms = 40,
                                      .headers = {{"primaflow.code", "order_amended"},
                                                  {"primaflow.delivery", "orders.raw/0/2"}}});
        assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
        const struct why_order *o = &story.orders[0];
        const struct why_event *dead = &o->events[o->event_count - 1];
        if (dead->is_compared != (rows[i].units != NULL))
            fail_msg("%s: compared %d", rows[i].name, dead->is_compared);
        if (rows[i].units != NULL)
            assert_string_equal(dead->changes->parts[PART_GOODS].items[0].before, rows[i].units);
    }
}

/* More than the list's first room. */
static void test_many_records_of_one_order(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int i = 0; i < WORLD_RECORDS; i++)
        world_put(
            &(struct world_put){.topic = "orders.raw.dlq", .key = KEY, .at_ms = WORLD_RECORDS - i});
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    assert_int_equal(story.orders[0].event_count, WORLD_RECORDS);
    assert_int_equal(story.orders[0].events[0].offset, WORLD_RECORDS - 1);
}

/* Versions beyond the memory for comparing are told without what they changed. */
static void test_versions_beyond_memory(void **state)
{
    enum { VERSIONS = 60, NOTE = 900000 };
    static char note[NOTE + 1];
    (void)state;
    struct ops *ops = world_ops(NULL);
    memset(note, 'n', NOTE);
    struct order_event *e = version(1);
    e->note = note;
    for (int64_t i = 1; i <= VERSIONS; i++) {
        e->source_version = i;
        put_event(ops, e, i, 0);
    }
    assert_int_equal(why(ops, KEY, 0, true), OPS_DONE);
    const struct why_order *o = &story.orders[0];
    assert_int_equal(o->event_count, VERSIONS);
    assert_true(o->events[1].is_compared);
    assert_non_null(o->events[1].changes);
    assert_false(o->events[VERSIONS - 1].is_compared);
    assert_null(o->events[VERSIONS - 1].changes);
    assert_string_equal(o->events[VERSIONS - 1].text, "created, version 60, 2 lines, 52.50 GBP");
    assert_string_equal(o->events[0].content, o->events[VERSIONS - 1].content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_event_by_kind_version_size_and_total),
        TEST(test_one_line_a_test_and_no_currency),
        TEST(test_the_same_content_has_the_same_digest),
        TEST(test_what_cannot_be_read_says_why),
        TEST(test_what_the_ledger_says_of_refunds),
        TEST(test_a_result),
        TEST(test_a_plain_result),
        TEST(test_dead_letters_and_retries_by_their_headers),
        TEST(test_records_by_time_then_kind_then_offset),
        TEST(test_records_of_one_time),
        TEST(test_what_a_dead_letter_is_compared_with),
        TEST(test_many_records_of_one_order),
        TEST(test_versions_beyond_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
