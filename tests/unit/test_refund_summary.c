/* The stored decision about a refund, which is its reservation as well: it comes back as it was, is
 * small, and nothing else is taken for it. */
#include "test_refund_support.h"

#include <errno.h>
#include <string.h>

#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_pack.h"
#include "refund_facts.h"
#include "refund_key.h"
#include "refund_summary.h"

static struct arena *memory;

static struct refund_summary plain(void)
{
    return (struct refund_summary){
        .tax_included = true,
        .currency = currency_find("GBP"),
        .has_note = true,
        .flags = {{{PF_E_refund_tax_capped, 0, 1}, {PF_E_restock_depot_unmapped, 2, 3}}, 2},
        .refund_date = 20261120,
        .post_date = 20261201,
        .has_days_left = true,
        .days_left = -2,
        .proof = {.lines_minor = 2500,
                  .charges_minor = 350,
                  .order_minor = 100,
                  .tax_minor = 491,
                  .tax_included = true,
                  .money_minor = 2000,
                  .set_off_minor = 900,
                  .account_minor = 50,
                  .parts_minor = 2951},
        .money_told = 2010,
        .remaining = {2300, 384, 1},
    };
}

static struct refund_summary net(void)
{
    struct refund_summary s = plain();
    s.tax_included = s.proof.tax_included = false;
    s.money = MONEY_PRESENTMENT;
    s.currency = currency_find("JPY");
    s.order_number = "WEB-1001";
    s.has_days_left = false;
    s.days_left = 0;
    s.flags.count = 0;
    s.post_date = s.refund_date;
    s.proof.money_minor += 491;
    s.proof.parts_minor += 491;
    return s;
}

static struct refund_summary largest(void)
{
    struct refund_summary s = plain();
    for (s.flags.count = 0; s.flags.count < FLAGS_MAX; s.flags.count++)
        s.flags.items[s.flags.count] = (struct flag){
            (enum pf_error)(PF_E_tax_mismatch + s.flags.count), UINT32_MAX, UINT32_MAX};
    s.refund_date = 10101;
    s.post_date = 99991231;
    s.days_left = INT32_MIN;
    s.proof = (struct credit_proof){.lines_minor = INT64_MAX,
                                    .order_minor = INT64_MIN,
                                    .tax_minor = INT64_MIN,
                                    .tax_included = true,
                                    .money_minor = -1,
                                    .parts_minor = INT64_MIN};
    s.money_told = INT64_MIN;
    s.remaining = (struct credit_remaining){INT64_MIN, INT64_MAX, INT64_MIN};
    return s;
}

static struct refund_summary owed(void)
{
    return (struct refund_summary){.tax_included = true, .currency = currency_find("GBP")};
}

static struct refund_summary owed_again(void)
{
    struct refund_summary s = owed();
    s.was_owed = true;
    s.order_number = "2011001";
    return s;
}

/* With the shirt and the carriage behind it; of an edit with a unit that it took. */
static void write_whole(const struct refund_summary *s, struct buf *out)
{
    static const int64_t shirt_tax[] = {417}, carriage_tax[] = {58};
    static const struct credit_part parts[] = {{1, 1, 2500, shirt_tax}, {2, 0, 350, carriage_tax}};
    static const struct credit_tender tender = {"T1", "card", "shopify_payments", 2850};
    static const struct ledger_taken taken = {0, 1};
    struct ledger_balance balance;
    struct ledger_entry *entry = refund_entry(memory);
    buf_init(out, REFUND_SUMMARY_MAX);
    assert_int_equal(refund_summary_write(s, out), 0);
    assert_int_equal(ledger_balance_read(entry, memory, &balance), 0);
    assert_int_equal(s->has_note
                         ? ledger_pack(&balance, &(struct credit){parts, 2, 50}, &tender, 1, out)
                         : ledger_pack_taken(entry, &taken, 1, out),
                     0);
}

