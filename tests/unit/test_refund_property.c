/* Random histories of an order with edits, partial refunds, exchanges, goodwill, failures and resends,
 * in every order of arrival, against a plain model that shares no code with the program
 * (refund_model.h).
 *
 * The world is the ledger's entry, the credits that are reserved, and what the notes' requests say.
 * What each note comes to, per line and in tax, is the model's; what remains at each rate is the
 * model's; all notes together are the money that went back, or was set off; nothing is ever credited
 * beyond what was posted; and an order that was paid back whole sums to zero in money and in tax. A
 * penny moved anywhere in a note is found. */
#include "test_refund_support.h"

#include "../support/chance.h"
#include "refund_reader.h"

#include <errno.h>

enum {
    HISTORIES = 1000,
    STEPS_MAX = 10,
    DELIVERIES_MAX = 3 * STEPS_MAX,
    PERMUTED = 150, /* histories that arrive in each of their orders */
    PERMUTED_STEPS = 4
};

/* ---- an order ---- */

struct history {
    struct arena *arena;
    struct order_rules *rules;
    struct ledger_entry entry;
    struct model model;
    bool net, one_rate;
    size_t posted, refused, beside;
    int64_t notes, notes_tax; /* what all notes come to, as their requests say */
    int64_t back;             /* what went back or was set off for them, as the events say */
};

static const int64_t rates[MODEL_RATES_MAX] = {200000, 50000, 0};

static int64_t tax_in(int64_t gross, int64_t ppm)
{
    return (gross * ppm + (1000000 + ppm) / 2) / (1000000 + ppm);
}

static struct ledger_tax *tax_row(struct arena *arena, int64_t ppm, int64_t tax)
{
    struct ledger_tax *row = arena_alloc(arena, sizeof *row);
    assert_non_null(row);
    *row = (struct ledger_tax){.rate_ppm = ppm, .tax_minor = tax};
    return row;
}

static void make_order(struct history *h)
{
    struct ledger_entry *e = &h->entry;
    *e = *refund_entry(h->arena);
    h->net = chance_below(3) == 0;
    h->one_rate = chance_below(2) == 0;
    e->tax_included = !h->net;
    e->total_minor = e->tax_minor = 0;
    e->lines.count = 1 + (size_t)chance_below(MODEL_LINES_MAX);
    e->lines.items = arena_alloc(h->arena, MODEL_LINES_MAX * sizeof *e->lines.items);
    model_begin(&h->model);
    for (size_t i = 0; i < e->lines.count; i++) {
        const int64_t units = 1 + chance_below(4), gross = 1 + chance_below(20000),
                      ppm = h->one_rate ? rates[0] : rates[chance_below(MODEL_RATES_MAX)],
                      tax = tax_in(gross, ppm);
        e->lines.items[i] = (struct ledger_line){.line_id = arena_printf(h->arena, "L%zu", i),
                                                 .number = (int32_t)i + 1,
                                                 .product = "SKU00001",
                                                 .quantity = (int32_t)units,
                                                 .amount_minor = h->net ? gross - tax : gross,
                                                 .taxes = {tax_row(h->arena, ppm, tax), 1}};
        model_add_line(&h->model, units, gross, tax, ppm);
    }
    const int64_t gross = 100 + chance_below(900), tax = tax_in(gross, rates[0]);
    e->charges.items[0].amount_minor = h->net ? gross - tax : gross;
    e->charges.items[0].taxes.items = tax_row(h->arena, rates[0], tax);
    model_set_carriage(&h->model, gross, tax, rates[0]);
    e->total_minor = model_gross(&h->model);
    e->tax_minor = model_tax(&h->model);
}

/* ---- what the channel does, and says ---- */

enum step_kind {
    STEP_UNITS,
    STEP_EXCHANGE,
    STEP_AMOUNT, /* of a line, no unit */
    STEP_FEE,
    STEP_CARRIAGE,
    STEP_GOODWILL,
    STEP_TAX,
    STEP_EDIT,
    STEP_CONTAINED, /* an edit from before the posted version */
    STEP_MONEY,
    STEP_TOO_MUCH,
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    struct refund_event event;
    struct model_part part;
    int64_t for_order, tax;
    int64_t money; /* that its note is to come to: what goes back, and what is set off */
    bool is_settled;
};

