/* The table's side of redis/ and keys_once.h; see test_stream_redis.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test_stream_kafka.h"
#include "test_stream_redis.h"

struct fake_redis redis;

void redis_begin(void)
{
    redis = (struct fake_redis){.server = {.run_id = "run",
                                           .replication_id = "repl",
                                           .role = "master",
                                           .eviction = "noeviction",
                                           .version = "7.0.0"}};
}

const char *redis_get(const char *name)
{
    for (size_t i = 0; i < redis.key_count; i++)
        if (strcmp(redis.keys[i].name, name) == 0)
            return redis.keys[i].value;
    return "";
}

void redis_set(const char *name, const char *value)
{
    size_t i = 0;
    while (i < redis.key_count && strcmp(redis.keys[i].name, name) != 0)
        i++;
    assert_true(i < KEYS_MAX);
    if (i == redis.key_count)
        redis.key_count++;
    (void)snprintf(redis.keys[i].name, sizeof redis.keys[i].name, "%s", name);
    (void)snprintf(redis.keys[i].value, sizeof redis.keys[i].value, "%s", value);
}

/* The first word of `failing`, when it is this one, is used up; "-" lets one text pass. */
static bool fails(const char *name)
{
    if (redis.failing != NULL && strncmp(redis.failing, "- ", 2) == 0 &&
        strcmp(name, "text") == 0) {
        redis.failing += 2;
        return false;
    }
    const size_t size = strlen(name);
    if (redis.failing == NULL || strncmp(redis.failing, name, size) != 0 ||
        (redis.failing[size] != ' ' && redis.failing[size] != '\0'))
        return false;
    redis.failing += size + (redis.failing[size] == ' ');
    return true;
}

/* ---- once.h ---- */

int redis_once_open(const char *url, int64_t timeout_ms, struct redis_once **ret_redis,
                    struct redis_server *ret_server, char ret_message[static 300])
{
    (void)url;
    note("open:%lld", (long long)timeout_ms);
    if (fails("url"))
        return -EINVAL;
    if (fails("open")) {
        (void)snprintf(ret_message, 300, "no Redis");
        return -ECONNREFUSED;
    }
    *ret_redis = REDIS;
    *ret_server = redis.server;
    return 0;
}

void redis_once_close(struct redis_once *r)
{
    if (r != NULL)
        note("close");
}

int redis_once_text(struct redis_once *r, const struct redis_bytes *words, size_t count,
                    char *ret_text, size_t room)
{
    char name[300];
    assert_ptr_equal(r, REDIS);
    if (fails("text"))
        return -EIO;
    if (fails("refused")) {
        (void)snprintf(ret_text, room, "NOPERM");
        return -EREMOTEIO;
    }
    const bool is_hash = words[0].data[0] == 'H';
    (void)snprintf(name, sizeof name, "%.*s%s%.*s", (int)words[1].size, words[1].data,
                   is_hash ? " " : "", is_hash ? (int)words[2].size : 0,
                   is_hash ? words[2].data : "");
    if (strncmp(words[0].data, "GET", 3) == 0 || strncmp(words[0].data, "HGET", 4) == 0) {
        (void)snprintf(ret_text, room, "%s", redis_get(name));
    } else if (strncmp(words[0].data, "HSET", 4) == 0) {
        char value[200];
        (void)snprintf(value, sizeof value, "%.*s", (int)words[3].size, words[3].data);
        note("confirm:%s", value);
        redis_set(name, value);
        (void)snprintf(ret_text, room, "1");
    } else { /* SET name value NX PX ms */
        assert_int_equal(count, 6);
        assert_true(words[3].size == 2 && memcmp(words[3].data, "NX", 2) == 0);
        assert_true(words[4].size == 2 && memcmp(words[4].data, "PX", 2) == 0);
        assert_true(words[0].size == 3 && words[5].size == strlen(words[5].data));
        note("turn:%.*s", (int)words[5].size, words[5].data);
        char value[200];
        (void)snprintf(value, sizeof value, "%.*s", (int)words[2].size, words[2].data);
        const bool is_free = redis_get(name)[0] == '\0';
        if (is_free)
            redis_set(name, value);
        (void)snprintf(ret_text, room, "%s", is_free ? "OK" : "");
    }
    return 0;
}

/* ---- redis.h ---- */

void redis_connect_again(struct redis *r)
{
    (void)r;
    note("connect_again");
}

void redis_hold(struct redis *r, bool held)
{
    (void)r;
    redis.is_held = held;
}

