/* primaflow ledger import: open orders from before the cut-over, and what remains creditable of
 * them, into orders.ledger. */
#include "commands.h"
#include "core/ledger_import.h"

#include <jansson.h>

struct options {
    const char *reason;
    bool yes, csv;
};

static const struct options defaults = {.reason = NULL};

static const struct arg args_table[] = {
    {"--csv", ARG_FLAG, offsetof(struct options, csv), NULL,
     "the file is a table instead; see below", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "write; without it the file is only checked and compared", 0, 0},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit; needed with --yes. No names of customers", 0, 0},
};

static void ledger_import_print(const struct cli *cli, const struct ledger_imported *o)
{
    char digits[MONEY_TEXT_MAX];
    if (cli->json) {
        json_t *remaining = json_object();
        for (size_t i = 0; i < o->currency_count; i++)
            (void)json_object_set_new(remaining, o->remaining[i].currency->code,
                                      json_integer(o->remaining[i].minor));
        json_t *all = json_pack("{s:I, s:I, s:I, s:b, s:o}", "orders", (json_int_t)o->orders, "new",
                                (json_int_t)o->fresh, "same", (json_int_t)o->same, "written",
                                o->written, "remaining_minor", remaining);
        cli_print_json(all, JSON_INDENT(2));
        return;
    }
    printf("%zu orders: %zu new, %zu in the ledger already, unchanged\n", o->orders, o->fresh,
           o->same);
    for (size_t i = 0; i < o->currency_count; i++)
        printf("  of the new ones remains creditable %s\n", money_format(o->remaining[i], digits));
    if (o->written)
        printf("written, in one transaction, with its record in ops.audit\n");
    else if (o->fresh > 0)
        printf("nothing was written: --yes --reason TEXT writes\n");
}

static int ledger_import_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const char *name = args->word_count > 0 ? args->words[0] : "-";
    char who[200];
    struct ledger_imported imported;
    struct ops_error error;
    if (o->yes && (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        return cli_fail(CLI_USAGE, "--yes wants --reason TEXT: why these orders are imported");
    cli_user(who, sizeof who);
    FILE *in = cli_open(&name);
    if (in == NULL)
        return CLI_DATA;
    const struct ledger_import_options wanted = {
        .name = name, .is_csv = o->csv, .writes = o->yes, .who = who, .reason = o->reason};
    const enum ops_kind kind = ledger_import(cli->ops, in, &wanted, &imported, &error);
    cli_close(in);
    cli_complaints(&imported.complaints, name);
    if (kind != OPS_DONE)
        return cli_report(&error);
    if (imported.orders == 0)
        cli_warn("%s has no orders: nothing is imported", name);
    else
        ledger_import_print(cli, &imported);
    return CLI_DONE;
}

const struct command command_ledger_import = {
    .name = "ledger import",
    .synopsis = "[FILE|-]",
    .summary = "import open orders from before the cut-over, so that they can be refunded",
    .help =
        "FILE has one JSON object per line, an order each (in brackets: may be left out; amounts "
        "are texts of the currency, \"12.34\"):\n"
        "  channel store order_id currency order_date tax_included total tax lines [account] "
        "[order_number] [document] [money] "
        "[posted_at]\n"
        "  [source_version] [event_time] [outstanding] [charges] [tenders] [credits]\n"
        "  lines:   line_id product quantity amount [discount] [number] [matrix_codes] "
        "[depot] [gift_card] [taxes] [credited_quantity] [credited]\n"
        "  charges: code amount [kind] [line_id] [taxes] [credited]      taxes: rate tax "
        "[credited], rate in percent, \"20\"\n"
        "  tenders: kind amount [gateway] [method] [transaction_id] [credited]\n"
        "  credits: refund_id document amount posted_at: the credit notes that exist; what was "
        "credited must come to them\n"
        "event_time: when the export was made; an edit of the order that is not newer is "
        "contained in it. Left out, posted_at counts.\n"
        "Amounts of lines and charges are after discounts, and contain tax when tax_included. "
        "It must add up: lines + charges (+ tax) = "
        "total;\n"
        "the taxes = tax; tenders + outstanding = total, where there are tenders.\n"
        "With --csv it is a table: a row of column names, then rows whose `part` is order, "
        "line, charge, tender or credit (or tax: a "
        "further\n"
        "tax of the row above), each with channel, store, order_id and the columns of the same "
        "names. A line's or charge's own tax: rate,\n"
        "tax, tax_credited. matrix_codes are separated by blanks.\n"
        "The whole file is checked first. An order that the ledger has already must be the "
        "same, and is skipped: a second import changes\n"
        "nothing. Without --yes nothing is written.\n"
        "Exit 65: a line is wrong, or an order is in the ledger with other content; nothing "
        "was sent.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_max = 1,
    .run = ledger_import_run,
};
