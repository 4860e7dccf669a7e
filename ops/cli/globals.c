/* The table of the options that every command takes; see globals.h. */
#include "globals.h"

#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_WIDTH = 18 };

enum { CONFIG, KEY, JSON, CHECK, PRINT, HELP, VERSION };
const struct command_option globals_rows[GLOBALS_COUNT] = {
    [CONFIG] = {"config", '\0', "FILE", "YAML with the keys of `primaflow config reference`", NULL},
    [KEY] = {NULL, 'o', "KEY=VALUE",
             "one key; wins over the environment (PRIMAFLOW_<KEY>) and the file. Not for secrets: "
             "ps shows it",
             NULL},
    [JSON] = {"json", '\0', NULL, "for machines", NULL},
    [CHECK] = {"check", '\0', NULL, "validate the configuration and exit", NULL},
    [PRINT] = {"print-config", '\0', NULL,
               "print the values in effect and their sources, secrets masked, and exit", NULL},
    [HELP] = {"help", 'h', NULL, "print this; after a command, its own help", NULL},
    [VERSION] = {"version", '\0', NULL, "print the version and exit", NULL},
};

static int override_take(struct globals *g, const char *value)
{
    if (strchr(value, '=') == NULL || g->override_count == GLOBALS_OVERRIDES_MAX) {
        (void)cli_fail(CLI_USAGE, "-o wants KEY=VALUE, at most %d of them; see: primaflow --help",
                       (int)GLOBALS_OVERRIDES_MAX);
        return -EINVAL;
    }
    g->overrides[g->override_count++] = value;
    return 0;
}

int globals_take(struct globals *g, size_t row, const char *value)
{
    switch (row) {
    case CONFIG:
        g->config_file = value;
        return 0;
    case KEY:
        return override_take(g, value);
    case JSON:
        g->json = true;
        return 0;
    case CHECK:
        g->check = true;
        return 0;
    case PRINT:
        g->print_config = true;
        return 0;
    case HELP:
        g->help = true;
        return 0;
    case VERSION:
        g->version = true;
        return 0;
    default:
        abort();
    }
}

static void option_look(int which, const struct command_line *line, struct globals_seen *seen)
{
    seen->help |= which == HELP;
    seen->version |= which == VERSION;
    seen->check |= which == CHECK;
    seen->print_config |= which == PRINT;
    if (which < 0 && seen->unknown == NULL)
        seen->unknown = line->at;
}

void globals_look(int argc, char **argv, struct globals_seen *ret_seen)
{
    struct globals_seen seen = {.help = false};
    struct command_line line;
    int which;
    if (command_line_init(&line, globals_rows, GLOBALS_COUNT, argc, argv) < 0)
        abort();
    while ((which = command_line_next(&line)) != COMMAND_LINE_END)
        option_look(which, &line, &seen);
    for (; seen.word_count < line.word_count && seen.word_count < GLOBALS_WORDS_MAX;
         seen.word_count++)
        seen.words[seen.word_count] = line.words[seen.word_count];
    command_line_release(&line);
    *ret_seen = seen;
}

void globals_help(FILE *out)
{
    command_line_help(globals_rows, GLOBALS_COUNT, HELP_WIDTH, out);
}
