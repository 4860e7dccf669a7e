/* Events: JSON in, keyed and framed records out. The key is the worker's own function, so that both always agree. */
#include "events.h"

#include "events/order_event.h"
#include "order_key.h"
#include "order_rules.h"

#include <errno.h>

/* Generous against what a person wants to look at, small against memory. */
static const struct codec_limits limits = {.bytes_max = 4 * 1024 * 1024, .elements_max = 1000000, .depth_max = 64};

enum { ARENA_MAX = 16 * 1024 * 1024, SPARE_BYTES = 64 };

static const struct event_kind {
    const char *topic;
    const struct bound_record *record;
    int (*rules_load)(const struct config *config, void **ret_rules, struct config_message *ret_message);
    void (*rules_free)(void *rules);
    enum pf_error (*key)(const void *event, const void *rules, struct arena *arena, struct flow_key *ret_key, const char **ret_detail);
} kinds[] = {
    {"orders.raw", &order_event_record, order_rules_load, order_rules_free, order_key},
};

struct event_maker {
    const struct event_kind *kind;
    struct codec *codec;
    void *rules, *event;
    struct arena *arena;
    struct buf bytes;
};

int events_codec_open(const struct cli *cli, struct codec **ret_codec)
{
    char message[300];
    int rc = codec_open(config_text(cli->config, CFG_schema_folder), config_text(cli->config, CFG_schema_registry_url), limits, ret_codec,
                        message);
    if (rc != 0)
        return cli_fail(CLI_CONFIG, "schema.folder: %s", message);
    return CLI_DONE;
}

json_t *events_to_json(struct codec *codec, const void *bytes, size_t size, struct codec_fault *ret_fault)
{
    json_t *json = codec_to_json(codec, bytes, size, ret_fault);
    if (json != NULL || ret_fault->code != PF_E_schema_unknown)
        return json;
    if (codec_fetch(codec, bytes, size) != 0) {
        *ret_fault = (struct codec_fault){.code = PF_E_registry_unavailable, .message = "the schema registry does not answer"};
        return NULL;
    }
    return codec_to_json(codec, bytes, size, ret_fault);
}

static const struct event_kind *kind_find(const char *topic)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].topic, topic) == 0)
            return &kinds[i];
    return NULL;
}

int events_maker_new(const struct cli *cli, const char *topic, struct event_maker **ret_maker)
{
    const struct event_kind *kind = kind_find(topic);
    struct config_message wrong;
    char message[300];

    if (kind == NULL)
        return cli_fail(CLI_USAGE, "topic %s carries no events that are made here (orders.raw does); for other topics: --raw", topic);
    struct event_maker *maker = calloc(1, sizeof *maker);
    if (maker == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    maker->kind = kind;
    buf_init(&maker->bytes, limits.bytes_max);
    maker->event = calloc(1, kind->record->size);
    int code = maker->event != NULL ? events_codec_open(cli, &maker->codec) : cli_fail(CLI_UNAVAILABLE, "no memory");
    if (code == CLI_DONE && kind->rules_load(cli->config, &maker->rules, &wrong) != 0)
        code = cli_fail(CLI_CONFIG, "%s", wrong.text);
    if (code == CLI_DONE) {
        int rc = codec_register(maker->codec, kind->record->name, topic, message);
        if (rc != 0)
            code = cli_fail(rc == -EIO ? CLI_UNAVAILABLE : CLI_CONFIG, "%s", message);
    }
    if (code != CLI_DONE)
        events_maker_free(maker);
    else
        *ret_maker = maker;
    return code;
}

void events_maker_free(struct event_maker *maker)
{
    if (maker == NULL)
        return;
    if (maker->rules != NULL)
        maker->kind->rules_free(maker->rules);
    codec_close(maker->codec);
    arena_free(maker->arena);
    buf_release(&maker->bytes);
    free(maker->event);
    free(maker);
}

int events_make(struct event_maker *maker, const json_t *json, struct event_made *ret_made, char ret_why[static 300])
{
    static const char spare[SPARE_BYTES] = {0};
    struct codec_fault fault = {0};
    struct flow_key key;
    const char *detail = NULL;

    arena_free(maker->arena);
    maker->arena = arena_new(ARENA_MAX);
    buf_clear(&maker->bytes);
    if (maker->arena == NULL || codec_from_json(maker->codec, maker->kind->record->name, json, &maker->bytes, &fault) != 0 ||
        codec_decode(maker->codec, maker->kind->record, maker->bytes.data, maker->bytes.size, maker->arena, maker->event, &fault) != 0) {
        (void)snprintf(ret_why, 300, "%s", fault.message[0] != '\0' ? fault.message : "too large");
        return -EINVAL;
    }
    enum pf_error code = maker->kind->key(maker->event, maker->rules, maker->arena, &key, &detail);
    if (code != PF_OK) {
        (void)snprintf(ret_why, 300, "%s: %s", pf_error_info(code)->name, detail != NULL ? detail : pf_error_info(code)->meaning);
        return -EINVAL;
    }
    size_t size = maker->bytes.size;
    buf_append(&maker->bytes, spare, sizeof spare);
    *ret_made = (struct event_made){.key = key.kafka, .bytes = (uint8_t *)maker->bytes.data, .size = size, .room = maker->bytes.size};
    return 0;
}

int events_line(void *maker, struct spool *spool, const json_t *line, char ret_why[static 300])
{
    struct event_made made;
    int rc = events_make(maker, line, &made, ret_why);
    if (rc != 0)
        return rc;
    rc =
        spool_add(spool, &(struct broker_record){
                             .partition = -1, .key = made.key, .key_size = strlen(made.key), .value = made.bytes, .value_size = made.size});
    if (rc != 0)
        (void)snprintf(ret_why, 300, rc == -EMSGSIZE ? "larger than a Kafka record may be" : "too much for one call");
    return rc;
}
