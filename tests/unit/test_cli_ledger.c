/* Open orders on their way into the ledger: what is read of each form, and what is refused, by line
 * and field. */
#include "test_ledger_support.h"

#include <errno.h>
#include <stdio.h>

#include "core/ledger_csv.h"
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

static int read_order(const json_t *order, struct arena *arena, struct ledger_draft *draft,
                      int64_t *remaining, char why[static LEDGER_WHY_MAX])
{
    const int rc = ledger_draft_read(order, rules, arena, draft, why);
    return rc == 0 ? ledger_check(draft, remaining, why) : rc;
}

static void test_good(void **state)
{
    (void)state;
    json_t *order = ledger_order_with(NULL, NULL);
    struct arena *arena = arena_new(1 << 20);
    struct ledger_draft draft;
    char why[LEDGER_WHY_MAX] = "";
    int64_t remaining = 0;
    if (read_order(order, arena, &draft, &remaining, why) != 0)
        fail_msg("%s", why);
    const struct ledger_entry *e = &draft.entry;
    assert_string_equal(e->key, "01/orders/shopify/uk/7001");
    assert_string_equal(draft.topic_key, "01/shopify/uk/7001");
    assert_string_equal(e->order_number, "2017001");
    assert_string_equal(e->document, "2017001");
    assert_string_equal(e->account, "C1");
    assert_int_equal(e->money, MONEY_PRESENTMENT);
    assert_int_equal(e->version, 1);
    assert_string_equal(e->identity, "");
    assert_true(e->tax_included);
    assert_int_equal(e->total_minor, 3995);
    assert_int_equal(e->tax_minor, 666);
    assert_int_equal(e->outstanding_minor, 95);
    assert_int_equal(e->posted_at, 1790812800000); /* the day's midnight */
    assert_true(e->source_version == 1790812800123 && e->event_time == 1790928000000);
    assert_string_equal(e->goods, "");
    assert_int_equal(e->lines.count, 2);
    assert_int_equal(e->lines.items[0].discount_minor, 100);
    assert_int_equal(e->lines.items[0].number, 1);
    assert_int_equal(e->lines.items[1].number, 5);
    assert_string_equal(e->lines.items[0].matrix_codes.items[1], "M");
    assert_int_equal(e->lines.items[0].credited_quantity, 1);
    assert_int_equal(e->lines.items[0].taxes.items[0].rate_ppm, 200000);
    assert_int_equal(e->lines.items[1].taxes.items[0].rate_ppm, 175000);
    assert_int_equal(e->lines.items[1].taxes.items[1].rate_ppm, 1);
    assert_true(e->lines.items[1].gift_card);
    assert_string_equal(e->charges.items[0].kind, "shipping");
    assert_string_equal(e->tenders.items[0].gateway, "stripe");
    assert_int_equal(e->credits.items[0].posted_at, 1791194400000);
    assert_int_equal(remaining, 2795);
    arena_free(arena);
    json_decref(order);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *path, *value, *says;
    } rows[] = {
        {"channel", "", "channel: missing"},
        {"store", "'nowhere'", "order_id: channel shopify, store nowhere is not in channels.yaml"},
        {"order_id", "'a b'", "order_id: order_id must be letters"},
        {"order_id", "7001", "order_id: must be a text"},
        {"order_number", "'2019999'", "order_number: channels.yaml makes another"},
        {"surname", "'x'", "there is no field 'surname'"},
        {"currency", "'POUND'", "currency: must be a code of ISO 4217"},
        {"order_date", "'2026-13-01'", "order_date: must be a day"},
        {"order_date", "'2026-10-01T00:00:00Z'", "order_date: must be a day"},
        {"posted_at", "'soon'", "posted_at: must be a time"},
        {"event_time", "'soon'", "event_time: must be a time"},
        {"source_version", "-1", "source_version: must be a whole number"},
        {"source_version", "'7'", "source_version: must be a whole number"},
        {"lines.0.discount", "'-0.01'", "lines[0].discount: is below 0"},
        {"tax_included", "'yes'", "tax_included: must be true or false"},
        {"money", "'both'", "money: is none of"},
        {"total", "39.95", "total: must be an amount of GBP as text"},
        {"total", "'39.951'", "total: must be an amount of GBP"},
        {"total", "'39.96'", "total: lines and charges come to: 39.95, but 39.96 is stated"},
        {"tax", "'6.67'", "tax: the taxes of lines and charges come to: 6.66"},
        {"tax_included", "false", "total: lines, charges and taxes come to: 46.61"},
        {"outstanding", "'1.95'", "total: tenders and outstanding come to: 40.95"},
        {"outstanding", "'-1.00'", "outstanding: is not between"},
        {"lines", "[]", "lines: has no items"},
        {"lines", "{}", "lines: must be a list"},
        {"lines.9", "7", "lines[2].: must be an object"},
        {"lines.0.colour", "'x'", "lines[0].: there is no field 'colour'"},
        {"lines.0.line_id", "", "lines[0].line_id: missing"},
        {"lines.1.line_id", "'11'", "lines[1].line_id: is that of lines[0]"},
        {"lines.1.number", "1", "lines[1].number: is that of lines[0]"},
        {"lines.0.quantity", "0", "lines[0].quantity: must be a whole number, at least 1"},
        {"lines.0.quantity", "2.5", "lines[0].quantity: must be a whole number"},
        {"lines.0.quantity", "4294967298", "lines[0].quantity: must be a whole number"},
        {"lines.0.credited_quantity", "3", "lines[0].credited_quantity: more was credited"},
        {"lines.0.credited", "'24.01'", "lines[0].credited: more was credited than was sold"},
        {"lines.0.credited", "'-1.00'", "lines[0].credited: more was credited than was sold"},
        {"lines.0.credited", "'11.99'",
         "credits: what was credited of lines and charges, tax included, comes to: 11.99, but "
         "12.00"},
        {"lines.0.amount", "'-24.00'", "lines[0].amount: is below 0"},
        {"lines.0.matrix_codes", "['a', 'b', 'c', 'd', 'e']",
         "lines[0].matrix_codes: must be a list of at most four"},
        {"lines.0.taxes.0.rate", "'20%'", "lines[0].taxes[0].rate: must be a percentage"},
        {"lines.0.taxes.0.rate", "'0.00001'", "lines[0].taxes[0].rate: must be a percentage"},
        {"lines.0.taxes.0.rate", "'.'", "lines[0].taxes[0].rate: must be a percentage"},
        {"lines.0.taxes.0.credited", "'4.01'",
         "lines[0].taxes[0].credited: more was credited than the tax is"},
        {"lines.0.taxes.0.tax", "'24.01'", "lines[0].taxes: more tax than the amount"},
        {"charges.0.amount", "'-3.95'", "charges[0].amount: is below 0, which only cash_rounding"},
        {"charges.0.kind", "'carriage'", "charges[0].kind: is none of"},
        {"charges.0.credited", "'4.00'", "charges[0].credited: more was credited"},
        {"tenders.0.kind", "'gold'", "tenders[0].kind: is none of"},
        {"tenders.0.credited", "'39.01'", "tenders[0].credited: more was paid back"},
        {"credits", "[]",
         "credits: what was credited of lines and charges, tax included, comes to: 12.00, but "
         "0.00"},
        {"credits.0.posted_at", "", "credits[0].posted_at: missing"},
        {"credits.9",
         "{'refund_id': 'r1', 'document': 'CN2', 'amount': '0.00', 'posted_at': "
         "'2026-10-05T10:00:00Z'}",
         "credits[1].refund_id: is that of credits[0]"},
        {"lines.0.amount", "'92233720368547758.07'", "the amounts are too large"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *order = ledger_order_with(rows[i].path, rows[i].value);
        struct arena *arena = arena_new(1 << 20);
        struct ledger_draft draft;
        char why[LEDGER_WHY_MAX] = "";
        int64_t remaining = 0;
        const int rc = read_order(order, arena, &draft, &remaining, why);
        if (rc == 0 || strstr(why, rows[i].says) == NULL)
            fail_msg("%s=%s: %d, %s", rows[i].path, rows[i].value, rc, why);
        arena_free(arena);
        json_decref(order);
    }
}

