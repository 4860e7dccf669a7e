/* The rules of a retailer: mapping files and policies, read whole, checked whole, then constant.
 *
 * Invariants, all checked when loading; what breaks one is refused with file:line:column, key and
 * remedy, and the old rules stay
 *   - channel + store name one channel; within a company no order number prefix begins another one,
 *     so that two orders never share a number.
 *   - A policy that needs something to work with has it: `misc_item` a miscellaneous item, holds
 *     for want of an account an account.
 *   - Every tax rate is exact in parts per million; rows of one country and rate do not overlap in
 *     time.
 * Owned by who loaded it; the configuration must outlive it. Constant after loading: any
 * thread. */
#ifndef PRIMAFLOW_ORDER_RULES_H
#define PRIMAFLOW_ORDER_RULES_H

#include "base/errors.h"
#include "base/zone.h"
#include "config/config.h"
#include "domain/events/order_event.h"
#include "prima/names.h"
#include "prima/request.h"
#include "domain/mappings/rules_reader.h"

#include <regex.h>

struct order_rules;

/* What is done about a flag. */
enum rules_action {
    ACTION_POST,
    ACTION_HOLD,
    ACTION_WAIT,
    ACTION_DEAD_LETTER,
    ACTION_OUTSTANDING,
    ACTION_TENDER,
    ACTION_MISC_ITEM
};

enum { ACCOUNT_BYTES_MAX = 40 }; /* of an account's code: room for it is in the stored summary */

enum rounding { ROUNDING_LINE, ROUNDING_INVOICE };
enum guests { GUESTS_MATCH, GUESTS_ACCOUNT };
enum liable { LIABLE_PERSON, LIABLE_OWN };
enum order_location { LOCATION_HANDED_OVER, LOCATION_ALWAYS };

struct channel_rules {
    const char *channel, *store;
    const char *company; /* Prima's, for comwsomhandler */
    const char *prefix;  /* of order numbers */
    const char *country; /* decides the tax where nothing is delivered; may be NULL */
    int money;           /* enum money_chosen: which of the order's two moneys is posted */
    int rounding;        /* enum rounding: how the channel rounds tax */
    int64_t tolerance_per_line, tolerance_cap; /* minor units */
    bool tolerate_total; /* the tolerance explains a difference of totals too */
    int unpaid_pending, unpaid_authorized,
        unpaid_on_account; /* enum rules_action, by why money is outstanding; authorized -1: cards
                              and wallets are sent as payments, all else held */
    int guests;            /* enum guests */
    const char *account_guest, *account_pos, *account_unresolved; /* may be NULL */
    struct rules_texts pos_sources; /* source names that mean point of sale */
    struct rules_texts test_gateways;
    /* enum order_location: which orders' own location serves their lines that name none */
    int order_location;
    int channel_liable;     /* enum liable: whose the tax is that the channel says it pays itself */
    bool location_required; /* a line without location raises depot_unmapped; else Prima chooses */
    const char *misc_item, *gift_card, *unmapped_charge; /* instead of everybody's; may be NULL */
    const char *order_channel, *order_type, *order_type_pos, *order_type_business, *source_media,
        *brand, *season, *order_category; /* may be NULL */
    int store_credit;                     /* enum store_credit: what of a refund to store credit */
    int adjustment_tax;                   /* enum adjustment_tax: of amounts for the whole order */
    const char *online_depot;             /* nets lines that name no location; may be NULL */
    int till_stock;                       /* enum till_stock: of goods handed over at a till */
    int fulfilled_by; /* enum fulfilled_by: whether Prima knows what becomes of its orders */
};

/* Of money that goes back as store credit: a note like any other; one that takes back no tax of that
 * money; or nothing by itself. */
enum store_credit {
    STORE_CREDIT_UNDECIDED = -1,
    STORE_CREDIT_NOTE,
    STORE_CREDIT_PERSON,
    STORE_CREDIT_WITHOUT_TAX
};
enum adjustment_tax { ADJUSTMENT_TAX_BY_ORDER, ADJUSTMENT_TAX_BY_CHANNEL };
enum fulfilled_by { FULFILLED_BY_PRIMA, FULFILLED_BY_THIRD_PARTY };
enum till_stock { TILL_STOCK_NETTED, TILL_STOCK_IN_PRIMA };
enum closed_period { CLOSED_PERIOD_POST, CLOSED_PERIOD_PERSON };
enum before_despatch { BEFORE_DESPATCH_NOTE, BEFORE_DESPATCH_PERSON };

struct company_rules { /* of credit notes, and of stock */
    const char *company;
    const char *timezone;    /* NULL: company.timezone */
    const struct zone *zone; /* never NULL */
    struct zone *own_zone;   /* NULL: the usual one */
    int64_t note_days;       /* from the day the money went back; -1: no law counts them */
    const char *vat_country; /* ISO 3166-1 alpha-2; may be NULL */
    int32_t open_from;       /* YYYYMMDD: the first day of the books that is open; 0: every day */
    int closed_period;       /* enum closed_period: what of a note for a day that is not */
    int before_despatch;     /* enum before_despatch: of units that never left */
    int allocates;           /* enum allocates of stock_rules.h; -1: prima.allocates */
    const char *stock_depot; /* what a row of stock without depot is of; may be NULL */
};

struct payment_rule {            /* NULL or -1: any */
    const char *channel, *store; /* whose payments */
    int kind;                    /* enum tender_kind */
    const char *gateway, *method;
    int authorized, pending;           /* enum rules_action while it is; -1: the channel's */
    const char *terms;                 /* Prima's payment terms while it is not paid; may be NULL */
    const char *pay_method, *provider; /* Prima's PayMethod and SubPayMethod */
};

