/* Clock, pool, engine and ending of test_stream_world.h. */
#include "test_stream_world.h"

#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "codec/codec.h"
#include "obs/log.h"
#include "prima/client.h"
#include "stream/ended.h"
#include "stream/remember.h"
#include "stream/start.h"

int64_t now_ms;
struct stream stream;
struct worker worker;
char logged[8000];
size_t engine_room;
bool engine_makes_smaller;
static struct config *config;

/* ---- the clock ---- */

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_boot_ms(void);
int __wrap_usleep(useconds_t us);
void __wrap_log_write(enum log_level level, const struct log_fields *fields);
int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb done);
void __wrap_host_start_over(struct host *h, const char *reason, const char *detail);
void __wrap_host_fail(struct host *h, int exit_code, const char *message, const char *detail,
                      const char *remedy);
void __wrap_host_drain(struct host *h, int exit_code);
void __wrap_kafka_record_free(struct kafka_record *record);

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

int64_t __wrap_clock_boot_ms(void)
{
    return now_ms;
}

int64_t __wrap_clock_wall_ms(void)
{
    return WALL_MS + now_ms;
}

int __wrap_usleep(useconds_t us)
{
    now_ms += us / 1000 > 0 ? us / 1000 : 1;
    if (redis.meanwhile != NULL)
        redis.meanwhile();
    return 0;
}

void pass(int64_t ms)
{
    const int64_t until = now_ms + ms;
    while (worker.host.timers.count > 0 && worker.host.timers.heap[1]->at_ms <= until) {
        struct timer *timer = worker.host.timers.heap[1];
        now_ms = timer->at_ms > now_ms ? timer->at_ms : now_ms;
        timers_cancel(&worker.host.timers, timer);
        timer->fire(timer->owner);
    }
    now_ms = until;
}

/* ---- what is said, and how it ends ---- */

void __wrap_log_write(enum log_level level, const struct log_fields *f)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    const size_t used = strlen(logged);
    (void)snprintf(logged + used, sizeof logged - used, "%s: %s", levels[level], f->message);
    if (f->detail != NULL)
        (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), " (%s)", f->detail);
    if (f->topic != NULL)
        (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), " %s/%d@%lld",
                       f->topic, f->partition - 1, (long long)f->offset - 1);
    if (f->count > 0)
        (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), " count %lld",
                       (long long)f->count);
    if (f->ms > 0)
        (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), " %lld ms",
                       (long long)f->ms);
    (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "\n");
}

char counted[4000];

void __wrap_metrics_add(enum metric metric, const char *label, double value);
void __wrap_metrics_observe(enum metric metric, const char *label, double value);

void __wrap_metrics_add(enum metric metric, const char *label, double value)
{
    const size_t used = strlen(counted);
    (void)snprintf(counted + used, sizeof counted - used, "%d{%s}+%g ", (int)metric, label, value);
}

void __wrap_metrics_observe(enum metric metric, const char *label, double value)
{
    const size_t used = strlen(counted);
    (void)snprintf(counted + used, sizeof counted - used, "%d{%s}=%g ", (int)metric, label, value);
}

void has_counted(enum metric metric, const char *what)
{
    char expected[100];
    (void)snprintf(expected, sizeof expected, "%d{%s ", (int)metric, what);
    if (strstr(counted, expected) == NULL)
        fail_msg("%s: counted is %s", expected, counted);
}

static jmp_buf *ending; /* where a process that starts over ends up */

void __wrap_host_start_over(struct host *h, const char *reason, const char *detail)
{
    (void)h;
    note("start_over:%s:%s", reason, detail != NULL ? detail : "");
    worker.host.over = true;
    if (ending == NULL)
        fail_msg("starts over, and nobody expected it: %s", trace);
    longjmp(*ending, 1);
}

void may_start_over(void (*call)(void))
{
    jmp_buf here;
    ending = &here;
    if (setjmp(here) == 0)
        call();
    ending = NULL;
}

void __wrap_host_fail(struct host *h, int exit_code, const char *message, const char *detail,
                      const char *remedy)
{
    (void)remedy;
    note("fail:%d:%s", exit_code, message != NULL ? message : "");
    if (detail != NULL)
        note("(%s)", detail);
    h->over = true;
}

