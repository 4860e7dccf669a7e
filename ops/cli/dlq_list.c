/* primaflow dlq list: what waits for people, by cause. */
#include "commands.h"
#include "core/held.h"
#include "dlq_filter.h"
#include "dlq_print.h"

#include "base/clock.h"

#include <string.h>

struct options {
    struct dlq_words words;
    const char *state;
    bool each, snoozed, prima;
    int64_t limit;
};

static const struct options defaults = {.words = DLQ_WORDS_DEFAULTS, .limit = 1000};

static const struct arg args_table[] = {
    DLQ_WORDS_ARGS(struct options),
    {"--state", ARG_TEXT, offsetof(struct options, state), "STATE",
     "open, retried, resolved, replaced, discarded, expired, or all; else open and expired", 0, 0},
    {"--snoozed", ARG_FLAG, offsetof(struct options, snoozed), NULL,
     "also those that were put off to a later time", 0, 0},
    {"--prima", ARG_FLAG, offsetof(struct options, prima), NULL,
     "ask Prima which orders on hold were released; they are listed no more", 0, 0},
    {"--each", ARG_FLAG, offsetof(struct options, each), NULL,
     "a line for each dead letter instead of one for each cause", 0, 0},
    {"--limit", ARG_INT, offsetof(struct options, limit), "N", "lines with --each (1000)", 1,
     INT64_C(10000000)},
};

static int states_read(const char *text, unsigned *ret_states)
{
    *ret_states = 1U << LETTER_OPEN | 1U << LETTER_EXPIRED;
    if (text == NULL)
        return CLI_DONE;
    *ret_states = (1U << LETTER_STATES) - 1;
    if (strcmp(text, "all") == 0)
        return CLI_DONE;
    for (int i = 0; i < LETTER_STATES; i++)
        if (strcmp(text, letter_state_name((enum letter_state)i)) == 0) {
            *ret_states = 1U << i;
            return CLI_DONE;
        }
    return cli_fail(
        CLI_USAGE,
        "--state '%s' is none of open, retried, resolved, replaced, discarded, expired, all", text);
}

static int list_print(const struct cli *cli, const struct options *o,
                      const struct letter_book *book, const struct dlq_filter *filter,
                      int64_t now_ms, const char *incomplete)
{
    struct dlq_group *groups = NULL;
    size_t count = 0;
    if (incomplete[0] != '\0')
        cli_warn("%s", incomplete);
    if (o->each) {
        dlq_print_each(cli->json, book, filter, (size_t)o->limit, now_ms, incomplete);
    } else {
        if (dlq_group(book, filter, now_ms, &groups, &count) != 0)
            return cli_fail(CLI_UNAVAILABLE, "no memory");
        dlq_print_groups(cli->json, groups, count, now_ms, incomplete);
        free(groups);
    }
    return incomplete[0] != '\0' ? CLI_UNAVAILABLE : CLI_DONE;
}

static int list_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t now_ms = clock_wall_ms();
    const struct dlq_options wanted = {
        .since_ms = now_ms - o->words.since_ms, .amounts = true, .holds = true};
    char incomplete[KAFKA_TEXT_MAX] = "", why_not[KAFKA_TEXT_MAX] = "";
    struct letter_book book = {.count = 0};
    struct dlq_filter filter;
    struct ops_error error;
    unsigned states;
    int code = states_read(o->state, &states);
    if (code == CLI_DONE)
        code = dlq_filter_read(&o->words, states, now_ms, &filter);
    if (code != CLI_DONE)
        return code;
    filter.with_snoozed = o->snoozed;
    const enum ops_kind kind = dlq_read(cli->ops, &wanted, &book, incomplete, &error);
    if (kind == OPS_DONE && o->prima)
        held_ask_prima(cli->ops, &book, now_ms, why_not);
    if (incomplete[0] == '\0')
        memcpy(incomplete, why_not, sizeof incomplete);
    code = kind == OPS_DONE ? list_print(cli, o, &book, &filter, now_ms, incomplete)
                            : cli_report(&error);
    letter_book_release(&book);
    return code;
}

const struct command command_dlq_list = {
    .name = "dlq list",
    .synopsis = "",
    .summary = "list what waits for people, by cause: how many, how old, how much",
    .help =
        "One line for each cause: what a flow, a code, a shop and the reason's text have in "
        "common, "
        "amounts and ids left out. Errors come before warnings, then the most numerous.\n"
        "Its id is what --cause takes, here and in dlq retry.\n"
        "Kinds:\n"
        "  dead       a dead letter: Prima has no document of it, or an earlier version's\n"
        "  parked     whether Prima has its document is not known (dlq resolve, adopt, release)\n"
        "  held       posted on hold: a person corrects it in Prima and releases it there. It "
        "leaves "
        "the list when somebody says so (dlq discard PLACE --reason ...), or with --prima when "
        "Prima "
        "shows it released\n"
        "States:\n"
        "  open       somebody must act\n"
        "  retried    sent to its worker again; how that ends is not known yet\n"
        "  resolved   a later delivery settled its order, or a person amended it\n"
        "  replaced   a later dead letter of the same order says what there is to do now\n"
        "  discarded  a person said that nothing is to be done\n"
        "  expired    open, and its bytes have gone with the topic's retention; primaflow report "
        "exceptions --yes keeps such ones listed\n"
        "Amounts: an order's total, a refund's money that went back. Nothing personal is shown.\n"
        "Exit 69: the results could not be read (a warning says so); what is listed may be "
        "resolved.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = list_run,
};
