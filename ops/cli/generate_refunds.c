/* primaflow generate refunds: refunds of the orders of `generate orders`, as JSON lines, or straight
 * into refunds.raw. */
#include "commands.h"
#include "generate_feed.h"
#include "refund_gen.h"

#include "kafka/topics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct options {
    int64_t count, seed, rate, keys, start_ms;
    const char *duplicates, *faulty, *kinds, *skew, *expect, *exchanges;
    bool to_kafka;
};

static const struct options defaults = {.count = 10,
                                        .seed = 1,
                                        .rate = 0,
                                        .keys = 0,
                                        .start_ms =
                                            INT64_C(1767603600000) /* 2026-01-05T09:00:00Z */,
                                        .duplicates = "0",
                                        .faulty = "0",
                                        .kinds = "",
                                        .skew = "0",
                                        .expect = NULL,
                                        .exchanges = NULL};

static const struct arg args_table[] = {
    {"--count", ARG_INT, offsetof(struct options, count), "N", "number of events (10)", 0,
     100000000},
    {"--seed", ARG_INT, offsetof(struct options, seed), "S",
     "that of the orders (1); the same seed gives the same refunds", 0, 99999},
    {"--rate", ARG_INT, offsetof(struct options, rate), "R",
     "events per second; default: unlimited", 1, 1000000},
    {"--duplicates", ARG_TEXT, offsetof(struct options, duplicates), "PCT",
     "percentage of resends of an earlier refund (0)", 0, 0},
    {"--faulty", ARG_TEXT, offsetof(struct options, faulty), "PCT",
     "percentage of refunds that wait or are stopped (0)", 0, 0},
    {"--kinds", ARG_TEXT, offsetof(struct options, kinds), "A,B,...",
     "only these kinds; default: all below", 0, 0},
    {"--keys", ARG_INT, offsetof(struct options, keys), "N",
     "refunds of the first N orders; default: of as many as --count", 1, 100000000},
    {"--skew", ARG_TEXT, offsetof(struct options, skew), "Z",
     "Zipf exponent over the orders, 0: uniform (0), 1: strongly skewed", 0, 0},
    {"--start", ARG_TIME, offsetof(struct options, start_ms), "TIME",
     "time of the first order, as of the orders (2026-01-05T09:00:00Z)", 0, 0},
    {"--expect", ARG_TEXT, offsetof(struct options, expect), "FILE",
     "write the expected outcome of each event there, one JSON line per event", 0, 0},
    {"--exchanges", ARG_TEXT, offsetof(struct options, exchanges), "FILE",
     "write what exchanges sent there, as orders of their own, one event per line", 0, 0},
    {"--to-kafka", ARG_FLAG, offsetof(struct options, to_kafka), NULL,
     "send to refunds.raw instead of printing", 0, 0},
};

static const char name[] = "generate refunds";

/* Those that were asked for, as bits. */
static int kinds_read(const struct options *o, uint64_t *ret_kinds)
{
    uint64_t kinds = 0;
    for (int i = 0; o->kinds[0] == '\0' && i < REFUND_MADE_COUNT; i++)
        if (o->to_kafka || refund_kind_info((enum refund_kind_made)i)->shape != REFUND_IN_BYTES)
            kinds |= UINT64_C(1) << i;
    for (const char *p = o->kinds; *p != '\0';) {
        char text[40];
        size_t size = strcspn(p, ",");
        (void)snprintf(text, sizeof text, "%.*s", (int)size, p);
        enum refund_kind_made kind = refund_kind_find(text);
        if (kind == REFUND_MADE_COUNT)
            return cli_fail(CLI_USAGE,
                            "%s --kinds: there is no '%s'; see: primaflow generate refunds --help",
                            name, text);
        if (!o->to_kafka && refund_kind_info(kind)->shape == REFUND_IN_BYTES)
            return cli_fail(CLI_USAGE,
                            "%s --kinds %s breaks the encoded bytes: it needs --to-kafka", name,
                            text);
        kinds |= UINT64_C(1) << kind;
        p += size + (p[size] == ',');
    }
    *ret_kinds = kinds;
    return CLI_DONE;
}

/* A share of which there is no kind to choose from would be silently another one. */
static int kinds_check(const struct refund_gen_options *g)
{
    bool usual = false, faulty = false;
    for (int i = 0; i < REFUND_MADE_COUNT; i++)
        if (g->kinds & (UINT64_C(1) << i)) {
            const bool is_usual = refund_kind_info((enum refund_kind_made)i)->shape == REFUND_USUAL;
            usual |= is_usual;
            faulty |= !is_usual;
        }
    if (g->faulty > 0 && !faulty)
        return cli_fail(CLI_USAGE, "%s --faulty: none of --kinds waits or is stopped", name);
    if (g->faulty < 100 && !usual)
        return cli_fail(CLI_USAGE,
                        "%s --kinds: these come with --faulty alone, and it is below 100", name);
    return CLI_DONE;
}

