/* primaflow ledger import: open orders from before the cut-over, and what remains creditable of them, into orders.ledger.
 *
 * No other import comes between our look and our commit: each holds the transactional id of imports, a second one that begins fences it,
 * and reads the ledger only then. The orders worker writes the ledger, too, but only of orders that it posts; an order that is imported is
 * in Prima already and must not be posted, so imports belong before the workers' start (README, Going live). What is sent is one
 * transaction: a crash leaves none of it visible, and the next import ends what it left open. */
#include "audit.h"
#include "broker.h"
#include "commands.h"
#include "events.h"
#include "ledger.h"

#include "base/failpoint.h"
#include "base/money.h"

#include <errno.h>
#include <inttypes.h>

enum { COMPLAINTS_MAX = 20, CURRENCIES_MAX = 200 };
static const char import_id[] = "primaflow.cli.ledger-import";

struct options {
    const char *reason;
    bool yes, csv;
};

static const struct options defaults = {.reason = NULL};

static const struct arg args_table[] = {
    {"--csv", ARG_FLAG, offsetof(struct options, csv), NULL, "the file is a table instead; see below", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL, "write; without it the file is only checked and compared", 0, 0},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT", "why, for ops.audit; needed with --yes. No names of customers", 0, 0},
};

struct outcome {
    size_t fresh, same, other;
    struct money remaining[CURRENCIES_MAX]; /* of the fresh ones */
    size_t currency_count;
};

static void add_remaining(struct outcome *o, const struct ledger_item *item)
{
    size_t i = 0;
    while (i < o->currency_count && o->remaining[i].currency != item->currency)
        i++;
    if (i == CURRENCIES_MAX)
        return;
    if (i == o->currency_count)
        o->remaining[o->currency_count++] = (struct money){0, item->currency};
    if (__builtin_add_overflow(o->remaining[i].minor, item->remaining_minor, &o->remaining[i].minor))
        o->remaining[i].minor = INT64_MAX;
}

/* Counts; an order that the ledger has otherwise is refused, all of the file with it. */
static int judge(const char *name, const struct ledger_items *items, struct outcome *ret_outcome)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct ledger_item *item = &items->list[i];
        ret_outcome->fresh += item->state == LEDGER_NEW;
        ret_outcome->same += item->state == LEDGER_SAME;
        if (item->state == LEDGER_NEW)
            add_remaining(ret_outcome, item);
        if (item->state == LEDGER_OTHER && ret_outcome->other++ < COMPLAINTS_MAX)
            (void)cli_fail(CLI_DATA,
                           "%s:%zu: the ledger has another entry of %s: see it with primaflow ledger show, and leave the order out here",
                           name, item->line, item->key);
    }
    if (ret_outcome->other > 0)
        return cli_fail(CLI_DATA, "%zu of %zu orders are in the ledger with other content; nothing was sent", ret_outcome->other,
                        items->count);
    return CLI_DONE;
}

static int send(struct broker_producer *producer, const struct ledger_items *items, const struct outcome *o, const char *reason,
                struct broker_message *message)
{
    const struct audit audit = {.action = "ledger.import",
                                .reason = reason,
                                .topic = ledger_topic,
                                .written = o->fresh,
                                .skipped = o->same,
                                .digest = items->digest};
    int rc = broker_producer_begin(producer, message);
    for (size_t i = 0; rc == 0 && i < items->count; i++) {
        const struct ledger_item *item = &items->list[i];
        const struct broker_record record = {.topic = ledger_topic,
                                             .partition = -1,
                                             .key = item->key,
                                             .key_size = strlen(item->key),
                                             .value = item->bytes,
                                             .value_size = item->size};
        if (item->state == LEDGER_NEW)
            rc = broker_producer_add(producer, &record, message);
        (void)fail_point("ledger.import.added");
    }
    if (rc == 0)
        rc = audit_add(producer, &audit, message);
    if (rc == 0)
        (void)fail_point("ledger.import.before_commit");
    return rc != 0 ? rc : broker_producer_commit(producer, message);
}

