/* One table of options for a program: read by getopt_long, and printed as its help.
 *
 * Options may stand anywhere, "--" ends them, a long one takes its value as "--name value" or
 * "--name=value" and may be shortened as long as it stays the only one. argv itself is left alone.
 * Start-up only, one thread (getopt_long has state of its own). */
#ifndef PRIMAFLOW_COMMAND_LINE_H
#define PRIMAFLOW_COMMAND_LINE_H

#include <stddef.h>
#include <stdio.h>

struct command_option {
    const char *name;  /* "config"; NULL: it has a letter alone */
    char letter;       /* 'o'; '\0': it has a name alone */
    const char *value; /* what help calls its value; NULL: it takes none */
    const char *help;
    const char *initial; /* help tells it as the default; "": none; NULL: nothing is told */
};

/* What command_line_next returns besides the index of a row. */
enum {
    COMMAND_LINE_END = -1,
    COMMAND_LINE_UNKNOWN = -2,   /* no such option, or short for several */
    COMMAND_LINE_NO_VALUE = -3,  /* a value must follow */
    COMMAND_LINE_ONE_VALUE = -4, /* it takes none */
    COMMAND_LINE_NO_MEMORY = -5,
};

enum { COMMAND_LINE_LETTERS = 32 };

struct command_line {
    const struct command_option *rows;
    size_t count;
    struct option *known; /* of getopt_long, and its letters: */
    char letters[COMMAND_LINE_LETTERS];
    char **argv;
    int argc;
    const char *value; /* of the option at hand; NULL: it takes none */
    const char *at;    /* the argument at hand, as it stands there */
    char **words;      /* after COMMAND_LINE_END: what is no option */
    int word_count;
};

/* argv[0] is the program. Whatever it returns, release it. 0 or COMMAND_LINE_NO_MEMORY. */
__attribute__((warn_unused_result)) int command_line_init(struct command_line *line,
                                                          const struct command_option *rows,
                                                          size_t count, int argc, char **argv);
int command_line_next(struct command_line *line);
void command_line_release(struct command_line *line);

/* "  --config FILE    read keys from this YAML file", a line per row; `width`: the left column. */
void command_line_help(const struct command_option *rows, size_t count, int width, FILE *out);

#endif
