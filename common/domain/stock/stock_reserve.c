/* From what is wanted and what Prima has to reservations, and what of them is to be written; see
 * stock_reserve.h. */
#include "domain/stock/stock_reserve.h"

#include "domain/stock/stock_rows.h"

#include <errno.h>
#include <string.h>

struct target { /* one reservation as it should be */
    const struct stock_row *row;
    int64_t units, allocated;
};

struct plan {
    struct target *targets;
    size_t count;
};

static struct target *find_target(const struct plan *plan, const struct stock_row *row)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->targets[i].row->sku, row->sku) == 0 &&
            strcmp(plan->targets[i].row->depot, row->depot) == 0)
            return &plan->targets[i];
    return NULL;
}

static struct target *make_target(struct plan *plan, const struct stock_row *row)
{
    struct target *target = find_target(plan, row);
    if (target == NULL) {
        target = &plan->targets[plan->count++];
        *target = (struct target){.row = row};
    }
    return target;
}

/* ---- which version counts ---- */

/* Of two words of one document: the later version; once allocated it stays so, from the first time
 * on that is known. */
static struct stock_have newest_have(const struct stock_have *a, const struct stock_have *b)
{
    const struct stock_have *newest = b->version >= a->version ? b : a,
                            *other = newest == b ? a : b;
    struct stock_have have = *newest;
    have.discarded = a->discarded || b->discarded;
    if (a->version == b->version && other->allocated &&
        (!have.allocated || other->allocated_at < have.allocated_at)) {
        have.allocated = true;
        have.allocated_at = other->allocated_at;
    }
    return have;
}

/* Of two versions the later; of two with one number the one that came later, unless it would undo a
 * cancellation. */
static const struct stock_want *newest_want(const struct stock_want *before,
                                            const struct stock_want *want)
{
    if (want->version != before->version)
        return want->version > before->version ? want : before;
    return before->cancelled && !want->cancelled ? before : want;
}

/* ---- the plan ---- */

/* The document is of the newest version: it says what is taken, from where. */
static void plan_posted(struct plan *plan, const struct stock_have *have)
{
    for (size_t i = 0; i < have->count; i++) {
        struct target *target = make_target(plan, &have->rows[i]);
        target->units = have->rows[i].units;
        target->allocated = have->allocated ? have->rows[i].units : 0;
    }
}

/* Units of a row that are placed where Prima has taken the product off, up to what it took there;
 * what is left. */
static int64_t place_units(struct plan *plan, const struct stock_row *row, bool same_depot,
                           int64_t units)
{
    for (size_t i = 0; i < plan->count && units > 0; i++) {
        struct target *target = &plan->targets[i];
        const int64_t spare = target->allocated - target->units;
        if (strcmp(target->row->sku, row->sku) != 0 || spare <= 0 ||
            (strcmp(target->row->depot, row->depot) == 0) != same_depot)
            continue;
        const int64_t placed = units < spare ? units : spare;
        target->units += placed;
        units -= placed;
    }
    return units;
}

/* A version that Prima's document is not of: it is not yet, or the event of a later one has not come,
 * and then its units count until it does, for `taken` is of this version too: a level that knows more
 * than its running total would be taken for goods that came in. What Prima took off is part of it, first at the
 * depot that the version names, then where else it took the product from; what is more is new. */
static int plan_wanted(struct plan *plan, const struct stock_want *want,
                       const struct stock_have *have, struct arena *arena)
{
    int64_t *left = arena_alloc(arena, (want->count + 1) * sizeof *left);
    if (left == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < have->count && have->allocated; i++)
        make_target(plan, &have->rows[i])->allocated = have->rows[i].units;
    for (size_t i = 0; i < want->count; i++)
        left[i] = place_units(plan, &want->rows[i], true, want->rows[i].units);
    for (size_t i = 0; i < want->count; i++)
        left[i] = place_units(plan, &want->rows[i], false, left[i]);
    for (size_t i = 0; i < want->count; i++)
        if (left[i] > 0) {
            struct target *target = make_target(plan, &want->rows[i]);
            target->units = stock_add(target->units, left[i]);
        }
    return 0;
}

