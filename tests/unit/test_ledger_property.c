/* Random credits and edits of random orders: put together from their records they are what applying
 * them one by one gives; in whatever order they are read, all of them have room; packed and unpacked
 * they are the same; and what is kept is what standing credits would have taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../support/chance.h"
#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_pack.h"
#include "test_credit_support.h"

enum { ARENA = 16 << 20, ROUNDS = 2000, STEPS = 14, PARTS_MAX = 4 };

static void *take(struct arena *arena, size_t size)
{
    void *p = arena_alloc(arena, size);
    assert_non_null(p);
    return p;
}

/* Lines of one to three rates, some of them of two; carriage, and at times the rounding of cash. */
static struct ledger_entry *chance_entry(struct arena *arena)
{
    static const int64_t rates[] = {200000, 50000, 0};
    struct ledger_entry *e = take(arena, sizeof *e);
    *e = (struct ledger_entry){.key = "01/orders/shopify/uk/1",
                               .currency = "GBP",
                               .version = 1,
                               .tax_included = chance_below(2) == 0};
    e->lines.count = 1 + (size_t)chance_below(5);
    e->lines.items = take(arena, e->lines.count * sizeof *e->lines.items);
    e->charges.count = 1 + (size_t)chance_below(2);
    e->charges.items = take(arena, 2 * sizeof *e->charges.items);
    for (size_t i = 0; i < e->lines.count; i++) {
        struct ledger_line *line = &e->lines.items[i];
        *line = (struct ledger_line){.line_id = arena_printf(arena, "L%zu", i),
                                     .number = (int32_t)i + 1,
                                     .product = arena_printf(arena, "P%d", (int)chance_below(3)),
                                     .quantity = 1 + (int32_t)chance_below(5),
                                     .amount_minor = 1 + chance_below(5000)};
        line->taxes.count = 1 + (size_t)(chance_below(4) == 0);
        line->taxes.items = take(arena, 2 * sizeof *line->taxes.items);
        for (size_t k = 0; k < line->taxes.count; k++)
            line->taxes.items[k] = (struct ledger_tax){rates[(size_t)chance_below(3)],
                                                       chance_below(line->amount_minor / 4 + 1), 0};
        e->total_minor += line->amount_minor;
        for (size_t k = 0; k < line->taxes.count; k++)
            e->total_minor += e->tax_included ? 0 : line->taxes.items[k].tax_minor;
    }
    e->charges.items[0] = (struct ledger_charge){.code = "CARR",
                                                 .kind = "shipping",
                                                 .amount_minor = 360,
                                                 .taxes = {tax_of(arena, 200000, 60, 0), 1}};
    e->charges.items[1] =
        (struct ledger_charge){.code = "ROUND", .kind = "cash_rounding", .amount_minor = -2};
    e->total_minor += 360 + (e->tax_included ? 0 : 60) - (e->charges.count == 2 ? 2 : 0);
    return e;
}

/* A part of what a place has: nothing to all of its units, net and taxes. */
static struct credit_part chance_part(struct arena *arena, const struct ledger_balance *b,
                                      size_t at)
{
    const struct ledger_place *place = &b->places[at];
    const bool all = chance_below(3) == 0;
    int64_t net = place->gross - ledger_place_tax(place), tax = 0;
    int64_t *taxes = take(arena, (place->tax_count + 1) * sizeof *taxes);
    net = all || net <= 0 ? net : chance_below(net + 1);
    for (size_t i = 0; i < place->tax_count; i++) {
        taxes[i] = all ? place->taxes[i] : chance_below(place->taxes[i] + 1);
        tax += taxes[i];
    }
    return (struct credit_part){at, all ? place->quantity : chance_below(place->quantity + 1),
                                net + tax, taxes};
}

struct history {
    struct arena *arena;
    struct ledger_entry *first, now; /* as posted; each applied with ledger_apply or ledger_owe */
    struct ledger_credit records[STEPS];
    size_t count;
};

/* A note's own sum is never below nothing, as with money that went back. */
static bool is_note(const struct credit *credit)
{
    int64_t sum = 0;
    for (size_t i = 0; i < credit->count; i++)
        sum += credit->parts[i].gross;
    return sum >= 0;
}

