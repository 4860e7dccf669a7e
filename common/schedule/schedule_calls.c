/* Typed calls and answers; see schedule_calls.h. */
#include "schedule/schedule_calls.h"

#include "idempotency/keys_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scripts.inc"

enum { ONE_KEYS = 0, ONE_ARGS = 0, FREE = 0 };

enum schedule_script {
#define SCRIPT(id, file, parts, calls, counted) SCRIPT_##id,
#include "schedule/scripts.def"
#undef SCRIPT
    SCHEDULE_SCRIPTS
};

static struct redis_script list[SCHEDULE_SCRIPTS] = {
#define SCRIPT(id, file, parts, calls, counted)                                                    \
    [SCRIPT_##id] = {#file, script_##file, counted, calls##_KEYS, calls##_ARGS, NULL, ""},
#include "schedule/scripts.def"
#undef SCRIPT
};

const struct redis_scripts *schedule_scripts(void)
{
    static const struct redis_scripts scripts = {list, SCHEDULE_SCRIPTS, NULL};
    redis_scripts_load(&scripts);
    return &scripts;
}

const struct redis_script *schedule_script_open_orders(void)
{
    return &schedule_scripts()->list[SCRIPT_OPENORDERS];
}

/* ---- leases ---- */

void schedule_call_lease(struct redis *redis, const struct lease_call *call, redis_done done,
                         void *user)
{
    static const char *const ops[] = {"take", "renew", "note", "release"};
    const struct keyspace ks = {.prefix = call->prefix};
    struct keys_call c = {0};
    keys_call_key(&c, &ks, "lease", call->name);
    keys_call_key(&c, &ks, "leasetoken", call->name);
    keys_call_key(&c, &ks, "leasenote", call->name);
    keys_call_text(&c, ops[call->op]);
    keys_call_text(&c, call->holder);
    keys_call_number(&c, call->lease_ms);
    if (call->op == LEASE_OP_TAKE)
        keys_call_text(&c, call->dead);
    else
        keys_call_number(&c, call->token);
    keys_call_text(&c, call->op == LEASE_OP_NOTE ? call->note : "");
    redis_run(redis, &schedule_scripts()->list[SCRIPT_LEASE], c.args, c.key_count, c.arg_count,
              done, user);
}

static bool says(const struct redis_reply *r, const char *word, size_t items)
{
    return r->error == NULL && r->count == items && r->items[0].text != NULL &&
           strcmp(r->items[0].text, word) == 0;
}

static const char *item_text(const struct redis_item *item)
{
    return item->text != NULL ? item->text : "";
}

struct lease_answer schedule_read_lease(const struct redis_reply *r)
{
    struct lease_answer a = {.word = LEASE_REFUSED, .holder = "", .note = "", .error = ""};
    if (says(r, "taken", 4)) {
        a.word = LEASE_TAKEN;
        a.token = r->items[1].number;
        a.now_ms = r->items[2].number;
        a.note = item_text(&r->items[3]);
    } else if (says(r, "busy", 3)) {
        a.word = LEASE_BUSY;
        a.left_ms = r->items[1].number;
        a.holder = item_text(&r->items[2]);
    } else if (says(r, "renewed", 2)) {
        a.word = LEASE_RENEWED;
        a.now_ms = r->items[1].number;
    } else if (says(r, "noted", 1)) {
        a.word = LEASE_NOTED;
    } else if (says(r, "lost", 1)) {
        a.word = LEASE_LOST;
    } else if (says(r, "released", 1)) {
        a.word = LEASE_RELEASED;
    } else {
        a.error = r->error != NULL ? r->error : "an answer that no script of ours gives";
    }
    return a;
}

/* ---- load ---- */

static void load_keys(struct keys_call *c, const char *prefix)
{
    const struct keyspace ks = {.prefix = prefix};
    keys_call_key(c, &ks, "bucket", "");
    keys_call_key(c, &ks, "pause", "");
}

static int run_load(struct redis_once *redis, const struct keys_call *c, struct redis_reply *reply)
{
    return redis_once_run(redis, &schedule_scripts()->list[SCRIPT_LOAD], c->args, c->key_count,
                          c->arg_count, reply);
}

int schedule_call_load(struct redis_once *redis, const struct load_call *call,
                       struct load_answer *ret_answer)
{
    struct redis_reply r;
    struct keys_call c = {0};
    load_keys(&c, call->prefix);
    keys_call_text(&c, "ask");
    keys_call_text(&c, call->class_name);
    keys_call_number(&c, call->weight);
    keys_call_number(&c, call->rate);
    keys_call_number(&c, call->burst);
    if (run_load(redis, &c, &r) < 0)
        return -EIO;
    if (says(&r, "go", 3))
        *ret_answer = (struct load_answer){true, r.items[1].number, r.items[2].number};
    else if (says(&r, "wait", 2))
        *ret_answer = (struct load_answer){.wait_us = 1000 * r.items[1].number};
    else
        return -EIO;
    return 0;
}

int schedule_call_hold(struct redis_once *redis, const char *prefix, int64_t ms)
{
    struct redis_reply r;
    struct keys_call c = {0};
    load_keys(&c, prefix);
    keys_call_text(&c, "hold");
    keys_call_number(&c, ms);
    return run_load(redis, &c, &r) == 0 && says(&r, "held", 1) ? 0 : -EIO;
}

int schedule_call_clock(struct redis_once *redis, int64_t *ret_now_ms)
{
    static const struct redis_bytes words[] = {{"TIME", 4}};
    struct redis_reply r;
    if (redis_once_command(redis, words, 1, &r) < 0 || r.error != NULL || r.count != 2 ||
        r.items[0].text == NULL || r.items[1].text == NULL)
        return -EIO;
    *ret_now_ms =
        strtoll(r.items[0].text, NULL, 10) * 1000 + strtoll(r.items[1].text, NULL, 10) / 1000;
    return 0;
}
