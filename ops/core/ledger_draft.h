/* An open order from before the cut-over, as a person writes it (JSON), to the ledger entry that
 * the orders worker would have left of it.
 *
 * The form, one object an order; what is in brackets may be left out. Amounts are texts in the
 * order's currency, as "12.34", so that no program on the way rounds them; they contain tax when
 * tax_included. channel store order_id currency order_date tax_included total tax lines [account]
 * [order_number] [document] [money] [posted_at] [source_version] [event_time] [outstanding]
 * [charges] [tenders] [credits] lines line_id product quantity amount [discount] [number]
 * [matrix_codes] [depot] [gift_card] [taxes] [credited_quantity] [credited] charges  code amount [kind] [line_id] [taxes] [credited] taxes
 * rate tax [credited] tenders  kind amount [gateway] [method] [transaction_id] [credited] credits
 * refund_id document amount posted_at
 *
 * A field that is not here is refused: a word written wrongly must not become a default. Pure. One
 * thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_DRAFT_H
#define PRIMAFLOW_OPS_LEDGER_DRAFT_H

#include "base/arena.h"
#include "base/currency.h"
#include "domain/events/ledger_entry.h"
#include "domain/mappings/order_rules.h"

#include <jansson.h>

enum { LEDGER_WHY_MAX = 300, LEDGER_ITEMS_MAX = 2000 };

struct ledger_draft {
    struct ledger_entry
        entry; /* complete; texts in the arena, or in the JSON, which must live as long */
    const struct currency *currency;
    const char *topic_key;
};

/* 0; -EINVAL with ret_why (the field's path, what is wrong, what to write); -ENOMEM. Reads the form
 * alone: ledger_check judges sums. */
__attribute__((warn_unused_result)) int ledger_draft_read(const json_t *json,
                                                          const struct order_rules *rules,
                                                          struct arena *arena,
                                                          struct ledger_draft *ret_draft,
                                                          char ret_why[static LEDGER_WHY_MAX]);

/* ledger_check.c: whether an entry adds up, and whether what was credited fits into what was sold.
 * 0; -EINVAL with ret_why; -ERANGE: too large. *ret_remaining: what remains creditable, tax
 * included, minor units. */
__attribute__((warn_unused_result)) int ledger_check(const struct ledger_draft *draft,
                                                     int64_t *ret_remaining,
                                                     char ret_why[static LEDGER_WHY_MAX]);

#endif
