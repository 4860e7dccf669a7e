/* Rights that Kafka's ACLs deny this worker: noted by whoever is told so, said once in the log when
 * one goes and when it is back, and by /readyz, /status and primaflow_waiting meanwhile. Nothing ends
 * for one: whoever was denied asks again by itself, every few seconds at the latest.
 *
 * Without its group, or without the fleet's word, nothing can come of new work: the worker pauses.
 * Without a topic the other ones go on; those rights are its partitions' to tell (struct partition:
 * obstacle, refused_right). Loop thread only. */
#ifndef PRIMAFLOW_STREAM_RIGHTS_H
#define PRIMAFLOW_STREAM_RIGHTS_H

#include "base/buf.h"
#include "kafka/kafka.h"

struct worker;

/* Who is told of a missing right. */
enum rights_witness {
    RIGHTS_OF_GROUP,     /* joining it, committing in it */
    RIGHTS_OF_ARRIVAL,   /* where partitions begin */
    RIGHTS_OF_FLEET,     /* ops.control, read */
    RIGHTS_OF_POSITIONS, /* ops.control, written */
    RIGHTS_OF_TOPICS,    /* a topic that cannot even be seen */
    RIGHTS_WITNESSES
};

struct rights {
    int64_t group_heard_ms; /* monotonic: when the group's was last found to be missing */
    char words[RIGHTS_WITNESSES][KAFKA_TEXT_MAX]; /* which and how to mend it (kafka/rights.h); "":
                                                     none is missing */
};

/* words NULL: it has what it needs. */
void rights_hear(struct worker *w, enum rights_witness who, const char *words);
/* The same, of what a blocking call said: -EACCES is a missing right, named by its message; any other
 * failure tells nothing of it. */
void rights_hear_of(struct worker *w, enum rights_witness who, int result, const char *message);
/* The group's, of which nobody's message tells. */
void rights_hear_of_group(struct worker *w, bool is_denied);

/* Each tick. Who has partitions and nothing to commit does not hear that the group's is back: it is
 * when nobody was told otherwise for two sessions, within which a denied worker loses them. */
void rights_watch(struct worker *w);

bool rights_any(const struct worker *w);
/* All that are missing, "; " between them, each once. */
void rights_write(const struct worker *w, struct buf *out);

#endif
