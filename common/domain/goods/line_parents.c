/* Which lines are parts of which; see line_parents.h. */
#include "domain/goods/line_parents.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct named { /* a line by its id */
    const char *line_id;
    size_t index;
};

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->line_id, ((const struct named *)b)->line_id);
}

static int link_lines(const struct order_line *const lines[], size_t count,
                      const struct named by_id[], struct line_parent parents[], size_t *ret_parts,
                      const char **ret_detail)
{
    for (size_t i = 0; i < count; i++) {
        parents[i].parent = SIZE_MAX;
        if (text_is_empty(lines[i]->parent_line_id))
            continue;
        const struct named key = {.line_id = lines[i]->parent_line_id};
        const struct named *found = bsearch(&key, by_id, count, sizeof key, compare_ids);
        if (found == NULL || lines[found->index]->gift_card)
            continue; /* edited away, or never there: what is left are goods */
        parents[i].parent = found->index;
        ++*ret_parts;
        if (++parents[found->index].part_count > BUNDLE_PARTS_MAX) {
            *ret_detail = "a bundle has more than 500 lines";
            return -EINVAL;
        }
    }
    return 0;
}

static int measure_depths(struct line_parent parents[], size_t count, const char **ret_detail)
{
    for (size_t i = 0; i < count; i++)
        for (size_t up = parents[i].parent; up != SIZE_MAX; up = parents[up].parent)
            if (++parents[i].depth > BUNDLE_DEPTH_MAX) {
                *ret_detail = "lines are parts of each other (parent_line_id), or nested more than "
                              "eight deep";
                return -EINVAL;
            }
    return 0;
}

int line_parents_find(const struct order_line *const lines[], size_t count, struct arena *arena,
                      struct line_parent **ret_parents, const char **ret_detail)
{
    size_t named = 0, parts = 0;
    *ret_parents = NULL;
    for (size_t i = 0; i < count; i++)
        named += !text_is_empty(lines[i]->parent_line_id);
    if (named == 0)
        return 0;
    struct named *by_id = arena_alloc(arena, count * sizeof *by_id);
    struct line_parent *parents = arena_alloc(arena, count * sizeof *parents);
    if (by_id == NULL || parents == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        by_id[i] = (struct named){lines[i]->line_id, i};
    qsort(by_id, count, sizeof *by_id, compare_ids);
    int r = link_lines(lines, count, by_id, parents, &parts, ret_detail);
    if (r == 0)
        r = measure_depths(parents, count, ret_detail);
    if (r == 0 && parts > 0)
        *ret_parents = parents;
    return r;
}
