/* Levels; see stock_level.h. */
#include "domain/stock/stock_level.h"

#include "domain/stock/stock_rows.h"

#include <string.h>

/* ---- reads ---- */

bool stock_read_apply(struct stock_read *read, const struct stock_read *newer)
{
    if (newer->began_at <= read->began_at || (read->present && !newer->present))
        return false;
    read->began_at = newer->began_at;
    read->available = newer->available;
    read->present = newer->present;
    return true;
}

static const struct stock_read *find_read(const struct stock_inputs *inputs, const char *depot)
{
    for (size_t i = 0; i < inputs->read_count; i++)
        if (strcmp(inputs->reads[i].depot, depot) == 0)
            return &inputs->reads[i];
    return NULL;
}

/* ---- reservations ---- */

static bool has_it(const struct stock_reservation *claim, const struct stock_read *read,
                   int64_t lag_ms)
{
    return read != NULL && claim->has_allocated_at &&
           read->began_at > stock_add(claim->allocated_at, lag_ms);
}

int64_t stock_claim_units(const struct stock_reservation *claim, const struct stock_read *read,
                          int64_t lag_ms)
{
    const int64_t units = claim->units, allocated = claim->allocated_units;
    if (has_it(claim, read, lag_ms))
        return units > allocated ? units - allocated : 0;
    return units > allocated ? units : allocated;
}

static bool names(const struct stock_reservation *claim, const char *depot)
{
    for (size_t i = 0; i < claim->depots.count; i++)
        if (strcmp(claim->depots.items[i], depot) == 0)
            return true;
    return false;
}

bool stock_claim_is_over(const struct stock_reservation *claim, const struct stock_read *reads,
                         size_t read_count, int64_t lag_ms)
{
    const struct stock_inputs inputs = {.reads = reads, .read_count = read_count};
    if (*claim->depot != '\0')
        return stock_claim_units(claim, find_read(&inputs, claim->depot), lag_ms) == 0;
    for (size_t i = 0; i < claim->depots.count; i++)
        if (stock_claim_units(claim, find_read(&inputs, claim->depots.items[i]), lag_ms) != 0)
            return false;
    return true;
}

bool stock_claim_replaces(const struct stock_reservation *newer,
                          const struct stock_reservation *older)
{
    return older == NULL || newer->version >= older->version;
}

/* What of a reservation counts at a location: of one depot by that depot's read; of several the most
 * that any of those that the location sums leaves open. */
static int64_t claim_at(const struct stock_inputs *inputs, const struct stock_location *location,
                        const struct stock_reservation *claim)
{
    int64_t most = 0;
    for (size_t i = 0; i < location->depots.count; i++) {
        const char *depot = location->depots.items[i];
        const bool touches =
            *claim->depot != '\0' ? strcmp(claim->depot, depot) == 0 : names(claim, depot);
        if (!touches)
            continue;
        const int64_t units = stock_claim_units(claim, find_read(inputs, depot), inputs->lag_ms);
        most = units > most ? units : most;
    }
    return most;
}

/* ---- levels ---- */

static int64_t at_least_zero(int64_t value)
{
    return value > 0 ? value : 0;
}

static void apply_staleness(const struct stock_settings *settings, int64_t now,
                            struct stock_parts *parts)
{
    static const enum level_reason reasons[] = {
        [STALE_KEEP] = LEVEL_STALE_KEEP,
        [STALE_CAP] = LEVEL_STALE_CAP,
        [STALE_ZERO] = LEVEL_STALE_ZERO,
    };
    const int64_t until = stock_add(parts->as_of, settings->stale_after_ms);
    if (now <= until)
        return;
    parts->stale = true;
    parts->stale_since = until;
    parts->why = reasons[settings->stale];
    if (settings->stale == STALE_ZERO)
        parts->level = 0;
    else if (settings->stale == STALE_CAP && parts->level > settings->stale_cap)
        parts->level = settings->stale_cap;
}

bool stock_level_make(const struct stock_inputs *inputs, const struct stock_location *location,
                      int64_t buffer, const struct stock_settings *settings, int64_t now,
                      struct stock_parts *ret_parts)
{
    struct stock_parts parts = {.buffer = buffer, .why = LEVEL_OTHER};
    bool is_stated = false;
    for (size_t i = 0; i < location->depots.count; i++) {
        const struct stock_read *read = find_read(inputs, location->depots.items[i]);
        if (read == NULL || !read->present)
            continue;
        parts.available = stock_add(parts.available, read->available);
        parts.as_of = !is_stated || read->began_at < parts.as_of ? read->began_at : parts.as_of;
        is_stated = true;
    }
    if (!is_stated)
        return false;
    for (size_t i = 0; i < inputs->claim_count; i++)
        parts.in_flight = stock_add(parts.in_flight, claim_at(inputs, location, inputs->claims[i]));
    parts.level = at_least_zero(
        stock_subtract(stock_subtract(parts.available, parts.in_flight), parts.buffer));
    apply_staleness(settings, now, &parts);
    *ret_parts = parts;
    return true;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* One component, in bundles: rounded so that the level is available less the rest. */
static struct stock_parts in_bundles(const struct stock_parts *part, int64_t quantity)
{
    struct stock_parts bundles = *part;
    bundles.level = part->level / quantity;
    bundles.available = floor_divide(part->available, quantity);
    bundles.buffer = part->buffer / quantity;
    bundles.in_flight = part->in_flight / quantity + (part->in_flight % quantity > 0);
    if (bundles.level > 0 && !part->stale)
        bundles.in_flight =
            stock_subtract(stock_subtract(bundles.available, bundles.buffer), bundles.level);
    return bundles;
}

bool stock_level_of_bundle(const struct bundle_rule *bundle,
                           const struct stock_parts *const parts[], struct stock_parts *ret_parts)
{
    struct stock_parts least = {0};
    for (size_t i = 0; i < bundle->count; i++) {
        if (parts[i] == NULL)
            return false;
        const struct stock_parts part = in_bundles(parts[i], bundle->components[i].quantity);
        const int64_t as_of = i == 0 || part.as_of < least.as_of ? part.as_of : least.as_of;
        if (i == 0 || part.level < least.level)
            least = part;
        least.as_of = as_of;
    }
    *ret_parts = least;
    return bundle->count > 0;
}

/* ---- running totals ---- */

static int64_t taken_of(const struct stock_reservation *claim, const char *channel,
                        const char *store, const char *location, const char *sku)
{
    int64_t units = 0;
    if (claim == NULL || strcmp(claim->channel, channel) != 0 || strcmp(claim->store, store) != 0)
        return 0;
    for (size_t i = 0; i < claim->taken.count; i++)
        if (strcmp(claim->taken.items[i].location, location) == 0 &&
            strcmp(claim->taken.items[i].sku, sku) == 0)
            units = stock_add(units, claim->taken.items[i].units);
    return units;
}

int64_t stock_taken_change(const struct stock_reservation *before,
                           const struct stock_reservation *after, const char *channel,
                           const char *store, const char *location, const char *sku)
{
    return stock_subtract(taken_of(after, channel, store, location, sku),
                          taken_of(before, channel, store, location, sku));
}
