/* The states of a record, from fetched to committed, and what can happen to it. The table that joins
 * them is transitions.c's, and is handed over once; the picture in the README is drawn from its rows.
 * Nothing else changes a record's state.
 *
 * Why this order (each rule has a mutant in the tests that shows what happens without it):
 *   - A key is *claimed* in Redis before anything follows from a decision, so that one holder at a
 *     time works on it; tokens say whose claim it is. A record that is decided before, and finds
 *     its key free, is claimed and stored as sent in one step (claim.c).
 *   - `sent` is stored, with the exact request, *before* bytes leave: whoever comes after a crash
 *     knows that Prima may have them, and which.
 *   - What Prima may have applied is *resolved* by asking for the document, never assumed. "Found"
 *     counts whenever it was asked, but is proof that the document is ours only while a send of
 *     ours is unanswered and all such had this content. "Absent" counts only after the last
 *     unanswered send's deadline plus prima.max_apply_delay.
 *   - A refusal is clean only when nothing earlier is unanswered; otherwise the key is *parked* for
 *     a person.
 *   - A record is *settled* in memory first; results, dead letters, retries and offsets of the
 *     settled prefix of each partition are one transaction.
 *   - A shadow (shadow.h) never enters SENT: what it plans is SHADOWED, never PLANNED, and what
 *     Prima then says is COMPARED, never RESEND.
 *   - `lost` (somebody else's token) starts the record again at the claim: the key's new state
 *     decides then. A ghost (older generation, lost slot) drops everything. */
#ifndef PRIMAFLOW_RECORD_STATE_H
#define PRIMAFLOW_RECORD_STATE_H

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
    MALFORMED,      /* bytes or event cannot be used: code */
    MALFORMED_NOW,  /* ... of a record that comes back from a retry topic: it was in order when it
                       went there, and left its mark */
    MALFORMED_SENT, /* ... and bytes of it may have reached Prima: it cannot end before that is
                       found out */
    /* its offset was set back: this delivery has ended already, or lives on in a retry topic
     * (ended.h) */
    REPEATED,
    KEY_FREE,       /* claimed */
    KEY_BUSY,       /* leased by another: wait_ms */
    KEY_DEFERRED,   /* an earlier record of the key is in a retry topic */
    TAKEN_OVER,     /* an expired `sent`: its request is ours to resolve */
    POSTED_OWN,     /* posted by this delivery: publish it again */
    POSTED_SAME,    /* posted by another delivery, same content */
    POSTED_OTHER,   /* posted with other content, by an earlier version of primaflow */
    POSTED_LATER,   /* posted, and this is another version of it (later_version.c) */
    FORMER_KNOWN,   /* ... and its posted version was read, or is not needed, or is gone */
    REFUSED_OWN,    /* refused for this delivery: write the dead letter again */
    PARKED_SAME,    /* parked, same or unknown content: look once more */
    PARKED_OTHER,   /* parked with other content */
    KEY_CANCELLED,  /* taken back by the channel before it was posted */
    KEY_DISCARDED,  /* a person's decision */
    KEY_SUPERSEDED, /* a newer version of it waits by policy, and will be posted instead */
    KEY_UNREADABLE, /* Redis has a value there that this version cannot read */
    FACTS_NEEDED,
    FACTS_FOUND,
    CREDIT_MOVED, /* what remains of the order is not any more what it was decided on */
    PLANNED,      /* a request is decided */
    /* a request is decided, and this worker sends none: does Prima have the number? (shadow.h) */
    SHADOWED,
    COMPARED,  /* ... it said; what would have been posted is known */
    ASK_FIRST, /* Redis may have forgotten: resolve before the first send */
    /* a result without a document: test order, before cut-over, cancelled before posting */
    NOT_TO_SEND,
    NOT_ACCEPTABLE, /* a rule of class dead letter */
    NOT_YET,        /* a rule says wait: to the retry topic */
    MUST_WAIT,      /* rate, Retry-After, breaker: wait_ms */
    REQUEST_STORED, /* `sent` is in Redis */
    ACCEPTED,       /* Prima: OK */
    NO_ANSWER,      /* unknown outcome */
    TOLD_NO,     /* ... though answered: in words that prove nothing, and may be those for somebody
                    else's document of this number */
    NOT_APPLIED, /* 429, not accepted, no byte left, denied: that send is answered */
    REFUSED,     /* Prima: a definite no */
    PRODUCT_REFUSED, /* ... to a product that the catalogue has: it may be old */
    /* that send is answered, nothing else is open: its products are asked for, whatever the
     * catalogue says */
    DECIDE_AGAIN,
    EXISTS,         /* Prima: a document of this number is there */
    FOUND_OURS,     /* found, and proven */
    FOUND_UNPROVEN, /* found, and not proven */
    ABSENT_CLEAN,   /* absent, and every unanswered send is past its time */
    ABSENT_EARLY,   /* absent, asked too early: wait_ms */
    /* absent, but a sender of it may be alive, and a second document would be accepted: wait_ms */
    ABSENT_UNPROVEN,
    CANNOT_TELL, /* Prima does not say */
    GIVE_UP,     /* ... for idempotency.resolve_max, while it answers for others; or absent where a
                 resend is not safe */
    RESEND,      /* absent: the stored request goes again */
    FINISHED,    /* posted is in Redis, with this record's content */
    /* posted is in Redis, with the content of an earlier record whose request was taken over */
    FINISHED_OTHER,
    REFUSAL_STORED,
    PARKING_STORED,
    CANCEL_STORED,
    STALE_GENERATION, /* a newer generation of the group wrote the key: begin again after a while */
    TOKEN_LOST,       /* somebody else holds the key: begin again after a moment */
    OWN_TURN,         /* another content's request is off the table: begin again, with ours */
    FORWARDED,        /* the key is deferred in Redis: the record may go to a retry topic */
    TOO_LATE,         /* settle_deadline: to a retry topic */
    TOO_OLD,          /* retry.max_age */
    PREFIX_COMPLETE,  /* everything before it in its partition has settled */
    TRANSACTION_DONE,
    TRANSACTION_ABORTED,
    LIFE_EVENTS
};

struct record;

struct transition {
    enum life_state from;
    enum life_event event;
    enum life_state to;
    void (*action)(struct record *record); /* NULL: nothing more */
    const char *action_name;               /* for the picture */
    const char *name; /* "SENT ACCEPTED": what the fault tests count as covered */
};

struct transition_table {
    const struct transition *rows;
    unsigned count;
    /* A pair without a row is a defect: said, and then this. */
    void (*on_defect)(struct record *record);
};

/* Once, before anything happens. `table` is kept. */
void record_state_use(const struct transition_table *table);

/* Something happened to a record: finds the row, moves the state, acts. A pair without a row aborts
 * in test builds; in production the record settles as `defect`. */
void record_transition(struct record *record, enum life_event event);

const char *life_state_name(enum life_state state);
const char *life_event_name(enum life_event event);

#endif
