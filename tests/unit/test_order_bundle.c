/* Bundles: what they become in Prima's request and in the ledger. How a price is shared out:
 * test_order_bundle_shares.c. */
#include "test_order_support.h"

#include "base/currency.h"
#include "codec/codec.h"
#include "order_bundle.h"
#include "order_decide.h"
#include "order_key.h"
#include "order_write.h"

static struct arena *memory; /* of the row under test */

static void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

/* ---- orders ---- */

/* The plain order, its first line a bundle instead: `quantity` of it at `unit` less `discount`, VAT
 * within, paid in full. */
static void sell(struct order_event *e, const char *sku, int32_t quantity, int64_t unit,
                 int64_t discount)
{
    struct order_line *line = &e->lines.items[0];
    const int64_t after = quantity * unit - discount, tax = (2 * after + 6) / 12;
    line->sku = sku;
    line->title = "Weekend set";
    line->quantity = quantity;
    line->unit_price.shop_minor = unit;
    line->tax_lines.items[0].amount.shop_minor = tax;
    if (discount > 0) {
        line->discounts.count = 1;
        line->discounts.items = some(sizeof *line->discounts.items);
        line->discounts.items[0] =
            (struct order_discount){.code = "SET", .amount = {.shop_minor = discount}};
    }
    e->totals.tax.shop_minor = tax + 475;
    e->totals.total.shop_minor = e->tenders.items[0].amount.shop_minor = after + 2850;
}

static void a_set(struct order_event *e)
{
    sell(e, "WEEKENDSET", 1, 10000, 0);
}
static void three_sets(struct order_event *e)
{
    sell(e, "WEEKENDSET", 3, 3333, 0);
}
static void a_set_for_nothing(struct order_event *e)
{
    sell(e, "WEEKENDSET", 1, 0, 0);
}
static void a_set_given_away(struct order_event *e)
{
    sell(e, "WEEKENDSET", 2, 4999, 9998);
}
static void a_set_for_a_penny(struct order_event *e)
{
    sell(e, "WEEKENDSET", 1, 1, 0);
}
static void a_set_with_a_message(struct order_event *e)
{
    a_set(e);
    e->lines.items[0].gift_message = "For Bea";
}
static void a_set_whose_shirt_is_gone(struct order_event *e)
{
    sell(e, "GONESET", 1, 10000, 0);
}
static void a_gift_card_called_so(struct order_event *e)
{
    a_set(e);
    e->lines.items[0].gift_card = true;
    e->lines.items[0].taxable = false;
    e->lines.items[0].tax_lines.count = 0;
    e->totals.tax.shop_minor = 475;
}
static void a_set_without_depot(struct order_event *e)
{
    a_set(e);
    e->lines.items[0].location_id = "9999";
}
static void a_set_short_of_a_penny(struct order_event *e)
{
    a_set(e);
    e->tenders.items[0].amount.shop_minor--;
}
static void too_many_sets(struct order_event *e)
{
    sell(e, "CRATE", 1000000, 1, 0);
}
static void in_another_store(struct order_event *e)
{
    sell(e, "OURSET", 1, 10000, 0);
    e->store = "outlet";
    e->channel = "woocommerce";
}
static void in_this_store(struct order_event *e)
{
    sell(e, "OURSET", 1, 10000, 0);
}

