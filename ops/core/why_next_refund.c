/* What an order and its refunds have to do with each other, and which of two things Prima still needs.
 * Pure. */
#include "core/why_next.h"

/* The channel took something back of an order that Prima has. */
static bool takes_back(enum pf_error code)
{
    return code == PF_E_order_amended || code == PF_E_units_cancelled_after_posting ||
           code == PF_E_cancelled_after_posting || code == PF_E_conflict;
}

static const char *note_of(const struct why_refund *r)
{
    return r->document != NULL ? r->document : "its credit note";
}

/* Units that never left are what both are about, so that both would give the same back twice. */
static void which_of_the_same(const char *open, const struct why_refund *r, char text[static 500])
{
    const char *reason = refund_reason(&r->standing);
    if (r->standing.place == REFUND_CREDITED)
        (void)snprintf(text, 500,
                       "Prima has credit note %s for units that never left. It still needs that "
                       "they are not picked, and no other amount: leave the order's lines and "
                       "money as they are, then discard the dead letter of %s.",
                       note_of(r), open);
    else if (r->standing.code == PF_E_refund_before_despatch)
        (void)snprintf(text, 500,
                       "Prima still needs the amendment, and no credit note: amend the order, run "
                       "primaflow amended, then discard the dead letter of %s.",
                       reason);
    else if (r->standing.code == PF_E_order_cancelled_in_prima)
        (void)snprintf(text, 500,
                       "Prima has cancelled the order: where that gave back all of it, it needs "
                       "neither, and both dead letters are discarded.");
    else
        (void)snprintf(text, 500,
                       "Prima needs one of the two for units that never left: the credit note, "
                       "which is not there yet (%s). See that they are not picked, and leave the "
                       "order's lines and money as they are; once the note is posted, discard the "
                       "dead letter of %s.",
                       reason, open);
}

bool why_which(enum pf_error open, const struct why_refund *r, char ret_text[static 500])
{
    const char *name = pf_error_info(open)->name;
    if (!takes_back(open) || r->standing.place == REFUND_SETTLED)
        return false;
    if (r->is_before_despatch)
        which_of_the_same(name, r, ret_text);
    else if (r->standing.place == REFUND_CREDITED)
        (void)snprintf(ret_text, 500,
                       "Prima has credit note %s; it still needs what %s says beyond it. Units and "
                       "money of the note stay in the order: taken out there as well, they are "
                       "given back twice.",
                       note_of(r), name);
    else
        (void)snprintf(ret_text, 500,
                       "Prima has neither yet. Goods that came back are the credit note's (%s); "
                       "amend the order only by what %s says beyond them.",
                       refund_reason(&r->standing), name);
    return true;
}

const struct why_refund *why_refund_self(const struct why_order *refund)
{
    for (size_t i = 0; i < refund->credit.refund_count; i++)
        if (strcmp(refund->credit.refunds[i].natural, refund->id.natural) == 0)
            return &refund->credit.refunds[i];
    return NULL;
}

/* ---- an order ---- */

static void next_stuck(const struct why_credit *c, struct next *next)
{
    if (c->is_blocked)
        next_say(next, "Its ledger entry is being amended, and no refund of it is credited "
                       "meanwhile. If no primaflow amended is running, it died: run it again.");
    if (c->is_all_kept)
        next_say(next,
                 "All that remains creditable is kept for %s until a person has told whether its "
                 "note exists: every other refund of the order waits. Settle that one first.",
                 c->all_kept_for != NULL ? c->all_kept_for : "one of its refunds");
}

void next_of_refunds(const struct why_order *o, struct next *next)
{
    enum pf_error open[WHY_OPEN_MAX];
    const size_t count = why_open(o, open);
    char which[500];
    next_stuck(&o->credit, next);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < o->credit.refund_count; i++)
            if (why_which(open[k], &o->credit.refunds[i], which))
                next_say(next, "%s is open; its refund %s: %s", pf_error_info(open[k])->name,
                         o->credit.refunds[i].refund_id, which);
}

/* ---- a refund ---- */

static void next_order_missing(const struct why_order *o, struct next *next)
{
    const struct why_order *order = o->order;
    const bool is_posted = o->credit.has_entry || (order != NULL && why_is_posted(order));
    if (is_posted)
        next_say(next, "Its order %s is posted: the refund goes on with its next try.",
                 order != NULL ? order->id.natural : o->id.kafka);
    else if (order == NULL || order->event_count == 0)
        next_say(next,
                 "Of its order%s%s nothing is found here: see whether the channel sent it, and "
                 "whether this order id is right.",
                 o->id.kafka[0] != '\0' ? " " : "", o->id.kafka);
    else
        next_say(next, "Its order is not posted yet: primaflow why %s says what that waits for.",
                 order->id.natural);
}

static void next_others(const struct why_order *o, struct next *next)
{
    for (size_t i = 0; i < o->credit.refund_count; i++) {
        const struct why_refund *r = &o->credit.refunds[i];
        const bool is_open = r->record != NULL && r->record->state == CREDIT_OPEN;
        if (strcmp(r->natural, o->id.natural) == 0 ||
            !(is_open || r->standing.place == REFUND_PARKED || r->reserved != 0) ||
            r->standing.place == REFUND_CREDITED)
            continue;
        next_say(next, "It waits for %s (%s, %s).", r->natural,
                 refund_place_name(r->standing.place), refund_reason(&r->standing));
    }
}

void next_of_refund(const struct why_order *o, struct next *next)
{
    const struct why_refund *self = why_refund_self(o);
    enum pf_error open[WHY_OPEN_MAX];
    char which[500];
    if (self == NULL)
        return;
    if (self->standing.place != REFUND_CREDITED && self->standing.place != REFUND_SETTLED)
        next_stuck(&o->credit, next);
    if (self->standing.code == PF_E_refund_order_missing)
        next_order_missing(o, next);
    if (self->standing.code == PF_E_refund_waits_for_refund)
        next_others(o, next);
    const size_t count = o->order != NULL ? why_open(o->order, open) : 0;
    for (size_t k = 0; k < count; k++)
        if (why_which(open[k], self, which))
            next_say(next, "Its order has %s open (primaflow why %s): %s",
                     pf_error_info(open[k])->name, o->order->id.natural, which);
}
