/* From the spool into a transaction; see stock_publish.h. */
#include "stock_publish.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "domain/stock/stock_sum.h"
#include "kafka/headers.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>

enum {
    KEY_BYTES_MAX = 300,
    VALUE_BYTES_MAX = 16 * 1024,
    LOOK_ROWS = 1024 /* between two looks at whether we may go on */
};

struct publishing {
    const struct stock_snapshot *snapshot;
    struct codec *codec;
    struct kafka_writer *writer;
    struct stock_sum *sums; /* by partition */
    struct buf value;
    bool (*goes_on)(void *user);
    void *user;
    char *words;
};

static enum reading_end defect(struct publishing *p, const char *what)
{
    (void)snprintf(p->words, KAFKA_TEXT_MAX, "%s", what);
    return READING_KAFKA;
}

static struct stock_event event_of(const struct stock_snapshot *s, enum stock_kind kind)
{
    return (struct stock_event){.kind = kind,
                                .company = s->company,
                                .snapshot = s->id,
                                .token = s->token,
                                .has_began_at = true,
                                .began_at = s->began_ms,
                                .scope = s->scope,
                                .range_from = s->from[0] != '\0' ? s->from : NULL,
                                .range_to = s->to[0] != '\0' ? s->to : NULL};
}

static enum reading_end publish_event(struct publishing *p, const struct stock_event *event,
                                      const char *key, size_t key_size, int32_t partition)
{
    buf_clear(&p->value);
    if (codec_encode(p->codec, &stock_event_record, event, &p->value) < 0)
        return defect(p, "a row of stock cannot be written by schemas/StockEvent.avsc");
    const struct kafka_record record = {.topic = topic_stock_snapshots,
                                        .partition = partition,
                                        .key = key,
                                        .key_size = key_size,
                                        .value = p->value.data,
                                        .value_size = p->value.size};
    return kafka_writer_add(p->writer, &record, p->words) == 0 ? READING_COMPLETE : READING_KAFKA;
}

static enum reading_end publish_row(struct publishing *p, const struct stock_row *row)
{
    const struct stock_snapshot *s = p->snapshot;
    char key[KEY_BYTES_MAX];
    const int size = snprintf(key, sizeof key, "%s/%s", s->company, row->key);
    if (size < 0 || (size_t)size >= sizeof key)
        return defect(p, "a company's name is too long for a key");
    struct arena *arena = arena_new(4096);
    struct prima_sku sku;
    if (arena == NULL || stock_key_read(row->key, arena, &sku) < 0) {
        arena_free(arena);
        return defect(p, "out of memory");
    }
    size_t codes = STOCK_MATRIX_MAX;
    while (codes > 0 && sku.matrix[codes - 1] == NULL)
        codes--;
    for (size_t i = 0; i < codes; i++)
        if (sku.matrix[i] == NULL)
            sku.matrix[i] = "";
    struct stock_event event = event_of(s, STOCK_ROW);
    event.product = sku.product;
    event.matrix.items = sku.matrix;
    event.matrix.count = codes;
    event.depot = row->depot[0] != '\0' ? row->depot : NULL;
    event.has_available = true;
    event.available = row->available;
    event.available_date = row->date[0] != '\0' ? row->date : NULL;
    const int32_t partition = kafka_partition_of(key, (size_t)size, s->partitions);
    stock_sum_add(&p->sums[partition], row->key, event.depot, event.available,
                  event.available_date);
    const enum reading_end end = publish_event(p, &event, key, (size_t)size, partition);
    arena_free(arena);
    return end;
}

static enum reading_end publish_rows(struct publishing *p)
{
    struct stock_row row;
    int64_t count = 0;
    int result;
    if (stock_spool_rewind(p->snapshot->spool) < 0)
        return READING_SPOOL;
    while ((result = stock_spool_next(p->snapshot->spool, &row)) > 0) {
        if (++count % LOOK_ROWS == 0 && !p->goes_on(p->user))
            return READING_LEASE;
        const enum reading_end end = publish_row(p, &row);
        if (end != READING_COMPLETE)
            return end;
        if (count == p->snapshot->rows / 2)
            (void)fail_point("poller.rows");
    }
    return result < 0 || count != p->snapshot->rows ? READING_SPOOL : READING_COMPLETE;
}

