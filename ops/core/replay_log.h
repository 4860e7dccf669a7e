/* Replays, as ops.audit has them: begun, how far each batch came, ended.
 *
 * Each record is one of audit.h's, its key "replay", with a member "replay" besides: the id, what
 * happened ("begun", "sent", "done", "cancelled"), the numbers so far; of "begun" what is replayed,
 * of "sent" the next offset of each partition that moved. A batch and its record are one transaction, so
 * that the newest record is what was sent, whatever died when. Nobody's record follows one that ends a
 * replay. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_LOG_H
#define PRIMAFLOW_OPS_REPLAY_LOG_H

#include "core/replay_choice.h"

enum { REPLAY_ID_MAX = 32 };

enum replay_state { REPLAY_OPEN, REPLAY_DONE, REPLAY_CANCELLED };

/* Chosen, read and not sent. */
struct replay_left_out {
    int64_t old;     /* older than the keys' TTL, and not to be asked for first */
    int64_t limited; /* replayed replay.max_count times before */
    int64_t large;   /* larger than a Kafka record may be */
};

struct replay_entry {
    char id[REPLAY_ID_MAX];
    enum replay_state state;
    struct replay_choice choice;
    int64_t *next; /* of each span: what is to be read next */
    int64_t rate;
    bool resolve_first;        /* those older than the keys' TTL go, too; each is asked for first */
    const char *who, *reason;  /* who began it */
    int64_t began_ms, last_ms; /* wall: begun, last record */
    int64_t sent;
    struct replay_left_out left_out;
    struct json_t *json; /* of "begun": the texts live there */
};

struct replay_book {
    struct replay_entry *list; /* in the order in which they began */
    size_t count;
    int64_t read_to; /* of ops.audit */
};

/* Reads on in ops.audit, from where the book ends to all that is written. */
__attribute__((warn_unused_result)) enum ops_kind replay_book_read(struct ops *ops,
                                                                   struct replay_book *book,
                                                                   struct ops_error *ret_error);
void replay_book_release(struct replay_book *book);
struct replay_entry *replay_book_find(const struct replay_book *book, const char *id); /* or NULL */

/* How often this record was sent by a replay before, other than `id`; of one by outcome it is taken to
 * have been. */
int64_t replay_book_times(const struct replay_book *book, const char *id,
                          const struct kafka_record *record);

/* Adds a record to the writer's open transaction. Of `entry`: the numbers, and the spans' next where
 * they are not what `before` has (NULL: none is told). Errors as kafka_writer_add. */
enum replay_event { REPLAY_BEGUN, REPLAY_SENT, REPLAY_ENDED, REPLAY_GIVEN_UP };
struct replay_note {
    enum replay_event event;
    const char *who, *reason;
    size_t written;        /* by this transaction */
    const uint8_t *digest; /* of what it wrote; NULL: nothing */
    const int64_t *before;
};
__attribute__((warn_unused_result)) int replay_log_add(struct kafka_writer *writer,
                                                       const struct replay_entry *entry,
                                                       const struct replay_note *note,
                                                       struct kafka_words *ret_message);

#endif
