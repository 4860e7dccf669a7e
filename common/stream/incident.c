/* One incident after the other until Redis is what ops.control says; see incident.h. */
#include "stream/incident.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "kafka/admin.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/rebuild.h"
#include "stream/roll_call.h"
#include "stream/watch.h"

enum { LOOK_MS = 100, TURN_MS = 15000 };

/* ---- Redis, by name ---- */

static int get(struct redis_once *redis, const char *name, char *text, size_t room)
{
    const struct redis_bytes words[] = {{"GET", 3}, {name, strlen(name)}};
    return redis_once_text(redis, words, 2, text, room) < 0 ? -EIO : 0;
}

/* ---- waiting ---- */

/* Whoever was sending when it was opened has heard of it, or of nothing any more, within
 * watch_bound_ms; what was on its way then has an answer, or none that counts, after one lease and
 * the longest that a write of this flow's may be on its way. */
static int64_t wait_ms(const struct worker *w)
{
    return mutant("suspect_wait") ? 0 : watch_bound_ms(w) + w->times.lease_ms + w->times.write_ms;
}

/* Counted from when *we* saw the incident, by our own clock: another host's, in the incident, may
 * be wrong. */
static void see_incident(struct worker *w)
{
    if (strcmp(w->stream->incident.seen, w->stream->control.incident) == 0)
        return;
    memcpy(w->stream->incident.seen, w->stream->control.incident, sizeof w->stream->incident.seen);
    w->stream->incident.seen_ms = clock_monotonic_ms();
    free(w->stream->incident.ends);
    w->stream->incident.ends = NULL;
    w->stream->incident.end_count = 0;
    w->stream->incident.senders_over_ms = 0;
}

/* What is written to the inputs from now on, nobody sends under the old Redis any more. */
static int take_heard_ends(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    const char *names[TOPICS_MAX];
    if (w->stream->incident.ends != NULL ||
        clock_monotonic_ms() - w->stream->incident.seen_ms < watch_bound_ms(w) + w->times.margin_ms)
        return 0;
    const size_t count = rebuild_input_names(w, names);
    return kafka_ends(w->host.config, names, count, KAFKA_END_STABLE, &w->stream->incident.ends,
                      &w->stream->incident.end_count, ret_message);
}

/* Looked at as soon as everybody has heard of it: the last bytes of a sender that began anew only
 * just before may be applied yet. */
static void see_senders(struct worker *w)
{
    if (w->stream->incident.senders_over_ms == 0 && w->stream->incident.ends != NULL &&
        fleet_senders_are_over(&w->stream->control))
        w->stream->incident.senders_over_ms = clock_monotonic_ms();
}

static int64_t left_to_wait(const struct worker *w)
{
    const int64_t left = wait_ms(w) - (clock_monotonic_ms() - w->stream->incident.seen_ms);
    return left > 0 ? left : 0;
}

/* ---- opening ---- */

/* Nothing was ever read or published: whatever Redis holds, nothing of ours can be in Prima. */
static int is_first_start(struct worker *w, const struct control *c, bool *ret_first,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *inputs = calloc(c->end_count + 1, sizeof *inputs), *written = NULL;
    if (inputs == NULL)
        abort();
    memcpy(inputs, c->ends, c->end_count * sizeof *inputs);
    bool first = true;
    int result = c->end_count > 0 ? kafka_group_committed(w->host.config, w->stream->group, inputs,
                                                          c->end_count, ret_message)
                                  : 0;
    for (size_t i = 0; i < c->end_count && result == 0; i++)
        first &= inputs[i].offset < 0;
    size_t count = 0;
    const char *const names[] = {w->stream->outputs.written[OUTPUT_RESULTS],
                                 w->stream->outputs.dlq};
    if (result == 0)
        result =
            kafka_ends(w->host.config, names, 2, KAFKA_END_HIGH, &written, &count, ret_message);
    for (size_t i = 0; i < count && result == 0; i++)
        first &= written[i].offset == 0;
    free(inputs);
    free(written);
    *ret_first = first;
    return result;
}

/* One of the fleet opens an incident, the others find it: two that were opened at once would each
 * wait for the other's marker. -EAGAIN: not us. */
