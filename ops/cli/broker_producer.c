/* Writing in Kafka transactions: all of it becomes visible, or none. */
#include "broker_internal.h"

#include "base/clock.h"
#include "base/digest.h"

#include <errno.h>

enum {
    TRANSACTION_MS = 15000,           /* while an abandoned transaction lasts, readers of committed records stand still */
    TRANSACTION_MS_MAX = 900000,      /* Kafka's own bound (transaction.max.timeout.ms) */
    BYTES_A_SECOND = 4 * 1024 * 1024, /* slower than any Kafka worth the name */
    COMMIT_PATIENCE_MS = 60000,
};

struct broker_producer {
    rd_kafka_t *client;
    bool is_open; /* a transaction */
};

/* A new identity every time: two people may produce at once, and nobody fences the other. */
int broker_producer_new(const struct config *config, size_t bytes, struct broker_producer **ret_producer,
                        struct broker_message *ret_message)
{
    char id[64], hex[17];
    uint8_t random[8];
    digest_random(random, sizeof random);
    (void)snprintf(id, sizeof id, "primaflow.cli.%s", digest_hex(random, sizeof random, hex));
    return broker_producer_new_as(config, id, bytes, ret_producer, ret_message);
}

int broker_producer_new_as(const struct config *config, const char *id, size_t bytes, struct broker_producer **ret_producer,
                           struct broker_message *ret_message)
{
    char timeout[24];
    int64_t timeout_ms = TRANSACTION_MS + (int64_t)(bytes / BYTES_A_SECOND) * 1000;

    (void)snprintf(timeout, sizeof timeout, "%lld", (long long)(timeout_ms < TRANSACTION_MS_MAX ? timeout_ms : TRANSACTION_MS_MAX));
    const char *const properties[] = {
        "transactional.id", id,  "transaction.timeout.ms",     timeout, "partitioner", "murmur2_random", "message.max.bytes", "2000000",
        "linger.ms",        "5", "delivery.report.only.error", "true",  NULL};
    struct broker_producer *producer = calloc(1, sizeof *producer);
    if (producer == NULL)
        return -ENOMEM;
    int rc = broker_client_new(config, RD_KAFKA_PRODUCER, properties, &producer->client, ret_message);
    if (rc != 0) {
        free(producer);
        return rc;
    }
    rd_kafka_error_t *error = rd_kafka_init_transactions(producer->client, BROKER_TIMEOUT_MS);
    if (error != NULL) {
        (void)rd_kafka_poll(producer->client, 0);
        rc = broker_complain(producer->client, rd_kafka_error_code(error), rd_kafka_error_string(error), "nothing was sent", ret_message);
        rd_kafka_error_destroy(error);
        broker_producer_free(producer);
        return rc;
    }
    *ret_producer = producer;
    return 0;
}

void broker_producer_free(struct broker_producer *producer)
{
    if (producer == NULL)
        return;
    if (producer->is_open)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(producer->client, BROKER_TIMEOUT_MS)); /* accepts NULL */
    rd_kafka_destroy(producer->client);
    free(producer);
}

int broker_producer_begin(struct broker_producer *producer, struct broker_message *ret_message)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(producer->client);
    if (error == NULL) {
        producer->is_open = true;
        return 0;
    }
    int rc = broker_complain(producer->client, rd_kafka_error_code(error), rd_kafka_error_string(error), "nothing was sent", ret_message);
    rd_kafka_error_destroy(error);
    return rc;
}

static rd_kafka_headers_t *headers_new(const struct broker_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct broker_header *h = &record->headers[i];
        (void)rd_kafka_header_add(headers, h->name, -1, h->value, h->value != NULL ? (ssize_t)h->size : 0);
    }
    return headers;
}

static rd_kafka_resp_err_t record_send(struct broker_producer *producer, const struct broker_record *r, rd_kafka_headers_t *headers)
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
    rd_kafka_error_t *error = rd_kafka_produceva(producer->client, parts, sizeof parts / sizeof *parts);
    rd_kafka_resp_err_t code = error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_destroy(error); /* accepts NULL */
    return code;
}

int broker_producer_add(struct broker_producer *producer, const struct broker_record *record, struct broker_message *ret_message)
{
    rd_kafka_headers_t *headers = headers_new(record);
    int64_t patience = clock_monotonic_ms() + BROKER_TIMEOUT_MS;
    rd_kafka_resp_err_t error = record_send(producer, record, headers);
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_monotonic_ms() < patience) {
        (void)rd_kafka_poll(producer->client, 50);
        error = record_send(producer, record, headers);
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) { /* the headers are librdkafka's now */
        (void)rd_kafka_poll(producer->client, 0);
        return 0;
    }
    rd_kafka_headers_destroy(headers);
    char doing[160];
    (void)snprintf(doing, sizeof doing, "nothing was sent: topic %.100s", record->topic);
    return broker_complain(producer->client, error, NULL, doing, ret_message);
}

int broker_producer_commit(struct broker_producer *producer, struct broker_message *ret_message)
{
    int64_t patience = clock_monotonic_ms() + COMMIT_PATIENCE_MS;
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_commit_transaction(producer->client, BROKER_TIMEOUT_MS);
        if (error == NULL) {
            producer->is_open = false;
            return 0;
        }
        (void)rd_kafka_poll(producer->client, 0);
        if (rd_kafka_error_is_retriable(error) &&
            clock_monotonic_ms() < patience) { /* also a timeout: to ask again is the only safe thing */
            rd_kafka_error_destroy(error);
            continue;
        }
        bool unknown = rd_kafka_error_is_retriable(error);
        int rc = broker_complain(producer->client, rd_kafka_error_code(error), rd_kafka_error_string(error),
                                 unknown ? "Kafka did not answer the commit, so that all or nothing was sent, and which is not known"
                                         : "nothing was sent",
                                 ret_message);
        rd_kafka_error_destroy(error);
        if (!unknown)
            return rc;
        producer->is_open = false; /* an abort might contradict a commit that was made */
        return -ETIMEDOUT;
    }
}
