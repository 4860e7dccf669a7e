/* The fields of an order in words; see order_words.h. */
#include "domain/difference/order_words.h"

#include <string.h>

static const struct field_words event_fields[] = {
    {"event_id", "event id", PART_REST, SHOW_NEVER},
    {"event_time", "event time", PART_REST, SHOW_NEVER},
    {"kind", "kind", PART_REST, SHOW_VALUE},
    {"source_version", "version", PART_REST, SHOW_NEVER},
    {"channel", "channel", PART_GOODS, SHOW_VALUE},
    {"store", "store", PART_GOODS, SHOW_VALUE},
    {"order_id", "order id", PART_GOODS, SHOW_VALUE},
    {"order_name", "order's name", PART_REST, SHOW_VALUE},
    {"source_name", "where it was sold", PART_REST, SHOW_VALUE},
    {"location_id", "location", PART_GOODS, SHOW_VALUE},
    {"test", "test order", PART_GOODS, SHOW_VALUE},
    {"created_at", "order's date", PART_GOODS, SHOW_TIME},
    {"currency", "currency", PART_GOODS, SHOW_VALUE},
    {"presentment_currency", "customer's currency", PART_GOODS, SHOW_VALUE},
    {"taxes_included", "prices contain tax", PART_GOODS, SHOW_VALUE},
    {"tax_exempt", "tax exempt", PART_GOODS, SHOW_VALUE},
    {"customer", "customer", PART_REST, SHOW_VALUE},
    {"business", "buying company", PART_GOODS, SHOW_VALUE},
    {"billing_address", "billing address", PART_GOODS, SHOW_WHOLE},
    {"shipping_address", "delivery address", PART_GOODS, SHOW_WHOLE},
    {"lines", "line", PART_GOODS, SHOW_VALUE},
    {"shipping_lines", "carriage", PART_GOODS, SHOW_VALUE},
    {"charges", "charge", PART_GOODS, SHOW_VALUE},
    {"tenders", "tender", PART_MONEY, SHOW_VALUE},
    {"payment_status", "payment status", PART_MONEY, SHOW_VALUE},
    {"payment_terms", "payment terms", PART_GOODS, SHOW_VALUE},
    {"totals", "totals", PART_GOODS, SHOW_VALUE},
    {"note", "note", PART_REST, SHOW_VALUE},
    {"gift_message", "gift message", PART_GOODS, SHOW_VALUE},
    {"delivery_instructions", "delivery instructions", PART_GOODS, SHOW_VALUE},
    {"properties", "attribute", PART_REST, SHOW_VALUE},
    {"tags", "list of tags", PART_REST, SHOW_VALUE},
    {"fulfilment_state", "fulfilment", PART_REST, SHOW_VALUE},
    {"cancelled_at", "cancelled at", PART_REST, SHOW_TIME},
    {"cancel_reason", "reason of the cancellation", PART_REST, SHOW_VALUE},
    {0}};

static const struct field_words customer_fields[] = {
    {"customer_id", "customer's id", PART_REST, SHOW_VALUE},
    {"email", "customer's e-mail", PART_REST, SHOW_VALUE},
    {"title", "customer's form of address", PART_REST, SHOW_VALUE},
    {"forename", "customer's forename", PART_REST, SHOW_VALUE},
    {"surname", "customer's surname", PART_REST, SHOW_VALUE},
    {"company", "customer's company", PART_REST, SHOW_VALUE},
    {"phone", "customer's phone", PART_REST, SHOW_VALUE},
    {"mobile", "customer's mobile", PART_REST, SHOW_VALUE},
    {0}};

static const struct field_words business_fields[] = {
    {"company_id", "buying company's id", PART_GOODS, SHOW_VALUE},
    {"name", "buying company's name", PART_GOODS, SHOW_VALUE},
    {"location_id", "buying company's branch", PART_GOODS, SHOW_VALUE},
    {"location_name", "name of the buying company's branch", PART_REST, SHOW_VALUE},
    {"vat_number", "buying company's VAT number", PART_GOODS, SHOW_VALUE},
    {"purchase_order", "purchase order", PART_GOODS, SHOW_VALUE},
    {0}};

