/* The two Redis adapters as workers see them (redis/redis.h, redis/once.h), over a network that
 * delays, breaks, and delivers what a broken connection still carried. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prima.h"
#include "redis/once.h"
#include "refunds.h"
#include "server.h"
#include "sim.h"

enum {
    WATCH_MS = 100,
    ANSWER_BYTES_MAX = 1 << 20,
    WAY_MS_MAX = 2,
    CREDIT_EDGES = 4,
    WORDS_MAX = REDIS_ARGS_MAX + 4
};

/* ---- a command's words, numbers included ---- */

struct parcel {
    struct word words[WORDS_MAX];
    size_t key_count, count;
    char numbers[REDIS_SCRIPT_NUMBERS][REDIS_SCRIPT_NUMBER_SIZE + 1];
};

static struct word word_copy(const struct redis_bytes *from)
{
    char *to = malloc(from->size + 1);
    if (to == NULL)
        abort();
    if (from->size > 0)
        memcpy(to, from->data, from->size);
    to[from->size] = '\0';
    return (struct word){to, from->size};
}

static void parcel_make(struct parcel *p, const struct redis_bytes *args, size_t key_count,
                        size_t count)
{
    assert(count + REDIS_SCRIPT_NUMBERS + 1 <= WORDS_MAX);
    p->key_count = key_count;
    p->count = count;
    for (size_t i = 0; i < count; i++)
        p->words[i] = word_copy(&args[i]);
}

