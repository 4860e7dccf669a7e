/* Consumer and transactional producer of the bare loop, with the worker's properties. One
 * transaction at a time, in libuv's pool: results, ledger entries and offsets of all that finished
 * since the last one. Offsets are the highest finished of each partition: no prefix is kept, for
 * nothing is recovered. */
#include "bare.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

enum { PARTITIONS_MAX = 64, INTERVAL_MS = 150, RECORDS_MAX = 700, BATCH = 64, STEP_MS = 30000 };

struct kafka {
    struct bare *bare;
    struct kafka_names names;
    rd_kafka_t *consumer, *producer;
    rd_kafka_queue_t *queue;
    int wake_fd;
    uv_poll_t wake;
    rd_kafka_message_t *fetched[BATCH];
    ssize_t fetched_count, fetched_at;

    uv_timer_t timer;
    uv_work_t work;
    bool busy;
    struct order *finished, *publishing;
    size_t finished_count, publishing_count;
    int64_t next_offsets[PARTITIONS_MAX]; /* 0: nothing new */
};

static const uint64_t one = 1; /* what an eventfd wants to be written */

static void begin_transaction(struct kafka *k);

/* ---- the transaction, in the pool ---- */

static void check(rd_kafka_error_t *error, const char *what)
{
    if (error != NULL)
        bare_die("Kafka: %s: %s", what, rd_kafka_error_string(error));
}

static void produce(struct kafka *k, const char *topic, const struct order *o, struct bytes value)
{
    const rd_kafka_vu_t what[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)o->key, o->key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {value.data, value.size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_produceva(k->producer, what, sizeof what / sizeof *what);
        if (error == NULL)
            return;
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            check(error, topic);
        rd_kafka_error_destroy(error);
        (void)rd_kafka_poll(k->producer, 10);
    }
}

static void send_offsets(struct kafka *k)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int32_t i = 0; i < PARTITIONS_MAX; i++)
        if (k->next_offsets[i] > 0)
            rd_kafka_topic_partition_list_add(list, k->names.topic, i)->offset = k->next_offsets[i];
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(k->consumer);
    check(rd_kafka_send_offsets_to_transaction(k->producer, list, metadata, STEP_MS), "offsets");
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(list);
}

static void run(uv_work_t *work)
{
    struct kafka *k = work->data;
    check(rd_kafka_begin_transaction(k->producer), "begin");
    for (const struct order *o = k->publishing; o != NULL; o = o->next) {
        produce(k, k->names.results, o, o->sample->result);
        produce(k, k->names.ledger, o, o->sample->ledger);
    }
    send_offsets(k);
    check(rd_kafka_commit_transaction(k->producer, STEP_MS), "commit");
}

static void done(uv_work_t *work, int status)
{
    struct kafka *k = work->data;
    const size_t count = k->publishing_count;
    (void)status;
    for (struct order *o = k->publishing, *next; o != NULL; o = next) {
        next = o->next;
        rd_kafka_message_destroy(o->message);
        free(o);
    }
    k->busy = false;
    begin_transaction(k);
    bare_committed(k->bare, count);
}

static void on_time(uv_timer_t *timer)
{
    begin_transaction(timer->data);
}

/* Closed after the interval, or when full, or when there is nothing more to come. */
static void begin_transaction(struct kafka *k)
{
    const bool last = k->bare->finished == k->bare->orders_max;
    if (k->busy || k->finished_count == 0)
        return;
    if (uv_is_active((uv_handle_t *)&k->timer) != 0 && k->finished_count < RECORDS_MAX && !last)
        return;
    (void)uv_timer_stop(&k->timer);
    memset(k->next_offsets, 0, sizeof k->next_offsets);
    for (const struct order *o = k->finished; o != NULL; o = o->next)
        if (o->offset >= k->next_offsets[o->partition])
            k->next_offsets[o->partition] = o->offset + 1;
    k->publishing = k->finished;
    k->publishing_count = k->finished_count;
    k->finished = NULL;
    k->finished_count = 0;
    k->busy = true;
    (void)uv_queue_work(&k->bare->loop, &k->work, run, done);
}

void bare_kafka_publish(struct kafka *k, struct order *o)
{
    o->next = k->finished;
    k->finished = o;
    if (k->finished_count++ == 0)
        (void)uv_timer_start(&k->timer, on_time, INTERVAL_MS, 0);
    begin_transaction(k);
}

/* ---- consuming ---- */

