/* primaflow dlq resolve, adopt, release: a person's word about what is parked. */
#include "commands.h"
#include "core/parked.h"
#include "dlq_print.h"

#include "base/clock.h"
#include "base/text.h"

#include <jansson.h>

struct options {
    const char *reason, *document;
    int64_t since_ms;
    bool force, yes;
};

static const struct options defaults = {.since_ms = INT64_C(60) * 86400000};

#define YES_ARG                                                                                    \
    {                                                                                              \
        "--yes", ARG_FLAG, offsetof(struct options, yes), NULL,                                    \
            "write; without it, it is only said what would be written", 0, 0                       \
    }
#define SINCE_ARG                                                                                  \
    {                                                                                              \
        "--since", ARG_MS, offsetof(struct options, since_ms), "AGE",                              \
            "age of the oldest dead letters to read (60d)", 1, 0                                   \
    }
#define REASON_ARG                                                                                 \
    {                                                                                              \
        "--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",                            \
            "why, for ops.audit. No names of customers", 0, 0                                      \
    }

static const struct arg resolve_args[] = {REASON_ARG, YES_ARG, SINCE_ARG};
static const struct arg adopt_args[] = {
    {"--document", ARG_TEXT, offsetof(struct options, document), "N",
     "the document's number, as you read it in Prima", 0, 0},
    {"--evidence", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "how you know that it is ours, for ops.audit. No names of customers", 0, 0},
    {"--force", ARG_FLAG, offsetof(struct options, force), NULL,
     "though its sum differs, or cannot be compared", 0, 0},
    YES_ARG,
    SINCE_ARG,
};
static const struct arg release_args[] = {REASON_ARG, YES_ARG, SINCE_ARG};

/* ---- what is known ---- */

static const char *prima_text(const struct parked_told *told)
{
    static const char *const texts[] = {[PARKED_UNTOLD] = "does not say whether it has",
                                        [PARKED_FOUND] = "has",
                                        [PARKED_ABSENT] = "does not have"};
    return texts[told->prima.number];
}

static void told_print(const struct parked_told *told)
{
    char key[SAFE_TEXT_MAX];
    const struct parked_prima *prima = &told->prima;
    if (told->place[0] == '\0')
        return;
    printf("%s, %s, %s\n", told->place, dlq_safe(told->letter.natural, key),
           pf_error_info(told->letter.code)->name);
    if (told->is_asked)
        printf("Prima %s %s%s%s%s\n", prima_text(told), told->number,
               prima->status[0] != '\0' ? " (" : "", prima->status,
               prima->status[0] != '\0' ? ")" : "");
    if (prima->is_compared)
        printf("Prima's sum is %s, this one's %s\n", prima->sum, prima->own_sum);
    else if (prima->why_not_compared[0] != '\0')
        printf("not compared, %s: %s\n", prima->own_sum, prima->why_not_compared);
    if (told->is_by_todays_rules)
        printf("what was sent is not known any more: its result is written by today's mappings\n");
    if (told->waiting > 0)
        printf("%zu later version%s wait%s behind it, and go%s on with it\n", told->waiting,
               told->waiting == 1 ? "" : "s", told->waiting == 1 ? "s" : "",
               told->waiting == 1 ? "es" : "");
}

static json_t *told_json(const struct parked_told *told, const char *who)
{
    char key[SAFE_TEXT_MAX];
    static const char *const words[] = {
        [PARKED_UNTOLD] = "unknown", [PARKED_FOUND] = "found", [PARKED_ABSENT] = "absent"};
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:b, s:I, s:s, s:b}", "letter",
                     told->place, "key", dlq_safe(told->letter.natural, key), "code",
                     pf_error_info(told->letter.code)->name, "document", told->number, "prima",
                     told->is_asked ? words[told->prima.number] : "", "status", told->prima.status,
                     "proven", told->key.is_proven, "prima_sum", told->prima.sum, "own_sum",
                     told->prima.own_sum, "sum_agrees", told->prima.agrees, "waiting",
                     (json_int_t)told->waiting, "who", who, "written", told->written);
}

/* Plainly, before it is done. */
static void release_warn(const struct cli *cli, const struct parked_told *told)
{
    if (!config_bool(cli->config, CFG_prima_enforces_unique_order_number))
        cli_warn(
            "Prima does not refuse a second document of one number "
            "(prima.enforces_unique_order_number is false): if %s was sent and is only late, "
            "releasing it makes two. Look for it in Prima first, and see that the worker which "
            "the dead letter names has ended",
            told->number);
}

static const char *const done_texts[] = {
    [PARKED_ACT_RESOLVE] = "is sent to its worker, which posts it",
    [PARKED_ACT_ADOPT] = "is posted, by %s's word; its worker writes the result",
    [PARKED_ACT_RELEASE] = "is released by %s; its worker asks Prima once more, and sends it",
};
static const char *const would_texts[] = {
    [PARKED_ACT_RESOLVE] = "would be sent to its worker, which posts it",
    [PARKED_ACT_ADOPT] = "would be posted, by %s's word",
    [PARKED_ACT_RELEASE] = "would be released by %s, and sent again",
};

