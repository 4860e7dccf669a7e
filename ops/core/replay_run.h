/* A replay, sent: the chosen records of an input as copies (replay_copy.h) into <in>.replay, where the
 * worker settles each as a new delivery by the same idempotency.
 *
 * Batch by batch: copies and how far they reach in ops.audit are one transaction, of a transactional id
 * that is the replay's own. Whoever goes on with a replay takes that id, and only then reads how far it
 * has come: a process that was killed, or still lives, writes nothing any more, and is told so. So it is
 * resumed without gap and without double, whatever died when. One thread. */
#ifndef PRIMAFLOW_OPS_REPLAY_RUN_H
#define PRIMAFLOW_OPS_REPLAY_RUN_H

#include "core/replay_log.h"

#include <signal.h>

enum { REPLAY_BATCH_MAX = 1000, REPLAY_BATCH_BYTES = 4 << 20 };

struct replay_wanted {
    const char *who, *reason;
    int64_t rate; /* records a second, at least 1 */
    bool resolve_first;
};

/* Writes down that it begins; nothing is sent yet. OPS_CONFIG: there is no replay topic. */
__attribute__((warn_unused_result)) enum ops_kind replay_begin(struct ops *ops,
                                                               const struct replay_choice *choice,
                                                               const struct replay_wanted *wanted,
                                                               char ret_id[static REPLAY_ID_MAX],
                                                               struct ops_error *ret_error);

struct replay_progress {
    int64_t sent;
    struct replay_left_out left_out; /* of the whole replay, as `sent` */
    int64_t left;                    /* offsets to be read yet: as many records at most */
    int64_t gone; /* offsets whose records retention has taken before they were read */
    bool is_done;
};

struct replay_going {
    int64_t rate;                      /* 0: as it was begun */
    const volatile sig_atomic_t *stop; /* not 0: it ends behind the batch at hand. May be NULL */
    void (*seen)(void *user, const struct replay_progress *progress); /* each batch; NULL: none */
    void *user;
};

/* Sends from where the replay has come to. OPS_DATA: there is no such replay, it has ended, or its topic
 * was made anew. OPS_UNAVAILABLE also when another process has gone on with it, or cancelled it, meanwhile.
 * *ret_progress is filled as far as it went, whatever is returned. */
__attribute__((warn_unused_result)) enum ops_kind replay_go_on(struct ops *ops, const char *id,
                                                               const char *who,
                                                               const struct replay_going *going,
                                                               struct replay_progress *ret_progress,
                                                               struct ops_error *ret_error);

/* Ends it: a process that sends it now is stopped behind its last batch. What was sent stays so. */
__attribute__((warn_unused_result)) enum ops_kind replay_cancel(struct ops *ops, const char *id,
                                                                const char *who, const char *reason,
                                                                struct ops_error *ret_error);

#endif