static bool is_edit(const struct step *s)
{
    return s->kind == STEP_EDIT || s->kind == STEP_CONTAINED;
}

static struct money_set *money_set(struct arena *arena, int64_t minor)
{
    struct money_set *set = arena_alloc(arena, sizeof *set);
    assert_non_null(set);
    set->shop_minor = minor;
    return set;
}

/* As the channel states it: without tax where prices are. */
static void tell_line(struct history *h, struct step *s, int64_t gross)
{
    struct refund_line *line = s->event.lines.items;
    const int64_t tax = s->part.tax;
    *line = (struct refund_line){.line_id = h->entry.lines.items[s->part.line].line_id,
                                 .quantity = (int32_t)s->part.units,
                                 .restock = s->part.units > 0 ? RESTOCK_RETURN : RESTOCK_NONE,
                                 .location_id = "1001",
                                 .amount = SHOP(h->net ? gross - tax : gross)};
    if (tax >= 0)
        line->tax = money_set(h->arena, tax);
}

static void make_line(struct history *h, struct step *s)
{
    const struct model_place *place = &h->model.lines[s->part.line];
    const int64_t ppm = h->model.rates[place->rate].ppm,
                  unit = h->entry.lines.items[s->part.line].amount_minor / place->sold;
    s->part.units = s->kind == STEP_AMOUNT ? 0 : is_edit(s) ? 1 : 1 + chance_below(place->sold);
    s->part.gross = s->kind == STEP_AMOUNT ? 1 + chance_below(unit + 1)
                                           : s->part.units * unit + chance_below(3);
    if (s->kind == STEP_TOO_MUCH)
        s->part.gross += 20000 * 4;
    /* the channel's own rounding; in net prices it always says the tax */
    if (h->net || chance_below(3) > 0)
        s->part.tax = tax_in(s->part.gross, ppm) + chance_below(2);
    if (s->part.tax > s->part.gross)
        s->part.tax = s->part.gross;
    s->money = is_edit(s) ? 0 : s->part.gross;
    tell_line(h, s, s->part.gross);
}

static void make_carriage(struct history *h, struct step *s)
{
    s->part.line = MODEL_LINES_MAX;
    s->part.gross = s->money = 1 + chance_below(600);
    s->part.tax = h->net ? tax_in(s->part.gross, rates[0]) : -1;
    s->event.lines.count = 0;
    s->event.carriage.count = 1;
    s->event.carriage.items = arena_alloc(h->arena, sizeof *s->event.carriage.items);
    s->event.carriage.items[0] = (struct refund_carriage){
        .line_id = "S1",
        .amount = SHOP(h->net ? s->part.gross - s->part.tax : s->part.gross),
        .tax = h->net ? money_set(h->arena, s->part.tax) : NULL};
}

/* For the whole order: an amount, tax alone, or money and not a word. */
static void make_for_order(struct history *h, struct step *s)
{
    s->event.lines.count = 0;
    s->money = 1 + chance_below(s->kind == STEP_TAX ? 300 : s->kind == STEP_MONEY ? 3000 : 1500);
    if (s->kind == STEP_GOODWILL)
        s->event.order_amount = money_set(h->arena, s->money);
    if (s->kind != STEP_TAX) {
        s->for_order = s->money;
        return;
    }
    s->tax = s->money;
    s->event.taxes.count = 1;
    s->event.taxes.items = arena_alloc(h->arena, sizeof *s->event.taxes.items);
    s->event.taxes.items[0] = (struct refund_tax){rates[0], SHOP(s->tax)};
}

