/* The import of open orders into orders.ledger.
 *
 * No other import comes between our look and our commit: each holds the transactional id of
 * imports, a second one that begins fences it, and reads the ledger only then. The orders worker
 * writes the ledger, too, but only of orders that it posts; an order that is imported is in Prima
 * already and must not be posted, so imports belong before the workers' start (README, Going live).
 * What refunds count with is never replaced: an order with an entry of other content, or with records of
 * refunds and no entry, refuses the file, so that no import changes what remains under a running one.
 * What is sent is one transaction: a crash leaves none of it visible, and the next import ends what
 * it left open. */
#include "core/ledger_import.h"

#include "core/audit.h"
#include "core/events.h"
#include "order_flow.h"
#include "order_write.h"

#include "base/failpoint.h"

#include <inttypes.h>
#include <string.h>

static void import_add_remaining(struct ledger_imported *o, const struct ledger_item *item)
{
    size_t i = 0;
    while (i < o->currency_count && o->remaining[i].currency != item->currency)
        i++;
    if (i == LEDGER_CURRENCIES_MAX)
        return;
    if (i == o->currency_count)
        o->remaining[o->currency_count++] = (struct money){0, item->currency};
    if (__builtin_add_overflow(o->remaining[i].minor, item->remaining_minor,
                               &o->remaining[i].minor))
        o->remaining[i].minor = INT64_MAX;
}

/* Counts; an order that the ledger has otherwise is refused, all of the file with it. */
static enum ops_kind import_judge(const struct ledger_items *items, struct ledger_imported *o,
                                  struct ops_error *ret_error)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct ledger_item *item = &items->list[i];
        o->fresh += item->state == LEDGER_NEW;
        o->same += item->state == LEDGER_SAME;
        o->other += item->state == LEDGER_OTHER || item->state == LEDGER_REFUNDED;
        if (item->state == LEDGER_NEW)
            import_add_remaining(o, item);
        if (item->state == LEDGER_OTHER)
            complaints_add(&o->complaints, item->line,
                           "the ledger has another entry of %s: see it with primaflow ledger "
                           "show, and leave the order out here",
                           item->key);
        if (item->state == LEDGER_REFUNDED)
            complaints_add(&o->complaints, item->line,
                           "the ledger has refunds of %s and no entry: somebody took that away; "
                           "see them with primaflow why, and leave the order out here",
                           item->key);
    }
    if (o->other > 0)
        return ops_fail(ret_error, OPS_DATA, NULL,
                        "%zu of %zu orders are in the ledger with other content; nothing was sent",
                        o->other, items->count);
    return OPS_DONE;
}

static int import_send(struct kafka_writer *producer, const struct ledger_items *items,
                       const struct ledger_imported *o, const struct ledger_import_options *options,
                       struct kafka_words *message)
{
    const struct audit audit = {.who = options->who,
                                .action = "ledger.import",
                                .reason = options->reason,
                                .topic = order_flow.outputs[ORDER_LEDGER].name,
                                .written = o->fresh,
                                .skipped = o->same,
                                .digest = items->digest};
    int rc = kafka_writer_begin(producer, message->text);
    for (size_t i = 0; rc == 0 && i < items->count; i++) {
        const struct ledger_item *item = &items->list[i];
        const struct kafka_record record = {.topic = order_flow.outputs[ORDER_LEDGER].name,
                                            .partition = -1,
                                            .key = item->key,
                                            .key_size = strlen(item->key),
                                            .value = item->bytes,
                                            .value_size = item->size};
        if (item->state == LEDGER_NEW)
            rc = kafka_writer_add(producer, &record, message->text);
        (void)fail_point("ledger.import.added");
    }
    if (rc == 0)
        rc = audit_add(producer, &audit, message);
    if (rc == 0)
        (void)fail_point("ledger.import.before_commit");
    return rc != 0 ? rc : kafka_writer_commit(producer, message->text);
}

/* The producer comes first: who holds it is the only import. */
static enum ops_kind import_items(struct ops *ops, const struct ledger_import_options *options,
                                  struct ledger_items *items, struct ledger_imported *o,
                                  struct ops_error *ret_error)
{
    struct kafka_writer *producer = NULL;
    struct kafka_words message = {""};
    int rc = options->writes ? kafka_writer_new_as(ops_config(ops), LEDGER_WRITER_ID, items->bytes,
                                                   &producer, message.text)
                             : 0;
    if (rc != 0)
        return ops_fail_kafka(ret_error, rc, &message);
    enum ops_kind kind = ledger_look(ops, items, ret_error);
    if (kind == OPS_DONE)
        kind = import_judge(items, o, ret_error);
    if (kind == OPS_DONE && options->writes && o->fresh > 0) {
        rc = import_send(producer, items, o, options, &message);
        if (rc != 0)
            kind = ops_fail_kafka(ret_error, rc, &message);
        o->written = rc == 0;
    }
    kafka_writer_free(producer);
    return kind;
}

enum ops_kind ledger_import(struct ops *ops, FILE *in, const struct ledger_import_options *options,
                            struct ledger_imported *ret_imported, struct ops_error *ret_error)
{
    struct ledger_items items = {.list = NULL};
    struct codec *codec = NULL;
    *ret_imported = (struct ledger_imported){.orders = 0};
    enum ops_kind kind = ops_codec(ops, &codec, ret_error);
    if (kind == OPS_DONE)
        kind = events_register(codec, order_flow.outputs[ORDER_LEDGER].record,
                               order_flow.outputs[ORDER_LEDGER].name, ret_error);
    if (kind == OPS_DONE)
        kind = ledger_file_read(ops, in, options->name, options->is_csv, &items,
                                &ret_imported->complaints, ret_error);
    ret_imported->orders = items.count;
    if (kind == OPS_DONE && items.count > 0)
        kind = import_items(ops, options, &items, ret_imported, ret_error);
    ledger_items_release(&items);
    return kind;
}
