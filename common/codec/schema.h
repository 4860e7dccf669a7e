/* Avro schemas, parsed once into a tree that every other part of the codec follows.
 *
 * Invariants
 *   - A parsed schema never changes and lives until schema_free: pointers into it may be shared
 *     between threads.
 *   - The tree may have cycles, and only through records: whoever follows it bounds the depth.
 *   - Names are valid Avro names (letters, digits, underscores): they may stand in messages and in
 *     canonical text unescaped.
 *   - `wire_min` is a lower bound of the bytes that one value takes, so that `count × wire_min <=
 *     bytes left` refuses absurd counts at once. */
#ifndef PRIMAFLOW_CODEC_SCHEMA_H
#define PRIMAFLOW_CODEC_SCHEMA_H

#include "base/buf.h"

#include <jansson.h>

enum schema_type {
    SCHEMA_NULL,
    SCHEMA_BOOLEAN,
    SCHEMA_INT,
    SCHEMA_LONG,
    SCHEMA_FLOAT,
    SCHEMA_DOUBLE,
    SCHEMA_BYTES,
    SCHEMA_STRING,
    SCHEMA_PRIMITIVES, /* how many of the above */
    SCHEMA_RECORD = SCHEMA_PRIMITIVES,
    SCHEMA_ENUM,
    SCHEMA_FIXED,
    SCHEMA_ARRAY,
    SCHEMA_MAP,
    SCHEMA_UNION,
};

struct schema_node;

struct schema_field {
    const char *name;
    const struct schema_node *node;
    const json_t *default_value; /* NULL: none */
    bool identity;               /* "identity": true */
    bool goods;                  /* "part": "goods" */
    bool personal;               /* not marked "personal": false */
};

struct schema_node {
    enum schema_type type;
    bool timestamp_millis; /* logical type of a long */
    const char *name;      /* of named types, without namespace; else the type's name */
    const char *full_name; /* with namespace */
    size_t wire_min;
    size_t count; /* of fields, symbols or branches */
    struct schema_field *fields;
    const char **symbols;
    const struct schema_node **branches;
    int default_symbol;              /* index, or -1 */
    const struct schema_node *items; /* of arrays and maps */
    size_t size;                     /* of fixed */
    /* all nodes of a schema, the youngest first: parts come before what contains them, cycles
     * apart */
    struct schema_node *made_before;
};

struct schema {
    const struct schema_node *root;
    char *text;           /* as it was read, compact: what a registry is given */
    uint64_t fingerprint; /* CRC-64-AVRO of the parsing canonical form */
    struct arena *memory; /* owns nodes and names */
    json_t *json;         /* owns defaults and symbols */
};

/* Parses the text of one schema. 0; -EINVAL: not a schema (`ret_message` says where and why);
 * -ENOMEM. */
__attribute__((warn_unused_result)) int schema_parse(const char *text, size_t size,
                                                     struct schema **ret_schema,
                                                     char ret_message[static 200]);
void schema_free(struct schema *schema); /* accepts NULL */

/* Appends the parsing canonical form, as the Avro specification defines it. */
void schema_canonical(const struct schema *schema, struct buf *out);

/* CRC-64-AVRO. */
uint64_t schema_crc64(const void *bytes, size_t size);

/* The field of a record by name, or NULL. */
const struct schema_field *schema_field_find(const struct schema_node *record, const char *name);

/* The index of an enum's symbol, or -1. */
int schema_symbol_find(const struct schema_node *node, const char *symbol);

#endif
