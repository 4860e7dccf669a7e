/* When a job is due: interval, jitter, misses, back-off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schedule/plan.h"

static const struct plan plan = {
    .every_ms = 1000, .jitter_ms = 100, .retry_min_ms = 40, .retry_max_ms = 200, .seed = 7};

static void test_first(void **state)
{
    (void)state;
    static const struct {
        int64_t age_ms, grid_ms;
    } rows[] = {{-1, 5000}, {0, 6000}, {300, 5700}, {999, 5001}, {1000, 5000}, {90000, 5000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan_state s = {0};
        const int64_t due = plan_first(&plan, &s, rows[i].age_ms, 5000);
        assert_true(due >= rows[i].grid_ms && due <= rows[i].grid_ms + plan.jitter_ms);
    }
}

/* Jitter never adds up: a hundred runs later the grid is where it was. */
static void test_grid_and_jitter(void **state)
{
    (void)state;
    struct plan_state s = {0}, again = {0};
    int64_t due = plan_first(&plan, &s, -1, 0), least = 100, most = 0;
    int64_t same = plan_first(&plan, &again, -1, 0);
    for (int64_t i = 1; i <= 100; i++) {
        due = plan_next(&plan, &s, false, due + 10);
        same = plan_next(&plan, &again, false, same + 10);
        assert_int_equal(due, same);
        const int64_t moved = due - i * 1000;
        assert_true(moved >= 0 && moved <= plan.jitter_ms);
        least = moved < least ? moved : least;
        most = moved > most ? moved : most;
    }
    assert_true(least < 20 && most > 80);
}

/* One run for what was missed, then the grid. */
static void test_misses(void **state)
{
    (void)state;
    struct plan_state s = {0};
    (void)plan_first(&plan, &s, -1, 0);
    const int64_t due = plan_next(&plan, &s, false, 7300);
    assert_true(due >= 8000 && due <= 8100);
}

static void test_backoff(void **state)
{
    (void)state;
    static const int64_t waits[] = {40, 80, 160, 200, 200};
    struct plan_state s = {0};
    (void)plan_first(&plan, &s, -1, 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        const int64_t due = plan_next(&plan, &s, true, 100);
        assert_true(due >= 100 + waits[i] && due <= 100 + waits[i] + waits[i] / 4);
    }
    assert_true(plan_next(&plan, &s, true, 950) <= 1100); /* not later than its turn */
    assert_true(plan_next(&plan, &s, false, 960) >= 1000);
    const int64_t due = plan_next(&plan, &s, true, 1000); /* a success began it anew */
    assert_true(due >= 1040 && due <= 1050);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first), cmocka_unit_test(test_grid_and_jitter),
        cmocka_unit_test(test_misses), cmocka_unit_test(test_backoff)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
