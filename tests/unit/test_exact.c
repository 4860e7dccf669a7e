/* Arithmetic whose overflow sticks, and splitting by largest remainder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/currency.h"
#include "domain/money/exact.h"

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t whole, weights[4];
        size_t count;
        int64_t parts[4];
    } rows[] = {
        {"in proportion", 100, {1, 3}, 2, {25, 75}},
        {"evenly, where nothing has a weight", 100, {0, 0, 0, 0}, 4, {25, 25, 25, 25}},
        {"the odd penny too", 10, {0, 0, 0}, 3, {4, 3, 3}},
        {"nothing for a weight of nothing", 7, {0, 5, 0}, 3, {0, 7, 0}},
        {"the largest remainder first", 10, {1, 1, 4}, 3, {2, 2, 6}},
        {"one has all", 99, {3}, 1, {99}},
        {"of less than nothing", -100, {1, 3}, 2, {-25, -75}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct exact x = {.currency = currency_find("GBP")};
        int64_t parts[4] = {0}, sum = 0;
        print_message("  %s\n", rows[i].name);
        exact_split(&x, rows[i].whole, rows[i].weights, rows[i].count, parts);
        assert_false(x.overflow);
        for (size_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(parts[k], rows[i].parts[k]);
            sum += parts[k];
        }
        assert_int_equal(sum, rows[i].whole);
    }
}

/* Once too large, for good; what comes later does not hide it. */
static void test_overflow_sticks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t a, b;
        int64_t (*of)(struct exact *x, int64_t a, int64_t b);
        bool overflows;
        int64_t value;
    } rows[] = {
        {"a sum", INT64_MAX - 1, 1, exact_add, false, INT64_MAX},
        {"a sum too large", INT64_MAX, 1, exact_add, true, 0},
        {"a difference", INT64_MIN + 1, 1, exact_subtract, false, INT64_MIN},
        {"a difference too small", INT64_MIN, 1, exact_subtract, true, 0},
        {"a product", INT64_MAX / 2, 2, exact_multiply, false, INT64_MAX - 1},
        {"a product too large", INT64_MAX / 2 + 1, 2, exact_multiply, true, 0},
        {"a distance", 3, 10, exact_distance, false, 7},
        {"the other way round", 10, 3, exact_distance, false, 7},
        {"a distance too large", INT64_MIN, 1, exact_distance, true, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct exact x = {.currency = currency_find("GBP")};
        print_message("  %s\n", rows[i].name);
        const int64_t value = rows[i].of(&x, rows[i].a, rows[i].b);
        assert_int_equal(x.overflow, rows[i].overflows);
        if (!rows[i].overflows)
            assert_int_equal(value, rows[i].value);
        assert_int_equal(exact_add(&x, 1, 1), 2);
        assert_int_equal(x.overflow, rows[i].overflows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_overflow_sticks),
    };
    return cmocka_run_group_tests_name("exact", tests, NULL, NULL);
}
