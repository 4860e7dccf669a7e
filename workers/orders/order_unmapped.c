/* Mappings tried on one order; see order_unmapped.h. */
#include "order_unmapped.h"

#include "order_bundle.h"
#include "order_customer.h"
#include "order_key.h"
#include "order_resolve.h"
#include "order_sale.h"
#include "base/text.h"

#include <errno.h>

const struct unmapped_info *unmapped_info(enum unmapped_kind kind)
{
    static const struct unmapped_info infos[] = {
        [UNMAPPED_STORE] = {"store", "channels.yaml", "store has no company",
                            "stores have no company", PF_E_company_unmapped},
        [UNMAPPED_LOCATION] = {"location", "depots.yaml", "location has no depot",
                               "locations have no depot", PF_E_depot_unmapped},
        [UNMAPPED_PAYMENT] = {"payment", "payments.yaml", "payment is not mapped",
                              "payments are not mapped", PF_E_payment_unmapped},
        [UNMAPPED_TERMS] = {"terms", "payments.yaml", "payment term is not mapped",
                            "payment terms are not mapped", PF_E_payment_unmapped},
        [UNMAPPED_CARRIAGE] = {"carriage", "charges.yaml", "delivery service has no charge",
                               "delivery services have no charge", PF_E_charge_unmapped},
        [UNMAPPED_CHARGE] = {"charge", "charges.yaml", "charge is not mapped",
                             "charges are not mapped", PF_E_charge_unmapped},
        [UNMAPPED_TAX_RATE] = {"tax_rate", "tax.yaml", "tax rate is not configured",
                               "tax rates are not configured", PF_E_tax_rate_unmapped},
        [UNMAPPED_SKU] = {"sku", "skus.yaml", "SKU is of no shape", "SKUs are of no shape",
                          PF_E_unknown_sku},
        [UNMAPPED_GIFT_CARD] = {"gift_card", "skus.yaml",
                                "store sells gift cards without a product for them",
                                "stores sell gift cards without a product for them",
                                PF_E_gift_card_unmapped},
        [UNMAPPED_CUSTOMER] = {"customer", "channels.yaml", "kind of customer has no account",
                               "kinds of customers have no account", PF_E_customer_unmapped},
    };
    _Static_assert(sizeof infos / sizeof *infos == UNMAPPED_KIND_COUNT, "one for each kind");
    return &infos[kind];
}

struct check {
    const struct order_event *event;
    const struct order_rules *rules;
    const struct channel_rules *channel;
    struct arena *arena;
    unmapped_seen seen;
    void *user;
    struct sale sale;
    bool no_memory;
};

/* `value` NULL: there was no memory for it. */
static void see(struct check *c, enum unmapped_kind kind, const char *value)
{
    if (value == NULL)
        c->no_memory = true;
    else
        c->seen(c->user, kind, value);
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text_is_empty(text) ? otherwise : text;
}

/* "17.5 % in GB", "17.5 % in GB, Northern Ireland"; the postcode, which could tell whose order it is, is not
 * said. */
static void see_rate(void *check, const struct tax_place *place, int64_t rate_ppm)
{
    struct check *c = check;
    char rate[32];
    int size = snprintf(rate, sizeof rate, "%lld.%04lld", (long long)(rate_ppm / 10000),
                        (long long)(rate_ppm % 10000));
    while (size > 0 && rate[size - 1] == '0')
        rate[--size] = '\0';
    if (size > 0 && rate[size - 1] == '.')
        rate[--size] = '\0';
    see(c, UNMAPPED_TAX_RATE,
        TEXT_JOIN(c->arena, rate, " % in ", text_or(place->country, "a country that is not known"),
                  text_is_empty(place->region) ? "" : ", ", text_or(place->region, "")));
}

static void see_lines(struct check *c)
{
    for (size_t i = 0; i < c->sale.line_count; i++) {
        const struct sale_line *line = &c->sale.lines[i];
        if (line->is_misc)
            see(c, UNMAPPED_SKU, text_or(line->event->sku, "(none)"));
        if (line->event->gift_card && line->product.product == NULL)
            see(c, UNMAPPED_GIFT_CARD, "gift card");
        if (line->lacks_depot)
            see(c, UNMAPPED_LOCATION,
                text_or(order_line_location(line->event, c->event, c->channel), "(none)"));
    }
}

