/* Parsing an Avro schema from JSON; see schema.h. */
#include "codec/schema.h"

#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>

enum {
    MEMORY_MAX = 16 << 20,  /* of one parsed schema; ours take 40 kB */
    DEPTH_MAX = 200,        /* of nested JSON; ours go to 12 */
    WIRE_MIN_MAX = 1 << 30, /* a lower bound need not be larger than any record */
};

static const char *const type_names[] = {"null",   "boolean", "int",    "long",   "float",
                                         "double", "bytes",   "string", "record", "enum",
                                         "fixed",  "array",   "map",    "union"};

struct named {
    struct named *next;
    const struct schema_node *node;
};

struct parser {
    struct arena *memory;
    struct named *named;
    struct schema_node *youngest;
    unsigned depth;
    int error;
    char *message;
};

__attribute__((format(printf, 2, 3))) static const struct schema_node *schema_refuse(
    struct parser *parser, const char *format, ...)
{
    if (parser->error == 0) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(parser->message, 200, format, args);
        va_end(args);
        parser->error = -EINVAL;
    }
    return NULL;
}

static void *schema_take(struct parser *parser, size_t count, size_t size)
{
    void *p = count <= MEMORY_MAX / size ? arena_alloc(parser->memory, count * size) : NULL;
    if (p == NULL)
        (void)schema_refuse(parser, "larger than a schema may be");
    return p;
}

static bool name_valid(const char *name, bool dots)
{
    bool first = true;
    for (const char *p = name; *p != '\0'; p++) {
        const bool letter = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_';
        if (*p == '.' && dots && !first) {
            first = true;
            continue;
        }
        if (!letter && (first || *p < '0' || *p > '9'))
            return false;
        first = false;
    }
    return !first && strlen(name) < 200;
}

/* A JSON text without NUL, else NULL. Only defaults of bytes may have one. */
static const char *plain_text(const json_t *json)
{
    const char *text = json_string_value(json);
    return text != NULL && strlen(text) == json_string_length(json) ? text : NULL;
}

/* The text that a JSON object has under `key`, or NULL. */
static const char *text_of(const json_t *json, const char *key)
{
    return plain_text(json_object_get(json, key));
}

static const char *full_name(struct parser *parser, const char *name, const char *space)
{
    if (strchr(name, '.') != NULL || space == NULL || *space == '\0')
        return arena_text(parser->memory, name, strlen(name));
    return arena_printf(parser->memory, "%s.%s", space, name);
}

static const struct schema_node *find_named(const struct parser *parser, const char *name)
{
    for (const struct named *n = parser->named; n != NULL; n = n->next)
        if (strcmp(n->node->full_name, name) == 0)
            return n->node;
    return NULL;
}

static struct schema_node *new_node(struct parser *parser, enum schema_type type)
{
    struct schema_node *node = schema_take(parser, 1, sizeof *node);
    if (node != NULL) {
        node->type = type;
        node->name = node->full_name = type_names[type];
        node->default_symbol = -1;
        node->made_before = parser->youngest;
        parser->youngest = node;
    }
    return node;
}

/* Names a record, enum or fixed; it is known from here on, so that it may contain itself.
 * `ret_space`: what its parts inherit. */
static int define(struct parser *parser, struct schema_node *node, const json_t *json,
                  const char *space, const char **ret_space)
{
    const char *name = text_of(json, "name");
    const char *own = text_of(json, "namespace");
    if (name == NULL || !name_valid(name, true) ||
        (own != NULL && *own != '\0' && !name_valid(own, true))) {
        (void)schema_refuse(parser, "a %s without a valid name", node->name);
        return parser->error;
    }
    node->full_name = full_name(parser, name, own != NULL ? own : space);
    struct named *entry = schema_take(parser, 1, sizeof *entry);
    if (node->full_name == NULL || entry == NULL)
        return -ENOMEM;
    if (find_named(parser, node->full_name) != NULL) {
        (void)schema_refuse(parser, "%s is defined twice", node->full_name);
        return parser->error;
    }
    const char *dot = strrchr(node->full_name, '.');
    node->name = dot != NULL ? dot + 1 : node->full_name;
    *ret_space = dot != NULL
                     ? arena_text(parser->memory, node->full_name, (size_t)(dot - node->full_name))
                     : "";
    *entry = (struct named){.next = parser->named, .node = node};
    parser->named = entry;
    return 0;
}

static const struct schema_node *codec_schema_parse(struct parser *parser, const json_t *json,
                                                    const char *space);

