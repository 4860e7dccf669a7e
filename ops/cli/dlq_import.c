/* primaflow dlq import: exported dead letters to their workers again. */
#include "commands.h"
#include "core/dlq_file.h"
#include "dlq_retried.h"

#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>

struct options {
    const char *reason;
    int64_t rate, first, failures_max, wait_ms;
    bool yes, again;
};

static const struct options defaults = {.rate = 100, .first = 20, .wait_ms = 60000};

static const struct arg args_table[] = {
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
     "send; without it, it is only said what would be sent", 0, 0},
};

static volatile sig_atomic_t stop; /* set by SIGINT and SIGTERM */

static void stop_on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void print_left(const struct cli *cli, const struct dlq_import *import)
{
    json_t *left = json_object();
    for (int i = 0; i < LETTER_STATES; i++) {
        const char *state = letter_state_name((enum letter_state)i);
        if (import->left[i] == 0)
            continue;
        (void)json_object_set_new(left, state, json_integer((json_int_t)import->left[i]));
        if (!cli->json)
            printf("%zu left out: %s already%s\n", import->left[i], state,
                   i == LETTER_RETRIED ? "; --again sends them once more" : "");
    }
    if (!cli->json)
        printf("%zu dead letters to be sent. Nothing was sent: --yes --reason TEXT sends.\n",
               import->count);
    else
        cli_print_json(json_pack("{s:b, s:I, s:O}", "sent", 0, "letters", (json_int_t)import->count,
                                 "left_out", left),
                       JSON_COMPACT);
    json_decref(left);
}

static int import_send(struct cli *cli, const struct options *o, struct dlq_import *import)
{
    char who[200];
    struct dlq_retried retried = {0};
    struct ops_error error;
    cli_user(who, sizeof who);
    const struct dlq_retry_options wanted = {.who = who,
                                             .reason = o->reason,
                                             .rate = o->rate,
                                             .first =
                                                 (size_t)o->first < import->count ? o->first : 0,
                                             .failures_max = o->failures_max,
                                             .wait_ms = o->wait_ms,
                                             .stop = &stop};
    stop = 0;
    (void)signal(SIGINT, stop_on_signal);
    (void)signal(SIGTERM, stop_on_signal);
    const size_t count = import->count;
    const enum ops_kind kind = dlq_import_send(cli->ops, import, &wanted, &retried, &error);
    dlq_print_retried(cli->json, &retried, count);
    if (kind != OPS_DONE)
        return cli_report(&error);
    if (retried.is_stopped)
        return cli_fail(CLI_DATA,
                        "stopped: %" PRId64 " of the first %" PRId64
                        " are dead letters again for the same reason; the rest was not sent",
                        retried.first_failed, o->first);
    return stop != 0 ? cli_fail(CLI_UNAVAILABLE, "stopped by a signal; run again it sends the rest")
                     : CLI_DONE;
}

static int import_opened(struct cli *cli, const struct options *o, struct dlq_import *import)
{
    struct complaints complaints = {.count = 0};
    char incomplete[KAFKA_TEXT_MAX];
    struct ops_error error;
    if (dlq_import_read(cli->ops, import, &complaints, incomplete, &error) != OPS_DONE) {
        cli_complaints(&complaints, import->name);
        return cli_report(&error);
    }
    if (incomplete[0] != '\0')
        return cli_fail(CLI_UNAVAILABLE, "%s; nothing was sent", incomplete);
    dlq_import_choose(import, o->again);
    if (!o->yes) {
        print_left(cli, import);
        return CLI_DONE;
    }
    if (import->count == 0) {
        cli_say("none of these dead letters is open: nothing is to be sent");
        return CLI_DONE;
    }
    return import_send(cli, o, import);
}

static int import_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct dlq_import import = {.name = args->words[0]};
    if (o->yes && (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    import.in = cli_open(&import.name);
    if (import.in == NULL)
        return CLI_DATA;
    const int code = import_opened(cli, o, &import);
    dlq_import_release(&import);
    cli_close(import.in);
    return code;
}

const struct command command_dlq_import = {
    .name = "dlq import",
    .synopsis = "FILE",
    .summary = "send exported dead letters to their workers again",
    .help =
        "FILE is of dlq export. Every line is checked before the first one is sent; one that was "
        "changed since is refused (dlq edit edits).\n"
        "Each goes, byte for byte, with its headers, into its flow's first retry topic, as dlq "
        "retry sends it, and once: what was retried, discarded or settled since is left out, also "
        "when the letter itself has left Kafka. What Prima has comes back as a duplicate.\n"
        "Without --yes it is said how many would be sent. Stopped or killed, run again: what was "
        "sent is not sent twice.\n"
        "Kept in ops.decisions and ops.audit, with who and why.\n"
        "Exit 65: lines are wrong, or the first failed as before. 69: a service did not answer, or "
        "a signal came; what was sent is told.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = import_run,
};
