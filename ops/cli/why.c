/* primaflow why: one order's whole life, and what to do next. */
#include "why.h"

#include "commands.h"
#include "events.h"

#include "base/clock.h"

struct options {
    int64_t since_ms;
    bool all_partitions;
};

static const struct options defaults = {.since_ms = INT64_C(60) * 86400000};

static const struct arg args_table[] = {
    {"--since", ARG_MS, offsetof(struct options, since_ms), "AGE", "how far back to read the topics (60d)", 1, 0},
    {"--all-partitions", ARG_FLAG, offsetof(struct options, all_partitions), NULL,
     "for producers that do not spread keys as Java's clients do (slower)", 0, 0},
};

struct why {
    const struct options *options;
    struct codec *codec;
    struct why_order orders[WHY_ORDERS_MAX];
    size_t count;
    bool is_incomplete;
};

static bool is_known(const struct why_order *o)
{
    return o->event_count > 0 || o->redis.state != '\0' || o->redis.deferred > 0;
}

/* Keeps the orders that something is known of. */
static void known_keep(struct why *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (is_known(&w->orders[i]))
            w->orders[kept++] = w->orders[i];
        else
            why_release(&w->orders[i]);
    }
    w->count = kept;
}

static bool has_input(const struct why_order *o)
{
    for (size_t i = 0; i < o->event_count; i++)
        if (o->events[i].kind == WHY_INPUT)
            return true;
    return false;
}

/* Reads the topics: the partition of each known key; all partitions where that has no event of it, or where only the topics can tell which
 * key is meant. */
static int topics_read(struct cli *cli, struct why *w, int64_t since_ms)
{
    bool guesses = w->count > 1 && !is_known(&w->orders[0]);
    if (guesses || w->options->all_partitions)
        return why_topics(cli, w->codec, w->orders, w->count, since_ms, true);
    int code = CLI_DONE;
    for (size_t i = 0; code == CLI_DONE && i < w->count; i++) {
        code = why_topics(cli, w->codec, &w->orders[i], 1, since_ms, false);
        if (code != CLI_DONE || has_input(&w->orders[i]))
            continue;
        why_release(&w->orders[i]);
        code = why_topics(cli, w->codec, &w->orders[i], 1, since_ms, true);
    }
    return code;
}

static int gather(struct cli *cli, struct why *w, const char *text)
{
    struct why_id ids[WHY_ORDERS_MAX];
    int code = why_ids(cli, text, ids, &w->count);
    if (code != CLI_DONE)
        return code;
    for (size_t i = 0; i < w->count; i++)
        w->orders[i] = (struct why_order){.id = ids[i]};
    bool single = w->count == 1;
    w->is_incomplete = !why_redis(cli, w->orders, w->count);
    for (size_t i = 0; !single && i < w->count; i++)
        if (is_known(&w->orders[i])) { /* Redis knows which are meant */
            known_keep(w);
            break;
        }
    code = topics_read(cli, w, clock_wall_ms() - w->options->since_ms);
    if (code != CLI_DONE)
        return code;
    if (!single)
        known_keep(w);
    for (size_t i = 0; i < w->count; i++)
        w->is_incomplete |= !why_prima(cli, &w->orders[i]);
    return CLI_DONE;
}

static int run(struct cli *cli, const struct args *args)
{
    struct why *w = calloc(1, sizeof *w);
    if (w == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    w->options = args->options;
    int code = events_codec_open(cli, &w->codec);
    if (code == CLI_DONE)
        code = gather(cli, w, args->words[0]);
    bool known = false;
    for (size_t i = 0; code == CLI_DONE && i < w->count; i++) {
        known |= is_known(&w->orders[i]) || w->orders[i].prima.answer == WHY_PRIMA_FOUND;
        if (cli->json)
            why_print_json(&w->orders[i]);
        else
            why_print_text(&w->orders[i]);
    }
    if (code == CLI_DONE && !known)
        code = cli_fail(CLI_DATA, "nothing is known of %s: is the id right, and did the channel send it?", args->words[0]);
    else if (code == CLI_DONE && w->is_incomplete)
        code = CLI_UNAVAILABLE; /* the warnings say what could not be asked */
    for (size_t i = 0; i < w->count; i++)
        why_release(&w->orders[i]);
    codec_close(w->codec);
    free(w);
    return code;
}

const struct command command_why = {
    .name = "why",
    .synopsis = "ID",
    .summary = "tell one order's whole life, and what to do next",
    .help =
        "ID is the channel's order id, Prima's order number, or a key: company/orders/channel/store/order-id.\n"
        "Shows its events, retries, results and dead letters from the topics, its state in Redis, what Prima has now, and the next step.\n"
        "[1a2b3c4d] is the beginning of the content's digest: the same digest, the same order. Nothing personal is shown.\n"
        "Exit 65: nothing is known of it. 69: something could not be asked (a warning says what); the rest is shown.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
