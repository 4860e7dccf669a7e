/* What people type about one order, and what they see: why, ledger import and show, amended. */
#include "test_cli_run.h"

#include "test_order_support.h"

#include <jansson.h>
#include <time.h>

#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_result.h"
#include "domain/events/stock_order.h"

#define NATURAL "01/orders/shopify/uk/1001"
#define KEY "01/shopify/uk/1001"

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    world.answers[0] = (struct world_answer){.fate = PRIMA_ABSENT, .http_status = 200};
    world.answer_count = 1;
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static struct order_event *put_version(int64_t version, int64_t at_ms)
{
    struct order_event *e = support_order(arena);
    e->source_version = version;
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.raw", .key = KEY, .at_ms = at_ms},
                     &order_event_record, e);
    return e;
}

static void put_changed(int64_t at_ms)
{
    struct order_event *e = support_order(arena);
    e->source_version = 8;
    e->lines.items[0].quantity = 3;
    e->note = "call first";
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.raw", .key = KEY, .at_ms = at_ms},
                     &order_event_record, e);
}

/* ---- why ---- */

static void test_a_life_in_words(void **state)
{
    (void)state;
    const struct key_view view = {.state = 'p',
                                  .code = "unknown_sku",
                                  .delivery = "orders.raw/0/0",
                                  .at_ms = 1000,
                                  .content = "abcdef12",
                                  .unanswered = 2,
                                  .senders = "3, 4",
                                  .deferred = 1,
                                  .ttl_left_ms = 86400000 * INT64_C(90) + 5};
    put_version(7, now_ms());
    put_changed(now_ms());
    world_view(NATURAL, &view);
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK, .http_status = 200, .order_status = "Despatched"};
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    assert_memory_equal(run_out, NATURAL "  Prima's number 2011001\n", 48);
    run_has(run_out, "  orders.raw/0/0             created, version 7, 2 lines, 52.50 GBP [");
    run_has(run_out, "]\n  20");
    run_has(run_out, "      changed, goods: line L1 (SKU SKU00001): units from 2 to 3\n");
    run_has(run_out, "      changed, the rest: ");
    run_has(run_out, "  Redis: posted, unknown_sku, for orders.raw/0/0, since "
                     "1970-01-01T00:00:01.000Z, content [abcdef12], 2 unanswered sends, from slot "
                     "3, 4, 1 in retry, kept for 90 days\n");
    run_has(run_out, "  Prima: has it, Despatched\n  Next:  ");
    assert_string_equal(run_err, "");
    world.answers[0].order_status = "X";
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "  Prima: has it, X\n");
    world.answers[0].order_status = NULL;
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "  Prima: has it\n");
}

static void test_states_in_words(void **state)
{
    static const struct {
        char state;
        const char *words;
    } rows[] = {{'c', "claimed"},
                {'s', "sent"},
                {'p', "posted"},
                {'r', "refused"},
                {'k', "parked"},
                {'d', "discarded"},
                {'x', "cancelled before posting"},
                {'w', "waiting by policy"},
                {'?', "not readable"},
                {'\0', "unknown to Redis"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[60];
        world_reset();
        world.answers[0].fate = PRIMA_ABSENT;
        world.answer_count = 1;
        put_version(7, now_ms());
        world_view(NATURAL, &(struct key_view){.state = rows[i].state, .unanswered = 1});
        assert_int_equal(run("why", KEY, NULL), CLI_DONE);
        (void)snprintf(expected, sizeof expected, "  Redis: %s, 1 unanswered send\n",
                       rows[i].words);
        run_has(run_out, expected);
        run_has(run_out, "  Prima: does not have it\n");
        assert_int_equal(run("why", KEY, "--json", NULL), CLI_DONE);
        (void)snprintf(expected, sizeof expected, "\"redis\":{\"state\":\"%s\"", rows[i].words);
        run_has(run_out, expected);
    }
}

static void test_a_life_for_machines(void **state)
{
    (void)state;
    const struct key_view view = {.state = 's', .lease_left_ms = -5, .delivery = "orders.raw/0/0"};
    put_version(7, now_ms());
    put_changed(now_ms());
    world_view(NATURAL, &view);
    assert_int_equal(run("why", KEY, "--json", NULL), CLI_DONE);
    json_error_t error;
    json_t *json = json_loads(run_out, 0, &error);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "key")), NATURAL);
    assert_string_equal(json_string_value(json_object_get(json, "topic_key")), KEY);
    const json_t *events = json_object_get(json, "events");
    assert_int_equal(json_array_size(events), 2);
    const json_t *second = json_array_get(events, 1);
    assert_string_equal(json_string_value(json_object_get(second, "kind")), "event");
    assert_null(json_object_get(json_array_get(events, 0), "changes"));
    const json_t *goods = json_object_get(json_object_get(second, "changes"), "goods");
    assert_int_equal(json_array_size(goods), 1);
    const json_t *one = json_array_get(goods, 0);
    assert_string_equal(json_string_value(json_object_get(one, "change")), "changed");
    assert_string_equal(json_string_value(json_object_get(one, "before")), "2");
    assert_string_equal(json_string_value(json_object_get(one, "after")), "3");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(second, "changes"), "more")), 0);
    const json_t *redis = json_object_get(json, "redis");
    assert_int_equal(json_integer_value(json_object_get(redis, "lease_left_ms")), 0);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "prima"), "answer")),
        "does not have it");
    assert_true(json_array_size(json_object_get(json, "next")) > 0);
    json_decref(json);
}

