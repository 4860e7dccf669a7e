/* The keys, from what was committed; see rebuild.h. */
#include "runtime/rebuild.h"

#include <errno.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/headers.h"

size_t rebuild_input_names(const struct worker *w, const char *names[TOPICS_MAX])
{
    for (size_t i = 0; i < w->topic_count; i++)
        names[i] = w->topics[i].name;
    return w->topic_count;
}

int rebuild_set(struct redis_once *redis, const char *name, const char *value)
{
    struct redis_reply reply;
    const struct redis_bytes words[] = {{"SET", 3}, {name, strlen(name)}, {value, strlen(value)}};
    return redis_once_command(redis, words, 3, &reply) < 0 || reply.error != NULL ? -EIO : 0;
}

const char *rebuild_marker_name(const struct worker *w, char text[static 200])
{
    return keys_name(&w->keys, "marker", w->flow->name, text, 200);
}

/* ---- the lock ---- */

enum { LOCK_SLOT_LEASES = 3 }; /* the lock's lease: a multiple of slot.lease, by which a dead process is known to be one */

static int64_t lock_ms(const struct worker *w)
{
    return LOCK_SLOT_LEASES * config_int(w->config, CFG_slot_lease);
}

/* The slots' script fits: a lease that its holder, or anybody once it is free, may renew. A slot has one process at a time, so that its
 * name is who we are; our own former self's lock is ours. */
int rebuild_lock(const struct worker *w, struct redis_once *redis)
{
    char name[200], epoch[200], ms[24];
    struct redis_reply reply;
    (void)keys_name(&w->keys, "rebuild", w->flow->name, name, sizeof name);
    (void)keys_name(&w->keys, "rebuild", "epoch", epoch, sizeof epoch); /* the script's second key; not touched by a renewal */
    (void)snprintf(ms, sizeof ms, "%lld", (long long)lock_ms(w));
    const char *const texts[] = {name, epoch, w->slot, ms, "renew", ""};
    struct redis_bytes args[sizeof texts / sizeof *texts];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    if (redis_once_run(redis, SCRIPT_SLOT, args, 2, sizeof texts / sizeof *texts - 2, &reply) < 0 || reply.error != NULL)
        return -EIO;
    return keys_verdict(&reply) == VERDICT_RENEWED ? 0 : -EBUSY;
}

int rebuild_unlock(const struct worker *w, struct redis_once *redis)
{
    char name[200];
    struct redis_reply reply;
    const int result = rebuild_lock(w, redis); /* it is ours, or it is not ours to delete */
    (void)keys_name(&w->keys, "rebuild", w->flow->name, name, sizeof name);
    const struct redis_bytes del[] = {{"DEL", 3}, {name, strlen(name)}};
    return result == 0 ? redis_once_command(redis, del, 2, &reply) : result == -EBUSY ? 0 : result;
}

/* ---- results and dead letters ---- */

struct rebuild {
    struct worker *worker;
    struct redis_once *redis;
    int64_t restored, renewed_ms;
    int result;
    int64_t unreadable;
};

/* Asked for each record that is read: false when the rebuild is over for us. */
static bool goes_on(struct rebuild *b)
{
    (void)fail_point("rebuild.record");
    const int64_t now = clock_monotonic_ms();
    if (b->result == 0 && now - b->renewed_ms > lock_ms(b->worker) / 4) {
        b->result = rebuild_lock(b->worker, b->redis);
        b->renewed_ms = now;
    }
    return b->result == 0;
}

static bool bytes_of_hex(const char *hex, uint8_t bytes[static IDENTITY_SIZE])
{
    if (hex == NULL || strlen(hex) != 2 * IDENTITY_SIZE)
        return false;
    for (size_t i = 0; i < IDENTITY_SIZE; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

static void restore(struct rebuild *b, const char *state, const char *natural, const uint8_t *identity, const char *delivery,
                    int64_t version, const char *code, int64_t at)
{
    struct worker *w = b->worker;
    struct keyspace *ks = &w->keys;
    char slot[160], names[3][512], numbers[5][24];
    struct redis_bytes args[16];
    size_t n = 0;
    (void)snprintf(slot, sizeof slot, "%s:%s", ks->flow, ks->slot);
    (void)rebuild_marker_name(w, names[0]);
    (void)keys_name(ks, "e", slot, names[1], sizeof names[1]);
    (void)keys_name(ks, "k", natural, names[2], sizeof names[2]);
    (void)snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)ks->fence);
    (void)snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)ks->slot_epoch);
    (void)snprintf(numbers[2], sizeof numbers[2], "%lld", (long long)ks->ttl_ms);
    (void)snprintf(numbers[3], sizeof numbers[3], "%lld", (long long)version);
    (void)snprintf(numbers[4], sizeof numbers[4], "%lld", (long long)at);
    const char *const texts[] = {names[0], names[1], names[2], ks->marker, numbers[0], ks->slot, numbers[1], numbers[2], state};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        args[n++] = (struct redis_bytes){texts[i], strlen(texts[i])};
    args[n++] = (struct redis_bytes){(const char *)identity, IDENTITY_SIZE};
    const char *const rest[] = {delivery, numbers[3], code, numbers[4]};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        args[n++] = (struct redis_bytes){rest[i], strlen(rest[i])};
    struct redis_reply reply;
    if (redis_once_run(b->redis, SCRIPT_RESTORE, args, 3, n - 3, &reply) < 0 || reply.error != NULL ||
        (keys_verdict(&reply) != VERDICT_RESTORED && keys_verdict(&reply) != VERDICT_KEPT))
        b->result = -EIO;
    b->restored++;
}

