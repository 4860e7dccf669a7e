/* Random orders: what is right to the penny is posted so, and a penny moved anywhere is found.
 *
 * The orders are made here, with arithmetic of their own; the judge reads the request that would go
 * to Prima and adds it up as Prima's documentation says (test_order_support.c). Neither shares a
 * line with the code under test. Seeded: a failure names its seed; SEED in the environment changes
 * it, PRIMAFLOW_TEST_EFFORT their number. 100,000 orders take ten seconds in the release build. */
#include "test_order_support.h"

#include "../support/chance.h"
#include "../support/effort.h"
#include "base/currency.h"
#include "codec/codec.h"
#include "domain/events/ledger_entry.h"
#include "order_write.h"

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { ORDERS = 100000 };
#else
enum { ORDERS = 10000 }; /* some times slower; `tests/run property` has them all */
#endif
enum {
    /* of so many orders one has a penny moved in each of its amounts in turn, the others in one of
     * them */
    EVERYWHERE = 60,
    SEED = 20261123,
    TERMS = 6,
};

/* ---- arithmetic of the test's own ---- */

static bool percent(int64_t n)
{
    return chance_below(100) < n;
}

/* n / d, halves away from zero. */
static int64_t nearest(int64_t n, int64_t d)
{
    return n < 0 ? -((-2 * n + d) / (2 * d)) : (2 * n + d) / (2 * d);
}

/* ---- making an order ---- */

struct maker {
    struct arena *arena;
    struct order_event *event;
    bool by_invoice;
    int64_t bases[TERMS], rates[TERMS]; /* of the invoice, per rate */
    size_t rate_count;
    int64_t goods, carriage, charges, tax, discounts; /* as the parts come to */
    bool has_edited, is_free;
};

static void *some(struct maker *m, size_t size)
{
    void *p = arena_alloc(m->arena, size);
    assert_non_null(p);
    return p;
}

static int64_t any_rate(const struct maker *m)
{
    static const int64_t of_gb[] = {200000, 200000, 200000, 50000, 0},
                         of_ie[] = {230000, 230000, 135000, 0, 230000};
    return (m->by_invoice ? of_ie : of_gb)[chance_below(5)];
}

static void note_base(struct maker *m, int64_t rate, int64_t base)
{
    size_t i = 0;
    while (i < m->rate_count && m->rates[i] != rate)
        i++;
    if (i == m->rate_count)
        m->rates[m->rate_count++] = rate;
    m->bases[i] += base;
}

/* One tax line for an amount after discounts; what of it counts towards the order. */
static struct tax_line *tax_of(struct maker *m, int64_t after, int64_t rate, int64_t left,
                               int64_t ordered, int64_t after_left)
{
    const int64_t whole = m->event->taxes_included ? 1000000 + rate : 1000000;
    struct tax_line *tax = some(m, sizeof *tax);
    *tax = (struct tax_line){
        .title = "VAT", .rate_ppm = rate, .amount = {.shop_minor = nearest(after * rate, whole)}};
    /* what is left of an edited line's tax: a share of what it was, or rounded anew */
    m->tax += left < ordered && percent(50) ? nearest(after_left * rate, whole)
                                            : nearest(tax->amount.shop_minor * left, ordered);
    if (rate > 0)
        note_base(m, rate, after_left);
    return tax;
}

static void make_line(struct maker *m, struct order_line *line, size_t number)
{
    const int64_t ordered = percent(90) ? 1 + chance_below(4) : 1 + chance_below(60);
    const bool is_edited = ordered > 1 && percent(4) && !m->has_edited;
    const int64_t left = is_edited ? 1 + chance_below(ordered - 1) : ordered;
    const int64_t unit = percent(3)                  ? 0
                         : percent(2) && !m->is_free ? -chance_below(3000)
                                                     : chance_below(30000);
    const int64_t discount = m->is_free                ? ordered * unit
                             : percent(40) && unit > 0 ? chance_below(ordered * unit + 1)
                                                       : 0;
    m->has_edited |= is_edited;
    char *id = arena_printf(m->arena, "L%zu", number);
    *line = (struct order_line){.line_id = id,
                                .sku = percent(70) ? "SKU00001"
                                       : percent(60)
                                           ? "TSHIRT-RED-M"
                                           : "WEEKENDSET", /* a bundle of the example mappings */
                                .title = "Shoe",
                                .quantity = (int32_t)ordered,
                                .has_current_quantity = is_edited,
                                .current_quantity = (int32_t)left,
                                .unit_price = {.shop_minor = unit},
                                .taxable = true,
                                .requires_shipping = true,
                                .location_id = "1001"};
    if (discount > 0) {
        const int64_t first = chance_below(discount + 1); /* two allocations */
        line->discounts.count = 2;
        line->discounts.items = some(m, 2 * sizeof *line->discounts.items);
        line->discounts.items[0].amount.shop_minor = first;
        line->discounts.items[1].amount.shop_minor = discount - first;
    }
    const int64_t discount_left = nearest(discount * left, ordered),
                  after_left = left * unit - discount_left;
    line->gift_card = percent(2);
    line->taxable = !line->gift_card && !percent(3);
    if (line->taxable) {
        line->tax_lines.count = 1;
        line->tax_lines.items =
            tax_of(m, ordered * unit - discount, any_rate(m), left, ordered, after_left);
    }
    m->goods += after_left;
    m->discounts += discount_left;
}

