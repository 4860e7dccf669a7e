/* Facts about the world that a decision needs, one after the other: products (this process's catalogue, the fleet's, then Prima, asked now)
 * and customers' accounts. Loop thread only. */
#ifndef PRIMAFLOW_FACTS_H
#define PRIMAFLOW_FACTS_H

#include "runtime/record.h"

/* For struct flow_known: what this process knows of a fact, of a record's decision (`record`). */
void facts_look(void *record, struct fact *fact);
bool products_look(const struct record *r, const struct prima_sku *sku);
const char *customers_look(struct record *r, const struct fact *fact); /* in the record's arena; NULL: not known */

/* products.c: finds out which of the record's products Prima has. False: all of that is known. True: act_find_facts is called again, or the
 * record has ended. */
bool products_find(struct record *r);

/* customers.c: finds or creates the account of r->facts[r->fact_at], fills its state, then calls facts_next. */
void customers_find(struct record *r);

/* The fact at hand is known: on to the next, or back to the decision. */
void facts_next(struct record *r);

/* A read of Prima for a record, within the fleet's limits: request bytes are copied. `done` is called with the record still alive, or
 * never. */
typedef void (*facts_answer)(struct record *r, const struct prima_reply *reply);
void facts_ask(struct record *r, enum prima_type type, const struct buf *request, facts_answer done);

/* Prima did not answer a read that a decision hangs on: wait and begin the decision again. */
void facts_wait(struct record *r);

void facts_on_released(void *user, const struct redis_reply *reply);

#endif
