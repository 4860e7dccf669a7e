/* Partitions to halves; see stock_engine.h. */
#include "stock_engine.h"

#include "base/clock.h"
#include "codec/codec.h"
#include "domain/mappings/stock_rules.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "stream/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024 /* records of one fetch; each half bounds what waits of its partitions */ };

struct stock_engine { /* worker.engine_state */
    struct stock_tools tools;
    const struct stock_reader *readers;
    struct worker *worker;
};

struct engine_part { /* partition.engine_state */
    struct stock_part part;
    const struct stock_half *half;
};

static struct stock_engine *engine_of(const struct worker *w)
{
    return w->engine_state;
}

static struct engine_part *part_of(const struct partition *p)
{
    return p->engine_state;
}

/* ---- partitions ---- */

static const struct stock_half *half_of(const struct stock_engine *e, const char *topic)
{
    const struct stock_reader *reader = e->readers;
    while (reader->half != NULL && !reader->reads(topic))
        reader++;
    if (reader->half == NULL)
        abort(); /* the flow reads a topic that no half does */
    return reader->half;
}

static void engine_assigned(struct partition *p)
{
    const struct stock_engine *e = engine_of(p->worker);
    struct engine_part *part = calloc(1, sizeof *part);
    if (part == NULL)
        abort();
    *part = (struct engine_part){.part = {.tools = &e->tools,
                                          .topic = p->topic->name,
                                          .partition = p->place.partition,
                                          .partition_of_stream = p},
                                 .half = half_of(e, p->topic->name)};
    p->engine_state = part;
    part->half->assigned(&part->part);
}

static void engine_revoked(struct partition *p)
{
    struct engine_part *part = part_of(p);
    part->half->revoked(&part->part);
    free(part);
    p->engine_state = NULL;
}

static bool engine_is_ready(const struct partition *p)
{
    return part_of(p)->half->is_ready(&part_of(p)->part);
}

static size_t engine_room(const struct worker *w)
{
    (void)w;
    return ROOM;
}

