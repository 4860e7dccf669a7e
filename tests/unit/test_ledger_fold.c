/* An order's entry with the records of its refunds: what stands, what is kept, places by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "domain/ledger/ledger_fold.h"
#include "domain/ledger/ledger_key.h"
#include "test_credit_support.h"

enum { ARENA = 4 << 20, RECORDS_MAX = 8 };

/* One order, its records as the ledger has them, and what is reserved. */
struct order {
    struct arena *arena;
    struct ledger_entry *entry;
    struct ledger_credit records[RECORDS_MAX], reserved[RECORDS_MAX];
    size_t count, reserved_count;
    struct ledger_fold fold;
    struct ledger_kept kept;
};

static struct order *an_order(void)
{
    struct arena *arena = arena_new(ARENA);
    struct order *o = arena_alloc(arena, sizeof *o);
    assert_non_null(o);
    o->arena = arena;
    o->entry = an_entry(arena);
    return o;
}

static void order_end(struct order *o)
{
    arena_free(o->arena);
}

static struct ledger_credit *write_record(struct order *o, const char *refund_id,
                                          enum credit_state state)
{
    assert_true(o->count < RECORDS_MAX);
    o->records[o->count] = *a_record(o->arena, refund_id, state);
    return &o->records[o->count++];
}

static struct ledger_credit *reserve(struct order *o, const char *refund_id)
{
    assert_true(o->reserved_count < RECORDS_MAX);
    o->reserved[o->reserved_count] = *a_record(o->arena, refund_id, CREDIT_OPEN);
    return &o->reserved[o->reserved_count++];
}

/* So many shoes, at 10.00 each, and their tax. */
static void take_shoes(struct order *o, struct ledger_credit *record, int32_t units)
{
    take_of(o->arena, record, CREDIT_AT_LINE, 1, units, 1000 * units, 200000, 500 * units / 3);
}

static void take_book(struct order *o, struct ledger_credit *record)
{
    take_of(o->arena, record, CREDIT_AT_LINE, 2, 1, 1000, 0, 0);
}

static const struct ledger_fold *fold(struct order *o, const char *key)
{
    assert_int_equal(ledger_fold(o->entry, o->records, o->count, key, o->arena, &o->fold), 0);
    return &o->fold;
}

static const struct ledger_kept *keep(struct order *o, const char *key)
{
    (void)fold(o, key);
    assert_int_equal(ledger_keep(&o->fold, o->reserved, o->reserved_count, o->arena, &o->kept), 0);
    return &o->kept;
}

static int64_t kept_gross(const struct ledger_kept *kept)
{
    int64_t sum = 0;
    for (size_t i = 0; i < kept->count; i++)
        for (size_t k = 0; k < kept->credits[i].count; k++)
            sum += kept->credits[i].parts[k].gross;
    return sum;
}

static int64_t creditable(const struct ledger_entry *e)
{
    struct exact x = {0};
    const int64_t rest = ledger_creditable(&x, e);
    assert_false(x.overflow);
    return rest;
}

/* ---- what stands ---- */

static void test_credited(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    struct ledger_credit_tender back = {"card", "stripe", "T1", 700};
    take_shoes(o, r, 1);
    struct ledger_credit_part *carriage =
        take_of(o->arena, r, CREDIT_AT_CHARGE, 0, 0, 360, 200000, 60);
    carriage->code = "CARR";
    carriage->line_id = "S1";
    take_of(o->arena, r, CREDIT_AT_ORDER, 0, 0, 100, 0, 0);
    r->tenders.items = &back;
    r->tenders.count = 1;
    r->account_minor = 300;
    r->document = "201Rr1";
    const struct ledger_entry *e = fold(o, NULL)->entry;
    assert_null(o->fold.misfit);
    assert_false(o->fold.is_all_kept);
    assert_int_equal(e->lines.items[0].credited_quantity, 1);
    assert_int_equal(e->lines.items[0].credited_minor, 1000);
    assert_int_equal(e->lines.items[0].taxes.items[0].credited_minor, 166);
    assert_int_equal(e->charges.items[0].credited_minor, 360);
    assert_int_equal(e->shares.items[0].credited_minor, 100);
    assert_int_equal(e->tenders.items[0].credited_minor, 700);
    assert_int_equal(e->outstanding_credited_minor, 300);
    assert_string_equal(e->credits.items[0].refund_id, "r1");
    assert_string_equal(e->credits.items[0].document, "201Rr1");
    assert_int_equal(e->credits.items[0].posted_at, 1795500000000);
    assert_int_equal(creditable(e), 4358 - 1460);
    /* the entry that was given is as it was */
    assert_int_equal(o->entry->lines.items[0].taxes.items[0].credited_minor, 0);
    assert_int_equal(creditable(o->entry), 4358);
    order_end(o);
}

