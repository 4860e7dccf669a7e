/* From a sale to Prima's NewOrder; see order_request.h. */
#include "order_request.h"

#include "order_customer.h"
#include "domain/money/price.h"
#include "order_resolve.h"
#include "base/text.h"
#include "domain/keys/exchange.h"

#include <errno.h>
#include <string.h>

enum {
    NARRATIVE_BYTES_MAX = 64 * 1024
}; /* of one line; what is longer is a mistake, and refused rather than cut */

struct writer {
    const struct order_request *request;
    struct arena *arena;
    struct exact *exact;
    bool vat_inclusive;
    bool no_memory;
};

/* Remembers that memory ran out. */
static const char *note(struct writer *w, const char *text)
{
    w->no_memory |= text == NULL;
    return text;
}

static const char *text_of(struct writer *w, int64_t minor)
{
    char digits[MONEY_TEXT_MAX];
    (void)money_digits((struct money){minor, w->exact->currency}, digits);
    return note(w, arena_text(w->arena, digits, strlen(digits)));
}

static const char *amount_or_none(struct writer *w, int64_t minor)
{
    return minor == 0 ? NULL : text_of(w, minor);
}

/* ---- lines ---- */

/* "label: value", after a semicolon when something stands there already. */
static void add_to_narrative(struct buf *text, const char *label, const char *value)
{
    const char *const parts[] = {text->size == 0 ? "" : "; ", label, ": ", value};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_text(text, parts[i]);
}

static void add_title(struct buf *text, const struct order_line *event)
{
    buf_text(text, event->title);
    if (!text_is_empty(event->variant_title)) {
        buf_text(text, " / ");
        buf_text(text, event->variant_title);
    }
}

/* Which product a miscellaneous item stands for: all that the channel says of it. */
static void describe_misc(struct buf *text, const struct sale_line *line,
                          const struct currency *currency)
{
    const struct order_line *event = line->event;
    const int64_t rate = line->price.rate_ppm;
    char price[MONEY_TEXT_MAX];
    buf_text(text, "SKU ");
    if (line->component != NULL) {
        buf_text(text, line->missing.product);
        for (size_t i = 0; i < 4 && line->missing.matrix[i] != NULL; i++) {
            buf_text(text, "/");
            buf_text(text, line->missing.matrix[i]);
        }
    } else {
        buf_text(text, text_is_empty(event->sku) ? "(none)" : event->sku);
        buf_text(text, ": ");
        add_title(text, event);
    }
    buf_text(text, ", ");
    buf_text(text, money_digits(
                       (struct money){line->unit != 0 ? line->unit : line->price.amount, currency},
                       price));
    buf_text(text, line->unit != 0 || line->price.amount == 0 ? " each" : " in all");
    buf_printf(text, ", tax rate %lld.%04lld %%", (long long)(rate / 10000),
               (long long)(rate % 10000));
}

/* What the channel sold as one. */
static void describe_bundle(struct buf *text, const struct sale_line *line)
{
    buf_text(text, text->size == 0 ? "Of bundle " : "; of bundle ");
    buf_text(text, line->event->sku);
    buf_text(text, ": ");
    add_title(text, line->event);
}

/* NULL: nothing to say, or no memory. Messages go with the first part of a bundle only. */
static const char *line_narrative(struct writer *w, const struct sale_line *line)
{
    const struct order_line *event = line->event;
    struct buf text;
    buf_init(&text, NARRATIVE_BYTES_MAX);
    if (line->is_misc)
        describe_misc(&text, line, w->exact->currency);
    if (line->component != NULL)
        describe_bundle(&text, line);
    if (!text_is_empty(event->gift_message) && line->component_number <= 1)
        add_to_narrative(&text, "Gift message", event->gift_message);
    for (size_t i = 0; i < event->properties.count && line->component_number <= 1; i++)
        add_to_narrative(&text, event->properties.items[i].name, event->properties.items[i].value);
    w->no_memory |= text.failed;
    const char *copy = text.size == 0 ? NULL : note(w, arena_text(w->arena, text.data, text.size));
    buf_release(&text);
    return copy;
}

