/* How letters that were sent again have ended, as far as is known. One thread. */
#ifndef PRIMAFLOW_OPS_RETRY_WATCH_H
#define PRIMAFLOW_OPS_RETRY_WATCH_H

#include "core/dlq.h"

#include <signal.h>

enum { RETRY_WATCH_MAX = 1000 };

struct retry_watched {
    int64_t failed;  /* dead letters again, of the code that they had */
    int64_t settled; /* ended otherwise */
    int64_t unknown;
};

/* Looks each second until all of them have ended, `wait_ms` are over, or *stop is not 0. `since_ms`: wall,
 * when the first of them was sent. At most RETRY_WATCH_MAX letters. */
__attribute__((warn_unused_result)) enum ops_kind retry_watch(
    struct ops *ops, struct letter_case *const letters[], size_t count, int64_t since_ms,
    int64_t wait_ms, const volatile sig_atomic_t *stop, struct retry_watched *ret_watched,
    struct ops_error *ret_error);

#endif
