/* The self-healing connection; see redis.h. hiredis' names end here and in redis_loop.c.
 *
 * Life of a connection: CONNECTING → (AUTH, SELECT, INFO server, CONFIG GET) GREETING → the owner agrees → READY → broken → backoff →
 * CONNECTING. Commands wait in one list in the order they were given; those before `unsent` are on the wire. */
#include "idempotency/redis.h"

#include <assert.h>
#include <errno.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/clock.h"
#include "base/digits.h"
#include "idempotency/redis_loop.h"

enum { BACKOFF_MS_MIN = 50, BACKOFF_MS_MAX = 2000, WATCH_MS = 100 };

struct command {
    struct command *next;
    struct redis *redis;
    char *wire; /* in the protocol's form: `formatted`, or memory of its own */
    size_t size;
    enum script script, kind; /* SCRIPT_COUNT: a plain command; `kind` stays when a script is sent as its text */
    int64_t given_ms;
    int64_t sent_ms;
    redis_done done;
    void *user;
    char formatted[];
};

enum link { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_READY, LINK_REFUSED };

struct redis {
    uv_loop_t *loop;
    struct redis_address address;
    struct redis_hooks hooks;
    int64_t timeout_ms, backoff_ms, greeting_ms;
    enum link link;
    redisAsyncContext *context;
    uv_timer_t timer; /* backoff while down, watch while up */
    struct redis_server server;
    struct command *first, **last, *unsent;
    size_t waiting;
    bool closing;
    char last_error[160];
};

/* ---- the connection ---- */

static void connect_now(struct redis *r);
static void flush(struct redis *r);

static void drop_connection(struct redis *r, const char *words);

static void on_timer(uv_timer_t *timer)
{
    struct redis *r = timer->data;
    if (r->link == LINK_DOWN)
        connect_now(r);
    else if (r->context != NULL) {
        const int64_t now = clock_monotonic_ms();
        const bool late =
            r->link != LINK_READY ? now - r->greeting_ms > r->timeout_ms : r->first != r->unsent && now - r->first->sent_ms > r->timeout_ms;
        if (late)
            drop_connection(r, "no answer in time");
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
        go_down(r, status == REDIS_OK || context->errstr[0] == '\0' ? "no answer in time" : context->errstr);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis *r = context->data;
    if (status != REDIS_OK && r != NULL && r->context == context)
        go_down(r, context->errstr[0] != '\0' ? context->errstr : "cannot connect"); /* hiredis frees the context itself */
}

static void copy_info(const char *info, const char *name, char *to, size_t room)
{
    const char *at = strstr(info, name);
    if (at == NULL)
        return;
    at += strlen(name);
    size_t size = strcspn(at, "\r\n");
    if (size >= room)
        size = room - 1;
    memcpy(to, at, size);
    to[size] = '\0';
}

static void drop_connection(struct redis *r, const char *words)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%s", words == NULL ? "" : words[0] != '\0' ? words : "an error without words");
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
        drop_connection(r, reply->str); /* wrong password, loading: NOAUTH and LOADING name no secret */
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
        drop_connection(r, "the answer to INFO is no text: is this Redis?");
        return;
    }
    copy_info(reply->str, "run_id:", r->server.run_id, sizeof r->server.run_id);
    copy_info(reply->str, "redis_version:", r->server.version, sizeof r->server.version);
}

static void on_policy(redisAsyncContext *context, void *data, void *user)
{
    struct redis *r = user;
    const redisReply *reply = data;
    if (reply == NULL || context->data == NULL)
        return;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->str != NULL)
        (void)snprintf(r->server.eviction, sizeof r->server.eviction, "%s", reply->element[1]->str);
    if (!r->hooks.on_server(r->hooks.user, &r->server)) {
        r->link = LINK_REFUSED;
        return;
    }
    r->link = LINK_READY;
    (void)uv_timer_start(&r->timer, on_timer, WATCH_MS, WATCH_MS);
    flush(r);
}

static void greet(struct redis *r)
{
    redisAsyncContext *c = r->context;
    r->link = LINK_GREETING;
    r->server = (struct redis_server){"", "", ""};
    if (r->address.password[0] != '\0' && r->address.user[0] != '\0')
        (void)redisAsyncCommand(c, on_hello, r, "AUTH %s %s", r->address.user, r->address.password);
    else if (r->address.password[0] != '\0')
        (void)redisAsyncCommand(c, on_hello, r, "AUTH %s", r->address.password);
    if (r->address.database != 0)
        (void)redisAsyncCommand(c, on_hello, r, "SELECT %d", r->address.database);
    for (int i = 0; i < SCRIPT_COUNT; i++) /* so that no EVALSHA finds its script missing on a fresh server */
        (void)redisAsyncCommand(c, on_hello, r, "SCRIPT LOAD %s", script_text((enum script)i));
    (void)redisAsyncCommand(c, on_info, r, "INFO server");
    (void)redisAsyncCommand(c, on_policy, r, "CONFIG GET maxmemory-policy");
}

