/* Own count, confirmation, and who is missing; see roll_call.h. */
#include "stream/roll_call.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/rebuild.h"
#include "stream/watch.h"
#include "stream/world.h"
#include "stream/loss.h"

enum { LOOK_MS = 50, READ_MS = 500, PATIENCE_MS = 5000, AGAIN_MS = 200 };

/* What a slot's key says of a process. */
struct count {
    int64_t epoch, number, at_ms;
};

struct roll {
    struct worker *w;
    struct redis_once *redis;
    const struct redis_server *server;
    struct control *control; /* as last read */
    struct count own;        /* at work: what was acknowledged; else what the former holder left */
    bool is_working;
    char identity[160], *message;
};

/* ---- Redis ---- */

static int ask(const struct roll *r, const char *const words[], size_t count, char text[static 200])
{
    struct redis_bytes bytes[4];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (struct redis_bytes){words[i], strlen(words[i])};
    const int result = redis_once_text(r->redis, bytes, count, text, 200);
    if (result == 0)
        return 0;
    (void)snprintf(r->message, KAFKA_TEXT_MAX, "Redis: %.200s",
                   result == -EREMOTEIO ? text : "the connection broke");
    return -EIO;
}

static int read_count(const struct roll *r, const char *slot, struct count *ret_count)
{
    char name[300], text[200], of[200];
    (void)snprintf(of, sizeof of, "%s:%s", r->w->flow->name, slot);
    const char *const words[] = {"GET", keys_name(&r->w->keys, "e", of, name, sizeof name)};
    long long epoch = 0, number = 0, at = 0;
    if (ask(r, words, 2, text) < 0)
        return -EIO;
    (void)sscanf(text, "%lld %lld %lld", &epoch, &number, &at);
    *ret_count = (struct count){epoch, number, at * 1000};
    return 0;
}

static const char *roll_name(const struct roll *r, char name[static 200])
{
    return keys_name(&r->w->keys, "roll", r->w->flow->name, name, 200);
}

/* "run id/replication id epoch", by slot. */
static int confirm(const struct roll *r)
{
    char name[200], value[200], text[200];
    (void)snprintf(value, sizeof value, "%s %lld", r->identity, (long long)r->w->keys.slot_epoch);
    const char *const words[] = {"HSET", roll_name(r, name), r->w->host.slot, value};
    return ask(r, words, 4, text);
}

static int confirmed_epoch(const struct roll *r, const char *slot, int64_t *ret_epoch)
{
    char name[200], text[200];
    const char *const words[] = {"HGET", roll_name(r, name), slot};
    if (ask(r, words, 3, text) < 0)
        return -EIO;
    const size_t size = strlen(r->identity);
    const bool is_of_this = strncmp(text, r->identity, size) == 0 && text[size] == ' ';
    *ret_epoch = is_of_this ? strtoll(text + size, NULL, 10) : 0;
    return 0;
}

/* ---- one member ---- */

enum standing { ACCOUNTED, MISSING, LOST };

/* `seen`: its slot's key, as it was before anybody wrote to this server; `newest`: when the last of
 * all those commands ran. */
static enum standing stands(const struct roll *r, const struct control_member *m,
                            const struct count *seen, int64_t newest_ms)
{
    if (seen->epoch < m->epoch)
        return LOST;
    if (seen->epoch > m->epoch)
        return MISSING; /* the slot's later holder answers for this one, or did not live to */
    if (m->stopped)
        return seen->number >= m->number ? ACCOUNTED : LOST;
    /* both cut to whole seconds: the difference is up to one too large */
    return seen->at_ms + config_int(r->w->host.config, CFG_slot_lease) < newest_ms - 1000
               ? ACCOUNTED
               : MISSING;
}

/* Its own slot's, before it works: nobody else can answer for the former holder, and nothing will
 * change it. */
static int check_own(const struct roll *r, bool is_known_server, int64_t newest_ms)
{
    const struct control_member *m = fleet_find(r->control, r->w->host.slot);
    if (m == NULL || strcmp(m->incident, r->control->incident) != 0 ||
        m->epoch == r->w->stream->fleet.entered_epoch)
        return 0;
    const enum standing standing = stands(r, m, &r->own, newest_ms);
    if (standing == ACCOUNTED || (standing == MISSING && is_known_server))
        return 0;
    (void)snprintf(r->message, KAFKA_TEXT_MAX, "Redis %s the last commands of slot %.60s",
                   standing == LOST ? "does not have"
                                    : "was restarted, and no process can confirm that it has",
                   r->w->host.slot);
    return -ESTALE;
}