/* What is not listed is counted. */
static void test_more_changes_than_are_listed(void **state)
{
    enum { LINES = 40 };
    (void)state;
    put_version(7, now_ms());
    struct order_event *e = support_order(arena);
    const struct order_line model = e->lines.items[0];
    e->source_version = 8;
    e->lines.items = arena_alloc(arena, LINES * sizeof model);
    e->lines.count = LINES;
    for (size_t i = 0; i < LINES; i++) {
        e->lines.items[i] = model;
        e->lines.items[i].line_id = arena_printf(arena, "N%02zu", i);
    }
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.raw", .key = KEY, .at_ms = now_ms() + 1},
                     &order_event_record, e);
    assert_int_equal(run("why", KEY, "--json", NULL), CLI_DONE);
    run_has(run_out, "\"more\":10"); /* 40 lines came and two went, of which 32 are listed */
}

static void test_dead_letters_of_a_posted_order(void **state)
{
    static const struct world_put dead = {.topic = "orders.raw.dlq",
                                          .key = KEY,
                                          .headers = {{"primaflow.code", "order_amended"},
                                                      {"primaflow.owner", "ecommerce"},
                                                      {"primaflow.delivery", "orders.raw/0/1"}}};
    (void)state;
    struct world_put put = dead;
    put.at_ms = now_ms() + 5;
    put_version(7, now_ms());
    put_changed(now_ms());
    world_put(&put);
    world_view(NATURAL, &(struct key_view){.state = 'p', .delivery = "orders.raw/0/0"});
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "      differs from what was posted, goods: line L1 (SKU SKU00001): units");
    run_has(run_out, "dead letter: order_amended, owner ecommerce\n");
    assert_null(strstr(run_out, "differs from what was posted, the rest"));

    world_reset(); /* the posted version has left the topics */
    world.answers[0].fate = PRIMA_ABSENT;
    world.answer_count = 1;
    put_version(7, now_ms());
    put_changed(now_ms());
    world_put(&put);
    world_view(NATURAL, &(struct key_view){.state = 'p', .delivery = "orders.raw/0/99"});
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "the posted version is no longer in the topics");
}

static void test_how_far_back_it_reads(void **state)
{
    (void)state;
    put_version(7, now_ms() - INT64_C(59) * 86400000);
    put_version(6, now_ms() - INT64_C(61) * 86400000);
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "version 7");
    assert_null(strstr(run_out, "version 6"));
    assert_int_equal(run("why", KEY, "--since", "62d", NULL), CLI_DONE);
    run_has(run_out, "version 6");
    assert_int_equal(run("why", KEY, "--all-partitions", NULL), CLI_DONE);
    assert_string_equal(world.range_key, "");
}

static void put_stock(size_t reservations)
{
    static const char *texts[] = {"SHIRT:RED", "01", "", "S1"};
    static struct stock_order_depot depots[] = {{1}, {3}};
    static struct stock_order_gap gap = {1, GAP_SKU};
    static struct stock_order_reservation rows[] = {
        {.sku = 0,
         .depot = 1,
         .units = 2,
         .allocated_units = 1,
         .has_allocated_at = true,
         .allocated_at = 1795000000000},
        {.sku = 0, .depot = 2, .depots = {depots, 2}, .units = 1},
    };
    const struct stock_order_state remembered = {.texts = {texts, 4},
                                                 .has_version = true,
                                                 .gaps = {&gap, reservations > 0},
                                                 .since = 1794999999000,
                                                 .reservations = {rows, reservations}};
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "stock.orders", .key = KEY, .at_ms = now_ms()},
                     &stock_order_record, &remembered);
}