static void connect_now(struct redis *r)
{
    r->link = LINK_CONNECTING;
    r->greeting_ms = clock_monotonic_ms();
    redisAsyncContext *c =
        r->address.unix_socket ? redisAsyncConnectUnix(r->address.host) : redisAsyncConnect(r->address.host, r->address.port);
    if (c == NULL || c->err != 0 || redis_loop_attach(r->loop, c) < 0) {
        char reason[160];
        (void)snprintf(reason, sizeof reason, "%s", c != NULL && c->errstr[0] != '\0' ? c->errstr : "no memory");
        if (c != NULL)
            redisAsyncFree(c);
        go_down(r, reason);
        return;
    }
    c->data = r;
    r->context = c;
    (void)redisAsyncSetConnectCallback(c, on_connect);
    (void)redisAsyncSetDisconnectCallback(c, on_disconnect);
    (void)uv_timer_start(&r->timer, on_timer, WATCH_MS, WATCH_MS);
    greet(r);
}

/* ---- commands ---- */

static void command_free(struct command *c)
{
    if (c->wire != c->formatted)
        free(c->wire);
    free(c);
}

static void translate(const redisReply *from, struct redis_reply *to)
{
    *to = (struct redis_reply){0};
    const redisReply *const *elements = (const redisReply *const *)from->element;
    if (from->type == REDIS_REPLY_ERROR) {
        to->error = from->str;
        return;
    }
    to->count = from->type != REDIS_REPLY_ARRAY ? 1 : from->elements > REDIS_ITEMS_MAX ? REDIS_ITEMS_MAX : from->elements;
    for (size_t i = 0; i < to->count; i++) {
        const redisReply *e = from->type == REDIS_REPLY_ARRAY ? elements[i] : from;
        if (e->type == REDIS_REPLY_INTEGER)
            to->items[i].number = e->integer;
        else if (e->type != REDIS_REPLY_NIL)
            to->items[i] = (struct redis_item){e->str, (size_t)e->len, 0};
    }
}

static void send_whole_scripts(struct redis *r);

