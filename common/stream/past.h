/* What ops.control remembers of a group: where it began, how far it came, and under which epochs
 * this flow's keys were written. Kafka forgets a group that nobody uses for a week, and whoever
 * deletes it or sets its offsets back leaves no trace either; these records are what a worker then
 * has to tell a first start from a loss, and old records from new ones.
 *
 * `begun/<group>/<topic>` is one record with the offsets of all partitions, so that nobody ever
 * sees half of it; `position/<group>/<topic>/ <partition>` is the highest committed offset, now and
 * then and at the end of each worker (remember.h). Blocking, in the pool. */
#ifndef PRIMAFLOW_PAST_H
#define PRIMAFLOW_PAST_H

#include "kafka/kafka.h"

struct past_position {
    struct kafka_place place; /* its offset: the highest that was committed, as far as is known */
    int64_t ground; /* below it lies what may have been read before (start.h); 0: nothing */
};

/* Where the group began an input topic: an offset for each partition that it had then. */
struct past_begun {
    char topic[160];
    int64_t *offsets;
    size_t count;
};

struct past {
    struct past_position *positions;
    size_t count, room;
    struct past_begun *begun;
    size_t begun_count;
    bool has_generation; /* the group had members once; of epoch: */
    int64_t epoch;
    int64_t
        others_epoch; /* the highest of other groups that wrote the same keys; -1: there are none */
    int64_t
        possible_epoch; /* ... of those that may have: a record of an older version does not say */
};

/* Under which epoch this group's fences are higher than any other group's that wrote the same keys.
 * A group that was renamed, that is new, or that comes back, would be a ghost to its own keys. */
int64_t past_epoch(const struct past *past);

struct past_of {
    const char *group, *flow,
        *prefix; /* consumer group; flow's name and Redis prefix: whose keys */
};

/* -EIO, -ENOENT. ret_past is the caller's to release. */
__attribute__((warn_unused_result)) int past_read(const struct config *config,
                                                  const struct past_of *of, struct past *ret_past,
                                                  char ret_message[static KAFKA_TEXT_MAX]);
void past_release(struct past *past);

const struct past_position *past_position(const struct past *past,
                                          const struct kafka_place *place); /* NULL: none */
/* The group had read of this topic, in whichever partition. */
bool past_has_read(const struct past *past, const char *topic);
/* Its beginning in this topic is noted; topic NULL: in any. */
bool past_is_begun(const struct past *past, const char *topic);
int64_t past_begun(const struct past *past, const char *topic,
                   int32_t partition); /* -1: not noted */
/* What past_begin has noted, kept here as well. */
void past_keep_begun(struct past *past, const char *topic, const int64_t offsets[], size_t count);

/* Each returns when Kafka has it all. -EIO. */
__attribute__((warn_unused_result)) int past_remember(const struct config *config,
                                                      const char *group,
                                                      const struct past_position positions[],
                                                      size_t count,
                                                      char ret_message[static KAFKA_TEXT_MAX]);
__attribute__((warn_unused_result)) int past_begin(const struct config *config, const char *group,
                                                   const struct kafka_place places[], size_t count,
                                                   char ret_message[static KAFKA_TEXT_MAX]);

#endif
