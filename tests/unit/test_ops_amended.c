/* A person's word that Prima's document holds another version: which order and version are meant,
 * what is written where and in which order, and what is refused before anything is. */
#include "test_ops_world.h"

#include "test_order_support.h"

#include "core/amended.h"
#include "core/events.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"

#define NATURAL "01/orders/shopify/uk/1001"
#define KEY "01/shopify/uk/1001"

static struct amended done;
static struct ops_error error;
static struct arena *arena;
static const struct key_view posted = {.state = 'p'};

static int begin(void **state)
{
    (void)state;
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

static enum ops_kind amend(struct ops *ops, const char *id, int64_t version, bool writes)
{
    const struct amended_options options = {
        .id = id, .version = version, .evidence = "call 17", .who = "ann@host", .writes = writes};
    error = (struct ops_error){.text = ""};
    return ops_amended(ops, &options, &done, &error);
}

static struct order_event *put_version(struct ops *ops, int64_t version, int32_t partition)
{
    struct order_event *e = support_order(arena);
    e->source_version = version;
    world_put_struct(ops,
                     &(struct world_put){.topic = "orders.raw", .key = KEY, .partition = partition},
                     &order_event_record, e);
    return e;
}

static struct ledger_entry entry_of(int64_t version)
{
    return (struct ledger_entry){.key = NATURAL,
                                 .company = "01",
                                 .channel = "shopify",
                                 .store = "uk",
                                 .order_id = "1001",
                                 .order_number = "2011001",
                                 .document = "2011001",
                                 .account = "C77",
                                 .version = version,
                                 .currency = "GBP",
                                 .identity = "",
                                 .goods = "",
                                 .payment = "",
                                 .order_date = "2026-11-18",
                                 .posted_at = 1795000000123};
}

static void put_entry(struct ops *ops, const struct ledger_entry *entry)
{
    world_put_struct(ops, &(struct world_put){.topic = "orders.ledger", .key = KEY},
                     &ledger_entry_record, entry);
}

/* The ledger entry that was sent, decoded. */
static struct ledger_entry sent_entry(struct ops *ops)
{
    struct codec *codec = NULL;
    struct codec_fault fault;
    struct ledger_entry entry = {.version = -1};
    assert_int_equal(ops_codec(ops, &codec, &error), OPS_DONE);
    assert_int_equal(events_decode(codec, &ledger_entry_record, world.sent[0], world.sent_size[0],
                                   arena, &entry, &fault),
                     0);
    return entry;
}

static void test_what_is_written_and_in_which_order(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 7, 0);
    put_version(ops, 8, 0);
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DONE);
    assert_true(done.written);
    assert_string_equal(world.registered, "LedgerEntry of orders.ledger");
    char expected[600];
    (void)snprintf(expected, sizeof expected,
                   "redis | read orders.raw | read orders.ledger | as primaflow.cli.amended | "
                   "begin | add orders.ledger " KEY " | add ops.decisions " NATURAL
                   " | add ops.audit amended | commit | free | amend orders " NATURAL " 8 ");
    assert_memory_equal(world.trace, expected, strlen(expected));
    assert_string_equal(done.key, NATURAL);
    assert_string_equal(done.order_number, "2011001");
    assert_string_equal(done.delivery, "orders.raw/0/1");
    assert_string_equal(done.total, "52.50 GBP");
    assert_int_equal(done.lines, 2);
    const char *decision = world.sent[1];
    assert_non_null(strstr(decision, "\"decision\":\"amended\",\"key\":\"" NATURAL "\""));
    assert_non_null(strstr(decision, "\"version\":8,\"delivery\":\"orders.raw/0/1\""));
    assert_non_null(strstr(decision, "\"who\":\"ann@host\",\"evidence\":\"call 17\""));
    /* Redis is told the content that the decision names */
    const char *told = strstr(world.trace, NATURAL " 8 ") + strlen(NATURAL " 8 ");
    static const char *const names[] = {"\"identity\":\"", "\"goods\":\"", "\"money\":\""};
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(strstr(decision, names[i]) + strlen(names[i]), told + 9 * i, 8);
    assert_non_null(strstr(world.sent[2], "\"reason\":\"call 17\""));
    assert_non_null(strstr(world.sent[2], "\"topic\":\"ops.decisions\",\"written\":1"));
}

static void test_a_look_writes_nothing(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    assert_int_equal(amend(ops, "1001", 8, false), OPS_DONE);
    assert_string_equal(world.trace, "redis | read orders.raw | read orders.ledger");
    assert_false(done.written);
    assert_string_equal(done.total, "52.50 GBP");
}

