/* The blocking connection; see once.h. */
#include "redis/once.h"

#include <assert.h>
#include <errno.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "base/digits.h"
#include "redis/url.h"

struct redis_once {
    redisContext *context;
    redisReply *last;
    int64_t number, answered; /* script.h */
    size_t given;             /* not yet taken */
};

static int once_keep(struct redis_once *r, redisReply *reply, struct redis_reply *ret_reply)
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
    ret_reply->count = reply->type != REDIS_REPLY_ARRAY    ? 1
                       : reply->elements > REDIS_ITEMS_MAX ? REDIS_ITEMS_MAX
                                                           : reply->elements;
    for (size_t i = 0; i < ret_reply->count; i++) {
        const redisReply *e = reply->type == REDIS_REPLY_ARRAY ? reply->element[i] : reply;
        if (e->type == REDIS_REPLY_INTEGER)
            ret_reply->items[i].number = e->integer;
        else if (e->type != REDIS_REPLY_NIL)
            ret_reply->items[i] = (struct redis_item){e->str, (size_t)e->len, 0};
    }
    return 0;
}

enum { WORDS_MAX = 3 + REDIS_ARGS_MAX + REDIS_SCRIPT_NUMBERS };

int redis_once_command(struct redis_once *r, const struct redis_bytes *words, size_t count,
                       struct redis_reply *ret_reply)
{
    const char *texts[WORDS_MAX];
    size_t sizes[WORDS_MAX];
    assert(count <= WORDS_MAX && r->given == 0);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].data;
        sizes[i] = words[i].size;
    }
    return once_keep(r, redisCommandArgv(r->context, (int)count, texts, sizes), ret_reply);
}

int redis_once_text(struct redis_once *r, const struct redis_bytes *words, size_t count,
                    char *ret_text, size_t room)
{
    struct redis_reply reply;
    const int result = redis_once_command(r, words, count, &reply);
    if (result < 0)
        return result;
    const struct redis_item *item = &reply.items[0];
    if (reply.error != NULL)
        (void)snprintf(ret_text, room, "%s", reply.error);
    else
        (void)snprintf(ret_text, room, "%.*s", (int)item->size,
                       item->text != NULL ? item->text : "");
    return reply.error != NULL ? -EREMOTEIO : 0;
}

/* A call of a script, word by word, the numbers at its end. */
struct once_call {
    struct redis_bytes words[WORDS_MAX];
    char keys[DIGITS_MAX], number[REDIS_SCRIPT_NUMBER_SIZE + 1],
        answered[REDIS_SCRIPT_NUMBER_SIZE + 1];
    size_t count;
};

static void once_add_word(struct once_call *c, const char *text, size_t size)
{
    c->words[c->count++] = (struct redis_bytes){text, size};
}

