/* skus.yaml: how a channel's SKU is made of Prima's product and matrix codes. The table of
 * exceptions first, then the first shape that fits. */
#include "domain/mappings/rules_parts.h"

#include <errno.h>

#include "base/text.h"

enum { PARTS_MAX = 5 }; /* a product and four matrix codes */

struct shape_row {
    const char *channel, *store, *separator, *pattern, *write;
};

static int compare_skus(const void *a, const void *b)
{
    return strcmp(((const struct sku_row *)a)->sku, ((const struct sku_row *)b)->sku);
}

/* Whether a shape's template names each group of its pattern. */
static int check_template(const struct rules_reader *reader, const struct yaml_node *node,
                          const struct sku_shape *shape)
{
    bool seen[PARTS_MAX + 1] = {false};
    for (const char *p = shape->write; *p != '\0'; p++) {
        if (*p != '$')
            continue;
        p++;
        const int group = *p - '0';
        if (*p == '$')
            continue;
        if (group < 1 || (size_t)group > shape->pattern->re_nsub)
            return yaml_complain(reader->tree, yaml_get(node, "write"), reader->message,
                                 "write: '$' is followed by the number of a group of the pattern, "
                                 "1 to %d, or by '$'",
                                 (int)shape->pattern->re_nsub);
        seen[group] = true;
    }
    for (size_t i = 1; i <= shape->pattern->re_nsub; i++)
        if (!seen[i])
            return yaml_complain(reader->tree, yaml_get(node, "write"), reader->message,
                                 "write: $%d is missing: products that differ in it would have one "
                                 "SKU",
                                 (int)i);
    return 0;
}

static int read_shape(const struct rules_reader *reader, const struct yaml_node *node,
                      const struct shape_row *row, struct sku_shape *shape)
{
    *shape = (struct sku_shape){.channel = row->channel,
                                .store = row->store,
                                .separator = row->separator,
                                .write = row->write};
    if ((row->separator == NULL) == (row->pattern == NULL))
        return yaml_complain(reader->tree, node, reader->message,
                             "a shape has either a separator or a pattern");
    if (row->pattern == NULL && row->write != NULL)
        return yaml_complain(
            reader->tree, yaml_get(node, "write"), reader->message,
            "write: a separator says by itself how SKUs are written; leave it out");
    if (row->pattern == NULL)
        return 0;
    shape->pattern = calloc(1, sizeof *shape->pattern);
    if (shape->pattern == NULL)
        return yaml_complain(reader->tree, node, reader->message, "no memory");
    const int r = regcomp(shape->pattern, row->pattern, REG_EXTENDED);
    if (r != 0) {
        char why[100];
        (void)regerror(r, shape->pattern, why, sizeof why);
        free(shape->pattern);
        shape->pattern = NULL;
        return yaml_complain(reader->tree, yaml_get(node, "pattern"), reader->message,
                             "pattern: %s", why);
    }
    if (shape->pattern->re_nsub < 1 || shape->pattern->re_nsub > PARTS_MAX)
        return yaml_complain(reader->tree, yaml_get(node, "pattern"), reader->message,
                             "pattern: one group (...) is needed for the product, and up to four "
                             "more for matrix codes");
    return row->write == NULL ? 0 : check_template(reader, node, shape);
}

static int read_shapes(const struct rules_reader *reader, const struct yaml_node *list,
                       struct order_rules *rules)
{
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct shape_row, channel, RULES_TEXT)},
        {RULES_FIELD(struct shape_row, store, RULES_TEXT)},
        {RULES_FIELD(struct shape_row, separator, RULES_TEXT)},
        {RULES_FIELD(struct shape_row, pattern, RULES_TEXT)},
        {RULES_FIELD(struct shape_row, write, RULES_TEXT)},
    };
    static const struct shape_row defaults = {0};
    void *items = NULL;
    size_t count = 0;
    int r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults, sizeof defaults,
                            &items, &count);
    if (r < 0)
        return r;
    const struct shape_row *rows = items;
    rules->shapes = arena_alloc(reader->arena, count * sizeof *rules->shapes);
    if (rules->shapes == NULL)
        return yaml_complain(reader->tree, list, reader->message, "the mappings are too large");
    for (size_t i = 0; i < count && r == 0; i++) {
        r = read_shape(reader, yaml_item(list, i), &rows[i], &rules->shapes[i]);
        rules->shape_count = i + 1; /* so that a pattern of a refused file is freed too */
    }
    return r;
}

