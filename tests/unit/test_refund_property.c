/* Random histories of an order and its refunds, in every order of arrival, against a plain model that
 * shares no code with the program (refund_model.h): what each note comes to, per line and in tax, that
 * nothing is ever credited beyond what was posted, and that an order which was paid back whole sums
 * to zero in money and in tax. A penny moved anywhere in a note is found. */
#include "test_refund_support.h"

#include "../support/chance.h"
#include "refund_model.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 1000, STEPS_MAX = 10, DELIVERIES_MAX = 3 * STEPS_MAX };

/* ---- the note, read back ---- */

struct sums {
    int64_t units, amount, tax;
};
struct read_note {
    struct sums lines[MODEL_LINES_MAX], carriage, order;
    int64_t paid;
};

static int64_t pence_of(xmlNode *node, const char *name)
{
    char *text = (char *)xmlGetProp(node, (const xmlChar *)name);
    assert_non_null(text);
    char *point = strchr(text, '.');
    int64_t minor = strtoll(text, NULL, 10) * 100;
    if (point != NULL) {
        assert_int_equal(strlen(point + 1), 2);
        minor += strtoll(point + 1, NULL, 10);
    }
    assert_true(*text != '-');
    xmlFree(text);
    return minor;
}

static int64_t whole_of(xmlNode *node, const char *name)
{
    char *text = (char *)xmlGetProp(node, (const xmlChar *)name);
    assert_non_null(text);
    const int64_t value = strtoll(text, NULL, 10);
    xmlFree(text);
    return value;
}

/* As Prima adds it up; gross, whatever VatInclusive says. */
static void read_back(const char *request, size_t size, bool net, struct read_note *ret)
{
    xmlDoc *doc = xmlReadMemory(request, (int)size, NULL, NULL, 0);
    assert_non_null(doc);
    struct read_note note = {.paid = 0};
    for (xmlNode *n = xmlDocGetRootElement(doc)->children->children; n != NULL; n = n->next) {
        if (strcmp((const char *)n->name, "CreditLineData") == 0) {
            const int64_t number = whole_of(n, "OrderLine"), units = whole_of(n, "Quantity"),
                          tax = pence_of(n, "TaxValue");
            assert_true(number >= 1 && number <= MODEL_LINES_MAX);
            struct sums *line = &note.lines[number - 1];
            line->units += units;
            line->amount += (units == 0 ? 1 : units) * pence_of(n, "Price") + (net ? tax : 0);
            line->tax += tax;
        } else if (strcmp((const char *)n->name, "CreditChargeData") == 0) {
            char *code = (char *)xmlGetProp(n, (const xmlChar *)"Charge");
            struct sums *charge = strcmp(code, "CARR") == 0 ? &note.carriage : &note.order;
            const int64_t tax = pence_of(n, "TaxValue");
            charge->amount += pence_of(n, "ChargeValue") + (net ? tax : 0);
            charge->tax += tax;
            xmlFree(code);
        } else {
            note.paid += pence_of(n, "TranAmount");
        }
    }
    xmlFreeDoc(doc);
    *ret = note;
}

/* What differs from the model's note: NULL, nothing. */
static const char *compare(const struct read_note *note, const struct model_note *wanted,
                           int64_t money)
{
    int64_t gross = 0;
    for (size_t i = 0; i < MODEL_LINES_MAX; i++) {
        if (note->lines[i].units != wanted->lines[i].units)
            return "units of a line";
        if (note->lines[i].amount != wanted->lines[i].gross)
            return "a line's amount";
        if (note->lines[i].tax != wanted->lines[i].tax)
            return "a line's tax";
        gross += note->lines[i].amount;
    }
    if (note->carriage.amount != wanted->carriage.gross)
        return "carriage";
    if (note->carriage.tax != wanted->carriage.tax)
        return "carriage's tax";
    if (note->order.amount != wanted->order.gross)
        return "the amount for the order";
    if (note->order.tax != wanted->order.tax)
        return "the tax of the amount for the order";
    gross += note->carriage.amount + note->order.amount;
    return note->paid != money ? "the payments" : gross != money ? "the balance" : NULL;
}

