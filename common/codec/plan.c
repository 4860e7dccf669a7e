/* Compiling a writer's schema and a struct's layout into a plan; see plan.h. */
#include "codec/plan.h"

static enum plan_target target_of(const struct place *place)
{
    static const enum plan_target targets[] = {
        [BIND_TEXT] = TARGET_TEXT,   [BIND_BYTES] = TARGET_BYTES,
        [BIND_BOOL] = TARGET_BOOL,   [BIND_INT] = TARGET_INT,
        [BIND_LONG] = TARGET_LONG,   [BIND_DOUBLE] = TARGET_DOUBLE,
        [BIND_ENUM] = TARGET_ENUM,   [BIND_RECORD] = TARGET_POINTER,
        [BIND_ARRAY] = TARGET_ARRAY, [BIND_INLINE] = TARGET_INLINE,
    };
    if (place == NULL)
        return TARGET_DROP;
    if (place->row == NULL)
        return place->name != NULL ? TARGET_DROP : place->sub != NULL ? TARGET_INLINE : TARGET_TEXT;
    return targets[place->row->kind];
}

/* Avro's rules of resolution, with the struct's row in the reader's role. */
static bool type_fits(const struct schema_node *written, const struct place *place,
                      enum plan_target target)
{
    switch (target) {
    case TARGET_DROP:
        return true;
    case TARGET_TEXT:
        return written->type == SCHEMA_STRING || written->type == SCHEMA_BYTES;
    case TARGET_BYTES:
        if (place->inner->type == SCHEMA_FIXED)
            return written->type == SCHEMA_FIXED && written->size == place->inner->size;
        return written->type == SCHEMA_BYTES || written->type == SCHEMA_STRING;
    case TARGET_BOOL:
        return written->type == SCHEMA_BOOLEAN;
    case TARGET_INT:
        return written->type == SCHEMA_INT;
    case TARGET_LONG:
        return written->type == SCHEMA_LONG || written->type == SCHEMA_INT;
    case TARGET_DOUBLE:
        return written->type >= SCHEMA_INT && written->type <= SCHEMA_DOUBLE;
    case TARGET_ENUM:
        return written->type == SCHEMA_ENUM && strcmp(written->name, place->inner->name) == 0;
    case TARGET_POINTER:
    case TARGET_INLINE:
        return written->type == SCHEMA_RECORD && strcmp(written->name, place->sub->node->name) == 0;
    case TARGET_ARRAY:
        return written->type == SCHEMA_ARRAY;
    }
    return false;
}

static const int *map_symbols(struct arena *memory, const struct schema_node *written,
                              const struct place *place)
{
    int *map = arena_alloc(memory, written->count * sizeof *map);
    if (map == NULL)
        return NULL;
    const int fallback = place->inner->default_symbol;
    for (size_t i = 0; i < written->count; i++) {
        map[i] = -1;
        for (size_t k = 0; k < place->symbol_count && map[i] < 0; k++)
            if (strcmp(place->row->symbols[k], written->symbols[i]) == 0)
                map[i] = (int)k;
        for (size_t k = 0; fallback >= 0 && k < place->symbol_count && map[i] < 0; k++)
            if (strcmp(place->row->symbols[k], place->inner->symbols[fallback]) == 0)
                map[i] = (int)k;
    }
    return map;
}

static bool add_default(struct arena *memory, struct plan_record **made, const struct place *place,
                        struct plan_default *entry)
{
    entry->field = (struct plan_field){.name = place->name, .offset = place->row->offset};
    entry->bytes = place->fallback;
    if (place->has_default)
        entry->field.plan = plan_make(memory, made, place->node, place);
    return !place->has_default || entry->field.plan != NULL;
}

