/* What is done about a refund; see refund_decide.h. */
#include "refund_decide.h"

#include "base/text.h"
#include "refund_money.h"
#include "refund_note.h"
#include "refund_rates.h"
#include "refund_say.h"

#include <errno.h>

/* An edit's record is in the ledger within a transaction. What takes longer has died, and waits by policy. */
enum { REQUEST_BYTES_MAX = 1 << 20, OWED_WAIT_MS = 120000 };

struct decision {
    const struct refund_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    const struct company_rules *company;
    const struct refund_known *known;
    const struct ledger_entry *entry;
    struct arena *arena;
    struct ledger_balance balance; /* with what is reserved for others taken off */
    struct refund_money money;
    struct refund_parts parts;
    struct refund_shares shares;
    int64_t gross, account;
    struct refund_plan *plan;
    int result; /* 0: go on; 1: decided; < 0: no memory */
};

static int settle(struct decision *d, enum outcome outcome, const char *detail)
{
    *d->plan =
        (struct refund_plan){.verdict = REFUND_SETTLES, .outcome = outcome, .detail = detail};
    return 1;
}

static int end(struct decision *d, bool waits, enum pf_error code, const char *detail)
{
    *d->plan = (struct refund_plan){.verdict = waits ? REFUND_WAITS : REFUND_DEAD_LETTERS,
                                    .detail = detail};
    flag_raise(&d->plan->flags, code, 0);
    return 1;
}

static int dead_letter(struct decision *d, enum pf_error code, const char *detail)
{
    return end(d, false, code, detail);
}

/* ---- 1 ---- */

/* When the posted version was made; of one that nobody knows, when it was posted: nothing that is in
 * it can be newer. */
static int64_t posted_version_at(const struct ledger_entry *entry)
{
    return entry->event_time != 0 ? entry->event_time : entry->posted_at;
}

static int find_order(struct decision *d)
{
    const struct refund_known *known = d->known;
    if (known->order == REFUND_ORDER_UNPOSTED || (d->event->test && d->entry == NULL))
        return settle(d, OUTCOME_NOTHING_TO_CREDIT, NULL);
    if (known->is_own_credited)
        return settle(d, OUTCOME_DUPLICATE, "the ledger has its credit note");
    if (d->entry == NULL)
        return end(d, true, PF_E_refund_order_missing, "its order has not been posted");
    if (ledger_has_credit(d->entry, d->event->refund_id))
        return settle(d, OUTCOME_DUPLICATE, "the ledger has its credit note");
    if (d->known->is_own_open)
        return end(d, true, PF_E_refund_waits_for_refund,
                   "a person has to tell whether its own credit note exists");
    if (d->event->kind == REFUND_KIND_EDIT && d->event->created_at <= posted_version_at(d->entry))
        return settle(d, OUTCOME_CONTAINED, "the order was posted as it is after this edit");
    if (d->event->source_version != 0 && d->event->source_version < known->owed_version)
        return settle(d, OUTCOME_SUPERSEDED, "a newer version of it has ended");
    return 0;
}

static int wait_for_owed(struct decision *d)
{
    if (d->known->now_ms - d->known->first_seen_ms > OWED_WAIT_MS)
        return end(d, true, PF_E_refund_waits_for_refund,
                   "what an edit of the order left owed is not in the ledger yet");
    *d->plan = (struct refund_plan){.verdict = REFUND_ASKS_OWED};
    return 1;
}

static int ask_own_owed(struct decision *d)
{
    return d->known->is_own_owed_unread ? wait_for_owed(d) : 0;
}

/* ---- 2 ---- */

static int read_balance(struct decision *d)
{
    struct ledger_excess excess;
    const int r = ledger_balance_read(d->entry, d->arena, &d->balance);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return dead_letter(d, PF_E_defect, "the order's ledger entry does not add up");
    for (size_t i = 0; i < d->known->reserved_count; i++)
        if (ledger_reserve(&d->balance, &d->known->reserved[i], &excess) < 0)
            return dead_letter(d, PF_E_defect, "more is reserved of the order than remains");
    return 0;
}

