/* Sending a replay; see replay_run.h. */
#include "core/replay_run.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "core/replay_copy.h"
#include "core/replay_ends.h"
#include "core/spool.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENDED = 1 };

/* ---- one transaction ---- */

static enum ops_kind fail_writing(const struct flow *flow, int rc,
                                  const struct kafka_words *message, struct ops_error *ret_error)
{
    char topic[160];
    if (rc != -EACCES)
        return ops_fail_kafka(ret_error, rc, message);
    return ops_fail(
        ret_error, OPS_UNAVAILABLE, NULL,
        "a replay takes WRITE on topic %s, WRITE on topic %s and WRITE on transactional "
        "id primaflow.cli.replay.*, of which one is refused: %.300s",
        replay_topic(flow, topic), topic_ops_audit, message->text);
}

static enum ops_kind pen_take(struct ops *ops, const struct flow *flow, const char *id,
                              struct kafka_writer **ret_pen, struct ops_error *ret_error)
{
    char name[80];
    struct kafka_words message = {""};
    (void)snprintf(name, sizeof name, "primaflow.cli.replay.%s", id);
    const int rc =
        kafka_writer_new_as(ops_config(ops), name, REPLAY_BATCH_BYTES, ret_pen, message.text);
    return rc == 0 ? OPS_DONE : fail_writing(flow, rc, &message, ret_error);
}

static int note_alone(struct kafka_writer *pen, const struct replay_entry *entry,
                      const struct replay_note *note, struct kafka_words *message)
{
    int rc = kafka_writer_begin(pen, message->text);
    if (rc == 0)
        rc = replay_log_add(pen, entry, note, message);
    return rc == 0 ? kafka_writer_commit(pen, message->text) : rc;
}

/* ---- beginning ---- */

static enum ops_kind topic_is_there(struct kafka_writer *pen, const struct flow *flow,
                                    struct ops_error *ret_error)
{
    char topic[160];
    int32_t partitions;
    struct kafka_words message = {""};
    const int rc =
        kafka_writer_partitions(pen, replay_topic(flow, topic), &partitions, message.text);
    if (rc == -ENOENT)
        return ops_fail(ret_error, OPS_CONFIG, "primaflow topics create", "there is no topic %s",
                        topic);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

enum ops_kind replay_begin(struct ops *ops, const struct replay_choice *choice,
                           const struct replay_wanted *wanted, char ret_id[static REPLAY_ID_MAX],
                           struct ops_error *ret_error)
{
    struct kafka_writer *pen = NULL;
    struct kafka_words message = {""};
    uint8_t random[4];
    char hex[9], day[CLOCK_TEXT_MAX];
    struct replay_entry entry = {
        .choice = *choice, .rate = wanted->rate, .resolve_first = wanted->resolve_first};
    const struct replay_note note = {
        .event = REPLAY_BEGUN, .who = wanted->who, .reason = wanted->reason};
    digest_random(random, sizeof random);
    (void)snprintf(entry.id, sizeof entry.id, "%.10s-%s", clock_format(clock_wall_ms(), day),
                   digest_hex(random, sizeof random, hex));
    enum ops_kind kind = pen_take(ops, choice->flow, entry.id, &pen, ret_error);
    if (kind == OPS_DONE)
        kind = topic_is_there(pen, choice->flow, ret_error);
    if (kind == OPS_DONE) {
        const int rc = note_alone(pen, &entry, &note, &message);
        kind = rc == 0 ? OPS_DONE : fail_writing(choice->flow, rc, &message, ret_error);
    }
    kafka_writer_free(pen);
    memcpy(ret_id, entry.id, REPLAY_ID_MAX);
    return kind;
}

/* ---- going on ---- */

struct replaying {
    struct ops *ops;
    const struct replay_going *going;
    struct replay_progress *told;
    const char *who;
    char topic[160];
    struct kafka_writer *pen;
    struct replay_book book;
    struct replay_entry *entry; /* in the book */
    struct replay_ends ends;
    struct replay_copier copier;
    struct spool spool; /* the batch */
    size_t batch_max;
    int64_t *before; /* the spans' next, as they are written down */
    int64_t rate, ttl_ms, times_max;
    enum ops_kind kind;
    struct ops_error *error;
};

static bool is_to_stop(const struct replaying *r)
{
    return r->going->stop != NULL && *r->going->stop != 0;
}

static void tell(struct replaying *r)
{
    const struct replay_entry *e = r->entry;
    struct replay_progress *t = r->told;
    t->sent = e->sent;
    t->left_out = e->left_out;
    t->left = 0;
    t->is_done = e->state == REPLAY_DONE;
    for (size_t i = 0; i < e->choice.span_count; i++)
        if (e->next[i] < e->choice.spans[i].until)
            t->left += e->choice.spans[i].until - e->next[i];
}

/* The rate holds over the whole: each batch ends when as many could have gone one by one. */
static void keep_rate(const struct replaying *r, int64_t began_ms, size_t count)
{
    const int64_t until = began_ms + (int64_t)count * 1000 / r->rate;
    for (int64_t left; (left = until - clock_monotonic_ms()) > 0 && !is_to_stop(r);)
        (void)nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000},
                        NULL);
}

