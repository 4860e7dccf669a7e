/* The blocking connection and the URL; see redis_once.h, redis.h. */
#include "idempotency/redis_once.h"

#include <assert.h>
#include <errno.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

struct redis_once {
    redisContext *context;
    redisReply *last;
};

static int url_is_bad(char ret_message[static 300])
{
    (void)snprintf(ret_message, 300,
                   "redis.url is not redis://[user:password@]host[:port][/db] or unix:///path; correct it (its value is not shown, it may "
                   "hold a password)");
    return -EINVAL;
}

int redis_parse_url(const char *url, struct redis_address *ret_address, char ret_message[static 300])
{
    struct redis_address a = {.port = 6379};
    if (strncmp(url, "unix://", 7) == 0) {
        if (strlen(url + 7) == 0 || strlen(url + 7) >= sizeof a.host)
            return url_is_bad(ret_message);
        a.unix_socket = true;
        memcpy(a.host, url + 7, strlen(url + 7) + 1);
        *ret_address = a;
        return 0;
    }
    if (strncmp(url, "rediss://", 9) == 0) {
        (void)snprintf(ret_message, 300,
                       "redis.url asks for TLS (rediss://), which this build's hiredis cannot do; use redis:// through a local TLS proxy "
                       "such as stunnel");
        return -EINVAL;
    }
    if (strncmp(url, "redis://", 8) != 0)
        return url_is_bad(ret_message);
    const char *rest = url + 8, *at = strrchr(rest, '@');
    if (at != NULL) {
        const char *colon = memchr(rest, ':', (size_t)(at - rest));
        const size_t user = colon != NULL ? (size_t)(colon - rest) : 0, skip = colon != NULL ? user + 1 : 0;
        const size_t password = (size_t)(at - rest) - skip;
        if (user >= sizeof a.user || password >= sizeof a.password)
            return url_is_bad(ret_message);
        memcpy(a.user, rest, user);
        memcpy(a.password, rest + skip, password);
        rest = at + 1;
    }
    const size_t host = strcspn(rest, ":/");
    if (host == 0 || host >= sizeof a.host)
        return url_is_bad(ret_message);
    memcpy(a.host, rest, host);
    rest += host;
    char *end = NULL;
    if (*rest == ':') {
        const long port = strtol(rest + 1, &end, 10);
        if (end == rest + 1 || port < 1 || port > 65535)
            return url_is_bad(ret_message);
        a.port = (int)port;
        rest = end;
    }
    if (*rest == '/' && rest[1] != '\0') {
        const long database = strtol(rest + 1, &end, 10);
        if (*end != '\0' || database < 0 || database > 1000000)
            return url_is_bad(ret_message);
        a.database = (int)database;
    } else if (*rest != '\0' && strcmp(rest, "/") != 0) {
        return url_is_bad(ret_message);
    }
    *ret_address = a;
    return 0;
}

static int keep(struct redis_once *r, redisReply *reply, struct redis_reply *ret_reply)
{
    if (r->last != NULL)
        freeReplyObject(r->last);
    r->last = reply;
    if (reply == NULL)
        return -EIO;
    *ret_reply = (struct redis_reply){0};
    if (reply->type == REDIS_REPLY_ERROR) {
        ret_reply->error = reply->str;
        return 0;
    }
    ret_reply->count = reply->type != REDIS_REPLY_ARRAY ? 1 : reply->elements > REDIS_ITEMS_MAX ? REDIS_ITEMS_MAX : reply->elements;
    for (size_t i = 0; i < ret_reply->count; i++) {
        const redisReply *e = reply->type == REDIS_REPLY_ARRAY ? reply->element[i] : reply;
        if (e->type == REDIS_REPLY_INTEGER)
            ret_reply->items[i].number = e->integer;
        else if (e->type != REDIS_REPLY_NIL)
            ret_reply->items[i] = (struct redis_item){e->str, (size_t)e->len, 0};
    }
    return 0;
}

int redis_once_command(struct redis_once *r, const struct redis_bytes *words, size_t count, struct redis_reply *ret_reply)
{
    const char *texts[REDIS_ARGS_MAX + 3];
    size_t sizes[REDIS_ARGS_MAX + 3];
    assert(count <= REDIS_ARGS_MAX + 3);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].data;
        sizes[i] = words[i].size;
    }
    return keep(r, redisCommandArgv(r->context, (int)count, texts, sizes), ret_reply);
}

