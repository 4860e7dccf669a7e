/* Following partitions of a compacted topic from their beginning, committed records only, for who
 * keeps a state of them: restored first (the end was reached once), kept up afterwards. Not by the
 * group, and nothing is committed.
 *
 * A partition is read only while its follower has room. What stands in the way of reading is waited
 * for and told (stock_follow_trouble); a partition that was cut, so that what was read may not be
 * there any more, is told once by `cut`, and nothing more of it comes.
 * Loop thread only. */
#ifndef PRIMAFLOW_STOCK_FOLLOW_H
#define PRIMAFLOW_STOCK_FOLLOW_H

#include "host/host.h"
#include "kafka/kafka.h"

struct stock_follow; /* of one topic, for all partitions of the process */
struct stock_followed;

struct stock_follow_hooks {
    /* One record; it is freed afterwards. value NULL: a tombstone. */
    void (*record)(void *user, const struct kafka_record *record);
    bool (*has_room)(const void *user);         /* NULL: always */
    void (*restored)(void *user);               /* the end was reached, for the first time; NULL */
    void (*cut)(void *user, const char *words); /* start over: host_start_over */
};

/* Connects to nobody yet; `topic` is copied. -EINVAL with ret_message: a property is refused. */
__attribute__((warn_unused_result)) int stock_follow_new(struct host *h, const char *topic,
                                                         struct stock_follow **ret_follow,
                                                         char ret_message[static KAFKA_TEXT_MAX]);
void stock_follow_free(
    struct stock_follow *follow); /* nothing is followed any more; accepts NULL */

/* From now on until it is left, from the beginning; hooks and user outlive that. Not called back from
 * within this call. */
struct stock_followed *stock_follow_begin(struct stock_follow *follow, int32_t partition,
                                          const struct stock_follow_hooks *hooks, void *user);
void stock_follow_leave(struct stock_followed *followed); /* accepts NULL */

/* Its follower has room again. */
void stock_follow_continue(struct stock_followed *followed);

bool stock_follow_is_restored(const struct stock_followed *followed);
int64_t stock_follow_position(
    const struct stock_followed *followed); /* next offset; -1: none was read */
int64_t stock_follow_left(
    const struct stock_followed *followed); /* to the end, as far as it is known */
const char *stock_follow_trouble(
    const struct stock_followed *followed); /* for people; NULL: none */

#endif
