/* ppoll and a heap of timers; see loop.h. */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

enum { SOURCES_MAX = 4 };

struct loop {
    struct loop_source sources[SOURCES_MAX];
    size_t source_count;
    struct loop_timer **heap;
    size_t count, room;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

int64_t loop_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void loop_place(struct loop *loop, size_t at, struct loop_timer *timer)
{
    loop->heap[at - 1] = timer;
    timer->place = at;
}

static void sift_up(struct loop *loop, size_t at)
{
    struct loop_timer *timer = loop->heap[at - 1];
    for (; at > 1 && loop->heap[at / 2 - 1]->due_us > timer->due_us; at /= 2)
        loop_place(loop, at, loop->heap[at / 2 - 1]);
    loop_place(loop, at, timer);
}

static void sift_down(struct loop *loop, size_t at)
{
    struct loop_timer *timer = loop->heap[at - 1];
    for (size_t child; (child = at * 2) <= loop->count; at = child) {
        if (child < loop->count && loop->heap[child]->due_us < loop->heap[child - 1]->due_us)
            child++;
        if (loop->heap[child - 1]->due_us >= timer->due_us)
            break;
        loop_place(loop, at, loop->heap[child - 1]);
    }
    loop_place(loop, at, timer);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    const size_t at = timer->place;
    if (at == 0)
        return;
    timer->place = 0;
    struct loop_timer *last = loop->heap[--loop->count];
    if (last == timer)
        return;
    loop_place(loop, at, last);
    sift_up(loop, at);
    sift_down(loop, last->place);
}

int loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_us)
{
    loop_timer_cancel(loop, timer);
    if (loop->count == loop->room) {
        const size_t room = loop->room == 0 ? 256 : loop->room * 2;
        struct loop_timer **heap = realloc(loop->heap, room * sizeof *heap);
        if (heap == NULL)
            return -ENOMEM;
        loop->heap = heap;
        loop->room = room;
    }
    timer->due_us = due_us;
    loop_place(loop, ++loop->count, timer);
    sift_up(loop, loop->count);
    return 0;
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    /* Blocked but while ppoll waits, so that a signal between a look at `stopping` and ppoll is not
     * slept over. */
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    const struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop != NULL)
        free(loop->heap);
    free(loop);
}

int loop_watch(struct loop *loop, const struct loop_source *source)
{
    if (loop->source_count == SOURCES_MAX)
        return -ENOMEM;
    loop->sources[loop->source_count++] = *source;
    return 0;
}

static int wait_until(struct loop *loop, int64_t due_us, struct pollfd fds[static SOURCES_MAX])
{
    for (size_t i = 0; i < loop->source_count; i++) {
        fds[i] = (struct pollfd){.fd = loop->sources[i].fd, .events = POLLIN};
        const int64_t due = loop->sources[i].due_us(loop->sources[i].user);
        due_us = due < due_us ? due : due_us;
    }
    if (loop->count > 0 && loop->heap[0]->due_us < due_us)
        due_us = loop->heap[0]->due_us;
    const int64_t left = due_us == INT64_MAX ? 0 : due_us - loop_now_us();
    const struct timespec timeout = {left > 0 ? left / 1000000 : 0,
                                     left > 0 ? left % 1000000 * 1000 : 0};
    sigset_t none;
    (void)sigemptyset(&none);
    if (ppoll(fds, loop->source_count, due_us == INT64_MAX ? NULL : &timeout, &none) < 0 &&
        errno != EINTR)
        return -errno;
    return 0;
}

int loop_run(struct loop *loop, int64_t (*after)(void *user), void *user)
{
    int64_t after_due = INT64_MAX;
    while (!stopping) {
        struct pollfd fds[SOURCES_MAX] = {{0}};
        const int result = wait_until(loop, after_due, fds);
        if (result < 0)
            return result;
        for (size_t i = 0; i < loop->source_count; i++)
            if (fds[i].revents != 0 ||
                loop->sources[i].due_us(loop->sources[i].user) <= loop_now_us())
                loop->sources[i].run(loop->sources[i].user);
        const int64_t now = loop_now_us();
        while (loop->count > 0 && loop->heap[0]->due_us <= now) {
            struct loop_timer *timer = loop->heap[0];
            loop_timer_cancel(loop, timer);
            timer->fire(timer);
        }
        after_due = after(user);
    }
    return 0;
}
