/* What a later version of a posted order says about its money, and to whom. */
#include "codec_support.h"
#include "test_order_support.h"

#include "order_life.h"
#include "order_summary.h"

struct tender_row {
    enum tender_status status;
    int64_t minor;
};

static struct order_event *event_of(struct arena *arena, const struct tender_row tenders[],
                                    size_t count, int64_t outstanding, enum payment_status status)
{
    struct order_event *event = support_order(arena);
    event->tenders.items = arena_alloc(arena, count * sizeof *event->tenders.items);
    assert_non_null(event->tenders.items);
    event->tenders.count = count;
    for (size_t i = 0; i < count; i++)
        event->tenders.items[i] = (struct order_tender){.status = tenders[i].status,
                                                        .amount = {.shop_minor = tenders[i].minor}};
    event->totals.outstanding = (struct money_set){.shop_minor = outstanding};
    event->payment_status = status;
    return event;
}

static void digest_of(const struct order_event *event, uint8_t digest[FLOW_MONEY_SIZE])
{
    struct flow_money money;
    order_money(event, &money);
    flow_money_digest(&money, digest);
}

static void test_what_is_money(void **state)
{
    static const struct {
        const char *name;
        struct tender_row before[2], after[2];
        int64_t outstanding_before, outstanding_after;
        enum payment_status status_before, status_after;
        bool same;
    } rows[] = {
        {"captured",
         {{TENDER_STATUS_AUTHORIZED, 500}},
         {{TENDER_STATUS_CAPTURED, 500}},
         0,
         0,
         PAYMENT_AUTHORIZED,
         PAYMENT_PAID,
         false},
        {"paid",
         {{TENDER_STATUS_PENDING, 500}},
         {{TENDER_STATUS_CAPTURED, 500}},
         500,
         0,
         PAYMENT_PENDING,
         PAYMENT_PAID,
         false},
        {"told as two",
         {{TENDER_STATUS_CAPTURED, 500}},
         {{TENDER_STATUS_CAPTURED, 300}, {TENDER_STATUS_CAPTURED, 200}},
         0,
         0,
         PAYMENT_PAID,
         PAYMENT_PAID,
         true},
        {"a failed attempt beside it",
         {{TENDER_STATUS_CAPTURED, 500}},
         {{TENDER_STATUS_FAILED, 500}, {TENDER_STATUS_CAPTURED, 500}},
         0,
         0,
         PAYMENT_PAID,
         PAYMENT_PAID,
         true},
        {"void",
         {{TENDER_STATUS_AUTHORIZED, 500}},
         {{TENDER_STATUS_VOIDED, 500}},
         0,
         0,
         PAYMENT_AUTHORIZED,
         PAYMENT_VOIDED,
         false},
        {"refunded: an event of its own",
         {{TENDER_STATUS_CAPTURED, 500}},
         {{TENDER_STATUS_CAPTURED, 500}},
         0,
         0,
         PAYMENT_PAID,
         PAYMENT_REFUNDED,
         true},
        {"outstanding alone",
         {{TENDER_STATUS_CAPTURED, 300}},
         {{TENDER_STATUS_CAPTURED, 300}},
         200,
         0,
         PAYMENT_PARTIALLY_PAID,
         PAYMENT_PARTIALLY_PAID,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        uint8_t before[FLOW_MONEY_SIZE], after[FLOW_MONEY_SIZE];
        print_message("  %s\n", rows[i].name);
        digest_of(event_of(arena, rows[i].before, rows[i].before[1].minor > 0 ? 2 : 1,
                           rows[i].outstanding_before, rows[i].status_before),
                  before);
        digest_of(event_of(arena, rows[i].after, rows[i].after[1].minor > 0 ? 2 : 1,
                           rows[i].outstanding_after, rows[i].status_after),
                  after);
        assert_int_equal(memcmp(before, after, sizeof before) == 0, rows[i].same);
        arena_free(arena);
    }
}

static void test_golden_digest(void **state)
{
    static const uint8_t golden[FLOW_MONEY_SIZE] = {0x01, 0xae, 0x69, 0xce, 0x31, 0x90, 0x8f, 0x65};
    const struct flow_money money = {.captured_minor = 5195,
                                     .authorized_minor = 100,
                                     .pending_minor = 7,
                                     .outstanding_minor = 300,
                                     .is_void = true};
    uint8_t digest[FLOW_MONEY_SIZE];
    (void)state;
    flow_money_digest(&money, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        print_message("%s0x%02x", i > 0 ? ", " : "  ", digest[i]);
    print_message("\n");
    assert_memory_equal(digest, golden, sizeof digest);
}

static void test_who_has_to_look(void **state)
{
    static const struct {
        const char *name;
        int64_t counted, outstanding; /* of the document */
        enum pf_error flag;
        struct tender_row tender;
        int64_t now_outstanding;
        enum payment_status status;
        enum pf_error code;
        const char *says;
    } rows[] = {
        {"authorised, then captured",
         5195,
         0,
         PF_OK,
         {TENDER_STATUS_CAPTURED, 5195},
         0,
         PAYMENT_PAID,
         PF_OK,
         "Prima's document needs nothing."},
        {"pending on hold, then captured",
         0,
         0,
         PF_E_payment_pending,
         {TENDER_STATUS_CAPTURED, 5195},
         0,
         PAYMENT_PAID,
         PF_OK,
         "it may be released."},
        {"on account, then paid",
         0,
         5195,
         PF_OK,
         {TENDER_STATUS_CAPTURED, 5195},
         0,
         PAYMENT_PAID,
         PF_OK,
         "has 51.95 GBP outstanding: enter the payment there."},
        {"void",
         5195,
         0,
         PF_OK,
         {TENDER_STATUS_VOIDED, 5195},
         5195,
         PAYMENT_VOIDED,
         PF_E_payment_lost,
         "captured 0.00 GBP"},
        {"failed",
         5195,
         0,
         PF_OK,
         {TENDER_STATUS_FAILED, 5195},
         5195,
         PAYMENT_PENDING,
         PF_E_payment_lost,
         "outstanding 51.95 GBP"},
        {"less than was counted: charged back",
         5195,
         0,
         PF_OK,
         {TENDER_STATUS_CAPTURED, 195},
         5000,
         PAYMENT_PARTIALLY_PAID,
         PF_E_payment_lost,
         "captured 1.95 GBP"},
        {"less, because an edit made the order smaller",
         9195,
         0,
         PF_OK,
         {TENDER_STATUS_CAPTURED, 5250},
         0,
         PAYMENT_PAID,
         PF_OK,
         "Prima's document needs nothing."},
        {"less, because it was paid back",
         5195,
         0,
         PF_OK,
         {TENDER_STATUS_CAPTURED, 4195},
         0,
         PAYMENT_PARTIALLY_REFUNDED,
         PF_OK,
         "captured 41.95 GBP"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_summary summary = {
            .currency = currency_find("GBP"),
            .money = MONEY_SHOP,
            .date = 20261120,
            .proof = {.tenders = rows[i].counted, .outstanding = rows[i].outstanding}};
        const char *detail = NULL;
        struct buf bytes;
        if (rows[i].flag != PF_OK)
            flag_raise(&summary.flags, rows[i].flag, 0);
        buf_init(&bytes, SUMMARY_BYTES_MAX);
        assert_int_equal(order_summary_write(&summary, &bytes), 0);
        const struct order_event *event =
            event_of(arena, &rows[i].tender, 1, rows[i].now_outstanding, rows[i].status);
        assert_int_equal(order_money_moved(event, bytes.data, bytes.size, arena, &detail),
                         rows[i].code);
        if (strstr(detail, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].name, detail);
        buf_release(&bytes);
        arena_free(arena);
    }
}

static void test_without_a_summary_it_is_compared(void **state)
{
    struct arena *arena = arena_new(SUPPORT_ARENA);
    const struct tender_row tender = {TENDER_STATUS_CAPTURED, 100};
    const char *detail = NULL;
    (void)state;
    assert_int_equal(
        order_money_moved(event_of(arena, &tender, 1, 0, PAYMENT_PAID), NULL, 0, arena, &detail),
        PF_OK);
    assert_non_null(strstr(detail, "Compare the payment in Prima."));
    arena_free(arena);
}

/* Each sum under its own word; a currency that nobody knows is no sum. */
static void test_sums_by_their_words(void **state)
{
    static const struct tender_row tenders[] = {{TENDER_STATUS_CAPTURED, 100},
                                                {TENDER_STATUS_AUTHORIZED, 200},
                                                {TENDER_STATUS_PENDING, 300},
                                                {TENDER_STATUS_VOIDED, 5000},
                                                {TENDER_STATUS_CAPTURED, 11}};
    struct arena *arena = arena_new(SUPPORT_ARENA);
    const char *detail = NULL;
    (void)state;
    struct order_event *event = event_of(arena, tenders, 5, 400, PAYMENT_PARTIALLY_PAID);
    assert_int_equal(order_money_moved(event, NULL, 0, arena, &detail), PF_OK);
    assert_string_equal(detail,
                        "Payment now: captured 1.11 GBP, authorised 2.00 GBP, pending 3.00 GBP, "
                        "outstanding 4.00 GBP. Compare the payment in Prima.");
    event->currency = "???";
    assert_int_equal(order_money_moved(event, NULL, 0, arena, &detail), PF_OK);
    assert_non_null(strstr(detail, "captured an unknown amount, authorised an unknown amount"));
    arena_free(arena);
}

/* Which exception, and what it says; lines by their ids. */
static void test_goods_moved(void **state)
{
    static const struct {
        const char *name;
        struct order_line former[2], now[2]; /* of two lines; NULL line_id: there is none */
        const char *fulfilment;
        enum { ALSO_NOTHING, ALSO_ELSEWHERE, ALSO_NO_CARRIAGE } also;
        enum pf_error code;
        const char *detail;
    } rows[] = {
        {"one of three taken back",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1",
           .sku = "A",
           .quantity = 3,
           .has_current_quantity = true,
           .current_quantity = 2}},
         NULL,
         ALSO_NOTHING,
         PF_E_units_cancelled_after_posting,
         "Line 1 (SKU A): units from 3 to 2."},
        {"a line taken back",
         {{.line_id = "1", .sku = "A", .quantity = 3}, {.line_id = "2", .sku = "B", .quantity = 1}},
         {{.line_id = "2", .sku = "B", .quantity = 1}},
         "unfulfilled",
         ALSO_NOTHING,
         PF_E_units_cancelled_after_posting,
         "Line removed: SKU A, 3 x 0.00 GBP."},
        {"part of it has left",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 2}},
         "partial",
         ALSO_NOTHING,
         PF_E_order_amended,
         "Line 1 (SKU A): units from 3 to 2."},
        {"more units",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 4}},
         NULL,
         ALSO_NOTHING,
         PF_E_order_amended,
         "Line 1 (SKU A): units from 3 to 4."},
        {"one taken back, one put in",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 2}, {.line_id = "2", .sku = "B", .quantity = 1}},
         NULL,
         ALSO_NOTHING,
         PF_E_order_amended,
         "Line 1 (SKU A): units from 3 to 2; line added: SKU B, 1 x 0.00 GBP."},
        {"taken back, and sent elsewhere",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 2}},
         NULL,
         ALSO_ELSEWHERE,
         PF_E_order_amended,
         "Delivery address differs; line 1 (SKU A): units from 3 to 2."},
        {"another product for it",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "B", .quantity = 2}},
         NULL,
         ALSO_NOTHING,
         PF_E_order_amended,
         "Line 1 (SKU A): SKU from A to B; line 1 (SKU A): units from 3 to 2."},
        {"all of it taken back, and its carriage with it",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1",
           .sku = "A",
           .quantity = 3,
           .has_current_quantity = true,
           .current_quantity = 0}},
         NULL,
         ALSO_NO_CARRIAGE,
         PF_E_units_cancelled_after_posting,
         "Line 1 (SKU A): units from 3 to 0; carriage removed: service standard, 3.50 GBP."},
        {"one taken back, and the carriage of the rest is gone",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 2}},
         NULL,
         ALSO_NO_CARRIAGE,
         PF_E_order_amended,
         "Line 1 (SKU A): units from 3 to 2; carriage removed: service standard, 3.50 GBP."},
        {"a price alone",
         {{.line_id = "1", .sku = "A", .quantity = 3}},
         {{.line_id = "1", .sku = "A", .quantity = 3, .unit_price = {.shop_minor = 5}}},
         NULL,
         ALSO_NOTHING,
         PF_E_order_amended,
         "Line 1 (SKU A): unit price from 0.00 GBP to 0.05 GBP."},
    };
    (void)state;
    struct codec *codec = codec_test_open("schemas");
    char message[300];
    assert_int_equal(codec_check(codec, &order_event_record, message), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct order_event former = *support_order(arena), now = former;
        struct order_address elsewhere = {.line1 = "9 Other Road"};
        struct order_line a[2] = {rows[i].former[0], rows[i].former[1]},
                          b[2] = {rows[i].now[0], rows[i].now[1]};
        const char *detail = NULL;
        former.lines.items = a;
        former.lines.count = a[1].line_id != NULL ? 2 : 1;
        now.lines.items = b;
        now.lines.count = b[1].line_id != NULL ? 2 : 1;
        now.fulfilment_state = rows[i].fulfilment;
        if (rows[i].also == ALSO_NO_CARRIAGE)
            now.shipping_lines.count = 0;
        if (rows[i].also == ALSO_ELSEWHERE)
            now.shipping_address = &elsewhere;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(order_goods_moved(codec, &former, "", &now, arena, &detail), rows[i].code);
        assert_string_equal(detail, rows[i].detail);
        assert_int_equal(order_goods_moved(codec, NULL, "It is gone.", &now, arena, &detail),
                         PF_E_order_amended);
        assert_string_equal(detail, "Goods differ. It is gone.");
        arena_free(arena);
    }
    codec_close(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_money),
        cmocka_unit_test(test_golden_digest),
        cmocka_unit_test(test_who_has_to_look),
        cmocka_unit_test(test_without_a_summary_it_is_compared),
        cmocka_unit_test(test_sums_by_their_words),
        cmocka_unit_test(test_goods_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
