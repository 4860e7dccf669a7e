/* A topic in memory; see test_table_world.h. */
#include "test_table_world.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "kafka/lookup.h"
#include "kafka/tail.h"
#include "table/reading.h"

struct world world;

static struct config *config;
static int wake_fd;
static struct {
    uv_work_t *work;
    uv_work_cb run;
    uv_after_work_cb after;
    bool is_running, has_run;
} pool;

/* ---- the log ---- */

static void wake(void)
{
    if (wake_fd >= 0)
        (void)eventfd_write(wake_fd, 1);
}

static int64_t append(int32_t partition, const char *key, const char *value, bool is_hidden)
{
    struct fake_log *log = &world.logs[partition];
    assert_true(log->count < LOG_MAX);
    struct log_record *r = &log->records[log->count++];
    *r = (struct log_record){
        .offset = log->end++, .is_tombstone = value == NULL, .is_hidden = is_hidden};
    (void)snprintf(r->key, sizeof r->key, "%s", key);
    (void)snprintf(r->value, sizeof r->value, "%s", value != NULL ? value : "");
    log->stable = log->end;
    wake();
    return r->offset;
}

int64_t log_put(int32_t partition, const char *key, const char *value)
{
    return append(partition, key, value, false);
}

int64_t log_aborted(int32_t partition, const char *key, const char *value)
{
    return append(partition, key, value, true);
}

void log_marker(int32_t partition)
{
    (void)append(partition, "", "", true);
}

static void log_keep(int32_t partition,
                     bool (*is_kept)(const struct fake_log *log, size_t at, int64_t below),
                     int64_t below)
{
    struct fake_log *log = &world.logs[partition];
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++)
        if (is_kept(log, i, below)) /* looks ahead only, or at what was kept */
            log->records[kept++] = log->records[i];
    log->count = kept;
}

static bool is_newest(const struct fake_log *log, size_t at, int64_t below)
{
    for (size_t i = at + 1; i < log->count && log->records[i].offset < below; i++)
        if (!log->records[i].is_hidden && strcmp(log->records[i].key, log->records[at].key) == 0)
            return false;
    return true;
}

static bool is_no_tombstone(const struct fake_log *log, size_t at, int64_t below)
{
    return !log->records[at].is_tombstone || log->records[at].offset >= below;
}

static bool is_young(const struct fake_log *log, size_t at, int64_t below)
{
    return log->records[at].offset >= below;
}

static bool is_before(const struct fake_log *log, size_t at, int64_t below)
{
    return log->records[at].offset < below;
}

void log_compact(int32_t partition, int64_t below)
{
    log_keep(partition, is_newest, below);
}

void log_drop_tombstones(int32_t partition, int64_t below)
{
    log_keep(partition, is_no_tombstone, below);
}

void log_delete(int32_t partition, int64_t below)
{
    log_keep(partition, is_young, below);
    world.logs[partition].begin = below;
}

void log_cut(int32_t partition, int64_t end)
{
    struct fake_log *log = &world.logs[partition];
    log_keep(partition, is_before, end);
    log->end = log->stable = end;
    log->end_told = -1;
    wake();
}

static struct kafka_record record_of(const struct log_record *r, int32_t partition)
{
    return (struct kafka_record){.topic = "topic",
                                 .partition = partition,
                                 .offset = r->offset,
                                 .key = r->key[0] != '\0' ? r->key : NULL,
                                 .key_size = strlen(r->key),
                                 .value = r->is_tombstone ? NULL : r->value,
                                 .value_size = strlen(r->value)};
}

/* ---- the tail ---- */

int __wrap_kafka_tail_new(const struct config *c, const char *topic, int fd,
                          struct kafka_tail **ret_tail, char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_tail_add(struct kafka_tail *tail, int32_t partition, int64_t offset,
                          struct kafka_queue **ret_queue);
void __wrap_kafka_tail_remove(struct kafka_tail *tail, int32_t partition,
                              struct kafka_queue *queue);
void __wrap_kafka_tail_serve(struct kafka_tail *tail);
int64_t __wrap_kafka_tail_end(const struct kafka_tail *tail, int32_t partition);
void __wrap_kafka_tail_free(struct kafka_tail *tail);
void __wrap_kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max,
                        struct kafka_fetched *ret_fetched);
