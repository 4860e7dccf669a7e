/* The rule book, one row a case: a plain order altered in one way, and what is done about it.
 * Numbers in brackets are the failure cases of comparable connectors that the rows keep away. */
#include "test_order_support.h"

#include "order_customer.h"
#include "order_decide.h"
#include "order_summary.h"

/* ---- alterations ---- */

static struct arena *memory; /* of the row under test */

static void *some(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

/* Pays the order at this total. */
static void pay(struct order_event *e, int64_t total)
{
    e->totals.total.shop_minor = total;
    e->tenders.items[0].amount.shop_minor = total;
}

static void plain(struct order_event *e)
{
    (void)e;
}
static void a_test(struct order_event *e)
{
    e->test = true;
}
static void test_money(struct order_event *e)
{
    e->tenders.items[0].test = true;
}
static void test_gateway(struct order_event *e)
{
    e->tenders.items[0].gateway = "bogus";
}
static void real_money_beside_test_money(struct order_event *e)
{
    struct order_tender *two = some(2 * sizeof *two);
    two[0] = two[1] = e->tenders.items[0];
    two[0].amount.shop_minor = 5000;
    two[1].amount.shop_minor = 250;
    two[1].test = true;
    e->tenders.items = two;
    e->tenders.count = 2;
}
static void cancelled(struct order_event *e)
{
    e->kind = ORDER_CANCELLED;
}
static void old(struct order_event *e)
{
    e->created_at = 1577836800000; /* 2020-01-01 */
}
static void unknown_currency(struct order_event *e)
{
    e->currency = "XXX";
}
static void negative_quantity(struct order_event *e)
{
    e->lines.items[0].quantity = -1;
}
static void all_lines_gone(struct order_event *e)
{
    for (size_t i = 0; i < e->lines.count; i++) {
        e->lines.items[i].has_current_quantity = true;
        e->lines.items[i].current_quantity = 0;
    }
}
static void overflow(struct order_event *e)
{
    e->lines.items[0].unit_price.shop_minor = INT64_MAX;
}
static void penny_on_a_price(struct order_event *e)
{
    e->lines.items[1].unit_price.shop_minor += 1;
}
static void penny_on_a_discount(struct order_event *e)
{
    e->lines.items[1].discounts.items[0].amount.shop_minor += 1;
}
static void penny_on_the_tender(struct order_event *e)
{
    e->tenders.items[0].amount.shop_minor -= 1;
}
static void penny_on_the_total(struct order_event *e)
{
    e->totals.total.shop_minor += 1;
}
static void penny_on_carriage(struct order_event *e)
{
    e->shipping_lines.items[0].price.shop_minor -= 1;
}
static void tax_of_another_rate(struct order_event *e) /* [1] */
{
    e->lines.items[0].tax_lines.items[0].amount.shop_minor = 114; /* 5 % of it */
    e->totals.tax.shop_minor = 589;
}
static void tax_within_rounding(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0].amount.shop_minor = 401;
    e->totals.tax.shop_minor = 876;
}
static void tax_total_of_its_own(struct order_event *e)
{
    e->totals.tax.shop_minor = 874;
}
static void no_tax_at_all(struct order_event *e) /* [14] */
{
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i].tax_lines.items[0].amount.shop_minor = 0;
    e->shipping_lines.items[0].tax_lines.items[0].amount.shop_minor = 0;
    e->totals.tax.shop_minor = 0;
}
static void unknown_rate(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "VAT", .rate_ppm = 175000, .amount = {.shop_minor = 357}};
    e->totals.tax.shop_minor = 832;
}
static void export_without_tax(struct order_event *e)
{
    struct order_address *abroad = some(sizeof *abroad);
    *abroad = *e->shipping_address;
    abroad->country_code = "NO";
    e->shipping_address = abroad;
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i].tax_lines.count = 0;
    e->shipping_lines.items[0].tax_lines.count = 0;
    e->totals.tax.shop_minor = 0;
}
static void taxes_that_make_up_for_each_other(struct order_event *e)
{
    e->lines.items[0].tax_lines.items[0].amount.shop_minor += 5;
    e->lines.items[1].tax_lines.items[0].amount.shop_minor -= 5;
}
static void a_penny_on_each_of_six_taxes(struct order_event *e)
{
    const struct order_line model = e->lines.items[0]; /* 24.00 */
    struct tax_line *tax = some(sizeof *tax);
    *tax = model.tax_lines.items[0];
    tax->amount.shop_minor = 401;
    e->lines.items = some(6 * sizeof model);
    e->lines.count = 6;
    for (size_t i = 0; i < 6; i++) {
        e->lines.items[i] = model;
        e->lines.items[i].tax_lines.items = tax;
    }
    e->shipping_lines.count = 0;
    e->totals.tax.shop_minor = 6 * 401;
    pay(e, 6 * 2400);
}
static void state_totals(struct order_event *e)
{
    struct money_set *stated = some(4 * sizeof *stated);
    stated[0].shop_minor = 4900;
    stated[1].shop_minor = 500;
    stated[2].shop_minor = 350;
    e->totals.subtotal = &stated[0];
    e->totals.discounts = &stated[1];
    e->totals.shipping = &stated[2];
    e->totals.charges = &stated[3];
}
static void misstate_subtotal(struct order_event *e)
{
    state_totals(e);
    ((struct money_set *)e->totals.subtotal)->shop_minor++;
}
static void misstate_discounts(struct order_event *e)
{
    state_totals(e);
    ((struct money_set *)e->totals.discounts)->shop_minor++;
}
static void misstate_shipping(struct order_event *e)
{
    state_totals(e);
    ((struct money_set *)e->totals.shipping)->shop_minor++;
}
static void misstate_charges(struct order_event *e)
{
    state_totals(e);
    ((struct money_set *)e->totals.charges)->shop_minor++;
}
static void missing_product(
    struct order_event *e) /* [4]: the world of these rows lacks product GONE */
{
    e->lines.items[0].sku = "GONE";
}
static void null_sku(struct order_event *e) /* [4] */
{
    e->lines.items[0].sku = NULL;
    e->lines.items[0].product_id = NULL;
}
static void empty_sku(struct order_event *e)
{
    e->lines.items[0].sku = "";
}
static void shapeless_sku(struct order_event *e)
{
    e->lines.items[0].sku = "A-B-C-D-E-F";
}
static void gift_card_sold(struct order_event *e) /* [9]: without tax, a liability */
{
    struct order_line *line = &e->lines.items[0];
    line->gift_card = true;
    line->taxable = false;
    line->requires_shipping = false;
    line->sku = NULL;
    line->tax_lines.count = 0;
    e->totals.tax.shop_minor = 475;
}
static void gift_card_taxed(struct order_event *e)
{
    e->lines.items[0].gift_card = true;
}
static void gift_card_used(struct order_event *e)
{
    struct order_tender *two = some(2 * sizeof *two);
    two[0] = two[1] = e->tenders.items[0];
    two[0].amount.shop_minor = 4250;
    two[1] = (struct order_tender){.kind = TENDER_GIFT_CARD,
                                   .voucher_number = "**1234",
                                   .amount = {.shop_minor = 1000},
                                   .status = TENDER_STATUS_CAPTURED};
    e->tenders.items = two;
    e->tenders.count = 2;
}
static void unmapped_location(struct order_event *e)
{
    e->lines.items[1].location_id = "9999";
}
static void no_location(struct order_event *e)
{
    e->lines.items[0].location_id = e->lines.items[1].location_id = NULL;
}
static void unmapped_payment(struct order_event *e)
{
    e->tenders.items[0].gateway = "cryptopay";
}
static void unmapped_carriage(struct order_event *e)
{
    e->shipping_lines.items[0].code = "drone";
}
static void add_charge(struct order_event *e, enum charge_kind kind, int64_t amount)
{
    e->charges.items = some(sizeof *e->charges.items);
    e->charges.items[0] =
        (struct order_charge){.kind = kind, .title = "", .amount = {.shop_minor = amount}};
    e->charges.count = 1;
    pay(e, 5250 + amount);
}
static void tip(struct order_event *e)
{
    add_charge(e, CHARGE_TIP, 300);
}
static void cash_rounding(struct order_event *e)
{
    add_charge(e, CHARGE_CASH_ROUNDING, -2);
}
static void negative_charge(struct order_event *e)
{
    add_charge(e, CHARGE_HANDLING, -2);
}
static void authorized(struct order_event *e)
{
    e->tenders.items[0].status = TENDER_STATUS_AUTHORIZED;
    e->totals.outstanding.shop_minor = 5250;
}
static void pending(struct order_event *e)
{
    e->tenders.items[0].status = TENDER_STATUS_PENDING;
    e->totals.outstanding.shop_minor = 5250;
}
static void pending_in_a_store_that_waits(struct order_event *e)
{
    pending(e);
    e->store = "eu";
}
static void unpaid_and_unsaid(struct order_event *e)
{
    e->tenders.items[0].status = TENDER_STATUS_PENDING;
}
static void on_account(struct order_event *e)
{
    struct payment_terms *terms = some(sizeof *terms);
    *terms = (struct payment_terms){.name = "Net 30"};
    e->payment_terms = terms;
    e->tenders.count = 0;
    e->totals.outstanding.shop_minor = 5250;
}
static void unknown_terms(struct order_event *e)
{
    on_account(e);
    ((struct payment_terms *)e->payment_terms)->name = "Net 90";
}
static void edited_down(
    struct order_event *e) /* [8]: one of two shoes was taken off, its share of tax goes with it */
{
    e->kind = ORDER_EDITED;
    e->lines.items[0].has_current_quantity = true;
    e->lines.items[0].current_quantity = 1;
    e->totals.tax.shop_minor = 675;
    pay(e, 4050);
}
/* Three at 0.88, one taken off: two thirds of 0.44 are 0.29; the channel has rounded anew. */
static void edited_and_rounded(struct order_event *e, int64_t tax)
{
    struct order_line *line = &e->lines.items[0];
    e->kind = ORDER_EDITED;
    line->quantity = 3;
    line->has_current_quantity = true;
    line->current_quantity = 2;
    line->unit_price.shop_minor = 88;
    line->tax_lines.items[0].amount.shop_minor = 44;
    const struct order_line edited =
        *line; /* not the first of them: what is missing is this one's all the same */
    e->lines.items[0] = e->lines.items[1];
    e->lines.items[1] = edited;
    e->totals.tax.shop_minor = tax + 475;
    pay(e, 176 + 2850);
}
static void edited_to_our_share(struct order_event *e)
{
    edited_and_rounded(e, 29);
}
static void edited_and_rounded_anew(struct order_event *e)
{
    edited_and_rounded(e, 30);
}
static void edited_and_too_far(struct order_event *e)
{
    edited_and_rounded(e, 31);
}
static void line_edited_away(struct order_event *e)
{
    e->kind = ORDER_EDITED;
    e->lines.items[0].has_current_quantity = true;
    e->lines.items[0].current_quantity = 0;
    e->totals.tax.shop_minor = 475;
    pay(e, 2850);
}
static void free_order(struct order_event *e)
{
    for (size_t i = 0; i < e->lines.count; i++) {
        e->lines.items[i].unit_price.shop_minor = 0;
        e->lines.items[i].tax_lines.items[0].amount.shop_minor = 0;
        e->lines.items[i].discounts.count = 0;
    }
    e->shipping_lines.count = 0;
    e->totals.tax.shop_minor = 0;
    e->tenders.count = 0;
    e->totals.total.shop_minor = 0;
}
/* The first line is given away: its tax lines stay, with nothing in them. */
static void discounted_to_nothing(struct order_event *e)
{
    struct order_line *line = &e->lines.items[0];
    line->discounts.count = 1;
    line->discounts.items = some(sizeof *line->discounts.items);
    line->discounts.items[0] =
        (struct order_discount){.code = "GIFT", .amount = {.shop_minor = 2400}};
    line->tax_lines.items[0].amount.shop_minor = 0;
    e->totals.tax.shop_minor = 475;
    pay(e, 2850);
}
static void discounted_to_nothing_and_taxed(struct order_event *e)
{
    discounted_to_nothing(e);
    e->lines.items[0].tax_lines.items[0].amount.shop_minor = 400;
    e->totals.tax.shop_minor = 875;
}
static void free_with_a_code(struct order_event *e) /* nobody paid, for a code took all of it */
{
    discounted_to_nothing(e);
    struct order_line *line = &e->lines.items[1];
    line->discounts.items[0].amount.shop_minor = 3000;
    line->tax_lines.items[0].amount.shop_minor = 0;
    e->shipping_lines.items[0].discounts.count = 1;
    e->shipping_lines.items[0].discounts.items = some(sizeof *line->discounts.items);
    e->shipping_lines.items[0].discounts.items[0].amount.shop_minor = 350;
    e->shipping_lines.items[0].tax_lines.items[0].amount.shop_minor = 0;
    e->totals.tax.shop_minor = e->totals.total.shop_minor = 0;
    e->tenders.count = 0;
}
static void free_with_a_tender_of_nothing(struct order_event *e)
{
    free_with_a_code(e);
    e->tenders.count = 1;
    e->tenders.items[0].gateway = "free";
    e->tenders.items[0].amount.shop_minor = 0;
}
static void exempt(
    struct order_event *e) /* reverse charge: net prices, the channel charges no tax at all */
{
    e->tax_exempt = true;
    e->taxes_included = false;
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i].tax_lines.count = 0;
    e->shipping_lines.items[0].tax_lines.count = 0;
    e->totals.tax.shop_minor = 0;
}
static void exempt_and_taxed(struct order_event *e)
{
    e->tax_exempt = true;
}
static void untaxed_line(struct order_event *e)
{
    e->lines.items[0].taxable = false;
    e->lines.items[0].tax_lines.count = 0;
    e->totals.tax.shop_minor = 475;
}
static void untaxed_line_with_tax(struct order_event *e)
{
    e->lines.items[0].taxable = false;
}
static void in_new_york(struct order_event *e)
{
    struct order_address *address = some(sizeof *address);
    *address = *e->shipping_address;
    address->country_code = "US";
    e->shipping_address = address;
    e->taxes_included = false;
}
/* Net prices with two taxes on each thing: 4 % and 4.875 %, each rounded for itself. 24.00, 25.00
 * and 3.50. */
