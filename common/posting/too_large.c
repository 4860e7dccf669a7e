/* The letter that is cut; see too_large.h. */
#include "posting/too_large.h"

#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "kafka/headers.h"
#include "posting/outgoing.h"
#include "posting/outputs.h"
#include "posting/verdict.h"
#include "posting/posting.h"

#include <jansson.h>

enum {
    CUT_BYTES_MAX = 16 * 1024,
    KEY_KEPT_MAX = 1024,
    KEY_KEPT_BRIEF_MAX = 100,
    VALUE_KEPT_MAX = 400,
    HEADERS_ROOM = 28
};

bool too_large_fits(const struct worker *w, const struct kafka_message *message)
{
    const int64_t limit = sizes_limit(&w->stream->sizes, message->topic);
    return limit == INT64_MAX || mutant("too_large") ||
           (int64_t)kafka_message_bytes(message) <= limit;
}

size_t too_large_first(const struct record *r, size_t from)
{
    while (from < r->out.count && too_large_fits(r->worker, &r->out.list[from].message))
        from++;
    return from;
}

void too_large_say(const struct too_large *why, char text[static 300])
{
    if (why->limit >= 0)
        (void)snprintf(text, 300, "Its %s: %zu bytes, %s takes %lld.", why->what, why->bytes,
                       why->topic, (long long)why->limit);
    else
        (void)snprintf(text, 300, "Its %s: %zu bytes, refused by %s.", why->what, why->bytes,
                       why->topic);
}

/* ---- the original, known again ---- */

static bool is_ours(const char *name)
{
    return strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0 ||
           strncmp(name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0;
}

static void add_hash(json_t *original, const char *name, const uint8_t hash[DIGEST_SIZE])
{
    char hex[2 * DIGEST_SIZE + 1];
    (void)json_object_set_new(original, name, json_string(digest_hex(hash, DIGEST_SIZE, hex)));
}

static void add_bytes(json_t *original, const char *size_name, const char *hash_name,
                      const void *bytes, size_t size)
{
    uint8_t hash[DIGEST_SIZE];
    (void)json_object_set_new(original, size_name,
                              json_integer(bytes != NULL ? (json_int_t)size : -1));
    if (bytes == NULL) {
        (void)json_object_set_new(original, hash_name, json_string(""));
        return;
    }
    digest_sha256(bytes, size, hash);
    add_hash(original, hash_name, hash);
}

static void add_headers(json_t *original, const struct kafka_message *full)
{
    struct digest *digest = digest_new();
    uint8_t hash[DIGEST_SIZE];
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < full->header_count; i++) {
        const struct kafka_header *h = &full->headers[i];
        if (is_ours(h->name) && strcmp(h->name, HEADER_REPLAY_ID) != 0)
            continue;
        const uint32_t size = h->value != NULL ? (uint32_t)h->size : UINT32_MAX;
        const uint8_t big_endian[] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                      (uint8_t)(size >> 8), (uint8_t)size};
        digest_add(digest, h->name, strlen(h->name) + 1);
        digest_add(digest, big_endian, sizeof big_endian);
        if (h->value != NULL)
            digest_add(digest, h->value, h->size);
        count++;
        bytes += strlen(h->name) + h->size;
    }
    digest_end(digest, hash);
    (void)json_object_set_new(original, "header_count", json_integer((json_int_t)count));
    (void)json_object_set_new(original, "headers_size", json_integer((json_int_t)bytes));
    add_hash(original, "headers_sha256", hash);
}

static json_t *original_json(const struct record *r, const struct kafka_message *full,
                             bool has_original, bool is_brief)
{
    json_t *original =
        json_pack("{s:s, s:i, s:I}", "topic", r->lineage.entry_topic, "partition",
                  (int)r->lineage.entry_partition, "offset", (json_int_t)r->lineage.entry_offset);
    if (!is_brief)
        (void)json_object_set_new(original, "timestamp_ms",
                                  json_integer((json_int_t)r->lineage.event_ms));
    if (!has_original)
        return original;
    if (!is_brief)
        add_bytes(original, "key_size", "key_sha256", full->key, full->key_size);
    add_bytes(original, "value_size", "value_sha256", full->value, full->value_size);
    if (!is_brief)
        add_headers(original, full);
    return original;
}

static int append_json(const char *bytes, size_t size, void *out)
{
    buf_append(out, bytes, size);
    return ((struct buf *)out)->failed ? -1 : 0;
}

static void write_value(const struct record *r, const struct kafka_message *full,
                        const struct too_large *why, bool is_brief, struct buf *out)
{
    /* else `full` has no original */
    const bool has_original = outputs_what(r->worker, why->topic) == NULL;
    json_t *value = json_pack("{s:s}", "what", why->what);
    if (!is_brief) {
        (void)json_object_set_new(value, "instead_of", json_string(why->instead_of));
        (void)json_object_set_new(value, "topic", json_string(why->topic));
        (void)json_object_set_new(value, "bytes", json_integer((json_int_t)why->bytes));
        if (why->limit >= 0)
            (void)json_object_set_new(value, "limit", json_integer((json_int_t)why->limit));
    }
    (void)json_object_set_new(value, "original", original_json(r, full, has_original, is_brief));
    buf_clear(out);
    (void)json_dump_callback(value, append_json, out, 0);
    json_decref(value);
}

