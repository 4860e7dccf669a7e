/* bundles.yaml: what a channel sells as one SKU and Prima keeps as several products. A folder
 * without the file has no bundles. */
#include "domain/mappings/rules_parts.h"

enum { UNITS_MAX = 10000, WEIGHT_MAX = 1000000000, MATRIX_MAX = 4, NO_WEIGHT = -1 };

struct bundle_row { /* as the file has it */
    struct bundle_rule rule;
    const struct yaml_node *components, *node;
};

static int compare_texts(const char *a, const char *b)
{
    return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int compare_skus(const void *a, const void *b)
{
    return strcmp(((const struct bundle_rule *)a)->sku, ((const struct bundle_rule *)b)->sku);
}

/* By SKU, then by what the row names: rows that say the same lie side by side. */
static int compare_rows(const void *a_, const void *b_)
{
    const struct bundle_rule *a = &((const struct bundle_row *)a_)->rule,
                             *b = &((const struct bundle_row *)b_)->rule;
    const int by_sku = strcmp(a->sku, b->sku), by_channel = compare_texts(a->channel, b->channel);
    return by_sku != 0 ? by_sku : by_channel != 0 ? by_channel : compare_texts(a->store, b->store);
}

static bool same_product(const struct bundle_component *a, const struct bundle_component *b)
{
    bool same_codes = strcmp(a->product, b->product) == 0 && a->matrix.count == b->matrix.count;
    for (size_t i = 0; same_codes && i < a->matrix.count; i++)
        same_codes = strcmp(a->matrix.items[i], b->matrix.items[i]) == 0;
    return same_codes;
}

/* Weights are given for all components or for none, where each unit weighs the same. */
static int complete_weights(const struct rules_reader *reader, const struct yaml_node *list,
                            struct bundle_rule *bundle)
{
    size_t given = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < bundle->count; i++)
        given += bundle->components[i].weight != NO_WEIGHT;
    for (size_t i = 0; i < bundle->count; i++) {
        struct bundle_component *component = &bundle->components[i];
        if (given == 0)
            component->weight = component->quantity;
        if (component->weight == NO_WEIGHT)
            return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                 "bundle '%.40s': this component has no weight and another one "
                                 "has; give every component one, or none",
                                 bundle->sku);
        sum += component->weight;
    }
    return sum > 0 ? 0
                   : yaml_complain(reader->tree, list, reader->message,
                                   "bundle '%.40s': all weights are 0, so that no component would "
                                   "take its price; give one more than 0",
                                   bundle->sku);
}

static int read_components(const struct rules_reader *reader, const struct yaml_node *list,
                           struct bundle_rule *bundle)
{
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct bundle_component, product, RULES_TEXT), .required = true},
        {RULES_FIELD(struct bundle_component, matrix, RULES_TEXTS)},
        {RULES_FIELD(struct bundle_component, quantity, RULES_INT), .min = 1, .max = UNITS_MAX},
        {RULES_FIELD(struct bundle_component, weight, RULES_INT), .min = 0, .max = WEIGHT_MAX},
    };
    static const struct bundle_component defaults = {.quantity = 1, .weight = NO_WEIGHT};
    void *items = NULL;
    const int r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults,
                                  sizeof defaults, &items, &bundle->count);
    if (r < 0)
        return r;
    bundle->components = items;
    if (bundle->count == 0 || bundle->count > BUNDLE_COMPONENTS_MAX)
        return yaml_complain(reader->tree, list, reader->message,
                             "bundle '%.40s': components: 1 to %d are needed", bundle->sku,
                             BUNDLE_COMPONENTS_MAX);
    for (size_t i = 0; i < bundle->count; i++) {
        if (bundle->components[i].matrix.count > MATRIX_MAX)
            return yaml_complain(reader->tree, yaml_get(yaml_item(list, i), "matrix"),
                                 reader->message, "matrix: at most four codes");
        for (size_t j = 0; j < i; j++)
            if (same_product(&bundle->components[i], &bundle->components[j]))
                return yaml_complain(reader->tree, yaml_item(list, i), reader->message,
                                     "bundle '%.40s': product '%.40s' is here twice; write it "
                                     "once, with the quantity of both",
                                     bundle->sku, bundle->components[i].product);
    }
    return complete_weights(reader, list, bundle);
}

