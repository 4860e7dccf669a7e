/* A person's edit of one dead letter: fields set anew on what the channel sent, which itself is never
 * changed. It is tried before it is accepted, by the worker's own decision with today's mappings and Prima's
 * answers of now: what does not fit the schema, or would be a dead letter again, is refused. `dlq retry`
 * sends the letter with it.
 *
 * Several edits of one letter add up; the last one can be undone. Each is written with the pen
 * (decision.h), with decision and audit in one transaction, and names the version that it follows: whoever
 * edited meanwhile wins, and this one is told so. Killed at any point and run again: it was written, and the
 * same edit changes nothing, or it was not. What is parked, or in Prima, is never edited.
 *
 * Personal data is in ops.overlays alone; decisions and audit name fields. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_EDIT_H
#define PRIMAFLOW_OPS_DLQ_EDIT_H

#include "core/dlq.h"
#include "core/letter_trial.h"

#include <jansson.h>

struct dlq_edit_options {
    struct letter_place place;
    /* {path: text}: of a number or a truth the text is read as one; and {path: value} as it is. Either may
     * be NULL */
    const json_t *texts, *values;
    bool undoes;              /* instead: the last edit is taken back */
    const char *who, *reason; /* reason: when it writes */
    int64_t expects;          /* the version that it follows; -1: the one that is there now */
    int64_t since_ms;         /* how far back letters are read */
    bool writes;              /* false: only says what it would do */
};

struct dlq_edited {
    struct dead_letter letter;
    int64_t version; /* of the overlay, when this is written */
    /* an array of {"field", "old", "new", "earlier": true where it stood before}: all that the letter is
     * sent with; "old" is the channel's. Personal data */
    json_t *fields;
    char digest[20]; /* of the overlay; "": none is left */
    bool has_trial;
    struct trial trial; /* what it would become, also of a refused one */
    bool written;
};

/* OPS_USAGE: a path or value that cannot be, a version that is not the last. OPS_DATA: no such letter, or it
 * is not to be edited; or it would be a dead letter again. *ret_edited is released by the caller whatever is
 * returned. */
__attribute__((warn_unused_result)) enum ops_kind dlq_edit(struct ops *ops,
                                                           const struct dlq_edit_options *options,
                                                           struct dlq_edited *ret_edited,
                                                           struct ops_error *ret_error);
void dlq_edited_release(struct dlq_edited *edited);

#endif