static void test_what_it_takes_from_stock(void **state)
{
    (void)state;
    put_version(7, now_ms());
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    assert_null(strstr(run_out, "Stock:"));
    assert_int_equal(run("why", KEY, "--json", NULL), CLI_DONE);
    run_has(run_out, "\"stock\":null");
    put_stock(0);
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out, "  Stock: nothing is reserved\n");
    put_stock(1);
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out,
            "  Stock: SHIRT:RED at depot 01, 2 units since 2026-11-18T11:06:39.000Z; Prima "
            "has 1 since 2026-11-18T11:06:40.000Z\n");
    run_has(run_out, "  Stock: 1 gap: something of it is not reserved");
    put_stock(2);
    assert_int_equal(run("why", KEY, NULL), CLI_DONE);
    run_has(run_out,
            "  Stock: SHIRT:RED at any depot, 1 unit since 2026-11-18T11:06:39.000Z; not in "
            "Prima's figure yet\n");
    assert_int_equal(run("why", KEY, "--json", NULL), CLI_DONE);
    json_t *json = json_loads(run_out, 0, NULL);
    const json_t *stock = json_object_get(json, "stock"),
                 *row = json_array_get(json_object_get(stock, "reservations"), 0);
    assert_int_equal(json_array_size(json_object_get(stock, "reservations")), 2);
    assert_int_equal(json_integer_value(json_object_get(row, "units")), 2);
    assert_int_equal(json_integer_value(json_object_get(row, "allocated_units")), 1);
    assert_string_equal(json_string_value(json_object_get(row, "sku")), "SHIRT:RED");
    json_decref(json);
}

static void test_nothing_found_or_not_all_asked(void **state)
{
    (void)state;
    assert_int_equal(run("why", KEY, NULL), CLI_DATA);
    run_has(run_err, "primaflow: error: nothing found for " KEY ": check the id");
    put_version(7, now_ms());
    world.answers[0] = (struct world_answer){.fate = PRIMA_NOT_SENT};
    assert_int_equal(run("why", KEY, NULL), CLI_UNAVAILABLE);
    run_has(run_err, "primaflow: warning: Prima query failed: not_sent");
    run_has(run_out, "version 7");
    run_has(run_out, "  Prima: not known\n");
    world.redis_rc = -ECONNREFUSED;
    world.refusal = "refused";
    assert_int_equal(run("why", KEY, NULL), CLI_UNAVAILABLE);
    run_has(run_err, "primaflow: warning: Redis not queried: refused\n");
    assert_null(strstr(run_out, "Redis:"));
    assert_int_equal(run("why", KEY, "--json", NULL), CLI_UNAVAILABLE);
    run_has(run_out, "\"redis\":null");
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(run("why", KEY, NULL), CLI_UNAVAILABLE);
    run_has(run_err, "primaflow: error: Kafka is away\n");
}

/* ---- ledger ---- */

#define OPEN                                                                                       \
    "{\"channel\": \"shopify\", \"store\": \"uk\", \"order_id\": \"7001\", \"currency\": "         \
    "\"GBP\", \"order_date\": \"2026-10-01\", \"tax_included\": true, \"total\": \"12.00\", "      \
    "\"tax\": \"2.00\", \"lines\": [{\"line_id\": \"1\", \"product\": \"TEE\", \"quantity\": "     \
    "1, \"amount\": \"12.00\", \"taxes\": [{\"rate\": \"20\", \"tax\": \"2.00\"}]}]}\n"

