/* From facts to a plan: what is asked, in which order, and what the ledger's state makes of a
 * refund. */
#include "test_refund_support.h"

#include <errno.h>
#include <string.h>

#include "domain/ledger/ledger_fold.h"
#include "refund_facts.h"
#include "refund_flow.h"
#include "refund_key.h"
#include "refund_summary.h"

static struct arena *memory;
static struct order_rules *rules;

struct desk {
    struct refund_event *event;
    struct ledger_entry *entry; /* NULL: the order has none */
    struct ledger_credit records[4];
    size_t record_count;
    struct ledger_fold fold;
    const struct ledger_kept *kept;
    int64_t now_ms, first_seen_ms;
    struct fact facts[2];
    size_t fact_count;
    struct flow_key key;
    struct flow_plan plan;
};

static struct desk desk_open(void)
{
    memory = arena_new(SUPPORT_ARENA);
    return (struct desk){.event = refund_event(memory), .entry = refund_entry(memory)};
}

static void desk_close(void)
{
    arena_free(memory);
}

static struct ledger_credit *record(struct desk *d, const char *refund_id, enum credit_state state)
{
    struct ledger_credit *r = &d->records[d->record_count++];
    *r = (struct ledger_credit){.key = arena_printf(memory, "01/refunds/shopify/uk/%s", refund_id),
                                .order = "01/shopify/uk/1001",
                                .company = "01",
                                .channel = "shopify",
                                .store = "uk",
                                .order_id = "1001",
                                .refund_id = refund_id,
                                .state = state,
                                .document = state == CREDIT_CREDITED ? "CN" : NULL,
                                .currency = "GBP",
                                .at = 1795176000000,
                                .event_time = 1795176000000};
    return r;
}

/* The shirt. */
static struct ledger_credit *takes_shirt(struct ledger_credit *r)
{
    static struct ledger_credit_tax tax = {200000, 417};
    static struct ledger_credit_part part = {
        .what = CREDIT_AT_LINE, .number = 2, .quantity = 1, .gross_minor = 2500};
    part.taxes.items = &tax;
    part.taxes.count = 1;
    r->parts.items = &part;
    r->parts.count = 1;
    r->amount_minor = 2500;
    r->tax_minor = 417;
    return r;
}

static void look_at_nothing(void *user, struct fact *fact)
{
    (void)user;
    (void)fact;
}

static void decide(struct desk *d)
{
    const char *detail = NULL;
    const struct flow_known known = {look_at_nothing, NULL, d->now_ms, d->first_seen_ms};
    assert_int_equal(refund_key(d->event, rules, memory, &d->key, &detail), PF_OK);
    assert_int_equal(refund_flow_decide(d->event, &d->key, rules, d->facts, d->fact_count, &known,
                                        memory, &d->plan),
                     0);
}

/* The runtime's answer to what is asked. */
static void answer_credit(struct desk *d)
{
    assert_int_equal(ledger_fold(d->entry, d->records, d->record_count,
                                 "01/refunds/shopify/uk/9001", memory, &d->fold),
                     0);
    d->facts[0] = (struct fact){
        .kind = FACT_CREDIT, .state = FACT_KNOWN, .credit = &d->fold, .kept = d->kept};
    d->fact_count = 1;
}

static void decide_with_credit(struct desk *d)
{
    answer_credit(d);
    decide(d);
}

static void test_credit_is_asked_first(void **state)
{
    (void)state;
    struct desk d = desk_open();
    decide(&d);
    assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(d.plan.fact_count, 1);
    assert_int_equal(d.plan.facts[0].kind, FACT_CREDIT);
    assert_int_equal(d.plan.facts[0].state, FACT_UNASKED);
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_SENDS);
    assert_int_equal(d.plan.outcome, OUTCOME_POSTED);
    assert_int_equal(d.plan.code_count, 0);
    assert_non_null(strstr(d.plan.request, "201R9001"));
    desk_close();
}

/* What the runtime knows without asking is not asked for. */
static void look_at_credit(void *user, struct fact *fact)
{
    struct desk *d = user;
    if (fact->kind == FACT_CREDIT)
        *fact = d->facts[0];
}

