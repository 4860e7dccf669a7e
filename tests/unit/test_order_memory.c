/* An order that has less memory than it needs, a few bytes less each time: it is refused whole, or
 * what comes out is what comes out with enough. Never something shorter, never a crash. */
#include "test_order_support.h"

#include <errno.h>

#include "codec/codec.h"
#include "order_decide.h"
#include "order_flow.h"
#include "order_key.h"
#include "order_life.h"
#include "order_unmapped.h"
#include "order_write.h"

enum { STEP = 8, ENOUGH = 1 << 20 };

static struct arena *memory; /* of the order */
static struct order_rules *rules;
static struct order_event *event;
static struct codec *codec;

/* ---- a call that gets nothing, and no other ---- */

static size_t calls, refused_call; /* the first is 1; 0: none */

static bool is_refused(void)
{
    return ++calls == refused_call;
}

void *__real_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_alloc(struct arena *a, size_t size);
char *__real_arena_text(struct arena *a, const char *text, size_t size);
char *__wrap_arena_text(struct arena *a, const char *text, size_t size);
char *__wrap_arena_printf(struct arena *a, const char *format, ...);

void *__wrap_arena_alloc(struct arena *a, size_t size)
{
    return is_refused() ? NULL : __real_arena_alloc(a, size);
}

char *__wrap_arena_text(struct arena *a, const char *text, size_t size)
{
    return is_refused() ? NULL : __real_arena_text(a, text, size);
}

__attribute__((format(printf, 2, 3))) char *__wrap_arena_printf(struct arena *a, const char *format,
                                                                ...)
{
    va_list words;
    char *text = NULL;
    if (is_refused())
        return NULL;
    va_start(words, format);
    const int size = vasprintf(&text, format, words);
    va_end(words);
    assert_true(size >= 0);
    char *copy = __real_arena_alloc(a, (size_t)size + 1);
    if (copy != NULL)
        memcpy(copy, text, (size_t)size + 1);
    free(text);
    return copy;
}

static void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

static struct order_line line_of(const char *id, const char *parent, const char *sku, int64_t price)
{
    struct order_line line = event->lines.items[0];
    line.line_id = id;
    line.parent_line_id = parent;
    line.sku = sku;
    line.unit_price.shop_minor = price;
    line.tax_lines.items = some(sizeof *line.tax_lines.items);
    line.tax_lines.items[0] = (struct tax_line){
        .title = "GB VAT", .rate_ppm = 200000, .amount = {.shop_minor = price / 3}};
    return line;
}

/* All that makes an order ask for memory: a bundle of ours, one of the channel's, a product that
 * Prima lacks, a gift card, texts, payments of each kind, a business abroad, letters that Latin-1
 * has not. */
static void make_rich(void)
{
    struct order_line *lines = some(7 * sizeof *lines);
    lines[0] = line_of("L1", NULL, "WEEKENDSET", 3000);
    lines[0].gift_message = "For Bea";
    lines[1] = line_of("L2", NULL, "BOX", 3000);
    lines[2] = line_of("L3", "L2", "SKU00001", 0);
    lines[3] = line_of("L4", "L2", "SKU00002", 600);
    lines[4] = line_of("L5", NULL, "GONE", 900);
    lines[5] = line_of("L6", NULL, "CARD", 1500);
    lines[5].gift_card = true;
    lines[5].taxable = false;
    lines[5].tax_lines.count = 0;
    lines[6] = line_of("L7", NULL, "TSHIRT-RED-M", 3000);
    lines[6].properties.count = 1;
    lines[6].properties.items = some(sizeof *lines[6].properties.items);
    lines[6].properties.items[0].name = "Initials";
    lines[6].properties.items[0].value = "A.E.";
    event->lines.items = lines;
    event->lines.count = 7;
    struct order_tender *tenders = some(3 * sizeof *tenders);
    tenders[0] = tenders[1] = tenders[2] = event->tenders.items[0];
    tenders[1].status = TENDER_STATUS_AUTHORIZED;
    tenders[1].transaction_id = "T2";
    tenders[2] = (struct order_tender){.kind = TENDER_GIFT_CARD,
                                       .voucher_number = "**1234",
                                       .amount = {.shop_minor = 1000},
                                       .status = TENDER_STATUS_CAPTURED};
    event->tenders.items = tenders;
    event->tenders.count = 3;
    event->charges.items = some(sizeof *event->charges.items);
    event->charges.items[0] = (struct order_charge){
        .kind = CHARGE_GIFT_WRAP, .title = "Wrap", .code = "W", .amount = {.shop_minor = 250}};
    event->charges.count = 1;
    event->note = "Please ring twice; \u0141ukasz opens.";
    event->shipping_address = some(sizeof *event->shipping_address);
    *(struct order_address *)(uintptr_t)event->shipping_address = *event->billing_address;
    ((struct order_address *)(uintptr_t)event->shipping_address)->forename = "\u0141ukasz";
}

