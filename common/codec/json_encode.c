/* From JSON to Avro; see json.h. */
#include "codec/json.h"

#include "base/clock.h"

#include <errno.h>

enum { DEPTH_MAX = 100 }; /* nested values; defaults could nest without end */

struct encoder {
    struct buf *out;
    struct codec_fault *fault;
    unsigned depth_left;
};

static int json_encode_value(struct encoder *e, const struct schema_node *node, const json_t *json,
                             const struct path *path);

static int json_encode_refuse(struct encoder *e, const struct path *path, const char *why)
{
    return fault_set(e->fault, PF_E_event_invalid, path, why);
}

static int encode_integer(struct encoder *e, const struct schema_node *node, const json_t *json,
                          const struct path *path)
{
    int64_t value = json_integer_value(json);
    if (node->timestamp_millis && json_is_string(json)) {
        if (clock_parse(json_string_value(json), &value) < 0)
            return json_encode_refuse(
                e, path, "neither milliseconds nor a time such as 2026-11-23T12:34:56Z");
    } else if (!json_is_integer(json)) {
        return json_encode_refuse(e, path, "not a whole number");
    }
    if (node->type == SCHEMA_INT && (value < INT32_MIN || value > INT32_MAX))
        return json_encode_refuse(e, path, "does not fit into 32 bits");
    wire_put_long(e->out, value);
    return 0;
}

static int encode_real(struct encoder *e, const struct schema_node *node, const json_t *json,
                       const struct path *path)
{
    if (!json_is_number(json))
        return json_encode_refuse(e, path, "not a number");
    if (node->type == SCHEMA_FLOAT)
        wire_put_float(e->out, (float)json_number_value(json));
    else
        wire_put_double(e->out, json_number_value(json));
    return 0;
}

static int encode_text(struct encoder *e, const json_t *json, const struct path *path)
{
    if (!json_is_string(json))
        return json_encode_refuse(e, path, "not text");
    const char *text = json_string_value(json);
    const size_t size = json_string_length(json);
    if (!wire_text_valid((const uint8_t *)text, size))
        return json_encode_refuse(e, path, "text with a NUL inside");
    wire_put_bytes(e->out, text, size);
    return 0;
}

/* The bytes that a text of code points 0-255 stands for, in at most the text's size. -EINVAL:
 * another code point. */
static int latin1_bytes(const char *text, size_t size, struct buf *out)
{
    for (size_t i = 0; i < size; i++) {
        const uint8_t a = (uint8_t)text[i];
        if (a < 0x80) {
            buf_byte(out, a);
        } else if (a == 0xc2 || a == 0xc3) { /* jansson holds valid UTF-8 only: one byte follows */
            buf_byte(out, (uint8_t)(a << 6 | ((uint8_t)text[++i] & 0x3f)));
        } else {
            return -EINVAL;
        }
    }
    return 0;
}

static int encode_bytes(struct encoder *e, const struct schema_node *node, const json_t *json,
                        const struct path *path)
{
    struct buf bytes;
    buf_init(&bytes, json_string_length(json));
    int r = 0;
    if (!json_is_string(json) ||
        latin1_bytes(json_string_value(json), json_string_length(json), &bytes) < 0)
        r = json_encode_refuse(e, path, "not text of the code points 0-255");
    else if (node->type == SCHEMA_FIXED && bytes.size != node->size)
        r = json_encode_refuse(e, path, "not of the size that its schema fixes");
    else if (node->type == SCHEMA_FIXED)
        buf_append(e->out, bytes.data, bytes.size);
    else
        wire_put_bytes(e->out, bytes.data, bytes.size);
    buf_release(&bytes);
    return r;
}

static int encode_enum(struct encoder *e, const struct schema_node *node, const json_t *json,
                       const struct path *path)
{
    const int symbol =
        json_is_string(json) ? schema_symbol_find(node, json_string_value(json)) : -1;
    if (symbol < 0)
        return json_encode_refuse(e, path, "none of its symbols");
    wire_put_long(e->out, symbol);
    return 0;
}

static int encode_record(struct encoder *e, const struct schema_node *node, const json_t *json,
                         const struct path *path)
{
    if (!json_is_object(json))
        return json_encode_refuse(e, path, "not an object");
    size_t used = 0;
    struct path step = {.up = path};
    for (size_t i = 0; i < node->count; i++) {
        const struct schema_field *field = &node->fields[i];
        const json_t *value = json_object_get(json, field->name);
        used += value != NULL;
        if (value == NULL)
            value = field->default_value;
        step.name = field->name;
        const int r = value != NULL
                          ? json_encode_value(e, field->node, value, &step)
                          : json_encode_refuse(e, &step, "missing, and it has no default");
        if (r < 0)
            return r;
    }
    if (used == json_object_size(json))
        return 0;
    for (void *iter = json_object_iter((json_t *)json); iter != NULL;
         iter = json_object_iter_next((json_t *)json, iter)) {
        step.name = json_object_iter_key(iter);
        if (schema_field_find(node, step.name) == NULL)
            break;
    }
    return json_encode_refuse(e, &step, "no such field");
}

