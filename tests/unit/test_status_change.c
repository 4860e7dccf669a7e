/* What an answer of Prima's means for an order's channel: news or not, versions, parcels, carriers, when
 * it is asked for again, and what all of them cost. */
#include "test_order_support.h"

#include "domain/status/status_change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARENA = 1 << 20, MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const struct prima_despatch_line one_of_1 = {"1", "1"}, two_of_2 = {"2", "2"};
#define PARCEL(number_, tracking, line)                                                            \
    {                                                                                              \
        .number = number_, .date = "2026-11-30", .carrier = "DPD", .service = "24",                \
        .tracking_number = tracking, .tracking_url = "", .lines = line, .line_count = 1            \
    }

struct desk {
    struct order_rules *rules;
    struct status_words words;
    struct arena *arena;
    struct polled_order order;
    const struct order_status *last;
    struct order_status kept;
    int64_t now_ms;
};

static void desk_set_up(struct desk *d)
{
    struct config *config;
    struct config_message message;
    *d = (struct desk){
        .rules = support_rules(NULL),
        .arena = arena_new(ARENA),
        .order = {"01/orders/shopify/uk/1", "01", "shopify", "uk", "1", "2011", .since_ms = 1000},
        .now_ms = 2000};
    assert_int_equal(config_load(NULL, (const char *const[]){"prima.status_words=Picking=open"}, 1,
                                 &config, &message),
                     0);
    assert_int_equal(status_words_read(config, &d->words, &message), 0);
    config_free(config);
}

static void desk_tear_down(struct desk *d)
{
    arena_free(d->arena);
    support_rules_free(d->rules);
}

static struct status_rules rules_of(const struct desk *d)
{
    return (struct status_rules){
        d->rules, &d->words, {15 * MINUTE, 12 * (int64_t)HOUR, 45 * (int64_t)DAY}};
}

/* An answer; what is news is published, and is the last one then. */
static struct status_change answer(struct desk *d, const char *status,
                                   const struct prima_despatch *parcels, size_t count)
{
    const struct prima_reply reply = {
        .fate = PRIMA_OK, .order_status = status, .despatches = parcels, .despatch_count = count};
    const struct status_rules rules = rules_of(d);
    struct status_change c;
    const char *why = NULL;
    assert_int_equal(
        status_change_of(&d->order, d->last, &reply, d->now_ms, &rules, d->arena, &c, &why), 0);
    if (c.is_news) {
        d->kept = c.status;
        d->last = &d->kept;
    }
    d->now_ms += MINUTE;
    return c;
}

/* A second parcel under an unchanged "Part Despatched" is news, a corrected number is a new version of
 * its parcel, and the same answer never is. */
static void test_parcels(void **state)
{
    (void)state;
    struct desk d;
    desk_set_up(&d);
    const struct prima_despatch first[] = {PARCEL("D1", "T1", &one_of_1)},
                                both[] = {PARCEL("D2", "T2", &two_of_2),
                                          PARCEL("D1", "T1", &one_of_1)},
                                corrected[] = {PARCEL("D1", "T1", &one_of_1),
                                               PARCEL("D2", "T9", &two_of_2)};
    assert_false(answer(&d, "Open", NULL, 0).is_news);
    struct status_change c = answer(&d, "Part Despatched", first, 1);
    assert_true(c.is_news);
    assert_int_equal(c.status.state, STATE_PART_DESPATCHED);
    assert_int_equal(c.status.parcels.items[0].version, c.status.version);
    const int64_t one = c.status.version;
    assert_false(answer(&d, "Part Despatched", first, 1).is_news);

    c = answer(&d, "Part Despatched", both, 2);
    assert_true(c.is_news);
    const int64_t two = c.status.version;
    assert_true(two > one);
    assert_string_equal(c.status.parcels.items[0].number, "D1");
    assert_int_equal(c.status.parcels.items[0].version, one);
    assert_int_equal(c.status.parcels.items[1].version, two);
    assert_false(answer(&d, "part  despatched", both, 2).is_news);

    c = answer(&d, "Part Despatched", corrected, 2);
    assert_true(c.is_news);
    assert_int_equal(c.status.parcels.items[0].version, one);
    assert_int_equal(c.status.parcels.items[1].version, c.status.version);
    assert_false(c.status.is_final);

    c = answer(&d, "Despatched", corrected, 2);
    assert_true(c.is_news && c.status.is_final);
    assert_int_equal(c.exception, PF_OK);
    assert_true(c.status.parcels.items[1].version < c.status.version);
    desk_tear_down(&d);
}