static int begin(void **state)
{
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    rules = support_rules((const char *const[]){"orders.cutover_date=", NULL});
    event = support_order(memory);
    make_rich();
    return codec_open("schemas", NULL, limits, &codec, message);
}

static int end(void **state)
{
    (void)state;
    codec_close(codec);
    support_rules_free(rules);
    arena_free(memory);
    return 0;
}

static void answer(struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        facts[i].state = FACT_KNOWN;
        facts[i].account = "C000123";
        if (facts[i].kind == FACT_PRODUCT && strcmp(facts[i].sku.product, "GONE") == 0)
            facts[i].state = FACT_ABSENT;
    }
}

/* Key and plan within the arena; -ENOMEM. */
static int decide(struct arena *arena, struct flow_key *ret_key, struct flow_plan *ret_plan)
{
    const char *detail = NULL;
    const enum pf_error code = order_key(event, rules, arena, ret_key, &detail);
    if (code == PF_E_avro_too_large)
        return -ENOMEM;
    assert_int_equal(code, PF_OK);
    int r = order_decide(event, ret_key, rules, NULL, 0, NULL, arena, ret_plan);
    if (r < 0)
        return r;
    assert_int_equal(ret_plan->verdict, FLOW_NEEDS_FACTS);
    struct fact *facts = ret_plan->facts;
    const size_t count = ret_plan->fact_count;
    answer(facts, count);
    return order_decide(event, ret_key, rules, facts, count, NULL, arena, ret_plan);
}

static struct flow_settlement settlement_of(const struct flow_key *key,
                                            const struct flow_plan *plan)
{
    static const uint8_t digest[CODEC_IDENTITY_SIZE] = {1, 0xab};
    return (struct flow_settlement){.outcome = plan->outcome,
                                    .key = key,
                                    .identity = digest,
                                    .goods = digest,
                                    .money = digest,
                                    .summary = plan->summary,
                                    .summary_size = plan->summary_size,
                                    .publisher = "orders.raw/1/2",
                                    .exception = "orders.raw/1/3",
                                    .resolves = "orders.raw/1/4",
                                    .delivery = "orders.raw/3/5",
                                    .source_topic = "orders.raw",
                                    .posted_ms = 1795000002000};
}

static void test_a_decision(void **state)
{
    struct flow_key key, whole_key;
    struct flow_plan plan, whole;
    size_t refused = 0;
    (void)state;
    struct arena *enough = arena_new(ENOUGH);
    assert_int_equal(decide(enough, &whole_key, &whole), 0);
    assert_int_equal(whole.verdict, FLOW_SENDS);
    assert_non_null(strstr(whole.request, "TSHIRT"));
    const size_t needed = arena_used(enough);
    for (size_t cap = 0; cap <= needed; cap += STEP, refused++) {
        struct arena *arena = arena_new(cap);
        const int r = decide(arena, &key, &plan);
        if (r == 0) { /* what is left out was padding */
            assert_int_equal(plan.verdict, FLOW_SENDS);
            assert_int_equal(plan.request_size, whole.request_size);
            assert_memory_equal(plan.request, whole.request, whole.request_size);
            assert_int_equal(plan.summary_size, whole.summary_size);
            assert_memory_equal(plan.summary, whole.summary, whole.summary_size);
            assert_true(cap + 64 > needed);
        } else {
            assert_int_equal(r, -ENOMEM);
        }
        arena_free(arena);
    }
    assert_true(refused > 500);
    arena_free(enough);
}

