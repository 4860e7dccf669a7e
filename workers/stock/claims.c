/* Two tables of the same claims; see claims.h. */
#include "claims.h"

#include <stdlib.h>
#include <string.h>

/* ---- a copy in one block ---- */

struct block { /* NULL: it is measured */
    char *at;
    size_t size;
};

static void *block_take(struct block *b, size_t size)
{
    void *taken = b->at == NULL ? NULL : b->at + b->size;
    b->size += (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
    return taken;
}

static const char *block_text(struct block *b, const char *text)
{
    char *copy = block_take(b, strlen(text) + 1);
    return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

static void copy_depots(struct block *b, const struct stock_reservation *from,
                        struct stock_reservation *to)
{
    const char **items = block_take(b, from->depots.count * sizeof *items);
    for (size_t i = 0; i < from->depots.count; i++) {
        const char *depot = block_text(b, from->depots.items[i]);
        if (items != NULL)
            items[i] = depot;
    }
    to->depots.items = items;
    to->depots.count = from->depots.count;
}

static void copy_taken(struct block *b, const struct stock_reservation *from,
                       struct stock_reservation *to)
{
    struct reservation_taken *items = block_take(b, from->taken.count * sizeof *items);
    for (size_t i = 0; i < from->taken.count; i++) {
        const struct reservation_taken *t = &from->taken.items[i];
        const struct reservation_taken copy = {block_text(b, t->location), block_text(b, t->sku),
                                               t->units};
        if (items != NULL)
            items[i] = copy;
    }
    to->taken.items = items;
    to->taken.count = from->taken.count;
}

static struct claim *copy_into(struct block *b, const char *key, size_t key_size,
                               const struct stock_reservation *r)
{
    struct claim *claim = block_take(b, sizeof *claim), measured;
    struct claim *c = claim != NULL ? claim : &measured;
    *c = (struct claim){.key_size = key_size,
                        .reservation = {.units = r->units,
                                        .allocated_units = r->allocated_units,
                                        .version = r->version,
                                        .state = r->state,
                                        .has_allocated_at = r->has_allocated_at,
                                        .allocated_at = r->allocated_at}};
    char *own_key = block_take(b, key_size + 1);
    if (own_key != NULL)
        memcpy(own_key, key, key_size);
    c->key = own_key;
    c->reservation.channel = block_text(b, r->channel);
    c->reservation.store = block_text(b, r->store);
    c->reservation.depot = block_text(b, r->depot);
    copy_depots(b, r, &c->reservation);
    copy_taken(b, r, &c->reservation);
    return claim;
}

static struct claim *copy_claim(const char *key, size_t key_size, const struct stock_reservation *r)
{
    struct block measure = {.at = NULL};
    (void)copy_into(&measure, key, key_size, r);
    struct block block = {.at = calloc(1, measure.size)};
    if (block.at == NULL)
        abort();
    return copy_into(&block, key, key_size, r);
}

void claim_free(struct claim *claim)
{
    free(claim); /* the first in its block */
}

/* ---- tables ---- */

struct claim_key {
    const char *bytes;
    size_t size;
};

static bool is_key(const void *item, const void *key)
{
    const struct claim *claim = item;
    const struct claim_key *k = key;
    return claim->key_size == k->size && memcmp(claim->key, k->bytes, k->size) == 0;
}

static uint64_t hash_of_key(const char *key, size_t size)
{
    return table_hash(TABLE_HASH_BEGIN, key, size);
}

struct claim_group {
    uint32_t sku;
    struct claim *first;
};

static bool is_sku(const void *item, const void *key)
{
    return ((const struct claim_group *)item)->sku == *(const uint32_t *)key;
}

static uint64_t hash_of_sku(uint32_t sku)
{
    return table_hash(TABLE_HASH_BEGIN, &sku, sizeof sku);
}

static struct claim_group *group_of(const struct claims *claims, uint32_t sku)
{
    return table_find(&claims->by_sku, hash_of_sku(sku), is_sku, &sku);
}

static void add(struct claims *claims, struct claim *claim)
{
    struct claim_group *group = group_of(claims, claim->sku);
    if (group == NULL) {
        group = calloc(1, sizeof *group);
        if (group == NULL)
            abort();
        group->sku = claim->sku;
        if (table_add(&claims->by_sku, hash_of_sku(claim->sku), group) < 0)
            abort();
    }
    claim->next = group->first;
    group->first = claim;
    if (table_add(&claims->by_key, hash_of_key(claim->key, claim->key_size), claim) < 0)
        abort();
}

static void take_out(struct claims *claims, struct claim *claim)
{
    struct claim_group *group = group_of(claims, claim->sku);
    struct claim **at = &group->first;
    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    claim->next = NULL;
    table_remove(&claims->by_key, hash_of_key(claim->key, claim->key_size), claim);
    if (group->first != NULL)
        return;
    table_remove(&claims->by_sku, hash_of_sku(claim->sku), group);
    free(group);
}

static struct claim *find(const struct claims *claims, const char *key, size_t key_size)
{
    const struct claim_key wanted = {key, key_size};
    return table_find(&claims->by_key, hash_of_key(key, key_size), is_key, &wanted);
}

bool claims_put(struct claims *claims, const char *key, size_t key_size, uint32_t sku,
                const struct stock_reservation *reservation, struct claim **ret_before)
{
    struct claim *before = find(claims, key, key_size);
    if (before != NULL && !stock_claim_replaces(reservation, &before->reservation))
        return false;
    if (before != NULL)
        take_out(claims, before);
    struct claim *claim = copy_claim(key, key_size, reservation);
    claim->sku = sku;
    add(claims, claim);
    *ret_before = before;
    return true;
}

struct claim *claims_remove(struct claims *claims, const char *key, size_t key_size)
{
    struct claim *claim = find(claims, key, key_size);
    if (claim != NULL)
        take_out(claims, claim);
    return claim;
}

const struct claim *claims_of(const struct claims *claims, uint32_t sku)
{
    const struct claim_group *group = group_of(claims, sku);
    return group == NULL ? NULL : group->first;
}

size_t claims_count(const struct claims *claims)
{
    return claims->by_key.count;
}

void claims_release(struct claims *claims)
{
    size_t at = 0;
    void *item;
    while ((item = table_next(&claims->by_key, &at)) != NULL)
        claim_free(item);
    at = 0;
    while ((item = table_next(&claims->by_sku, &at)) != NULL)
        free(item);
    table_release(&claims->by_key);
    table_release(&claims->by_sku);
}