static void test_the_ledger_has_the_versions_lines_and_what_stays(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct ledger_entry former = entry_of(3);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    put_entry(ops, &former);
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DONE);
    const struct ledger_entry entry = sent_entry(ops);
    assert_int_equal(entry.version, 4);
    assert_int_equal(entry.posted_at, former.posted_at);
    assert_string_equal(entry.account, "C77");
    assert_int_equal(entry.lines.count, 2);
    assert_int_equal(entry.total_minor, 5250);
}

static void test_without_a_former_entry_it_is_the_first(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct ledger_entry former = entry_of(3);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    put_entry(ops, &former);
    world_put(&(struct world_put){.topic = "orders.ledger", .key = KEY}); /* taken back */
    world_put(&(struct world_put){.topic = "orders.ledger", .key = "01/shopify/uk/10012"});
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DONE);
    const struct ledger_entry entry = sent_entry(ops);
    assert_int_equal(entry.version, 1);
    assert_true(entry.posted_at > 1600000000000); /* now */
    assert_null(entry.account);
}

/* The last event of that version counts, as the fleet takes it; others do not. */
static void test_which_event_is_meant(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    struct order_event *e = support_order(arena);
    e->source_version = 8;
    e->kind = ORDER_CANCELLED; /* holds no document's content */
    world_put_struct(ops, &(struct world_put){.topic = "orders.raw", .key = KEY},
                     &order_event_record, e);
    world_put(&(struct world_put){.topic = "orders.raw", .key = KEY, .value = "x", .size = 1});
    world_put(&(struct world_put){.topic = "orders.raw", .key = KEY});
    world_put(&(struct world_put){.topic = "orders.raw", .key = NULL, .value = "x", .size = 1});
    put_version(ops, 8, 0); /* offset 5 */
    put_version(ops, 9, 0);
    put_version(ops, 8, 7); /* of a partition that the key is not of */
    assert_int_equal(amend(ops, KEY, 8, false), OPS_DONE);
    assert_string_equal(done.delivery, "orders.raw/0/5");
    assert_int_equal(amend(ops, KEY, 10, false), OPS_DATA);
    assert_string_equal(error.text, NATURAL " has no event of version 10 in orders.raw");
}

static void test_which_order_is_meant(void **state)
{
    static const struct {
        const char *name;
        const char *posted[2];
        char state;
        enum ops_kind kind;
        const char *text;
    } rows[] = {
        {"one", {NATURAL, NULL}, 'p', OPS_DONE, ""},
        {"none", {NULL, NULL}, 'p', OPS_USAGE, "1001 is no order that is posted"},
        {"not posted", {NATURAL, NULL}, 'c', OPS_USAGE, "1001 is no order that is posted"},
        {"two",
         {NATURAL, "01/orders/shopify/eu/1001"},
         'p',
         OPS_USAGE,
         "1001 means 2 posted orders"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct key_view view = {.state = rows[i].state};
        world_reset();
        struct ops *ops = world_ops(NULL);
        for (size_t k = 0; k < 2 && rows[i].posted[k] != NULL; k++)
            world_view(rows[i].posted[k], &view);
        put_version(ops, 8, 0);
        assert_int_equal(amend(ops, "1001", 8, false), rows[i].kind);
        assert_string_equal(error.text, rows[i].text);
    }
}

static void test_credit_notes_forbid_it(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    struct ledger_note credit = {.refund_id = "r1", .document = "CN1"};
    struct ledger_entry former = entry_of(3);
    former.credits.items = &credit;
    former.credits.count = 1;
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    put_entry(ops, &former);
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DATA);
    assert_non_null(strstr(error.text, "has 1 credit notes already"));
    assert_null(strstr(world.trace, "begin"));
}

/* A record of a refund: one unit of the order's first line, for 1.00. */
static void put_record(struct ops *ops, const char *refund_id, enum credit_state state,
                       int32_t units, bool all)
{
    char key[100], natural[100];
    struct ledger_credit_part part = {
        .what = CREDIT_AT_LINE, .number = 1, .quantity = units, .gross_minor = 100};
    (void)snprintf(key, sizeof key, KEY "/%s", refund_id);
    (void)snprintf(natural, sizeof natural, "01/refunds/shopify/uk/%s", refund_id);
    const struct ledger_credit record = {.key = natural,
                                         .order = KEY,
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "1001",
                                         .refund_id = refund_id,
                                         .state = state,
                                         .all = all,
                                         .currency = "GBP",
                                         .parts = {.items = &part, .count = 1}};
    world_put_struct(ops, &(struct world_put){.topic = "orders.ledger", .key = key},
                     &ledger_credit_record, &record);
}

