/* Reservations of one order: what each record makes of them, in whatever order records come, whatever
 * is lost between a record and its commit. */
#include "test_reservation_world.h"

#include "../support/chance.h"
#include "../support/effort.h"
#include "flow/flow.h"
#include "kafka/topics.h"
#include "obs/metrics.h"

#include <string.h>

enum { NEWS_MAX = 7 };

enum news_kind { NEWS_NONE, NEWS_EVENT, NEWS_RESULT, NEWS_ENTRY, NEWS_DISCARD };

struct news {
    enum news_kind kind;
    int64_t version; /* of a discard: since which version it is too early */
    int32_t shoes, shirts;
    enum outcome outcome;
};

#define EVENT(version, shoes, shirts)                                                              \
    {                                                                                              \
        NEWS_EVENT, version, shoes, shirts, 0                                                      \
    }
#define CANCEL(version)                                                                            \
    {                                                                                              \
        NEWS_EVENT, version, 0, 0, 0                                                               \
    }
#define ENTRY(version, shoes, shirts)                                                              \
    {                                                                                              \
        NEWS_ENTRY, version, shoes, shirts, 0                                                      \
    }
#define RESULT(outcome)                                                                            \
    {                                                                                              \
        NEWS_RESULT, 1, 0, 0, outcome                                                              \
    }
#define DISCARD(before)                                                                            \
    {                                                                                              \
        NEWS_DISCARD, before, 0, 0, 0                                                              \
    }

/* Versions are at 1000 each, documents at 500; both lines are taken from depot 01. */
static const struct scenario {
    const char *name, *allocates;
    struct news news[NEWS_MAX];
    const char *reservations;
} scenarios[] = {
    {"an order",
     "on_post",
     {EVENT(1, 2, 1), EVENT(1, 2, 1)},
     "SKU00001@01 2, 1001/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "},
    {"amended",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 1, 3), EVENT(1, 2, 1)},
     "SKU00001@01 1, 1001/SKU00001 1; TSHIRT:RED:M@01 3, 1001/TSHIRT-RED-M 3; "},
    {"amended, a product less",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 0, 3)},
     "TSHIRT:RED:M@01 3, 1001/TSHIRT-RED-M 3; "},
    {"cancelled before it is posted",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 1, 1), CANCEL(3), EVENT(1, 2, 1),
      RESULT(OUTCOME_CANCELLED_BEFORE_POSTING)},
     ""},
    {"posted",
     "on_post",
     {EVENT(1, 2, 1), RESULT(OUTCOME_POSTED_ON_HOLD), ENTRY(1, 2, 1), EVENT(1, 2, 1),
      ENTRY(1, 2, 1)},
     "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at 500, "
     "1001/TSHIRT-RED-M 1; "},
    {"posted on hold, and Prima allocates on release",
     "on_release",
     {EVENT(1, 2, 1), RESULT(OUTCOME_POSTED_ON_HOLD), ENTRY(1, 2, 1), EVENT(1, 2, 1)},
     "SKU00001@01 2, 1001/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "},
    {"nobody has said whether it is on hold",
     "on_release",
     {EVENT(1, 2, 1), ENTRY(1, 2, 1), RESULT(OUTCOME_DUPLICATE)},
     "SKU00001@01 2, 1001/SKU00001 2; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "},
    {"posted, not on hold",
     "on_release",
     {EVENT(1, 2, 1), RESULT(OUTCOME_POSTED), ENTRY(1, 2, 1), EVENT(1, 2, 1)},
     "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at 500, "
     "1001/TSHIRT-RED-M 1; "},
    {"amended after it was posted: what Prima has is part of it",
     "on_post",
     {EVENT(1, 2, 1), RESULT(OUTCOME_POSTED), ENTRY(1, 2, 1), EVENT(2, 3, 1), EVENT(1, 2, 1)},
     "SKU00001@01 3 of 2 at 500, 1001/SKU00001 3; TSHIRT:RED:M@01 1 of 1 at 500, "
     "1001/TSHIRT-RED-M 1; "},
    {"cancelled after it was posted: off Prima's figure until somebody acts",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 3, 1), CANCEL(3), RESULT(OUTCOME_POSTED), ENTRY(1, 2, 1)},
     "SKU00001@01 0 of 2 at 500; TSHIRT:RED:M@01 0 of 1 at 500; "},
    {"discarded: nothing is taken any more, but the channel has lowered itself",
     "on_post",
     {EVENT(1, 2, 1), DISCARD(2), EVENT(1, 2, 1)},
     "SKU00001@01 0, 1001/SKU00001 2; TSHIRT:RED:M@01 0, 1001/TSHIRT-RED-M 1; "},
    {"discarded, and a newer version comes",
     "on_post",
     {EVENT(1, 2, 1), DISCARD(2), EVENT(2, 1, 1), EVENT(1, 2, 1)},
     "SKU00001@01 1, 1001/SKU00001 1; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; "},
    {"discarded, then posted all the same",
     "on_post",
     {EVENT(1, 2, 1), DISCARD(2), ENTRY(1, 2, 1), RESULT(OUTCOME_POSTED)},
     "SKU00001@01 2 of 2 at 500, 1001/SKU00001 2; TSHIRT:RED:M@01 1 of 1 at 500, "
     "1001/TSHIRT-RED-M 1; "},
    {"... and a person amended the document: in Prima since that was written",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 3, 1), ENTRY(1, 2, 1), ENTRY(2, 3, 1), RESULT(OUTCOME_POSTED)},
     "SKU00001@01 3 of 3 since record 3, 1001/SKU00001 3; TSHIRT:RED:M@01 1 of 1 since record 3, "
     "1001/TSHIRT-RED-M 1; "},
    {"nothing but its document", "on_post", {RESULT(OUTCOME_POSTED), ENTRY(1, 2, 1)}, ""},
    {"everything",
     "on_post",
     {EVENT(1, 2, 1), EVENT(2, 3, 1), CANCEL(3), RESULT(OUTCOME_POSTED), ENTRY(1, 2, 1), DISCARD(4),
      EVENT(1, 2, 1)},
     "SKU00001@01 0 of 2 at 500; TSHIRT:RED:M@01 0 of 1 at 500; "},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static size_t make_news(struct world *world, const struct scenario *s,
                        struct world_record records[NEWS_MAX])
{
    size_t count = 0;
    for (; count < NEWS_MAX && s->news[count].kind != NEWS_NONE; count++) {
        const struct news *n = &s->news[count];
        records[count] =
            n->kind == NEWS_EVENT    ? world_version(world, n->version, n->shoes, n->shirts)
            : n->kind == NEWS_ENTRY  ? world_entry(world, n->version, n->shoes, n->shirts)
            : n->kind == NEWS_RESULT ? world_result(world, (int)n->outcome, n->version)
                                     : world_discard(world, WORLD_BEGAN + 1000 * n->version - 1);
    }
    return count;
}