/* A parent at `price` and its two parts at `first` and `second`; the order's second line stays. */
static void sell_parts(struct order_event *e, int64_t price, int64_t first, int64_t second)
{
    const struct order_line model = e->lines.items[0], other = e->lines.items[1];
    const int64_t prices[] = {price, first, second};
    static const char *const ids[] = {"B1", "P1", "P2"}, *const skus[] = {"BOX", "SKU00001",
                                                                          "SKU00002"};
    struct tax_line *taxes = some(3 * sizeof *taxes);
    int64_t total = 2850, tax = 475;
    e->lines.items = some(4 * sizeof *e->lines.items);
    e->lines.count = 4;
    e->lines.items[3] = other;
    for (size_t i = 0; i < 3; i++) {
        e->lines.items[i] = model;
        e->lines.items[i].line_id = ids[i];
        e->lines.items[i].sku = skus[i];
        e->lines.items[i].quantity = 1;
        e->lines.items[i].unit_price.shop_minor = prices[i];
        e->lines.items[i].parent_line_id = i == 0 ? NULL : "B1";
        taxes[i] = (struct tax_line){
            .title = "VAT", .rate_ppm = 200000, .amount = {.shop_minor = (2 * prices[i] + 6) / 12}};
        e->lines.items[i].tax_lines.items = &taxes[i];
        total += prices[i];
        tax += taxes[i].amount.shop_minor;
    }
    e->totals.tax.shop_minor = tax;
    e->totals.total.shop_minor = e->tenders.items[0].amount.shop_minor = total;
}
static void parent_without_price(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
}
static void parts_without_price(struct order_event *e)
{
    sell_parts(e, 4201, 0, 0);
}
static void both_with_price(struct order_event *e)
{
    sell_parts(e, 400, 1200, 3600);
}
static void parent_in_the_file(struct order_event *e)
{
    sell_parts(e, 4200, 0, 0);
    e->lines.items[0].sku = "WEEKENDSET";
}
static void part_in_the_file(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
    e->lines.items[1].sku = "WEEKENDSET";
}
static void parent_edited_away(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
    e->lines.items[0].has_current_quantity = true;
}
static void parts_edited_away(struct order_event *e)
{
    sell_parts(e, 4200, 0, 0);
    e->lines.items[0].sku = "SKU00003";
    e->lines.items[1].has_current_quantity = e->lines.items[2].has_current_quantity = true;
}
static void orphans(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
    e->lines.items[1].parent_line_id = e->lines.items[2].parent_line_id = "L99";
}
static void part_of_itself(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
    e->lines.items[0].parent_line_id = "B1";
}
static void part_of_its_part(struct order_event *e)
{
    sell_parts(e, 0, 1200, 3000);
    e->lines.items[0].parent_line_id = "P1";
}
static void ids_in_no_order(struct order_event *e)
{
    parts_without_price(e);
    e->lines.items[0].line_id = "Z9";
    e->lines.items[1].line_id = "M5";
    e->lines.items[2].line_id = "A1";
    e->lines.items[1].parent_line_id = e->lines.items[2].parent_line_id = "Z9";
}
static void nested(struct order_event *e) /* 4.00 of the outer one: 1.00 and 3.00 by prices, then
                                             the inner one's to its part */
{
    sell_parts(e, 400, 1200, 3600);
    e->lines.items[2].parent_line_id = "P1";
    e->lines.items[2].unit_price.shop_minor = 3600;
}

static const char bundles[] =
    "bundles:\n"
    "  - sku: WEEKENDSET\n"
    "    components:\n"
    "      - {product: TSHIRT, matrix: [RED, M], quantity: 2, weight: 60}\n"
    "      - {product: SKU00002, weight: 40}\n"
    "  - sku: GONESET\n"
    "    components:\n"
    "      - {product: SKU00002, weight: 1}\n"
    "      - {product: GONE, matrix: [RED], weight: 2}\n"
    "  - sku: CRATE\n"
    "    components: [{product: BOTTLE, quantity: 10000}]\n"
    "  - sku: OURSET\n"
    "    components: [{product: ANY1}, {product: ANY2}]\n"
    "  - sku: OURSET\n"
    "    channel: shopify\n"
    "    components: [{product: SHOP1}, {product: SHOP2}]\n";

static struct order_rules *load(const char *setting, const char *content)
{
    char folder[200];
    (void)snprintf(folder, sizeof folder, "orders.mappings=%s",
                   support_mappings_copy("bundles.yaml", content));
    return support_rules((const char *const[]){folder, setting, NULL});
}

/* ---- in the request ---- */

#define HOLDS(code_) .code = (code_)

/* The request's lines as "product quantity@price-discount+tax", the last one (of the order's other
 * line) left out. */
