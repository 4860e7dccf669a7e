/* primaflow dlq edit: what is accepted, what is refused and why, where its words go and where they never go, and
 * that a retry sends the letter with it. */
#include "test_cli_run.h"

#include "test_order_support.h"

#include "base/clock.h"
#include "domain/events/order_event.h"
#include "kafka/headers.h"

#include <jansson.h>

#define ORDER "01/shopify/uk/1001"
#define NATURAL "01/orders/shopify/uk/1001"
#define PLACE "orders.raw.dlq/0/1"
#define DELIVERY "orders.raw/0/1"

static struct arena *arena;
static int64_t now_ms;

static int begin(void **state)
{
    static const struct prima_product products[] = {
        {.product = "SKU00001", .matrix = {"", "", "", ""}},
        {.product = "SKU00002", .matrix = {"", "", "", ""}},
        {.product = "TSHIRT", .matrix = {"RED", "M", "", ""}}};
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    now_ms = clock_wall_ms();
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK, .products = products, .product_count = 3};
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

struct put {
    enum pf_error code;  /* PF_OK: event_invalid */
    const char *overlay; /* that it brought */
    bool is_broken;
};

/* An order whose first line has a quantity below 0. */
static void put_letter(const struct put *p)
{
    struct ops *ops = world_ops(NULL);
    struct order_event *e = support_order(arena);
    e->order_id = "1001";
    e->source_version = 1;
    e->lines.items[0].quantity = -2;
    struct world_put put = {
        .topic = "orders.raw.dlq",
        .key = ORDER,
        .at_ms = now_ms - 60000,
        .offset = 1,
        .headers = {
            {HEADER_CODE, pf_error_info(p->code != PF_OK ? p->code : PF_E_event_invalid)->name},
            {HEADER_DELIVERY, DELIVERY},
            {HEADER_SOURCE_VERSION, "1"},
            {HEADER_IDEMPOTENCY_KEY, NATURAL},
            {"traceparent", "00-1"},
            {"traceparent", "00-2"}}};
    if (p->overlay != NULL)
        put.headers[6] = (struct world_header){HEADER_OVERLAY, p->overlay};
    put.value = "?";
    put.size = 1;
    if (p->is_broken)
        world_put(&put);
    else
        world_put_struct(ops, &put, &order_event_record, e);
}

static void put_word(const char *topic, const char *key, const char *json)
{
    world_put(&(struct world_put){
        .topic = topic, .key = key, .value = json, .size = strlen(json), .at_ms = now_ms});
}

static void forget_written(void)
{
    world_untrace();
    for (size_t i = 0; i < world.sent_count; i++)
        free(world.sent[i]);
    world.sent_count = 0;
}

/* What the command wrote is in Kafka from now on. */
static void keep_written(void)
{
    put_word("ops.overlays", DELIVERY, world.sent[0]);
    put_word("ops.decisions", NATURAL, world.sent[1]);
    forget_written();
}

static void edit(const char *set, const char *reason)
{
    if (run("dlq", "edit", PLACE, "--set", set, "--yes", "--reason", reason, NULL) != 0)
        fail_msg("%s: %s", set, run_err);
}

/* ---- one edit ---- */

static void test_shown(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    assert_int_equal(run("dlq", "show", PLACE, NULL), 0);
    run_has(run_out, "With today's mappings: dead letter event_invalid");
    assert_int_equal(run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--dry-run", NULL),
                     0);
    run_has(run_out, PLACE ", " NATURAL ", event_invalid\n"
                           "  lines[0].quantity\n    - -2\n    + 2\n"
                           "With today's mappings it would become: posted\n"
                           "Nothing was written: --yes --reason TEXT writes it as version 1 "
                           "(--expects 0).");
    assert_int_equal(world.sent_count, 0);
    assert_int_equal(run("--json", "dlq", "edit", PLACE, "--set", "lines[0].quantity=2", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL), *field;
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "becomes")), "posted");
    assert_false(json_is_true(json_object_get(json, "written")));
    field = json_array_get(json_object_get(json, "fields"), 0);
    assert_int_equal(json_integer_value(json_object_get(field, "new")), 2);
    assert_int_equal(json_integer_value(json_object_get(field, "old")), -2);
    json_decref(json);
}

