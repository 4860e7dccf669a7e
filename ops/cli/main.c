/* primaflow, the command line: finds the command, reads configuration, runs it. */
#include "cli.h"
#include "commands.h"
#include "core/context.h"
#include "globals.h"
#include "kafka/kafka.h"

#include <signal.h>

static const struct command *const commands[] = {
    &command_generate_orders,
    &command_generate_refunds,
    &command_produce,
    &command_consume,
    &command_topics_create,
    &command_topics_check,
    &command_why,
    &command_dlq_list,
    &command_dlq_show,
    &command_dlq_edit,
    &command_dlq_export,
    &command_dlq_import,
    &command_dlq_retry,
    &command_dlq_resolve,
    &command_dlq_adopt,
    &command_dlq_release,
    &command_dlq_discard,
    &command_dlq_assign,
    &command_dlq_note,
    &command_dlq_snooze,
    &command_replay_plan,
    &command_replay_run,
    &command_replay_status,
    &command_replay_resume,
    &command_replay_cancel,
    &command_replay_rebuild_keys,
    &command_amended,
    &command_ledger_import,
    &command_ledger_show,
    &command_mappings_check,
    &command_report_exceptions,
    &command_report_refunds,
    &command_report_shadow,
    &command_doctor,
    &command_exceptions,
    &command_config_reference,
    &command_import_shopify_orders,
    &command_import_shopify_refunds,
    &command_import_bigcommerce_refunds,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands, NAME_WORDS_MAX = 3 };

static void help_print(FILE *out)
{
    fprintf(out, "usage: primaflow [--config FILE] [-o key=value]... [--json] COMMAND ...\n\n"
                 "Operates primaflow: topics, records, mappings, and what became of an order.\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-22s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\n");
    globals_help(out);
    fprintf(out, "\n`primaflow COMMAND --help` explains a command.\n\n"
                 "Exit: 0 done, 64 usage, 65 data, 69 a service is unavailable, 70 a defect, 78 "
                 "configuration or topics are not right\n");
}

/* The command whose name the first words are, the longest first; NULL: none. */
static const struct command *command_find(const char *const *words, int count)
{
    for (int most = count < NAME_WORDS_MAX ? count : NAME_WORDS_MAX; most > 0; most--) {
        char name[64] = "";
        size_t size = 0;
        for (int i = 0; i < most && size < sizeof name; i++)
            size += (size_t)snprintf(name + size, sizeof name - size, "%s%s", i > 0 ? " " : "",
                                     words[i]);
        for (size_t i = 0; size < sizeof name && i < COMMAND_COUNT; i++)
            if (strcmp(commands[i]->name, name) == 0)
                return commands[i];
    }
    return NULL;
}

static int command_unknown(const struct globals_seen *seen)
{
    if (seen->unknown != NULL)
        return cli_fail(CLI_USAGE,
                        "option: '%s' is none of primaflow's own, or lacks its value; see: "
                        "primaflow --help",
                        seen->unknown);
    if (seen->word_count == 0) {
        help_print(stderr);
        return CLI_USAGE;
    }
    const char *word = seen->words[0], *before = "; did you mean: ";
    fprintf(stderr, "primaflow: error: unknown command '%s'", word);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strncmp(commands[i]->name, word, strcspn(commands[i]->name, " ")) != 0 &&
            commands[i]->name[0] != word[0])
            continue;
        fprintf(stderr, "%s%s", before, commands[i]->name);
        before = ", ";
    }
    fprintf(stderr, "; see: primaflow --help\n");
    return CLI_USAGE;
}

static int command_start(const struct command *command, const struct globals *g,
                         const struct args *args)
{
    struct config *config = NULL;
    struct config_message message;
    int code = CLI_DONE;

    if (config_load(g->config_file, g->overrides, g->override_count, &config, &message) != 0)
        return cli_fail(CLI_CONFIG, "%s", message.text);
    if (g->print_config) {
        config_print(config, stdout);
    } else if (g->check) {
        (void)config_print_overruled(config, stdout);
        cli_say("configuration is valid%s%s", config_file(config) != NULL ? ": " : "",
                config_file(config) != NULL ? config_file(config) : "");
    } else if (command->run != NULL) {
        struct cli cli = {.config = config, .ops = ops_new(config), .json = g->json};
        code = cli.ops != NULL ? command->run(&cli, args) : cli_fail(CLI_UNAVAILABLE, "no memory");
        ops_free(cli.ops);
    }
    config_free(config);
    int flushed = cli_flush();
    return code != CLI_DONE && !ferror(stdout) ? code : flushed;
}

/* What `primaflow --check` and `--print-config` are without a command: no options, no words. */
static const struct command command_none = {.name = "", .synopsis = "", .help = ""};

int main(int argc, char **argv)
{
    _Alignas(max_align_t) char options[CLI_OPTIONS_MAX] = {0};
    struct globals globals = {.json = false};
    struct globals_seen seen;
    struct args args;

    kafka_log_off(); /* what librdkafka says by itself is in the messages, as far as it matters */
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(2), told by cli_flush */
    globals_look(argc, argv, &seen);
    const int is_help = seen.word_count > 0 && strcmp(seen.words[0], "help") == 0;
    const struct command *command = command_find(seen.words + is_help, seen.word_count - is_help);
    if (seen.version && (command == NULL || !args_have(command, "--version"))) {
        printf("primaflow %s\n", PF_VERSION);
        return cli_flush();
    }
    if ((seen.help || is_help) && (command != NULL || seen.word_count == is_help)) {
        if (command != NULL)
            args_help(command, stdout);
        else
            help_print(stdout);
        return cli_flush();
    }
    if (command == NULL && seen.word_count == 0 && seen.unknown == NULL &&
        (seen.check || seen.print_config))
        command = &command_none;
    if (command == NULL)
        return command_unknown(&seen);
    if (args_read(command, argc, argv, &globals, options, &args) != 0)
        return CLI_USAGE;
    return command_start(command, &globals, &args);
}
