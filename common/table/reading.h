/* Records of one topic, read in the pool by their offsets: one reading at a time (the pool is for
 * commits, too), by one client that lives from one reading to the next, and is closed when nobody has
 * asked for a while. Loop thread only. */
#ifndef PRIMAFLOW_TABLE_READING_H
#define PRIMAFLOW_TABLE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "host/host.h"
#include "kafka/kafka.h"
#include "table/key_index.h"
#include "table/value_cache.h"

struct kafka_lookup;

enum {
    READING_PLACES_MAX = 64,
    READING_SPREAD = 1000,   /* offsets of one partition that are read through for one reading */
    READING_MS_MAX = 2000,   /* a first one connects, and learns of the topic */
    READING_IDLE_MS = 30000, /* then the client is closed: it has threads and connections */
};

struct reading_place {
    int32_t partition;
    int64_t offset;
    struct key_index_key key; /* that it must have */
    unsigned epoch;           /* the caller's */

    struct table_value *value; /* NULL: it was not there, or not read */
    int64_t begin, end;        /* the partition's, asked for behind that; -1: no answer */
};

struct reading {
    struct reading_place places[READING_PLACES_MAX];
    size_t count;
    int result; /* 0: each place was looked at; -EIO, -EACCES, -EINVAL: not all were */
    char words[KAFKA_TEXT_MAX]; /* why */

    uv_work_t work;
    struct table_reader *reader;
};

struct table_reader { /* embedded; table_reader_init */
    struct host *host;
    char topic[160];
    void (*done)(void *user, struct reading *r); /* takes the values that it keeps: NULL them */
    void *user;
    bool is_reading; /* the pool has the client */
    struct kafka_lookup *lookup;
    struct timer idle;
};

void table_reader_init(struct table_reader *reader, struct host *h, const char *topic,
                       void (*done)(void *user, struct reading *r), void *user);

/* Does it lie near those of its partition that are in the reading? And is there room? */
bool reading_fits(const struct reading *r, int32_t partition, int64_t offset);
struct reading *reading_new(void);
/* Reads; `done` is called from the loop. Takes the reading, which has places. Nobody reads yet. */
void reading_begin(struct table_reader *reader, struct reading *r);

/* Closes the client, at once; while the pool has it, `done` is called once more, and releases again. */
void table_reader_release(struct table_reader *reader);

#endif
