/* A record in flight: the bytes as they came, what they mean, what was decided, what will be
 * published.
 *
 * Ownership: a record belongs to its partition's list from fetch to commit. Who waits for an answer
 * (Redis, Prima, the pool) holds it with record_ref and gives it back with record_unref, first
 * thing in the callback: false means the record was dropped meanwhile (its partition went away) and
 * is gone. Everything that the record's texts point to lives in its arena or in the raw record
 * until it has settled. Loop thread only. */
#ifndef PRIMAFLOW_RECORD_H
#define PRIMAFLOW_RECORD_H

#include "idempotency/keys.h"
#include "posting/blame.h"
#include "flow/edited.h"
#include "flow/flow.h"
#include "kafka/headers.h"
#include "kafka/kafka.h"
#include "posting/lanes.h"
#include "posting/record_state.h"
#include "posting/senders.h"
#include "host/timers.h"

struct worker;
struct partition;
struct too_large;
struct customers;
struct products;
struct credit_search;

enum { RECORD_ARENA_MAX = 4 << 20, WORDS_ROOM = 301 };

/* A message to be published, complete and owned. */
struct outgoing {
    struct kafka_message message;
    char
        *memory; /* everything that `message` points to, but for topic names, which are constants */
    char *place; /* what chooses its partition, where that is not its key; else NULL */
    int64_t offset; /* where it stands, once it is committed, of a flow with a ledger */
};

/* How it came here: its own coordinates, or what our forward's headers say of it. Written once, when
 * it is read (record.c), but for `entry_topic`, which outlives the arena. */
struct lineage {
    const char *delivery; /* topic/partition/offset at which it entered */
    const char *parent;   /* the dead delivery that it redrives, or "" */
    /* the delivery of which a person's replay copied it, or "": never taken over, else what was posted
     * once would be published as posted twice */
    const char *replay_of;
    const char *entry_topic;
    int32_t entry_partition;
    int64_t entry_offset;
    int64_t first_seen_ms, event_ms; /* wall: first fetched; the record's original timestamp */
    int64_t attempts, replays;
    bool was_sent; /* its headers say: bytes of it may have reached Prima */
    /* Why Prima is asked before the first send; in the order of how much may have been lost. */
    enum resolve_first {
        RESOLVE_AS_NEEDED,        /* it is not: only an unknown outcome is asked about */
        RESOLVE_FIRST_BY_SETTING, /* prima.ask_before_first_send; Redis knows all of the key */
        /* Redis may have forgotten the key, but nothing says that it was ever sent (it is older
         * than what Redis keeps, or was due after a loss): what is absent may be sent */
        RESOLVE_FIRST_IN_DOUBT,
        /* it may have been sent before a loss of Redis that is not the last one */
        RESOLVE_FIRST_AFTER_OLD_LOSS,
        /* ... before the last one: those who may have sent it may turn out to be over */
        RESOLVE_FIRST_AFTER_LAST_LOSS,
    } resolve_first;
};

/* Who may go on in this turn, or later. */
struct ready_place {
    struct record *next;
    void (*resume)(struct record *);
    bool is_queued;
    bool is_in_flight;
    struct timer timer;
};

/* In its lane (lanes.h). */
struct lane_place {
    struct lane_item item;
    void (*at_head)(struct record *); /* when it comes to the head */
};

/* Before Prima: send_queue.h. */
struct send_place {
    struct record *next;
    void (*acquired)(struct record *); /* when it is its turn */
    enum { TURN_NONE, TURN_STORES, TURN_POSTS } turn;
};

/* In the line before the limit: permit_line.h. */
struct permit_place {
    size_t place;     /* 0: not there */
    int64_t since_ms; /* monotonic */
    void (*go)(struct record *);
    bool writes;
    bool is_held; /* it has a permit that it has not used */
};

/* Among those who wait for what another record is finding out: findings.h. */
struct finding_place {
    struct record *next, **at; /* at NULL: it does not wait */
    int64_t since_ms;
    void (*go)(struct record *);
};

