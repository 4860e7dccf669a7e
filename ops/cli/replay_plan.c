/* primaflow replay plan: what a replay would be, without writing. */
#include "commands.h"
#include "replay_words.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>

struct options {
    struct replay_words words;
    int64_t sample, rate;
};

static const struct options defaults = {.words = REPLAY_WORDS_DEFAULTS, .sample = 10000};

static const struct arg args_table[] = {
    REPLAY_WORDS_ARGS(struct options),
    {"--sample", ARG_INT, offsetof(struct options, sample), "N",
     "decode about N records, evenly spread, and look their keys up in Redis (10000); 0: none", 0,
     INT64_C(1000000000)},
    {"--rate", ARG_INT, offsetof(struct options, rate), "N",
     "records a second (a tenth of limit.rate; 1000 where there is none)", 1, INT64_C(1000000)},
};

static const char *const fate_words[REPLAY_FATES] = {
    [REPLAY_DUPLICATE] = "posted, and this is what was posted",
    [REPLAY_SUPERSEDED] = "posted, and this is older",
    [REPLAY_LATER_VERSION] = "posted, and this is a later version: known, its money, or an "
                             "amendment for a person",
    [REPLAY_CONFLICT] = "posted, and this is another content of the same version: for a person",
    [REPLAY_STAYS] = "cancelled before posting, or discarded: stays so",
    [REPLAY_PARKED] = "parked: Prima is asked once more",
    [REPLAY_UNDER_WAY] = "a worker has it now",
    [REPLAY_NEW] = "nothing is known to be posted: may be posted",
    [REPLAY_FORGOTTEN] = "posted, and Redis has forgotten it: first run primaflow replay "
                         "rebuild-keys",
    [REPLAY_ASKED_FIRST] = "older than keys are kept: goes with --resolve-first only",
    [REPLAY_UNREADABLE] = "cannot be decoded, or has no key by today's mappings: a dead letter",
    [REPLAY_UNKNOWN] = "unknown",
};

static void print_time(double seconds)
{
    if (seconds < 120)
        printf("%.0f s", seconds);
    else if (seconds < 7200)
        printf("%.0f min", seconds / 60);
    else
        printf("%.1f h", seconds / 3600);
}

static void print_fates(const struct replay_plan *p)
{
    if (p->sampled == 0)
        return;
    if (p->sampled == p->records)
        printf("each of them, by Redis and the results:\n");
    else
        printf("of a sample of %" PRId64 ", by Redis and the results:\n", p->sampled);
    for (int i = 0; i < REPLAY_FATES; i++)
        if (p->fates[i] > 0)
            printf("  %8" PRId64 " %5.1f %%  %-13s %s%s%s\n", p->fates[i],
                   100.0 * (double)p->fates[i] / (double)p->sampled,
                   replay_fate_name((enum replay_fate)i), fate_words[i],
                   i == REPLAY_UNKNOWN && p->unknown_why[0] != '\0' ? ": " : "",
                   i == REPLAY_UNKNOWN ? p->unknown_why : "");
}

static void print_left_out(const struct replay_left_out *l)
{
    if (l->old > 0)
        printf("  %8" PRId64 " are older than idempotency.ttl, and are left out without "
               "--resolve-first\n",
               l->old);
    if (l->limited > 0)
        printf("  %8" PRId64 " were replayed replay.max_count times, and are left out\n",
               l->limited);
    if (l->large > 0)
        printf("  %8" PRId64 " are too large, and are left out\n", l->large);
}

static json_t *plan_json(const struct replay_choice *c, const struct replay_plan *p, int64_t rate)
{
    char first[CLOCK_TEXT_MAX], last[CLOCK_TEXT_MAX];
    json_t *fates = json_object();
    for (int i = 0; i < REPLAY_FATES; i++)
        (void)json_object_set_new(fates, replay_fate_name((enum replay_fate)i),
                                  json_integer((json_int_t)p->fates[i]));
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:b, s:s, s:s, s:{s:I, s:I, s:I}, s:I, s:o, s:s, s:I, s:f, s:I, s:I}",
        "topic", c->flow->reads, "records", (json_int_t)p->records, "bytes", (json_int_t)p->bytes,
        "keys", (json_int_t)p->keys, "keys_exact", p->keys_are_exact, "first",
        p->first_ms > 0 ? clock_format(p->first_ms, first) : "", "last",
        p->last_ms > 0 ? clock_format(p->last_ms, last) : "", "left_out", "old",
        (json_int_t)p->left_out.old, "limited", (json_int_t)p->left_out.limited, "large",
        (json_int_t)p->left_out.large, "sampled", (json_int_t)p->sampled, "would_become", fates,
        "unknown_why", p->unknown_why, "rate", (json_int_t)rate, "seconds",
        (double)p->records / (double)rate, "read", (json_int_t)p->read, "read_ms",
        (json_int_t)p->ms);
}

void replay_plan_print(const struct cli *cli, const struct replay_choice *c,
                       const struct replay_plan *p, int64_t rate)
{
    char time[CLOCK_TEXT_MAX];
    if (cli->json) {
        cli_print_json(plan_json(c, p, rate), JSON_COMPACT);
        return;
    }
    printf("%s: %" PRId64 " records of %s%" PRId64 " keys, %.1f MB", c->flow->reads, p->records,
           p->keys_are_exact ? "" : "about ", p->keys, (double)p->bytes / 1e6);
    if (p->first_ms > 0)
        printf(", of %s", clock_format(p->first_ms, time));
    if (p->last_ms > 0)
        printf(" to %s", clock_format(p->last_ms, time));
    printf("\n");
    print_left_out(&p->left_out);
    print_fates(p);
    printf("at %" PRId64 " records a second: ", rate);
    print_time((double)p->records / (double)rate);
    printf("\n");
}

static int plan_run(struct cli *cli, const struct args *args)
{
    const struct options *o = args->options;
    struct replay_choice choice;
    struct replay_plan plan;
    struct ops_error error;
    int code = replay_words_choose(cli, args->words[0], &o->words, &choice);
    if (code == CLI_DONE)
        code =
            replay_plan_make(cli->ops, &choice, o->sample, replay_stop(), &plan, &error) == OPS_DONE
                ? CLI_DONE
                : cli_report(&error);
    if (code == CLI_DONE)
        replay_plan_print(cli, &choice, &plan, o->rate > 0 ? o->rate : replay_rate(cli->config));
    replay_choice_release(&choice);
    return code;
}

const struct command command_replay_plan = {
    .name = "replay plan",
    .synopsis = "TOPIC",
    .summary = "count and price a replay of an input's records, without writing",
    .help =
        "How many records and keys, how long it takes, and what they would become: by Redis' state "
        "of the key, and, where Redis has none, by the results.\n"
        "What they would become is looked up for a sample; with --sample above the number of "
        "records, for each of them. Nothing is written, no group is joined.\n"
        "Offsets are those of each partition. Records without a key fit no --key, --channel or "
        "--store.",
    .args = args_table,
    .arg_count = sizeof args_table / sizeof *args_table,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 1,
    .run = plan_run,
};
