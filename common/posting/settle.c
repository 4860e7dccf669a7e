/* The end of a record, and the messages that carry its original bytes: dead letter and retry. Once
 * built, the record needs neither its bytes nor its arena. */
#include "posting/settle.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "posting/actions.h"
#include "posting/credit.h"
#include "posting/days_left.h"
#include "posting/findings.h"
#include "kafka/headers.h"
#include "posting/outgoing.h"
#include "posting/outputs.h"
#include "posting/permit_line.h"
#include "posting/surge_watch.h"
#include "posting/too_large.h"
#include "posting/verdict.h"
#include "posting/posting.h"

/* ---- settled ---- */

void record_settled(struct record *r)
{
    struct worker *w = r->worker;
    record_leave_flight(r);
    window_settled(&w->posting->window);
    findings_leave(r);
    permit_line_give_back(r);
    timers_cancel(&w->host.timers, &r->ready.timer);
    record_leave_lane(r);
    credit_settled(r);
    surge_settles(r);
    record_release_texts(r);
    kafka_record_free(&r->raw);
    (void)fail_point("settled");
    commit_soon(w);
}

/* ---- dead letters and retries: the original bytes, with our context in headers ---- */

enum { OUR_HEADERS_MAX = 32, USUAL_HEADERS = 48 };

struct header_list {
    struct kafka_header *headers, usual[USUAL_HEADERS];
    char numbers[16][32], failure[BLAME_TEXT_MAX];
    size_t count, number_count;
};

/* With room for all that came and all of ours. */
static void list_begin(struct header_list *list, const struct record *r)
{
    const size_t room = r->raw.header_count + OUR_HEADERS_MAX;
    list->count = list->number_count = 0;
    list->headers = room <= USUAL_HEADERS ? list->usual : malloc(room * sizeof *list->headers);
    if (list->headers == NULL)
        abort();
}

static void list_end(struct header_list *list)
{
    if (list->headers != list->usual)
        free(list->headers);
}

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
        const bool ours = strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0 ||
                          strncmp(name, HEADER_DLQ_PREFIX, strlen(HEADER_DLQ_PREFIX)) == 0;
        if (!ours || strcmp(name, HEADER_REPLAY_ID) == 0)
            list->headers[list->count++] = r->raw.headers[i];
    }
}

static void add_lineage(struct header_list *list, const struct record *r)
{
    add(list, HEADER_DELIVERY, r->lineage.delivery);
    add(list, HEADER_PARENT, r->lineage.parent);
    if (r->edit.size > 0)
        list->headers[list->count++] =
            (struct kafka_header){HEADER_OVERLAY, r->edit.text, r->edit.size};
    add(list, HEADER_REPLAY_OF, r->lineage.replay_of);
    add_number(list, HEADER_FIRST_SEEN, r->lineage.first_seen_ms);
    add_number(list, HEADER_ORIGINAL_TIMESTAMP, r->lineage.event_ms);
    if (r->lineage.replays > 0)
        add_number(list, HEADER_REPLAY_COUNT, r->lineage.replays);
}

static struct redis_bytes raw_key(const struct record *r)
{
    return (struct redis_bytes){r->raw.key, r->raw.key_size};
}

static struct redis_bytes raw_value(const struct record *r)
{
    return (struct redis_bytes){r->raw.value, r->raw.value_size};
}

static struct kafka_message raw_copy(const struct record *r, const char *topic,
                                     const struct header_list *list)
{
    return (struct kafka_message){.topic = topic,
                                  .key = r->raw.key,
                                  .value = r->raw.value,
                                  .key_size = r->raw.key_size,
                                  .value_size = r->raw.value_size,
                                  .headers = list->headers,
                                  .header_count = list->count};
}

/* The sentence for people: ours, and Prima's words behind it where there are any. */
static void message_of(const struct record *r, char text[static 700])
{
    const struct pf_error_info *info = pf_error_info(r->end.code);
    (void)snprintf(text, 700, "%s%s%s%s%s", info->meaning, r->end.detail != NULL ? " " : "",
                   r->end.detail != NULL ? r->end.detail : "",
                   r->heard.words[0] != '\0' ? " Prima's text: " : "", r->heard.words);
}

