/* primaflow config reference | exceptions: the tables that the program is made from, for people. */
#include "commands.h"

#include "base/errors.h"

#include <jansson.h>

static int reference_run(struct cli *cli, const struct args *args)
{
    (void)cli;
    (void)args;
    config_reference(stdout);
    return CLI_DONE;
}

const struct command command_config_reference = {
    .name = "config reference",
    .synopsis = "",
    .summary = "print every configuration key, as Markdown",
    .help = "",
    .run = reference_run,
};

static void row_json(const struct pf_error_info *e)
{
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "code", e->name, "class",
                  pf_class_name(e->class), "owner", pf_owner_name(e->owner), "severity",
                  pf_severity_name(e->severity), "meaning", e->meaning, "next_step", e->next_step);
    cli_print_json(row, JSON_COMPACT);
}

static int exceptions_run(struct cli *cli, const struct args *args)
{
    bool found = args->word_count == 0;
    if (!cli->json && found)
        printf("| code | class | owner | severity | meaning | next step "
               "|\n|---|---|---|---|---|---|\n");
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        const struct pf_error_info *e = pf_error_info((enum pf_error)i);
        if (args->word_count > 0 && strcmp(args->words[0], e->name) != 0)
            continue;
        found = true;
        if (cli->json)
            row_json(e);
        else if (args->word_count > 0)
            printf("%s (%s, owner %s, %s)\n%s\nNext: %s\n", e->name, pf_class_name(e->class),
                   pf_owner_name(e->owner), pf_severity_name(e->severity), e->meaning,
                   e->next_step);
        else
            printf("| `%s` | %s | %s | %s | %s | %s |\n", e->name, pf_class_name(e->class),
                   pf_owner_name(e->owner), pf_severity_name(e->severity), e->meaning,
                   e->next_step);
    }
    return found ? CLI_DONE
                 : cli_fail(CLI_USAGE, "unknown code '%s'; primaflow exceptions lists them all",
                            args->words[0]);
}

const struct command command_exceptions = {
    .name = "exceptions",
    .synopsis = "[CODE]",
    .summary = "list the exception codes: meaning, owner and next step",
    .help = "With --json: one object a line.",
    .words_max = 1,
    .run = exceptions_run,
};
