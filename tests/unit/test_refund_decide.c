/* What is done about a refund: a row for each case of the rule book. */
#include "test_refund_support.h"

#include <stdlib.h>
#include <string.h>

static struct arena *memory;
static struct order_rules *rules;

struct scene {
    struct refund_event *event;
    struct ledger_entry *entry;
    struct refund_known known;
};

static struct scene plain(void)
{
    struct scene s = {.event = refund_event(memory), .entry = refund_entry(memory)};
    s.known = refund_known_of(s.entry);
    return s;
}

static void *room(size_t size)
{
    void *p = arena_alloc(memory, size);
    assert_non_null(p);
    return p;
}

static struct money_set *shop(int64_t minor)
{
    struct money_set *set = room(sizeof *set);
    set->shop_minor = minor;
    return set;
}

static void nothing(struct scene *s)
{
    (void)s;
}

/* ---- money ---- */

static void status_of(struct scene *s, enum transaction_status status)
{
    s->event->transactions.items[0].status = status;
    s->event->succeeded.shop_minor = status == TRANSACTION_SUCCEEDED ? 2500 : 0;
}
static void pending(struct scene *s)
{
    status_of(s, TRANSACTION_PENDING);
}
static void unknown_status(struct scene *s)
{
    status_of(s, TRANSACTION_UNKNOWN);
}
static void failed(struct scene *s)
{
    status_of(s, TRANSACTION_FAILED);
}
static void not_told(struct scene *s)
{
    s->event->transactions_told = false;
    s->event->transactions.count = 0;
}
static void pending_too_long(struct scene *s)
{
    pending(s);
    s->known.now_ms = 1795200000000;
    s->known.first_seen_ms = 1795100000000;
    s->known.pending_max_age_ms = 100000000;
}
static void pending_for_a_while(struct scene *s)
{
    pending_too_long(s);
    s->known.pending_max_age_ms++;
}
static void void_only(struct scene *s)
{
    s->event->transactions.items[0].type = TRANSACTION_VOID;
    s->event->succeeded.shop_minor = 0;
}
static void void_of_an_account(struct scene *s)
{
    void_only(s);
    s->entry->outstanding_minor = 2500;
}
static void no_transactions(struct scene *s)
{
    refund_paid(s->event, memory, 0);
}
static void no_transactions_of_another_kind(struct scene *s)
{
    s->event->transactions.items[0].type = TRANSACTION_OTHER;
    s->event->succeeded.shop_minor = 0;
}
static void on_account(struct scene *s)
{
    no_transactions(s);
    s->entry->outstanding_minor = 2500;
}
static void on_account_too_much(struct scene *s)
{
    no_transactions(s);
    s->entry->outstanding_minor = 2499;
}
static void paid_in_part(struct scene *s)
{
    refund_paid(s->event, memory, 1000);
    s->entry->outstanding_minor = 1500;
}
static void part_failed(struct scene *s)
{
    struct refund_transaction *both = room(2 * sizeof *both);
    both[0] = both[1] = s->event->transactions.items[0];
    both[1].status = TRANSACTION_FAILED;
    s->event->transactions.items = both;
    s->event->transactions.count = 2;
}
static void part_failed_elsewhere(struct scene *s)
{
    part_failed(s);
    s->event->transactions.items[1].gateway = "nobody";
}
static void part_pending(struct scene *s)
{
    part_failed(s);
    s->event->transactions.items[1].status = TRANSACTION_PENDING;
}
static void deleted(struct scene *s)
{
    s->event->deleted = true;
}
static void contradicts_itself(struct scene *s)
{
    s->event->succeeded.shop_minor = 2400;
}
static void other_currency(struct scene *s)
{
    s->event->currency = "EUR";
}
static void negative_transaction(struct scene *s)
{
    s->event->transactions.items[0].amount.shop_minor = -2500;
    s->event->succeeded.shop_minor = -2500;
}
static void money_near_the_end(struct scene *s)
{
    part_failed(s);
    for (size_t i = 0; i < 2; i++) {
        s->event->transactions.items[i].status = TRANSACTION_SUCCEEDED;
        s->event->transactions.items[i].amount.shop_minor = INT64_MAX;
    }
}

/* ---- the order ---- */

static void unseen_order(struct scene *s)
{
    s->known.order = REFUND_ORDER_UNSEEN;
}
static void unposted_order(struct scene *s)
{
    s->known.order = REFUND_ORDER_UNPOSTED;
}
static void test_of_no_order(struct scene *s)
{
    unseen_order(s);
    s->event->test = true;
}
static void credited_already(struct scene *s)
{
    struct ledger_note *credit = room(sizeof *credit);
    *credit = (struct ledger_note){.refund_id = "9001", .document = "CN"};
    s->entry->credits.items = credit;
    s->entry->credits.count = 1;
}
static void old_edit(struct scene *s)
{
    s->event->kind = REFUND_KIND_EDIT;
    s->event->created_at = s->entry->event_time;
}
static void new_edit(struct scene *s)
{
    old_edit(s);
    s->event->created_at++;
    no_transactions(s);
}
static void new_edit_with_money(struct scene *s)
{
    old_edit(s);
    s->event->created_at++;
}
static void edit_of_imported_order(struct scene *s)
{
    s->event->kind = REFUND_KIND_EDIT;
    s->entry->event_time = 0;
    s->event->created_at = s->entry->posted_at;
}

