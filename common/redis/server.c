/* What a server says of itself, and whether that will do; see redis.h. */
#include "redis/redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_MIN = 7 };

static void copy_field(const char *info, const char *name, char *to, size_t room)
{
    const size_t size = strlen(name);
    for (const char *at = strstr(info, name); at != NULL; at = strstr(at + size, name))
        if (at == info || at[-1] == '\n') { /* not the end of another field's name */
            (void)snprintf(to, room, "%.*s", (int)strcspn(at + size, "\r\n"), at + size);
            return;
        }
}

void redis_server_read(const char *info, struct redis_server *server)
{
    copy_field(info, "run_id:", server->run_id, sizeof server->run_id);
    copy_field(info, "redis_version:", server->version, sizeof server->version);
    copy_field(info, "master_replid:", server->replication_id, sizeof server->replication_id);
    copy_field(info, "role:", server->role, sizeof server->role);
}

int redis_server_check(const struct redis_server *server, char ret_words[static 200])
{
    if (server->run_id[0] == '\0') {
        (void)snprintf(ret_words, 200,
                       "INFO names no run_id: a restart could not be noticed; use Redis itself, "
                       "with no proxy before it");
        return -EINVAL;
    }
    if (server->version[0] != '\0' && strtol(server->version, NULL, 10) < VERSION_MIN) {
        (void)snprintf(ret_words, 200,
                       "this is Redis %.20s, older than %d, whose scripts say less of what went "
                       "wrong; use a newer one",
                       server->version, VERSION_MIN);
        return -EINVAL;
    }
    if (server->eviction[0] != '\0' && strcmp(server->eviction, "noeviction") != 0) {
        (void)snprintf(ret_words, 200,
                       "maxmemory-policy is %.40s: it would delete keys that keep orders from "
                       "being posted twice; set it to noeviction",
                       server->eviction);
        return -EINVAL;
    }
    if (strcmp(server->role, "slave") == 0) {
        (void)snprintf(ret_words, 200, "READONLY this Redis is a replica");
        return -EAGAIN;
    }
    return 0;
}
