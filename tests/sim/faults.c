/* See faults.h. */
#include "faults.h"

#include "broker.h"
#include "prima.h"
#include "server.h"

enum kind {
    CRASH,
    PAUSE,
    TERMINATE,
    SHAKE,
    EXPEL,
    KAFKA_AWAY,
    REDIS_AWAY,
    PRIMA_AWAY,
    PRIMA_DENIES,
    WALL_STEP,
    REDIS_STEP,
    SNAPSHOT,
    REDIS_LOSS,
    KINDS
};

struct fault {
    enum kind kind;
    struct process *process;
    int64_t ms;
};

enum { TIMED_MAX = 10, FAULTS_MAX = 20 };
static struct fault faults[FAULTS_MAX];
static int fault_count;
static bool was_lost, was_unseen;

static void start_again(void *data)
{
    sim_start(data);
}

static void take_snapshot(void *data)
{
    (void)data;
    server_snapshot();
}

static void happen(void *data)
{
    struct fault *f = data;
    switch (f->kind) {
    case CRASH:
        sim_crash(f->process);
        sim_at(f->ms, start_again, f->process);
        break;
    case PAUSE:
        sim_pause(f->process, f->ms);
        break;
    case TERMINATE:
        sim_terminate(f->process);
        break;
    case SHAKE:
        group_shake(f->process);
        break;
    case EXPEL:
        group_expel(f->process);
        break;
    case KAFKA_AWAY:
        sim_note("Kafka is away for %lld ms", (long long)f->ms);
        broker.down_until_ms = sim.now_ms + f->ms;
        break;
    case REDIS_AWAY:
        server_down(f->ms);
        break;
    case PRIMA_AWAY:
        prima_world.away_until_ms = sim.now_ms + f->ms;
        break;
    case PRIMA_DENIES:
        prima_world.denies_until_ms = sim.now_ms + f->ms;
        break;
    case WALL_STEP:
        sim.wall_ahead_ms += f->ms - 3000;
        break;
    case REDIS_STEP:
        sim.redis_ahead_ms -= f->ms; /* forward, sends would be thought over that are not */
        break;
    case SNAPSHOT:
        server_snapshot();
        break;
    case REDIS_LOSS:
        was_lost = true;
        was_unseen |= f->ms % 4 == 0;
        server_lose(f->ms % 3 == 0, f->ms % 4 != 0);
        break;
    default:
        break;
    }
}

/* Loss of Redis makes every record slow for as long as an incident lasts: not in every seed. */
static bool loses;

static struct fault *fault_draw(enum kind last)
{
    if (fault_count == FAULTS_MAX)
        return NULL;
    struct fault *f = &faults[fault_count++];
    f->kind = (enum kind)sim_between(0, last);
    f->process = &sim.processes[sim_between(0, sim.workers - 1)];
    f->ms = sim_chance(500) ? sim_between(1, 1000) : sim_between(1, 7000);
    return f;
}

void faults_draw(void)
{
    const int64_t count = sim_between(0, TIMED_MAX);
    loses = sim_chance(350);
    fault_count = 0;
    was_lost = was_unseen = false;
    for (int64_t i = 0; i < count; i++)
        sim_at(sim_between(300, FAULTS_MS), happen, fault_draw(loses ? REDIS_LOSS : REDIS_STEP));
    if (loses) { /* a snapshot that is old by a moment or by much */
        sim_at(sim_between(300, FAULTS_MS), take_snapshot, NULL);
        sim_at(sim_between(300, FAULTS_MS), take_snapshot, NULL);
    }
    sim.edges_left = sim_chance(700) ? (int)sim_between(1, 8) : 0;
    sim.edge_per_mille = (int)sim_between(1, 40);
}

void faults_at_edge(struct process *p)
{
    static const enum kind kinds[] = {PAUSE, PAUSE, PAUSE, EXPEL, SHAKE, REDIS_AWAY, TERMINATE};
    struct fault *f = fault_draw(CRASH);
    if (f == NULL)
        return;
    f->kind = loses && sim_chance(300)
                  ? (sim_chance(500) ? REDIS_LOSS : SNAPSHOT)
                  : kinds[sim_between(0, (int64_t)(sizeof kinds / sizeof *kinds) - 1)];
    f->process = p;
    sim_at(0, happen, f);
}

void faults_heal(void)
{
    sim.heals = true;
    broker.down_until_ms = prima_world.away_until_ms = prima_world.denies_until_ms = 0;
    for (int i = 0; i < sim.workers; i++) /* one that stands still goes on when it would have */
        sim_start(&sim.processes[i]);
}

bool faults_lost_redis(void)
{
    return was_lost;
}

bool faults_lost_unseen(void)
{
    return was_unseen;
}
