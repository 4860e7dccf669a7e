/* The checksum of a snapshot's rows: golden vectors, computed by a program of its own (Python, from
 * the definition in the header), and what it must see or must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/stock/stock_sum.h"

struct row {
    const char *key, *depot;
    int64_t available;
    const char *date;
};

static const struct row three[] = {
    {"SHIRT:RED:M", "D1", -3, "2026-12-01"},
    {"SHIRT:RED:M", "D2", INT64_MAX, ""},
    {"%C3%A9", "D1", 0, NULL},
};

static void add(struct stock_sum *sum, const struct row *row)
{
    stock_sum_add(sum, row->key, row->depot, row->available, row->date);
}

static struct stock_sum sum_of(const struct row *rows, size_t count)
{
    struct stock_sum sum = {0};
    for (size_t i = 0; i < count; i++)
        add(&sum, &rows[i]);
    return sum;
}

static void test_golden(void **state)
{
    (void)state;
    static const struct row mug[] = {{"MUG", NULL, 12, NULL}}, named[] = {{"MUG", "", 12, NULL}};
    const struct stock_sum none = {0}, one = sum_of(mug, 1), other = sum_of(named, 1),
                           all = sum_of(three, 3);
    assert_true(stock_sum_value(&none) == 0);
    assert_true(stock_sum_value(&one) == -7075218305714881472);
    assert_true(stock_sum_value(&other) == 3649136375448729109);
    assert_true(stock_sum_value(&all) == -4660206443006930544);
    assert_true(stock_sum_agrees(&all, 3, -4660206443006930544));
    assert_false(stock_sum_agrees(&all, 2, -4660206443006930544));
    assert_false(stock_sum_agrees(&all, 3, -4660206443006930543));
}

static void test_order(void **state)
{
    (void)state;
    static const int orders[][3] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const struct stock_sum first = sum_of(three, 3);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct stock_sum sum = {0};
        for (size_t j = 0; j < 3; j++)
            add(&sum, &three[orders[i][j]]);
        assert_true(stock_sum_agrees(&sum, 3, stock_sum_value(&first)));
    }
}

/* Rows doubled or missing, with the count evened out: the value alone must tell. */
static void test_rows_doubled_or_missing(void **state)
{
    (void)state;
    static const int others[][3] = {{0, 0, 1}, {0, 0, 2}, {0, 0, 0},
                                    {1, 1, 1}, {1, 1, 0}, {2, 2, 1}};
    const struct stock_sum right = sum_of(three, 3);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct stock_sum sum = {0};
        for (size_t j = 0; j < 3; j++)
            add(&sum, &three[others[i][j]]);
        assert_true(stock_sum_value(&sum) != stock_sum_value(&right));
    }
    struct stock_sum twice_more = right; /* an exclusive or alone would not see it */
    add(&twice_more, &three[0]);
    add(&twice_more, &three[0]);
    assert_true(stock_sum_value(&twice_more) != stock_sum_value(&right));
    assert_true(twice_more.mixed == right.mixed);
}

/* Every field of a row, and text that moves between neighbours. */
static void test_changes(void **state)
{
    (void)state;
    static const struct row as_is = {"AB", "C", 7, "2026-12-01"};
    static const struct row others[] = {
        {"AC", "C", 7, "2026-12-01"}, {"A", "BC", 7, "2026-12-01"},
        {"ABC", "", 7, "2026-12-01"}, {"AB", NULL, 7, "2026-12-01"},
        {"AB", "", 7, "2026-12-01"},  {"AB", "D", 7, "2026-12-01"},
        {"AB", "C", 8, "2026-12-01"}, {"AB", "C", -7, "2026-12-01"},
        {"AB", "C", 7, "2026-12-02"}, {"AB", "C", 7, NULL},
        {"AB", "C", 7, ""},           {"AB", "2026-12-01", 7, "C"},
        {"C", "AB", 7, "2026-12-01"},
    };
    const struct stock_sum before = sum_of(&as_is, 1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct stock_sum after = sum_of(&others[i], 1);
        assert_true(stock_sum_value(&after) != stock_sum_value(&before));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_rows_doubled_or_missing),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests_name("stock_sum", tests, NULL, NULL);
}
