/* Importing open orders and reading them back, against a ledger in memory: what is new, what is
 * there already, and that all of a file is written, with its audit record, or none of it. */
#include "test_ops_world.h"

#include "core/ledger_import.h"
#include "core/ledger_show.h"

#define LEDGER "orders.ledger"

/* An order of shopify/uk that adds up: goods of `amount` with 2.00 tax in it. */
#define ORDER(id, amount)                                                                          \
    "{\"channel\": \"shopify\", \"store\": \"uk\", \"order_id\": \"" id                            \
    "\", \"currency\": \"GBP\", \"order_date\": \"2026-10-01\", \"tax_included\": true, "          \
    "\"total\": \"" amount "\", \"tax\": \"2.00\", \"lines\": [{\"line_id\": \"1\", "              \
    "\"product\": \"TEE\", \"quantity\": 1, \"amount\": \"" amount                                 \
    "\", \"taxes\": [{\"rate\": \"20\", \"tax\": \"2.00\"}]}]}\n"
#define YEN                                                                                        \
    "{\"channel\": \"shopify\", \"store\": \"jp\", \"order_id\": \"9001\", \"currency\": "         \
    "\"JPY\", \"order_date\": \"2026-10-01\", \"tax_included\": true, \"total\": \"900\", "        \
    "\"tax\": \"0\", \"lines\": [{\"line_id\": \"1\", \"product\": \"TEE\", \"quantity\": 1, "     \
    "\"amount\": \"900\"}]}\n"

static struct ledger_imported o;
static struct ops_error error;

static enum ops_kind import_text(struct ops *ops, const char *text, bool writes)
{
    const struct ledger_import_options options = {
        .name = "open.jsonl", .writes = writes, .who = "ann@host", .reason = "cut-over"};
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    error = (struct ops_error){.text = ""};
    const enum ops_kind kind = ledger_import(ops, in, &options, &o, &error);
    (void)fclose(in);
    return kind;
}

/* What an import of these orders wrote, put into the ledger as it was sent. */
static void put_written(struct ops *ops, const char *text, int32_t partition, int64_t at_ms)
{
    struct ledger_items items = {.list = NULL};
    struct complaints complaints = {.count = 0};
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    assert_int_equal(ledger_file_read(ops, in, "former", false, &items, &complaints, &error),
                     OPS_DONE);
    (void)fclose(in);
    for (size_t i = 0; i < items.count; i++)
        world_put(&(struct world_put){.topic = LEDGER,
                                      .key = items.list[i].key,
                                      .value = items.list[i].bytes,
                                      .size = items.list[i].size,
                                      .partition = partition,
                                      .at_ms = at_ms});
    ledger_items_release(&items);
}

static void put_tombstone(const char *key, int32_t partition, int64_t at_ms)
{
    world_put(
        &(struct world_put){.topic = LEDGER, .key = key, .partition = partition, .at_ms = at_ms});
}

static void test_new_orders_go_in_one_transaction_with_their_audit(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7002", "12.00"), 0, 10);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00") ORDER("7002", "12.00") YEN, true),
                     OPS_DONE);
    assert_string_equal(world.trace,
                        "as primaflow.cli.ledger-import | read orders.ledger | begin | "
                        "add orders.ledger 01/shopify/uk/7001 | "
                        "add orders.ledger 02/shopify/jp/9001 | add ops.audit ledger.import | "
                        "commit | free");
    assert_string_equal(world.registered, "LedgerEntry of orders.ledger");
    assert_int_equal(world.range.from, KAFKA_FROM_BEGINNING);
    assert_int_equal(world.range.partition, -1);
    assert_true(o.written);
    assert_int_equal(o.orders, 3);
    assert_int_equal(o.fresh, 2);
    assert_int_equal(o.same, 1);
    assert_int_equal(o.other, 0);
    assert_int_equal(o.currency_count, 2);
    assert_int_equal(o.remaining[0].minor, 1200);
    assert_string_equal(o.remaining[0].currency->code, "GBP");
    assert_int_equal(o.remaining[1].minor, 900);
    assert_string_equal(o.remaining[1].currency->code, "JPY");
    assert_true(world.writer_bytes > 300 && world.writer_bytes < 3000); /* of all three orders */
    const char *audit = world.sent[2];
    assert_non_null(strstr(audit, "\"action\":\"ledger.import\""));
    assert_non_null(strstr(audit, "\"who\":\"ann@host\""));
    assert_non_null(strstr(audit, "\"reason\":\"cut-over\""));
    assert_non_null(strstr(audit, "\"topic\":\"orders.ledger\""));
    assert_non_null(strstr(audit, "\"written\":2,\"skipped\":1"));
    assert_int_equal(strcspn(strstr(audit, "\"digest\":\"") + 10, "\""), 64);
}

