/* Sending dead letters again; see dlq_retry.h. */
#include "core/dlq_retry.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "core/audit.h"
#include "core/decision.h"
#include "core/letter_edits.h"
#include "core/retry_watch.h"
#include "core/spool.h"
#include "kafka/headers.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENDED = 1, CLOCKS_APART_MS = 5000 };

struct sent_letter {
    struct letter_case *letter;
    char natural[LETTER_KEY_MAX], delivery[DELIVERY_MAX];
    uint16_t edits; /* version of the overlay that it is sent with */
};

struct retrying {
    struct ops *ops;
    struct letter_book *book;
    const struct dlq_retry_options *options;
    struct dlq_retried *told;
    struct letter_case **letters; /* by flow, partition and offset */
    size_t count;
    const struct flow *flow;
    char retry_topic[TOPIC_NAME_MAX];

    struct edit_book edits;
    struct spool spool; /* the batch */
    struct sent_letter *batch;
    size_t batch_max;

    struct letter_case *first[RETRY_WATCH_MAX]; /* those that are waited for */
    size_t first_count;
    int64_t began_ms;
    enum ops_kind kind;
    struct ops_error *error;
};

/* ---- a batch ---- */

static int see_decision(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

static bool is_decided(const struct letter_case *letter)
{
    return letter->is_retried || letter->is_discarded;
}

static int add_decisions(const struct retrying *r, struct kafka_writer *writer,
                         struct kafka_words *message)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->spool.count; i++) {
        char place[LETTER_PLACE_MAX];
        dlq_place(r->batch[i].letter, place);
        const struct decision decision = {
            .kind = DECISION_RETRIED,
            .letter = place,
            .delivery = r->batch[i].delivery[0] != '\0' ? r->batch[i].delivery : place,
            .key = r->batch[i].natural,
            .who = r->options->who,
            .reason = r->options->reason,
            .assignee = "",
            .at_ms = clock_wall_ms()};
        rc = decision_add(writer, &decision, message);
    }
    return rc;
}

static int write_batch(const struct retrying *r, struct kafka_writer *writer,
                       struct kafka_words *message)
{
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(r->spool.bytes.data, r->spool.bytes.size, digest);
    const struct audit audit = {.who = r->options->who,
                                .action =
                                    r->options->action != NULL ? r->options->action : "dlq retry",
                                .reason = r->options->reason,
                                .topic = r->retry_topic,
                                .written = r->spool.count,
                                .digest = digest};
    int rc = kafka_writer_begin(writer, message->text);
    if (rc == 0)
        rc = spool_put(&r->spool, 0, r->spool.count, r->retry_topic, writer, message);
    if (rc == 0)
        rc = add_decisions(r, writer, message);
    if (rc == 0)
        rc = letter_edits_close(&r->edits, r->book, writer, message);
    if (rc == 0)
        rc = audit_add(writer, &audit, message);
    return rc == 0 ? kafka_writer_commit(writer, message->text) : rc;
}

/* As it was when it was chosen: with the pen in hand nobody else decides, and what somebody decided
 * meanwhile is seen. */
static bool is_as_chosen(const struct retrying *r)
{
    for (size_t i = 0; i < r->spool.count; i++) {
        const struct letter_case *c = r->batch[i].letter;
        if (c->is_discarded || (c->is_retried && c->state != LETTER_RETRIED) ||
            c->edits != r->batch[i].edits)
            return false;
    }
    return true;
}

static enum ops_kind send_with_pen(struct retrying *r, struct kafka_writer *writer)
{
    struct kafka_words message = {""};
    const enum ops_kind kind =
        decisions_read(r->ops, &r->book->decided_to, see_decision, r->book, r->error);
    if (kind != OPS_DONE)
        return kind;
    if (!is_as_chosen(r))
        return ops_fail(r->error, OPS_DATA, "run it again: they are left out then",
                        "somebody has decided about some of these letters meanwhile");
    const int rc = write_batch(r, writer, &message);
    (void)fail_point("dlq.retry.committed");
    return rc == 0 ? OPS_DONE : ops_fail_kafka(r->error, rc, &message);
}

static void count_batch(struct retrying *r)
{
    for (size_t i = 0; i < r->spool.count; i++) {
        struct letter_case *letter = r->batch[i].letter;
        letter->is_retried = true;
        letter->state = LETTER_RETRIED;
        if (r->told->sent < r->options->first && r->first_count < RETRY_WATCH_MAX)
            r->first[r->first_count++] = letter;
        r->told->sent++;
    }
}

