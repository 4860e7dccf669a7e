/* primaflow doctor: can this configuration work? Asks every part once, changes nothing. */
#include "commands.h"
#include "core/doctor.h"

#include <jansson.h>

static void finding_print(void *user, enum doctor_finding finding, const char *part,
                          const char *text)
{
    const struct cli *cli = user;
    const char *name = doctor_finding_name(finding);
    if (cli->json) {
        json_t *line = json_pack("{s:s, s:s, s:s}", "part", part, "finding", name, "text", text);
        cli_print_json(line, JSON_COMPACT);
    } else {
        printf("%-12s %-10s %s\n", name, part, text);
    }
    (void)fflush(stdout); /* the next question may take seconds */
}

static int doctor_run(struct cli *cli, const struct args *args)
{
    (void)args;
    const enum doctor_finding worst = ops_doctor(cli->ops, finding_print, cli);
    return worst == DOCTOR_UNREACHABLE ? CLI_UNAVAILABLE
           : worst == DOCTOR_WRONG     ? CLI_CONFIG
                                       : CLI_DONE;
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = "",
    .summary = "check whether this configuration works: every service is probed once",
    .help = "Mappings, schemas, Kafka and its topics, Redis and its eviction policy, Prima and its "
            "words for an order that it does not have.\n"
            "Changes nothing. Exit 69: something does not answer. 78: something is wrong; each "
            "line says what, and the remedy.",
    .run = doctor_run,
};
