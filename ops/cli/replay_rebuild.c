/* primaflow replay rebuild-keys: keys in Redis, made again from results and dead letters. */
#include "commands.h"
#include "core/replay_rebuild.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

struct options {
    const char *reason;
    bool yes;
};

static const struct options defaults = {.reason = NULL};

static const struct arg args_table[] = {
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
    {"--yes", ARG_FLAG, offsetof(struct options, yes), NULL, "rebuild", 0, 0},
};

enum { SAY_EVERY_MS = 10000 };

static void say_progress(void *user, const struct replay_rebuilt *r)
{
    int64_t *said_ms = user;
    const int64_t now = clock_monotonic_ms();
    if (now - *said_ms < SAY_EVERY_MS)
        return;
    *said_ms = now;
    cli_say("%" PRId64 " states restored", r->restored);
}

static int rebuild_flow(struct cli *cli, const struct flow *flow, const struct options *o)
{
    char who[200];
    struct ops_error error;
    struct replay_rebuilt rebuilt;
    int64_t said_ms = clock_monotonic_ms();
    cli_user(who, sizeof who);
    const struct replay_rebuild_options wanted = {
        .who = who, .reason = o->reason, .seen = say_progress, .user = &said_ms};
    const enum ops_kind kind = replay_rebuild(cli->ops, flow, &wanted, &rebuilt, &error);
    if (kind != OPS_DONE)
        return cli_report(&error);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:I, s:I, s:I}", "flow", flow->name, "restored",
                                 (json_int_t)rebuilt.restored, "kept", (json_int_t)rebuilt.kept,
                                 "unreadable", (json_int_t)rebuilt.unreadable),
                       JSON_COMPACT);
    else
        printf("%s: %" PRId64 " states restored, %" PRId64 " kept as Redis has them\n", flow->name,
               rebuilt.restored, rebuilt.kept);
    if (rebuilt.unreadable > 0)
        return cli_fail(CLI_DATA,
                        "%" PRId64 " results cannot be read: their keys stay forgotten; see that "
                        "schema.registry.url and schema.folder still know every schema",
                        rebuilt.unreadable);
    return CLI_DONE;
}

static int rebuild_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const char *name = args->words[0];
    if (!o->yes)
        return cli_fail(CLI_USAGE, "--yes is missing: it writes into Redis");
    if (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0')
        return cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    for (size_t i = 0; flows[i] != NULL; i++)
        if (strcmp(flows[i]->name, name) == 0 || strcmp(flows[i]->reads, name) == 0)
            return rebuild_flow(cli, flows[i], o);
    return cli_fail(CLI_USAGE, "'%.60s' is no flow; write orders or refunds", name);
}

const struct command command_replay_rebuild_keys = {
    .name = "replay rebuild-keys",
    .synopsis = "FLOW",
    .summary = "make a flow's keys in Redis again from results and dead letters",
    .help =
        "Before a replay of records whose keys Redis has let go of (older than idempotency.ttl, or "
        "deleted): what was posted is known again, for another idempotency.ttl, and comes back as "
        "a "
        "duplicate.\n"
        "Refused while workers of the flow (orders, refunds) run: stop them first. A worker that "
        "starts meanwhile waits, or rebuilds by itself. After a loss of Redis nothing is to be "
        "done: workers rebuild when they start.\n"
        "Killed at any point, run again, or start the workers.\n"
        "Kept in ops.audit, with who and why.\n"
        "Exit 65: refused, or some results cannot be read.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = rebuild_run,
};
