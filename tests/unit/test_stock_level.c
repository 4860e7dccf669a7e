/* Levels: each part of them, and what is done about figures that are missing, too large or old. */
#include "test_stock_support.h"

#include <string.h>

enum { LAG = 5, BEFORE = 100, AT = 200, NOW = 1000 };

static const char *const a_and_b[] = {"A", "B"}, *const b_and_c[] = {"B", "C"};

static struct stock_reservation claim(const char *depot, int64_t units, int64_t allocated)
{
    struct stock_reservation c = {.order = "o",
                                  .channel = "shop",
                                  .store = "uk",
                                  .depot = depot,
                                  .units = units,
                                  .allocated_units = allocated};
    if (*depot == '\0') {
        c.depots.items = (const char **)(uintptr_t)a_and_b;
        c.depots.count = 2;
    }
    c.has_allocated_at = allocated > 0;
    c.allocated_at = AT;
    return c;
}

static void test_reads(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct stock_read before, newer, after;
        bool counts;
    } rows[] = {
        {"the first", {"A", 0, 0, false}, {"A", 5, 7, true}, {"A", 5, 7, true}, true},
        {"a later one", {"A", 5, 7, true}, {"A", 6, 3, true}, {"A", 6, 3, true}, true},
        {"the same again", {"A", 5, 7, true}, {"A", 5, 3, true}, {"A", 5, 7, true}, false},
        {"an earlier one", {"A", 5, 7, true}, {"A", 4, 3, true}, {"A", 5, 7, true}, false},
        {"a later one that lacks it: what it had is not newer for that",
         {"A", 5, 7, true},
         {"A", 9, 0, false},
         {"A", 5, 7, true},
         false},
        {"none had it yet", {"A", 5, 0, false}, {"A", 9, 0, false}, {"A", 9, 0, false}, true},
        {"it is there at last", {"A", 9, 0, false}, {"A", 10, 1, true}, {"A", 10, 1, true}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct stock_read read = rows[i].before;
        assert_int_equal(stock_read_apply(&read, &rows[i].newer), rows[i].counts);
        assert_true(read.began_at == rows[i].after.began_at &&
                    read.available == rows[i].after.available &&
                    read.present == rows[i].after.present);
    }
}

static void test_claims(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t units, allocated, began_at, counts;
    } rows[] = {
        {"accepted, never read", 3, 0, 0, 3},
        {"accepted, read", 3, 0, NOW, 3},
        {"allocated, read before", 3, 3, BEFORE, 3},
        {"... when it was", 3, 3, AT, 3},
        {"... at the end of the lag", 3, 3, AT + LAG, 3},
        {"... after the lag", 3, 3, AT + LAG + 1, 0},
        {"more is wanted", 5, 3, BEFORE, 5},
        {"..., read", 5, 3, NOW, 2},
        {"less is wanted", 2, 3, BEFORE, 3},
        {"..., read", 2, 3, NOW, 0},
        {"nothing", 0, 0, NOW, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct stock_reservation c = claim("A", rows[i].units, rows[i].allocated);
        const struct stock_read read = {"A", rows[i].began_at, 10, rows[i].began_at > 0};
        assert_int_equal(stock_claim_units(&c, rows[i].began_at == 0 ? NULL : &read, LAG),
                         rows[i].counts);
        assert_int_equal(stock_claim_is_over(&c, &read, 1, LAG), rows[i].counts == 0);
    }
    const struct stock_reservation far = {
        .units = 1, .allocated_units = 1, .has_allocated_at = true, .allocated_at = INT64_MAX};
    const struct stock_read last = {"A", INT64_MAX, 0, true};
    assert_int_equal(stock_claim_units(&far, &last, LAG), 1);
}

static void test_nowhere(void **state)
{
    (void)state;
    struct stock_read reads[] = {{"A", NOW, 10, true}, {"B", BEFORE, 10, true}};
    const struct stock_reservation c = claim("", 3, 3);
    assert_false(stock_claim_is_over(&c, reads, 2, LAG));
    reads[1].began_at = NOW;
    assert_true(stock_claim_is_over(&c, reads, 2, LAG));
    assert_false(stock_claim_is_over(&c, reads, 1, LAG)); /* B was never read */
}

