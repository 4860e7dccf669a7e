/* Which levels of a SKU are to be written; see level_state.h. */
#include "level_state.h"

#include "base/table.h"

#include <errno.h>
#include <string.h>

enum { MS = 1000 };

struct writing {
    struct level_state *state;
    uint32_t sku;
    enum level_reason why;
    const struct level_writer *writer;
    const struct stock_settings *settings;
};

/* ---- by time ---- */

/* Each level has a moment of its own within refresh_every, so that they are spread over it. */
static bool is_refresh_due(const struct stock_settings *settings, const struct sku_table *t,
                           uint32_t sku, const struct level_entry *entry, int64_t now_ms)
{
    const char *key = sku_table_key(t, sku);
    const uint64_t hash = table_hash(table_hash(TABLE_HASH_BEGIN, key, strlen(key)), &entry->place,
                                     sizeof entry->place);
    const int64_t every = settings->refresh_every_ms,
                  moment = (int64_t)((hash ^ hash >> 32) % (uint64_t)every);
    return (now_ms - moment) / every > ((int64_t)entry->published_s * MS - moment) / every;
}

static bool is_stale_due(const struct level_state *s, uint32_t sku, int64_t now_ms)
{
    const struct sku_table *t = &s->rows.table;
    const int64_t after = rules_stock_settings(s->rules->rules)->stale_after_ms;
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next) {
        const int64_t began = sku_row_began(&t->rows[i]);
        if (began > 0 && now_ms > began + after)
            return true;
    }
    return false;
}

bool level_state_is_due(const struct level_state *state, uint32_t sku, int64_t now_ms)
{
    const struct sku_table *t = &state->rows.table;
    const struct stock_settings *settings = rules_stock_settings(state->rules->rules);
    if (t->skus[sku].level == 0)
        return false;
    for (uint32_t i = t->skus[sku].level; i != 0; i = state->book.entries[i].next)
        if (is_refresh_due(settings, t, sku, &state->book.entries[i], now_ms))
            return true;
    return (t->marks[sku] & SKU_STALE) == 0 && is_stale_due(state, sku, now_ms);
}

/* ---- one level ---- */

static int32_t bounded(int64_t level)
{
    return level > LEVEL_MANY ? LEVEL_MANY : (int32_t)level;
}

static bool is_news(const struct level_entry *entry, const struct stock_parts *parts)
{
    return entry->version == 0 || bounded(parts->level) != entry->level ||
           entry->level == LEVEL_MANY || (entry->flags & LEVEL_FLAG_TAKEN) != 0 ||
           parts->stale != ((entry->flags & LEVEL_FLAG_STALE) != 0);
}

static enum level_reason reason_of(const struct writing *w, const struct level_entry *entry,
                                   const struct stock_parts *parts, bool is_new)
{
    if (parts->stale)
        return parts->why;
    if (w->why == LEVEL_RESERVATION)
        return entry->version != 0 && parts->level > entry->level ? LEVEL_RELEASE
                                                                  : LEVEL_RESERVATION;
    return is_new ? w->why : LEVEL_REFRESH;
}

static void write_out(const struct writing *w, const char *place, const char *own,
                      const struct stock_level *level)
{
    const struct sku_table *t = &w->state->rows.table;
    const struct level_out out = {level, place, own, sku_table_company(t, w->sku),
                                  sku_table_key(t, w->sku)};
    w->writer->write(w->writer->user, &out);
}

