/* The stream: partitions as they come and go, what is read of them, and the transactions in which
 * what has settled leaves; what the fleet and ops.control say about both. An engine (engine.h) works
 * in between. Loop thread only, but for what says otherwise. */
#ifndef PRIMAFLOW_STREAM_H
#define PRIMAFLOW_STREAM_H

#include "stream/control.h"
#include "stream/engine.h"
#include "flow/flow.h"
#include "stream/membership.h"
#include "stream/past.h"
#include "stream/rights.h"
#include "stream/sizes.h"
#include "stream/worker.h"

enum { TOPICS_MAX = 32 };

enum topic_role { TOPIC_INPUT, TOPIC_RETRY, TOPIC_REPLAY };

/* Where reading begins where no offset is committed: start.h. */
struct start_settings {
    int64_t from;     /* of a group that never lived */
    int64_t vanished; /* of an input topic's partition whose offset is gone; START_ASK: a person
                         says */
};

struct input_topic {
    char name[160];
    enum topic_role role;
    int64_t delay_ms;   /* retry: after its append time */
    int32_t partitions; /* as last heard (topic_watch.h); 0: not yet, or the topic is gone */
    bool is_former;     /* retry: not among retry.delays any more; read until it is empty */
    struct start_settings start; /* input */
};

struct partition {
    struct partition *next;
    const struct input_topic *topic;
    struct kafka_place place;
    struct kafka_queue *queue;
    bool may_have_more;          /* its queue was not seen empty */
    bool going;                  /* being revoked: nothing new starts */
    struct kafka_record waiting; /* of a retry topic, not due yet; handle NULL: none */
    struct timer due;
    struct worker *worker;
    void *engine_state; /* the engine's: engine.h */
    int64_t committed;  /* next offset, as in Kafka; -1: never */
    int64_t position;   /* next offset to fetch */
    int64_t end;        /* read to its end at this offset; -1: not */
    int64_t refused_until_ms,
        refused_wait_ms; /* its first record cannot be written, or its offset committed: not before
                            then; 0: it can */
    enum kafka_right refused_right; /* ... for want of this one */
    const char *refused_topic;      /* ... of this topic, its owner's name */
    int64_t suspect_below; /* of an open incident: what is below may have been worked on before
                              Redis was lost */
    int64_t ground;        /* below it lies what may have been read before: ended.h; 0: nothing */
    int64_t remembered;    /* offset that ops.control knows, at least; -1: none */
    bool has_moved;        /* ... and it knows one that was committed since the partition came */
    enum kafka_obstacle obstacle;
    char obstacle_words[KAFKA_TEXT_MAX];
    bool stopped; /* nothing more may be read: what was read is committed, then the worker ends or
                     begins anew */
    int64_t asked_again_ms; /* monotonic: past an obstacle */
};

struct commit; /* commit.c */
struct ended;
struct remember;
struct redis_once;
struct topic_watch;

struct input_topics {
    struct input_topic list[TOPICS_MAX];
    size_t count;
};

enum { OUTPUT_RESULTS }; /* place of the results among flow.outputs */

struct output_topics {
    char retry[8][160], dlq[160];
    size_t retry_count;
    char written[FLOW_OUTPUTS_MAX][160]; /* flow.outputs; "": it is not written */
};

struct revoke {
    bool is_open, is_lost;
    int64_t by_ms;
    struct kafka_place *places; /* partitions that are being given back */
    size_t count;
};

/* incident.c, in the pool while it works. */
struct incident {
    struct redis_once *redis;
    char seen[CONTROL_ID_MAX]; /* since when we know of it, monotonic */
    int64_t seen_ms;
    struct kafka_place
        *ends; /* the ends of what is stable, taken once everybody had heard of it, or
                                 had stopped sending; NULL: not yet */
    size_t end_count;
    int64_t senders_over_ms; /* since when nobody can be sending any more, monotonic; 0: somebody
                                     may be */
    bool says_left, says_waiting; /* what is said once */
    char loss[KAFKA_TEXT_MAX];    /* why it is one */
};

/* Our slot among the others: slot.c, fleet.c. */
struct fleet_place {
    struct {
        bool is_known;
        int64_t epoch, number, at_ms; /* scripts/counter.lua */
    } former;                         /* what our slot's last holder left in Redis */
    char entered_incident[CONTROL_ID_MAX];
    int64_t entered_epoch;
    atomic_int slot_is_taken,
        slot_keeper_ends; /* slot_keep, in the pool; the first also publishes slot_token to it */
    int64_t slot_renewed_ms;
    bool slot_is_exclusive; /* slot.exclusive */
    bool redis_is_away;     /* of an engine without keys, which nothing else tells: said once */
};

