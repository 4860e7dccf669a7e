/* Today's schema laid over a C struct; see layout.h. */
#include "codec/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Which kinds of rows may hold a value of which type. */
static bool kind_fits(enum binding_kind kind, enum schema_type type)
{
    switch (kind) {
    case BIND_TEXT:
        return type == SCHEMA_STRING;
    case BIND_BYTES:
        return type == SCHEMA_BYTES || type == SCHEMA_FIXED;
    case BIND_BOOL:
        return type == SCHEMA_BOOLEAN;
    case BIND_INT:
        return type == SCHEMA_INT;
    case BIND_LONG:
        return type == SCHEMA_LONG;
    case BIND_DOUBLE:
        return type == SCHEMA_DOUBLE;
    case BIND_ENUM:
        return type == SCHEMA_ENUM;
    case BIND_RECORD:
    case BIND_INLINE:
        return type == SCHEMA_RECORD;
    case BIND_ARRAY:
        return type == SCHEMA_ARRAY;
    }
    return false;
}

/* Whether a row can say "absent". */
static bool row_optional(const struct binding *row)
{
    return row->has_offset != SIZE_MAX || row->kind == BIND_TEXT || row->kind == BIND_BYTES ||
           row->kind == BIND_RECORD;
}

static int split_union(struct place *place)
{
    place->inner = place->node;
    place->null_branch = place->value_branch = -1;
    if (place->node->type != SCHEMA_UNION)
        return 0;
    for (size_t i = 0; i < place->node->count; i++) {
        int *branch = place->node->branches[i]->type == SCHEMA_NULL ? &place->null_branch
                                                                    : &place->value_branch;
        if (*branch >= 0)
            return -EINVAL;
        *branch = (int)i;
    }
    if (place->null_branch < 0 || place->value_branch < 0)
        return -EINVAL;
    place->inner = place->node->branches[place->value_branch];
    return 0;
}

static int map_symbols(struct layout_set *set, struct place *place)
{
    while (place->row->symbols[place->symbol_count] != NULL)
        place->symbol_count++;
    int *map = arena_alloc(set->memory, place->symbol_count * sizeof *map);
    if (map == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < place->symbol_count; i++)
        map[i] = schema_symbol_find(place->inner, place->row->symbols[i]);
    place->symbols = map;
    return 0;
}

static int fill_array(struct layout_set *set, struct place *place, char ret_message[static 200])
{
    struct place *item = arena_alloc(set->memory, sizeof *item);
    if (item == NULL)
        return -ENOMEM;
    *item = (struct place){.node = place->inner->items,
                           .inner = place->inner->items,
                           .null_branch = -1,
                           .value_branch = -1};
    place->item = item;
    if (place->row->record == NULL)
        return item->node->type == SCHEMA_STRING ? 0 : -EINVAL;
    if (item->node->type != SCHEMA_RECORD)
        return -EINVAL;
    struct layout *sub = NULL;
    const int r = layout_make(set, item->node, place->row->record, &sub, ret_message);
    place->sub = item->sub = sub;
    return r;
}

/* What hangs below a place: a record's layout, an array's items, an enum's symbols. */
static int fill_parts(struct layout_set *set, struct place *place, char ret_message[static 200])
{
    struct layout *sub = NULL;
    int r;
    switch (place->row->kind) {
    case BIND_RECORD:
    case BIND_INLINE:
        r = layout_make(set, place->inner, place->row->record, &sub, ret_message);
        place->sub = sub;
        return r;
    case BIND_ARRAY:
        return fill_array(set, place, ret_message);
    case BIND_ENUM:
        return map_symbols(set, place);
    default:
        return 0;
    }
}

