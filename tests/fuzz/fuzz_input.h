/* What several targets need of an input: its first bytes as choices, the rest as texts or as a
 * file.
 *
 * An input is never shorter than what is asked of it: past its end there are zeros and empty texts.
 * One thread. */
#ifndef PRIMAFLOW_FUZZ_INPUT_H
#define PRIMAFLOW_FUZZ_INPUT_H

#include "base/arena.h"
#include "fuzz_target.h"

#include <stdbool.h>

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next byte, as a choice among `count`. */
size_t fuzz_choose(struct fuzz_input *in, size_t count);

/* The bytes up to the next NUL (which is skipped) or the end, as a text in the arena; never
 * NULL. */
const char *fuzz_text(struct fuzz_input *in, struct arena *arena);

/* The i-th file of this process in memory, with these bytes in it; its path works as long as the
 * process lives. i < 2. */
const char *fuzz_file(size_t i, const void *bytes, size_t size);

/* Where a target may make a file; short enough for the address of a socket. */
const char *fuzz_folder(void);

/* Whether a file with regular expressions in it may cost the C library minutes to compile or to
 * match: repetition counts, back-references or many stars. Such patterns are the operator's own
 * choice, and no finding. */
bool fuzz_is_costly(const void *bytes, size_t size);

#endif
