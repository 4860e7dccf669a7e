/* A refund's later versions; see refund_life.h. */
#include "refund_life.h"

#include "base/money.h"
#include "refund_decide.h"
#include "refund_difference.h"
#include "refund_summary.h"

#include <ctype.h>

void refund_flow_money(const void *event_, struct flow_money *ret_money)
{
    const struct refund_event *event = event_;
    *ret_money =
        (struct flow_money){.captured_minor = event->deleted ? 0 : event->succeeded.shop_minor,
                            .is_void = event->deleted};
}

/* Of a note whose summary is lost: what it paid back is not known, and nothing is assumed. */
static enum pf_error unknown_note(const struct refund_event *event, struct arena *arena,
                                  const char **ret_detail)
{
    char now[MONEY_TEXT_MAX];
    struct flow_money money;
    refund_flow_money(event, &money);
    const struct currency *currency = currency_find(event->currency);
    const char *back = currency == NULL
                           ? "an unknown amount"
                           : money_format((struct money){money.captured_minor, currency}, now);
    *ret_detail = arena_printf(
        arena,
        "Now %s has gone back; what its credit note paid back is not known here: compare it "
        "in Prima.",
        back);
    return money.captured_minor == 0 ? PF_E_refund_money_failed_after_credit
                                     : PF_E_refund_more_money_after_credit;
}

enum pf_error refund_flow_money_moved(const void *event, const char *summary, size_t size,
                                      struct arena *arena, const char **ret_detail)
{
    struct refund_summary s;
    struct ledger_credit takes;
    if (summary == NULL || refund_summary_read(summary, size, arena, &s, &takes) < 0 || !s.has_note)
        return unknown_note(event, arena, ret_detail);
    *ret_detail = "What has gone back is what the credit note says.";
    return refund_money_moved(event, s.money, s.currency, s.money_told, arena, ret_detail);
}

enum pf_error refund_goods_moved(const struct codec *codec, const void *former,
                                 const char *former_why, const void *event, struct arena *arena,
                                 const char **ret_detail)
{
    (void)codec;
    struct difference_list found;
    const char *text = NULL;
    if (former == NULL) {
        *ret_detail = arena_printf(arena, "What came back differs. %s", former_why);
        return PF_E_refund_amended;
    }
    if (refund_differences(former, event, arena, &found) == 0)
        text = differences_text(&found, FLOW_DIFFERENCES_MAX - 1, arena);
    *ret_detail = text == NULL || text[0] == '\0'
                      ? "What came back differs: primaflow why shows both versions."
                      : arena_printf(arena, "%c%s.", toupper((unsigned char)text[0]), text + 1);
    return PF_E_refund_amended;
}
