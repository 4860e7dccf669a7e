/* Calendar dates where the law has them: local ones, across the change to summer time, at year ends,
 * in two zones at once; and, over all times and kinds of rules, the same as glibc says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "../support/effort.h"
#include "base/clock.h"
#include "base/zone.h"

static struct zone *load(const char *name)
{
    struct zone *zone = NULL;
    assert_int_equal(zone_load(name, &zone), 0);
    return zone;
}

static void test_date(void **state)
{
    (void)state;
    static const struct {
        const char *name, *at, *zone, *date;
    } rows[] = {
        {"winter in London is UTC", "2026-11-23T23:59:59Z", "Europe/London", "2026-11-23"},
        {"summer in London: the last hour of UTC's day is tomorrow's", "2026-07-01T23:30:00Z",
         "Europe/London", "2026-07-02"},
        {"the night of the change: an hour before", "2026-03-28T23:59:59Z", "Europe/London",
         "2026-03-28"},
        {"the evening after the change", "2026-03-29T23:00:00Z", "Europe/London", "2026-03-30"},
        {"the last evening of summer", "2026-10-24T23:00:00Z", "Europe/London", "2026-10-25"},
        {"the evening after summer", "2026-10-25T23:59:59Z", "Europe/London", "2026-10-25"},
        {"a year's end", "2026-12-31T23:30:00Z", "Europe/Berlin", "2027-01-01"},
        {"a year's end, the second before", "2026-12-31T22:59:59.999Z", "Europe/Berlin",
         "2026-12-31"},
        {"a year's end, behind", "2027-01-01T04:59:59Z", "America/New_York", "2026-12-31"},
        {"29 February", "2028-02-28T15:00:00Z", "Asia/Tokyo", "2028-02-29"},
        {"summer over a year's end", "2026-12-31T13:00:00Z", "Australia/Sydney", "2027-01-01"},
        {"long after the table's end: summer", "2090-07-01T23:30:00Z", "Europe/London",
         "2090-07-02"},
        {"long after the table's end: winter", "2090-12-01T23:30:00Z", "Europe/London",
         "2090-12-01"},
        {"UTC", "2026-07-01T23:30:00Z", "UTC", "2026-07-01"},
        {"far west", "2026-07-01T05:00:00Z", "America/Los_Angeles", "2026-06-30"},
        {"before 1970", "1969-12-31T23:59:59.999Z", "UTC", "1969-12-31"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct zone *zone = load(rows[i].zone);
        int64_t ms;
        char date[11];
        assert_int_equal(clock_parse(rows[i].at, &ms), 0);
        assert_int_equal(zone_date(zone, ms, date), 0);
        assert_string_equal(date, rows[i].date);
        zone_free(zone);
    }
}

/* The second of the change itself, both ways. */
static void test_change(void **state)
{
    (void)state;
    static const struct {
        const char *at, *zone;
        int32_t offset_s;
    } rows[] = {
        {"2026-03-29T00:59:59.999Z", "Europe/London", 0},
        {"2026-03-29T01:00:00Z", "Europe/London", 3600},
        {"2026-10-25T00:59:59.999Z", "Europe/London", 3600},
        {"2026-10-25T01:00:00Z", "Europe/London", 0},
        {"2090-03-26T00:59:59.999Z", "Europe/London", 0},
        {"2090-03-26T01:00:00Z", "Europe/London", 3600},
        {"2026-03-08T06:59:59Z", "America/New_York", -18000},
        {"2026-03-08T07:00:00Z", "America/New_York", -14400},
        {"2026-10-03T15:29:59Z", "Australia/Lord_Howe", 37800}, /* half an hour of summer */
        {"2026-10-03T15:30:00Z", "Australia/Lord_Howe", 39600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s %s\n", rows[i].zone, rows[i].at);
        struct zone *zone = load(rows[i].zone);
        int64_t ms;
        assert_int_equal(clock_parse(rows[i].at, &ms), 0);
        assert_int_equal(zone_offset_s(zone, ms), rows[i].offset_s);
        zone_free(zone);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const none[] = {
        "Europe/Londn",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe/London/x",
        "Europe",
        "zone.tab",
        "",
        "an/impossibly/long/name/of/a/time/zone/that/no/system/has/x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct zone *zone = NULL;
        print_message("  %s\n", none[i]);
        assert_int_equal(zone_load(none[i], &zone), -EINVAL);
        assert_null(zone);
    }
    struct zone *zone = load("UTC");
    char date[11] = "untouched";
    static const struct {
        int64_t at_s;
        const char *date; /* NULL: it has none of four digits */
    } ends[] = {
        {INT64_C(-62167219200), "0000-01-01"},
        {INT64_C(-62167219201), NULL},
        {INT64_C(253402300799), "9999-12-31"},
        {INT64_C(253402300800), NULL},
        {INT64_MIN / 1000, NULL},
        {INT64_MAX / 1000, NULL},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(date, sizeof date, "untouched");
        assert_int_equal(zone_date(zone, ends[i].at_s * 1000, date),
                         ends[i].date != NULL ? 0 : -EINVAL);
        assert_string_equal(date, ends[i].date != NULL ? ends[i].date : "untouched");
    }
    zone_free(zone);
}

/* Kinds of rules: none, weeks of a month, summer in the south, times beyond a day, negative ones,
 * odd offsets, names in <>. */
static const char *const zones[] = {
    "UTC",           "Europe/London",       "Europe/Dublin",      "Europe/Berlin",
    "Europe/Moscow", "America/New_York",    "America/St_Johns",   "America/Sao_Paulo",
    "America/Nuuk",  "America/Santiago",    "Asia/Tokyo",         "Asia/Kolkata",
    "Asia/Tehran",   "Asia/Jerusalem",      "Asia/Gaza",          "Africa/Casablanca",
    "Africa/Cairo",  "Australia/Lord_Howe", "Pacific/Auckland",   "Pacific/Chatham",
    "Pacific/Apia",  "Antarctica/Troll",    "Pacific/Kiritimati", "Asia/Kathmandu"};
enum { ZONES = sizeof zones / sizeof *zones, INSTANTS = 20000 };

static void test_as_glibc(void **state)
{
    (void)state;
    uint64_t random = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *zone = load(zones[i]);
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        for (int64_t k = 0; k < test_effort(INSTANTS); k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            /* 1950 to 2150; every other one an hour around a year's end or a month's */
            int64_t at = -631152000 + (int64_t)(random % 6311433600);
            if (k % 2 == 0) {
                struct tm near;
                const time_t day = (time_t)at;
                assert_non_null(gmtime_r(&day, &near));
                near.tm_mday = 1, near.tm_hour = near.tm_min = near.tm_sec = 0;
                at = (int64_t)timegm(&near) + (int64_t)(random >> 40) % 172800 - 86400;
            }
            const time_t instant = (time_t)at;
            struct tm tm;
            char date[11], wanted[32];
            assert_non_null(localtime_r(&instant, &tm));
            assert_int_equal(strftime(wanted, sizeof wanted, "%Y-%m-%d", &tm), 10);
            assert_int_equal(zone_date(zone, at * 1000, date), 0);
            if (zone_offset_s(zone, at * 1000) != tm.tm_gmtoff || strcmp(date, wanted) != 0)
                fail_msg("%s at %lld: %s %d, glibc says %s %ld", zones[i], (long long)at, date,
                         zone_offset_s(zone, at * 1000), wanted, tm.tm_gmtoff);
        }
        zone_free(zone);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

struct clerk {
    const char *date;
    const struct zone *table;
    int64_t at_ms;
    size_t wrong;
};

static void *clerk_works(void *user)
{
    struct clerk *c = user;
    for (int i = 0; i < 200000; i++) {
        char date[11];
        c->wrong += zone_date(c->table, c->at_ms, date) != 0 || strcmp(date, c->date) != 0;
    }
    return NULL;
}

/* Two companies, two zones, threads of one process: nobody flips anybody's. */
static void test_threads(void **state)
{
    (void)state;
    struct zone *london = load("Europe/London"), *tokyo = load("Asia/Tokyo");
    struct clerk clerks[] = {{.date = "2026-12-31", .table = london},
                             {.date = "2027-01-01", .table = tokyo},
                             {.date = "2026-12-31", .table = london},
                             {.date = "2027-01-01", .table = tokyo}};
    enum { CLERKS = sizeof clerks / sizeof *clerks };
    pthread_t threads[CLERKS];
    for (size_t i = 0; i < CLERKS; i++) {
        assert_int_equal(clock_parse("2026-12-31T20:00:00Z", &clerks[i].at_ms), 0);
        assert_int_equal(pthread_create(&threads[i], NULL, clerk_works, &clerks[i]), 0);
    }
    for (size_t i = 0; i < CLERKS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(clerks[i].wrong, 0);
    }
    zone_free(london);
    zone_free(tokyo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date),    cmocka_unit_test(test_change),
        cmocka_unit_test(test_refuses), cmocka_unit_test(test_as_glibc),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