void __wrap_host_drain(struct host *h, int exit_code)
{
    note("drain:%d", exit_code);
    h->draining = true;
}

void __wrap_kafka_record_free(struct kafka_record *record)
{
    free(record->handle);
    *record = (struct kafka_record){0};
}

/* ---- the codec: a value is its own text; "?" is none, for "registry away" no schema is known
 * ---- */

int __wrap_codec_fetch(struct codec *codec, const void *bytes, size_t size);
json_t *__wrap_codec_to_json(struct codec *codec, const void *bytes, size_t size,
                             struct codec_fault *ret_fault);

int __wrap_codec_fetch(struct codec *codec, const void *bytes, size_t size)
{
    (void)codec;
    return size == 13 && memcmp(bytes, "registry away", 13) == 0 ? -1 : 0;
}

json_t *__wrap_codec_to_json(struct codec *codec, const void *bytes, size_t size,
                             struct codec_fault *ret_fault)
{
    (void)codec, (void)ret_fault;
    return json_loadb(bytes, size, 0, NULL);
}

/* ---- the pool ---- */

enum { JOBS_MAX = 8 };
static struct {
    uv_work_t *work;
    uv_work_cb run;
    uv_after_work_cb done;
    bool has_run;
} jobs[JOBS_MAX];
static size_t job_count;
uv_work_t *pool_left;

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb done)
{
    (void)loop;
    assert_true(job_count < JOBS_MAX);
    jobs[job_count].work = work;
    jobs[job_count].run = run;
    jobs[job_count].has_run = false;
    jobs[job_count++].done = done;
    return 0;
}

size_t pool_jobs(void)
{
    return job_count;
}

bool pool_works(void)
{
    for (size_t i = 0; i < job_count; i++)
        if (!jobs[i].has_run) {
            jobs[i].run(jobs[i].work);
            jobs[i].has_run = true;
            return true;
        }
    return false;
}

bool pool_tells(void)
{
    if (job_count == 0 || !jobs[0].has_run)
        return false;
    uv_work_t *work = jobs[0].work;
    const uv_after_work_cb done = jobs[0].done;
    memmove(&jobs[0], &jobs[1], --job_count * sizeof *jobs);
    jmp_buf here;
    ending = &here;
    if (setjmp(here) == 0)
        done(work, 0);
    else
        pool_left = work;
    ending = NULL;
    return true;
}

void pool_all(void)
{
    for (int rounds = 0; pool_works() || pool_tells(); rounds++)
        assert_true(rounds < 100);
}

/* ---- an engine that does as it is told ---- */

struct held *held_of(const struct partition *p)
{
    return p->engine_state;
}

static void engine_assigned(struct partition *p)
{
    note("begin:%s/%d@%lld", p->place.topic, p->place.partition, (long long)p->position);
    struct held *h = calloc(1, sizeof *h);
    h->is_idle = true;
    p->engine_state = h;
}

static size_t engine_has_room(const struct worker *w)
{
    (void)w;
    return engine_room;
}

static void put(struct held *h, int64_t offset)
{
    assert_true(h->count < HELD_MAX);
    (void)snprintf(h->words[h->count], sizeof h->words[h->count], "r%lld", (long long)offset);
    h->offsets[h->count++] = offset;
}

static void engine_records(struct partition *p, struct kafka_record raw[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        note("read:%lld", (long long)raw[i].offset);
        put(held_of(p), raw[i].offset);
        free(raw[i].handle);
        engine_room -= engine_room > 0;
    }
}

static struct collected engine_collect(struct partition *p, size_t most, struct batch *batch)
{
    struct held *h = held_of(p);
    struct collected got = {.next = -1};
    while (got.count < h->settled && got.count < most) {
        const size_t i = got.count++;
        h->messages[i] =
            (struct kafka_message){.value = h->words[i], .value_size = strlen(h->words[i])};
        batch_add(batch, &h->messages[i]);
        got.next = h->offsets[i] + 1;
    }
    got.is_all = got.count == h->count;
    static const char *const words[] = {"o0", "o1", "o2", "o3"};
    for (; h->output > 0; h->output--, h->said++) {
        assert_true(h->said < sizeof words / sizeof *words);
        h->says[h->said] = (struct kafka_message){
            .topic = stream.outputs.written[0], .value = words[h->said], .value_size = 2};
        batch_add(batch, &h->says[h->said]);
    }
    return got;
}

