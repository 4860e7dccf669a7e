/* The transactional producer; see kafka.h. */
#include "kafka/internal.h"

#include "base/failpoint.h"

#include <errno.h>

enum {
    STEP_MS = 5000,  /* a blocking call's own limit; the loop around it decides how long in all */
    SEARCH_MS = 100, /* a look while it is searched which topic is denied */
    SEARCH_MAX = 8   /* messages of one record are no more */
};

struct kafka_producer {
    rd_kafka_t *rk;
    int64_t message_max;
    bool searches;
    /* of the transaction under way */
    const struct kafka_message *const *messages;
    struct kafka_refusal refusal;
};

/* ---- what a message takes, and which was refused ---- */

/* Record format v2: lengths and differences are varints of 5 or 10 bytes at most, a batch has a
 * head of 61. */
size_t kafka_message_bytes(const struct kafka_message *m)
{
    enum { BATCH_HEAD = 61, VARINT_MAX = 5, RECORD_HEAD = 1 + 10 + 5 * VARINT_MAX };
    size_t bytes = BATCH_HEAD + RECORD_HEAD + m->key_size + m->value_size;
    for (size_t i = 0; i < m->header_count; i++)
        bytes += 2 * VARINT_MAX + strlen(m->headers[i].name) + m->headers[i].size;
    return bytes;
}

int64_t kafka_producer_message_max(const struct kafka_producer *p)
{
    return p->message_max;
}

static void note_refusal(struct kafka_producer *p, rd_kafka_resp_err_t err, size_t message)
{
    const bool is_large = err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
                          err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
                          err == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
    const char *of;
    if (p->refusal.kind == KAFKA_REFUSES_NOTHING)
        p->refusal = (struct kafka_refusal){
            .kind = is_large ? KAFKA_REFUSES_SIZE : KAFKA_REFUSES_MESSAGE,
            .message = message,
            .right = kafka_denied(err, &(struct kafka_asked){.right = KAFKA_WRITE_TOPIC}, &of)};
}

/* What a step of the transaction says of rights. That a partition may not be added to it is heard of
 * by whichever step comes next: a topic is one that is written to, unless nothing can be under way
 * any more when the offsets are sent. */
static void note_denial(struct kafka_producer *p, rd_kafka_resp_err_t err, bool is_of_offsets)
{
    const struct kafka_asked asked = {.right =
                                          is_of_offsets ? KAFKA_READ_TOPIC : KAFKA_WRITE_TOPIC};
    const char *of;
    const enum kafka_right right = kafka_denied(err, &asked, &of);
    if (right == KAFKA_NO_RIGHT || p->refusal.kind != KAFKA_REFUSES_NOTHING)
        return;
    p->refusal = (struct kafka_refusal){
        .kind = right == KAFKA_WRITE_ID || right == KAFKA_WRITE_IDEMPOTENT ? KAFKA_REFUSES_ID
                : right == KAFKA_WRITE_TOPIC                               ? KAFKA_REFUSES_MESSAGE
                                                                           : KAFKA_REFUSES_OFFSETS,
        .right = right,
        .is_of_unknown_topic = right == KAFKA_WRITE_TOPIC};
}

/* A message says by which key its partition is chosen. Called by librdkafka, in whichever thread of
 * its own hears of the topic's partitions first. */
static int32_t choose_partition(const rd_kafka_topic_t *topic, const void *key, size_t key_size,
                                int32_t count, void *opaque, void *index)
{
    const struct kafka_producer *p = opaque;
    const struct kafka_message *m = p->messages[(size_t)(uintptr_t)index];
    if (m->place_key != NULL)
        return rd_kafka_msg_partitioner_murmur2(topic, m->place_key, m->place_key_size, count, NULL,
                                                NULL);
    return rd_kafka_msg_partitioner_murmur2_random(topic, key, key_size, count, NULL, NULL);
}

/* Of failed messages alone, unless somebody asks for offsets. An abort purges, a broker that does not answer in time has refused
 * nothing, and what is said of the producer or of a gap that an earlier abort left in its sequence
 * is not said of a message. Called by librdkafka while kafka_commit waits in it. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct kafka_producer *p = opaque;
    const size_t index = (size_t)(uintptr_t)message->_private;
    (void)rk;
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        if (p->messages[index]->ret_offset != NULL)
            *p->messages[index]->ret_offset = message->offset;
        break;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
        break;
    default:
        note_refusal(opaque, message->err, index);
    }
}

/* ---- life ---- */

