/* The parts of struct order_rules, one mapping file each; only order_rules.c and the rules_*.c
 * files include this.
 *
 * A reader checks its file whole and fills its part; texts point into the file's tree, arrays lie
 * in the rules' arena. */
#ifndef PRIMAFLOW_RULES_PARTS_H
#define PRIMAFLOW_RULES_PARTS_H

#include "domain/mappings/status_rules.h"
#include "domain/mappings/stock_rules.h"

struct depot_rule {
    const char *channel, *store; /* NULL: any */
    const char *location, *depot;
    struct rules_texts stock;     /* whose stock the location sums */
    const struct yaml_node *sums; /* where the file says so; NULL: it does not */
};

struct terms_rule {
    const char *channel, *store; /* NULL: any */
    const char *name, *terms;
};

struct tax_rate {
    const char *channel, *store;  /* NULL: any */
    const char *country;          /* "*": countries without rows of their own */
    const char *region;           /* NULL: any */
    struct rules_texts postcodes; /* patterns; none: any */
    int64_t rate_ppm;             /* -1: whatever the channel says */
    int32_t from, to;             /* YYYYMMDD, both included; 0: open */
};

struct sku_shape {
    const char *channel, *store; /* NULL: any */
    const char *separator;       /* NULL: by pattern */
    regex_t *pattern;
    const char *write; /* of a pattern: how it is written; NULL: it cannot be */
};

struct sku_row {
    const char *channel, *store; /* NULL: any */
    const char *sku, *product;
    struct rules_texts matrix;
    const struct yaml_node *node; /* where it stands */
};

enum { RULES_FILES = 11 };

struct order_rules {
    struct arena *arena;
    struct yaml_tree *trees[RULES_FILES];
    struct rules_settings settings;
    struct prima_names names;
    struct channel_rules *channels;
    size_t channel_count;
    struct company_rules *companies;
    size_t company_count;
    struct company_rules any_company;
    struct depot_rule *depots; /* in the order of locations */
    size_t depot_count;
    struct payment_rule *payments;
    size_t payment_count;
    struct terms_rule *terms;
    size_t terms_count;
    struct charge_rule *carriage, *charges;
    size_t carriage_count, charge_count;
    const char *unmapped_charge;
    struct tax_rate *rates;
    size_t rate_count;
    struct sku_shape *shapes;
    size_t shape_count;
    struct sku_row *skus; /* in the order of SKUs */
    size_t sku_count;
    const struct sku_row **by_product; /* the same in the order of products */
    const char *misc_item, *gift_card;
    struct bundle_rule *bundles; /* in the order of SKUs */
    size_t bundle_count;
    struct buffer_rule *buffers; /* in the order of products, those without product first */
    size_t buffer_count;
    struct carrier_rule *carriers;
    size_t carrier_count;
    struct stock_settings stock;
    enum rules_action policies[PF_ERROR_COUNT];
};

#define RULES_READER(name)                                                                         \
    __attribute__((warn_unused_result)) int name(const struct rules_reader *reader,                \
                                                 const struct yaml_node *root,                     \
                                                 struct order_rules *rules)
RULES_READER(rules_read_channels);
RULES_READER(rules_read_companies);
RULES_READER(rules_read_depots);
RULES_READER(rules_read_payments);
RULES_READER(rules_read_charges);
RULES_READER(rules_read_tax);
RULES_READER(rules_read_skus);
RULES_READER(rules_read_bundles);
RULES_READER(rules_read_policies);
RULES_READER(rules_read_buffers);
RULES_READER(rules_read_carriers);

/* What may be done about money that is not captured, for RULES_CHOICE; "outstanding" is another word
 * for "post", which rules_say_post makes of it. */
extern const char *const rules_pending_names[], *const rules_authorized_names[];
static inline void rules_say_post(int *action)
{
    if (*action == ACTION_OUTSTANDING)
        *action = ACTION_POST;
}

/* prima.allocates, stock.*. */
void rules_read_stock_settings(const struct config *config, struct stock_settings *settings);

enum { SKU_BYTES_MAX = 100 }; /* of a channel's SKU */

/* The SKU without white space at its ends; false: it is too long for one. */
bool rules_sku_trim(const char *text, char ret_sku[static SKU_BYTES_MAX + 1]);

void rules_free_skus(struct order_rules *rules);
void rules_free_companies(struct order_rules *rules);

/* Whether a row that may be meant for one channel (and store) only is meant for this one. */
bool rules_row_fits(const char *row_channel, const char *row_store,
                    const struct channel_rules *channel);

#endif
