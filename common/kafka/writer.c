/* Writing, in transactions of its own or outside of them; see writer.h. */
#include "kafka/writer.h"

#include <errno.h>

#include "base/clock.h"
#include "base/digest.h"
#include "kafka/internal.h"

enum {
    TRANSACTION_MS =
        15000, /* while an abandoned transaction lasts, readers of committed records stand still */
    TRANSACTION_MS_MAX = 900000,      /* Kafka's own bound (transaction.max.timeout.ms) */
    BYTES_A_SECOND = 4 * 1024 * 1024, /* slower than any Kafka worth the name */
    COMMIT_PATIENCE_MS = 60000,
    TOPIC_ANSWER_MS = 5000,
};

/* ---- outside of transactions ---- */

static void plain_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    *(rd_kafka_resp_err_t *)message->_private = message->err;
}

static rd_kafka_t *plain_new(const struct config *config, int timeout_ms,
                             char ret_message[static KAFKA_TEXT_MAX])
{
    char words[200], timeout[16];
    (void)snprintf(timeout, sizeof timeout, "%d", timeout_ms);
    const char *const ours[][2] = {{"client.id", "primaflow-control"},
                                   {"linger.ms", "0"},
                                   {"message.timeout.ms", timeout},
                                   {NULL, NULL}};
    const char *const last[][2] = {{"enable.idempotence", "true"}, {"acks", "all"}, {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return NULL;
    rd_kafka_conf_set_dr_msg_cb(conf, plain_delivered);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka client: %.200s", words);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

static void plain_begin(rd_kafka_t *rk, const struct kafka_message *m, rd_kafka_resp_err_t *err)
{
    *err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    const rd_kafka_resp_err_t begun = rd_kafka_producev(
        rk, RD_KAFKA_V_TOPIC(m->topic), RD_KAFKA_V_KEY((void *)(uintptr_t)m->key, m->key_size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)m->value, m->value_size),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(err), RD_KAFKA_V_END);
    if (begun != RD_KAFKA_RESP_ERR_NO_ERROR)
        *err = begun;
}

int kafka_write(const struct config *config, const struct kafka_message messages[], size_t count,
                int timeout_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = plain_new(config, timeout_ms, ret_message);
    if (rk == NULL)
        return -EIO;
    rd_kafka_resp_err_t *errs = calloc(count + 1, sizeof *errs);
    if (errs == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        plain_begin(rk, &messages[i], &errs[i]);
    (void)rd_kafka_flush(rk, timeout_ms + timeout_ms / 5);
    rd_kafka_destroy(rk);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        if (errs[i] != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const struct kafka_asked asked = {KAFKA_WRITE_TOPIC, .topic = messages[i].topic};
            char doing[300];
            (void)snprintf(doing, sizeof doing, "cannot write %.*s to %.100s",
                           messages[i].key_size < 150 ? (int)messages[i].key_size : 150,
                           messages[i].key != NULL ? (const char *)messages[i].key : "",
                           messages[i].topic);
            result = kafka_failed(errs[i], &asked, doing, ret_message);
        }
    free(errs);
    return result;
}

/* ---- in transactions ---- */

struct kafka_writer {
    struct kafka_client client;
    bool is_open; /* a transaction */
};

/* A new identity every time: two people may produce at once, and nobody fences the other. */
int kafka_writer_new(const struct config *config, size_t bytes, struct kafka_writer **ret_writer,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    char id[64], hex[17];
    uint8_t random[8];
    digest_random(random, sizeof random);
    (void)snprintf(id, sizeof id, "primaflow.cli.%s", digest_hex(random, sizeof random, hex));
    return kafka_writer_new_as(config, id, bytes, ret_writer, ret_message);
}

int kafka_writer_new_as(const struct config *config, const char *id, size_t bytes,
                        struct kafka_writer **ret_writer, char ret_message[static KAFKA_TEXT_MAX])
{
    char timeout[24];
    int64_t timeout_ms = TRANSACTION_MS + (int64_t)(bytes / BYTES_A_SECOND) * 1000;

    (void)snprintf(timeout, sizeof timeout, "%lld",
                   (long long)(timeout_ms < TRANSACTION_MS_MAX ? timeout_ms : TRANSACTION_MS_MAX));
    const char *const ours[][2] = {{"client.id", "primaflow"},
                                   {"socket.nagle.disable", "true"},
                                   {"partitioner", "murmur2_random"}, /* as Java's clients */
                                   {"message.max.bytes", "2000000"},
                                   {"linger.ms", "5"},
                                   /* what waits in memory: some 10 MB of stock's rows */
                                   {"queue.buffering.max.messages", "20000"},
                                   {NULL, NULL}};
    const char *const last[][2] = {{"transactional.id", id},
                                   {"transaction.timeout.ms", timeout},
                                   {"enable.idempotence", "true"},
                                   {"acks", "all"},
                                   {"delivery.report.only.error", "true"},
                                   {NULL, NULL}};
    struct kafka_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        abort();
    int rc = kafka_client_open(&writer->client, RD_KAFKA_PRODUCER, config, ours, last, ret_message);
    if (rc != 0) {
        free(writer);
        return rc;
    }
    rd_kafka_error_t *error = rd_kafka_init_transactions(writer->client.rk, KAFKA_ANSWER_MS);
    if (error != NULL) {
        (void)rd_kafka_poll(writer->client.rk, 0);
        rc = kafka_complain(&writer->client, rd_kafka_error_code(error),
                            rd_kafka_error_string(error), "nothing was sent", ret_message);
        rd_kafka_error_destroy(error);
        kafka_writer_free(writer);
        return rc;
    }
    *ret_writer = writer;
    return 0;
}

void kafka_writer_free(struct kafka_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->is_open)
        rd_kafka_error_destroy(
            rd_kafka_abort_transaction(writer->client.rk, KAFKA_ANSWER_MS)); /* accepts NULL */
    kafka_client_close(&writer->client);
    free(writer);
}

int kafka_writer_begin(struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(writer->client.rk);
    if (error == NULL) {
        writer->is_open = true;
        return 0;
    }
    int rc = kafka_complain(&writer->client, rd_kafka_error_code(error),
                            rd_kafka_error_string(error), "nothing was sent", ret_message);
    rd_kafka_error_destroy(error);
    return rc;
}

int kafka_writer_partitions(struct kafka_writer *writer, const char *topic, int32_t *ret_count,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = topic};
    char doing[200];
    int count = 0;
    const rd_kafka_resp_err_t err =
        kafka_ask_topic(writer->client.rk, topic, TOPIC_ANSWER_MS, &count);
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

static rd_kafka_headers_t *writer_headers(const struct kafka_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *h = &record->headers[i];
        (void)rd_kafka_header_add(headers, h->name, -1, h->value,
                                  h->value != NULL ? (ssize_t)h->size : 0);
    }
    return headers;
}

static rd_kafka_resp_err_t writer_send(struct kafka_writer *writer, const struct kafka_record *r,
                                       rd_kafka_headers_t *headers)
{
    /* librdkafka's API takes the const away, but with F_COPY it only reads. */
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = r->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = r->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)r->value, r->value_size}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)r->key, r->key_size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = r->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(writer->client.rk, parts, sizeof parts / sizeof *parts);
    rd_kafka_resp_err_t code =
        error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_destroy(error); /* accepts NULL */
    return code;
}

