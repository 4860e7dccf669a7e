/* One look at ops.control after the other, in the pool; see watch.h. */
#include "stream/watch.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "stream/fleet.h"
#include "stream/world.h"
#include "stream/loss.h"

enum { BOUND_MS_MIN = 2000, LOOKS = 3 };

int64_t watch_bound_ms(const struct worker *w)
{
    const int64_t lease = config_int(w->host.config, CFG_slot_lease);
    return lease > BOUND_MS_MIN ? lease : BOUND_MS_MIN;
}

struct look {
    uv_work_t work;
    struct worker *worker;
    int64_t asked_ms, end; /* what is heard is as old as the question */
    int result;
    bool is_read, asks_for_senders, senders_are_over;
    struct control control;
    char message[KAFKA_TEXT_MAX];
};

/* The last breath of our slot's former holder stands behind our own record: compaction would keep
 * that, and nobody would know of us. Ours goes behind it again. */
static void say_that_we_are_there(struct look *l)
{
    struct worker *w = l->worker;
    const struct control_member *m = fleet_find(&l->control, w->host.slot);
    if (m != NULL && m->is_overwritten && m->epoch == w->stream->fleet.entered_epoch)
        l->result = control_enter(w->host.config, w->stream->group, m, l->message);
}

static void look(uv_work_t *work)
{
    struct look *l = work->data;
    struct worker *w = l->worker;
    l->result =
        control_end(w->stream->consumer, (int)watch_bound_ms(w) / LOOKS, &l->end, l->message);
    if (l->result < 0 || (l->end == w->stream->watch.end && !l->asks_for_senders))
        return;
    l->result = control_read(w->host.config, w->stream->group, &l->control, l->message);
    l->is_read = l->result == 0;
    l->senders_are_over = l->is_read && fleet_senders_are_over(&l->control);
    if (l->is_read)
        say_that_we_are_there(l);
}

/* Who was slow to begin anew has done so since the keys were rebuilt, or has died. */
static void hear_of_senders(struct worker *w, const struct look *l)
{
    const bool same = strcmp(l->control.incident, w->stream->control.incident) == 0;
    if (same && l->senders_are_over && w->stream->incident.senders_over_ms == 0)
        w->stream->incident.senders_over_ms = clock_monotonic_ms();
}

/* What the others found out. Another Redis that they accepted is asked for what it has of us, and
 * gone over to. */
static void compare(struct worker *w, const struct control *news)
{
    const struct control_server *server = &news->server;
    if (strcmp(news->incident, w->stream->control.incident) != 0) {
        world_lost_redis(w, "another worker reported Redis state lost");
    } else if (!w->stream->trust.is_calling &&
               !control_server_is(server, w->stream->control.server.run_id,
                                  w->stream->control.server.replication_id)) {
        w->stream->control.server = *server;
        redis_connect_again(w->redis);
    }
}

static void looked(uv_work_t *work, int status)
{
    struct look *l = work->data;
    struct worker *w = l->worker;
    (void)status;
    w->stream->watch.is_looking = false;
    rights_hear_of(w, RIGHTS_OF_FLEET, l->result, l->message);
    if (l->result == 0) {
        w->stream->watch.heard_ms = l->asked_ms;
        w->stream->watch.end = l->end;
    } else {
        (void)snprintf(w->stream->watch.words, sizeof w->stream->watch.words, "%s", l->message);
    }
    if (l->is_read)
        hear_of_senders(w, l);
    if (l->is_read && !mutant("incident_watch"))
        compare(w, &l->control);
    control_free(&l->control);
    free(l);
}

static void begin_look(struct worker *w, int64_t now_ms)
{
    struct look *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    l->worker = w;
    l->work.data = l;
    l->asked_ms = clock_boot_ms();
    l->asks_for_senders = w->stream->watch.asks_for_senders;
    w->stream->watch.asks_for_senders = false;
    w->stream->watch.is_looking = true;
    w->stream->watch.looked_ms = now_ms;
    (void)uv_queue_work(&w->host.loop, &l->work, look, looked);
}

static bool is_deaf(const struct worker *w)
{
    return clock_boot_ms() - w->stream->watch.heard_ms > watch_bound_ms(w) &&
           !mutant("incident_watch");
}

bool watch_is_deaf(const struct worker *w)
{
    return is_deaf(w);
}

bool watch_may_send(const struct worker *w)
{
    return !w->leaving && !is_deaf(w);
}

void watch_tick(struct worker *w)
{
    const int64_t now = clock_monotonic_ms();
    if (!w->stream->watch.is_looking && !w->leaving &&
        now - w->stream->watch.looked_ms >= watch_bound_ms(w) / LOOKS)
        begin_look(w, now);
    const bool for_long =
        clock_boot_ms() - w->stream->watch.heard_ms >
        watch_bound_ms(w) + watch_bound_ms(w) / LOOKS; /* one look late is nothing */
    redis_hold(w->redis, is_deaf(w));
    const bool is_denied = w->stream->rights.words[RIGHTS_OF_FLEET][0] != '\0';
    if (!is_deaf(w) || is_denied) /* it answers, and says no: rights.h */
        pauses_hear_of_kafka(&w->host.pauses, WITNESS_CONTROL, NULL);
    else if (for_long)
        pauses_hear_of_kafka(&w->host.pauses, WITNESS_CONTROL,
                             w->stream->watch.words[0] != '\0' ? w->stream->watch.words
                                                               : "ops.control cannot be read");
}
