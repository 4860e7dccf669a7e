/* What remains creditable: reading an entry, reserving, giving back, applying, owing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../support/chance.h"
#include "domain/ledger/ledger_change.h"
#include "test_credit_support.h"

enum { ARENA = 4 << 20 };

static struct ledger_balance balance_of(const struct ledger_entry *e, struct arena *arena)
{
    struct ledger_balance b;
    assert_int_equal(ledger_balance_read(e, arena, &b), 0);
    return b;
}

static void test_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA);
    struct ledger_entry *e = an_entry(arena);
    struct ledger_balance b = balance_of(e, arena);
    assert_int_equal(b.group_count, 2);
    assert_true(b.gross == 4358 && b.account == 1000);
    assert_true(b.places[SHOE].quantity == 3 && b.places[SHOE].gross == 3000);
    assert_true(b.places[AT_20].gross == 3360 && b.places[AT_20].taxes[0] == 560);
    assert_true(b.places[AT_0].gross == 1000);
    assert_true(b.places[CASH].group == LEDGER_NO_GROUP);
    /* the same order priced without tax */
    e->tax_included = false;
    e->total_minor = 4358 + 560;
    b = balance_of(e, arena);
    assert_true(b.places[SHOE].gross == 3500 && b.places[AT_20].gross == 3920);
    assert_true(b.gross == 4918);
    arena_free(arena);
}

static void quantity_beyond(struct ledger_entry *e)
{
    e->lines.items[0].credited_quantity = 4;
}
static void amount_beyond(struct ledger_entry *e)
{
    e->lines.items[0].credited_minor = 3001;
}
static void tax_beyond(struct ledger_entry *e)
{
    e->lines.items[0].taxes.items[0].credited_minor = 501;
}
static void rounding_beyond(struct ledger_entry *e)
{
    e->charges.items[1].credited_minor = -3;
}
static void rounding_upwards(struct ledger_entry *e)
{
    e->charges.items[1].credited_minor = 1;
}
static void account_beyond(struct ledger_entry *e)
{
    e->outstanding_credited_minor = 1001;
}
static void no_currency(struct ledger_entry *e)
{
    e->currency = "XXQ";
}
static void too_large(struct ledger_entry *e)
{
    e->lines.items[0].amount_minor = INT64_MAX;
}
static void share_of_no_rate(struct ledger_entry *e)
{
    static struct ledger_share share;
    static struct ledger_tax tax = {175000, 0, 1};
    share = (struct ledger_share){.credited_minor = 10, .taxes = {&tax, 1}};
    e->shares.items = &share;
    e->shares.count = 1;
}
static void share_beyond(struct ledger_entry *e)
{
    static struct ledger_share share;
    static struct ledger_tax tax = {200000, 0, 561};
    share = (struct ledger_share){.credited_minor = 1000, .taxes = {&tax, 1}};
    e->shares.items = &share;
    e->shares.count = 1;
}
static void owed_beyond(struct ledger_entry *e)
{
    static struct ledger_owed owed;
    owed = (struct ledger_owed){.edit_id = "e",
                                .number = 1,
                                .quantity = 4,
                                .amount_minor = 1,
                                .taxes = {e->lines.items[0].taxes.items, 1}};
    e->owed.items = &owed;
    e->owed.count = 1;
}
static void owed_of_no_line(struct ledger_entry *e)
{
    owed_beyond(e);
    e->owed.items[0].quantity = 1;
    e->owed.items[0].number = 9;
}

static void test_broken_entries(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct ledger_entry *);
    } rows[] = {
        {"more units credited than sold", quantity_beyond},
        {"more credited than sold", amount_beyond},
        {"more tax credited", tax_beyond},
        {"more cash rounding credited", rounding_beyond},
        {"cash rounding with the other sign", rounding_upwards},
        {"more taken off the account", account_beyond},
        {"a currency that is none", no_currency},
        {"too large to be added", too_large},
        {"a share of rates that no line has", share_of_no_rate},
        {"a share with more tax than there is", share_beyond},
        {"more owed than units", owed_beyond},
        {"owed of no line", owed_of_no_line},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(ARENA);
        struct ledger_entry *e = an_entry(arena);
        struct ledger_balance b;
        rows[i].alter(e);
        assert_int_equal(ledger_balance_read(e, arena, &b), -EBADMSG);
        arena_free(arena);
    }
}

