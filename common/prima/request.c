/* Requests to Prima as its live client writes them: every attribute of an element, in its order, unused ones empty (or left out, by
 * configuration).
 *
 * The originals of what Latin-1 cannot hold go into SpecialInstructions, which stands before most of the fields that they come from. So an
 * order that has any is walked three times by the same code: to write, which tells; only to collect them; to write again. Few have any. */
#include "prima/request.h"

#include "base/digits.h"
#include "prima/latin1.h"
#include "prima/names.h"

#include <errno.h>

struct writer {
    const struct prima_names *names;
    struct buf *out;
    struct buf *originals; /* escaped for an attribute already */
    bool is_collecting;    /* nothing goes to `out` */
    bool has_lost;         /* something that was written is not all there */
    size_t line;           /* of the order, from 1; 0: not in a line */
};

static bool is_absent(const char *value)
{
    return value == NULL || value[0] == '\0';
}

static inline void literal(struct writer *w, const char *xml)
{
    if (!w->is_collecting)
        buf_text(w->out, xml);
}

/* Attributes that have no value of ours, written out as ` A="" B=""`. */
static inline void blanks(struct writer *w, const char *xml)
{
    if (w->names->sends_empty)
        literal(w, xml);
}

/* An attribute without a value, as one text: an order has some two hundred of them, most without. */
struct blank {
    const char *text; /* ` Name=""` */
    size_t size;
};
#define BLANK(name)                                                                                                                        \
    {                                                                                                                                      \
        " " name "=\"\"", sizeof(" " name "=\"\"") - 1                                                                                     \
    }
#define A(name) ((struct blank)BLANK(name))

static void open_value(struct writer *w, struct blank attribute)
{
    buf_append(w->out, attribute.text, attribute.size - 1);
}

static void close_value(struct writer *w)
{
    buf_byte(w->out, '"');
}

/* Identifies: never transliterated. Also what is ASCII by its nature. */
static void exact(struct writer *w, struct blank attribute, const char *value)
{
    if (w->is_collecting)
        return;
    if (is_absent(value)) {
        if (w->names->sends_empty)
            buf_append(w->out, attribute.text, attribute.size);
        return;
    }
    open_value(w, attribute);
    latin1_spell(value, LATIN1_ATTRIBUTE, w->out);
    close_value(w);
}

/* An attribute whose name is configured. */
static void named(struct writer *w, const char *name, const char *value)
{
    char text[128];
    const int size = snprintf(text, sizeof text, " %.100s=\"\"", name);
    exact(w, (struct blank){text, (size_t)size}, value);
}

static void collect(struct writer *w, struct blank attribute, const char *value)
{
    if (!latin1_loses(value))
        return;
    buf_text(w->originals, w->originals->size == 0 ? "[Original: " : "; ");
    if (w->line > 0)
        buf_printf(w->originals, "line %zu ", w->line);
    buf_append(w->originals, attribute.text + 1, attribute.size - 3); /* Name= */
    latin1_spell(value, LATIN1_ATTRIBUTE, w->originals);
}

/* For people: transliterated, the original kept. */
static void prose(struct writer *w, struct blank attribute, const char *value)
{
    if (is_absent(value)) {
        exact(w, attribute, value);
        return;
    }
    if (w->is_collecting) {
        collect(w, attribute, value);
        return;
    }
    open_value(w, attribute);
    w->has_lost |= latin1_append(value, LATIN1_ATTRIBUTE, w->out);
    close_value(w);
}

static void special_instructions(struct writer *w, const char *value)
{
    if (w->is_collecting || w->originals->size == 0) {
        prose(w, A("SpecialInstructions"), value);
        return;
    }
    open_value(w, A("SpecialInstructions"));
    (void)latin1_append(value, LATIN1_ATTRIBUTE, w->out);
    buf_text(w->out, is_absent(value) ? "" : " ");
    buf_append(w->out, w->originals->data, w->originals->size);
    buf_text(w->out, "]\"");
}

static void address_lines(struct writer *w, const struct blank attributes[static 6], const char *const lines[static 6])
{
    for (size_t i = 0; i < 6; i++)
        prose(w, attributes[i], lines[i]);
}

