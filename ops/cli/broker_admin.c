/* Topics: how many brokers there are, creating, describing. */
#include "broker_internal.h"

#include <errno.h>

struct broker_admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
};

int broker_admin_new(const struct config *config, struct broker_admin **ret_admin, struct broker_message *ret_message)
{
    static const char *const none[] = {NULL};
    struct broker_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL)
        return -ENOMEM;
    int rc = broker_client_new(config, RD_KAFKA_PRODUCER, none, &admin->client, ret_message);
    if (rc != 0) {
        free(admin);
        return rc;
    }
    admin->queue = rd_kafka_queue_new(admin->client);
    *ret_admin = admin;
    return 0;
}

void broker_admin_free(struct broker_admin *admin)
{
    if (admin == NULL)
        return;
    rd_kafka_queue_destroy(admin->queue);
    rd_kafka_destroy(admin->client);
    free(admin);
}

static int metadata_get(struct broker_admin *admin, const struct rd_kafka_metadata **ret_metadata, struct broker_message *ret_message)
{
    rd_kafka_resp_err_t error = rd_kafka_metadata(admin->client, 1, NULL, ret_metadata, BROKER_CONNECT_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    (void)rd_kafka_poll(admin->client, 0); /* serves the error callback, which knows why */
    return broker_complain(admin->client, error, NULL, "Kafka does not answer", ret_message);
}

int broker_broker_count(struct broker_admin *admin, int *ret_count, struct broker_message *ret_message)
{
    const struct rd_kafka_metadata *metadata;
    int rc = metadata_get(admin, &metadata, ret_message);
    if (rc != 0)
        return rc;
    *ret_count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static const struct rd_kafka_metadata_topic *topic_find(const struct rd_kafka_metadata *metadata, const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0 && metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return &metadata->topics[i];
    return NULL;
}

int broker_topics_count(struct broker_admin *admin, const char *const names[], size_t count, int ret_partitions[], int ret_replicas[],
                        struct broker_message *ret_message)
{
    const struct rd_kafka_metadata *metadata;
    int rc = metadata_get(admin, &metadata, ret_message);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata_topic *topic = topic_find(metadata, names[i]);
        ret_partitions[i] = topic != NULL ? topic->partition_cnt : 0;
        ret_replicas[i] = topic != NULL && topic->partition_cnt > 0 ? topic->partitions[0].replica_cnt : 0;
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* The answer to an admin request, or NULL with the complaint made and *ret_rc set. */
static rd_kafka_event_t *answer_get(struct broker_admin *admin, const char *doing, int *ret_rc, struct broker_message *ret_message)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, 2 * BROKER_TIMEOUT_MS);
    (void)rd_kafka_poll(admin->client, 0);
    rd_kafka_resp_err_t error = event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    *ret_rc = broker_complain(admin->client, error, event != NULL ? rd_kafka_event_error_string(event) : NULL, doing, ret_message);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}

static rd_kafka_AdminOptions_t *options_new(struct broker_admin *admin, rd_kafka_admin_op_t op)
{
    char words[128];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, op);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, BROKER_TIMEOUT_MS, words, sizeof words);
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(options, BROKER_TIMEOUT_MS, words,
                                                          sizeof words); /* until the cluster knows them */
    return options;
}

static int new_topics_fill(const struct broker_topic topics[], size_t count, rd_kafka_NewTopic_t *into[],
                           struct broker_message *ret_message)
{
    for (size_t i = 0; i < count; i++) {
        const struct broker_topic *topic = &topics[i];
        char words[200];
        into[i] = rd_kafka_NewTopic_new(topic->name, topic->partitions, topic->replicas, words, sizeof words);
        if (into[i] == NULL) {
            rd_kafka_NewTopic_destroy_array(into, i);
            (void)snprintf(ret_message->text, sizeof ret_message->text, "topic %s: %s", topic->name, words);
            return -EINVAL;
        }
        for (size_t k = 0; k < topic->setting_count; k++)
            (void)rd_kafka_NewTopic_set_config(into[i], topic->settings[k].name, topic->settings[k].value);
    }
    return 0;
}

int broker_topics_create(struct broker_admin *admin, const struct broker_topic topics[], size_t count, bool ret_created[],
                         struct broker_message *ret_message)
{
    rd_kafka_NewTopic_t **news = calloc(count, sizeof *news);
    if (news == NULL)
        return -ENOMEM;
    int rc = new_topics_fill(topics, count, news, ret_message);
    if (rc != 0)
        goto out;
    rd_kafka_AdminOptions_t *options = options_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->client, news, count, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy_array(news, count);
    rd_kafka_event_t *event = answer_get(admin, "topics cannot be created", &rc, ret_message);
    if (event == NULL)
        goto out;
    size_t answered = 0;
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &answered);
    for (size_t i = 0; i < answered && i < count; i++) { /* answers come in the order of the request */
        rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        ret_created[i] = error == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS || rc != 0)
            continue;
        char doing[120];
        (void)snprintf(doing, sizeof doing, "topic %.80s cannot be created", rd_kafka_topic_result_name(results[i]));
        rc = broker_complain(NULL, error, rd_kafka_topic_result_error_string(results[i]), doing, ret_message);
    }
    rd_kafka_event_destroy(event);
out:
    free(news);
    return rc;
}

int broker_topics_settings(struct broker_admin *admin, const char *const names[], size_t count, broker_setting_seen seen, void *user,
                           struct broker_message *ret_message)
{
    if (count == 0)
        return 0;
    rd_kafka_ConfigResource_t **resources = calloc(count, sizeof *resources);
    if (resources == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, names[i]);
    rd_kafka_AdminOptions_t *options = options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(admin->client, resources, count, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);

    int rc = 0;
    rd_kafka_event_t *event = answer_get(admin, "topics' settings cannot be read", &rc, ret_message);
    if (event == NULL)
        return rc;
    size_t answered = 0;
    const rd_kafka_ConfigResource_t **results =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &answered);
    for (size_t i = 0; rc == 0 && i < answered && i < count; i++) {
        size_t entry_count = 0;
        if (rd_kafka_ConfigResource_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rc = broker_complain(NULL, rd_kafka_ConfigResource_error(results[i]), rd_kafka_ConfigResource_error_string(results[i]),
                                 names[i], ret_message);
            break;
        }
        const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(results[i], &entry_count);
        for (size_t k = 0; k < entry_count; k++)
            if (rd_kafka_ConfigEntry_value(entries[k]) != NULL)
                seen(user, i, rd_kafka_ConfigEntry_name(entries[k]), rd_kafka_ConfigEntry_value(entries[k]));
    }
    rd_kafka_event_destroy(event);
    return rc;
}

int broker_topics_ready(struct broker_admin *admin, const char *const names[], const int partitions[], size_t count, bool *ret_ready,
                        struct broker_message *ret_message)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count * 8);
    for (size_t i = 0; i < count; i++)
        for (int p = 0; p < partitions[i]; p++)
            rd_kafka_topic_partition_list_add(list, names[i], p)->offset = 0; /* the offset of time 0 */
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(admin->client, list, BROKER_CONNECT_MS);
    bool ready = error == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; ready && i < list->cnt; i++)
        ready = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    (void)rd_kafka_poll(admin->client, 0);
    if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return broker_complain(admin->client, error, NULL, "Kafka does not answer", ret_message);
    *ret_ready = ready;
    return 0;
}
