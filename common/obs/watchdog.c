/* See watchdog.h. No memory, no lock and no part of the loop's state is touched while it stands
 * still: whatever it stands in may hold them. */
#include "obs/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    LOOK_MS = 100,
    REQUEST_MS = 500, /* for a request's first bytes: the next one waits behind it */
    STACK_BYTES = 256 * 1024,
    ANSWER_MAX = 1024,
};

struct watchdog {
    pthread_t thread;
    int fd;
    int64_t stuck_after_ms;
    atomic_llong beat_ms; /* monotonic */
    atomic_int ends;
};

static int64_t still_ms(struct watchdog *w)
{
    return clock_monotonic_ms() - atomic_load(&w->beat_ms);
}

static int write_answer(char text[static ANSWER_MAX], bool metrics, int64_t still)
{
    char body[ANSWER_MAX / 2];
    int size;
    if (metrics)
        size = snprintf(body, sizeof body, "%s 1\n%s 0\n%s{version=\"%s\"} 1\n",
                        metrics_name(METRIC_stuck), metrics_name(METRIC_ready),
                        metrics_name(METRIC_build), PF_VERSION);
    else
        size = snprintf(body, sizeof body, "event loop blocked for %lld ms\n", (long long)still);
    return snprintf(text, ANSWER_MAX,
                    "HTTP/1.1 %s\r\nContent-Type: text/plain; %scharset=utf-8\r\nCache-Control: "
                    "no-store\r\nConnection: close\r\n"
                    "Content-Length: %d\r\n\r\n%s",
                    metrics ? "200 OK" : "503 Service Unavailable",
                    metrics ? "version=0.0.4; " : "", size, body);
}

static void watchdog_answer(int connection, int64_t still)
{
    char request[512] = "", text[ANSWER_MAX];
    struct pollfd readable = {.fd = connection, .events = POLLIN};
    if (poll(&readable, 1, REQUEST_MS) == 1 &&
        recv(connection, request, sizeof request - 1, 0) > 0) {
        const int size = write_answer(text, strncmp(request, "GET /metrics", 12) == 0, still);
        (void)!send(connection, text, (size_t)size,
                    MSG_NOSIGNAL); /* a new connection's buffer takes it whole */
        (void)shutdown(connection, SHUT_WR);
        if (poll(&readable, 1, REQUEST_MS) ==
            1) /* what is left unread would become a reset, before our answer was read */
            (void)!recv(connection, request, sizeof request, 0);
    }
    (void)close(connection);
}

/* Until the loop goes round again. Those that it had accepted itself have to wait for it. */
static void stand_in(struct watchdog *w)
{
    struct pollfd waiting = {.fd = w->fd, .events = POLLIN};
    while (!w->ends && still_ms(w) > w->stuck_after_ms) {
        if (poll(&waiting, w->fd >= 0 ? 1 : 0, LOOK_MS) != 1 || still_ms(w) <= w->stuck_after_ms)
            continue; /* nobody came, or it went on while we waited: then it answers */
        const int connection = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection >= 0)
            watchdog_answer(connection, still_ms(w));
        else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            (void)poll(NULL, 0, LOOK_MS); /* no descriptor is left: not in a hot loop */
    }
}

static void *watchdog_watch(void *user)
{
    struct watchdog *w = user;
    while (!w->ends) {
        (void)poll(NULL, 0, LOOK_MS);
        if (still_ms(w) <= w->stuck_after_ms)
            continue;
        log_error(.message = "event loop blocked: /livez fails until it runs again",
                  .ms = still_ms(w),
                  .remedy =
                      "if it persists: restart this worker and send the log to the developers");
        stand_in(w);
    }
    return NULL;
}

struct watchdog *watchdog_start(int fd, int64_t stuck_after_ms)
{
    struct watchdog *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->fd = fd;
    w->stuck_after_ms = stuck_after_ms;
    atomic_store(&w->beat_ms, clock_monotonic_ms());
    sigset_t all, before;
    pthread_attr_t attributes;
    (void)sigfillset(&all);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* the loop's thread takes signals */
    const int result = pthread_create(&w->thread, &attributes, watchdog_watch, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (result == 0)
        return w;
    log_warning(.message =
                    "cannot start the watchdog thread: a blocked event loop will not answer probes",
                .detail = strerror(result));
    free(w);
    return NULL;
}

void watchdog_beat(struct watchdog *w)
{
    if (w != NULL)
        atomic_store(&w->beat_ms, clock_monotonic_ms());
}

void watchdog_stop(struct watchdog *w)
{
    if (w == NULL)
        return;
    w->ends = 1;
    (void)pthread_join(w->thread, NULL);
    free(w);
}
