/* Replies in an arena of their own, where hiredis takes each word of one from malloc: a reply of
 * ours has three, and an order three replies. For redis.c alone. Loop thread only. */
#ifndef PRIMAFLOW_REDIS_REPLY_H
#define PRIMAFLOW_REDIS_REPLY_H

#include <hiredis/hiredis.h>

/* Before the first reply. They are redisReply as always, and freed by hiredis once their callback
 * has returned. */
void redis_reply_attach(redisReader *reader);

#endif
