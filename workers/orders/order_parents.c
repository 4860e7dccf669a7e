/* Bundles whose parts the channel sends as lines of their own; see order_bundle.h. */
#include "order_bundle.h"

#include "order_shares.h"
#include "base/text.h"

#include <errno.h>

_Static_assert((int)BUNDLE_PARTS_MAX <= (int)SHARES_MAX &&
                   (int)BUNDLE_COMPONENTS_MAX <= (int)SHARES_MAX,
               "all parts of a bundle at a time");

struct node { /* one line of the sale */
    struct sale_line *line;
    struct node *parent; /* NULL: none that is there */
    struct node *part, *next;
    size_t part_count, depth;
};

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(struct node *const *)a)->line->event->line_id,
                  (*(struct node *const *)b)->line->event->line_id);
}

static struct node *find_node(struct node *const *by_id, size_t count, const char *line_id)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(by_id[middle]->line->event->line_id, line_id);
        if (order == 0)
            return by_id[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Links each part to its parent. 0; -EINVAL. */
static int link_parts(struct node *nodes, struct node *const *by_id, size_t count,
                      size_t *ret_parents, const char **ret_detail)
{
    for (size_t i = count; i-- > 0;) { /* backwards: a parent's parts come in the order of lines */
        const char *parent_id = nodes[i].line->event->parent_line_id;
        struct node *parent = text_is_empty(parent_id) ? NULL : find_node(by_id, count, parent_id);
        if (parent == NULL || parent->line->event->gift_card)
            continue; /* edited away, or never there: what is left are goods */
        nodes[i].parent = parent;
        nodes[i].next = parent->part;
        parent->part = &nodes[i];
        *ret_parents += parent->part_count++ == 0;
        if (parent->part_count > BUNDLE_PARTS_MAX) {
            *ret_detail = "a bundle has more than 500 lines";
            return -EINVAL;
        }
    }
    for (size_t i = 0; i < count; i++)
        for (const struct node *up = nodes[i].parent; up != NULL; up = up->parent)
            if (++nodes[i].depth > BUNDLE_DEPTH_MAX) {
                *ret_detail = "lines are parts of each other (parent_line_id), or nested more than "
                              "eight deep";
                return -EINVAL;
            }
    return 0;
}

/* A part's own taxes and its share of the bundle's, a rate once. */
static int add_taxes(struct sale *sale, struct sale_line *part, const struct sale_line *share,
                     struct arena *arena)
{
    size_t own_count = 0;
    const struct sale_tax *own = sale_taxes(sale, part, arena, &own_count);
    struct sale_tax *taxes = arena_alloc(arena, (own_count + share->tax_count) * sizeof *taxes);
    if (own == NULL || taxes == NULL)
        return -ENOMEM;
    size_t count = own_count;
    for (size_t i = 0; i < own_count; i++)
        taxes[i] = own[i];
    for (size_t i = 0; i < share->tax_count; i++) {
        size_t at = 0;
        while (at < count && taxes[at].rate_ppm != share->taxes[i].rate_ppm)
            at++;
        if (at == count)
            taxes[count++] = (struct sale_tax){share->taxes[i].rate_ppm, 0};
        taxes[at].minor = exact_add(&sale->exact, taxes[at].minor, share->taxes[i].minor);
    }
    part->taxes = taxes;
    part->tax_count = count;
    return 0;
}

static int add_share(struct sale *sale, const struct sale_line *parent, struct sale_line *part,
                     const struct sale_line *share, struct arena *arena)
{
    struct exact *x = &sale->exact;
    part->bundles = parent->quantity;
    part->bundle_line_id = parent->event->line_id;
    if (share->price.amount == 0 && share->price.discount == 0 && share->price.tax == 0)
        return 0;
    const int r = add_taxes(sale, part, share, arena);
    if (part->price.amount == 0) {
        part->price.rate_ppm = share->price.rate_ppm;
        part->price.rates = share->price.rates;
    }
    part->unit = 0;
    part->price.amount = exact_add(x, part->price.amount, share->price.amount);
    part->price.discount = exact_add(x, part->price.discount, share->price.discount);
    part->price.tax = exact_add(x, part->price.tax, share->price.tax);
    return r;
}

static int fold(struct sale *sale, const struct node *parent, struct arena *arena)
{
    struct exact *x = &sale->exact;
    int64_t weights[BUNDLE_PARTS_MAX], sum = 0;
    struct sale_line *shares = arena_alloc(arena, parent->part_count * sizeof *shares);
    if (shares == NULL)
        return -ENOMEM;
    size_t i = 0;
    for (const struct node *part = parent->part; part != NULL; part = part->next, i++) {
        const int64_t after = sale_net_of_discount(x, &part->line->price);
        weights[i] = after > 0 ? after : 0;
        sum |= weights[i];
    }
    i = 0;
    for (const struct node *part = parent->part; part != NULL && sum == 0; part = part->next, i++)
        weights[i] = part->line->quantity;
    int r = sale_share_out(sale, parent->line, weights, parent->part_count, arena, shares);
    i = 0;
    for (const struct node *part = parent->part; part != NULL && r == 0; part = part->next, i++)
        r = add_share(sale, parent->line, part->line, &shares[i], arena);
    return r;
}

int sale_fold_parents(struct sale *sale, struct arena *arena, const char **ret_detail)
{
    const size_t count = sale->line_count;
    size_t named = 0, parents = 0;
    for (size_t i = 0; i < count; i++)
        named += !text_is_empty(sale->lines[i].event->parent_line_id);
    if (named == 0)
        return 0;
    struct node *nodes = arena_alloc(arena, count * sizeof *nodes);
    struct node **by_id = arena_alloc(arena, count * sizeof *by_id);
    if (nodes == NULL || by_id == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        nodes[i].line = &sale->lines[i];
        by_id[i] = &nodes[i];
    }
    qsort(by_id, count, sizeof(struct node *), compare_ids);
    int r = link_parts(nodes, by_id, count, &parents, ret_detail);
    for (size_t depth = 0; depth <= BUNDLE_DEPTH_MAX && r == 0 && parents > 0;
         depth++) /* from the outside in */
        for (size_t i = 0; i < count && r == 0; i++)
            if (nodes[i].part != NULL && nodes[i].depth == depth)
                r = fold(sale, &nodes[i], arena);
    if (r < 0 || parents == 0)
        return r;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (nodes[i].part == NULL)
            sale->lines[kept++] = sale->lines[i];
    sale->line_count = kept;
    sale->is_taken_apart = true;
    return 0;
}
