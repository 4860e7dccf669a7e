/* The self-healing connection; see redis.h. hiredis' names end in this folder.
 *
 * Life of a connection: CONNECTING → (AUTH, SELECT, INFO, CONFIG GET) GREETING → the owner agrees →
 * READY → broken → backoff → CONNECTING. Commands wait in one list in the order they were given;
 * those before `unsent` are on the wire. */
#include "redis/redis.h"

#include <assert.h>
#include <errno.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "redis/command.h"
#include "redis/loop.h"
#include "redis/reply.h"
#include "redis/url.h"

enum {
    BACKOFF_MS_MIN = 50,
    BACKOFF_MS_MAX = 2000,
    WATCH_MS = 100,
    LOOK_MS = 2000,
    WIRE_KEPT_MAX = 128 * 1024,
    WIRE_MAX = 1 << 30
};

enum link { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_READY, LINK_REFUSED };

struct redis {
    uv_loop_t *loop;
    struct redis_address address;
    const struct redis_scripts *scripts;
    struct redis_hooks hooks;
    int64_t timeout_ms, backoff_ms, greeting_ms, looked_ms;
    enum link link;
    redisAsyncContext *context;
    uv_timer_t timer; /* backoff while down, watch while up */
    struct redis_server server;
    struct command *first, **last, *unsent;
    size_t waiting;
    /* of scripts: the last that went out; the last that Redis answered as the one that we know */
    int64_t number, answered;
    struct buf wire; /* what is put together for hiredis */
    bool closing, held;
    char last_error[160];
};

/* ---- the connection ---- */

static void connect_now(struct redis *r);
static void redis_fill(void *user);
static void drop_connection(struct redis *r, const char *words);
static void look_again(struct redis *r, int64_t now);

static void on_timer(uv_timer_t *timer)
{
    struct redis *r = timer->data;
    if (r->link == LINK_DOWN)
        connect_now(r);
    else if (r->context != NULL) {
        const int64_t now = clock_monotonic_ms();
        const bool late = r->link == LINK_READY
                              ? r->first != r->unsent && now - r->first->sent_ms > r->timeout_ms
                              : r->link != LINK_REFUSED && now - r->greeting_ms > r->timeout_ms;
        if (late)
            drop_connection(r, "no answer in time");
        else if (r->link == LINK_READY && now - r->looked_ms >= LOOK_MS)
            look_again(r, now);
    }
}

static void go_down(struct redis *r, const char *reason)
{
    const bool was_up = r->link != LINK_DOWN;
    r->context = NULL;
    if (r->link == LINK_REFUSED || r->closing)
        return;
    r->link = LINK_DOWN;
    r->unsent = r->first;
    (void)uv_timer_start(&r->timer, on_timer, reason != NULL ? (uint64_t)r->backoff_ms : 0, 0);
    r->backoff_ms = r->backoff_ms * 2 > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : r->backoff_ms * 2;
    if (was_up && reason != NULL && r->hooks.on_lost != NULL)
        r->hooks.on_lost(r->hooks.user, reason);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis *r = context->data;
    if (r != NULL && r->context == context)
        go_down(r, status == REDIS_OK || context->errstr[0] == '\0' ? "no answer in time"
                                                                    : context->errstr);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis *r = context->data;
    if (status != REDIS_OK && r != NULL && r->context == context)
        go_down(r, context->errstr[0] != '\0'
                       ? context->errstr
                       : "cannot connect"); /* hiredis frees the context itself */
}

static void drop_connection(struct redis *r, const char *words)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%s",
                   words == NULL      ? ""
                   : words[0] != '\0' ? words
                                      : "unspecified error");
    redisAsyncContext *context = r->context;
    go_down(r, words != NULL ? reason : NULL);
    context->data = NULL;
    redisAsyncFree(context);
}

static void on_hello(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply == NULL || context->data == NULL)
        return; /* on_disconnect tells */
    if (reply->type == REDIS_REPLY_ERROR)
        drop_connection(
            r, reply->str); /* wrong password, loading: NOAUTH and LOADING name no secret */
}

