/* Which tax each part of a refund takes back, and what it takes of the ledger.
 *
 *   - A refund that uses up a line's units takes what remains of the line's tax, as far as its gross
 *     allows. Whatever takes all that remains of a gross takes all of its tax, for no net is left.
 *   - Otherwise the channel's tax counts, per rate; one sum over several rates is shared by what
 *     remains of each. Said nothing, it is the ledger's own share.
 *   - No tax exceeds what remains of it on the line and at that rate, in the whole order. What was cut
 *     off beyond a penny a unit is said.
 *   - An amount for the whole order is shared over the rates by what remains of each, gross, with the
 *     ledger's own share of tax (`by_order`), or with the tax that the channel states (`by_channel`).
 *   - Money alone is credited against what edits left owed, the oldest first; the rest is an amount
 *     for the whole order.
 * No note's gross changes here. Lives in the arena. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_SHARES_H
#define PRIMAFLOW_REFUND_SHARES_H

#include "refund_parts.h"

struct refund_shares {
    struct credit credit;
    /* for each of the credit's parts what of the refund it came from */
    const struct refund_part **sources;
    int64_t cut; /* stated tax that was cut off, where it was more than rounding */
};

/* Reserves the credit in `balance`, which must be one of its own for that. 0; -ENOSPC: more than
 * remains, with *ret_excess, and the balance is spoilt; -ERANGE: too large; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_shares_take(
    const struct refund_parts *parts, bool tax_by_channel, struct ledger_balance *balance,
    struct arena *arena, struct refund_shares *ret_shares, struct ledger_excess *ret_excess);

#endif
