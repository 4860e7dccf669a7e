/* Field by field of an open order: what must be there, what may be left out and means what then,
 * where each value goes, and the bounds of each kind. Sums: test_cli_ledger.c. */
#include "test_ledger_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger_draft.h"

static struct config *config;
static void *rules;

static int open_rules(void **state)
{
    struct config_message message;
    (void)state;
    return config_load(NULL, NULL, 0, &config, &message) != 0 ||
           order_rules_load(config, &rules, &message) != 0;
}

static int close_rules(void **state)
{
    (void)state;
    order_rules_free(rules);
    config_free(config);
    return 0;
}

static struct arena *arena;
static struct ledger_draft draft;
static char why[LEDGER_WHY_MAX];

/* The form alone: sums are not looked at. */
static int read_form(const char *path, const char *value, json_t **ret_order)
{
    arena_free(arena);
    arena = arena_new(1 << 20);
    why[0] = '\0';
    draft = (struct ledger_draft){.topic_key = NULL};
    *ret_order = ledger_order_with(path, value);
    return ledger_draft_read(*ret_order, rules, arena, &draft, why);
}

static void test_what_must_be_there(void **state)
{
    static const char *const needed[] = {"channel",
                                         "store",
                                         "order_id",
                                         "currency",
                                         "order_date",
                                         "tax_included",
                                         "total",
                                         "tax",
                                         "lines",
                                         "lines.0.line_id",
                                         "lines.0.product",
                                         "lines.0.quantity",
                                         "lines.0.amount",
                                         "lines.0.taxes.0.rate",
                                         "lines.0.taxes.0.tax",
                                         "charges.0.code",
                                         "charges.0.amount",
                                         "tenders.0.kind",
                                         "tenders.0.amount",
                                         "credits.0.refund_id",
                                         "credits.0.document",
                                         "credits.0.amount",
                                         "credits.0.posted_at"};
    (void)state;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        json_t *order = NULL;
        const char *field =
            strrchr(needed[i], '.') != NULL ? strrchr(needed[i], '.') + 1 : needed[i];
        if (read_form(needed[i], "", &order) != -EINVAL || strstr(why, field) == NULL)
            fail_msg("%s: %s", needed[i], why);
        json_decref(order);
    }
}

static void test_what_may_be_left_out(void **state)
{
    static const char *const optional[] = {"account",           "money",
                                           "outstanding",       "charges",
                                           "tenders",           "credits",
                                           "lines.1.number",    "lines.0.matrix_codes",
                                           "lines.0.depot",     "lines.1.gift_card",
                                           "lines.0.taxes",     "lines.0.credited_quantity",
                                           "lines.0.credited",  "lines.0.taxes.0.credited",
                                           "charges.0.taxes",   "tenders.0.gateway",
                                           "tenders.0.method",  "tenders.0.transaction_id",
                                           "tenders.0.credited"};
    (void)state;
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        json_t *order = NULL;
        if (read_form(optional[i], "", &order) != 0)
            fail_msg("%s: %s", optional[i], why);
        json_decref(order);
    }
}

static void test_what_is_meant_by_nothing(void **state)
{
    json_t *order = NULL;
    (void)state;
    assert_int_equal(read_form("money", "", &order), 0);
    assert_int_equal(draft.entry.money, MONEY_SHOP);
    json_decref(order);
    assert_int_equal(read_form("account", "", &order), 0);
    assert_null(draft.entry.account);
    json_decref(order);
    assert_int_equal(read_form("outstanding", "", &order), 0);
    assert_int_equal(draft.entry.outstanding_minor, 0);
    json_decref(order);
    assert_int_equal(read_form("lines.1.gift_card", "", &order), 0);
    assert_false(draft.entry.lines.items[1].gift_card);
    json_decref(order);
    assert_int_equal(read_form("lines.0.credited", "", &order), 0);
    assert_int_equal(draft.entry.lines.items[0].credited_minor, 0);
    json_decref(order);
    assert_int_equal(read_form("lines.0.credited_quantity", "", &order), 0);
    assert_int_equal(draft.entry.lines.items[0].credited_quantity, 0);
    json_decref(order);
    assert_int_equal(read_form("charges", "", &order), 0);
    assert_int_equal(draft.entry.charges.count, 0);
    json_decref(order);
}

