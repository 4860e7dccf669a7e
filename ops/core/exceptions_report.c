/* Exceptions by owner, and those whose bytes are about to go; see exceptions_report.h. */
#include "core/exceptions_report.h"

#include "base/clock.h"
#include "base/digest.h"
#include "core/audit.h"
#include "core/decision.h"
#include "core/dlq_reread.h"
#include "kafka/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 1000, FLOWS_MAX = 8, NEAR_PER_MILLE = 750, TOPICS_A_FLOW = 2 };

struct reporting {
    struct ops *ops;
    const struct exceptions_options *options;
    struct exceptions_report *told;
    struct letter_book book;
    int64_t
        retention_ms[FLOWS_MAX]
                    [TOPICS_A_FLOW]; /* of dead letters, of results; -1: for ever, or not known */
    /* a batch of what is remembered */
    struct kafka_writer *writer;
    struct kafka_words message;
};

/* ---- retention ---- */

struct retention_reading {
    struct reporting *r;
    struct {
        int flow, which;
    } of[FLOWS_MAX * TOPICS_A_FLOW];
};

static void see_setting(void *user, size_t topic, const char *name, const char *value)
{
    struct retention_reading *reading = user;
    char *end;
    if (strcmp(name, "retention.ms") != 0)
        return;
    const long long ms = strtoll(value, &end, 10);
    if (*end == '\0' && ms > 0)
        reading->r->retention_ms[reading->of[topic].flow][reading->of[topic].which] = ms;
}

static enum ops_kind read_retention(struct reporting *r, struct ops_error *ret_error)
{
    static const enum topic_role roles[TOPICS_A_FLOW] = {TOPIC_DEAD_LETTERS, TOPIC_RESULTS};
    struct retention_reading reading = {.r = r};
    struct flow_topics topics[FLOWS_MAX * TOPICS_A_FLOW];
    const char *names[FLOWS_MAX * TOPICS_A_FLOW];
    size_t count = 0;
    struct kafka_admin *admin;
    struct kafka_words message = {""};
    enum ops_kind kind = ops_kafka_admin(r->ops, &admin, ret_error);
    for (int f = 0; f < FLOWS_MAX && flows[f] != NULL; f++)
        for (int w = 0; w < TOPICS_A_FLOW && kind == OPS_DONE; w++) {
            r->retention_ms[f][w] = -1;
            kind = flow_topics_list(r->ops, flows[f], false, TOPIC_ROLE(roles[w]), &topics[count],
                                    ret_error);
            if (kind != OPS_DONE || topics[count].count == 0)
                continue;
            names[count] = topics[count].list[0].name;
            reading.of[count].flow = f;
            reading.of[count++].which = w;
        }
    if (kind != OPS_DONE)
        return kind;
    if (kafka_topics_settings(admin, names, count, see_setting, &reading, message.text) != 0)
        (void)snprintf(r->told->incomplete, sizeof r->told->incomplete,
                       "retention is not known: %.340s", message.text);
    return OPS_DONE;
}

/* ---- counting ---- */

static int64_t per_mille_of(const struct reporting *r, const struct letter_case *c)
{
    const int64_t retention = r->retention_ms[c->flow][c->is_held];
    const int64_t age = r->options->now_ms - c->at_ms;
    if (c->state == LETTER_EXPIRED)
        return 1000;
    if (retention <= 0 || age <= 0)
        return 0;
    return age >= retention ? 1000 : age / (retention / 1000 + 1);
}

static bool is_open(const struct letter_case *c)
{
    return c->state == LETTER_OPEN || c->state == LETTER_EXPIRED;
}

static bool is_near_end(const struct reporting *r, const struct letter_case *c)
{
    return c->state == LETTER_OPEN && !c->is_held && per_mille_of(r, c) >= NEAR_PER_MILLE;
}

static void count_all(struct reporting *r)
{
    for (size_t i = 0; i < r->book.count; i++) {
        const struct letter_case *c = letter_book_at(&r->book, i);
        struct exceptions_of_owner *o =
            &r->told->owners[pf_error_info((enum pf_error)c->code)->owner];
        const int64_t age = r->options->now_ms - c->at_ms, part = per_mille_of(r, c);
        if (!is_open(c))
            continue;
        o->count++;
        o->expired += c->state == LETTER_EXPIRED;
        r->told->near_end += is_near_end(r, c);
        if (age > o->oldest_ms)
            o->oldest_ms = age;
        if (part > o->oldest_per_mille)
            o->oldest_per_mille = part;
    }
}

/* ---- remembering ---- */

