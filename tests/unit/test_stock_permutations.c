/* Stock's pure functions do not depend on the order in which things come to be known: every
 * permutation of what is told of an order, its versions, its cancellation, its document, its release,
 * and of the reads of Prima before and after, some of it twice, ends in one level and one running
 * total; and that level is what the rules say. */
#include "test_stock_support.h"

enum { NEWS_MAX = 8, ARENA = 1 << 20, NOW = 5000 };

enum news_kind { NEWS_WANT, NEWS_CANCEL, NEWS_POSTED, NEWS_ALLOCATED, NEWS_DISCARD, NEWS_READ };

struct news {
    enum news_kind kind;
    int64_t version;   /* of want, cancel, posted, allocated */
    const char *depot; /* "": "A" or "B" */
    int64_t units;     /* of read: available */
    int64_t at;        /* allocated: when; read: when it began */
};

struct scenario {
    const char *name;
    struct news news[NEWS_MAX];
    size_t count;
    int64_t levels[2]; /* of the locations below, -1: nothing is stated */
    int64_t taken;
};

static const char *const both[] = {"A", "B"};

static const struct hold_location locations[] = {
    {"L1", {"A"}, 1},
    {"L2", {"A", "B"}, 2},
};

#define WANT(version, depot, units)                                                                \
    {                                                                                              \
        NEWS_WANT, version, depot, units, 0                                                        \
    }
#define CANCEL(version)                                                                            \
    {                                                                                              \
        NEWS_CANCEL, version, "A", 0, 0                                                            \
    }
#define POSTED(version, depot, units)                                                              \
    {                                                                                              \
        NEWS_POSTED, version, depot, units, 0                                                      \
    }
#define ALLOCATED(version, depot, units, at)                                                       \
    {                                                                                              \
        NEWS_ALLOCATED, version, depot, units, at                                                  \
    }
#define READ(depot, began, available)                                                              \
    {                                                                                              \
        NEWS_READ, 0, depot, available, began                                                      \
    }
#define NEWS(...) {__VA_ARGS__}, sizeof((struct news[]){__VA_ARGS__}) / sizeof(struct news)

