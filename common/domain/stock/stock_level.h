/* The level of one SKU at one location of a channel, made of what is known of that SKU alone: the
 * newest read of each depot, the reservations, the buffer, the rules. Whoever knows the same has the
 * same level, in whatever order they came to know it; the checker of the simulator uses it too.
 *
 *   level = max(0, available - in flight - buffer), or what the policy for stale figures says
 *
 * Available: the sum of what the newest read of each of the location's depots says. A read may lack
 * the SKU (present false): it adds nothing, and no level is stated while no depot has it, for missing
 * is not zero.
 * In flight: of each reservation that touches one of these depots the units that the read does not
 * have. A read has what Prima took off (allocated_units) when it *began* more than `lag_ms` after
 * allocated_at; until then the larger of units and allocated_units counts, afterwards what units
 * exceed them by. A reservation of depot "" counts at each location that sums one of its depots, once,
 * until all of those have been read; then it was another location's, or is in the figure.
 * Amounts saturate. Texts belong to the caller. Pure: any thread. */
#ifndef PRIMAFLOW_STOCK_LEVEL_H
#define PRIMAFLOW_STOCK_LEVEL_H

#include "domain/events/stock_level.h"
#include "domain/events/stock_reservation.h"
#include "domain/mappings/stock_rules.h"

/* The newest complete read of a depot that had this SKU; while none had it, the newest that asked for
 * it. A read that lacks a SKU which an earlier one had is none for it: its figure is still the earlier
 * one's, and so is what that figure contains. (A policy that takes a missing SKU for sold out says so
 * by a read with present true and 0.) */
struct stock_read {
    const char *depot;
    int64_t began_at;  /* ms since 1970 UTC, Redis' clock; 0: there was none */
    int64_t available; /* may be negative */
    bool present;      /* false: no read ever had the SKU at this depot */
};

/* Applies a read over an older one: one that did not begin later, or lacks what that had, changes
 * nothing. True: it counts. */
bool stock_read_apply(struct stock_read *read, const struct stock_read *newer);

/* What of a reservation counts as far as one read is concerned; NULL: never read. */
int64_t stock_claim_units(const struct stock_reservation *claim, const struct stock_read *read,
                          int64_t lag_ms);

/* Whether it counts nowhere any more, and never will by itself: each depot that it touches has been
 * read. Its record may go by a tombstone once no later version of the order is to be expected
 * (running totals of `taken` need it until then). */
bool stock_claim_is_over(const struct stock_reservation *claim, const struct stock_read *reads,
                         size_t read_count, int64_t lag_ms);

/* Whether a record may replace another one of its key. */
bool stock_claim_replaces(const struct stock_reservation *newer,
                          const struct stock_reservation *older);

struct stock_inputs { /* of one SKU */
    const struct stock_read *reads;
    size_t read_count;
    const struct stock_reservation *const *claims;
    size_t claim_count;
    int64_t lag_ms;
};

struct stock_parts {
    int64_t level;
    int64_t available, in_flight, buffer;
    int64_t as_of;       /* when the oldest of the reads began that it rests on */
    bool stale;          /* the policy was applied */
    int64_t stale_since; /* of stale */
    enum level_reason
        why; /* LEVEL_STALE_...: the policy decides; else LEVEL_OTHER, the caller knows */
};

/* False: nothing can be stated, for no depot of the location has the SKU (or it has no depot). */
bool stock_level_make(const struct stock_inputs *inputs, const struct stock_location *location,
                      int64_t buffer, const struct stock_settings *settings, int64_t now,
                      struct stock_parts *ret_parts);

/* A bundle's level of its components' at the same location, in the order of its row: the least of
 * what each allows. `parts[i]` NULL: of that component nothing is stated, nor then of the bundle. */
bool stock_level_of_bundle(const struct bundle_rule *bundle,
                           const struct stock_parts *const parts[], struct stock_parts *ret_parts);

/* By how much a reservation's record changes the running total of one of the channel's SKUs at one
 * location; `before` NULL: there was none. A tombstone changes nothing: ask only for records. */
int64_t stock_taken_change(const struct stock_reservation *before,
                           const struct stock_reservation *after, const char *channel,
                           const char *store, const char *location, const char *sku);

#endif
