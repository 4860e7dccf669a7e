/* The simulator's refunds; see flow.h. They take credit as workers/refunds does: by the ledger's fold
 * and what is reserved, an amount of the order's one line. */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>

#include "codec/binding.h"
#include "domain/ledger/ledger_key.h"
#include "domain/ledger/ledger_pack.h"
#include "ledger.h"
#include "prima/request_write.h"
#include "result.h"

enum { REQUEST_MAX = 4096, SUMMARY_MAX = 1024 };

static const struct binding refund_fields[] = {BIND(struct sim_refund_record, id, BIND_TEXT),
                                               BIND(struct sim_refund_record, order, BIND_TEXT),
                                               BIND(struct sim_refund_record, amount, BIND_LONG),
                                               BIND(struct sim_refund_record, pending, BIND_BOOL),
                                               BIND(struct sim_refund_record, takes, BIND_LONG),
                                               BIND(struct sim_refund_record, version, BIND_LONG)};
const struct bound_record sim_refund_bound =
    BOUND_RECORD("SimRefund", struct sim_refund_record, refund_fields);

static int refund_rules_load(const struct config *config, void **ret_rules,
                             struct config_message *ret_message)
{
    (void)config, (void)ret_message;
    *ret_rules = calloc(1, 1);
    return *ret_rules != NULL ? 0 : -ENOMEM;
}

static enum pf_error refund_key(const void *event, const void *rules, struct arena *arena,
                                struct flow_key *ret_key, const char **ret_detail)
{
    const struct sim_refund_record *e = event;
    (void)rules, (void)ret_detail;
    *ret_key = (struct flow_key){.natural = arena_printf(arena, "acme/refunds/web/s1/%s", e->id),
                                 .kafka = arena_printf(arena, "acme/web/s1/%s", e->order),
                                 .lane = arena_printf(arena, "acme/order/web/s1/%s", e->order),
                                 .company = "acme",
                                 .document = arena_printf(arena, "C%s", e->id),
                                 .version = e->version};
    return PF_OK;
}

/* ---- what is decided ---- */

static int ends(struct flow_plan *plan, bool waits, enum pf_error code, const char *detail)
{
    *plan = (struct flow_plan){.verdict = waits ? FLOW_WAITS : FLOW_DEAD_LETTERS,
                               .codes = {code},
                               .code_count = 1,
                               .detail = detail};
    return 0;
}

static int settles(struct flow_plan *plan, enum outcome outcome)
{
    *plan = (struct flow_plan){.verdict = FLOW_SETTLES, .outcome = outcome};
    return 0;
}

/* An edit: its units are owed from now on. */
static int owes(const struct sim_refund_record *e, const struct ledger_entry *entry,
                struct arena *arena, struct flow_plan *plan)
{
    const struct ledger_taken taken = {.line = 1, .units = e->takes};
    struct buf summary;
    buf_init(&summary, SUMMARY_MAX);
    const int result = ledger_pack_taken(entry, &taken, 1, &summary);
    (void)settles(plan, OUTCOME_NO_MONEY);
    plan->owes = true;
    plan->summary = arena_text(arena, summary.data, summary.size);
    plan->summary_size = summary.size;
    buf_release(&summary);
    return result;
}

/* The note says what it knows to be owed, for the judge: the ids of the edits. */
static void put_owed(const struct ledger_entry *entry, struct buf *request)
{
    buf_text(request, " Owed=\"");
    for (size_t i = 0; i < entry->owed.count; i++)
        buf_printf(request, "%s ", entry->owed.items[i].edit_id);
    buf_text(request, "\"/>");
}

static int sends(const struct sim_refund_record *e, const struct flow_key *k,
                 const struct ledger_entry *entry, const struct ledger_balance *balance,
                 const struct credit *credit, struct arena *arena, struct flow_plan *plan)
{
    struct buf request, summary;
    buf_init(&request, REQUEST_MAX);
    buf_init(&summary, SUMMARY_MAX);
    request_open(&request, "NewCreditNote");
    buf_printf(&request, "<Data CreditNumber=\"%s\" OrderNumber=\"S%s\" Content=\"%lld\"",
               k->document, e->order, (long long)e->amount);
    put_owed(entry, &request);
    int result = request_close(&request);
    if (result == 0)
        result = ledger_pack(balance, credit, NULL, 0, &summary);
    *plan = (struct flow_plan){.verdict = FLOW_SENDS,
                               .request = arena_text(arena, request.data, request.size),
                               .request_size = request.size,
                               .summary = arena_text(arena, summary.data, summary.size),
                               .summary_size = summary.size,
                               .outcome = OUTCOME_POSTED};
    buf_release(&request);
    buf_release(&summary);
    return result;
}

