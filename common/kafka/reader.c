/* Reading committed records of a range, without a consumer group; see reader.h.
 *
 * A partition is read until its position reaches its end. The end is taken once: when reading
 * begins, or, with a time ahead, when the clock gets there. It is the last stable offset, for what
 * follows was not committed when the question was asked; or the high watermark, which a reader of
 * committed records reaches once the transactions before it have ended. A position moves by records
 * and, over the markers of transactions and over aborted records, by librdkafka's end-of-partition
 * event. */
#include "kafka/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "kafka/internal.h"

enum {
    POLL_MS = 100,
    MARKERS_MS = 2000,
    LEADER_MS = 5000, /* a leader that moved, or a new topic's, is known to all by then */
    OPEN_TRANSACTION_MS = 30000,
    SILENCE_MS = 60000,
    OLDEST = -2,
    LATEST = -1 /* times that mean an end, in Kafka's protocol */
};

struct partition {
    const char *topic;
    int32_t id;
    int64_t position, end; /* end: -1 while it is not taken */
    bool is_done;
};

struct reader {
    struct kafka_client client;
    const struct config *config;
    const struct kafka_range *range;
    struct partition *partitions;
    size_t count, open;
    bool ends_taken;
    int64_t heard_ms, moved_ms; /* anything; a record, or an end that was reached */
    char *message;
};

static const struct kafka_span *span_of(const struct kafka_range *range, int32_t partition)
{
    for (size_t i = 0; i < range->span_count; i++)
        if (range->spans[i].partition == partition)
            return &range->spans[i];
    return NULL;
}

static int partitions_add(struct reader *r, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(r->client.rk, topic, NULL);
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(r->client.rk, 0, handle, &metadata, KAFKA_CONNECT_MS);
    rd_kafka_topic_destroy(handle);
    (void)rd_kafka_poll(r->client.rk, 0);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_complain(&r->client, error, NULL, "Kafka does not answer", r->message);

    const struct rd_kafka_metadata_topic *found = &metadata->topics[0];
    int rc = 0;
    char doing[160];
    (void)snprintf(doing, sizeof doing, "topic %.100s", topic);
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR || found->partition_cnt == 0) {
        rc = kafka_complain(&r->client,
                            found->err != RD_KAFKA_RESP_ERR_NO_ERROR
                                ? found->err
                                : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                            NULL, doing, r->message);
    } else if (r->range->partition >= found->partition_cnt) {
        rc = kafka_complain(&r->client, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, NULL, doing,
                            r->message);
    } else {
        struct partition *more =
            realloc(r->partitions, (r->count + (size_t)found->partition_cnt) * sizeof *more);
        if (more == NULL)
            abort();
        r->partitions = more;
        const char *key = r->range->partition_of_key;
        int32_t only = key == NULL ? r->range->partition
                                   : kafka_partition_of(key, strlen(key), found->partition_cnt);
        for (int i = 0; i < found->partition_cnt; i++)
            if (r->range->spans != NULL ? span_of(r->range, found->partitions[i].id) != NULL
                                        : only < 0 || only == found->partitions[i].id)
                r->partitions[r->count++] =
                    (struct partition){.topic = topic, .id = found->partitions[i].id, .end = -1};
    }
    rd_kafka_metadata_destroy(metadata);
    return rc;
}

/* The broker that was asked does not lead the partition any more, or not yet. */
static bool offsets_may_come(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

static rd_kafka_resp_err_t offsets_ask_once(const struct reader *r, rd_kafka_t *rk, int64_t time,
                                            int64_t ret_offsets[])
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);
    for (size_t i = 0; i < r->count; i++)
        rd_kafka_topic_partition_list_add(list, r->partitions[i].topic, r->partitions[i].id)
            ->offset = time;
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(rk, list, KAFKA_ANSWER_MS);
    for (size_t i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < r->count; i++) {
        error = list->elems[i].err;
        ret_offsets[i] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* Who leads is asked anew: librdkafka does not do so by itself here (kafka_bound). */
static void leaders_ask(const struct reader *r, rd_kafka_t *rk)
{
    int partitions;
    for (size_t i = 0; i < r->count; i++)
        if (i == 0 || r->partitions[i].topic != r->partitions[i - 1].topic)
            (void)kafka_ask_topic(rk, r->partitions[i].topic, KAFKA_ANSWER_MS, &partitions);
}

/* For each partition the offset of a time (or OLDEST, LATEST), as this client's isolation sees it;
 * -1 where there is none. */
static int offsets_ask(struct reader *r, const struct kafka_client *client, int64_t time,
                       int64_t ret_offsets[])
{
    const int64_t patience = clock_monotonic_ms() + LEADER_MS;
    rd_kafka_resp_err_t error;
    while (offsets_may_come(error = offsets_ask_once(r, client->rk, time, ret_offsets)) &&
           clock_monotonic_ms() < patience) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        leaders_ask(r, client->rk);
    }
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : kafka_complain(client, error, NULL, "offsets cannot be read", r->message);
}

