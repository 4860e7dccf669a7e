/* A record's memory, waiting and lineage; see record.h. */
#include "posting/record.h"

#include <assert.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/digits.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "kafka/headers.h"
#include "stream/watch.h"
#include "posting/credit.h"
#include "posting/edit.h"
#include "posting/outgoing.h"
#include "posting/posting.h"

enum { BACKOFF_MS_MIN = 100, BACKOFF_MS_MAX = 5000 };

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

static void read_blame(struct record *r, int64_t now_ms)
{
    char text[BLAME_TEXT_MAX], words[WORDS_ROOM];
    r->heard.blame.faults = (int)header_count(&r->raw, HEADER_FAULTS);
    r->heard.blame.unanswered = (int)header_count(&r->raw, HEADER_UNANSWERED);
    if (kafka_header_text(&r->raw, HEADER_FAULT_AT, text, sizeof text) != NULL)
        blame_read(r, text, now_ms);
    if (kafka_header_text(&r->raw, HEADER_PRIMA_TEXT, words, sizeof words) != NULL)
        record_keep_words(r, words);
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
    const size_t room = ENTRY_TOPIC_MAX - 1, whole = strlen(r->lineage.entry_topic),
                 size = whole < room ? whole : room;
    char *at = text;
    memcpy(at, r->lineage.entry_topic,
           size); /* NOLINT(bugprone-not-null-terminated-result): more follows */
    at += size;
    *at++ = '/';
    at += digits_write(r->lineage.entry_partition, at);
    *at++ = '/';
    at += digits_write(r->lineage.entry_offset, at);
    *at = '\0';
}

/* Does it carry the context of a dead letter? Then it is one that somebody wrote here again,
 * headers and all. */
