/* The simulator: one seed, a campaign of seeds, or each mutant in turn; see README.md. Each seed is a
 * process of its own, so that nothing is left of one in the next, and the same seed is the same
 * history. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "endings.h"
#include "faults.h"
#include "flow.h"
#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "lives.h"
#include "orders.h"
#include "facts/credit.h"
#include "person.h"
#include "prima.h"
#include "posting/posting_worker.h"
#include "prima/patterns.h"
#include "process.h"
#include "refunds.h"
#include "result.h"
#include "server.h"
#include "worker/run.h"

enum { HEAL_MS = 300000, REST_MS = 6000, REST_MS_MAX = 60000, HUNG_SECONDS = 30 };

static struct codec *codec;

void process_main(struct process *p)
{
    static const struct fact_source *const sources[SIM_FLOWS][2] = {{NULL}, {&credit_source, NULL}};
    static const struct flow *const flows[SIM_FLOWS] = {&sim_flow, &sim_refund_flow};
    static char program[] = "sim", slot[] = "--slot", config[] = "--config",
                profile[] = SIM_FOLDER "/profile.yaml", key[] = "-o",
                schemas[] = "schema.folder=" SIM_SCHEMAS, age[] = "retry.max_age=40s",
                unique[] = "prima.enforces_unique_order_number=true",
                several[] = "prima.enforces_unique_order_number=false";
    if (p->number == SIM_PERSON)
        person_main(p);
    const bool is_unique = p->flow == 0 ? sim.unique : sim.unique_notes;
    char *argv[] = {program, slot,    p->slot, config, profile, key, is_unique ? unique : several,
                    key,     schemas, key,     age,    NULL};
    const struct worker_engine engine = posting_worker(sources[p->flow]);
    process_exit(worker_main(flows[p->flow], &engine, p->flow == 0 ? 9 : 11, argv));
}

/* ---- one seed ---- */

static void add_topics(void)
{
    const int partitions = (int)sim_between(1, PARTITIONS);
    broker_add_topic("orders.raw", partitions);
    broker_add_topic("orders.raw.dlq", 1);
    broker_add_topic("orders.raw.replay", 1);
    broker_add_topic("orders.raw.retry.1s", (int)sim_between(1, 2));
    broker_add_topic("orders.raw.retry.2s", 1);
    broker_add_topic("orders.raw.retry.4s", 1);
    broker_add_topic("orders.results", 2);
    broker_add_topic("orders.ledger", partitions);
    broker_add_topic("ops.control", 1);
    broker_add_topic("ops.decisions", 1);
    if (!sim.has_refunds)
        return;
    broker_add_topic("refunds.raw", partitions);
    broker_add_topic("refunds.raw.dlq", 1);
    broker_add_topic("refunds.raw.replay", 1);
    broker_add_topic("refunds.raw.retry.1s", 1);
    broker_add_topic("refunds.raw.retry.2s", (int)sim_between(1, 2));
    broker_add_topic("refunds.raw.retry.4s", 1);
    broker_add_topic("refunds.results", 2);
}

static void draw_world(void)
{
    sim.sees_processes = sim_chance(700);
    sim.unique = sim_chance(500);
    sim.unique_notes = sim_chance(500);
    if (sim_chance(700))
        sim.tail_lag_ms = sim_between(0, sim_chance(500) ? 100 : 3000);
}

