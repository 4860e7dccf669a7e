/* primaflow report refunds: refunds without a credit note, for finance, every day. */
#include "commands.h"
#include "report_refunds_print.h"

#include "base/clock.h"

struct options {
    int64_t since_ms;
    int64_t days;
    bool csv, metrics;
};

enum { DAYS_ALL = 100000 };
static const struct options defaults = {.since_ms = INT64_C(60) * 86400000, .days = DAYS_ALL};

static const struct arg args_table[] = {
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE",
     "age of the oldest records to read (60d)", 1, 0},
    {"--days", ARG_INT, offsetof(struct options, days), "N",
     "only refunds with at most N days left for their note, or late", 0, DAYS_ALL},
    {"--csv", ARG_FLAG, offsetof(struct options, csv), NULL, "rows for a spreadsheet", 0, 0},
    {"--metrics", ARG_FLAG, offsetof(struct options, metrics), NULL,
     "their count by days left, for Prometheus' textfile collector", 0, 0},
};

static int refunds_print(const struct cli *cli, const struct refund_report *report,
                         const struct refund_report_options *wanted, const struct options *o)
{
    if (report->redis_why_not[0] != '\0')
        cli_warn("%s; what people have adopted or discarded may be listed", report->redis_why_not);
    if (cli->json)
        refund_report_json(report, wanted->now_ms);
    else if (o->csv)
        refund_report_csv(report);
    else if (o->metrics)
        refund_report_metrics(report);
    else
        refund_report_text(report, wanted);
    if (o->csv && report->row_count == 0)
        cli_say(wanted->has_days_max ? "no refund without its credit note has so few days left"
                                     : "no refund is without its credit note");
    return report->redis_why_not[0] != '\0' ? CLI_UNAVAILABLE : CLI_DONE;
}

static int refunds_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t now_ms = clock_wall_ms();
    const struct refund_report_options wanted = {.since_ms = now_ms - o->since_ms,
                                                 .now_ms = now_ms,
                                                 .has_days_max = o->days < DAYS_ALL,
                                                 .days_max = (int32_t)o->days};
    struct ops_error error;
    if (cli->json + o->csv + o->metrics > 1)
        return cli_fail(CLI_USAGE, "report refunds: --json, --csv, --metrics: one of them");
    struct refund_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    const int code = refund_report_make(cli->ops, &wanted, report, &error) == OPS_DONE
                         ? refunds_print(cli, report, &wanted, o)
                         : cli_report(&error);
    refund_report_release(report);
    free(report);
    return code;
}

const struct command command_report_refunds = {
    .name = "report refunds",
    .synopsis = "",
    .summary = "list refunds without a credit note: reason, owner, age, amount, days left",
    .help =
        "Reads refunds.raw, its retry topics, dead letters and replays, and refunds.results; asks "
        "Redis for what people have decided since.\n"
        "A refund is listed when money may have gone back and Prima has no credit note of it that "
        "is known:\n"
        "  stopped  a dead letter; reason and owner are those of its code\n"
        "  parked   whether Prima has its note is not known: a person must tell\n"
        "  waiting  in a retry topic: for its order, for another refund, for its money, or for a "
        "service\n"
        "  unread   not processed yet\n"
        "days: for the note, from the day the money went back, where the company's country counts "
        "them (companies.yaml); the most urgent first. --days 3 lists what is near its last day, "
        "or past it.\n"
        "--metrics: what alerts need every hour or so, of waits and of dead letters alike: into a "
        "file beside, and moved to its place when the exit code is 0.\n"
        "Amounts are in the shop's currency; in --json minor units. Nothing personal is shown. "
        "primaflow why ID tells more of one.\n"
        "Exit 69: Redis was not queried (a warning says why); the rest is shown.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = refunds_run,
};
