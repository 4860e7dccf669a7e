/* primaflow dlq resolve, adopt, release, and the discard of what is parked: what is asked, what is refused,
 * what is written where and in which order, and that a second run goes on where the first one died. */
#include "test_cli_run.h"

#include "test_refund_topics.h"

#include "base/clock.h"
#include "domain/events/order_event.h"
#include "kafka/headers.h"

#include <jansson.h>

#define ORDER "01/shopify/uk/1001"
#define NATURAL "01/orders/shopify/uk/1001"
#define PLACE "orders.raw.dlq/0/1"
#define CONTENT "01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct arena *arena;
static int64_t now_ms;

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    now_ms = clock_wall_ms();
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

/* A dead letter of order 1001, at its offset; delivery orders.raw/0/<offset>. */
static void put_letter(enum pf_error code, int64_t offset, int64_t version)
{
    struct order_event *e = support_order(arena);
    e->source_version = version;
    const struct world_put put = {
        .topic = "orders.raw.dlq",
        .key = ORDER,
        .at_ms = now_ms - 60000 + offset,
        .offset = offset,
        .headers = {{HEADER_CODE, pf_error_info(code)->name},
                    {HEADER_DELIVERY, arena_printf(arena, "orders.raw/0/%d", (int)offset)},
                    {HEADER_SOURCE_VERSION, arena_printf(arena, "%d", (int)version)},
                    {HEADER_DLQ_MESSAGE, pf_error_info(code)->meaning},
                    {HEADER_IDEMPOTENCY_KEY, NATURAL},
                    {HEADER_FINGERPRINT, CONTENT},
                    {HEADER_GOODS, "00112233445566778899aabbccddeeff"},
                    {HEADER_MONEY, "0011223344556677"}}};
    world_put_struct(world_ops(NULL), &put, &order_event_record, e);
}

static void put_parked(void)
{
    put_letter(PF_E_outcome_unknown, 1, 1);
    world_untrace();
}

static void prima_says(size_t at, const struct world_answer *answer)
{
    world.answers[at] = *answer;
    world.answer_count = at + 1;
}

static void prima_has(const char *number, const char *gross)
{
    static struct prima_document document;
    document = (struct prima_document){.type = "Order",
                                       .number = number,
                                       .date = "2026-11-18",
                                       .currency = "GBP",
                                       .net = "",
                                       .tax = "",
                                       .gross = gross,
                                       .hold = "No"};
    prima_says(0, &(struct world_answer){.fate = PRIMA_OK, .order_status = "New"});
    prima_says(1, &(struct world_answer){
                      .fate = PRIMA_OK, .pages = 1, .documents = &document, .document_count = 1});
}

static void prima_lacks(void)
{
    prima_says(0, &(struct world_answer){.fate = PRIMA_ABSENT});
}

#define ADOPT "dlq", "adopt", "1001", "--document", "2011001", "--evidence", "same lines"

/* ---- adopt ---- */

static void test_adopting(void **state)
{
    (void)state;
    put_parked();
    prima_has("2011001", "52.50");
    assert_int_equal(run(ADOPT, "--yes", NULL), 0);
    run_has(run_out, PLACE ", " NATURAL ", outcome_unknown");
    run_has(run_out, "Prima has 2011001 (New)");
    run_has(run_out, "Prima's sum is 52.50 GBP, this one's 52.50 GBP");
    run_has(run_out, "it is posted, by ");
    run_has(world.trace,
            "look at orders " NATURAL " | only reads | OrderStatus of '01' | only reads | "
            "OrderSearch of '01' | as primaflow.cli.decisions | read ops.decisions | adopt "
            "orders " NATURAL " | begin | add orders.raw.retry.10s " ORDER
            " | add ops.decisions " NATURAL " | add ops.audit dlq adopted | commit | free");
    run_has(world.sent[1], "\"decision\":\"adopted\"");
    run_has(world.sent[1], "\"delivery\":\"orders.raw/0/1\"");
    run_has(world.sent[1], "\"reason\":\"same lines\"");
    run_has(world.sent[2], "\"written\":1");
}

