/* A dead letter that comes back as a person edited it: known by the original, decided as edited. */
#include "test_record_support.h"

#include "base/digest.h"
#include "codec/overlay.h"
#include "domain/events/order_event.h"
#include "flow/overlay_seal.h"
#include "order_flow.h"
#include "posting/actions.h"
#include "posting/decode.h"
#include "posting/edit.h"
#include "posting/outputs.h"
#include "posting/publish.h"
#include "test_order_support.h"

void __wrap_record_transition(struct record *r, enum life_event event);

static enum life_event happened;
static struct arena *arena;
static struct buf bytes;
static struct order_event *order;

void __wrap_record_transition(struct record *r, enum life_event event)
{
    (void)r;
    happened = event;
}

static int world_up(void **state)
{
    char message[300];
    if (set_up(state) != 0)
        return -1;
    worker.flow = &order_flow;
    worker.posting->rules = support_rules(NULL);
    worker.posting->replay_max = 5;
    static const struct codec_limits limits = {1 << 20, 10000, 20};
    if (codec_open("schemas", NULL, limits, &worker.codec, message) != 0 ||
        codec_check(worker.codec, &order_event_record, message) != 0)
        return -1;
    arena = arena_new(SUPPORT_ARENA);
    order = support_order(arena);
    buf_init(&worker.posting->message, 1 << 20);
    buf_init(&bytes, 1 << 20);
    return codec_encode(worker.codec, &order_event_record, order, &bytes);
}

static int world_down(void **state)
{
    codec_close(worker.codec);
    buf_release(&worker.posting->message);
    buf_release(&bytes);
    arena_free(arena);
    support_rules_free(worker.posting->rules);
    worker.posting->rules = NULL;
    return tear_down(state);
}

static struct record *decoded(enum topic_role role, const char *overlay)
{
    struct kafka_record raw = raw_from(role);
    raw.value = bytes.data;
    raw.value_size = bytes.size;
    add_text(&raw, HEADER_CODE, "sku_unmapped"); /* as a dead letter has it */
    add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
    if (overlay != NULL)
        add_text(&raw, HEADER_OVERLAY, overlay);
    struct record *r = record_of(&raw);
    decode_begin(r);
    return r;
}

static const struct kafka_header *header_of(const struct kafka_message *m, const char *name)
{
    for (size_t i = 0; i < m->header_count; i++)
        if (strcmp(m->headers[i].name, name) == 0)
            return &m->headers[i];
    return NULL;
}

#define EDIT "[[\"lines[0].sku\",\"SKU00002\"],[\"note\",\"ring twice\"]]"

static void test_known_by_the_original(void **state)
{
    uint8_t identity[CODEC_IDENTITY_SIZE], goods[CODEC_PART_SIZE];
    (void)state;
    codec_identity(worker.codec, &order_event_record, order, identity);
    codec_goods(worker.codec, &order_event_record, order, goods);
    struct record *r = decoded(TOPIC_RETRY, EDIT);
    assert_int_equal(happened, DECODED_OK);
    const struct order_event *event = r->event;
    assert_string_equal(event->lines.items[0].sku, "SKU00002");
    assert_string_equal(event->note, "ring twice");
    assert_int_equal(event->lines.count, order->lines.count);
    assert_memory_equal(r->identity, identity, sizeof identity);
    assert_memory_equal(r->goods, goods, sizeof goods);
    assert_ptr_equal(r->work.goods, r->goods);
    assert_string_equal(r->lineage.parent, "orders.raw/1/5");
    record_free(r);
}

static void test_nobody_edited(void **state)
{
    static const struct {
        enum topic_role role;
        const char *overlay;
    } rows[] = {{TOPIC_RETRY, NULL}, {TOPIC_RETRY, ""}, {TOPIC_INPUT, EDIT}, {TOPIC_REPLAY, EDIT}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record *r = decoded(rows[i].role, rows[i].overlay);
        const struct order_event *event = r->event;
        assert_int_equal(happened, DECODED_OK);
        assert_string_equal(event->lines.items[0].sku, order->lines.items[0].sku);
        const struct redis_bytes summary = edit_seal(r, (struct redis_bytes){"S", 1});
        assert_int_equal(summary.size, 1);
        act_forward(r);
        assert_null(header_of(&r->out.list[0].message, HEADER_OVERLAY));
        record_free(r);
    }
}

