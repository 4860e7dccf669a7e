/* primaflow replay status, cancel: replays that were begun. */
#include "commands.h"
#include "core/replay_run.h"
#include "core/replay_status.h"
#include "dlq_print.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static const char *const states[] = {
    [REPLAY_OPEN] = "open", [REPLAY_DONE] = "done", [REPLAY_CANCELLED] = "cancelled"};

static int64_t offsets_left(const struct replay_entry *e)
{
    int64_t left = 0;
    for (size_t i = 0; i < e->choice.span_count; i++)
        if (e->next[i] < e->choice.spans[i].until)
            left += e->choice.spans[i].until - e->next[i];
    return left;
}

static json_t *entry_json(const struct replay_entry *e)
{
    char began[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:b, s:s, s:s, s:s, s:s}",
                     "id", e->id, "state", states[e->state], "topic", e->choice.flow->reads, "sent",
                     (json_int_t)e->sent, "left", (json_int_t)offsets_left(e), "left_out", "old",
                     (json_int_t)e->left_out.old, "limited", (json_int_t)e->left_out.limited,
                     "large", (json_int_t)e->left_out.large, "rate", (json_int_t)e->rate,
                     "resolve_first", e->resolve_first, "who", e->who, "reason", e->reason, "began",
                     clock_format(e->began_ms, began), "last", clock_format(e->last_ms, last));
}

static void print_entry(const struct replay_entry *e, int64_t now_ms)
{
    char began[CLOCK_TEXT_MAX], age[AGE_TEXT_MAX], who[SAFE_TEXT_MAX], reason[SAFE_TEXT_MAX];
    printf("%s  %-9s %s: %" PRId64 " sent", e->id, states[e->state], e->choice.flow->reads,
           e->sent);
    if (e->state == REPLAY_OPEN)
        printf(", at most %" PRId64 " left, last batch %s ago", offsets_left(e),
               dlq_age(now_ms - e->last_ms, age));
    if (e->left_out.old + e->left_out.limited + e->left_out.large > 0)
        printf("; left out: %" PRId64 " too old, %" PRId64 " replayed too often, %" PRId64
               " too large",
               e->left_out.old, e->left_out.limited, e->left_out.large);
    printf("\n    begun %s by %s: %s\n", clock_format(e->began_ms, began), dlq_safe(e->who, who),
           dlq_safe(e->reason, reason));
}

static void print_lag(const struct replay_lag *lag)
{
    if (lag->copies < 0)
        return;
    printf("%s: %" PRId64 " offsets wait for the worker\n", lag->topic, lag->copies);
}

static void print_all(const struct cli *cli, const struct replay_status *s, const char *id)
{
    json_t *list = json_array(), *lags = json_object();
    for (size_t i = 0; i < s->book.count; i++) {
        const struct replay_entry *e = &s->book.list[i];
        if (id != NULL && strcmp(e->id, id) != 0)
            continue;
        if (cli->json)
            (void)json_array_append_new(list, entry_json(e));
        else
            print_entry(e, clock_wall_ms());
    }
    for (size_t i = 0; i < s->lag_count; i++) {
        if (!cli->json)
            print_lag(&s->lags[i]);
        else if (s->lags[i].copies >= 0)
            (void)json_object_set_new(lags, s->lags[i].topic,
                                      json_integer((json_int_t)s->lags[i].copies));
    }
    if (cli->json)
        cli_print_json(json_pack("{s:o, s:o}", "replays", list, "waiting", lags), JSON_COMPACT);
    else
        json_decref(list), json_decref(lags);
}

static int status_run(struct cli *cli, const struct args *args)
{
    const char *id = args->word_count > 0 ? args->words[0] : NULL;
    struct replay_status status;
    struct ops_error error;
    int code = CLI_DONE;
    if (replay_status_read(cli->ops, &status, &error) != OPS_DONE)
        code = cli_report(&error);
    else if (id != NULL && replay_book_find(&status.book, id) == NULL)
        code = cli_fail(CLI_DATA, "there is no replay '%.40s'", id);
    else
        print_all(cli, &status, id);
    replay_book_release(&status.book);
    return code;
}

const struct command command_replay_status = {
    .name = "replay status",
    .synopsis = "[ID]",
    .summary = "show replays, how far each has come, and what waits for the workers",
    .help = "open: it is under way, or was stopped or killed; then primaflow replay resume goes "
            "on with it.",
    .words_max = 1,
    .run = status_run,
};

/* ---- cancel ---- */

struct cancel_options {
    const char *reason;
    bool yes;
};

static const struct cancel_options cancel_defaults = {.reason = NULL};

static const struct arg cancel_args[] = {
    {"--reason", ARG_TEXT, offsetof(struct cancel_options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct cancel_options, yes), NULL, "cancel", 0, 0},
};

static int cancel_run(struct cli *cli, const struct args *args)
{
    const struct cancel_options *o = args->options;
    char who[200];
    struct ops_error error;
    if (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0')
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    if (!o->yes)
        return cli_fail(CLI_USAGE, "--yes is missing: it ends the replay for good");
    cli_user(who, sizeof who);
    if (replay_cancel(cli->ops, args->words[0], who, o->reason, &error) != OPS_DONE)
        return cli_report(&error);
    cli_say("replay %s is cancelled, as %s; what was sent stays so", args->words[0], who);
    return CLI_DONE;
}

const struct command command_replay_cancel = {
    .name = "replay cancel",
    .synopsis = "ID",
    .summary = "end a replay for good",
    .help = "A process that sends it now is stopped behind its last batch. What was sent stays "
            "so: the worker settles it.",
    .args = cancel_args,
    .arg_count = sizeof cancel_args / sizeof *cancel_args,
    .defaults = &cancel_defaults,
    .options_size = sizeof cancel_defaults,
    .words_min = 1,
    .words_max = 1,
    .run = cancel_run,
};
