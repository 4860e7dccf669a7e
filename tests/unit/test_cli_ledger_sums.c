/* Whether an imported order adds up: each sum, on both sides of what is right by one minor unit, and
 * each bound of what can have been credited. Fields: test_cli_ledger_fields.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/currency.h"
#include "core/ledger_draft.h"

/* 10.00 and 3.00 of carriage, of that tax 2.00 and 0.50; paid 12.00, open 1.00. Credited, by one note
 * of 4.00: 3.00 of the line with 0.60 of its tax, 1.00 of the carriage. */
struct book {
    struct ledger_tax line_taxes[2], charge_tax;
    struct ledger_line lines[2];
    struct ledger_charge charges[2];
    struct ledger_tender tenders[2];
    struct ledger_note credits[2];
    struct ledger_draft draft;
};

static void make_book(struct book *b)
{
    *b = (struct book){
        .line_taxes = {{.rate_ppm = 200000, .tax_minor = 200, .credited_minor = 60}},
        .charge_tax = {.rate_ppm = 200000, .tax_minor = 50},
        .lines = {{.line_id = "1",
                   .number = 1,
                   .quantity = 2,
                   .amount_minor = 1000,
                   .credited_quantity = 1,
                   .credited_minor = 300},
                  {.line_id = "2", .number = 2, .quantity = 1}},
        .charges = {{.code = "C", .kind = "shipping", .amount_minor = 300, .credited_minor = 100},
                    {.code = "R", .kind = "cash_rounding"}},
        .tenders = {{.kind = "card", .amount_minor = 1200, .credited_minor = 400},
                    {.kind = "cash"}},
        .credits = {{.refund_id = "r1", .document = "CN1", .amount_minor = 400},
                    {.refund_id = "r2", .document = "CN2"}},
        .draft = {.currency = currency_find("GBP")}};
    b->lines[0].taxes.items = b->line_taxes;
    b->lines[0].taxes.count = 1;
    b->charges[0].taxes.items = &b->charge_tax;
    b->charges[0].taxes.count = 1;
    struct ledger_entry *e = &b->draft.entry;
    e->tax_included = true;
    e->total_minor = 1300;
    e->tax_minor = 250;
    e->outstanding_minor = 100;
    e->lines.items = b->lines;
    e->charges.items = b->charges;
    e->tenders.items = b->tenders;
    e->credits.items = b->credits;
    e->lines.count = e->charges.count = e->tenders.count = e->credits.count = 2;
}

static struct book book;
#define ENTRY (&book.draft.entry)

static int judge(int64_t *ret_remaining, char why[static LEDGER_WHY_MAX])
{
    why[0] = '\0';
    return ledger_check(&book.draft, ret_remaining, why);
}

static void test_what_adds_up(void **state)
{
    char why[LEDGER_WHY_MAX];
    int64_t remaining = 0;
    (void)state;
    make_book(&book);
    assert_int_equal(judge(&remaining, why), 0);
    assert_int_equal(remaining, 1300 - 400);
    ENTRY->tax_included = false; /* tax on top, and credited on top */
    ENTRY->total_minor = 1550;
    book.tenders[0].amount_minor = 1450;
    book.credits[0].amount_minor = 460;
    assert_int_equal(judge(&remaining, why), 0);
    assert_int_equal(remaining, 1550 - 460);
    make_book(&book);
    ENTRY->tenders.count = 0; /* an export may lack them */
    assert_int_equal(judge(&remaining, why), 0);
}