/* Memory that is short for a moment: a malloc that fails once. */
static void test_a_decision_with_one_call_refused(void **state)
{
    struct flow_key key, whole_key;
    struct flow_plan plan, whole;
    (void)state;
    struct arena *enough = arena_new(ENOUGH);
    calls = refused_call = 0;
    assert_int_equal(decide(enough, &whole_key, &whole), 0);
    const size_t needed = calls;
    assert_true(needed > 100);
    for (size_t nth = 1; nth <= needed; nth++) {
        struct arena *arena = arena_new(ENOUGH);
        calls = 0;
        refused_call = nth;
        const int r = decide(arena, &key, &plan);
        refused_call = 0;
        if (r != -ENOMEM)
            fail_msg("call %zu of %zu was refused, and the order was decided: %d", nth, needed, r);
        arena_free(arena);
    }
    arena_free(enough);
}

/* A text that is longer than a narrative may be is not cut: people would post what nobody wrote. */
static void test_a_text_beyond_a_narrative(void **state)
{
    struct flow_key key;
    struct flow_plan plan;
    static char value[70000];
    (void)state;
    memset(value, 'x', sizeof value - 1);
    event->lines.items[6].properties.items[0].value = value;
    struct arena *arena = arena_new(ENOUGH);
    assert_int_equal(decide(arena, &key, &plan), -ENOMEM);
    arena_free(arena);
    value[60000] = '\0';
    arena = arena_new(ENOUGH);
    assert_int_equal(decide(arena, &key, &plan), 0);
    assert_non_null(strstr(plan.request, value));
    arena_free(arena);
}

typedef int (*write_function)(struct arena *arena, const struct flow_settlement *s,
                              struct buf *out);

static int write_result(struct arena *arena, const struct flow_settlement *s, struct buf *out)
{
    return order_write_result(codec, s, event, arena, out);
}

static int write_ledger(struct arena *arena, const struct flow_settlement *s, struct buf *out)
{
    return order_write_ledger(codec, s, event, rules, arena, out);
}

static void test_what_is_published(void **state)
{
    static const write_function writers[] = {write_result, write_ledger};
    struct flow_key key;
    struct flow_plan plan;
    (void)state;
    struct arena *decided = arena_new(ENOUGH);
    assert_int_equal(decide(decided, &key, &plan), 0);
    const struct flow_settlement s = settlement_of(&key, &plan);
    for (size_t i = 0; i < 2; i++) {
        struct arena *enough = arena_new(ENOUGH);
        struct buf whole;
        buf_init(&whole, ENOUGH);
        assert_int_equal(writers[i](enough, &s, &whole), 0);
        const size_t needed = arena_used(enough);
        assert_true(needed > 100);
        for (size_t cap = 0; cap <= needed; cap += STEP) {
            struct arena *arena = arena_new(cap);
            struct buf out;
            buf_init(&out, ENOUGH);
            const int r = writers[i](arena, &s, &out);
            if (r == 0) {
                assert_int_equal(out.size, whole.size);
                assert_memory_equal(out.data, whole.data, whole.size);
                assert_true(cap + 64 > needed);
            } else {
                assert_int_equal(r, -ENOMEM);
            }
            buf_release(&out);
            arena_free(arena);
        }
        buf_release(&whole);
        arena_free(enough);
    }
    arena_free(decided);
}

static void test_what_is_published_with_one_call_refused(void **state)
{
    static const write_function writers[] = {write_result, write_ledger};
    struct flow_key key;
    struct flow_plan plan;
    (void)state;
    struct arena *decided = arena_new(ENOUGH);
    assert_int_equal(decide(decided, &key, &plan), 0);
    const struct flow_settlement s = settlement_of(&key, &plan);
    for (size_t i = 0; i < 2; i++) {
        size_t nth = 0;
        int r = -ENOMEM;
        while (r == -ENOMEM) { /* until no call is the refused one */
            struct arena *arena = arena_new(ENOUGH);
            struct buf out;
            buf_init(&out, ENOUGH);
            calls = 0;
            refused_call = ++nth;
            r = writers[i](arena, &s, &out);
            refused_call = 0;
            buf_release(&out);
            arena_free(arena);
        }
        assert_int_equal(r, 0);
        assert_int_equal(calls, nth - 1);
        assert_true(nth > 5);
    }
    arena_free(decided);
}

