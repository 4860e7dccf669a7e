/* One partition of stock.snapshots as the levels half has it: what was read and not committed, what
 * waits to be written. No consumer, no timer: level_half.h has those.
 *
 * Invariants
 *   - Records are taken in their order. The end of a complete read waits until all that was written
 *     of the one before is committed: its rows and its result, so that a death loses neither.
 *   - An offset is committed behind the records whose messages are in the same transaction or were
 *     before, and never behind the first row of a read that is open.
 *   - In each transaction come first the levels of which a running total changed, all of them; then
 *     rows, levels, results and dead letters, of skus_max SKUs of each kind at most.
 *   - What was collected and aborted is collected again as it was.
 * Its "records", as engine.h counts them, are steps of the offset: one a transaction.
 * Aborts without memory. Loop thread only. */
#ifndef PRIMAFLOW_LEVEL_PART_H
#define PRIMAFLOW_LEVEL_PART_H

#include "level_messages.h"
#include "stream/engine.h"

enum {
    LEVEL_PART_SKUS = 500, /* of one kind in one transaction: some 30 ms of the loop */
    LEVEL_PART_SWEEP =
        20000, /* SKUs that are looked at in one transaction for what is due by time */
    LEVEL_PART_RECORDS = 4096 /* that wait for room */
};

struct level_part;

struct level_part_settings {
    struct level_maker maker; /* now_ms: filled in at each call */
    const struct level_rules *rules;
    int64_t read_timeout_ms; /* stock.read_timeout */
    size_t skus_max;         /* of one kind in one transaction: LEVEL_PART_SKUS */
};

struct level_part *level_part_new(const struct level_part_settings *settings);
void level_part_free(struct level_part *part); /* accepts NULL */

/* For what restores it. Nothing else is called before level_part_restored. */
struct level_state *level_part_state(struct level_part *part);
void level_part_restored(struct level_part *part, int64_t now_ms);

/* A record; taken over. */
void level_part_record(struct level_part *part, struct kafka_record *record, int64_t now_ms);
bool level_part_has_room(const struct level_part *part);

/* Reservations up to this offset are in the state. False: no more of them until a transaction was
 * collected. */
void level_part_heard_to(struct level_part *part, int64_t offset);
bool level_part_wants_reservations(const struct level_part *part);

/* engine.h */
struct collected level_part_collect(struct level_part *part, size_t most, struct batch *batch,
                                    int64_t now_ms);
void level_part_committed(struct level_part *part, size_t count, int64_t now_ms);
void level_part_aborted(struct level_part *part);
struct engine_view level_part_look(const struct level_part *part);
bool level_part_has_output(const struct level_part *part);

/* Rules, or a day, are others: every level is looked at again, in so many transactions. */
void level_part_look_again(struct level_part *part, enum level_reason why);
/* Now and then: reads whose end does not come, and levels that are due by time. */
void level_part_tick(struct level_part *part, int64_t now_ms);

/* Its records were malformed, its reads applied, ... since it came. */
struct level_part_counts {
    int64_t rows, skus, reservations, levels, staged_rows, unsaved, waiting, hidden_bundles;
    int64_t
        oldest_ms; /* the newest read of the SKU that was not read longest began; 0: there is none */
};
void level_part_count(const struct level_part *part, struct level_part_counts *ret_counts);

#endif
