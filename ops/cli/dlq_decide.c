/* primaflow dlq assign, note, snooze, discard: a person's word about one dead letter. */
#include "commands.h"
#include "core/dlq_decide.h"
#include "dlq_print.h"

#include "base/clock.h"

#include <jansson.h>
#include <string.h>

struct options {
    const char *reason;
    int64_t until_ms, since_ms;
    bool yes;
};

static const struct options defaults = {.since_ms = INT64_C(60) * 86400000};

#define REASON_ARG                                                                                 \
    {                                                                                              \
        "--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",                            \
            "why, for ops.audit. No names of customers", 0, 0                                      \
    }
#define SINCE_ARG                                                                                  \
    {                                                                                              \
        "--since", ARG_MS, offsetof(struct options, since_ms), "AGE",                              \
            "age of the oldest dead letters to read (60d)", 1, 0                                   \
    }

static const struct arg plain_args[] = {REASON_ARG, SINCE_ARG};
static const struct arg snooze_args[] = {
    {"--until", ARG_TIME, offsetof(struct options, until_ms), "TIME",
     "RFC 3339 or YYYY-MM-DD: it is not listed before", 0, 0},
    REASON_ARG,
    SINCE_ARG,
};
static const struct arg discard_args[] = {
    REASON_ARG,
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL,
     "write; without it, it is only said what would be written", 0, 0},
    SINCE_ARG,
};

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t")] == '\0';
}

static void decided_print(const struct cli *cli, const struct dlq_decide_options *o,
                          const struct dlq_decided *decided, const char *place)
{
    char key[SAFE_TEXT_MAX];
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "letter", place, "key",
                                 dlq_safe(decided->letter.natural, key), "code",
                                 pf_error_info(decided->letter.code)->name, "decision",
                                 decision_name(o->kind), "who", o->who, "written",
                                 decided->written),
                       JSON_INDENT(2));
        return;
    }
    printf("%s, %s, %s: %s %s by %s%s\n", place,
           decided->letter.natural[0] != '\0' ? dlq_safe(decided->letter.natural, key)
                                              : "nobody can tell whose",
           pf_error_info(decided->letter.code)->name, decided->written ? "is" : "would be",
           decision_name(o->kind), o->who,
           decided->written ? "" : "; nothing was written: --yes writes");
}

static int decide(struct cli *cli, const char *place, struct dlq_decide_options *o)
{
    char who[200];
    struct dlq_decided decided;
    struct ops_error error;
    if (!letter_place_read(place, &o->place))
        return cli_fail(CLI_USAGE,
                        "'%s' is no place of a dead letter; write TOPIC/PARTITION/OFFSET, as "
                        "orders.raw.dlq/0/17",
                        place);
    if (is_blank(o->reason))
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    cli_user(who, sizeof who);
    o->who = who;
    if (dlq_decide(cli->ops, o, &decided, &error) != OPS_DONE)
        return cli_report(&error);
    decided_print(cli, o, &decided, place);
    return CLI_DONE;
}

static struct dlq_decide_options options_of(const struct options *o, enum decision_kind kind)
{
    return (struct dlq_decide_options){.kind = kind,
                                       .reason = o->reason,
                                       .until_ms = o->until_ms,
                                       .since_ms = clock_wall_ms() - o->since_ms,
                                       .writes = true};
}

static int assign_run(struct cli *cli, const struct args *args)
{
    struct dlq_decide_options o = options_of(args->options, DECISION_ASSIGNED);
    o.assignee = args->words[1];
    return decide(cli, args->words[0], &o);
}

static int note_run(struct cli *cli, const struct args *args)
{
    struct dlq_decide_options o = options_of(args->options, DECISION_NOTED);
    o.reason = args->words[1];
    return decide(cli, args->words[0], &o);
}

static int snooze_run(struct cli *cli, const struct args *args)
{
    struct dlq_decide_options o = options_of(args->options, DECISION_SNOOZED);
    if (o.until_ms <= clock_wall_ms())
        return cli_fail(CLI_USAGE, "--until TIME is missing, or has passed");
    return decide(cli, args->words[0], &o);
}

static int discard_run(struct cli *cli, const struct args *args)
{
    struct dlq_decide_options o = options_of(args->options, DECISION_DISCARDED);
    o.writes = ((const struct options *)args->options)->yes;
    return decide(cli, args->words[0], &o);
}

#define LOGGED                                                                                     \
    "Your word is kept in ops.decisions and ops.audit, with who and when.\n"                       \
    "Exit 65: there is no such dead letter, or it is not open any more."

const struct command command_dlq_assign = {
    .name = "dlq assign",
    .synopsis = "PLACE NAME",
    .summary = "say who works on a dead letter; '' for nobody",
    .help = LOGGED,
    .args = plain_args,
    .arg_count = sizeof plain_args / sizeof *plain_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 2,
    .words_max = 2,
    .run = assign_run,
};

const struct command command_dlq_note = {
    .name = "dlq note",
    .synopsis = "PLACE TEXT",
    .summary = "leave a note with a dead letter",
    .help =
        "The last note is shown in lists, all of them by dlq show. No names of customers.\n" LOGGED,
    .args = plain_args + 1,
    .arg_count = 1,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 2,
    .words_max = 2,
    .run = note_run,
};

const struct command command_dlq_snooze = {
    .name = "dlq snooze",
    .synopsis = "PLACE",
    .summary = "put a dead letter off to a later time",
    .help =
        "It stays open, and dlq list shows it again from then on (before with --snoozed).\n" LOGGED,
    .args = snooze_args,
    .arg_count = sizeof snooze_args / sizeof *snooze_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = snooze_run,
};

const struct command command_dlq_discard = {
    .name = "dlq discard",
    .synopsis = "PLACE",
    .summary = "close a dead letter: nothing is to be done about it",
    .help =
        "For what was booked by hand, or needs no booking. Nothing of it is sent again; a later "
        "delivery of the same order is processed as any other. Refunds of an order that was never "
        "posted are told that there is nothing to credit.\n"
        "Of what is parked: look for its number in Prima first. Ours: dlq adopt. Else a discard "
        "ends "
        "its key, too: nothing of it is sent any more, versions that wait behind it are discarded "
        "with it, and what comes later is a dead letter.\n" LOGGED,
    .args = discard_args,
    .arg_count = sizeof discard_args / sizeof *discard_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = discard_run,
};
