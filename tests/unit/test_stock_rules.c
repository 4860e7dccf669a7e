/* What of the mappings stock reads: what is wrong in them is in test_order_rules; here, what is
 * found. */
#include "test_order_support.h"

#include "domain/mappings/stock_rules.h"

#include <stdio.h>
#include <string.h>

enum { ARENA = 1 << 20 };

/* A folder like the examples, with some files' content instead. */
static struct order_rules *rules_with(const char *const files[][2], size_t count)
{
    char folder[300], path[400];
    const char *copy = support_mappings_copy(NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", copy, files[i][0]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(files[i][1], file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s", copy);
    return support_rules((const char *const[]){folder, NULL});
}

static const char *joined(const struct rules_texts *texts, char *text, size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < texts->count; i++)
        used +=
            (size_t)snprintf(text + used, room - used, "%s%s", i > 0 ? " " : "", texts->items[i]);
    return text;
}

/* ---- depots ---- */

static const char *const some_depots[][2] = {
    {"depots.yaml", "depots:\n"
                    "  - {location: \"1\", depot: A}\n"
                    "  - {channel: shopify, store: uk, location: \"1\", depot: B, sums: [A, B]}\n"
                    "  - {channel: shopify, store: uk, location: \"2\", depot: C}\n"
                    "  - {channel: shopify, store: uk, location: \"3\", depot: B, sums: []}\n"
                    "  - {channel: shopify, location: \"4\", depot: D}\n"
                    "  - {channel: shopify, store: eu, location: \"5\", depot: E}\n"}};

static void test_locations(void **state)
{
    (void)state;
    static const struct {
        const char *store, *location, *depot, *sums; /* depot NULL: not mapped */
    } rows[] = {
        {"uk", "1", "B", "A B"}, {"eu", "1", "A", "A"}, {"uk", "2", "C", "C"},
        {"uk", "3", "B", ""},    {"uk", "4", "D", "D"}, {"uk", "5", NULL, NULL},
    };
    struct order_rules *rules = rules_with(some_depots, 1);
    char text[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct channel_rules *channel = rules_channel(rules, "shopify", rows[i].store);
        struct stock_location location;
        print_message("  %s at %s\n", rows[i].location, rows[i].store);
        assert_int_equal(rules_stock_location(rules, channel, rows[i].location, &location),
                         rows[i].depot != NULL);
        if (rows[i].depot == NULL)
            continue;
        assert_string_equal(location.depot, rows[i].depot);
        assert_string_equal(joined(&location.depots, text, sizeof text), rows[i].sums);
        assert_string_equal(rules_depot(rules, channel, rows[i].location), rows[i].depot);
    }
    support_rules_free(rules);
}

/* Levels go where a row says whose location it is, and where something is summed. */
static void test_published(void **state)
{
    (void)state;
    static const struct {
        const char *store, *locations;
    } rows[] = {{"uk", "1 2 "}, {"eu", "5 "}, {"jp", ""}};
    struct order_rules *rules = rules_with(some_depots, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100] = "";
        size_t cursor = 0;
        struct stock_location location;
        while (rules_stock_next(rules, rules_channel(rules, "shopify", rows[i].store), &cursor,
                                &location))
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
                           location.location);
        assert_string_equal(text, rows[i].locations);
    }
    support_rules_free(rules);
}

static void test_serving(void **state)
{
    (void)state;
    static const struct {
        const char *store, *depots;
    } rows[] = {{"uk", "B C D"}, {"eu", "A D E"}, {"jp", "A D"}};
    struct order_rules *rules = rules_with(some_depots, 1);
    struct arena *arena = arena_new(ARENA);
    char text[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rules_texts depots;
        assert_int_equal(rules_serving_depots(rules, rules_channel(rules, "shopify", rows[i].store),
                                              arena, &depots),
                         0);
        assert_string_equal(joined(&depots, text, sizeof text), rows[i].depots);
    }
    arena_free(arena);
    support_rules_free(rules);
}

/* ---- buffers ---- */

