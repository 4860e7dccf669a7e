/* What a script's reply says, typed: its verdict, and what goes with that. Nobody else looks into a
 * raw reply. Texts and bytes live as long as the reply. A reader is for the verdicts that its
 * comment names; of another reply it gives zeros. Any thread. */
#ifndef PRIMAFLOW_KEYS_REPLY_H
#define PRIMAFLOW_KEYS_REPLY_H

#include "redis/redis.h"

enum { TOKEN_SIZE = 16, IDENTITY_SIZE = 33, GOODS_SIZE = 16, MONEY_SIZE = 8 };

enum verdict {
    VERDICT_SUSPECT,   /* this is not the Redis we know */
    VERDICT_SLOT_LOST, /* another process has our slot */
    VERDICT_STALE,     /* a newer generation touched the record */
    VERDICT_LOST,      /* somebody else's token */
    VERDICT_DEFERRED,
    VERDICT_CLAIMED,
    VERDICT_BUSY,
    VERDICT_TAKEOVER,
    VERDICT_POSTED,
    VERDICT_REFUSED,
    VERDICT_PARKED,
    VERDICT_DISCARDED,
    VERDICT_CANCELLED,
    VERDICT_SENT,
    VERDICT_WAIT,
    VERDICT_GO,
    VERDICT_FINISHED,
    VERDICT_UNPROVEN,
    VERDICT_ABSENT,
    VERDICT_RENEWED,
    VERDICT_RELEASED,
    VERDICT_PAUSED,
    VERDICT_RESTORED,
    VERDICT_KEPT,
    VERDICT_KNOWN,
    VERDICT_UNSURE,
    VERDICT_ANSWERED,
    VERDICT_TAKEN,
    VERDICT_HEARD,
    VERDICT_OVER,
    VERDICT_ENDED,
    VERDICT_MOVED,      /* what it was decided on is no more: by `sent` and `refuse` with credit */
    VERDICT_SUPERSEDED, /* a newer version of the key waits by policy */
    VERDICT_UNREADABLE, /* the key's value is none that this version's scripts wrote */
    VERDICT_DEFECT,     /* Redis refused the script itself: a defect of ours */
    VERDICT_COUNT
};

enum verdict keys_verdict(const struct redis_reply *reply);

int64_t keys_wait_ms(const struct redis_reply *reply);          /* BUSY, WAIT */
int64_t keys_stale_fence(const struct redis_reply *reply);      /* STALE: the newer one */
const char *keys_refused_code(const struct redis_reply *reply); /* REFUSED; "" when there is none */
int64_t keys_sends(const struct redis_reply *reply);       /* SENT, by `sent` and `claimsent` */
int64_t keys_finished_ms(const struct redis_reply *reply); /* FINISHED: when it was posted */
/* Of what takes credit, its reservation's number; 0: none. FINISHED; PARKED, by `park`, `refuse` and
 * `answered` */
int64_t keys_finished_number(const struct redis_reply *reply);
/* FINISHED, of what takes credit: which exception of its order is open: "order_amended",
 * "cancelled_after_posting"; "": none, or nobody knows. */
const char *keys_finished_related(const struct redis_reply *reply);
int64_t keys_parked_number(const struct redis_reply *reply);
struct redis_bytes keys_senders(const struct redis_reply *reply); /* RENEWED: scripts/common.lua */

struct keys_takeover {       /* TAKEOVER */
    const uint8_t *identity; /* F of what was sent, or NULL */
    struct redis_bytes request, summary;
    int64_t version;
    int64_t absence_wait_ms; /* until absence counts */
    bool proven;             /* found, it is ours */
    bool is_from_lost_redis; /* a send is from before Redis was lost */
    struct redis_bytes senders;
};
struct keys_takeover keys_takeover(const struct redis_reply *reply);

struct keys_parked {  /* PARKED, by `claim` */
    bool may_be_ours; /* the content is ours, or unknown */
    char code[64];
    const uint8_t *identity; /* or NULL */
    struct redis_bytes summary;
    bool proven;
    int64_t number; /* of what takes credit: its reservation's; 0: none */
};
struct keys_parked keys_parked(const struct redis_reply *reply);

