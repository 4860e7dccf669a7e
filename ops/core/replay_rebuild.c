/* Rebuilding a flow's keys on demand; see replay_rebuild.h. */
#include "core/replay_rebuild.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "core/audit.h"
#include "core/flow_group.h"
#include "idempotency/key_view.h"
#include "kafka/topics.h"
#include "stream/control.h"
#include "stream/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LEASE_MS = 30000,
    RETRY_TOPICS_MAX = 32,
    /* a worker that has ended stays a member, for it may come back to its slot: Kafka forgets it when
     * its session ends, after 10 s as workers ask for */
    MEMBERS_WAIT_MS = 20000,
    MEMBERS_LOOK_MS = 500
};

/* The slot of whoever rebuilds: none of a worker's, whose names are numbers or a platform's. */
static const char slot_name[] = "rebuild-keys";

struct rebuilding {
    struct ops *ops;
    const struct flow *flow;
    const struct replay_rebuild_options *options;
    struct redis_once *redis;
    struct control control;
    struct keyspace keys;
    char group[240], under_way[sizeof((struct keyspace *)0)->marker];
    struct restore restore;
    struct replay_rebuilt *told;
    struct ops_error *error;
};

/* ---- may it begin? ---- */

static enum ops_kind nobody_works(struct rebuilding *r, int64_t wait_ms)
{
    const int64_t until = clock_monotonic_ms() + wait_ms;
    for (;;) {
        struct kafka_words message = {""};
        bool empty = false;
        const int rc = kafka_group_is_empty(ops_config(r->ops), r->group, &empty, message.text);
        if (rc != 0)
            return ops_fail_kafka(r->error, rc, &message);
        if (empty)
            return OPS_DONE;
        if (clock_monotonic_ms() >= until)
            return ops_fail(r->error, OPS_DATA, "stop them, run this, and start them again",
                            "workers of %s are at work: a key that is not back yet would be "
                            "claimed by one of them",
                            r->group);
        (void)nanosleep(&(struct timespec){.tv_nsec = MEMBERS_LOOK_MS * 1000000L}, NULL);
    }
}

static enum ops_kind read_control(struct rebuilding *r)
{
    struct kafka_words message = {""};
    const int rc = control_read(ops_config(r->ops), r->group, &r->control, message.text);
    if (rc != 0)
        return ops_fail_kafka(r->error, rc, &message);
    const struct control *c = &r->control;
    if (c->incident[0] == '\0')
        return ops_fail(r->error, OPS_DATA, "start the workers",
                        "%s never worked with this Redis: its workers make the keys when they "
                        "start",
                        r->group);
    if (strcmp(c->cleared, c->incident) != 0 && !c->rebuilt)
        return ops_fail(r->error, OPS_DATA, "start the workers: they rebuild the keys themselves",
                        "a loss of Redis is not dealt with yet");
    return OPS_DONE;
}

static enum ops_kind redis_failed(const struct rebuilding *r)
{
    return ops_fail(r->error, OPS_UNAVAILABLE,
                    "run it again: until it has ended workers that start wait, or rebuild the keys "
                    "themselves",
                    "Redis broke off, or is not the one any more in which it began");
}

/* The marker as the workers left it, or as a rebuild that died here. */
static enum ops_kind read_marker(struct rebuilding *r, char ret_marker[static 64])
{
    char name[200];
    (void)keys_name(&r->keys, "marker", r->flow->name, name, sizeof name);
    const struct redis_bytes words[] = {{"GET", 3}, {name, strlen(name)}};
    if (redis_once_text(r->redis, words, 2, ret_marker, 64) < 0)
        return redis_failed(r);
    if (strcmp(ret_marker, r->control.incident) != 0 && strcmp(ret_marker, r->under_way) != 0)
        return ops_fail(r->error, OPS_DATA, "start the workers: they rebuild the keys themselves",
                        "Redis is not as the workers left it: it was emptied, or is another one");
    return OPS_DONE;
}

