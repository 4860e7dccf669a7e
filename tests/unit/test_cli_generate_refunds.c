/* Made-up refunds, judged beside the made-up orders by arithmetic that shares nothing with the
 * generator's: everything is taken from the finished JSON of both, what is left of each order is
 * counted here, and the judge itself must find a single minor unit moved anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "../support/effort.h"
#include "order_gen.h"
#include "refund_gen.h"

enum { KEYS = 60, EVENTS = 150, LINES_MAX = 8, TENDERS_MAX = 2 };

static const int64_t start_ms = INT64_C(1767603600000);
static const uint64_t all_kinds = (UINT64_C(1) << REFUND_MADE_COUNT) - 1;

/* ---- an order's JSON, and what is left of it in one of its moneys ---- */

struct rest {
    int64_t units, amount, tax, discount;
};

struct order {
    json_t *json;
    bool gross, is_business;
    struct left {
        struct rest lines[LINES_MAX], shipping, wrap;
        int64_t tenders[TENDERS_MAX], total;
        bool by_money; /* an amount for the whole order was paid back, or an edit is owed for */
    } left[2];         /* shop, presentment */
};

static const char *const moneys[] = {"shop_minor", "presentment_minor"};

static int64_t minor(const json_t *set, const char *money)
{
    if (set == NULL)
        return 0;
    const json_t *amount = json_object_get(set, money);
    assert_non_null(amount);
    return json_integer_value(amount);
}

static int64_t minor_of(const json_t *object, const char *name, const char *money)
{
    return minor(json_object_get(object, name), money);
}

static int64_t sum_of(const json_t *list, const char *money)
{
    int64_t sum = 0;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) sum += minor_of(item, "amount", money);
    return sum;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static struct rest part_of_order(const json_t *part, const char *price, int64_t units,
                                 const char *money)
{
    const int64_t discount = sum_of(json_object_get(part, "discounts"), money);
    return (struct rest){units, minor_of(part, price, money) * units - discount,
                         sum_of(json_object_get(part, "tax_lines"), money), discount};
}

static int money_count(const json_t *event)
{
    return json_object_get(event, "presentment_currency") != NULL ? 2 : 1;
}

static struct order order_read(json_t *json)
{
    struct order o = {.json = json,
                      .gross = json_is_true(json_object_get(json, "taxes_included")),
                      .is_business = json_object_get(json, "business") != NULL};
    for (int m = 0; m < money_count(json); m++) {
        struct left *left = &o.left[m];
        const char *money = moneys[m];
        size_t i;
        json_t *part;
        json_array_foreach(json_object_get(json, "lines"), i, part) left->lines[i] =
            part_of_order(part, "unit_price", number_of(part, "quantity"), money);
        json_array_foreach(json_object_get(json, "shipping_lines"), i, part) left->shipping =
            part_of_order(part, "price", 1, money);
        json_array_foreach(json_object_get(json, "charges"), i, part) left->wrap =
            part_of_order(part, "amount", 1, money);
        json_array_foreach(json_object_get(json, "tenders"), i, part) left->tenders[i] =
            minor_of(part, "amount", money);
        left->total = minor_of(json_object_get(json, "totals"), "total", money);
    }
    return o;
}

/* ---- the judge: NULL, nothing is wrong ---- */

static const json_t *find(const json_t *list, const char *name, const char *text, size_t *ret_at)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(text_of(json_array_get(list, i), name), text) == 0) {
            *ret_at = i;
            return json_array_get(list, i);
        }
    return NULL;
}

static int64_t share(int64_t whole, int64_t part, int64_t of)
{
    return of == 0 ? 0 : whole * part / of;
}

/* Takes a line, exactly its units' part of what is left. */
static const char *line_judge(const struct order *o, struct left *left, const json_t *line,
                              enum refund_kind_made kind, const char *money, int64_t *parts)
{
    size_t at = 0;
    const json_t *sold =
        find(json_object_get(o->json, "lines"), "line_id", text_of(line, "line_id"), &at);
    const int64_t units = number_of(line, "quantity"), amount = minor_of(line, "amount", money),
                  tax = sum_of(json_object_get(line, "tax_lines"), money),
                  discount = minor_of(line, "discount", money);
    if (sold == NULL)
        return "a line that the order has not";
    struct rest *rest = &left->lines[at];
    if (units < 1 || units > rest->units)
        return "units";
    if (amount != share(rest->amount, units, rest->units))
        return "a line's amount";
    if (tax != share(rest->tax, units, rest->units))
        return "a line's tax";
    if (discount != share(rest->discount, units, rest->units))
        return "a line's discount";
    if (strcmp(text_of(line, "restock"), "return") == 0 &&
        strcmp(text_of(line, "location_id"), text_of(sold, "location_id")) != 0 &&
        (kind != REFUND_MADE_restock_unmapped || strcmp(text_of(line, "location_id"), "9999") != 0))
        return "a line's location";
    *rest = (struct rest){rest->units - units, rest->amount - amount, rest->tax - tax,
                          rest->discount - discount};
    *parts += amount + (o->gross ? 0 : tax);
    return NULL;
}

