/* How the bytes of one writer's schema go into one struct: compiled once, then followed without
 * looking up a name.
 *
 * Invariants
 *   - A plan mirrors the writer's schema, for every byte must be walked; what has no place in the
 *     struct is checked and dropped.
 *   - What cannot fit (another type, a null where none is allowed, a field that is missing and has
 *     no default) is a node of the plan like any other: it becomes a fault when a record has it,
 *     with the path.
 *   - Constant after plan_make; lives in the arena it was made in. Running allocates only in the
 *     record's arena. */
#ifndef PRIMAFLOW_CODEC_PLAN_H
#define PRIMAFLOW_CODEC_PLAN_H

#include "codec/fault.h"
#include "codec/layout.h"
#include "codec/limits.h"
#include "codec/wire.h"

enum plan_target {
    TARGET_DROP,
    TARGET_TEXT,
    TARGET_BYTES,
    TARGET_BOOL,
    TARGET_INT,
    TARGET_LONG,
    TARGET_DOUBLE,
    TARGET_ENUM,
    TARGET_POINTER, /* a record of its own in the arena */
    TARGET_INLINE,  /* a record inside the struct or array */
    TARGET_ARRAY,
};

struct plan {
    enum schema_type type; /* as written */
    enum plan_target target;
    const char *unfit;   /* not NULL: a record that has this value is schema_unfit, because */
    ptrdiff_t has_delta; /* from the value to its has_ flag; 0: none */
    const struct plan_record *record;
    const struct plan *item; /* of arrays and maps */
    size_t stride;           /* sizeof an item in the struct */
    size_t item_wire_min;
    const struct plan **branches;
    const int *symbols; /* the writer's symbol → the row's index, or -1; NULL: dropped */
    size_t count;       /* of branches or symbols */
    size_t size;        /* of fixed */
};

struct plan_field {
    const char *name;
    const struct plan *plan;
    size_t offset;
};

struct plan_default {
    struct plan_field field; /* plan NULL: there is no default */
    struct bound_bytes bytes;
};

struct plan_record {
    const struct schema_node *node;
    const struct layout *layout; /* NULL: dropped */
    size_t size;                 /* of the struct */
    struct plan_field *fields;   /* in the writer's order */
    size_t field_count;
    struct plan_default *defaults; /* of places that the writer does not have */
    size_t default_count;
    struct plan_record *made_before;
};

/* The plan that brings a value of `written` to `place` (NULL: drop it). NULL: no memory. `made`
 * links the records of one plan, start with NULL. */
const struct plan *plan_make(struct arena *memory, struct plan_record **made,
                             const struct schema_node *written, const struct place *place);

/* The plan of a whole record. NULL: no memory. */
const struct plan *plan_make_record(struct arena *memory, const struct schema_node *written,
                                    const struct layout *layout);

/* Walks `wire` and fills `ret_value` (zeroed before; a record's struct or, for plan_make, a
 * member). Does not ask whether bytes follow. 0 or -EBADMSG with *ret_fault. */
__attribute__((warn_unused_result)) int plan_run(const struct plan *plan, struct wire *wire,
                                                 const struct codec_limits *limits,
                                                 struct arena *arena, void *ret_value,
                                                 struct codec_fault *ret_fault);

#endif
