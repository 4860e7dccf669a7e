/* Start-up's calls of the scripts; see keys_once.h. */
#include "idempotency/keys_once.h"

#include <errno.h>
#include <string.h>

#include "idempotency/keys_call.h"

static int once_run(struct redis_once *redis, enum script script, const struct keys_call *c,
                    struct redis_reply *ret_reply)
{
    return redis_once_run(redis, script_of(script), c->args, c->key_count, c->arg_count,
                          ret_reply) < 0 ||
                   ret_reply->error != NULL
               ? -EIO
               : 0;
}

/* ---- slots ---- */

static int slot_run(struct redis_once *redis, const struct keyspace *ks, const char *token,
                    int64_t lease_ms, const char *what, const char *dead,
                    struct redis_reply *ret_reply)
{
    struct keys_call c = {.key_count = 0};
    char slot[160];
    keys_call_key(&c, ks, "s", keys_slot_name(ks, slot));
    keys_call_key(&c, ks, "e", slot);
    keys_call_key(&c, ks, "marker", ks->flow);
    keys_call_text(&c, token);
    keys_call_number(&c, lease_ms);
    keys_call_text(&c, what);
    keys_call_text(&c, dead);
    return once_run(redis, SCRIPT_SLOT, &c, ret_reply);
}

int keys_slot_take(struct redis_once *redis, const struct keyspace *ks, const char *token,
                   int64_t lease_ms, const char *dead, struct keys_slot *ret_slot)
{
    struct redis_reply reply;
    const int result = slot_run(redis, ks, token, lease_ms, "take", dead, &reply);
    if (result == 0)
        *ret_slot = keys_slot(&reply);
    return result;
}

int keys_slot_keep(struct redis_once *redis, const struct keyspace *ks, const char *token,
                   int64_t lease_ms)
{
    struct redis_reply reply;
    return slot_run(redis, ks, token, lease_ms, "keep", "", &reply);
}

/* ---- the marker, the lock ---- */

int keys_mark(struct redis_once *redis, const struct keyspace *ks, const char *seen,
              const char *marker)
{
    struct keys_call c = {.key_count = 0};
    struct redis_reply reply;
    char slot[160];
    keys_call_key(&c, ks, "marker", ks->flow);
    keys_call_key(&c, ks, "e", keys_slot_name(ks, slot));
    keys_call_text(&c, seen);
    keys_call_text(&c, marker);
    keys_call_number(&c, ks->slot_epoch);
    if (once_run(redis, SCRIPT_MARK, &c, &reply) < 0)
        return -EIO;
    return keys_verdict(&reply) == VERDICT_RENEWED ? 0 : -EAGAIN;
}

int keys_lock(struct redis_once *redis, const struct keyspace *ks, int64_t lease_ms)
{
    struct keys_call c = {.key_count = 0};
    struct redis_reply reply;
    keys_call_key(&c, ks, "rebuild", ks->flow);
    keys_call_text(&c, ks->slot);
    keys_call_number(&c, lease_ms);
    if (once_run(redis, SCRIPT_LOCK, &c, &reply) < 0)
        return -EIO;
    return keys_verdict(&reply) == VERDICT_RENEWED ? 0 : -EBUSY;
}

int keys_unlock(struct redis_once *redis, const struct keyspace *ks, int64_t lease_ms)
{
    char name[KEY_NAME_MAX];
    struct redis_reply reply;
    const int result = keys_lock(redis, ks, lease_ms); /* it is ours, or not ours to delete */
    (void)keys_name(ks, "rebuild", ks->flow, name, sizeof name);
    const struct redis_bytes del[] = {{"DEL", 3}, {name, strlen(name)}};
    return result == 0 ? redis_once_command(redis, del, 2, &reply) : result == -EBUSY ? 0 : result;
}

/* ---- many scripts, few round trips ---- */

enum { GIVEN_MAX = 256 }; /* scripts under way: some 300 bytes each, and 15 us of Redis' time */

int keys_batch_end(struct keys_batch *b)
{
    int result = 0;
    for (; b->given > 0; b->given--) {
        struct redis_reply reply;
        if (redis_once_take(b->redis, &reply) < 0)
            return -EIO;
        const enum verdict verdict = keys_verdict(&reply);
        if (verdict == VERDICT_STALE && keys_stale_fence(&reply) > b->stale_fence)
            b->stale_fence = keys_stale_fence(&reply);
        if (verdict != VERDICT_RESTORED && verdict != VERDICT_KEPT && verdict != VERDICT_DEFERRED &&
            verdict != VERDICT_LOST)
            result = -EIO; /* this is not the Redis any more that the rebuild began in */
    }
    return result;
}

static int batch_give(struct keys_batch *b, enum script script, const struct keys_call *c)
{
    const struct redis_script *its = script_of(script);
    if (b->script != its) {
        if (keys_batch_end(b) < 0 || redis_once_load(b->redis, its) < 0)
            return -EIO;
        b->script = its;
    }
    if (redis_once_give(b->redis, its, c->args, c->key_count, c->arg_count) < 0)
        return -EIO;
    return ++b->given == GIVEN_MAX ? keys_batch_end(b) : 0;
}

int keys_batch_restore(struct keys_batch *b, const struct keys_restored *key)
{
    struct keys_call c;
    keys_call_begin(&c, b->ks, key->natural);
    keys_call_begin_args(&c, b->ks);
    keys_call_text(&c, key->state);
    keys_call_bytes(&c, key->identity, IDENTITY_SIZE);
    keys_call_text(&c, key->delivery);
    keys_call_number(&c, key->version);
    keys_call_text(&c, key->code);
    keys_call_number(&c, key->at_ms);
    keys_call_bytes(&c, key->goods, key->goods != NULL ? GOODS_SIZE : 0);
    keys_call_bytes(&c, key->money, key->money != NULL ? MONEY_SIZE : 0);
    return batch_give(b, SCRIPT_RESTORE, &c);
}

int keys_credit_position(struct keys_batch *b, int32_t partition, int64_t offset)
{
    struct keys_call c;
    keys_call_begin_none(&c, b->ks);
    keys_call_position(&c, b->ks, partition);
    keys_call_begin_args(&c, b->ks);
    keys_call_number(&c, offset);
    return batch_give(b, SCRIPT_CREDITPOSITION, &c);
}

int keys_batch_defer(struct keys_batch *b, const char *natural, const char *delivery,
                     int64_t life_ms)
{
    struct keys_call c;
    keys_call_begin(&c, b->ks, natural);
    keys_call_key(&c, b->ks, "d", natural);
    keys_call_begin_args(&c, b->ks);
    keys_call_text(&c, delivery);
    keys_call_number(&c, life_ms);
    keys_call_text(&c, ""); /* of no holder: no send is touched */
    keys_call_number(&c, 0);
    return batch_give(b, SCRIPT_DEFER, &c);
}
