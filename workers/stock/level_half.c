/* The levels half: a partition's state restored and kept up; see level_half.h. What is made of it is
 * level_part.h's. */
#include "level_half.h"

#include "base/clock.h"
#include "domain/events/stock_state.h"
#include "kafka/topics.h"
#include "level_part.h"
#include "level_restore.h"
#include "obs/log.h"
#include "stock_follow.h"

#include <stdlib.h>
#include <string.h>

const struct bound_record *const level_half_records[] = {
    &stock_event_record,       &stock_result_record, &stock_level_record,
    &stock_reservation_record, &stock_state_record,  NULL};

bool level_half_reads(const char *topic)
{
    return strcmp(topic, topic_stock_snapshots) == 0;
}

/* ---- what the partitions of a process share ---- */

enum { FOLLOW_ROWS, FOLLOW_LEVELS, FOLLOW_RESERVATIONS, FOLLOWS };

struct level_process {
    const struct stock_tools *tools;
    struct stock_follow *follows[FOLLOWS];
    struct bundle_index bundles;
    struct level_rules rules;
    size_t parts;
};

/* One a process of the system; the simulator has several in one of ours. */
static struct level_process **processes;
static size_t process_count;

static void process_follow(struct level_process *p)
{
    static const char *const topics[FOLLOWS] = {topic_stock_rows, topic_stock_levels,
                                                topic_stock_reservations};
    char words[KAFKA_TEXT_MAX];
    for (size_t i = 0; i < FOLLOWS; i++)
        if (stock_follow_new(p->tools->host, topics[i], &p->follows[i], words) < 0)
            host_start_over(p->tools->host, "kafka_refused", words);
}

static void process_read_rules(struct level_process *p)
{
    bundle_index_release(&p->bundles);
    bundle_index_make(&p->bundles, p->tools->rules);
    p->rules = (struct level_rules){p->tools->rules, &p->bundles};
}

static struct level_process *process_join(const struct stock_tools *tools)
{
    for (size_t i = 0; i < process_count; i++)
        if (processes[i]->tools == tools) {
            processes[i]->parts++;
            return processes[i];
        }
    struct level_process *p = calloc(1, sizeof *p);
    processes = reallocarray(processes, process_count + 1, sizeof(struct level_process *));
    if (p == NULL || processes == NULL)
        abort();
    processes[process_count++] = p;
    p->tools = tools;
    p->parts = 1;
    process_follow(p);
    process_read_rules(p);
    return p;
}

static void process_leave(struct level_process *p)
{
    size_t at = 0;
    if (--p->parts > 0)
        return;
    for (size_t i = 0; i < FOLLOWS; i++)
        stock_follow_free(p->follows[i]);
    bundle_index_release(&p->bundles);
    while (processes[at] != p)
        at++;
    processes[at] = processes[--process_count];
    free(p);
    if (process_count > 0)
        return;
    free(processes);
    processes = NULL;
}

/* ---- a partition ---- */

struct level_shard {
    struct stock_part *part;
    struct level_process *process;
    struct level_part *levels;
    struct level_restore restore;
    struct stock_followed *followed[FOLLOWS]; /* NULL: not yet, or not any more */
    bool is_there[FOLLOWS];
    bool is_ready;
    int64_t begun_ms;
};

static struct level_shard *shard_of(const struct stock_part *part)
{
    return part->state;
}

static void shard_settled(struct level_shard *s)
{
    if (level_part_look(s->levels).has_settled || level_part_has_output(s->levels))
        s->part->tools->settled(s->part);
}

/* ---- restoring ---- */

/* Without its schema a record of ours cannot be passed over. */
static void check_schema(const struct level_shard *s)
{
    if (s->restore.has_no_schema)
        host_start_over(s->part->tools->host, "schema_registry",
                        "the schema registry does not answer, and the state cannot be read");
}

static void take_rows(void *user, const struct kafka_record *record)
{
    struct level_shard *s = user;
    (void)level_restore_rows(&s->restore, record);
    check_schema(s);
}

static void take_level(void *user, const struct kafka_record *record)
{
    struct level_shard *s = user;
    (void)level_restore_level(&s->restore, record);
    check_schema(s);
}

