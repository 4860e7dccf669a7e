/* The terminal messages of a record: result and ledger entry, dead letter, or a retry. Once built, the record needs neither its bytes nor
 * its arena. */
#include "runtime/settle.h"

#include <assert.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "runtime/headers.h"
#include "runtime/shadow.h"
#include "runtime/worker.h"

enum { MESSAGE_KEPT_BYTES = 64 * 1024 }; /* of the scratch buffer, from one message to the next */

/* ---- building a message that owns its memory ---- */

void outgoing_build(struct outgoing *out, const char *topic, struct redis_bytes key, struct redis_bytes value,
                    const struct kafka_header headers[], size_t count)
{
    size_t room = key.size + value.size + (count + 1) * sizeof(struct kafka_header);
    for (size_t i = 0; i < count; i++)
        room += strlen(headers[i].name) + 1 + headers[i].size;
    char *memory = malloc(room);
    if (memory == NULL)
        abort();
    struct kafka_header *copied = (struct kafka_header *)(void *)memory;
    char *at = memory + (count + 1) * sizeof *copied;
    for (size_t i = 0; i < count; i++) {
        const size_t name = strlen(headers[i].name) + 1;
        memcpy(at, headers[i].name, name);
        copied[i] = (struct kafka_header){at, headers[i].value != NULL ? at + name : NULL, headers[i].size};
        if (headers[i].size > 0 && headers[i].value != NULL)
            memcpy(at + name, headers[i].value, headers[i].size);
        at += name + headers[i].size;
    }
    struct kafka_message *m = &out->message;
    *m = (struct kafka_message){.topic = topic, .key_size = key.size, .value_size = value.size, .headers = copied, .header_count = count};
    if (key.data != NULL) {
        m->key = at;
        memcpy(at, key.data, key.size);
        at += key.size;
    }
    if (value.data != NULL) {
        m->value = at;
        memcpy(at, value.data, value.size);
    }
    out->memory = memory;
}

/* ---- settled ---- */

static void settled(struct record *r)
{
    struct worker *w = r->worker;
    if (r->active) {
        r->active = false;
        w->in_flight--;
    }
    w->unsettled--;
    wakes_cancel(&w->wakes, &r->wake);
    struct record *next = lanes_leave(&w->lanes, &r->lane);
    kafka_record_free(&r->raw);
    record_forget_texts(r);
    if (next != NULL)
        record_go(next, act_claim);
    (void)fail_point("settled");
    commit_soon(w);
}

static struct outgoing *next_out(struct record *r)
{
    assert(r->out_count < OUTGOING_MAX);
    return &r->out[r->out_count++];
}

/* ---- results ---- */

/* What was written into w->message goes to `topic`. */
static void keep_message(struct record *r, const char *topic)
{
    struct buf *value = &r->worker->message;
    outgoing_build(next_out(r), topic, (struct redis_bytes){r->key.kafka, strlen(r->key.kafka)},
                   (struct redis_bytes){value->data, value->size}, NULL, 0);
    if (value->room > MESSAGE_KEPT_BYTES)
        buf_release(value);
}

static bool write_result(struct record *r, const struct flow_settlement *s)
{
    struct worker *w = r->worker;
    buf_clear(&w->message);
    const bool is_written = w->flow->write_result(w->codec, s, r->event, r->arena, &w->message) == 0;
    if (is_written)
        keep_message(r, w->results_topic);
    return is_written;
}

static bool write_ledger(struct record *r, const struct flow_settlement *s)
{
    struct worker *w = r->worker;
    if (w->ledger_topic == NULL)
        return true;
    buf_clear(&w->message);
    const bool is_written = w->flow->write_ledger(w->codec, s, r->event, w->rules, r->arena, &w->message) == 0;
    if (is_written)
        keep_message(r, w->ledger_topic);
    return is_written;
}

/* The flow's own summary; behind it a shadow keeps what it found out. */
static struct redis_bytes summary_of(const struct record *r, struct flow_shadow *ret_shadow, bool *ret_sealed)
{
    struct redis_bytes summary = r->summary;
    *ret_sealed = r->worker->shadow && shadow_open(r->summary, &summary, ret_shadow);
    return summary;
}

