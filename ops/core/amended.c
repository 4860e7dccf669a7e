/* A version that Prima's document holds by a person's word; see amended.h. */
#include "core/amended.h"

#include "core/amended_block.h"
#include "core/audit.h"
#include "core/events.h"
#include "core/why.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "base/money.h"
#include "domain/events/ledger_entry.h"
#include "domain/events/order_event.h"
#include "kafka/topics.h"
#include "order_flow.h"
#include "order_write.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { ARENA_MAX = 16 << 20, MESSAGE_MAX = 4 << 20 };

static const char amended_id[] = "primaflow.cli.amended";

/* The order, the version, and what becomes of both. */
struct amending {
    struct ops *ops;
    const struct amended_options *options;
    struct codec *codec;
    const void *rules;
    struct arena *arena;
    struct why_id id;
    struct order_event event; /* the version */
    bool is_found;
    char delivery[160];
    uint8_t digest[DIGEST_SIZE];
    struct flow_key key;
    uint8_t identity[IDENTITY_SIZE], goods[GOODS_SIZE], money[MONEY_SIZE];
    struct ledger_pages pages;         /* what the ledger has */
    struct ledger_standing standing;   /* ... read */
    const struct ledger_entry *former; /* its entry; NULL: none */
    int32_t partition;                 /* of the ledger; -1: it has nothing of the order */
    int64_t behind;                    /* the last of its messages */
    struct amended_block block;
    bool may_be_written; /* its transaction was told to commit */
    struct buf ledger;
};

/* Of those that the id may mean, the one that is posted. */
static enum ops_kind amending_find_key(struct amending *a, struct ops_error *ret_error)
{
    struct why_id ids[WHY_ORDERS_MAX];
    struct key_view view;
    struct redis_once *redis;
    char message[300];
    size_t count, posted = 0;
    enum ops_kind kind = why_ids(a->ops, a->options->id, ids, &count, ret_error);
    if (kind == OPS_DONE)
        kind = ops_redis(a->ops, &redis, NULL, ret_error);
    for (size_t i = 0; kind == OPS_DONE && i < count; i++) {
        if (key_view_read(redis, config_text(ops_config(a->ops), CFG_redis_prefix), ids[i].natural,
                          &view, message) != 0)
            return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "%s", message);
        if (view.state == 'p' && posted++ == 0)
            a->id = ids[i];
    }
    if (kind != OPS_DONE || posted == 1)
        return kind;
    return posted == 0
               ? ops_fail(ret_error, OPS_USAGE, "see primaflow why for what became of it",
                          "%s is no order that is posted", a->options->id)
               : ops_fail(ret_error, OPS_USAGE, "give its key: company/orders/channel/store/id",
                          "%s means %zu posted orders", a->options->id, posted);
}

/* ---- the version's event ---- */

/* The last one of this version, as the fleet takes it. */
static int amending_see_event(void *user, const struct kafka_record *record)
{
    struct amending *a = user;
    struct order_event event;
    struct codec_fault fault = {0};
    const size_t key_size = strlen(a->id.kafka);
    if (record->key == NULL || record->value == NULL || record->key_size != key_size ||
        memcmp(record->key, a->id.kafka, key_size) != 0)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    if (arena == NULL)
        return -ENOMEM;
    if (events_decode(a->codec, &order_event_record, record->value, record->value_size, arena,
                      &event, &fault) != 0 ||
        event.source_version != a->options->version || event.kind == ORDER_CANCELLED) {
        arena_free(arena);
        return 0;
    }
    if (a->arena != NULL)
        arena_free(a->arena);
    a->arena = arena;
    a->event = event;
    a->is_found = true;
    digest_sha256(record->value, record->value_size, a->digest);
    (void)snprintf(a->delivery, sizeof a->delivery, "%s/%" PRId32 "/%" PRId64, record->topic,
                   record->partition, record->offset);
    return 0;
}

static enum ops_kind amending_find_event(struct amending *a, struct ops_error *ret_error)
{
    const char *const topics[] = {order_flow.reads};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .until = KAFKA_UNTIL_END,
                                      .partition = -1,
                                      .partition_of_key = a->id.kafka};
    struct kafka_words message = {""};
    const int rc =
        kafka_read(ops_config(a->ops), topics, 1, &range, amending_see_event, a, message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    if (!a->is_found)
        return ops_fail(ret_error, OPS_DATA,
                        "see primaflow why for its versions; an event that has left the topic is "
                        "sent again by its channel",
                        "%s has no event of version %" PRId64 " in %s", a->id.natural,
                        a->options->version, order_flow.reads);
    const char *detail = NULL;
    const enum pf_error code = order_flow.key(&a->event, a->rules, a->arena, &a->key, &detail);
    if (code != PF_OK)
        return ops_fail(ret_error, OPS_CONFIG, NULL, "%s: %s", pf_error_info(code)->name,
                        detail != NULL ? detail : pf_error_info(code)->meaning);
    struct flow_money money;
    order_flow.money(&a->event, &money);
    flow_money_digest(&money, a->money);
    codec_identity(a->codec, &order_event_record, &a->event, a->identity);
    codec_goods(a->codec, &order_event_record, &a->event, a->goods);
    return OPS_DONE;
}

