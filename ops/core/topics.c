/* What the cluster's topics are, and what they should be; see topics.h. */
#include "core/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* All that one look works on. */
struct look {
    const struct config *config;
    struct kafka_admin *admin;
    struct topics_report *report;
    /* topics that exist, by name, and their place in the report */
    const char *names[TOPICS_MAX];
    size_t places[TOPICS_MAX], name_count;
};

static int shape_get(const struct look *s, const struct topics_options *o,
                     struct topic_shape *ret_shape, struct kafka_words *message)
{
    int brokers;
    int rc = kafka_broker_count(s->admin, &brokers, message->text);
    if (rc != 0)
        return rc;
    int64_t replicas =
        o->replication > 0 ? o->replication : config_int(s->config, CFG_topics_replication);
    *ret_shape = (struct topic_shape){
        .partitions =
            (int)(o->partitions > 0 ? o->partitions : config_int(s->config, CFG_topics_partitions)),
        .replicas = replicas > 0  ? (int)replicas
                    : brokers < 3 ? brokers
                                  : 3,
        .min_insync = (int)o->min_insync,
        .shadow = o->shadow,
    };
    return 0;
}

static void setting_keep(void *user, size_t topic, const char *name, const char *value)
{
    struct look *s = user;
    size_t place = s->places[topic];
    for (size_t i = 0; i < s->report->wanted[place].setting_count; i++)
        if (strcmp(s->report->wanted[place].settings[i].name, name) == 0)
            (void)snprintf(s->report->found[place].settings[i].value,
                           sizeof s->report->found[place].settings[i].value, "%s", value);
}

/* Reads the cluster into s->report->found. */
static int cluster_read(struct look *s, struct kafka_words *message)
{
    const char *names[TOPICS_MAX];
    int partitions[TOPICS_MAX], replicas[TOPICS_MAX];
    for (size_t i = 0; i < s->report->count; i++)
        names[i] = s->report->wanted[i].name;
    int rc =
        kafka_topics_count(s->admin, names, s->report->count, partitions, replicas, message->text);
    if (rc != 0)
        return rc;
    s->name_count = 0;
    for (size_t i = 0; i < s->report->count; i++) {
        s->report->found[i] =
            (struct topic_found){.partitions = partitions[i], .replicas = replicas[i]};
        if (partitions[i] == 0)
            continue;
        s->names[s->name_count] = names[i];
        s->places[s->name_count++] = i;
    }
    return kafka_topics_settings(s->admin, s->names, s->name_count, setting_keep, s, message->text);
}

static int64_t retention_found(const struct look *s, size_t topic)
{
    for (size_t i = 0; i < s->report->wanted[topic].setting_count; i++)
        if (strcmp(s->report->wanted[topic].settings[i].name, "retention.ms") == 0 &&
            s->report->found[topic].settings[i].value[0] != '\0')
            return strtoll(s->report->found[topic].settings[i].value, NULL, 10);
    return s->report->wanted[topic].retention_ms;
}

static void topics_compare(struct look *s)
{
    for (size_t i = 0; i < s->report->count; i++) {
        s->report->difference_count =
            topic_table_compare(&s->report->wanted[i], &s->report->found[i], s->report->differences,
                                s->report->difference_count);
        s->report->difference_count =
            topic_table_compare_ttl(s->config, &s->report->wanted[i], retention_found(s, i),
                                    s->report->differences, s->report->difference_count);
    }
    for (size_t i = 0; i < s->report->difference_count; i++)
        s->report->error_count += s->report->differences[i].is_error;
}

static int topics_create(struct look *s, struct kafka_words *message)
{
    struct kafka_topic topics[TOPICS_MAX];
    size_t places[TOPICS_MAX], count = 0;
    bool created[TOPICS_MAX] = {false};
    for (size_t i = 0; i < s->report->count; i++) {
        const struct topic_wanted *t = &s->report->wanted[i];
        if (s->report->found[i].partitions > 0)
            continue;
        places[count] = i;
        topics[count++] = (struct kafka_topic){t->name, t->partitions, t->replicas, t->settings,
                                               t->setting_count};
    }
    if (count == 0)
        return 0;
    int rc = kafka_topics_create(s->admin, topics, count, created, message->text);
    for (size_t i = 0; i < count; i++) {
        s->report->created[places[i]] = created[i];
        s->report->created_count += created[i];
    }
    return rc;
}

/* The controller has the new topics before every broker leads them: waits until they can be used,
 * so that whoever is started next need not.
 */
static int cluster_read_whole(struct look *s, struct kafka_words *message)
{
    bool ready = false;
    int rc = 0;
    for (int tries = 0; rc == 0 && !ready && tries < 100; tries++) {
        int partitions[TOPICS_MAX];
        if (tries > 0)
            (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        rc = cluster_read(s, message);
        for (size_t i = 0; i < s->name_count; i++)
            partitions[i] = s->report->found[s->places[i]].partitions;
        if (rc == 0 && s->name_count == s->report->count)
            rc = kafka_topics_ready(s->admin, s->names, partitions, s->name_count, &ready,
                                    message->text);
    }
    return rc;
}

enum ops_kind ops_topics(struct ops *ops, const struct topics_options *options,
                         struct topics_report *ret_report, struct ops_error *ret_error)
{
    struct look l = {.config = ops_config(ops), .report = ret_report};
    struct config_message wrong;
    struct topic_shape shape;
    struct kafka_words message = {""};
    const enum ops_kind kind = ops_kafka_admin(ops, &l.admin, ret_error);
    if (kind != OPS_DONE)
        return kind;
    int rc = shape_get(&l, options, &shape, &message);
    if (rc == 0 &&
        topic_table_expand(l.config, &shape, ret_report->wanted, &ret_report->count, &wrong) != 0)
        return ops_fail(ret_error, OPS_CONFIG, NULL, "%s", wrong.text);
    if (rc == 0)
        rc = cluster_read(&l, &message);
    if (rc == 0 && options->creates)
        rc = topics_create(&l, &message);
    if (rc == 0 && ret_report->created_count > 0)
        rc = cluster_read_whole(&l, &message);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    topics_compare(&l);
    return OPS_DONE;
}
