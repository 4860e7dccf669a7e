/* Looking up a group.
 *
 * A question takes the group's keys and offsets from the index, with read_to: what it is answered is
 * as of then. What is not in the cache is read in the pool, for all who wait at once. A record that
 * is not there any more was replaced, or deleted by age:
 *   - its partition begins behind it now: it is deleted, and leaves the index, for no tombstone will
 *     come;
 *   - else a newer record or a tombstone of its key stands below the partition's end. Once that was
 *     read to, the index is asked again; it may have the same offset still, for the newer one may
 *     have been compacted away itself, for another one behind that end: so it is read once more;
 *   - but is the end where the index was read to already, there is no newer one: something is wrong
 *     with the partition, KTABLE_GONE.
 * Answers are given when nothing is walked through any more: whoever is answered may ask again. */
#include "table/find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "obs/metrics.h"

struct held {
    uint64_t digest[2];
    int64_t offset;
    struct table_value *value; /* NULL: to be read, or missing */
    bool is_missing;           /* it was not where it must be */
};

struct ktable_find {
    struct ktable_find *next;
    int32_t partition;
    char *group;
    size_t group_size;
    uint32_t group_bits;
    ktable_found found;
    void *user;
    int64_t asked_ms;

    struct held *held;
    size_t count, lacking, missing;
    int64_t read_to;  /* as of which it is */
    int64_t again_at; /* the index is asked again once it was read to there; -1: it is not */
    bool was_read;    /* not all was in memory */

    enum ktable_how how; /* once it is over */
    char why[KAFKA_TEXT_MAX];
};

/* ---- what is held ---- */

static void held_release(struct held *held, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_value_unref(held[i].value);
    free(held);
}

/* What the former look had of the same place. */
static struct held *held_find(struct held *held, size_t count, const struct key_index_entry *entry)
{
    for (size_t i = 0; i < count; i++)
        if (held[i].offset == entry->offset &&
            memcmp(held[i].digest, entry->digest, sizeof entry->digest) == 0)
            return &held[i];
    return NULL;
}

static void find_count(struct ktable_find *f)
{
    f->lacking = f->missing = 0;
    for (size_t i = 0; i < f->count; i++) {
        f->missing += f->held[i].is_missing;
        f->lacking += f->held[i].value == NULL && !f->held[i].is_missing;
    }
}

/* Asks the index, for the first time or again. */
static void find_look(struct ktable *t, const struct ktable_part *p, struct ktable_find *f)
{
    struct held *old = f->held;
    const size_t old_count = f->count;
    size_t count = 0;
    for (const struct key_index_entry *e = key_index_first(&p->index, f->group_bits); e != NULL;
         e = key_index_next(&p->index, e))
        count++;
    f->held = calloc(count + 1, sizeof *f->held);
    if (f->held == NULL)
        abort();
    f->count = 0;
    for (const struct key_index_entry *e = key_index_first(&p->index, f->group_bits); e != NULL;
         e = key_index_next(&p->index, e)) {
        struct held *now = &f->held[f->count++], *former = held_find(old, old_count, e);
        if (former != NULL) {
            *now = *former;
            former->value = NULL;
            continue;
        }
        *now = (struct held){.digest = {e->digest[0], e->digest[1]},
                             .offset = e->offset,
                             .value = value_cache_get(&t->values, p->id, e->offset)};
    }
    f->read_to = p->read_to;
    held_release(old, old_count);
    find_count(f);
}

/* ---- answers ---- */

static int by_offset(const void *a, const void *b)
{
    const struct ktable_record *one = a, *other = b;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

/* A chain may have keys of two groups. */
static bool is_of_group(const struct ktable *t, const struct ktable_find *f,
                        const struct table_value *v)
{
    const size_t size = t->group_of(v->bytes, v->key_size);
    return size == f->group_size && memcmp(v->bytes, f->group, size) == 0;
}

static size_t records_of(const struct ktable *t, const struct ktable_find *f,
                         struct ktable_record *records)
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct table_value *v = f->held[i].value;
        if (is_of_group(t, f, v))
            records[count++] = (struct ktable_record){.key = v->bytes,
                                                      .key_size = v->key_size,
                                                      .value = table_value_bytes(v),
                                                      .value_size = v->size,
                                                      .offset = v->offset};
    }
    if (count > 1)
        qsort(records, count, sizeof *records, by_offset);
    return count;
}

static void find_free(struct ktable_find *f)
{
    held_release(f->held, f->count);
    free(f->group);
    free(f);
}

