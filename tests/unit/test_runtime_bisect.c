/* A batch of which Kafka refuses something: how many go together, until what is refused is
 * alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/bisect.h"

enum { ALL = 700 };

static void test_nothing_refused(void **state)
{
    struct bisect b = {0};
    (void)state;
    assert_int_equal(bisect_most(&b, ALL), ALL);
    bisect_committed(&b, ALL);
    assert_int_equal(bisect_most(&b, ALL), ALL);
}

/* What may pass by itself is tried as it is once more. */
static void test_patience(void **state)
{
    struct bisect b = {0};
    (void)state;
    assert_false(bisect_refused(&b, ALL, false));
    assert_int_equal(bisect_most(&b, ALL), ALL);
    assert_false(bisect_refused(&b, ALL, false));
    assert_int_equal(bisect_most(&b, ALL), ALL / 2);
    bisect_committed(&b, ALL);
    assert_int_equal(bisect_most(&b, ALL), ALL);
    assert_false(bisect_refused(&b, 1, false)); /* also of one that is alone */
    assert_true(bisect_refused(&b, 1, false));
}

/* A log of `count` records in which some are refused for good: every other one is committed, each
 * refused one is found alone, and each costs a bounded number of aborts. */
static void run_log(size_t count, const size_t bad[], size_t bad_count)
{
    struct bisect b = {0};
    size_t at = 0, aborts = 0, found = 0;
    while (at < count) {
        const size_t most = bisect_most(&b, ALL), taken = count - at < most ? count - at : most;
        bool is_refused = false;
        for (size_t i = 0; i < bad_count; i++)
            is_refused |= bad[i] >= at && bad[i] < at + taken;
        assert_true(taken > 0);
        if (!is_refused) {
            at += taken;
            bisect_committed(&b, ALL);
            continue;
        }
        aborts++;
        assert_true(aborts <= 40 * (bad_count + 1));
        if (bisect_refused(&b, taken, true)) {
            assert_int_equal(taken, 1);
            assert_int_equal(bad[found], at);
            found++;
            at++; /* its letter is written instead */
            bisect_committed(&b, ALL);
        }
    }
    assert_int_equal(found, bad_count);
}

static void test_each_is_found(void **state)
{
    static const size_t first[] = {0}, last[] = {699}, middle[] = {333},
                        several[] = {0, 1, 17, 350, 698, 699}, beyond[] = {699, 700, 2099};
    static const size_t only[] = {0};
    (void)state;
    run_log(700, first, 1);
    run_log(700, last, 1);
    run_log(700, middle, 1);
    run_log(700, several, 6);
    run_log(2100, beyond, 3);
    run_log(1, only, 1);
    for (size_t i = 0; i < 700; i += 7)
        run_log(700, &i, 1);
}

static void test_grows_again(void **state)
{
    struct bisect b = {0};
    (void)state;
    for (size_t taken = ALL; !bisect_refused(&b, taken, true); taken = bisect_most(&b, ALL))
        ;
    size_t commits = 0;
    for (; bisect_most(&b, ALL) < ALL; commits++)
        bisect_committed(&b, ALL);
    assert_in_range(commits, 1, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_refused),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_each_is_found),
        cmocka_unit_test(test_grows_again),
    };
    return cmocka_run_group_tests_name("bisecting a batch", tests, NULL, NULL);
}
