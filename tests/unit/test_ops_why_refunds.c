/* Refunds in `why`: which is meant, what topics, ledger, Redis and Prima have of it, its order; an
 * order's refunds and what remains creditable; and which of amendment and credit note Prima needs. */
#include "test_refund_topics.h"
#include "test_why_support.h"

#include "core/why_next.h"

#include "domain/events/ledger_credit.h"
#include "domain/ledger/ledger_pack.h"
#include "refund_summary.h"

#define R1 "01/refunds/shopify/uk/R1"

static const struct result_delivery first = {.topic = "refunds.raw", .partition = 0, .offset = 1};

static void put_entry(struct ops *ops)
{
    world_put_struct(ops, &(struct world_put){.topic = "orders.ledger", .key = KEY, .at_ms = 5},
                     &ledger_entry_record, refund_entry(arena));
}

/* What refund `id` takes: the shirt, 25.00 GBP. */
static void put_record(struct ops *ops, const char *id, enum credit_state state, bool all)
{
    char key[100], topic_key[100];
    struct ledger_credit_tax taxes[] = {{.rate_ppm = 200000, .tax_minor = 417}};
    const struct ledger_entry *entry = refund_entry(arena);
    struct ledger_credit_part parts[] = {{.what = CREDIT_AT_LINE,
                                          .number = 2,
                                          .mark = ledger_line_mark(&entry->lines.items[1]),
                                          .quantity = 1,
                                          .gross_minor = 2500,
                                          .taxes = {taxes, 1}}};
    (void)snprintf(key, sizeof key, "01/refunds/shopify/uk/%s", id);
    (void)snprintf(topic_key, sizeof topic_key, "%s/%s", KEY, id);
    struct ledger_credit c = {.key = key,
                              .order = KEY,
                              .company = "01",
                              .channel = "shopify",
                              .store = "uk",
                              .order_id = "1001",
                              .refund_id = id,
                              .state = state,
                              .all = all,
                              .document = state == CREDIT_CREDITED ? "201R1" : NULL,
                              .currency = "GBP",
                              .amount_minor = all ? 0 : 2500,
                              .tax_minor = all ? 0 : 417,
                              .at = 6};
    if (!all) {
        c.parts.items = parts;
        c.parts.count = 1;
    }
    world_put_struct(ops,
                     &(struct world_put){.topic = "orders.ledger", .key = topic_key, .at_ms = 6},
                     &ledger_credit_record, &c);
}

static const struct why_refund *refund_at(size_t i)
{
    assert_int_equal(story.count, 1);
    assert_true(i < story.orders[0].credit.refund_count);
    return &story.orders[0].credit.refunds[i];
}

static void says(const struct why_order *o, const char *part)
{
    char next[WHY_NEXT_MAX][700];
    const size_t count = why_next(o, next);
    for (size_t i = 0; i < count; i++)
        if (strstr(next[i], part) != NULL)
            return;
    fail_msg("\"%s\" is not said; first: %s", part, count > 0 ? next[0] : "nothing");
}

/* ---- which ---- */

static void test_ids(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *first, *number; /* "": not looked at */
    } rows[] = {
        {R1, 1, R1, "201RR1"},
        {"01/refunds/amazon/uk/R1", 1, "01/refunds/amazon/uk/R1", NULL},
        {"02/refunds/shopify/uk/R1", 1, "02/refunds/shopify/uk/R1", NULL},
        {"01/orders/shopify/uk/R1", 0, "", ""},
        {"01/shopify/uk/R1", 0, "", ""},
        {"201R901", 6, "01/refunds/shopify/uk/201R901", "201R201R901"},
        {"no good", 0, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct why_id ids[WHY_ORDERS_MAX];
        size_t count = 0;
        assert_int_equal(why_refund_ids(world_ops(NULL), rows[i].text, ids, &count, &error),
                         OPS_DONE);
        if (count != rows[i].count)
            fail_msg("%s: %zu", rows[i].text, count);
        if (count == 0)
            continue;
        assert_true(ids[0].is_refund);
        assert_string_equal(ids[0].natural, rows[i].first);
        assert_string_equal(ids[0].number, rows[i].number != NULL ? rows[i].number : "");
        if (strcmp(rows[i].text, "201R901") == 0) { /* the number of a note, too */
            assert_string_equal(ids[1].natural, "01/refunds/shopify/uk/901");
            assert_string_equal(ids[1].number, "201R901");
        }
    }
}

/* An id may be an order's and a refund's: both are told. */
static void test_an_order_and_a_refund_of_one_id(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 3);
    put_refund(ops, arena, &(struct put_refund){.id = "1001", .at_ms = 11, .partition = 3});
    assert_int_equal(why(ops, "1001", 0, false), OPS_DONE);
    assert_int_equal(story.count, 2);
    assert_string_equal(story.orders[0].id.natural, NATURAL);
    assert_string_equal(story.orders[1].id.natural, "01/refunds/shopify/uk/1001");
    assert_string_equal(story.orders[1].id.kafka, KEY); /* its events have told */
}

