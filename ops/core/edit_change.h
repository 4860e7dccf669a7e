/* What an edit makes of a letter's overlay: from the fields that were edited before, and what is set or undone
 * now, to the text that travels and the record of ops.overlays (letter_edits.h). Pure; owned by the caller,
 * zeroed at first: edit_change_release. */
#ifndef PRIMAFLOW_OPS_EDIT_CHANGE_H
#define PRIMAFLOW_OPS_EDIT_CHANGE_H

#include "codec/fault.h"
#include "core/letter_edits.h"

struct edit_change {
    json_t *event; /* what the channel sent, by today's schema; edit_change_release frees it */
    json_t *before, *after; /* {field: new value} */
    json_t *record;         /* of ops.overlays; NULL: there is none yet */
    bool is_carried; /* `before` came in the letter's header: from the letter that was retried */
    char *overlay;   /* the text; NULL: nothing is left */
};

/* Begins with what is there: the letter's own edits, or (edits NULL) what it brought in a header. -ENOMEM. */
__attribute__((warn_unused_result)) int edit_change_begin(struct edit_change *change,
                                                          const struct letter_edits *edits,
                                                          const struct kafka_header *header);
void edit_change_release(struct edit_change *change);

/* {path: text}, of which a number or a truth is read where one stands now; {path: value} as it is. What is as
 * the channel sent it is no edit. Either may be NULL. */
void edit_change_set(struct edit_change *change, const json_t *texts, const json_t *values);
/* Without the last edit. -ENOENT: there is none. -ENOMEM. */
__attribute__((warn_unused_result)) int edit_change_undo(struct edit_change *change);

/* Fills in `overlay`. 0; -EINVAL with the fault. */
__attribute__((warn_unused_result)) int edit_change_write(struct edit_change *change,
                                                          struct codec_fault *ret_fault);

/* All that it comes to: [{"field", "old", "new", "earlier": true where it stood before}]. */
json_t *edit_change_list(const struct edit_change *change);
/* What is changed now: [{"field", "old", "new"}], without "new" where it goes back to the channel's. */
json_t *edit_change_fields(const struct edit_change *change);

/* Who edits, and of which letter. */
struct edit_author {
    const char *letter, *delivery, *who, *reason;
    int64_t version, at_ms;
    bool undoes;
};
/* Brings `record` up to date. -ENOMEM. */
__attribute__((warn_unused_result)) int edit_change_record(struct edit_change *change,
                                                           const struct edit_author *author);

#endif
