/* Kafka's names of rights; see rights.h. */
#include "kafka/rights.h"

#include <stdio.h>

void kafka_right_write(enum kafka_right right, const char *of, char *text, size_t room)
{
    static const struct {
        const char *name, *on, *operation, *option;
    } rows[KAFKA_RIGHTS] = {
        [KAFKA_NO_RIGHT] = {"a right", "", "", ""},
        [KAFKA_READ_TOPIC] = {"READ", "topic", "Read", "topic"},
        [KAFKA_WRITE_TOPIC] = {"WRITE", "topic", "Write", "topic"},
        [KAFKA_DESCRIBE_TOPIC] = {"DESCRIBE", "topic", "Describe", "topic"},
        [KAFKA_DESCRIBE_SETTINGS] = {"DESCRIBE_CONFIGS", "topic", "DescribeConfigs", "topic"},
        [KAFKA_READ_GROUP] = {"READ", "group", "Read", "group"},
        [KAFKA_WRITE_ID] = {"WRITE", "transactional id", "Write", "transactional-id"},
        [KAFKA_WRITE_IDEMPOTENT] = {"IDEMPOTENT_WRITE", "cluster", "IdempotentWrite", "cluster"},
    };
    (void)snprintf(text, room, "%s on %s %.200s (kafka-acls --add --operation %s --%s %.200s)",
                   rows[right].name, rows[right].on, of, rows[right].operation, rows[right].option,
                   of);
}
