/* A made refund as an event: JSON as schemas/RefundEvent.avsc has it, absent fields left out. */
#include "gen_json.h"
#include "refund_gen_parts.h"

#include <inttypes.h>
#include <string.h>

enum {
    DAY_MS = 24 * 60 * 60 * 1000,
    PAID_AFTER_MS = 4000,              /* a movement is final so soon */
    PAID_LATE_MS = 2 * 60 * 60 * 1000, /* one that was pending at first */
    CONTAINED_AFTER_MS = 2000,         /* below MADE_EVENT_AFTER_MS: before the posted version */
    STREAM_REFUND_DETAILS = 31
};

struct refund_writer {
    const struct made_refund *r;
    const struct made_order *o;
    json_int_t order, id; /* numbers of the order and of the refund */
    int64_t created_ms;
    enum made_version version;
};

static json_t *money(const struct refund_writer *w, struct made_money amount)
{
    return gen_money(amount, w->o->money_count);
}

static bool is_0(struct made_money amount)
{
    return amount.minor[0] == 0 && amount.minor[1] == 0;
}

static json_t *tax_lines(const struct refund_writer *w, int64_t rate_ppm, struct made_money tax)
{
    return json_pack("[{s:I, s:o}]", "rate_ppm", (json_int_t)rate_ppm, "amount", money(w, tax));
}

static json_t *lines_event(const struct refund_writer *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < w->r->line_count; i++) {
        const struct made_back *b = &w->r->lines[i];
        const struct made_line *l = &w->o->lines[b->line];
        json_t *line = json_object();
        gen_put_format(line, "line_id", "%" JSON_INTEGER_FORMAT,
                       w->order * 10 + (json_int_t)b->line);
        gen_put(line, "quantity", json_integer(b->rest.units));
        gen_put_text(line, "restock", b->restock);
        gen_put_text(line, "location_id", b->location);
        gen_put(line, "amount", money(w, b->rest.amount));
        if (!l->gift_card)
            gen_put(line, "tax_lines", tax_lines(w, l->rate_ppm, b->rest.tax));
        if (!is_0(b->rest.discount))
            gen_put(line, "discount", money(w, b->rest.discount));
        (void)json_array_append_new(list, line);
    }
    return list;
}

static json_t *carriage_event(const struct refund_writer *w)
{
    const struct made_rest *c = &w->r->carriage;
    if (is_0(c->amount))
        return json_array();
    json_t *line = json_pack("{s:o, s:o}", "amount", money(w, c->amount), "tax_lines",
                             tax_lines(w, w->o->shipping.rate_ppm, c->tax));
    gen_put_format(line, "line_id", "%" JSON_INTEGER_FORMAT, w->order * 10 + 9);
    return json_pack("[o]", line);
}

static json_t *charges_event(const struct refund_writer *w)
{
    const struct made_rest *c = &w->r->wrap;
    if (is_0(c->amount))
        return json_array();
    return json_pack("[{s:s, s:o, s:o}]", "kind", w->o->wrap.code, "amount", money(w, c->amount),
                     "tax_lines", tax_lines(w, w->o->wrap.rate_ppm, c->tax));
}

static json_t *taxes_event(const struct refund_writer *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < w->r->tax_count; i++)
        (void)json_array_append_new(list, json_pack("{s:I, s:o}", "rate_ppm",
                                                    (json_int_t)w->r->taxes[i].rate_ppm, "amount",
                                                    money(w, w->r->taxes[i].amount)));
    return list;
}

/* Of an exchange: one other article, a line that the order's event does not have. */
static void exchange_event(const struct refund_writer *w, json_t *event)
{
    if (is_0(w->r->sent))
        return;
    json_t *sent = json_pack("{s:i, s:o}", "quantity", 1, "amount", money(w, w->r->sent));
    gen_put_format(sent, "line_id", "%" JSON_INTEGER_FORMAT "9", w->id);
    gen_put_format(event, "return_id", "%" JSON_INTEGER_FORMAT "1", w->id);
    gen_put(event, "sent", json_pack("[o]", sent));
    gen_put(event, "set_off", money(w, w->r->set_off));
}

/* ---- its money ---- */

static const char *status_of(const struct refund_writer *w)
{
    if (w->r->kind == REFUND_MADE_failed || w->version == VERSION_LOST)
        return "failed";
    return w->r->kind == REFUND_MADE_pending ||
                   (w->r->kind == REFUND_MADE_pending_paid && w->version == VERSION_FIRST)
               ? "pending"
               : "succeeded";
}

static int64_t final_at(const struct refund_writer *w)
{
    return w->created_ms + (w->version != VERSION_FIRST ? PAID_LATE_MS : PAID_AFTER_MS);
}

