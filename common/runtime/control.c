/* ops.control, and short-lived clients that read and write Kafka at start-up; see control.h. */
#include "runtime/control.h"

#include <errno.h>

#include <jansson.h>

#include "base/clock.h"
#include "runtime/kafka_internal.h"
#include "runtime/shadow.h"

enum { STEP_MS = 10000 };
static const char control_topic[] = "ops.control";

/* `isolation` decides what offsets mean: asked for a partition's end, Kafka names the end of what is stable to a reader of committed
 * records, and the high watermark to the other one. */
static rd_kafka_t *client(const struct config *config, const char *group, const char *isolation, char ret_message[static KAFKA_TEXT_MAX])
{
    const char *const ours[][2] = {{"client.id", "primaflow-control"},
                                   {"socket.nagle.disable", "true"},
                                   {"fetch.wait.max.ms", "10"},
                                   {"fetch.error.backoff.ms", "20"},
                                   {NULL, NULL}};
    const char *const last[][2] = {{"group.id", group},
                                   {"enable.auto.commit", "false"},
                                   {"isolation.level", isolation},
                                   {"enable.partition.eof", "true"},
                                   {"auto.offset.reset", "earliest"},
                                   {NULL, NULL}};
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return NULL;
    char words[200];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
    if (rk == NULL) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot make a Kafka client: %.200s", words);
        rd_kafka_conf_destroy(conf);
    } else {
        (void)rd_kafka_poll_set_consumer(rk);
    }
    return rk;
}

/* The number of a topic's partitions. -EIO, -ENOENT. */
static int partitions_of(rd_kafka_t *rk, const char *topic, int *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, handle, &metadata, STEP_MS);
    int result = -EIO;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not answer: %s", rd_kafka_err2str(err));
    else if (metadata->topic_cnt != 1 || metadata->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
             metadata->topics[0].partition_cnt == 0) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "there is no topic %.150s; make the topics with: primaflow topics create%s", topic,
                       strncmp(topic, SHADOW_PREFIX, strlen(SHADOW_PREFIX)) == 0 ? " --shadow" : "");
        result = -ENOENT;
    } else if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "topic %.150s: %s", topic, rd_kafka_err2str(metadata->topics[0].err));
    } else {
        *ret_count = metadata->topics[0].partition_cnt;
        result = 0;
    }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return result;
}

/* ---- reading ---- */

static int assign_all(rd_kafka_t *rk, const char *topic, int count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    const rd_kafka_resp_err_t err = rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot read %.150s: %s", topic, rd_kafka_err2str(err));
    return -EIO;
}

/* Reading committed records, EOF comes at the last stable offset: an open transaction holds it back. `ends` are the high watermarks. */
static int scan(rd_kafka_t *rk, const struct kafka_place ends[], size_t count, const atomic_int *give_up,
                void (*each)(void *, const struct kafka_record *), void *user, char ret_message[static KAFKA_TEXT_MAX])
{
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): a topic has a partition, and glibc gives room for none, too */
    bool *done = calloc(count, sizeof *done);
    if (done == NULL)
        abort();
    size_t left = count;
    int result = 0;
    int64_t heard_ms = clock_monotonic_ms();
    while (left > 0 && result == 0) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 200);
        if (give_up != NULL && *give_up)
            result = -ECANCELED;
        if (m == NULL) {
            if (clock_monotonic_ms() - heard_ms > 6 * STEP_MS) {
                (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka gives no records of %.150s for a minute", ends[0].topic);
                result = -EIO;
            }
            continue;
        }
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            struct kafka_record record;
            heard_ms = clock_monotonic_ms();
            kafka_record_read(m, &record);
            each(user, &record);
            kafka_record_free(&record);
            continue;
        }
        if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && (size_t)m->partition < count) {
            heard_ms = clock_monotonic_ms();
            const bool end = m->offset >= ends[m->partition].offset;
            if (end && !done[m->partition]) {
                done[m->partition] = true;
                left--;
            } else if (!end) { /* hear of the end again once the transaction has ended */
                rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
                rd_kafka_topic_partition_list_add(list, ends[0].topic, m->partition)->offset = m->offset;
                rd_kafka_error_t *error = rd_kafka_seek_partitions(rk, list, STEP_MS);
                if (error != NULL)
                    rd_kafka_error_destroy(error);
                rd_kafka_topic_partition_list_destroy(list);
            }
        }
        rd_kafka_message_destroy(m);
    }
    free(done);
    return result;
}

