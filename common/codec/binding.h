/* How an Avro record lies in a C struct: one table a struct, by field name. From it the codec
 * decodes any writer's schema onto the struct, encodes the struct by today's schema, and computes
 * the identity F.
 *
 * Invariants
 *   - Names decide, never positions: a writer's field without a row is walked (so that hostile
 *     bytes are still found) and dropped; a row whose field the writer's schema lacks takes the
 *     default of today's schema, or is `schema_unfit` when today's schema has none.
 *   - All text is valid UTF-8 with a NUL behind it and no NUL inside; text, bytes and arrays live
 *     in the arena given to the decoder.
 *   - A union with null is an absent value: NULL pointer for text, bytes and records; for numbers
 *     the row gives the offset of a bool `has_`.
 * Constant data: any thread. */
#ifndef PRIMAFLOW_BINDING_H
#define PRIMAFLOW_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum binding_kind {
    BIND_TEXT,   /* const char *      string; an absent (null) one is NULL */
    BIND_BYTES,  /* struct bound_bytes   bytes, fixed */
    BIND_BOOL,   /* bool */
    BIND_INT,    /* int32_t           int */
    BIND_LONG,   /* int64_t           int, long, timestamp-millis, money in minor units */
    BIND_DOUBLE, /* double            never money */
    /* int: index into `symbols` of the row; a writer's symbol that is not there takes the schema's
     * default symbol, else avro_malformed */
    BIND_ENUM,
    BIND_RECORD, /* const struct X *  a nested record; absent is NULL */
    /* struct X: a nested record that is never absent, inside the outer struct (money) */
    BIND_INLINE,
    /* ARRAY_OF(struct X), of records (`record`) or, with record NULL, ARRAY_OF(const char *) */
    BIND_ARRAY,
};

struct bound_bytes {
    const uint8_t *data;
    size_t size;
};

/* An array's member: `ARRAY_OF(struct line) lines;`. Every instance has the layout of struct
 * bound_array. */
#define ARRAY_OF(type)                                                                             \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
    }

struct bound_array {
    void *items; /* count structs of record->size bytes each, or const char * */
    size_t count;
};

struct binding;

struct bound_record {
    const char *name; /* Avro name without namespace: "OrderEvent" */
    size_t size;      /* sizeof the struct */
    const struct binding *fields;
    size_t field_count;
};

struct binding {
    const char *name; /* Avro field name */
    enum binding_kind kind;
    size_t offset;
    size_t has_offset; /* of a bool, for numbers in a union with null; SIZE_MAX: not nullable */
    const struct bound_record *record; /* BIND_RECORD, BIND_INLINE, BIND_ARRAY */
    const char *const *symbols;        /* BIND_ENUM, NULL at the end */
};

#define BIND(type, member, kind_)                                                                  \
    {                                                                                              \
        .name = #member, .kind = kind_, .offset = offsetof(type, member), .has_offset = SIZE_MAX   \
    }
#define BIND_OPTIONAL(type, member, kind_)                                                         \
    {                                                                                              \
        .name = #member, .kind = kind_, .offset = offsetof(type, member),                          \
        .has_offset = offsetof(type, has_##member)                                                 \
    }
#define BIND_SUB(type, member, kind_, record_)                                                     \
    {                                                                                              \
        .name = #member, .kind = kind_, .offset = offsetof(type, member), .has_offset = SIZE_MAX,  \
        .record = &(record_)                                                                       \
    }
#define BIND_SYMBOL(type, member, symbols_)                                                        \
    {                                                                                              \
        .name = #member, .kind = BIND_ENUM, .offset = offsetof(type, member),                      \
        .has_offset = SIZE_MAX, .symbols = (symbols_)                                              \
    }

/* A struct's table: BOUND_RECORD("OrderLine", struct order_line, order_line_fields). */
#define BOUND_RECORD(name_, type, fields_)                                                         \
    {                                                                                              \
        .name = (name_), .size = sizeof(type), .fields = (fields_),                                \
        .field_count = sizeof(fields_) / sizeof(fields_)[0]                                        \
    }

#endif
