/* Days, and the companies whose days they are: two of them in two zones at once. */
#include "test_refund_support.h"

#include "refund_flow.h"

#include <stdlib.h>
#include <string.h>

static struct arena *memory;

struct scene {
    struct refund_event *event;
    struct refund_known known;
};

static struct scene plain(void)
{
    return (struct scene){.event = refund_event(memory),
                          .known = refund_known_of(refund_entry(memory))};
}

static void company_of(struct company_rules *company, const char *zone_name, struct zone **zone)
{
    assert_int_equal(zone_load(zone_name, zone), 0);
    *company = (struct company_rules){.zone = *zone, .note_days = 14};
}

static void test_days(void **state)
{
    (void)state;
    static const struct {
        const char *name, *zone;
        int64_t went_at, now; /* s */
        int32_t open_from;
        const char *refund, *post;
        int32_t days_left;
    } rows[] = {
        {"the day itself", "Europe/London", 1795176000, 1795180000, 0, "2026-11-20", "2026-11-20",
         14},
        {"before midnight in London", "Europe/London", 1782863999 /* 06-30 23:59:59 UTC */,
         1782900000, 0, "2026-07-01", "2026-07-01", 14},
        {"... it is July in Tokyo", "Asia/Tokyo", 1782831600 /* 06-30 15:00 UTC */, 1782831600, 0,
         "2026-07-01", "2026-07-01", 14},
        {"... and June in New York", "America/New_York", 1782863999, 1782863999, 0, "2026-06-30",
         "2026-06-30", 14},
        {"the last day", "Europe/London", 1795176000, 1796385600 /* 14 days */, 0, "2026-11-20",
         "2026-11-20", 0},
        {"a day late", "Europe/London", 1795176000, 1796472000, 0, "2026-11-20", "2026-11-20", -1},
        {"over the end of summer time", "Europe/London",
         1792882800 /* 10-24 23:00 UTC, 25th there */, 1792972740 /* 10-25 23:59 UTC */, 0,
         "2026-10-25", "2026-10-25", 14},
        {"over the year's end", "Europe/London", 1798675200 /* 12-31 */, 1798761600, 0,
         "2026-12-31", "2026-12-31", 13},
        {"its day is closed", "Europe/London", 1795176000, 1795180000, 20261201, "2026-11-20",
         "2026-12-01", 14},
        {"the first open day", "Europe/London", 1795176000, 1795180000, 20261120, "2026-11-20",
         "2026-11-20", 14},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct zone *zone = NULL;
        struct company_rules company;
        struct refund_dates dates;
        company_of(&company, rows[i].zone, &zone);
        company.open_from = rows[i].open_from;
        assert_int_equal(
            refund_dates_read(&company, rows[i].went_at * 1000, rows[i].now * 1000, &dates), 0);
        assert_string_equal(dates.refund, rows[i].refund);
        assert_string_equal(dates.post, rows[i].post);
        assert_int_equal(dates.is_moved, strcmp(rows[i].refund, rows[i].post) != 0);
        assert_true(dates.has_days_left);
        assert_int_equal(dates.days_left, rows[i].days_left);
        company.note_days = -1;
        assert_int_equal(
            refund_dates_read(&company, rows[i].went_at * 1000, rows[i].now * 1000, &dates), 0);
        assert_false(dates.has_days_left);
        zone_free(zone);
    }
}

static void test_companies(void **state)
{
    (void)state;
    static char folder_key[4200];
    (void)snprintf(
        folder_key, sizeof folder_key, "orders.mappings=%s",
        support_mappings_copy("companies.yaml",
                              "companies:\n"
                              "  - {company: \"01\", timezone: Europe/London, vat_country: GB, "
                              "open_from: 2026-12-01}\n"
                              "  - {company: \"02\", timezone: Asia/Tokyo, note_days: 7, "
                              "closed_period: person, before_despatch: person}\n"
                              "  - {company: \"04\", vat_country: JP}\n"));
    struct order_rules *own = support_rules((const char *const[]){folder_key, NULL});
    const struct company_rules *uk = rules_company(own, "01"), *jp = rules_company(own, "02"),
                               *none = rules_company(own, "03");
    assert_int_equal(uk->note_days, 14); /* by law */
    assert_int_equal(uk->open_from, 20261201);
    assert_int_equal(jp->note_days, 7);
    assert_int_equal(none->note_days, -1);
    assert_int_equal(rules_company(own, "04")->note_days, -1);
    assert_int_equal(none->open_from, 0);
    assert_non_null(none->zone);

    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    s.known.now_ms = s.known.first_seen_ms = 1795180000000;
    struct refund_plan plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_int_equal(plan.flags.items[0].code, PF_E_post_date_moved);
    assert_string_equal(plan.dates.post, "2026-12-01");
    assert_int_equal(plan.dates.days_left, 14);
    /* the other company has a person do both */
    s.event->store = "jp";
    s.event->channel = "shopify";
    plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    s.event->transactions.items[0].processed_at += 4 * 3600 * 1000; /* 16:00 UTC, the 21st there */
    plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_string_equal(plan.dates.refund, "2026-11-21");
    s.event->lines.items[0].restock = RESTOCK_CANCEL;
    plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_int_equal(plan.flags.items[0].code, PF_E_refund_before_despatch);
    arena_free(memory);
    support_rules_free(own);

    (void)snprintf(folder_key, sizeof folder_key, "orders.mappings=%s",
                   support_mappings_copy("companies.yaml",
                                         "companies:\n  - {company: \"01\", open_from: 2026-12-01, "
                                         "closed_period: person}\n"));
    own = support_rules((const char *const[]){folder_key, NULL});
    memory = arena_new(SUPPORT_ARENA);
    s = plain();
    plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_DEAD_LETTERS);
    assert_int_equal(plan.flags.items[0].code, PF_E_prima_period_closed);
    arena_free(memory);
    support_rules_free(own);
}

