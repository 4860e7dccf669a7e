/* From untrusted Avro bytes to JSON, by their writer's schema; see json.h. What bounds it is what
 * bounds decode.c. */
#include "codec/json.h"

#include <math.h>

struct decoder {
    struct wire wire;
    size_t elements_left;
    unsigned depth_left;
    struct codec_fault *fault;
};

static json_t *json_decode_value(struct decoder *d, const struct schema_node *node,
                                 const struct path *path);

static json_t *json_decode_refuse(struct decoder *d, enum pf_error error, const struct path *path)
{
    (void)fault_set(d->fault, error, path,
                    error == PF_E_avro_truncated ? "the record ends here, before its schema does"
                    : error == PF_E_avro_too_large
                        ? "more items, or deeper nested, than a record may be"
                        : "not what its schema says");
    return NULL;
}

static json_t *decode_integer(struct decoder *d, const struct schema_node *node,
                              const struct path *path)
{
    int64_t value = 0;
    int32_t narrow = 0;
    const enum pf_error error =
        node->type == SCHEMA_LONG ? wire_long(&d->wire, &value) : wire_int(&d->wire, &narrow);
    if (error != PF_OK)
        return json_decode_refuse(d, error, path);
    return json_integer(node->type == SCHEMA_LONG ? value : narrow);
}

static json_t *decode_real(struct decoder *d, const struct schema_node *node,
                           const struct path *path)
{
    double value = 0;
    const enum pf_error error =
        node->type == SCHEMA_FLOAT ? wire_float(&d->wire, &value) : wire_double(&d->wire, &value);
    if (error != PF_OK)
        return json_decode_refuse(d, error, path);
    if (isnan(value))
        return json_string("NaN"); /* JSON has no such numbers */
    if (isinf(value))
        return json_string(value > 0 ? "Infinity" : "-Infinity");
    return json_real(value);
}

static json_t *decode_boolean(struct decoder *d, const struct path *path)
{
    bool value = false;
    const enum pf_error error = wire_boolean(&d->wire, &value);
    return error == PF_OK ? json_boolean(value) : json_decode_refuse(d, error, path);
}

static json_t *decode_text(struct decoder *d, const struct path *path)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    const enum pf_error error = wire_text(&d->wire, &data, &size);
    return error == PF_OK ? json_stringn_nocheck((const char *)data, size)
                          : json_decode_refuse(d, error, path);
}

static json_t *decode_bytes(struct decoder *d, const struct schema_node *node,
                            const struct path *path)
{
    const uint8_t *data = NULL;
    size_t size = node->size;
    const enum pf_error error = node->type == SCHEMA_FIXED ? wire_fixed(&d->wire, size, &data)
                                                           : wire_bytes(&d->wire, &data, &size);
    if (error != PF_OK)
        return json_decode_refuse(d, error, path);
    struct buf text;
    buf_init(&text, 2 * size);
    for (size_t i = 0; i < size; i++) {
        if (data[i] >= 0x80)
            buf_byte(&text, (uint8_t)(0xc0 | data[i] >> 6));
        buf_byte(&text, data[i] < 0x80 ? data[i] : (uint8_t)(0x80 | (data[i] & 0x3f)));
    }
    json_t *json = json_stringn_nocheck(text.data, text.size);
    buf_release(&text);
    return json;
}

static json_t *decode_enum(struct decoder *d, const struct schema_node *node,
                           const struct path *path)
{
    int32_t index = 0;
    const enum pf_error error = wire_int(&d->wire, &index);
    if (error != PF_OK)
        return json_decode_refuse(d, error, path);
    if (index < 0 || (size_t)index >= node->count)
        return json_decode_refuse(d, PF_E_avro_malformed, path);
    return json_string(node->symbols[index]);
}

