/* See amended_block.h. */
#include "core/amended_block.h"

#include "base/digest.h"
#include "core/flow_group.h"
#include "idempotency/key_credit.h"
#include "refund_flow.h"
#include "stream/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct credit_block block_asked(const struct ops *ops, const struct amended_block *block)
{
    const struct config *config = ops_config(ops);
    return (struct credit_block){
        .prefix = config_text(config, CFG_redis_prefix),
        .flow = refund_flow.name,
        .order = block->order,
        .partition = block->partition,
        .holder = block->holder,
        /* a writer's transaction has ended by then, committed or not */
        .lease_ms = 2 * config_int(config, CFG_commit_transaction_timeout),
        .ttl_ms = config_int(config, CFG_idempotency_ttl),
    };
}

static enum ops_kind block_read(const struct redis_reply *reply, struct arena *arena,
                                struct amended_block *block, struct ops_error *ret_error)
{
    const struct keys_credit credit = keys_credit(reply);
    struct ledger_credit *reserved = arena_alloc(arena, (credit.count + 1) * sizeof *reserved);
    size_t count = 0;
    for (size_t i = 0; reserved != NULL && i < credit.count; i++) {
        struct keys_credit_item item;
        keys_credit_at(reply, i, &item);
        if (item.owed_by.size > 0) /* no credit: it is moved from a line to what is owed of it */
            continue;
        const char *summary = arena_text(arena, item.summary.data, item.summary.size);
        if (summary == NULL ||
            refund_flow.ledger->takes(summary, overlay_seal_open(summary, item.summary.size, NULL),
                                      arena, &reserved[count]) < 0)
            return ops_fail(ret_error, OPS_DATA, "upgrade this program, or wait for that refund",
                            "what %.*s takes of the order cannot be read", (int)item.key.size,
                            item.key.data);
        reserved[count++].key = arena_text(arena, item.key.data, item.key.size);
    }
    block->reserved = reserved;
    block->reserved_count = count;
    return reserved != NULL ? OPS_DONE : ops_fail_memory(ret_error);
}

/* A note that was posted before Redis lost its data is neither reserved nor in the ledger, until its
 * refund was read again and committed. Looked at once the order is blocked: what is lost from then
 * on is seen at the commit. `is_blocked` false: Redis has no marker, which is what it looks like
 * where no refunds worker ever worked, and where it has lost all and nobody has noticed. */
static enum ops_kind check_incident(struct ops *ops, bool is_blocked, struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    struct control control = {.ends = NULL};
    char group[160];
    flow_group(ops_config(ops), &refund_flow, group, sizeof group);
    const int rc = control_read(ops_config(ops), group, &control, message.text);
    const bool is_open = control_is_open(&control),
               has_worked = control.incident[0] != '\0' || control.member_count > 0;
    control_free(&control);
    if (rc == -ENOENT) /* made by an earlier release, or by nobody: no worker of today's was here */
        return OPS_DONE;
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    if (is_open && is_blocked)
        return ops_fail(ret_error, OPS_UNAVAILABLE,
                        "run it again when the refunds workers have logged: Redis state recovered",
                        "Redis has lost data, and what refunds workers had sent by then is not all "
                        "committed");
    return !is_blocked && has_worked
               ? ops_fail(ret_error, OPS_UNAVAILABLE,
                          "start a refunds worker, or wait until one has rebuilt it; then run it "
                          "again",
                          "Redis has lost what the refunds workers keep there")
               : OPS_DONE;
}

enum ops_kind amended_block_begin(struct ops *ops, struct arena *arena, struct amended_block *block,
                                  struct ops_error *ret_error)
{
    struct redis_once *redis;
    struct redis_reply reply;
    uint8_t random[16];
    char message[300] = "";
    enum ops_kind kind = ops_redis(ops, &redis, NULL, ret_error);
    if (kind != OPS_DONE)
        return kind;
    digest_random(random, sizeof random);
    (void)digest_hex(random, sizeof random, block->holder);
    const struct credit_block asked = block_asked(ops, block);
    switch (keys_credit_block(redis, &asked, &reply, message)) {
    case VERDICT_KNOWN:
        kind = block_read(&reply, arena, block, ret_error);
        if (kind == OPS_DONE)
            kind = check_incident(ops, true, ret_error);
        if (kind != OPS_DONE)
            (void)keys_credit_unblock(redis, &asked, -1, message);
        return kind;
    case VERDICT_SUSPECT:
        block->holder[0] = '\0';
        return keys_reply_bytes(&reply, 1).size == 0
                   ? check_incident(ops, false, ret_error)
                   : ops_fail(ret_error, OPS_UNAVAILABLE, "run it again in some minutes",
                              "Redis is being rebuilt for the refunds workers");
    case VERDICT_BUSY:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again when that one has ended",
                        "another command amends the order, or died at it, and is waited for");
    case VERDICT_UNREADABLE:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why",
                        "Redis has a value for what is reserved that this version cannot read");
    default:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "%s", message);
    }
}

enum ops_kind amended_block_check(struct ops *ops, const struct amended_block *block,
                                  struct ops_error *ret_error)
{
    struct redis_once *redis;
    char message[300] = "";
    if (block->order == NULL || block->holder[0] == '\0')
        return OPS_DONE;
    const enum ops_kind kind = ops_redis(ops, &redis, NULL, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const struct credit_block asked = block_asked(ops, block);
    switch (keys_credit_block_again(redis, &asked, message)) {
    case VERDICT_KNOWN:
        return OPS_DONE;
    case VERDICT_LOST:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again",
                        "nothing was written: it took too long, and another command amends the "
                        "order, or has amended it");
    case VERDICT_SUSPECT:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again in some minutes",
                        "nothing was written: Redis has lost data meanwhile, and is being rebuilt");
    case VERDICT_UNREADABLE:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why",
                        "nothing was written: Redis has a value for what is reserved that this "
                        "version cannot read");
    default:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "nothing was written: %s",
                        message);
    }
}

enum ops_kind amended_block_end(struct ops *ops, const struct amended_block *block, int64_t behind,
                                struct ops_error *ret_error)
{
    struct redis_once *redis;
    char message[300] = "";
    const enum ops_kind kind = ops_redis(ops, &redis, NULL, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const struct credit_block asked = block_asked(ops, block);
    switch (keys_credit_unblock(redis, &asked, behind, message)) {
    case VERDICT_RELEASED:
    case VERDICT_LOST:    /* it took too long, and the position has risen all the same */
    case VERDICT_SUSPECT: /* whoever rebuilds reads the ledger to its end */
        return OPS_DONE;
    default:
        return ops_fail(ret_error, OPS_UNAVAILABLE,
                        "run it again: until then nobody refunds the order",
                        "written, but the order is still blocked: %s", message);
    }
}
