/* What `primaflow mappings check` found, for people and for machines. */
#include "mappings_print.h"
#include "cli.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>

enum { LISTED_MAX = 50 }; /* of a kind, for people; --json has all */

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_kind(const struct seen *seen, size_t first, size_t count)
{
    const struct unmapped_info *info = unmapped_info(seen->items[first].kind);
    printf("%zu %s (%s, %s):\n", count, count == 1 ? info->one : info->many, info->file,
           pf_error_info(info->code)->name);
    for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
        const struct seen_item *item = &seen->items[first + i];
        char at[CLOCK_TEXT_MAX];
        printf("  %s (%s/%s): %" PRId64 " order%s, last %s, such as %s\n", item->value,
               item->channel, item->store, item->orders, plural(item->orders),
               clock_format(item->last_ms, at), item->example);
    }
    if (count > LISTED_MAX)
        printf("  and %zu more; --json has them all\n", count - LISTED_MAX);
}

void seen_print_text(const struct seen *seen)
{
    for (size_t i = 0, count; i < seen->item_count; i += count) {
        count = 1;
        while (i + count < seen->item_count && seen->items[i + count].kind == seen->items[i].kind)
            count++;
        print_kind(seen, i, count);
    }
    printf("%" PRId64 " event%s of %zu order%s; %" PRId64
           " never posted (tests, cancellations, before the cut-over)\n",
           seen->events, plural(seen->events), seen->orders.count,
           plural((int64_t)seen->orders.count), seen->never_posted);
    if (seen->unreadable > 0)
        printf("%" PRId64 " cannot be read; the first, %s\n", seen->unreadable,
               seen->first_unreadable);
    if (seen->invalid > 0)
        printf(
            "%" PRId64
            " contradict%s themselves and would be dead letters (event_invalid); the first, %s\n",
            seen->invalid, seen->invalid == 1 ? "s" : "", seen->first_invalid);
    if (seen->overflow)
        printf("There is more than can be counted here: figures are too low. Read less at a time "
               "(--last, --since).\n");
    if (seen->item_count == 0 && seen->events > 0)
        printf("Everything in them is mapped.\n");
}

static json_t *item_to_json(const struct seen_item *item)
{
    const struct unmapped_info *info = unmapped_info(item->kind);
    char at[CLOCK_TEXT_MAX];
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "kind", info->name, "file",
                     info->file, "code", pf_error_info(info->code)->name, "channel", item->channel,
                     "store", item->store, "value", item->value, "orders", (json_int_t)item->orders,
                     "last_seen", clock_format(item->last_ms, at), "example", item->example);
}

void seen_print_json(const struct seen *seen)
{
    json_t *items = json_array();
    for (size_t i = 0; i < seen->item_count; i++)
        (void)json_array_append_new(items, item_to_json(&seen->items[i]));
    json_t *page = json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "events",
                             (json_int_t)seen->events, "orders", (json_int_t)seen->orders.count,
                             "never_posted", (json_int_t)seen->never_posted, "invalid",
                             (json_int_t)seen->invalid, "unreadable", (json_int_t)seen->unreadable,
                             "counts_are_too_low", seen->overflow, "unmapped", items);
    cli_print_json(page, JSON_INDENT(1));
}