static void test_a_look_writes_nothing(void **state)
{
    (void)state;
    put_parked();
    prima_has("2011001", "52.50");
    assert_int_equal(run(ADOPT, NULL), 0);
    run_has(run_out, "it would be posted, by ");
    run_has(run_out, "nothing was written: --yes writes");
    assert_int_equal(world.sent_count, 0);
    assert_null(strstr(world.trace, "adopt orders"));
    assert_int_equal(run("--json", ADOPT, NULL), 0);
    json_t *json = json_loads(run_out, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "prima")), "found");
    assert_true(json_is_true(json_object_get(json, "sum_agrees")));
    assert_true(json_is_false(json_object_get(json, "written")));
    json_decref(json);
}

static void test_what_is_not_adopted(void **state)
{
    static const struct {
        const char *name, *number, *gross; /* number NULL: Prima does not have it */
        const char *words[3];              /* more of them */
        int exit;
        const char *says;
    } rows[] = {
        {"absent", NULL, NULL, {NULL}, 65, "Prima does not have 2011001: there is nothing"},
        {"another sum",
         "2011001",
         "51.50",
         {NULL},
         65,
         "Prima's 2011001 is 51.50 GBP, and this order is 52.50"},
        {"... by force", "2011001", "51.50", {"--force", NULL}, 0, ""},
        {"no such document among those of its day",
         "2011002",
         "52.50",
         {NULL},
         65,
         "could not be compared: Prima's OrderSearch has no document of this number between"},
        {"... by force", "2011002", "52.50", {"--force", NULL}, 0, ""},
        {"no sum", "2011001", "much", {NULL}, 65, "names no sum for it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        world_reset();
        put_parked();
        if (rows[i].number != NULL)
            prima_has(rows[i].number, rows[i].gross);
        else
            prima_lacks();
        assert_int_equal(run(ADOPT, "--yes", rows[i].words[0], NULL), rows[i].exit);
        run_has(run_err, rows[i].says);
        assert_int_equal(world.sent_count > 0, rows[i].exit == 0);
    }
    world_reset();
    put_parked();
    prima_says(0, &(struct world_answer){.fate = PRIMA_OK});
    assert_int_equal(
        run("dlq", "adopt", "1001", "--document", "X7", "--evidence", "e", "--yes", NULL), 65);
    run_has(run_err, "Prima's number of " NATURAL " is 2011001, not X7");
    assert_int_equal(run("dlq", "adopt", "1001", "--document", "2011001", "--yes", NULL), 64);
    run_has(run_err, "--evidence TEXT is missing");
    assert_int_equal(run("dlq", "adopt", "1001", "--evidence", "x", "--yes", NULL), 64);
    run_has(run_err, "--document N is missing");
    world_reset();
    put_parked();
    prima_says(0, &(struct world_answer){.fate = PRIMA_UNKNOWN, .http_status = 500});
    assert_int_equal(run(ADOPT, "--yes", NULL), 69);
    run_has(run_err, "Prima does not say whether it has 2011001");
    assert_int_equal(world.sent_count, 0);
}

/* Redis was lost since: its proof is what would be sent today. */
static void test_what_was_sent_is_not_known(void **state)
{
    static const struct prima_product products[] = {
        {.product = "SKU00001", .matrix = {"", "", "", ""}},
        {.product = "TSHIRT", .matrix = {"RED", "M", "", ""}}};
    (void)state;
    put_parked();
    world.parked.has_summary = false;
    prima_has("2011001", "52.50");
    prima_says(2,
               &(struct world_answer){.fate = PRIMA_OK, .products = products, .product_count = 2});
    assert_int_equal(run(ADOPT, "--yes", NULL), 0);
    run_has(run_out, "its result is written by today's mappings");
    run_has(world.trace, "adopt orders " NATURAL " as today");

    world_reset();
    put_parked();
    world.parked.content = PARKED_UNKNOWN;
    prima_has("2011001", "52.50");
    prima_says(2, &(struct world_answer){.fate = PRIMA_UNKNOWN});
    assert_int_equal(run(ADOPT, "--yes", NULL), 65);
    run_has(run_err, "by today's mappings it cannot be told: not decided here");
    assert_int_equal(world.sent_count, 0);
}

/* ---- release ---- */

#define RELEASE "dlq", "release", "1001", "--reason", "not in Prima"

static void test_releasing(void **state)
{
    (void)state;
    put_parked();
    prima_lacks();
    assert_int_equal(run(RELEASE, "--yes", NULL), 0);
    run_has(run_out, "Prima does not have 2011001");
    run_has(run_out, "it is released by ");
    run_has(run_err, "Prima does not refuse a second document of one number");
    run_has(world.trace,
            "look at orders " NATURAL " | only reads | OrderStatus of '01' | as "
            "primaflow.cli.decisions | read ops.decisions | take orders " NATURAL
            " | begin | add orders.raw.retry.10s " ORDER " | add ops.decisions " NATURAL
            " | add ops.audit dlq released | take orders " NATURAL
            " | commit | free orders " NATURAL " | free");
    run_has(world.sent[1], "\"decision\":\"released\"");
    assert_int_equal(run("-o", "prima.enforces_unique_order_number=true", RELEASE, NULL), 0);
    assert_null(strstr(run_err, "second document"));
}

/* Its worker asks before it sends. */
static void test_the_copy_of_a_release(void **state)
{
    (void)state;
    put_parked();
    prima_lacks();
    world.fails_at = "add 1";
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run(RELEASE, "--yes", NULL), 69);
    run_has(world.last_headers, HEADER_RESOLVE_FIRST "=" HEADER_CAUTION " ");
    run_has(world.last_headers, HEADER_DELIVERY "=orders.raw/0/1 ");
    assert_null(strstr(world.trace, "free orders"));
    world_reset();
    put_parked();
    prima_has("2011001", "52.50");
    world.fails_at = "add 1";
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run(ADOPT, "--yes", NULL), 69);
    assert_null(strstr(world.last_headers, HEADER_RESOLVE_FIRST));
}