static void matrix(struct writer *w, const char *const codes[static 4])
{
    static const struct blank attributes[] = {BLANK("MtrxCode1"), BLANK("MtrxCode2"), BLANK("MtrxCode3"), BLANK("MtrxCode4")};
    for (size_t i = 0; i < 4; i++)
        exact(w, attributes[i], codes[i]);
}

static void write_person(struct writer *w, const struct prima_address *a)
{
    static const struct blank lines[] = {BLANK("AddrLine1"), BLANK("AddrLine2"), BLANK("AddrLine3"),
                                         BLANK("AddrLine4"), BLANK("AddrLine5"), BLANK("AddrLine6")};
    prose(w, A("CustomerTitle"), a->title);
    prose(w, A("CustomerForename"), a->forename);
    prose(w, A("CustomerSurname"), a->surname);
    address_lines(w, lines, a->lines);
    prose(w, A("PostCode"), a->post_code);
    prose(w, A("Country"), a->country);
    exact(w, A("CustomerEmail"), a->email);
    prose(w, A("CustomerPhone"), a->phone);
    prose(w, A("CustomerMobile"), a->mobile);
}

static void write_data(struct writer *w, const struct prima_order *o)
{
    literal(w, "<Data");
    exact(w, A("UniqueId"), o->order_number); /* the live client sends a random text; a resend must be the same bytes */
    blanks(w, " CustDef=\"\"");
    exact(w, A("Customer"), o->customer);
    exact(w, A("TPGUID"), o->order_number);
    exact(w, A("OrderNumber"), o->order_number);
    exact(w, A("HoldOrder"), o->hold ? "Yes" : "No");
    prose(w, A("HoldOrderNarrative"), o->hold_narrative);
    exact(w, A("OrderChannel"), o->order_channel);
    write_person(w, &o->delivery);
    blanks(w, " CustomerFax=\"\"");
    exact(w, A("CustomerRef"), o->customer_ref);
    exact(w, A("VatInclusive"), o->vat_inclusive ? "Yes" : "No");
    blanks(w, " Gender=\"\"");
    literal(w, " ReceiveMail=\"No\" ReceiveEmail=\"No\" ReceiveText=\"No\" ReceivePhone=\"No\" ReceiveMobile=\"No\" RentDetails=\"No\"");
    blanks(w, " DateOfBirth=\"\" DelivAddrNo=\"\"");
    prose(w, A("DeliveryFAO"), o->delivery_fao);
    blanks(w, " EntitlementCheck=\"\" InvcAddrNo=\"\"");
    exact(w, A("OrderType"), o->order_type);
    exact(w, A("PaymentTerms"), o->payment_terms);
    blanks(w, " Salesman=\"\" SeasonDDValidation=\"\" Wardrobe=\"\" WorksNo=\"\" WREmpCode=\"\" WREmpDept=\"\" WREmpRef1=\"\" "
              "WREmpRef2=\"\" WREmpRole=\"\""
              " WROrdRef1=\"\" WROrdRef2=\"\" WROrdRef3=\"\" WROrdRef4=\"\"");
    literal(w, ">");
}

static void write_header(struct writer *w, const struct prima_order *o)
{
    literal(w, "<OrderHeaderData");
    blanks(w, " B2B=\"\"");
    exact(w, A("Brand"), o->brand);
    special_instructions(w, o->special_instructions);
    prose(w, A("ShippingInstructions"), o->shipping_instructions);
    exact(w, A("SourceMedia"), o->source_media);
    exact(w, A("OrderCategory"), o->order_category);
    blanks(w, " OrderStatus=\"\"");
    exact(w, A("Carrier"), o->carrier);
    exact(w, A("CarrServ"), o->carrier_service);
    exact(w, A("Currency"), o->currency);
    prose(w, A("OrderContact"), o->order_contact);
    exact(w, A("OrderDate"), o->order_date);
    blanks(w, " OrderEmail=\"\"");
    exact(w, A("OrderPaid"), o->order_paid);
    blanks(w, " PaymentOnOrder=\"\" ProdConv=\"\" Proforma=\"\"");
    exact(w, A("Season"), o->season);
    blanks(w, " SendToApproval=\"\"");
    literal(w, "/>");
}