/* ---- parts ---- */

static void penny_short(struct scene *s)
{
    refund_paid(s->event, memory, 2499);
}
static void penny_more(struct scene *s)
{
    refund_paid(s->event, memory, 2501);
}
static void pounds_short(struct scene *s)
{
    refund_paid(s->event, memory, 2400);
}
static void pennies_short(struct scene *s)
{
    refund_paid(s->event, memory, 2498);
}
static void strange_line(struct scene *s)
{
    s->event->lines.items[0].line_id = "X7";
}
static void too_many_units(struct scene *s)
{
    s->event->lines.items[0].quantity = 2;
}
static void negative_units(struct scene *s)
{
    s->event->lines.items[0].quantity = -1;
}
static void line_too_dear(struct scene *s)
{
    s->event->lines.items[0].amount.shop_minor = 2600;
    refund_paid(s->event, memory, 2600);
}
static void hundred_times(struct scene *s)
{
    const struct refund_line one = s->event->lines.items[0];
    refund_lines(s->event, memory, 100);
    for (size_t i = 0; i < 100; i++)
        s->event->lines.items[i] = one;
    refund_paid(s->event, memory, 250000);
}
static void more_parts_than_bounds(struct scene *s)
{
    const struct refund_line one = s->event->lines.items[0];
    refund_lines(s->event, memory, 600);
    for (size_t i = 0; i < 600; i++)
        s->event->lines.items[i] = one;
}
static void adjust(struct scene *s, enum adjustment_kind kind, int64_t minor)
{
    struct refund_adjustment *a = room(sizeof *a);
    *a = (struct refund_adjustment){.kind = kind, .amount = SHOP(minor)};
    s->event->adjustments.items = a;
    s->event->adjustments.count = 1;
}
static void fee(struct scene *s)
{
    adjust(s, ADJUSTMENT_RESTOCKING_FEE, 500);
    refund_paid(s->event, memory, 2000);
}
static void fee_with_the_other_sign(struct scene *s)
{
    adjust(s, ADJUSTMENT_RESTOCKING_FEE, -500);
    refund_paid(s->event, memory, 2000);
}
static void more_back(struct scene *s)
{
    adjust(s, ADJUSTMENT_DISCREPANCY, -500);
    refund_paid(s->event, memory, 3000);
}
static void carriage_as_adjustment(struct scene *s)
{
    adjust(s, ADJUSTMENT_CARRIAGE, -350);
    refund_paid(s->event, memory, 2850);
}
/* Shopify's words for it: "taxes that are added to amount", though prices contain tax. */
static void carriage_and_its_tax(struct scene *s)
{
    adjust(s, ADJUSTMENT_CARRIAGE, -292);
    s->event->adjustments.items[0].tax = shop(-58);
    refund_paid(s->event, memory, 2850);
}
static void carriage_that_contains_its_tax(struct scene *s)
{
    carriage_as_adjustment(s);
    s->event->adjustments.items[0].tax = shop(-58);
}
static void part_of_carriage_and_its_tax(struct scene *s)
{
    adjust(s, ADJUSTMENT_CARRIAGE, -100);
    s->event->adjustments.items[0].tax = shop(-20);
    refund_paid(s->event, memory, 2620);
}
static void carriage_told_twice(struct scene *s)
{
    struct refund_carriage *c = room(sizeof *c);
    *c = (struct refund_carriage){.line_id = "S1", .amount = SHOP(350), .tax = shop(58)};
    carriage_as_adjustment(s);
    s->event->carriage.items = c;
    s->event->carriage.count = 1;
}
static void goodwill(struct scene *s)
{
    s->event->lines.count = 0;
    refund_paid(s->event, memory, 1000);
}
static void fee_without_money(struct scene *s)
{
    on_account(s);
    adjust(s, ADJUSTMENT_OTHER, -500);
}
static void tax_alone(struct scene *s)
{
    struct refund_tax *tax = room(sizeof *tax);
    *tax = (struct refund_tax){200000, SHOP(875)};
    s->event->lines.count = 0;
    s->event->taxes.items = tax;
    s->event->taxes.count = 1;
    refund_paid(s->event, memory, 875);
}
static void tax_of_another_rate(struct scene *s)
{
    tax_alone(s);
    s->event->taxes.items[0].rate_ppm = 50000;
}
static void too_much_tax(struct scene *s)
{
    s->event->lines.items[0].tax = shop(420);
}
static void part_with_too_much_tax(struct scene *s)
{
    s->event->lines.items[0] = (struct refund_line){.line_id = "L1",
                                                    .quantity = 1,
                                                    .restock = RESTOCK_NONE,
                                                    .amount = SHOP(1200),
                                                    .tax = shop(402)};
    refund_paid(s->event, memory, 1200);
}
static void part_with_a_penny_too_much_tax(struct scene *s)
{
    part_with_too_much_tax(s);
    s->event->lines.items[0].tax = shop(401);
}
static void all_carriage_without_its_tax(struct scene *s)
{
    carriage_told_twice(s);
    s->event->lines.count = s->event->adjustments.count = 0;
    s->event->carriage.items[0].tax = shop(0);
    refund_paid(s->event, memory, 350);
}
static void return_without_the_exchange(struct scene *s)
{
    s->event->return_id = "R1";
    refund_paid(s->event, memory, 500);
}
static void exchange(struct scene *s)
{
    return_without_the_exchange(s);
    s->event->set_off.shop_minor = 2000;
}
static void even_exchange(struct scene *s)
{
    no_transactions(s);
    s->event->set_off.shop_minor = 2500;
}
static void negative_set_off(struct scene *s)
{
    s->event->set_off.shop_minor = -1;
}

