/* primaflow dlq: what people see of dead letters, what they decide, what is sent again and what is not; and
 * that hostile bytes do not reach a terminal. */
#include "test_cli_run.h"

#include "test_refund_topics.h"

#include "base/clock.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "kafka/headers.h"

#include <jansson.h>

#define ORDER "01/shopify/uk/1001"
#define NATURAL "01/orders/shopify/uk/1001"

static struct arena *arena;
static int64_t now_ms;

static void prima_says(const struct world_answer *answer)
{
    world.answers[0] = *answer;
    world.answer_count = 1;
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    now_ms = clock_wall_ms();
    prima_says(&(struct world_answer){.fate = PRIMA_UNKNOWN});
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

struct put_letter {
    const char *id; /* of the order; NULL: 1001 */
    enum pf_error code;
    int64_t offset; /* of the letter, and of its delivery: orders.raw/0/<offset> */
    int64_t age_ms, version;
    const char *message; /* behind the meaning */
    bool is_broken;      /* bytes that nobody can read */
    bool is_unnamed;
};

static const char *keep(const char *text)
{
    const char *kept = arena_text(arena, text, strlen(text));
    assert_non_null(kept);
    return kept;
}

static void put_letter(struct ops *ops, const struct put_letter *l)
{
    char natural[100], key[100], delivery[60], message[400];
    const char *id = l->id != NULL ? l->id : "1001";
    const struct pf_error_info *info = pf_error_info(l->code);
    (void)snprintf(natural, sizeof natural, "01/orders/shopify/uk/%s", id);
    (void)snprintf(key, sizeof key, "01/shopify/uk/%s", id);
    (void)snprintf(delivery, sizeof delivery, "orders.raw/0/%d", (int)l->offset);
    (void)snprintf(message, sizeof message, "%s %s", info->meaning,
                   l->message != NULL ? l->message : "");
    struct world_put put = {.topic = "orders.raw.dlq",
                            .key = keep(key),
                            .at_ms = now_ms - l->age_ms,
                            .offset = l->offset,
                            .headers = {{HEADER_CODE, info->name},
                                        {HEADER_DELIVERY, keep(delivery)},
                                        {HEADER_SOURCE_VERSION, l->version == 2 ? "2" : "1"},
                                        {HEADER_DLQ_MESSAGE, keep(message)}}};
    if (!l->is_unnamed)
        put.headers[4] = (struct world_header){HEADER_IDEMPOTENCY_KEY, keep(natural)};
    struct order_event *e = support_order(arena);
    e->order_id = id;
    e->source_version = l->version == 2 ? 2 : 1;
    put.value = "\x1b[2J?";
    put.size = 5;
    if (l->is_broken)
        world_put(&put);
    else
        world_put_struct(ops, &put, &order_event_record, e);
}

static void put_decision(const char *json)
{
    world_put(&(struct world_put){.topic = "ops.decisions",
                                  .key = NATURAL,
                                  .value = json,
                                  .size = strlen(json),
                                  .at_ms = now_ms});
}

/* Two orders of one cause, one of another, and a refund. */
static void put_some(void)
{
    struct ops *ops = world_ops(NULL);
    put_letter(ops, &(struct put_letter){.code = PF_E_event_invalid,
                                         .offset = 1,
                                         .age_ms = 7200000,
                                         .message = "line 1: quantity is 0"});
    put_letter(ops, &(struct put_letter){.id = "1002",
                                         .code = PF_E_event_invalid,
                                         .offset = 2,
                                         .age_ms = 60000,
                                         .message = "line 7: quantity is 0"});
    put_letter(ops, &(struct put_letter){
                        .id = "1003", .code = PF_E_outcome_unknown, .offset = 3, .age_ms = 300000});
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = now_ms - 1000,
                                    .offset = 4,
                                    .delivery = "refunds.raw/0/4",
                                    .code = "refund_mismatch"});
}

/* ---- list ---- */

