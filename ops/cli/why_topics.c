/* What the topics tell of an order: events in, waiting, results, dead letters, ledger. */
#include "broker.h"
#include "events.h"
#include "why.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/money.h"
#include "events/order_event.h"
#include "events/order_result.h"
#include "runtime/headers.h"
#include "topic_table.h"

#include <errno.h>
#include <inttypes.h>

enum { ARENA_MAX = 16 * 1024 * 1024, EVENTS_MAX = 10000 };

struct gather {
    struct why_order *orders;
    size_t count;
    struct codec *codec;
};

static const char *header_get(const struct broker_record *record, const char *name, char text[static 200])
{
    text[0] = '\0';
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0 && record->headers[i].value != NULL)
            (void)snprintf(text, 200, "%.*s", (int)record->headers[i].size, (const char *)record->headers[i].value);
    return text;
}

static void content_write(const uint8_t identity[static CODEC_IDENTITY_SIZE], char text[static 9])
{
    (void)digest_hex(identity + 1, 4, text); /* behind the version byte */
}

/* As codec_decode; asks the registry first where that is needed. What it cannot say is the registry's fault, not the record's. */
static int decode(const struct gather *g, const struct bound_record *as, const struct broker_record *record, struct arena *arena,
                  void *ret_struct, struct codec_fault *ret_fault)
{
    int rc = codec_decode(g->codec, as, record->value, record->value_size, arena, ret_struct, ret_fault);
    if (rc != -EAGAIN)
        return rc;
    ret_fault->code = PF_E_registry_unavailable;
    return codec_fetch(g->codec, record->value, record->value_size) == 0
               ? codec_decode(g->codec, as, record->value, record->value_size, arena, ret_struct, ret_fault)
               : rc;
}

/* Kind, version, size and total: what tells two events of an order apart, and nobody's name. */
static void input_read(const struct gather *g, const struct broker_record *record, struct arena *arena, struct why_event *e)
{
    struct order_event event;
    struct codec_fault fault = {0};
    uint8_t identity[CODEC_IDENTITY_SIZE];
    char amount[MONEY_TEXT_MAX] = "?";
    if (record->value == NULL || decode(g, &order_event_record, record, arena, &event, &fault) != 0) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read: %s", record->value == NULL ? "no value" : pf_error_info(fault.code)->name);
        return;
    }
    codec_identity(g->codec, &order_event_record, &event, identity);
    content_write(identity, e->content);
    const struct currency *currency = currency_find(event.currency);
    if (currency != NULL)
        (void)money_format((struct money){event.totals.total.shop_minor, currency}, amount);
    (void)snprintf(e->text, sizeof e->text, "%s, version %" PRId64 ", %zu line%s, %s%s", order_kind_names[event.kind], event.source_version,
                   event.lines.count, event.lines.count == 1 ? "" : "s", amount, event.test ? ", a test" : "");
}

static void result_read(const struct gather *g, const struct broker_record *record, struct arena *arena, struct why_event *e)
{
    struct order_result r;
    struct codec_fault fault = {0};
    if (record->value == NULL || decode(g, &order_result_record, record, arena, &r, &fault) != 0) {
        (void)snprintf(e->text, sizeof e->text, "cannot be read: %s", pf_error_info(fault.code)->name);
        return;
    }
    (void)snprintf(e->outcome, sizeof e->outcome, "%s", order_outcome_names[r.outcome]);
    (void)snprintf(e->delivery, sizeof e->delivery, "%s/%" PRId32 "/%" PRId64, r.delivery.topic, r.delivery.partition, r.delivery.offset);
    (void)snprintf(e->content, sizeof e->content, "%.8s", strlen(r.identity) > 10 ? r.identity + 2 : "");
    e->code = pf_error_find(r.code);
    struct buf text;
    buf_init(&text, sizeof e->text);
    buf_text(&text, e->outcome);
    const char *const *codes = (const char *const *)(const void *)r.codes.items;
    for (size_t i = 0; i < r.codes.count; i++)
        buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", codes[i]);
    if (r.document != NULL)
        buf_printf(&text, "; document %s", r.document);
    if (r.publisher != NULL)
        buf_printf(&text, "; posted by %s/%" PRId32 "/%" PRId64, r.publisher->topic, r.publisher->partition, r.publisher->offset);
    if (r.narrative != NULL && r.narrative[0] != '\0')
        buf_printf(&text, "; %s", r.narrative);
    (void)snprintf(e->text, sizeof e->text, "%s", text.data);
    buf_release(&text);
}