static const struct row {
    const char *name;
    void (*alter)(struct order_event *event);
    const char *setting, *lines;
    enum pf_error code;
    const char *contains, *lacks;
} rows[] = {
    {"by weight, the bundle's line as reference", a_set,
     .lines = "TSHIRT 2@30.00+10.00, SKU00002 1@40.00+6.67",
     .contains = "LineNarrative=\"Of bundle WEEKENDSET: Weekend set\" LineReference=\"L1\"",
     .lacks = "Product=\"WEEKENDSET\""},
    {"three of them: a price that no quantity divides is two lines", three_sets,
     .lines =
         "TSHIRT 5@10.00+8.33, TSHIRT 1@9.99+1.67, SKU00002 1@13.34+2.22, SKU00002 2@13.33+4.45"},
    {"without VAT", three_sets, .setting = "prima.price_vat=net",
     .lines = "TSHIRT 1@8.34+1.67, TSHIRT 5@8.33+8.33, SKU00002 3@11.11+6.67"},
    {"for nothing", a_set_for_nothing, .lines = "TSHIRT 2@0.00+0.00, SKU00002 1@0.00+0.00"},
    {"given away: no part's discount exceeds its price", a_set_given_away,
     .lines = "TSHIRT 3@15.00-45.00+0.00, TSHIRT 1@14.99-14.99+0.00, "
              "SKU00002 1@20.00-20.00+0.00, SKU00002 1@19.99-19.99+0.00"},
    {"for a penny", a_set_for_a_penny,
     .lines = "TSHIRT 1@0.01+0.00, TSHIRT 1@0.00+0.00, SKU00002 1@0.00+0.00"},
    {"a message goes along once", a_set_with_a_message,
     .contains = "LineNarrative=\"Of bundle WEEKENDSET: Weekend set; Gift message: For Bea\""},
    {"one component is unknown: that one alone is the miscellaneous item",
     a_set_whose_shirt_is_gone, .lines = "SKU00002 1@33.33+5.56, MISC 1@66.67+11.11",
     HOLDS(PF_E_unknown_sku),
     .contains = "LineNarrative=\"SKU GONE/RED, 66.67 in all, tax rate 20.0000 %; of bundle "
                 "GONESET: Weekend set\""},
    {"a gift card is no bundle", a_gift_card_called_so, .lines = "GIFTCARD 1@100.00+0.00"},
    {"its location's depot, or none", a_set_without_depot, HOLDS(PF_E_depot_unmapped),
     .contains = "location without depot (line 1 and 1 more)"},
    {"the proof is of the channel's lines", a_set_short_of_a_penny, HOLDS(PF_E_total_mismatch),
     .contains = "lines 130.00 "},
    {"the row that names most decides", in_this_store,
     .lines = "SHOP1 1@50.00+8.34, SHOP2 1@50.00+8.33"},
    {"elsewhere the other one", in_another_store, .lines = "ANY1 1@50.00+8.34, ANY2 1@50.00+8.33"},

    {"the channel sends the parts: they are the goods", parent_without_price,
     .lines = "SKU00001 1@12.00+2.00, SKU00002 1@30.00+5.00", .contains = "LineReference=\"P1\"",
     .lacks = "BOX"},
    {"the bundle has the price: it goes to the parts", parts_without_price,
     .lines = "SKU00001 1@21.01+3.50, SKU00002 1@21.00+3.50"},
    {"both have prices: in proportion to the parts'", both_with_price,
     .lines = "SKU00001 1@13.00+2.17, SKU00002 1@39.00+6.50"},
    {"a parent is not taken apart again", parent_in_the_file,
     .lines = "SKU00001 1@21.00+3.50, SKU00002 1@21.00+3.50"},
    {"a part may be", part_in_the_file,
     .lines = "TSHIRT 2@3.60+1.20, SKU00002 1@4.80+0.80, SKU00002 1@30.00+5.00"},
    {"the parent was edited away: what is left are goods", parent_edited_away,
     .lines = "SKU00001 1@12.00+2.00, SKU00002 1@30.00+5.00"},
    {"the parts were edited away: the parent is what is left", parts_edited_away,
     .lines = "SKU00003 1@42.00+7.00"},
    {"a parent that was never there", orphans,
     .lines = "BOX 1@0.00+0.00, SKU00001 1@12.00+2.00, SKU00002 1@30.00+5.00"},
    {"whatever the order of their ids", ids_in_no_order,
     .lines = "SKU00001 1@21.01+3.50, SKU00002 1@21.00+3.50"},
    {"bundles within bundles", nested, .lines = "SKU00002 1@52.00+8.67"},
};