static void test_causes(void **state)
{
    (void)state;
    put_some();
    assert_int_equal(run("dlq", "list", NULL), 0);
    run_has(run_out, "4 exceptions of 3 causes");
    run_has(run_out,
            "       2  dead    event_invalid                ecommerce   01/shopify/uk, 105.00 GBP, "
            "oldest 2 h, newest 1 min");
    run_has(run_out, "line # quantity is #");
    run_has(run_out, "for example orders.raw.dlq/0/2");
    run_has(run_out, "25.00 GBP");
    run_has(run_out, "refunds.raw.dlq/0/4");

    assert_int_equal(run("--json", "dlq", "list", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_non_null(json);
    assert_true(json_is_true(json_object_get(json, "complete")));
    json_t *first = json_array_get(json_object_get(json, "causes"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "code")), "event_invalid");
    assert_int_equal(json_integer_value(json_object_get(first, "count")), 2);
    json_t *sum = json_array_get(json_object_get(first, "at_stake"), 0);
    assert_int_equal(json_integer_value(json_object_get(sum, "minor")), 10500);
    char cause[20];
    (void)snprintf(cause, sizeof cause, "%.6s", json_string_value(json_object_get(first, "cause")));
    json_decref(json);
    assert_int_equal(run("dlq", "list", "--cause", cause, NULL), 0);
    run_has(run_out, "2 exceptions of 1 cause\n");
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(run("dlq", "list", NULL), 0);
    run_has(run_out, "No exception matches: nothing waits for anybody.");
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "No exception matches");
}

static void test_filters(void **state)
{
    static const struct {
        const char *option, *value;
        int count; /* of the four */
    } rows[] = {
        {"--topic", "orders.raw", 3},
        {"--topic", "refunds.raw.dlq", 1},
        {"--code", "event_invalid", 2},
        {"--class", "park", 1},
        {"--class", "conflict", 0},
        {"--owner", "finance", 2},
        {"--kind", "parked", 1},
        {"--kind", "dead", 3},
        {"--kind", "held", 0},
        {"--company", "01", 4},
        {"--company", "0", 0},
        {"--channel", "shopify", 4},
        {"--channel", "uk", 0},
        {"--store", "uk", 4},
        {"--store", "eu", 0},
        {"--older", "1h", 1},
        {"--newer", "2m", 2},
        {"--since", "10m", 3},
        {"--assignee", "ann", 0},
        {"--assignee", "", 4},
        {"--cause", "ffffffffffffffff", 0},
        {"--state", "retried", 0},
        {"--state", "all", 4},
    };
    (void)state;
    put_some();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(
            run("--json", "dlq", "list", "--each", rows[i].option, rows[i].value, NULL), 0);
        json_t *json = json_loads(run_out, 0, NULL);
        assert_non_null(json);
        if (json_integer_value(json_object_get(json, "matching")) != rows[i].count)
            fail_msg("%s %s: %s", rows[i].option, rows[i].value, run_out);
        json_decref(json);
    }
}

static void test_filters_that_are_none(void **state)
{
    static const char *const rows[][2] = {
        {"--topic", "orders.results"},
        {"--topic", "x"},
        {"--code", "no_such"},
        {"--class", "world"},
        {"--owner", "nobody"},
        {"--kind", "x"},
        {"--cause", "abc"},
        {"--cause", "xyzw"},
        {"--state", "shut"},
        {"--limit", "0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run("dlq", "list", rows[i][0], rows[i][1], NULL), 64);
        run_has(run_err, rows[i][0]);
    }
    assert_string_equal(world.trace, "");
}

static void test_results_end_letters(void **state)
{
    static const struct result_delivery fourth = {.topic = "refunds.raw", .offset = 5};
    (void)state;
    put_some();
    put_refund_result(world_ops(NULL), &(struct put_refund_result){.outcome = OUTCOME_POSTED,
                                                                   .at_ms = now_ms,
                                                                   .delivery = &fourth});
    assert_int_equal(run("dlq", "list", "--topic", "refunds.raw", NULL), 0);
    run_has(run_out, "No exception matches");
    assert_int_equal(
        run("dlq", "list", "--each", "--topic", "refunds.raw", "--state", "resolved", NULL), 0);
    run_has(run_out, "refunds.raw.dlq/0/4          resolved");
}

static void test_decisions_are_seen(void **state)
{
    (void)state;
    put_some();
    put_decision(
        "{\"decision\":\"assigned\",\"delivery\":\"orders.raw/0/1\",\"assignee\":\"ann\"}");
    put_decision("{\"decision\":\"noted\",\"delivery\":\"orders.raw/0/1\",\"reason\":\"asked\"}");
    put_decision("{\"decision\":\"snoozed\",\"delivery\":\"orders.raw/0/2\",\"until\":"
                 "\"2999-01-01T00:00:00Z\"}");
    put_decision("{\"decision\":\"discarded\",\"delivery\":\"refunds.raw/0/4\"}");
    put_decision("{\"decision\":\"unheard\",\"delivery\":\"orders.raw/0/3\"}");
    put_decision("not JSON");
    assert_int_equal(run("dlq", "list", "--each", NULL), 0);
    run_has(run_out, "ann, \"asked\"");
    run_has(run_out, "orders.raw.dlq/0/3");
    assert_null(strstr(run_out, "orders.raw.dlq/0/2"));
    assert_null(strstr(run_out, "refunds.raw"));
    assert_int_equal(run("dlq", "list", "--each", "--snoozed", NULL), 0);
    run_has(run_out, "not before 2999-01-01");
}

static void test_not_complete(void **state)
{
    (void)state;
    put_some();
    world.fails_read = "orders.results";
    world.read_rc = -EIO;
    world.refusal = "no broker answers";
    assert_int_equal(run("dlq", "list", NULL), 69);
    run_has(run_out, "NOT COMPLETE: results not read, some may be resolved: no broker answers");
    run_has(run_out, "4 exceptions");
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--yes", "--reason", "x", NULL),
                     69);
    run_has(run_err, "nothing was sent");
    assert_int_equal(world.sent_count, 0);
}