/* Units that an edit took away without money: owed from now on. */
static int settle_without_money(struct decision *d)
{
    const struct refund_event *e = d->event;
    struct ledger_taken *taken = arena_alloc(d->arena, (e->lines.count + 1) * sizeof *taken);
    size_t count = 0;
    if (taken == NULL)
        return -ENOMEM;
    for (size_t i = 0; e->kind == REFUND_KIND_EDIT && !e->deleted && i < e->lines.count; i++)
        for (size_t k = 0; k < d->entry->lines.count; k++)
            if (e->lines.items[i].quantity > 0 && d->entry->lines.items[k].bundle_quantity == 0 &&
                strcmp(d->entry->lines.items[k].line_id, e->lines.items[i].line_id) == 0) {
                taken[count++] = (struct ledger_taken){k, e->lines.items[i].quantity};
                break;
            }
    (void)settle(d, OUTCOME_NO_MONEY, "no money went back");
    d->plan->taken = taken;
    d->plan->taken_count = count;
    return 1;
}

static bool is_too_old(const struct refund_known *known)
{
    return known->now_ms != 0 && known->pending_max_age_ms > 0 &&
           known->now_ms - known->first_seen_ms >= known->pending_max_age_ms;
}

static int ask_money(struct decision *d)
{
    const char *detail = NULL;
    const int r =
        refund_money_read(d->event, d->entry, d->balance.account, d->arena, &d->money, &detail);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return dead_letter(d, r == -EDOM ? PF_E_refund_mismatch : PF_E_event_invalid, detail);
    switch (d->money.verdict) {
    case MONEY_WAITS:
        return end(d, !is_too_old(d->known), PF_E_refund_money_pending,
                   d->event->transactions_told ? "its money is not final"
                                               : "this copy does not tell its transactions");
    case MONEY_FAILED:
        return dead_letter(d, PF_E_refund_money_failed, "none of its payments succeeded");
    case MONEY_NONE:
        return settle_without_money(d);
    default:
        return 0;
    }
}

static int ask_store_credit(struct decision *d)
{
    for (size_t i = 0; i < d->event->transactions.count; i++) {
        const struct refund_transaction *t = &d->event->transactions.items[i];
        if (t->kind == TENDER_STORE_CREDIT && t->type == TRANSACTION_REFUND &&
            t->status == TRANSACTION_SUCCEEDED && d->channel->store_credit != STORE_CREDIT_NOTE &&
            d->channel->store_credit != STORE_CREDIT_WITHOUT_TAX)
            return dead_letter(d, PF_E_store_credit_undecided,
                               d->channel->store_credit == STORE_CREDIT_PERSON
                                   ? "this channel has a person book store credit"
                                   : "nothing says what store credit of this channel is for VAT");
    }
    return 0;
}

/* Money that decided nothing asks for no credit, and needs none. */
static int ask_others(struct decision *d)
{
    const char *keeper = d->known->keeper != NULL ? d->known->keeper : "another";
    if (!d->known->is_all_kept)
        return 0;
    const char *detail = arena_printf(
        d->arena, "nobody knows what refund %.60s of the order took, and all is kept for it",
        keeper);
    return detail == NULL ? -ENOMEM : end(d, true, PF_E_refund_waits_for_refund, detail);
}

static int ask_owed(struct decision *d)
{
    return d->known->is_owed_unread ? wait_for_owed(d) : 0;
}

/* ---- 3 ---- */

/* As for orders: once a part, with the channel's cap. */
static int64_t tolerance(const struct decision *d)
{
    const int64_t parts = d->parts.count > 0 ? (int64_t)d->parts.count : 1,
                  all = parts * d->channel->tolerance_per_line;
    return all < d->channel->tolerance_cap ? all : d->channel->tolerance_cap;
}

/* Gross: what went back and what was set off, and what is taken off an account. The account explains
 * what is missing only as far as it goes, and never to the penny more. */
