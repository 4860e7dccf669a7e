/* Which deliveries have ended already: looked up before records that may have been read before are
 * read again (partition.ground), because somebody set the group's offsets back, or they vanished.
 *
 * Redis cannot tell: it remembers what became of a key, not that the delivery's message was
 * committed, and of most endings (duplicates, conflicts, letters that cannot be read) nothing at
 * all. The topics can: a delivery that has a result or a dead letter gets no second one, and one
 * that waits in a retry topic lives on there, in its last forward. Such a record is passed over
 * without a word to anybody; its offset moves on.
 *
 * A topic that was made anew gives the same places to other records: so the content must agree,
 * too, by key and identity, or byte for byte in a dead letter or a forward. What does not agree is worked on
 * like any other. In memory while it is needed, 16 bytes for each ending in the topics'
 * retention. */
#ifndef PRIMAFLOW_ENDED_H
#define PRIMAFLOW_ENDED_H

#include "kafka/kafka.h"

struct partition;
struct worker;
struct ended;

/* Blocking, in the pool: reads results, dead letters and retry topics to their ends. -EIO, -EAGAIN
 * (give_up). */
__attribute__((warn_unused_result)) int ended_read(struct worker *w, struct ended **ret_ended,
                                                   char ret_message[static KAFKA_TEXT_MAX]);
void ended_free(struct ended *ended); /* accepts NULL */

/* Loop thread. Has this record ended, or does it live on elsewhere? By its bytes alone where it
 * cannot be decoded. */
struct ended_question {
    const char *delivery, *natural; /* natural, NULL: it cannot be decoded */
    const uint8_t *identity;
};
bool ended_has(const struct partition *p, const struct kafka_record *raw,
               const struct ended_question *about);
void ended_watch(struct worker *w); /* each tick: forgets everything once no partition needs it */

/* ---- the set itself, for tests ---- */
struct ended *ended_new(void);
void ended_add(struct ended *e, const char *delivery, const char *natural, const uint8_t *identity);
void ended_add_bytes(struct ended *e, const char *delivery, const void *key, size_t key_size,
                     const void *value, size_t value_size);
void ended_add_forward(struct ended *e, const char *delivery, const struct kafka_record *record,
                       const char *place); /* record: as it was forwarded, key, value and time */
void ended_sort(struct ended *e);          /* before it is asked */
bool ended_knows(const struct ended *e, const char *delivery, const char *natural,
                 const uint8_t *identity);
bool ended_knows_bytes(const struct ended *e, const char *delivery, const void *key,
                       size_t key_size, const void *value, size_t value_size);
bool ended_lives_on(const struct ended *e, const char *delivery, const struct kafka_record *record,
                    const char *place); /* in another record than the one at `place` */

#endif
