/* Redis for a program with a loop: one pipelined connection that heals itself.
 *
 * Invariants
 *   - A command that was taken is answered exactly once with Redis' own reply, however often the connection breaks: unanswered commands are
 * kept and sent again, in order, after reconnecting. That is safe because every script here gives the same effect and the same answer when
 * it runs twice with the same arguments. A caller therefore never sees "perhaps"; it waits.
 *   - Commands run in the order in which they were given, but that calls of `claim`, of `sent` and of `finish` that were given in one turn
 * of the loop go as one, up to 16 of them, and pass each other for that. Who needs one of these to have run before another waits for its
 * answer: across workers that is the only order there is.
 *   - Before anything is sent on a new connection, the owner looks at the server (run id, eviction policy) in `on_server`, and may refuse
 * it.
 *   - No reply within `timeout_ms`: the connection is given up whole, so a late reply can never be taken for another command's.
 *   - Memory: commands are bounded by the caller, who waits for answers.
 *   - The program ignores SIGPIPE: a connection that the server closed is found by writing to it.
 * Loop thread only. */
#ifndef PRIMAFLOW_REDIS_H
#define PRIMAFLOW_REDIS_H

#include "idempotency/scripts.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { REDIS_ITEMS_MAX = 10, REDIS_ARGS_MAX = 24 };

struct redis_bytes {
    const char *data;
    size_t size;
};

/* A reply as a flat list; a nil is {NULL, 0}; integers have their number and text NULL. Lives until the callback returns. */
struct redis_item {
    const char *text;
    size_t size;
    int64_t number;
};
struct redis_reply {
    const char *error; /* NULL, or Redis' words: a defect of ours, or "OOM" */
    struct redis_item items[REDIS_ITEMS_MAX];
    size_t count;
};
typedef void (*redis_done)(void *user, const struct redis_reply *reply);

struct redis_server {
    char run_id[64];
    char eviction[32]; /* maxmemory-policy; "" when it may not be asked */
    char version[32];
};

struct redis_hooks {
    /* A new connection: true = go on and send what waits; false = nothing is sent, the owner starts over. */
    bool (*on_server)(void *user, const struct redis_server *server);
    void (*on_answer)(void *user, enum script script, int64_t took_ms); /* for metrics; SCRIPT_COUNT: a plain command. May be NULL */
    void (*on_lost)(void *user, const char *reason); /* the connection broke or could not be made; healing goes on by itself */
    void *user;
};

struct redis;

/* url: redis://[user:password@]host[:port][/db] or unix:///path. -EINVAL with ret_message. Connecting happens in the loop. */
__attribute__((warn_unused_result)) int redis_new(uv_loop_t *loop, const char *url, int64_t timeout_ms, const struct redis_hooks *hooks,
                                                  struct redis **ret_redis, char ret_message[static 300]);
void redis_free(struct redis *redis); /* no callbacks any more */

/* Runs a script. `args` are KEYS then ARGV; everything is copied. */
void redis_run(struct redis *redis, enum script script, const struct redis_bytes *args, size_t key_count, size_t arg_count, redis_done done,
               void *user);

/* A plain command, for what no script does (slot leases). Must be harmless when it runs twice. */
void redis_command(struct redis *redis, const struct redis_bytes *words, size_t count, redis_done done, void *user);

bool redis_is_ready(const struct redis *redis);
const char *redis_last_error(const struct redis *redis); /* Redis' words for the last command it refused; "" when there is none */
size_t redis_waiting(const struct redis *redis);         /* commands not yet answered */

struct redis_address {
    char host[256], user[64], password[256];
    int port, database;
    bool unix_socket; /* host is the path then */
};
__attribute__((warn_unused_result)) int redis_parse_url(const char *url, struct redis_address *ret_address, char ret_message[static 300]);

#endif