/* What cannot be applied is a dead letter, which keeps the edit, the key and the original's digests. */
static void test_refused(void **state)
{
    static const char *const rows[][2] = {
        {"no JSON", "Its edit cannot be applied: the edit is no list of fields"},
        {"[[\"lines[9].sku\",\"A\"]]",
         "Its edit cannot be applied: lines[9].sku: the event has no such place"},
        {"[[\"lines[0].quantity\",\"two\"]]",
         "Its edit cannot be applied: lines[0].quantity: not a whole number"},
        {"[[\"order_id\",\"9\"]]",
         "Its edit cannot be applied: it changes whose event it is, its version or its kind"},
        {"[[\"source_version\",9]]",
         "Its edit cannot be applied: it changes whose event it is, its version or its kind"},
        {"[[\"store\",\"nowhere\"]]", "channel shopify, store nowhere is not in channels.yaml"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct record *r = decoded(TOPIC_RETRY, rows[i][0]);
        assert_int_equal(happened, MALFORMED);
        if (strcmp(r->end.detail, rows[i][1]) != 0)
            fail_msg("%s: %s", rows[i][0], r->end.detail);
        act_dead_letter(r);
        const struct kafka_message *m = &r->out.list[0].message;
        const struct kafka_header *kept = header_of(m, HEADER_OVERLAY);
        assert_int_equal(kept->size, strlen(rows[i][0]));
        assert_memory_equal(kept->value, rows[i][0], kept->size);
        assert_int_equal(m->value_size, bytes.size);
        assert_memory_equal(m->value, bytes.data, bytes.size);
        assert_non_null(header_of(m, HEADER_IDEMPOTENCY_KEY));
        record_free(r);
    }
}

static void test_too_long(void **state)
{
    static char large[OVERLAY_TEXT_MAX + 100];
    (void)state;
    memset(large, ' ', sizeof large - 1);
    struct record *r = decoded(TOPIC_RETRY, large);
    assert_int_equal(happened, MALFORMED);
    assert_string_equal(r->end.detail,
                        "Its edit cannot be applied: the edit is longer than 16 KiB");
    record_free(r);
}

/* It travels on; the digest is behind the summary, and in what is settled with it. */
static void test_travels(void **state)
{
    char told[OVERLAY_TOLD_MAX], hex[OVERLAY_TOLD_MAX];
    uint8_t digest[OVERLAY_DIGEST_SIZE];
    struct flow_shadow shadow;
    (void)state;
    struct record *r = decoded(TOPIC_RETRY, EDIT);
    overlay_digest(EDIT, strlen(EDIT), digest);
    (void)digest_hex(digest, sizeof digest, hex);
    r->decision.summary = edit_seal(r, (struct redis_bytes){"summary", 7});
    assert_int_equal(r->decision.summary.size, 7 + OVERLAY_SEAL_SIZE);
    assert_int_equal(overlay_seal_open(r->decision.summary.data, r->decision.summary.size, told),
                     7);
    assert_string_equal(told, hex);
    const struct flow_settlement s = outputs_settlement(r, OUTCOME_POSTED, &shadow);
    assert_string_equal(s.overlay, hex);
    assert_int_equal(s.summary_size, 7);
    r->decision.summary = edit_seal(r, (struct redis_bytes){NULL, 0}); /* nothing was planned */
    const struct flow_settlement alone = outputs_settlement(r, OUTCOME_IGNORED_TEST, &shadow);
    assert_string_equal(alone.overlay, hex);
    assert_null(alone.summary);
    act_forward(r);
    const struct kafka_header *kept = header_of(&r->out.list[0].message, HEADER_OVERLAY);
    assert_int_equal(kept->size, strlen(EDIT));
    assert_memory_equal(kept->value, EDIT, kept->size);
    record_free(r);
}

static void test_seal(void **state)
{
    char told[OVERLAY_TOLD_MAX] = "x";
    (void)state;
    assert_int_equal(overlay_seal_open("summary", 7, told), 7);
    assert_string_equal(told, "");
    assert_int_equal(overlay_seal_open(NULL, 0, told), 0);
    assert_int_equal(overlay_seal_open("an unsealed summary of many bytes", 33, NULL), 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_by_the_original),
        cmocka_unit_test(test_nobody_edited),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_travels),
        cmocka_unit_test(test_seal),
    };
    return cmocka_run_group_tests_name("posting.edit", tests, world_up, world_down);
}