static void test_what_remains_is_added_up_by_currency(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(import_text(ops, ORDER("1", "12.00") YEN ORDER("2", "2.50"), false), OPS_DONE);
    assert_int_equal(o.currency_count, 2);
    assert_int_equal(o.remaining[0].minor, 1450);
    assert_int_equal(o.remaining[1].minor, 900);
    /* too large for a sum: said as the largest, not as a wrong one */
    assert_int_equal(
        import_text(ops, ORDER("1", "92233720368547758.07") ORDER("2", "92233720368547758.07"),
                    false),
        OPS_DONE);
    assert_true(o.remaining[0].minor == INT64_MAX);
}

static void test_a_check_writes_nothing(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), false), OPS_DONE);
    assert_string_equal(world.trace, "read orders.ledger");
    assert_int_equal(o.fresh, 1);
    assert_false(o.written);
}

static void test_what_is_all_there_is_not_written_again(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "12.00"), 0, 10);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DONE);
    assert_string_equal(world.trace, "as primaflow.cli.ledger-import | read orders.ledger | free");
    assert_int_equal(o.same, 1);
    assert_false(o.written);
}

static void test_an_empty_file_asks_nobody(void **state)
{
    (void)state;
    world_reset();
    assert_int_equal(import_text(world_ops(NULL), "\n\n", true), OPS_DONE);
    assert_string_equal(world.trace, "");
    assert_int_equal(o.orders, 0);
}

/* While refunds of an order are under way, or credited, no import changes what remains of it: its entry
 * is there, or the file is refused. */
static void test_refunds_refuse_the_file(void **state)
{
    static const struct {
        const char *name, *key;
        bool is_released, is_refused;
    } rows[] = {
        {"a refund of the order", "01/shopify/uk/7001/9001", false, true},
        {"one that a person released", "01/shopify/uk/7001/9001", true, false},
        {"of another order", "01/shopify/uk/70011/9001", false, false},
        {"the order had ended without a document", "01/shopify/uk/7001/", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        world_reset();
        struct ops *ops = world_ops(NULL);
        put_written(ops, ORDER("7001", "12.00"), 0, 10);
        put_tombstone("01/shopify/uk/7001", 0, 11);
        world_put(&(struct world_put){
            .topic = LEDGER, .key = rows[i].key, .value = "x", .size = 1, .at_ms = 12});
        if (rows[i].is_released)
            put_tombstone(rows[i].key, 0, 13);
        assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true),
                         rows[i].is_refused ? OPS_DATA : OPS_DONE);
        assert_int_equal(o.written, !rows[i].is_refused);
        assert_int_equal(strstr(world.trace, "begin") != NULL, !rows[i].is_refused);
        if (rows[i].is_refused)
            assert_non_null(strstr(o.complaints.first[0].text,
                                   "the ledger has refunds of 01/shopify/uk/7001 and no entry"));
    }
    /* with its entry: what a running refund counts with stays */
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "12.00"), 0, 10);
    world_reserve("01/refunds/shopify/uk/9001", 7, "x", 1);
    assert_int_equal(import_text(ops, ORDER("7001", "6.00"), true), OPS_DATA);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DONE);
    assert_false(o.written);
    assert_null(strstr(world.trace, "begin"));
}

static void test_other_content_refuses_the_file(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "11.00"), 0, 10);
    assert_int_equal(import_text(ops, ORDER("7002", "12.00") "\n" ORDER("7001", "12.00"), true),
                     OPS_DATA);
    assert_string_equal(world.trace, "as primaflow.cli.ledger-import | read orders.ledger | free");
    assert_string_equal(error.text,
                        "1 of 2 orders are in the ledger with other content; nothing was sent");
    assert_int_equal(o.complaints.count, 1);
    assert_int_equal(o.complaints.first[0].line, 3);
    assert_non_null(strstr(o.complaints.first[0].text, "another entry of 01/shopify/uk/7001"));
    assert_int_equal(o.other, 1);
    assert_int_equal(o.fresh, 1);
    assert_false(o.written);
}

