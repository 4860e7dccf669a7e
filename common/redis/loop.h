/* hiredis on libuv. The adapter that hiredis 0.14 ships crashes when a context is freed inside a
 * callback, so these few lines are ours. For redis.c alone. Loop thread only. */
#ifndef PRIMAFLOW_REDIS_LOOP_H
#define PRIMAFLOW_REDIS_LOOP_H

#include <hiredis/async.h>
#include <uv.h>

/* Until the context is freed, by hiredis or by its owner. `fill` gives hiredis what is to be
 * written, before each turn's output leaves. 0; -ENOMEM; -EIO: libuv does not take the socket. */
__attribute__((warn_unused_result)) int redis_loop_attach(uv_loop_t *loop,
                                                          redisAsyncContext *context,
                                                          void (*fill)(void *user), void *user);

/* There is something to be written: `fill` is called in the loop's next turn. */
void redis_loop_write_soon(redisAsyncContext *context);

#endif
