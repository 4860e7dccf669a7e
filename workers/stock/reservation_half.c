/* The maker's half; see reservation_half.h. */
#include "reservation_half.h"

#include "kafka/topics.h"
#include "obs/metrics.h"
#include "reservation_mending.h"
#include "reservation_shard.h"

#include <stdlib.h>
#include <string.h>

struct reservation_part { /* of a stock_part, as its state */
    struct reservation_shard *shard;
    enum reservation_source source;
};

static const char *const sources[] = {
    [RESERVATION_OF_ORDERS] = topic_orders_raw,
    [RESERVATION_OF_RESULTS] = topic_orders_results,
    [RESERVATION_OF_LEDGER] = topic_orders_ledger,
    [RESERVATION_OF_CONFIRMED] = topic_stock_confirmed,
};

bool reservation_half_reads(const char *topic)
{
    for (size_t i = 0; i < RESERVATION_SOURCES; i++)
        if (strcmp(topic, sources[i]) == 0)
            return true;
    return false;
}

static struct reservation_shard *shard_of(const struct stock_part *part)
{
    return ((const struct reservation_part *)part->state)->shard;
}

static enum reservation_source source_of(const struct stock_part *part)
{
    return ((const struct reservation_part *)part->state)->source;
}

static struct reservation_input *input_of(const struct stock_part *part)
{
    return &shard_of(part)->inputs[source_of(part)];
}

/* What is a shard's own is told by one of its parts. */
static bool speaks(const struct stock_part *part)
{
    return source_of(part) == RESERVATION_OF_ORDERS;
}

static void write_gauges(const struct reservation_process *process) /* NULL: nobody is left */
{
    for (size_t gap = 0; gap < GAP_COUNT; gap++) {
        size_t orders = 0;
        for (size_t i = 0; process != NULL && i < process->count; i++)
            orders += process->shards[i]->maker.keep.gap_orders[gap];
        metrics_set(METRIC_stock_gap_orders, stock_gap_names[gap], (double)orders);
    }
}

static void half_assigned(struct stock_part *part)
{
    struct reservation_part *p = calloc(1, sizeof *p);
    int source = 0;
    if (p == NULL)
        abort();
    while (strcmp(part->topic, sources[source]) != 0)
        source++;
    p->source = (enum reservation_source)source;
    part->state = p;
    p->shard = reservation_shard_join(part, p->source);
}

static void half_revoked(struct stock_part *part)
{
    const bool is_last = shard_of(part)->process->count == 1;
    reservation_shard_leave(shard_of(part), source_of(part));
    if (is_last)
        write_gauges(NULL);
    free(part->state);
    part->state = NULL;
}

static bool half_is_ready(const struct stock_part *part)
{
    return reservation_shard_is_ready(shard_of(part)) && reservation_input_has_room(input_of(part));
}

static void half_record(struct stock_part *part, struct kafka_record *record)
{
    reservation_input_add(input_of(part), record);
    reservation_shard_hear(shard_of(part));
}

/* ---- transactions ---- */

static struct collected half_collect(struct stock_part *part, size_t most, struct batch *batch)
{
    const struct reservation_input *input = input_of(part);
    struct collected got = {.count = input->heard < most ? input->heard : most};
    got.is_all = got.count == input->count;
    if (got.count > 0)
        got.next = reservation_input_at(input, got.count - 1)->offset + 1;
    if (got.count > 0 || speaks(part))
        reservation_outbox_take(&shard_of(part)->maker.outbox, batch);
    return got;
}

static void half_committed(struct stock_part *part, size_t count)
{
    reservation_outbox_end(&shard_of(part)->maker.outbox, true);
    reservation_input_drop(input_of(part), count);
}

static void half_aborted(struct stock_part *part, size_t count)
{
    (void)count;
    reservation_outbox_end(&shard_of(part)->maker.outbox, false);
}

/* No message is larger than what Kafka takes by default: RESERVATION_BYTES_MAX. */
static bool half_refused(struct stock_part *part, size_t message)
{
    (void)part;
    (void)message;
    return false;
}

static struct engine_view half_look(const struct stock_part *part)
{
    const struct reservation_input *input = input_of(part);
    return (struct engine_view){.count = input->count,
                                .first_offset =
                                    input->count == 0 ? -1 : reservation_input_at(input, 0)->offset,
                                .has_settled = input->heard > 0};
}

/* Messages of no record, as mending and forgetting make them; those of records go with these, and they
 * with them. */
static bool half_has_output(const struct stock_part *part)
{
    const struct reservation_shard *s = shard_of(part);
    bool has_heard = false;
    for (size_t i = 0; i < RESERVATION_SOURCES; i++)
        has_heard |= s->inputs[i].heard > 0;
    return speaks(part) && !has_heard && s->maker.outbox.count > s->maker.outbox.taken;
}

static bool half_is_idle(const struct stock_part *part)
{
    return input_of(part)->count == 0 && (!speaks(part) || shard_of(part)->maker.outbox.count == 0);
}

/* ---- now and then ---- */

static void half_tick(struct stock_part *part, int64_t now_ms)
{
    struct reservation_shard *s = shard_of(part);
    if (!speaks(part) || !reservation_shard_is_ready(s))
        return;
    reservation_mending_begin(s->process);
    const size_t before = s->maker.outbox.count;
    if (s->process->shards[0] == s)
        write_gauges(s->process);
    reservation_forget(&s->maker, now_ms, &s->looked_at);
    if (s->maker.outbox.count > before)
        part->tools->settled(part);
}

static void half_reload(struct stock_part *part)
{
    if (speaks(part) && shard_of(part)->is_restored)
        reservation_mending_plan(shard_of(part));
}

static void half_restore(const struct stock_part *part, struct stock_restore *ret_restore)
{
    const struct reservation_shard *s = shard_of(part);
    *ret_restore = (struct stock_restore){0};
    if (s->followed == NULL)
        ret_restore->trouble =
            "partitions of this number of orders.raw, orders.results and orders.ledger are not all "
            "here";
    else if (speaks(part))
        *ret_restore = (struct stock_restore){.read = s->restored,
                                              .left = stock_follow_left(s->followed),
                                              .trouble = stock_follow_trouble(s->followed)};
}

static void half_report(const struct stock_part *part, struct stock_report reports[], size_t *count)
{
    const struct reservation_keep *keep = &shard_of(part)->maker.keep;
    if (!speaks(part))
        return;
    stock_report_add(reports, count, "orders", (int64_t)keep->table.count);
    stock_report_add(reports, count, "open_orders", (int64_t)keep->open);
    stock_report_add(reports, count, "order_bytes", (int64_t)keep->bytes);
    stock_report_add(reports, count, "orders_with_gaps", (int64_t)keep->with_gaps);
}

const struct stock_half reservation_half = {
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
