/* Today's schema of a record laid over its C struct: which row holds which field. Made once per
 * struct; encoding, identity and the defaults of decoding follow it.
 *
 * Invariants
 *   - One place a field of the schema, in the schema's order; every row of the struct has a place.
 *     A field without a row is written with its default.
 *   - `inner` is the field's type without null; a union of anything else cannot be bound and is
 *     refused when the layout is made.
 *   - Defaults are kept as Avro bytes, so that there is one way from bytes to structs;
 *     codec/defaults.h fills them in, before anything follows the layout.
 * Constant after defaults_fill; lives as long as the codec. */
#ifndef PRIMAFLOW_CODEC_LAYOUT_H
#define PRIMAFLOW_CODEC_LAYOUT_H

#include "base/arena.h"
#include "codec/binding.h"
#include "codec/form.h"
#include "codec/schema.h"

struct layout;

struct place {
    const char *name; /* NULL: an item of an array */
    size_t name_size;
    const struct binding
        *row; /* NULL: the struct does not have it, or it is an array's item of text */
    const struct schema_node *node;     /* as declared */
    const struct schema_node *inner;    /* without null */
    const struct layout *sub;           /* of a record; of an array's items */
    const struct place *item;           /* of an array */
    int null_branch, value_branch;      /* -1: no union */
    bool selected[IDENTITY_FORM_COUNT]; /* by its marks; codec/form.h */
    bool is_personal;                   /* by its mark; codec_is_personal */
    bool has_default;
    struct bound_bytes fallback; /* the default, as Avro bytes; of codec/defaults.h */
    /* the default, as identity writes it in each form; of codec/defaults.h */
    struct bound_bytes canonical[IDENTITY_FORM_COUNT];
    const int *symbols; /* of an enum: the row's index → the schema's index, or -1 */
    size_t symbol_count;
};

/* Those that make up one form, in the order of names. */
struct layout_selection {
    const struct place **places;
    size_t count;
};

struct layout {
    const struct bound_record *record;
    const struct schema_node *node;
    struct place *places;
    size_t count;
    struct layout_selection selected[IDENTITY_FORM_COUNT];
    bool has_defaults;          /* its places' defaults are filled in, or being so */
    struct layout *made_before; /* all of one set, the youngest first */
};

struct layout_set {
    struct arena *memory;
    struct layout *youngest;
};

/* The layout of `record` over `node`; found when it was made before. 0; -EINVAL: the table and the
 * schema do not fit (`ret_message` names the field); -ENOMEM. */
__attribute__((warn_unused_result)) int layout_make(struct layout_set *set,
                                                    const struct schema_node *node,
                                                    const struct bound_record *record,
                                                    struct layout **ret_layout,
                                                    char ret_message[static 200]);

/* The layout that was made before, over `node` (NULL: over any), or NULL. */
struct layout *layout_made(const struct layout_set *set, const struct schema_node *node,
                           const struct bound_record *record);

/* The place of a field by name, or NULL. */
const struct place *layout_find(const struct layout *layout, const char *name);

/* Whether the record says "absent" at a place with a row. */
bool place_absent(const struct place *place, const void *record);

#endif