static bool is_to_stop(const struct retrying *r)
{
    return r->options->stop != NULL && *r->options->stop != 0;
}

static bool is_over(const struct retrying *r)
{
    return r->told->is_stopped || is_to_stop(r);
}

/* The rate holds over the whole: each batch ends when as many could have gone one by one. */
static void keep_rate(const struct retrying *r, int64_t began_ms, size_t count)
{
    const int64_t until = began_ms + (int64_t)count * 1000 / r->options->rate;
    for (int64_t left; (left = until - clock_monotonic_ms()) > 0 && !is_to_stop(r);)
        (void)nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000},
                        NULL);
}

static enum ops_kind send_batch(struct retrying *r)
{
    struct kafka_writer *writer = NULL;
    const int64_t began_ms = clock_monotonic_ms();
    const size_t count = r->spool.count;
    if (count == 0)
        return OPS_DONE;
    enum ops_kind kind = decisions_pen(r->ops, r->spool.bytes.size, &writer, r->error);
    if (kind == OPS_DONE)
        kind = send_with_pen(r, writer);
    kafka_writer_free(writer);
    if (kind == OPS_DONE)
        count_batch(r);
    spool_clear(&r->spool);
    if (kind == OPS_DONE)
        keep_rate(r, began_ms, count);
    return kind;
}

/* ---- the first ---- */

static enum ops_kind wait_for_first(struct retrying *r)
{
    struct retry_watched watched;
    const enum ops_kind kind =
        retry_watch(r->ops, r->first, r->first_count, r->began_ms - CLOCKS_APART_MS,
                    r->options->wait_ms, r->options->stop, &watched, r->error);
    if (kind != OPS_DONE)
        return kind;
    r->told->first_settled = watched.settled;
    r->told->first_failed = watched.failed;
    r->told->first_unknown = watched.unknown;
    r->told->is_stopped = watched.failed > r->options->failures_max;
    return OPS_DONE;
}

/* How many the next batch may have. */
static size_t batch_room(const struct retrying *r)
{
    const int64_t left = r->options->first - r->told->sent;
    return left > 0 && (size_t)left < r->batch_max ? (size_t)left : r->batch_max;
}

static enum ops_kind send_full(struct retrying *r)
{
    enum ops_kind kind = send_batch(r);
    if (kind == OPS_DONE && r->options->first > 0 && r->told->sent == r->options->first)
        kind = wait_for_first(r);
    return kind;
}

/* ---- all ---- */

/* As it is, but for the edit: what it brought, or what a person has made of it since. */
static int gather_edited(struct retrying *r, const struct letter_edits *edits,
                         struct kafka_record *copy)
{
    struct kafka_header *headers = malloc((copy->header_count + 1) * sizeof *headers);
    char *overlay = NULL;
    size_t count = 0;
    int rc = headers != NULL ? letter_edits_text(edits, NULL, &overlay) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < copy->header_count; i++)
        if (strcmp(copy->headers[i].name, HEADER_OVERLAY) != 0)
            headers[count++] = copy->headers[i];
    if (rc == 0 && overlay != NULL)
        headers[count++] = (struct kafka_header){HEADER_OVERLAY, overlay, strlen(overlay)};
    copy->headers = headers;
    copy->header_count = count;
    if (rc == 0)
        rc = spool_add(&r->spool, copy);
    free(headers);
    free(overlay);
    return rc;
}

/* -ENODATA: it was edited, and nobody has the edit any more. */
static int gather(struct retrying *r, const struct letter_case *c,
                  const struct kafka_record *record)
{
    const struct letter_edits *edits = c->edits > 0 ? edit_book_find(&r->edits, c->delivery) : NULL;
    struct kafka_record copy = *record;
    copy.partition = -1;
    copy.timestamp_ms = 0;
    if (c->edits > 0 && (edits == NULL || edits->version != c->edits))
        return -ENODATA;
    return edits != NULL ? gather_edited(r, edits, &copy) : spool_add(&r->spool, &copy);
}

