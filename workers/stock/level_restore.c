/* Records of our own topics, read back; see level_restore.h. */
#include "level_restore.h"

#include "domain/events/stock_state.h"
#include "kafka/headers.h"
#include "level_messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_ARENA = 1 << 20, PLACE_MAX = 512, KEY_MAX = 1200 };

static bool told(struct level_restore *r, bool is_right)
{
    r->read++;
    r->refused += !is_right;
    return is_right;
}

static bool decoded(struct level_restore *r, const struct bound_record *record,
                    const struct kafka_record *from, struct arena *arena, void *ret_struct)
{
    struct codec_fault fault;
    const int result = level_decode(r->codec, record, from, arena, ret_struct, &fault);
    r->has_no_schema |= result == -EAGAIN;
    return result == 0;
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(RECORD_ARENA);
    if (arena == NULL)
        abort();
    return arena;
}

/* ---- rows ---- */

static bool rows_take(struct level_restore *r, const struct stock_state *state)
{
    bool is_right = true;
    if (state->stock_key == NULL) {
        const struct complete_read read = {.company = (char *)(uintptr_t)state->company,
                                           .from = (char *)(uintptr_t)state->range_from,
                                           .to = (char *)(uintptr_t)state->range_to,
                                           .began_at = state->began_at,
                                           .token = state->token};
        (void)complete_reads_add(&r->state->rows.reads, &read, NULL, NULL);
        return state->has_began_at;
    }
    for (size_t i = 0; i < state->figures.count; i++) {
        const struct stock_figure *f = &state->figures.items[i];
        is_right &= rows_restore(&r->state->rows, state->company, state->stock_key, f->depot,
                                 f->available, f->began_at, f->alone);
    }
    return is_right;
}

bool level_restore_rows(struct level_restore *restore, const struct kafka_record *record)
{
    if (record->value == NULL)
        return told(restore, true); /* a read that another one covers, which stands here, too */
    struct arena *arena = new_arena();
    struct stock_state state;
    const bool is_right =
        decoded(restore, &stock_state_record, record, arena, &state) && rows_take(restore, &state);
    arena_free(arena);
    return told(restore, is_right);
}

/* ---- levels ---- */

/* company/stock key, as the header has it, taken apart in place. */
static bool split_place(char *place, const char **ret_company, const char **ret_key)
{
    char *slash = strchr(place, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    *ret_company = place;
    *ret_key = slash + 1;
    return true;
}

/* channel/store/location, and the channel's SKU behind it. */
static bool split_key(const struct kafka_record *record, char key[static KEY_MAX],
                      const char **ret_own)
{
    if (record->key == NULL || record->key_size >= KEY_MAX)
        return false;
    memcpy(key, record->key, record->key_size);
    key[record->key_size] = '\0';
    char *at = key;
    for (int i = 0; i < 3; i++) {
        at = strchr(at, '/');
        if (at == NULL)
            return false;
        at++;
    }
    at[-1] = '\0';
    *ret_own = at;
    return true;
}

static bool level_take(struct level_restore *r, const struct kafka_record *record,
                       const char *company, const char *key)
{
    char own_key[KEY_MAX];
    const char *own = NULL;
    if (record->value == NULL) {
        const bool is_right = split_key(record, own_key, &own);
        if (is_right)
            level_state_unpublished(r->state, company, key, own_key, own);
        return is_right;
    }
    struct arena *arena = new_arena();
    struct stock_level level;
    const bool is_right = decoded(r, &stock_level_record, record, arena, &level) &&
                          level_state_published(r->state, &level, key);
    arena_free(arena);
    return is_right;
}

bool level_restore_level(struct level_restore *restore, const struct kafka_record *record)
{
    char place[PLACE_MAX], number[24];
    const char *company = NULL, *key = NULL;
    const char *to = kafka_header_text(record, HEADER_TAKEN_TO, number, sizeof number);
    const int64_t taken_to = to == NULL ? 0 : strtoll(to, NULL, 10);
    if (taken_to > restore->taken_to)
        restore->taken_to = taken_to;
    return told(restore,
                kafka_header_text(record, HEADER_STOCK_PLACE, place, sizeof place) != NULL &&
                    split_place(place, &company, &key) &&
                    level_take(restore, record, company, key));
}

/* ---- reservations ---- */

bool level_restore_reservation(struct level_restore *restore, const struct kafka_record *record)
{
    const bool is_in_totals = record->offset < restore->taken_to;
    if (record->key == NULL)
        return told(restore, false);
    if (record->value == NULL)
        return told(restore, level_state_claim(restore->state, record->key, record->key_size, NULL,
                                               is_in_totals));
    struct arena *arena = new_arena();
    struct stock_reservation reservation;
    const bool is_right =
        decoded(restore, &stock_reservation_record, record, arena, &reservation) &&
        level_state_claim(restore->state, record->key, record->key_size, &reservation,
                          is_in_totals);
    arena_free(arena);
    return told(restore, is_right);
}
