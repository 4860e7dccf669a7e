/* What a refund takes, packed: there and back, golden bytes, and bytes that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/varint.h"
#include "domain/ledger/ledger_pack.h"
#include "test_credit_support.h"

enum { ARENA = 1 << 20, ROOM = 4096 };

struct world {
    struct arena *arena;
    struct ledger_book book; /* with a shoe owed */
    struct buf bytes;
    struct ledger_credit back;
    size_t used;
};

enum { OWED_SHOE = CASH + 1 }; /* the groups follow it */

static void begin(struct world *w)
{
    w->arena = arena_new(ARENA);
    assert_int_equal(ledger_book_open(an_entry(w->arena), 1, 1, w->arena, &w->book), 0);
    assert_int_equal(ledger_book_owe(&w->book, "e1", 5, &(struct ledger_taken){SHOE, 1}, 1), 0);
    buf_init(&w->bytes, ROOM);
}

static void end(struct world *w)
{
    buf_release(&w->bytes);
    arena_free(w->arena);
}

static const struct credit_part parts[] = {
    {SHOE, 2, 2000, (int64_t[]){333}},
    {CARRIAGE, 0, 360, (int64_t[]){60}},
    {CASH, 0, -2, NULL},
    {OWED_SHOE, 1, 900, (int64_t[]){150}},
    {OWED_SHOE + 1, 0, 100, (int64_t[]){17}},
    {OWED_SHOE + 2, 0, 40, (int64_t[]){0}},
};
static const struct credit credit = {parts, 6, 500};
static const struct credit_tender tenders[] = {{"T1", "card", "stripe", 2898},
                                               {NULL, "store_credit", NULL, 0}};

static void test_round_trip(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    buf_text(&w.bytes, "before");
    assert_int_equal(ledger_pack(&w.book.balance, &credit, tenders, 2, &w.bytes), 0);
    const size_t size = w.bytes.size - 6;
    buf_text(&w.bytes, "behind");
    assert_int_equal(ledger_unpack(w.bytes.data + 6, w.bytes.size - 6, w.arena, &w.back, &w.used),
                     0);
    assert_int_equal(w.used, size);
    const struct ledger_credit *r = &w.back;
    assert_int_equal(r->state, CREDIT_OPEN);
    assert_int_equal(r->account_minor, 500);
    assert_int_equal(r->amount_minor, 3398);
    assert_int_equal(r->tax_minor, 560);
    assert_int_equal(r->parts.count, 6);
    const struct ledger_credit_part *shoe = &r->parts.items[0], *carriage = &r->parts.items[1],
                                    *owed = &r->parts.items[3], *order = &r->parts.items[4];
    assert_int_equal(shoe->what, CREDIT_AT_LINE);
    assert_int_equal(shoe->number, 1);
    assert_int_equal(shoe->mark, ledger_line_mark(&w.book.entry.lines.items[0]));
    assert_int_equal(shoe->quantity, 2);
    assert_int_equal(shoe->gross_minor, 2000);
    assert_int_equal(shoe->taxes.items[0].rate_ppm, 200000);
    assert_int_equal(shoe->taxes.items[0].tax_minor, 333);
    assert_int_equal(carriage->what, CREDIT_AT_CHARGE);
    assert_string_equal(carriage->code, "CARR");
    assert_string_equal(carriage->line_id, "S1");
    assert_null(r->parts.items[2].line_id);
    assert_int_equal(r->parts.items[2].gross_minor, -2);
    assert_int_equal(owed->what, CREDIT_AT_OWED);
    assert_string_equal(owed->edit_id, "e1");
    assert_int_equal(owed->number, 1);
    assert_int_equal(order->what, CREDIT_AT_ORDER);
    assert_int_equal(order->taxes.items[0].rate_ppm, 200000);
    assert_int_equal(r->tenders.count, 2);
    assert_string_equal(r->tenders.items[0].kind, "card");
    assert_string_equal(r->tenders.items[0].gateway, "stripe");
    assert_string_equal(r->tenders.items[0].parent_id, "T1");
    assert_int_equal(r->tenders.items[0].amount_minor, 2898);
    assert_null(r->tenders.items[1].gateway);
    /* the same places again */
    struct credit placed;
    assert_int_equal(ledger_place(r, &w.book.balance, w.arena, &placed), 0);
    assert_int_equal(placed.count, 6);
    assert_int_equal(placed.account, 500);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(placed.parts[i].place, parts[i].place);
        assert_int_equal(placed.parts[i].quantity, parts[i].quantity);
        assert_int_equal(placed.parts[i].gross, parts[i].gross);
    }
    /* and the same bytes */
    struct buf again;
    buf_init(&again, ROOM);
    assert_int_equal(ledger_pack_again(r, &again), 0);
    assert_int_equal(again.size, size);
    assert_memory_equal(again.data, w.bytes.data + 6, size);
    buf_release(&again);
    end(&w);
}

static void test_taken(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    const struct ledger_taken taken[] = {{SHOE, 2}, {BOOK, 1}};
    struct ledger_taken *back = NULL;
    assert_int_equal(ledger_pack_taken(&w.book.entry, taken, 2, &w.bytes), 0);
    assert_int_equal(ledger_unpack(w.bytes.data, w.bytes.size, w.arena, &w.back, &w.used), 0);
    assert_int_equal(w.used, w.bytes.size);
    assert_int_equal(w.back.parts.count + w.back.tenders.count, 0);
    assert_int_equal(w.back.taken.count, 2);
    assert_int_equal(w.back.taken.items[0].units, 2);
    assert_int_equal(ledger_place_taken(&w.back, &w.book.entry, w.arena, &back), 0);
    assert_int_equal(back[0].line, SHOE);
    assert_int_equal(back[1].line, BOOK);
    assert_int_equal(back[1].units, 1);
    end(&w);
}

