/* Readings in the pool; see reading.h. */
#include "table/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/lookup.h"

enum { BOUNDS_MS_MAX = 1000 };

struct reading *reading_new(void)
{
    struct reading *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    return r;
}

/* The first of a partition is the measure. */
bool reading_fits(const struct reading *r, int32_t partition, int64_t offset)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct reading_place *other = &r->places[i];
        if (other->partition == partition)
            return r->count < READING_PLACES_MAX && offset > other->offset - READING_SPREAD / 2 &&
                   offset < other->offset + READING_SPREAD / 2;
    }
    return r->count < READING_PLACES_MAX;
}

/* ---- in the pool ---- */

static void see(void *reading, const struct kafka_record *record)
{
    struct reading *r = reading;
    const struct key_index_key key =
        key_index_key_of(record->key, record->key_size, record->key_size);
    for (size_t i = 0; i < r->count; i++) {
        struct reading_place *place = &r->places[i];
        if (place->value == NULL && place->offset == record->offset &&
            place->partition == record->partition && record->value != NULL &&
            memcmp(place->key.digest, key.digest, sizeof key.digest) == 0)
            place->value = table_value_new(record->partition, record->offset, record->key,
                                           record->key_size, record->value, record->value_size);
    }
}

/* Once a partition: what is not there may be deleted, or not. */
static int bounds_ask(struct reading *r, size_t at)
{
    struct reading_place *place = &r->places[at];
    for (size_t i = 0; i < at; i++)
        if (r->places[i].partition == place->partition && r->places[i].end >= 0) {
            place->begin = r->places[i].begin;
            place->end = r->places[i].end;
            return 0;
        }
    return kafka_lookup_bounds(r->reader->lookup, r->reader->topic, place->partition, BOUNDS_MS_MAX,
                               &place->begin, &place->end, r->words);
}

static int read_places(struct reading *r)
{
    struct table_reader *reader = r->reader;
    struct kafka_place places[READING_PLACES_MAX];
    int result = 0;
    for (size_t i = 0; i < r->count; i++) {
        (void)snprintf(places[i].topic, sizeof places[i].topic, "%s", reader->topic);
        places[i].partition = r->places[i].partition;
        places[i].offset = r->places[i].offset;
        r->places[i].begin = r->places[i].end = -1;
    }
    if (reader->lookup == NULL)
        result = kafka_lookup_new(reader->host->config, &reader->lookup, r->words);
    if (result == 0)
        result =
            kafka_lookup_read(reader->lookup, places, r->count, READING_MS_MAX, see, r, r->words);
    for (size_t i = 0; result == 0 && i < r->count; i++)
        if (r->places[i].value == NULL)
            result = bounds_ask(r, i);
    return result;
}

static void run(uv_work_t *work)
{
    struct reading *r = work->data;
    if (r->count > 0)
        r->result = read_places(r);
    if (r->count > 0 && r->result == 0)
        return;
    kafka_lookup_free(r->reader->lookup); /* one that failed is not used again; nobody: idle */
    r->reader->lookup = NULL;
}

/* ---- on the loop ---- */

static void close_idle(void *reader)
{
    if (!((struct table_reader *)reader)->is_reading)
        reading_begin(reader, reading_new());
}

static void finished(uv_work_t *work, int status)
{
    struct reading *r = work->data;
    struct table_reader *reader = r->reader;
    (void)status;
    reader->is_reading = false;
    if (reader->lookup != NULL)
        timers_set(&reader->host->timers, &reader->idle, READING_IDLE_MS, close_idle, reader);
    reader->done(reader->user, r);
    for (size_t i = 0; i < r->count; i++)
        table_value_unref(r->places[i].value);
    free(r);
}

void reading_begin(struct table_reader *reader, struct reading *r)
{
    r->reader = reader;
    r->work.data = r;
    reader->is_reading = true;
    timers_cancel(&reader->host->timers, &reader->idle);
    (void)uv_queue_work(&reader->host->loop, &r->work, run, finished);
}

void table_reader_init(struct table_reader *reader, struct host *h, const char *topic,
                       void (*done)(void *user, struct reading *r), void *user)
{
    *reader = (struct table_reader){.host = h, .done = done, .user = user};
    (void)snprintf(reader->topic, sizeof reader->topic, "%s", topic);
}

void table_reader_release(struct table_reader *reader)
{
    timers_cancel(&reader->host->timers, &reader->idle);
    if (reader->is_reading) /* the pool has it */
        return;
    kafka_lookup_free(reader->lookup);
    reader->lookup = NULL;
}
