/* primaflow topics create | check: brings the cluster's topics in line with topics.def, or says what is not. */
#include "commands.h"
#include "topic_table.h"
#include "topics.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

struct options {
    int64_t partitions, replication, min_insync;
    bool shadow;
};

static const struct options defaults = {.partitions = 0, .replication = 0, .min_insync = 0};

static const struct arg args_table[] = {
    {"--partitions", ARG_INT, offsetof(struct options, partitions), "N", "of topics with keys; default: topics.partitions", 1, 10000},
    {"--replication", ARG_INT, offsetof(struct options, replication), "N",
     "copies; default: topics.replication, or 3, or the brokers there are", 1, 100},
    {"--min-insync", ARG_INT, offsetof(struct options, min_insync), "N", "copies that must acknowledge; default: copies - 1, at least 1", 1,
     100},
    {"--shadow", ARG_FLAG, offsetof(struct options, shadow), NULL, "also those of shadow mode (worker.shadow)", 0, 0},
};

/* All that one run works on; the tables are too large for the stack of a small thread, so they are allocated. */
struct state {
    struct broker_admin *admin;
    struct topic_wanted wanted[TOPICS_MAX];
    struct topic_found found[TOPICS_MAX];
    bool created[TOPICS_MAX];
    size_t count, created_count;
    struct topic_difference differences[TOPIC_DIFFERENCES_MAX];
    size_t difference_count, error_count;
    /* topics that exist, by name, and their place in `wanted` */
    const char *names[TOPICS_MAX];
    size_t places[TOPICS_MAX], name_count;
};

static int shape_get(const struct cli *cli, const struct options *o, struct state *s, struct topic_shape *ret_shape,
                     struct broker_message *message)
{
    int brokers;
    int rc = broker_broker_count(s->admin, &brokers, message);
    if (rc != 0)
        return rc;
    int64_t replicas = o->replication > 0 ? o->replication : config_int(cli->config, CFG_topics_replication);
    *ret_shape = (struct topic_shape){
        .partitions = (int)(o->partitions > 0 ? o->partitions : config_int(cli->config, CFG_topics_partitions)),
        .replicas = replicas > 0  ? (int)replicas
                    : brokers < 3 ? brokers
                                  : 3,
        .min_insync = (int)o->min_insync,
        .shadow = o->shadow,
    };
    return 0;
}

static void setting_keep(void *user, size_t topic, const char *name, const char *value)
{
    struct state *s = user;
    size_t place = s->places[topic];
    for (size_t i = 0; i < s->wanted[place].setting_count; i++)
        if (strcmp(s->wanted[place].settings[i].name, name) == 0)
            (void)snprintf(s->found[place].settings[i].value, sizeof s->found[place].settings[i].value, "%s", value);
}

/* Reads the cluster into s->found. */
static int cluster_read(struct state *s, struct broker_message *message)
{
    const char *names[TOPICS_MAX];
    int partitions[TOPICS_MAX], replicas[TOPICS_MAX];
    for (size_t i = 0; i < s->count; i++)
        names[i] = s->wanted[i].name;
    int rc = broker_topics_count(s->admin, names, s->count, partitions, replicas, message);
    if (rc != 0)
        return rc;
    s->name_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        s->found[i] = (struct topic_found){.partitions = partitions[i], .replicas = replicas[i]};
        if (partitions[i] == 0)
            continue;
        s->names[s->name_count] = names[i];
        s->places[s->name_count++] = i;
    }
    return broker_topics_settings(s->admin, s->names, s->name_count, setting_keep, s, message);
}

static int64_t retention_found(const struct state *s, size_t topic)
{
    for (size_t i = 0; i < s->wanted[topic].setting_count; i++)
        if (strcmp(s->wanted[topic].settings[i].name, "retention.ms") == 0 && s->found[topic].settings[i].value[0] != '\0')
            return strtoll(s->found[topic].settings[i].value, NULL, 10);
    return s->wanted[topic].retention_ms;
}

static void compare(const struct cli *cli, struct state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->difference_count = topic_table_compare(&s->wanted[i], &s->found[i], s->differences, s->difference_count);
        s->difference_count =
            topic_table_compare_ttl(cli->config, &s->wanted[i], retention_found(s, i), s->differences, s->difference_count);
    }
    for (size_t i = 0; i < s->difference_count; i++)
        s->error_count += s->differences[i].is_error;
}

static void print_json(const struct state *s)
{
    json_t *list = json_array(), *differences = json_array();
    for (size_t i = 0; i < s->count; i++) {
        const struct topic_wanted *t = &s->wanted[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:b, s:b, s:i}", "name", t->name, "meaning", t->meaning, "exists",
                                              s->found[i].partitions > 0, "created", s->created[i], "partitions", s->found[i].partitions));
    }
    for (size_t i = 0; i < s->difference_count; i++) {
        const struct topic_difference *d = &s->differences[i];
        (void)json_array_append_new(differences,
                                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "severity", d->is_error ? "error" : "note", "topic",
                                              d->topic, "what", d->what, "is", d->is, "wanted", d->wanted, "remedy", d->remedy));
    }
    json_t *all = json_pack("{s:o, s:o}", "topics", list, "differences", differences);
    (void)json_dumpf(all, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(all);
}

