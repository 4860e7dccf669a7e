/* The refunds of `primaflow generate refunds` and the rules of the refunds worker belong together:
 * each, as bytes on a topic, becomes what its maker said, of the ledger entry that the orders' worker
 * writes of its order; and a final refund leaves nothing, in money and in tax. */
#include "test_refund_support.h"

#include "../support/effort.h"
#include "codec/codec.h"
#include "domain/events/refund_event.h"
#include "order_gen.h"
#include "order_summary.h"
#include "order_write.h"
#include "refund_gen.h"

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { SEEDS = 2000 };
#else
enum { SEEDS = 200 }; /* some times slower; `tests/run property` has them all */
#endif
enum {
    KEYS = 20,
    EVENTS = 40,
    ORDERS_MAX = KEYS + EVENTS, /* some come after their refund */
    NOTES_MAX = EVENTS + 1,
    PENDING_MAX_AGE_MS = 1000
};

static const int64_t start_ms = INT64_C(1795000000000);

/* ---- a world of one seed: orders as the ledger has them, and the notes that were posted ---- */

struct note {
    const char *refund_id;
    int64_t money; /* that its tenders paid back */
};

struct world {
    const struct order_rules *rules;
    struct codec *codec;
    struct arena *arena;
    struct order_gen *orders;
    json_t *events[ORDERS_MAX]; /* made so far */
    int64_t event_count;
    struct ledger_entry entries[ORDERS_MAX];
    bool is_there[ORDERS_MAX];
    int64_t credited[ORDERS_MAX], credited_tax[ORDERS_MAX], tender[ORDERS_MAX];
    struct note notes[NOTES_MAX];
    size_t note_count, pending; /* refunds whose newer version has not come yet */
};

static struct {
    size_t kinds[REFUND_MADE_COUNT], resends, waits, finals, exchanges, sent;
} seen;

static void read_event(struct world *w, const json_t *json, const struct bound_record *record,
                       void *ret_event)
{
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    if (codec_from_json(w->codec, record->name, json, &bytes, &fault) < 0 ||
        codec_decode(w->codec, record, bytes.data, bytes.size, w->arena, ret_event, &fault) < 0)
        fail_msg("%s: %s", record->name, fault.message);
    buf_release(&bytes);
}

static const json_t *order_json(struct world *w, int64_t index)
{
    struct order_gen_event made;
    while (w->event_count <= index) {
        assert_true(order_gen_next(w->orders, &made));
        assert_int_equal(made.index, w->event_count); /* none is a resend */
        w->events[w->event_count++] = made.event;
    }
    return w->events[index];
}

/* The order as its worker posts it, and as the ledger has it then. */
static void post_order(struct world *w, int64_t index)
{
    static const uint8_t identity[CODEC_IDENTITY_SIZE] = {1}, goods[CODEC_PART_SIZE] = {1},
                         money[FLOW_MONEY_SIZE] = {1};
    struct order_event event;
    struct flow_key key;
    struct flow_plan plan;
    struct codec_fault fault = {.message = ""};
    struct buf bytes;
    read_event(w, order_json(w, index), &order_event_record, &event);
    support_decide(&event, w->rules, NULL, w->arena, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_SENDS);
    assert_int_equal(plan.outcome, OUTCOME_POSTED);
    const struct flow_settlement settlement = {.outcome = OUTCOME_POSTED,
                                               .key = &key,
                                               .identity = identity,
                                               .goods = goods,
                                               .money = money,
                                               .summary = plan.summary,
                                               .summary_size = plan.summary_size,
                                               .posted_ms = event.event_time + 60000};
    buf_init(&bytes, 1 << 20);
    assert_int_equal(order_write_ledger(w->codec, &settlement, &event, w->rules, w->arena, &bytes),
                     0);
    assert_int_equal(codec_decode(w->codec, &ledger_entry_record, bytes.data, bytes.size, w->arena,
                                  &w->entries[index], &fault),
                     0);
    buf_release(&bytes);
    w->is_there[index] = true;
}

/* ---- one refund ---- */

static const char *outcome_of(const struct refund_plan *plan)
{
    switch (plan->verdict) {
    case REFUND_SENDS:
    case REFUND_SETTLES:
        return outcome_name(plan->outcome);
    case REFUND_WAITS:
        return "waits";
    case REFUND_DEAD_LETTERS:
        return "dead_letter";
    default:
        return "asks";
    }
}

static const char *code_of(const struct refund_plan *plan)
{
    return plan->flags.count == 0 ? "" : pf_error_info(plan->flags.items[0].code)->name;
}

static void expect(const struct refund_gen_event *e, const struct refund_plan *plan,
                   const char *outcome, const char *code)
{
    if (strcmp(outcome_of(plan), outcome) != 0 || strcmp(code_of(plan), code) != 0 ||
        plan->flags.count > 1) {
        char *text = json_dumps(e->event, JSON_INDENT(1));
        fail_msg("%s of order %lld: %s %s, but its maker said %s %s: %s\n%s",
                 refund_kind_info(e->kind)->name, (long long)e->index, outcome_of(plan),
                 code_of(plan), outcome, code, plan->detail != NULL ? plan->detail : "", text);
    }
}