static void on_info(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply == NULL || context->data == NULL)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        drop_connection(r, reply->str);
        return;
    }
    if (reply->str == NULL) {
        drop_connection(r, "unexpected reply to INFO; is this a Redis server?");
        return;
    }
    redis_server_read(reply->str, &r->server);
}

static void on_policy(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply == NULL || context->data == NULL)
        return;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->str != NULL)
        (void)snprintf(r->server.eviction, sizeof r->server.eviction, "%s", reply->element[1]->str);
    char words[200];
    if (redis_server_check(&r->server, words) < 0) {
        drop_connection(r, words);
        return;
    }
    if (!r->hooks.on_server(r->hooks.user, &r->server)) {
        r->link = LINK_REFUSED;
        return;
    }
    r->link = LINK_READY;
    r->looked_ms = clock_monotonic_ms();
    (void)uv_timer_start(&r->timer, on_timer, WATCH_MS, WATCH_MS);
    redis_fill(r);
}

/* ---- the same connection, another server ----
 *
 * A master becomes a replica, or has its first one, and a policy is changed, without a connection
 * that breaks. Then it is made anew. */

static void on_later_info(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply == NULL || context->data == NULL || r->link != LINK_READY || reply->str == NULL ||
        reply->type == REDIS_REPLY_ERROR)
        return;
    struct redis_server now = r->server;
    redis_server_read(reply->str, &now);
    if (strcmp(now.replication_id, r->server.replication_id) != 0 ||
        strcmp(now.role, r->server.role) != 0)
        drop_connection(r, NULL);
}

static void on_later_policy(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply != NULL && context->data != NULL && r->link == LINK_READY &&
        reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[1]->str != NULL && strcmp(reply->element[1]->str, r->server.eviction) != 0)
        drop_connection(r, NULL);
}

static void look_again(struct redis *r, int64_t now)
{
    r->looked_ms = now;
    (void)redisAsyncCommand(r->context, on_later_info, r, "INFO replication");
    (void)redisAsyncCommand(r->context, on_later_policy, r, "CONFIG GET maxmemory-policy");
}

static void greet(struct redis *r)
{
    redisAsyncContext *c = r->context;
    r->link = LINK_GREETING;
    r->server = (struct redis_server){.run_id = ""};
    if (r->address.password[0] != '\0' && r->address.user[0] != '\0')
        (void)redisAsyncCommand(c, on_hello, r, "AUTH %s %s", r->address.user, r->address.password);
    else if (r->address.password[0] != '\0')
        (void)redisAsyncCommand(c, on_hello, r, "AUTH %s", r->address.password);
    if (r->address.database != 0)
        (void)redisAsyncCommand(c, on_hello, r, "SELECT %d", r->address.database);
    for (const struct redis_scripts *s = r->scripts; s != NULL; s = s->next)
        for (size_t i = 0; i < s->count; i++)
            /* so that no EVALSHA finds its script missing on a fresh server */
            (void)redisAsyncCommand(c, on_hello, r, "SCRIPT LOAD %s", s->list[i].text);
    (void)redisAsyncCommand(c, on_info, r, "INFO server");
    (void)redisAsyncCommand(c, on_info, r, "INFO replication");
    (void)redisAsyncCommand(c, on_policy, r, "CONFIG GET maxmemory-policy");
}

static void connect_now(struct redis *r)
{
    r->link = LINK_CONNECTING;
    r->greeting_ms = clock_monotonic_ms();
    redisAsyncContext *c = r->address.unix_socket
                               ? redisAsyncConnectUnix(r->address.host)
                               : redisAsyncConnect(r->address.host, r->address.port);
    if (c == NULL || c->err != 0 || redis_loop_attach(r->loop, c, redis_fill, r) < 0) {
        char reason[160];
        (void)snprintf(reason, sizeof reason, "%s",
                       c != NULL && c->errstr[0] != '\0' ? c->errstr : "no memory");
        if (c != NULL)
            redisAsyncFree(c);
        go_down(r, reason);
        return;
    }
    redis_reply_attach(c->c.reader);
    c->data = r;
    r->context = c;
    (void)redisAsyncSetConnectCallback(c, on_connect);
    (void)redisAsyncSetDisconnectCallback(c, on_disconnect);
    (void)uv_timer_start(&r->timer, on_timer, WATCH_MS, WATCH_MS);
    greet(r);
}

