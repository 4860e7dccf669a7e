/* Gathering and sorting; see forwards.h. */
#include "stream/forwards.h"

#include <stdlib.h>

#include "kafka/headers.h"

struct forwarded {
    char key[500], delivery[DELIVERY_MAX];
    int64_t first_seen_ms;
    size_t place_size; /* of `delivery`, up to its offset: which partition it entered by */
    int64_t offset;    /* ... and where */
};

struct forwards {
    const struct kafka_place *committed;
    size_t committed_count;
    struct forwarded *list;
    size_t count, room;
};

struct forwards *forwards_new(const struct kafka_place *committed, size_t count)
{
    struct forwards *f = calloc(1, sizeof *f);
    if (f == NULL)
        abort();
    f->committed = committed;
    f->committed_count = count;
    return f;
}

void forwards_free(struct forwards *f)
{
    free(f->list);
    free(f);
}

static bool is_open(const struct forwards *f, const struct kafka_record *record)
{
    for (size_t i = 0; i < f->committed_count; i++)
        if (f->committed[i].partition == record->partition &&
            strcmp(f->committed[i].topic, record->topic) == 0)
            return record->offset >= f->committed[i].offset;
    return true;
}

static struct forwarded *next_place(struct forwards *f)
{
    if (f->count == f->room) {
        f->room = f->room == 0 ? 64 : f->room * 2;
        f->list = realloc(f->list, f->room * sizeof *f->list);
        if (f->list == NULL)
            abort();
    }
    return &f->list[f->count];
}

void forwards_see(void *user, const struct kafka_record *record)
{
    struct forwards *f = user;
    char text[32];
    if (!is_open(f, record) ||
        kafka_header_text(record, HEADER_WAITS_BY_POLICY, text, sizeof text) != NULL)
        return;
    struct forwarded *one = next_place(f);
    one->first_seen_ms = kafka_header_text(record, HEADER_FIRST_SEEN, text, sizeof text) != NULL
                             ? strtoll(text, NULL, 10)
                             : 0;
    if (kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, one->key, sizeof one->key) == NULL ||
        kafka_header_text(record, HEADER_DELIVERY, one->delivery, sizeof one->delivery) == NULL)
        return;
    const char *slash = strrchr(one->delivery, '/');
    one->place_size = slash != NULL ? (size_t)(slash - one->delivery) : 0;
    one->offset = slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
    f->count++;
}

static int by_entry(const struct forwarded *x, const struct forwarded *y)
{
    const size_t least = x->place_size < y->place_size ? x->place_size : y->place_size;
    const int place = memcmp(x->delivery, y->delivery, least);
    if (place != 0 || x->place_size != y->place_size)
        return place != 0 ? place : x->place_size < y->place_size ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_place(const void *a, const void *b)
{
    return by_entry(a, b);
}

static int by_time(const void *a, const void *b)
{
    const struct forwarded *x = a, *y = b;
    if (x->first_seen_ms != y->first_seen_ms)
        return x->first_seen_ms < y->first_seen_ms ? -1 : 1;
    return by_entry(x, y);
}

/* Those of one partition entered by their offsets, whatever the clocks of the workers that first
 * saw them say; between partitions, and topics, time decides. */
void forwards_in_order(struct forwards *f,
                       void (*each)(void *user, const char *natural, const char *delivery),
                       void *user)
{
    if (f->count == 0)
        return;
    qsort(f->list, f->count, sizeof *f->list, by_place);
    for (size_t i = 1; i < f->count; i++) {
        const struct forwarded *before = &f->list[i - 1];
        struct forwarded *one = &f->list[i];
        const bool same = before->place_size == one->place_size &&
                          memcmp(before->delivery, one->delivery, one->place_size) == 0;
        if (same && one->first_seen_ms < before->first_seen_ms)
            one->first_seen_ms = before->first_seen_ms;
    }
    qsort(f->list, f->count, sizeof *f->list, by_time);
    for (size_t i = 0; i < f->count; i++)
        each(user, f->list[i].key, f->list[i].delivery);
}
