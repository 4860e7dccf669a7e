/* A refund whose money moved in the other one of the event's two currencies than the order was posted
 * in. Parts and transactions are compared where the money moved, and there they agree; in the order's
 * money a rate that has changed since parts them, which is no part of the note: that has the ledger's
 * own share, by the parts. Pure functions: any thread. */
#ifndef PRIMAFLOW_REFUND_RATES_H
#define PRIMAFLOW_REFUND_RATES_H

#include "refund_money.h"
#include "refund_parts.h"

/* Whether the parts are what went back, within `tolerance`, in the money's own currency; *ret_gross:
 * what they come to in the order's. False also where an amount is not told in that currency, or is
 * too large. */
bool refund_rates_agree(const struct refund_event *event, const struct ledger_entry *entry,
                        const struct refund_parts *parts, const struct refund_money *money,
                        int64_t tolerance, int64_t *ret_gross);

#endif
