/* Replays that were begun, and how many of their copies wait for the workers. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_STATUS_H
#define PRIMAFLOW_OPS_REPLAY_STATUS_H

#include "core/replay_log.h"

enum { REPLAY_LAGS_MAX = 8 };

struct replay_status {
    struct replay_book book; /* replay_book_release */
    struct replay_lag {
        char topic[160];
        int64_t copies;      /* offsets behind the group's commits; -1: not known */
    } lags[REPLAY_LAGS_MAX]; /* one a flow */
    size_t lag_count;
};

/* That Kafka does not tell a group's offsets makes them unknown, and no error. *ret_status is filled
 * as far as it went. */
__attribute__((warn_unused_result)) enum ops_kind replay_status_read(
    struct ops *ops, struct replay_status *ret_status, struct ops_error *ret_error);

#endif
