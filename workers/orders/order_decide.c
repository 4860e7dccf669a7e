/* The rule book in its order; see order_decide.h.
 *
 *   1. Test orders, orders from before the cut-over and what was taken back whole are never posted;
 *      new ones wait for their edits.
 *   2. The event must make sense (amounts, currency, quantities).
 *   3. Arithmetic: tax by the configured rates, then the totals, to the penny. Money that is
 *      outstanding: post, hold or wait.
 *   4. Bundles are taken apart. Mappings: products, depots, charges, payments, the account's
 *      source.
 *   5. What policy dead-letters or makes wait ends here: nothing is asked of Prima, no account is
 *      made for it.
 *   6. Facts: which products Prima has, which account the customer is. Asked all together, once.
 *   7. The request and its summary; on hold when anything was flagged. */
#include "order_decide.h"

#include "order_bundle.h"
#include "order_customer.h"
#include "domain/money/price.h"
#include "order_legible.h"
#include "order_request.h"
#include "order_resolve.h"
#include "order_sale.h"
#include "order_summary.h"

#include <errno.h>

enum {
    REQUEST_BYTES_MAX = 4 * 1024 * 1024,
    REQUEST_BYTES_USUAL = 4000
}; /* 500 lines with long narratives are 1 MiB; two are 4 KB */

struct decision {
    const struct order_event *event;
    const struct flow_key *key;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    struct arena *arena;
    struct sale sale;
    struct flags flags;
    struct order_customer_plan customer;
    enum rules_action unpaid; /* what is done about outstanding money */
};

static int settle(struct flow_plan *plan, enum outcome outcome, const char *detail)
{
    *plan = (struct flow_plan){.verdict = FLOW_SETTLES, .outcome = outcome, .detail = detail};
    return 0;
}

static int dead_letter(struct flow_plan *plan, enum pf_error code, const char *detail)
{
    *plan = (struct flow_plan){
        .verdict = FLOW_DEAD_LETTERS, .codes = {code}, .code_count = 1, .detail = detail};
    return 0;
}

/* ---- 1 ---- */

/* From when it was made, or first seen where the channel's clock is ahead: an order that arrives
 * late has settled. */
static bool is_settling(const struct decision *d, const struct flow_known *known)
{
    const int64_t made = d->event->created_at, seen = known->first_seen_ms;
    return known->now_ms != 0 &&
           known->now_ms - (made < seen ? made : seen) < rules_settings(d->rules)->settle_after_ms;
}

/* There is no document on which it could be held: a later version says that the money is back. */
static bool money_is_owed(const struct decision *d)
{
    int64_t captured = 0;
    if (!order_is_taken_back(d->event))
        return false;
    for (size_t i = 0; i < d->event->tenders.count; i++)
        if (d->event->tenders.items[i].status == TENDER_STATUS_CAPTURED &&
            __builtin_add_overflow(captured, d->event->tenders.items[i].amount.shop_minor,
                                   &captured))
            return false; /* said of the amounts themselves */
    return captured > d->event->totals.total.shop_minor;
}

/* ---- 2 to 4 ---- */

/* Amounts, tax, totals, of the channel's own lines. *ret_detail is set when the event contradicts
 * itself. */
static int read_amounts(struct decision *d, int32_t date, const char **ret_detail)
{
    const struct order_event *event = d->event;
    int r = sale_read(event, sale_money_chosen(event, d->channel), d->arena, &d->sale, ret_detail);
    if (r < 0)
        return r;
    d->sale.date = date;
    d->sale.is_pos = order_is_pos(event, d->channel);
    d->sale.tax_place = sale_tax_place(event, d->channel, d->sale.is_pos);
    r = sale_check_tax(&d->sale, event, d->rules, d->channel, NULL, d->arena, &d->flags);
    if (r < 0)
        return r;
    sale_promise_tenders(&d->sale, event, d->rules, d->channel);
    sale_check_totals(&d->sale, event, d->channel, &d->flags);
    return 0;
}

