/* Records that wait in retry topics, as a rebuild needs them: each key's in the order in which they
 * entered. A reader of whole topics, in the pool. */
#ifndef PRIMAFLOW_FORWARDS_H
#define PRIMAFLOW_FORWARDS_H

#include "kafka/kafka.h"

struct forwards;

/* `committed`: the group's offsets; the caller's, until forwards_free. Records below them have
 * ended. */
struct forwards *forwards_new(const struct kafka_place *committed, size_t count);
void forwards_free(struct forwards *forwards);

void forwards_see(void *forwards, const struct kafka_record *record); /* kafka_scan's */

/* Those that keep later ones of their key behind them; not those that wait by policy, which later
 * ones may pass. */
void forwards_in_order(struct forwards *forwards,
                       void (*each)(void *user, const char *natural, const char *delivery),
                       void *user);

#endif