static void act_print(const struct cli *cli, enum parked_act act, const struct parked_told *told,
                      const char *who)
{
    if (cli->json) {
        cli_print_json(told_json(told, who), JSON_INDENT(2));
        return;
    }
    told_print(told);
    const char *text = told->written ? done_texts[act] : would_texts[act];
    const char *at = strstr(text, "%s");
    if (at != NULL)
        printf("it %.*s%s%s", (int)(at - text), text, who, at + 2);
    else
        printf("it %s", text);
    printf("%s\n", told->written ? "" : "; nothing was written: --yes writes");
}

static int parked_run(struct cli *cli, const struct args *args, enum parked_act act,
                      const char *reason)
{
    const struct options *o = args->options;
    char who[200];
    struct parked_told told;
    struct ops_error error;
    cli_user(who, sizeof who);
    const struct parked_options wanted = {.act = act,
                                          .id = args->words[0],
                                          .document = o->document,
                                          .who = who,
                                          .reason = reason,
                                          .since_ms = clock_wall_ms() - o->since_ms,
                                          .force = o->force,
                                          .writes = o->yes};
    const enum ops_kind kind = ops_parked(cli->ops, &wanted, &told, &error);
    if (kind != OPS_DONE) {
        if (!cli->json)
            told_print(&told);
        return cli_report(&error);
    }
    if (act == PARKED_ACT_RELEASE)
        release_warn(cli, &told);
    act_print(cli, act, &told, who);
    return CLI_DONE;
}

static int resolve_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    return parked_run(cli, args, PARKED_ACT_RESOLVE,
                      text_is_empty(o->reason) ? "Prima has it, and it is proven ours" : o->reason);
}

static int adopt_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    if (text_is_empty(o->document))
        return cli_fail(CLI_USAGE, "--document N is missing: which number do you read in Prima?");
    if (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0')
        return cli_fail(CLI_USAGE, "--evidence TEXT is missing: how do you know?");
    return parked_run(cli, args, PARKED_ACT_ADOPT, o->reason);
}

static int release_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    if (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0')
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    return parked_run(cli, args, PARKED_ACT_RELEASE, o->reason);
}

#define ID_IS                                                                                      \
    "ID is an id, Prima's number, a key (company/orders/channel/store/id), or the place of the "   \
    "dead letter.\n"
#define KEPT                                                                                       \
    "Your word is kept in ops.decisions and ops.audit, with who, when and why. Killed, run it "    \
    "again: it goes on.\n"

const struct command command_dlq_resolve = {
    .name = "dlq resolve",
    .synopsis = "ID",
    .summary = "ask Prima again about what is parked; ours: its worker posts it",
    .help =
        "Prima is asked for the number as the worker does. Found, and proven ours by what was "
        "sent: it goes to its worker, which posts it. Else it is said what lacks.\n" ID_IS KEPT
        "Exit 65: Prima does not have it, or nothing proves that it is ours. 69: Prima does not "
        "say.",
    .args = resolve_args,
    .arg_count = sizeof resolve_args / sizeof *resolve_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = resolve_run,
};

const struct command command_dlq_adopt = {
    .name = "dlq adopt",
    .synopsis = "ID",
    .summary = "say that Prima's document of what is parked is ours",
    .help = "For a parked record whose document you have seen in Prima: the same customer, lines "
            "and total. Prima is asked: the number must be there, and its sum be the record's; "
            "credit notes are not listed by OrderSearch, compare theirs by hand and say --force.\n"
            "It is posted then, as it was sent; its worker writes result and ledger. Nothing is "
            "sent to Prima.\n" ID_IS KEPT
            "Exit 65: Prima does not have the number, it is not this record's, or its sum differs. "
            "69: Prima does not say, or a worker has the key.",
    .args = adopt_args,
    .arg_count = sizeof adopt_args / sizeof *adopt_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = adopt_run,
};

const struct command command_dlq_release = {
    .name = "dlq release",
    .synopsis = "ID",
    .summary = "send again what is parked, and is not in Prima",
    .help =
        "For a parked record that you looked for in Prima, and it is not there. Prima is asked "
        "first, and what it has is not sent again. Not before prima.unproven_wait is over "
        "since the last send could still be applied.\n"
        "Where Prima does not refuse a second document of one number, a release is your "
        "decision alone: nothing else would notice one that came late.\n"
        "Its worker asks Prima once more, decides by today's mappings, and sends it.\n" ID_IS KEPT
        "Exit 65: Prima has it. 69: the wait is not over, Prima does not say, or a "
        "worker has the key.",
    .args = release_args,
    .arg_count = sizeof release_args / sizeof *release_args,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = release_run,
};
