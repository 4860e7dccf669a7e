/* What a record takes of an order's credit: of flows with a ledger (flow.h) alone. Which steps there
 * are, and why, says the README of ../idempotency (The reservation of credit); what remains of the order
 * is a fact (../facts/credit.h). Loop thread only. */
#ifndef PRIMAFLOW_CREDIT_H
#define PRIMAFLOW_CREDIT_H

#include "posting/record.h"

/* It is decoded: its calls to Redis name its order from now on. */
void credit_begin(struct record *r);

/* The ledger's partition that its order is in. */
int32_t credit_partition(const struct record *r);

/* Another refund changed what remains: nothing of what was found out about that holds. What Prima said
 * of the order does. */
void credit_forget(struct record *r);

/* While a loss of Redis is unresolved nobody takes anything: the record may not be sent. */
bool credit_must_wait(const struct record *r);

/* It has settled: kept of it is what is told Redis once its ledger record is visible. */
void credit_settled(struct record *r);
void credit_committed(struct record *r);
void credit_free(struct record *r);

#endif