static void engine_records(struct partition *p, struct kafka_record raw[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        part_of(p)->half->record(&part_of(p)->part, &raw[i]);
}

/* ---- transactions ---- */

static bool engine_has_output(const struct partition *p)
{
    return part_of(p)->half->has_output(&part_of(p)->part);
}

static struct collected engine_collect(struct partition *p, size_t most, struct batch *batch)
{
    return part_of(p)->half->collect(&part_of(p)->part, most, batch);
}

static void engine_committed(struct partition *p, size_t count)
{
    part_of(p)->half->committed(&part_of(p)->part, count);
}

static void engine_aborted(struct partition *p, size_t count)
{
    part_of(p)->half->aborted(&part_of(p)->part, count);
}

static bool engine_refused(struct partition *p, size_t message)
{
    return part_of(p)->half->refused(&part_of(p)->part, message);
}

static struct engine_view engine_look(const struct partition *p)
{
    return part_of(p)->half->look(&part_of(p)->part);
}

static bool engine_is_idle(const struct partition *p)
{
    return part_of(p)->half->is_idle(&part_of(p)->part);
}

/* Nothing waits for an answer of anybody: what has not settled is read again. */
static bool engine_is_under_way(const struct partition *p)
{
    (void)p;
    return false;
}

static void settled(struct stock_part *part)
{
    commit_soon(((struct partition *)part->partition_of_stream)->worker);
}

/* ---- the loop ---- */

static void engine_turn(struct worker *w)
{
    (void)w;
}

static void engine_tick(struct worker *w, int64_t now_ms)
{
    const int64_t wall_ms = clock_wall_ms();
    (void)now_ms;
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (part_of(p)->half->tick != NULL)
            part_of(p)->half->tick(&part_of(p)->part, wall_ms);
}

static void engine_reload(struct worker *w)
{
    struct stock_engine *e = engine_of(w);
    struct config_message message = {""};
    void *fresh = NULL, *former = (void *)(uintptr_t)e->tools.rules;
    if (order_rules_load(w->host.config, &fresh, &message) < 0) {
        log_error(.message = "mappings not reloaded; the previous ones stay in effect",
                  .detail = message.text);
        return;
    }
    e->tools.rules = fresh;
    for (struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (part_of(p)->half->reload != NULL)
            part_of(p)->half->reload(&part_of(p)->part);
    order_rules_free(former);
    log_info(.message = "mappings reloaded");
}

static void engine_abandon(struct worker *w)
{
    (void)w;
}

static bool engine_is_finishing(const struct worker *w)
{
    (void)w;
    return false;
}

/* Nothing has a deadline. */
static void engine_resumed(struct worker *w, int64_t pause_ms)
{
    (void)w;
    (void)pause_ms;
}

static size_t engine_in_flight(const struct worker *w)
{
    size_t count = 0;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        count += engine_look(p).count;
    return count;
}

static const struct engine stock_engine = {
    .assigned = engine_assigned,
    .is_ready = engine_is_ready,
    .room = engine_room,
    .records = engine_records,
    .has_output = engine_has_output,
    .collect = engine_collect,
    .committed = engine_committed,
    .aborted = engine_aborted,
    .refused = engine_refused,
    .revoked = engine_revoked,
    .turn = engine_turn,
    .tick = engine_tick,
    .reload = engine_reload,
    .abandon = engine_abandon,
    .is_finishing = engine_is_finishing,
    .resumed = engine_resumed,
    .in_flight = engine_in_flight,
    .look = engine_look,
    .is_under_way = engine_is_under_way,
    .is_idle = engine_is_idle,
};

/* ---- being seen ---- */

void stock_report_add(struct stock_report reports[], size_t *count, const char *name, int64_t value)
{
    size_t at = 0;
    while (at < *count && strcmp(reports[at].name, name) != 0)
        at++;
    if (at == STOCK_REPORTS_MAX)
        return;
    if (at == *count)
        reports[(*count)++] = (struct stock_report){name, 0};
    reports[at].value += value;
}

static size_t gather_reports(const struct worker *w, struct stock_report reports[])
{
    size_t count = 0;
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next)
        if (part_of(p)->half->report != NULL)
            part_of(p)->half->report(&part_of(p)->part, reports, &count);
    return count;
}

struct restoring {
    int64_t read, left;
    size_t partitions, ready;
    const char *trouble;
};

static struct restoring gather_restoring(const struct worker *w)
{
    struct restoring all = {.trouble = NULL};
    for (const struct partition *p = w->stream->partitions; p != NULL; p = p->next) {
        struct stock_restore one;
        part_of(p)->half->restore(&part_of(p)->part, &one);
        all.partitions++;
        all.ready += engine_is_ready(p);
        all.read += one.read;
        all.left += one.left;
        all.trouble = all.trouble == NULL ? one.trouble : all.trouble;
    }
    return all;
}

static void write_status(const struct worker *w, json_t *status)
{
    struct stock_report reports[STOCK_REPORTS_MAX];
    const size_t count = gather_reports(w, reports);
    const struct restoring all = gather_restoring(w);
    json_t *stock = json_object(), *restore = json_object();
    for (size_t i = 0; i < count; i++)
        (void)json_object_set_new(stock, reports[i].name, json_integer(reports[i].value));
    (void)json_object_set_new(restore, "partitions", json_integer((json_int_t)all.partitions));
    (void)json_object_set_new(restore, "ready", json_integer((json_int_t)all.ready));
    (void)json_object_set_new(restore, "records_read", json_integer(all.read));
    (void)json_object_set_new(restore, "records_left", json_integer(all.left));
    if (all.trouble != NULL)
        (void)json_object_set_new(restore, "trouble", json_string(all.trouble));
    (void)json_object_set_new(stock, "restore", restore);
    (void)json_object_set_new(status, "stock", stock);
}

static void refresh_gauges(const struct worker *w)
{
    struct stock_report reports[STOCK_REPORTS_MAX];
    const size_t count = gather_reports(w, reports);
    const struct restoring all = gather_restoring(w);
    for (size_t i = 0; i < count; i++)
        metrics_set(METRIC_stock_state, reports[i].name, (double)reports[i].value);
    metrics_set(METRIC_stock_unrestored, "", (double)(all.partitions - all.ready));
}

/* ---- start and end ---- */

static int check_records(struct worker *w, const struct stock_reader *reader,
                         struct config_message *ret_message)
{
    char words[300];
    for (const struct bound_record *const *record = reader->records; *record != NULL; record++)
        if (codec_check(w->codec, *record, words) < 0) {
            (void)snprintf(ret_message->text, sizeof ret_message->text, "%s", words);
            return -EINVAL;
        }
    return 0;
}

static int prepare(struct worker *w, struct config_message *ret_message)
{
    struct stock_engine *e = engine_of(w);
    void *rules = NULL;
    *e = (struct stock_engine){.tools = {.host = &w->host,
                                         .codec = w->codec,
                                         .group = w->stream->group,
                                         .settled = settled},
                               .readers = w->engine.with,
                               .worker = w};
    int result = order_rules_load(w->host.config, &rules, ret_message);
    for (const struct stock_reader *reader = e->readers; reader->half != NULL && result == 0;
         reader++)
        result = check_records(w, reader, ret_message);
    if (result < 0)
        order_rules_free(rules);
    else
        e->tools.rules = rules;
    return result;
}

static void release(struct worker *w)
{
    order_rules_free((void *)(uintptr_t)engine_of(w)->tools.rules);
}

struct worker_engine stock_worker(const struct stock_reader readers[])
{
    return (struct worker_engine){.engine = &stock_engine,
                                  .state_size = sizeof(struct stock_engine),
                                  .with = readers,
                                  .prepare = prepare,
                                  .release = release,
                                  .write_status = write_status,
                                  .refresh_gauges = refresh_gauges};
}