static int64_t property(const rd_kafka_conf_t *conf, const char *name, int64_t otherwise)
{
    char text[32];
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK ? strtoll(text, NULL, 10)
                                                                          : otherwise;
}

/* One message may be as large as its topic allows; several in a batch together must not be larger
 * than that, or a topic refuses all of them. */
static void limit_batches(rd_kafka_conf_t *conf, int64_t bytes_max)
{
    char text[32];
    if (bytes_max >= property(conf, "batch.size", INT64_MAX))
        return;
    (void)snprintf(text, sizeof text, "%lld", (long long)(bytes_max > 1 ? bytes_max : 1));
    (void)rd_kafka_conf_set(conf, "batch.size", text, NULL, 0);
}

int kafka_producer_new(const struct config *config, const char *transactional_id,
                       int64_t batch_bytes_max, bool tells_offsets,
                       struct kafka_producer **ret_producer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    char timeout[24];
    (void)snprintf(timeout, sizeof timeout, "%lld",
                   (long long)config_int(config, CFG_commit_transaction_timeout));
    const char *const ours[][2] = {
        {"client.id", "primaflow"},
        {"socket.nagle.disable", "true"},
        {"compression.type", "lz4"},
        {"linger.ms", "1"},
        {"queue.buffering.max.messages", "100000"},
        {"message.max.bytes", "2097152"}, /* a dead letter is the largest input, 1 MiB, and its
                                                headers; as the topics allow */
        {NULL, NULL},
    };
    const char *const last[][2] = {
        {"transactional.id", transactional_id},
        {"transaction.timeout.ms", timeout},
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"partitioner", "murmur2_random"}, /* as Java's clients, so that keys meet; see below */
        {"delivery.report.only.error", tells_offsets ? "false" : "true"},
        {"message.copy.max.bytes", "65535"}, /* LENT_MAX */
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return -EPERM;
    struct kafka_producer *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    char words[200];
    p->message_max = property(conf, "message.max.bytes", INT64_MAX);
    limit_batches(conf, batch_bytes_max);
    rd_kafka_topic_conf_t *topics = rd_kafka_conf_get_default_topic_conf(conf);
    rd_kafka_topic_conf_set_partitioner_cb(topics, choose_partition);
    rd_kafka_topic_conf_set_opaque(topics, p);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, p);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka producer: %.200s", words);
        rd_kafka_conf_destroy(conf);
        free(p);
        return -EPERM;
    }
    rd_kafka_error_t *error = rd_kafka_init_transactions(rk, STEP_MS);
    if (error != NULL) {
        const bool retriable = rd_kafka_error_is_retriable(error) != 0;
        const char *of;
        const enum kafka_right right = kafka_denied(
            rd_kafka_error_code(error), &(struct kafka_asked){.id = transactional_id}, &of);
        if (right != KAFKA_NO_RIGHT)
            kafka_right_write(right, of, ret_message, KAFKA_TEXT_MAX);
        else
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot begin transactions as %s: %.200s",
                           transactional_id, rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        rd_kafka_destroy(rk);
        free(p);
        return right != KAFKA_NO_RIGHT ? -EACCES : retriable ? -EIO : -EPERM;
    }
    p->rk = rk;
    *ret_producer = p;
    return 0;
}

enum step { STEP_DONE, STEP_AGAIN, STEP_ABORT, STEP_FATAL };

/* What librdkafka says about an error, as a decision. Takes the error. */
static enum step judge_step(struct kafka_producer *p, rd_kafka_error_t *error, bool is_of_offsets,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    if (error == NULL)
        return STEP_DONE;
    note_denial(p, rd_kafka_error_code(error), is_of_offsets);
    enum step step = STEP_FATAL;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%.290s", rd_kafka_error_string(error));
    if (!rd_kafka_error_is_fatal(error) && rd_kafka_error_txn_requires_abort(error))
        step = STEP_ABORT;
    else if (!rd_kafka_error_is_fatal(error) &&
             (rd_kafka_error_is_retriable(error) ||
              rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT))
        step = STEP_AGAIN;
    rd_kafka_error_destroy(error);
    return step;
}

static enum step producer_judge(struct kafka_producer *p, rd_kafka_error_t *error,
                                char ret_message[static KAFKA_TEXT_MAX])
{
    return judge_step(p, error, false, ret_message);
}