static void write_invoice(struct writer *w, const struct prima_address *a)
{
    static const struct blank lines[] = {BLANK("InvoiceAddrLine1"), BLANK("InvoiceAddrLine2"), BLANK("InvoiceAddrLine3"),
                                         BLANK("InvoiceAddrLine4"), BLANK("InvoiceAddrLine5"), BLANK("InvoiceAddrLine6")};
    literal(w, "<OrderInvoiceData");
    prose(w, A("InvoiceTitle"), a->title);
    prose(w, A("InvoiceForename"), a->forename);
    prose(w, A("InvoiceSurname"), a->surname);
    address_lines(w, lines, a->lines);
    prose(w, A("InvoicePostCode"), a->post_code);
    prose(w, A("InvoiceCountry"), a->country);
    exact(w, A("InvoiceEmail"), a->email);
    prose(w, A("InvoicePhone"), a->phone);
    prose(w, A("InvoiceMobile"), a->mobile);
    blanks(w, " InvoiceFax=\"\" InvoiceFAO=\"\"");
    literal(w, "/>");
}

static void write_line(struct writer *w, const struct prima_order_line *l)
{
    char number[DIGITS_MAX];
    (void)digits_write((int64_t)w->line, number);
    literal(w, "<OrderLineData");
    blanks(w, " DueDate=\"\" EnhancementToLine=\"\"");
    exact(w, A("ExtTaxVal"), l->tax);
    blanks(w, " FIPSCode1=\"\" FIPSCode2=\"\" FIPSCode3=\"\" FIPSCode4=\"\" FIPSCode5=\"\" FIPSCode6=\"\" FIPSValue1=\"\" FIPSValue2=\"\" "
              "FIPSValue3=\"\""
              " FIPSValue4=\"\" FIPSValue5=\"\" FIPSValue6=\"\" Inventory=\"\" LineSalesman=\"\"");
    exact(w, A("Reserve"), l->reserve ? "Yes" : "");
    exact(w, A("TrDisc"), l->discount);
    blanks(w, " VchGreetMessage=\"\" VchPostCode=\"\"");
    exact(w, A("Warehouse"), l->warehouse);
    blanks(w, " WorksNo=\"\"");
    exact(w, A("OrderLine"), number);
    exact(w, A("Product"), l->product);
    matrix(w, l->matrix);
    exact(w, A("Quantity"), l->quantity);
    exact(w, A("Price"), l->price);
    exact(w, A("Promotion"), l->promotion);
    exact(w, A("PromotionValue"), l->promotion_value);
    blanks(w, " WebPrmCode=\"\"");
    prose(w, A("LineNarrative"), l->narrative);
    exact(w, A("LineReference"), l->reference);
    exact(w, A("Voucher"), is_absent(l->voucher) ? "No" : l->voucher);
    blanks(w, " VchMethod=\"\" VchGreetcard=\"\" VchMessage=\"\" VchName=\"\" VchAddrLine1=\"\" VchAddrLine2=\"\" VchAddrLine3=\"\" "
              "VchAddrLine4=\"\""
              " VchAddrLine5=\"\" VchAddrLine6=\"\" VchCntry=\"\" VchEmail=\"\"");
    literal(w, "/>");
}

static void write_payment(struct writer *w, const struct prima_order_payment *p)
{
    literal(w, "<OrderPaymentData");
    exact(w, A("PayMethod"), p->method);
    exact(w, A("SubPayMethod"), p->sub_method);
    blanks(w, " AuthRef=\"\" AuthDate=\"\" AuthTime=\"\"");
    exact(w, A("TranAmount"), p->amount);
    blanks(w, " BankSort=\"\" BankAccount=\"\" ChequeNum=\"\"");
    exact(w, A("PayProvider"), is_absent(p->provider) ? "NONE" : p->provider);
    blanks(w, " PayProviderStatus=\"\"");
    exact(w, A("PayAuthRef"), p->auth_ref);
    exact(w, A("PayAuthId"), p->auth_ref); /* the live client sends the same text in all three */
    exact(w, A("LineRef"), p->auth_ref);
    blanks(w, " TokenID=\"\" CAVV=\"\" ECI=\"\" ATSData=\"\"");
    exact(w, A("TransactionID"), p->transaction_id);
    blanks(w, " AuthenticationStatus=\"\"");
    exact(w, A("VchNumber"), p->voucher_number);
    blanks(w, " FailureCount=\"\" ExchCreditNo=\"\"");
    literal(w, "/>");
}

