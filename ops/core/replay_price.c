/* What records would become; see replay_price.h. */
#include "core/replay_price.h"

#include "base/clock.h"
#include "base/digest.h"
#include "core/events.h"
#include "core/letter_book.h"
#include "core/letter_result.h"
#include "idempotency/key_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20 };

struct absent_key { /* Redis has nothing of it */
    uint64_t key;
    enum replay_fate fate;
};

struct replay_price {
    struct ops *ops;
    const struct flow *flow;
    const void *rules;
    struct codec *codec;
    struct redis_once *redis; /* NULL: away */
    char why[300];
    int64_t now_ms, ttl_ms, oldest_ms; /* of the absent ones */
    int64_t fates[REPLAY_FATES];
    struct absent_key *absent;
    size_t absent_count, absent_room;
};

const char *replay_fate_name(enum replay_fate fate)
{
    static const char *const names[REPLAY_FATES] = {
        "duplicate", "superseded", "later_version", "conflict",    "ended",      "parked",
        "under_way", "new",        "forgotten",     "asked_first", "unreadable", "unknown"};
    return names[fate];
}

enum ops_kind replay_price_new(struct ops *ops, const struct flow *flow,
                               struct replay_price **ret_price, struct ops_error *ret_error)
{
    struct ops_error away;
    struct replay_price *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ops_fail_memory(ret_error);
    *p = (struct replay_price){.ops = ops,
                               .flow = flow,
                               .now_ms = clock_wall_ms(),
                               .ttl_ms = config_int(ops_config(ops), CFG_idempotency_ttl),
                               .oldest_ms = INT64_MAX};
    enum ops_kind kind = ops_codec(ops, &p->codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, flow, &p->rules, ret_error);
    if (kind != OPS_DONE) {
        replay_price_free(p);
        return kind;
    }
    if (ops_redis(ops, &p->redis, NULL, &away) != OPS_DONE) {
        p->redis = NULL;
        (void)snprintf(p->why, sizeof p->why, "%.299s", away.text);
    }
    *ret_price = p;
    return OPS_DONE;
}

void replay_price_free(struct replay_price *p)
{
    if (p == NULL)
        return;
    free(p->absent);
    free(p);
}

/* ---- one record ---- */

struct priced {
    struct flow_key key;
    char content[9]; /* as key_view has it */
};

/* As posting/decode.c finds it. */
static enum replay_fate decode(struct replay_price *p, const struct kafka_record *record,
                               struct arena *arena, struct priced *ret_priced)
{
    struct codec_fault fault = {0};
    const char *detail;
    uint8_t identity[IDENTITY_SIZE];
    void *event = arena_alloc(arena, p->flow->event->size);
    if (record->value == NULL || event == NULL)
        return REPLAY_UNREADABLE;
    if (events_decode(p->codec, p->flow->event, record->value, record->value_size, arena, event,
                      &fault) != 0) {
        if (fault.code == PF_E_registry_unavailable)
            (void)snprintf(p->why, sizeof p->why, "the schema registry does not answer");
        return fault.code == PF_E_registry_unavailable ? REPLAY_UNKNOWN : REPLAY_UNREADABLE;
    }
    if (p->flow->key(event, p->rules, arena, &ret_priced->key, &detail) != PF_OK)
        return REPLAY_UNREADABLE;
    codec_identity(p->codec, p->flow->event, event, identity);
    if (ret_priced->key.cancels)
        digest_sha256(identity, IDENTITY_SIZE, identity + 1);
    (void)digest_hex(identity + 1, 4, ret_priced->content);
    return REPLAY_NEW;
}

static enum replay_fate fate_of_posted(const struct key_view *view, const struct priced *priced)
{
    const int64_t version = priced->key.version;
    if (strcmp(view->content, priced->content) == 0)
        return REPLAY_DUPLICATE;
    if (version == 0 || view->version == 0 || version == view->version)
        return REPLAY_CONFLICT;
    return version < view->version ? REPLAY_SUPERSEDED : REPLAY_LATER_VERSION;
}

static enum replay_fate fate_of_absent(struct replay_price *p, const struct kafka_record *record)
{
    if (record->timestamp_ms < p->oldest_ms)
        p->oldest_ms = record->timestamp_ms;
    return p->now_ms - record->timestamp_ms > p->ttl_ms ? REPLAY_ASKED_FIRST : REPLAY_NEW;
}

