/* primaflow dlq show: one dead letter, whole. */
#include "commands.h"
#include "dlq_print.h"

#include "base/clock.h"

struct options {
    int64_t since_ms;
    bool raw;
};

static const struct options defaults = {.since_ms = INT64_C(30) * 86400000};

static const struct arg args_table[] = {
    {"--raw", ARG_FLAG, offsetof(struct options, raw), NULL,
     "also key, headers and value as they are", 0, 0},
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE",
     "how far back other dead letters of the same key are looked for (30d)", 1, 0},
};

static int show_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t now_ms = clock_wall_ms();
    struct letter_place place;
    struct dlq_shown shown;
    struct ops_error error;
    if (!letter_place_read(args->words[0], &place))
        return cli_fail(CLI_USAGE,
                        "'%s' is no place of a dead letter; write TOPIC/PARTITION/OFFSET, as "
                        "orders.raw.dlq/0/17",
                        args->words[0]);
    int code = CLI_DONE;
    if (dlq_show(cli->ops, &place, now_ms - o->since_ms, now_ms, &shown, &error) != OPS_DONE) {
        code = cli_report(&error);
    } else {
        if (shown.incomplete[0] != '\0')
            cli_warn("%s", shown.incomplete);
        dlq_print_shown(cli->json, &shown, o->raw);
        code = shown.incomplete[0] != '\0' ? CLI_UNAVAILABLE : CLI_DONE;
    }
    dlq_shown_release(&shown);
    return code;
}

const struct command command_dlq_show = {
    .name = "dlq show",
    .synopsis = "PLACE",
    .summary = "show one dead letter: reason, next step, what it would become now, its event",
    .help =
        "PLACE is TOPIC/PARTITION/OFFSET, as dlq list shows it: orders.raw.dlq/0/17.\n"
        "Shows why it stopped and whose turn it is, what the worker would make of it with today's "
        "mappings (Prima is asked, nothing is written), what people decided, other dead letters of "
        "the same key, and the event as its schema reads it.\n"
        "The event has personal data of customers: do not pass it on.\n"
        "Exit 65: there is no such dead letter. 69: something could not be asked (a warning says "
        "what); the rest is shown.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = show_run,
};