/* Its words belong to the parcel that it was made from. */
static void parcel_number(struct parcel *p, const struct redis_script *script, int64_t number,
                          int64_t answered)
{
    if (script == NULL)
        return;
    if (redis_script_takes_many(script))
        p->words[p->count++] = (struct word){"1", 1};
    (void)snprintf(p->numbers[0], sizeof p->numbers[0], "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)number);
    (void)snprintf(p->numbers[1], sizeof p->numbers[1], "%0*lld", REDIS_SCRIPT_NUMBER_SIZE,
                   (long long)answered);
    for (int i = 0; i < REDIS_SCRIPT_NUMBERS; i++)
        p->words[p->count++] = (struct word){p->numbers[i], REDIS_SCRIPT_NUMBER_SIZE};
}

static void flatten(const struct answer *a, struct redis_reply *ret_reply)
{
    *ret_reply = (struct redis_reply){0};
    if (a->kind == ANSWER_ERROR) {
        ret_reply->error = a->bytes.data + a->items[0].at;
        return;
    }
    ret_reply->count = a->kind != ANSWER_LIST       ? 1
                       : a->count > REDIS_ITEMS_MAX ? REDIS_ITEMS_MAX
                                                    : a->count;
    for (size_t i = 0; i < ret_reply->count && i < a->count; i++) {
        const struct answer_item *item = &a->items[i];
        if (item->kind == ANSWER_NUMBER)
            ret_reply->items[i].number = item->number;
        else if (item->kind != ANSWER_NIL)
            ret_reply->items[i] = (struct redis_item){a->bytes.data + item->at, item->size, 0};
    }
}

/* A word is its own text with a NUL behind it, as hiredis gives it. */
static void flatten_text(struct answer *a, struct redis_reply *ret_reply)
{
    struct buf apart;
    buf_init(&apart, ANSWER_BYTES_MAX);
    for (size_t i = 0; i < a->count; i++) {
        struct answer_item *item = &a->items[i];
        if (item->kind == ANSWER_NIL || item->kind == ANSWER_NUMBER)
            continue;
        const size_t at = apart.size;
        buf_append(&apart, a->bytes.data + item->at, item->size);
        buf_append(&apart, "", 1);
        item->at = at;
    }
    buf_release(&a->bytes);
    a->bytes = apart;
    flatten(a, ret_reply);
}

/* ---- the loop's connection ---- */

struct command {
    struct command *next;
    struct parcel parcel;
    const struct redis_script *script;
    redis_done done;
    void *user;
    int64_t number;
};

enum link { LINK_DOWN, LINK_GREETING, LINK_READY, LINK_REFUSED };

struct redis {
    struct process *process;
    uv_loop_t *loop;
    struct redis_hooks hooks;
    struct redis_server server;
    enum link link;
    int64_t connection; /* which one it is */
    int64_t breaks;     /* server_breaks when it was made */
    int64_t number, answered;
    int64_t arrives_ms, comes_back_ms; /* in order, both ways */
    struct command *first, **last, *unsent;
    size_t waiting;
    bool held, filling;
    uv_timer_t timer;
};

/* A command on its way: it arrives, whatever becomes of whoever sent it. */
struct travel {
    struct redis *redis;
    struct process *process;
    int64_t life, connection;
    const struct redis_script *script;
    struct parcel parcel; /* words of its own */
    struct answer answer;
};

static void connect_now(struct redis *r);

static void travel_free(struct travel *t)
{
    for (size_t i = 0; i < t->parcel.count; i++)
        free((void *)(uintptr_t)t->parcel.words[i].data);
    buf_release(&t->answer.bytes);
    free(t);
}

static void go_down(struct redis *r, const char *reason)
{
    const bool was_up = r->link != LINK_DOWN;
    if (r->link == LINK_REFUSED)
        return;
    r->link = LINK_DOWN;
    r->unsent = r->first;
    r->connection++;
    if (was_up && reason != NULL && r->hooks.on_lost != NULL)
        r->hooks.on_lost(r->hooks.user, reason);
}

static bool is_suspect(const struct redis_reply *reply)
{
    return reply->count > 0 && reply->items[0].text != NULL &&
           strcmp(reply->items[0].text, "suspect") == 0;
}

static void comes_back(void *data)
{
    struct travel *t = data;
    struct redis *r = t->redis;
    struct redis_reply reply;
    if (t->connection != r->connection || r->link != LINK_READY) {
        travel_free(t);
        return;
    }
    if (r->breaks != server_breaks()) {
        travel_free(t);
        go_down(r, "connection lost");
        return;
    }
    struct command *c = r->first;
    flatten_text(&t->answer, &reply);
    if (c->number > 0 && reply.error == NULL && !is_suspect(&reply))
        r->answered = c->number;
    r->first = c->next;
    if (r->first == NULL)
        r->last = &r->first;
    r->waiting--;
    if (r->hooks.on_answer != NULL)
        r->hooks.on_answer(r->hooks.user, c->script, 1);
    c->done(c->user, &reply);
    free(c);
    travel_free(t);
}

static bool answer_is(const struct answer *a, const char *word)
{
    return a->count > 0 && a->items[0].size == strlen(word) &&
           memcmp(a->bytes.data + a->items[0].at, word, strlen(word)) == 0;
}

/* A script, or its variant for what takes credit. */
static bool is_script(const struct redis_script *script, const char *name)
{
    return strcmp(script->name, name) == 0 ||
           (strncmp(script->name, "credit", 6) == 0 && strcmp(script->name + 6, name) == 0);
}

static bool word_is_in(const struct parcel *p, const char *text)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->words[i].size == strlen(text) && memcmp(p->words[i].data, text, strlen(text)) == 0)
            return true;
    return false;
}

/* Whether a process that is killed now leaves a send behind whose outcome nobody knows. */
static void note_send(const struct travel *t)
{
    static const char *const endings[] = {"finish", "refuse", "answered", "over",
                                          "absent", "park",   "defer",    "release"};
    const struct word *key = &t->parcel.words[2];
    if (t->script == NULL || t->parcel.key_count < 3)
        return;
    if ((is_script(t->script, "sent") || is_script(t->script, "claimsent")) &&
        answer_is(&t->answer, "sent"))
        prima_stored(key->data, key->size, t->process, true);
    if (answer_is(&t->answer, "takeover")) /* its sender may have dropped it, and lives on */
        prima_doubt(key->data, key->size);
    if (sim.has_refunds)
        refunds_look(key->data, key->size);
    if (is_script(t->script, "refuse") && answer_is(&t->answer, "refused") &&
        word_is_in(&t->parcel, "refund_exceeds_creditable"))
        refunds_refused(key->data, key->size);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (is_script(t->script, endings[i]))
            prima_stored(key->data, key->size, t->process, false);
}

