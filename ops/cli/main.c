/* primaflow, the command line: finds the command, reads configuration, runs it. */
#include "cli.h"
#include "commands.h"

#include <errno.h>
#include <signal.h>

static const struct command *const commands[] = {
    &command_generate_orders,  &command_produce,
    &command_consume,          &command_topics_create,
    &command_topics_check,     &command_why,
    &command_ledger_import,    &command_ledger_show,
    &command_mappings_check,   &command_report_shadow,
    &command_doctor,           &command_exceptions,
    &command_config_reference, &command_import_shopify_orders,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands, OVERRIDES_MAX = 64, NAME_WORDS_MAX = 3 };

struct globals {
    const char *config_file;
    const char *overrides[OVERRIDES_MAX];
    size_t override_count;
    bool json, help, version, check, print_config;
};

static void help_print(FILE *out)
{
    fprintf(out, "usage: primaflow [--config FILE] [-o key=value]... [--json] COMMAND ...\n\n"
                 "Looks after primaflow: its topics, what is in them, and what became of an order.\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-22s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\n"
                 "  --config FILE      YAML with the keys of `primaflow config reference`\n"
                 "  -o KEY=VALUE       one key; wins over the environment (PRIMAFLOW_<KEY>) and the file. Not for secrets: ps shows it\n"
                 "  --json             for machines\n"
                 "  --check            read the configuration, say whether it is right, do nothing\n"
                 "  --print-config     print the configuration in effect, secrets masked, and where each value came from\n"
                 "  --help, --version  `primaflow COMMAND --help` explains a command\n"
                 "\n"
                 "Exit: 0 done, 64 usage, 65 data, 69 a service is unavailable, 70 a defect, 78 configuration or topics are not right\n");
}

/* The command whose name the first words are, the longest first. */
static const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (int words = argc < NAME_WORDS_MAX ? argc : NAME_WORDS_MAX; words > 0; words--) {
        char name[64] = "";
        size_t size = 0;
        for (int i = 0; i < words && size < sizeof name; i++)
            size += (size_t)snprintf(name + size, sizeof name - size, "%s%s", i > 0 ? " " : "", argv[i]);
        for (size_t i = 0; size < sizeof name && i < COMMAND_COUNT; i++) {
            if (strcmp(commands[i]->name, name) == 0) {
                *ret_words = words;
                return commands[i];
            }
        }
    }
    return NULL;
}

static int command_unknown(int argc, char **argv)
{
    if (argc == 0) {
        help_print(stderr);
        return CLI_USAGE;
    }
    fprintf(stderr, "primaflow: error: there is no command '%s'", argv[0]);
    const char *before = "; did you mean: ";
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strncmp(commands[i]->name, argv[0], strcspn(commands[i]->name, " ")) != 0 && commands[i]->name[0] != argv[0][0])
            continue;
        fprintf(stderr, "%s%s", before, commands[i]->name);
        before = ", ";
    }
    fprintf(stderr, "; see: primaflow --help\n");
    return CLI_USAGE;
}

/* Takes the options of every command out of argv, wherever they stand; the rest moves up. The rest's count, or -EINVAL. */
static int globals_read(int argc, char **argv, struct globals *g)
{
    int kept = 0;
    for (int i = 0; i < argc; i++) {
        const char *text = argv[i], *value = NULL;
        bool is_file = strncmp(text, "--config", 8) == 0 && (text[8] == '\0' || text[8] == '=');
        bool is_key = strcmp(text, "-o") == 0;
        if (strcmp(text, "--") == 0) {
            while (i < argc)
                argv[kept++] = argv[i++];
            break;
        }
        if (is_file || is_key) {
            value = is_file && text[8] == '=' ? text + 9 : ++i < argc ? argv[i] : NULL;
            if (value == NULL || (is_key && (strchr(value, '=') == NULL || g->override_count == OVERRIDES_MAX))) {
                (void)cli_fail(CLI_USAGE, "%s wants %s; see: primaflow --help", text, is_key ? "key=value (at most 64 of them)" : "a file");
                return -EINVAL;
            }
            if (is_file)
                g->config_file = value;
            else
                g->overrides[g->override_count++] = value;
        } else if (strcmp(text, "--json") == 0) {
            g->json = true;
        } else if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            g->help = true;
        } else if (strcmp(text, "--version") == 0) {
            g->version = true;
        } else if (strcmp(text, "--check") == 0) {
            g->check = true;
        } else if (strcmp(text, "--print-config") == 0) {
            g->print_config = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    return kept;
}

static int command_run(const struct command *command, const struct globals *g, int argc, char **argv)
{
    _Alignas(max_align_t) char options[CLI_OPTIONS_MAX] = {0};
    struct config *config = NULL;
    struct config_message message;
    struct args args;

    if (command != NULL && args_read(command, argc, argv, options, &args) != 0)
        return CLI_USAGE;
    if (config_load(g->config_file, g->overrides, g->override_count, &config, &message) != 0)
        return cli_fail(CLI_CONFIG, "%s", message.text);
    int code = CLI_DONE;
    if (g->print_config) {
        config_print(config, stdout);
    } else if (g->check) {
        cli_say("the configuration is right%s%s", config_file(config) != NULL ? ": " : "",
                config_file(config) != NULL ? config_file(config) : "");
    } else if (command != NULL) {
        struct cli cli = {.config = config, .json = g->json};
        code = command->run(&cli, &args);
    }
    config_free(config);
    int flushed = cli_flush();
    return code != CLI_DONE && !ferror(stdout) ? code : flushed;
}

int main(int argc, char **argv)
{
    struct globals g = {0};
    int words = 0;

    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(2), told by cli_flush */
    int count = globals_read(argc - 1, argv + 1, &g);
    if (count < 0)
        return CLI_USAGE;
    if (g.version) {
        printf("primaflow %s\n", PF_VERSION);
        return cli_flush();
    }
    if (count > 0 && strcmp(argv[1], "help") == 0) { /* primaflow help [COMMAND] */
        g.help = true;
        argv++;
        count--;
    }
    const struct command *command = command_find(count, argv + 1, &words);
    if (g.help && (command != NULL || count == 0)) {
        if (command != NULL)
            args_help(command, stdout);
        else
            help_print(stdout);
        return cli_flush();
    }
    bool config_only = count == 0 && (g.check || g.print_config);
    if (command == NULL && !config_only)
        return command_unknown(count, argv + 1);
    return command_run(command, &g, count - words, argv + 1 + words);
}
