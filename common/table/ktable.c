/* Partitions: followed, read into the index, read anew; see ktable.h. Looking up is find.c's. */
#include "table/ktable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "obs/metrics.h"
#include "table/find.h"

enum {
    FETCH_MAX = 64,
    TURN_RECORDS_MAX = 512, /* of one turn of the loop: about a millisecond */
    AGAIN_MS = 1000,        /* what could not be read is read again */
    BEAT_MS = 1000          /* should a wake be lost */
};

/* ---- one partition ---- */

static void part_forget(struct ktable_part *p)
{
    struct ktable *t = p->table;
    p->epoch = ++t->epochs;
    p->read_to = -1;
    p->is_restored = false;
    key_index_release(&p->index);
    value_cache_drop_partition(&t->values, p->id);
}

static void part_begin(void *part);

static void part_stop(struct ktable_part *p)
{
    struct ktable *t = p->table;
    if (p->queue != NULL)
        kafka_tail_remove(t->tail, p->id, p->queue);
    p->queue = NULL;
    timers_cancel(&t->host->timers, &p->again);
}

static void part_stumbles(struct ktable_part *p, const char *words)
{
    part_stop(p);
    (void)snprintf(p->trouble, sizeof p->trouble, "%s", words);
    timers_set(&p->table->host->timers, &p->again, AGAIN_MS, part_begin, p);
}

static void part_begin(void *part)
{
    struct ktable_part *p = part;
    if (kafka_tail_add(p->table->tail, p->id, p->read_to < 0 ? KAFKA_TAIL_BEGINNING : p->read_to,
                       &p->queue) < 0)
        part_stumbles(p, "librdkafka refuses to read it");
}

static void part_take(struct ktable_part *p, const struct kafka_record *record)
{
    struct ktable *t = p->table;
    const size_t group_size = record->key_size > 0 ? t->group_of(record->key, record->key_size) : 0;
    p->read_to = record->offset + 1;
    if (group_size == 0) {
        t->strange++;
        metrics_add(METRIC_table_strange, t->topic, 1);
        return;
    }
    const struct key_index_key key = key_index_key_of(record->key, record->key_size, group_size);
    const int64_t old = record->value != NULL ? key_index_put(&p->index, &key, record->offset)
                                              : key_index_remove(&p->index, &key);
    if (old >= 0)
        value_cache_drop(&t->values, p->id, old);
    if (record->value == NULL)
        return;
    struct table_value *v = table_value_new(p->id, record->offset, record->key, record->key_size,
                                            record->value, record->value_size);
    value_cache_put(&t->values, v);
    table_value_unref(v);
}

/* Kafka has not any more what comes next: its end fell below what was read, or what was not read yet
 * is deleted. What the index has may be there no more, or be another record. */
static void part_was_cut(struct ktable_part *p, const char *words)
{
    part_forget(p);
    part_stumbles(p, words);
    finds_end(p->table, p->id, KTABLE_AWAY, words);
}

/* Returns how many records it had. */
static size_t part_serve(struct ktable_part *p)
{
    struct kafka_record records[FETCH_MAX];
    struct kafka_fetched fetched;
    kafka_fetch(p->queue, records, FETCH_MAX, &fetched);
    for (size_t i = 0; i < fetched.count; i++) {
        part_take(p, &records[i]);
        kafka_record_free(&records[i]);
    }
    if (fetched.end >= 0 && fetched.end > p->read_to)
        p->read_to = fetched.end;
    if (fetched.end >= 0)
        p->is_restored = true;
    if (fetched.obstacle == KAFKA_OFFSET_GONE)
        part_was_cut(p, fetched.words);
    else if (fetched.obstacle != KAFKA_CLEAR)
        part_stumbles(p, fetched.words);
    else if (fetched.count > 0 || fetched.end >= 0)
        p->trouble[0] = '\0';
    if (fetched.count > 0 || fetched.end >= 0)
        finds_heard(p->table, p);
    return fetched.count;
}

/* ---- the loop ---- */