static void print_text(const struct state *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->created[i])
            printf("created  %-28s %3d partitions  %s\n", s->wanted[i].name, s->wanted[i].partitions, s->wanted[i].meaning);
    for (size_t i = 0; i < s->difference_count; i++) {
        const struct topic_difference *d = &s->differences[i];
        printf("%-8s %s: %s is %s, wanted %s\n         %s\n", d->is_error ? "error" : "note", d->topic, d->what, d->is, d->wanted,
               d->remedy);
    }
    printf("%zu topics: %zu created, %zu errors, %zu notes\n", s->count, s->created_count, s->error_count,
           s->difference_count - s->error_count);
}

static int create(struct state *s, struct broker_message *message)
{
    struct broker_topic topics[TOPICS_MAX];
    size_t places[TOPICS_MAX], count = 0;
    bool created[TOPICS_MAX] = {false};
    for (size_t i = 0; i < s->count; i++) {
        const struct topic_wanted *t = &s->wanted[i];
        if (s->found[i].partitions > 0)
            continue;
        places[count] = i;
        topics[count++] = (struct broker_topic){t->name, t->partitions, t->replicas, t->settings, t->setting_count};
    }
    if (count == 0)
        return 0;
    int rc = broker_topics_create(s->admin, topics, count, created, message);
    for (size_t i = 0; i < count; i++) {
        s->created[places[i]] = created[i];
        s->created_count += created[i];
    }
    return rc;
}

/* The controller has the new topics before every broker leads them: waits until they can be used, so that whoever is started next need not.
 */
static int cluster_read_whole(struct state *s, struct broker_message *message)
{
    bool ready = false;
    int rc = 0;
    for (int tries = 0; rc == 0 && !ready && tries < 100; tries++) {
        int partitions[TOPICS_MAX];
        if (tries > 0)
            (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        rc = cluster_read(s, message);
        for (size_t i = 0; i < s->name_count; i++)
            partitions[i] = s->found[s->places[i]].partitions;
        if (rc == 0 && s->name_count == s->count)
            rc = broker_topics_ready(s->admin, s->names, partitions, s->name_count, &ready, message);
    }
    return rc;
}

/* Reads, with `creates` makes, and judges. 0; a negative errno of broker.h with the message. */
static int examine(const struct cli *cli, const struct options *o, bool creates, struct state *s, struct broker_message *message)
{
    struct config_message wrong;
    struct topic_shape shape;
    int rc = broker_admin_new(cli->config, &s->admin, message);
    if (rc == 0)
        rc = shape_get(cli, o, s, &shape, message);
    if (rc == 0 && topic_table_expand(cli->config, &shape, s->wanted, &s->count, &wrong) != 0) {
        (void)snprintf(message->text, sizeof message->text, "%s", wrong.text);
        return -EINVAL;
    }
    if (rc == 0)
        rc = cluster_read(s, message);
    if (rc == 0 && creates)
        rc = create(s, message);
    if (rc == 0 && s->created_count > 0)
        rc = cluster_read_whole(s, message);
    if (rc == 0)
        compare(cli, s);
    return rc;
}

static int topics_run(struct cli *cli, const struct args *args, bool creates)
{
    struct broker_message message = {""};
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cli_fail(CLI_UNAVAILABLE, "no memory");
    int rc = examine(cli, args->options, creates, s, &message), code = s->error_count > 0 ? CLI_CONFIG : CLI_DONE;
    if (rc != 0)
        code = cli_fail(broker_exit_code(rc), "%s", message.text);
    else if (cli->json)
        print_json(s);
    else
        print_text(s);
    broker_admin_free(s->admin);
    free(s);
    return code;
}

int topics_examine(const struct cli *cli, struct topics_findings *ret_findings, struct broker_message *ret_message)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    int rc = examine(cli, &defaults, false, s, ret_message);
    if (rc == 0)
        *ret_findings =
            (struct topics_findings){.topics = s->count, .errors = s->error_count, .notes = s->difference_count - s->error_count};
    for (size_t i = 0; rc == 0 && i < s->difference_count && ret_findings->first[0] == '\0'; i++)
        if (s->differences[i].is_error)
            (void)snprintf(ret_findings->first, sizeof ret_findings->first, "%s, %s is %s", s->differences[i].topic, s->differences[i].what,
                           s->differences[i].is);
    broker_admin_free(s->admin);
    free(s);
    return rc;
}

static int create_run(struct cli *cli, const struct args *args)
{
    return topics_run(cli, args, true);
}

static int check_run(struct cli *cli, const struct args *args)
{
    return topics_run(cli, args, false);
}

#define TOPICS_COMMAND(name_, summary_, help_, run_)                                                                                       \
    {                                                                                                                                      \
        .name = name_, .synopsis = "", .summary = summary_, .help = help_, .args = args_table,                                             \
        .arg_count = sizeof args_table / sizeof *args_table, .defaults = &defaults, .options_size = sizeof defaults, .run = run_           \
    }

const struct command command_topics_create =
    TOPICS_COMMAND("topics create", "create the topics that are missing, then check them all",
                   "Topics that exist are left as they are; what is not as it should be is printed with its remedy.\n"
                   "Exit 0: all as it should be (notes do not count). 78: something can lose, double or leak records.",
                   create_run);
const struct command command_topics_check =
    TOPICS_COMMAND("topics check", "compare the cluster's topics with what primaflow needs",
                   "Prints each difference with its remedy, and whether retention and idempotency.ttl fit together.\n"
                   "Exit 0: all as it should be (notes do not count). 78: something can lose, double or leak records.",
                   check_run);