/* ---- the ledger ---- */

static int amending_see_ledger(void *user, const struct kafka_record *record)
{
    struct amending *a = user;
    const int64_t before = a->pages.read;
    const int rc = ledger_pages_take(&a->pages, a->id.kafka, record);
    if (rc == 0 && a->pages.read > before) {
        a->partition = record->partition;
        a->behind = record->offset + 1;
    }
    return rc;
}

static enum ops_kind amending_read_ledger(struct amending *a, struct ops_error *ret_error)
{
    const char *const topics[] = {order_flow.outputs[ORDER_LEDGER].name};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1,
                                      .partition_of_key = a->id.kafka};
    struct kafka_words message = {""};
    ledger_pages_release(&a->pages);
    a->pages = (struct ledger_pages){.count = 0};
    a->partition = -1;
    const int rc =
        kafka_read(ops_config(a->ops), topics, 1, &range, amending_see_ledger, a, message.text);
    return rc == 0                   ? OPS_DONE
           : message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                     : ops_fail_kafka(ret_error, rc, &message);
}

/* What the ledger has; where it is to be written, as it is once nobody reserves any more. */
static enum ops_kind amending_find_former(struct amending *a, struct ops_error *ret_error)
{
    enum ops_kind kind = amending_read_ledger(a, ret_error);
    if (kind == OPS_DONE && a->options->writes && a->partition >= 0) {
        a->block.order = a->id.kafka;
        a->block.partition = a->partition;
        kind = amended_block_begin(a->ops, a->arena, &a->block, ret_error);
        if (kind == OPS_DONE)
            kind = amending_read_ledger(a, ret_error);
    }
    if (kind != OPS_DONE)
        return kind;
    kind = ledger_pages_read(&a->pages, a->codec, a->arena, &a->standing, ret_error);
    if (kind == OPS_DONE)
        a->former = a->standing.group.entry;
    return kind;
}

/* Products and account are those that a person entered: nothing is asked. */
static void amending_look(void *user, struct fact *fact)
{
    const struct amending *a = user;
    fact->state = FACT_KNOWN;
    if (fact->kind == FACT_CUSTOMER)
        fact->account = a->former != NULL && a->former->account != NULL ? a->former->account : "";
}

static enum ops_kind amending_check_room(struct amending *a, const struct ledger_entry *entry,
                                         struct ops_error *ret_error)
{
    char why[AMENDED_WHY_MAX];
    const int rc = amended_has_room(entry, &a->standing.group, a->block.reserved,
                                    a->block.reserved_count, a->arena, why);
    if (rc == -ENOMEM)
        return ops_fail_memory(ret_error);
    if (rc < 0)
        return ops_fail(ret_error, OPS_DATA,
                        "correct its credit notes in Prima with finance, and leave the exception "
                        "open: refunds are checked against the version that was posted",
                        "%s: version %" PRId64 " cannot be the posted one: %s", a->id.natural,
                        a->options->version, why);
    return OPS_DONE;
}