static int fill_place(struct layout_set *set, const struct layout *layout,
                      const struct schema_field *field, struct place *place,
                      char ret_message[static 200])
{
    *place = (struct place){
        .name = field->name,
        .name_size = strlen(field->name),
        .node = field->node,
        .selected = {[IDENTITY_WHOLE] = field->identity, [IDENTITY_GOODS] = field->goods},
        .is_personal = field->personal,
        .has_default = field->default_value != NULL};
    for (size_t i = 0; i < layout->record->field_count; i++)
        if (strcmp(layout->record->fields[i].name, field->name) == 0)
            place->row = &layout->record->fields[i];
    int r = split_union(place);
    const char *what = "a union of other than null and one type";
    if (r == 0 && place->row == NULL) {
        what = "the struct has no row for it, and it has no default";
        r = place->has_default && !field->identity && !field->goods ? 0 : -EINVAL;
    } else if (r == 0) {
        what = "the struct's row is of another kind";
        const bool optional = place->null_branch >= 0;
        if (!kind_fits(place->row->kind, place->inner->type) ||
            (optional && !row_optional(place->row)) ||
            (!optional && place->row->has_offset != SIZE_MAX))
            r = -EINVAL;
        else
            r = fill_parts(set, place, ret_message);
    }
    if (r == -EINVAL && *ret_message == '\0')
        (void)snprintf(ret_message, 200, "%s.%s: %s", layout->record->name, field->name, what);
    return r;
}

static int by_name(const void *a, const void *b)
{
    const struct place *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int fill_selection(struct layout_set *set, struct layout *layout, enum identity_form form)
{
    struct layout_selection *of = &layout->selected[form];
    of->places = arena_alloc(set->memory, layout->count * sizeof *of->places);
    if (of->places == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < layout->count; i++)
        if (layout->places[i].selected[form])
            of->places[of->count++] = &layout->places[i];
    qsort(of->places, of->count, sizeof *of->places, by_name);
    return 0;
}

static int fill_layout(struct layout_set *set, struct layout *layout, char ret_message[static 200])
{
    for (size_t i = 0; i < layout->count; i++) {
        const int r =
            fill_place(set, layout, &layout->node->fields[i], &layout->places[i], ret_message);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < layout->record->field_count; i++)
        if (layout_find(layout, layout->record->fields[i].name) == NULL) {
            (void)snprintf(ret_message, 200, "%s.%s: the schema has no such field",
                           layout->record->name, layout->record->fields[i].name);
            return -EINVAL;
        }
    const int r = fill_selection(set, layout, IDENTITY_WHOLE);
    return r < 0 ? r : fill_selection(set, layout, IDENTITY_GOODS);
}

struct layout *layout_made(const struct layout_set *set, const struct schema_node *node,
                           const struct bound_record *record)
{
    for (struct layout *l = set->youngest; l != NULL; l = l->made_before)
        if (l->record == record && (node == NULL || l->node == node))
            return l;
    return NULL;
}

int layout_make(struct layout_set *set, const struct schema_node *node,
                const struct bound_record *record, struct layout **ret_layout,
                char ret_message[static 200])
{
    *ret_layout = layout_made(set, node, record);
    if (*ret_layout != NULL)
        return 0;
    ret_message[0] = '\0';
    if (node->type != SCHEMA_RECORD || strcmp(node->name, record->name) != 0) {
        (void)snprintf(ret_message, 200, "%s: the schema has another type there", record->name);
        return -EINVAL;
    }
    struct layout *layout = arena_alloc(set->memory, sizeof *layout);
    struct place *places = arena_alloc(set->memory, node->count * sizeof *places);
    if (layout == NULL || places == NULL)
        return -ENOMEM;
    *layout = (struct layout){.record = record,
                              .node = node,
                              .places = places,
                              .count = node->count,
                              .made_before = set->youngest};
    struct layout *const before = set->youngest;
    set->youngest = layout; /* a record may contain itself */
    const int r = fill_layout(set, layout, ret_message);
    if (r < 0) {
        set->youngest = before;
        return r;
    }
    *ret_layout = layout;
    return 0;
}

const struct place *layout_find(const struct layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->count; i++)
        if (strcmp(layout->places[i].name, name) == 0)
            return &layout->places[i];
    return NULL;
}

bool place_absent(const struct place *place, const void *record)
{
    const struct binding *row = place->row;
    const char *base = record;
    const void *pointer;
    bool has;
    if (row->has_offset != SIZE_MAX) {
        memcpy(&has, base + row->has_offset, sizeof has);
        return !has;
    }
    if (row->kind != BIND_TEXT && row->kind != BIND_BYTES && row->kind != BIND_RECORD)
        return false;
    memcpy(&pointer, base + row->offset,
           sizeof pointer); /* struct bound_bytes starts with its pointer too */
    return pointer == NULL;
}
