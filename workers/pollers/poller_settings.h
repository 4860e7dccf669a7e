/* What a poller reads, from the configuration and the mappings: companies, depots, ranges, chosen
 * SKUs; checked whole before anything starts. Constant after loading: any thread. */
#ifndef PRIMAFLOW_POLLER_SETTINGS_H
#define PRIMAFLOW_POLLER_SETTINGS_H

#include "stock_reading.h"

enum { POLLER_RANGES_MAX = 64, POLLER_DEPOTS_MAX = 64, POLLER_CHOSEN_MAX = 500 };

struct poller_company {
    const char *name;
    struct stock_source *sources; /* whole or ranges, then chosen, if there are any */
    size_t source_count;
};

struct poller_settings {
    struct arena *arena;
    void *rules; /* of order_rules_load */
    struct poller_company *companies;
    size_t company_count;
};

/* `config` outlives them. -EINVAL with the key, what is wrong and the remedy. What a failed one left
 * is to be released, too. */
__attribute__((warn_unused_result)) int poller_settings_load(const struct config *config,
                                                             struct poller_settings *ret_settings,
                                                             struct config_message *ret_message);
void poller_settings_release(struct poller_settings *settings);

#endif
