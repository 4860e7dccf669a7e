/* What is known of one order, as far as stock is concerned, and what follows when something more is
 * told: the facts as they came, each by a rule of its own that does not ask when it came, and the
 * reservations that were written of them.
 *
 * How each is taken
 *   - An event: of two versions the higher one counts; of two with one number the one that came
 *     later, unless that would undo a cancellation. A lower one changes nothing.
 *   - The ledger's entry: of two the one with the higher version of its own; the later one of two
 *     with one number. Prima has what the first one says since it was posted; what a later one says,
 *     which is a person's word that the document was amended or found, since that was written: a
 *     read from in between does not have it.
 *   - The result of posting: on hold, or not. Until it has come a document counts as held, where
 *     Prima allocates on release: what is taken for allocated too early is sold again.
 *   - A person's discard: it ends versions of the event that are not newer than it is (the event's
 *     own time against the discard's), until a document says otherwise.
 *   - A confirmation that Prima's own figure has a reservation: of the very record that it names, and
 *     no other.
 *   - An event that names a channel which the mappings do not know is remembered by its place and
 *     version as a gap, and changes nothing else.
 *
 * What is known is kept in full (reservation_pack.h), not what followed from it: which of an order's
 * units Prima has is worked out anew each time, by the rules of today.
 *
 * Pure functions in the caller's arena; texts point into their sources. Any thread. */
#ifndef PRIMAFLOW_RESERVATION_FACTS_H
#define PRIMAFLOW_RESERVATION_FACTS_H

#include "domain/events/order_result.h"
#include "domain/events/stock_confirmation.h"
#include "domain/events/stock_order.h"
#include "domain/stock/stock_reserve.h"

struct reservation_gap {
    size_t line; /* of the event, from 1; 0: all of it */
    enum stock_gap_what what;
};

struct reservation_document {
    int64_t version;   /* of the event that was posted; 0: not known */
    int64_t entry;     /* of the ledger's entry */
    int64_t posted_at; /* or written, of an entry that is not the first; ms since 1970 UTC */
    struct stock_row *lines;
    size_t count; /* depot "": none is named */
};

struct reservation_facts {
    struct stock_want want; /* its gaps are below; version INT64_MIN: no event was seen */
    int64_t event_time;     /* ms since 1970 UTC */
    struct reservation_gap *gaps;
    size_t gap_count;
    int64_t gap_version, gap_offset; /* of the event that has them, in orders.raw */
    bool has_document;
    struct reservation_document document;
    enum stock_order_hold hold;
    bool is_discarded;
    int64_t discarded_at;           /* ms since 1970 UTC */
    int64_t since, changed_at;      /* ms since 1970 UTC */
    struct stock_reservation *rows; /* written, and not ended */
    bool *confirmed;                /* of each: Prima's own figure has it */
    size_t count;
};

/* Nothing is known. */
struct reservation_facts reservation_facts_none(void);

/* Each changes *facts and returns whether there was anything new. */

/* `offset`: of its record. 1, 0; -ENOENT: its channel is not in channels.yaml, which is remembered
 * (*ret_is_new: and is new); -EINVAL: it contradicts itself, with *ret_detail a sentence without
 * values, and nothing is remembered; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_hear_event(
    struct reservation_facts *facts, const struct order_event *event, int64_t offset,
    const struct order_rules *rules, struct arena *arena, bool *ret_is_new,
    const char **ret_detail);
/* `written_at`: the time of its record. 1, 0; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_hear_entry(struct reservation_facts *facts,
                                                               const struct ledger_entry *entry,
                                                               int64_t written_at,
                                                               struct arena *arena);
bool reservation_hear_confirmation(struct reservation_facts *facts,
                                   const struct stock_confirmation *confirmation);
bool reservation_hear_result(struct reservation_facts *facts, const struct order_result *result);
/* is_discarded false: the ledger says something else now, or nothing. */
bool reservation_hear_discard(struct reservation_facts *facts, bool is_discarded, int64_t at);

/* No reservation of it counts anywhere, or ever will again by itself: each is confirmed, or of no
 * units. */
bool reservation_facts_are_over(const struct reservation_facts *facts);

/* What is to be written after something was heard at `now` (the time of its record, ms since 1970
 * UTC), in this order; *facts remembers it. None: readers have it all. 0; -ENOENT: the document's
 * channel is not in channels.yaml, and nothing is written; -ENOMEM. */
__attribute__((warn_unused_result)) int reservation_settle(const struct stock_reserve_key *key,
                                                           struct reservation_facts *facts,
                                                           const struct order_rules *rules,
                                                           int64_t now, struct arena *arena,
                                                           struct stock_change **ret_changes,
                                                           size_t *ret_count);

#endif
