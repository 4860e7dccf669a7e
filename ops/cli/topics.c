/* primaflow topics create | check: brings the cluster's topics in line with topics.def, or says
 * what is not. */
#include "commands.h"
#include "core/topics.h"

#include <jansson.h>

struct options {
    int64_t partitions, replication, min_insync;
    bool shadow;
};

static const struct options defaults = {.partitions = 0, .replication = 0, .min_insync = 0};

static const struct arg args_table[] = {
    {"--partitions", ARG_INT, offsetof(struct options, partitions), "N",
     "partitions of keyed topics; default: topics.partitions", 1, 10000},
    {"--replication", ARG_INT, offsetof(struct options, replication), "N",
     "replicas; default: topics.replication, or 3, or the number of brokers", 1, 100},
    {"--min-insync", ARG_INT, offsetof(struct options, min_insync), "N",
     "min.insync.replicas; default: copies - 1, at least 1", 1, 100},
    {"--shadow", ARG_FLAG, offsetof(struct options, shadow), NULL,
     "include the topics of shadow mode (worker.shadow)", 0, 0},
};

static void topics_print_json(const struct topics_report *s)
{
    json_t *list = json_array(), *differences = json_array();
    for (size_t i = 0; i < s->count; i++) {
        const struct topic_wanted *t = &s->wanted[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:b, s:i}", "name", t->name, "meaning", t->meaning,
                            "exists", s->found[i].partitions > 0, "created", s->created[i],
                            "partitions", s->found[i].partitions));
    }
    for (size_t i = 0; i < s->difference_count; i++) {
        const struct topic_difference *d = &s->differences[i];
        (void)json_array_append_new(
            differences, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "severity",
                                   d->is_error ? "error" : "note", "topic", d->topic, "what",
                                   d->what, "is", d->is, "wanted", d->wanted, "remedy", d->remedy));
    }
    json_t *all = json_pack("{s:o, s:o}", "topics", list, "differences", differences);
    cli_print_json(all, JSON_INDENT(2));
}

static void topics_print_text(const struct topics_report *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->created[i])
            printf("created  %-28s %3d partitions  %s\n", s->wanted[i].name,
                   s->wanted[i].partitions, s->wanted[i].meaning);
    for (size_t i = 0; i < s->difference_count; i++) {
        const struct topic_difference *d = &s->differences[i];
        printf("%-8s %s: %s is %s, wanted %s\n         %s\n", d->is_error ? "error" : "note",
               d->topic, d->what, d->is, d->wanted, d->remedy);
    }
    printf("%zu topics: %zu created, %zu errors, %zu notes\n", s->count, s->created_count,
           s->error_count, s->difference_count - s->error_count);
}

static int topics_run(struct cli *cli, const struct args *args, bool creates)
{
    const struct options *o = args->options;
    const struct topics_options wanted = {.partitions = o->partitions,
                                          .replication = o->replication,
                                          .min_insync = o->min_insync,
                                          .shadow = o->shadow,
                                          .creates = creates};
    struct ops_error error;
    struct topics_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    int code = CLI_DONE;
    if (ops_topics(cli->ops, &wanted, report, &error) != OPS_DONE) {
        code = cli_report(&error);
    } else {
        if (cli->json)
            topics_print_json(report);
        else
            topics_print_text(report);
        code = report->error_count > 0 ? CLI_CONFIG : CLI_DONE;
    }
    free(report);
    return code;
}

static int topics_create_run(struct cli *cli, const struct args *args)
{
    return topics_run(cli, args, true);
}

static int topics_check_run(struct cli *cli, const struct args *args)
{
    return topics_run(cli, args, false);
}

#define TOPICS_COMMAND(name_, summary_, help_, run_)                                               \
    {                                                                                              \
        .name = name_, .synopsis = "", .summary = summary_, .help = help_, .args = args_table,     \
        .arg_count = sizeof args_table / sizeof *args_table, .defaults = &defaults,                \
        .options_size = sizeof defaults, .run = run_                                               \
    }

const struct command command_topics_create =
    TOPICS_COMMAND("topics create", "create the topics that are missing, then check them all",
                   "Topics that exist are left as they are; differences are printed with their "
                   "remedy.\n"
                   "Exit 0: all correct (notes do not count). 78: a difference can lose, duplicate "
                   "or leak records.",
                   topics_create_run);
const struct command command_topics_check =
    TOPICS_COMMAND("topics check", "compare the cluster's topics with what primaflow needs",
                   "Prints each difference with its remedy, and whether retention and "
                   "idempotency.ttl fit together.\n"
                   "Exit 0: all correct (notes do not count). 78: a difference can lose, duplicate "
                   "or leak records.",
                   topics_check_run);