static json_t *transaction_event(const struct refund_writer *w, size_t i, const char *status)
{
    const struct made_transaction *t = &w->r->transactions[i];
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "type",
                             w->r->kind == REFUND_MADE_void_only ? "void" : "refund", "status",
                             status, "kind", t->kind, "gateway", t->gateway, "method", t->method,
                             "amount", money(w, t->amount));
    gen_put_format(json, "transaction_id", "rtx_%" JSON_INTEGER_FORMAT "_%zu", w->id, i);
    gen_put_format(json, "parent_id", "txn_%" JSON_INTEGER_FORMAT "_%zu", w->order, t->tender);
    if (strcmp(t->kind, "gift_card") == 0)
        gen_put_format(json, "voucher_number", "**** %04" JSON_INTEGER_FORMAT, w->order % 10000);
    if (strcmp(status, "pending") != 0)
        gen_put(json, "processed_at", json_integer(final_at(w)));
    return json;
}

static void money_event(const struct refund_writer *w, json_t *event)
{
    const char *status = status_of(w);
    const bool succeeded = strcmp(status, "succeeded") == 0 && w->r->kind != REFUND_MADE_void_only;
    json_t *list = json_array();
    for (size_t i = 0; i < w->r->transaction_count; i++)
        (void)json_array_append_new(list, transaction_event(w, i, status));
    gen_put(event, "transactions", list);
    gen_put(event, "succeeded", money(w, succeeded ? w->r->back : (struct made_money){{0, 0}}));
    gen_put(event, "total", money(w, w->r->gross));
}

/* ---- the whole ---- */

/* Some days after its order, at an hour of its own; each refund of an order on another day. */
static int64_t created_at(const struct order_gen_options *orders, const struct made_refund *r,
                          struct chance *c)
{
    const int64_t order_ms = made_order_time(orders, r->index);
    return r->kind == REFUND_MADE_edit_contained
               ? order_ms + CONTAINED_AFTER_MS
               : order_ms + (1 + r->step) * (int64_t)DAY_MS + chance_below(c, DAY_MS / 4);
}

json_t *made_refund_event(const struct order_gen_options *orders, const struct made_left *left,
                          const struct made_refund *refund, int64_t number,
                          enum made_version version)
{
    static const char *const reasons[] = {"customer", "damaged", "wrong_size", "other"};
    struct chance c =
        chance_of(orders->seed, STREAM_REFUND_DETAILS,
                  (uint64_t)refund->index * REFUND_STEPS_MAX + (uint64_t)refund->step);
    struct refund_writer w = {.r = refund,
                              .o = &left->order,
                              .order = made_order_number(orders->seed, refund->index),
                              .created_ms = created_at(orders, refund, &c),
                              .version = version};
    w.id = w.order * 100 + refund->step;
    const bool is_edit =
        refund->kind == REFUND_MADE_edit_contained || refund->kind == REFUND_MADE_edit_unpaid;
    const int64_t event_ms = final_at(&w) + 1000 + number; /* grows with every version of it */

    json_t *event = json_object();
    gen_put_format(event, "event_id", "evt-refund-%" PRIu64 "-%" PRId64, orders->seed, number);
    gen_put(event, "event_time", json_integer(event_ms));
    gen_put_text(event, "kind", is_edit ? "edit" : "refund");
    gen_put(event, "source_version", json_integer(event_ms));
    gen_put_text(event, "channel", w.o->shop->channel);
    gen_put_text(event, "store", w.o->shop->store);
    gen_put_format(event, "order_id", "%" JSON_INTEGER_FORMAT, w.order);
    gen_put_format(event, "refund_id", "%" JSON_INTEGER_FORMAT, w.id);
    gen_put_format(event, "order_name", "#%" JSON_INTEGER_FORMAT, w.order % 10000000 + 1001);
    gen_put(event, "created_at", json_integer(w.created_ms));
    gen_put_text(event, "currency", w.o->shop->currency);
    gen_put_text(event, "presentment_currency",
                 w.o->money_count > 1 ? w.o->shop->presentment : NULL);
    gen_put_text(event, "reason", reasons[chance_below(&c, 4)]);
    gen_put(event, "lines", lines_event(&w));
    gen_put(event, "carriage", carriage_event(&w));
    gen_put(event, "charges", charges_event(&w));
    if (!is_0(refund->order_amount))
        gen_put(event, "order_amount", money(&w, refund->order_amount));
    gen_put(event, "taxes", taxes_event(&w));
    exchange_event(&w, event);
    money_event(&w, event);
    return event;
}
