/* Flags in few bytes, for the summary of what was decided: count, then code, at, count each.
 *
 * Invariants: a code is the first 16 bits of its name's SHA-256, so that a new row in the catalogue
 * moves none; no two names share them. Numbers as in base/varint.h. Pure functions, after the first
 * call: any thread. */
#ifndef PRIMAFLOW_FLAGS_PACK_H
#define PRIMAFLOW_FLAGS_PACK_H

#include "base/varint.h"
#include "domain/flags/flags.h"

void flags_put(struct buf *out, const struct flags *flags);

/* More than FLAGS_MAX, and a code that is none, make the reader bad. */
void flags_take(struct varint_reader *r, struct flags *ret_flags);

#endif
