/* A binary heap on one timer; see wakes.h. */
#include "runtime/wakes.h"

#include "base/clock.h"

static void put(struct wakes *w, size_t place, struct wake *wake)
{
    w->heap[place] = wake;
    wake->place = place;
}

static void rise(struct wakes *w, size_t place)
{
    struct wake *wake = w->heap[place];
    for (; place > 1 && w->heap[place / 2]->at_ms > wake->at_ms; place /= 2)
        put(w, place, w->heap[place / 2]);
    put(w, place, wake);
}

static void sink(struct wakes *w, size_t place)
{
    struct wake *wake = w->heap[place];
    for (size_t child; (child = place * 2) <= w->count; place = child) {
        if (child < w->count && w->heap[child + 1]->at_ms < w->heap[child]->at_ms)
            child++;
        if (w->heap[child]->at_ms >= wake->at_ms)
            break;
        put(w, place, w->heap[child]);
    }
    put(w, place, wake);
}

static void take_out(struct wakes *w, struct wake *wake)
{
    const size_t place = wake->place;
    struct wake *last = w->heap[w->count--];
    wake->place = 0;
    if (last == wake)
        return;
    put(w, place, last);
    rise(w, place);
    sink(w, last->place);
}

static void arm(struct wakes *w);

static void on_timer(uv_timer_t *timer)
{
    struct wakes *w = timer->data;
    w->armed_ms = 0;
    const int64_t now = clock_monotonic_ms();
    while (w->count > 0 && w->heap[1]->at_ms <= now) {
        struct wake *wake = w->heap[1];
        take_out(w, wake);
        wake->fire(wake->owner);
    }
    arm(w);
}

static void arm(struct wakes *w)
{
    if (w->count == 0 || (w->armed_ms != 0 && w->armed_ms <= w->heap[1]->at_ms))
        return;
    const int64_t now = clock_monotonic_ms();
    w->armed_ms = w->heap[1]->at_ms;
    uv_update_time(w->timer.loop);
    (void)uv_timer_start(&w->timer, on_timer, w->armed_ms > now ? (uint64_t)(w->armed_ms - now) : 0, 0);
}

void wakes_init(struct wakes *w, uv_loop_t *loop)
{
    *w = (struct wakes){0};
    (void)uv_timer_init(loop, &w->timer);
    w->timer.data = w;
}

void wakes_set(struct wakes *w, struct wake *wake, int64_t after_ms, void (*fire)(void *owner), void *owner)
{
    wakes_cancel(w, wake);
    if (w->count + 2 > w->room) {
        w->room = w->room == 0 ? 64 : w->room * 2;
        w->heap = realloc(w->heap, w->room * sizeof *w->heap);
        if (w->heap == NULL)
            abort();
    }
    wake->at_ms = clock_monotonic_ms() + (after_ms > 0 ? after_ms : 0);
    wake->fire = fire;
    wake->owner = owner;
    put(w, ++w->count, wake);
    rise(w, w->count);
    arm(w);
}

void wakes_cancel(struct wakes *w, struct wake *wake)
{
    if (wake->place != 0)
        take_out(w, wake);
}

void wakes_release(struct wakes *w)
{
    free(w->heap);
    w->heap = NULL;
    uv_close((uv_handle_t *)&w->timer, NULL);
}
