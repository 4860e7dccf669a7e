/* ops.control: its records, read and written; see control.h. */
#include "stream/control.h"

#include <errno.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "kafka/topics.h"

enum { STEP_MS = 10000, LEAVE_MS = 2000 };

/* ---- reading ---- */

struct reading {
    struct control *to;
    const char *group;
    struct control accepted; /* its incident, server and left: what `redis.server` says */
};

static bool is_key(const struct kafka_record *record, const char *what, const char *group)
{
    char key[200];
    const int size = snprintf(key, sizeof key, "%s/%s", what, group);
    return record->key != NULL && record->key_size == (size_t)size &&
           memcmp(record->key, key, (size_t)size) == 0;
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
    free(to->ends);
    to->end_count = 0;
    to->ends = calloc(json_array_size(ends) + 1, sizeof *to->ends);
    if (to->ends == NULL)
        abort();
    json_array_foreach(ends, i, end)
    {
        struct kafka_place *place = &to->ends[to->end_count++];
        copy_text(end, "topic", place->topic, sizeof place->topic);
        place->partition = (int32_t)json_integer_value(json_object_get(end, "partition"));
        place->offset = json_integer_value(json_object_get(end, "offset"));
    }
}

static void read_server(const json_t *object, struct control_server *to)
{
    copy_text(object, "run_id", to->run_id, sizeof to->run_id);
    copy_text(object, "replication_id", to->replication_id, sizeof to->replication_id);
}

static void read_servers(const json_t *value, struct control *to)
{
    size_t i;
    const json_t *server, *left = json_object_get(value, "left");
    copy_text(value, "incident", to->incident, sizeof to->incident);
    read_server(value, &to->server);
    to->left_count = 0;
    json_array_foreach(left, i, server)
    {
        if (to->left_count < CONTROL_LEFT_MAX)
            read_server(server, &to->left[to->left_count++]);
    }
}

static void read_since(struct control *to, const json_t *since)
{
    size_t i;
    const json_t *incident;
    to->since_count = 0;
    json_array_foreach(since, i, incident)
    {
        if (json_is_string(incident) && to->since_count < CONTROL_SINCE_MAX)
            (void)snprintf(to->since[to->since_count++], CONTROL_ID_MAX, "%s",
                           json_string_value(incident));
    }
}

static void read_member(struct control *to, const char *group, const json_t *value)
{
    const char *its_group = json_string_value(json_object_get(value, "group")),
               *slot = json_string_value(json_object_get(value, "slot"));
    if (its_group == NULL || strcmp(its_group, group) != 0 || slot == NULL)
        return;
    struct control_member *m = to->members;
    const struct control_member *end = m != NULL ? m + to->member_count : m;
    while (m != end && strcmp(m->slot, slot) != 0)
        m++;
    if (m != end && json_is_true(json_object_get(value, "stopped")) &&
        json_integer_value(json_object_get(value, "epoch")) != m->epoch &&
        !mutant("stop_of_a_ghost")) { /* it slept while it left, and the slot has another holder */
        m->is_overwritten = true;
        return;
    }
    if (m == end) {
        struct control_member *all = realloc(to->members, (to->member_count + 1) * sizeof *all);
        if (all == NULL)
            abort();
        to->members = all;
        m = &all[to->member_count++];
    }
    *m = (struct control_member){.epoch = json_integer_value(json_object_get(value, "epoch")),
                                 .number = json_integer_value(json_object_get(value, "number")),
                                 .reach = json_integer_value(json_object_get(value, "reach")),
                                 .stopped = json_is_true(json_object_get(value, "stopped"))};
    copy_text(value, "slot", m->slot, sizeof m->slot);
    copy_text(value, "incident", m->incident, sizeof m->incident);
    copy_text(value, "process", m->process, sizeof m->process);
    copy_text(value, "former", m->former, sizeof m->former);
}

static void read_generation(struct control *to, const json_t *value)
{
    const int64_t epoch = json_integer_value(json_object_get(value, "epoch")),
                  generation = json_integer_value(json_object_get(value, "generation"));
    if (epoch > to->epoch || (epoch == to->epoch && generation > to->generation)) {
        to->epoch = epoch;
        to->generation = generation;
    }
}

static void read_one(void *user, const struct kafka_record *record)
{
    struct reading *reading = user;
    struct control *to = reading->to;
    if (record->value == NULL)
        return;
    json_t *value = json_loadb(record->value, record->value_size, 0, NULL);
    if (is_key(record, "redis.open", reading->group)) {
        read_servers(value, to);
        to->detected_ms = json_integer_value(json_object_get(value, "detected_at"));
        to->rebuilt = json_is_true(json_object_get(value, "rebuilt"));
        to->senders_over = json_is_true(json_object_get(value, "senders_over"));
        read_since(to, json_object_get(value, "since"));
        read_ends(to, json_object_get(value, "ends"));
    } else if (is_key(record, "redis.server", reading->group)) {
        read_servers(value, &reading->accepted);
    } else if (is_key(record, "redis.cleared", reading->group)) {
        copy_text(value, "incident", to->cleared, sizeof to->cleared);
    } else if (is_key(record, "generation", reading->group)) {
        read_generation(to, value);
    } else if (record->key_size > 7 && memcmp(record->key, "worker/", 7) == 0) {
        read_member(to, reading->group, value);
    }
    json_decref(value);
}

bool control_server_is(const struct control_server *a, const char *run_id,
                       const char *replication_id)
{
    return strcmp(a->run_id, run_id) == 0 &&
           (a->replication_id[0] == '\0' || strcmp(a->replication_id, replication_id) == 0);
}

void control_free(struct control *control)
{
    free(control->ends);
    free(control->members);
    *control = (struct control){.ends = NULL};
}