static void two_taxes(struct order_event *e)
{
    static const int64_t taxes[][2] = {{96, 117}, {100, 122}, {14, 17}};
    in_new_york(e);
    for (size_t i = 0; i < 3; i++) {
        struct tax_line *two = some(2 * sizeof *two);
        two[0] = (struct tax_line){
            .title = "State", .rate_ppm = 40000, .amount = {.shop_minor = taxes[i][0]}};
        two[1] = (struct tax_line){
            .title = "City", .rate_ppm = 48750, .amount = {.shop_minor = taxes[i][1]}};
        if (i < 2)
            e->lines.items[i].tax_lines.items = two;
        else
            e->shipping_lines.items[0].tax_lines.items = two;
        if (i < 2)
            e->lines.items[i].tax_lines.count = 2;
        else
            e->shipping_lines.items[0].tax_lines.count = 2;
    }
    e->totals.tax.shop_minor = 466;
    pay(e, 5250 + 466);
}
static void two_taxes_one_forgotten(struct order_event *e)
{
    two_taxes(e);
    e->lines.items[1].tax_lines.items[1].amount.shop_minor = 0;
    e->totals.tax.shop_minor = 344;
    pay(e, 5250 + 344);
}
/* Three lines of 0.10 net at 23 %: 0.023 each. The invoice's tax is 0.069, so 7; the lines' are 2
 * each. */