static int write_batch(struct replaying *r, enum replay_event event, struct kafka_words *message)
{
    uint8_t digest[DIGEST_SIZE];
    const struct replay_note note = {.event = event,
                                     .who = r->who,
                                     .reason = r->entry->reason,
                                     .written = r->spool.count,
                                     .digest = digest,
                                     .before = r->before};
    digest_sha256(r->spool.bytes.data, r->spool.bytes.size, digest);
    int rc = kafka_writer_begin(r->pen, message->text);
    if (rc == 0)
        rc = spool_put(&r->spool, 0, r->spool.count, r->topic, r->pen, message);
    (void)fail_point("replay.added");
    if (rc == 0)
        rc = replay_log_add(r->pen, r->entry, &note, message);
    if (rc == 0)
        rc = kafka_writer_commit(r->pen, message->text);
    (void)fail_point("replay.committed");
    return rc;
}

/* What failed was aborted, or nobody knows: whether another one has taken the replay is in the log. */
static enum ops_kind say_why(struct replaying *r, int rc, const struct kafka_words *message)
{
    struct replay_book now = {.count = 0};
    struct ops_error ignored;
    const struct replay_entry *e = NULL;
    if (replay_book_read(r->ops, &now, &ignored) == OPS_DONE)
        e = replay_book_find(&now, r->entry->id);
    if (e != NULL && (e->state != REPLAY_OPEN || e->sent != r->entry->sent))
        (void)ops_fail(r->error, OPS_UNAVAILABLE, "see: primaflow replay status",
                       "another process has %s this replay meanwhile: %s",
                       e->state == REPLAY_CANCELLED ? "cancelled"
                       : e->state == REPLAY_DONE    ? "ended"
                                                    : "gone on with",
                       message->text);
    else
        (void)fail_writing(r->entry->choice.flow, rc, message, r->error);
    replay_book_release(&now);
    return r->error->kind;
}

static enum ops_kind send_batch(struct replaying *r, enum replay_event event)
{
    struct kafka_words message = {""};
    const struct replay_entry was = *r->entry;
    const int64_t began_ms = clock_monotonic_ms();
    const size_t count = r->spool.count;
    r->entry->sent += (int64_t)count;
    r->entry->state = event == REPLAY_ENDED ? REPLAY_DONE : REPLAY_OPEN;
    const int rc = write_batch(r, event, &message);
    if (rc != 0) {
        r->entry->sent = was.sent;
        r->entry->state = was.state;
        return say_why(r, rc, &message);
    }
    memcpy(r->before, r->entry->next, r->entry->choice.span_count * sizeof *r->before);
    spool_clear(&r->spool);
    tell(r);
    if (r->going->seen != NULL)
        r->going->seen(r->going->user, r->told);
    keep_rate(r, began_ms, count);
    return OPS_DONE;
}

/* ... or counts why not. -ENOMEM. */
static int add_copy(struct replaying *r, const struct kafka_record *record)
{
    struct kafka_record copy;
    const bool is_old = clock_wall_ms() - record->timestamp_ms > r->ttl_ms;
    const int64_t times = replay_book_times(&r->book, r->entry->id, record);
    if (is_old && !r->entry->resolve_first) {
        r->entry->left_out.old++;
        return 0;
    }
    if (times >= r->times_max) {
        r->entry->left_out.limited++;
        return 0;
    }
    const struct replay_mark mark = {
        .id = r->entry->id, .count = times + 1, .resolve_first = r->entry->resolve_first};
    int rc = replay_copy(&r->copier, record, &mark, &copy);
    if (rc == 0)
        rc = spool_add(&r->spool, &copy);
    if (rc == -EMSGSIZE) {
        r->entry->left_out.large++;
        rc = 0;
    }
    return rc;
}

