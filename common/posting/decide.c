/* What is to be sent, if anything: the flow's pure decision between the facts and the request. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "posting/actions.h"
#include "posting/credit.h"
#include "posting/decide.h"
#include "posting/edit.h"
#include "posting/facts.h"
#include "posting/verdict.h"
#include "posting/posting.h"

static void on_cancel(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (claim_is_over(r, verdict))
        return;
    r->end.outcome = OUTCOME_CANCELLED_BEFORE_POSTING;
    if (!r->key.cancels)
        r->end.code = PF_E_nothing_left;
    record_transition(r, CANCEL_STORED);
}

static void take_back(struct record *r)
{
    r->decision.summary =
        (struct redis_bytes){NULL, 0}; /* of what was sent, and never came to be */
    const char *why_empty = r->key.cancels ? "" : pf_error_info(PF_E_nothing_left)->name;
    record_ref(r);
    keys_cancel(&r->worker->keys, &r->work, why_empty, on_cancel, r);
}

static void on_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("release.after");
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    if (keys_verdict(reply) == VERDICT_MOVED) {
        credit_forget(r);
        facts_hear(r, reply);
        record_transition(r, CREDIT_MOVED);
        return;
    }
    record_transition(r, NOT_TO_SEND);
}

/* Nothing is under way and nothing will be: the claim goes back, so that a later event of this key
 * finds it free. */
static void settle_as_planned(struct record *r, const struct flow_plan *plan)
{
    struct worker *w = r->worker;
    r->decision.summary = edit_seal(r, (struct redis_bytes){plan->summary, plan->summary_size});
    r->claim.leaves_owed = plan->owes && !w->shadow;
    record_ref(r);
    if (r->claim.leaves_owed)
        keys_release_owing(&w->keys, &r->work, r->decision.summary, on_released, r);
    else
        keys_release(&w->keys, &r->work, true, on_released, r);
}

static void adopt_request(struct record *r, const struct flow_plan *plan)
{
    r->decision.request = (struct redis_bytes){plan->request, plan->request_size};
    r->decision.summary = edit_seal(r, (struct redis_bytes){plan->summary, plan->summary_size});
    memcpy(r->decision.sent_identity, r->identity, IDENTITY_SIZE);
    r->claim.request_is_stored = false;
}

static void plan_to_send(struct record *r, const struct flow_plan *plan)
{
    adopt_request(r, plan);
    if (credit_must_wait(r) &&
        (r->lineage.resolve_first == RESOLVE_AS_NEEDED || r->claim.asked_first)) {
        r->claim.waits_on_world = true;
        record_transition(r, TOO_LATE);
        return;
    }
    if (r->worker->shadow && !fail_point("shadow.forgets_order")) /* then the client refuses it */
        record_transition(r, SHADOWED);
    else
        record_transition(r, r->lineage.resolve_first != RESOLVE_AS_NEEDED && !r->claim.asked_first
                                 ? ASK_FIRST
                                 : PLANNED);
}

/* Whatever a record comes to that Redis may have forgotten, it may have been sent before: Prima is
 * asked, also where nothing would be sent now. Found, it is a person's; absent, it is decided
 * again. */
static bool must_ask_first(struct record *r)
{
    if (!record_may_be_forgotten(r) || r->claim.asked_first || r->worker->shadow ||
        mutant("suspect_resolve_first"))
        return false;
    r->claim.sends_nothing = true;
    record_transition(r, ASK_FIRST);
    return true;
}

/* What it comes to when all goes as planned. */
static void end_as(struct record *r, const struct flow_plan *plan)
{
    r->end.outcome = plan->outcome;
    r->end.code_count = plan->code_count;
    memcpy(r->end.codes, plan->codes, sizeof r->end.codes);
    r->end.code = plan->code_count > 0 ? plan->codes[0] : PF_OK;
    r->end.detail = plan->detail;
}

static void follow(struct record *r, const struct flow_plan *plan)
{
    end_as(r, plan);
    r->decision.waits_by_policy = plan->verdict == FLOW_WAITS;
    switch (plan->verdict) {
    case FLOW_NEEDS_FACTS:
        r->claim.facts = plan->facts;
        r->claim.products = NULL;
        r->claim.fact_count = plan->fact_count;
        record_transition(r, FACTS_NEEDED);
        break;
    case FLOW_SENDS:
        plan_to_send(r, plan);
        break;
    case FLOW_SETTLES:
        settle_as_planned(r, plan);
        break;
    case FLOW_DEAD_LETTERS:
        record_transition(r, NOT_ACCEPTABLE);
        break;
    case FLOW_WAITS:
        record_transition(r, NOT_YET);
        break;
    }
}

/* The flow's decision by what is known now. False: the arena is full. */
static bool make_plan(struct record *r, struct flow_plan *plan)
{
    struct worker *w = r->worker;
    const struct flow_known known = {facts_look, r, clock_wall_ms(), r->lineage.first_seen_ms};
    (void)fail_point("decide");
    return w->flow->decide(r->event, &r->key, w->posting->rules, r->claim.facts,
                           r->claim.fact_count, &known, r->arena, plan) >= 0;
}

/* The plan that was made before the claim, once; or a new one. */
static bool take_plan(struct record *r, struct flow_plan *plan)
{
    const struct flow_plan *made = r->decision.plan;
    if (made == NULL)
        return make_plan(r, plan);
    *plan = *made;
    r->decision.plan = NULL;
    return true;
}

bool decide_ahead(struct record *r)
{
    struct flow_plan plan = {0};
    struct flow_plan *kept = arena_alloc(r->arena, sizeof *kept);
    if (kept == NULL || !make_plan(r, &plan))
        return false; /* and so it is when it is claimed: said then */
    *kept = plan;
    r->decision.plan = kept;
    return plan.verdict == FLOW_SENDS;
}

void decide_is_sent(struct record *r)
{
    const struct flow_plan *plan = r->decision.plan;
    end_as(r, plan);
    adopt_request(r, plan);
    r->decision.plan = NULL;
}

void act_decide(struct record *r)
{
    if (record_takes_back(r)) {
        if (!must_ask_first(r))
            take_back(r);
        return;
    }
    if (blame_decides(r)) {
        record_transition(r, r->end.code == PF_E_outcome_unknown ? GIVE_UP : NOT_ACCEPTABLE);
        return;
    }
    struct flow_plan plan = {0};
    if (!take_plan(r, &plan)) {
        r->end.code = PF_E_avro_too_large;
        r->end.detail = "the record exceeds its memory limit";
        record_transition(r, NOT_ACCEPTABLE);
        return;
    }
    const bool sends = plan.verdict == FLOW_SENDS || plan.verdict == FLOW_NEEDS_FACTS;
    if (sends || !must_ask_first(r))
        follow(r, &plan);
}