static enum reading_end publish_ends(struct publishing *p)
{
    const struct stock_snapshot *s = p->snapshot;
    for (int32_t i = 0; i < s->partitions; i++) {
        struct stock_event event = event_of(s, STOCK_END);
        event.has_partition = event.has_count = event.has_checksum = true;
        event.partition = i;
        event.count = p->sums[i].count;
        event.checksum = stock_sum_value(&p->sums[i]);
        const enum reading_end end = publish_event(p, &event, s->company, strlen(s->company), i);
        if (end != READING_COMPLETE)
            return end;
    }
    return READING_COMPLETE;
}

/* ---- dead letters ---- */

static struct kafka_header text_header(const char *name, const char *text)
{
    return (struct kafka_header){name, text, strlen(text)};
}

static enum reading_end publish_bad_row(struct publishing *p, const struct bad_row *bad)
{
    const struct pf_error_info *info = pf_error_info(PF_E_stock_row_invalid);
    char topic[160], failed_at[CLOCK_TEXT_MAX];
    const struct kafka_header headers[] = {
        text_header(HEADER_DLQ_TOPIC, topic_stock_snapshots),
        text_header(HEADER_DLQ_MESSAGE, bad->why),
        text_header(HEADER_CODE, info->name),
        text_header(HEADER_CLASS, pf_class_name(info->class)),
        text_header(HEADER_OWNER, pf_owner_name(info->owner)),
        text_header(HEADER_FIRST_FAILED_AT, clock_format(p->snapshot->began_ms, failed_at)),
    };
    const struct kafka_record record = {
        .topic =
            topic_of_input(topic_stock_snapshots, TOPIC_PART_DLQ, "", false, topic, sizeof topic),
        .partition = -1,
        .key = p->snapshot->company,
        .key_size = strlen(p->snapshot->company),
        .value = bad->text,
        .value_size = strlen(bad->text),
        .headers = (struct kafka_header *)(uintptr_t)headers,
        .header_count = sizeof headers / sizeof *headers};
    return kafka_writer_add(p->writer, &record, p->words) == 0 ? READING_COMPLETE : READING_KAFKA;
}

static enum reading_end publish_bad_rows(struct publishing *p)
{
    const struct bad_rows *bad = p->snapshot->bad;
    enum reading_end end = READING_COMPLETE;
    for (size_t i = 0; i < bad->count && end == READING_COMPLETE; i++)
        if (!bad_rows_has(p->snapshot->bad_last, bad->list[i].hash))
            end = publish_bad_row(p, &bad->list[i]);
    return end;
}

/* ---- the transaction ---- */

static enum reading_end publish_commit(struct publishing *p)
{
    (void)fail_point("poller.before_commit");
    if (!p->goes_on(p->user))
        return READING_LEASE;
    const int result = kafka_writer_commit(p->writer, p->words);
    (void)fail_point("poller.after_commit");
    return result == 0 ? READING_COMPLETE : result == -ETIMEDOUT ? READING_UNKNOWN : READING_KAFKA;
}

enum reading_end stock_publish(const struct stock_snapshot *snapshot, struct codec *codec,
                               struct kafka_writer *writer, bool (*goes_on)(void *user), void *user,
                               char ret_words[static KAFKA_TEXT_MAX])
{
    struct publishing p = {.snapshot = snapshot,
                           .codec = codec,
                           .writer = writer,
                           .goes_on = goes_on,
                           .user = user,
                           .words = ret_words};
    p.sums = calloc((size_t)snapshot->partitions, sizeof *p.sums);
    if (p.sums == NULL)
        abort();
    buf_init(&p.value, VALUE_BYTES_MAX);
    ret_words[0] = '\0';
    enum reading_end end =
        kafka_writer_begin(writer, ret_words) == 0 ? READING_COMPLETE : READING_KAFKA;
    if (end == READING_COMPLETE)
        end = publish_rows(&p);
    if (end == READING_COMPLETE)
        end = publish_bad_rows(&p);
    if (end == READING_COMPLETE)
        end = publish_ends(&p);
    if (end == READING_COMPLETE)
        end = publish_commit(&p);
    buf_release(&p.value);
    free(p.sums);
    return end;
}