/* ---- the letter ---- */

struct cut {
    struct kafka_header headers[HEADERS_ROOM];
    size_t count;
    char numbers[4][24], message[500], delivery[DELIVERY_MAX], key[80];
};

static void add(struct cut *cut, const char *name, const void *value, size_t size)
{
    if (value != NULL && cut->count < HEADERS_ROOM)
        cut->headers[cut->count++] = (struct kafka_header){name, value, size};
}

static void add_text(struct cut *cut, const char *name, const char *text)
{
    add(cut, name, text, strlen(text));
}

static void add_number(struct cut *cut, size_t place, const char *name, int64_t number)
{
    (void)snprintf(cut->numbers[place], sizeof cut->numbers[place], "%lld", (long long)number);
    add_text(cut, name, cut->numbers[place]);
}

static const struct kafka_header *find(const struct kafka_message *m, const char *name)
{
    for (size_t i = m->header_count; i > 0; i--)
        if (strcmp(m->headers[i - 1].name, name) == 0 && m->headers[i - 1].value != NULL)
            return &m->headers[i - 1];
    return NULL;
}

/* From the full letter as it is, where it is of a size that ours have. */
static void keep(struct cut *cut, const struct kafka_message *full, const char *const names[],
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct kafka_header *h = find(full, names[i]);
        if (h != NULL && h->size <= VALUE_KEPT_MAX)
            add(cut, names[i], h->value, h->size);
    }
}

static void write_brief_headers(struct cut *cut, const struct record *r,
                                const struct kafka_message *full, const struct too_large *why)
{
    static const char *const kept[] = {HEADER_IDEMPOTENCY_KEY, HEADER_FINGERPRINT};
    const struct pf_error_info *info = pf_error_info(PF_E_record_too_large);
    const struct kafka_header *delivery = find(full, HEADER_DELIVERY);
    if (delivery != NULL)
        (void)snprintf(cut->delivery, sizeof cut->delivery, "%.*s", (int)delivery->size,
                       (const char *)delivery->value);
    else
        (void)snprintf(cut->delivery, sizeof cut->delivery, "%s/%d/%lld", r->lineage.entry_topic,
                       (int)r->lineage.entry_partition, (long long)r->lineage.entry_offset);
    add_text(cut, HEADER_CODE, info->name);
    add_text(cut, HEADER_CLASS, pf_class_name(info->class));
    add_text(cut, HEADER_OWNER, pf_owner_name(info->owner));
    if (why->instead_of[0] != '\0')
        add_text(cut, HEADER_INSTEAD_OF, why->instead_of);
    add_text(cut, HEADER_DELIVERY, cut->delivery);
    keep(cut, full, kept, sizeof kept / sizeof *kept);
}

static void write_other_headers(struct cut *cut, const struct record *r,
                                const struct kafka_message *full, const struct too_large *why)
{
    static const char *const kept[] = {HEADER_DLQ_DELIVERY_COUNT,
                                       HEADER_SCHEMA_ID,
                                       HEADER_HTTP_STATUS,
                                       HEADER_FIRST_FAILED_AT,
                                       HEADER_PARENT,
                                       HEADER_FIRST_SEEN,
                                       HEADER_REPLAY_ID,
                                       HEADER_REPLAY_COUNT,
                                       HEADER_REPLAY_OF,
                                       "traceparent"};
    char said[300];
    too_large_say(why, said);
    (void)snprintf(cut->message, sizeof cut->message, "%s %s",
                   pf_error_info(PF_E_record_too_large)->meaning, said);
    add_text(cut, HEADER_DLQ_TOPIC, r->lineage.entry_topic);
    add_number(cut, 0, HEADER_DLQ_PARTITION, r->lineage.entry_partition);
    add_number(cut, 1, HEADER_DLQ_OFFSET, r->lineage.entry_offset);
    add_number(cut, 2, HEADER_ORIGINAL_TIMESTAMP, r->lineage.event_ms);
    add_text(cut, HEADER_DLQ_GROUP, r->worker->stream->group);
    add_text(cut, HEADER_DLQ_MESSAGE, cut->message);
    keep(cut, full, kept, sizeof kept / sizeof *kept);
}

static struct redis_bytes key_of(const struct kafka_message *full, size_t most,
                                 char text[static 80])
{
    uint8_t hash[DIGEST_SIZE];
    if (full->key == NULL || full->key_size <= most)
        return (struct redis_bytes){full->key, full->key_size};
    digest_sha256(full->key, full->key_size, hash);
    memcpy(text, "sha256:", 7); /* NOLINT(bugprone-not-null-terminated-result): the digits follow */
    (void)digest_hex(hash, sizeof hash, text + 7);
    return (struct redis_bytes){text, strlen(text)};
}