static enum ops_kind amending_write_ledger(struct amending *a, struct ops_error *ret_error)
{
    const struct flow_known known = {.look = amending_look, .user = a};
    struct flow_plan plan = {0};
    struct codec_fault fault = {0};
    struct ledger_entry entry;
    if (order_flow.decide(&a->event, &a->key, a->rules, NULL, 0, &known, a->arena, &plan) != 0)
        return ops_fail_memory(ret_error);
    if (plan.verdict == FLOW_SETTLES && a->key.is_empty)
        return ops_fail(
            ret_error, OPS_DATA, "cancel the order in Prima, then discard the dead letter",
            "version %" PRId64 " has nothing left that a document could hold", a->options->version);
    if (plan.verdict != FLOW_SENDS)
        return ops_fail(ret_error, OPS_DATA, "correct the mappings, then run it again",
                        "version %" PRId64 " could not be posted by today's mappings: %s%s%s",
                        a->options->version,
                        pf_error_info(plan.code_count > 0 ? plan.codes[0] : PF_E_defect)->meaning,
                        plan.detail != NULL ? " " : "", plan.detail != NULL ? plan.detail : "");
    const struct flow_settlement settlement = {.outcome = plan.outcome,
                                               .key = &a->key,
                                               .identity = a->identity,
                                               .goods = a->goods,
                                               .money = a->money,
                                               .summary = plan.summary,
                                               .summary_size = plan.summary_size,
                                               .delivery = a->delivery,
                                               .posted_ms = a->former != NULL ? a->former->posted_at
                                                                              : clock_wall_ms()};
    if (order_write_ledger(a->codec, &settlement, &a->event, a->rules, a->arena, &a->ledger) != 0 ||
        events_decode(a->codec, &ledger_entry_record, a->ledger.data, a->ledger.size, a->arena,
                      &entry, &fault) != 0)
        return ops_fail(ret_error, OPS_DEFECT, "report it", "its ledger entry cannot be written");
    char why[AMENDED_WHY_MAX];
    if (a->former != NULL && amended_carry_credits(a->former, &entry, why) != 0)
        return ops_fail(ret_error, OPS_DATA,
                        "correct its credit notes in Prima with finance, and leave the exception "
                        "open: refunds are checked against the version that was posted",
                        "%s has %zu credit notes already, which version %" PRId64
                        " cannot take: %s",
                        a->id.natural, a->former->credits.count, a->options->version, why);
    const enum ops_kind kind = amending_check_room(a, &entry, ret_error);
    if (kind != OPS_DONE)
        return kind;
    entry.version = (a->former != NULL ? a->former->version : 0) + 1;
    buf_clear(&a->ledger);
    return codec_encode(a->codec, &ledger_entry_record, &entry, &a->ledger) == 0
               ? OPS_DONE
               : ops_fail_memory(ret_error);
}

/* ---- writing ---- */

static char *amending_decision(const struct amending *a)
{
    char at[CLOCK_TEXT_MAX], identity[2 * IDENTITY_SIZE + 1], goods[2 * GOODS_SIZE + 1],
        money[2 * MONEY_SIZE + 1];
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "decision", "amended",
                  "key", a->id.natural, "version", (json_int_t)a->options->version, "delivery",
                  a->delivery, "identity", digest_hex(a->identity, IDENTITY_SIZE, identity),
                  "goods", digest_hex(a->goods, GOODS_SIZE, goods), "money",
                  digest_hex(a->money, MONEY_SIZE, money), "who", a->options->who, "evidence",
                  a->options->evidence, "at", clock_format(clock_wall_ms(), at));
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static int amending_write(const struct amending *a, struct kafka_writer *writer,
                          const char *decision, struct kafka_words *message)
{
    const struct kafka_record records[] = {{.topic = order_flow.outputs[ORDER_LEDGER].name,
                                            .partition = -1,
                                            .key = (char *)a->id.kafka,
                                            .key_size = strlen(a->id.kafka),
                                            .value = a->ledger.data,
                                            .value_size = a->ledger.size},
                                           {.topic = topic_ops_decisions,
                                            .partition = -1,
                                            .key = (char *)a->id.natural,
                                            .key_size = strlen(a->id.natural),
                                            .value = (char *)decision,
                                            .value_size = strlen(decision)}};
    const struct audit audit = {.who = a->options->who,
                                .action = "amended",
                                .reason = a->options->evidence,
                                .topic = topic_ops_decisions,
                                .written = 1,
                                .digest = a->digest};
    int rc = kafka_writer_begin(writer, message->text);
    for (size_t i = 0; rc == 0 && i < 2; i++)
        rc = kafka_writer_add(writer, &records[i], message->text);
    return rc == 0 ? audit_add(writer, &audit, message) : rc;
}

/* Who slept until the lease was over is not committed behind another command's amendment, or beside a
 * refund. */
static enum ops_kind amending_end(struct amending *a, struct kafka_writer *writer,
                                  struct ops_error *ret_error)
{
    struct kafka_words message = {""};
    (void)fail_point("amended.commit");
    const enum ops_kind kind = amended_block_check(a->ops, &a->block, ret_error);
    if (kind != OPS_DONE)
        return kind;
    a->may_be_written = true;
    const int rc = kafka_writer_commit(writer, message.text);
    return rc == 0 ? OPS_DONE : ops_fail_kafka(ret_error, rc, &message);
}

static enum ops_kind amending_commit(struct amending *a, struct ops_error *ret_error)
{
    struct kafka_writer *writer = NULL;
    struct kafka_words message = {""};
    char *decision = amending_decision(a);
    if (decision == NULL)
        return ops_fail(ret_error, OPS_USAGE, NULL, "--evidence is not UTF-8; nothing was written");
    int rc =
        kafka_writer_new_as(ops_config(a->ops), amended_id, a->ledger.size, &writer, message.text);
    if (rc == 0)
        rc = amending_write(a, writer, decision, &message);
    const enum ops_kind kind =
        rc == 0 ? amending_end(a, writer, ret_error) : ops_fail_kafka(ret_error, rc, &message);
    kafka_writer_free(writer);
    free(decision);
    return kind;
}