static int decide_gross(struct decision *d)
{
    struct exact x = {0};
    const int64_t paid = exact_add(&x, d->money.back, d->money.set_off);
    if (x.overflow)
        return dead_letter(d, PF_E_refund_mismatch, "the money is too large to be added");
    if (d->money.verdict == MONEY_ACCOUNT) {
        if (refund_parts_sum(&d->parts, &d->account) < 0 || d->account <= 0)
            return dead_letter(d, PF_E_refund_mismatch,
                               "no money moved that would say which way its adjustments go");
        d->gross = d->account;
        return 0;
    }
    const int64_t sum = refund_parts_nearest(&d->parts, paid),
                  missing = exact_subtract(&x, sum, paid);
    if (refund_rates_agree(d->event, d->entry, &d->parts, &d->money, tolerance(d), &d->gross) &&
        d->gross >= d->money.set_off) {
        refund_money_adopt(&d->money, d->balance.currency, d->event->transactions.count,
                           exact_subtract(&x, d->gross, d->money.set_off));
        return 0;
    }
    d->gross = paid;
    if (!x.overflow && missing > tolerance(d) && missing <= d->balance.account) {
        d->account = missing;
        d->gross = sum;
    }
    return 0;
}

static int exceeds(struct decision *d, const struct ledger_excess *excess)
{
    /* What only another refund keeps, whose outcome nobody knows, may come back. */
    if (d->known->reserved_count > 0) {
        struct ledger_balance whole;
        struct refund_shares shares;
        struct ledger_excess ignored;
        int r = ledger_balance_read(d->entry, d->arena, &whole);
        if (r == 0)
            r = refund_shares_take(&d->parts, d->channel->adjustment_tax != 0, &whole, d->arena,
                                   &shares, &ignored);
        if (r == -ENOMEM)
            return r;
        if (r == 0)
            return end(d, true, PF_E_refund_waits_for_refund,
                       "what it needs is kept for another refund of the order");
    }
    const char *detail = refund_say_excess(&d->balance, excess, d->gross, d->arena);
    return detail == NULL ? -ENOMEM : dead_letter(d, PF_E_refund_exceeds_creditable, detail);
}

static int read_parts(struct decision *d)
{
    const char *detail = NULL;
    const int r = refund_parts_read(d->event, &d->balance, d->arena, &d->parts, &detail);
    if (r == -EINVAL)
        return dead_letter(d, PF_E_event_invalid, detail);
    return r == -ENOENT ? dead_letter(d, PF_E_refund_exceeds_creditable, detail) : r;
}

static int take_shares(struct decision *d)
{
    struct ledger_excess excess = {0};
    int r = decide_gross(d);
    if (r != 0)
        return r;
    const int64_t sum = refund_parts_nearest(&d->parts, d->gross);
    if (refund_parts_settle(&d->parts, &d->balance, d->gross, tolerance(d)) < 0) {
        const char *detail = refund_say_mismatch(&d->balance, d->event, sum, d->gross, d->arena);
        return detail == NULL ? -ENOMEM : dead_letter(d, PF_E_refund_mismatch, detail);
    }
    r = refund_shares_take(&d->parts, d->channel->adjustment_tax != 0, &d->balance, d->arena,
                           &d->shares, &excess);
    if (r == -ENOSPC)
        return exceeds(d, &excess);
    if (r == -ERANGE)
        return dead_letter(d, PF_E_refund_mismatch, "the amounts are too large to add up");
    if (r < 0)
        return r;
    if (d->account > d->balance.account) {
        excess = (struct ledger_excess){EXCESS_ACCOUNT, 0, d->account, d->balance.account};
        return exceeds(d, &excess);
    }
    d->shares.credit.account = d->account;
    if (d->shares.credit.count == 0)
        return settle(d, OUTCOME_NO_MONEY, "it comes to nothing");
    return 0;
}

/* ---- 4 ---- */

static int ask_despatch(struct decision *d)
{
    bool never_left = false;
    for (size_t i = 0; i < d->event->lines.count; i++)
        never_left |= d->event->lines.items[i].restock == RESTOCK_CANCEL &&
                      d->event->lines.items[i].quantity > 0;
    if (!never_left)
        return 0;
    if (d->company->before_despatch == BEFORE_DESPATCH_PERSON)
        return dead_letter(d, PF_E_refund_before_despatch,
                           "units that never left are amended by a person in this company");
    if (d->known->status == REFUND_STATUS_UNASKED) {
        *d->plan = (struct refund_plan){.verdict = REFUND_ASKS_STATUS};
        return 1;
    }
    if (d->known->status == REFUND_STATUS_CANCELLED)
        return dead_letter(d, PF_E_order_cancelled_in_prima, "Prima has the order as cancelled");
    return 0;
}