/* ---- despatch, tenders, days ---- */

static void never_left(struct scene *s)
{
    s->event->lines.items[0].restock = RESTOCK_CANCEL;
    s->known.status = REFUND_STATUS_UNASKED;
}
static void never_left_and_asked(struct scene *s)
{
    never_left(s);
    s->known.status = REFUND_STATUS_OTHER;
}
static void never_left_and_cancelled(struct scene *s)
{
    never_left(s);
    s->known.status = REFUND_STATUS_CANCELLED;
}
static void cancelled_after_despatch(struct scene *s)
{
    s->known.status = REFUND_STATUS_CANCELLED;
}
static void unknown_gateway(struct scene *s)
{
    s->event->transactions.items[0].gateway = "nobody";
}
static void unknown_location(struct scene *s)
{
    s->event->lines.items[0].location_id = "777";
}
static void no_location(struct scene *s)
{
    s->event->lines.items[0].location_id = NULL;
}
static void store_credit(struct scene *s)
{
    s->event->transactions.items[0].kind = TENDER_STORE_CREDIT;
}

static struct credit_part kept_part;
static struct credit kept;
static void keep(struct scene *s, int64_t quantity, int64_t gross, const int64_t *taxes)
{
    kept_part = (struct credit_part){1, quantity, gross, taxes};
    kept = (struct credit){&kept_part, 1, 0};
    s->known.reserved = &kept;
    s->known.reserved_count = 1;
}
static const int64_t shirt_tax[] = {417}, more_tax[] = {500};
static void kept_for_another(struct scene *s)
{
    keep(s, 1, 2500, shirt_tax);
}
static void kept_and_too_much_anyway(struct scene *s)
{
    kept_for_another(s);
    line_too_dear(s);
}
static void more_kept_than_there_is(struct scene *s)
{
    keep(s, 1, 2500, more_tax);
}

static void all_kept(struct scene *s)
{
    s->known.is_all_kept = true;
}
static void all_kept_and_no_money(struct scene *s)
{
    all_kept(s);
    no_transactions(s);
}
static void own_note_is_open(struct scene *s)
{
    s->known.is_own_open = true;
}
static void own_note_was_open(struct scene *s)
{
    own_note_is_open(s);
    credited_already(s);
}

/* Fourteen days are up on 2026-12-04. */
static void seen_on(struct scene *s, int64_t day_of_december)
{
    s->known.now_ms = 1796126400000 + (day_of_december - 1) * 86400000; /* 12:00 UTC */
    s->known.first_seen_ms = s->known.now_ms;
}
static void on_the_last_day(struct scene *s)
{
    seen_on(s, 4);
}
static void a_day_late(struct scene *s)
{
    seen_on(s, 5);
}
static void waits_with_a_day_left(struct scene *s)
{
    kept_for_another(s);
    seen_on(s, 3);
}
static void waits_with_four_days_left(struct scene *s)
{
    kept_for_another(s);
    seen_on(s, 0);
}
static void dead_and_late(struct scene *s)
{
    pounds_short(s);
    seen_on(s, 6);
}

