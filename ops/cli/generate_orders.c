/* primaflow generate orders: made-up orders as JSON lines, or straight into orders.raw. */
#include "commands.h"
#include "generate_feed.h"

#include "kafka/topics.h"

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

static json_t *expectation(const struct order_gen_event *e)
{
    return json_pack(
        "{s:O, s:O, s:O, s:O, s:s, s:s, s:s, s:b}", "channel", json_object_get(e->event, "channel"),
        "store", json_object_get(e->event, "store"), "order_id",
        json_object_get(e->event, "order_id"), "event_id", json_object_get(e->event, "event_id"),
        "fault", order_fault_info(e->fault)->name, "outcome", e->outcome, "code", e->code,
        "is_resend", e->is_resend);
}

static enum ops_kind events_run(struct feed *feed, struct order_gen *gen)
{
    struct order_gen_event e;
    enum ops_kind kind = OPS_DONE;
    while (kind == OPS_DONE && order_gen_next(gen, &e)) {
        kind = feed_put(feed, e.event, expectation(&e), e.fault);
        json_decref(e.event);
    }
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
    struct feed feed;

    int code =
        feed_read_decimal("generate orders", "--duplicates", o->duplicates, 100, &g.duplicates);
    if (code == CLI_DONE)
        code = feed_read_decimal("generate orders", "--faulty", o->faulty, 100, &g.faulty);
    if (code == CLI_DONE)
        code = feed_read_decimal("generate orders", "--skew", o->skew, 10, &g.skew);
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
    enum ops_kind kind = feed_open(&feed, cli,
                                   &(struct feed_options){.topic = topic_orders_raw,
                                                          .expect = o->expect,
                                                          .rate = o->rate,
                                                          .to_kafka = o->to_kafka});
    if (kind == OPS_DONE)
        kind = events_run(&feed, gen);
    order_gen_free(gen);
    return feed_close(&feed, kind);
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