static void pennies(struct order_event *e, int64_t invoice)
{
    const struct order_line model = e->lines.items[0];
    e->store = "eu";
    e->taxes_included = false;
    ((struct order_address *)e->shipping_address)->country_code = "IE";
    e->lines.items = some(3 * sizeof model);
    e->lines.count = 3;
    for (size_t i = 0; i < 3; i++) {
        e->lines.items[i] = model;
        e->lines.items[i].quantity = 1;
        e->lines.items[i].unit_price.shop_minor = 10;
        e->lines.items[i].tax_lines.items = some(sizeof *model.tax_lines.items);
        e->lines.items[i].tax_lines.items[0] =
            (struct tax_line){.title = "VAT", .rate_ppm = 230000, .amount = {.shop_minor = 2}};
    }
    e->shipping_lines.count = 0;
    e->totals.tax.shop_minor = invoice;
    pay(e, 30 + invoice);
}
static void rounded_by_invoice(struct order_event *e)
{
    pennies(e, 7);
}
static void cut_off_by_invoice(struct order_event *e)
{
    pennies(e, 5);
}
static void collected(struct order_event *e) /* in London, by somebody who lives in Berlin */
{
    struct order_address *abroad = some(sizeof *abroad);
    *abroad = *e->shipping_address;
    abroad->country_code = "DE";
    e->billing_address = abroad;
    e->shipping_address = NULL;
    e->location_id = "2001";
}
static void downloaded_abroad(
    struct order_event *e) /* nothing is carried, nothing handed over: the customer's country */
{
    collected(e);
    e->location_id = NULL;
}
static void half_captured(struct order_event *e)
{
    struct order_tender *two = some(2 * sizeof *two);
    two[0] = two[1] = e->tenders.items[0];
    two[0].amount.shop_minor = 2000;
    two[1].amount.shop_minor = 3250;
    two[1].status = TENDER_STATUS_AUTHORIZED;
    e->tenders.items = two;
    e->tenders.count = 2;
    e->totals.outstanding.shop_minor = 3250;
}
static void business_unpaid(struct order_event *e)
{
    struct order_business *b = some(sizeof *b);
    *b =
        (struct order_business){.company_id = "9", .name = "Test Ltd", .vat_number = "GB123456789"};
    e->business = b;
    e->tenders.count = 0;
    e->totals.outstanding.shop_minor = 5250;
}
static void duty_of_a_line(struct order_event *e)
{
    add_charge(e, CHARGE_DUTY, 499);
    e->charges.items[0].line_id = "L1";
    e->charges.items[0].code = "6403.91";
}
static void wrapped_with_tax(struct order_event *e)
{
    add_charge(e, CHARGE_GIFT_WRAP, 350);
    e->charges.items[0].tax_lines.count = 1;
    e->charges.items[0].tax_lines.items = some(sizeof(struct tax_line));
    e->charges.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "VAT", .rate_ppm = 200000, .amount = {.shop_minor = 58}};
    e->totals.tax.shop_minor = 933;
}
static void wrapped_with_a_wrong_tax(struct order_event *e)
{
    wrapped_with_tax(e);
    e->charges.items[0].tax_lines.items[0].amount.shop_minor = 70;
    e->totals.tax.shop_minor = 945;
}
static void in_fils(struct order_event *e) /* three decimals, zero-rated exports: 12.345 dinars */
{
    export_without_tax(e);
    e->currency = "KWD";
    e->lines.items[0].unit_price.shop_minor = 12345;
    e->lines.items[0].quantity = 1;
    pay(e, 12345 + 2850);
}
static void in_yen_with_a_tenth(
    struct order_event *e) /* none: 1234 yen at 10 % within contain 112.18, so 112 */
{
    e->store = "jp";
    e->currency = "JPY";
    ((struct order_address *)e->shipping_address)->country_code = "JP";
    e->lines.count = 1;
    e->lines.items[0].quantity = 1;
    e->lines.items[0].unit_price.shop_minor = 1234;
    e->lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "JCT", .rate_ppm = 100000, .amount = {.shop_minor = 112}};
    e->shipping_lines.count = 0;
    e->totals.tax.shop_minor = 112;
    pay(e, 1234);
}
static void edited_with_an_outstanding_rest(
    struct order_event *e) /* a third shoe was added, and is not paid yet */
{
    e->kind = ORDER_EDITED;
    e->lines.items[0].has_current_quantity = true;
    e->lines.items[0].current_quantity = 3;
    e->lines.items[0].tax_lines.items[0].amount.shop_minor = 600;
    e->totals.tax.shop_minor = 1075;
    e->totals.total.shop_minor = 6450;
    e->totals.outstanding.shop_minor = 1200;
}
static void cancelled_test(struct order_event *e)
{
    cancelled(e);
    a_test(e);
}
static void guest_with_mail(struct order_event *e)
{
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void guest_without_mail(struct order_event *e)
{
    e->customer = NULL;
}
static void guest_of_the_outlet(struct order_event *e) /* [5] */
{
    e->store = "outlet";
    e->channel = "woocommerce";
    ((struct order_customer *)e->customer)->customer_id = NULL;
}
static void at_the_till(struct order_event *e) /* [5] */
{
    e->source_name = "pos";
    e->location_id = "2001";
    e->customer = NULL;
    e->shipping_address = e->billing_address = NULL;
}
static void marketplace_without_location(struct order_event *e)
{
    e->channel = "mirakl";
    e->store = "marketplace";
    e->lines.items[0].location_id = NULL;
}

/* ---- the table ---- */

#define POSTS .verdict = FLOW_SENDS, .outcome = OUTCOME_POSTED
#define HOLDS(code_) .verdict = FLOW_SENDS, .outcome = OUTCOME_POSTED_ON_HOLD, .code = (code_)
#define SETTLES(outcome_) .verdict = FLOW_SETTLES, .outcome = (outcome_)
#define REFUSES(code_) .verdict = FLOW_DEAD_LETTERS, .code = (code_)
#define WAITS(code_) .verdict = FLOW_WAITS, .code = (code_)

static const struct row {
    const char *name;
    void (*alter)(struct order_event *event);
    int verdict;
    enum outcome outcome;
    enum pf_error code;   /* the only one; PF_OK: none */
    const char *account;  /* NULL: not looked at */
    const char *contains; /* of the request, or of the dead letter's detail; NULL: nothing */
    const char *lacks;
    enum fact_state customer;
} rows[] = {
    {"a plain order is posted", plain, POSTS, .account = "C000123", .contains = "HoldOrder=\"No\"",
     .lacks = "HoldOrderNarrative=\"t"},
    {"a test order is never posted", a_test, SETTLES(OUTCOME_IGNORED_TEST)},
    {"nor one with test money", test_money, SETTLES(OUTCOME_IGNORED_TEST)},
    {"nor one of a test gateway", test_gateway, SETTLES(OUTCOME_IGNORED_TEST)},
    {"real money beside test money is not ignored", real_money_beside_test_money, POSTS},
    {"a cancellation is never sent", cancelled, SETTLES(OUTCOME_CANCELLED_BEFORE_POSTING)},
    {"before the cut-over", old, SETTLES(OUTCOME_IGNORED_BEFORE_CUTOVER)},
    {"a currency that is none", unknown_currency, REFUSES(PF_E_event_invalid)},
    {"a negative quantity", negative_quantity, REFUSES(PF_E_event_invalid)},
    {"no line is left", all_lines_gone, REFUSES(PF_E_event_invalid),
     .contains = "no line with a quantity is left"},
    {"amounts that do not fit", overflow, REFUSES(PF_E_event_invalid), .contains = "too large"},

    {"a penny more on a price", penny_on_a_price, HOLDS(PF_E_total_mismatch),
     .contains = "difference 0.01"},
    {"a penny more on a discount", penny_on_a_discount, HOLDS(PF_E_total_mismatch),
     .contains = "difference -0.01"},
    {"a penny less on the tender", penny_on_the_tender, HOLDS(PF_E_total_mismatch)},
    {"a penny less on carriage", penny_on_carriage, HOLDS(PF_E_total_mismatch)},
    {"a penny more on the total alone", penny_on_the_total, HOLDS(PF_E_total_mismatch),
     .contains = "the channel states another total"},
    {"[1] tax of another rate", tax_of_another_rate, HOLDS(PF_E_tax_mismatch),
     .contains = "HoldOrderNarrative=\"tax is 5.89, by the configured rates 8.75"},
    {"tax within rounding", tax_within_rounding, POSTS},
    {"two wrong taxes whose sum is right", taxes_that_make_up_for_each_other,
     HOLDS(PF_E_tax_mismatch)},
    {"a penny on each of six taxes is beyond the cap", a_penny_on_each_of_six_taxes,
     HOLDS(PF_E_tax_mismatch)},
    {"all totals stated, and right", state_totals, POSTS},
    {"a subtotal that the lines do not come to", misstate_subtotal, HOLDS(PF_E_total_mismatch)},
    {"discounts that the allocations do not come to", misstate_discounts,
     HOLDS(PF_E_total_mismatch)},
    {"carriage that the shipping lines do not come to", misstate_shipping,
     HOLDS(PF_E_total_mismatch)},
    {"charges that are not there", misstate_charges, HOLDS(PF_E_total_mismatch)},
    {"[1] a tax total that the lines do not come to", tax_total_of_its_own,
     HOLDS(PF_E_tax_mismatch)},
    {"[14] an order without its tax is never balanced away", no_tax_at_all,
     HOLDS(PF_E_tax_mismatch)},
    {"a rate that is not configured", unknown_rate, HOLDS(PF_E_tax_rate_unmapped)},
    {"an export without tax", export_without_tax, POSTS},

    {"[4] a product that Prima lacks: the line stays, as the miscellaneous item", missing_product,
     HOLDS(PF_E_unknown_sku),
     .contains = "LineNarrative=\"SKU GONE: Court shoe, 12.00 each, tax rate 20.0000 %\"",
     .lacks = "Product=\"GONE\""},
    {"[4] a line without SKU", null_sku, HOLDS(PF_E_unknown_sku),
     .contains = "LineNarrative=\"SKU (none): Court shoe"},
    {"an empty SKU", empty_sku, HOLDS(PF_E_unknown_sku), .contains = "Product=\"MISC\""},
    {"a SKU that no shape fits", shapeless_sku, HOLDS(PF_E_unknown_sku),
     .contains = "Product=\"MISC\""},
    {"[9] a gift card sold is a liability, not the miscellaneous item", gift_card_sold, POSTS,
     .contains = "Product=\"GIFTCARD\"", .lacks = "Product=\"MISC\""},
    {"a gift card sold with tax", gift_card_taxed, HOLDS(PF_E_tax_mismatch)},
    {"[9] a gift card used is a tender", gift_card_used, POSTS,
     .contains = "SubPayMethod=\"GIFTCARD\""},

    {"a location without depot: held, and no depot guessed", unmapped_location,
     HOLDS(PF_E_depot_unmapped), .contains = "location without depot (line 2)"},
    {"no location: Prima chooses", no_location, POSTS, .lacks = "Warehouse=\"0"},
    {"no location where one is required", marketplace_without_location, HOLDS(PF_E_depot_unmapped)},
    {"a payment that is not mapped is left out, never renamed", unmapped_payment,
     HOLDS(PF_E_payment_unmapped), .lacks = "TranAmount=\"52.50\""},
    {"carriage that is not mapped", unmapped_carriage, HOLDS(PF_E_charge_unmapped),
     .contains = "Charge=\"MISCCHG\""},
    {"a tip is a charge of its own", tip, POSTS, .contains = "Charge=\"TIP\""},
    {"cash rounding may be negative", cash_rounding, POSTS, .contains = "ChargeValue=\"-0.02\""},
    {"no other charge may", negative_charge, REFUSES(PF_E_event_invalid)},

    {"authorised money is a payment, by the channel's policy", authorized, POSTS,
     .contains = "TranAmount=\"52.50\""},
    {"pending money holds", pending, HOLDS(PF_E_payment_pending), .contains = "52.50 is not paid"},
    {"pending money waits, where the channel says so", pending_in_a_store_that_waits,
     WAITS(PF_E_payment_pending)},
    {"pending money that the channel counts as paid", unpaid_and_unsaid,
     HOLDS(PF_E_total_mismatch)},
    {"on account", on_account, POSTS, .contains = "PaymentTerms=\"30\""},
    {"terms that are not mapped", unknown_terms, HOLDS(PF_E_payment_unmapped)},

    {"[8] current quantities after an edit", edited_down, POSTS,
     .contains = "Quantity=\"1\" Price=\"12.00\""},
    {"[8] an edited line's tax is a share of what it was", edited_to_our_share, POSTS,
     .contains = "ExtTaxVal=\"0.29\""},
    {"[8] or what the channel rounded anew", edited_and_rounded_anew, POSTS,
     .contains = "ExtTaxVal=\"0.30\""},
    {"[8] no more than a rounding", edited_and_too_far, HOLDS(PF_E_tax_mismatch)},
    {"[8] a line edited away is not sent", line_edited_away, POSTS, .lacks = "SKU00001"},
    {"an order of nothing to pay", free_order, POSTS},

    {"a line discounted to nothing has no tax", discounted_to_nothing, POSTS,
     .contains = "Price=\"12.00\""},
    {"or the tax is wrong", discounted_to_nothing_and_taxed, HOLDS(PF_E_tax_mismatch)},
    {"all of it free by a code: no tender is needed", free_with_a_code, POSTS,
     .lacks = "<OrderPaymentData"},
    {"a payment of nothing needs no mapping", free_with_a_tender_of_nothing, POSTS,
     .lacks = "<OrderPaymentData"},
    {"an exempt customer pays no tax", exempt, POSTS, .contains = "VatInclusive=\"No\""},
    {"nor is any charged in silence", exempt_and_taxed, HOLDS(PF_E_tax_mismatch)},
    {"a line that is not taxable", untaxed_line, POSTS},
    {"and has tax all the same", untaxed_line_with_tax, HOLDS(PF_E_tax_mismatch)},
    {"several taxes on one line, each rounded for itself", two_taxes, POSTS,
     .contains = "ExtTaxVal=\"2.13\""},
    {"one of them forgotten", two_taxes_one_forgotten, HOLDS(PF_E_tax_mismatch)},
    {"rounded once an invoice: the lines' taxes are moved to it", rounded_by_invoice, POSTS,
     .contains = "ExtTaxVal=\"0.03\""},
    {"an invoice whose tax was cut off", cut_off_by_invoice, HOLDS(PF_E_tax_mismatch)},
    {"collected: the tax of where it is handed over", collected, POSTS},
    {"nothing handed over: the tax of the customer's country", downloaded_abroad,
     HOLDS(PF_E_tax_rate_unmapped)},
    {"captured in part, the rest authorised", half_captured, POSTS,
     .contains = "OrderPaid=\"52.50\""},
    {"a business owes it", business_unpaid, POSTS, .contains = "VAT number: GB123456789"},
    {"a duty of one line", duty_of_a_line, POSTS,
     .contains = "Charge=\"DUTY\" ChargeValue=\"4.99\""},
    {"gift wrap has a tax of its own", wrapped_with_tax, POSTS,
     .contains = "Charge=\"WRAP\" ChargeValue=\"3.50\""},
    {"which is checked, too", wrapped_with_a_wrong_tax, HOLDS(PF_E_tax_mismatch)},
    {"three decimals", in_fils, POSTS, .contains = "Price=\"12.345\""},
    {"no decimals, tax rounded to the whole yen", in_yen_with_a_tenth, POSTS,
     .contains = "Price=\"1234\""},
    {"another company's account and number", in_yen_with_a_tenth, POSTS,
     .contains = "OrderNumber=\"3011001\""},
    {"an edit that added to it, not paid yet", edited_with_an_outstanding_rest,
     HOLDS(PF_E_payment_pending), .contains = "Quantity=\"3\""},
    {"a cancellation of a test", cancelled_test, SETTLES(OUTCOME_CANCELLED_BEFORE_POSTING)},

    {"a guest with mail is matched", guest_with_mail, POSTS, .account = "C000123"},
    {"[5] a guest without mail: the channel's guest account", guest_without_mail, POSTS,
     .account = "WEBGUEST"},
    {"[5] guests of a channel that does not match them", guest_of_the_outlet, POSTS,
     .account = "OUTLETGUEST"},
    {"[5] the till's account", at_the_till, POSTS, .account = "TILL01",
     .contains = "OrderType=\"POS\""},
    {"several accounts match: held, never guessed", plain, HOLDS(PF_E_customer_ambiguous),
     .account = "WEBCHECK", .customer = FACT_AMBIGUOUS},
    {"unknown whether the account was made: held, no second one", plain,
     HOLDS(PF_E_customer_unknown_outcome), .account = "WEBCHECK", .customer = FACT_UNCERTAIN},
};

static void check_request(const struct row *row, const struct flow_plan *plan)
{
    xmlDoc *request = support_request(plan);
    if (row->account != NULL)
        assert_string_equal(support_attribute(support_node(request, "Data", 0), "Customer", memory),
                            row->account);
    const bool held =
        strcmp(support_attribute(support_node(request, "Data", 0), "HoldOrder", memory), "Yes") ==
        0;
    assert_int_equal(held, row->outcome == OUTCOME_POSTED_ON_HOLD);
    assert_int_equal(held, *support_attribute(support_node(request, "Data", 0),
                                              "HoldOrderNarrative", memory) != '\0');
    if (row->contains != NULL && strstr(plan->request, row->contains) == NULL)
        fail_msg("'%s' is not in\n%s", row->contains, plan->request);
    if (row->lacks != NULL && strstr(plan->request, row->lacks) != NULL)
        fail_msg("'%s' is in\n%s", row->lacks, plan->request);
    xmlFreeDoc(request);
}

static void test_rules(void **state)
{
    (void)state;
    struct order_rules *rules =
        support_rules((const char *const[]){"orders.cutover_date=2026-01-01", NULL});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        print_message("  %s\n", row->name);
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        row->alter(event);
        struct support_world world = {.missing_product = "GONE", .customer = row->customer};
        struct flow_key key;
        struct flow_plan plan;
        support_decide(event, rules, &world, memory, &key, &plan);
        assert_int_equal(plan.verdict, row->verdict);
        assert_int_equal(plan.code_count, row->code == PF_OK ? 0 : 1);
        if (row->code != PF_OK)
            assert_string_equal(pf_error_info(plan.codes[0])->name, pf_error_info(row->code)->name);
        if (row->verdict == FLOW_SENDS || row->verdict == FLOW_SETTLES)
            assert_int_equal(plan.outcome, row->outcome);
        if (row->verdict == FLOW_SENDS)
            check_request(row, &plan);
        if (row->verdict == FLOW_DEAD_LETTERS || row->verdict == FLOW_WAITS)
            assert_non_null(strstr(plan.detail, row->contains != NULL ? row->contains : ""));
        arena_free(memory);
    }
    support_rules_free(rules);
}