static int take(void *user, struct letter_case *c, const struct kafka_record *record)
{
    struct retrying *r = user;
    struct dead_letter letter;
    if (!dead_letter_read(record, &letter))
        return 0;
    if (is_decided(c) && c->state != LETTER_RETRIED) { /* by whoever chose: once more */
        r->told->decided++;
        return 0;
    }
    if (c->is_cut) {
        r->told->cut++;
        return 0;
    }
    struct sent_letter *sent = &r->batch[r->spool.count];
    const int rc = gather(r, c, record);
    if (rc == -ENODATA) {
        r->told->unknown++;
        return 0;
    }
    if (rc != 0) {
        r->kind = rc == -EMSGSIZE ? ops_fail(r->error, OPS_DATA, NULL,
                                             "a record of %s is too large to be sent", letter.topic)
                                  : ops_fail_memory(r->error);
        return ENDED;
    }
    *sent = (struct sent_letter){.letter = c, .edits = c->edits};
    memcpy(sent->natural, letter.natural, sizeof sent->natural);
    memcpy(sent->delivery, letter.delivery, sizeof sent->delivery);
    if (r->spool.count < batch_room(r))
        return 0;
    r->kind = send_full(r);
    return r->kind != OPS_DONE || is_over(r) ? ENDED : 0;
}

enum ops_kind dlq_retry_topic(struct ops *ops, const struct flow *flow,
                              char ret_topic[static TOPIC_NAME_MAX], struct ops_error *ret_error)
{
    struct flow_topics topics;
    const enum ops_kind kind =
        flow_topics_list(ops, flow, false, TOPIC_ROLE(TOPIC_RETRY), &topics, ret_error);
    if (kind == OPS_DONE && topics.count == 0)
        return ops_fail(ret_error, OPS_CONFIG, "set retry.delays", "%s has no retry topic",
                        flow->reads);
    if (kind == OPS_DONE) /* the first is the shortest wait */
        memcpy(ret_topic, topics.list[0].name, TOPIC_NAME_MAX);
    return kind;
}

static enum ops_kind retry_flow(struct retrying *r, struct letter_case *const letters[],
                                size_t count)
{
    int rc;
    r->flow = flows[letters[0]->flow];
    r->kind = dlq_retry_topic(r->ops, r->flow, r->retry_topic, r->error);
    if (r->kind != OPS_DONE)
        return r->kind;
    const struct dlq_retry_options *o = r->options;
    const enum ops_kind kind =
        o->source != NULL ? o->source(o->source_user, letters, count, take, r, &rc, r->error)
                          : dlq_reread(r->ops, letters, count, take, r, &rc, r->error);
    if (kind != OPS_DONE || r->kind != OPS_DONE || is_over(r))
        return kind != OPS_DONE ? kind : r->kind;
    for (size_t i = 0; i < count; i++)
        r->told->gone += !letters[i]->seen;
    return send_full(r);
}

static enum ops_kind retry_all(struct retrying *r)
{
    enum ops_kind kind = OPS_DONE;
    for (size_t begin = 0, count; begin < r->count && kind == OPS_DONE && !is_over(r);
         begin += count) {
        count = dlq_of_one_flow(r->letters + begin, r->count - begin);
        kind = retry_flow(r, r->letters + begin, count);
    }
    return kind;
}

enum ops_kind dlq_retry(struct ops *ops, struct letter_book *book, struct letter_case *letters[],
                        size_t count, const struct dlq_retry_options *options,
                        struct dlq_retried *ret_retried, struct ops_error *ret_error)
{
    struct retrying r = {.ops = ops,
                         .book = book,
                         .options = options,
                         .told = ret_retried,
                         .letters = letters,
                         .count = count,
                         .batch_max = options->rate < RETRY_BATCH_MAX ? (size_t)options->rate
                                                                      : RETRY_BATCH_MAX,
                         .began_ms = clock_wall_ms(),
                         .error = ret_error};
    *ret_retried = (struct dlq_retried){0};
    r.batch = calloc(RETRY_BATCH_MAX, sizeof *r.batch);
    if (r.batch == NULL)
        return ops_fail_memory(ret_error);
    dlq_sort(letters, count);
    spool_init(&r.spool);
    enum ops_kind kind = edit_book_read(ops, &r.edits, ret_error);
    if (kind == OPS_DONE)
        kind = retry_all(&r);
    edit_book_release(&r.edits);
    spool_release(&r.spool);
    free(r.batch);
    return kind;
}
