/* An order's messages, decoded; see ledger_group.h. */
#include "domain/ledger/ledger_group.h"

#include "domain/ledger/ledger_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const struct ledger_message *a, const struct ledger_message *b)
{
    const size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
    const int order = memcmp(a->key, b->key, size);
    return order != 0 ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

static int by_offset(const void *a_, const void *b_)
{
    const struct ledger_message *const *a = a_, *const *b = b_;
    return ((*a)->offset > (*b)->offset) - ((*a)->offset < (*b)->offset);
}

static int by_key(const void *a_, const void *b_)
{
    const struct ledger_message *const *a = a_, *const *b = b_;
    const int order = compare_keys(*a, *b);
    return order != 0 ? order : by_offset(a_, b_);
}

/* The newest of each key, without tombstones, by their places in the topic. */
static const struct ledger_message **list_newest(const struct ledger_message messages[],
                                                 size_t count, struct arena *arena,
                                                 size_t *ret_count)
{
    const struct ledger_message **list = arena_alloc(arena, (count + 1) * sizeof *list);
    size_t kept = 0;
    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = &messages[i];
    if (list == NULL || count == 0)
        return list;
    qsort(list, count, sizeof *list, by_key);
    for (size_t i = 0; i < count; i++)
        if ((i + 1 == count || compare_keys(list[i], list[i + 1]) != 0) && list[i]->value != NULL)
            list[kept++] = list[i];
    qsort(list, kept, sizeof *list, by_offset);
    *ret_count = kept;
    return list;
}

int ledger_group_read(struct codec *codec, const struct ledger_message messages[], size_t count,
                      struct arena *arena, struct ledger_group *ret_group, size_t *ret_wrong,
                      struct codec_fault *ret_fault)
{
    size_t newest = 0, records = 0;
    bool has_entry = false;
    const struct ledger_message **list = list_newest(messages, count, arena, &newest);
    struct ledger_entry *entry = arena_alloc(arena, sizeof *entry);
    struct ledger_credit *credits = arena_alloc(arena, (newest + 1) * sizeof *credits);
    if (list == NULL || entry == NULL || credits == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < newest; i++) {
        const struct ledger_message *m = list[i];
        const bool is_entry = ledger_key_is_entry(m->key, m->key_size);
        const int r = codec_decode(codec, is_entry ? &ledger_entry_record : &ledger_credit_record,
                                   m->value, m->value_size, arena,
                                   is_entry ? (void *)entry : &credits[records], ret_fault);
        if (r < 0) {
            *ret_wrong = (size_t)(m - messages);
            return r;
        }
        has_entry |= is_entry;
        records += !is_entry;
    }
    *ret_group = (struct ledger_group){has_entry ? entry : NULL, credits, records};
    return 0;
}
