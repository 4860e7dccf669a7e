/* What the ledger has of an order: its latest entry, what its refunds took, and what remains
 * creditable. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_SHOW_H
#define PRIMAFLOW_OPS_LEDGER_SHOW_H

#include "core/ledger_pages.h"
#include "core/why.h"

struct ledger_shown {
    struct ledger_shown_order {
        char key[WHY_KEY_MAX]; /* of the topic */
        struct ledger_pages pages;
    } orders[WHY_ORDERS_MAX]; /* that the id may mean */
    size_t count;
};

/* `id` as why_ids takes it. OPS_DATA: the ledger has none. Release *ret_shown whatever is
 * returned. */
__attribute__((warn_unused_result)) enum ops_kind ledger_show(struct ops *ops, const char *id,
                                                              struct ledger_shown *ret_shown,
                                                              struct ops_error *ret_error);
void ledger_shown_release(struct ledger_shown *shown);

/* One of them, put together in the arena; or as JSON, a new reference: the entry as it is, and beside
 * its fields `records`, `remains_minor`, `kept_minor`, `misfit`. OPS_DATA: it cannot be read. */
__attribute__((warn_unused_result)) enum ops_kind ledger_shown_read(
    struct ops *ops, const struct ledger_shown_order *order, struct arena *arena,
    struct ledger_standing *ret_standing, struct ops_error *ret_error);
__attribute__((warn_unused_result)) enum ops_kind ledger_shown_json(
    struct ops *ops, const struct ledger_shown_order *order, json_t **ret_json,
    struct ops_error *ret_error);

/* What open refunds keep, tax contained, minor units. */
int64_t ledger_standing_kept(const struct ledger_standing *standing);

#endif
