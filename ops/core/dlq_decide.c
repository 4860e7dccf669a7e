/* One decision, checked and written; see dlq_decide.h. */
#include "core/dlq_decide.h"

#include "base/clock.h"
#include "base/digest.h"
#include "core/audit.h"
#include "core/held.h"
#include "core/letter_edits.h"
#include "core/ledger_unposted.h"
#include "core/parked_discard.h"
#include "core/parked_write.h"
#include "domain/keys/key_parts.h"
#include "kafka/topics.h"
#include "order_flow.h"

#include <inttypes.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20 };

struct deciding {
    struct ops *ops;
    const struct dlq_decide_options *options;
    struct letter_book book;
    struct letter_case *letter;
    struct edit_book edits;
    struct dlq_decided *told;
    char place[LETTER_PLACE_MAX], order[LETTER_KEY_MAX]; /* the latter: its topic key */
    bool is_there;
};

static bool see_held(struct deciding *d, const struct kafka_record *record)
{
    struct letter_result result;
    struct codec *codec;
    struct ops_error ignored;
    struct arena *arena = arena_new(ARENA_MAX);
    const bool is_held = arena != NULL && ops_codec(d->ops, &codec, &ignored) == OPS_DONE &&
                         letter_result_read(codec, record, arena, &result) &&
                         held_read(record, &result, &d->told->letter);
    arena_free(arena);
    return is_held;
}

static int see_letter(void *user, const struct kafka_record *record)
{
    struct deciding *d = user;
    d->is_there = dead_letter_read(record, &d->told->letter) || see_held(d, record);
    (void)snprintf(d->order, sizeof d->order, "%.*s", (int)record->key_size,
                   record->key != NULL ? (const char *)record->key : "");
    return 0;
}

/* Its bytes have gone: what was remembered of it. */
static int see_remembered(void *user, const struct decision *decision)
{
    struct deciding *d = user;
    struct dead_letter letter;
    if (strcmp(decision->letter, d->place) != 0 || !decision_letter(decision, &letter))
        return 0;
    d->told->letter = letter;
    d->is_there = true;
    (void)snprintf(d->order, sizeof d->order, "%s", decision->order);
    return 0;
}

static int see_decision(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

static enum ops_kind find_letter(struct deciding *d, struct ops_error *ret_error)
{
    char incomplete[KAFKA_TEXT_MAX];
    enum topic_role role = TOPIC_DEAD_LETTERS;
    for (size_t i = 0; flows[i] != NULL; i++)
        if (flow_topic_role(flows[i], d->options->place.topic, &role))
            break;
    const struct dlq_options options = {.since_ms = d->options->since_ms,
                                        .holds = role == TOPIC_RESULTS};
    enum ops_kind kind = dlq_fetch(d->ops, &d->options->place, see_letter, d, ret_error);
    int64_t position = 0;
    if (kind == OPS_DONE && !d->is_there)
        kind = decisions_read(d->ops, &position, see_remembered, d, ret_error);
    if (kind == OPS_DONE && d->is_there)
        kind = dlq_read(d->ops, &options, &d->book, incomplete, ret_error);
    if (kind != OPS_DONE)
        return kind;
    if (incomplete[0] != '\0' && d->is_there)
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "%s", incomplete);
    d->letter = d->is_there ? letter_book_find_place(&d->book, &d->options->place) : NULL;
    return d->letter != NULL ? OPS_DONE
                             : ops_fail(ret_error, OPS_DATA,
                                        "primaflow dlq list --each shows those that there are; an "
                                        "older one needs --since",
                                        "there is no dead letter %s", d->place);
}

/* Of one that has ended there is nothing to decide. */
static enum ops_kind check(const struct deciding *d, struct ops_error *ret_error)
{
    if (d->letter->state != LETTER_OPEN && d->letter->state != LETTER_RETRIED &&
        d->letter->state != LETTER_EXPIRED)
        return ops_fail(ret_error, OPS_DATA, "see primaflow dlq show", "%s is %s already", d->place,
                        letter_state_name(d->letter->state));
    return OPS_DONE;
}

/* Its edits, and those of others that have ended. */
static int close_edits(const struct deciding *d, const char *delivery, struct kafka_writer *writer,
                       struct kafka_words *message)
{
    int rc = 0;
    if (edit_book_find(&d->edits, d->letter->delivery) != NULL)
        rc = letter_edits_add(writer, delivery, NULL, message);
    return rc == 0 ? letter_edits_close(&d->edits, &d->book, writer, message) : rc;
}

/* Its key stands still in Redis, and is to be ended with it. */
static bool ends_parked(const struct deciding *d)
{
    return d->options->kind == DECISION_DISCARDED && !d->told->letter.is_held &&
           parked_is_own(d->told->letter.code) && d->told->letter.natural[0] != '\0';
}

