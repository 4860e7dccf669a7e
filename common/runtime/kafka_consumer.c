/* The consumer: rebalances as events, a queue for each partition; see kafka.h. */
#include "runtime/kafka_internal.h"

#include <errno.h>
#include <unistd.h>

static const uint64_t one = 1; /* what an eventfd wants to be written */

rd_kafka_conf_t *kafka_conf_new(const struct config *config, const char *const ours[][2], const char *const last[][2],
                                char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *name, *value;
    char words[200];
    for (size_t i = 0; ours[i][0] != NULL; i++)
        if (rd_kafka_conf_set(conf, ours[i][0], ours[i][1], words, sizeof words) != RD_KAFKA_CONF_OK)
            goto bad;
    for (size_t i = 0; config_rdkafka(config, i, &name, &value); i++)
        if (rd_kafka_conf_set(conf, name, value, words, sizeof words) != RD_KAFKA_CONF_OK)
            goto bad;
    for (size_t i = 0; last[i][0] != NULL; i++)
        if (rd_kafka_conf_set(conf, last[i][0], last[i][1], words, sizeof words) != RD_KAFKA_CONF_OK)
            goto bad;
    if (rd_kafka_conf_set(conf, "bootstrap.servers", config_text(config, CFG_kafka_bootstrap_servers), words, sizeof words) !=
        RD_KAFKA_CONF_OK)
        goto bad;
    return conf;
bad:
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "librdkafka refuses a property: %.200s; correct the rdkafka.* key", words);
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_topic_partition_list_t *kafka_list_new(const struct kafka_place places[], size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition)->offset = places[i].offset;
    return list;
}

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

int kafka_consumer_new(const struct config *config, const char *group, const char *instance, const char *const topics[], size_t topic_count,
                       int wake_fd, const struct kafka_consumer_hooks *hooks, struct kafka_consumer **ret_consumer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    /* librdkafka's cooperative assignor can abort the process on close before 2.10.1. */
    const char *assignor = rd_kafka_version() >= 0x020a01ff ? "cooperative-sticky" : "range,roundrobin";
    const char *const ours[][2] = {
        {"client.id", "primaflow"},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "2000"},
        {"socket.nagle.disable", "true"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "50"}, /* before 2.2 also the time for which a full queue is not refilled; then: */
        {rd_kafka_version() >= 0x020200ff ? "fetch.queue.backoff.ms" : "fetch.error.backoff.ms", "50"},
        {"queued.min.messages", "1000"},
        {"queued.max.messages.kbytes", "128"}, /* of each partition, for each has its own queue; one fetch more at most */
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
        {"enable.partition.eof", "true"},
        {instance != NULL ? "group.instance.id" : NULL, instance},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return -EINVAL;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
    struct kafka_consumer *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->hooks = *hooks;
    c->wake_fd = wake_fd;
    char words[200];
    c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
    if (c->rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka consumer: %.200s", words);
        rd_kafka_conf_destroy(conf);
        free(c);
        return -EINVAL;
    }
    (void)rd_kafka_poll_set_consumer(c->rk);
    c->queue = rd_kafka_queue_get_consumer(c->rk);
    rd_kafka_queue_io_event_enable(c->queue, wake_fd, &one, sizeof one);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)topic_count);
    for (size_t i = 0; i < topic_count; i++)
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t err = rd_kafka_subscribe(c->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
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
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        c->hooks.on_assign(c->hooks.user, places, (size_t)list->cnt);
    else
        c->hooks.on_revoke(c->hooks.user, places, (size_t)list->cnt, rd_kafka_assignment_lost(c->rk));
    free(places);
}