static void test_buffers(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"buffers.yaml",
         "buffers:\n"
         "  - {channel: shopify, units: 2}\n"
         "  - {channel: shopify, store: uk, units: 3}\n"
         "  - {channel: shopify, store: uk, location: \"9\", units: 4}\n"
         "  - {product: P, units: 0}\n"
         "  - {product: P, matrix: [RED], units: 7}\n"
         "  - {product: P, matrix: [RED, M], units: 8, from: 2026-11-01, until: 2026-11-30}\n"
         "  - {product: Q, units: 9, until: 2026-10-31}\n"
         "  - {depot: A, units: 5}\n"
         "  - {depot: B, units: 6}\n"
         "  - {depot: B, product: R, units: 1}\n"}};
    static const char *depots[] = {"A", "B", "C"};
    static const struct {
        const char *name, *channel, *store, *location;
        const char **depots;
        size_t depot_count;
        struct prima_sku sku;
        int32_t date;
        int64_t units;
    } rows[] = {
        {"a channel's", "shopify", "eu", "1", &depots[2], 1, {"X", {0}}, 20261115, 2},
        {"its store's", "shopify", "uk", "1", &depots[2], 1, {"X", {0}}, 20261115, 3},
        {"its location's", "shopify", "uk", "9", &depots[2], 1, {"X", {0}}, 20261115, 4},
        {"none", "mirakl", "marketplace", "1", &depots[2], 1, {"X", {0}}, 20261115, 0},
        {"a product's, before its place",
         "shopify",
         "uk",
         "9",
         &depots[2],
         1,
         {"P", {0}},
         20261115,
         0},
        {"a colour's", "shopify", "uk", "1", &depots[2], 1, {"P", {"RED", "L"}}, 20261115, 7},
        {"another colour's", "shopify", "uk", "1", &depots[2], 1, {"P", {"BLUE"}}, 20261115, 0},
        {"a size's", "shopify", "uk", "1", &depots[2], 1, {"P", {"RED", "M"}}, 20261101, 8},
        {"... on its last day",
         "shopify",
         "uk",
         "1",
         &depots[2],
         1,
         {"P", {"RED", "M"}},
         20261130,
         8},
        {"... the day before",
         "shopify",
         "uk",
         "1",
         &depots[2],
         1,
         {"P", {"RED", "M"}},
         20261031,
         7},
        {"... the day after",
         "shopify",
         "uk",
         "1",
         &depots[2],
         1,
         {"P", {"RED", "M"}},
         20261201,
         7},
        {"over", "shopify", "uk", "1", &depots[2], 1, {"Q", {0}}, 20261101, 3},
        {"a depot's", "mirakl", "marketplace", "1", depots, 1, {"X", {0}}, 20261115, 5},
        {"two depots'", "mirakl", "marketplace", "1", depots, 2, {"X", {0}}, 20261115, 11},
        {"a product's at a depot",
         "mirakl",
         "marketplace",
         "1",
         depots,
         2,
         {"R", {0}},
         20261115,
         6},
        {"the larger of both", "shopify", "uk", "1", depots, 1, {"X", {0}}, 20261115, 5},
        {"... the other way", "shopify", "uk", "1", &depots[1], 1, {"R", {0}}, 20261115, 3},
    };
    struct order_rules *rules = rules_with(files, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct stock_location location = {
            rows[i].location, rows[i].depots[0], {rows[i].depots, rows[i].depot_count}};
        assert_int_equal(rules_buffer(rules, rules_channel(rules, rows[i].channel, rows[i].store),
                                      &location, &rows[i].sku, rows[i].date),
                         rows[i].units);
    }
    size_t count = 0;
    while (rules_buffer_at(rules, count) != NULL)
        count++;
    assert_int_equal(count, 10);
    support_rules_free(rules);
}

/* ---- SKUs ---- */