/* Off the line, and its tax with it. */
static void make_fee(struct history *h, struct step *s)
{
    if (s->part.gross <= 1)
        return;
    const int64_t fee = 1 + chance_below(s->part.gross - 1);
    s->event.adjustments.count = 1;
    s->event.adjustments.items = arena_alloc(h->arena, sizeof *s->event.adjustments.items);
    s->event.adjustments.items[0] =
        (struct refund_adjustment){ADJUSTMENT_OTHER, SHOP(chance_below(2) == 0 ? fee : -fee), NULL};
    if (s->part.tax >= 0)
        s->part.tax =
            (2 * s->part.tax * (s->part.gross - fee) + s->part.gross) / (2 * s->part.gross);
    s->part.gross -= fee;
    s->money -= fee;
}

/* What was sent instead paid for some of what came back, or for all of it. */
static void make_exchange(struct step *s)
{
    s->event.return_id = "ret";
    s->event.set_off.shop_minor =
        chance_below(4) == 0 ? s->part.gross : 1 + chance_below(s->part.gross);
}

static void make_step(struct history *h, struct step *s, size_t number)
{
    *s = (struct step){.kind = (enum step_kind)chance_below(STEP_KINDS),
                       .event = *refund_event(h->arena)};
    s->event.refund_id = arena_printf(h->arena, "r%zu", number);
    s->event.created_at =
        h->entry.event_time +
        (s->kind == STEP_CONTAINED ? -chance_below(1000000) : 1 + chance_below(1000000));
    s->event.kind = is_edit(s) ? REFUND_KIND_EDIT : REFUND_KIND_REFUND;
    s->part =
        (struct model_part){.line = (size_t)chance_below((int64_t)h->entry.lines.count), .tax = -1};
    if (s->kind == STEP_CARRIAGE)
        make_carriage(h, s);
    else if (s->kind == STEP_GOODWILL || s->kind == STEP_TAX || s->kind == STEP_MONEY)
        make_for_order(h, s);
    else
        make_line(h, s);
    if (s->kind == STEP_FEE)
        make_fee(h, s);
    if (s->kind == STEP_EXCHANGE)
        make_exchange(s);
    refund_paid(&s->event, h->arena, s->money - s->event.set_off.shop_minor);
}

/* ---- one delivery ---- */

static struct model_note model_of(struct model *m, const struct step *s)
{
    if (s->kind == STEP_TAX)
        return model_tax_alone(m, rates[0], s->tax);
    if (s->kind == STEP_GOODWILL || s->kind == STEP_MONEY)
        return model_refund(m, NULL, 0, s->for_order, s->kind == STEP_MONEY);
    return model_refund(m, &s->part, 1, 0, false);
}

static enum pf_error code_of(const struct refund_plan *plan)
{
    return plan->flags.count == 0 ? PF_OK : plan->flags.items[0].code;
}

/* What remains at each rate is what the model says. */
static void check_rates(struct history *h)
{
    struct ledger_balance b;
    assert_int_equal(ledger_balance_read(&h->entry, h->arena, &b), 0);
    assert_true(b.gross == model_gross(&h->model));
    for (size_t rate = 0; rate < h->model.rate_count; rate++) {
        int64_t gross = 0, tax = 0;
        for (size_t i = ledger_groups_at(&b); i < ledger_groups_at(&b) + b.group_count; i++)
            if (b.places[i].rates[0].rate_ppm == h->model.rates[rate].ppm) {
                gross += b.places[i].gross;
                tax += ledger_place_tax(&b.places[i]);
            }
        assert_true(gross == h->model.rates[rate].gross);
        assert_true(tax == h->model.rates[rate].tax);
    }
}

static int64_t money_of(const struct refund_event *event)
{
    int64_t sum = event->set_off.shop_minor;
    for (size_t i = 0; i < event->transactions.count; i++)
        sum += event->transactions.items[i].amount.shop_minor;
    return sum;
}

static struct note_sums check_note(struct history *h, const struct step *s,
                                   const struct refund_plan *plan, const struct model_note *wanted)
{
    struct note_sums note;
    note_read(plan->request, plan->request_size, h->net, &note);
    const char *differs = note_compare(&note, wanted, s->money);
    if (differs != NULL)
        fail_msg("step %d: %s", (int)s->kind, differs);
    if (chance_below(10) == 0)
        note_move_pennies(plan->request, plan->request_size, h->net, wanted, s->money);
    return note;
}

