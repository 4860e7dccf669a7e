/* Whether a version only takes units back: the former one, with the units of this one, is this one.
 * See difference.h. */
#include "domain/difference/difference.h"
#include "domain/difference/order_match.h"

static int32_t units_of(const struct order_line *line)
{
    return line->has_current_quantity ? line->current_quantity : line->quantity;
}

/* What follows from a line's units. */
static void follow(struct order_line *line, const struct order_line *now)
{
    line->quantity = now->quantity;
    line->has_current_quantity = now->has_current_quantity;
    line->current_quantity = now->current_quantity;
    line->discounts.items = now->discounts.items;
    line->discounts.count = now->discounts.count;
    line->tax_lines.items = now->tax_lines.items;
    line->tax_lines.count = now->tax_lines.count;
}

/* The former's lines as they are left; false: one has more units than before, or is new. */
static bool lines_left(const struct order_match matches[], size_t count, struct order_line lines[],
                       size_t *ret_count, bool *ret_takes)
{
    size_t left = 0;
    *ret_takes = false;
    for (size_t i = 0; i < count; i++) {
        const struct order_line *former = matches[i].former, *now = matches[i].now;
        if (former == NULL || (now != NULL && units_of(now) > units_of(former)))
            return false;
        const bool takes = now == NULL || units_of(now) < units_of(former);
        *ret_takes |= takes;
        if (now == NULL)
            continue;
        lines[left] = *former;
        if (takes)
            follow(&lines[left], now);
        left++;
    }
    *ret_count = left;
    return true;
}

static bool has_units(const struct order_event *event)
{
    for (size_t i = 0; i < event->lines.count; i++)
        if (units_of(&event->lines.items[i]) > 0)
            return true;
    return false;
}

bool order_only_takes_back(const struct codec *codec, const struct order_event *former,
                           const struct order_event *now, struct arena *arena)
{
    const struct bound_array lines_former = {former->lines.items, former->lines.count},
                             lines_now = {now->lines.items, now->lines.count};
    struct order_match *matches;
    struct differences found;
    size_t count;
    bool takes;
    if (order_match(words_of_record(&order_line_record), &lines_former, &lines_now, arena, &matches,
                    &count) != 0)
        return false;
    struct order_event as = *former;
    as.lines.items = arena_alloc(arena, (count + 1) * sizeof *as.lines.items);
    if (as.lines.items == NULL ||
        !lines_left(matches, count, as.lines.items, &as.lines.count, &takes) || !takes)
        return false;
    as.totals = now->totals;
    if (!has_units(now)) { /* what was paid for beside them is gone, too */
        as.shipping_lines = now->shipping_lines;
        as.charges = now->charges;
    }
    return order_differences(codec, &as, now, arena, &found) == 0 &&
           found.parts[PART_GOODS].count == 0;
}
