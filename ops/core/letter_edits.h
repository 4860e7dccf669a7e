/* People's edits of dead letters, as ops.overlays has them: one JSON object a letter, its key the delivery of
 * which that is (of a letter without one its place), replaced as a whole by each edit.
 *
 *     {"letter": "orders.raw.dlq/0/17", "delivery": "orders.raw/0/5", "version": 2, "edits": [
 *       {"version": 1, "who": "ann@host", "at": "...", "reason": "...",
 *        "fields": [{"field": "lines[0].sku", "old": "A", "new": "B"}]}, ...]}
 *
 * "old" is what the channel sent, "new" null in a list takes the item out (codec/overlay.h). The topic keeps
 * them for a finite time and is compacted; which version counts says ops.decisions ("edited", written in
 * the same transaction), which is never compacted. A letter that has ended gets a tombstone.
 *
 * Personal data: for the person who edits, and for the worker; never for logs, decisions or audit, which
 * name fields alone. One thread. */
#ifndef PRIMAFLOW_OPS_LETTER_EDITS_H
#define PRIMAFLOW_OPS_LETTER_EDITS_H

#include "core/context.h"
#include "core/letter_book.h"

#include <jansson.h>

enum { EDITS_OF_LETTER_MAX = 20, EDITS_BYTES_MAX = 256 * 1024 };

struct letter_edits {
    uint64_t delivery; /* letter_digest */
    int64_t version;
    json_t *json; /* the record's; NULL: a tombstone */
};

struct edit_book {
    struct letter_edits *list;
    size_t count, room;
};

/* All that the topic has. *ret_book is released by the caller whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind edit_book_read(struct ops *ops,
                                                                 struct edit_book *ret_book,
                                                                 struct ops_error *ret_error);
void edit_book_release(struct edit_book *book);

/* Of the letter of this delivery; NULL: there are none. */
const struct letter_edits *edit_book_find(const struct edit_book *book, uint64_t delivery);

/* {field: new value, ...}, the last edit of each field: a new reference. */
json_t *letter_edits_fields(const struct letter_edits *edits);

/* What the letter is sent with: codec/overlay.h's text, which the caller frees, or NULL: nothing. `edits`
 * NULL: what it brought (`header`, which may be NULL, too). -ENOMEM. */
__attribute__((warn_unused_result)) int letter_edits_text(const struct letter_edits *edits,
                                                          const struct kafka_header *header,
                                                          char **ret_text);

/* The header in which an edit travels, the last of its name; NULL: none. */
const struct kafka_header *letter_edits_header(const struct kafka_record *record);

/* Into the writer's open transaction. `json` NULL: a tombstone. Errors as kafka_writer_add; -EMSGSIZE: too
 * much was edited. */
__attribute__((warn_unused_result)) int letter_edits_add(struct kafka_writer *writer,
                                                         const char *delivery, const json_t *json,
                                                         struct kafka_words *ret_message);

/* Tombstones for all whose letters have ended, as the judged book has them. */
__attribute__((warn_unused_result)) int letter_edits_close(const struct edit_book *edits,
                                                           const struct letter_book *letters,
                                                           struct kafka_writer *writer,
                                                           struct kafka_words *ret_message);

#endif
