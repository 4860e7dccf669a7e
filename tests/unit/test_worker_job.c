/* The worker's job in its host: what a turn and a tick do, how it begins, drains and leaves
 * (test_stream_world.h). Linked without the posting engine: a worker needs none of it. */
#include "test_stream_world.h"

#include <errno.h>
#include <unistd.h>

#include "stream/remember.h"
#include "worker/run.h"
#include "worker/startup.h"

int __wrap_host_run(struct host *h, const struct host_job *job, int argc, char **argv);
void __wrap_keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms,
                            redis_done done, void *user);
void __wrap_startup_begin(struct worker *w, void (*done)(struct worker *w));

static struct host_job job;
static struct worker *made;
static void (*begun)(struct worker *w);

int __wrap_host_run(struct host *h, const struct host_job *its, int argc, char **argv)
{
    (void)argc, (void)argv;
    made = (struct worker *)h;
    job = *its;
    return 42;
}

void __wrap_keys_slot_renew(struct keyspace *ks, const char *token, int64_t lease_ms,
                            redis_done done, void *user)
{
    (void)ks, (void)done, (void)user;
    note("renew:%s:%lld", token, (long long)lease_ms);
}

void __wrap_startup_begin(struct worker *w, void (*done)(struct worker *w))
{
    (void)w;
    note("startup");
    begun = done;
}

static const struct engine posts_nothing;
static const struct flow flow = {.name = "orders",
                                 .usage = "usage",
                                 .noun = "order",
                                 .reads = "orders.raw",
                                 .writes = PRIMA_NEW_ORDER,
                                 .asks = PRIMA_ORDER_STATUS};

/* ---- an engine's hooks ---- */

static const struct redis_scripts its_scripts;
static const char given[] = "what the program gave it";

static const struct redis_scripts *scripts(const struct worker *w)
{
    (void)w;
    return &its_scripts;
}

static void begin_engine(struct worker *w)
{
    note("begin_engine:%s", w->stream->commit == NULL ? "first" : "late");
}

static int take_job(void **state)
{
    const struct worker_engine its = {.engine = &posts_nothing, .state_size = 64, .with = given};
    if (set_up(state) != 0)
        return 1;
    assert_int_equal(worker_main(&flow, &its, 0, NULL), 42);
    assert_ptr_equal(made->flow, &flow);
    assert_ptr_equal(made->engine.with, given);
    assert_ptr_equal(made->stream->engine, &posts_nothing);
    assert_memory_equal(made->engine_state, (const char[64]){0}, 64);
    assert_string_equal(job.name, "orders");
    assert_string_equal(job.usage, "usage");
    return 0;
}

static void begin_job(void)
{
    begin_world();
    worker.flow = &flow;
    worker.engine = (struct worker_engine){.engine = stream.engine, .begin = begin_engine};
    worker.host.job = &job;
    (void)snprintf(worker.slot_token, sizeof worker.slot_token, "token");
    stream.fleet.slot_renewed_ms = now_ms;
    stream.watch.looked_ms = now_ms;
    now_ms += 1;
}

static void end_job(void)
{
    end_world();
}

/* ---- a turn ---- */

static void test_a_turn(void **state)
{
    (void)state;
    begin_job();
    struct partition *p = has_partition("orders.raw", 0, 5);
    holds(p, 5, 1, 1);
    kafka_brings(kafka_find("orders.raw", 0), 6, WALL_MS);
    commit_soon(&worker);
    now_ms += 100;
    stream.revoke.is_open = true;
    job.turn(&worker.host);
    traced("reads, starts, commits, and answers a revoke once that is done",
           "fetch:orders.raw/0:64 read:6 fetch:orders.raw/0:64 turn");
    assert_true(commit_is_busy(&worker));
    pool_all();
    trace[0] = '\0';
    job.turn(&worker.host);
    traced("the revoke", "turn drop:orders.raw/0 unassign");
    end_job();

    begin_job();
    (void)has_partition("orders.raw", 0, 5);
    worker.host.over = true;
    job.turn(&worker.host);
    traced("it ends in it", "fetch:orders.raw/0:64");
    end_job();
}

static void turn(void)
{
    job.turn(&worker.host);
}

static void leaves(const char *name, const char *expected)
{
    may_start_over(turn);
    traced(name, expected);
}

