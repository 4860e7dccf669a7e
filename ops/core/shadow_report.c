/* Gathering the shadow report; see shadow_report.h. */
#include "core/shadow_report.h"

#include "core/events.h"
#include "core/flow_topics.h"
#include "core/prima_search.h"
#include "order_flow.h"
#include "order_key.h"
#include "domain/mappings/order_rules.h"
#include "kafka/headers.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_MAX = 4 * 1024 * 1024, DAY_MS = 86400000, COMPANIES_MAX = 64, HEADER_MAX = 500 };

struct reading {
    struct shadow_report *report;
    struct codec *codec;
    const struct order_rules *rules;
};

/* ---- what the shadow published ---- */

static int take_result(struct reading *r, const struct kafka_record *record, struct arena *arena)
{
    struct order_result result;
    struct codec_fault fault = {0};
    if (events_decode(r->codec, &order_result_record, record->value, record->value_size, arena,
                      &result, &fault) != 0) {
        r->report->unreadable++;
        return 0;
    }
    return book_enter_result(&r->report->book, &result);
}

/* The order's number follows from its key and today's channels.yaml; without a key (bytes that
 * nobody could read) there is no order. */
static int take_dead_letter(struct reading *r, const struct kafka_record *record,
                            struct arena *arena)
{
    char code[HEADER_MAX], natural[HEADER_MAX];
    struct order_key_parts parts;
    const char *name = kafka_header_text(record, HEADER_CODE, code, HEADER_MAX);
    const enum pf_error found = name != NULL ? pf_error_find(name) : PF_OK;
    const bool is_keyed =
        kafka_header_text(record, HEADER_IDEMPOTENCY_KEY, natural, HEADER_MAX) != NULL &&
        order_key_split(natural, arena, &parts) == 0;
    const struct channel_rules *channel =
        is_keyed ? rules_channel(r->rules, parts.channel, parts.store) : NULL;
    if (channel == NULL)
        return book_enter_dead_letter(&r->report->book, found, NULL, NULL, NULL, NULL);
    const char *number = arena_printf(arena, "%s%s", channel->prefix, parts.order_id);
    return number == NULL ? -ENOMEM
                          : book_enter_dead_letter(&r->report->book, found, natural, parts.company,
                                                   number, parts.order_id);
}

static int shadow_take(void *user, const struct kafka_record *record)
{
    struct reading *r = user;
    struct shadow_report *report = r->report;
    enum topic_role role;
    const bool is_dead =
        flow_topic_role(&order_flow, record->topic, &role) && role == TOPIC_DEAD_LETTERS;
    if (report->first_ms == 0 || record->timestamp_ms < report->first_ms)
        report->first_ms = record->timestamp_ms;
    if (record->timestamp_ms > report->last_ms)
        report->last_ms = record->timestamp_ms;
    if (!is_dead && record->value == NULL)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    const int rc = is_dead ? take_dead_letter(r, record, arena) : take_result(r, record, arena);
    arena_free(arena);
    return rc;
}

static enum ops_kind read_topics(struct ops *ops, int64_t since_ms, struct reading *r,
                                 struct ops_error *ret_error)
{
    const struct kafka_range range = {.from = since_ms > 0 ? KAFKA_FROM_TIME : KAFKA_FROM_BEGINNING,
                                      .from_value = since_ms,
                                      .partition = -1};
    struct kafka_words message = {""};
    struct flow_topics topics;
    const enum ops_kind kind = flow_topics_list(
        ops, &order_flow, true, TOPIC_ROLE(TOPIC_RESULTS) | TOPIC_ROLE(TOPIC_DEAD_LETTERS), &topics,
        ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = flow_topics_read(ops, &topics, &range, shadow_take, r, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_DATA, "say --since",
                        "more than %d orders: too many for one report", BOOK_ORDERS_MAX);
    if (rc == -ENOENT)
        return ops_fail(ret_error, OPS_DATA,
                        "the shadow's topics are made by: primaflow topics create --shadow", "%s",
                        message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- what Prima has ---- */

static void document_meet(void *user, const char *company, const struct prima_document *document)
{
    book_meet(user, company, document);
}

/* A day further than the orders' own: another integration may have dated an order on the other side
 * of midnight. */
static void day_from(const char *date, int64_t days, char text[static CLOCK_TEXT_MAX])
{
    int64_t ms;
    if (clock_parse(date, &ms) < 0)
        ms = 0;
    (void)clock_format(ms + days * DAY_MS, text);
    text[10] = '\0';
}

static size_t companies_of(const struct book *book, const char *companies[static COMPANIES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < book->order_count; i++) {
        size_t k = 0;
        while (k < count && strcmp(companies[k], book->orders[i]->company) != 0)
            k++;
        if (k == count && count < COMPANIES_MAX && book->orders[i]->would_post)
            companies[count++] = book->orders[i]->company;
    }
    return count;
}

/* True: compared; else ret_why says why not. */
static bool ask_prima(struct ops *ops, const struct shadow_report_options *o, struct book *book,
                      struct config_message *ret_why)
{
    const char *companies[COMPANIES_MAX];
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    const size_t count = companies_of(book, companies);
    day_from(book->date_from, -1, from);
    day_from(book->date_to, 1, to);
    (void)snprintf(ret_why->text, sizeof ret_why->text, "%s",
                   o->no_prima ? "--no-prima" : "nothing would be posted");
    if (o->no_prima || count == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (prima_search(ops_config(ops), companies[i], from, to, o->page_size, document_meet, book,
                         ret_why) != 0)
            return false;
    ret_why->text[0] = '\0';
    return true;
}

enum ops_kind shadow_report_make(struct ops *ops, const struct shadow_report_options *options,
                                 struct shadow_report *ret_report, struct ops_error *ret_error)
{
    struct reading reading = {.report = ret_report};
    const void *rules = NULL;
    *ret_report = (struct shadow_report){.list_max = options->list_max};
    book_init(&ret_report->book, options->list_max);
    enum ops_kind kind = ops_codec(ops, &reading.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, &order_flow, &rules, ret_error);
    reading.rules = rules;
    if (kind == OPS_DONE)
        kind = read_topics(ops, options->since_ms, &reading, ret_error);
    if (kind == OPS_DONE)
        ret_report->compared =
            ask_prima(ops, options, &ret_report->book, &ret_report->not_compared);
    return kind;
}

void shadow_report_release(struct shadow_report *report)
{
    book_release(&report->book);
}
