/* A call of a script being put together: KEYS first, then ARGV. For those who have scripts of their own. Texts are the
 * caller's until the call has left, but names and numbers, for which there is room here. */
#ifndef PRIMAFLOW_KEYS_CALL_H
#define PRIMAFLOW_KEYS_CALL_H

#include "base/digits.h"
#include "idempotency/keys.h"

enum { KEY_NAME_MAX = 512 };

struct keys_call {
    struct redis_bytes args[REDIS_ARGS_MAX];
    size_t key_count, arg_count;
    char names[6][KEY_NAME_MAX], numbers[12][DIGITS_MAX];
    size_t name_count, number_count;
};

void keys_call_key(struct keys_call *c, const struct keyspace *ks, const char *kind,
                   const char *rest);
void keys_call_add(struct keys_call *c, const char *data, size_t size);
void keys_call_text(struct keys_call *c, const char *text);
void keys_call_number(struct keys_call *c, int64_t number);
void keys_call_bytes(struct keys_call *c, const uint8_t *bytes, size_t size);

/* o:<order>, and at:<flow>:<partition>. */
void keys_call_order(struct keys_call *c, const struct keyspace *ks, const char *order);
void keys_call_position(struct keys_call *c, const struct keyspace *ks, int32_t partition);

/* "<flow>:<slot>", as slots' keys are named. */
const char *keys_slot_name(const struct keyspace *ks, char text[static 160]);
/* The keys that scripts/common.lua begins with: marker, our slot's epoch, and that of `kind`. */
void keys_call_begin_none(struct keys_call *c, const struct keyspace *ks); /* ... which follows */
void keys_call_begin_at(struct keys_call *c, const struct keyspace *ks, const char *kind,
                        const char *rest);
void keys_call_begin(struct keys_call *c, const struct keyspace *ks, const char *natural);
/* ... and its arguments, once all keys are there. */
void keys_call_begin_args(struct keys_call *c, const struct keyspace *ks);

#endif