static struct refund_plan decide(struct world *w, const struct refund_event *event, int64_t index,
                                 bool is_old)
{
    struct refund_known known = refund_known_of(w->is_there[index] ? &w->entries[index] : NULL);
    known.order = w->is_there[index] ? REFUND_ORDER_POSTED : REFUND_ORDER_UNSEEN;
    known.first_seen_ms = event->event_time;
    known.now_ms = event->event_time + (is_old ? PENDING_MAX_AGE_MS : 1);
    known.pending_max_age_ms = PENDING_MAX_AGE_MS;
    return refund_plan_of(event, w->rules, &known, w->arena);
}

static struct note *find_note(struct world *w, const char *refund_id)
{
    for (size_t i = 0; i < w->note_count; i++)
        if (strcmp(w->notes[i].refund_id, refund_id) == 0)
            return &w->notes[i];
    return NULL;
}

/* In the ledger from now on. */
static void post_note(struct world *w, const struct refund_event *event, int64_t index,
                      const struct refund_plan *plan)
{
    struct ledger_entry next;
    const struct credit_note_posted note = {event->refund_id, event->refund_id, 1, plan->tenders,
                                            plan->tender_count};
    const struct credit_proof *p = &plan->proof;
    const int64_t gross =
        p->lines_minor + p->charges_minor + p->order_minor + (p->tax_included ? 0 : p->tax_minor);
    int64_t paid = 0;
    for (size_t i = 0; i < plan->tender_count; i++)
        paid += plan->tenders[i].amount;
    assert_true(paid == p->money_minor);
    assert_true(p->money_minor + p->set_off_minor + p->account_minor == gross);
    assert_int_equal(ledger_apply(&w->entries[index], &plan->credit, &note, w->arena, &next), 0);
    w->entries[index] = next;
    w->credited[index] += gross;
    w->credited_tax[index] += p->tax_minor;
    w->tender[index] += p->set_off_minor + p->account_minor;
    assert_null(find_note(w, event->refund_id));
    w->notes[w->note_count++] = (struct note){event->refund_id, paid};
}

/* After the final one: nothing in any tax rate, and every tender is paid back. */
static void check_empty(struct world *w, int64_t index)
{
    struct ledger_balance b;
    const struct ledger_entry *e = &w->entries[index];
    assert_int_equal(ledger_balance_read(e, w->arena, &b), 0);
    assert_true(b.gross == 0 && b.account == 0);
    for (size_t i = ledger_groups_at(&b); i < ledger_groups_at(&b) + b.group_count; i++)
        assert_true(b.places[i].gross == 0 && ledger_place_tax(&b.places[i]) == 0);
    assert_true(w->credited[index] == e->total_minor && w->credited_tax[index] == e->tax_minor);
    for (size_t i = 0; i < e->tenders.count; i++)
        w->tender[index] += e->tenders.items[i].credited_minor;
    assert_true(w->tender[index] == e->total_minor);
    seen.finals++;
}

static void apply(struct world *w, const struct refund_gen_event *e,
                  const struct refund_event *event, const struct refund_plan *plan)
{
    if (plan->verdict == REFUND_SENDS)
        post_note(w, event, e->index, plan);
    if (e->kind == REFUND_MADE_edit_unpaid) {
        struct ledger_entry next;
        assert_true(plan->taken_count > 0);
        const int r = ledger_owe(&w->entries[e->index], event->refund_id, event->created_at,
                                 plan->taken, plan->taken_count, w->arena, &next);
        assert_true(r == 0 || (e->is_resend && r == -EEXIST));
        if (r == 0)
            w->entries[e->index] = next;
    }
    if (e->kind == REFUND_MADE_final && plan->verdict == REFUND_SENDS)
        check_empty(w, e->index);
}

static void check_lost(struct world *w, const struct refund_gen_event *e,
                       const struct refund_event *event)
{
    const struct note *note = find_note(w, event->refund_id);
    const char *detail = NULL;
    assert_non_null(note);
    const enum pf_error code = refund_money_moved(event, w->entries[e->index].money,
                                                  currency_find(w->entries[e->index].currency),
                                                  note->money, w->arena, &detail);
    assert_string_equal(pf_error_info(code)->name, e->code);
    assert_string_equal(e->outcome, "dead_letter");
    assert_non_null(detail);
}

