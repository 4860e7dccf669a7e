/* A person's edit of a dead letter (codec/overlay.h), which came with it in a header of the worker's
 * own retry topic: nobody else's header of that name is believed.
 *
 * What the record is known by (F, goods, money) stays the original's, so that a resend of the original
 * is a duplicate of the document that was made from the edited event; what is decided, sent and
 * published is the edited event's. The header goes with the record to retry topics and dead letters,
 * so that nothing hangs on the topic in which the edit was kept. Loop thread only. */
#ifndef PRIMAFLOW_POSTING_EDIT_H
#define PRIMAFLOW_POSTING_EDIT_H

#include "posting/record.h"

/* The overlay that a record has in its headers, the last one; NULL: none. Any thread. */
const struct kafka_header *edit_header(const struct kafka_record *record);

/* What came with it, in its arena. Once, when it is read. */
void edit_read(struct record *r);

/* The edited event in place of the original, and its key, which must be the original's where that has
 * one (r->key.natural). PF_OK, or a code with r->end.detail: it is as it was. */
__attribute__((warn_unused_result)) enum pf_error edit_apply(struct record *r);

/* The summary of what was decided of it, with the overlay's digest where it has one. */
struct redis_bytes edit_seal(struct record *r, struct redis_bytes summary);

#endif
