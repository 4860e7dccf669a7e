/* The tables' side of kafka/; see test_stream_kafka.h. */
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
#include "kafka/lookup.h"

char trace[8000];
struct fake_kafka kafka;

/* ---- the trace ---- */

void note(const char *format, ...)
{
    const size_t used = strlen(trace);
    va_list arguments;
    if (used > 0)
        (void)snprintf(trace + used, sizeof trace - used, " ");
    va_start(arguments, format);
    (void)vsnprintf(trace + strlen(trace), sizeof trace - strlen(trace), format, arguments);
    va_end(arguments);
}

void traced(const char *name, const char *expected)
{
    if (strcmp(trace, expected) != 0)
        fail_msg("%s:\n  %s\ninstead of\n  %s", name, trace, expected);
    trace[0] = '\0';
}

static void note_places(const char *what, const struct kafka_place places[], size_t count)
{
    char text[600];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", what);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s/%d@%lld", places[i].topic,
                                 places[i].partition, (long long)places[i].offset);
    note("%s", text);
}

/* ---- the tables ---- */

void kafka_begin(void)
{
    kafka = (struct fake_kafka){.generation = 1,
                                .session_ms = 10000,
                                .message_max = 2000000,
                                .topic_bytes = 1048588,
                                .commits = "",
                                .look = {.is_settled = true, .has_us = true}};
    trace[0] = '\0';
}

void kafka_end_of_test(void)
{
    for (size_t i = 0; i < kafka.record_count; i++)
        free(kafka.records[i].value);
    kafka.record_count = 0;
    for (size_t i = 0; i < kafka.partition_count; i++)
        for (size_t n = 0; n < kafka.partitions[i].incoming_count; n++)
            free(kafka.partitions[i].incoming[n].handle);
}

struct fake_partition *kafka_find(const char *topic, int32_t partition)
{
    for (size_t i = 0; i < kafka.partition_count; i++)
        if (kafka.partitions[i].partition == partition &&
            strcmp(kafka.partitions[i].topic, topic) == 0)
            return &kafka.partitions[i];
    return NULL;
}

struct fake_partition *kafka_has(const char *topic, int32_t partition, int64_t low, int64_t high,
                                 int64_t committed)
{
    struct fake_partition *p = kafka_find(topic, partition);
    if (p == NULL)
        p = &kafka.partitions[kafka.partition_count++];
    assert_true(kafka.partition_count <= PARTITIONS_MAX);
    *p = (struct fake_partition){.partition = partition,
                                 .low = low,
                                 .high = high,
                                 .stable = -1,
                                 .committed = committed,
                                 .end = -1};
    (void)snprintf(p->topic, sizeof p->topic, "%s", topic);
    return p;
}

void kafka_brings(struct fake_partition *p, int64_t offset, int64_t timestamp_ms)
{
    assert_true(p->incoming_count < INCOMING_MAX);
    p->incoming[p->incoming_count++] = (struct kafka_record){.handle = malloc(1),
                                                             .topic = p->topic,
                                                             .partition = p->partition,
                                                             .offset = offset,
                                                             .timestamp_ms = timestamp_ms};
}

struct fake_record *kafka_holds(const char *topic, const char *key, const char *value,
                                const char *const headers[])
{
    struct fake_record *r = &kafka.records[kafka.record_count++];
    assert_true(kafka.record_count <= RECORDS_MAX);
    *r = (struct fake_record){.is_tombstone = value == NULL,
                              .value = strdup(value != NULL ? value : ""),
                              .timestamp_ms = 1000};
    (void)snprintf(r->topic, sizeof r->topic, "%s", topic);
    (void)snprintf(r->key, sizeof r->key, "%s", key);
    for (size_t i = 0; headers != NULL && headers[i] != NULL; i += 2)
        r->headers[r->header_count++] =
            (struct kafka_header){headers[i], headers[i + 1], strlen(headers[i + 1])};
    return r;
}

const char *kafka_last(const char *topic, const char *key)
{
    for (size_t i = kafka.record_count; i > 0; i--)
        if (strcmp(kafka.records[i - 1].topic, topic) == 0 &&
            strcmp(kafka.records[i - 1].key, key) == 0)
            return kafka.records[i - 1].value;
    return "";
}

