/* primaflow consume: committed records of a topic, one JSON object per line. */
#include "commands.h"
#include "core/consume.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>

struct options {
    const char *from, *until, *key;
    int64_t partition, count;
    bool raw;
};

static const struct options defaults = {
    .from = "beginning", .until = "end", .partition = -1, .count = 0};

static const struct arg args_table[] = {
    {"--from", ARG_TEXT, offsetof(struct options, from), "WHERE",
     "beginning (default), an offset, or a time: 2026-11-23, 2026-11-23T12:00:00Z", 0, 0},
    {"--until", ARG_TEXT, offsetof(struct options, until), "WHEN",
     "end (default: what is committed now), never, or a time", 0, 0},
    {"--key", ARG_TEXT, offsetof(struct options, key), "K", "only records of this key", 0, 0},
    {"--partition", ARG_INT, offsetof(struct options, partition), "N", "only this partition", 0,
     100000},
    {"--count", ARG_INT, offsetof(struct options, count), "N", "stop after N records", 0, 0},
    {"--raw", ARG_FLAG, offsetof(struct options, raw), NULL,
     "undecoded values: text, or base64 where they are not text", 0, 0},
};

static volatile sig_atomic_t stop; /* set by SIGINT and SIGTERM, read by kafka_read */

static void stop_on_signal(int number)
{
    (void)number;
    stop = 1;
}

static bool consume_print(void *user, const json_t *record)
{
    int64_t *printed = user;
    if (json_dumpf(record, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF ||
        (*printed % 64 == 0 && fflush(stdout) != 0))
        return false; /* cli_flush says why, at the end */
    ++*printed;
    return true;
}

/* "beginning", an offset or a time. */
static int from_read(const char *text, struct kafka_range *range)
{
    char *end = NULL;
    errno = 0;
    long long offset = strtoll(text, &end, 10);
    if (strcmp(text, "beginning") == 0) {
        range->from = KAFKA_FROM_BEGINNING;
    } else if (*text != '\0' && *end == '\0' && errno == 0 && offset >= 0) {
        range->from = KAFKA_FROM_OFFSET;
        range->from_value = offset;
    } else if (clock_parse(text, &range->from_value) == 0) {
        range->from = KAFKA_FROM_TIME;
    } else {
        return cli_fail(CLI_USAGE,
                        "consume --from: '%s' is none of: beginning, an offset, a time such as "
                        "2026-11-23T12:00:00Z",
                        text);
    }
    return CLI_DONE;
}

static int until_read(const char *text, struct kafka_range *range)
{
    if (strcmp(text, "end") == 0)
        range->until = KAFKA_UNTIL_END;
    else if (strcmp(text, "never") == 0)
        range->until = KAFKA_UNTIL_STOPPED;
    else if (clock_parse(text, &range->until_ms) == 0)
        range->until = KAFKA_UNTIL_TIME;
    else
        return cli_fail(
            CLI_USAGE,
            "consume --until: '%s' is none of: end, never, a time such as 2026-11-23T12:00:00Z",
            text);
    return CLI_DONE;
}

static int consume_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    const struct consume_options wanted = {
        .topic = args->words[0], .key = o->key, .count = o->count, .raw = o->raw};
    struct kafka_range range = {.partition = (int32_t)o->partition, .stop = &stop};
    struct ops_error error;
    int64_t printed = 0;

    int code = from_read(o->from, &range);
    if (code == CLI_DONE)
        code = until_read(o->until, &range);
    if (code != CLI_DONE)
        return code;
    stop = 0;
    (void)signal(SIGINT, stop_on_signal);
    (void)signal(SIGTERM, stop_on_signal);
    if (range.until == KAFKA_UNTIL_STOPPED)
        (void)setvbuf(stdout, NULL, _IOLBF, 0); /* somebody watches */
    return ops_consume(cli->ops, &wanted, &range, consume_print, &printed, &error) == OPS_DONE
               ? CLI_DONE
               : cli_report(&error);
}

const struct command command_consume = {
    .name = "consume",
    .synopsis = "TOPIC",
    .summary = "print a topic's committed records, one JSON object per line",
    .help = "Each line has topic, partition, offset, timestamp, key, headers, value. A value that "
            "cannot be decoded comes as it is, with "
            "the reason\n"
            "beside it (undecodable). Records of open or aborted transactions are never shown. "
            "Nothing is committed, no group is joined.\n"
            "Input, retry, replay and dead-letter topics carry personal data: mind where the "
            "output goes.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = consume_run,
};