/* What the group has given us: partitions.c, arrival.c. */
struct assignment {
    bool joined;      /* the group has told us our partitions, which may be none */
    bool is_pending;  /* partitions came and are being looked up */
    int64_t arrivals; /* how often they came: only the last is taken on */
    bool rejoins;     /* our slot's former self was a member with other topics: arrival.c */
};

/* What Redis is trusted with. */
struct trust {
    bool is_suspect;          /* the incident of `control` is open: resolve before the first send */
    bool check_is_running;    /* ... whether it is over */
    bool customers_are_whole; /* it has lost nothing since the first start: a customer that it does
                                 not know was never ours */
    bool is_calling;          /* roll_call.h */
};

struct stream {
    char group[160];
    const struct engine *engine;
    struct input_topics inputs;
    struct output_topics outputs;
    struct sizes sizes;        /* what those take */
    int32_t ledger_partitions; /* of a flow with a ledger; it and the input have as many */
    char redis_prefix[400];
    int64_t reach; /* no record is sent whose offset is so far behind its partition's committed one;
                      partitions_may_send */

    struct kafka_consumer *consumer;
    struct kafka_producer *producer;
    int wake_fd;
    uv_poll_t kafka_poll;
    struct partition *partitions;
    struct revoke revoke;
    struct commit *commit;
    int commit_failures_in_a_row;
    int64_t ends_said_ms; /* monotonic: when the ends of idle partitions were last looked at */
    struct assignment assignment;

    struct control control;
    struct {
        int64_t heard_ms;  /* since boot: ops.control was last heard of */
        int64_t looked_ms; /* monotonic: a look last began */
        int64_t end;       /* of ops.control, when it was last heard of */
        bool is_looking;
        char words[KAFKA_TEXT_MAX]; /* Kafka's, of the last look that failed */
        bool asks_for_senders; /* a record waits for proof that nobody from before a loss sends */
    } watch;                   /* watch.h */
    struct membership membership;
    struct rights rights;
    struct topic_watch *topic_watch;
    const char *missing_topic; /* one that we need was not there when last looked; NULL: none */
    struct past past;          /* as read before we joined the group */
    struct ended *ended;       /* what the re-read parts of partitions hold; NULL: nothing is read
                                  again */
    struct remember *remember;

    struct fleet_place fleet;
    struct incident incident;
    struct trust trust;
};

void worker_refresh_fence(struct worker *w); /* world.c */

/* partitions.c, arrival.c */
const struct input_topic *worker_topic(const struct worker *w,
                                       const char *name); /* NULL: we do not read it */
void partitions_add(struct worker *w, const struct kafka_place *place, bool is_decided,
                    int64_t ground, int64_t remembered, struct kafka_queue *queue);
void partitions_assigned(void *user, const struct kafka_place places[], size_t count);
/* An assignment came, and nobody had revoked the one before: what is left of that goes. false: not
 * while it is being committed. */
bool partitions_replaced(struct worker *w);
void partitions_revoked(void *user, const struct kafka_place places[], size_t count, bool lost);
/* An assignment came while a revoke was open. librdkafka waits for no answer to it any more (a
 * topic's partitions changed meanwhile, and it joined anew): an answer now would give back what
 * the new assignment brings, and nobody would read it. What was being given back rests until it is
 * replaced. */
void partitions_overtaken(struct worker *w);
void partitions_fetch(struct worker *w);
/* A record of this offset is not too far behind what is committed: after a loss of Redis only so
 * many can have been sent by anybody. Offsets have gaps (markers, aborted transactions), so that a
 * bound on records alone would be none. */
bool partitions_may_send(const struct partition *p, int64_t offset);
bool partitions_has_settled(const struct worker *w); /* something could be committed */
bool partitions_are_idle(const struct worker *w);    /* nothing is under way */
void partitions_answer_revoke(struct worker *w);     /* once drained: drop, unassign */
void partitions_watch(struct worker *w); /* each tick: obstacles, ends of idle partitions */
bool partition_has_end_to_commit(
    const struct partition
        *p); /* all was read and committed, and behind it are markers that nobody need read again */
bool partition_is_ready(const struct partition *p); /* engine.h; true where the engine never says */
bool partition_has_output(const struct partition *p); /* ... false */

/* commit.c */
struct commit *commit_new(struct worker *w);
void commit_free(struct commit *commit);
void commit_consider(struct worker *w); /* begins a transaction when one is due */
void commit_soon(struct worker *w);     /* something settled */
bool commit_is_busy(const struct worker *w);
void commit_hurry(struct worker *w); /* do not wait for more */

#endif
