/* Records by their places; see lookup.h. What is assigned for one reading is taken back behind it: a
 * partition is fetched from for as long as it is assigned. */
#include "kafka/lookup.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "kafka/internal.h"

enum { POLL_MS_MAX = 100, BEGIN_MS_MAX = 500 };

struct kafka_lookup {
    struct kafka_client client;
};

/* From the first place of one partition to its last. */
struct stretch {
    const char *topic;
    int32_t partition;
    int64_t first, last;
    bool is_read;
};

struct reading {
    struct kafka_lookup *lookup;
    const struct kafka_place *places;
    size_t count;
    struct stretch *stretches;
    size_t stretch_count, open;
    void (*seen)(void *user, const struct kafka_record *record);
    void *user;
    char *message;
};

int kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                     char ret_message[static KAFKA_TEXT_MAX])
{
    static const char *const ours[][2] = {{"client.id", "primaflow-lookup"},
                                          {"socket.nagle.disable", "true"},
                                          {"fetch.wait.max.ms", "10"},
                                          {"fetch.error.backoff.ms", "20"},
                                          {"fetch.message.max.bytes", "131072"},
                                          /* of all partitions together, and of what the reading
                                           * before has left there: who has to wait for room in it
                                           * is looked at once a second */
                                          {"queued.min.messages", "100000"},
                                          {"queued.max.messages.kbytes", "16384"},
                                          {NULL, NULL}};
    static const char *const last[][2] = {
        {"group.id", "primaflow.control"}, /* named for ACLs; nobody joins it */
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"},
        {"auto.offset.reset", "error"},
        {"check.crcs", "true"},
        {"enable.partition.eof", "true"},
        {NULL, NULL}};
    struct kafka_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        abort();
    const int rc =
        kafka_client_open(&lookup->client, RD_KAFKA_CONSUMER, config, ours, last, ret_message);
    if (rc != 0)
        free(lookup);
    else
        *ret_lookup = lookup;
    return rc;
}

/* ---- what is to be read ---- */

static struct stretch *stretch_find(const struct reading *r, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < r->stretch_count; i++)
        if (r->stretches[i].partition == partition && strcmp(r->stretches[i].topic, topic) == 0)
            return &r->stretches[i];
    return NULL;
}

static void stretches_make(struct reading *r)
{
    r->stretches = calloc(r->count + 1, sizeof *r->stretches);
    if (r->stretches == NULL)
        abort();
    for (size_t i = 0; i < r->count; i++) {
        const struct kafka_place *place = &r->places[i];
        struct stretch *s = stretch_find(r, place->topic, place->partition);
        if (s == NULL) {
            r->stretches[r->stretch_count++] = (struct stretch){
                place->topic, place->partition, place->offset, place->offset, false};
            continue;
        }
        s->first = place->offset < s->first ? place->offset : s->first;
        s->last = place->offset > s->last ? place->offset : s->last;
    }
    r->open = r->stretch_count;
}

static rd_kafka_resp_err_t stretches_assign(const struct reading *r)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)r->stretch_count);
    for (size_t i = 0; i < r->stretch_count; i++)
        rd_kafka_topic_partition_list_add(list, r->stretches[i].topic, r->stretches[i].partition)
            ->offset = r->stretches[i].first;
    const rd_kafka_resp_err_t error = rd_kafka_assign(r->lookup->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* ---- reading ---- */

static void stretch_change(const struct reading *r, const struct stretch *s,
                           rd_kafka_error_t *(*change)(rd_kafka_t *rk,
                                                       const rd_kafka_topic_partition_list_t *list))
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, s->topic, s->partition)->offset = s->first;
    rd_kafka_error_t *error = change(r->lookup->client.rk, list);
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
}

/* One that is read is fetched no more: its records would keep those of the others waiting, of which
 * a broker sends less than a batch when there is no room in its answer. */
static void stretch_ends(struct reading *r, struct stretch *s)
{
    if (s == NULL || s->is_read)
        return;
    s->is_read = true;
    if (--r->open > 0)
        stretch_change(r, s, rd_kafka_incremental_unassign);
}

