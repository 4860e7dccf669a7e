/* Redis for a moment without a loop: start-up, the command line. Blocking; each call has a
 * deadline. One thread at a time. */
#ifndef PRIMAFLOW_REDIS_ONCE_H
#define PRIMAFLOW_REDIS_ONCE_H

#include "redis/redis.h"

struct redis_once;

/* Connects, logs in, fills *ret_server. -ECONNREFUSED (any failure to reach it), -EACCES (refused
 * login), -EINVAL (URL, or Redis has not its database), with ret_message. */
__attribute__((warn_unused_result)) int redis_once_open(const char *url, int64_t timeout_ms,
                                                        struct redis_once **ret_redis,
                                                        struct redis_server *ret_server,
                                                        char ret_message[static 300]);
void redis_once_close(struct redis_once *redis); /* accepts NULL */

/* 0 with *ret_reply, which lives until the next call; -EIO: the connection broke, close and open
 * again. */
__attribute__((warn_unused_result)) int redis_once_command(struct redis_once *redis,
                                                           const struct redis_bytes *words,
                                                           size_t count,
                                                           struct redis_reply *ret_reply);
/* For a reply that is one text: ret_text, "" for a nil. -EIO; -EREMOTEIO: Redis refuses, and ret_text
 * has its words. */
__attribute__((warn_unused_result)) int redis_once_text(struct redis_once *redis,
                                                        const struct redis_bytes *words,
                                                        size_t count, char *ret_text, size_t room);
/* Scripts are counted by connection: of a slot's process one connection at a time runs those that
 * count. */
__attribute__((warn_unused_result)) int redis_once_run(struct redis_once *redis,
                                                       const struct redis_script *script,
                                                       const struct redis_bytes *args,
                                                       size_t key_count, size_t arg_count,
                                                       struct redis_reply *ret_reply);

/* The same for many, without waiting for each: what was given is answered in order by
 * redis_once_take. Load the script before the first, and take as many as were given before anything
 * else is run. -EIO. */
__attribute__((warn_unused_result)) int redis_once_load(struct redis_once *redis,
                                                        const struct redis_script *script);
__attribute__((warn_unused_result)) int redis_once_give(struct redis_once *redis,
                                                        const struct redis_script *script,
                                                        const struct redis_bytes *args,
                                                        size_t key_count, size_t arg_count);
__attribute__((warn_unused_result)) int redis_once_take(struct redis_once *redis,
                                                        struct redis_reply *ret_reply);

#endif
