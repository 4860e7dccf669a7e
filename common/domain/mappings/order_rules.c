/* The rules as a whole: configuration, the files, and what must fit between them; see
 * order_rules.h. */
#include "domain/mappings/rules_parts.h"

#include "base/zone.h"

#include <errno.h>
#include <unistd.h>

enum {
    RULES_BYTES_MAX = 64 * 1024 * 1024
}; /* tens of thousands of SKU rows; what is larger is a mistake */

/* ---- configuration ---- */

static int rules_complain(struct config_message *message, const char *key, const char *value,
                          const char *what)
{
    (void)snprintf(message->text, sizeof message->text, "%s: '%.60s' %s", key, value, what);
    return -EINVAL;
}

static int read_choice(const struct config *config, enum config_key key, const char *name,
                       const char *const choices[], int *ret_choice, struct config_message *message)
{
    const char *value = config_text(config, key);
    for (int i = 0; choices[i] != NULL; i++)
        if (strcmp(choices[i], value) == 0) {
            *ret_choice = i;
            return 0;
        }
    char what[100] = "is not one of";
    for (int i = 0; choices[i] != NULL; i++)
        (void)snprintf(what + strlen(what), sizeof what - strlen(what), " %s", choices[i]);
    return rules_complain(message, name, value, what);
}

static int read_settings(const struct config *config, struct rules_settings *settings,
                         struct config_message *message)
{
    static const char *const customers[] = {"by_prima", "by_us", NULL};
    static const char *const basis[] = {"unit", "line", NULL};
    static const char *const vat[] = {"as_order", "gross", "net", NULL};
    int by_us = 0, of_line = 0, price_vat = 0;
    if (read_choice(config, CFG_prima_customers, "prima.customers", customers, &by_us, message) <
            0 ||
        read_choice(config, CFG_prima_price_basis, "prima.price_basis", basis, &of_line, message) <
            0 ||
        read_choice(config, CFG_prima_price_vat, "prima.price_vat", vat, &price_vat, message) < 0)
        return -EINVAL;
    settings->customers_by_us = by_us != 0;
    settings->price_of_line = of_line != 0;
    settings->price_vat = price_vat == 0 ? VAT_AS_ORDER : price_vat == 1 ? VAT_GROSS : VAT_NET;
    const char *zone = config_text(config, CFG_company_timezone);
    if (zone_load(zone, &settings->zone) < 0)
        return rules_complain(message, "company.timezone", zone,
                              "is no time zone of this system; write one as Europe/London");
    settings->pending_max_age_ms = config_int(config, CFG_refunds_pending_max_age);
    settings->restocks = config_bool(config, CFG_prima_credit_note_restocks);
    const char *cutover = config_text(config, CFG_orders_cutover_date);
    settings->settle_after_ms = config_int(config, CFG_orders_settle_after);
    if (settings->settle_after_ms >= config_int(config, CFG_retry_max_age)) {
        char given[40];
        (void)snprintf(given, sizeof given, "%lld ms", (long long)settings->settle_after_ms);
        return rules_complain(
            message, "orders.settle_after", given,
            "is not below retry.max_age: orders would end before they are posted");
    }
    if (*cutover != '\0' && rules_parse_date(cutover, &settings->cutover_date) < 0)
        return rules_complain(message, "orders.cutover_date", cutover,
                              "is not a date; write 2026-11-23");
    return 0;
}

/* ---- the whole ---- */

/* What a policy needs to work with must be there, or the first such order would be the one to find
 * out. */