/* ---- on hold ---- */

static void put_held(const char *id, int64_t offset, int outcome)
{
    const struct money_proof proof = {
        .currency = "GBP", .tenders_minor = 5000, .outstanding_minor = 250};
    const struct order_result r = {.outcome = outcome,
                                   .code = "unknown_sku",
                                   .key = arena_printf(arena, "01/orders/shopify/uk/%s", id),
                                   .company = "01",
                                   .channel = "shopify",
                                   .store = "uk",
                                   .order_id = id,
                                   .document = arena_printf(arena, "201%s", id),
                                   .identity = "",
                                   .goods = "",
                                   .money = "",
                                   .proof = &proof,
                                   .delivery = {.topic = "orders.raw", .offset = offset},
                                   .source = {.topic = "orders.raw", .offset = offset},
                                   .narrative = "SKU00042 is unknown"};
    world_put_struct(world_ops(NULL),
                     &(struct world_put){.topic = "orders.results",
                                         .key = arena_printf(arena, "01/shopify/uk/%s", id),
                                         .at_ms = now_ms - 3600000,
                                         .offset = offset},
                     &order_result_record, &r);
}

/* Beside the dead letters, and nothing but a person's word ends one: not another result of its key. */
static void test_on_hold(void **state)
{
    (void)state;
    put_some();
    put_held("2001", 21, OUTCOME_POSTED_ON_HOLD);
    put_held("2002", 22, OUTCOME_POSTED_ON_HOLD);
    put_held("2003", 23, OUTCOME_POSTED);
    put_held("2001", 24, OUTCOME_PAYMENT_UPDATED);
    assert_int_equal(run("dlq", "list", NULL), 0);
    run_has(run_out, "6 exceptions of 4 causes");
    run_has(run_out,
            "       2  held    unknown_sku                  ecommerce   01/shopify/uk, 105.00 "
            "GBP, oldest 60 min");
    run_has(run_out, "for example orders.results/0/22");
    assert_int_equal(run("dlq", "list", "--each", "--kind", "held", NULL), 0);
    run_has(run_out,
            "orders.results/0/21          open      held   60 min        52.50 GBP  unknown_sku");
    assert_null(strstr(run_out, "dlq/"));

    assert_int_equal(run("dlq", "assign", "orders.results/0/21", "ann", "--reason", "hers", NULL),
                     0);
    run_has(world.sent[0], "\"delivery\":\"orders.raw/0/21\"");
    world_untrace();
    assert_int_equal(
        run("dlq", "discard", "orders.results/0/22", "--reason", "released", "--yes", NULL), 0);
    assert_null(strstr(world.trace, "orders.ledger"));
    assert_null(strstr(world.trace, "discard orders"));
    run_has(world.sent[2], "\"decision\":\"discarded\"");
    put_decision("{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/22\"}");
    assert_int_equal(run("dlq", "list", "--each", "--kind", "held", NULL), 0);
    assert_null(strstr(run_out, "orders.results/0/22"));
    run_has(run_out, "orders.results/0/21");

    assert_int_equal(run("dlq", "show", "orders.results/0/21", NULL), 65);
    run_has(run_err, "is a result: its order is in Prima, on hold or not; primaflow why");
    assert_int_equal(run("dlq", "note", "orders.results/0/23", "x", NULL), 65);
    run_has(run_err, "there is no dead letter orders.results/0/23");
    assert_int_equal(run("dlq", "retry", "orders.results/0/21", NULL), 65);
    run_has(run_err, "there is no dead letter orders.results/0/21");
}