/* Values are in ops.overlays, and nowhere else. */
static void test_written(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    world_untrace();
    assert_int_equal(run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--from",
                         run_file("{\"shipping_address.line1\": \"9 Secret Street\"}"), "--yes",
                         "--reason", "the shop wrote", NULL),
                     0);
    run_has(run_out, "    + \"9 Secret Street\"\n");
    run_has(run_out, "Edited, version 1; primaflow dlq retry sends it so.");
    run_has(world.trace,
            "as primaflow.cli.decisions | read ops.decisions | begin | add ops.overlays " DELIVERY
            " | add ops.decisions " NATURAL " | add ops.audit dlq edit | commit | free");
    json_t *overlay = json_loads(world.sent[0], 0, NULL),
           *edited = json_array_get(json_object_get(overlay, "edits"), 0),
           *fields = json_object_get(edited, "fields");
    assert_string_equal(json_string_value(json_object_get(overlay, "letter")), PLACE);
    assert_int_equal(json_integer_value(json_object_get(overlay, "version")), 1);
    assert_string_equal(json_string_value(json_object_get(edited, "reason")), "the shop wrote");
    assert_non_null(strchr(json_string_value(json_object_get(edited, "who")), '@'));
    assert_int_equal(json_array_size(fields), 2);
    json_decref(overlay);
    run_has(world.sent[0], "9 Secret Street");
    run_has(world.sent[1], "\"decision\":\"edited\"");
    run_has(world.sent[1], "\"version\":1");
    run_has(world.sent[1], "lines[0].quantity");
    run_has(world.sent[1], "shipping_address.line1");
    for (size_t i = 1; i < 3; i++)
        assert_null(strstr(world.sent[i], "Secret"));
    assert_null(strstr(run_err, "Secret"));
}

static void test_refused(void **state)
{
    static char large[20000];
    static const struct {
        const char *set;
        int exit;
        const char *says;
    } rows[] = {
        {"lines[0].quantity=two", 65, "lines[0].quantity: not a whole number"},
        {"lines[0].quantity:=\"2\"", 65, "lines[0].quantity: not a whole number"},
        {"lines[0].colour=red", 65, "lines[0].colour: no such field"},
        {"lines[7].sku=A", 65, "lines[7].sku: the event has no such place"},
        {"order_id=1002", 65, "it changes whose event it is, its version or its kind"},
        {"source_version=2", 65, "it changes whose event it is, its version or its kind"},
        {"kind=cancelled", 65, "would be a dead letter"},
        {"store=nowhere", 65, "would be a dead letter company_unmapped again"},
        {"note=ring twice", 65, "would be a dead letter event_invalid again"},
        {"lines[0].quantity=-2", 65, "has these values already: nothing is to be edited"},
        {"\x1b[2J=1", 64, "no path of a field"},
        {"a b=1", 64, "no path of a field"},
        {"=1", 64, "--set needs FIELD=VALUE"},
        {":=1", 64, "--set needs FIELD=VALUE"},
        {"note", 64, "--set needs FIELD=VALUE"},
        {"note:={", 64, "--set: the value is not JSON"},
        {"note=\xff", 64, "--set: the value is not UTF-8"},
        {"\xff=1", 64, "the name of a field is not UTF-8"},
        {large, 64, "the edit is longer than 16 KiB"},
    };
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "note=", 5);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int code =
            run("dlq", "edit", PLACE, "--set", rows[i].set, "--yes", "--reason", "x", NULL);
        if (code != rows[i].exit)
            fail_msg("%s: %d %s%s", rows[i].set, code, run_out, run_err);
        run_has(run_err, rows[i].says);
        assert_null(strchr(run_err, '\x1b'));
        assert_null(strchr(run_out, '\x1b'));
    }
    assert_int_equal(world.sent_count, 0);
}

