/* The command line `primaflow`: what a command is, and what all of them share.
 *
 * A command is one row (struct command) in one file of its own: its options, its help and its
 * function. main.c has the list. Rules
 *   - stdout is for what was asked for, stderr for everything else; --json makes stdout one JSON
 *     document, or one a line for streams.
 *   - A command reads its options, calls ops/core, and prints what that returns. It never exits the
 *     process; it returns the exit code. Errors name what is wrong, where, and the remedy, through
 *     cli_fail and cli_report.
 *   - No personal data and no secret in errors.
 * One thread. */
#ifndef PRIMAFLOW_CLI_H
#define PRIMAFLOW_CLI_H

#include "config/config.h"
#include "core/complaints.h"
#include "core/error.h"

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

struct ops;

struct cli {
    const struct config *config;
    struct ops *ops; /* core/context.h */
    bool json;
};

enum arg_kind {
    ARG_FLAG,  /* bool */
    ARG_TEXT,  /* const char *, into argv */
    ARG_INT,   /* int64_t within min..max */
    ARG_MS,    /* int64_t milliseconds: "500ms" "10s" "5m" "2h" "30d", at least min */
    ARG_TIME,  /* int64_t wall milliseconds: RFC 3339 or YYYY-MM-DD */
    ARG_TEXTS, /* struct arg_texts: an option that may be given more than once */
};

enum { ARG_TEXTS_MAX = 20 };
struct arg_texts {
    const char *list[ARG_TEXTS_MAX]; /* into argv */
    size_t count;
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

int cli_exit(enum ops_kind kind); /* the exit code of what the library says */

/* "primaflow: error: ..." on stderr; returns `code`. */
__attribute__((format(printf, 2, 3))) int cli_fail(int code, const char *format, ...);
/* The same for an error of the library; returns its exit code. */
int cli_report(const struct ops_error *error);
/* Each complaint that was kept, "<name>:<line>: ...", as cli_fail prints. */
void cli_complaints(const struct complaints *complaints, const char *name);
/* "primaflow: warning: ..." on stderr. */
__attribute__((format(printf, 1, 2))) void cli_warn(const char *format, ...);
/* "primaflow: ..." on stderr: what is being done. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);

/* Reads the whole line, the program and the command's name included: the options of every command
 * into `globals`, the command's own into `options` (options_size bytes, set to the defaults first),
 * and the words behind its name into *ret_args. 0, or -EINVAL after cli_fail's words. */
struct globals;
__attribute__((warn_unused_result)) int args_read(const struct command *command, int argc,
                                                  char **argv, struct globals *globals,
                                                  void *options, struct args *ret_args);
bool args_have(const struct command *command, const char *name); /* an option of its own */
void args_help(const struct command *command, FILE *out);

/* One JSON document and the end of its line on stdout; takes over the reference. `flags`: jansson's.
 */
struct json_t;
void cli_print_json(struct json_t *json, size_t flags);

/* Opens a file to read, "-" for stdin; *name becomes what errors call it. NULL after cli_fail's
 * words (CLI_DATA). */
__attribute__((warn_unused_result)) FILE *cli_open(const char **name);
void cli_close(FILE *in);

/* Who runs this, for ops.audit: "ann@host". */
void cli_user(char *text, size_t room);

/* Onto stdout. CLI_DONE, or CLI_UNAVAILABLE, and cli_flush says why: what is too large for stdio's
 * buffer is not in it to be tried again. */
__attribute__((warn_unused_result)) int cli_write(const char *text, size_t size);

/* Flushes stdout. CLI_DONE, or CLI_UNAVAILABLE with words when it cannot be written (a full disk, a
 * closed pipe). */
__attribute__((warn_unused_result)) int cli_flush(void);

#endif
