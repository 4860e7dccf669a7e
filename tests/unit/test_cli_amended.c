/* What was credited of an order whose document was changed by hand: carried over, or refused where it
 * has no place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "core/amended.h"

/* Two lines, carriage, one payment. */
struct world {
    struct ledger_tax taxes[4];
    struct ledger_line lines[2];
    struct ledger_charge charge;
    struct ledger_tender tender;
    struct ledger_note credit;
    struct ledger_entry entry;
};

static void begin(struct world *w, bool is_credited)
{
    *w = (struct world){
        .taxes = {{200000, 600, 0}, {0, 0, 0}, {200000, 200, 0}, {200000, 100, 0}},
        .lines = {{.line_id = "11", .product = "SHIRT", .quantity = 3, .amount_minor = 3600},
                  {.line_id = "12", .product = "MUG", .quantity = 1, .amount_minor = 1200}},
        .charge = {.kind = "shipping", .code = "STD", .line_id = "s1", .amount_minor = 600},
        .tender = {.kind = "card", .gateway = "pay", .transaction_id = "t1", .amount_minor = 5400},
        .credit = {.refund_id = "r1", .document = "C1", .amount_minor = 1800},
        .entry = {.currency = "GBP", .tax_included = true, .total_minor = 5400}};
    w->lines[0].taxes.items = w->taxes;
    w->lines[0].taxes.count = 2;
    w->lines[1].taxes.items = w->taxes + 2;
    w->lines[1].taxes.count = 1;
    w->charge.taxes.items = w->taxes + 3;
    w->charge.taxes.count = 1;
    if (is_credited) { /* one shirt, and the carriage */
        w->lines[0].credited_quantity = 1;
        w->lines[0].credited_minor = 1200;
        w->taxes[0].credited_minor = 200;
        w->charge.credited_minor = 600;
        w->taxes[3].credited_minor = 100;
        w->tender.credited_minor = 1800;
        w->entry.credits.items = &w->credit;
        w->entry.credits.count = 1;
    }
    w->entry.lines.items = w->lines;
    w->entry.lines.count = 2;
    w->entry.charges.items = &w->charge;
    w->entry.charges.count = 1;
    w->entry.tenders.items = &w->tender;
    w->entry.tenders.count = 1;
}

static void nothing(struct world *w)
{
    (void)w;
}
static void a_unit_less(struct world *w)
{
    w->lines[0].quantity = 2;
}
static void other_line_gone(struct world *w)
{
    w->entry.lines.count = 1;
}
static void lines_change_places(struct world *w)
{
    const struct ledger_line first = w->lines[0];
    w->lines[0] = w->lines[1];
    w->lines[1] = first;
}
static void its_line_gone(struct world *w)
{
    w->entry.lines.items = w->lines + 1;
    w->entry.lines.count = 1;
}
static void no_unit_of_it(struct world *w)
{
    w->lines[0].quantity = 0;
}
static void cheaper(struct world *w)
{
    w->lines[0].amount_minor = 1199;
}
static void another_product(struct world *w)
{
    w->lines[0].product = "SOCKS";
}
static void another_rate(struct world *w)
{
    w->taxes[0].rate_ppm = 50000;
}
static void less_tax(struct world *w)
{
    w->taxes[0].tax_minor = 199;
}
static void no_carriage(struct world *w)
{
    w->entry.charges.count = 0;
}
static void cheaper_carriage(struct world *w)
{
    w->charge.amount_minor = 599;
}
static void another_payment(struct world *w)
{
    w->tender.transaction_id = "t2";
}
static void less_in_all(struct world *w)
{
    w->entry.total_minor = 1799;
}
static void in_euro(struct world *w)
{
    w->entry.currency = "EUR";
}

