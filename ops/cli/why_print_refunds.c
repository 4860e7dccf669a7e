/* What `why` prints of refunds: each refund of an order in a line and what remains creditable; of a
 * refund its reservation, its record in the ledger, and its order. */
#include "why_print.h"

#include "base/clock.h"
#include "base/money.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *money_text(const char *name, int64_t minor, char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = name != NULL ? currency_find(name) : NULL;
    if (currency == NULL)
        (void)snprintf(text, MONEY_TEXT_MAX, "?");
    else
        (void)money_format((struct money){minor, currency}, text);
    return text;
}

/* ---- text ---- */

static void print_remains(const struct why_credit *c)
{
    char remains[MONEY_TEXT_MAX], kept[MONEY_TEXT_MAX];
    if (!c->is_read)
        return;
    if (c->outcome != NULL && !c->has_entry)
        printf("  Creditable: nothing, the order ended as %s\n", c->outcome);
    else if (!c->has_entry)
        printf("  Creditable: nothing, the ledger has no entry of the order\n");
    else if (c->currency == NULL)
        printf("  Creditable: unknown, too large\n");
    else
        printf("  Creditable: %s remains, %s of it kept for refunds under way%s%s\n",
               money_text(c->currency, c->remains_minor, remains),
               c->is_all_kept ? "all" : money_text(c->currency, c->kept_minor, kept),
               c->is_blocked ? "; its entry is being amended" : "",
               c->is_reserved_asked ? "" : "; what is reserved in Redis is not known");
}

static void print_refund(const struct why_refund *r)
{
    char amount[MONEY_TEXT_MAX], time[CLOCK_TEXT_MAX];
    printf("  Refund %s: %s", r->refund_id, refund_place_name(r->standing.place));
    if (strcmp(refund_reason(&r->standing), "posted") != 0)
        printf(", %s", refund_reason(&r->standing));
    if (refund_owner(&r->standing) != PF_OWNER_NONE)
        printf(" (%s)", pf_owner_name(refund_owner(&r->standing)));
    if (r->document != NULL)
        printf(", credit note %s", r->document);
    if (r->currency != NULL)
        printf(", %s", money_text(r->currency, r->minor, amount));
    if (r->standing.since_ms > 0)
        printf(", since %s", clock_format(r->standing.since_ms, time));
    if (r->reserved != 0)
        printf(", reserved");
    printf("\n");
}

static void print_self(const struct why_order *o, const struct why_refund *self)
{
    char amount[MONEY_TEXT_MAX], time[CLOCK_TEXT_MAX];
    if (o->credit.is_reserved_asked && (self == NULL || self->reserved == 0))
        printf("  Reserved: nothing\n");
    else if (o->credit.is_reserved_asked)
        printf("  Reserved: %s of order %s, number %" PRId64 "\n",
               money_text(self->currency, self->minor, amount), o->id.kafka, self->reserved);
    if (!o->credit.is_read)
        return;
    if (self == NULL || self->record == NULL) {
        printf("  Ledger: no record of it\n");
        return;
    }
    const struct ledger_credit *record = self->record;
    printf("  Ledger: %s", credit_state_names[record->state]);
    if (record->document != NULL)
        printf(", credit note %s", record->document);
    if (record->all)
        printf(", keeps all that remains of the order");
    else if (record->currency[0] != '\0')
        printf(", %s", money_text(record->currency, record->amount_minor, amount));
    printf(", since %s\n", clock_format(record->at, time));
}

/* What is in the ledger was posted, whoever did it. */
static bool is_order_posted(const struct why_order *o)
{
    return o->credit.has_entry || (o->order != NULL && why_is_posted(o->order));
}

static void print_order(const struct why_order *o)
{
    enum pf_error open[WHY_OPEN_MAX];
    const size_t count = o->order != NULL ? why_open(o->order, open) : 0;
    if (o->id.kafka[0] == '\0')
        return;
    printf("  Order: %s, %s", o->order != NULL ? o->order->id.natural : o->id.kafka,
           is_order_posted(o)                            ? "posted"
           : o->order == NULL || !why_is_known(o->order) ? "not known here"
                                                         : "not posted");
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i == 0 ? "; open: " : ", ", pf_error_info(open[i])->name);
    printf("\n");
}

void why_refunds_text(const struct why_order *o)
{
    if (o->id.is_refund) {
        print_order(o);
        print_self(o, why_refund_self(o));
    } else
        for (size_t i = 0; i < o->credit.refund_count; i++)
            print_refund(&o->credit.refunds[i]);
    print_remains(&o->credit);
}

/* ---- JSON ---- */

static json_t *refund_json(const struct why_refund *r)
{
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:b}", "key", r->natural, "refund_id",
        r->refund_id, "where", refund_place_name(r->standing.place), "reason",
        refund_reason(&r->standing), "owner", pf_owner_name(refund_owner(&r->standing)), "document",
        r->document, "currency", r->currency, "ledger",
        r->record != NULL ? credit_state_names[r->record->state] : NULL, "before_despatch",
        r->is_before_despatch);
    (void)json_object_set_new(json, "amount_minor",
                              r->currency != NULL ? json_integer((json_int_t)r->minor)
                                                  : json_null());
    (void)json_object_set_new(json, "reserved_number",
                              r->reserved != 0 ? json_integer((json_int_t)r->reserved)
                                               : json_null());
    return json;
}

static json_t *creditable_json(const struct why_credit *c)
{
    if (!c->is_read || !c->has_entry || c->currency == NULL)
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:b, s:b}", "currency", c->currency, "remains_minor",
                     (json_int_t)c->remains_minor, "kept_minor", (json_int_t)c->kept_minor,
                     "all_kept", c->is_all_kept, "blocked", c->is_blocked);
}

static json_t *order_json(const struct why_order *o)
{
    enum pf_error open[WHY_OPEN_MAX];
    const size_t count = o->order != NULL ? why_open(o->order, open) : 0;
    json_t *codes = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(codes, json_string(pf_error_info(open[i])->name));
    return json_pack("{s:s, s:b, s:o}", "key",
                     o->order != NULL ? o->order->id.natural : o->id.kafka, "posted",
                     is_order_posted(o), "open", codes);
}

void why_refunds_json(const struct why_order *o, json_t *json)
{
    json_t *refunds = json_array();
    for (size_t i = 0; i < o->credit.refund_count; i++)
        (void)json_array_append_new(refunds, refund_json(&o->credit.refunds[i]));
    (void)json_object_set_new(json, "refunds", refunds);
    (void)json_object_set_new(json, "creditable", creditable_json(&o->credit));
    if (o->id.is_refund)
        (void)json_object_set_new(json, "order", order_json(o));
}
