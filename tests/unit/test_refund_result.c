/* What is said of a refund in the end: results and ledger records, written from the stored summary
 * and read back as their readers do. */
#include "test_refund_support.h"

#include <errno.h>
#include <string.h>

#include "codec/codec.h"
#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_pack.h"
#include "refund_facts.h"
#include "refund_flow.h"
#include "refund_key.h"
#include "refund_summary.h"
#include "refund_write.h"

enum { MESSAGES_MAX = 4 };

struct message {
    size_t topic;
    char key[100];
    struct buf value;
};

struct desk {
    struct flow_outputs outputs; /* the first member: `put` is given it */
    struct buf value;
    struct message messages[MESSAGES_MAX];
    size_t message_count;
    struct codec *codec;
    struct order_rules *rules;
    struct arena *arena;
    struct refund_event *event;
    struct ledger_fold fold;
    struct flow_key key;
    struct flow_plan plan;
    struct flow_settlement settlement;
    uint8_t identity[CODEC_IDENTITY_SIZE], goods[CODEC_PART_SIZE], money[FLOW_MONEY_SIZE];
};

static void put(struct flow_outputs *outputs, size_t topic, const char *key)
{
    struct desk *d = (struct desk *)outputs;
    struct message *m = &d->messages[d->message_count++];
    assert_true(d->message_count <= MESSAGES_MAX);
    m->topic = topic;
    (void)snprintf(m->key, sizeof m->key, "%s", key != NULL ? key : "(the record's)");
    buf_init(&m->value, 1 << 20);
    buf_append(&m->value, outputs->value->data, outputs->value->size);
    buf_clear(outputs->value);
}

static void decide(struct desk *d)
{
    const char *detail = NULL;
    struct fact fact = {.kind = FACT_CREDIT, .state = FACT_KNOWN, .credit = &d->fold};
    assert_int_equal(refund_key(d->event, d->rules, d->arena, &d->key, &detail), PF_OK);
    assert_int_equal(
        refund_flow_decide(d->event, &d->key, d->rules, &fact, 1, NULL, d->arena, &d->plan), 0);
}

static struct desk *desk_open(void)
{
    static struct desk d;
    const struct codec_limits limits = {
        .bytes_max = 1 << 20, .elements_max = 10000, .depth_max = 32};
    char message[300] = "";
    d = (struct desk){.outputs = {&d.value, put},
                      .arena = arena_new(SUPPORT_ARENA),
                      .rules = support_rules(NULL),
                      .identity = {1, 0xab},
                      .goods = {1, 0xcd},
                      .money = {1, 0xef}};
    buf_init(&d.value, 1 << 20);
    assert_int_equal(codec_open("schemas", NULL, limits, &d.codec, message), 0);
    assert_int_equal(codec_check(d.codec, &refund_result_record, message), 0);
    assert_int_equal(codec_check(d.codec, &ledger_credit_record, message), 0);
    d.event = refund_event(d.arena);
    d.fold.entry = refund_entry(d.arena);
    decide(&d);
    assert_int_equal(d.plan.verdict, FLOW_SENDS);
    return &d;
}

static void desk_close(struct desk *d)
{
    for (size_t i = 0; i < d->message_count; i++)
        buf_release(&d->messages[i].value);
    buf_release(&d->value);
    codec_close(d->codec);
    support_rules_free(d->rules);
    arena_free(d->arena);
}

static struct flow_settlement *settle(struct desk *d, enum outcome outcome)
{
    d->settlement = (struct flow_settlement){
        .outcome = outcome,
        .key = &d->key,
        .identity = d->identity,
        .goods = d->goods,
        .money = d->money,
        .summary = d->plan.summary,
        .summary_size = d->plan.summary_size,
        .delivery = "refunds.raw/3/1234567890123",
        .source_topic = "refunds.raw.retry.10s",
        .source_partition = 1,
        .source_offset = 42,
        .received_ms = 1795200001000,
        .posted_ms = outcome == OUTCOME_POSTED ? 1795200002000 : 0,
        .published_ms = 1795200003000,
        .attempts = 2,
    };
    return &d->settlement;
}

static struct flow_settlement *dead_letter(struct desk *d, enum pf_error code)
{
    struct flow_settlement *s = settle(d, OUTCOME_COUNT);
    s->is_dead_letter = true;
    s->code = code;
    return s;
}

