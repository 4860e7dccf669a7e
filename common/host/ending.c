/* A drain, with one deadline for all of it; see ending.h, host.h. */
#include "host/ending.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"

enum {
    DRAIN_COMMIT_MS = 5000, /* of a drain: for the last commit and what follows it */
    DRAIN_LEAVE_MS = 2500,  /* ... of these: to tell the fleet that we have stopped */
};

static volatile sig_atomic_t late_exit_code;

static void on_alarm(int number)
{
    (void)number;
    _exit(late_exit_code);
}

/* Whatever the loop or a library stands in then: it is a crash to all others, and they know what to
 * do about one. */
static void end_at_the_latest(int64_t ms, int exit_code)
{
    const struct itimerval once = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    late_exit_code = exit_code;
    (void)signal(SIGALRM, on_alarm);
    (void)setitimer(ITIMER_REAL, &once, NULL);
}

/* One deadline, worker.drain_deadline after the signal, holds for all of it. What is under way is
 * waited for until drain_by_ms; then what has settled is committed and given back until end_by_ms;
 * what is left is for the job's last word. */
void host_drain(struct host *h, int exit_code)
{
    const int64_t now = clock_monotonic_ms(),
                  all = config_int(h->config, CFG_worker_drain_deadline),
                  last = all / 2 < DRAIN_COMMIT_MS ? all / 2 : DRAIN_COMMIT_MS,
                  leave = all / 5 < DRAIN_LEAVE_MS ? all / 5 : DRAIN_LEAVE_MS;
    log_info(.message = "draining; a second signal stops at once",
             .count = h->job->in_hand != NULL ? h->job->in_hand(h) : 0, .slot = host_slot(h));
    h->draining = true;
    h->exit_code = exit_code;
    h->drain_by_ms = now + all - last;
    h->end_by_ms = now + all - leave;
    if (!mutant("drain_end"))
        end_at_the_latest(all, exit_code);
    if (h->job->drain != NULL)
        h->job->drain(h);
}

void ending_look(struct host *h)
{
    if (!h->draining || h->over)
        return;
    const int64_t now = clock_monotonic_ms();
    if (h->job->is_drained == NULL || h->job->is_drained(h, now >= h->drain_by_ms)) {
        host_fail(h, h->exit_code, NULL, NULL, NULL);
    } else if (now >= h->end_by_ms && !mutant("drain_end")) {
        log_warning(.message = "ending before all was committed", .reason = "drain_deadline",
                    .detail = "it is fetched again, as after a crash", .slot = host_slot(h));
        host_fail(h, h->exit_code, NULL, NULL, NULL);
    }
}
