/* What an order comes to: every amount in the one currency that is posted, in minor units, and the
 * proof that its parts agree.
 *
 * The proof: lines - discounts + charges + (tax, when prices do not contain it) = tenders +
 * outstanding + difference.
 *
 * Invariants
 *   - Quantities are those after edits; what an edit took away takes its share of discounts and tax
 *     with it (largest remainder).
 *   - Discounts are the allocations, tax is the tax lines: each for a whole line. Lines of no units
 *     are left out, none else.
 *   - No rounding but where a rate is applied, none of it down for being cut off; no floating
 *     point; overflow is a fault of the event.
 * Lives in the record's arena; points into the event and the rules. Pure functions: any thread. */
#ifndef PRIMAFLOW_ORDER_SALE_H
#define PRIMAFLOW_ORDER_SALE_H

#include "base/arena.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/goods/order_goods.h"
#include "domain/money/exact.h"
#include "domain/money/price.h"
#include "domain/flags/flags.h"
#include "domain/mappings/order_rules.h"

struct sale_tax { /* one rate's part of a line's tax */
    int64_t rate_ppm, minor;
};

struct sale_line {
    const struct order_line *event;
    size_t number; /* in the event, from 1 */
    int64_t quantity;
    /* price of one; 0 when the amount came by a bundle's price and no unit price need divide it */
    int64_t unit;
    struct sale_price price;
    /* of bundles (order_bundle.h) */
    const struct bundle_component
        *component;          /* what of the bundle `event` this is; NULL: the channel's own line */
    size_t component_number; /* from 1 */
    int64_t bundles;         /* how many bundles the quantity is part of; 0: of none */
    const char *bundle_line_id; /* the channel's line whose price is part of this one; NULL: none */
    const struct sale_tax
        *taxes; /* what price.tax consists of; NULL: of the event's tax lines (sale_split_tax) */
    size_t tax_count;
    /* by the mappings (order_resolve.h) */
    struct prima_sku product; /* product NULL: not known yet */
    bool is_misc;
    /* of a miscellaneous line: the product that Prima lacks; product NULL: the SKU was of no
     * shape */
    struct prima_sku missing;
    const char *depot; /* NULL: none */
    bool lacks_depot;  /* its location is not mapped, or it has none and needs one */
};

struct sale_charge {
    const struct shipping_line *shipping; /* or */
    const struct order_charge *charge;
    size_t number; /* within shipping lines or charges, from 1 */
    struct sale_price price;
    const struct charge_rule *rule; /* NULL: unmapped */
};

struct sale_tender {
    const struct order_tender *event;
    size_t number;
    int64_t amount;
    const struct payment_rule *rule; /* NULL: unmapped */
};

struct sale_proof {
    int64_t lines, discounts, charges, tax, tenders, outstanding, difference, tolerance;
    int64_t tax_expected;
    bool tax_included;
};

struct sale {
    struct exact exact;
    enum money_chosen money;
    const struct currency *currency;
    bool is_pos;
    struct tax_place tax_place;
    int32_t date; /* OrderDate, YYYYMMDD in the company's time zone */
    struct sale_line *lines;
    size_t line_count;
    struct sale_charge *charges; /* carriage first */
    size_t charge_count;
    struct sale_tender *tenders; /* captured ones of some amount, then promised ones */
    size_t tender_count;
    int64_t promised; /* of the tenders: authorised, not captured */
    struct sale_proof proof;
    bool is_taken_apart; /* lines are not the channel's any more, but what of bundles is posted */
};

/* Which of the order's two moneys a channel's orders are posted in. */
enum money_chosen sale_money_chosen(const struct order_event *event,
                                    const struct channel_rules *channel);

/* Where tax is due: where the goods go to; in the channel's own country where they are handed over,
 * at a till or collected from a location; else at the customer's. */
struct tax_place sale_tax_place(const struct order_event *event,
                                const struct channel_rules *channel, bool is_pos);

/* The amounts, without judgement; ret_sale->exact.overflow when they are too large, now or in the
 * checks. 0; -EINVAL: the event contradicts itself, with *ret_detail a sentence without values;
 * -ENOMEM. */
__attribute__((warn_unused_result)) int sale_read(const struct order_event *event,
                                                  enum money_chosen money, struct arena *arena,
                                                  struct sale *ret_sale, const char **ret_detail);

/* Who wants to know which rates are not configured; each as often as it is met. */
struct sale_rate_watch {
    void (*missing)(void *user, const struct tax_place *place, int64_t rate_ppm);
    void *user;
};

/* Recomputes every tax, fills tax and tolerance of the proof, raises tax_rate_unmapped and
 * tax_mismatch. Where the channel rounds per invoice, or lines were edited, and their taxes miss
 * the order's by rounding alone, they are moved until they sum to it (sale_adopt_tax). `watch` may
 * be NULL. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int sale_check_tax(struct sale *sale,
                                                       const struct order_event *event,
                                                       const struct order_rules *rules,
                                                       const struct channel_rules *channel,
                                                       const struct sale_rate_watch *watch,
                                                       struct arena *arena, struct flags *flags);

/* A line's or charge's tax by its tax lines: as stated, or where edits or rounding changed it, in
 * the same proportion. One item for each tax line. In the arena; NULL: no memory. */
const struct sale_tax *sale_split_tax(const struct sale *sale, const struct tax_line *lines,
                                      size_t count, int64_t tax, struct arena *arena);

/* Shares what is missing out, evenly, the first the more, so that the taxes sum to `tax`: to the
 * edited lines when a unit each is enough, else to all that is taxed. The same event and tax, the
 * same lines: the ledger repeats what the decision did. */
void sale_adopt_tax(struct sale *sale, int64_t tax);

/* Fills the rest of the proof and raises total_mismatch: the two sides differ, or the channel
 * states a total that its parts do not come to. */
void sale_check_totals(struct sale *sale, const struct order_event *event,
                       const struct channel_rules *channel, struct flags *flags);

/* The amount of the chosen money. */
static inline int64_t sale_pick(enum money_chosen money, const struct money_set *set)
{
    return money == MONEY_SHOP ? set->shop_minor : set->presentment_minor;
}

#endif
