/* Expands topics.def, and judges what a cluster has by it. */
#include "core/topic_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "kafka/topics.h"

enum shape { INPUT, KEYED, SINGLE };
enum each { ONCE, DELAY };

/* As Kafka writes them. */
#define CLEANUP_DELETE "delete"
#define CLEANUP_COMPACT "compact"
#define CLEANUP_COMPACT_DELETE "compact,delete"
#define STAMPS_CREATE "CreateTime"
#define STAMPS_APPEND "LogAppendTime"
#define DATA_PERSONAL true
#define DATA_PLAIN false

static const struct {
    const char *name;
    enum shape shape;
    const char *cleanup, *retention, *stamps;
    bool personal;
    const char *meaning;
} topics[] = {
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)                          \
    {name, shape, CLEANUP_##cleanup, retention, STAMPS_##stamps, DATA_##data, meaning},
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_OF_INPUT
#undef TOPIC_SHADOW
};

static const struct {
    const char *name, *input, *retention, *meaning;
} shadows[] = {
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning) {name, input, retention, meaning},
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_OF_INPUT
#undef TOPIC_SHADOW
};

static const struct {
    const char *suffix;
    enum each each;
    const char *retention, *meaning;
} topics_of_input[] = {
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning) {suffix, each, retention, meaning},
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_OF_INPUT
#undef TOPIC_SHADOW
};

enum {
    /* a segment is deleted or compacted only after it was closed: a day more than retention, not a
     * week */
    SEGMENT_MS = 86400000,
    INPUT_BYTES_MAX =
        1048588, /* Kafka's own default, said aloud because the next line leans on it */
    COPIED_BYTES_MAX = 2097164, /* a copy of the largest input with 1 MiB of headers */
};

struct list {
    struct topic_wanted *items;
    size_t count;
    const struct topic_shape *shape;
};

__attribute__((format(printf, 3, 4))) static void setting_add(struct topic_wanted *topic,
                                                              const char *name, const char *format,
                                                              ...)
{
    struct kafka_setting *setting = &topic->settings[topic->setting_count++];
    va_list args;
    setting->name = name;
    va_start(args, format);
    (void)vsnprintf(setting->value, sizeof setting->value, format, args);
    va_end(args);
}

/* A new topic with all but its name; NULL when the list is full. */
static struct topic_wanted *list_add(struct list *list, const char *cleanup, const char *retention,
                                     const char *stamps, int bytes_max, bool single)
{
    const struct topic_shape *shape = list->shape;
    if (list->count == TOPICS_MAX)
        return NULL;
    struct topic_wanted *topic = &list->items[list->count++];
    *topic = (struct topic_wanted){.partitions = single ? 1 : shape->partitions,
                                   .replicas = shape->replicas,
                                   .single = single};
    if (config_parse_ms(retention, &topic->retention_ms) != 0)
        topic->retention_ms = -1; /* "forever"; a test reads every other text */
    int min_insync = shape->min_insync > 0 ? shape->min_insync
                     : shape->replicas > 1 ? shape->replicas - 1
                                           : 1;
    setting_add(topic, "cleanup.policy", "%s", cleanup);
    setting_add(topic, "retention.ms", "%" PRId64, topic->retention_ms);
    setting_add(topic, "message.timestamp.type", "%s", stamps);
    setting_add(topic, "min.insync.replicas", "%d", min_insync);
    setting_add(topic, "max.message.bytes", "%d", bytes_max);
    setting_add(topic, "segment.ms", "%d", SEGMENT_MS);
    return topic;
}

static int copy_add(struct list *list, const struct topic_wanted *input, size_t row,
                    const char *delay, size_t delay_size)
{
    bool personal = input->personal;
    const char *input_name = input->name;
    struct topic_wanted *topic = list_add(list, CLEANUP_DELETE, topics_of_input[row].retention,
                                          STAMPS_APPEND, COPIED_BYTES_MAX, false);
    if (topic == NULL)
        return -ENOSPC;
    int n = snprintf(topic->name, sizeof topic->name, "%s%s%.*s", input_name,
                     topics_of_input[row].suffix, (int)delay_size, delay);
    topic->meaning = topics_of_input[row].meaning;
    topic->personal = personal;
    topic->is_fed = true;
    return n > 0 && (size_t)n < sizeof topic->name ? 0 : -ENAMETOOLONG;
}

