/* Deliveries that have ended; see ended.h. */
#include "stream/ended.h"

#include <errno.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "kafka/reader.h"
#include "obs/log.h"
#include "kafka/headers.h"
#include "stream/stream.h"

/* Both kinds begin with the delivery. Eight bytes of a digest stand for a delivery and for a
 * content: two of a million agree by chance once in 10^7 such sets. */
struct ending {
    uint64_t delivery, content;
};

struct forward {
    uint64_t delivery, content, place;
    int64_t at_ms; /* when the retry topic took it */
};

struct ended {
    struct ending *endings;
    struct forward *forwards;
    size_t count, room, forward_count, forward_room;
    int64_t unreadable;
};

/* ---- the set ---- */

static uint64_t digest_of(const void *a, size_t a_size, const void *b, size_t b_size)
{
    uint8_t hash[DIGEST_SIZE];
    const uint64_t size = a != NULL ? a_size : UINT64_MAX; /* absent is not empty */
    uint64_t first;
    struct digest *d = digest_new();
    digest_add(d, &size, sizeof size);
    if (a != NULL)
        digest_add(d, a, a_size);
    if (b != NULL)
        digest_add(d, b, b_size);
    digest_end(d, hash);
    memcpy(&first, hash, sizeof first);
    return first;
}

static uint64_t digest_of_text(const char *text)
{
    return digest_of(text, strlen(text), NULL, 0);
}

static uint64_t content_of(const struct kafka_record *record)
{
    return mutant("forward_content")
               ? 0
               : digest_of(record->key, record->key_size, record->value, record->value_size);
}

/* `items` with room for one more. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? 1024 : *room * 2;
    items = realloc(items, *room * size);
    if (items == NULL)
        abort();
    return items;
}

static void add(struct ended *e, uint64_t delivery, uint64_t content)
{
    e->endings = grow(e->endings, e->count, &e->room, sizeof *e->endings);
    e->endings[e->count++] = (struct ending){delivery, content};
}

static int by_delivery(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int by_what_it_forwards(const void *a, const void *b)
{
    const struct forward *x = a, *y = b;
    if (x->delivery != y->delivery)
        return x->delivery < y->delivery ? -1 : 1;
    return x->content < y->content ? -1 : x->content > y->content;
}

static int by_what_and_time(const void *a, const void *b)
{
    const struct forward *x = a, *y = b;
    const int order = by_what_it_forwards(a, b);
    if (order != 0)
        return order;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static bool has(const struct ended *e, uint64_t delivery, uint64_t content)
{
    size_t from = 0, to = e->count;
    while (from < to) { /* the first of the delivery */
        const size_t middle = from + (to - from) / 2;
        if (e->endings[middle].delivery < delivery)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < e->count && e->endings[from].delivery == delivery; from++)
        if (e->endings[from].content == content)
            return true;
    return false;
}

struct ended *ended_new(void)
{
    struct ended *e = calloc(1, sizeof *e);
    if (e == NULL)
        abort();
    return e;
}

void ended_free(struct ended *e)
{
    if (e == NULL)
        return;
    free(e->endings);
    free(e->forwards);
    free(e);
}

void ended_add(struct ended *e, const char *delivery, const char *natural, const uint8_t *identity)
{
    add(e, digest_of_text(delivery), digest_of(natural, strlen(natural), identity, IDENTITY_SIZE));
}

void ended_add_bytes(struct ended *e, const char *delivery, const void *key, size_t key_size,
                     const void *value, size_t value_size)
{
    add(e, digest_of_text(delivery), digest_of(key, key_size, value, value_size));
}

void ended_add_forward(struct ended *e, const char *delivery, const struct kafka_record *record,
                       const char *place)
{
    e->forwards = grow(e->forwards, e->forward_count, &e->forward_room, sizeof *e->forwards);
    e->forwards[e->forward_count++] = (struct forward){digest_of_text(delivery), content_of(record),
                                                       digest_of_text(place), record->timestamp_ms};
}

/* Of the forwards of one delivery only the last counts: each was written when the one before it had
 * been read. Its bytes stay as they are; others are of a topic from before, of the same name. */
static void keep_last_forwards(struct ended *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->forward_count; i++)
        if (i + 1 == e->forward_count ||
            by_what_it_forwards(&e->forwards[i], &e->forwards[i + 1]) != 0)
            e->forwards[kept++] = e->forwards[i];
    e->forward_count = kept;
}

void ended_sort(struct ended *e)
{
    if (e->count > 0)
        qsort(e->endings, e->count, sizeof *e->endings, by_delivery);
    if (e->forward_count > 0)
        qsort(e->forwards, e->forward_count, sizeof *e->forwards, by_what_and_time);
    keep_last_forwards(e);
}

bool ended_knows(const struct ended *e, const char *delivery, const char *natural,
                 const uint8_t *identity)
{
    return has(e, digest_of_text(delivery),
               digest_of(natural, strlen(natural), identity, IDENTITY_SIZE));
}

bool ended_knows_bytes(const struct ended *e, const char *delivery, const void *key,
                       size_t key_size, const void *value, size_t value_size)
{
    return has(e, digest_of_text(delivery), digest_of(key, key_size, value, value_size));
}

bool ended_lives_on(const struct ended *e, const char *delivery, const struct kafka_record *record,
                    const char *place)
{
    const struct forward wanted = {.delivery = digest_of_text(delivery),
                                   .content = content_of(record)};
    const struct forward *found = e->forward_count > 0
                                      ? bsearch(&wanted, e->forwards, e->forward_count,
                                                sizeof *e->forwards, by_what_it_forwards)
                                      : NULL;
    return found != NULL && found->place != digest_of_text(place);
}

