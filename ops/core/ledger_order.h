/* What the ledger has of one order: its entry, and what its refunds take of it, each the newest of its
 * key. Owned by the caller: ledger_order_release. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_ORDER_H
#define PRIMAFLOW_OPS_LEDGER_ORDER_H

#include "core/context.h"
#include "domain/ledger/ledger_fold.h"

struct ledger_order {
    struct arena *memory; /* of all below */
    bool has_entry;
    struct ledger_entry entry;
    struct ledger_credit *records; /* by their places, the oldest first */
    size_t record_count;
    int32_t partition; /* of the ledger; -1: it has nothing of the order */
};

/* `order`: its topic key. `waits`: reads all that was written when it began, and waits for a
 * transaction that is open there; else up to the last stable record. OPS_DATA: something of the order
 * cannot be read, or is too large. *ret_order is zero before; release it whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind ledger_order_read(struct ops *ops,
                                                                    const char *order, bool waits,
                                                                    struct ledger_order *ret_order,
                                                                    struct ops_error *ret_error);
void ledger_order_release(struct ledger_order *order);

/* Both put together, for nobody's decision; in the order's memory. OPS_DATA: the entry does not add
 * up. */
__attribute__((warn_unused_result)) enum ops_kind ledger_order_fold(
    const struct ledger_order *order, struct ledger_fold *ret_fold, struct ops_error *ret_error);

#endif