static const int64_t none[1] = {0};

/* Each row is reserved in the balance of a fresh entry. */
static void test_reserve(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct credit_part parts[3];
        size_t count;
        int64_t account;
        int what; /* -1: it fits */
        int64_t remains;
    } rows[] = {
        {"nothing", {{0}}, 0, 0, -1, 0},
        {"a shoe", {{SHOE, 1, 1000, (int64_t[]){167}}}, 1, 0, -1, 0},
        {"all of a line", {{SHOE, 3, 3000, (int64_t[]){500}}}, 1, 0, -1, 0},
        {"a unit too many", {{SHOE, 4, 1000, (int64_t[]){167}}}, 1, 0, EXCESS_QUANTITY, 3},
        {"a unit taken back", {{SHOE, -1, 1000, (int64_t[]){167}}}, 1, 0, EXCESS_QUANTITY, 3},
        {"a penny too much", {{SHOE, 3, 3001, (int64_t[]){500}}}, 1, 0, EXCESS_GROSS, 3000},
        {"a negative amount", {{SHOE, 1, -1, none}}, 1, 0, EXCESS_GROSS, 3000},
        {"a penny of tax too much", {{SHOE, 3, 3000, (int64_t[]){501}}}, 1, 0, EXCESS_TAX, 500},
        {"negative tax", {{SHOE, 1, 100, (int64_t[]){-1}}}, 1, 0, EXCESS_TAX, 500},
        {"more net than remains", {{SHOE, 3, 3000, (int64_t[]){499}}}, 1, 0, EXCESS_NET, 2500},
        {"near the end of the numbers", {{SHOE, 1, INT64_MAX, none}}, 1, 0, EXCESS_GROSS, 3000},
        {"a line twice",
         {{SHOE, 2, 2000, (int64_t[]){333}}, {SHOE, 2, 1000, (int64_t[]){167}}},
         2,
         0,
         EXCESS_QUANTITY,
         1},
        {"units of a charge", {{CARRIAGE, 1, 100, (int64_t[]){17}}}, 1, 0, EXCESS_QUANTITY, 0},
        {"an amount for the order", {{AT_20, 0, 3360, (int64_t[]){560}}}, 1, 0, -1, 0},
        {"... and then a line",
         {{AT_20, 0, 500, (int64_t[]){83}}, {SHOE, 3, 3000, (int64_t[]){500}}},
         2,
         0,
         EXCESS_GROSS,
         2860},
        {"cash rounding given back", {{CASH, 0, -2, none}, {BOOK, 1, 1000, none}}, 2, 0, -1, 0},
        {"... more of it", {{CASH, 0, -3, none}}, 1, 0, EXCESS_GROSS, -2},
        {"... with the other sign", {{CASH, 0, 1, none}}, 1, 0, EXCESS_GROSS, -2},
        {"everything but the cash rounding",
         {{AT_20, 0, 3360, (int64_t[]){560}}, {BOOK, 1, 1000, none}},
         2,
         0,
         EXCESS_ORDER,
         4358},
        {"off the account", {{BOOK, 1, 1000, none}}, 1, 1000, -1, 0},
        {"more than is outstanding", {{BOOK, 1, 1000, none}}, 1, 1001, EXCESS_ACCOUNT, 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(ARENA);
        struct ledger_balance b = balance_of(an_entry(arena), arena),
                              fresh = balance_of(an_entry(arena), arena);
        struct ledger_excess excess = {.place = 99};
        const struct credit credit = {rows[i].parts, rows[i].count, rows[i].account};
        const int r = ledger_reserve(&b, &credit, &excess);
        assert_int_equal(r, rows[i].what < 0 ? 0 : -ENOSPC);
        if (r == 0) {
            ledger_release(&b, &credit);
        } else {
            assert_int_equal(excess.what, rows[i].what);
            assert_true(excess.remains == rows[i].remains);
        }
        /* as before: whether it was refused, or given back */
        assert_true(b.gross == fresh.gross && b.account == fresh.account);
        for (size_t p = 0; p <= AT_0; p++) {
            assert_true(b.places[p].gross == fresh.places[p].gross);
            assert_true(b.places[p].quantity == fresh.places[p].quantity);
            assert_true(ledger_place_tax(&b.places[p]) == ledger_place_tax(&fresh.places[p]));
        }
        arena_free(arena);
    }
    struct arena *arena = arena_new(ARENA);
    struct ledger_balance b = balance_of(an_entry(arena), arena);
    const struct credit_part large[] = {{SHOE, 0, INT64_MAX, none}, {BOOK, 0, INT64_MAX, none}};
    assert_int_equal(ledger_reserve(&b, &(struct credit){large, 2, 0}, &(struct ledger_excess){0}),
                     -ERANGE);
    assert_true(b.gross == 4358);
    arena_free(arena);
}

