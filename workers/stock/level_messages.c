/* Building messages; see level_messages.h. */
#include "level_messages.h"

#include "base/clock.h"
#include "base/digits.h"
#include "domain/events/stock_state.h"
#include "kafka/headers.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 4 << 20, KEY_MAX = 1200, HEADERS_MAX = 32, TEXT_MAX = 700 };

/* ---- one block a message ---- */

struct parts {
    const char *topic;
    const void *key, *value, *place; /* place NULL: the key says where it stands */
    size_t key_size, value_size, place_size;
    const struct kafka_header *headers;
    size_t header_count;
};

static const void *put(char **at, const void *bytes, size_t size)
{
    if (bytes == NULL)
        return NULL;
    char *copy = *at;
    if (size > 0)
        memcpy(copy, bytes, size);
    *at += size;
    return copy;
}

static struct level_message *message_add(struct level_messages *to, const struct parts *p)
{
    size_t size = p->header_count * sizeof *p->headers + strlen(p->topic) + 1 + p->key_size +
                  p->value_size + p->place_size + 1;
    for (size_t i = 0; i < p->header_count; i++)
        size += strlen(p->headers[i].name) + 1 + p->headers[i].size;
    if (to->count == to->room) {
        to->room = to->room == 0 ? 16 : 2 * to->room;
        to->list = reallocarray(to->list, to->room, sizeof *to->list);
    }
    char *memory = malloc(size);
    if (memory == NULL || to->list == NULL)
        abort();
    struct kafka_header *headers = (struct kafka_header *)(void *)memory;
    char *at = memory + p->header_count * sizeof *headers;
    for (size_t i = 0; i < p->header_count; i++) {
        headers[i].name = put(&at, p->headers[i].name, strlen(p->headers[i].name) + 1);
        headers[i].value = put(&at, p->headers[i].value, p->headers[i].size);
        headers[i].size = p->headers[i].size;
    }
    struct level_message *m = &to->list[to->count++];
    *m = (struct level_message){.memory = memory, .offset = -1};
    m->message = (struct kafka_message){.topic = put(&at, p->topic, strlen(p->topic) + 1),
                                        .key = put(&at, p->key, p->key_size),
                                        .value = put(&at, p->value, p->value_size),
                                        .key_size = p->key_size,
                                        .value_size = p->value_size,
                                        .headers = headers,
                                        .header_count = p->header_count,
                                        .place_key = put(&at, p->place, p->place_size),
                                        .place_key_size = p->place_size};
    return m;
}

/* What today's schemas do not take was built by us. */
static void encode(const struct level_maker *maker, const struct bound_record *record,
                   const void *value, struct buf *out)
{
    buf_init(out, VALUE_MAX);
    if (codec_encode(maker->codec, record, value, out) < 0)
        abort();
}

static size_t key_write(char key[static KEY_MAX], const char *a, const char *b)
{
    const int size = snprintf(key, KEY_MAX, "%s/%s", a, b);
    if (size < 0 || size >= KEY_MAX)
        abort(); /* company, place, SKU: each is bounded */
    return (size_t)size;
}

/* ---- levels ---- */

void level_messages_level(struct level_messages *to, const struct level_maker *maker,
                          const struct level_out *out, int64_t taken_to)
{
    char key[KEY_MAX], place[KEY_MAX], number[DIGITS_MAX + 1];
    const int digits = snprintf(number, sizeof number, "%lld", (long long)taken_to);
    const size_t place_size = key_write(place, out->company, out->key);
    const struct kafka_header headers[] = {{HEADER_STOCK_PLACE, place, place_size},
                                           {HEADER_TAKEN_TO, number, (size_t)digits}};
    struct parts p = {.topic = topic_stock_levels,
                      .key = key,
                      .key_size = key_write(key, out->channel_place, out->own),
                      .place = place,
                      .place_size = place_size,
                      .headers = headers,
                      .header_count = 2};
    struct buf value;
    buf_init(&value, VALUE_MAX);
    if (out->level != NULL) {
        encode(maker, &stock_level_record, out->level, &value);
        p.value = value.data;
        p.value_size = value.size;
    }
    (void)message_add(to, &p);
    buf_release(&value);
}

/* ---- the changelog ---- */

static void state_add(struct level_messages *to, const struct level_maker *maker,
                      const struct stock_state *state, struct parts *p)
{
    struct buf value;
    encode(maker, &stock_state_record, state, &value);
    p->topic = topic_stock_rows;
    p->value = value.data;
    p->value_size = value.size;
    (void)message_add(to, p);
    buf_release(&value);
}

