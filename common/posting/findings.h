/* What records of this process are finding out now, each for all: whether Prima has a product,
 * whose account a customer's is. The others that need the same wait for them, ask nobody meanwhile,
 * and look again as soon as they are through. About load alone: whoever is told nothing looks again
 * by itself after a while, and what is found out is kept elsewhere (catalogue.h, accounts.h). Loop
 * thread only. */
#ifndef PRIMAFLOW_FINDINGS_H
#define PRIMAFLOW_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record;

enum { FINDING_TAG_SIZE = 16 };

struct finding {
    uint8_t tag[FINDING_TAG_SIZE];
    const struct record *by;
};

struct findings {
    struct finding *list;
    size_t count, room;
    struct record *waiting; /* linked by finding_next */
};

/* Another record finds this out. */
bool findings_is_under_way(const struct record *r, const uint8_t tag[static FINDING_TAG_SIZE]);
/* Until findings_end: also while it waits to ask again. Twice is as once. */
void findings_begin(struct record *r, const uint8_t tag[static FINDING_TAG_SIZE]);
/* This record is through with all that it was finding out: those who wait look again. Nothing when
 * there was nothing. */
void findings_end(struct record *r);

/* Rests until somebody is through, or so long; then `go`. */
void findings_wait(struct record *r, int64_t ms, void (*go)(struct record *));
/* It is dropped, or goes another way: it neither finds out nor waits any more. */
void findings_leave(struct record *r);

#endif
