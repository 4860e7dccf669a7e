/* What the money says; see refund_money.h. */
#include "refund_money.h"

#include <errno.h>
#include <string.h>

/* What the transactions come to, in both moneys: `succeeded` must say the same. */
struct money_sums {
    struct exact exact;
    int64_t shop, presentment;
    size_t succeeded, open, failed, voids;
    int64_t last_at;
};

static void money_add_one(struct money_sums *s, const struct refund_transaction *t)
{
    const bool is_void = t->type == TRANSACTION_VOID;
    switch (t->status) {
    case TRANSACTION_SUCCEEDED:
        s->voids += is_void;
        s->succeeded += !is_void;
        if (is_void)
            return;
        s->shop = exact_add(&s->exact, s->shop, t->amount.shop_minor);
        s->presentment = exact_add(&s->exact, s->presentment,
                                   t->amount.has_presentment_minor ? t->amount.presentment_minor
                                                                   : t->amount.shop_minor);
        if (t->has_processed_at && t->processed_at > s->last_at)
            s->last_at = t->processed_at;
        return;
    case TRANSACTION_FAILED: /* a void that failed moved nothing either */
        s->voids += is_void;
        s->failed += !is_void;
        return;
    default:
        s->open++;
    }
}

bool refund_counts(const struct refund_transaction *t)
{
    return t->type == TRANSACTION_REFUND && t->status == TRANSACTION_SUCCEEDED;
}

static const char *check_transaction(const struct refund_event *event,
                                     const struct refund_transaction *t)
{
    if (t->amount.shop_minor < 0 ||
        (t->amount.has_presentment_minor && t->amount.presentment_minor < 0))
        return "a transaction is negative; what goes back is a positive amount";
    if (t->currency != NULL && strcmp(t->currency, event->currency) != 0 &&
        (event->presentment_currency == NULL ||
         strcmp(t->currency, event->presentment_currency) != 0))
        return "a transaction is in a currency that is neither the shop's nor the customer's";
    return NULL;
}

static const char *check_sums(const struct refund_event *event, const struct money_sums *s)
{
    const struct money_set *said = &event->succeeded;
    if (s->exact.overflow)
        return "the transactions are too large to add up";
    if (!event->transactions_told)
        return NULL; /* there is nothing to compare it with */
    if (said->shop_minor != s->shop ||
        (said->has_presentment_minor && said->presentment_minor != s->presentment))
        return "succeeded is not what the transactions that succeeded add up to";
    return NULL;
}

/* The order was posted in one currency, and its refunds are credited in it. */
static bool is_of_currency(const struct refund_event *event, const struct ledger_entry *entry)
{
    const char *ours = entry->money == MONEY_SHOP || event->presentment_currency == NULL
                           ? event->currency
                           : event->presentment_currency;
    return strcmp(ours, entry->currency) == 0;
}

static const char *check_set_off(const struct refund_event *event, const struct ledger_entry *entry)
{
    if (!refund_has(entry, &event->succeeded) &&
        (event->succeeded.shop_minor != 0 || event->set_off.shop_minor != 0))
        return "an amount lacks presentment money, in which the order was posted";
    if (event->set_off.shop_minor < 0 || refund_pick(entry, &event->set_off) < 0)
        return "the set-off is negative";
    return NULL;
}

static enum money_verdict decide_verdict(const struct refund_event *event,
                                         const struct money_sums *s, int64_t set_off,
                                         int64_t account)
{
    if (event->deleted)
        return MONEY_NONE;
    if (!event->transactions_told || s->open > 0)
        return MONEY_WAITS;
    if (s->succeeded > 0 && s->shop > 0)
        return MONEY_NOTE;
    if (s->failed > 0)
        return MONEY_FAILED;
    if (set_off > 0)
        return MONEY_NOTE;
    if (s->voids > 0 || s->succeeded > 0)
        return MONEY_NONE;
    return account > 0 ? MONEY_ACCOUNT : MONEY_NONE;
}

/* Each transaction's own share, and whether all of them moved in the other currency. */
static int list_amounts(const struct refund_event *event, const struct ledger_entry *entry,
                        struct arena *arena, struct refund_money *money)
{
    struct exact x = {0};
    bool is_foreign = false, is_ours = false;
    int64_t other = 0;
    money->amounts = arena_alloc(arena, (event->transactions.count + 1) * sizeof *money->amounts);
    if (money->amounts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < event->transactions.count; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        const char *currency = t->currency != NULL ? t->currency : event->currency;
        money->amounts[i] = refund_counts(t) ? refund_pick(entry, &t->amount) : 0;
        if (money->amounts[i] == 0)
            continue;
        const bool is_other =
            strcmp(currency, entry->currency) != 0 && refund_has_other(entry, &t->amount);
        is_foreign |= is_other;
        is_ours |= !is_other;
        other = exact_add(&x, other, refund_pick_other(entry, &t->amount));
    }
    money->is_foreign = is_foreign && !is_ours && !x.overflow;
    money->other_back = other;
    return 0;
}

void refund_money_adopt(struct refund_money *money, const struct currency *currency, size_t count,
                        int64_t back)
{
    struct exact x = {.currency = currency};
    int64_t shares[SHARES_MAX];
    if (count > SHARES_MAX)
        return;
    exact_split(&x, back, money->amounts, count, shares);
    if (x.overflow)
        return;
    memcpy(money->amounts, shares, count * sizeof *shares);
    money->back = back;
}

int64_t refund_money_store_credit(const struct refund_event *event,
                                  const struct refund_money *money)
{
    int64_t sum = 0; /* within what went back, which was added up */
    for (size_t i = 0; i < event->transactions.count; i++)
        if (event->transactions.items[i].kind == TENDER_STORE_CREDIT)
            sum += money->amounts[i];
    return sum;
}

int refund_money_read(const struct refund_event *event, const struct ledger_entry *entry,
                      int64_t account, struct arena *arena, struct refund_money *ret_money,
                      const char **ret_detail)
{
    struct money_sums sums = {.last_at = INT64_MIN};
    const char *fault = check_set_off(event, entry);
    if (!is_of_currency(event, entry)) {
        *ret_detail = "the refund's currency is not the one in which the order was posted";
        return -EDOM;
    }
    for (size_t i = 0; i < event->transactions.count && fault == NULL; i++) {
        const struct refund_transaction *t = &event->transactions.items[i];
        fault = check_transaction(event, t);
        if (fault == NULL && t->type != TRANSACTION_OTHER)
            money_add_one(&sums, t);
    }
    if (fault == NULL)
        fault = check_sums(event, &sums);
    if (fault != NULL) {
        *ret_detail = fault;
        return -EINVAL;
    }
    const int64_t set_off = refund_pick(entry, &event->set_off);
    struct refund_money money = {
        .verdict = decide_verdict(event, &sums, set_off, account),
        .back = entry->money == MONEY_SHOP ? sums.shop : sums.presentment,
        .set_off = set_off,
        .went_at = sums.last_at == INT64_MIN ? event->created_at : sums.last_at,
    };
    const int r = list_amounts(event, entry, arena, &money);
    if (r == 0)
        *ret_money = money;
    return r;
}