static void test_own_and_open(void **state)
{
    (void)state;
    struct order *o = an_order();
    take_shoes(o, write_record(o, "r1", CREDIT_OPEN), 1);
    take_book(o, write_record(o, "r2", CREDIT_OPEN));
    const struct ledger_fold *f = fold(o, "01/refunds/shopify/uk/r2");
    assert_ptr_equal(f->own, &o->records[1]);
    assert_int_equal(f->open_count, 1);
    assert_ptr_equal(f->open[0], &o->records[0]);
    assert_int_equal(creditable(f->entry), 4358); /* what is open is kept, not credited */
    f = fold(o, NULL);
    assert_null(f->own);
    assert_int_equal(f->open_count, 2);
    /* all that remains: kept for others, not for whom it is */
    o->records[1].all = true;
    assert_true(fold(o, "01/refunds/shopify/uk/r1")->is_all_kept);
    assert_false(fold(o, "01/refunds/shopify/uk/r2")->is_all_kept);
    assert_true(keep(o, "01/refunds/shopify/uk/r3")->is_all);
    order_end(o);
}

static void test_unposted(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *r = write_record(o, "", CREDIT_UNPOSTED);
    r->key = "";
    r->currency = "";
    r->outcome = "ignored_test";
    assert_false(fold(o, NULL)->is_unposted); /* its entry says otherwise */
    assert_null(o->fold.outcome);
    assert_int_equal(creditable(o->fold.entry), 4358);
    o->entry = NULL;
    assert_true(fold(o, "")->is_unposted);
    assert_string_equal(o->fold.outcome, "ignored_test");
    assert_null(o->fold.own);
    o->count = 0;
    assert_false(fold(o, NULL)->is_unposted);
    assert_null(o->fold.entry);
    order_end(o);
}

/* ---- edits ---- */

static void test_owed(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *edit = write_record(o, "e1", CREDIT_OWED);
    take_away(o->arena, edit, 1, 2);
    edit->event_time = 20;
    const struct ledger_entry *e = fold(o, NULL)->entry;
    assert_int_equal(e->owed.count, 1);
    assert_string_equal(e->owed.items[0].edit_id, "e1");
    assert_int_equal(e->owed.items[0].quantity, 2);
    assert_int_equal(e->owed.items[0].amount_minor, 2000);
    assert_int_equal(creditable(e), 4358);
    /* what comes back for it is credited against it */
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    take_of(o->arena, r, CREDIT_AT_OWED, 1, 1, 1000, 200000, 167)->edit_id = "e1";
    e = fold(o, NULL)->entry;
    assert_null(o->fold.misfit);
    assert_int_equal(e->owed.items[0].quantity, 1);
    assert_int_equal(e->owed.items[0].amount_minor, 1000);
    assert_int_equal(e->lines.items[0].credited_quantity, 1);
    /* an edit that is not newer than the version is in it: nothing is owed, the note is of the line */
    o->entry->event_time = 20;
    e = fold(o, NULL)->entry;
    assert_int_equal(e->owed.count, 0);
    assert_null(o->fold.misfit);
    assert_int_equal(e->lines.items[0].credited_quantity, 1);
    o->entry->event_time = 19;
    assert_int_equal(fold(o, NULL)->entry->owed.count, 1);
    /* neither time is known: it counts */
    o->entry->event_time = 20;
    edit->event_time = 0;
    assert_int_equal(fold(o, NULL)->entry->owed.count, 1);
    order_end(o);
}