/* ---- commands ---- */

static void translate(const redisReply *from, struct redis_reply *to)
{
    *to = (struct redis_reply){0};
    const redisReply *const *elements = (const redisReply *const *)from->element;
    if (from->type == REDIS_REPLY_ERROR) {
        to->error = from->str;
        return;
    }
    to->count = from->type != REDIS_REPLY_ARRAY    ? 1
                : from->elements > REDIS_ITEMS_MAX ? REDIS_ITEMS_MAX
                                                   : from->elements;
    for (size_t i = 0; i < to->count; i++) {
        const redisReply *e = from->type == REDIS_REPLY_ARRAY ? elements[i] : from;
        if (e->type == REDIS_REPLY_INTEGER)
            to->items[i].number = e->integer;
        else if (e->type != REDIS_REPLY_NIL)
            to->items[i] = (struct redis_item){e->str, (size_t)e->len, 0};
    }
}

/* Errors that say nothing about the command: Redis is full, busy, loading, being failed over, or
 * does not let us in any more. */
static bool is_the_worlds(const char *words)
{
    static const char *const kinds[] = {"OOM",      "BUSY ",      "LOADING",    "MISCONF",
                                        "READONLY", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN",
                                        "TRYAGAIN", "NOAUTH",     "WRONGPASS",  "NOPERM"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(words, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* Rare (a server that was told to forget its scripts): everything that waits is sent again, scripts
 * with their text, so that the order stays. */
static void send_again_as_text(struct redis *r)
{
    for (struct command *c = r->first; c != NULL; c = c->next)
        c->as_text = c->script != NULL;
    drop_connection(r, NULL);
}

/* Of several calls that went as one, each has its answer in a list; what is no list of lists (a
 * broken marker) was said to all of them. */
static bool has_lists(const redisReply *reply, const struct command *first)
{
    return redis_script_takes_many(first->script) && reply->type == REDIS_REPLY_ARRAY &&
           reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_ARRAY;
}

/* Another Redis, or one that has forgotten: it says so, and that is no proof that it has seen
 * anything. */
static bool is_suspect(const redisReply *reply)
{
    const redisReply *first =
        reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 ? reply->element[0] : NULL;
    return first != NULL && first->str != NULL && strcmp(first->str, "suspect") == 0;
}

static void answer_first(struct redis *r, const redisReply *reply, int64_t now)
{
    struct command *c = r->first;
    struct redis_reply flat;
    r->first = c->next;
    if (r->first == NULL)
        r->last = &r->first;
    r->waiting--;
    if (r->hooks.on_answer != NULL)
        r->hooks.on_answer(r->hooks.user, c->script, now - c->given_ms);
    translate(reply, &flat);
    if (flat.error != NULL)
        (void)snprintf(r->last_error, sizeof r->last_error, "%s", flat.error);
    c->done(c->user, &flat);
    free(c);
}

static void on_reply(redisAsyncContext *context, void *data, void *user)
{
    struct command *first = user;
    struct redis *r = first->redis;
    const redisReply *reply = data;
    (void)context;
    if (reply == NULL || r->closing)
        return; /* the connection broke: the commands are still in the list */
    assert(first == r->first);
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        send_again_as_text(r);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR && is_the_worlds(reply->str)) {
        drop_connection(
            r,
            reply->str); /* an infrastructure failure: wait, then try again on a new connection */
        return;
    }
    const bool each_has_its_own = has_lists(reply, first);
    const size_t calls = first->calls;
    if (each_has_its_own && reply->elements != calls) {
        drop_connection(r, "unexpected reply count; is this a Redis server?");
        return;
    }
    if (first->number > 0 && reply->type != REDIS_REPLY_ERROR && !is_suspect(reply))
        r->answered = first->number;
    r->backoff_ms = BACKOFF_MS_MIN; /* it works, not only answers */
    const int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < calls && !r->closing; i++)
        answer_first(r, each_has_its_own ? reply->element[i] : reply, now);
}

/* ---- what leaves ---- */

static bool send_together(struct redis *r, struct command *first, size_t calls)
{
    buf_clear(&r->wire);
    r->number +=
        first->script != NULL && first->script->is_counted; /* another one each time it goes out */
    first->number = first->script != NULL ? r->number : 0;
    command_write(first, calls, r->answered, &r->wire);
    if (r->wire.failed)
        abort(); /* no memory for commands of some kilobytes: nothing is safe any more */
    first->calls = calls;
    const int64_t now = clock_monotonic_ms();
    r->unsent = first;
    for (size_t i = 0; i < calls; i++, r->unsent = r->unsent->next)
        r->unsent->sent_ms = now;
    if (redisAsyncFormattedCommand(r->context, on_reply, first, r->wire.data, r->wire.size) ==
        REDIS_OK)
        return true;
    r->unsent = first;
    return false; /* the disconnect callback follows */
}

/* Before a turn's output leaves: what was given since the last one goes to hiredis. */
static void redis_fill(void *user)
{
    struct redis *r = user;
    while (r->unsent != NULL && r->link == LINK_READY && !r->held &&
           send_together(r, r->unsent, command_gather(r->unsent, &r->last)))
        ;
    if (r->wire.room > WIRE_KEPT_MAX)
        buf_release(&r->wire);
}

/* ---- what is given ---- */

static void enqueue(struct redis *r, struct command *c, redis_done done, void *user)
{
    c->redis = r;
    c->done = done;
    c->user = user;
    *r->last = c;
    r->last = &c->next;
    r->waiting++;
    if (r->unsent == NULL)
        r->unsent = c;
    if (r->link == LINK_READY)
        redis_loop_write_soon(r->context);
}

void redis_command(struct redis *r, const struct redis_bytes *words, size_t count, redis_done done,
                   void *user)
{
    enqueue(r, command_new(words, count), done, user);
}

void redis_run(struct redis *r, const struct redis_script *script, const struct redis_bytes *args,
               size_t key_count, size_t arg_count, redis_done done, void *user)
{
    enqueue(r, command_new_call(script, args, key_count, arg_count), done, user);
}

void redis_connect_again(struct redis *r)
{
    const bool is_refused = r->link == LINK_REFUSED;
    r->backoff_ms = BACKOFF_MS_MIN;
    r->link = LINK_DOWN;
    if (r->context != NULL) {
        r->link = LINK_GREETING;
        drop_connection(r, NULL);
    } else if (is_refused) {
        connect_now(r);
    } /* else it is being made */
}

int64_t redis_answered(const struct redis *r)
{
    return r->answered;
}

void redis_hold(struct redis *r, bool held)
{
    const bool goes_on = r->held && !held;
    r->held = held;
    if (goes_on && r->link == LINK_READY)
        redis_loop_write_soon(r->context);
}

bool redis_is_ready(const struct redis *r)
{
    return r->link == LINK_READY;
}

const char *redis_last_error(const struct redis *r)
{
    return r->last_error;
}

size_t redis_waiting(const struct redis *r)
{
    return r->waiting;
}

/* ---- life ---- */

int redis_new(uv_loop_t *loop, const char *url, const struct redis_scripts *scripts,
              int64_t timeout_ms, const struct redis_hooks *hooks, struct redis **ret_redis,
              char ret_message[static 300])
{
    struct redis *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    const int result = redis_parse_url(url, &r->address, ret_message);
    if (result < 0) {
        free(r);
        return result;
    }
    r->scripts = scripts;
    r->loop = loop;
    r->hooks = *hooks;
    r->timeout_ms = timeout_ms;
    r->backoff_ms = BACKOFF_MS_MIN;
    r->last = &r->first;
    buf_init(&r->wire, WIRE_MAX);
    (void)uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    connect_now(r);
    *ret_redis = r;
    return 0;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void redis_free(struct redis *r)
{
    if (r == NULL)
        return;
    r->closing = true;
    if (r->context != NULL) {
        redisAsyncContext *context = r->context;
        r->context = NULL;
        redisAsyncFree(context);
    }
    for (struct command *c = r->first, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    buf_release(&r->wire);
    uv_close((uv_handle_t *)&r->timer, timer_closed);
}