/* ---- 5 ---- */

static int check_days(struct decision *d, struct refund_dates *dates, struct flags *flags)
{
    if (refund_dates_read(d->company, d->money.went_at, d->known->now_ms, dates) < 0)
        return dead_letter(d, PF_E_event_invalid,
                           "the day on which the money went back is none of the calendar");
    if (dates->has_days_left && dates->days_left < 0)
        flag_raise(flags, PF_E_refund_note_late, 0);
    if (!dates->is_moved)
        return 0;
    if (d->company->closed_period == CLOSED_PERIOD_PERSON)
        return dead_letter(d, PF_E_prima_period_closed,
                           "the day on which the money went back is closed in the books");
    flag_raise(flags, PF_E_post_date_moved, 0);
    return 0;
}

/* ---- 6 ---- */

static struct credit_proof proof_of(const struct decision *d, const struct refund_note *note)
{
    const struct ledger_balance *b = &d->balance;
    struct credit_proof proof = {.currency = d->entry->currency,
                                 .tax_included = d->entry->tax_included,
                                 .money_minor = d->money.back,
                                 .set_off_minor = d->money.set_off,
                                 .account_minor = d->account,
                                 .parts_minor = d->parts.stated};
    struct exact x = {.currency = b->currency}; /* the note's own sums, which did not overflow */
    for (size_t i = 0; i < d->shares.credit.count; i++) {
        const struct credit_part *part = &d->shares.credit.parts[i];
        const int64_t tax = refund_note_tax(&x, note, part);
        const int64_t amount = part->gross - (proof.tax_included ? 0 : tax);
        proof.tax_minor += tax;
        if (part->place < ledger_charges_at(b) ||
            (part->place >= ledger_owed_at(b) && part->place < ledger_groups_at(b)))
            proof.lines_minor += amount;
        else if (part->place < ledger_owed_at(b))
            proof.charges_minor += amount;
        else
            proof.order_minor += amount;
    }
    return proof;
}

static struct credit_remaining remaining_of(const struct ledger_balance *b)
{
    struct credit_remaining remaining = {.gross_minor = b->gross,
                                         .rounding_minor = ledger_rounding(b)};
    for (size_t i = 0; i < b->group_count; i++)
        remaining.tax_minor += ledger_place_tax(&b->places[ledger_groups_at(b) + i]);
    return remaining;
}

static int list_tenders(struct decision *d)
{
    const struct refund_event *e = d->event;
    struct credit_tender *tenders =
        arena_alloc(d->arena, (e->transactions.count + 1) * sizeof *tenders);
    size_t count = 0;
    if (tenders == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < e->transactions.count; i++) {
        const struct refund_transaction *t = &e->transactions.items[i];
        if (d->money.amounts[i] != 0)
            tenders[count++] = (struct credit_tender){t->parent_id, tender_kind_names[t->kind],
                                                      t->gateway, d->money.amounts[i]};
    }
    d->plan->tenders = tenders;
    d->plan->tender_count = count;
    return 0;
}

/* Ends the decision when something is not mapped that a note cannot do without. */
static int check_mapped(struct decision *d, const struct flags *flags)
{
    for (size_t i = 0; i < flags->count; i++)
        if (pf_error_info(flags->items[i].code)->class == PF_CLASS_DEAD_LETTER)
            return dead_letter(d, flags->items[i].code,
                               pf_error_info(flags->items[i].code)->meaning);
    return 0;
}

static int write_request(struct decision *d, const struct refund_note *note)
{
    struct buf bytes;
    buf_init(&bytes, REQUEST_BYTES_MAX);
    int r = refund_note_write(note, d->arena, &bytes);
    if (r == 0) {
        d->plan->request = arena_text(d->arena, bytes.data, bytes.size);
        d->plan->request_size = bytes.size;
        r = d->plan->request == NULL ? -ENOMEM : 0;
    }
    buf_release(&bytes);
    if (r == -ERANGE || r == -EINVAL)
        return dead_letter(d, PF_E_event_invalid,
                           "the refund cannot be written as a request: an amount or a number does "
                           "not fit");
    return r;
}