/* `shadow` is room for what a shadow knows; it must live as long as the settlement. */
static struct flow_settlement settlement_of(const struct record *r, enum outcome outcome, struct flow_shadow *shadow)
{
    bool is_sealed;
    const struct redis_bytes summary = summary_of(r, shadow, &is_sealed);
    return (struct flow_settlement){
        .outcome = outcome,
        .key = &r->key,
        .identity = r->identity,
        .summary = summary.size > 0 ? summary.data : NULL,
        .summary_size = summary.size,
        .delivery = r->delivery,
        .source_topic = r->entry_topic,
        .source_partition = r->entry_partition,
        .source_offset = r->entry_offset,
        .received_ms = r->first_seen_ms,
        .posted_ms = r->worker->shadow ? 0 : r->posted_ms,
        .published_ms = clock_wall_ms(),
        .attempts = r->attempts + 1,
        .code = r->code,
        .detail = r->detail,
        .is_shadow = r->worker->shadow,
        .shadow = is_sealed ? shadow : NULL,
    };
}

/* A result that cannot be written (larger than its memory, a summary of another version) must not vanish: the record becomes a dead letter.
 */
static void publish(struct record *r, const struct flow_settlement *s, bool with_ledger)
{
    r->outcome = s->outcome;
    if (write_result(r, s) && (!with_ledger || write_ledger(r, s))) {
        settled(r);
        return;
    }
    for (size_t i = 0; i < r->out_count; i++)
        free(r->out[i].memory);
    r->out_count = 0;
    r->code = PF_E_defect;
    r->detail = "its result could not be written";
    act_dead_letter(r);
}

void act_publish_posted(struct record *r)
{
    struct worker *w = r->worker;
    if (r->summary.size == 0) { /* rebuilt after a loss, from the result that is committed already */
        act_publish_duplicate(r);
        return;
    }
    struct flow_shadow shadow;
    bool is_sealed;
    const struct redis_bytes summary = summary_of(r, &shadow, &is_sealed);
    const enum outcome outcome = w->flow->summary_outcome(summary.data, summary.size, r->codes, &r->code_count);
    r->code = r->code_count > 0 ? r->codes[0] : PF_OK;
    const struct flow_settlement s = settlement_of(r, outcome, &shadow);
    publish(r, &s, true);
}

void act_publish_duplicate(struct record *r)
{
    struct flow_shadow shadow;
    struct flow_settlement s = settlement_of(r, OUTCOME_DUPLICATE, &shadow);
    s.publisher = r->publisher;
    r->code = s.code = PF_OK;
    r->code_count = 0;
    publish(r, &s, false);
}

void act_publish_conflict(struct record *r)
{
    if (r->key.version != 0 && r->posted_version != 0 && r->key.version < r->posted_version) {
        struct flow_shadow shadow;
        struct flow_settlement s = settlement_of(r, OUTCOME_SUPERSEDED, &shadow);
        s.publisher = r->publisher;
        r->code = s.code = PF_OK;
        r->code_count = 0;
        publish(r, &s, false);
        return;
    }
    r->code = r->key.cancels ? PF_E_cancelled_after_posting : PF_E_conflict;
    act_dead_letter(r);
}

void act_publish_outcome(struct record *r)
{
    r->summary = (struct redis_bytes){NULL, 0};
    struct flow_shadow shadow;
    const struct flow_settlement s = settlement_of(r, r->outcome, &shadow);
    publish(r, &s, false);
}

/* ---- dead letters and retries: the original bytes, with our context in headers ---- */

struct header_list {
    struct kafka_header headers[KAFKA_HEADERS_MAX + 24];
    char numbers[16][32];
    size_t count, number_count;
};

static void add(struct header_list *list, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        list->headers[list->count++] = (struct kafka_header){name, text, strlen(text)};
}

static void add_number(struct header_list *list, const char *name, int64_t number)
{
    char *text = list->numbers[list->number_count++];
    (void)snprintf(text, sizeof list->numbers[0], "%lld", (long long)number);
    add(list, name, text);
}

