/* What of the retailer's rules the way back to the shop alone reads: what a channel calls Prima's
 * carriers. Constant after loading: any thread. */
#ifndef PRIMAFLOW_STATUS_RULES_H
#define PRIMAFLOW_STATUS_RULES_H

#include "domain/mappings/order_rules.h"

struct carrier_rule {            /* NULL: any */
    const char *channel, *store; /* whose parcels */
    const char *carrier;         /* Prima's; letters of either case are the same */
    const char *service;         /* Prima's, of the carrier */
    const char *name;            /* the channel's exact name for it */
    const char *tracking_url;    /* with {number} in it; may be NULL */
};

/* Of the rows that fit, the one that names most decides, the service before the store. NULL: the
 * carrier is not mapped. */
const struct carrier_rule *rules_carrier(const struct order_rules *rules,
                                         const struct channel_rules *channel, const char *carrier,
                                         const char *service);

/* The row's address of a parcel, the number in it so that it can stand in an address. In the arena;
 * NULL: the row has none, or no memory. */
const char *rules_tracking_url(const struct carrier_rule *row, const char *number,
                               struct arena *arena);

/* Calls `seen` for each carrier that carriage of charges.yaml sends goods with and that a channel
 * which it may serve has no name for. Not at all where the folder has no carriers.yaml. */
typedef void (*rules_nameless_seen)(void *user, const char *carrier, const char *channel,
                                    const char *store);
void rules_nameless_carriers(const struct order_rules *rules, rules_nameless_seen seen, void *user);

#endif
