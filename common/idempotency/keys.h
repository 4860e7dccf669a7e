/* The state of a natural key in Redis, as calls: one for each script, arguments and answers typed. What the states mean and why each
 * question is asked stands in scripts/common.lua and runtime/life.h.
 *
 * A keyspace is who we are to Redis: marker, fence (group epoch and generation), slot and its epoch. Every call carries them; a call from a
 * ghost is refused there, not here. Loop thread only. */
#ifndef PRIMAFLOW_KEYS_H
#define PRIMAFLOW_KEYS_H

#include "idempotency/redis.h"

enum { TOKEN_SIZE = 16, IDENTITY_SIZE = 33 };

struct keyspace {
    struct redis *redis;
    const char *prefix; /* redis.prefix */
    const char *flow;   /* "orders": group's and slot's keys */
    char marker[48];    /* of the incident that this Redis was last cleared for */
    int64_t fence;      /* group epoch × 2^32 + generation */
    char slot[64];
    int64_t slot_epoch;
    int64_t ttl_ms;
    /* the fleet's limit on Prima */
    const char *limit_prefix; /* NULL: prefix; another one for who shares the limit and nothing else (runtime/shadow.h) */
    const char *limit_class;
    int limit_weight, limit_rate, limit_burst;
};

/* One holder's attempt at a key. Texts are the caller's and are copied by each call. */
struct key_work {
    const char *natural;     /* K */
    const uint8_t *identity; /* F of the record's own content, IDENTITY_SIZE */
    uint8_t token[TOKEN_SIZE];
    const char *delivery, *parent; /* parent "": none */
    int64_t version;
};

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
    VERDICT_DEFECT, /* Redis refused the script itself: a defect of ours */
    VERDICT_COUNT
};

/* The first item of a script's reply; the rest, by verdict:
 *   BUSY, WAIT     [1] ms
 *   TAKEOVER       [1] content is ours (0/1)  [2] F  [3] request  [4] summary  [5] version  [6] ms until absence counts  [7] found proves
 * (0/1) [8] a send is from before Redis was lost (0/1) POSTED         [1] "own" "same" "other"   [2] publisher's delivery  [3] summary  [4]
 * version  [5] ms when REFUSED        [1] code (claim) PARKED         [1] content is ours or unknown (0/1)  [2] code  [3] F  [4] summary
 * [5] ms until absence counts  [6] found proves (0/1) KNOWN          [1] account        UNSURE [1] ms until absence counts        TAKEN [1]
 * epoch CLAIMED, SENT (answered)  [1] ms until absence counts  [2] found proves (0/1) */
enum verdict keys_verdict(const struct redis_reply *reply);

void keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms, redis_done done, void *user);
void keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number, int64_t lease_ms, int64_t window_ms, const uint8_t *identity,
               struct redis_bytes request, struct redis_bytes summary, redis_done done, void *user);
/* code_when_exists: "" unless Prima said that a document of this number exists. */
void keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code_when_exists, redis_done done,
                   void *user);
enum finish_how { FINISH_OK, FINISH_FOUND, FINISH_ADOPT };
void keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how, const uint8_t *identity, bool content_is_ours,
                 struct redis_bytes summary, redis_done done, void *user);
void keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code, const char *code_when_parked,
                 redis_done done, void *user);
void keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, bool begin_anew, redis_done done, void *user);
void keys_park(struct keyspace *ks, const struct key_work *w, const char *code, bool content_unknown, redis_done done, void *user);
void keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, redis_done done, void *user);
/* ended: the record ends here, or lets later ones of its key pass; its deferral mark goes, too. */
void keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done, void *user);
void keys_cancel(struct keyspace *ks, const struct key_work *w, redis_done done, void *user);
/* The record goes to a retry topic; w->token's own sends, none of which is under way any more, are marked as ended. */
void keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done, void *user);
void keys_permit(struct keyspace *ks, redis_done done, void *user);            /* one read of Prima */
void keys_pause(struct keyspace *ks, int64_t ms, redis_done done, void *user); /* Retry-After, for the fleet */

/* A customer's account (scripts/customer.lua). `mail` is HMAC(e-mail, company) in hex or "", `channel` company/channel/customer-id or "".
 */
enum customer_step { CUSTOMER_CLAIM, CUSTOMER_SENT, CUSTOMER_ANSWERED, CUSTOMER_KNOWN, CUSTOMER_RELEASE };
void keys_customer(struct keyspace *ks, enum customer_step step, const char *mail, const char *channel,
                   const uint8_t token[static TOKEN_SIZE], int64_t lease_ms, int64_t window_ms, const char *account, redis_done done,
                   void *user);

/* Products that Prima is known to have, shared by the fleet (known.lua, heard.lua). A tag, PRODUCT_TAG_SIZE bytes, stands for a product of
 * a company; tags are joined. `since_ms` and `asked_ms` are Redis' clock, out of an earlier answer: KNOWN [1] now  [2] for each tag, in
 * order and blank between, its age in ms, -1 ask Prima, -2 somebody asks, -3 Prima lacks it, asked after since_ms. */
enum { PRODUCT_TAG_SIZE = 16 };
void keys_products_known(struct keyspace *ks, const char *company, const uint8_t token[static TOKEN_SIZE], struct redis_bytes tags,
                         int64_t since_ms, int64_t max_age_ms, int64_t question_ms, redis_done done, void *user);
void keys_products_heard(struct keyspace *ks, const char *company, int64_t asked_ms, struct redis_bytes has, struct redis_bytes lacks,
                         int64_t room, int64_t max_age_ms, redis_done done, void *user);

/* Our slot's lease is kept alive. */
void keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms, redis_done done, void *user);

/* Names in Redis: "<prefix>:<kind>:<rest>", into text of `room` bytes; returns text. Kinds: k record, d deferrals, e slot epoch, s slot
 * lease, c customer, p products known, q questions about products, marker, bucket, pause. */
const char *keys_name(const struct keyspace *ks, const char *kind, const char *rest, char *text, size_t room);

#endif