static void move_next(struct replaying *r, const struct kafka_record *record)
{
    const struct replay_choice *c = &r->entry->choice;
    for (size_t i = 0; i < c->span_count; i++)
        if (c->spans[i].partition == record->partition)
            r->entry->next[i] = record->offset + 1;
}

static int replay_take(void *user, const struct kafka_record *record)
{
    struct replaying *r = user;
    const struct replay_choice *c = &r->entry->choice;
    if (replay_is_chosen(c, record) &&
        replay_ends_have(&r->ends, c, record->partition, record->offset) &&
        add_copy(r, record) != 0) {
        r->kind = ops_fail_memory(r->error);
        return ENDED;
    }
    move_next(r, record);
    if (r->spool.count < r->batch_max && r->spool.bytes.size < REPLAY_BATCH_BYTES)
        return is_to_stop(r) ? ENDED : 0;
    r->kind = send_batch(r, REPLAY_SENT);
    return r->kind != OPS_DONE || is_to_stop(r) ? ENDED : 0;
}

/* The spans that are left to be read. */
static enum ops_kind read_rest(struct replaying *r, struct kafka_span *rest)
{
    const struct replay_choice *c = &r->entry->choice;
    struct kafka_range range = {
        .until = KAFKA_UNTIL_WRITTEN, .partition = -1, .spans = rest, .stop = r->going->stop};
    struct kafka_words message = {""};
    for (size_t i = 0; i < c->span_count; i++)
        if (r->entry->next[i] < c->spans[i].until)
            rest[range.span_count++] =
                (struct kafka_span){c->spans[i].partition, r->entry->next[i], c->spans[i].until};
    const int rc = range.span_count == 0 ? 0
                                         : kafka_read(ops_config(r->ops), &c->flow->reads, 1,
                                                      &range, replay_take, r, message.text);
    if (rc != 0 && rc != ENDED)
        return ops_fail_kafka(r->error, rc, &message);
    if (r->kind != OPS_DONE)
        return r->kind;
    if (is_to_stop(r))
        return r->spool.count > 0 ? send_batch(r, REPLAY_SENT) : OPS_DONE;
    for (size_t i = 0; i < c->span_count; i++) /* behind transactions' markers, too */
        r->entry->next[i] = c->spans[i].until;
    return send_batch(r, REPLAY_ENDED);
}

/* What retention has taken since; and that the topic is still the one whose offsets were chosen. */
static enum ops_kind look_at_topic(struct replaying *r)
{
    const struct replay_choice *c = &r->entry->choice;
    const struct kafka_range all = {.until = KAFKA_UNTIL_WRITTEN, .partition = -1};
    struct kafka_words message = {""};
    struct kafka_span *now = NULL;
    size_t count = 0;
    const int rc =
        kafka_spans(ops_config(r->ops), c->flow->reads, &all, &now, &count, message.text);
    enum ops_kind kind = rc == 0 ? OPS_DONE : ops_fail_kafka(r->error, rc, &message);
    for (size_t i = 0; i < c->span_count && kind == OPS_DONE; i++) {
        size_t k = 0;
        while (k < count && now[k].partition != c->spans[i].partition)
            k++;
        if (k == count || now[k].until < c->spans[i].until)
            kind =
                ops_fail(r->error, OPS_DATA, "cancel this replay, and begin another",
                         "partition %d of %s ends before offset %lld: the topic was made anew",
                         (int)c->spans[i].partition, c->flow->reads, (long long)c->spans[i].until);
        else if (now[k].from > r->entry->next[i] && r->entry->next[i] < c->spans[i].until)
            r->told->gone += (now[k].from < c->spans[i].until ? now[k].from : c->spans[i].until) -
                             r->entry->next[i];
    }
    free(now);
    return kind;
}

