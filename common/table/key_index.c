/* Entries in one block, linked by their numbers; slots by linear probing, with removals that move up
 * what follows. See key_index.h. */
#include "table/key_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum { ENTRIES_MIN = 64, SLOTS_MIN = 128 };

struct key_index_slot {
    uint32_t group;
    uint32_t first; /* entry; 0: the slot is free */
};

/* ---- keys ---- */

uint32_t key_index_group_of(const void *group, size_t size)
{
    uint8_t digest[DIGEST_SIZE];
    uint32_t bits;
    digest_sha256(group, size, digest);
    memcpy(&bits, digest, sizeof bits);
    return bits;
}

struct key_index_key key_index_key_of(const void *key, size_t size, size_t group_size)
{
    uint8_t digest[DIGEST_SIZE];
    struct key_index_key made;
    digest_sha256(key, size, digest);
    memcpy(made.digest, digest, sizeof made.digest);
    memcpy(&made.group, digest, sizeof made.group);
    if (group_size < size)
        made.group = key_index_group_of(key, group_size);
    return made;
}

/* ---- slots ---- */

static uint32_t home(const struct key_index *ix, uint32_t group)
{
    return group & (ix->slots_room - 1); /* bits of a SHA-256 need no mixing */
}

/* The group's slot, or the free one where it would stand. */
static struct key_index_slot *slot_find(const struct key_index *ix, uint32_t group)
{
    uint32_t at = home(ix, group);
    while (ix->slots[at].first != 0 && ix->slots[at].group != group)
        at = (at + 1) & (ix->slots_room - 1);
    return &ix->slots[at];
}

static void slots_grow(struct key_index *ix)
{
    const struct key_index_slot *old = ix->slots;
    struct key_index wider = {.slots_room = ix->slots_room == 0 ? SLOTS_MIN : 2 * ix->slots_room};
    assert(wider.slots_room > ix->slots_room);
    wider.slots = calloc(wider.slots_room, sizeof *wider.slots);
    if (wider.slots == NULL)
        abort();
    for (uint32_t i = 0; i < ix->slots_room; i++)
        if (old[i].first != 0)
            *slot_find(&wider, old[i].group) = old[i];
    free(ix->slots);
    ix->slots = wider.slots;
    ix->slots_room = wider.slots_room;
}

static void slot_remove(struct key_index *ix, struct key_index_slot *slot)
{
    const uint32_t mask = ix->slots_room - 1;
    uint32_t hole = (uint32_t)(slot - ix->slots);
    for (uint32_t at = (hole + 1) & mask; ix->slots[at].first != 0; at = (at + 1) & mask) {
        const uint32_t from_home = (at - home(ix, ix->slots[at].group)) & mask;
        if (from_home >= ((at - hole) & mask)) { /* it may stand where the hole is */
            ix->slots[hole] = ix->slots[at];
            hole = at;
        }
    }
    ix->slots[hole] = (struct key_index_slot){0, 0};
    ix->slots_used--;
}

/* ---- entries ---- */

static uint32_t entry_new(struct key_index *ix)
{
    const uint32_t reused = ix->free;
    if (reused != 0) {
        ix->free = ix->entries[reused].next;
        return reused;
    }
    if (ix->used + 1 >= ix->room) {
        ix->room = ix->room == 0 ? ENTRIES_MIN : ix->room + ix->room / 2;
        assert(ix->room > ix->used + 1); /* four thousand million keys */
        ix->entries = realloc(ix->entries, ix->room * sizeof *ix->entries);
        if (ix->entries == NULL)
            abort();
    }
    return ++ix->used;
}

/* What leads to the key's entry: the slot's `first` or an entry's `next`; or, where the key is not,
 * the chain's last link, which is 0. */
static uint32_t *link_of(const struct key_index *ix, struct key_index_slot *slot,
                         const struct key_index_key *key)
{
    uint32_t *link = &slot->first;
    while (*link != 0 && memcmp(ix->entries[*link].digest, key->digest, sizeof key->digest) != 0)
        link = &ix->entries[*link].next;
    return link;
}

int64_t key_index_put(struct key_index *ix, const struct key_index_key *key, int64_t offset)
{
    if (2 * ((uint64_t)ix->slots_used + 1) > ix->slots_room) /* half full at most */
        slots_grow(ix);
    struct key_index_slot *slot = slot_find(ix, key->group);
    const uint32_t known = *link_of(ix, slot, key);
    if (known != 0) {
        struct key_index_entry *entry = &ix->entries[known];
        const int64_t old = entry->offset;
        entry->offset = offset;
        return old;
    }
    const uint32_t made = entry_new(ix);
    ix->entries[made] = (struct key_index_entry){
        .digest = {key->digest[0], key->digest[1]}, .offset = offset, .next = slot->first};
    ix->slots_used += slot->first == 0;
    *slot = (struct key_index_slot){key->group, made};
    ix->count++;
    return -1;
}

int64_t key_index_remove(struct key_index *ix, const struct key_index_key *key)
{
    if (ix->slots_room == 0)
        return -1;
    struct key_index_slot *slot = slot_find(ix, key->group);
    uint32_t *link = link_of(ix, slot, key);
    const uint32_t gone = *link;
    if (gone == 0)
        return -1;
    struct key_index_entry *entry = &ix->entries[gone];
    *link = entry->next;
    entry->next = ix->free;
    ix->free = gone;
    ix->count--;
    if (slot->first == 0)
        slot_remove(ix, slot);
    return entry->offset;
}

int64_t key_index_find(const struct key_index *ix, const struct key_index_key *key)
{
    const uint32_t found = ix->slots_room == 0 ? 0 : *link_of(ix, slot_find(ix, key->group), key);
    return found != 0 ? ix->entries[found].offset : -1;
}

const struct key_index_entry *key_index_first(const struct key_index *ix, uint32_t group)
{
    const uint32_t first = ix->slots_room == 0 ? 0 : slot_find(ix, group)->first;
    return first != 0 ? &ix->entries[first] : NULL;
}

const struct key_index_entry *key_index_next(const struct key_index *ix,
                                             const struct key_index_entry *entry)
{
    return entry->next != 0 ? &ix->entries[entry->next] : NULL;
}

size_t key_index_bytes(const struct key_index *ix)
{
    return (size_t)ix->used * sizeof *ix->entries + (size_t)ix->slots_room * sizeof *ix->slots;
}

void key_index_release(struct key_index *ix)
{
    free(ix->entries);
    free(ix->slots);
    *ix = (struct key_index){.count = 0};
}