/* What is written; and, unless all of that is to be read, the last stable offsets, once they have
 * come up to it, or after MARKERS_MS. */
static int ends_ask(struct reader *r, int64_t ret_ends[])
{
    static const char *const ours[][2] = {
        {"client.id", "primaflow-control"}, {"socket.nagle.disable", "true"}, {NULL, NULL}};
    static const char *const last[][2] = {{"isolation.level", "read_uncommitted"}, {NULL, NULL}};
    const bool waits = r->range->until != KAFKA_UNTIL_WRITTEN;
    const int64_t patience = clock_monotonic_ms() + MARKERS_MS;
    int64_t *written = calloc(r->count + 1, sizeof *written);
    struct kafka_client client = {.rk = NULL};
    if (written == NULL)
        abort();
    int rc = kafka_client_open(&client, RD_KAFKA_CONSUMER, r->config, ours, last, r->message);
    if (rc == 0)
        rc = offsets_ask(r, &client, LATEST, written);
    if (!waits)
        memcpy(ret_ends, written, r->count * sizeof *written);
    for (bool behind = waits; rc == 0 && behind && clock_monotonic_ms() < patience;) {
        rc = offsets_ask(r, &r->client, LATEST, ret_ends);
        behind = false;
        for (size_t i = 0; rc == 0 && i < r->count; i++)
            behind |= ret_ends[i] < written[i];
        if (behind)
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    kafka_client_close(&client);
    free(written);
    return rc;
}

/* Takes every partition's end; those whose position is there already are done. */
static int ends_take(struct reader *r)
{
    int64_t *ends = calloc(r->count + 1, sizeof *ends);
    if (ends == NULL)
        abort();
    int rc = ends_ask(r, ends);
    for (size_t i = 0; rc == 0 && i < r->count; i++) {
        struct partition *p = &r->partitions[i];
        const struct kafka_span *span = span_of(r->range, p->id);
        p->end = span != NULL && span->until < ends[i] ? span->until : ends[i];
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
    int64_t *from = calloc(r->count + 1, sizeof *from), *ends = calloc(r->count + 1, sizeof *ends);
    if (from == NULL || ends == NULL)
        abort();
    int rc = offsets_ask(r, &r->client,
                         r->range->from == KAFKA_FROM_TIME && r->range->spans == NULL
                             ? r->range->from_value
                             : OLDEST,
                         from);
    if (rc == 0 && r->range->from != KAFKA_FROM_BEGINNING && r->range->spans == NULL)
        rc = offsets_ask(r, &r->client, LATEST, ends);
    for (size_t i = 0; rc == 0 && i < r->count; i++) {
        int64_t *position = &r->partitions[i].position;
        const struct kafka_span *span = span_of(r->range, r->partitions[i].id);
        *position = from[i];
        if (r->range->spans != NULL) {
            if (span != NULL && span->from > from[i])
                *position = span->from;
        } else if (r->range->from == KAFKA_FROM_OFFSET && r->range->from_value > from[i])
            *position = r->range->from_value < ends[i] ? r->range->from_value : ends[i];
        else if (r->range->from == KAFKA_FROM_LAST && ends[i] - r->range->from_value > from[i])
            *position = ends[i] - r->range->from_value;
        else if (from[i] < 0) /* nothing of that time or later yet */
            *position = ends[i];
    }
    free(from);
    free(ends);
    return rc;
}

static int reader_assign(struct reader *r)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);
    for (size_t i = 0; i < r->count; i++)
        if (!r->partitions[i].is_done)
            rd_kafka_topic_partition_list_add(list, r->partitions[i].topic, r->partitions[i].id)
                ->offset = r->partitions[i].position;
    rd_kafka_resp_err_t error = rd_kafka_assign(r->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : kafka_complain(&r->client, error, NULL, "partitions cannot be read", r->message);
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
    r->moved_ms = r->heard_ms;
    r->open--;
}

/* Before its end: a transaction holds it back, of which librdkafka says no more. It is heard of
 * again once that has ended. */
static int partition_held_back(struct reader *r, const struct partition *p, int64_t offset)
{
    if (r->heard_ms - r->moved_ms > OPEN_TRANSACTION_MS) {
        (void)snprintf(r->message, KAFKA_TEXT_MAX,
                       "a transaction is open at %.120s/%d, offset %lld, for longer than ours can "
                       "be; see kafka-transactions.sh find-hanging, and abort it",
                       p->topic, (int)p->id, (long long)offset);
        return -EIO;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, p->topic, p->id)->offset = offset;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(r->client.rk, list, KAFKA_ANSWER_MS);
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    return 0;
}

static int record_show(struct reader *r, const struct kafka_record *record, kafka_record_seen seen,
                       void *user)
{
    if (r->range->from == KAFKA_FROM_TIME && record->timestamp_ms < r->range->from_value)
        return 0;
    if (r->range->until == KAFKA_UNTIL_TIME && record->timestamp_ms >= r->range->until_ms)
        return 0;
    return seen(user, record);
}

/* What ends the reading: while all that was written is waited for, a broker may be away for a
 * while; a batch that cannot be read would be left out. The group, whose coordinator librdkafka
 * asks for unasked, is not needed. */
static bool is_final(const struct reader *r, rd_kafka_resp_err_t error)
{
    const enum kafka_obstacle obstacle = kafka_obstacle_of(error);
    return r->range->until != KAFKA_UNTIL_WRITTEN || obstacle == KAFKA_UNREADABLE ||
           obstacle == KAFKA_DENIED;
}

/* Takes the message. */
static int message_take(struct reader *r, rd_kafka_message_t *m, kafka_record_seen seen, void *user)
{
    struct partition *p = partition_find(r, m);
    int rc = 0;
    r->heard_ms = clock_monotonic_ms();
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR && p != NULL) {
        struct kafka_record record;
        const int64_t offset = m->offset;
        kafka_record_read(m, &record); /* has the message now */
        r->moved_ms = r->heard_ms;
        if (!r->ends_taken || offset < p->end)
            rc = record_show(r, &record, seen, user);
        kafka_record_free(&record);
        partition_move(r, p, offset + 1);
        return rc;
    }
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && p != NULL) {
        partition_move(r, p, m->offset);
        if (r->range->until == KAFKA_UNTIL_WRITTEN && !p->is_done)
            rc = partition_held_back(r, p, m->offset);
    } else if (is_final(r, m->err)) {
        rc = kafka_complain(&r->client, m->err, rd_kafka_message_errstr(m), "reading failed",
                            r->message);
    }
    rd_kafka_message_destroy(m);
    return rc;
}

