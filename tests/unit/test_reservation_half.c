/* The half of the stock worker that makes reservations, between its engine and Kafka: partitions that
 * come and go, a restore, transactions that commit and abort, gaps that are made good. Kafka is a fake
 * beside the real one: stock.orders is fed by the test, orders.raw is what the test has of it. */
#include "test_reservation_world.h"

#include "host/host.h"
#include "kafka/lookup.h"
#include "kafka/topics.h"
#include "obs/metrics.h"
#include "reservation_half.h"
#include "reservation_input.h"
#include "stock_follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = RESERVATION_SOURCES, RAW = RESERVATION_OF_ORDERS, MESSAGES_MAX = 64 };

/* ---- following, faked ---- */

struct stock_followed {
    const struct stock_follow_hooks *hooks;
    void *user;
    bool is_open;
};
static struct stock_followed followed;
static int follows_made;

int stock_follow_new(struct host *h, const char *topic, struct stock_follow **ret_follow,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)h;
    (void)ret_message;
    assert_string_equal(topic, topic_stock_orders);
    follows_made++;
    *ret_follow = NULL;
    return 0;
}
void stock_follow_free(struct stock_follow *follow)
{
    (void)follow;
    assert_false(followed.is_open);
}
struct stock_followed *stock_follow_begin(struct stock_follow *follow, int32_t partition,
                                          const struct stock_follow_hooks *hooks, void *user)
{
    (void)follow;
    assert_int_equal(partition, WORLD_PARTITION);
    assert_false(followed.is_open);
    followed = (struct stock_followed){hooks, user, true};
    return &followed;
}
void stock_follow_leave(struct stock_followed *f)
{
    if (f != NULL)
        f->is_open = false;
}
void stock_follow_continue(struct stock_followed *f)
{
    (void)f;
}
int64_t stock_follow_left(const struct stock_followed *f)
{
    (void)f;
    return 7;
}
const char *stock_follow_trouble(const struct stock_followed *f)
{
    (void)f;
    return NULL;
}
void stock_report_add(struct stock_report reports[], size_t *count, const char *name, int64_t value)
{
    reports[(*count)++] = (struct stock_report){name, value};
}

/* ---- reading orders.raw again, faked ---- */

static struct {
    const struct kafka_record *record; /* the only one that it has */
    int result;
    size_t asked;
} raw;

int kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    (void)ret_message;
    *ret_lookup = NULL;
    return 0;
}
int kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[], size_t count,
                      int64_t patience_ms,
                      void (*seen)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)lookup;
    (void)patience_ms;
    ret_message[0] = '\0';
    raw.asked += count;
    for (size_t i = 0; i < count && raw.result == 0; i++) {
        assert_string_equal(places[i].topic, topic_orders_raw);
        if (raw.record != NULL && places[i].offset == raw.record->offset)
            seen(user, raw.record);
    }
    return raw.result;
}
void kafka_lookup_free(struct kafka_lookup *lookup)
{
    (void)lookup;
}

/* ---- the engine ---- */

static const struct stock_half *const half = &reservation_half;

struct engine_world {
    struct world world; /* its maker is not used */
    struct host host;
    struct stock_tools tools;
    struct stock_part parts[PARTS];
    bool is_here[PARTS];
};
static size_t settled;

static void has_settled(struct stock_part *part)
{
    assert_non_null(part);
    settled++;
}

static void engine_begin(struct engine_world *e)
{
    static const char *const topics[] = {topic_orders_raw, topic_orders_results,
                                         topic_orders_ledger, topic_stock_confirmed};
    *e = (struct engine_world){0};
    world_begin(&e->world, "on_post");
    settled = 0;
    assert_int_equal(uv_loop_init(&e->host.loop), 0);
    timers_init(&e->host.timers, &e->host.loop);
    e->tools = (struct stock_tools){
        .host = &e->host, .codec = e->world.codec, .rules = e->world.rules, .settled = has_settled};
    for (size_t i = 0; i < PARTS; i++)
        e->parts[i] = (struct stock_part){
            .tools = &e->tools, .topic = topics[i], .partition = WORLD_PARTITION};
}

static void engine_assign(struct engine_world *e, size_t part)
{
    e->is_here[part] = true;
    half->assigned(&e->parts[part]);
}

static void engine_revoke(struct engine_world *e, size_t part)
{
    e->is_here[part] = false;
    half->revoked(&e->parts[part]);
}

