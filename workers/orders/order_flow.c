/* The descriptor of the orders worker; see order_flow.h. How records travel, retry, settle and commit is the runtime's business: nothing
 * here knows Kafka, Redis or HTTP. */
#include "order_flow.h"

#include "events/order_event.h"
#include "order_decide.h"
#include "order_key.h"
#include "order_write.h"
#include "order_rules.h"
#include "order_summary.h"

static int order_status_request(const struct flow_key *key, struct buf *out)
{
    return prima_request_order_status(key->order_number, out);
}

const struct flow order_flow = {
    .name = "orders",
    .usage = "Orders from Kafka to Prima, exactly once in effect.",
    .limit_weight = 5,
    .reads = "orders.raw",
    .results = "orders.results",
    .ledger = "orders.ledger",
    .result_record = "OrderResult",
    .ledger_record = "LedgerEntry",
    .event = &order_event_record,
    .writes = PRIMA_NEW_ORDER,
    .rules_load = order_rules_load,
    .rules_free = order_rules_free,
    .key = order_key,
    .decide = order_decide,
    .status_request = order_status_request,
    .summary_outcome = order_summary_outcome,
    .write_result = order_write_result,
    .write_ledger = order_write_ledger,
};
