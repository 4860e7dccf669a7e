/* A made order as an event: JSON as schemas/OrderEvent.avsc has it, absent fields left out. */
#include "gen_json.h"
#include "order_gen_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_DETAILS = 20 };

struct writer {
    const struct made_order *o;
    json_int_t id; /* the order's number, from which its parts' ids follow */
    int64_t created_ms;
};

static json_t *money(const struct writer *w, struct made_money amount)
{
    return gen_money(amount, w->o->money_count);
}

static void put_discount(const struct writer *w, json_t *list, const char *code, const char *title,
                         struct made_money amount)
{
    if (amount.minor[0] == 0)
        return;
    json_t *discount = json_object();
    gen_put_text(discount, "code", code);
    gen_put_text(discount, "title", title);
    gen_put(discount, "amount", money(w, amount));
    (void)json_array_append_new(list, discount);
}

static json_t *tax_lines(const struct writer *w, int64_t rate_ppm, struct made_money tax)
{
    return json_pack("[{s:s, s:I, s:o}]", "title", w->o->country->tax_title, "rate_ppm",
                     (json_int_t)rate_ppm, "amount", money(w, tax));
}

static json_t *line_event(const struct writer *w, size_t i)
{
    const struct made_line *l = &w->o->lines[i];
    json_t *line = json_object(), *discounts = json_array();

    gen_put_format(line, "line_id", "%" JSON_INTEGER_FORMAT, w->id * 10 + (json_int_t)i);
    if (!l->gift_card && !l->is_custom) {
        gen_put_text(line, "sku", l->product.sku);
        gen_put_format(line, "product_id", "%" JSON_INTEGER_FORMAT,
                       8000000 + (json_int_t)l->product.pence);
    }
    gen_put_text(line, "title", l->is_custom ? "Alteration to measure" : l->product.title);
    gen_put_text(line, "variant_title", l->is_custom ? NULL : l->product.variant);
    gen_put(line, "quantity", json_integer(l->quantity));
    gen_put(line, "unit_price", money(w, l->unit));
    put_discount(w, discounts, NULL, "Sale", l->promotion);
    put_discount(w, discounts, "WELCOME10", "Ten per cent off", l->share);
    gen_put(line, "discounts", discounts);
    if (l->gift_card) {
        gen_put(line, "taxable", json_false());
        gen_put(line, "gift_card", json_true());
        gen_put(line, "requires_shipping", json_false());
    } else {
        gen_put(line, "tax_lines", tax_lines(w, l->rate_ppm, l->tax));
        gen_put_text(line, "location_id", l->location);
    }
    return line;
}

static json_t *shipping_event(const struct writer *w)
{
    const struct made_extra *s = &w->o->shipping;
    json_t *list = json_array(), *line, *discounts = json_array();
    if (!s->is_there) {
        json_decref(discounts);
        return list;
    }
    put_discount(w, discounts, NULL, "Free delivery", s->discount);
    line = json_pack("{s:s, s:s, s:o, s:o, s:o}", "code", s->code, "title", s->title, "price",
                     money(w, s->price), "discounts", discounts, "tax_lines",
                     tax_lines(w, s->rate_ppm, s->tax));
    gen_put_format(line, "line_id", "%" JSON_INTEGER_FORMAT, w->id * 10 + 9);
    (void)json_array_append_new(list, line);
    return list;
}

static json_t *charges_event(const struct writer *w)
{
    const struct made_extra *c = &w->o->wrap;
    if (!c->is_there)
        return json_array();
    return json_pack("[{s:s, s:s, s:o, s:o}]", "kind", c->code, "title", c->title, "amount",
                     money(w, c->price), "tax_lines", tax_lines(w, c->rate_ppm, c->tax));
}

static json_t *tenders_event(const struct writer *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < w->o->tender_count; i++) {
        const struct made_tender *t = &w->o->tenders[i];
        json_t *tender =
            json_pack("{s:s, s:s, s:s, s:o, s:s, s:I}", "kind", t->kind, "gateway", t->gateway,
                      "method", t->method, "amount", money(w, t->amount), "status", "captured",
                      "processed_at", (json_int_t)w->created_ms + 4000);
        gen_put_format(tender, "transaction_id", "txn_%" JSON_INTEGER_FORMAT "_%zu", w->id, i);
        gen_put_format(tender, "authorization", "A%06" JSON_INTEGER_FORMAT, w->id % 1000000);
        if (strcmp(t->kind, "gift_card") == 0)
            gen_put_format(tender, "voucher_number", "**** %04" JSON_INTEGER_FORMAT, w->id % 10000);
        (void)json_array_append_new(list, tender);
    }
    return list;
}

