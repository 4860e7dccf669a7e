/* A refund on its way to our RefundEvent (schemas/RefundEvent.avsc): what the refunds of all channels
 * have alike. A channel reads its JSON and says here what it found; it is added up, checked and
 * written here.
 *
 * Invariants
 *   - Amounts are what the channel states, in minor units, positive but for adjustments and the
 *     rounding of cash. Nothing balances: parts that miss the money stay apart from it.
 *   - The same line told twice is added up: units of one line, restock and location; carriage and
 *     charges of one line. Where one of the two says its tax and the other not, the sum's is not
 *     said.
 *   - What comes to nothing is left out: a charge or carriage of 0, never a line.
 *   - `succeeded` is the sum of the refund transactions that succeeded.
 *   - An amount of tax that is not said is no tax of 0.
 * Order: open, parts and transactions in any order, close. One thread. */
#ifndef PRIMAFLOW_IMPORT_REFUND_H
#define PRIMAFLOW_IMPORT_REFUND_H

#include "import_money.h"
#include "import_write.h"

struct import_refund {
    struct import_reader *r;
    json_t *event;
    json_t *seen; /* list and what makes a part the same → the event's part of it */
    struct import_money succeeded;
};

/* Who the refund is. */
struct import_refund_head {
    const char *origin;               /* whose export it is: "shopify"; begins the event's id */
    const char *channel, *store;      /* as in channels.yaml */
    const char *order_id, *refund_id; /* of the channel */
    const char *order_name;           /* or NULL, as the rest */
    const char *note, *return_id;
    bool is_edit, is_test, is_deleted, tells_transactions;
    int64_t created_ms, version; /* ms since 1970 UTC */
};

/* How far its money has come, in a version's thousandths: channels write whole seconds, and a refund
 * without a time of change of its own is newer when more of its money is known. */
enum import_refund_stage {
    IMPORT_MONEY_UNTOLD,
    IMPORT_MONEY_OPEN, /* or there is none */
    IMPORT_MONEY_FINAL,
    IMPORT_REFUND_DELETED
};

/* An amount, and its tax where it is said. */
struct import_part {
    struct import_money amount, tax;
    bool has_tax;
};

struct import_refund_line {
    const char *line_id, *restock; /* as the schema's symbols */
    const char *location_id;       /* or NULL */
    int64_t units;
    struct import_part part;
    struct import_money discount;
};

struct import_refund_transaction {
    const char *type, *status, *kind;                /* as the schema's symbols */
    const char *id, *parent_id, *gateway, *currency; /* or NULL */
    bool is_offline, is_test, has_time;
    int64_t processed_ms;
    struct import_money amount;
};

/* The reader's currencies must be set. */
void import_refund_open(struct import_refund *f, struct import_reader *r,
                        const struct import_refund_head *head);
/* `at`: what is complained of when units do not add up. */
void import_refund_line(struct import_refund *f, const struct import_at *at,
                        const struct import_refund_line *line);
/* `line_id` and `code` may be NULL; `kind` as the schema's symbols. */
void import_refund_carriage(struct import_refund *f, const char *line_id, struct import_part part);
void import_refund_charge(struct import_refund *f, const char *kind, const char *code,
                          const char *line_id, struct import_part part);
/* With the channel's signs. */
void import_refund_adjustment(struct import_refund *f, const char *kind, struct import_part part);
/* The event's transaction, for what a channel has beside; the event's. */
json_t *import_refund_transaction(struct import_refund *f,
                                  const struct import_refund_transaction *transaction);
bool import_refund_has(const struct import_refund *f, const char *list); /* anything */
/* What the lines, carriage, charges, order amount and taxes come to, as far as each states it: the
 * tax on top of amounts where `taxes_included` is not. */
struct import_money import_refund_sum(const struct import_refund *f, bool taxes_included);
/* A new reference; the event is not the refund's any more. */
json_t *import_refund_close(struct import_refund *f);
void import_refund_drop(struct import_refund *f); /* instead of closing */

#endif
