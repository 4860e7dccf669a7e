/* A worker's stream without Kafka, Redis or an engine: Kafka answers from tables
 * (test_stream_kafka.h), the engine does as the test says, the pool works when it is told to,
 * and time passes when somebody waits. What happens, in which order, is one line of text,
 * `trace`. */
#ifndef PRIMAFLOW_TEST_STREAM_WORLD_H
#define PRIMAFLOW_TEST_STREAM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obs/metrics.h"
#include "stream/stream.h"
#include "test_stream_kafka.h"
#include "test_stream_redis.h"

enum { BEGINNING_MS = 1000000, WALL_MS = 1700000000, HELD_MAX = 40 };

extern int64_t now_ms; /* monotonic; wall is WALL_MS later, since boot as much */
extern struct stream stream;
extern struct worker worker;
extern char logged[8000]; /* what was logged since it was emptied: "message (detail); ..." */

/* ... and counted: fails unless this was, "label}+value" or, observed, "label}=value". */
void has_counted(enum metric metric, const char *what);

/* What the engine holds of a partition. The first `settled` of them can be committed. */
struct held {
    int64_t offsets[HELD_MAX];
    char words[HELD_MAX][24]; /* its message */
    struct kafka_message messages[HELD_MAX];
    size_t count, settled;
    struct kafka_message says[HELD_MAX]; /* of no record: "o0", "o1", ... */
    size_t output, said;                 /* that wait; that are in a transaction */
    bool is_under_way, is_idle, is_restoring;
};
extern size_t engine_room;
extern bool engine_makes_smaller; /* of what is refused for its size */
extern bool engine_finishes;      /* something of its own is still to end */
struct held *held_of(const struct partition *p);

/* cmocka group fixtures: the configuration. */
int set_up(void **state);
int tear_down(void **state);
/* The configuration of the tests from here on: "name=value" options, to NULL. */
void configure(const char *const options[]);

void begin_world(void); /* one input topic, orders.raw, and a retry topic of one second */
void end_world(void);

/* A partition that the worker has, begun at this offset, and committed there. */
struct partition *has_partition(const char *topic, int32_t partition, int64_t offset);
/* `count` records, of which the first `settled` can be committed. */
void holds(struct partition *p, int64_t first, size_t count, size_t settled);

/* The pool. Each returns whether there was anything to do. */
bool pool_works(void); /* the oldest job, up to its end */
bool pool_tells(void); /* ... and the loop hears of it */
void pool_all(void);   /* until nothing is left */
size_t pool_jobs(void);
extern uv_work_t *pool_left; /* by a process that started over as it was told: the test's to free */

/* Calls it; returns at once when the process starts over in it, as the trace then says. */
void may_start_over(void (*call)(void));

/* Time passes, and the timers with it. */
void pass(int64_t ms);

#endif
