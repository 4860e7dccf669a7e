/* Entering and leaving; see fleet.h. */
#include "stream/fleet.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "base/process.h"

const struct control_member *fleet_find(const struct control *control, const char *slot)
{
    for (size_t i = 0; i < control->member_count; i++)
        if (strcmp(control->members[i].slot, slot) == 0)
            return &control->members[i];
    return NULL;
}

static bool is_gone(const char *process)
{
    return process[0] == '\0' || process_is_over(process);
}

/* Whoever had the slot before us and may, for all we know, only be asleep. A process that starts
 * over in place is its own successor. */
static const char *former_of(const struct worker *w, const struct control_member *before)
{
    if (before == NULL || w->stream->fleet.slot_is_exclusive)
        return "";
    if (!before->stopped && strcmp(before->process, w->slot_token) != 0 &&
        !is_gone(before->process))
        return before->process;
    return is_gone(before->former) ? "" : before->former;
}

static struct control_member ourselves(const struct worker *w)
{
    struct control_member m = {.epoch = w->keys.slot_epoch, .reach = w->stream->reach};
    (void)snprintf(m.slot, sizeof m.slot, "%s", w->host.slot);
    (void)snprintf(m.incident, sizeof m.incident, "%s", w->stream->control.incident);
    (void)snprintf(m.process, sizeof m.process, "%s", w->slot_token);
    (void)snprintf(m.former, sizeof m.former, "%s",
                   former_of(w, fleet_find(&w->stream->control, w->host.slot)));
    return m;
}

int fleet_read(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *c = &w->stream->control;
    const int64_t epoch = c->epoch, generation = c->generation, asked_ms = clock_boot_ms();
    const int result = control_read(w->host.config, w->stream->group, c, ret_message);
    if (result == 0 && !mutant("epoch_of_the_past") &&
        (c->epoch < epoch || (c->epoch == epoch && c->generation < generation))) {
        c->epoch = epoch;
        c->generation = generation;
    }
    if (result == 0)
        w->stream->watch.heard_ms = asked_ms;
    return result;
}

int fleet_enter(struct worker *w, char ret_message[static KAFKA_TEXT_MAX])
{
    if (w->stream->fleet.entered_epoch == w->keys.slot_epoch &&
        strcmp(w->stream->fleet.entered_incident, w->stream->control.incident) == 0)
        return 0;
    const struct control_member m = ourselves(w);
    const int result = control_enter(w->host.config, w->stream->group, &m, ret_message);
    if (result == 0) {
        w->stream->fleet.entered_epoch = m.epoch;
        memcpy(w->stream->fleet.entered_incident, m.incident,
               sizeof w->stream->fleet.entered_incident);
    }
    return result;
}

void fleet_leave(struct worker *w)
{
    char message[KAFKA_TEXT_MAX];
    if (w->stream->fleet.entered_epoch == 0 || !w->host.running)
        return;
    struct control_member m = ourselves(w);
    m.epoch = w->stream->fleet.entered_epoch;
    memcpy(m.incident, w->stream->fleet.entered_incident, sizeof m.incident);
    m.number = redis_answered(w->redis);
    m.stopped = true;
    (void)fail_point("fleet.leave");
    if (control_enter(w->host.config, w->stream->group, &m, message) < 0)
        log_warning(.message = "cannot record in Kafka that this worker has stopped",
                    .detail = message, .slot = w->host.slot);
}

int64_t fleet_reach(const struct worker *w)
{
    int64_t reach = w->stream->reach;
    for (size_t i = 0; i < w->stream->control.member_count; i++)
        reach = w->stream->control.members[i].reach > reach ? w->stream->control.members[i].reach
                                                            : reach;
    return reach;
}

/* What was sent under an incident that was cleared later on was settled by that: everything from
 * before was committed. */
static bool may_have_left_something(const struct control *control, const struct control_member *m)
{
    bool may = control->since_count == CONTROL_SINCE_MAX;
    for (size_t i = 0; i < control->since_count; i++)
        may |= strcmp(control->since[i], m->incident) == 0;
    return may;
}

bool fleet_senders_are_over(const struct control *control)
{
    if (mutant("senders_over"))
        return true;
    for (size_t i = 0; i < control->member_count; i++) {
        const struct control_member *m = &control->members[i];
        const bool began_anew = strcmp(m->incident, control->incident) == 0;
        if (!began_anew && !may_have_left_something(control, m))
            continue;
        if ((!began_anew && !m->stopped && !is_gone(m->process)) || !is_gone(m->former))
            return false;
    }
    return true;
}

bool fleet_absence_counts(int64_t over_ms, int64_t now_ms, int64_t apply_delay_ms)
{
    return over_ms != 0 && now_ms - over_ms >= apply_delay_ms;
}