static void no_summary(struct flow_settlement *s)
{
    s->summary = NULL;
    s->summary_size = 0;
}

static int write_all(struct desk *d)
{
    for (size_t i = 0; i < d->message_count; i++)
        buf_release(&d->messages[i].value);
    d->message_count = 0;
    buf_clear(&d->value);
    return refund_flow.write_outputs(d->codec, &d->settlement, d->event, d->rules, d->arena,
                                     &d->outputs);
}

static void decode(struct desk *d, size_t message, const struct bound_record *record,
                   void *ret_struct)
{
    struct codec_fault fault = {.message = ""};
    const struct buf *bytes = &d->messages[message].value;
    if (codec_decode(d->codec, record, bytes->data, bytes->size, d->arena, ret_struct, &fault) < 0)
        fail_msg("%s", fault.message);
}

static struct refund_result result_of(struct desk *d)
{
    struct refund_result result;
    errno = ERANGE; /* of something before */
    assert_int_equal(write_all(d), 0);
    assert_true(d->message_count >= 1);
    assert_int_equal(d->messages[0].topic, REFUND_RESULT);
    assert_string_equal(d->messages[0].key, "(the record's)");
    decode(d, 0, &refund_result_record, &result);
    return result;
}

/* The ledger's record, which is the last message. */
static struct ledger_credit credit_of(struct desk *d, size_t messages)
{
    struct ledger_credit credit;
    assert_int_equal(d->message_count, messages);
    assert_int_equal(d->messages[messages - 1].topic, REFUND_LEDGER);
    assert_string_equal(d->messages[messages - 1].key, "01/shopify/uk/1001/9001");
    decode(d, messages - 1, &ledger_credit_record, &credit);
    assert_string_equal(credit.key, "01/refunds/shopify/uk/9001");
    assert_string_equal(credit.order, "01/shopify/uk/1001");
    assert_string_equal(credit.company, "01");
    assert_string_equal(credit.channel, "shopify");
    assert_string_equal(credit.store, "uk");
    assert_string_equal(credit.order_id, "1001");
    assert_string_equal(credit.refund_id, "9001");
    assert_int_equal(credit.event_time, d->event->created_at);
    return credit;
}

/* ---- a note ---- */

static void test_posted(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    (void)settle(d, OUTCOME_POSTED);
    const struct refund_result r = result_of(d);
    assert_int_equal(r.outcome, OUTCOME_POSTED);
    assert_string_equal(r.code, "ok");
    assert_int_equal(r.codes.count, 0);
    assert_null(r.owner);
    assert_string_equal(r.key, "01/refunds/shopify/uk/9001");
    assert_string_equal(r.company, "01");
    assert_string_equal(r.channel, "shopify");
    assert_string_equal(r.store, "uk");
    assert_string_equal(r.order_id, "1001");
    assert_string_equal(r.refund_id, "9001");
    assert_string_equal(r.order_number, "2011001");
    assert_string_equal(r.credit_number, "201R9001");
    assert_string_equal(r.document, "201R9001");
    assert_memory_equal(r.identity, "01ab00", 6);
    assert_memory_equal(r.goods, "01cd", 4);
    assert_memory_equal(r.money, "01ef", 4);
    assert_int_equal(r.source_version, 1);
    assert_string_equal(r.refund_date, "2026-11-20");
    assert_string_equal(r.post_date, "2026-11-20");
    assert_false(r.has_days_left); /* nobody asked for now */
    assert_string_equal(r.proof->currency, "GBP");
    assert_int_equal(r.proof->lines_minor, 2500);
    assert_int_equal(r.proof->tax_minor, 417);
    assert_true(r.proof->tax_included);
    assert_int_equal(r.proof->money_minor, 2500);
    assert_int_equal(r.proof->parts_minor, 2500);
    assert_int_equal(r.remaining->gross_minor, 2750);
    assert_int_equal(r.remaining->tax_minor, 458);
    assert_int_equal(r.remaining->rounding_minor, 0);
    assert_string_equal(r.delivery.topic, "refunds.raw");
    assert_int_equal(r.delivery.offset, 1234567890123);
    assert_string_equal(r.source.topic, "refunds.raw.retry.10s");
    assert_null(r.publisher);
    assert_null(r.narrative);
    assert_true(r.has_posted_at);
    assert_int_equal(r.posted_at, 1795200002000);
    assert_int_equal(r.published_at, 1795200003000);
    assert_int_equal(r.attempts, 2);
    const struct ledger_credit c = credit_of(d, 2);
    assert_int_equal(c.state, CREDIT_CREDITED);
    assert_string_equal(c.document, "201R9001");
    assert_string_equal(c.currency, "GBP");
    assert_false(c.all);
    assert_int_equal(c.amount_minor, 2500);
    assert_int_equal(c.tax_minor, 417);
    assert_int_equal(c.at, 1795200002000);
    assert_int_equal(c.parts.count, 1);
    assert_int_equal(c.tenders.count, 1);
    desk_close(d);
}