static const char *extra_judge(const struct order *o, struct rest *rest, const json_t *list,
                               const char *money, int64_t *parts)
{
    const json_t *extra = json_array_get(list, 0);
    if (extra == NULL)
        return NULL;
    const int64_t tax = sum_of(json_object_get(extra, "tax_lines"), money);
    if (json_array_size(list) != 1 || minor_of(extra, "amount", money) != rest->amount)
        return "an extra's amount";
    if (tax != rest->tax)
        return "an extra's tax";
    *parts += rest->amount + (o->gross ? 0 : tax);
    *rest = (struct rest){0};
    return NULL;
}

/* What goes back goes to the order's own tenders, no more than each has. */
static const char *tenders_judge(const struct order *o, struct left *left, const json_t *event,
                                 const char *money)
{
    const json_t *tenders = json_object_get(o->json, "tenders");
    int64_t sum = 0;
    size_t i, at = 0;
    json_t *t;
    json_array_foreach(json_object_get(event, "transactions"), i, t)
    {
        const json_t *tender = find(tenders, "transaction_id", text_of(t, "parent_id"), &at);
        const int64_t amount = minor_of(t, "amount", money);
        if (tender == NULL || strcmp(text_of(t, "kind"), text_of(tender, "kind")) != 0 ||
            strcmp(text_of(t, "gateway"), text_of(tender, "gateway")) != 0)
            return "another tender";
        if (amount < 0 || (left->tenders[at] -= amount) < 0)
            return "more than the tender paid";
        if (strcmp(text_of(t, "status"), "succeeded") != 0)
            return "a status";
        sum += amount;
    }
    return sum != minor_of(event, "succeeded", money) ? "succeeded" : NULL;
}

static const char *taxes_judge(const struct left *left, const json_t *event, const char *money)
{
    int64_t tax = left->shipping.tax + left->wrap.tax;
    for (size_t i = 0; i < LINES_MAX; i++)
        tax += left->lines[i].tax;
    return sum_of(json_object_get(event, "taxes"), money) != tax ? "the tax" : NULL;
}

static const char *rest_judge(const struct left *left)
{
    if (left->total != 0)
        return "something is left";
    for (size_t i = 0; i < LINES_MAX && !left->by_money; i++)
        if (left->lines[i].units != 0 || left->lines[i].amount != 0 || left->lines[i].tax != 0)
            return "a line is left";
    if (!left->by_money && (left->shipping.amount != 0 || left->wrap.amount != 0))
        return "an extra is left";
    return NULL;
}

/* A refund whose note is posted, in one money; takes what it takes. */
static const char *money_judge(const struct order *o, struct left *left, const json_t *event,
                               enum refund_kind_made kind, const char *money)
{
    int64_t parts =
        minor_of(event, "order_amount", money) + sum_of(json_object_get(event, "taxes"), money);
    const bool is_for_order = parts != 0, money_alone = left->by_money && kind == REFUND_MADE_final;
    const int64_t back = minor_of(event, "succeeded", money),
                  set_off = minor_of(event, "set_off", money);
    const char *what = kind == REFUND_MADE_tax_only ? taxes_judge(left, event, money) : NULL;
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(event, "lines"), i, line) if (what == NULL) what =
        line_judge(o, left, line, kind, money, &parts);
    if (what == NULL)
        what = extra_judge(o, &left->shipping, json_object_get(event, "carriage"), money, &parts);
    if (what == NULL)
        what = extra_judge(o, &left->wrap, json_object_get(event, "charges"), money, &parts);
    if (what == NULL)
        what = tenders_judge(o, left, event, money);
    if (what != NULL)
        return what;
    if (money_alone && parts != 0)
        return "parts beside money alone";
    parts = money_alone ? back : parts;
    if (parts != (o->is_business ? parts : back + set_off) ||
        (o->is_business && back + set_off != 0))
        return "the money";
    if (minor_of(event, "total", money) != parts)
        return "the total";
    if (set_off > parts || set_off > sum_of(json_object_get(event, "sent"), money))
        return "the set-off";
    left->total -= parts;
    left->by_money |= is_for_order;
    return kind == REFUND_MADE_final ? rest_judge(left)
           : left->total < 0         ? "more than the order"
                                     : NULL;
}

