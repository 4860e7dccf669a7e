/* orders.ledger for the command line: an import under way, and what the ledger has of some orders.
 *
 * An import is one file, read and judged whole before anything is sent: ledger_file reads it, ledger_look compares it with the ledger,
 * ledger_import.c decides and sends. Entries are known by the topic's key. One thread. */
#ifndef PRIMAFLOW_CLI_LEDGER_H
#define PRIMAFLOW_CLI_LEDGER_H

#include "base/digest.h"
#include "cli.h"
#include "codec/codec.h"
#include "ledger_draft.h"

enum { LEDGER_ORDERS_MAX = 1000000, LEDGER_KEY_MAX = 256 };

extern const char ledger_topic[]; /* "orders.ledger" */

struct ledger_item {
    char key[LEDGER_KEY_MAX]; /* of the topic */
    size_t line;              /* of the file */
    void *bytes;              /* framed */
    size_t size;
    const struct currency *currency;
    int64_t remaining_minor;
    enum { LEDGER_NEW, LEDGER_SAME, LEDGER_OTHER } state; /* against what the ledger has */
    void *found;                                          /* the latest entry there, framed; NULL: none */
    size_t found_size;
    int32_t found_partition;
    int64_t found_ms;
};

struct ledger_items {
    struct ledger_item *list; /* sorted by key once the file is read */
    size_t count, room, bytes;
    uint8_t digest[DIGEST_SIZE]; /* of the file */
};

void ledger_items_release(struct ledger_items *items);

/* Reads and checks the whole file ("-": stdin). CLI_DONE; CLI_DATA after words for each line that is wrong, file and line first. */
__attribute__((warn_unused_result)) int ledger_file_read(const struct cli *cli, struct codec *codec, const char *name, bool is_csv,
                                                         struct ledger_items *ret_items);

/* Reads the ledger to its end and sets every item's `state`. Items must be sorted by key; entries without item are passed over. CLI_DONE,
 * or an exit code after words. */
__attribute__((warn_unused_result)) int ledger_look(const struct cli *cli, struct codec *codec, struct ledger_items *items);

#endif