static void make_charges(struct maker *m)
{
    struct order_event *e = m->event;
    if (percent(70)) {
        struct shipping_line *s = some(m, sizeof *s);
        *s = (struct shipping_line){.line_id = "S1",
                                    .code = "standard",
                                    .title = "Standard",
                                    .price = {.shop_minor = chance_below(1500)}};
        if (percent(20)) {
            s->discounts.count = 1;
            s->discounts.items = some(m, sizeof *s->discounts.items);
            s->discounts.items[0].amount.shop_minor = chance_below(s->price.shop_minor + 1);
            m->discounts += s->discounts.items[0].amount.shop_minor;
        }
        const int64_t after =
            s->price.shop_minor -
            (s->discounts.count > 0 ? s->discounts.items[0].amount.shop_minor : 0);
        s->tax_lines.count = 1;
        s->tax_lines.items = tax_of(m, after, any_rate(m), 1, 1, after);
        e->shipping_lines.items = s;
        e->shipping_lines.count = 1;
        m->carriage += after;
    }
    if (percent(30)) {
        static const enum charge_kind kinds[] = {CHARGE_TIP, CHARGE_CASH_ROUNDING, CHARGE_GIFT_WRAP,
                                                 CHARGE_DUTY};
        struct order_charge *c = some(m, sizeof *c);
        *c = (struct order_charge){.kind = kinds[chance_below(4)], .title = "Charge"};
        c->amount.shop_minor =
            c->kind == CHARGE_CASH_ROUNDING ? chance_below(5) - 2 : chance_below(900);
        if (c->kind == CHARGE_GIFT_WRAP) {
            c->tax_lines.count = 1;
            c->tax_lines.items =
                tax_of(m, c->amount.shop_minor, any_rate(m), 1, 1, c->amount.shop_minor);
        }
        e->charges.items = c;
        e->charges.count = 1;
        m->charges += c->amount.shop_minor;
    }
}

static void make_tenders(struct maker *m)
{
    struct order_event *e = m->event;
    const int64_t total = e->totals.total.shop_minor;
    const int64_t share =
        m->by_invoice ? 100 : chance_below(100); /* that store holds what is on account */
    const int64_t owed = total < 0 || share < 10 ? total : share < 20 ? chance_below(total + 1) : 0;
    const int64_t paid = total - owed, by_card = percent(20) ? chance_below(paid + 1) : paid;
    e->totals.outstanding.shop_minor = owed;
    if (owed > 0) {
        struct payment_terms *terms = some(m, sizeof *terms);
        *terms = (struct payment_terms){.name = "Net 30"};
        e->payment_terms = terms;
    }
    e->tenders.count = paid == 0 ? 0 : by_card == paid ? 1 : 2;
    e->tenders.items = some(m, 2 * sizeof *e->tenders.items);
    e->tenders.items[0] = (struct order_tender){.kind = TENDER_CARD,
                                                .gateway = "paypal",
                                                .amount = {.shop_minor = by_card},
                                                .status = TENDER_STATUS_CAPTURED};
    e->tenders.items[1] = (struct order_tender){.kind = TENDER_GIFT_CARD,
                                                .amount = {.shop_minor = paid - by_card},
                                                .status = TENDER_STATUS_CAPTURED};
}

static const struct money_set *stated(struct maker *m, int64_t minor)
{
    struct money_set *set = some(m, sizeof *set);
    set->shop_minor = minor;
    return set;
}

