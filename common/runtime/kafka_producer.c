/* The transactional producer; see kafka.h. */
#include "runtime/kafka_internal.h"

#include "base/failpoint.h"

#include <errno.h>

enum { STEP_MS = 5000 }; /* a blocking call's own limit; the loop around it decides how long in all */

struct kafka_producer {
    rd_kafka_t *rk;
};

int kafka_producer_new(const struct config *config, const char *transactional_id, struct kafka_producer **ret_producer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    char timeout[24];
    (void)snprintf(timeout, sizeof timeout, "%lld", (long long)config_int(config, CFG_commit_transaction_timeout));
    const char *const ours[][2] = {
        {"client.id", "primaflow"},
        {"socket.nagle.disable", "true"},
        {"compression.type", "lz4"},
        {"linger.ms", "1"},
        {"partitioner", "murmur2_random"}, /* as Java's clients, so that keys meet */
        {"queue.buffering.max.messages", "100000"},
        {"message.copy.max.bytes", "65535"}, /* LENT_MAX */
        {"message.max.bytes", "2097152"},    /* a dead letter is the largest input, 1 MiB, and its headers; as the topics allow */
        {NULL, NULL},
    };
    const char *const last[][2] = {
        {"transactional.id", transactional_id},
        {"transaction.timeout.ms", timeout},
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return -EPERM;
    char words[200];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka producer: %.200s", words);
        rd_kafka_conf_destroy(conf);
        return -EPERM;
    }
    rd_kafka_error_t *error = rd_kafka_init_transactions(rk, STEP_MS);
    if (error != NULL) {
        const bool retriable = rd_kafka_error_is_retriable(error) != 0;
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot begin transactions as %s: %.200s", transactional_id,
                       rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        rd_kafka_destroy(rk);
        return retriable ? -EIO : -EPERM;
    }
    struct kafka_producer *p = malloc(sizeof *p);
    if (p == NULL)
        abort();
    p->rk = rk;
    *ret_producer = p;
    return 0;
}

enum step { STEP_DONE, STEP_AGAIN, STEP_ABORT, STEP_FATAL };

/* What librdkafka says about an error, as a decision. Takes the error. */
static enum step judge(rd_kafka_error_t *error, char ret_message[static KAFKA_TEXT_MAX])
{
    if (error == NULL)
        return STEP_DONE;
    enum step step = STEP_FATAL;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%.290s", rd_kafka_error_string(error));
    if (!rd_kafka_error_is_fatal(error) && rd_kafka_error_txn_requires_abort(error))
        step = STEP_ABORT;
    else if (!rd_kafka_error_is_fatal(error) &&
             (rd_kafka_error_is_retriable(error) || rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT))
        step = STEP_AGAIN;
    rd_kafka_error_destroy(error);
    return step;
}

/* A value is lent until the transaction has ended, for so long the caller keeps it. A large one librdkafka would lend on to a request,
 * which an abort does not wait for (message.copy.max.bytes, 65535): that is copied. */
enum { LENT_MAX = 32 * 1024 };

static rd_kafka_resp_err_t produce_one(rd_kafka_t *rk, const struct kafka_message *m)
{
    rd_kafka_headers_t *headers = m->header_count > 0 ? rd_kafka_headers_new(m->header_count) : NULL;
    for (size_t i = 0; i < m->header_count; i++)
        (void)rd_kafka_header_add(headers, m->headers[i].name, -1, m->headers[i].value, (ssize_t)m->headers[i].size);
    const rd_kafka_resp_err_t err =
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(m->topic), RD_KAFKA_V_KEY((void *)(uintptr_t)m->key, m->key_size),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)m->value, m->value_size), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_MSGFLAGS(m->value_size > LENT_MAX ? RD_KAFKA_MSG_F_COPY : 0), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL)
        rd_kafka_headers_destroy(headers);
    return err;
}

static enum step produce(rd_kafka_t *rk, const struct kafka_message *const messages[], size_t count,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err;
        while ((err = produce_one(rk, messages[i])) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            (void)rd_kafka_poll(rk, 10);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot write to %.100s: %s", messages[i]->topic, rd_kafka_err2str(err));
            return rd_kafka_fatal_error(rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR ? STEP_FATAL : STEP_ABORT;
        }
    }
    return STEP_DONE;
}

static enum step send_offsets(rd_kafka_t *rk, struct kafka_consumer *consumer, const struct kafka_place offsets[], size_t count,
                              const atomic_int *give_up, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_partition_list_t *list = kafka_list_new(offsets, count);
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer->rk);
    enum step step;
    do
        step = judge(rd_kafka_send_offsets_to_transaction(rk, list, metadata, STEP_MS), ret_message);
    while (step == STEP_AGAIN && !*give_up);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(list);
    return step;
}

static enum kafka_commit_result abort_transaction(rd_kafka_t *rk, const atomic_int *give_up)
{
    char words[KAFKA_TEXT_MAX];
    enum step step;
    do
        step = judge(rd_kafka_abort_transaction(rk, STEP_MS), words);
    while (step == STEP_AGAIN && !*give_up);
    return step == STEP_DONE ? KAFKA_ABORTED : KAFKA_FENCED;
}

enum kafka_commit_result kafka_commit(struct kafka_producer *p, struct kafka_consumer *consumer,
                                      const struct kafka_message *const messages[], size_t message_count,
                                      const struct kafka_place offsets[], size_t offset_count, const atomic_int *give_up,
                                      char ret_message[static KAFKA_TEXT_MAX])
{
    enum step step;
    do
        step = judge(rd_kafka_begin_transaction(p->rk), ret_message);
    while (step == STEP_AGAIN && !*give_up);
    if (step != STEP_DONE)
        return step == STEP_ABORT ? abort_transaction(p->rk, give_up) : KAFKA_FENCED;
    (void)fail_point("commit.begun");
    step = produce(p->rk, messages, message_count, ret_message);
    if (step == STEP_DONE)
        step = send_offsets(p->rk, consumer, offsets, offset_count, give_up, ret_message);
    if (step == STEP_DONE && fail_point("commit.abort"))
        step = STEP_ABORT;
    if (step == STEP_DONE) {
        (void)fail_point("commit.before");
        /* From here on the outcome is Kafka's: ask until it is known. */
        do
            step = judge(rd_kafka_commit_transaction(p->rk, STEP_MS), ret_message);
        while (step == STEP_AGAIN && !*give_up);
        (void)fail_point("commit.after");
        if (step == STEP_DONE)
            return KAFKA_COMMITTED;
    }
    return step == STEP_ABORT ? abort_transaction(p->rk, give_up) : KAFKA_FENCED;
}

void kafka_producer_free(struct kafka_producer *p)
{
    if (p == NULL)
        return;
    rd_kafka_destroy(p->rk);
    free(p);
}