/* Which entry of a key is the latest: what the comparison is with. */
static void test_the_latest_entry_counts(void **state)
{
    static const struct {
        const char *name;
        struct {
            const char *order; /* NULL: taken back */
            int32_t partition;
            int64_t at_ms;
        } entries[2];
        bool same; /* as the order of 12.00 that is imported */
    } rows[] = {
        {"the later of a partition, whatever its time",
         {{ORDER("7001", "11.00"), 0, 20}, {ORDER("7001", "12.00"), 0, 10}},
         true},
        {"the younger one of two partitions",
         {{ORDER("7001", "12.00"), 0, 20}, {ORDER("7001", "11.00"), 1, 10}},
         true},
        {"the younger one, read later",
         {{ORDER("7001", "11.00"), 0, 10}, {ORDER("7001", "12.00"), 1, 20}},
         true},
        {"of one time the one read last",
         {{ORDER("7001", "12.00"), 0, 10}, {ORDER("7001", "11.00"), 1, 10}},
         false},
        {"written anew after it was taken back",
         {{NULL, 0, 10}, {ORDER("7001", "12.00"), 0, 20}},
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        for (size_t k = 0; k < 2; k++) {
            const char *order = rows[i].entries[k].order;
            if (order != NULL)
                put_written(ops, order, rows[i].entries[k].partition, rows[i].entries[k].at_ms);
            else
                put_tombstone("01/shopify/uk/7001", 0, rows[i].entries[k].at_ms);
        }
        (void)import_text(ops, ORDER("7001", "12.00"), false);
        if (o.same != rows[i].same || o.other == rows[i].same || o.fresh != 0)
            fail_msg("%s: %zu same, %zu other, %zu new", rows[i].name, o.same, o.other, o.fresh);
    }
}

static void test_what_was_taken_back_is_new(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "11.00"), 0, 10);
    put_tombstone("01/shopify/uk/7001", 0, 20);
    world_put(&(struct world_put){.topic = LEDGER, .key = NULL}); /* nobody's */
    put_tombstone("01/shopify/uk/70011", 0, 20);                  /* another one's */
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DONE);
    assert_int_equal(o.fresh, 1);
    assert_true(o.written);
}

static void test_what_cannot_be_read_is_another_content(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world_put(&(struct world_put){
        .topic = LEDGER, .key = "01/shopify/uk/7001", .value = "no entry", .size = 8});
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DATA);
    assert_int_equal(o.other, 1);
}

static void test_each_step_that_fails_is_told_and_nothing_is_written(void **state)
{
    static const struct {
        const char *fails_at;
        int rc;
        enum ops_kind kind;
        const char *trace;
    } rows[] = {
        {"new", -EACCES, OPS_UNAVAILABLE, "as primaflow.cli.ledger-import"},
        {"begin", -EIO, OPS_UNAVAILABLE,
         "as primaflow.cli.ledger-import | read orders.ledger | begin | free"},
        {"add 1", -EIO, OPS_UNAVAILABLE,
         "as primaflow.cli.ledger-import | read orders.ledger | begin | "
         "add orders.ledger 01/shopify/uk/7001 | free"},
        {"add 3", -EMSGSIZE, OPS_DATA,
         "as primaflow.cli.ledger-import | read orders.ledger | begin | "
         "add orders.ledger 01/shopify/uk/7001 | add orders.ledger 01/shopify/uk/7002 | "
         "add ops.audit ledger.import | free"},
        {"commit", -ETIMEDOUT, OPS_UNAVAILABLE,
         "as primaflow.cli.ledger-import | read orders.ledger | begin | "
         "add orders.ledger 01/shopify/uk/7001 | add orders.ledger 01/shopify/uk/7002 | "
         "add ops.audit ledger.import | commit | free"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world.fails_at = rows[i].fails_at;
        world.writer_rc = rows[i].rc;
        world.refusal = "as Kafka says";
        assert_int_equal(import_text(ops, ORDER("7001", "12.00") ORDER("7002", "3.00"), true),
                         rows[i].kind);
        assert_string_equal(error.text, "as Kafka says");
        assert_string_equal(world.trace, rows[i].trace);
        assert_false(o.written);
    }
}

static void test_a_ledger_that_cannot_be_read_ends_the_import(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    world.read_rc = -ENOENT;
    world.refusal = "there is no topic orders.ledger";
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DATA);
    assert_string_equal(error.text, "there is no topic orders.ledger");
    assert_string_equal(world.trace, "as primaflow.cli.ledger-import | read orders.ledger | free");
    world.read_rc = -ENOMEM; /* Kafka's own words, or ours */
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), false), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "there is no topic orders.ledger");
    world.refusal = "";
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), false), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "no memory");
}