/* A parcel that Prima takes back is news; so is a line that it adds to one. */
static void test_parcels_go_and_grow(void **state)
{
    (void)state;
    struct desk d;
    desk_set_up(&d);
    const struct prima_despatch_line lines[] = {{"1", "1"}, {"2", "1"}};
    struct prima_despatch parcel = PARCEL("D1", "T1", lines);
    assert_true(answer(&d, "Part Despatched", &parcel, 1).is_news);
    parcel.line_count = 2;
    const struct status_change c = answer(&d, "Part Despatched", &parcel, 1);
    assert_true(c.is_news);
    assert_int_equal(c.status.parcels.items[0].lines.count, 2);
    assert_int_equal(c.status.parcels.items[0].version, c.status.version);
    assert_true(answer(&d, "Part Despatched", NULL, 0).is_news);
    desk_tear_down(&d);
}

/* Where Prima says nothing of parcels, part despatched says nothing of lines. */
static void test_no_parcels(void **state)
{
    (void)state;
    struct desk d;
    desk_set_up(&d);
    const struct status_change c = answer(&d, "Part Despatched", NULL, 0);
    assert_true(c.is_news);
    assert_int_equal(c.status.parcels.count, 0);
    assert_false(answer(&d, "Part Despatched", NULL, 0).is_news);
    desk_tear_down(&d);
}