static int compare_products(const void *a, const void *b)
{
    return strcmp((*(const struct sku_row *const *)a)->product,
                  (*(const struct sku_row *const *)b)->product);
}

/* The table in the order of products, for writing SKUs. */
static int index_products(const struct rules_reader *reader, const struct yaml_node *list,
                          struct order_rules *rules)
{
    rules->by_product =
        arena_alloc(reader->arena, (rules->sku_count + 1) * sizeof *rules->by_product);
    if (rules->by_product == NULL)
        return yaml_complain(reader->tree, list, reader->message, "the mappings are too large");
    for (size_t i = 0; i < rules->sku_count; i++)
        rules->by_product[i] = &rules->skus[i];
    qsort(rules->by_product, rules->sku_count, sizeof *rules->by_product, compare_products);
    return 0;
}

static int read_table(const struct rules_reader *reader, const struct yaml_node *list,
                      struct order_rules *rules)
{
    static const struct rules_field fields[] = {
        {RULES_FIELD(struct sku_row, channel, RULES_TEXT)},
        {RULES_FIELD(struct sku_row, store, RULES_TEXT)},
        {RULES_FIELD(struct sku_row, sku, RULES_TEXT), .required = true},
        {RULES_FIELD(struct sku_row, product, RULES_TEXT), .required = true},
        {RULES_FIELD(struct sku_row, matrix, RULES_TEXTS)},
    };
    static const struct sku_row defaults = {0};
    void *items = NULL;
    const int r = rules_read_list(reader, list, fields, RULES_COUNT(fields), &defaults,
                                  sizeof defaults, &items, &rules->sku_count);
    if (r < 0)
        return r;
    rules->skus = items;
    for (size_t i = 0; i < rules->sku_count; i++) {
        rules->skus[i].node = yaml_item(list, i);
        if (rules->skus[i].matrix.count >= PARTS_MAX)
            return yaml_complain(reader->tree, yaml_get(rules->skus[i].node, "matrix"),
                                 reader->message, "matrix: at most four codes");
    }
    qsort(rules->skus, rules->sku_count, sizeof *rules->skus, compare_skus);
    for (size_t i = 1; i < rules->sku_count; i++) {
        const struct sku_row *a = &rules->skus[i - 1], *b = &rules->skus[i];
        if (strcmp(a->sku, b->sku) == 0 &&
            (a->channel == NULL || b->channel == NULL || strcmp(a->channel, b->channel) == 0) &&
            (a->store == NULL || b->store == NULL || strcmp(a->store, b->store) == 0))
            return yaml_complain(
                reader->tree, yaml_line(a->node) > yaml_line(b->node) ? a->node : b->node,
                reader->message, "table: SKU '%.40s' is there twice; delete one row", b->sku);
    }
    return index_products(reader, list, rules);
}

int rules_read_skus(const struct rules_reader *reader, const struct yaml_node *root,
                    struct order_rules *rules)
{
    struct file {
        const char *misc_item, *gift_card;
        const struct yaml_node *shapes, *table;
    } file = {0};
    static const struct rules_field file_fields[] = {
        {RULES_FIELD(struct file, misc_item, RULES_TEXT)},
        {RULES_FIELD(struct file, gift_card, RULES_TEXT)},
        {RULES_FIELD(struct file, shapes, RULES_NODE), .required = true},
        {RULES_FIELD(struct file, table, RULES_NODE)},
    };
    int r = rules_read_map(reader, root, file_fields, RULES_COUNT(file_fields), &file);
    if (r < 0)
        return r;
    rules->misc_item = file.misc_item;
    rules->gift_card = file.gift_card;
    r = read_shapes(reader, file.shapes, rules);
    return r < 0 ? r : read_table(reader, file.table, rules);
}

void rules_free_skus(struct order_rules *rules)
{
    for (size_t i = 0; i < rules->shape_count; i++)
        if (rules->shapes[i].pattern != NULL) {
            regfree(rules->shapes[i].pattern);
            free(rules->shapes[i].pattern);
        }
}

/* As rules_sku: 1, 0 or -ENOMEM; so are those that take a text apart. */
static int set_part(struct prima_sku *sku, size_t i, const char *text, size_t size,
                    struct arena *arena)
{
    const char *copy = arena_text(arena, text, size);
    if (copy == NULL)
        return -ENOMEM;
    if (i == 0)
        sku->product = copy;
    else
        sku->matrix[i - 1] = copy;
    return 1;
}

