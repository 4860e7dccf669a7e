/* What the ledger has of an order: its latest entry, and what remains creditable. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_SHOW_H
#define PRIMAFLOW_OPS_LEDGER_SHOW_H

#include "core/why.h"
#include "domain/events/ledger_entry.h"

struct ledger_shown {
    struct {
        void *bytes; /* framed; NULL: no entry, or taken back */
        size_t size;
        int32_t partition;
        int64_t at_ms;
    } entries[WHY_ORDERS_MAX]; /* of the orders that the id may mean */
    size_t count;
};

/* `id` as why_ids takes it. OPS_DATA: the ledger has none. Release *ret_shown whatever is
 * returned. */
__attribute__((warn_unused_result)) enum ops_kind ledger_show(struct ops *ops, const char *id,
                                                              struct ledger_shown *ret_shown,
                                                              struct ops_error *ret_error);
void ledger_shown_release(struct ledger_shown *shown);

/* One entry, decoded into the arena; or as JSON, a new reference. OPS_DATA: it cannot be read. */
__attribute__((warn_unused_result)) enum ops_kind ledger_entry_decode(
    struct ops *ops, const void *bytes, size_t size, struct arena *arena,
    struct ledger_entry *ret_entry, struct ops_error *ret_error);
__attribute__((warn_unused_result)) enum ops_kind ledger_entry_json(struct ops *ops,
                                                                    const void *bytes, size_t size,
                                                                    json_t **ret_json,
                                                                    struct ops_error *ret_error);

#endif
