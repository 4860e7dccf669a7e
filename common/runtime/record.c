/* A record's memory, waiting and lineage; see record.h. */
#include "runtime/record.h"

#include <assert.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/digits.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "runtime/headers.h"
#include "runtime/worker.h"

enum { BACKOFF_MS_MIN = 100, BACKOFF_MS_MAX = 5000 };

enum life_state record_state(const struct record *r)
{
    return r->state;
}

void record_set_state(struct record *r, enum life_state state)
{
    r->state = state;
}

static int64_t header_number(const struct kafka_record *raw, const char *name, int64_t otherwise)
{
    char text[32], *end;
    if (kafka_header_text(raw, name, text, sizeof text) == NULL || text[0] == '\0')
        return otherwise;
    const long long number = strtoll(text, &end, 10);
    return *end == '\0' && number >= 0 ? number : otherwise; /* none of ours is negative */
}

/* A bound that is far from any real count, and that can still be added to. */
static int64_t header_count(const struct kafka_record *raw, const char *name)
{
    enum { COUNT_MAX = 1000000000 };
    const int64_t count = header_number(raw, name, 0);
    return count < COUNT_MAX ? count : COUNT_MAX; /* not 0: a limit would begin anew */
}

/* Milliseconds since 1970, up to the year 9999. */
static int64_t header_time(const struct kafka_record *raw, const char *name, int64_t otherwise)
{
    const int64_t ms = header_number(raw, name, otherwise);
    return ms <= 253402300799999 ? ms : otherwise;
}

static void read_last_fault(struct record *r, int64_t now_ms)
{
    char text[48];
    long long at;
    int amid;
    if (kafka_header_text(&r->raw, HEADER_FAULT_AT, text, sizeof text) == NULL || sscanf(text, "%lld %d", &at, &amid) != 2)
        return;
    r->is_fault = true;
    r->fault_is_amid = amid == 1;
    r->fault_ms = clock_monotonic_ms() - (now_ms - at);
}

/* A few bytes of an empty arena: there is room. */
static const char *keep_text(struct record *r, const char *text)
{
    const char *copy = arena_text(r->arena, text, strlen(text));
    if (copy == NULL)
        abort(); /* see record_new */
    return copy;
}

static void write_delivery(const struct record *r, char text[static DELIVERY_MAX])
{
    const size_t room = DELIVERY_MAX - 2 * DIGITS_MAX - 3, whole = strlen(r->entry_topic), size = whole < room ? whole : room;
    char *at = text;
    memcpy(at, r->entry_topic, size); /* NOLINT(bugprone-not-null-terminated-result): more follows */
    at += size;
    *at++ = '/';
    at += digits_write(r->entry_partition, at);
    *at++ = '/';
    at += digits_write(r->entry_offset, at);
    *at = '\0';
}

/* Where a record entered: here, unless it came by a retry topic, whose headers say where. Only our own topics are believed. */
static void read_lineage(struct record *r)
{
    const bool ours = r->partition->topic->role != TOPIC_INPUT;
    char delivery[DELIVERY_MAX], parent[DELIVERY_MAX] = "";
    const int64_t now = clock_wall_ms();
    r->entry_topic = r->raw.topic;
    r->entry_partition = r->raw.partition;
    r->entry_offset = r->raw.offset;
    r->first_seen_ms = now;
    r->event_ms = r->raw.timestamp_ms > 0 ? r->raw.timestamp_ms : now;
    if (ours && kafka_header_text(&r->raw, HEADER_DELIVERY, delivery, sizeof delivery) != NULL) {
        int size = 0;
        char topic[160];
        int32_t partition;
        long long offset;
        if (sscanf(delivery, "%159[^/]/%d/%lld%n", topic, &partition, &offset, &size) == 3 && delivery[size] == '\0' && partition >= 0 &&
            partition < INT32_MAX && offset >= 0 && offset < INT64_MAX) {
            r->entry_topic = keep_text(r, topic);
            r->entry_partition = partition;
            r->entry_offset = offset;
        }
    }
    write_delivery(r, delivery);
    r->delivery = keep_text(r, delivery);
    r->parent = r->words = "";
    if (!ours)
        return;
    if (kafka_header_text(&r->raw, HEADER_PARENT, parent, sizeof parent) != NULL)
        r->parent = keep_text(r, parent);
    r->first_seen_ms = header_time(&r->raw, HEADER_FIRST_SEEN, now);
    r->event_ms = header_time(&r->raw, HEADER_ORIGINAL_TIMESTAMP, r->event_ms);
    r->attempts = header_count(&r->raw, HEADER_ATTEMPTS);
    r->replays = header_count(&r->raw, HEADER_REPLAY_COUNT);
    r->unknown_since_ms = header_time(&r->raw, HEADER_UNKNOWN_SINCE, 0);
    r->faults = (int)header_count(&r->raw, HEADER_FAULTS);
    read_last_fault(r, now);
    char text[8];
    r->resolve_first = kafka_header_text(&r->raw, HEADER_RESOLVE_FIRST, text, sizeof text) != NULL;
}

