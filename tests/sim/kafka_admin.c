/* kafka/admin.h, lookup.h, reader.h and writer.h over the simulated cluster, as far as workers use them. */
#include "kafka/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "kafka/lookup.h"
#include "kafka/reader.h"
#include "kafka/writer.h"

enum { ANSWER_MS = 5000, SCAN_MS = 30000 };
#define RETENTION_MS (14LL * 24 * 3600 * 1000)

static int no_answer(char ret_message[static KAFKA_TEXT_MAX])
{
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "Kafka does not answer");
    return -EIO;
}

int kafka_group_is_empty(const struct config *config, const char *group, bool *ret_empty,
                         char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)group;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    *ret_empty = group_is_empty(sim_self());
    return 0;
}

int kafka_topics_exist(const struct config *config, const char *const topics[], size_t topic_count,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    for (size_t i = 0; i < topic_count; i++)
        (void)broker_topic(topics[i]);
    return 0;
}

int kafka_topics_like(const struct config *config, const char *prefix, char names[][160],
                      size_t room, size_t *ret_count, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    *ret_count = 0;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    for (int i = 0; i < broker.topic_count && *ret_count < room; i++)
        if (strncmp(broker.topics[i].name, prefix, strlen(prefix)) == 0)
            (void)snprintf(names[(*ret_count)++], 160, "%s", broker.topics[i].name);
    return 0;
}

int kafka_ends(const struct config *config, const char *const topics[], size_t topic_count,
               enum kafka_end which, struct kafka_place **ret_places, size_t *ret_count,
               char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    struct kafka_place *places = calloc(topic_count * PARTITIONS + 1, sizeof *places);
    if (places == NULL)
        abort();
    *ret_count = 0;
    for (size_t i = 0; i < topic_count; i++) {
        const struct log_topic *t = broker_topic(topics[i]);
        for (int32_t n = 0; n < t->partition_count; n++) {
            struct kafka_place *place = &places[(*ret_count)++];
            (void)snprintf(place->topic, sizeof place->topic, "%s", t->name);
            place->partition = n;
            place->offset = which == KAFKA_END_STABLE ? broker_stable_end(&t->partitions[n])
                                                      : (int64_t)t->partitions[n].count;
        }
    }
    *ret_places = places;
    return 0;
}

int kafka_topic_setting(const struct config *config, const char *name, const char *const topics[],
                        size_t topic_count, int64_t ret_values[],
                        char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)topics;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    for (size_t i = 0; i < topic_count; i++)
        ret_values[i] = strcmp(name, "retention.ms") == 0 ? RETENTION_MS : 1048588;
    return 0;
}

/* All that was written when it began; what is open there is waited for. */
int kafka_scan(const struct config *config, const char *topic, const atomic_int *give_up,
               void (*each)(void *user, const struct kafka_record *record), void *user,
               char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    if (!broker_wait(ANSWER_MS))
        return no_answer(ret_message);
    const struct log_topic *t = broker_topic(topic);
    for (int32_t n = 0; n < t->partition_count; n++) {
        const struct log_partition *p = &t->partitions[n];
        const int64_t end = (int64_t)p->count, until = sim.now_ms + SCAN_MS;
        while (broker_stable_end(p) < end) {
            if (give_up != NULL && *give_up)
                return -ECANCELED;
            if (sim.now_ms > until)
                return no_answer(ret_message);
            sim_sleep(50);
        }
        const struct log_record *r;
        for (int64_t at = 0; (r = broker_read(p, &at)) != NULL && at < end; at++) {
            struct kafka_record record;
            record_of(t, n, at, r, &record);
            each(user, &record);
            kafka_record_free(&record);
        }
    }
    return 0;
}

/* Records by their places. A client that is asked has no state here. */
int kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)ret_message;
    *ret_lookup = malloc(1);
    if (*ret_lookup == NULL)
        abort();
    return 0;
}

int kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[], size_t count,
                      int64_t patience_ms,
                      void (*seen)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)lookup;
    if (!broker_wait(patience_ms))
        return no_answer(ret_message);
    for (size_t i = 0; i < count; i++) {
        const struct kafka_place *place = &places[i];
        const struct log_topic *t = broker_topic(place->topic);
        int64_t at = place->offset;
        const struct log_record *r = place->partition < t->partition_count
                                         ? broker_read(&t->partitions[place->partition], &at)
                                         : NULL;
        if (r == NULL || at != place->offset)
            continue;
        struct kafka_record record;
        record_of(t, place->partition, at, r, &record);
        seen(user, &record);
        kafka_record_free(&record);
    }
    return 0;
}

int kafka_lookup_bounds(struct kafka_lookup *lookup, const char *topic, int32_t partition,
                        int timeout_ms, int64_t *ret_begin, int64_t *ret_end,
                        char ret_message[static KAFKA_TEXT_MAX])
{
    (void)lookup;
    if (!broker_wait(timeout_ms))
        return no_answer(ret_message);
    *ret_begin = 0;
    *ret_end = broker_stable_end(&broker_topic(topic)->partitions[partition]);
    return 0;
}

void kafka_lookup_free(struct kafka_lookup *lookup)
{
    free(lookup);
}

int kafka_write(const struct config *config, const struct kafka_message messages[], size_t count,
                int timeout_ms, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config;
    sim_edge("a record to ops.control");
    if (!broker_wait(timeout_ms))
        return no_answer(ret_message);
    for (size_t i = 0; i < count; i++)
        (void)broker_append(&messages[i], NULL);
    sim_edge("the answer of ops.control");
    sim_sleep(sim_between(0, 3));
    return 0;
}