static struct ledger_credit unpack_again(struct arena *arena, const struct buf *bytes)
{
    struct ledger_credit back;
    struct buf again;
    size_t used = 0;
    assert_int_equal(ledger_unpack(bytes->data, bytes->size, arena, &back, &used), 0);
    assert_int_equal(used, bytes->size);
    buf_init(&again, 1 << 16);
    assert_int_equal(ledger_pack_again(&back, &again), 0);
    assert_int_equal(again.size, bytes->size);
    assert_memory_equal(again.data, bytes->data, again.size);
    buf_release(&again);
    return back;
}

static void keep_record(struct history *h, struct ledger_credit record, enum credit_state state)
{
    char *id = arena_printf(h->arena, "r%zu", h->count);
    const struct ledger_credit who = *a_record(h->arena, id, state);
    record.key = who.key;
    record.refund_id = who.refund_id;
    record.currency = who.currency;
    record.state = state;
    record.at = (int64_t)h->count;
    record.event_time = (int64_t)h->count + 1;
    h->records[h->count++] = record;
}

static void chance_credit(struct history *h)
{
    struct ledger_balance b;
    struct ledger_excess excess;
    struct credit_part parts[PARTS_MAX];
    struct credit credit = {parts, 1 + (size_t)chance_below(PARTS_MAX), 0};
    struct buf bytes;
    assert_int_equal(ledger_balance_read(&h->now, h->arena, &b), 0);
    for (size_t i = 0; i < credit.count; i++)
        parts[i] = chance_part(
            h->arena, &b, (size_t)chance_below((int64_t)(ledger_groups_at(&b) + b.group_count)));
    char *id = arena_printf(h->arena, "r%zu", h->count);
    const struct credit_note_posted note = {id, "", (int64_t)h->count, NULL, 0};
    const struct ledger_balance named = b;
    if (!is_note(&credit) || ledger_reserve(&b, &credit, &excess) < 0)
        return;
    buf_init(&bytes, 1 << 16);
    assert_int_equal(ledger_pack(&named, &credit, NULL, 0, &bytes), 0);
    assert_int_equal(ledger_apply(&h->now, &credit, &note, h->arena, &h->now), 0);
    keep_record(h, unpack_again(h->arena, &bytes), CREDIT_CREDITED);
    buf_release(&bytes);
}

static void chance_edit(struct history *h)
{
    struct ledger_taken taken[2];
    struct buf bytes;
    for (size_t i = 0; i < 2; i++)
        taken[i] = (struct ledger_taken){(size_t)chance_below((int64_t)h->now.lines.count),
                                         1 + chance_below(3)};
    const size_t count = taken[0].line == taken[1].line ? 1 : 2; /* a row for each of them */
    char *id = arena_printf(h->arena, "r%zu", h->count);
    buf_init(&bytes, 1 << 16);
    assert_int_equal(ledger_pack_taken(&h->now, taken, count, &bytes), 0);
    assert_int_equal(
        ledger_owe(&h->now, id, (int64_t)h->count + 1, taken, count, h->arena, &h->now), 0);
    keep_record(h, unpack_again(h->arena, &bytes), CREDIT_OWED);
    buf_release(&bytes);
}

static struct history *chance_history(struct arena *arena)
{
    struct history *h = take(arena, sizeof *h);
    h->arena = arena;
    h->first = chance_entry(arena);
    h->now = *h->first;
    for (size_t i = 0; i < STEPS; i++)
        if (chance_below(4) == 0)
            chance_edit(h);
        else
            chance_credit(h);
    return h;
}

static void check_taxes(const struct ledger_tax a[], const struct ledger_tax b[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a[i].credited_minor, b[i].credited_minor);
        assert_int_equal(a[i].tax_minor, b[i].tax_minor);
    }
}