struct record *record_new(struct worker *w, struct partition *partition, struct kafka_record *raw)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL || (r->arena = arena_new(RECORD_ARENA_MAX)) == NULL)
        abort(); /* a few kilobytes are not to be had: nothing is safe any more, and nothing was lost yet */
    r->worker = w;
    r->partition = partition;
    r->raw = kafka_record_move(raw);
    r->lane.owner = r;
    r->deadline_ms = clock_monotonic_ms() + w->settle_deadline_ms;
    digest_random(r->work.token, TOKEN_SIZE);
    read_lineage(r);
    if (!r->resolve_first && !mutant("suspect_resolve_first"))
        r->resolve_first = w->suspect;
    if (!r->resolve_first && (w->asks_first || clock_wall_ms() - r->event_ms > w->ttl_ms))
        r->resolve_first = r->resolve_first_is_caution = true;
    r->bytes = r->raw.key_size + r->raw.value_size;
    w->buffered_bytes += r->bytes;
    return r;
}

void record_free(struct record *r)
{
    assert(r->held == 0 && r->lane.lane == NULL && !r->queued && r->turn == TURN_NONE);
    wakes_cancel(&r->worker->wakes, &r->wake);
    for (size_t i = 0; i < r->out_count; i++)
        free(r->out[i].memory);
    kafka_record_free(&r->raw);
    arena_free(r->arena);
    free(r);
}

void record_leave_flight(struct record *r)
{
    if (r->active) {
        r->active = false;
        r->worker->in_flight--;
    }
}

void record_drop(struct record *r)
{
    struct worker *w = r->worker;
    r->dropped = true;
    w->buffered--;
    w->buffered_bytes -= r->bytes;
    w->unsettled -= r->state < SETTLED;
    record_leave_flight(r);
    wakes_cancel(&w->wakes, &r->wake);
    struct record *next = lanes_leave(&w->lanes, &r->lane);
    if (next != NULL && !next->dropped)
        record_go(next, act_claim);
    if (r->held == 0 && !r->queued)
        record_free(r);
}

void record_hold(struct record *r)
{
    r->held++;
}

bool record_let_go(struct record *r)
{
    assert(r->held > 0);
    r->held--;
    if (!r->dropped)
        return true;
    if (r->held == 0 && !r->queued)
        record_free(r);
    return false;
}

void record_go(struct record *r, void (*resume)(struct record *))
{
    struct worker *w = r->worker;
    record_leave_flight(r); /* it waits in line from here on, whatever it did before */
    r->resume = resume;
    if (r->queued)
        return;
    r->queued = true;
    r->ready_next = NULL;
    *w->ready_last = r;
    w->ready_last = &r->ready_next;
}

static void wake_up(void *owner)
{
    struct record *r = owner;
    record_go(r, r->resume);
}

void record_rest(struct record *r, int64_t ms, void (*resume)(struct record *))
{
    record_leave_flight(r);
    r->resume = resume;
    wakes_set(&r->worker->wakes, &r->wake, ms > 0 ? ms : 1, wake_up, r);
}

void record_forget_texts(struct record *r)
{
    arena_free(r->arena);
    r->arena = NULL;
    r->event = NULL;
    r->facts = NULL;
    r->delivery = r->parent = r->words = "";
    r->words_room = NULL;
    r->key = (struct flow_key){0};
    r->entry_topic = r->partition->topic->name;
}

/* In one place, written over each time: a record may be sent for hours. */
void record_keep_words(struct record *r, const char *words)
{
    r->words = "";
    if (words == NULL || words[0] == '\0')
        return;
    if (r->words_room == NULL)
        r->words_room = arena_alloc(r->arena, WORDS_ROOM);
    if (r->words_room == NULL)
        return; /* no room: the letter goes without them */
    (void)snprintf(r->words_room, WORDS_ROOM, "%s", words);
    r->words = r->words_room;
}

struct redis_bytes record_keep(struct record *r, const char *data, size_t size)
{
    const char *copy = data != NULL ? arena_text(r->arena, data, size) : NULL;
    return copy != NULL ? (struct redis_bytes){copy, size} : (struct redis_bytes){"", 0};
}

int64_t record_backoff(struct record *r)
{
    r->backoff_ms = r->backoff_ms == 0 ? BACKOFF_MS_MIN : r->backoff_ms * 2 > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : r->backoff_ms * 2;
    return r->backoff_ms;
}