static const struct field_words address_fields[] = {
    {"title", "form of address", PART_GOODS, SHOW_VALUE},
    {"forename", "forename", PART_GOODS, SHOW_VALUE},
    {"surname", "surname", PART_GOODS, SHOW_VALUE},
    {"company", "company", PART_GOODS, SHOW_VALUE},
    {"line1", "first line", PART_GOODS, SHOW_VALUE},
    {"line2", "second line", PART_GOODS, SHOW_VALUE},
    {"line3", "third line", PART_GOODS, SHOW_VALUE},
    {"city", "town", PART_GOODS, SHOW_VALUE},
    {"region", "region", PART_GOODS, SHOW_VALUE},
    {"postcode", "postcode", PART_GOODS, SHOW_VALUE},
    {"country_code", "country", PART_GOODS, SHOW_VALUE},
    {"phone", "phone", PART_REST, SHOW_VALUE},
    {0}};

static const struct field_words line_fields[] = {
    {"line_id", "line id", PART_GOODS, SHOW_VALUE},
    {"parent_line_id", "line that it belongs to", PART_REST, SHOW_VALUE},
    {"sku", "SKU", PART_GOODS, SHOW_VALUE},
    {"product_id", "product id", PART_REST, SHOW_VALUE},
    {"variant_id", "variant id", PART_REST, SHOW_VALUE},
    {"title", "title", PART_REST, SHOW_VALUE},
    {"variant_title", "variant's title", PART_REST, SHOW_VALUE},
    {"quantity", "units ordered", PART_GOODS, SHOW_VALUE},
    {"current_quantity", "units", PART_GOODS, SHOW_VALUE},
    {"unit_price", "unit price", PART_GOODS, SHOW_VALUE},
    {"discounts", "discount", PART_GOODS, SHOW_VALUE},
    {"tax_lines", "tax", PART_GOODS, SHOW_VALUE},
    {"taxable", "taxable", PART_GOODS, SHOW_VALUE},
    {"gift_card", "gift card", PART_GOODS, SHOW_VALUE},
    {"requires_shipping", "to be delivered", PART_GOODS, SHOW_VALUE},
    {"location_id", "location", PART_REST, SHOW_VALUE},
    {"gift_message", "gift message", PART_GOODS, SHOW_VALUE},
    {"properties", "choice", PART_GOODS, SHOW_VALUE},
    {0}};

static const struct field_words shipping_fields[] = {
    {"line_id", "id", PART_REST, SHOW_VALUE},     {"code", "code", PART_GOODS, SHOW_VALUE},
    {"title", "title", PART_REST, SHOW_VALUE},    {"carrier", "carrier", PART_REST, SHOW_VALUE},
    {"price", "price", PART_GOODS, SHOW_VALUE},   {"discounts", "discount", PART_GOODS, SHOW_VALUE},
    {"tax_lines", "tax", PART_GOODS, SHOW_VALUE}, {0}};

static const struct field_words charge_fields[] = {
    {"kind", "kind", PART_GOODS, SHOW_VALUE},
    {"code", "code", PART_GOODS, SHOW_VALUE},
    {"title", "title", PART_REST, SHOW_VALUE},
    {"line_id", "line that it belongs to", PART_REST, SHOW_VALUE},
    {"amount", "amount", PART_GOODS, SHOW_VALUE},
    {"discounts", "discount", PART_GOODS, SHOW_VALUE},
    {"tax_lines", "tax", PART_GOODS, SHOW_VALUE},
    {0}};