/* A value is lent until the transaction has ended, for so long the caller keeps it. A large one
 * librdkafka would lend on to a request, which an abort does not wait for (message.copy.max.bytes,
 * 65535): that is copied. */
enum { LENT_MAX = 32 * 1024 };

static rd_kafka_resp_err_t produce_one(rd_kafka_t *rk, const struct kafka_message *m, size_t index)
{
    rd_kafka_headers_t *headers =
        m->header_count > 0 ? rd_kafka_headers_new(m->header_count) : NULL;
    for (size_t i = 0; i < m->header_count; i++)
        (void)rd_kafka_header_add(headers, m->headers[i].name, -1, m->headers[i].value,
                                  (ssize_t)m->headers[i].size);
    const rd_kafka_resp_err_t err = rd_kafka_producev(
        rk, RD_KAFKA_V_TOPIC(m->topic), RD_KAFKA_V_KEY((void *)(uintptr_t)m->key, m->key_size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)m->value, m->value_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(m->value_size > LENT_MAX ? RD_KAFKA_MSG_F_COPY : 0),
        RD_KAFKA_V_OPAQUE((void *)(uintptr_t)index), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL)
        rd_kafka_headers_destroy(headers);
    return err;
}

/* A transaction that can only be aborted says why to whatever is asked of it. */
static rd_kafka_resp_err_t ask_state(rd_kafka_t *rk)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(rk); /* one is open: never done */
    const rd_kafka_resp_err_t code =
        error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (error != NULL)
        rd_kafka_error_destroy(error);
    return code;
}

/* All that was produced so far has gone; or the topic of the last of it is the one that may not be
 * written to. */
static enum step wait_until_gone(struct kafka_producer *p, const struct kafka_message *last,
                                 size_t index, char ret_message[static KAFKA_TEXT_MAX])
{
    bool is_gone = false;
    for (int waited_ms = 0; waited_ms < STEP_MS && !is_gone; waited_ms += SEARCH_MS) {
        is_gone = rd_kafka_flush(p->rk, SEARCH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
        const rd_kafka_resp_err_t err = ask_state(p->rk);
        if (err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            continue;
        note_refusal(p, err, index);
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot write to %.150s: %s", last->topic,
                       rd_kafka_err2str(err));
        return STEP_ABORT;
    }
    return STEP_DONE; /* slow: the commit waits for it */
}

static bool is_searched(const struct kafka_producer *p, size_t count)
{
    return p->searches && count <= SEARCH_MAX;
}

static enum step produce(struct kafka_producer *p, const struct kafka_message *const messages[],
                         size_t count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = p->rk;
    const bool searches = is_searched(p, count);
    enum step step = STEP_DONE;
    for (size_t i = 0; i < count && step == STEP_DONE; i++) {
        rd_kafka_resp_err_t err;
        while ((err = produce_one(rk, messages[i], i)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            (void)rd_kafka_poll(rk, 10);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot write to %.100s: %s",
                           messages[i]->topic, rd_kafka_err2str(err));
            note_refusal(p, err, i);
            return rd_kafka_fatal_error(rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR ? STEP_FATAL
                                                                                   : STEP_ABORT;
        }
        if (searches && (i + 1 == count || strcmp(messages[i + 1]->topic, messages[i]->topic) != 0))
            step = wait_until_gone(p, messages[i], i, ret_message);
    }
    return step;
}

/* `is_alone`: nothing that was produced before can still fail. */
static enum step send_offsets(struct kafka_producer *p, struct kafka_consumer *consumer,
                              const struct kafka_place offsets[], size_t count, bool is_alone,
                              const atomic_int *give_up, char ret_message[static KAFKA_TEXT_MAX])
{
    /* Kafka checks what the metadata says, and accepts some that says nothing (generation -1, no
     * member: left from old clients). So it must be the generation of our partitions before it is
     * sent. */
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer->rk);
    const int32_t assigned = consumer->generation, now = kafka_generation_of(metadata);
    if (!kafka_generation_holds(assigned, now, kafka_is_cooperative(consumer))) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                       "our partitions are of generation %d, the group is at %d", assigned, now);
        if (metadata != NULL)
            rd_kafka_consumer_group_metadata_destroy(metadata);
        return STEP_ABORT;
    }
    rd_kafka_topic_partition_list_t *list = kafka_list_new(offsets, count);
    enum step step;
    do
        step = judge_step(p, rd_kafka_send_offsets_to_transaction(p->rk, list, metadata, STEP_MS),
                          is_alone, ret_message);
    while (step == STEP_AGAIN && !*give_up);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(list);
    return step;
}

