/* A topic in memory for the table: its log with transactions, compaction and deletion, read through
 * fakes of kafka/tail.h, kafka_fetch and kafka/lookup.h. Nothing happens by itself: time passes by
 * world_pass, the loop turns by world_turn, a reading ends by world_read. */
#ifndef PRIMAFLOW_TEST_TABLE_WORLD_H
#define PRIMAFLOW_TEST_TABLE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/ktable.h"

enum { LOG_MAX = 6000, PARTITIONS = 3, ANSWERS_MAX = 4000, ANSWER_TEXT = 600 };

struct log_record {
    int64_t offset;
    char key[40], value[60];
    bool is_tombstone;
    bool is_hidden; /* a marker, or of an aborted transaction */
};

struct fake_log {
    struct log_record records[LOG_MAX]; /* by offset, with gaps where it was compacted */
    size_t count;
    int64_t begin, end, stable; /* stable: below it all is committed or aborted */

    /* the tail */
    bool is_followed;
    int64_t position, end_told;
    enum kafka_obstacle obstacle; /* is told at the next fetch */
    int64_t fetchable;            /* so many records may be fetched: the broker is slow */
    bool is_unreadable;           /* by lookups */
};

struct world {
    struct host host;
    struct ktable *table;
    struct fake_log logs[PARTITIONS];
    int64_t now_ms;
    int add_result; /* of kafka_tail_add */
    int lookup_new_result, lookup_result, bounds_result;
    bool lookup_sees_nothing; /* with lookup_result: it failed before it saw anything */
    int lookups_open, readings, begun, adds, removes;
    int64_t spread; /* of the offsets of one partition in one reading, at most */

    /* answers, in order */
    struct world_answer {
        int asked;
        enum ktable_how how;
        int64_t read_to;
        char text[ANSWER_TEXT]; /* "key=value@offset ..." */
        char why[200];
    } * answers;
    size_t answer_count;
};
extern struct world world;

int world_set_up(void **state);
int world_set_up_without_cache(void **state);
int world_tear_down(void **state);

/* The group of "g/1" is "g", of "g" itself; keys that begin with a slash have none. */
size_t group_before_slash(const void *key, size_t size);

/* Writes; value NULL: a tombstone. Returns the offset. */
int64_t log_put(int32_t partition, const char *key, const char *value);
int64_t log_aborted(int32_t partition, const char *key, const char *value);
void log_marker(int32_t partition);
void log_compact(int32_t partition, int64_t below); /* keeps each key's newest record of all */
void log_drop_tombstones(int32_t partition, int64_t below);
void log_delete(int32_t partition, int64_t below); /* by age: whole, from the beginning */
void log_cut(int32_t partition, int64_t end);      /* an unclean election */

/* As many turns of the loop as there is something to do; no reading ends. */
void world_turn(void);
void world_run(void);        /* the pool has read; its answer is not there yet */
bool world_read(void);       /* the reading that is under way ends; false: there is none */
void world_settle(void);     /* turns and readings until nothing is left to do */
void world_pass(int64_t ms); /* timers fire at their times */

void world_ask(int number, int32_t partition, const char *group);
/* Asks, lets all come to rest, and says how the answer was: "read_to: key=value@offset ...", or its
 * how and why. */
const char *world_asks(int32_t partition, const char *group);

#endif
