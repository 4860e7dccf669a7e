/* Gathering the report of refunds without a note; see refund_report.h. */
#include "core/refund_report.h"

#include "idempotency/key_view.h"
#include "order_flow.h"
#include "refund_flow.h"

#include <errno.h>
#include <stdlib.h>

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct reading {
    struct refund_report *report;
    struct refund_reader reader;
};

static int refund_take(void *user, const struct kafka_record *record)
{
    struct reading *r = user;
    struct refund_message message;
    enum topic_role role;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    int rc = refund_message_read(&r->reader, record, arena, &message);
    if (rc == 0)
        rc = refund_book_enter(&r->report->book, &message);
    else if (rc == -ENOENT) {
        r->report->unnamed +=
            flow_topic_role(&refund_flow, record->topic, &role) && role == TOPIC_DEAD_LETTERS;
        rc = 0;
    }
    arena_free(arena);
    return rc;
}

static enum ops_kind read_topics(struct ops *ops, int64_t since_ms, struct reading *r,
                                 struct ops_error *ret_error)
{
    const struct kafka_range range = {
        .from = KAFKA_FROM_TIME, .from_value = since_ms, .partition = -1};
    struct kafka_words message = {""};
    struct flow_topics topics;
    const enum ops_kind kind = flow_topics_list(
        ops, &refund_flow, false, TOPIC_ROLES_ALL & ~TOPIC_ROLE(TOPIC_LEDGER), &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, refund_take, r, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, "say --since",
                        "no memory for so many refunds (%d at most)", REFUND_BOOK_MAX);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

static bool is_open(const struct refund_standing *s)
{
    return s->place != REFUND_CREDITED && s->place != REFUND_SETTLED;
}

/* Only what is open by its topics is asked for. */
static void ask_redis(struct ops *ops, struct refund_report *report)
{
    struct redis_once *redis = NULL;
    struct ops_error error;
    struct key_view view;
    char message[300];
    for (size_t i = 0; i < report->row_count; i++) {
        struct refund_row *row = &report->rows[i];
        if (!is_open(&row->standing))
            continue;
        if (redis == NULL && ops_redis(ops, &redis, NULL, &error) != OPS_DONE) {
            (void)snprintf(report->redis_why_not, sizeof report->redis_why_not,
                           "Redis not queried: %.370s", error.text);
            return;
        }
        if (key_view_read(redis, config_text(ops_config(ops), CFG_redis_prefix),
                          row->refund->natural, &view, message) != 0) {
            (void)snprintf(report->redis_why_not, sizeof report->redis_why_not, "%s", message);
            ops_redis_close(ops);
            return;
        }
        refund_correct(&row->standing, view.state);
    }
}

/* A row for each refund of the book; those that are no one's turn go later. */
static int judge_all(struct refund_report *report)
{
    const size_t count = report->book.count;
    report->rows = calloc(count + 1, sizeof *report->rows);
    if (report->rows == NULL)
        return -ENOMEM;
    report->row_count = count;
    for (size_t i = 0; i < count; i++)
        report->rows[i] = (struct refund_row){.refund = report->book.cases[i],
                                              .standing = refund_judge(report->book.cases[i])};
    return 0;
}

enum ops_kind refund_report_make(struct ops *ops, const struct refund_report_options *options,
                                 struct refund_report *ret_report, struct ops_error *ret_error)
{
    struct reading reading = {.report = ret_report};
    const void *rules = NULL;
    *ret_report = (struct refund_report){.row_count = 0};
    enum ops_kind kind = ops_codec(ops, &reading.reader.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, &order_flow, &rules, ret_error);
    reading.reader.rules = rules;
    if (kind == OPS_DONE)
        kind = read_topics(ops, options->since_ms, &reading, ret_error);
    if (kind != OPS_DONE)
        return kind;
    if (judge_all(ret_report) != 0)
        return ops_fail_memory(ret_error);
    ask_redis(ops, ret_report);
    return refund_rows_make(rules, options, ret_report) == 0 ? OPS_DONE
                                                             : ops_fail_memory(ret_error);
}

void refund_report_release(struct refund_report *report)
{
    refund_book_release(&report->book);
    free(report->rows);
    free(report->sums);
    *report = (struct refund_report){.row_count = 0};
}