static int silence_judge(struct reader *r)
{
    const bool waits = r->range->until == KAFKA_UNTIL_WRITTEN;
    if (!r->ends_taken ||
        clock_monotonic_ms() - r->heard_ms <= (waits ? SILENCE_MS : KAFKA_ANSWER_MS))
        return 0;
    if (!waits)
        return kafka_complain(&r->client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL,
                              "Kafka does not answer", r->message);
    (void)snprintf(r->message, KAFKA_TEXT_MAX, "Kafka gives no records of %.150s for a minute",
                   r->partitions[0].topic);
    return -EIO;
}

static int reader_loop(struct reader *r, kafka_record_seen seen, void *user)
{
    const struct kafka_range *range = r->range;
    int rc = 0;

    r->heard_ms = r->moved_ms = clock_monotonic_ms();
    while (rc == 0 && (!r->ends_taken || r->open > 0) && (range->stop == NULL || !*range->stop)) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(r->client.rk, POLL_MS);
        rc = m != NULL ? message_take(r, m, seen, user) : silence_judge(r);
        if (rc == 0 && range->give_up != NULL && *range->give_up)
            rc = -ECANCELED;
        if (rc == 0 && !r->ends_taken && range->until == KAFKA_UNTIL_TIME &&
            clock_wall_ms() >= range->until_ms)
            rc = ends_take(r);
    }
    return rc;
}