static void test_spellings(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"skus.yaml", "misc_item: M\n"
                      "shapes:\n"
                      "  - {store: uk, separator: \"-\"}\n"
                      "  - {store: eu, pattern: \"^([A-Z]+)/([A-Z]+)$\", write: \"$1/$2\"}\n"
                      "  - {store: eu, separator: \".\"}\n"
                      "  - {store: jp, pattern: \"^([A-Z]+)[-_]([A-Z]+)$\"}\n"
                      "  - {store: jp, separator: \"-\"}\n"
                      "  - {store: outlet, pattern: \"^A[$]([A-Z]+)$\", write: \"A$$$1\"}\n"
                      "table:\n"
                      "  - {sku: \"OLD TEE\", product: TEE, matrix: [RED]}\n"
                      "  - {store: eu, sku: \"TEA\", product: TEE, matrix: [RED]}\n"
                      "  - {store: uk, sku: \"CAP-X\", product: HAT}\n"},
        {"bundles.yaml", "bundles:\n  - {sku: SET-A, components: [{product: P}]}\n"}};
    static const struct {
        const char *name, *channel, *store;
        struct prima_sku sku;
        const char *skus;
        enum sku_unwritten why;
    } rows[] = {
        {"joined", "shopify", "uk", {"SHOE", {"TAN", "9"}}, "SHOE-TAN-9", SKU_WRITTEN},
        {"a product alone", "shopify", "uk", {"SHOE", {"", ""}}, "SHOE", SKU_WRITTEN},
        {"and by the table", "shopify", "uk", {"TEE", {"RED"}}, "OLD TEE TEE-RED", SKU_WRITTEN},
        {"the separator is in a code", "shopify", "uk", {"T-SHIRT", {"RED"}}, "", SKU_AMBIGUOUS},
        {"a code is missing in between", "shopify", "uk", {"SHOE", {"", "9"}}, "", SKU_AMBIGUOUS},
        {"the table reads it as another", "shopify", "uk", {"CAP", {"X"}}, "", SKU_AMBIGUOUS},
        {"it is a bundle there", "shopify", "uk", {"SET", {"A"}}, "", SKU_AMBIGUOUS},
        {"by a template", "shopify", "eu", {"SHOE", {"TAN"}}, "SHOE/TAN", SKU_WRITTEN},
        {"what the pattern cannot be, by the next shape",
         "shopify",
         "eu",
         {"SHOE", {"T9"}},
         "SHOE.T9",
         SKU_WRITTEN},
        {"a store's own row",
         "shopify",
         "eu",
         {"TEE", {"RED"}},
         "OLD TEE TEA TEE/RED",
         SKU_WRITTEN},
        {"a pattern that cannot be written: no later shape may guess",
         "shopify",
         "jp",
         {"SHOE", {"TAN"}},
         "",
         SKU_NO_TEMPLATE},
        {"... but the table may", "shopify", "jp", {"TEE", {"RED"}}, "OLD TEE", SKU_NO_TEMPLATE},
        {"a dollar sign", "woocommerce", "outlet", {"HAT", {0}}, "A$HAT", SKU_WRITTEN},
        {"no shape", "mirakl", "marketplace", {"HAT", {0}}, "", SKU_NO_SHAPE},
        {"longer than a SKU may be",
         "shopify",
         "uk",
         {"ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJ",
          {"ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJ"}},
         "",
         SKU_AMBIGUOUS},
    };
    struct order_rules *rules = rules_with(files, 2);
    struct arena *arena = arena_new(ARENA);
    char text[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct channel_rules *channel = rules_channel(rules, rows[i].channel, rows[i].store);
        struct rules_texts skus;
        enum sku_unwritten why;
        assert_int_equal(rules_sku_write(rules, channel, &rows[i].sku, arena, &skus, &why), 0);
        assert_string_equal(joined(&skus, text, sizeof text), rows[i].skus);
        assert_string_equal(sku_unwritten_texts[why], sku_unwritten_texts[rows[i].why]);
    }
    arena_free(arena);
    support_rules_free(rules);
}

static void note_silent(void *user, const char *file, const char *channel, const char *store,
                        const char *why)
{
    char *text = user;
    const size_t used = strlen(text);
    assert_true(strlen(why) > 20);
    (void)snprintf(text + used, 1000 - used, "%s %s/%s; ", file, channel, store);
}

