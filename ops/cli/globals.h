/* The options that every command takes: one table, read with the command's own (args_read), printed
 * as the help of `primaflow` itself. Texts point into argv. One thread. */
#ifndef PRIMAFLOW_CLI_GLOBALS_H
#define PRIMAFLOW_CLI_GLOBALS_H

#include "config/command_line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GLOBALS_COUNT = 7, GLOBALS_OVERRIDES_MAX = 64, GLOBALS_WORDS_MAX = 4 };
extern const struct command_option globals_rows[GLOBALS_COUNT];

struct globals {
    const char *config_file;
    const char *overrides[GLOBALS_OVERRIDES_MAX];
    size_t override_count;
    bool json, help, version, check, print_config;
};

/* Takes the option of that row. 0, or -EINVAL after cli_fail's words. */
__attribute__((warn_unused_result)) int globals_take(struct globals *globals, size_t row,
                                                     const char *value);

/* A first look at the line, before it is known which command's options it has. */
struct globals_seen {
    bool help, version, check, print_config;
    const char *words[GLOBALS_WORDS_MAX]; /* the first that are no option, nor an option's value */
    int word_count;
    const char *unknown; /* the first option that is none of these; NULL: none */
};
void globals_look(int argc, char **argv, struct globals_seen *ret_seen);

void globals_help(FILE *out);

#endif
