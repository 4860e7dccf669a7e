/* Reading committed records of a range, without a consumer group.
 *
 * A partition is read until its position reaches its end. The end is the last stable offset, taken once: when reading begins, or, with a
 * time ahead, when the clock gets there. What follows it was not committed when the question was asked. A position moves by records and,
 * over the markers of transactions and over aborted records, by librdkafka's end-of-partition event. */
#include "broker_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>

enum { HEADERS_MAX = 64, POLL_MS = 100, MARKERS_MS = 2000, OLDEST = -2, LATEST = -1 /* times that mean an end, in Kafka's protocol */ };

struct partition {
    const char *topic;
    int32_t id;
    int64_t position, end; /* end: -1 while it is not taken */
    bool is_done;
};

struct reader {
    rd_kafka_t *client;
    const struct config *config;
    const struct broker_range *range;
    struct partition *partitions;
    size_t count, open;
    bool ends_taken;
    struct broker_message *message;
};

static int partitions_add(struct reader *r, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(r->client, topic, NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(r->client, 0, handle, &metadata, BROKER_CONNECT_MS);
    rd_kafka_topic_destroy(handle);
    (void)rd_kafka_poll(r->client, 0);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return broker_complain(r->client, error, NULL, "Kafka does not answer", r->message);

    const struct rd_kafka_metadata_topic *found = &metadata->topics[0];
    int rc = 0;
    char doing[160];
    (void)snprintf(doing, sizeof doing, "topic %.100s", topic);
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR || found->partition_cnt == 0) {
        rc = broker_complain(r->client, found->err != RD_KAFKA_RESP_ERR_NO_ERROR ? found->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                             NULL, doing, r->message);
    } else if (r->range->partition >= found->partition_cnt) {
        rc = broker_complain(r->client, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, NULL, doing, r->message);
    } else {
        struct partition *more = realloc(r->partitions, (r->count + (size_t)found->partition_cnt) * sizeof *more);
        if (more == NULL)
            abort();
        r->partitions = more;
        const char *key = r->range->partition_of_key;
        int32_t only =
            key == NULL ? r->range->partition : rd_kafka_msg_partitioner_murmur2(NULL, key, strlen(key), found->partition_cnt, NULL, NULL);
        for (int i = 0; i < found->partition_cnt; i++)
            if (only < 0 || only == found->partitions[i].id)
                r->partitions[r->count++] = (struct partition){.topic = topic, .id = found->partitions[i].id, .end = -1};
    }
    rd_kafka_metadata_destroy(metadata);
    return rc;
}

/* For each partition the offset of a time (or OLDEST, LATEST), as this client's isolation sees it; -1 where there is none. */
static int offsets_ask(struct reader *r, rd_kafka_t *client, int64_t time, int64_t ret_offsets[])
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);
    for (size_t i = 0; i < r->count; i++)
        rd_kafka_topic_partition_list_add(list, r->partitions[i].topic, r->partitions[i].id)->offset = time;
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client, list, BROKER_TIMEOUT_MS);
    for (size_t i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < r->count; i++) {
        error = list->elems[i].err;
        ret_offsets[i] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : broker_complain(client, error, NULL, "offsets cannot be read", r->message);
}

/* The last stable offsets, once they have come up to what is written, or after MARKERS_MS. */
static int stable_ends_ask(struct reader *r, int64_t ret_ends[])
{
    static const char *const properties[] = {"isolation.level", "read_uncommitted", NULL};
    int64_t *written = calloc(r->count, sizeof *written), patience = clock_monotonic_ms() + MARKERS_MS;
    rd_kafka_t *client = NULL;
    if (written == NULL)
        abort();
    int rc = broker_client_new(r->config, RD_KAFKA_CONSUMER, properties, &client, r->message);
    if (rc == 0)
        rc = offsets_ask(r, client, LATEST, written);
    for (bool behind = true; rc == 0 && behind && clock_monotonic_ms() < patience;) {
        rc = offsets_ask(r, r->client, LATEST, ret_ends);
        behind = false;
        for (size_t i = 0; rc == 0 && i < r->count; i++)
            behind |= ret_ends[i] < written[i];
        if (behind)
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    if (client != NULL)
        rd_kafka_destroy(client);
    free(written);
    return rc;
}

/* Takes every partition's end; those whose position is there already are done. */
static int ends_take(struct reader *r)
{
    int64_t *ends = calloc(r->count, sizeof *ends);
    if (ends == NULL)
        abort();
    int rc = stable_ends_ask(r, ends);
    for (size_t i = 0; rc == 0 && i < r->count; i++) {
        struct partition *p = &r->partitions[i];
        p->end = ends[i];
        p->is_done = p->position >= p->end;
        r->open -= p->is_done;
    }
    r->ends_taken = rc == 0;
    free(ends);
    return rc;
}

/* Where each partition begins. */
static int starts_take(struct reader *r)
{
    int64_t *from = calloc(r->count, sizeof *from), *ends = calloc(r->count, sizeof *ends);
    if (from == NULL || ends == NULL)
        abort();
    int rc = offsets_ask(r, r->client, r->range->from == BROKER_FROM_TIME ? r->range->from_value : OLDEST, from);
    if (rc == 0 && r->range->from != BROKER_FROM_BEGINNING)
        rc = offsets_ask(r, r->client, LATEST, ends);
    for (size_t i = 0; rc == 0 && i < r->count; i++) {
        int64_t *position = &r->partitions[i].position;
        *position = from[i];
        if (r->range->from == BROKER_FROM_OFFSET && r->range->from_value > from[i])
            *position = r->range->from_value < ends[i] ? r->range->from_value : ends[i];
        else if (r->range->from == BROKER_FROM_LAST && ends[i] - r->range->from_value > from[i])
            *position = ends[i] - r->range->from_value;
        else if (from[i] < 0) /* nothing of that time or later yet */
            *position = ends[i];
    }
    free(from);
    free(ends);
    return rc;
}

static int assign(struct reader *r)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);
    for (size_t i = 0; i < r->count; i++)
        if (!r->partitions[i].is_done)
            rd_kafka_topic_partition_list_add(list, r->partitions[i].topic, r->partitions[i].id)->offset = r->partitions[i].position;
    rd_kafka_resp_err_t error = rd_kafka_assign(r->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : broker_complain(r->client, error, NULL, "partitions cannot be read", r->message);
}