/* Nothing is written in a form that the registry does not know, or refuses. */
static void test_a_registry_that_does_not_take_the_schema(void **state)
{
    static const struct {
        int rc;
        enum ops_kind kind;
    } rows[] = {{-EIO, OPS_UNAVAILABLE}, {-EPROTO, OPS_CONFIG}, {-EINVAL, OPS_CONFIG}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world.register_rc = rows[i].rc;
        world.refusal = "as the registry says";
        assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), rows[i].kind);
        assert_string_equal(error.text, "as the registry says");
        assert_string_equal(world.trace, "");
    }
}

static void test_a_reason_that_is_no_text_is_refused(void **state)
{
    const struct ledger_import_options options = {
        .name = "open.jsonl", .writes = true, .who = "ann@host", .reason = "\xff"};
    const char *text = ORDER("7001", "12.00");
    (void)state;
    world_reset();
    FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    assert_int_equal(ledger_import(world_ops(NULL), in, &options, &o, &error), OPS_CONFIG);
    (void)fclose(in);
    assert_non_null(strstr(error.text, "--reason is not UTF-8"));
    assert_null(strstr(world.trace, "commit"));
}

/* ---- reading it ---- */

static void test_an_order_is_shown_by_what_people_have_in_hand(void **state)
{
    static const struct {
        const char *id;
        size_t found; /* of the orders that it may mean */
        enum ops_kind kind;
    } rows[] = {{"7001", 1, OPS_DONE},
                {"2017001", 1, OPS_DONE},
                {"01/shopify/uk/7001", 1, OPS_DONE},
                {"01/orders/shopify/uk/7001", 1, OPS_DONE},
                {"70010", 0, OPS_DATA},
                {"700", 0, OPS_DATA},
                {"a/b", 0, OPS_USAGE}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ledger_shown shown;
        size_t found = 0;
        world_reset();
        struct ops *ops = world_ops(NULL);
        put_written(ops, ORDER("7001", "12.00") ORDER("7002", "12.00"), 0, 10);
        assert_int_equal(ledger_show(ops, rows[i].id, &shown, &error), rows[i].kind);
        for (size_t k = 0; k < shown.count; k++)
            found += ledger_pages_has_any(&shown.orders[k].pages);
        assert_int_equal(found, rows[i].found);
        ledger_shown_release(&shown);
        assert_int_equal(shown.count, 0);
    }
    assert_non_null(strstr(error.text, "a/b"));
}

static void test_the_entry_that_is_shown_is_the_latest(void **state)
{
    static const struct {
        const char *name;
        int32_t partitions[2];
        int64_t at_ms[2];
        int64_t total;
    } rows[] = {{"later in its partition", {0, 0}, {20, 10}, 1100},
                {"younger in another partition", {0, 1}, {10, 20}, 1100},
                {"older in another partition", {0, 1}, {20, 10}, 1200},
                {"of one time, read last", {0, 1}, {10, 10}, 1100}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ledger_shown shown;
        struct ledger_standing standing;
        struct arena *arena = arena_new(1 << 20);
        world_reset();
        struct ops *ops = world_ops(NULL);
        put_written(ops, ORDER("7001", "12.00"), rows[i].partitions[0], rows[i].at_ms[0]);
        put_written(ops, ORDER("7001", "11.00"), rows[i].partitions[1], rows[i].at_ms[1]);
        assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
        assert_int_equal(shown.count, 1);
        assert_int_equal(ledger_shown_read(ops, &shown.orders[0], arena, &standing, &error),
                         OPS_DONE);
        if (standing.group.entry->total_minor != rows[i].total)
            fail_msg("%s: %lld", rows[i].name, (long long)standing.group.entry->total_minor);
        arena_free(arena);
        ledger_shown_release(&shown);
    }
}