static int read_sale(struct decision *d, int32_t date, struct flow_plan *plan, bool *ret_done)
{
    const struct order_event *event = d->event;
    const char *detail = NULL;
    int r = read_amounts(d, date, &detail);
    if (r == 0)
        d->unpaid = sale_check_payment(&d->sale, event, d->rules, d->channel, &d->flags);
    if (r == 0)
        r = sale_fold_parents(&d->sale, d->arena, &detail);
    if (r == 0)
        r = sale_explode(&d->sale, d->rules, d->channel, NULL, 0, d->arena);
    if (r == 0 && d->sale.exact.overflow) {
        detail = "the amounts are too large to add up";
        r = -EINVAL;
    }
    *ret_done = r == -EINVAL;
    if (r == -EINVAL)
        return dead_letter(plan, PF_E_event_invalid, detail);
    if (r == 0)
        r = sale_resolve(&d->sale, event, d->rules, d->channel, d->arena, &d->flags);
    if (r < 0)
        return r;
    if (order_illegible_part(event) != NULL)
        flag_raise(&d->flags, PF_E_address_illegible, 0);
    return order_customer_plan(event, d->rules, d->channel, d->sale.is_pos, d->arena, &d->flags,
                               &d->customer);
}

/* ---- 5 ---- */

static enum rules_action action_of(const struct decision *d, enum pf_error code)
{
    return code == PF_E_payment_pending ? d->unpaid : rules_policy(d->rules, code);
}

/* What of bundles was posted how, for the ledger: parts of one line lie side by side. */
static int list_bundles(const struct decision *d, struct order_summary *summary)
{
    struct exact x = d->sale.exact;
    struct sale_bundle *bundles = arena_alloc(d->arena, d->sale.line_count * sizeof *bundles);
    if (bundles == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->sale.line_count; i++) {
        const struct sale_line *line = &d->sale.lines[i];
        struct price_part parts[2];
        if (line->component == NULL)
            continue;
        if (line->component_number == 1)
            bundles[summary->bundle_count++] = (struct sale_bundle){
                .line = (uint32_t)line->number,
                .mark = bundle_mark(rules_bundle(d->rules, d->channel, line->event->sku)),
            };
        struct sale_bundle *bundle = &bundles[summary->bundle_count - 1];
        bundle->request_lines +=
            (uint32_t)price_parts(&x, &line->price, line->quantity, d->sale.proof.tax_included,
                                  summary->vat_inclusive, parts);
        bundle->misc |= (uint64_t)line->is_misc << (line->component_number - 1);
    }
    summary->bundles = bundles;
    return 0;
}

/* Whether this order's prices contain VAT in Prima (VatInclusive). */
static bool wants_vat(const struct order_rules *rules, const struct order_event *event)
{
    switch (rules_settings(rules)->price_vat) {
    case VAT_GROSS:
        return true;
    case VAT_NET:
        return false;
    default:
        return event->taxes_included;
    }
}

static int fill_summary(const struct decision *d, const char *account,
                        struct order_summary *ret_summary)
{
    uint32_t *misc = arena_alloc(d->arena, d->sale.line_count * sizeof *misc);
    if (misc == NULL)
        return -ENOMEM;
    struct order_summary summary = {
        .hold = d->flags.count > 0,
        .vat_inclusive = wants_vat(d->rules, d->event),
        .money = d->sale.money,
        .currency = d->sale.currency,
        .date = d->sale.date,
        .flags = d->flags,
        .proof = d->sale.proof,
        .misc_lines = misc,
        .is_taken_apart = d->sale.is_taken_apart,
    };
    if (snprintf(summary.account, sizeof summary.account, "%s", account) >=
        (int)sizeof summary.account)
        return -EINVAL;
    for (size_t i = 0; i < d->sale.line_count; i++)
        if (d->sale.lines[i].is_misc && d->sale.lines[i].component == NULL)
            misc[summary.misc_count++] = (uint32_t)d->sale.lines[i].number;
    const int r = summary.is_taken_apart ? list_bundles(d, &summary) : 0;
    if (r == 0)
        *ret_summary = summary;
    return r;
}

/* Ends the decision when a flag's policy is not to post, that flag's code first. */
static int apply_policies(const struct decision *d, struct flow_plan *plan, bool *ret_done)
{
    size_t reason = d->flags.count;
    bool waits = false;
    for (size_t i = d->flags.count; i-- > 0;) {
        const enum rules_action action = action_of(d, d->flags.items[i].code);
        if (action == ACTION_DEAD_LETTER ||
            (action == ACTION_WAIT && (reason == d->flags.count || waits))) {
            reason = i;
            waits = action == ACTION_WAIT;
        }
    }
    *ret_done = reason < d->flags.count;
    if (!*ret_done)
        return 0;
    struct order_summary summary;
    const int r = fill_summary(d, "", &summary);
    if (r < 0)
        return r;
    *plan = (struct flow_plan){.verdict = waits ? FLOW_WAITS : FLOW_DEAD_LETTERS};
    plan->codes[plan->code_count++] = d->flags.items[reason].code;
    for (size_t i = 0; i < d->flags.count; i++)
        if (i != reason)
            plan->codes[plan->code_count++] = d->flags.items[i].code;
    plan->detail = order_summary_narrative(&summary, d->arena);
    return plan->detail == NULL ? -ENOMEM : 0;
}