/* ---- one refund ---- */

static void test_a_refunds_life(void **state)
{
    const struct key_view posted = {.state = 'p', .code = ""};
    (void)state;
    struct ops *ops = world_ops(NULL);
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_OK, .http_status = 200, .order_status = "Posted"};
    put_refund(ops, arena, &(struct put_refund){.at_ms = 10, .offset = 1});
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.retry.10s",
                                    .at_ms = 11,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_order_missing"});
    put_refund(ops, arena, &(struct put_refund){.id = "R2", .at_ms = 12, .offset = 2});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .outcome = OUTCOME_POSTED, .at_ms = 13, .delivery = &first, .document = "201RR1"});
    put_entry(ops);
    put_record(ops, "R1", CREDIT_CREDITED, false);
    world_view(R1, &posted);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    assert_int_equal(story.count, 1);
    const struct why_order *o = &story.orders[0];
    assert_true(o->id.is_refund && story.is_known && !story.is_incomplete);
    assert_int_equal(o->event_count, 3); /* not the other one's */
    assert_string_equal(o->events[0].text, "refund, version 1, 1 line, 25.00 GBP gone back");
    assert_int_equal(strlen(o->events[0].content), 8);
    assert_string_equal(o->events[0].delivery, "refunds.raw/0/1");
    assert_int_equal(o->events[1].kind, WHY_WAITS);
    assert_int_equal(o->events[1].code, PF_E_refund_order_missing);
    assert_string_equal(o->events[2].text, "posted; credit note 201RR1");
    assert_int_equal(o->redis.state, 'p');
    assert_string_equal(o->prima.status, "Posted");
    assert_non_null(strstr(world.trace, "CreditNoteStatus of '01'"));
    assert_non_null(strstr(world.prima_asked[0], "CreditNumber=\"201RR1\""));
    assert_non_null(strstr(world.trace, "reserved of " KEY ", refunds"));
    assert_string_equal(o->order->id.natural, NATURAL);
    const struct why_refund *self = why_refund_self(o);
    assert_non_null(self);
    assert_int_equal(self->standing.place, REFUND_CREDITED);
    assert_int_equal(self->record->state, CREDIT_CREDITED);
    assert_int_equal(self->minor, 2500);
    assert_int_equal(self->reserved, 0);
    says(o, "No action needed.");
}

static void test_its_order_is_not_there(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.retry.10s",
                                    .at_ms = 11,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_order_missing"});
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "Of its order " KEY " nothing is found here");
    put_event(ops, version(7), 10, 0);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "Its order is not posted yet: primaflow why " NATURAL);
    const struct order_result r = result_of(OUTCOME_POSTED);
    put_result(ops, &r, 12);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "Its order " NATURAL " is posted: the refund goes on");
}

static void test_it_waits_for_another(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_entry(ops);
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.retry.10s",
                                    .at_ms = 11,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_waits_for_refund"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R2",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = 12,
                                    .delivery = "refunds.raw/0/2",
                                    .code = "outcome_unknown"});
    put_record(ops, "R2", CREDIT_OPEN, false);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "It waits for 01/refunds/shopify/uk/R2 (parked, outcome_unknown).");
    put_record(ops, "R2", CREDIT_OPEN, true); /* after a loss of Redis */
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "All that remains creditable is kept for 01/refunds/shopify/uk/R2");
    world.is_blocked = true;
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "Its ledger entry is being amended");
}

/* ---- an order ---- */