/* Whether this call is to fail: each word of `failing` is one call, the first of its name. */
bool kafka_fails(const char *name, char message[KAFKA_TEXT_MAX])
{
    static char left[200];
    const size_t size = strlen(name);
    if (kafka.failing == NULL)
        return false;
    for (const char *at = strstr(kafka.failing, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at != kafka.failing && at[-1] != ' ') || (at[size] != '\0' && at[size] != ' '))
            continue;
        char rest[200];
        (void)snprintf(rest, sizeof rest, "%.*s%s", (int)(at - kafka.failing), kafka.failing,
                       at[size] == ' ' ? at + size + 1 : "");
        memcpy(left, rest, sizeof left);
        kafka.failing = left;
        (void)snprintf(message, KAFKA_TEXT_MAX, "no %s", name);
        return true;
    }
    return false;
}

/* ---- kafka.h: the consumer ---- */

struct kafka_queue {
    struct fake_partition *of;
};

bool kafka_is_cooperative(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.cooperative;
}

int kafka_assign(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 struct kafka_queue *ret_queues[])
{
    (void)c;
    note_places("assign", places, count);
    if (kafka.assign_result < 0)
        return kafka.assign_result;
    for (size_t i = 0; i < count; i++) {
        ret_queues[i] = calloc(1, sizeof *ret_queues[i]);
        ret_queues[i]->of = kafka_find(places[i].topic, places[i].partition);
    }
    return 0;
}

void kafka_take_none(struct kafka_consumer *c)
{
    (void)c;
    note("take_none");
}

void kafka_unassign(struct kafka_consumer *c, const struct kafka_place places[], size_t count)
{
    (void)c;
    note_places("unassign", places, count);
}

bool kafka_assignment_lost(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.lost;
}

void kafka_fetch(struct kafka_queue *queue, struct kafka_record records[], size_t max,
                 struct kafka_fetched *ret)
{
    struct fake_partition *p = queue->of;
    *ret = (struct kafka_fetched){.end = -1};
    note("fetch:%s/%d:%zu", p->topic, p->partition, max);
    while (ret->count < max && ret->count < p->incoming_count) {
        records[ret->count] = p->incoming[ret->count];
        ret->count++;
    }
    p->incoming_count -= ret->count;
    memmove(p->incoming, p->incoming + ret->count, p->incoming_count * sizeof *p->incoming);
    if (p->incoming_count > 0 || ret->count == max)
        return;
    ret->end = p->end;
    p->end = -1;
    ret->obstacle = p->obstacle;
    p->obstacle = KAFKA_CLEAR;
    (void)snprintf(ret->words, sizeof ret->words, "%s", p->words != NULL ? p->words : "");
}

/* Names of its own: what an obstacle is called is the adapter's. */
const char *kafka_obstacle_name(enum kafka_obstacle obstacle)
{
    static const char *const names[KAFKA_OBSTACLES] = {"clear", "gone",  "bytes",  "rights",
                                                       "group", "topic", "trouble"};
    return names[obstacle];
}

void kafka_ask_again(struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    (void)c;
    note("ask_again:%s/%d@%lld", place->topic, place->partition, (long long)position);
}

void kafka_queue_free(struct kafka_queue *queue)
{
    free(queue);
}

int32_t kafka_generation(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.generation;
}

int64_t kafka_session_ms(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.session_ms;
}

int64_t kafka_lag(const struct kafka_consumer *c, const struct kafka_place *place, int64_t position)
{
    (void)c, (void)place, (void)position;
    return -1;
}

int kafka_consumer_new(const struct config *config, const char *group, const char *instance,
                       const char *const topics[], size_t topic_count, bool beside, int wake_fd,
                       const struct kafka_consumer_hooks *hooks,
                       struct kafka_consumer **ret_consumer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)wake_fd;
    note("consumer:%s:%s:%s%s", group, instance != NULL ? instance : "-", topics[topic_count - 1],
         beside ? ":beside" : "");
    if (kafka_fails("consumer", ret_message))
        return -EINVAL;
    kafka.hooks = *hooks;
    *ret_consumer = (struct kafka_consumer *)(uintptr_t)2;
    return 0;
}

