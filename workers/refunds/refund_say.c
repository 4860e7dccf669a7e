/* What people read of a refund that cannot be credited; see refund_say.h. */
#include "refund_say.h"

#include "base/money.h"
#include "domain/money/exact.h"

static const char *money_of(const struct ledger_balance *b, int64_t minor,
                            char text[static MONEY_TEXT_MAX])
{
    return money_format((struct money){minor, b->currency}, text);
}

/* "line 2 (L7)", "charge CARR", "what edits left owed", "rates". */
static const char *place_name(const struct ledger_balance *b, const struct ledger_excess *excess,
                              struct arena *arena)
{
    const struct ledger_entry *e = b->entry;
    if (excess->what == EXCESS_ORDER)
        return "the order";
    if (excess->what == EXCESS_ACCOUNT)
        return "what is outstanding";
    if (excess->place < ledger_charges_at(b))
        return arena_printf(arena, "line %d (%.60s)", e->lines.items[excess->place].number,
                            e->lines.items[excess->place].line_id);
    if (excess->place < ledger_owed_at(b))
        return arena_printf(arena, "charge %.40s",
                            e->charges.items[excess->place - ledger_charges_at(b)].code);
    if (excess->place < ledger_groups_at(b))
        return "what an edit left owed";
    return "the order at its tax rate";
}

const char *refund_say_excess(const struct ledger_balance *b, const struct ledger_excess *excess,
                              int64_t money, struct arena *arena)
{
    static const char *const kinds[] = {"units", "", " without tax", " of its tax", "", ""};
    char wanted[MONEY_TEXT_MAX], remains[MONEY_TEXT_MAX], back[MONEY_TEXT_MAX];
    const char *place = place_name(b, excess, arena);
    if (place == NULL)
        return NULL;
    if (excess->what == EXCESS_QUANTITY)
        return arena_printf(
            arena, "%s: %lld units are refunded, %lld remain creditable; %s went back", place,
            (long long)excess->wanted, (long long)excess->remains, money_of(b, money, back));
    return arena_printf(arena, "%s: %s%s is refunded, %s remains creditable; %s went back", place,
                        money_of(b, excess->wanted, wanted), kinds[excess->what],
                        money_of(b, excess->remains, remains), money_of(b, money, back));
}

const char *refund_say_mismatch(const struct ledger_balance *b, const struct refund_event *event,
                                int64_t parts, int64_t money, struct arena *arena)
{
    char sum[MONEY_TEXT_MAX], back[MONEY_TEXT_MAX];
    const bool may_be_exchange =
        event->return_id != NULL && event->lines.count > 0 && money < parts;
    return arena_printf(arena, "its parts come to %s, and %s went back%s", money_of(b, parts, sum),
                        money_of(b, money, back),
                        may_be_exchange ? "; it has a return: goods that were sent in exchange may "
                                          "have paid the rest"
                                        : "");
}

const char *refund_say_moved(const struct currency *currency, int64_t posted, int64_t back,
                             struct arena *arena)
{
    char before[MONEY_TEXT_MAX], now[MONEY_TEXT_MAX], more[MONEY_TEXT_MAX];
    struct exact x = {.currency = currency};
    const int64_t difference = exact_subtract(&x, back, posted);
    (void)money_format((struct money){posted, currency}, before);
    (void)money_format((struct money){back, currency}, now);
    if (difference <= 0 || x.overflow)
        return arena_printf(arena, "the credit note paid back %s, and now %s has gone back", before,
                            now);
    return arena_printf(arena,
                        "the credit note paid back %s, and now %s has gone back: %s of it has no "
                        "credit note",
                        before, now, money_format((struct money){difference, currency}, more));
}

const char *refund_say_days(const char *detail, int32_t days_left, struct arena *arena)
{
    const int32_t days = days_left < 0 ? -days_left : days_left;
    const char *s = days == 1 ? "" : "s";
    return days_left < 0
               ? arena_printf(arena, "%s; its credit note is %d day%s late", detail, days, s)
               : arena_printf(arena, "%s; %d day%s left for its credit note", detail, days, s);
}