/* One topic for every delay of "10s,1m,10m". */
static int retries_add(struct list *list, const struct topic_wanted *input, size_t row,
                       const char *delays)
{
    for (const char *delay = delays; *delay != '\0';) {
        size_t size = strcspn(delay, ",");
        char text[16];
        int64_t ms;
        if (size == 0 || size >= sizeof text)
            return -EINVAL;
        memcpy(text, delay, size);
        text[size] = '\0';
        if (config_parse_ms(text, &ms) != 0 || ms <= 0)
            return -EINVAL;
        int rc = copy_add(list, input, row, delay, size);
        if (rc != 0)
            return rc;
        delay += size + (delay[size] == ',');
    }
    return 0;
}

static int input_add(struct list *list, struct topic_wanted *input, const char *delays)
{
    int rc = 0;
    input->is_input = input->is_fed = true;
    for (size_t row = 0; rc == 0 && row < sizeof topics_of_input / sizeof *topics_of_input; row++)
        rc = topics_of_input[row].each == DELAY ? retries_add(list, input, row, delays)
                                                : copy_add(list, input, row, "", 0);
    return rc;
}

/* What the shadow of an input writes: results, and the input's copies under another name. A replay
 * is for those who post. */
static int shadow_add(struct list *list, size_t row, const char *delays)
{
    struct topic_wanted input = {
        .name = "", .personal = true}; /* unlike the list's own, it stays when the list is full */
    struct topic_wanted *results = list_add(list, CLEANUP_DELETE, shadows[row].retention,
                                            STAMPS_APPEND, INPUT_BYTES_MAX, false);
    int rc = 0;
    if (results == NULL)
        return -ENOSPC;
    (void)snprintf(results->name, sizeof results->name, "%s", shadows[row].name);
    results->meaning = shadows[row].meaning;
    (void)topic_name(shadows[row].input, true, input.name, sizeof input.name);
    for (size_t i = 0; rc == 0 && i < sizeof topics_of_input / sizeof *topics_of_input; i++)
        if (topics_of_input[i].each == DELAY)
            rc = retries_add(list, &input, i, delays);
        else if (i != TOPIC_PART_REPLAY)
            rc = copy_add(list, &input, i, "", 0);
    return rc;
}

int topic_table_expand(const struct config *config, const struct topic_shape *shape,
                       struct topic_wanted wanted[], size_t *ret_count,
                       struct config_message *ret_message)
{
    const char *delays = config_text(config, CFG_retry_delays);
    struct list list = {.items = wanted, .shape = shape};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof topics / sizeof *topics; i++) {
        struct topic_wanted *topic =
            list_add(&list, topics[i].cleanup, topics[i].retention, topics[i].stamps,
                     INPUT_BYTES_MAX, topics[i].shape == SINGLE);
        if (topic == NULL) {
            rc = -ENOSPC;
            break;
        }
        (void)snprintf(topic->name, sizeof topic->name, "%s", topics[i].name);
        topic->meaning = topics[i].meaning;
        topic->personal = topics[i].personal;
        if (topics[i].shape == INPUT)
            rc = input_add(&list, topic, delays);
    }
    for (size_t i = 0; rc == 0 && shape->shadow && i < sizeof shadows / sizeof *shadows; i++)
        rc = shadow_add(&list, i, delays);
    if (rc != 0) {
        (void)snprintf(ret_message->text, sizeof ret_message->text,
                       "retry.delays: '%.60s' %s; write durations, the shortest first: 10s,1m,10m",
                       delays,
                       rc == -ENOSPC ? "makes too many topics" : "is not a list of durations");
        return -EINVAL;
    }
    *ret_count = list.count;
    return 0;
}

/* ---- comparing ---- */

static struct topic_difference *difference_add(struct topic_difference differences[], size_t *count,
                                               const struct topic_wanted *wanted, const char *what,
                                               const char *is, const char *should, bool is_error)
{
    static struct topic_difference
        beyond; /* the list is bounded; its bound is beyond what TOPICS_MAX topics can give */
    struct topic_difference *d =
        *count < TOPIC_DIFFERENCES_MAX ? &differences[(*count)++] : &beyond;
    *d = (struct topic_difference){.topic = wanted->name, .what = what, .is_error = is_error};
    (void)snprintf(d->is, sizeof d->is, "%s", is);
    (void)snprintf(d->wanted, sizeof d->wanted, "%s", should);
    return d;
}

__attribute__((format(printf, 2, 3))) static void remedy_write(struct topic_difference *d,
                                                               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(d->remedy, sizeof d->remedy, format, args);
    va_end(args);
}

static void setting_remedy(struct topic_difference *d)
{
    remedy_write(d,
                 "kafka-configs.sh --bootstrap-server ... --alter --entity-type topics "
                 "--entity-name %s --add-config '%s=%s%s%s'",
                 d->topic, d->what, strchr(d->wanted, ',') != NULL ? "[" : "", d->wanted,
                 strchr(d->wanted, ',') != NULL ? "]" : "");
}

