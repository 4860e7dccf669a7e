/* An import into orders.ledger: open orders from before the cut-over, and what remains creditable
 * of them.
 *
 * An import is one file, read and judged whole before anything is sent: ledger_file reads it,
 * ledger_look compares it with the ledger, ledger_import.c decides and sends. Entries are known by
 * the topic's key. One thread. */
#ifndef PRIMAFLOW_OPS_LEDGER_H
#define PRIMAFLOW_OPS_LEDGER_H

#include "base/digest.h"
#include "core/complaints.h"
#include "core/context.h"
#include "core/ledger_draft.h"

#include "base/money.h"

#include <stdio.h>

/* Held by whoever looks at the ledger and then writes into it: one at a time, of all processes. */
#define LEDGER_WRITER_ID "primaflow.cli.ledger-import"

enum { LEDGER_ORDERS_MAX = 1000000, LEDGER_KEY_MAX = 256, LEDGER_CURRENCIES_MAX = 200 };

struct ledger_item {
    char key[LEDGER_KEY_MAX]; /* of the topic */
    size_t line;              /* of the file */
    void *bytes;              /* framed */
    size_t size;
    const struct currency *currency;
    int64_t remaining_minor;
    /* against what the ledger has; LEDGER_REFUNDED: no entry, and records of refunds */
    enum { LEDGER_NEW, LEDGER_SAME, LEDGER_OTHER, LEDGER_REFUNDED } state;
    void *found; /* the latest entry there, framed; NULL: none */
    size_t found_size;
    int32_t found_partition;
    int64_t found_ms;
    size_t refunds; /* records of its refunds that the ledger has */
};

struct ledger_items {
    struct ledger_item *list; /* sorted by key once the file is read */
    size_t count, room, bytes;
    uint8_t digest[DIGEST_SIZE]; /* of the file */
};

void ledger_items_release(struct ledger_items *items);

struct ledger_import_options {
    const char *name; /* what errors call the file */
    bool is_csv;
    bool writes;              /* false: the file is only checked and compared */
    const char *who, *reason; /* for ops.audit; needed when it writes */
};

struct ledger_imported {
    size_t orders, fresh, same, other;
    struct money remaining[LEDGER_CURRENCIES_MAX]; /* of the fresh ones */
    size_t currency_count;
    bool written;
    struct complaints complaints; /* about lines; the file is refused as a whole */
};

/* All of the file or nothing. *ret_imported is filled as far as it went, whatever is returned.
 * OPS_DATA: a line is wrong, or an order is in the ledger with other content. */
__attribute__((warn_unused_result)) enum ops_kind ledger_import(
    struct ops *ops, FILE *in, const struct ledger_import_options *options,
    struct ledger_imported *ret_imported, struct ops_error *ret_error);

/* ---- the parts ---- */

/* Reads and checks the whole file; complaints for each line that is wrong. */
__attribute__((warn_unused_result)) enum ops_kind ledger_file_read(
    struct ops *ops, FILE *in, const char *name, bool is_csv, struct ledger_items *ret_items,
    struct complaints *ret_complaints, struct ops_error *ret_error);

/* Reads the ledger to its end and sets every item's `state`. Items must be sorted by key; entries
 * without item are passed over. */
__attribute__((warn_unused_result)) enum ops_kind ledger_look(struct ops *ops,
                                                              struct ledger_items *items,
                                                              struct ops_error *ret_error);

#endif
