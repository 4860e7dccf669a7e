/* One question to Prima for a record, within the fleet's limits and past the breaker. Loop thread
 * only. */
#ifndef PRIMAFLOW_PRIMA_ASK_H
#define PRIMAFLOW_PRIMA_ASK_H

#include "posting/record.h"

typedef void (*prima_ask_answer)(struct record *r, const struct prima_reply *reply);

/* Request bytes are copied. `done` is called with the record still alive, or never: then, where the
 * question was under way, `dropped` (or NULL) once it has ended. */
void prima_ask(struct record *r, enum prima_type type, const struct buf *request,
               prima_ask_answer done, void (*dropped)(struct record *r));

#endif