/* Each partition in turn, as long as there is something and room in this turn of the loop. */
static void serve(struct ktable *t)
{
    size_t taken = 0, more = 1;
    kafka_tail_serve(t->tail);
    while (more > 0 && taken < TURN_RECORDS_MAX) {
        more = 0;
        for (size_t i = 0; i < t->part_room; i++)
            if (t->parts[i] != NULL && t->parts[i]->queue != NULL)
                more += part_serve(t->parts[i]);
        taken += more;
    }
    if (more > 0) /* its turn comes again */
        (void)eventfd_write(t->wake_fd, 1);
}

static void on_wake(uv_poll_t *wake, int status, int events)
{
    struct ktable *t = wake->data;
    eventfd_t count;
    (void)status;
    (void)events;
    (void)eventfd_read(t->wake_fd, &count);
    serve(t);
}

static void on_beat(void *table)
{
    struct ktable *t = table;
    timers_set(&t->host->timers, &t->beat, BEAT_MS, on_beat, t);
    serve(t);
}

/* ---- the table ---- */

static void let_go(struct ktable *t)
{
    if (!t->is_wake_closed || t->reader.is_reading)
        return;
    table_reader_release(&t->reader);
    free(t);
}

static void on_read(void *table, struct reading *r)
{
    struct ktable *t = table;
    if (t->is_freed)
        let_go(t);
    else
        finds_read(t, r);
}

static void on_wake_closed(uv_handle_t *wake)
{
    struct ktable *t = wake->data;
    t->is_wake_closed = true;
    let_go(t);
}

int ktable_new(struct host *h, const char *topic, ktable_group_of group_of,
               struct ktable **ret_table, char ret_message[static KAFKA_TEXT_MAX])
{
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct ktable *t = calloc(1, sizeof *t);
    if (fd < 0 || t == NULL)
        abort();
    const int r = kafka_tail_new(h->config, topic, fd, &t->tail, ret_message);
    if (r < 0) {
        (void)close(fd);
        free(t);
        return r;
    }
    t->host = h;
    t->group_of = group_of;
    t->wake_fd = fd;
    t->values.bytes_max = (size_t)config_int(h->config, CFG_table_cache);
    (void)snprintf(t->topic, sizeof t->topic, "%s", topic);
    table_reader_init(&t->reader, h, topic, on_read, t);
    (void)uv_poll_init(&h->loop, &t->wake, fd);
    t->wake.data = t;
    (void)uv_poll_start(&t->wake, UV_READABLE, on_wake);
    on_beat(t);
    *ret_table = t;
    return 0;
}

static void part_free(struct ktable_part *p)
{
    struct ktable *t = p->table;
    part_stop(p);
    timers_cancel(&t->host->timers, &p->linger);
    part_forget(p);
    t->parts[p->id] = NULL;
    free(p);
}

void ktable_free(struct ktable *t)
{
    if (t == NULL)
        return;
    t->is_freed = true;
    finds_release(t);
    for (size_t i = 0; i < t->part_room; i++)
        if (t->parts[i] != NULL)
            part_free(t->parts[i]);
    free(t->parts);
    value_cache_release(&t->values);
    timers_cancel(&t->host->timers, &t->beat);
    table_reader_release(&t->reader);
    kafka_tail_free(t->tail);
    (void)uv_poll_stop(&t->wake);
    (void)close(t->wake_fd);
    uv_close((uv_handle_t *)&t->wake, on_wake_closed);
}

/* ---- following ---- */

static struct ktable_part *part_new(struct ktable *t, int32_t partition)
{
    const size_t room = (size_t)partition + 1;
    struct ktable_part *p = calloc(1, sizeof *p);
    if (room > t->part_room) {
        t->parts = realloc(t->parts, room * sizeof *t->parts);
        if (t->parts == NULL)
            abort();
        memset(t->parts + t->part_room, 0, (room - t->part_room) * sizeof *t->parts);
        t->part_room = room;
    }
    if (p == NULL)
        abort();
    *p = (struct ktable_part){.table = t, .id = partition, .epoch = ++t->epochs, .read_to = -1};
    t->parts[partition] = p;
    return p;
}

