/* An order's facts from bytes that may come from anywhere; see reservation_pack.h. */
#include "reservation_pack.h"

#include "domain/stock/stock_key.h"

#include <errno.h>
#include <string.h>

struct unpacking {
    const struct stock_order_state *state;
    const struct stock_reserve_key *key;
    struct arena *arena;
    int fault; /* the first; what follows it is void */
};

static void *take(struct unpacking *u, size_t count, size_t size)
{
    void *memory = u->fault < 0 ? NULL : arena_alloc(u->arena, (count + 1) * size);
    if (memory == NULL && u->fault == 0)
        u->fault = -ENOMEM;
    return memory;
}

static const char *text_at(struct unpacking *u, int32_t place)
{
    if (place < 0 || (size_t)place >= u->state->texts.count) {
        u->fault = u->fault < 0 ? u->fault : -EBADMSG;
        return "";
    }
    return u->state->texts.items[place];
}

static const char *sku_at(struct unpacking *u, int32_t place)
{
    struct prima_sku sku;
    const char *key = text_at(u, place);
    if (u->fault == 0)
        u->fault = stock_key_read(key, u->arena, &sku) == 0 ? 0 : -EBADMSG;
    return key;
}

static int64_t units_of(struct unpacking *u, int64_t units)
{
    if (units < 0 && u->fault == 0)
        u->fault = -EBADMSG;
    return units;
}

static const char **unpack_depots(struct unpacking *u, const struct stock_order_depot *depots,
                                  size_t count)
{
    const char **items = take(u, count, sizeof *items);
    for (size_t i = 0; i < count && u->fault == 0; i++)
        items[i] = text_at(u, depots[i].depot);
    return items;
}

static struct stock_row *unpack_rows(struct unpacking *u, const struct stock_order_row *rows,
                                     size_t count)
{
    struct stock_row *items = take(u, count, sizeof *items);
    for (size_t i = 0; i < count && u->fault == 0; i++) {
        items[i] = (struct stock_row){.sku = sku_at(u, rows[i].sku),
                                      .depot = text_at(u, rows[i].depot),
                                      .units = units_of(u, rows[i].units)};
        items[i].depots.items = unpack_depots(u, rows[i].depots.items, rows[i].depots.count);
        items[i].depots.count = rows[i].depots.count;
    }
    return items;
}

static void unpack_want(struct unpacking *u, struct stock_want *ret_want)
{
    const struct stock_order_state *s = u->state;
    struct stock_want want = {.version = s->has_version ? s->version : INT64_MIN,
                              .cancelled = s->cancelled,
                              .handed_over = s->handed_over,
                              .count = s->wants.count,
                              .taken_count = s->takes.count};
    want.rows = unpack_rows(u, s->wants.items, s->wants.count);
    want.taken = take(u, s->takes.count, sizeof *want.taken);
    for (size_t i = 0; i < s->takes.count && u->fault == 0; i++) {
        const struct stock_order_taken *t = &s->takes.items[i];
        want.taken[i] = (struct stock_taken){sku_at(u, t->sku_key), text_at(u, t->location),
                                             text_at(u, t->sku), units_of(u, t->units)};
    }
    *ret_want = want;
}

static void unpack_gaps(struct unpacking *u, struct reservation_facts *facts)
{
    const struct stock_order_state *s = u->state;
    facts->gaps = take(u, s->gaps.count, sizeof *facts->gaps);
    facts->gap_count = s->gaps.count;
    facts->gap_version = s->gaps.count > 0 ? s->gap_version : INT64_MIN;
    facts->gap_offset = s->gaps.count > 0 ? s->gap_offset : -1;
    for (size_t i = 0; i < s->gaps.count && u->fault == 0; i++) {
        if (s->gaps.items[i].line < 0)
            u->fault = -EBADMSG;
        facts->gaps[i] =
            (struct reservation_gap){(size_t)s->gaps.items[i].line, s->gaps.items[i].what};
    }
}

static void unpack_document(struct unpacking *u, struct reservation_facts *facts)
{
    const struct stock_order_document *d = u->state->document;
    if (d == NULL)
        return;
    facts->has_document = true;
    facts->document = (struct reservation_document){.version = d->version,
                                                    .entry = d->entry,
                                                    .posted_at = d->posted_at,
                                                    .count = d->lines.count};
    facts->document.lines = unpack_rows(u, d->lines.items, d->lines.count);
}

/* What its product takes, as of the want: a reservation's record always has what that has. */
static void unpack_taken(struct unpacking *u, const struct stock_want *want,
                         struct stock_reservation *row)
{
    row->taken.items = take(u, want->taken_count, sizeof *row->taken.items);
    for (size_t i = 0; i < want->taken_count && u->fault == 0; i++)
        if (strcmp(want->taken[i].sku_key, row->sku) == 0)
            row->taken.items[row->taken.count++] = (struct reservation_taken){
                want->taken[i].location, want->taken[i].sku, want->taken[i].units};
}

static void unpack_reservation(struct unpacking *u, const struct stock_order_reservation *r,
                               const struct reservation_facts *facts,
                               struct stock_reservation *ret_row)
{
    *ret_row = (struct stock_reservation){
        .order = u->key->order,
        .company = u->key->company,
        .channel = u->key->channel,
        .store = u->key->store,
        .order_id = u->key->order_id,
        .sku = sku_at(u, r->sku),
        .depot = text_at(u, r->depot),
        .units = units_of(u, r->units),
        .allocated_units = units_of(u, r->allocated_units),
        .since = facts->since,
        .version = r->version,
        .state = r->has_allocated_at ? RESERVATION_ALLOCATED : RESERVATION_ACCEPTED,
        .has_allocated_at = r->has_allocated_at,
        .allocated_at = r->has_allocated_at ? r->allocated_at : 0,
        .updated_at = r->updated_at,
    };
    ret_row->depots.items = unpack_depots(u, r->depots.items, r->depots.count);
    ret_row->depots.count = r->depots.count;
    if (r->tells_taken && u->fault == 0)
        unpack_taken(u, &facts->want, ret_row);
}

int reservation_facts_of(const struct stock_order_state *state, const struct stock_reserve_key *key,
                         struct arena *arena, struct reservation_facts *ret_facts)
{
    struct unpacking u = {.state = state, .key = key, .arena = arena};
    struct reservation_facts facts = {.event_time = state->event_time,
                                      .hold = state->hold,
                                      .is_discarded = state->has_discarded_at,
                                      .discarded_at = state->discarded_at,
                                      .since = state->since,
                                      .changed_at = state->changed_at,
                                      .count = state->reservations.count};
    unpack_want(&u, &facts.want);
    unpack_gaps(&u, &facts);
    unpack_document(&u, &facts);
    facts.rows = take(&u, facts.count, sizeof *facts.rows);
    facts.confirmed = take(&u, facts.count, sizeof *facts.confirmed);
    for (size_t i = 0; i < facts.count && u.fault == 0; i++) {
        unpack_reservation(&u, &state->reservations.items[i], &facts, &facts.rows[i]);
        facts.confirmed[i] = state->reservations.items[i].confirmed;
    }
    if (u.fault == 0)
        *ret_facts = facts;
    return u.fault;
}

int reservation_unpack(struct codec *codec, const void *bytes, size_t size,
                       const struct stock_reserve_key *key, struct arena *arena,
                       struct reservation_facts *ret_facts)
{
    struct stock_order_state state;
    struct codec_fault fault = {PF_OK, ""};
    const int r = codec_decode(codec, &stock_order_record, bytes, size, arena, &state, &fault);
    return r < 0 ? r : reservation_facts_of(&state, key, arena, ret_facts);
}