/* What a posted key has to do with the delivery that asks (scripts/life.lua). */
enum keys_posted_by {
    POSTED_BY_OWN_DELIVERY,     /* it published `posted`, or is to */
    POSTED_WITH_SAME_CONTENT,   /* nothing is new */
    POSTED_WITH_OTHER_CONTENT,  /* by an earlier version of primaflow: what differs is not known */
    POSTED_NEWER,               /* it is older than what is known */
    POSTED_MONEY_MOVED,         /* the same goods (or the same amendment), other money */
    POSTED_AMENDED,             /* other goods: it opens an amendment */
    POSTED_AMENDED_MORE,        /* ... it adds to the open one */
    POSTED_AMENDED_SAME,        /* ... the open one has these goods already */
    POSTED_AMENDMENT_ENDED,     /* the document's goods again, while an amendment was open */
    POSTED_THEN_CANCELLED,      /* the channel took it back */
    POSTED_THEN_CANCELLED_SAME, /* ... as is known */
    POSTED_BY_COUNT
};
struct keys_posted { /* POSTED */
    enum keys_posted_by by;
    struct redis_bytes publisher, summary;
    int64_t version, at_ms;
    struct redis_bytes exception; /* the delivery whose dead letter is open, or "" */
    /* the delivery of the version that the document holds by a person's word; "": the publisher's */
    struct redis_bytes document;
    int64_t number; /* POSTED_BY_OWN_DELIVERY of what takes credit: its reservation's; 0: none */
};
struct keys_posted keys_posted(const struct redis_reply *reply);

/* What is reserved of an order (scripts/credit.lua). */
struct keys_credit { /* KNOWN, by keys_credit_look and keys_credit_block; MOVED; CLAIMED, if told */
    int64_t position;  /* the offset up to which a table must have read; -1: nobody may decide */
    const char *stamp; /* of who reserved last; "": nothing is reserved */
    bool is_blocked;   /* the order's entry is being amended */
    size_t count;      /* of reservations */
};
struct keys_credit keys_credit(const struct redis_reply *reply);
/* Of CLAIMED and MOVED: that it is there. Of what takes no credit, or where the order's value is none
 * of ours, it is not. */
bool keys_credit_is_told(const struct redis_reply *reply);

struct keys_credit_item {
    struct redis_bytes key; /* K of who reserved it */
    int64_t number;
    struct redis_bytes summary; /* of what it sent, or left owed */
    /* the delivery that left something owed, which the ledger may not have yet; size 0: it is a
     * reservation */
    struct redis_bytes owed_by;
    int64_t version; /* ... and its source version */
};
/* i: below the count. */
void keys_credit_at(const struct redis_reply *reply, size_t i, struct keys_credit_item *ret_item);

struct keys_answer { /* SENT, CLAIMED, by `answered` */
    int64_t absence_wait_ms;
    bool proven;
};
struct keys_answer keys_answer(const struct redis_reply *reply);

struct keys_absence {   /* ABSENT */
    int64_t unanswered; /* sends that stay so */
    int64_t since_ms;   /* since the last of them was past its time */
};
struct keys_absence keys_absence(const struct redis_reply *reply);

struct keys_permits { /* GO */
    size_t count;
    int64_t first_us; /* until the first may be used; negative: that long ago */
    int64_t each_us;  /* between two */
};
struct keys_permits keys_permits(const struct redis_reply *reply);

struct keys_slot { /* TAKEN, BUSY */
    bool is_taken;
    int64_t busy_ms;                                   /* BUSY: until the holder's lease ends */
    int64_t epoch;                                     /* TAKEN: ours */
    int64_t former_epoch, former_number, former_at_ms; /* TAKEN: what the former holder left */
    const char *holder;                                /* BUSY: a process' name, or NULL */
};
struct keys_slot keys_slot(const struct redis_reply *reply);

/* The text of one item; of a number NULL, 0. For those who read replies of scripts of their own. */
struct redis_bytes keys_reply_bytes(const struct redis_reply *reply, size_t at);

#endif
