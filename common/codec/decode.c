/* Following a plan over untrusted bytes: one pass that checks and binds; see plan.h.
 *
 * What bounds it: each read is checked against the bytes left; each block's count against the bytes
 * that its items need at least and, for items that need none, against elements_max; nesting against
 * depth_max; memory by the arena's cap. */
#include "codec/plan.h"

#include <assert.h>
#include <errno.h>

struct decoder {
    struct wire wire;
    struct arena *arena;
    size_t elements_left;
    unsigned depth_left;
    struct codec_fault *fault;
};

/* `value`: the member to fill; whatever it is, nothing is written for TARGET_DROP. */
static int decode_value(struct decoder *d, const struct plan *plan, char *value,
                        const struct path *path);

static const char *why(enum pf_error error)
{
    return error == PF_E_avro_truncated ? "the record ends here, before its schema does"
                                        : "not what its schema says";
}

static int no_room(struct decoder *d, const struct path *path)
{
    return fault_set(d->fault, PF_E_avro_too_large, path, "more memory than a record may take");
}

static int store_text(struct decoder *d, char *value, const uint8_t *data, size_t size,
                      const struct path *path)
{
    const char *copy = arena_text(d->arena, (const char *)data, size);
    if (copy == NULL)
        return no_room(d, path);
    memcpy(value, &copy, sizeof copy);
    return 0;
}

static int store_bytes(struct decoder *d, char *value, const uint8_t *data, size_t size,
                       const struct path *path)
{
    const struct bound_bytes copy = {
        .data = (const uint8_t *)arena_text(d->arena, (const char *)data, size), .size = size};
    if (copy.data == NULL)
        return no_room(d, path);
    memcpy(value, &copy, sizeof copy);
    return 0;
}

static void store_number(const struct plan *plan, char *value, int64_t number)
{
    if (plan->target == TARGET_LONG) {
        memcpy(value, &number, sizeof number);
    } else if (plan->target == TARGET_INT) {
        const int32_t narrow =
            (int32_t)number; /* TARGET_INT is made for an int only, which was checked */
        memcpy(value, &narrow, sizeof narrow);
    } else if (plan->target == TARGET_DOUBLE) {
        const double real = (double)number;
        memcpy(value, &real, sizeof real);
    }
}

static int decode_number(struct decoder *d, const struct plan *plan, char *value,
                         const struct path *path)
{
    int64_t number = 0;
    int32_t narrow = 0;
    enum pf_error error;
    if (plan->type == SCHEMA_LONG) {
        error = wire_long(&d->wire, &number);
    } else {
        error = wire_int(&d->wire, &narrow);
        number = narrow;
    }
    if (error != PF_OK)
        return fault_set(d->fault, error, path, why(error));
    store_number(plan, value, number);
    return 0;
}

static int decode_real(struct decoder *d, const struct plan *plan, char *value,
                       const struct path *path)
{
    double real = 0;
    const enum pf_error error =
        plan->type == SCHEMA_FLOAT ? wire_float(&d->wire, &real) : wire_double(&d->wire, &real);
    if (error != PF_OK)
        return fault_set(d->fault, error, path, why(error));
    if (plan->target == TARGET_DOUBLE)
        memcpy(value, &real, sizeof real);
    return 0;
}

static int decode_boolean(struct decoder *d, const struct plan *plan, char *value,
                          const struct path *path)
{
    bool truth = false;
    const enum pf_error error = wire_boolean(&d->wire, &truth);
    if (error != PF_OK)
        return fault_set(d->fault, error, path, why(error));
    if (plan->target == TARGET_BOOL)
        memcpy(value, &truth, sizeof truth);
    return 0;
}

static int decode_bytes(struct decoder *d, const struct plan *plan, char *value,
                        const struct path *path)
{
    const uint8_t *data = NULL;
    size_t size = plan->size;
    enum pf_error error;
    if (plan->type == SCHEMA_FIXED)
        error = wire_fixed(&d->wire, size, &data);
    else if (plan->type == SCHEMA_STRING || plan->target == TARGET_TEXT)
        error = wire_text(&d->wire, &data, &size);
    else
        error = wire_bytes(&d->wire, &data, &size);
    if (error != PF_OK)
        return fault_set(d->fault, error, path,
                         error == PF_E_avro_truncated ? why(error)
                                                      : "not text in UTF-8 without NUL");
    if (plan->target == TARGET_DROP)
        return 0;
    return plan->target == TARGET_TEXT ? store_text(d, value, data, size, path)
                                       : store_bytes(d, value, data, size, path);
}

