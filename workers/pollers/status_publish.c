/* What a batch changed, in one transaction; then Redis knows it. See status_turn.h. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/headers.h"
#include "kafka/topics.h"
#include "status_turn.h"

#include <errno.h>
#include <string.h>

enum { VALUE_BYTES_MAX = 1 << 20, KEY_BYTES_MAX = 300 };

struct publishing {
    struct status_turn *turn;
    struct buf values[OPEN_ORDERS_DUE_MAX]; /* of the batch, as they are published */
};

static enum status_end publish_failed(struct publishing *p, const char *words)
{
    (void)snprintf(p->turn->words_of_end, sizeof p->turn->words_of_end, "%s", words);
    return STATUS_KAFKA;
}

static enum status_end publish_add(struct publishing *p, const struct kafka_record *record)
{
    return kafka_writer_add(p->turn->writer, record, p->turn->words_of_end) == 0 ? STATUS_COMPLETE
                                                                                 : STATUS_KAFKA;
}

static size_t topic_key(const struct polled_order *o, char key[static KEY_BYTES_MAX])
{
    const int size =
        snprintf(key, KEY_BYTES_MAX, "%s/%s/%s/%s", o->company, o->channel, o->store, o->order_id);
    return size > 0 && size < KEY_BYTES_MAX ? (size_t)size : 0;
}

static struct kafka_header text_header(const char *name, const char *text)
{
    return (struct kafka_header){name, text, strlen(text)};
}

/* What there is to say beyond the catalogue's meaning. No word of Prima's but its status. */
static void say_exception(const struct status_asked *a, char text[static 300])
{
    const struct order_status *s = &a->change.status;
    char since[CLOCK_TEXT_MAX];
    (void)snprintf(text, 300, "%s Order %.60s, status \"%.60s\", asked: %s; last moved %s.",
                   pf_error_info(a->change.exception)->meaning, s->order_number,
                   s->status[0] != '\0' ? s->status : order_state_names[s->state],
                   a->poll == POLL_ABSENT ? "no such order" : status_poll_name(a->poll),
                   clock_format(a->change.moved_ms, since));
}

/* A dead letter without the order's bytes, which are not here: a description instead, which no retry
 * takes for an order. */
static enum status_end publish_exception(struct publishing *p, const struct status_asked *a,
                                         const char *key, size_t key_size)
{
    const struct pf_error_info *info = pf_error_info(a->change.exception);
    const struct order_status *s = &a->change.status;
    char topic[160], failed_at[CLOCK_TEXT_MAX], message[300], value[400];
    say_exception(a, message);
    const int size =
        snprintf(value, sizeof value,
                 "{\"told_by\": \"%s\", \"order_number\": \"%.60s\", \"state\": \"%s\"}",
                 topic_orders_status, s->order_number, order_state_names[s->state]);
    const struct kafka_header headers[] = {
        text_header(HEADER_DLQ_TOPIC, topic_orders_raw),
        text_header(HEADER_DLQ_MESSAGE, message),
        text_header(HEADER_CODE, info->name),
        text_header(HEADER_CLASS, pf_class_name(info->class)),
        text_header(HEADER_OWNER, pf_owner_name(info->owner)),
        text_header(HEADER_IDEMPOTENCY_KEY, a->order.key),
        text_header(HEADER_FIRST_FAILED_AT, clock_format(s->as_of, failed_at)),
    };
    const struct kafka_record record = {
        .topic = topic_of_input(topic_orders_raw, TOPIC_PART_DLQ, "", false, topic, sizeof topic),
        .partition = -1,
        .key = key,
        .key_size = key_size,
        .value = value,
        .value_size = (size_t)size,
        .headers = (struct kafka_header *)(uintptr_t)headers,
        .header_count = sizeof headers / sizeof *headers};
    return publish_add(p, &record);
}

static enum status_end publish_one(struct publishing *p, size_t at)
{
    struct status_asked *a = &p->turn->batch[at];
    struct buf *value = &p->values[at];
    char key[KEY_BYTES_MAX];
    const size_t key_size = topic_key(&a->order, key);
    if (key_size == 0)
        return publish_failed(p, "an order's key is too long");
    if (codec_encode(p->turn->codec, &order_status_record, &a->change.status, value) < 0)
        return publish_failed(p, "a status cannot be written by schemas/OrderStatus.avsc");
    const struct kafka_record record = {.topic = topic_orders_status,
                                        .partition = -1,
                                        .key = key,
                                        .key_size = key_size,
                                        .value = value->data,
                                        .value_size = value->size};
    const enum status_end end = publish_add(p, &record);
    return end == STATUS_COMPLETE && a->change.exception != PF_OK
               ? publish_exception(p, a, key, key_size)
               : end;
}

static enum status_end publish_commit(struct publishing *p)
{
    struct status_turn *t = p->turn;
    (void)fail_point("status.commit");
    if (!status_goes_on(t))
        return status_why_not(t);
    const int result = kafka_writer_commit(t->writer, t->words_of_end);
    t->is_published = result == 0;
    (void)fail_point("status.committed");
    return result == 0 ? STATUS_COMPLETE : result == -ETIMEDOUT ? STATUS_UNKNOWN : STATUS_KAFKA;
}

static enum status_end publish_news(struct publishing *p)
{
    struct status_turn *t = p->turn;
    enum status_end end = STATUS_COMPLETE;
    bool is_begun = false;
    for (size_t i = 0; i < t->batch_count && end == STATUS_COMPLETE; i++) {
        if (!t->batch[i].change.is_news)
            continue;
        if (!is_begun)
            end = kafka_writer_begin(t->writer, t->words_of_end) == 0 ? STATUS_COMPLETE
                                                                      : STATUS_KAFKA;
        is_begun = true;
        if (end == STATUS_COMPLETE)
            end = publish_one(p, i);
    }
    return end == STATUS_COMPLETE && is_begun ? publish_commit(p) : end;
}

/* Behind the commit: what is not kept here is read from orders.status once more. */
static int keep(struct publishing *p, size_t at)
{
    struct status_turn *t = p->turn;
    const struct status_asked *a = &t->batch[at];
    const struct order_status *s = &a->change.status;
    const int64_t due = t->now_ms + a->change.wait_ms;
    if (!a->change.is_news)
        return open_orders_wait(&t->set, a->order.key, due);
    const struct open_orders_told told = {.key = a->order.key,
                                          .version = s->version,
                                          .record = p->values[at].data,
                                          .record_size = p->values[at].size,
                                          .facts = "",
                                          .due_ms = s->is_final ? 0 : due,
                                          .forget_ms = status_forget_ms(s)};
    return open_orders_tell(&t->set, &told);
}

enum status_end status_publish(struct status_turn *t)
{
    struct publishing p = {.turn = t};
    for (size_t i = 0; i < t->batch_count; i++)
        buf_init(&p.values[i], VALUE_BYTES_MAX);
    enum status_end end = publish_news(&p);
    int result = 0;
    for (size_t i = 0; i < t->batch_count && end == STATUS_COMPLETE && result == 0; i++)
        result = keep(&p, i);
    if (end == STATUS_COMPLETE && result == 0)
        result = open_orders_settle(&t->set);
    for (size_t i = 0; i < t->batch_count; i++)
        buf_release(&p.values[i]);
    return result < 0 ? status_end_of(t, result) : end;
}