/* Prima shows one of them released. */
static void test_released_in_prima(void **state)
{
    static const struct prima_document documents[] = {
        {.type = "Order", .number = "2012001", .hold = "No"},
        {.type = "Order", .number = "2012002", .hold = "Yes"},
        {.type = "CreditNote", .number = "2012002", .hold = "No"},
        {.type = "", .number = "2019999", .hold = "No"}};
    (void)state;
    put_held("2001", 21, OUTCOME_POSTED_ON_HOLD);
    put_held("2002", 22, OUTCOME_POSTED_ON_HOLD);
    prima_says(&(struct world_answer){
        .fate = PRIMA_OK, .pages = 1, .documents = documents, .document_count = 4});
    assert_int_equal(run("dlq", "list", "--each", "--prima", NULL), 0);
    assert_null(strstr(run_out, "orders.results/0/21"));
    run_has(run_out, "orders.results/0/22");
    assert_int_equal(world.prima_count, 1);
    world_reset();
    put_held("2001", 21, OUTCOME_POSTED_ON_HOLD);
    prima_says(&(struct world_answer){.fate = PRIMA_NOT_SENT});
    assert_int_equal(run("dlq", "list", "--each", "--prima", NULL), 69);
    run_has(run_out, "NOT COMPLETE: some orders on hold may be released: company 01");
    run_has(run_out, "orders.results/0/21");
}

/* ---- show ---- */

static void test_show(void **state)
{
    (void)state;
    put_some();
    put_letter(world_ops(NULL),
               &(struct put_letter){.code = PF_E_event_invalid, .offset = 9, .version = 2});
    put_decision("{\"decision\":\"noted\",\"delivery\":\"orders.raw/0/1\",\"reason\":\"asked\","
                 "\"who\":\"ann@host\",\"at\":\"2026-01-01T00:00:00Z\"}");
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/1", NULL), 0);
    run_has(run_out, "orders.raw.dlq/0/1, event_invalid, owner ecommerce, replaced");
    run_has(run_out, "of " NATURAL ", version 1");
    run_has(run_out, "line 1: quantity is 0");
    run_has(run_out, "noted by ann@host: asked");
    run_has(run_out, "orders.raw.dlq/0/9 open");
    run_has(run_out, "\"order_id\": \"1001\"");

    assert_int_equal(run("--json", "dlq", "show", "orders.raw.dlq/0/1", "--raw", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "state")), "replaced");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "event"), "order_id")), "1001");
    assert_non_null(json_object_get(json_object_get(json, "record"), "value"));
    json_decref(json);
}

static void test_show_of_none(void **state)
{
    (void)state;
    put_some();
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/77", NULL), 65);
    run_has(run_err, "there is no dead letter orders.raw.dlq/0/77");
    assert_int_equal(run("dlq", "show", "1001", NULL), 64);
    run_has(run_err, "write TOPIC/PARTITION/OFFSET");
}

/* What nobody can read is shown as what it is, and nothing of it commands a terminal. */
static void test_hostile_bytes(void **state)
{
    (void)state;
    put_letter(world_ops(NULL), &(struct put_letter){.code = PF_E_framing_unknown,
                                                     .offset = 1,
                                                     .is_broken = true,
                                                     .is_unnamed = true,
                                                     .message = "\x1b]0;owned\x07\xe2\x80\xae"});
    assert_int_equal(run("dlq", "list", NULL), 0);
    assert_null(strchr(run_out, '\x1b'));
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/1", "--raw", NULL), 0);
    assert_null(strchr(run_out, '\x1b'));
    assert_null(strstr(run_out, "\xe2\x80\xae"));
    run_has(run_out, "of nobody can tell whose");
    run_has(run_out, "cannot be decoded: framing_unknown");
    assert_int_equal(run("--json", "dlq", "show", "orders.raw.dlq/0/1", NULL), 0);
    assert_null(strchr(run_out, '\x1b'));
}

