/* Logs and transactions; see broker.h. */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

enum { WALL_MS = 1700000000, TXN_TIMEOUT_MS = 2000, TICK_MS = 100 };

struct broker broker;

static void broker_beat(void *data)
{
    (void)data;
    broker_tick();
    sim_at(TICK_MS, broker_beat, NULL);
}

void broker_begin(void)
{
    broker = (struct broker){.topic_count = 0};
    group_begin();
    sim_at(TICK_MS, broker_beat, NULL);
}

static void log_record_free(struct log_record *r)
{
    for (size_t i = 0; i < r->header_count; i++) {
        free((void *)(uintptr_t)r->headers[i].name);
        free((void *)(uintptr_t)r->headers[i].value);
    }
    free(r->headers);
    free(r->key);
    free(r->value);
    free(r);
}

void broker_end(void)
{
    for (int t = 0; t < broker.topic_count; t++)
        for (int i = 0; i < PARTITIONS; i++) {
            struct log_partition *p = &broker.topics[t].partitions[i];
            for (size_t n = 0; n < p->count; n++)
                log_record_free(p->records[n]);
            free(p->records);
        }
    while (broker.txns != NULL) {
        struct txn *txn = broker.txns;
        broker.txns = txn->next;
        free(txn);
    }
}

void broker_add_topic(const char *name, int partitions)
{
    struct log_topic *t = &broker.topics[broker.topic_count++];
    (void)snprintf(t->name, sizeof t->name, "%s", name);
    t->partition_count = partitions;
    for (int i = 0; i < PARTITIONS; i++)
        t->partitions[i].committed = -1;
}

struct log_topic *broker_topic(const char *name)
{
    for (int i = 0; i < broker.topic_count; i++)
        if (strcmp(broker.topics[i].name, name) == 0)
            return &broker.topics[i];
    (void)fprintf(stderr, "the simulated Kafka lacks the topic %s (main.c adds them)\n", name);
    abort();
}

/* ---- reading ---- */

int64_t broker_stable_end(const struct log_partition *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->records[i]->txn != NULL && p->records[i]->txn->state == TXN_OPEN)
            return (int64_t)i;
    return (int64_t)p->count;
}

int64_t broker_ms(const struct log_record *r)
{
    return r->wall_ms - 1000LL * WALL_MS;
}

int64_t broker_age_end(const struct log_partition *p, int64_t ms)
{
    const int64_t before_ms = 1000LL * WALL_MS + sim.now_ms - ms;
    int64_t end = (int64_t)p->count;
    while (end > 0 && p->records[end - 1]->wall_ms > before_ms)
        end--;
    return end;
}

const struct log_record *broker_read(const struct log_partition *p, int64_t *offset)
{
    const int64_t end = broker_stable_end(p);
    for (; *offset < end; (*offset)++) {
        const struct log_record *r = p->records[*offset];
        if (!r->is_marker && (r->txn == NULL || r->txn->state == TXN_COMMITTED))
            return r;
    }
    return NULL;
}

void record_of(const struct log_topic *t, int32_t partition, int64_t offset,
               const struct log_record *from, struct kafka_record *ret_record)
{
    struct kafka_header *headers = NULL;
    if (from->header_count > 0) {
        headers = calloc(from->header_count, sizeof *headers);
        if (headers == NULL)
            abort();
        memcpy(headers, from->headers, from->header_count * sizeof *headers);
    }
    *ret_record = (struct kafka_record){.handle = (void *)(uintptr_t)from,
                                        .topic = t->name,
                                        .partition = partition,
                                        .offset = offset,
                                        .timestamp_ms = from->wall_ms,
                                        .log_append_time = true,
                                        .key = from->key,
                                        .value = from->value,
                                        .key_size = from->key_size,
                                        .value_size = from->value_size,
                                        .headers = headers,
                                        .header_count = from->header_count};
}

/* ---- writing ---- */

