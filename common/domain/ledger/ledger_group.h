/* The messages of one order in the ledger's topic (ledger_key.h), decoded: its entry, and what its
 * refunds take of it.
 *
 * Invariants: of each key the newest message counts; a tombstone takes away what its key had; the
 * records are in the order in which the topic has them. In the arena. Loop thread only, as
 * codec_decode. */
#ifndef PRIMAFLOW_LEDGER_GROUP_H
#define PRIMAFLOW_LEDGER_GROUP_H

#include "codec/codec.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"

struct ledger_message {
    const char *key; /* of this order */
    size_t key_size;
    const void *value; /* framed; NULL: a tombstone */
    size_t value_size;
    int64_t offset;
};

struct ledger_group {
    const struct ledger_entry *entry; /* NULL: none */
    const struct ledger_credit *records;
    size_t record_count;
};

/* In whatever order the messages are given. 0; of message *ret_wrong: -EBADMSG with *ret_fault;
 * -EAGAIN: its schema is to be fetched (codec_fetch); -ENOMEM. */
__attribute__((warn_unused_result)) int ledger_group_read(
    struct codec *codec, const struct ledger_message messages[], size_t count, struct arena *arena,
    struct ledger_group *ret_group, size_t *ret_wrong, struct codec_fault *ret_fault);

#endif
