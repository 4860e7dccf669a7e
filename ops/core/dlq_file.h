/* Dead letters out of Kafka into a file, and from there to their workers again: for those whose retention ends
 * before anybody can decide, and for another cluster's. Lines of letter_file.h.
 *
 * Both are in ops.audit. What is exported stays what it is; what is imported goes the way of a retry
 * (dlq_retry.h), once: what has been retried, discarded or settled since, also a letter that has left
 * Kafka long ago, is left out. Killed at any point and run again, nothing is sent twice. One thread. */
#ifndef PRIMAFLOW_OPS_DLQ_FILE_H
#define PRIMAFLOW_OPS_DLQ_FILE_H

#include "core/complaints.h"
#include "core/dlq.h"
#include "core/dlq_retry.h"

#include <jansson.h>
#include <stdio.h>

/* Takes a line, which stays the caller's. Not 0: it cannot be written, and the export ends. */
typedef int (*letter_line_take)(void *user, const json_t *line);

struct dlq_exported {
    int64_t written, gone;
};

/* These letters of the book, in the order of their places; ops.audit is told before the first one, or there is
 * none. *ret_rc: what `take` ended it with. */
__attribute__((warn_unused_result)) enum ops_kind dlq_export(
    struct ops *ops, struct letter_case *letters[], size_t count, const char *who,
    const char *reason, letter_line_take take, void *user, struct dlq_exported *ret_exported,
    int *ret_rc, struct ops_error *ret_error);

/* A file's letters among those of Kafka, with what became of each. Zeroed; dlq_import_release. */
struct dlq_import {
    FILE *in; /* the caller's; it can be read twice */
    const char *name;
    struct letter_book book;
    struct letter_case **letters; /* of the file, each once */
    size_t count, room;
    size_t left[LETTER_STATES];
};

/* Checks every line, and finds out what became of the letters. OPS_DATA: lines are wrong (ret_complaints), or
 * the file can be read once only. *import is released by the caller whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind dlq_import_read(
    struct ops *ops, struct dlq_import *import, struct complaints *ret_complaints,
    char ret_incomplete[static KAFKA_TEXT_MAX], struct ops_error *ret_error);
void dlq_import_release(struct dlq_import *import);

/* Leaves those of `letters` that are open (again: or retried); the others are counted in `left`. */
void dlq_import_choose(struct dlq_import *import, bool again);

/* Sends them; `options` as of dlq_retry. */
__attribute__((warn_unused_result)) enum ops_kind dlq_import_send(
    struct ops *ops, struct dlq_import *import, const struct dlq_retry_options *options,
    struct dlq_retried *ret_retried, struct ops_error *ret_error);

#endif