/* Prices without tax: the tax comes on top, and what was credited of it counts. */
static void test_without_tax(void **state)
{
    static const char text[] =
        "{\"channel\": \"shopify\", \"store\": \"uk\", \"order_id\": \"1\", \"currency\": \"JPY\", "
        "\"order_date\": \"2026-10-01\","
        " \"tax_included\": false, \"total\": \"1098\", \"tax\": \"98\","
        " \"lines\": [{\"line_id\": \"1\", \"product\": \"A\", \"quantity\": 1, \"amount\": "
        "\"1002\", \"credited\": \"501\","
        "              \"taxes\": [{\"rate\": \"10\", \"tax\": \"98\", \"credited\": \"49\"}]}],"
        " \"charges\": [{\"code\": \"R\", \"kind\": \"cash_rounding\", \"amount\": \"-2\"}],"
        " \"credits\": [{\"refund_id\": \"r\", \"document\": \"C\", \"amount\": \"550\", "
        "\"posted_at\": \"2026-10-02\"}]}";
    (void)state;
    json_t *order = json_loads(text, 0, NULL);
    struct arena *arena = arena_new(1 << 20);
    struct ledger_draft draft;
    char why[LEDGER_WHY_MAX] = "";
    int64_t remaining = 0;
    if (read_order(order, arena, &draft, &remaining, why) != 0)
        fail_msg("%s", why);
    assert_int_equal(remaining, 548);
    arena_free(arena);
    json_decref(order);
}

