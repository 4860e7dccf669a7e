/* Which records of an input are replayed: offsets of each partition, fixed when they are chosen, and of
 * those whose key, time and end fit. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_CHOICE_H
#define PRIMAFLOW_OPS_REPLAY_CHOICE_H

#include "core/context.h"

enum { REPLAY_ANY = -1, REPLAY_DEAD_LETTER = OUTCOME_COUNT };

struct replay_choice {
    const struct flow *flow;  /* whose input it is */
    struct kafka_span *spans; /* its own: replay_choice_release */
    size_t span_count;
    /* The texts are the caller's. NULL: any. Channel and store are the key's, as its producer wrote
     * it */
    const char *key, *channel, *store;
    int64_t from_ms, until_ms; /* the record's time, [from, until); 0: any */
    int outcome;               /* enum outcome, REPLAY_DEAD_LETTER or REPLAY_ANY */
};

/* Fixes the offsets of `topic` by what is asked for; the rest of *choice is left as it is. `until`:
 * an offset, -1: none. OPS_USAGE: the topic is no flow's input. */
__attribute__((warn_unused_result)) enum ops_kind replay_choose(struct ops *ops, const char *topic,
                                                                const struct kafka_range *range,
                                                                int64_t until,
                                                                struct replay_choice *choice,
                                                                struct ops_error *ret_error);
void replay_choice_release(struct replay_choice *choice);

/* By partition, offset, key and time: whether its outcome fits, replay_ends.h knows. */
bool replay_is_chosen(const struct replay_choice *choice, const struct kafka_record *record);

/* Offsets of all spans: as many records at most. */
int64_t replay_offsets(const struct replay_choice *choice);

/* Where its copies go: <in>.replay. */
const char *replay_topic(const struct flow *flow, char text[static 160]);

/* "posted", "dead_letter"; false: no such word. */
bool replay_outcome_read(const char *word, int *ret_outcome);
const char *replay_outcome_name(int outcome); /* "" for REPLAY_ANY */

#endif