/* The producer's own headers, without any of ours from an earlier failure. */
static void add_original(struct header_list *list, const struct record *r)
{
    for (size_t i = 0; i < r->raw.header_count; i++) {
        const char *name = r->raw.headers[i].name;
        const bool ours =
            strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0 || strncmp(name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0;
        if (!ours || strcmp(name, HEADER_REPLAY_ID) == 0)
            list->headers[list->count++] = r->raw.headers[i];
    }
}

static void add_lineage(struct header_list *list, const struct record *r)
{
    add(list, HEADER_DELIVERY, r->delivery);
    add(list, HEADER_PARENT, r->parent);
    add_number(list, HEADER_FIRST_SEEN, r->first_seen_ms);
    add_number(list, HEADER_ORIGINAL_TIMESTAMP, r->event_ms);
    if (r->replays > 0)
        add_number(list, HEADER_REPLAY_COUNT, r->replays);
}

static struct redis_bytes raw_key(const struct record *r)
{
    return (struct redis_bytes){r->raw.key, r->raw.key_size};
}

static struct redis_bytes raw_value(const struct record *r)
{
    return (struct redis_bytes){r->raw.value, r->raw.value_size};
}

/* The sentence for people: ours, and Prima's words behind it where there are any. */
static void message_of(const struct record *r, char text[static 700])
{
    const struct pf_error_info *info = pf_error_info(r->code);
    (void)snprintf(text, 700, "%s%s%s%s%s", info->meaning, r->detail != NULL ? " " : "", r->detail != NULL ? r->detail : "",
                   r->words[0] != '\0' ? " Prima says: " : "", r->words);
}

void act_dead_letter(struct record *r)
{
    struct worker *w = r->worker;
    const struct pf_error_info *info = pf_error_info(r->code);
    struct header_list list = {.count = 0};
    char message[700], fingerprint[2 * IDENTITY_SIZE + 1], at[CLOCK_TEXT_MAX], schema[24];
    const char *failed_at = kafka_header_text(&r->raw, HEADER_FIRST_FAILED_AT, at, sizeof at);
    message_of(r, message);
    add(&list, HEADER_DLQ_TOPIC, r->entry_topic);
    add_number(&list, HEADER_DLQ_PARTITION, r->entry_partition);
    add_number(&list, HEADER_DLQ_OFFSET, r->entry_offset);
    add(&list, HEADER_DLQ_GROUP, w->group);
    add_number(&list, HEADER_DLQ_DELIVERY_COUNT, r->attempts + 1);
    add(&list, HEADER_DLQ_MESSAGE, message);
    add(&list, HEADER_CODE, info->name);
    add(&list, HEADER_CLASS, pf_class_name(info->class));
    add(&list, HEADER_OWNER, pf_owner_name(info->owner));
    if (r->key.natural != NULL) {
        add(&list, HEADER_FINGERPRINT, digest_hex(r->identity, IDENTITY_SIZE, fingerprint));
        add(&list, HEADER_IDEMPOTENCY_KEY, r->key.natural);
    }
    add(&list, HEADER_SCHEMA_ID, codec_schema_id(r->raw.value, r->raw.value_size, schema));
    if (r->http_status != 0)
        add_number(&list, HEADER_HTTP_STATUS, r->http_status);
    add(&list, HEADER_FIRST_FAILED_AT, failed_at != NULL ? failed_at : clock_format(clock_wall_ms(), at));
    add_lineage(&list, r);
    add_original(&list, r); /* behind ours: who reads only so many headers reads ours */
    outgoing_build(next_out(r), w->dlq_topic, raw_key(r), raw_value(r), list.headers, list.count);
    log_info(.message = "dead letter", .code = info->name, .owner = pf_owner_name(info->owner), .key = r->key.natural,
             .topic = r->entry_topic, .partition = r->entry_partition + 1, .offset = r->entry_offset + 1);
    r->outcome = OUTCOME_COUNT;
    r->codes[0] = r->code;
    r->code_count = 1;
    settled(r);
}

/* An exception like those that are posted on hold, seen from the first time that it waits, and counted once. */
static void note_wait(struct record *r)
{
    const struct pf_error_info *info = pf_error_info(r->code);
    if (r->attempts > 0)
        return;
    log_info(.message = "waits, by policy", .code = info->name, .owner = pf_owner_name(info->owner), .key = r->key.natural,
             .topic = r->entry_topic, .partition = r->entry_partition + 1, .offset = r->entry_offset + 1);
    metrics_add(METRIC_exceptions, info->name, 1);
    r->worker->open_exceptions[info->owner]++;
}

void act_forward(struct record *r)
{
    struct worker *w = r->worker;
    if (r->waits_by_policy)
        note_wait(r);
    const size_t level = (size_t)r->attempts < w->retry_count ? (size_t)r->attempts : w->retry_count - 1;
    struct header_list list = {.count = 0};
    char fault[48];
    add_lineage(&list, r);
    add(&list, HEADER_IDEMPOTENCY_KEY, r->key.natural);
    add_number(&list, HEADER_ATTEMPTS, r->attempts + (r->is_deferred ? 0 : 1));
    if (r->unknown_since_ms > 0)
        add_number(&list, HEADER_UNKNOWN_SINCE, r->unknown_since_ms);
    if (r->faults > 0)
        add_number(&list, HEADER_FAULTS, r->faults);
    if (r->is_fault) {
        (void)snprintf(fault, sizeof fault, "%lld %d", (long long)(clock_wall_ms() - (clock_monotonic_ms() - r->fault_ms)),
                       r->fault_is_amid ? 1 : 0);
        add(&list, HEADER_FAULT_AT, fault);
    }
    if (r->resolve_first && !r->resolve_first_is_caution)
        add(&list, HEADER_RESOLVE_FIRST, "1");
    add(&list, HEADER_RETRY_REASON, r->is_deferred ? "deferred" : r->code != PF_OK ? pf_error_info(r->code)->name : "settle_deadline");
    add_original(&list, r);
    outgoing_build(next_out(r), w->retry_topics[level], raw_key(r), raw_value(r), list.headers, list.count);
    metrics_add(METRIC_retries, w->retry_topics[level], 1);
    r->outcome = OUTCOME_COUNT;
    r->code_count = 0;
    settled(r);
}

static void on_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_let_go(r) && !claim_is_over(r, keys_verdict(reply)))
        life_happens(r, r->is_too_old ? TOO_OLD : FORWARDED);
}

