/* libyaml's events → a tree of nodes in one arena; see yaml.h. Events and not libyaml's documents,
 * because these have forgotten the anchors and aliases by which a small file becomes a huge
 * tree. */
#include "config/yaml.h"

#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <yaml.h>

enum {
    FILE_MAX = 4 << 20,
    /* the worst file of FILE_MAX, "[,,,": a node and its place in a list for each 2 bytes, fails
     * here and not in the machine */
    TREE_MAX = 128 << 20,
    DEPTH_MAX = 32, /* mappings have 4 */
};

struct entry {
    const char *key; /* NULL in lists */
    const struct yaml_node *node;
};

struct yaml_node {
    enum yaml_kind kind;
    size_t line, column; /* from 1; of the key when the node is a map's entry */
    const char *text;
    struct entry *entries;
    const struct entry **sorted; /* of a map: by key */
    size_t count, room;
};

struct yaml_tree {
    struct arena *arena;
    const char *path;
    struct yaml_node *root;
};

struct reader {
    yaml_parser_t parser;
    struct yaml_tree *tree;
    struct config_message *message;
};

__attribute__((format(printf, 5, 0))) static void complain_at(const struct yaml_tree *tree,
                                                              size_t line, size_t column,
                                                              struct config_message *ret_message,
                                                              const char *format, va_list args)
{
    const int n = snprintf(ret_message->text, sizeof ret_message->text, "%s:%zu:%zu: ", tree->path,
                           line, column);
    if (n > 0 && (size_t)n < sizeof ret_message->text)
        (void)vsnprintf(ret_message->text + n, sizeof ret_message->text - (size_t)n, format, args);
}

void yaml_explain(const struct yaml_tree *tree, const struct yaml_node *node,
                  struct config_message *ret_message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_at(tree, node->line, node->column, ret_message, format, args);
    va_end(args);
}

__attribute__((format(printf, 3, 4))) static void explain(struct reader *r, yaml_mark_t mark,
                                                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_at(r->tree, mark.line + 1, mark.column + 1, r->message, format, args);
    va_end(args);
}
#define refuse(...) (explain(__VA_ARGS__), -EINVAL) /* visibly never 0 */

static int refuse_memory(struct reader *r, yaml_mark_t mark)
{
    return refuse(r, mark, "the file needs more memory than %d MiB as a tree; split it",
                  TREE_MAX >> 20);
}

static int next_event(struct reader *r, yaml_event_t *ret_event)
{
    if (yaml_parser_parse(&r->parser, ret_event) == 1)
        return 0;
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "libyaml cannot read this";
    if (p->error != YAML_READER_ERROR)
        return refuse(r, p->problem_mark, "not YAML: %s%s%s", problem,
                      p->context != NULL ? ", " : "", p->context != NULL ? p->context : "");
    return refuse(r, p->mark, "not UTF-8 text: %s at byte %zu", problem, p->problem_offset);
}

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind, yaml_mark_t mark)
{
    struct yaml_node *node = arena_alloc(r->tree->arena, sizeof *node);
    if (node != NULL)
        *node = (struct yaml_node){.kind = kind, .line = mark.line + 1, .column = mark.column + 1};
    return node;
}

static bool node_add(struct reader *r, struct yaml_node *parent, struct entry entry)
{
    if (parent->count == parent->room) {
        const size_t room = parent->room == 0 ? 4 : parent->room * 2;
        struct entry *entries = arena_alloc(r->tree->arena, room * sizeof *entries);
        if (entries == NULL)
            return false;
        if (parent->count > 0)
            memcpy(entries, parent->entries, parent->count * sizeof *entries);
        parent->entries = entries;
        parent->room = room;
    }
    parent->entries[parent->count++] = entry;
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    const int order = strcmp((*x)->key, (*y)->key);
    return order != 0
               ? order
               : (*x > *y) -
                     (*x <
                      *y); /* of equals the earlier one first: the later one is the duplicate */
}

