/* primaflow why: one order's or refund's whole life, and what to do next. */
#include "commands.h"
#include "why_print.h"

#include "base/clock.h"

struct options {
    int64_t since_ms;
    bool all_partitions;
};

static const struct options defaults = {.since_ms = INT64_C(60) * 86400000};

static const struct arg args_table[] = {
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE",
     "age of the oldest records to read (60d)", 1, 0},
    {"--all-partitions", ARG_FLAG, offsetof(struct options, all_partitions), NULL,
     "for producers that partition keys unlike Java's clients (slower)", 0, 0},
};

static void why_warn(const struct why_story *story)
{
    if (story->redis_why_not[0] != '\0')
        cli_warn("%s", story->redis_why_not);
    for (size_t i = 0; i < story->count; i++) {
        if (story->orders[i].credit.why_not[0] != '\0')
            cli_warn("%s", story->orders[i].credit.why_not);
        if (story->orders[i].stock.why_not[0] != '\0')
            cli_warn("%s", story->orders[i].stock.why_not);
        if (story->orders[i].prima.why_not[0] != '\0')
            cli_warn("%s", story->orders[i].prima.why_not);
    }
}

static int why_print(const struct cli *cli, const struct why_story *story, const char *id)
{
    for (size_t i = 0; i < story->count; i++)
        if (cli->json)
            why_print_json(&story->orders[i]);
        else
            why_print_text(&story->orders[i]);
    if (!story->is_known)
        return cli_fail(CLI_DATA,
                        "nothing found for %s: check the id, and whether the channel sent it", id);
    return story->is_incomplete ? CLI_UNAVAILABLE : CLI_DONE; /* the warnings say what */
}

static int why_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const struct why_options wanted = {.since_ms = clock_wall_ms() - o->since_ms,
                                       .all_partitions = o->all_partitions};
    struct ops_error error;
    struct why_story *story = calloc(1, sizeof *story);
    if (story == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    const enum ops_kind kind = ops_why(cli->ops, args->words[0], &wanted, story, &error);
    why_warn(story);
    const int code = kind == OPS_DONE ? why_print(cli, story, args->words[0]) : cli_report(&error);
    why_story_release(story);
    free(story);
    return code;
}

const struct command command_why = {
    .name = "why",
    .synopsis = "ID",
    .summary = "show everything known about one order or refund, and the next step",
    .help =
        "ID is the channel's order id or refund id, Prima's number of the order or the credit "
        "note, or a key: company/orders/channel/store/order-id, "
        "company/refunds/channel/store/refund-id.\n"
        "Shows its events, retries, results and dead letters from the topics, its state in "
        "Redis, what Prima has now, and the next step.\n"
        "Of each event it shows what changed since the one before; of a dead letter of a posted "
        "order, what differs from what was posted.\n"
        "With an order: each of its refunds in a line, what remains creditable, and what is "
        "reserved "
        "for it in stock, per product and depot. With a refund: "
        "what is reserved for it in Redis, its record in the ledger, and its order.\n"
        "[1a2b3c4d] is the beginning of the content's digest: the same digest, the same order. "
        "Nothing personal is shown.\n"
        "Exit 65: nothing found. 69: a service did not answer (a warning names it); the rest "
        "is shown.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = why_run,
};
