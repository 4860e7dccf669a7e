/* primaflow replay run, resume: an input's records to their worker once more. */
#include "commands.h"
#include "core/replay_run.h"
#include "replay_words.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* ---- what both print ---- */

enum { SAY_EVERY_MS = 10000 };

static void say_progress(void *user, const struct replay_progress *p)
{
    int64_t *said_ms = user;
    const int64_t now = clock_monotonic_ms();
    if (now - *said_ms < SAY_EVERY_MS || p->is_done)
        return;
    *said_ms = now;
    cli_say("%" PRId64 " records sent, at most %" PRId64 " are left", p->sent, p->left);
}

static int64_t left_out(const struct replay_left_out *l)
{
    return l->old + l->limited + l->large;
}

static void print_progress(const struct cli *cli, const char *id, const struct replay_progress *p)
{
    const struct replay_left_out *l = &p->left_out;
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:I, s:I}", "id", id, "state",
                                 p->is_done ? "done" : "open", "sent", (json_int_t)p->sent,
                                 "left_out", "old", (json_int_t)l->old, "limited",
                                 (json_int_t)l->limited, "large", (json_int_t)l->large, "left",
                                 (json_int_t)p->left, "gone", (json_int_t)p->gone),
                       JSON_COMPACT);
        return;
    }
    printf("replay %s: %" PRId64 " records sent", id, p->sent);
    if (!p->is_done)
        printf(", at most %" PRId64 " are left: primaflow replay resume %s --yes", p->left, id);
    printf("\n");
    if (l->old > 0)
        printf("  %8" PRId64 " left out: older than idempotency.ttl, Redis may have forgotten "
               "them; a replay with --resolve-first has Prima asked about each\n",
               l->old);
    if (l->limited > 0)
        printf("  %8" PRId64 " left out: replayed replay.max_count times\n", l->limited);
    if (l->large > 0)
        printf("  %8" PRId64 " left out: too large\n", l->large);
    if (p->gone > 0)
        printf("  at most %" PRId64 " have gone with the topic's retention\n", p->gone);
}

static int replay_send(struct cli *cli, const char *id, int64_t rate)
{
    char who[200];
    struct replay_progress progress;
    struct ops_error error;
    int64_t said_ms = clock_monotonic_ms();
    const volatile sig_atomic_t *stop = replay_stop();
    const struct replay_going going = {
        .rate = rate, .stop = stop, .seen = say_progress, .user = &said_ms};
    cli_user(who, sizeof who);
    const enum ops_kind kind = replay_go_on(cli->ops, id, who, &going, &progress, &error);
    if (kind == OPS_USAGE || kind == OPS_DATA) /* nothing was begun */
        return cli_report(&error);
    print_progress(cli, id, &progress);
    if (kind != OPS_DONE)
        return cli_report(&error);
    if (*stop != 0 && !progress.is_done)
        return cli_fail(CLI_UNAVAILABLE,
                        "stopped by a signal; primaflow replay resume %s --yes goes on", id);
    if (left_out(&progress.left_out) > 0)
        return cli_fail(CLI_DATA, "%" PRId64 " of the chosen records were left out",
                        left_out(&progress.left_out));
    return CLI_DONE;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t")] == '\0';
}

/* ---- run ---- */

struct options {
    struct replay_words words;
    const char *reason;
    int64_t rate;
    bool resolve_first, yes;
};

static const struct options defaults = {.words = REPLAY_WORDS_DEFAULTS};

static const struct arg args_table[] = {
    REPLAY_WORDS_ARGS(struct options),
    {"--rate", ARG_INT, offsetof(struct options, rate), "N",
     "at most N records a second (a tenth of limit.rate; 1000 where there is none)", 1,
     INT64_C(1000000)},
    {"--resolve-first", ARG_FLAG, offsetof(struct options, resolve_first), NULL,
     "also records older than idempotency.ttl; the worker asks Prima about each of whose key Redis "
     "has nothing, before anything else",
     0, 0},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "send; without it, it is only said what it would be", 0, 0},
};