/* The edit comes again after money came back for it: its record is written anew, behind the note's. */
/* What Redis says that an edit left owed, against what the records have. */
static void test_has_owed(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *edit = write_record(o, "e1", CREDIT_OWED);
    take_away(o->arena, edit, 1, 2);
    edit->source_version = 7;
    struct ledger_credit owed = *edit;
    (void)fold(o, NULL);
    assert_true(ledger_has_owed(&o->fold, &owed));
    owed.source_version = 8; /* the same units once more */
    assert_true(ledger_has_owed(&o->fold, &owed));
    owed.taken.count = 0;
    assert_false(ledger_has_owed(&o->fold, &owed));
    owed.source_version = 6; /* a newer version has ended since */
    assert_true(ledger_has_owed(&o->fold, &owed));
    owed.key = "01/refunds/shopify/uk/e2";
    assert_false(ledger_has_owed(&o->fold, &owed));
    owed.key = edit->key;
    owed.source_version = 8;
    edit->state = CREDIT_OPEN; /* all of it is a person's now, or posted */
    (void)fold(o, NULL);
    assert_true(ledger_has_owed(&o->fold, &owed));
    order_end(o);
}

static void test_an_edit_comes_again(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct order *o = an_order();
        struct ledger_credit *note;
        if (again == 0)
            take_away(o->arena, write_record(o, "e1", CREDIT_OWED), 1, 1);
        note = write_record(o, "r1", CREDIT_CREDITED);
        take_of(o->arena, note, CREDIT_AT_OWED, 1, 1, 1000, 200000, 167)->edit_id = "e1";
        if (again == 1)
            take_away(o->arena, write_record(o, "e1", CREDIT_OWED), 1, 1);
        const struct ledger_entry *e = fold(o, NULL)->entry;
        assert_null(o->fold.misfit);
        assert_int_equal(e->owed.count, 1);
        assert_int_equal(e->owed.items[0].quantity, 0); /* all of it is credited */
        assert_int_equal(e->owed.items[0].amount_minor, 0);
        assert_int_equal(e->lines.items[0].credited_quantity, 1);
        assert_int_equal(creditable(e), 3358);
        /* the other two units are the line's, and can come back */
        take_shoes(o, write_record(o, "r2", CREDIT_CREDITED), 2);
        e = fold(o, NULL)->entry;
        assert_null(o->fold.misfit);
        assert_int_equal(e->lines.items[0].credited_quantity, 3);
        order_end(o);
    }
}

/* An edit first left units owed, money came back for a part of them, and then the edit's own money: its
 * note replaces what it left owed. Nothing is lost of the order, and nothing counts twice. */
static void test_an_edit_is_credited_after_all(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *note = write_record(o, "r1", CREDIT_CREDITED);
    take_of(o->arena, note, CREDIT_AT_OWED, 1, 0, 400, 200000, 67)->edit_id = "e1";
    take_of(o->arena, write_record(o, "e1", CREDIT_CREDITED), CREDIT_AT_LINE, 1, 1, 600, 200000,
            100);
    const struct ledger_entry *e = fold(o, NULL)->entry;
    assert_null(o->fold.misfit);
    assert_int_equal(e->owed.count, 0);
    assert_int_equal(e->lines.items[0].credited_quantity, 1);
    assert_int_equal(e->lines.items[0].credited_minor, 1000);
    assert_int_equal(e->lines.items[0].taxes.items[0].credited_minor, 167);
    assert_int_equal(creditable(e), 3358);
    /* decided anew, it is not counted against itself, and what was credited for it stays credited */
    o->records[1].state = CREDIT_OWED;
    o->records[1].parts.count = 0;
    take_away(o->arena, &o->records[1], 1, 1);
    e = fold(o, o->records[1].key)->entry;
    assert_null(o->fold.misfit);
    assert_int_equal(e->owed.count, 0);
    assert_int_equal(e->lines.items[0].credited_minor, 400);
    order_end(o);
}

/* A note that was decided before an edit took its units away, and is read behind it. */
static void test_credit_behind_edit(void **state)
{
    (void)state;
    struct order *o = an_order();
    take_away(o->arena, write_record(o, "e1", CREDIT_OWED), 1, 2);
    take_away(o->arena, write_record(o, "e2", CREDIT_OWED), 1, 1);
    take_shoes(o, write_record(o, "r1", CREDIT_CREDITED), 3);
    const struct ledger_entry *e = fold(o, NULL)->entry;
    assert_null(o->fold.misfit);
    assert_int_equal(e->lines.items[0].credited_quantity, 3);
    assert_int_equal(e->lines.items[0].credited_minor, 3000);
    assert_int_equal(e->lines.items[0].taxes.items[0].credited_minor, 500);
    assert_int_equal(e->owed.items[0].quantity + e->owed.items[1].quantity, 0);
    assert_int_equal(creditable(e), 1358);
    /* ... and one that is reserved */
    o->count = 2;
    take_shoes(o, reserve(o, "r2"), 3);
    assert_int_equal(kept_gross(keep(o, NULL)), 3000);
    assert_null(o->kept.misfit);
    /* a unit more is one that nobody has */
    o->reserved_count = 0;
    take_of(o->arena, reserve(o, "r3"), CREDIT_AT_LINE, 1, 4, 3000, 200000, 500);
    assert_ptr_equal(keep(o, NULL)->misfit, &o->reserved[0]);
    assert_true(o->kept.is_all);
    order_end(o);
}

