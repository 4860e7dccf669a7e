/* Typed calls of the scripts; see keys.h. */
#include "idempotency/keys.h"

#include "idempotency/keys_call.h"

#include <assert.h>

static void keys_run(struct keys_call *c, struct keyspace *ks, enum script script, redis_done done,
                     void *user)
{
    redis_run(ks->redis, script_of(script), c->args, c->key_count, c->arg_count, done, user);
}

static void keys_call_parts(struct keys_call *c, const struct key_work *w)
{
    keys_call_bytes(c, w->goods, w->goods != NULL ? GOODS_SIZE : 0);
    keys_call_bytes(c, w->money, w->money != NULL ? MONEY_SIZE : 0);
}

/* What takes credit has a variant of the script, with keys behind the others' (scripts/credit.lua),
 * and K behind their arguments. */
static void keys_call_credit_key(struct keys_call *c, const struct keyspace *ks,
                                 const struct key_work *w)
{
    if (w->credit != NULL)
        keys_call_order(c, ks, w->credit->order);
}

static void keys_call_credit_keys(struct keys_call *c, const struct keyspace *ks,
                                  const struct key_work *w)
{
    keys_call_credit_key(c, ks, w);
    if (w->credit != NULL)
        keys_call_position(c, ks, w->credit->partition);
}

static void keys_call_credit_natural(struct keys_call *c, const struct key_work *w)
{
    if (w->credit != NULL)
        keys_call_text(c, w->natural);
}

static void keys_run_for(struct keys_call *c, struct keyspace *ks, const struct key_work *w,
                         enum script script, enum script with_credit, redis_done done, void *user)
{
    keys_run(c, ks, w->credit != NULL ? with_credit : script, done, user);
}

/* What a claim says of its record. */
static void keys_call_claim(struct keys_call *c, const struct keyspace *ks,
                            const struct key_work *w, int64_t lease_ms, int64_t window_ms)
{
    keys_call_begin_args(c, ks);
    keys_call_bytes(c, w->identity, IDENTITY_SIZE);
    keys_call_bytes(c, w->token, TOKEN_SIZE);
    keys_call_number(c, lease_ms);
    keys_call_text(c, w->delivery);
    keys_call_text(c, w->parent);
    keys_call_number(c, w->version);
    keys_call_number(c, window_ms);
    keys_call_number(c, ks->deferral_life_ms);
    keys_call_parts(c, w);
    keys_call_text(c, w->cancels ? "1" : "");
}

void keys_claim(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_credit_keys(&c, ks, w);
    keys_call_claim(&c, ks, w, lease_ms, window_ms);
    keys_call_credit_natural(&c, w);
    keys_run_for(&c, ks, w, SCRIPT_CLAIM, SCRIPT_CREDITCLAIM, done, user);
}

void keys_claim_sent(struct keyspace *ks, const struct key_work *w, int64_t number,
                     int64_t lease_ms, int64_t window_ms, struct redis_bytes request,
                     struct redis_bytes summary, redis_done done, void *user)
{
    if (w->credit != NULL) { /* it is decided on a look behind its claim */
        keys_claim(ks, w, lease_ms, window_ms, done, user);
        return;
    }
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_key(&c, ks, "pause", "");
    keys_call_claim(&c, ks, w, lease_ms, window_ms);
    keys_call_number(&c, number);
    keys_call_add(&c, request.data, request.size);
    keys_call_add(&c, summary.data, summary.size);
    keys_call_text(&c, ks->sender);
    keys_run(&c, ks, SCRIPT_CLAIMSENT, done, user);
}

void keys_sent(struct keyspace *ks, const struct key_work *w, int64_t number, int64_t lease_ms,
               int64_t window_ms, const uint8_t *identity, struct redis_bytes request,
               struct redis_bytes summary, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "pause", "");
    keys_call_credit_keys(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, number);
    keys_call_number(&c, lease_ms);
    keys_call_number(&c, window_ms);
    keys_call_bytes(&c, identity, IDENTITY_SIZE);
    keys_call_add(&c, request.data, request.size);
    keys_call_add(&c, summary.data, summary.size);
    keys_call_text(&c, ks->sender);
    keys_call_parts(&c, w);
    keys_call_credit_natural(&c, w);
    if (w->credit != NULL) {
        keys_call_text(&c, w->credit->stamp);
        keys_call_number(&c, w->credit->read_to);
    }
    keys_run_for(&c, ks, w, SCRIPT_SENT, SCRIPT_CREDITSENT, done, user);
}