/* This process' time for it. Monotonic. */
struct timing {
    uint64_t fetched; /* this worker's so many-th record */
    int64_t fetched_ms;
    int64_t deadline_ms; /* settle by then, or retry */
    bool has_begun;      /* it was claimed, or tried to be: its time runs */
    int64_t stale_ms;    /* for how long Redis has called us a ghost to this key, as far as we were
                            awake */
    int64_t wait_ms, backoff_ms;
};

/* What a claim of its key has told a record, and what follows from that: void with the next
 * claim. */
struct claim_state {
    unsigned number; /* so often claimed: an earlier one's knowledge is void */
    enum { CLAIM_FRESH, CLAIM_TAKEN_OVER, CLAIM_PARKED } origin;
    enum { ANSWER_OTHER, ANSWER_EXISTS } last_answer; /* to a request of ours */
    bool request_is_stored;                           /* it is in Redis and frozen */
    bool is_from_lost_redis; /* taken over, and a send of it is from before Redis was lost */
    bool proven;             /* found, it is ours */
    bool asked_first;        /* lineage.resolve_first has been obeyed */
    bool absence_is_known;   /* Prima was asked and did not have it, and nothing else is unanswered:
                                what appears later is ours */
    bool sends_nothing;      /* decided, but for the question */
    bool is_deferred;        /* goes to retry only because an earlier record of its key is there */
    bool waits_on_world;     /* the last wait was for Prima, Redis, a limit or another holder: no
                                fault of this record */
    bool names_products; /* its decision hangs on which products Prima has, whether known here or
                                asked for */
    bool distrusts_catalogue; /* Prima refused a product that it had: now Prima alone says which
                                 there are */
    bool creates_customer;    /* shadow: an account would have been created */
    struct fact *facts;
    size_t fact_count;
    size_t fact_at;            /* of `facts`: the one that is being found out */
    struct products *products; /* products.c: those of `facts` that are sought; NULL: not yet */
    int64_t reserved;          /* number of its reservation, once its document is known; 0: none */
    enum pf_error
        related;      /* which exception of its order was open when it was posted; PF_OK: none */
    bool leaves_owed; /* it ends so, and has marked its order in Redis with it */
    struct credit_search *credit; /* ../facts/credit.c; NULL: not yet */
    const char *senders;  /* whose sends are unanswered, as Redis said last (senders.h); in the
                                  arena, or "" */
    struct senders known; /* ... and what is known of them, since before Prima was asked */
};

/* What is to be sent, ours or taken over: void with the next claim. */
struct decision {
    struct redis_bytes request, summary;
    uint8_t sent_identity[IDENTITY_SIZE]; /* F of `request` */
    bool waits_by_policy;                 /* the flow said: not yet */
    const struct flow_plan *plan; /* decided before the claim, and not followed yet; or NULL */
};

/* The request on its way. */
struct send_state {
    bool on_record;     /* a send of ours is stored, or may be: that it has ended, or never begins,
                             is to be told before the key is let go of */
    bool decides_again; /* once that send is marked as answered */
    int64_t number;
    int64_t stored_at_ms; /* clock_boot_ms, for others count its time too: `sent` was asked for */
    int64_t sends;        /* of the key, by anybody, that were not answered "not applied" */
};

/* The question whether Prima has the document. Monotonic. */
struct resolve_state {
    int64_t absent_from_ms; /* from when an absence counts */
    int64_t proven_from_ms; /* ... for those of the senders that are over; 0: not looked yet */
    int64_t asked_at_ms;    /* when Prima was last asked */
};

/* What Prima's answers said: over all tries, and through retry topics. */
struct heard {
    int64_t unknown_since_ms; /* wall; 0: no unknown outcome yet */
    struct blame blame;       /* failures: whose they are */
    const char *words;        /* Prima's, for the dead letter alone, or "" */
    char *words_room;         /* WORDS_ROOM bytes, once there were any */
    int http_status;
};