static void arrives(void *data)
{
    struct travel *t = data;
    if (!server_is_up()) {
        travel_free(t);
        return;
    }
    server_run(t->script, t->parcel.words, t->parcel.key_count, t->parcel.count, &t->answer);
    note_send(t);
    if (sim.traces && t->script != NULL) {
        struct answer_item *item = &t->answer.items[0];
        sim_note("Redis: %s's %s %.*s → %.*s", t->process->slot, t->script->name,
                 (int)(t->parcel.key_count > 2 ? t->parcel.words[2].size : 0),
                 t->parcel.key_count > 2 ? t->parcel.words[2].data : "",
                 (int)(t->answer.count > 0 ? item->size : 0),
                 t->answer.count > 0 ? t->answer.bytes.data + item->at : "");
    }
    if (t->process->life != t->life) { /* nobody waits any more */
        travel_free(t);
        return;
    }
    struct redis *r = t->redis;
    const int64_t at = sim.now_ms + sim_between(0, WAY_MS_MAX);
    r->comes_back_ms = at > r->comes_back_ms ? at : r->comes_back_ms;
    sim_in_loop(t->process, r->comes_back_ms - sim.now_ms, comes_back, t);
}

static void send_one(struct redis *r, struct command *c)
{
    struct travel *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    if (c->script != NULL)
        r->number += c->script->is_counted;
    c->number = c->script != NULL ? r->number : 0;
    struct parcel p = c->parcel;
    parcel_number(&p, c->script, c->number, r->answered);
    t->parcel.key_count = p.key_count;
    t->parcel.count = p.count;
    for (size_t i = 0; i < p.count; i++) {
        const struct redis_bytes bytes = {p.words[i].data, p.words[i].size};
        t->parcel.words[i] = word_copy(&bytes);
    }
    t->redis = r;
    t->process = r->process;
    t->life = r->process->life;
    t->connection = r->connection;
    t->script = c->script;
    buf_init(&t->answer.bytes, ANSWER_BYTES_MAX);
    const int64_t at = sim.now_ms + sim_between(0, WAY_MS_MAX);
    r->arrives_ms = at > r->arrives_ms ? at : r->arrives_ms;
    sim_at(r->arrives_ms - sim.now_ms, arrives, t);
}

/* Between a decision and the step that makes it count: a moment that matters, and is short. */
static bool is_of_credit(const struct redis_script *script)
{
    return script != NULL &&
           (strcmp(script->name, "creditsent") == 0 || strcmp(script->name, "creditrefuse") == 0 ||
            strcmp(script->name, "creditdone") == 0);
}

static void fill(void *data)
{
    struct redis *r = data;
    r->filling = false;
    for (; r->unsent != NULL && r->link == LINK_READY && !r->held; r->unsent = r->unsent->next) {
        const int edges = is_of_credit(r->unsent->script) ? CREDIT_EDGES : 1;
        for (int i = 0; i < edges; i++)
            sim_edge("a command to Redis");
        send_one(r, r->unsent);
    }
}

static void fill_soon(struct redis *r)
{
    if (r->filling || r->link != LINK_READY)
        return;
    r->filling = true;
    sim_in_loop(r->process, 0, fill, r);
}