static void on_result(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    struct codec_fault fault;
    uint8_t identity[IDENTITY_SIZE];
    if (!goes_on(b) || record->value == NULL)
        return;
    if (codec_fetch(b->worker->codec, record->value, record->value_size) < 0) {
        b->result = -EIO; /* a result that cannot be read is a key that would be forgotten */
        return;
    }
    json_t *json = codec_to_json(b->worker->codec, record->value, record->value_size, &fault);
    const char *outcome = json_string_value(json_object_get(json, "outcome")), *key = json_string_value(json_object_get(json, "key"));
    const json_t *delivery = json_object_get(json, "delivery");
    const bool posted = outcome != NULL && strncmp(outcome, "posted", 6) == 0;
    const bool cancelled = outcome != NULL && strcmp(outcome, "cancelled_before_posting") == 0;
    if ((posted || cancelled) && key != NULL && bytes_of_hex(json_string_value(json_object_get(json, "identity")), identity)) {
        char place[DELIVERY_MAX];
        (void)snprintf(place, sizeof place, "%s/%lld/%lld", json_string_value(json_object_get(delivery, "topic")),
                       (long long)json_integer_value(json_object_get(delivery, "partition")),
                       (long long)json_integer_value(json_object_get(delivery, "offset")));
        restore(b, posted ? "p" : "x", key, identity, place, json_integer_value(json_object_get(json, "source_version")), "",
                json_integer_value(json_object_get(json, "posted_at")));
    }
    b->unreadable += json == NULL;
    json_decref(json);
}

static void on_dead_letter(void *user, const struct kafka_record *record)
{
    struct rebuild *b = user;
    char class[32], code[64], key[500], hex[2 * IDENTITY_SIZE + 1], delivery[DELIVERY_MAX];
    uint8_t identity[IDENTITY_SIZE];
    if (!goes_on(b) || kafka_header_text(record, HEADER_CLASS, class, sizeof class) == NULL || strcmp(class, "park") != 0 ||
        kafka_header_text(record, HEADER_CODE, code, sizeof code) == NULL ||
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) == NULL ||
        kafka_header_text(record, HEADER_FINGERPRINT, hex, sizeof hex) == NULL || !bytes_of_hex(hex, identity) ||
        kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL)
        return;
    restore(b, "k", key, identity, delivery, 0, code, record->timestamp_ms);
}

/* ---- deferral marks: keys with a record in a retry topic keep their order, also over a loss ---- */

struct forwarded {
    char key[500], delivery[DELIVERY_MAX];
    int64_t first_seen_ms;
};

struct forwards {
    struct worker *worker;
    const struct kafka_place *committed;
    size_t committed_count;
    struct forwarded *list;
    size_t count, room;
};

static bool is_open(const struct forwards *f, const struct kafka_record *record)
{
    for (size_t i = 0; i < f->committed_count; i++)
        if (f->committed[i].partition == record->partition && strcmp(f->committed[i].topic, record->topic) == 0)
            return record->offset >= f->committed[i].offset;
    return true;
}

static void on_forwarded(void *user, const struct kafka_record *record)
{
    struct forwards *f = user;
    if (!is_open(f, record))
        return;
    if (f->count == f->room) {
        f->room = f->room == 0 ? 64 : f->room * 2;
        f->list = realloc(f->list, f->room * sizeof *f->list);
        if (f->list == NULL)
            abort();
    }
    struct forwarded *one = &f->list[f->count];
    char seen[32] = "0";
    (void)kafka_header_text(record, HEADER_FIRST_SEEN, seen, sizeof seen);
    one->first_seen_ms = strtoll(seen, NULL, 10);
    if (kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, one->key, sizeof one->key) != NULL &&
        kafka_header_text(record, HEADER_DELIVERY, one->delivery, sizeof one->delivery) != NULL)
        f->count++;
}

static int by_first_seen(const void *a, const void *b)
{
    const struct forwarded *x = a, *y = b;
    return x->first_seen_ms < y->first_seen_ms ? -1 : x->first_seen_ms > y->first_seen_ms;
}