static void dead_letter_read(const struct broker_record *record, struct why_event *e)
{
    char code[200], owner[200], delivery[200], count[200];
    const char *name = header_get(record, HEADER_CODE, code);
    e->code = pf_error_find(name);
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s", header_get(record, HEADER_DELIVERY, delivery));
    (void)snprintf(e->text, sizeof e->text, "dead letter: %s, owner %s%s%s", name[0] != '\0' ? name : "no code",
                   header_get(record, HEADER_OWNER, owner),
                   header_get(record, HEADER_REPLAY_COUNT, count)[0] != '\0' ? ", redriven or replayed before: " : "", count);
}

static void wait_read(const struct broker_record *record, struct why_event *e)
{
    char reason[200], attempts[200], delivery[200];
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s", header_get(record, HEADER_DELIVERY, delivery));
    const char *name = header_get(record, HEADER_RETRY_REASON, reason);
    e->code = pf_error_find(name);
    (void)snprintf(e->text, sizeof e->text, "waits: %s, attempt %s", name, header_get(record, HEADER_ATTEMPTS, attempts));
}

static int event_add(const struct gather *g, struct why_order *order, enum why_kind kind, const struct broker_record *record)
{
    if (order->event_count == EVENTS_MAX)
        return -ENOMEM;
    if (order->event_count % 64 == 0) {
        struct why_event *more = realloc(order->events, (order->event_count + 64) * sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        order->events = more;
    }
    struct why_event *e = &order->events[order->event_count++];
    *e = (struct why_event){.at_ms = record->timestamp_ms, .partition = record->partition, .offset = record->offset, .kind = kind};
    (void)snprintf(e->topic, sizeof e->topic, "%s", record->topic);
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    switch (kind) {
    case WHY_INPUT:
    case WHY_REPLAYED:
        (void)snprintf(e->delivery, sizeof e->delivery, "%s/%" PRId32 "/%" PRId64, e->topic, e->partition, e->offset);
        input_read(g, record, arena, e);
        break;
    case WHY_WAITS:
        wait_read(record, e);
        break;
    case WHY_RESULT:
        result_read(g, record, arena, e);
        break;
    case WHY_DEAD:
        dead_letter_read(record, e);
        break;
    default:
        (void)snprintf(e->text, sizeof e->text, "%s", record->value != NULL ? "what remains creditable" : "taken back");
    }
    arena_free(arena);
    return 0;
}

static enum why_kind kind_of(const char *topic)
{
    static const struct {
        const char *part;
        enum why_kind kind;
    } kinds[] = {{".dlq", WHY_DEAD}, {".retry.", WHY_WAITS}, {".replay", WHY_REPLAYED}, {".results", WHY_RESULT}, {".ledger", WHY_LEDGER}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(topic, kinds[i].part) != NULL)
            return kinds[i].kind;
    return WHY_INPUT;
}

static int record_take(void *user, const struct broker_record *record)
{
    const struct gather *g = user;
    for (size_t i = 0; record->key != NULL && i < g->count; i++)
        if (record->key_size == strlen(g->orders[i].id.kafka) && memcmp(record->key, g->orders[i].id.kafka, record->key_size) == 0)
            return event_add(g, &g->orders[i], kind_of(record->topic), record);
    return 0;
}

static int event_compare(const void *a_, const void *b_)
{
    const struct why_event *a = a_, *b = b_;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* orders.raw with what belongs to it, results, ledger. */
static size_t topics_list(const struct topic_wanted wanted[], size_t count, const char *names[])
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (strncmp(wanted[i].name, "orders.", 7) == 0 && strcmp(wanted[i].name, "orders.status") != 0)
            names[n++] = wanted[i].name;
    return n;
}

int why_topics(const struct cli *cli, struct codec *codec, struct why_order orders[], size_t count, int64_t since_ms, bool all_partitions)
{
    struct gather g = {.orders = orders, .count = count, .codec = codec};
    struct topic_wanted wanted[TOPICS_MAX];
    struct config_message wrong;
    struct broker_message message = {""};
    const char *names[TOPICS_MAX];
    size_t wanted_count = 0;
    const struct broker_range range = {
        .from = BROKER_FROM_TIME, .from_value = since_ms, .partition = -1, .partition_of_key = all_partitions ? NULL : orders[0].id.kafka};

    if (topic_table_expand(cli->config, &(struct topic_shape){.partitions = 1, .replicas = 1}, wanted, &wanted_count, &wrong) != 0)
        return cli_fail(CLI_CONFIG, "%s", wrong.text);
    int rc = broker_read(cli->config, names, topics_list(wanted, wanted_count, names), &range, record_take, &g, &message);
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "%s", message.text[0] != '\0' ? message.text : "no memory for so many events");
    for (size_t i = 0; i < count; i++)
        if (orders[i].event_count > 0)
            qsort(orders[i].events, orders[i].event_count, sizeof *orders[i].events, event_compare);
    return CLI_DONE;
}

void why_release(struct why_order *order)
{
    free(order->events);
    order->events = NULL;
    order->event_count = 0;
}
