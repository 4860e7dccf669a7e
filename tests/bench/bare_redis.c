/* Our own two scripts of a new order, with arguments of the same number and sizes as
 * common/idempotency/keys.c gives them, put together as common/redis/command.c does it, on a bare
 * pipelined connection. */
#include "bare.h"

#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "idempotency/scripts.h"

enum { CALLS_MAX = 16, OWN_MAX = 18, WORDS_MAX = 13 + CALLS_MAX * OWN_MAX, NAME_MAX_SIZE = 256 };

/* One order's part of a call. */
struct part {
    struct order *order;
    char record[NAME_MAX_SIZE], deferred[NAME_MAX_SIZE], delivery[64];
    const char *words[OWN_MAX];
    size_t sizes[OWN_MAX];
    size_t keys, count; /* keys come first */
};

/* The parts of one script that go together in this turn of the loop. */
struct together {
    enum script script;
    void (*next)(struct order *o);
    const char *word; /* what each part is to be answered */
    struct redis_link *link;
    struct part parts[CALLS_MAX];
    size_t count;
};

/* Those that are on their way. */
struct flight {
    struct together *kind;
    size_t count;
    int64_t number; /* scripts/counter.lua */
    struct order *orders[CALLS_MAX];
};

struct redis_link {
    redisAsyncContext *context;
    uv_idle_t idle;
    struct together sends, finishes;
    char prefix[64], marker_key[96], epoch_key[96], pause[80];
    int64_t number, answered; /* of the last command, and of the last that was answered */
};

#define EPOCH "1767603600000" /* of the slot: ms, as Redis' clock gives it */

static const char marker[] = "6f1d0c5a9b7e43d28a10c4f5e6b79d38";

static void add(struct part *p, const char *data, size_t size)
{
    p->words[p->count] = data;
    p->sizes[p->count++] = size;
}

static void add_text(struct part *p, const char *text)
{
    add(p, text, strlen(text));
}

static size_t name_of(const struct redis_link *r, const char *kind, const struct order *o,
                      char name[static NAME_MAX_SIZE])
{
    const size_t prefix = strlen(r->prefix);
    if (prefix + 3 + o->key_size > NAME_MAX_SIZE)
        bare_die("a key is too long");
    memcpy(name, r->prefix, prefix);
    memcpy(name + prefix, kind, 3);
    memcpy(name + prefix + 3, o->key, o->key_size);
    return prefix + 3 + o->key_size;
}

/* The first item of each part's reply must be the word that goes on. */
static void expect(const redisReply *reply, const char *word)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
        strcmp(reply->element[0]->str, word) != 0)
        bare_die("Redis: '%s' instead of '%s'; has a script's interface changed?",
                 reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 ? reply->element[0]->str
                                                                         : "?",
                 word);
}

static void on_answers(redisAsyncContext *context, void *data, void *user)
{
    const redisReply *reply = data;
    struct flight *f = user;
    (void)context;
    if (reply == NULL)
        bare_die("Redis: the connection broke");
    if (reply->type == REDIS_REPLY_ERROR)
        bare_die("Redis: %s", reply->str);
    if (reply->elements != f->count)
        bare_die("Redis: another number of answers than calls; has a script's interface changed?");
    f->kind->link->answered = f->number;
    for (size_t i = 0; i < f->count; i++) {
        expect(reply->element[i], f->kind->word);
        f->kind->next(f->orders[i]);
    }
    free(f);
}

