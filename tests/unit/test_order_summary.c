/* The stored decision: it comes back as it was, is small, and nothing else is taken for it. */
#include "test_order_support.h"

#include <errno.h>

#include "order_summary.h"

static struct order_summary plain(void)
{
    static const uint32_t misc_lines[] = {3, 4, 200};
    return (struct order_summary){
        .hold = true,
        .vat_inclusive = true,
        .currency = currency_find("GBP"),
        .date = 20261123,
        .flags = {{{PF_E_tax_mismatch, 2, 1}, {PF_E_unknown_sku, 3, 4}}, 2},
        .proof = {.lines = 5400,
                  .discounts = 500,
                  .charges = 350,
                  .tax = 875,
                  .tax_expected = 874,
                  .tenders = 5250,
                  .outstanding = 0,
                  .difference = -1,
                  .tolerance = 3,
                  .tax_included = true},
        .account = "C000123",
        .misc_lines = misc_lines,
        .misc_count = 3,
    };
}

static struct order_summary largest(void)
{
    struct order_summary s = plain();
    s.money = MONEY_PRESENTMENT;
    s.hold = s.vat_inclusive = false;
    s.currency = currency_find("KWD");
    s.proof = (struct sale_proof){INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN,
                                  INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, false};
    for (s.flags.count = 0; s.flags.count < FLAGS_MAX; s.flags.count++)
        s.flags.items[s.flags.count] = (struct flag){
            (enum pf_error)(PF_E_tax_mismatch + s.flags.count), UINT32_MAX, UINT32_MAX};
    memset(s.account, 'A', sizeof s.account - 1);
    return s;
}

static struct order_summary empty(void)
{
    struct order_summary s = plain();
    s.hold = false;
    s.flags.count = s.misc_count = 0;
    *s.account = '\0';
    return s;
}

static struct order_summary with_bundles(void)
{
    static const struct sale_bundle bundles[] = {{2, 0xbeef, 3, 0},
                                                 {9, 0x0001, 50, UINT64_C(1) << 49 | 1}};
    struct order_summary s = plain();
    s.is_taken_apart = true;
    s.bundles = bundles;
    s.bundle_count = 2;
    return s;
}

static struct order_summary with_parts_of_the_channel(void)
{
    struct order_summary s = plain();
    s.is_taken_apart = true;
    return s;
}

static void assert_same(const struct order_summary *a, const struct order_summary *b)
{
    assert_int_equal(a->hold, b->hold);
    assert_int_equal(a->vat_inclusive, b->vat_inclusive);
    assert_int_equal(a->money, b->money);
    assert_ptr_equal(a->currency, b->currency);
    assert_int_equal(a->date, b->date);
    assert_int_equal(a->flags.count, b->flags.count);
    for (size_t i = 0; i < a->flags.count; i++) {
        assert_int_equal(a->flags.items[i].code, b->flags.items[i].code);
        assert_int_equal(a->flags.items[i].at, b->flags.items[i].at);
        assert_int_equal(a->flags.items[i].count, b->flags.items[i].count);
    }
    assert_memory_equal(&a->proof, &b->proof, offsetof(struct sale_proof, tax_included));
    assert_int_equal(a->proof.tax_included, b->proof.tax_included);
    assert_string_equal(a->account, b->account);
    assert_int_equal(a->misc_count, b->misc_count);
    for (size_t i = 0; i < a->misc_count; i++)
        assert_int_equal(a->misc_lines[i], b->misc_lines[i]);
    assert_int_equal(a->is_taken_apart, b->is_taken_apart);
    assert_int_equal(a->bundle_count, b->bundle_count);
    for (size_t i = 0; i < a->bundle_count; i++) {
        assert_int_equal(a->bundles[i].line, b->bundles[i].line);
        assert_int_equal(a->bundles[i].mark, b->bundles[i].mark);
        assert_int_equal(a->bundles[i].request_lines, b->bundles[i].request_lines);
        assert_int_equal(a->bundles[i].misc, b->bundles[i].misc);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct order_summary (*make)(void);
        size_t size_max;
    } rows[] = {{"plain", plain, 70},
                {"nothing flagged", empty, 60},
                {"every number at its end", largest, 300},
                {"bundles", with_bundles, 85},
                {"bundles of the channel's own", with_parts_of_the_channel, 71}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(SUPPORT_ARENA);
        struct buf bytes;
        buf_init(&bytes, SUMMARY_BYTES_MAX);
        const struct order_summary written = rows[i].make();
        struct order_summary read;
        assert_int_equal(order_summary_write(&written, &bytes), 0);
        print_message("    %zu bytes\n", bytes.size);
        assert_true(bytes.size <= rows[i].size_max);
        assert_int_equal(order_summary_read(bytes.data, bytes.size, arena, &read), 0);
        assert_same(&written, &read);
        enum pf_error codes[8];
        size_t count = 99;
        assert_int_equal(order_summary_outcome(bytes.data, bytes.size, codes, &count),
                         written.hold ? OUTCOME_POSTED_ON_HOLD : OUTCOME_POSTED);
        assert_int_equal(count, written.flags.count);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(codes[j], written.flags.items[j].code);
        buf_release(&bytes);
        arena_free(arena);
    }
}

