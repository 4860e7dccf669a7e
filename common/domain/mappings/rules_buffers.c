/* buffers.yaml: units that are kept back, by SKU, depot, location or channel, for a time or for good.
 * A folder without the file keeps nothing back.
 *
 * A level is asked for its buffer each time it is made, so rows are found by product. */
#include "domain/mappings/rules_parts.h"

#include "base/text.h"

#include <errno.h>

enum { UNITS_MAX = 1000000000, MATRIX_MAX = 4 };

static int compare_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int compare_products(const void *a, const void *b)
{
    return compare_text(((const struct buffer_rule *)a)->product,
                        ((const struct buffer_rule *)b)->product);
}

static bool same_rows(const struct buffer_rule *a, const struct buffer_rule *b)
{
    bool same =
        compare_text(a->channel, b->channel) == 0 && compare_text(a->store, b->store) == 0 &&
        compare_text(a->location, b->location) == 0 && compare_text(a->depot, b->depot) == 0 &&
        compare_products(a, b) == 0 && a->matrix.count == b->matrix.count;
    for (size_t i = 0; same && i < a->matrix.count; i++)
        same = strcmp(a->matrix.items[i], b->matrix.items[i]) == 0;
    return same && (a->until == 0 || b->from <= a->until) && (b->until == 0 || a->from <= b->until);
}

static int check_row(const struct rules_reader *reader, const struct yaml_node *node,
                     const struct buffer_rule *row)
{
    if (row->matrix.count > 0 && row->product == NULL)
        return yaml_complain(reader->tree, node, reader->message,
                             "matrix: codes are of a product; name it");
    if (row->matrix.count > MATRIX_MAX)
        return yaml_complain(reader->tree, yaml_get(node, "matrix"), reader->message,
                             "matrix: at most four codes");
    if (row->location != NULL && (row->channel == NULL || row->store == NULL))
        return yaml_complain(reader->tree, node, reader->message,
                             "location: name its channel and store too");
    if (row->location != NULL && row->depot != NULL)
        return yaml_complain(reader->tree, node, reader->message,
                             "a row is for a location or for a depot; delete one of them");
    return row->until != 0 && row->until < row->from
               ? yaml_complain(reader->tree, yaml_get(node, "until"), reader->message,
                               "until: lies before from")
               : 0;
}

int rules_read_buffers(const struct rules_reader *reader, const struct yaml_node *root,
                       struct order_rules *rules)
{
    static const struct rules_field file_fields[] = {
        {.key = "buffers", .kind = RULES_NODE, .required = true}};
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct buffer_rule, channel, RULES_TEXT)},
        {RULES_FIELD(struct buffer_rule, store, RULES_TEXT)},
        {RULES_FIELD(struct buffer_rule, location, RULES_TEXT)},
        {RULES_FIELD(struct buffer_rule, depot, RULES_TEXT)},
        {RULES_FIELD(struct buffer_rule, product, RULES_TEXT)},
        {RULES_FIELD(struct buffer_rule, matrix, RULES_TEXTS)},
        {RULES_FIELD(struct buffer_rule, units, RULES_INT), .required = true, .min = 0,
         .max = UNITS_MAX},
        {RULES_FIELD(struct buffer_rule, from, RULES_DATE)},
        {RULES_FIELD(struct buffer_rule, until, RULES_DATE)},
        {RULES_FIELD(struct buffer_rule, reason, RULES_TEXT)},
    };
    static const struct buffer_rule defaults = {0};
    const struct yaml_node *list = NULL;
    void *items = NULL;
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &list);
    if (r == 0)
        r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &rules->buffer_count);
    if (r != 0)
        return r;
    rules->buffers = items;
    for (size_t i = 0; i < rules->buffer_count; i++) {
        rules->buffers[i].line = yaml_line(yaml_item(list, i));
        r = check_row(reader, yaml_item(list, i), &rules->buffers[i]);
        if (r < 0)
            return r;
    }
    qsort(rules->buffers, rules->buffer_count, sizeof *rules->buffers, compare_products);
    for (size_t i = 0; i < rules->buffer_count; i++)
        for (size_t j = i;
             j-- > 0 && compare_products(&rules->buffers[i], &rules->buffers[j]) == 0;)
            if (same_rows(&rules->buffers[i], &rules->buffers[j])) {
                const size_t a = rules->buffers[i].line, b = rules->buffers[j].line;
                const struct yaml_node *later = NULL;
                for (size_t k = 0; k < rules->buffer_count; k++)
                    if (yaml_line(yaml_item(list, k)) == (a > b ? a : b))
                        later = yaml_item(list, k);
                return yaml_complain(reader->tree, later, reader->message,
                                     "this buffer is here twice for the same days; delete one row");
            }
    return 0;
}

