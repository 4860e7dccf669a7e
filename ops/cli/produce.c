/* primaflow produce: JSON lines into a topic, all of them or none. */
#include "commands.h"
#include "core/events.h"
#include "core/send.h"

#include <jansson.h>

struct options {
    bool raw;
};

static const struct options defaults = {.raw = false};

static const struct arg args_table[] = {
    {"--raw", ARG_FLAG, offsetof(struct options, raw), NULL,
     "lines are {\"key\", \"value\", \"headers\", \"partition\"}, as consume --raw prints them", 0,
     0},
};

static int produce_send(struct cli *cli, const struct spool *spool, const char *topic)
{
    struct ops_error error;
    if (send_spool(cli->ops, spool, topic, &error) != OPS_DONE)
        return cli_report(&error);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I}", "topic", topic, "records", (json_int_t)spool->count),
                       0);
    else
        cli_say("%zu records sent to %s", spool->count, topic);
    return CLI_DONE;
}

/* Reads and sends; `maker` NULL: raw lines. */
static int produce_file(struct cli *cli, struct event_maker *maker, const char *topic,
                        const char *name)
{
    struct complaints complaints = {.count = 0};
    struct ops_error error;
    struct spool spool;
    FILE *in = cli_open(&name);
    if (in == NULL)
        return CLI_DATA;
    spool_init(&spool);
    int code = CLI_DONE;
    const enum ops_kind kind = spool_read(
        &spool, in, name, maker != NULL ? events_line : spool_raw_line, maker, &complaints, &error);
    cli_close(in);
    cli_complaints(&complaints, name);
    if (kind != OPS_DONE)
        code = cli_report(&error);
    else if (spool.count == 0)
        cli_warn("%s has no lines: nothing was sent", name);
    else
        code = produce_send(cli, &spool, topic);
    spool_release(&spool);
    return code;
}

static int produce_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const char *topic = args->words[0], *name = args->word_count > 1 ? args->words[1] : "-";
    struct event_maker *maker = NULL;
    struct ops_error error;
    if (!o->raw && events_maker_new(cli->ops, topic, &maker, &error) != OPS_DONE)
        return cli_report(&error);
    const int code = produce_file(cli, maker, topic, name);
    events_maker_free(maker);
    return code;
}

const struct command command_produce = {
    .name = "produce",
    .synopsis = "TOPIC [FILE|-]",
    .summary = "send JSON lines to a topic, all or nothing",
    .help = "Every line is checked before the first is sent; all go in one Kafka transaction, at "
            "most 1 GiB. An error names the line.\n"
            "For a topic of events (orders.raw) a line is the event as schemas/ has it, amounts in "
            "minor units; the key is derived from it.\n"
            "Exit 65: a line is wrong, nothing was sent.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 2,
    .run = produce_run,
};
