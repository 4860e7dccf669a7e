/* The state of a natural key in Redis, as calls: one for each script, arguments typed, answers by
 * keys_reply.h.
 * What the states mean and why each question is asked stands in scripts/common.lua and
 * posting/record_state.h.
 *
 * A keyspace is who we are to Redis: marker, fence (group epoch and generation), slot and its
 * epoch. Every call carries them; a call from a ghost is refused there, not here. Loop thread
 * only. */
#ifndef PRIMAFLOW_KEYS_H
#define PRIMAFLOW_KEYS_H

#include "base/process.h"
#include "idempotency/keys_reply.h"
#include "idempotency/scripts.h"

struct keyspace {
    struct redis *redis;
    const char *prefix; /* redis.prefix */
    const char *flow;   /* "orders": group's and slot's keys */
    char marker[48];    /* of the incident that this Redis was last cleared for */
    int64_t fence;      /* group epoch × 2^32 + generation */
    char slot[64];
    int64_t slot_epoch;
    /* of a settled key; of a deferral mark: nothing stays in retry topics for longer */
    int64_t ttl_ms, deferral_life_ms;
    int64_t apply_delay_ms;        /* prima.max_apply_delay */
    char sender[PROCESS_NAME_MAX]; /* this process, as a send names it (base/process.h) */
    /* the fleet's limit on Prima */
    /* NULL: prefix; another one for who shares the limit and nothing else (posting/shadow.h) */
    const char *limit_prefix;
    const char *limit_class;
    int limit_weight, limit_rate, limit_burst;
};

/* What an attempt takes of an order's credit: what it was decided on, compared in the step that
 * reserves (scripts/credit.lua). */
struct key_credit {
    const char *order;         /* the order's topic key */
    const char *order_natural; /* the order's K */
    int32_t partition;         /* of the ledger */
    const char *stamp;         /* of the look that it was decided on; "": nothing was reserved */
    int64_t read_to; /* the table's next offset when it was decided; `refuse`: -1 when the ledger
                          is not why */
};

/* One holder's attempt at a key. Texts are the caller's and are copied by each call. With credit,
 * `sent` reserves its summary in the same step, or says MOVED and stores nothing; what is known not
 * to have been applied (`answered`, `absent`, `refuse`) gives it back in the same step; whatever
 * else happens to a record keeps it, until keys_credit_done. What leaves something owed marks the order
 * with it in the step that ends it (keys_release_owing), or says MOVED and stores nothing. */
struct key_work {
    const char *natural;     /* K */
    const uint8_t *identity; /* F of the record's own content, IDENTITY_SIZE */
    /* digests of its parts, GOODS_SIZE and MONEY_SIZE bytes; NULL: F alone tells contents apart */
    const uint8_t *goods, *money;
    bool cancels; /* the event takes the order back */
    uint8_t token[TOKEN_SIZE];
    const char *delivery, *parent; /* parent "": none */
    int64_t version;
    const struct key_credit *credit; /* NULL: it takes no credit */
};

void keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                redis_done done, void *user);
void keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number, int64_t lease_ms,
               int64_t window_ms, const uint8_t *identity, struct redis_bytes request,
               struct redis_bytes summary, redis_done done, void *user);
/* Both in one step, for w->identity's own request: SENT where Redis has nothing of the key, else
 * what `claim` says (scripts/claimsent.lua). What takes credit is claimed alone. */
void keys_claim_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                     int64_t lease_ms, int64_t window_ms, struct redis_bytes request,
                     struct redis_bytes summary, redis_done done, void *user);
/* code_when_exists: "" unless Prima said that a document of this number exists. */
void keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number,
                   const char *code_when_exists, redis_done done, void *user);
/* The send was answered in words that do not say whether it was applied: should the number be
 * found, that send proves nothing. */
void keys_told_no(struct keyspace *ks, const struct key_work *w, int64_t number, redis_done done,
                  void *user);
enum finish_how { FINISH_OK, FINISH_FOUND, FINISH_ADOPT };
void keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how,
                 const uint8_t *identity, bool content_is_ours, struct redis_bytes summary,
                 redis_done done, void *user);
void keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code,
                 const char *code_when_parked, bool content_is_ours, redis_done done, void *user);
/* over: those of the record's senders that are known to be over, "\n<process> <slot> <epoch>\n...",
 * or "". */
void keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                 bool begin_anew, const char *over, redis_done done, void *user);
/* The transfers of w->token have ended; whoever holds the key by now hears of it. */
void keys_over(struct keyspace *ks, const struct key_work *w, redis_done done, void *user);
void keys_park(struct keyspace *ks, const struct key_work *w, const char *code,
               bool content_unknown, redis_done done, void *user);
void keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                redis_done done, void *user);
/* ended: the record ends here, or lets later ones of its key pass; its deferral mark goes, too. */
void keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                  void *user);
/* It ends here, and leaves owed what its summary says, without money: whoever reserves of the order from
 * now on hears of it, until keys_credit_done. RELEASED; MOVED: it is to be decided again, and nothing is
 * stored. w has credit. */
void keys_release_owing(struct keyspace *ks, const struct key_work *w, struct redis_bytes summary,
                        redis_done done, void *user);
/* It waits by policy, life_ms at most: later ones of its key may pass, older ones (w->version) are
 * superseded by it. */
void keys_wait(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done,
               void *user);
/* why_empty: "" for good; else the code of an order that has nothing left: newer versions of it may be
 * posted, older ones (w->version) are superseded. */
void keys_cancel(struct keyspace *ks, const struct key_work *w, const char *why_empty,
                 redis_done done, void *user);
/* The record goes to a retry topic; w->token's own sends, none of which is under way any more, are
 * marked as ended. */
void keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done,
                void *user);
/* What is reserved of an order, and how far a table must have read to decide by it: KNOWN. */
void keys_credit_look(struct keyspace *ks, const char *order, int32_t partition, redis_done done,
                      void *user);
/* The ledger has K's record, committed: its reservation goes, if it still has this number (0: none is
 * known), or the mark of what this delivery left owed (NULL: it is no such record), and the partition's
 * position rises to `behind`, the offset behind that record, in one step.
 * RELEASED. It may be lost, and may come late. told: where a result was committed, too, and K is
 * posted by that delivery; NULL: K stays as it is. */
struct keys_told {
    const char *delivery;
    struct redis_bytes summary; /* what K keeps: without what the ledger has */
};
void keys_credit_done(struct keyspace *ks, const char *order, int32_t partition,
                      const char *natural, int64_t number, const char *owed_by, int64_t behind,
                      const struct keys_told *told, redis_done done, void *user);
/* Permits for requests to Prima: at most `wanted`, each from its time on. 0: asks only whether the
 * fleet pauses. */
void keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user);
void keys_pause(struct keyspace *ks, int64_t ms, redis_done done,
                void *user); /* Retry-After, for the fleet */

/* Our slot's lease is kept alive, and Redis looked at as by any other script: who has nothing to do
 * hears of a loss, too. Who has no marker, for it keeps no keys, keeps the lease alone, also in a
 * Redis that never saw it. */
void keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms, redis_done done,
                     void *user);

/* Names in Redis: "<prefix>:<kind>:<rest>", into text of `room` bytes; returns text. Kinds: k
 * record, d deferrals, e slot epoch, s slot lease, c customer, p products known, q questions about
 * products, o what is reserved of an order, at the position of a ledger partition, marker, bucket,
 * pause. */
const char *keys_name(const struct keyspace *ks, const char *kind, const char *rest, char *text,
                      size_t room);

#endif