static int options_read(const struct options *o, struct refund_gen_options *ret)
{
    struct refund_gen_options g = {.seed = (uint64_t)o->seed,
                                   .count = o->count,
                                   .keys = o->keys > 0    ? o->keys
                                           : o->count > 0 ? o->count
                                                          : 1,
                                   .start_ms = o->start_ms};
    int code = feed_read_decimal(name, "--duplicates", o->duplicates, 100, &g.duplicates);
    if (code == CLI_DONE)
        code = feed_read_decimal(name, "--faulty", o->faulty, 100, &g.faulty);
    if (code == CLI_DONE)
        code = feed_read_decimal(name, "--skew", o->skew, 10, &g.skew);
    if (code == CLI_DONE)
        code = kinds_read(o, &g.kinds);
    if (code == CLI_DONE)
        code = kinds_check(&g);
    *ret = g;
    return code;
}

/* As of orders, with the refund's id, its kind, and the code that it waits with before. */
static json_t *expectation(const struct refund_gen_event *e)
{
    return json_pack(
        "{s:O, s:O, s:O, s:O, s:O, s:s, s:s, s:s, s:s, s:b}", "channel",
        json_object_get(e->event, "channel"), "store", json_object_get(e->event, "store"),
        "order_id", json_object_get(e->event, "order_id"), "refund_id",
        json_object_get(e->event, "refund_id"), "event_id", json_object_get(e->event, "event_id"),
        "kind", refund_kind_info(e->kind)->name, "waits", e->waits, "outcome", e->outcome, "code",
        e->code, "is_resend", e->is_resend);
}

/* What was sent in exchange, as an order. */
static enum ops_kind exchange_write(struct feed *feed, FILE *to, const char *path,
                                    const json_t *order)
{
    if (to == NULL || order == NULL)
        return OPS_DONE;
    if (json_dumpf(order, to, JSON_COMPACT) != 0 || fputc('\n', to) == EOF)
        return ops_fail(&feed->error, OPS_UNAVAILABLE, "see that there is room",
                        "%s: %s cannot be written", name, path);
    return OPS_DONE;
}

static enum ops_kind events_run(struct feed *feed, struct refund_gen *gen, int64_t count,
                                FILE *exchanges, const char *path)
{
    struct refund_gen_event e;
    enum ops_kind kind = OPS_DONE;
    while (kind == OPS_DONE && refund_gen_next(gen, &e)) {
        kind = feed_put(feed, e.event, expectation(&e), refund_kind_breaks(e.kind));
        if (kind == OPS_DONE)
            kind = exchange_write(feed, exchanges, path, e.order);
        refund_gen_event_free(&e);
    }
    if (kind == OPS_DONE && feed->number < count)
        return ops_fail(&feed->error, OPS_USAGE, "more orders (--keys) or more --kinds",
                        "%s: after %" PRId64 " of %" PRId64
                        " events nothing of these kinds is left to be refunded",
                        name, feed->number, count);
    return kind;
}

static int generate_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct refund_gen_options g;
    struct feed feed;
    const int code = options_read(o, &g);
    if (code != CLI_DONE)
        return code;
    FILE *exchanges = o->exchanges != NULL ? fopen(o->exchanges, "we") : NULL;
    if (o->exchanges != NULL && exchanges == NULL)
        return cli_fail(CLI_USAGE, "%s --exchanges %s: %s", name, o->exchanges, strerror(errno));
    struct refund_gen *gen = refund_gen_new(&g);
    if (gen == NULL) {
        if (exchanges != NULL)
            (void)fclose(exchanges);
        return cli_fail(CLI_UNAVAILABLE, "no memory for so many refunds");
    }
    enum ops_kind kind = feed_open(&feed, cli,
                                   &(struct feed_options){.topic = topic_refunds_raw,
                                                          .expect = o->expect,
                                                          .rate = o->rate,
                                                          .to_kafka = o->to_kafka});
    if (kind == OPS_DONE)
        kind = events_run(&feed, gen, g.count, exchanges, o->exchanges);
    if (exchanges != NULL && fclose(exchanges) != 0 && kind == OPS_DONE)
        kind = ops_fail(&feed.error, OPS_UNAVAILABLE, "see that there is room",
                        "%s: %s cannot be written", name, o->exchanges);
    refund_gen_free(gen);
    return feed_close(&feed, kind);
}

const struct command command_generate_refunds = {
    .name = "generate refunds",
    .synopsis = "",
    .summary = "generate refunds of the orders that `generate orders` makes from the same seed",
    .help =
        "Deterministic: the same options give the same events. They are of the orders that "
        "`generate orders` makes with this --seed, --start and --keys (without --faulty): same "
        "ids, lines, prices, taxes, tenders. Feed those first.\n"
        "Amounts are right to the minor unit except where a kind says otherwise. After partial "
        "refunds, `final` pays back the rest: together they are the order, in money and in "
        "tax.\n"
        "What was sent in an exchange is an order of its own, <order>.<return>, paid by what came "
        "back "
        "and by money for the rest: --exchanges writes these, for orders.raw.\n"
        "The worker needs gateway exchange and kind on_account in payments.yaml, as the example "
        "has them.\n\n"
        "Kinds:\n"
#define REFUND_KIND(name, shape, weight, waits, outcome, code, meaning)                            \
    "  " #name ": " meaning " (" outcome " " code ")\n"
#include "refund_kinds.def"
#undef REFUND_KIND
        "From `failed` on they come with --faulty; the last five break the encoded bytes and "
        "need --to-kafka.\n"
        "A line of --expect has also `waits`: the code with which the refund waits before its "
        "outcome, or \"\".",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = generate_run,
};
