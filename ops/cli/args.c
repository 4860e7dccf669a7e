/* Reads a command's words and options from its table, and prints its help from the same table. */
#include "cli.h"

#include "base/clock.h"
#include "globals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int args_complain(const struct command *command, const char *what, const char *value,
                         const char *wanted)
{
    (void)cli_fail(CLI_USAGE, "%s %s: '%s' is not %s; see: primaflow %s --help", command->name,
                   what, value, wanted, command->name);
    return -EINVAL;
}

static int int_read(const struct command *command, const struct arg *arg, const char *text,
                    int64_t *ret_value)
{
    int64_t max = arg->min == 0 && arg->max == 0 ? INT64_MAX : arg->max;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < arg->min || value > max) {
        char wanted[80];
        (void)snprintf(wanted, sizeof wanted, "a number from %" PRId64 " to %" PRId64, arg->min,
                       max);
        return args_complain(command, arg->name, text, wanted);
    }
    *ret_value = value;
    return 0;
}

static int texts_add(const struct command *command, const struct arg *arg, const char *text,
                     struct arg_texts *texts)
{
    if (texts->count == ARG_TEXTS_MAX)
        return args_complain(command, arg->name, text, "one of at most 20");
    texts->list[texts->count++] = text;
    return 0;
}

static int value_read(const struct command *command, const struct arg *arg, const char *text,
                      void *into)
{
    switch (arg->kind) {
    case ARG_FLAG:
        *(bool *)into = true;
        return 0;
    case ARG_TEXT:
        *(const char **)into = text;
        return 0;
    case ARG_TEXTS:
        return texts_add(command, arg, text, into);
    case ARG_INT:
        return int_read(command, arg, text, into);
    case ARG_MS:
        if (config_parse_ms(text, into) == 0 && *(int64_t *)into >= arg->min)
            return 0;
        return args_complain(command, arg->name, text,
                             "a duration such as 500ms, 10s, 5m, 2h, 30d");
    case ARG_TIME:
        if (clock_parse(text, into) == 0)
            return 0;
        return args_complain(command, arg->name, text,
                             "a time such as 2026-11-23 or 2026-11-23T12:34:56Z");
    }
    abort();
}

/* The command's rows, then those of every command. A command's names stand in its table with the
 * two dashes that help and errors show. */
static void write_rows(const struct command *command, struct command_option *rows)
{
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct arg *arg = &command->args[i];
        rows[i] =
            (struct command_option){.name = arg->name + 2, .value = arg->value, .help = arg->help};
    }
    memcpy(rows + command->arg_count, globals_rows, sizeof globals_rows);
}

static int option_take(const struct command *command, int which, const struct command_line *line,
                       struct globals *globals, void *options)
{
    if (which == COMMAND_LINE_UNKNOWN)
        return args_complain(command, "option", line->at, "one of its options");
    if (which == COMMAND_LINE_ONE_VALUE)
        return args_complain(command, "option", line->at, "wanted: the option takes no value");
    if (which == COMMAND_LINE_NO_VALUE)
        return args_complain(command, "option", line->at, "complete: a value must follow");
    if ((size_t)which >= command->arg_count)
        return globals_take(globals, (size_t)which - command->arg_count, line->value);
    const struct arg *arg = &command->args[which];
    return value_read(command, arg, line->value, (char *)options + arg->offset);
}

static int name_words(const char *name)
{
    int words = name[0] != '\0';
    for (const char *p = name; *p != '\0'; p++)
        words += *p == ' ';
    return words;
}

/* The command's words: those behind its name. */
static int words_take(const struct command *command, const struct command_line *line,
                      struct args *args)
{
    char **words = line->words + name_words(command->name);
    const int count = line->word_count - name_words(command->name);
    if (count > command->words_max) {
        (void)cli_fail(CLI_USAGE, "%s: unexpected argument '%s'; usage: primaflow %s %s",
                       command->name, words[command->words_max], command->name, command->synopsis);
        return -EINVAL;
    }
    if (count < command->words_min) {
        (void)cli_fail(CLI_USAGE, "%s: missing argument; usage: primaflow %s %s", command->name,
                       command->name, command->synopsis);
        return -EINVAL;
    }
    for (; args->word_count < count; args->word_count++)
        args->words[args->word_count] = words[args->word_count];
    return 0;
}

int args_read(const struct command *command, int argc, char **argv, struct globals *globals,
              void *options, struct args *ret_args)
{
    struct args args = {.options = options};
    const size_t count = command->arg_count + GLOBALS_COUNT;
    struct command_option *rows = calloc(count, sizeof *rows);
    struct command_line line;
    int rc = 0, which;

    if (rows == NULL)
        abort();
    if (command->defaults != NULL)
        memcpy(options, command->defaults, command->options_size);
    write_rows(command, rows);
    if (command_line_init(&line, rows, count, argc, argv) < 0)
        abort();
    while (rc == 0 && (which = command_line_next(&line)) != COMMAND_LINE_END)
        rc = option_take(command, which, &line, globals, options);
    if (rc == 0)
        rc = words_take(command, &line, &args);
    command_line_release(&line);
    free(rows);
    if (rc == 0)
        *ret_args = args;
    return rc;
}

bool args_have(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->arg_count; i++)
        if (strcmp(command->args[i].name, name) == 0)
            return true;
    return false;
}

void args_help(const struct command *command, FILE *out)
{
    fprintf(out, "usage: primaflow %s%s%s%s\n\n%s\n", command->name,
            command->synopsis[0] != '\0' ? " " : "", command->synopsis,
            command->arg_count > 0 ? " [options]" : "", command->summary);
    if (command->help[0] != '\0')
        fprintf(out, "\n%s\n", command->help);
    if (command->arg_count > 0)
        fprintf(out, "\n");
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct arg *arg = &command->args[i];
        char left[64];
        (void)snprintf(left, sizeof left, "%s%s%s", arg->name, arg->value != NULL ? " " : "",
                       arg->value != NULL ? arg->value : "");
        fprintf(out, "  %-26s %s\n", left, arg->help);
    }
    fprintf(out, "\nOptions of every command: --config FILE, -o key=value, --json, --help "
                 "(primaflow --help has the list)\n");
}