static void test_states(void **state)
{
    static const struct {
        const char *name, *status;
        bool is_held, is_cancelled, is_news, is_final;
        enum order_state state;
        enum pf_error exception;
    } rows[] = {
        {"open", "Open", false, false, false, false, STATE_OPEN, PF_OK},
        {"no word", NULL, false, false, false, false, STATE_OPEN, PF_OK},
        {"a word of the retailer's", "PICKING", false, false, false, false, STATE_OPEN, PF_OK},
        {"a word that nobody knows", "Invoiced", false, false, true, false, STATE_OTHER, PF_OK},
        {"held by a person", "On Hold", false, false, true, false, STATE_HELD, PF_OK},
        {"posted on hold, and still", "Held", true, false, false, false, STATE_HELD, PF_OK},
        {"posted on hold, and released", "Open", true, false, true, false, STATE_OPEN, PF_OK},
        {"posted on hold, and gone", "Despatched", true, false, true, true, STATE_DESPATCHED,
         PF_OK},
        {"spelled otherwise", "dispatched", false, false, true, true, STATE_DESPATCHED, PF_OK},
        {"cancelled in Prima alone", "Cancelled", false, false, true, true, STATE_CANCELLED,
         PF_E_order_stopped_in_prima},
        {"cancelled in the channel too", "Cancelled", false, true, true, true, STATE_CANCELLED,
         PF_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        print_message("  %s\n", rows[i].name);
        desk_set_up(&d);
        d.order.is_held = rows[i].is_held;
        d.order.is_cancelled = rows[i].is_cancelled;
        const struct status_change c = answer(&d, rows[i].status, NULL, 0);
        assert_int_equal(c.is_news, rows[i].is_news);
        assert_int_equal(c.status.is_final, rows[i].is_final);
        assert_int_equal(c.status.state, rows[i].state);
        assert_int_equal(c.exception, rows[i].exception);
        if (!rows[i].is_final)
            assert_false(answer(&d, rows[i].status, NULL, 0).is_news);
        desk_tear_down(&d);
    }
}

/* Of words that are not known each is told. */
static void test_other_words(void **state)
{
    (void)state;
    struct desk d;
    desk_set_up(&d);
    assert_true(answer(&d, "Invoiced", NULL, 0).is_news);
    const struct status_change c = answer(&d, "Archived", NULL, 0);
    assert_true(c.is_news);
    assert_string_equal(c.status.status, "Archived");
    desk_tear_down(&d);
}

/* Versions rise though the last one is not known any more, or Redis' clock went back. */
static void test_versions(void **state)
{
    (void)state;
    struct desk d;
    desk_set_up(&d);
    const int64_t first = answer(&d, "Held", NULL, 0).status.version;
    d.now_ms = 100;
    const int64_t second = answer(&d, "Open", NULL, 0).status.version;
    assert_true(second > first);
    d.last = NULL;
    d.now_ms = 9000;
    assert_true(answer(&d, "Held", NULL, 0).status.version > second);
    desk_tear_down(&d);
}

static void test_what_cannot_be_read(void **state)
{
    static const struct prima_despatch_line no_line = {"", "1"}, no_quantity = {"1", ""},
                                            half = {"1", "1.5"}, none = {"1", "0"},
                                            huge = {"1", "99999999999999999999"};
    static const struct {
        const char *name, *why;
        struct prima_despatch parcels[2];
        size_t count;
    } rows[] = {
        {"no number", "no number", {PARCEL("", "T", &one_of_1)}, 1},
        {"twice", "twice", {PARCEL("D", "T", &one_of_1), PARCEL("D", "U", &two_of_2)}, 2},
        {"a line without number", "line", {PARCEL("D", "T", &no_line)}, 1},
        {"no quantity", "line", {PARCEL("D", "T", &no_quantity)}, 1},
        {"half a unit", "line", {PARCEL("D", "T", &half)}, 1},
        {"no unit", "line", {PARCEL("D", "T", &none)}, 1},
        {"more than there is", "line", {PARCEL("D", "T", &huge)}, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        print_message("  %s\n", rows[i].name);
        desk_set_up(&d);
        const struct prima_reply reply = {.order_status = "Part Despatched",
                                          .despatches = rows[i].parcels,
                                          .despatch_count = rows[i].count};
        const struct status_rules rules = rules_of(&d);
        struct status_change c;
        const char *why = "";
        assert_int_equal(
            status_change_of(&d.order, NULL, &reply, d.now_ms, &rules, d.arena, &c, &why),
            -EBADMSG);
        assert_non_null(strstr(why, rows[i].why));
        desk_tear_down(&d);
    }
}

/* Too little memory is said, whenever it runs out, and never half a status. */
static void test_memory(void **state)
{
    const struct prima_despatch parcels[] = {PARCEL("D2", "T2", &two_of_2),
                                             PARCEL("D1", "T1", &one_of_1)};
    const struct prima_reply reply = {
        .order_status = "Part Despatched", .despatches = parcels, .despatch_count = 2};
    struct desk d;
    int result = -ENOMEM;
    size_t cap = 0;
    (void)state;
    desk_set_up(&d);
    const struct status_rules rules = rules_of(&d);
    for (; result != 0 && cap < ARENA; cap += 8) {
        struct arena *arena = arena_new(cap);
        struct status_change c;
        const char *why = NULL;
        if (arena == NULL)
            continue;
        result = status_change_of(&d.order, NULL, &reply, d.now_ms, &rules, arena, &c, &why);
        assert_true(result == 0 || (result == -ENOMEM && why == NULL));
        arena_free(arena);
    }
    assert_int_equal(result, 0);
    assert_true(cap > 8);
    desk_tear_down(&d);
}

/* Who does not move is asked for less and less, then given up, told once. */
static void test_waits_and_ends(void **state)
{
    struct desk d;
    (void)state;
    desk_set_up(&d);
    int64_t asked = 0, last_wait = 0;
    struct status_change c;
    for (;; asked++) {
        c = answer(&d, "Open", NULL, 0);
        if (c.status.is_final)
            break;
        assert_false(c.is_news);
        assert_true(c.wait_ms >= last_wait && c.wait_ms <= 12 * HOUR);
        last_wait = c.wait_ms;
        d.now_ms += c.wait_ms - MINUTE;
    }
    assert_int_equal(c.exception, PF_E_order_never_ends);
    assert_string_equal(c.status.codes.items[0], "order_never_ends");
    assert_true(c.is_news);
    assert_true(asked > 100 && asked < 200);
    desk_tear_down(&d);
}

/* No answer is no change, and does not go on for ever. */
static void test_without_answer(void **state)
{
    struct desk d;
    struct status_change c;
    (void)state;
    desk_set_up(&d);
    const struct status_rules rules = rules_of(&d);
    assert_int_equal(status_without_answer(&d.order, NULL, d.now_ms, &rules, d.arena, &c), 0);
    assert_false(c.is_news || c.status.is_final);
    assert_int_equal(c.wait_ms, 15 * MINUTE);
    assert_int_equal(status_without_answer(&d.order, NULL, 46 * (int64_t)DAY, &rules, d.arena, &c),
                     0);
    assert_true(c.is_news && c.status.is_final);
    assert_int_equal(c.exception, PF_E_order_never_ends);
    desk_tear_down(&d);
}

/* ---- carriers ---- */

static void test_carriers(void **state)
{
    static const char file[] =
        "carriers:\n"
        "  - {carrier: DPD, name: DPD UK, tracking_url: \"https://t.example/{number}?a\"}\n"
        "  - {carrier: DPD, service: AIR, name: DPD Air}\n"
        "  - {channel: shopify, store: eu, carrier: DPD, name: DPD EU}\n";
    static const struct {
        const char *store, *carrier, *service, *number, *url, *name, *wanted_url;
        bool mapped;
    } rows[] = {
        {"uk", "DPD", "24", "A 1/2", "", "DPD UK", "https://t.example/A%201%2F2?a", true},
        {"uk", "dpd", "24", "", "", "DPD UK", NULL, true},
        {"uk", "DPD", "24", "T", "https://prima.example/T", "DPD UK", "https://prima.example/T",
         true},
        {"uk", "DPD", "air", "T", "", "DPD Air", NULL, true},
        {"eu", "DPD", "24", "T", "", "DPD EU", NULL, true},
        {"uk", "YODEL", "", "T", "", "YODEL", NULL, false},
        {"uk", "", "", "T", "", "", NULL, false},
    };
    char folder[300];
    (void)state;
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("carriers.yaml", file));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        desk_set_up(&d);
        support_rules_free(d.rules);
        d.rules = support_rules((const char *const[]){folder, NULL});
        d.order.store = rows[i].store;
        struct prima_despatch parcel = PARCEL("D1", rows[i].number, &one_of_1);
        parcel.carrier = rows[i].carrier;
        parcel.service = rows[i].service;
        parcel.tracking_url = rows[i].url;
        const struct status_change c = answer(&d, "Part Despatched", &parcel, 1);
        const struct parcel *p = &c.status.parcels.items[0];
        assert_string_equal(p->carrier, rows[i].name);
        assert_string_equal(p->prima_carrier, rows[i].carrier);
        assert_int_equal(p->carrier_mapped, rows[i].mapped);
        if (rows[i].wanted_url == NULL)
            assert_null(p->tracking_url);
        else
            assert_string_equal(p->tracking_url, rows[i].wanted_url);
        const bool flagged = !rows[i].mapped && rows[i].carrier[0] != '\0';
        assert_int_equal(c.unmapped_count, flagged);
        assert_int_equal(c.status.codes.count, flagged);
        desk_tear_down(&d);
    }
}

