/* The host: what every program of ours has around its work, with a topic to read or without one: one
 * loop, timers, signals, pauses, the HTTP answers, a watchdog, the way to start, to drain and to
 * begin again. The work itself is a job (struct host_job), which lives on the host's loop.
 *
 * Life: configuration is read and `prepare` checks it (--check ends there); the loop is set up and
 * `begin` called, which ends in host_started, at once or later; `turn` and `tick` are called from
 * then on. SIGTERM drains: `drain` once, then `is_drained` each tick, for at most
 * worker.drain_deadline from the signal; a second signal stops at once, as does one before
 * host_started. SIGHUP reloads. Everything on the loop's thread, but for what says otherwise. */
#ifndef PRIMAFLOW_HOST_H
#define PRIMAFLOW_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "config/options.h"
#include "host/pauses.h"
#include "host/timers.h"
#include "host/waits.h"
#include "obs/http.h"

struct host;
struct watchdog;

/* What a program does. Those that may be NULL say so. */
struct host_job {
    const char *name;  /* in log lines */
    const char *usage; /* for --help */
    /* host.config is there, and the loop. Reads and checks all that the configuration decides; no
     * connection is made. <0: the message says what and the remedy; the program ends with 78. */
    int (*prepare)(struct host *h, struct config_message *ret_message);
    void (*release)(struct host *h); /* what `prepare` made: behind --check alone */
    void (*answers)(struct host *h, struct obs_answers *ret_answers); /* NULL: it has no --http */
    void (*begin)(struct host *h);
    void (*turn)(struct host *h);                 /* before the loop sleeps; NULL */
    void (*tick)(struct host *h, int64_t now_ms); /* every HOST_TICK_MS; NULL */
    void (*reload)(struct host *h);               /* SIGHUP; NULL */
    int64_t (*in_hand)(const struct host *h);     /* how much is under way, for the log; NULL */
    void (*drain)(struct host *h);                /* take no more; NULL */
    /* Is all done? `late`: what is under way is not waited for any more. NULL: always. */
    bool (*is_drained)(struct host *h, bool late);
    void (*end)(struct host *h); /* the loop has ended; NULL */
};

enum { HOST_TICK_MS = 250 };

struct host {
    uv_loop_t loop;
    const struct host_job *job;
    struct options options;
    const struct config *config;
    char slot[64]; /* in log lines, "": none; the job's to fill */
    struct timers timers;
    struct pauses pauses;
    struct waits waits; /* start-up's */

    struct obs_http *http;
    struct watchdog *watchdog;
    struct {
        uv_signal_t term, interrupt, hup;
    } signals;
    uv_prepare_t prepare; /* before the loop sleeps: the turn */
    uv_timer_t tick;
    unsigned ticks;
    int64_t stall_ms; /* how long the loop stood still; 0: not, or /livez has said so */
    int64_t last_tick_ms, started_ms;

    bool running;  /* host_started */
    bool draining; /* SIGTERM */
    /* monotonic, of a drain: what is under way is waited for until then; and when it ends */
    int64_t drain_by_ms, end_by_ms;
    atomic_int give_up; /* read by the pool: end blocking waits */
    int exit_code;      /* once it is over; while it drains: what it will be */
    bool over;          /* the loop is to end */
};

/* Runs a job until it ends. Returns after --help, --check, or a configuration that is refused;
 * else the process ends here, threads of the pool with it. `h` is zero but for what the job itself
 * keeps around it. */
int host_run(struct host *h, const struct host_job *job, int argc, char **argv);

/* For log lines: NULL where there is none. */
static inline const char *host_slot(const struct host *h)
{
    return h->slot[0] != '\0' ? h->slot : NULL;
}

/* Is it alive? For obs_answers.live, `user` a struct host. Answered by the loop itself: that it
 * answers is the best part of the answer. While it stands still the watchdog says no; a stall that
 * is over is said once, so that who asks seldom hears of it, and who restarts after several failures
 * does not restart what works. */
bool host_is_live(void *user, struct buf *why);

/* It works from here on. */
void host_started(struct host *h);

/* Takes no more, finishes what is under way, ends with this exit code. */
void host_drain(struct host *h, int exit_code);

/* Ends the loop. message NULL: nothing is logged. */
void host_fail(struct host *h, int exit_code, const char *message, const char *detail,
               const char *remedy);

/* Forgets everything and begins again as a new process with the same pid: the one answer to being
 * fenced, to a lost Redis, to a broken producer. What was not committed is fetched again; the
 * protocol treats it as the crash that it equals. One that is to end (SIGTERM) ends instead. */
_Noreturn void host_start_over(struct host *h, const char *reason, const char *detail);
void host_remember_argv(char **argv); /* what host_start_over runs again */

#endif