/* Moves one penny, each in its turn; the request is put back. */
static void move_pennies(const char *request, size_t size, bool net,
                         const struct model_note *wanted, int64_t money)
{
    static const char *const names[] = {" Price=\"", " TaxValue=\"", " ChargeValue=\"",
                                        " TranAmount=\"", " Quantity=\""};
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        memcpy(copy, request, size);
        copy[size] = '\0';
        for (char *at = copy; (at = strstr(at, names[k])) != NULL;) {
            at += strlen(names[k]);
            char *last = at + strcspn(at, "\"") - 1;
            const char was = *last;
            struct read_note note;
            *last = was == '9' ? '8' : (char)(was + 1);
            read_back(copy, size, net, &note);
            if (compare(&note, wanted, money) == NULL)
                fail_msg("a penny moved in%s is not found", names[k]);
            *last = was;
        }
    }
    free(copy);
}

/* ---- an order ---- */

struct history {
    struct arena *arena;
    struct order_rules *rules;
    struct ledger_entry entry;
    struct model model;
    bool net, one_rate;
    size_t posted, refused;
    int64_t credited, credited_tax;
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
    STEP_AMOUNT, /* of a line, no unit */
    STEP_FEE,
    STEP_CARRIAGE,
    STEP_GOODWILL,
    STEP_TAX,
    STEP_EDIT,
    STEP_MONEY,
    STEP_TOO_MUCH,
    STEP_KINDS
};

struct step {
    enum step_kind kind;
    struct refund_event event;
    struct model_part part;
    int64_t for_order, money, tax;
    bool is_settled;
};

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

static void make_step(struct history *h, struct step *s, size_t number)
{
    const size_t at = (size_t)chance_below((int64_t)h->entry.lines.count);
    const struct model_place *place = &h->model.lines[at];
    const int64_t ppm = h->model.rates[place->rate].ppm,
                  unit = h->entry.lines.items[at].amount_minor / place->sold;
    *s = (struct step){.kind = (enum step_kind)chance_below(STEP_KINDS),
                       .event = *refund_event(h->arena)};
    s->event.refund_id = arena_printf(h->arena, "r%zu", number);
    s->event.created_at = h->entry.event_time + 1 + chance_below(1000000);
    s->part = (struct model_part){.line = at, .tax = -1};
    switch (s->kind) {
    case STEP_UNITS:
    case STEP_FEE:
    case STEP_AMOUNT:
    case STEP_TOO_MUCH:
        s->part.units = s->kind == STEP_AMOUNT ? 0 : 1 + chance_below(place->sold);
        s->part.gross = s->kind == STEP_AMOUNT ? 1 + chance_below(unit + 1)
                                               : s->part.units * unit + chance_below(3);
        if (s->kind == STEP_TOO_MUCH)
            s->part.gross += 20000 * 4;
        /* the channel's own rounding; in net prices it always says the tax */
        if (h->net || chance_below(3) > 0)
            s->part.tax = tax_in(s->part.gross, ppm) + chance_below(2);
        if (s->part.tax > s->part.gross)
            s->part.tax = s->part.gross;
        s->money = s->part.gross;
        tell_line(h, s, s->part.gross);
        break;
    case STEP_CARRIAGE:
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
        break;
    case STEP_GOODWILL:
        s->event.lines.count = 0;
        s->event.order_amount = money_set(h->arena, 1 + chance_below(1500));
        s->for_order = s->money = s->event.order_amount->shop_minor;
        break;
    case STEP_TAX:
        s->event.lines.count = 0;
        s->event.taxes.count = 1;
        s->event.taxes.items = arena_alloc(h->arena, sizeof *s->event.taxes.items);
        s->tax = s->money = 1 + chance_below(300);
        s->event.taxes.items[0] = (struct refund_tax){rates[0], SHOP(s->tax)};
        break;
    case STEP_EDIT:
        s->event.kind = REFUND_KIND_EDIT;
        s->part.units = 1;
        tell_line(h, s, unit);
        break;
    default:
        s->event.lines.count = 0;
        s->for_order = s->money = 1 + chance_below(3000);
        break;
    }
    if (s->kind == STEP_FEE && s->part.gross > 1) { /* off the line, and its tax with it */
        const int64_t fee = 1 + chance_below(s->part.gross - 1);
        s->event.adjustments.count = 1;
        s->event.adjustments.items = arena_alloc(h->arena, sizeof *s->event.adjustments.items);
        s->event.adjustments.items[0] = (struct refund_adjustment){
            ADJUSTMENT_OTHER, SHOP(chance_below(2) == 0 ? fee : -fee), NULL};
        if (s->part.tax >= 0)
            s->part.tax =
                (2 * s->part.tax * (s->part.gross - fee) + s->part.gross) / (2 * s->part.gross);
        s->part.gross -= fee;
        s->money -= fee;
    }
    refund_paid(&s->event, h->arena, s->money);
}

