/* What Kafka knows of topics and groups; see admin.h. */
#include "kafka/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/internal.h"
#include "kafka/topics.h"

enum { STEP_MS = 10000 };

/* `isolation` decides what offsets mean: asked for a partition's end, Kafka names the end of what
 * is stable to a reader of committed records, and the high watermark to the other one. */
static rd_kafka_t *asker_new(const struct config *config, const char *group, const char *isolation,
                             char ret_message[static KAFKA_TEXT_MAX])
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

/* The number of a topic's partitions. -EIO, -EACCES, -ENOENT. */
static int partitions_of(rd_kafka_t *rk, const char *topic, int *ret_count,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = topic};
    char doing[200];
    const rd_kafka_resp_err_t err = kafka_ask_topic(rk, topic, STEP_MS, ret_count);
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        (err == RD_KAFKA_RESP_ERR_NO_ERROR && *ret_count == 0)) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                       "there is no topic %.150s; make the topics with: primaflow topics create%s",
                       topic, topic_is_shadow(topic) ? " --shadow" : "");
        return -ENOENT;
    }
    (void)snprintf(doing, sizeof doing, "topic %.150s", topic);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_failed(err, &asked, doing, ret_message);
}

/* ---- topics and offsets ---- */

static bool has_topic(const struct rd_kafka_metadata *metadata, const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return metadata->topics[i].partition_cnt > 0;
    return false;
}

/* All topics. NULL: it is said why. */
static const struct rd_kafka_metadata *metadata_ask(rd_kafka_t *rk,
                                                    char ret_message[static KAFKA_TEXT_MAX])
{
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 1, NULL, &metadata, STEP_MS);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return metadata;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not answer: %s", rd_kafka_err2str(err));
    return NULL;
}