static int add_lines(struct writer *w, struct prima_order *order)
{
    const struct sale *sale = w->request->sale;
    struct prima_order_line *lines = arena_alloc(w->arena, 2 * sale->line_count * sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        struct price_part priced[2];
        const size_t parts = price_parts(w->exact, &line->price, line->quantity,
                                         sale->proof.tax_included, w->vat_inclusive, priced);
        for (size_t part = 0; part < parts; part++) {
            const struct price_part *p = &priced[part];
            const bool of_line = rules_settings(w->request->rules)->price_of_line;
            struct prima_order_line *out = &lines[count++];
            *out = (struct prima_order_line){
                .product = line->product.product,
                .quantity = note(w, text_number(w->arena, p->quantity)),
                .price =
                    text_of(w, of_line ? exact_multiply(w->exact, p->quantity, p->unit) : p->unit),
                .warehouse = line->depot,
                .tax = text_of(w, p->tax),
                .discount = amount_or_none(w, p->discount),
                .narrative = part == 0 ? line_narrative(w, line) : NULL,
                .reference = line->event->line_id,
            };
            memcpy(out->matrix, line->product.matrix, sizeof out->matrix);
        }
    }
    order->lines = lines;
    order->line_count = count;
    return 0;
}

/* ---- charges and payments ---- */

static int add_charges(struct writer *w, struct prima_order *order)
{
    const struct sale *sale = w->request->sale;
    struct prima_order_charge *charges =
        arena_alloc(w->arena, sale->charge_count * sizeof *charges);
    if (charges == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < sale->charge_count; i++) {
        const struct sale_charge *charge = &sale->charges[i];
        const struct sale_price *price = &charge->price;
        const int64_t value = exact_add(w->exact, sale_net_of_discount(w->exact, price),
                                        sale->proof.tax_included ? 0 : price->tax);
        if (charge->rule == NULL && value == 0)
            continue;
        charges[order->charge_count++] = (struct prima_order_charge){
            .charge = charge->rule != NULL
                          ? charge->rule->charge
                          : rules_unmapped_charge(w->request->rules, w->request->channel),
            .value = text_of(w, value),
        };
        if (charge->rule != NULL && charge->rule->carrier != NULL && order->carrier == NULL) {
            order->carrier = charge->rule->carrier;
            order->carrier_service = charge->rule->service;
        }
    }
    order->charges = charges;
    return 0;
}

static bool is_set_off(const struct order_tender *tender)
{
    return !text_is_empty(tender->gateway) && strcmp(tender->gateway, EXCHANGE_GATEWAY) == 0;
}

/* Of goods sent in exchange: the number of the credit note that pays for them, which is known before it
 * is there. NULL: the payment does not name its refund. */
static const char *exchange_number(struct writer *w, const struct order_tender *tender)
{
    if (text_is_empty(tender->voucher_number))
        return NULL;
    return note(w, TEXT_JOIN(w->arena, w->request->channel->prefix, CREDIT_NUMBER_MARK,
                             tender->voucher_number));
}

static int add_payments(struct writer *w, struct prima_order *order)
{
    const struct sale *sale = w->request->sale;
    struct prima_order_payment *payments =
        arena_alloc(w->arena, sale->tender_count * sizeof *payments);
    if (payments == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < sale->tender_count; i++) {
        const struct sale_tender *tender = &sale->tenders[i];
        if (tender->rule == NULL)
            continue; /* flagged: the order is on hold, and the money shows as outstanding */
        payments[order->payment_count++] = (struct prima_order_payment){
            .method = tender->rule->pay_method,
            .sub_method = tender->rule->provider,
            .amount = text_of(w, tender->amount),
            .auth_ref = tender->event->status == TENDER_STATUS_AUTHORIZED &&
                                !text_is_empty(tender->event->authorization)
                            ? tender->event->authorization
                            : w->request->order_number,
            .transaction_id = tender->event->transaction_id,
            .voucher_number = is_set_off(tender->event) ? NULL : tender->event->voucher_number,
            .exchange_number = is_set_off(tender->event) ? exchange_number(w, tender->event) : NULL,
        };
    }
    order->payments = payments;
    return 0;
}

/* ---- the head ---- */

static const char *shipping_instructions(struct writer *w, const struct order_event *event)
{
    const char *gift = event->gift_message, *delivery = event->delivery_instructions;
    const bool has_gift = !text_is_empty(gift), has_delivery = !text_is_empty(delivery);
    if (!has_gift)
        return delivery;
    return note(w, TEXT_JOIN(w->arena, "Gift message: ", gift, has_delivery ? "; " : "",
                             has_delivery ? delivery : ""));
}