static void restore(struct engine_world *e)
{
    assert_true(followed.is_open);
    for (size_t i = 0; i < e->world.kept_count; i++) {
        const struct world_kept *k = &e->world.kept[i];
        const struct kafka_record record = {.topic = k->topic,
                                            .partition = WORLD_PARTITION,
                                            .offset = (int64_t)i,
                                            .key = k->key,
                                            .key_size = k->key_size,
                                            .value = k->value,
                                            .value_size = k->size};
        assert_false(half->is_ready(&e->parts[RAW]));
        if (k->topic == topic_stock_orders)
            followed.hooks->record(followed.user, &record);
    }
    followed.hooks->restored(followed.user);
}

static void give(struct engine_world *e, const struct world_record *record)
{
    struct kafka_record copy = record->record;
    half->record(&e->parts[record->source], &copy);
}

/* A transaction of all parts that are here; which of them is asked first does not matter. */
static size_t transact(struct engine_world *e, bool commits, size_t first, size_t most)
{
    struct batch batch = {0};
    struct collected got[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        const size_t part = (first + i) % PARTS;
        if (e->is_here[part])
            got[part] = half->collect(&e->parts[part], most, &batch);
    }
    const size_t count = batch.count;
    /* as the world keeps what its own maker commits */
    struct reservation_outbox *own = &e->world.maker.outbox;
    for (size_t i = 0; i < count && commits; i++) {
        const struct kafka_message *m = batch.messages[i];
        assert_int_equal(
            reservation_outbox_add(own, m->topic, m->key, m->key_size,
                                   m->place_key == NULL ? m->key_size : m->place_key_size, m->value,
                                   m->value_size),
            0);
    }
    world_commit(&e->world);
    for (size_t i = 0; i < PARTS; i++)
        if (e->is_here[i] && (got[i].count > 0 || count > 0))
            (commits ? half->committed : half->aborted)(&e->parts[i], got[i].count);
    free(batch.messages);
    return count;
}

static void engine_end(struct engine_world *e)
{
    for (size_t i = 0; i < PARTS; i++)
        if (e->is_here[i])
            engine_revoke(e, i);
    (void)uv_run(&e->host.loop, UV_RUN_DEFAULT);
    timers_release(&e->host.timers);
    (void)uv_run(&e->host.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&e->host.loop);
    world_end(&e->world);
}

static void begin_whole(struct engine_world *e)
{
    engine_begin(e);
    for (size_t i = 0; i < PARTS; i++)
        engine_assign(e, i);
    restore(e);
}

#define TAKEN_BY_1 "SKU00001@01 2, 1001/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "
#define POSTED_BY_1                                                                                \
    "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at 500, "                  \
    "1001/TSHIRT-RED-M 1; "

/* ---- tests ---- */

/* Nothing is read before all three partitions are here and what was remembered is restored. */
static void test_assigned(void **state)
{
    (void)state;
    struct engine_world e;
    struct stock_restore restoring;
    engine_begin(&e);
    engine_assign(&e, 1);
    engine_assign(&e, RAW);
    assert_false(followed.is_open);
    half->restore(&e.parts[RAW], &restoring);
    assert_non_null(restoring.trouble);
    engine_assign(&e, 2);
    assert_true(followed.is_open);
    half->restore(&e.parts[RAW], &restoring);
    assert_null(restoring.trouble);
    assert_int_equal(restoring.left, 7);
    for (size_t i = 0; i < 3; i++)
        assert_false(half->is_ready(&e.parts[i]));
    restore(&e);
    for (size_t i = 0; i < 3; i++)
        assert_true(half->is_ready(&e.parts[i]) && half->is_idle(&e.parts[i]));
    engine_assign(&e, 3); /* of confirmations: it changes nothing for the others */
    assert_true(half->is_ready(&e.parts[3]) && half->is_ready(&e.parts[RAW]));
    engine_revoke(&e, 3);
    assert_true(half->is_ready(&e.parts[RAW]));
    engine_end(&e);
    assert_false(followed.is_open);
}