static enum ops_kind take_slot(struct rebuilding *r)
{
    struct keys_slot slot;
    const struct config *config = ops_config(r->ops);
    r->keys = (struct keyspace){.prefix = config_text(config, CFG_redis_prefix),
                                .flow = r->flow->name,
                                .fence = r->control.epoch << 32 |
                                         (r->control.generation > 0 ? r->control.generation : 0),
                                .ttl_ms = config_int(config, CFG_idempotency_ttl),
                                /* nothing stays in retry topics for longer */
                                .deferral_life_ms = 2 * config_int(config, CFG_retry_max_age)};
    (void)snprintf(r->keys.slot, sizeof r->keys.slot, "%s", slot_name);
    (void)process_describe_self(r->keys.sender);
    if (keys_slot_take(r->redis, &r->keys, r->keys.sender, LEASE_MS, "", &slot) != 0)
        return redis_failed(r);
    if (!slot.is_taken && slot.holder != NULL && process_is_over(slot.holder)) {
        char dead[PROCESS_NAME_MAX]; /* the holder lives until the next call */
        (void)snprintf(dead, sizeof dead, "%s", slot.holder);
        if (keys_slot_take(r->redis, &r->keys, r->keys.sender, LEASE_MS, dead, &slot) != 0)
            return redis_failed(r);
    }
    if (!slot.is_taken)
        return ops_fail(r->error, OPS_DATA, NULL,
                        "another process rebuilds the keys; should it have died, wait %lld s",
                        (long long)(slot.busy_ms / 1000 + 1));
    r->keys.slot_epoch = slot.epoch;
    return OPS_DONE;
}

/* ---- restoring ---- */

static int renew(void *user)
{
    struct rebuilding *r = user;
    const int rc = keys_lock(r->redis, &r->keys, LEASE_MS);
    r->told->restored = r->restore.restored;
    if (r->options->seen != NULL)
        r->options->seen(r->options->user, r->told);
    return rc == 0 ? keys_slot_keep(r->redis, &r->keys, r->keys.sender, LEASE_MS) : rc;
}

/* `posted` is final, and what came afterwards is told by versions, whatever Redis has. Of the rest Redis
 * knows better what became of a key since. */
static bool is_wanted(void *user, const struct keys_restored *key)
{
    struct rebuilding *r = user;
    struct key_view view;
    char why[300];
    if (strcmp(key->state, "k") != 0 && strcmp(key->state, "x") != 0 &&
        strcmp(key->state, "w") != 0)
        return true;
    if (r->restore.result == 0)
        r->restore.result = keys_batch_end(&r->restore.batch);
    if (r->restore.result != 0 ||
        key_view_read(r->redis, r->keys.prefix, key->natural, &view, why) != 0) {
        r->restore.result = r->restore.result != 0 ? r->restore.result : -EIO;
        return false;
    }
    r->told->kept += view.state != '\0';
    return view.state == '\0';
}

static int restore_retries(struct rebuilding *r, struct kafka_words *message)
{
    static char names[RETRY_TOPICS_MAX][160];
    const char *topics[RETRY_TOPICS_MAX];
    const struct config *config = ops_config(r->ops);
    char prefix[160];
    struct kafka_place *committed = NULL;
    size_t count = 0, place_count = 0;
    (void)topic_of_input(r->flow->reads, TOPIC_PART_RETRY, "", false, prefix, sizeof prefix);
    int rc = kafka_topics_like(config, prefix, names, RETRY_TOPICS_MAX, &count, message->text);
    for (size_t i = 0; i < count; i++)
        topics[i] = names[i];
    if (rc == 0 && count == 0)
        return 0;
    if (rc == 0)
        rc = kafka_ends(config, topics, count, KAFKA_END_HIGH, &committed, &place_count,
                        message->text);
    if (rc == 0)
        rc = kafka_group_committed(config, r->group, committed, place_count, message->text);
    if (rc == 0)
        rc = restore_marks(&r->restore, topics, count, committed, place_count, message->text);
    free(committed);
    return rc;
}

static int restore_all(struct rebuilding *r, struct kafka_words *message)
{
    char dlq[160];
    (void)topic_of_input(r->flow->reads, TOPIC_PART_DLQ, "", false, dlq, sizeof dlq);
    int rc = restore_keys(&r->restore, dlq, r->flow->outputs[0].name, message->text);
    if (rc == 0)
        rc = restore_retries(r, message);
    if (rc == 0 && r->flow->ledger != NULL)
        rc = restore_positions(&r->restore, r->flow->ledger->topic, message->text);
    r->told->restored = r->restore.restored;
    r->told->unreadable = r->restore.unreadable;
    return rc;
}