static struct order_event *make_order(struct arena *arena, bool by_invoice)
{
    static const char *const currencies[] = {"GBP", "EUR", "JPY",
                                             "KWD"}; /* two, no and three decimals */
    struct order_event *e = support_order(arena);
    struct maker m = {.arena = arena, .event = e, .by_invoice = by_invoice};
    e->store = by_invoice ? "eu" : "uk";
    struct order_address *address = (struct order_address *)e->shipping_address;
    address->country_code = by_invoice ? "IE" : "GB";
    e->currency = currencies[chance_below(4)];
    e->taxes_included = percent(50);
    m.is_free = percent(2); /* an order that comes to nothing */
    e->lines.count = (size_t)(percent(95) ? 1 + chance_below(6) : 20 + chance_below(60));
    e->lines.items = some(&m, e->lines.count * sizeof *e->lines.items);
    e->shipping_lines.count = e->charges.count = 0;
    for (size_t i = 0; i < e->lines.count; i++)
        make_line(&m, &e->lines.items[i], i + 1);
    for (size_t i = 1; i < e->lines.count && percent(20);
         i++) /* parts of a bundle that the channel sends, which has a price, too */
        e->lines.items[i].parent_line_id = e->lines.items[chance_below(2) == 0 ? 0 : i - 1].line_id;
    if (!m.is_free)
        make_charges(&m);
    if (by_invoice) { /* the invoice's tax, rounded once a rate */
        m.tax = 0;
        for (size_t i = 0; i < m.rate_count; i++)
            m.tax += nearest(m.bases[i] * m.rates[i],
                             e->taxes_included ? 1000000 + m.rates[i] : 1000000);
    }
    const int64_t total = m.goods + m.carriage + m.charges + (e->taxes_included ? 0 : m.tax);
    e->totals = (struct order_totals){.subtotal = stated(&m, m.goods),
                                      .discounts = stated(&m, m.discounts),
                                      .shipping = stated(&m, m.carriage),
                                      .charges = stated(&m, m.charges),
                                      .tax = {.shop_minor = m.tax},
                                      .total = {.shop_minor = total}};
    make_tenders(&m);
    return e;
}

/* ---- moving a penny ---- */

enum kind {
    UNIT_PRICE,
    LINE_DISCOUNT,
    LINE_TAX,
    CARRIAGE,
    CARRIAGE_DISCOUNT,
    CARRIAGE_TAX,
    CHARGE,
    CHARGE_TAX,
    TENDER,
    SUBTOTAL,
    DISCOUNTS,
    SHIPPING,
    CHARGES,
    TAX,
    TOTAL,
    OUTSTANDING,
    KINDS
};
static const char *const kind_names[KINDS] = {
    "unit price",     "line's discount", "line's tax",   "carriage", "carriage's discount",
    "carriage's tax", "charge",          "charge's tax", "tender",   "subtotal",
    "discounts",      "shipping",        "charges",      "tax",      "total",
    "outstanding"};

struct place { /* where an amount stands */
    enum kind kind;
    int64_t *amount;
    bool is_edited; /* in a line of which units are gone: the penny may be theirs */
};
struct places {
    struct place items[1000];
    size_t count;
};

static void add_place(struct places *p, enum kind kind, struct money_set *set, bool is_edited)
{
    assert_true(p->count < sizeof p->items / sizeof *p->items);
    p->items[p->count++] = (struct place){kind, &set->shop_minor, is_edited};
}

static void add_stated(struct places *p, enum kind kind, const struct money_set *set)
{
    add_place(p, kind, (struct money_set *)set, false);
}

/* Every amount that the order has. */
static void find_places(struct order_event *e, struct places *p)
{
    p->count = 0;
    for (size_t i = 0; i < e->lines.count; i++) {
        struct order_line *line = &e->lines.items[i];
        add_place(p, UNIT_PRICE, &line->unit_price, false);
        for (size_t j = 0; j < line->discounts.count; j++)
            add_place(p, LINE_DISCOUNT, &line->discounts.items[j].amount,
                      line->has_current_quantity);
        for (size_t j = 0; j < line->tax_lines.count; j++)
            add_place(p, LINE_TAX, &line->tax_lines.items[j].amount, line->has_current_quantity);
    }
    for (size_t i = 0; i < e->shipping_lines.count; i++) {
        struct shipping_line *line = &e->shipping_lines.items[i];
        add_place(p, CARRIAGE, &line->price, false);
        for (size_t j = 0; j < line->discounts.count; j++)
            add_place(p, CARRIAGE_DISCOUNT, &line->discounts.items[j].amount, false);
        add_place(p, CARRIAGE_TAX, &line->tax_lines.items[0].amount, false);
    }
    for (size_t i = 0; i < e->charges.count; i++) {
        add_place(p, CHARGE, &e->charges.items[i].amount, false);
        if (e->charges.items[i].tax_lines.count > 0)
            add_place(p, CHARGE_TAX, &e->charges.items[i].tax_lines.items[0].amount, false);
    }
    for (size_t i = 0; i < e->tenders.count; i++)
        add_place(p, TENDER, &e->tenders.items[i].amount, false);
    add_stated(p, SUBTOTAL, e->totals.subtotal);
    add_stated(p, DISCOUNTS, e->totals.discounts);
    add_stated(p, SHIPPING, e->totals.shipping);
    add_stated(p, CHARGES, e->totals.charges);
    add_place(p, TAX, &e->totals.tax, false);
    add_place(p, TOTAL, &e->totals.total, false);
    add_place(p, OUTSTANDING, &e->totals.outstanding, false);
}

