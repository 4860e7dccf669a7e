/* An order's credit in Redis, for who changes what may be credited of it: while the order's entry
 * in the ledger is amended, nobody reserves. From the command line, which has no slot. Blocking.
 * One thread.
 *
 * Block, then read the ledger to its end and judge: the new entry must have room for all credits
 * and for what the answer says is reserved. Block again just before the commit, commit the entry, and
 * unblock behind it; or unblock without it. A command that dies in between leaves its block, and nobody refunds the order
 * until another one has blocked it anew and unblocked it. */
#ifndef PRIMAFLOW_KEY_CREDIT_H
#define PRIMAFLOW_KEY_CREDIT_H

#include "idempotency/keys.h"
#include "redis/once.h"

struct credit_block {
    const char *prefix; /* redis.prefix */
    const char *flow;   /* whose reservations these are: "refunds" */
    const char *order;  /* its topic key */
    int32_t partition;  /* of the ledger */
    const char *holder; /* a random text, this command's own */
    int64_t lease_ms;   /* its transaction has ended by then; nobody else blocks before */
    int64_t ttl_ms;     /* idempotency.ttl */
};

/* KNOWN, with *ret_reply for keys_credit(); BUSY (keys_wait_ms): another command amends it;
 * SUSPECT: Redis is being rebuilt, or nobody of the flow has cleared it yet; UNREADABLE; DEFECT
 * with the message: Redis broke off, or refuses. ret_reply lives until the connection's next call. */
enum verdict keys_credit_block(struct redis_once *redis, const struct credit_block *block,
                               struct redis_reply *ret_reply, char ret_message[static 300]);

/* The block is there yet, and ours: KNOWN, and nobody else blocks for another lease_ms. LOST: another
 * command took it over, or ended it: nothing may be committed. SUSPECT: Redis has lost it, or is being
 * rebuilt: the same. Else as above. */
enum verdict keys_credit_block_again(struct redis_once *redis, const struct credit_block *block,
                                     char ret_message[static 300]);

/* What is reserved, for people to see; nothing is written. Of `block` prefix, flow, order and
 * partition are read. KNOWN, with *ret_reply; SUSPECT; UNREADABLE; DEFECT: as above. */
enum verdict keys_credit_show(struct redis_once *redis, const struct credit_block *block,
                              struct redis_reply *ret_reply, char ret_message[static 300]);

/* behind: the offset behind the entry, committed; -1: nothing was. The position rises to it, and
 * the block ends. RELEASED; LOST: another's block is there by now, and stays; the position rises
 * all the same. Else as above. */
enum verdict keys_credit_unblock(struct redis_once *redis, const struct credit_block *block,
                                 int64_t behind, char ret_message[static 300]);

#endif