/* What was sent is an order that is posted as it is, paid by the refund's credit note and the rest. */
static void check_exchange(struct world *w, const struct refund_gen_event *e,
                           const struct refund_event *refund)
{
    struct order_event event;
    struct flow_key key;
    struct flow_plan plan;
    seen.exchanges += e->kind == REFUND_MADE_exchange && !e->is_resend;
    if (e->order == NULL)
        return;
    assert_true(e->kind == REFUND_MADE_exchange && !e->is_resend);
    read_event(w, e->order, &order_event_record, &event);
    assert_string_equal(event.order_id,
                        arena_printf(w->arena, "%s.%s", refund->order_id, refund->return_id));
    assert_string_equal(event.lines.items[0].line_id, refund->sent.items[0].line_id);
    assert_int_equal(event.totals.total.shop_minor, refund->sent.items[0].amount.shop_minor);
    assert_int_equal(event.tenders.items[0].amount.shop_minor, refund->set_off.shop_minor);
    support_decide(&event, w->rules, NULL, w->arena, &key, &plan);
    assert_int_equal(plan.verdict, FLOW_SENDS);
    assert_int_equal(plan.outcome, OUTCOME_POSTED);
    assert_int_equal(plan.code_count, 0);
    assert_non_null(strstr(plan.request, arena_printf(w->arena, "R%s\"", refund->refund_id)));
    seen.sent++;
}

static void deliver(struct world *w, const struct refund_gen_event *e)
{
    struct refund_event event;
    seen.kinds[e->kind]++;
    seen.resends += e->is_resend;
    read_event(w, e->event, &refund_event_record, &event);
    if (refund_kind_info(e->kind)->shape == REFUND_IN_BYTES)
        return; /* nobody comes to decide it */
    check_exchange(w, e, &event);
    if (e->index < KEYS && !w->is_there[e->index])
        post_order(w, e->index);
    if (e->kind == REFUND_MADE_money_lost) {
        check_lost(w, e, &event);
        return;
    }
    struct refund_plan plan = decide(w, &event, e->index, false);
    if (*e->waits != '\0') {
        expect(e, &plan, "waits", e->waits);
        seen.waits++;
        if (strcmp(e->outcome, "superseded") == 0) {
            w->pending++;
            return;
        }
        if (!w->is_there[e->index])
            post_order(w, e->index);
        plan = decide(w, &event, e->index, true);
    } else if (e->kind == REFUND_MADE_pending_paid && !e->is_resend) {
        assert_int_equal(w->pending--, 1);
    }
    expect(e, &plan, e->outcome, e->code);
    if (e->is_resend && strcmp(e->outcome, "duplicate") == 0)
        assert_non_null(find_note(w, event.refund_id));
    apply(w, e, &event, &plan);
}

static void deliver_all(const struct order_rules *rules, struct codec *codec, uint64_t seed)
{
    const struct order_gen_options orders = {
        .seed = seed, .count = ORDERS_MAX, .customers = 9, .start_ms = start_ms};
    const struct refund_gen_options refunds = {.seed = seed,
                                               .count = EVENTS,
                                               .keys = KEYS,
                                               .start_ms = start_ms,
                                               .faulty = 35,
                                               .duplicates = 10,
                                               .kinds = (UINT64_C(1) << REFUND_MADE_COUNT) - 1};
    struct world w = {.rules = rules,
                      .codec = codec,
                      .arena = arena_new(8 * SUPPORT_ARENA),
                      .orders = order_gen_new(&orders)};
    struct refund_gen *gen = refund_gen_new(&refunds);
    struct refund_gen_event e;
    size_t count = 0;
    assert_true(w.arena != NULL && w.orders != NULL && gen != NULL);
    for (; refund_gen_next(gen, &e); count++) {
        deliver(&w, &e);
        refund_gen_event_free(&e);
    }
    assert_int_equal(count, EVENTS);
    assert_int_equal(w.pending, 0); /* each that was to be superseded was */
    for (int64_t i = 0; i < w.event_count; i++)
        json_decref(w.events[i]);
    refund_gen_free(gen);
    order_gen_free(w.orders);
    arena_free(w.arena);
}

static void test_made_up_refunds(void **state)
{
    (void)state;
    const struct order_rules *rules = support_rules(NULL);
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    struct codec *codec;
    char message[300] = "";
    assert_int_equal(codec_open("schemas", NULL, limits, &codec, message), 0);
    assert_int_equal(codec_check(codec, &order_event_record, message), 0);
    assert_int_equal(codec_check(codec, &refund_event_record, message), 0);
    assert_int_equal(codec_check(codec, &ledger_entry_record, message), 0);
    for (int64_t seed = 0; seed < test_effort(SEEDS); seed++)
        deliver_all(rules, codec, (uint64_t)seed);
    for (int i = 0; i < REFUND_MADE_COUNT; i++) {
        print_message("  %6zu %s\n", seen.kinds[i],
                      refund_kind_info((enum refund_kind_made)i)->name);
        assert_true(seen.kinds[i] > SEEDS / 5);
    }
    print_message("  %zu resends, %zu waited, %zu orders paid back whole\n", seen.resends,
                  seen.waits, seen.finals);
    print_message("  %zu exchanges, %zu with an order of what was sent\n", seen.exchanges,
                  seen.sent);
    assert_true(seen.resends > SEEDS && seen.finals > SEEDS);
    assert_true(seen.sent > SEEDS / 5 && 2 * seen.sent > seen.exchanges);
    codec_close(codec);
    support_rules_free((struct order_rules *)rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_made_up_refunds)};
    return cmocka_run_group_tests_name("refund_generated", tests, NULL, NULL);
}
