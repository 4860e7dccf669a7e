/* A group's past in ops.control; see past.h. */
#include "stream/past.h"

#include <errno.h>

#include <jansson.h>

#include "kafka/reader.h"
#include "kafka/topics.h"
#include "stream/control.h"

struct reading {
    struct past *past;
    const struct past_of *of;
};

void past_release(struct past *past)
{
    free(past->positions);
    for (size_t i = 0; i < past->begun_count; i++)
        free(past->begun[i].offsets);
    free(past->begun);
    *past = (struct past){.others_epoch = -1, .possible_epoch = -1};
}

/* What follows "<what>/" in a record's key, in `text`; NULL: it is another record. */
static const char *rest_of_key(const struct kafka_record *record, const char *what, char *text,
                               size_t room)
{
    const size_t size = strlen(what);
    if (record->key == NULL || record->key_size <= size || record->key_size - size >= room ||
        memcmp(record->key, what, size) != 0)
        return NULL;
    (void)snprintf(text, room, "%.*s", (int)(record->key_size - size),
                   (const char *)record->key + size);
    return text[0] == '/' ? text + 1 : NULL;
}

/* ... behind "<group>/". Groups may have any name, also one that begins like another one's. */
static const char *of_group(const char *rest, const char *group)
{
    const size_t size = strlen(group);
    return rest != NULL && strncmp(rest, group, size) == 0 && rest[size] == '/' ? rest + size + 1
                                                                                : NULL;
}

static struct past_position *find(const struct past *past, const struct kafka_place *place)
{
    for (size_t i = 0; i < past->count; i++)
        if (past->positions[i].place.partition == place->partition &&
            strcmp(past->positions[i].place.topic, place->topic) == 0)
            return &past->positions[i];
    return NULL;
}

static void keep_position(struct past *past, const char *place, const json_t *value)
{
    struct past_position one = {.place.offset =
                                    json_integer_value(json_object_get(value, "offset")),
                                .ground = json_integer_value(json_object_get(value, "ground"))};
    const char *slash =
        strchr(place, '/'); /* no topic has one: another group's, whose name begins with ours */
    if (slash == NULL || (size_t)(slash - place) >= sizeof one.place.topic)
        return;
    (void)snprintf(one.place.topic, sizeof one.place.topic, "%.*s", (int)(slash - place), place);
    char *end;
    one.place.partition = (int32_t)strtol(slash + 1, &end, 10);
    if (end == slash + 1 || *end != '\0')
        return;
    struct past_position *known = find(past, &one.place);
    if (known != NULL) { /* the later record counts: a topic that was made anew begins low again */
        *known = one;
        return;
    }
    if (past->count == past->room) {
        past->room = past->room == 0 ? 32 : past->room * 2;
        past->positions = realloc(past->positions, past->room * sizeof *past->positions);
        if (past->positions == NULL)
            abort();
    }
    past->positions[past->count++] = one;
}

static struct past_begun *begun_of(const struct past *past, const char *topic)
{
    for (size_t i = 0; i < past->begun_count; i++)
        if (strcmp(past->begun[i].topic, topic) == 0)
            return &past->begun[i];
    return NULL;
}

static struct past_begun *add_begun(struct past *past, const char *topic)
{
    past->begun = realloc(past->begun, (past->begun_count + 1) * sizeof *past->begun);
    if (past->begun == NULL)
        abort();
    struct past_begun *fresh = &past->begun[past->begun_count++];
    *fresh = (struct past_begun){.offsets = NULL};
    (void)snprintf(fresh->topic, sizeof fresh->topic, "%s", topic);
    return fresh;
}

/* Room for the offsets of so many partitions; those of an earlier record go. */
static int64_t *make_begun(struct past *past, const char *topic, size_t count)
{
    struct past_begun *b = begun_of(past, topic);
    if (b == NULL)
        b = add_begun(past, topic);
    free(b->offsets);
    b->offsets = calloc(count + 1, sizeof *b->offsets);
    if (b->offsets == NULL)
        abort();
    b->count = count;
    return b->offsets;
}

void past_keep_begun(struct past *past, const char *topic, const int64_t offsets[], size_t count)
{
    int64_t *kept = make_begun(past, topic, count);
    for (size_t i = 0; i < count; i++)
        kept[i] = offsets[i];
}

static void read_begun(struct past *past, const char *topic, const json_t *offsets)
{
    const size_t count = json_array_size(offsets);
    int64_t *kept = make_begun(past, topic, count);
    for (size_t i = 0; i < count; i++)
        kept[i] = json_integer_value(json_array_get(offsets, i));
}