static const char *judge(struct order *o, const json_t *event, enum refund_kind_made kind)
{
    static const char *const same[] = {"channel",    "store",    "order_id",
                                       "order_name", "currency", "presentment_currency"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcmp(text_of(event, same[i]), text_of(o->json, same[i])) != 0)
            return same[i];
    if (number_of(event, "created_at") <= number_of(o->json, "event_time"))
        return "created_at";
    const char *what = NULL;
    for (int m = 0; m < money_count(event) && what == NULL; m++)
        what = money_judge(o, &o->left[m], event, kind, moneys[m]);
    return what;
}

/* Moves every amount of a refund by one, in turn; the judge must see each. */
static size_t amounts_move(json_t *json, json_t *event, const char *path, const struct order *order,
                           enum refund_kind_made kind)
{
    const char *name;
    size_t i, count = 0;
    json_t *value;
    if (json_is_array(json) && strcmp(path, "sent") != 0) {
        json_array_foreach(json, i, value) count += amounts_move(value, event, path, order, kind);
        return count;
    }
    if (!json_is_object(json))
        return 0;
    json_object_foreach(json, name, value)
    {
        if (!json_is_integer(value) || strcmp(name + strlen(name) - 6, "_minor") != 0) {
            count += amounts_move(value, event, name, order, kind);
            continue;
        }
        struct order before = *order;
        json_int_t was = json_integer_value(value);
        assert_int_equal(json_integer_set(value, was + 1), 0);
        if (judge(&before, event, kind) == NULL)
            fail_msg("a minor unit more in %s.%s is not seen", path, name);
        assert_int_equal(json_integer_set(value, was), 0);
        count++;
    }
    return count;
}

/* ---- what is right ---- */

struct shop {
    json_t *events[KEYS + EVENTS];
    struct order orders[KEYS + EVENTS];
};

static void shop_open(struct shop *s, uint64_t seed)
{
    const struct order_gen_options options = {
        .seed = seed, .count = KEYS + EVENTS, .customers = 50, .start_ms = start_ms};
    struct order_gen *gen = order_gen_new(&options);
    struct order_gen_event e;
    while (order_gen_next(gen, &e)) {
        s->events[e.index] = e.event;
        s->orders[e.index] = order_read(e.event);
    }
    order_gen_free(gen);
}

static void shop_close(struct shop *s)
{
    for (size_t i = 0; i < KEYS + EVENTS; i++)
        json_decref(s->events[i]);
}

/* A note is posted of it now. */
static bool is_posted(const struct refund_gen_event *e)
{
    return !e->is_resend && strcmp(e->outcome, "posted") == 0;
}

static void test_every_refund_is_right_to_the_minor_unit(void **state)
{
    (void)state;
    static struct shop s;
    size_t posted = 0, moved = 0, finals = 0;
    for (int64_t seed = 0; seed < test_effort(40); seed++) {
        const struct refund_gen_options options = {.seed = (uint64_t)seed,
                                                   .count = EVENTS,
                                                   .keys = KEYS,
                                                   .start_ms = start_ms,
                                                   .faulty = 20,
                                                   .duplicates = 10,
                                                   .kinds = all_kinds};
        struct refund_gen *gen = refund_gen_new(&options);
        struct refund_gen_event e;
        shop_open(&s, options.seed);
        for (; refund_gen_next(gen, &e); refund_gen_event_free(&e)) {
            struct order *o = &s.orders[e.index];
            if (e.kind == REFUND_MADE_edit_unpaid)
                o->left[0].by_money = o->left[1].by_money = true;
            if (!is_posted(&e))
                continue;
            if (seed < 5)
                moved += amounts_move(e.event, e.event, "", o, e.kind);
            const char *what = judge(o, e.event, e.kind);
            if (what != NULL)
                fail_msg("seed %" PRId64 ", order %" PRId64 ", %s: %s", seed, e.index,
                         refund_kind_info(e.kind)->name, what);
            posted++;
            finals += e.kind == REFUND_MADE_final;
        }
        refund_gen_free(gen);
        shop_close(&s);
    }
    print_message("  %zu notes, %zu of them final; %zu pennies moved\n", posted, finals, moved);
    assert_true(posted > 2000 && finals > 300 && moved > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_refund_is_right_to_the_minor_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
