/* A read that was whole and is believed, as one Kafka transaction: its rows, an end marker for each
 * partition of stock.snapshots, its dead letters. All of it is seen by readers of committed records,
 * or nothing.
 *
 * Invariants
 *   - Rows are keyed company/<stock key> and stand where a writer by key would put them; each
 *     partition's marker tells their number and checksum there, 0 where it has none.
 *   - The transactional id is the company's alone, and was taken after the lease: nothing of a
 *     former holder's is committed once a successor has it. The lease is looked at once more before
 *     the commit.
 * Blocking; the reading's thread. */
#ifndef PRIMAFLOW_STOCK_PUBLISH_H
#define PRIMAFLOW_STOCK_PUBLISH_H

#include "bad_rows.h"
#include "codec/codec.h"
#include "kafka/writer.h"
#include "stock_spool.h"

struct stock_snapshot {
    const char *company, *id;
    int64_t token, began_ms;
    enum stock_scope scope;
    const char *from, *to; /* "": open */
    struct stock_spool *spool;
    int64_t rows;                    /* in the spool */
    const struct bad_rows *bad;      /* of these ... */
    const struct bad_rows *bad_last; /* ... those that were told last time are not told again */
    int32_t partitions;
};

/* READING_COMPLETE, KAFKA, UNKNOWN, SPOOL or LEASE, with words. goes_on: whether we may still act.
 * After anything but COMPLETE the writer is to be freed. */
enum reading_end stock_publish(const struct stock_snapshot *snapshot, struct codec *codec,
                               struct kafka_writer *writer, bool (*goes_on)(void *user), void *user,
                               char ret_words[static KAFKA_TEXT_MAX]);

#endif
