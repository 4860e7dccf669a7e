/* Message keys of the ledger's topic. All of an order are in the partition of the order's topic key:
 *
 *   company/channel/store/order_id             its entry (LedgerEntry)
 *   company/channel/store/order_id/refund_id   what a refund takes of it (RefundCredit)
 *   company/channel/store/order_id/            the order ended without a document (RefundCredit)
 *
 * Ids hold no '/'. Pure functions: any thread. */
#ifndef PRIMAFLOW_LEDGER_KEY_H
#define PRIMAFLOW_LEDGER_KEY_H

#include "base/arena.h"

#include <stdbool.h>

/* How many bytes of a message key are the order's topic key; 0: it is no key of the ledger. */
size_t ledger_key_order(const char *key, size_t size);

/* Whether the message is an order's entry. */
bool ledger_key_is_entry(const char *key, size_t size);

/* The key of what a refund takes; of the order that ended without a document with refund_id "". In
 * the arena; NULL: no memory. */
const char *ledger_key_credit(struct arena *arena, const char *order, const char *refund_id);

#endif
