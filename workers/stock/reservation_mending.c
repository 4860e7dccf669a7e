/* Events of orders with gaps, read again; see reservation_mending.h. */
#include "reservation_mending.h"

#include "base/clock.h"
#include "kafka/lookup.h"
#include "kafka/topics.h"
#include "obs/log.h"
#include "reservation_shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MENDED_AT_ONCE = 64,
    MENDED_SPREAD = 1000, /* offsets that are read through for one reading */
    MEND_PATIENCE_MS = 10000,
    MEND_AGAIN_MS = 5000,
    MEND_ARENA = 128 * 1024 * 1024
};

struct mending {
    uv_work_t work;
    struct reservation_process *process;
    int32_t partition;
    struct kafka_place places[MENDED_AT_ONCE];
    size_t count;
    int64_t *plan;                             /* of the shard, then: another one is void */
    struct kafka_record found[MENDED_AT_ONCE]; /* key is their one allocation */
    size_t found_count;
    int result;
    char words[KAFKA_TEXT_MAX];
};

/* ---- the plan ---- */

static int compare_offsets(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int64_t gap_offset(struct reservation_maker *maker, const struct kept_order *order)
{
    struct stock_reserve_key key;
    struct reservation_facts facts = {.gap_offset = -1};
    struct arena *arena = arena_new(MEND_ARENA);
    if (arena == NULL || reservation_key_read(order->key, order->key_size, arena, &key) < 0 ||
        reservation_unpack(maker->codec, kept_order_bytes(order), order->size, &key, arena,
                           &facts) < 0)
        facts.gap_offset = -1;
    arena_free(arena);
    return facts.gap_offset;
}

void reservation_mending_drop(struct reservation_shard *s)
{
    free(s->mending.offsets);
    s->mending.offsets = NULL;
    s->mending.count = s->mending.at = 0;
}

void reservation_mending_plan(struct reservation_shard *s)
{
    size_t at = 0;
    reservation_mending_drop(s);
    if (s->maker.keep.with_gaps == 0)
        return;
    s->mending.offsets = calloc(s->maker.keep.with_gaps, sizeof *s->mending.offsets);
    if (s->mending.offsets == NULL)
        abort();
    for (const struct kept_order *o; (o = reservation_keep_next(&s->maker.keep, &at)) != NULL;) {
        const int64_t offset = o->gaps == 0 ? -1 : gap_offset(&s->maker, o);
        if (offset >= 0)
            s->mending.offsets[s->mending.count++] = offset;
    }
    qsort(s->mending.offsets, s->mending.count, sizeof *s->mending.offsets, compare_offsets);
}

/* ---- in the pool ---- */

static void mend_found(void *user, const struct kafka_record *record)
{
    struct mending *m = user;
    char *bytes = malloc(record->key_size + record->value_size + 1);
    if (bytes == NULL)
        abort();
    struct kafka_record *copy = &m->found[m->found_count++];
    *copy = (struct kafka_record){.topic = topic_orders_raw,
                                  .partition = record->partition,
                                  .offset = record->offset,
                                  .timestamp_ms = record->timestamp_ms,
                                  .key = bytes,
                                  .key_size = record->key_size,
                                  .value_size = record->value_size};
    if (record->key_size > 0)
        memcpy(bytes, record->key, record->key_size);
    if (record->value_size > 0)
        memcpy(bytes + record->key_size, record->value, record->value_size);
    copy->value = record->value == NULL ? NULL : bytes + record->key_size;
}

static void mend_read(uv_work_t *work)
{
    struct mending *m = work->data;
    struct kafka_lookup *lookup = NULL;
    m->result = kafka_lookup_new(m->process->tools->host->config, &lookup, m->words);
    if (m->result == 0)
        m->result = kafka_lookup_read(lookup, m->places, m->count, MEND_PATIENCE_MS, mend_found, m,
                                      m->words);
    kafka_lookup_free(lookup);
}

/* ---- back again ---- */

static void mend_free(struct mending *m)
{
    for (size_t i = 0; i < m->found_count; i++)
        free((void *)(uintptr_t)m->found[i].key);
    free(m);
}

static void mend_each(struct reservation_shard *s, const struct mending *m)
{
    s->maker.rules = s->process->tools->rules;
    for (size_t i = 0; i < m->found_count; i++)
        if (reservation_mend(&s->maker, &m->found[i]) < 0)
            break; /* its schema is gone; a dead letter says so */
    if (s->maker.outbox.count > 0)
        s->process->tools->settled(s->parts[RESERVATION_OF_ORDERS]);
    s->mending.at += m->count;
    if (s->mending.at == s->mending.count)
        reservation_mending_drop(s);
}

static void mend_back(uv_work_t *work, int status)
{
    struct mending *m = work->data;
    struct reservation_process *p = m->process;
    (void)status;
    p->is_mending = false;
    p->in_pool--;
    for (size_t i = 0; i < p->count; i++)
        if (p->shards[i]->partition == m->partition && p->shards[i]->mending.offsets == m->plan &&
            m->result == 0)
            mend_each(p->shards[i], m);
    if (m->result < 0) {
        p->mend_from_ms = clock_monotonic_ms() + MEND_AGAIN_MS;
        log_warning(.message = "events of orders with gaps could not be read again; they are tried "
                               "again in a while",
                    .detail = m->words, .topic = topic_orders_raw, .partition = m->partition + 1,
                    .remedy = "see Kafka, and our right to read");
    }
    mend_free(m);
    reservation_process_consider(p);
}

static void mend_begin(struct reservation_shard *s)
{
    struct mending *m = calloc(1, sizeof *m);
    const int64_t *offsets = s->mending.offsets + s->mending.at;
    const size_t left = s->mending.count - s->mending.at;
    if (m == NULL)
        abort();
    *m = (struct mending){
        .process = s->process, .partition = s->partition, .plan = s->mending.offsets};
    m->work.data = m;
    while (m->count < MENDED_AT_ONCE && m->count < left &&
           offsets[m->count] - offsets[0] <= MENDED_SPREAD) {
        struct kafka_place *place = &m->places[m->count];
        (void)snprintf(place->topic, sizeof place->topic, "%s", topic_orders_raw);
        place->partition = s->partition;
        place->offset = offsets[m->count++];
    }
    s->process->is_mending = true;
    s->process->in_pool++;
    (void)uv_queue_work(&s->process->tools->host->loop, &m->work, mend_read, mend_back);
}

void reservation_mending_begin(struct reservation_process *p)
{
    if (p->is_mending || clock_monotonic_ms() < p->mend_from_ms)
        return;
    for (size_t i = 0; i < p->count && !p->is_mending; i++)
        if (p->shards[i]->mending.count > 0 && p->shards[i]->is_restored)
            mend_begin(p->shards[i]);
}
