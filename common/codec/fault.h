/* Where in a value something went wrong: a path that is kept on the stack while a value is
 * followed, and written out only for a fault.
 *
 * Invariant: a fault's message holds the path and a fixed sentence, never a value of the record:
 * values are personal data. Any thread. */
#ifndef PRIMAFLOW_CODEC_FAULT_H
#define PRIMAFLOW_CODEC_FAULT_H

#include "base/errors.h"

#include <errno.h>
#include <stddef.h>

/* Why a record could not be read: the code, and a sentence that names the field's path
 * ("lines[3].tax_lines"), never a value. */
struct codec_fault {
    enum pf_error code;
    char message[200];
};

struct path {
    const struct path *up; /* NULL: the record itself */
    const char *name;      /* of a field; NULL: an item */
    size_t index;
};

/* Fills *ret_fault: "lines[3].tax_lines[0].title: not valid UTF-8". */
void fault_fill(struct codec_fault *ret_fault, enum pf_error code, const struct path *path,
                const char *why);

/* The same; returns -EBADMSG, for a caller's return statement. Inline, so that compilers and
 * analyzers see that it is never 0. */
static inline int fault_set(struct codec_fault *ret_fault, enum pf_error code,
                            const struct path *path, const char *why)
{
    fault_fill(ret_fault, code, path, why);
    return -EBADMSG;
}

#endif
