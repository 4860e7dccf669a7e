/* Partitions that are followed without a group; see tail.h. An assignment that nobody joined a group
 * for is changed piece by piece: a whole new one would throw away what the others have fetched. */
#include "kafka/tail.h"

#include <errno.h>

#include "kafka/internal.h"

struct kafka_tail {
    rd_kafka_t *rk;
    rd_kafka_queue_t *events;
    rd_kafka_topic_t *known; /* so that its leaders are asked for before it is assigned */
    int wake_fd;
    char topic[160];
};

static const uint64_t one = 1; /* what an eventfd wants to be written */

static rd_kafka_conf_t *conf_new(const struct config *config,
                                 char ret_message[static KAFKA_TEXT_MAX])
{
    static const char *const ours[][2] = {
        {"client.id", "primaflow-table"},
        {"socket.nagle.disable", "true"},
        {"fetch.wait.max.ms", "100"},
        /* before 2.2 also the time for which a full queue is not refilled; a process that begins
         * waits for what comes here */
        {"fetch.error.backoff.ms", "20"},
        {"queued.min.messages", "10000"},
        {"queued.max.messages.kbytes", "1024"}, /* of each partition; one fetch more at most */
        {"fetch.message.max.bytes", "262144"},
        {"fetch.max.bytes", "4194304"},
        {NULL, NULL}};
    static const char *const last[][2] = {
        {"group.id", "primaflow.control"}, /* named for ACLs; nobody joins it */
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "error"},
        {"check.crcs", "true"},
        {"enable.partition.eof", "true"},
        {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf != NULL)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    return conf;
}

int kafka_tail_new(const struct config *config, const char *topic, int wake_fd,
                   struct kafka_tail **ret_tail, char ret_message[static KAFKA_TEXT_MAX])
{
    char words[200];
    rd_kafka_conf_t *conf = conf_new(config, ret_message);
    if (conf == NULL)
        return -EINVAL;
    struct kafka_tail *tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        abort();
    tail->wake_fd = wake_fd;
    (void)snprintf(tail->topic, sizeof tail->topic, "%s", topic);
    tail->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
    if (tail->rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                       "Kafka's client does not start: %s; see the rdkafka.* properties", words);
        rd_kafka_conf_destroy(conf);
        free(tail);
        return -EINVAL;
    }
    (void)rd_kafka_poll_set_consumer(tail->rk);
    /* A partition whose leader is not known when it is assigned waits half a second for its first
     * offset. NULL: so it waits. */
    tail->known = rd_kafka_topic_new(tail->rk, topic, NULL);
    tail->events = rd_kafka_queue_get_consumer(tail->rk);
    rd_kafka_queue_io_event_enable(tail->events, wake_fd, &one, sizeof one);
    *ret_tail = tail;
    return 0;
}

/* ---- partitions ---- */

typedef rd_kafka_error_t *(*change)(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list);

static int tail_change(struct kafka_tail *tail, change changes, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, tail->topic, partition)->offset = offset;
    rd_kafka_error_t *error = changes(tail->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == NULL)
        return 0;
    rd_kafka_error_destroy(error);
    return -EIO;
}

int kafka_tail_add(struct kafka_tail *tail, int32_t partition, int64_t offset,
                   struct kafka_queue **ret_queue)
{
    /* The queue is taken out of the common one before anything can arrive in it. */
    rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(tail->rk, tail->topic, partition);
    if (queue == NULL)
        return -EIO;
    rd_kafka_queue_forward(queue, NULL);
    rd_kafka_queue_io_event_enable(queue, tail->wake_fd, &one, sizeof one);
    const int r = tail_change(tail, rd_kafka_incremental_assign, partition,
                              offset == KAFKA_TAIL_BEGINNING ? RD_KAFKA_OFFSET_BEGINNING : offset);
    if (r < 0)
        rd_kafka_queue_destroy(queue);
    else
        *ret_queue = (struct kafka_queue *)queue;
    return r;
}

void kafka_tail_remove(struct kafka_tail *tail, int32_t partition, struct kafka_queue *queue)
{
    kafka_queue_free(queue);
    (void)tail_change(tail, rd_kafka_incremental_unassign, partition, RD_KAFKA_OFFSET_INVALID);
}

/* ---- events ---- */

/* Errors of the client as a whole are dropped: a partition's queue says what keeps it from being
 * read, and that Kafka is away is heard of by the consumer, which a worker has anyway. */
void kafka_tail_serve(struct kafka_tail *tail)
{
    for (rd_kafka_event_t *event; (event = rd_kafka_queue_poll(tail->events, 0)) != NULL;)
        rd_kafka_event_destroy(event);
}

int64_t kafka_tail_end(const struct kafka_tail *tail, int32_t partition)
{
    int64_t low, high;
    return rd_kafka_get_watermark_offsets(tail->rk, tail->topic, partition, &low, &high) ==
                       RD_KAFKA_RESP_ERR_NO_ERROR &&
                   high >= 0
               ? high
               : -1;
}

void kafka_tail_free(struct kafka_tail *tail)
{
    if (tail == NULL)
        return;
    rd_kafka_queue_destroy(tail->events);
    if (tail->known != NULL)
        rd_kafka_topic_destroy(tail->known);
    rd_kafka_destroy_flags(tail->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(tail);
}