static void check_same(const struct ledger_entry *a, const struct ledger_entry *b)
{
    for (size_t i = 0; i < a->lines.count; i++) {
        assert_int_equal(a->lines.items[i].credited_quantity, b->lines.items[i].credited_quantity);
        assert_int_equal(a->lines.items[i].credited_minor, b->lines.items[i].credited_minor);
        check_taxes(a->lines.items[i].taxes.items, b->lines.items[i].taxes.items,
                    a->lines.items[i].taxes.count);
    }
    for (size_t i = 0; i < a->charges.count; i++)
        assert_int_equal(a->charges.items[i].credited_minor, b->charges.items[i].credited_minor);
    assert_int_equal(a->shares.count, b->shares.count);
    for (size_t i = 0; i < a->shares.count; i++) {
        assert_int_equal(a->shares.items[i].credited_minor, b->shares.items[i].credited_minor);
        check_taxes(a->shares.items[i].taxes.items, b->shares.items[i].taxes.items,
                    a->shares.items[i].taxes.count);
    }
    assert_int_equal(a->owed.count, b->owed.count);
    for (size_t i = 0; i < a->owed.count; i++) {
        assert_string_equal(a->owed.items[i].edit_id, b->owed.items[i].edit_id);
        assert_int_equal(a->owed.items[i].quantity, b->owed.items[i].quantity);
        assert_int_equal(a->owed.items[i].amount_minor, b->owed.items[i].amount_minor);
        check_taxes(a->owed.items[i].taxes.items, b->owed.items[i].taxes.items,
                    a->owed.items[i].taxes.count);
    }
    assert_int_equal(a->credits.count, b->credits.count);
}

static void test_as_one_by_one(void **state)
{
    (void)state;
    chance = 20261130;
    size_t records = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new(ARENA);
        struct history *h = chance_history(arena);
        struct ledger_fold fold;
        assert_int_equal(ledger_fold(h->first, h->records, h->count, NULL, arena, &fold), 0);
        assert_null(fold.misfit);
        check_same(fold.entry, &h->now);
        records += h->count;
        arena_free(arena);
    }
    print_message("  %zu records of %d orders\n", records, ROUNDS);
    assert_true(records > 5 * ROUNDS);
}

static void shuffle(struct ledger_credit records[], size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = (size_t)chance_below((int64_t)i);
        const struct ledger_credit record = records[i - 1];
        records[i - 1] = records[other];
        records[other] = record;
    }
}

/* A transaction that commits late has its record behind those that were decided after it. */
static void test_in_any_order(void **state)
{
    (void)state;
    chance = 42;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new(ARENA);
        struct history *h = chance_history(arena);
        struct ledger_fold fold;
        struct exact x = {0};
        shuffle(h->records, h->count);
        assert_int_equal(ledger_fold(h->first, h->records, h->count, NULL, arena, &fold), 0);
        assert_null(fold.misfit);
        assert_int_equal(ledger_creditable(&x, fold.entry), ledger_creditable(&x, &h->now));
        for (size_t i = 0; i < h->now.lines.count; i++) {
            const struct ledger_line *a = &fold.entry->lines.items[i], *b = &h->now.lines.items[i];
            assert_int_equal(a->credited_quantity, b->credited_quantity);
            assert_int_equal(a->credited_minor, b->credited_minor);
            check_taxes(a->taxes.items, b->taxes.items, a->taxes.count);
        }
        arena_free(arena);
    }
}

/* Whether a credit stands, is open, or is reserved: as much of the order remains. */
static void test_kept(void **state)
{
    (void)state;
    chance = 7;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new(ARENA);
        struct history *h = chance_history(arena);
        struct ledger_credit reserved[STEPS];
        size_t reserved_count = 0, kept_count = 0;
        struct ledger_fold fold;
        struct ledger_kept kept;
        struct ledger_balance b;
        struct ledger_excess excess;
        struct exact x = {0};
        for (size_t i = 0; i < h->count; i++) {
            struct ledger_credit *record = &h->records[i];
            const int64_t where = record->state == CREDIT_CREDITED ? chance_below(4) : 0;
            if (where >= 2)
                reserved[reserved_count++] = *record;
            if (where == 1 || where == 3)
                record->state = CREDIT_OPEN;
            if (where == 2)
                *record = *a_record(arena, record->refund_id, CREDIT_UNPOSTED); /* of no effect */
            kept_count += where != 0;
        }
        assert_int_equal(ledger_fold(h->first, h->records, h->count, NULL, arena, &fold), 0);
        assert_int_equal(ledger_keep(&fold, reserved, reserved_count, arena, &kept), 0);
        assert_null(kept.misfit);
        assert_false(kept.is_all);
        assert_int_equal(kept.count, kept_count);
        assert_int_equal(ledger_balance_read(fold.entry, arena, &b), 0);
        for (size_t i = 0; i < kept.count; i++)
            assert_int_equal(ledger_reserve(&b, &kept.credits[i], &excess), 0);
        assert_int_equal(b.gross, ledger_creditable(&x, &h->now));
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_one_by_one),
        cmocka_unit_test(test_in_any_order),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests_name("ledger_property", tests, NULL, NULL);
}
