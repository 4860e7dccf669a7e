/* Wakes against a naive model, on a clock that the test turns: each fires once, in order, not
 * before its time, and a cancelled one never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/clock.h"
#include "host/timers.h"

enum { WAKES = 300, STEPS = 20000 };

static int64_t now_ms; /* 0: the real one */
int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms != 0 ? now_ms : __real_clock_monotonic_ms();
}

struct sleeper {
    struct timer timer;
    bool is_set; /* the model */
    int64_t due_ms;
};
static struct sleeper sleepers[WAKES];
static struct timers timers;
static int64_t last_due_ms;
static int fired;
static uint64_t chance;

static unsigned draw(unsigned below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 11) % below);
}

static void fire(void *owner);

static void set(struct sleeper *s, int64_t after_ms)
{
    s->is_set = true;
    s->due_ms = now_ms + (after_ms > 0 ? after_ms : 0);
    timers_set(&timers, &s->timer, after_ms, fire, s);
}

static void cancel(struct sleeper *s)
{
    s->is_set = false;
    timers_cancel(&timers, &s->timer);
}

static void fire(void *owner)
{
    struct sleeper *s = owner;
    assert_true(s->is_set); /* neither cancelled nor a second time */
    assert_true(s->due_ms <= now_ms);
    assert_true(s->due_ms >= last_due_ms);
    assert_int_equal(s->timer.place, 0);
    last_due_ms = s->due_ms;
    s->is_set = false;
    fired++;
    if (draw(4) == 0) /* a callback may set and cancel others, and itself */
        set(&sleepers[draw(WAKES)], 1 + draw(200));
    if (draw(8) == 0)
        cancel(&sleepers[draw(WAKES)]);
}

/* The timer comes when libuv thinks so; what it finds due is decided by our clock. */
static void run_timer(uv_loop_t *loop)
{
    last_due_ms = 0;
    timers.armed_ms = 0;
    (void)uv_timer_start(&timers.timer, timers.timer.timer_cb, 0, 0);
    (void)uv_run(loop, UV_RUN_NOWAIT);
}

static void check(void)
{
    size_t count = 0;
    for (int i = 0; i < WAKES; i++) {
        count += sleepers[i].is_set;
        assert_int_equal(sleepers[i].timer.place != 0, sleepers[i].is_set);
        assert_true(!sleepers[i].is_set ||
                    sleepers[i].due_ms > now_ms); /* whatever was due has fired */
    }
    assert_int_equal(timers.count, count);
}

static void test_as_chance_has_it(void **state)
{
    uv_loop_t loop;
    (void)state;
    chance = 20261123;
    now_ms = 1000;
    assert_int_equal(uv_loop_init(&loop), 0);
    timers_init(&timers, &loop);
    set(&sleepers[0], 0); /* libuv learns the callback */
    for (int step = 0; step < STEPS; step++) {
        struct sleeper *s = &sleepers[draw(WAKES)];
        if (draw(3) > 0)
            set(s, (int64_t)draw(500) - 10); /* moves one that is set */
        else
            cancel(s);
        if (draw(10) == 0) {
            now_ms += draw(60);
            run_timer(&loop);
            check();
        }
    }
    assert_true(fired > STEPS / 10);
    for (int i = 0; i < WAKES; i++)
        cancel(&sleepers[i]);
    assert_int_equal(timers.count, 0);
    timers_release(&timers);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- on the real clock: the loop wakes up by itself, once for each ---- */

static int order[4], order_count;
static int64_t at_ms[4];

static void note(void *owner)
{
    at_ms[order_count] = clock_monotonic_ms();
    order[order_count++] = *(int *)owner;
}

static void test_the_loop_wakes_up_in_time(void **state)
{
    static const int64_t after[] = {60, 20, 40, 20};
    static int names[] = {0, 1, 2, 3};
    struct timer some[4] = {{0}};
    uv_loop_t loop;
    (void)state;
    now_ms = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    timers_init(&timers, &loop);
    const int64_t began = clock_monotonic_ms();
    for (int i = 0; i < 4; i++)
        timers_set(&timers, &some[i], after[i], note, &names[i]);
    timers_cancel(&timers, &some[3]);
    timers_cancel(&timers, &some[3]); /* twice is nothing */
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(order_count, 3);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 0);
    for (int i = 0; i < 3; i++) /* a millisecond for clocks that round differently */
        assert_true(at_ms[i] - began >= after[order[i]] - 1);
    timers_release(&timers);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_chance_has_it),
                                       cmocka_unit_test(test_the_loop_wakes_up_in_time)};
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