/* Takes it. */
static void find_answer(const struct ktable *t, struct ktable_find *f)
{
    static const char *const labels[] = {NULL, "away", "refused", "gone", "left"};
    struct ktable_answer answer = {.how = f->how, .read_to = -1, .why = f->why};
    struct ktable_record *records = NULL;
    if (f->how == KTABLE_FOUND) {
        records = calloc(f->count + 1, sizeof *records);
        if (records == NULL)
            abort();
        answer.count = records_of(t, f, records);
        answer.records = records;
        answer.read_to = f->read_to;
    }
    metrics_add(METRIC_table_lookups,
                f->how != KTABLE_FOUND ? labels[f->how] : (f->was_read ? "kafka" : "memory"), 1);
    f->found(f->user, &answer);
    free(records);
    find_free(f);
}

static void finds_answer(const struct ktable *t, struct ktable_find *first)
{
    while (first != NULL) {
        struct ktable_find *f = first;
        first = f->next;
        find_answer(t, f);
    }
}

/* ---- the queue of those who wait ---- */

static void append(struct ktable_finds *finds, struct ktable_find *f)
{
    if (finds->first == NULL)
        finds->last = &finds->first;
    f->next = NULL;
    *finds->last = f;
    finds->last = &f->next;
}

static void finds_read_on(struct ktable *t)
{
    if (t->reader.is_reading)
        return;
    struct reading *r = reading_new();
    for (const struct ktable_find *f = t->finds.first; f != NULL && r->count < READING_PLACES_MAX;
         f = f->next)
        for (size_t i = 0; i < f->count && f->lacking > 0; i++)
            if (f->held[i].value == NULL && !f->held[i].is_missing &&
                reading_fits(r, f->partition, f->held[i].offset))
                r->places[r->count++] = (struct reading_place){
                    .partition = f->partition,
                    .offset = f->held[i].offset,
                    .key = {{f->held[i].digest[0], f->held[i].digest[1]}, f->group_bits},
                    .epoch = ktable_part(t, f->partition)->epoch};
    if (r->count > 0)
        reading_begin(&t->reader, r);
    else
        free(r);
}

static void finds_late(void *table);

static void late_set(struct ktable *t)
{
    if (t->finds.first == NULL)
        timers_cancel(&t->host->timers, &t->finds.late);
    else
        timers_set(&t->host->timers, &t->finds.late,
                   t->finds.first->asked_ms + KTABLE_WAIT_MS - clock_monotonic_ms(), finds_late, t);
}

/* Takes out those that `is_over` says are over, in their order, has the others read, and answers. */
static void finds_sift(struct ktable *t,
                       bool (*is_over)(struct ktable *t, struct ktable_find *f, void *user),
                       void *user)
{
    struct ktable_finds all = t->finds, over = {.first = NULL};
    struct ktable_find *next;
    t->finds.first = NULL;
    for (struct ktable_find *f = all.first; f != NULL; f = next) {
        next = f->next;
        append(is_over(t, f, user) ? &over : &t->finds, f);
    }
    late_set(t);
    finds_read_on(t);
    finds_answer(t, over.first);
}

static bool find_fails(struct ktable_find *f, enum ktable_how how, const char *why)
{
    f->how = how;
    (void)snprintf(f->why, sizeof f->why, "%s", why);
    return true;
}

static bool find_is_gone(const struct ktable *t, struct ktable_find *f)
{
    char why[KAFKA_TEXT_MAX];
    (void)snprintf(why, sizeof why,
                   "%.150s/%d: a record that must be there cannot be read, nor a newer one of its "
                   "key; see the broker's log of this partition",
                   t->topic, (int)f->partition);
    return find_fails(f, KTABLE_GONE, why);
}

/* Is there an answer? What was missing is looked for again where the index has it now. */
static bool find_settles(struct ktable *t, const struct ktable_part *p, struct ktable_find *f)
{
    if (f->lacking == 0 && f->missing > 0 && p->read_to >= f->again_at) {
        for (size_t i = 0; i < f->count; i++)
            f->held[i].is_missing = false;
        find_look(t, p, f);
    }
    f->how = KTABLE_FOUND;
    return f->lacking == 0 && f->missing == 0;
}

/* ---- asking ---- */

void finds_begin(struct ktable *t, struct ktable_part *p, const char *group, ktable_found found,
                 void *user)
{
    const size_t size = strlen(group);
    struct ktable_find *f = calloc(1, sizeof *f);
    if (f == NULL)
        abort();
    *f = (struct ktable_find){.partition = p->id,
                              .group = strdup(group),
                              .group_size = size,
                              .group_bits = key_index_group_of(group, size),
                              .found = found,
                              .user = user,
                              .asked_ms = clock_monotonic_ms(),
                              .again_at = -1};
    if (f->group == NULL)
        abort();
    find_look(t, p, f);
    if (find_settles(t, p, f)) {
        find_answer(t, f);
        return;
    }
    f->was_read = true;
    append(&t->finds, f);
    if (t->finds.first == f)
        late_set(t);
    finds_read_on(t);
}

