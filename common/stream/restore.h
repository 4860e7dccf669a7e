/* A flow's keys in Redis, made again from what was committed: results (posted, cancelled), dead letters
 * (parked), people's decisions, the retry topics (deferral marks). What an incident's rebuild does
 * (rebuild.h), and `primaflow replay rebuild-keys`. Each step may run twice. Blocking; one thread.
 *
 * Errors: 0, -EIO (infrastructure, with ret_message), -ECANCELED (give_up), -ENOENT and -EACCES (a topic),
 * and whatever `renew` says. */
#ifndef PRIMAFLOW_RESTORE_H
#define PRIMAFLOW_RESTORE_H

#include "codec/codec.h"
#include "idempotency/keys_once.h"
#include "kafka/kafka.h"

struct restore {
    const struct config *config;
    struct codec *codec;
    const atomic_int *give_up; /* NULL: nobody does */
    struct keys_batch batch;   /* the first two of its fields */
    /* Called as it reads, all `renew_every_ms`, when Redis owes no answer: keeps what makes us the
     * one who restores. */
    int (*renew)(void *user);
    int64_t renew_every_ms, renewed_ms; /* monotonic */
    /* Should this one be restored? NULL: each. */
    bool (*wants)(void *user, const struct keys_restored *key);
    void *user;

    int64_t restored;   /* scripts that were given */
    int64_t unreadable; /* results that could not be decoded */
    int result;         /* its own */
    bool later_letters; /* the dead letters have some of a posted order's later version */
};

/* The keys. The topics are read committed, to their ends. */
__attribute__((warn_unused_result)) int restore_keys(struct restore *restore,
                                                     const char *dead_letters, const char *results,
                                                     char ret_message[static KAFKA_TEXT_MAX]);

/* What of these topics is at or behind the group's `committed` offsets keeps later records of its
 * key behind it. */
__attribute__((warn_unused_result)) int restore_marks(struct restore *restore,
                                                      const char *const retries[], size_t count,
                                                      const struct kafka_place *committed,
                                                      size_t committed_count,
                                                      char ret_message[static KAFKA_TEXT_MAX]);

/* Nobody takes anything of an order before its table has read what stands in the ledger now: what is
 * open or credited is there, and reservations are not rebuilt. */
__attribute__((warn_unused_result)) int restore_positions(struct restore *restore,
                                                          const char *ledger,
                                                          char ret_message[static KAFKA_TEXT_MAX]);

#endif
