/* A record in flight: the bytes as they came, what they mean, what was decided, what will be published.
 *
 * Ownership: a record belongs to its partition's list from fetch to commit. Who waits for an answer (Redis, Prima, the pool) holds it with
 * record_hold and gives it back with record_let_go, first thing in the callback: false means the record was dropped meanwhile (its
 * partition went away) and is gone. Everything that the record's texts point to lives in its arena or in the raw record until it has
 * settled. Loop thread only. */
#ifndef PRIMAFLOW_RECORD_H
#define PRIMAFLOW_RECORD_H

#include "idempotency/keys.h"
#include "runtime/accounts.h"
#include "runtime/acts.h"
#include "runtime/flow.h"
#include "runtime/kafka.h"
#include "runtime/lanes.h"
#include "runtime/wakes.h"

struct worker;
struct partition;

enum { RECORD_ARENA_MAX = 4 << 20, DELIVERY_MAX = 200, WORDS_ROOM = 301, OUTGOING_MAX = 2 };

/* A message to be published, complete and owned. */
struct outgoing {
    struct kafka_message message;
    char *memory; /* everything that `message` points to, but for topic names, which are constants */
};

struct record {
    struct worker *worker;
    struct partition *partition;
    struct record *next;       /* in the partition, by offset */
    struct record *ready_next; /* in the worker's queue of those that may go on */
    struct record *line_next;  /* in the line before Prima */
    void (*resume)(struct record *);
    enum life_state state;
    int held;
    size_t bytes; /* key and value, as they count against the buffer */
    bool dropped, active, queued;
    enum { TURN_NONE, TURN_STORES, TURN_POSTS } turn; /* at Prima: send_line.h */
    struct wake wake;
    struct lane_item lane;
    struct kafka_record raw;

    /* lineage */
    const char *delivery; /* topic/partition/offset at which it entered */
    const char *parent;   /* the dead delivery that it redrives, or "" */
    const char *entry_topic;
    int32_t entry_partition;
    int64_t entry_offset;
    int64_t first_seen_ms, event_ms; /* wall: first fetched; the record's original timestamp */
    int64_t attempts, replays;
    bool resolve_first;            /* Redis may have forgotten this key */
    bool resolve_first_is_caution; /* ... out of caution alone (age, configuration): what is absent may be sent */
    int64_t deadline_ms;           /* monotonic: settle by then, or retry */

    /* meaning */
    struct arena *arena;
    void *event;
    struct flow_key key;
    struct key_work work;
    uint8_t identity[IDENTITY_SIZE];

    /* decision, ours or taken over */
    struct fact *facts;
    struct ask *ask;                              /* facts.c: one question at a time */
    struct products *products;                    /* products.c: those of `facts` that are sought; NULL: not yet */
    const char *customer_mail, *customer_channel; /* customers.c: keys of the customer at hand */
    struct account_tag customer;
    int64_t customer_wait_ms; /* while another record has that customer */
    size_t fact_count, fact_at;
    struct redis_bytes request, summary;
    uint8_t sent_identity[IDENTITY_SIZE]; /* F of `request` */
    bool request_is_stored;               /* it is in Redis and frozen */
    bool is_takeover, is_parked;
    bool is_from_lost_redis;  /* taken over, and a send of it is from before Redis was lost */
    bool asked_first;         /* resolve_first has been obeyed in this claim */
    bool waits_on_world;      /* the last wait was for Prima, Redis, a limit or another holder: no fault of this record */
    bool waits_by_policy;     /* the flow said: not yet */
    bool is_too_old;          /* it has waited for retry.max_age */
    bool decides_again;       /* ... once that send is marked as answered */
    bool names_products;      /* its decision hangs on which products Prima has, whether known here or asked for */
    bool distrusts_catalogue; /* Prima refused a product that it had: now Prima alone says which there are */
    bool is_deferred;         /* goes to retry only because an earlier record of its key is there */
    bool customer_is_unsure;
    bool creates_customer; /* shadow: an account would have been created */
    int64_t send_number;
    int64_t stored_at_ms;   /* monotonic: when `sent` was asked for */
    int64_t absent_from_ms; /* monotonic: from when an absence counts */
    int64_t asked_at_ms;    /* monotonic: when Prima was last asked */
    enum outcome outcome;
    enum pf_error codes[8];
    size_t code_count;

    /* what answers said */
    int64_t wait_ms, backoff_ms;
    int64_t unknown_since_ms; /* wall; 0: no unknown outcome yet */
    bool proven, unclassified, exists;
    int faults;                   /* SOAP faults or 5xx of this record, each time found absent while Prima took other orders */
    bool is_fault, fault_is_amid; /* the last answer was one; ... and Prima had just taken another order */
    int64_t fault_ms;             /* monotonic: when it came */
    enum pf_error code;
    const char *detail;
    const char *words; /* Prima's, for the dead letter alone, or "" */
    char *words_room;  /* WORDS_ROOM bytes, once there were any */
    int http_status;
    const char *publisher;
    int64_t posted_ms, posted_version;

    struct outgoing out[OUTGOING_MAX];
    size_t out_count;
};

/* Takes the raw record over (also when it returns NULL: no memory, which ends the process). */
struct record *record_new(struct worker *worker, struct partition *partition, struct kafka_record *raw);
void record_drop(struct record *r); /* the partition went away: forget it now, or when the last answer comes */
void record_free(struct record *r);

void record_leave_flight(struct record *r); /* it is not among those in flight any more, if it was */
void record_hold(struct record *r);
bool record_let_go(struct record *r);

/* Goes on in `resume` when there is room among those in flight, or after a while. */
void record_go(struct record *r, void (*resume)(struct record *));
void record_rest(struct record *r, int64_t ms, void (*resume)(struct record *));

/* Copies into the arena; NULL (arena full) is turned into "" and a defect by the callers' checks. */
struct redis_bytes record_keep(struct record *r, const char *data, size_t size);

void record_keep_words(struct record *r, const char *words); /* NULL: none */

/* It has settled: what its texts pointed to goes. */
void record_forget_texts(struct record *r);

int64_t record_backoff(struct record *r); /* 100 ms, doubled each time, at most 5 s */

#endif
