/* What the ledger has of one order: its entry, and the records of its refunds beside it. Collected
 * while the topic is read, then put together as a refunds worker does.
 *
 * Invariants: of each key the latest message counts: the last of its partition; when partitions were
 * added since, the younger one. Owned by the caller: ledger_pages_release. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_PAGES_H
#define PRIMAFLOW_OPS_LEDGER_PAGES_H

#include "core/context.h"
#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_group.h"

struct ledger_page;

struct ledger_pages {
    struct ledger_page *list;
    size_t count, room;
    int64_t read; /* messages so far: in which order they came */
};

/* Takes the message if it is of this order (a topic key). 0; -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_pages_take(struct ledger_pages *pages,
                                                          const char *order,
                                                          const struct kafka_record *record);
void ledger_pages_release(struct ledger_pages *pages);

/* Whether there is anything but tombstones. */
bool ledger_pages_has_any(const struct ledger_pages *pages);

struct ledger_standing {
    struct ledger_group group; /* as it was written */
    struct ledger_fold fold;
    struct ledger_kept kept; /* for refunds that a person must tell of; with an entry only */
    bool is_broken;          /* the entry does not add up: fold.entry is as it was written */
};

/* Everything of the order, in the arena. OPS_DATA: a message cannot be read. */
__attribute__((warn_unused_result)) enum ops_kind ledger_pages_read(
    const struct ledger_pages *pages, struct codec *codec, struct arena *arena,
    struct ledger_standing *ret_standing, struct ops_error *ret_error);

/* As JSON, new references: *ret_entry is NULL where there is none, *ret_records an array in the order
 * of the ledger. OPS_DATA: a message cannot be read. */
__attribute__((warn_unused_result)) enum ops_kind ledger_pages_json(
    const struct ledger_pages *pages, struct codec *codec, json_t **ret_entry, json_t **ret_records,
    struct ops_error *ret_error);

#endif
