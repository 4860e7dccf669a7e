/* A hash table of fingerprints; see stock_seen.h. */
#include "stock_seen.h"

#include "base/digest.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4096 };

void stock_seen_init(struct stock_seen *s)
{
    *s = (struct stock_seen){.rows = NULL};
    digest_random(s->seeds, sizeof s->seeds);
}

void stock_seen_release(struct stock_seen *s)
{
    free(s->rows);
    s->rows = NULL;
    s->room = s->count = 0;
}

static uint64_t seen_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Key and depot with their NULs, so that one does not run into the other. */
static uint64_t seen_hash(uint64_t seed, const char *key, const char *depot)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN ^ seed, key, strlen(key) + 1);
    return seen_mix(table_hash(hash, depot, strlen(depot) + 1) + seed);
}

static struct seen_row *seen_find(const struct stock_seen *s, uint64_t one, uint32_t two)
{
    size_t at = (size_t)one & (s->room - 1);
    while ((s->rows[at].one != 0 || s->rows[at].two != 0) &&
           (s->rows[at].one != one || s->rows[at].two != two))
        at = (at + 1) & (s->room - 1);
    return &s->rows[at];
}

static int seen_grow(struct stock_seen *s)
{
    const struct stock_seen old = *s;
    s->room = old.room == 0 ? ROOM_FIRST : 2 * old.room;
    s->rows = calloc(s->room, sizeof *s->rows);
    if (s->rows == NULL) {
        *s = old;
        return -ENOMEM;
    }
    for (size_t i = 0; i < old.room; i++)
        if (old.rows[i].one != 0 || old.rows[i].two != 0)
            *seen_find(s, old.rows[i].one, old.rows[i].two) = old.rows[i];
    free(old.rows);
    return 0;
}

int stock_seen_add(struct stock_seen *s, const char *key, const char *depot, int64_t units,
                   enum stock_sight *ret_sight)
{
    const uint64_t one = seen_hash(s->seeds[0], key, depot);
    const uint32_t two = (uint32_t)seen_hash(s->seeds[1], key, depot) | 1;
    if (s->count == STOCK_SEEN_MAX)
        return -E2BIG;
    if (4 * (s->count + 1) > 3 * s->room) {
        const int result = seen_grow(s);
        if (result < 0)
            return result;
    }
    struct seen_row *row = seen_find(s, one, two);
    if (row->two != 0) {
        *ret_sight = row->units == units ? STOCK_SIGHT_SAME : STOCK_SIGHT_OTHER;
        return 0;
    }
    *row = (struct seen_row){one, two, (int32_t)units};
    s->count++;
    *ret_sight = STOCK_SIGHT_NEW;
    return 0;
}