static void test_an_entry_taken_back_is_none(void **state)
{
    struct ledger_shown shown;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "12.00"), 0, 10);
    put_tombstone("01/shopify/uk/7001", 0, 20);
    assert_int_equal(ledger_show(ops, "7001", &shown, &error), OPS_DATA);
    assert_string_equal(error.text, "the ledger has no entry of 7001");
    ledger_shown_release(&shown);
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(ledger_show(ops, "7001", &shown, &error), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "Kafka is away");
    ledger_shown_release(&shown);
}

static void test_an_entry_as_json_and_one_that_is_broken(void **state)
{
    struct ledger_shown shown;
    struct ledger_standing standing;
    json_t *json = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_written(ops, ORDER("7001", "12.00"), 0, 10);
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_json(ops, &shown.orders[0], &json, &error), OPS_DONE);
    assert_int_equal(json_integer_value(json_object_get(json, "total_minor")), 1200);
    assert_int_equal(json_integer_value(json_object_get(json, "remains_minor")), 1200);
    assert_int_equal(json_integer_value(json_object_get(json, "kept_minor")), 0);
    assert_int_equal(json_array_size(json_object_get(json, "records")), 0);
    assert_true(json_is_null(json_object_get(json, "misfit")));
    json_decref(json);
    json = NULL;
    ledger_shown_release(&shown);
    struct arena *arena = arena_new(1 << 20);
    world_put(&(struct world_put){
        .topic = LEDGER, .key = "01/shopify/uk/7001", .value = "x", .size = 1, .at_ms = 20});
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_read(ops, &shown.orders[0], arena, &standing, &error), OPS_DATA);
    assert_string_equal(error.text, "the entry cannot be read: framing_unknown");
    assert_int_equal(ledger_shown_json(ops, &shown.orders[0], &json, &error), OPS_DATA);
    assert_string_equal(error.text, "the entry cannot be read: framing_unknown");
    assert_null(json);
    arena_free(arena);
    ledger_shown_release(&shown);
}

/* ---- refunds' records beside it ---- */

static void put_record(struct ops *ops, const char *refund_id, enum credit_state state,
                       int64_t gross)
{
    char key[100];
    struct ledger_credit_tax tax = {200000, 0};
    struct ledger_credit_part part = {.what = CREDIT_AT_LINE,
                                      .number = 1,
                                      .gross_minor = gross,
                                      .taxes = {.items = &tax, .count = 1}};
    const struct ledger_credit record = {.key = refund_id, /* enough to tell them apart */
                                         .order = "01/shopify/uk/7001",
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "7001",
                                         .refund_id = refund_id,
                                         .state = state,
                                         .outcome =
                                             state == CREDIT_UNPOSTED ? "ignored_test" : NULL,
                                         .currency = "GBP",
                                         .amount_minor = gross,
                                         .parts = {.items = &part, .count = 1}};
    (void)snprintf(key, sizeof key, "01/shopify/uk/7001/%s", refund_id);
    world_put_struct(ops, &(struct world_put){.topic = LEDGER, .key = key, .at_ms = 30},
                     &ledger_credit_record, &record);
}

static void test_records_of_refunds(void **state)
{
    struct ledger_shown shown;
    struct ledger_standing s;
    json_t *json = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_record(ops, "r1", CREDIT_OPEN, 300);
    put_written(ops, ORDER("7001", "12.00") ORDER("70010", "13.00"), 0, 10);
    put_record(ops, "r1", CREDIT_CREDITED, 300);
    put_record(ops, "r2", CREDIT_OPEN, 200);
    put_record(ops, "r3", CREDIT_OPEN, 100);
    put_tombstone("01/shopify/uk/7001/r3", 0, 40);
    struct arena *arena = arena_new(1 << 20);
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_read(ops, &shown.orders[0], arena, &s, &error), OPS_DONE);
    struct exact exact = {0};
    assert_int_equal(s.group.entry->total_minor, 1200);
    assert_int_equal(s.group.record_count, 2);
    assert_int_equal(ledger_creditable(&exact, s.fold.entry), 900);
    assert_int_equal(s.fold.open_count, 1);
    assert_int_equal(ledger_standing_kept(&s), 200);
    assert_int_equal(ledger_shown_json(ops, &shown.orders[0], &json, &error), OPS_DONE);
    assert_int_equal(json_integer_value(json_object_get(json, "remains_minor")), 900);
    assert_int_equal(json_integer_value(json_object_get(json, "kept_minor")), 200);
    const json_t *records = json_object_get(json, "records");
    assert_int_equal(json_array_size(records), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(records, 0), "refund_id")),
                        "r1");
    assert_string_equal(json_string_value(json_object_get(json_array_get(records, 0), "state")),
                        "credited");
    json_decref(json);
    ledger_shown_release(&shown);
    /* more than there is */
    put_record(ops, "r4", CREDIT_CREDITED, 1000);
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_json(ops, &shown.orders[0], &json, &error), OPS_DONE);
    assert_string_equal(json_string_value(json_object_get(json, "misfit")), "r4");
    assert_int_equal(json_integer_value(json_object_get(json, "kept_minor")), 900);
    json_decref(json);
    ledger_shown_release(&shown);
    /* one that cannot be read is named */
    world_put(&(struct world_put){
        .topic = LEDGER, .key = "01/shopify/uk/7001/r5", .value = "x", .size = 1, .at_ms = 50});
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_read(ops, &shown.orders[0], arena, &s, &error), OPS_DATA);
    assert_string_equal(error.text,
                        "the record 01/shopify/uk/7001/r5 cannot be read: framing_unknown");
    ledger_shown_release(&shown);
    arena_free(arena);
}

