/* Facts in, a plan out; see refund_facts.h. */
#include "refund_facts.h"

#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_pack.h"
#include "refund_decide.h"
#include "refund_key.h"
#include "refund_summary.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { CREDIT_FACT, STATUS_FACT, FACTS };

struct asking {
    const struct refund_event *event;
    const struct flow_key *key;
    const struct order_rules *rules;
    const struct flow_known *known;
    struct arena *arena;
    struct fact *facts; /* FACTS of them, of which `count` are asked for */
    size_t count;
    bool is_owed; /* an earlier version of it took units away */
    struct refund_known to_decide;
    struct refund_plan plan;
};

/* ---- facts ---- */

/* As the runtime brought it, if it did; else as it knows it without asking. */
static struct fact *want_fact(struct asking *a, const struct fact *wanted, const struct fact *given,
                              size_t given_count)
{
    struct fact *fact = &a->facts[a->count++];
    *fact = *wanted;
    for (size_t i = 0; i < given_count; i++)
        if (given[i].kind == wanted->kind)
            *fact = given[i];
    if (fact->state == FACT_UNASKED && a->known != NULL)
        a->known->look(a->known->user, fact);
    return fact;
}

/* What Prima said stays said, while what remains of the order is found out once more. */
static void keep_status(struct asking *a, const struct fact *given, size_t given_count)
{
    for (size_t i = 0; i < given_count; i++)
        if (given[i].kind == FACT_STATUS && given[i].state != FACT_UNASKED)
            a->facts[a->count++] = given[i];
}

static int ask_facts(const struct asking *a, struct flow_plan *plan)
{
    *plan =
        (struct flow_plan){.verdict = FLOW_NEEDS_FACTS, .facts = a->facts, .fact_count = a->count};
    return 0;
}

/* What an edit left owed must be in the ledger first. */
static int ask_owed(struct asking *a, const struct fact *given, size_t given_count,
                    struct flow_plan *plan)
{
    a->facts[CREDIT_FACT] = (struct fact){.kind = FACT_CREDIT, .reads_owed = true};
    a->count = 1;
    keep_status(a, given, given_count);
    return ask_facts(a, plan);
}

static const char *keeper_of(const struct ledger_fold *fold, const struct ledger_kept *kept)
{
    for (size_t i = 0; i < fold->open_count; i++)
        if (fold->open[i]->all)
            return fold->open[i]->refund_id;
    return kept->misfit != NULL && kept->misfit->refund_id[0] != '\0' ? kept->misfit->refund_id
                                                                      : NULL;
}

static bool is_own(const struct ledger_fold *fold, enum credit_state state)
{
    return fold->own != NULL && fold->own->state == state;
}

/* What is left for this refund. -EBADMSG: the ledger does not add up. */
static int know_credit(struct asking *a, const struct fact *fact)
{
    const struct ledger_fold *fold = fact->credit;
    struct refund_known *k = &a->to_decide;
    struct ledger_kept kept = {.is_all = false};
    k->order = REFUND_ORDER_UNSEEN;
    if (fold == NULL)
        return 0;
    a->is_owed = is_own(fold, CREDIT_OWED);
    k->is_own_open = is_own(fold, CREDIT_OPEN);
    k->is_own_credited = is_own(fold, CREDIT_CREDITED);
    k->owed_version = a->is_owed ? fold->own->source_version : 0;
    if (fold->entry == NULL) {
        k->order = fold->is_unposted ? REFUND_ORDER_UNPOSTED : REFUND_ORDER_UNSEEN;
        return 0;
    }
    k->order = REFUND_ORDER_POSTED;
    k->entry = fold->entry;
    if (fact->kept != NULL) {
        kept = *fact->kept;
    } else {
        const int r = ledger_keep(fold, NULL, 0, a->arena, &kept);
        if (r < 0)
            return r;
    }
    k->reserved = kept.credits;
    k->reserved_count = kept.count;
    k->is_all_kept = kept.is_all;
    k->is_owed_unread = kept.is_unread;
    k->is_own_owed_unread = kept.is_own_unread;
    k->keeper = keeper_of(fold, &kept);
    return 0;
}

