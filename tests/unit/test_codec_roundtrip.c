/* Structs, bytes and JSON of the project's own records: there and back, against bytes that fastavro
 * made, and through avro-c both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <avro.h>
#include <errno.h>

#include "base/digest.h"
#include "codec_support.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/events/refund_result.h"
#include "flow/flow.h"

static void assert_same_bytes(const struct buf *a, const struct buf *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static void test_fastavro(void **state)
{
    struct codec *codec = *state;
    struct buf theirs, ours;
    json_t *json = codec_test_json("order_full.json");
    codec_test_hex("order_full.hex", &theirs);
    codec_test_frame(codec, "OrderEvent", json, &ours);
    assert_same_bytes(&ours, &theirs);

    struct codec_fault fault;
    json_t *back = codec_to_json(codec, theirs.data, theirs.size, &fault);
    assert_non_null(back);
    assert_true(json_equal(json, back));
    json_decref(back);
    json_decref(json);
    buf_release(&ours);
    buf_release(&theirs);
}

/* Every field of the fixture that a rule of the orders worker reads. */
static void test_full_order(void **state)
{
    struct codec *codec = *state;
    struct buf bytes;
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    codec_test_hex("order_full.hex", &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    assert_string_equal(event.event_id, "e-1001-3");
    assert_true(event.event_time == 1795400000123);
    assert_int_equal(event.kind, ORDER_EDITED);
    assert_string_equal(event.presentment_currency, "EUR");
    assert_null(event.location_id);
    assert_true(event.taxes_included);
    assert_string_equal(event.customer->email, "jane.sample@example.org");
    assert_null(event.customer->mobile);
    assert_string_equal(event.shipping_address->surname, "\xc5\x81ukasz");
    assert_int_equal(event.lines.count, 2);
    assert_true(event.lines.items[0].has_current_quantity);
    assert_int_equal(event.lines.items[0].current_quantity, 2);
    assert_true(event.lines.items[0].unit_price.has_presentment_minor);
    assert_true(event.lines.items[0].unit_price.presentment_minor == 2400);
    assert_true(event.lines.items[0].tax_lines.items[0].rate_ppm == 200000);
    assert_true(event.lines.items[0].tax_lines.items[0].channel_liable);
    assert_string_equal(event.lines.items[0].properties.items[1].value, "");
    assert_false(event.lines.items[1].has_current_quantity);
    assert_false(event.lines.items[1].unit_price.has_presentment_minor);
    assert_null(event.lines.items[1].sku);
    assert_true(event.lines.items[1].gift_card);
    assert_int_equal(event.charges.items[0].kind, CHARGE_CASH_ROUNDING);
    assert_true(event.charges.items[0].amount.shop_minor == -3);
    assert_int_equal(event.tenders.items[1].kind, TENDER_GIFT_CARD);
    assert_int_equal(event.tenders.items[1].status, TENDER_STATUS_CAPTURED);
    assert_int_equal(event.payment_status, PAYMENT_PAID);
    assert_null(event.totals.charges);
    assert_true(event.totals.subtotal->shop_minor == 6100);
    assert_true(event.totals.total.shop_minor == 6712);
    assert_int_equal(event.tags.count, 2);
    assert_string_equal(event.tags.items[0], "vip");
    assert_false(event.has_cancelled_at);

    struct buf again;
    buf_init(&again, 1 << 20);
    assert_int_equal(codec_encode(codec, &order_event_record, &event, &again), 0);
    assert_same_bytes(&again, &bytes);
    buf_release(&again);
    buf_release(&bytes);
    arena_free(arena);
}

/* A record of the first version, made by fastavro with schemas/history/OrderEvent.v1.avsc. */
static void test_older_version(void **state)
{
    struct codec *codec = *state;
    struct buf bytes;
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    codec_test_hex("order_v1.hex", &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    assert_string_equal(event.order_id, "900");
    assert_int_equal(event.lines.count, 1);
    assert_true(event.lines.items[0].unit_price.shop_minor == 4500);
    assert_true(event.lines.items[0].tax_lines.items[0].rate_ppm == 200000); /* was an int */
    assert_true(event.lines.items[0].discounts.items[0].amount.shop_minor == 900);
    /* What the first version did not have. */
    assert_false(event.lines.items[0].unit_price.has_presentment_minor);
    assert_false(event.lines.items[0].has_current_quantity);
    assert_true(event.lines.items[0].taxable);
    assert_true(event.lines.items[0].requires_shipping);
    assert_int_equal(event.lines.items[0].properties.count, 0);
    assert_null(event.business);
    assert_null(event.totals.subtotal);
    assert_true(event.totals.outstanding.shop_minor == 0);
    assert_int_equal(event.payment_status, PAYMENT_UNKNOWN);
    assert_int_equal(event.tenders.items[0].status, TENDER_STATUS_UNKNOWN);
    assert_int_equal(event.tenders.items[0].kind, TENDER_CARD);
    buf_release(&bytes);
    arena_free(arena);
}

/* The order of the fixture before taxes said who pays them: the store does. */
static void test_second_version(void **state)
{
    struct codec *codec = *state;
    struct buf bytes;
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    codec_test_hex("order_v2.hex", &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    assert_string_equal(event.event_id, "e-1001-3");
    assert_int_equal(event.lines.items[0].tax_lines.count, 1);
    assert_true(event.lines.items[0].tax_lines.items[0].rate_ppm == 200000);
    assert_false(event.lines.items[0].tax_lines.items[0].channel_liable);
    buf_release(&bytes);
    arena_free(arena);
}

static const struct order_result sample_result = {
    .outcome = 1 /* posted_on_hold */,
    .code = "unknown_sku",
    .codes = {.items = (const char *[]){"unknown_sku", "tax_mismatch"}, .count = 2},
    .owner = "ecommerce",
    .key = "01/order/shopify/uk/5001001",
    .company = "01",
    .channel = "shopify",
    .store = "uk",
    .order_id = "5001001",
    .order_number = "2015001001",
    .document = "2015001001",
    .identity = "01ab",
    .goods = "01cd",
    .money = "01ef",
    .source_version = 3,
    .proof = &(const struct money_proof){.currency = "GBP",
                                         .lines_minor = 6000,
                                         .tax_minor = 1000,
                                         .tax_included = true,
                                         .tenders_minor = 6000},
    .delivery = {.topic = "orders.raw", .partition = 2, .offset = 41},
    .source = {.topic = "orders.raw.retry.5s", .partition = 0, .offset = 7},
    .publisher =
        &(const struct result_delivery){.topic = "orders.raw", .partition = 2, .offset = 40},
    .event_time = 1795400000123,
    .received_at = 1795400001000,
    .has_posted_at = true,
    .posted_at = 1795400002000,
    .published_at = 1795400003000,
    .attempts = 2,
};

static const struct ledger_entry sample_ledger = {
    .key = "01/order/shopify/uk/5001001",
    .company = "01",
    .channel = "shopify",
    .store = "uk",
    .order_id = "5001001",
    .order_number = "2015001001",
    .document = "2015001001",
    .version = 1,
    .currency = "GBP",
    .money = MONEY_PRESENTMENT,
    .tax_included = true,
    .identity = "01ab",
    .goods = "01cd",
    .payment = "01ef",
    .source_version = 3,
    .event_time = 1795400000123,
    .order_date = "2026-11-23",
    .posted_at = 1795400002000,
    .total_minor = 6000,
    .tax_minor = 1000,
    .lines = {.items =
                  (struct ledger_line[]){
                      {.line_id = "1",
                       .number = 1,
                       .product = "TSHIRT",
                       .matrix_codes = {.items = (const char *[]){"RED", "M"}, .count = 2},
                       .quantity = 1,
                       .amount_minor = 6000,
                       .discount_minor = 500,
                       .taxes = {.items =
                                     (struct ledger_tax[]){{.rate_ppm = 200000, .tax_minor = 1000}},
                                 .count = 1}}},
              .count = 1},
    .credits = {.items = (struct ledger_note[]){{.refund_id = "r1",
                                                 .document = "201Rr1",
                                                 .amount_minor = 600,
                                                 .tax_minor = 100,
                                                 .posted_at = 1795500000000}},
                .count = 1},
    .shares = {.items =
                   (struct ledger_share[]){
                       {.credited_minor = 600,
                        .taxes = {.items = (struct ledger_tax[]){{.rate_ppm = 200000,
                                                                  .credited_minor = 100}},
                                  .count = 1}}},
               .count = 1},
    .owed = {.items =
                 (struct ledger_owed[]){
                     {.edit_id = "e1",
                      .event_time = 1795400000500,
                      .number = 1,
                      .quantity = 1,
                      .amount_minor = 5400,
                      .discount_minor = 500,
                      .taxes = {.items =
                                    (struct ledger_tax[]){{.rate_ppm = 200000, .tax_minor = 900}},
                                .count = 1}}},
             .count = 1},
};

static const struct ledger_credit sample_credit = {
    .key = "01/refunds/shopify/uk/9001001",
    .order = "01/shopify/uk/5001001",
    .company = "01",
    .channel = "shopify",
    .store = "uk",
    .order_id = "5001001",
    .refund_id = "9001001",
    .state = CREDIT_OPEN,
    .all = true,
    .outcome = "ignored_test",
    .document = "201R9001001",
    .currency = "GBP",
    .amount_minor = 2160,
    .tax_minor = 360,
    .account_minor = 100,
    .at = 1795400002000,
    .event_time = 1795400000123,
    .parts = {.items =
                  (struct ledger_credit_part[]){
                      {.what = CREDIT_AT_ORDER,
                       .number = 2,
                       .code = "CARR",
                       .line_id = "S1",
                       .mark = 0xfb8a94,
                       .edit_id = "e1",
                       .quantity = 2,
                       .gross_minor = 2160,
                       .taxes = {.items = (struct ledger_credit_tax[]){{.rate_ppm = 200000,
                                                                        .tax_minor = 360}},
                                 .count = 1}}},
              .count = 1},
    .tenders = {.items = (struct ledger_credit_tender[]){{.kind = "card",
                                                          .gateway = "stripe",
                                                          .parent_id = "t-9",
                                                          .amount_minor = 2060}},
                .count = 1},
    .taken = {.items = (struct ledger_credit_taken[]){{.number = 2, .mark = 0xfb8a94, .units = 1}},
              .count = 1},
};

static const struct refund_result sample_refund = {
    .outcome = OUTCOME_POSTED,
    .code = "ok",
    .key = "01/refunds/shopify/uk/9001001",
    .company = "01",
    .channel = "shopify",
    .store = "uk",
    .order_id = "5001001",
    .refund_id = "9001001",
    .order_number = "2015001001",
    .credit_number = "201R9001001",
    .document = "201R9001001",
    .identity = "01ab",
    .goods = "01cd",
    .money = "01ef",
    .source_version = 3,
    .refund_date = "2026-11-25",
    .post_date = "2026-12-01",
    .has_days_left = true,
    .days_left = -2,
    .proof = &(const struct credit_proof){.currency = "GBP",
                                          .lines_minor = 1800,
                                          .tax_minor = 300,
                                          .tax_included = true,
                                          .money_minor = 1800,
                                          .parts_minor = 1800},
    .remaining = &(const struct credit_remaining){.gross_minor = 4200, .tax_minor = 700},
    .related = "order_amended",
    .delivery = {.topic = "refunds.raw", .partition = 2, .offset = 41},
    .source = {.topic = "refunds.raw.retry.5s", .partition = 0, .offset = 7},
    .event_time = 1795400000123,
    .received_at = 1795400001000,
    .has_posted_at = true,
    .posted_at = 1795400002000,
    .published_at = 1795400003000,
    .attempts = 1,
};

/* Struct → bytes → struct → bytes, for what the workers write. */
static void test_written_records(void **state)
{
    struct codec *codec = *state;
    static const struct {
        const char *name;
        const struct bound_record *record;
        const void *value;
    } rows[] = {
        {"a result with everything", &order_result_record, &sample_result},
        {"a ledger entry", &ledger_entry_record, &sample_ledger},
        {"what a refund takes", &ledger_credit_record, &sample_credit},
        {"a refund's result", &refund_result_record, &sample_refund},
    };
    union {
        struct order_result result;
        struct ledger_entry ledger;
        struct ledger_credit credit;
        struct refund_result refund;
    } back;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf once, twice;
        struct arena *arena = arena_new(1 << 20);
        buf_init(&once, 1 << 16);
        buf_init(&twice, 1 << 16);
        assert_int_equal(codec_encode(codec, rows[i].record, rows[i].value, &once), 0);
        assert_int_equal(
            codec_test_decode(codec, rows[i].record, once.data, once.size, arena, &back), PF_OK);
        assert_int_equal(codec_encode(codec, rows[i].record, &back, &twice), 0);
        assert_same_bytes(&once, &twice);
        buf_release(&once);
        buf_release(&twice);
        arena_free(arena);
    }
}

static void test_encode_refuses(void **state)
{
    struct codec *codec = *state;
    struct order_result result = sample_result;
    struct buf out;
    buf_init(&out, 1 << 16);
    buf_text(&out, "before");

    result.key = NULL; /* null is no branch of a key */
    assert_int_equal(codec_encode(codec, &order_result_record, &result, &out), -EINVAL);
    assert_string_equal(out.data, "before");
    result = sample_result;
    result.outcome = OUTCOME_COUNT; /* one beyond */
    assert_int_equal(codec_encode(codec, &order_result_record, &result, &out), -EINVAL);
    result = sample_result;
    result.narrative = "\xff";
    assert_int_equal(codec_encode(codec, &order_result_record, &result, &out), -EINVAL);
    assert_string_equal(out.data, "before");
    buf_release(&out);

    buf_init(&out, 20);
    assert_int_equal(codec_encode(codec, &order_result_record, &sample_result, &out), -ENOMEM);
    assert_int_equal(out.size, 0);
    buf_release(&out);

    static const struct bound_record stranger = {.name = "Stranger", .size = 1};
    assert_int_equal(codec_encode(codec, &stranger, "", &out), -ENOENT);
}

static avro_schema_t avro_schema_of(const char *file)
{
    avro_schema_t schema = NULL;
    json_t *json = json_load_file(file, 0, NULL);
    char *text = json_dumps(json, 0);
    assert_non_null(text);
    assert_int_equal(avro_schema_from_json_length(text, strlen(text), &schema), 0);
    free(text);
    json_decref(json);
    return schema;
}

/* avro-c reads our bytes and writes them again; what it wrote, we read as the same. */
static void test_avro_c(void **state)
{
    struct codec *codec = *state;
    struct buf ours, theirs;
    codec_test_hex("order_full.hex", &ours);
    avro_schema_t schema = avro_schema_of("schemas/OrderEvent.avsc");
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    avro_value_t value;
    assert_int_equal(avro_generic_value_new(iface, &value), 0);
    avro_reader_t reader = avro_reader_memory(ours.data + 10, (int64_t)ours.size - 10);
    assert_int_equal(avro_value_read(reader, &value), 0);

    char written[8192];
    avro_writer_t writer = avro_writer_memory(written, sizeof written);
    assert_int_equal(avro_value_write(writer, &value), 0);
    buf_init(&theirs, 1 << 16);
    buf_append(&theirs, ours.data, 10);
    buf_append(&theirs, written, (size_t)avro_writer_tell(writer));

    struct codec_fault fault;
    json_t *expected = codec_test_json("order_full.json"),
           *got = codec_to_json(codec, theirs.data, theirs.size, &fault);
    assert_non_null(got);
    assert_true(json_equal(expected, got));
    json_decref(expected);
    json_decref(got);
    avro_writer_free(writer);
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    buf_release(&ours);
    buf_release(&theirs);
}

static void test_schema_id(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t size;
        const char *text;
    } rows[] = {
        {"single object", "\xc3\x01\x8f\x5c\x39\x3f\x1a\xd5\x75\x72", 10, "fp:7275d51a3f395c8f"},
        {"confluent", "\0\0\0\0\x11xx", 7, "id:17"},
        {"largest id", "\0\xff\xff\xff\xff", 5, "id:4294967295"},
        {"cut short", "\0\0\0\0", 4, ""},
        {"other", "hello", 5, ""},
        {"empty", "", 0, ""},
        {"none", NULL, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char text[24];
        assert_string_equal(codec_schema_id(rows[i].bytes, rows[i].size, text), rows[i].text);
    }
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
        cmocka_unit_test(test_fastavro),        cmocka_unit_test(test_full_order),
        cmocka_unit_test(test_older_version),   cmocka_unit_test(test_second_version),
        cmocka_unit_test(test_written_records), cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_avro_c),          cmocka_unit_test(test_schema_id),
    };
    return cmocka_run_group_tests_name("codec_roundtrip", tests, open_codec, close_codec);
}