/* ---- one delivery ---- */

static struct model_note model_of(struct history *h, const struct step *s)
{
    if (s->kind == STEP_TAX)
        return model_tax_alone(&h->model, rates[0], s->tax);
    if (s->kind == STEP_GOODWILL || s->kind == STEP_MONEY)
        return model_refund(&h->model, NULL, 0, s->for_order, s->kind == STEP_MONEY);
    return model_refund(&h->model, &s->part, 1, 0, false);
}

static void apply(struct history *h, const struct step *s, const struct refund_plan *plan)
{
    struct ledger_entry next;
    const struct credit_note_posted note = {s->event.refund_id, s->event.refund_id, 1,
                                            plan->tenders, plan->tender_count};
    assert_int_equal(ledger_apply(&h->entry, &plan->credit, &note, h->arena, &next), 0);
    h->entry = next;
    h->credited += s->money;
    h->credited_tax += plan->proof.tax_minor;
    h->posted++;
}

static void check_note(struct history *h, const struct step *s, const struct refund_plan *plan,
                       const struct model_note *wanted)
{
    struct read_note note;
    read_back(plan->request, plan->request_size, h->net, &note);
    const char *differs = compare(&note, wanted, s->money);
    if (differs != NULL)
        fail_msg("step %d: %s", (int)s->kind, differs);
    if (chance_below(10) == 0)
        move_pennies(plan->request, plan->request_size, h->net, wanted, s->money);
}

static void deliver(struct history *h, struct step *s)
{
    const struct refund_known known = refund_known_of(&h->entry);
    const struct refund_plan plan = refund_plan_of(&s->event, h->rules, &known, h->arena);
    if (s->is_settled && s->kind != STEP_EDIT) { /* a resend */
        assert_int_equal(plan.verdict, REFUND_SETTLES);
        assert_int_equal(plan.outcome, OUTCOME_DUPLICATE);
        return;
    }
    if (s->kind == STEP_EDIT) {
        struct ledger_entry next;
        assert_int_equal(plan.verdict, REFUND_SETTLES);
        assert_int_equal(plan.outcome, OUTCOME_NO_MONEY);
        const int r = ledger_owe(&h->entry, s->event.refund_id, s->event.created_at, plan.taken,
                                 plan.taken_count, h->arena, &next);
        if (!s->is_settled)
            model_edit(&h->model, s->part.line, s->part.units, s->event.created_at);
        assert_true(r == 0 || (s->is_settled && r == -EEXIST));
        if (r == 0)
            h->entry = next;
        s->is_settled = true;
        return;
    }
    const struct model_note wanted = model_of(h, s);
    if ((plan.verdict == REFUND_SENDS) != wanted.is_posted)
        fail_msg("step %d: the model says %s: %s", (int)s->kind,
                 wanted.is_posted ? "posted" : "not posted",
                 plan.detail != NULL ? plan.detail : "");
    if (!wanted.is_posted) {
        assert_int_equal(plan.verdict, REFUND_DEAD_LETTERS);
        assert_int_equal(plan.flags.items[0].code, PF_E_refund_exceeds_creditable);
        h->refused++;
        return;
    }
    check_note(h, s, &plan, &wanted);
    apply(h, s, &plan);
    assert_true(plan.remaining.gross_minor == model_gross(&h->model));
    assert_true(plan.remaining.tax_minor == model_tax(&h->model));
    s->is_settled = true;
}

