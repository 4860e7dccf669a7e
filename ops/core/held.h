/* Orders that were posted on hold, as exceptions beside the dead letters: each is somebody's
 * turn until a person says that it was seen to, or Prima shows it released. A result has what is
 * told of one. One thread. */
#ifndef PRIMAFLOW_OPS_HELD_H
#define PRIMAFLOW_OPS_HELD_H

#include "core/dlq.h"
#include "core/letter_result.h"

/* Enters a result that was posted on hold. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int held_enter(struct letter_book *book,
                                                   const struct kafka_record *record,
                                                   const struct letter_result *result);

/* The result as a letter; false: it was not posted on hold. */
bool held_read(const struct kafka_record *record, const struct letter_result *result,
               struct dead_letter *ret_letter);

/* Asks Prima (OrderSearch) about the open ones of the book, from a week before the oldest of
 * them: who is on hold no more is resolved. ret_why_not: which could not be asked, in words, or
 * "". */
void held_ask_prima(struct ops *ops, struct letter_book *book, int64_t now_ms,
                    char ret_why_not[static KAFKA_TEXT_MAX]);

#endif
