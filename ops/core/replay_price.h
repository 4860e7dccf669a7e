/* What a record would become if it were replayed now: by Redis' state of its key and the record's
 * content, as a worker's claim would find it. Nothing is written. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_PRICE_H
#define PRIMAFLOW_OPS_REPLAY_PRICE_H

#include "core/replay_choice.h"

enum replay_fate {
    REPLAY_DUPLICATE,     /* posted, and this is what was */
    REPLAY_SUPERSEDED,    /* posted, and this is older */
    REPLAY_LATER_VERSION, /* posted, and this is newer: known already, or its money, or an amendment */
    REPLAY_CONFLICT,      /* posted, and this is another content of the same version */
    REPLAY_STAYS,         /* cancelled before posting, or discarded: stays so */
    REPLAY_PARKED,        /* Prima is asked once more; a person's turn remains one */
    REPLAY_UNDER_WAY,     /* a worker has the key now */
    REPLAY_NEW,         /* Redis has nothing of the key, or a clean refusal, or it waits: it may be
                             posted */
    REPLAY_FORGOTTEN,   /* Redis has nothing of the key, and a result says that it was posted */
    REPLAY_ASKED_FIRST, /* Redis has nothing of the key, and the record is older than keys are kept */
    REPLAY_UNREADABLE, /* it cannot be decoded, or has no key by today's mappings: a dead letter */
    REPLAY_UNKNOWN,    /* Redis or the schema registry does not say */
    REPLAY_FATES
};
const char *replay_fate_name(enum replay_fate fate); /* "later_version" */

struct replay_price;
/* OPS_CONFIG: schemas, mappings. That Redis is away makes records unknown, and no error. */
__attribute__((warn_unused_result)) enum ops_kind replay_price_new(struct ops *ops,
                                                                   const struct flow *flow,
                                                                   struct replay_price **ret_price,
                                                                   struct ops_error *ret_error);
void replay_price_free(struct replay_price *price); /* accepts NULL */

/* 0; -ENOMEM. Counts it among the fates. */
__attribute__((warn_unused_result)) int replay_price_add(struct replay_price *price,
                                                         const struct kafka_record *record);

/* Looks the keys of which Redis has nothing up in the flow's results, then gives the counts. `why`: why
 * some are unknown, or "". */
__attribute__((warn_unused_result)) enum ops_kind replay_price_end(
    struct replay_price *price, int64_t ret_fates[static REPLAY_FATES], char ret_why[static 300],
    struct ops_error *ret_error);

#endif