static void test_what_is_not_released(void **state)
{
    (void)state;
    put_parked();
    prima_has("2011001", "52.50");
    assert_int_equal(run(RELEASE, "--yes", NULL), 65);
    run_has(run_err, "Prima has 2011001: it is not sent again");
    world_reset();
    put_parked();
    prima_says(0, &(struct world_answer){.fate = PRIMA_NOT_SENT});
    assert_int_equal(run(RELEASE, "--yes", NULL), 69);
    run_has(run_err, "Prima does not say");
    world.parked.wait_ms = 61000;
    world.prima_count = 0;
    assert_int_equal(run(RELEASE, "--yes", NULL), 69);
    run_has(run_err, "it may be released in 62 s (prima.unproven_wait)");
    assert_int_equal(world.prima_count, 0); /* an absence counts behind the wait */
    assert_int_equal(run("dlq", "release", "1001", "--yes", NULL), 64);
    run_has(run_err, "--reason TEXT is missing");
    assert_int_equal(world.sent_count, 0);
}

/* ---- resolve ---- */

static void test_resolving(void **state)
{
    (void)state;
    put_parked();
    prima_has("2011001", "52.50");
    assert_int_equal(run("dlq", "resolve", PLACE, "--yes", NULL), 65);
    run_has(run_err, "Prima has 2011001, and nothing proves that we sent it");
    world.parked.is_proven = true;
    assert_int_equal(run("dlq", "resolve", PLACE, NULL), 0);
    run_has(run_out, "it would be sent to its worker, which posts it; nothing was written");
    assert_int_equal(world.sent_count, 0);
    assert_int_equal(run("dlq", "resolve", PLACE, "--yes", NULL), 0);
    run_has(run_out, "it is sent to its worker, which posts it");
    run_has(world.sent[1], "\"decision\":\"retried\"");
    prima_lacks();
    world_reset();
    put_parked();
    prima_lacks();
    assert_int_equal(run("dlq", "resolve", PLACE, "--yes", NULL), 65);
    run_has(run_err, "Prima does not have 2011001, and nothing proves");
}