static void test_silent(void **state)
{
    (void)state;
    static const char two_channels[] =
        "channels:\n"
        "  - {channel: a, store: s, company: \"1\", prefix: \"1\", accounts: {unresolved: X}%s}\n"
        "  - {channel: b, store: s, company: \"1\", prefix: \"2\", accounts: {unresolved: X}}\n";
    static const struct {
        const char *name, *more, *depots, *skus, *silent;
    } rows[] = {
        {"who does not use stock hears nothing", "", "depots: []\n", "misc_item: M\nshapes: []\n",
         ""},
        {"no location", ", online_depot: A", "depots:\n  - {location: \"1\", depot: A}\n",
         "misc_item: M\nshapes: [{separator: \"-\"}]\n", "depots.yaml a/s; depots.yaml b/s; "},
        {"no way to write", "",
         "depots:\n  - {channel: a, store: s, location: \"1\", depot: A, sums: [A]}\n  - {channel: "
         "b, store: s, location: \"1\", depot: A}\n",
         "misc_item: M\nshapes: [{channel: a, pattern: \"(.)\"}, {channel: a, separator: \"-\"}]\n",
         "skus.yaml a/s; skus.yaml b/s; "},
        {"all is well", "",
         "depots:\n  - {channel: a, store: s, location: \"1\", depot: A, sums: [A]}\n  - {channel: "
         "b, store: s, location: \"1\", depot: A}\n",
         "misc_item: M\nshapes: [{separator: \"-\"}]\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char channels[500], silent[1000] = "";
        (void)snprintf(channels, sizeof channels, two_channels, rows[i].more);
        const char *const files[][2] = {{"channels.yaml", channels},
                                        {"depots.yaml", rows[i].depots},
                                        {"skus.yaml", rows[i].skus},
                                        {"buffers.yaml", "buffers: []\n"}};
        struct order_rules *rules = rules_with(files, 4);
        rules_silent_channels(rules, note_silent, silent);
        assert_string_equal(silent, rows[i].silent);
        support_rules_free(rules);
    }
}

/* ---- bundles, settings ---- */

static void test_bundles(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"bundles.yaml", "bundles:\n"
                         "  - {sku: A, components: [{product: P}]}\n"
                         "  - {sku: A, channel: shopify, store: uk, components: [{product: Q}]}\n"
                         "  - {sku: B, components: [{product: P}], computed_by_channel: true}\n"
                         "  - {sku: C, store: eu, components: [{product: P}]}\n"}};
    struct order_rules *rules = rules_with(files, 1);
    const struct channel_rules *channel = rules_channel(rules, "shopify", "uk");
    size_t cursor = 0;
    const struct bundle_rule *bundle = rules_bundle_next(rules, channel, &cursor);
    assert_string_equal(bundle->sku, "A");
    assert_string_equal(bundle->components[0].product, "Q");
    assert_null(rules_bundle_next(rules, channel, &cursor));
    assert_true(
        rules_bundle(rules, channel, "B")->computed_by_channel); /* taken apart all the same */
    assert_ptr_equal(rules_bundle(rules, channel, " B\n"), rules_bundle(rules, channel, "B"));
    assert_null(rules_bundle(rules, channel, " "));
    support_rules_free(rules);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum allocates allocates;
    } words[] = {{"prima.allocates=on_post", ALLOCATES_ON_POST},
                 {"prima.allocates=on_release", ALLOCATES_ON_RELEASE},
                 {"prima.allocates=on_despatch", ALLOCATES_ON_DESPATCH}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct order_rules *rules = support_rules((const char *const[]){
            words[i].word, "stock.stale_policy=cap", "stock.stale_cap=7", "prima.stock_lag=3s",
            "stock.stale_after=1h", "stock.refresh_every=2h", NULL});
        const struct stock_settings *s = rules_stock_settings(rules);
        assert_int_equal(rules_allocates(rules, "02"), words[i].allocates);
        assert_int_equal(rules_allocates(rules, "01"), ALLOCATES_ON_RELEASE); /* its own */
        assert_int_equal(s->stale, STALE_CAP);
        assert_true(s->stale_cap == 7 && s->lag_ms == 3000 && s->stale_after_ms == 3600000 &&
                    s->refresh_every_ms == 7200000);
        assert_string_equal(rules_depot_of_all(rules, "01"), "01");
        assert_null(rules_depot_of_all(rules, "02"));
        support_rules_free(rules);
    }
    struct order_rules *rules = support_rules((const char *const[]){NULL});
    assert_int_equal(rules_allocates(rules, "99"), ALLOCATES_ON_RELEASE);
    assert_int_equal(rules_stock_settings(rules)->stale, STALE_KEEP);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locations), cmocka_unit_test(test_published),
        cmocka_unit_test(test_serving),   cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_spellings), cmocka_unit_test(test_silent),
        cmocka_unit_test(test_bundles),   cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests_name("stock_rules", tests, NULL, NULL);
}
