/* What an order's newest version wants, and what its document in Prima has; see stock_reserve.h. */
#include "domain/goods/line_parents.h"
#include "domain/goods/order_goods.h"
#include "domain/stock/stock_key.h"
#include "domain/stock/stock_reserve.h"
#include "domain/stock/stock_rows.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const stock_gap_texts[] = {
    [STOCK_GAP_SKU] = "the line has no SKU, or one of no shape in skus.yaml: nothing can be "
                      "reserved; add a shape or a row of the table",
    [STOCK_GAP_LOCATION] = "the line's location is not in depots.yaml: it is netted as if it named "
                           "none; add the location",
    [STOCK_GAP_DEPOT] = "the line names no location and no depot could serve it: it is netted "
                        "nowhere; set the channel's online_depot",
    [STOCK_GAP_KEY] = "product and matrix codes are too long for a stock key: nothing can be "
                      "reserved; shorten them in skus.yaml",
};

struct wanting { /* one order being read */
    const struct order_rules *rules;
    const struct channel_rules *channel;
    const struct order_event *event;
    struct arena *arena;
    struct rules_texts serving; /* depots for lines without location */
    struct stock_rows rows;
    struct stock_want *want;
};

/* ---- where ---- */

static int begin_serving(const struct order_rules *rules, const struct channel_rules *channel,
                         struct arena *arena, struct rules_texts *ret_serving)
{
    if (channel->online_depot == NULL)
        return rules_serving_depots(rules, channel, arena, ret_serving);
    const char **items = arena_alloc(arena, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    items[0] = channel->online_depot;
    *ret_serving = (struct rules_texts){items, 1};
    return 0;
}

/* The row's depot where none is named: the one that serves, or "" and all that could. */
static void set_served(const struct rules_texts *serving, struct stock_row *row)
{
    row->depot = serving->count == 1 ? serving->items[0] : "";
    row->depots = serving->count > 1 ? *serving : (struct rules_texts){0};
}

static void add_gap(struct wanting *w, size_t line, enum stock_gap_kind kind)
{
    w->want->gaps[w->want->gap_count++] = (struct stock_gap){line + 1, kind};
}

/* The location that the channel's own figure was lowered at: the one that is named, else the only
 * one that serves; "": it is not known. */
static const char *own_location(const struct wanting *w, const char *named)
{
    struct stock_location location;
    const char *only = "";
    size_t cursor = 0, count = 0;
    if (!text_is_empty(named))
        return named;
    while (rules_stock_next(w->rules, w->channel, &cursor, &location)) {
        bool serves = false;
        for (size_t i = 0; i < w->serving.count; i++)
            serves |= rules_list_has(&location.depots, w->serving.items[i]);
        if (serves && count++ == 0)
            only = location.location;
    }
    return count == 1 ? only : "";
}

/* ---- what ---- */

static int add_taken(struct wanting *w, const char *sku_key, const char *location, const char *sku,
                     int64_t units)
{
    struct stock_want *want = w->want;
    for (size_t i = 0; i < want->taken_count; i++) {
        struct stock_taken *t = &want->taken[i];
        if (strcmp(t->sku_key, sku_key) == 0 && strcmp(t->location, location) == 0 &&
            strcmp(t->sku, sku) == 0) {
            t->units = stock_add(t->units, units);
            return 0;
        }
    }
    const struct stock_taken taken = {sku_key, TEXT_JOIN(w->arena, location),
                                      TEXT_JOIN(w->arena, sku), units};
    if (taken.location == NULL || taken.sku == NULL)
        return -ENOMEM;
    want->taken[want->taken_count++] = taken;
    return 0;
}

/* How the channel itself writes a part, whose figure it lowered with the bundle; NULL: not known. */
static int spell_part(const struct wanting *w, const struct prima_sku *sku, const char **ret_sku)
{
    struct rules_texts skus = {0};
    enum sku_unwritten why = SKU_NO_SHAPE;
    const int r = rules_sku_write(w->rules, w->channel, sku, w->arena, &skus, &why);
    *ret_sku = r == 0 && skus.count > 0 ? skus.items[skus.count - 1] : NULL;
    return r;
}

/* Units of one product for one line. `own_sku`: the channel's SKU that lowered itself, NULL: none
 * that is known, by `own_units`. */
static int add_product(struct wanting *w, size_t line, const char *named,
                       const struct prima_sku *sku, int64_t units, const char *own_sku,
                       int64_t own_units)
{
    char key[STOCK_KEY_BYTES_MAX + 1];
    struct stock_row row = {.units = units};
    if (stock_key_write(sku, key, sizeof key) < 0) {
        add_gap(w, line, STOCK_GAP_KEY);
        return 0;
    }
    const char *depot = text_is_empty(named) ? NULL : rules_depot(w->rules, w->channel, named);
    if (depot != NULL)
        row.depot = depot;
    else
        set_served(&w->serving, &row);
    row.sku = TEXT_JOIN(w->arena, key);
    if (row.sku == NULL)
        return -ENOMEM;
    int r = stock_rows_add(&w->rows, &row, w->arena);
    if (r == 0 && own_sku != NULL)
        r = add_taken(w, row.sku, own_location(w, named), own_sku, own_units);
    return r;
}

static int add_bundle(struct wanting *w, size_t line, const char *named,
                      const struct bundle_rule *bundle, int64_t units)
{
    int r = 0;
    for (size_t i = 0; i < bundle->count && r == 0; i++) {
        const struct bundle_component *c = &bundle->components[i];
        struct prima_sku sku = {.product = c->product};
        const char *own = bundle->sku;
        const int64_t part = stock_multiply(units, c->quantity);
        for (size_t m = 0; m < c->matrix.count; m++)
            sku.matrix[m] = c->matrix.items[m];
        if (bundle->computed_by_channel)
            r = spell_part(w, &sku, &own);
        if (r == 0)
            r = add_product(w, line, named, &sku, part, own,
                            bundle->computed_by_channel ? part : units);
    }
    return r;
}

static int add_line(struct wanting *w, const struct order_line *line)
{
    const size_t number = (size_t)(line - w->event->lines.items);
    if (!order_line_is_picked(line))
        return 0;
    const char *named = order_line_location(line, w->event, w->channel);
    const struct bundle_rule *bundle = order_line_bundle(line, w->rules, w->channel);
    struct prima_sku sku;
    const int r = bundle != NULL ? 1
                  : text_is_empty(line->sku)
                      ? 0
                      : rules_sku(w->rules, w->channel, line->sku, w->arena, &sku);
    if (r < 0)
        return r;
    if (r == 0) {
        add_gap(w, number, STOCK_GAP_SKU);
        return 0;
    }
    if (!text_is_empty(named) && rules_depot(w->rules, w->channel, named) == NULL)
        add_gap(w, number, STOCK_GAP_LOCATION);
    else if (text_is_empty(named) && w->serving.count == 0)
        add_gap(w, number, STOCK_GAP_DEPOT);
    const int64_t units = order_line_units(line);
    return bundle != NULL ? add_bundle(w, number, named, bundle, units)
                          : add_product(w, number, named, &sku, units, line->sku, units);
}

static bool wants_nothing(const struct order_event *event, const struct order_rules *rules,
                          const struct channel_rules *channel, const char **ret_detail)
{
    int32_t date = 0;
    if (event->kind == ORDER_CANCELLED || order_has_nothing_left(event) ||
        order_is_test(event, channel))
        return true;
    if (rules_local_date(rules, event->created_at, &date) < 0)
        *ret_detail = "created_at is no date of the calendar";
    return date < rules_settings(rules)->cutover_date;
}

/* Lines with units left, those that are parents of others left out. */
static int add_lines(struct wanting *w, const char **ret_detail)
{
    const size_t count = w->event->lines.count;
    const struct order_line **lines = arena_alloc(w->arena, (count + 1) * sizeof *lines);
    struct line_parent *parents = NULL;
    size_t left = 0;
    if (lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const int64_t units = order_line_units(&w->event->lines.items[i]);
        if (units < 0) {
            *ret_detail = "a line's quantity is negative";
            return -EINVAL;
        }
        if (units > 0)
            lines[left++] = &w->event->lines.items[i];
    }
    int r = line_parents_find(lines, left, w->arena, &parents, ret_detail);
    for (size_t i = 0; i < left && r == 0; i++)
        if (parents == NULL || parents[i].part_count == 0)
            r = add_line(w, lines[i]);
    return r;
}

/* The most products, and things said of them, that the event's lines can come to. */
static size_t count_products(const struct order_event *event, const struct order_rules *rules,
                             const struct channel_rules *channel)
{
    size_t count = 1;
    for (size_t i = 0; i < event->lines.count; i++) {
        const struct bundle_rule *bundle =
            order_line_bundle(&event->lines.items[i], rules, channel);
        count += bundle == NULL ? 1 : bundle->count;
    }
    return count;
}

int stock_want(const struct order_event *event, const struct order_rules *rules,
               struct arena *arena, struct stock_want *ret_want, const char **ret_detail)
{
    const struct channel_rules *channel = rules_channel(rules, event->channel, event->store);
    *ret_detail = NULL;
    if (channel == NULL)
        return -ENOENT;
    struct stock_want want = {.version = event->source_version,
                              .handed_over = order_is_handed_over(event, channel)};
    want.cancelled = wants_nothing(event, rules, channel, ret_detail);
    if (*ret_detail != NULL)
        return -EINVAL;
    if (want.cancelled || (want.handed_over && channel->till_stock == TILL_STOCK_IN_PRIMA)) {
        *ret_want = want;
        return 0;
    }
    struct wanting w = {rules, channel, event, arena, .want = &want};
    const size_t room = count_products(event, rules, channel);
    want.taken = arena_alloc(arena, room * sizeof *want.taken);
    want.gaps = arena_alloc(arena, 2 * room * sizeof *want.gaps);
    if (want.taken == NULL || want.gaps == NULL)
        return -ENOMEM;
    int r = stock_rows_begin(&w.rows, room, arena);
    if (r == 0)
        r = begin_serving(rules, channel, arena, &w.serving);
    if (r == 0)
        r = add_lines(&w, ret_detail);
    if (r < 0)
        return r;
    stock_rows_sort(&w.rows);
    want.rows = w.rows.items;
    want.count = w.rows.count;
    *ret_want = want;
    return 0;
}

/* ---- what Prima has ---- */

static bool find_allocation(const struct stock_fate *fate, bool handed_over,
                            enum allocates allocates, int64_t *ret_at)
{
    const int64_t posted_at = fate->entry->posted_at;
    *ret_at = posted_at;
    if (allocates == ALLOCATES_ON_POST || handed_over)
        return true;
    if (allocates == ALLOCATES_ON_RELEASE && !fate->held)
        return true;
    if (allocates == ALLOCATES_ON_RELEASE && fate->has_released_at) {
        *ret_at = fate->released_at;
        return true;
    }
    *ret_at = fate->despatched_at; /* what has left is off the figure in any case */
    return fate->has_despatched_at;
}

static int add_posted(const struct ledger_line *line, const struct rules_texts *serving,
                      struct stock_rows *rows, struct arena *arena)
{
    char key[STOCK_KEY_BYTES_MAX + 1];
    struct stock_row row = {.units = line->quantity};
    if (stock_key_write_parts(line->product, line->matrix_codes.items, line->matrix_codes.count,
                              key, sizeof key) < 0)
        return 0; /* it could not be reserved either */
    if (text_is_empty(line->depot))
        set_served(serving, &row);
    else
        row.depot = line->depot;
    row.sku = TEXT_JOIN(arena, key);
    return row.sku == NULL ? -ENOMEM : stock_rows_add(rows, &row, arena);
}

int stock_have(const struct stock_fate *fate, bool handed_over, const struct order_rules *rules,
               struct arena *arena, struct stock_have *ret_have)
{
    const struct ledger_entry *entry = fate->entry;
    *ret_have = (struct stock_have){.version = INT64_MIN, .discarded = fate->discarded};
    if (entry == NULL)
        return 0;
    const struct channel_rules *channel = rules_channel(rules, entry->channel, entry->store);
    if (channel == NULL)
        return -ENOENT;
    const char *misc = rules_misc_item(rules, channel);
    struct stock_rows rows;
    struct rules_texts serving;
    int r = stock_rows_begin(&rows, entry->lines.count + 1, arena);
    if (r == 0)
        r = begin_serving(rules, channel, arena, &serving);
    for (size_t i = 0; i < entry->lines.count && r == 0; i++) {
        const struct ledger_line *line = &entry->lines.items[i];
        const bool is_misc = misc != NULL && strcmp(misc, line->product) == 0;
        if (!line->gift_card && !is_misc && line->quantity > 0)
            r = add_posted(line, &serving, &rows, arena);
    }
    if (r < 0)
        return r;
    stock_rows_sort(&rows);
    ret_have->version = entry->source_version;
    ret_have->rows = rows.items;
    ret_have->count = rows.count;
    ret_have->allocated = find_allocation(fate, handed_over, rules_allocates(rules, entry->company),
                                          &ret_have->allocated_at);
    return 0;
}
