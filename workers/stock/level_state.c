/* What is known of a partition; see level_state.h. What is written of it is level_write.c's. */
#include "level_state.h"

#include "domain/stock/stock_key.h"
#include "domain/stock/stock_rows.h"

#include <stdio.h>
#include <string.h>

enum { PLACE_MAX = 700 };

/* ---- reservations ---- */

struct totals {
    struct level_state *state;
    uint32_t sku;
    const struct stock_reservation *before, *after; /* NULL: there was none; it goes */
};

static bool place_text(char place[static PLACE_MAX], const struct stock_reservation *r,
                       const char *location)
{
    const int size = snprintf(place, PLACE_MAX, "%s/%s/%s", r->channel, r->store, location);
    return size > 0 && size < PLACE_MAX;
}

/* One of the channel's SKUs at one location: each is asked for once, with the record that has it
 * first. */
static void count_one(const struct totals *t, const struct stock_reservation *of, size_t at)
{
    const struct reservation_taken *taken = &of->taken.items[at];
    struct level_state *s = t->state;
    char place[PLACE_MAX];
    for (size_t i = 0; i < at; i++)
        if (strcmp(of->taken.items[i].location, taken->location) == 0 &&
            strcmp(of->taken.items[i].sku, taken->sku) == 0)
            return;
    const int64_t change = stock_taken_change(t->before, t->after, of->channel, of->store,
                                              taken->location, taken->sku);
    if (change == 0 || !place_text(place, of, taken->location))
        return;
    const uint32_t entry = level_book_find(&s->book, &s->rows.table, t->sku, place, taken->sku);
    if (entry == 0)
        return;
    s->book.entries[entry].taken = stock_add(s->book.entries[entry].taken, change);
    s->book.entries[entry].flags |= LEVEL_FLAG_TAKEN;
    sku_list_add(&s->taken, &s->rows.table, t->sku, SKU_TAKEN);
}

static bool has_taken(const struct stock_reservation *r, const struct stock_reservation *other,
                      const struct reservation_taken *taken)
{
    for (size_t i = 0; r != NULL && i < r->taken.count; i++)
        if (strcmp(r->channel, other->channel) == 0 && strcmp(r->store, other->store) == 0 &&
            strcmp(r->taken.items[i].location, taken->location) == 0 &&
            strcmp(r->taken.items[i].sku, taken->sku) == 0)
            return true;
    return false;
}

static void count_totals(const struct totals *t)
{
    for (size_t i = 0; i < t->after->taken.count; i++)
        count_one(t, t->after, i);
    for (size_t i = 0; t->before != NULL && i < t->before->taken.count; i++)
        if (!has_taken(t->after, t->before, &t->before->taken.items[i]))
            count_one(t, t->before, i);
}

static void after_claim(struct level_state *s, uint32_t sku)
{
    struct sku_table *t = &s->rows.table;
    if (claims_of(&s->claims, sku) != NULL)
        (void)sku_table_mark(t, sku, SKU_HAS_CLAIMS);
    else
        sku_table_unmark(t, sku, SKU_HAS_CLAIMS);
    sku_list_add(&s->claimed, t, sku, SKU_CLAIMED);
}

static bool claim_ends(struct level_state *s, const char *key, size_t key_size)
{
    struct claim *claim = claims_remove(&s->claims, key, key_size);
    if (claim != NULL)
        after_claim(s, claim->sku);
    claim_free(claim);
    return true; /* a tombstone changes no running total */
}

bool level_state_claim(struct level_state *state, const char *key, size_t key_size,
                       const struct stock_reservation *reservation, bool is_in_totals)
{
    if (reservation == NULL)
        return claim_ends(state, key, key_size);
    struct claim *before = NULL;
    const uint32_t sku =
        stock_key_place(key, key_size) == 0
            ? 0
            : sku_table_put(&state->rows.table, reservation->company, reservation->sku);
    if (sku == 0)
        return false;
    if (!claims_put(&state->claims, key, key_size, sku, reservation, &before))
        return true;
    const struct totals totals = {state, sku, before == NULL ? NULL : &before->reservation,
                                  reservation};
    if (!is_in_totals)
        count_totals(&totals);
    claim_free(before);
    after_claim(state, sku);
    return true;
}

/* ---- what was published ---- */

