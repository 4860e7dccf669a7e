/* The command line `primaflow`: what a command is, and what all of them share.
 *
 * A command is one row (struct command) in one file of its own: its options, its help and its function. main.c has the list.
 * Rules
 *   - stdout is for what was asked for, stderr for everything else; --json makes stdout one JSON document, or one a line for streams.
 *   - A command never exits the process; it returns the exit code. Errors name what is wrong, where, and the remedy, through cli_fail.
 *   - No personal data and no secret in errors.
 * One thread. */
#ifndef PRIMAFLOW_CLI_H
#define PRIMAFLOW_CLI_H

#include "config/config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_exit { /* of sysexits */
                CLI_DONE = 0,
                CLI_USAGE = 64,
                CLI_DATA = 65,
                CLI_UNAVAILABLE = 69,
                CLI_DEFECT = 70,
                CLI_CONFIG = 78,
};

struct cli {
    const struct config *config;
    bool json;
};

enum arg_kind {
    ARG_FLAG, /* bool */
    ARG_TEXT, /* const char *, into argv */
    ARG_INT,  /* int64_t within min..max */
    ARG_MS,   /* int64_t milliseconds: "500ms" "10s" "5m" "2h" "30d", at least min */
    ARG_TIME, /* int64_t wall milliseconds: RFC 3339 or YYYY-MM-DD */
};

struct arg {
    const char *name; /* "--from" */
    enum arg_kind kind;
    size_t offset;     /* in the command's options struct */
    const char *value; /* what help calls the value; NULL for a flag */
    const char *help;
    int64_t min, max; /* ARG_INT, ARG_MS; 0, 0 = non-negative */
};

enum { ARG_WORDS_MAX = 4, CLI_OPTIONS_MAX = 256 };

/* What the user typed after the command's name. Texts point into argv. */
struct args {
    const void *options; /* the command's own struct: defaults, overwritten by what was given */
    const char *words[ARG_WORDS_MAX];
    int word_count;
};

struct command {
    const char *name;     /* "topics create" */
    const char *synopsis; /* "TOPIC [FILE|-]" */
    const char *summary;  /* one line for the list */
    const char *help;     /* the rest of --help; "" for none */
    const struct arg *args;
    size_t arg_count;
    const void *defaults; /* of the options struct; NULL: it has none */
    size_t options_size;  /* <= CLI_OPTIONS_MAX */
    int words_min, words_max;
    int (*run)(struct cli *cli, const struct args *args); /* the exit code */
};

/* "primaflow: error: ..." on stderr; returns `code`. */
__attribute__((format(printf, 2, 3))) int cli_fail(int code, const char *format, ...);
/* "primaflow: warning: ..." on stderr. */
__attribute__((format(printf, 1, 2))) void cli_warn(const char *format, ...);
/* "primaflow: ..." on stderr: what is being done. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);

/* Reads argv[0..argc) for `command` into `options` (options_size bytes, set to the defaults first) and *ret_args. Global options
 * (--config -o --json ...) are main's and not seen here. 0, or -EINVAL after cli_fail's words. */
__attribute__((warn_unused_result)) int args_read(const struct command *command, int argc, char **argv, void *options,
                                                  struct args *ret_args);
void args_help(const struct command *command, FILE *out);

/* Flushes stdout. CLI_DONE, or CLI_UNAVAILABLE with words when it cannot be written (a full disk, a closed pipe). */
__attribute__((warn_unused_result)) int cli_flush(void);

#endif