static void assert_same(const struct refund_summary *a, const struct refund_summary *b)
{
    assert_int_equal(a->money, b->money);
    assert_int_equal(a->tax_included, b->tax_included);
    assert_ptr_equal(a->currency, b->currency);
    assert_int_equal(a->order_number == NULL, b->order_number == NULL);
    if (a->order_number != NULL)
        assert_string_equal(a->order_number, b->order_number);
    assert_int_equal(a->has_note, b->has_note);
    assert_int_equal(a->was_owed, b->was_owed);
    assert_int_equal(a->flags.count, b->flags.count);
    for (size_t i = 0; i < a->flags.count; i++) {
        assert_int_equal(a->flags.items[i].code, b->flags.items[i].code);
        assert_int_equal(a->flags.items[i].at, b->flags.items[i].at);
        assert_int_equal(a->flags.items[i].count, b->flags.items[i].count);
    }
    assert_int_equal(a->refund_date, b->refund_date);
    assert_int_equal(a->post_date, b->post_date);
    assert_int_equal(a->has_days_left, b->has_days_left);
    assert_int_equal(a->days_left, b->days_left);
    assert_true(a->proof.lines_minor == b->proof.lines_minor &&
                a->proof.charges_minor == b->proof.charges_minor &&
                a->proof.order_minor == b->proof.order_minor &&
                a->proof.tax_minor == b->proof.tax_minor &&
                a->proof.money_minor == b->proof.money_minor &&
                a->proof.set_off_minor == b->proof.set_off_minor &&
                a->proof.account_minor == b->proof.account_minor &&
                a->proof.parts_minor == b->proof.parts_minor);
    assert_true(a->money_told == b->money_told);
    assert_memory_equal(&a->remaining, &b->remaining, sizeof a->remaining);
}

static void assert_takes(const struct refund_summary *s, const struct ledger_credit *takes)
{
    assert_string_equal(takes->currency, s->currency->code);
    assert_int_equal(takes->state, s->has_note ? CREDIT_OPEN : CREDIT_OWED);
    if (!s->has_note) {
        assert_int_equal(takes->taken.count, 1);
        assert_int_equal(takes->taken.items[0].number, 1);
        assert_int_equal(takes->taken.items[0].units, 1);
        return;
    }
    assert_int_equal(takes->parts.count, 2);
    assert_int_equal(takes->amount_minor, 2850);
    assert_int_equal(takes->tax_minor, 475);
    assert_int_equal(takes->account_minor, 50);
    assert_int_equal(takes->parts.items[0].number, 2);
    assert_string_equal(takes->parts.items[1].code, "CARR");
    assert_string_equal(takes->tenders.items[0].gateway, "shopify_payments");
}

static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct refund_summary (*make)(void);
        size_t size_max;
    } rows[] = {{"plain", plain, 120},
                {"net prices, another number", net, 115},
                {"every number at its end", largest, 350},
                {"an edit that took units away", owed, 25},
                {"... again", owed_again, 30}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct refund_summary written = rows[i].make();
        struct refund_summary read;
        struct ledger_credit takes;
        struct buf bytes;
        enum pf_error codes[8];
        size_t count = 99;
        memory = arena_new(SUPPORT_ARENA);
        write_whole(&written, &bytes);
        print_message("  %s: %zu bytes\n", rows[i].name, bytes.size);
        assert_true(bytes.size <= rows[i].size_max);
        assert_int_equal(refund_summary_read(bytes.data, bytes.size, memory, &read, &takes), 0);
        assert_same(&written, &read);
        assert_takes(&written, &takes);
        assert_int_equal(refund_takes(bytes.data, bytes.size, memory, &takes), 0);
        assert_takes(&written, &takes);
        assert_int_equal(refund_summary_outcome(bytes.data, bytes.size, codes, &count),
                         OUTCOME_POSTED);
        assert_int_equal(count, written.flags.count);
        for (size_t k = 0; k < count; k++)
            assert_int_equal(codes[k], written.flags.items[k].code);
        buf_release(&bytes);
        arena_free(memory);
    }
}

