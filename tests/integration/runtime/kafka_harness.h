/* A test's own view of a real Kafka, beside the adapter under test: topics of its own, records with
 * a chosen time, a transaction left open, a reader that joins a group through the adapter.
 * Everything fails the test that cannot be done. One thread. */
#ifndef PRIMAFLOW_KAFKA_HARNESS_H
#define PRIMAFLOW_KAFKA_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka/kafka.h"

enum { PLACES_MAX = 8 };

extern struct config *config; /* of the environment; loaded by harness_set_up */

int harness_set_up(void **state);
int harness_tear_down(void **state);

/* A name nobody else has, into text; a topic of that name. bytes_max: max.message.bytes, NULL:
 * Kafka's own. */
const char *fresh_name(const char *stem, char text[static 80]);
void topic_new(const char *name, int partitions, const char *bytes_max);

/* Writes to partition 0 outside any transaction; 0: now. */
void record_write(const char *topic, const char *value, int64_t timestamp_ms);

/* A transaction with one record in `topic`, begun and not ended. */
struct open_transaction;
struct open_transaction *transaction_open(const char *id, const char *topic, const char *value);
void transaction_commit(struct open_transaction *t); /* both free it */
void transaction_forget(struct open_transaction *t); /* as if its process had died */

/* All committed values of a topic, in order of reading, each with a blank behind it; "(null)" for
 * none. */
const char *committed_values(const char *topic, char text[static 400]);
int64_t committed_offset(const char *group, const char *topic); /* of partition 0 */

/* A member of a group. */
struct reader {
    struct kafka_consumer *consumer;
    int wake_fd;
    struct kafka_place places[PLACES_MAX];
    struct kafka_queue *queues[PLACES_MAX];
    size_t count;
    bool is_assigned, is_revoked, is_fenced, is_lost;
    char error[300];
};

/* Joins; at an assignment every partition begins at its committed offset, else at `start`
 * (kafka_start_offset), or at `start_offset` when that is >= 0. */
void reader_join(struct reader *r, const char *group, const char *instance, const char *topic);
void reader_wait_assigned(struct reader *r, int64_t start, int64_t start_offset);
void reader_serve(struct reader *r, int64_t ms);
void reader_answer_revoke(struct reader *r);
void reader_leave(struct reader *r);
void reader_abandon(struct reader *r); /* without a word to the group */

/* The next record of partition 0's queue within ten seconds; its value as text. */
const char *reader_next(struct reader *r, char text[static 80]);

#endif
