/* What the fleet remembers in Kafka (ops.control, compacted): the incidents of Redis, and the highest generation of the group that was
 * seen.
 *
 * An incident is one loss of Redis' state. It is open from `redis.open/<group>` until a `redis.cleared/<group>` names the same id; because
 * these are two keys, clearing one incident never hides another that was opened meanwhile. The marker key in Redis holds the id of the
 * incident that the keys were rebuilt for; a worker that meets another marker, or none, or another run id than the incident's, knows that
 * Redis is not what it was. Reading and writing block (startup.c, in the pool). */
#ifndef PRIMAFLOW_CONTROL_H
#define PRIMAFLOW_CONTROL_H

#include "runtime/kafka.h"

enum { CONTROL_ID_MAX = 40, CONTROL_ENDS_MAX = 1024 };

struct control {
    char incident[CONTROL_ID_MAX];             /* id of the latest one; "": there never was one */
    char run_id[64];                           /* Redis' run id that it was opened for */
    char cleared[CONTROL_ID_MAX];              /* id of the latest cleared one */
    int64_t detected_ms;                       /* wall */
    struct kafka_place ends[CONTROL_ENDS_MAX]; /* of every input partition when it was opened: all below must be committed */
    size_t end_count;
    int64_t epoch, generation; /* of the group, highest seen */
};

/* Reads ops.control to its end. -EIO (Kafka does not answer), -ENOENT (no such topic), with ret_message. */
__attribute__((warn_unused_result)) int control_read(const struct config *config, const char *group, struct control *ret_control,
                                                     char ret_message[static KAFKA_TEXT_MAX]);
/* Each writes one record and waits until Kafka has it. -EIO. */
__attribute__((warn_unused_result)) int control_open(const struct config *config, const char *group, const struct control *incident,
                                                     char ret_message[static KAFKA_TEXT_MAX]);
__attribute__((warn_unused_result)) int control_clear(const struct config *config, const char *group, const char *incident,
                                                      char ret_message[static KAFKA_TEXT_MAX]);
__attribute__((warn_unused_result)) int control_generation(const struct config *config, const char *group, int64_t epoch,
                                                           int64_t generation, char ret_message[static KAFKA_TEXT_MAX]);

/* Every one of these topics exists. -ENOENT (ret_message names the first that does not), -EIO. */
__attribute__((warn_unused_result)) int control_topics_exist(const struct config *config, const char *const topics[], size_t topic_count,
                                                             char ret_message[static KAFKA_TEXT_MAX]);

/* The ends (high watermarks, open transactions included) of all partitions of these topics, now. -EIO, -ENOENT. */
__attribute__((warn_unused_result)) int control_ends(const struct config *config, const char *const topics[], size_t topic_count,
                                                     struct kafka_place places[], size_t room, size_t *ret_count,
                                                     char ret_message[static KAFKA_TEXT_MAX]);

/* A topic's retention.ms; -1: for ever. -EIO. */
__attribute__((warn_unused_result)) int control_retention(const struct config *config, const char *topic, int64_t *ret_ms,
                                                          char ret_message[static KAFKA_TEXT_MAX]);

/* Calls `each` for every committed record of a topic from its beginning to what is its end when it begins; a transaction that is open there
 * is waited for. -EIO, -ENOENT, -ECANCELED (give_up, may be NULL). */
__attribute__((warn_unused_result)) int control_scan(const struct config *config, const char *topic, const atomic_int *give_up,
                                                     void (*each)(void *user, const struct kafka_record *record), void *user,
                                                     char ret_message[static KAFKA_TEXT_MAX]);

/* The group's committed offsets, by a connection of its own. -EIO. */
__attribute__((warn_unused_result)) int control_committed(const struct config *config, const char *group, struct kafka_place places[],
                                                          size_t count, char ret_message[static KAFKA_TEXT_MAX]);

#endif
