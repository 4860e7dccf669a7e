/* What the refunds' topics hold, put onto the world of test_ops_world.h: refunds of order 1001 of
 * shopify/uk, of 25.00 GBP by card. */
#ifndef PRIMAFLOW_TEST_REFUND_TOPICS_H
#define PRIMAFLOW_TEST_REFUND_TOPICS_H

#include "test_ops_world.h"

#include "test_refund_support.h"

#include "domain/events/refund_result.h"

#define REFUND_ORDER "01/shopify/uk/1001"
#define REFUND_DAY_MS INT64_C(86400000)

/* Each is R1's unless an id says otherwise; "R1" is "01/refunds/shopify/uk/R1". */
struct put_refund {
    const char *id;    /* NULL: "R1" */
    const char *topic; /* NULL: refunds.raw */
    const char *order; /* topic key; NULL: REFUND_ORDER */
    int64_t at_ms;
    int32_t partition;
    int64_t offset;
    const char *delivery; /* header; NULL: none, as what enters has none */
    const char *code;     /* header of dead letters and waits */
    const char *content;  /* ... of its identity, in hex; NULL: none */
    int64_t version;      /* 0: 1 */
    int64_t minor;        /* back; 0: 25.00; -1: nothing yet, 25.00 are pending */
    int64_t went_at;      /* 0: at_ms */
    bool is_broken;       /* bytes that nobody can read */
    bool is_unnamed;      /* without the header of its key */
};
void put_refund(struct ops *ops, struct arena *arena, const struct put_refund *put);

/* A result of the delivery. resolves NULL: none; like delivery "refunds.raw/0/1". */
struct put_refund_result {
    const char *id; /* NULL: "R1" */
    enum outcome outcome;
    const char *code; /* NULL: "ok" */
    int64_t at_ms;
    const struct result_delivery *delivery, *resolves;
    const char *document;
};
void put_refund_result(struct ops *ops, const struct put_refund_result *put);

#endif
