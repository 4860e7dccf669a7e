/* What Redis, the slot and an open incident say, and what the worker does about it; see world.h. */
#include "stream/world.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/roll_call.h"
#include "stream/incident.h"
#include "stream/loss.h"

/* ---- the fence, and Redis ---- */

void worker_refresh_fence(struct worker *w)
{
    const int64_t generation =
        w->stream->consumer != NULL ? kafka_generation(w->stream->consumer) : -1;
    if (generation >= 0)
        w->keys.fence = w->stream->control.epoch << 32 | generation;
}

bool world_on_redis_server(void *user, const struct redis_server *server)
{
    struct worker *w = user;
    if (!w->stream->engine->keeps_keys) { /* any will do: the slot's lease is taken there again */
        if (w->stream->fleet.redis_is_away)
            log_info(.message = "Redis connection restored");
        w->stream->fleet.redis_is_away = false;
        return true;
    }
    if (!control_server_is(&w->stream->control.server, server->run_id, server->replication_id) &&
        !mutant("run_id")) {
        pauses_begin(&w->host.pauses, PAUSE_REDIS,
                     "Redis was restarted or replaced; checking for lost data");
        roll_call_begin(w);
        return false;
    }
    pauses_end(&w->host.pauses, PAUSE_REDIS);
    return true;
}

void world_on_redis_answer(void *user, const struct redis_script *script, int64_t took_ms)
{
    (void)user;
    metrics_add(METRIC_redis_commands, script != NULL ? script->name : "command", 1);
    metrics_observe(METRIC_redis_seconds, "", (double)took_ms / 1e3);
}

void world_on_redis_lost(void *user, const char *reason)
{
    struct worker *w = user;
    if (w->stream->engine->keeps_keys)
        pauses_hear_of_redis(&w->host.pauses, reason);
    else if (!w->stream->fleet.redis_is_away)
        log_warning(.message = "Redis connection lost; work goes on, without the slot's lease",
                    .detail = reason, .slot = w->host.slot);
    w->stream->fleet.redis_is_away = !w->stream->engine->keeps_keys;
}

void world_on_slot_renewed(void *user, const struct redis_reply *reply)
{
    struct worker *w = user;
    const enum verdict verdict = keys_verdict(reply);
    if (verdict == VERDICT_SLOT_LOST)
        host_start_over(&w->host, "slot_lost", "another process holds this slot");
    if (verdict == VERDICT_SUSPECT)
        world_lost_redis(w, world_what_is_lost);
    w->stream->fleet.slot_renewed_ms = clock_monotonic_ms();
    w->stream->fleet.slot_keeper_ends = 1;
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
    l->over = incident_is_over(l->worker);
}

static void looked_at_incident(uv_work_t *work, int status)
{
    struct look *l = work->data;
    (void)status;
    if (l->over) {
        l->worker->stream->trust.is_suspect = false;
        log_info(.message = "Redis state recovered: all records from before the loss are committed",
                 .reason = "redis_lost_state");
    }
    l->worker->stream->trust.check_is_running = false;
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
    w->stream->trust.check_is_running = true;
    (void)uv_queue_work(&w->host.loop, &l->work, look_at_incident, looked_at_incident);
}