void too_large_cut(struct record *r, const struct kafka_message *full, const struct too_large *why,
                   struct outgoing *ret_out)
{
    const struct worker *w = r->worker;
    struct buf value;
    buf_init(&value, CUT_BYTES_MAX);
    for (int is_brief = 0; is_brief < 2; is_brief++) {
        struct cut cut = {.count = 0};
        write_value(r, full, why, is_brief, &value);
        write_brief_headers(&cut, r, full, why);
        if (!is_brief)
            write_other_headers(&cut, r, full, why);
        const struct redis_bytes key =
            key_of(full, is_brief ? KEY_KEPT_BRIEF_MAX : KEY_KEPT_MAX, cut.key);
        outgoing_build(ret_out, w->stream->outputs.dlq, key,
                       (struct redis_bytes){value.data, value.size}, cut.headers, cut.count);
        if (is_brief || too_large_fits(w, &ret_out->message))
            break;
        free(ret_out->memory);
    }
    buf_release(&value);
    r->out.is_cut = true;
}

/* ---- once it has settled ---- */

static void on_mark_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (!record_unref(r))
        return;
    const enum verdict verdict = keys_verdict(reply);
    if (verdict == VERDICT_SUSPECT || verdict == VERDICT_SLOT_LOST)
        (void)claim_is_over(r, verdict);
    commit_soon(r->worker);
}

/* It does not go to its retry topic: nothing of its key waits for it there. */
static void release_mark(struct record *r, const struct kafka_message *forward)
{
    const struct kafka_header *key = find(forward, HEADER_IDEMPOTENCY_KEY),
                              *delivery = find(forward, HEADER_DELIVERY);
    char *natural = key != NULL ? strndup(key->value, key->size) : NULL,
         *place = delivery != NULL ? strndup(delivery->value, delivery->size) : NULL;
    if (natural != NULL && place != NULL) {
        struct key_work work = r->work;
        work.natural = natural;
        work.delivery = place;
        record_ref(r);
        keys_release(&r->worker->keys, &work, true, on_mark_released, r);
    }
    free(natural);
    free(place);
}

static struct too_large reason_of(const struct record *r, const struct kafka_message *m,
                                  bool is_refused, char code[static 64])
{
    const struct worker *w = r->worker;
    const char *what = outputs_what(w, m->topic);
    const bool is_letter = m->topic == w->stream->outputs.dlq;
    const struct kafka_header *before = is_letter ? find(m, HEADER_INSTEAD_OF) : NULL,
                              *header = before != NULL ? before
                                                       : find(m, is_letter ? HEADER_CODE
                                                                           : HEADER_RETRY_REASON);
    (void)snprintf(code, 64, "%.*s", header != NULL ? (int)header->size : 0,
                   header != NULL ? (const char *)header->value : "");
    return (struct too_large){
        .what = is_letter      ? "dead letter"
                : what != NULL ? what
                               : "retry",
        .topic = m->topic,
        .instead_of = what != NULL ? outcome_name(r->end.outcome) : code,
        .bytes = kafka_message_bytes(m),
        .limit = is_refused ? -1 : sizes_limit(&w->stream->sizes, m->topic),
    };
}

void too_large_note(struct record *r, const char *what, const struct kafka_message *m,
                    const char *instead_of)
{
    struct too_large *why = arena_alloc(r->arena, sizeof *why);
    char text[300];
    r->end.code = PF_E_record_too_large;
    r->end.detail = NULL;
    r->out.too_large = why;
    if (why == NULL)
        return;
    *why = (struct too_large){what, m->topic, instead_of, kafka_message_bytes(m),
                              sizes_limit(&r->worker->stream->sizes, m->topic)};
    too_large_say(why, text);
    r->end.detail = arena_text(r->arena, text, strlen(text));
}

/* Beside a dead letter, which is kept as it is. */
static void drop_beside(struct record *r, const struct kafka_message *m)
{
    log_error(.message = "dead letter alone: what belongs to it is too large",
              .code = pf_error_info(r->end.code)->name, .topic = m->topic,
              .remedy = "raise the topic's max.message.bytes");
    outputs_drop(r, 1);
}

bool too_large_replace(struct record *r, size_t message, bool is_refused)
{
    struct outgoing letter;
    char code[64];
    if (r->out.is_cut)
        return false;
    const struct kafka_message *m = &r->out.list[message].message;
    if (message > 0 && r->out.list[0].message.topic == r->worker->stream->outputs.dlq) {
        drop_beside(r, m);
        return true;
    }
    const struct too_large why = reason_of(r, m, is_refused, code);
    if (m->topic != r->worker->stream->outputs.dlq && strcmp(why.what, "retry") == 0)
        release_mark(r, m);
    too_large_cut(r, m, &why, &letter);
    outgoing_clear(r);
    *outgoing_add(r) = letter;
    r->end.outcome = OUTCOME_COUNT;
    r->end.codes[0] = r->end.code = PF_E_record_too_large;
    r->end.code_count = 1;
    log_info(.message = "dead letter", .code = pf_error_info(r->end.code)->name,
             .owner = pf_owner_name(pf_error_info(r->end.code)->owner),
             .topic = r->lineage.entry_topic, .partition = r->lineage.entry_partition + 1,
             .offset = r->lineage.entry_offset + 1);
    return true;
}
