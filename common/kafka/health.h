/* Does Kafka answer? From what librdkafka's statistics say of its connections. Errors alone do not
 * tell: there is one when the last connection breaks, none when it is back, and none at all while a
 * broker accepts connections and says nothing.
 *
 * Trouble is: no broker has a connection, or the group's coordinator is not known or not connected,
 * each for longer than patience_ms; or a broker owes an answer, and no broker has said anything for
 * as long. A word that this version of librdkafka does not use counts as good: in doubt a worker
 * works. Embedded, zeroed but for patience_ms. */
#ifndef PRIMAFLOW_KAFKA_HEALTH_H
#define PRIMAFLOW_KAFKA_HEALTH_H

#include <stdint.h>

struct kafka_health {
    int64_t patience_ms;
    int64_t since_ms; /* monotonic: when a connection was first missed; 0: all is well */
};

/* `statistics`: librdkafka's JSON. NULL: all is well; else what is not, a constant. */
const char *kafka_health_judge(struct kafka_health *health, const char *statistics, int64_t now_ms);

#endif