static void test_what_is_known_is_not_asked(void **state)
{
    (void)state;
    struct desk d = desk_open();
    const struct flow_known known = {look_at_credit, &d, 0, 0};
    const char *detail = NULL;
    answer_credit(&d);
    assert_int_equal(refund_key(d.event, rules, memory, &d.key, &detail), PF_OK);
    assert_int_equal(refund_flow_decide(d.event, &d.key, rules, NULL, 0, &known, memory, &d.plan),
                     0);
    assert_int_equal(d.plan.verdict, FLOW_SENDS);
    desk_close();
}

static void test_units_that_never_left(void **state)
{
    static const struct {
        const char *name;
        enum fact_state state;
        const char *status;
        int verdict;
        enum pf_error code;
    } rows[] = {
        {"the order is cancelled", FACT_KNOWN, "Cancelled", FLOW_DEAD_LETTERS,
         PF_E_order_cancelled_in_prima},
        {"... in other letters", FACT_KNOWN, "CANCELLED", FLOW_DEAD_LETTERS,
         PF_E_order_cancelled_in_prima},
        {"it is there", FACT_KNOWN, "Part Despatched", FLOW_SENDS, PF_OK},
        {"Prima lacks it: its refusal will say so", FACT_ABSENT, NULL, FLOW_SENDS, PF_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct desk d = desk_open();
        d.event->lines.items[0].restock = RESTOCK_CANCEL;
        decide_with_credit(&d);
        assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS);
        assert_int_equal(d.plan.fact_count, 2);
        assert_int_equal(d.plan.facts[0].kind, FACT_CREDIT);
        assert_int_equal(d.plan.facts[0].state, FACT_KNOWN);
        assert_ptr_equal(d.plan.facts[0].credit, &d.fold);
        assert_int_equal(d.plan.facts[1].kind, FACT_STATUS);
        assert_int_equal(d.plan.facts[1].asks, PRIMA_ORDER_STATUS);
        assert_string_equal(d.plan.facts[1].document, "2011001");
        memcpy(d.facts, d.plan.facts, sizeof d.facts);
        d.fact_count = 2;
        decide(&d);
        assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS); /* it is still not known */
        d.facts[1].state = rows[i].state;
        d.facts[1].status = rows[i].status;
        decide(&d);
        assert_int_equal(d.plan.verdict, rows[i].verdict);
        assert_int_equal(d.plan.code_count > 0 ? d.plan.codes[0] : PF_OK, rows[i].code);
        d.facts[0] = (struct fact){.kind = FACT_CREDIT}; /* what remains has changed meanwhile */
        decide(&d);
        assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS);
        assert_int_equal(d.plan.fact_count, 2); /* and Prima need not be asked again */
        assert_int_equal(d.plan.facts[0].state, FACT_UNASKED);
        assert_int_equal(d.plan.facts[1].kind, FACT_STATUS);
        assert_int_equal(d.plan.facts[1].state, rows[i].state);
        desk_close();
    }
}

/* ---- the ledger's state ---- */

