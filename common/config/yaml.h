/* YAML files as trees with line and column, for configuration and mappings: read whole, checked
 * whole, then used.
 *
 * Invariants: no aliases, tags or duplicate keys; at most 4 MiB; scalars are UTF-8 text, typed by
 * who reads them. Every complaint names file:line:column, the key and the remedy. A tree is
 * immutable: any thread; nodes live as long as their tree. An empty file is an empty map. Position
 * of a node: its key's, when it is a map's entry; else its own. */
#ifndef PRIMAFLOW_YAML_H
#define PRIMAFLOW_YAML_H

#include "config/config.h"

#include <errno.h>

struct yaml_tree;
struct yaml_node;

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAP };

/* 0, -ENOENT or -EINVAL with the message filled. */
__attribute__((warn_unused_result)) int yaml_load(const char *path, struct yaml_tree **ret_tree,
                                                  struct config_message *ret_message);
/* accepts NULL; not yaml_free: libyaml has one inside, and would call ours */
void yaml_unload(struct yaml_tree *tree);
const struct yaml_node *yaml_root(const struct yaml_tree *tree);

enum yaml_kind yaml_kind(const struct yaml_node *node);
const char *yaml_text(const struct yaml_node *node); /* a scalar's text; NULL on list or map */
size_t yaml_count(
    const struct yaml_node *node); /* items of a list, entries of a map; 0 of a scalar */
size_t yaml_line(const struct yaml_node *node); /* position, from 1 */
size_t yaml_column(const struct yaml_node *node);
const struct yaml_node *yaml_item(const struct yaml_node *list, size_t i); /* NULL past the end */
const struct yaml_node *yaml_entry(const struct yaml_node *map, size_t i,
                                   const char **ret_key); /* in file order; NULL past the end */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* NULL: absent */

/* Writes "file:line:column: <what>" about a node into the message. */
__attribute__((format(printf, 4, 5))) void yaml_explain(const struct yaml_tree *tree,
                                                        const struct yaml_node *node,
                                                        struct config_message *ret_message,
                                                        const char *format, ...);

/* The same; is -EINVAL, so that a reader can `return yaml_complain(...)`, and compilers and
 * analyzers see that it is never 0. */
#define yaml_complain(...) (yaml_explain(__VA_ARGS__), -EINVAL)

#endif
