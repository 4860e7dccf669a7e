/* primaflow dlq retry: dead letters to their workers again, or what would become of them. */
#include "commands.h"
#include "core/dlq_retry.h"
#include "core/dlq_trials.h"
#include "dlq_filter.h"
#include "dlq_print.h"
#include "dlq_retried.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>

struct options {
    struct dlq_words words;
    const char *reason;
    int64_t rate, first, failures_max, wait_ms;
    bool yes, again;
};

static const struct options defaults = {
    .words = DLQ_WORDS_DEFAULTS, .rate = 100, .first = 20, .wait_ms = 60000};

static const struct arg args_table[] = {
    DLQ_WORDS_ARGS(struct options),
    {"--again", ARG_FLAG, offsetof(struct options, again), NULL,
     "also those that were retried and are not known to have ended", 0, 0},
    {"--rate", ARG_INT, offsetof(struct options, rate), "N", "at most N a second (100)", 1,
     INT64_C(1000000)},
    {"--first", ARG_INT, offsetof(struct options, first), "N",
     "send N first and wait for their ends (20); 0: do not", 0, RETRY_BATCH_MAX},
    {"--max-failures", ARG_INT, offsetof(struct options, failures_max), "N",
     "stop when more than N of the first are dead letters again as before (0)", 0, RETRY_BATCH_MAX},
    {"--wait", ARG_MS, offsetof(struct options, wait_ms), "TIME",
     "how long the first are waited for (1m)", 1, 0},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "send; without it, it is only said what each would become", 0, 0},
};

static volatile sig_atomic_t stop; /* set by SIGINT and SIGTERM */

static void stop_on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* ---- which ---- */

struct retry_choice {
    struct letter_case **letters;
    size_t count;
};

static int choose_places(const struct args *args, const struct letter_book *book,
                         struct retry_choice *choice)
{
    for (int i = 0; i < args->word_count; i++) {
        struct letter_place place;
        if (!letter_place_read(args->words[i], &place))
            return cli_fail(CLI_USAGE,
                            "'%s' is no place of a dead letter; write TOPIC/PARTITION/OFFSET, as "
                            "orders.raw.dlq/0/17",
                            args->words[i]);
        struct letter_case *letter = letter_book_find_place(book, &place);
        if (letter == NULL)
            return cli_fail(CLI_DATA, "there is no dead letter %s, or it is older than --since",
                            args->words[i]);
        const struct options *o = args->options;
        if (letter->state != LETTER_OPEN && !(o->again && letter->state == LETTER_RETRIED))
            return cli_fail(CLI_DATA, "%s is %s already%s", args->words[i],
                            letter_state_name((enum letter_state)letter->state),
                            letter->state == LETTER_RETRIED ? "; --again sends it once more" : "");
        choice->letters[choice->count++] = letter;
    }
    return CLI_DONE;
}

static int choose_all(const struct options *o, int64_t now_ms, const struct letter_book *book,
                      struct retry_choice *choice)
{
    struct dlq_filter filter;
    const unsigned states = 1U << LETTER_OPEN | (o->again ? 1U << LETTER_RETRIED : 0);
    const int code = dlq_filter_read(&o->words, states, now_ms, &filter);
    if (code != CLI_DONE)
        return code;
    for (size_t i = 0; i < book->count; i++)
        if (dlq_matches(book, &filter, letter_book_at(book, i), now_ms))
            choice->letters[choice->count++] = letter_book_at(book, i);
    return CLI_DONE;
}

/* ---- what would become of them ---- */

static void print_trials(const struct cli *cli, const struct dlq_trials *trials, size_t count)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial_group *g = &trials->groups[i];
        char detail[SAFE_TEXT_MAX];
        if (cli->json)
            (void)json_array_append_new(rows, json_pack("{s:s, s:I, s:s, s:s}", "becomes", g->text,
                                                        "count", (json_int_t)g->count, "example",
                                                        g->example, "detail",
                                                        dlq_safe(g->detail, detail)));
        else
            printf("  %6zu  %s%s%s, for example %s\n", g->count, g->text,
                   g->detail[0] != '\0' ? ": " : "", dlq_safe(g->detail, detail), g->example);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "sent", 0, "letters",
                                 (json_int_t)count, "cut", (json_int_t)trials->cut, "gone",
                                 (json_int_t)trials->gone, "edits_gone",
                                 (json_int_t)trials->unknown, "would_become", rows),
                       JSON_COMPACT);
        return;
    }
    json_decref(rows);
    if (trials->cut > 0)
        printf("  %6" PRId64 "  cannot be sent: the record was too large, and its letter has no "
               "bytes\n",
               trials->cut);
    if (trials->gone > 0)
        printf("  %6" PRId64 "  cannot be sent: their bytes have gone\n", trials->gone);
    if (trials->unknown > 0)
        printf("  %6" PRId64 "  cannot be sent: their edits have gone; primaflow dlq edit anew\n",
               trials->unknown);
    printf("Nothing was sent: --yes --reason TEXT sends.\n");
}

