/* primaflow mappings check: the mappings tried on recent orders, before they are put to work. */
#include "broker.h"
#include "commands.h"
#include "events.h"
#include "mappings_seen.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/types.h>

enum { ARENA_MAX = 16 * 1024 * 1024, LAST_DEFAULT = 10000, COMPLAINTS_MAX = 20 };

struct options {
    const char *topic, *file;
    int64_t since_ms, last;
};

static const struct options defaults = {.since_ms = -1};

static const struct arg args_table[] = {
    {"--topic", ARG_TEXT, offsetof(struct options, topic), "T", "a topic of order events (orders.raw)", 0, 0},
    {"--since", ARG_TIME, offsetof(struct options, since_ms), "TIME", "records of that time and later", 0, 0},
    {"--last", ARG_INT, offsetof(struct options, last), "N", "at most the last N records of each partition (10000)", 1, 1000000000},
    {"--file", ARG_TEXT, offsetof(struct options, file), "F", "events as JSON lines (as `generate` prints them) instead of Kafka; -: stdin",
     0, 0},
};

struct check {
    const struct order_rules *rules;
    struct codec *codec;
    struct seen seen;
};

/* Framed bytes. What cannot be read, or is larger than its memory, a worker would dead-letter: it is counted. */
static void take_bytes(struct check *c, const void *bytes, size_t size, const char *where)
{
    struct order_event event;
    struct codec_fault fault = {PF_OK, ""};
    struct arena *arena = arena_new(ARENA_MAX);
    int rc = arena == NULL ? -ENOMEM : codec_decode(c->codec, &order_event_record, bytes, size, arena, &event, &fault);
    if (rc == -EAGAIN && codec_fetch(c->codec, bytes, size) == 0)
        rc = codec_decode(c->codec, &order_event_record, bytes, size, arena, &event, &fault);
    if (rc != 0)
        seen_unreadable(&c->seen, where, fault.code != PF_OK ? pf_error_info(fault.code)->name : "avro_too_large");
    else if (!seen_event(&c->seen, &event, c->rules, arena))
        seen_unreadable(&c->seen, where, "avro_too_large");
    arena_free(arena);
}

/* ---- from Kafka ---- */

static int take_record(void *user, const struct broker_record *record)
{
    char where[120];
    (void)snprintf(where, sizeof where, "%.80s/%" PRId32 "/%" PRId64, record->topic, record->partition, record->offset);
    if (record->value == NULL)
        seen_unreadable(&((struct check *)user)->seen, where, pf_error_info(PF_E_tombstone)->name);
    else
        take_bytes(user, record->value, record->value_size, where);
    return 0;
}

static int read_topic(const struct cli *cli, const struct options *o, struct check *c)
{
    const char *topic = o->topic != NULL ? o->topic : "orders.raw";
    struct broker_message message = {""};
    struct broker_range range = {.from = BROKER_FROM_LAST, .from_value = o->last > 0 ? o->last : LAST_DEFAULT, .partition = -1};
    if (o->since_ms >= 0) {
        range.from = BROKER_FROM_TIME;
        range.from_value = o->since_ms;
    }
    const int rc = broker_read(cli->config, &topic, 1, &range, take_record, c, &message);
    return rc == 0 ? CLI_DONE : cli_fail(broker_exit_code(rc), "%s", message.text);
}

/* ---- from a file ---- */

/* One line of JSON; NULL, or why it is no event. */
static const char *take_line(struct check *c, const char *text, size_t size, const char *where, char why[static 300])
{
    struct codec_fault fault = {PF_OK, ""};
    struct buf bytes;
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        (void)snprintf(why, 300, "not JSON, at column %d: %.200s", error.column, error.text);
        return why;
    }
    buf_init(&bytes, ARENA_MAX);
    const int rc = codec_from_json(c->codec, order_event_record.name, json, &bytes, &fault);
    if (rc == 0)
        take_bytes(c, bytes.data, bytes.size, where);
    else
        (void)snprintf(why, 300, "%.290s", fault.message[0] != '\0' ? fault.message : "too large");
    buf_release(&bytes);
    json_decref(json);
    return rc == 0 ? NULL : why;
}