/* Opened, with each partition's beginning and, where that is known by now, its end. */
static int reader_open(struct reader *r, const char *const topics[], size_t topic_count)
{
    const struct kafka_range *range = r->range;
    const bool is_scan = range->until == KAFKA_UNTIL_WRITTEN,
               follows = range->until == KAFKA_UNTIL_STOPPED;
    const char *const ours[][2] = {
        {"client.id", "primaflow-control"},
        {"socket.nagle.disable", "true"},
        /* the end of a partition is told by an empty answer: soon, please */
        {"fetch.wait.max.ms", follows ? "100" : "10"},
        {"fetch.error.backoff.ms", "20"},
        {"queued.max.messages.kbytes", "16384"},
        {NULL, NULL}};
    const char *const last[][2] = {
        /* named for ACLs; nobody joins it */
        {"group.id", is_scan ? "primaflow.control" : "primaflow.cli.reads-only"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "earliest"},
        {"check.crcs", "true"},
        {"enable.partition.eof", "true"},
        {NULL, NULL}};
    int rc = kafka_client_open(&r->client, RD_KAFKA_CONSUMER, r->config, ours, last, r->message);
    for (size_t i = 0; rc == 0 && i < topic_count; i++)
        rc = partitions_add(r, topics[i]);
    r->open = r->count;
    if (rc == 0 && r->count == 0) /* none of the spans' partitions */
        return 0;
    if (rc == 0)
        rc = starts_take(r);
    if (rc == 0 && (range->until == KAFKA_UNTIL_END || is_scan ||
                    (range->until == KAFKA_UNTIL_TIME && range->until_ms <= clock_wall_ms())))
        rc = ends_take(r);
    return rc;
}

static void reader_close(struct reader *r)
{
    kafka_client_close(&r->client);
    free(r->partitions);
}

int kafka_read(const struct config *config, const char *const topics[], size_t topic_count,
               const struct kafka_range *range, kafka_record_seen seen, void *user,
               char ret_message[static KAFKA_TEXT_MAX])
{
    struct reader r = {.config = config, .range = range, .message = ret_message};
    int rc = reader_open(&r, topics, topic_count);
    if (rc == 0 && r.open > 0)
        rc = reader_assign(&r);
    if (rc == 0 && r.open > 0)
        rc = reader_loop(&r, seen, user);
    reader_close(&r);
    return rc;
}

int kafka_spans(const struct config *config, const char *topic, const struct kafka_range *range,
                struct kafka_span **ret_spans, size_t *ret_count,
                char ret_message[static KAFKA_TEXT_MAX])
{
    struct reader r = {.config = config, .range = range, .message = ret_message};
    const int rc = reader_open(&r, &topic, 1);
    if (rc == 0) {
        struct kafka_span *spans = calloc(r.count + 1, sizeof *spans);
        if (spans == NULL)
            abort();
        for (size_t i = 0; i < r.count; i++)
            spans[i] = (struct kafka_span){r.partitions[i].id, r.partitions[i].position,
                                           r.partitions[i].end};
        *ret_spans = spans;
        *ret_count = r.count;
    }
    reader_close(&r);
    return rc;
}

struct scan {
    void (*each)(void *user, const struct kafka_record *record);
    void *user;
};

static int scan_see(void *user, const struct kafka_record *record)
{
    const struct scan *scan = user;
    scan->each(scan->user, record);
    return 0;
}

int kafka_scan(const struct config *config, const char *topic, const atomic_int *give_up,
               void (*each)(void *, const struct kafka_record *), void *user,
               char ret_message[static KAFKA_TEXT_MAX])
{
    const struct kafka_range range = {
        .until = KAFKA_UNTIL_WRITTEN, .partition = -1, .give_up = give_up};
    struct scan scan = {each, user};
    const int rc = kafka_read(config, &topic, 1, &range, scan_see, &scan, ret_message);
    if (rc == -EACCES)
        kafka_right_write(KAFKA_READ_TOPIC, topic, ret_message, KAFKA_TEXT_MAX);
    return rc == 0 || rc == -ENOENT || rc == -ECANCELED || rc == -EACCES ? rc : -EIO;
}