static json_t *decode_record(struct decoder *d, const struct schema_node *node,
                             const struct path *path)
{
    json_t *object = json_object();
    struct path step = {.up = path};
    for (size_t i = 0; i < node->count; i++) {
        step.name = node->fields[i].name;
        json_t *value = json_decode_value(d, node->fields[i].node, &step);
        if (value == NULL || json_object_set_new_nocheck(object, step.name, value) < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* One item of an array or one entry of a map, into `json`. */
static int decode_item(struct decoder *d, const struct schema_node *node, json_t *json,
                       const struct path *path)
{
    if (node->type == SCHEMA_ARRAY) {
        json_t *value = json_decode_value(d, node->items, path);
        return value != NULL ? json_array_append_new(json, value) : -1;
    }
    json_t *key = decode_text(d, path);
    json_t *value = key != NULL ? json_decode_value(d, node->items, path) : NULL;
    const int r =
        value != NULL ? json_object_set_new_nocheck(json, json_string_value(key), value) : -1;
    json_decref(key);
    return r;
}

static int decode_block(struct decoder *d, const struct schema_node *node, json_t *json,
                        struct path *step, uint64_t *ret_count)
{
    const uint8_t *block_end = NULL;
    uint64_t count = 0;
    enum pf_error error = wire_block(&d->wire, &count, &block_end);
    const size_t wire_min = node->items->wire_min + (node->type == SCHEMA_MAP ? 1 : 0);
    if (error == PF_OK && wire_min > 0 && count > wire_left(&d->wire) / wire_min)
        error = PF_E_avro_truncated;
    else if (error == PF_OK && count > d->elements_left)
        error = PF_E_avro_too_large;
    if (error != PF_OK) {
        (void)json_decode_refuse(d, error, step->up);
        return -1;
    }
    d->elements_left -= (size_t)count;
    for (uint64_t i = 0; i < count; i++, step->index++)
        if (decode_item(d, node, json, step) < 0)
            return -1;
    if (block_end != NULL && d->wire.at != block_end) {
        (void)json_decode_refuse(d, PF_E_avro_malformed, step->up);
        return -1;
    }
    *ret_count = count;
    return 0;
}

static json_t *decode_items(struct decoder *d, const struct schema_node *node,
                            const struct path *path)
{
    json_t *json = node->type == SCHEMA_ARRAY ? json_array() : json_object();
    struct path step = {.up = path};
    uint64_t count = 1;
    while (count > 0)
        if (decode_block(d, node, json, &step, &count) < 0) {
            json_decref(json);
            return NULL;
        }
    return json;
}

static json_t *decode_nested(struct decoder *d, const struct schema_node *node,
                             const struct path *path)
{
    if (d->depth_left == 0)
        return json_decode_refuse(d, PF_E_avro_too_large, path);
    d->depth_left--;
    json_t *json =
        node->type == SCHEMA_RECORD ? decode_record(d, node, path) : decode_items(d, node, path);
    d->depth_left++;
    return json;
}

static json_t *decode_union(struct decoder *d, const struct schema_node *node,
                            const struct path *path)
{
    int64_t branch = 0;
    const enum pf_error error = wire_long(&d->wire, &branch);
    if (error != PF_OK)
        return json_decode_refuse(d, error, path);
    if (branch < 0 || (uint64_t)branch >= node->count)
        return json_decode_refuse(d, PF_E_avro_malformed, path);
    return json_decode_value(d, node->branches[branch], path);
}

static json_t *json_decode_value(struct decoder *d, const struct schema_node *node,
                                 const struct path *path)
{
    switch (node->type) {
    case SCHEMA_NULL:
        return json_null();
    case SCHEMA_BOOLEAN:
        return decode_boolean(d, path);
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return decode_integer(d, node, path);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return decode_real(d, node, path);
    case SCHEMA_STRING:
        return decode_text(d, path);
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        return decode_bytes(d, node, path);
    case SCHEMA_ENUM:
        return decode_enum(d, node, path);
    case SCHEMA_RECORD:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return decode_nested(d, node, path);
    case SCHEMA_UNION:
        return decode_union(d, node, path);
    }
    return NULL;
}

json_t *json_decode(const struct schema_node *node, struct wire *wire,
                    const struct codec_limits *limits, struct codec_fault *ret_fault)
{
    struct decoder d = {.wire = *wire,
                        .elements_left = limits->elements_max,
                        .depth_left = limits->depth_max,
                        .fault = ret_fault};
    *ret_fault = (struct codec_fault){
        .code = PF_E_avro_too_large, .message = "no memory for it"}; /* unless more is said below */
    json_t *json = json_decode_value(&d, node, NULL);
    *wire = d.wire;
    return json;
}