static void finish_letter(struct record *r)
{
    const struct pf_error_info *info = pf_error_info(r->end.code);
    log_info(.message = "dead letter", .code = info->name, .owner = pf_owner_name(info->owner),
             .key = r->key.natural, .topic = r->lineage.entry_topic,
             .partition = r->lineage.entry_partition + 1, .offset = r->lineage.entry_offset + 1);
    r->end.outcome = OUTCOME_COUNT;
    r->end.codes[0] = r->end.code;
    r->end.code_count = 1;
    record_settled(r);
}

/* The letter with all that the record brought, or, where that does not fit, a cut one. */
static void write_letter(struct record *r, const struct kafka_message *letter)
{
    if (too_large_fits(r->worker, letter)) {
        outgoing_build(outgoing_add(r), letter->topic, raw_key(r), raw_value(r), letter->headers,
                       letter->header_count);
        return;
    }
    const struct too_large here = {"dead letter", letter->topic, pf_error_info(r->end.code)->name,
                                   kafka_message_bytes(letter),
                                   sizes_limit(&r->worker->stream->sizes, letter->topic)};
    too_large_cut(r, letter, r->out.too_large != NULL ? r->out.too_large : &here, outgoing_add(r));
    r->end.code = PF_E_record_too_large;
}

/* What the flow publishes beside a dead letter of `code`, also where the letter itself was cut. The
 * letter goes, whatever becomes of that. */
static void publish_beside(struct record *r, enum pf_error code)
{
    struct flow_shadow shadow;
    if (r->event == NULL || r->key.natural == NULL) /* what it is about is not known */
        return;
    struct flow_settlement s = outputs_settlement(r, OUTCOME_COUNT, &shadow);
    s.is_dead_letter = true;
    if (!r->claim.request_is_stored && r->claim.origin != CLAIM_PARKED)
        s.summary = NULL; /* what would have been sent today says nothing of what was */
    s.code = code;
    const bool is_written = outputs_add(r, &s);
    if (is_written && too_large_first(r, 1) == r->out.count)
        return;
    outputs_drop(r, 1);
    log_error(.message = is_written ? "dead letter alone: what belongs to it is too large"
                                    : "dead letter alone: what belongs to it cannot be written",
              .code = pf_error_info(r->end.code)->name, .key = r->key.natural,
              .topic = r->lineage.entry_topic, .partition = r->lineage.entry_partition + 1,
              .offset = r->lineage.entry_offset + 1, .remedy = "report it with this line");
}

void act_dead_letter(struct record *r)
{
    struct worker *w = r->worker;
    const enum pf_error code = r->end.code;
    const struct pf_error_info *info = pf_error_info(code);
    struct header_list list;
    char message[700], fingerprint[2 * IDENTITY_SIZE + 1], goods[2 * GOODS_SIZE + 1],
        money[2 * MONEY_SIZE + 1], at[CLOCK_TEXT_MAX], schema[24];
    list_begin(&list, r);
    const char *failed_at = kafka_header_text(&r->raw, HEADER_FIRST_FAILED_AT, at, sizeof at);
    message_of(r, message);
    add(&list, HEADER_DLQ_TOPIC, r->lineage.entry_topic);
    add_number(&list, HEADER_DLQ_PARTITION, r->lineage.entry_partition);
    add_number(&list, HEADER_DLQ_OFFSET, r->lineage.entry_offset);
    add(&list, HEADER_DLQ_GROUP, w->stream->group);
    add_number(&list, HEADER_DLQ_DELIVERY_COUNT, r->lineage.attempts + 1);
    add(&list, HEADER_DLQ_MESSAGE, message);
    add(&list, HEADER_CODE, info->name);
    add(&list, HEADER_CLASS, pf_class_name(info->class));
    add(&list, HEADER_OWNER, pf_owner_name(info->owner));
    if (r->out.too_large != NULL)
        add(&list, HEADER_INSTEAD_OF, r->out.too_large->instead_of);
    if (r->key.natural != NULL) {
        add(&list, HEADER_FINGERPRINT, digest_hex(r->identity, IDENTITY_SIZE, fingerprint));
        add(&list, HEADER_GOODS, digest_hex(r->goods, GOODS_SIZE, goods));
        add(&list, HEADER_MONEY, digest_hex(r->money, MONEY_SIZE, money));
        add_number(&list, HEADER_SOURCE_VERSION, r->key.version);
        add(&list, HEADER_IDEMPOTENCY_KEY, r->key.natural);
    }
    add(&list, HEADER_SCHEMA_ID, codec_schema_id(r->raw.value, r->raw.value_size, schema));
    if (r->heard.http_status != 0)
        add_number(&list, HEADER_HTTP_STATUS, r->heard.http_status);
    add(&list, HEADER_FIRST_FAILED_AT,
        failed_at != NULL ? failed_at : clock_format(clock_wall_ms(), at));
    add_lineage(&list, r);
    add_original(&list, r); /* behind ours: who reads only so many headers reads ours */
    const struct kafka_message letter = raw_copy(r, w->stream->outputs.dlq, &list);
    write_letter(r, &letter);
    list_end(&list);
    publish_beside(r, code);
    if (info->class != PF_CLASS_CONFLICT) /* else its document is there */
        r->end.days = days_left_word(r);
    finish_letter(r);
}