void __wrap_kafka_record_free(struct kafka_record *record);

int __wrap_kafka_tail_new(const struct config *c, const char *topic, int fd,
                          struct kafka_tail **ret_tail, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)ret_message;
    assert_ptr_equal(c, config);
    assert_string_equal(topic, "topic");
    wake_fd = fd;
    *ret_tail = malloc(1);
    return 0;
}

int __wrap_kafka_tail_add(struct kafka_tail *tail, int32_t partition, int64_t offset,
                          struct kafka_queue **ret_queue)
{
    struct fake_log *log = &world.logs[partition];
    assert_non_null(tail);
    assert_false(log->is_followed);
    world.adds++;
    if (world.add_result < 0)
        return world.add_result;
    log->is_followed = true;
    log->position = offset == KAFKA_TAIL_BEGINNING ? log->begin : offset;
    log->end_told = -1;
    *ret_queue = (struct kafka_queue *)log;
    wake();
    return 0;
}

void __wrap_kafka_tail_remove(struct kafka_tail *tail, int32_t partition, struct kafka_queue *queue)
{
    struct fake_log *log = &world.logs[partition];
    assert_non_null(tail);
    assert_ptr_equal(queue, log);
    assert_true(log->is_followed);
    log->is_followed = false;
    world.removes++;
}

void __wrap_kafka_tail_serve(struct kafka_tail *tail)
{
    assert_non_null(tail);
}

int64_t __wrap_kafka_tail_end(const struct kafka_tail *tail, int32_t partition)
{
    assert_non_null(tail);
    return world.logs[partition].is_followed ? world.logs[partition].end : -1;
}

void __wrap_kafka_tail_free(struct kafka_tail *tail)
{
    for (int i = 0; i < PARTITIONS; i++)
        assert_false(world.logs[i].is_followed);
    free(tail);
    wake_fd = -1;
}

static void fetch_records(struct fake_log *log, int32_t partition, struct kafka_record records[],
                          size_t max, struct kafka_fetched *f)
{
    const struct log_record *r = log->records, *end = r + log->count;
    for (; r < end && r->offset < log->stable; r++) {
        if (r->offset < log->position)
            continue;
        if (!r->is_hidden && (f->count == max || log->fetchable == 0))
            return;
        if (!r->is_hidden) {
            records[f->count++] = record_of(r, partition);
            log->fetchable--;
        }
        log->position = r->offset + 1;
    }
    if (log->fetchable == 0)
        return;
    log->position = log->stable;
    if (log->end_told != log->stable)
        f->end = log->end_told = log->stable;
}

void __wrap_kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max,
                        struct kafka_fetched *ret_fetched)
{
    struct fake_log *log = (struct fake_log *)queue;
    *ret_fetched = (struct kafka_fetched){.end = -1, .obstacle = log->obstacle};
    assert_true(log->is_followed);
    if (log->obstacle == KAFKA_CLEAR && (log->position < log->begin || log->position > log->end))
        ret_fetched->obstacle = KAFKA_OFFSET_GONE;
    log->obstacle = KAFKA_CLEAR;
    if (ret_fetched->obstacle == KAFKA_CLEAR)
        fetch_records(log, (int32_t)(log - world.logs), records, max, ret_fetched);
    else
        (void)snprintf(ret_fetched->words, sizeof ret_fetched->words, "topic/%d: %s",
                       (int)(log - world.logs), kafka_obstacle_name(ret_fetched->obstacle));
}

void __wrap_kafka_record_free(struct kafka_record *record)
{
    assert_non_null(record->topic); /* once */
    record->topic = NULL;
}

/* ---- lookups ---- */