/* Golden: what is stored today must be read by every later version. */
static void test_golden_bytes(void **state)
{
    (void)state;
    static const uint8_t golden[] = {
        0x01, 0x0d, 'G',  'B',  'P',  0x83, 0xd2, 0xd4, 0x09, 0x02, 0xfe, 0xcd,
        0x02, 0x01, 0xb9, 0x42, 0x03, 0x04, 0xb0, 0x54, 0xe8, 0x07, 0xbc, 0x05,
        0xd6, 0x0d, 0xd4, 0x0d, 0x84, 0x52, 0x00, 0x01, 0x06, 0x07, 'C',  '0',
        '0',  '0',  '1',  '2',  '3',  0x03, 0x03, 0x01, 0xc4, 0x01,
    };
    struct buf bytes;
    buf_init(&bytes, SUMMARY_BYTES_MAX);
    const struct order_summary written = plain();
    assert_int_equal(order_summary_write(&written, &bytes), 0);
    assert_int_equal(bytes.size, sizeof golden);
    assert_memory_equal(bytes.data, golden, sizeof golden);
    buf_release(&bytes);
}

/* Version 2: the same with another first byte, and the bundles behind it. */
static void test_golden_bundles(void **state)
{
    (void)state;
    static const uint8_t golden[] = {0x02, 0x02, 0x03, 0xbe, 0xef, 0x00, 0x07, 0x32, 0x00,
                                     0x01, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    struct buf without, bytes;
    buf_init(&without, SUMMARY_BYTES_MAX);
    buf_init(&bytes, SUMMARY_BYTES_MAX);
    const struct order_summary first = plain(), written = with_bundles();
    assert_int_equal(order_summary_write(&first, &without), 0);
    assert_int_equal(order_summary_write(&written, &bytes), 0);
    assert_int_equal(bytes.data[0], 2);
    assert_int_equal(bytes.size, without.size + sizeof golden);
    assert_memory_equal(bytes.data + 1, without.data + 1, without.size - 1);
    assert_memory_equal(bytes.data + without.size, golden, sizeof golden);
    buf_release(&without);
    buf_release(&bytes);
}

static void not_a_summary(struct order_summary (*make)(void))
{
    struct buf bytes;
    buf_init(&bytes, SUMMARY_BYTES_MAX + 1);
    const struct order_summary written = make();
    const char version = make == plain ? 1 : 2;
    assert_int_equal(order_summary_write(&written, &bytes), 0);
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_summary untouched = {.date = 77};
    for (size_t size = 0; size < bytes.size; size++) /* cut at each byte */
        assert_int_equal(order_summary_read(bytes.data, size, arena, &untouched), -EBADMSG);
    bytes.data[0] = 3; /* another version */
    assert_int_equal(order_summary_read(bytes.data, bytes.size, arena, &untouched), -EBADMSG);
    enum pf_error codes[8];
    size_t count = 0;
    assert_int_equal(order_summary_outcome(bytes.data, bytes.size, codes, &count),
                     OUTCOME_POSTED_ON_HOLD);
    assert_int_equal(count, 1);
    assert_int_equal(codes[0], PF_E_defect);
    bytes.data[0] = version;
    buf_byte(&bytes, 0); /* something follows */
    assert_int_equal(order_summary_read(bytes.data, bytes.size, arena, &untouched), -EBADMSG);
    bytes.size--;
    for (size_t i = 0; i < bytes.size;
         i++) /* each byte turned: an error or a summary, never a crash */
        for (int bit = 0; bit < 8; bit++) {
            struct order_summary any;
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
            const int r = order_summary_read(bytes.data, bytes.size, arena, &any);
            assert_true(r == 0 || r == -EBADMSG);
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
        }
    assert_int_equal(untouched.date, 77);
    arena_free(arena);
    buf_release(&bytes);
}

static void test_not_a_summary(void **state)
{
    (void)state;
    not_a_summary(plain);
    not_a_summary(with_bundles);
}

static int read_altered(const struct order_summary *written, size_t at, const char *bytes,
                        size_t size)
{
    struct buf whole;
    struct order_summary read;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    buf_init(&whole, SUMMARY_BYTES_MAX);
    assert_int_equal(order_summary_write(written, &whole), 0);
    assert_true(at + size <= whole.size);
    memcpy(whole.data + at, bytes, size);
    const int r = order_summary_read(whole.data, whole.size, arena, &read);
    buf_release(&whole);
    arena_free(arena);
    return r;
}

/* What no version of ours writes is not believed, however well it fits. */
static void test_values_that_are_none(void **state)
{
    enum { CURRENCY_AT = 2, ACCOUNT_SIZE_AT = 33 };
    const struct order_summary s = plain();
    (void)state;
    assert_int_equal(read_altered(&s, CURRENCY_AT, "EUR", 3), 0);
    assert_int_equal(read_altered(&s, CURRENCY_AT, "XQZ", 3), -EBADMSG);
    assert_int_equal(read_altered(&s, ACCOUNT_SIZE_AT, "\x07", 1), 0); /* as it was */
    struct order_summary longest = plain();
    memset(longest.account, 'A', sizeof longest.account - 1);
    longest.account[sizeof longest.account - 1] = '\0';
    assert_int_equal(read_altered(&longest, 0, "", 0), 0);
    const char beyond = (char)sizeof longest.account; /* one byte of what follows, too */
    assert_int_equal(read_altered(&longest, ACCOUNT_SIZE_AT, &beyond, 1), -EBADMSG);
}

static void test_too_many_miscellaneous_lines(void **state)
{
    (void)state;
    uint32_t lines[2000];
    for (size_t i = 0; i < 2000; i++)
        lines[i] = (uint32_t)i + 1;
    struct order_summary s = plain();
    s.misc_lines = lines;
    s.misc_count = 2000;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    assert_int_equal(order_summary_write(&s, &bytes), -ENOMEM);
    buf_release(&bytes);
}

/* Codes are stored by sixteen bits of their names. */
static void test_no_two_codes_share_a_mark(void **state)
{
    (void)state;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    for (int code = 1; code < PF_ERROR_COUNT; code++) {
        struct order_summary s = empty(), read;
        s.flags = (struct flags){{{(enum pf_error)code, 0, 1}}, 1};
        struct buf bytes;
        buf_init(&bytes, SUMMARY_BYTES_MAX);
        assert_int_equal(order_summary_write(&s, &bytes), 0);
        assert_int_equal(order_summary_read(bytes.data, bytes.size, arena, &read), 0);
        assert_string_equal(pf_error_info(read.flags.items[0].code)->name,
                            pf_error_info((enum pf_error)code)->name);
        buf_release(&bytes);
    }
    arena_free(arena);
}

static void test_narrative(void **state)
{
    (void)state;
    struct arena *arena = arena_new(SUPPORT_ARENA);
    struct order_summary s = plain();
    assert_string_equal(
        order_summary_narrative(&s, arena),
        "tax is 8.75, by the configured rates 8.74, tolerance 0.03 (line 2); product unknown, "
        "posted as miscellaneous item (line 3 and 3 more)");
    s = empty();
    assert_string_equal(order_summary_narrative(&s, arena),
                        "tax is 8.75, by the configured rates 8.74: within the tolerance of 0.03");
    s.proof.tax_expected = s.proof.tax;
    assert_string_equal(order_summary_narrative(&s, arena), "");
    s.flags = (struct flags){
        {{PF_E_payment_unmapped, 0, 1}, {PF_E_payment_unmapped, 2, 1}, {PF_E_unknown_sku, 1, 2}},
        3};
    assert_string_equal(order_summary_narrative(&s, arena),
                        "payment terms not mapped; payment not mapped and left out (payment 2); "
                        "product unknown, posted as miscellaneous item (line 1 and 1 more)");
    s = largest();
    const char *text = order_summary_narrative(&s, arena);
    assert_non_null(strstr(text, "-9223372036854775.808"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_golden_bundles),
        cmocka_unit_test(test_not_a_summary),
        cmocka_unit_test(test_values_that_are_none),
        cmocka_unit_test(test_too_many_miscellaneous_lines),
        cmocka_unit_test(test_no_two_codes_share_a_mark),
        cmocka_unit_test(test_narrative),
    };
    return cmocka_run_group_tests_name("order_summary", tests, NULL, NULL);
}