/* Two parts of one record do not take the same of a line. */
static void test_parts_of_one_line(void **state)
{
    (void)state;
    struct order *o = an_order();
    take_away(o->arena, write_record(o, "e1", CREDIT_OWED), 1, 1);
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    take_shoes(o, r, 2);
    take_of(o->arena, r, CREDIT_AT_LINE, 1, 1, 1000, 200000, 167);
    assert_null(fold(o, NULL)->misfit);
    assert_int_equal(o->fold.entry->lines.items[0].credited_quantity, 3);
    assert_int_equal(o->fold.entry->owed.items[0].quantity, 0);
    order_end(o);
}

/* ---- names ---- */

static void test_names(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_line *lines = o->entry->lines.items;
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    take_shoes(o, r, 1);
    r->parts.items[0].mark = ledger_line_mark(&lines[0]);
    assert_true(r->parts.items[0].mark != ledger_line_mark(&lines[1]));
    /* an amendment put the book first, and numbered the lines anew */
    const struct ledger_line shoe = lines[0];
    lines[0] = lines[1];
    lines[1] = shoe;
    lines[0].number = 1;
    lines[1].number = 2;
    assert_null(fold(o, NULL)->misfit);
    assert_int_equal(o->fold.entry->lines.items[1].credited_quantity, 1);
    assert_int_equal(o->fold.entry->lines.items[0].credited_quantity, 0);
    /* two lines that could be it */
    lines[0] = lines[1];
    lines[0].number = 3;
    lines[1].number = 4;
    assert_ptr_equal(fold(o, NULL)->misfit, &o->records[0]);
    /* ... unless one of them has its number */
    lines[1].number = 1;
    assert_null(fold(o, NULL)->misfit);
    assert_int_equal(o->fold.entry->lines.items[1].credited_quantity, 1);
    /* of another product, it is another line */
    lines[0].number = lines[1].number = 1;
    lines[0].product = lines[1].product = "BOOT";
    assert_ptr_equal(fold(o, NULL)->misfit, &o->records[0]);
    order_end(o);
}

static void test_charge_names(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_charge *charges = o->entry->charges.items;
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    charges[1] = (struct ledger_charge){.code = "CARR",
                                        .kind = "shipping",
                                        .line_id = "S1",
                                        .amount_minor = 500,
                                        .taxes = {tax_of(o->arena, 200000, 83, 0), 1}};
    struct ledger_credit_part *part = take_of(o->arena, r, CREDIT_AT_CHARGE, 1, 0, 500, 200000, 83);
    part->code = "CARR";
    part->line_id = "S1";
    assert_null(fold(o, NULL)->misfit);
    assert_int_equal(o->fold.entry->charges.items[1].credited_minor, 500);
    part->line_id = "S2";
    assert_non_null(fold(o, NULL)->misfit);
    part->line_id = "S1";
    part->code = "POST";
    assert_non_null(fold(o, NULL)->misfit);
    part->code = "CARR";
    part->number = 2;
    assert_non_null(fold(o, NULL)->misfit);
    order_end(o);
}

