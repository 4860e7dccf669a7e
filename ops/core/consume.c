/* Records into JSON; see consume.h. */
#include "core/consume.h"

#include "core/bytes_json.h"
#include "core/events.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct consume {
    const struct consume_options *options;
    struct codec *codec;
    consume_take take;
    void *user;
    int64_t given;
    bool registry_away;
};

/* A header that comes more than once becomes a list. */
static void header_add(json_t *headers, const struct kafka_header *header)
{
    json_t *value = bytes_to_json(header->value, header->size),
           *other = json_object_get(headers, header->name);
    if (other == NULL) {
        (void)json_object_set_new(headers, header->name, value);
    } else if (json_is_array(other)) {
        (void)json_array_append_new(other, value);
    } else {
        (void)json_object_set_new(headers, header->name, json_pack("[O, o]", other, value));
    }
}

static void value_add(json_t *line, struct consume *c, const struct kafka_record *record)
{
    struct codec_fault fault = {0};
    json_t *value = NULL;

    if (record->value != NULL && !c->options->raw) {
        value = events_to_json(c->codec, record->value, record->value_size, &fault);
        c->registry_away = fault.code == PF_E_registry_unavailable;
        if (value == NULL) /* our own topics for people carry JSON */
            value = json_loadb(record->value, record->value_size, JSON_REJECT_DUPLICATES, NULL);
        if (value == NULL)
            (void)json_object_set_new(line, "undecodable",
                                      json_pack("{s:s, s:s}", "code",
                                                pf_error_info(fault.code)->name, "reason",
                                                fault.message));
    }
    (void)json_object_set_new(
        line, "value", value != NULL ? value : bytes_to_json(record->value, record->value_size));
}

static bool is_wanted(const struct consume *c, const struct kafka_record *record)
{
    const char *key = c->options->key;
    return key == NULL || (record->key != NULL && record->key_size == strlen(key) &&
                           memcmp(record->key, key, record->key_size) == 0);
}

static int consume_record(void *user, const struct kafka_record *record)
{
    struct consume *c = user;
    char time[CLOCK_TEXT_MAX];
    if (!is_wanted(c, record))
        return 0;
    json_t *line = json_pack("{s:s, s:i, s:I, s:s, s:s, s:o}", "topic", record->topic, "partition",
                             (int)record->partition, "offset", (json_int_t)record->offset,
                             "timestamp", clock_format(record->timestamp_ms, time),
                             "timestamp_type", record->log_append_time ? "append" : "create", "key",
                             bytes_to_json(record->key, record->key_size));
    json_t *headers = json_object();
    for (size_t i = 0; i < record->header_count; i++)
        header_add(headers, &record->headers[i]);
    (void)json_object_set_new(line, "headers", headers);
    value_add(line, c, record);
    const bool taken = !c->registry_away && c->take(c->user, line);
    json_decref(line);
    c->given += taken;
    return !taken || (c->options->count > 0 && c->given == c->options->count) ? -ECANCELED : 0;
}

enum ops_kind ops_consume(struct ops *ops, const struct consume_options *options,
                          const struct kafka_range *range, consume_take take, void *user,
                          struct ops_error *ret_error)
{
    struct consume c = {.options = options, .take = take, .user = user};
    struct kafka_words message = {""};
    const enum ops_kind kind = options->raw ? OPS_DONE : ops_codec(ops, &c.codec, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc =
        kafka_read(ops_config(ops), &options->topic, 1, range, consume_record, &c, message.text);
    if (c.registry_away)
        return ops_fail(ret_error, OPS_UNAVAILABLE, "--raw needs none",
                        "the schema registry does not answer: %" PRId64
                        " records printed, stopped there",
                        c.given);
    return rc == 0 || rc == -ECANCELED ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}