void kafka_consumer_serve(struct kafka_consumer *c)
{
    (void)c;
    note("serve");
}

void kafka_consumer_close(struct kafka_consumer *c)
{
    (void)c;
    note("close");
    kafka.closing = true;
}

bool kafka_consumer_closed(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.is_closed;
}

const char *kafka_trouble(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.trouble;
}

void kafka_consumer_rejoin(struct kafka_consumer *c)
{
    (void)c;
    note("rejoin");
}

bool kafka_consumer_closing(const struct kafka_consumer *c)
{
    (void)c;
    return kafka.closing;
}

int kafka_partition_count(struct kafka_consumer *c, const char *topic, int32_t *ret_count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    int32_t count = 0;
    if (kafka_fails("partition_count", ret_message))
        return -EIO;
    for (size_t i = 0; i < kafka.partition_count; i++)
        count += strcmp(kafka.partitions[i].topic, topic) == 0;
    if (count == 0)
        return -ENOENT;
    *ret_count = count;
    return 0;
}

size_t kafka_still_there(struct kafka_consumer *c, struct kafka_place places[], size_t count)
{
    size_t left = 0;
    (void)c;
    note("still_there");
    for (size_t i = 0; i < count; i++)
        if (kafka.gone == NULL || strcmp(places[i].topic, kafka.gone) != 0)
            places[left++] = places[i];
    return left;
}

/* ---- offsets ---- */

static int committed_of(struct kafka_place places[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct fake_partition *p = kafka_find(places[i].topic, places[i].partition);
        places[i].offset = p != NULL ? p->committed : -1;
    }
    return 0;
}

int kafka_committed(struct kafka_consumer *c, struct kafka_place places[], size_t count,
                    char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    return kafka_fails("committed", ret_message) ? -EIO : committed_of(places, count);
}

int kafka_group_committed(const struct config *config, const char *group,
                          struct kafka_place places[], size_t count,
                          char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)group;
    return kafka_fails("group_committed", ret_message) ? -EIO : committed_of(places, count);
}

int kafka_bounds(struct kafka_consumer *c, const struct kafka_place places[], size_t count,
                 int64_t ret_low[], int64_t ret_high[], char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    if (kafka_fails("bounds", ret_message))
        return -EIO;
    for (size_t i = 0; i < count; i++) {
        const struct fake_partition *p = kafka_find(places[i].topic, places[i].partition);
        ret_low[i] = p->low;
        ret_high[i] = p->high;
    }
    return 0;
}

int kafka_start_offset(struct kafka_consumer *c, struct kafka_place *place, int64_t start,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    const struct fake_partition *p = kafka_find(place->topic, place->partition);
    (void)c;
    if (kafka_fails("start_offset", ret_message))
        return -EIO;
    place->offset = start == KAFKA_START_END ? p->high
                    : start == KAFKA_START_BEGINNING
                        ? p->low
                        : start; /* the offset of a time is that time */
    return 0;
}

static size_t count_of(const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < kafka.record_count; i++)
        count += strcmp(kafka.records[i].topic, topic) == 0;
    return count;
}

int kafka_end(const struct kafka_consumer *c, const char *topic, int32_t partition, int timeout_ms,
              int64_t *ret_end, char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c, (void)partition;
    note("end:%d", timeout_ms);
    if (kafka_fails("end", ret_message))
        return -EIO;
    *ret_end = (int64_t)count_of(topic);
    return 0;
}

/* ---- the producer ---- */

struct kafka_producer {
    int64_t batch_max;
};

int64_t kafka_producer_message_max(const struct kafka_producer *p)
{
    (void)p;
    return kafka.message_max;
}

size_t kafka_message_bytes(const struct kafka_message *m)
{
    return m->value_size;
}

int kafka_producer_new(const struct config *config, const char *transactional_id,
                       int64_t batch_bytes_max, bool tells_offsets,
                       struct kafka_producer **ret_producer,
                       char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)tells_offsets;
    note("producer:%s:%lld", transactional_id, (long long)batch_bytes_max);
    if (kafka_fails("producer", ret_message))
        return -EIO;
    if (kafka_fails("producer_for_good", ret_message))
        return -EPERM;
    *ret_producer = calloc(1, sizeof **ret_producer);
    (*ret_producer)->batch_max = batch_bytes_max;
    return 0;
}