static char *bytes_copy(const void *bytes, size_t size)
{
    if (bytes == NULL)
        return NULL;
    char *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

static void log_add(struct log_partition *p, struct log_record *r)
{
    if (p->count == p->room) {
        p->room = p->room == 0 ? 32 : 2 * p->room;
        p->records = realloc(p->records, p->room * sizeof(struct log_record *));
        if (p->records == NULL)
            abort();
    }
    r->wall_ms = 1000LL * WALL_MS + sim.now_ms; /* the broker's clock is right */
    p->records[p->count++] = r;
}

static struct log_record *log_record_new(const struct txn *txn)
{
    struct log_record *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    r->txn = txn;
    return r;
}

int32_t kafka_partition_of(const void *key, size_t size, int32_t count)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)key)[i]) * 16777619U;
    return (int32_t)(hash % (uint32_t)count);
}

/* Who reads is told: its client's queue has something. */
static void tell_readers(void)
{
    for (int i = 0; i < SIM_PROCESSES; i++)
        sim_wake_poll(&sim.processes[i]);
}

int64_t broker_append(const struct kafka_message *m, struct txn *txn)
{
    struct log_topic *t = broker_topic(m->topic);
    const bool is_placed = m->place_key != NULL;
    const int partition =
        kafka_partition_of(is_placed ? m->place_key : m->key,
                           is_placed ? m->place_key_size : m->key_size, t->partition_count);
    struct log_record *r = log_record_new(txn);
    r->key = bytes_copy(m->key, m->key_size);
    r->value = bytes_copy(m->value, m->value_size);
    r->key_size = m->key_size;
    r->value_size = m->value_size;
    r->headers = m->header_count > 0 ? calloc(m->header_count, sizeof *r->headers) : NULL;
    for (; r->header_count < m->header_count; r->header_count++) {
        const struct kafka_header *h = &m->headers[r->header_count];
        r->headers[r->header_count] = (struct kafka_header){bytes_copy(h->name, strlen(h->name)),
                                                            bytes_copy(h->value, h->size), h->size};
    }
    if (txn != NULL)
        txn->touched[t - broker.topics][partition] = true;
    log_add(&t->partitions[partition], r);
    if (txn == NULL)
        tell_readers();
    return (int64_t)t->partitions[partition].count - 1;
}

struct txn *broker_txn_begin(int producer)
{
    struct txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        abort();
    *txn = (struct txn){.next = broker.txns, .producer = producer, .began_ms = sim.now_ms};
    broker.txns = txn;
    return txn;
}

void broker_txn_end(struct txn *txn, enum txn_state state)
{
    txn->state = state;
    for (int t = 0; t < broker.topic_count; t++)
        for (int i = 0; i < PARTITIONS; i++)
            if (txn->touched[t][i]) {
                struct log_record *marker = log_record_new(txn);
                marker->is_marker = true;
                log_add(&broker.topics[t].partitions[i], marker);
            }
    tell_readers();
}

bool broker_offset_is_stable(const struct log_topic *t, int32_t partition)
{
    for (const struct txn *txn = broker.txns; txn != NULL; txn = txn->next)
        if (txn->state == TXN_OPEN && txn->moves[t - broker.topics][partition])
            return false;
    return true;
}

void broker_fence(int producer)
{
    broker.producer_epoch[producer]++;
    for (struct txn *txn = broker.txns; txn != NULL; txn = txn->next)
        if (txn->producer == producer && txn->state == TXN_OPEN)
            broker_txn_end(txn, TXN_ABORTED);
}

void broker_tick(void)
{
    for (struct txn *txn = broker.txns; txn != NULL; txn = txn->next)
        if (txn->state == TXN_OPEN && sim.now_ms - txn->began_ms > TXN_TIMEOUT_MS) {
            sim_note("Kafka: a transaction of %s times out", sim.processes[txn->producer].slot);
            broker_fence(txn->producer);
        }
}

/* ---- outages ---- */

bool broker_is_up(void)
{
    return sim.now_ms >= broker.down_until_ms;
}

bool broker_wait(int64_t ms)
{
    const int64_t until = sim.now_ms + ms;
    sim_sleep(sim_between(0, 3));
    while (!broker_is_up() && sim.now_ms < until)
        sim_sleep(50);
    return broker_is_up();
}
