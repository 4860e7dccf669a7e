/* An index of one partition: each key's newest offset, all keys of a group in one chain. No bytes of
 * keys: a key is its digest, a chain is found by 32 bits of the group's, so that once in a great
 * while two groups have one chain, and who reads the records tells them apart by their keys. 32 bytes
 * a key, and 16 to 32 a group. Embedded, zeroed; key_index_release. One thread. */
#ifndef PRIMAFLOW_KEY_INDEX_H
#define PRIMAFLOW_KEY_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct key_index_key {
    uint64_t digest[2]; /* of the whole key: those of two keys differ */
    uint32_t group;     /* of the group's digest */
};

struct key_index_entry {
    uint64_t digest[2];
    int64_t offset;
    uint32_t next; /* in the chain, or in the list of free ones; 0: the last */
};

struct key_index {
    struct key_index_entry *entries; /* [1..] */
    struct key_index_slot *slots;    /* open addressing; room is a power of two, or 0 */
    uint32_t used, room, free;       /* entries: used at some time, allocated, the first free one */
    uint32_t count;                  /* keys */
    uint32_t slots_used, slots_room;
};

/* Of the first `group_size` bytes, and all `size`. */
struct key_index_key key_index_key_of(const void *key, size_t size, size_t group_size);
uint32_t key_index_group_of(const void *group, size_t size);

/* The key's newest record is at `offset` now. Returns where it was, -1: nowhere. */
int64_t key_index_put(struct key_index *ix, const struct key_index_key *key, int64_t offset);
int64_t key_index_remove(struct key_index *ix, const struct key_index_key *key); /* the same */

int64_t key_index_find(const struct key_index *ix, const struct key_index_key *key); /* the same */

/* The first and the next key of a chain; NULL: that was all. Nothing is put or removed meanwhile. */
const struct key_index_entry *key_index_first(const struct key_index *ix, uint32_t group);
const struct key_index_entry *key_index_next(const struct key_index *ix,
                                             const struct key_index_entry *entry);

size_t key_index_bytes(const struct key_index *ix);
void key_index_release(struct key_index *ix); /* it is empty then */

#endif
