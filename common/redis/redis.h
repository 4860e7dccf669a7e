/* Redis for a program with a loop: one pipelined connection that heals itself.
 *
 * Invariants
 *   - A command that was taken is answered exactly once with Redis' own reply, however often the
 *     connection breaks: unanswered commands are kept and sent again, in order, after reconnecting.
 *     That is safe because every script here gives the same effect and the same answer when it runs
 *     twice with the same arguments. A caller therefore never sees "perhaps"; it waits.
 *   - Commands run in the order in which they were given, but that calls of a script that takes
 *     many (`claim`, `claimsent`, `sent`, `finish`) that were given in one turn of the loop go as one, up to 16
 *     of them, and pass each other for that. Who needs one of these to have run before another
 *     waits for its answer: across workers that is the only order there is.
 *   - Before anything is sent on a new connection, the server is looked at: whether it may be
 *     trusted with keys (eviction policy, role, version), then by the owner, in `on_server`,
 *     whether it is the one that was known. Either may refuse it. Every two seconds it is looked at
 *     once more: what is another one by then gets a new connection.
 *   - Each script carries its number and that of the last one whose answer arrived (script.h).
 *   - No reply within `timeout_ms`: the connection is given up whole, so a late reply can never be
 *     taken for another command's.
 *   - Memory: commands are bounded by the caller, who waits for answers.
 *   - The program ignores SIGPIPE: a connection that the server closed is found by writing to it.
 * Loop thread only. */
#ifndef PRIMAFLOW_REDIS_H
#define PRIMAFLOW_REDIS_H

#include "redis/script.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { REDIS_ITEMS_MAX = 10, REDIS_ARGS_MAX = 32 };

struct redis_bytes {
    const char *data;
    size_t size;
};

/* A reply as a flat list; a nil is {NULL, 0}; integers have their number and text NULL. Lives until
 * the callback returns. */
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

/* Which server this is, and what it is like. A restart changes the run id; a promotion, or becoming
 * a replica, the replication id. */
struct redis_server {
    char run_id[64], replication_id[64];
    char role[16];     /* "master", "slave" */
    char eviction[32]; /* maxmemory-policy; "" when it may not be asked */
    char version[32];
};
void redis_server_read(
    const char *info,
    struct redis_server *server); /* sections "server" and "replication" of INFO; what is there */
/* May keys be trusted to it? 0; -EINVAL: not as it is set up; -EAGAIN: not now, it is a replica.
 * ret_words: why not, and the remedy. Any thread. */
__attribute__((warn_unused_result)) int redis_server_check(const struct redis_server *server,
                                                           char ret_words[static 200]);

struct redis_hooks {
    /* A new connection, to a server that passed redis_server_check: true = go on and send what
     * waits; false = nothing is sent until redis_connect_again, if ever. */
    bool (*on_server)(void *user, const struct redis_server *server);
    void (*on_answer)(void *user, const struct redis_script *script,
                      int64_t took_ms); /* for metrics; NULL: a plain command. May be NULL */
    void (*on_lost)(void *user, const char *reason); /* the connection broke or could not be made;
                                                        healing goes on by itself */
    void *user;
};

struct redis;

/* url: see url.h. scripts: what redis_run is given, the owner's; NULL: none. -EINVAL with
 * ret_message. Connecting happens in the loop. */
__attribute__((warn_unused_result)) int redis_new(
    uv_loop_t *loop, const char *url, const struct redis_scripts *scripts, int64_t timeout_ms,
    const struct redis_hooks *hooks, struct redis **ret_redis, char ret_message[static 300]);
void redis_free(struct redis *redis); /* no callbacks any more */

/* Runs a script. `args` are KEYS then ARGV; everything is copied. */
void redis_run(struct redis *redis, const struct redis_script *script,
               const struct redis_bytes *args, size_t key_count, size_t arg_count, redis_done done,
               void *user);

/* A plain command, for what no script does (slot leases). Must be harmless when it runs twice. */
void redis_command(struct redis *redis, const struct redis_bytes *words, size_t count,
                   redis_done done, void *user);

/* The connection is given up and made anew, and the owner looks at the server once more. */
void redis_connect_again(struct redis *redis);

/* While held, commands that are given wait; those under way are answered. */
void redis_hold(struct redis *redis, bool held);
bool redis_is_ready(const struct redis *redis);
int64_t redis_answered(const struct redis *redis); /* number of the last command that was answered,
                                                      as the scripts know it */
const char *redis_last_error(const struct redis *redis); /* Redis' words for the last command it
                                                            refused; "" when there is none */
size_t redis_waiting(const struct redis *redis);         /* commands not yet answered */

#endif
