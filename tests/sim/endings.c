/* See endings.h. */
#include "endings.h"

#include <stdlib.h>
#include <string.h>

#include "kafka/headers.h"
#include "server.h"

/* ---- at rest ---- */

char record_state(const char *value, size_t size)
{
    const unsigned char *v = (const unsigned char *)value;
    const size_t at = size > 3 && v[0] == 0xDC ? 3 : 1; /* an array, and a text of one byte */
    const bool is_one = size > at + 1 && (at == 3 || (v[0] & 0xF0) == 0x90) && v[at] == 0xA1;
    return is_one ? (char)v[at + 1] : '-';
}

/* A record that is claimed or sent, or a set of deferrals. */
static void see_key(void *user, const char *key, const char *value, size_t size, size_t members)
{
    const char state = record_state(value, size);
    if (state == 'c' || state == 's' || (members > 0 && strstr(key, ":d:") != NULL))
        *(const char **)user = key;
}

const char *restless_key(void)
{
    const char *found = NULL;
    store_each(server_store(), see_key, &found);
    return found;
}

bool inputs_are_done(const char *flow)
{
    char input[40], retries[40];
    (void)snprintf(input, sizeof input, "%s.raw", flow);
    (void)snprintf(retries, sizeof retries, "%s.raw.retry.", flow);
    for (int t = 0; t < broker.topic_count; t++) {
        const struct log_topic *topic = &broker.topics[t];
        const bool is_read =
            strcmp(topic->name, input) == 0 || strncmp(topic->name, retries, strlen(retries)) == 0;
        for (int i = 0; is_read && i < topic->partition_count; i++) {
            const struct log_partition *p = &topic->partitions[i];
            int64_t at = p->committed < 0 ? 0 : p->committed;
            if (broker_stable_end(p) < (int64_t)p->count || broker_read(p, &at) != NULL)
                return false;
        }
    }
    return true;
}

/* ---- what became of them ---- */

struct reading_endings {
    struct codec *codec;
    struct endings *to;
};

static struct sim_ending *ending_add(struct endings *to)
{
    if (to->count == ENDINGS_MAX)
        abort();
    struct sim_ending *e = &to->list[to->count++];
    *e = (struct sim_ending){.what = ""};
    return e;
}

static void see_result(const struct reading_endings *r, const struct kafka_record *record)
{
    struct sim_ended ended;
    if (!sim_result_read(r->codec, record->value, record->value_size, &ended))
        return;
    struct sim_ending *e = ending_add(r->to);
    memcpy(e->delivery, ended.delivery, sizeof e->delivery);
    memcpy(e->resolves, ended.resolves, sizeof e->resolves);
    (void)snprintf(e->what, sizeof e->what, "%s", ended.outcome);
    (void)snprintf(e->detail, sizeof e->detail, "%s", ended.detail);
}

static void see_letter(const struct reading_endings *r, const struct kafka_record *record)
{
    struct sim_ending *e = ending_add(r->to);
    char class[32] = "";
    e->is_letter = true;
    (void)kafka_header_text(record, HEADER_DELIVERY, e->delivery, sizeof e->delivery);
    (void)kafka_header_text(record, HEADER_CODE, e->what, sizeof e->what);
    (void)kafka_header_text(record, HEADER_CLASS, class, sizeof class);
    e->is_parked = strcmp(class, "park") == 0;
}

static void each_committed(const char *flow, const char *rest,
                           void (*see)(const struct reading_endings *r,
                                       const struct kafka_record *record),
                           const struct reading_endings *r)
{
    char name[40];
    (void)snprintf(name, sizeof name, "%s.%s", flow, rest);
    const struct log_topic *t = broker_topic(name);
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct log_record *from;
        for (int64_t at = 0; (from = broker_read(&t->partitions[i], &at)) != NULL; at++) {
            struct kafka_record record;
            const size_t before = r->to->count;
            record_of(t, i, at, from, &record);
            see(r, &record);
            if (r->to->count > before)
                r->to->list[before].ms = broker_ms(from);
            kafka_record_free(&record);
        }
    }
}

void endings_read(struct codec *codec, const char *flow, struct endings *ret_endings)
{
    const struct reading_endings r = {codec, ret_endings};
    ret_endings->count = 0;
    each_committed(flow, "results", see_result, &r);
    each_committed(flow, "raw.dlq", see_letter, &r);
}

const struct sim_ending *endings_find(const struct endings *endings, const char *delivery,
                                      int *ret_count)
{
    const struct sim_ending *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < endings->count; i++)
        if (strcmp(endings->list[i].delivery, delivery) == 0) {
            found = &endings->list[i];
            ++*ret_count;
        }
    return found;
}

bool ending_is(const struct sim_ending *e, const char *what)
{
    return e != NULL && strcmp(e->what, what) == 0;
}