/* From a record to its commit, and from there to the next process. */
static void test_commit(void **state)
{
    (void)state;
    struct engine_world e;
    begin_whole(&e);
    const struct world_record event = world_version(&e.world, 1, 2, 1),
                              entry = world_entry(&e.world, 1, 2, 1);
    give(&e, &event);
    assert_int_equal(settled, 1);
    const struct engine_view view = half->look(&e.parts[RAW]);
    assert_true(view.count == 1 && view.has_settled && view.first_offset == event.record.offset);
    assert_false(half->is_idle(&e.parts[RAW]));
    assert_false(half->has_output(&e.parts[RAW])); /* it is of a record */
    assert_int_equal(transact(&e, true, 0, 100), 3);
    assert_true(half->is_idle(&e.parts[RAW]));
    assert_string_equal(world_reservations(&e.world), TAKEN_BY_1);
    for (size_t i = 0; i < PARTS; i++)
        engine_revoke(&e, i);
    for (size_t i = 0; i < PARTS; i++)
        engine_assign(&e, i);
    restore(&e);
    struct stock_report reports[STOCK_REPORTS_MAX];
    size_t count = 0;
    half->report(&e.parts[RAW], reports, &count);
    assert_string_equal(reports[1].name, "open_orders");
    assert_int_equal(reports[1].value, 1);
    give(&e, &event); /* once more: nothing */
    give(&e, &entry);
    assert_int_equal(transact(&e, true, 2, 100), 3);
    assert_string_equal(world_reservations(&e.world), POSTED_BY_1);
    count = 0;
    half->report(&e.parts[RAW], reports, &count);
    assert_int_equal(reports[1].value, 0);
    engine_end(&e);
}

/* After an abort the same goes again, whichever partition is collected first; and fewer records than
 * have settled take all messages with them. */
static void test_abort(void **state)
{
    (void)state;
    struct engine_world e;
    begin_whole(&e);
    const struct world_record records[] = {
        world_version(&e.world, 1, 2, 1), world_version(&e.world, 2, 1, 1),
        world_entry(&e.world, 1, 2, 1), world_version(&e.world, 3, 2, 1)};
    for (size_t i = 0; i < 3; i++)
        give(&e, &records[i]);
    const size_t made = transact(&e, false, 1, 100);
    assert_true(made > 3);
    assert_int_equal(half->look(&e.parts[RAW]).count, 2);
    give(&e, &records[3]);
    const size_t again = transact(&e, true, 2, 1);
    assert_true(again > made);
    assert_int_equal(half->look(&e.parts[RAW]).count, 2); /* of three */
    assert_int_equal(half->look(&e.parts[2]).count, 0);
    assert_int_equal(transact(&e, true, 0, 100), 0);
    assert_true(half->is_idle(&e.parts[RAW]));
    assert_string_equal(world_reservations(&e.world),
                        "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at "
                        "500, 1001/TSHIRT-RED-M 1; ");
    engine_end(&e);
}

/* One partition goes away and comes back: what was made and not committed is void, what waits of the
 * others is heard anew, by what was committed. */
static void test_apart(void **state)
{
    (void)state;
    struct engine_world e;
    begin_whole(&e);
    const struct world_record event = world_version(&e.world, 1, 2, 1),
                              entry = world_entry(&e.world, 1, 2, 1);
    give(&e, &event);
    give(&e, &entry);
    engine_revoke(&e, RAW);
    assert_false(half->is_ready(&e.parts[2]));
    assert_int_equal(transact(&e, true, 0, 100), 0);
    assert_int_equal(half->look(&e.parts[2]).count, 1); /* not committed without its maker */
    engine_assign(&e, RAW);
    restore(&e);
    assert_true(half->look(&e.parts[2]).has_settled);
    give(&e, &event);
    assert_true(transact(&e, true, 0, 100) > 0);
    assert_string_equal(world_reservations(&e.world), POSTED_BY_1);
    engine_end(&e);
}

/* ... while a transaction is under way: its messages stay until that has ended, and then go. */
static void test_apart_while_committing(void **state)
{
    (void)state;
    struct engine_world e;
    struct batch batch = {0};
    begin_whole(&e);
    const struct world_record entry = world_entry(&e.world, 1, 2, 1),
                              event = world_version(&e.world, 1, 2, 1);
    give(&e, &event);
    give(&e, &entry);
    struct collected got = half->collect(&e.parts[2], 100, &batch);
    assert_true(got.count == 1 && got.next == entry.record.offset + 1 && batch.count == 6);
    engine_revoke(&e, RAW);
    for (size_t i = 0; i < batch.count; i++)
        assert_true(batch.messages[i]->key_size > 0 &&
                    *(const char *)batch.messages[i]->key == '0');
    half->aborted(&e.parts[2], 1);
    free(batch.messages);
    engine_assign(&e, RAW);
    restore(&e);
    give(&e, &event);
    assert_int_equal(transact(&e, true, 0, 100), 4); /* the entry's, and the event's */
    assert_string_equal(world_reservations(&e.world), POSTED_BY_1);
    engine_end(&e);
}

