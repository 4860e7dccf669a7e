/* Lines of the bundles file become their components; see order_bundle.h. Parents that the channel
 * sends: order_parents.c. */
#include "order_bundle.h"

#include "base/digest.h"
#include "order_shares.h"
#include "base/text.h"

#include <errno.h>

uint16_t bundle_mark(const struct bundle_rule *bundle)
{
    uint8_t hash[DIGEST_SIZE] = {0};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_component *c = &bundle->components[i];
        buf_append(&text, c->product, strlen(c->product) + 1);
        for (size_t m = 0; m < c->matrix.count; m++)
            buf_append(&text, c->matrix.items[m], strlen(c->matrix.items[m]) + 1);
        buf_printf(&text, "\n%lld %lld\n", (long long)c->quantity, (long long)c->weight);
    }
    if (!text.failed)
        digest_sha256(text.data, text.size, hash);
    buf_release(&text);
    return (uint16_t)(hash[0] << 8 | hash[1]);
}

/* A copy: facts about it may outlive the rules. */
static bool copy_product(const struct bundle_component *component, struct arena *arena,
                         struct prima_sku *ret_sku)
{
    struct prima_sku sku = {.product = TEXT_JOIN(arena, component->product)};
    bool is_whole = sku.product != NULL;
    for (size_t i = 0; i < component->matrix.count; i++) {
        sku.matrix[i] = TEXT_JOIN(arena, component->matrix.items[i]);
        is_whole = is_whole && sku.matrix[i] != NULL;
    }
    *ret_sku = sku;
    return is_whole;
}

static int explode_line(struct sale *sale, const struct sale_line *line,
                        const struct bundle_rule *bundle, struct arena *arena,
                        struct sale_line parts[])
{
    int64_t weights[BUNDLE_COMPONENTS_MAX];
    struct exact *x = &sale->exact;
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_component *component = &bundle->components[i];
        weights[i] = component->weight;
        parts[i] = *line;
        parts[i].component = component;
        parts[i].component_number = i + 1;
        parts[i].bundles = line->bundles != 0 ? line->bundles : line->quantity;
        parts[i].quantity = exact_multiply(x, line->quantity, component->quantity);
        parts[i].unit = 0;
        x->overflow |= parts[i].quantity > INT32_MAX;
        if (!copy_product(component, arena, &parts[i].product))
            return -ENOMEM;
    }
    return sale_share_out(sale, line, weights, bundle->count, arena, parts);
}

/* Whether a line is taken apart, and by which row. */
static const struct bundle_rule *bundle_of(const struct sale_line *line,
                                           const struct order_rules *rules,
                                           const struct channel_rules *channel,
                                           const struct sale_bundle *only, size_t only_count,
                                           bool is_chosen)
{
    const struct bundle_rule *bundle = order_line_bundle(line->event, rules, channel);
    if (bundle == NULL || !is_chosen)
        return bundle;
    for (size_t i = 0; i < only_count; i++)
        if (only[i].line == line->number)
            return only[i].mark == bundle_mark(bundle) ? bundle : NULL;
    return NULL;
}

int sale_explode(struct sale *sale, const struct order_rules *rules,
                 const struct channel_rules *channel, const struct sale_bundle *only,
                 size_t only_count, struct arena *arena)
{
    size_t count = 0;
    bool any = false;
    const struct bundle_rule **rows = arena_alloc(arena, sale->line_count * sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < sale->line_count; i++) {
        rows[i] = bundle_of(&sale->lines[i], rules, channel, only, only_count, only != NULL);
        count += rows[i] == NULL ? 1 : rows[i]->count;
        any |= rows[i] != NULL;
    }
    if (!any)
        return 0;
    struct sale_line *lines = arena_alloc(arena, count * sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    count = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        if (rows[i] == NULL) {
            lines[count++] = sale->lines[i];
            continue;
        }
        const int r = explode_line(sale, &sale->lines[i], rows[i], arena, &lines[count]);
        if (r < 0)
            return r;
        count += rows[i]->count;
    }
    sale->lines = lines;
    sale->line_count = count;
    sale->is_taken_apart = true;
    return 0;
}
