/* The version of a record that was posted, read again from Kafka to name what differs: for a dead
 * letter, which is rare, and nothing that a decision hangs on.
 *
 * In the pool, one reading at a time (the pool is for commits, too), the others in a queue; bounded
 * by the reader's own times. Loop thread only. */
#ifndef PRIMAFLOW_FORMER_H
#define PRIMAFLOW_FORMER_H

#include <stddef.h>

struct worker;
struct former_job;

struct former_queue {
    struct former_job *first, **last; /* `first` is being read */
};

enum former_how {
    FORMER_READ,
    FORMER_GONE,    /* it is not there any more, or another record is */
    FORMER_AWAY,    /* Kafka does not answer: later, perhaps */
    FORMER_REFUSED, /* Kafka refuses: rights, properties */
};

/* `value` is void after it returns; `why` is for people, "" for FORMER_READ. */
typedef void (*former_done)(void *user, enum former_how how, const void *value, size_t size,
                            const char *why);

/* Reads the value at `delivery` (topic/partition/offset), if its key is this one, and calls `done`
 * from the loop: later, or at once where `delivery` names nothing. */
void former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                 former_done done, void *user);

#endif
