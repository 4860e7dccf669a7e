/* A partition's orders, from assignment to assignment; see reservation_shard.h. */
#include "reservation_shard.h"

#include "kafka/topics.h"
#include "obs/log.h"
#include "reservation_mending.h"
#include "reservation_schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- restoring ---- */

static void keep_waiting(struct reservation_shard *s, const struct kafka_record *record)
{
    char *bytes = malloc(record->key_size + record->value_size);
    if (bytes == NULL)
        abort();
    memcpy(bytes, record->key, record->key_size);
    memcpy(bytes + record->key_size, record->value, record->value_size);
    s->waiting = *record;
    s->waiting.handle = NULL;
    s->waiting.headers = NULL;
    s->waiting.header_count = 0;
    s->waiting.topic = topic_stock_orders;
    s->waiting.key = bytes;
    s->waiting.value = bytes + record->key_size;
}

static void drop_waiting(struct reservation_shard *s)
{
    free((void *)(uintptr_t)s->waiting.key);
    s->waiting = (struct kafka_record){0};
}

static int restore_record(struct reservation_shard *s, const struct kafka_record *record)
{
    const int r = reservation_remember(&s->maker, record);
    if (r == -ENOMEM)
        abort();
    if (r == -EAGAIN)
        return r;
    s->restored++;
    if (r < 0)
        log_warning(.message = "a remembered order cannot be read; it is left out",
                    .topic = topic_stock_orders, .partition = s->partition + 1,
                    .offset = record->offset + 1,
                    .remedy = "restore the schema that wrote it (schemas/history) and restart the "
                              "worker; or set the group's offsets of orders.raw back behind it");
    return 0;
}

static void on_record(void *user, const struct kafka_record *record)
{
    struct reservation_shard *s = user;
    if (record->key == NULL || restore_record(s, record) == 0)
        return;
    keep_waiting(s, record);
    reservation_schema_ask(s->process, s->waiting.value, s->waiting.value_size);
}

static bool has_room(const void *user)
{
    return ((const struct reservation_shard *)user)->waiting.key == NULL;
}

/* ---- hearing ---- */

bool reservation_shard_is_ready(const struct reservation_shard *s)
{
    return s->is_restored && s->waiting.key == NULL &&
           s->maker.outbox.count < RESERVATION_OUTBOX_MAX;
}

void reservation_shard_hear(struct reservation_shard *s)
{
    const struct kafka_record *record;
    s->maker.rules = s->process->tools->rules;
    for (int source = 0; source < RESERVATION_SOURCES; source++)
        while (s->is_restored && s->waiting.key == NULL &&
               (record = reservation_input_next(&s->inputs[source])) != NULL) {
            if (reservation_hear(&s->maker, (enum reservation_source)source, record) == -EAGAIN) {
                reservation_schema_ask(s->process, record->value, record->value_size);
                break;
            }
            s->inputs[source].heard++;
            s->process->tools->settled(s->parts[source]);
        }
}

/* ---- restored ---- */

static void on_restored(void *user)
{
    struct reservation_shard *s = user;
    s->is_restored = true;
    log_info(.message = "orders with stock reserved are restored", .topic = topic_stock_orders,
             .partition = s->partition + 1, .count = (int64_t)s->maker.keep.table.count);
    reservation_mending_plan(s);
    reservation_shard_hear(s);
}

static void on_cut(void *user, const char *words)
{
    struct reservation_shard *s = user;
    host_start_over(s->process->tools->host, "stock_orders_cut", words);
}

static void begin_restore(struct reservation_shard *s)
{
    static const struct stock_follow_hooks hooks = {
        .record = on_record, .has_room = has_room, .restored = on_restored, .cut = on_cut};
    struct reservation_process *p = s->process;
    struct kafka_words words = {""};
    if (p->follow == NULL &&
        stock_follow_new(p->tools->host, topic_stock_orders, &p->follow, words.text) < 0)
        host_start_over(p->tools->host, "kafka_properties", words.text);
    s->followed = stock_follow_begin(p->follow, s->partition, &hooks, s);
}

static bool is_whole(const struct reservation_shard *s)
{
    return s->parts[RESERVATION_OF_ORDERS] != NULL && s->parts[RESERVATION_OF_RESULTS] != NULL &&
           s->parts[RESERVATION_OF_LEDGER] != NULL;
}

static bool is_empty(const struct reservation_shard *s)
{
    for (size_t i = 0; i < RESERVATION_SOURCES; i++)
        if (s->parts[i] != NULL)
            return false;
    return true;
}

/* What was taken into a transaction stays until that has ended. */
static void forget_all(struct reservation_shard *s)
{
    stock_follow_leave(s->followed);
    s->followed = NULL;
    s->is_restored = false;
    s->restored = 0;
    drop_waiting(s);
    reservation_mending_drop(s);
    reservation_keep_release(&s->maker.keep);
    reservation_outbox_truncate(&s->maker.outbox, s->maker.outbox.taken);
    s->maker.outbox.is_void = s->maker.outbox.taken > 0;
    for (size_t i = 0; i < RESERVATION_SOURCES; i++)
        s->inputs[i].heard = 0;
}

/* ---- parts ---- */

/* A schema has come, or may be asked for again. */
static void shard_resume(struct reservation_shard *s)
{
    if (s->waiting.key != NULL) {
        if (restore_record(s, &s->waiting) < 0) {
            reservation_schema_ask(s->process, s->waiting.value, s->waiting.value_size);
            return;
        }
        drop_waiting(s);
        stock_follow_continue(s->followed);
    }
    reservation_shard_hear(s);
}

/* What only a programmer can break: unchecked, every record would pass for one that cannot be read. */
static void check_schemas(const struct stock_tools *tools)
{
    char message[300] = "";
    for (size_t i = 0; reservation_records[i] != NULL; i++)
        if (codec_check(tools->codec, reservation_records[i], message) < 0)
            host_fail(tools->host, EX_CONFIG, "a schema does not fit this release", message,
                      "install schemas/ of the same release as the worker");
}

static struct reservation_shard *shard_of(struct reservation_process *p, int32_t partition)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->shards[i]->partition == partition)
            return p->shards[i];
    struct reservation_shard *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    *s = (struct reservation_shard){
        .process = p,
        .partition = partition,
        .maker = {.codec = p->tools->codec, .rules = p->tools->rules, .limit = &p->limit}};
    if (p->count == 0)
        check_schemas(p->tools);
    p->resume = shard_resume;
    reservation_process_add(p, s);
    return s;
}

struct reservation_shard *reservation_shard_join(struct stock_part *part,
                                                 enum reservation_source source)
{
    struct reservation_shard *s = shard_of(reservation_process_of(part->tools), part->partition);
    s->parts[source] = part;
    if (is_whole(s) && s->followed == NULL)
        begin_restore(s);
    return s;
}

void reservation_shard_leave(struct reservation_shard *s, enum reservation_source source)
{
    struct reservation_process *p = s->process;
    if (s->followed != NULL && source != RESERVATION_OF_CONFIRMED)
        forget_all(s);
    reservation_input_release(&s->inputs[source]);
    s->parts[source] = NULL;
    if (!is_empty(s))
        return;
    reservation_outbox_end(&s->maker.outbox, false);
    reservation_maker_release(&s->maker);
    reservation_process_remove(p, s);
    free(s);
}