/* Errors that say nothing about the command: Redis is full, busy, loading, being failed over, or does not let us in any more. */
static bool is_the_worlds(const char *words)
{
    static const char *const kinds[] = {"OOM",        "BUSY ",       "LOADING",  "MISCONF", "READONLY",  "NOREPLICAS",
                                        "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOAUTH",  "WRONGPASS", "NOPERM"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(words, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

static void on_reply(redisAsyncContext *context, void *data, void *user)
{
    struct command *c = user;
    struct redis *r = c->redis;
    const redisReply *reply = data;
    (void)context;
    if (reply == NULL || r->closing)
        return; /* the connection broke: the command is still in the list */
    assert(c == r->first);
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        /* Rare (first use, SCRIPT FLUSH): everything that waits is sent again, scripts with their text, so that the order stays. */
        send_whole_scripts(r);
        drop_connection(r, NULL);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR && is_the_worlds(reply->str)) {
        drop_connection(r, reply->str); /* a fault of the world: wait, then try again on a new connection */
        return;
    }
    r->first = c->next;
    if (r->first == NULL)
        r->last = &r->first;
    r->waiting--;
    r->backoff_ms = BACKOFF_MS_MIN; /* it works, not only answers */
    if (r->hooks.on_answer != NULL)
        r->hooks.on_answer(r->hooks.user, c->kind, clock_monotonic_ms() - c->given_ms);
    struct redis_reply flat;
    translate(reply, &flat);
    if (flat.error != NULL)
        (void)snprintf(r->last_error, sizeof r->last_error, "%s", flat.error);
    c->done(c->user, &flat);
    command_free(c);
}

static void flush(struct redis *r)
{
    while (r->unsent != NULL && r->link == LINK_READY) {
        struct command *c = r->unsent;
        r->unsent = c->next;
        c->sent_ms = clock_monotonic_ms();
        if (redisAsyncFormattedCommand(r->context, on_reply, c, c->wire, c->size) != REDIS_OK) {
            r->unsent = c;
            return; /* the disconnect callback follows */
        }
    }
}

static char *add_count(char *to, char kind, size_t count)
{
    *to++ = kind;
    to += digits_write((int64_t)count, to);
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

enum { FRAME_MAX = DIGITS_MAX + 5 }; /* $, digits, two line ends */

static size_t formatted_max(const size_t sizes[], size_t count)
{
    size_t room = FRAME_MAX;
    for (size_t i = 0; i < count; i++)
        room += FRAME_MAX + sizes[i];
    return room;
}

/* "*count", then "$size" and the bytes of each word. hiredis' own formatter prints each size: a twelfth of a worker's instructions. */
static void format(struct command *c, const char *const words[], const size_t sizes[], size_t count)
{
    char *to = add_count(c->formatted, '*', count);
    for (size_t i = 0; i < count; i++) {
        to = add_count(to, '$', sizes[i]);
        if (sizes[i] > 0)
            memcpy(to, words[i], sizes[i]);
        to += sizes[i];
        *to++ = '\r';
        *to++ = '\n';
    }
    c->wire = c->formatted;
    c->size = (size_t)(to - c->formatted);
}

/* `script`: SCRIPT_COUNT for a plain command. */
static void enqueue(struct redis *r, enum script script, const char *const words[], const size_t sizes[], size_t count, redis_done done,
                    void *user)
{
    struct command *c = malloc(sizeof *c + formatted_max(sizes, count));
    if (c == NULL)
        abort(); /* no memory for a command of some kilobytes: nothing is safe any more */
    *c = (struct command){.redis = r, .script = script, .kind = script, .given_ms = clock_monotonic_ms(), .done = done, .user = user};
    format(c, words, sizes, count);
    *r->last = c;
    r->last = &c->next;
    r->waiting++;
    if (r->unsent == NULL)
        r->unsent = c;
    flush(r);
}

void redis_command(struct redis *r, const struct redis_bytes *words, size_t count, redis_done done, void *user)
{
    const char *texts[REDIS_ARGS_MAX];
    size_t sizes[REDIS_ARGS_MAX] = {0};
    assert(count <= REDIS_ARGS_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].data;
        sizes[i] = words[i].size;
    }
    enqueue(r, SCRIPT_COUNT, texts, sizes, count, done, user);
}

/* "EVALSHA sha n args" → wire form of "EVAL text n args": what differs is the first two words, so the tail of the wire form is reused. */
static void send_whole_script(struct command *c)
{
    if (c->script == SCRIPT_COUNT)
        return;
    const char *tail = c->wire;
    for (int i = 0; i < 5; i++) /* *N, $7, EVALSHA, $40, sha */
        tail = strchr(tail, '\n') + 1;
    const size_t tail_size = c->size - (size_t)(tail - c->wire), text_size = strlen(script_text(c->script));
    const size_t room = tail_size + text_size + 128;
    char *wire = malloc(room);
    if (wire == NULL)
        abort();
    int at = snprintf(wire, room, "%.*s\r\n$4\r\nEVAL\r\n$%zu\r\n", (int)strcspn(c->wire, "\r"), c->wire, text_size);
    /* NOLINTBEGIN(bugprone-not-null-terminated-result): the wire form has no NUL */
    memcpy(wire + at, script_text(c->script), text_size);
    at += (int)text_size;
    memcpy(wire + at, "\r\n", 2);
    /* NOLINTEND(bugprone-not-null-terminated-result) */
    memcpy(wire + at + 2, tail, tail_size);
    if (c->wire != c->formatted)
        free(c->wire);
    c->wire = wire;
    c->size = (size_t)at + 2 + tail_size;
    c->script = SCRIPT_COUNT; /* it is a plain EVAL now */
}

static void send_whole_scripts(struct redis *r)
{
    for (struct command *c = r->first; c != NULL; c = c->next)
        send_whole_script(c);
}

void redis_run(struct redis *r, enum script script, const struct redis_bytes *args, size_t key_count, size_t arg_count, redis_done done,
               void *user)
{
    const char *words[REDIS_ARGS_MAX + 3];
    size_t sizes[REDIS_ARGS_MAX + 3] = {0};
    char keys[DIGITS_MAX];
    assert(key_count + arg_count <= REDIS_ARGS_MAX);
    (void)digits_write((int64_t)key_count, keys);
    words[0] = "EVALSHA";
    words[1] = script_sha1(script);
    words[2] = keys;
    for (size_t i = 0; i < 3; i++)
        sizes[i] = strlen(words[i]);
    for (size_t i = 0; i < key_count + arg_count; i++) {
        words[3 + i] = args[i].data;
        sizes[3 + i] = args[i].size;
    }
    enqueue(r, script, words, sizes, 3 + key_count + arg_count, done, user);
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

int redis_new(uv_loop_t *loop, const char *url, int64_t timeout_ms, const struct redis_hooks *hooks, struct redis **ret_redis,
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
    scripts_load();
    r->loop = loop;
    r->hooks = *hooks;
    r->timeout_ms = timeout_ms;
    r->backoff_ms = BACKOFF_MS_MIN;
    r->last = &r->first;
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
        command_free(c);
    }
    uv_close((uv_handle_t *)&r->timer, timer_closed);
}