int kafka_topics_exist(const struct config *config, const char *const topics[], size_t topic_count,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = asker_new(config, "primaflow.control", "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    const struct rd_kafka_metadata *metadata = metadata_ask(rk, ret_message);
    int result = metadata != NULL ? 0 : -EIO;
    int count;
    for (size_t i = 0; i < topic_count && result == 0; i++)
        if (!has_topic(metadata, topics[i]))
            result = partitions_of(rk, topics[i], &count, ret_message);
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

int kafka_topics_like(const struct config *config, const char *prefix, char names[][160],
                      size_t room, size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = asker_new(config, "primaflow.control", "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    const struct rd_kafka_metadata *metadata = metadata_ask(rk, ret_message);
    int result = metadata != NULL ? 0 : -EIO;
    *ret_count = 0;
    for (int i = 0; result == 0 && i < metadata->topic_cnt; i++) {
        if (strncmp(metadata->topics[i].topic, prefix, strlen(prefix)) != 0)
            continue;
        if (*ret_count == room)
            result = -E2BIG;
        else
            (void)snprintf(names[(*ret_count)++], sizeof names[0], "%s", metadata->topics[i].topic);
    }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

/* Of one topic, behind those that are there. */
static int add_ends(rd_kafka_t *rk, const char *topic, struct kafka_place **places, size_t *count,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    int partitions = 0;
    const int result = partitions_of(rk, topic, &partitions, ret_message);
    if (result < 0)
        return result;
    if (*count + (size_t)partitions > KAFKA_ENDS_MAX) {
        (void)snprintf(
            ret_message, KAFKA_TEXT_MAX,
            "with %.150s these are more than %d partitions; use fewer, or fewer retry.delays",
            topic, KAFKA_ENDS_MAX);
        return -E2BIG;
    }
    struct kafka_place *all = realloc(*places, (*count + (size_t)partitions) * sizeof *all);
    if (all == NULL)
        abort();
    *places = all;
    for (int i = 0; i < partitions; i++) {
        int64_t high;
        const rd_kafka_resp_err_t err =
            kafka_bound(rk, topic, i, RD_KAFKA_OFFSET_END, STEP_MS, &high);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const struct kafka_asked asked = {KAFKA_DESCRIBE_TOPIC, .topic = topic};
            char doing[200];
            (void)snprintf(doing, sizeof doing, "cannot read the end of %.150s/%d", topic, i);
            return kafka_failed(err, &asked, doing, ret_message);
        }
        struct kafka_place *place = &all[(*count)++];
        (void)snprintf(place->topic, sizeof place->topic, "%s", topic);
        place->partition = i;
        place->offset = high;
    }
    return 0;
}

int kafka_ends(const struct config *config, const char *const topics[], size_t topic_count,
               enum kafka_end which, struct kafka_place **ret_places, size_t *ret_count,
               char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk =
        asker_new(config, "primaflow.control",
                  which == KAFKA_END_STABLE ? "read_committed" : "read_uncommitted", ret_message);
    if (rk == NULL)
        return -EIO;
    struct kafka_place *places = NULL;
    size_t count = 0;
    int result = 0;
    for (size_t t = 0; t < topic_count && result == 0; t++)
        result = add_ends(rk, topics[t], &places, &count, ret_message);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (result < 0) {
        free(places);
        return result;
    }
    *ret_places = places;
    *ret_count = count;
    return 0;
}

int kafka_group_committed(const struct config *config, const char *group,
                          struct kafka_place places[], size_t count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = asker_new(config, group, "read_committed", ret_message);
    if (rk == NULL)
        return -EIO;
    struct kafka_consumer consumer = {.rk = rk};
    (void)snprintf(consumer.group, sizeof consumer.group, "%s", group);
    const int result = kafka_committed(&consumer, places, count, ret_message);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}

int kafka_group_is_empty(const struct config *config, const char *group, bool *ret_empty,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = asker_new(config, "primaflow.control", "read_committed", ret_message);
    if (rk == NULL)
        return -EIO;
    const struct rd_kafka_group_list *groups = NULL;
    char doing[180];
    rd_kafka_resp_err_t err = rd_kafka_list_groups(rk, group, &groups, STEP_MS);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && groups->group_cnt > 0)
        err = groups->groups[0].err; /* without members then, who may be there */
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        *ret_empty = groups->group_cnt == 0 || groups->groups[0].member_cnt == 0;
    if (groups != NULL)
        rd_kafka_group_list_destroy(groups);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    (void)snprintf(doing, sizeof doing, "cannot read who is in group %.120s", group);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : kafka_failed(err, &(struct kafka_asked){.group = group}, doing, ret_message);
}

/* ---- topic configuration ---- */

/* A whole number among a topic's settings. -EIO; -EACCES: it may not be asked. */
static int read_setting(const rd_kafka_ConfigResource_t *resource, const char *name,
                        int64_t *ret_value)
{
    size_t count = 0;
    const rd_kafka_resp_err_t err = rd_kafka_ConfigResource_error(resource);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ? -EACCES : -EIO;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0 &&
            rd_kafka_ConfigEntry_value(entries[i]) != NULL) {
            *ret_value = strtoll(rd_kafka_ConfigEntry_value(entries[i]), NULL, 10);
            return 0;
        }
    return -EIO;
}

/* Of each topic, in the order asked; -EACCES where *ret_denied may not be asked and no other
 * failed. */
static int read_settings(rd_kafka_event_t *event, const char *name, const char *const topics[],
                         size_t topic_count, int64_t ret_values[], size_t *ret_denied)
{
    const rd_kafka_DescribeConfigs_result_t *answer =
        event != NULL ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources =
        answer != NULL ? rd_kafka_DescribeConfigs_result_resources(answer, &count) : NULL;
    int result = count == topic_count ? 0 : -EIO;
    for (size_t i = 0; i < topic_count && result != -EIO; i++) {
        int one = -EIO;
        for (size_t k = 0; k < count; k++)
            if (strcmp(rd_kafka_ConfigResource_name(resources[k]), topics[i]) == 0)
                one = read_setting(resources[k], name, &ret_values[i]);
        *ret_denied = one == -EACCES && result == 0 ? i : *ret_denied;
        result = one < 0 ? one : result;
    }
    return result;
}

int kafka_topic_setting(const struct config *config, const char *name, const char *const topics[],
                        size_t topic_count, int64_t ret_values[],
                        char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_t *rk = asker_new(config, "primaflow.control", "read_uncommitted", ret_message);
    rd_kafka_ConfigResource_t **resources = calloc(topic_count, sizeof *resources);
    if (resources == NULL)
        abort();
    if (rk == NULL) {
        free(resources);
        return -EIO;
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    for (size_t i = 0; i < topic_count; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i]);
    rd_kafka_DescribeConfigs(rk, resources, topic_count, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, STEP_MS);
    size_t denied = 0;
    const int result = read_settings(event, name, topics, topic_count, ret_values, &denied);
    if (result == -EACCES)
        kafka_right_write(KAFKA_DESCRIBE_SETTINGS, topics[denied], ret_message, KAFKA_TEXT_MAX);
    else if (result < 0)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not tell the %.40s of %.150s%s: %s",
                       name, topics[0], topic_count > 1 ? " and others" : "",
                       event != NULL ? rd_kafka_event_error_string(event) : "no answer");
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy_array(resources, topic_count);
    free(resources);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return result;
}
