/* Topics, created and described; see admin.h. */
#include "kafka/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/internal.h"

struct kafka_admin {
    struct kafka_client client;
    rd_kafka_queue_t *queue;
};

int kafka_admin_new(const struct config *config, struct kafka_admin **ret_admin,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    static const char *const ours[][2] = {
        {"client.id", "primaflow"}, {"socket.nagle.disable", "true"}, {NULL, NULL}};
    static const char *const none[][2] = {{NULL, NULL}};
    struct kafka_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL)
        abort();
    int rc = kafka_client_open(&admin->client, RD_KAFKA_PRODUCER, config, ours, none, ret_message);
    if (rc != 0) {
        free(admin);
        return rc;
    }
    admin->queue = rd_kafka_queue_new(admin->client.rk);
    *ret_admin = admin;
    return 0;
}

void kafka_admin_free(struct kafka_admin *admin)
{
    if (admin == NULL)
        return;
    rd_kafka_queue_destroy(admin->queue);
    kafka_client_close(&admin->client);
    free(admin);
}

static int admin_metadata(struct kafka_admin *admin, const struct rd_kafka_metadata **ret_metadata,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(admin->client.rk, 1, NULL, ret_metadata, KAFKA_CONNECT_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    (void)rd_kafka_poll(admin->client.rk, 0); /* serves the error callback, which knows why */
    return kafka_complain(&admin->client, error, NULL, "Kafka does not answer", ret_message);
}

int kafka_broker_count(struct kafka_admin *admin, int *ret_count,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    const struct rd_kafka_metadata *metadata;
    int rc = admin_metadata(admin, &metadata, ret_message);
    if (rc != 0)
        return rc;
    *ret_count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static const struct rd_kafka_metadata_topic *topic_find(const struct rd_kafka_metadata *metadata,
                                                        const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0 &&
            metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return &metadata->topics[i];
    return NULL;
}

int kafka_topics_count(struct kafka_admin *admin, const char *const names[], size_t count,
                       int ret_partitions[], int ret_replicas[],
                       char ret_message[static KAFKA_TEXT_MAX])
{
    const struct rd_kafka_metadata *metadata;
    int rc = admin_metadata(admin, &metadata, ret_message);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata_topic *topic = topic_find(metadata, names[i]);
        ret_partitions[i] = topic != NULL ? topic->partition_cnt : 0;
        ret_replicas[i] =
            topic != NULL && topic->partition_cnt > 0 ? topic->partitions[0].replica_cnt : 0;
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* The answer to an admin request, or NULL with the complaint made and *ret_rc set. */
static rd_kafka_event_t *admin_answer(struct kafka_admin *admin, const char *doing, int *ret_rc,
                                      char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, 2 * KAFKA_ANSWER_MS);
    (void)rd_kafka_poll(admin->client.rk, 0);
    rd_kafka_resp_err_t error =
        event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    *ret_rc = kafka_complain(&admin->client, error,
                             event != NULL ? rd_kafka_event_error_string(event) : NULL, doing,
                             ret_message);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}

static rd_kafka_AdminOptions_t *admin_options(struct kafka_admin *admin, rd_kafka_admin_op_t op)
{
    char words[128];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client.rk, op);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_ANSWER_MS, words, sizeof words);
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(
            options, KAFKA_ANSWER_MS, words, sizeof words); /* until the cluster knows them */
    return options;
}

static int new_topics_fill(const struct kafka_topic topics[], size_t count,
                           rd_kafka_NewTopic_t *into[], char ret_message[static KAFKA_TEXT_MAX])
{
    for (size_t i = 0; i < count; i++) {
        const struct kafka_topic *topic = &topics[i];
        char words[200];
        into[i] = rd_kafka_NewTopic_new(topic->name, topic->partitions, topic->replicas, words,
                                        sizeof words);
        if (into[i] == NULL) {
            rd_kafka_NewTopic_destroy_array(into, i);
            (void)snprintf(ret_message, KAFKA_TEXT_MAX, "topic %s: %s", topic->name, words);
            return -EINVAL;
        }
        for (size_t k = 0; k < topic->setting_count; k++)
            (void)rd_kafka_NewTopic_set_config(into[i], topic->settings[k].name,
                                               topic->settings[k].value);
    }
    return 0;
}

int kafka_topics_create(struct kafka_admin *admin, const struct kafka_topic topics[], size_t count,
                        bool ret_created[], char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_NewTopic_t **news = calloc(count, sizeof *news);
    if (news == NULL)
        abort();
    int rc = new_topics_fill(topics, count, news, ret_message);
    if (rc != 0)
        goto out;
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->client.rk, news, count, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy_array(news, count);
    rd_kafka_event_t *event = admin_answer(admin, "topics cannot be created", &rc, ret_message);
    if (event == NULL)
        goto out;
    size_t answered = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &answered);
    for (size_t i = 0; i < answered && i < count;
         i++) { /* answers come in the order of the request */
        rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        ret_created[i] = error == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR ||
            error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS || rc != 0)
            continue;
        char doing[120];
        (void)snprintf(doing, sizeof doing, "topic %.80s cannot be created",
                       rd_kafka_topic_result_name(results[i]));
        rc = kafka_complain(NULL, error, rd_kafka_topic_result_error_string(results[i]), doing,
                            ret_message);
    }
    rd_kafka_event_destroy(event);
out:
    free(news);
    return rc;
}

int kafka_topics_settings(struct kafka_admin *admin, const char *const names[], size_t count,
                          kafka_setting_seen seen, void *user,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    if (count == 0)
        return 0;
    rd_kafka_ConfigResource_t **resources = calloc(count, sizeof *resources);
    if (resources == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, names[i]);
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(admin->client.rk, resources, count, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);

    int rc = 0;
    rd_kafka_event_t *event =
        admin_answer(admin, "topics' settings cannot be read", &rc, ret_message);
    if (event == NULL)
        return rc;
    size_t answered = 0;
    const rd_kafka_ConfigResource_t **results = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &answered);
    for (size_t i = 0; rc == 0 && i < answered && i < count; i++) {
        size_t entry_count = 0;
        if (rd_kafka_ConfigResource_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rc = kafka_complain(NULL, rd_kafka_ConfigResource_error(results[i]),
                                rd_kafka_ConfigResource_error_string(results[i]), names[i],
                                ret_message);
            break;
        }
        const rd_kafka_ConfigEntry_t **entries =
            rd_kafka_ConfigResource_configs(results[i], &entry_count);
        for (size_t k = 0; k < entry_count; k++)
            if (rd_kafka_ConfigEntry_value(entries[k]) != NULL)
                seen(user, i, rd_kafka_ConfigEntry_name(entries[k]),
                     rd_kafka_ConfigEntry_value(entries[k]));
    }
    rd_kafka_event_destroy(event);
    return rc;
}

int kafka_topics_ready(struct kafka_admin *admin, const char *const names[], const int partitions[],
                       size_t count, bool *ret_ready, char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count * 8);
    for (size_t i = 0; i < count; i++)
        for (int p = 0; p < partitions[i]; p++)
            rd_kafka_topic_partition_list_add(list, names[i], p)->offset =
                0; /* the offset of time 0 */
    rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(admin->client.rk, list, KAFKA_CONNECT_MS);
    bool ready = error == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; ready && i < list->cnt; i++)
        ready = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    (void)rd_kafka_poll(admin->client.rk, 0);
    if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return kafka_complain(&admin->client, error, NULL, "Kafka does not answer", ret_message);
    *ret_ready = ready;
    return 0;
}