/* ---- lookup ---- */

struct buffer_asked {
    const struct channel_rules *channel;
    const struct stock_location *location;
    const struct prima_sku *sku;
    int32_t date;
};

static bool row_fits(const struct buffer_rule *row, const struct buffer_asked *asked)
{
    if (asked->date < row->from || (row->until != 0 && asked->date > row->until) ||
        !rules_row_fits(row->channel, row->store, asked->channel) ||
        (row->location != NULL && strcmp(row->location, asked->location->location) != 0))
        return false;
    for (size_t i = 0; i < row->matrix.count; i++)
        if (asked->sku->matrix[i] == NULL ||
            strcmp(row->matrix.items[i], asked->sku->matrix[i]) != 0)
            return false;
    return true;
}

/* The more closely a row says what it is for, the higher: the SKU first, then where. */
static int closeness(const struct buffer_rule *row)
{
    return (row->channel != NULL) + 2 * (row->store != NULL) + 4 * (row->location != NULL) +
           8 * (row->product != NULL) + 16 * (int)row->matrix.count;
}

struct buffer_best { /* of rows without depot (depot NULL), or of one depot */
    const char *depot;
    int closeness;
    int64_t units;
};

static void look_through(const struct order_rules *rules, const char *product,
                         const struct buffer_asked *asked, struct buffer_best *best)
{
    const struct buffer_rule key = {.product = product};
    const struct buffer_rule *row =
        bsearch(&key, rules->buffers, rules->buffer_count, sizeof key, compare_products);
    const struct buffer_rule *end = rules->buffers + rules->buffer_count;
    while (row != NULL && row > rules->buffers && compare_products(&row[-1], &key) == 0)
        row--;
    for (; row != NULL && row < end && compare_products(row, &key) == 0; row++)
        if (compare_text(row->depot, best->depot) == 0 && closeness(row) > best->closeness &&
            row_fits(row, asked)) {
            best->closeness = closeness(row);
            best->units = row->units;
        }
}

static int64_t best_units(const struct order_rules *rules, const char *depot,
                          const struct buffer_asked *asked)
{
    struct buffer_best best = {.depot = depot, .closeness = -1};
    look_through(rules, NULL, asked, &best);
    look_through(rules, asked->sku->product, asked, &best);
    return best.units;
}

int64_t rules_buffer(const struct order_rules *rules, const struct channel_rules *channel,
                     const struct stock_location *location, const struct prima_sku *sku,
                     int32_t date)
{
    const struct buffer_asked asked = {channel, location, sku, date};
    int64_t by_depot = 0;
    if (rules->buffer_count == 0)
        return 0;
    for (size_t i = 0; i < location->depots.count; i++)
        by_depot += best_units(rules, location->depots.items[i], &asked);
    const int64_t by_place = best_units(rules, NULL, &asked);
    return by_depot > by_place ? by_depot : by_place;
}

const struct buffer_rule *rules_buffer_at(const struct order_rules *rules, size_t index)
{
    return index < rules->buffer_count ? &rules->buffers[index] : NULL;
}
