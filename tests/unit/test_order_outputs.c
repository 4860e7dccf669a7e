/* What an order's settlement publishes, outcome by outcome: into which topics, under which keys. */
#include "test_order_support.h"

#include "codec/codec.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "order_write.h"

enum { PUTS_MAX = 4 };

struct desk {
    struct flow_outputs outputs; /* first: put() gets it */
    struct codec *codec;
    struct order_rules *rules;
    struct arena *arena;
    struct order_event *event;
    struct flow_key key;
    struct flow_plan plan;
    struct buf value;
    struct {
        size_t topic;
        const char *key;
        struct buf value;
    } puts[PUTS_MAX];
    size_t count;
};

static void desk_put(struct flow_outputs *outputs, size_t topic, const char *key)
{
    struct desk *d = (struct desk *)outputs;
    assert_true(d->count < PUTS_MAX);
    d->puts[d->count].topic = topic;
    d->puts[d->count].key = key;
    buf_init(&d->puts[d->count].value, 1 << 20);
    buf_append(&d->puts[d->count].value, d->value.data, d->value.size);
    d->count++;
    buf_clear(&d->value);
}

static void desk_open(struct desk *d)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    *d = (struct desk){.outputs = {.value = &d->value, .put = desk_put},
                       .arena = arena_new(SUPPORT_ARENA),
                       .rules = support_rules((const char *const[]){"orders.cutover_date=", NULL})};
    buf_init(&d->value, 1 << 20);
    assert_int_equal(codec_open("schemas", NULL, limits, &d->codec, message), 0);
    assert_int_equal(codec_check(d->codec, &ledger_credit_record, message), 0);
    assert_int_equal(codec_check(d->codec, &ledger_entry_record, message), 0);
    d->event = support_order(d->arena);
    struct support_world world = {.missing_product = "GONE"};
    support_decide(d->event, d->rules, &world, d->arena, &d->key, &d->plan);
}

static void desk_close(struct desk *d)
{
    for (size_t i = 0; i < d->count; i++)
        buf_release(&d->puts[i].value);
    buf_release(&d->value);
    codec_close(d->codec);
    support_rules_free(d->rules);
    arena_free(d->arena);
}

static void settle(struct desk *d, enum outcome outcome, bool is_shadow, bool is_dead_letter)
{
    static const uint8_t identity[CODEC_IDENTITY_SIZE] = {1}, goods[CODEC_PART_SIZE] = {1},
                         money[FLOW_MONEY_SIZE] = {1};
    const bool is_posted = outcome == OUTCOME_POSTED || outcome == OUTCOME_POSTED_ON_HOLD;
    const struct flow_settlement settlement = {
        .outcome = outcome,
        .key = &d->key,
        .identity = identity,
        .goods = goods,
        .money = money,
        .summary = is_posted ? d->plan.summary : NULL,
        .summary_size = is_posted ? d->plan.summary_size : 0,
        .delivery = "orders.raw/3/41",
        .source_topic = "orders.raw",
        .received_ms = 1795000001000,
        .posted_ms = is_posted ? 1795000002000 : 0,
        .published_ms = 1795000003000,
        .is_shadow = is_shadow,
        .is_dead_letter = is_dead_letter,
    };
    assert_int_equal(
        order_write_outputs(d->codec, &settlement, d->event, d->rules, d->arena, &d->outputs), 0);
}

static void test_by_outcome(void **state)
{
    (void)state;
    enum { NOTHING, ENTRY, UNPOSTED };
    static const int ledger[OUTCOME_COUNT] = {
        [OUTCOME_POSTED] = ENTRY,
        [OUTCOME_POSTED_ON_HOLD] = ENTRY,
        [OUTCOME_CANCELLED_BEFORE_POSTING] = UNPOSTED,
        [OUTCOME_IGNORED_TEST] = UNPOSTED,
        [OUTCOME_IGNORED_BEFORE_CUTOVER] = UNPOSTED,
    };
    for (size_t o = 0; o < OUTCOME_COUNT; o++) {
        if (o == OUTCOME_CONTAINED || o == OUTCOME_NO_MONEY || o == OUTCOME_NOTHING_TO_CREDIT)
            continue; /* of refunds */
        for (int shadow = 0; shadow < 2; shadow++) {
            struct desk d;
            print_message("  %s%s\n", outcome_name((enum outcome)o), shadow ? ", in a shadow" : "");
            desk_open(&d);
            settle(&d, (enum outcome)o, shadow, false);
            assert_int_equal(d.count, !shadow && ledger[o] != NOTHING ? 2 : 1);
            assert_int_equal(d.puts[0].topic, ORDER_RESULT);
            assert_null(d.puts[0].key);
            if (d.count == 2) {
                assert_int_equal(d.puts[1].topic, ORDER_LEDGER);
                if (ledger[o] == ENTRY)
                    assert_null(d.puts[1].key);
                else
                    assert_string_equal(d.puts[1].key, "01/shopify/uk/1001/");
            }
            desk_close(&d);
        }
    }
    struct desk d;
    desk_open(&d);
    settle(&d, OUTCOME_IGNORED_TEST, false, true);
    assert_int_equal(d.count, 0); /* a dead letter's outcome says nothing */
    desk_close(&d);
}

static void test_unposted(void **state)
{
    (void)state;
    struct desk d;
    struct ledger_credit c;
    struct codec_fault fault = {.message = ""};
    desk_open(&d);
    settle(&d, OUTCOME_IGNORED_BEFORE_CUTOVER, false, false);
    const struct buf *bytes = &d.puts[1].value;
    assert_int_equal(
        codec_decode(d.codec, &ledger_credit_record, bytes->data, bytes->size, d.arena, &c, &fault),
        0);
    assert_int_equal(c.state, CREDIT_UNPOSTED);
    assert_string_equal(c.outcome, "ignored_before_cutover");
    assert_string_equal(c.key, "");
    assert_string_equal(c.refund_id, "");
    assert_string_equal(c.order, "01/shopify/uk/1001");
    assert_string_equal(c.company, "01");
    assert_string_equal(c.channel, "shopify");
    assert_string_equal(c.store, "uk");
    assert_string_equal(c.order_id, "1001");
    assert_int_equal(c.at, 1795000003000);
    assert_int_equal(c.event_time, d.event->event_time);
    assert_int_equal(c.parts.count, 0);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_outcome),
        cmocka_unit_test(test_unposted),
    };
    return cmocka_run_group_tests_name("order_outputs", tests, NULL, NULL);
}