static int take_turn(struct worker *w, struct redis_once *redis)
{
    char name[200], ms[24], holder[64], done[64];
    (void)keys_name(&w->keys, "incident", w->flow->name, name, sizeof name);
    const int size = snprintf(ms, sizeof ms, "%d", TURN_MS);
    const struct redis_bytes words[] = {
        {"SET", 3}, {name, strlen(name)}, {w->host.slot, strlen(w->host.slot)}, {"NX", 2},
        {"PX", 2},  {ms, (size_t)size}};
    if (redis_once_text(redis, words, 6, done, sizeof done) < 0)
        return -EIO;
    if (done[0] != '\0')
        return 0;
    if (get(redis, name, holder, sizeof holder) < 0)
        return -EIO;
    if (strcmp(holder, w->host.slot) == 0)
        return 0; /* our own former self */
    (void)usleep(LOOK_MS * 1000);
    return -EAGAIN;
}

/* Two servers may both be alive, and each have workers: then the one that the fleet left is not
 * gone back to while the others work with its successor, or have begun to make it fit for that; or
 * the two would drive each other away for ever. */
enum {
    LEFT_PATIENCE = 3
}; /* waits of an incident: until its keys must have been rebuilt, or nobody does that */

static int is_left(struct worker *w, const struct redis_server *server, bool *ret_left,
                   char ret_message[static KAFKA_TEXT_MAX])
{
    const struct control *c = &w->stream->control;
    bool left = false, empty = false;
    for (size_t i = 0; i < c->left_count; i++)
        left |= strcmp(c->left[i].run_id, server->run_id) ==
                0; /* its replication id changes when it gets a replica */
    *ret_left = false;
    if (!left || strcmp(c->server.run_id, server->run_id) == 0)
        return 0;
    *ret_left = !c->rebuilt && strcmp(c->cleared, c->incident) != 0 &&
                clock_monotonic_ms() - w->stream->incident.seen_ms < LEFT_PATIENCE * wait_ms(w);
    if (*ret_left)
        return 0;
    const int result = kafka_group_is_empty(w->host.config, w->stream->group, &empty, ret_message);
    *ret_left = !empty;
    return result;
}

static void leave_behind(struct control *c, const struct control *before)
{
    if (before->incident[0] == '\0')
        return;
    c->left[0] = before->server;
    c->left_count = 1;
    for (size_t i = 0; i < before->left_count && c->left_count < CONTROL_LEFT_MAX; i++)
        c->left[c->left_count++] = before->left[i];
    memcpy(c->since[0], before->incident, CONTROL_ID_MAX);
    c->since_count = 1;
    const bool was_cleared = strcmp(before->cleared, before->incident) == 0;
    for (size_t i = 0;
         i < before->since_count && !was_cleared && c->since_count < CONTROL_SINCE_MAX; i++)
        memcpy(c->since[c->since_count++], before->since[i], CONTROL_ID_MAX);
}

/* Nothing of ours is in Prima, and there is nothing to wait for. Cleared first: a marker means that
 * records are worked on. */
static int begin_first(struct worker *w, const struct control *c, const char *marker,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    const int result = control_clear(w->host.config, w->stream->group, c->incident, ret_message);
    return result == 0
               ? rebuild_nothing(w, w->stream->incident.redis, marker, c->incident, ret_message)
               : result;
}

static int open_new(struct worker *w, const struct redis_server *server, const char *marker,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    struct control c = {.detected_ms = clock_wall_ms()};
    uint8_t id[16];
    const char *names[TOPICS_MAX];
    const size_t count = rebuild_input_names(w, names);
    bool first = false;
    digest_random(id, sizeof id);
    (void)digest_hex(id, sizeof id, c.incident);
    (void)snprintf(c.server.run_id, sizeof c.server.run_id, "%s", server->run_id);
    (void)snprintf(c.server.replication_id, sizeof c.server.replication_id, "%s",
                   server->replication_id);
    leave_behind(&c, &w->stream->control);
    int result = kafka_ends(w->host.config, names, count, KAFKA_END_HIGH, &c.ends, &c.end_count,
                            ret_message);
    if (result == 0 && w->stream->control.incident[0] == '\0')
        result = is_first_start(w, &c, &first, ret_message);
    if (first)
        c.end_count = 0;
    if (result == 0)
        result = control_open(w->host.config, w->stream->group, &c, ret_message);
    if (result == 0 && first)
        result = begin_first(w, &c, marker, ret_message);
    if (result == 0 && !first)
        log_warning(.message = "Redis state lost: every record is resolved against Prima until the "
                               "keys are rebuilt",
                    .reason = "redis_lost_state", .detail = w->stream->incident.loss,
                    .remedy = "nothing to do; find out why Redis lost its data");
    control_free(&c);
    return result;
}

