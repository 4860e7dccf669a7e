/* Our own three scripts with arguments of the same number and sizes as common/idempotency/keys.c gives them, on a bare pipelined
 * connection. */
#include "bare.h"

#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "idempotency/scripts.h"

enum { ARGS_MAX = 24, NAME_MAX_SIZE = 256 };

struct redis_link {
    redisAsyncContext *context;
    char prefix[64], marker_key[96], epoch_key[96];
};

struct call {
    const char *words[ARGS_MAX];
    size_t sizes[ARGS_MAX];
    int count;
};

static const char marker[] = "6f1d0c5a9b7e43d28a10c4f5e6b79d38";

static void add(struct call *c, const char *data, size_t size)
{
    c->words[c->count] = data;
    c->sizes[c->count++] = size;
}

static void add_text(struct call *c, const char *text)
{
    add(c, text, strlen(text));
}

static void begin(struct call *c, enum script script, const char *key_count)
{
    c->count = 0;
    add(c, "EVALSHA", 7);
    add(c, script_sha1(script), 40);
    add_text(c, key_count);
}

static size_t name_of(const struct redis_link *r, const char *kind, const struct order *o, char name[static NAME_MAX_SIZE])
{
    const size_t prefix = strlen(r->prefix);
    if (prefix + 3 + o->key_size > NAME_MAX_SIZE)
        bare_die("a key is too long");
    memcpy(name, r->prefix, prefix);
    memcpy(name + prefix, kind, 3);
    memcpy(name + prefix + 3, o->key, o->key_size);
    return prefix + 3 + o->key_size;
}

static void add_keys(const struct redis_link *r, struct call *c, const char *record, size_t record_size)
{
    add(c, record, record_size);
    add_text(c, r->marker_key);
    add_text(c, r->epoch_key);
}

static void add_keyspace(struct call *c)
{
    add(c, marker, sizeof marker - 1);
    add_text(c, "4294967299"); /* fence */
    add_text(c, "0");          /* slot */
    add_text(c, "17");         /* its epoch */
    add_text(c, "3888000000"); /* TTL */
}

static void run(struct redis_link *r, struct call *c, redisCallbackFn *done, struct order *o)
{
    if (redisAsyncCommandArgv(r->context, done, o, c->count, c->words, c->sizes) != REDIS_OK)
        bare_die("Redis: %s", r->context->errstr);
}

/* The first item of a script's reply must be the word that goes on. */
static void expect(const redisReply *reply, const char *word)
{
    if (reply == NULL)
        bare_die("Redis: the connection broke");
    if (reply->type == REDIS_REPLY_ERROR)
        bare_die("Redis: %s", reply->str);
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 || strcmp(reply->element[0]->str, word) != 0)
        bare_die("Redis: '%s' instead of '%s'; has a script's interface changed?",
                 reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 ? reply->element[0]->str : "?", word);
}

static void on_sent(redisAsyncContext *context, void *reply, void *user)
{
    (void)context;
    expect(reply, "sent");
    order_claimed(user);
}

static void send_sent(struct redis_link *r, struct order *o)
{
    char record[NAME_MAX_SIZE], bucket[80], pause[80];
    struct call c;
    begin(&c, SCRIPT_SENT, "5");
    add_keys(r, &c, record, name_of(r, ":k:", o, record));
    (void)snprintf(bucket, sizeof bucket, "%s:bucket", r->prefix);
    (void)snprintf(pause, sizeof pause, "%s:pause", r->prefix);
    add_text(&c, bucket);
    add_text(&c, pause);
    add_keyspace(&c);
    add(&c, o->token, sizeof o->token);
    add_text(&c, "2251799813685249"); /* number of the send */
    add_text(&c, "40000");            /* lease */
    add_text(&c, "60000");            /* window */
    add(&c, o->identity, sizeof o->identity);
    add(&c, o->sample->request.data, o->sample->request.size);
    add(&c, o->sample->summary.data, o->sample->summary.size);
    add_text(&c, "orders");
    add_text(&c, "50");
    add_text(&c, "0");
    add_text(&c, "10");
    run(r, &c, on_sent, o);
}

