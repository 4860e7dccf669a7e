/* A person's word about what is parked: whether Prima has its document is not known, and nobody
 * sends it meanwhile.
 *   resolve  asks Prima as the worker does; found, and proven ours: the worker posts it
 *   adopt    Prima's document is ours, says a person with evidence: its number is there, and its
 *       sum agrees
 *   release  Prima does not have it, and nobody can be sending it any more: it is sent again
 * What waits behind it goes on with it, and nothing is ever edited.
 *
 * The key in Redis is changed first (idempotency/key_parked.h), with the pen in hand
 * (decision.h); then the dead letter's copy for the worker, the decision, the ledger's word and
 * the audit are one transaction. Results and ledger entries are the worker's own, by its own
 * protocol. Killed at any point and run again, it goes on: a key that was adopted is posted by
 * whoever comes with its content, one that was claimed for release is anybody's after its lease,
 * and of neither anything was sent. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_H
#define PRIMAFLOW_OPS_PARKED_H

#include "core/parked_prima.h"
#include "idempotency/key_parked.h"

enum parked_act { PARKED_ACT_RESOLVE, PARKED_ACT_ADOPT, PARKED_ACT_RELEASE };

struct parked_options {
    enum parked_act act;
    const char *id;       /* as of parked_find */
    const char *document; /* adopt: Prima's number of it */
    const char *who;      /* "ann@host" */
    const char *reason;   /* adopt: the evidence. No names of customers */
    int64_t since_ms;     /* how far back letters are read */
    bool force;           /* adopt: though its sum was not compared, or differs */
    bool writes;          /* false: only says what it would do */
};

struct parked_told { /* as far as it went */
    struct dead_letter letter;
    char place[LETTER_PLACE_MAX], number[LETTER_KEY_MAX];
    bool is_asked;
    struct parked_prima prima;
    struct parked_view key;
    size_t waiting;          /* later versions behind it */
    bool is_by_todays_rules; /* adopt: Redis has lost what was sent; the proof is today's */
    bool written;
};

/* OPS_DATA: it cannot be done, and the text says what lacks. OPS_UNAVAILABLE: a service does not
 * answer, a worker has the key, or the wait is not over. */
__attribute__((warn_unused_result)) enum ops_kind ops_parked(struct ops *ops,
                                                             const struct parked_options *options,
                                                             struct parked_told *ret_told,
                                                             struct ops_error *ret_error);

#endif
