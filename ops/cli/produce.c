/* primaflow produce: JSON lines into a topic, all of them or none. */
#include "commands.h"
#include "events.h"
#include "spool.h"

#include <errno.h>

struct options {
    bool raw;
};

static const struct options defaults = {.raw = false};

static const struct arg args_table[] = {
    {"--raw", ARG_FLAG, offsetof(struct options, raw), NULL,
     "lines are {\"key\", \"value\", \"headers\", \"partition\"}, as consume --raw prints them", 0, 0},
};

static int send_all(struct cli *cli, const struct spool *spool, const char *topic)
{
    struct broker_producer *producer = NULL;
    struct broker_message message = {""};
    int rc = broker_producer_new(cli->config, spool->bytes.size, &producer, &message);
    if (rc == 0)
        rc = spool_send(spool, 0, spool->count, topic, producer, &message);
    broker_producer_free(producer);
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "%s", message.text);
    if (cli->json)
        printf("{\"topic\": \"%s\", \"records\": %zu}\n", topic, spool->count);
    else
        cli_say("%zu records sent to %s", spool->count, topic);
    return CLI_DONE;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const char *topic = args->words[0], *name = args->word_count > 1 ? args->words[1] : "-";
    struct event_maker *maker = NULL;
    struct spool spool;

    int code = o->raw ? CLI_DONE : events_maker_new(cli, topic, &maker);
    if (code != CLI_DONE)
        return code;
    bool is_stdin = strcmp(name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(name, "r");
    if (in == NULL) {
        code = cli_fail(CLI_DATA, "%s: %s", name, strerror(errno));
        goto out;
    }
    spool_init(&spool);
    code = spool_read(&spool, in, is_stdin ? "stdin" : name, o->raw ? spool_raw_line : events_line, maker);
    if (!is_stdin)
        (void)fclose(in);
    if (code == CLI_DONE && spool.count == 0)
        cli_warn("%s has no lines: nothing was sent", name);
    else if (code == CLI_DONE)
        code = send_all(cli, &spool, topic);
    spool_release(&spool);
out:
    events_maker_free(maker);
    return code;
}

const struct command command_produce = {
    .name = "produce",
    .synopsis = "TOPIC [FILE|-]",
    .summary = "send JSON lines to a topic, all or nothing",
    .help =
        "Every line is checked before the first is sent; all go in one Kafka transaction, at most 1 GiB. An error names the line.\n"
        "For a topic of events (orders.raw) a line is the event as schemas/ has it, amounts in minor units; the key is derived from it.\n"
        "Exit 65: a line is wrong, nothing was sent.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 2,
    .run = run,
};
