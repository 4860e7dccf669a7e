/* Reads a command's words and options from its table, and prints its help from the same table. */
#include "cli.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>

static const struct arg *arg_find(const struct command *command, const char *text, const char **ret_value)
{
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct arg *arg = &command->args[i];
        size_t size = strlen(arg->name);
        if (strncmp(text, arg->name, size) != 0 || (text[size] != '\0' && text[size] != '='))
            continue;
        *ret_value = text[size] == '=' ? text + size + 1 : NULL;
        return arg;
    }
    return NULL;
}

static int complain(const struct command *command, const char *what, const char *value, const char *wanted)
{
    (void)cli_fail(CLI_USAGE, "%s %s: '%s' is not %s; see: primaflow %s --help", command->name, what, value, wanted, command->name);
    return -EINVAL;
}

static int int_read(const struct command *command, const struct arg *arg, const char *text, int64_t *ret_value)
{
    int64_t max = arg->min == 0 && arg->max == 0 ? INT64_MAX : arg->max;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < arg->min || value > max) {
        char wanted[80];
        (void)snprintf(wanted, sizeof wanted, "a number from %" PRId64 " to %" PRId64, arg->min, max);
        return complain(command, arg->name, text, wanted);
    }
    *ret_value = value;
    return 0;
}

static int value_read(const struct command *command, const struct arg *arg, const char *text, void *into)
{
    switch (arg->kind) {
    case ARG_FLAG:
        *(bool *)into = true;
        return 0;
    case ARG_TEXT:
        *(const char **)into = text;
        return 0;
    case ARG_INT:
        return int_read(command, arg, text, into);
    case ARG_MS:
        if (config_parse_ms(text, into) == 0 && *(int64_t *)into >= arg->min)
            return 0;
        return complain(command, arg->name, text, "a duration such as 500ms, 10s, 5m, 2h, 30d");
    case ARG_TIME:
        if (clock_parse(text, into) == 0)
            return 0;
        return complain(command, arg->name, text, "a time such as 2026-11-23 or 2026-11-23T12:34:56Z");
    }
    abort();
}

int args_read(const struct command *command, int argc, char **argv, void *options, struct args *ret_args)
{
    struct args args = {.options = options};
    bool words_only = false;

    if (command->defaults != NULL)
        memcpy(options, command->defaults, command->options_size);
    for (int i = 0; i < argc; i++) {
        const char *text = argv[i], *value = NULL;
        if (words_only || text[0] != '-' || strcmp(text, "-") == 0) {
            if (args.word_count == command->words_max) {
                (void)cli_fail(CLI_USAGE, "%s: '%s' is one word too many; usage: primaflow %s %s", command->name, text, command->name,
                               command->synopsis);
                return -EINVAL;
            }
            args.words[args.word_count++] = text;
            continue;
        }
        if (strcmp(text, "--") == 0) {
            words_only = true;
            continue;
        }
        const struct arg *arg = arg_find(command, text, &value);
        if (arg == NULL)
            return complain(command, "option", text, "one of its options");
        if (arg->kind == ARG_FLAG && value != NULL)
            return complain(command, arg->name, value, "wanted: the option takes no value");
        if (arg->kind != ARG_FLAG && value == NULL && ++i == argc)
            return complain(command, "option", text, "complete: a value must follow");
        int rc = value_read(command, arg, value != NULL || arg->kind == ARG_FLAG ? value : argv[i], (char *)options + arg->offset);
        if (rc != 0)
            return rc;
    }
    if (args.word_count < command->words_min) {
        (void)cli_fail(CLI_USAGE, "%s wants more words; usage: primaflow %s %s", command->name, command->name, command->synopsis);
        return -EINVAL;
    }
    *ret_args = args;
    return 0;
}

void args_help(const struct command *command, FILE *out)
{
    fprintf(out, "usage: primaflow %s%s%s%s\n\n%s\n", command->name, command->synopsis[0] != '\0' ? " " : "", command->synopsis,
            command->arg_count > 0 ? " [options]" : "", command->summary);
    if (command->help[0] != '\0')
        fprintf(out, "\n%s\n", command->help);
    if (command->arg_count > 0)
        fprintf(out, "\n");
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct arg *arg = &command->args[i];
        char left[64];
        (void)snprintf(left, sizeof left, "%s%s%s", arg->name, arg->value != NULL ? " " : "", arg->value != NULL ? arg->value : "");
        fprintf(out, "  %-26s %s\n", left, arg->help);
    }
    fprintf(out, "\nOptions of every command: --config FILE, -o key=value, --json, --help (primaflow --help has the list)\n");
}
