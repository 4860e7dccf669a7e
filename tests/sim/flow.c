/* See flow.h. */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>

#include "codec/binding.h"
#include "domain/ledger/ledger_key.h"
#include "ledger.h"
#include "prima/request_write.h"
#include "result.h"

static const struct binding event_fields[] = {BIND(struct sim_event_record, id, BIND_TEXT),
                                              BIND(struct sim_event_record, content, BIND_LONG),
                                              BIND(struct sim_event_record, money, BIND_LONG),
                                              BIND(struct sim_event_record, version, BIND_LONG),
                                              BIND(struct sim_event_record, cancels, BIND_BOOL),
                                              BIND(struct sim_event_record, waits, BIND_BOOL)};
const struct bound_record sim_event_bound =
    BOUND_RECORD("SimEvent", struct sim_event_record, event_fields);

/* ---- rules: there are none ---- */

static int rules_load(const struct config *config, void **ret_rules,
                      struct config_message *ret_message)
{
    (void)config, (void)ret_message;
    *ret_rules = calloc(1, 1);
    return *ret_rules != NULL ? 0 : -ENOMEM;
}

static void rules_free(void *rules)
{
    free(rules);
}

/* ---- an order ---- */

static enum pf_error key(const void *event, const void *rules, struct arena *arena,
                         struct flow_key *ret_key, const char **ret_detail)
{
    const struct sim_event_record *e = event;
    (void)rules, (void)ret_detail;
    *ret_key = (struct flow_key){.natural = arena_printf(arena, "acme/order/web/s1/%s", e->id),
                                 .kafka = arena_printf(arena, "acme/web/s1/%s", e->id),
                                 .company = "acme",
                                 .document = arena_printf(arena, "S%s", e->id),
                                 .version = e->version,
                                 .cancels = e->cancels};
    return PF_OK;
}

static int decide(const void *event, const struct flow_key *k, const void *rules,
                  struct fact *facts, size_t fact_count, const struct flow_known *known,
                  struct arena *arena, struct flow_plan *ret_plan)
{
    const struct sim_event_record *e = event;
    struct buf request;
    (void)rules, (void)facts, (void)fact_count, (void)known;
    if (e->waits) {
        *ret_plan = (struct flow_plan){
            .verdict = FLOW_WAITS, .codes = {PF_E_payment_pending}, .code_count = 1};
        return 0;
    }
    buf_init(&request, 4096);
    request_open(&request, "MultiNewOrder");
    buf_printf(&request, "<Data OrderNumber=\"%s\" Content=\"%lld\" Total=\"%lld\"/>", k->document,
               (long long)e->content, (long long)SIM_TOTAL(e->content));
    if (request_close(&request) < 0)
        return -ENOMEM;
    *ret_plan = (struct flow_plan){.verdict = FLOW_SENDS,
                                   .request = arena_text(arena, request.data, request.size),
                                   .request_size = request.size,
                                   .summary = "S",
                                   .summary_size = 1,
                                   .outcome = OUTCOME_POSTED};
    buf_release(&request);
    return 0;
}

static int status_request(const struct flow_key *k, const void *rules, struct buf *out)
{
    (void)rules;
    return prima_request_order_status(k->document, out);
}

static enum outcome summary_outcome(const char *summary, size_t size, enum pf_error codes[static 8],
                                    size_t *ret_count)
{
    (void)summary, (void)size, (void)codes;
    *ret_count = 0;
    return OUTCOME_POSTED;
}

static int amounts(const char *request, size_t size, const void *rules,
                   struct flow_amounts *ret_amounts)
{
    (void)request, (void)size, (void)rules;
    *ret_amounts = (struct flow_amounts){.currency = "EUR"};
    return 0;
}

/* ---- an order that comes again ---- */

static void money(const void *event, struct flow_money *ret_money)
{
    *ret_money =
        (struct flow_money){.captured_minor = ((const struct sim_event_record *)event)->money};
}

static enum pf_error money_moved(const void *event, const char *summary, size_t size,
                                 struct arena *arena, const char **ret_detail)
{
    (void)event, (void)summary, (void)size, (void)arena;
    *ret_detail = "its money";
    return PF_OK;
}

static enum pf_error goods_moved(const struct codec *codec, const void *former,
                                 const char *former_why, const void *event, struct arena *arena,
                                 const char **ret_detail)
{
    (void)codec, (void)former, (void)former_why, (void)event, (void)arena;
    *ret_detail = "its goods.";
    return PF_E_order_amended;
}

static int write_outputs(struct codec *codec, const struct flow_settlement *s, const void *event,
                         const void *rules, struct arena *arena, struct flow_outputs *outputs)
{
    const struct sim_event_record *e = event;
    (void)rules;
    if (s->is_dead_letter)
        return 0;
    int result = sim_result_write(codec, s, outputs->value);
    if (result < 0)
        return result;
    outputs->put(outputs, SIM_RESULT, NULL);
    const struct sim_entry entry = {
        .order = e->id, .version = 1, .source_version = e->version, .total = SIM_TOTAL(e->content)};
    if (s->outcome == OUTCOME_POSTED &&
        (result = sim_entry_write(codec, &entry, outputs->value)) == 0)
        outputs->put(outputs, SIM_LEDGER, NULL);
    if (s->outcome == OUTCOME_CANCELLED_BEFORE_POSTING &&
        (result = sim_unposted_write(codec, e->id, outcome_name(s->outcome), outputs->value)) == 0)
        outputs->put(outputs, SIM_LEDGER, ledger_key_credit(arena, s->key->kafka, ""));
    return result;
}

const struct flow sim_flow = {
    .name = "orders",
    .noun = "order",
    .usage = "The simulator's orders.",
    .limit_weight = 5,
    .reads = "orders.raw",
    .outputs = {[SIM_RESULT] = {"orders.results", "SimResult", "result", true},
                [SIM_LEDGER] = {"orders.ledger", "LedgerEntry", "ledger entry", false}},
    .event = &sim_event_bound,
    .writes = PRIMA_NEW_ORDER,
    .asks = PRIMA_ORDER_STATUS,
    .rules_load = rules_load,
    .rules_free = rules_free,
    .key = key,
    .decide = decide,
    .status_request = status_request,
    .amounts = amounts,
    .summary_outcome = summary_outcome,
    .write_outputs = write_outputs,
    .money = money,
    .money_moved = money_moved,
    .goods_moved = goods_moved,
};
