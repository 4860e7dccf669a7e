/* Discarding what is parked; see parked_discard.h. */
#include "core/parked_discard.h"

#include "core/dlq_reread.h"
#include "core/parked_redis.h"

enum ops_kind parked_discard_key(struct ops *ops, const struct dead_letter *letter,
                                 const char *order, struct ops_error *ret_error)
{
    const struct parked_key key = parked_redis_key(ops, letter, order);
    struct parked_view view;
    enum verdict verdict;
    const enum ops_kind kind =
        parked_redis_say(ops, PARKED_DISCARD, &key, &verdict, &view, ret_error);
    if (kind != OPS_DONE || verdict != VERDICT_POSTED)
        return kind; /* discarded; or not parked any more, and there is nothing to be ended */
    return ops_fail(ret_error, OPS_DATA, "see primaflow why",
                    "%s is posted, and its result follows: it is not discarded", letter->natural);
}

struct discarding {
    const struct decision *decision;
    struct kafka_writer *writer;
    struct kafka_words message;
};

static int discard_one(void *user, struct letter_case *entry, const struct kafka_record *record)
{
    struct discarding *d = user;
    struct dead_letter letter;
    char place[LETTER_PLACE_MAX];
    struct decision decision = *d->decision;
    if (!dead_letter_read(record, &letter))
        return 0;
    dlq_place(entry, place);
    decision.letter = place;
    decision.delivery = letter.delivery[0] != '\0' ? letter.delivery : place;
    return decision_add(d->writer, &decision, &d->message);
}

enum ops_kind parked_discard_waiting(struct ops *ops, const struct letter_book *book,
                                     const struct letter_case *entry,
                                     const struct decision *decision, struct kafka_writer *writer,
                                     struct ops_error *ret_error)
{
    struct letter_case *waiting[PARKED_WAITING_MAX];
    struct discarding d = {.decision = decision, .writer = writer};
    int rc = 0;
    const size_t count = parked_waiting(book, entry, waiting);
    if (count == 0)
        return OPS_DONE;
    const enum ops_kind kind = dlq_reread(ops, waiting, count, discard_one, &d, &rc, ret_error);
    return kind == OPS_DONE && rc != 0 ? ops_fail_kafka(ret_error, rc, &d.message) : kind;
}
