/* The consumer groups, one for each flow: static members, eager rebalances, fencing. What a member hears comes with its
 * heartbeat; one that sends none for a session is out, and one whose instance came back is fenced. */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 100 };

struct member {
    bool is_in, has_joined; /* has_joined: the rebalance that is under way */
    int64_t epoch;          /* of the instance: another process has it */
    int64_t heard_ms;
    struct kafka_consumer *consumer; /* NULL: its process is gone */
    struct kafka_place places[TOPICS * PARTITIONS];
    size_t place_count;
};

struct group {
    struct member members[SIM_PROCESSES];
    int32_t generation;
    bool is_rebalancing;
    int64_t since_ms;
};
static struct group groups[SIM_FLOWS];

static struct group *group_of(const struct process *p)
{
    return &groups[p->flow];
}

static struct member *member_of(const struct process *p)
{
    return &group_of(p)->members[p->number];
}

static void rebalance(struct group *g, const char *why)
{
    if (g->is_rebalancing)
        return;
    sim_note("Kafka: group %d rebalances: %s", (int)(g - groups), why);
    g->is_rebalancing = true;
    g->since_ms = sim.now_ms;
    for (int i = 0; i < SIM_PROCESSES; i++)
        g->members[i].has_joined = false;
}

/* ---- dealing ---- */

static bool everybody_has_joined(const struct group *g)
{
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (g->members[i].is_in && !g->members[i].has_joined)
            return false;
    return true;
}

static void give(struct member *m, const struct log_topic *t, int32_t partition)
{
    struct kafka_place *place = &m->places[m->place_count++];
    (void)snprintf(place->topic, sizeof place->topic, "%s", t->name);
    place->partition = partition;
    place->offset = -1;
}

static void deal_topic(const char *name, struct member *const in[], size_t count, size_t first)
{
    const struct log_topic *t = broker_topic(name);
    for (int32_t i = 0; i < t->partition_count; i++)
        give(in[(first + (size_t)i) % count], t, i);
}

static void tell_assignment(const struct group *g, struct member *m)
{
    struct kafka_consumer *c = m->consumer;
    c->generation = g->generation;
    c->state = CONSUMER_STABLE;
    c->has_assign = c->owes_answer = true;
    c->place_count = m->place_count;
    memcpy(c->places, m->places, sizeof c->places);
    sim_wake_poll(c->process);
}

static void deal(struct group *g)
{
    struct member *in[SIM_PROCESSES];
    const struct kafka_consumer *any = NULL;
    size_t count = 0;
    for (int i = 0; i < SIM_PROCESSES; i++) {
        struct member *m = &g->members[i];
        m->place_count = 0;
        if (!m->is_in || m->consumer == NULL)
            continue;
        in[count++] = m;
        any = m->consumer;
    }
    g->is_rebalancing = false;
    if (count == 0)
        return;
    g->generation++;
    const size_t first = (size_t)sim_between(0, (int64_t)count - 1);
    for (size_t i = 0; i < any->topic_count; i++)
        deal_topic(any->topics[i], in, count, first + i);
    sim_note("Kafka: group %d, generation %d, %zu members", (int)(g - groups), g->generation,
             count);
    for (size_t i = 0; i < count; i++) {
        in[i]->has_joined = false;
        tell_assignment(g, in[i]);
    }
}

/* ---- heartbeats ---- */

static void say_revoke(struct kafka_consumer *c, bool lost)
{
    c->state = CONSUMER_REVOKING;
    c->has_revoke = true;
    c->is_lost = lost;
    if (lost)
        c->generation = KAFKA_NO_GENERATION;
    sim_wake_poll(c->process);
}

static void hear(const struct group *g, struct member *m)
{
    struct kafka_consumer *c = m->consumer;
    m->heard_ms = sim.now_ms;
    if (c->member_epoch != m->epoch) {
        c->is_fenced = true;
        sim_wake_poll(c->process);
        m->consumer = NULL;
    } else if (c->owes_answer) {
        return;
    } else if (!m->is_in && c->state == CONSUMER_STABLE) {
        say_revoke(c, true);
    } else if (m->is_in && g->is_rebalancing && !m->has_joined && c->state == CONSUMER_STABLE) {
        say_revoke(c, false);
    }
}

static void take_out(struct group *g, struct member *m, const char *why)
{
    sim_note("Kafka: %s is out of the group: %s", sim.processes[m - g->members].slot, why);
    m->is_in = m->has_joined = false;
    rebalance(g, "a member is gone");
}

static void beat_of(struct group *g)
{
    for (int i = 0; i < SIM_PROCESSES; i++) {
        struct member *m = &g->members[i];
        const struct process *p = &sim.processes[i];
        if (m->consumer != NULL && p->is_up && p->paused_until_ms <= sim.now_ms)
            hear(g, m);
        else if (m->is_in && sim.now_ms - m->heard_ms > SESSION_MS)
            take_out(g, m, "no heartbeats");
    }
    if (g->is_rebalancing && everybody_has_joined(g))
        deal(g);
}

static void group_beat(void *data)
{
    (void)data;
    sim_at(TICK_MS, group_beat, NULL);
    for (int i = 0; i < SIM_FLOWS && broker_is_up(); i++)
        beat_of(&groups[i]);
}

/* ---- a member's requests ---- */

void group_begin(void)
{
    memset(groups, 0, sizeof groups);
    sim_at(TICK_MS, group_beat, NULL);
}

static void join(struct group *g, struct member *m)
{
    if (!m->is_in || !g->is_rebalancing)
        rebalance(g, "a member joins");
    m->is_in = m->has_joined = true;
    m->heard_ms = sim.now_ms;
}

/* An instance that comes back within its session has what its former self had; one that died before
 * anything was dealt to it joins anew. */
void group_join(struct kafka_consumer *c)
{
    struct group *g = group_of(c->process);
    struct member *m = member_of(c->process);
    c->member_epoch = ++m->epoch;
    m->consumer = c;
    m->heard_ms = sim.now_ms;
    if (m->is_in && !g->is_rebalancing && m->place_count > 0)
        tell_assignment(g, m);
    else
        join(g, m);
}

void group_answered(struct kafka_consumer *c)
{
    struct member *m = member_of(c->process);
    if (c->closing) {
        c->state = CONSUMER_CLOSED; /* a static member stays, as far as the group knows */
        if (m->consumer == c)
            m->consumer = NULL;
        return;
    }
    c->state = CONSUMER_JOINING;
    if (m->consumer == c)
        join(group_of(c->process), m);
}

bool group_takes(const struct kafka_consumer *c)
{
    const struct member *m = member_of(c->process);
    return m->is_in && c->member_epoch == m->epoch &&
           c->generation == group_of(c->process)->generation;
}

int64_t group_member_epoch(const struct process *p)
{
    return member_of(p)->epoch;
}

void broker_process_gone(struct process *p)
{
    member_of(p)->consumer = NULL;
}

/* ---- mischief ---- */

void group_shake(const struct process *p)
{
    rebalance(group_of(p), "somebody came and went");
}

void group_expel(struct process *p)
{
    if (member_of(p)->is_in)
        take_out(group_of(p), member_of(p), "its heartbeats are lost");
}

/* ---- what can be seen ---- */

bool group_is_settled(const struct process *p)
{
    return !group_of(p)->is_rebalancing;
}

bool group_has(const struct process *p, size_t *ret_partitions)
{
    *ret_partitions = member_of(p)->place_count;
    return member_of(p)->is_in;
}

bool group_is_empty(const struct process *p)
{
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (group_of(p)->members[i].is_in)
            return false;
    return true;
}
