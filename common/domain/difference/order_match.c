/* Items of two lists matched by keys: sorted, then merged, for each key in turn; see
 * order_match.h. */
#include "domain/difference/order_match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct key {
    const struct binding *rows[WORDS_KEY_FIELDS_MAX];
    size_t count;
};

struct item {
    const char *value;
    const struct key *key;
    size_t index;
};

struct side {
    const struct bound_array *list;
    size_t *mates; /* by index: 1 + the other side's index; 0: none yet */
    struct item *items;
    size_t count;
};

static int compare_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int64_t number_of(const struct binding *row, const char *value)
{
    int32_t narrow;
    int64_t wide;
    if (row->kind == BIND_INT || row->kind == BIND_ENUM) {
        memcpy(&narrow, value + row->offset, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, value + row->offset, sizeof wide); /* of money: the shop's amount, its first */
    return wide;
}

_Static_assert(offsetof(struct money_set, shop_minor) == 0, "money's key is the shop's amount");
_Static_assert(sizeof(enum tender_kind) == sizeof(int32_t), "an enum is read as an int");

static int compare_row(const struct binding *row, const char *a, const char *b)
{
    if (row->kind == BIND_TEXT) {
        const char *left, *right;
        memcpy(&left, a + row->offset, sizeof left);
        memcpy(&right, b + row->offset, sizeof right);
        return compare_text(left, right);
    }
    const int64_t left = number_of(row, a), right = number_of(row, b);
    return (left > right) - (left < right);
}

static int compare_keys(const struct item *a, const struct item *b)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < a->key->count; i++)
        order = compare_row(a->key->rows[i], a->value, b->value);
    return order;
}

static int by_key(const void *a_, const void *b_)
{
    const struct item *a = a_, *b = b_;
    const int order = compare_keys(a, b);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static struct key key_of(const struct record_words *words, const char *const fields[])
{
    struct key key = {.count = 0};
    for (size_t f = 0; f < WORDS_KEY_FIELDS_MAX && fields[f] != NULL; f++)
        for (size_t i = 0; i < words->record->field_count; i++)
            if (strcmp(words->record->fields[i].name, fields[f]) == 0)
                key.rows[key.count++] = &words->record->fields[i];
    return key;
}

static bool has_key(const struct key *key, const char *value)
{
    const char *text = "";
    if (key->count == 0) /* its fields are none of the record's */
        return false;
    if (key->rows[0]->kind == BIND_TEXT)
        memcpy(&text, value + key->rows[0]->offset, sizeof text);
    return text != NULL;
}

static void side_sort(struct side *side, const struct key *key, size_t item_size)
{
    side->count = 0;
    for (size_t i = 0; i < side->list->count; i++) {
        const char *value = (const char *)side->list->items + i * item_size;
        if (side->mates[i] == 0 && has_key(key, value))
            side->items[side->count++] = (struct item){value, key, i};
    }
    if (side->count > 1)
        qsort(side->items, side->count, sizeof *side->items, by_key);
}

static void merge(struct side *former, struct side *now)
{
    for (size_t f = 0, n = 0; f < former->count && n < now->count;) {
        const int order = compare_keys(&former->items[f], &now->items[n]);
        if (order == 0) {
            former->mates[former->items[f].index] = now->items[n].index + 1;
            now->mates[now->items[n].index] = former->items[f].index + 1;
        }
        f += order <= 0;
        n += order >= 0;
    }
}

static int side_make(struct side *side, struct arena *arena)
{
    const size_t room = side->list->count > 0 ? side->list->count : 1;
    side->mates = arena_alloc(arena, room * sizeof *side->mates);
    side->items = arena_alloc(arena, room * sizeof *side->items);
    return side->mates != NULL && side->items != NULL ? 0 : -ENOMEM;
}

static const void *item_at(const struct bound_array *list, size_t index, size_t item_size)
{
    return (const char *)list->items + index * item_size;
}

int order_match(const struct record_words *words, const struct bound_array *former,
                const struct bound_array *now, struct arena *arena,
                struct order_match **ret_matches, size_t *ret_count)
{
    const size_t size = words->record->size, room = former->count + now->count + 1;
    struct side sides[2] = {{.list = former}, {.list = now}};
    struct order_match *matches = arena_alloc(arena, room * sizeof *matches);
    size_t count = 0;
    if (matches == NULL || side_make(&sides[0], arena) != 0 || side_make(&sides[1], arena) != 0)
        return -ENOMEM;
    for (size_t k = 0; k < WORDS_KEYS_MAX && words->keys[k][0] != NULL; k++) {
        const struct key key = key_of(words, words->keys[k]);
        side_sort(&sides[0], &key, size);
        side_sort(&sides[1], &key, size);
        merge(&sides[0], &sides[1]);
    }
    for (size_t i = 0; i < now->count; i++) {
        const size_t mate = sides[1].mates[i];
        matches[count++] =
            (struct order_match){.former = mate != 0 ? item_at(former, mate - 1, size) : NULL,
                                 .now = item_at(now, i, size)};
    }
    for (size_t i = 0; i < former->count; i++)
        if (sides[0].mates[i] == 0)
            matches[count++] = (struct order_match){.former = item_at(former, i, size)};
    *ret_matches = matches;
    *ret_count = count;
    return 0;
}