/* Where the first that was added to a transaction is denied, Kafka has none that could be aborted; it
 * says so, and librdkafka (2.0) is broken for good then. No other process has our id. */
static bool never_began(const struct kafka_producer *p)
{
    char words[KAFKA_TEXT_MAX];
    return p->refusal.kind != KAFKA_REFUSES_NOTHING && p->refusal.kind != KAFKA_REFUSES_ID &&
           rd_kafka_fatal_error(p->rk, words, sizeof words) == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

static enum kafka_commit_result abort_transaction(struct kafka_producer *p,
                                                  const atomic_int *give_up)
{
    char words[KAFKA_TEXT_MAX];
    enum step step;
    do
        step = producer_judge(p, rd_kafka_abort_transaction(p->rk, STEP_MS), words);
    while (step == STEP_AGAIN && !*give_up);
    return step == STEP_DONE || never_began(p) ? KAFKA_ABORTED : KAFKA_FENCED;
}

static enum kafka_commit_result producer_commit(struct kafka_producer *p,
                                                struct kafka_consumer *consumer,
                                                const struct kafka_message *const messages[],
                                                size_t message_count,
                                                const struct kafka_place offsets[],
                                                size_t offset_count, const atomic_int *give_up,
                                                char ret_message[static KAFKA_TEXT_MAX])
{
    enum step step;
    do
        step = producer_judge(p, rd_kafka_begin_transaction(p->rk), ret_message);
    while (step == STEP_AGAIN && !*give_up);
    if (step != STEP_DONE)
        return step == STEP_ABORT ? abort_transaction(p, give_up) : KAFKA_FENCED;
    (void)fail_point("commit.begun");
    const bool searches = is_searched(p, message_count);
    step = searches ? send_offsets(p, consumer, offsets, offset_count, true, give_up, ret_message)
                    : produce(p, messages, message_count, ret_message);
    if (step == STEP_DONE)
        step = searches ? produce(p, messages, message_count, ret_message)
                        : send_offsets(p, consumer, offsets, offset_count, message_count == 0,
                                       give_up, ret_message);
    if (step == STEP_DONE && fail_point("commit.abort"))
        step = STEP_ABORT;
    if (step == STEP_DONE) {
        (void)fail_point("commit.before");
        /* From here on the outcome is Kafka's: ask until it is known. */
        do
            step = producer_judge(p, rd_kafka_commit_transaction(p->rk, STEP_MS), ret_message);
        while (step == STEP_AGAIN && !*give_up);
        (void)fail_point("commit.after");
        if (step == STEP_DONE)
            return KAFKA_COMMITTED;
    }
    return step == STEP_ABORT ? abort_transaction(p, give_up) : KAFKA_FENCED;
}

enum kafka_commit_result kafka_commit(struct kafka_producer *p, struct kafka_consumer *consumer,
                                      const struct kafka_message *const messages[],
                                      size_t message_count, const struct kafka_place offsets[],
                                      size_t offset_count, const atomic_int *give_up,
                                      struct kafka_refusal *ret_refusal,
                                      char ret_message[static KAFKA_TEXT_MAX])
{
    p->refusal = (struct kafka_refusal){.kind = KAFKA_REFUSES_NOTHING};
    p->messages = messages;
    const enum kafka_commit_result result = producer_commit(
        p, consumer, messages, message_count, offsets, offset_count, give_up, ret_message);
    *ret_refusal = p->refusal;
    return result;
}

void kafka_producer_search(struct kafka_producer *p, bool searches)
{
    p->searches = searches;
}

rd_kafka_t *kafka_producer_handle(const struct kafka_producer *p)
{
    return p->rk;
}

bool kafka_producer_is_broken(const struct kafka_producer *p, char ret_words[static KAFKA_TEXT_MAX])
{
    return rd_kafka_fatal_error(p->rk, ret_words, KAFKA_TEXT_MAX) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void kafka_producer_free(struct kafka_producer *p)
{
    if (p == NULL)
        return;
    rd_kafka_destroy(p->rk); /* its delivery reports point to p */
    free(p);
}
