/* Does one cause stop many records? Of the last distinct keys that ended in this process, which
 * share ended with one code that hangs on the record and on the mappings alone: a mapping that
 * is missing or wrong, a channel that sends something new. The same end for each of them comes
 * again however often they are tried.
 *
 * A key counts once, by its last end. A surge begins when the window is full and a code has its
 * share of it, and ends when that code has less than half of that. Embedded, zeroed; loop thread
 * only. */
#ifndef PRIMAFLOW_SURGE_H
#define PRIMAFLOW_SURGE_H

#include "base/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SURGE_KEYS_MAX = 1000 };

struct surge {
    size_t keys;   /* deadletter.surge_keys, at most SURGE_KEYS_MAX: of the window */
    size_t needed; /* so many of them are a surge; half of that is its end */
    struct surge_end {
        uint64_t key; /* a hash */
        uint16_t code;
    } ends[SURGE_KEYS_MAX]; /* a ring */
    size_t next, count;
    uint16_t counts[PF_ERROR_COUNT];
    enum pf_error code; /* of the surge; PF_OK: there is none */
};

void surge_init(struct surge *surge, size_t keys, int share_percent);

/* A key, by a hash that is not 0, ended with this code; PF_OK: with none. True: `surge->code` is
 * another one now. */
bool surge_see(struct surge *surge, uint64_t key, enum pf_error code);

/* As if nothing had been seen: what they ended by has changed. */
void surge_reset(struct surge *surge);

#endif