static int encode_array(struct encoder *e, const struct schema_node *node, const json_t *json,
                        const struct path *path)
{
    if (!json_is_array(json))
        return json_encode_refuse(e, path, "not a list");
    const size_t count = json_array_size(json);
    if (count > 0)
        wire_put_long(e->out, (int64_t)count);
    struct path step = {.up = path};
    for (; step.index < count; step.index++) {
        const int r = json_encode_value(e, node->items, json_array_get(json, step.index), &step);
        if (r < 0)
            return r;
    }
    wire_put_long(e->out, 0);
    return 0;
}

static int encode_map(struct encoder *e, const struct schema_node *node, const json_t *json,
                      const struct path *path)
{
    if (!json_is_object(json))
        return json_encode_refuse(e, path, "not an object");
    if (json_object_size(json) > 0)
        wire_put_long(e->out, (int64_t)json_object_size(json));
    struct path step = {.up = path};
    for (void *iter = json_object_iter((json_t *)json); iter != NULL;
         iter = json_object_iter_next((json_t *)json, iter), step.index++) {
        const char *key = json_object_iter_key(iter);
        wire_put_bytes(e->out, key, strlen(key));
        const int r = json_encode_value(e, node->items, json_object_iter_value(iter), &step);
        if (r < 0)
            return r;
    }
    wire_put_long(e->out, 0);
    return 0;
}

/* Whether a JSON value could be of this type, by its kind alone. */
static bool looks_like(const struct schema_node *node, const json_t *json)
{
    switch (node->type) {
    case SCHEMA_NULL:
        return json_is_null(json);
    case SCHEMA_BOOLEAN:
        return json_is_boolean(json);
    case SCHEMA_INT:
        return json_is_integer(json) && json_integer_value(json) >= INT32_MIN &&
               json_integer_value(json) <= INT32_MAX;
    case SCHEMA_LONG:
        return json_is_integer(json) || (node->timestamp_millis && json_is_string(json));
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return json_is_number(json);
    case SCHEMA_ENUM:
        return json_is_string(json) && schema_symbol_find(node, json_string_value(json)) >= 0;
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        return json_is_string(json);
    case SCHEMA_RECORD:
    case SCHEMA_MAP:
        return json_is_object(json);
    case SCHEMA_ARRAY:
        return json_is_array(json);
    case SCHEMA_UNION:
        return false;
    }
    return false;
}

/* The first branch that takes the value. With one value branch beside null, its own complaint is
 * the one to hear. */
static int encode_union(struct encoder *e, const struct schema_node *node, const json_t *json,
                        const struct path *path)
{
    const size_t start = e->out->size;
    int r = 0;
    size_t tried = 0;
    for (size_t i = 0; i < node->count; i++) {
        const bool only = node->count == 2 && !json_is_null(json) &&
                          node->branches[i]->type != SCHEMA_NULL &&
                          node->branches[1 - i]->type == SCHEMA_NULL;
        if (!only && !looks_like(node->branches[i], json))
            continue;
        tried++;
        wire_put_long(e->out, (int64_t)i);
        r = json_encode_value(e, node->branches[i], json, path);
        if (r != -EBADMSG)
            return r;
        if (!e->out->failed)
            e->out->size = start;
    }
    return tried > 0
               ? r
               : json_encode_refuse(e, path,
                                    json_is_null(json) ? "may not be null"
                                                       : "none of the types that it may have");
}

static int encode_nested(struct encoder *e, const struct schema_node *node, const json_t *json,
                         const struct path *path)
{
    if (e->depth_left == 0)
        return json_encode_refuse(e, path, "nested too deeply");
    e->depth_left--;
    const int r = node->type == SCHEMA_RECORD  ? encode_record(e, node, json, path)
                  : node->type == SCHEMA_ARRAY ? encode_array(e, node, json, path)
                                               : encode_map(e, node, json, path);
    e->depth_left++;
    return r;
}

static int json_encode_value(struct encoder *e, const struct schema_node *node, const json_t *json,
                             const struct path *path)
{
    switch (node->type) {
    case SCHEMA_NULL:
        return json_is_null(json) ? 0 : json_encode_refuse(e, path, "not null");
    case SCHEMA_BOOLEAN:
        if (!json_is_boolean(json))
            return json_encode_refuse(e, path, "neither true nor false");
        buf_byte(e->out, json_is_true(json));
        return 0;
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return encode_integer(e, node, json, path);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return encode_real(e, node, json, path);
    case SCHEMA_STRING:
        return encode_text(e, json, path);
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        return encode_bytes(e, node, json, path);
    case SCHEMA_ENUM:
        return encode_enum(e, node, json, path);
    case SCHEMA_RECORD:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return encode_nested(e, node, json, path);
    case SCHEMA_UNION:
        return encode_union(e, node, json, path);
    }
    return json_encode_refuse(e, path, "a type that Avro does not have");
}

int json_encode(const struct schema_node *node, const json_t *json, struct buf *out,
                struct codec_fault *ret_fault)
{
    struct encoder e = {.out = out, .fault = ret_fault, .depth_left = DEPTH_MAX};
    const int r = json_encode_value(&e, node, json, NULL);
    return r == 0 && out->failed ? -ENOMEM : r;
}
