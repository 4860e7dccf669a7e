/* Times as text and back, and what the clocks promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/clock.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int result;
        int64_t ms;
    } rows[] = {
        {"UTC", "2026-11-23T12:34:56.789Z", 0, INT64_C(1795437296789)},
        {"without fraction", "2026-11-23T12:34:56Z", 0, INT64_C(1795437296000)},
        {"one digit of fraction is a tenth", "2026-11-23T12:34:56.7Z", 0, INT64_C(1795437296700)},
        {"what is finer than a millisecond is cut", "2026-11-23T12:34:56.789999999Z", 0,
         INT64_C(1795437296789)},
        {"an hour east is an hour earlier", "2026-11-23T13:34:56+01:00", 0, INT64_C(1795437296000)},
        {"west, with half an hour", "2026-11-23T09:04:56-03:30", 0, INT64_C(1795437296000)},
        {"a date is its midnight in UTC", "2026-11-23", 0, INT64_C(1795392000000)},
        {"the beginning", "1970-01-01T00:00:00Z", 0, 0},
        {"before it", "1969-12-31T23:59:59.500Z", 0, -500},
        {"a leap day", "2028-02-29", 0, INT64_C(1835395200000)},
        {"no zone", "2026-11-23T12:34:56", -EINVAL, 0},
        {"zone of words", "2026-11-23T12:34:56 GMT", -EINVAL, 0},
        {"zone without colon", "2026-11-23T12:34:56+0100", -EINVAL, 0},
        {"something behind the zone", "2026-11-23T12:34:56Zx", -EINVAL, 0},
        {"something behind the date", "2026-11-23x", -EINVAL, 0},
        {"a point without digits", "2026-11-23T12:34:56.Z", -EINVAL, 0},
        {"month 13", "2026-13-01", -EINVAL, 0},
        {"hour 24", "2026-11-23T24:00:00Z", -EINVAL, 0},
        {"30 February", "2026-02-30", -EINVAL, 0},
        {"day 58, of which the 5 would do", "2026-02-58", -EINVAL, 0},
        {"... with a time", "2026-02-58T12:34:56Z", -EINVAL, 0},
        {"29 February of a common year", "2026-02-29", -EINVAL, 0},
        {"one-digit month", "2026-1-01", -EINVAL, 0},
        {"two-digit year", "26-11-23", -EINVAL, 0},
        {"blank before", " 2026-11-23", -EINVAL, 0},
        {"blank in the hour", "2026-11-23T 1:02:03Z", -EINVAL, 0},
        {"second 61", "2026-11-23T12:34:61Z", -EINVAL, 0},
        {"a leap second", "2026-12-31T23:59:60Z", 0, INT64_C(1798761600000)},
        {"zone of two signs", "2026-11-23T12:34:56+-1:00", -EINVAL, 0},
        {"zone of 99 hours", "2026-11-23T12:34:56+99:00", -EINVAL, 0},
        {"British order", "23/11/2026", -EINVAL, 0},
        {"empty", "", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        int64_t ms = 77;
        assert_int_equal(clock_parse(rows[i].text, &ms), rows[i].result);
        assert_true(ms == (rows[i].result == 0 ? rows[i].ms : 77));
    }
}

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {INT64_C(1795437296789), "2026-11-23T12:34:56.789Z"},
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(-61125408000000), "0033-01-05T00:00:00.000Z"},
        {INT64_C(253402300800000), "(out of range)"},
        {INT64_MAX, "(out of range)"},
        {INT64_MIN, "(out of range)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[CLOCK_TEXT_MAX];
        print_message("  %s\n", rows[i].text);
        assert_string_equal(clock_format(rows[i].ms, text), rows[i].text);
        int64_t back;
        if (rows[i].text[0] != '(') {
            assert_int_equal(clock_parse(text, &back), 0);
            assert_true(back == rows[i].ms);
        }
    }
}

static void test_clocks(void **state)
{
    (void)state;
    assert_true(clock_wall_ms() > INT64_C(1700000000000));
    int64_t (*const steady[])(void) = {clock_monotonic_ms, clock_boot_ms};
    for (size_t k = 0; k < sizeof steady / sizeof *steady; k++) {
        int64_t before = steady[k]();
        for (int i = 0; i < 1000; i++) {
            const int64_t now = steady[k]();
            assert_true(now >= before);
            before = now;
        }
    }
    const int64_t monotonic =
        clock_monotonic_ms(); /* both begin at boot, and only one counts sleep */
    assert_true(clock_boot_ms() >= monotonic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