/* ---- what waits behind it ---- */

static void test_what_waits_goes_on(void **state)
{
    (void)state;
    put_letter(PF_E_parked_behind, 2, 2);
    put_letter(PF_E_parked_behind, 3, 3);
    put_letter(PF_E_order_amended, 4, 4); /* does not wait for it */
    put_letter(PF_E_outcome_unknown, 5, 1);
    world_untrace();
    prima_lacks();
    assert_int_equal(run(RELEASE, "--yes", NULL), 0);
    run_has(run_out, "2 later versions wait behind it, and go on with it");
    run_has(world.sent[3], "\"letter\":\"orders.raw.dlq/0/5\"");
    run_has(world.sent[3], "\"decision\":\"released\"");
    run_has(world.sent[4], "\"letter\":\"orders.raw.dlq/0/2\"");
    run_has(world.sent[4], "\"decision\":\"retried\"");
    run_has(world.sent[5], "\"letter\":\"orders.raw.dlq/0/3\"");
    run_has(world.sent[6], "\"written\":3");
}

/* ---- a refund ---- */

static void put_parked_refund(void)
{
    put_refund(world_ops(NULL), arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = now_ms - 1000,
                                    .offset = 4,
                                    .delivery = "refunds.raw/0/4",
                                    .code = "outcome_unknown",
                                    .content = CONTENT});
    world.topics[world.topic_count++] =
        (struct world_topic){.name = "orders.ledger", .partitions = 12, .replicas = 1};
    world_untrace();
}

/* What it keeps of its order ends with the same transaction, before it is sent again. */
static void test_a_refund(void **state)
{
    (void)state;
    put_parked_refund();
    prima_lacks();
    assert_int_equal(run("dlq", "release", "refunds.raw.dlq/0/4", "--reason", "x", "--yes", NULL),
                     0);
    run_has(world.trace,
            "take refunds 01/refunds/shopify/uk/R1 of " REFUND_ORDER
            " | begin | add refunds.raw.retry.10s " REFUND_ORDER
            " | add ops.decisions 01/refunds/shopify/uk/R1 | add ops.audit dlq released | ");
    run_has(world.trace, "add orders.ledger " REFUND_ORDER "/R1 | take refunds ");
    run_has(world.trace, " | commit | free refunds ");
    assert_string_equal(world.sent[3], "(null)");

    world_reset();
    put_parked_refund();
    prima_says(0, &(struct world_answer){.fate = PRIMA_OK});
    assert_int_equal(run("dlq", "adopt", "01/refunds/shopify/uk/R1", "--document", "201RR1",
                         "--evidence", "same sum", "--yes", NULL),
                     65);
    run_has(run_err, "could not be compared: Prima's OrderSearch does not list credit notes");
    assert_int_equal(run("dlq", "adopt", "01/refunds/shopify/uk/R1", "--document", "201RR1",
                         "--evidence", "same sum", "--force", "--yes", NULL),
                     0);
    run_has(world.trace, "CreditNoteStatus of '01'");
    assert_null(strstr(world.trace, "add orders.ledger")); /* its worker's */
}

/* ---- discard ---- */

