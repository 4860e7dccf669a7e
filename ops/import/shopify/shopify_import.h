/* A file of Shopify's orders, read whole: every order an event, or a complaint. What is done with
 * the events is the caller's; as long as nothing is complained of, `take` has had them all. Pure
 * but for reading the file. One thread. */
#ifndef PRIMAFLOW_SHOPIFY_IMPORT_H
#define PRIMAFLOW_SHOPIFY_IMPORT_H

#include "core/complaints.h"
#include "shopify_order.h"
#include "shopify_source.h"

#include <stdio.h>

/* Takes one event, which stays the caller's. False with `ret_why`: it cannot be taken, which
 * becomes a complaint about its order. */
typedef bool (*shopify_event_take)(void *user, const json_t *event, char ret_why[static 300]);

/* Where what was complained of goes, with its reasons: see shopify_source.h. */
struct shopify_refused {
    shopify_refuse refuse;
    void *user;
};

struct shopify_imported {
    size_t found, wrong; /* orders met; those with complaints, and what is no order */
    size_t unread;       /* of `wrong`: what is no JSON, or no order */
    size_t created, edited, cancelled, tests; /* events */
    size_t line;                              /* the last that was read */
    struct complaints complaints;
};

/* 0, whatever is complained of; a negative errno: the file cannot be read further. *ret_imported is
 * filled either way. `refused` NULL: the complaints are enough. */
__attribute__((warn_unused_result)) int shopify_import_orders(
    FILE *in, const struct shopify_order_options *options, shopify_event_take take, void *user,
    const struct shopify_refused *refused, struct shopify_imported *ret_imported);

#endif
