/* What the refunds of all channels have alike; see import_refund.h. */
#include "import_refund.h"

#include <inttypes.h>
#include <string.h>

static json_t *list_of(const struct import_refund *f, const char *list)
{
    return json_object_get(f->event, list);
}

static void put_lists(struct import_refund *f)
{
    static const char *const lists[] = {"lines",       "carriage", "charges",
                                        "adjustments", "taxes",    "sent"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        import_put(f->r, f->event, lists[i], json_array());
}

void import_refund_open(struct import_refund *f, struct import_reader *r,
                        const struct import_refund_head *h)
{
    json_t *event = json_object();
    *f = (struct import_refund){.r = r, .event = event, .seen = json_object()};
    r->no_memory |= f->seen == NULL;
    import_put(r, event, "event_id",
               json_sprintf("%s-refund-%s-%" PRId64, h->origin, h->refund_id, h->version));
    import_put(r, event, "event_time", json_integer(h->version));
    import_put_text(r, event, "kind", h->is_edit ? "edit" : "refund");
    import_put(r, event, "source_version", json_integer(h->version));
    import_put_text(r, event, "channel", h->channel);
    import_put_text(r, event, "store", h->store);
    import_put_text(r, event, "order_id", h->order_id);
    import_put_text(r, event, "refund_id", h->refund_id);
    import_put_text(r, event, "order_name", h->order_name);
    import_put(r, event, "created_at", json_integer(h->created_ms));
    import_put(r, event, "test", json_boolean(h->is_test));
    if (h->is_deleted)
        import_put(r, event, "deleted", json_true());
    import_put_text(r, event, "currency", r->shop->code);
    if (import_is_multi(r))
        import_put_text(r, event, "presentment_currency", r->presentment->code);
    import_put_text(r, event, "note", h->note);
    import_put_text(r, event, "return_id", h->return_id);
    put_lists(f);
    import_put(r, event, "transactions_told", json_boolean(h->tells_transactions));
    import_put(r, event, "transactions", json_array());
}

/* ---- parts ---- */

/* The part of the event that is the same but for its amounts, or NULL. `key` says what makes it so;
 * one that is longer than any real one is never the same. */
static json_t *part_seen(const struct import_refund *f, const char *key, size_t size)
{
    return strlen(key) + 1 < size ? json_object_get(f->seen, key) : NULL;
}

static void part_remember(struct import_refund *f, const char *key, json_t *part)
{
    import_put(f->r, f->seen, key, json_incref(part));
}

static void put_money(struct import_refund *f, json_t *object, const char *name,
                      struct import_money money)
{
    import_put(f->r, object, name, import_money_json(f->r, money));
}

static void put_part(struct import_refund *f, json_t *object, struct import_part part)
{
    put_money(f, object, "amount", part.amount);
    if (part.has_tax)
        put_money(f, object, "tax", part.tax);
}

/* Adds `part` to what `object` has. */
static void add_part(struct import_refund *f, json_t *object, struct import_part part)
{
    const json_t *tax = json_object_get(object, "tax");
    const struct import_part sum = {
        .amount = import_add(f->r, import_money_of(json_object_get(object, "amount")), part.amount),
        .tax = import_add(f->r, import_money_of(tax), part.tax),
        .has_tax = tax != NULL && part.has_tax,
    };
    (void)json_object_del(object, "tax");
    put_part(f, object, sum);
}

static bool is_nothing(struct import_part part)
{
    return import_is_zero(part.amount) && (!part.has_tax || import_is_zero(part.tax));
}

static void line_add(struct import_refund *f, const struct import_at *at, json_t *object,
                     const struct import_refund_line *line)
{
    const int64_t units = json_integer_value(json_object_get(object, "quantity")) + line->units;
    if (units > IMPORT_UNITS_MAX)
        import_complain(f->r, at,
                        "is of a line of which more than %d units come back; export the "
                        "refund again",
                        IMPORT_UNITS_MAX);
    import_put(f->r, object, "quantity", json_integer(units));
    add_part(f, object, line->part);
    put_money(
        f, object, "discount",
        import_add(f->r, import_money_of(json_object_get(object, "discount")), line->discount));
}

void import_refund_line(struct import_refund *f, const struct import_at *at,
                        const struct import_refund_line *line)
{
    char key[300];
    (void)snprintf(key, sizeof key, "line %s %s %s", line->line_id, line->restock,
                   line->location_id != NULL ? line->location_id : "");
    json_t *object = part_seen(f, key, sizeof key);
    if (object != NULL) {
        line_add(f, at, object, line);
        return;
    }
    object = json_object();
    import_put_text(f->r, object, "line_id", line->line_id);
    import_put(f->r, object, "quantity", json_integer(line->units));
    import_put_text(f->r, object, "restock", line->restock);
    import_put_text(f->r, object, "location_id", line->location_id);
    put_part(f, object, line->part);
    put_money(f, object, "discount", line->discount);
    part_remember(f, key, object);
    import_append(f->r, list_of(f, "lines"), object);
}

void import_refund_carriage(struct import_refund *f, const char *line_id, struct import_part part)
{
    char key[300];
    if (is_nothing(part))
        return;
    (void)snprintf(key, sizeof key, "carriage %s", line_id != NULL ? line_id : "");
    json_t *object = part_seen(f, key, sizeof key);
    if (object != NULL) {
        add_part(f, object, part);
        return;
    }
    object = json_object();
    import_put_text(f->r, object, "line_id", line_id);
    put_part(f, object, part);
    part_remember(f, key, object);
    import_append(f->r, list_of(f, "carriage"), object);
}

void import_refund_charge(struct import_refund *f, const char *kind, const char *code,
                          const char *line_id, struct import_part part)
{
    char key[300];
    if (is_nothing(part))
        return;
    (void)snprintf(key, sizeof key, "charge %s %s %s", kind, line_id != NULL ? line_id : "",
                   code != NULL ? code : "");
    json_t *object = part_seen(f, key, sizeof key);
    if (object != NULL) {
        add_part(f, object, part);
        return;
    }
    object = json_object();
    import_put_text(f->r, object, "kind", kind);
    import_put_text(f->r, object, "code", code);
    import_put_text(f->r, object, "line_id", line_id);
    put_part(f, object, part);
    part_remember(f, key, object);
    import_append(f->r, list_of(f, "charges"), object);
}

void import_refund_adjustment(struct import_refund *f, const char *kind, struct import_part part)
{
    if (is_nothing(part))
        return;
    json_t *object = json_object();
    import_put_text(f->r, object, "kind", kind);
    put_part(f, object, part);
    import_append(f->r, list_of(f, "adjustments"), object);
}

bool import_refund_has(const struct import_refund *f, const char *list)
{
    return json_array_size(list_of(f, list)) > 0;
}

struct import_money import_refund_sum(const struct import_refund *f, bool taxes_included)
{
    static const char *const lists[] = {"lines", "carriage", "charges"};
    struct import_money sum = import_money_of(json_object_get(f->event, "order_amount"));
    const json_t *part;
    size_t i, k;
    for (i = 0; i < sizeof lists / sizeof *lists; i++)
        json_array_foreach(list_of(f, lists[i]), k, part)
        {
            sum = import_add(f->r, sum, import_money_of(json_object_get(part, "amount")));
            if (!taxes_included)
                sum = import_add(f->r, sum, import_money_of(json_object_get(part, "tax")));
        }
    json_array_foreach(list_of(f, "taxes"), k, part) sum =
        import_add(f->r, sum, import_money_of(json_object_get(part, "amount")));
    return sum;
}

/* ---- money ---- */

json_t *import_refund_transaction(struct import_refund *f,
                                  const struct import_refund_transaction *t)
{
    struct import_reader *r = f->r;
    json_t *object = json_object();
    import_put_text(r, object, "transaction_id", t->id);
    import_put_text(r, object, "parent_id", t->parent_id);
    import_put_text(r, object, "type", t->type);
    import_put_text(r, object, "status", t->status);
    if (t->is_offline)
        import_put(r, object, "offline", json_true());
    import_put_text(r, object, "kind", t->kind);
    import_put_text(r, object, "gateway", t->gateway);
    import_put_text(r, object, "currency", t->currency);
    put_money(f, object, "amount", t->amount);
    if (t->has_time)
        import_put(r, object, "processed_at", json_integer(t->processed_ms));
    if (t->is_test)
        import_put(r, object, "test", json_true());
    import_append(r, list_of(f, "transactions"), object);
    if (strcmp(t->type, "refund") == 0 && strcmp(t->status, "succeeded") == 0)
        f->succeeded = import_add(r, f->succeeded, t->amount);
    return object;
}

/* ---- the event ---- */

json_t *import_refund_close(struct import_refund *f)
{
    json_t *event = f->event;
    put_money(f, event, "succeeded", f->succeeded);
    f->event = NULL;
    import_refund_drop(f);
    return event;
}

void import_refund_drop(struct import_refund *f)
{
    json_decref(f->event);
    json_decref(f->seen);
    *f = (struct import_refund){.r = NULL};
}
