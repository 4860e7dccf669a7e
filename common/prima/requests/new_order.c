/* NewOrder: an order as Prima's live client writes it.
 *
 * The originals of what Latin-1 cannot hold go into SpecialInstructions, which stands before most
 * of the fields that they come from. So an order that has any is walked three times by the same
 * code: to write, which tells; only to collect them; to write again. Few have any. */
#include "base/digits.h"
#include "prima/request_write.h"
#include "prima/requests/kind.h"

#include <errno.h>

static void write_data(struct writer *w, const struct prima_order *o)
{
    write_literal(w, "<Data");
    /* the live client sends a random text here; a resend must be the same bytes */
    write_exact(w, A("UniqueId"), o->order_number);
    write_blanks(w, " CustDef=\"\"");
    write_exact(w, A("Customer"), o->customer);
    write_exact(w, A("TPGUID"), o->order_number);
    write_exact(w, A("OrderNumber"), o->order_number);
    write_exact(w, A("HoldOrder"), o->hold ? "Yes" : "No");
    write_prose(w, A("HoldOrderNarrative"), o->hold_narrative);
    write_exact(w, A("OrderChannel"), o->order_channel);
    write_person(w, &o->delivery);
    write_blanks(w, " CustomerFax=\"\"");
    write_exact(w, A("CustomerRef"), o->customer_ref);
    write_exact(w, A("VatInclusive"), o->vat_inclusive ? "Yes" : "No");
    write_blanks(w, " Gender=\"\"");
    write_literal(w,
                  " ReceiveMail=\"No\" ReceiveEmail=\"No\" ReceiveText=\"No\" ReceivePhone=\"No\" "
                  "ReceiveMobile=\"No\" RentDetails=\"No\"");
    write_blanks(w, " DateOfBirth=\"\" DelivAddrNo=\"\"");
    write_prose(w, A("DeliveryFAO"), o->delivery_fao);
    write_blanks(w, " EntitlementCheck=\"\" InvcAddrNo=\"\"");
    write_exact(w, A("OrderType"), o->order_type);
    write_exact(w, A("PaymentTerms"), o->payment_terms);
    write_blanks(w,
                 " Salesman=\"\" SeasonDDValidation=\"\" Wardrobe=\"\" WorksNo=\"\" WREmpCode=\"\" "
                 "WREmpDept=\"\" WREmpRef1=\"\" "
                 "WREmpRef2=\"\" WREmpRole=\"\""
                 " WROrdRef1=\"\" WROrdRef2=\"\" WROrdRef3=\"\" WROrdRef4=\"\"");
    write_literal(w, ">");
}

static void write_header(struct writer *w, const struct prima_order *o)
{
    write_literal(w, "<OrderHeaderData");
    write_blanks(w, " B2B=\"\"");
    write_exact(w, A("Brand"), o->brand);
    write_special_instructions(w, o->special_instructions);
    write_prose(w, A("ShippingInstructions"), o->shipping_instructions);
    write_exact(w, A("SourceMedia"), o->source_media);
    write_exact(w, A("OrderCategory"), o->order_category);
    write_blanks(w, " OrderStatus=\"\"");
    write_exact(w, A("Carrier"), o->carrier);
    write_exact(w, A("CarrServ"), o->carrier_service);
    write_exact(w, A("Currency"), o->currency);
    write_prose(w, A("OrderContact"), o->order_contact);
    write_exact(w, A("OrderDate"), o->order_date);
    write_blanks(w, " OrderEmail=\"\"");
    write_exact(w, A("OrderPaid"), o->order_paid);
    write_blanks(w, " PaymentOnOrder=\"\" ProdConv=\"\" Proforma=\"\"");
    write_exact(w, A("Season"), o->season);
    write_blanks(w, " SendToApproval=\"\"");
    write_literal(w, "/>");
}

static void write_invoice(struct writer *w, const struct prima_address *a)
{
    static const struct blank lines[] = {BLANK("InvoiceAddrLine1"), BLANK("InvoiceAddrLine2"),
                                         BLANK("InvoiceAddrLine3"), BLANK("InvoiceAddrLine4"),
                                         BLANK("InvoiceAddrLine5"), BLANK("InvoiceAddrLine6")};
    write_literal(w, "<OrderInvoiceData");
    write_prose(w, A("InvoiceTitle"), a->title);
    write_prose(w, A("InvoiceForename"), a->forename);
    write_prose(w, A("InvoiceSurname"), a->surname);
    write_address_lines(w, lines, a->lines);
    write_prose(w, A("InvoicePostCode"), a->post_code);
    write_prose(w, A("InvoiceCountry"), a->country);
    write_exact(w, A("InvoiceEmail"), a->email);
    write_prose(w, A("InvoicePhone"), a->phone);
    write_prose(w, A("InvoiceMobile"), a->mobile);
    write_blanks(w, " InvoiceFax=\"\" InvoiceFAO=\"\"");
    write_literal(w, "/>");
}

