/* The rule book about what is sold: products, gift cards, depots, payments and charges by the
 * mappings. */
#include "test_order_rows.h"

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
static void second_carriage_unmapped(struct order_event *e)
{
    struct shipping_line *two = some(2 * sizeof *two);
    two[0] = two[1] = e->shipping_lines.items[0];
    two[1].code = "drone";
    two[1].price.shop_minor = 120;
    two[1].tax_lines.items = some(sizeof *two[1].tax_lines.items);
    two[1].tax_lines.items[0] =
        (struct tax_line){.title = "VAT", .rate_ppm = 200000, .amount = {.shop_minor = 20}};
    e->shipping_lines.items = two;
    e->shipping_lines.count = 2;
    e->totals.tax.shop_minor += 20;
    pay(e, 5370);
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
static void second_charge_unmapped(struct order_event *e)
{
    struct order_charge *two = some(2 * sizeof *two);
    add_charge(e, CHARGE_TIP, 300);
    two[0] = two[1] = e->charges.items[0];
    two[1].kind = CHARGE_OTHER;
    two[1].amount.shop_minor = 100;
    e->charges.items = two;
    e->charges.count = 2;
    pay(e, 5650);
}
static void gift_card_that_prima_lacks(struct order_event *e)
{
    gift_card_sold(e);
    e->lines.items[0].sku = "GONE";
}
static void no_address_at_all(struct order_event *e) /* sold in a web shop, nothing is carried */
{
    e->shipping_address = e->billing_address = NULL;
}
static void address_without_country(struct order_event *e)
{
    struct order_address *nowhere = some(sizeof *nowhere);
    *nowhere = *e->shipping_address;
    nowhere->country_code = NULL;
    e->shipping_address = nowhere;
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
static void marketplace_without_location(struct order_event *e)
{
    e->channel = "mirakl";
    e->store = "marketplace";
    e->lines.items[0].location_id = NULL;
}

static const struct order_row rows[] = {
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
     HOLDS(PF_E_payment_unmapped), .contains = "payment not mapped and left out (payment 1)",
     .lacks = "TranAmount=\"52.50\""},
    {"carriage that is not mapped", unmapped_carriage, HOLDS(PF_E_charge_unmapped),
     .contains = "Charge=\"MISCCHG\""},
    {"which of several is not", second_carriage_unmapped, HOLDS(PF_E_charge_unmapped),
     .contains = "charge not mapped (charge 2)"},
    {"which of several charges is not", second_charge_unmapped, HOLDS(PF_E_charge_unmapped),
     .contains = "charge not mapped (charge 2)"},
    {"a gift card is never looked up in Prima", gift_card_that_prima_lacks, POSTS,
     .contains = "Product=\"GIFTCARD\""},
    {"no address: the tax of the channel's country", no_address_at_all, POSTS},
    {"nor does an address without country say more", address_without_country, POSTS},
    {"a tip is a charge of its own", tip, POSTS, .contains = "Charge=\"TIP\""},
    {"cash rounding may be negative", cash_rounding, POSTS, .contains = "ChargeValue=\"-0.02\""},
    {"no other charge may", negative_charge, REFUSES(PF_E_event_invalid)},

    {"a business owes it", business_unpaid, POSTS, .contains = "VAT number: GB123456789"},
    {"a duty of one line", duty_of_a_line, POSTS,
     .contains = "Charge=\"DUTY\" ChargeValue=\"4.99\""},
    {"gift wrap has a tax of its own", wrapped_with_tax, POSTS,
     .contains = "Charge=\"WRAP\" ChargeValue=\"3.50\""},
    {"which is checked, too", wrapped_with_a_wrong_tax, HOLDS(PF_E_tax_mismatch)},
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
    return cmocka_run_group_tests_name("order_goods", tests, NULL, NULL);
}
