/* Rows for the rule book: a plain order altered in one way, and what is done about it. Numbers in
 * brackets are the failure cases of comparable connectors that the rows keep away. */
#ifndef PRIMAFLOW_TEST_ORDER_ROWS_H
#define PRIMAFLOW_TEST_ORDER_ROWS_H

#include "test_order_support.h"

/* For alterations: memory of the row under test, and paying the order at a total. */
extern struct arena *memory;
void *some(size_t size);
void pay(struct order_event *e, int64_t total);

#define POSTS .verdict = FLOW_SENDS, .outcome = OUTCOME_POSTED
#define HOLDS(code_) .verdict = FLOW_SENDS, .outcome = OUTCOME_POSTED_ON_HOLD, .code = (code_)
#define SETTLES(outcome_) .verdict = FLOW_SETTLES, .outcome = (outcome_)
#define REFUSES(code_) .verdict = FLOW_DEAD_LETTERS, .code = (code_)
#define WAITS(code_) .verdict = FLOW_WAITS, .code = (code_)

struct order_row {
    const char *name;
    void (*alter)(struct order_event *event);
    int verdict;
    enum outcome outcome;
    enum pf_error code;   /* the only one; PF_OK: none */
    const char *account;  /* NULL: not looked at */
    const char *contains; /* of the request, or of the dead letter's detail; NULL: nothing */
    const char *lacks;
    enum fact_state customer;
};

/* Decides each of them, from 2026-01-01 on, in a Prima without the product GONE. */
void order_rows_check(const struct order_row rows[], size_t count);

#endif
