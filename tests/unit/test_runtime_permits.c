/* Permits in hand, with a clock of the test's own: when they may be used, when more are asked for,
 * what becomes of those that nobody needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/permits.h"

enum { MS = 1000, SECOND = 1000000 };

/* How many go until `until_us`, looked at each millisecond from *now_us on. */
static size_t take_until(struct permits *p, int64_t *now_us, int64_t until_us)
{
    size_t taken = 0;
    for (; *now_us <= until_us; *now_us += MS)
        while (permits_take(p, *now_us))
            taken++;
    return taken;
}

static void test_each_at_its_time(void **state)
{
    struct permits p = {0};
    int64_t now = 5 * SECOND;
    (void)state;
    permits_got(&p, 4, 30 * MS, 10 * MS, now);
    assert_int_equal(permits_in_hand(&p), 4);
    assert_int_equal(permits_next_us(&p, now), now + 30 * MS);
    assert_int_equal(take_until(&p, &now, 5 * SECOND + 29 * MS), 0);
    assert_int_equal(take_until(&p, &now, 5 * SECOND + 39 * MS), 1);
    assert_int_equal(take_until(&p, &now, 5 * SECOND + 60 * MS), 3);
    assert_int_equal(permits_in_hand(&p), 0);
}

/* What a full bucket gives is due at once, and no more than that. */
static void test_those_of_before_now(void **state)
{
    struct permits p = {0};
    int64_t now = 5 * SECOND;
    (void)state;
    permits_got(&p, 6, -25 * MS, 10 * MS, now); /* due 25, 15 and 5 ms ago, then in 5, 15 and 25 */
    size_t taken = 0;
    while (permits_take(&p, now))
        taken++;
    assert_int_equal(taken, 3);
    assert_int_equal(permits_next_us(&p, now), now + 5 * MS);
    now += MS;
    assert_int_equal(take_until(&p, &now, 5 * SECOND + 25 * MS), 3);
    permits_got(&p, 2, -90 * MS, 10 * MS, now);
    assert_true(permits_take(&p, now) && permits_take(&p, now) && !permits_take(&p, now));
}

static void test_when_more_are_asked_for(void **state)
{
    struct permits p = {0};
    const int64_t now = 5 * SECOND;
    (void)state;
    assert_int_equal(permits_to_ask(&p, 0, now), 0); /* nobody waits */
    assert_int_equal(permits_to_ask(&p, 9, now), 9);
    permits_asked(&p, now);
    assert_int_equal(permits_to_ask(&p, 9, now), 0); /* one question at a time */
    assert_int_equal(permits_next_us(&p, now), INT64_MAX);
    permits_got(&p, 3, 100 * MS, 100 * MS, now);
    assert_int_equal(permits_to_ask(&p, 9, now), 0); /* the last one is due in 300 ms */
    assert_int_equal(permits_next_us(&p, now), now + 100 * MS);
    assert_int_equal(permits_to_ask(&p, 9, now + 300 * MS - PERMITS_AHEAD_US), 6);
    assert_int_equal(permits_to_ask(&p, 3, now + 300 * MS - PERMITS_AHEAD_US),
                     0); /* there is one for each */
    assert_true(permits_take(&p, now + 200 * MS) && permits_take(&p, now + 200 * MS));
    assert_int_equal(permits_next_us(&p, now + 200 * MS), now + 300 * MS - PERMITS_AHEAD_US);
}

/* A flow without gaps: at any rate, with answers that take a while, as many go as the limit
 * lets. */
static void test_a_flow(void **state)
{
    static const int64_t rates[] = {1, 2, 5, 33, 100, 1000, 5000};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct permits p = {0};
        const int64_t each = SECOND / rates[i], from = 7 * SECOND, to = from + 20 * SECOND;
        int64_t next_due = from, answer_at = 0, asked_for = 0;
        size_t taken = 0, questions = 0;
        for (int64_t now = from; now < to; now += MS) {
            if (answer_at != 0 &&
                now >= answer_at) { /* as limits.lua: a batch, from the next free time on */
                const int64_t batch = rates[i] / 10 > 2 ? rates[i] / 10 : 2,
                              count = asked_for < batch ? asked_for : batch;
                next_due = next_due > now ? next_due : now;
                permits_got(&p, (size_t)count, next_due - now, each, now);
                next_due += count * each;
                answer_at = 0;
            }
            while (permits_take(&p, now))
                taken++;
            const size_t wanted = permits_to_ask(&p, 500, now);
            if (wanted > 0) {
                permits_asked(&p, now);
                asked_for = (int64_t)wanted;
                answer_at = now + 3 * MS;
                questions++;
            }
        }
        const size_t due = (size_t)(20 * rates[i]);
        if (taken * 100 < due * 97 - 200 || taken > due + 2)
            fail_msg("at %d a second %d went in 20 s", (int)rates[i], (int)taken);
        assert_true(questions * 2 <= taken + 3 && questions <= 20 * 13 + 2);
    }
}

static void test_a_pause(void **state)
{
    struct permits p = {0};
    const int64_t now = 5 * SECOND;
    (void)state;
    permits_got(&p, 2, 0, 10 * MS, now);
    permits_hold(&p, 3 * SECOND, now);
    permits_hold(&p, 1 * SECOND, now); /* a shorter one shortens nothing */
    assert_false(permits_take(&p, now + 2 * SECOND));
    assert_int_equal(permits_to_ask(&p, 9, now + 2 * SECOND), 0);
    assert_int_equal(permits_next_us(&p, now), now + 3 * SECOND);
    assert_int_equal(permits_to_ask(&p, 9, now + 3 * SECOND),
                     9); /* what it had is too old by then */
    assert_false(permits_take(&p, now + 3 * SECOND));
}

/* Not used: it is lost after a second, and no burst is made of such. */
static void test_left_over(void **state)
{
    struct permits p = {0};
    const int64_t now = 5 * SECOND;
    (void)state;
    permits_got(&p, 50, 0, 10 * MS, now);
    size_t taken = 0;
    while (permits_take(&p, now + 10 * SECOND))
        taken++;
    assert_int_equal(taken, 0);
    permits_got(&p, 200, 0, 10 * MS, now);
    while (permits_take(&p, now + 1500 * MS)) /* those of the last second */
        taken++;
    assert_in_range(taken, 99, 102);
}

static void test_given_back(void **state)
{
    struct permits p = {0};
    const int64_t now = 5 * SECOND;
    (void)state;
    permits_got(&p, 2, 0, 500 * MS, now);
    assert_true(permits_take(&p, now));
    assert_false(permits_take(&p, now));
    permits_give_back(&p, now);
    assert_int_equal(permits_in_hand(&p), 2);
    assert_true(permits_take(&p, now));
    assert_false(permits_take(&p, now));
    for (int i = 0; i < 20; i++) /* as many as there is room for; never more than were given */
        permits_give_back(&p, now);
    assert_true(permits_in_hand(&p) <= 1 + PERMIT_BATCHES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_at_its_time),
        cmocka_unit_test(test_those_of_before_now),
        cmocka_unit_test(test_when_more_are_asked_for),
        cmocka_unit_test(test_a_flow),
        cmocka_unit_test(test_a_pause),
        cmocka_unit_test(test_left_over),
        cmocka_unit_test(test_given_back),
    };
    return cmocka_run_group_tests_name("permits in hand", tests, NULL, NULL);
}
