/* What is known of an open order besides its status: who tells of it, whether it is asked for at all,
 * and how that is kept. Pure: any thread.
 *
 * Kept as "<letters>- <ms> <order number>": letters h, it was posted on hold; i, it came with an
 * import; c, its channel has cancelled it. The natural key says the rest. */
#ifndef PRIMAFLOW_STATUS_FACTS_H
#define PRIMAFLOW_STATUS_FACTS_H

#include "domain/events/ledger_entry.h"
#include "domain/events/order_result.h"
#include "domain/status/status_change.h"

enum { STATUS_FACTS_MAX = 120 };

/* Whether Prima is asked for the order that a result tells of: it is in Prima, its goods are sent, and
 * Prima knows what becomes of them. */
bool status_is_asked(const struct order_result *result, const struct order_rules *rules);
/* ... that an entry of the ledger tells of: it came with an import. */
bool status_is_imported(const struct ledger_entry *entry, const struct order_rules *rules);

/* False: the number is too long to be kept; no request could name it. */
bool status_facts_of_result(const struct order_result *result,
                            char ret_facts[static STATUS_FACTS_MAX]);
bool status_facts_of_entry(const struct ledger_entry *entry, int64_t now_ms,
                           char ret_facts[static STATUS_FACTS_MAX]);
/* ... of what was published, where nothing else is known any more. */
bool status_facts_of_status(const struct order_status *status,
                            char ret_facts[static STATUS_FACTS_MAX]);

/* Until when it is remembered that an order is over: behind the retention of what tells of it. */
int64_t status_forget_ms(const struct order_status *status);

/* The other way; texts in the arena. -EINVAL: these are none; -ENOMEM. */
__attribute__((warn_unused_result)) int status_facts_read(const char *key, const char *facts,
                                                          struct arena *arena,
                                                          struct polled_order *ret_order);

#endif
