/* skus.yaml the other way: how a channel writes a product of Prima's.
 *
 * A separator joins what it cuts. A pattern cannot be run backwards: it has a template, `write`, in
 * which $1 to $5 stand for its groups. Whatever is written is read again, and is no spelling unless
 * the same product comes out: codes that contain the separator, shapes that shadow each other and
 * bundles are found by that, without a rule for each. */
#include "domain/mappings/rules_parts.h"

#include "base/buf.h"
#include "base/text.h"

#include <errno.h>

enum { PARTS_MAX = 5 };

const char *const sku_unwritten_texts[] = {
    [SKU_WRITTEN] = "it is written",
    [SKU_NO_SHAPE] = "no shape of skus.yaml is for this channel; add one",
    [SKU_NO_TEMPLATE] =
        "the channel's shape in skus.yaml is a pattern, which cannot be written; add "
        "write: to it, with $1, $2 ... for its groups",
    [SKU_AMBIGUOUS] = "what its shape in skus.yaml writes is too long or is read as another "
                      "product; add a row to the table",
};

static int compare_rows(const void *a, const void *b)
{
    return strcmp((*(const struct sku_row *const *)a)->product,
                  (*(const struct sku_row *const *)b)->product);
}

/* ---- writing ---- */

static bool same_code(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool same_sku(const struct prima_sku *a, const struct prima_sku *b)
{
    bool same = same_code(a->product, b->product);
    for (size_t i = 0; i < PARTS_MAX - 1; i++)
        same = same && same_code(a->matrix[i], b->matrix[i]);
    return same;
}

static bool is_of(const struct sku_row *row, const struct prima_sku *sku)
{
    struct prima_sku own = {.product = row->product};
    for (size_t i = 0; i < row->matrix.count; i++)
        own.matrix[i] = row->matrix.items[i];
    return same_sku(&own, sku);
}

static const char *part_of(const struct prima_sku *sku, size_t i)
{
    const char *code = i == 0 ? sku->product : sku->matrix[i - 1];
    return code == NULL ? "" : code;
}

static void write_template(const char *text, const struct prima_sku *sku, struct buf *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '$' && p[1] >= '1' && p[1] <= '0' + PARTS_MAX)
            buf_text(out, part_of(sku, (size_t)(*++p - '1')));
        else
            buf_byte(out, (uint8_t)(*p == '$' ? *++p : *p));
    }
}

static void write_joined(const char *separator, const struct prima_sku *sku, struct buf *out)
{
    size_t count = PARTS_MAX;
    while (count > 1 && *part_of(sku, count - 1) == '\0')
        count--;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_text(out, separator);
        buf_text(out, part_of(sku, i));
    }
}

struct spelling {
    const struct order_rules *rules;
    const struct channel_rules *channel;
    const struct prima_sku *sku;
    struct arena *arena;
    struct rules_texts *skus;
};

/* Keeps a spelling that is read as the product again. 1: it is; 0; -ENOMEM. */
static int keep(const struct spelling *s, const char *text)
{
    struct prima_sku back;
    const int r = rules_sku(s->rules, s->channel, text, s->arena, &back);
    if (r <= 0 || !same_sku(&back, s->sku) || rules_bundle(s->rules, s->channel, text) != NULL)
        return r < 0 ? r : 0;
    if (rules_list_has(s->skus, text))
        return 1;
    const char *copy = s->skus->count < SKU_SPELLINGS_MAX ? TEXT_JOIN(s->arena, text) : NULL;
    if (copy == NULL)
        return s->skus->count < SKU_SPELLINGS_MAX ? -ENOMEM : 1;
    s->skus->items[s->skus->count++] = copy;
    return 1;
}

static int keep_table(const struct spelling *s)
{
    const struct sku_row wanted = {.product = s->sku->product}, *key = &wanted;
    const struct sku_row **row = NULL, **begin = s->rules->by_product;
    if (s->rules->sku_count > 0)
        row = bsearch(&key, begin, s->rules->sku_count, sizeof *begin, compare_rows);
    while (row != NULL && row > begin && compare_rows(&row[-1], &key) == 0)
        row--;
    for (; row != NULL && row < begin + s->rules->sku_count && compare_rows(row, &key) == 0;
         row++) {
        const int r = is_of(*row, s->sku) ? keep(s, (*row)->sku) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int keep_shape(const struct spelling *s, enum sku_unwritten *ret_why)
{
    char text[SKU_BYTES_MAX + 1];
    *ret_why = SKU_NO_SHAPE;
    for (size_t i = 0; i < s->rules->shape_count; i++) {
        const struct sku_shape *shape = &s->rules->shapes[i];
        if (!rules_row_fits(shape->channel, shape->store, s->channel))
            continue;
        *ret_why = SKU_NO_TEMPLATE;
        if (shape->pattern != NULL && shape->write == NULL)
            return 0; /* how this channel writes is not known: no later shape may guess */
        struct buf out;
        buf_init(&out, SKU_BYTES_MAX);
        if (shape->pattern != NULL)
            write_template(shape->write, s->sku, &out);
        else
            write_joined(shape->separator, s->sku, &out);
        const bool fits = !out.failed;
        (void)snprintf(text, sizeof text, "%s", out.data);
        buf_release(&out);
        *ret_why = SKU_AMBIGUOUS;
        const int r = fits ? keep(s, text) : 0;
        if (r > 0)
            *ret_why = SKU_WRITTEN;
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return 0;
}

int rules_sku_write(const struct order_rules *rules, const struct channel_rules *channel,
                    const struct prima_sku *sku, struct arena *arena, struct rules_texts *ret_skus,
                    enum sku_unwritten *ret_why)
{
    struct rules_texts skus = {.items = arena_alloc(arena, SKU_SPELLINGS_MAX * sizeof *skus.items)};
    const struct spelling s = {rules, channel, sku, arena, &skus};
    if (skus.items == NULL)
        return -ENOMEM;
    int r = keep_table(&s);
    if (r == 0)
        r = keep_shape(&s, ret_why);
    if (r == 0)
        *ret_skus = skus;
    return r;
}