static void test_rates(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_credit *r = write_record(o, "r1", CREDIT_CREDITED);
    struct ledger_credit_part *part = take_of(o->arena, r, CREDIT_AT_LINE, 1, 1, 1000, 50000, 48);
    assert_ptr_equal(fold(o, NULL)->misfit, r); /* the line has no such tax */
    part->taxes.items[0].tax_minor = 0;
    assert_null(fold(o, NULL)->misfit);
    part->what = CREDIT_AT_ORDER;
    part->quantity = 0;
    assert_ptr_equal(fold(o, NULL)->misfit, r); /* nor has the order */
    part->taxes.items[0].rate_ppm = 200000;
    assert_null(fold(o, NULL)->misfit);
    /* by rate, in whatever order the line has them */
    struct ledger_tax two[] = {{50000, 100, 0}, {200000, 400, 0}};
    struct ledger_credit_tax taken[] = {{200000, 130}, {50000, 30}};
    o->entry->lines.items[0].taxes.items = two;
    o->entry->lines.items[0].taxes.count = 2;
    *part = (struct ledger_credit_part){.what = CREDIT_AT_LINE,
                                        .number = 1,
                                        .quantity = 1,
                                        .gross_minor = 1000,
                                        .taxes = {taken, 2}};
    assert_null(fold(o, NULL)->misfit);
    assert_int_equal(o->fold.entry->lines.items[0].taxes.items[0].credited_minor, 30);
    assert_int_equal(o->fold.entry->lines.items[0].taxes.items[1].credited_minor, 130);
    order_end(o);
}

/* ---- what does not fit ---- */

static void test_misfit(void **state)
{
    (void)state;
    struct order *o = an_order();
    take_shoes(o, write_record(o, "r1", CREDIT_CREDITED), 2);
    take_shoes(o, write_record(o, "r2", CREDIT_CREDITED), 2);
    take_book(o, write_record(o, "r3", CREDIT_CREDITED));
    const struct ledger_fold *f = fold(o, NULL);
    assert_ptr_equal(f->misfit, &o->records[1]);
    assert_true(f->is_all_kept);
    assert_int_equal(creditable(f->entry), 4358 - 3000); /* the others stand */
    assert_true(keep(o, NULL)->is_all);
    assert_ptr_equal(o->kept.misfit, &o->records[1]);
    o->records[1].currency = "EUR";
    o->records[1].parts.items[0].quantity = 1;
    o->records[1].parts.items[0].gross_minor = 1000;
    o->records[1].parts.items[0].taxes.items[0].tax_minor = 167;
    assert_ptr_equal(fold(o, NULL)->misfit, &o->records[1]);
    o->records[1].currency = "GBP";
    assert_null(fold(o, NULL)->misfit);
    o->records[1].parts.items[0].gross_minor = INT64_MIN;
    assert_ptr_equal(fold(o, NULL)->misfit, &o->records[1]); /* too large to be added */
    /* an edit of a line that is not there */
    o->count = 0;
    take_away(o->arena, write_record(o, "e1", CREDIT_OWED), 9, 1);
    assert_ptr_equal(fold(o, NULL)->misfit, &o->records[0]);
    /* an entry that does not add up is the entry's fault */
    o->entry->lines.items[0].credited_minor = 3001;
    assert_int_equal(ledger_fold(o->entry, o->records, o->count, NULL, o->arena, &o->fold),
                     -EBADMSG);
    order_end(o);
}

/* ---- once ---- */

static void test_counted_once(void **state)
{
    (void)state;
    struct order *o = an_order();
    struct ledger_note note = {.refund_id = "r1", .document = "CN1", .amount_minor = 1000};
    o->entry->credits.items = &note;
    o->entry->credits.count = 1;
    o->entry->lines.items[0].credited_quantity = 1;
    o->entry->lines.items[0].credited_minor = 1000;
    o->entry->lines.items[0].taxes.items[0].credited_minor = 167;
    /* the entry counts it itself: imported after the note was posted */
    take_shoes(o, write_record(o, "r1", CREDIT_CREDITED), 1);
    assert_int_equal(creditable(fold(o, NULL)->entry), 3358);
    assert_int_equal(o->fold.entry->credits.count, 1);
    o->records[0].state = CREDIT_OPEN;
    assert_int_equal(keep(o, NULL)->count, 0);
    take_shoes(o, reserve(o, "r1"), 1);
    assert_int_equal(keep(o, NULL)->count, 0);
    o->count = 0;
    assert_int_equal(keep(o, NULL)->count, 0);
    order_end(o);
}

