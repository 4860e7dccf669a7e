/* An order's later versions; see order_life.h. */
#include "order_life.h"

#include <ctype.h>
#include <string.h>

#include "domain/difference/difference.h"
#include "domain/events/order_event.h"
#include "order_summary.h"

static bool is_gone(enum tender_status status)
{
    return status == TENDER_STATUS_FAILED || status == TENDER_STATUS_VOIDED;
}

void order_money(const void *event_, struct flow_money *ret_money)
{
    const struct order_event *event = event_;
    size_t gone = 0;
    *ret_money = (struct flow_money){.outstanding_minor = event->totals.outstanding.shop_minor};
    for (size_t i = 0; i < event->tenders.count; i++) {
        const struct order_tender *t = &event->tenders.items[i];
        int64_t *sum = t->status == TENDER_STATUS_CAPTURED     ? &ret_money->captured_minor
                       : t->status == TENDER_STATUS_AUTHORIZED ? &ret_money->authorized_minor
                                                               : &ret_money->pending_minor;
        if (is_gone(t->status))
            gone++;
        else /* unsigned: hostile amounts wrap, and are another digest all the same */
            *sum = (int64_t)((uint64_t)*sum + (uint64_t)t->amount.shop_minor);
    }
    ret_money->is_void =
        event->payment_status == PAYMENT_VOIDED || (gone > 0 && gone == event->tenders.count);
}

/* What the document counts as paid, in the shop's currency; -1: not known, or in another one. */
static int64_t counted(const struct order_summary *s)
{
    return s != NULL && s->money == MONEY_SHOP ? s->proof.tenders : -1;
}

static bool was_paid_back(const struct order_event *event)
{
    return event->payment_status == PAYMENT_REFUNDED ||
           event->payment_status == PAYMENT_PARTIALLY_REFUNDED;
}

static int64_t promised(const struct flow_money *m)
{
    int64_t sum;
    return __builtin_add_overflow(m->captured_minor, m->authorized_minor, &sum) ||
                   __builtin_add_overflow(sum, m->pending_minor, &sum)
               ? INT64_MAX
               : sum;
}

static bool raises(const struct order_summary *s, enum pf_error code)
{
    for (size_t i = 0; s != NULL && i < s->flags.count; i++)
        if (s->flags.items[i].code == code)
            return true;
    return false;
}

/* What the document still needs. */
static const char *document_needs(const struct flow_money *m, const struct order_summary *s,
                                  struct arena *arena)
{
    char text[MONEY_TEXT_MAX];
    if (s == NULL)
        return " Compare the payment in Prima.";
    if (raises(s, PF_E_payment_pending) && m->pending_minor == 0)
        return " Prima holds the order for this payment: it may be released.";
    if (s->proof.outstanding > 0 && m->outstanding_minor < s->proof.outstanding)
        return arena_printf(arena, " Prima's document has %s outstanding: enter the payment there.",
                            money_format((struct money){s->proof.outstanding, s->currency}, text));
    return " Prima's document needs nothing.";
}

static const char *money_text(const struct order_event *event, int64_t minor,
                              char text[static MONEY_TEXT_MAX])
{
    const struct currency *currency = currency_find(event->currency);
    if (currency == NULL)
        return "an unknown amount";
    return money_format((struct money){minor, currency}, text);
}

enum pf_error order_money_moved(const void *event_, const char *summary, size_t size,
                                struct arena *arena, const char **ret_detail)
{
    const struct order_event *event = event_;
    struct order_summary read;
    const struct order_summary *s =
        summary != NULL && order_summary_read(summary, size, arena, &read) == 0 ? &read : NULL;
    struct flow_money m;
    order_money(event, &m);
    char captured[MONEY_TEXT_MAX], authorized[MONEY_TEXT_MAX], pending[MONEY_TEXT_MAX],
        outstanding[MONEY_TEXT_MAX];
    /* what is above today's total was paid back because an edit made the order smaller */
    const bool is_lost = m.is_void || (!was_paid_back(event) && promised(&m) < counted(s) &&
                                       promised(&m) < event->totals.total.shop_minor);
    const char *needs = is_lost ? "" : document_needs(&m, s, arena);
    *ret_detail = arena_printf(
        arena, "Payment now: captured %s, authorised %s, pending %s, outstanding %s.%s",
        money_text(event, m.captured_minor, captured),
        money_text(event, m.authorized_minor, authorized),
        money_text(event, m.pending_minor, pending),
        money_text(event, m.outstanding_minor, outstanding), needs != NULL ? needs : "");
    return is_lost ? PF_E_payment_lost : PF_OK;
}

static bool has_left(const struct order_event *event)
{
    const char *state = event->fulfilment_state;
    return state != NULL && state[0] != '\0' && strcmp(state, "unfulfilled") != 0 &&
           strcmp(state, "restocked") != 0;
}

enum pf_error order_goods_moved(const struct codec *codec, const void *former,
                                const char *former_why, const void *event_, struct arena *arena,
                                const char **ret_detail)
{
    const struct order_event *event = event_;
    struct differences found;
    const char *goods = NULL;
    if (former == NULL) {
        *ret_detail = arena_printf(arena, "Goods differ. %s", former_why);
        return PF_E_order_amended;
    }
    if (order_differences(codec, former, event, arena, &found) == 0)
        goods = differences_text(&found.parts[PART_GOODS], FLOW_DIFFERENCES_MAX - 1, arena);
    *ret_detail = goods == NULL || goods[0] == '\0'
                      ? "Goods differ: primaflow why shows both versions."
                      : arena_printf(arena, "%c%s.", toupper((unsigned char)goods[0]), goods + 1);
    return !has_left(event) && order_only_takes_back(codec, former, event, arena)
               ? PF_E_units_cancelled_after_posting
               : PF_E_order_amended;
}