/* Those that raise a flag: charge_unmapped, tip_unmapped. */
static void see_charges(struct check *c)
{
    for (size_t i = 0; i < c->sale.charge_count; i++) {
        const struct sale_charge *charge = &c->sale.charges[i];
        if (!sale_charge_is_unmapped(charge))
            continue;
        if (charge->shipping != NULL)
            see(c, UNMAPPED_CARRIAGE, text_or(charge->shipping->code, "(none)"));
        else if (text_is_empty(charge->charge->code))
            see(c, UNMAPPED_CHARGE, charge_kind_names[charge->charge->kind]);
        else
            see(c, UNMAPPED_CHARGE,
                TEXT_JOIN(c->arena, charge_kind_names[charge->charge->kind], " ",
                          charge->charge->code));
    }
}

static void see_payments(struct check *c)
{
    for (size_t i = 0; i < c->sale.tender_count; i++) {
        const struct order_tender *tender = c->sale.tenders[i].event;
        if (c->sale.tenders[i].rule == NULL)
            see(c, UNMAPPED_PAYMENT,
                TEXT_JOIN(c->arena, "kind ", tender_kind_names[tender->kind], ", gateway ",
                          text_or(tender->gateway, "(none)"), ", method ",
                          text_or(tender->method, "(none)")));
    }
    const struct payment_terms *terms = c->event->payment_terms;
    if (terms != NULL && rules_payment_terms(c->rules, c->channel, terms->name) == NULL)
        see(c, UNMAPPED_TERMS, terms->name);
}

static int see_customer(struct check *c)
{
    struct flags flags = {0};
    struct order_customer_plan plan;
    const int r = order_customer_plan(c->event, c->rules, c->channel, c->sale.is_pos, c->arena,
                                      &flags, &plan);
    if (r == 0 && flags.count > 0)
        see(c, UNMAPPED_CUSTOMER, c->sale.is_pos ? "point of sale" : "guests");
    return r;
}

/* The sale as far as the mappings are concerned: what of its sums is wrong is no matter here. */
static int read_sale(struct check *c, const char **ret_detail)
{
    struct flags flags = {0};
    const struct sale_rate_watch watch = {see_rate, c};
    const int32_t date = c->sale.date;
    int r = sale_read(c->event, sale_money_chosen(c->event, c->channel), c->arena, &c->sale,
                      ret_detail);
    if (r < 0)
        return r;
    c->sale.date = date;
    c->sale.is_pos = order_is_pos(c->event, c->channel);
    c->sale.tax_place = sale_tax_place(c->event, c->channel, c->sale.is_pos);
    r = sale_check_tax(&c->sale, c->event, c->rules, c->channel, &watch, c->arena, &flags);
    if (r == 0)
        r = sale_fold_parents(&c->sale, c->arena, ret_detail);
    if (r == 0)
        r = sale_explode(&c->sale, c->rules, c->channel, NULL, 0, c->arena);
    if (r == 0 && c->sale.exact.overflow) {
        *ret_detail = "the amounts are too large to add up";
        r = -EINVAL;
    }
    if (r == 0)
        r = sale_resolve(&c->sale, c->event, c->rules, c->channel, c->arena, &flags);
    return r;
}

int order_unmapped(const struct order_event *event, const struct order_rules *rules,
                   struct arena *arena, unmapped_seen seen, void *user, const char **ret_detail)
{
    struct check c = {.event = event, .rules = rules, .arena = arena, .seen = seen, .user = user};
    struct flow_key key;
    const char *detail = NULL;
    const enum pf_error code = order_key(event, rules, arena, &key, &detail);
    if (code == PF_E_avro_too_large)
        return -ENOMEM;
    if (code == PF_E_event_invalid) {
        *ret_detail = detail;
        return UNMAPPED_INVALID;
    }
    if (event->kind == ORDER_CANCELLED || event->test)
        return UNMAPPED_NEVER_POSTED;
    c.channel = rules_channel(rules, event->channel, event->store);
    if (c.channel == NULL) {
        see(&c, UNMAPPED_STORE, event->store);
        return UNMAPPED_JUDGED;
    }
    if (order_is_test(event, c.channel))
        return UNMAPPED_NEVER_POSTED;
    if (rules_local_date(rules, event->created_at, &c.sale.date) < 0) {
        *ret_detail = "created_at is no date of the calendar";
        return UNMAPPED_INVALID;
    }
    if (c.sale.date < rules_settings(rules)->cutover_date)
        return UNMAPPED_NEVER_POSTED;
    int r = read_sale(&c, ret_detail);
    if (r == -EINVAL)
        return UNMAPPED_INVALID;
    if (r == 0) {
        see_lines(&c);
        see_charges(&c);
        see_payments(&c);
        r = see_customer(&c);
    }
    return r < 0 ? r : c.no_memory ? -ENOMEM : UNMAPPED_JUDGED;
}