static enum ops_kind amending_tell_redis(struct amending *a, struct ops_error *ret_error)
{
    struct redis_once *redis;
    char message[300] = "";
    const enum ops_kind kind = ops_redis(a->ops, &redis, NULL, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const struct key_version version = {.identity = a->identity,
                                        .goods = a->goods,
                                        .money = a->money,
                                        .delivery = a->delivery,
                                        .version = a->options->version};
    switch (key_amend(redis, config_text(ops_config(a->ops), CFG_redis_prefix), order_flow.name,
                      a->id.natural, &version, message)) {
    case VERDICT_FINISHED:
        return OPS_DONE;
    case VERDICT_SUSPECT:
        return ops_fail(ret_error, OPS_UNAVAILABLE,
                        "the rebuild reads the decision; run it again to be sure",
                        "written, but Redis is being rebuilt");
    case VERDICT_LOST:
    case VERDICT_UNREADABLE:
        return ops_fail(ret_error, OPS_DATA, "see primaflow why",
                        "written, but Redis does not have %s as posted any more", a->id.natural);
    default:
        return ops_fail(ret_error, OPS_UNAVAILABLE, "run it again", "written, but: %s", message);
    }
}

/* Nobody refunds the order by a table that has not read the new entry. Where the ledger does not say
 * where that stands, the block stays. */
static enum ops_kind amending_unblock(struct amending *a, bool is_written,
                                      struct ops_error *ret_error)
{
    enum ops_kind kind = OPS_DONE;
    if (a->block.order == NULL)
        return OPS_DONE;
    if (is_written)
        kind = amending_read_ledger(a, ret_error);
    return kind == OPS_DONE
               ? amended_block_end(a->ops, &a->block, is_written ? a->behind : -1, ret_error)
               : kind;
}

static void amending_say(const struct amending *a, struct amended *ret_amended)
{
    const struct currency *currency = currency_find(a->event.currency);
    char text[MONEY_TEXT_MAX] = "?";
    if (currency != NULL)
        (void)money_format((struct money){a->event.totals.total.shop_minor, currency}, text);
    (void)snprintf(ret_amended->key, sizeof ret_amended->key, "%s", a->id.natural);
    (void)snprintf(ret_amended->order_number, sizeof ret_amended->order_number, "%s", a->id.number);
    (void)snprintf(ret_amended->delivery, sizeof ret_amended->delivery, "%s", a->delivery);
    (void)snprintf(ret_amended->total, sizeof ret_amended->total, "%s", text);
    ret_amended->lines = (int64_t)a->event.lines.count;
}

enum ops_kind ops_amended(struct ops *ops, const struct amended_options *options,
                          struct amended *ret_amended, struct ops_error *ret_error)
{
    struct amending a = {.ops = ops, .options = options};
    *ret_amended = (struct amended){.written = false};
    buf_init(&a.ledger, MESSAGE_MAX);
    enum ops_kind kind = ops_codec(ops, &a.codec, ret_error);
    if (kind == OPS_DONE)
        kind = ops_rules(ops, &order_flow, &a.rules, ret_error);
    if (kind == OPS_DONE)
        kind = events_register(a.codec, order_flow.outputs[ORDER_LEDGER].record,
                               order_flow.outputs[ORDER_LEDGER].name, ret_error);
    if (kind == OPS_DONE)
        kind = amending_find_key(&a, ret_error);
    if (kind == OPS_DONE)
        kind = amending_find_event(&a, ret_error);
    if (kind == OPS_DONE)
        kind = amending_find_former(&a, ret_error);
    if (kind == OPS_DONE)
        kind = amending_write_ledger(&a, ret_error);
    if (a.is_found)
        amending_say(&a, ret_amended);
    if (kind == OPS_DONE && options->writes)
        kind = amending_commit(&a, ret_error);
    const bool is_written = kind == OPS_DONE && options->writes;
    /* What may have been committed all the same keeps the block: the command is run again. */
    struct ops_error ignored;
    const enum ops_kind unblocked =
        a.may_be_written && !is_written
            ? OPS_DONE
            : amending_unblock(&a, is_written, is_written ? ret_error : &ignored);
    if (kind == OPS_DONE && options->writes) {
        ret_amended->written = true;
        kind = unblocked == OPS_DONE ? amending_tell_redis(&a, ret_error) : unblocked;
    }
    if (a.arena != NULL)
        arena_free(a.arena);
    ledger_pages_release(&a.pages);
    buf_release(&a.ledger);
    return kind;
}
