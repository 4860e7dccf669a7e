/* primaflow report shadow: what a shadow would have posted, and how it compares with what Prima
 * has. */
#include "commands.h"
#include "report_shadow.h"

struct options {
    int64_t since_ms, list, page_size;
    bool no_prima;
};

static const struct options defaults = {.since_ms = 0, .list = 50, .page_size = 100};

static const struct arg args_table[] = {
    {"--since", ARG_TIME, offsetof(struct options, since_ms), "TIME",
     "only results published since; default: all", 0, 0},
    {"--list", ARG_INT, offsetof(struct options, list), "N",
     "maximum rows per list (50); counts are always complete", 0, 100000},
    {"--page-size", ARG_INT, offsetof(struct options, page_size), "N",
     "documents per request to Prima (100)", 1, 10000},
    {"--no-prima", ARG_FLAG, offsetof(struct options, no_prima), NULL,
     "do not compare with Prima: report the shadow's results only", 0, 0},
};

static int shadow_print(const struct cli *cli, const struct shadow_report *report, bool no_prima)
{
    if (report->unreadable > 0)
        cli_warn(
            "%lld results could not be read and are not counted: is schema.folder of this version?",
            (long long)report->unreadable);
    if (cli->json)
        shadow_report_json(report);
    else
        shadow_report_text(report);
    return !report->compared && !no_prima && report->book.date_from[0] != '\0'
               ? CLI_UNAVAILABLE /* the report says why */
               : CLI_DONE;
}

static int shadow_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const struct shadow_report_options wanted = {.since_ms = o->since_ms,
                                                 .list_max = (size_t)o->list,
                                                 .page_size = (int)o->page_size,
                                                 .no_prima = o->no_prima};
    struct ops_error error;
    struct shadow_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    const int code = shadow_report_make(cli->ops, &wanted, report, &error) == OPS_DONE
                         ? shadow_print(cli, report, o->no_prima)
                         : cli_report(&error);
    shadow_report_release(report);
    free(report);
    return code;
}

const struct command command_report_shadow = {
    .name = "report shadow",
    .synopsis = "",
    .summary = "compare what a shadow would have posted with what Prima has",
    .help =
        "Reads shadow.orders.results and shadow.orders.raw.dlq, then asks Prima (OrderSearch, page "
        "by page) for the documents of the "
        "days that\n"
        "the orders are of. An order's amounts are those of the very request that would have been "
        "posted.\n"
        "  equal      currency, net, tax, gross and lines are the same, to the penny\n"
        "  different  both sides, and whose it is: finance (money) or ecommerce (lines)\n"
        "  lacking    would be posted, and Prima does not have it\n"
        "  never seen Prima has it under a number of these channels, and no event of it was read\n"
        "Amounts in --json are minor units. Nothing personal is shown. Nothing is written "
        "anywhere.\n"
        "Exit 69: not compared, because Prima did not answer or does not offer OrderSearch; the "
        "rest is shown. --no-prima: on purpose.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = shadow_run,
};
