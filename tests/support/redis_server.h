/* A redis-server of a test's own: on a free loopback port, in a folder of its own, dead when the
 * test is, however it ends (the kernel kills it with the thread that started it).
 *
 * Every function ends the process with a message when it cannot do what it says: a test without its
 * server has nothing to say. One thread. */
#ifndef PRIMAFLOW_REDIS_SERVER_H
#define PRIMAFLOW_REDIS_SERVER_H

#include <stddef.h>
#include <sys/types.h>

enum { REDIS_SERVER_ARGS_MAX = 16 };

struct redis_server_process {
    pid_t pid; /* 0: not running */
    int port;
    char folder[64]; /* dump.rdb, log */
    char url[64];
};

/* Starts with these further arguments of redis-server (NULL: none), nothing saved by itself, and
 * waits until it answers. */
void redis_server_start(struct redis_server_process *server, const char *const args[]);

/* SIGKILL, then it is waited for; what was saved stays for redis_server_restart, which takes the
 * same port. `wait`: until it answers PING. */
void redis_server_kill(struct redis_server_process *server);
void redis_server_restart(struct redis_server_process *server, const char *const args[], int wait);

void redis_server_freeze(const struct redis_server_process *server); /* SIGSTOP */
void redis_server_thaw(const struct redis_server_process *server);

/* Kills it and removes its folder. */
void redis_server_end(struct redis_server_process *server);

#endif
