/* primaflow generate orders: made-up orders as JSON lines, or straight into orders.raw. */
#include "commands.h"
#include "core/events.h"
#include "core/send.h"
#include "order_gen.h"

#include "base/clock.h"
#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

struct options {
    int64_t count, seed, rate, keys, customers, start_ms;
    const char *duplicates, *faulty, *faults, *skew, *expect;
    bool to_kafka;
};

static const struct options defaults = {.count = 10,
                                        .seed = 1,
                                        .rate = 0,
                                        .keys = 0,
                                        .customers = 500,
                                        .start_ms =
                                            INT64_C(1767603600000) /* 2026-01-05T09:00:00Z */,
                                        .duplicates = "0",
                                        .faulty = "0",
                                        .faults = "",
                                        .skew = "0",
                                        .expect = NULL};

static const struct arg args_table[] = {
    {"--count", ARG_INT, offsetof(struct options, count), "N", "number of events (10)", 0,
     1000000000},
    {"--seed", ARG_INT, offsetof(struct options, seed), "S",
     "the same seed gives the same orders (1); another seed, other order numbers", 0, 99999},
    {"--rate", ARG_INT, offsetof(struct options, rate), "R",
     "events per second; default: unlimited", 1, 1000000},
    {"--duplicates", ARG_TEXT, offsetof(struct options, duplicates), "PCT",
     "percentage of resends of an earlier order (0)", 0, 0},
    {"--faulty", ARG_TEXT, offsetof(struct options, faulty), "PCT",
     "percentage of faulty events (0)", 0, 0},
    {"--faults", ARG_TEXT, offsetof(struct options, faults), "A,B,...",
     "fault kinds, in turn; default: all below", 0, 0},
    {"--keys", ARG_INT, offsetof(struct options, keys), "N",
     "only N distinct orders, resent repeatedly", 1, 100000000},
    {"--skew", ARG_TEXT, offsetof(struct options, skew), "Z",
     "with --keys: Zipf exponent, 0: uniform (0), 1: strongly skewed", 0, 0},
    {"--customers", ARG_INT, offsetof(struct options, customers), "N", "number of customers (500)",
     1, 1000000},
    {"--start", ARG_TIME, offsetof(struct options, start_ms), "TIME",
     "time of the first order (2026-01-05T09:00:00Z)", 0, 0},
    {"--expect", ARG_TEXT, offsetof(struct options, expect), "FILE",
     "write the expected outcome of each event there, one JSON line per event", 0, 0},
    {"--to-kafka", ARG_FLAG, offsetof(struct options, to_kafka), NULL,
     "send to orders.raw instead of printing", 0, 0},
};

struct sink {
    const struct options *options;
    FILE *expect;
    /* --to-kafka */
    struct event_maker *maker;
    struct sender *sender;
    struct ops_error error;
};

static int decimal_read(const char *name, const char *text, double max, double *ret_value)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= 0 && value <= max))
        return cli_fail(CLI_USAGE, "generate orders %s: '%s' is not a number from 0 to %g", name,
                        text, max);
    *ret_value = value;
    return CLI_DONE;
}

static int faults_read(const struct options *o, uint64_t *ret_faults)
{
    uint64_t faults = 0;
    for (int i = 1; o->faults[0] == '\0' && i < ORDER_FAULT_COUNT; i++)
        if (o->to_kafka || order_fault_info((enum order_fault)i)->shape != FAULT_IN_BYTES)
            faults |= UINT64_C(1) << i;
    for (const char *p = o->faults; *p != '\0';) {
        char name[40];
        size_t size = strcspn(p, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)size, p);
        enum order_fault fault = order_fault_find(name);
        if (fault == ORDER_FAULT_NONE)
            return cli_fail(
                CLI_USAGE,
                "generate orders --faults: there is no '%s'; see: primaflow generate orders --help",
                name);
        if (!o->to_kafka && order_fault_info(fault)->shape == FAULT_IN_BYTES)
            return cli_fail(
                CLI_USAGE,
                "generate orders --faults %s breaks the encoded bytes: it needs --to-kafka", name);
        faults |= UINT64_C(1) << fault;
        p += size + (p[size] == ',');
    }
    *ret_faults = faults;
    return CLI_DONE;
}

static enum ops_kind event_send(struct sink *s, const struct order_gen_event *e)
{
    struct event_made made;
    char why[300];
    if (events_make(s->maker, e->event, &made, why) != 0)
        return ops_fail(&s->error, OPS_CONFIG, NULL,
                        "a made-up order does not fit schemas and mappings: %s", why);
    int64_t size = (int64_t)made.size;
    order_gen_break(e->fault, made.bytes, &size);
    const struct kafka_record record = {.partition = -1,
                                        .key = made.key,
                                        .key_size = strlen(made.key),
                                        .value = size < 0 ? NULL : made.bytes,
                                        .value_size = size < 0 ? 0 : (size_t)size};
    return sender_add(s->sender, &record, s->options->rate > 0, &s->error);
}

static enum ops_kind expectation_write(struct sink *s, const struct order_gen_event *e)
{
    const json_t *event = e->event;
    if (s->expect == NULL)
        return OPS_DONE;
    json_t *line = json_pack(
        "{s:O, s:O, s:O, s:O, s:s, s:s, s:s, s:b}", "channel", json_object_get(event, "channel"),
        "store", json_object_get(event, "store"), "order_id", json_object_get(event, "order_id"),
        "event_id", json_object_get(event, "event_id"), "fault", order_fault_info(e->fault)->name,
        "outcome", e->outcome, "code", e->code, "is_resend", e->is_resend);
    int rc = json_dumpf(line, s->expect, JSON_COMPACT);
    json_decref(line);
    if (rc != 0 || fputc('\n', s->expect) == EOF)
        return ops_fail(&s->error, OPS_UNAVAILABLE, NULL, "--expect %s cannot be written: %s",
                        s->options->expect, strerror(errno));
    return OPS_DONE;
}