/* ---- 6 ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool same_product(const struct prima_sku *a, const struct prima_sku *b)
{
    bool same = same_text(a->product, b->product);
    for (size_t i = 0; i < 4; i++)
        same = same && same_text(a->matrix[i], b->matrix[i]);
    return same;
}

static bool same_fact(const struct fact *a, const struct fact *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == FACT_PRODUCT ? same_product(&a->sku, &b->sku)
                                   : same_text(a->channel_customer, b->channel_customer) &&
                                         same_text(a->email, b->email);
}

static struct fact *find_fact(struct fact *facts, size_t count, const struct fact *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (same_fact(&facts[i], wanted))
            return &facts[i];
    return NULL;
}

static bool needs_product(const struct sale_line *line)
{
    return !line->is_misc && !line->event->gift_card;
}

/* Every fact that the order needs, each once, with what is known of it already; no more than one
 * beyond FLOW_FACTS_MAX, for the search grows with their square and an order may be hostile. */
static int list_facts(const struct decision *d, struct fact *known, size_t known_count,
                      struct fact **ret_facts, size_t *ret_count)
{
    struct fact *facts = arena_alloc(d->arena, (d->sale.line_count + 1) * sizeof *facts);
    size_t count = 0;
    if (facts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->sale.line_count && count <= FLOW_FACTS_MAX; i++) {
        const struct fact wanted = {.kind = FACT_PRODUCT, .sku = d->sale.lines[i].product};
        if (needs_product(&d->sale.lines[i]) && find_fact(facts, count, &wanted) == NULL)
            facts[count++] = wanted;
    }
    if (d->customer.account == NULL)
        facts[count++] = d->customer.fact;
    for (size_t i = 0; i < count; i++) {
        const struct fact *found = find_fact(known, known_count, &facts[i]);
        if (found != NULL) {
            facts[i].state = found->state;
            facts[i].account = found->account;
        }
    }
    *ret_facts = facts;
    *ret_count = count;
    return 0;
}

static void look_up(const struct flow_known *known, struct fact *facts, size_t count)
{
    for (size_t i = 0; known != NULL && i < count; i++)
        if (facts[i].state == FACT_UNASKED)
            known->look(known->user, &facts[i]);
}

static void apply_facts(struct decision *d, struct fact *facts, size_t count)
{
    for (size_t i = 0; i < d->sale.line_count; i++) {
        struct sale_line *line = &d->sale.lines[i];
        const struct fact wanted = {.kind = FACT_PRODUCT, .sku = line->product};
        if (needs_product(line) && find_fact(facts, count, &wanted)->state == FACT_ABSENT)
            sale_set_misc(line, d->rules, d->channel, &d->flags);
    }
    if (d->customer.account == NULL)
        d->customer.account = order_customer_account(find_fact(facts, count, &d->customer.fact),
                                                     d->channel, &d->flags);
}

/* ---- 7 ---- */

static int keep(struct buf *bytes, int r, struct arena *arena, const char **ret_bytes,
                size_t *ret_size)
{
    *ret_size = bytes->size;
    *ret_bytes = r < 0 ? NULL : arena_text(arena, bytes->data, bytes->size);
    buf_release(bytes);
    return r < 0 ? r : *ret_bytes == NULL ? -ENOMEM : 0;
}