static int decode_enum(struct decoder *d, const struct plan *plan, char *value,
                       const struct path *path)
{
    int32_t index = 0;
    const enum pf_error error = wire_int(&d->wire, &index);
    if (error != PF_OK)
        return fault_set(d->fault, error, path, why(error));
    if (index < 0 || (size_t)index >= plan->count)
        return fault_set(d->fault, PF_E_avro_malformed, path, "no such symbol in its schema");
    if (plan->target == TARGET_DROP)
        return 0;
    const int symbol = plan->symbols[index];
    if (symbol < 0)
        return fault_set(d->fault, PF_E_avro_malformed, path, "a symbol that is not known here");
    memcpy(value, &symbol, sizeof symbol);
    return 0;
}

/* A field's default goes the way of bytes too; they are ours, so that a fault in them is a defect
 * that layout_make has ruled out. */
static int decode_default(struct decoder *d, const struct plan_default *entry, char *record,
                          const struct path *path)
{
    if (entry->field.plan == NULL)
        return fault_set(d->fault, PF_E_schema_unfit, path,
                         "missing from the writer's schema, and it has no default");
    const struct wire outside = d->wire;
    d->wire = (struct wire){.at = entry->bytes.data, .end = entry->bytes.data + entry->bytes.size};
    const int r = decode_value(d, entry->field.plan, record + entry->field.offset, path);
    d->wire = outside;
    return r;
}

