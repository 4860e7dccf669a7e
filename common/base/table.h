/* A hash table of pointers to things that the caller owns: open addressing, growing, with removal.
 *
 * The caller gives each thing's hash (table_hash; things that are the same have the same one) and
 * says by `is_same` whether a thing is the one that is looked for. Not for untrusted keys in great
 * numbers: the hash has no secret, and who chooses keys could make look-ups slow, never wrong. What
 * must stay bounded by forgetting is no table but a cache. Embedded: table_release; one thread. */
#ifndef PRIMAFLOW_TABLE_H
#define PRIMAFLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {
    struct table_slot {
        uint64_t hash;
        void *item; /* NULL: free */
    } * slots;
    size_t room, count; /* room: a power of two, or 0 */
};

typedef bool (*table_is_same)(const void *item, const void *key);

/* FNV-1a; goes on from `hash`, TABLE_HASH_BEGIN at first, so that a key may have parts. */
#define TABLE_HASH_BEGIN 0xCBF29CE484222325U
uint64_t table_hash(uint64_t hash, const void *bytes, size_t size);

/* NULL: none. */
void *table_find(const struct table *table, uint64_t hash, table_is_same is_same, const void *key);

/* Adds an item that is not there. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int table_add(struct table *table, uint64_t hash, void *item);

/* Takes out this very item, which is there. */
void table_remove(struct table *table, uint64_t hash, const void *item);

/* All items, in no order: *at is 0 at first; NULL: that was all. Nothing is added or removed
 * meanwhile. */
void *table_next(const struct table *table, size_t *at);

void table_release(struct table *table); /* not the items */

#endif