static void connected(void *data)
{
    struct redis *r = data;
    char words[200];
    if (r->link != LINK_GREETING)
        return;
    if (!server_is_up() || r->breaks != server_breaks()) {
        go_down(r, "cannot connect");
        return;
    }
    server_look(&r->server);
    if (redis_server_check(&r->server, words) < 0) {
        go_down(r, words);
        return;
    }
    r->link = LINK_REFUSED;
    if (r->hooks.on_server == NULL || r->hooks.on_server(r->hooks.user, &r->server)) {
        r->link = LINK_READY;
        r->unsent = r->first;
        fill_soon(r);
    }
}

static void connect_now(struct redis *r)
{
    r->link = LINK_GREETING;
    r->connection++;
    r->breaks = server_breaks();
    sim_in_loop(r->process, sim_between(1, 4), connected, r);
}

static void on_timer(uv_timer_t *timer)
{
    struct redis *r = timer->data;
    if (r->link == LINK_DOWN && server_is_up())
        connect_now(r);
    else if (r->link == LINK_READY && (r->breaks != server_breaks() || !server_is_up()))
        go_down(r, "connection lost");
}

int redis_new(uv_loop_t *loop, const char *url, const struct redis_scripts *scripts,
              int64_t timeout_ms, const struct redis_hooks *hooks, struct redis **ret_redis,
              char ret_message[static 300])
{
    struct redis *r = calloc(1, sizeof *r);
    (void)url, (void)scripts, (void)timeout_ms, (void)ret_message;
    if (r == NULL)
        abort();
    r->process = sim_self();
    r->loop = loop;
    r->hooks = *hooks;
    r->last = &r->first;
    (void)uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    (void)uv_timer_start(&r->timer, on_timer, WATCH_MS, WATCH_MS);
    connect_now(r);
    *ret_redis = r;
    return 0;
}

void redis_free(struct redis *r)
{
    (void)r; /* with its process */
}

static void enqueue(struct redis *r, struct command *c, redis_done done, void *user)
{
    c->done = done;
    c->user = user;
    *r->last = c;
    r->last = &c->next;
    r->waiting++;
    if (r->unsent == NULL)
        r->unsent = c;
    fill_soon(r);
}

void redis_run(struct redis *r, const struct redis_script *script, const struct redis_bytes *args,
               size_t key_count, size_t arg_count, redis_done done, void *user)
{
    struct command *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    parcel_make(&c->parcel, args, key_count, key_count + arg_count);
    c->script = script;
    enqueue(r, c, done, user);
}

void redis_command(struct redis *r, const struct redis_bytes *words, size_t count, redis_done done,
                   void *user)
{
    struct command *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    parcel_make(&c->parcel, words, 0, count);
    enqueue(r, c, done, user);
}

void redis_connect_again(struct redis *r)
{
    r->link = LINK_DOWN;
    r->unsent = r->first;
    connect_now(r);
}

void redis_hold(struct redis *r, bool held)
{
    const bool goes_on = r->held && !held;
    r->held = held;
    if (goes_on)
        fill_soon(r);
}

bool redis_is_ready(const struct redis *r)
{
    return r->link == LINK_READY;
}

int64_t redis_answered(const struct redis *r)
{
    return r->answered;
}

const char *redis_last_error(const struct redis *r)
{
    (void)r;
    return "";
}

size_t redis_waiting(const struct redis *r)
{
    return r->waiting;
}

/* ---- for a moment: start-up, the pool ---- */

struct redis_once {
    int64_t breaks, number, answered;
    struct answer answer; /* of the last command; then of what was given, in turn */
    struct answer *given;
    size_t given_count, taken;
    const struct redis_script *given_script;
};

int redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis,
                    struct redis_server *ret_server, char ret_message[static 300])
{
    (void)url;
    sim_sleep(server_is_up() ? sim_between(1, 4) : timeout_ms < 50 ? timeout_ms : 50);
    if (!server_is_up()) {
        (void)snprintf(ret_message, 300, "cannot reach Redis");
        return -ECONNREFUSED;
    }
    struct redis_once *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    r->breaks = server_breaks();
    buf_init(&r->answer.bytes, ANSWER_BYTES_MAX);
    server_look(ret_server);
    *ret_redis = r;
    return 0;
}