/* ---- what was read ---- */

/* A reading that began before the partition was read anew is of another record. */
static struct reading_place *place_of(struct reading *r, const struct ktable_part *p,
                                      const struct held *held)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->places[i].offset == held->offset && r->places[i].partition == p->id &&
            r->places[i].epoch == p->epoch)
            return &r->places[i];
    return NULL;
}

static bool is_deleted(const struct reading_place *place)
{
    return place->value == NULL && place->end >= 0 && place->offset < place->begin;
}

/* What is deleted leaves the index, what was read is kept. */
static void places_keep(struct ktable *t, const struct reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct reading_place *place = &r->places[i];
        struct ktable_part *p = ktable_part(t, place->partition);
        if (p == NULL || p->epoch != place->epoch)
            continue;
        if (place->value != NULL)
            value_cache_put(&t->values, place->value);
        else if (is_deleted(place) && key_index_find(&p->index, &place->key) == place->offset)
            (void)key_index_remove(&p->index, &place->key);
    }
}

/* Takes over what was read for it. */
static bool find_hears(struct ktable *t, struct ktable_find *f, void *reading)
{
    struct reading *r = reading;
    const struct ktable_part *p = ktable_part(t, f->partition);
    bool looks_again = false;
    for (size_t i = 0; i < f->count; i++) {
        struct held *held = &f->held[i];
        const struct reading_place *place =
            held->value == NULL && !held->is_missing ? place_of(r, p, held) : NULL;
        if (place == NULL)
            continue;
        if (place->value != NULL)
            held->value = table_value_ref(place->value);
        else if (place->end < 0)
            return find_fails(f, r->result == -EIO ? KTABLE_AWAY : KTABLE_REFUSED, r->words);
        else if (is_deleted(place))
            looks_again = true;
        else if (place->end <= f->read_to)
            return find_is_gone(t, f);
        else {
            held->is_missing = true;
            f->again_at = place->end > f->again_at ? place->end : f->again_at;
        }
    }
    if (looks_again)
        find_look(t, p, f);
    find_count(f);
    return find_settles(t, p, f);
}

/* Kafka is silent: nobody waits behind that. */
static bool find_despairs(struct ktable *t, struct ktable_find *f, void *reading)
{
    const struct reading *r = reading;
    (void)t;
    return f->lacking > 0 && find_fails(f, KTABLE_AWAY, r->words);
}

void finds_read(struct ktable *t, struct reading *r)
{
    bool has_read = r->count == 0;
    for (size_t i = 0; i < r->count; i++)
        has_read |= r->places[i].value != NULL;
    places_keep(t, r);
    finds_sift(t, r->result == -EIO && !has_read ? find_despairs : find_hears, r);
}

/* ---- what else happens ---- */

static bool find_goes_on(struct ktable *t, struct ktable_find *f, void *part)
{
    const struct ktable_part *p = part;
    return f->partition == p->id && find_settles(t, p, f);
}

void finds_heard(struct ktable *t, struct ktable_part *p)
{
    for (const struct ktable_find *f = t->finds.first; f != NULL; f = f->next)
        if (f->partition == p->id && f->missing > 0) {
            finds_sift(t, find_goes_on, p);
            return;
        }
}

struct finds_end {
    int32_t partition;
    enum ktable_how how;
    const char *why;
};

static bool find_ends(struct ktable *t, struct ktable_find *f, void *user)
{
    const struct finds_end *end = user;
    (void)t;
    return f->partition == end->partition && find_fails(f, end->how, end->why);
}

void finds_end(struct ktable *t, int32_t partition, enum ktable_how how, const char *why)
{
    struct finds_end end = {partition, how, why};
    finds_sift(t, find_ends, &end);
}

static bool find_is_late(struct ktable *t, struct ktable_find *f, void *user)
{
    const int64_t *now_ms = user;
    (void)t;
    return *now_ms - f->asked_ms >= KTABLE_WAIT_MS &&
           find_fails(f, KTABLE_AWAY, "Kafka is too slow: too much is looked up at once.");
}

static void finds_late(void *table)
{
    int64_t now_ms = clock_monotonic_ms();
    finds_sift(table, find_is_late, &now_ms);
}

void finds_release(struct ktable *t)
{
    timers_cancel(&t->host->timers, &t->finds.late);
    while (t->finds.first != NULL) {
        struct ktable_find *f = t->finds.first;
        t->finds.first = f->next;
        find_free(f);
    }
}