static void as_it_is(struct desk *d)
{
    (void)d;
}
static void no_order(struct desk *d)
{
    d->entry = NULL;
}
static void unposted(struct desk *d)
{
    no_order(d);
    record(d, "", CREDIT_UNPOSTED)->outcome = "cancelled_before_posting";
}
static void unposted_and_imported(struct desk *d)
{
    record(d, "", CREDIT_UNPOSTED)->outcome = "ignored_before_cutover";
}
static void credited(struct desk *d)
{
    (void)takes_shirt(record(d, "9001", CREDIT_CREDITED));
}
static void credited_of_a_lost_entry(struct desk *d)
{
    no_order(d);
    credited(d);
}
static void credited_without_place(struct desk *d)
{
    credited(d);
    d->records[0].currency = "EUR";
}
static void own_open(struct desk *d)
{
    (void)takes_shirt(record(d, "9001", CREDIT_OPEN));
}
static void other_credited(struct desk *d)
{
    (void)takes_shirt(record(d, "9002", CREDIT_CREDITED));
}
static void other_open(struct desk *d)
{
    (void)takes_shirt(record(d, "9002", CREDIT_OPEN));
}
static void other_open_with_all(struct desk *d)
{
    record(d, "9002", CREDIT_OPEN)->all = true;
}
static void other_reserved(struct desk *d)
{
    static const int64_t tax[] = {417};
    static const struct credit_part part = {1, 1, 2500, tax};
    static const struct credit credit = {&part, 1, 0};
    static const struct ledger_kept kept = {.credits = &credit, .count = 1};
    d->kept = &kept;
}
static void other_credited_without_place(struct desk *d)
{
    other_credited(d);
    d->records[0].currency = "EUR";
}
static void old_edit(struct desk *d)
{
    d->event->kind = REFUND_KIND_EDIT;
    d->event->created_at = d->entry->event_time;
}
static void pending_for_long(struct desk *d)
{
    d->event->transactions.items[0].status = TRANSACTION_PENDING;
    d->event->succeeded.shop_minor = 0;
    d->first_seen_ms = 1795180000000;
    d->now_ms = d->first_seen_ms + 12 * 3600000; /* refunds.pending_max_age */
}
static void pending_for_a_while(struct desk *d)
{
    pending_for_long(d);
    d->now_ms--;
}
static void more_is_credited_than_posted(struct desk *d)
{
    d->entry->lines.items[0].credited_minor = 9999;
}
static void late(struct desk *d)
{
    d->first_seen_ms = d->now_ms = 1795176000000 + 15LL * 86400000;
}
static void tax_capped(struct desk *d)
{
    struct money_set *tax = arena_alloc(memory, sizeof *tax);
    assert_non_null(tax);
    *tax = (struct money_set)SHOP(402);
    d->event->lines.items[0] =
        (struct refund_line){.line_id = "L1", .quantity = 1, .amount = SHOP(1200), .tax = tax};
    refund_paid(d->event, memory, 1200);
}

static void test_states(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct desk *);
        int verdict, outcome;
        enum pf_error code;
        const char *says;
    } rows[] = {
        {"the shirt", as_it_is, FLOW_SENDS, OUTCOME_POSTED, PF_OK, NULL},
        {"no order", no_order, FLOW_WAITS, 0, PF_E_refund_order_missing, "has not been posted"},
        {"an order that was never posted", unposted, FLOW_SETTLES, OUTCOME_NOTHING_TO_CREDIT, PF_OK,
         "its order ended as cancelled_before_posting"},
        {"... that was imported later", unposted_and_imported, FLOW_SENDS, OUTCOME_POSTED, PF_OK,
         NULL},
        {"its own note", credited, FLOW_SETTLES, OUTCOME_DUPLICATE, PF_OK, NULL},
        {"... of an entry that is gone", credited_of_a_lost_entry, FLOW_SETTLES, OUTCOME_DUPLICATE,
         PF_OK, NULL},
        {"... that does not fit the entry", credited_without_place, FLOW_SETTLES, OUTCOME_DUPLICATE,
         PF_OK, NULL},
        {"its own note may exist", own_open, FLOW_WAITS, 0, PF_E_refund_waits_for_refund,
         "its own credit note"},
        {"another one's note", other_credited, FLOW_DEAD_LETTERS, 0, PF_E_refund_exceeds_creditable,
         "0 remain"},
        {"another one's note may exist", other_open, FLOW_WAITS, 0, PF_E_refund_waits_for_refund,
         "kept for another refund"},
        {"... and nobody knows with what", other_open_with_all, FLOW_WAITS, 0,
         PF_E_refund_waits_for_refund, "what refund 9002 of the order took"},
        {"another one's is under way", other_reserved, FLOW_WAITS, 0, PF_E_refund_waits_for_refund,
         "kept for another refund"},
        {"another one's note does not fit the entry", other_credited_without_place, FLOW_WAITS, 0,
         PF_E_refund_waits_for_refund, "what refund 9002"},
        {"an edit that was posted", old_edit, FLOW_SETTLES, OUTCOME_CONTAINED, PF_OK, NULL},
        {"pending until refunds.pending_max_age", pending_for_long, FLOW_DEAD_LETTERS, 0,
         PF_E_refund_money_pending, NULL},
        {"... a moment less", pending_for_a_while, FLOW_WAITS, 0, PF_E_refund_money_pending, NULL},
        {"a ledger that does not add up", more_is_credited_than_posted, FLOW_DEAD_LETTERS, 0,
         PF_E_defect, "does not add up"},
        {"a flag", tax_capped, FLOW_SENDS, OUTCOME_POSTED, PF_E_refund_tax_capped, NULL},
        {"a late note", late, FLOW_SENDS, OUTCOME_POSTED, PF_E_refund_note_late, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct desk d = desk_open();
        rows[i].alter(&d);
        const int r = ledger_fold(d.entry, d.records, d.record_count, "01/refunds/shopify/uk/9001",
                                  memory, &d.fold);
        if (rows[i].alter == more_is_credited_than_posted) {
            assert_int_equal(r, -EBADMSG);
            d.fold = (struct ledger_fold){.entry = d.entry};
        }
        d.facts[0] = (struct fact){
            .kind = FACT_CREDIT, .state = FACT_KNOWN, .credit = &d.fold, .kept = d.kept};
        d.fact_count = 1;
        decide(&d);
        const enum pf_error code = d.plan.code_count > 0 ? d.plan.codes[0] : PF_OK;
        if ((int)d.plan.verdict != rows[i].verdict || code != rows[i].code)
            fail_msg("verdict %d, %s: %s", (int)d.plan.verdict, pf_error_info(code)->name,
                     d.plan.detail != NULL ? d.plan.detail : "");
        if (d.plan.verdict == FLOW_SENDS || d.plan.verdict == FLOW_SETTLES)
            assert_int_equal(d.plan.outcome, rows[i].outcome);
        if (rows[i].says != NULL &&
            (d.plan.detail == NULL || strstr(d.plan.detail, rows[i].says) == NULL))
            fail_msg("it says: %s", d.plan.detail);
        desk_close();
    }
}

