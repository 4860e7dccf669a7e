/* Events: JSON in, keyed and framed records out. The key is the worker's own function, so that both
 * always agree. */
#include "core/events.h"

#include <errno.h>

enum {
    EVENT_BYTES_MAX = 4 * 1024 * 1024,
    ARENA_MAX = 16 * 1024 * 1024,
    SPARE_BYTES = 64 /* what order_gen_break may append */
};

struct event_maker {
    const struct flow *flow;
    struct codec *codec; /* both of the context */
    const void *rules;
    void *event;
    struct arena *arena;
    struct buf bytes;
};

json_t *events_to_json(struct codec *codec, const void *bytes, size_t size,
                       struct codec_fault *ret_fault)
{
    json_t *json = codec_to_json(codec, bytes, size, ret_fault);
    if (json != NULL || ret_fault->code != PF_E_schema_unknown)
        return json;
    if (codec_fetch(codec, bytes, size) != 0) {
        *ret_fault = (struct codec_fault){.code = PF_E_registry_unavailable,
                                          .message = "the schema registry does not answer"};
        return NULL;
    }
    return codec_to_json(codec, bytes, size, ret_fault);
}

int events_decode(struct codec *codec, const struct bound_record *record, const void *bytes,
                  size_t size, struct arena *arena, void *ret_struct, struct codec_fault *ret_fault)
{
    const int rc = codec_decode(codec, record, bytes, size, arena, ret_struct, ret_fault);
    if (rc != -EAGAIN)
        return rc;
    if (codec_fetch(codec, bytes, size) != 0) {
        ret_fault->code = PF_E_registry_unavailable;
        return rc;
    }
    return codec_decode(codec, record, bytes, size, arena, ret_struct, ret_fault);
}

enum ops_kind events_register(struct codec *codec, const char *record, const char *topic,
                              struct ops_error *ret_error)
{
    char message[300];
    const int rc = codec_register(codec, record, topic, message);
    return rc == 0 ? OPS_DONE
                   : ops_fail(ret_error, rc == -EIO ? OPS_UNAVAILABLE : OPS_CONFIG, NULL, "%s",
                              message);
}

enum ops_kind events_maker_new(struct ops *ops, const char *topic, struct event_maker **ret_maker,
                               struct ops_error *ret_error)
{
    const struct flow *flow = flow_of_input(topic);
    char inputs[200] = "";
    for (size_t i = 0; flows[i] != NULL; i++)
        (void)snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%s%s",
                       i > 0 ? ", " : "", flows[i]->reads);
    if (flow == NULL)
        return ops_fail(ret_error, OPS_USAGE, "for other topics: --raw",
                        "topic %s carries no events that are made here (these do: %s)", topic,
                        inputs);
    struct event_maker *maker = calloc(1, sizeof *maker);
    if (maker == NULL)
        return ops_fail_memory(ret_error);
    maker->flow = flow;
    buf_init(&maker->bytes, EVENT_BYTES_MAX);
    maker->event = calloc(1, flow->event->size);
    enum ops_kind kind = maker->event != NULL ? ops_codec(ops, &maker->codec, ret_error)
                                              : ops_fail_memory(ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, flow, &maker->rules, ret_error);
    if (kind == OPS_DONE)
        kind = events_register(maker->codec, flow->event->name, topic, ret_error);
    if (kind != OPS_DONE)
        events_maker_free(maker);
    else
        *ret_maker = maker;
    return kind;
}

void events_maker_free(struct event_maker *maker)
{
    if (maker == NULL)
        return;
    arena_free(maker->arena);
    buf_release(&maker->bytes);
    free(maker->event);
    free(maker);
}

int events_make(struct event_maker *maker, const json_t *json, struct event_made *ret_made,
                char ret_why[static 300])
{
    static const char spare[SPARE_BYTES] = {0};
    struct codec_fault fault = {0};
    struct flow_key key;
    const char *detail = NULL;

    arena_free(maker->arena);
    maker->arena = arena_new(ARENA_MAX);
    buf_clear(&maker->bytes);
    if (maker->arena == NULL ||
        codec_from_json(maker->codec, maker->flow->event->name, json, &maker->bytes, &fault) != 0 ||
        codec_decode(maker->codec, maker->flow->event, maker->bytes.data, maker->bytes.size,
                     maker->arena, maker->event, &fault) != 0) {
        (void)snprintf(ret_why, 300, "%s", fault.message[0] != '\0' ? fault.message : "too large");
        return -EINVAL;
    }
    enum pf_error code = maker->flow->key(maker->event, maker->rules, maker->arena, &key, &detail);
    if (code != PF_OK) {
        (void)snprintf(ret_why, 300, "%s: %s", pf_error_info(code)->name,
                       detail != NULL ? detail : pf_error_info(code)->meaning);
        return -EINVAL;
    }
    size_t size = maker->bytes.size;
    buf_append(&maker->bytes, spare, sizeof spare);
    *ret_made = (struct event_made){.key = key.kafka,
                                    .bytes = (uint8_t *)maker->bytes.data,
                                    .size = size,
                                    .room = maker->bytes.size};
    return 0;
}

int events_line(void *maker, struct spool *spool, const json_t *line, char ret_why[static 300])
{
    struct event_made made;
    int rc = events_make(maker, line, &made, ret_why);
    if (rc != 0)
        return rc;
    rc = spool_add(spool, &(struct kafka_record){.partition = -1,
                                                 .key = made.key,
                                                 .key_size = strlen(made.key),
                                                 .value = made.bytes,
                                                 .value_size = made.size});
    if (rc != 0)
        (void)snprintf(ret_why, 300,
                       rc == -EMSGSIZE ? "larger than a Kafka record may be"
                                       : "too much for one call");
    return rc;
}
