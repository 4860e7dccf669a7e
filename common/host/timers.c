/* A binary heap on one timer; see timers.h. */
#include "host/timers.h"

#include "base/clock.h"

static void put(struct timers *w, size_t place, struct timer *timer)
{
    w->heap[place] = timer;
    timer->place = place;
}

static void rise(struct timers *w, size_t place)
{
    struct timer *timer = w->heap[place];
    for (; place > 1 && w->heap[place / 2]->at_ms > timer->at_ms; place /= 2)
        put(w, place, w->heap[place / 2]);
    put(w, place, timer);
}

static void sink(struct timers *w, size_t place)
{
    struct timer *timer = w->heap[place];
    for (size_t child; (child = place * 2) <= w->count; place = child) {
        if (child < w->count && w->heap[child + 1]->at_ms < w->heap[child]->at_ms)
            child++;
        if (w->heap[child]->at_ms >= timer->at_ms)
            break;
        put(w, place, w->heap[child]);
    }
    put(w, place, timer);
}

static void take_out(struct timers *w, struct timer *timer)
{
    const size_t place = timer->place;
    struct timer *last = w->heap[w->count--];
    timer->place = 0;
    if (last == timer)
        return;
    put(w, place, last);
    rise(w, place);
    sink(w, last->place);
}

static void arm(struct timers *w);

static void on_timer(uv_timer_t *handle)
{
    struct timers *w = handle->data;
    w->armed_ms = 0;
    const int64_t now = clock_monotonic_ms();
    while (w->count > 0 && w->heap[1]->at_ms <= now) {
        struct timer *timer = w->heap[1];
        take_out(w, timer);
        timer->fire(timer->owner);
    }
    arm(w);
}

static void arm(struct timers *w)
{
    if (w->count == 0 || (w->armed_ms != 0 && w->armed_ms <= w->heap[1]->at_ms))
        return;
    const int64_t now = clock_monotonic_ms();
    w->armed_ms = w->heap[1]->at_ms;
    uv_update_time(w->timer.loop);
    (void)uv_timer_start(&w->timer, on_timer, w->armed_ms > now ? (uint64_t)(w->armed_ms - now) : 0,
                         0);
}

void timers_init(struct timers *w, uv_loop_t *loop)
{
    *w = (struct timers){0};
    (void)uv_timer_init(loop, &w->timer);
    w->timer.data = w;
}

void timers_set(struct timers *w, struct timer *timer, int64_t after_ms, void (*fire)(void *owner),
                void *owner)
{
    timers_cancel(w, timer);
    if (w->count + 2 > w->room) {
        w->room = w->room == 0 ? 64 : w->room * 2;
        w->heap = realloc(w->heap, w->room * sizeof *w->heap);
        if (w->heap == NULL)
            abort();
    }
    timer->at_ms = clock_monotonic_ms() + (after_ms > 0 ? after_ms : 0);
    timer->fire = fire;
    timer->owner = owner;
    put(w, ++w->count, timer);
    rise(w, w->count);
    arm(w);
}

void timers_cancel(struct timers *w, struct timer *timer)
{
    if (timer->place != 0)
        take_out(w, timer);
}

void timers_release(struct timers *w)
{
    free(w->heap);
    w->heap = NULL;
    uv_close((uv_handle_t *)&w->timer, NULL);
}
