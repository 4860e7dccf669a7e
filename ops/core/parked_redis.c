/* A parked key's script and its answers, for people; see parked_redis.h. */
#include "core/parked_redis.h"

#include "base/digest.h"

#include <inttypes.h>
#include <string.h>

/* A writer's transaction has ended by then, committed or not: with its copies it is of some MiB
 * at most (kafka/writer.h). */
enum { LEASE_MS = 30000 };

struct parked_key parked_redis_key(struct ops *ops, const struct dead_letter *letter,
                                   const char *order)
{
    const struct config *config = ops_config(ops);
    struct parked_key key = {.prefix = config_text(config, CFG_redis_prefix),
                             .flow = letter->flow->name,
                             .natural = letter->natural,
                             .order = letter->flow->ledger != NULL ? order : NULL,
                             .ttl_ms = config_int(config, CFG_idempotency_ttl),
                             .wait_ms = config_int(config, CFG_prima_unproven_wait),
                             .lease_ms = LEASE_MS,
                             .delivery = letter->delivery,
                             .version = letter->version,
                             .summary = {"", 0}};
    digest_random(key.token, sizeof key.token);
    return key;
}

static enum ops_kind wait_fail(const struct parked_view *view, bool is_busy,
                               struct ops_error *ret_error)
{
    const int64_t seconds = view->wait_ms / 1000 + 1;
    return is_busy ? ops_fail(ret_error, OPS_UNAVAILABLE, "see primaflow why, then run it again",
                              "somebody works on it, for %" PRId64 " s at most", seconds)
                   : ops_fail(ret_error, OPS_UNAVAILABLE, "run it again then",
                              "what was sent of it may still be applied, or be under way: it may "
                              "be released in %" PRId64 " s (prima.unproven_wait)",
                              seconds);
}

enum ops_kind parked_redis_say(struct ops *ops, enum parked_word word, const struct parked_key *key,
                               enum verdict *ret_verdict, struct parked_view *ret_view,
                               struct ops_error *ret_error)
{
    struct redis_once *redis;
    char message[300] = "";
    const enum ops_kind kind = ops_redis(ops, &redis, NULL, ret_error);
    if (kind != OPS_DONE)
        return kind;
    *ret_verdict = key_parked(redis, word, key, ret_view, message);
    switch (*ret_verdict) {
    case VERDICT_BUSY:
    case VERDICT_WAIT:
        return wait_fail(ret_view, *ret_verdict == VERDICT_BUSY, ret_error);
    case VERDICT_SUSPECT:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again in some minutes",
                        "Redis was lost, and is being rebuilt");
    case VERDICT_UNREADABLE:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why",
                        "Redis has a value for %s that this version cannot read", key->natural);
    case VERDICT_DEFECT:
        ops_redis_close(ops);
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "%s", message);
    default:
        return OPS_DONE;
    }
}
