/* A librdkafka client from our configuration, and its errors in our words. */
#include "broker_internal.h"

#include <errno.h>

static const struct {
    int rc, code;
} exit_codes[] = {{-EIO, 69}, {-ETIMEDOUT, 69}, {-EACCES, 69}, {-ENOENT, 65}, {-EMSGSIZE, 65}, {-EINVAL, 78}, {-ENOMEM, 69}};

int broker_exit_code(int rc)
{
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++)
        if (exit_codes[i].rc == rc)
            return exit_codes[i].code;
    return rc == 0 ? 0 : 70;
}

/* What librdkafka last said about its connections: rd_kafka_last_error has only "Local: Timed out" when a port is closed. */
struct last_words {
    char text[200];
};

static void words_keep(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    struct last_words *last = opaque;
    (void)client;
    (void)error;
    (void)snprintf(last->text, sizeof last->text, "%s", reason);
}

static void log_drop(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

int broker_complain(rd_kafka_t *client, rd_kafka_resp_err_t error, const char *words, const char *doing, struct broker_message *ret_message)
{
    const struct last_words *last = client != NULL ? rd_kafka_opaque(client) : NULL;
    const char *heard = last != NULL && last->text[0] != '\0' ? last->text : NULL;
    const char *remedy = "is Kafka up, and kafka.bootstrap.servers (KAFKA_BOOTSTRAP_SERVERS) right?";
    int rc = -EIO;

    switch (error) {
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
    (void)snprintf(ret_message->text, sizeof ret_message->text, "%s: %s%s%s%s; %s", doing, words != NULL ? words : rd_kafka_err2str(error),
                   heard != NULL ? " (" : "", heard != NULL ? heard : "", heard != NULL ? ")" : "", remedy);
    return rc;
}

static int property_set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *shown, struct broker_message *ret_message)
{
    char words[256];
    if (rd_kafka_conf_set(conf, name, value, words, sizeof words) == RD_KAFKA_CONF_OK)
        return 0;
    (void)snprintf(ret_message->text, sizeof ret_message->text, "%s: %s", shown, words);
    return -EINVAL;
}

static int properties_set(rd_kafka_conf_t *conf, const struct config *config, const char *const properties[],
                          struct broker_message *ret_message)
{
    const char *name, *value;
    int rc =
        property_set(conf, "bootstrap.servers", config_text(config, CFG_kafka_bootstrap_servers), "kafka.bootstrap.servers", ret_message);
    if (rc == 0)
        rc = property_set(conf, "socket.nagle.disable", "true", "socket.nagle.disable", ret_message);
    for (size_t i = 0; rc == 0 && properties[i] != NULL; i += 2)
        rc = property_set(conf, properties[i], properties[i + 1], properties[i], ret_message);
    for (size_t i = 0; rc == 0 && config_rdkafka(config, i, &name, &value); i++) {
        char shown[120];
        (void)snprintf(shown, sizeof shown, "rdkafka.%s", name);
        rc = property_set(conf, name, value, shown, ret_message);
    }
    return rc;
}

int broker_client_new(const struct config *config, rd_kafka_type_t type, const char *const properties[], rd_kafka_t **ret_client,
                      struct broker_message *ret_message)
{
    static struct last_words last; /* one thread, one story: the latest words are the telling ones, whichever client heard them */
    char words[256];

    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int rc = properties_set(conf, config, properties, ret_message);
    if (rc != 0) {
        rd_kafka_conf_destroy(conf);
        return rc;
    }
    last.text[0] = '\0';
    rd_kafka_conf_set_opaque(conf, &last);
    rd_kafka_conf_set_error_cb(conf, words_keep);
    rd_kafka_conf_set_log_cb(conf, log_drop);
    rd_kafka_t *client = rd_kafka_new(type, conf, words, sizeof words);
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)snprintf(ret_message->text, sizeof ret_message->text, "Kafka's client does not start: %s; see the rdkafka.* properties",
                       words);
        return -EINVAL;
    }
    *ret_client = client;
    return 0;
}