bool bare_kafka_take(struct kafka *k, struct order *o)
{
    for (;;) {
        if (k->fetched_at == k->fetched_count) {
            k->fetched_at = 0;
            k->fetched_count = rd_kafka_consume_batch_queue(k->queue, 0, k->fetched, BATCH);
            if (k->fetched_count <= 0) {
                k->fetched_count = 0;
                return false;
            }
        }
        rd_kafka_message_t *m = k->fetched[k->fetched_at++];
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (m->partition >= PARTITIONS_MAX)
                bare_die("more than %d partitions", PARTITIONS_MAX);
            o->message = m;
            o->key = m->key;
            o->key_size = m->key_len;
            o->partition = m->partition;
            o->offset = m->offset;
            return true;
        }
        if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            bare_die("Kafka: partition %d: %s", (int)m->partition, rd_kafka_message_errstr(m));
        rd_kafka_message_destroy(m);
    }
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    struct kafka *k = poll->data;
    uint64_t count;
    (void)status, (void)events;
    (void)!read(k->wake_fd, &count, sizeof count);
    bare_pump(k->bare);
}

/* ---- making ---- */

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *const properties[][2])
{
    char words[300];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; properties[i][0] != NULL; i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], words, sizeof words) !=
            RD_KAFKA_CONF_OK)
            bare_die("Kafka: %s", words);
    rd_kafka_t *client = rd_kafka_new(type, conf, words, sizeof words);
    if (client == NULL)
        bare_die("Kafka: %s", words);
    return client;
}

static void consumer_new(struct kafka *k)
{
    const char *const properties[][2] = {
        {"bootstrap.servers", k->names.bootstrap},
        {"group.id", k->names.group},
        {"group.instance.id", k->names.instance},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "2000"},
        {"socket.nagle.disable", "true"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "50"},
        {rd_kafka_version() >= 0x020200ff ? "fetch.queue.backoff.ms" : "fetch.error.backoff.ms",
         "50"},
        {"fetch.message.max.bytes", "131072"},
        {"fetch.max.bytes",
         /* queues as large as librdkafka likes: one that all partitions share would be full, and
          * starve, at the worker's bounds */
         "4194304"},
        {"partition.assignment.strategy", "range,roundrobin"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        /* The worker has left its place in orders.raw. A static member is given the old assignment:
         * its empty retry topics come along. */
        {"auto.offset.reset", "earliest"},
        {NULL, NULL},
    };
    k->consumer = client_new(RD_KAFKA_CONSUMER, properties);
    (void)rd_kafka_poll_set_consumer(k->consumer);
    k->queue = rd_kafka_queue_get_consumer(k->consumer);
    k->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (k->wake_fd < 0 || uv_poll_init(&k->bare->loop, &k->wake, k->wake_fd) != 0)
        bare_die("no eventfd");
    k->wake.data = k;
    (void)uv_poll_start(&k->wake, UV_READABLE, on_wake);
    rd_kafka_queue_io_event_enable(k->queue, k->wake_fd, &one, sizeof one);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, k->names.topic, RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(k->consumer, topics) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bare_die("Kafka: cannot subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
}

static void producer_new(struct kafka *k)
{
    const char *const properties[][2] = {
        {"bootstrap.servers", k->names.bootstrap},
        {"transactional.id", "primaflow-bench-bare"},
        {"transaction.timeout.ms", "15000"},
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"socket.nagle.disable", "true"},
        {"compression.type", "lz4"},
        {"linger.ms", "1"},
        {"partitioner", "murmur2_random"},
        {NULL, NULL},
    };
    k->producer = client_new(RD_KAFKA_PRODUCER, properties);
    check(rd_kafka_init_transactions(k->producer, STEP_MS), "cannot begin transactions");
}

struct kafka *bare_kafka_new(struct bare *b, const struct kafka_names *names)
{
    struct kafka *k = calloc(1, sizeof *k);
    if (k == NULL)
        bare_die("no memory");
    k->bare = b;
    k->names = *names;
    k->work.data = k;
    (void)uv_timer_init(&b->loop, &k->timer);
    k->timer.data = k;
    producer_new(k);
    consumer_new(k);
    return k;
}

void bare_kafka_free(struct kafka *k)
{
    rd_kafka_queue_destroy(k->queue);
    (void)rd_kafka_consumer_close(k->consumer);
    rd_kafka_destroy(k->consumer);
    rd_kafka_destroy(k->producer);
    (void)close(k->wake_fd);
    free(k);
}
