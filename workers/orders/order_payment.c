/* What has been paid of an order, what is promised, and what is done about the rest.
 *
 * Authorised is not unpaid: money that a provider has set aside is sent as a payment with its
 * authorisation, where the mappings say `tender`, so that its capture changes nothing in Prima.
 * What is paid is what the channel took: too much of it is said, never cut; "paid" beside a rest that
 * no payment or account explains is a contradiction, which no policy for unpaid orders decides. */
#include "order_resolve.h"

/* What is done about one payment that is not captured. */
static enum rules_action action_of_tender(const struct order_tender *tender,
                                          const struct order_rules *rules,
                                          const struct channel_rules *channel)
{
    const struct payment_rule *rule = rules_payment(rules, channel, tender);
    const bool is_card = tender->kind == TENDER_CARD || tender->kind == TENDER_WALLET;
    if (tender->status != TENDER_STATUS_AUTHORIZED)
        return (enum rules_action)(rule != NULL && rule->pending >= 0 ? rule->pending
                                                                      : channel->unpaid_pending);
    if (rule != NULL && rule->authorized >= 0)
        return (enum rules_action)rule->authorized;
    if (channel->unpaid_authorized >= 0)
        return (enum rules_action)channel->unpaid_authorized;
    return is_card ? ACTION_TENDER : ACTION_HOLD;
}

void sale_promise_tenders(struct sale *sale, const struct order_event *event,
                          const struct order_rules *rules, const struct channel_rules *channel)
{
    for (size_t i = 0; i < event->tenders.count; i++) {
        const struct order_tender *tender = &event->tenders.items[i];
        const int64_t amount = sale_pick(sale->money, &tender->amount);
        if (tender->status != TENDER_STATUS_AUTHORIZED || amount == 0 ||
            action_of_tender(tender, rules, channel) != ACTION_TENDER)
            continue;
        sale->tenders[sale->tender_count++] =
            (struct sale_tender){.event = tender, .number = i + 1, .amount = amount};
        sale->promised = exact_add(&sale->exact, sale->promised, amount);
    }
}

static bool is_open(const struct order_tender *tender)
{
    return tender->status == TENDER_STATUS_AUTHORIZED || tender->status == TENDER_STATUS_PENDING;
}

/* The strictest of what the open payments ask for; payments that cover less than what is
 * outstanding leave the rest pending. */
static enum rules_action action_of_rest(const struct sale *sale, const struct order_event *event,
                                        const struct order_rules *rules,
                                        const struct channel_rules *channel)
{
    static const int strictness[] = {[ACTION_POST] = 0,
                                     [ACTION_TENDER] = 0,
                                     [ACTION_HOLD] = 1,
                                     [ACTION_WAIT] = 2,
                                     [ACTION_DEAD_LETTER] = 3};
    struct exact sum = {.currency = sale->currency};
    enum rules_action strictest = ACTION_POST;
    int64_t covered = 0;
    for (size_t i = 0; i < event->tenders.count; i++) {
        const struct order_tender *tender = &event->tenders.items[i];
        if (!is_open(tender))
            continue;
        const enum rules_action action = action_of_tender(tender, rules, channel);
        if (action == ACTION_TENDER)
            continue; /* it is among the payments */
        covered = exact_add(&sum, covered, sale_pick(sale->money, &tender->amount));
        if (strictness[action] > strictness[strictest])
            strictest = action;
    }
    const enum rules_action pending = (enum rules_action)channel->unpaid_pending;
    const bool is_covered = !sum.overflow && covered >= sale->proof.outstanding;
    return is_covered || strictness[strictest] > strictness[pending] ? strictest : pending;
}

static bool is_on_account(const struct order_event *event)
{
    bool on_account = event->payment_terms != NULL || event->business != NULL;
    for (size_t i = 0; i < event->tenders.count; i++)
        on_account |= event->tenders.items[i].kind == TENDER_ON_ACCOUNT;
    return on_account;
}

enum rules_action sale_check_payment(const struct sale *sale, const struct order_event *event,
                                     const struct order_rules *rules,
                                     const struct channel_rules *channel, struct flags *flags)
{
    if (sale->proof.outstanding <= 0)
        return ACTION_POST;
    const bool is_told = is_on_account(event) || sale_open_tender(sale, event) != NULL;
    if (event->payment_status == PAYMENT_PAID && event->kind == ORDER_CREATED && !is_told) {
        flag_raise(flags, PF_E_payment_contradicts, 0);
        return ACTION_POST;
    }
    const enum rules_action action = is_on_account(event)
                                         ? (enum rules_action)channel->unpaid_on_account
                                         : action_of_rest(sale, event, rules, channel);
    if (action != ACTION_POST)
        flag_raise(flags, PF_E_payment_pending, 0);
    return action;
}

const struct order_tender *sale_open_tender(const struct sale *sale,
                                            const struct order_event *event)
{
    const struct order_tender *found = NULL;
    for (size_t i = 0; i < event->tenders.count && sale->proof.outstanding > 0; i++)
        if (found == NULL && is_open(&event->tenders.items[i]))
            found = &event->tenders.items[i];
    return found;
}
