/* A bundle's price, discount and taxes by largest remainders, over bundles made by chance: the parts
 * come to the whole to the penny, whatever the weights. */
#include "test_order_support.h"

#include "../support/chance.h"
#include "../support/effort.h"
#include "base/currency.h"
#include "domain/money/price.h"
#include "domain/mappings/order_rules.h"
#include "order_bundle.h"
#include "order_shares.h"

enum { CASES = 100000, SEED = 20261126 };

static struct arena *memory; /* of the case under test */

__extension__ typedef __int128 wide;

struct bundle_case {
    struct order_line event;
    struct tax_line taxes[3];
    struct sale sale;
    struct sale_line line;
    int64_t weights[BUNDLE_COMPONENTS_MAX];
    size_t count;
};

static void make_case(struct bundle_case *c)
{
    static const char *const currencies[] = {"GBP", "JPY", "KWD"};
    static const int64_t rates[] = {200000, 50000, 88750, 600000, 0};
    static const int64_t sizes[] = {3, 50, 1000, 100000, 1000000000};
    *c = (struct bundle_case){
        .count = (size_t)(1 + chance_below(chance_below(10) == 0 ? BUNDLE_COMPONENTS_MAX : 6))};
    const int64_t quantity = 1 + chance_below(chance_below(5) == 0 ? 400 : 3),
                  unit = chance_below(sizes[chance_below(5)]);
    const int64_t amount = quantity * unit, kind = chance_below(4);
    const int64_t discount = kind == 0 ? amount : kind == 1 ? chance_below(amount + 1) : 0;
    int64_t sum = 0;
    for (size_t i = 0; i < c->count; i++)
        sum += c->weights[i] = chance_below(4) == 0 ? 0 : chance_below(sizes[chance_below(5)]);
    if (sum == 0)
        c->weights[0] = 1;
    c->sale.currency = c->sale.exact.currency = currency_find(currencies[chance_below(3)]);
    c->event.tax_lines.count = (size_t)chance_below(4);
    c->event.tax_lines.items = c->taxes;
    c->line = (struct sale_line){.event = &c->event,
                                 .quantity = quantity,
                                 .unit = unit,
                                 .price = {.amount = amount, .discount = discount}};
    for (size_t t = 0; t < c->event.tax_lines.count; t++) {
        const int64_t rate = rates[chance_below(5)];
        c->taxes[t] = (struct tax_line){
            .rate_ppm = rate,
            .amount = {.shop_minor = ((amount - discount) * rate + 500000) / 1000000}};
        c->line.price.tax += c->taxes[t].amount.shop_minor;
        c->line.price.rate_ppm += rate;
        c->line.price.rates += rate > 0;
    }
}

/* Every request line of a part: its price comes to the part's, exactly, and nothing is negative. */
static void check_part(const struct bundle_case *c, struct sale_line *part, uint64_t seed,
                       bool has_tax, bool wants_tax)
{
    struct exact x = c->sale.exact;
    struct price_part priced[2];
    const size_t lines = price_parts(&x, &part->price, part->quantity, has_tax, wants_tax, priced);
    int64_t sum = 0, tax = 0;
    for (size_t i = 0; i < lines; i++) {
        if (priced[i].quantity <= 0 || priced[i].unit < 0 || priced[i].discount < 0 ||
            priced[i].tax < 0 || priced[i].discount > priced[i].quantity * priced[i].unit)
            fail_msg("seed %llu: a request line of %lld x %lld - %lld, tax %lld",
                     (unsigned long long)seed, (long long)priced[i].quantity,
                     (long long)priced[i].unit, (long long)priced[i].discount,
                     (long long)priced[i].tax);
        sum += priced[i].quantity * priced[i].unit - priced[i].discount;
        tax += priced[i].tax;
    }
    const int64_t wanted =
        part->price.amount - part->price.discount + (wants_tax - has_tax) * part->price.tax;
    if (sum != wanted || tax != part->price.tax)
        fail_msg("seed %llu: lines of %lld, tax %lld for a part of %lld, tax %lld",
                 (unsigned long long)seed, (long long)sum, (long long)tax, (long long)wanted,
                 (long long)part->price.tax);
}

