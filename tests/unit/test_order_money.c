/* The rule book about money: sums to the penny, taxes by the configured rates, payments and what is
 * outstanding. */
#include "test_order_rows.h"

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
/* As many rates as there are taxes: one of each line, one of the carriage, one of a charge. */
static void each_tax_of_another_rate(struct order_event *e)
{
    struct order_charge *wrap = some(sizeof *wrap);
    struct tax_line *tax = some(sizeof *tax);
    *tax = (struct tax_line){.title = "D", .rate_ppm = 110000, .amount = {.shop_minor = 10}};
    *wrap =
        (struct order_charge){.kind = CHARGE_GIFT_WRAP, .title = "", .amount = {.shop_minor = 100}};
    wrap->tax_lines.items = tax;
    wrap->tax_lines.count = 1;
    e->charges.items = wrap;
    e->charges.count = 1;
    e->lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "A", .rate_ppm = 210000, .amount = {.shop_minor = 417}};
    e->lines.items[1].tax_lines.items[0] =
        (struct tax_line){.title = "B", .rate_ppm = 220000, .amount = {.shop_minor = 451}};
    e->shipping_lines.items[0].tax_lines.items[0] =
        (struct tax_line){.title = "C", .rate_ppm = 230000, .amount = {.shop_minor = 65}};
    e->totals.tax.shop_minor = 417 + 451 + 65 + 10;
    pay(e, 5350);
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

static const struct order_row rows[] = {
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
    {"none of several is", each_tax_of_another_rate, HOLDS(PF_E_tax_rate_unmapped),
     .contains = "tax rate not configured (line 1 and 3 more)"},
    {"an export without tax", export_without_tax, POSTS},

    {"authorised money is a payment, by the channel's policy", authorized, POSTS,
     .contains = "TranAmount=\"52.50\""},
    {"pending money holds", pending, HOLDS(PF_E_payment_pending), .contains = "52.50 is not paid"},
    {"pending money waits, where the channel says so", pending_in_a_store_that_waits,
     WAITS(PF_E_payment_pending)},
    {"pending money that the channel counts as paid", unpaid_and_unsaid,
     HOLDS(PF_E_total_mismatch)},
    {"on account", on_account, POSTS, .contains = "PaymentTerms=\"30\""},
    {"terms that are not mapped", unknown_terms, HOLDS(PF_E_payment_unmapped),
     .contains = "HoldOrderNarrative=\"payment terms not mapped\""},

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
    {"three decimals", in_fils, POSTS, .contains = "Price=\"12.345\""},
    {"no decimals, tax rounded to the whole yen", in_yen_with_a_tenth, POSTS,
     .contains = "Price=\"1234\""},
    {"another company's account and number", in_yen_with_a_tenth, POSTS,
     .contains = "OrderNumber=\"3011001\""},
    {"an edit that added to it, not paid yet", edited_with_an_outstanding_rest,
     HOLDS(PF_E_payment_pending), .contains = "Quantity=\"3\""},
};

static void test_rules(void **state)
{
    (void)state;
    order_rows_check(rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests_name("order_money", tests, NULL, NULL);
}