static int run_plan(struct cli *cli, const struct replay_choice *choice, int64_t rate)
{
    enum { SAMPLE = 10000 };
    struct replay_plan plan;
    struct ops_error error;
    if (replay_plan_make(cli->ops, choice, SAMPLE, replay_stop(), &plan, &error) != OPS_DONE)
        return cli_report(&error);
    replay_plan_print(cli, choice, &plan, rate);
    if (!cli->json)
        printf("Nothing was sent: --yes --reason TEXT sends.\n");
    return CLI_DONE;
}

static int run_send(struct cli *cli, const struct options *o, const struct replay_choice *choice,
                    int64_t rate)
{
    char who[200], id[REPLAY_ID_MAX];
    struct ops_error error;
    cli_user(who, sizeof who);
    const struct replay_wanted wanted = {
        .who = who, .reason = o->reason, .rate = rate, .resolve_first = o->resolve_first};
    if (replay_begin(cli->ops, choice, &wanted, id, &error) != OPS_DONE)
        return cli_report(&error);
    cli_say("replay %s of %s, as %s", id, choice->flow->reads, who);
    return replay_send(cli, id, 0);
}

static int replay_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t rate = o->rate > 0 ? o->rate : replay_rate(cli->config);
    struct replay_choice choice;
    if (o->yes && is_blank(o->reason))
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    int code = replay_words_choose(cli, args->words[0], &o->words, &choice);
    if (code == CLI_DONE)
        code = o->yes ? run_send(cli, o, &choice, rate) : run_plan(cli, &choice, rate);
    replay_choice_release(&choice);
    return code;
}

const struct command command_replay_run = {
    .name = "replay run",
    .synopsis = "TOPIC",
    .summary = "send an input's records to their worker once more, or say what that would be",
    .help =
        "Copies go into <topic>.replay, which only the worker reads. Each settles by the same "
        "keys: "
        "what was posted comes back as a duplicate, and nothing is posted twice.\n"
        "Key, value and headers stay as they are, but for those of replay.drop_headers; the "
        "record's time is in primaflow.original-timestamp, its traceparent in traceparent-link.\n"
        "Records older than idempotency.ttl are left out, for Redis may have forgotten them; "
        "with --resolve-first they go, and the worker asks Prima first about each of whose key "
        "Redis "
        "has nothing: what Prima has is then a dead "
        "letter exists_unproven unless a key says whose it is (primaflow replay rebuild-keys), "
        "what Prima lacks is posted.\n"
        "Records that were replayed replay.max_count times are left out.\n"
        "Stopped or killed, it is resumed by its id without gap and without double.\n"
        "Kept in ops.audit, with who and why.\n"
        "Exit 65: some of the chosen were left out. 69: a service did not answer, or a signal "
        "came; what was sent is told.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = replay_run,
};

/* ---- resume ---- */

struct resume_options {
    int64_t rate;
    bool yes;
};

static const struct resume_options resume_defaults = {.rate = 0};

static const struct arg resume_args[] = {
    {"--rate", ARG_INT, offsetof(struct resume_options, rate), "N",
     "at most N records a second (as it was begun)", 1, INT64_C(1000000)},
    {"--yes", ARG_FLAG, offsetof(struct resume_options, yes), NULL, "send", 0, 0},
};

static int resume_run(struct cli *cli, const struct args *args)
{
    const struct resume_options *o = args->options;
    return o->yes ? replay_send(cli, args->words[0], o->rate)
                  : cli_fail(CLI_USAGE, "--yes is missing: it sends what is left of the replay; "
                                        "primaflow replay status says how much that is");
}

const struct command command_replay_resume = {
    .name = "replay resume",
    .synopsis = "ID",
    .summary = "send what is left of a replay that was stopped or killed",
    .help = "Goes on behind the last batch that was committed: no record is left out, none goes "
            "twice. A process that still sends it is stopped by this.",
    .args = resume_args,
    .arg_count = sizeof resume_args / sizeof *resume_args,
    .defaults = &resume_defaults,
    .options_size = sizeof resume_defaults,
    .words_min = 1,
    .words_max = 1,
    .run = resume_run,
};
