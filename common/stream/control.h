/* What the fleet remembers in Kafka (ops.control, compacted, one partition): the incidents of
 * Redis, and the highest generation of the group that was seen.
 *
 * An incident is one loss of Redis' state. It is open from `redis.open/<group>` until a
 * `redis.cleared/<group>` names the same id; because these are two keys, clearing one incident
 * never hides another that was opened meanwhile. The marker key in Redis holds the id of the
 * incident that the keys were rebuilt for; a worker that meets another marker, or none, or another
 * run id than the incident's, knows that Redis is not what it was. Reading and writing block
 * (startup.c, in the pool). */
#ifndef PRIMAFLOW_CONTROL_H
#define PRIMAFLOW_CONTROL_H

#include "kafka/kafka.h"

/* An incident is one record of Kafka's, a megabyte at most: some 75 bytes a partition
 * (KAFKA_ENDS_MAX). */
enum { CONTROL_ID_MAX = 40, CONTROL_LEFT_MAX = 4, CONTROL_SINCE_MAX = 8 };

struct control_server {
    char run_id[64], replication_id[64]; /* "": not known, by a record of an older release */
};

/* A process that worked, or works, in a slot (fleet.h). */
struct control_member {
    char slot[64], incident[CONTROL_ID_MAX]; /* the latest one when it began */
    int64_t epoch, number; /* of its slot; of its last acknowledged command, once it has stopped */
    int64_t reach;         /* how far behind a committed offset it sends; partitions_may_send */
    bool stopped;          /* it said so with its last breath */
    bool is_overwritten;   /* a former holder said so behind its record; that does not count */
    char process[200],
        former[200]; /* slot.h; who had the slot before and is not known to be gone, or "" */
};

struct control {
    char incident[CONTROL_ID_MAX]; /* id of the latest one; "": there never was one */
    struct control_server
        server; /* Redis, as the incident was opened for it, or as it was accepted since */
    struct control_server
        left[CONTROL_LEFT_MAX]; /* that were worked with before, the latest first */
    size_t left_count;
    char cleared[CONTROL_ID_MAX]; /* id of the latest cleared one */
    int64_t detected_ms;          /* wall, by the clock of whoever opened it: for people */
    /* the keys were rebuilt for it, and records worked on: what is lost from then on is another
     * incident */
    bool rebuilt;
    /* ... and by then nobody could be sending any more who sent before the loss */
    bool senders_over;
    char since[CONTROL_SINCE_MAX][CONTROL_ID_MAX]; /* the incident before it, and those before that
                                                      which were never cleared; full: all */
    size_t since_count;
    struct kafka_place *ends; /* of every input partition: what anybody may have worked on before
                                 the loss is below. control_free */
    size_t end_count;
    struct control_member *members;
    size_t member_count;
    int64_t epoch, generation; /* of the group, highest seen */
};

bool control_server_is(const struct control_server *a, const char *run_id,
                       const char *replication_id);

/* The latest incident is not cleared: not all that may have been under way before the loss is
 * committed, and nothing else knows of it. */
bool control_is_open(const struct control *control);

void control_free(struct control *control); /* its lists; it may be read into again */

/* Reads ops.control to its end, into what was zeroed or read into before. -EIO (Kafka does not
 * answer), -ENOENT (no such topic), with ret_message; *ret_control is untouched then. */
__attribute__((warn_unused_result)) int control_read(const struct config *config, const char *group,
                                                     struct control *ret_control,
                                                     char ret_message[static KAFKA_TEXT_MAX]);
/* The end of ops.control, as a number that rises with each record, asked for on the connections of
 * `consumer`. -EIO. */
__attribute__((warn_unused_result)) int control_end(const struct kafka_consumer *consumer,
                                                    int timeout_ms, int64_t *ret_end,
                                                    char ret_message[static KAFKA_TEXT_MAX]);
/* Each writes one record and waits until Kafka has it. -EIO. */
__attribute__((warn_unused_result)) int control_open(const struct config *config, const char *group,
                                                     const struct control *incident,
                                                     char ret_message[static KAFKA_TEXT_MAX]);
/* `control->server` is Redis from now on, in the same incident. */
__attribute__((warn_unused_result)) int control_accept(const struct config *config,
                                                       const char *group,
                                                       const struct control *control,
                                                       char ret_message[static KAFKA_TEXT_MAX]);
__attribute__((warn_unused_result)) int control_enter(const struct config *config,
                                                      const char *group,
                                                      const struct control_member *member,
                                                      char ret_message[static KAFKA_TEXT_MAX]);
__attribute__((warn_unused_result)) int control_clear(const struct config *config,
                                                      const char *group, const char *incident,
                                                      char ret_message[static KAFKA_TEXT_MAX]);
/* `flow` and `prefix` say whose keys in Redis are written under it: past.h. */
__attribute__((warn_unused_result)) int control_generation(const struct config *config,
                                                           const char *group, const char *flow,
                                                           const char *prefix, int64_t epoch,
                                                           int64_t generation,
                                                           char ret_message[static KAFKA_TEXT_MAX]);

struct json_t;
struct control_record {
    char key[500];
    struct json_t *value; /* given away */
};
/* Writes all of these and waits until Kafka has them. -EIO: some it may have. */
__attribute__((warn_unused_result)) int control_write(const struct config *config,
                                                      struct control_record records[], size_t count,
                                                      char ret_message[static KAFKA_TEXT_MAX]);

#endif