/* Golden: what is stored today must be read by every later version. */
static void test_golden_bytes(void **state)
{
    (void)state;
    static const uint8_t golden[] = {0x01, 0x0e, 0x47, 0x42, 0x50, 0x00, 0x02, 0xa4, 0x31, 0x00,
                                     0x01, 0x8d, 0xa4, 0x02, 0x03, 0x80, 0xd2, 0xd4, 0x09, 0xa2,
                                     0x01, 0x03, 0x88, 0x27, 0xbc, 0x05, 0xc8, 0x01, 0xd6, 0x07,
                                     0x88, 0x0e, 0x64, 0x02, 0x14, 0xf8, 0x23, 0x80, 0x06, 0x02};
    const struct refund_summary written = plain();
    struct buf bytes;
    buf_init(&bytes, REFUND_SUMMARY_MAX);
    assert_int_equal(refund_summary_write(&written, &bytes), 0);
    assert_int_equal(bytes.size, sizeof golden);
    assert_memory_equal(bytes.data, golden, sizeof golden);
    buf_release(&bytes);
}

static int read_bytes(const char *data, size_t size)
{
    struct refund_summary any = {.refund_date = 77};
    struct ledger_credit takes = {.amount_minor = 77};
    const int r = refund_summary_read(data, size, memory, &any, &takes);
    if (r < 0)
        assert_true(any.refund_date == 77 && takes.amount_minor == 77); /* untouched */
    return r;
}

static void not_a_summary(const struct refund_summary *written)
{
    struct buf bytes;
    enum pf_error codes[8];
    size_t count = 0;
    write_whole(written, &bytes);
    for (size_t size = 0; size < bytes.size; size++) /* cut at each byte */
        assert_int_equal(read_bytes(bytes.data, size), -EBADMSG);
    bytes.data[0] = 2; /* another version */
    assert_int_equal(read_bytes(bytes.data, bytes.size), -EBADMSG);
    assert_int_equal(refund_summary_outcome(bytes.data, bytes.size, codes, &count), OUTCOME_POSTED);
    assert_int_equal(count, 1);
    assert_int_equal(codes[0], PF_E_defect);
    bytes.data[0] = 1;
    buf_byte(&bytes, 0); /* something follows */
    assert_int_equal(read_bytes(bytes.data, bytes.size), -EBADMSG);
    bytes.size--;
    for (size_t i = 0; i < bytes.size; i++) /* each bit turned: an error or a summary, no crash */
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
            const int r = read_bytes(bytes.data, bytes.size);
            assert_true(r == 0 || r == -EBADMSG);
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
        }
    buf_release(&bytes);
}

/* Once the ledger has the rest: as before, and takes nothing. */
static void test_what_is_kept(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    const struct refund_summary rows[] = {plain(), net(), largest()};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf bytes;
        struct refund_summary back;
        struct ledger_credit takes;
        const char *kept;
        size_t size = 0;
        buf_init(&bytes, REFUND_SUMMARY_MAX);
        assert_int_equal(refund_summary_write(&rows[i], &bytes), 0);
        const size_t own = bytes.size;
        buf_append(&bytes, "\x01\x02\x01\x03\x00\x00\x00\x00\x00", 9); /* the order, in one part */
        assert_int_equal(refund_keeps(bytes.data, own, memory, &kept, &size), 0);
        assert_int_equal(refund_keeps(bytes.data, bytes.size, memory, &kept, &size), 0);
        assert_int_equal(size, own + 5);
        assert_memory_equal(kept, bytes.data, own);
        assert_int_equal(refund_summary_read(kept, size, memory, &back, &takes), 0);
        assert_int_equal(back.money_told, rows[i].money_told);
        assert_int_equal(takes.parts.count + takes.tenders.count + takes.taken.count, 0);
        assert_int_equal(takes.account_minor, 0);
        assert_int_equal(refund_keeps(bytes.data, own - 1, memory, &kept, &size), -EBADMSG);
        buf_release(&bytes);
    }
    arena_free(memory);
}

static void test_not_a_summary(void **state)
{
    (void)state;
    memory = arena_new(16 * SUPPORT_ARENA);
    const struct refund_summary all[] = {plain(), net(), owed(), owed_again()};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        not_a_summary(&all[i]);
    arena_free(memory);
}