/* A line of no shape is a gap until the mappings are loaded anew: then its event is read again. */
static void test_mended(void **state)
{
    (void)state;
    struct engine_world e;
    struct stock_report reports[STOCK_REPORTS_MAX];
    size_t count = 0;
    begin_whole(&e);
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(arena);
    event->lines.items[0].location_id = "9999"; /* mapped by nobody */
    const struct world_record record = world_event(&e.world, event);
    give(&e, &record);
    assert_int_equal(transact(&e, true, 0, 100), 3);
    half->report(&e.parts[RAW], reports, &count);
    assert_string_equal(reports[3].name, "orders_with_gaps");
    assert_int_equal(reports[3].value, 1);
    half->tick(&e.parts[RAW], 0);
    assert_int_equal(raw.asked, 0); /* not before a reload */
    assert_true(metrics_value(METRIC_stock_gap_orders, "location") == 1);

    static const char depots[] =
        "depots:\n"
        "  - {channel: shopify, store: uk, location: \"9999\", depot: \"S1\"}\n"
        "  - {channel: shopify, store: uk, location: \"1001\", depot: \"01\"}\n"
        "  - {channel: shopify, store: eu, location: \"3001\", depot: EU}\n"
        "  - {channel: shopify, store: jp, location: \"4001\", depot: JP}\n"
        "  - {channel: mirakl, store: marketplace, location: \"1001\", depot: \"01\"}\n";
    const char *copied = support_mappings_copy("depots.yaml", depots);
    char folder[300];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s", copied);
    struct order_rules *newer = support_rules((const char *const[]){folder, NULL});
    e.tools.rules = newer;
    for (size_t i = 0; i < PARTS; i++)
        half->reload(&e.parts[i]);
    raw.record = &record.record;
    raw.result = -EIO; /* Kafka is away: later again */
    half->tick(&e.parts[RAW], 0);
    (void)uv_run(&e.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(raw.asked, 1);
    assert_false(half->has_output(&e.parts[RAW]));
    for (size_t i = 0; i < PARTS; i++) /* the mappings of now are those of the next process, too */
        engine_revoke(&e, i);
    for (size_t i = 0; i < PARTS; i++)
        engine_assign(&e, i);
    raw.result = 0;
    restore(&e);
    half->tick(&e.parts[RAW], 0);
    (void)uv_run(&e.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(raw.asked, 2);
    assert_true(half->has_output(&e.parts[RAW]));
    assert_true(transact(&e, true, 0, 100) > 0);
    assert_string_equal(world_reservations(&e.world),
                        "SKU00001@S1 2, 9999/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; ");
    count = 0;
    half->report(&e.parts[RAW], reports, &count);
    assert_int_equal(reports[3].value, 0);
    half->tick(&e.parts[RAW], 0);
    (void)uv_run(&e.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(raw.asked, 2);
    assert_true(metrics_value(METRIC_stock_gap_orders, "location") == 0);
    raw.record = NULL;
    arena_free(arena);
    engine_end(&e);
    support_rules_free(newer);
}

/* The partitions of one number are read only up to a bound. */
static void test_bounds(void **state)
{
    (void)state;
    struct engine_world e;
    begin_whole(&e);
    const struct world_record event = world_version(&e.world, 1, 2, 1);
    size_t given = 0;
    while (half->is_ready(&e.parts[RAW])) {
        assert_true(given++ < 10000);
        give(&e, &event);
    }
    assert_int_equal(given, RESERVATION_RECORDS_MAX);
    assert_true(half->is_ready(&e.parts[1]));
    assert_int_equal(transact(&e, true, 0, 10), 3);
    assert_true(half->is_ready(&e.parts[RAW]));
    engine_end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assigned),
        cmocka_unit_test(test_commit),
        cmocka_unit_test(test_abort),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_apart_while_committing),
        cmocka_unit_test(test_mended),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests_name("reservation_half", tests, NULL, NULL);
}
