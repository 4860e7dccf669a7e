/* What the made events' JSON is put together with; nobody but the generators includes it. */
#ifndef PRIMAFLOW_GEN_JSON_H
#define PRIMAFLOW_GEN_JSON_H

#include "order_gen_parts.h"

void gen_put(json_t *object, const char *name, json_t *value); /* takes the value */
/* Absent where it is NULL or empty. */
void gen_put_text(json_t *object, const char *name, const char *text);
__attribute__((format(printf, 3, 4))) void gen_put_format(json_t *object, const char *name,
                                                          const char *format, ...);
/* A MoneySet; the presentment amount with a `money_count` of 2. */
json_t *gen_money(struct made_money amount, int money_count);

#endif