static void test_leaving(void **state)
{
    (void)state;
    begin_job();
    struct partition *p = has_partition("orders.raw", 0, 5);
    worker.leaving = true;
    worker.leave_by_ms = now_ms + 1000;
    leaves("nothing has settled", "start_over:redis_lost_state:");
    holds(p, 5, 1, 1);
    leaves("what has settled is committed first", "");
    assert_true(commit_is_busy(&worker));
    leaves("under way", "");
    now_ms += 1000;
    leaves("for no longer", "start_over:redis_lost_state:");
    pool_all();
    trace[0] = '\0';
    holds(p, 6, 1, 1);
    leaves("too late to begin", "start_over:redis_lost_state:");
    worker.leave_by_ms = now_ms + 1000;
    kafka_producer_free(stream.producer); /* it cannot begin */
    stream.producer = NULL;
    leaves("it cannot begin", "start_over:redis_lost_state:");
    end_job();
}

/* ---- a tick ---- */

static void ticks(const char *name, const char *expected)
{
    job.tick(&worker.host, now_ms);
    traced(name, expected);
}

static void test_a_tick(void **state)
{
    (void)state;
    begin_job();
    struct partition *a = has_partition("orders.raw", 0, 5), *b = has_partition("orders.raw", 1, 5);
    a->may_have_more = b->may_have_more = false;
    a->remembered = -1;
    kafka.trouble = "no broker answers";
    kafka.generation = 9;
    stream.control.epoch = 2;
    ticks("all of it", "serve tick:1");
    assert_true(a->may_have_more && b->may_have_more);
    assert_string_equal(worker.host.pauses.kafka_trouble, "no broker answers");
    assert_int_equal(worker.keys.fence, (int64_t)2 << 32 | 9);
    assert_int_equal(stream.membership.since_ms, now_ms);
    assert_non_null(stream.topic_watch);
    assert_true(remember_is_busy(&worker));
    kafka.trouble = NULL;
    ticks("over", "serve tick:1");
    assert_null(worker.host.pauses.kafka_trouble);
    end_job();
}

static void test_a_tick_while_it_drains(void **state)
{
    (void)state;
    begin_job();
    worker.host.draining = true;
    ticks("asks for no partitions", "serve tick:1");
    assert_int_equal(stream.membership.since_ms, 0);
    end_job();
}

static void test_the_slot_is_kept(void **state)
{
    (void)state;
    begin_job();
    redis.is_ready = true;
    now_ms += 2499;
    ticks("a quarter of its lease", "serve tick:2500");
    now_ms += 1;
    ticks("more", "serve renew:token:10000 tick:2501");
    redis.is_ready = false;
    ticks("Redis is away", "serve tick:2501");
    end_job();
}

static void test_an_open_incident_is_looked_at(void **state)
{
    static const struct {
        const char *name;
        bool is_suspect, is_running, looks;
        unsigned ticks;
    } rows[] = {{"every fourth tick", true, false, true, 8},
                {"not each", true, false, false, 9},
                {"one look at a time", true, true, false, 8},
                {"none is open", false, false, false, 8}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_job();
        stream.trust.is_suspect = rows[i].is_suspect;
        stream.trust.check_is_running = rows[i].is_running;
        worker.host.ticks = rows[i].ticks;
        holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
        job.tick(&worker.host, now_ms);
        if (stream.trust.check_is_running != (rows[i].looks || rows[i].is_running) ||
            commit_is_busy(&worker) != rows[i].looks)
            fail_msg("%s", rows[i].name);
        end_job();
    }
}

static void tick(void)
{
    job.tick(&worker.host, now_ms);
}

static void test_a_broken_producer(void **state)
{
    (void)state;
    begin_job();
    holds(has_partition("orders.raw", 0, 5), 5, 1, 1);
    kafka.broken = "fenced";
    commit_hurry(&worker);
    ticks("its transaction says so itself", "serve tick:1");
    pool_all();
    trace[0] = '\0';
    may_start_over(tick);
    traced("begins anew", "serve start_over:kafka_fatal:fenced");
    end_job();
}

/* ---- the beginning ---- */

static void begin(void)
{
    stream.commit = NULL;
    job.begin(&worker.host);
    traced("start-up first", "begin_engine:first startup");
}

/* The loop hears of what Kafka wakes it with. */
static void wake(void)
{
    const uint64_t one = 1;
    assert_int_equal(write(stream.wake_fd, &one, sizeof one), (ssize_t)sizeof one);
    (void)uv_run(&worker.host.loop, UV_RUN_NOWAIT);
}

