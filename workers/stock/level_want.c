/* The rules, location by location; see level_want.h. */
#include "level_want.h"

#include "base/text.h"
#include "base/zone.h"
#include "domain/stock/stock_key.h"

#include <errno.h>
#include <string.h>

struct wanting {
    const struct level_rules *rules;
    const struct level_known *known;
    const struct stock_settings *settings;
    const char *company, *key;
    int64_t now;
    int32_t date; /* today, the company's */
    struct arena *arena;
    struct level_list *list;
};

static int32_t date_of(const struct order_rules *rules, const char *company, int64_t now)
{
    char text[11];
    int32_t date = 0;
    if (zone_date(rules_company(rules, company)->zone, now, text) < 0)
        return 0;
    for (const char *p = text; *p != '\0'; p++)
        date = *p == '-' ? date : date * 10 + (*p - '0');
    return date;
}

static int keep(struct wanting *w, const struct level_wanted *wanted)
{
    struct level_list *list = w->list;
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 8 : 2 * list->room;
        struct level_wanted *items = arena_alloc(w->arena, room * sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *wanted;
    return 0;
}

/* A level of the channel's at the location. */
static int keep_level(struct wanting *w, const struct level_wanted *level)
{
    struct level_wanted wanted = *level;
    wanted.place = TEXT_JOIN(w->arena, level->channel->channel, "/", level->channel->store, "/",
                             level->location);
    return wanted.place == NULL ? -ENOMEM : keep(w, &wanted);
}

/* ---- of a product ---- */

struct want_product {
    struct prima_sku sku;
    struct stock_inputs inputs;
};

static int know_product(struct wanting *w, const char *key, struct want_product *ret_product,
                        bool *ret_known)
{
    const int r = stock_key_read(key, w->arena, &ret_product->sku);
    *ret_known =
        r == 0 && w->known->look(w->known->user, w->company, key, w->arena, &ret_product->inputs);
    ret_product->inputs.lag_ms = w->settings->lag_ms;
    return r == -ENOMEM ? r : 0;
}

static bool make_parts(const struct wanting *w, const struct channel_rules *channel,
                       const struct stock_location *location, const struct want_product *product,
                       struct stock_parts *ret_parts)
{
    const int64_t buffer = rules_buffer(w->rules->rules, channel, location, &product->sku, w->date);
    return stock_level_make(&product->inputs, location, buffer, w->settings, w->now, ret_parts);
}

static int want_of_channel(struct wanting *w, const struct channel_rules *channel,
                           const struct want_product *product)
{
    struct rules_texts skus = {.count = 0};
    enum sku_unwritten why = SKU_WRITTEN;
    int r = rules_sku_write(w->rules->rules, channel, &product->sku, w->arena, &skus, &why);
    struct stock_location location;
    size_t cursor = 0;
    while (r == 0 && skus.count > 0 &&
           rules_stock_next(w->rules->rules, channel, &cursor, &location)) {
        struct level_wanted level = {.channel = channel, .location = location.location};
        if (!make_parts(w, channel, &location, product, &level.parts))
            continue;
        for (size_t i = 0; i < skus.count && r == 0; i++) {
            level.own = skus.items[i];
            r = keep_level(w, &level);
        }
    }
    return r;
}

/* ---- of bundles ---- */

static int want_of_bundle_at(struct wanting *w, const struct bundle_use *use,
                             const struct stock_location *location,
                             const struct want_product products[])
{
    struct stock_parts parts[BUNDLE_COMPONENTS_MAX];
    const struct stock_parts *known[BUNDLE_COMPONENTS_MAX];
    struct level_wanted level = {.channel = use->channel,
                                 .location = location->location,
                                 .own = use->bundle->sku,
                                 .is_bundle = true};
    for (size_t i = 0; i < use->bundle->count; i++)
        known[i] =
            make_parts(w, use->channel, location, &products[i], &parts[i]) ? &parts[i] : NULL;
    return stock_level_of_bundle(use->bundle, known, &level.parts) ? keep_level(w, &level) : 0;
}

static int want_of_bundle(struct wanting *w, const struct bundle_use *use)
{
    struct want_product products[BUNDLE_COMPONENTS_MAX];
    struct stock_location location;
    size_t cursor = 0;
    int r = 0;
    for (size_t i = 0; i < use->bundle->count; i++) {
        bool is_known = false;
        r = know_product(w, use->parts[i], &products[i], &is_known);
        if (r < 0)
            return r;
        if (!is_known) {
            w->list->hidden++;
            return 0;
        }
    }
    while (r == 0 && rules_stock_next(w->rules->rules, use->channel, &cursor, &location))
        r = want_of_bundle_at(w, use, &location, products);
    return r;
}

static int want_bundles(struct wanting *w)
{
    size_t count = 0;
    const struct bundle_use *uses =
        bundle_index_find(w->rules->bundles, w->company, w->key, &count);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        if (strcmp(uses[i].owner, w->key) == 0)
            r = want_of_bundle(w, &uses[i]);
    return r;
}

int level_want(const struct level_rules *rules, const struct level_known *known,
               const char *company, const char *key, int64_t now, struct arena *arena,
               struct level_list *ret_list)
{
    struct level_list list = {.count = 0};
    struct wanting w = {.rules = rules,
                        .known = known,
                        .settings = rules_stock_settings(rules->rules),
                        .company = company,
                        .key = key,
                        .now = now,
                        .date = date_of(rules->rules, company, now),
                        .arena = arena,
                        .list = &list};
    struct want_product product;
    bool is_known = false;
    int r = know_product(&w, key, &product, &is_known);
    const struct channel_rules *channel;
    for (size_t i = 0; r == 0 && is_known && (channel = rules_channel_at(rules->rules, i)) != NULL;
         i++)
        if (strcmp(channel->company, company) == 0)
            r = want_of_channel(&w, channel, &product);
    if (r == 0)
        r = want_bundles(&w);
    if (r == 0)
        *ret_list = list;
    return r;
}
