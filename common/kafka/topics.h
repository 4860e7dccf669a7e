/* Every topic of the system (topics.def), and the names that follow from one: nobody else writes a
 * topic's name. Pure; any thread. */
#ifndef PRIMAFLOW_KAFKA_TOPICS_H
#define PRIMAFLOW_KAFKA_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

/* topic_orders_raw, topic_ops_control, ... */
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)                          \
    extern const char topic_##id[sizeof name];
#define TOPIC_SHADOW(id, name, input, retention, meaning) extern const char topic_##id[sizeof name];
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT

/* What belongs to an input: its dead letters, those that wait (for a delay), its replay. */
enum topic_part {
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning) TOPIC_PART_##id,
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT
    TOPIC_PARTS
};

/* "orders.raw" → "orders.raw.retry.10s"; delay: "10s", or "" where there is none, and for what all
 * begin with. shadow: as a shadow of it writes it (worker.shadow). Into text; returns text. */
const char *topic_of_input(const char *input, enum topic_part part, const char *delay, bool shadow,
                           char *text, size_t room);
/* A topic as it is, or as a shadow of its writer writes it. */
const char *topic_name(const char *topic, bool shadow, char *text, size_t room);
bool topic_is_of_input(const char *topic, enum topic_part part);
bool topic_is_shadow(const char *topic);
const char *topic_without_shadow(const char *topic); /* what it is a shadow's, or itself */

#endif