/* An order that Prima lacks is not cancelled there: whether it takes a note for it is Prima's word. */
static enum refund_status status_of(const struct fact *fact)
{
    return fact->state == FACT_KNOWN && fact->status != NULL &&
                   strcasecmp(fact->status, "Cancelled") == 0
               ? REFUND_STATUS_CANCELLED
               : REFUND_STATUS_OTHER;
}

/* ---- the plan ---- */

static int dead_letter(struct flow_plan *plan, enum pf_error code, const char *detail)
{
    *plan = (struct flow_plan){
        .verdict = FLOW_DEAD_LETTERS, .codes = {code}, .code_count = 1, .detail = detail};
    return 0;
}

/* "2026-11-20" as 20261120. */
static int32_t date_number(const char date[static 11])
{
    int32_t number = 0;
    for (const char *p = date; *p != '\0'; p++)
        if (*p != '-')
            number = number * 10 + (*p - '0');
    return number;
}

/* NULL where it is what the key says: a dozen bytes less to be kept. */
static int number_of_order(const struct asking *a, const char **ret_number)
{
    struct refund_key_parts parts;
    const int r = refund_key_split(a->key, a->arena, &parts);
    const char *usual = r == 0 ? refund_order_number(a->key, &parts, a->arena) : NULL;
    if (r == -ENOMEM)
        return r;
    const char *number = a->to_decide.entry->order_number;
    *ret_number = usual != NULL && strcmp(usual, number) == 0 ? NULL : number;
    return 0;
}

static int pack_takes(const struct asking *a, struct buf *out)
{
    const struct refund_plan *p = &a->plan;
    return p->verdict == REFUND_SENDS
               ? ledger_pack(p->balance, &p->credit, p->tenders, p->tender_count, out)
               : ledger_pack_taken(a->to_decide.entry, p->taken, p->taken_count, out);
}

static int write_bytes(const struct asking *a, const struct refund_summary *summary,
                       struct flow_plan *plan)
{
    struct buf bytes;
    buf_init(&bytes, REFUND_SUMMARY_MAX);
    int r = refund_summary_write(summary, &bytes);
    if (r == 0)
        r = pack_takes(a, &bytes);
    if (r == 0) {
        plan->summary = arena_text(a->arena, bytes.data, bytes.size);
        plan->summary_size = bytes.size;
        r = plan->summary == NULL ? -ENOMEM : 0;
    } else if (r == -ENOMEM && bytes.failed) {
        r = -E2BIG;
    }
    buf_release(&bytes);
    return r;
}

/* Of what is sent, and of what settles for an order that was posted. */
static int write_summary(const struct asking *a, struct flow_plan *plan)
{
    const struct ledger_entry *entry = a->to_decide.entry;
    const struct refund_plan *p = &a->plan;
    struct refund_summary summary = {.money = entry->money,
                                     .tax_included = entry->tax_included,
                                     .currency = currency_find(entry->currency),
                                     .has_note = p->verdict == REFUND_SENDS,
                                     .was_owed = p->verdict != REFUND_SENDS && a->is_owed};
    if (summary.currency == NULL) /* nothing is sent for it: its balance cannot be read */
        return summary.has_note ? -EBADMSG : 0;
    const int r = number_of_order(a, &summary.order_number);
    if (r < 0)
        return r;
    if (summary.has_note) {
        summary.flags = p->flags;
        summary.refund_date = date_number(p->dates.refund);
        summary.post_date = date_number(p->dates.post);
        summary.has_days_left = p->dates.has_days_left;
        summary.days_left = p->dates.days_left;
        summary.proof = p->proof;
        summary.money_told = p->money_told;
        summary.remaining = p->remaining;
    }
    return write_bytes(a, &summary, plan);
}