static void apply(struct history *h, const struct step *s, const struct refund_plan *plan,
                  const struct note_sums *note)
{
    struct ledger_entry next;
    const struct credit_note_posted posted = {s->event.refund_id, s->event.refund_id, 1,
                                              plan->tenders, plan->tender_count};
    assert_int_equal(ledger_apply(&h->entry, &plan->credit, &posted, h->arena, &next), 0);
    h->entry = next;
    for (size_t i = 0; i < MODEL_LINES_MAX; i++) {
        h->notes += note->lines[i].amount;
        h->notes_tax += note->lines[i].tax;
    }
    h->notes += note->carriage.amount + note->order.amount;
    h->notes_tax += note->carriage.tax + note->order.tax;
    h->back += money_of(&s->event);
    h->posted++;
    assert_true(plan->remaining.gross_minor == model_gross(&h->model));
    assert_true(plan->remaining.tax_minor == model_tax(&h->model));
    check_rates(h);
}

static void deliver_edit(struct history *h, struct step *s, const struct refund_plan *plan)
{
    struct ledger_entry next;
    assert_int_equal(plan->verdict, REFUND_SETTLES);
    assert_int_equal(plan->outcome,
                     s->kind == STEP_CONTAINED ? OUTCOME_CONTAINED : OUTCOME_NO_MONEY);
    assert_int_equal(plan->taken_count, s->kind == STEP_EDIT);
    if (s->kind == STEP_CONTAINED)
        return;
    const int r = ledger_owe(&h->entry, s->event.refund_id, s->event.created_at, plan->taken,
                             plan->taken_count, h->arena, &next);
    if (!s->is_settled)
        model_edit(&h->model, s->part.line, s->part.units, s->event.created_at);
    assert_true(r == 0 || (s->is_settled && r == -EEXIST));
    if (r == 0)
        h->entry = next;
    s->is_settled = true;
    check_rates(h);
}

static void deliver(struct history *h, struct step *s)
{
    const struct refund_known known = refund_known_of(&h->entry);
    const struct refund_plan plan = refund_plan_of(&s->event, h->rules, &known, h->arena);
    if (is_edit(s)) {
        deliver_edit(h, s, &plan);
        return;
    }
    if (s->is_settled) { /* a resend */
        assert_int_equal(plan.verdict, REFUND_SETTLES);
        assert_int_equal(plan.outcome, OUTCOME_DUPLICATE);
        return;
    }
    const struct model_note wanted = model_of(&h->model, s);
    if ((plan.verdict == REFUND_SENDS) != wanted.is_posted)
        fail_msg("step %d: the model says %s: %s", (int)s->kind,
                 wanted.is_posted ? "posted" : "not posted",
                 plan.detail != NULL ? plan.detail : "");
    if (!wanted.is_posted) {
        assert_int_equal(plan.verdict, REFUND_DEAD_LETTERS);
        assert_int_equal(code_of(&plan), PF_E_refund_exceeds_creditable);
        h->refused++;
        return;
    }
    const struct note_sums note = check_note(h, s, &plan, &wanted);
    apply(h, s, &plan, &note);
    s->is_settled = true;
}

/* The second comes while nobody knows what became of the first: the first's credit is kept for it.
 * The second is posted where the model posts it after the first; it waits where it could be posted
 * only without the first; and it is stopped where it could not be posted even then. */