void redis_once_close(struct redis_once *r)
{
    if (r == NULL)
        return;
    buf_release(&r->answer.bytes);
    free(r);
}

static bool once_is_broken(const struct redis_once *r)
{
    return !server_is_up() || r->breaks != server_breaks();
}

static int once_run(struct redis_once *r, const struct redis_script *script,
                    const struct redis_bytes *args, size_t key_count, size_t count,
                    struct redis_reply *ret_reply)
{
    struct parcel p;
    p.key_count = key_count;
    p.count = count;
    for (size_t i = 0; i < count; i++)
        p.words[i] = (struct word){args[i].data, args[i].size};
    if (script != NULL)
        r->number += script->is_counted;
    parcel_number(&p, script, r->number, r->answered);
    sim_edge("a command to Redis, by the pool");
    sim_sleep(sim_between(0, WAY_MS_MAX));
    if (once_is_broken(r))
        return -EIO;
    server_run(script, p.words, p.key_count, p.count, &r->answer);
    if (sim.traces && script != NULL)
        sim_note("Redis: %s (pool) %.*s → %.*s", script->name, (int)p.words[0].size,
                 p.words[0].data, (int)r->answer.items[0].size,
                 r->answer.bytes.data + r->answer.items[0].at);
    sim_sleep(sim_between(0, WAY_MS_MAX));
    if (once_is_broken(r))
        return -EIO;
    flatten_text(&r->answer, ret_reply);
    return 0;
}

int redis_once_command(struct redis_once *r, const struct redis_bytes *words, size_t count,
                       struct redis_reply *ret_reply)
{
    return once_run(r, NULL, words, 0, count, ret_reply);
}

int redis_once_text(struct redis_once *r, const struct redis_bytes *words, size_t count,
                    char *ret_text, size_t room)
{
    struct redis_reply reply;
    const int result = redis_once_command(r, words, count, &reply);
    if (result < 0)
        return result;
    const struct redis_item *item = &reply.items[0];
    (void)snprintf(ret_text, room, "%s",
                   reply.error != NULL  ? reply.error
                   : item->text != NULL ? item->text
                                        : "");
    return reply.error != NULL ? -EREMOTEIO : 0;
}

int redis_once_run(struct redis_once *r, const struct redis_script *script,
                   const struct redis_bytes *args, size_t key_count, size_t arg_count,
                   struct redis_reply *ret_reply)
{
    const int result = once_run(r, script, args, key_count, key_count + arg_count, ret_reply);
    if (result == 0 && ret_reply->error == NULL)
        r->answered = r->number;
    return result;
}

int redis_once_load(struct redis_once *r, const struct redis_script *script)
{
    (void)script;
    return once_is_broken(r) ? -EIO : 0;
}

/* Without waiting: it is run at once, and its answer is looked at by take. */
int redis_once_give(struct redis_once *r, const struct redis_script *script,
                    const struct redis_bytes *args, size_t key_count, size_t arg_count)
{
    struct redis_reply reply;
    const int result = once_run(r, script, args, key_count, key_count + arg_count, &reply);
    if (result < 0)
        return result;
    r->given = realloc(r->given, (r->given_count + 1) * sizeof *r->given);
    if (r->given == NULL)
        abort();
    r->given[r->given_count++] = r->answer;
    buf_init(&r->answer.bytes, ANSWER_BYTES_MAX);
    return 0;
}

int redis_once_take(struct redis_once *r, struct redis_reply *ret_reply)
{
    if (once_is_broken(r) || r->taken == r->given_count)
        return -EIO;
    buf_release(&r->answer.bytes);
    r->answer = r->given[r->taken++];
    r->answered = r->number - (int64_t)(r->given_count - r->taken);
    flatten(&r->answer, ret_reply);
    if (r->taken == r->given_count)
        r->taken = r->given_count = 0;
    return 0;
}