/* ---- what is stored ---- */

static void read_summary(const struct desk *d, struct refund_summary *ret_summary,
                         struct ledger_credit *ret_takes)
{
    assert_int_equal(
        refund_summary_read(d->plan.summary, d->plan.summary_size, memory, ret_summary, ret_takes),
        0);
}

static void test_summary_of_a_note(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct refund_summary s;
    struct ledger_credit takes;
    late(&d);
    decide_with_credit(&d);
    read_summary(&d, &s, &takes);
    assert_null(s.order_number); /* as the key says */
    assert_true(s.has_note && s.has_days_left);
    assert_int_equal(s.refund_date, 20261120);
    assert_int_equal(s.post_date, 20261120);
    assert_int_equal(s.days_left, -1);
    assert_int_equal(s.flags.items[0].code, PF_E_refund_note_late);
    assert_int_equal(s.proof.lines_minor, 2500);
    assert_int_equal(s.proof.tax_minor, 417);
    assert_int_equal(s.proof.money_minor, 2500);
    assert_int_equal(s.money_told, 2500);
    assert_int_equal(s.remaining.gross_minor, 2750);
    assert_int_equal(s.remaining.tax_minor, 458);
    assert_int_equal(takes.amount_minor, 2500);
    assert_int_equal(takes.parts.items[0].number, 2);
    assert_int_equal(takes.tenders.items[0].amount_minor, 2500);
    assert_string_equal(takes.tenders.items[0].parent_id, "T1");
    desk_close();
    d = desk_open();
    d.entry->order_number = "WEB-77"; /* of an import */
    decide_with_credit(&d);
    read_summary(&d, &s, &takes);
    assert_string_equal(s.order_number, "WEB-77");
    assert_non_null(strstr(d.plan.request, "OrderNumber=\"WEB-77\""));
    desk_close();
}

/* The reservation, put into the ledger by its summary, takes what was decided. */
static void test_what_it_takes_is_what_it_takes(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct ledger_credit takes;
    struct ledger_kept kept;
    tax_capped(&d);
    decide_with_credit(&d);
    assert_int_equal(refund_flow.ledger->takes(d.plan.summary, d.plan.summary_size, memory, &takes),
                     0);
    takes.key = "01/refunds/shopify/uk/9001";
    struct ledger_fold others;
    assert_int_equal(ledger_fold(d.entry, NULL, 0, "01/refunds/shopify/uk/9002", memory, &others),
                     0);
    assert_int_equal(ledger_keep(&others, &takes, 1, memory, &kept), 0);
    assert_int_equal(kept.count, 1);
    assert_false(kept.is_all);
    assert_int_equal(kept.credits[0].parts[0].place, 0);
    assert_int_equal(kept.credits[0].parts[0].gross, 1200);
    assert_int_equal(kept.credits[0].parts[0].taxes[0], 400);
    desk_close();
}