static void on_deferred(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("defer.after");
    if (!record_let_go(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    if (r->state == CLAIMED && !r->request_is_stored) {
        record_hold(r);
        keys_release(&r->worker->keys, &r->work, false, on_released, r);
    } else {
        life_happens(r, FORWARDED);
    }
}

/* Old age is the record's own only when the world let others through: what it spent waiting for Prima, Redis or a limit ends in no dead
 * letter. */
static bool is_too_old(const struct record *r)
{
    const struct worker *w = r->worker;
    return clock_wall_ms() - r->first_seen_ms > w->retry_max_age_ms && !r->request_is_stored && !r->waits_on_world && w->paused == 0 &&
           !w->breaker.is_open;
}

void act_retry(struct record *r)
{
    struct worker *w = r->worker;
    record_hold(r);
    r->is_too_old = is_too_old(r);
    if (r->is_too_old) {
        if (!r->waits_by_policy) /* else the reason that it waited for, whose owner could have ended it */
            r->code = PF_E_waited_too_long;
        keys_release(&w->keys, &r->work, true, on_released, r);
    } else if (r->waits_by_policy) { /* later events of the key may pass: one of them is what it waits for */
        keys_release(&w->keys, &r->work, true, on_released, r);
    } else {
        keys_defer(&w->keys, &r->work, w->deferral_life_ms, on_deferred, r);
    }
}

/* ---- the end ---- */

void act_forget(struct record *r)
{
    struct worker *w = r->worker;
    if (r->outcome != OUTCOME_COUNT)
        metrics_add(METRIC_records, outcome_name(r->outcome), 1);
    else if (r->code_count > 0)
        metrics_add(METRIC_records, "dead_letter", 1);
    for (size_t i = 0; i < r->code_count; i++) {
        const struct pf_error_info *info = pf_error_info(r->codes[i]);
        metrics_add(METRIC_exceptions, info->name, 1);
        w->open_exceptions[info->owner]++;
    }
    record_free(r);
}

void act_defect(struct record *r, enum life_event event)
{
    char detail[128];
    (void)snprintf(detail, sizeof detail, "%s, while %s", life_event_name(event), life_state_name(r->state));
    log_error(.message = "the life table has no such row", .detail = detail, .key = r->key.natural, .topic = r->entry_topic,
              .partition = r->entry_partition + 1, .offset = r->entry_offset + 1, .remedy = "report it");
#ifdef PF_FAILPOINTS
    abort();
#endif
    r->code = PF_E_defect;
    r->detail = "the life table has no such row";
    r->state = SETTLED;
    act_dead_letter(r);
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"posted",       "posted_on_hold",        "duplicate", "superseded", "cancelled_before_posting",
                                        "ignored_test", "ignored_before_cutover"};
    _Static_assert(sizeof names / sizeof *names == OUTCOME_COUNT, "a name for each outcome");
    return names[outcome];
}