static void test_where_each_value_goes(void **state)
{
    json_t *order = NULL;
    (void)state;
    assert_int_equal(read_form(NULL, NULL, &order), 0);
    const struct ledger_entry *e = &draft.entry;
    assert_string_equal(draft.currency->code, "GBP");
    assert_string_equal(e->company, "01");
    assert_string_equal(e->channel, "shopify");
    assert_string_equal(e->store, "uk");
    assert_string_equal(e->order_id, "7001");
    assert_string_equal(e->currency, "GBP");
    assert_string_equal(e->order_date, "2026-10-01");
    const struct ledger_line *line = &e->lines.items[0];
    assert_string_equal(line->line_id, "11");
    assert_string_equal(line->product, "TSHIRT");
    assert_int_equal(line->matrix_codes.count, 2);
    assert_string_equal(line->matrix_codes.items[0], "RED");
    assert_string_equal(line->depot, "01");
    assert_false(line->gift_card);
    assert_int_equal(line->quantity, 2);
    assert_int_equal(line->amount_minor, 2400);
    assert_int_equal(line->credited_minor, 1200);
    assert_int_equal(line->taxes.items[0].tax_minor, 400);
    assert_int_equal(line->taxes.items[0].credited_minor, 200);
    assert_int_equal(e->lines.items[1].taxes.count, 2);
    assert_int_equal(e->lines.items[1].taxes.items[1].tax_minor, 50);
    assert_int_equal(e->charges.count, 1);
    assert_string_equal(e->charges.items[0].code, "CARR");
    assert_null(e->charges.items[0].line_id);
    assert_int_equal(e->charges.items[0].amount_minor, 395);
    assert_int_equal(e->charges.items[0].taxes.items[0].tax_minor, 66);
    assert_int_equal(e->tenders.count, 1);
    assert_string_equal(e->tenders.items[0].kind, "card");
    assert_string_equal(e->tenders.items[0].method, "CSH");
    assert_string_equal(e->tenders.items[0].transaction_id, "t-1");
    assert_int_equal(e->tenders.items[0].amount_minor, 3900);
    assert_int_equal(e->tenders.items[0].credited_minor, 1200);
    assert_int_equal(e->credits.count, 1);
    assert_string_equal(e->credits.items[0].refund_id, "r1");
    assert_string_equal(e->credits.items[0].document, "CN1");
    assert_int_equal(e->credits.items[0].amount_minor, 1200);
    json_decref(order);
    assert_int_equal(read_form("document", "'D-5'", &order), 0);
    assert_string_equal(draft.entry.document, "D-5");
    assert_string_equal(draft.entry.order_number, "2017001");
    json_decref(order);
    assert_int_equal(read_form("posted_at", "'2026-10-02T00:00:01Z'", &order), 0);
    assert_int_equal(draft.entry.posted_at, 1790899201000);
    json_decref(order);
    assert_int_equal(read_form("order_number", "'2017001'", &order), 0); /* said once more */
    json_decref(order);
}

