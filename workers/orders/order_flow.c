/* The descriptor of the orders worker; see order_flow.h. How records travel, retry, settle and
 * commit is the runtime's business: nothing here knows Kafka, Redis or HTTP. */
#include "order_flow.h"

#include "domain/events/order_event.h"
#include "kafka/topics.h"
#include "order_amounts.h"
#include "order_decide.h"
#include "order_key.h"
#include "order_life.h"
#include "order_write.h"
#include "domain/mappings/order_rules.h"
#include "order_summary.h"

static int order_status_request(const struct flow_key *key, const void *rules, struct buf *out)
{
    (void)rules; /* its name in Prima is known */
    return prima_request_order_status(key->document, out);
}

const struct flow order_flow = {
    .name = "orders",
    .noun = "order",
    .usage = "Orders from Kafka to Prima, exactly once in effect.",
    .limit_weight = 5,
    .reads = topic_orders_raw,
    .outputs = {[ORDER_RESULT] = {topic_orders_results, "OrderResult", "result", true},
                [ORDER_LEDGER] = {topic_orders_ledger, "LedgerEntry", "ledger entry", false}},
    .event = &order_event_record,
    .writes = PRIMA_NEW_ORDER,
    .asks = PRIMA_ORDER_STATUS,
    .rules_load = order_rules_load,
    .rules_free = order_rules_free,
    .key = order_key,
    .decide = order_decide,
    .money = order_money,
    .money_moved = order_money_moved,
    .amended = PF_E_order_amended,
    .goods_moved = order_goods_moved,
    .status_request = order_status_request,
    .amounts = order_amounts,
    .summary_outcome = order_summary_outcome,
    .write_outputs = order_write_outputs,
};