static void people_event(const struct writer *w, json_t *event, const struct made_person *p,
                         struct chance *c)
{
    const struct made_order *o = w->o;
    if (o->is_pos)
        return; /* nobody was asked */
    json_t *customer = json_object(), *address = json_object();
    if (!p->is_guest)
        gen_put_text(customer, "customer_id", p->id);
    gen_put_text(customer, "email", p->email);
    gen_put_text(customer, "title", p->title);
    gen_put_text(customer, "forename", p->forename);
    gen_put_text(customer, "surname", p->surname);
    gen_put(event, "customer", customer);
    int64_t town = chance_below(c, 3), house = 1 + chance_below(c, 180),
            phone = chance_below(c, 900);
    gen_put_text(address, "forename", p->forename);
    gen_put_text(address, "surname", p->surname);
    gen_put_format(address, "line1", "%d %s", (int)house, made_street_choose(c));
    gen_put_text(address, "city", o->country->towns[town]);
    gen_put_text(address, "postcode", o->country->postcodes[town]);
    gen_put_text(address, "country_code", o->country->code);
    gen_put_format(address, "phone", "%s%03d", o->country->phone, (int)phone);
    gen_put(event, "billing_address", address);
    gen_put(event, "shipping_address", json_incref(address));
    if (!o->is_business)
        return;
    gen_put(event, "business",
            json_pack("{s:s, s:s, s:s}", "company_id", p->id, "name", "Wardrobe & Daughters Ltd",
                      "purchase_order", "PO-4711"));
    gen_put(event, "payment_terms",
            json_pack("{s:s, s:I}", "name", "Net 30", "due_at",
                      (json_int_t)w->created_ms + 30 * INT64_C(86400000)));
}

static json_t *totals_event(const struct writer *w)
{
    const struct made_order *o = w->o;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "subtotal", money(w, o->subtotal),
                     "discounts", money(w, o->discounts), "shipping", money(w, o->shipping_total),
                     "charges", money(w, o->charges_total), "tax", money(w, o->tax), "total",
                     money(w, o->total), "outstanding", money(w, o->outstanding));
}

/* What the customer said, and what the channel's people add later; tags and state are no part of
 * the order's content. */
static void remarks_event(const struct writer *w, json_t *event, struct chance *c, int64_t number,
                          int64_t index)
{
    if (!w->o->is_pos && chance_percent(c, 6))
        gen_put_text(event, "gift_message", made_gift_message_choose(c));
    if (!w->o->is_pos && chance_percent(c, 5))
        gen_put_text(event, "delivery_instructions", "Leave with a neighbour, please");
    if (number != index)
        gen_put(event, "tags", json_pack("[o]", json_sprintf("seen-%" PRId64, number)));
    gen_put_text(event, "fulfilment_state", "unfulfilled");
}

json_t *made_order_event(const struct order_gen_options *options, int64_t index,
                         enum order_fault fault, int content, int64_t number, bool cancels)
{
    struct made_order o;
    struct made_person person;
    struct chance details = chance_of(options->seed, STREAM_DETAILS, (uint64_t)index);
    made_order_fill(options, index, fault, content, &o, &person);
    struct writer w = {.o = &o,
                       .id = made_order_number(options->seed, index),
                       .created_ms = made_order_time(options, index)};
    int64_t event_ms = made_order_time(options, number) + MADE_EVENT_AFTER_MS;

    json_t *event = json_object(), *lines = json_array();
    gen_put_format(event, "event_id", "evt-%" PRIu64 "-%" PRId64, options->seed, number);
    gen_put(event, "event_time", json_integer(event_ms));
    gen_put_text(event, "kind", cancels ? "cancelled" : content > 0 ? "edited" : "created");
    gen_put(event, "source_version", json_integer(event_ms));
    gen_put_text(event, "channel", o.shop->channel);
    gen_put_text(event, "store", o.shop->store);
    gen_put_format(event, "order_id", "%" JSON_INTEGER_FORMAT, w.id);
    gen_put_format(event, "order_name", "#%" JSON_INTEGER_FORMAT, w.id % 10000000 + 1001);
    gen_put_text(event, "source_name", o.is_pos ? "pos" : "web");
    gen_put_text(event, "location_id", o.is_pos ? o.shop->pos_location : NULL);
    gen_put(event, "test", json_boolean(fault == ORDER_FAULT_test_order));
    gen_put(event, "created_at", json_integer(w.created_ms));
    gen_put_text(event, "currency", o.shop->currency);
    gen_put_text(event, "presentment_currency", o.money_count > 1 ? o.shop->presentment : NULL);
    gen_put(event, "taxes_included", json_boolean(o.shop->taxes_included));
    people_event(&w, event, &person, &details);
    for (size_t i = 0; i < o.line_count; i++)
        (void)json_array_append_new(lines, line_event(&w, i));
    gen_put(event, "lines", lines);
    gen_put(event, "shipping_lines", shipping_event(&w));
    gen_put(event, "charges", charges_event(&w));
    gen_put(event, "tenders", tenders_event(&w));
    gen_put_text(event, "payment_status", o.is_business ? "pending" : "paid");
    gen_put(event, "totals", totals_event(&w));
    remarks_event(&w, event, &details, number, index);
    if (cancels) {
        gen_put(event, "cancelled_at", json_integer(event_ms));
        gen_put_text(event, "cancel_reason", "customer");
    }
    return event;
}

void made_order_replace(json_t *event, const struct made_order *order, int64_t id)
{
    const struct writer w = {.o = order, .id = (json_int_t)id};
    json_t *lines = json_array();
    for (size_t i = 0; i < order->line_count; i++)
        (void)json_array_append_new(lines, line_event(&w, i));
    gen_put(event, "lines", lines);
    gen_put(event, "shipping_lines", shipping_event(&w));
    gen_put(event, "charges", charges_event(&w));
    gen_put(event, "totals", totals_event(&w));
}