static void test_apply(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA);
    struct ledger_entry *e = an_entry(arena), next, last;
    const struct credit_part parts[] = {{SHOE, 1, 1000, (int64_t[]){167}},
                                        {CARRIAGE, 0, 360, (int64_t[]){60}},
                                        {AT_20, 0, 120, (int64_t[]){20}},
                                        {AT_0, 0, 40, none}};
    const struct credit credit = {parts, 4, 50};
    const struct credit_tender tenders[] = {{"T2", "gift_card", NULL, 400},
                                            {NULL, "card", NULL, 70}};
    const struct credit_note_posted note = {"r1", "201Rr1", 1795500000000, tenders, 2};
    assert_int_equal(ledger_apply(e, &credit, &note, arena, &next), 0);
    assert_true(next.version == 5 && e->version == 4);
    assert_true(e->lines.items[0].credited_minor == 0); /* the old one is as it was */
    assert_true(e->lines.items[0].taxes.items[0].credited_minor == 0);
    assert_true(next.lines.items[0].credited_quantity == 1);
    assert_true(next.lines.items[0].credited_minor == 1000);
    assert_true(next.lines.items[0].taxes.items[0].credited_minor == 167);
    assert_true(next.charges.items[0].credited_minor == 360);
    assert_int_equal(next.shares.count, 2);
    assert_true(next.shares.items[0].credited_minor == 120);
    assert_true(next.shares.items[0].taxes.items[0].rate_ppm == 200000);
    assert_true(next.shares.items[0].taxes.items[0].tax_minor == 0);
    assert_true(next.shares.items[0].taxes.items[0].credited_minor == 20);
    assert_true(next.outstanding_credited_minor == 50);
    assert_true(next.credits.items[0].amount_minor == 1520);
    assert_true(next.credits.items[0].tax_minor == 247);
    assert_true(next.tenders.items[1].credited_minor == 358); /* all that came by it */
    assert_true(next.tenders.items[0].credited_minor == 70);
    assert_int_equal(ledger_apply(&next, &credit, &note, arena, &last), -EEXIST);

    const struct credit_note_posted second = {"r2", "201Rr2", 1795500000001, NULL, 0};
    assert_int_equal(ledger_apply(&next, &credit, &second, arena, &last), -ENOSPC); /* carriage */
    const struct credit again = {&parts[2], 2, 0};
    assert_int_equal(ledger_apply(&next, &again, &second, arena, &last), 0);
    assert_int_equal(last.shares.count, 2);
    assert_true(last.shares.items[0].credited_minor == 240 &&
                next.shares.items[0].credited_minor == 120);
    const struct ledger_balance b = balance_of(&last, arena);
    assert_true(b.gross == 4358 - 1520 - 160 && b.account == 950);
    assert_true(b.places[AT_20].gross == 3360 - 1000 - 360 - 240);
    assert_true(b.places[AT_20].taxes[0] == 560 - 167 - 60 - 40);
    arena_free(arena);
}