static void once_call_write(struct once_call *c, struct redis_once *r,
                            const struct redis_script *script, bool as_text,
                            const struct redis_bytes *args, size_t key_count, size_t arg_count)
{
    assert(!redis_script_takes_many(script) && key_count + arg_count <= REDIS_ARGS_MAX);
    c->count = 0;
    const char *text = as_text ? script->text : script->sha1;
    once_add_word(c, as_text ? "EVAL" : "EVALSHA", as_text ? 4 : 7);
    once_add_word(c, text, strlen(text));
    once_add_word(c, c->keys, digits_write((int64_t)key_count, c->keys));
    for (size_t i = 0; i < key_count + arg_count; i++)
        once_add_word(c, args[i].data, args[i].size);
    r->number += script->is_counted;
    (void)snprintf(c->number, sizeof c->number, "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)r->number);
    (void)snprintf(c->answered, sizeof c->answered, "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)r->answered);
    once_add_word(c, c->number, REDIS_SCRIPT_NUMBER_SIZE);
    once_add_word(c, c->answered, REDIS_SCRIPT_NUMBER_SIZE);
}

int redis_once_run(struct redis_once *r, const struct redis_script *script,
                   const struct redis_bytes *args, size_t key_count, size_t arg_count,
                   struct redis_reply *ret_reply)
{
    struct once_call c;
    once_call_write(&c, r, script, true, args, key_count, arg_count);
    const int result = redis_once_command(r, c.words, c.count, ret_reply);
    if (result == 0 && ret_reply->error == NULL)
        r->answered = r->number;
    return result;
}

int redis_once_load(struct redis_once *r, const struct redis_script *script)
{
    struct redis_reply reply;
    const struct redis_bytes words[] = {
        {"SCRIPT", 6}, {"LOAD", 4}, {script->text, strlen(script->text)}};
    return redis_once_command(r, words, 3, &reply) < 0 || reply.error != NULL ? -EIO : 0;
}

int redis_once_give(struct redis_once *r, const struct redis_script *script,
                    const struct redis_bytes *args, size_t key_count, size_t arg_count)
{
    struct once_call c;
    const char *texts[WORDS_MAX];
    size_t sizes[WORDS_MAX];
    once_call_write(&c, r, script, false, args, key_count, arg_count);
    for (size_t i = 0; i < c.count; i++) {
        texts[i] = c.words[i].data;
        sizes[i] = c.words[i].size;
    }
    if (redisAppendCommandArgv(r->context, (int)c.count, texts, sizes) != REDIS_OK)
        return -EIO;
    r->given++;
    return 0;
}

int redis_once_take(struct redis_once *r, struct redis_reply *ret_reply)
{
    void *reply = NULL;
    assert(r->given > 0);
    if (redisGetReply(r->context, &reply) != REDIS_OK)
        reply = NULL;
    const int result = once_keep(r, reply, ret_reply);
    if (result == 0 && ret_reply->error == NULL)
        r->answered = r->number - (int64_t)r->given + 1;
    r->given--;
    return result;
}

static int once_login(struct redis_once *r, const struct redis_address *a,
                      struct redis_server *ret_server, char ret_message[static 300])
{
    struct redis_reply reply = {0};
    char database[16];
    (void)snprintf(database, sizeof database, "%d", a->database);
    const struct redis_bytes auth[3] = {
        {"AUTH", 4}, {a->user, strlen(a->user)}, {a->password, strlen(a->password)}};
    const struct redis_bytes password_only[2] = {auth[0], auth[2]};
    const struct redis_bytes select[2] = {{"SELECT", 6}, {database, strlen(database)}};
    const struct redis_bytes info[2] = {{"INFO", 4}, {"server", 6}},
                             replication[2] = {info[0], {"replication", 11}};
    const struct redis_bytes policy[3] = {{"CONFIG", 6}, {"GET", 3}, {"maxmemory-policy", 16}};
    int result = 0;
    if (a->password[0] != '\0')
        result = a->user[0] != '\0' ? redis_once_command(r, auth, 3, &reply)
                                    : redis_once_command(r, password_only, 2, &reply);
    if (result == 0 && a->password[0] != '\0' && reply.error != NULL) {
        (void)snprintf(ret_message, 300,
                       "Redis refuses the login of redis.url: %.100s; correct user or password",
                       reply.error);
        return -EACCES;
    }
    if (result == 0 && a->database != 0)
        result = redis_once_command(r, select, 2, &reply);
    if (result == 0 && a->database != 0 && reply.error != NULL &&
        strncmp(reply.error, "NOAUTH", 6) != 0) { /* INFO says so, too */
        (void)snprintf(ret_message, 300, "Redis refuses database %d of redis.url: %.100s",
                       a->database, reply.error);
        return -EINVAL;
    }
    if (result == 0)
        result = redis_once_command(r, info, 2, &reply);
    if (result < 0 || reply.error != NULL || reply.items[0].text == NULL) {
        (void)snprintf(ret_message, 300, "Redis does not answer INFO: %.150s",
                       result == 0 && reply.error != NULL ? reply.error : "connection lost");
        return result == 0 && reply.error != NULL && strncmp(reply.error, "NOAUTH", 6) == 0
                   ? -EACCES
                   : -ECONNREFUSED;
    }
    *ret_server = (struct redis_server){.run_id = ""};
    redis_server_read(reply.items[0].text, ret_server);
    if (redis_once_command(r, replication, 2, &reply) == 0 && reply.error == NULL &&
        reply.items[0].text != NULL)
        redis_server_read(reply.items[0].text, ret_server);
    if (redis_once_command(r, policy, 3, &reply) == 0 && reply.error == NULL && reply.count == 2 &&
        reply.items[1].text != NULL)
        (void)snprintf(ret_server->eviction, sizeof ret_server->eviction, "%s",
                       reply.items[1].text);
    return 0;
}

int redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis,
                    struct redis_server *ret_server, char ret_message[static 300])
{
    struct redis_address a;
    int result = redis_parse_url(url, &a, ret_message);
    if (result < 0)
        return result;
    struct redis_once *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    const struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    r->context = a.unix_socket ? redisConnectUnixWithTimeout(a.host, timeout)
                               : redisConnectWithTimeout(a.host, a.port, timeout);
    if (r->context == NULL || r->context->err != 0) {
        (void)snprintf(ret_message, 300, "cannot reach Redis at %.150s: %.80s", a.host,
                       r->context != NULL ? r->context->errstr : "no memory");
        redis_once_close(r);
        return -ECONNREFUSED;
    }
    (void)redisSetTimeout(r->context, timeout);
    result = once_login(r, &a, ret_server, ret_message);
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