int control_scan(const struct config *config, const char *topic, const atomic_int *give_up,
                 void (*each)(void *, const struct kafka_record *), void *user, char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *ends = calloc(CONTROL_ENDS_MAX, sizeof *ends);
    if (ends == NULL)
        abort();
    size_t count = 0;
    rd_kafka_t *rk = NULL;
    int result = control_ends(config, &topic, 1, ends, CONTROL_ENDS_MAX, &count, ret_message);
    if (result == 0 && (rk = client(config, "primaflow.control", "read_committed", ret_message)) == NULL)
        result = -EIO;
    if (result == 0)
        result = assign_all(rk, topic, (int)count, ret_message);
    if (result == 0)
        result = scan(rk, ends, count, give_up, each, user, ret_message);
    if (rk != NULL) {
        (void)rd_kafka_assign(rk, NULL);
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    free(ends);
    return result;
}

struct reading {
    struct control *to;
    const char *group;
};

static bool is_key(const struct kafka_record *record, const char *what, const char *group)
{
    char key[200];
    const int size = snprintf(key, sizeof key, "%s/%s", what, group);
    return record->key != NULL && record->key_size == (size_t)size && memcmp(record->key, key, (size_t)size) == 0;
}

static void copy_text(const json_t *object, const char *name, char *to, size_t room)
{
    const char *text = json_string_value(json_object_get(object, name));
    (void)snprintf(to, room, "%s", text != NULL ? text : "");
}

static void read_ends(struct control *to, const json_t *ends)
{
    size_t i;
    const json_t *end;
    to->end_count = 0;
    json_array_foreach(ends, i, end)
    {
        if (to->end_count == CONTROL_ENDS_MAX)
            break;
        struct kafka_place *place = &to->ends[to->end_count++];
        copy_text(end, "topic", place->topic, sizeof place->topic);
        place->partition = (int32_t)json_integer_value(json_object_get(end, "partition"));
        place->offset = json_integer_value(json_object_get(end, "offset"));
    }
}

static void read_one(void *user, const struct kafka_record *record)
{
    const struct reading *reading = user;
    struct control *to = reading->to;
    if (record->value == NULL)
        return;
    json_t *value = json_loadb(record->value, record->value_size, 0, NULL);
    if (is_key(record, "redis.open", reading->group)) {
        copy_text(value, "incident", to->incident, sizeof to->incident);
        copy_text(value, "run_id", to->run_id, sizeof to->run_id);
        to->detected_ms = json_integer_value(json_object_get(value, "detected_at"));
        read_ends(to, json_object_get(value, "ends"));
    } else if (is_key(record, "redis.cleared", reading->group)) {
        copy_text(value, "incident", to->cleared, sizeof to->cleared);
    } else if (is_key(record, "generation", reading->group)) {
        const int64_t epoch = json_integer_value(json_object_get(value, "epoch")),
                      generation = json_integer_value(json_object_get(value, "generation"));
        if (epoch > to->epoch || (epoch == to->epoch && generation > to->generation)) {
            to->epoch = epoch;
            to->generation = generation;
        }
    }
    json_decref(value);
}

int control_read(const struct config *config, const char *group, struct control *ret_control, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        abort();
    struct reading reading = {fresh, group};
    const int result = control_scan(config, control_topic, NULL, read_one, &reading, ret_message);
    if (result == 0)
        *ret_control = *fresh;
    free(fresh);
    return result;
}

/* ---- writing ---- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    *(rd_kafka_resp_err_t *)message->_private = message->err;
}

static int write_one(const struct config *config, const char *what, const char *group, json_t *value,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    const char *const ours[][2] = {{"client.id", "primaflow-control"}, {NULL, NULL}};
    const char *const last[][2] = {
        {"enable.idempotence", "true"}, {"acks", "all"}, {"linger.ms", "0"}, {"message.timeout.ms", "10000"}, {NULL, NULL}};
    char words[200], key[200];
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(value);
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL || text == NULL) {
        free(text);
        return -EIO;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        free(text);
        return -EIO;
    }
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    (void)snprintf(key, sizeof key, "%s/%s", what, group);
    const rd_kafka_resp_err_t begun =
        rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(control_topic), RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_VALUE(text, strlen(text)),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(&err), RD_KAFKA_V_END);
    if (begun == RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)rd_kafka_flush(rk, STEP_MS + 2000);
    else
        err = begun;
    rd_kafka_destroy(rk);
    free(text);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot write %s to %s: %s", what, control_topic, rd_kafka_err2str(err));
    return -EIO;
}

int control_open(const struct config *config, const char *group, const struct control *incident, char ret_message[static KAFKA_TEXT_MAX])
{
    json_t *ends = json_array();
    for (size_t i = 0; i < incident->end_count; i++)
        (void)json_array_append_new(ends, json_pack("{s:s, s:i, s:I}", "topic", incident->ends[i].topic, "partition",
                                                    (int)incident->ends[i].partition, "offset", (json_int_t)incident->ends[i].offset));
    return write_one(config, "redis.open", group,
                     json_pack("{s:s, s:s, s:I, s:o}", "incident", incident->incident, "run_id", incident->run_id, "detected_at",
                               (json_int_t)incident->detected_ms, "ends", ends),
                     ret_message);
}

int control_clear(const struct config *config, const char *group, const char *incident, char ret_message[static KAFKA_TEXT_MAX])
{
    return write_one(config, "redis.cleared", group, json_pack("{s:s, s:I}", "incident", incident, "at", (json_int_t)clock_wall_ms()),
                     ret_message);
}

int control_generation(const struct config *config, const char *group, int64_t epoch, int64_t generation,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    return write_one(config, "generation", group, json_pack("{s:I, s:I}", "epoch", (json_int_t)epoch, "generation", (json_int_t)generation),
                     ret_message);
}

/* ---- topics and offsets ---- */

static bool has_topic(const struct rd_kafka_metadata *metadata, const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return metadata->topics[i].partition_cnt > 0;
    return false;
}

int control_topics_exist(const struct config *config, const char *const topics[], size_t topic_count,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = client(config, "primaflow.control", "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 1, NULL, &metadata, STEP_MS);
    int result = err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -EIO;
    if (result < 0)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not answer: %s", rd_kafka_err2str(err));
    for (size_t i = 0; i < topic_count && result == 0; i++)
        if (!has_topic(metadata, topics[i])) {
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "there is no topic %.150s; make the topics with: primaflow topics create",
                           topics[i]);
            result = -ENOENT;
        }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

int control_ends(const struct config *config, const char *const topics[], size_t topic_count, struct kafka_place places[], size_t room,
                 size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = client(config, "primaflow.control", "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    int result = 0;
    *ret_count = 0;
    for (size_t t = 0; t < topic_count && result == 0; t++) {
        int count = 0;
        result = partitions_of(rk, topics[t], &count, ret_message);
        for (int i = 0; i < count && result == 0; i++) {
            int64_t low, high;
            const rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(rk, topics[t], i, &low, &high, STEP_MS);
            if (err != RD_KAFKA_RESP_ERR_NO_ERROR || *ret_count == room) {
                (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot read the end of %.150s/%d: %s", topics[t], i,
                               *ret_count == room ? "too many partitions" : rd_kafka_err2str(err));
                result = -EIO;
                break;
            }
            struct kafka_place *place = &places[(*ret_count)++];
            (void)snprintf(place->topic, sizeof place->topic, "%s", topics[t]);
            place->partition = i;
            place->offset = high;
        }
    }
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

int control_committed(const struct config *config, const char *group, struct kafka_place places[], size_t count,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = client(config, group, "read_committed", ret_message);
    if (rk == NULL)
        return -EIO;
    struct kafka_consumer consumer = {.rk = rk};
    const int result = kafka_committed(&consumer, places, count, ret_message);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

/* ---- topic configuration ---- */

static int read_retention(rd_kafka_event_t *event, int64_t *ret_ms)
{
    const rd_kafka_DescribeConfigs_result_t *result = event != NULL ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    size_t count = 0, entries = 0;
    const rd_kafka_ConfigResource_t **resources = result != NULL ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
    if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -EIO;
    const rd_kafka_ConfigEntry_t **entry = rd_kafka_ConfigResource_configs(resources[0], &entries);
    for (size_t i = 0; i < entries; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entry[i]), "retention.ms") == 0) {
            *ret_ms = strtoll(rd_kafka_ConfigEntry_value(entry[i]), NULL, 10);
            return 0;
        }
    return -EIO;
}

int control_retention(const struct config *config, const char *topic, int64_t *ret_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = client(config, "primaflow.control", "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_DescribeConfigs(rk, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, STEP_MS);
    const int result = read_retention(event, ret_ms);
    if (result < 0)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not tell the retention of %.150s: %s", topic,
                       event != NULL ? rd_kafka_event_error_string(event) : "no answer");
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}