static bool fits(const struct ledger_entry *entry, const struct credit kept[], size_t count,
                 const struct credit *credit, struct arena *arena, struct ledger_balance *balance)
{
    struct ledger_excess excess;
    int result = ledger_balance_read(entry, arena, balance);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = ledger_reserve(balance, &kept[i], &excess);
    return result == 0 && ledger_reserve(balance, credit, &excess) == 0;
}

static int of_what_remains(const struct sim_refund_record *e, const struct flow_key *k,
                           const struct fact *fact, struct arena *arena, struct flow_plan *plan)
{
    const struct credit_part part = {.place = 0, .gross = e->amount};
    const struct credit credit = {.parts = &part, .count = 1};
    const struct ledger_entry *entry = fact->credit->entry;
    struct ledger_balance balance;
    if (fact->kept->is_all)
        return ends(plan, true, PF_E_refund_waits_for_refund, "all is kept for another one");
    if (fits(entry, fact->kept->credits, fact->kept->count, &credit, arena, &balance))
        return sends(e, k, entry, &balance, &credit, arena, plan);
    return fits(entry, NULL, 0, &credit, arena, &balance)
               ? ends(plan, true, PF_E_refund_waits_for_refund, "what it needs is kept")
               : ends(plan, false, PF_E_refund_exceeds_creditable, "more than remains");
}

/* The ledger must have what edits left owed before more is decided. */
static int asks(bool reads_owed, struct arena *arena, struct flow_plan *plan)
{
    struct fact *asked = arena_alloc(arena, sizeof *asked);
    if (asked == NULL)
        return -ENOMEM;
    *asked = (struct fact){.kind = FACT_CREDIT, .reads_owed = reads_owed};
    *plan = (struct flow_plan){.verdict = FLOW_NEEDS_FACTS, .facts = asked, .fact_count = 1};
    return 0;
}

static int of_ledger(const struct sim_refund_record *e, const struct flow_key *k,
                     const struct fact *fact, struct arena *arena, struct flow_plan *plan)
{
    const struct ledger_fold *fold = fact->credit;
    if (fold->is_unposted)
        return settles(plan, OUTCOME_NOTHING_TO_CREDIT);
    if (fold->own != NULL && fold->own->state == CREDIT_CREDITED)
        return settles(plan, OUTCOME_DUPLICATE);
    if (fold->entry == NULL)
        return ends(plan, true, PF_E_refund_order_missing, "its order has not been posted");
    if (fold->own != NULL && fold->own->state == CREDIT_OPEN)
        return ends(plan, true, PF_E_refund_waits_for_refund, "its own note may exist");
    if (fold->own != NULL && fold->own->state == CREDIT_OWED &&
        fold->own->source_version > e->version)
        return settles(plan, OUTCOME_SUPERSEDED);
    if (fact->kept->is_own_unread)
        return asks(true, arena, plan);
    if (e->pending)
        return ends(plan, true, PF_E_refund_money_pending, "its money is not final");
    if (e->takes > 0)
        return owes(e, fold->entry, arena, plan);
    if (e->amount == 0)
        return settles(plan, OUTCOME_NO_MONEY);
    if (fact->kept->is_unread)
        return asks(true, arena, plan);
    return of_what_remains(e, k, fact, arena, plan);
}

static int refund_decide(const void *event, const struct flow_key *k, const void *rules,
                         struct fact *facts, size_t fact_count, const struct flow_known *known,
                         struct arena *arena, struct flow_plan *ret_plan)
{
    (void)rules, (void)known;
    if (fact_count == 0 || facts[0].state == FACT_UNASKED)
        return asks(false, arena, ret_plan);
    if (facts[0].state != FACT_KNOWN)
        return ends(ret_plan, false, PF_E_defect, "the ledger cannot be read");
    return of_ledger(event, k, &facts[0], arena, ret_plan);
}