/* Sorts a finished map for lookup; refuses two entries of one key. */
static int map_close(struct reader *r, struct yaml_node *map, yaml_mark_t mark)
{
    if (map->count == 0)
        return 0;
    map->sorted = arena_alloc(r->tree->arena, map->count * sizeof *map->sorted);
    if (map->sorted == NULL)
        return refuse_memory(r, mark);
    for (size_t i = 0; i < map->count; i++)
        map->sorted[i] = &map->entries[i];
    qsort(map->sorted, map->count, sizeof *map->sorted, by_key);
    for (size_t i = 1; i < map->count; i++)
        if (strcmp(map->sorted[i - 1]->key, map->sorted[i]->key) == 0)
            return yaml_complain(
                r->tree, map->sorted[i]->node, r->message,
                "the key %s stands here a second time, first in line %zu; delete one",
                map->sorted[i]->key, map->sorted[i - 1]->node->line);
    return 0;
}

static int scalar_text(struct reader *r, const yaml_event_t *event, const char **ret_text)
{
    const char *value = (const char *)event->data.scalar.value;
    const size_t size = event->data.scalar.length;
    if (memchr(value, '\0', size) != NULL)
        return refuse(r, event->start_mark, "a NUL character within a text; delete it");
    const char *text = arena_text(r->tree->arena, value, size);
    if (text == NULL)
        return refuse_memory(r, event->start_mark);
    *ret_text = text;
    return 0;
}

static int refuse_extras(struct reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(r, event->start_mark,
                      "aliases (*name) are not read here; write the value out");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refuse(r, event->start_mark, "anchors (&name) are not read here; delete it");
    if (tag != NULL)
        return refuse(r, event->start_mark, "tags (!name) are not read here; delete it");
    return 0;
}

static int read_node(struct reader *r, const yaml_event_t *event, int depth,
                     struct yaml_node **ret_node);

static int read_key(struct reader *r, const yaml_event_t *event, const char **ret_key)
{
    int result = refuse_extras(r, event);
    if (result == 0 && event->type != YAML_SCALAR_EVENT)
        result = refuse(r, event->start_mark, "a key must be a plain text, not a list or a map");
    return result == 0 ? scalar_text(r, event, ret_key) : result;
}

static int read_children(struct reader *r, struct yaml_node *parent, int depth)
{
    const bool map = parent->kind == YAML_KIND_MAP;
    const yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    for (;;) {
        yaml_event_t event;
        int result = next_event(r, &event);
        if (result < 0)
            return result;
        const yaml_mark_t mark = event.start_mark;
        if (event.type == end) {
            yaml_event_delete(&event);
            return map ? map_close(r, parent, mark) : 0;
        }
        struct entry entry = {NULL, NULL};
        struct yaml_node *node = NULL;
        if (map) {
            result = read_key(r, &event, &entry.key);
            yaml_event_delete(&event);
            if (result < 0 || (result = next_event(r, &event)) < 0)
                return result;
        }
        result = read_node(r, &event, depth, &node);
        yaml_event_delete(&event);
        if (result != 0)
            return result;
        if (map) {
            node->line = mark.line + 1;
            node->column = mark.column + 1;
        }
        entry.node = node;
        if (!node_add(r, parent, entry))
            return refuse_memory(r, mark);
    }
}

static int read_node(struct reader *r, const yaml_event_t *event, int depth,
                     struct yaml_node **ret_node)
{
    int result = refuse_extras(r, event);
    if (result < 0)
        return result;
    if (depth == DEPTH_MAX)
        return refuse(r, event->start_mark, "nested deeper than %d levels; nothing here needs that",
                      DEPTH_MAX);
    const enum yaml_kind kind = event->type == YAML_MAPPING_START_EVENT    ? YAML_KIND_MAP
                                : event->type == YAML_SEQUENCE_START_EVENT ? YAML_KIND_LIST
                                                                           : YAML_KIND_SCALAR;
    struct yaml_node *node = node_new(r, kind, event->start_mark);
    if (node == NULL)
        return refuse_memory(r, event->start_mark);
    result = kind == YAML_KIND_SCALAR ? scalar_text(r, event, &node->text)
                                      : read_children(r, node, depth + 1);
    if (result == 0)
        *ret_node = node;
    return result;
}

