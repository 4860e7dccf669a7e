/* What a worker keeps of one SKU, for tests: reads by depot, reservations by key, running totals; fed
 * by a maker that remembers each order, and asked for levels. */
#ifndef PRIMAFLOW_TEST_STOCK_SUPPORT_H
#define PRIMAFLOW_TEST_STOCK_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "domain/stock/stock_level.h"
#include "domain/stock/stock_reserve.h"

enum { HOLD_DEPOTS = 3, HOLD_CLAIMS = 64, HOLD_ORDERS = 32, HOLD_LOCATIONS = 3 };

#define HOLD_SKU "MUG"      /* stock key */
#define HOLD_OWN "MUG-SHOP" /* the channel's */

extern const char *const hold_depots[HOLD_DEPOTS]; /* "A", "B", "C" */

struct hold_location {
    const char *name;
    const char *depots[HOLD_DEPOTS];
    size_t depot_count;
};

struct hold { /* all 0: nothing is known; arena and locations are the caller's */
    struct arena *arena;
    const struct hold_location *locations;
    size_t location_count;
    struct stock_settings settings;
    struct stock_order orders[HOLD_ORDERS]; /* the maker's memory */
    bool known[HOLD_ORDERS];
    struct stock_read reads[HOLD_DEPOTS];
    const struct stock_reservation *claims[HOLD_CLAIMS];
    size_t claim_count;
    int64_t taken[HOLD_LOCATIONS];
    size_t written; /* records and tombstones so far */
};

void hold_begin(struct hold *hold, struct arena *arena, const struct hold_location *locations,
                size_t location_count);

/* News of one order: what its newest version wants, or what Prima has; or both. */
void hold_news(struct hold *hold, size_t order, const struct stock_want *want,
               const struct stock_have *have, int64_t now);
void hold_read(struct hold *hold, size_t depot, int64_t began_at, int64_t available);

/* False: nothing is stated. */
bool hold_level(const struct hold *hold, size_t location, int64_t buffer, int64_t now,
                struct stock_parts *ret_parts);

/* Units of HOLD_SKU at one depot ("": of those that are given), and what the channel lowered itself
 * by at a location (NULL: nothing). In the arena. */
struct stock_want hold_want(struct arena *arena, int64_t version, const char *depot,
                            const char *const *depots, size_t depot_count, int64_t units,
                            const char *location);
struct stock_want hold_cancelled(int64_t version);
struct stock_have hold_have(struct arena *arena, int64_t version, const char *depot,
                            const char *const *depots, size_t depot_count, int64_t units);
struct stock_have hold_allocated(struct stock_have have, int64_t at);

#endif