struct level_row {
    const char *name;
    const char *const *depots;
    size_t depot_count;
    struct stock_read reads[3];
    struct stock_reservation claims[3];
    size_t claim_count;
    int64_t buffer;
    bool is_stated;
    int64_t level, available, in_flight, as_of;
};

static bool make(const struct level_row *row, struct stock_settings settings, int64_t now,
                 struct stock_parts *ret_parts)
{
    const struct stock_reservation *claims[3] = {&row->claims[0], &row->claims[1], &row->claims[2]};
    const struct stock_inputs inputs = {row->reads, 3, claims, row->claim_count, LAG};
    const struct stock_location place = {
        "L", "A", {(const char **)(uintptr_t)row->depots, row->depot_count}};
    return stock_level_make(&inputs, &place, row->buffer, &settings, now, ret_parts);
}

#define CLAIM(depot_, units_)                                                                      \
    {                                                                                              \
        .order = "o", .depot = (depot_), .units = (units_)                                         \
    }
#define CLAIM_OF(depot_, units_, ...)                                                              \
    {                                                                                              \
        .order = "o", .depot = (depot_), .units = (units_), __VA_ARGS__                            \
    }
#define OF_BOTH .depots = {(const char **)(uintptr_t)a_and_b, 2}
#define IN_PRIMA(units_) .allocated_units = units_, .has_allocated_at = true, .allocated_at = AT