static const char *describe_lines(xmlDoc *request)
{
    struct buf text;
    xmlNode *node;
    buf_init(&text, 4096);
    for (size_t i = 0; (node = support_node(request, "OrderLineData", i + 1)) != NULL; i++) {
        node = support_node(request, "OrderLineData", i);
        const char *discount = support_attribute(node, "TrDisc", memory);
        buf_printf(&text, "%s%s %s@%s%s%s+%s", i == 0 ? "" : ", ",
                   support_attribute(node, "Product", memory),
                   support_attribute(node, "Quantity", memory),
                   support_attribute(node, "Price", memory), *discount == '\0' ? "" : "-", discount,
                   support_attribute(node, "ExtTaxVal", memory));
    }
    const char *copy = arena_text(memory, text.size == 0 ? "" : text.data, text.size);
    buf_release(&text);
    return copy;
}

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        print_message("  %s\n", row->name);
        struct order_rules *rules = load(row->setting, bundles);
        struct support_world world = {.missing_product = "GONE"};
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        row->alter(event);
        support_decide(event, rules, &world, memory, &key, &plan);
        if (plan.verdict != FLOW_SENDS)
            fail_msg("%s: %s", pf_error_info(plan.codes[0])->name, plan.detail);
        assert_string_equal(pf_error_info(plan.code_count == 0 ? PF_OK : plan.codes[0])->name,
                            pf_error_info(row->code)->name);
        xmlDoc *request = support_request(&plan);
        if (row->lines != NULL)
            assert_string_equal(describe_lines(request), row->lines);
        if (row->contains != NULL && strstr(plan.request, row->contains) == NULL)
            fail_msg("'%s' is not in\n%s", row->contains, plan.request);
        if (row->lacks != NULL && strstr(plan.request, row->lacks) != NULL)
            fail_msg("'%s' is in\n%s", row->lacks, plan.request);
        assert_int_equal(support_outstanding(request, 2, memory),
                         row->code == PF_E_total_mismatch ? 1 : 0);
        xmlFreeDoc(request);
        arena_free(memory);
        support_rules_free(rules);
    }
}

/* What contradicts itself is refused: quickly, however many lines it has. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct order_event *event);
        const char *detail;
    } refused[] = {
        {"more units than a line can have", too_many_sets, "the amounts are too large to add up"},
        {"a part of itself", part_of_itself, "parts of each other"},
        {"a part of its own part", part_of_its_part, "parts of each other"},
    };
    struct order_rules *rules = load(NULL, bundles);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        print_message("  %s\n", refused[i].name);
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        refused[i].alter(event);
        support_decide(event, rules, NULL, memory, &key, &plan);
        assert_int_equal(plan.verdict, FLOW_DEAD_LETTERS);
        assert_int_equal(plan.codes[0], PF_E_event_invalid);
        assert_non_null(strstr(plan.detail, refused[i].detail));
        arena_free(memory);
    }
    support_rules_free(rules);
}

/* What is asked about a component may be answered when the mappings are others already, and these
 * freed. */