/* ---- the properties ---- */

static struct codec *codec;

static const struct row {
    const char *name, *setting;
    bool by_invoice;
} rows[] = {
    {"as the channel prices, rounded by line", "prima.price_vat=as_order", false},
    {"always with VAT, rounded by line", "prima.price_vat=gross", false},
    {"always without VAT, rounded by line", "prima.price_vat=net", false},
    {"as the channel prices, rounded by invoice", "prima.price_vat=as_order", true},
    {"always without VAT, rounded by invoice", "prima.price_vat=net", true},
    {"always with VAT, rounded by invoice", "prima.price_vat=gross", true},
};

struct judged {
    const struct order_rules *rules;
    bool by_invoice;
    uint64_t seed;
    int64_t found[KINDS], idle; /* idle: pennies that change nothing of what is posted */
};

static int64_t number_of(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoll(text, NULL, 10) : otherwise;
}

static int64_t outstanding_of(const struct flow_plan *plan, const struct order_event *event,
                              struct arena *arena)
{
    xmlDoc *request = support_request(plan);
    const int64_t outstanding =
        support_outstanding(request, currency_find(event->currency)->decimals, arena);
    xmlFreeDoc(request);
    return outstanding;
}

/* A penny that is not flagged must be one of those that may be: of units that are gone, so that the
 * very same is posted; or of the taxes of an order whose channel rounds the invoice, or what is
 * left of an edited line, which is rounding, as long as what is owed stays. */
static void check_unflagged(const struct judged *j, const struct place *place,
                            const struct order_event *event, const struct flow_plan *right,
                            const struct flow_plan *plan, struct arena *arena)
{
    const bool is_same = plan->request_size == right->request_size &&
                         memcmp(plan->request, right->request, plan->request_size) == 0;
    const bool is_tax = place->kind == LINE_TAX || place->kind == CARRIAGE_TAX ||
                        place->kind == CHARGE_TAX || place->kind == TAX;
    if (place->is_edited && is_same)
        return;
    bool rounds = j->by_invoice;
    for (size_t i = 0; i < event->lines.count; i++)
        rounds |= event->lines.items[i].has_current_quantity;
    if (rounds && is_tax &&
        outstanding_of(plan, event, arena) == event->totals.outstanding.shop_minor)
        return;
    fail_msg("seed %llu: a penny moved in the %s was not found", (unsigned long long)j->seed,
             kind_names[place->kind]);
}

static void move_and_check(struct judged *j, const struct place *place, struct order_event *event,
                           const struct flow_plan *right)
{
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct flow_key key;
    struct flow_plan plan;
    const int64_t step = percent(50) ? 1 : -1;
    *place->amount += step;
    support_decide(event, j->rules, NULL, arena, &key, &plan);
    if (plan.verdict == FLOW_SENDS && plan.outcome == OUTCOME_POSTED) {
        check_unflagged(j, place, event, right, &plan, arena);
        j->idle++;
    } else {
        j->found[place->kind]++;
    }
    *place->amount -= step;
    arena_free(arena);
}

/* What may be credited later is what was posted: in sum, and line by line at the number that it has
 * in Prima. */
