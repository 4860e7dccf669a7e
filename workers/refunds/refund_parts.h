/* What a refund consists of, found in the ledger and weighed against its money.
 *
 * Invariants
 *   - After refund_parts_settle the parts come to the money exactly: what misses it by rounding is
 *     put to parts that have room for it, what misses it by more is no refund that can be booked.
 *     Nothing balances but the parts themselves.
 *   - An adjustment is more or less back by the sum, not by its sign. Carriage that is told as
 *     refunded carriage and as an adjustment counts once, as carriage.
 *   - A line that the ledger has as several (a bundle's parts) is split over them by what remains of
 *     each, by largest remainder; units go by how many each bundle has.
 *   - Money alone, without any part, is an amount for the whole order.
 * Lives in the arena; points into the event. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_PARTS_H
#define PRIMAFLOW_REFUND_PARTS_H

#include "domain/events/refund_event.h"
#include "domain/ledger/ledger_balance.h"

enum part_kind {
    PART_LINE,
    PART_CHARGE,      /* carriage and others that the ledger has */
    PART_ORDER,       /* for the whole order */
    PART_TAX,         /* tax alone, for the whole order */
    PART_MONEY_ALONE, /* for the whole order, and nothing said what for */
};

struct refund_part {
    enum part_kind kind;
    const struct refund_line *line; /* of PART_LINE */
    size_t place;                   /* of PART_LINE and PART_CHARGE */
    int64_t quantity;
    int64_t gross; /* tax contained */
    /* as the channel states it: of a line or charge one for each rate of its place, NULL: it does
     * not; of an amount for the order one sum */
    int64_t *taxes;
    bool has_tax;
    int64_t tax;
    int64_t tax_elsewhere; /* stated at rates that the place does not have */
    int64_t rate_ppm;      /* of PART_TAX */
};

struct refund_parts {
    struct refund_part *items;
    size_t count, room;
    int64_t stated;      /* what they come to as the channel states them */
    int64_t adjustments; /* other ones, as signed */
    int64_t adjustments_tax;
    bool adjustments_have_tax;
    struct exact exact;
};

/* Everything but adjustments that are no carriage. 0; -ENOENT: it names what the order as posted does
 * not have, with *ret_detail; -EINVAL: it contradicts itself, with *ret_detail; -ENOMEM. */
__attribute__((warn_unused_result)) int refund_parts_read(const struct refund_event *event,
                                                          const struct ledger_balance *balance,
                                                          struct arena *arena,
                                                          struct refund_parts *ret_parts,
                                                          const char **ret_detail);

/* What they come to when nothing moved: by their own signs. -EINVAL: adjustments, of which only
 * money could tell whether they are more or less. */
__attribute__((warn_unused_result)) int refund_parts_sum(const struct refund_parts *parts,
                                                         int64_t *ret_sum);

/* Which sum the parts come to that is nearest to this money. */
int64_t refund_parts_nearest(const struct refund_parts *parts, int64_t money);

/* Makes the parts come to `money`. 0; -EDOM: they miss it by more than `tolerance`. */
__attribute__((warn_unused_result)) int refund_parts_settle(struct refund_parts *parts,
                                                            const struct ledger_balance *balance,
                                                            int64_t money, int64_t tolerance);

#endif