void ktable_follow(struct ktable *t, int32_t partition)
{
    struct ktable_part *p = ktable_part(t, partition);
    if (p == NULL) {
        p = part_new(t, partition);
        part_begin(p);
    }
    timers_cancel(&t->host->timers, &p->linger);
    p->followers++;
}

/* Whoever asked when it was followed has been answered since. */
static void on_linger(void *part)
{
    _Static_assert((int)KTABLE_WAIT_MS < (int)KTABLE_LINGER_MS, "nobody waits for it any more");
    part_free(part);
}

void ktable_leave(struct ktable *t, int32_t partition)
{
    struct ktable_part *p = ktable_part(t, partition);
    if (p == NULL || p->followers == 0 || --p->followers > 0)
        return;
    timers_set(&t->host->timers, &p->linger, KTABLE_LINGER_MS, on_linger, p);
}

static struct ktable_part *part_followed(const struct ktable *t, int32_t partition)
{
    struct ktable_part *p = ktable_part(t, partition);
    return p != NULL && p->followers > 0 ? p : NULL;
}

int64_t ktable_read_to(const struct ktable *t, int32_t partition)
{
    const struct ktable_part *p = part_followed(t, partition);
    return p != NULL ? p->read_to : -1;
}

int64_t ktable_end(const struct ktable *t, int32_t partition)
{
    const struct ktable_part *p = part_followed(t, partition);
    if (p == NULL)
        return -1;
    const int64_t end = kafka_tail_end(t->tail, partition);
    return end > p->read_to ? end : p->read_to;
}

bool ktable_is_restored(const struct ktable *t, int32_t partition)
{
    const struct ktable_part *p = part_followed(t, partition);
    return p != NULL && p->is_restored;
}

const char *ktable_trouble(const struct ktable *t, int32_t partition)
{
    const struct ktable_part *p = part_followed(t, partition);
    return p != NULL && p->trouble[0] != '\0' ? p->trouble : NULL;
}

/* ---- looking up ---- */

static void refuse(enum ktable_how how, const char *why, ktable_found found, void *user)
{
    const struct ktable_answer answer = {.how = how, .read_to = -1, .why = why};
    metrics_add(METRIC_table_lookups, how == KTABLE_LEFT ? "left" : "away", 1);
    found(user, &answer);
}

void ktable_find(struct ktable *t, int32_t partition, const char *group, ktable_found found,
                 void *user)
{
    struct ktable_part *p = part_followed(t, partition);
    if (p == NULL)
        refuse(KTABLE_LEFT, "The partition is not this process's.", found, user);
    else if (p->read_to < 0)
        refuse(KTABLE_AWAY,
               p->trouble[0] != '\0' ? p->trouble : "Nothing of the partition was read yet.", found,
               user);
    else
        finds_begin(t, p, group, found, user);
}

/* ---- progress ---- */

void ktable_progress(const struct ktable *t, struct ktable_progress *ret_progress)
{
    struct ktable_progress sum = {.cache_bytes = t->values.bytes, .strange = t->strange};
    for (size_t i = 0; i < t->part_room; i++) {
        const struct ktable_part *p = t->parts[i];
        if (p == NULL)
            continue;
        sum.keys += p->index.count;
        sum.index_bytes += key_index_bytes(&p->index);
        if (p->followers == 0)
            continue;
        const int64_t end = ktable_end(t, p->id);
        sum.partitions++;
        sum.restored += p->is_restored;
        sum.behind += end > 0 ? end - (p->read_to > 0 ? p->read_to : 0) : 0;
    }
    *ret_progress = sum;
}

void ktable_write_metrics(const struct ktable *t)
{
    struct ktable_progress now;
    ktable_progress(t, &now);
    metrics_set(METRIC_table_keys, t->topic, (double)now.keys);
    metrics_set(METRIC_table_behind, t->topic, (double)now.behind);
    metrics_set(METRIC_table_unrestored, t->topic, (double)(now.partitions - now.restored));
    metrics_set(METRIC_table_bytes, t->topic, (double)(now.index_bytes + now.cache_bytes));
}