static const struct schema_node *parse_record(struct parser *parser, const json_t *json,
                                              const char *space)
{
    struct schema_node *node = new_node(parser, SCHEMA_RECORD);
    const json_t *fields = json_object_get(json, "fields");
    if (node == NULL || define(parser, node, json, space, &space) < 0)
        return NULL;
    if (!json_is_array(fields))
        return schema_refuse(parser, "%s: no fields", node->full_name);
    struct schema_field *out = schema_take(parser, json_array_size(fields), sizeof *out);
    if (out == NULL)
        return NULL;
    node->fields = out;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const char *name = text_of(field, "name");
        if (name == NULL || !name_valid(name, false))
            return schema_refuse(parser, "%s: field %zu has no valid name", node->full_name, i + 1);
        if (schema_field_find(node, name) != NULL)
            return schema_refuse(parser, "%s: two fields are called %s", node->full_name, name);
        out[i] = (struct schema_field){
            .name = arena_text(parser->memory, name, strlen(name)),
            .node = codec_schema_parse(parser, json_object_get(field, "type"), space),
            .default_value = json_object_get(field, "default"),
            .identity = json_is_true(json_object_get(field, "identity")),
            .goods =
                strcmp(text_of(field, "part") != NULL ? text_of(field, "part") : "", "goods") == 0,
            .personal = !json_is_false(json_object_get(field, "personal")),
        };
        if (out[i].node == NULL || out[i].name == NULL)
            return schema_refuse(parser, "%s.%s: no type", node->full_name, name);
        node->count = i + 1;
    }
    return node;
}

static const struct schema_node *parse_enum(struct parser *parser, const json_t *json,
                                            const char *space)
{
    struct schema_node *node = new_node(parser, SCHEMA_ENUM);
    const json_t *symbols = json_object_get(json, "symbols");
    if (node == NULL || define(parser, node, json, space, &space) < 0)
        return NULL;
    if (!json_is_array(symbols) || json_array_size(symbols) == 0)
        return schema_refuse(parser, "%s: no symbols", node->full_name);
    const char **out = schema_take(parser, json_array_size(symbols), sizeof *out);
    if (out == NULL)
        return NULL;
    node->symbols = out;
    for (size_t i = 0; i < json_array_size(symbols); i++) {
        const char *symbol = plain_text(json_array_get(symbols, i));
        if (symbol == NULL || !name_valid(symbol, false) || schema_symbol_find(node, symbol) >= 0)
            return schema_refuse(parser, "%s: symbol %zu is not a name, or stands there twice",
                                 node->full_name, i + 1);
        out[i] = symbol;
        node->count = i + 1;
    }
    const char *fallback = text_of(json, "default");
    node->default_symbol = fallback != NULL ? schema_symbol_find(node, fallback) : -1;
    if (fallback != NULL && node->default_symbol < 0)
        return schema_refuse(parser, "%s: its default is none of its symbols", node->full_name);
    return node;
}

static const struct schema_node *parse_fixed(struct parser *parser, const json_t *json,
                                             const char *space)
{
    struct schema_node *node = new_node(parser, SCHEMA_FIXED);
    const json_t *size = json_object_get(json, "size");
    if (node == NULL || define(parser, node, json, space, &space) < 0)
        return NULL;
    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        json_integer_value(size) > INT32_MAX)
        return schema_refuse(parser, "%s: no valid size", node->full_name);
    node->size = (size_t)json_integer_value(size);
    return node;
}

static const struct schema_node *parse_items(struct parser *parser, enum schema_type type,
                                             const json_t *items, const char *space)
{
    struct schema_node *node = new_node(parser, type);
    if (node == NULL)
        return NULL;
    node->items = codec_schema_parse(parser, items, space);
    return node->items != NULL ? node
                               : schema_refuse(parser, "%s without an item type", node->name);
}

static const struct schema_node *parse_union(struct parser *parser, const json_t *json,
                                             const char *space)
{
    struct schema_node *node = new_node(parser, SCHEMA_UNION);
    const struct schema_node **out =
        node != NULL ? schema_take(parser, json_array_size(json), sizeof *out) : NULL;
    if (out == NULL)
        return NULL;
    node->branches = out;
    for (size_t i = 0; i < json_array_size(json); i++) {
        out[i] = codec_schema_parse(parser, json_array_get(json, i), space);
        if (out[i] == NULL)
            return NULL;
        if (out[i]->type == SCHEMA_UNION)
            return schema_refuse(parser, "a union inside a union");
        for (size_t k = 0; k < i; k++)
            if (strcmp(out[k]->full_name, out[i]->full_name) == 0)
                return schema_refuse(parser, "a union with two branches of %s", out[i]->full_name);
        node->count = i + 1;
    }
    return node->count > 0 ? node : schema_refuse(parser, "an empty union");
}

