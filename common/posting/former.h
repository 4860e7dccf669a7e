/* The version of a record that its document holds, read again from Kafka to name what differs: for a
 * dead letter, and nothing that a decision hangs on.
 *
 * In the pool, one reading at a time (the pool is for commits, too), by one client that lives from one
 * reading to the next; a reading is for all who wait, as far as their places lie together. Nothing
 * waits for long, for who waits holds the window against other records: a reading has FORMER_READ_MS,
 * and who has stood in the queue for FORMER_WAIT_MS when the next one begins is told that nobody
 * looked. So a storm of amendments is perhaps not named in full, and delays nobody. Loop thread
 * only. */
#ifndef PRIMAFLOW_FORMER_H
#define PRIMAFLOW_FORMER_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/edited.h"
#include "host/timers.h"

struct worker;
struct former_job;
struct kafka_lookup;

enum {
    FORMER_WAIT_MS = 500,
    FORMER_READ_MS = 2000,  /* a first one connects, and learns of the topic */
    FORMER_IDLE_MS = 30000, /* then the client is closed: it has threads and connections */
    FORMER_BATCH_MAX = 64,
    FORMER_SPREAD = 1000, /* offsets of one partition that are read through for one batch: 2 MB */
};

struct former_queue {
    struct former_job *first, **last; /* those that wait */
    bool is_reading;                  /* the pool has the client */
    struct kafka_lookup *lookup;      /* NULL: none is open */
    struct timer idle;
};

enum former_how {
    FORMER_READ,
    FORMER_GONE,    /* it is not there any more, or another record is; or nobody had time to look */
    FORMER_AWAY,    /* Kafka does not answer: later, perhaps */
    FORMER_REFUSED, /* Kafka refuses: rights, properties */
};

struct former_version {
    const void *value;
    size_t size;
    struct overlay_text overlay; /* with which it was edited */
};

/* `version` is void after it returns, NULL but for FORMER_READ; `why` is for people, "" for that. */
typedef void (*former_done)(void *user, enum former_how how, const struct former_version *version,
                            const char *why);

/* Reads the value at `delivery` (topic/partition/offset), if its key is this one, and calls `done`
 * from the loop: later, or at once where `delivery` names nothing. */
void former_read(struct worker *w, const char *delivery, const void *key, size_t key_size,
                 former_done done, void *user);

/* At the end of a process. Who waits is not answered any more. */
void former_release(struct worker *w);

#endif
