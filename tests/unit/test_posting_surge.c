/* A surge: which ends count, from how many on it is one, when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/surge.h"

static struct surge s;

/* Keys from..to-1 end with the code; true: the last of them changed what is told. */
static bool see(int from, int to, enum pf_error code)
{
    bool news = false;
    for (int i = from; i < to; i++)
        news = surge_see(&s, (uint64_t)i + 1, code);
    return news;
}

static void test_a_share_of_the_last_keys(void **state)
{
    (void)state;
    surge_init(&s, 20, 50);
    assert_false(see(0, 10, PF_OK));
    assert_false(see(10, 19, PF_E_tip_unmapped)); /* nine, and the window is not full */
    assert_true(see(19, 20, PF_E_tip_unmapped));
    assert_int_equal(s.code, PF_E_tip_unmapped);
    assert_false(see(20, 30, PF_E_tip_unmapped)); /* told once */
    assert_false(see(30, 40, PF_OK));
    assert_false(see(40, 45, PF_OK)); /* five of them are left: half of what began it */
    assert_true(see(45, 46, PF_OK));
    assert_int_equal(s.code, PF_OK);
}

/* The first of the process are too few to tell. */
static void test_few_tell_nothing(void **state)
{
    (void)state;
    surge_init(&s, 20, 50);
    assert_false(see(0, 19, PF_E_tip_unmapped));
    assert_true(see(19, 20, PF_E_tip_unmapped));
}

/* One order that comes again and again is one. */
static void test_a_key_counts_once(void **state)
{
    (void)state;
    surge_init(&s, 20, 50);
    (void)see(0, 20, PF_OK);
    for (int i = 0; i < 100; i++)
        assert_false(see(3, 4, PF_E_tip_unmapped));
    assert_int_equal(s.counts[PF_E_tip_unmapped], 1);
    assert_false(see(3, 4, PF_OK)); /* it got there: its last end counts */
    assert_int_equal(s.counts[PF_E_tip_unmapped], 0);
}

static void test_codes_apart(void **state)
{
    (void)state;
    surge_init(&s, 20, 50);
    (void)see(0, 2, PF_OK);
    assert_false(see(2, 11, PF_E_tip_unmapped));
    assert_false(see(11, 20, PF_E_unknown_sku)); /* nine of each */
    assert_true(see(0, 1, PF_E_unknown_sku));
    assert_int_equal(s.code, PF_E_unknown_sku); /* on hold: a rule's word, too */
}

/* What time, people or Prima's health brought about is no surge. */
static void test_what_does_not_count(void **state)
{
    static const enum pf_error codes[] = {PF_E_waited_too_long,        PF_E_replay_limit,
                                          PF_E_prima_faults_on_record, PF_E_outcome_unknown,
                                          PF_E_order_amended,          PF_E_prima_unavailable};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        surge_init(&s, 20, 50);
        assert_false(see(0, 40, codes[i]));
        assert_int_equal(s.code, PF_OK);
    }
}

static void test_loaded_anew(void **state)
{
    (void)state;
    surge_init(&s, 20, 50);
    assert_true(see(0, 20, PF_E_tip_unmapped));
    surge_reset(&s);
    assert_int_equal(s.code, PF_OK);
    assert_false(see(0, 19, PF_E_tip_unmapped)); /* as if nothing had been */
    assert_true(see(19, 20, PF_E_tip_unmapped));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_share_of_the_last_keys), cmocka_unit_test(test_few_tell_nothing),
        cmocka_unit_test(test_a_key_counts_once),        cmocka_unit_test(test_codes_apart),
        cmocka_unit_test(test_what_does_not_count),      cmocka_unit_test(test_loaded_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