static const struct field_words tender_fields[] = {
    {"transaction_id", "transaction", PART_REST, SHOW_VALUE},
    {"kind", "kind", PART_REST, SHOW_VALUE},
    {"gateway", "gateway", PART_REST, SHOW_VALUE},
    {"method", "method", PART_REST, SHOW_VALUE},
    {"amount", "amount", PART_MONEY, SHOW_VALUE},
    {"status", "status", PART_MONEY, SHOW_VALUE},
    {"authorization", "authorisation", PART_REST, SHOW_VALUE},
    {"voucher_number", "voucher number", PART_REST, SHOW_VALUE},
    {"processed_at", "processed at", PART_REST, SHOW_TIME},
    {"test", "test payment", PART_REST, SHOW_VALUE},
    {0}};

static const struct field_words discount_fields[] = {{"code", "code", PART_REST, SHOW_VALUE},
                                                     {"title", "title", PART_REST, SHOW_VALUE},
                                                     {"amount", "amount", PART_GOODS, SHOW_VALUE},
                                                     {0}};

static const struct field_words tax_fields[] = {
    {"title", "title", PART_REST, SHOW_VALUE},
    {"rate_ppm", "rate", PART_GOODS, SHOW_RATE},
    {"amount", "amount", PART_GOODS, SHOW_VALUE},
    {"channel_liable", "paid by the channel", PART_REST, SHOW_VALUE},
    {0}};

static const struct field_words property_fields[] = {
    {"name", "name", PART_GOODS, SHOW_VALUE}, {"value", "value", PART_GOODS, SHOW_VALUE}, {0}};

static const struct field_words terms_fields[] = {{"name", "payment terms", PART_GOODS, SHOW_VALUE},
                                                  {"due_at", "payment due", PART_REST, SHOW_TIME},
                                                  {0}};

static const struct field_words totals_fields[] = {
    {"subtotal", "subtotal", PART_REST, SHOW_VALUE},
    {"discounts", "total of discounts", PART_REST, SHOW_VALUE},
    {"shipping", "total of carriage", PART_REST, SHOW_VALUE},
    {"charges", "total of charges", PART_REST, SHOW_VALUE},
    {"tax", "total tax", PART_GOODS, SHOW_VALUE},
    {"total", "total", PART_GOODS, SHOW_VALUE},
    {"outstanding", "outstanding", PART_MONEY, SHOW_VALUE},
    {0}};

static void line_place(const void *item, struct buf *out)
{
    const struct order_line *line = item;
    buf_text(out, "line ");
    words_put_text(out, line->line_id);
    if (line->sku == NULL || line->sku[0] == '\0')
        return;
    buf_text(out, " (SKU ");
    words_put_text(out, line->sku);
    buf_text(out, ")");
}

static void line_about(const void *item, const char *currency, struct buf *out)
{
    const struct order_line *line = item;
    if (line->sku == NULL || line->sku[0] == '\0') {
        buf_text(out, "no SKU");
    } else {
        buf_text(out, "SKU ");
        words_put_text(out, line->sku);
    }
    buf_printf(out, ", %d x ",
               line->has_current_quantity ? line->current_quantity : line->quantity);
    words_put_money(out, line->unit_price.shop_minor, currency);
}

/* "carriage STD" */
static void put_named(struct buf *out, const char *item, const char *code, const char *title)
{
    const char *name = code != NULL && code[0] != '\0' ? code : title;
    buf_text(out, item);
    if (name == NULL || name[0] == '\0')
        return;
    buf_text(out, " ");
    words_put_text(out, name);
}

static void put_amount(struct buf *out, const struct money_set *amount, const char *currency)
{
    buf_text(out, ", ");
    words_put_money(out, amount->shop_minor, currency);
}

static void shipping_place(const void *item, struct buf *out)
{
    const struct shipping_line *line = item;
    put_named(out, "carriage", line->code, line->title);
}

static void shipping_about(const void *item, const char *currency, struct buf *out)
{
    const struct shipping_line *line = item;
    put_named(out, "service", line->code, line->title);
    put_amount(out, &line->price, currency);
}

