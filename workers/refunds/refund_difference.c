/* Two versions of a refund; see refund_difference.h. */
#include "refund_difference.h"

#include "base/clock.h"
#include "domain/difference/order_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One thing that both versions may have, or one of them: a line, carriage, a kind of charge. */
struct item {
    const char *kind, *id; /* "line", "L7"; id may be NULL */
    int64_t units, shop, presentment, tax;
    const char *restock; /* NULL: in more ways than one, or not said of such */
};

struct item_list {
    struct item *items;
    size_t count;
};

struct comparing {
    const struct refund_event *former, *now;
    struct arena *arena;
    struct difference_list *found;
    bool is_full; /* the arena */
};

/* ---- telling ---- */

static const char *keep(struct comparing *c, struct buf *text)
{
    const char *kept = text->failed ? NULL : arena_text(c->arena, text->data, text->size);
    c->is_full |= kept == NULL;
    buf_release(text);
    return kept;
}

static const char *plain_text(struct comparing *c, const char *text)
{
    struct buf out;
    if (text == NULL)
        return NULL;
    buf_init(&out, 4 * DIFFERENCE_TEXT_MAX);
    words_put_text(&out, text);
    return keep(c, &out);
}

static const char *money_text(struct comparing *c, int64_t minor, const char *currency)
{
    struct buf out;
    buf_init(&out, 4 * DIFFERENCE_TEXT_MAX);
    words_put_money(&out, minor, currency);
    return keep(c, &out);
}

static const char *number_text(struct comparing *c, int64_t number)
{
    const char *text = arena_printf(c->arena, "%lld", (long long)number);
    c->is_full |= text == NULL;
    return text;
}

static void tell(struct comparing *c, enum difference_change change, const char *where,
                 const char *field, const char *before, const char *after)
{
    struct difference_list *list = c->found;
    if (list->count == DIFFERENCES_MAX)
        list->more++;
    else
        list->items[list->count++] = (struct difference){change, where, field, before, after};
}

static void tell_changed(struct comparing *c, const char *where, const char *field,
                         const char *before, const char *after)
{
    tell(c, DIFFERENCE_CHANGED, where, field, before, after);
}

/* ---- the refund's own fields ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void compare_texts(struct comparing *c, const char *field, const char *before,
                          const char *after)
{
    if (!same_text(before, after))
        tell_changed(c, "", field, plain_text(c, before != NULL ? before : "none"),
                     plain_text(c, after != NULL ? after : "none"));
}

static void compare_head(struct comparing *c)
{
    const struct refund_event *a = c->former, *b = c->now;
    char before[CLOCK_TEXT_MAX], after[CLOCK_TEXT_MAX];
    compare_texts(c, "kind", refund_kind_names[a->kind], refund_kind_names[b->kind]);
    compare_texts(c, "order", a->order_id, b->order_id);
    compare_texts(c, "currency", a->currency, b->currency);
    compare_texts(c, "customer's currency", a->presentment_currency, b->presentment_currency);
    compare_texts(c, "return", a->return_id, b->return_id);
    compare_texts(c, "test", a->test ? "yes" : "no", b->test ? "yes" : "no");
    if (a->created_at != b->created_at)
        compare_texts(c, "time", clock_format(a->created_at, before),
                      clock_format(b->created_at, after));
}

/* ---- lists ---- */

/* Unsigned: hostile amounts wrap, and differ all the same. */
static int64_t sum_of(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void add_item(struct item_list *list, const struct item *item)
{
    list->items[list->count++] = *item;
}

static int64_t tax_of(const struct money_set *tax, const struct refund_tax *rates, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = sum_of(sum, rates[i].amount.shop_minor);
    return count == 0 && tax != NULL ? tax->shop_minor : sum;
}

static struct item item_of(const char *kind, const char *id, const struct money_set *amount,
                           int64_t tax)
{
    return (struct item){.kind = kind,
                         .id = id,
                         .shop = amount->shop_minor,
                         .presentment = amount->presentment_minor,
                         .tax = tax};
}

static size_t room_for(const struct refund_event *e)
{
    return e->lines.count + e->carriage.count + e->charges.count + e->adjustments.count +
           e->taxes.count + e->sent.count + 2;
}

static void list_goods(const struct refund_event *e, struct item_list *list)
{
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct refund_line *l = &e->lines.items[i];
        struct item item = item_of("line", l->line_id, &l->amount,
                                   tax_of(l->tax, l->tax_lines.items, l->tax_lines.count));
        item.units = l->quantity;
        item.restock = restock_names[l->restock];
        add_item(list, &item);
    }
    for (size_t i = 0; i < e->sent.count; i++) {
        struct item item =
            item_of("line sent", e->sent.items[i].line_id, &e->sent.items[i].amount, 0);
        item.units = e->sent.items[i].quantity;
        add_item(list, &item);
    }
}