/* ---- rebuilding: rebuild.c ---- */

/* One of the fleet rebuilds; the others look until the marker is there. The marker is looked at
 * once more with the lock in hand: whoever had it before may have finished in between, and a
 * rebuild that began again would take the marker away from a fleet at work. */
static int rebuild_or_wait(struct worker *w, struct redis_once *redis,
                           char ret_message[static KAFKA_TEXT_MAX])
{
    char name[200], marker[64];
    (void)fail_point("rebuild.lock");
    int result = rebuild_lock(w, redis);
    if (result == -EBUSY) {
        (void)usleep(LOOK_MS * 1000);
        return 0;
    }
    if (result == 0)
        result = get(redis, rebuild_marker_name(w, name), marker, sizeof marker);
    if (result == 0 && strcmp(marker, w->stream->control.incident) != 0)
        result = rebuild_keys(w, redis, marker, ret_message);
    return result == 0 ? rebuild_unlock(w, redis) : result == -EBUSY ? 0 : result;
}

/* ---- the states of an incident ---- */

static bool another_rebuilds(struct worker *w, struct redis_once *redis)
{
    char name[200], holder[64];
    return get(redis, rebuild_lock_name(w, name), holder, sizeof holder) == 0 &&
           holder[0] != '\0' && strcmp(holder, w->host.slot) != 0;
}

enum redis_finding { AS_IT_WAS, LOST, NOT_YET_REBUILT };

static int examine(struct worker *w, struct redis_once *redis, const struct redis_server *server,
                   const char *marker, enum redis_finding *ret_finding,
                   char ret_message[static KAFKA_TEXT_MAX])
{
    const struct control *c = &w->stream->control;
    const bool none = c->incident[0] == '\0', marked = !none && strcmp(marker, c->incident) == 0;
    *ret_finding = LOST;
    if (!marked) {
        const bool worked_on = none || strcmp(c->cleared, c->incident) == 0 || c->rebuilt;
        const bool is_about =
            worked_on && c->rebuilt &&
            another_rebuilds(w, redis); /* the marker comes right behind the record */
        if ((!worked_on || is_about) &&
            control_server_is(&c->server, server->run_id, server->replication_id))
            *ret_finding = NOT_YET_REBUILT;
        (void)snprintf(w->stream->incident.loss, sizeof w->stream->incident.loss,
                       "the marker key is missing or different");
        return 0;
    }
    *ret_finding = AS_IT_WAS;
    const int result = mutant("run_id") ? 0 : roll_call(w, redis, server, ret_message);
    if (result == -ESTALE) {
        *ret_finding = LOST;
        (void)snprintf(w->stream->incident.loss, sizeof w->stream->incident.loss, "%s",
                       ret_message);
        return 0;
    }
    return result;
}

/* Opens an incident for this server, or finds that another one has done so since. */
static int open_once(struct worker *w, struct redis_once *redis, const struct redis_server *server,
                     const char *incident, const char *marker,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    bool left = false;
    int result = is_left(w, server, &left, ret_message);
    if (result < 0)
        return result;
    if (left) {
        if (!w->stream->incident.says_left)
            log_warning(.message = "the fleet uses another Redis; waiting",
                        .reason = "redis_unavailable",
                        .remedy = "redis.url must lead every worker to the same Redis: correct it, "
                                  "or end the old master");
        w->stream->incident.says_left = true;
        (void)usleep(5 * LOOK_MS * 1000);
        return 0;
    }
    waits_begin(&w->host.waits, WAIT_rebuild);
    result = take_turn(w, redis);
    if (result == 0)
        result = fleet_read(w, ret_message);
    if (result == 0 && strcmp(incident, w->stream->control.incident) == 0)
        result = open_new(w, server, marker, ret_message);
    return result == -EAGAIN ? 0 : result;
}