static void test_bounds(void **state)
{
    static const struct {
        const char *path, *value;
        bool taken;
    } rows[] = {
        {"lines.0.matrix_codes", "[]", true},
        {"lines.0.matrix_codes", "['a', 'b', 'c', 'd']", true},
        {"lines.0.matrix_codes", "['a', 'b', 'c', 'd', 'e']", false},
        {"lines.0.matrix_codes", "['a', 1]", false},
        {"lines.0.matrix_codes", "'a'", false},
        {"lines.0.taxes.0.rate", "'0'", true},
        {"lines.0.taxes.0.rate", "'1000'", true},
        {"lines.0.taxes.0.rate", "'1000.0001'", false},
        {"lines.0.taxes.0.rate", "'1001'", false},
        {"lines.0.taxes.0.rate", "'5.1234'", true},
        {"lines.0.taxes.0.rate", "'5.12345'", false},
        {"lines.0.taxes.0.rate", "'5.1.2'", false},
        {"lines.0.taxes.0.rate", "'-5'", false},
        {"lines.0.taxes.0.rate", "''", false},
        {"lines.0.taxes.0.rate", "5", false},
        {"lines.0.quantity", "1", true},
        {"lines.0.quantity", "2147483647", true},
        {"lines.0.quantity", "2147483648", false},
        {"lines.0.quantity", "'1'", false},
        {"lines.0.number", "1", true},
        {"lines.0.number", "0", false},
        {"lines.0.credited_quantity", "0", true},
        {"lines.0.credited_quantity", "-1", false},
        {"lines.0.gift_card", "'true'", false},
        {"lines.0.gift_card", "false", true},
        {"order_date", "'2026-10-1'", false},
        {"order_date", "'2026-10-010'", false},
        {"order_date", "'2024-02-29'", true},
        {"order_date", "'2025-02-29'", false},
        {"money", "'shop'", true},
        {"money", "'presentment'", true},
        {"money", "''", false},
        {"charges.0.kind", "'shipping'", true},
        {"charges.0.kind", "'tip'", true},
        {"charges.0.line_id", "'11'", true},
        {"tenders.0.kind", "'gift_card'", true},
        {"tenders.0.kind", "'shipping'", false},
        {"currency", "'JPY'", false}, /* its amounts have decimals */
        {"taxes", "[]", false},
        {"a_field_whose_name_is_longer_than_any_of_ours_and_longer_than_the_room", "1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *order = NULL;
        const int rc = read_form(rows[i].path, rows[i].value, &order);
        if ((rc == 0) != rows[i].taken)
            fail_msg("%s = %s: %d, %s", rows[i].path, rows[i].value, rc, why);
        json_decref(order);
    }
}

/* Rates are parts per million, whatever is written of their decimals. */
static void test_rates(void **state)
{
    static const struct {
        const char *text;
        int64_t ppm;
    } rows[] = {{"'20'", 200000},     {"'20.'", 200000}, {"'20.0000'", 200000},
                {"'5.5'", 55000},     {"'.5'", 5000},    {"'0.0001'", 1},
                {"'1000'", 10000000}, {"'007'", 70000},  {"'8.875'", 88750}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *order = NULL;
        if (read_form("lines.0.taxes.0.rate", rows[i].text, &order) != 0)
            fail_msg("%s: %s", rows[i].text, why);
        assert_int_equal(draft.entry.lines.items[0].taxes.items[0].rate_ppm, rows[i].ppm);
        json_decref(order);
    }
}

static void test_lists_are_bounded(void **state)
{
    (void)state;
    for (size_t count = LEDGER_ITEMS_MAX; count <= LEDGER_ITEMS_MAX + 1; count++) {
        json_t *order = ledger_order_with(NULL, NULL), *taxes = json_array();
        for (size_t i = 0; i < count; i++)
            (void)json_array_append_new(taxes, json_pack("{s:s, s:s}", "rate", "20", "tax", "0"));
        (void)json_object_set_new(json_array_get(json_object_get(order, "lines"), 0), "taxes",
                                  taxes);
        arena_free(arena);
        arena = arena_new(1 << 20);
        const int rc = ledger_draft_read(order, rules, arena, &draft, why);
        assert_int_equal(rc, count <= LEDGER_ITEMS_MAX ? 0 : -EINVAL);
        if (rc < 0)
            assert_string_equal(why, "lines[0].taxes: has more than 2000 items");
        json_decref(order);
    }
}

static void test_without_memory(void **state)
{
    json_t *order = NULL;
    (void)state;
    assert_int_equal(read_form(NULL, NULL, &order), 0);
    const size_t needed = arena_used(arena);
    for (size_t cap = 0; cap < needed - 16; cap += 8) {
        arena_free(arena);
        arena = arena_new(cap);
        draft.topic_key = "untouched";
        const int rc = ledger_draft_read(order, rules, arena, &draft, why);
        assert_true(rc == -ENOMEM || rc == -EINVAL); /* a key's code says what it is short of */
        assert_string_equal(draft.topic_key, "untouched");
    }
    json_decref(order);
    arena_free(arena);
    arena = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_must_be_there),
        cmocka_unit_test(test_what_may_be_left_out),
        cmocka_unit_test(test_what_is_meant_by_nothing),
        cmocka_unit_test(test_where_each_value_goes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_lists_are_bounded),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests_name("fields of open orders", tests, open_rules, close_rules);
}