static struct partition *partition_find(struct reader *r, const rd_kafka_message_t *m)
{
    const char *topic = m->rkt != NULL ? rd_kafka_topic_name(m->rkt) : "";
    for (size_t i = 0; i < r->count; i++)
        if (r->partitions[i].id == m->partition && strcmp(r->partitions[i].topic, topic) == 0)
            return &r->partitions[i];
    return NULL;
}

static void partition_move(struct reader *r, struct partition *p, int64_t position)
{
    if (position > p->position)
        p->position = position;
    if (p->is_done || !r->ends_taken || p->position < p->end)
        return;
    p->is_done = true;
    r->open--;
}

static int record_show(struct reader *r, const rd_kafka_message_t *m, broker_record_seen seen, void *user)
{
    struct broker_header list[HEADERS_MAX];
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_timestamp_type_t type;
    struct broker_record record = {.topic = rd_kafka_topic_name(m->rkt),
                                   .partition = m->partition,
                                   .offset = m->offset,
                                   .key = m->key,
                                   .key_size = m->key_len,
                                   .value = m->payload,
                                   .value_size = m->len,
                                   .headers = list};

    record.timestamp_ms = rd_kafka_message_timestamp(m, &type);
    record.log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    if (r->range->from == BROKER_FROM_TIME && record.timestamp_ms < r->range->from_value)
        return 0;
    if (r->range->until == BROKER_UNTIL_TIME && record.timestamp_ms >= r->range->until_ms)
        return 0;
    if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        while (record.header_count < HEADERS_MAX &&
               rd_kafka_header_get_all(headers, record.header_count, &list[record.header_count].name, &list[record.header_count].value,
                                       &list[record.header_count].size) == RD_KAFKA_RESP_ERR_NO_ERROR)
            record.header_count++;
    }
    return seen(user, &record);
}

static int message_take(struct reader *r, const rd_kafka_message_t *m, broker_record_seen seen, void *user)
{
    struct partition *p = partition_find(r, m);
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && p != NULL) {
        partition_move(r, p, m->offset);
        return 0;
    }
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR || p == NULL)
        return broker_complain(r->client, m->err, rd_kafka_message_errstr(m), "reading failed", r->message);
    int rc = r->ends_taken && m->offset >= p->end ? 0 : record_show(r, m, seen, user);
    partition_move(r, p, m->offset + 1);
    return rc;
}

static int loop(struct reader *r, broker_record_seen seen, void *user)
{
    const struct broker_range *range = r->range;
    int64_t heard = clock_monotonic_ms();
    int rc = 0;

    while (rc == 0 && (!r->ends_taken || r->open > 0) && (range->stop == NULL || !*range->stop)) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(r->client, POLL_MS);
        if (m != NULL) {
            heard = clock_monotonic_ms();
            rc = message_take(r, m, seen, user);
            rd_kafka_message_destroy(m);
        } else if (r->ends_taken && clock_monotonic_ms() - heard > BROKER_TIMEOUT_MS) {
            rc = broker_complain(r->client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, "Kafka does not answer", r->message);
        }
        if (rc == 0 && !r->ends_taken && range->until == BROKER_UNTIL_TIME && clock_wall_ms() >= range->until_ms)
            rc = ends_take(r);
    }
    return rc;
}

int broker_read(const struct config *config, const char *const topics[], size_t topic_count, const struct broker_range *range,
                broker_record_seen seen, void *user, struct broker_message *ret_message)
{
    /* clang-format off: pairs */
    static const char *const properties[] = {"isolation.level",
                                             "read_committed",
                                             "enable.auto.commit",
                                             "false",
                                             "enable.auto.offset.store",
                                             "false",
                                             "enable.partition.eof",
                                             "true",
                                             "fetch.wait.max.ms",
                                             "50", /* the end of a partition is told by an empty answer: soon, please */
                                             "auto.offset.reset",
                                             "earliest",
                                             "queued.max.messages.kbytes",
                                             "16384",
                                             "group.id",
                                             "primaflow.cli.reads-only",
                                             NULL};
    /* clang-format on */
    struct reader r = {.config = config, .range = range, .message = ret_message};
    int rc = broker_client_new(config, RD_KAFKA_CONSUMER, properties, &r.client, ret_message);
    if (rc != 0)
        return rc;
    (void)rd_kafka_poll_set_consumer(r.client);
    for (size_t i = 0; rc == 0 && i < topic_count; i++)
        rc = partitions_add(&r, topics[i]);
    r.open = r.count;
    if (rc == 0)
        rc = starts_take(&r);
    if (rc == 0 && (range->until == BROKER_UNTIL_END || (range->until == BROKER_UNTIL_TIME && range->until_ms <= clock_wall_ms())))
        rc = ends_take(&r);
    if (rc == 0 && r.open > 0)
        rc = assign(&r);
    if (rc == 0 && r.open > 0)
        rc = loop(&r, seen, user);
    (void)rd_kafka_consumer_close(r.client);
    rd_kafka_destroy(r.client);
    free(r.partitions);
    return rc;
}
