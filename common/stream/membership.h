/* Is the group's share of the work really ours to do? A worker that Kafka has forgotten (fenced,
 * expired, moved on without it) hears of it by an event as a rule; by none when that event is lost,
 * and then it would live on with nothing to do and call itself well. So a worker that has no
 * partitions for two sessions asks the group's coordinator: not a member any more, or partitions
 * that nobody has, twice in a row, and it starts over. A group with more workers than partitions
 * leaves some without: they are members, and nothing is to be had. Topics that Kafka says it does
 * not know, or does not let us read, are asked about in the same way until they are there. Loop
 * thread; the questions are asked in the pool. */
#ifndef PRIMAFLOW_MEMBERSHIP_H
#define PRIMAFLOW_MEMBERSHIP_H

#include "kafka/kafka.h"

struct worker;

struct membership {
    int64_t since_ms; /* monotonic: when it last had partitions, or began; 0: not yet */
    int64_t next_ms;  /* monotonic: when to ask next */
    int strikes;      /* answers in a row by which we should have partitions */
    bool asking;
    bool asks_of_rights;        /* one to a topic is missing: which, and is it back? */
    char words[KAFKA_TEXT_MAX]; /* why we should have partitions, for /readyz; "": all is well */
    char topic_words[KAFKA_TEXT_MAX]; /* what keeps a topic from being read; "": nothing */
    char unseen[KAFKA_TEXT_MAX];      /* why the last look told nothing; "": it did */
};

void membership_watch(struct worker *w); /* each tick */
void membership_note_topic(struct worker *w,
                           const char *words); /* Kafka says that a topic cannot be read */
void membership_note_denial(struct worker *w); /* ... for a right is missing; it is asked which */

/* Of two looks in a row, a session apart: what the answer means. Pure. Returns the strikes now;
 * *ret_why: a constant, or NULL. */
int membership_judge(const struct kafka_group_look *look, int strikes, const char **ret_why);

#endif