static void charge_place(const void *item, struct buf *out)
{
    const struct order_charge *charge = item;
    put_named(out, "charge", charge->code,
              charge->kind == CHARGE_OTHER ? charge->title : charge_kind_names[charge->kind]);
}

static void charge_about(const void *item, const char *currency, struct buf *out)
{
    const struct order_charge *charge = item;
    put_named(out, charge_kind_names[charge->kind], charge->code, charge->title);
    put_amount(out, &charge->amount, currency);
}

static void tender_place(const void *item, struct buf *out)
{
    const struct order_tender *tender = item;
    put_named(out, "tender", tender->gateway, tender_kind_names[tender->kind]);
}

static void tender_about(const void *item, const char *currency, struct buf *out)
{
    const struct order_tender *tender = item;
    put_named(out, tender_kind_names[tender->kind], tender->gateway, NULL);
    buf_printf(out, ", %s", tender_status_names[tender->status]);
    put_amount(out, &tender->amount, currency);
}

static void discount_place(const void *item, struct buf *out)
{
    (void)item;
    buf_text(out, "discount"); /* a code may name the person that it was made for */
}

static void discount_about(const void *item, const char *currency, struct buf *out)
{
    words_put_money(out, ((const struct order_discount *)item)->amount.shop_minor, currency);
}

static void tax_place(const void *item, struct buf *out)
{
    put_named(out, "tax", ((const struct tax_line *)item)->title, NULL);
}

static void tax_about(const void *item, const char *currency, struct buf *out)
{
    const struct tax_line *tax = item;
    words_put_rate(out, tax->rate_ppm);
    put_amount(out, &tax->amount, currency);
}

static const struct record_words all_words[] = {
    {.record = &order_event_record, .fields = event_fields},
    {.record = &order_customer_record, .fields = customer_fields},
    {.record = &order_business_record, .fields = business_fields},
    {.record = &order_address_record, .fields = address_fields},
    {.record = &order_line_record,
     .fields = line_fields,
     .item = "line",
     .keys = {{"line_id"}},
     .place = line_place,
     .about = line_about},
    {.record = &shipping_line_record,
     .fields = shipping_fields,
     .item = "carriage",
     .keys = {{"line_id"}, {"code", "title"}, {"code"}, {"title"}},
     .place = shipping_place,
     .about = shipping_about},
    {.record = &order_charge_record,
     .fields = charge_fields,
     .item = "charge",
     .keys = {{"line_id", "kind", "code"}, {"kind", "code", "title"}, {"kind", "code"}, {"kind"}},
     .place = charge_place,
     .about = charge_about},
    {.record = &order_tender_record,
     .fields = tender_fields,
     .item = "tender",
     .keys = {{"transaction_id"}, {"amount", "status", "kind"}, {"amount"}, {"gateway"}},
     .place = tender_place,
     .about = tender_about},
    {.record = &order_discount_record,
     .fields = discount_fields,
     .item = "discount",
     .keys = {{"code", "title"}, {"code"}, {"title"}, {"amount"}},
     .place = discount_place,
     .about = discount_about},
    {.record = &tax_line_record,
     .fields = tax_fields,
     .item = "tax",
     .keys = {{"rate_ppm", "title"}, {"rate_ppm"}, {"title"}},
     .place = tax_place,
     .about = tax_about},
    {.record = &order_property_record, .fields = property_fields, .keys = {{"name", "value"}}},
    {.record = &payment_terms_record, .fields = terms_fields},
    {.record = &order_totals_record, .fields = totals_fields},
};

const struct record_words *words_of_record(const struct bound_record *record)
{
    for (size_t i = 0; i < sizeof all_words / sizeof *all_words; i++)
        if (all_words[i].record == record)
            return &all_words[i];
    return NULL;
}

const struct field_words *words_of_field(const struct record_words *words, const char *field)
{
    for (const struct field_words *f = words->fields; f->field != NULL; f++)
        if (strcmp(f->field, field) == 0)
            return f;
    return NULL;
}