/* An edit without money: what it took away is in its settlement's summary; it may say so again, and
 * differently. */
static void test_edits_without_money(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct refund_summary s;
    struct ledger_credit takes;
    d.event->kind = REFUND_KIND_EDIT;
    d.event->lines.items[0].line_id = "L1";
    refund_paid(d.event, memory, 0);
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_SETTLES);
    assert_int_equal(d.plan.outcome, OUTCOME_NO_MONEY);
    read_summary(&d, &s, &takes);
    assert_false(s.has_note || s.was_owed);
    assert_int_equal(takes.state, CREDIT_OWED);
    assert_int_equal(takes.taken.items[0].number, 1);
    assert_int_equal(takes.taken.items[0].units, 1);

    /* the ledger has that record now, and the next version of the same edit pays for it */
    struct ledger_credit *owed = record(&d, "9001", CREDIT_OWED);
    owed->taken.items = takes.taken.items;
    owed->taken.count = 1;
    d.event->lines.items[0].quantity = 2;
    d.event->lines.items[0].amount.shop_minor = 2400;
    d.event->lines.items[0].tax = NULL;
    refund_paid(d.event, memory, 2400);
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_SENDS);
    read_summary(&d, &s, &takes);
    assert_int_equal(takes.parts.items[0].what, CREDIT_AT_LINE);
    assert_int_equal(takes.parts.items[0].quantity, 2);

    /* ... or is deleted: nothing is owed any more, and that has to be said */
    d.event->deleted = true;
    decide_with_credit(&d);
    assert_int_equal(d.plan.outcome, OUTCOME_NO_MONEY);
    read_summary(&d, &s, &takes);
    assert_true(s.was_owed);
    assert_true(d.plan.owes);
    assert_int_equal(takes.taken.count, 0);
    desk_close();
}

/* What edits have left owed stands in the ledger before anything is credited behind it. */
static void test_owed_is_read_first(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct ledger_kept others = {.is_unread = true}, own = {.is_own_unread = true};
    d.kept = &others;
    d.now_ms = 1795200000000;
    d.first_seen_ms = d.now_ms - 120000;
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS);
    assert_int_equal(d.plan.fact_count, 1);
    assert_int_equal(d.plan.facts[0].state, FACT_UNASKED);
    assert_true(d.plan.facts[0].reads_owed);
    d.first_seen_ms--; /* whoever should write it has died, and not come back */
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_WAITS);
    assert_int_equal(d.plan.codes[0], PF_E_refund_waits_for_refund);
    d.first_seen_ms++;

    /* another edit takes no credit, and waits for its own former self alone */
    d.event->kind = REFUND_KIND_EDIT;
    refund_paid(d.event, memory, 0);
    decide_with_credit(&d);
    assert_int_equal(d.plan.outcome, OUTCOME_NO_MONEY);
    assert_true(d.plan.owes);
    d.kept = &own;
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_NEEDS_FACTS);
    assert_true(d.plan.facts[0].reads_owed);

    /* what takes nothing away leaves nothing owed */
    d.kept = NULL;
    d.event->deleted = true;
    decide_with_credit(&d);
    assert_int_equal(d.plan.outcome, OUTCOME_NO_MONEY);
    assert_false(d.plan.owes);
    desk_close();
}

static void test_an_older_version_of_an_edit(void **state)
{
    (void)state;
    struct desk d = desk_open();
    struct ledger_credit *owed = record(&d, "9001", CREDIT_OWED);
    owed->source_version = 8;
    d.event->source_version = 7;
    decide_with_credit(&d);
    assert_int_equal(d.plan.verdict, FLOW_SETTLES);
    assert_int_equal(d.plan.outcome, OUTCOME_SUPERSEDED);
    assert_false(d.plan.owes);
    d.event->source_version = 8;
    decide_with_credit(&d);
    assert_int_equal(d.plan.outcome, OUTCOME_POSTED);
    desk_close();
}

