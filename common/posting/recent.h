/* What Prima last said to whom: for each request type and company, the newest answer to each of the
 * last few keys. Whose fault a failure is follows from the others' answers: they pass, or they fail
 * as well, or nobody else was there to tell.
 *
 * By company, for each has a database of its own in Prima: that another one's requests pass says
 * nothing about this one's. In this process alone: what others heard, and what was heard before a
 * restart, is no evidence here. Pure memory, a fixed amount; no clock of its own: times are given,
 * monotonic, ms. Loop thread only. */
#ifndef PRIMAFLOW_RECENT_H
#define PRIMAFLOW_RECENT_H

#include "prima/answer.h"

enum { RECENT_KEYS = 16, RECENT_COMPANIES = 16 }; /* companies beyond share their places */

struct recent_answer {
    uint64_t key;
    int64_t at_ms;
    bool has_passed;
    /* it failed, others passed, and it failed again: so it says nothing about the others */
    bool is_alone;
};

struct recent_list {
    uint64_t company;                          /* 0: nobody's yet */
    struct recent_answer answers[RECENT_KEYS]; /* one a key, the oldest first */
    size_t count;
    int64_t well_since_ms, last_pass_ms; /* 0: no pass yet */
    int64_t failing_since_ms;            /* all since then, and one at least; 0: the last passed */
    int64_t last_fail_ms;
};

struct recent {
    int64_t gap_ms; /* passes further apart than this are no sign that it was well between them */
    struct recent_list lists[PRIMA_TYPE_COUNT][RECENT_COMPANIES];
};

/* What became of the other keys of this one's company; those that fail alone do not count. */
struct recent_others {
    size_t passed, failed; /* by their newest answer */
    /* the newest answer of all, however old, was a failure; false: none is there */
    bool last_failed;
};

void recent_init(struct recent *recent, int64_t gap_ms);

/* `key` is a natural key, which begins with its company and a slash. */
void recent_add(struct recent *recent, enum prima_type type, const char *key, bool has_passed,
                int64_t now_ms);

/* Those that were answered after `since_ms`, as far as they are among the last RECENT_KEYS. */
struct recent_others recent_others_of(const struct recent *recent, enum prima_type type,
                                      const char *key, int64_t since_ms);

/* Its newest answer is a failure, and another key of its company passed since, or since the failure
 * before. */
bool recent_refutes(const struct recent *recent, enum prima_type type, const char *key);

/* Requests of this type and of this key's company have passed, again and again, for at least
 * gap_ms, and until within gap_ms. */
bool recent_is_well(const struct recent *recent, enum prima_type type, const char *key,
                    int64_t now_ms);

/* For how long no request of this type has passed for one company though some were sent, the longest;
 * 0: they pass, or nobody tries any more. Also where too few fail to count as an outage. */
int64_t recent_failing_ms(const struct recent *recent, enum prima_type type, int64_t now_ms);

uint64_t recent_hash(const char *text, size_t size); /* FNV-1a; never 0 */

#endif
