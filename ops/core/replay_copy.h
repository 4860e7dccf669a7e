/* The copy of an input's record that goes into its replay topic: key, value and headers byte for byte,
 * in their order, those of one name too. Left out are headers named in replay.drop_headers, and those by
 * which workers speak to each other (primaflow.*, __dlq.errors.*): in an input nobody believes them, in
 * a replay topic the worker would. `traceparent` becomes a link, for the replay is a trace of its own. In
 * front stand ours. Pure; one thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_COPY_H
#define PRIMAFLOW_OPS_REPLAY_COPY_H

#include "config/config.h"
#include "kafka/headers.h"
#include "kafka/kafka.h"

enum { REPLAY_HEADERS_OURS = 5, REPLAY_DROPS_MAX = 32 };

struct replay_copier {
    char names[1000]; /* each ends with '\0' */
    const char *drops[REPLAY_DROPS_MAX];
    size_t drop_count;
    struct kafka_header *headers;
    size_t room;
    char of[DELIVERY_MAX], count[DIGITS_MAX], at[DIGITS_MAX];
};

/* -EINVAL: replay.drop_headers names more than there is room for. */
__attribute__((warn_unused_result)) int replay_copier_init(struct replay_copier *copier,
                                                           const struct config *config);
void replay_copier_release(struct replay_copier *copier);

struct replay_mark {
    const char *id;     /* of the replay */
    int64_t count;      /* so often replayed, this time included */
    bool resolve_first; /* Prima is asked before it is sent */
};

/* *ret_copy has no topic, and lives until the next call; its bytes are the record's. -ENOMEM. */
__attribute__((warn_unused_result)) int replay_copy(struct replay_copier *copier,
                                                    const struct kafka_record *record,
                                                    const struct replay_mark *mark,
                                                    struct kafka_record *ret_copy);

#endif