/* What is known of the document that was posted for its key. */
struct posted {
    const char *publisher;
    int64_t at_ms, version;
    enum keys_posted_by by;
    const char *exception; /* the delivery whose dead letter is open, or "" */
    const char *document;  /* the delivery of the version that Prima's document holds */
    /* that version, decoded, where what differs from it is named (later_version.c); NULL: not asked
     * for, or former_why says why it is not known */
    const void *former;
    const char *former_why;
    int64_t name_until_ms; /* monotonic: until when it is asked for; 0: not asked yet */
};

/* What it comes to, as far as is known: void with the next claim. */
struct ending {
    enum outcome outcome;
    enum pf_error code;
    const char *detail;
    enum pf_error codes[8]; /* every flag that was raised */
    size_t code_count;
    uint64_t key;     /* a hash of K, or of the delivery where that is not known: surge_watch.h */
    bool is_too_old;  /* it ends, instead of waiting any longer */
    const char *days; /* without a document, and a law counts its days: days_left.h; or NULL */
};

/* What leaves when it has settled: outgoing.h. */
struct output {
    struct outgoing *list;
    size_t count, room;
    const struct too_large *too_large; /* too_large.h: what of it does not fit; NULL: all does, so
                                          far as is known */
    bool is_cut;                       /* its dead letter is no copy of it */
    struct credit_taken *credit; /* credit.h: what is told once it is committed; NULL: nothing */
};

struct record {
    struct worker *worker;
    struct partition *partition;
    struct record *next;   /* in the partition, by offset */
    enum life_state state; /* record_state.c alone writes it, as the table of transitions says */
    int held;
    bool dropped;
    struct kafka_record raw;
    size_t bytes; /* key and value, as they count against the buffer */

    struct lineage lineage;
    struct overlay_text edit; /* edit.h; in the arena */
    struct timing timing;

    /* queues of this process: where it stands in each */
    struct ready_place ready;
    struct lane_place lane;
    struct send_place send_queue;
    struct permit_place permit;
    struct finding_place finding;

    /* what it means: decode.c's */
    struct arena *arena;
    void *event;
    struct flow_key key;
    struct key_work work;
    struct key_credit credit; /* of a flow with a ledger: credit.h */
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];

    /* what has become of it, phase by phase */
    struct claim_state claim;
    struct ask *ask;             /* prima_ask.c: one question at a time */
    struct customers *customers; /* customers.c: of the one at hand; NULL: not yet */
    struct decision decision;
    struct send_state send;
    struct resolve_state resolve;
    struct heard heard;
    struct posted posted;
    struct ending end;
    struct output out;
};

/* Takes the raw record over (also when it returns NULL: no memory, which ends the process). */
struct record *record_new(struct worker *worker, struct partition *partition,
                          struct kafka_record *raw);
void record_free(struct record *r);

void record_ref(struct record *r);
bool record_unref(struct record *r);

/* Copies into the arena; NULL (arena full) is turned into "" and a defect by the callers'
 * checks. */
struct redis_bytes record_keep(struct record *r, const char *data, size_t size);

void record_keep_words(struct record *r, const char *words); /* NULL: none */

/* It has settled: what its texts pointed to goes. Before the raw record does. */
void record_release_texts(struct record *r);

/* Redis may have forgotten its key: whatever it comes to, it may have been sent. */
static inline bool record_may_be_forgotten(const struct record *r)
{
    return r->lineage.resolve_first >= RESOLVE_FIRST_IN_DOUBT;
}
/* ... and by what is known it was sent before Redis was lost. */
static inline bool record_outlived_redis(const struct record *r)
{
    return r->lineage.resolve_first >= RESOLVE_FIRST_AFTER_OLD_LOSS;
}

/* Taken back before it was posted, for good or until a newer version: it ends without a document. */
bool record_takes_back(const struct record *r);

/* Asked for first, and absent in Prima: may it go on as if it had never been sent? What may have
 * been sent before Redis was lost can still arrive: where numbers are enforced that makes no second
 * document, but it would make one of one that was cancelled. */
bool record_goes_on_absent(const struct record *r);

int64_t record_backoff(struct record *r); /* 100 ms, doubled each time, at most 5 s */

#endif
