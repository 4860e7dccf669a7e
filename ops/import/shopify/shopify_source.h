/* Orders (or refunds) out of a file, in each form that Shopify's tools write: one document with a
 * list, one with a single order, a bare one, or one a line.
 *
 * Rules
 *   - A first line that is a whole JSON value means one a line: then lines are read one by one,
 *     however many there are. Else the file is one document, held in memory.
 *   - A line or document is at most SHOPIFY_DOCUMENT_MAX bytes, nested at most as deep as jansson
 *     reads (2048). A key twice, NaN, bytes that are no UTF-8, a file cut off: each is a complaint
 *     with its line.
 *   - A complaint begins with the order's name and id, as the shop shows them, where it has any.
 *   - Complaints are gathered, "$.path: ...", with the line of the order, or of the document that
 *     it stands in: the path says which.
 * One thread. */
#ifndef PRIMAFLOW_SHOPIFY_SOURCE_H
#define PRIMAFLOW_SHOPIFY_SOURCE_H

#include "core/complaints.h"
#include "shopify_reader.h"

#include <stdio.h>

enum {
    SHOPIFY_DOCUMENT_MAX =
        64 * 1024 * 1024 /* 250 orders, Shopify's largest page, are below 10 MiB */
};

/* What was complained of: an order (NULL: what is no JSON, or no order), and the complaints about
 * it, an array of texts. Both stay the source's. */
typedef void (*shopify_refuse)(void *user, size_t line, const json_t *order,
                               const json_t *complaints);

struct shopify_source {
    const char *many, *one; /* "orders" and "order" */
    size_t line;            /* where the value begins that is being read, from 1 */
    size_t found, wrong;    /* orders met; those with complaints, and what is no order */
    size_t unread;          /* of `wrong`: what is no JSON, or no order */
    struct complaints complaints;
    shopify_refuse refuse; /* NULL, or what is told of each that was complained of */
    void *refuse_user;
    const struct shopify_at *order; /* that is being taken */
    json_t *texts;                  /* complaints of what is being taken; with `refuse` only */
    struct shopify_reader reader; /* complains to this source; handed on to what reads the orders */
};

/* Takes one order. False: it was complained of. */
typedef bool (*shopify_take)(void *user, struct shopify_source *source,
                             const struct shopify_at *order);

void shopify_source_init(struct shopify_source *source, const char *many, const char *one);
/* Reads to the end. 0, or a negative errno: the file cannot be read further than `line`. */
__attribute__((warn_unused_result)) int shopify_source_read(struct shopify_source *source, FILE *in,
                                                            shopify_take take, void *user);

#endif