static const struct schema_node *parse_name(struct parser *parser, const char *name,
                                            const char *space)
{
    for (size_t i = 0; i < SCHEMA_PRIMITIVES; i++)
        if (strcmp(name, type_names[i]) == 0)
            return new_node(parser, (enum schema_type)i);
    if (!name_valid(name, true))
        return schema_refuse(parser, "a type's name is not valid");
    const char *full = full_name(parser, name, space);
    const struct schema_node *node = full != NULL ? find_named(parser, full) : NULL;
    return node != NULL ? node
                        : schema_refuse(parser, "type %s is not defined before its use", name);
}

static const struct schema_node *parse_object(struct parser *parser, const json_t *json,
                                              const char *space)
{
    const json_t *type = json_object_get(json, "type");
    const char *name = plain_text(type);
    if (name == NULL) /* {"type": {…}}: one more layer than needed, but valid */
        return codec_schema_parse(parser, type, space);
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
        return parse_record(parser, json, space);
    if (strcmp(name, "enum") == 0)
        return parse_enum(parser, json, space);
    if (strcmp(name, "fixed") == 0)
        return parse_fixed(parser, json, space);
    if (strcmp(name, "array") == 0)
        return parse_items(parser, SCHEMA_ARRAY, json_object_get(json, "items"), space);
    if (strcmp(name, "map") == 0)
        return parse_items(parser, SCHEMA_MAP, json_object_get(json, "values"), space);
    const struct schema_node *node = parse_name(parser, name, space);
    const char *logical = text_of(json, "logicalType");
    if (node == NULL || node->type != SCHEMA_LONG || logical == NULL ||
        strcmp(logical, "timestamp-millis") != 0)
        return node;
    struct schema_node *time = new_node(parser, SCHEMA_LONG);
    if (time != NULL)
        time->timestamp_millis = true;
    return time;
}

static const struct schema_node *codec_schema_parse(struct parser *parser, const json_t *json,
                                                    const char *space)
{
    if (parser->depth == DEPTH_MAX)
        return schema_refuse(parser, "nested deeper than %d", DEPTH_MAX);
    parser->depth++;
    const struct schema_node *node = NULL;
    if (plain_text(json) != NULL)
        node = parse_name(parser, plain_text(json), space);
    else if (json_is_array(json))
        node = parse_union(parser, json, space);
    else if (json_is_object(json))
        node = parse_object(parser, json, space);
    else
        (void)schema_refuse(parser, "a type is missing, or neither text, list nor object");
    parser->depth--;
    return node;
}

static size_t wire_min_of(const struct schema_node *node)
{
    size_t sum = 0;
    switch (node->type) {
    case SCHEMA_NULL:
        return 0;
    case SCHEMA_FLOAT:
        return 4;
    case SCHEMA_DOUBLE:
        return 8;
    case SCHEMA_FIXED:
        return node->size;
    case SCHEMA_RECORD:
        for (size_t i = 0; i < node->count && sum < WIRE_MIN_MAX; i++)
            sum += node->fields[i].node->wire_min;
        return sum < WIRE_MIN_MAX ? sum : WIRE_MIN_MAX;
    default:
        return 1; /* a branch number, a length, a count, a varint */
    }
}

int schema_parse(const char *text, size_t size, struct schema **ret_schema,
                 char ret_message[static 200])
{
    json_error_t error;
    json_t *json =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json == NULL) {
        (void)snprintf(ret_message, 200, "line %d: %.160s", error.line, error.text);
        return -EINVAL;
    }
    struct schema *schema = calloc(1, sizeof *schema);
    struct parser parser = {.memory = arena_new(MEMORY_MAX), .message = ret_message};
    if (schema == NULL || parser.memory == NULL) {
        json_decref(json);
        arena_free(parser.memory);
        free(schema);
        return -ENOMEM;
    }
    *schema = (struct schema){.memory = parser.memory,
                              .json = json,
                              .text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY)};
    schema->root = codec_schema_parse(&parser, json, "");
    for (struct schema_node *node = parser.youngest; node != NULL; node = node->made_before)
        node->wire_min = wire_min_of(node);
    struct buf canonical;
    buf_init(&canonical, MEMORY_MAX);
    if (schema->root != NULL)
        schema_canonical(schema, &canonical);
    schema->fingerprint = schema_crc64(canonical.data, canonical.size);
    const bool whole = !canonical.failed && schema->text != NULL;
    buf_release(&canonical);
    if (schema->root == NULL || !whole) {
        schema_free(schema);
        return parser.error != 0 ? parser.error : -ENOMEM;
    }
    *ret_schema = schema;
    return 0;
}

void schema_free(struct schema *schema)
{
    if (schema == NULL)
        return;
    json_decref(schema->json);
    arena_free(schema->memory);
    free(schema->text);
    free(schema);
}

const struct schema_field *schema_field_find(const struct schema_node *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

int schema_symbol_find(const struct schema_node *node, const char *symbol)
{
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->symbols[i], symbol) == 0)
            return (int)i;
    return -1;
}