/* At work: what was acknowledged to us is there. */
static int check_count(const struct roll *r)
{
    char name[200], marker[200];
    struct count there;
    const char *const words[] = {"GET", rebuild_marker_name(r->w, name)};
    if (ask(r, words, 2, marker) < 0 || read_count(r, r->w->host.slot, &there) < 0)
        return -EIO;
    const bool is_behind =
        there.epoch < r->own.epoch || (there.epoch == r->own.epoch && there.number < r->own.number);
    if (strcmp(marker, r->w->keys.marker) == 0 && !is_behind)
        return 0;
    (void)snprintf(r->message, KAFKA_TEXT_MAX,
                   is_behind ? "Redis does not have the last commands of slot %.60s"
                             : "the marker key is missing or different",
                   r->w->host.slot);
    return -ESTALE;
}

/* ---- all of them ---- */

/* Of the members that began under this incident, when the last command ran that Redis has. Nobody
 * writes until this is over. */
static int newest_command(const struct roll *r, int64_t *ret_ms)
{
    *ret_ms = r->is_working ? 0 : r->own.at_ms;
    for (size_t i = 0; i < r->control->member_count; i++) {
        const struct control_member *m = &r->control->members[i];
        struct count seen;
        if (read_count(r, m->slot, &seen) < 0)
            return -EIO;
        if (strcmp(m->incident, r->control->incident) == 0 && seen.epoch == m->epoch &&
            seen.at_ms > *ret_ms)
            *ret_ms = seen.at_ms;
    }
    return 0;
}

/* 0: nobody is missing; -EAGAIN: somebody is (named in the message); -ESTALE; -EIO. */
static int call_all(const struct roll *r, int64_t newest_ms)
{
    int result = 0;
    for (size_t i = 0; i < r->control->member_count; i++) {
        const struct control_member *m = &r->control->members[i];
        struct count seen;
        int64_t epoch;
        if (strcmp(m->incident, r->control->incident) != 0 || strcmp(m->slot, r->w->host.slot) == 0)
            continue;
        if (confirmed_epoch(r, m->slot, &epoch) < 0 || read_count(r, m->slot, &seen) < 0)
            return -EIO;
        if (epoch >= m->epoch)
            continue;
        const enum standing standing = stands(r, m, &seen, newest_ms);
        if (standing == ACCOUNTED)
            continue;
        (void)snprintf(r->message, KAFKA_TEXT_MAX, "Redis %s the last commands of slot %.60s",
                       standing == LOST ? "does not have"
                                        : "was restarted, and no process confirms that it has",
                       m->slot);
        if (standing == LOST)
            return -ESTALE;
        result = -EAGAIN;
    }
    return result;
}

/* Everything that is asked while the fleet stands still: this server is the fleet's from now on, or
 * it is not. */
static int put_on_record(const struct roll *r)
{
    struct control *c = r->control;
    memmove(&c->left[1], &c->left[0], (CONTROL_LEFT_MAX - 1) * sizeof *c->left);
    c->left[0] = c->server;
    c->left_count += c->left_count < CONTROL_LEFT_MAX;
    (void)snprintf(c->server.run_id, sizeof c->server.run_id, "%s", r->server->run_id);
    (void)snprintf(c->server.replication_id, sizeof c->server.replication_id, "%s",
                   r->server->replication_id);
    const int result = control_accept(r->w->host.config, r->w->stream->group, c, r->message);
    if (result == 0)
        log_info(.message = "Redis was restarted and lost no data", .slot = r->w->host.slot);
    return result;
}

static bool is_known(const struct roll *r)
{
    return control_server_is(&r->control->server, r->server->run_id, r->server->replication_id);
}

static int read_again(struct roll *r)
{
    char incident[CONTROL_ID_MAX];
    memcpy(incident, r->control->incident, sizeof incident);
    const int result = control_read(r->w->host.config, r->w->stream->group, r->control, r->message);
    if (result < 0)
        return -EIO;
    if (strcmp(incident, r->control->incident) == 0)
        return 0;
    (void)snprintf(r->message, KAFKA_TEXT_MAX, "another worker reported Redis state lost");
    return -ESTALE;
}