int redis_once_run(struct redis_once *r, enum script script, const struct redis_bytes *args, size_t key_count, size_t arg_count,
                   struct redis_reply *ret_reply)
{
    scripts_load();
    struct redis_bytes words[REDIS_ARGS_MAX + 3];
    char keys[8];
    assert(!script_takes_many(script) && key_count + arg_count <= REDIS_ARGS_MAX);
    (void)snprintf(keys, sizeof keys, "%zu", key_count);
    words[0] = (struct redis_bytes){"EVAL", 4};
    words[1] = (struct redis_bytes){script_text(script), strlen(script_text(script))};
    words[2] = (struct redis_bytes){keys, strlen(keys)};
    memcpy(words + 3, args, (key_count + arg_count) * sizeof *args);
    return redis_once_command(r, words, 3 + key_count + arg_count, ret_reply);
}

static void copy_info(const char *info, const char *name, char *to, size_t room)
{
    const char *at = strstr(info, name);
    if (at != NULL)
        (void)snprintf(to, room, "%.*s", (int)strcspn(at + strlen(name), "\r\n"), at + strlen(name));
}

static int login(struct redis_once *r, const struct redis_address *a, struct redis_server *ret_server, char ret_message[static 300])
{
    struct redis_reply reply = {0};
    char database[16];
    (void)snprintf(database, sizeof database, "%d", a->database);
    const struct redis_bytes auth[3] = {{"AUTH", 4}, {a->user, strlen(a->user)}, {a->password, strlen(a->password)}};
    const struct redis_bytes password_only[2] = {auth[0], auth[2]};
    const struct redis_bytes select[2] = {{"SELECT", 6}, {database, strlen(database)}};
    const struct redis_bytes info[2] = {{"INFO", 4}, {"server", 6}};
    const struct redis_bytes policy[3] = {{"CONFIG", 6}, {"GET", 3}, {"maxmemory-policy", 16}};
    int result = 0;
    if (a->password[0] != '\0')
        result = a->user[0] != '\0' ? redis_once_command(r, auth, 3, &reply) : redis_once_command(r, password_only, 2, &reply);
    if (result == 0 && a->password[0] != '\0' && reply.error != NULL) {
        (void)snprintf(ret_message, 300, "Redis refuses the login of redis.url: %.100s; correct user or password", reply.error);
        return -EACCES;
    }
    if (result == 0 && a->database != 0)
        result = redis_once_command(r, select, 2, &reply);
    if (result == 0)
        result = redis_once_command(r, info, 2, &reply);
    if (result < 0 || reply.error != NULL || reply.items[0].text == NULL) {
        (void)snprintf(ret_message, 300, "Redis does not answer INFO: %.150s",
                       result == 0 && reply.error != NULL ? reply.error : "connection lost");
        return result == 0 && reply.error != NULL && strncmp(reply.error, "NOAUTH", 6) == 0 ? -EACCES : -ECONNREFUSED;
    }
    *ret_server = (struct redis_server){"", "", ""};
    copy_info(reply.items[0].text, "run_id:", ret_server->run_id, sizeof ret_server->run_id);
    copy_info(reply.items[0].text, "redis_version:", ret_server->version, sizeof ret_server->version);
    if (redis_once_command(r, policy, 3, &reply) == 0 && reply.error == NULL && reply.count == 2 && reply.items[1].text != NULL)
        (void)snprintf(ret_server->eviction, sizeof ret_server->eviction, "%s", reply.items[1].text);
    return 0;
}

int redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis, struct redis_server *ret_server,
                    char ret_message[static 300])
{
    struct redis_address a;
    int result = redis_parse_url(url, &a, ret_message);
    if (result < 0)
        return result;
    struct redis_once *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    const struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    r->context = a.unix_socket ? redisConnectUnixWithTimeout(a.host, timeout) : redisConnectWithTimeout(a.host, a.port, timeout);
    if (r->context == NULL || r->context->err != 0) {
        (void)snprintf(ret_message, 300, "cannot reach Redis at %.150s: %.80s", a.host,
                       r->context != NULL ? r->context->errstr : "no memory");
        redis_once_close(r);
        return -ECONNREFUSED;
    }
    (void)redisSetTimeout(r->context, timeout);
    result = login(r, &a, ret_server, ret_message);
    if (result < 0) {
        redis_once_close(r);
        return result;
    }
    *ret_redis = r;
    return 0;
}

void redis_once_close(struct redis_once *r)
{
    if (r == NULL)
        return;
    if (r->last != NULL)
        freeReplyObject(r->last);
    if (r->context != NULL)
        redisFree(r->context);
    free(r);
}
