/* A sorted list; see bundle_index.h. */
#include "bundle_index.h"

#include "domain/stock/stock_key.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 256 * 1024 * 1024 };

static void *taken(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static int compare(const void *a, const void *b)
{
    const struct bundle_use *x = a, *y = b;
    const int by_company = strcmp(x->company, y->company);
    return by_company != 0 ? by_company : strcmp(x->key, y->key);
}

static bool write_parts(struct bundle_index *index, const struct bundle_rule *bundle,
                        const char **parts)
{
    char key[STOCK_KEY_BYTES_MAX + 1];
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_component *part = &bundle->components[i];
        const int size = stock_key_write_parts(part->product, part->matrix.items,
                                               part->matrix.count, key, sizeof key);
        if (size < 0)
            return false;
        parts[i] = taken(arena_text(index->arena, key, (size_t)size));
    }
    return true;
}

static void add(struct bundle_index *index, size_t *room, const struct bundle_use *use)
{
    if (index->count == *room) {
        *room = *room == 0 ? 64 : 2 * *room;
        index->uses = taken(reallocarray(index->uses, *room, sizeof *index->uses));
    }
    index->uses[index->count++] = *use;
}

static bool is_before(const char *const *parts, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(parts[i], parts[at]) == 0)
            return true;
    return false;
}

void bundle_index_make(struct bundle_index *index, const struct order_rules *rules)
{
    const struct channel_rules *channel;
    size_t room = 0;
    *index = (struct bundle_index){.arena = taken(arena_new(ARENA_MAX))};
    for (size_t c = 0; (channel = rules_channel_at(rules, c)) != NULL; c++) {
        const struct bundle_rule *bundle;
        size_t cursor = 0;
        while ((bundle = rules_bundle_next(rules, channel, &cursor)) != NULL) {
            const char **parts =
                taken(arena_alloc(index->arena, (bundle->count + 1) * sizeof *parts));
            if (bundle->count == 0 || !write_parts(index, bundle, parts))
                continue;
            for (size_t i = 0; i < bundle->count; i++)
                if (!is_before(parts, i))
                    add(index, &room,
                        &(struct bundle_use){channel->company, parts[i], parts[0], channel, bundle,
                                             parts});
        }
    }
    if (index->count > 0)
        qsort(index->uses, index->count, sizeof *index->uses, compare);
}

void bundle_index_release(struct bundle_index *index)
{
    arena_free(index->arena);
    free(index->uses);
    *index = (struct bundle_index){.uses = NULL};
}

const struct bundle_use *bundle_index_find(const struct bundle_index *index, const char *company,
                                           const char *key, size_t *ret_count)
{
    const struct bundle_use wanted = {.company = company, .key = key};
    const struct bundle_use *use = NULL, *end = index->uses + index->count;
    if (index->count > 0)
        use = bsearch(&wanted, index->uses, index->count, sizeof *use, compare);
    if (use == NULL)
        return NULL;
    while (use > index->uses && compare(&use[-1], &wanted) == 0)
        use--;
    *ret_count = 0;
    while (use + *ret_count < end && compare(&use[*ret_count], &wanted) == 0)
        ++*ret_count;
    return use;
}
