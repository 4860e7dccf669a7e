/* Asking every part once; see doctor.h. */
#include "core/doctor.h"

#include "core/prima_ask.h"
#include "core/topics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* No channel has such an id, so that no order has such a number. */
#define NO_SUCH_ORDER "PRIMAFLOW-DOCTOR-0"

struct doctor {
    struct ops *ops;
    doctor_tell tell;
    void *user;
    enum doctor_finding worst;
};

const char *doctor_finding_name(enum doctor_finding finding)
{
    static const char *const names[] = {"ok", "note", "wrong", "unreachable"};
    return names[finding];
}

__attribute__((format(printf, 4, 5))) static void doctor_report(struct doctor *d,
                                                                enum doctor_finding finding,
                                                                const char *part,
                                                                const char *format, ...)
{
    char text[1100];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (finding > d->worst)
        d->worst = finding;
    d->tell(d->user, finding, part, text);
}

/* What could not be opened: by its kind. */
static void doctor_report_error(struct doctor *d, const char *part, const struct ops_error *error)
{
    doctor_report(d, error->kind == OPS_CONFIG ? DOCTOR_WRONG : DOCTOR_UNREACHABLE, part, "%s%s%s",
                  error->text, error->remedy[0] != '\0' ? "; " : "", error->remedy);
}

static void doctor_check_mappings(struct doctor *d)
{
    struct ops_error error;
    const void *rules = NULL;
    enum ops_kind kind = OPS_DONE;
    for (size_t i = 0; kind == OPS_DONE && flows[i] != NULL; i++)
        kind = ops_rules(d->ops, flows[i], &rules, &error);
    if (kind != OPS_DONE)
        doctor_report_error(d, "mappings", &error);
    else
        doctor_report(d, DOCTOR_OK, "mappings", "%s",
                      config_text(ops_config(d->ops), CFG_orders_mappings));
}

static void doctor_check_schemas(struct doctor *d)
{
    struct ops_error error;
    struct codec *codec = NULL;
    const struct config *config = ops_config(d->ops);
    if (ops_codec(d->ops, &codec, &error) != OPS_DONE)
        doctor_report_error(d, "schemas", &error);
    else
        doctor_report(d, DOCTOR_OK, "schemas", "%s%s", config_text(config, CFG_schema_folder),
                      config_text(config, CFG_schema_registry_url)[0] == '\0'
                          ? ", no registry: single-object encoding is written"
                          : ", and a registry");
}

static void doctor_report_topics(struct doctor *d, const struct topics_report *r)
{
    const struct topic_difference *first = r->differences;
    const size_t notes = r->difference_count - r->error_count;
    if (r->error_count == 0) {
        doctor_report(d, notes > 0 ? DOCTOR_NOTE : DOCTOR_OK, "topics", "%zu topics%s", r->count,
                      notes > 0 ? ", some configured differently: primaflow topics check" : "");
        return;
    }
    while (!first->is_error)
        first++;
    doctor_report(d, DOCTOR_WRONG, "topics",
                  "%zu of %zu are wrong, the first: %s, %s is %s; all: primaflow topics check",
                  r->error_count, r->count, first->topic, first->what, first->is);
}

static void doctor_check_kafka(struct doctor *d)
{
    const struct topics_options options = {.partitions = 0};
    struct ops_error error;
    struct topics_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        abort();
    if (ops_topics(d->ops, &options, report, &error) != OPS_DONE) {
        doctor_report_error(d, "kafka", &error);
    } else {
        doctor_report(d, DOCTOR_OK, "kafka", "%s",
                      config_text(ops_config(d->ops), CFG_kafka_bootstrap_servers));
        doctor_report_topics(d, report);
    }
    free(report);
}

static void doctor_check_redis(struct doctor *d)
{
    struct ops_error error;
    struct redis_once *redis = NULL;
    const struct redis_server *server = NULL;
    char message[300];
    if (ops_redis(d->ops, &redis, &server, &error) != OPS_DONE)
        doctor_report_error(d, "redis", &error);
    else if (redis_server_check(server, message) < 0)
        doctor_report(d, DOCTOR_WRONG, "redis", "%s", message);
    else if (server->eviction[0] == '\0')
        doctor_report(
            d, DOCTOR_NOTE, "redis",
            "version %s; maxmemory-policy is not readable here: check that it is noeviction",
            server->version);
    else
        doctor_report(d, DOCTOR_OK, "redis", "version %s, noeviction", server->version);
}

static void doctor_check_prima(struct doctor *d)
{
    struct prima_answer answer;
    struct config_message wrong;
    const char *url = config_text(ops_config(d->ops), CFG_prima_url);
    if (prima_ask_status(ops_config(d->ops), "", NO_SUCH_ORDER, &answer, &wrong) != 0)
        doctor_report(d, DOCTOR_WRONG, "prima", "%s", wrong.text);
    else if (answer.fate == PRIMA_ABSENT)
        doctor_report(d, DOCTOR_OK, "prima", "%s; its text for \"no such order\" is known", url);
    else if (answer.fate == PRIMA_DENIED)
        doctor_report(d, DOCTOR_WRONG, "prima", "%s answers HTTP %d: see prima.auth", url,
                      answer.http_status);
    else if (answer.fate == PRIMA_NOT_SENT)
        doctor_report(d, DOCTOR_UNREACHABLE, "prima",
                      "cannot connect to %s: check prima.url, the network, and that Prima is up",
                      url);
    else if (answer.http_status == 200)
        doctor_report(d, DOCTOR_WRONG, "prima",
                      "%s answers, but its text for \"no such order\" matches no row of "
                      "prima.patterns: nothing "
                      "would ever be sent again",
                      url);
    else
        doctor_report(d, DOCTOR_UNREACHABLE, "prima", "%s: %s, HTTP %d", url,
                      prima_fate_name(answer.fate), answer.http_status);
}

enum doctor_finding ops_doctor(struct ops *ops, doctor_tell tell_, void *user)
{
    struct doctor d = {.ops = ops, .tell = tell_, .user = user, .worst = DOCTOR_OK};
    doctor_check_mappings(&d);
    doctor_check_schemas(&d);
    doctor_check_kafka(&d);
    doctor_check_redis(&d);
    doctor_check_prima(&d);
    return d.worst;
}