static void test_what_refunds_took_needs_room(void **state)
{
    static const struct {
        const char *name;
        enum credit_state state;
        int32_t units;
        bool all;
        const char *why; /* NULL: it is the posted one */
    } rows[] = {
        {"a note", CREDIT_CREDITED, 2, false, NULL},
        {"a note of units that are not there", CREDIT_CREDITED, 3, false,
         NATURAL ": version 8 cannot be the posted one: it has no room for what refund r1 took"},
        {"a note that a person must tell of", CREDIT_OPEN, 2, false, NULL},
        {"... of units that are not there", CREDIT_OPEN, 3, false,
         NATURAL ": version 8 cannot be the posted one: it has no room for what refund r1 may have "
                 "taken"},
        {"... and of which nobody knows what it took", CREDIT_OPEN, 1, true,
         NATURAL ": version 8 cannot be the posted one: nobody knows yet what the credit note of "
                 "refund r1 took: tell of it first"},
        {"an edit without money", CREDIT_OWED, 0, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        world_reset();
        struct ops *ops = world_ops(NULL);
        const struct ledger_entry former = entry_of(3);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0); /* two units in its first line */
        put_entry(ops, &former);
        put_record(ops, "r1", rows[i].state, rows[i].units, rows[i].all);
        assert_int_equal(amend(ops, KEY, 8, true), rows[i].why == NULL ? OPS_DONE : OPS_DATA);
        if (rows[i].why == NULL) {
            assert_int_equal(sent_entry(ops).version, 4);
            assert_int_equal(sent_entry(ops).lines.items[0].credited_quantity, 0);
        } else {
            assert_string_equal(error.text, rows[i].why);
            assert_null(strstr(world.trace, "begin"));
        }
    }
}

static void test_a_record_that_cannot_be_read_forbids_it(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    world_put(
        &(struct world_put){.topic = "orders.ledger", .key = KEY "/r1", .value = "x", .size = 1});
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DATA);
    assert_string_equal(error.text, "the record " KEY "/r1 cannot be read: framing_unknown");
    assert_null(strstr(world.trace, "begin"));
}

/* ---- refunds beside it ---- */

static const char *behind_commit(const char *word)
{
    const char *commit = strstr(world.trace, "| commit"), *at = strstr(world.trace, word);
    return commit != NULL && at != NULL && at > commit ? at : NULL;
}

static void test_nobody_reserves_meanwhile(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct ledger_entry former = entry_of(3);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    put_entry(ops, &former);
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DONE);
    const char *block = strstr(world.trace, "block " KEY " in 0 of refunds | read orders.ledger");
    assert_non_null(block); /* and what the ledger has is read behind it */
    assert_true(block < strstr(world.trace, "begin"));
    assert_non_null(behind_commit("unblock " KEY " behind 2")); /* the former's place is 1 here */
    assert_true(behind_commit("unblock") < behind_commit("amend orders"));
}

static void test_what_stands_in_the_way_of_a_block(void **state)
{
    static const struct {
        const char *name, *words, *ends;
        enum verdict blocks, unblocks;
        enum ops_kind kind;
    } rows[] = {
        {"another command", "another command amends",
         "block " KEY " in 0 of refunds | unblock " KEY " behind -1", VERDICT_BUSY, VERDICT_LOST,
         OPS_UNAVAILABLE},
        {"a rebuild", "Redis is being rebuilt", NULL, VERDICT_SUSPECT, VERDICT_SUSPECT,
         OPS_UNAVAILABLE},
        {"a strange value", "cannot read", NULL, VERDICT_UNREADABLE, VERDICT_RELEASED, OPS_DATA},
        {"Redis breaks off", "broke off", NULL, VERDICT_DEFECT, VERDICT_DEFECT, OPS_UNAVAILABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        const struct ledger_entry former = entry_of(3);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0);
        put_entry(ops, &former);
        world.credit_verdict = rows[i].blocks;
        world.unblock_verdict = rows[i].unblocks;
        world.refusal = rows[i].blocks == VERDICT_DEFECT ? "Redis broke off" : NULL;
        if (amend(ops, KEY, 8, true) != rows[i].kind || strstr(error.text, rows[i].words) == NULL ||
            strstr(world.trace, "begin") != NULL ||
            (rows[i].ends != NULL && strstr(world.trace, rows[i].ends) == NULL))
            fail_msg("%s: %s, %s", rows[i].name, error.text, world.trace);
    }
}