/* A product whose figure in the channel was lowered has a reservation to say so, though nothing of
 * it may be taken any more. */
static void plan_taken(struct plan *plan, const struct stock_want *want)
{
    for (size_t i = 0; i < want->count; i++) {
        bool is_there = false, is_taken = false;
        for (size_t j = 0; j < plan->count; j++)
            is_there |= strcmp(plan->targets[j].row->sku, want->rows[i].sku) == 0;
        for (size_t j = 0; j < want->taken_count; j++)
            is_taken |= strcmp(want->taken[j].sku_key, want->rows[i].sku) == 0;
        if (!is_there && is_taken)
            (void)make_target(plan, &want->rows[i]);
    }
}

static int make_plan(const struct stock_want *want, const struct stock_have *have,
                     struct arena *arena, struct plan *ret_plan)
{
    static const struct stock_want nothing = {0};
    struct plan plan = {
        .targets = arena_alloc(arena, (want->count + have->count + 1) * sizeof *plan.targets)};
    if (plan.targets == NULL)
        return -ENOMEM;
    int r = 0;
    if (want->version != INT64_MIN) {
        const bool ended = want->cancelled || have->discarded;
        if (have->version == want->version)
            plan_posted(&plan, have);
        else
            r = plan_wanted(&plan, ended ? &nothing : want, have, arena);
        plan_taken(&plan, want);
    }
    *ret_plan = plan;
    return r;
}

/* ---- reservations ---- */