static void drop(struct held *h, size_t count)
{
    h->count -= count;
    h->settled -= count;
    memmove(h->offsets, h->offsets + count, h->count * sizeof *h->offsets);
    memmove(h->words, h->words + count, h->count * sizeof *h->words);
}

static void engine_committed(struct partition *p, size_t count)
{
    note("committed:%s/%d:%zu", p->place.topic, p->place.partition, count);
    drop(held_of(p), count);
    held_of(p)->said = 0;
}

static void engine_aborted(struct partition *p, size_t count)
{
    note("aborted:%s/%d:%zu", p->place.topic, p->place.partition, count);
    held_of(p)->output += held_of(p)->said;
    held_of(p)->said = 0;
}

static bool engine_refused(struct partition *p, size_t message)
{
    note("refused:%s/%d:%zu", p->place.topic, p->place.partition, message);
    return engine_makes_smaller;
}

static void engine_revoked(struct partition *p)
{
    note("drop:%s/%d", p->place.topic, p->place.partition);
    free(p->engine_state);
}

static struct engine_view engine_look(const struct partition *p)
{
    const struct held *h = held_of(p);
    return (struct engine_view){.count = h->count,
                                .first_offset = h->count > 0 ? h->offsets[0] : -1,
                                .has_settled = h->settled > 0};
}

static bool engine_is_under_way(const struct partition *p)
{
    return held_of(p)->is_under_way;
}

static bool engine_is_idle(const struct partition *p)
{
    return held_of(p)->is_idle;
}

static bool engine_is_ready(const struct partition *p)
{
    return !held_of(p)->is_restoring;
}

static bool engine_has_output(const struct partition *p)
{
    return held_of(p)->output > 0;
}

static void engine_turn(struct worker *w)
{
    (void)w;
    note("turn");
}

static void engine_tick(struct worker *w, int64_t at_ms)
{
    (void)w;
    note("tick:%lld", (long long)(at_ms - BEGINNING_MS));
}

static void engine_reload(struct worker *w)
{
    (void)w;
    note("reload");
}

static void engine_abandon(struct worker *w)
{
    (void)w;
    note("abandon");
}

bool engine_finishes;

static bool engine_is_finishing(const struct worker *w)
{
    (void)w;
    return engine_finishes;
}

static void engine_resumed(struct worker *w, int64_t pause_ms)
{
    (void)w;
    note("resumed:%lld", (long long)pause_ms);
}

static size_t engine_in_flight(const struct worker *w)
{
    (void)w;
    return 17;
}

static const struct engine engine = {.keeps_keys = true,
                                     .turn = engine_turn,
                                     .tick = engine_tick,
                                     .reload = engine_reload,
                                     .abandon = engine_abandon,
                                     .is_finishing = engine_is_finishing,
                                     .resumed = engine_resumed,
                                     .in_flight = engine_in_flight,
                                     .assigned = engine_assigned,
                                     .is_ready = engine_is_ready,
                                     .has_output = engine_has_output,
                                     .room = engine_has_room,
                                     .records = engine_records,
                                     .collect = engine_collect,
                                     .committed = engine_committed,
                                     .aborted = engine_aborted,
                                     .refused = engine_refused,
                                     .revoked = engine_revoked,
                                     .look = engine_look,
                                     .is_under_way = engine_is_under_way,
                                     .is_idle = engine_is_idle};

/* ---- a world ---- */

static const struct flow flow = {.name = "orders", .noun = "order", .reads = "orders.raw"};

void configure(const char *const options[])
{
    struct config_message message;
    const char *all[8] = {"commit.interval=50ms"};
    size_t count = 1;
    for (size_t i = 0; options != NULL && options[i] != NULL; i++)
        all[count++] = options[i];
    config_free(config);
    config = NULL;
    if (config_load(NULL, all, count, &config, &message) < 0)
        fail_msg("%s", message.text);
}