static void take_reservation(void *user, const struct kafka_record *record)
{
    struct level_shard *s = user;
    const bool is_right = level_restore_reservation(&s->restore, record);
    check_schema(s);
    if (!is_right && s->is_ready)
        log_warning(.message = "reservation unreadable; its units are not netted",
                    .topic = topic_stock_reservations, .partition = s->part->partition + 1,
                    .offset = record->offset + 1,
                    .remedy = "see docs/TOPICS.md for who writes it; report it with this line");
    level_part_heard_to(s->levels, record->offset + 1);
    if (s->is_ready)
        shard_settled(s);
}

static bool has_room(const void *user)
{
    const struct level_shard *s = user;
    return !s->is_ready || level_part_wants_reservations(s->levels);
}

static void was_cut(void *user, const char *words)
{
    struct level_shard *s = user;
    host_start_over(s->part->tools->host, "stock_state_cut", words);
}

static void follow(struct level_shard *s, int which);

static void rest_is_there(struct level_shard *s)
{
    struct level_part_counts counts;
    s->is_ready = true;
    level_part_heard_to(s->levels, stock_follow_position(s->followed[FOLLOW_RESERVATIONS]));
    level_part_restored(s->levels, clock_wall_ms());
    level_part_count(s->levels, &counts);
    log_info(.message = "stock restored", .topic = s->part->topic,
             .partition = s->part->partition + 1, .count = counts.rows,
             .ms = clock_monotonic_ms() - s->begun_ms);
    if (s->restore.refused > 0)
        log_warning(.message = "records of the stock worker's own topics are unreadable; what they "
                               "said is not known until the next read",
                    .partition = s->part->partition + 1, .count = s->restore.refused,
                    .remedy = "were stock.rows, stock.levels or stock.reservations written by "
                              "anybody else? report it with this line");
    shard_settled(s);
}

static void is_there(struct level_shard *s, int which)
{
    s->is_there[which] = true;
    if (which == FOLLOW_RESERVATIONS) {
        rest_is_there(s);
        return;
    }
    stock_follow_leave(s->followed[which]); /* from now on only we write it */
    s->followed[which] = NULL;
    if (s->is_there[FOLLOW_ROWS] && s->is_there[FOLLOW_LEVELS])
        follow(s, FOLLOW_RESERVATIONS);
}

static void rows_are_there(void *user)
{
    is_there(user, FOLLOW_ROWS);
}

static void levels_are_there(void *user)
{
    is_there(user, FOLLOW_LEVELS);
}

static void reservations_are_there(void *user)
{
    is_there(user, FOLLOW_RESERVATIONS);
}

static void follow(struct level_shard *s, int which)
{
    static const struct stock_follow_hooks hooks[FOLLOWS] = {
        [FOLLOW_ROWS] = {take_rows, NULL, rows_are_there, was_cut},
        [FOLLOW_LEVELS] = {take_level, NULL, levels_are_there, was_cut},
        [FOLLOW_RESERVATIONS] = {take_reservation, has_room, reservations_are_there, was_cut},
    };
    s->followed[which] =
        stock_follow_begin(s->process->follows[which], s->part->partition, &hooks[which], s);
}

static void half_assigned(struct stock_part *part)
{
    const struct stock_tools *tools = part->tools;
    struct level_shard *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    *s = (struct level_shard){
        .part = part, .process = process_join(tools), .begun_ms = clock_monotonic_ms()};
    const struct level_part_settings settings = {
        .maker = {.codec = tools->codec,
                  .group = tools->group,
                  .topic = part->topic,
                  .partition = part->partition},
        .rules = &s->process->rules,
        .read_timeout_ms = config_int(tools->host->config, CFG_stock_read_timeout),
        .skus_max = LEVEL_PART_SKUS};
    s->levels = level_part_new(&settings);
    s->restore =
        (struct level_restore){.codec = tools->codec, .state = level_part_state(s->levels)};
    part->state = s;
    follow(s, FOLLOW_ROWS);
    follow(s, FOLLOW_LEVELS);
}

static void half_revoked(struct stock_part *part)
{
    struct level_shard *s = shard_of(part);
    for (size_t i = 0; i < FOLLOWS; i++)
        stock_follow_leave(s->followed[i]);
    level_part_free(s->levels);
    process_leave(s->process);
    free(s);
    part->state = NULL;
}