static enum ops_kind write_decision(const struct deciding *d, struct kafka_writer *writer,
                                    struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    const struct dlq_decide_options *o = d->options;
    const struct dead_letter *letter = &d->told->letter;
    char action[32];
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(d->place, strlen(d->place), digest);
    (void)snprintf(action, sizeof action, "dlq %s", decision_name(o->kind));
    const struct decision decision = {.kind = o->kind,
                                      .letter = d->place,
                                      .delivery =
                                          letter->delivery[0] != '\0' ? letter->delivery : d->place,
                                      .key = letter->natural,
                                      .who = o->who,
                                      .reason = o->reason,
                                      .assignee = o->assignee != NULL ? o->assignee : "",
                                      .until_ms = o->until_ms,
                                      .at_ms = clock_wall_ms()};
    const struct audit audit = {.who = o->who,
                                .action = action,
                                .reason = o->reason,
                                .topic = topic_ops_decisions,
                                .written = 1,
                                .digest = digest};
    int rc = kafka_writer_begin(writer, message.text);
    if (rc == 0)
        rc = decision_add(writer, &decision, &message);
    if (rc == 0 && o->kind == DECISION_DISCARDED)
        rc = close_edits(d, decision.delivery, writer, &message);
    if (rc == 0)
        rc = audit_add(writer, &audit, &message);
    if (rc == 0 && ends_parked(d)) {
        enum ops_kind kind =
            parked_discard_waiting(d->ops, &d->book, d->letter, &decision, writer, ret_error);
        if (kind == OPS_DONE)
            kind = parked_end_ledger(d->ops, letter, d->order, writer, ret_error);
        if (kind != OPS_DONE)
            return kind;
    }
    if (rc == 0)
        rc = kafka_writer_commit(writer, message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* Refunds of an order that nobody will post have nothing to credit, and need not wait for it. Before the
 * decision: a command that is killed between the two is run again, for the letter is open still. */
static enum ops_kind tell_ledger(const struct deciding *d, struct ops_error *ret_error)
{
    const struct dead_letter *letter = &d->told->letter;
    char *parts[5];
    bool written;
    if (d->options->kind != DECISION_DISCARDED || letter->flow != &order_flow || letter->is_held ||
        (pf_error_info(letter->code)->class != PF_CLASS_DEAD_LETTER && !ends_parked(d)))
        return OPS_DONE;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return ops_fail_memory(ret_error);
    enum ops_kind kind = OPS_DONE;
    if (key_split(letter->natural, arena, parts, 5) == 0) {
        const struct ledger_unposted_options unposted = {
            .order = key_of_topic(arena, parts[0], parts[2], parts[3], parts[4]),
            .who = d->options->who,
            .reason = d->options->reason};
        kind = unposted.order == NULL ? ops_fail_memory(ret_error)
                                      : ledger_unposted(d->ops, &unposted, &written, ret_error);
    }
    arena_free(arena);
    return kind;
}

/* With the pen in hand nobody else decides: what was decided since the book was read is looked at first. */
static enum ops_kind write_with_pen(struct deciding *d, struct ops_error *ret_error)
{
    struct kafka_writer *writer = NULL;
    enum ops_kind kind = decisions_pen(d->ops, 1, &writer, ret_error);
    if (kind != OPS_DONE)
        return kind;
    kind = decisions_read(d->ops, &d->book.decided_to, see_decision, &d->book, ret_error);
    if (kind == OPS_DONE && letter_book_judge(&d->book) != 0)
        kind = ops_fail_memory(ret_error);
    if (kind == OPS_DONE)
        kind = check(d, ret_error);
    if (kind == OPS_DONE && ends_parked(d))
        kind = parked_discard_key(d->ops, &d->told->letter, d->order, ret_error);
    if (kind == OPS_DONE)
        kind = write_decision(d, writer, ret_error);
    kafka_writer_free(writer);
    d->told->written = kind == OPS_DONE;
    return kind;
}

enum ops_kind dlq_decide(struct ops *ops, const struct dlq_decide_options *options,
                         struct dlq_decided *ret_decided, struct ops_error *ret_error)
{
    struct deciding d = {.ops = ops, .options = options, .told = ret_decided};
    *ret_decided = (struct dlq_decided){.written = false};
    (void)snprintf(d.place, sizeof d.place, "%s/%" PRId32 "/%" PRId64, options->place.topic,
                   options->place.partition, options->place.offset);
    enum ops_kind kind = find_letter(&d, ret_error);
    if (kind == OPS_DONE) {
        ret_decided->state = (enum letter_state)d.letter->state;
        kind = check(&d, ret_error);
    }
    if (kind == OPS_DONE && options->kind == DECISION_DISCARDED)
        kind = edit_book_read(ops, &d.edits, ret_error);
    if (kind == OPS_DONE && options->writes)
        kind = tell_ledger(&d, ret_error);
    if (kind == OPS_DONE && options->writes)
        kind = write_with_pen(&d, ret_error);
    letter_book_release(&d.book);
    edit_book_release(&d.edits);
    return kind;
}
