/* primaflow generate orders: made-up orders as JSON lines, or straight into orders.raw. */
#include "commands.h"
#include "events.h"
#include "order_gen.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>

#define TOPIC "orders.raw"

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
                                        .start_ms = INT64_C(1767603600000) /* 2026-01-05T09:00:00Z */,
                                        .duplicates = "0",
                                        .faulty = "0",
                                        .faults = "",
                                        .skew = "0",
                                        .expect = NULL};

static const struct arg args_table[] = {
    {"--count", ARG_INT, offsetof(struct options, count), "N", "how many events (10)", 0, 1000000000},
    {"--seed", ARG_INT, offsetof(struct options, seed), "S", "the same seed gives the same orders (1); another seed, other order numbers",
     0, 99999},
    {"--rate", ARG_INT, offsetof(struct options, rate), "R", "events a second; default: as fast as can be", 1, 1000000},
    {"--duplicates", ARG_TEXT, offsetof(struct options, duplicates), "PCT", "share of resends of an earlier order, in per cent (0)", 0, 0},
    {"--faulty", ARG_TEXT, offsetof(struct options, faulty), "PCT", "share of events with something wrong, in per cent (0)", 0, 0},
    {"--faults", ARG_TEXT, offsetof(struct options, faults), "A,B,...", "which ones, in turn; default: all below", 0, 0},
    {"--keys", ARG_INT, offsetof(struct options, keys), "N", "only N different orders, resent again and again", 1, 100000000},
    {"--skew", ARG_TEXT, offsetof(struct options, skew), "Z", "with --keys: Zipf's exponent, 0 all alike (0), 1 a few take most", 0, 0},
    {"--customers", ARG_INT, offsetof(struct options, customers), "N", "how many people order (500)", 1, 1000000},
    {"--start", ARG_TIME, offsetof(struct options, start_ms), "TIME", "time of the first order (2026-01-05T09:00:00Z)", 0, 0},
    {"--expect", ARG_TEXT, offsetof(struct options, expect), "FILE", "writes there, one JSON line an event, what is to become of it", 0, 0},
    {"--to-kafka", ARG_FLAG, offsetof(struct options, to_kafka), NULL, "send to " TOPIC " instead of printing", 0, 0},
};

enum { BATCH_MAX = 1000, BATCH_MS = 100 };

struct sink {
    const struct options *options;
    FILE *expect;
    /* --to-kafka */
    struct event_maker *maker;
    struct broker_producer *producer;
    struct spool spool;
    int64_t batch_since_ms, sent;
};

static int decimal_read(const char *name, const char *text, double max, double *ret_value)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= 0 && value <= max))
        return cli_fail(CLI_USAGE, "generate orders %s: '%s' is not a number from 0 to %g", name, text, max);
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
            return cli_fail(CLI_USAGE, "generate orders --faults: there is no '%s'; see: primaflow generate orders --help", name);
        if (!o->to_kafka && order_fault_info(fault)->shape == FAULT_IN_BYTES)
            return cli_fail(CLI_USAGE, "generate orders --faults %s breaks the encoded bytes: it needs --to-kafka", name);
        faults |= UINT64_C(1) << fault;
        p += size + (p[size] == ',');
    }
    *ret_faults = faults;
    return CLI_DONE;
}

static int batch_send(struct sink *s)
{
    struct broker_message message = {""};
    if (s->spool.count == 0)
        return CLI_DONE;
    int rc = spool_send(&s->spool, 0, s->spool.count, TOPIC, s->producer, &message);
    if (rc != 0)
        return cli_fail(broker_exit_code(rc), "after %" PRId64 " records: %s", s->sent, message.text);
    s->sent += (int64_t)s->spool.count;
    spool_clear(&s->spool);
    return CLI_DONE;
}

static int event_send(struct sink *s, const struct order_gen_event *e)
{
    struct event_made made;
    char why[300];
    if (events_make(s->maker, e->event, &made, why) != 0)
        return cli_fail(CLI_CONFIG, "a made-up order does not fit schemas and mappings: %s", why);
    int64_t size = (int64_t)made.size;
    order_gen_break(e->fault, made.bytes, &size);
    const struct broker_record record = {.partition = -1,
                                         .key = made.key,
                                         .key_size = strlen(made.key),
                                         .value = size < 0 ? NULL : made.bytes,
                                         .value_size = size < 0 ? 0 : (size_t)size};
    if (s->spool.count == 0)
        s->batch_since_ms = clock_monotonic_ms();
    if (spool_add(&s->spool, &record) != 0)
        return cli_fail(CLI_DEFECT, "a made-up order is larger than a Kafka record may be");
    if (s->spool.count == BATCH_MAX || (s->options->rate > 0 && clock_monotonic_ms() - s->batch_since_ms >= BATCH_MS))
        return batch_send(s);
    return CLI_DONE;
}

