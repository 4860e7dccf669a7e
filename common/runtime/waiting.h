/* Which version of a key was last told to wait by policy (flow.h, FLOW_WAITS). Later events of such a key may pass, so that two versions of
 * one order can wait side by side for the same mapping: when it is there, the older one must not be posted first, or the newer one would be
 * a conflict that a person has to settle.
 *
 * A memory of this process, no proof: what it forgets (a restart, another key in the same place) costs that conflict, nothing else.
 * Bounded: one place for each of a few thousand keys, the latest key has it. Embedded, zeroed at first. Loop thread only. */
#ifndef PRIMAFLOW_WAITING_H
#define PRIMAFLOW_WAITING_H

#include <stdbool.h>
#include <stdint.h>

enum { WAITING_PLACES = 4096 };

struct waiting {
    struct waiting_place {
        uint64_t key; /* digest; 0: nobody's */
        int64_t version;
    } places[WAITING_PLACES];
    bool any; /* most shops' orders never wait */
};

/* This version of a natural key waits; 0: its channel has no versions, nothing is remembered. */
void waiting_note(struct waiting *waiting, const char *natural, int64_t version);

/* Whether a newer version than this one waits, or waited. */
bool waiting_has_newer(const struct waiting *waiting, const char *natural, int64_t version);

#endif
