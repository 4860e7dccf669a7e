/* An order's block while its entry is amended; see key_credit.h. */
#include "idempotency/key_credit.h"

#include "idempotency/keys_call.h"

#include <stdio.h>
#include <string.h>

static enum verdict credit_run(struct redis_once *redis, enum script script,
                               const struct credit_block *b, int64_t number, bool is_again,
                               struct redis_reply *ret_reply, char ret_message[static 300])
{
    const struct keyspace ks = {.prefix = b->prefix, .flow = b->flow};
    struct keys_call c = {.key_count = 0};
    keys_call_key(&c, &ks, "marker", b->flow);
    keys_call_order(&c, &ks, b->order);
    keys_call_position(&c, &ks, b->partition);
    keys_call_key(&c, &ks, "amends", b->holder);
    keys_call_number(&c, b->ttl_ms);
    keys_call_text(&c, b->holder);
    keys_call_number(&c, number);
    keys_call_text(&c, is_again ? "1" : "");
    if (redis_once_run(redis, script_of(script), c.args, c.key_count, c.arg_count, ret_reply) !=
        0) {
        (void)snprintf(ret_message, 300, "Redis broke off");
        return VERDICT_DEFECT;
    }
    const enum verdict verdict = keys_verdict(ret_reply);
    if (verdict == VERDICT_DEFECT)
        (void)snprintf(ret_message, 300, "Redis refused: %s",
                       ret_reply->error != NULL ? ret_reply->error : "an unknown reply");
    return verdict;
}

enum verdict keys_credit_block(struct redis_once *redis, const struct credit_block *block,
                               struct redis_reply *ret_reply, char ret_message[static 300])
{
    return credit_run(redis, SCRIPT_CREDITBLOCK, block, block->lease_ms, false, ret_reply,
                      ret_message);
}

enum verdict keys_credit_block_again(struct redis_once *redis, const struct credit_block *block,
                                     char ret_message[static 300])
{
    struct redis_reply reply;
    return credit_run(redis, SCRIPT_CREDITBLOCK, block, block->lease_ms, true, &reply, ret_message);
}

enum verdict keys_credit_show(struct redis_once *redis, const struct credit_block *block,
                              struct redis_reply *ret_reply, char ret_message[static 300])
{
    const struct credit_block asked = {.prefix = block->prefix,
                                       .flow = block->flow,
                                       .order = block->order,
                                       .partition = block->partition,
                                       .holder = ""};
    return credit_run(redis, SCRIPT_CREDITSHOW, &asked, 0, false, ret_reply, ret_message);
}

enum verdict keys_credit_unblock(struct redis_once *redis, const struct credit_block *block,
                                 int64_t behind, char ret_message[static 300])
{
    struct redis_reply reply;
    return credit_run(redis, SCRIPT_CREDITUNBLOCK, block, behind, false, &reply, ret_message);
}
