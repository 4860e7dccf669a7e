/* An order's refunds and what remains creditable of it; see why.h. Three sources know of a refund:
 * its topics, for as long as they are kept; the ledger, for as long as the order is; and Redis, while
 * it is under way. */
#include "core/why.h"

#include "core/ledger_pages.h"
#include "domain/keys/key_parts.h"
#include "idempotency/key_credit.h"
#include "kafka/topics.h"
#include "order_flow.h"
#include "refund_flow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MEMORY_MAX = 64 << 20, REFUNDS_MAX = 10000, MESSAGE_MAX = 16 << 20 };

struct crediting {
    struct ops *ops;
    const char *order;
    struct refund_reader reader;
    struct refund_book book;
    struct ledger_pages pages;
    struct ledger_standing ledger;
    int32_t partition; /* of the ledger */
    struct why_credit *credit;
};

/* ---- its topics ---- */

static int topics_take(void *user, const struct kafka_record *record)
{
    struct crediting *c = user;
    struct refund_message m;
    if (record->key == NULL || record->key_size != strlen(c->order) ||
        memcmp(record->key, c->order, record->key_size) != 0)
        return 0;
    struct arena *arena = arena_new(MESSAGE_MAX);
    if (arena == NULL)
        return -ENOMEM;
    int rc = refund_message_read(&c->reader, record, arena, &m);
    if (rc == 0)
        rc = refund_book_enter(&c->book, &m);
    arena_free(arena);
    return rc == -ENOENT ? 0 : rc;
}

