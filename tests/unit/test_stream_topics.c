/* The tables' side of kafka/admin.h, reader.h and writer.h; see test_stream_kafka.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_stream_kafka.h"

extern int64_t now_ms; /* test_stream_world.h */

/* ---- admin.h ---- */

int kafka_group_is_empty(const struct config *config, const char *group, bool *ret_empty,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)group;
    if (kafka_fails("group_is_empty", ret_message))
        return -EIO;
    *ret_empty = kafka.group_is_empty;
    return 0;
}

int kafka_topics_exist(const struct config *config, const char *const topics[], size_t topic_count,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    note("exist:%zu:%s", topic_count, topics[topic_count - 1]);
    if (kafka_fails("exist", ret_message))
        return -EIO;
    return kafka_fails("missing", ret_message) ? -ENOENT : 0;
}

int kafka_ends(const struct config *config, const char *const topics[], size_t topic_count,
               enum kafka_end which, struct kafka_place **ret_places, size_t *ret_count,
               char ret_message[static KAFKA_TEXT_MAX])
{
    struct kafka_place *places = calloc(PARTITIONS_MAX, sizeof *places);
    size_t count = 0;
    (void)config;
    if (kafka_fails("ends", ret_message)) {
        free(places);
        return -EIO;
    }
    if (kafka_fails("too_many", ret_message)) {
        free(places);
        return -E2BIG;
    }
    for (size_t t = 0; t < topic_count; t++)
        for (size_t i = 0; i < kafka.partition_count; i++) {
            const struct fake_partition *p = &kafka.partitions[i];
            if (strcmp(p->topic, topics[t]) != 0)
                continue;
            places[count] = (struct kafka_place){
                .partition = p->partition,
                .offset = which == KAFKA_END_STABLE && p->stable >= 0 ? p->stable : p->high};
            (void)snprintf(places[count++].topic, sizeof places->topic, "%s", p->topic);
        }
    *ret_places = places;
    *ret_count = count;
    return 0;
}

int kafka_topics_like(const struct config *config, const char *prefix, char names[][160],
                      size_t room, size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    *ret_count = 0;
    if (kafka_fails("topics_like", ret_message))
        return -EIO;
    for (size_t i = 0; i < kafka.partition_count && *ret_count < room; i++)
        if (strncmp(kafka.partitions[i].topic, prefix, strlen(prefix)) == 0 &&
            kafka.partitions[i].partition == 0)
            (void)snprintf(names[(*ret_count)++], 160, "%s", kafka.partitions[i].topic);
    return kafka_fails("more_topics", ret_message) ? -E2BIG : 0;
}

int kafka_topic_setting(const struct config *config, const char *name, const char *const topics[],
                        size_t topic_count, int64_t ret_values[],
                        char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)topics;
    note("setting:%s", name);
    if (kafka_fails("setting", ret_message))
        return -EIO;
    if (kafka_fails("setting_denied", ret_message))
        return -EPERM;
    for (size_t i = 0; i < topic_count; i++)
        ret_values[i] = strcmp(name, "retention.ms") == 0 ? kafka.retention_ms : kafka.topic_bytes;
    return 0;
}

/* ---- reader.h, writer.h ---- */

int kafka_scan(const struct config *config, const char *topic, const atomic_int *give_up,
               void (*each)(void *, const struct kafka_record *), void *user,
               char ret_message[static KAFKA_TEXT_MAX])
{
    char missing[200];
    (void)config, (void)give_up;
    (void)snprintf(missing, sizeof missing, "scan:%s", topic);
    if (kafka_fails(missing, ret_message))
        return -EIO;
    (void)snprintf(missing, sizeof missing, "missing:%s", topic);
    if (kafka_fails(missing, ret_message))
        return -ENOENT;
    int64_t offset = 0;
    for (size_t i = 0; i < kafka.record_count; i++) {
        struct fake_record *f = &kafka.records[i];
        if (strcmp(f->topic, topic) != 0)
            continue;
        const struct kafka_record r = {.topic = f->topic,
                                       .offset = offset,
                                       .timestamp_ms = f->timestamp_ms,
                                       .key = f->key,
                                       .key_size = strlen(f->key),
                                       .value = f->is_tombstone ? NULL : f->value,
                                       .value_size = strlen(f->value),
                                       .headers = f->headers,
                                       .header_count = f->header_count};
        offset++;
        now_ms += kafka.reading_ms;
        each(user, &r);
    }
    return 0;
}

int kafka_read(const struct config *config, const char *const topics[], size_t topic_count,
               const struct kafka_range *range, kafka_record_seen seen, void *user,
               char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)topics, (void)topic_count, (void)range, (void)seen, (void)user;
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "nobody reads so");
    return -EIO;
}

int kafka_write(const struct config *config, const struct kafka_message messages[], size_t count,
                int timeout_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)timeout_ms;
    if (kafka_fails("write", ret_message))
        return -EIO;
    for (size_t i = 0; i < count; i++) {
        char key[300], value[4000];
        (void)snprintf(key, sizeof key, "%.*s", (int)messages[i].key_size,
                       (const char *)messages[i].key);
        (void)snprintf(value, sizeof value, "%.*s", (int)messages[i].value_size,
                       (const char *)messages[i].value);
        note("write:%s", key);
        (void)kafka_holds(messages[i].topic, key, value, NULL);
    }
    return 0;
}