static void test_owed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA);
    struct ledger_entry *e = an_entry(arena), owing, both, settled;
    const struct ledger_taken two = {SHOE, 2}, many = {SHOE, 5};
    assert_int_equal(ledger_owe(e, "e2", 200, &two, 1, arena, &owing), 0);
    assert_true(owing.version == 5 && owing.owed.count == 1);
    assert_true(owing.owed.items[0].quantity == 2 && owing.owed.items[0].amount_minor == 2000);
    assert_true(owing.owed.items[0].taxes.items[0].tax_minor == 333);
    assert_true(owing.owed.items[0].discount_minor == 67);
    assert_int_equal(ledger_owe(&owing, "e2", 200, &two, 1, arena, &both), -EEXIST);
    /* an older edit that comes later stands before it, and has what is left */
    assert_int_equal(ledger_owe(&owing, "e1", 100, &many, 1, arena, &both), 0);
    assert_string_equal(both.owed.items[0].edit_id, "e1");
    assert_true(both.owed.items[0].quantity == 1 && both.owed.items[0].amount_minor == 1000);
    assert_true(both.owed.items[0].taxes.items[0].tax_minor == 167);

    /* the same line twice in one edit: the second of what the first left */
    const struct ledger_taken twice[] = {{SHOE, 1}, {SHOE, 3}};
    assert_int_equal(ledger_owe(e, "e3", 300, twice, 2, arena, &settled), 0);
    assert_true(settled.owed.items[0].quantity == 1 && settled.owed.items[1].quantity == 2);
    assert_true(settled.owed.items[0].amount_minor + settled.owed.items[1].amount_minor == 3000);

    struct ledger_balance b = balance_of(&both, arena);
    const size_t first = ledger_owed_at(&b);
    assert_true(b.places[SHOE].quantity == 0 && b.places[SHOE].gross == 0);
    assert_true(b.gross == 4358 && ledger_rounding(&b) == 0);
    const struct credit_part parts[] = {{first, 1, 1000, (int64_t[]){167}},
                                        {first + 1, 0, 500, (int64_t[]){83}}};
    const struct credit_note_posted note = {"r1", "201Rr1", 1, NULL, 0};
    assert_int_equal(ledger_apply(&both, &(struct credit){parts, 2, 0}, &note, arena, &settled), 0);
    assert_int_equal(settled.owed.count, 2);
    assert_true(settled.owed.items[0].amount_minor == 0 && settled.owed.items[0].quantity == 0);
    assert_int_equal(ledger_owe(&settled, "e1", 100, &many, 1, arena, e), -EEXIST);
    assert_true(settled.owed.items[1].amount_minor == 1500 && settled.owed.items[1].quantity == 2);
    assert_true(settled.owed.items[1].taxes.items[0].tax_minor == 250);
    assert_true(settled.lines.items[0].credited_quantity == 1);
    assert_true(settled.lines.items[0].credited_minor == 1500);
    assert_true(settled.lines.items[0].taxes.items[0].credited_minor == 250);
    assert_true(both.owed.items[1].amount_minor == 2000); /* the old one is as it was */
    b = balance_of(&settled, arena);
    assert_true(b.places[SHOE].gross == 0 && b.places[ledger_owed_at(&b) + 1].gross == 1500);
    arena_free(arena);
}

static void test_rounding(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA);
    struct ledger_entry *e = an_entry(arena);
    e->lines.items[0].credited_quantity = 3;
    e->lines.items[0].credited_minor = 2998;
    e->lines.items[0].taxes.items[0].credited_minor = 500;
    struct ledger_balance b = balance_of(e, arena);
    assert_true(ledger_rounding(&b) == 2);
    arena_free(arena);
}

/* 12.00 and carriage of 3.00, 1.00 and 0.50 of which were credited; with tax beside: 2.00, of which
 * 0.20. */
