/* An order that a person discarded, in the ledger; see ledger_unposted.h. */
#include "core/ledger_unposted.h"

#include "core/audit.h"
#include "core/events.h"
#include "core/ledger_import.h"
#include "core/ledger_pages.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "domain/ledger/ledger_key.h"
#include "order_flow.h"
#include "order_key.h"
#include "order_write.h"
#include "refund_flow.h"
#include "refund_write.h"

#include <errno.h>
#include <string.h>

enum { ARENA_MAX = 4 << 20, RECORD_MAX = 64 * 1024 };

struct unposting {
    struct ops *ops;
    const struct ledger_unposted_options *options;
    struct codec *codec;
    struct arena *arena;
    struct order_key_parts parts;
    struct ledger_pages pages;
    int partitions; /* of the ledger */
    struct buf record;
};

static const char *ledger_topic(void)
{
    return order_flow.outputs[ORDER_LEDGER].name;
}

static enum ops_kind check_options(struct unposting *u, struct ops_error *ret_error)
{
    if (text_is_empty(u->options->reason) || text_is_empty(u->options->who))
        return ops_fail(ret_error, OPS_USAGE, NULL, "who discards the order, and why, is needed");
    switch (order_topic_key_split(u->options->order, u->arena, &u->parts)) {
    case 0:
        return OPS_DONE;
    case -ENOMEM:
        return ops_fail_memory(ret_error);
    default:
        return ops_fail(ret_error, OPS_USAGE, "give company/channel/store/order_id",
                        "%.200s is no order's key", u->options->order);
    }
}

/* ---- what the ledger has ---- */

static int see_ledger(void *user, const struct kafka_record *record)
{
    struct unposting *u = user;
    return ledger_pages_take(&u->pages, u->options->order, record);
}

/* Its record stands in the partition of the order's own key. */
static enum ops_kind count_partitions(struct unposting *u, struct ops_error *ret_error)
{
    struct kafka_admin *admin;
    struct kafka_words message = {""};
    const char *const topics[] = {ledger_topic()};
    int replicas[1];
    const enum ops_kind kind = ops_kafka_admin(u->ops, &admin, ret_error);
    if (kind != OPS_DONE)
        return kind;
    const int rc = kafka_topics_count(admin, topics, 1, &u->partitions, replicas, message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    return u->partitions > 0 ? OPS_DONE
                             : ops_fail(ret_error, OPS_CONFIG, "primaflow topics create",
                                        "there is no topic %s", topics[0]);
}

/* *ret_told: it says so already. */
static enum ops_kind look(struct unposting *u, bool *ret_told, struct ops_error *ret_error)
{
    const char *const topics[] = {ledger_topic()};
    const struct kafka_range range = {.from = KAFKA_FROM_BEGINNING,
                                      .until = KAFKA_UNTIL_WRITTEN,
                                      .partition = -1,
                                      .partition_of_key = u->options->order};
    struct kafka_words message = {""};
    struct ledger_standing standing;
    const int rc = kafka_read(ops_config(u->ops), topics, 1, &range, see_ledger, u, message.text);
    if (rc != 0)
        return message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                       : ops_fail_kafka(ret_error, rc, &message);
    const enum ops_kind kind =
        ledger_pages_read(&u->pages, u->codec, u->arena, &standing, ret_error);
    if (kind != OPS_DONE)
        return kind;
    if (standing.group.entry != NULL)
        return ops_fail(ret_error, OPS_DATA,
                        "see primaflow why; refunds of it are credited. To take the order back, "
                        "cancel it in Prima",
                        "%s is in the ledger: Prima has it as %s", u->options->order,
                        standing.group.entry->document);
    *ret_told = false;
    for (size_t i = 0; i < standing.group.record_count; i++)
        *ret_told |= standing.group.records[i].state == CREDIT_UNPOSTED;
    return OPS_DONE;
}

/* ---- writing ---- */

static int word_encode(struct unposting *u)
{
    const struct ledger_credit credit = {.key = "",
                                         .order = u->options->order,
                                         .company = u->parts.company,
                                         .channel = u->parts.channel,
                                         .store = u->parts.store,
                                         .order_id = u->parts.order_id,
                                         .refund_id = "",
                                         .state = CREDIT_UNPOSTED,
                                         .outcome = "discarded",
                                         .currency = "",
                                         .at = clock_wall_ms()};
    return codec_encode(u->codec, &ledger_credit_record, &credit, &u->record);
}

static int word_send(struct unposting *u, struct kafka_writer *writer, struct kafka_words *message)
{
    const char *key = ledger_key_credit(u->arena, u->options->order, "");
    uint8_t digest[DIGEST_SIZE];
    if (key == NULL || word_encode(u) != 0)
        return -ENOMEM;
    digest_sha256(u->record.data, u->record.size, digest);
    const struct kafka_record record = {
        .topic = ledger_topic(),
        .partition =
            kafka_partition_of(u->options->order, strlen(u->options->order), u->partitions),
        .key = (char *)(uintptr_t)key,
        .key_size = strlen(key),
        .value = u->record.data,
        .value_size = u->record.size};
    const struct audit audit = {.who = u->options->who,
                                .action = "ledger.unposted",
                                .reason = u->options->reason,
                                .topic = ledger_topic(),
                                .written = 1,
                                .digest = digest};
    int rc = kafka_writer_begin(writer, message->text);
    if (rc == 0)
        rc = kafka_writer_add(writer, &record, message->text);
    if (rc == 0)
        rc = audit_add(writer, &audit, message);
    return rc != 0 ? rc : kafka_writer_commit(writer, message->text);
}

/* The producer comes first: who holds it is the only one that looks and then writes. */
static enum ops_kind write_once(struct unposting *u, bool *ret_written, struct ops_error *ret_error)
{
    struct kafka_writer *writer = NULL;
    struct kafka_words message = {""};
    bool is_told = false;
    int rc = kafka_writer_new_as(ops_config(u->ops), LEDGER_WRITER_ID, RECORD_MAX, &writer,
                                 message.text);
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    enum ops_kind kind = look(u, &is_told, ret_error);
    if (kind == OPS_DONE && !is_told) {
        rc = word_send(u, writer, &message);
        if (rc != 0)
            kind = message.text[0] == '\0' ? ops_fail_memory(ret_error)
                                           : ops_fail_kafka(ret_error, rc, &message);
        *ret_written = rc == 0;
    }
    kafka_writer_free(writer);
    return kind;
}

enum ops_kind ledger_unposted(struct ops *ops, const struct ledger_unposted_options *options,
                              bool *ret_written, struct ops_error *ret_error)
{
    struct unposting u = {.ops = ops, .options = options, .arena = arena_new(ARENA_MAX)};
    *ret_written = false;
    if (u.arena == NULL)
        return ops_fail_memory(ret_error);
    buf_init(&u.record, RECORD_MAX);
    enum ops_kind kind = check_options(&u, ret_error);
    if (kind == OPS_DONE)
        kind = ops_codec(ops, &u.codec, ret_error);
    if (kind == OPS_DONE)
        kind = events_register(u.codec, refund_flow.outputs[REFUND_LEDGER].record, ledger_topic(),
                               ret_error);
    if (kind == OPS_DONE)
        kind = count_partitions(&u, ret_error);
    if (kind == OPS_DONE)
        kind = write_once(&u, ret_written, ret_error);
    ledger_pages_release(&u.pages);
    buf_release(&u.record);
    arena_free(u.arena);
    return kind;
}