static void test_levels(void **state)
{
    (void)state;
    static const struct level_row rows[] = {
        {"available", a_and_b, 1, {{"A", BEFORE, 10, true}}, {{0}}, 0, 0, true, 10, 10, 0, BEFORE},
        {"two depots, as old as the older",
         a_and_b,
         2,
         {{"A", NOW, 10, true}, {"B", BEFORE, 4, true}},
         {{0}},
         0,
         0,
         true,
         14,
         14,
         0,
         BEFORE},
        {"another's depot is not summed",
         a_and_b,
         1,
         {{"A", BEFORE, 10, true}, {"B", BEFORE, 4, true}},
         {CLAIM("B", 2)},
         1,
         0,
         true,
         10,
         10,
         0,
         BEFORE},
        {"less what is in flight and what is kept back",
         a_and_b,
         1,
         {{"A", BEFORE, 10, true}},
         {CLAIM("A", 3), CLAIM("A", 1)},
         2,
         2,
         true,
         4,
         10,
         4,
         BEFORE},
        {"never below 0",
         a_and_b,
         1,
         {{"A", BEFORE, 1, true}},
         {CLAIM("A", 3)},
         1,
         2,
         true,
         0,
         1,
         3,
         BEFORE},
        {"Prima has promised more than it has",
         a_and_b,
         2,
         {{"A", BEFORE, -4, true}, {"B", BEFORE, 3, true}},
         {{0}},
         0,
         0,
         true,
         0,
         -1,
         0,
         BEFORE},
        {"of no depot: counts once where both are summed",
         a_and_b,
         2,
         {{"A", BEFORE, 10, true}, {"B", BEFORE, 4, true}},
         {CLAIM_OF("", 3, OF_BOTH)},
         1,
         0,
         true,
         11,
         14,
         3,
         BEFORE},
        {"... once one is read still, for the other is not",
         a_and_b,
         2,
         {{"A", NOW, 10, true}, {"B", BEFORE, 4, true}},
         {CLAIM_OF("", 3, OF_BOTH, IN_PRIMA(3))},
         1,
         0,
         true,
         11,
         14,
         3,
         BEFORE},
        {"... not at depots that could not serve it",
         b_and_c + 1,
         1,
         {{"C", BEFORE, 10, true}},
         {CLAIM_OF("", 3, OF_BOTH)},
         1,
         0,
         true,
         10,
         10,
         0,
         BEFORE},
        {"one depot has it: the others add nothing",
         a_and_b,
         2,
         {{"A", BEFORE, 10, true}, {"B", NOW, 0, false}},
         {{0}},
         0,
         0,
         true,
         10,
         10,
         0,
         BEFORE},
        {"an order at a depot that was never read counts",
         a_and_b,
         2,
         {{"A", BEFORE, 10, true}, {"B", 0, 0, false}},
         {CLAIM("B", 3)},
         1,
         0,
         true,
         7,
         10,
         3,
         BEFORE},
        {"... and no more once a read there had it, though it lacks the SKU",
         a_and_b,
         2,
         {{"A", BEFORE, 10, true}, {"B", NOW, 0, false}},
         {CLAIM_OF("B", 3, IN_PRIMA(3))},
         1,
         0,
         true,
         10,
         10,
         0,
         BEFORE},
        {"missing is not zero", a_and_b, 1, {{"A", NOW, 0, false}}, {{0}}, 0, 0, false, 0, 0, 0, 0},
        {"never read", a_and_b, 1, {{"B", NOW, 5, true}}, {{0}}, 0, 0, false, 0, 0, 0, 0},
        {"without depot nothing is stated",
         a_and_b,
         0,
         {{"A", NOW, 5, true}},
         {{0}},
         0,
         0,
         false,
         0,
         0,
         0,
         0},
        {"too large to be true",
         a_and_b,
         2,
         {{"A", NOW, INT64_MAX, true}, {"B", NOW, 5, true}},
         {{0}},
         0,
         0,
         true,
         INT64_MAX,
         INT64_MAX,
         0,
         NOW},
        {"... in flight",
         a_and_b,
         1,
         {{"A", NOW, 5, true}},
         {CLAIM("A", INT64_MAX), CLAIM("A", INT64_MAX)},
         2,
         1,
         true,
         0,
         5,
         INT64_MAX,
         NOW},
        {"... and below",
         a_and_b,
         2,
         {{"A", NOW, INT64_MIN, true}, {"B", NOW, -5, true}},
         {CLAIM("A", 5)},
         1,
         1,
         true,
         0,
         INT64_MIN,
         5,
         NOW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct level_row row = rows[i];
        print_message("  %s\n", row.name);
        for (size_t r = 0; r < 3; r++)
            if (row.reads[r].depot == NULL)
                row.reads[r].depot = "-";
        struct stock_parts parts = {.level = -1};
        const bool stated = make(&row, (struct stock_settings){.stale_after_ms = NOW}, NOW, &parts);
        assert_int_equal(stated, row.is_stated);
        if (!stated) {
            assert_int_equal(parts.level, -1);
            continue;
        }
        assert_true(parts.level == row.level && parts.available == row.available);
        assert_true(parts.in_flight == row.in_flight && parts.buffer == row.buffer);
        assert_true(parts.as_of == row.as_of);
        assert_false(parts.stale);
    }
}

static void test_stale(void **state)
{
    (void)state;
    static const struct {
        enum stale_policy policy;
        int64_t cap, now, level;
        bool stale;
        enum level_reason why;
    } rows[] = {
        {STALE_ZERO, 0, BEFORE + 50, 7, false, LEVEL_OTHER},
        {STALE_KEEP, 0, BEFORE + 51, 7, true, LEVEL_STALE_KEEP},
        {STALE_CAP, 2, BEFORE + 51, 2, true, LEVEL_STALE_CAP},
        {STALE_CAP, 9, BEFORE + 51, 7, true, LEVEL_STALE_CAP},
        {STALE_ZERO, 2, BEFORE + 51, 0, true, LEVEL_STALE_ZERO},
    };
    struct level_row row = {.depots = a_and_b,
                            .depot_count = 1,
                            .reads = {{"A", BEFORE, 10, true}, {"B", NOW, 1, true}, {"C", 0, 0, 0}},
                            .claims = {claim("A", 3, 0)},
                            .claim_count = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stock_settings settings = {
            .stale_after_ms = 50, .stale = rows[i].policy, .stale_cap = rows[i].cap};
        struct stock_parts parts;
        assert_true(make(&row, settings, rows[i].now, &parts));
        assert_int_equal(parts.level, rows[i].level);
        assert_int_equal(parts.stale, rows[i].stale);
        assert_int_equal(parts.why, rows[i].why);
        assert_int_equal(parts.stale_since, rows[i].stale ? BEFORE + 50 : 0);
    }
}

static void test_bundles(void **state)
{
    (void)state;
    static struct bundle_component components[] = {{.product = "P", .quantity = 2},
                                                   {.product = "Q", .quantity = 3}};
    const struct bundle_rule bundle = {.sku = "SET", .components = components, .count = 2};
    static const struct {
        const char *name;
        struct stock_parts p, q;
        int64_t level, available, in_flight, buffer, as_of;
    } rows[] = {
        {"the least", {5, 5, 0, 0, 10, 0, 0, 0}, {12, 12, 0, 0, 20, 0, 0, 0}, 2, 2, 0, 0, 10},
        {"... of the other", {9, 9, 0, 0, 20, 0, 0, 0}, {5, 5, 0, 0, 10, 0, 0, 0}, 1, 1, 0, 0, 10},
        {"with orders and a buffer",
         {5, 11, 3, 3, 10, 0, 0, 0},
         {99, 99, 0, 0, 10, 0, 0, 0},
         2,
         5,
         2,
         1,
         10},
        {"none", {0, -3, 2, 1, 10, 0, 0, 0}, {99, 99, 0, 0, 10, 0, 0, 0}, 0, -2, 1, 0, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct stock_parts *parts[] = {&rows[i].p, &rows[i].q};
        struct stock_parts made;
        assert_true(stock_level_of_bundle(&bundle, parts, &made));
        assert_int_equal(made.level, rows[i].level);
        assert_int_equal(made.available, rows[i].available);
        assert_int_equal(made.in_flight, rows[i].in_flight);
        assert_int_equal(made.buffer, rows[i].buffer);
        assert_int_equal(made.as_of, rows[i].as_of);
        const int64_t rest = made.available - made.in_flight - made.buffer;
        assert_int_equal(made.level, rest > 0 ? rest : 0);
        parts[1] = NULL;
        assert_false(stock_level_of_bundle(&bundle, parts, &made));
    }
}

static void test_taken(void **state)
{
    (void)state;
    static struct reservation_taken two[] = {{"L1", "X", 2}, {"L2", "X", 5}},
                                    three[] = {{"L1", "X", 3}, {"L1", "Y", 9}};
    struct stock_reservation before = {.channel = "shop", .store = "uk"}, after = before;
    before.taken.items = two;
    before.taken.count = 2;
    after.taken.items = three;
    after.taken.count = 2;
    static const struct {
        const char *channel, *store, *location, *sku;
        int64_t first, then;
    } rows[] = {
        {"shop", "uk", "L1", "X", 2, 1},   {"shop", "uk", "L2", "X", 5, -5},
        {"shop", "uk", "L1", "Y", 0, 9},   {"shop", "eu", "L1", "X", 0, 0},
        {"market", "uk", "L1", "X", 0, 0}, {"shop", "uk", "L3", "X", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(stock_taken_change(NULL, &before, rows[i].channel, rows[i].store,
                                            rows[i].location, rows[i].sku),
                         rows[i].first);
        assert_int_equal(stock_taken_change(&before, &after, rows[i].channel, rows[i].store,
                                            rows[i].location, rows[i].sku),
                         rows[i].then);
    }
}

static void test_replaces(void **state)
{
    (void)state;
    const struct stock_reservation old = {.version = 2}, same = {.version = 2},
                                   older = {.version = 1};
    assert_true(stock_claim_replaces(&old, NULL));
    assert_true(stock_claim_replaces(&same, &old));
    assert_false(stock_claim_replaces(&older, &old));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),   cmocka_unit_test(test_claims),
        cmocka_unit_test(test_nowhere), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_stale),   cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_taken),   cmocka_unit_test(test_replaces),
    };
    return cmocka_run_group_tests_name("stock_level", tests, NULL, NULL);
}