static void test_facts_outlive_the_rules(void **state)
{
    (void)state;
    struct order_rules *rules = load(NULL, bundles);
    struct flow_key key;
    struct flow_plan plan, later;
    const char *detail = NULL;
    memory = arena_new(SUPPORT_ARENA);
    struct order_event *event = support_order(memory);
    a_set(event);
    assert_int_equal(order_key(event, rules, memory, &key, &detail), PF_OK);
    assert_int_equal(order_decide(event, &key, rules, NULL, 0, NULL, memory, &plan), 0);
    assert_int_equal(plan.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(plan.fact_count,
                     3); /* two products, one of which is the other line's as well; the customer */
    support_rules_free(rules);
    rules = load(NULL, bundles);
    assert_string_equal(plan.facts[1].sku.product, "SKU00002");
    for (size_t i = 0; i < plan.fact_count; i++) {
        plan.facts[i].state = FACT_KNOWN;
        plan.facts[i].account = "C1";
    }
    assert_int_equal(
        order_decide(event, &key, rules, plan.facts, plan.fact_count, NULL, memory, &later), 0);
    assert_int_equal(later.verdict, FLOW_SENDS);
    arena_free(memory);
    support_rules_free(rules);
}

static void test_hostile_families(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    static const struct {
        const char *name;
        bool chain;
        size_t lines;
        int r;
        const char *detail;
    } families[] = {
        {"one parent of all", false, LINES, -EINVAL, "a bundle has more than 500 lines"},
        {"of one too many", false, BUNDLE_PARTS_MAX + 2, -EINVAL, "a bundle has more than 500"},
        {"one parent of as many as may be", false, BUNDLE_PARTS_MAX + 1, 0, NULL},
        {"each the part of the next", true, LINES, -EINVAL, "nested more than eight deep"},
        {"one too deep", true, BUNDLE_DEPTH_MAX + 2, -EINVAL, "nested more than eight deep"},
        {"as deep as may be", true, BUNDLE_DEPTH_MAX + 1, 0, NULL},
    };
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        print_message("  %s\n", families[f].name);
        memory = arena_new(4 * SUPPORT_ARENA);
        struct order_line *events = some(families[f].lines * sizeof *events);
        struct sale sale = {.exact = {.currency = currency_find("GBP")},
                            .currency = currency_find("GBP")};
        sale.lines = some(families[f].lines * sizeof *sale.lines);
        sale.line_count = families[f].lines;
        for (size_t i = 0; i < families[f].lines; i++) {
            events[i] = (struct order_line){
                .line_id = arena_printf(memory, "%zu", i), .sku = "S", .quantity = 1};
            if (i > 0)
                events[i].parent_line_id = families[f].chain ? events[i - 1].line_id : "0";
            sale.lines[i] = (struct sale_line){
                .event = &events[i], .number = i + 1, .quantity = 1, .price = {.amount = 100}};
        }
        const char *detail = NULL;
        assert_int_equal(sale_fold_parents(&sale, memory, &detail), families[f].r);
        assert_true(detail == NULL ? families[f].detail == NULL
                                   : strstr(detail, families[f].detail) != NULL);
        int64_t sum = 0;
        for (size_t i = 0; i < sale.line_count && families[f].r == 0; i++)
            sum += sale.lines[i].price.amount;
        if (families[f].r == 0)
            assert_int_equal(sum, 100 * (int64_t)families[f].lines);
        arena_free(memory);
    }
}

/* ---- in the ledger ---- */

static struct ledger_entry ledger_of(const struct order_event *event,
                                     const struct order_rules *rules, const struct flow_key *key,
                                     const struct flow_plan *plan, struct codec *codec)
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
    buf_init(&bytes, 1 << 20);
    assert_int_equal(order_write_ledger(codec, &settlement, event, rules, memory, &bytes), 0);
    if (codec_decode(codec, &ledger_entry_record, bytes.data, bytes.size, memory, &entry, &fault) <
        0)
        fail_msg("%s", fault.message);
    buf_release(&bytes);
    return entry;
}

/* "line_id/bundle_line_id number product/matrix quantity of bundles: amount tax" */
static const char *describe_ledger(const struct ledger_entry *e)
{
    struct buf text;
    buf_init(&text, 8192);
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct ledger_line *l = &e->lines.items[i];
        int64_t tax = 0;
        for (size_t t = 0; t < l->taxes.count; t++)
            tax += l->taxes.items[t].tax_minor;
        buf_printf(&text, "%s%s%s%s %d %s", i == 0 ? "" : ", ", l->line_id,
                   l->bundle_line_id == NULL ? "" : "/",
                   l->bundle_line_id == NULL ? "" : l->bundle_line_id, l->number, l->product);
        for (size_t m = 0; m < l->matrix_codes.count; m++)
            buf_printf(&text, "/%s", l->matrix_codes.items[m]);
        buf_printf(&text, " %d of %d: %lld %lld", l->quantity, l->bundle_quantity,
                   (long long)l->amount_minor, (long long)tax);
    }
    const char *copy = arena_text(memory, text.data, text.size);
    buf_release(&text);
    return copy;
}

