/* A record's life, from fetched to committed: states, what can happen, and the table that joins them (life.c). The picture in the README is
 * drawn from the same rows.
 *
 * Why this order (each rule has a mutant in the tests that shows what happens without it):
 *   - A key is *claimed* in Redis before anything is decided, so that one holder at a time works on it; tokens say whose claim it is.
 *   - `sent` is stored, with the exact request, *before* bytes leave: whoever comes after a crash knows that Prima may have them, and
 * which.
 *   - What Prima may have applied is *resolved* by asking for the document, never assumed. "Found" counts whenever it was asked, but is
 * proof that the document is ours only while a send of ours is unanswered and all such had this content. "Absent" counts only after the
 * last unanswered send's deadline plus prima.max_apply_delay.
 *   - A refusal is clean only when nothing earlier is unanswered; otherwise the key is *parked* for a person.
 *   - A record is *settled* in memory first; results, dead letters, retries and offsets of the settled prefix of each partition are one
 * transaction.
 *   - A shadow (shadow.h) never enters SENT: what it plans is SHADOWED, never PLANNED, and what Prima then says is COMPARED, never RESEND.
 *   - `lost` (somebody else's token) starts the record again at the claim: the key's new state decides then. A ghost (older generation,
 * lost slot) drops everything. */
#ifndef PRIMAFLOW_LIFE_H
#define PRIMAFLOW_LIFE_H

enum life_state {
    FETCHED,   /* bytes */
    DECODED,   /* an event with key and identity; in its lane */
    CLAIMED,   /* the key is ours; deciding, asking facts, waiting for permission to send */
    SENT,      /* bytes may have reached Prima */
    RESOLVING, /* does Prima have the document? */
    SETTLED,   /* its terminal messages exist in memory */
    PUBLISHED, /* they are in the open transaction */
    COMMITTED, /* visible; the record is gone */
    LIFE_STATES
};

enum life_event {
    DECODED_OK,
    MALFORMED,     /* bytes or event cannot be used: code */
    KEY_FREE,      /* claimed */
    KEY_BUSY,      /* leased by another: wait_ms */
    KEY_DEFERRED,  /* an earlier record of the key is in a retry topic */
    TAKEN_OVER,    /* an expired `sent`: its request is ours to resolve */
    POSTED_OWN,    /* posted by this delivery: publish it again */
    POSTED_SAME,   /* posted by another delivery, same content */
    POSTED_OTHER,  /* posted with other content */
    REFUSED_OWN,   /* refused for this delivery: write the dead letter again */
    PARKED_SAME,   /* parked, same or unknown content: look once more */
    PARKED_OTHER,  /* parked with other content */
    KEY_CANCELLED, /* taken back by the channel before it was posted */
    KEY_DISCARDED, /* a person's decision */
    FACTS_NEEDED,
    FACTS_FOUND,
    PLANNED,         /* a request is decided */
    SHADOWED,        /* a request is decided, and this worker sends none: does Prima have the number? (shadow.h) */
    COMPARED,        /* ... it said; what would have been posted is known */
    ASK_FIRST,       /* Redis may have forgotten: resolve before the first send */
    NOT_TO_SEND,     /* a result without a document: test order, before cut-over, cancelled before posting */
    NOT_ACCEPTABLE,  /* a rule of class dead letter */
    NOT_YET,         /* a rule says wait: to the retry topic */
    MUST_WAIT,       /* rate, Retry-After, breaker: wait_ms */
    REQUEST_STORED,  /* `sent` is in Redis */
    ACCEPTED,        /* Prima: OK */
    NO_ANSWER,       /* unknown outcome */
    NOT_APPLIED,     /* 429, not accepted, no byte left, denied: that send is answered */
    REFUSED,         /* Prima: a definite no */
    PRODUCT_REFUSED, /* ... to a product that the catalogue has: it may be old */
    DECIDE_AGAIN,    /* that send is answered, nothing else is open: its products are asked for, whatever the catalogue says */
    EXISTS,          /* Prima: a document of this number is there */
    FOUND_OURS,      /* found, and proven */
    FOUND_UNPROVEN,  /* found, and not proven */
    ABSENT_CLEAN,    /* absent, and every unanswered send is past its time */
    ABSENT_EARLY,    /* absent, asked too early: wait_ms */
    CANNOT_TELL,     /* Prima does not say */
    GIVE_UP,         /* ... for idempotency.resolve_max, while it answers for others; or absent where a resend is not safe */
    RESEND,          /* absent: the stored request goes again */
    FINISHED,        /* posted is in Redis, with this record's content */
    FINISHED_OTHER,  /* posted is in Redis, with the content of an earlier record whose request was taken over */
    REFUSAL_STORED,
    PARKING_STORED,
    CANCEL_STORED,
    TOKEN_LOST,      /* somebody else holds the key: begin again */
    FORWARDED,       /* the key is deferred in Redis: the record may go to a retry topic */
    TOO_LATE,        /* settle_deadline: to a retry topic */
    TOO_OLD,         /* retry.max_age */
    PREFIX_COMPLETE, /* everything before it in its partition has settled */
    TRANSACTION_DONE,
    TRANSACTION_ABORTED,
    LIFE_EVENTS
};

struct record;

struct transition {
    enum life_state was;
    enum life_event happened;
    enum life_state now;
    void (*act)(struct record *record); /* NULL: nothing more */
    const char *does;                   /* act's name, for the picture */
};

extern const struct transition life[];
extern const unsigned life_rows;

/* Something happened to a record: finds the row, moves the state, acts. A pair without a row is a defect: it asserts in test builds; in
 * production the record is parked as `defect`. */
void life_happens(struct record *record, enum life_event event);

const char *life_state_name(enum life_state state);
const char *life_event_name(enum life_event event);

#endif
