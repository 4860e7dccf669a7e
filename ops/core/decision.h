/* What people decide of dead letters, as ops.decisions has it: one JSON object a decision, in the order
 * of the log, which is what counts.
 *
 * Who decides takes the pen first (a transactional id that one process holds at a time), then reads the
 * log to its end, and only then writes: nobody's decision stands on a state that another one has changed
 * meanwhile. Who lost the pen writes nothing, and is told so.
 *
 * No personal data of customers; `who` is whoever works. One thread. */
#ifndef PRIMAFLOW_OPS_DECISION_H
#define PRIMAFLOW_OPS_DECISION_H

#include "core/context.h"
#include "core/letter_book.h"

enum decision_kind {
    DECISION_RETRIED,
    DECISION_DISCARDED,
    DECISION_ASSIGNED,
    DECISION_NOTED,
    DECISION_SNOOZED,
    DECISION_AMENDED, /* core/amended.h's, of a key */
    /* core/parked.h's: its worker has it again, as posted, or to be sent */
    DECISION_ADOPTED,
    DECISION_RELEASED,
    DECISION_EDITED, /* its overlay is another one now: core/letter_edits.h */
    DECISION_REMEMBERED, /* core/exceptions_report.h's: what is known of a letter whose bytes are about to go */
    DECISION_KINDS
};
const char *decision_name(enum decision_kind kind); /* as in the log: "retried" */

struct decision {
    enum decision_kind kind;
    const char *letter;   /* its place, topic/partition/offset */
    const char *delivery; /* at which it entered; of a letter without one its place */
    const char *key;      /* K; "" nobody could tell */
    const char *who;      /* "ann@host" */
    const char *reason;
    const char *assignee; /* DECISION_ASSIGNED: "" nobody any more */
    int64_t until_ms;     /* DECISION_SNOOZED, wall */
    int64_t version;      /* DECISION_AMENDED; DECISION_EDITED: of the overlay, from 1;
                           * DECISION_REMEMBERED: of the letter */
    /* DECISION_EDITED: names of the fields, never values; digest of the overlay, "" none is left */
    const char *fields, *digest;
    /* DECISION_REMEMBERED: its code's name, its topic key, when it was written, what is at stake ("":
     * not known) */
    const char *code, *order, *currency;
    int64_t letter_at_ms, minor;
    int64_t at_ms;
};

/* What a record of the log says; texts live in *ret_json, which is the caller's to release. False: it is
 * none of these, and *ret_json is NULL. */
struct json_t;
bool decision_read(const struct kafka_record *record, struct decision *ret_decision,
                   struct json_t **ret_json);

/* Adds it to the writer's open transaction. -EINVAL: a text is not UTF-8. Else as kafka_writer_add. */
__attribute__((warn_unused_result)) int decision_add(struct kafka_writer *writer,
                                                     const struct decision *decision,
                                                     struct kafka_words *ret_message);

/* The pen. `bytes`: about what is written with it in one transaction. */
__attribute__((warn_unused_result)) enum ops_kind decisions_pen(struct ops *ops, size_t bytes,
                                                                struct kafka_writer **ret_writer,
                                                                struct ops_error *ret_error);

/* Reads the log from *position (0 at first; the topic has one partition) to all that is written, tells
 * each decision, and moves *position behind it. */
typedef int (*decision_seen)(void *user, const struct decision *decision);
__attribute__((warn_unused_result)) enum ops_kind decisions_read(struct ops *ops, int64_t *position,
                                                                 decision_seen seen, void *user,
                                                                 struct ops_error *ret_error);

/* The letter that is remembered, as far as it is known. False: it is no such decision. */
bool decision_letter(const struct decision *decision, struct dead_letter *ret_letter);
/* Enters a letter that is remembered and has no bytes any more: the book, which has all that there are from
 * its time on, lacks it. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int decision_recall(struct letter_book *book,
                                                        const struct decision *decision);

/* What a decision does to the book, before it is judged. 0; -ENOMEM. */
__attribute__((warn_unused_result)) int decision_apply(struct letter_book *book,
                                                       const struct decision *decision);

#endif
