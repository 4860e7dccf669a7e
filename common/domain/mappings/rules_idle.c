/* Rows that fit no order, for they name a channel and store that channels.yaml does not have: a
 * slip of the pen that nothing else would show. */
#include "domain/mappings/rules_parts.h"

#include "domain/events/order_event.h"

static bool fits_any(const struct order_rules *rules, const char *channel, const char *store)
{
    for (size_t i = 0; i < rules->channel_count; i++)
        if (rules_row_fits(channel, store, &rules->channels[i]))
            return true;
    return false;
}

struct visit {
    const struct order_rules *rules;
    rules_idle_seen seen;
    void *user;
};

static void look_at(const struct visit *v, const char *file, const char *kind, const char *name,
                    const char *channel, const char *store)
{
    if (!fits_any(v->rules, channel, store))
        v->seen(v->user, file, kind, name != NULL ? name : "any", channel != NULL ? channel : "any",
                store != NULL ? store : "any");
}

void rules_idle_rows(const struct order_rules *rules, rules_idle_seen seen, void *user)
{
    const struct visit v = {rules, seen, user};
    for (size_t i = 0; i < rules->depot_count; i++)
        look_at(&v, "depots.yaml", "location", rules->depots[i].location, rules->depots[i].channel,
                rules->depots[i].store);
    for (size_t i = 0; i < rules->payment_count; i++) {
        const struct payment_rule *p = &rules->payments[i];
        const char *name = p->gateway != NULL  ? p->gateway
                           : p->method != NULL ? p->method
                                               : tender_kind_names[p->kind];
        look_at(&v, "payments.yaml", "payment", name, p->channel, p->store);
    }
    for (size_t i = 0; i < rules->terms_count; i++)
        look_at(&v, "payments.yaml", "terms", rules->terms[i].name, rules->terms[i].channel,
                rules->terms[i].store);
    for (size_t i = 0; i < rules->carriage_count; i++)
        look_at(&v, "charges.yaml", "carriage", rules->carriage[i].code, rules->carriage[i].channel,
                rules->carriage[i].store);
    for (size_t i = 0; i < rules->rate_count; i++)
        look_at(&v, "tax.yaml", "rate", rules->rates[i].country, rules->rates[i].channel,
                rules->rates[i].store);
    for (size_t i = 0; i < rules->charge_count; i++)
        look_at(&v, "charges.yaml", "charge", charge_kind_names[rules->charges[i].kind],
                rules->charges[i].channel, rules->charges[i].store);
    for (size_t i = 0; i < rules->shape_count; i++)
        look_at(&v, "skus.yaml", "shape", rules->shapes[i].separator, rules->shapes[i].channel,
                rules->shapes[i].store);
    for (size_t i = 0; i < rules->sku_count; i++)
        look_at(&v, "skus.yaml", "SKU", rules->skus[i].sku, rules->skus[i].channel,
                rules->skus[i].store);
    for (size_t i = 0; i < rules->bundle_count; i++)
        look_at(&v, "bundles.yaml", "bundle", rules->bundles[i].sku, rules->bundles[i].channel,
                rules->bundles[i].store);
    for (size_t i = 0; i < rules->carrier_count; i++)
        look_at(&v, "carriers.yaml", "carrier", rules->carriers[i].carrier,
                rules->carriers[i].channel, rules->carriers[i].store);
    for (size_t i = 0; i < rules->buffer_count; i++) {
        const struct buffer_rule *b = &rules->buffers[i];
        const char *name = b->product != NULL ? b->product
                           : b->depot != NULL ? b->depot
                                              : b->location;
        look_at(&v, "buffers.yaml", "buffer", name, b->channel, b->store);
    }
}
