/* One worker: the loop and all that hangs on it. Its fields are the runtime's own; nobody outside includes this. */
#ifndef PRIMAFLOW_WORKER_H
#define PRIMAFLOW_WORKER_H

#include "config/options.h"
#include "obs/http.h"
#include "prima/names.h"
#include "runtime/breaker.h"
#include "runtime/control.h"
#include "runtime/record.h"
#include "runtime/waiting.h"

enum { TOPICS_MAX = 16, PARTITIONS_MAX = 1024 };

enum topic_role { TOPIC_INPUT, TOPIC_RETRY, TOPIC_REPLAY };

struct input_topic {
    char name[160];
    enum topic_role role;
    int64_t delay_ms; /* retry: after its append time */
};

struct partition {
    struct partition *next;
    const struct input_topic *topic;
    struct kafka_place place;
    struct kafka_queue *queue;
    bool may_have_more;          /* its queue was not seen empty */
    bool going;                  /* being revoked: nothing new starts */
    struct kafka_record waiting; /* of a retry topic, not due yet; handle NULL: none */
    struct wake due;
    struct worker *worker;
    struct record *first, **last; /* fetched and not committed, by offset */
    size_t count;
    int64_t committed; /* next offset, as in Kafka; -1: never */
    int64_t position;  /* next offset to fetch */
    int64_t end;       /* read to its end at this offset; -1: not */
};

enum pause_reason { PAUSE_PRIMA, PAUSE_DENIED, PAUSE_REDIS, PAUSE_REGISTRY, PAUSE_REASONS };

struct commit; /* commit.c */
struct redis_once;
struct catalogue;
struct accounts;

struct worker {
    uv_loop_t loop;
    const struct flow *flow;
    struct options options;
    const struct config *config;
    struct codec *codec;
    struct buf message; /* scratch: the result or ledger entry being written */
    void *rules;
    char group[160], slot[64], instance[240], slot_token[200];

    /* configuration, read once */
    size_t in_flight_max, buffered_max, connections_max;
    int64_t settle_deadline_ms, margin_ms, window_ms, lease_ms, ttl_ms, retry_max_age_ms, deferral_life_ms, resolve_max_ms, replay_max;
    bool shadow;     /* worker.shadow: nothing is written to Prima; shadow.h */
    bool unique;     /* prima.enforces_unique_order_number */
    bool asks_first; /* prima.ask_before_first_send */

    struct input_topic topics[TOPICS_MAX];
    size_t topic_count;
    char retry_topics[8][160], dlq_topic[160], results_topic[160];
    const char *ledger_topic; /* NULL: none is written */
    char redis_prefix[400];
    size_t retry_count;
    int64_t retry_delay_max_ms;

    struct control control;
    struct redis *redis;
    struct keyspace keys;
    struct prima_names names;
    struct prima_client *prima;
    struct kafka_consumer *consumer;
    struct kafka_producer *producer;
    struct obs_http *http;

    struct partition *partitions;
    struct lanes lanes;
    struct wakes wakes;
    struct breaker breaker;
    struct catalogue *catalogue;
    struct accounts *accounts;
    bool customers_are_whole; /* Redis has lost nothing since the first start: a customer that it does not know was never ours */
    struct waiting waiting;
    struct record *ready, **ready_last;
    size_t in_flight, buffered, buffered_bytes;
    size_t unsettled;                 /* of those buffered */
    struct record *line, **line_last; /* send_line.h */
    size_t storing, posting;
    int64_t healed_ms;     /* wall: when a pause last ended */
    int64_t last_write_ms; /* monotonic: when Prima last took, or refused in words, a document of any key; 0: never */
    bool looking_up;       /* a schema in the registry */
    unsigned paused;       /* bits of pause_reason */

    struct commit *commit;
    int wake_fd;
    uv_poll_t kafka_poll;
    uv_timer_t tick;
    uv_signal_t term, interrupt, hup;
    uv_prepare_t prepare; /* before the loop sleeps: fetch, pump, commit */
    unsigned ticks;
    bool looking; /* whether an incident is over: in the pool */
    int64_t last_tick_ms, started_ms, drain_by_ms, slot_renewed_ms;
    bool running;  /* start-up is over */
    bool draining; /* SIGTERM */
    bool suspect;  /* the incident of `control` is open: resolve before the first send */
    bool arriving; /* partitions came and are being looked up */
    bool leaving;  /* Redis was lost: commit what has settled, then start over */
    int64_t leave_by_ms;
    bool revoking, going_lost;
    struct kafka_place *going; /* partitions that are being given back */
    size_t going_count;
    int commit_failures_in_a_row;
    int64_t start_from;                         /* of an input topic's partition that has no committed offset */
    struct redis_once *startup_redis;           /* while incident.c works */
    atomic_int slot_is_taken, slot_keeper_ends; /* slot_keep, in the pool; the first also publishes slot_token to it */
    atomic_int give_up;                         /* read by the pool: end blocking waits */
    int exit_code;
    bool over; /* the loop is to end */
    unsigned open_exceptions[PF_OWNER_COUNT];
};

/* worker.c */
void worker_pause(struct worker *w, enum pause_reason reason, const char *detail);
void worker_resume(struct worker *w, enum pause_reason reason);
void worker_pump(struct worker *w); /* starts what may go on */
void worker_refresh_fence(struct worker *w);
void worker_fail(struct worker *w, int exit_code, const char *message, const char *detail, const char *remedy); /* ends the loop */
/* Forgets everything and begins again as a new process with the same pid: the one answer to being fenced, to a lost Redis, to a broken
 * producer. What was not committed is fetched again; the protocol treats it as the crash that it equals. Does not return. */
_Noreturn void worker_start_over(struct worker *w, const char *reason, const char *detail);

/* partitions.c */
void partitions_assigned(void *user, const struct kafka_place places[], size_t count);
void partitions_revoked(void *user, const struct kafka_place places[], size_t count, bool lost);
void partitions_fetch(struct worker *w);
bool partitions_has_settled(const struct worker *w); /* something could be committed */
bool partitions_are_idle(const struct worker *w);    /* nothing is under way */
void partitions_answer_revoke(struct worker *w);     /* once drained: drop, unassign */

/* commit.c */
struct commit *commit_new(struct worker *w);
void commit_free(struct commit *commit);
void commit_consider(struct worker *w); /* begins a transaction when one is due */
void commit_soon(struct worker *w);     /* something settled */
bool commit_is_busy(const struct worker *w);
void commit_hurry(struct worker *w); /* do not wait for more */

/* claim.c: verdicts that every script may give. True: handled, the caller returns. */
bool claim_is_over(struct record *r, enum verdict verdict);

/* status.c */
const char *pause_reason_name(enum pause_reason reason);
void status_install(struct worker *w, struct obs_answers *answers);

#endif