static void test_rows(void **state)
{
    (void)state;
    enum {
        SENDS = REFUND_SENDS,
        SETTLES = REFUND_SETTLES,
        WAITS = REFUND_WAITS,
        DEAD = REFUND_DEAD_LETTERS,
        ASKS = REFUND_ASKS_STATUS
    };
    static const struct {
        const char *name;
        void (*alter)(struct scene *);
        int verdict, outcome; /* outcome: of what is sent or settled */
        enum pf_error code;
        const char *says; /* in the detail; NULL: nothing of interest */
        int64_t gross, tax;
    } rows[] = {
        {"the shirt", nothing, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        /* 1: the money */
        {"pending", pending, WAITS, 0, PF_E_refund_money_pending, "not final", 0, 0},
        {"a state nobody knows", unknown_status, WAITS, 0, PF_E_refund_money_pending, NULL, 0, 0},
        {"a copy without transactions", not_told, WAITS, 0, PF_E_refund_money_pending,
         "does not tell", 0, 0},
        {"pending for a while", pending_for_a_while, WAITS, 0, PF_E_refund_money_pending, NULL, 0,
         0},
        {"pending too long", pending_too_long, DEAD, 0, PF_E_refund_money_pending, NULL, 0, 0},
        {"one succeeded, one is pending", part_pending, WAITS, 0, PF_E_refund_money_pending, NULL,
         0, 0},
        {"one succeeded, one failed", part_failed, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        {"failed", failed, DEAD, 0, PF_E_refund_money_failed, NULL, 0, 0},
        {"only void", void_only, SETTLES, OUTCOME_NO_MONEY, PF_OK, NULL, 0, 0},
        {"only void, of an order on account", void_of_an_account, SETTLES, OUTCOME_NO_MONEY, PF_OK,
         NULL, 0, 0},
        {"one failed at a gateway that is not mapped", part_failed_elsewhere, SENDS, OUTCOME_POSTED,
         PF_OK, NULL, 2500, 417},
        {"no transactions, paid", no_transactions, SETTLES, OUTCOME_NO_MONEY, PF_OK, NULL, 0, 0},
        {"transactions of another kind", no_transactions_of_another_kind, SETTLES, OUTCOME_NO_MONEY,
         PF_OK, NULL, 0, 0},
        {"no transactions, on account", on_account, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        {"... more than is outstanding", on_account_too_much, DEAD, 0,
         PF_E_refund_exceeds_creditable, "what is outstanding: 25.00 GBP is refunded, 24.99 GBP", 0,
         0},
        {"paid in part, the rest off the account", paid_in_part, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         2500, 417},
        {"deleted", deleted, SETTLES, OUTCOME_NO_MONEY, PF_OK, NULL, 0, 0},
        {"succeeded is not what succeeded", contradicts_itself, DEAD, 0, PF_E_event_invalid,
         "succeeded", 0, 0},
        {"another currency", other_currency, DEAD, 0, PF_E_refund_mismatch, "currency", 0, 0},
        {"a negative transaction", negative_transaction, DEAD, 0, PF_E_event_invalid, "negative", 0,
         0},
        {"money near the end of the numbers", money_near_the_end, DEAD, 0, PF_E_event_invalid,
         "too large", 0, 0},
        /* 6: the order */
        {"its order is not there", unseen_order, WAITS, 0, PF_E_refund_order_missing, NULL, 0, 0},
        {"its order was never posted", unposted_order, SETTLES, OUTCOME_NOTHING_TO_CREDIT, PF_OK,
         NULL, 0, 0},
        {"of a test order", test_of_no_order, SETTLES, OUTCOME_NOTHING_TO_CREDIT, PF_OK, NULL, 0,
         0},
        {"the ledger has its note", credited_already, SETTLES, OUTCOME_DUPLICATE, PF_OK, NULL, 0,
         0},
        {"kept for another refund", kept_for_another, WAITS, 0, PF_E_refund_waits_for_refund, NULL,
         0, 0},
        {"kept, and too much anyway", kept_and_too_much_anyway, DEAD, 0,
         PF_E_refund_exceeds_creditable, NULL, 0, 0},
        {"more is kept than there is", more_kept_than_there_is, DEAD, 0, PF_E_defect, NULL, 0, 0},
        {"all is kept for another", all_kept, WAITS, 0, PF_E_refund_waits_for_refund,
         "nobody knows", 0, 0},
        {"... which is nothing to one without money", all_kept_and_no_money, SETTLES,
         OUTCOME_NO_MONEY, PF_OK, NULL, 0, 0},
        {"its own note may exist", own_note_is_open, WAITS, 0, PF_E_refund_waits_for_refund,
         "its own credit note", 0, 0},
        {"... and does", own_note_was_open, SETTLES, OUTCOME_DUPLICATE, PF_OK, NULL, 0, 0},
        /* 12: days */
        {"on the last day", on_the_last_day, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        {"a day late", a_day_late, SENDS, OUTCOME_POSTED, PF_E_refund_note_late, NULL, 2500, 417},
        {"it waits, and a day is left", waits_with_a_day_left, WAITS, 0,
         PF_E_refund_waits_for_refund, "refund of the order; 1 day left for its credit note", 0, 0},
        {"... four days", waits_with_four_days_left, WAITS, 0, PF_E_refund_waits_for_refund,
         "refund of the order", 0, 0},
        {"a dead letter that is late", dead_and_late, DEAD, 0, PF_E_refund_mismatch,
         "went back; its credit note is 2 days late", 0, 0},
        /* 5: edits */
        {"an edit that was posted", old_edit, SETTLES, OUTCOME_CONTAINED, PF_OK, NULL, 0, 0},
        {"a newer one, without money", new_edit, SETTLES, OUTCOME_NO_MONEY, PF_OK, NULL, 0, 0},
        {"a newer one, with money", new_edit_with_money, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500,
         417},
        {"of an order whose version is not known", edit_of_imported_order, SETTLES,
         OUTCOME_CONTAINED, PF_OK, NULL, 0, 0},
        /* 2 and 3: parts */
        {"a penny short", penny_short, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2499, 417},
        {"a penny more than remains", penny_more, DEAD, 0, PF_E_refund_exceeds_creditable,
         "line 2 (L2): 25.01 GBP is refunded, 25.00 GBP remains", 0, 0},
        {"two pennies short, of one part", pennies_short, DEAD, 0, PF_E_refund_mismatch,
         "its parts come to 25.00 GBP, and 24.98 GBP went back", 0, 0},
        {"a pound short", pounds_short, DEAD, 0, PF_E_refund_mismatch,
         "its parts come to 25.00 GBP, and 24.00 GBP went back", 0, 0},
        {"a line of another order", strange_line, DEAD, 0, PF_E_refund_exceeds_creditable,
         "line X7 is not in the order", 0, 0},
        {"more units than there are", too_many_units, DEAD, 0, PF_E_refund_exceeds_creditable,
         "2 units are refunded, 1 remain", 0, 0},
        {"negative units", negative_units, DEAD, 0, PF_E_event_invalid, "negative", 0, 0},
        {"more than the line was", line_too_dear, DEAD, 0, PF_E_refund_exceeds_creditable, NULL, 0,
         0},
        {"one line a hundred times", hundred_times, DEAD, 0, PF_E_refund_exceeds_creditable, NULL,
         0, 0},
        {"more parts than can be shared out", more_parts_than_bounds, DEAD, 0, PF_E_event_invalid,
         "more parts", 0, 0},
        {"a fee", fee, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2000, 333},
        {"a fee, signed the other way", fee_with_the_other_sign, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         2000, 333},
        {"more back", more_back, SENDS, OUTCOME_POSTED, PF_OK, NULL, 3000, 500},
        {"carriage as an adjustment", carriage_as_adjustment, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         2850, 475},
        {"... and its tax beside it", carriage_and_its_tax, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         2850, 475},
        {"... and its tax in it", carriage_that_contains_its_tax, SENDS, OUTCOME_POSTED, PF_OK,
         NULL, 2850, 475},
        {"... in part, its tax beside it", part_of_carriage_and_its_tax, SENDS, OUTCOME_POSTED,
         PF_OK, NULL, 2620, 437},
        {"carriage told twice", carriage_told_twice, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2850, 475},
        {"goodwill", goodwill, SENDS, OUTCOME_POSTED, PF_OK, NULL, 1000, 167},
        {"adjustments that no money explains", fee_without_money, DEAD, 0, PF_E_refund_mismatch,
         NULL, 0, 0},
        {"tax alone", tax_alone, SENDS, OUTCOME_POSTED, PF_OK, NULL, 875, 875},
        {"tax at a rate that nothing has", tax_of_another_rate, DEAD, 0,
         PF_E_refund_exceeds_creditable, NULL, 0, 0},
        {"all of a line, and more tax stated", too_much_tax, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         2500, 417},
        {"a unit with more tax than remains", part_with_too_much_tax, SENDS, OUTCOME_POSTED,
         PF_E_refund_tax_capped, NULL, 1200, 400},
        {"... a penny more", part_with_a_penny_too_much_tax, SENDS, OUTCOME_POSTED, PF_OK, NULL,
         1200, 400},
        {"all of the carriage, and no tax stated", all_carriage_without_its_tax, SENDS,
         OUTCOME_POSTED, PF_OK, NULL, 350, 58},
        /* 9: exchanges */
        {"a return, and money short", return_without_the_exchange, DEAD, 0, PF_E_refund_mismatch,
         "exchange", 0, 0},
        {"an exchange", exchange, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        {"an even exchange", even_exchange, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500, 417},
        {"a negative set-off", negative_set_off, DEAD, 0, PF_E_event_invalid, "set-off", 0, 0},
        /* 7: before despatch */
        {"units that never left", never_left, ASKS, 0, PF_OK, NULL, 0, 0},
        {"... the order is there", never_left_and_asked, SENDS, OUTCOME_POSTED, PF_OK, NULL, 2500,
         417},
        {"... it was cancelled", never_left_and_cancelled, DEAD, 0, PF_E_order_cancelled_in_prima,
         NULL, 0, 0},
        {"a return of a cancelled order", cancelled_after_despatch, SENDS, OUTCOME_POSTED, PF_OK,
         NULL, 2500, 417},
        /* 8 and 10: depots and tenders */
        {"a gateway that is not mapped", unknown_gateway, DEAD, 0, PF_E_refund_tender_unmapped,
         NULL, 0, 0},
        {"goods to a location without depot", unknown_location, SENDS, OUTCOME_POSTED,
         PF_E_restock_depot_unmapped, NULL, 2500, 417},
        {"goods to no location", no_location, SENDS, OUTCOME_POSTED, PF_E_restock_depot_unmapped,
         NULL, 2500, 417},
        {"store credit, undecided", store_credit, DEAD, 0, PF_E_store_credit_undecided,
         "nothing says", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        memory = arena_new(SUPPORT_ARENA);
        struct scene s = plain();
        rows[i].alter(&s);
        const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
        const enum pf_error code = plan.flags.count > 0 ? plan.flags.items[0].code : PF_OK;
        if ((int)plan.verdict != rows[i].verdict || code != rows[i].code)
            fail_msg("verdict %d, %s: %s", (int)plan.verdict, pf_error_info(code)->name,
                     plan.detail != NULL ? plan.detail : "");
        if (plan.verdict == REFUND_SENDS || plan.verdict == REFUND_SETTLES)
            assert_int_equal(plan.outcome, rows[i].outcome);
        if (rows[i].says != NULL && strstr(plan.detail, rows[i].says) == NULL)
            fail_msg("it says: %s", plan.detail);
        if (rows[i].alter == waits_with_four_days_left)
            assert_null(strstr(plan.detail, "left"));
        if (plan.verdict == REFUND_SENDS) {
            assert_true(plan.proof.lines_minor + plan.proof.charges_minor +
                            plan.proof.order_minor ==
                        rows[i].gross);
            assert_true(plan.proof.money_minor + plan.proof.set_off_minor +
                            plan.proof.account_minor ==
                        rows[i].gross);
            if (plan.proof.tax_minor != rows[i].tax)
                fail_msg("tax %lld", (long long)plan.proof.tax_minor);
            assert_true(refund_difference(&plan, memory) == 0);
            assert_true(plan.remaining.gross_minor == 5250 - rows[i].gross);
        }
        arena_free(memory);
    }
}

/* What a newer edit took away is owed, and money alone is credited against it. */
static void test_owed(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    struct ledger_entry owing, settled;
    new_edit(&s);
    s.event->lines.items[0].line_id = "L1";
    struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    assert_int_equal(plan.taken_count, 1);
    assert_int_equal(plan.taken[0].line, 0);
    assert_int_equal(plan.taken[0].units, 1);
    assert_int_equal(
        ledger_owe(s.entry, "9001", 1795170000000, plan.taken, plan.taken_count, memory, &owing),
        0);
    assert_true(owing.owed.items[0].amount_minor == 1200);

    struct refund_event *money = refund_event(memory);
    money->refund_id = "9002";
    money->lines.count = 0;
    refund_paid(money, memory, 1500);
    s.known.entry = &owing;
    plan = refund_plan_of(money, rules, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_true(plan.proof.lines_minor == 1200 && plan.proof.order_minor == 300);
    assert_true(plan.proof.tax_minor == 250);
    xmlDoc *doc = refund_request(&plan);
    xmlNode *line = support_node(doc, "CreditLineData", 0);
    assert_string_equal(support_attribute(line, "OrderLine", memory), "1");
    assert_string_equal(support_attribute(line, "Quantity", memory), "1");
    xmlFreeDoc(doc);
    const struct credit_note_posted note = {"9002", "201R9002", 1, plan.tenders, plan.tender_count};
    assert_int_equal(ledger_apply(&owing, &plan.credit, &note, memory, &settled), 0);
    assert_true(settled.owed.items[0].quantity == 0 && settled.owed.items[0].amount_minor == 0);
    assert_int_equal(settled.lines.items[0].credited_quantity, 1);
    assert_true(settled.tenders.items[0].credited_minor == 1500);
    arena_free(memory);
}

static void test_the_note(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    carriage_told_twice(&s);
    const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    xmlDoc *doc = refund_request(&plan);
    const struct {
        const char *element, *attribute, *value;
    } rows[] = {
        {"Data", "CreditNumber", "201R9001"},
        {"Data", "OrderNumber", "2011001"},
        {"Data", "Currency", "GBP"},
        {"Data", "VatInclusive", "Yes"},
        {"Data", "RefundDate", "2026-11-20"},
        {"Data", "PostDate", "2026-11-20"},
        {"Data", "Reason", "customer"},
        {"CreditLineData", "OrderLine", "2"},
        {"CreditLineData", "Product", "TSHIRT"},
        {"CreditLineData", "MtrxCode1", "RED"},
        {"CreditLineData", "MtrxCode2", "M"},
        {"CreditLineData", "Quantity", "1"},
        {"CreditLineData", "Price", "25.00"},
        {"CreditLineData", "TaxValue", "4.17"},
        {"CreditLineData", "Restock", "Yes"},
        {"CreditLineData", "Warehouse", "01"},
        {"CreditChargeData", "Charge", "CARR"},
        {"CreditChargeData", "ChargeValue", "3.50"},
        {"CreditChargeData", "TaxValue", "0.58"},
        {"CreditPaymentData", "PayMethod", "CSH"},
        {"CreditPaymentData", "SubPayMethod", "SHOPIFY"},
        {"CreditPaymentData", "TranAmount", "28.50"},
        {"CreditPaymentData", "TransactionID", "T9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(
            support_attribute(support_node(doc, rows[i].element, 0), rows[i].attribute, memory),
            rows[i].value);
    assert_null(support_node(doc, "CreditLineData", 1));
    xmlFreeDoc(doc);
    arena_free(memory);
}

/* Two bundles, each of three shoes (22.00) and a shirt (2.50), as the ledger has them: one back. */
static void test_bundle(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    struct ledger_line *lines = s.entry->lines.items;
    lines[0].line_id = lines[1].line_id = "B";
    lines[0].bundle_quantity = lines[1].bundle_quantity = 2;
    lines[0].quantity = 6;
    lines[0].amount_minor = 4400;
    lines[0].taxes.items[0].tax_minor = 733;
    lines[1].quantity = 2;
    lines[1].amount_minor = 500;
    lines[1].taxes.items[0].tax_minor = 83;
    s.entry->tax_minor = 733 + 83 + 58;
    s.event->lines.items[0] =
        (struct refund_line){.line_id = "B", .quantity = 1, .amount = SHOP(2450)};
    refund_paid(s.event, memory, 2450);
    const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_int_equal(plan.credit.count, 2);
    assert_true(plan.credit.parts[0].quantity == 3 && plan.credit.parts[0].gross == 2200);
    assert_true(plan.credit.parts[1].quantity == 1 && plan.credit.parts[1].gross == 250);
    assert_true(refund_difference(&plan, memory) == 0);
    arena_free(memory);
}

/* All of an order whose cash was rounded down: the rounding comes back, too. */
static void test_cash_rounding(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    struct ledger_charge *charges = room(2 * sizeof *charges);
    struct refund_charge *charge = room(sizeof *charge);
    charges[0] = s.entry->charges.items[0];
    charges[1] =
        (struct ledger_charge){.code = "ROUND", .kind = "cash_rounding", .amount_minor = -2};
    s.entry->charges.items = charges;
    s.entry->charges.count = 2;
    s.entry->total_minor = 5248;
    *charge = (struct refund_charge){.kind = CHARGE_CASH_ROUNDING, .amount = SHOP(-2)};
    carriage_told_twice(&s);
    const struct refund_line shirt = s.event->lines.items[0];
    refund_lines(s.event, memory, 2);
    s.event->lines.items[0] = shirt;
    s.event->lines.items[1] =
        (struct refund_line){.line_id = "L1", .quantity = 2, .amount = SHOP(2400)};
    s.event->charges.items = charge;
    s.event->charges.count = 1;
    refund_paid(s.event, memory, 5248);
    const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_true(plan.proof.tax_minor == 875 && plan.remaining.gross_minor == 0);
    assert_true(refund_difference(&plan, memory) == 0);
    arena_free(memory);
}

static void test_exchange_number(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    exchange(&s);
    const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    xmlDoc *doc = refund_request(&plan);
    xmlNode *card = support_node(doc, "CreditPaymentData", 0),
            *goods = support_node(doc, "CreditPaymentData", 1);
    assert_string_equal(support_attribute(card, "ExchCreditNo", memory), "");
    assert_string_equal(support_attribute(goods, "ExchCreditNo", memory), "201R9001");
    assert_string_equal(support_attribute(goods, "PayMethod", memory), "EXC");
    assert_string_equal(support_attribute(goods, "TranAmount", memory), "20.00");
    xmlFreeDoc(doc);
    arena_free(memory);
}

/* Writes one more file into the folder that support_mappings_copy made. */
static void write_mapping(const char *folder, const char *name, const char *text)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Money for the whole order needs a charge code, and its tax goes by the channel's policy. */
static void test_whole_order(void **state)
{
    (void)state;
    static char key[4200];
    static const char *const channels[] = {
        "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", accounts: "
        "{unresolved: X}, adjustment_tax: by_order}\n",
        "channels:\n  - {channel: shopify, store: uk, company: \"01\", prefix: \"201\", accounts: "
        "{unresolved: X}, adjustment_tax: by_channel}\n"};
    for (int by_channel = 0; by_channel < 2; by_channel++) {
        (void)snprintf(key, sizeof key, "orders.mappings=%s",
                       support_mappings_copy("channels.yaml", channels[by_channel]));
        struct order_rules *own = support_rules((const char *const[]){key, NULL});
        memory = arena_new(SUPPORT_ARENA);
        struct scene s = plain();
        more_back(&s);
        s.event->adjustments.items[0].tax = shop(-50);
        const struct refund_plan plan = refund_plan_of(s.event, own, &s.known, memory);
        assert_int_equal(plan.verdict, REFUND_SENDS);
        assert_true(plan.proof.tax_minor == 417 + (by_channel ? 50 : 83));
        arena_free(memory);
        support_rules_free(own);
    }
    const char *folder =
        support_mappings_copy("charges.yaml", "carriage:\n  - {code: standard, charge: CARR}\n");
    write_mapping(folder, "policies.yaml", "policies: {charge_unmapped: dead_letter}\n");
    (void)snprintf(key, sizeof key, "orders.mappings=%s", folder);
    struct order_rules *own = support_rules((const char *const[]){key, NULL});
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    goodwill(&s);
    const struct refund_plan plan = refund_plan_of(s.event, own, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_DEAD_LETTERS);
    assert_int_equal(plan.flags.items[0].code, PF_E_refund_charge_unmapped);
    arena_free(memory);
    support_rules_free(own);
}

/* The note does not put goods back where the warehouse's receipt does. */
static void test_who_restocks(void **state)
{
    (void)state;
    static const struct {
        enum restock restock;
        bool by_note;
        const char *wanted;
    } rows[] = {
        {RESTOCK_RETURN, true, "Yes"}, {RESTOCK_RETURN, false, "No"}, {RESTOCK_CANCEL, true, "No"},
        {RESTOCK_NONE, true, "No"},    {RESTOCK_UNKNOWN, true, "No"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memory = arena_new(SUPPORT_ARENA);
        struct scene s = plain();
        s.event->lines.items[0].restock = rows[i].restock;
        s.known.restocks = rows[i].by_note;
        const struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
        xmlDoc *doc = refund_request(&plan);
        xmlNode *line = support_node(doc, "CreditLineData", 0);
        assert_string_equal(support_attribute(line, "Restock", memory), rows[i].wanted);
        assert_string_equal(support_attribute(line, "Warehouse", memory),
                            strcmp(rows[i].wanted, "Yes") == 0 ? "01" : "");
        assert_int_equal(plan.flags.count, 0);
        xmlFreeDoc(doc);
        arena_free(memory);
    }
}

/* Without tax in prices, and a total that the units do not divide. */
static void test_net_prices(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    s.entry->tax_included = false;
    s.entry->total_minor = 5250 + 875;
    s.event->lines.items[0] = (struct refund_line){
        .line_id = "L1", .quantity = 2, .amount = SHOP(2399), .tax = shop(400)};
    refund_paid(s.event, memory, 2799);
    struct refund_plan plan = refund_plan_of(s.event, rules, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_true(plan.proof.lines_minor == 2399 && plan.proof.tax_minor == 400);
    assert_true(refund_difference(&plan, memory) == 0);
    xmlDoc *doc = refund_request(&plan);
    assert_non_null(support_node(doc, "CreditLineData", 1));
    assert_string_equal(support_attribute(support_node(doc, "CreditLineData", 0), "Price", memory),
                        "12.00");
    xmlFreeDoc(doc);
    /* the channel does not say the tax: the ledger's share */
    s.event->lines.items[0].quantity = 1;
    s.event->lines.items[0].amount.shop_minor = 1200;
    s.event->lines.items[0].tax = NULL;
    refund_paid(s.event, memory, 1400);
    plan = refund_plan_of(s.event, rules, &s.known, memory);
    assert_int_equal(plan.verdict, REFUND_SENDS);
    assert_true(plan.proof.lines_minor == 1200 && plan.proof.tax_minor == 200);
    arena_free(memory);
}

static enum pf_error moved(const struct scene *s, int64_t posted, const char **ret_detail)
{
    return refund_money_moved(s->event, MONEY_SHOP, currency_find("GBP"), posted, memory,
                              ret_detail);
}

static void test_money_moved(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct scene s = plain();
    const char *detail = NULL;
    assert_int_equal(moved(&s, 2500, &detail), PF_OK);
    failed(&s);
    assert_int_equal(moved(&s, 2500, &detail), PF_E_refund_money_failed_after_credit);
    assert_string_equal(detail,
                        "the credit note paid back 25.00 GBP, and now 0.00 GBP has gone back");
    s = plain();
    assert_int_equal(moved(&s, 2000, &detail), PF_E_refund_more_money_after_credit);
    assert_non_null(strstr(detail, "5.00 GBP of it has no credit note"));
    deleted(&s);
    assert_int_equal(moved(&s, 2500, &detail), PF_E_refund_money_failed_after_credit);
    arena_free(memory);
}

static int load_rules(void **state)
{
    (void)state;
    static char key[4200];
    static const char payments[] = "payments:\n"
                                   "  - {gateway: shopify_payments, provider: SHOPIFY}\n"
                                   "  - {kind: store_credit, pay_method: VCH}\n"
                                   "  - {gateway: exchange, pay_method: EXC}\n"
                                   "  - {kind: on_account, pay_method: ACC}\n";
    (void)snprintf(key, sizeof key, "orders.mappings=%s",
                   support_mappings_copy("payments.yaml", payments));
    rules = support_rules((const char *const[]){key, NULL});
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
        cmocka_unit_test(test_rows),          cmocka_unit_test(test_owed),
        cmocka_unit_test(test_the_note),      cmocka_unit_test(test_who_restocks),
        cmocka_unit_test(test_net_prices),

        cmocka_unit_test(test_money_moved),   cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_cash_rounding), cmocka_unit_test(test_exchange_number),
        cmocka_unit_test(test_whole_order),
    };
    return cmocka_run_group_tests_name("refund_decide", tests, load_rules, free_rules);
}