bool level_state_published(struct level_state *state, const struct stock_level *level,
                           const char *key)
{
    char place[PLACE_MAX];
    const int size =
        snprintf(place, sizeof place, "%s/%s/%s", level->channel, level->store, level->location);
    if (size < 0 || size >= PLACE_MAX || strlen(level->sku) >= LEVEL_OWN_MAX)
        return false;
    const uint32_t sku = sku_table_put(&state->rows.table, level->company, key),
                   entry = sku == 0 ? 0
                                    : level_book_put(&state->book, &state->rows.table, sku, place,
                                                     level->sku);
    if (entry == 0)
        return false;
    struct level_entry *e = &state->book.entries[entry];
    e->version =
        level->version < 0 || level->version > UINT32_MAX ? UINT32_MAX : (uint32_t)level->version;
    e->level = level->level > LEVEL_MANY ? LEVEL_MANY : (int32_t)level->level;
    e->taken = level->taken;
    e->published_s = (uint32_t)(level->published_at / 1000);
    e->flags = (uint8_t)((level->has_stale_since ? LEVEL_FLAG_STALE : 0) |
                         (level->stock_key == NULL ? LEVEL_FLAG_BUNDLE : 0));
    if (level->has_stale_since)
        (void)sku_table_mark(&state->rows.table, sku, SKU_STALE);
    return true;
}

void level_state_unpublished(struct level_state *state, const char *company, const char *key,
                             const char *place, const char *own)
{
    struct sku_table *t = &state->rows.table;
    const uint32_t sku = sku_table_find(t, company, key),
                   entry = sku == 0 ? 0 : level_book_find(&state->book, t, sku, place, own);
    if (entry != 0)
        level_book_remove(&state->book, t, sku, entry);
}

/* ---- looking ---- */

static size_t count_rows(const struct sku_table *t, uint32_t sku)
{
    size_t count = 0;
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next)
        count += sku_row_began(&t->rows[i]) > 0;
    return count;
}

static bool has_depot(const struct stock_read reads[], size_t count, const char *depot)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(reads[i].depot, depot) == 0)
            return true;
    return false;
}

/* A figure of all depots together is that of the depot that the company says; where that depot has a
 * figure of its own, that one counts. */
static size_t fill_reads(const struct level_state *s, uint32_t sku, struct stock_read reads[])
{
    const struct sku_table *t = &s->rows.table;
    const struct sku_row *of_all = NULL;
    size_t count = 0;
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next) {
        const struct sku_row *row = &t->rows[i];
        const char *depot = sku_table_depot(t, i);
        if (sku_row_began(row) == 0)
            continue;
        if (*depot == '\0')
            of_all = row;
        else
            reads[count++] = (struct stock_read){depot, sku_row_began(row), row->available, true};
    }
    const char *depot =
        of_all == NULL ? NULL : rules_depot_of_all(s->rules->rules, sku_table_company(t, sku));
    if (depot != NULL && !has_depot(reads, count, depot))
        reads[count++] = (struct stock_read){depot, sku_row_began(of_all), of_all->available, true};
    return count;
}

static bool fill_claims(const struct level_state *s, uint32_t sku, struct arena *arena,
                        struct stock_inputs *inputs)
{
    size_t count = 0;
    for (const struct claim *c = claims_of(&s->claims, sku); c != NULL; c = c->next)
        count++;
    const struct stock_reservation **claims = arena_alloc(arena, (count + 1) * sizeof *claims);
    if (claims == NULL)
        return false;
    for (const struct claim *c = claims_of(&s->claims, sku); c != NULL; c = c->next)
        claims[inputs->claim_count++] = &c->reservation;
    inputs->claims = claims;
    return true;
}

bool level_state_look(void *state, const char *company, const char *key, struct arena *arena,
                      struct stock_inputs *ret_inputs)
{
    const struct level_state *s = state;
    const uint32_t sku = sku_table_find(&s->rows.table, company, key);
    if (sku == 0)
        return s->elsewhere != NULL &&
               s->elsewhere->look(s->elsewhere->user, company, key, arena, ret_inputs);
    struct stock_read *reads =
        arena_alloc(arena, (count_rows(&s->rows.table, sku) + 1) * sizeof *reads);
    if (reads == NULL)
        return false;
    struct stock_inputs inputs = {.reads = reads, .read_count = fill_reads(s, sku, reads)};
    if (!fill_claims(s, sku, arena, &inputs))
        return false;
    *ret_inputs = inputs;
    return true;
}

/* ---- all of it ---- */

size_t level_state_bytes(const struct level_state *state)
{
    return sku_table_bytes(&state->rows.table) + level_book_bytes(&state->book) +
           read_stage_rows(&state->stage) * sizeof(struct staged_row);
}

void level_state_release(struct level_state *state)
{
    sku_list_release(&state->taken);
    sku_list_release(&state->claimed);
    claims_release(&state->claims);
    level_book_release(&state->book);
    read_stage_release(&state->stage);
    rows_release(&state->rows);
}
