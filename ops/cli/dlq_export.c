/* primaflow dlq export: dead letters into a file, byte for byte. */
#include "commands.h"
#include "core/dlq_file.h"
#include "dlq_filter.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    struct dlq_words words;
    const char *reason;
    bool all;
};

static const struct options defaults = {.words = DLQ_WORDS_DEFAULTS};

static const struct arg args_table[] = {
    DLQ_WORDS_ARGS(struct options),
    {"--all", ARG_FLAG, offsetof(struct options, all), NULL,
     "also those that have ended; else those that are open or retried", 0, 0},
    {"--reason", ARG_TEXT, offsetof(struct options, reason), "TEXT",
     "why, for ops.audit. No names of customers", 0, 0},
};

/* Where lines go. A file has its name once it is whole: before, it is NAME.part. */
struct export_out {
    FILE *file; /* NULL: stdout */
    const char *name;
    char part[4096];
    int code; /* of the first failure */
};

static int out_open(struct export_out *out, const char *name)
{
    *out = (struct export_out){.name = name, .code = CLI_DONE};
    if (strcmp(name, "-") == 0)
        return CLI_DONE;
    if (access(name, F_OK) == 0)
        return cli_fail(CLI_USAGE, "%s is there already; name another file", name);
    if (snprintf(out->part, sizeof out->part, "%s.part", name) >= (int)sizeof out->part)
        return cli_fail(CLI_USAGE, "the file's name is too long");
    const int fd =
        open(out->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    out->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out->file != NULL)
        return CLI_DONE;
    const int code = cli_fail(CLI_DATA, "%s: %s", out->part, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static int out_line(void *user, const json_t *line)
{
    struct export_out *out = user;
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL)
        return -ENOMEM;
    const size_t size = strlen(text);
    text[size] = '\n';
    if (out->file == NULL)
        out->code = cli_write(text, size + 1);
    else if (fwrite(text, 1, size + 1, out->file) != size + 1)
        out->code = cli_fail(CLI_UNAVAILABLE, "%s: %s", out->part, strerror(errno));
    free(text);
    return out->code == CLI_DONE ? 0 : -EIO;
}

/* Whole on the disk, and only then under its name. */
static int out_close(struct export_out *out, int code)
{
    if (out->file == NULL)
        return code;
    const bool is_whole = fflush(out->file) == 0 && fsync(fileno(out->file)) == 0;
    const int reason = errno;
    (void)fclose(out->file);
    if (code == CLI_DONE && !is_whole)
        return cli_fail(CLI_UNAVAILABLE, "%s: %s", out->part, strerror(reason));
    if (code == CLI_DONE && rename(out->part, out->name) != 0)
        return cli_fail(CLI_UNAVAILABLE, "%s: %s", out->name, strerror(errno));
    return code;
}

static int export_chosen(struct cli *cli, const struct options *o, const char *name,
                         struct letter_case *letters[], size_t count)
{
    char who[200];
    struct export_out out;
    struct dlq_exported exported;
    struct ops_error error;
    int rc, code = out_open(&out, name);
    if (code != CLI_DONE)
        return code;
    cli_user(who, sizeof who);
    if (dlq_export(cli->ops, letters, count, who, o->reason, out_line, &out, &exported, &rc,
                   &error) != OPS_DONE)
        code = cli_report(&error);
    else if (rc != 0)
        code = out.code != CLI_DONE ? out.code : cli_fail(CLI_UNAVAILABLE, "no memory");
    code = out_close(&out, code);
    if (code == CLI_DONE)
        cli_say("%" PRId64 " of %zu dead letters exported%s", exported.written, count,
                exported.gone > 0 ? "; the bytes of the others have gone" : "");
    return code;
}

static int export_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const int64_t now_ms = clock_wall_ms();
    const struct dlq_options wanted = {.since_ms = now_ms - o->words.since_ms};
    const unsigned states =
        o->all ? (1U << LETTER_STATES) - 1 : 1U << LETTER_OPEN | 1U << LETTER_RETRIED;
    char incomplete[KAFKA_TEXT_MAX];
    struct letter_book book = {.count = 0};
    struct dlq_filter filter;
    struct ops_error error;
    size_t count = 0;
    int code = dlq_filter_read(&o->words, states, now_ms, &filter);
    if (code == CLI_DONE && (o->reason == NULL || o->reason[strspn(o->reason, " \t")] == '\0'))
        code = cli_fail(CLI_USAGE, "--reason TEXT is missing: why?");
    if (code != CLI_DONE)
        return code;
    filter.with_snoozed = true;
    if (dlq_read(cli->ops, &wanted, &book, incomplete, &error) != OPS_DONE) {
        letter_book_release(&book);
        return cli_report(&error);
    }
    if (incomplete[0] != '\0')
        cli_warn("%s", incomplete);
    struct letter_case **letters = calloc(book.count + 1, sizeof(struct letter_case *));
    for (size_t i = 0; letters != NULL && i < book.count; i++)
        if (dlq_matches(&book, &filter, letter_book_at(&book, i), now_ms))
            letters[count++] = letter_book_at(&book, i);
    code = letters != NULL ? export_chosen(cli, o, args->words[0], letters, count)
                           : cli_fail(CLI_UNAVAILABLE, "no memory");
    free(letters);
    letter_book_release(&book);
    return code;
}

const struct command command_dlq_export = {
    .name = "dlq export",
    .synopsis = "FILE|-",
    .summary = "write dead letters into a file, byte for byte",
    .help =
        "Those that a filter names, as JSON lines: key, value and headers in base64, with their "
        "place, time and digest. dlq import has their workers try them again, also when they have "
        "left Kafka long since.\n"
        "The file has the data of customers: keep it as you would keep theirs, and delete it in "
        "time. It is readable by you alone, and has its name once it is whole (before, "
        "FILE.part).\n"
        "Kept in ops.audit, before the first line: who, why, how many.\n"
        "Exit 69: a service did not answer, or the file cannot be written.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = export_run,
};