void level_messages_rows(struct level_messages *to, const struct level_maker *maker,
                         const struct row_state *rows, uint32_t sku)
{
    enum { USUAL = 64 };
    const struct sku_table *t = &rows->table;
    struct stock_figure usual[USUAL], *figures = usual;
    size_t count = 0, all = 0;
    char key[KEY_MAX];
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next)
        all++;
    if (all > USUAL && (figures = calloc(all, sizeof *figures)) == NULL)
        abort();
    for (uint32_t i = t->skus[sku].row; i != 0; i = t->rows[i].next)
        if (sku_row_began(&t->rows[i]) > 0)
            figures[count++] =
                (struct stock_figure){sku_table_depot(t, i), t->rows[i].available,
                                      sku_row_began(&t->rows[i]), rows_is_alone(rows, sku, i)};
    const struct stock_state state = {.company = sku_table_company(t, sku),
                                      .stock_key = sku_table_key(t, sku),
                                      .figures = {figures, count}};
    struct parts p = {.key = key, .key_size = key_write(key, state.company, state.stock_key)};
    if (count > 0)
        state_add(to, maker, &state, &p);
    if (figures != usual)
        free(figures);
}

void level_messages_read(struct level_messages *to, const struct level_maker *maker,
                         const struct row_state *rows, const struct complete_read *read,
                         bool is_gone)
{
    const struct sku_table *t = &rows->table;
    char key[KEY_MAX], place[KEY_MAX];
    if (t->sku_count == 0)
        return;
    const int size =
        snprintf(key, sizeof key, "%s//%s/%s", read->company, read->from != NULL ? read->from : "",
                 read->to != NULL ? read->to : "");
    if (size < 0 || size >= KEY_MAX)
        return; /* its rows keep times of their own */
    const struct stock_state state = {.company = read->company,
                                      .range_from = read->from,
                                      .range_to = read->to,
                                      .has_began_at = true,
                                      .began_at = read->began_at,
                                      .token = read->token};
    struct parts p = {.topic = topic_stock_rows,
                      .key = key,
                      .key_size = (size_t)size,
                      .place = place,
                      .place_size = key_write(place, sku_table_company(t, 1), sku_table_key(t, 1))};
    if (is_gone)
        (void)message_add(to, &p);
    else
        state_add(to, maker, &state, &p);
}

/* ---- results ---- */

static enum snapshot_outcome outcome_of(const struct staged_read *read,
                                        const struct row_tally *tally)
{
    if (read->fault != SNAPSHOT_FAULT_NONE)
        return SNAPSHOT_INCOMPLETE;
    return read->count > 0 && tally->older == (int64_t)read->count ? SNAPSHOT_STALE
                                                                   : SNAPSHOT_APPLIED;
}

void level_messages_result(struct level_messages *to, const struct level_maker *maker,
                           const struct staged_read *read, const struct row_tally *tally)
{
    static const char *const narratives[SNAPSHOT_FAULTS] = {
        [SNAPSHOT_FAULT_COUNT] = "The end of the read tells of another number of rows than came; "
                                 "none of them counts, the next read brings them.",
        [SNAPSHOT_FAULT_CHECKSUM] = "The end of the read tells of other rows than came; none of "
                                    "them counts, the next read brings them.",
        [SNAPSHOT_FAULT_SUPERSEDED] = "Rows of a newer read, or of a newer poller, came before its "
                                      "end; none of its rows counts.",
        [SNAPSHOT_FAULT_TIMEOUT] = "The end of the read did not come within stock.read_timeout; "
                                   "none of its rows counts.",
    };
    const struct stock_result result = {
        .outcome = outcome_of(read, tally),
        .why = read->fault,
        .company = read->company,
        .snapshot = read->id,
        .token = read->token,
        .began_at = read->began_at,
        .scope = read->scope,
        .range_from = read->from,
        .range_to = read->to,
        .partition = maker->partition,
        .has_count = read->has_told,
        .count = read->told,
        .rows = read->seen,
        .changed = tally->changed,
        .unchanged = tally->unchanged,
        .older = tally->older,
        .malformed = read->malformed,
        .missing = tally->missing,
        .delivery = {maker->topic, maker->partition, read->end_offset},
        .received_at = read->received_ms,
        .published_at = maker->now_ms,
        .narrative = narratives[read->fault]};
    struct buf value;
    encode(maker, &stock_result_record, &result, &value);
    const struct parts p = {.topic = topic_stock_results,
                            .key = read->company,
                            .key_size = strlen(read->company),
                            .value = value.data,
                            .value_size = value.size};
    /* A row of the next read ends it: that row is read again, and who has only that never heard of
     * this one. */
    const bool is_overtaken =
        read->fault == SNAPSHOT_FAULT_SUPERSEDED && read->first_offset < read->end_offset;
    message_add(to, &p)->offset = read->end_offset - is_overtaken;
    buf_release(&value);
}