int __wrap_kafka_lookup_new(const struct config *c, struct kafka_lookup **ret_lookup,
                            char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[],
                             size_t count, int64_t patience_ms,
                             void (*seen)(void *user, const struct kafka_record *record),
                             void *user, char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_lookup_bounds(struct kafka_lookup *lookup, const char *topic, int32_t partition,
                               int timeout_ms, int64_t *ret_begin, int64_t *ret_end,
                               char ret_message[static KAFKA_TEXT_MAX]);
void __wrap_kafka_lookup_free(struct kafka_lookup *lookup);

int __wrap_kafka_lookup_new(const struct config *c, struct kafka_lookup **ret_lookup,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    assert_ptr_equal(c, config);
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "as the configuration is");
    if (world.lookup_new_result < 0)
        return world.lookup_new_result;
    *ret_lookup = malloc(1);
    world.lookups_open++;
    return 0;
}

static void lookup_one(const struct kafka_place *place,
                       void (*seen)(void *user, const struct kafka_record *record), void *user)
{
    const struct fake_log *log = &world.logs[place->partition];
    assert_string_equal(place->topic, "topic");
    for (size_t i = 0; i < log->count && !log->is_unreadable; i++)
        if (log->records[i].offset == place->offset && !log->records[i].is_hidden) {
            const struct kafka_record record = record_of(&log->records[i], place->partition);
            seen(user, &record);
        }
}

int __wrap_kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[],
                             size_t count, int64_t patience_ms,
                             void (*seen)(void *user, const struct kafka_record *record),
                             void *user, char ret_message[static KAFKA_TEXT_MAX])
{
    assert_non_null(lookup);
    assert_int_equal(patience_ms, READING_MS_MAX);
    assert_in_range(count, 1, READING_PLACES_MAX);
    world.readings++;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (places[i].partition == places[j].partition &&
                places[i].offset - places[j].offset > world.spread)
                world.spread = places[i].offset - places[j].offset;
    if (world.lookup_result < 0)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "as Kafka says");
    for (size_t i = 0; i < count && (world.lookup_result == 0 || !world.lookup_sees_nothing); i++)
        lookup_one(&places[i], seen, user);
    return world.lookup_result;
}

int __wrap_kafka_lookup_bounds(struct kafka_lookup *lookup, const char *topic, int32_t partition,
                               int timeout_ms, int64_t *ret_begin, int64_t *ret_end,
                               char ret_message[static KAFKA_TEXT_MAX])
{
    assert_non_null(lookup);
    assert_string_equal(topic, "topic");
    assert_true(timeout_ms > 0);
    if (world.bounds_result < 0) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "no bounds");
        return world.bounds_result;
    }
    *ret_begin = world.logs[partition].begin;
    *ret_end = world.logs[partition].stable;
    return 0;
}

void __wrap_kafka_lookup_free(struct kafka_lookup *lookup)
{
    assert_true(pool.work == NULL || pool.is_running); /* the pool has it */
    world.lookups_open -= lookup != NULL;
    free(lookup);
}

/* ---- the pool, the clock, the loop ---- */

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after);
int64_t __wrap_clock_monotonic_ms(void);

int __wrap_uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb after)
{
    assert_ptr_equal(loop, &world.host.loop);
    assert_null(pool.work); /* one at a time */
    pool.work = work;
    pool.run = run;
    pool.after = after;
    pool.has_run = false;
    world.begun++;
    return 0;
}

void world_run(void)
{
    assert_non_null(pool.work);
    pool.is_running = true;
    pool.run(pool.work);
    pool.is_running = false;
    pool.has_run = true;
}

bool world_read(void)
{
    uv_work_t *work = pool.work;
    if (work == NULL)
        return false;
    if (!pool.has_run)
        world_run();
    pool.work = NULL;
    pool.after(work, 0);
    return true;
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return world.now_ms;
}

void world_turn(void)
{
    for (int i = 0; i < 400 && uv_run(&world.host.loop, UV_RUN_NOWAIT) != 0; i++) {
        bool has_more = false;
        for (int p = 0; p < PARTITIONS; p++)
            has_more |= world.logs[p].is_followed && world.logs[p].fetchable > 0 &&
                        world.logs[p].position < world.logs[p].stable;
        if (!has_more && i > 2)
            break;
    }
}

void world_settle(void)
{
    do
        world_turn();
    while (world_read());
}