/* Prima has 10 at A and 4 at B before; lag is 5. */
static const struct scenario scenarios[] = {
    {"an order before it is posted",
     NEWS(WANT(1, "A", 3), WANT(1, "A", 3), READ("A", 100, 10), READ("A", 90, 12),
          READ("B", 100, 4)),
     {7, 11},
     3},
    {"posted, and read before",
     NEWS(WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200), READ("A", 100, 10), READ("A", 205, 10),
          READ("B", 100, 4), WANT(1, "A", 3)),
     {7, 11},
     3},
    {"posted, and read after",
     NEWS(WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200), READ("A", 100, 10), READ("A", 206, 7),
          READ("B", 100, 4), WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200), READ("A", 150, 10)),
     {7, 11},
     3},
    {"cancelled before it is posted",
     NEWS(WANT(1, "A", 3), CANCEL(2), READ("A", 100, 10), READ("A", 300, 10), READ("B", 100, 4),
          WANT(1, "A", 3), CANCEL(2)),
     {10, 14},
     0},
    {"cancelled after it was posted: Prima's figure lacks it until somebody acts",
     NEWS(WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200), CANCEL(2), READ("A", 100, 10),
          READ("B", 100, 4), CANCEL(2)),
     {7, 11},
     0},
    {"... and read after",
     NEWS(WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200), CANCEL(2), READ("A", 100, 10),
          READ("A", 300, 7), READ("B", 100, 4), WANT(1, "A", 3)),
     {7, 11},
     0},
    {"a unit less before it is posted",
     NEWS(WANT(1, "A", 3), WANT(2, "A", 2), READ("A", 100, 10), READ("B", 100, 4), WANT(1, "A", 3)),
     {8, 12},
     2},
    {"the version that was posted was another, with more",
     NEWS(WANT(1, "A", 3), WANT(2, "A", 2), ALLOCATED(1, "A", 3, 200), READ("A", 100, 10),
          READ("A", 300, 7), READ("B", 100, 4), WANT(2, "A", 2)),
     {7, 11},
     2},
    {"... with less: what is more is netted until the document has it",
     NEWS(WANT(1, "A", 3), WANT(2, "A", 5), ALLOCATED(1, "A", 3, 200), READ("A", 100, 10),
          READ("A", 300, 7), READ("B", 100, 4), WANT(2, "A", 5)),
     {5, 9},
     5},
    {"... and a person amended it",
     NEWS(WANT(1, "A", 3), WANT(2, "A", 5), ALLOCATED(1, "A", 3, 200), ALLOCATED(2, "A", 5, 400),
          READ("A", 300, 7), READ("A", 500, 5), READ("B", 100, 4), WANT(1, "A", 3)),
     {5, 9},
     5},
    {"... which no read has yet: netted whole, until the next",
     NEWS(WANT(1, "A", 3), WANT(2, "A", 5), ALLOCATED(1, "A", 3, 200), ALLOCATED(2, "A", 5, 400),
          READ("A", 300, 7), READ("B", 100, 4)),
     {2, 6},
     5},
    {"posted on hold: not allocated",
     NEWS(WANT(1, "A", 3), POSTED(1, "A", 3), READ("A", 100, 10), READ("A", 300, 10),
          READ("B", 100, 4), WANT(1, "A", 3)),
     {7, 11},
     3},
    {"... released, and read after",
     NEWS(WANT(1, "A", 3), POSTED(1, "A", 3), ALLOCATED(1, "A", 3, 400), READ("A", 300, 10),
          READ("A", 500, 7), READ("B", 100, 4), POSTED(1, "A", 3)),
     {7, 11},
     3},
    {"moved to another depot before it is posted",
     NEWS(WANT(1, "A", 3), WANT(2, "B", 3), READ("A", 100, 10), READ("B", 100, 4), WANT(1, "A", 3)),
     {10, 11},
     3},
    {"... after: what A has is A's, until somebody acts",
     NEWS(WANT(1, "A", 3), WANT(2, "B", 3), ALLOCATED(1, "A", 3, 200), READ("A", 100, 10),
          READ("A", 300, 7), READ("B", 100, 4)),
     {7, 11},
     3},
    {"posted from another depot than was thought",
     NEWS(WANT(1, "A", 3), ALLOCATED(1, "B", 3, 200), READ("A", 100, 10), READ("B", 100, 4),
          READ("B", 300, 1), WANT(1, "A", 3)),
     {10, 11},
     3},
    {"without location, not posted: at both, once",
     NEWS(WANT(1, "", 3), READ("A", 100, 10), READ("B", 100, 4), WANT(1, "", 3)),
     {7, 11},
     3},
    {"... Prima took it from B; A is read: A is free, where B counts it is open",
     NEWS(WANT(1, "", 3), ALLOCATED(1, "", 3, 200), READ("A", 100, 10), READ("A", 300, 10),
          READ("B", 100, 4), WANT(1, "", 3)),
     {10, 11},
     3},
    {"... and B",
     NEWS(WANT(1, "", 3), ALLOCATED(1, "", 3, 200), READ("A", 100, 10), READ("A", 300, 10),
          READ("B", 100, 4), READ("B", 300, 1), WANT(1, "", 3), ALLOCATED(1, "", 3, 200)),
     {10, 11},
     3},
    {"discarded by a person",
     NEWS(WANT(1, "A", 3), {NEWS_DISCARD, 0, "A", 0, 0}, WANT(2, "A", 4), READ("A", 100, 10),
          READ("B", 100, 4)),
     {10, 14},
     4},
    {"Prima has less than is promised: never below 0",
     NEWS(WANT(1, "A", 3), READ("A", 100, -2), READ("B", 100, 1), WANT(1, "A", 3)),
     {0, 0},
     3},
    {"posted, and nothing is known of the order itself",
     NEWS(ALLOCATED(1, "A", 3, 200), READ("A", 100, 10), READ("B", 100, 4)),
     {10, 14},
     0},
    {"no read at all", NEWS(WANT(1, "A", 3), ALLOCATED(1, "A", 3, 200)), {-1, -1}, 3},
};

static size_t depot_index(const char *depot)
{
    return (size_t)(*depot - 'A');
}

static void tell(struct hold *hold, const struct news *news)
{
    const bool many = *news->depot == '\0';
    struct stock_want want;
    struct stock_have have =
        hold_have(hold->arena, news->version, news->depot, both, many ? 2 : 0, news->units);
    switch (news->kind) {
    case NEWS_WANT:
        want = hold_want(hold->arena, news->version, news->depot, both, many ? 2 : 0, news->units,
                         "L1");
        hold_news(hold, 0, &want, NULL, NOW);
        break;
    case NEWS_CANCEL:
        want = hold_cancelled(news->version);
        hold_news(hold, 0, &want, NULL, NOW);
        break;
    case NEWS_DISCARD:
        have = (struct stock_have){.version = INT64_MIN, .discarded = true};
        hold_news(hold, 0, NULL, &have, NOW);
        break;
    case NEWS_ALLOCATED:
        have = hold_allocated(have, news->at);
        hold_news(hold, 0, NULL, &have, NOW);
        break;
    case NEWS_POSTED:
        hold_news(hold, 0, NULL, &have, NOW);
        break;
    case NEWS_READ:
        hold_read(hold, depot_index(news->depot), news->at, news->units);
        break;
    }
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

static void describe(const struct scenario *s, const size_t order[])
{
    static const char *const kinds[] = {"want", "cancel", "posted", "allocated", "discard", "read"};
    for (size_t i = 0; i < s->count; i++)
        print_message("    %s v%lld %s %lld at %lld\n", kinds[s->news[order[i]].kind],
                      (long long)s->news[order[i]].version, s->news[order[i]].depot,
                      (long long)s->news[order[i]].units, (long long)s->news[order[i]].at);
}

static void test_permutations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *s = &scenarios[i];
        size_t order[NEWS_MAX], tried = 0;
        for (size_t n = 0; n < s->count; n++)
            order[n] = n;
        print_message("  %s\n", s->name);
        do {
            struct hold hold;
            struct arena *arena = arena_new(ARENA);
            hold_begin(&hold, arena, locations, 2);
            for (size_t n = 0; n < s->count; n++)
                tell(&hold, &s->news[order[n]]);
            for (size_t l = 0; l < 2; l++) {
                struct stock_parts parts = {.level = -1};
                if (!hold_level(&hold, l, 0, NOW, &parts))
                    parts.level = -1;
                if (parts.level != s->levels[l]) {
                    describe(s, order);
                    fail_msg("%s is %lld, not %lld", locations[l].name, (long long)parts.level,
                             (long long)s->levels[l]);
                }
            }
            if (hold.taken[0] != s->taken) {
                describe(s, order);
                fail_msg("taken is %lld, not %lld", (long long)hold.taken[0], (long long)s->taken);
            }
            arena_free(arena);
            tried++;
        } while (next_permutation(order, s->count));
        assert_true(tried > 1);
    }
}

