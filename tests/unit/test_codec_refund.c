/* Refunds as bytes: against what fastavro made, their identity F, their goods, and the ledger's
 * entries of before refunds were known to it.
 *
 * The golden vectors were computed by a program of its own (Python, from the definition in
 * codec/identity.h and the schema's JSON; it gives those of the orders as well). They never change:
 * Redis and committed results hold them for longer than a release lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec_support.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/refund_event.h"

struct digests {
    char identity[2 * CODEC_IDENTITY_SIZE + 1], goods[2 * CODEC_PART_SIZE + 1];
};

static void digests_of(struct codec *codec, const json_t *json, struct digests *ret)
{
    uint8_t identity[CODEC_IDENTITY_SIZE], goods[CODEC_PART_SIZE];
    struct refund_event event;
    struct arena *arena = arena_new(1 << 20);
    struct buf bytes;
    codec_test_frame(codec, "RefundEvent", json, &bytes);
    assert_int_equal(
        codec_test_decode(codec, &refund_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    codec_identity(codec, &refund_event_record, &event, identity);
    codec_goods(codec, &refund_event_record, &event, goods);
    (void)digest_hex(identity, sizeof identity, ret->identity);
    (void)digest_hex(goods, sizeof goods, ret->goods);
    buf_release(&bytes);
    arena_free(arena);
}

static void test_golden(void **state)
{
    static const struct {
        const char *file;
        struct digests digests;
    } rows[] = {
        {"refund_full.json",
         {"0132fd9732c4b3313191e0c64dde564a9d67caa56b567f05dab3b2fe7b4bff740a",
          "01c3510d5556dc3280ec199ab280726e"}},
        {"refund_small.json",
         {"01093e97b80654b74cd5a11ccc57fdba1e1f252b39d7e2710ebe3da87faf42234a",
          "0121fbcd2f445f7cb5404adc7642d0fa"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].file);
        json_t *json = codec_test_json(rows[i].file);
        struct digests digests;
        digests_of(*state, json, &digests);
        assert_string_equal(digests.identity, rows[i].digests.identity);
        assert_string_equal(digests.goods, rows[i].digests.goods);
        json_decref(json);
    }
}

static void test_fastavro(void **state)
{
    static const struct {
        const char *record, *json, *hex;
    } rows[] = {
        {"RefundEvent", "refund_full.json", "refund_full.hex"},
        {"RefundCredit", "credit_full.json", "credit_full.hex"},
    };
    struct codec *codec = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].record);
        struct buf theirs, ours;
        json_t *json = codec_test_json(rows[i].json);
        codec_test_hex(rows[i].hex, &theirs);
        codec_test_frame(codec, rows[i].record, json, &ours);
        assert_int_equal(ours.size, theirs.size);
        assert_memory_equal(ours.data, theirs.data, ours.size);

        struct codec_fault fault;
        json_t *back = codec_to_json(codec, theirs.data, theirs.size, &fault);
        assert_non_null(back);
        assert_true(json_equal(json, back));
        json_decref(back);
        json_decref(json);
        buf_release(&ours);
        buf_release(&theirs);
    }
}

/* Every field of the fixture that a rule of the refunds reads. */
static void test_full_refund(void **state)
{
    struct buf bytes;
    struct refund_event e;
    struct arena *arena = arena_new(1 << 20);
    codec_test_hex("refund_full.hex", &bytes);
    assert_int_equal(
        codec_test_decode(*state, &refund_event_record, bytes.data, bytes.size, arena, &e), PF_OK);
    assert_int_equal(e.kind, REFUND_KIND_REFUND);
    assert_string_equal(e.refund_id, "9001001");
    assert_string_equal(e.return_id, "77001");
    assert_int_equal(e.lines.count, 2);
    assert_int_equal(e.lines.items[0].restock, RESTOCK_RETURN);
    assert_true(e.lines.items[0].tax->presentment_minor == 360);
    assert_true(e.lines.items[0].tax_lines.items[0].rate_ppm == 200000);
    assert_true(e.lines.items[0].discount.shop_minor == 200);
    assert_int_equal(e.lines.items[1].restock, RESTOCK_NONE);
    assert_null(e.lines.items[1].tax);
    assert_false(e.lines.items[1].amount.has_presentment_minor);
    assert_true(e.carriage.items[0].amount.shop_minor == 395);
    assert_int_equal(e.charges.items[0].kind, CHARGE_DUTY);
    assert_int_equal(e.adjustments.items[0].kind, ADJUSTMENT_CARRIAGE);
    assert_true(e.adjustments.items[0].tax->shop_minor == -66);
    assert_int_equal(e.adjustments.items[1].kind, ADJUSTMENT_RESTOCKING_FEE);
    assert_true(e.order_amount->shop_minor == 25);
    assert_true(e.taxes.items[0].rate_ppm == 50000);
    assert_string_equal(e.sent.items[0].line_id, "31");
    assert_true(e.set_off.shop_minor == 900);
    assert_true(e.transactions_told);
    assert_int_equal(e.transactions.items[0].status, TRANSACTION_SUCCEEDED);
    assert_int_equal(e.transactions.items[0].type, TRANSACTION_REFUND);
    assert_true(e.transactions.items[0].has_processed_at);
    assert_int_equal(e.transactions.items[1].type, TRANSACTION_VOID);
    assert_int_equal(e.transactions.items[1].kind, TENDER_GIFT_CARD);
    assert_true(e.transactions.items[1].offline && e.transactions.items[1].test);
    assert_true(e.succeeded.shop_minor == 1393);
    buf_release(&bytes);
    arena_free(arena);
}

