/* primaflow consume: committed records of a topic, one JSON object a line. */
#include "bytes_json.h"
#include "commands.h"
#include "events.h"
#include "broker.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

struct options {
    const char *from, *until, *key;
    int64_t partition, count;
    bool raw;
};

static const struct options defaults = {.from = "beginning", .until = "end", .partition = -1, .count = 0};

static const struct arg args_table[] = {
    {"--from", ARG_TEXT, offsetof(struct options, from), "WHERE",
     "beginning (default), an offset, or a time: 2026-11-23, 2026-11-23T12:00:00Z", 0, 0},
    {"--until", ARG_TEXT, offsetof(struct options, until), "WHEN", "end (default: what is committed now), never, or a time", 0, 0},
    {"--key", ARG_TEXT, offsetof(struct options, key), "K", "only records of this key", 0, 0},
    {"--partition", ARG_INT, offsetof(struct options, partition), "N", "only this partition", 0, 100000},
    {"--count", ARG_INT, offsetof(struct options, count), "N", "stop after so many records", 0, 0},
    {"--raw", ARG_FLAG, offsetof(struct options, raw), NULL, "values as they are: text, or base64 where they are not text", 0, 0},
};

static volatile sig_atomic_t stop; /* set by SIGINT and SIGTERM, read by broker_read */

static void stop_on_signal(int number)
{
    (void)number;
    stop = 1;
}

struct consume {
    const struct options *options;
    struct codec *codec;
    int64_t printed;
    bool registry_away;
};

/* A header that comes more than once becomes a list. */
static void header_add(json_t *headers, const struct broker_header *header)
{
    json_t *value = bytes_to_json(header->value, header->size), *other = json_object_get(headers, header->name);
    if (other == NULL) {
        (void)json_object_set_new(headers, header->name, value);
    } else if (json_is_array(other)) {
        (void)json_array_append_new(other, value);
    } else {
        (void)json_object_set_new(headers, header->name, json_pack("[O, o]", other, value));
    }
}

static void value_add(json_t *line, struct consume *c, const struct broker_record *record)
{
    struct codec_fault fault = {0};
    json_t *value = NULL;

    if (record->value != NULL && !c->options->raw) {
        value = events_to_json(c->codec, record->value, record->value_size, &fault);
        c->registry_away = fault.code == PF_E_registry_unavailable;
        if (value == NULL) /* our own topics for people carry JSON */
            value = json_loadb(record->value, record->value_size, JSON_REJECT_DUPLICATES, NULL);
        if (value == NULL)
            (void)json_object_set_new(line, "undecodable",
                                      json_pack("{s:s, s:s}", "code", pf_error_info(fault.code)->name, "reason", fault.message));
    }
    (void)json_object_set_new(line, "value", value != NULL ? value : bytes_to_json(record->value, record->value_size));
}

static int record_print(void *user, const struct broker_record *record)
{
    struct consume *c = user;
    char time[CLOCK_TEXT_MAX];

    if (c->options->key != NULL &&
        (record->key == NULL || record->key_size != strlen(c->options->key) || memcmp(record->key, c->options->key, record->key_size) != 0))
        return 0;
    json_t *line = json_pack("{s:s, s:i, s:I, s:s, s:s, s:o}", "topic", record->topic, "partition", (int)record->partition, "offset",
                             (json_int_t)record->offset, "timestamp", clock_format(record->timestamp_ms, time), "timestamp_type",
                             record->log_append_time ? "append" : "create", "key", bytes_to_json(record->key, record->key_size));
    json_t *headers = json_object();
    for (size_t i = 0; i < record->header_count; i++)
        header_add(headers, &record->headers[i]);
    (void)json_object_set_new(line, "headers", headers);
    value_add(line, c, record);
    if (c->registry_away) { /* who reads what we print must not take it for a record that is broken */
        json_decref(line);
        return -ECANCELED;
    }
    int rc = json_dumpf(line, stdout, JSON_COMPACT);
    json_decref(line);
    if (rc != 0 || fputc('\n', stdout) == EOF || (c->printed % 64 == 0 && fflush(stdout) != 0))
        return -ECANCELED; /* cli_flush says why, at the end */
    c->printed++;
    return c->options->count > 0 && c->printed == c->options->count ? -ECANCELED : 0;
}

/* "beginning", an offset or a time. */
static int from_read(const char *text, struct broker_range *range)
{
    char *end = NULL;
    errno = 0;
    long long offset = strtoll(text, &end, 10);
    if (strcmp(text, "beginning") == 0) {
        range->from = BROKER_FROM_BEGINNING;
    } else if (*text != '\0' && *end == '\0' && errno == 0 && offset >= 0) {
        range->from = BROKER_FROM_OFFSET;
        range->from_value = offset;
    } else if (clock_parse(text, &range->from_value) == 0) {
        range->from = BROKER_FROM_TIME;
    } else {
        return cli_fail(CLI_USAGE, "consume --from: '%s' is none of: beginning, an offset, a time such as 2026-11-23T12:00:00Z", text);
    }
    return CLI_DONE;
}

static int until_read(const char *text, struct broker_range *range)
{
    if (strcmp(text, "end") == 0)
        range->until = BROKER_UNTIL_END;
    else if (strcmp(text, "never") == 0)
        range->until = BROKER_UNTIL_STOPPED;
    else if (clock_parse(text, &range->until_ms) == 0)
        range->until = BROKER_UNTIL_TIME;
    else
        return cli_fail(CLI_USAGE, "consume --until: '%s' is none of: end, never, a time such as 2026-11-23T12:00:00Z", text);
    return CLI_DONE;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct broker_range range = {.partition = (int32_t)o->partition, .stop = &stop};
    struct consume c = {.options = o};
    struct broker_message message = {""};

    int code = from_read(o->from, &range);
    if (code == CLI_DONE)
        code = until_read(o->until, &range);
    if (code == CLI_DONE && !o->raw)
        code = events_codec_open(cli, &c.codec);
    if (code != CLI_DONE)
        return code;
    stop = 0;
    (void)signal(SIGINT, stop_on_signal);
    (void)signal(SIGTERM, stop_on_signal);
    if (range.until == BROKER_UNTIL_STOPPED)
        (void)setvbuf(stdout, NULL, _IOLBF, 0); /* somebody watches */
    int rc = broker_read(cli->config, args->words, 1, &range, record_print, &c, &message);
    if (rc != 0 && rc != -ECANCELED)
        code = cli_fail(broker_exit_code(rc), "%s", message.text);
    if (c.registry_away)
        code = cli_fail(CLI_UNAVAILABLE,
                        "the schema registry does not answer: %" PRId64 " records printed, stopped there; --raw needs none", c.printed);
    codec_close(c.codec);
    return code;
}

const struct command command_consume = {
    .name = "consume",
    .synopsis = "TOPIC",
    .summary = "print a topic's committed records, one JSON object a line",
    .help = "Each line has topic, partition, offset, timestamp, key, headers, value. A value that cannot be decoded comes as it is, with "
            "the reason\n"
            "beside it (undecodable). Records of open or aborted transactions are never shown. Nothing is committed, no group is joined.\n"
            "Input, retry, replay and dead-letter topics carry personal data: mind where the output goes.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