/* What comes again says nothing new, and nothing is written. */
static void test_repeats_write_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const struct scenario *s = &scenarios[i];
        struct hold hold;
        struct arena *arena = arena_new(ARENA);
        hold_begin(&hold, arena, locations, 2);
        for (size_t n = 0; n < s->count; n++)
            tell(&hold, &s->news[n]);
        const size_t written = hold.written;
        for (size_t n = 0; n < s->count; n++)
            tell(&hold, &s->news[n]);
        if (hold.written != written)
            fail_msg("%s: %zu records more", s->name, hold.written - written);
        arena_free(arena);
    }
}

/* A version of its own number does not undo a cancellation, and a number alone is no news. */
static void test_versions(void **state)
{
    (void)state;
    static const struct news first = WANT(1, "A", 3), cancel = CANCEL(1), later = WANT(2, "A", 3);
    struct hold hold;
    struct arena *arena = arena_new(ARENA);
    hold_begin(&hold, arena, locations, 2);
    tell(&hold, &first);
    const size_t written = hold.written;
    tell(&hold, &later);
    assert_int_equal(hold.written, written);
    hold_begin(&hold, arena, locations, 2);
    tell(&hold, &first);
    tell(&hold, &cancel);
    tell(&hold, &first);
    assert_int_equal(hold.claim_count, 0);
    assert_int_equal(hold.taken[0], 0);
    arena_free(arena);
}

/* An order of two depots, amended by a unit at the first: what Prima took is placed where it took it,
 * and what the channel lowered itself by is told once. */
static void test_two_depots(void **state)
{
    (void)state;
    struct stock_row wanted[] = {{HOLD_SKU, "A", {0}, 1}, {HOLD_SKU, "B", {0}, 2}},
                     posted[] = {{HOLD_SKU, "A", {0}, 1}, {HOLD_SKU, "B", {0}, 1}};
    struct stock_taken taken = {HOLD_SKU, "L1", HOLD_OWN, 3};
    const struct stock_want want = {
        .version = 2, .rows = wanted, .count = 2, .taken = &taken, .taken_count = 1};
    const struct stock_have have = {
        .version = 1, .allocated = true, .allocated_at = 200, .rows = posted, .count = 2};
    struct hold hold;
    struct arena *arena = arena_new(ARENA);
    hold_begin(&hold, arena, locations, 2);
    hold_news(&hold, 0, &want, &have, NOW);
    assert_int_equal(hold.claim_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const bool is_a = *hold.claims[i]->depot == 'A';
        assert_int_equal(hold.claims[i]->units, is_a ? 1 : 2);
        assert_int_equal(hold.claims[i]->allocated_units, 1);
    }
    assert_int_equal(hold.taken[0], 3);
    struct stock_row moved[] = {{HOLD_SKU, "A", {0}, 1}, {HOLD_SKU, "B", {0}, 1}},
                     only_b[] = {{HOLD_SKU, "B", {0}, 1}};
    const struct stock_want less = {.version = 3, .rows = only_b, .count = 1};
    const struct stock_have both_there = {
        .version = 1, .allocated = true, .allocated_at = 200, .rows = moved, .count = 2};
    hold_begin(&hold, arena, locations, 2);
    hold_news(&hold, 0, &less, &both_there, NOW);
    for (size_t i = 0; i < 2; i++) /* the unit that stays is B's own, not A's */
        assert_int_equal(hold.claims[i]->units, *hold.claims[i]->depot == 'A' ? 0 : 1);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutations),
        cmocka_unit_test(test_repeats_write_nothing),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_two_depots),
    };
    return cmocka_run_group_tests_name("stock_permutations", tests, NULL, NULL);
}