static const struct plan_record *make_record(struct arena *memory, struct plan_record **made,
                                             const struct schema_node *written,
                                             const struct layout *layout)
{
    for (const struct plan_record *r = *made; r != NULL; r = r->made_before)
        if (r->node == written && r->layout == layout)
            return r;
    const size_t places = layout != NULL ? layout->count : 0;
    struct plan_record *record = arena_alloc(memory, sizeof *record);
    struct plan_field *fields = arena_alloc(memory, written->count * sizeof *fields);
    struct plan_default *defaults = arena_alloc(memory, places * sizeof *defaults);
    if (record == NULL || fields == NULL || defaults == NULL)
        return NULL;
    *record = (struct plan_record){.node = written,
                                   .layout = layout,
                                   .fields = fields,
                                   .defaults = defaults,
                                   .made_before = *made};
    record->size = layout != NULL ? layout->record->size : 0;
    *made = record; /* before its fields: a record may contain itself */
    for (size_t i = 0; i < written->count; i++) {
        const struct schema_field *field = &written->fields[i];
        const struct place *place = layout != NULL ? layout_find(layout, field->name) : NULL;
        if (place != NULL && place->row == NULL)
            place = NULL;
        fields[i] = (struct plan_field){.name = field->name,
                                        .offset = place != NULL ? place->row->offset : 0};
        fields[i].plan = plan_make(memory, made, field->node, place);
        if (fields[i].plan == NULL)
            return NULL;
    }
    record->field_count = written->count;
    for (size_t i = 0; i < places; i++) {
        const struct place *place = &layout->places[i];
        if (place->row == NULL || schema_field_find(written, place->name) != NULL)
            continue;
        if (!add_default(memory, made, place, &defaults[record->default_count++]))
            return NULL;
    }
    return record;
}

static bool make_items(struct arena *memory, struct plan_record **made,
                       const struct schema_node *written, const struct place *place,
                       struct plan *plan)
{
    const struct place *item = plan->target == TARGET_ARRAY ? place->item : NULL;
    plan->item = plan_make(memory, made, written->items, item);
    plan->item_wire_min = written->items->wire_min + (written->type == SCHEMA_MAP ? 1 : 0);
    if (item != NULL)
        plan->stride = item->sub != NULL ? item->sub->record->size : sizeof(const char *);
    return plan->item != NULL;
}

static bool make_branches(struct arena *memory, struct plan_record **made,
                          const struct schema_node *written, const struct place *place,
                          struct plan *plan)
{
    plan->count = written->count;
    plan->branches = arena_alloc(memory, written->count * sizeof *plan->branches);
    if (plan->branches == NULL)
        return false;
    for (size_t i = 0; i < written->count; i++) {
        plan->branches[i] = plan_make(memory, made, written->branches[i], place);
        if (plan->branches[i] == NULL)
            return false;
    }
    return true;
}

/* Whether `plan` may be used as it stands; else why not. */
static const char *reason_unfit(const struct schema_node *written, const struct place *place,
                                enum plan_target target)
{
    if (written->type == SCHEMA_UNION || target == TARGET_DROP)
        return NULL;
    if (written->type == SCHEMA_NULL)
        return place->null_branch >= 0 ? NULL : "absent, but it may not be";
    return type_fits(written, place, target) ? NULL : "its writer's schema has another type here";
}

const struct plan *plan_make(struct arena *memory, struct plan_record **made,
                             const struct schema_node *written, const struct place *place)
{
    struct plan *plan = arena_alloc(memory, sizeof *plan);
    if (plan == NULL)
        return NULL;
    *plan = (struct plan){.type = written->type, .target = target_of(place), .size = written->size};
    plan->unfit = reason_unfit(written, place, plan->target);
    if (plan->unfit != NULL)
        return plan;
    if (plan->target != TARGET_DROP && place->row != NULL && place->row->has_offset != SIZE_MAX)
        plan->has_delta = (ptrdiff_t)place->row->has_offset - (ptrdiff_t)place->row->offset;
    bool ok = true;
    switch (written->type) {
    case SCHEMA_RECORD:
        plan->record =
            make_record(memory, made, written, plan->target != TARGET_DROP ? place->sub : NULL);
        ok = plan->record != NULL;
        break;
    case SCHEMA_ENUM:
        plan->count = written->count;
        plan->symbols = plan->target != TARGET_DROP ? map_symbols(memory, written, place) : NULL;
        ok = plan->target == TARGET_DROP || plan->symbols != NULL;
        break;
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        ok = make_items(memory, made, written, place, plan);
        break;
    case SCHEMA_UNION:
        ok = make_branches(memory, made, written, place, plan);
        break;
    default:
        break;
    }
    return ok ? plan : NULL;
}

const struct plan *plan_make_record(struct arena *memory, const struct schema_node *written,
                                    const struct layout *layout)
{
    struct place *place = arena_alloc(memory, sizeof *place);
    struct plan_record *made = NULL;
    if (place == NULL)
        return NULL;
    *place = (struct place){.node = layout->node,
                            .inner = layout->node,
                            .sub = layout,
                            .null_branch = -1,
                            .value_branch = -1};
    return plan_make(memory, &made, written, place);
}