static void test_discarding(void **state)
{
    (void)state;
    put_letter(PF_E_outcome_unknown, 1, 1);
    put_letter(PF_E_parked_behind, 2, 2);
    world.topics[world.topic_count++] =
        (struct world_topic){.name = "orders.ledger", .partitions = 12, .replicas = 1};
    world_untrace();
    assert_int_equal(run("dlq", "discard", PLACE, "--reason", "a double", "--yes", NULL), 0);
    run_has(world.trace, "add orders.ledger " ORDER "/ | add ops.audit");
    run_has(world.trace,
            "read ops.decisions | redis | discard orders " NATURAL
            " | begin | add ops.decisions " NATURAL " | add ops.audit dlq discarded | ");
    run_has(world.trace, "add ops.decisions " NATURAL " | commit");
    run_has(world.sent[4], "\"letter\":\"orders.raw.dlq/0/2\"");

    world_reset(); /* what only waits is discarded without its key */
    put_letter(PF_E_parked_behind, 2, 2);
    assert_int_equal(run("dlq", "discard", "orders.raw.dlq/0/2", "--reason", "x", "--yes", NULL),
                     0);
    assert_null(strstr(world.trace, "discard orders"));
    assert_null(strstr(world.trace, "orders.ledger"));

    world_reset();
    put_parked_refund();
    assert_int_equal(run("dlq", "discard", "refunds.raw.dlq/0/4", "--reason", "x", "--yes", NULL),
                     0);
    run_has(world.trace, "discard refunds 01/refunds/shopify/uk/R1 of " REFUND_ORDER);
    run_has(world.trace, "add orders.ledger " REFUND_ORDER "/R1 | commit");

    world_reset();
    put_parked();
    world.topics[world.topic_count++] =
        (struct world_topic){.name = "orders.ledger", .partitions = 12, .replicas = 1};
    world.parked_verdicts[PARKED_DISCARD] = VERDICT_POSTED;
    assert_int_equal(run("dlq", "discard", PLACE, "--reason", "x", "--yes", NULL), 65);
    run_has(run_err, "is posted, and its result follows");
    assert_null(strstr(world.trace, "ops.audit dlq"));
}

/* ---- who is refused ---- */

static void test_which_is_meant(void **state)
{
    static const struct {
        const char *id;
        int exit;
        const char *says;
    } rows[] = {
        {"1001", 0, ""},
        {"2011001", 0, ""},
        {NATURAL, 0, ""},
        {PLACE, 0, ""},
        {"1002", 64, "nothing of 1002 is parked"},
        {"orders.raw.dlq/0/2", 65, "waits behind an earlier version that is parked"},
        {"orders.raw.dlq/0/3", 65, "is event_invalid, and not parked"},
        {"orders.raw.dlq/0/9", 65, "there is no dead letter orders.raw.dlq/0/9"},
        {"orders.raw.dlq/0/4", 65, "is discarded already"},
    };
    static const char word[] = "{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/4\"}";
    (void)state;
    put_parked();
    put_letter(PF_E_parked_behind, 2, 2);
    put_letter(PF_E_event_invalid, 3, 3);
    put_letter(PF_E_refused_after_unknown, 4, 4);
    world_put(&(struct world_put){.topic = "ops.decisions",
                                  .key = "k",
                                  .value = word,
                                  .size = sizeof word - 1,
                                  .at_ms = now_ms});
    prima_lacks();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].id);
        assert_int_equal(run("dlq", "release", rows[i].id, "--reason", "x", NULL), rows[i].exit);
        run_has(run_err, rows[i].says);
    }
    assert_int_equal(world.sent_count, 0);
}

