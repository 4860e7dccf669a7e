/* What every client of ours is made with; see internal.h. */
#include "kafka/internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* `prefix`: of the key by which a user knows the property. */
static bool property_set(rd_kafka_conf_t *conf, const char *prefix, const char *name,
                         const char *value, char ret_message[static KAFKA_TEXT_MAX])
{
    char words[200];
    if (rd_kafka_conf_set(conf, name, value, words, sizeof words) == RD_KAFKA_CONF_OK)
        return true;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "librdkafka refuses %s%.80s: %.200s; correct it",
                   prefix, name, words);
    return false;
}

rd_kafka_conf_t *kafka_conf_new(const struct config *config, const char *const ours[][2],
                                const char *const last[][2],
                                char ret_message[static KAFKA_TEXT_MAX])
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, kafka_log_line);
    const char *name, *value;
    bool good = true;
    for (size_t i = 0; good && ours[i][0] != NULL; i++)
        good = property_set(conf, "", ours[i][0], ours[i][1], ret_message);
    for (size_t i = 0; good && config_rdkafka(config, i, &name, &value); i++)
        good = property_set(conf, "rdkafka.", name, value, ret_message);
    for (size_t i = 0; good && last[i][0] != NULL; i++) {
        assert(config_rdkafka_is_ours(last[i][0])); /* or nobody would hear of it */
        good = property_set(conf, "", last[i][0], last[i][1], ret_message);
    }
    if (good && property_set(conf, "kafka.", "bootstrap.servers",
                             config_text(config, CFG_kafka_bootstrap_servers), ret_message))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

rd_kafka_topic_partition_list_t *kafka_list_new(const struct kafka_place places[], size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, places[i].topic, places[i].partition)->offset =
            places[i].offset;
    return list;
}

int32_t kafka_partition_of(const void *key, size_t size, int32_t count)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key, size, count, NULL, NULL);
}

/* ---- what is denied ---- */

enum kafka_right kafka_denied(rd_kafka_resp_err_t error, const struct kafka_asked *asked,
                              const char **ret_of)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        *ret_of = asked->topic;
        return asked->right;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        *ret_of = asked->group;
        return KAFKA_READ_GROUP;
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        *ret_of = asked->id;
        return KAFKA_WRITE_ID;
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        *ret_of = "";
        return KAFKA_WRITE_IDEMPOTENT;
    default:
        return KAFKA_NO_RIGHT;
    }
}

int kafka_failed(rd_kafka_resp_err_t error, const struct kafka_asked *asked, const char *doing,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    const char *of = NULL;
    const enum kafka_right right = kafka_denied(error, asked, &of);
    if (right == KAFKA_NO_RIGHT) {
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%.250s: %.140s", doing,
                       rd_kafka_err2str(error));
        return -EIO;
    }
    kafka_right_write(right, of != NULL ? of : "?", ret_message, KAFKA_TEXT_MAX);
    return -EACCES;
}

rd_kafka_resp_err_t kafka_ask_topic(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                    int *ret_partitions)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t err = handle != NULL
                                  ? rd_kafka_metadata(rk, 0, handle, &metadata, timeout_ms)
                                  : rd_kafka_last_error();
    *ret_partitions = 0;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = metadata != NULL && metadata->topic_cnt == 1
                  ? metadata->topics[0].err
                  : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        *ret_partitions = metadata->topics[0].partition_cnt;
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    if (handle != NULL)
        rd_kafka_topic_destroy(handle);
    return err;
}

/* ---- clients that are asked and waited for ---- */

static void client_hear(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    struct kafka_client *client = opaque;
    (void)rk;
    (void)error;
    (void)snprintf(client->heard, sizeof client->heard, "%s", reason);
}

int kafka_client_open(struct kafka_client *client, rd_kafka_type_t type,
                      const struct config *config, const char *const ours[][2],
                      const char *const last[][2], char ret_message[static KAFKA_TEXT_MAX])
{
    char words[200];
    rd_kafka_conf_t *conf = kafka_conf_new(config, ours, last, ret_message);
    if (conf == NULL)
        return -EINVAL;
    client->heard[0] = '\0';
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, client_hear);
    client->rk = rd_kafka_new(type, conf, words, sizeof words);
    if (client->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)snprintf(ret_message, KAFKA_TEXT_MAX,
                       "Kafka's client does not start: %s; see the rdkafka.* properties", words);
        return -EINVAL;
    }
    if (type == RD_KAFKA_CONSUMER)
        (void)rd_kafka_poll_set_consumer(client->rk);
    return 0;
}

void kafka_client_close(struct kafka_client *client)
{
    if (client->rk == NULL)
        return;
    if (rd_kafka_type(client->rk) == RD_KAFKA_CONSUMER)
        rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    else
        rd_kafka_destroy(client->rk);
    client->rk = NULL;
}

/* Of a client that is of no use any more: what made it so. */
static rd_kafka_resp_err_t cause_of(const struct kafka_client *client, rd_kafka_resp_err_t error)
{
    char words[2];
    return error == RD_KAFKA_RESP_ERR__FATAL && client != NULL
               ? rd_kafka_fatal_error(client->rk, words, sizeof words)
               : error;
}

int kafka_complain(const struct kafka_client *client, rd_kafka_resp_err_t error, const char *words,
                   const char *doing, char ret_message[static KAFKA_TEXT_MAX])
{
    const char *heard = client != NULL && client->heard[0] != '\0' ? client->heard : NULL;
    const char *remedy =
        "is Kafka up, and kafka.bootstrap.servers (KAFKA_BOOTSTRAP_SERVERS) right?";
    int rc = -EIO;

    switch (cause_of(client, error)) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
        remedy = "another process writes in our place at this moment: see what it did, then run "
                 "this again";
        heard = NULL;
        break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        rc = -ENOENT;
        remedy = "see the topic's name, or: primaflow topics create";
        heard = NULL;
        break;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        rc = -EACCES;
        remedy = "see the credentials in rdkafka.sasl.* and the principal's ACLs";
        break;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        rc = -EMSGSIZE;
        remedy = "make the record smaller";
        heard = NULL;
        break;
    default:
        break;
    }
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%s: %s%s%s%s; %s", doing,
                   words != NULL ? words : rd_kafka_err2str(error), heard != NULL ? " (" : "",
                   heard != NULL ? heard : "", heard != NULL ? ")" : "", remedy);
    return rc;
}