/* Prima's terms: of an account, or of the payment by which the rest is to come. */
static const char *payment_terms(const struct order_request *r)
{
    const struct order_tender *open = sale_open_tender(r->sale, r->event);
    if (r->event->payment_terms != NULL)
        return rules_payment_terms(r->rules, r->channel, r->event->payment_terms->name);
    const struct payment_rule *rule =
        open != NULL ? rules_payment(r->rules, r->channel, open) : NULL;
    return rule != NULL ? rule->terms : NULL;
}

/* "To pay: 51.95 GBP by Cash on Delivery (COD)": whoever delivers has to know. */
static void add_to_pay(struct writer *w, struct buf *text)
{
    const struct sale *sale = w->request->sale;
    const struct order_tender *open = sale_open_tender(sale, w->request->event);
    char amount[MONEY_TEXT_MAX];
    if (open == NULL)
        return;
    add_to_narrative(text, "To pay",
                     money_format((struct money){sale->proof.outstanding, sale->currency}, amount));
    buf_text(text, " by ");
    buf_text(text, text_is_empty(open->gateway) ? tender_kind_names[open->kind] : open->gateway);
}

/* The customer's note; behind it what of a business has no field of its own in Prima. */
static const char *special_instructions(struct writer *w, const struct order_event *event)
{
    const struct order_business *business = event->business;
    struct buf text;
    buf_init(&text, NARRATIVE_BYTES_MAX);
    if (!text_is_empty(event->note))
        buf_text(&text, event->note);
    if (business != NULL && !text_is_empty(business->location_name))
        add_to_narrative(&text, "Branch", business->location_name);
    if (business != NULL && !text_is_empty(business->vat_number))
        add_to_narrative(&text, "VAT number", business->vat_number);
    add_to_pay(w, &text);
    w->no_memory |= text.failed;
    const char *copy = text.size == 0 ? NULL : note(w, arena_text(w->arena, text.data, text.size));
    buf_release(&text);
    return copy;
}

static void fill_head(struct writer *w, struct prima_order *order)
{
    const char *email = NULL;
    const struct order_request *r = w->request;
    const struct order_event *event = r->event;
    const struct channel_rules *channel = r->channel;
    const char *type_pos =
        channel->order_type_pos != NULL ? channel->order_type_pos : channel->order_type;
    const char *type_business =
        channel->order_type_business != NULL ? channel->order_type_business : channel->order_type;
    if (event->customer != NULL &&
        order_normalise_email(event->customer->email, w->arena, &email) < 0)
        w->no_memory = true;
    *order = (struct prima_order){
        .order_number = r->order_number,
        .customer = r->account,
        .customer_ref = r->customer_ref,
        .order_type = r->sale->is_pos           ? type_pos
                      : event->business != NULL ? type_business
                                                : channel->order_type,
        .order_channel = channel->order_channel,
        .payment_terms = payment_terms(r),
        .vat_inclusive = w->vat_inclusive,
        .hold = r->hold,
        .hold_narrative = r->hold ? r->narrative : NULL,
        .delivery = order_delivery_address(event, email),
        .invoice = order_invoice_address(event, email),
        .special_instructions = special_instructions(w, event),
        .shipping_instructions = shipping_instructions(w, event),
        .currency = r->sale->currency->code,
        .order_date = note(w, text_date(w->arena, r->sale->date)),
        .source_media = channel->source_media,
        .order_category = channel->order_category,
        .brand = channel->brand,
        .season = channel->season,
        .order_contact = event->business != NULL ? event->business->purchase_order : NULL,
        .order_paid = text_of(w, r->sale->proof.tenders),
    };
}

int order_request_write(const struct order_request *request, struct arena *arena, struct buf *out)
{
    struct exact exact = {.currency = request->sale->currency};
    struct writer w = {.request = request,
                       .arena = arena,
                       .exact = &exact,
                       .vat_inclusive = request->vat_inclusive};
    struct prima_order order;
    fill_head(&w, &order);
    if (add_lines(&w, &order) < 0 || add_charges(&w, &order) < 0 || add_payments(&w, &order) < 0 ||
        w.no_memory)
        return -ENOMEM;
    if (exact.overflow)
        return -ERANGE;
    return prima_request_new_order(rules_prima_names(request->rules), &order, out);
}