static int check_needs(const struct order_rules *rules, const char *folder,
                       struct config_message *message)
{
    const char *file = NULL, *what = NULL;
    for (size_t i = 0; i < rules->channel_count; i++) {
        const struct channel_rules *channel = &rules->channels[i];
        if (rules->policies[PF_E_unknown_sku] == ACTION_MISC_ITEM &&
            rules_misc_item(rules, channel) == NULL) {
            file = "skus.yaml";
            what = "policy unknown_sku: misc_item needs the key misc_item (or set the policy to "
                   "wait or dead_letter)";
        }
        if (rules->policies[PF_E_charge_unmapped] == ACTION_HOLD &&
            rules_unmapped_charge(rules, channel) == NULL) {
            file = "charges.yaml";
            what = "policy charge_unmapped: hold needs the key unmapped, a charge code to post it "
                   "under (or set the policy to wait or "
                   "dead_letter)";
        }
    }
    const bool holds_customers = rules->policies[PF_E_customer_ambiguous] == ACTION_HOLD ||
                                 rules->policies[PF_E_customer_unknown_outcome] == ACTION_HOLD ||
                                 rules->policies[PF_E_customer_unmapped] == ACTION_HOLD;
    for (size_t i = 0;
         i < rules->channel_count && rules->settings.customers_by_us && holds_customers; i++)
        if (rules->channels[i].account_unresolved == NULL) {
            (void)snprintf(message->text, sizeof message->text,
                           "%s/channels.yaml: channel %.40s, store %.40s: a policy customer_...: "
                           "hold needs accounts: unresolved, the "
                           "account that such "
                           "an order waits on (or set those policies to dead_letter)",
                           folder, rules->channels[i].channel, rules->channels[i].store);
            return -EINVAL;
        }
    if (file == NULL)
        return 0;
    (void)snprintf(message->text, sizeof message->text, "%s/%s: %s", folder, file, what);
    return -EINVAL;
}

static int read_files(struct order_rules *rules, const char *folder, struct config_message *message)
{
    static const struct {
        const char *name;
        bool optional; /* a folder without it has nothing of the kind */
        int (*read)(const struct rules_reader *, const struct yaml_node *, struct order_rules *);
    } files[RULES_FILES] = {
        {"channels.yaml", false, rules_read_channels},
        {"companies.yaml", true, rules_read_companies},
        {"depots.yaml", false, rules_read_depots},
        {"payments.yaml", false, rules_read_payments},
        {"charges.yaml", false, rules_read_charges},
        {"tax.yaml", false, rules_read_tax},
        {"skus.yaml", false, rules_read_skus},
        {"bundles.yaml", true, rules_read_bundles},
        {"policies.yaml", false, rules_read_policies},
        {"buffers.yaml", true, rules_read_buffers},
        {"carriers.yaml", true, rules_read_carriers},
    };
    for (size_t i = 0; i < RULES_FILES; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", folder, files[i].name) >= (int)sizeof path)
            return rules_complain(message, "orders.mappings", folder, "is too long a path");
        if (files[i].optional && access(path, F_OK) < 0 && errno == ENOENT)
            continue;
        int r = yaml_load(path, &rules->trees[i], message);
        if (r < 0)
            return r;
        const struct rules_reader reader = {
            .tree = rules->trees[i], .arena = rules->arena, .message = message};
        r = files[i].read(&reader, yaml_root(rules->trees[i]), rules);
        if (r < 0)
            return r;
    }
    return check_needs(rules, folder, message);
}

int order_rules_load(const struct config *config, void **ret_rules,
                     struct config_message *ret_message)
{
    struct order_rules *rules = calloc(1, sizeof *rules);
    if (rules != NULL)
        rules->arena = arena_new(RULES_BYTES_MAX);
    if (rules == NULL || rules->arena == NULL) {
        free(rules);
        (void)snprintf(ret_message->text, sizeof ret_message->text, "no memory for the mappings");
        return -ENOMEM;
    }
    int r = read_settings(config, &rules->settings, ret_message);
    rules->any_company = (struct company_rules){
        .company = "", .zone = rules->settings.zone, .note_days = -1, .allocates = -1};
    rules_read_stock_settings(config, &rules->stock);
    if (r == 0)
        r = prima_names_read(config, &rules->names, ret_message);
    if (r == 0)
        r = read_files(rules, config_text(config, CFG_orders_mappings), ret_message);
    if (r < 0) {
        order_rules_free(rules);
        return r;
    }
    *ret_rules = rules;
    return 0;
}

void order_rules_free(void *rules_)
{
    struct order_rules *rules = rules_;
    if (rules == NULL)
        return;
    rules_free_skus(rules);
    rules_free_companies(rules);
    zone_free(rules->settings.zone);
    for (size_t i = 0; i < RULES_FILES; i++)
        yaml_unload(rules->trees[i]);
    arena_free(rules->arena);
    free(rules);
}

const struct rules_settings *rules_settings(const struct order_rules *rules)
{
    return &rules->settings;
}

const struct prima_names *rules_prima_names(const struct order_rules *rules)
{
    return &rules->names;
}

int rules_local_date(const struct order_rules *rules, int64_t wall_ms, int32_t *ret_date)
{
    char text[11];
    const int r = zone_date(rules->settings.zone, wall_ms, text);
    return r < 0 ? r : rules_parse_date(text, ret_date);
}