static void write_order(struct writer *w, const struct prima_order *o)
{
    write_data(w, o);
    write_header(w, o);
    write_invoice(w, &o->invoice);
    for (size_t i = 0; i < o->line_count; i++) {
        w->line = i + 1;
        write_line(w, &o->lines[i]);
    }
    w->line = 0;
    for (size_t i = 0; i < o->charge_count; i++) {
        literal(w, "<OrderChargeData");
        exact(w, A("Charge"), o->charges[i].charge);
        exact(w, A("ChargeValue"), o->charges[i].value);
        literal(w, "/>");
    }
    for (size_t i = 0; i < o->payment_count; i++)
        write_payment(w, &o->payments[i]);
    literal(w, "</Data>");
}

static void open_request(struct buf *out, const char *type)
{
    buf_text(out, PRIMA_REQUEST_OPENING);
    buf_text(out, type);
    buf_text(out, "\">");
}

static int close_request(struct buf *out)
{
    buf_text(out, "</Request>");
    return out->failed ? -ENOMEM : 0;
}

static bool is_order_number(const char *text)
{
    size_t size = 0;
    for (; text != NULL && text[size] != '\0'; size++)
        if (text[size] <= ' ' || text[size] > '~' || strchr("\"'<>&\\", text[size]) != NULL)
            return false;
    return size > 0 && size <= 50;
}

int prima_request_new_order(const struct prima_names *names, const struct prima_order *order, struct buf *out)
{
    if (!is_order_number(order->order_number) || order->line_count == 0)
        return -EINVAL;
    struct buf originals;
    buf_init(&originals, out->cap);
    struct writer w = {.names = names, .out = out, .originals = &originals};
    open_request(out, names->order_request);
    const size_t begin = out->size;
    write_order(&w, order);
    if (w.has_lost) {
        w.is_collecting = true;
        write_order(&w, order);
        w.is_collecting = false;
        buf_truncate(out, begin);
        write_order(&w, order);
    }
    const bool failed = originals.failed;
    buf_release(&originals);
    return failed ? -ENOMEM : close_request(out);
}

int prima_request_order_status(const char *order_number, struct buf *out)
{
    if (!is_order_number(order_number))
        return -EINVAL;
    open_request(out, "OrderStatus");
    buf_text(out, "<Data OrderNumber=\"");
    buf_text(out, order_number);
    buf_text(out, "\"/>");
    return close_request(out);
}

int prima_request_customer_search(const struct prima_names *names, const char *customer_ref, const char *email, struct buf *out)
{
    if (is_absent(customer_ref) && is_absent(email))
        return -EINVAL;
    struct writer w = {.names = names, .out = out};
    open_request(out, names->customer_search);
    literal(&w, "<Data");
    named(&w, names->search_reference, customer_ref);
    named(&w, names->search_email, email);
    literal(&w, "/>");
    return close_request(out);
}

int prima_request_new_customer(const struct prima_names *names, const struct prima_customer *customer, struct buf *out)
{
    struct writer w = {.names = names, .out = out};
    open_request(out, names->new_customer);
    literal(&w, "<Data");
    exact(&w, A("CustomerRef"), customer->customer_ref);
    write_person(&w, &customer->address);
    literal(&w, "/>");
    return close_request(out);
}

int prima_request_order_search(const struct prima_names *names, const struct prima_search *search, struct buf *out)
{
    char page[24], page_size[24];
    struct writer w = {.names = names, .out = out};
    (void)snprintf(page, sizeof page, "%d", search->page);
    (void)snprintf(page_size, sizeof page_size, "%d", search->page_size);
    open_request(out, names->order_search);
    literal(&w, "<Data");
    named(&w, names->search_from, search->from);
    named(&w, names->search_to, search->to);
    named(&w, names->search_page, page);
    named(&w, names->search_page_size, page_size);
    literal(&w, "/>");
    return close_request(out);
}

int prima_request_product_read(const struct prima_sku *skus, size_t count, struct buf *out)
{
    if (count == 0)
        return -EINVAL;
    struct writer w = {.names = &(const struct prima_names){.sends_empty = true}, .out = out};
    open_request(out, "MultiAvailableToSell");
    literal(&w, "<Data>");
    for (size_t i = 0; i < count; i++) {
        literal(&w, "<sku");
        exact(&w, A("Product"), skus[i].product);
        matrix(&w, skus[i].matrix);
        literal(&w, "/>");
    }
    literal(&w, "</Data>");
    return close_request(out);
}