static const char *unposted_detail(const struct asking *a, const struct fact *fact)
{
    const char *outcome = fact->credit != NULL ? fact->credit->outcome : NULL;
    return a->plan.outcome == OUTCOME_NOTHING_TO_CREDIT && outcome != NULL
               ? arena_printf(a->arena, "its order ended as %.40s", outcome)
               : a->plan.detail;
}

static int write_plan(const struct asking *a, struct flow_plan *plan)
{
    static const int verdicts[] = {[REFUND_SENDS] = FLOW_SENDS,
                                   [REFUND_SETTLES] = FLOW_SETTLES,
                                   [REFUND_WAITS] = FLOW_WAITS,
                                   [REFUND_DEAD_LETTERS] = FLOW_DEAD_LETTERS};
    const struct refund_plan *p = &a->plan;
    *plan =
        (struct flow_plan){.request = p->request,
                           .request_size = p->request_size,
                           .outcome = p->outcome,
                           .code_count = p->flags.count,
                           .owes = p->outcome == OUTCOME_NO_MONEY && p->verdict == REFUND_SETTLES &&
                                   (p->taken_count > 0 || a->is_owed),
                           .detail = unposted_detail(a, &a->facts[CREDIT_FACT])};
    plan->verdict = verdicts[p->verdict];
    for (size_t i = 0; i < p->flags.count; i++)
        plan->codes[i] = p->flags.items[i].code;
    const bool has_summary =
        a->to_decide.entry != NULL && (p->verdict == REFUND_SENDS || p->verdict == REFUND_SETTLES);
    const int r = has_summary ? write_summary(a, plan) : 0;
    plan->owes &= plan->summary_size > 0;
    return r == -E2BIG ? dead_letter(plan, PF_E_event_invalid,
                                     "the refund has more parts than can be kept for it")
                       : r;
}

static int decide(struct asking *a)
{
    return refund_decide(a->event, a->rules, &a->to_decide, a->arena, &a->plan);
}

int refund_flow_decide(const void *event, const struct flow_key *key, const void *rules,
                       struct fact *facts, size_t fact_count, const struct flow_known *known,
                       struct arena *arena, struct flow_plan *ret_plan)
{
    const struct rules_settings *settings = rules_settings(rules);
    struct asking a = {.event = event,
                       .key = key,
                       .rules = rules,
                       .known = known,
                       .arena = arena,
                       .facts = arena_alloc(arena, FACTS * sizeof *a.facts),
                       .to_decide = {.now_ms = known != NULL ? known->now_ms : 0,
                                     .first_seen_ms = known != NULL ? known->first_seen_ms : 0,
                                     .pending_max_age_ms = settings->pending_max_age_ms,
                                     .restocks = settings->restocks,
                                     .credit_number = key->document}};
    if (a.facts == NULL)
        return -ENOMEM;
    const struct fact *credit =
        want_fact(&a, &(struct fact){.kind = FACT_CREDIT}, facts, fact_count);
    if (credit->state == FACT_UNASKED) {
        keep_status(&a, facts, fact_count);
        return ask_facts(&a, ret_plan);
    }
    if (credit->state != FACT_KNOWN)
        return dead_letter(ret_plan, PF_E_defect,
                           "what the ledger has of its order cannot be read");
    int r = know_credit(&a, credit);
    if (r == -EBADMSG)
        return dead_letter(ret_plan, PF_E_defect, "the order's ledger does not add up");
    if (r == 0)
        r = decide(&a);
    if (r == 0 && a.plan.verdict == REFUND_ASKS_STATUS) {
        const struct fact wanted = {.kind = FACT_STATUS,
                                    .asks = PRIMA_ORDER_STATUS,
                                    .document = a.to_decide.entry->order_number};
        const struct fact *status = want_fact(&a, &wanted, facts, fact_count);
        if (status->state == FACT_UNASKED)
            return ask_facts(&a, ret_plan);
        a.to_decide.status = status_of(status);
        r = decide(&a);
    }
    if (r == 0 && a.plan.verdict == REFUND_ASKS_OWED)
        return ask_owed(&a, facts, fact_count, ret_plan);
    return r < 0 ? r : write_plan(&a, ret_plan);
}