/* How far money has come is no content: what has gone back is. */
static void test_changes(void **state)
{
    static const struct {
        const char *name, *path, *value;
        bool same_identity, same_goods;
    } rows[] = {
        {"another event id", "event_id", "\"x\"", true, true},
        {"a later version", "source_version", "99", true, true},
        {"a transaction is pending", "transactions.0.status", "\"pending\"", true, true},
        {"... is not told", "transactions", "[]", true, true},
        {"... has another id", "transactions.0.transaction_id", "\"t-10\"", true, true},
        {"a copy without transactions", "transactions_told", "false", true, true},
        {"a note of the staff", "note", "null", true, true},
        {"another reason", "reason", "\"fraud\"", true, true},
        {"more has gone back", "succeeded.shop_minor", "1394", false, true},
        {"deleted", "deleted", "true", false, true},
        {"the channel's total", "total", "null", false, true},
        {"back to another location", "lines.0.location_id", "null", false, true},
        {"a unit more", "lines.0.quantity", "2", false, false},
        {"another way of restocking", "lines.0.restock", "\"cancel\"", false, false},
        {"a penny more of a line", "lines.0.amount.shop_minor", "1801", false, false},
        {"its tax is not said", "lines.0.tax", "null", false, false},
        {"another discount share", "lines.0.discount.shop_minor", "201", false, false},
        {"an edit", "kind", "\"edit\"", false, false},
        {"of another order", "order_id", "\"5001002\"", false, false},
        {"less carriage", "carriage.0.amount.shop_minor", "394", false, false},
        {"no adjustment", "adjustments", "[]", false, false},
        {"another set-off", "set_off.shop_minor", "901", false, false},
        {"a default spelt out", "test", "false", true, true},
    };
    json_t *full = codec_test_json("refund_full.json");
    struct digests before, after;
    digests_of(*state, full, &before);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        json_t *changed = json_deep_copy(full);
        codec_test_set(changed, rows[i].path, rows[i].value);
        digests_of(*state, changed, &after);
        assert_int_equal(strcmp(before.identity, after.identity) == 0, rows[i].same_identity);
        assert_int_equal(strcmp(before.goods, after.goods) == 0, rows[i].same_goods);
        json_decref(changed);
    }
    json_decref(full);
}

/* What it lacks is not known, and nothing is owed. */
static void test_older_ledger_entry(void **state)
{
    struct buf bytes;
    struct ledger_entry e;
    struct arena *arena = arena_new(1 << 20);
    codec_test_hex("ledger_v2.hex", &bytes);
    assert_int_equal(
        codec_test_decode(*state, &ledger_entry_record, bytes.data, bytes.size, arena, &e), PF_OK);
    assert_true(e.source_version == 0 && e.event_time == 0);
    assert_string_equal(e.goods, "");
    assert_string_equal(e.payment, "");
    assert_true(e.outstanding_credited_minor == 0);
    assert_int_equal(e.lines.items[0].credited_quantity, 1);
    assert_true(e.lines.items[0].discount_minor == 0);
    assert_true(e.lines.items[0].taxes.items[0].credited_minor == 500);
    assert_string_equal(e.credits.items[0].refund_id, "r1");
    assert_true(e.credits.items[0].tax_minor == 0 && e.credits.items[0].posted_at == 1795500000000);
    assert_int_equal(e.shares.count, 0);
    assert_int_equal(e.owed.count, 0);
    buf_release(&bytes);
    arena_free(arena);
}

static int open_codec(void **state)
{
    *state = codec_test_open("schemas");
    return 0;
}

static int close_codec(void **state)
{
    codec_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_fastavro),
        cmocka_unit_test(test_full_refund),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_older_ledger_entry),
    };
    return cmocka_run_group_tests_name("codec_refund", tests, open_codec, close_codec);
}
