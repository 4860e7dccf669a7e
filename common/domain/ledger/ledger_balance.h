/* What remains creditable of an order, and what a credit takes of it.
 *
 * A balance is made of places: the entry's lines, its charges, what an edit left owed, and one group
 * for each combination of tax rates that lines and charges have. A part of a credit names one place.
 * What it takes of a line, a charge or something owed is taken of its group and of the order as
 * well; what it takes of a group is an amount for the whole order, and lowers no line.
 *
 * Invariants
 *   - Of every place 0 <= taken <= what remained: units, gross, net, and each tax; so no credit, in
 *     whatever order credits come, makes the sum of them more than what was posted. Where the
 *     posted amount is negative (the rounding of cash) both signs turn round.
 *   - A credit is reserved whole or not at all. Releasing it gives back what reserving it took.
 *   - What is owed for units that an edit took away is not in its line any more: it is given by its
 *     own place.
 *   - Gross contains the tax, whether or not the entry's amounts do.
 * Lives in the arena; points into the entry. Pure functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_BALANCE_H
#define PRIMAFLOW_LEDGER_BALANCE_H

#include "base/arena.h"
#include "domain/events/ledger_entry.h"
#include "domain/money/exact.h"

#define LEDGER_NO_GROUP SIZE_MAX

struct ledger_place {
    int64_t quantity; /* units; 0 of charges and groups */
    int64_t gross;
    size_t group; /* index of the place that it lowers as well; LEDGER_NO_GROUP: none */
    const struct ledger_tax *rates; /* tax_count, of the entry */
    int64_t *taxes;                 /* tax_count */
    size_t tax_count;
};

struct ledger_balance {
    const struct ledger_entry *entry;
    const struct currency *currency;
    /* lines, charges, owed, groups, one behind the other */
    struct ledger_place *places;
    size_t line_count, charge_count, owed_count, group_count;
    int64_t gross;   /* of the order */
    int64_t account; /* that is outstanding, and not taken off yet */
};

/* One part of a credit. */
struct credit_part {
    size_t place;
    int64_t quantity;
    int64_t gross;
    const int64_t *taxes; /* as many as the place has */
};

struct credit {
    const struct credit_part *parts;
    size_t count;
    int64_t account; /* what of its gross is taken off what is outstanding */
};

/* Where a credit takes more than remains. */
enum excess { EXCESS_QUANTITY, EXCESS_GROSS, EXCESS_NET, EXCESS_TAX, EXCESS_ORDER, EXCESS_ACCOUNT };
struct ledger_excess {
    enum excess what;
    size_t place; /* a line, charge, owed or group; of EXCESS_ORDER and _ACCOUNT 0 */
    int64_t wanted, remains;
};

/* 0; -EBADMSG: more is credited in the entry than was posted, or an amount is too large to be added;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_balance_read(const struct ledger_entry *entry,
                                                            struct arena *arena,
                                                            struct ledger_balance *ret_balance);

/* 0; -ENOSPC: it takes more than remains, and nothing was taken; -ERANGE: too large to be added. */
__attribute__((warn_unused_result)) int ledger_reserve(struct ledger_balance *balance,
                                                       const struct credit *credit,
                                                       struct ledger_excess *ret_excess);
/* Only of a credit that was reserved. */
void ledger_release(struct ledger_balance *balance, const struct credit *credit);

/* The first place of each kind. */
static inline size_t ledger_charges_at(const struct ledger_balance *b)
{
    return b->line_count;
}
static inline size_t ledger_owed_at(const struct ledger_balance *b)
{
    return b->line_count + b->charge_count;
}
static inline size_t ledger_groups_at(const struct ledger_balance *b)
{
    return b->line_count + b->charge_count + b->owed_count;
}

static inline int64_t ledger_place_tax(const struct ledger_place *place)
{
    int64_t sum = 0; /* within the order's, which was added up */
    for (size_t i = 0; i < place->tax_count; i++)
        sum += place->taxes[i];
    return sum;
}

/* The ledger's own share of `units` (1 to what remains) of a line or of something owed: by largest
 * remainder, the last units take all. `ret_taxes` has room for the place's. */
void ledger_share_of(struct exact *x, const struct ledger_place *place, int64_t units,
                     int64_t *ret_gross, int64_t ret_taxes[]);

/* What remains of the order in all, tax contained; `x` says whether it could be added up. */
int64_t ledger_creditable(struct exact *x, const struct ledger_entry *entry);

/* What of it is on lines without a unit left: nobody paid it back, and nobody will. */
int64_t ledger_rounding(const struct ledger_balance *balance);

#endif
