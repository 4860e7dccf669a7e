/* What events of orders and of refunds have in common, as C structs: amounts, the kinds of charges
 * and tenders. schemas/ says what each means.
 *
 * Invariants
 *   - Money is in integer minor units: of the shop's currency, and of the customer's.
 *   - An enum's value is the index into its *_names, in the order of the schemas' symbols.
 * Plain data: any thread. */
#ifndef PRIMAFLOW_EVENT_PARTS_H
#define PRIMAFLOW_EVENT_PARTS_H

#include "codec/binding.h"

enum charge_kind {
    CHARGE_OTHER,
    CHARGE_GIFT_WRAP,
    CHARGE_HANDLING,
    CHARGE_TIP,
    CHARGE_DUTY,
    CHARGE_CASH_ROUNDING,
    CHARGE_KIND_COUNT
};
enum tender_kind {
    TENDER_OTHER,
    TENDER_CARD,
    TENDER_WALLET,
    TENDER_GIFT_CARD,
    TENDER_STORE_CREDIT,
    TENDER_CASH,
    TENDER_BANK_TRANSFER,
    TENDER_ON_ACCOUNT,
    TENDER_KIND_COUNT
};

extern const char *const charge_kind_names[];
extern const char *const tender_kind_names[];

struct money_set {
    int64_t shop_minor;
    bool has_presentment_minor;
    int64_t presentment_minor;
};

extern const struct bound_record money_set_record;

#endif