/* Its beginning is not there any more; is the partition's new one amid it, the rest is. */
static void stretch_is_cut(struct reading *r, struct stretch *s)
{
    int64_t begin = -1;
    if (s == NULL || s->is_read)
        return;
    if (s->first < s->last)
        (void)kafka_bound(r->lookup->client.rk, s->topic, s->partition, RD_KAFKA_OFFSET_BEGINNING,
                          BEGIN_MS_MAX, &begin);
    if (begin <= s->first || begin > s->last) {
        stretch_ends(r, s);
        return;
    }
    s->first = begin;
    stretch_change(r, s, rd_kafka_incremental_unassign);
    stretch_change(r, s, rd_kafka_incremental_assign);
}

static bool is_sought(const struct reading *r, const struct stretch *s, int64_t offset)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->places[i].offset == offset && r->places[i].partition == s->partition &&
            strcmp(r->places[i].topic, s->topic) == 0)
            return true;
    return false;
}

/* Takes the message. */
static void record_take(struct reading *r, struct stretch *s, rd_kafka_message_t *m)
{
    struct kafka_record record;
    const int64_t offset = m->offset;
    kafka_record_read(m, &record); /* has the message now */
    if (s != NULL && is_sought(r, s, offset))
        r->seen(r->user, &record);
    kafka_record_free(&record);
    if (s != NULL && offset >= s->last)
        stretch_ends(r, s);
}

/* A broker that is away for the moment is waited for; what a partition has not is not there. */
static int error_hear(struct reading *r, struct stretch *s, const rd_kafka_message_t *m)
{
    switch (kafka_obstacle_of(m->err)) {
    case KAFKA_OFFSET_GONE:
        stretch_is_cut(r, s);
        return 0;
    case KAFKA_UNREADABLE:
    case KAFKA_NO_TOPIC:
        stretch_ends(r, s);
        return 0;
    case KAFKA_DENIED:
        return kafka_complain(&r->lookup->client, m->err, rd_kafka_message_errstr(m),
                              "reading records", r->message);
    default:
        if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            stretch_ends(r, s);
        return 0;
    }
}

static int reading_loop(struct reading *r, int64_t until)
{
    int rc = 0;
    while (rc == 0 && r->open > 0) {
        const int64_t left = until - clock_monotonic_ms();
        if (left <= 0)
            return kafka_complain(&r->lookup->client, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL,
                                  "reading records", r->message);
        rd_kafka_message_t *m = rd_kafka_consumer_poll(
            r->lookup->client.rk, (int)(left < POLL_MS_MAX ? left : POLL_MS_MAX));
        if (m == NULL)
            continue;
        struct stretch *s =
            m->rkt != NULL ? stretch_find(r, rd_kafka_topic_name(m->rkt), m->partition) : NULL;
        if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            record_take(r, s, m);
        } else {
            rc = error_hear(r, s, m);
            rd_kafka_message_destroy(m);
        }
    }
    return rc;
}

int kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[], size_t count,
                      int64_t patience_ms,
                      void (*seen)(void *user, const struct kafka_record *record), void *user,
                      char ret_message[static KAFKA_TEXT_MAX])
{
    struct reading r = {.lookup = lookup,
                        .places = places,
                        .count = count,
                        .seen = seen,
                        .user = user,
                        .message = ret_message};
    const int64_t until = clock_monotonic_ms() + patience_ms;
    stretches_make(&r);
    const rd_kafka_resp_err_t error = stretches_assign(&r);
    const int rc = error == RD_KAFKA_RESP_ERR_NO_ERROR
                       ? reading_loop(&r, until)
                       : kafka_complain(&lookup->client, error, NULL, "reading records", r.message);
    (void)rd_kafka_assign(lookup->client.rk, NULL);
    free(r.stretches);
    return rc;
}

int kafka_lookup_bounds(struct kafka_lookup *lookup, const char *topic, int32_t partition,
                        int timeout_ms, int64_t *ret_begin, int64_t *ret_end,
                        char ret_message[static KAFKA_TEXT_MAX])
{
    int64_t begin = 0, end = 0;
    rd_kafka_resp_err_t error = kafka_bound(lookup->client.rk, topic, partition,
                                            RD_KAFKA_OFFSET_BEGINNING, timeout_ms, &begin);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        error =
            kafka_bound(lookup->client.rk, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms, &end);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const int rc = kafka_complain(&lookup->client, error, NULL,
                                      "cannot read where a partition begins", ret_message);
        return rc == -EACCES ? rc : -EIO;
    }
    *ret_begin = begin;
    *ret_end = end;
    return 0;
}

void kafka_lookup_free(struct kafka_lookup *lookup)
{
    if (lookup == NULL)
        return;
    kafka_client_close(&lookup->client);
    free(lookup);
}