static void test_reloaded_rules(void **state)
{
    (void)state;
    static char key[4200];
    (void)snprintf(
        key, sizeof key, "orders.mappings=%s",
        support_mappings_copy("channels.yaml",
                              "channels:\n  - {channel: other, store: uk, company: \"01\", prefix: "
                              "\"201\", accounts: {unresolved: X}}\n"));
    struct order_rules *own = support_rules((const char *const[]){key, NULL});
    struct desk d = desk_open();
    decide_with_credit(&d);
    assert_int_equal(refund_flow_decide(d.event, &d.key, own, d.facts, 1, NULL, memory, &d.plan),
                     0);
    assert_int_equal(d.plan.verdict, FLOW_DEAD_LETTERS);
    assert_int_equal(d.plan.codes[0], PF_E_company_unmapped);
    desk_close();
    support_rules_free(own);
}

static void test_settings(void **state)
{
    (void)state;
    struct order_rules *own = support_rules((const char *const[]){
        "refunds.pending_max_age=1m", "prima.credit_note_restocks=false", NULL});
    struct desk d = desk_open();
    decide_with_credit(&d);
    assert_non_null(strstr(d.plan.request, "Restock=\"Yes\""));
    assert_int_equal(refund_flow_decide(d.event, &d.key, own, d.facts, 1, NULL, memory, &d.plan),
                     0);
    assert_non_null(strstr(d.plan.request, "Restock=\"No\""));
    pending_for_long(&d);
    const struct flow_known known = {look_at_nothing, NULL, d.first_seen_ms + 60000,
                                     d.first_seen_ms};
    assert_int_equal(refund_flow_decide(d.event, &d.key, own, d.facts, 1, &known, memory, &d.plan),
                     0);
    assert_int_equal(d.plan.verdict, FLOW_DEAD_LETTERS);
    desk_close();
    support_rules_free(own);
}

/* Whether the note is there is asked by the name that is configured, and by the note's number. */
static void test_status_request(void **state)
{
    (void)state;
    struct order_rules *own =
        support_rules((const char *const[]){"prima.name.credit_note_status=CrnStatus", NULL});
    struct buf request;
    buf_init(&request, 4096);
    const struct flow_key key = {.document = "201R9001"};
    assert_int_equal(refund_flow.status_request(&key, own, &request), 0);
    buf_byte(&request, 0);
    assert_non_null(strstr(request.data, "CrnStatus"));
    assert_non_null(strstr(request.data, "201R9001"));
    buf_release(&request);
    support_rules_free(own);
}

/* An arena that is full: no plan, and never half of one. */
static void test_no_memory(void **state)
{
    (void)state;
    bool was_full = false, is_made = false;
    struct desk d = desk_open();
    decide_with_credit(&d);
    for (size_t size = 64; size < 1 << 20 && !is_made; size += 64) {
        struct arena *small = arena_new(size);
        struct flow_plan plan = {.verdict = FLOW_WAITS, .summary_size = 77};
        const int r = refund_flow_decide(d.event, &d.key, rules, d.facts, 1, NULL, small, &plan);
        assert_true(r == 0 || r == -ENOMEM);
        was_full |= r == -ENOMEM;
        is_made = r == 0;
        if (is_made) {
            assert_int_equal(plan.verdict, FLOW_SENDS);
            assert_int_equal(plan.summary_size, d.plan.summary_size);
            assert_memory_equal(plan.summary, d.plan.summary, plan.summary_size);
            assert_int_equal(plan.request_size, d.plan.request_size);
        }
        arena_free(small);
    }
    assert_true(was_full && is_made);
    desk_close();
}

static int load_rules(void **state)
{
    (void)state;
    rules = support_rules(NULL);
    return 0;
}

static int free_rules(void **state)
{
    (void)state;
    support_rules_free(rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credit_is_asked_first),
        cmocka_unit_test(test_what_is_known_is_not_asked),
        cmocka_unit_test(test_units_that_never_left),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_summary_of_a_note),
        cmocka_unit_test(test_what_it_takes_is_what_it_takes),
        cmocka_unit_test(test_edits_without_money),
        cmocka_unit_test(test_owed_is_read_first),
        cmocka_unit_test(test_an_older_version_of_an_edit),
        cmocka_unit_test(test_reloaded_rules),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_status_request),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("refund_facts", tests, load_rules, free_rules);
}