static enum ops_kind find_open(struct ops *ops, struct replay_book *book, const char *id,
                               struct replay_entry **ret_entry, struct ops_error *ret_error)
{
    const enum ops_kind kind = replay_book_read(ops, book, ret_error);
    if (kind != OPS_DONE)
        return kind;
    struct replay_entry *e = replay_book_find(book, id);
    if (e == NULL)
        return ops_fail(ret_error, OPS_DATA, "see: primaflow replay status",
                        "there is no replay '%.40s'", id);
    if (e->state != REPLAY_OPEN)
        return ops_fail(ret_error, OPS_DATA, NULL, "replay %s is %s already", id,
                        e->state == REPLAY_DONE ? "done" : "cancelled");
    *ret_entry = e;
    return OPS_DONE;
}

/* With the pen in hand: nobody else moves it from here on. */
static enum ops_kind prepare(struct replaying *r, const char *id)
{
    const struct config *config = ops_config(r->ops);
    enum ops_kind kind = find_open(r->ops, &r->book, id, &r->entry, r->error);
    if (kind != OPS_DONE)
        return kind;
    r->before = calloc(r->entry->choice.span_count + 1, sizeof *r->before);
    if (r->before == NULL)
        return ops_fail_memory(r->error);
    memcpy(r->before, r->entry->next, r->entry->choice.span_count * sizeof *r->before);
    (void)replay_topic(r->entry->choice.flow, r->topic);
    r->rate = r->going->rate > 0 ? r->going->rate : r->entry->rate;
    r->batch_max = r->rate < REPLAY_BATCH_MAX ? (size_t)r->rate : REPLAY_BATCH_MAX;
    r->ttl_ms = config_int(config, CFG_idempotency_ttl);
    r->times_max = config_int(config, CFG_replay_max_count);
    if (replay_copier_init(&r->copier, config) != 0)
        return ops_fail(r->error, OPS_CONFIG, NULL,
                        "replay.drop_headers names more than %d headers", REPLAY_DROPS_MAX);
    tell(r);
    kind = look_at_topic(r);
    return kind == OPS_DONE
               ? replay_ends_read(r->ops, &r->entry->choice, r->going->stop, &r->ends, r->error)
               : kind;
}

enum ops_kind replay_go_on(struct ops *ops, const char *id, const char *who,
                           const struct replay_going *going, struct replay_progress *ret_progress,
                           struct ops_error *ret_error)
{
    struct replaying r = {
        .ops = ops, .going = going, .told = ret_progress, .who = who, .error = ret_error};
    struct kafka_span *rest = NULL;
    *ret_progress = (struct replay_progress){.sent = 0};
    spool_init(&r.spool);
    enum ops_kind kind =
        find_open(ops, &r.book, id, &r.entry, ret_error); /* before a pen is made */
    if (kind == OPS_DONE)
        kind = pen_take(ops, r.entry->choice.flow, id, &r.pen, ret_error);
    if (kind == OPS_DONE)
        kind = prepare(&r, id);
    if (kind == OPS_DONE) {
        rest = calloc(r.entry->choice.span_count + 1, sizeof *rest);
        kind = rest != NULL ? read_rest(&r, rest) : ops_fail_memory(ret_error);
    }
    free(rest);
    free(r.before);
    kafka_writer_free(r.pen);
    spool_release(&r.spool);
    replay_copier_release(&r.copier);
    replay_ends_release(&r.ends);
    replay_book_release(&r.book);
    return kind;
}

enum ops_kind replay_cancel(struct ops *ops, const char *id, const char *who, const char *reason,
                            struct ops_error *ret_error)
{
    struct kafka_writer *pen = NULL;
    struct kafka_words message = {""};
    struct replay_book book = {.count = 0};
    struct replay_entry *entry = NULL;
    const struct replay_note note = {.event = REPLAY_GIVEN_UP, .who = who, .reason = reason};
    enum ops_kind kind = find_open(ops, &book, id, &entry, ret_error);
    if (kind == OPS_DONE)
        kind = pen_take(ops, entry->choice.flow, id, &pen, ret_error);
    if (kind == OPS_DONE)
        kind = find_open(ops, &book, id, &entry, ret_error);
    if (kind == OPS_DONE) {
        const int rc = note_alone(pen, entry, &note, &message);
        kind = rc == 0 ? OPS_DONE : fail_writing(entry->choice.flow, rc, &message, ret_error);
    }
    kafka_writer_free(pen);
    replay_book_release(&book);
    return kind;
}
