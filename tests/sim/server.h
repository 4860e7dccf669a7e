/* The simulated Redis server: the real scripts in Lua 5.1 over the store, as Redis runs them. It is
 * lost, set back, restarted and put out of reach from outside (faults.c). */
#ifndef PRIMAFLOW_SIM_SERVER_H
#define PRIMAFLOW_SIM_SERVER_H

#include "redis/redis.h"
#include "store.h"

void server_begin(void);
void server_end(void);
bool server_is_up(void);
int64_t server_breaks(void); /* how often every connection broke */
void server_look(struct redis_server *ret_server);
/* script NULL: words are a command. Else: keys, arguments, and the numbers at their end. An answer
 * in a list of its own, as of one call of a script that takes many, is that list. */
void server_run(const struct redis_script *script, const struct word words[], size_t key_count,
                size_t count, struct answer *answer);
const struct store *server_store(void);

void server_snapshot(void);               /* what it is set back to */
void server_lose(bool all, bool says_so); /* all, or what came since the snapshot; says_so: as
                                             another run, else as if nothing had been */
void server_down(int64_t ms);

#endif
