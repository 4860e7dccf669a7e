/* getopt_long under a table; see command_line.h. */
#include "config/command_line.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED = 256 }; /* getopt_long's value of row 0; below are letters */

/* ":o:": the colon first tells a missing value from an unknown option. */
static void write_letters(struct command_line *line)
{
    size_t size = 0;
    line->letters[size++] = ':';
    for (size_t i = 0; i < line->count; i++) {
        if (line->rows[i].letter == '\0')
            continue;
        assert(size + 3 < sizeof line->letters);
        line->letters[size++] = line->rows[i].letter;
        if (line->rows[i].value != NULL)
            line->letters[size++] = ':';
    }
    line->letters[size] = '\0';
}

int command_line_init(struct command_line *line, const struct command_option *rows, size_t count,
                      int argc, char **argv)
{
    *line = (struct command_line){
        .rows = rows,
        .count = count,
        .known = calloc(count + 1, sizeof *line->known),
        .argv = calloc((size_t)argc + 1, sizeof *line->argv),
        .argc = argc,
    };
    if (line->known == NULL || line->argv == NULL)
        return COMMAND_LINE_NO_MEMORY;
    memcpy(line->argv, argv, (size_t)argc * sizeof *argv); /* getopt_long moves words to the end */
    struct option *known = line->known;
    for (size_t i = 0; i < count; i++)
        if (rows[i].name != NULL)
            *known++ = (struct option){rows[i].name,
                                       rows[i].value != NULL ? required_argument : no_argument,
                                       NULL, NAMED + (int)i};
    write_letters(line);
    optind = 0; /* glibc: start over, also after an earlier line */
    opterr = 0;
    return 0;
}

static int find_letter(const struct command_line *line, int letter)
{
    for (size_t i = 0; i < line->count; i++)
        if (line->rows[i].letter == letter)
            return (int)i;
    return COMMAND_LINE_UNKNOWN;
}

int command_line_next(struct command_line *line)
{
    const int which = getopt_long(line->argc, line->argv, line->letters, line->known, NULL);
    line->value = optarg;
    line->at = optind > 0 && optind <= line->argc ? line->argv[optind - 1] : "";
    if (which == -1) {
        line->words = line->argv + optind;
        line->word_count = line->argc - optind;
        return COMMAND_LINE_END;
    }
    if (which == ':')
        return COMMAND_LINE_NO_VALUE;
    if (which == '?') /* of a known long option glibc gives its value back in optopt */
        return optopt >= NAMED ? COMMAND_LINE_ONE_VALUE : COMMAND_LINE_UNKNOWN;
    return which >= NAMED ? which - NAMED : find_letter(line, which);
}

void command_line_release(struct command_line *line)
{
    free(line->known);
    free(line->argv);
    *line = (struct command_line){.count = 0};
}

void command_line_help(const struct command_option *rows, size_t count, int width, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct command_option *row = &rows[i];
        char left[80], letter[8] = "";
        if (row->letter != '\0')
            (void)snprintf(letter, sizeof letter, "-%c%s", row->letter,
                           row->name != NULL ? ", " : "");
        (void)snprintf(left, sizeof left, "%s%s%s%s%s", letter, row->name != NULL ? "--" : "",
                       row->name != NULL ? row->name : "", row->value != NULL ? " " : "",
                       row->value != NULL ? row->value : "");
        (void)fprintf(out, "  %-*s %s", width, left, row->help);
        if (row->initial != NULL)
            (void)fprintf(out, " (default: %s)", row->initial[0] != '\0' ? row->initial : "none");
        (void)fputc('\n', out);
    }
}