void world_pass(int64_t ms)
{
    struct timers *timers = &world.host.timers;
    const int64_t until = world.now_ms + ms;
    while (timers->count > 0 && timers->heap[1]->at_ms <= until) {
        struct timer *timer = timers->heap[1];
        world.now_ms = timer->at_ms > world.now_ms ? timer->at_ms : world.now_ms;
        timers_cancel(timers, timer);
        timer->fire(timer->owner);
    }
    world.now_ms = until;
    world_turn();
}

/* ---- asking ---- */

static const char *const hows[] = {"found", "away", "refused", "gone", "left"};
static int numbers[ANSWERS_MAX];

static void on_found(void *user, const struct ktable_answer *answer)
{
    assert_true(world.answer_count < ANSWERS_MAX);
    struct world_answer *a = &world.answers[world.answer_count++];
    size_t used = 0;
    *a = (struct world_answer){
        .asked = *(const int *)user, .how = answer->how, .read_to = answer->read_to};
    (void)snprintf(a->why, sizeof a->why, "%s", answer->why);
    assert_int_equal(answer->read_to >= 0, answer->how == KTABLE_FOUND);
    assert_int_equal(answer->why[0] == '\0', answer->how == KTABLE_FOUND);
    for (size_t i = 0; i < answer->count; i++) {
        const struct ktable_record *r = &answer->records[i];
        assert_true(i == 0 || r->offset > r[-1].offset);
        assert_true(r->offset < answer->read_to);
        used += (size_t)snprintf(a->text + used, sizeof a->text - used, "%s%.*s=%.*s@%lld",
                                 i > 0 ? " " : "", (int)r->key_size, (const char *)r->key,
                                 (int)r->value_size, (const char *)r->value, (long long)r->offset);
    }
}

void world_ask(int number, int32_t partition, const char *group)
{
    assert_in_range(number, 0, ANSWERS_MAX - 1);
    numbers[number] = number;
    ktable_find(world.table, partition, group, on_found, &numbers[number]);
}

const char *world_asks(int32_t partition, const char *group)
{
    static char text[ANSWER_TEXT + 100];
    const size_t before = world.answer_count;
    world_ask(0, partition, group);
    world_settle();
    assert_int_equal(world.answer_count, before + 1);
    const struct world_answer *a = &world.answers[before];
    if (a->how == KTABLE_FOUND)
        (void)snprintf(text, sizeof text, "%lld:%s%s", (long long)a->read_to,
                       a->text[0] != '\0' ? " " : "", a->text);
    else
        (void)snprintf(text, sizeof text, "%s: %s", hows[a->how], a->why);
    return text;
}

size_t group_before_slash(const void *key, size_t size)
{
    const char *slash = memchr(key, '/', size);
    return slash != NULL ? (size_t)(slash - (const char *)key) : size;
}

/* ---- fixtures ---- */

static int set_up(const char *option)
{
    struct config_message message;
    char words[KAFKA_TEXT_MAX];
    world = (struct world){.now_ms = 1000000};
    world.answers = calloc(ANSWERS_MAX, sizeof *world.answers);
    wake_fd = -1;
    for (int i = 0; i < PARTITIONS; i++)
        world.logs[i].fetchable = INT64_MAX;
    assert_int_equal(config_load(NULL, &option, 1, &config, &message), 0);
    world.host.config = config;
    assert_int_equal(uv_loop_init(&world.host.loop), 0);
    timers_init(&world.host.timers, &world.host.loop);
    return ktable_new(&world.host, "topic", group_before_slash, &world.table, words);
}

int world_set_up(void **state)
{
    (void)state;
    return set_up("table.cache=256k");
}

int world_set_up_without_cache(void **state)
{
    (void)state;
    return set_up("table.cache=0");
}

int world_tear_down(void **state)
{
    (void)state;
    const size_t answered = world.answer_count;
    ktable_free(world.table);
    world_settle();
    assert_int_equal(world.answer_count, answered); /* nobody is answered any more */
    assert_int_equal(world.lookups_open, 0);
    assert_int_equal(world.host.timers.count, 0);
    timers_release(&world.host.timers);
    (void)uv_run(&world.host.loop, UV_RUN_DEFAULT);
    config_free(config);
    free(world.answers);
    return uv_loop_close(&world.host.loop);
}
