/* One topic that is followed from places of its own, for a turn's work: all partitions, in steps. One
 * thread at a time. */
#ifndef PRIMAFLOW_STATUS_FOLLOW_H
#define PRIMAFLOW_STATUS_FOLLOW_H

#include "kafka/tail.h"

enum { FOLLOW_PARTITIONS_MAX = 1000 };

struct status_follow {
    const char *topic;
    struct kafka_tail *tail;
    int wake_fd;
    struct follow_part {
        struct kafka_queue *queue;
        int64_t position; /* the next record; KAFKA_TAIL_BEGINNING: not known yet */
        int64_t target;   /* the end when following began; -1: not heard yet */
        bool is_at_end;   /* nothing more, as last heard */
        bool has_moved;   /* since its place was kept */
    } * parts;
    int32_t count;
    size_t taken; /* records, by the last reading */
};

/* Zeroed before; `offsets`: where each partition begins, -1: at its beginning. -EIO, -EINVAL with
 * words; then closed already. */
__attribute__((warn_unused_result)) int status_follow_open(struct status_follow *f,
                                                           const struct config *config,
                                                           const char *topic, int32_t count,
                                                           const int64_t offsets[],
                                                           char ret_words[static KAFKA_TEXT_MAX]);
void status_follow_close(struct status_follow *f); /* accepts one that is not open */

/* Reads what is there, up to about `max` records, and waits up to wait_ms where nothing is. `each`:
 * 0 to go on; else the reading ends with that. -EIO: with words. */
__attribute__((warn_unused_result)) int status_follow_read(
    struct status_follow *f, size_t max, int wait_ms,
    int (*each)(void *user, const struct kafka_record *record), void *user,
    char ret_words[static KAFKA_TEXT_MAX]);

/* All that was there when following began was read. */
bool status_follow_is_through(const struct status_follow *f);
bool status_follow_is_at_end(const struct status_follow *f);

#endif