static void report(const struct cli *cli, const struct ledger_items *items, const struct outcome *o, bool written)
{
    char digits[MONEY_TEXT_MAX];
    if (cli->json) {
        json_t *remaining = json_object();
        for (size_t i = 0; i < o->currency_count; i++)
            (void)json_object_set_new(remaining, o->remaining[i].currency->code, json_integer(o->remaining[i].minor));
        json_t *all = json_pack("{s:I, s:I, s:I, s:b, s:o}", "orders", (json_int_t)items->count, "new", (json_int_t)o->fresh, "same",
                                (json_int_t)o->same, "written", written, "remaining_minor", remaining);
        (void)json_dumpf(all, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(all);
        return;
    }
    printf("%zu orders: %zu new, %zu in the ledger already, unchanged\n", items->count, o->fresh, o->same);
    for (size_t i = 0; i < o->currency_count; i++)
        printf("  of the new ones remains creditable %s\n", money_format(o->remaining[i], digits));
    if (written)
        printf("written, in one transaction, with its record in ops.audit\n");
    else if (o->fresh > 0)
        printf("nothing was written: --yes --reason TEXT writes\n");
}

/* The producer comes first: who holds it is the only import. */
static int import(struct cli *cli, const struct options *o, struct codec *codec, const char *name, struct ledger_items *items)
{
    struct broker_producer *producer = NULL;
    struct broker_message message = {""};
    struct outcome outcome = {.fresh = 0};
    bool written = false;
    int rc = o->yes ? broker_producer_new_as(cli->config, import_id, items->bytes, &producer, &message) : 0;
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "%s", message.text);
    int code = ledger_look(cli, codec, items);
    if (code == CLI_DONE)
        code = judge(name, items, &outcome);
    if (code == CLI_DONE && o->yes && outcome.fresh > 0) {
        rc = send(producer, items, &outcome, o->reason, &message);
        if (rc != 0)
            code = cli_fail(broker_exit_code(rc), "%s", message.text);
        written = rc == 0;
    }
    broker_producer_free(producer);
    if (code == CLI_DONE)
        report(cli, items, &outcome, written);
    return code;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const char *name = args->word_count > 0 ? args->words[0] : "-";
    struct ledger_items items = {.list = NULL};
    struct codec *codec = NULL;
    char message[300];
    if (o->yes && (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        return cli_fail(CLI_USAGE, "--yes wants --reason TEXT: why these orders are imported");
    int code = events_codec_open(cli, &codec);
    if (code == CLI_DONE) {
        const int rc = codec_register(codec, ledger_entry_record.name, ledger_topic, message);
        if (rc != 0)
            code = cli_fail(rc == -EIO ? CLI_UNAVAILABLE : CLI_CONFIG, "%s", message);
    }
    if (code == CLI_DONE)
        code = ledger_file_read(cli, codec, name, o->csv, &items);
    if (code == CLI_DONE && items.count == 0)
        cli_warn("%s has no orders: nothing is imported", name);
    else if (code == CLI_DONE)
        code = import(cli, o, codec, name, &items);
    ledger_items_release(&items);
    codec_close(codec);
    return code;
}

const struct command command_ledger_import = {
    .name = "ledger import",
    .synopsis = "[FILE|-]",
    .summary = "open orders from before the cut-over, so that they can be refunded",
    .help =
        "FILE has one JSON object a line, an order each (in brackets: may be left out; amounts are texts of the currency, \"12.34\"):\n"
        "  channel store order_id currency order_date tax_included total tax lines [account] [order_number] [document] [money] "
        "[posted_at]\n"
        "  [outstanding] [charges] [tenders] [credits]\n"
        "  lines:   line_id product quantity amount [number] [matrix_codes] [depot] [gift_card] [taxes] [credited_quantity] [credited]\n"
        "  charges: code amount [kind] [line_id] [taxes] [credited]      taxes: rate tax [credited], rate in percent, \"20\"\n"
        "  tenders: kind amount [gateway] [method] [transaction_id] [credited]\n"
        "  credits: refund_id document amount posted_at: the credit notes that exist; what was credited must come to them\n"
        "Amounts of lines and charges are after discounts, and contain tax when tax_included. It must add up: lines + charges (+ tax) = "
        "total;\n"
        "the taxes = tax; tenders + outstanding = total, where there are tenders.\n"
        "With --csv it is a table: a row of column names, then rows whose `part` is order, line, charge, tender or credit (or tax: a "
        "further\n"
        "tax of the row above), each with channel, store, order_id and the columns of the same names. A line's or charge's own tax: rate,\n"
        "tax, tax_credited. matrix_codes are separated by blanks.\n"
        "The whole file is checked first. An order that the ledger has already must be the same, and is skipped: a second import changes\n"
        "nothing. Without --yes nothing is written.\n"
        "Exit 65: a line is wrong, or an order is in the ledger with other content; nothing was sent.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_max = 1,
    .run = run,
};