static void serve_error(struct kafka_consumer *c, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    char words[250];
    (void)snprintf(words, sizeof words, "%s", rd_kafka_event_error_string(event));
    const bool fatal = err == RD_KAFKA_RESP_ERR__FATAL;
    if (fatal)
        err = rd_kafka_fatal_error(c->rk, words, sizeof words);
    c->hooks.on_error(c->hooks.user, words, fatal, err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

void kafka_consumer_serve(struct kafka_consumer *c)
{
    for (rd_kafka_event_t *event; (event = rd_kafka_queue_poll(c->queue, 0)) != NULL; rd_kafka_event_destroy(event)) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            serve_rebalance(c, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            serve_error(c, event);
    }
}

static bool is_cooperative(const struct kafka_consumer *c)
{
    const char *protocol = rd_kafka_rebalance_protocol(c->rk);
    return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

int kafka_assign(struct kafka_consumer *c, const struct kafka_place places[], size_t count, struct kafka_queue *ret_queues[])
{
    /* The queues are taken out of the common one before anything can arrive in it. */
    for (size_t i = 0; i < count; i++) {
        rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(c->rk, places[i].topic, places[i].partition);
        if (queue == NULL)
            abort();
        rd_kafka_queue_forward(queue, NULL);
        rd_kafka_queue_io_event_enable(queue, c->wake_fd, &one, sizeof one);
        ret_queues[i] = (struct kafka_queue *)queue;
    }
    rd_kafka_topic_partition_list_t *list = kafka_list_new(places, count);
    int result = 0;
    if (is_cooperative(c)) {
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

void kafka_unassign(struct kafka_consumer *c, const struct kafka_place places[], size_t count)
{
    if (is_cooperative(c)) {
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

void kafka_record_read(rd_kafka_message_t *message, struct kafka_record *r)
{
    rd_kafka_timestamp_type_t type;
    *r = (struct kafka_record){.handle = message,
                               .topic = rd_kafka_topic_name(message->rkt),
                               .partition = message->partition,
                               .offset = message->offset,
                               .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                               .key = message->key,
                               .value = message->payload,
                               .key_size = message->key_len,
                               .value_size = message->len};
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    const size_t count = rd_kafka_header_cnt(headers) < KAFKA_HEADERS_MAX ? rd_kafka_header_cnt(headers) : KAFKA_HEADERS_MAX;
    if (count > 0 && (r->headers = calloc(count, sizeof *r->headers)) == NULL)
        abort(); /* as record_new does */
    for (; r->header_count < count; r->header_count++) {
        struct kafka_header *h = &r->headers[r->header_count];
        (void)rd_kafka_header_get_all(headers, r->header_count, &h->name, &h->value, &h->size);
    }
}

void kafka_record_free(struct kafka_record *record)
{
    if (record->handle != NULL)
        rd_kafka_message_destroy(record->handle);
    record->handle = NULL;
    free(record->headers);
    record->headers = NULL;
    record->header_count = 0;
}

struct kafka_record kafka_record_move(struct kafka_record *record)
{
    const struct kafka_record moved = *record;
    *record = (struct kafka_record){.handle = NULL};
    return moved;
}

const char *kafka_header_text(const struct kafka_record *record, const char *name, char *text, size_t room)
{
    for (size_t i = record->header_count; i > 0; i--) {
        const struct kafka_header *h = &record->headers[i - 1];
        if (strcmp(h->name, name) != 0 || h->value == NULL)
            continue;
        (void)snprintf(text, room, "%.*s", (int)(h->size < room ? h->size : room), (const char *)h->value);
        return text;
    }
    return NULL;
}

int kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max, int64_t *ret_end,
                char ret_message[static KAFKA_TEXT_MAX])
{
    enum { BATCH = 64 };
    rd_kafka_message_t *messages[BATCH];
    *ret_end = -1;
    const ssize_t count = rd_kafka_consume_batch_queue((rd_kafka_queue_t *)queue, 0, messages, max < BATCH ? max : BATCH);
    int good = 0, result = 0;
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *m = messages[i];
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_record_read(m, &records[good++]);
            *ret_end = -1;
            continue;
        }
        if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            *ret_end = m->offset;
        else if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka no longer has the committed offset of %s/%d: %.120s",
                           rd_kafka_topic_name(m->rkt), m->partition, rd_kafka_message_errstr(m));
            result = -ESTALE;
        }
        rd_kafka_message_destroy(m);
    }
    if (result < 0)
        for (int i = 0; i < good; i++)
            kafka_record_free(&records[i]);
    return result < 0 ? result : good;
}

void kafka_queue_free(struct kafka_queue *queue)
{
    if (queue != NULL)
        rd_kafka_queue_destroy((rd_kafka_queue_t *)queue);
}

int32_t kafka_generation(const struct kafka_consumer *c)
{
    /* There is no getter before 2.11; the serialised form is "CGMDv2:" and the generation in network order. */
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(c->rk);
    if (metadata == NULL)
        return -1;
    void *bytes = NULL;
    size_t size = 0;
    int32_t generation = -1;
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    if (error != NULL) {
        rd_kafka_error_destroy(error);
    } else if (size >= 11 && memcmp(bytes, "CGMDv2:", 7) == 0) {
        uint8_t b[4];
        memcpy(b, (const char *)bytes + 7, 4);
        /* rdkafka writes the host's order */
        memcpy(&generation, b, 4);
    }
    if (bytes != NULL)
        rd_kafka_mem_free(NULL, bytes);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    return generation;
}

int64_t kafka_lag(const struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(c->rk, place->topic, place->partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0)
        return 0;
    const int64_t from = position < low ? low : position;
    return high > from ? high - from : 0;
}

int kafka_committed(struct kafka_consumer *c, struct kafka_place places[], size_t count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_partition_list_t *list = kafka_list_new(places, count);
    rd_kafka_resp_err_t err = rd_kafka_committed(c->rk, list, 10000);
    for (size_t i = 0; i < count && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(list, places[i].topic, places[i].partition);
        err = p->err;
        places[i].offset = p->offset >= 0 ? p->offset : -1;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot read committed offsets: %s", rd_kafka_err2str(err));
    return -EIO;
}

int kafka_start_offset(struct kafka_consumer *c, struct kafka_place *place, int64_t start, char ret_message[static KAFKA_TEXT_MAX])
{
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(c->rk, place->topic, place->partition, &low, &high, 10000);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && start >= 0) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, place->topic, place->partition)->offset = start;
        err = rd_kafka_offsets_for_times(c->rk, list, 10000);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            low = list->elems[0].offset >= 0 ? list->elems[0].offset : high;
        rd_kafka_topic_partition_list_destroy(list);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot find where %s/%d begins: %s", place->topic, place->partition,
                       rd_kafka_err2str(err));
        return -EIO;
    }
    place->offset = start == KAFKA_START_END ? high : low;
    return 0;
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
    if (c->rk != NULL)
        rd_kafka_destroy_flags(c->rk, c->closing ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(c);
}