/* ---- decisions ---- */

static void test_deciding(void **state)
{
    static const struct {
        const char *words[8];
        const char *has; /* of the decision */
    } rows[] = {
        {{"assign", "orders.raw.dlq/0/1", "ann", "--reason", "hers", NULL},
         "\"decision\":\"assigned\""},
        {{"assign", "orders.raw.dlq/0/1", "", "--reason", "hers", NULL}, "\"assignee\":\"\""},
        {{"note", "orders.raw.dlq/0/1", "asked the shop", NULL}, "\"reason\":\"asked the shop\""},
        {{"snooze", "orders.raw.dlq/0/1", "--until", "2999-01-01", "--reason", "later", NULL},
         "\"until\":\"2999-01-01T00:00:00.000Z\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        world_reset();
        put_some();
        world_untrace();
        if (run("dlq", w[0], w[1], w[2], w[3], w[4], w[5], w[6], NULL) != 0)
            fail_msg("%s: %s", w[0], run_err);
        run_has(world.trace, "as primaflow.cli.decisions | read ops.decisions | begin | add "
                             "ops.decisions " NATURAL " | add ops.audit dlq ");
        run_has(world.trace, "commit | free");
        run_has(world.sent[0], rows[i].has);
        run_has(world.sent[0], "\"letter\":\"orders.raw.dlq/0/1\"");
        run_has(world.sent[0], "\"delivery\":\"orders.raw/0/1\"");
    }
}

static void has_ledger(void)
{
    world.topics[world.topic_count++] =
        (struct world_topic){.name = "orders.ledger", .partitions = 12, .replicas = 1};
}

/* First the ledger hears that the order has no document: refunds of it need not wait. */
static void test_discarding(void **state)
{
    (void)state;
    put_some();
    has_ledger();
    world_untrace();
    assert_int_equal(
        run("dlq", "discard", "orders.raw.dlq/0/1", "--reason", "by hand", "--yes", NULL), 0);
    run_has(run_out, "is discarded by ");
    run_has(world.trace, "add orders.ledger " ORDER "/ | add ops.audit");
    run_has(world.trace, "as primaflow.cli.decisions | read ops.decisions | begin | add "
                         "ops.decisions " NATURAL " | add ops.audit dlq discarded | commit | free");
    run_has(world.sent[2], "\"decision\":\"discarded\"");

    world_reset(); /* a difference: the order is in Prima, and its refunds are credited */
    has_ledger();
    put_letter(world_ops(NULL), &(struct put_letter){.code = PF_E_order_amended, .offset = 1});
    world_untrace();
    assert_int_equal(
        run("dlq", "discard", "orders.raw.dlq/0/1", "--reason", "by hand", "--yes", NULL), 0);
    assert_null(strstr(world.trace, "orders.ledger"));
}

static void test_what_is_not_decided(void **state)
{
    static const struct {
        const char *words[7];
        int exit;
        const char *says;
    } rows[] = {
        {{"discard", "orders.raw.dlq/0/1", "--yes", NULL}, 64, "--reason TEXT is missing"},
        {{"discard", "orders.raw.dlq/0/1", "--reason", " ", "--yes", NULL}, 64, "--reason"},
        {{"assign", "orders.raw.dlq/0/1", "ann", NULL}, 64, "--reason TEXT is missing"},
        {{"snooze", "orders.raw.dlq/0/1", "--reason", "x", NULL}, 64, "--until TIME is missing"},
        {{"snooze", "orders.raw.dlq/0/1", "--until", "2020-01-01", "--reason", "x"},
         64,
         "has passed"},
        {{"note", "orders.raw.dlq/0/88", "x", NULL}, 65, "there is no dead letter"},
        {{"note", "orders.raw/0/1", "x", NULL}, 64, "is no place of a dead letter"},
        {{"discard", "orders.raw.dlq/0/2", "--reason", "x", "--yes", NULL},
         65,
         "is discarded already"},
    };
    (void)state;
    put_some();
    put_decision("{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/2\"}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        if (run("dlq", w[0], w[1], w[2], w[3], w[4], w[5], w[6], NULL) != rows[i].exit)
            fail_msg("row %zu: %s %s", i, run_out, run_err);
        run_has(run_err, rows[i].says);
    }
    assert_int_equal(world.sent_count, 0);
    assert_int_equal(run("dlq", "discard", "orders.raw.dlq/0/1", "--reason", "x", NULL), 0);
    run_has(run_out, "would be discarded");
    run_has(run_out, "nothing was written: --yes writes");
    assert_int_equal(world.sent_count, 0);
}

/* Somebody else took the pen, or Kafka went away: nothing is said to be written. */
static void test_a_decision_that_fails(void **state)
{
    static const char *const steps[] = {"new", "begin", "add 1", "add 2", "commit"};
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        world_reset();
        put_some();
        world.fails_at = steps[i];
        world.writer_rc = -EIO;
        world.refusal = "fenced by another";
        assert_int_equal(run("dlq", "note", "orders.raw.dlq/0/1", "x", NULL), 69);
        run_has(run_err, "fenced by another");
        assert_string_equal(run_out, "");
    }
}

