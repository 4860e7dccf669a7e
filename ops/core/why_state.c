/* What Redis and Prima know of an order or a refund, asked now. */
#include "core/why.h"

#include "core/prima_ask.h"
#include "order_flow.h"
#include "refund_flow.h"

enum { REQUEST_MAX = 64 * 1024 };

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

/* By the request that its worker asks with. */
static int prima_question(struct ops *ops, const struct why_id *id, struct prima_answer *ret_answer,
                          struct config_message *ret_wrong)
{
    const struct flow *flow = id->is_refund ? &refund_flow : &order_flow;
    const struct flow_key key = {
        .natural = id->natural, .company = id->company, .document = id->number};
    const void *rules = NULL;
    struct ops_error error;
    struct buf request;
    int rc = -EINVAL;
    if (ops_rules(ops, &order_flow, &rules, &error) != OPS_DONE) {
        (void)snprintf(ret_wrong->text, sizeof ret_wrong->text, "%.399s", error.text);
        return rc;
    }
    buf_init(&request, REQUEST_MAX);
    if (flow->status_request(&key, rules, &request) != 0)
        (void)snprintf(ret_wrong->text, sizeof ret_wrong->text, "'%.80s' cannot be a number there",
                       id->number);
    else
        rc = prima_ask(ops_config(ops), flow->asks, id->company, &request, ret_answer, ret_wrong);
    buf_release(&request);
    return rc;
}

bool why_prima(struct ops *ops, struct why_order *order)
{
    struct prima_answer answer;
    struct config_message wrong;
    struct why_prima *p = &order->prima;
    if (order->id.number[0] == '\0') {
        (void)snprintf(p->why_not, sizeof p->why_not,
                       "Prima not queried: the channel is not in channels.yaml, so that the "
                       "%s's number is not known",
                       order->id.is_refund ? refund_flow.noun : order_flow.noun);
        return false;
    }
    if (prima_question(ops, &order->id, &answer, &wrong) != 0) {
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
