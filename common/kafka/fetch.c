/* What a partition's queue gives: records, its end, and what stands in the way; see kafka.h. */
#include "kafka/internal.h"

const char *kafka_obstacle_name(enum kafka_obstacle obstacle)
{
    static const char *const names[] = {"none",         "offset_gone", "unreadable", "denied",
                                        "denied_group", "no_topic",    "other"};
    _Static_assert(sizeof names / sizeof *names == KAFKA_OBSTACLES, "a name for each obstacle");
    return (unsigned)obstacle < KAFKA_OBSTACLES ? names[obstacle] : "?";
}

/* Those that are unreadable are the ones behind which librdkafka goes on with the next batch
 * (rdkafka_msgset_reader.c). */
enum kafka_obstacle kafka_obstacle_of(rd_kafka_resp_err_t err)
{
    switch ((int)err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return KAFKA_CLEAR;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return KAFKA_OFFSET_GONE;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR__UNDERFLOW:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return KAFKA_UNREADABLE;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        return KAFKA_DENIED_GROUP;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return KAFKA_DENIED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return KAFKA_NO_TOPIC;
    default:
        return KAFKA_TROUBLE;
    }
}

static void fetch_note(struct kafka_fetched *fetched, const rd_kafka_message_t *m)
{
    fetched->obstacle = kafka_obstacle_of(m->err);
    (void)snprintf(fetched->words, sizeof fetched->words, "%.120s/%d, offset %lld: %.120s",
                   rd_kafka_topic_name(m->rkt), m->partition, (long long)m->offset,
                   rd_kafka_message_errstr(m));
}

void kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max,
                 struct kafka_fetched *ret_fetched)
{
    enum { BATCH = 64 };
    rd_kafka_message_t *messages[BATCH];
    *ret_fetched = (struct kafka_fetched){.end = -1};
    struct kafka_fetched *const f = ret_fetched;
    const ssize_t count = rd_kafka_consume_batch_queue((rd_kafka_queue_t *)queue, 0, messages,
                                                       max < BATCH ? max : BATCH);
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *m = messages[i];
        const bool stopped = f->obstacle == KAFKA_OFFSET_GONE || f->obstacle == KAFKA_UNREADABLE;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && !stopped) {
            kafka_record_read(m, &records[f->count++]);
            f->end = -1;
            f->obstacle = KAFKA_CLEAR;
            continue; /* the record has the message now */
        }
        if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !stopped) {
            f->end = m->offset;
            f->obstacle = KAFKA_CLEAR;
        } else if (!stopped) {
            fetch_note(f, m);
        }
        rd_kafka_message_destroy(m);
    }
}

void kafka_queue_free(struct kafka_queue *queue)
{
    if (queue != NULL)
        rd_kafka_queue_destroy((rd_kafka_queue_t *)queue);
}

void kafka_ask_again(struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, place->topic, place->partition)->offset = position;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(
        c->rk, list, 0); /* not waited for: what comes of it comes in the queue */
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
}