static void test_what_remains_creditable(void **state)
{
    struct ledger_tax tax = {.tax_minor = 200, .credited_minor = 20};
    struct ledger_line line = {
        .amount_minor = 1200, .credited_minor = 100, .taxes = {.items = &tax, .count = 1}};
    struct ledger_charge charge = {.amount_minor = 300, .credited_minor = 50};
    struct ledger_entry entry = {.total_minor = 1700,
                                 .tax_included = false,
                                 .lines = {.items = &line, .count = 1},
                                 .charges = {.items = &charge, .count = 1}};
    struct exact x = {0};
    (void)state;
    assert_int_equal(ledger_creditable(&x, &entry), 1700 - 100 - 20 - 50);
    entry.tax_included = true;
    assert_int_equal(ledger_creditable(&x, &entry), 1700 - 100 - 50);
    entry.charges.count = 0;
    assert_int_equal(ledger_creditable(&x, &entry), 1700 - 100);
    entry.lines.count = 0;
    assert_int_equal(ledger_creditable(&x, &entry), 1700);
    struct ledger_share share = {.credited_minor = 30, .taxes = {.items = &tax, .count = 1}};
    entry.shares.items = &share;
    entry.shares.count = 1;
    assert_int_equal(ledger_creditable(&x, &entry), 1700 - 30);
    entry.tax_included = false;
    assert_int_equal(ledger_creditable(&x, &entry), 1700 - 30 - 20);
    assert_false(x.overflow);
    share.credited_minor = INT64_MIN;
    (void)ledger_creditable(&x, &entry);
    assert_true(x.overflow);
}

/* Random credits of every size, also hostile ones, reserved, given back and applied: what the notes
 * come to never exceeds what was posted, per place and in all, added up here from the credits. */
static void test_never_too_much(void **state)
{
    (void)state;
    chance = 20261129;
    for (size_t round = 0; round < 400; round++) {
        struct arena *arena = arena_new(ARENA);
        struct ledger_entry e = *an_entry(arena);
        int64_t gross[AT_0 + 1] = {0}, tax[AT_0 + 1] = {0}, units[AT_0 + 1] = {0};
        e.tax_included = chance_below(2) == 0;
        if (!e.tax_included)
            e.total_minor += e.tax_minor;
        const struct ledger_balance posted = balance_of(&e, arena);
        for (size_t n = 0; n < 30; n++) {
            struct ledger_balance b = balance_of(&e, arena);
            struct ledger_excess excess;
            char *id = arena_printf(arena, "r%zu", n);
            int64_t t[2][1];
            struct credit_part parts[2];
            for (size_t p = 0; p < 2; p++) {
                const size_t place = (size_t)chance_below(AT_0 + 1);
                t[p][0] = chance_below(120) - 10;
                parts[p] = (struct credit_part){place, place <= BOOK ? chance_below(3) : 0,
                                                chance_below(1200) - 20, t[p]};
                if (chance_below(4) == 0) { /* all that is left */
                    parts[p].quantity = b.places[place].quantity;
                    parts[p].gross = b.places[place].gross;
                    t[p][0] = ledger_place_tax(&b.places[place]);
                }
            }
            const struct credit credit = {parts, (size_t)chance_below(3), 0};
            const int fits = ledger_reserve(&b, &credit, &excess);
            const struct credit_note_posted note = {id, id, 1, NULL, 0};
            assert_int_equal(ledger_apply(&e, &credit, &note, arena, &e), fits);
            for (size_t p = 0; fits == 0 && p < credit.count; p++) {
                gross[parts[p].place] += parts[p].gross;
                tax[parts[p].place] += parts[p].place == CASH ? 0 : t[p][0];
                units[parts[p].place] += parts[p].quantity;
            }
        }
        int64_t all = 0;
        for (size_t p = 0; p <= AT_0; p++)
            all += gross[p];
        assert_true(units[SHOE] <= 3 && units[BOOK] <= 1);
        assert_true(gross[SHOE] <= posted.places[SHOE].gross && tax[SHOE] <= 500);
        assert_true(gross[CARRIAGE] <= posted.places[CARRIAGE].gross && tax[CARRIAGE] <= 60);
        assert_true(gross[CASH] >= -2 && gross[CASH] <= 0);
        assert_true(gross[SHOE] + gross[CARRIAGE] + gross[AT_20] <= posted.places[AT_20].gross);
        assert_true(tax[SHOE] + tax[CARRIAGE] + tax[AT_20] <= 560);
        assert_true(gross[BOOK] + gross[AT_0] <= 1000);
        assert_true(all <= posted.gross);
        assert_true(balance_of(&e, arena).gross == posted.gross - all);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_broken_entries),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_owed),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_what_remains_creditable),
        cmocka_unit_test(test_never_too_much),
    };
    return cmocka_run_group_tests_name("ledger_balance", tests, NULL, NULL);
}