static int call(struct roll *r)
{
    const int64_t began = clock_monotonic_ms(),
                  until = began + config_int(r->w->host.config, CFG_slot_lease) + PATIENCE_MS;
    const bool known = is_known(r);
    int64_t newest = 0, read_ms = began;
    int result = known ? 0 : newest_command(r, &newest);
    if (result == 0)
        result = r->is_working ? check_count(r) : check_own(r, known, newest);
    if (result < 0 || known)
        return result;
    (void)fail_point("roll_call.begun");
    result = confirm(r);
    while (result == 0 && !is_known(r)) {
        result = mutant("roll_call") ? 0 : call_all(r, newest);
        if (result == 0)
            return put_on_record(r);
        if (result == -EAGAIN)
            result = r->w->host.give_up ? -ECANCELED : clock_monotonic_ms() > until ? -ESTALE : 0;
        (void)usleep(LOOK_MS * 1000);
        if (result == 0 && clock_monotonic_ms() - read_ms > READ_MS) {
            result = read_again(r);
            read_ms = clock_monotonic_ms();
        }
    }
    return result == -ECANCELED ? -EAGAIN : result;
}

static int roll_run(struct roll *r)
{
    (void)snprintf(r->identity, sizeof r->identity, "%.63s/%.63s", r->server->run_id,
                   r->server->replication_id);
    return call(r);
}

int roll_call(struct worker *w, struct redis_once *redis, const struct redis_server *server,
              char ret_message[static KAFKA_TEXT_MAX])
{
    struct roll r = {.w = w,
                     .redis = redis,
                     .server = server,
                     .control = &w->stream->control,
                     .message = ret_message};
    r.own = (struct count){w->stream->fleet.former.epoch, w->stream->fleet.former.number,
                           w->stream->fleet.former.at_ms};
    const int result = roll_run(&r);
    if (result < 0 || w->stream->control.server.replication_id[0] != '\0' ||
        server->replication_id[0] == '\0')
        return result;
    (void)snprintf(w->stream->control.server.replication_id,
                   sizeof w->stream->control.server.replication_id, "%s", server->replication_id);
    return control_accept(w->host.config, w->stream->group, &w->stream->control,
                          ret_message); /* an older release did not write it down */
}

/* ---- at work ---- */

struct job {
    uv_work_t work;
    struct worker *worker;
    int64_t answered;
    int result;
    struct control control;
    char message[KAFKA_TEXT_MAX];
};

/* So that whoever is at work with this Redis hears of it at once, and whoever starts, too. */
static void take_marker_away(const struct worker *w, struct redis_once *redis)
{
    if (rebuild_mark(w, redis, w->keys.marker, "") < 0)
        log_warning(.message =
                        "cannot delete the marker in Redis; the loss is announced through Kafka");
}

static void run_job(uv_work_t *work)
{
    struct job *j = work->data;
    struct worker *w = j->worker;
    struct redis_once *redis = NULL;
    struct redis_server server;
    j->result = redis_once_open(config_text(w->host.config, CFG_redis_url), AGAIN_MS * 10, &redis,
                                &server, j->message);
    if (j->result == 0)
        j->result = redis_server_check(&server, j->message);
    if (j->result == 0)
        j->result = control_read(w->host.config, w->stream->group, &j->control, j->message);
    if (j->result == 0 && strcmp(j->control.incident, w->stream->control.incident) != 0)
        j->result = -ESTALE;
    if (j->result == 0) {
        struct roll r = {.w = w,
                         .redis = redis,
                         .server = &server,
                         .control = &j->control,
                         .is_working = true,
                         .message = j->message};
        r.own = (struct count){w->keys.slot_epoch, j->answered, 0};
        j->result = roll_run(&r);
        if (j->result == -ESTALE)
            take_marker_away(w, redis);
    }
    redis_once_close(redis);
    if (j->result < 0 && j->result != -ESTALE)
        (void)usleep(AGAIN_MS * 1000);
}

static void job_done(uv_work_t *work, int status)
{
    struct job *j = work->data;
    struct worker *w = j->worker;
    (void)status;
    w->stream->trust.is_calling = false;
    if (j->result == -ESTALE)
        world_lost_redis(w, j->message);
    else if (j->result == 0)
        w->stream->control.server = j->control.server;
    if (j->result != -ESTALE)
        redis_connect_again(w->redis); /* to be asked again, or to go on */
    control_free(&j->control);
    free(j);
}

void roll_call_begin(struct worker *w)
{
    if (w->stream->trust.is_calling || w->leaving)
        return;
    struct job *j = calloc(1, sizeof *j);
    if (j == NULL)
        abort();
    j->worker = w;
    j->work.data = j;
    j->answered = redis_answered(w->redis);
    w->stream->trust.is_calling = true;
    (void)uv_queue_work(&w->host.loop, &j->work, run_job, job_done);
}