int redis_new(uv_loop_t *loop, const char *url, const struct redis_scripts *scripts,
              int64_t timeout_ms, const struct redis_hooks *hooks, struct redis **ret_redis,
              char ret_message[static 300])
{
    (void)loop, (void)url, (void)hooks;
    redis.scripts = scripts;
    note("redis:%lld", (long long)timeout_ms);
    (void)snprintf(ret_message, 300, "no such URL");
    *ret_redis = (struct redis *)(uintptr_t)3;
    return fails("new") ? -EINVAL : 0;
}

bool redis_is_ready(const struct redis *r)
{
    (void)r;
    return redis.is_ready;
}

void redis_run(struct redis *r, const struct redis_script *script, const struct redis_bytes *args,
               size_t key_count, size_t arg_count, redis_done done, void *user)
{
    (void)r, (void)args, (void)key_count, (void)arg_count, (void)done, (void)user;
    note("run:%s", script->name);
}

const char *redis_last_error(const struct redis *r)
{
    (void)r;
    return "";
}

size_t redis_waiting(const struct redis *r)
{
    (void)r;
    return 0;
}

int64_t redis_answered(const struct redis *r)
{
    (void)r;
    return redis.answered;
}

int redis_server_check(const struct redis_server *server, char ret_words[static 200])
{
    (void)snprintf(ret_words, 200, "evicts keys");
    return strcmp(server->role, "slave") == 0                                           ? -EAGAIN
           : strcmp(server->eviction, "noeviction") == 0 || server->eviction[0] == '\0' ? 0
                                                                                        : -EINVAL;
}

/* ---- keys_once.h ---- */

int keys_slot_take(struct redis_once *r, const struct keyspace *ks, const char *token,
                   int64_t lease_ms, const char *dead, struct keys_slot *ret_slot)
{
    (void)r, (void)ks, (void)token, (void)lease_ms;
    note("take%s%s", dead[0] != '\0' ? ":" : "", dead);
    if (fails("slot") || redis.slot_count == 0)
        return -EIO;
    *ret_slot = redis.slots[redis.slot_at];
    redis.slot_at += redis.slot_at + 1 < redis.slot_count;
    return 0;
}

int keys_slot_keep(struct redis_once *r, const struct keyspace *ks, const char *token,
                   int64_t lease_ms)
{
    (void)r, (void)ks, (void)token;
    note("keep:%lld", (long long)lease_ms);
    return fails("keep") ? -EIO : 0;
}

int keys_mark(struct redis_once *r, const struct keyspace *ks, const char *seen, const char *marker)
{
    char name[200];
    (void)r;
    (void)keys_name(ks, "marker", ks->flow, name, sizeof name);
    note("mark:%s>%s", seen, marker);
    if (fails("mark"))
        return -EIO;
    if (strcmp(redis_get(name), seen) != 0)
        return -EAGAIN;
    redis_set(name, marker);
    return 0;
}

int keys_lock(struct redis_once *r, const struct keyspace *ks, int64_t lease_ms)
{
    (void)r, (void)ks;
    note("lock:%lld", (long long)lease_ms);
    return fails("lock") ? -EIO : redis.lock_is_busy ? -EBUSY : 0;
}

int keys_unlock(struct redis_once *r, const struct keyspace *ks, int64_t lease_ms)
{
    (void)r, (void)ks, (void)lease_ms;
    note("unlock");
    return fails("unlock") ? -EIO : 0;
}

int keys_batch_restore(struct keys_batch *b, const struct keys_restored *k)
{
    note("restore:%s:%s:%s:%02x:%s:%lld:%lld%s", k->state, k->natural, k->delivery, k->identity[0],
         k->code, (long long)k->version, (long long)k->at_ms,
         k->goods != NULL && k->money != NULL ? ":parts" : "");
    if (k->goods != NULL)
        note("%02x/%02x", k->goods[0], k->money[0]);
    b->given++;
    b->stale_fence = redis.stale_fence;
    return fails("restore") ? -EIO : 0;
}

int keys_batch_defer(struct keys_batch *b, const char *natural, const char *delivery,
                     int64_t life_ms)
{
    (void)b, (void)life_ms;
    note("defer:%s:%s", natural, delivery);
    return fails("defer") ? -EIO : 0;
}

int keys_credit_position(struct keys_batch *b, int32_t partition, int64_t offset)
{
    note("position:%d:%lld", partition, (long long)offset);
    b->given++;
    return fails("position") ? -EIO : 0;
}

int keys_batch_end(struct keys_batch *b)
{
    b->given = 0;
    return fails("batch") ? -EIO : 0;
}