static int write_plan(struct decision *d, struct flow_plan *plan)
{
    struct order_summary summary;
    int r = fill_summary(d, d->customer.account, &summary);
    if (r == -EINVAL)
        return dead_letter(plan, PF_E_defect, "the account's code is longer than 40 bytes");
    if (r < 0)
        return r;
    const struct order_request request = {
        .event = d->event,
        .rules = d->rules,
        .channel = d->channel,
        .sale = &d->sale,
        .order_number = d->key->document,
        .account = d->customer.account,
        .customer_ref = d->customer.our_ref,
        .vat_inclusive = summary.vat_inclusive,
        .hold = summary.hold,
        .narrative = order_summary_narrative(&summary, d->arena),
    };
    if (request.narrative == NULL)
        return -ENOMEM;
    *plan = (struct flow_plan){.verdict = FLOW_SENDS,
                               .outcome = summary.hold ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED};
    for (size_t i = 0; i < d->flags.count; i++)
        plan->codes[plan->code_count++] = d->flags.items[i].code;
    struct buf bytes;
    buf_init(&bytes, REQUEST_BYTES_MAX);
    (void)buf_reserve(&bytes, REQUEST_BYTES_USUAL);
    r = order_request_write(&request, d->arena, &bytes);
    r = keep(&bytes, r, d->arena, &plan->request, &plan->request_size);
    if (r == -ERANGE || r == -EINVAL)
        return dead_letter(
            plan, PF_E_event_invalid,
            "the order cannot be written as a request: an amount or the order number does not fit");
    if (r < 0)
        return r;
    buf_init(&bytes, SUMMARY_BYTES_MAX);
    r = order_summary_write(&summary, &bytes);
    return keep(&bytes, r, d->arena, &plan->summary, &plan->summary_size);
}

int order_decide(const void *event_, const struct flow_key *key, const void *rules_,
                 struct fact *facts, size_t fact_count, const struct flow_known *known,
                 struct arena *arena, struct flow_plan *ret_plan)
{
    struct decision d = {.event = event_, .key = key, .rules = rules_, .arena = arena};
    d.channel = rules_channel(d.rules, d.event->channel, d.event->store);
    if (d.channel == NULL) /* the rules were reloaded since the key was made */
        return dead_letter(ret_plan, PF_E_company_unmapped,
                           "the channel is not in channels.yaml any more");
    if (d.event->kind == ORDER_CANCELLED || order_has_nothing_left(d.event))
        return settle(ret_plan, OUTCOME_CANCELLED_BEFORE_POSTING, NULL);
    if (order_is_test(d.event, d.channel))
        return settle(ret_plan, OUTCOME_IGNORED_TEST, NULL);
    int32_t date = 0;
    if (rules_local_date(d.rules, d.event->created_at, &date) < 0)
        return dead_letter(ret_plan, PF_E_event_invalid, "created_at is no date of the calendar");
    if (date < rules_settings(d.rules)->cutover_date)
        return settle(ret_plan, OUTCOME_IGNORED_BEFORE_CUTOVER, NULL);

    if (known != NULL && is_settling(&d, known)) {
        *ret_plan = (struct flow_plan){
            .verdict = FLOW_WAITS, .codes = {PF_E_order_settling}, .code_count = 1};
        ret_plan->detail = "a new order waits for its edits (orders.settle_after)";
        return 0;
    }

    if (money_is_owed(&d)) {
        *ret_plan = (struct flow_plan){
            .verdict = rules_policy(d.rules, PF_E_payment_excess) == ACTION_DEAD_LETTER
                           ? FLOW_DEAD_LETTERS
                           : FLOW_WAITS,
            .codes = {PF_E_payment_excess},
            .code_count = 1,
            .detail = "Every unit was taken back before it was posted; what was paid for them is "
                      "not back yet"};
        return 0;
    }

    bool done = false;
    int r = read_sale(&d, date, ret_plan, &done);
    if (r == 0 && !done)
        r = apply_policies(&d, ret_plan, &done);
    if (r < 0 || done)
        return r;

    struct fact *wanted = NULL;
    size_t wanted_count = 0;
    r = list_facts(&d, facts, fact_count, &wanted, &wanted_count);
    if (r < 0)
        return r;
    if (wanted_count > FLOW_FACTS_MAX)
        return dead_letter(ret_plan, PF_E_event_invalid,
                           "the order has more different products than can be asked for at a time");
    look_up(known, wanted, wanted_count);
    for (size_t i = 0; i < wanted_count; i++)
        if (wanted[i].state == FACT_UNASKED) {
            *ret_plan = (struct flow_plan){
                .verdict = FLOW_NEEDS_FACTS, .facts = wanted, .fact_count = wanted_count};
            return 0;
        }
    apply_facts(&d, wanted, wanted_count);
    r = apply_policies(&d, ret_plan, &done);
    return r < 0 || done ? r : write_plan(&d, ret_plan);
}