static int remember_one(void *user, struct letter_case *c, const struct kafka_record *record)
{
    struct reporting *r = user;
    struct dead_letter letter;
    char place[LETTER_PLACE_MAX], order[LETTER_KEY_MAX] = "";
    if (!dead_letter_read(record, &letter))
        return 0;
    dlq_place(c, place);
    if (record->key != NULL && record->key_size < sizeof order)
        memcpy(order, record->key, record->key_size);
    const struct decision decision = {.kind = DECISION_REMEMBERED,
                                      .letter = place,
                                      .delivery =
                                          letter.delivery[0] != '\0' ? letter.delivery : place,
                                      .key = letter.natural,
                                      .who = r->options->who,
                                      .reason = "three quarters of its retention are over",
                                      .assignee = "",
                                      .code = pf_error_info(letter.code)->name,
                                      .order = order,
                                      .version = letter.version,
                                      .letter_at_ms = c->at_ms,
                                      .currency = c->currency,
                                      .minor = c->minor,
                                      .at_ms = clock_wall_ms()};
    r->told->remembered++;
    return decision_add(r->writer, &decision, &r->message);
}

static int write_batch(struct reporting *r, struct letter_case *letters[], size_t count,
                       enum ops_kind *ret_kind, struct ops_error *ret_error)
{
    uint8_t digest[DIGEST_SIZE];
    digest_sha256("", 0, digest);
    int rc = kafka_writer_begin(r->writer, r->message.text), taken = 0;
    if (rc != 0)
        return rc;
    for (size_t i = 0, same; i < count && *ret_kind == OPS_DONE && taken == 0; i += same) {
        same = dlq_of_one_flow(letters + i, count - i);
        *ret_kind = dlq_reread(r->ops, letters + i, same, remember_one, r, &taken, ret_error);
    }
    const struct audit audit = {.who = r->options->who,
                                .action = "report exceptions",
                                .reason = "three quarters of their retention are over",
                                .topic = topic_ops_decisions,
                                .written = count,
                                .digest = digest};
    if (taken == 0 && *ret_kind == OPS_DONE)
        rc = audit_add(r->writer, &audit, &r->message);
    return taken != 0 ? taken : rc != 0 ? rc : kafka_writer_commit(r->writer, r->message.text);
}

static int see_decision(void *user, const struct decision *decision)
{
    return decision_apply(user, decision);
}

/* Those that are remembered already are left out, also by somebody who was quicker. */
static enum ops_kind remember_with_pen(struct reporting *r, struct ops_error *ret_error)
{
    struct letter_case *letters[BATCH_MAX];
    enum ops_kind kind =
        decisions_read(r->ops, &r->book.decided_to, see_decision, &r->book, ret_error);
    for (size_t i = 0; i < r->book.count && kind == OPS_DONE;) {
        size_t count = 0;
        for (; i < r->book.count && count < BATCH_MAX; i++) {
            struct letter_case *c = letter_book_at(&r->book, i);
            if (is_near_end(r, c) && !c->is_remembered)
                letters[count++] = c;
        }
        if (count == 0)
            break;
        dlq_sort(letters, count);
        const int rc = write_batch(r, letters, count, &kind, ret_error);
        if (kind == OPS_DONE && rc != 0)
            kind = ops_fail_kafka(ret_error, rc, &r->message);
    }
    return kind;
}

static enum ops_kind remember(struct reporting *r, struct ops_error *ret_error)
{
    bool is_needed = false;
    for (size_t i = 0; i < r->book.count && !is_needed; i++) {
        const struct letter_case *c = letter_book_at(&r->book, i);
        is_needed = is_near_end(r, c) && !c->is_remembered;
    }
    if (!is_needed)
        return OPS_DONE;
    enum ops_kind kind = decisions_pen(r->ops, BATCH_MAX * 1024, &r->writer, ret_error);
    if (kind == OPS_DONE)
        kind = remember_with_pen(r, ret_error);
    kafka_writer_free(r->writer);
    return kind;
}

enum ops_kind exceptions_report(struct ops *ops, const struct exceptions_options *options,
                                struct exceptions_report *ret_report, struct ops_error *ret_error)
{
    struct reporting r = {.ops = ops, .options = options, .told = ret_report};
    const struct dlq_options wanted = {
        .since_ms = options->since_ms, .amounts = true, .holds = true};
    *ret_report = (struct exceptions_report){.near_end = 0};
    enum ops_kind kind = dlq_read(ops, &wanted, &r.book, ret_report->incomplete, ret_error);
    if (kind == OPS_DONE)
        kind = read_retention(&r, ret_error);
    if (kind == OPS_DONE)
        count_all(&r);
    if (kind == OPS_DONE && options->who != NULL && ret_report->incomplete[0] == '\0')
        kind = remember(&r, ret_error);
    letter_book_release(&r.book);
    return kind;
}
