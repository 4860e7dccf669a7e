/* What is opened by configuration, once; see context.h. */
#include "core/context.h"

#include "domain/events/ledger_credit.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "domain/events/order_result.h"
#include "domain/events/refund_event.h"
#include "domain/events/refund_result.h"
#include "domain/events/stock_order.h"

#include <errno.h>
#include <stdlib.h>

enum { FLOWS_MAX = 8, REDIS_TIMEOUT_MS = 3000 };

/* Generous against what a person wants to look at, small against memory. */
static const struct codec_limits limits = {
    .bytes_max = 4 * 1024 * 1024, .elements_max = 1000000, .depth_max = 64};

struct ops {
    const struct config *config;
    struct codec *codec;
    void *rules[FLOWS_MAX]; /* as `flows` are numbered */
    struct redis_once *redis;
    struct redis_server redis_server;
    struct kafka_admin *admin;
};

struct ops *ops_new(const struct config *config)
{
    struct ops *ops = calloc(1, sizeof *ops);
    if (ops != NULL)
        ops->config = config;
    return ops;
}

void ops_free(struct ops *ops)
{
    if (ops == NULL)
        return;
    for (size_t i = 0; i < FLOWS_MAX && flows[i] != NULL; i++)
        if (ops->rules[i] != NULL)
            flows[i]->rules_free(ops->rules[i]);
    kafka_admin_free(ops->admin);
    redis_once_close(ops->redis);
    codec_close(ops->codec);
    free(ops);
}

const struct config *ops_config(const struct ops *ops)
{
    return ops->config;
}

/* The structs that are read and written here, against the folder's schemas. */
static int records_check(struct codec *codec, char message[static 300])
{
    static const struct bound_record *const records[] = {
        &order_event_record,   &order_result_record,  &ledger_entry_record, &refund_event_record,
        &refund_result_record, &ledger_credit_record, &stock_order_record};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const int rc = codec_check(codec, records[i], message);
        if (rc < 0 && rc != -ENOENT) /* a folder need not have them all */
            return rc;
    }
    return 0;
}

enum ops_kind ops_codec(struct ops *ops, struct codec **ret_codec, struct ops_error *ret_error)
{
    char message[300];
    struct codec *codec = NULL;
    if (ops->codec == NULL && (codec_open(config_text(ops->config, CFG_schema_folder),
                                          config_text(ops->config, CFG_schema_registry_url), limits,
                                          &codec, message) != 0 ||
                               records_check(codec, message) != 0)) {
        codec_close(codec);
        return ops_fail(ret_error, OPS_CONFIG, NULL, "schema.folder: %s", message);
    }
    if (ops->codec == NULL)
        ops->codec = codec;
    *ret_codec = ops->codec;
    return OPS_DONE;
}

enum ops_kind ops_rules(struct ops *ops, const struct flow *flow, const void **ret_rules,
                        struct ops_error *ret_error)
{
    struct config_message wrong;
    size_t i = 0;
    while (i < FLOWS_MAX && flows[i] != NULL && flows[i] != flow)
        i++;
    if (i == FLOWS_MAX || flows[i] == NULL)
        return ops_fail(ret_error, OPS_DEFECT, NULL, "%s is none of the flows", flow->name);
    if (ops->rules[i] == NULL && flow->rules_load(ops->config, &ops->rules[i], &wrong) != 0)
        return ops_fail(ret_error, OPS_CONFIG, NULL, "%s", wrong.text);
    *ret_rules = ops->rules[i];
    return OPS_DONE;
}

enum ops_kind ops_redis(struct ops *ops, struct redis_once **ret_redis,
                        const struct redis_server **ret_server, struct ops_error *ret_error)
{
    char message[300];
    const int rc = ops->redis != NULL
                       ? 0
                       : redis_once_open(config_text(ops->config, CFG_redis_url), REDIS_TIMEOUT_MS,
                                         &ops->redis, &ops->redis_server, message);
    if (rc != 0)
        return ops_fail(ret_error, rc == -EINVAL ? OPS_CONFIG : OPS_UNAVAILABLE, NULL, "%s",
                        message);
    *ret_redis = ops->redis;
    if (ret_server != NULL)
        *ret_server = &ops->redis_server;
    return OPS_DONE;
}

void ops_redis_close(struct ops *ops)
{
    redis_once_close(ops->redis);
    ops->redis = NULL;
}

enum ops_kind ops_kafka_admin(struct ops *ops, struct kafka_admin **ret_admin,
                              struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    const int rc = ops->admin != NULL ? 0 : kafka_admin_new(ops->config, &ops->admin, message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    *ret_admin = ops->admin;
    return OPS_DONE;
}

enum ops_kind ops_fail_kafka(struct ops_error *ret_error, int rc, const struct kafka_words *message)
{
    static const struct {
        int rc;
        enum ops_kind kind;
    } kinds[] = {{-EIO, OPS_UNAVAILABLE},    {-ETIMEDOUT, OPS_UNAVAILABLE},
                 {-EACCES, OPS_UNAVAILABLE}, {-ENOMEM, OPS_UNAVAILABLE},
                 {-ENOENT, OPS_DATA},        {-EMSGSIZE, OPS_DATA},
                 {-EINVAL, OPS_CONFIG}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].rc == rc)
            return ops_fail(ret_error, kinds[i].kind, NULL, "%s", message->text);
    return ops_fail(ret_error, OPS_DEFECT, NULL, "%s", message->text);
}