static void check_case(uint64_t seed)
{
    struct bundle_case c;
    struct sale_line parts[BUNDLE_COMPONENTS_MAX];
    int64_t amount = 0, discount = 0, taxes[3] = {0}, weight = 0;
    chance = seed;
    make_case(&c);
    for (size_t i = 0; i < c.count; i++) {
        parts[i] = (struct sale_line){.event = &c.event,
                                      .quantity = c.line.quantity * (1 + chance_below(4))};
        weight += c.weights[i];
    }
    assert_int_equal(sale_share_out(&c.sale, &c.line, c.weights, c.count, memory, parts), 0);
    assert_false(c.sale.exact.overflow);
    for (size_t i = 0; i < c.count; i++) {
        const struct sale_price *p = &parts[i].price;
        int64_t tax = 0;
        amount += p->amount;
        discount += p->discount;
        for (size_t t = 0; t < parts[i].tax_count; t++) {
            assert_int_equal(parts[i].taxes[t].rate_ppm, c.taxes[t].rate_ppm);
            taxes[t] += parts[i].taxes[t].minor;
            tax += parts[i].taxes[t].minor;
        }
        if (p->amount < 0 || p->discount < 0 || p->discount > p->amount || tax != p->tax)
            fail_msg("seed %llu: a part of %lld - %lld, tax %lld", (unsigned long long)seed,
                     (long long)p->amount, (long long)p->discount, (long long)p->tax);
        /* within a unit of its share, and nothing for a weight of nothing */
        const wide off = (wide)(p->amount - p->discount) * weight -
                         (wide)(c.line.price.amount - c.line.price.discount) * c.weights[i];
        if (off >= weight || off <= -weight || (c.weights[i] == 0 && p->amount != 0))
            fail_msg("seed %llu: a part of %lld for weight %lld of %lld", (unsigned long long)seed,
                     (long long)p->amount, (long long)c.weights[i], (long long)weight);
        check_part(&c, &parts[i], seed, false, false);
        check_part(&c, &parts[i], seed, false, true);
        if (c.event.tax_lines.count <=
            1) /* each of several taxes is rounded for itself, and may be all of a penny */
            check_part(&c, &parts[i], seed, true, false);
    }
    bool is_exact = amount == c.line.price.amount && discount == c.line.price.discount;
    for (size_t t = 0; t < c.event.tax_lines.count; t++)
        is_exact = is_exact && taxes[t] == c.taxes[t].amount.shop_minor;
    if (!is_exact)
        fail_msg("seed %llu: parts of %lld - %lld for a bundle of %lld - %lld",
                 (unsigned long long)seed, (long long)amount, (long long)discount,
                 (long long)c.line.price.amount, (long long)c.line.price.discount);
}

/* Ten pence by 1, 3, 6 and 6: by weight, a penny of the tax would go to the first part, which has
 * nothing that it could be on. */
static void test_tax_is_on_something(void **state)
{
    (void)state;
    static const int64_t weights[] = {1, 3, 6, 6};
    struct tax_line tax = {.title = "T", .rate_ppm = 1500000, .amount = {.shop_minor = 6}};
    const struct order_line event = {.tax_lines = {&tax, 1}};
    const struct sale_line line = {
        .event = &event, .quantity = 1, .price = {.amount = 10, .tax = 6}};
    struct sale sale = {.currency = currency_find("GBP"),
                        .exact = {.currency = currency_find("GBP")}};
    struct sale_line parts[4] = {{.event = &event, .quantity = 1}};
    memory = arena_new(SUPPORT_ARENA);
    assert_int_equal(sale_share_out(&sale, &line, weights, 4, memory, parts), 0);
    assert_int_equal(parts[0].price.amount, 0);
    for (size_t i = 0; i < 4; i++)
        assert_true(parts[i].price.tax <= parts[i].price.amount);
    arena_free(memory);
}

static void test_shares_sum_to_the_whole(void **state)
{
    (void)state;
    const char *text = getenv("SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : SEED;
    for (int64_t i = 0; i < test_effort(CASES); i++) {
        memory = arena_new(SUPPORT_ARENA);
        check_case(seed + (uint64_t)i);
        arena_free(memory);
    }
    print_message("  %lld bundles, from seed %llu\n", (long long)test_effort(CASES),
                  (unsigned long long)seed);
}

/* What a result says of the bundle that it was made from: anything that changes the parts changes it. */
static void test_mark(void **state)
{
    (void)state;
    const char *red[] = {"RED", "M"}, *blue[] = {"BLUE", "M"};
    struct bundle_component parts[] = {
        {.product = "TSHIRT", .matrix = {red, 2}, .quantity = 2, .weight = 60},
        {.product = "SKU00002", .quantity = 1, .weight = 40}};
    static const struct {
        const char *name;
        const char *product;
        bool is_blue;
        int64_t quantity, weight;
        size_t count;
        bool same;
    } rows[] = {
        {"the same", "TSHIRT", false, 2, 60, 2, true},
        {"another product", "TSHIRTS", false, 2, 60, 2, false},
        {"another colour", "TSHIRT", true, 2, 60, 2, false},
        {"another quantity", "TSHIRT", false, 3, 60, 2, false},
        {"another weight", "TSHIRT", false, 2, 61, 2, false},
        {"a part less", "TSHIRT", false, 2, 60, 1, false},
    };
    struct bundle_rule bundle = {.components = parts, .count = 2};
    const uint16_t mark = bundle_mark(&bundle);
    assert_int_equal(mark, 0xeed5); /* golden: it is stored with orders */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        parts[0] = (struct bundle_component){.product = rows[i].product,
                                             .matrix = {rows[i].is_blue ? blue : red, 2},
                                             .quantity = rows[i].quantity,
                                             .weight = rows[i].weight};
        bundle.count = rows[i].count;
        assert_int_equal(bundle_mark(&bundle) == mark, rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_tax_is_on_something),
        cmocka_unit_test(test_shares_sum_to_the_whole),
    };
    return cmocka_run_group_tests_name("order_bundle_shares", tests, NULL, NULL);
}