bool kafka_producer_is_broken(const struct kafka_producer *p, char ret_words[static KAFKA_TEXT_MAX])
{
    (void)p;
    (void)snprintf(ret_words, KAFKA_TEXT_MAX, "%s", kafka.broken != NULL ? kafka.broken : "");
    return kafka.broken != NULL;
}

void kafka_producer_free(struct kafka_producer *p)
{
    free(p);
}

void kafka_producer_search(struct kafka_producer *p, bool searches)
{
    (void)p;
    if (searches)
        note("search");
}

/* The next word of `commits`. */
static enum kafka_commit_result ending(struct kafka_refusal *ret_refusal,
                                       char ret_message[static KAFKA_TEXT_MAX])
{
    static char word[40];
    size_t size = strcspn(kafka.commits, " ");
    (void)snprintf(word, sizeof word, "%.*s", (int)size, kafka.commits);
    kafka.commits += size + (kafka.commits[size] == ' ');
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "%s", word);
    *ret_refusal = (struct kafka_refusal){.kind = KAFKA_REFUSES_NOTHING};
    if (strcmp(word, "fenced") == 0)
        return KAFKA_FENCED;
    const char *colon = strchr(word, ':');
    if (colon != NULL) {
        ret_refusal->kind =
            strncmp(word, "size", 4) == 0 ? KAFKA_REFUSES_SIZE : KAFKA_REFUSES_MESSAGE;
        ret_refusal->message = (size_t)strtoul(colon + 1, NULL, 10);
    }
    return colon != NULL || strcmp(word, "abort") == 0 ? KAFKA_ABORTED : KAFKA_COMMITTED;
}

enum kafka_commit_result kafka_commit(struct kafka_producer *p, struct kafka_consumer *consumer,
                                      const struct kafka_message *const messages[],
                                      size_t message_count, const struct kafka_place offsets[],
                                      size_t offset_count, const atomic_int *give_up,
                                      struct kafka_refusal *ret_refusal,
                                      char ret_message[static KAFKA_TEXT_MAX])
{
    char text[2000] = "commit[";
    (void)p, (void)consumer, (void)give_up;
    for (size_t i = 0; i < message_count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i > 0 ? " " : "",
                       (int)messages[i]->value_size, (const char *)messages[i]->value);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "]");
    note_places(text, offsets, offset_count);
    const enum kafka_commit_result result = ending(ret_refusal, ret_message);
    for (size_t i = 0; i < offset_count && result == KAFKA_COMMITTED; i++)
        kafka_find(offsets[i].topic, offsets[i].partition)->committed = offsets[i].offset;
    return result;
}

/* ---- lookup.c: nobody here asks for a record by its place ---- */

int kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)ret_lookup, (void)ret_message;
    fail_msg("a lookup was made");
    return -EINVAL;
}

int kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[], size_t count,
                      int64_t patience_ms,
                      void (*seen)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    (void)lookup, (void)places, (void)count, (void)patience_ms, (void)seen, (void)user;
    (void)ret_message;
    fail_msg("a lookup was read");
    return -EIO;
}

void kafka_lookup_free(struct kafka_lookup *lookup)
{
    assert_null(lookup);
}

/* ---- group.c ---- */

int kafka_group_look(struct kafka_consumer *c, const char *group, const char *const topics[],
                     size_t topic_count, struct kafka_group_look *ret_look,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    (void)c;
    note("look:%s:%s", group, topic_count > 0 ? topics[topic_count - 1] : "");
    if (kafka_fails("group_look", ret_message))
        return -EIO;
    *ret_look = kafka.look;
    return 0;
}

int kafka_group_knows_other_topics(struct kafka_producer *p, const char *group,
                                   const char *instance, const char *const topics[],
                                   size_t topic_count, bool *ret_other,
                                   char ret_message[static KAFKA_TEXT_MAX])
{
    (void)p, (void)topics;
    note("former_self:%s:%s:%zu", group, instance, topic_count);
    if (kafka_fails("former_self", ret_message))
        return -EIO;
    *ret_other = kafka.knows_other_topics;
    return 0;
}