static void test_an_import_is_tried_then_written(void **state)
{
    (void)state;
    assert_int_equal(run("ledger", "import", run_file(OPEN), NULL), CLI_DONE);
    assert_string_equal(run_out, "1 orders: 1 new, 0 in the ledger already, unchanged\n"
                                 "  of the new ones remains creditable 12.00 GBP\n"
                                 "nothing was written: --yes --reason TEXT writes\n");
    assert_null(strstr(world.trace, "begin"));
    assert_int_equal(run("ledger", "import", run_file(OPEN), "--yes", "--reason", "cut-over", NULL),
                     CLI_DONE);
    run_has(run_out, "\nwritten, in one transaction, with its record in ops.audit\n");
    assert_null(strstr(run_out, "nothing was written"));
    run_has(world.trace, "add ops.audit ledger.import | commit");
    run_has(world.sent[1], "\"reason\":\"cut-over\"");
    run_has(world.sent[1], "@");
    assert_int_equal(run("ledger", "import", run_file(OPEN), "--json", NULL), CLI_DONE);
    run_has(run_out, "\"orders\": 1,\n  \"new\": 1,\n  \"same\": 0,\n  \"written\": false,\n  "
                     "\"remaining_minor\": {\n    \"GBP\": 1200\n");
}

static void test_an_import_that_is_refused(void **state)
{
    static const char *const reasons[] = {"", " \t"};
    (void)state;
    assert_int_equal(run("ledger", "import", run_file(OPEN), "--yes", NULL), CLI_USAGE);
    run_has(run_err, "--yes wants --reason TEXT");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            run("ledger", "import", run_file(OPEN), "--yes", "--reason", reasons[i], NULL),
            CLI_USAGE);
    assert_string_equal(world.trace, "");
    run_input("[]\n\n");
    assert_int_equal(run("ledger", "import", NULL), CLI_DATA);
    assert_string_equal(run_err, "primaflow: error: stdin:1: not a JSON object\n"
                                 "primaflow: error: 1 complaint; nothing was sent\n");
    run_input("\n");
    assert_int_equal(run("ledger", "import", "-", NULL), CLI_DONE);
    run_has(run_err, "primaflow: warning: stdin has no orders: nothing is imported");
    assert_int_equal(run("ledger", "import", "/nowhere", NULL), CLI_DATA);
    run_has(run_err, "primaflow: error: /nowhere: No such file");
}

static void test_a_table_is_read_as_one(void **state)
{
    (void)state;
    const char *table = "part,channel,store,order_id,currency,order_date,tax_included,total,tax,"
                        "line_id,product,quantity,amount\n"
                        "order,shopify,uk,7001,GBP,2026-10-01,yes,12.00,0.00,,,,\n"
                        "line,shopify,uk,7001,,,,,,1,TEE,1,12.00\n";
    assert_int_equal(run("ledger", "import", "--csv", run_file(table), NULL), CLI_DONE);
    run_has(run_out, "1 orders: 1 new");
    assert_int_equal(run("ledger", "import", run_file(table), NULL), CLI_DATA);
}

static struct ledger_entry whole_entry(void)
{
    static struct ledger_tax tax = {.rate_ppm = 175000, .tax_minor = 200, .credited_minor = 50};
    static const char *codes[] = {"RED", "M"};
    static struct ledger_line lines[] = {{.line_id = "11",
                                          .number = 1,
                                          .product = "TEE",
                                          .quantity = 2,
                                          .amount_minor = 1200,
                                          .credited_quantity = 1,
                                          .credited_minor = 300},
                                         {.line_id = "12",
                                          .number = 2,
                                          .product = "GIFT",
                                          .gift_card = true,
                                          .quantity = 1,
                                          .amount_minor = 1000}};
    static struct ledger_charge charge = {
        .code = "CARR", .kind = "shipping", .amount_minor = 395, .credited_minor = 95};
    static struct ledger_tender tenders[] = {
        {.kind = "card", .gateway = "stripe", .amount_minor = 2000, .credited_minor = 395},
        {.kind = "cash", .amount_minor = 500}};
    static struct ledger_note credit = {
        .refund_id = "r1", .document = "CN1", .amount_minor = 395, .posted_at = 1000};
    lines[0].taxes.items = &tax;
    lines[0].taxes.count = 1;
    lines[0].matrix_codes.items = codes;
    lines[0].matrix_codes.count = 2;
    return (struct ledger_entry){.key = NATURAL,
                                 .company = "01",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .order_id = "1001",
                                 .order_number = "2011001",
                                 .document = "2011001",
                                 .version = 3,
                                 .currency = "GBP",
                                 .tax_included = true,
                                 .identity = "",
                                 .goods = "",
                                 .payment = "",
                                 .order_date = "2026-11-18",
                                 .total_minor = 2595,
                                 .tax_minor = 200,
                                 .outstanding_minor = 95,
                                 .lines = {.items = lines, .count = 2},
                                 .charges = {.items = &charge, .count = 1},
                                 .tenders = {.items = tenders, .count = 2},
                                 .credits = {.items = &credit, .count = 1}};
}

