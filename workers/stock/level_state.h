/* All that is known of one partition, and which levels are to be written for it: rows, reservations,
 * what was published. No Kafka, no clock: what is written depends on what was put in.
 *
 * Invariants
 *   - Whatever the order and the cut: the same reads, reservations and rules make the same levels,
 *     those of stock_level_make over what is known (level_want).
 *   - Only changes are written: of the figure, of the running total, of a policy that decides. Each
 *     record's version is one more than the last of its key; a tombstone ends the key, and whoever
 *     has it again begins with 1.
 *   - A running total begins with 0 when its level is first written. What it has of a reservation is
 *     known by the reservation's place (`taken_to`): a level that is written has all records before
 *     it, and level_state_next_taken comes to all whose total changed before anything else is written.
 *   - Of a bundle a level is written where all its parts are in this partition or among its guests.
 * Aborts without memory. Embedded: zeroed, level_state_release. One thread. */
#ifndef PRIMAFLOW_LEVEL_STATE_H
#define PRIMAFLOW_LEVEL_STATE_H

#include "claims.h"
#include "domain/events/stock_level.h"
#include "level_book.h"
#include "level_want.h"
#include "rows_apply.h"

struct level_state {
    struct row_state rows; /* with the list of SKUs whose rows changed */
    struct read_stage stage;
    struct claims claims;
    struct level_book book;
    struct sku_list taken;   /* SKUs of which a running total changed; mark SKU_TAKEN */
    struct sku_list claimed; /* whose reservations did; mark SKU_CLAIMED */
    size_t hidden;           /* bundles that could not be made, since the last sweep began */
    const struct level_rules *rules;
    const struct level_known *elsewhere; /* what other partitions know; NULL: nothing */
};

/* ---- what comes ---- */

/* A reservation's record; NULL: its tombstone. `is_in_totals`: running totals have it already. False:
 * it is of no SKU that can be (its key is none). */
bool level_state_claim(struct level_state *state, const char *key, size_t key_size,
                       const struct stock_reservation *reservation, bool is_in_totals);

/* A level as it was last published, while the state is restored; `key` is the stock key that says
 * where it stands. False: it is none. */
bool level_state_published(struct level_state *state, const struct stock_level *level,
                           const char *key);
/* ... or its tombstone. `place` is channel/store/location. */
void level_state_unpublished(struct level_state *state, const char *company, const char *key,
                             const char *place, const char *own);

/* ---- what leaves ---- */

struct level_out {
    const struct stock_level *level; /* NULL: a tombstone */
    const char *channel_place;       /* channel/store/location */
    const char *own;                 /* the channel's SKU */
    const char *company, *key;       /* of the SKU that says where it stands */
};

struct level_writer {
    void (*write)(void *user,
                  const struct level_out *out); /* what it points to is void afterwards */
    void *user;
    int64_t now_ms; /* wall */
};

/* Writes what of the SKU's levels changed, or is to be refreshed. `why`: what may have changed.
 * 0; -ENOMEM: the SKU needs more than LEVEL_ARENA_MAX. */
enum { LEVEL_ARENA_MAX = 64 * 1024 * 1024 };
__attribute__((warn_unused_result)) int level_state_write(struct level_state *state, uint32_t sku,
                                                          enum level_reason why,
                                                          const struct level_writer *writer);

/* The bundle's first parts that a SKU is another part of are to be looked at, too. */
void level_state_touch_bundles(struct level_state *state, uint32_t sku);

/* Is a level of it due, though nothing was heard: stale, or to be refreshed? */
bool level_state_is_due(const struct level_state *state, uint32_t sku, int64_t now_ms);

/* For level_known, user a struct level_state. */
bool level_state_look(void *state, const char *company, const char *key, struct arena *arena,
                      struct stock_inputs *ret_inputs);

size_t level_state_bytes(const struct level_state *state); /* without reservations */
void level_state_release(struct level_state *state);

#endif