static void test_options_that_do_not_go_together(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    assert_int_equal(run("dlq", "edit", PLACE, NULL), 64);
    assert_int_equal(run("dlq", "edit", PLACE, "--undo", "--set", "note=a", NULL), 64);
    assert_int_equal(
        run("dlq", "edit", PLACE, "--set", "note=a", "--yes", "--dry-run", "--reason", "x", NULL),
        64);
    assert_int_equal(run("dlq", "edit", PLACE, "--set", "note=a", "--yes", NULL), 64);
    run_has(run_err, "--reason TEXT is missing");
    assert_int_equal(run("dlq", "edit", PLACE, "--set", "note=a", "--set", "note=b", NULL), 64);
    run_has(run_err, "a field is set twice");
    assert_int_equal(run("dlq", "edit", "orders.raw/0/1", "--set", "note=a", NULL), 64);
    assert_int_equal(run("dlq", "edit", PLACE, "--from", run_file("[1]"), NULL), 65);
    run_has(run_err, "no JSON object of fields and values");
    assert_int_equal(run("dlq", "edit", "orders.raw.dlq/0/9", "--set", "note=a", NULL), 65);
    run_has(run_err, "there is no dead letter orders.raw.dlq/0/9");
}

/* ---- what is not to be edited ---- */

static void test_letters_that_cannot_be_edited(void **state)
{
    static const struct key_view parked = {.state = 'k'},
                                 posted = {.state = 'p', .content = "00000000"};
    static const struct {
        struct put put;
        const struct key_view *view;
        const char *decision, *says;
        int exit;
    } rows[] = {
        {{.code = PF_E_outcome_unknown}, NULL, NULL, "is parked: Prima may have", 65},
        {{.code = PF_E_order_amended}, NULL, NULL, "a document that Prima has", 65},
        {{.is_broken = true}, NULL, NULL, "its bytes cannot be decoded", 65},
        {{.code = PF_OK}, &parked, NULL, "is of a key that is parked", 65},
        {{.code = PF_OK}, &posted, NULL, "is of a key that is posted", 65},
        {{.code = PF_OK},
         NULL,
         "{\"decision\":\"discarded\",\"delivery\":\"" DELIVERY "\"}",
         "is discarded already",
         65},
        {{.code = PF_OK},
         NULL,
         "{\"decision\":\"retried\",\"delivery\":\"" DELIVERY "\"}",
         "is retried already",
         65},
        {{.code = PF_OK},
         NULL,
         "{\"decision\":\"edited\",\"version\":3,\"delivery\":\"" DELIVERY "\"}",
         "was edited meanwhile: its edits are at version 3, not 0",
         64},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(end(NULL), 0);
        assert_int_equal(begin(NULL), 0);
        put_letter(&rows[i].put);
        if (rows[i].view != NULL)
            world_view(NATURAL, rows[i].view);
        if (rows[i].decision != NULL)
            put_word("ops.decisions", NATURAL, rows[i].decision);
        const int code = run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--expects", "0",
                             "--yes", "--reason", "x", NULL);
        if (code != rows[i].exit)
            fail_msg("row %zu: %d %s%s", i, code, run_out, run_err);
        run_has(run_err, rows[i].says);
        assert_int_equal(world.sent_count, 0);
    }
}

/* Its worth cannot be known: it is not accepted. */
static void test_prima_is_away(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    world.answers[0] = (struct world_answer){.fate = PRIMA_UNKNOWN};
    assert_int_equal(
        run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--yes", "--reason", "x", NULL),
        69);
    run_has(run_err, "which products Prima has: it does not answer");
    assert_int_equal(world.sent_count, 0);
}