static void check_ledger(const struct judged *j, const struct order_event *event,
                         const struct flow_key *key, const struct flow_plan *plan,
                         struct arena *arena)
{
    const uint8_t identity[CODEC_IDENTITY_SIZE] = {1};
    const struct flow_settlement settlement = {.outcome = OUTCOME_POSTED,
                                               .key = key,
                                               .identity = identity,
                                               .goods = identity,
                                               .money = identity,
                                               .summary = plan->summary,
                                               .summary_size = plan->summary_size,
                                               .delivery = "orders.raw/0/1"};
    struct codec_fault fault = {.message = ""};
    struct ledger_entry entry;
    struct buf bytes;
    int64_t total = 0, tax = 0;
    xmlDoc *request = support_request(plan);
    buf_init(&bytes, 1 << 20);
    assert_int_equal(order_write_ledger(codec, &settlement, event, j->rules, arena, &bytes), 0);
    assert_int_equal(
        codec_decode(codec, &ledger_entry_record, bytes.data, bytes.size, arena, &entry, &fault),
        0);
    buf_release(&bytes);
    for (size_t i = 0; i < entry.lines.count; i++) {
        const struct ledger_line *line = &entry.lines.items[i];
        xmlNode *node = support_node(request, "OrderLineData", (size_t)line->number - 1);
        assert_non_null(node);
        assert_string_equal(support_attribute(node, "LineReference", arena), line->line_id);
        assert_string_equal(support_attribute(node, "Product", arena), line->product);
        total += line->amount_minor;
        for (size_t t = 0; t < line->taxes.count; t++)
            tax += line->taxes.items[t].tax_minor;
    }
    for (size_t i = 0; i < entry.charges.count; i++) {
        total += entry.charges.items[i].amount_minor;
        for (size_t t = 0; t < entry.charges.items[i].taxes.count; t++)
            tax += entry.charges.items[i].taxes.items[t].tax_minor;
    }
    total += event->taxes_included ? 0 : tax;
    if (total != event->totals.total.shop_minor || tax != event->totals.tax.shop_minor ||
        entry.total_minor != total)
        fail_msg("seed %llu: %lld creditable, tax %lld, of %lld, tax %lld",
                 (unsigned long long)j->seed, (long long)total, (long long)tax,
                 (long long)event->totals.total.shop_minor,
                 (long long)event->totals.tax.shop_minor);
    xmlFreeDoc(request);
}

static void check_order(struct judged *j, bool everywhere)
{
    static struct places places;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct flow_key key;
    struct flow_plan plan;
    chance = j->seed;
    struct order_event *event = make_order(arena, j->by_invoice);
    support_decide(event, j->rules, NULL, arena, &key, &plan);
    if (plan.verdict != FLOW_SENDS || plan.outcome != OUTCOME_POSTED)
        fail_msg("seed %llu: a right order is not posted: %s %s", (unsigned long long)j->seed,
                 pf_error_info(plan.codes[0])->name,
                 plan.verdict == FLOW_SENDS ? plan.request : plan.detail);
    const int64_t outstanding = outstanding_of(&plan, event, arena);
    if (outstanding != event->totals.outstanding.shop_minor)
        fail_msg("seed %llu: Prima would see %lld outstanding, not %lld\n%s",
                 (unsigned long long)j->seed, (long long)outstanding,
                 (long long)event->totals.outstanding.shop_minor, plan.request);
    if (everywhere || j->seed % 8 == 0)
        check_ledger(j, event, &key, &plan, arena);
    find_places(event, &places);
    if (!everywhere)
        move_and_check(j, &places.items[chance_below((int64_t)places.count)], event, &plan);
    for (size_t i = 0; everywhere && i < places.count; i++)
        move_and_check(j, &places.items[i], event, &plan);
    arena_free(arena);
}

static void test_parts_sum_to_the_whole(void **state)
{
    (void)state;
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 100000, .depth_max = 32};
    char message[300] = "";
    assert_int_equal(codec_open("schemas", NULL, limits, &codec, message), 0);
    assert_int_equal(codec_check(codec, &ledger_entry_record, message), 0);
    const int64_t kinds = sizeof rows / sizeof *rows, orders = test_effort(ORDERS) / kinds + 1,
                  seed = number_of("SEED", SEED);
    for (int64_t i = 0; i < kinds; i++) {
        struct order_rules *rules = support_rules((const char *const[]){rows[i].setting, NULL});
        struct judged j = {.rules = rules, .by_invoice = rows[i].by_invoice};
        int64_t found = 0;
        for (int64_t n = 0; n < orders; n++) {
            j.seed = (uint64_t)((seed + n) * kinds + i);
            check_order(&j, n % EVERYWHERE == 0);
        }
        for (int k = 0; k < KINDS; k++) {
            found += j.found[k];
            const bool is_lenient =
                j.by_invoice && (k == LINE_TAX || k == CARRIAGE_TAX || k == CHARGE_TAX);
            if (j.found[k] == 0 && !is_lenient)
                fail_msg("no penny was found in any %s: SEED=%lld", kind_names[k], (long long)seed);
        }
        print_message("  %s: %lld orders, %lld pennies found, %lld of no effect (SEED=%lld)\n",
                      rows[i].name, (long long)orders, (long long)found, (long long)j.idle,
                      (long long)seed);
        support_rules_free(rules);
    }
    codec_close(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_sum_to_the_whole),
    };
    return cmocka_run_group_tests_name("order_property", tests, NULL, NULL);
}