/* A mapping that changed is no news of Prima's; an address of Prima's that changed is. */
static void test_what_is_ours(void **state)
{
    struct desk d;
    (void)state;
    desk_set_up(&d);
    struct prima_despatch parcel = PARCEL("D1", "T1", &one_of_1);
    assert_true(answer(&d, "Part Despatched", &parcel, 1).is_news);
    d.kept.parcels.items[0].carrier = "another name";
    d.kept.parcels.items[0].tracking_url = "https://another.example/";
    assert_false(answer(&d, "Part Despatched", &parcel, 1).is_news);
    parcel.tracking_url = "https://prima.example/T1";
    assert_true(answer(&d, "Part Despatched", &parcel, 1).is_news);
    assert_false(answer(&d, "Part Despatched", &parcel, 1).is_news);
    desk_tear_down(&d);
}

static void note_nameless(void *user, const char *carrier, const char *channel, const char *store)
{
    char *text = user;
    (void)snprintf(text + strlen(text), 400 - strlen(text), "%s %s/%s; ", carrier, channel, store);
}

static void test_nameless_carriers(void **state)
{
    char folder[300], told[400] = "";
    (void)state;
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("carriers.yaml",
                                         "carriers:\n"
                                         "  - {carrier: RM, name: Royal Mail}\n"
                                         "  - {carrier: DHL, name: DHL}\n"
                                         "  - {channel: shopify, carrier: DPD, name: DPD}\n"));
    struct order_rules *rules = support_rules((const char *const[]){folder, NULL});
    rules_nameless_carriers(rules, note_nameless, told);
    assert_string_equal(told, "DPD woocommerce/outlet; DPD mirakl/marketplace; ");
    support_rules_free(rules);
}