static void test_kafka_refuses(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    world.fails_at = "add 1";
    world.writer_rc = -EACCES;
    world.refusal = "not authorized to write to ops.overlays";
    assert_int_equal(
        run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--yes", "--reason", "x", NULL),
        69);
    run_has(run_err, "not authorized to write to ops.overlays");
    run_has(run_err, "an edit needs WRITE on ops.overlays, ops.decisions and ops.audit");
    assert_null(strstr(run_out, "Edited"));
    assert_null(strstr(run_out, "--yes"));
}

/* ---- two people ---- */

static void test_somebody_edits_meanwhile(void **state)
{
    static const char word[] =
        "{\"decision\":\"edited\",\"version\":1,\"delivery\":\"" DELIVERY "\"}";
    static const struct world_put edited = {.topic = "ops.decisions",
                                            .key = NATURAL,
                                            .value = word,
                                            .size = sizeof word - 1,
                                            .offset = 50};
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    put_word("ops.decisions", NATURAL,
             "{\"decision\":\"noted\",\"reason\":\"n\",\"delivery\":\"" DELIVERY "\"}");
    world.appears_at_pen = &edited;
    assert_int_equal(
        run("dlq", "edit", PLACE, "--set", "lines[0].quantity=2", "--yes", "--reason", "x", NULL),
        65);
    run_has(run_err, "was edited by somebody else meanwhile; nothing was written");
    assert_int_equal(world.sent_count, 0);
}

/* ---- several ---- */

static void test_edits_add_up(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    edit("lines[0].quantity=2", "counted");
    keep_written();
    edit("note=ring twice", "asked");
    run_has(run_out, "  lines[0].quantity (edited before)\n    - -2\n    + 2\n");
    run_has(run_out, "    + \"ring twice\"\n");
    run_has(world.sent[0], "\"version\":2");
    run_has(world.sent[1], "\"fields\":\"note\"");
    keep_written();
    assert_int_equal(run("dlq", "show", PLACE, NULL), 0);
    run_has(run_out, "With today's mappings: posted");
    run_has(run_out, ": counted\n  lines[0].quantity\n    - -2\n    + 2\n");
    run_has(run_out, ": asked\n  note\n");
    run_has(run_out, "edited by ");
    assert_int_equal(run("dlq", "edit", PLACE, "--undo", "--yes", "--reason", "no", NULL), 0);
    run_has(run_out, "  lines[0].quantity (edited before)\n");
    assert_null(strstr(run_out, "ring"));
    run_has(world.sent[0], "\"version\":3");
    assert_null(strstr(world.sent[0], "ring"));
    run_has(world.trace, "add ops.audit dlq edit --undo");
    keep_written();
    assert_int_equal(run("dlq", "edit", PLACE, "--undo", "--yes", "--reason", "no", NULL), 0);
    run_has(run_out, "as the channel sent it, without edits");
    run_has(world.sent[1], "\"digest\":\"\"");
    keep_written();
    assert_int_equal(run("dlq", "edit", PLACE, "--undo", NULL), 65);
    run_has(run_err, "has no edit to be undone");
}

/* Back to what the channel sent is no edit of that field any more. */
static void test_a_field_goes_back(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    edit("lines[0].quantity=2", "counted");
    keep_written();
    edit("note=ring twice", "asked");
    keep_written();
    edit("note:=null", "not so");
    assert_null(strstr(run_out, "ring"));
    run_has(run_out, "lines[0].quantity (edited before)");
    keep_written();
    assert_int_equal(run("dlq", "retry", PLACE, "--yes", "--reason", "x", NULL), 0);
    assert_null(strstr(world.trace, "ring"));
}

/* ---- the retry ---- */

static void retry_fails_at(const char *step)
{
    world.fails_at = step;
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run("dlq", "retry", PLACE, "--yes", "--reason", "x", NULL), 69);
    world.fails_at = NULL;
}