/* Each number, one unit more and one less: `more` and `less` are what is said; NULL: it is right. */
static void test_each_number_by_one_unit(void **state)
{
    static const struct {
        const char *name;
        int64_t *number;
        const char *more, *less;
    } rows[] = {
        {"line", &book.lines[0].amount_minor, "total: lines and charges come to: 13.01",
         "total: lines and charges come to: 12.99"},
        {"charge", &book.charges[0].amount_minor, "total: lines and charges come to: 13.01",
         "total: lines and charges come to: 12.99"},
        {"total", &book.draft.entry.total_minor, "come to: 13.00, but 13.01 is stated",
         "come to: 13.00, but 12.99 is stated"},
        {"tax", &book.draft.entry.tax_minor, "tax: the taxes of lines and charges come to: 2.50",
         "tax: the taxes of lines and charges come to: 2.50"},
        {"a line's tax", &book.line_taxes[0].tax_minor, "come to: 2.51, but 2.50",
         "come to: 2.49, but 2.50"},
        {"a charge's tax", &book.charge_tax.tax_minor, "come to: 2.51, but 2.50",
         "come to: 2.49, but 2.50"},
        {"tender", &book.tenders[0].amount_minor, "tenders and outstanding come to: 13.01",
         "tenders and outstanding come to: 12.99"},
        {"outstanding", &book.draft.entry.outstanding_minor,
         "tenders and outstanding come to: 13.01", "tenders and outstanding come to: 12.99"},
        {"credited of a line", &book.lines[0].credited_minor, "comes to: 4.01, but 4.00",
         "comes to: 3.99, but 4.00"},
        {"credited of a charge", &book.charges[0].credited_minor, "comes to: 4.01, but 4.00",
         "comes to: 3.99, but 4.00"},
        {"a note", &book.credits[0].amount_minor, "comes to: 4.00, but 4.01",
         "comes to: 4.00, but 3.99"},
        {"credited of a tax within", &book.line_taxes[0].credited_minor, NULL, NULL},
        {"paid back", &book.tenders[0].credited_minor, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int by = -1; by <= 1; by += 2) {
            const char *says = by > 0 ? rows[i].more : rows[i].less;
            char why[LEDGER_WHY_MAX];
            int64_t remaining = 77;
            make_book(&book);
            *rows[i].number += by;
            const int rc = judge(&remaining, why);
            if (rc != (says == NULL ? 0 : -EINVAL) || (says != NULL && strstr(why, says) == NULL))
                fail_msg("%s %+d: %d, %s", rows[i].name, by, rc, why);
            if (rc != 0)
                assert_int_equal(remaining, 77); /* untouched */
        }
}

/* What can have been credited lies between nothing and the whole, whichever sign that has. */
static void test_parts_of_a_whole(void **state)
{
    static const struct {
        const char *name;
        int64_t *part;
        int64_t most; /* of it */
        const char *says;
    } rows[] = {
        {"line", &book.lines[0].credited_minor, 1000, "lines[0].credited: more was credited"},
        {"charge", &book.charges[0].credited_minor, 300, "charges[0].credited: more was credited"},
        {"tax", &book.line_taxes[0].credited_minor, 200,
         "lines[0].taxes[0].credited: more was credited than the tax is"},
        {"tender", &book.tenders[0].credited_minor, 1200,
         "tenders[0].credited: more was paid back"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t values[] = {-1, 0, rows[i].most, rows[i].most + 1};
        for (size_t k = 0; k < 4; k++) {
            char why[LEDGER_WHY_MAX];
            int64_t remaining = 0;
            make_book(&book);
            *rows[i].part = values[k];
            (void)judge(&remaining, why);
            if ((strstr(why, rows[i].says) != NULL) != (k == 0 || k == 3))
                fail_msg("%s %lld: %s", rows[i].name, (long long)values[k], why);
        }
    }
}

static void test_cash_rounding_may_be_below_nothing(void **state)
{
    static const struct {
        int64_t amount, credited;
        const char *kind, *says;
    } rows[] = {{-2, 0, "cash_rounding", NULL},
                {-2, -2, "cash_rounding", NULL},
                {-2, -3, "cash_rounding", "charges[1].credited: more was credited"},
                {-2, 1, "cash_rounding", "charges[1].credited: more was credited"},
                {2, 0, "cash_rounding", NULL},
                {-1, 0, "handling", "charges[1].amount: is below 0, which only cash_rounding may"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[LEDGER_WHY_MAX];
        int64_t remaining = 0;
        make_book(&book);
        book.charges[1].kind = rows[i].kind;
        book.charges[1].amount_minor = rows[i].amount;
        book.charges[1].credited_minor = rows[i].credited;
        ENTRY->total_minor += rows[i].amount;
        book.tenders[0].amount_minor += rows[i].amount;
        book.credits[0].amount_minor += rows[i].credited;
        const int rc = judge(&remaining, why);
        if ((rc == 0) != (rows[i].says == NULL) ||
            (rows[i].says != NULL && strstr(why, rows[i].says) == NULL))
            fail_msg("row %zu: %d, %s", i, rc, why);
    }
}

static void twice_a_line(void)
{
    book.lines[1].line_id = "1";
}
static void twice_a_number(void)
{
    book.lines[1].number = 1;
}
static void twice_a_refund(void)
{
    book.credits[1].refund_id = "r1";
}
static void more_units_credited(void)
{
    book.lines[0].credited_quantity = 3;
}
static void all_units_credited(void)
{
    book.lines[0].credited_quantity = 2;
}
static void line_below_nothing(void)
{
    book.lines[1].amount_minor = -1;
}
static void note_below_nothing(void)
{
    book.credits[1].amount_minor = -1;
}
static void outstanding_below_nothing(void)
{
    ENTRY->outstanding_minor = -1;
    ENTRY->tenders.count = 0;
}
static void outstanding_beyond_the_total(void)
{
    ENTRY->outstanding_minor = 1301;
    ENTRY->tenders.count = 0;
}
static void all_outstanding(void)
{
    ENTRY->outstanding_minor = 1300;
    ENTRY->tenders.count = 0;
}
static void more_tax_than_amount(void)
{
    book.line_taxes[0].tax_minor = 1001;
}
static void more_tax_than_amount_on_top(void)
{
    ENTRY->tax_included = false;
    book.line_taxes[0].tax_minor = 1001;
    ENTRY->tax_minor = 1051;
    ENTRY->total_minor = 2351;
    book.tenders[0].amount_minor = 2251;
    book.credits[0].amount_minor = 460;
}
static void two_taxes(void)
{
    book.line_taxes[1] = (struct ledger_tax){.rate_ppm = 1, .tax_minor = 7};
    book.lines[0].taxes.count = 2;
    ENTRY->tax_minor = 257;
}

static void test_other_rules(void **state)
{
    static const struct {
        void (*alter)(void);
        const char *says; /* NULL: it is right */
    } rows[] = {
        {twice_a_line, "lines[1].line_id: is that of lines[0], too"},
        {twice_a_number, "lines[1].number: is that of lines[0], too"},
        {twice_a_refund, "credits[1].refund_id: is that of credits[0], too"},
        {more_units_credited, "lines[0].credited_quantity: more was credited than was sold"},
        {all_units_credited, NULL},
        {line_below_nothing, "lines[1].amount: is below 0"},
        {note_below_nothing, "credits[1].amount: is below 0"},
        {outstanding_below_nothing, "outstanding: is not between 0 and the total"},
        {outstanding_beyond_the_total, "outstanding: is not between 0 and the total"},
        {all_outstanding, NULL},
        {more_tax_than_amount, "lines[0].taxes: more tax than the amount that contains it"},
        {more_tax_than_amount_on_top, NULL},
        {two_taxes, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[LEDGER_WHY_MAX];
        int64_t remaining = 0;
        make_book(&book);
        rows[i].alter();
        const int rc = judge(&remaining, why);
        if ((rc == 0) != (rows[i].says == NULL) ||
            (rows[i].says != NULL && strstr(why, rows[i].says) == NULL))
            fail_msg("row %zu: %d, %s", i, rc, why);
    }
}

static void test_sums_that_do_not_fit(void **state)
{
    static int64_t *const numbers[] = {&book.lines[1].amount_minor, &book.charges[0].amount_minor,
                                       &book.tenders[1].amount_minor, &book.credits[1].amount_minor,
                                       &book.charge_tax.tax_minor};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char why[LEDGER_WHY_MAX];
        int64_t remaining = 0;
        make_book(&book);
        *numbers[i] = INT64_MAX;
        const int rc = judge(&remaining, why);
        assert_true(rc == -ERANGE || rc == -EINVAL);
        assert_string_not_equal(why, "");
    }
    char why[LEDGER_WHY_MAX];
    int64_t remaining = 0;
    make_book(&book);
    book.lines[1].amount_minor = INT64_MAX;
    assert_int_equal(judge(&remaining, why), -ERANGE);
    assert_string_equal(why, "the amounts are too large to be added");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_adds_up),
        cmocka_unit_test(test_each_number_by_one_unit),
        cmocka_unit_test(test_parts_of_a_whole),
        cmocka_unit_test(test_cash_rounding_may_be_below_nothing),
        cmocka_unit_test(test_other_rules),
        cmocka_unit_test(test_sums_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("sums of open orders", tests, NULL, NULL);
}
