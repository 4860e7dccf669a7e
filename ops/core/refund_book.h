/* Refunds, each with what the topics tell of it, and where it stands: what `why` says of an order's
 * refunds and what `report refunds` lists.
 *
 * First every message is entered, in any order; then each refund is judged by all of its messages.
 *
 * Invariants: no personal data; at most REFUND_BOOK_MAX refunds; amounts are minor units of the
 * shop's currency, those of the newest version that could be read. Pure but for its memory. One
 * thread. */
#ifndef PRIMAFLOW_OPS_REFUND_BOOK_H
#define PRIMAFLOW_OPS_REFUND_BOOK_H

#include "base/table.h"
#include "core/refund_message.h"

enum { REFUND_BOOK_MAX = 2000000 };

/* One message, as far as judging needs it. */
struct refund_mark {
    enum topic_role role;
    int64_t at_ms;
    uint64_t delivery, resolves; /* digests of both; 0: none */
    enum pf_error code;
    enum outcome outcome; /* of a result */
};

/* One refund. Texts are its own. */
struct refund_case {
    const char *natural, *order; /* K; its order's topic key, "" not known */
    const char *company, *refund_id;
    const char *document;    /* of its note; NULL: no result names one */
    bool is_before_despatch; /* its newest version takes back units that never left */
    bool has_money;          /* a version could be read */
    struct refund_money_told money;
    int64_t version;
    struct refund_mark *marks;
    size_t mark_count;
    char *texts;
};

/* Where it stands; the word of each: refund_place_name. */
enum refund_place {
    REFUND_CREDITED, /* its note is in Prima */
    REFUND_SETTLED,  /* it ended without a note, by the rules */
    REFUND_STOPPED,  /* dead letter: Prima has nothing of it */
    REFUND_PARKED,   /* dead letter: whether Prima has its note, a person must tell */
    REFUND_WAITING,  /* in a retry topic */
    REFUND_UNREAD,   /* no worker has settled it yet */
    REFUND_PLACES
};
const char *refund_place_name(enum refund_place place);

struct refund_standing {
    enum refund_place place;
    enum pf_error
        code; /* of a dead letter, a wait; of what is credited: an exception that is open */
    enum outcome
        outcome;      /* of what is credited or settled; OUTCOME_COUNT: a person has discarded it */
    int64_t since_ms; /* when that began */
};

struct refund_book {
    struct table by_key;
    struct refund_case **cases; /* in the order of entering */
    size_t count, room;
};

void refund_book_release(struct refund_book *book);

/* 0; -ENOMEM: more than REFUND_BOOK_MAX refunds, or no memory. */
__attribute__((warn_unused_result)) int refund_book_enter(struct refund_book *book,
                                                          const struct refund_message *message);

/* By its messages alone; sorts them by time. */
struct refund_standing refund_judge(struct refund_case *refund);

/* Redis knows better: posted, or discarded by a person ('p', 'd' of scripts/record.lua). */
void refund_correct(struct refund_standing *standing, char redis_state);

/* Whose turn it is: PF_OWNER_NONE of what is credited without an exception, or settled. */
enum pf_owner refund_owner(const struct refund_standing *standing);

/* "refund_mismatch", ...; of what is settled its outcome; of what waits for no one "retry" or
 * "not_processed". */
const char *refund_reason(const struct refund_standing *standing);

#endif