static int read_lines(FILE *in, const char *name, struct check *c)
{
    char *text = NULL, why[300], where[300];
    size_t room = 0, number = 0, wrong = 0;
    ssize_t size;
    while ((size = getline(&text, &room, in)) >= 0) {
        number++;
        if (text[strspn(text, " \t\r\n")] == '\0' && (size_t)size == strlen(text))
            continue;
        (void)snprintf(where, sizeof where, "%.200s:%zu", name, number);
        if (take_line(c, text, (size_t)size, where, why) != NULL && wrong++ < COMPLAINTS_MAX)
            (void)cli_fail(CLI_DATA, "%s: %s", where, why);
    }
    const int failed = ferror(in) ? errno : 0;
    free(text);
    if (failed != 0)
        return cli_fail(CLI_DATA, "%s:%zu: cannot be read further: %s", name, number + 1, strerror(failed));
    return wrong == 0 ? CLI_DONE : cli_fail(CLI_DATA, "%zu of %zu lines are no order events; correct them", wrong, number);
}

static int read_file(const char *name, struct check *c)
{
    const bool is_stdin = strcmp(name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(name, "re");
    if (in == NULL)
        return cli_fail(CLI_DATA, "%s: %s", name, strerror(errno));
    const int code = read_lines(in, is_stdin ? "stdin" : name, c);
    if (!is_stdin)
        (void)fclose(in);
    return code;
}

/* ---- the command ---- */

static void warn_idle(void *user, const char *file, const char *kind, const char *name, const char *channel, const char *store)
{
    (void)user;
    cli_warn("%s: the row of %s %s is for channel %s, store %s, which channels.yaml does not have: it fits no order", file, kind, name,
             channel, store);
}

static int report(const struct cli *cli, struct check *c)
{
    seen_sort(&c->seen);
    if (cli->json)
        seen_print_json(&c->seen);
    else
        seen_print_text(&c->seen);
    if (c->seen.events == 0)
        cli_warn("no events were read, so nothing was checked: widen --since or --last");
    return c->seen.item_count > 0 ? CLI_CONFIG : CLI_DONE;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct config_message wrong;
    struct check c = {.rules = NULL};
    void *rules = NULL;

    if (o->file != NULL && (o->topic != NULL || o->since_ms >= 0 || o->last > 0))
        return cli_fail(CLI_USAGE, "mappings check: --file reads no topic: leave --topic, --since and --last out");
    if (o->since_ms >= 0 && o->last > 0)
        return cli_fail(CLI_USAGE, "mappings check: --since and --last say both where to begin: leave one out");
    if (order_rules_load(cli->config, &rules, &wrong) != 0)
        return cli_fail(CLI_CONFIG, "%s", wrong.text);
    c.rules = rules;
    rules_idle_rows(rules, warn_idle, NULL);
    seen_init(&c.seen);
    int code = events_codec_open(cli, &c.codec);
    if (code == CLI_DONE)
        code = o->file != NULL ? read_file(o->file, &c) : read_topic(cli, o, &c);
    if (code == CLI_DONE || (code == CLI_DATA && c.seen.events > 0)) {
        const int found = report(cli, &c);
        code = code == CLI_DONE ? found : code;
    }
    codec_close(c.codec);
    seen_release(&c.seen);
    order_rules_free(rules);
    return code;
}

const struct command command_mappings_check = {
    .name = "mappings check",
    .synopsis = "",
    .summary = "try the mappings on recent orders: what is not mapped, and how many orders have it",
    .help = "Reads order events and looks up every store, location, payment, delivery service, charge, tax rate, SKU and customer in the "
            "mappings,\n"
            "as a worker does. Whether Prima has a product is not asked. Nothing is written, no group is joined. Orders are counted once "
            "however\n"
            "often they were resent.\n"
            "Exit 0: all is mapped. 78: something is not, or a mapping file is wrong. 65: a line of --file is no event.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 0,
    .words_max = 0,
    .run = run,
};