static void count_exception(struct worker *w, const struct pf_error_info *info)
{
    metrics_add(METRIC_exceptions, info->name, 1);
    metrics_add(METRIC_owner_exceptions, pf_owner_name(info->owner), 1);
    w->posting->exceptions[info->owner]++;
}

/* An exception like those that are posted on hold, seen from the first time that it waits, and
 * counted once. */
static void note_wait(struct record *r)
{
    const struct pf_error_info *info = pf_error_info(r->end.code);
    if (r->lineage.attempts > 0)
        return;
    log_info(.message = "waiting by policy", .code = info->name,
             .owner = pf_owner_name(info->owner), .key = r->key.natural,
             .topic = r->lineage.entry_topic, .partition = r->lineage.entry_partition + 1,
             .offset = r->lineage.entry_offset + 1);
    if (info->severity != PF_SEVERITY_NONE) /* else nobody's work: an order that settles */
        count_exception(r->worker, info);
}

static const char *retry_reason(const struct record *r)
{
    return r->claim.is_deferred   ? "deferred"
           : r->end.code != PF_OK ? pf_error_info(r->end.code)->name
                                  : "settle_deadline";
}

static const char *retry_topic(const struct record *r)
{
    const struct worker *w = r->worker;
    return w->stream->outputs.retry[(size_t)r->lineage.attempts < w->stream->outputs.retry_count
                                        ? (size_t)r->lineage.attempts
                                        : w->stream->outputs.retry_count - 1];
}

static void add_retry(struct header_list *list, const struct record *r)
{
    add_lineage(list, r);
    add(list, HEADER_IDEMPOTENCY_KEY, r->key.natural);
    add_number(list, HEADER_ATTEMPTS, r->lineage.attempts + (r->claim.is_deferred ? 0 : 1));
    if (r->heard.unknown_since_ms > 0)
        add_number(list, HEADER_UNKNOWN_SINCE, r->heard.unknown_since_ms);
    if (r->heard.blame.faults > 0)
        add_number(list, HEADER_FAULTS, r->heard.blame.faults);
    if (r->heard.blame.unanswered > 0)
        add_number(list, HEADER_UNANSWERED, r->heard.blame.unanswered);
    add(list, HEADER_FAULT_AT, blame_write(r, clock_wall_ms(), list->failure));
    add(list, HEADER_PRIMA_TEXT, r->heard.words);
    /* the question travels: what Redis forgot does not come back meanwhile */
    if (record_may_be_forgotten(r))
        add(list, HEADER_RESOLVE_FIRST,
            r->lineage.resolve_first == RESOLVE_FIRST_IN_DOUBT ? HEADER_CAUTION
            : r->lineage.resolve_first == RESOLVE_FIRST_AFTER_LAST_LOSS
                ? r->worker->stream->control.incident
                : "1");
    if (r->claim.request_is_stored || r->lineage.was_sent)
        add(list, HEADER_SENT, "1");
    if (r->decision.waits_by_policy)
        add(list, HEADER_WAITS_BY_POLICY, "1");
    add(list, HEADER_RETRY_REASON, retry_reason(r));
    add_original(list, r);
}