/* ---- the table ---- */

struct seen {
    json_t *orders;
    size_t lines[8], wrong_lines[8], wrong_count;
    char wrong[300];
};

static void on_order(void *user, size_t line, const json_t *order)
{
    struct seen *s = user;
    s->lines[json_array_size(s->orders) % 8] = line;
    (void)json_array_append(s->orders, (json_t *)(uintptr_t)order);
}

static void on_wrong(void *user, size_t line, const char *why)
{
    struct seen *s = user;
    s->wrong_lines[s->wrong_count++ % 8] = line;
    if (s->wrong[0] == '\0')
        (void)snprintf(s->wrong, sizeof s->wrong, "%s", why);
}

static struct seen read_table(const char *text, size_t size)
{
    struct seen seen = {.orders = json_array()};
    uint8_t hash[DIGEST_SIZE], wanted[DIGEST_SIZE];
    FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");
    struct digest *digest = digest_new();
    assert_non_null(in);
    errno = ERANGE; /* of something before */
    ledger_csv_read(in, digest, on_order, on_wrong, &seen);
    (void)fclose(in);
    digest_end(digest, hash);
    digest_sha256(text, size, wanted);
    assert_memory_equal(hash, wanted, DIGEST_SIZE); /* of the whole file, whatever is in it */
    return seen;
}

#define HEAD                                                                                       \
    "part;channel;store;order_id;currency;order_date;tax_included;total;tax;outstanding;account;"  \
    "money;line_id;number;product;"                                                                \
    "matrix_codes;quantity;depot;gift_card;amount;rate;tax_credited;credited_quantity;credited;"   \
    "code;kind;gateway;method;transaction_id;"                                                     \
    "refund_id;document;posted_at;source_version;event_time;discount\r\n"

/* The same order as `good`, as a spreadsheet writes it: a mark at its head, semicolons, quotes,
 * CRLF, blank rows. */
static void test_table(void **state)
{
    static const char text[] =
        "\xEF\xBB\xBF" HEAD
        "order;shopify;uk;7001;GBP;2026-10-01;yes;39.95;6.66;0.95;C1;presentment"
        ";;;;;;;;;;;;;;;;;;;;;1790812800123;2026-10-02T08:00:00Z\r\n"
        "line;shopify;uk;7001;;;;;4.00;;;;11;;\"TSHIRT\";RED  M;2;01;;24.00;20;2.00;1;12.00"
        ";;;;;;;;;;;1.00\r\n"
        ";;;\r\n"
        "line;shopify;uk;7001;;;;;1.50;;;;12;5;SKU00001;;1;;true;12.00;17.5\r\n"
        "tax;shopify;uk;7001;;;;;0.50;;;;;;;;;;;;0.0001\r\n"
        "charge;shopify;uk;7001;;;;;0.66;;;;;;;;;;;3.95;20;;;;CARR\r\n"
        "tender;shopify;uk;7001;;;;;;;;;;;;;;;;39.00;;;;12.00;;card;stripe;CSH;\"t-1\"\r\n"
        "credit;shopify;uk;7001;;;;;;;;;;;;;;;;12.00;;;;;;;;;;r1;CN1;2026-10-05T10:00:00Z\r\n"
        "order;shopify;uk;7002;GBP;2026-10-01;no;1.00;0\r\n"
        "line;shopify;uk;7002;;;;;;;;;\"a \"\"b\"\"\r\nc\";;P;;1;;;1.00";
    (void)state;
    struct seen seen = read_table(text, sizeof text - 1);
    if (seen.wrong_count > 0)
        fail_msg("%zu: %s", seen.wrong_lines[0], seen.wrong);
    assert_int_equal(json_array_size(seen.orders), 2);
    assert_int_equal(seen.lines[0], 2);
    assert_int_equal(seen.lines[1], 10);
    json_t *wanted = ledger_order_with(NULL, NULL);
    char *ours = json_dumps(json_array_get(seen.orders, 0), JSON_SORT_KEYS),
         *theirs = json_dumps(wanted, JSON_SORT_KEYS);
    assert_string_equal(ours, theirs);
    free(ours);
    free(theirs);
    json_decref(wanted);
    const json_t *line =
        json_array_get(json_object_get(json_array_get(seen.orders, 1), "lines"), 0);
    assert_string_equal(json_string_value(json_object_get(line, "line_id")), "a \"b\"\r\nc");
    json_decref(seen.orders);
}