static int expectation_write(struct sink *s, const struct order_gen_event *e)
{
    const json_t *event = e->event;
    if (s->expect == NULL)
        return CLI_DONE;
    json_t *line = json_pack("{s:O, s:O, s:O, s:O, s:s, s:s, s:s, s:b}", "channel", json_object_get(event, "channel"), "store",
                             json_object_get(event, "store"), "order_id", json_object_get(event, "order_id"), "event_id",
                             json_object_get(event, "event_id"), "fault", order_fault_info(e->fault)->name, "outcome", e->outcome, "code",
                             e->code, "is_resend", e->is_resend);
    int rc = json_dumpf(line, s->expect, JSON_COMPACT);
    json_decref(line);
    if (rc != 0 || fputc('\n', s->expect) == EOF)
        return cli_fail(CLI_UNAVAILABLE, "--expect %s cannot be written: %s", s->options->expect, strerror(errno));
    return CLI_DONE;
}

static int event_put(struct sink *s, const struct order_gen_event *e)
{
    int code = expectation_write(s, e);
    if (code == CLI_DONE && s->options->to_kafka)
        code = event_send(s, e);
    else if (code == CLI_DONE && (json_dumpf(e->event, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF))
        code = CLI_UNAVAILABLE; /* cli_flush says why */
    return code;
}

/* Sleeps until event `number` is due; what waits in a batch is sent before. */
static int pace(struct sink *s, int64_t start_ms, int64_t number)
{
    if (s->options->rate == 0)
        return CLI_DONE;
    int64_t left = start_ms + number * 1000 / s->options->rate - clock_monotonic_ms();
    if (left <= 0)
        return CLI_DONE;
    int code = s->options->to_kafka && left >= BATCH_MS ? batch_send(s) : CLI_DONE;
    if (!s->options->to_kafka)
        (void)fflush(stdout);
    (void)nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000}, NULL);
    return code;
}

static int events_run(struct sink *s, struct order_gen *gen)
{
    struct order_gen_event e;
    int64_t start_ms = clock_monotonic_ms();
    int code = CLI_DONE;
    for (int64_t number = 0; code == CLI_DONE && order_gen_next(gen, &e); number++) {
        code = pace(s, start_ms, number);
        if (code == CLI_DONE)
            code = event_put(s, &e);
        json_decref(e.event);
    }
    return code == CLI_DONE && s->options->to_kafka ? batch_send(s) : code;
}

static int sink_open(struct cli *cli, struct sink *s)
{
    struct broker_message message = {""};
    spool_init(&s->spool);
    if (s->options->expect != NULL && (s->expect = fopen(s->options->expect, "w")) == NULL)
        return cli_fail(CLI_USAGE, "--expect %s: %s", s->options->expect, strerror(errno));
    if (!s->options->to_kafka)
        return CLI_DONE;
    int code = events_maker_new(cli, TOPIC, &s->maker);
    if (code != CLI_DONE)
        return code;
    int rc = broker_producer_new(cli->config, 0, &s->producer, &message);
    return rc == 0 ? CLI_DONE : cli_fail(broker_exit_code(rc), "%s", message.text);
}

static int sink_close(struct sink *s)
{
    broker_producer_free(s->producer);
    events_maker_free(s->maker);
    spool_release(&s->spool);
    if (s->expect != NULL && fclose(s->expect) != 0)
        return cli_fail(CLI_UNAVAILABLE, "--expect %s cannot be written: %s", s->options->expect, strerror(errno));
    return CLI_DONE;
}

static int run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct order_gen_options g = {
        .seed = (uint64_t)o->seed, .count = o->count, .keys = o->keys, .customers = o->customers, .start_ms = o->start_ms};
    struct sink s = {.options = o};

    int code = decimal_read("--duplicates", o->duplicates, 100, &g.duplicates);
    if (code == CLI_DONE)
        code = decimal_read("--faulty", o->faulty, 100, &g.faulty);
    if (code == CLI_DONE)
        code = decimal_read("--skew", o->skew, 10, &g.skew);
    if (code == CLI_DONE)
        code = faults_read(o, &g.faults);
    if (code == CLI_DONE && g.keys > 0 && (g.duplicates > 0 || g.faulty > 0))
        code = cli_fail(CLI_USAGE, "generate orders --keys does not go with --duplicates and --faulty: it resends by itself");
    if (code != CLI_DONE)
        return code;
    struct order_gen *gen = order_gen_new(&g);
    if (gen == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory for so many orders");
    code = sink_open(cli, &s);
    if (code == CLI_DONE)
        code = events_run(&s, gen);
    int closed = sink_close(&s);
    order_gen_free(gen);
    if (code == CLI_DONE && o->to_kafka)
        cli_say("%" PRId64 " records sent to " TOPIC, s.sent);
    return code != CLI_DONE ? code : closed;
}

const struct command command_generate_orders = {
    .name = "generate orders",
    .synopsis = "",
    .summary = "make up orders that could be real, from a seed",
    .help = "Deterministic: the same options give the same events. Repeating a call sends the same orders again; take another --seed for "
            "new ones.\n"
            "Amounts are right to the minor unit except where --faulty breaks them. People and addresses are invented.\n\n"
            "Faults:\n"
#define ORDER_FAULT(name, shape, outcome, code, meaning) "  " #name ": " meaning " (" outcome " " code ")\n"
#include "order_faults.def"
#undef ORDER_FAULT
            "The last five break the encoded bytes and need --to-kafka.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = run,
};
