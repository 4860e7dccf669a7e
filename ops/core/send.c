/* Sending to one topic; see send.h. */
#include "core/send.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum ops_kind send_spool(struct ops *ops, const struct spool *spool, const char *topic,
                         struct ops_error *ret_error)
{
    struct kafka_writer *producer = NULL;
    struct kafka_words message = {""};
    int rc = kafka_writer_new(ops_config(ops), spool->bytes.size, &producer, message.text);
    if (rc == 0)
        rc = spool_send(spool, 0, spool->count, topic, producer, &message);
    kafka_writer_free(producer);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

struct sender {
    const char *topic;
    struct kafka_writer *producer;
    struct spool spool;
    int64_t batch_since_ms, sent;
};

enum ops_kind sender_new(struct ops *ops, const char *topic, struct sender **ret_sender,
                         struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    struct sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL)
        return ops_fail_memory(ret_error);
    sender->topic = topic;
    spool_init(&sender->spool);
    const int rc = kafka_writer_new(ops_config(ops), 0, &sender->producer, message.text);
    if (rc != 0) {
        sender_free(sender);
        return ops_fail_kafka(ret_error, rc, &message);
    }
    *ret_sender = sender;
    return OPS_DONE;
}

void sender_free(struct sender *sender)
{
    if (sender == NULL)
        return;
    kafka_writer_free(sender->producer);
    spool_release(&sender->spool);
    free(sender);
}

enum ops_kind sender_flush(struct sender *sender, struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    struct ops_error error;
    if (sender->spool.count == 0)
        return OPS_DONE;
    const int rc = spool_send(&sender->spool, 0, sender->spool.count, sender->topic,
                              sender->producer, &message);
    if (rc != 0)
        return ops_fail(ret_error, ops_fail_kafka(&error, rc, &message), NULL,
                        "after %" PRId64 " records: %s", sender->sent, message.text);
    sender->sent += (int64_t)sender->spool.count;
    spool_clear(&sender->spool);
    return OPS_DONE;
}

enum ops_kind sender_add(struct sender *sender, const struct kafka_record *record, bool in_time,
                         struct ops_error *ret_error)
{
    if (sender->spool.count == 0)
        sender->batch_since_ms = clock_monotonic_ms();
    if (spool_add(&sender->spool, record) != 0)
        return ops_fail(ret_error, OPS_DATA, NULL, "a record is larger than a Kafka record may be");
    if (sender->spool.count == SENDER_BATCH_MAX ||
        (in_time && clock_monotonic_ms() - sender->batch_since_ms >= SENDER_BATCH_MS))
        return sender_flush(sender, ret_error);
    return OPS_DONE;
}

int64_t sender_sent(const struct sender *sender)
{
    return sender->sent;
}