/* ---- retry ---- */

static void test_a_retry(void **state)
{
    (void)state;
    put_some();
    world_untrace();
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--first", "0", "--yes",
                         "--reason", "mapped", NULL),
                     0);
    run_has(run_out, "2 of 2 sent again");
    run_has(
        world.trace,
        "as primaflow.cli.decisions | read ops.decisions | begin | add orders.raw.retry.10s " ORDER
        " | add orders.raw.retry.10s 01/shopify/uk/1002 | add ops.decisions " NATURAL
        " | add ops.decisions 01/orders/shopify/uk/1002 | add ops.audit dlq retry | commit | free");
    run_has(world.sent[2], "\"decision\":\"retried\"");
    run_has(world.sent[2], "\"reason\":\"mapped\"");
    run_has(world.sent[4], "\"written\":2");
    assert_true(world.slept_ms <= 20); /* two at a hundred a second */
}

/* Byte for byte, headers and all. */
static void test_a_copy(void **state)
{
    (void)state;
    put_letter(world_ops(NULL), &(struct put_letter){.code = PF_E_framing_unknown,
                                                     .offset = 1,
                                                     .is_broken = true,
                                                     .is_unnamed = true});
    world.fails_at = "add 2"; /* its decision: the copy is the last that was added whole */
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/1", "--yes", "--reason", "x", NULL), 69);
    run_has(run_err, "full");
    assert_memory_equal(world.sent[0], "\x1b[2J?", 5);
    assert_int_equal(world.sent_size[0], 5);
    world.fails_at = "add 1";
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/1", "--yes", "--reason", "x", NULL), 69);
    run_has(world.last_headers, HEADER_CODE "=framing_unknown ");
    run_has(world.last_headers, HEADER_DELIVERY "=orders.raw/0/1 ");
    assert_int_equal(world.last_added.partition, -1);
}

static void test_batches_keep_the_rate(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int i = 1; i <= 9; i++)
        put_letter(ops, &(struct put_letter){.id = keep((char[]){'5', (char)('0' + i), '\0'}),
                                             .code = PF_E_event_invalid,
                                             .offset = i});
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--first", "0", "--rate", "4",
                         "--yes", "--reason", "x", NULL),
                     0);
    run_has(run_out, "9 of 9 sent again");
    assert_in_range(world.slept_ms, 2200, 2260); /* 9 at 4 a second */
    run_has(world.sent[2 * 4], "\"written\":4");
}