static void put_control(const char *key, const char *value)
{
    world_put(&(struct world_put){
        .topic = "ops.control", .key = key, .value = value, .size = strlen(value)});
}

/* What was sent before a loss is neither reserved nor in the ledger, until all of it is committed. */
static void test_not_while_an_incident_is_open(void **state)
{
    static const struct {
        const char *name, *open, *cleared, *words; /* NULL: it is written */
        enum verdict blocks;
    } rows[] = {
        {"open", "primaflow.refunds", NULL, "is not all committed", VERDICT_KNOWN},
        {"... another one was cleared", "primaflow.refunds", "{\"incident\":\"i0\"}",
         "is not all committed", VERDICT_KNOWN},
        {"cleared", "primaflow.refunds", "{\"incident\":\"i1\"}", NULL, VERDICT_KNOWN},
        {"of orders", "primaflow.orders", NULL, NULL, VERDICT_KNOWN},
        {"no marker, and nobody has noticed", "primaflow.refunds", "{\"incident\":\"i1\"}",
         "Redis has lost what", VERDICT_SUSPECT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[60];
        world_reset();
        struct ops *ops = world_ops(NULL);
        const struct ledger_entry former = entry_of(3);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0);
        put_entry(ops, &former);
        (void)snprintf(key, sizeof key, "redis.open/%s", rows[i].open);
        put_control(key, "{\"incident\":\"i1\",\"run_id\":\"r\"}");
        if (rows[i].cleared != NULL)
            put_control("redis.cleared/primaflow.refunds", rows[i].cleared);
        world.credit_verdict = rows[i].blocks;
        world.is_marker_gone = rows[i].blocks == VERDICT_SUSPECT;
        const enum ops_kind kind = amend(ops, KEY, 8, true);
        if (kind != (rows[i].words == NULL ? OPS_DONE : OPS_UNAVAILABLE) ||
            (rows[i].words != NULL && strstr(error.text, rows[i].words) == NULL) ||
            (rows[i].words != NULL && strstr(world.trace, "| commit") != NULL) ||
            (rows[i].blocks == VERDICT_KNOWN && strstr(world.trace, "unblock") == NULL))
            fail_msg("%s: %d, %s, %s", rows[i].name, (int)kind, error.text, world.trace);
    }
}

/* Whether it was committed nobody knows: refunds of the order wait until it is run again. */
static void test_a_commit_that_breaks_off_keeps_the_block(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    const struct ledger_entry former = entry_of(3);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    put_entry(ops, &former);
    world.fails_at = "commit";
    world.writer_rc = -EIO;
    assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
    assert_non_null(strstr(world.trace, "| block "));
    assert_null(strstr(world.trace, "unblock"));
    world_untrace();
    world.fails_at = "begin"; /* then nothing can have been committed */
    assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
    assert_non_null(strstr(world.trace, "unblock " KEY " behind -1"));
}

/* It slept, and another command, or a loss of Redis, took the block: nothing is committed. */
static void test_a_block_that_is_lost_before_the_commit(void **state)
{
    static const struct {
        const char *words;
        enum verdict verdict;
        enum ops_kind kind;
    } rows[] = {{"another command amends", VERDICT_LOST, OPS_UNAVAILABLE},
                {"Redis has lost data", VERDICT_SUSPECT, OPS_UNAVAILABLE},
                {"cannot read", VERDICT_UNREADABLE, OPS_DATA},
                {"broke off", VERDICT_DEFECT, OPS_UNAVAILABLE}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        const struct ledger_entry former = entry_of(3);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0);
        put_entry(ops, &former);
        world.is_block_lost = true;
        world.again_verdict = rows[i].verdict;
        world.refusal = rows[i].verdict == VERDICT_DEFECT ? "Redis broke off" : NULL;
        assert_int_equal(amend(ops, KEY, 8, true), rows[i].kind);
        assert_non_null(strstr(error.text, "nothing was written"));
        assert_non_null(strstr(error.text, rows[i].words));
        assert_null(strstr(world.trace, "| commit"));
        const char *check = strstr(world.trace, "still " KEY);
        assert_true(check != NULL && check > strstr(world.trace, "begin"));
        assert_non_null(strstr(check, "unblock " KEY " behind -1"));
    }
}

