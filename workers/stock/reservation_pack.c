/* An order's facts as bytes: packing; see reservation_pack.h, reservation_unpack.c. */
#include "reservation_pack.h"

#include "domain/keys/key_parts.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int reservation_key_read(const char *key, size_t size, struct arena *arena,
                         struct stock_reserve_key *ret_key)
{
    char *parts[4];
    if (size == 0 || memchr(key, '\0', size) != NULL)
        return -EINVAL;
    const char *text = arena_text(arena, key, size);
    const int r = text == NULL ? -ENOMEM : key_split(text, arena, parts, 4);
    if (r < 0)
        return r;
    const char *order = key_natural(arena, parts[0], KEY_TYPE_ORDERS, parts[1], parts[2], parts[3]);
    if (order == NULL)
        return -ENOMEM;
    *ret_key = (struct stock_reserve_key){.order = order,
                                          .company = parts[0],
                                          .channel = parts[1],
                                          .store = parts[2],
                                          .order_id = parts[3]};
    return 0;
}

/* ---- texts, each once ---- */

struct packing {
    struct arena *arena;
    const char **texts;
    struct packed_text {
        const char *text;
        int32_t place;
    } * entries;
    size_t count, room;
    struct table places;
    bool no_memory;
};

static void *take(struct packing *p, size_t count, size_t size)
{
    void *memory = arena_alloc(p->arena, (count + 1) * size);
    p->no_memory |= memory == NULL;
    return memory;
}

static bool is_text(const void *item, const void *key)
{
    return strcmp(((const struct packed_text *)item)->text, key) == 0;
}

static int32_t place_of(struct packing *p, const char *text)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN, text, strlen(text));
    struct packed_text *entry = table_find(&p->places, hash, is_text, text);
    if (entry != NULL)
        return entry->place;
    if (p->no_memory || p->count == p->room) {
        p->no_memory = true;
        return 0;
    }
    entry = &p->entries[p->count];
    *entry = (struct packed_text){text, (int32_t)p->count};
    p->texts[p->count++] = text;
    p->no_memory |= table_add(&p->places, hash, entry) < 0;
    return entry->place;
}

static struct stock_order_depot *pack_depots(struct packing *p, const char *const *depots,
                                             size_t count)
{
    struct stock_order_depot *items = take(p, count, sizeof *items);
    for (size_t i = 0; i < count && !p->no_memory; i++)
        items[i].depot = place_of(p, depots[i]);
    return items;
}

static struct stock_order_row *pack_rows(struct packing *p, const struct stock_row *rows,
                                         size_t count)
{
    struct stock_order_row *items = take(p, count, sizeof *items);
    for (size_t i = 0; i < count && !p->no_memory; i++) {
        items[i] = (struct stock_order_row){.sku = place_of(p, rows[i].sku),
                                            .depot = place_of(p, rows[i].depot),
                                            .units = rows[i].units};
        items[i].depots.items = pack_depots(p, rows[i].depots.items, rows[i].depots.count);
        items[i].depots.count = rows[i].depots.count;
    }
    return items;
}

static struct stock_order_taken *pack_taken(struct packing *p, const struct stock_want *want)
{
    struct stock_order_taken *items = take(p, want->taken_count, sizeof *items);
    for (size_t i = 0; i < want->taken_count && !p->no_memory; i++)
        items[i] = (struct stock_order_taken){
            place_of(p, want->taken[i].sku_key), place_of(p, want->taken[i].location),
            place_of(p, want->taken[i].sku), want->taken[i].units};
    return items;
}

static struct stock_order_reservation *pack_reservations(struct packing *p,
                                                         const struct reservation_facts *facts)
{
    struct stock_order_reservation *items = take(p, facts->count, sizeof *items);
    for (size_t i = 0; i < facts->count && !p->no_memory; i++) {
        const struct stock_reservation *row = &facts->rows[i];
        items[i] = (struct stock_order_reservation){
            .sku = place_of(p, row->sku),
            .depot = place_of(p, row->depot),
            .units = row->units,
            .allocated_units = row->allocated_units,
            .has_allocated_at = row->has_allocated_at,
            .allocated_at = row->allocated_at,
            .version = row->version,
            .updated_at = row->updated_at,
            .tells_taken = row->taken.count > 0,
            .confirmed = facts->confirmed[i],
        };
        items[i].depots.items = pack_depots(p, row->depots.items, row->depots.count);
        items[i].depots.count = row->depots.count;
    }
    return items;
}

static struct stock_order_gap *pack_gaps(struct packing *p, const struct reservation_facts *facts)
{
    struct stock_order_gap *items = take(p, facts->gap_count, sizeof *items);
    for (size_t i = 0; i < facts->gap_count && !p->no_memory; i++)
        items[i] = (struct stock_order_gap){(int32_t)facts->gaps[i].line, facts->gaps[i].what};
    return items;
}

/* ---- all of it ---- */

static size_t count_texts(const struct reservation_facts *f)
{
    size_t count = 2 * (f->want.count + f->document.count + f->count) + 3 * f->want.taken_count;
    for (size_t i = 0; i < f->want.count; i++)
        count += f->want.rows[i].depots.count;
    for (size_t i = 0; i < f->count; i++)
        count += f->rows[i].depots.count;
    return count;
}

static void pack_facts(struct packing *p, const struct reservation_facts *f,
                       struct stock_order_document *document, struct stock_order_state *ret_state)
{
    struct stock_order_state state = {
        .has_version = f->want.version != INT64_MIN,
        .version = f->want.version != INT64_MIN ? f->want.version : 0,
        .event_time = f->event_time,
        .cancelled = f->want.cancelled,
        .handed_over = f->want.handed_over,
        .gap_version = f->gap_count > 0 ? f->gap_version : 0,
        .gap_offset = f->gap_offset,
        .hold = f->hold,
        .has_discarded_at = f->is_discarded,
        .discarded_at = f->discarded_at,
        .since = f->since,
        .changed_at = f->changed_at,
    };
    state.wants.items = pack_rows(p, f->want.rows, f->want.count);
    state.wants.count = f->want.count;
    state.takes.items = pack_taken(p, &f->want);
    state.takes.count = f->want.taken_count;
    state.gaps.items = pack_gaps(p, f);
    state.gaps.count = f->gap_count;
    state.reservations.items = pack_reservations(p, f);
    state.reservations.count = f->count;
    if (f->has_document) {
        *document = (struct stock_order_document){.version = f->document.version,
                                                  .entry = f->document.entry,
                                                  .posted_at = f->document.posted_at};
        document->lines.items = pack_rows(p, f->document.lines, f->document.count);
        document->lines.count = f->document.count;
        state.document = document;
    }
    state.texts.items = p->texts;
    state.texts.count = p->count;
    *ret_state = state;
}

int reservation_pack(struct codec *codec, const struct reservation_facts *facts,
                     struct arena *arena, struct buf *out)
{
    struct stock_order_state state;
    struct stock_order_document document;
    struct packing p = {.arena = arena, .room = count_texts(facts)};
    const size_t begin = out->size;
    p.texts = take(&p, p.room, sizeof *p.texts);
    p.entries = take(&p, p.room, sizeof *p.entries);
    if (!p.no_memory)
        pack_facts(&p, facts, &document, &state);
    table_release(&p.places);
    if (p.no_memory)
        return -ENOMEM;
    const int r = codec_encode(codec, &stock_order_record, &state, out);
    return r < 0 ? r : out->size - begin > RESERVATION_BYTES_MAX ? -ENOSPC : 0;
}