static void test_retry_sends_the_edit(void **state)
{
    (void)state;
    put_letter(&(struct put){.overlay = "[[\"note\",\"old\"]]"});
    retry_fails_at("add 1"); /* headers are those of the last record added */
    run_has(world.last_headers, HEADER_OVERLAY "=[[\"note\",\"old\"]] ");
    forget_written();
    edit("lines[0].quantity=2", "counted");
    run_has(run_out, "  note (edited before)\n");
    keep_written();
    assert_int_equal(run("dlq", "retry", PLACE, NULL), 0);
    run_has(run_out, "posted, for example " PLACE);
    retry_fails_at("add 1");
    run_has(world.last_headers, HEADER_OVERLAY "=[[\"lines[0].quantity\",2],[\"note\",\"old\"]] ");
    run_has(world.last_headers, "traceparent=00-1 traceparent=00-2 ");
    assert_null(strstr(world.last_headers, "=[[\"note\",\"old\"]] "));
    assert_int_equal(run("dlq", "retry", PLACE, "--yes", "--reason", "x", NULL), 0);
    run_has(run_out, "1 of 1 sent again");
}

/* What it brought is taken back, too: then it goes without. */
static void test_undo_of_what_it_brought(void **state)
{
    (void)state;
    put_letter(&(struct put){.overlay = "[[\"note\",\"old\"]]"});
    assert_int_equal(run("dlq", "edit", PLACE, "--undo", "--yes", "--reason", "no", NULL), 0);
    keep_written();
    retry_fails_at("add 1");
    assert_null(strstr(world.last_headers, HEADER_OVERLAY));
}

/* The log knows of an edit that nobody has any more: it is not sent without. */
static void test_the_edit_has_gone(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    put_word("ops.decisions", NATURAL,
             "{\"decision\":\"edited\",\"version\":1,\"delivery\":\"" DELIVERY "\"}");
    assert_int_equal(run("dlq", "retry", PLACE, NULL), 0);
    run_has(run_out, "1  cannot be sent: their edits have gone");
    assert_int_equal(run("dlq", "retry", PLACE, "--yes", "--reason", "x", NULL), 0);
    run_has(run_out, "0 of 1 sent again, 1 cannot be sent: their edits have gone");
    assert_int_equal(world.sent_count, 0);
    edit("lines[0].quantity=2", "anew");
    run_has(world.sent[0], "\"version\":2");
}

/* ---- closed ---- */

static void test_closed_letters_lose_their_edits(void **state)
{
    (void)state;
    put_letter(&(struct put){.code = PF_OK});
    edit("lines[0].quantity=2", "counted");
    keep_written();
    world.topics[world.topic_count++] =
        (struct world_topic){.name = "orders.ledger", .partitions = 12, .replicas = 1};
    assert_int_equal(run("dlq", "discard", PLACE, "--reason", "by hand", "--yes", NULL), 0);
    run_has(world.trace, "add ops.decisions " NATURAL " | add ops.overlays " DELIVERY
                         " | add ops.audit dlq discarded");
    assert_string_equal(world.sent[3], "(null)"); /* behind ledger, its audit and the decision */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shown, begin, end),
        cmocka_unit_test_setup_teardown(test_written, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_options_that_do_not_go_together, begin, end),
        cmocka_unit_test_setup_teardown(test_letters_that_cannot_be_edited, begin, end),
        cmocka_unit_test_setup_teardown(test_prima_is_away, begin, end),
        cmocka_unit_test_setup_teardown(test_kafka_refuses, begin, end),
        cmocka_unit_test_setup_teardown(test_somebody_edits_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_edits_add_up, begin, end),
        cmocka_unit_test_setup_teardown(test_a_field_goes_back, begin, end),
        cmocka_unit_test_setup_teardown(test_retry_sends_the_edit, begin, end),
        cmocka_unit_test_setup_teardown(test_undo_of_what_it_brought, begin, end),
        cmocka_unit_test_setup_teardown(test_the_edit_has_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_closed_letters_lose_their_edits, begin, end),
    };
    return cmocka_run_group_tests_name("cli.dlq_edit", tests, NULL, NULL);
}
