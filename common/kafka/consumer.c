/* The consumer: rebalances as events, a queue for each partition; see kafka.h. */
#include "kafka/internal.h"

#include "base/failpoint.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"

enum { HEALTH_LOOKS = 5 };
static const uint64_t one = 1; /* what an eventfd wants to be written */

static struct kafka_place *places_of(const rd_kafka_topic_partition_list_t *list)
{
    struct kafka_place *places = calloc((size_t)list->cnt + 1, sizeof *places);
    if (places == NULL)
        abort();
    for (int i = 0; i < list->cnt; i++) {
        (void)snprintf(places[i].topic, sizeof places[i].topic, "%s", list->elems[i].topic);
        places[i].partition = list->elems[i].partition;
        places[i].offset = list->elems[i].offset;
    }
    return places;
}

/* Half the time for which the group would wait for us: Kafka is named before the group, which then
 * takes our partitions away. */
static void watch_health(struct kafka_consumer *c, rd_kafka_conf_t *conf)
{
    char text[24] = "", words[200];
    size_t size = sizeof text;
    (void)rd_kafka_conf_get(conf, "session.timeout.ms", text, &size);
    c->session_ms = strtoll(text, NULL, 10);
    c->health.patience_ms = c->session_ms / 2;
    (void)snprintf(text, sizeof text, "%lld", (long long)c->session_ms / HEALTH_LOOKS);
    (void)rd_kafka_conf_set(conf, "statistics.interval.ms", text, words, sizeof words);
}

int kafka_consumer_new(const struct config *config, const char *group, const char *instance,
                       const char *const topics[], size_t topic_count, bool beside, int wake_fd,
                       const struct kafka_consumer_hooks *hooks,
                       struct kafka_consumer **ret_consumer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    /* librdkafka's cooperative assignor can abort the process on close before 2.10.1; and it knows
     * nothing of partitions that belong together. */
    const char *assignor = beside                             ? "range"
                           : rd_kafka_version() >= 0x020a01ff ? "cooperative-sticky"
                                                              : "range,roundrobin";
    const char *const ours[][2] = {
        {"client.id", "primaflow"},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "2000"},
        {"socket.nagle.disable", "true"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms",
         "50"}, /* before 2.2 also the time for which a full queue is not refilled; then: */
        {rd_kafka_version() >= 0x020200ff ? "fetch.queue.backoff.ms" : "fetch.error.backoff.ms",
         "50"},
        {"queued.min.messages", "1000"},
        {"queued.max.messages.kbytes",
         "128"}, /* of each partition, for each has its own queue; one fetch more at most */
        {"fetch.message.max.bytes", "131072"},
        {"fetch.max.bytes", "4194304"},
        {"receive.message.max.bytes", "104857600"},
        {"partition.assignment.strategy", assignor},
        {NULL, NULL},
    };
    const char *const last[][2] = {
        {"group.id", group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "error"},
        {"check.crcs", "true"},
        {"enable.partition.eof", "true"},
        {instance != NULL ? "group.instance.id" : NULL, instance},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return -EINVAL;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                       RD_KAFKA_EVENT_STATS);
    struct kafka_consumer *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    watch_health(c, conf);
    c->hooks = *hooks;
    c->wake_fd = wake_fd;
    (void)snprintf(c->group, sizeof c->group, "%s", group);
    char words[200];
    c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
    if (c->rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka consumer: %.200s", words);
        rd_kafka_conf_destroy(conf);
        free(c);
        return -EINVAL;
    }
    c->generation = KAFKA_NO_GENERATION;
    (void)rd_kafka_poll_set_consumer(c->rk);
    c->queue = rd_kafka_queue_get_consumer(c->rk);
    rd_kafka_queue_io_event_enable(c->queue, wake_fd, &one, sizeof one);
    c->topics = rd_kafka_topic_partition_list_new((int)topic_count);
    for (size_t i = 0; i < topic_count; i++)
        rd_kafka_topic_partition_list_add(c->topics, topics[i], RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t err = rd_kafka_subscribe(c->rk, c->topics);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot subscribe: %s", rd_kafka_err2str(err));
        kafka_consumer_free(c);
        return -EINVAL;
    }
    *ret_consumer = c;
    return 0;
}

static void serve_rebalance(struct kafka_consumer *c, rd_kafka_event_t *event)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    struct kafka_place *places = places_of(list);
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        c->generation = kafka_generation(c);
        if (fail_point("rebalance.unheard"))
            kafka_take_none(c);
        else
            c->hooks.on_assign(c->hooks.user, places, (size_t)list->cnt);
    } else
        c->hooks.on_revoke(c->hooks.user, places, (size_t)list->cnt,
                           rd_kafka_assignment_lost(c->rk));
    free(places);
}

/* Fatal errors come under the code of what was fatal (82, FENCED_INSTANCE_ID): only the event
 * itself says that they are. */
static void serve_error(struct kafka_consumer *c, rd_kafka_event_t *event)
{
    const rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    char words[KAFKA_TEXT_MAX];
    if (rd_kafka_event_error_is_fatal(event) || err == RD_KAFKA_RESP_ERR__FATAL)
        return; /* kafka_consumer_serve says it */
    (void)snprintf(words, sizeof words, "%s", rd_kafka_event_error_string(event));
    c->hooks.on_error(c->hooks.user, kafka_obstacle_of(err), words, false, false);
}

