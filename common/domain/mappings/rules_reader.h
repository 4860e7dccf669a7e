/* Reads one map of a mapping file onto a struct by a table of its keys: what is not in the table,
 * missing, twice or of the wrong kind is a complaint with file, line and column. Texts point into
 * the YAML tree, which must outlive the struct; lists of texts live in the arena. */
#ifndef PRIMAFLOW_RULES_READER_H
#define PRIMAFLOW_RULES_READER_H

#include "base/arena.h"
#include "config/yaml.h"

#include <stdbool.h>
#include <stddef.h>

struct rules_reader {
    const struct yaml_tree *tree;
    struct arena *arena;
    struct config_message *message;
};

struct rules_texts {
    const char **items;
    size_t count;
};

bool rules_list_has(const struct rules_texts *texts, const char *text); /* text NULL: no */

enum rules_kind {
    RULES_TEXT,   /* const char *, not empty; absent: NULL */
    RULES_INT,    /* int64_t within min..max; absent: as it was */
    RULES_BOOL,   /* bool; absent: as it was */
    RULES_CHOICE, /* int, the index into `choices`; absent: as it was */
    RULES_DATE,   /* int32_t, YYYYMMDD; absent: as it was */
    RULES_TEXTS,  /* struct rules_texts, a list of texts; absent: empty */
    RULES_NODE,   /* const struct yaml_node *, read by the caller; absent: NULL */
};

struct rules_field {
    const char *key;
    enum rules_kind kind;
    size_t offset;
    bool required;
    int64_t min, max;
    const char *const *choices; /* NULL at the end */
};

#define RULES_FIELD(type, member, kind_)                                                           \
    .key = #member, .kind = (kind_), .offset = offsetof(type, member)
#define RULES_COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Fills *ret_struct, which holds the defaults. 0; -EINVAL with the message; -ENOMEM with the
 * message. */
__attribute__((warn_unused_result)) int rules_read_map(const struct rules_reader *reader,
                                                       const struct yaml_node *map,
                                                       const struct rules_field fields[],
                                                       size_t field_count, void *ret_struct);

/* A list of such maps into an array in the arena; each item begins as a copy of `defaults` (`size`
 * bytes). A NULL list is empty. */
__attribute__((warn_unused_result)) int rules_read_list(const struct rules_reader *reader,
                                                        const struct yaml_node *list,
                                                        const struct rules_field fields[],
                                                        size_t field_count, const void *defaults,
                                                        size_t size, void **ret_items,
                                                        size_t *ret_count);

/* A scalar as YYYYMMDD, 2026-11-23 → 20261123: a date that the calendar has. */
__attribute__((warn_unused_result)) int rules_parse_date(const char *text, int32_t *ret_date);

#endif