static int read_altered(const struct refund_summary *written, size_t at, const char *with,
                        size_t size)
{
    struct buf bytes;
    write_whole(written, &bytes);
    memcpy(bytes.data + at, with, size);
    const int r = read_bytes(bytes.data, bytes.size);
    buf_release(&bytes);
    return r;
}

/* What no version of ours writes is not believed, however well it fits. */
static void test_values_that_are_none(void **state)
{
    enum { BITS_AT = 1, CURRENCY_AT = 2 };
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    const struct refund_summary s = plain(), of_edit = owed();
    assert_int_equal(read_altered(&s, CURRENCY_AT, "EUR", 3), 0);
    assert_int_equal(read_altered(&s, CURRENCY_AT, "XQZ", 3), -EBADMSG);
    assert_int_equal(read_altered(&s, BITS_AT, "\x0e", 1), 0);        /* as it was */
    assert_int_equal(read_altered(&s, BITS_AT, "\x1e", 1), -EBADMSG); /* a note is not owed */
    assert_int_equal(read_altered(&s, BITS_AT, "\x2e", 1), -EBADMSG); /* no such bit */
    assert_int_equal(read_altered(&of_edit, BITS_AT, "\x02", 1), 0);
    assert_int_equal(read_altered(&of_edit, BITS_AT, "\x0a", 1), -EBADMSG); /* days without note */
    struct refund_summary too_much = plain(); /* sums that no note has */
    too_much.proof.lines_minor = INT64_MAX;
    struct buf bytes;
    write_whole(&too_much, &bytes);
    assert_int_equal(read_bytes(bytes.data, bytes.size), -EBADMSG);
    buf_release(&bytes);
    arena_free(memory);
}

/* What a refund of one line and of two costs in Redis. */
static void test_usual_size(void **state)
{
    (void)state;
    struct order_rules *rules = support_rules(NULL);
    for (size_t lines = 1; lines <= 2; lines++) {
        memory = arena_new(SUPPORT_ARENA);
        struct refund_event *event = refund_event(memory);
        struct ledger_fold fold = {.entry = refund_entry(memory)};
        struct flow_key key;
        struct flow_plan plan;
        const char *detail = NULL;
        const struct refund_line shirt = event->lines.items[0];
        event->refund_id = "929361462";
        refund_lines(event, memory, lines);
        event->lines.items[0] = shirt;
        if (lines == 2) {
            event->lines.items[1] = shirt;
            event->lines.items[1].line_id = "L1";
            event->lines.items[1].amount.shop_minor = 1200;
            event->lines.items[1].tax = NULL;
            refund_paid(event, memory, 3700);
        }
        event->transactions.items[0].parent_id = "1068278470";
        struct fact fact = {.kind = FACT_CREDIT, .state = FACT_KNOWN, .credit = &fold};
        assert_int_equal(refund_key(event, rules, memory, &key, &detail), PF_OK);
        assert_int_equal(refund_flow_decide(event, &key, rules, &fact, 1, NULL, memory, &plan), 0);
        assert_int_equal(plan.verdict, FLOW_SENDS);
        print_message("  %zu line: %zu bytes\n", lines, plan.summary_size);
        assert_true(plan.summary_size < 110);
        arena_free(memory);
    }
    support_rules_free(rules);
}

static void test_narrative(void **state)
{
    (void)state;
    memory = arena_new(SUPPORT_ARENA);
    struct refund_summary s = plain();
    assert_string_equal(refund_summary_narrative(&s, memory),
                        "more tax is stated than remains; goods came back to a location without "
                        "depot (part 2 and 2 more)");
    s.flags.items[0].code = PF_E_post_date_moved;
    s.flags.items[1] = (struct flag){PF_E_refund_note_late, 0, 1};
    assert_string_equal(refund_summary_narrative(&s, memory),
                        "the day of the money is closed in the books; the note is late");
    s.flags.count = 0;
    assert_string_equal(refund_summary_narrative(&s, memory), "");
    arena_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_not_a_summary),
        cmocka_unit_test(test_values_that_are_none),
        cmocka_unit_test(test_usual_size),
        cmocka_unit_test(test_narrative),
    };
    return cmocka_run_group_tests_name("refund_summary", tests, NULL, NULL);
}