static enum replay_fate fate_of_key(struct replay_price *p, const struct kafka_record *record,
                                    const struct priced *priced, bool *ret_absent)
{
    struct key_view view;
    char why[300];
    if (p->redis == NULL)
        return REPLAY_UNKNOWN;
    if (key_view_read(p->redis, config_text(ops_config(p->ops), CFG_redis_prefix),
                      priced->key.natural, &view, why) != 0) {
        memcpy(p->why, why, sizeof p->why);
        ops_redis_close(p->ops);
        p->redis = NULL;
        return REPLAY_UNKNOWN;
    }
    switch (view.state) {
    case 'p':
        return fate_of_posted(&view, priced);
    case 'x':
    case 'd':
        return REPLAY_STAYS;
    case 'k':
        return REPLAY_PARKED;
    case 'c':
    case 's':
        return REPLAY_UNDER_WAY;
    case 'w':
    case 'r':
        return REPLAY_NEW;
    case '\0':
        *ret_absent = true;
        return fate_of_absent(p, record);
    default:
        (void)snprintf(p->why, sizeof p->why, "Redis has something unreadable of a key");
        return REPLAY_UNKNOWN;
    }
}

static int keep_absent(struct replay_price *p, const char *natural, enum replay_fate fate)
{
    if (p->absent_count == p->absent_room) {
        const size_t room = p->absent_room > 0 ? 2 * p->absent_room : 256;
        struct absent_key *more = realloc(p->absent, room * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        p->absent = more;
        p->absent_room = room;
    }
    p->absent[p->absent_count++] = (struct absent_key){letter_digest(natural), fate};
    return 0;
}

int replay_price_add(struct replay_price *p, const struct kafka_record *record)
{
    struct priced priced = {.key = {0}};
    bool is_absent = false;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    enum replay_fate fate = decode(p, record, arena, &priced);
    if (fate == REPLAY_NEW)
        fate = fate_of_key(p, record, &priced, &is_absent);
    p->fates[fate]++;
    const int rc = is_absent ? keep_absent(p, priced.key.natural, fate) : 0;
    arena_free(arena);
    return rc;
}

/* ---- results ---- */

static int compare_keys(const void *a_, const void *b_)
{
    const struct absent_key *a = a_, *b = b_;
    return a->key < b->key ? -1 : a->key > b->key;
}

static int take_result(void *user, const struct kafka_record *record)
{
    struct replay_price *p = user;
    struct letter_result result;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    if (letter_result_read(p->codec, record, arena, &result) &&
        (result.outcome == OUTCOME_POSTED || result.outcome == OUTCOME_POSTED_ON_HOLD)) {
        const uint64_t key = letter_digest(result.natural);
        size_t from = 0, to = p->absent_count;
        while (from < to) {
            const size_t middle = from + (to - from) / 2;
            if (p->absent[middle].key < key)
                from = middle + 1;
            else
                to = middle;
        }
        for (; from < p->absent_count && p->absent[from].key == key; from++) {
            p->fates[p->absent[from].fate]--;
            p->fates[p->absent[from].fate = REPLAY_FORGOTTEN]++;
        }
    }
    arena_free(arena);
    return 0;
}

enum ops_kind replay_price_end(struct replay_price *p, int64_t ret_fates[static REPLAY_FATES],
                               char ret_why[static 300], struct ops_error *ret_error)
{
    int rc = 0;
    struct kafka_words message = {""};
    if (p->absent_count > 0) {
        const struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                          .from_value =
                                              p->oldest_ms > 3600000 ? p->oldest_ms - 3600000 : 0,
                                          .until = KAFKA_UNTIL_WRITTEN,
                                          .partition = -1};
        qsort(p->absent, p->absent_count, sizeof *p->absent, compare_keys);
        rc = kafka_read(ops_config(p->ops), &p->flow->outputs[0].name, 1, &range, take_result, p,
                        message.text);
    }
    memcpy(ret_fates, p->fates, sizeof p->fates);
    memcpy(ret_why, p->why, sizeof p->why);
    return rc == 0         ? OPS_DONE
           : rc == -ENOMEM ? ops_fail_memory(ret_error)
                           : ops_fail_kafka(ret_error, rc, &message);
}