static const char other_bundles[] = "bundles:\n"
                                    "  - sku: WEEKENDSET\n"
                                    "    components: [{product: OTHER, quantity: 7}]\n"
                                    "  - sku: TSHIRT-RED-M\n"
                                    "    components: [{product: HALF1}, {product: HALF2}]\n";

static void test_ledger(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct order_event *event);
        const char *later; /* mappings when it is written; NULL: the same */
        const char *lines;
    } entries[] = {
        {"a line for each component, all found by the channel's line", three_sets, NULL,
         "L1 1 TSHIRT/RED/M 6 of 3: 5999 1000, L1 3 SKU00002 3 of 3: 4000 667, L2 5 TSHIRT/RED/M 1 "
         "of 0: 2500 "
         "417"},
        {"the miscellaneous component as it was posted", a_set_whose_shirt_is_gone, NULL,
         "L1 1 SKU00002 1 of 1: 3333 556, L1 2 MISC 1 of 1: 6667 1111, L2 3 TSHIRT/RED/M 1 of 0: "
         "2500 "
         "417"},
        {"parts that the channel sent, found by their bundle too", both_with_price, NULL,
         "P1/B1 1 SKU00001 1 of 1: 1300 217, P2/B1 2 SKU00002 1 of 1: 3900 650, L2 3 TSHIRT/RED/M "
         "1 of "
         "0: 2500 417"},
        {"the mapping has changed since: the money whole, numbers as posted", three_sets,
         other_bundles, "L1 1 WEEKENDSET 3 of 0: 9999 1667, L2 5 TSHIRT/RED/M 1 of 0: 2500 417"},
        {"what was no bundle is none later", parent_without_price, other_bundles,
         "P1/B1 1 SKU00001 1 of 1: 1200 200, P2/B1 2 SKU00002 1 of 1: 3000 500, L2 3 TSHIRT/RED/M "
         "1 of "
         "0: 2500 417"},
    };
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    struct codec *codec = NULL;
    assert_int_equal(codec_open("schemas", NULL, limits, &codec, message), 0);
    assert_int_equal(codec_check(codec, &ledger_entry_record, message), 0);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        print_message("  %s\n", entries[i].name);
        struct order_rules *rules = load(NULL, bundles);
        struct support_world world = {.missing_product = "GONE"};
        struct flow_key key;
        struct flow_plan plan;
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        entries[i].alter(event);
        support_decide(event, rules, &world, memory, &key, &plan);
        assert_int_equal(plan.verdict, FLOW_SENDS);
        if (entries[i].later != NULL) {
            support_rules_free(rules);
            rules = load(NULL, entries[i].later);
        }
        const struct ledger_entry e = ledger_of(event, rules, &key, &plan, codec);
        assert_string_equal(describe_ledger(&e), entries[i].lines);
        int64_t sum = 0, tax = 0;
        for (size_t l = 0; l < e.lines.count; l++) {
            sum += e.lines.items[l].amount_minor;
            for (size_t t = 0; t < e.lines.items[l].taxes.count; t++)
                tax += e.lines.items[l].taxes.items[t].tax_minor;
        }
        assert_int_equal(sum + 350, e.total_minor);
        assert_int_equal(tax + 58, e.tax_minor);
        arena_free(memory);
        support_rules_free(rules);
    }
    codec_close(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_facts_outlive_the_rules),
        cmocka_unit_test(test_hostile_families),
        cmocka_unit_test(test_ledger),
    };
    return cmocka_run_group_tests_name("order_bundle", tests, NULL, NULL);
}