static void begin(uint64_t seed, bool traces)
{
    sim = (struct sim){.seed = seed, .traces = traces, .has_refunds = seed % SIM_FLOWS == 0};
    sim_seed(seed);
    sim.workers = (int)sim_between(sim.has_refunds ? 2 : 1, SIM_WORKERS);
    const int of_orders = sim.has_refunds ? (int)sim_between(1, sim.workers / 2) : sim.workers;
    for (int i = 0; i < SIM_PROCESSES; i++) {
        struct process *p = &sim.processes[i];
        p->number = i;
        p->flow = i < of_orders ? 0 : 1;
        (void)snprintf(p->slot, sizeof p->slot, "%c%d", p->flow == 0 ? 'w' : 'r', i + 1);
        if (i == SIM_PERSON)
            (void)snprintf(p->slot, sizeof p->slot, "person");
    }
    draw_world();
    broker_begin();
    server_begin();
    prima_begin();
    add_topics();
    sim_note(
        "seed %llu: %d workers, %d of them for orders, %s, numbers %s, of notes %s, the ledger "
        "%lld ms behind at most",
        (unsigned long long)seed, sim.workers, of_orders,
        sim.sees_processes ? "one machine" : "several machines",
        sim.unique ? "unique" : "not enforced", sim.unique_notes ? "unique" : "not enforced",
        (long long)sim.tail_lag_ms);
}

static bool all_are_done(void)
{
    return orders_are_done() && (!sim.has_refunds || refunds_are_done());
}

static bool all_are_at_rest(void)
{
    return all_are_done() && restless_key() == NULL;
}

static void check(bool redis_was_lost)
{
    orders_check(codec, redis_was_lost);
    if (sim.has_refunds)
        refunds_check(codec, redis_was_lost);
    /* What was refused is not rebuilt: a key may be again what it was before, for a redrive. */
    const char *key = redis_was_lost ? NULL : restless_key();
    if (key != NULL)
        sim_fail("Redis at rest: %s is claimed, sent, or marked as deferred", key);
}

static bool run_seed(uint64_t seed, bool traces)
{
    begin(seed, traces);
    for (int i = 0; i < sim.workers; i++)
        sim_start(&sim.processes[i]);
    orders_draw(codec);
    if (sim.has_refunds) {
        refunds_draw(codec);
        person_draw(codec);
    }
    faults_draw();
    sim_run_until(FAULTS_MS, NULL);
    faults_heal();
    sim_run_until(FAULTS_MS + HEAL_MS, all_are_done);
    if (!all_are_done())
        sim_fail("%d s after everything was mended, not all is committed", HEAL_MS / 1000);
    if (all_are_done() && !sim.has_refunds) {
        lives_ask_again();
        sim_run_until(sim.now_ms + HEAL_MS, all_are_done);
    }
    sim_run_until(sim.now_ms + REST_MS,
                  NULL); /* the last ghosts and late effects show themselves */
    if (!faults_lost_redis())
        sim_run_until(sim.now_ms + REST_MS_MAX, all_are_at_rest);
    check(faults_lost_redis() || sim.had_incident);
    if (sim.failure[0] != '\0')
        (void)printf("seed %llu: %s\n", (unsigned long long)seed, sim.failure);
    return sim.failure[0] == '\0';
}

/* ---- campaigns ---- */

