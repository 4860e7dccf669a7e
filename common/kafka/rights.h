/* The rights of Kafka's ACLs that a worker needs, as people know them. Pure. */
#ifndef PRIMAFLOW_KAFKA_RIGHTS_H
#define PRIMAFLOW_KAFKA_RIGHTS_H

#include <stddef.h>

enum kafka_right {
    KAFKA_NO_RIGHT, /* none is missing */
    KAFKA_READ_TOPIC,
    KAFKA_WRITE_TOPIC,
    KAFKA_DESCRIBE_TOPIC, /* comes with READ, and with WRITE */
    KAFKA_DESCRIBE_SETTINGS,
    KAFKA_READ_GROUP,
    KAFKA_WRITE_ID, /* a transactional id */
    KAFKA_WRITE_IDEMPOTENT,
    KAFKA_RIGHTS
};

/* "READ on topic orders.raw (kafka-acls --add --operation Read --topic orders.raw)": which it is,
 * and how it is given back. `of`: the topic, group or id. */
void kafka_right_write(enum kafka_right right, const char *of, char *text, size_t room);

#endif