/* ---- words ---- */

static void test_words(void **state)
{
    static const struct {
        const char *words;
        int result;
    } rows[] = {
        {"", 0},
        {"Picking=open, Gone out = despatched", 0},
        {"Picking", -EINVAL},
        {"=open", -EINVAL},
        {"- =open", -EINVAL},
        {"Picking=opened", -EINVAL},
        {"Picking=", -EINVAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config *config;
        struct config_message message = {""};
        struct status_words words;
        char option[200];
        (void)snprintf(option, sizeof option, "prima.status_words=%s", rows[i].words);
        assert_int_equal(config_load(NULL, (const char *const[]){option}, 1, &config, &message), 0);
        assert_int_equal(status_words_read(config, &words, &message), rows[i].result);
        assert_int_equal(strstr(message.text, "prima.status_words") != NULL, rows[i].result != 0);
        if (i == 1)
            assert_int_equal(status_words_state(&words, "GONE-OUT"), STATE_DESPATCHED);
        if (rows[i].result == 0)
            assert_int_equal(status_words_state(&words, " - "), STATE_OTHER);
        config_free(config);
    }
}

/* ---- what it costs ---- */

/* README.md, "What asking costs": 100,000 open orders of which 2 % move a day. Checked against orders
 * that are followed one by one. */
static void test_load(void **state)
{
    const struct poll_rule rule = {15 * MINUTE, 12 * (int64_t)HOUR, 45 * (int64_t)DAY};
    const struct poll_load load = poll_load_of(&rule, 100000, 2000);
    (void)state;
    print_message("  %.0f requests per hour, mean delay %.0f minutes\n", load.requests_per_hour,
                  load.delay_mean_ms / MINUTE);
    assert_true(load.requests_per_hour > 15000 && load.requests_per_hour < 18000);
    assert_true(load.delay_mean_ms > 5 * HOUR && load.delay_mean_ms < 6 * HOUR);
    /* of orders that move within a day, as most do */
    const struct poll_load quick = poll_load_of(&rule, 2000, 2000);
    print_message("  %.0f requests per hour, mean delay %.0f minutes\n", quick.requests_per_hour,
                  quick.delay_mean_ms / MINUTE);
    assert_true(quick.delay_mean_ms < 60 * MINUTE);
    /* never more than each of them as often as may be */
    assert_true(quick.requests_per_hour < 2000 * 4);
    const struct poll_rule flat = {HOUR, HOUR, 45 * (int64_t)DAY};
    const struct poll_load even = poll_load_of(&flat, 1000, 1);
    assert_true(even.requests_per_hour > 999 && even.requests_per_hour < 1001);
    assert_true(even.delay_mean_ms > 29.9 * MINUTE && even.delay_mean_ms < 30.1 * MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parcels),
        cmocka_unit_test(test_parcels_go_and_grow),
        cmocka_unit_test(test_no_parcels),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_other_words),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_waits_and_ends),
        cmocka_unit_test(test_without_answer),
        cmocka_unit_test(test_carriers),
        cmocka_unit_test(test_what_is_ours),
        cmocka_unit_test(test_nameless_carriers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