static int rules_skus_split(const char *text, const char *separator, struct arena *arena,
                            struct prima_sku *ret_sku)
{
    struct prima_sku sku = {0};
    const size_t step = strlen(separator);
    for (size_t i = 0;; i++) {
        const char *end = strstr(text, separator);
        const size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        if (i == PARTS_MAX || size == 0)
            return 0;
        const int r = set_part(&sku, i, text, size, arena);
        if (r < 0)
            return r;
        if (end == NULL)
            break;
        text = end + step;
    }
    *ret_sku = sku;
    return 1;
}

static int match(const char *text, const regex_t *pattern, struct arena *arena,
                 struct prima_sku *ret_sku)
{
    regmatch_t groups[PARTS_MAX + 1];
    if (regexec(pattern, text, PARTS_MAX + 1, groups, 0) != 0)
        return 0;
    struct prima_sku sku = {0};
    for (size_t i = 0; i < pattern->re_nsub; i++) {
        const regmatch_t *group = &groups[i + 1];
        if (group->rm_so < 0 || group->rm_eo <= group->rm_so)
            continue;
        const int r =
            set_part(&sku, i, text + group->rm_so, (size_t)(group->rm_eo - group->rm_so), arena);
        if (r < 0)
            return r;
    }
    if (sku.product == NULL)
        return 0;
    *ret_sku = sku;
    return 1;
}

bool rules_sku_trim(const char *text, char ret_sku[static SKU_BYTES_MAX + 1])
{
    size_t size;
    text = text_trim(text, &size);
    if (size > SKU_BYTES_MAX)
        return false;
    memcpy(ret_sku, text, size);
    ret_sku[size] = '\0';
    return true;
}

static const struct sku_row *find_row(const struct order_rules *rules,
                                      const struct channel_rules *channel, const char *text)
{
    const struct sku_row key = {.sku = text};
    const struct sku_row *row =
        bsearch(&key, rules->skus, rules->sku_count, sizeof key, compare_skus);
    if (row == NULL)
        return NULL;
    while (row > rules->skus && strcmp(row[-1].sku, text) == 0)
        row--;
    for (; row < rules->skus + rules->sku_count && strcmp(row->sku, text) == 0; row++)
        if (rules_row_fits(row->channel, row->store, channel))
            return row;
    return NULL;
}

/* A copy: the record may outlive the rules. */
static int copy_row(const struct sku_row *row, struct arena *arena, struct prima_sku *ret_sku)
{
    struct prima_sku sku = {0};
    int r = set_part(&sku, 0, row->product, strlen(row->product), arena);
    for (size_t i = 0; i < row->matrix.count && r > 0; i++)
        r = set_part(&sku, i + 1, row->matrix.items[i], strlen(row->matrix.items[i]), arena);
    if (r > 0)
        *ret_sku = sku;
    return r;
}

int rules_sku(const struct order_rules *rules, const struct channel_rules *channel,
              const char *text, struct arena *arena, struct prima_sku *ret_sku)
{
    char sku[SKU_BYTES_MAX + 1];
    const struct sku_row *row = find_row(rules, channel, text); /* as it is written, too */
    if (!rules_sku_trim(text, sku))
        return 0;
    if (row == NULL)
        row = find_row(rules, channel, sku);
    if (row != NULL)
        return copy_row(row, arena, ret_sku);
    int r = 0;
    for (size_t i = 0; i < rules->shape_count && r == 0; i++) {
        const struct sku_shape *shape = &rules->shapes[i];
        if (rules_row_fits(shape->channel, shape->store, channel))
            r = shape->pattern != NULL ? match(sku, shape->pattern, arena, ret_sku)
                                       : rules_skus_split(sku, shape->separator, arena, ret_sku);
    }
    return r;
}

const char *rules_misc_item(const struct order_rules *rules, const struct channel_rules *channel)
{
    return channel != NULL && channel->misc_item != NULL ? channel->misc_item : rules->misc_item;
}

const char *rules_gift_card(const struct order_rules *rules, const struct channel_rules *channel)
{
    return channel != NULL && channel->gift_card != NULL ? channel->gift_card : rules->gift_card;
}
