/* What was sent in an exchange: an order of its own, paid by what came back and by money for the rest. */
#include "domain/keys/exchange.h"
#include "gen_json.h"
#include "refund_gen_parts.h"

#include <inttypes.h>
#include <string.h>

enum { UNITS_AROUND = 3 };

static bool is_0(struct made_money amount)
{
    return amount.minor[0] == 0 && amount.minor[1] == 0;
}

/* One of the articles that the first order has. */
static const struct made_line *article_of(const struct made_order *o)
{
    for (size_t i = 0; i < o->line_count; i++)
        if (!o->lines[i].gift_card && !o->lines[i].is_custom)
            return &o->lines[i];
    return NULL;
}

/* The price at which it comes to `total` with its tax. */
static bool price_article(struct made_order *o, int m, int64_t total)
{
    struct made_line *l = &o->lines[0];
    const int64_t near = o->shop->taxes_included
                             ? total
                             : total * INT64_C(1000000) / (INT64_C(1000000) + l->rate_ppm);
    for (int64_t unit = near - UNITS_AROUND; unit <= near + UNITS_AROUND; unit++) {
        l->unit.minor[m] = unit > 0 ? unit : 1;
        made_order_price(o);
        if (o->total.minor[m] == total)
            return true;
    }
    return false;
}

static bool order_of_sent(const struct made_left *left, struct made_money sent,
                          struct made_order *ret_order)
{
    struct made_order *o = ret_order;
    const struct made_line *article = article_of(&left->order);
    *o = left->order;
    if (article == NULL)
        return false;
    o->lines[0] = *article;
    o->line_count = 1;
    o->lines[0].quantity = 1;
    o->lines[0].promotion = o->lines[0].share = (struct made_money){{0, 0}};
    o->discount_percent = 0;
    o->shipping = o->wrap = (struct made_extra){.is_there = false};
    o->outstanding = (struct made_money){{0, 0}};
    for (int m = 0; m < o->money_count; m++)
        if (!price_article(o, m, sent.minor[m]))
            return false;
    return true;
}

static const struct made_tender *money_tender(const struct made_order *o)
{
    for (size_t i = 0; i < o->tender_count; i++)
        if (strcmp(o->tenders[i].kind, "gift_card") != 0)
            return &o->tenders[i];
    return NULL;
}

/* What was set off, by the refund's id; and the rest. NULL: nothing pays the rest. */
static json_t *tenders_of_sent(const struct made_order *o, const struct made_refund *r,
                               const char *refund_id, int64_t at_ms)
{
    struct made_money rest = r->sent;
    for (int m = 0; m < o->money_count; m++)
        rest.minor[m] -= r->set_off.minor[m];
    json_t *list =
        json_pack("[{s:s, s:s, s:s, s:o, s:s, s:I}]", "kind", "other", "gateway", EXCHANGE_GATEWAY,
                  "voucher_number", refund_id, "amount", gen_money(r->set_off, o->money_count),
                  "status", "captured", "processed_at", (json_int_t)at_ms);
    const struct made_tender *by = money_tender(o);
    if (is_0(rest))
        return list;
    if (by == NULL) {
        json_decref(list);
        return NULL;
    }
    (void)json_array_append_new(
        list, json_pack("{s:s, s:s, s:s, s:o, s:s, s:I, s:o}", "kind", by->kind, "gateway",
                        by->gateway, "method", by->method, "amount",
                        gen_money(rest, o->money_count), "status", "captured", "processed_at",
                        (json_int_t)at_ms, "transaction_id", json_sprintf("xtx_%s", refund_id)));
    return list;
}

static const char *text_of(const json_t *event, const char *name)
{
    return json_string_value(json_object_get(event, name));
}

json_t *made_exchange_order(const struct order_gen_options *orders, const struct made_left *left,
                            const struct made_refund *refund, const json_t *refund_event)
{
    struct made_order o;
    const char *refund_id = text_of(refund_event, "refund_id"),
               *return_id = text_of(refund_event, "return_id");
    const int64_t at_ms = json_integer_value(json_object_get(refund_event, "event_time"));
    if (return_id == NULL || !order_of_sent(left, refund->sent, &o))
        return NULL;
    json_t *tenders = tenders_of_sent(&o, refund, refund_id, at_ms);
    if (tenders == NULL)
        return NULL;
    json_t *event =
        made_order_event(orders, refund->index, ORDER_FAULT_NONE, 0, refund->index, false);
    made_order_replace(event, &o, made_order_number(orders->seed, refund->index) * 100);
    const json_t *sent = json_array_get(json_object_get(refund_event, "sent"), 0);
    (void)json_object_set(json_array_get(json_object_get(event, "lines"), 0), "line_id",
                          json_object_get(sent, "line_id"));
    gen_put(event, "tenders", tenders);
    gen_put_format(event, "event_id", "evt-exchange-%" PRIu64 "-%s", orders->seed, refund_id);
    gen_put_format(event, "order_id", "%s" EXCHANGE_MARK "%s", text_of(refund_event, "order_id"),
                   return_id);
    gen_put(event, "event_time", json_integer(at_ms));
    gen_put(event, "source_version", json_integer(at_ms));
    gen_put(event, "created_at", json_incref(json_object_get(refund_event, "created_at")));
    gen_put_text(event, "payment_status", "paid");
    (void)json_object_del(event, "payment_terms");
    (void)json_object_del(event, "gift_message");
    return event;
}