static void write_level(const struct writing *w, const struct level_wanted *wanted,
                        struct level_entry *entry)
{
    const struct sku_table *t = &w->state->rows.table;
    const struct stock_parts *parts = &wanted->parts;
    const bool is_new = is_news(entry, parts);
    const struct stock_level level = {
        .channel = wanted->channel->channel,
        .store = wanted->channel->store,
        .location = wanted->location,
        .sku = wanted->own,
        .company = sku_table_company(t, w->sku),
        .stock_key = wanted->is_bundle ? NULL : sku_table_key(t, w->sku),
        .level = parts->level,
        .version = (int64_t)entry->version + 1,
        .as_of = parts->as_of,
        .available = parts->available,
        .in_flight = parts->in_flight,
        .buffer = parts->buffer,
        .reason = reason_of(w, entry, parts, is_new),
        .taken = entry->taken,
        .has_stale_since = parts->stale,
        .stale_since = parts->stale_since,
        .published_at = w->writer->now_ms,
    };
    entry->version++;
    entry->level = bounded(parts->level);
    entry->published_s = (uint32_t)(w->writer->now_ms / MS);
    entry->flags =
        (uint8_t)((entry->flags & LEVEL_FLAG_SEEN) | (parts->stale ? LEVEL_FLAG_STALE : 0) |
                  (wanted->is_bundle ? LEVEL_FLAG_BUNDLE : 0));
    write_out(w, wanted->place, wanted->own, &level);
}

static void write_wanted(const struct writing *w, const struct level_wanted *wanted)
{
    struct level_state *s = w->state;
    struct sku_table *t = &s->rows.table;
    const uint32_t at = strlen(wanted->own) < LEVEL_OWN_MAX
                            ? level_book_put(&s->book, t, w->sku, wanted->place, wanted->own)
                            : 0;
    if (at == 0)
        return;
    struct level_entry *entry = &s->book.entries[at];
    if (is_news(entry, &wanted->parts) ||
        is_refresh_due(w->settings, t, w->sku, entry, w->writer->now_ms))
        write_level(w, wanted, entry);
    entry->flags |= LEVEL_FLAG_SEEN;
    if (wanted->parts.stale)
        (void)sku_table_mark(t, w->sku, SKU_STALE);
}

/* ---- those that are none any more ---- */

/* A bundle whose parts cannot be seen is not gone. */
static void end_unwanted(const struct writing *w, bool keeps_bundles)
{
    struct level_state *s = w->state;
    struct sku_table *t = &s->rows.table;
    for (uint32_t at = t->skus[w->sku].level, next; at != 0; at = next) {
        struct level_entry *entry = &s->book.entries[at];
        char text[LEVEL_OWN_MAX];
        next = entry->next;
        if ((entry->flags & LEVEL_FLAG_SEEN) != 0 ||
            (keeps_bundles && (entry->flags & LEVEL_FLAG_BUNDLE) != 0)) {
            entry->flags = (uint8_t)(entry->flags & ~LEVEL_FLAG_SEEN);
            continue;
        }
        if (entry->version > 0)
            write_out(w, level_book_place(&s->book, at),
                      level_book_own(&s->book, t, w->sku, at, text), NULL);
        level_book_remove(&s->book, t, w->sku, at);
    }
}

/* ---- a SKU ---- */

int level_state_write(struct level_state *state, uint32_t sku, enum level_reason why,
                      const struct level_writer *writer)
{
    struct arena *arena = arena_new(LEVEL_ARENA_MAX);
    struct sku_table *t = &state->rows.table;
    const struct level_known known = {level_state_look, state};
    struct writing w = {.state = state,
                        .sku = sku,
                        .why = why,
                        .writer = writer,
                        .settings = rules_stock_settings(state->rules->rules)};
    struct level_list list;
    const int r = arena == NULL ? -ENOMEM
                                : level_want(state->rules, &known, sku_table_company(t, sku),
                                             sku_table_key(t, sku), writer->now_ms, arena, &list);
    if (r == 0) {
        sku_table_unmark(t, sku, SKU_STALE);
        for (size_t i = 0; i < list.count; i++)
            write_wanted(&w, &list.items[i]);
        end_unwanted(&w, list.hidden > 0);
        state->hidden += list.hidden;
    }
    arena_free(arena);
    return r;
}

void level_state_touch_bundles(struct level_state *state, uint32_t sku)
{
    struct sku_table *t = &state->rows.table;
    const char *company = sku_table_company(t, sku);
    size_t count = 0;
    const struct bundle_use *uses =
        bundle_index_find(state->rules->bundles, company, sku_table_key(t, sku), &count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t owner = sku_table_find(t, company, uses[i].owner);
        if (owner != 0 && owner != sku)
            sku_list_add(&state->rows.changed, t, owner, SKU_CHANGED);
    }
}
