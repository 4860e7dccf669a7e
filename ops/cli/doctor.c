/* primaflow doctor: can this configuration work? Asks every part once, changes nothing. */
#include "commands.h"
#include "events.h"
#include "prima_ask.h"
#include "topics.h"

#include "idempotency/redis_once.h"
#include "order_rules.h"

#include <errno.h>
#include <jansson.h>

/* No channel has such an id, so that no order has such a number. */
#define NO_SUCH_ORDER "PRIMAFLOW-DOCTOR-0"

enum finding { FINE, NOTE, WRONG, UNREACHABLE };
static const char *const finding_names[] = {"ok", "note", "wrong", "unreachable"};

struct patient {
    struct cli *cli;
    int worst;
};

__attribute__((format(printf, 4, 5))) static void tell(struct patient *p, enum finding finding, const char *part, const char *format, ...)
{
    char text[500];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if ((int)finding > p->worst)
        p->worst = (int)finding;
    if (p->cli->json) {
        json_t *line = json_pack("{s:s, s:s, s:s}", "part", part, "finding", finding_names[finding], "text", text);
        (void)json_dumpf(line, stdout, JSON_COMPACT);
        printf("\n");
        json_decref(line);
    } else {
        printf("%-12s %-10s %s\n", finding_names[finding], part, text);
    }
    (void)fflush(stdout); /* the next question may take seconds */
}

static void examine_rules(struct patient *p)
{
    struct config_message wrong;
    void *rules = NULL;
    if (order_rules_load(p->cli->config, &rules, &wrong) != 0)
        tell(p, WRONG, "mappings", "%s", wrong.text);
    else
        tell(p, FINE, "mappings", "%s", config_text(p->cli->config, CFG_orders_mappings));
    if (rules != NULL)
        order_rules_free(rules);
}

static void examine_schemas(struct patient *p)
{
    struct codec *codec = NULL;
    int code = events_codec_open(p->cli, &codec); /* says on stderr what is wrong */
    const char *registry = config_text(p->cli->config, CFG_schema_registry_url);
    if (code != CLI_DONE)
        tell(p, WRONG, "schemas", "%s", config_text(p->cli->config, CFG_schema_folder));
    else
        tell(p, FINE, "schemas", "%s%s", config_text(p->cli->config, CFG_schema_folder),
             registry[0] == '\0' ? ", no registry: single-object encoding is written" : ", and a registry");
    codec_close(codec);
}

static void examine_kafka(struct patient *p)
{
    struct topics_findings findings;
    struct broker_message message = {""};
    int rc = topics_examine(p->cli, &findings, &message);
    if (rc != 0) {
        tell(p, rc == -EINVAL ? WRONG : UNREACHABLE, "kafka", "%s", message.text);
        return;
    }
    tell(p, FINE, "kafka", "%s", config_text(p->cli->config, CFG_kafka_bootstrap_servers));
    if (findings.errors > 0)
        tell(p, WRONG, "topics", "%zu of %zu are not as they must be, the first: %s; all: primaflow topics check", findings.errors,
             findings.topics, findings.first);
    else
        tell(p, findings.notes > 0 ? NOTE : FINE, "topics", "%zu topics%s", findings.topics,
             findings.notes > 0 ? ", some set up otherwise than here: primaflow topics check" : "");
}

static void examine_redis(struct patient *p)
{
    struct redis_once *redis = NULL;
    struct redis_server server;
    char message[300];
    int rc = redis_once_open(config_text(p->cli->config, CFG_redis_url), 3000, &redis, &server, message);
    if (rc != 0) {
        tell(p, rc == -EINVAL ? WRONG : UNREACHABLE, "redis", "%s", message);
        return;
    }
    if (server.eviction[0] == '\0')
        tell(p, NOTE, "redis", "version %s; maxmemory-policy may not be asked here: see that it is noeviction", server.version);
    else if (strcmp(server.eviction, "noeviction") != 0)
        tell(p, WRONG, "redis", "maxmemory-policy is %s: keys would vanish, and orders be sent twice; set it to noeviction",
             server.eviction);
    else
        tell(p, FINE, "redis", "version %s, noeviction", server.version);
    redis_once_close(redis);
}

static void examine_prima(struct patient *p)
{
    struct prima_answer answer;
    struct config_message wrong;
    const char *url = config_text(p->cli->config, CFG_prima_url);
    if (prima_ask_status(p->cli->config, "", NO_SUCH_ORDER, &answer, &wrong) != 0)
        tell(p, WRONG, "prima", "%s", wrong.text);
    else if (answer.fate == PRIMA_ABSENT)
        tell(p, FINE, "prima", "%s; its words for \"no such order\" are known", url);
    else if (answer.fate == PRIMA_DENIED)
        tell(p, WRONG, "prima", "%s answers HTTP %d: see prima.auth", url, answer.http_status);
    else if (answer.fate == PRIMA_NOT_SENT)
        tell(p, UNREACHABLE, "prima", "%s cannot be connected to: see prima.url, the network, and that Prima is up", url);
    else if (answer.http_status == 200)
        tell(p, WRONG, "prima",
             "%s answers, but its words for \"no such order\" are not in prima.patterns: nothing would ever be sent again", url);
    else
        tell(p, UNREACHABLE, "prima", "%s: %s, HTTP %d", url, prima_fate_name(answer.fate), answer.http_status);
}

static int run(struct cli *cli, const struct args *args)
{
    struct patient p = {.cli = cli, .worst = FINE};
    (void)args;
    examine_rules(&p);
    examine_schemas(&p);
    examine_kafka(&p);
    examine_redis(&p);
    examine_prima(&p);
    return p.worst == UNREACHABLE ? CLI_UNAVAILABLE : p.worst == WRONG ? CLI_CONFIG : CLI_DONE;
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = "",
    .summary = "ask every part once whether this configuration can work",
    .help =
        "Mappings, schemas, Kafka and its topics, Redis and its eviction policy, Prima and its words for an order that it does not have.\n"
        "Changes nothing. Exit 69: something does not answer. 78: something is wrong; each line says what, and the remedy.",
    .run = run,
};