/* ---- what is counted of refunds that have no note ---- */

static void as_it_is(struct refund_event *e)
{
    (void)e;
}
static void nothing_back(struct refund_event *e)
{
    e->transactions.items[0].status = TRANSACTION_PENDING;
    e->succeeded.shop_minor = 0;
}
static void taken_back(struct refund_event *e)
{
    e->deleted = true;
}
static void a_test(struct refund_event *e)
{
    e->test = true;
}
static void no_moment(struct refund_event *e)
{
    e->transactions.items[0].has_processed_at = false;
    e->created_at -= 86400000;
}
/* The last that succeeded counts, and neither what failed later nor what was no refund. */
static void in_two_parts(struct refund_event *e)
{
    struct refund_transaction *t = arena_alloc(memory, 4 * sizeof *t);
    assert_non_null(t);
    t[0] = t[1] = t[2] = t[3] = e->transactions.items[0];
    t[1].processed_at += 86400000;
    t[2].processed_at += 3 * (int64_t)86400000;
    t[2].status = TRANSACTION_FAILED;
    t[3].processed_at += 4 * (int64_t)86400000;
    t[3].type = TRANSACTION_OTHER;
    e->transactions.items = t;
    e->transactions.count = 4;
}

static void test_days_that_are_left(void **state)
{
    static const int64_t day = 86400000, went_at = 1795176000000;
    static const struct {
        const char *name;
        void (*alter)(struct refund_event *);
        const char *company;
        int64_t after; /* days since the money went back */
        bool counts;
        int32_t left;
        const char *word;
    } rows[] = {
        {"on its day", as_it_is, "01", 0, true, 14, "many"},
        {"four are left", as_it_is, "01", 10, true, 4, "many"},
        {"three are", as_it_is, "01", 11, true, 3, "few"},
        {"the last day", as_it_is, "01", 14, true, 0, "few"},
        {"a day late", as_it_is, "01", 15, true, -1, "late"},
        {"another country's", as_it_is, "04", 15, false, 0, NULL},
        {"nothing has gone back yet", nothing_back, "01", 15, false, 0, NULL},
        {"deleted", taken_back, "01", 15, false, 0, NULL},
        {"a test's", a_test, "01", 15, false, 0, NULL},
        {"when is not told: since it was made", no_moment, "01", 14, true, -1, "late"},
        {"in two parts: since the later one", in_two_parts, "01", 15, true, 0, "few"},
    };
    (void)state;
    static char folder_key[4200];
    (void)snprintf(folder_key, sizeof folder_key, "orders.mappings=%s",
                   support_mappings_copy("companies.yaml",
                                         "companies:\n"
                                         "  - {company: \"01\", vat_country: GB}\n"
                                         "  - {company: \"04\", vat_country: JP}\n"));
    struct order_rules *own = support_rules((const char *const[]){folder_key, NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct refund_event *event = refund_event(memory);
        event->transactions.items[0].has_processed_at = true;
        event->transactions.items[0].processed_at = event->created_at = went_at;
        rows[i].alter(event);
        const struct flow_key key = {.company = rows[i].company};
        int32_t left = 99;
        assert_int_equal(
            refund_flow.days_left(event, &key, own, went_at + rows[i].after * day, &left),
            rows[i].counts);
        if (rows[i].counts) {
            assert_int_equal(left, rows[i].left);
            assert_string_equal(flow_days_word(left), rows[i].word);
        }
        arena_free(memory);
    }
    support_rules_free(own);
}

static void test_wrong_companies(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"companies:\n  - {company: \"01\"}\n  - {company: \"01\"}\n", "is here twice"},
        {"companies:\n  - {company: \"01\", timezone: Mars/Olympus}\n", "no time zone"},
        {"companies:\n  - {timezone: Europe/London}\n", "company"},
        {"companies:\n  - {company: \"01\", note_days: 0}\n", "note_days"},
        {"companies:\n  - {company: \"01\", open_from: 2026-13-01}\n", "open_from"},
        {"companies:\n  - {company: \"01\", closed_period: guess}\n", "closed_period"},
        {"companies:\n  - {company: \"01\", colour: red}\n", "colour"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].says);
        static char key[4200];
        (void)snprintf(key, sizeof key, "orders.mappings=%s",
                       support_mappings_copy("companies.yaml", rows[i].text));
        struct config *config = NULL;
        struct config_message message = {{0}};
        void *own = NULL;
        assert_int_equal(config_load(NULL, (const char *const[]){key}, 1, &config, &message), 0);
        assert_true(order_rules_load(config, &own, &message) < 0);
        if (strstr(message.text, rows[i].says) == NULL ||
            strstr(message.text, "companies.yaml") == NULL)
            fail_msg("%s", message.text);
        config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_companies),
        cmocka_unit_test(test_days_that_are_left),
        cmocka_unit_test(test_wrong_companies),
    };
    return cmocka_run_group_tests_name("refund_companies", tests, NULL, NULL);
}