/* Asked of the client itself, whatever events came or were lost. */
static void serve_fatal_error(struct kafka_consumer *c)
{
    char words[KAFKA_TEXT_MAX] = "";
    const rd_kafka_resp_err_t err = rd_kafka_fatal_error(c->rk, words, sizeof words);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !mutant("fatal_error"))
        c->hooks.on_error(c->hooks.user, kafka_obstacle_of(err), words, true,
                          err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

void kafka_consumer_serve(struct kafka_consumer *c)
{
    for (rd_kafka_event_t *event; (event = rd_kafka_queue_poll(c->queue, 0)) != NULL;
         rd_kafka_event_destroy(event)) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            serve_rebalance(c, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            serve_error(c, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_STATS)
            c->trouble =
                kafka_health_judge(&c->health, rd_kafka_event_stats(event), clock_monotonic_ms());
    }
    serve_fatal_error(c);
}

const char *kafka_trouble(const struct kafka_consumer *c)
{
    return c->trouble;
}

int64_t kafka_session_ms(const struct kafka_consumer *c)
{
    return c->session_ms;
}

bool kafka_is_cooperative(const struct kafka_consumer *c)
{
    const char *protocol = rd_kafka_rebalance_protocol(c->rk);
    return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

int kafka_assign(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 struct kafka_queue *ret_queues[])
{
    /* The queues are taken out of the common one before anything can arrive in it. */
    for (size_t i = 0; i < count; i++) {
        rd_kafka_queue_t *queue =
            rd_kafka_queue_get_partition(c->rk, places[i].topic, places[i].partition);
        if (queue == NULL)
            abort();
        rd_kafka_queue_forward(queue, NULL);
        rd_kafka_queue_io_event_enable(queue, c->wake_fd, &one, sizeof one);
        ret_queues[i] = (struct kafka_queue *)queue;
    }
    rd_kafka_topic_partition_list_t *list = kafka_list_new(places, count);
    int result = 0;
    if (kafka_is_cooperative(c)) {
        rd_kafka_error_t *error = rd_kafka_incremental_assign(c->rk, list);
        if (error != NULL) {
            rd_kafka_error_destroy(error);
            result = -EIO;
        }
    } else if (rd_kafka_assign(c->rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        result = -EIO;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (result < 0)
        for (size_t i = 0; i < count; i++)
            kafka_queue_free(ret_queues[i]);
    return result;
}

void kafka_take_none(struct kafka_consumer *c)
{
    const int result =
        kafka_assign(c, NULL, 0, NULL); /* unlike unassigning it is an answer to an assignment */
    (void)result;                       /* refused: it is out of date, and another event follows */
}

void kafka_unassign(struct kafka_consumer *c, const struct kafka_place places[], size_t count)
{
    if (kafka_is_cooperative(c)) {
        rd_kafka_topic_partition_list_t *list = kafka_list_new(places, count);
        rd_kafka_error_t *error = rd_kafka_incremental_unassign(c->rk, list);
        if (error != NULL)
            rd_kafka_error_destroy(error);
        rd_kafka_topic_partition_list_destroy(list);
    } else {
        (void)rd_kafka_assign(c->rk, NULL);
    }
}

bool kafka_assignment_lost(const struct kafka_consumer *c)
{
    return rd_kafka_assignment_lost(c->rk) != 0;
}

int64_t kafka_lag(const struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(c->rk, place->topic, place->partition, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
        return -1;
    const int64_t from = position < low ? low : position;
    return high > from ? high - from : 0;
}

/* Unlike closing, unsubscribing says goodbye for a static member, too; librdkafka does so once we
 * have answered the revoke that it asks for. */
void kafka_consumer_rejoin(struct kafka_consumer *c)
{
    (void)rd_kafka_unsubscribe(c->rk);
    (void)rd_kafka_subscribe(c->rk, c->topics);
}

int kafka_partition_count(struct kafka_consumer *c, const char *topic, int32_t *ret_count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    enum { ANSWER_MS = 5000 };
    const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = topic};
    char doing[200];
    int count;
    const rd_kafka_resp_err_t err = kafka_ask_topic(c->rk, topic, ANSWER_MS, &count);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *ret_count = count;
        return 0;
    }
    (void)snprintf(doing, sizeof doing, "topic %.150s", topic);
    const int result = kafka_failed(err, &asked, doing, ret_message);
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
               ? -ENOENT
               : result;
}

static bool is_gone(const struct rd_kafka_metadata *metadata, const char *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            return metadata->topics[i].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    return false;
}

size_t kafka_still_there(struct kafka_consumer *c, struct kafka_place places[], size_t count)
{
    enum { ANSWER_MS = 2000 };
    const struct rd_kafka_metadata *metadata = NULL;
    size_t left = 0;
    if (count > 0)
        (void)rd_kafka_metadata(c->rk, 0, NULL, &metadata, ANSWER_MS);
    if (metadata == NULL)
        return count;
    for (size_t i = 0; i < count; i++)
        if (!is_gone(metadata, places[i].topic))
            places[left++] = places[i];
    rd_kafka_metadata_destroy(metadata);
    return left;
}

void kafka_consumer_close(struct kafka_consumer *c)
{
    if (c->closing)
        return;
    c->closing = true;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(c->rk, c->queue);
    if (error != NULL)
        rd_kafka_error_destroy(error);
}

bool kafka_consumer_closing(const struct kafka_consumer *c)
{
    return c->closing;
}

bool kafka_consumer_closed(const struct kafka_consumer *c)
{
    return rd_kafka_consumer_closed(c->rk) != 0;
}

void kafka_consumer_free(struct kafka_consumer *c)
{
    if (c == NULL)
        return;
    if (c->queue != NULL)
        rd_kafka_queue_destroy(c->queue);
    if (c->topics != NULL)
        rd_kafka_topic_partition_list_destroy(c->topics);
    if (c->rk != NULL)
        rd_kafka_destroy_flags(c->rk, c->closing ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(c);
}