struct charge_rule {
    const char *channel, *store;   /* NULL: any */
    const char *code;              /* of the channel; NULL: any */
    int kind;                      /* enum charge_kind; of charges */
    const char *charge;            /* Prima's */
    const char *carrier, *service; /* Prima's, of carriage; may be NULL */
};

enum {
    BUNDLE_COMPONENTS_MAX = 50
}; /* of one bundle; below 64, for the summary keeps a bit for each */

struct bundle_component {
    const char *product; /* Prima's, with its matrix codes */
    struct rules_texts matrix;
    int64_t quantity; /* units in one bundle */
    /* its share of the bundle's price, all its units together; the weights of a bundle are not all
     * 0 */
    int64_t weight;
};

struct bundle_rule {
    const char *channel, *store; /* NULL: any */
    const char *sku;             /* of the channel */
    struct bundle_component *components;
    size_t count;
    bool computed_by_channel; /* the channel makes its level of its parts' */
};

struct rules_settings {         /* configuration that decisions need */
    struct zone *zone;          /* company.timezone */
    int32_t cutover_date;       /* YYYYMMDD; 0: none */
    int64_t settle_after_ms;    /* a new order waits so long for its edits */
    int64_t pending_max_age_ms; /* a refund waits so long for its money */
    bool restocks;              /* a credit note puts goods back */
    bool customers_by_us;
    bool price_of_line; /* prima.price_basis: line */
    enum { VAT_AS_ORDER, VAT_GROSS, VAT_NET } price_vat;
};

/* flow.h: rules_load and rules_free. */
__attribute__((warn_unused_result)) int order_rules_load(const struct config *config,
                                                         void **ret_rules,
                                                         struct config_message *ret_message);
void order_rules_free(void *rules);

const struct rules_settings *rules_settings(const struct order_rules *rules);
const struct prima_names *rules_prima_names(const struct order_rules *rules);

/* Each lookup: NULL when nothing is mapped. */
const struct channel_rules *rules_channel(const struct order_rules *rules, const char *channel,
                                          const char *store);
/* The company's row; one that companies.yaml does not have: the usual zone, and nothing else. */
const struct company_rules *rules_company(const struct order_rules *rules, const char *company);

/* Every channel, in the file's order: from 0 until NULL. */
const struct channel_rules *rules_channel_at(const struct order_rules *rules, size_t index);
const char *rules_depot(const struct order_rules *rules, const struct channel_rules *channel,
                        const char *location);
/* Every depot of a company's locations, each once: from 0 until NULL. */
const char *rules_company_depot(const struct order_rules *rules, const char *company, size_t index);
const struct payment_rule *rules_payment(const struct order_rules *rules,
                                         const struct channel_rules *channel,
                                         const struct order_tender *tender);
const struct charge_rule *rules_carriage(const struct order_rules *rules,
                                         const struct channel_rules *channel,
                                         const struct shipping_line *line);
const struct charge_rule *rules_charge(const struct order_rules *rules,
                                       const struct channel_rules *channel,
                                       const struct order_charge *charge);
const char *rules_payment_terms(const struct order_rules *rules,
                                const struct channel_rules *channel, const char *name);
const struct bundle_rule *rules_bundle(const struct order_rules *rules,
                                       const struct channel_rules *channel, const char *sku);

/* The charge code for what is not mapped, the item for an unknown product, the product that is the
 * liability of a gift card sold: the channel's own, else everybody's. `channel` NULL:
 * everybody's. */
const char *rules_unmapped_charge(const struct order_rules *rules,
                                  const struct channel_rules *channel);
const char *rules_misc_item(const struct order_rules *rules, const struct channel_rules *channel);
const char *rules_gift_card(const struct order_rules *rules, const struct channel_rules *channel);

/* Where a tax is due. */
struct tax_place {
    const char *country, *region, *postcode; /* NULL: not known */
};

/* Whether this rate is configured for the place, in this channel, on that date (YYYYMMDD). Of the
 * rows that fit, those that name the place most closely decide alone: by postcode, by region, by
 * country, "*". channel NULL: rows for everybody. */
bool rules_has_tax_rate(const struct order_rules *rules, const struct channel_rules *channel,
                        const struct tax_place *place, int32_t date, int64_t rate_ppm);

/* The product of a channel's SKU; texts in the arena. White space at its ends is none of it, here
 * and in rules_bundle, unless a row of skus.yaml or bundles.yaml writes it so. 1; 0: no shape fits;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int rules_sku(const struct order_rules *rules,
                                                  const struct channel_rules *channel,
                                                  const char *sku, struct arena *arena,
                                                  struct prima_sku *ret_sku);

/* The policy for a flag's code; ACTION_DEAD_LETTER for codes that no one may decide about. */
enum rules_action rules_policy(const struct order_rules *rules, enum pf_error code);

/* Calls `seen` for each row that names a channel or store that channels.yaml does not have: it fits
 * no order. */
typedef void (*rules_idle_seen)(void *user, const char *file, const char *kind, const char *name,
                                const char *channel, const char *store);
void rules_idle_rows(const struct order_rules *rules, rules_idle_seen seen, void *user);

/* An instant's date in the company's time zone, YYYYMMDD. */
__attribute__((warn_unused_result)) int rules_local_date(const struct order_rules *rules,
                                                         int64_t wall_ms, int32_t *ret_date);

#endif