/* ---- dead letters ---- */

struct headers {
    struct kafka_header list[HEADERS_MAX];
    size_t count;
    char numbers[HEADERS_MAX][DIGITS_MAX + 1];
};

static void header_text(struct headers *h, const char *name, const char *text)
{
    h->list[h->count++] = (struct kafka_header){name, text, strlen(text)};
}

static void header_number(struct headers *h, const char *name, int64_t number)
{
    char *text = h->numbers[h->count];
    (void)snprintf(text, sizeof h->numbers[0], "%lld", (long long)number);
    header_text(h, name, text);
}

/* The producer's own behind ours, as far as there is room. */
static void header_originals(struct headers *h, const struct kafka_record *record)
{
    for (size_t i = 0; i < record->header_count && h->count < HEADERS_MAX; i++)
        if (strncmp(record->headers[i].name, HEADER_PREFIX, strlen(HEADER_PREFIX)) != 0 &&
            strncmp(record->headers[i].name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) != 0)
            h->list[h->count++] = record->headers[i];
}

void level_messages_dead_letter(struct level_messages *to, const struct level_maker *maker,
                                const struct kafka_record *record, enum pf_error code,
                                const char *detail)
{
    const struct pf_error_info *info = pf_error_info(code);
    struct headers h = {.count = 0};
    char message[TEXT_MAX], delivery[DELIVERY_MAX + 1], at[CLOCK_TEXT_MAX], schema[24], topic[160];
    (void)snprintf(message, sizeof message, "%s%s%s", info->meaning, detail != NULL ? " " : "",
                   detail != NULL ? detail : "");
    (void)snprintf(delivery, sizeof delivery, "%s/%d/%lld", maker->topic, (int)maker->partition,
                   (long long)record->offset);
    header_text(&h, HEADER_DLQ_TOPIC, maker->topic);
    header_number(&h, HEADER_DLQ_PARTITION, maker->partition);
    header_number(&h, HEADER_DLQ_OFFSET, record->offset);
    header_text(&h, HEADER_DLQ_GROUP, maker->group);
    header_number(&h, HEADER_DLQ_DELIVERY_COUNT, 1);
    header_text(&h, HEADER_DLQ_MESSAGE, message);
    header_text(&h, HEADER_CODE, info->name);
    header_text(&h, HEADER_CLASS, pf_class_name(info->class));
    header_text(&h, HEADER_OWNER, pf_owner_name(info->owner));
    header_text(&h, HEADER_SCHEMA_ID, codec_schema_id(record->value, record->value_size, schema));
    header_text(&h, HEADER_FIRST_FAILED_AT, clock_format(maker->now_ms, at));
    header_text(&h, HEADER_DELIVERY, delivery);
    header_number(&h, HEADER_FIRST_SEEN, maker->now_ms);
    header_number(&h, HEADER_ORIGINAL_TIMESTAMP, record->timestamp_ms);
    header_originals(&h, record);
    const struct parts p = {.topic = topic_of_input(topic_stock_snapshots, TOPIC_PART_DLQ, "",
                                                    false, topic, sizeof topic),
                            .key = record->key,
                            .key_size = record->key_size,
                            .value = record->value,
                            .value_size = record->value_size,
                            .headers = h.list,
                            .header_count = h.count};
    message_add(to, &p)->offset = record->offset;
}

/* ---- reading ---- */

int level_decode(struct codec *codec, const struct bound_record *record,
                 const struct kafka_record *from, struct arena *arena, void *ret_struct,
                 struct codec_fault *ret_fault)
{
    int r =
        codec_decode(codec, record, from->value, from->value_size, arena, ret_struct, ret_fault);
    if (r == -EAGAIN && codec_fetch(codec, from->value, from->value_size) == 0)
        r = codec_decode(codec, record, from->value, from->value_size, arena, ret_struct,
                         ret_fault);
    return r;
}

/* ---- lists ---- */

void level_messages_append(struct level_messages *to, struct level_messages *from, size_t count)
{
    if (to->count + count > to->room) {
        to->room = to->count + count;
        to->list = reallocarray(to->list, to->room + 1, sizeof *to->list);
        if (to->list == NULL)
            abort();
    }
    if (count == 0)
        return;
    memcpy(to->list + to->count, from->list, count * sizeof *to->list);
    to->count += count;
    from->count -= count;
    memmove(from->list, from->list + count, from->count * sizeof *from->list);
}

void level_messages_clear(struct level_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        free(messages->list[i].memory);
    free(messages->list);
    *messages = (struct level_messages){.list = NULL};
}
