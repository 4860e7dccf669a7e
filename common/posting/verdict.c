/* See verdict.h. */
#include "posting/verdict.h"

#include "base/failpoint.h"
#include "obs/metrics.h"
#include "posting/stale.h"
#include "stream/world.h"
#include "stream/loss.h"

enum { LOST_REST_MS = 50 };

static void on_said(void *user, const struct redis_reply *reply)
{
    (void)user;
    (void)reply; /* who resolves the record hears of it, or waits for other proof */
}

void verdict_give_back(struct record *r)
{
    keys_release(&r->worker->keys, &r->work, false, on_said, NULL);
}

void verdict_say_over(struct record *r)
{
    if (!mutant("over"))
        keys_over(&r->worker->keys, &r->work, on_said, NULL);
}

bool claim_is_over(struct record *r, enum verdict verdict)
{
    struct worker *w = r->worker;
    switch (verdict) {
    case VERDICT_SUSPECT:
        world_lost_redis(w, world_what_is_lost);
        return true;
    case VERDICT_SLOT_LOST:
        host_start_over(&w->host, "slot_lost", "another process holds this slot");
    case VERDICT_STALE:
        /* A newer generation touched the key. Either we are newer too and have not said so, or a
         * rebalance will take the partition away soon. */
        metrics_add(METRIC_stale_writes, "generation", 1);
        worker_refresh_fence(w);
        r->timing.wait_ms = STALE_REST_MS;
        record_transition(r, STALE_GENERATION);
        return true;
    case VERDICT_UNREADABLE: /* the claim says so, too, and ends it */
    case VERDICT_LOST:
        metrics_add(METRIC_stale_writes, "token", 1);
        if (r->send.on_record && r->send_queue.turn != TURN_POSTS)
            verdict_say_over(r);
        r->timing.wait_ms = LOST_REST_MS;
        record_transition(r, TOKEN_LOST);
        return true;
    case VERDICT_DEFECT:
        host_fail(&w->host, 70, "Redis refused a script: a defect", redis_last_error(w->redis),
                  "report it with this line and Redis' version");
        return true;
    default:
        return false;
    }
}