static double seconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In a process of its own. True: nothing was wrong. */
static bool try_seed(uint64_t seed, bool traces, bool is_quiet)
{
    int status = 0;
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        (void)alarm(HUNG_SECONDS);
        if (is_quiet && freopen("/dev/null", "w", stdout) == NULL)
            abort();
        const bool is_well = run_seed(seed, traces);
        (void)fflush(stdout);
        quick_exit(is_well ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child)
        abort();
    if (!is_quiet && WIFSIGNALED(status))
        (void)printf("seed %llu: ended by signal %d (14: it hung)\n", (unsigned long long)seed,
                     WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Which seeds, and for how long. */
struct span {
    uint64_t from, step; /* 1: orders alone and with refunds in turn; 2: of one kind */
    double seconds;      /* 0: without a limit */
    uint64_t histories;  /* at most; 0: without a limit */
};

static bool goes_on(const struct span *s, uint64_t tried, double began)
{
    return (s->seconds <= 0 || seconds_now() - began < s->seconds) &&
           (s->histories == 0 || tried < s->histories);
}

static int campaign(const struct span *s, const char *program)
{
    const double began = seconds_now();
    uint64_t tried = 0;
    for (uint64_t seed = s->from; goes_on(s, tried, began); seed += s->step, tried++)
        if (!try_seed(seed, false, true)) {
            (void)try_seed(seed, true, false);
            (void)printf("replay: %s --seed %llu\n", program, (unsigned long long)seed);
            return 1;
        }
    const double took = seconds_now() - began;
    (void)printf("%llu histories from seed %llu in %.1f s: %.0f a minute, nothing wrong\n",
                 (unsigned long long)tried, (unsigned long long)s->from, took,
                 (double)tried / took * 60);
    return 0;
}

/* Until one is found wrong; prints "found SEED" or "not found". */
static int hunt(const struct span *s)
{
    const double began = seconds_now();
    uint64_t tried = 0;
    for (uint64_t seed = s->from; goes_on(s, tried, began); seed += s->step, tried++)
        if (!try_seed(seed, false, true)) {
            (void)printf("found %llu\n", (unsigned long long)seed);
            return 0;
        }
    (void)printf("not found\n");
    return 1;
}

static void prepare(void)
{
    const struct codec_limits limits = {1 << 20, 100000, 64};
    char message[300];
    if (codec_open(SIM_SCHEMAS, "", limits, &codec, message) < 0 ||
        codec_check(codec, &sim_event_bound, message) < 0 ||
        codec_check(codec, &sim_refund_bound, message) < 0 ||
        codec_check(codec, sim_result_record(), message) < 0 ||
        codec_check(codec, &ledger_entry_record, message) < 0 ||
        codec_check(codec, &ledger_credit_record, message) < 0) {
        (void)fprintf(stderr, "sim: %s\n", message);
        exit(70);
    }
    struct patterns *patterns; /* before the first history: each has them from here */
    struct config_message unused;
    if (patterns_load("", &patterns, &unused) < 0)
        exit(70);
}

static int usage(const char *program)
{
    (void)printf("%s --seed N   one history, told whole\n"
                 "%s --seconds S | --histories H   seeds; the first failure is told and ends it\n"
                 "  --from N         from seed N on\n"
                 "  --kind KIND      of one kind: orders, or refunds (beside orders)\n"
                 "  --hunt           with PRIMAFLOW_MUTANT set: says which seed finds it\n",
                 program, program);
    return 64;
}

/* Odd seeds have orders alone, even ones refunds as well. */
static bool take_kind(const char *kind, struct span *s)
{
    const uint64_t parity = strcmp(kind, "refunds") == 0 ? 0 : 1;
    s->step = SIM_FLOWS;
    s->from += s->from % SIM_FLOWS != parity;
    return parity == 0 || strcmp(kind, "orders") == 0;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"seed", required_argument, NULL, 's'},
                                          {"seconds", required_argument, NULL, 'n'},
                                          {"histories", required_argument, NULL, 'c'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"kind", required_argument, NULL, 'k'},
                                          {"hunt", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct span span = {.from = 1, .step = 1};
    uint64_t seed = 0;
    const char *kind = NULL;
    bool is_one = false, hunts = false;
    for (int which; (which = getopt_long(argc, argv, "", known, NULL)) != -1;)
        if (which == 's') {
            seed = strtoull(optarg, NULL, 10);
            is_one = true;
        } else if (which == 'n') {
            span.seconds = strtod(optarg, NULL);
        } else if (which == 'c') {
            span.histories = strtoull(optarg, NULL, 10);
        } else if (which == 'f') {
            span.from = strtoull(optarg, NULL, 10);
        } else if (which == 'k') {
            kind = optarg;
        } else if (which == 'h') {
            hunts = true;
        } else {
            return usage(argv[0]);
        }
    if ((kind != NULL && !take_kind(kind, &span)) ||
        (!is_one && span.seconds <= 0 && span.histories == 0))
        return usage(argv[0]);
    prepare();
    if (is_one)
        return try_seed(seed, true, false) ? 0 : 1;
    return hunts ? hunt(&span) : campaign(&span, argv[0]);
}
