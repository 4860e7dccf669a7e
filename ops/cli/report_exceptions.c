/* primaflow report exceptions: how much waits for each owner, and what is about to go. */
#include "commands.h"
#include "core/exceptions_report.h"
#include "dlq_print.h"
#include "obs/metrics.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>

struct options {
    int64_t since_ms;
    bool metrics, yes;
};

static const struct options defaults = {.since_ms = INT64_C(60) * 86400000};

static const struct arg args_table[] = {
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE",
     "age of the oldest records to read (60d)", 1, 0},
    {"--metrics", ARG_FLAG, offsetof(struct options, metrics), NULL,
     "for Prometheus' textfile collector", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "write into ops.decisions what is known of dead letters whose retention is over by three "
     "quarters, so that they stay listed",
     0, 0},
};

static void print_text(const struct exceptions_report *r, bool yes)
{
    if (r->incomplete[0] != '\0')
        printf("NOT COMPLETE: %s\n", r->incomplete);
    for (int i = 1; i < PF_OWNER_COUNT; i++) {
        const struct exceptions_of_owner *o = &r->owners[i];
        char age[AGE_TEXT_MAX];
        printf("%-10s  %6" PRId64 " open", pf_owner_name((enum pf_owner)i), o->count);
        if (o->count > 0)
            printf(", oldest %s, %" PRId64 ".%" PRId64 " %% of its retention",
                   dlq_age(o->oldest_ms, age), o->oldest_per_mille / 10, o->oldest_per_mille % 10);
        if (o->expired > 0)
            printf(", %" PRId64 " expired: their bytes have gone", o->expired);
        printf("\n");
    }
    if (r->near_end > 0)
        printf("%" PRId64 " dead letters are past three quarters of their retention; %s\n",
               r->near_end,
               yes ? "they stay listed when their bytes go" : "--yes has them stay listed");
}

static void print_json(const struct exceptions_report *r)
{
    json_t *rows = json_array();
    for (int i = 1; i < PF_OWNER_COUNT; i++)
        (void)json_array_append_new(
            rows,
            json_pack("{s:s, s:I, s:I, s:I, s:f}", "owner", pf_owner_name((enum pf_owner)i), "open",
                      (json_int_t)r->owners[i].count, "expired", (json_int_t)r->owners[i].expired,
                      "oldest_seconds", (json_int_t)(r->owners[i].oldest_ms / 1000),
                      "retention_ratio", (double)r->owners[i].oldest_per_mille / 1000));
    cli_print_json(json_pack("{s:o, s:I, s:I, s:b, s:s}", "owners", rows, "near_end",
                             (json_int_t)r->near_end, "remembered", (json_int_t)r->remembered,
                             "complete", r->incomplete[0] == '\0', "incomplete_because",
                             r->incomplete),
                   JSON_COMPACT);
}

static void print_metric(const struct exceptions_report *r, int metric)
{
    static const struct {
        const char *name, *help;
    } metrics[METRIC_COUNT] = {
#define METRIC(id, kind, name, label, help) [METRIC_##id] = {name, help},
#include "obs/metrics.def"
#undef METRIC
    };
    printf("# HELP %s %s\n# TYPE %s gauge\n", metrics[metric].name, metrics[metric].help,
           metrics[metric].name);
    for (int i = 1; i < PF_OWNER_COUNT; i++) {
        const struct exceptions_of_owner *o = &r->owners[i];
        printf("%s{owner=\"%s\"} ", metrics[metric].name, pf_owner_name((enum pf_owner)i));
        if (metric == METRIC_exception_retention)
            printf("%" PRId64 ".%03" PRId64 "\n", o->oldest_per_mille / 1000,
                   o->oldest_per_mille % 1000);
        else
            printf("%" PRId64 "\n",
                   metric == METRIC_open_exceptions ? o->count : o->oldest_ms / 1000);
    }
}

static int exceptions_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    char who[200];
    struct exceptions_report report;
    struct ops_error error;
    cli_user(who, sizeof who);
    const int64_t now_ms = clock_wall_ms();
    const struct exceptions_options wanted = {
        .since_ms = now_ms - o->since_ms, .now_ms = now_ms, .who = o->yes ? who : NULL};
    if (cli->json && o->metrics)
        return cli_fail(CLI_USAGE, "report exceptions: --json, --metrics: one of them");
    if (exceptions_report(cli->ops, &wanted, &report, &error) != OPS_DONE)
        return cli_report(&error);
    if (report.incomplete[0] != '\0')
        cli_warn("%s", report.incomplete);
    if (cli->json)
        print_json(&report);
    else if (o->metrics)
        for (int metric = METRIC_open_exceptions; metric <= METRIC_exception_retention; metric++)
            print_metric(&report, metric);
    else
        print_text(&report, o->yes);
    return report.incomplete[0] != '\0' ? CLI_UNAVAILABLE : CLI_DONE;
}

const struct command command_report_exceptions = {
    .name = "report exceptions",
    .synopsis = "",
    .summary = "count what waits for each owner, how old, and how near its end",
    .help =
        "Dead letters, parked records and orders on hold that are open, by whose turn they are "
        "(primaflow dlq list shows them).\n"
        "A dead letter's bytes go with its topic's retention. With --yes, what is known of those "
        "past three quarters of it is written into ops.decisions: code, key, amount, time. When "
        "the bytes have gone they stay listed, as expired, until a person discards them or their "
        "order settles.\n"
        "--metrics: what alerts need every hour or so, into a file beside, and moved to its place "
        "when the exit code is 0.\n"
        "Exit 69: something could not be read (a warning says what); nothing was written.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = exceptions_run,
};