int set_up(void **state)
{
    (void)state;
    configure(NULL);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    config_free(config);
    config = NULL;
    return 0;
}

void begin_world(void)
{
    kafka_begin();
    redis_begin();
    now_ms = BEGINNING_MS;
    logged[0] = counted[0] = '\0';
    job_count = 0;
    engine_room = 1000;
    engine_makes_smaller = engine_finishes = false;
    stream = (struct stream){
        .engine = &engine,
        .inputs = {.list = {{.name = "orders.raw",
                             .role = TOPIC_INPUT,
                             .start = {.from = KAFKA_START_END, .vanished = START_ASK}},
                            {.name = "orders.raw.retry.1s", .role = TOPIC_RETRY, .delay_ms = 1000}},
                   .count = 2},
        .outputs = {.retry = {"orders.raw.retry.1s"},
                    .retry_count = 1,
                    .dlq = "orders.raw.dlq",
                    .written = {"orders.results"}},
        .group = "primaflow.orders",
        .redis_prefix = "pf",
        .reach = 100,
        .consumer = (struct kafka_consumer *)(uintptr_t)1}; /* the fakes ask nothing of it */
    stream.watch.heard_ms = now_ms;
    worker = (struct worker){
        .flow = &flow,
        .stream = &stream,
        .host = {.config = config, .running = true, .slot = "1"},
        .instance = "primaflow.orders-1",
        .keys = {.prefix = "pf", .flow = "orders", .slot = "1", .slot_epoch = 4},
        .times = {.lease_ms = 30000, .margin_ms = 2000, .window_ms = 4000, .write_ms = 45000}};
    assert_int_equal(uv_loop_init(&worker.host.loop), 0);
    timers_init(&worker.host.timers, &worker.host.loop);
    waits_init(&worker.host.waits);
    stream.commit = commit_new(&worker);
    char words[KAFKA_TEXT_MAX];
    assert_int_equal(kafka_producer_new(config, worker.instance, 0, false, &stream.producer, words),
                     0);
    trace[0] = '\0';
}

void end_world(void)
{
    redis.meanwhile = NULL;
    pool_all(); /* what is left of it is freed where it ends */
    now_ms += INT32_MAX;
    remember_now(&worker);
    pool_all();
    while (stream.partitions != NULL) {
        struct partition *p = stream.partitions;
        stream.partitions = p->next;
        timers_cancel(&worker.host.timers, &p->due);
        free(p->waiting.handle);
        kafka_queue_free(p->queue);
        free(p->engine_state);
        free(p);
    }
    while (worker.host.timers.count > 0)
        timers_cancel(&worker.host.timers, worker.host.timers.heap[1]);
    commit_free(stream.commit);
    kafka_producer_free(stream.producer);
    control_free(&stream.control);
    past_release(&stream.past);
    ended_free(stream.ended);
    free(stream.revoke.places);
    free(stream.incident.ends);
    free(stream.remember);
    free(stream.topic_watch);
    timers_release(&worker.host.timers);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&worker.host.loop), 0);
    kafka_end_of_test();
}

struct partition *has_partition(const char *topic, int32_t partition, int64_t offset)
{
    struct kafka_place place = {.partition = partition, .offset = offset};
    struct kafka_queue *queue;
    (void)snprintf(place.topic, sizeof place.topic, "%s", topic);
    if (kafka_find(topic, partition) == NULL)
        (void)kafka_has(topic, partition, 0, offset, offset);
    assert_int_equal(kafka_assign(NULL, &place, 1, &queue), 0);
    partitions_add(&worker, &place, false, 0, offset, queue);
    trace[0] = '\0';
    return stream.partitions;
}

void holds(struct partition *p, int64_t first, size_t count, size_t settled)
{
    struct held *h = held_of(p);
    h->count = 0;
    for (size_t i = 0; i < count; i++)
        put(h, first + (int64_t)i);
    h->settled = settled;
    p->position = first + (int64_t)count;
}