static void test_an_orders_refunds(void **state)
{
    static const int64_t tax[] = {200};
    const struct credit_part part = {.place = 0, .quantity = 1, .gross = 1200, .taxes = tax};
    const struct credit credit = {.parts = &part, .count = 1};
    const struct order_result r = result_of(OUTCOME_POSTED);
    struct ledger_balance balance;
    struct buf summary;
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 0);
    put_result(ops, &r, 11);
    put_entry(ops);
    put_record(ops, "R1", CREDIT_CREDITED, false);
    put_refund(ops, arena, &(struct put_refund){.id = "R2", .at_ms = 12, .offset = 2});
    put_refund(ops, arena,
               &(struct put_refund){.id = "X", .order = "01/shopify/uk/1002", .at_ms = 12});
    buf_init(&summary, 4000);
    assert_int_equal(ledger_balance_read(refund_entry(arena), arena, &balance), 0);
    const struct refund_summary without_note = {.currency = currency_find("GBP")};
    assert_int_equal(refund_summary_write(&without_note, &summary), 0);
    assert_int_equal(ledger_pack(&balance, &credit, NULL, 0, &summary), 0);
    world_reserve("01/refunds/shopify/uk/R3", 7, summary.data, summary.size);
    buf_release(&summary);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    const struct why_credit *c = &story.orders[0].credit;
    assert_int_equal(c->refund_count, 3);
    assert_string_equal(refund_at(0)->refund_id, "R2");
    assert_int_equal(refund_at(0)->standing.place, REFUND_UNREAD);
    assert_int_equal(refund_at(0)->minor, 2500);
    assert_string_equal(refund_at(1)->refund_id, "R1"); /* its topics are forgotten */
    assert_int_equal(refund_at(1)->standing.place, REFUND_CREDITED);
    assert_string_equal(refund_at(1)->document, "201R1");
    assert_string_equal(refund_at(2)->refund_id, "R3");
    assert_int_equal(refund_at(2)->reserved, 7);
    assert_true(c->is_read && c->has_entry && c->is_reserved_asked && !c->is_all_kept);
    assert_string_equal(c->currency, "GBP");
    assert_int_equal(c->remains_minor, 5250 - 2500);
    assert_int_equal(refund_at(2)->minor, 1200);
    assert_int_equal(c->kept_minor, 1200); /* of R3 alone: nothing is reserved for R2 yet */
    assert_string_equal(world.range_key, KEY);
}

/* What a person decided is in Redis alone. */
static void test_a_refund_that_was_discarded(void **state)
{
    const struct key_view discarded = {.state = 'd'};
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = 12,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_mismatch"});
    world_view(R1, &discarded);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    assert_int_equal(refund_at(0)->standing.place, REFUND_SETTLED);
    assert_string_equal(refund_reason(&refund_at(0)->standing), "discarded");
}

/* Nothing asks for what nobody can have: an order that is not posted, without refunds. */
static void test_an_order_without_refunds(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 0);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    assert_null(strstr(world.trace, "orders.ledger"));
    assert_null(strstr(world.trace, "reserved"));
    assert_false(story.orders[0].credit.is_read);
}

/* What cannot be asked is said, and the rest is told. */
static void test_what_cannot_be_asked(void **state)
{
    static const struct {
        enum verdict verdict;
        const char *refusal, *why_not;
    } rows[] = {
        {VERDICT_SUSPECT, "", "Redis is being rebuilt for the refunds workers"},
        {VERDICT_UNREADABLE, "", "Redis has a value of " KEY},
        {VERDICT_DEFECT, "it broke off", "it broke off"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answer_count = 1;
        struct ops *ops = world_ops(NULL);
        put_refund(ops, arena, &(struct put_refund){.at_ms = 12, .offset = 2});
        put_entry(ops);
        world.credit_verdict = rows[i].verdict;
        world.refusal = rows[i].refusal;
        assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
        const struct why_credit *c = &story.orders[0].credit;
        assert_true(story.is_incomplete && c->is_read && !c->is_reserved_asked);
        if (strstr(c->why_not, rows[i].why_not) == NULL)
            fail_msg("%s", c->why_not);
        assert_int_equal(c->refund_count, 1);
    }
    struct ops *ops = world_ops(NULL);
    world_put(&(struct world_put){
        .topic = "orders.ledger", .key = KEY, .value = "?", .size = 1, .at_ms = 7});
    world.credit_verdict = VERDICT_KNOWN;
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    assert_false(story.orders[0].credit.is_read);
    assert_non_null(strstr(story.orders[0].credit.why_not, "the entry cannot be read"));
    assert_true(story.is_incomplete);
}

/* ---- an amendment and a refund ---- */

static void test_which_of_the_two(void **state)
{
    static const struct {
        const char *name;
        enum pf_error open;
        struct why_refund refund;
        const char *says; /* NULL: nothing */
    } rows[] = {
        {"units that never left, credited",
         PF_E_units_cancelled_after_posting,
         {.is_before_despatch = true, .document = "201R1", .standing = {.place = REFUND_CREDITED}},
         "Prima has credit note 201R1 for units that never left. It still needs that they are not "
         "picked"},
        {"units that never left, on their way",
         PF_E_cancelled_after_posting,
         {.is_before_despatch = true,
          .standing = {.place = REFUND_WAITING, .code = PF_E_refund_money_pending}},
         "Prima needs one of the two for units that never left: the credit note, which is not "
         "there yet (refund_money_pending)"},
        {"a person amends",
         PF_E_order_amended,
         {.is_before_despatch = true,
          .standing = {.place = REFUND_STOPPED, .code = PF_E_refund_before_despatch}},
         "Prima still needs the amendment, and no credit note"},
        {"Prima has cancelled it",
         PF_E_cancelled_after_posting,
         {.is_before_despatch = true,
          .standing = {.place = REFUND_STOPPED, .code = PF_E_order_cancelled_in_prima}},
         "it needs neither"},
        {"goods that came back, credited",
         PF_E_order_amended,
         {.document = "201R1", .standing = {.place = REFUND_CREDITED}},
         "Prima has credit note 201R1; it still needs what order_amended says beyond it."},
        {"goods that came back, not credited",
         PF_E_order_amended,
         {.standing = {.place = REFUND_STOPPED, .code = PF_E_refund_mismatch}},
         "Prima has neither yet. Goods that came back are the credit note's (refund_mismatch)"},
        {"a refund that needs no note",
         PF_E_order_amended,
         {.standing = {.place = REFUND_SETTLED, .outcome = OUTCOME_NO_MONEY}},
         NULL},
        {"an exception that takes nothing back",
         PF_E_payment_lost,
         {.standing = {.place = REFUND_CREDITED}},
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[500] = "";
        const bool said = why_which(rows[i].open, &rows[i].refund, text);
        if (said != (rows[i].says != NULL) || (said && strstr(text, rows[i].says) == NULL))
            fail_msg("%s: %s", rows[i].name, text);
    }
}

/* They name each other. */
static void test_an_amendment_and_a_refund(void **state)
{
    const struct order_result r = result_of(OUTCOME_POSTED);
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 0);
    put_result(ops, &r, 11);
    world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                  .key = KEY,
                                  .value = "x",
                                  .size = 1,
                                  .at_ms = 12,
                                  .headers = {{"primaflow.code", "order_amended"},
                                              {"primaflow.delivery", "orders.raw/0/3"}}});
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = 13,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_mismatch"});
    put_entry(ops);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    says(&story.orders[0], "order_amended is open; its refund R1: Prima has neither yet.");
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    says(&story.orders[0], "Its order has order_amended open (primaflow why " NATURAL "): Prima "
                           "has neither yet.");
    enum pf_error open[WHY_OPEN_MAX];
    assert_int_equal(why_open(story.orders[0].order, open), 1);
    assert_int_equal(open[0], PF_E_order_amended);
}