/* ---- Prima, summaries ---- */

static int refund_status_request(const struct flow_key *k, const void *rules, struct buf *out)
{
    (void)rules;
    request_open(out, "CreditNoteStatus");
    buf_printf(out, "<Data CreditNumber=\"%s\"/>", k->document);
    return request_close(out);
}

static enum outcome refund_outcome(const char *summary, size_t size, enum pf_error codes[static 8],
                                   size_t *ret_count)
{
    (void)summary, (void)size, (void)codes;
    *ret_count = 0;
    return OUTCOME_POSTED;
}

static int refund_takes(const char *summary, size_t size, struct arena *arena,
                        struct ledger_credit *ret_credit)
{
    size_t used = 0;
    const int result = ledger_unpack(summary, size, arena, ret_credit, &used);
    ret_credit->currency = "EUR";
    if (result == 0 && ret_credit->taken.count > 0)
        ret_credit->state = CREDIT_OWED;
    return result;
}

/* ---- one that comes again ---- */

static void refund_money(const void *event, struct flow_money *ret_money)
{
    *ret_money =
        (struct flow_money){.captured_minor = ((const struct sim_refund_record *)event)->amount};
}

/* Nothing: the ledger has it all, and the results of this flow tell nothing of it. */
static int refund_keeps(const char *summary, size_t size, struct arena *arena,
                        const char **ret_bytes, size_t *ret_size)
{
    static const struct ledger_credit nothing = {.currency = ""};
    struct buf bytes;
    (void)summary, (void)size;
    buf_init(&bytes, SUMMARY_MAX);
    const int result = ledger_pack_again(&nothing, &bytes);
    *ret_size = bytes.size;
    *ret_bytes = arena_text(arena, bytes.data, bytes.size);
    buf_release(&bytes);
    return result < 0 ? result : *ret_bytes == NULL ? -ENOMEM : 0;
}

static enum pf_error refund_money_moved(const void *event, const char *summary, size_t size,
                                        struct arena *arena, const char **ret_detail)
{
    (void)event, (void)summary, (void)size, (void)arena;
    *ret_detail = "its money";
    return PF_OK;
}

static enum pf_error refund_goods_moved(const struct codec *codec, const void *former,
                                        const char *former_why, const void *event,
                                        struct arena *arena, const char **ret_detail)
{
    (void)codec, (void)former, (void)former_why, (void)event, (void)arena;
    *ret_detail = "its amount.";
    return PF_E_order_amended;
}

static int refund_write_outputs(struct codec *codec, const struct flow_settlement *s,
                                const void *event, const void *rules, struct arena *arena,
                                struct flow_outputs *outputs)
{
    const struct sim_refund_record *e = event;
    (void)rules;
    if (!s->is_dead_letter) {
        const int result = sim_result_write(codec, s, outputs->value);
        if (result < 0)
            return result;
        outputs->put(outputs, SIM_RESULT, NULL);
    }
    const int result = sim_credit_write(codec, s, e->order, e->id, arena, outputs->value);
    if (result > 0)
        outputs->put(outputs, SIM_LEDGER, ledger_key_credit(arena, s->key->kafka, e->id));
    return result < 0 ? result : 0;
}

static const struct flow_ledger refund_ledger = {
    .topic = "orders.ledger", .takes = refund_takes, .keeps = refund_keeps};

const struct flow sim_refund_flow = {
    .name = "refunds",
    .noun = "refund",
    .usage = "The simulator's refunds.",
    .limit_weight = 3,
    .reads = "refunds.raw",
    .outputs = {[SIM_RESULT] = {"refunds.results", "SimResult", "result", false},
                [SIM_LEDGER] = {"orders.ledger", "RefundCredit", "ledger record", false}},
    .event = &sim_refund_bound,
    .writes = PRIMA_NEW_CREDIT_NOTE,
    .asks = PRIMA_CREDIT_NOTE_STATUS,
    .ledger = &refund_ledger,
    .rules_load = refund_rules_load,
    .rules_free = free,
    .key = refund_key,
    .decide = refund_decide,
    .status_request = refund_status_request,
    .summary_outcome = refund_outcome,
    .write_outputs = refund_write_outputs,
    .money = refund_money,
    .money_moved = refund_money_moved,
    .goods_moved = refund_goods_moved,
};