/* Nothing is sent until everybody's time is over; then one of us rebuilds. */
static int wait_and_rebuild(struct worker *w, struct redis_once *redis,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t left = left_to_wait(w);
    const int result = take_heard_ends(w, ret_message);
    see_senders(w);
    waits_begin(&w->host.waits, left > 0 ? WAIT_fleet : WAIT_rebuild);
    if (result < 0)
        return result;
    if (left <= 0)
        return rebuild_or_wait(w, redis, ret_message);
    if (!w->stream->incident.says_waiting)
        log_info(.message = "waiting until no process can still be sending", .ms = left,
                 .reason = "redis_lost_state");
    w->stream->incident.says_waiting = true;
    (void)usleep((useconds_t)(left < LOOK_MS ? left : LOOK_MS) * 1000);
    return 0;
}

static int read_control(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    const int result = fleet_read(w, ret_message);
    if (result < 0) {
        waits_begin(&w->host.waits, result == -ENOENT ? WAIT_topic : WAIT_kafka);
        return result == -EACCES ? result : -EIO;
    }
    see_incident(w);
    return 0;
}

int incident_settle(struct worker *w, struct redis_once *redis, const struct redis_server *server,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    char name[200], marker[64], incident[CONTROL_ID_MAX];
    const struct control *c = &w->stream->control;
    w->stream->incident.redis = redis;
    waits_begin(&w->host.waits,
                WAIT_kafka); /* the loop below leaves what it found out: it asks often,
                                           and what it waits for would flicker */
    while (!w->host.give_up) {
        enum redis_finding finding;
        int result = read_control(w, ret_message);
        memcpy(incident, c->incident, sizeof incident);
        if (result == 0 &&
            (result = get(redis, rebuild_marker_name(w, name), marker, sizeof marker)) < 0) {
            waits_begin(&w->host.waits, WAIT_redis);
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Redis connection lost");
        }
        if (result == 0)
            result = examine(w, redis, server, marker, &finding, ret_message);
        if (result == 0 && finding == LOST)
            result = open_once(w, redis, server, incident, marker, ret_message);
        else if (result == 0)
            result = fleet_enter(w, ret_message);
        if (result == -E2BIG || result == -EAGAIN)
            return result;
        if (result < 0)
            return result == -EACCES ? result : -EIO;
        if (finding == LOST)
            continue;
        (void)snprintf(w->keys.marker, sizeof w->keys.marker, "%s", c->incident);
        w->keys.fence = c->epoch << 32 | (c->generation > 0 ? c->generation : 0);
        w->stream->trust.is_suspect = strcmp(c->cleared, c->incident) != 0;
        w->stream->trust.customers_are_whole =
            c->end_count == 0; /* only a first start has nothing to wait for */
        if (finding == AS_IT_WAS)
            return 0;
        result = wait_and_rebuild(w, redis, ret_message);
        if (result < 0)
            return result;
    }
    return -EAGAIN;
}

/* Everything below its ends is committed: everything that anybody may have worked on before the
 * loss. */
static bool is_committed(struct worker *w, const struct control *c)
{
    char message[KAFKA_TEXT_MAX];
    struct kafka_place *places = calloc(c->end_count + 1, sizeof *places);
    if (places == NULL)
        abort();
    memcpy(places, c->ends, c->end_count * sizeof *places);
    bool all = c->end_count == 0 || kafka_group_committed(w->host.config, w->stream->group, places,
                                                          c->end_count, message) == 0;
    for (size_t i = 0; i < c->end_count && all; i++)
        all = c->ends[i].offset == 0 || places[i].offset >= c->ends[i].offset ||
              mutant("suspect_end");
    free(places);
    return all;
}

bool incident_is_over(struct worker *w)
{
    char message[KAFKA_TEXT_MAX];
    struct control now = {.ends = NULL};
    bool over = false;
    if (control_read(w->host.config, w->stream->group, &now, message) == 0 &&
        strcmp(now.incident, w->stream->control.incident) == 0)
        over = strcmp(now.cleared, now.incident) == 0 ||
               (is_committed(w, &now) &&
                control_clear(w->host.config, w->stream->group, now.incident, message) == 0);
    control_free(&now);
    return over;
}
