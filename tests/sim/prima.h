/* The simulated Prima: orders and credit notes by number, and all that it is known to do to a request: answers
 * late, applies later than its answer was given up, loses the answer, answers in strange words, with
 * 5xx, 401, a 429, or not at all. */
#ifndef PRIMAFLOW_SIM_PRIMA_H
#define PRIMAFLOW_SIM_PRIMA_H

#include "sim.h"

enum { NUMBER_MAX = 32 };

struct document {
    char number[NUMBER_MAX];
    char content[NUMBER_MAX];
    char order[NUMBER_MAX]; /* of a credit note; "": it is an order itself */
    int count;              /* how often it was posted */
    int64_t total;          /* what it comes to, minor units */
    int64_t at_ms;
};
enum { DOCUMENTS_MAX = 256 };

struct prima_world {
    struct document documents[DOCUMENTS_MAX];
    size_t count;
    int hostile_per_mille; /* of requests, something goes wrong with */
    int64_t away_until_ms, denies_until_ms;
    struct tally { /* of one number */
        char number[NUMBER_MAX];
        int sends, unknown; /* that left; whose outcome the sender cannot know */
        int doubts; /* a process was gone, or let go, between the record of a send and its outcome */
        bool is_stored[SIM_PROCESSES]; /* ... it is there just now */
    } tallies[DOCUMENTS_MAX];
    size_t tally_count;
};
extern struct prima_world prima_world;

void prima_begin(void);
/* Redis has a send of this key on record for this process, or what came of it. */
void prima_stored(const char *key, size_t size, const struct process *p, bool is_stored);
struct document *prima_find(const char *number);
struct tally *prima_tally(const char *number);
/* What its notes come to. */
int64_t prima_credited(const char *order_number);
/* The order is changed by a person. It is wrong when its notes come to more than that. */
void prima_amend(const char *order_number, int64_t total);
/* A send of this key was taken over: nobody knows whether it left. */
void prima_doubt(const char *key, size_t size);

#endif