static int write_taken(const struct stock_want *want, const char *sku, struct arena *arena,
                       struct stock_reservation *reservation)
{
    struct reservation_taken *items = arena_alloc(arena, (want->taken_count + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    reservation->taken.items = items;
    for (size_t i = 0; i < want->taken_count; i++)
        if (strcmp(want->taken[i].sku_key, sku) == 0)
            items[reservation->taken.count++] = (struct reservation_taken){
                want->taken[i].location, want->taken[i].sku, want->taken[i].units};
    return 0;
}

static int write_reservation(const struct stock_reserve_key *key, const struct target *target,
                             const struct stock_order *order, bool takes, struct arena *arena,
                             struct stock_reservation *ret_reservation)
{
    struct stock_reservation reservation = {
        .order = key->order,
        .company = key->company,
        .channel = key->channel,
        .store = key->store,
        .order_id = key->order_id,
        .sku = target->row->sku,
        .depot = target->row->depot,
        .depots = {target->row->depots.items, target->row->depots.count},
        .units = target->units,
        .allocated_units = target->allocated,
        .since = order->since,
        .version = order->want.version,
        .state = target->allocated > 0 ? RESERVATION_ALLOCATED : RESERVATION_ACCEPTED,
        .has_allocated_at = target->allocated > 0,
        .allocated_at = target->allocated > 0 ? order->have.allocated_at : 0,
    };
    const int r = takes ? write_taken(&order->want, reservation.sku, arena, &reservation) : 0;
    *ret_reservation = reservation;
    return r;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool same_taken(const struct stock_reservation *a, const struct stock_reservation *b)
{
    bool same = a->taken.count == b->taken.count;
    for (size_t i = 0; same && i < a->taken.count; i++) {
        const struct reservation_taken *x = &a->taken.items[i], *y = &b->taken.items[i];
        same = same_text(x->location, y->location) && same_text(x->sku, y->sku) &&
               x->units == y->units;
    }
    return same;
}

/* Whether a reader would do the same with both: a version alone is no news. */
static bool same_reservation(const struct stock_reservation *a, const struct stock_reservation *b)
{
    bool same = a->units == b->units && a->allocated_units == b->allocated_units &&
                a->allocated_at == b->allocated_at && a->depots.count == b->depots.count &&
                same_taken(a, b);
    for (size_t i = 0; same && i < a->depots.count; i++)
        same = same_text(a->depots.items[i], b->depots.items[i]);
    return same;
}

static struct stock_reservation *find_reservation(struct stock_reservation *rows, size_t count,
                                                  const struct stock_reservation *like)
{
    for (size_t i = 0; i < count; i++)
        if (same_text(rows[i].sku, like->sku) && same_text(rows[i].depot, like->depot))
            return &rows[i];
    return NULL;
}

/* What was published and is wanted no more: 0 units, then the tombstone. Before the others, so that a
 * running total never counts an order twice. */
static int end_others(const struct stock_order *before, struct stock_order *after, int64_t now,
                      struct arena *arena, struct stock_change *changes, size_t *count)
{
    for (size_t i = 0; i < before->count; i++) {
        if (find_reservation(after->rows, after->count, &before->rows[i]) != NULL)
            continue;
        struct stock_reservation *ended = arena_alloc(arena, sizeof *ended);
        if (ended == NULL)
            return -ENOMEM;
        *ended = before->rows[i];
        ended->units = ended->allocated_units = ended->allocated_at = 0;
        ended->has_allocated_at = false;
        ended->state = RESERVATION_ACCEPTED;
        ended->taken.count = 0;
        ended->version = after->want.version;
        ended->updated_at = now;
        changes[(*count)++] = (struct stock_change){ended, .ends = true};
    }
    return 0;
}

static void write_others(const struct stock_order *before, struct stock_order *after, int64_t now,
                         struct stock_change *changes, size_t *count)
{
    for (size_t i = 0; i < after->count; i++) {
        struct stock_reservation *row = &after->rows[i];
        const struct stock_reservation *old = find_reservation(before->rows, before->count, row);
        if (old != NULL && same_reservation(old, row)) {
            *row = *old; /* as it was published */
            continue;
        }
        row->updated_at = now;
        changes[(*count)++] = (struct stock_change){row, .ends = false};
    }
}

int stock_reserve(const struct stock_reserve_key *key, const struct stock_order *before,
                  const struct stock_want *want, const struct stock_have *have, int64_t now,
                  struct arena *arena, struct stock_order *ret_after,
                  struct stock_change **ret_changes, size_t *ret_change_count)
{
    static const struct stock_have no_have = {.version = INT64_MIN};
    static const struct stock_order nothing = {.want = {.version = INT64_MIN},
                                               .have = {.version = INT64_MIN}};
    const bool is_new = before == NULL;
    if (is_new)
        before = &nothing;
    struct stock_order after = {
        .want = want == NULL ? before->want : *newest_want(&before->want, want),
        .have = newest_have(&before->have, have == NULL ? &no_have : have),
        .since = is_new ? now : before->since,
    };
    struct plan plan;
    int r = make_plan(&after.want, &after.have, arena, &plan);
    if (r < 0)
        return r;
    struct stock_change *changes =
        arena_alloc(arena, (plan.count + before->count + 1) * sizeof *changes);
    after.rows = arena_alloc(arena, (plan.count + 1) * sizeof *after.rows);
    if (changes == NULL || after.rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < plan.count && r == 0; i++) {
        bool takes = true; /* the first of a product tells what the channel lowered itself by */
        for (size_t j = 0; j < i; j++)
            takes = takes && !same_text(plan.targets[j].row->sku, plan.targets[i].row->sku);
        r = write_reservation(key, &plan.targets[i], &after, takes, arena,
                              &after.rows[after.count++]);
    }
    size_t count = 0;
    if (r == 0)
        r = end_others(before, &after, now, arena, changes, &count);
    if (r < 0)
        return r;
    write_others(before, &after, now, changes, &count);
    *ret_after = after;
    *ret_changes = changes;
    *ret_change_count = count;
    return 0;
}
