/* Connections, as statistics tell of them; see kafka_health.h. */
#include "kafka/health.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

static bool is_one_of(const char *word, const char *const words[])
{
    for (size_t i = 0; word != NULL && words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static const char *health_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

struct connections {
    size_t count;   /* of brokers; the coordinator's own connection is another one to one of them */
    bool any, owed; /* one is there; one of those owes us an answer */
    int64_t silent_ms; /* since any broker said anything; -1: nobody said anything yet */
};

static void look_at(struct connections *c, const json_t *broker)
{
    static const char *const down[] = {
        "INIT",     "DOWN",        "TRY_CONNECT", "CONNECT",          "SSL_HANDSHAKE",
        "AUTH_REQ", "AUTH_LEGACY", "AUTH",        "APIVERSION_QUERY", "AUTH_HANDSHAKE",
        NULL};
    const char *source = health_text(broker, "source");
    const bool is_up = !is_one_of(health_text(broker, "state"), down);
    const int64_t idle_us = json_integer_value(json_object_get(broker, "rxidle"));
    if (strcmp(source, "internal") == 0)
        return;
    if (is_up && idle_us >= 0 && (c->silent_ms < 0 || idle_us / 1000 < c->silent_ms))
        c->silent_ms = idle_us / 1000;
    if (strcmp(source, "logical") ==
        0) /* the coordinator may let us wait for others of the group: such an answer is not owed */
        return;
    c->count++;
    c->any |= is_up;
    c->owed |= is_up && json_integer_value(json_object_get(broker, "waitresp_cnt")) > 0;
}

const char *kafka_health_judge(struct kafka_health *health, const char *statistics, int64_t now_ms)
{
    static const char *const lost[] = {"query-coord", "wait-coord", "wait-broker",
                                       "wait-broker-transport", NULL};
    json_t *all = json_loads(statistics, 0, NULL);
    struct connections c = {.silent_ms = -1};
    const char *name, *why = NULL;
    json_t *broker;
    json_object_foreach(json_object_get(all, "brokers"), name, broker) look_at(&c, broker);
    if (c.count > 0 && !c.any)
        why = "no broker can be reached";
    else if (is_one_of(health_text(json_object_get(all, "cgrp"), "state"), lost))
        why = "the group's coordinator cannot be reached";
    json_decref(all);
    if (why == NULL)
        health->since_ms = 0;
    else if (health->since_ms == 0)
        health->since_ms = now_ms;
    if (why != NULL && now_ms - health->since_ms >= health->patience_ms)
        return why;
    return c.owed && c.silent_ms >= health->patience_ms ? "the brokers do not answer" : NULL;
}