static int defer_again(struct worker *w, struct redis_once *redis, const struct forwarded *one)
{
    struct keyspace *ks = &w->keys;
    char slot[160], names[4][640], numbers[4][24];
    (void)snprintf(slot, sizeof slot, "%s:%s", ks->flow, ks->slot);
    (void)rebuild_marker_name(w, names[0]);
    (void)keys_name(ks, "e", slot, names[1], sizeof names[1]);
    (void)keys_name(ks, "k", one->key, names[2], sizeof names[2]);
    (void)keys_name(ks, "d", one->key, names[3], sizeof names[3]);
    (void)snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)ks->fence);
    (void)snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)ks->slot_epoch);
    (void)snprintf(numbers[2], sizeof numbers[2], "%lld", (long long)ks->ttl_ms);
    (void)snprintf(numbers[3], sizeof numbers[3], "%lld", (long long)w->deferral_life_ms);
    const char *const texts[] = {names[0], names[1],   names[2],   names[3],      ks->marker, numbers[0],
                                 ks->slot, numbers[1], numbers[2], one->delivery, numbers[3], ""};
    struct redis_bytes args[sizeof texts / sizeof *texts];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    struct redis_reply reply;
    if (redis_once_run(redis, SCRIPT_DEFER, args, 4, sizeof texts / sizeof *texts - 4, &reply) < 0)
        return -EIO;
    return keys_verdict(&reply) == VERDICT_DEFERRED ? 0 : -EIO;
}

static int rebuild_deferrals(struct worker *w, struct redis_once *redis, struct kafka_place *places, size_t count,
                             char ret_message[static KAFKA_TEXT_MAX])
{
    int result = control_committed(w->config, w->group, places, count, ret_message);
    struct forwards f = {.worker = w, .committed = places, .committed_count = count};
    for (size_t i = 0; i < w->retry_count && result == 0; i++) {
        result = rebuild_lock(w, redis);
        if (result == 0)
            result = control_scan(w->config, w->retry_topics[i], &w->give_up, on_forwarded, &f, ret_message);
    }
    if (f.count > 0)
        qsort(f.list, f.count, sizeof *f.list, by_first_seen);
    for (size_t i = 0; i < f.count && result == 0; i++)
        result = defer_again(w, redis, &f.list[i]);
    free(f.list);
    return result;
}

/* The ends are taken once more: a transaction that was under way when the loss was noticed may have written to a retry topic since. */
static int extend_ends(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &w->control;
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    struct kafka_place *places = calloc(CONTROL_ENDS_MAX, sizeof *places);
    if (places == NULL)
        abort();
    int result = control_ends(w->config, names, count, c->ends, CONTROL_ENDS_MAX, &c->end_count, ret_message);
    memcpy(places, c->ends, c->end_count * sizeof *places);
    if (result == 0)
        result = rebuild_deferrals(w, redis, places, c->end_count, ret_message);
    if (result == 0)
        result = control_open(w->config, w->group, c, ret_message);
    free(places);
    return result;
}

int rebuild_keys(struct worker *w, struct redis_once *redis, char ret_message[static KAFKA_TEXT_MAX])
{
    char name[200], under_way[64];
    const int64_t begun = clock_monotonic_ms();
    struct rebuild b = {.worker = w, .redis = redis, .renewed_ms = begun};
    (void)snprintf(under_way, sizeof under_way, "rebuild:%s", w->control.incident);
    (void)snprintf(w->keys.marker, sizeof w->keys.marker, "%.47s", under_way);
    (void)fail_point("rebuild.before");
    int result = rebuild_set(redis, rebuild_marker_name(w, name), w->keys.marker);
    if (result == 0 && !mutant("suspect_rebuild"))
        result = control_scan(w->config, w->dlq_topic, &w->give_up, on_dead_letter, &b, ret_message);
    if (result == 0 && !mutant("suspect_rebuild"))
        result = control_scan(w->config, w->results_topic, &w->give_up, on_result, &b, ret_message);
    if (result == 0)
        result = b.result;
    if (result == 0)
        result = extend_ends(w, redis, ret_message);
    (void)fail_point("rebuild.after");
    if (result == 0)
        result = rebuild_set(redis, name, w->control.incident);
    if (result == 0 && b.unreadable > 0)
        log_warning(.message = "results that cannot be read; their orders, should they come again, are asked for in Prima",
                    .count = b.unreadable, .remedy = "see that schema.registry.url and schema.folder still know every schema");
    if (result == 0)
        log_info(.message = "keys rebuilt from committed results and dead letters", .count = b.restored,
                 .ms = clock_monotonic_ms() - begun);
    else if (result == -ECANCELED)
        result = -EAGAIN;
    return result;
}