void act_forward(struct record *r)
{
    if (r->decision.waits_by_policy)
        note_wait(r);
    struct header_list list;
    list_begin(&list, r);
    add_retry(&list, r);
    outgoing_build(outgoing_add(r), retry_topic(r), raw_key(r), raw_value(r), list.headers,
                   list.count);
    list_end(&list);
    metrics_add(METRIC_retries, retry_topic(r), 1);
    r->end.outcome = OUTCOME_COUNT;
    r->end.code_count = 0;
    r->end.days = days_left_word(r);
    record_settled(r);
}

static void on_released(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    if (record_unref(r) && !claim_is_over(r, keys_verdict(reply)))
        record_transition(r, r->end.is_too_old ? TOO_OLD : FORWARDED);
}

static void on_deferred(void *user, const struct redis_reply *reply)
{
    struct record *r = user;
    (void)fail_point("defer.after");
    if (!record_unref(r) || claim_is_over(r, keys_verdict(reply)))
        return;
    if (r->state == CLAIMED && !r->claim.request_is_stored) {
        record_ref(r);
        keys_release(&r->worker->keys, &r->work, false, on_released, r);
    } else {
        record_transition(r, FORWARDED);
    }
}

/* Old age is the record's own only when the world lets others through: what it spent waiting for
 * Prima, Redis or a limit ends in no dead letter (blame.h). */
static bool is_too_old(const struct record *r)
{
    const struct worker *w = r->worker;
    return clock_wall_ms() - r->lineage.first_seen_ms > w->posting->retry_max_age_ms &&
           !r->claim.request_is_stored && !r->claim.waits_on_world && w->host.pauses.bits == 0 &&
           !w->posting->breaker.is_open && blame_allows_old_age(r);
}

/* It does not fit into its retry topic, which is known before anything waits for it there. */
static bool must_end_here(struct record *r)
{
    struct header_list list;
    list_begin(&list, r);
    add_retry(&list, r);
    const struct kafka_message forward = raw_copy(r, retry_topic(r), &list);
    const bool fits = too_large_fits(r->worker, &forward);
    if (!fits)
        too_large_note(r, "retry", &forward, retry_reason(r));
    list_end(&list);
    return !fits;
}

void act_retry(struct record *r)
{
    struct worker *w = r->worker;
    const enum pf_error code =
        (r->claim.origin == CLAIM_PARKED) ? r->end.code : PF_E_outcome_unknown;
    r->end.is_too_old = is_too_old(r);
    const bool has_nowhere = !r->end.is_too_old && must_end_here(r);
    if (has_nowhere &&
        (r->claim.request_is_stored ||
         (r->claim.origin == CLAIM_PARKED))) { /* what became of it is not known: a person's turn */
        r->end.code = code;
        r->out.too_large = NULL;
        act_park(r);
        return;
    }
    record_ref(r);
    if (has_nowhere) {
        r->end.is_too_old = true;
        keys_release(&w->keys, &r->work, true, on_released, r);
    } else if (r->end.is_too_old) {
        if (!r->decision
                 .waits_by_policy) /* else the reason that it waited for, whose owner could have ended
                                    it */
            r->end.code = PF_E_waited_too_long;
        keys_release(&w->keys, &r->work, true, on_released, r);
    } else if (r->decision
                   .waits_by_policy) { /* later events of the key may pass: one of them is what it
                                        waits for */
        keys_wait(&w->keys, &r->work, w->times.deferral_life_ms, on_released, r);
    } else {
        keys_defer(&w->keys, &r->work, w->times.deferral_life_ms, on_deferred, r);
    }
}

/* ---- the end ---- */

void act_pass_over(struct record *r)
{
    metrics_add(METRIC_repeated, r->raw.topic, 1);
    r->end.outcome = OUTCOME_COUNT;
    r->end.code_count = 0;
    record_settled(r);
}

void act_forget(struct record *r)
{
    struct worker *w = r->worker;
    credit_committed(r);
    if (r->end.outcome != OUTCOME_COUNT)
        metrics_add(METRIC_records, outcome_name(r->end.outcome), 1);
    else if (r->end.code_count > 0)
        metrics_add(METRIC_records, "dead_letter", 1);
    for (size_t i = 0; i < r->end.code_count; i++) {
        const struct pf_error_info *info = pf_error_info(r->end.codes[i]);
        count_exception(w, info);
    }
    if (r->end.days != NULL)
        metrics_add(METRIC_note_days, r->end.days, 1);
    surge_ended(r);
    record_free(r);
}
