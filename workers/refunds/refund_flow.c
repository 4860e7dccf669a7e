/* The descriptor of the refunds worker; see refund_flow.h. How records travel, retry, settle and
 * commit, and how credit is reserved, is the runtime's business: nothing here knows Kafka, Redis or
 * HTTP. */
#include "refund_flow.h"

#include "domain/events/refund_event.h"
#include "domain/mappings/order_rules.h"
#include "kafka/topics.h"
#include "refund_days.h"
#include "refund_facts.h"
#include "refund_key.h"
#include "refund_life.h"
#include "refund_summary.h"
#include "refund_write.h"

static int refund_status_request(const struct flow_key *key, const void *rules, struct buf *out)
{
    return prima_request_credit_note_status(rules_prima_names(rules), key->document, out);
}

static const struct flow_ledger refund_ledger = {
    .topic = topic_orders_ledger, .takes = refund_takes, .keeps = refund_keeps};

const struct flow refund_flow = {
    .name = "refunds",
    .noun = "refund",
    .usage = "Refunds from Kafka to Prima as credit notes, exactly once in effect.",
    .limit_weight = 3,
    .reads = topic_refunds_raw,
    .outputs = {[REFUND_RESULT] = {topic_refunds_results, "RefundResult", "result", false},
                [REFUND_LEDGER] = {topic_orders_ledger, "RefundCredit", "ledger record", false}},
    .event = &refund_event_record,
    .writes = PRIMA_NEW_CREDIT_NOTE,
    .asks = PRIMA_CREDIT_NOTE_STATUS,
    .ledger = &refund_ledger,
    .rules_load = order_rules_load,
    .rules_free = order_rules_free,
    .key = refund_key,
    .decide = refund_flow_decide,
    .days_left = refund_flow_days_left,
    .money = refund_flow_money,
    .money_moved = refund_flow_money_moved,
    .amended = PF_E_refund_amended,
    .goods_moved = refund_goods_moved,
    .status_request = refund_status_request,
    .summary_outcome = refund_summary_outcome,
    .write_outputs = refund_write_outputs,
};