bool control_is_open(const struct control *control)
{
    return control->incident[0] != '\0' && strcmp(control->cleared, control->incident) != 0;
}

int control_read(const struct config *config, const char *group, struct control *ret_control,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    struct control fresh = {.ends = NULL};
    struct reading reading = {.to = &fresh, .group = group};
    const int result = kafka_scan(config, topic_ops_control, NULL, read_one, &reading, ret_message);
    if (result == 0 && strcmp(reading.accepted.incident, fresh.incident) == 0) {
        fresh.server = reading.accepted.server;
        fresh.left_count = reading.accepted.left_count;
        memcpy(fresh.left, reading.accepted.left, sizeof fresh.left);
    }
    if (result == 0) {
        control_free(ret_control);
        *ret_control = fresh;
    } else {
        control_free(&fresh);
    }
    return result;
}

int control_end(const struct kafka_consumer *consumer, int timeout_ms, int64_t *ret_end,
                char ret_message[static KAFKA_TEXT_MAX])
{
    return kafka_end(consumer, topic_ops_control, 0, timeout_ms, ret_end, ret_message);
}

/* ---- writing ---- */

/* Waits until Kafka has them all. */
static int write_within(const struct config *config, struct control_record records[], size_t count,
                        int timeout_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_message *messages = calloc(count + 1, sizeof *messages);
    if (messages == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        char *text = json_dumps(records[i].value, JSON_COMPACT | JSON_SORT_KEYS);
        if (text == NULL)
            abort(); /* our own values have a text */
        json_decref(records[i].value);
        messages[i] = (struct kafka_message){.topic = topic_ops_control,
                                             .key = records[i].key,
                                             .key_size = strlen(records[i].key),
                                             .value = text,
                                             .value_size = strlen(text)};
    }
    const int result = kafka_write(config, messages, count, timeout_ms, ret_message);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)messages[i].value);
    free(messages);
    return result;
}

int control_write(const struct config *config, struct control_record records[], size_t count,
                  char ret_message[static KAFKA_TEXT_MAX])
{
    return write_within(config, records, count, STEP_MS, ret_message);
}

static int write_one(const struct config *config, const char *what, const char *group,
                     json_t *value, int timeout_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control_record record = {.value = value};
    (void)snprintf(record.key, sizeof record.key, "%s/%s", what, group);
    return write_within(config, &record, 1, timeout_ms, ret_message);
}

static json_t *server_json(const struct control_server *server)
{
    return json_pack("{s:s, s:s}", "run_id", server->run_id, "replication_id",
                     server->replication_id);
}

/* What `redis.open` and `redis.server` have in common. */
static json_t *servers_json(const struct control *c)
{
    json_t *left = json_array();
    for (size_t i = 0; i < c->left_count; i++)
        (void)json_array_append_new(left, server_json(&c->left[i]));
    json_t *value = server_json(&c->server);
    (void)json_object_set_new(value, "incident", json_string(c->incident));
    (void)json_object_set_new(value, "left", left);
    return value;
}

int control_open(const struct config *config, const char *group, const struct control *incident,
                 char ret_message[static KAFKA_TEXT_MAX])
{
    json_t *ends = json_array(), *since = json_array(), *value = servers_json(incident);
    for (size_t i = 0; i < incident->end_count; i++)
        (void)json_array_append_new(ends,
                                    json_pack("{s:s, s:i, s:I}", "topic", incident->ends[i].topic,
                                              "partition", (int)incident->ends[i].partition,
                                              "offset", (json_int_t)incident->ends[i].offset));
    (void)json_object_set_new(value, "detected_at", json_integer(incident->detected_ms));
    (void)json_object_set_new(value, "rebuilt", json_boolean(incident->rebuilt));
    (void)json_object_set_new(value, "senders_over", json_boolean(incident->senders_over));
    (void)json_object_set_new(value, "ends", ends);
    for (size_t i = 0; i < incident->since_count; i++)
        (void)json_array_append_new(since, json_string(incident->since[i]));
    (void)json_object_set_new(value, "since", since);
    return write_one(config, "redis.open", group, value, STEP_MS, ret_message);
}

int control_accept(const struct config *config, const char *group, const struct control *control,
                   char ret_message[static KAFKA_TEXT_MAX])
{
    return write_one(config, "redis.server", group, servers_json(control), STEP_MS, ret_message);
}

int control_enter(const struct config *config, const char *group, const struct control_member *m,
                  char ret_message[static KAFKA_TEXT_MAX])
{
    char place[300];
    (void)snprintf(place, sizeof place, "%s/%s", group, m->slot);
    return write_one(config, "worker", place,
                     json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s, s:s}", "group", group,
                               "slot", m->slot, "incident", m->incident, "epoch",
                               (json_int_t)m->epoch, "number", (json_int_t)m->number, "reach",
                               (json_int_t)m->reach, "stopped", m->stopped, "process", m->process,
                               "former", m->former),
                     m->stopped ? LEAVE_MS : STEP_MS, ret_message);
}

int control_clear(const struct config *config, const char *group, const char *incident,
                  char ret_message[static KAFKA_TEXT_MAX])
{
    return write_one(
        config, "redis.cleared", group,
        json_pack("{s:s, s:I}", "incident", incident, "at", (json_int_t)clock_wall_ms()), STEP_MS,
        ret_message);
}

int control_generation(const struct config *config, const char *group, const char *flow,
                       const char *prefix, int64_t epoch, int64_t generation,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    return write_one(config, "generation", group,
                     json_pack("{s:I, s:I, s:s, s:s}", "epoch", (json_int_t)epoch, "generation",
                               (json_int_t)generation, "flow", flow, "prefix", prefix),
                     STEP_MS, ret_message);
}