/* What Redis and the ledger hold lives longer than a release: these bytes never change. */
static void test_golden(void **state)
{
    (void)state;
    struct world w;
    char hex[2 * ROOM + 1];
    begin(&w);
    assert_int_equal(ledger_pack(&w.book.balance, &credit, tenders, 2, &w.bytes), 0);
    assert_string_equal(digest_hex(w.bytes.data, w.bytes.size, hex),
                        "01e807060001fb8a9404a01f0180b5189a050100054341525203533100d0050180b5187801"
                        "0006524f554e44000003000201fb8a940365"
                        "3102880e0180b518ac020300c8010180b51822030050010000020563617264077374726970"
                        "65035431a42d0d73746f72655f637265646974"
                        "00000000");
    end(&w);
}

static void test_small(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    const struct credit one = {parts, 1, 0};
    assert_int_equal(ledger_pack(&w.book.balance, &one, tenders, 0, &w.bytes), 0);
    assert_true(w.bytes.size <= 5 + 15);
    end(&w);
}

static void test_full(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    const struct ledger_taken taken = {SHOE, 2};
    struct buf small;
    buf_init(&small, 12);
    buf_text(&small, "before");
    assert_int_equal(ledger_pack(&w.book.balance, &credit, tenders, 2, &small), -ENOMEM);
    assert_string_equal(small.data, "before");
    buf_clear(&small);
    buf_text(&small, "before");
    assert_int_equal(ledger_pack_taken(&w.book.entry, &taken, 1, &small), -ENOMEM);
    assert_string_equal(small.data, "before");
    buf_release(&small);
    /* and an arena that is */
    assert_int_equal(ledger_pack(&w.book.balance, &credit, tenders, 2, &w.bytes), 0);
    for (size_t cap = 0; cap < 4096; cap += 16) {
        struct arena *arena = arena_new(cap);
        const int r = ledger_unpack(w.bytes.data, w.bytes.size, arena, &w.back, &w.used);
        assert_true(r == 0 || r == -ENOMEM);
        if (cap == 0)
            assert_int_equal(r, -ENOMEM);
        arena_free(arena);
    }
    end(&w);
}

/* Cut anywhere it is not such bytes, and a changed byte is never more than that. */
static void test_hostile(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    assert_int_equal(ledger_pack(&w.book.balance, &credit, tenders, 2, &w.bytes), 0);
    for (size_t size = 0; size < w.bytes.size; size++)
        assert_int_equal(ledger_unpack(w.bytes.data, size, w.arena, &w.back, &w.used), -EBADMSG);
    for (size_t at = 0; at < w.bytes.size; at++)
        for (int byte = 0; byte < 256; byte += 5) {
            struct arena *arena = arena_new(ARENA);
            const char was = w.bytes.data[at];
            struct credit placed;
            w.bytes.data[at] = (char)byte;
            if (ledger_unpack(w.bytes.data, w.bytes.size, arena, &w.back, &w.used) == 0) {
                assert_true(w.used <= w.bytes.size);
                (void)!ledger_place(&w.back, &w.book.balance, arena, &placed);
            }
            w.bytes.data[at] = was;
            arena_free(arena);
        }
    end(&w);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t size;
    } rows[] = {
        {"nothing", "", 0},
        {"another version", "\2\0\0\0\0", 5},
        {"a kind of place that there is not", "\1\0\1\4\0\0\0\0\0", 9},
        {"more parts than bytes", "\1\0\5\0\0\0", 6},
        {"a charge without code", "\1\0\1\1\0\0\0\0\0\0\0\0", 12},
        {"owed by no edit", "\1\0\1\2\1\1\1\1\0\0\0\0\0\0", 14},
        {"a quantity beyond an int", "\1\0\1\3\x80\x80\x80\x80\x20\0\0\0\0", 13},
        {"a tender without kind", "\1\0\0\1\0\0\0\0\0", 9},
        {"a NUL in a text", "\1\0\0\1\3a\0\0\0\0\0", 11},
    };
    struct arena *arena = arena_new(ARENA);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct ledger_credit back;
        size_t used = 0;
        assert_int_equal(ledger_unpack(rows[i].bytes, rows[i].size, arena, &back, &used), -EBADMSG);
    }
    struct ledger_credit back;
    size_t used = 0;
    assert_int_equal(ledger_unpack("\1\0\0\0\0", 5, arena, &back, &used), 0);
    assert_int_equal(ledger_unpack("\1\0\1\3\x7e\0\0\0\0", 9, arena, &back, &used), 0);
    assert_int_equal(back.parts.items[0].quantity, 63);
    arena_free(arena);
}

/* Amounts whose sum no number holds. */
static void test_too_large(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct ledger_credit *r = a_record(w.arena, "r1", CREDIT_OPEN);
    take_of(w.arena, r, CREDIT_AT_LINE, 1, 1, INT64_MAX, 200000, 0);
    assert_int_equal(ledger_pack_again(r, &w.bytes), 0);
    assert_int_equal(ledger_unpack(w.bytes.data, w.bytes.size, w.arena, &w.back, &w.used), 0);
    assert_int_equal(w.back.amount_minor, INT64_MAX);
    buf_clear(&w.bytes);
    take_of(w.arena, r, CREDIT_AT_LINE, 1, 1, 1, 200000, 0);
    assert_int_equal(ledger_pack_again(r, &w.bytes), 0);
    assert_int_equal(ledger_unpack(w.bytes.data, w.bytes.size, w.arena, &w.back, &w.used),
                     -EBADMSG);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_taken),
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_small),
        cmocka_unit_test(test_full),       cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests_name("ledger_pack", tests, NULL, NULL);
}