/* The ledger with that record: what remains is what the result said, and the note is a duplicate. */
static void test_what_its_order_has_open(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct flow_settlement *s = settle(d, OUTCOME_POSTED);
    assert_null(result_of(d).related);
    s->related = PF_E_cancelled_after_posting;
    assert_string_equal(result_of(d).related, "cancelled_after_posting");
    desk_close(d);
}

static void test_the_ledger_agrees(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    (void)settle(d, OUTCOME_POSTED);
    const struct refund_result r = result_of(d);
    const struct ledger_credit c = credit_of(d, 2);
    struct ledger_fold fold;
    struct exact x = {0};
    assert_int_equal(ledger_fold(d->fold.entry, &c, 1, c.key, d->arena, &fold), 0);
    assert_null(fold.misfit);
    assert_int_equal(ledger_creditable(&x, fold.entry), r.remaining->gross_minor);
    assert_int_equal(fold.entry->tenders.items[0].credited_minor, 2500);
    d->fold = fold;
    decide(d);
    assert_int_equal(d->plan.verdict, FLOW_SETTLES);
    assert_int_equal(d->plan.outcome, OUTCOME_DUPLICATE);
    desk_close(d);
}

static void test_a_flagged_note(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    d->event->lines.items[0].location_id = "777";
    decide(d);
    struct flow_settlement *s = settle(d, OUTCOME_POSTED);
    s->code = PF_E_restock_depot_unmapped; /* the plan's first, which is not said twice */
    const struct refund_result r = result_of(d);
    assert_string_equal(r.code, "restock_depot_unmapped");
    assert_int_equal(r.codes.count, 1);
    assert_string_equal(r.owner, "ecommerce");
    assert_string_equal(r.narrative, "goods came back to a location without depot (part 1)");
    desk_close(d);
}

static void test_days_and_moved_date(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct refund_summary s;
    struct ledger_credit takes;
    struct buf bytes;
    assert_int_equal(
        refund_summary_read(d->plan.summary, d->plan.summary_size, d->arena, &s, &takes), 0);
    s.post_date = 20261201;
    s.has_days_left = true;
    s.days_left = -3;
    s.order_number = "WEB-7";
    buf_init(&bytes, REFUND_SUMMARY_MAX);
    assert_int_equal(refund_summary_write(&s, &bytes), 0);
    assert_int_equal(ledger_pack_again(&takes, &bytes), 0);
    struct flow_settlement *settlement = settle(d, OUTCOME_POSTED);
    settlement->summary = bytes.data;
    settlement->summary_size = bytes.size;
    const struct refund_result r = result_of(d);
    assert_string_equal(r.refund_date, "2026-11-20");
    assert_string_equal(r.post_date, "2026-12-01");
    assert_true(r.has_days_left);
    assert_int_equal(r.days_left, -3);
    assert_string_equal(r.order_number, "WEB-7");
    buf_release(&bytes);
    desk_close(d);
}

/* ---- other outcomes ---- */

