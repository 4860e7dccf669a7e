/* While a person's word changes what can be credited of an order, nobody reserves any of it: what
 * `amended` does around its transaction (../../common/idempotency/key_credit.h). One thread. */
#ifndef PRIMAFLOW_OPS_AMENDED_BLOCK_H
#define PRIMAFLOW_OPS_AMENDED_BLOCK_H

#include "core/context.h"
#include "domain/events/ledger_credit.h"

struct amended_block {
    const char *order; /* its topic key */
    int32_t partition; /* of the ledger */
    char holder[33];   /* this command's own; "": nothing is blocked, for no refunds worker works */
    /* in the arena that it was begun with: what is under way */
    const struct ledger_credit *reserved;
    size_t reserved_count;
};

/* OPS_UNAVAILABLE: another command amends the order, Redis is being rebuilt, or does not answer;
 * OPS_DATA: what is reserved cannot be read. Then nothing is blocked. */
__attribute__((warn_unused_result)) enum ops_kind amended_block_begin(struct ops *ops,
                                                                      struct arena *arena,
                                                                      struct amended_block *block,
                                                                      struct ops_error *ret_error);

/* Just before the commit: the order is blocked yet, and by us. OPS_UNAVAILABLE: it is not, or nobody can
 * tell: nothing may be committed. */
__attribute__((warn_unused_result)) enum ops_kind amended_block_check(
    struct ops *ops, const struct amended_block *block, struct ops_error *ret_error);

/* behind: the offset behind the new entry; -1: none was written. OPS_UNAVAILABLE: nobody refunds the
 * order until the command was run again. */
__attribute__((warn_unused_result)) enum ops_kind amended_block_end(
    struct ops *ops, const struct amended_block *block, int64_t behind,
    struct ops_error *ret_error);

#endif