static void deliver_beside(struct history *h, const struct step *first, const struct step *second)
{
    struct refund_known known = refund_known_of(&h->entry);
    struct model without = h->model, with = h->model;
    if (is_edit(first) || is_edit(second) || first->is_settled || second->is_settled ||
        first == second)
        return;
    const struct refund_plan kept = refund_plan_of(&first->event, h->rules, &known, h->arena);
    if (kept.verdict != REFUND_SENDS)
        return;
    known.reserved = &kept.credit;
    known.reserved_count = 1;
    const struct refund_plan plan = refund_plan_of(&second->event, h->rules, &known, h->arena);
    assert_true(model_of(&with, first).is_posted);
    const struct model_note wanted = model_of(&with, second);
    if (wanted.is_posted) {
        assert_int_equal(plan.verdict, REFUND_SENDS);
        (void)check_note(h, second, &plan, &wanted);
    } else if (model_of(&without, second).is_posted) {
        assert_int_equal(plan.verdict, REFUND_WAITS);
        assert_int_equal(code_of(&plan), PF_E_refund_waits_for_refund);
        h->beside++;
    } else {
        assert_int_equal(plan.verdict, REFUND_DEAD_LETTERS);
        assert_int_equal(code_of(&plan), PF_E_refund_exceeds_creditable);
    }
}

static struct refund_event with_status(const struct step *s, struct arena *arena,
                                       enum transaction_status status)
{
    struct refund_event event = s->event;
    struct refund_transaction *t = arena_alloc(arena, sizeof *t);
    assert_non_null(t);
    *t = event.transactions.items[0];
    t->status = status;
    event.transactions.items = t;
    event.succeeded.shop_minor = 0;
    return event;
}

/* Before its order, pending, or failed: nothing happens but waiting, or a dead letter. */
static void deliver_too_early(struct history *h, const struct step *s)
{
    struct refund_known known = refund_known_of(&h->entry);
    if (s->is_settled || is_edit(s) || s->event.transactions.count == 0)
        return;
    if (chance_below(2) == 0) {
        known.order = REFUND_ORDER_UNSEEN;
        const struct refund_plan plan = refund_plan_of(&s->event, h->rules, &known, h->arena);
        assert_int_equal(plan.verdict, REFUND_WAITS);
        assert_int_equal(code_of(&plan), PF_E_refund_order_missing);
        return;
    }
    const bool fails = chance_below(2) == 0;
    const struct refund_event event =
        with_status(s, h->arena, fails ? TRANSACTION_FAILED : TRANSACTION_PENDING);
    const struct refund_plan plan = refund_plan_of(&event, h->rules, &known, h->arena);
    assert_int_equal(plan.verdict, fails ? REFUND_DEAD_LETTERS : REFUND_WAITS);
    assert_int_equal(code_of(&plan), fails ? PF_E_refund_money_failed : PF_E_refund_money_pending);
}

/* Its money fails after its note, or more of it went back: somebody is told, and the note stays. */
static void deliver_too_late(struct history *h, const struct step *s)
{
    const int64_t posted = s->money - s->event.set_off.shop_minor;
    const char *detail = NULL;
    if (!s->is_settled || is_edit(s) || s->event.transactions.count == 0)
        return;
    struct refund_event event = with_status(s, h->arena, TRANSACTION_FAILED);
    assert_int_equal(refund_money_moved(&event, h->entry.money, currency_find(h->entry.currency),
                                        posted, h->arena, &detail),
                     PF_E_refund_money_failed_after_credit);
    event.succeeded.shop_minor = posted + 1;
    assert_int_equal(refund_money_moved(&event, h->entry.money, currency_find(h->entry.currency),
                                        posted, h->arena, &detail),
                     PF_E_refund_more_money_after_credit);
    assert_int_equal(refund_money_moved(&s->event, h->entry.money, currency_find(h->entry.currency),
                                        posted, h->arena, &detail),
                     PF_OK);
}

/* What is left is paid back: then nothing remains, in money and in tax. */
static void pay_back_the_rest(struct history *h)
{
    struct step s = {.kind = STEP_MONEY, .event = *refund_event(h->arena)};
    s.event.refund_id = "rest";
    s.event.lines.count = 0;
    s.for_order = s.money = model_gross(&h->model);
    refund_paid(&s.event, h->arena, s.money);
    if (s.money > 0)
        deliver(h, &s);
    assert_true(h->notes == h->back); /* the notes are the money that went back */
    assert_true(h->notes == h->entry.total_minor && h->notes_tax == h->entry.tax_minor);
    assert_true(model_gross(&h->model) == 0 && model_tax(&h->model) == 0);
    struct ledger_balance balance;
    assert_int_equal(ledger_balance_read(&h->entry, h->arena, &balance), 0);
    assert_true(balance.gross == 0);
    for (size_t i = ledger_groups_at(&balance);
         i < ledger_groups_at(&balance) + balance.group_count; i++)
        assert_true(balance.places[i].gross == 0 && ledger_place_tax(&balance.places[i]) == 0);
}