static void forget_topics(struct world *world)
{
    for (size_t i = 0; i < world->kept_count; i++) {
        free(world->kept[i].key);
        free(world->kept[i].value);
    }
    world->kept_count = world->written = world->tombstones = 0;
    world_kill(world);
}

static bool next_permutation(size_t order[], size_t count)
{
    size_t i = count - 1, j = count - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    while (order[j] <= order[i - 1])
        j--;
    const size_t swapped = order[j];
    order[j] = order[i - 1];
    order[i - 1] = swapped;
    for (size_t a = i, b = count - 1; a < b; a++, b--) {
        const size_t kept = order[a];
        order[a] = order[b];
        order[b] = kept;
    }
    return true;
}

static void expect(struct world *world, const struct scenario *s, const size_t order[],
                   size_t count)
{
    const char *got = world_reservations(world);
    if (strcmp(got, s->reservations) == 0)
        return;
    print_message("  %s:", s->name);
    for (size_t i = 0; i < count; i++)
        print_message(" %zu", order[i]);
    fail_msg("\n  not %s\n  but %s", s->reservations, got);
}

/* Whichever comes first, readers have the same in the end; and what comes again writes nothing. */
static void test_permutations(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        const struct scenario *s = &scenarios[i];
        struct world world;
        struct world_record records[NEWS_MAX];
        size_t order[NEWS_MAX], tried = 0;
        world_begin(&world, s->allocates);
        const size_t count = make_news(&world, s, records);
        for (size_t n = 0; n < count; n++)
            order[n] = n;
        do {
            forget_topics(&world);
            for (size_t n = 0; n < count; n++)
                world_hear(&world, &records[order[n]]);
            world_commit(&world);
            expect(&world, s, order, count);
            if (tried++ % 16 != 0)
                continue;
            const size_t written = world.written;
            for (size_t n = 0; n < count; n++)
                world_hear(&world, &records[n]);
            world_commit(&world);
            assert_int_equal(world.written, written);
        } while (next_permutation(order, count));
        print_message("  %s: %zu orders of arrival\n", s->name, tried);
        world_end(&world);
    }
}

/* One life of an order's records in some order, with deaths at random. */
static void live(struct world *world, const struct scenario *s, const struct world_record records[],
                 size_t count)
{
    size_t order[NEWS_MAX], committed = 0;
    forget_topics(world);
    for (size_t n = 0; n < count; n++)
        order[n] = n;
    for (size_t n = count; n > 1; n--) {
        const size_t other = (size_t)chance_below((int64_t)n), kept = order[n - 1];
        order[n - 1] = order[other];
        order[other] = kept;
    }
    for (size_t n = 0; n < count;) {
        world_hear(world, &records[order[n++]]);
        const int64_t what = chance_below(4);
        if (what == 1 || what == 2) {
            world_commit(world);
            committed = n;
        }
        if (what < 2) { /* before the commit, or right behind it */
            world_kill(world);
            n = committed;
        }
    }
    world_commit(world);
    expect(world, s, order, count);
    world_kill(world);
    const size_t written = world->written;
    for (size_t n = 0; n < count; n++) /* all offsets were set back */
        world_hear(world, &records[n]);
    world_commit(world);
    assert_int_equal(world->written, written);
}

