/* The messages of the levels half: each owns its memory, and is built of what is known now. Built in
 * the order in which they are to be written. Aborts without memory; loop thread. */
#ifndef PRIMAFLOW_LEVEL_MESSAGES_H
#define PRIMAFLOW_LEVEL_MESSAGES_H

#include "base/errors.h"
#include "codec/codec.h"
#include "kafka/kafka.h"
#include "level_state.h"

struct level_message {
    struct kafka_message message;
    char *memory;
    int64_t
        offset; /* of the record that it comes of: it leaves with that, not before; -1: any time */
};

struct level_messages { /* embedded, zeroed; level_messages_clear */
    struct level_message *list;
    size_t count, room;
};

/* Of whom and of what they are made. */
struct level_maker {
    struct codec *codec;
    const char *group; /* of consumers, in dead letters */
    const char *topic; /* that is read */
    int32_t partition;
    int64_t now_ms;
};

/* A level, or its tombstone. `taken_to`: level_state.h. */
void level_messages_level(struct level_messages *to, const struct level_maker *maker,
                          const struct level_out *out, int64_t taken_to);

/* A SKU's rows, for the changelog; none, where no read had it. */
void level_messages_rows(struct level_messages *to, const struct level_maker *maker,
                         const struct row_state *rows, uint32_t sku);

/* That a read was complete, or, `is_gone`, that another one covers it. It stands where any SKU of the
 * partition does: without one nothing is written, for then there is nothing that it could speak for. */
void level_messages_read(struct level_messages *to, const struct level_maker *maker,
                         const struct row_state *rows, const struct complete_read *read,
                         bool is_gone);

/* How a read ended. */
void level_messages_result(struct level_messages *to, const struct level_maker *maker,
                           const struct staged_read *read, const struct row_tally *tally);

/* A record that cannot be taken: its bytes, and why. */
void level_messages_dead_letter(struct level_messages *to, const struct level_maker *maker,
                                const struct kafka_record *record, enum pf_error code,
                                const char *detail);

/* codec_decode, with the schema asked of the registry where it is not known yet: once for each id,
 * which blocks for as long as that takes. -EAGAIN: the registry does not answer. */
__attribute__((warn_unused_result)) int level_decode(struct codec *codec,
                                                     const struct bound_record *record,
                                                     const struct kafka_record *from,
                                                     struct arena *arena, void *ret_struct,
                                                     struct codec_fault *ret_fault);

void level_messages_append(struct level_messages *to, struct level_messages *from, size_t count);
void level_messages_clear(struct level_messages *messages); /* frees all */

#endif