static void test_histories(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    size_t posted = 0, refused = 0, beside = 0;
    for (size_t n = 0; n < HISTORIES; n++) {
        chance = 1000 + n;
        struct history h = {.arena = arena_new(SUPPORT_ARENA * 4), .rules = rules};
        struct step steps[STEPS_MAX];
        size_t order[DELIVERIES_MAX];
        const size_t count = 1 + (size_t)chance_below(STEPS_MAX);
        make_order(&h);
        for (size_t i = 0; i < count; i++)
            make_step(&h, &steps[i], i);
        const size_t deliveries = count + (size_t)chance_below((int64_t)count + 1);
        for (size_t i = 0; i < deliveries; i++) /* each at least once, some again */
            order[i] = i < count ? i : (size_t)chance_below((int64_t)count);
        for (size_t i = deliveries; i > 1; i--) { /* in any order */
            const size_t k = (size_t)chance_below((int64_t)i), swap = order[k];
            order[k] = order[i - 1];
            order[i - 1] = swap;
        }
        for (size_t i = 0; i < deliveries; i++) {
            if (chance_below(3) == 0)
                deliver_too_early(&h, &steps[order[i]]);
            if (i + 1 < deliveries && chance_below(3) == 0)
                deliver_beside(&h, &steps[order[i]], &steps[order[i + 1]]);
            deliver(&h, &steps[order[i]]);
            if (chance_below(3) == 0)
                deliver_too_late(&h, &steps[order[i]]);
        }
        pay_back_the_rest(&h);
        posted += h.posted;
        refused += h.refused;
        beside += h.beside;
        arena_free(h.arena);
    }
    print_message("  %d histories: %zu notes, %zu stopped, %zu waited for another\n", HISTORIES,
                  posted, refused, beside);
    assert_true(posted > 3 * HISTORIES / 2 && refused > HISTORIES / 10);
    assert_true(beside > HISTORIES / 50);
    support_rules_free(rules);
}

/* The steps that are left, each in turn as the next one; at the end of each way the order is empty. */
static size_t arrive(const struct history *before, const struct step steps[], size_t count,
                     unsigned delivered)
{
    size_t ways = 0;
    for (size_t i = 0; i < count; i++) {
        if (delivered & (1U << i))
            continue;
        struct history h = *before;
        struct step copy[PERMUTED_STEPS];
        memcpy(copy, steps, count * sizeof *copy);
        deliver(&h, &copy[i]);
        ways += arrive(&h, copy, count, delivered | (1U << i));
    }
    if (delivered + 1 != 1U << count)
        return ways;
    struct history h = *before;
    pay_back_the_rest(&h);
    return 1;
}

static void test_every_order_of_arrival(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    size_t ways = 0;
    for (size_t n = 0; n < PERMUTED; n++) {
        chance = 500000 + n;
        struct history h = {.arena = arena_new(SUPPORT_ARENA * 16), .rules = rules};
        struct step steps[PERMUTED_STEPS];
        make_order(&h);
        for (size_t i = 0; i < PERMUTED_STEPS; i++)
            make_step(&h, &steps[i], i);
        ways += arrive(&h, steps, PERMUTED_STEPS, 0);
        arena_free(h.arena);
    }
    print_message("  %zu ways\n", ways);
    assert_int_equal(ways, PERMUTED * 24);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories),
                                       cmocka_unit_test(test_every_order_of_arrival)};
    return cmocka_run_group_tests_name("refund_property", tests, NULL, NULL);
}