static void look_nowhere(void *user, struct fact *fact)
{
    (void)user;
    (void)fact;
}

/* A new order waits for its edits, five minutes here; what is older has settled. */
static void test_settling(void **state)
{
    (void)state;
    enum { MADE = 1000, MINUTE = 60000 };
    static const struct {
        const char *name;
        void (*alter)(struct order_event *event);
        int64_t made, seen, now;
        int verdict;
    } settles[] = {
        {"just made", plain, MADE, MADE, MADE + 1, FLOW_WAITS},
        {"a moment before", plain, MADE, MADE, MADE + 5 * MINUTE - 1, FLOW_WAITS},
        {"then it is posted", plain, MADE, MADE, MADE + 5 * MINUTE, FLOW_NEEDS_FACTS},
        {"late from its channel: it has settled", plain, MADE, MADE + 5 * MINUTE,
         MADE + 5 * MINUTE + 1, FLOW_NEEDS_FACTS},
        {"by a clock that is ahead: from when it was seen", plain, MADE + 900 * MINUTE, MADE,
         MADE + 5 * MINUTE, FLOW_NEEDS_FACTS},
        {"... and it waits all the same", plain, MADE + 900 * MINUTE, MADE, MADE + MINUTE,
         FLOW_WAITS},
        {"nor does who decides without a clock", plain, MADE, MADE, -1795000000000,
         FLOW_NEEDS_FACTS},
        {"a cancellation does not wait", cancelled, MADE, MADE, MADE + 1, FLOW_SETTLES},
        {"nor does a test", a_test, MADE, MADE, MADE + 1, FLOW_SETTLES},
    };
    const int64_t base = 1795000000000;
    struct order_rules *rules =
                           support_rules((const char *const[]){"orders.settle_after=5m", NULL}),
                       *at_once = support_rules(NULL);
    for (size_t i = 0; i < sizeof settles / sizeof *settles; i++) {
        print_message("  %s\n", settles[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct order_event *event = support_order(memory);
        settles[i].alter(event);
        event->created_at = base + settles[i].made;
        const struct flow_known known = {.look = look_nowhere,
                                         .now_ms = base + settles[i].now,
                                         .first_seen_ms = base + settles[i].seen};
        const struct flow_key key = {.document = "2011001"};
        struct flow_plan plan;
        assert_int_equal(order_decide(event, &key, rules, NULL, 0, &known, memory, &plan), 0);
        assert_int_equal(plan.verdict, settles[i].verdict);
        if (plan.verdict == FLOW_WAITS)
            assert_int_equal(plan.codes[0], PF_E_order_settling);
        assert_int_equal(order_decide(event, &key, at_once, NULL, 0, &known, memory, &plan), 0);
        assert_int_not_equal(plan.verdict, FLOW_WAITS);
        arena_free(memory);
    }
    support_rules_free(at_once);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_settling),
    };
    return cmocka_run_group_tests_name("order_decide", tests, NULL, NULL);
}