static int trials_run(struct cli *cli, const struct retry_choice *choice, int64_t now_ms)
{
    struct dlq_trials trials;
    struct ops_error error;
    if (!cli->json)
        printf("%zu dead letter%s, with today's mappings and Prima as it is now:\n", choice->count,
               choice->count == 1 ? "" : "s");
    const int code = dlq_trials_make(cli->ops, choice->letters, choice->count, now_ms, &trials,
                                     &error) == OPS_DONE
                         ? (print_trials(cli, &trials, choice->count), CLI_DONE)
                         : cli_report(&error);
    dlq_trials_release(&trials);
    return code;
}

/* ---- sending ---- */

static int retry_send(struct cli *cli, const struct options *o, struct letter_book *book,
                      struct retry_choice *choice)
{
    char who[200];
    struct dlq_retried retried;
    struct ops_error error;
    cli_user(who, sizeof who);
    const struct dlq_retry_options wanted = {.who = who,
                                             .reason = o->reason,
                                             .rate = o->rate,
                                             .first =
                                                 (size_t)o->first < choice->count ? o->first : 0,
                                             .failures_max = o->failures_max,
                                             .wait_ms = o->wait_ms,
                                             .stop = &stop};
    stop = 0;
    (void)signal(SIGINT, stop_on_signal);
    (void)signal(SIGTERM, stop_on_signal);
    const enum ops_kind kind =
        dlq_retry(cli->ops, book, choice->letters, choice->count, &wanted, &retried, &error);
    dlq_print_retried(cli->json, &retried, choice->count);
    if (kind != OPS_DONE)
        return cli_report(&error);
    if (retried.is_stopped)
        return cli_fail(CLI_DATA,
                        "stopped: %" PRId64 " of the first %" PRId64
                        " are dead letters again for the same reason; the rest was not sent",
                        retried.first_failed, o->first);
    if (stop != 0)
        return cli_fail(CLI_UNAVAILABLE, "stopped by a signal; run again it sends the rest");
    return CLI_DONE;
}

static int retry_chosen(struct cli *cli, const struct args *args, struct letter_book *book,
                        int64_t now_ms)
{
    const struct options *o = args->options;
    struct retry_choice choice = {
        .letters = calloc(book->count + ARG_WORDS_MAX, sizeof(struct letter_case *))};
    if (choice.letters == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    int code = args->word_count > 0 ? choose_places(args, book, &choice)
                                    : choose_all(o, now_ms, book, &choice);
    if (code == CLI_DONE && choice.count == 0)
        cli_say("no dead letter matches: nothing is to be sent");
    else if (code == CLI_DONE)
        code = o->yes ? retry_send(cli, o, book, &choice) : trials_run(cli, &choice, now_ms);
    free(choice.letters);
    return code;
}

static int retry_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t now_ms = clock_wall_ms();
    const struct dlq_options wanted = {.since_ms = now_ms - o->words.since_ms};
    char incomplete[KAFKA_TEXT_MAX];
    struct letter_book book = {.count = 0};
    struct ops_error error;
    if (args->word_count == 0 && dlq_words_are_empty(&o->words))
        return cli_fail(CLI_USAGE, "which? Give places, or a filter such as --cause ID (see: "
                                   "primaflow dlq list)");
    if (args->word_count > 0 && !dlq_words_are_empty(&o->words))
        return cli_fail(CLI_USAGE, "places or a filter, one of them");
    if (o->yes && (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    int code;
    if (dlq_read(cli->ops, &wanted, &book, incomplete, &error) != OPS_DONE)
        code = cli_report(&error);
    else if (incomplete[0] != '\0')
        code = cli_fail(CLI_UNAVAILABLE, "%s; nothing was sent", incomplete);
    else
        code = retry_chosen(cli, args, &book, now_ms);
    letter_book_release(&book);
    return code;
}

const struct command command_dlq_retry = {
    .name = "dlq retry",
    .synopsis = "[PLACE...]",
    .summary = "send dead letters to their workers again, or say what they would become",
    .help =
        "By place, or all that a filter names, most useful of them --cause.\n"
        "Without --yes nothing is sent: the worker's own decision is made here with today's "
        "mappings, Prima is asked about products and orders, and it is said what each would "
        "become. Which account a customer has, and what other refunds reserve at that moment, is "
        "left to the worker.\n"
        "With --yes each goes, as it is, into its flow's first retry topic; one that was edited "
        "(dlq edit) with its edit. It settles by the same "
        "keys: what Prima has already comes back as a duplicate. So a retry is safe at any time, "
        "also of what is parked: the worker asks Prima again.\n"
        "The first few are waited for; when they fail as before, nothing else is sent.\n"
        "Stopped or killed, run again: what was sent is not sent twice.\n"
        "Kept in ops.decisions and ops.audit, with who and why.\n"
        "Exit 65: the first failed as before. 69: a service did not answer, or a signal came; what "
        "was sent is told.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 0,
    .words_max = ARG_WORDS_MAX,
    .run = retry_run,
};