/* The rows sorted, each there once. */
static int keep_rows(const struct rules_reader *reader, const struct yaml_node *list,
                     struct bundle_row *rows, struct order_rules *rules)
{
    rules->bundles = arena_alloc(reader->arena, rules->bundle_count * sizeof *rules->bundles);
    if (rules->bundles == NULL)
        return yaml_complain(reader->tree, list, reader->message, "the mappings are too large");
    qsort(rows, rules->bundle_count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < rules->bundle_count; i++) {
        rules->bundles[i] = rows[i].rule;
        if (i == 0 || compare_rows(&rows[i - 1], &rows[i]) != 0)
            continue;
        const bool is_later = yaml_line(rows[i].node) >= yaml_line(rows[i - 1].node);
        return yaml_complain(reader->tree, rows[is_later ? i : i - 1].node, reader->message,
                             "bundle '%.40s' is here twice; delete one", rows[i].rule.sku);
    }
    return 0;
}

int rules_read_bundles(const struct rules_reader *reader, const struct yaml_node *root,
                       struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {
        {.key = "bundles", .kind = RULES_NODE, .required = true}};
    static const struct rules_field fields[] = {
        {.key = "channel", .kind = RULES_TEXT, .offset = offsetof(struct bundle_row, rule.channel)},
        {.key = "store", .kind = RULES_TEXT, .offset = offsetof(struct bundle_row, rule.store)},
        {.key = "sku",
         .kind = RULES_TEXT,
         .offset = offsetof(struct bundle_row, rule.sku),
         .required = true},
        {RULES_FIELD(struct bundle_row, components, RULES_NODE), .required = true},
        {.key = "computed_by_channel",
         .kind = RULES_BOOL,
         .offset = offsetof(struct bundle_row, rule.computed_by_channel)},
    };
    static const struct bundle_row defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &rules->bundle_count);
    struct bundle_row *rows = items;
    for (size_t i = 0; r == 0 && i < rules->bundle_count; i++) {
        rows[i].node = yaml_item(list, i);
        r = read_components(reader, rows[i].components, &rows[i].rule);
    }
    return r != 0 ? r : keep_rows(reader, list, rows, rules);
}

/* Of the rows of a SKU the one that names most decides. */
static const struct bundle_rule *bundles_find(const struct order_rules *rules,
                                              const struct channel_rules *channel, const char *sku)
{
    const struct bundle_rule key = {.sku = sku};
    const struct bundle_rule *row =
        bsearch(&key, rules->bundles, rules->bundle_count, sizeof key, compare_skus);
    const struct bundle_rule *best = NULL;
    if (row == NULL)
        return NULL;
    while (row > rules->bundles && strcmp(row[-1].sku, sku) == 0)
        row--;
    int best_named = -1;
    for (; row < rules->bundles + rules->bundle_count && strcmp(row->sku, sku) == 0; row++) {
        const int named = (row->channel != NULL) + 2 * (row->store != NULL);
        if (named > best_named && rules_row_fits(row->channel, row->store, channel)) {
            best = row;
            best_named = named;
        }
    }
    return best;
}

const struct bundle_rule *rules_bundle(const struct order_rules *rules,
                                       const struct channel_rules *channel, const char *sku)
{
    char trimmed[SKU_BYTES_MAX + 1];
    if (sku == NULL || rules->bundle_count == 0)
        return NULL;
    const struct bundle_rule *row = bundles_find(rules, channel, sku);
    return row != NULL || !rules_sku_trim(sku, trimmed) ? row
                                                        : bundles_find(rules, channel, trimmed);
}

const struct bundle_rule *rules_bundle_next(const struct order_rules *rules,
                                            const struct channel_rules *channel, size_t *cursor)
{
    while (*cursor < rules->bundle_count) {
        const struct bundle_rule *row = &rules->bundles[(*cursor)++];
        if (!row->computed_by_channel && rules_bundle(rules, channel, row->sku) == row)
            return row;
    }
    return NULL;
}