static void test_other_outcomes(void **state)
{
    static const struct {
        enum outcome outcome;
        bool has_document;
    } rows[] = {{OUTCOME_DUPLICATE, true},   {OUTCOME_PAYMENT_UPDATED, true},
                {OUTCOME_SUPERSEDED, false}, {OUTCOME_CONTAINED, false},
                {OUTCOME_NO_MONEY, false},   {OUTCOME_NOTHING_TO_CREDIT, false}};
    (void)state;
    struct desk *d = desk_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", outcome_name(rows[i].outcome));
        struct flow_settlement *s = settle(d, rows[i].outcome);
        no_summary(s);
        s->detail = "a sentence";
        struct refund_result r = result_of(d);
        assert_int_equal(r.outcome, rows[i].outcome);
        assert_string_equal(r.code, "ok");
        assert_int_equal(r.document != NULL, rows[i].has_document);
        assert_string_equal(r.credit_number, "201R9001");
        assert_null(r.order_number);
        assert_null(r.proof);
        assert_null(r.remaining);
        assert_null(r.refund_date);
        assert_false(r.has_posted_at || r.has_days_left);
        assert_string_equal(r.narrative, "a sentence");
        assert_int_equal(d->message_count, 1); /* nothing for the ledger */
    }
    desk_close(d);
}

/* A duplicate shows the proof of what was posted, and raises no flag again. */
static void test_a_duplicate_of_a_note(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    d->event->lines.items[0].location_id = "777";
    decide(d);
    struct flow_settlement *s = settle(d, OUTCOME_DUPLICATE);
    s->publisher = "refunds.raw/0/7";
    s->exception = "refunds.raw/0/8";
    s->resolves = "refunds.raw/0/9";
    s->origin = "refunds.raw/0/6";
    s->code = PF_E_refund_amended;
    const struct refund_result r = result_of(d);
    assert_string_equal(r.code, "refund_amended");
    assert_int_equal(r.proof->lines_minor, 2500);
    assert_string_equal(r.refund_date, "2026-11-20");
    assert_null(r.remaining);
    assert_null(r.narrative);
    assert_int_equal(r.publisher->offset, 7);
    assert_int_equal(r.exception->offset, 8);
    assert_int_equal(r.resolves->offset, 9);
    assert_int_equal(r.origin->offset, 6);
    assert_int_equal(d->message_count, 1);
    desk_close(d);
}

static void take_a_shoe(struct desk *d)
{
    d->event->kind = REFUND_KIND_EDIT;
    d->event->lines.items[0].line_id = "L1";
    refund_paid(d->event, d->arena, 0);
    decide(d);
    assert_int_equal(d->plan.outcome, OUTCOME_NO_MONEY);
}

static void test_units_without_money(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    take_a_shoe(d);
    (void)settle(d, OUTCOME_NO_MONEY);
    const struct refund_result r = result_of(d);
    assert_string_equal(r.order_number, "2011001");
    assert_null(r.proof);
    struct ledger_credit c = credit_of(d, 2);
    assert_int_equal(c.state, CREDIT_OWED);
    assert_null(c.document);
    assert_int_equal(c.at, 1795200003000);
    assert_int_equal(c.taken.count, 1);
    assert_int_equal(c.taken.items[0].number, 1);
    assert_int_equal(c.taken.items[0].units, 1);
    struct ledger_fold fold;
    assert_int_equal(ledger_fold(d->fold.entry, &c, 1, NULL, d->arena, &fold), 0);
    assert_int_equal(fold.entry->owed.items[0].amount_minor, 1200);

    /* nothing was taken by the next version of it: the record before it is to be replaced */
    d->fold.own = &c;
    d->event->deleted = true;
    decide(d);
    (void)settle(d, OUTCOME_NO_MONEY);
    assert_int_equal(write_all(d), 0);
    c = credit_of(d, 2);
    assert_int_equal(c.state, CREDIT_OWED);
    assert_int_equal(c.taken.count, 0);
    d->fold.own = NULL; /* there is none */
    decide(d);
    (void)settle(d, OUTCOME_NO_MONEY);
    assert_int_equal(write_all(d), 0);
    assert_int_equal(d->message_count, 1);
    desk_close(d);
}

/* ---- dead letters ---- */