/* What was made and not committed is lost with the process, and its records are read again. */
static void test_kills(void **state)
{
    (void)state;
    chance = 20261130;
    for (size_t i = 0; i < SCENARIOS; i++) {
        struct world world;
        struct world_record records[NEWS_MAX];
        world_begin(&world, scenarios[i].allocates);
        const size_t count = make_news(&world, &scenarios[i], records);
        for (int64_t round = 0; round < test_effort(150); round++)
            live(&world, &scenarios[i], records, count);
        world_end(&world);
    }
}

/* The same records make the same bytes after a death. */
static void test_redone_alike(void **state)
{
    (void)state;
    struct world world;
    struct world_record records[NEWS_MAX];
    const struct scenario *s = &scenarios[SCENARIOS - 1];
    world_begin(&world, s->allocates);
    const size_t count = make_news(&world, s, records);
    struct batch first = {0}, again = {0};
    for (size_t n = 0; n < count; n++)
        world_hear(&world, &records[n]);
    struct reservation_outbox lost = world.maker.outbox;
    world.maker.outbox = (struct reservation_outbox){0};
    world_kill(&world);
    for (size_t n = 0; n < count; n++)
        world_hear(&world, &records[n]);
    reservation_outbox_take(&lost, &first);
    reservation_outbox_take(&world.maker.outbox, &again);
    assert_true(first.count > 10);
    assert_int_equal(first.count, again.count);
    for (size_t i = 0; i < first.count; i++) {
        const struct kafka_message *a = first.messages[i], *b = again.messages[i];
        assert_ptr_equal(a->topic, b->topic);
        assert_true(a->key_size == b->key_size && a->value_size == b->value_size);
        assert_memory_equal(a->key, b->key, a->key_size);
        if (a->value_size > 0)
            assert_memory_equal(a->value, b->value, a->value_size);
    }
    free(first.messages);
    free(again.messages);
    reservation_outbox_end(&lost, false);
    reservation_outbox_release(&lost);
    world_end(&world);
}

/* An aborted transaction's messages go again, before those that came meanwhile; of one order the
 * newest is the last. */
static void test_aborted(void **state)
{
    (void)state;
    struct world world;
    struct batch batch = {0};
    world_begin(&world, "on_post");
    const struct world_record first = world_version(&world, 1, 2, 1),
                              second = world_version(&world, 2, 1, 1);
    world_hear(&world, &first);
    reservation_outbox_take(&world.maker.outbox, &batch);
    const size_t taken = batch.count;
    assert_int_equal(taken, 3);
    world_hear(&world, &second);
    reservation_outbox_take(&world.maker.outbox, &batch); /* of another topic: nothing more */
    assert_int_equal(batch.count, taken);
    reservation_outbox_end(&world.maker.outbox, false);
    free(batch.messages);
    world_commit(&world);
    assert_int_equal(world.written, taken + 2);
    assert_string_equal(world_reservations(&world),
                        "SKU00001@01 1, 1001/SKU00001 1; TSHIRT:RED:M@01 1, 1001/TSHIRT-RED-M 1; ");
    world_end(&world);
}

/* 0 units come before the tombstone, so that running totals are given back. */
static void test_ends(void **state)
{
    (void)state;
    struct world world;
    struct batch batch = {0};
    world_begin(&world, "on_post");
    const struct world_record first = world_version(&world, 1, 2, 1),
                              cancel = world_version(&world, 2, 0, 0);
    world_hear(&world, &first);
    world_commit(&world);
    world_hear(&world, &cancel);
    reservation_outbox_take(&world.maker.outbox, &batch);
    assert_int_equal(batch.count, 5);
    for (size_t i = 0; i < 4; i += 2) {
        struct stock_reservation r;
        struct arena *arena = arena_new(SUPPORT_ARENA);
        assert_int_equal(codec_test_decode(world.codec, &stock_reservation_record,
                                           batch.messages[i]->value, batch.messages[i]->value_size,
                                           arena, &r),
                         PF_OK);
        assert_true(r.units == 0 && r.taken.count == 0 && r.version == 2);
        assert_null(batch.messages[i + 1]->value);
        assert_int_equal(batch.messages[i + 1]->key_size, batch.messages[i]->key_size);
        assert_memory_equal(batch.messages[i + 1]->key, batch.messages[i]->key,
                            batch.messages[i]->key_size);
        arena_free(arena);
    }
    assert_ptr_equal(batch.messages[4]->topic, topic_stock_orders);
    assert_int_equal(world.maker.keep.table.count, 1); /* a late version 1 must find it */
    assert_int_equal(world.maker.keep.open, 0);
    reservation_outbox_end(&world.maker.outbox, false);
    free(batch.messages);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutations), cmocka_unit_test(test_kills),
        cmocka_unit_test(test_redone_alike), cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests_name("reservation_maker", tests, NULL, NULL);
}
