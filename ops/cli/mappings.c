/* primaflow mappings check: the mappings tried on recent orders, before they are put to work. */
#include "commands.h"
#include "core/mappings_check.h"
#include "domain/mappings/status_rules.h"
#include "domain/mappings/stock_rules.h"
#include "mappings_print.h"
#include "order_flow.h"

struct options {
    const char *topic, *file;
    int64_t since_ms, last;
};

static const struct options defaults = {.since_ms = -1};

static const struct arg args_table[] = {
    {"--topic", ARG_TEXT, offsetof(struct options, topic), "T",
     "a topic of order events (orders.raw)", 0, 0},
    {"--since", ARG_TIME, offsetof(struct options, since_ms), "TIME",
     "only records since that time", 0, 0},
    {"--last", ARG_INT, offsetof(struct options, last), "N",
     "at most the last N records of each partition (10000)", 1, 1000000000},
    {"--file", ARG_TEXT, offsetof(struct options, file), "F",
     "read events as JSON lines (as `generate` prints them) instead of Kafka; -: stdin", 0, 0},
};

static void warn_idle(void *user, const char *file, const char *kind, const char *name,
                      const char *channel, const char *store)
{
    (void)user;
    cli_warn("%s: the row of %s %s is for channel %s, store %s, which channels.yaml does not have: "
             "it fits no order",
             file, kind, name, channel, store);
}

static void warn_silent(void *user, const char *file, const char *channel, const char *store,
                        const char *why)
{
    (void)user;
    cli_warn("%s: no level of stock is published to channel %s, store %s: %s", file, channel, store,
             why);
}

static void warn_nameless(void *user, const char *carrier, const char *channel, const char *store)
{
    (void)user;
    cli_warn("carriers.yaml: charges.yaml sends goods with carrier %s, for which channel %s, store "
             "%s has no name: its parcels will go out under Prima's name",
             carrier, channel, store);
}

static int mappings_print(const struct cli *cli, struct seen *seen)
{
    seen_sort(seen);
    if (cli->json)
        seen_print_json(seen);
    else
        seen_print_text(seen);
    if (seen->events == 0)
        cli_warn("no events were read, so nothing was checked: widen --since or --last");
    return seen->item_count > 0 ? CLI_CONFIG : CLI_DONE;
}

static enum ops_kind mappings_file(const struct cli *cli, const char *name, struct seen *seen,
                                   struct ops_error *error)
{
    struct complaints complaints = {.count = 0};
    FILE *in = cli_open(&name);
    if (in == NULL)
        return OPS_DATA; /* said */
    const enum ops_kind kind = mappings_check_lines(cli->ops, in, name, seen, &complaints, error);
    cli_close(in);
    cli_complaints(&complaints, name);
    return kind;
}

/* Whatever could be read is reported, behind the error. */
static int mappings_check(const struct cli *cli, const struct options *o, struct seen *seen)
{
    const struct mappings_range range = {o->topic, o->since_ms, o->last};
    struct ops_error error = {.kind = OPS_DONE};
    const enum ops_kind kind = o->file != NULL
                                   ? mappings_file(cli, o->file, seen, &error)
                                   : mappings_check_topic(cli->ops, &range, seen, &error);
    if (error.kind != OPS_DONE)
        (void)cli_report(&error);
    if (kind != OPS_DONE && (kind != OPS_DATA || seen->events == 0))
        return cli_exit(kind);
    const int found = mappings_print(cli, seen);
    return kind == OPS_DONE ? found : cli_exit(kind);
}

static int mappings_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct ops_error error;
    struct seen seen;
    const void *rules = NULL;

    if (o->file != NULL && (o->topic != NULL || o->since_ms >= 0 || o->last > 0))
        return cli_fail(
            CLI_USAGE,
            "mappings check: --file reads no topic: leave --topic, --since and --last out");
    if (o->since_ms >= 0 && o->last > 0)
        return cli_fail(
            CLI_USAGE, "mappings check: --since and --last say both where to begin: leave one out");
    if (ops_rules(cli->ops, &order_flow, &rules, &error) != OPS_DONE)
        return cli_report(&error);
    rules_idle_rows(rules, warn_idle, NULL);
    rules_silent_channels(rules, warn_silent, NULL);
    rules_nameless_carriers(rules, warn_nameless, NULL);
    seen_init(&seen);
    const int code = mappings_check(cli, o, &seen);
    seen_release(&seen);
    return code;
}

const struct command command_mappings_check = {
    .name = "mappings check",
    .synopsis = "",
    .summary = "check the mappings against recent orders: what is unmapped, and in how many orders",
    .help = "Reads order events and looks up every store, location, payment, delivery service, "
            "charge, tax rate, SKU and customer in the "
            "mappings,\n"
            "as a worker does. Whether Prima has a product is not asked. Nothing is written, no "
            "group is joined. Orders are counted once "
            "however\n"
            "often they were resent.\n"
            "Exit 0: all is mapped. 78: something is not, or a mapping file is wrong. 65: a line "
            "of --file is no event.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 0,
    .words_max = 0,
    .run = mappings_run,
};
