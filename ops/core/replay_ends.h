/* Which of the chosen records ended in one way: a bit for each offset, read from the flow's results or
 * dead letters. 1.2 MB for ten million records. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_ENDS_H
#define PRIMAFLOW_OPS_REPLAY_ENDS_H

#include "core/replay_choice.h"

#include <signal.h>

enum { REPLAY_ENDS_MAX = 1 << 30 }; /* offsets: 128 MiB */

struct replay_ends {
    uint8_t **bits; /* of each span of the choice */
    size_t count;
};

/* Reads them all. Of a choice without an outcome nothing is read, and every record fits. Released by
 * the caller whatever is returned. What of them cannot be read marks nothing. */
__attribute__((warn_unused_result)) enum ops_kind replay_ends_read(
    struct ops *ops, const struct replay_choice *choice, const volatile sig_atomic_t *stop,
    struct replay_ends *ret_ends, struct ops_error *ret_error);
bool replay_ends_have(const struct replay_ends *ends, const struct replay_choice *choice,
                      int32_t partition, int64_t offset);
void replay_ends_release(struct replay_ends *ends);

#endif