static void put_entry(const struct ledger_entry *entry)
{
    world_put_struct(world_ops(NULL), &(struct world_put){.topic = "orders.ledger", .key = KEY},
                     &ledger_entry_record, entry);
}

static void test_what_remains_of_an_order(void **state)
{
    (void)state;
    struct ledger_entry entry = whole_entry();
    put_entry(&entry);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    assert_string_equal(
        run_out,
        NATURAL "\n"
                "  document 2011001, 2026-11-18, version 3, imported\n"
                "  total    25.95 GBP, of that tax 2.00, outstanding 0.95; amounts contain tax\n"
                "  line 1   11  2 x TEE RED M: 12.00, credited 1 for 3.00\n"
                "           tax 17.5000 %: 2.00, credited 0.50\n"
                "  line 2   12  1 x GIFT: 10.00, credited 0 for 0.00, a gift card\n"
                "  charge   CARR (shipping): 3.95, credited 0.95\n"
                "  tender   card stripe: 20.00, paid back 3.95\n"
                "  tender   cash: 5.00, paid back 0.00\n"
                "  credit   CN1, refund r1: 3.95, 1970-01-01T00:00:01.000Z\n"
                "  remains creditable: 22.00 GBP\n");
    entry.identity = "01ab";
    entry.tax_included = false;
    entry.currency = "???";
    put_entry(&entry);
    assert_int_equal(run("ledger", "show", KEY, NULL), CLI_DONE);
    run_has(run_out, "version 3, posted by a worker\n  total    2595 ???, of that tax 200");
    run_has(run_out, "amounts are without tax\n");
    run_has(run_out, "  the entry does not add up: nothing more of it is credited\n");
    assert_int_equal(run("ledger", "show", KEY, "--json", NULL), CLI_DONE);
    run_has(run_out, "\"total_minor\":2595");
    assert_int_equal(run("ledger", "show", "7", NULL), CLI_DATA);
    run_has(run_err, "the ledger has no entry of 7");
}

static void put_record(const char *refund_id, enum credit_state state, int64_t gross, bool all)
{
    char key[100];
    struct ledger_credit_part part = {.what = CREDIT_AT_LINE, .number = 2, .gross_minor = gross};
    const struct ledger_credit record = {.key = refund_id,
                                         .order = KEY,
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "1001",
                                         .refund_id = refund_id,
                                         .state = state,
                                         .all = all,
                                         .outcome =
                                             state == CREDIT_UNPOSTED ? "ignored_test" : NULL,
                                         .document = state == CREDIT_CREDITED ? "CN2" : NULL,
                                         .currency = "GBP",
                                         .amount_minor = gross,
                                         .at = 2000,
                                         .parts = {.items = &part, .count = 1}};
    (void)snprintf(key, sizeof key, KEY "/%s", refund_id);
    world_put_struct(world_ops(NULL), &(struct world_put){.topic = "orders.ledger", .key = key},
                     &ledger_credit_record, &record);
}

static void test_what_refunds_took_of_an_order(void **state)
{
    (void)state;
    const struct ledger_entry entry = whole_entry();
    put_entry(&entry);
    put_record("r2", CREDIT_CREDITED, 300, false);
    put_record("r3", CREDIT_OPEN, 200, false);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    run_has(run_out, "  line 2   12  1 x GIFT: 10.00, credited 0 for 3.00, a gift card\n");
    run_has(run_out, "  credit   CN2, refund r2: 3.00, 1970-01-01T00:00:02.000Z\n"
                     "  open     refund r3, 1970-01-01T00:00:02.000Z: 2.00 kept until a person has "
                     "told whether its credit note exists\n"
                     "  remains creditable: 19.00 GBP, of that 2.00 kept\n");
    put_record("r3", CREDIT_OPEN, 200, true);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    run_has(run_out, "all that remains is kept until a person has told");
    run_has(run_out, "remains creditable: 19.00 GBP, all of it kept\n");
    put_record("r3", CREDIT_CREDITED, 800, false);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    run_has(run_out,
            "  refund r3 takes what the order does not have: nothing more of it is credited\n"
            "  remains creditable: 19.00 GBP, all of it kept\n");
    assert_int_equal(run("ledger", "show", "1001", "--json", NULL), CLI_DONE);
    run_has(run_out, "\"remains_minor\":1900,\"kept_minor\":1900,\"misfit\":\"r3\"");
}