static void on_claimed(redisAsyncContext *context, void *reply, void *user)
{
    expect(reply, "claimed");
    send_sent(context->data, user);
}

static size_t delivery_of(const struct order *o, char text[static 64])
{
    return (size_t)snprintf(text, 64, "orders.raw/%d/%lld", (int)o->partition, (long long)o->offset);
}

void redis_claim(struct redis_link *r, struct order *o)
{
    char record[NAME_MAX_SIZE], deferred[NAME_MAX_SIZE], delivery[64];
    struct call c;
    begin(&c, SCRIPT_CLAIM, "4");
    add_keys(r, &c, record, name_of(r, ":k:", o, record));
    add(&c, deferred, name_of(r, ":d:", o, deferred));
    add_keyspace(&c);
    add(&c, o->identity, sizeof o->identity);
    add(&c, o->token, sizeof o->token);
    add_text(&c, "40000"); /* lease */
    add(&c, delivery, delivery_of(o, delivery));
    add_text(&c, "");              /* parent */
    add_text(&c, "1767603600000"); /* version */
    add_text(&c, "60000");         /* window */
    run(r, &c, on_claimed, o);
}

static void on_finished(redisAsyncContext *context, void *reply, void *user)
{
    (void)context;
    expect(reply, "finished");
    order_finished(user);
}

void redis_finish(struct redis_link *r, struct order *o)
{
    char record[NAME_MAX_SIZE], deferred[NAME_MAX_SIZE], delivery[64];
    struct call c;
    begin(&c, SCRIPT_FINISH, "4");
    add_keys(r, &c, record, name_of(r, ":k:", o, record));
    add(&c, deferred, name_of(r, ":d:", o, deferred));
    add_keyspace(&c);
    add(&c, o->token, sizeof o->token);
    add_text(&c, "ok");
    add(&c, o->identity, sizeof o->identity);
    add(&c, delivery, delivery_of(o, delivery));
    add_text(&c, "1");
    add(&c, o->sample->summary.data, o->sample->summary.size);
    run(r, &c, on_finished, o);
}

/* Scripts and marker, once, before the loop. */
static void prepare(struct redis_link *r, const char *host, int port)
{
    static const enum script used[] = {SCRIPT_CLAIM, SCRIPT_SENT, SCRIPT_FINISH};
    redisContext *c = redisConnect(host, port);
    if (c == NULL || c->err != 0)
        bare_die("cannot reach Redis at %s:%d", host, port);
    scripts_load();
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        redisReply *reply = redisCommand(c, "SCRIPT LOAD %s", script_text(used[i]));
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR || strcmp(reply->str, script_sha1(used[i])) != 0)
            bare_die("Redis does not take the script %s", script_name(used[i]));
        freeReplyObject(reply);
    }
    redisReply *reply = redisCommand(c, "SET %s %s", r->marker_key, marker);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        bare_die("Redis does not take the marker");
    freeReplyObject(reply);
    redisFree(c);
}

struct redis_link *redis_link_new(struct bare *b, const char *host, int port, const char *prefix)
{
    struct redis_link *r = calloc(1, sizeof *r);
    if (r == NULL)
        bare_die("no memory");
    (void)snprintf(r->prefix, sizeof r->prefix, "%s", prefix);
    (void)snprintf(r->marker_key, sizeof r->marker_key, "%.60s:marker:orders", prefix);
    (void)snprintf(r->epoch_key, sizeof r->epoch_key, "%.60s:e:orders:0", prefix);
    prepare(r, host, port);
    r->context = redisAsyncConnect(host, port);
    if (r->context == NULL || r->context->err != 0 || redisLibuvAttach(r->context, &b->loop) != REDIS_OK)
        bare_die("cannot reach Redis at %s:%d", host, port);
    r->context->data = r;
    return r;
}

void redis_link_free(struct redis_link *r)
{
    redisAsyncDisconnect(r->context);
    free(r);
}