/* The whole stream: nothing, or one document. */
static int read_stream(struct reader *r)
{
    for (;;) {
        yaml_event_t event;
        int result = next_event(r, &event);
        if (result < 0)
            return result;
        const yaml_event_type_t type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT && r->tree->root != NULL)
            result = refuse(r, event.start_mark,
                            "a second document (---) begins; one file, one document");
        else if (type == YAML_STREAM_END_EVENT && r->tree->root == NULL &&
                 (r->tree->root = node_new(r, YAML_KIND_MAP, event.start_mark)) == NULL)
            result = refuse_memory(r, event.start_mark);
        else if (type == YAML_ALIAS_EVENT || type == YAML_SCALAR_EVENT ||
                 type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT)
            result = read_node(r, &event, 0, &r->tree->root);
        yaml_event_delete(&event);
        if (result < 0 || type == YAML_STREAM_END_EVENT)
            return result;
    }
}

static int read_file(const char *path, char **ret_bytes, size_t *ret_size,
                     struct config_message *ret_message)
{
    FILE *file = fopen(path, "rbe");
    int error = errno;
    char *bytes = file != NULL ? malloc(FILE_MAX + 1) : NULL;
    size_t size = 0;
    if (bytes != NULL) {
        errno = 0;
        size = fread(bytes, 1, FILE_MAX + 1, file);
        error = ferror(file) != 0 ? (errno != 0 ? errno : EIO) : 0;
    } else if (file != NULL) {
        error = ENOMEM;
    }
    if (file != NULL)
        (void)fclose(file);
    if (error == 0 && size <= FILE_MAX) {
        *ret_bytes = bytes;
        *ret_size = size;
        return 0;
    }
    free(bytes);
    if (error != 0)
        (void)snprintf(ret_message->text, sizeof ret_message->text, "%s: cannot be read: %s", path,
                       strerror(error));
    else
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "%s: larger than %d MiB; split it", path, FILE_MAX >> 20);
    return error == ENOENT ? -ENOENT : -EINVAL;
}

int yaml_load(const char *path, struct yaml_tree **ret_tree, struct config_message *ret_message)
{
    char *bytes = NULL;
    size_t size = 0;
    int result = read_file(path, &bytes, &size, ret_message);
    if (result < 0)
        return result;
    struct yaml_tree *tree = calloc(1, sizeof *tree);
    struct reader r = {.tree = tree, .message = ret_message};
    if (tree != NULL && (tree->arena = arena_new(TREE_MAX)) != NULL &&
        (tree->path = arena_text(tree->arena, path, strlen(path))) != NULL &&
        yaml_parser_initialize(&r.parser) == 1) {
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, size);
        result = read_stream(&r);
        yaml_parser_delete(&r.parser);
    } else {
        (void)snprintf(ret_message->text, sizeof ret_message->text, "%s: out of memory", path);
        result = -EINVAL;
    }
    free(bytes);
    if (result == 0)
        *ret_tree = tree;
    else
        yaml_unload(tree);
    return result;
}

void yaml_unload(struct yaml_tree *tree)
{
    if (tree != NULL)
        arena_free(tree->arena);
    free(tree);
}

const struct yaml_node *yaml_root(const struct yaml_tree *tree)
{
    return tree->root;
}

enum yaml_kind yaml_kind(const struct yaml_node *node)
{
    return node->kind;
}

const char *yaml_text(const struct yaml_node *node)
{
    return node->text;
}

size_t yaml_count(const struct yaml_node *node)
{
    return node->count;
}

size_t yaml_line(const struct yaml_node *node)
{
    return node->line;
}

size_t yaml_column(const struct yaml_node *node)
{
    return node->column;
}

const struct yaml_node *yaml_item(const struct yaml_node *list, size_t i)
{
    return list->kind == YAML_KIND_LIST && i < list->count ? list->entries[i].node : NULL;
}

const struct yaml_node *yaml_entry(const struct yaml_node *map, size_t i, const char **ret_key)
{
    if (map->kind != YAML_KIND_MAP || i >= map->count)
        return NULL;
    *ret_key = map->entries[i].key;
    return map->entries[i].node;
}

static int key_against(const void *key, const void *entry)
{
    return strcmp(key, (*(const struct entry *const *)entry)->key);
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map->kind != YAML_KIND_MAP || map->count == 0)
        return NULL;
    const struct entry *const *found =
        bsearch(key, map->sorted, map->count, sizeof *map->sorted, key_against);
    return found != NULL ? (*found)->node : NULL;
}