static void write_line(struct writer *w, const struct prima_order_line *l)
{
    char number[DIGITS_MAX];
    (void)digits_write((int64_t)w->line, number);
    write_literal(w, "<OrderLineData");
    write_blanks(w, " DueDate=\"\" EnhancementToLine=\"\"");
    write_exact(w, A("ExtTaxVal"), l->tax);
    write_blanks(
        w, " FIPSCode1=\"\" FIPSCode2=\"\" FIPSCode3=\"\" FIPSCode4=\"\" FIPSCode5=\"\" "
           "FIPSCode6=\"\" FIPSValue1=\"\" FIPSValue2=\"\" "
           "FIPSValue3=\"\""
           " FIPSValue4=\"\" FIPSValue5=\"\" FIPSValue6=\"\" Inventory=\"\" LineSalesman=\"\"");
    write_exact(w, A("Reserve"), l->reserve ? "Yes" : "");
    write_exact(w, A("TrDisc"), l->discount);
    write_blanks(w, " VchGreetMessage=\"\" VchPostCode=\"\"");
    write_exact(w, A("Warehouse"), l->warehouse);
    write_blanks(w, " WorksNo=\"\"");
    write_exact(w, A("OrderLine"), number);
    write_exact(w, A("Product"), l->product);
    write_matrix(w, l->matrix);
    write_exact(w, A("Quantity"), l->quantity);
    write_exact(w, A("Price"), l->price);
    write_exact(w, A("Promotion"), l->promotion);
    write_exact(w, A("PromotionValue"), l->promotion_value);
    write_blanks(w, " WebPrmCode=\"\"");
    write_prose(w, A("LineNarrative"), l->narrative);
    write_exact(w, A("LineReference"), l->reference);
    write_exact(w, A("Voucher"), is_absent(l->voucher) ? "No" : l->voucher);
    write_blanks(w,
                 " VchMethod=\"\" VchGreetcard=\"\" VchMessage=\"\" VchName=\"\" VchAddrLine1=\"\" "
                 "VchAddrLine2=\"\" VchAddrLine3=\"\" "
                 "VchAddrLine4=\"\""
                 " VchAddrLine5=\"\" VchAddrLine6=\"\" VchCntry=\"\" VchEmail=\"\"");
    write_literal(w, "/>");
}

static void write_payment(struct writer *w, const struct prima_order_payment *p)
{
    write_literal(w, "<OrderPaymentData");
    write_exact(w, A("PayMethod"), p->method);
    write_exact(w, A("SubPayMethod"), p->sub_method);
    write_blanks(w, " AuthRef=\"\" AuthDate=\"\" AuthTime=\"\"");
    write_exact(w, A("TranAmount"), p->amount);
    write_blanks(w, " BankSort=\"\" BankAccount=\"\" ChequeNum=\"\"");
    write_exact(w, A("PayProvider"), is_absent(p->provider) ? "NONE" : p->provider);
    write_blanks(w, " PayProviderStatus=\"\"");
    /* the live client sends the same text in all three */
    write_exact(w, A("PayAuthRef"), p->auth_ref);
    write_exact(w, A("PayAuthId"), p->auth_ref);
    write_exact(w, A("LineRef"), p->auth_ref);
    write_blanks(w, " TokenID=\"\" CAVV=\"\" ECI=\"\" ATSData=\"\"");
    write_exact(w, A("TransactionID"), p->transaction_id);
    write_blanks(w, " AuthenticationStatus=\"\"");
    write_exact(w, A("VchNumber"), p->voucher_number);
    write_blanks(w, " FailureCount=\"\"");
    write_exact(w, A("ExchCreditNo"), p->exchange_number);
    write_literal(w, "/>");
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
        write_literal(w, "<OrderChargeData");
        write_exact(w, A("Charge"), o->charges[i].charge);
        write_exact(w, A("ChargeValue"), o->charges[i].value);
        write_literal(w, "/>");
    }
    for (size_t i = 0; i < o->payment_count; i++)
        write_payment(w, &o->payments[i]);
    write_literal(w, "</Data>");
}

int prima_request_new_order(const struct prima_names *names, const struct prima_order *order,
                            struct buf *out)
{
    if (!request_is_order_number(order->order_number) || order->line_count == 0)
        return -EINVAL;
    struct buf originals;
    buf_init(&originals, out->cap);
    struct writer w = {.names = names, .out = out, .originals = &originals};
    request_open(out, names->order_request);
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
    return failed ? -ENOMEM : request_close(out);
}

static void new_order_subject(const struct prima_names *names, const char *request, size_t size,
                              struct asked *asked)
{
    (void)names;
    request_subject(request, size, "OrderNumber", asked->order_number, sizeof asked->order_number);
}

const struct request_kind request_kind_new_order = {.data = scan_add_numbers,
                                                    .subject = new_order_subject};