static bool setting_equal(const char *name, const char *is, const char *should)
{
    if (strcmp(is, should) == 0)
        return true;
    return strcmp(name, "cleanup.policy") == 0 && strcmp(is, "delete,compact") == 0 &&
           strcmp(should, "compact,delete") == 0;
}

/* Whether another value than ours can do harm: lose records (stamps, cleanup, too small copies,
 * acknowledged by too few), or keep people's data. */
static bool setting_matters(const struct topic_wanted *wanted, const char *name, const char *is)
{
    int64_t number = strtoll(is, NULL, 10);
    if (strcmp(name, "cleanup.policy") == 0)
        return true;
    if (strcmp(name, "message.timestamp.type") == 0)
        return wanted->is_fed &&
               !wanted->is_input; /* old records are written there; elsewhere only new ones are */
    if (strcmp(name, "max.message.bytes") == 0)
        return wanted->is_fed && !wanted->is_input && number < COPIED_BYTES_MAX;
    if (strcmp(name, "min.insync.replicas") == 0)
        return wanted->replicas > 1 && number < 2;
    if (strcmp(name, "retention.ms") == 0)
        return (wanted->personal && number < 0) || (wanted->retention_ms < 0 && number >= 0);
    return false;
}

size_t topic_table_compare(const struct topic_wanted *wanted, const struct topic_found *found,
                           struct topic_difference differences[], size_t count)
{
    char is[40], should[40];
    if (found->partitions == 0) {
        remedy_write(difference_add(differences, &count, wanted, "topic", "missing", "there", true),
                     "primaflow topics create");
        return count;
    }
    (void)snprintf(is, sizeof is, "%d", found->partitions);
    (void)snprintf(should, sizeof should, "%d", wanted->partitions);
    if (found->partitions != wanted->partitions) {
        struct topic_difference *d =
            difference_add(differences, &count, wanted, "partitions", is, should, wanted->single);
        if (wanted->single)
            remedy_write(d, "partitions cannot be taken away: with the workers stopped, copy the "
                            "log to a new topic of one partition");
        else
            remedy_write(d,
                         "meant so: set topics.partitions to %s. Changing the number moves keys "
                         "between partitions: drain the workers first",
                         is);
    }
    (void)snprintf(is, sizeof is, "%d", found->replicas);
    (void)snprintf(should, sizeof should, "%d", wanted->replicas);
    if (found->replicas < wanted->replicas)
        remedy_write(difference_add(differences, &count, wanted, "replicas", is, should,
                                    found->replicas < 2 && wanted->replicas > 1),
                     "kafka-reassign-partitions.sh raises the number of copies; meant so: set "
                     "topics.replication to %s",
                     is);
    for (size_t i = 0; i < wanted->setting_count; i++) {
        const char *name = wanted->settings[i].name, *value = found->settings[i].value;
        if (!setting_equal(name, value, wanted->settings[i].value))
            setting_remedy(difference_add(differences, &count, wanted, name, value,
                                          wanted->settings[i].value,
                                          setting_matters(wanted, name, value)));
    }
    return count;
}

size_t topic_table_compare_ttl(const struct config *config, const struct topic_wanted *wanted,
                               int64_t retention_ms, struct topic_difference differences[],
                               size_t count)
{
    int64_t ttl = config_int(config, CFG_idempotency_ttl),
            review = config_int(config, CFG_idempotency_review_time);
    const bool is_dlq = topic_is_of_input(wanted->name, TOPIC_PART_DLQ);
    char is[40], should[40];

    if (!wanted->is_fed)
        return count;
    if (is_dlq) {
        if (retention_ms >= 0 && retention_ms < review) {
            (void)snprintf(is, sizeof is, "%" PRId64, retention_ms);
            (void)snprintf(should, sizeof should, ">= %" PRId64, review);
            remedy_write(
                difference_add(differences, &count, wanted, "retention.ms", is, should, true),
                "dead letters would expire before idempotency.review_time: raise their retention, "
                "or shorten that key");
        }
        return count;
    }
    if (retention_ms < 0 || retention_ms > ttl - review) {
        (void)snprintf(is, sizeof is, "%" PRId64, retention_ms);
        (void)snprintf(should, sizeof should, "<= %" PRId64, ttl - review);
        remedy_write(difference_add(differences, &count, wanted, "retention.ms", is, should, true),
                     "keys would expire while their records can still be redelivered: raise "
                     "idempotency.ttl to retention + "
                     "idempotency.review_time, or shorten the retention");
    }
    return count;
}