static void list_amounts(const struct refund_event *e, struct item_list *list)
{
    for (size_t i = 0; i < e->carriage.count; i++) {
        const struct refund_carriage *p = &e->carriage.items[i];
        const struct item item = item_of("carriage", p->line_id, &p->amount,
                                         tax_of(p->tax, p->tax_lines.items, p->tax_lines.count));
        add_item(list, &item);
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        const struct refund_charge *p = &e->charges.items[i];
        const struct item item = item_of("charge", charge_kind_names[p->kind], &p->amount,
                                         tax_of(p->tax, p->tax_lines.items, p->tax_lines.count));
        add_item(list, &item);
    }
    for (size_t i = 0; i < e->adjustments.count; i++) {
        const struct refund_adjustment *p = &e->adjustments.items[i];
        const struct item item = item_of("adjustment", adjustment_kind_names[p->kind], &p->amount,
                                         tax_of(p->tax, NULL, 0));
        add_item(list, &item);
    }
    for (size_t i = 0; i < e->taxes.count; i++) {
        const struct item item = item_of("tax alone", NULL, &e->taxes.items[i].amount, 0);
        add_item(list, &item);
    }
    if (e->order_amount != NULL) {
        const struct item item = item_of("amount for the order", NULL, e->order_amount, 0);
        add_item(list, &item);
    }
    if (e->set_off.shop_minor != 0) {
        const struct item item = item_of("set-off", NULL, &e->set_off, 0);
        add_item(list, &item);
    }
}

static int by_name(const void *a_, const void *b_)
{
    const struct item *a = a_, *b = b_;
    const int order = strcmp(a->kind, b->kind);
    return order != 0 ? order : strcmp(a->id != NULL ? a->id : "", b->id != NULL ? b->id : "");
}

/* What is one thing becomes one item. */
static void add_up(struct item_list *list)
{
    size_t count = 0;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, by_name);
    for (size_t i = 0; i < list->count; i++) {
        struct item *last = count > 0 ? &list->items[count - 1] : NULL;
        const struct item *item = &list->items[i];
        if (last == NULL || by_name(last, item) != 0) {
            list->items[count++] = *item;
            continue;
        }
        last->units = sum_of(last->units, item->units);
        last->shop = sum_of(last->shop, item->shop);
        last->presentment = sum_of(last->presentment, item->presentment);
        last->tax = sum_of(last->tax, item->tax);
        if (!same_text(last->restock, item->restock))
            last->restock = NULL;
    }
    list->count = count;
}

static bool list_items(struct comparing *c, const struct refund_event *e, struct item_list *list)
{
    *list = (struct item_list){.items = arena_alloc(c->arena, room_for(e) * sizeof *list->items)};
    c->is_full |= list->items == NULL;
    if (list->items == NULL)
        return false;
    list_goods(e, list);
    list_amounts(e, list);
    add_up(list);
    return true;
}

static const char *name_of(struct comparing *c, const struct item *item)
{
    struct buf out;
    buf_init(&out, 4 * DIFFERENCE_TEXT_MAX);
    buf_text(&out, item->kind);
    if (item->id != NULL) {
        buf_byte(&out, ' ');
        words_put_text(&out, item->id);
    }
    return keep(c, &out);
}

static void compare_money(struct comparing *c, const char *where, const char *field, int64_t before,
                          int64_t after)
{
    if (before != after)
        tell_changed(c, where, field, money_text(c, before, c->former->currency),
                     money_text(c, after, c->now->currency));
}

static void compare_items(struct comparing *c, const struct item *a, const struct item *b)
{
    const char *where = name_of(c, a);
    if (where == NULL)
        return;
    if (a->units != b->units)
        tell_changed(c, where, "units", number_text(c, a->units), number_text(c, b->units));
    compare_money(c, where, "amount", a->shop, b->shop);
    if (a->shop == b->shop && a->presentment != b->presentment)
        tell_changed(c, where, "amount in the customer's currency", NULL, NULL);
    compare_money(c, where, "tax", a->tax, b->tax);
    if (!same_text(a->restock, b->restock))
        tell_changed(c, where, "restock", a->restock, b->restock);
}

static void tell_alone(struct comparing *c, enum difference_change change, const struct item *item,
                       const char *currency)
{
    const char *name = name_of(c, item), *amount = money_text(c, item->shop, currency);
    tell(c, change, "", name, change == DIFFERENCE_REMOVED ? amount : NULL,
         change == DIFFERENCE_ADDED ? amount : NULL);
}

static void compare_lists(struct comparing *c)
{
    struct item_list before, after;
    size_t i = 0, k = 0;
    if (!list_items(c, c->former, &before) || !list_items(c, c->now, &after))
        return;
    while (!c->is_full && (i < before.count || k < after.count)) {
        const int order = i == before.count  ? 1
                          : k == after.count ? -1
                                             : by_name(&before.items[i], &after.items[k]);
        if (order == 0)
            compare_items(c, &before.items[i], &after.items[k]);
        else if (order < 0)
            tell_alone(c, DIFFERENCE_REMOVED, &before.items[i], c->former->currency);
        else
            tell_alone(c, DIFFERENCE_ADDED, &after.items[k], c->now->currency);
        i += order <= 0;
        k += order >= 0;
    }
}

int refund_differences(const struct refund_event *former, const struct refund_event *now,
                       struct arena *arena, struct difference_list *ret_list)
{
    struct difference_list list = {.count = 0};
    struct comparing c = {.former = former, .now = now, .arena = arena, .found = &list};
    compare_head(&c);
    compare_lists(&c);
    if (c.is_full)
        return -ENOMEM;
    *ret_list = list;
    return 0;
}