static void test_wrong_table(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        const char *says;
    } rows[] = {
        {"", 1, "empty"},
        {"part,channel,store\n", 1, "the column order_id is missing"},
        {"part,channel,store,order_id,colour\n", 1, "there is no column 'colour'"},
        {"part,channel,store,order_id,part\n", 1, "twice"},
        {"part,channel,store,order_id\nline,shopify,uk,1\n", 2, "its order is not the one above"},
        {"part,channel,store,order_id\norder,shopify,uk,1\nline,shopify,uk,2\n", 3,
         "its order is not the one above"},
        {"part,channel,store,order_id\norder,shopify,uk,1\nlime,shopify,uk,1\n", 3,
         "part: must be order, line"},
        {"part,channel,store,order_id,quantity\norder,shopify,uk,1\n\nline,shopify,uk,1,two\n", 4,
         "quantity: must be a whole number"},
        {"part,channel,store,order_id,quantity\norder,shopify,uk,1,2\n", 2,
         "quantity: a row of part order has no such field"},
        {"part,channel,store,order_id,tax_included\norder,shopify,uk,1,maybe\n", 2,
         "tax_included: must be true or false"},
        {"part,channel,store,order_id,rate\norder,shopify,uk,1\ntax,shopify,uk,1,20\n", 3,
         "there is no line or charge above"},
        {"part,channel,store,order_id\norder,shopify,uk,1,2\n", 2, "more cells"},
        {"part,channel,store,order_id\norder,shopify,uk,\"1\nline,shopify,uk,1\n", 2,
         "never closed"},
        {"part,channel,store,order_id\norder,shopify,uk,\xFF\n", 2, "order_id: must be UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen =
            read_table(rows[i].text, strlen(rows[i].text) > 0 ? strlen(rows[i].text) : 0);
        if (seen.wrong_count == 0 || seen.wrong_lines[0] != rows[i].line ||
            strstr(seen.wrong, rows[i].says) == NULL)
            fail_msg("row %zu: line %zu: %s", i, seen.wrong_lines[0], seen.wrong);
        json_decref(seen.orders);
    }
}

/* What is wrong of one order is said of it alone. */
static void test_a_wrong_order_does_not_hide_the_next(void **state)
{
    static const char text[] = "part,channel,store,order_id,quantity\n"
                               "order,shopify,uk,1\nline,shopify,uk,1,two\nline,shopify,uk,1,2\n"
                               "order,shopify,uk,2\nline,shopify,uk,2,2\n"
                               "order,shopify,uk,3\nline,shopify,uk,3,two\n"
                               "order,shopify,uk,4\n";
    (void)state;
    struct seen seen = read_table(text, sizeof text - 1);
    assert_int_equal(seen.wrong_count, 2);
    assert_int_equal(seen.wrong_lines[0], 3);
    assert_int_equal(seen.wrong_lines[1], 8);
    assert_int_equal(json_array_size(seen.orders), 2);
    assert_int_equal(seen.lines[0], 5);
    assert_int_equal(seen.lines[1], 9);
    json_decref(seen.orders);
}

/* A hostile table: a NUL, a cell that never ends, too many cells. Nothing grows without bound, and
 * nothing passes. */
static void test_hostile_table(void **state)
{
    static const char head[] = "part,channel,store,order_id\n";
    static char text[300000];
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        memset(text, kind == 0 ? '\0' : kind == 1 ? 'x' : ',', sizeof text);
        memcpy(text, head, sizeof head - 1);
        memcpy(text + sizeof head - 1, "order,shopify,uk,", 17);
        struct seen seen = read_table(text, sizeof text);
        assert_true(seen.wrong_count > 0);
        assert_int_equal(json_array_size(seen.orders), 0);
        json_decref(seen.orders);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
                                       cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_without_tax),
                                       cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_wrong_table),
                                       cmocka_unit_test(test_hostile_table),
                                       cmocka_unit_test(test_a_wrong_order_does_not_hide_the_next)};
    return cmocka_run_group_tests_name("open orders for the ledger", tests, open_rules,
                                       close_rules);
}