static void test_an_order_that_was_not_posted(void **state)
{
    struct ledger_shown shown;
    struct ledger_standing s;
    json_t *json = NULL;
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_record(ops, "", CREDIT_UNPOSTED, 0);
    struct arena *arena = arena_new(1 << 20);
    assert_int_equal(ledger_show(ops, "01/shopify/uk/7001", &shown, &error), OPS_DONE);
    assert_int_equal(ledger_shown_read(ops, &shown.orders[0], arena, &s, &error), OPS_DONE);
    assert_true(s.fold.is_unposted);
    assert_string_equal(s.fold.outcome, "ignored_test");
    assert_int_equal(ledger_shown_json(ops, &shown.orders[0], &json, &error), OPS_DONE);
    assert_string_equal(json_string_value(json_object_get(json, "order")), "01/shopify/uk/7001");
    assert_null(json_object_get(json, "remains_minor"));
    json_decref(json);
    ledger_shown_release(&shown);
    arena_free(arena);
}

/* What an import compares are entries: a record beside one is none. */
static void test_records_are_no_entries_of_an_import(void **state)
{
    (void)state;
    world_reset();
    struct ops *ops = world_ops(NULL);
    put_record(ops, "", CREDIT_UNPOSTED, 0);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DONE);
    assert_int_equal(o.fresh, 1);
    put_written(ops, ORDER("7001", "12.00"), 0, 10);
    put_record(ops, "r1", CREDIT_OPEN, 100);
    assert_int_equal(import_text(ops, ORDER("7001", "12.00"), true), OPS_DONE);
    assert_int_equal(o.same, 1);
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_orders_go_in_one_transaction_with_their_audit),
        cmocka_unit_test(test_what_remains_is_added_up_by_currency),
        cmocka_unit_test(test_a_check_writes_nothing),
        cmocka_unit_test(test_what_is_all_there_is_not_written_again),
        cmocka_unit_test(test_records_of_refunds),
        cmocka_unit_test(test_an_order_that_was_not_posted),
        cmocka_unit_test(test_records_are_no_entries_of_an_import),
        cmocka_unit_test(test_an_empty_file_asks_nobody),
        cmocka_unit_test(test_refunds_refuse_the_file),
        cmocka_unit_test(test_other_content_refuses_the_file),
        cmocka_unit_test(test_the_latest_entry_counts),
        cmocka_unit_test(test_what_was_taken_back_is_new),
        cmocka_unit_test(test_what_cannot_be_read_is_another_content),
        cmocka_unit_test(test_each_step_that_fails_is_told_and_nothing_is_written),
        cmocka_unit_test(test_a_ledger_that_cannot_be_read_ends_the_import),
        cmocka_unit_test(test_a_registry_that_does_not_take_the_schema),
        cmocka_unit_test(test_a_reason_that_is_no_text_is_refused),
        cmocka_unit_test(test_an_order_is_shown_by_what_people_have_in_hand),
        cmocka_unit_test(test_the_entry_that_is_shown_is_the_latest),
        cmocka_unit_test(test_an_entry_taken_back_is_none),
        cmocka_unit_test(test_an_entry_as_json_and_one_that_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