/* The key's answer decides, whoever came first. */
static void test_the_key_is_somebody_elses(void **state)
{
    static const struct {
        enum verdict verdict;
        int exit;
        const char *says;
    } rows[] = {
        {VERDICT_POSTED, 65, "is posted meanwhile, by orders.raw.retry.10s/0/9"},
        {VERDICT_BUSY, 69, "somebody works on it, for 6 s at most"},
        {VERDICT_WAIT, 69, "it may be released in 6 s"},
        {VERDICT_CANCELLED, 65, "was cancelled meanwhile"},
        {VERDICT_DISCARDED, 65, "was discarded meanwhile"},
        {VERDICT_LOST, 65, "Redis does not have " NATURAL " as parked"},
        {VERDICT_SUSPECT, 69, "Redis was lost, and is being rebuilt"},
        {VERDICT_UNREADABLE, 65, "this version cannot read"},
        {VERDICT_DEFECT, 69, "broke off"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        put_parked();
        prima_lacks();
        world.refusal = "broke off";
        world.parked.wait_ms = 0;
        (void)snprintf(world.parked.delivery, sizeof world.parked.delivery,
                       "orders.raw.retry.10s/0/9");
        world.parked_verdicts[PARKED_TAKE] = rows[i].verdict;
        world.parked.is_proven = true;
        world.parked_take_ms = 5000;
        assert_int_equal(run(RELEASE, "--yes", NULL), rows[i].exit);
        run_has(run_err, rows[i].says);
        assert_int_equal(world.sent_count, 0);
    }
}

/* It slept, its lease ended, and another delivery has posted it: nothing is committed. */
static void test_who_slept(void **state)
{
    (void)state;
    put_parked_refund();
    prima_lacks();
    world.parked_again = VERDICT_POSTED;
    assert_int_equal(run("dlq", "release", "refunds.raw.dlq/0/4", "--reason", "x", "--yes", NULL),
                     65);
    run_has(run_err, "is posted meanwhile");
    run_has(world.trace, "add orders.ledger " REFUND_ORDER "/R1 | take refunds ");
    assert_null(strstr(world.trace, "commit"));
}

/* Somebody decides while Prima is asked. */
static void test_two_people(void **state)
{
    static const char word[] = "{\"decision\":\"released\",\"delivery\":\"orders.raw/0/1\"}";
    (void)state;
    put_parked();
    prima_lacks();
    world.appears_at_pen = &(const struct world_put){
        .topic = "ops.decisions", .key = "k", .value = word, .size = sizeof word - 1};
    assert_int_equal(run(RELEASE, "--yes", NULL), 65);
    run_has(run_err, PLACE " is retried already");
    assert_null(strstr(world.trace, "take orders"));
    assert_int_equal(world.sent_count, 0);
}

/* A user who may only read is told before anything is changed. */
static void test_a_user_who_may_only_read(void **state)
{
    (void)state;
    put_parked();
    prima_lacks();
    world.fails_at = "new";
    world.writer_rc = -EACCES;
    world.refusal = "not allowed to write";
    assert_int_equal(run(RELEASE, "--yes", NULL), 69);
    run_has(run_err, "not allowed to write");
    assert_null(strstr(world.trace, "take orders"));
}

static void test_hostile_letters(void **state)
{
    (void)state;
    (void)world_ops(NULL);
    world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                  .key = ORDER,
                                  .value = "\x1b[2J?",
                                  .size = 5,
                                  .at_ms = now_ms,
                                  .offset = 1,
                                  .headers = {{HEADER_CODE, "outcome_unknown"},
                                              {HEADER_IDEMPOTENCY_KEY, NATURAL},
                                              {HEADER_FINGERPRINT, CONTENT}}});
    world_put(&(struct world_put){
        .topic = "orders.raw.dlq",
        .key = ORDER,
        .at_ms = now_ms,
        .offset = 2,
        .headers = {{HEADER_CODE, "exists_unproven"}, {HEADER_FINGERPRINT, "zz"}}});
    prima_lacks();
    assert_int_equal(run("dlq", "release", PLACE, "--reason", "x", "--yes", NULL), 65);
    run_has(run_err, "has no bytes that its worker could read");
    assert_null(strchr(run_err, '\x1b'));
    assert_int_equal(run("dlq", "release", "orders.raw.dlq/0/2", "--reason", "x", "--yes", NULL),
                     65);
    run_has(run_err, "does not say which content it has");
    assert_int_equal(world.sent_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_adopting),
        TEST(test_a_look_writes_nothing),
        TEST(test_what_is_not_adopted),
        TEST(test_what_was_sent_is_not_known),
        TEST(test_releasing),
        TEST(test_the_copy_of_a_release),
        TEST(test_what_is_not_released),
        TEST(test_resolving),
        TEST(test_what_waits_goes_on),
        TEST(test_a_refund),
        TEST(test_discarding),
        TEST(test_which_is_meant),
        TEST(test_the_key_is_somebody_elses),
        TEST(test_who_slept),
        TEST(test_two_people),
        TEST(test_a_user_who_may_only_read),
        TEST(test_hostile_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