static void test_first_some(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int i = 1; i <= 4; i++)
        put_letter(ops, &(struct put_letter){.id = keep((char[]){'5', (char)('0' + i), '\0'}),
                                             .code = PF_E_event_invalid,
                                             .offset = i,
                                             .age_ms = 60000});
    /* the first one's retry, which was given up again for the same reason */
    world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                  .key = "01/shopify/uk/51",
                                  .value = "x",
                                  .size = 1,
                                  .at_ms = now_ms + 1000,
                                  .offset = 90,
                                  .headers = {{HEADER_CODE, "event_invalid"},
                                              {HEADER_DELIVERY, "orders.raw.retry.10s/0/7"},
                                              {HEADER_PARENT, "orders.raw/0/1"},
                                              {HEADER_IDEMPOTENCY_KEY, "01/orders/shopify/uk/9"}}});
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--older", "30s", "--first",
                         "1", "--yes", "--reason", "x", "--again", NULL),
                     0);
    run_has(run_out,
            "3 of 3 sent again"); /* the first of them is replaced already, and not chosen */
}

static void test_the_first_fail_again(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (int i = 1; i <= 4; i++)
        put_letter(ops, &(struct put_letter){.id = keep((char[]){'5', (char)('0' + i), '\0'}),
                                             .code = PF_E_event_invalid,
                                             .offset = i,
                                             .age_ms = 60000});
    world.appears =
        &(const struct world_put){.topic = "orders.raw.dlq",
                                  .key = "01/shopify/uk/51",
                                  .value = "x",
                                  .size = 1,
                                  .offset = 90,
                                  .headers = {{HEADER_CODE, "event_invalid"},
                                              {HEADER_DELIVERY, "orders.raw.retry.10s/0/7"},
                                              {HEADER_PARENT, "orders.raw/0/1"}}};
    world.appears_at_ms = now_ms + 1000;
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--first", "2", "--wait", "5s",
                         "--yes", "--reason", "x", NULL),
                     65);
    run_has(run_out, "2 of 4 sent again");
    run_has(run_out, "1 are dead letters as before, 1 are under way");
    run_has(run_err, "stopped: 1 of the first 2 are dead letters again");
    run_has(world.sent[4], "\"written\":2");
    assert_int_equal(world.sent_count, 5);
}

/* Somebody discards the second while the first is being sent. */
static void test_decided_meanwhile(void **state)
{
    static const char word[] = "{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/2\"}";
    (void)state;
    put_some();
    world.appears = &(const struct world_put){
        .topic = "ops.decisions", .key = "k", .value = word, .size = sizeof word - 1};
    world.appears_at_ms = now_ms;
    assert_int_equal(run("dlq", "retry", "--code", "event_invalid", "--first", "0", "--rate", "1",
                         "--yes", "--reason", "x", NULL),
                     65);
    run_has(run_out, "1 of 2 sent again");
    run_has(run_err, "somebody has decided about some of these letters meanwhile");
    assert_int_equal(world.sent_count, 3); /* copy, decision and audit of the first */
}

static void test_what_is_not_sent(void **state)
{
    (void)state;
    put_some();
    put_decision("{\"decision\":\"retried\",\"delivery\":\"orders.raw/0/1\"}");
    assert_int_equal(run("dlq", "retry", "--yes", "--reason", "x", NULL), 64);
    run_has(run_err, "which?");
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/2", "--code", "event_invalid", NULL),
                     64);
    run_has(run_err, "one of them");
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/2", "--yes", NULL), 64);
    run_has(run_err, "--reason TEXT is missing");
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/1", "--yes", "--reason", "x", NULL), 65);
    run_has(run_err, "is retried already; --again sends it once more");
    assert_int_equal(run("dlq", "retry", "orders.raw.dlq/0/66", "--yes", "--reason", "x", NULL),
                     65);
    run_has(run_err, "there is no dead letter orders.raw.dlq/0/66");
    assert_int_equal(run("dlq", "retry", "--code", "prima_invalid", "--yes", "--reason", "x", NULL),
                     0);
    run_has(run_err, "no dead letter matches");
    assert_int_equal(world.sent_count, 0);
    assert_int_equal(
        run("dlq", "retry", "orders.raw.dlq/0/1", "--again", "--yes", "--reason", "x", NULL), 0);
    run_has(run_out, "1 of 1 sent again");
}

static void test_a_record_without_bytes(void **state)
{
    (void)state;
    (void)world_ops(NULL);
    world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                  .key = ORDER,
                                  .value = "{\"size\":9}",
                                  .size = 10,
                                  .at_ms = now_ms,
                                  .offset = 1,
                                  .headers = {{HEADER_CODE, "record_too_large"}}});
    assert_int_equal(
        run("dlq", "retry", "--code", "record_too_large", "--yes", "--reason", "x", NULL), 0);
    run_has(run_out, "0 of 1 sent again, 1 cannot be sent: too large");
    assert_int_equal(world.sent_count, 0);
}