static void test_what_could_not_be_posted_is_refused(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    struct order_event *e = support_order(arena);
    e->source_version = 8;
    e->test = true;
    world_put_struct(ops, &(struct world_put){.topic = "orders.raw", .key = KEY},
                     &order_event_record, e);
    assert_int_equal(amend(ops, KEY, 8, true), OPS_DATA);
    assert_non_null(strstr(error.text, "version 8 could not be posted by today's mappings"));
    assert_null(strstr(world.trace, "begin"));
    assert_false(done.written);
}

static void test_each_step_that_fails_is_told(void **state)
{
    static const struct {
        const char *fails_at;
        const char *last; /* of the trace */
    } rows[] = {{"new", "as primaflow.cli.amended"},
                {"begin", "begin | free"},
                {"add 1", "add orders.ledger " KEY " | free"},
                {"add 2", "add ops.decisions " NATURAL " | free"},
                {"add 3", "add ops.audit amended | free"},
                {"commit", "commit | free"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0);
        world.fails_at = rows[i].fails_at;
        world.writer_rc = -EIO;
        world.refusal = "as Kafka says";
        assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
        assert_string_equal(error.text, "as Kafka says");
        assert_false(done.written);
        const size_t size = strlen(world.trace), last = strlen(rows[i].last);
        assert_string_equal(world.trace + size - last, rows[i].last); /* Redis is told nothing */
    }
}

static void test_what_redis_says_of_it(void **state)
{
    static const struct {
        enum verdict verdict;
        enum ops_kind kind;
        const char *text;
    } rows[] = {
        {VERDICT_FINISHED, OPS_DONE, ""},
        {VERDICT_SUSPECT, OPS_UNAVAILABLE, "written, but Redis is being rebuilt"},
        {VERDICT_LOST, OPS_DATA, "written, but Redis does not have " NATURAL " as posted any more"},
        {VERDICT_UNREADABLE, OPS_DATA,
         "written, but Redis does not have " NATURAL " as posted any more"},
        {VERDICT_DEFECT, OPS_UNAVAILABLE, "written, but: as Redis says"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        world_view(NATURAL, &posted);
        put_version(ops, 8, 0);
        world.amend_verdict = rows[i].verdict;
        world.refusal = "as Redis says";
        assert_int_equal(amend(ops, KEY, 8, true), rows[i].kind);
        assert_string_equal(error.text, rows[i].text);
        assert_true(done.written);
    }
}

static void test_sources_that_cannot_be_asked(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    world.refusal = "away";
    world.view_rc = -EIO;
    assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
    assert_string_equal(error.remedy, "run it again");
    world.view_rc = 0;
    world.read_rc = -EIO;
    assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "away");
    ops = world_ops(NULL);
    world.read_rc = 0;
    world.redis_rc = -ECONNREFUSED;
    assert_int_equal(amend(ops, KEY, 8, true), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "away");
    assert_int_equal(amend(ops, "a/b", 8, true), OPS_USAGE);
}

static void test_evidence_that_is_no_text(void **state)
{
    const struct amended_options options = {
        .id = KEY, .version = 8, .evidence = "\xff", .who = "ann@host", .writes = true};
    (void)state;
    struct ops *ops = world_ops(NULL);
    world_view(NATURAL, &posted);
    put_version(ops, 8, 0);
    assert_int_equal(ops_amended(ops, &options, &done, &error), OPS_USAGE);
    assert_string_equal(error.text, "--evidence is not UTF-8; nothing was written");
    assert_false(done.written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_written_and_in_which_order),
        TEST(test_a_look_writes_nothing),
        TEST(test_the_ledger_has_the_versions_lines_and_what_stays),
        TEST(test_without_a_former_entry_it_is_the_first),
        TEST(test_which_event_is_meant),
        TEST(test_which_order_is_meant),
        TEST(test_credit_notes_forbid_it),
        TEST(test_nobody_reserves_meanwhile),
        TEST(test_what_stands_in_the_way_of_a_block),
        TEST(test_not_while_an_incident_is_open),
        TEST(test_a_commit_that_breaks_off_keeps_the_block),
        TEST(test_a_block_that_is_lost_before_the_commit),
        TEST(test_what_refunds_took_needs_room),
        TEST(test_a_record_that_cannot_be_read_forbids_it),
        TEST(test_what_could_not_be_posted_is_refused),
        TEST(test_each_step_that_fails_is_told),
        TEST(test_what_redis_says_of_it),
        TEST(test_sources_that_cannot_be_asked),
        TEST(test_evidence_that_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
