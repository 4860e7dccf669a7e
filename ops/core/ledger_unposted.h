/* The ledger's word that an order has no document and gets none, because a person discarded its dead
 * letter: refunds of it have nothing to credit, and need not wait for it. What an orders worker writes
 * when an order ends without a document (workers/orders/order_write.h), by a person. For the command
 * that discards, which has made sure that the order will not be posted; an entry of it wins over the
 * word in any case.
 *
 * Record and audit are one transaction, under the transactional id of imports: neither comes between
 * the other's look and commit. Said again it changes nothing. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_UNPOSTED_H
#define PRIMAFLOW_OPS_LEDGER_UNPOSTED_H

#include "core/context.h"

struct ledger_unposted_options {
    const char *order;        /* topic key: company/channel/store/order_id */
    const char *who, *reason; /* for ops.audit */
};

/* OPS_USAGE: not such a key, or no reason. OPS_DATA: the ledger has an entry: Prima has its document,
 * and refunds of it are credited. *ret_written: false where the ledger says so already. */
__attribute__((warn_unused_result)) enum ops_kind ledger_unposted(
    struct ops *ops, const struct ledger_unposted_options *options, bool *ret_written,
    struct ops_error *ret_error);

#endif