/* By its default name, a group of another flow. */
static bool is_another_flows(const char *group, const char *flow)
{
    static const char stem[] = "primaflow.";
    return strncmp(group, stem, sizeof stem - 1) == 0 && strcmp(group + sizeof stem - 1, flow) != 0;
}

static void keep_generation(const struct reading *r, const char *group, const json_t *value)
{
    const int64_t epoch = json_integer_value(json_object_get(value, "epoch"));
    const char *flow = json_string_value(json_object_get(value, "flow")),
               *prefix = json_string_value(json_object_get(value, "prefix"));
    struct past *past = r->past;
    if (strcmp(group, r->of->group) == 0) {
        past->has_generation = true;
        past->epoch = epoch;
    } else if (flow == NULL || prefix == NULL) {
        if (epoch > past->possible_epoch && !is_another_flows(group, r->of->flow))
            past->possible_epoch = epoch;
    } else if (epoch > past->others_epoch && strcmp(flow, r->of->flow) == 0 &&
               strcmp(prefix, r->of->prefix) == 0) {
        past->others_epoch = epoch;
    }
}

int64_t past_epoch(const struct past *past)
{
    int64_t others = past->others_epoch;
    if (!past->has_generation && past->possible_epoch > others)
        others = past->possible_epoch;
    const int64_t own = past->has_generation ? past->epoch : -1;
    return others >= 0 && others >= own ? others + 1 : own > 0 ? own : 0;
}

static void read_one(void *user, const struct kafka_record *record)
{
    const struct reading *r = user;
    char key[500];
    const char *rest;
    if (record->value == NULL)
        return;
    json_t *value = json_loadb(record->value, record->value_size, 0, NULL);
    if ((rest = of_group(rest_of_key(record, "position", key, sizeof key), r->of->group)) != NULL) {
        keep_position(r->past, rest, value);
    } else if ((rest = of_group(rest_of_key(record, "begun", key, sizeof key), r->of->group)) !=
               NULL) {
        read_begun(r->past, rest, json_object_get(value, "offsets"));
    } else if ((rest = rest_of_key(record, "generation", key, sizeof key)) != NULL) {
        keep_generation(r, rest, value);
    }
    json_decref(value);
}

int past_read(const struct config *config, const struct past_of *of, struct past *ret_past,
              char ret_message[static KAFKA_TEXT_MAX])
{
    struct past past = {.others_epoch = -1, .possible_epoch = -1};
    const struct reading reading = {&past, of};
    const int result = kafka_scan(config, topic_ops_control, NULL, read_one,
                                  (void *)(uintptr_t)&reading, ret_message);
    if (result < 0)
        past_release(&past);
    else
        *ret_past = past;
    return result;
}

const struct past_position *past_position(const struct past *past, const struct kafka_place *place)
{
    return find(past, place);
}

bool past_has_read(const struct past *past, const char *topic)
{
    for (size_t i = 0; i < past->count; i++)
        if (strcmp(past->positions[i].place.topic, topic) == 0)
            return true;
    return false;
}

bool past_is_begun(const struct past *past, const char *topic)
{
    return topic != NULL ? begun_of(past, topic) != NULL : past->begun_count > 0;
}

int64_t past_begun(const struct past *past, const char *topic, int32_t partition)
{
    const struct past_begun *b = begun_of(past, topic);
    return b != NULL && partition >= 0 && (size_t)partition < b->count ? b->offsets[partition] : -1;
}

int past_remember(const struct config *config, const char *group,
                  const struct past_position positions[], size_t count,
                  char ret_message[static KAFKA_TEXT_MAX])
{
    struct control_record *records = calloc(count + 1, sizeof *records);
    if (records == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        const struct kafka_place *place = &positions[i].place;
        (void)snprintf(records[i].key, sizeof records[i].key, "position/%s/%s/%d", group,
                       place->topic, place->partition);
        records[i].value = json_pack("{s:I, s:I}", "offset", (json_int_t)place->offset, "ground",
                                     (json_int_t)positions[i].ground);
    }
    const int result = control_write(config, records, count, ret_message);
    free(records);
    return result;
}

int past_begin(const struct config *config, const char *group, const struct kafka_place places[],
               size_t count, char ret_message[static KAFKA_TEXT_MAX])
{
    struct control_record record;
    json_t *offsets = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(offsets, json_integer((json_int_t)places[i].offset));
    (void)snprintf(record.key, sizeof record.key, "begun/%s/%s", group,
                   count > 0 ? places[0].topic : "");
    record.value = json_pack("{s:o}", "offsets", offsets);
    return count > 0 ? control_write(config, &record, 1, ret_message)
                     : (json_decref(record.value), 0);
}