int kafka_writer_add(struct kafka_writer *writer, const struct kafka_record *record,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_headers_t *headers = writer_headers(record);
    int64_t patience = clock_monotonic_ms() + KAFKA_ANSWER_MS;
    rd_kafka_resp_err_t error = writer_send(writer, record, headers);
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_monotonic_ms() < patience) {
        (void)rd_kafka_poll(writer->client.rk, 50);
        error = writer_send(writer, record, headers);
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) { /* the headers are librdkafka's now */
        (void)rd_kafka_poll(writer->client.rk, 0);
        return 0;
    }
    rd_kafka_headers_destroy(headers);
    char doing[160];
    (void)snprintf(doing, sizeof doing, "nothing was sent: topic %.100s", record->topic);
    return kafka_complain(&writer->client, error, NULL, doing, ret_message);
}

int kafka_writer_commit(struct kafka_writer *writer, char ret_message[static KAFKA_TEXT_MAX])
{
    int64_t patience = clock_monotonic_ms() + COMMIT_PATIENCE_MS;
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_commit_transaction(writer->client.rk, KAFKA_ANSWER_MS);
        if (error == NULL) {
            writer->is_open = false;
            return 0;
        }
        (void)rd_kafka_poll(writer->client.rk, 0);
        if (rd_kafka_error_is_retriable(error) &&
            clock_monotonic_ms() <
                patience) { /* also a timeout: to ask again is the only safe thing */
            rd_kafka_error_destroy(error);
            continue;
        }
        bool unknown = rd_kafka_error_is_retriable(error);
        int rc = kafka_complain(&writer->client, rd_kafka_error_code(error),
                                rd_kafka_error_string(error),
                                unknown ? "Kafka did not answer the commit, so that all or "
                                          "nothing was sent, and which is not known"
                                        : "nothing was sent",
                                ret_message);
        rd_kafka_error_destroy(error);
        if (!unknown)
            return rc;
        writer->is_open = false; /* an abort might contradict a commit that was made */
        return -ETIMEDOUT;
    }
}
