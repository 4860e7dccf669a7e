/* A program's pauses: begun and ended by reason, and what their time is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "host/pauses.h"
#include "obs/log.h"

static int64_t now_ms, given_back_ms;
static int resumes;

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

static void on_resumed(void *user, int64_t pause_ms)
{
    assert_ptr_equal(user, &given_back_ms);
    given_back_ms += pause_ms;
    resumes++;
}

static struct pauses *pauses_new(void)
{
    struct pauses *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->resumed = on_resumed;
    p->user = &given_back_ms;
    now_ms = 1000;
    given_back_ms = resumes = 0;
    return p;
}

static void test_reasons(void **state)
{
    (void)state;
    static const char *const names[PAUSE_REASONS] = {
        "prima_unavailable", "prima_denied", "redis_unavailable", "registry_unavailable",
        "kafka_unavailable", "kafka_denied", "dead_letter_surge"};
    for (enum pause_reason reason = 0; reason < PAUSE_REASONS; reason++)
        assert_string_equal(pause_reason_name(reason), names[reason]);
}

/* Records get back the time from the first reason's beginning to the last one's end, once. */
static void test_two_at_once(void **state)
{
    (void)state;
    struct pauses *p = pauses_new();
    pauses_end(p, PAUSE_REDIS); /* it is not paused */
    assert_int_equal(resumes, 0);
    pauses_begin(p, PAUSE_PRIMA, "first");
    assert_int_equal(p->bits, 1u << PAUSE_PRIMA);
    now_ms += 500;
    pauses_begin(p, PAUSE_REDIS, "second");
    pauses_begin(p, PAUSE_PRIMA, "again");
    assert_int_equal(p->bits, 1u << PAUSE_PRIMA | 1u << PAUSE_REDIS);
    assert_int_equal(p->since_ms, 1000);
    now_ms += 500;
    pauses_end(p, PAUSE_PRIMA);
    assert_int_equal(p->bits, 1u << PAUSE_REDIS);
    assert_int_equal(resumes, 1);
    assert_int_equal(given_back_ms, 0);
    now_ms += 500;
    pauses_end(p, PAUSE_PRIMA);
    pauses_end(p, PAUSE_REDIS);
    assert_int_equal(p->bits, 0);
    assert_int_equal(resumes, 2);
    assert_int_equal(given_back_ms, 1500);
    assert_true(p->resumed_ms > 0);
    free(p);
}

static void test_one_after_the_other(void **state)
{
    (void)state;
    struct pauses *p = pauses_new();
    for (int i = 0; i < 2; i++, now_ms += 10000) {
        pauses_begin(p, PAUSE_DENIED, "");
        now_ms += 700;
        pauses_end(p, PAUSE_DENIED);
    }
    assert_int_equal(given_back_ms, 1400); /* not the time between them */
    free(p);
}

static void test_nobody_needs_to_know(void **state)
{
    struct pauses p = {0};
    (void)state;
    now_ms = 1000;
    pauses_begin(&p, PAUSE_PRIMA, "");
    assert_true(pauses_has(&p, PAUSE_PRIMA) && !pauses_has(&p, PAUSE_REDIS));
    pauses_end(&p, PAUSE_PRIMA);
    assert_false(pauses_has(&p, PAUSE_PRIMA));
}

/* The reason that was last said. */
static void test_words_of_redis(void **state)
{
    struct pauses *p = pauses_new();
    (void)state;
    pauses_hear_of_redis(p, "away");
    assert_true(pauses_has(p, PAUSE_REDIS));
    assert_string_equal(p->redis_words, "away");
    pauses_hear_of_redis(p, "it evicts keys");
    assert_string_equal(p->redis_words, "it evicts keys");
    pauses_end(p, PAUSE_REDIS);
    assert_int_equal(resumes, 1);
    free(p);
}

/* Said once, and again when it is another trouble. */
static void test_trouble_of_prima(void **state)
{
    static const char *const away = "away", *const words = "strange words";
    struct pauses *p = pauses_new();
    (void)state;
    assert_true(pauses_hear_of_prima(p, away));
    assert_false(pauses_hear_of_prima(p, away));
    assert_true(pauses_hear_of_prima(p, words));
    assert_false(pauses_hear_of_prima(p, words));
    assert_ptr_equal(p->prima_trouble, words);
    pauses_end(p, PAUSE_PRIMA);
    assert_true(pauses_hear_of_prima(p, words));
    assert_int_equal(resumes, 1);
    free(p);
}

/* Kafka is well when nobody has anything against it; the words are those of who spoke first in the
 * list, as long as it does. */
static void test_witnesses_of_kafka(void **state)
{
    (void)state;
    static const struct {
        enum kafka_witness who;
        const char *trouble, *words;
        bool is_paused;
    } rows[] = {
        {WITNESS_CONTROL, NULL, "", false},
        {WITNESS_CONTROL, "no leader", "no leader", true},
        {WITNESS_CONNECTIONS, "all brokers down", "all brokers down", true},
        {WITNESS_CONTROL, "no leader", "all brokers down", true},
        {WITNESS_CONNECTIONS, NULL, "no leader", true},
        {WITNESS_CONTROL, NULL, "", false},
    };
    struct pauses *p = pauses_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pauses_hear_of_kafka(p, rows[i].who, rows[i].trouble);
        assert_int_equal(p->bits, rows[i].is_paused ? 1u << PAUSE_KAFKA : 0);
        assert_string_equal(p->kafka_words, rows[i].words);
        if (rows[i].is_paused)
            assert_string_equal(p->kafka_trouble, rows[i].words);
        else
            assert_null(p->kafka_trouble);
    }
    assert_int_equal(resumes, 1);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_nobody_needs_to_know),
        cmocka_unit_test(test_words_of_redis),
        cmocka_unit_test(test_trouble_of_prima),
        cmocka_unit_test(test_witnesses_of_kafka),
    };
    return cmocka_run_group_tests_name("host_pauses", tests, NULL, NULL);
}