static enum ops_kind topics_read(struct crediting *c, const struct why_options *options,
                                 struct ops_error *ret_error)
{
    const void *rules = NULL;
    struct flow_topics topics;
    struct kafka_words message = {""};
    const struct kafka_range range = {.from = KAFKA_FROM_TIME,
                                      .from_value = options->since_ms,
                                      .partition = -1,
                                      .partition_of_key =
                                          options->all_partitions ? NULL : c->order};
    enum ops_kind kind = ops_codec(c->ops, &c->reader.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(c->ops, &order_flow, &rules, ret_error);
    if (kind == OPS_DONE)
        kind = flow_topics_list(c->ops, &refund_flow, false,
                                TOPIC_ROLES_ALL & ~TOPIC_ROLE(TOPIC_LEDGER), &topics, ret_error);
    if (kind != OPS_DONE)
        return kind;
    c->reader.rules = rules;
    const int rc = flow_topics_read(c->ops, &topics, &range, topics_take, c, &message);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory for so many refunds");
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

/* ---- one refund, whoever tells of it ---- */

static const char *text_keep(const struct why_credit *credit, const char *text)
{
    return text != NULL ? arena_text(credit->memory, text, strlen(text)) : NULL;
}

static struct why_refund *refund_of(struct why_credit *credit, const char *natural)
{
    const char *id = strrchr(natural, '/');
    for (size_t i = 0; i < credit->refund_count; i++)
        if (strcmp(credit->refunds[i].natural, natural) == 0)
            return &credit->refunds[i];
    if (credit->refund_count == REFUNDS_MAX)
        return NULL;
    struct why_refund *refund = &credit->refunds[credit->refund_count];
    *refund = (struct why_refund){.natural = text_keep(credit, natural),
                                  .refund_id = text_keep(credit, id != NULL ? id + 1 : natural)};
    if (refund->natural == NULL || refund->refund_id == NULL)
        return NULL;
    credit->refund_count++;
    return refund;
}

static int refunds_of_topics(const struct crediting *c)
{
    for (size_t i = 0; i < c->book.count; i++) {
        struct refund_case *told = c->book.cases[i];
        struct why_refund *refund = refund_of(c->credit, told->natural);
        if (refund == NULL)
            return -ENOMEM;
        refund->is_told = true;
        refund->standing = refund_judge(told);
        refund->is_before_despatch = told->is_before_despatch;
        refund->document = text_keep(c->credit, told->document);
        if (!told->has_money)
            continue;
        refund->currency = text_keep(c->credit, told->money.currency);
        refund->minor = told->money.back_minor;
    }
    return 0;
}

/* What the ledger alone knows is told by its record. */
static struct refund_standing standing_of(const struct ledger_credit *record)
{
    static const struct refund_standing by_state[CREDIT_STATE_COUNT] = {
        [CREDIT_OPEN] = {.place = REFUND_PARKED, .outcome = OUTCOME_COUNT},
        [CREDIT_CREDITED] = {.place = REFUND_CREDITED, .outcome = OUTCOME_POSTED},
        [CREDIT_OWED] = {.place = REFUND_SETTLED, .outcome = OUTCOME_NO_MONEY},
        [CREDIT_UNPOSTED] = {.place = REFUND_SETTLED, .outcome = OUTCOME_NOTHING_TO_CREDIT},
    };
    struct refund_standing standing = by_state[record->state];
    standing.since_ms = record->at;
    return standing;
}

static int refunds_of_ledger(const struct crediting *c)
{
    for (size_t i = 0; i < c->ledger.group.record_count; i++) {
        const struct ledger_credit *record = &c->ledger.group.records[i];
        if (record->state == CREDIT_UNPOSTED)
            continue; /* of the order */
        struct why_refund *refund = refund_of(c->credit, record->key);
        if (refund == NULL)
            return -ENOMEM;
        refund->record = record;
        if (!refund->is_told)
            refund->standing = standing_of(record);
        if (refund->document == NULL)
            refund->document = record->document;
        if (record->currency[0] == '\0')
            continue;
        refund->currency = record->currency;
        refund->minor = record->amount_minor;
    }
    return 0;
}

/* Notes of an import, and of entries from before refunds had records of their own. */
static int refunds_of_entry(const struct crediting *c)
{
    const struct ledger_entry *e = c->ledger.group.entry;
    for (size_t i = 0; e != NULL && i < e->credits.count; i++) {
        const struct ledger_note *note = &e->credits.items[i];
        const char *natural = arena_printf(c->credit->memory, "%s/%s/%s/%s/%s", e->company,
                                           KEY_TYPE_REFUNDS, e->channel, e->store, note->refund_id);
        struct why_refund *refund = natural != NULL ? refund_of(c->credit, natural) : NULL;
        if (refund == NULL)
            return -ENOMEM;
        if (!refund->is_told && refund->record == NULL)
            refund->standing =
                (struct refund_standing){REFUND_CREDITED, PF_OK, OUTCOME_POSTED, note->posted_at};
        if (refund->document == NULL)
            refund->document = note->document;
        refund->currency = e->currency;
        refund->minor = note->amount_minor;
    }
    return 0;
}

/* ---- Redis ---- */

static int refunds_of_redis(const struct crediting *c, const struct redis_reply *reply)
{
    const struct keys_credit all = keys_credit(reply);
    c->credit->is_reserved_asked = true;
    c->credit->is_blocked = all.is_blocked;
    for (size_t i = 0; i < all.count; i++) {
        struct keys_credit_item item;
        struct ledger_credit takes;
        keys_credit_at(reply, i, &item);
        if (item.owed_by.size > 0) /* an edit whose record is on its way to the ledger */
            continue;
        const char *natural = arena_text(c->credit->memory, item.key.data, item.key.size);
        struct why_refund *refund = natural != NULL ? refund_of(c->credit, natural) : NULL;
        if (refund == NULL)
            return -ENOMEM;
        refund->reserved = item.number;
        if (!refund->is_told && refund->record == NULL)
            refund->standing.place = REFUND_UNREAD;
        const size_t size = overlay_seal_open(item.summary.data, item.summary.size, NULL);
        if (refund_flow.ledger->takes(item.summary.data, size, c->credit->memory, &takes) != 0)
            continue; /* of another version: that it is there counts */
        if (refund->record == NULL && takes.currency != NULL && takes.currency[0] != '\0') {
            refund->currency = takes.currency;
            refund->minor = takes.amount_minor;
        }
    }
    return 0;
}

/* What people have decided is in no topic of refunds. */
static void refunds_correct(const struct crediting *c, struct redis_once *redis)
{
    const char *prefix = config_text(ops_config(c->ops), CFG_redis_prefix);
    struct key_view view;
    for (size_t i = 0; i < c->credit->refund_count; i++) {
        struct why_refund *refund = &c->credit->refunds[i];
        if (refund->standing.place == REFUND_CREDITED || refund->standing.place == REFUND_SETTLED)
            continue;
        char message[300];
        if (key_view_read(redis, prefix, refund->natural, &view, message) != 0) {
            (void)snprintf(c->credit->why_not, sizeof c->credit->why_not, "%s", message);
            ops_redis_close(c->ops);
            return;
        }
        refund_correct(&refund->standing, view.state);
    }
}

static int redis_read(const struct crediting *c)
{
    struct redis_once *redis = NULL;
    struct redis_reply reply;
    struct ops_error error;
    char message[300] = "";
    const struct config *config = ops_config(c->ops);
    const struct credit_block asked = {.prefix = config_text(config, CFG_redis_prefix),
                                       .flow = refund_flow.name,
                                       .order = c->order,
                                       .partition = c->partition};
    if (ops_redis(c->ops, &redis, NULL, &error) != OPS_DONE) {
        (void)snprintf(c->credit->why_not, sizeof c->credit->why_not, "Redis not queried: %.370s",
                       error.text);
        return 0;
    }
    switch (keys_credit_show(redis, &asked, &reply, message)) {
    case VERDICT_KNOWN:
        if (refunds_of_redis(c, &reply) != 0)
            return -ENOMEM;
        refunds_correct(c, redis);
        return 0;
    case VERDICT_SUSPECT:
        if (keys_reply_bytes(&reply, 1).size ==
            0) /* no refunds worker has worked since it was lost */
            return 0;
        (void)snprintf(
            c->credit->why_not, sizeof c->credit->why_not,
            "Redis is being rebuilt for the refunds workers: what is reserved is not known");
        return 0;
    case VERDICT_UNREADABLE:
        (void)snprintf(c->credit->why_not, sizeof c->credit->why_not,
                       "Redis has a value of %.300s that this version cannot read", c->order);
        return 0;
    default:
        (void)snprintf(c->credit->why_not, sizeof c->credit->why_not, "%s", message);
        ops_redis_close(c->ops);
        return 0;
    }
}

/* ---- what remains ---- */

/* Of one refund the larger of what is reserved and what is open, once. */
static bool is_kept(const struct why_refund *refund)
{
    if (refund->record != NULL && refund->record->state != CREDIT_OPEN)
        return false;
    return refund->reserved != 0 || refund->record != NULL;
}

static void remains_add_up(const struct crediting *c)
{
    struct why_credit *credit = c->credit;
    const struct ledger_entry *e = c->ledger.fold.entry;
    struct exact exact = {0};
    credit->has_entry = e != NULL;
    credit->outcome = c->ledger.fold.is_unposted
                          ? (c->ledger.fold.outcome != NULL ? c->ledger.fold.outcome : "")
                          : NULL;
    credit->is_all_kept = c->ledger.fold.is_all_kept;
    if (e == NULL)
        return;
    credit->remains_minor = ledger_creditable(&exact, e);
    for (size_t i = 0; i < credit->refund_count; i++) {
        const struct why_refund *refund = &credit->refunds[i];
        if (refund->record != NULL && refund->record->state == CREDIT_OPEN && refund->record->all)
            credit->all_kept_for = refund->natural;
        if (is_kept(refund) && refund->currency != NULL &&
            strcmp(refund->currency, e->currency) == 0)
            credit->kept_minor = exact_add(&exact, credit->kept_minor, refund->minor);
    }
    if (c->ledger.fold.misfit != NULL && credit->all_kept_for == NULL)
        credit->all_kept_for = c->ledger.fold.misfit->key;
    credit->currency = exact.overflow ? NULL : e->currency;
}

/* ---- all of it ---- */

static int ledger_take(void *user, const struct kafka_record *record)
{
    struct crediting *c = user;
    const size_t before = c->pages.count;
    const int rc = ledger_pages_take(&c->pages, c->order, record);
    if (c->pages.count > before)
        c->partition = record->partition;
    return rc;
}

/* The whole partition: an order's entry may be older than what is asked for. */
static enum ops_kind ledger_read(struct crediting *c, struct ops_error *ret_error)
{
    const char *const topics[] = {topic_orders_ledger};
    const struct kafka_range range = {
        .from = KAFKA_FROM_BEGINNING, .partition = -1, .partition_of_key = c->order};
    struct kafka_words message = {""};
    c->credit->memory = arena_new(MEMORY_MAX);
    if (c->credit->memory == NULL)
        return ops_fail_memory(ret_error);
    const int rc = kafka_read(ops_config(c->ops), topics, 1, &range, ledger_take, c, message.text);
    if (rc == -ENOMEM && message.text[0] == '\0')
        return ops_fail_memory(ret_error);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    const enum ops_kind kind =
        ledger_pages_read(&c->pages, c->reader.codec, c->credit->memory, &c->ledger, ret_error);
    c->credit->is_read = kind == OPS_DONE && !c->ledger.is_broken;
    if (kind == OPS_DATA || c->ledger.is_broken) /* the rest is told */
        (void)snprintf(c->credit->why_not, sizeof c->credit->why_not, "%.399s",
                       kind == OPS_DATA ? ret_error->text
                                        : "the ledger's entry of the order does not add up");
    return kind == OPS_DATA ? OPS_DONE : kind;
}

static enum ops_kind refunds_put_together(struct crediting *c, struct ops_error *ret_error)
{
    c->credit->refunds = arena_alloc(c->credit->memory, REFUNDS_MAX * sizeof *c->credit->refunds);
    int rc = c->credit->refunds != NULL ? refunds_of_topics(c) : -ENOMEM;
    if (rc == 0 && c->credit->is_read)
        rc = refunds_of_ledger(c);
    if (rc == 0 && c->credit->is_read)
        rc = refunds_of_entry(c);
    if (rc == 0)
        rc = redis_read(c);
    if (rc != 0)
        return ops_fail(ret_error, OPS_UNAVAILABLE, NULL, "no memory for so many refunds");
    if (c->credit->is_read)
        remains_add_up(c);
    return OPS_DONE;
}

enum ops_kind why_credit_gather(struct ops *ops, const char *order, bool is_posted,
                                const struct why_options *options, struct why_credit *ret_credit,
                                struct ops_error *ret_error)
{
    struct crediting c = {.ops = ops, .order = order, .credit = ret_credit};
    enum ops_kind kind = topics_read(&c, options, ret_error);
    const bool asks = is_posted || c.book.count > 0;
    if (kind == OPS_DONE && asks)
        kind = ledger_read(&c, ret_error);
    if (kind == OPS_DONE && asks)
        kind = refunds_put_together(&c, ret_error);
    refund_book_release(&c.book);
    ledger_pages_release(&c.pages);
    return kind;
}

void why_credit_release(struct why_credit *credit)
{
    arena_free(credit->memory);
    *credit = (struct why_credit){.memory = NULL};
}