static int decode_record(struct decoder *d, const struct plan *plan, char *value,
                         const struct path *path)
{
    const struct plan_record *record = plan->record;
    char *out = value;
    if (plan->target == TARGET_POINTER) {
        out = arena_alloc(d->arena, record->size);
        if (out == NULL)
            return no_room(d, path);
        memcpy(value, &out, sizeof out);
    }
    struct path step = {.up = path};
    for (size_t i = 0; i < record->field_count; i++) {
        step.name = record->fields[i].name;
        const int r = decode_value(d, record->fields[i].plan,
                                   out != NULL ? out + record->fields[i].offset : NULL, &step);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < record->default_count; i++) {
        step.name = record->defaults[i].field.name;
        const int r = decode_default(d, &record->defaults[i], out, &step);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Room for `more` items behind those that are there. Doubling, so that many small blocks cost no
 * more than one large. */
static int decode_reserve(struct decoder *d, const struct plan *plan, struct bound_array *array,
                          size_t *room, size_t more, const struct path *path)
{
    if (plan->target != TARGET_ARRAY || more <= *room - array->count)
        return 0;
    size_t want = array->count + more;
    if (want < 2 * *room)
        want = 2 * *room;
    char *items =
        want <= SIZE_MAX / 2 / plan->stride ? arena_alloc(d->arena, want * plan->stride) : NULL;
    if (items == NULL)
        return no_room(d, path);
    if (array->count > 0)
        memcpy(items, array->items, array->count * plan->stride);
    array->items = items;
    *room = want;
    return 0;
}

/* Refuses a count that the bytes left or the limit cannot hold, before anything is made for it. */
static int check_count(struct decoder *d, const struct plan *plan, uint64_t count,
                       const struct path *path)
{
    if (plan->item_wire_min > 0 && count > wire_left(&d->wire) / plan->item_wire_min)
        return fault_set(d->fault, PF_E_avro_truncated, path,
                         "more items than the bytes left can hold");
    if (count > d->elements_left)
        return fault_set(d->fault, PF_E_avro_too_large, path, "more items than a record may have");
    d->elements_left -= (size_t)count;
    return 0;
}

static int decode_item(struct decoder *d, const struct plan *plan, struct bound_array *array,
                       const struct path *path)
{
    if (plan->type == SCHEMA_MAP) {
        const uint8_t *key = NULL;
        size_t size = 0;
        const enum pf_error error = wire_text(&d->wire, &key, &size);
        if (error != PF_OK)
            return fault_set(d->fault, error, path, why(error));
    }
    char *item =
        plan->target == TARGET_ARRAY ? (char *)array->items + array->count * plan->stride : NULL;
    return decode_value(d, plan->item, item, path);
}

static int decode_items(struct decoder *d, const struct plan *plan, char *value,
                        const struct path *path)
{
    struct bound_array array = {0};
    size_t room = 0;
    struct path step = {.up = path};
    for (;;) {
        uint64_t count = 0;
        const uint8_t *block_end = NULL;
        const enum pf_error error = wire_block(&d->wire, &count, &block_end);
        if (error != PF_OK)
            return fault_set(d->fault, error, path, why(error));
        if (count == 0)
            break;
        int r = check_count(d, plan, count, path);
        if (r == 0)
            r = decode_reserve(d, plan, &array, &room, (size_t)count, path);
        for (uint64_t i = 0; r == 0 && i < count; i++, step.index++) {
            r = decode_item(d, plan, &array, &step);
            array.count++;
        }
        if (r < 0)
            return r;
        if (block_end != NULL && d->wire.at != block_end)
            return fault_set(d->fault, PF_E_avro_malformed, path,
                             "a block does not end where it says");
    }
    if (plan->target == TARGET_ARRAY)
        memcpy(value, &array, sizeof array);
    return 0;
}

static int decode_union(struct decoder *d, const struct plan *plan, char *value,
                        const struct path *path)
{
    int64_t branch = 0;
    const enum pf_error error = wire_long(&d->wire, &branch);
    if (error != PF_OK)
        return fault_set(d->fault, error, path, why(error));
    if (branch < 0 || (uint64_t)branch >= plan->count)
        return fault_set(d->fault, PF_E_avro_malformed, path, "no such branch in its schema");
    const struct plan *taken = plan->branches[branch];
    if (taken->type == SCHEMA_NULL && taken->unfit == NULL)
        return 0; /* as below; a third of an order's values are absent */
    return decode_value(d, taken, value, path);
}

static int decode_nested(struct decoder *d, const struct plan *plan, char *value,
                         const struct path *path)
{
    if (d->depth_left == 0)
        return fault_set(d->fault, PF_E_avro_too_large, path, "nested deeper than a record may be");
    d->depth_left--;
    const int r = plan->type == SCHEMA_RECORD ? decode_record(d, plan, value, path)
                                              : decode_items(d, plan, value, path);
    d->depth_left++;
    return r;
}

static int decode_value(struct decoder *d, const struct plan *plan, char *value,
                        const struct path *path)
{
    if (plan->unfit != NULL)
        return fault_set(d->fault, PF_E_schema_unfit, path, plan->unfit);
    assert(value != NULL || (plan->target == TARGET_DROP && plan->has_delta == 0));
    if (plan->has_delta != 0 && plan->type != SCHEMA_UNION && plan->type != SCHEMA_NULL) {
        const bool has = true;
        memcpy(value + plan->has_delta, &has, sizeof has);
    }
    switch (plan->type) {
    case SCHEMA_NULL:
        return 0; /* the struct is zeroed: absent */
    case SCHEMA_BOOLEAN:
        return decode_boolean(d, plan, value, path);
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return decode_number(d, plan, value, path);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return decode_real(d, plan, value, path);
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
    case SCHEMA_FIXED:
        return decode_bytes(d, plan, value, path);
    case SCHEMA_ENUM:
        return decode_enum(d, plan, value, path);
    case SCHEMA_RECORD:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return decode_nested(d, plan, value, path);
    case SCHEMA_UNION:
        return decode_union(d, plan, value, path);
    }
    return fault_set(d->fault, PF_E_defect, path, "a type that Avro does not have");
}

int plan_run(const struct plan *plan, struct wire *wire, const struct codec_limits *limits,
             struct arena *arena, void *ret_value, struct codec_fault *ret_fault)
{
    struct decoder d = {.wire = *wire,
                        .arena = arena,
                        .elements_left = limits->elements_max,
                        .depth_left = limits->depth_max,
                        .fault = ret_fault};
    const int r = decode_value(&d, plan, ret_value, NULL);
    *wire = d.wire;
    return r;
}