static void end_begun(void)
{
    if (uv_is_active((uv_handle_t *)&stream.kafka_poll))
        uv_close((uv_handle_t *)&stream.kafka_poll, NULL);
    (void)uv_run(&worker.host.loop, UV_RUN_NOWAIT);
    (void)close(stream.wake_fd);
    end_job();
}

static void test_begins(void **state)
{
    static const struct {
        const char *slot, *consumer;
        bool shadow, is_suspect, has_scripts;
        const char *says;
    } rows[] = {
        {"1", "primaflow.orders-1", false, false, false, "info: running\n"},
        {NULL, "-", false, true, false, "info: running; Redis state is being rebuilt\n"},
        {NULL, "-", true, false, true,
         "info: shadow mode: nothing is written to Prima; results go to shadow topics "
         "orders.results/-1@-1\ninfo: running\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[200];
        begin_job();
        commit_free(stream.commit);
        worker.host.running = false;
        worker.host.options.slot = rows[i].slot;
        worker.shadow = rows[i].shadow;
        worker.engine.scripts = rows[i].has_scripts ? scripts : NULL;
        stream.trust.is_suspect = rows[i].is_suspect;
        begin();
        assert_false(worker.host.running);
        begun(&worker);
        (void)snprintf(expected, sizeof expected,
                       "redis:2000 consumer:primaflow.orders:%s:orders.raw.retry.1s",
                       rows[i].consumer);
        traced("connects", expected);
        assert_true(worker.host.running);
        assert_string_equal(logged, rows[i].says);
        assert_ptr_equal(worker.keys.redis, worker.redis);
        assert_ptr_equal(redis.scripts, rows[i].has_scripts ? &its_scripts : scripts_all());
        worker.host.pauses.resumed(worker.host.pauses.user, 77);
        traced("a pause", "resumed:77");
        has_partition("orders.raw", 0, 5)->may_have_more = false;
        wake();
        traced("woken", "serve");
        assert_true(stream.partitions->may_have_more);
        end_begun();
    }
}

/* Of several inputs the same partitions are wanted of each. */
static void test_reads_several_topics(void **state)
{
    struct flow several = flow;
    (void)state;
    begin_job();
    several.also_reads[0] = "orders.results";
    worker.flow = &several;
    commit_free(stream.commit);
    worker.host.running = false;
    begin();
    begun(&worker);
    traced("beside", "redis:2000 consumer:primaflow.orders:-:orders.raw.retry.1s:beside");
    end_begun();
}

static void test_cannot_begin(void **state)
{
    (void)state;
    begin_job();
    commit_free(stream.commit);
    worker.host.running = false;
    begin();
    redis.failing = "new";
    begun(&worker);
    traced("no Redis", "redis:2000 fail:78:cannot use redis.url (no such URL)");
    kafka.failing = "consumer";
    worker.host.over = false;
    begun(&worker);
    traced("no Kafka", "redis:2000 consumer:primaflow.orders:-:orders.raw.retry.1s "
                       "fail:78:cannot read from Kafka (no consumer)");
    assert_false(worker.host.running);
    end_begun();
}

/* ---- what Kafka says ---- */

static enum kafka_obstacle obstacle;
static bool is_fatal, is_fenced;
static void hear(void)
{
    kafka.hooks.on_error(kafka.hooks.user, obstacle, "its words", is_fatal, is_fenced);
}

static void test_errors(void **state)
{
    static const struct {
        const char *name;
        enum kafka_obstacle obstacle;
        bool is_fatal, is_fenced;
        const char *trace, *says, *counted;
    } rows[] = {
        {"fatal", KAFKA_TROUBLE, true, false, "start_over:kafka_fatal:its words", "", NULL},
        {"fenced", KAFKA_TROUBLE, true, true, "start_over:fenced:its words", "", NULL},
        {"no rights: asked about", KAFKA_DENIED, false, false, "", "", "rights}+1"},
        {"no topic", KAFKA_NO_TOPIC, false, false, "", "warning: Kafka says (its words)\n",
         "topic}+1"},
        {"anything else", KAFKA_TROUBLE, false, false, "",
         "warning: Kafka client error (its words)\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_job();
        commit_free(stream.commit);
        begin();
        begun(&worker);
        trace[0] = logged[0] = '\0';
        obstacle = rows[i].obstacle;
        is_fatal = rows[i].is_fatal;
        is_fenced = rows[i].is_fenced;
        may_start_over(hear);
        traced(rows[i].name, rows[i].trace);
        assert_string_equal(logged, rows[i].says);
        if (rows[i].counted != NULL)
            has_counted(METRIC_obstacles, rows[i].counted);
        end_begun();
    }
}

/* ---- the end ---- */

static void test_drains(void **state)
{
    static const struct {
        const char *name;
        bool busy, pending, finishes, remembers, open, drained;
    } rows[] = {
        {"all is done", .drained = true},
        {"a transaction is under way", .busy = true},
        {"partitions come", .pending = true},
        {"the engine is not", .finishes = true},
        {"positions are being written", .remembers = true},
        {"the group is not left yet", .open = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_job();
        struct partition *p = has_partition("orders.raw", 0, 5);
        kafka.closing = true;
        kafka.is_closed = !rows[i].open;
        stream.assignment.is_pending = rows[i].pending;
        engine_finishes = rows[i].finishes;
        if (rows[i].busy) {
            holds(p, 5, 1, 1);
            commit_hurry(&worker);
        }
        if (rows[i].remembers) {
            p->remembered = -1;
            remember_now(&worker);
        }
        if (job.is_drained(&worker.host, false) != rows[i].drained)
            fail_msg("%s", rows[i].name);
        traced("served", "serve");
        end_job();
    }
}

static void test_waits_for_what_is_under_way(void **state)
{
    (void)state;
    begin_job();
    struct partition *p = has_partition("orders.raw", 0, 5);
    kafka.is_closed = true;
    held_of(p)->is_idle = false;
    assert_false(job.is_drained(&worker.host, false));
    traced("at work", "");
    held_of(p)->is_idle = true;
    assert_true(job.is_drained(&worker.host, false));
    traced("idle: leaves", "close serve");
    kafka.closing = false;
    held_of(p)->is_idle = false;
    assert_true(job.is_drained(&worker.host, true));
    traced("late: whatever is under way", "abandon close serve");
    end_job();
}

static void test_a_drain_begins(void **state)
{
    (void)state;
    begin_job();
    struct partition *p = has_partition("orders.raw", 0, 5);
    p->remembered = -1;
    holds(p, 5, 1, 1);
    worker.host.drain_by_ms = 50;
    stream.revoke.by_ms = 60;
    job.drain(&worker.host);
    assert_int_equal(stream.revoke.by_ms, 50);
    assert_true(remember_is_busy(&worker));
    assert_true(commit_is_busy(&worker));
    pool_all();
    stream.revoke.by_ms = 40;
    job.drain(&worker.host);
    assert_int_equal(stream.revoke.by_ms, 40);
    end_job();
}

static void test_the_rest(void **state)
{
    (void)state;
    begin_job();
    assert_int_equal(job.in_hand(&worker.host), 17);
    job.reload(&worker.host);
    traced("mappings", "reload");
    redis.answered = 88;
    stream.fleet.entered_epoch = 4;
    job.end(&worker.host);
    traced("its last word", "write:worker/primaflow.orders/1");
    const char *word = kafka_last("ops.control", "worker/primaflow.orders/1");
    assert_non_null(strstr(word, "\"stopped\":true"));
    assert_non_null(strstr(word, "\"number\":88"));
    assert_non_null(strstr(word, "\"epoch\":4"));
    worker.host.running = false;
    job.end(&worker.host);
    traced("it never ran", "");
    worker.host.running = true;
    kafka.failing = "write";
    logged[0] = '\0';
    job.end(&worker.host);
    assert_string_equal(
        logged, "warning: cannot record in Kafka that this worker has stopped (no write)\n");
    stream.fleet.entered_epoch = 0;
    job.end(&worker.host);
    traced("it never entered", "");
    end_job();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_turn),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_a_tick),
        cmocka_unit_test(test_a_tick_while_it_drains),
        cmocka_unit_test(test_the_slot_is_kept),
        cmocka_unit_test(test_an_open_incident_is_looked_at),
        cmocka_unit_test(test_a_broken_producer),
        cmocka_unit_test(test_begins),
        cmocka_unit_test(test_cannot_begin),
        cmocka_unit_test(test_reads_several_topics),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_drains),
        cmocka_unit_test(test_waits_for_what_is_under_way),
        cmocka_unit_test(test_a_drain_begins),
        cmocka_unit_test(test_the_rest),
    };
    return cmocka_run_group_tests_name("worker: its job", tests, take_job, tear_down);
}
