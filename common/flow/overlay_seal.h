/* That a decision was made of an event as a person edited it: the overlay's digest, behind the flow's
 * summary of what is to be posted.
 *
 * The summary is stored with the request, before bytes leave, so that the digest stands beside F in the
 * key's record, and whoever takes over, publishes again or answers a resend tells the same. F itself is the
 * original's. Where credit is reserved the sealed summary is the reservation: who reads one opens it.
 *
 * OVERLAY_SEAL_SIZE bytes: a mark (4), the digest. Pure functions, any thread. */
#ifndef PRIMAFLOW_OVERLAY_SEAL_H
#define PRIMAFLOW_OVERLAY_SEAL_H

#include "codec/overlay.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    OVERLAY_SEAL_SIZE = 4 + OVERLAY_DIGEST_SIZE,
    OVERLAY_TOLD_MAX = 2 * OVERLAY_DIGEST_SIZE + 1
};

void overlay_seal(const uint8_t digest[static OVERLAY_DIGEST_SIZE],
                  char ret_seal[static OVERLAY_SEAL_SIZE]);

/* How many of the bytes are the flow's. `ret_digest` (NULL: not asked for): in hexadecimal, "" where
 * nobody edited. */
size_t overlay_seal_open(const char *summary, size_t size, char *ret_digest);

#endif