/* ---- engine.h ---- */

static bool half_is_ready(const struct stock_part *part)
{
    const struct level_shard *s = shard_of(part);
    return s->is_ready && level_part_has_room(s->levels);
}

static void half_record(struct stock_part *part, struct kafka_record *record)
{
    struct level_shard *s = shard_of(part);
    level_part_record(s->levels, record, clock_wall_ms());
    shard_settled(s);
}

static struct collected half_collect(struct stock_part *part, size_t most, struct batch *batch)
{
    struct level_shard *s = shard_of(part);
    if (!s->is_ready)
        return (struct collected){.is_all = true};
    const struct collected got = level_part_collect(s->levels, most, batch, clock_wall_ms());
    if (s->followed[FOLLOW_RESERVATIONS] != NULL)
        stock_follow_continue(s->followed[FOLLOW_RESERVATIONS]);
    return got;
}

static void half_committed(struct stock_part *part, size_t count)
{
    struct level_shard *s = shard_of(part);
    level_part_committed(s->levels, count, clock_wall_ms());
    shard_settled(s);
}

static void half_aborted(struct stock_part *part, size_t count)
{
    (void)count;
    level_part_aborted(shard_of(part)->levels);
}

/* A level, a SKU's rows, a result: each is far below what Kafka takes. A dead letter is as large as
 * its record was. */
static bool half_refused(struct stock_part *part, size_t message)
{
    (void)part;
    (void)message;
    return false;
}

static struct engine_view half_look(const struct stock_part *part)
{
    return level_part_look(shard_of(part)->levels);
}

static bool half_has_output(const struct stock_part *part)
{
    const struct level_shard *s = shard_of(part);
    return s->is_ready && level_part_has_output(s->levels);
}

static bool half_is_idle(const struct stock_part *part)
{
    return !level_part_look(shard_of(part)->levels).has_settled;
}

static void half_tick(struct stock_part *part, int64_t now_ms)
{
    struct level_shard *s = shard_of(part);
    if (!s->is_ready)
        return;
    level_part_tick(s->levels, now_ms);
    shard_settled(s);
}

/* The first of a process's partitions makes for all of them what follows from the rules. */
static void half_reload(struct stock_part *part)
{
    struct level_shard *s = shard_of(part);
    if (s->process->rules.rules != part->tools->rules)
        process_read_rules(s->process);
    if (s->is_ready)
        level_part_look_again(s->levels, LEVEL_MAPPING);
}

/* ---- being seen ---- */

static void half_restore(const struct stock_part *part, struct stock_restore *ret_restore)
{
    const struct level_shard *s = shard_of(part);
    struct stock_restore restore = {.read = s->restore.read};
    for (size_t i = 0; i < FOLLOWS; i++) {
        if (s->followed[i] == NULL)
            continue;
        restore.left += stock_follow_left(s->followed[i]);
        if (restore.trouble == NULL)
            restore.trouble = stock_follow_trouble(s->followed[i]);
    }
    *ret_restore = restore;
}

static void half_report(const struct stock_part *part, struct stock_report reports[], size_t *count)
{
    struct level_part_counts counts;
    level_part_count(shard_of(part)->levels, &counts);
    stock_report_add(reports, count, "rows", counts.rows);
    stock_report_add(reports, count, "skus", counts.skus);
    stock_report_add(reports, count, "levels", counts.levels);
    stock_report_add(reports, count, "reservations", counts.reservations);
    stock_report_add(reports, count, "staged_rows", counts.staged_rows);
    stock_report_add(reports, count, "unsaved_skus", counts.unsaved);
    stock_report_add(reports, count, "waiting_records", counts.waiting);
    stock_report_add(reports, count, "split_bundles", counts.hidden_bundles);
}

const struct stock_half level_half = {
    .assigned = half_assigned,
    .revoked = half_revoked,
    .is_ready = half_is_ready,
    .record = half_record,
    .collect = half_collect,
    .committed = half_committed,
    .aborted = half_aborted,
    .refused = half_refused,
    .look = half_look,
    .has_output = half_has_output,
    .is_idle = half_is_idle,
    .tick = half_tick,
    .reload = half_reload,
    .restore = half_restore,
    .report = half_report,
};
