/* What is to be sent, if anything: the flow's pure decision between the facts and the request. */
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/facts.h"
#include "runtime/worker.h"

static void on_cancel(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_let_go(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    r->outcome = OUTCOME_CANCELLED_BEFORE_POSTING;
    life_happens(r, CANCEL_STORED);
}

static void plan_to_send(struct record *r, const struct flow_plan *plan)
{
    r->request = (struct redis_bytes){plan->request, plan->request_size};
    r->summary = (struct redis_bytes){plan->summary, plan->summary_size};
    memcpy(r->sent_identity, r->identity, IDENTITY_SIZE);
    r->request_is_stored = false;
    if (r->worker->shadow && !fail_point("shadow.forgets_order")) /* then the client refuses it */
        life_happens(r, SHADOWED);
    else
        life_happens(r, r->resolve_first && !r->asked_first ? ASK_FIRST : PLANNED);
}

static void follow(struct record *r, const struct flow_plan *plan)
{
    r->outcome = plan->outcome;
    r->code_count = plan->code_count;
    memcpy(r->codes, plan->codes, sizeof r->codes);
    r->code = plan->code_count > 0 ? plan->codes[0] : PF_OK;
    r->detail = plan->detail;
    r->waits_by_policy = plan->verdict == FLOW_WAITS;
    switch (plan->verdict) {
    case FLOW_NEEDS_FACTS:
        r->facts = plan->facts;
        r->products = NULL;
        r->fact_count = plan->fact_count;
        life_happens(r, FACTS_NEEDED);
        break;
    case FLOW_SENDS:
        plan_to_send(r, plan);
        break;
    case FLOW_SETTLES:
        /* Nothing is under way and nothing will be: the claim goes back, so that a later event of this key finds it free. */
        record_hold(r);
        keys_release(&r->worker->keys, &r->work, true, facts_on_released, r);
        break;
    case FLOW_DEAD_LETTERS:
        life_happens(r, NOT_ACCEPTABLE);
        break;
    case FLOW_WAITS:
        waiting_note(&r->worker->waiting, r->key.natural, r->key.version);
        life_happens(r, NOT_YET);
        break;
    }
}

void act_decide(struct record *r)
{
    struct worker *w = r->worker;
    if (r->key.cancels) {
        record_hold(r);
        keys_cancel(&w->keys, &r->work, on_cancel, r);
        return;
    }
    (void)fail_point("decide");
    struct flow_plan plan = {0};
    const struct flow_known known = {facts_look, r};
    const int result = w->flow->decide(r->event, &r->key, w->rules, r->facts, r->fact_count, &known, r->arena, &plan);
    if (result < 0) {
        r->code = PF_E_avro_too_large;
        r->detail = "the order is larger than its memory";
        life_happens(r, NOT_ACCEPTABLE);
        return;
    }
    if (plan.verdict == FLOW_SENDS && waiting_has_newer(&w->waiting, r->key.natural, r->key.version))
        plan = (struct flow_plan){.verdict = FLOW_SETTLES, .outcome = OUTCOME_SUPERSEDED, .detail = "a newer version waits to be posted"};
    follow(r, &plan);
}
