/* See flow.h. */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "codec/binding.h"
#include "prima/request_write.h"

static const struct binding event_fields[] = {BIND(struct sim_event_record, id, BIND_TEXT),
                                              BIND(struct sim_event_record, content, BIND_LONG),
                                              BIND(struct sim_event_record, money, BIND_LONG),
                                              BIND(struct sim_event_record, version, BIND_LONG),
                                              BIND(struct sim_event_record, cancels, BIND_BOOL)};
const struct bound_record sim_event_bound =
    BOUND_RECORD("SimEvent", struct sim_event_record, event_fields);

struct sim_delivery {
    const char *topic;
    int32_t partition;
    int64_t offset;
};
static const struct binding delivery_fields[] = {BIND(struct sim_delivery, topic, BIND_TEXT),
                                                 BIND(struct sim_delivery, partition, BIND_INT),
                                                 BIND(struct sim_delivery, offset, BIND_LONG)};
static const struct bound_record delivery_bound =
    BOUND_RECORD("SimDelivery", struct sim_delivery, delivery_fields);

struct sim_result {
    const char *outcome, *key, *identity, *goods, *money, *code;
    int64_t source_version, posted_at;
    struct sim_delivery delivery;
    const struct sim_delivery *resolves;
};
static const struct binding result_fields[] = {
    BIND(struct sim_result, outcome, BIND_TEXT),
    BIND(struct sim_result, key, BIND_TEXT),
    BIND(struct sim_result, identity, BIND_TEXT),
    BIND(struct sim_result, goods, BIND_TEXT),
    BIND(struct sim_result, money, BIND_TEXT),
    BIND(struct sim_result, code, BIND_TEXT),
    BIND(struct sim_result, source_version, BIND_LONG),
    BIND(struct sim_result, posted_at, BIND_LONG),
    BIND_SUB(struct sim_result, delivery, BIND_INLINE, delivery_bound),
    BIND_SUB(struct sim_result, resolves, BIND_RECORD, delivery_bound)};
static const struct bound_record result_bound =
    BOUND_RECORD("SimResult", struct sim_result, result_fields);

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
    buf_init(&request, 4096);
    request_open(&request, "MultiNewOrder");
    buf_printf(&request, "<Data OrderNumber=\"%s\" Content=\"%lld\"/>", k->document,
               (long long)e->content);
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

static bool read_delivery(const char *text, char topic[static 160], struct sim_delivery *ret)
{
    int partition = 0;
    long long offset = 0;
    if (text == NULL || sscanf(text, "%159[^/]/%d/%lld", topic, &partition, &offset) != 3)
        return false;
    *ret = (struct sim_delivery){topic, partition, offset};
    return true;
}

static int write_result(struct codec *codec, const struct flow_settlement *s, struct buf *out)
{
    char identity[2 * CODEC_IDENTITY_SIZE + 1], goods[2 * CODEC_PART_SIZE + 1],
        money[2 * FLOW_MONEY_SIZE + 1], topic[160], other_topic[160];
    struct sim_result r = {.outcome = outcome_name(s->outcome),
                           .key = s->key->natural,
                           .identity = digest_hex(s->identity, CODEC_IDENTITY_SIZE, identity),
                           .goods = digest_hex(s->goods, CODEC_PART_SIZE, goods),
                           .money = digest_hex(s->money, FLOW_MONEY_SIZE, money),
                           .code = pf_error_info(s->code)->name,
                           .source_version = s->key->version,
                           .posted_at = s->posted_ms};
    struct sim_delivery resolved;
    if (!read_delivery(s->delivery, topic, &r.delivery))
        return -EINVAL;
    if (read_delivery(s->resolves, other_topic, &resolved))
        r.resolves = &resolved;
    return codec_encode(codec, &result_bound, &r, out);
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
    (void)event, (void)rules, (void)arena;
    if (s->is_dead_letter)
        return 0;
    const int result = write_result(codec, s, outputs->value);
    if (result < 0)
        return result;
    outputs->put(outputs, SIM_RESULT, NULL);
    if (s->outcome == OUTCOME_POSTED) {
        buf_text(outputs->value, s->key->document);
        outputs->put(outputs, SIM_LEDGER, NULL);
    }
    return 0;
}

bool sim_result_read(struct codec *codec, const void *bytes, size_t size,
                     char ret_delivery[static 200], char ret_outcome[static 48])
{
    struct sim_result r;
    struct codec_fault fault;
    struct arena *arena = arena_new(1 << 16);
    if (arena == NULL)
        abort();
    const bool is_one = codec_decode(codec, &result_bound, bytes, size, arena, &r, &fault) == 0;
    if (is_one) {
        (void)snprintf(ret_delivery, 200, "%s/%d/%lld", r.delivery.topic, r.delivery.partition,
                       (long long)r.delivery.offset);
        (void)snprintf(ret_outcome, 48, "%s", r.outcome);
    }
    arena_free(arena);
    return is_one;
}

const struct bound_record *sim_result_record(void)
{
    return &result_bound;
}

const struct flow sim_flow = {
    .name = "orders",
    .noun = "order",
    .usage = "The simulator's orders.",
    .limit_weight = 5,
    .reads = "orders.raw",
    .outputs = {[SIM_RESULT] = {"orders.results", "SimResult", "result", true},
                [SIM_LEDGER] = {"orders.ledger", "SimResult", "ledger entry", false}},
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
