/* primaflow amended: Prima's document holds another version of an order now, says a person. */
#include "commands.h"
#include "core/amended.h"

#include <inttypes.h>
#include <jansson.h>

struct options {
    int64_t version;
    const char *evidence;
    bool yes;
};

static const struct options defaults = {.version = -1};

static const struct arg args_table[] = {
    {"--version", ARG_INT, offsetof(struct options, version), "V",
     "source version of the event that the document holds now; primaflow why shows it", 0,
     INT64_MAX},
    {"--evidence", ARG_TEXT, offsetof(struct options, evidence), "TEXT",
     "how you know, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "write; without it, it is only said what would be written", 0, 0},
};

static void amended_print(const struct cli *cli, const struct amended *a, const char *who)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:b}", "key", a->key,
                                 "order_number", a->order_number, "delivery", a->delivery, "lines",
                                 (json_int_t)a->lines, "total", a->total, "who", who, "written",
                                 a->written),
                       JSON_INDENT(2));
        return;
    }
    printf("%s, %s in Prima: the version of %s, %" PRId64 " line%s, %s\n", a->key, a->order_number,
           a->delivery, a->lines, a->lines == 1 ? "" : "s", a->total);
    if (a->written)
        printf("is the posted one now, by %s's word: resends of it are duplicates, and the ledger "
               "has its lines\n",
               who);
    else
        printf("would become the posted one, by %s's word; nothing was written: --yes writes\n",
               who);
}

static int amended_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    char who[200];
    struct amended amended;
    struct ops_error error;
    if (o->version < 0)
        return cli_fail(CLI_USAGE, "--version V is missing: which version does the document hold?");
    if (o->evidence == NULL || o->evidence[strspn(o->evidence, " \t")] == '\0')
        return cli_fail(CLI_USAGE, "--evidence TEXT is missing: how do you know?");
    cli_user(who, sizeof who);
    const struct amended_options wanted = {.id = args->words[0],
                                           .version = o->version,
                                           .evidence = o->evidence,
                                           .who = who,
                                           .writes = o->yes};
    const enum ops_kind kind = ops_amended(cli->ops, &wanted, &amended, &error);
    if (kind != OPS_DONE)
        return cli_report(&error);
    amended_print(cli, &amended, who);
    return CLI_DONE;
}

const struct command command_amended = {
    .name = "amended",
    .synopsis = "ID",
    .summary = "say that Prima's document holds a later version of an order now",
    .help =
        "For an order_amended, units_cancelled_after_posting or conflict that was worked: "
        "change the order in Prima first, then say so here.\n"
        "ID is an order id, Prima's order number, or a key "
        "(company/orders/channel/store/order-id).\n"
        "That version becomes the posted one: resends of it are duplicates, the exception has "
        "ended, and refunds find its lines in the ledger.\n"
        "Your word is kept in ops.decisions and ops.audit, with who and when. Run again, it "
        "changes nothing twice.\n"
        "What was credited already stays credited, of the same lines.\n"
        "Exit 65: no such version in orders.raw, or it cannot be placed by today's mappings, or "
        "what was credited does not fit into it: a line that is gone, more units than it has "
        "now.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = amended_run,
};