static enum ops_kind event_put(struct sink *s, const struct order_gen_event *e)
{
    enum ops_kind kind = expectation_write(s, e);
    if (kind == OPS_DONE && s->options->to_kafka)
        kind = event_send(s, e);
    else if (kind == OPS_DONE &&
             (json_dumpf(e->event, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF))
        kind = OPS_UNAVAILABLE; /* without a text: cli_flush says why */
    return kind;
}

/* Sleeps until event `number` is due; what waits in a batch is sent before. */
static enum ops_kind generate_pace(struct sink *s, int64_t start_ms, int64_t number)
{
    if (s->options->rate == 0)
        return OPS_DONE;
    int64_t left = start_ms + number * 1000 / s->options->rate - clock_monotonic_ms();
    if (left <= 0)
        return OPS_DONE;
    enum ops_kind kind = s->options->to_kafka && left >= SENDER_BATCH_MS
                             ? sender_flush(s->sender, &s->error)
                             : OPS_DONE;
    if (!s->options->to_kafka)
        (void)fflush(stdout);
    (void)nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000},
                    NULL);
    return kind;
}

static enum ops_kind events_run(struct sink *s, struct order_gen *gen)
{
    struct order_gen_event e;
    int64_t start_ms = clock_monotonic_ms();
    enum ops_kind kind = OPS_DONE;
    for (int64_t number = 0; kind == OPS_DONE && order_gen_next(gen, &e); number++) {
        kind = generate_pace(s, start_ms, number);
        if (kind == OPS_DONE)
            kind = event_put(s, &e);
        json_decref(e.event);
    }
    return kind == OPS_DONE && s->options->to_kafka ? sender_flush(s->sender, &s->error) : kind;
}

static enum ops_kind sink_open(struct cli *cli, struct sink *s)
{
    if (s->options->expect != NULL && (s->expect = fopen(s->options->expect, "w")) == NULL)
        return ops_fail(&s->error, OPS_USAGE, NULL, "--expect %s: %s", s->options->expect,
                        strerror(errno));
    if (!s->options->to_kafka)
        return OPS_DONE;
    enum ops_kind kind = events_maker_new(cli->ops, topic_orders_raw, &s->maker, &s->error);
    if (kind == OPS_DONE)
        kind = sender_new(cli->ops, topic_orders_raw, &s->sender, &s->error);
    return kind;
}

/* The first error stays. */
static enum ops_kind sink_close(struct sink *s, enum ops_kind kind)
{
    sender_free(s->sender);
    events_maker_free(s->maker);
    if (s->expect != NULL && fclose(s->expect) != 0 && kind == OPS_DONE)
        return ops_fail(&s->error, OPS_UNAVAILABLE, NULL, "--expect %s cannot be written: %s",
                        s->options->expect, strerror(errno));
    return kind;
}

static int generate_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct order_gen_options g = {.seed = (uint64_t)o->seed,
                                  .count = o->count,
                                  .keys = o->keys,
                                  .customers = o->customers,
                                  .start_ms = o->start_ms};
    struct sink s = {.options = o};

    int code = decimal_read("--duplicates", o->duplicates, 100, &g.duplicates);
    if (code == CLI_DONE)
        code = decimal_read("--faulty", o->faulty, 100, &g.faulty);
    if (code == CLI_DONE)
        code = decimal_read("--skew", o->skew, 10, &g.skew);
    if (code == CLI_DONE)
        code = faults_read(o, &g.faults);
    if (code == CLI_DONE && g.keys > 0 && (g.duplicates > 0 || g.faulty > 0))
        code = cli_fail(CLI_USAGE, "generate orders --keys does not go with --duplicates and "
                                   "--faulty: it resends by itself");
    if (code != CLI_DONE)
        return code;
    struct order_gen *gen = order_gen_new(&g);
    if (gen == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory for so many orders");
    enum ops_kind kind = sink_open(cli, &s);
    if (kind == OPS_DONE)
        kind = events_run(&s, gen);
    const int64_t sent = s.sender != NULL ? sender_sent(s.sender) : 0;
    kind = sink_close(&s, kind);
    order_gen_free(gen);
    if (kind != OPS_DONE) /* no text: cli_flush says it */
        return s.error.text[0] != '\0' ? cli_report(&s.error) : cli_exit(kind);
    if (o->to_kafka)
        cli_say("%" PRId64 " records sent to orders.raw", sent);
    return CLI_DONE;
}

const struct command command_generate_orders = {
    .name = "generate orders",
    .synopsis = "",
    .summary = "generate realistic orders from a seed",
    .help = "Deterministic: the same options give the same events. Repeating a call sends the same "
            "orders again; take another --seed for "
            "new ones.\n"
            "Amounts are right to the minor unit except where --faulty breaks them. People and "
            "addresses are invented.\n\n"
            "Faults:\n"
#define ORDER_FAULT(name, shape, outcome, code, meaning)                                           \
    "  " #name ": " meaning " (" outcome " " code ")\n"
#include "order_faults.def"
#undef ORDER_FAULT
            "The last five break the encoded bytes and need --to-kafka.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = generate_run,
};