static void test_credits(void **state)
{
    static const struct {
        const char *name;
        void (*alter)(struct world *now);
        const char *why; /* NULL: they are carried over */
    } rows[] = {
        {"as it was", nothing, NULL},
        {"another unit less", a_unit_less, NULL},
        {"the other line is gone", other_line_gone, NULL},
        {"lines change places", lines_change_places, NULL},
        {"its line is gone", its_line_gone, "line 11 (SHIRT) is credited, and is not in it"},
        {"fewer units than were credited", no_unit_of_it, "1 units are credited, and it has 0"},
        {"less money than was credited", cheaper, "1 units are credited"},
        {"another product in its line", another_product, "is not in it"},
        {"taxed at another rate", another_rate, "more tax of line 11 (SHIRT)"},
        {"less tax than was credited", less_tax, "more tax of line 11 (SHIRT)"},
        {"no carriage any more", no_carriage,
         "charge STD (shipping) is credited, and is not in it"},
        {"carriage for less", cheaper_carriage, "is smaller now"},
        {"another payment", another_payment, "a payment by card was paid back in part"},
        {"less than was credited in all", less_in_all, "more is credited than it comes to"},
        {"another currency", in_euro, "in other money"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world former, now;
        char why[AMENDED_WHY_MAX] = "";
        begin(&former, true);
        begin(&now, false);
        rows[i].alter(&now);
        print_message("  %s\n", rows[i].name);
        const int result = amended_carry_credits(&former.entry, &now.entry, why);
        assert_int_equal(result, rows[i].why != NULL ? -EINVAL : 0);
        if (rows[i].why != NULL) {
            if (strstr(why, rows[i].why) == NULL)
                fail_msg("%s", why);
            continue;
        }
        const struct ledger_line *shirts = &now.lines[strcmp(now.lines[0].line_id, "11") != 0];
        assert_int_equal(shirts->credited_quantity, 1);
        assert_int_equal(shirts->credited_minor, 1200);
        assert_int_equal(shirts->taxes.items[0].credited_minor, 200);
        assert_int_equal(now.charge.credited_minor, 600);
        assert_int_equal(now.charge.taxes.items[0].credited_minor, 100);
        assert_int_equal(now.tender.credited_minor, 1800);
        assert_int_equal(now.entry.credits.count, 1);
        assert_string_equal(now.entry.credits.items[0].refund_id, "r1");
    }
}

/* One channel's line twice, as a bundle's parts are: each keeps what was credited of it. */
static void test_parts_of_one_line(void **state)
{
    struct world former, now;
    char why[AMENDED_WHY_MAX] = "";
    (void)state;
    begin(&former, true);
    begin(&now, false);
    struct world *const both[] = {&former, &now};
    for (size_t i = 0; i < 2; i++) {
        both[i]->lines[1].line_id = "11";
        both[i]->lines[1].product = "SHIRT";
    }
    former.lines[1].credited_quantity = 1;
    former.lines[1].credited_minor = 1100;
    assert_int_equal(amended_carry_credits(&former.entry, &now.entry, why), 0);
    assert_int_equal(now.lines[0].credited_minor, 1200);
    assert_int_equal(now.lines[1].credited_minor, 1100);
}

static void test_without_credits_nothing_is_asked(void **state)
{
    struct world former, now;
    char why[AMENDED_WHY_MAX] = "";
    (void)state;
    begin(&former, false);
    begin(&now, false);
    in_euro(&now);
    assert_int_equal(amended_carry_credits(&former.entry, &now.entry, why), 0);
    assert_int_equal(now.entry.credits.count, 0);
}

/* What is reserved in Redis counts as well, beside records; each refund once. */
static void test_room_for_what_is_reserved(void **state)
{
    static const struct {
        const char *name;
        int32_t recorded, reserved;
        const char *reserved_key, *why; /* NULL: there is room */
    } rows[] = {
        {"nothing", 0, 0, "x/r2", NULL},
        {"reserved", 0, 3, "x/r2", NULL},
        {"more than there is", 0, 4, "x/r2", "it has no room for what refund r2 may have taken"},
        {"beside a note", 2, 1, "x/r2", NULL},
        {"... too much with it", 2, 2, "x/r2", "it has no room for what refund r2 may have taken"},
        {"of the note itself", 2, 2, "x/r1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *memory = arena_new(1 << 20);
        struct world now;
        struct ledger_credit_part parts[2] = {
            {.what = CREDIT_AT_LINE, .number = 1, .quantity = rows[i].recorded},
            {.what = CREDIT_AT_LINE, .number = 1, .quantity = rows[i].reserved}};
        const struct ledger_credit record = {.key = "x/r1",
                                             .refund_id = "r1",
                                             .state = CREDIT_CREDITED,
                                             .currency = "GBP",
                                             .parts = {.items = &parts[0], .count = 1}},
                                   reserved = {.key = rows[i].reserved_key,
                                               .refund_id = "",
                                               .state = CREDIT_OPEN,
                                               .currency = "",
                                               .parts = {.items = &parts[1], .count = 1}};
        const struct ledger_group group = {.records = &record, .record_count = 1};
        char why[AMENDED_WHY_MAX] = "";
        begin(&now, false);
        now.lines[0].number = 1;
        now.lines[1].number = 2;
        const int r = amended_has_room(&now.entry, &group, &reserved, 1, memory, why);
        assert_int_equal(r, rows[i].why == NULL ? 0 : -EINVAL);
        assert_string_equal(why, rows[i].why == NULL ? "" : rows[i].why);
        arena_free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credits),
        cmocka_unit_test(test_parts_of_one_line),
        cmocka_unit_test(test_without_credits_nothing_is_asked),
        cmocka_unit_test(test_room_for_what_is_reserved),
    };
    return cmocka_run_group_tests_name("amended", tests, NULL, NULL);
}
