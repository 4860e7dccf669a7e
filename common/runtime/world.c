/* What the world does to a worker, and what the worker does about it: pauses, ends, starting over, Redis' and the slot's news; see world.h,
 * worker.h. */
#include "runtime/world.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/startup.h"

static char **own_argv; /* for starting over */

void world_remember_argv(char **argv)
{
    own_argv = argv;
}

/* ---- pausing ---- */

void worker_pause(struct worker *w, enum pause_reason reason, const char *detail)
{
    if (w->paused & 1u << reason)
        return;
    w->paused |= 1u << reason;
    metrics_add(METRIC_pauses, pause_reason_name(reason), 1);
    log_warning(.message = "paused; polling goes on, nothing is counted against any record", .reason = pause_reason_name(reason),
                .detail = detail);
}

void worker_resume(struct worker *w, enum pause_reason reason)
{
    if (!(w->paused & 1u << reason))
        return;
    w->paused &= ~(1u << reason);
    w->healed_ms = clock_wall_ms();
    /* The time that was spent waiting is not the records': each has its settle_deadline from now. */
    const int64_t deadline = clock_monotonic_ms() + w->settle_deadline_ms;
    for (const struct partition *p = w->partitions; p != NULL; p = p->next)
        for (struct record *r = p->first; r != NULL; r = r->next)
            r->deadline_ms = deadline;
    log_info(.message = "going on", .reason = pause_reason_name(reason));
}

/* ---- ends ---- */

void worker_fail(struct worker *w, int exit_code, const char *message, const char *detail, const char *remedy)
{
    if (w->over)
        return;
    if (exit_code != 0)
        log_error(.message = message, .detail = detail, .remedy = remedy, .slot = w->slot);
    w->exit_code = exit_code;
    w->over = true;
    w->give_up = 1;
    uv_stop(&w->loop);
}

void worker_start_over(struct worker *w, const char *reason, const char *detail)
{
    log_warning(.message = "starting over", .reason = reason, .detail = detail, .slot = w->slot);
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execv("/proc/self/exe", own_argv);
    log_error(.message = "cannot start over", .detail = strerror(errno));
    _exit(70);
}

void worker_refresh_fence(struct worker *w)
{
    const int64_t generation = w->consumer != NULL ? kafka_generation(w->consumer) : -1;
    if (generation >= 0)
        w->keys.fence = w->control.epoch << 32 | generation;
}

/* ---- Redis ---- */

void world_lost_redis(struct worker *w, const char *detail)
{
    if (w->leaving)
        return;
    log_warning(.message = "Redis is not what it was; committing what has settled, then starting over", .reason = "redis_lost_state",
                .detail = detail);
    w->leaving = true;
    w->leave_by_ms = clock_monotonic_ms() + w->lease_ms / 2;
}

void world_leave(struct worker *w)
{
    if (!commit_is_busy(w) && partitions_has_settled(w) && clock_monotonic_ms() < w->leave_by_ms) {
        commit_hurry(w);
        if (commit_is_busy(w))
            return;
    }
    if (!commit_is_busy(w) || clock_monotonic_ms() >= w->leave_by_ms)
        worker_start_over(w, "redis_lost_state", NULL);
}

bool world_on_redis_server(void *user, const struct redis_server *server)
{
    struct worker *w = user;
    if (strcmp(server->run_id, w->control.run_id) != 0 && !mutant("run_id")) {
        world_lost_redis(w, "Redis has another run id");
        return false;
    }
    worker_resume(w, PAUSE_REDIS);
    return true;
}

void world_on_redis_answer(void *user, enum script script, int64_t took_ms)
{
    (void)user;
    metrics_add(METRIC_redis_commands, script < SCRIPT_COUNT ? script_name(script) : "command", 1);
    metrics_observe(METRIC_redis_seconds, "", (double)took_ms / 1e3);
}

void world_on_redis_lost(void *user, const char *reason)
{
    worker_pause(user, PAUSE_REDIS, reason);
}

void world_on_slot_renewed(void *user, const struct redis_reply *reply)
{
    struct worker *w = user;
    const enum verdict verdict = keys_verdict(reply);
    if (verdict == VERDICT_SLOT_LOST)
        worker_start_over(w, "slot_lost", "another process has our slot");
    w->slot_renewed_ms = clock_monotonic_ms();
    w->slot_keeper_ends = 1;
}

/* ---- incidents ---- */

struct look {
    uv_work_t work;
    struct worker *worker;
    bool over;
};

static void look_at_incident(uv_work_t *work)
{
    struct look *l = work->data;
    l->over = startup_incident_is_over(l->worker);
}

static void looked_at_incident(uv_work_t *work, int status)
{
    struct look *l = work->data;
    (void)status;
    if (l->over) {
        l->worker->suspect = false;
        log_info(.message = "Redis is trusted again: everything from before is committed", .reason = "redis_lost_state");
    }
    l->worker->looking = false;
    free(l);
    (void)fail_point("incident.looked");
}

void world_look_at_incident(struct worker *w)
{
    struct look *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    l->worker = w;
    l->work.data = l;
    w->looking = true;
    (void)uv_queue_work(&w->loop, &l->work, look_at_incident, looked_at_incident);
}
