/* What Redis and Prima know of an order, asked now. */
#include "core/why.h"

#include "core/prima_ask.h"

#include <stdio.h>

bool why_redis(struct ops *ops, struct why_order orders[], size_t count, char ret_why_not[400])
{
    struct redis_once *redis = NULL;
    struct ops_error error;
    char message[300];
    if (ops_redis(ops, &redis, NULL, &error) != OPS_DONE) {
        (void)snprintf(ret_why_not, 400, "Redis not queried: %.370s", error.text);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (key_view_read(redis, config_text(ops_config(ops), CFG_redis_prefix),
                          orders[i].id.natural, &orders[i].redis, message) != 0) {
            (void)snprintf(ret_why_not, 400, "%s", message);
            ops_redis_close(ops);
            return false;
        }
    return true;
}

bool why_prima(const struct ops *ops, struct why_order *order)
{
    struct prima_answer answer;
    struct config_message wrong;
    struct why_prima *p = &order->prima;
    if (order->id.order_number[0] == '\0') {
        (void)snprintf(p->why_not, sizeof p->why_not,
                       "Prima not queried: the channel is not in channels.yaml, so that the "
                       "order's number is not known");
        return false;
    }
    if (prima_ask_status(ops_config(ops), order->id.company, order->id.order_number, &answer,
                         &wrong) != 0) {
        (void)snprintf(p->why_not, sizeof p->why_not, "Prima not queried: %.550s", wrong.text);
        return false;
    }
    p->is_asked =
        answer.fate == PRIMA_OK || answer.fate == PRIMA_EXISTS || answer.fate == PRIMA_ABSENT;
    p->answer = answer.fate == PRIMA_ABSENT ? WHY_PRIMA_ABSENT
                : p->is_asked               ? WHY_PRIMA_FOUND
                                            : WHY_PRIMA_UNKNOWN;
    (void)snprintf(p->status, sizeof p->status, "%s", answer.status);
    if (!p->is_asked)
        (void)snprintf(p->why_not, sizeof p->why_not,
                       "Prima query failed: %s, HTTP %d; see primaflow doctor",
                       prima_fate_name(answer.fate), answer.http_status);
    return p->is_asked;
}