/* A version that is not final, or came before its order: nothing happens but waiting. */
static void deliver_too_early(struct history *h, const struct step *s)
{
    struct refund_known known = refund_known_of(&h->entry);
    struct refund_event event = s->event;
    struct refund_plan plan;
    if (s->is_settled || s->kind == STEP_EDIT)
        return;
    if (chance_below(2) == 0) {
        known.order = REFUND_ORDER_UNSEEN;
        plan = refund_plan_of(&event, h->rules, &known, h->arena);
        assert_int_equal(plan.verdict, REFUND_WAITS);
        assert_int_equal(plan.flags.items[0].code, PF_E_refund_order_missing);
        return;
    }
    const enum transaction_status status =
        chance_below(2) == 0 ? TRANSACTION_PENDING : TRANSACTION_FAILED;
    struct refund_transaction transaction = event.transactions.items[0];
    transaction.status = status;
    event.transactions.items = &transaction;
    event.succeeded.shop_minor = 0;
    plan = refund_plan_of(&event, h->rules, &known, h->arena);
    assert_int_equal(plan.verdict,
                     status == TRANSACTION_PENDING ? REFUND_WAITS : REFUND_DEAD_LETTERS);
    assert_int_equal(plan.flags.items[0].code, status == TRANSACTION_PENDING
                                                   ? PF_E_refund_money_pending
                                                   : PF_E_refund_money_failed);
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
    assert_true(h->credited == h->entry.total_minor);
    assert_true(h->credited_tax == h->entry.tax_minor);
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
    size_t posted = 0, refused = 0;
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
            deliver(&h, &steps[order[i]]);
        }
        pay_back_the_rest(&h);
        posted += h.posted;
        refused += h.refused;
        arena_free(h.arena);
    }
    print_message("  %d histories: %zu notes, %zu stopped\n", HISTORIES, posted, refused);
    assert_true(posted > 3 * HISTORIES / 2 && refused > HISTORIES / 10);
    support_rules_free(rules);
}

/* ---- hostile refunds ---- */

static int64_t hostile_minor(void)
{
    static const int64_t edges[] = {0,
                                    1,
                                    -1,
                                    350,
                                    2400,
                                    2500,
                                    INT64_MAX,
                                    INT64_MIN,
                                    INT64_MAX / 2,
                                    INT64_MIN / 2,
                                    INT64_MAX - 1};
    return chance_below(3) == 0 ? edges[chance_below(sizeof edges / sizeof *edges)]
                                : chance_below(6000) - 500;
}

static void fill_hostile(struct refund_event *e, struct arena *arena)
{
    refund_lines(e, arena, (size_t)chance_below(4));
    for (size_t i = 0; i < e->lines.count; i++)
        e->lines.items[i] = (struct refund_line){
            .line_id = chance_below(8) == 0   ? "X"
                       : chance_below(2) == 0 ? "L1"
                                              : "L2",
            .quantity = chance_below(5) == 0 ? INT32_MIN + (int32_t)chance_below(3)
                                             : (int32_t)chance_below(4),
            .restock = (enum restock)chance_below(RESTOCK_COUNT),
            .amount = SHOP(hostile_minor()),
            .tax = chance_below(2) == 0 ? money_set(arena, hostile_minor()) : NULL};
    if (chance_below(3) == 0) {
        e->adjustments.count = 1;
        e->adjustments.items = arena_alloc(arena, sizeof *e->adjustments.items);
        e->adjustments.items[0] = (struct refund_adjustment){
            (enum adjustment_kind)chance_below(ADJUSTMENT_KIND_COUNT), SHOP(hostile_minor()),
            chance_below(2) == 0 ? money_set(arena, hostile_minor()) : NULL};
    }
    if (chance_below(3) == 0) {
        e->charges.count = 1;
        e->charges.items = arena_alloc(arena, sizeof *e->charges.items);
        e->charges.items[0] =
            (struct refund_charge){.kind = CHARGE_CASH_ROUNDING, .amount = SHOP(hostile_minor())};
    }
    if (chance_below(4) == 0)
        e->order_amount = money_set(arena, hostile_minor());
    if (chance_below(5) == 0)
        e->set_off.shop_minor = hostile_minor();
    refund_paid(e, arena, hostile_minor());
}

/* Whatever it says: a decision, and what is sent balances and fits into what remains. */
static void test_hostile(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    size_t sent = 0;
    chance = 20261129;
    for (size_t n = 0; n < 20000; n++) {
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct ledger_entry *entry = refund_entry(arena);
        struct refund_event *event = refund_event(arena);
        struct ledger_balance balance;
        struct ledger_excess excess;
        entry->tax_included = chance_below(2) == 0;
        entry->total_minor += entry->tax_included ? 0 : entry->tax_minor;
        fill_hostile(event, arena);
        const struct refund_known known = refund_known_of(entry);
        const struct refund_plan plan = refund_plan_of(event, rules, &known, arena);
        if (plan.verdict == REFUND_SENDS) {
            assert_int_equal(ledger_balance_read(entry, arena, &balance), 0);
            assert_int_equal(ledger_reserve(&balance, &plan.credit, &excess), 0);
            assert_true(refund_difference(&plan, arena) == 0);
            sent++;
        }
        arena_free(arena);
    }
    print_message("  %zu of 20000 could be posted\n", sent);
    assert_true(sent > 100);
    support_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories),
                                       cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests_name("refund_property", tests, NULL, NULL);
}
