/* Which parked record a person means, and what belongs to it: its dead letter with all bytes,
 * who it is to the worker, and the later versions that wait behind it. Owned by the caller:
 * parked_case_release. One thread. */
#ifndef PRIMAFLOW_OPS_PARKED_FIND_H
#define PRIMAFLOW_OPS_PARKED_FIND_H

#include "core/dlq.h"
#include "idempotency/keys_reply.h"

enum { PARKED_WAITING_MAX = 100 };

struct parked_case {
    struct ops *ops;
    struct arena *arena;
    struct letter_book book; /* judged */
    struct letter_case *entry;
    struct dead_letter letter;
    char place[LETTER_PLACE_MAX];
    struct kafka_record record; /* a copy, in the arena */
    /* by the event, as the worker reads it */
    struct flow_key key;
    const void *rules;
    char currency[4]; /* of the sum below; "": not known */
    int64_t minor;    /* what its document has to come to */
    int64_t created_ms;
    /* what its headers say of its content */
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    bool has_parts;
    struct letter_case *waiting[PARKED_WAITING_MAX]; /* open letters behind it, by offset */
    size_t waiting_count;
};

/* Is a letter of this code about a key that is parked, and not only about one that waits behind
 * it? */
bool parked_is_own(enum pf_error code);

/* `id`: the place of the letter, or an id as `why` takes it. OPS_USAGE: it means none, or
 * several. OPS_DATA: its letter is not open, is not about a parked key, or its bytes cannot be
 * used. */
__attribute__((warn_unused_result)) enum ops_kind parked_find(struct ops *ops, const char *id,
                                                              int64_t since_ms,
                                                              struct parked_case *ret_case,
                                                              struct ops_error *ret_error);
void parked_case_release(struct parked_case *found);

/* The open letters of the entry's key that wait behind it. */
size_t parked_waiting(const struct letter_book *book, const struct letter_case *entry,
                      struct letter_case *ret_waiting[static PARKED_WAITING_MAX]);

#endif
