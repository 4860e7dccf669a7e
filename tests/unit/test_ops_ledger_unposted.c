/* The ledger's word that a discarded order has no document: what is written where, what is refused, and
 * what a refund of the order makes of it. */
#include "test_ops_world.h"

#include "test_order_support.h"

#include "core/events.h"
#include "core/ledger_unposted.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/ledger/ledger_fold.h"

#define ORDER "01/shopify/uk/1001"
#define LEDGER "orders.ledger"

static struct ops_error error;
static struct arena *arena;
static bool written;

static int begin(void **state)
{
    (void)state;
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    world.topics[world.topic_count++] =
        (struct world_topic){.name = LEDGER, .partitions = 12, .replicas = 1};
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    world_release();
    return 0;
}

static enum ops_kind say(struct ops *ops, const char *order, const char *reason)
{
    const struct ledger_unposted_options options = {
        .order = order, .who = "ann@host", .reason = reason};
    error = (struct ops_error){.text = ""};
    written = false;
    return ledger_unposted(ops, &options, &written, &error);
}

static struct ledger_credit sent_record(struct ops *ops)
{
    struct codec *codec = NULL;
    struct codec_fault fault;
    struct ledger_credit credit = {.key = NULL};
    assert_int_equal(ops_codec(ops, &codec, &error), OPS_DONE);
    assert_int_equal(events_decode(codec, &ledger_credit_record, world.sent[0], world.sent_size[0],
                                   arena, &credit, &fault),
                     0);
    return credit;
}

static void put_unposted(struct ops *ops, const char *outcome)
{
    const struct ledger_credit credit = {.key = "",
                                         .order = ORDER,
                                         .company = "01",
                                         .channel = "shopify",
                                         .store = "uk",
                                         .order_id = "1001",
                                         .refund_id = "",
                                         .state = CREDIT_UNPOSTED,
                                         .outcome = outcome,
                                         .currency = "",
                                         .at = 5};
    world_put_struct(ops, &(struct world_put){.topic = LEDGER, .key = ORDER "/"},
                     &ledger_credit_record, &credit);
}

static void put_entry(struct ops *ops)
{
    const struct ledger_entry entry = {.key = "01/orders/shopify/uk/1001",
                                       .company = "01",
                                       .channel = "shopify",
                                       .store = "uk",
                                       .order_id = "1001",
                                       .order_number = "2011001",
                                       .document = "2011001",
                                       .version = 1,
                                       .currency = "GBP",
                                       .identity = "",
                                       .goods = "",
                                       .payment = "",
                                       .order_date = "2026-11-18",
                                       .posted_at = 1795000000123};
    world_put_struct(ops, &(struct world_put){.topic = LEDGER, .key = ORDER}, &ledger_entry_record,
                     &entry);
}

static void test_what_is_written(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    assert_int_equal(say(ops, ORDER, "double of 1002"), OPS_DONE);
    assert_true(written);
    assert_string_equal(world.registered, "RefundCredit of " LEDGER);
    assert_non_null(strstr(world.trace,
                           "as primaflow.cli.ledger-import | read " LEDGER " | begin | add " LEDGER
                           " " ORDER "/ | add ops.audit ledger.unposted | commit | free"));
    assert_string_equal(world.range_key, ORDER);
    assert_non_null(strstr(world.sent[1], "\"who\":\"ann@host\""));
    assert_non_null(strstr(world.sent[1], "\"reason\":\"double of 1002\""));
    assert_non_null(strstr(world.sent[1], "\"topic\":\"" LEDGER "\",\"written\":1"));
    const struct ledger_credit credit = sent_record(ops);
    assert_int_equal(credit.state, CREDIT_UNPOSTED);
    assert_string_equal(credit.order, ORDER);
    assert_string_equal(credit.order_id, "1001");
    assert_string_equal(credit.refund_id, "");
    assert_string_equal(credit.outcome, "discarded");
    /* ... and what a refund makes of it */
    struct ledger_fold fold;
    assert_int_equal(ledger_fold(NULL, &credit, 1, "01/refunds/shopify/uk/9", arena, &fold), 0);
    assert_true(fold.is_unposted);
    assert_string_equal(fold.outcome, "discarded");
}

/* Where the worker looks for it: in the partition of the order's own key. */
static void test_where_it_stands(void **state)
{
    (void)state;
    bool differs = false;
    struct ops *ops = world_ops(NULL);
    for (int id = 1001; id < 1011; id++) {
        char order[60], key[70];
        (void)snprintf(order, sizeof order, "01/shopify/uk/%d", id);
        (void)snprintf(key, sizeof key, "%s/", order);
        assert_int_equal(say(ops, order, "test"), OPS_DONE);
        differs |= kafka_partition_of(order, strlen(order), 12) !=
                   kafka_partition_of(key, strlen(key), 12);
        const char *added = strstr(world.trace, key);
        assert_non_null(added);
        assert_int_equal(world.added_partition, kafka_partition_of(order, strlen(order), 12));
        world_untrace();
    }
    assert_true(differs); /* or nothing was tested */
}

static void test_said_once(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_unposted(ops, "cancelled_before_posting");
    assert_int_equal(say(ops, ORDER, "double"), OPS_DONE);
    assert_false(written);
    assert_null(strstr(world.trace, "begin"));
    /* ... and again after it was taken back */
    world_put(&(struct world_put){.topic = LEDGER, .key = ORDER "/"});
    assert_int_equal(say(ops, ORDER, "double"), OPS_DONE);
    assert_true(written);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    assert_int_equal(say(ops, ORDER, ""), OPS_USAGE);
    assert_int_equal(say(ops, "01/orders/shopify/uk/1001", "x"), OPS_USAGE);
    assert_int_equal(say(ops, "1001", "x"), OPS_USAGE);
    assert_null(strstr(world.trace, "as "));
    put_unposted(ops, "discarded");
    put_entry(ops);
    assert_int_equal(say(ops, ORDER, "x"), OPS_DATA);
    assert_non_null(strstr(error.text, "Prima has it as 2011001"));
    assert_null(strstr(world.trace, "begin"));
    assert_false(written);
}

static void test_what_fails(void **state)
{
    static const char *const steps[] = {"begin", "add 1", "add 2", "commit"};
    (void)state;
    struct ops *ops = world_ops(NULL);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        world.writer_rc = -EIO;
        world.fails_at = steps[i];
        world.refusal = "gone";
        assert_int_equal(say(ops, ORDER, "x"), OPS_UNAVAILABLE);
        assert_false(written);
        world_untrace();
    }
    world.fails_at = NULL;
    world.writer_rc = 0;
    world.read_rc = -EIO;
    assert_int_equal(say(ops, ORDER, "x"), OPS_UNAVAILABLE);
    world.read_rc = 0;
    world.topic_count = 0;
    assert_int_equal(say(ops, ORDER, "x"), OPS_CONFIG);
    assert_false(written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_written), TEST(test_where_it_stands), TEST(test_said_once),
        TEST(test_what_is_refused), TEST(test_what_fails),
    };
    return cmocka_run_group_tests_name("ops_ledger_unposted", tests, NULL, NULL);
}