static void keys_answered_as(struct keyspace *ks, const struct key_work *w, int64_t number,
                             const char *code_when_exists, const char *how, redis_done done,
                             void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_credit_key(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, number);
    keys_call_text(&c, code_when_exists);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, how);
    keys_call_number(&c, ks->apply_delay_ms);
    keys_call_credit_natural(&c, w);
    keys_run_for(&c, ks, w, SCRIPT_ANSWERED, SCRIPT_CREDITANSWERED, done, user);
}

void keys_answered(struct keyspace *ks, const struct key_work *w, int64_t number,
                   const char *code_when_exists, redis_done done, void *user)
{
    keys_answered_as(ks, w, number, code_when_exists, "", done, user);
}

void keys_told_no(struct keyspace *ks, const struct key_work *w, int64_t number, redis_done done,
                  void *user)
{
    keys_answered_as(ks, w, number, "", "no", done, user);
}

void keys_finish(struct keyspace *ks, const struct key_work *w, enum finish_how how,
                 const uint8_t *identity, bool content_is_ours, struct redis_bytes summary,
                 redis_done done, void *user)
{
    static const char *const hows[] = {"ok", "found", "adopt"};
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_credit_key(&c, ks, w);
    if (w->credit != NULL)
        keys_call_key(&c, ks, "k", w->credit->order_natural);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_text(&c, hows[how]);
    keys_call_bytes(&c, identity, IDENTITY_SIZE);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, content_is_ours ? "1" : "0");
    keys_call_add(&c, summary.data, summary.size);
    keys_call_number(&c, w->version);
    keys_call_parts(&c, w);
    keys_call_credit_natural(&c, w);
    keys_run_for(&c, ks, w, SCRIPT_FINISH, SCRIPT_CREDITFINISH, done, user);
}

void keys_refuse(struct keyspace *ks, const struct key_work *w, int64_t number, const char *code,
                 const char *code_when_parked, bool content_is_ours, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_credit_keys(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, number);
    keys_call_text(&c, code);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, code_when_parked);
    keys_call_text(&c, content_is_ours ? "1" : "0");
    keys_call_credit_natural(&c, w);
    if (w->credit != NULL)
        keys_call_number(&c, w->credit->read_to);
    keys_run_for(&c, ks, w, SCRIPT_REFUSE, SCRIPT_CREDITREFUSE, done, user);
}

void keys_absent(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                 bool begin_anew, const char *over, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    if (w->credit != NULL)
        keys_call_key(&c, ks, "d", w->natural); /* the order's place is behind it */
    keys_call_credit_key(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, lease_ms);
    keys_call_text(&c, begin_anew ? "1" : "0");
    keys_call_number(&c, window_ms);
    keys_call_text(&c, over);
    keys_call_credit_natural(&c, w);
    keys_run_for(&c, ks, w, SCRIPT_ABSENT, SCRIPT_CREDITABSENT, done, user);
}

void keys_over(struct keyspace *ks, const struct key_work *w, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, ks->apply_delay_ms);
    keys_run(&c, ks, SCRIPT_OVER, done, user);
}

void keys_park(struct keyspace *ks, const struct key_work *w, const char *code,
               bool content_unknown, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_credit_key(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_text(&c, code);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, content_unknown ? "1" : "0");
    keys_call_credit_natural(&c, w);
    keys_run_for(&c, ks, w, SCRIPT_PARK, SCRIPT_CREDITPARK, done, user);
}

void keys_renew(struct keyspace *ks, const struct key_work *w, int64_t lease_ms, int64_t window_ms,
                redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, lease_ms);
    keys_call_number(&c, window_ms);
    keys_run(&c, ks, SCRIPT_RENEW, done, user);
}

