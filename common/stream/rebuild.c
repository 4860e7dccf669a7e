/* The keys, from what was committed; see rebuild.h. */
#include "stream/rebuild.h"

#include <errno.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/admin.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/restore.h"

size_t rebuild_input_names(const struct worker *w, const char *names[TOPICS_MAX])
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        names[i] = w->stream->inputs.list[i].name;
    return w->stream->inputs.count;
}

const char *rebuild_marker_name(const struct worker *w, char text[static 200])
{
    return keys_name(&w->keys, "marker", w->flow->name, text, 200);
}

int rebuild_mark(const struct worker *w, struct redis_once *redis, const char *seen,
                 const char *marker)
{
    return keys_mark(redis, &w->keys, seen, marker);
}

/* ---- the lock ---- */

enum {
    LOCK_SLOT_LEASES = 3
}; /* the lock's lease: a multiple of slot.lease, by which a dead process is known to be one */

const char *rebuild_lock_name(const struct worker *w, char text[static 200])
{
    return keys_name(&w->keys, "rebuild", w->flow->name, text, 200);
}

static int64_t lock_ms(const struct worker *w)
{
    return LOCK_SLOT_LEASES * config_int(w->host.config, CFG_slot_lease);
}

int rebuild_lock(const struct worker *w, struct redis_once *redis)
{
    return keys_lock(redis, &w->keys, lock_ms(w));
}

int rebuild_unlock(const struct worker *w, struct redis_once *redis)
{
    return keys_unlock(redis, &w->keys, lock_ms(w));
}

/* ---- restoring ---- */

struct rebuild {
    struct worker *worker;
    struct redis_once *redis;
    struct restore restore;
};

static int renew_lock(void *rebuild)
{
    struct rebuild *b = rebuild;
    return rebuild_lock(b->worker, b->redis);
}

static int rebuild_marks(struct rebuild *b, const struct kafka_place *committed, size_t count,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    const struct worker *w = b->worker;
    const char *retries[TOPICS_MAX];
    size_t retry_count = 0;
    for (size_t i = 0; i < w->stream->inputs.count;
         i++) /* those that were taken out of retry.delays, too, while they hold records */
        if (w->stream->inputs.list[i].role == TOPIC_RETRY)
            retries[retry_count++] = w->stream->inputs.list[i].name;
    return restore_marks(&b->restore, retries, retry_count, committed, count, ret_message);
}

/* ---- what anybody may have worked on ---- */

static enum topic_role role_of(const struct worker *w, const char *topic)
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (strcmp(w->stream->inputs.list[i].name, topic) == 0)
            return w->stream->inputs.list[i].role;
    return TOPIC_INPUT;
}

/* Of what was never in a retry topic: nobody has sent what became stable after everybody had heard
 * of the loss, or what lies too far behind the committed offset (partitions_may_send). */
static void lower_end(const struct worker *w, struct kafka_place *end, int64_t committed)
{
    if (role_of(w, end->topic) == TOPIC_RETRY)
        return;
    for (size_t i = 0; i < w->stream->incident.end_count; i++) {
        const struct kafka_place *heard = &w->stream->incident.ends[i];
        if (heard->partition == end->partition && strcmp(heard->topic, end->topic) == 0 &&
            heard->offset < end->offset)
            end->offset = heard->offset;
    }
    const int64_t reach = committed + fleet_reach(w);
    if (committed >= 0 && reach < end->offset)
        end->offset = reach;
}

/* The ends are taken once more: a transaction that was under way when the loss was noticed may have
 * written to a retry topic since, and what is there has been worked on. Suspicion does not wait for
 * what nobody can have sent. */
static int take_ends(struct worker *w, struct kafka_place **ret_committed,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &w->stream->control;
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    struct kafka_place *ends = NULL;
    size_t end_count = 0;
    int result =
        kafka_ends(w->host.config, names, count, KAFKA_END_HIGH, &ends, &end_count, ret_message);
    struct kafka_place *committed = calloc(end_count + 1, sizeof *committed);
    if (committed == NULL)
        abort();
    if (end_count > 0)
        memcpy(committed, ends, end_count * sizeof *committed);
    *ret_committed = committed;
    if (result == 0)
        result = kafka_group_committed(w->host.config, w->stream->group, committed, end_count,
                                       ret_message);
    if (result < 0) {
        free(ends);
        return result;
    }
    for (size_t i = 0; i < end_count; i++)
        lower_end(w, &ends[i], committed[i].offset);
    free(c->ends);
    c->ends = ends;
    c->end_count = end_count;
    return 0;
}

