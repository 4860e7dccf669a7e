/* Where a partition is begun to be read. As a rule at the group's committed offset; this is about
 * the rest: a group that never was here, a partition that was added, an offset that vanished (the
 * group was deleted, or nobody used it for offsets.retention.minutes), that lies before what the
 * topic still has (retention, DeleteRecords) or behind its end (the topic was made anew, or lost
 * its end), or that somebody set back.
 *
 * What decides is what ops.control remembers of the group (past.h), beside what Kafka has:
 *   - start.from holds for a group that never lived, and then for every partition that the topic
 *     has at that moment: they are noted, all at once. A partition that comes later begins at its
 *     beginning: whatever is in it was written for this group, too.
 *   - Of the input topic an offset that is gone is a question to a person (start.vanished): whether
 *     records were lost, or will be, nobody here can know. Retry and replay topics begin at what
 *     they have: those records are ours, each names its delivery, and a delivery that has ended, or
 *     lives on in another record, is passed over (ended.h).
 *   - Where what follows was, or may have been, read before, by this group or by one of another name
 *     that wrote to the same topics, records below `ground` are looked up first.
 * Pure. */
#ifndef PRIMAFLOW_START_H
#define PRIMAFLOW_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to begin; beside KAFKA_START_BEGINNING and KAFKA_START_END, and times. */
enum { START_ASK = -3, START_REMEMBERED = -4 };

enum start_kind {
    START_GOES_ON,       /* at the committed offset */
    START_PASSES_MARKER, /* ... and what is missing before the topic's beginning is the mark of a
                            transaction */
    START_AGAIN,         /* the offset was set back */
    START_FIRST,         /* of a group that never lived */
    START_NOTED,         /* ... that did not come to its first commit */
    START_NEW,           /* a partition that was added */
    START_VANISHED,      /* the group had an offset, and has none any more */
    START_DELETED,       /* what it had not read yet was deleted */
    START_BEYOND         /* its offset lies behind the end */
};

struct start_facts {
    bool is_input;
    int64_t committed;  /* -1: none */
    int64_t low, high;  /* of the partition */
    int64_t remembered; /* the highest committed offset that ops.control knows; -1: none */
    int64_t ground;     /* as somebody found it before, who did not come to its end; 0: none */
    int64_t noted;      /* where the group began it; -1: not noted */
    bool is_begun;      /* the group's beginning in this topic is noted */
    bool has_siblings;  /* other partitions of the topic have a committed offset */
    bool
        lived; /* something shows that the group was at work once, or this is not its first topic */
    bool has_endings; /* results or dead letters are there, a group's of another name perhaps */
};

struct start {
    enum start_kind kind;
    int64_t offset;  /* -1: start.from (START_FIRST) or start.vanished (asks) says */
    int64_t ground;  /* records below it may have been read before; 0: none */
    int64_t missing; /* offsets that are gone and were not read: at most so many records */
    bool asks;
};

struct start start_decide(const struct start_facts *facts);

/* What start.vanished says of it; a time is looked up by the caller (-1). `answer` is not
 * START_ASK. */
int64_t start_answer(const struct start *start, const struct start_facts *facts, int64_t answer);

/* For people: what became of the offset. */
const char *start_describe(const struct start *start, const struct start_facts *facts,
                           const char *topic, int32_t partition, char *text, size_t room);

#endif