/* ... also once both came again: a repeat neither ends the exception nor hides the note. */
static void check_repeats(const char *code)
{
    static const struct result_delivery again = {.topic = "refunds.raw", .offset = 2};
    const struct order_result posted = result_of(OUTCOME_POSTED);
    struct order_result repeat = result_of(OUTCOME_DUPLICATE);
    char expected[300];
    struct ops *ops = world_ops(NULL);
    put_event(ops, version(7), 10, 0);
    put_result(ops, &posted, 11);
    world_put(&(struct world_put){
        .topic = "orders.raw.dlq",
        .key = KEY,
        .value = "x",
        .size = 1,
        .at_ms = 12,
        .headers = {{"primaflow.code", code}, {"primaflow.delivery", "orders.raw/0/3"}}});
    repeat.code = code;
    put_result(ops, &repeat, 14);
    put_refund(ops, arena, &(struct put_refund){.at_ms = 12, .offset = 1});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .outcome = OUTCOME_POSTED, .at_ms = 13, .delivery = &first, .document = "201R1"});
    put_refund_result(ops, &(struct put_refund_result){
                               .outcome = OUTCOME_DUPLICATE, .at_ms = 15, .delivery = &again});
    put_entry(ops);
    assert_int_equal(why(ops, KEY, 0, false), OPS_DONE);
    (void)snprintf(expected, sizeof expected,
                   "%s is open; its refund R1: Prima has credit note 201R1; it still needs what %s "
                   "says beyond it.",
                   code, code);
    says(&story.orders[0], expected);
    assert_int_equal(why(ops, R1, 0, false), OPS_DONE);
    (void)snprintf(expected, sizeof expected,
                   "Its order has %s open (primaflow why " NATURAL "): Prima has credit note 201R1",
                   code);
    says(&story.orders[0], expected);
}

static void test_an_amendment_and_a_refund_come_again(void **state)
{
    (void)state;
    check_repeats("order_amended");
}

static void test_a_cancellation_and_a_refund_come_again(void **state)
{
    (void)state;
    check_repeats("cancelled_after_posting");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ids),
        TEST(test_an_order_and_a_refund_of_one_id),
        TEST(test_a_refunds_life),
        TEST(test_its_order_is_not_there),
        TEST(test_it_waits_for_another),
        TEST(test_an_orders_refunds),
        TEST(test_a_refund_that_was_discarded),
        TEST(test_an_order_without_refunds),
        TEST(test_what_cannot_be_asked),
        TEST(test_which_of_the_two),
        TEST(test_an_amendment_and_a_refund),
        TEST(test_an_amendment_and_a_refund_come_again),
        TEST(test_a_cancellation_and_a_refund_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