static void keys_release_as(struct keyspace *ks, const struct key_work *w, bool ended,
                            int64_t waits_ms, struct redis_bytes owes, redis_done done, void *user)
{
    struct keys_call c;
    const bool with_credit = w->credit != NULL && ended && waits_ms == 0;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    if (with_credit)
        keys_call_credit_keys(&c, ks, w);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, ended ? "1" : "0");
    if (waits_ms > 0)
        keys_call_number(&c, w->version);
    else
        keys_call_text(&c, "");
    keys_call_number(&c, waits_ms);
    if (with_credit) {
        keys_call_text(&c, w->natural);
        keys_call_number(&c, w->version);
        keys_call_number(&c, w->credit->read_to);
        keys_call_add(&c, owes.data, owes.size);
    }
    keys_run(&c, ks, with_credit ? SCRIPT_CREDITRELEASE : SCRIPT_RELEASE, done, user);
}

void keys_release(struct keyspace *ks, const struct key_work *w, bool ended, redis_done done,
                  void *user)
{
    keys_release_as(ks, w, ended, 0, (struct redis_bytes){"", 0}, done, user);
}

void keys_release_owing(struct keyspace *ks, const struct key_work *w, struct redis_bytes summary,
                        redis_done done, void *user)
{
    assert(w->credit != NULL && summary.size > 0);
    keys_release_as(ks, w, true, 0, summary, done, user);
}

void keys_wait(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done,
               void *user)
{
    keys_release_as(ks, w, true, life_ms, (struct redis_bytes){"", 0}, done, user);
}

void keys_cancel(struct keyspace *ks, const struct key_work *w, const char *why_empty,
                 redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_begin_args(&c, ks);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_text(&c, w->delivery);
    keys_call_text(&c, why_empty);
    keys_call_number(&c, w->version);
    keys_run(&c, ks, SCRIPT_CANCEL, done, user);
}

void keys_defer(struct keyspace *ks, const struct key_work *w, int64_t life_ms, redis_done done,
                void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, w->natural);
    keys_call_key(&c, ks, "d", w->natural);
    keys_call_begin_args(&c, ks);
    keys_call_text(&c, w->delivery);
    keys_call_number(&c, life_ms);
    keys_call_bytes(&c, w->token, TOKEN_SIZE);
    keys_call_number(&c, ks->apply_delay_ms);
    keys_run(&c, ks, SCRIPT_DEFER, done, user);
}

void keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, "-");
    keys_call_key(&c, ks, "bucket", "");
    keys_call_key(&c, ks, "pause", "");
    keys_call_begin_args(&c, ks);
    keys_call_text(&c, ks->limit_class);
    keys_call_number(&c, ks->limit_weight);
    keys_call_number(&c, ks->limit_rate);
    keys_call_number(&c, ks->limit_burst);
    keys_call_number(&c, (int64_t)wanted);
    keys_run(&c, ks, SCRIPT_PERMIT, done, user);
}

void keys_pause(struct keyspace *ks, int64_t ms, redis_done done, void *user)
{
    struct keys_call c;
    keys_call_begin(&c, ks, "-");
    keys_call_key(&c, ks, "pause", "");
    keys_call_begin_args(&c, ks);
    keys_call_number(&c, ms);
    keys_run(&c, ks, SCRIPT_PAUSE, done, user);
}

void keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms, redis_done done,
                     void *user)
{
    struct keys_call c = {0};
    char slot[160];
    keys_call_key(&c, ks, "s", keys_slot_name(ks, slot));
    keys_call_key(&c, ks, "e", slot);
    keys_call_key(&c, ks, "marker", ks->flow);
    keys_call_text(&c, token);
    keys_call_number(&c, lease_ms);
    keys_call_text(&c, ks->marker[0] != '\0' ? "renew" : "keep");
    keys_call_text(&c, "");
    keys_call_number(&c, ks->slot_epoch);
    keys_call_text(&c, ks->marker);
    keys_run(&c, ks, SCRIPT_SLOT, done, user);
}
