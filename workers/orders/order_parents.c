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
    struct node *part, *next; /* a parent's parts, in the order of lines */
    size_t part_count, depth;
};

static void chain_parts(struct sale *sale, const struct line_parent *parents, struct node *nodes)
{
    for (size_t i = sale->line_count; i-- > 0;) {
        nodes[i].line = &sale->lines[i];
        nodes[i].part_count = parents[i].part_count;
        nodes[i].depth = parents[i].depth;
        if (parents[i].parent == SIZE_MAX)
            continue;
        struct node *parent = &nodes[parents[i].parent];
        nodes[i].next = parent->part;
        parent->part = &nodes[i];
    }
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
    struct line_parent *parents = NULL;
    const struct order_line **lines = arena_alloc(arena, count * sizeof *lines);
    struct node *nodes = arena_alloc(arena, count * sizeof *nodes);
    if (lines == NULL || nodes == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        lines[i] = sale->lines[i].event;
    int r = line_parents_find(lines, count, arena, &parents, ret_detail);
    if (r < 0 || parents == NULL)
        return r;
    chain_parts(sale, parents, nodes);
    for (size_t depth = 0; depth <= BUNDLE_DEPTH_MAX && r == 0; depth++) /* from the outside in */
        for (size_t i = 0; i < count && r == 0; i++)
            if (nodes[i].part != NULL && nodes[i].depth == depth)
                r = fold(sale, &nodes[i], arena);
    if (r < 0)
        return r;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (nodes[i].part == NULL)
            sale->lines[kept++] = sale->lines[i];
    sale->line_count = kept;
    sale->is_taken_apart = true;
    return 0;
}
