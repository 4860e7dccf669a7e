/* The key in Redis: claim it, wait for it, or learn what became of it. */
#include <assert.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/worker.h"
#include "runtime/world.h"

enum { BUSY_MS_MAX = 1000 }; /* look again at least so often: a holder may finish long before its lease ends */

bool claim_is_over(struct record *r, enum verdict verdict)
{
    struct worker *w = r->worker;
    switch (verdict) {
    case VERDICT_SUSPECT:
        world_lost_redis(w, "the marker key is missing or another one");
        return true;
    case VERDICT_SLOT_LOST:
        worker_start_over(w, "slot_lost", "another process has our slot");
    case VERDICT_STALE:
        /* A newer generation touched the key. Either we are newer too and have not said so, or a rebalance will take the partition away
         * soon. */
        metrics_add(METRIC_stale_writes, "generation", 1);
        worker_refresh_fence(w);
        record_set_state(r, DECODED);
        record_rest(r, 500, act_claim);
        return true;
    case VERDICT_LOST:
        metrics_add(METRIC_stale_writes, "token", 1);
        record_set_state(r, DECODED);
        record_rest(r, 50, act_claim);
        return true;
    case VERDICT_DEFECT:
        worker_fail(w, 70, "Redis refused a script: a defect", redis_last_error(w->redis), "report it with this line and Redis' version");
        return true;
    default:
        return false;
    }
}

static void read_takeover(struct record *r, const struct redis_reply *reply)
{
    const struct redis_item *item = reply->items;
    r->is_takeover = true;
    r->request_is_stored = true;
    if (item[2].size == IDENTITY_SIZE)
        memcpy(r->sent_identity, item[2].text, IDENTITY_SIZE);
    r->request = record_keep(r, item[3].text, item[3].size);
    r->summary = record_keep(r, item[4].text, item[4].size);
    r->absent_from_ms = clock_monotonic_ms() + item[6].number + 1;
    r->proven = item[7].number != 0;
    r->is_from_lost_redis = item[8].number != 0;
    if (r->unknown_since_ms == 0)
        r->unknown_since_ms = clock_wall_ms();
}

static void read_parked(struct record *r, const struct redis_reply *reply)
{
    const struct redis_item *item = reply->items;
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)item[2].size, item[2].text != NULL ? item[2].text : "");
    r->is_parked = true;
    r->code = pf_error_find(name);
    if (r->code == PF_OK)
        r->code = PF_E_outcome_unknown;
    if (item[3].size == IDENTITY_SIZE)
        memcpy(r->sent_identity, item[3].text, IDENTITY_SIZE);
    r->summary = record_keep(r, item[4].text, item[4].size);
    r->proven = item[6].number != 0;
}

static void read_posted(struct record *r, const struct redis_reply *reply)
{
    const struct redis_item *item = reply->items;
    r->publisher = record_keep(r, item[2].text, item[2].size).data;
    r->summary = record_keep(r, item[3].text, item[3].size);
    r->posted_version = item[4].number;
    r->posted_ms = item[5].number;
}

static void claimed_or_not(struct record *r, enum verdict verdict, const struct redis_reply *reply)
{
    const struct redis_item *item = reply->items;
    switch (verdict) {
    case VERDICT_CLAIMED:
        life_happens(r, KEY_FREE);
        break;
    case VERDICT_BUSY:
        r->wait_ms = item[1].number;
        life_happens(r, KEY_BUSY);
        break;
    case VERDICT_DEFERRED:
        r->is_deferred = true;
        life_happens(r, KEY_DEFERRED);
        break;
    case VERDICT_TAKEOVER:
        read_takeover(r, reply);
        life_happens(r, TAKEN_OVER);
        break;
    case VERDICT_POSTED:
        read_posted(r, reply);
        life_happens(r, strcmp(item[1].text, "own") == 0 ? POSTED_OWN : strcmp(item[1].text, "same") == 0 ? POSTED_SAME : POSTED_OTHER);
        break;
    case VERDICT_REFUSED:
        r->code = pf_error_find(item[1].text);
        life_happens(r, REFUSED_OWN);
        break;
    case VERDICT_PARKED:
        read_parked(r, reply);
        if (item[1].number == 0)
            r->code = PF_E_parked_behind;
        life_happens(r, item[1].number != 0 ? PARKED_SAME : PARKED_OTHER);
        break;
    case VERDICT_DISCARDED:
        r->code = PF_E_discarded;
        life_happens(r, KEY_DISCARDED);
        break;
    case VERDICT_CANCELLED:
        r->outcome = OUTCOME_CANCELLED_BEFORE_POSTING;
        life_happens(r, KEY_CANCELLED);
        break;
    default:
        (void)claim_is_over(r, VERDICT_DEFECT);
    }
}

static void on_claim(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("claim.after");
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (!claim_is_over(r, verdict))
        claimed_or_not(r, verdict, reply);
}

void act_claim(struct record *r)
{
    struct worker *w = r->worker;
    /* What an earlier claim of this record knew is void now. */
    r->is_takeover = r->is_parked = r->request_is_stored = r->proven = r->unclassified = r->exists = r->asked_first =
        r->is_from_lost_redis = r->is_deferred = r->creates_customer = r->names_products = r->distrusts_catalogue = false;
    r->facts = NULL;
    r->products = NULL;
    r->waits_on_world = false;
    r->customer_mail = r->customer_channel = NULL;
    r->fact_count = 0;
    r->code = PF_OK;
    r->detail = NULL;
    r->code_count = 0;
    (void)fail_point("claim.before");
    record_hold(r);
    keys_claim(&w->keys, &r->work, w->lease_ms, w->window_ms, on_claim, r);
}

void act_enter_lane(struct record *r)
{
    record_leave_flight(r);
    if (lanes_enter(&r->worker->lanes, &r->lane, r->key.natural, strlen(r->key.natural)))
        record_go(r, act_claim);
}

void act_wait_for_key(struct record *r)
{
    r->waits_on_world = true;
    if (clock_monotonic_ms() + r->wait_ms > r->deadline_ms) {
        life_happens(r, TOO_LATE);
        return;
    }
    record_rest(r, r->wait_ms < BUSY_MS_MAX ? r->wait_ms + 1 : BUSY_MS_MAX, act_claim);
}