static bool is_dead_letter(const struct kafka_record *raw)
{
    for (size_t i = 0; i < raw->header_count; i++)
        if (strcmp(raw->headers[i].name, HEADER_CODE) == 0 ||
            strncmp(raw->headers[i].name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0)
            return true;
    return false;
}

static void read_delivery(struct record *r)
{
    char delivery[DELIVERY_MAX], topic[ENTRY_TOPIC_MAX]; /* 159 characters, below */
    int size = 0;
    int32_t partition;
    long long offset;
    if (kafka_header_text(&r->raw, HEADER_DELIVERY, delivery, sizeof delivery) == NULL)
        return;
    if (sscanf(delivery, "%159[^/]/%d/%lld%n", topic, &partition, &offset, &size) != 3 ||
        delivery[size] != '\0' || partition < 0 || partition == INT32_MAX || offset < 0 ||
        offset == INT64_MAX)
        return;
    r->lineage.entry_topic = keep_text(r, topic);
    r->lineage.entry_partition = partition;
    r->lineage.entry_offset = offset;
}

static const char *header_kept(struct record *r, const char *name)
{
    char text[DELIVERY_MAX];
    return kafka_header_text(&r->raw, name, text, sizeof text) != NULL ? keep_text(r, text) : NULL;
}

static void read_replay_of(struct record *r)
{
    const char *of = header_kept(r, HEADER_REPLAY_OF);
    r->lineage.replay_of = of != NULL ? of : "";
}

/* A new delivery that continues an earlier one. */
static void read_origin(struct record *r, bool is_dead)
{
    const char *delivery = header_kept(r, HEADER_DELIVERY), *parent = header_kept(r, HEADER_PARENT);
    const char *origin = parent == NULL || (is_dead && delivery != NULL) ? delivery : parent;
    r->lineage.parent = origin != NULL ? origin : "";
    r->lineage.replays = header_count(&r->raw, HEADER_REPLAY_COUNT) + (is_dead ? 1 : 0);
}

/* What our forward to a retry topic says about the tries before. */
static void read_forward(struct record *r, int64_t now_ms)
{
    const char *parent = header_kept(r, HEADER_PARENT);
    r->lineage.parent = parent != NULL ? parent : "";
    r->lineage.first_seen_ms = header_time(&r->raw, HEADER_FIRST_SEEN, now_ms);
    r->lineage.attempts = header_count(&r->raw, HEADER_ATTEMPTS);
    r->lineage.replays = header_count(&r->raw, HEADER_REPLAY_COUNT);
    r->heard.unknown_since_ms = header_time(&r->raw, HEADER_UNKNOWN_SINCE, 0);
    read_blame(r, now_ms);
}

static enum resolve_first read_resolve_first(const struct record *r)
{
    char text[DELIVERY_MAX];
    if (kafka_header_text(&r->raw, HEADER_RESOLVE_FIRST, text, sizeof text) == NULL)
        return RESOLVE_AS_NEEDED;
    if (strcmp(text, HEADER_CAUTION) == 0)
        return RESOLVE_FIRST_IN_DOUBT;
    return strcmp(text, r->worker->stream->control.incident) == 0 ? RESOLVE_FIRST_AFTER_LAST_LOSS
                                                                  : RESOLVE_FIRST_AFTER_OLD_LOSS;
}

/* Where a record entered: here, unless it came by our own forward to a retry topic, whose headers
 * say where. Those of the input topic are strangers' and not believed at all. People write into the
 * replay topic, and may write dead letters into any: there a delivery is what is replayed, a new
 * one, else it would seem to have ended already. */
static void read_lineage(struct record *r)
{
    const enum topic_role role = r->partition->topic->role;
    const bool is_dead = is_dead_letter(&r->raw), is_forward = role == TOPIC_RETRY && !is_dead;
    char text[DELIVERY_MAX];
    const int64_t now = clock_wall_ms();
    r->lineage.entry_topic = r->raw.topic;
    r->lineage.entry_partition = r->raw.partition;
    r->lineage.entry_offset = r->raw.offset;
    r->lineage.first_seen_ms = now;
    r->lineage.event_ms = r->raw.timestamp_ms > 0 ? r->raw.timestamp_ms : now;
    r->lineage.parent = r->lineage.replay_of = r->heard.words = r->claim.senders =
        r->claim.known.over = "";
    if (is_forward)
        read_delivery(r);
    write_delivery(r, text);
    r->lineage.delivery = keep_text(r, text);
    if (role == TOPIC_INPUT)
        return;
    if (is_forward)
        read_forward(r, now);
    else
        read_origin(r, is_dead);
    read_replay_of(r);
    r->lineage.event_ms = header_time(&r->raw, HEADER_ORIGINAL_TIMESTAMP, r->lineage.event_ms);
    r->lineage.resolve_first = read_resolve_first(r);
    r->lineage.was_sent =
        is_dead || kafka_header_text(&r->raw, HEADER_SENT, text, sizeof text) != NULL;
}

/* Before everybody had heard that Redis was lost. The clocks are Kafka's and that of whoever found
 * it. */
static bool was_due(const struct record *r)
{
    const struct worker *w = r->worker;
    return r->raw.timestamp_ms + r->partition->topic->delay_ms <=
           w->stream->control.detected_ms + watch_bound_ms(w) + w->times.margin_ms;
}

/* Its key's other deliveries lie in another partition, and what became of them need not be known by
 * the time that it is worked on. */
static bool is_replay(const struct record *r)
{
    const struct worker *w = r->worker;
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (w->stream->inputs.list[i].role == TOPIC_REPLAY &&
            strcmp(w->stream->inputs.list[i].name, r->lineage.entry_topic) == 0)
            return true;
    return r->partition->topic->role == TOPIC_REPLAY;
}

/* Before Redis was lost. What waits in a retry topic says so itself, but for what left it just
 * then; older releases said only that an outcome was unknown. A replay, however new, is of a key
 * that may have been sent. */
static bool may_have_been_sent(const struct record *r)
{
    const bool waited = r->partition->topic->role == TOPIC_RETRY;
    if (is_replay(r))
        return true;
    return r->raw.offset < r->partition->suspect_below &&
           (!waited || r->lineage.was_sent || r->heard.unknown_since_ms > 0 || was_due(r));
}

/* ... where its headers do not say. */
static enum resolve_first why_resolve_first(const struct record *r)
{
    const struct worker *w = r->worker;
    if (w->stream->trust.is_suspect && !mutant("suspect_resolve_first"))
        return w->stream->control.senders_over || !may_have_been_sent(r)
                   ? RESOLVE_FIRST_IN_DOUBT
                   : RESOLVE_FIRST_AFTER_LAST_LOSS;
    if (clock_wall_ms() - r->lineage.event_ms > w->times.ttl_ms)
        return RESOLVE_FIRST_IN_DOUBT;
    return w->posting->asks_first ? RESOLVE_FIRST_BY_SETTING : RESOLVE_AS_NEEDED;
}

struct record *record_new(struct worker *w, struct partition *partition, struct kafka_record *raw)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL || (r->arena = arena_new(RECORD_ARENA_MAX)) == NULL)
        abort(); /* a few kilobytes are not to be had: nothing is safe any more, and nothing was
                    lost yet */
    r->worker = w;
    r->partition = partition;
    r->raw = kafka_record_move(raw);
    r->lane.item.owner = r;
    r->timing.fetched = ++w->posting->records_fetched;
    r->timing.fetched_ms = clock_monotonic_ms();
    r->timing.deadline_ms = r->timing.fetched_ms + w->posting->settle_deadline_ms;
    digest_random(r->work.token, TOKEN_SIZE);
    read_lineage(r);
    edit_read(r);
    if (r->lineage.resolve_first == RESOLVE_AS_NEEDED)
        r->lineage.resolve_first = why_resolve_first(r);
    r->bytes = r->raw.key_size + r->raw.value_size;
    for (size_t i = 0; i < r->raw.header_count; i++)
        r->bytes += sizeof *r->raw.headers + r->raw.headers[i].size;
    return r;
}