static int write_plan(struct decision *d)
{
    struct refund_dates dates;
    struct flags flags = {0};
    int r = check_days(d, &dates, &flags);
    if (r != 0)
        return r;
    const struct refund_note note = {.event = d->event,
                                     .rules = d->rules,
                                     .channel = d->channel,
                                     .balance = &d->balance,
                                     .shares = &d->shares,
                                     .money = &d->money,
                                     .account = d->account,
                                     .gross = d->gross,
                                     .untaxed = d->channel->store_credit == STORE_CREDIT_WITHOUT_TAX
                                                    ? refund_money_store_credit(d->event, &d->money)
                                                    : 0,
                                     .dates = &dates,
                                     .credit_number = d->known->credit_number,
                                     .restocks = d->known->restocks};
    refund_note_check(&note, &flags);
    if (d->shares.cut > 0)
        flag_raise(&flags, PF_E_refund_tax_capped, 0);
    r = check_mapped(d, &flags);
    if (r != 0)
        return r;
    struct ledger_balance *balance = arena_alloc(d->arena, sizeof *balance);
    if (balance == NULL)
        return -ENOMEM;
    *balance = d->balance;
    *d->plan = (struct refund_plan){.verdict = REFUND_SENDS,
                                    .outcome = OUTCOME_POSTED,
                                    .flags = flags,
                                    .credit = d->shares.credit,
                                    .dates = dates,
                                    .proof = proof_of(d, &note),
                                    .remaining = remaining_of(&d->balance),
                                    .balance = balance,
                                    .money_told = refund_pick(d->entry, &d->event->succeeded)};
    r = list_tenders(d);
    return r < 0 ? r : write_request(d, &note);
}

/* Of money that is back, and has no note yet: how long the law still waits, where that is not long. */
static int say_days(struct decision *d)
{
    struct refund_dates dates;
    if (d->plan->verdict != REFUND_WAITS && d->plan->verdict != REFUND_DEAD_LETTERS)
        return 0;
    if (d->money.back <= 0 || d->plan->detail == NULL ||
        refund_dates_read(d->company, d->money.went_at, d->known->now_ms, &dates) < 0 ||
        !dates.has_days_left || dates.days_left > FLOW_DAYS_FEW)
        return 0;
    d->plan->detail = refund_say_days(d->plan->detail, dates.days_left, d->arena);
    return d->plan->detail == NULL ? -ENOMEM : 0;
}

int refund_decide(const struct refund_event *event, const struct order_rules *rules,
                  const struct refund_known *known, struct arena *arena,
                  struct refund_plan *ret_plan)
{
    static int (*const steps[])(struct decision *) = {
        find_order, ask_own_owed, read_balance, ask_money,    ask_store_credit, ask_others,
        ask_owed,   read_parts,   take_shares,  ask_despatch, write_plan,
    };
    struct decision d = {
        .event = event,
        .rules = rules,
        .channel = rules_channel(rules, event->channel, event->store),
        .known = known,
        .entry = known->order == REFUND_ORDER_POSTED ? known->entry : NULL,
        .arena = arena,
        .plan = ret_plan,
    };
    int r = 0;
    if (d.channel == NULL) /* the rules were reloaded since the key was made */
        r = dead_letter(&d, PF_E_company_unmapped, "the channel is not in channels.yaml any more");
    else
        d.company = rules_company(rules, d.channel->company);
    for (size_t i = 0; r == 0 && i < sizeof steps / sizeof *steps; i++)
        r = steps[i](&d);
    return r < 0 ? r : say_days(&d);
}

enum pf_error refund_money_moved(const struct refund_event *event, enum money_chosen chosen,
                                 const struct currency *currency, int64_t posted_minor,
                                 struct arena *arena, const char **ret_detail)
{
    const struct ledger_entry entry = {.money = chosen};
    const int64_t back = event->deleted ? 0 : refund_pick(&entry, &event->succeeded);
    if (back == posted_minor)
        return PF_OK;
    *ret_detail = refund_say_moved(currency, posted_minor, back, arena);
    return back < posted_minor ? PF_E_refund_money_failed_after_credit
                               : PF_E_refund_more_money_after_credit;
}
