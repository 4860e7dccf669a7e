/* How many distinct keys there are, in bounded memory: counted up to REPLAY_KEYS_EXACT, estimated beyond
 * (HyperLogLog, 16 KiB, off by 1 % as a rule). One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_KEYS_H
#define PRIMAFLOW_OPS_REPLAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLAY_KEYS_EXACT = 1 << 16, REPLAY_KEYS_REGISTERS = 1 << 14 };

struct replay_keys {
    uint64_t *seen; /* twice as many places as are counted exactly; 0: free */
    size_t count;
    uint8_t registers[REPLAY_KEYS_REGISTERS];
};

/* 0, or -ENOMEM. */
__attribute__((warn_unused_result)) int replay_keys_init(struct replay_keys *keys);
void replay_keys_release(struct replay_keys *keys);
void replay_keys_add(struct replay_keys *keys, const void *key, size_t size); /* NULL: a key, too */
int64_t replay_keys_count(const struct replay_keys *keys, bool *ret_exact);

#endif