/* ---- reading the topics ---- */

struct reading {
    struct ended *ended;
    struct codec *codec;
    int result;
};

static void on_result(void *user, const struct kafka_record *record)
{
    struct reading *r = user;
    struct codec_fault fault;
    uint8_t identity[IDENTITY_SIZE];
    if (r->result < 0 || record->value == NULL)
        return;
    if (codec_fetch(r->codec, record->value, record->value_size) < 0) {
        r->result = -EIO; /* what cannot be read would be published a second time */
        return;
    }
    json_t *json = codec_to_json(r->codec, record->value, record->value_size, &fault);
    const json_t *delivery = json_object_get(json, "delivery");
    const char *key = json_string_value(json_object_get(json, "key")),
               *topic = json_string_value(json_object_get(delivery, "topic"));
    if (key != NULL && topic != NULL &&
        digest_of_hex(json_string_value(json_object_get(json, "identity")), identity,
                      IDENTITY_SIZE)) {
        char place[DELIVERY_MAX];
        (void)snprintf(place, sizeof place, "%s/%lld/%lld", topic,
                       (long long)json_integer_value(json_object_get(delivery, "partition")),
                       (long long)json_integer_value(json_object_get(delivery, "offset")));
        ended_add(r->ended, place, key, identity);
    } else {
        r->ended->unreadable++;
    }
    json_decref(json);
}

static void on_dead_letter(void *user, const struct kafka_record *record)
{
    struct reading *r = user;
    char delivery[DELIVERY_MAX], key[500], hex[2 * IDENTITY_SIZE + 1];
    uint8_t identity[IDENTITY_SIZE];
    if (kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) == NULL)
        return;
    ended_add_bytes(r->ended, delivery, record->key, record->key_size, record->value,
                    record->value_size);
    if (kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, key, sizeof key) != NULL &&
        kafka_header_text(record, HEADER_FINGERPRINT, hex, sizeof hex) != NULL &&
        digest_of_hex(hex, identity, IDENTITY_SIZE))
        ended_add(r->ended, delivery, key, identity);
}

static void on_forward(void *user, const struct kafka_record *record)
{
    struct reading *r = user;
    char delivery[DELIVERY_MAX], place[DELIVERY_MAX];
    (void)snprintf(place, sizeof place, "%.150s/%d/%lld", record->topic, record->partition,
                   (long long)record->offset);
    if (kafka_header_text(record, HEADER_DELIVERY, delivery, sizeof delivery) != NULL)
        ended_add_forward(r->ended, delivery, record, place);
}

int ended_read(struct worker *w, struct ended **ret_ended, char ret_message[static KAFKA_TEXT_MAX])
{
    const int64_t began = clock_monotonic_ms();
    struct ended *e = ended_new();
    struct reading r = {.ended = e, .codec = w->codec};
    log_info(.message = "records may be redelivered; reading which deliveries have ended",
             .slot = w->host.slot);
    (void)snprintf(ret_message, KAFKA_TEXT_MAX, "cannot fetch a result's schema from the registry");
    int result = kafka_scan(w->host.config, w->stream->outputs.dlq, &w->host.give_up,
                            on_dead_letter, &r, ret_message);
    if (result == 0)
        result = kafka_scan(w->host.config, w->stream->outputs.written[OUTPUT_RESULTS],
                            &w->host.give_up, on_result, &r, ret_message);
    if (result == 0)
        result = r.result;
    for (size_t i = 0; i < w->stream->inputs.count && result == 0; i++)
        if (w->stream->inputs.list[i].role == TOPIC_RETRY)
            result = kafka_scan(w->host.config, w->stream->inputs.list[i].name, &w->host.give_up,
                                on_forward, &r, ret_message);
    if (result < 0) {
        ended_free(e);
        return result == -ECANCELED ? -EAGAIN : result;
    }
    ended_sort(e);
    if (e->unreadable > 0)
        log_warning(.message =
                        "unreadable results; their deliveries are processed again if redelivered",
                    .count = e->unreadable);
    log_info(.message = "ended deliveries loaded", .count = (int64_t)e->count,
             .ms = clock_monotonic_ms() - began, .slot = w->host.slot);
    ended_free(*ret_ended);
    *ret_ended = e;
    return 0;
}

/* ---- asking ---- */

bool ended_has(const struct partition *p, const struct kafka_record *raw,
               const struct ended_question *about)
{
    const struct ended *e = p->worker->stream->ended;
    if (e == NULL || raw->offset >= p->ground || mutant("ended"))
        return false;
    char place[DELIVERY_MAX];
    (void)snprintf(place, sizeof place, "%.150s/%d/%lld", raw->topic, raw->partition,
                   (long long)raw->offset);
    if (ended_lives_on(e, about->delivery, raw, place))
        return true;
    if (about->natural != NULL && ended_knows(e, about->delivery, about->natural, about->identity))
        return true;
    return ended_knows_bytes(e, about->delivery, raw->key, raw->key_size, raw->value,
                             raw->value_size);
}

void ended_watch(struct worker *w)
{
    bool is_needed = w->stream->ended == NULL || w->stream->assignment.is_pending;
    for (const struct partition *p = w->stream->partitions; p != NULL && !is_needed; p = p->next)
        is_needed = p->position < p->ground;
    if (is_needed)
        return;
    log_info(.message = "all possibly redelivered records have been passed", .slot = w->host.slot);
    ended_free(w->stream->ended);
    w->stream->ended = NULL;
}