static void count_seen(void *user, enum unmapped_kind kind, const char *value)
{
    size_t *seen = user;
    (void)kind;
    assert_non_null(value);
    ++*seen;
}

static void test_what_is_not_mapped(void **state)
{
    const char *detail = NULL;
    size_t all = 0;
    (void)state;
    for (size_t i = 0; i < event->lines.count;
         i++) { /* each kind of thing that is said with a text */
        event->lines.items[i].location_id = "9999";
        event->lines.items[i].tax_lines.items[0].rate_ppm = 175000;
    }
    event->tenders.items[0].gateway = "cryptopay";
    event->charges.items[0].kind = CHARGE_OTHER;
    struct arena *enough = arena_new(ENOUGH);
    assert_int_equal(order_unmapped(event, rules, enough, count_seen, &all, &detail),
                     UNMAPPED_JUDGED);
    assert_true(all > 5);
    const size_t needed = arena_used(enough);
    for (size_t cap = 0; cap <= needed; cap += STEP) {
        struct arena *arena = arena_new(cap);
        size_t seen = 0;
        const int r = order_unmapped(event, rules, arena, count_seen, &seen, &detail);
        if (r == UNMAPPED_JUDGED)
            assert_int_equal(seen, all);
        else
            assert_int_equal(r, -ENOMEM);
        arena_free(arena);
    }
    arena_free(enough);
}

/* What cannot be judged now is not passed over as mapped. */
static void test_what_is_not_mapped_with_one_call_refused(void **state)
{
    int r = -ENOMEM;
    (void)state;
    for (size_t nth = 1; r == -ENOMEM; nth++) {
        struct arena *arena = arena_new(ENOUGH);
        const char *detail = NULL;
        size_t seen = 0;
        calls = 0;
        refused_call = nth;
        r = order_unmapped(event, rules, arena, count_seen, &seen, &detail);
        refused_call = 0;
        if (r != -ENOMEM)
            assert_int_equal(calls, nth - 1);
        arena_free(arena);
    }
    assert_int_equal(r, UNMAPPED_JUDGED);
    assert_true(calls > 20);
}

/* The code of a later version does not depend on memory; the sentence may be missing. */
static void test_what_is_told(void **state)
{
    const char *money_text = NULL, *goods_text = NULL;
    (void)state;
    struct order_event *former = support_order(memory);
    struct arena *enough = arena_new(ENOUGH);
    const enum pf_error money = order_money_moved(event, NULL, 0, enough, &money_text);
    assert_int_equal(order_goods_moved(codec, former, "", event, enough, &goods_text),
                     PF_E_order_amended);
    const size_t needed = arena_used(enough);
    for (size_t cap = 0; cap <= needed; cap += STEP) {
        struct arena *arena = arena_new(cap);
        const char *detail = "not set";
        assert_int_equal(order_money_moved(event, NULL, 0, arena, &detail), money);
        assert_true(detail == NULL || strcmp(detail, money_text) == 0);
        assert_int_equal(order_goods_moved(codec, former, "", event, arena, &detail),
                         PF_E_order_amended);
        assert_true(detail == NULL || strncmp(detail, "Goods differ: ", 14) == 0 ||
                    strcmp(detail, goods_text) == 0);
        arena_free(arena);
    }
    arena_free(enough);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_decision),
        TEST(test_a_decision_with_one_call_refused),
        TEST(test_a_text_beyond_a_narrative),
        TEST(test_what_is_published),
        TEST(test_what_is_published_with_one_call_refused),
        TEST(test_what_is_not_mapped),
        TEST(test_what_is_not_mapped_with_one_call_refused),
        TEST(test_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