static void test_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int recorded; /* an enum credit_state; -1: no record */
        int32_t recorded_units, reserved_units;
        const char *asks;
        int64_t kept;
    } rows[] = {
        {"open", CREDIT_OPEN, 1, 0, "r9", 1000},
        {"reserved", -1, 0, 1, "r9", 1000},
        {"open and reserved: once", CREDIT_OPEN, 1, 1, "r9", 1000},
        {"... the larger, of the ledger", CREDIT_OPEN, 2, 1, "r9", 2000},
        {"... the larger, of Redis", CREDIT_OPEN, 1, 2, "r9", 2000},
        {"credited: what is reserved is in the entry", CREDIT_CREDITED, 1, 1, "r9", 0},
        {"credited, even with less", CREDIT_CREDITED, 1, 2, "r9", 0},
        {"an edit's word is no credit", CREDIT_OWED, 0, 1, "r9", 1000},
        {"whose asks", CREDIT_OPEN, 1, 1, "r1", 0},
        {"whose asks, reserved alone", -1, 0, 1, "r1", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct order *o = an_order();
        if (rows[i].recorded >= 0) {
            struct ledger_credit *r = write_record(o, "r1", (enum credit_state)rows[i].recorded);
            if (rows[i].recorded_units > 0)
                take_shoes(o, r, rows[i].recorded_units);
        }
        if (rows[i].reserved_units > 0)
            take_shoes(o, reserve(o, "r1"), rows[i].reserved_units);
        char *key = arena_printf(o->arena, "01/refunds/shopify/uk/%s", rows[i].asks);
        assert_int_equal(kept_gross(keep(o, key)), rows[i].kept);
        assert_false(o->kept.is_all);
        assert_null(o->kept.misfit);
        /* what they keep can be reserved as it is */
        struct ledger_balance b;
        struct ledger_excess excess;
        assert_int_equal(ledger_balance_read(o->fold.entry, o->arena, &b), 0);
        for (size_t k = 0; k < o->kept.count; k++)
            assert_int_equal(ledger_reserve(&b, &o->kept.credits[k], &excess), 0);
        order_end(o);
    }
}

static void test_kept_of_several(void **state)
{
    (void)state;
    struct order *o = an_order();
    take_shoes(o, write_record(o, "r1", CREDIT_OPEN), 1);
    take_shoes(o, write_record(o, "r2", CREDIT_CREDITED), 1);
    take_book(o, reserve(o, "r3"));
    take_shoes(o, reserve(o, "r2"), 1);
    take_of(o->arena, reserve(o, "r4"), CREDIT_AT_LINE, 1, 1, 1000, 200000, 168);
    assert_int_equal(kept_gross(keep(o, "01/refunds/shopify/uk/r9")), 3000);
    assert_int_equal(o->kept.count, 3);
    order_end(o);
}

/* ---- keys ---- */

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t order;
        bool is_entry;
    } rows[] = {
        {"01/shopify/uk/1001", 18, true},
        {"01/shopify/uk/1001/", 18, false},
        {"01/shopify/uk/1001/9001", 18, false},
        {"01/shopify/uk/1001/9001/2", 0, false},
        {"01/shopify/uk/", 0, false},
        {"01/shopify/uk//9001", 0, false},
        {"01/shopify/uk", 0, false},
        {"/shopify/uk/1001", 0, false},
        {"01//uk/1001", 0, false},
        {"", 0, false},
        {"/", 0, false},
        {"////", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  '%s'\n", rows[i].key);
        assert_int_equal(ledger_key_order(rows[i].key, strlen(rows[i].key)), rows[i].order);
        assert_int_equal(ledger_key_is_entry(rows[i].key, strlen(rows[i].key)), rows[i].is_entry);
    }
    struct arena *arena = arena_new(ARENA);
    assert_string_equal(ledger_key_credit(arena, "01/shopify/uk/1001", "9001"),
                        "01/shopify/uk/1001/9001");
    assert_string_equal(ledger_key_credit(arena, "01/shopify/uk/1001", ""), "01/shopify/uk/1001/");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credited),
        cmocka_unit_test(test_own_and_open),
        cmocka_unit_test(test_unposted),
        cmocka_unit_test(test_owed),
        cmocka_unit_test(test_has_owed),
        cmocka_unit_test(test_an_edit_comes_again),
        cmocka_unit_test(test_an_edit_is_credited_after_all),
        cmocka_unit_test(test_credit_behind_edit),
        cmocka_unit_test(test_parts_of_one_line),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_charge_names),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_misfit),
        cmocka_unit_test(test_counted_once),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_kept_of_several),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests_name("ledger_fold", tests, NULL, NULL);
}