/* ---- what would become of them ---- */

static void test_trials(void **state)
{
    static const struct prima_product products[] = {
        {.product = "SKU00001", .matrix = {"", "", "", ""}},
        {.product = "TSHIRT", .matrix = {"RED", "M", "", ""}}};
    (void)state;
    put_some();
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK, .products = products, .product_count = 2};
    world.answer_count = 1;
    assert_int_equal(run("dlq", "retry", "--topic", "orders.raw", NULL), 0);
    run_has(run_out, "3 dead letters, with today's mappings and Prima as it is now:");
    run_has(run_out, "       3  posted, for example orders.raw.dlq/0/1");
    run_has(run_out, "Nothing was sent: --yes --reason TEXT sends.");
    assert_int_equal(world.prima_count, 1); /* each product is asked for once */
    assert_int_equal(world.sent_count, 0);
}

static void test_trials_by_what_is_known(void **state)
{
    static const struct key_view parked = {.state = 'k'},
                                 posted = {.state = 'p', .content = "00000000"};
    (void)state;
    put_some();
    world_view(NATURAL, &posted);
    world_view("01/orders/shopify/uk/1002", &parked);
    assert_int_equal(run("--json", "dlq", "retry", "--topic", "orders.raw", NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_non_null(json);
    json_t *group = json_array_get(json_object_get(json, "would_become"), 0);
    assert_string_equal(json_string_value(json_object_get(group, "becomes")), "not decided here");
    assert_int_equal(json_integer_value(json_object_get(group, "count")), 3);
    json_decref(json);
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/1", NULL), 0);
    run_has(run_out, "the worker finds out how it differs from the version that Prima has");
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/2", NULL), 0);
    run_has(run_out, "it is parked");
    assert_int_equal(run("dlq", "show", "orders.raw.dlq/0/3", NULL), 0);
    run_has(run_out, "which products Prima has: it does not answer");
}

/* A refund of an order that the ledger does not have waits for it. */
static void test_a_trial_of_a_refund(void **state)
{
    (void)state;
    put_some();
    assert_int_equal(run("dlq", "retry", "--topic", "refunds.raw", NULL), 0);
    run_has(run_out, "       1  waits refund_order_missing: its order has not been posted, for "
                     "example refunds.raw.dlq/0/4");
    run_has(world.trace, "read orders.ledger");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_causes, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_filters, begin, end),
        cmocka_unit_test_setup_teardown(test_filters_that_are_none, begin, end),
        cmocka_unit_test_setup_teardown(test_results_end_letters, begin, end),
        cmocka_unit_test_setup_teardown(test_decisions_are_seen, begin, end),
        cmocka_unit_test_setup_teardown(test_not_complete, begin, end),
        cmocka_unit_test_setup_teardown(test_on_hold, begin, end),
        cmocka_unit_test_setup_teardown(test_released_in_prima, begin, end),
        cmocka_unit_test_setup_teardown(test_show, begin, end),
        cmocka_unit_test_setup_teardown(test_show_of_none, begin, end),
        cmocka_unit_test_setup_teardown(test_hostile_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_deciding, begin, end),
        cmocka_unit_test_setup_teardown(test_discarding, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_not_decided, begin, end),
        cmocka_unit_test_setup_teardown(test_a_decision_that_fails, begin, end),
        cmocka_unit_test_setup_teardown(test_a_retry, begin, end),
        cmocka_unit_test_setup_teardown(test_a_copy, begin, end),
        cmocka_unit_test_setup_teardown(test_batches_keep_the_rate, begin, end),
        cmocka_unit_test_setup_teardown(test_first_some, begin, end),
        cmocka_unit_test_setup_teardown(test_the_first_fail_again, begin, end),
        cmocka_unit_test_setup_teardown(test_decided_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_not_sent, begin, end),
        cmocka_unit_test_setup_teardown(test_a_record_without_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_trials, begin, end),
        cmocka_unit_test_setup_teardown(test_trials_by_what_is_known, begin, end),
        cmocka_unit_test_setup_teardown(test_a_trial_of_a_refund, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