bool record_takes_back(const struct record *r)
{
    return r->key.cancels || r->key.is_empty;
}

bool record_goes_on_absent(const struct record *r)
{
    return !record_outlived_redis(r) ||
           (!record_takes_back(r) && (r->worker->posting->unique || r->claim.sends_nothing));
}

void record_free(struct record *r)
{
    assert(r->held == 0 && r->lane.item.lane == NULL && !r->ready.is_queued &&
           r->send_queue.turn == TURN_NONE && r->permit.place == 0 && r->finding.at == NULL);
    timers_cancel(&r->worker->host.timers, &r->ready.timer);
    outgoing_clear(r);
    credit_free(r);
    kafka_record_free(&r->raw);
    arena_free(r->arena);
    free(r);
}

void record_ref(struct record *r)
{
    r->held++;
}

bool record_unref(struct record *r)
{
    assert(r->held > 0);
    r->held--;
    if (!r->dropped)
        return true;
    if (r->held == 0 && !r->ready.is_queued)
        record_free(r);
    return false;
}

/* The worker's own copy of a topic's name, where it is one that it reads. */
static const char *lasting_name(const struct worker *w, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < w->stream->inputs.count; i++)
        if (strcmp(w->stream->inputs.list[i].name, name) == 0)
            return w->stream->inputs.list[i].name;
    return otherwise;
}

void record_release_texts(struct record *r)
{
    r->lineage.entry_topic =
        lasting_name(r->worker, r->lineage.entry_topic, r->partition->topic->name);
    arena_free(r->arena);
    r->arena = NULL;
    r->event = NULL;
    r->claim.facts = NULL;
    r->decision.plan = NULL;
    r->customers = NULL;
    r->out.too_large = NULL;
    r->lineage.delivery = r->lineage.parent = r->lineage.replay_of = r->heard.words =
        r->claim.senders = r->claim.known.over = "";
    r->heard.words_room = NULL;
    r->edit = (struct overlay_text){.size = 0};
    r->key = (struct flow_key){0};
}

/* In one place, written over each time: a record may be sent for hours. */
void record_keep_words(struct record *r, const char *words)
{
    r->heard.words = "";
    if (words == NULL || words[0] == '\0')
        return;
    if (r->heard.words_room == NULL)
        r->heard.words_room = arena_alloc(r->arena, WORDS_ROOM);
    if (r->heard.words_room == NULL)
        return; /* no room: the letter goes without them */
    (void)snprintf(r->heard.words_room, WORDS_ROOM, "%s", words);
    r->heard.words = r->heard.words_room;
}

struct redis_bytes record_keep(struct record *r, const char *data, size_t size)
{
    const char *copy = data != NULL ? arena_text(r->arena, data, size) : NULL;
    return copy != NULL ? (struct redis_bytes){copy, size} : (struct redis_bytes){"", 0};
}

int64_t record_backoff(struct record *r)
{
    r->timing.backoff_ms = r->timing.backoff_ms == 0                   ? BACKOFF_MS_MIN
                           : r->timing.backoff_ms * 2 > BACKOFF_MS_MAX ? BACKOFF_MS_MAX
                                                                       : r->timing.backoff_ms * 2;
    return r->timing.backoff_ms;
}