static void test_beside_a_dead_letter(void **state)
{
    static const struct {
        enum pf_error code;
        bool is_kept, is_kept_without_summary;
    } rows[] = {
        {PF_E_outcome_unknown, true, true},       {PF_E_exists_unproven, true, true},
        {PF_E_refused_after_unknown, true, true}, {PF_E_defect, true, false},
        {PF_E_parked_behind, false, false},       {PF_E_discarded, false, false},
        {PF_E_refund_mismatch, false, false},     {PF_E_refund_waits_for_refund, false, false},
        {PF_E_refund_amended, false, false},      {PF_E_prima_period_closed, false, false},
    };
    (void)state;
    struct desk *d = desk_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", pf_error_info(rows[i].code)->name);
        (void)dead_letter(d, rows[i].code);
        assert_int_equal(write_all(d), 0);
        assert_int_equal(d->message_count, rows[i].is_kept);
        if (rows[i].is_kept) {
            const struct ledger_credit c = credit_of(d, 1);
            assert_int_equal(c.state, CREDIT_OPEN);
            assert_false(c.all);
            assert_null(c.document);
            assert_int_equal(c.amount_minor, 2500);
            assert_string_equal(c.currency, "GBP");
            assert_int_equal(c.at, 1795200003000);
        }
        no_summary(dead_letter(d, rows[i].code));
        assert_int_equal(write_all(d), 0);
        assert_int_equal(d->message_count, rows[i].is_kept_without_summary);
        if (rows[i].is_kept_without_summary) {
            const struct ledger_credit c = credit_of(d, 1);
            assert_int_equal(c.state, CREDIT_OPEN);
            assert_true(c.all);
            assert_int_equal(c.parts.count, 0);
        }
    }
    desk_close(d);
}

/* All is kept of what is stored by another version; a note that is posted says so instead. */
static void test_a_summary_of_another_version(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct flow_settlement *s = dead_letter(d, PF_E_outcome_unknown);
    s->summary = "\x09of tomorrow";
    s->summary_size = 12;
    assert_int_equal(write_all(d), 0);
    assert_true(credit_of(d, 1).all);
    s = settle(d, OUTCOME_POSTED);
    s->summary = "\x09of tomorrow";
    s->summary_size = 12;
    assert_int_equal(write_all(d), -EBADMSG);
    s = settle(d, OUTCOME_POSTED);
    no_summary(s);
    assert_int_equal(write_all(d), -EBADMSG); /* nothing could be said to the ledger */
    desk_close(d);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *name, *natural, *kafka, *delivery;
    } rows[] = {
        {"a key of something else", "01/orders/a/b/1", "01/a/b/1", "t/0/1"},
        {"a topic's key that is none", "01/refunds/a/b/1", "01/a/b", "t/0/1"},
        {"a delivery without offset", "01/refunds/a/b/1", "01/a/b/1", "t/0/"},
    };
    (void)state;
    struct desk *d = desk_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct flow_settlement *s = settle(d, OUTCOME_POSTED);
        struct flow_key key = d->key;
        key.natural = rows[i].natural;
        key.kafka = rows[i].kafka;
        s->key = &key;
        s->delivery = rows[i].delivery;
        assert_int_equal(write_all(d), -EINVAL);
        assert_int_equal(d->message_count, 0);
    }
    desk_close(d);
}

/* Nothing goes to the ledger of what was not posted. */
static void test_a_shadow(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    struct flow_settlement *s = settle(d, OUTCOME_POSTED);
    s->is_shadow = true;
    assert_null(result_of(d).document);
    assert_int_equal(d->message_count, 1);
    desk_close(d);
}

/* No personal data: the event's free text goes nowhere. */
static void test_no_free_text(void **state)
{
    (void)state;
    struct desk *d = desk_open();
    d->event->note = "ask ada@example.com";
    decide(d);
    (void)settle(d, OUTCOME_POSTED);
    assert_int_equal(write_all(d), 0);
    for (size_t i = 0; i < d->message_count; i++) {
        const struct buf *value = &d->messages[i].value;
        assert_null(memmem(value->data, value->size, "example.com", 11));
    }
    assert_null(strstr(d->plan.request, "example.com"));
    desk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posted),
        cmocka_unit_test(test_what_its_order_has_open),
        cmocka_unit_test(test_the_ledger_agrees),
        cmocka_unit_test(test_a_flagged_note),
        cmocka_unit_test(test_days_and_moved_date),
        cmocka_unit_test(test_other_outcomes),
        cmocka_unit_test(test_a_duplicate_of_a_note),
        cmocka_unit_test(test_units_without_money),
        cmocka_unit_test(test_beside_a_dead_letter),
        cmocka_unit_test(test_a_summary_of_another_version),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_a_shadow),
        cmocka_unit_test(test_no_free_text),
    };
    return cmocka_run_group_tests_name("refund_result", tests, NULL, NULL);
}