static enum ops_kind write_audit(struct rebuilding *r)
{
    static const uint8_t nothing[DIGEST_SIZE];
    struct kafka_writer *writer = NULL;
    struct kafka_words message = {""};
    const struct audit audit = {.who = r->options->who,
                                .action = "replay rebuild-keys",
                                .reason = r->options->reason,
                                .topic = r->flow->outputs[0].name,
                                .written = (size_t)r->told->restored,
                                .skipped = (size_t)r->told->kept,
                                .digest = nothing};
    int rc = kafka_writer_new(ops_config(r->ops), 0, &writer, message.text);
    if (rc == 0)
        rc = kafka_writer_begin(writer, message.text);
    if (rc == 0)
        rc = audit_add(writer, &audit, &message);
    if (rc == 0)
        rc = kafka_writer_commit(writer, message.text);
    kafka_writer_free(writer);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(r->error, rc, &message);
}

static enum ops_kind why_not(struct rebuilding *r, int rc, const struct kafka_words *message)
{
    if (r->restore.batch.stale_fence != 0)
        return ops_fail(r->error, OPS_DATA, "start the workers: they put it right",
                        "Redis has keys of a later epoch than ops.control");
    return rc == -EIO && message->text[0] == '\0' ? redis_failed(r)
           : rc == -EBUSY || rc == -EAGAIN        ? redis_failed(r)
                                                  : ops_fail_kafka(r->error, rc, message);
}

/* With the slot and the lock in hand: from here on a worker that starts waits for us. */
static enum ops_kind rebuild(struct rebuilding *r, const char *marker)
{
    struct kafka_words message = {""};
    int rc = keys_mark(r->redis, &r->keys, marker, r->under_way);
    if (rc != 0)
        return redis_failed(r);
    memcpy(r->keys.marker, r->under_way, sizeof r->keys.marker);
    const enum ops_kind kind = nobody_works(r, 0); /* nor came just before it was marked */
    if (kind == OPS_DONE) {
        (void)fail_point("rebuild_keys.marked");
        rc = restore_all(r, &message);
        if (rc != 0)
            return why_not(r, rc, &message);
    }
    (void)fail_point("rebuild_keys.restored");
    if (keys_mark(r->redis, &r->keys, r->under_way, r->control.incident) != 0)
        return redis_failed(r);
    return kind;
}

static enum ops_kind rebuild_locked(struct rebuilding *r)
{
    char marker[64];
    enum ops_kind kind = take_slot(r);
    if (kind != OPS_DONE)
        return kind;
    const int rc = keys_lock(r->redis, &r->keys, LEASE_MS);
    if (rc != 0)
        return rc == -EBUSY ? ops_fail(r->error, OPS_DATA, NULL, "a worker rebuilds the keys")
                            : redis_failed(r);
    kind = read_marker(r, marker);
    if (kind == OPS_DONE)
        kind = rebuild(r, marker);
    if (keys_unlock(r->redis, &r->keys, LEASE_MS) != 0 && kind == OPS_DONE)
        kind = redis_failed(r);
    return kind == OPS_DONE ? write_audit(r) : kind;
}

enum ops_kind replay_rebuild(struct ops *ops, const struct flow *flow,
                             const struct replay_rebuild_options *options,
                             struct replay_rebuilt *ret_rebuilt, struct ops_error *ret_error)
{
    struct rebuilding r = {
        .ops = ops, .flow = flow, .options = options, .told = ret_rebuilt, .error = ret_error};
    *ret_rebuilt = (struct replay_rebuilt){.restored = 0};
    flow_group(ops_config(ops), flow, r.group, sizeof r.group);
    r.restore = (struct restore){.config = ops_config(ops),
                                 .renew = renew,
                                 .renew_every_ms = LEASE_MS / 10,
                                 .renewed_ms = clock_monotonic_ms(),
                                 .wants = is_wanted,
                                 .user = &r};
    enum ops_kind kind = ops_codec(ops, &r.restore.codec, ret_error);
    if (kind == OPS_DONE)
        kind = nobody_works(&r, MEMBERS_WAIT_MS);
    if (kind == OPS_DONE)
        kind = read_control(&r);
    if (kind == OPS_DONE)
        kind = ops_redis(ops, &r.redis, NULL, ret_error);
    r.restore.batch = (struct keys_batch){.redis = r.redis, .ks = &r.keys};
    (void)snprintf(r.under_way, sizeof r.under_way, "rebuild:%.38s", r.control.incident);
    if (kind == OPS_DONE)
        kind = rebuild_locked(&r);
    if (kind != OPS_DONE)
        ops_redis_close(ops); /* answers may be owed */
    control_free(&r.control);
    return kind;
}