/* From here on records may be worked on: what is lost later is another incident's. */
static int write_down(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control now = {.ends = NULL}, *c = &w->stream->control;
    int result = control_read(w->host.config, w->stream->group, &now, ret_message);
    if (result == 0 && strcmp(now.incident, c->incident) != 0)
        result = -EAGAIN;
    if (result == 0) {
        c->senders_over =
            fleet_senders_are_over(&now) &&
            fleet_absence_counts(w->stream->incident.senders_over_ms, clock_monotonic_ms(),
                                 config_int(w->host.config, CFG_prima_max_apply_delay));
        c->rebuilt = true;
        result = control_open(w->host.config, w->stream->group, c, ret_message);
    }
    control_free(&now);
    return result;
}

/* ---- all of it ---- */

static void note_unreadable(const struct flow *flow, int64_t count)
{
    char message[120];
    (void)snprintf(message, sizeof message,
                   "unreadable results; their %ss are looked up in Prima if redelivered",
                   flow->noun);
    log_warning(.message = message, .count = count,
                .remedy = "see that schema.registry.url and schema.folder still know every schema");
}

/* Keys with a later epoch than ops.control has: it lost its records, and Redis did not. While the
 * keys are rebuilt nobody works, so that no fence stands for somebody who does: the next attempt
 * goes on above them all. */
static void rise_above(struct rebuild *b, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &b->worker->stream->control;
    const int64_t found = b->restore.batch.stale_fence >> 32;
    if (b->restore.batch.stale_fence == 0 || found < c->epoch || mutant("rebuild_rises"))
        return;
    c->epoch = found + 1;
    c->generation = 0;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                   "Redis has keys of a later epoch than ops.control; continuing with epoch %lld",
                   (long long)c->epoch);
}

/* The marker says so while it is under way: nobody works. */
static int begin_rebuild(struct worker *w, struct redis_once *redis, const char *marker,
                         const char *incident)
{
    char under_way[sizeof w->keys.marker];
    (void)snprintf(under_way, sizeof under_way, "rebuild:%.38s", incident);
    const int result = rebuild_mark(w, redis, marker, under_way);
    memcpy(w->keys.marker, under_way, sizeof under_way);
    return result;
}

int rebuild_nothing(struct worker *w, struct redis_once *redis, const char *marker,
                    const char *incident, char ret_message[static KAFKA_TEXT_MAX])
{
    struct restore restore = {.config = w->host.config, .batch = {.redis = redis, .ks = &w->keys}};
    if (w->flow->ledger == NULL)
        return rebuild_mark(w, redis, marker, incident);
    int result = begin_rebuild(w, redis, marker, incident);
    if (result == 0)
        result = restore_positions(&restore, w->flow->ledger->topic, ret_message);
    return result == 0 ? rebuild_mark(w, redis, w->keys.marker, incident) : result;
}

int rebuild_keys(struct worker *w, struct redis_once *redis, const char *marker,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t begun = clock_monotonic_ms();
    struct rebuild b = {.worker = w,
                        .redis = redis,
                        .restore = {.config = w->host.config,
                                    .codec = w->codec,
                                    .give_up = &w->host.give_up,
                                    .batch = {.redis = redis, .ks = &w->keys},
                                    .renew = renew_lock,
                                    .renew_every_ms = lock_ms(w) / 4,
                                    .renewed_ms = begun,
                                    .user = &b}};
    struct kafka_place *committed = NULL;
    (void)fail_point("rebuild.before");
    int result = begin_rebuild(w, redis, marker, w->stream->control.incident);
    if (result == 0)
        result = restore_keys(&b.restore, w->stream->outputs.dlq,
                              w->stream->outputs.written[OUTPUT_RESULTS], ret_message);
    if (result == 0)
        result = take_ends(w, &committed, ret_message);
    if (result == 0)
        result = rebuild_marks(&b, committed, w->stream->control.end_count, ret_message);
    if (result == 0 && w->flow->ledger != NULL && !mutant("rebuild_sets_position"))
        result = restore_positions(&b.restore, w->flow->ledger->topic, ret_message);
    if (result == 0)
        result = write_down(w, ret_message);
    free(committed);
    if (result == -EIO)
        rise_above(&b, ret_message);
    (void)fail_point("rebuild.after");
    if (result == 0)
        result = rebuild_mark(w, redis, w->keys.marker, w->stream->control.incident);
    if (result == 0 && b.restore.unreadable > 0)
        note_unreadable(w->flow, b.restore.unreadable);
    if (result == 0)
        log_info(.message = "keys rebuilt from committed results and dead letters",
                 .count = b.restore.restored, .ms = clock_monotonic_ms() - begun);
    return result == -ECANCELED ? -EAGAIN : result;
}