static void test_an_order_that_the_ledger_has_no_entry_of(void **state)
{
    (void)state;
    put_record("", CREDIT_UNPOSTED, 0, false);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    assert_string_equal(run_out,
                        KEY "\n  not posted: ignored_test; nothing of it can be credited\n");
    put_record("r2", CREDIT_OPEN, 200, false);
    assert_int_equal(run("ledger", "show", "1001", NULL), CLI_DONE);
    run_has(run_out, "  refund r2: open, of an order that the ledger does not have\n");
    assert_int_equal(run("ledger", "show", "1001", "--json", NULL), CLI_DONE);
    run_has(run_out, "{\"order\":\"" KEY "\",\"records\":[{");
}

static void test_an_entry_that_cannot_be_read(void **state)
{
    (void)state;
    world_put(&(struct world_put){.topic = "orders.ledger", .key = KEY, .value = "x", .size = 1});
    assert_int_equal(run("ledger", "show", KEY, NULL), CLI_DATA);
    run_has(run_err, "the entry cannot be read: framing_unknown");
    assert_int_equal(run("ledger", "show", KEY, "--json", NULL), CLI_DATA);
    run_has(run_err, "the entry cannot be read: framing_unknown");
    assert_string_equal(run_out, "");
}

/* ---- amended ---- */

static void test_a_word_about_a_version(void **state)
{
    (void)state;
    put_version(7, 10);
    world_view(NATURAL, &(struct key_view){.state = 'p'});
    assert_int_equal(run("amended", KEY, "--version", "7", "--evidence", "call 17", NULL),
                     CLI_DONE);
    assert_memory_equal(run_out,
                        NATURAL ", 2011001 in Prima: the version of orders.raw/0/0, 2 lines, "
                                "52.50 GBP\nwould become the posted one, by ",
                        120);
    run_has(run_out, "'s word; nothing was written: --yes writes\n");
    assert_null(strstr(world.trace, "begin"));
    assert_int_equal(run("amended", KEY, "--version", "7", "--evidence", "call 17", "--yes", NULL),
                     CLI_DONE);
    run_has(run_out, "\nis the posted one now, by ");
    run_has(world.trace, "commit | free | amend orders " NATURAL " 7");
    assert_int_equal(run("amended", KEY, "--version", "7", "--evidence", "call 17", "--json", NULL),
                     CLI_DONE);
    run_has(run_out, "\"delivery\": \"orders.raw/0/0\",\n  \"lines\": 2,\n  \"total\": \"52.50 "
                     "GBP\",\n  \"who\": \"");
    run_has(run_out, "\"written\": false");
}

static void test_a_word_that_is_incomplete(void **state)
{
    static const char *const evidence[] = {"", " \t "};
    (void)state;
    assert_int_equal(run("amended", KEY, "--evidence", "x", NULL), CLI_USAGE);
    run_has(run_err, "--version V is missing");
    assert_int_equal(run("amended", KEY, "--version", "0", NULL), CLI_USAGE);
    run_has(run_err, "--evidence TEXT is missing");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run("amended", KEY, "--version", "0", "--evidence", evidence[i], NULL),
                         CLI_USAGE);
        run_has(run_err, "--evidence TEXT is missing");
    }
    assert_string_equal(world.trace, "");
    assert_int_equal(run("amended", KEY, "--version", "0", "--evidence", "x", NULL), CLI_USAGE);
    run_has(run_err, KEY " is no order that is posted; see primaflow why");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_life_in_words),
        TEST(test_states_in_words),
        TEST(test_a_life_for_machines),
        TEST(test_more_changes_than_are_listed),
        TEST(test_dead_letters_of_a_posted_order),
        TEST(test_how_far_back_it_reads),
        TEST(test_what_it_takes_from_stock),
        TEST(test_nothing_found_or_not_all_asked),
        TEST(test_an_import_is_tried_then_written),
        TEST(test_an_import_that_is_refused),
        TEST(test_a_table_is_read_as_one),
        TEST(test_what_remains_of_an_order),
        TEST(test_what_refunds_took_of_an_order),
        TEST(test_an_order_that_the_ledger_has_no_entry_of),
        TEST(test_an_entry_that_cannot_be_read),
        TEST(test_a_word_about_a_version),
        TEST(test_a_word_that_is_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