static void leave(struct together *t)
{
    const char *words[WORDS_MAX];
    size_t sizes[WORDS_MAX], count = 0;
    char keys[8], calls[8], numbers[2][REDIS_SCRIPT_NUMBER_SIZE + 1];
    struct redis_link *r = t->link;
    if (t->count == 0)
        return;
    struct flight *f = malloc(sizeof *f);
    if (f == NULL)
        bare_die("no memory");
    f->kind = t;
    f->count = t->count;
    f->number = r->number += (int64_t)t->count;
    (void)snprintf(numbers[0], sizeof numbers[0], "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)f->number);
    (void)snprintf(numbers[1], sizeof numbers[1], "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)r->answered);
    (void)snprintf(keys, sizeof keys, "%zu", 2 + t->count * t->parts[0].keys);
    (void)snprintf(calls, sizeof calls, "%zu", t->count);
    const char *const head[] = {"EVALSHA", script_of(t->script)->sha1, keys, r->marker_key,
                                r->epoch_key};
    for (size_t i = 0; i < 5; i++)
        words[count++] = head[i];
    for (size_t i = 0; i < count; i++)
        sizes[i] = strlen(words[i]);
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->parts[i].keys; k++, count++) {
            words[count] = t->parts[i].words[k];
            sizes[count] = t->parts[i].sizes[k];
        }
    const char *const shared[] = {marker, "3" /* fence: of a group's first epoch */, "0" /* slot */,
                                  EPOCH, "3888000000" /* TTL */};
    for (size_t i = 0; i < 5; i++, count++) {
        words[count] = shared[i];
        sizes[count] = strlen(shared[i]);
    }
    for (size_t i = 0; i < t->count; i++) {
        f->orders[i] = t->parts[i].order;
        for (size_t k = t->parts[i].keys; k < t->parts[i].count; k++, count++) {
            words[count] = t->parts[i].words[k];
            sizes[count] = t->parts[i].sizes[k];
        }
    }
    words[count] = calls;
    sizes[count++] = strlen(calls);
    for (size_t i = 0; i < 2; i++, count++) {
        words[count] = numbers[i];
        sizes[count] = REDIS_SCRIPT_NUMBER_SIZE;
    }
    t->count = 0;
    if (redisAsyncCommandArgv(r->context, on_answers, f, (int)count, words, sizes) != REDIS_OK)
        bare_die("Redis: %s", r->context->errstr);
}

static void on_idle(uv_idle_t *idle)
{
    struct redis_link *r = idle->data;
    leave(&r->sends);
    leave(&r->finishes);
    (void)uv_idle_stop(idle);
}

static struct part *begin(struct redis_link *r, struct together *t, struct order *o)
{
    if (t->count == CALLS_MAX)
        leave(t);
    if (t->count == 0)
        (void)uv_idle_start(&r->idle, on_idle);
    struct part *p = &t->parts[t->count++];
    p->order = o;
    p->count = 0;
    add(p, p->record, name_of(r, ":k:", o, p->record));
    return p;
}

static void add_deferred(struct redis_link *r, struct part *p)
{
    add(p, p->deferred, name_of(r, ":d:", p->order, p->deferred));
}

static void add_delivery(struct part *p)
{
    const struct order *o = p->order;
    add(p, p->delivery,
        (size_t)snprintf(p->delivery, sizeof p->delivery, "orders.raw/%d/%lld", (int)o->partition,
                         (long long)o->offset));
}

static void add_parts(struct part *p)
{
    const struct order *o = p->order;
    add(p, o->goods, sizeof o->goods);
    add(p, o->money, sizeof o->money);
}

void redis_claim_sent(struct redis_link *r, struct order *o)
{
    struct part *p = begin(r, &r->sends, o);
    add_deferred(r, p);
    add_text(p, r->pause);
    p->keys = p->count;
    add(p, o->identity, sizeof o->identity);
    add(p, o->token, sizeof o->token);
    add_text(p, "40000"); /* lease */
    add_delivery(p);
    add_text(p, "");              /* parent */
    add_text(p, "1767603600000"); /* version */
    add_text(p, "60000");         /* window */
    add_text(p, "604800000");     /* life of a deferral mark */
    add_parts(p);
    add_text(p, "");                 /* takes nothing back */
    add_text(p, "2251799813685249"); /* number of the send */
    add(p, o->sample->request.data, o->sample->request.size);
    add(p, o->sample->summary.data, o->sample->summary.size);
    /* who sends */
    add_text(p, "0123456789abcdef0123456789abcdef@bench/0123456789abcdef/4026531836/12345/123456");
}

void redis_finish(struct redis_link *r, struct order *o)
{
    struct part *p = begin(r, &r->finishes, o);
    add_deferred(r, p);
    p->keys = p->count;
    add(p, o->token, sizeof o->token);
    add_text(p, "ok");
    add(p, o->identity, sizeof o->identity);
    add_delivery(p);
    add_text(p, "1");
    add(p, o->sample->summary.data, o->sample->summary.size);
    add_text(p, "1767603600000"); /* version */
    add_parts(p);
}

/* Scripts and marker, once, before the loop. */
static void prepare(struct redis_link *r, const char *host, int port)
{
    static const char slot[] = EPOCH " 00000000000000 0"; /* no command yet */
    static const enum script used[] = {SCRIPT_CLAIMSENT, SCRIPT_FINISH};
    redisContext *c = redisConnect(host, port);
    if (c == NULL || c->err != 0)
        bare_die("cannot reach Redis at %s:%d", host, port);
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        redisReply *reply = redisCommand(c, "SCRIPT LOAD %s", script_of(used[i])->text);
        if (reply == NULL || reply->type == REDIS_REPLY_ERROR ||
            strcmp(reply->str, script_of(used[i])->sha1) != 0)
            bare_die("Redis does not take the script %s", script_of(used[i])->name);
        freeReplyObject(reply);
    }
    redisReply *reply = redisCommand(c, "SET %s %s", r->marker_key, marker);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        bare_die("Redis does not take the marker");
    freeReplyObject(reply);
    reply = redisCommand(c, "SET %s %b", r->epoch_key, slot, sizeof slot - 1);
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        bare_die("Redis does not take the slot's epoch");
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
    (void)snprintf(r->pause, sizeof r->pause, "%.60s:pause", prefix);
    prepare(r, host, port);
    r->context = redisAsyncConnect(host, port);
    if (r->context == NULL || r->context->err != 0 ||
        redisLibuvAttach(r->context, &b->loop) != REDIS_OK)
        bare_die("cannot reach Redis at %s:%d", host, port);
    (void)uv_idle_init(&b->loop, &r->idle);
    r->idle.data = r;
    r->sends = (struct together){
        .script = SCRIPT_CLAIMSENT, .next = order_sent, .word = "sent", .link = r};
    r->finishes = (struct together){
        .script = SCRIPT_FINISH, .next = order_finished, .word = "finished", .link = r};
    return r;
}

void redis_link_free(struct redis_link *r)
{
    redisAsyncDisconnect(r->context);
    free(r);
}
