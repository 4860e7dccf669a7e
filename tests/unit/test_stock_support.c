/* State of one SKU for tests; see test_stock_support.h. */
#include "test_stock_support.h"

#include <stdio.h>
#include <string.h>

const char *const hold_depots[HOLD_DEPOTS] = {"A", "B", "C"};

static void *some(struct arena *arena, size_t size)
{
    void *p = arena_alloc(arena, size);
    assert_non_null(p);
    return p;
}

void hold_begin(struct hold *hold, struct arena *arena, const struct hold_location *locations,
                size_t location_count)
{
    memset(hold, 0, sizeof *hold);
    hold->arena = arena;
    hold->locations = locations;
    hold->location_count = location_count;
    hold->settings = (struct stock_settings){.lag_ms = 5, .stale_after_ms = 1000000};
    for (size_t i = 0; i < HOLD_DEPOTS; i++)
        hold->reads[i].depot = hold_depots[i];
}

static size_t find_claim(const struct hold *hold, const struct stock_reservation *like)
{
    size_t i = 0;
    while (i < hold->claim_count && (strcmp(hold->claims[i]->order, like->order) != 0 ||
                                     strcmp(hold->claims[i]->depot, like->depot) != 0))
        i++;
    return i;
}

static void take(struct hold *hold, const struct stock_change *change)
{
    const size_t at = find_claim(hold, change->reservation);
    const struct stock_reservation *old = at < hold->claim_count ? hold->claims[at] : NULL;
    hold->written += change->ends ? 2 : 1;
    if (!stock_claim_replaces(change->reservation, old))
        return;
    for (size_t i = 0; i < hold->location_count; i++)
        hold->taken[i] += stock_taken_change(old, change->reservation, "shop", "uk",
                                             hold->locations[i].name, HOLD_OWN);
    if (old == NULL) {
        assert_true(hold->claim_count < HOLD_CLAIMS);
        hold->claim_count++;
    }
    hold->claims[at] = change->reservation;
    if (change->ends)
        hold->claims[at] = hold->claims[--hold->claim_count];
}

void hold_news(struct hold *hold, size_t order, const struct stock_want *want,
               const struct stock_have *have, int64_t now)
{
    char *key = some(hold->arena, 40);
    (void)snprintf(key, 40, "01/orders/shop/uk/%zu", order);
    const struct stock_reserve_key who = {key, "01", "shop", "uk", strrchr(key, '/') + 1};
    struct stock_change *changes = NULL;
    struct stock_order after;
    size_t count = 0;
    assert_int_equal(stock_reserve(&who, hold->known[order] ? &hold->orders[order] : NULL, want,
                                   have, now, hold->arena, &after, &changes, &count),
                     0);
    hold->orders[order] = after;
    hold->known[order] = true;
    for (size_t i = 0; i < count; i++)
        take(hold, &changes[i]);
}

void hold_read(struct hold *hold, size_t depot, int64_t began_at, int64_t available)
{
    (void)stock_read_apply(
        &hold->reads[depot],
        &(struct stock_read){.began_at = began_at, .available = available, .present = true});
}

bool hold_level(const struct hold *hold, size_t location, int64_t buffer, int64_t now,
                struct stock_parts *ret_parts)
{
    struct hold_location *own = (struct hold_location *)&hold->locations[location];
    const struct stock_location place = {
        own->name, own->depots[0], {own->depots, own->depot_count}};
    const struct stock_inputs inputs = {hold->reads, HOLD_DEPOTS, hold->claims, hold->claim_count,
                                        hold->settings.lag_ms};
    return stock_level_make(&inputs, &place, buffer, &hold->settings, now, ret_parts);
}

static struct stock_row *row(struct arena *arena, const char *depot, const char *const *depots,
                             size_t depot_count, int64_t units)
{
    struct stock_row *r = some(arena, sizeof *r);
    const char **items = some(arena, (depot_count + 1) * sizeof *items);
    for (size_t i = 0; i < depot_count; i++)
        items[i] = depots[i];
    *r = (struct stock_row){HOLD_SKU, depot, {items, depot_count}, units};
    return r;
}

struct stock_want hold_want(struct arena *arena, int64_t version, const char *depot,
                            const char *const *depots, size_t depot_count, int64_t units,
                            const char *location)
{
    struct stock_want want = {
        .version = version, .rows = row(arena, depot, depots, depot_count, units), .count = 1};
    if (location == NULL)
        return want;
    want.taken = some(arena, sizeof *want.taken);
    want.taken[0] = (struct stock_taken){HOLD_SKU, location, HOLD_OWN, units};
    want.taken_count = 1;
    return want;
}

struct stock_want hold_cancelled(int64_t version)
{
    return (struct stock_want){.version = version, .cancelled = true};
}

struct stock_have hold_have(struct arena *arena, int64_t version, const char *depot,
                            const char *const *depots, size_t depot_count, int64_t units)
{
    return (struct stock_have){.version = version,
                               .rows = row(arena, depot, depots, depot_count, units),
                               .count = units == 0 ? 0 : 1};
}

struct stock_have hold_allocated(struct stock_have have, int64_t at)
{
    have.allocated = true;
    have.allocated_at = at;
    return have;
}
