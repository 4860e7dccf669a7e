/* Names and bindings of what events have in common; see event_parts.h. */
#include "domain/events/event_parts.h"

const char *const charge_kind_names[] = {"other", "gift_wrap",     "handling", "tip",
                                         "duty",  "cash_rounding", NULL};
const char *const tender_kind_names[] = {"other",         "card",         "wallet",
                                         "gift_card",     "store_credit", "cash",
                                         "bank_transfer", "on_account",   NULL};

static const struct binding money_set_fields[] = {
    BIND(struct money_set, shop_minor, BIND_LONG),
    BIND_OPTIONAL(struct money_set, presentment_minor, BIND_LONG),
};
const struct bound_record money_set_record =
    BOUND_RECORD("MoneySet", struct money_set, money_set_fields);
