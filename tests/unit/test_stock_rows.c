/* Rows of Prima's stock, and what a whole reply must be like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stock_rows.h"
#include "stock_seen.h"
#include "stock_spool.h"

static void test_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t units;
        bool is_bad;
    } rows[] = {{"0", 0, false},
                {"-3", -3, false},
                {" 12 ", 12, false},
                {"7.00", 7, false},
                {"1000000000", 1000000000, false},
                {"1000000001", 0, true},
                {"-1000000001", 0, true},
                {"", 0, true},
                {"7.5", 0, true},
                {"x", 0, true},
                {"1e3", 0, true},
                {"99999999999999999999", 0, true},
                {"-", 0, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct prima_stock_row in = {"A", {"R", "", "", ""}, "01", rows[i].text, "", false};
        struct stock_row row;
        const char *why = stock_row_read(&in, &row);
        if ((why != NULL) != rows[i].is_bad || (why == NULL && row.available != rows[i].units))
            fail_msg("%s: %s", rows[i].text, why != NULL ? why : "taken");
        assert_string_equal(row.key, "A:R");
    }
    struct stock_row row;
    assert_non_null(stock_row_read(
        &(const struct prima_stock_row){"", {"", "", "", ""}, "", "1", "", false}, &row));
    assert_non_null(stock_row_read(
        &(const struct prima_stock_row){"A", {"", "", "", ""}, "", "1", "", true}, &row));
}

static void test_replies(void **state)
{
    (void)state;
    static const struct stock_limits limits = {50, 2, true};
    static const struct {
        const char *name;
        struct stock_tally tally;
        enum stock_scope scope;
        struct stock_last last;
        enum reading_end end;
    } rows[] = {
        {"first", {.rows = 1}, STOCK_SCOPE_WHOLE, {0}, READING_COMPLETE},
        {"none", {.rows = 0}, STOCK_SCOPE_WHOLE, {0}, READING_EMPTY},
        {"an empty range", {.rows = 0}, STOCK_SCOPE_RANGE, {0}, READING_COMPLETE},
        {"... that was not", {.rows = 0}, STOCK_SCOPE_RANGE, {.rows = 1}, READING_EMPTY},
        {"no chosen one", {.rows = 0}, STOCK_SCOPE_CHOSEN, {.rows = 9}, READING_COMPLETE},
        {"half", {.rows = 5}, STOCK_SCOPE_WHOLE, {.rows = 10}, READING_COMPLETE},
        {"less than half", {.rows = 4}, STOCK_SCOPE_WHOLE, {.rows = 10}, READING_SHRUNK},
        {"repeated", {.rows = 5, .repeated = 5}, STOCK_SCOPE_WHOLE, {0}, READING_COMPLETE},
        {"doubled", {.rows = 5, .contradicting = 1}, STOCK_SCOPE_CHOSEN, {0}, READING_DOUBLED},
        {"bad ones", {.rows = 5, .bad = 2}, STOCK_SCOPE_WHOLE, {0}, READING_COMPLETE},
        {"too many", {.rows = 5, .bad = 3}, STOCK_SCOPE_WHOLE, {0}, READING_INVALID},
        {"nothing else", {.bad = 1}, STOCK_SCOPE_CHOSEN, {0}, READING_INVALID},
        {"another depot",
         {.rows = 5, .is_other_depot = true},
         STOCK_SCOPE_WHOLE,
         {0},
         READING_OTHER_DEPOT},
        {"out of order",
         {.rows = 20, .followed = 19, .descents = 2},
         STOCK_SCOPE_WHOLE,
         {.rows = 20, .was_ordered = true},
         READING_DISORDERED},
        {"as always",
         {.rows = 20, .followed = 19, .descents = 9},
         STOCK_SCOPE_WHOLE,
         {.rows = 20},
         READING_COMPLETE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const enum reading_end end =
            stock_check(&rows[i].tally, rows[i].scope, &rows[i].last, &limits);
        if (end != rows[i].end)
            fail_msg("%s: %s", rows[i].name, reading_end_name(end));
    }
}

static void test_seen_and_spool(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    struct stock_seen seen;
    struct stock_spool *spool;
    struct stock_row row = {.depot = "01", .date = ""};
    enum stock_sight sight;
    stock_seen_init(&seen);
    assert_int_equal(stock_spool_open("/tmp", &spool), 0);
    for (int i = 0; i < ROWS; i++) {
        (void)snprintf(row.key, sizeof row.key, "SKU%d", i);
        row.available = i - 50;
        assert_int_equal(stock_seen_add(&seen, row.key, row.depot, i, &sight), 0);
        assert_int_equal(sight, STOCK_SIGHT_NEW);
        assert_int_equal(stock_spool_add(spool, &row), 0);
    }
    assert_int_equal(stock_seen_add(&seen, "SKU7", "01", 7, &sight), 0);
    assert_int_equal(sight, STOCK_SIGHT_SAME);
    assert_int_equal(stock_seen_add(&seen, "SKU7", "01", 8, &sight), 0);
    assert_int_equal(sight, STOCK_SIGHT_OTHER);
    assert_int_equal(stock_seen_add(&seen, "SKU7", "02", 8, &sight), 0);
    assert_int_equal(sight, STOCK_SIGHT_NEW);
    assert_int_equal(stock_spool_rewind(spool), 0);
    for (int i = 0; i < ROWS; i++) {
        char key[20];
        (void)snprintf(key, sizeof key, "SKU%d", i);
        assert_int_equal(stock_spool_next(spool, &row), 1);
        assert_string_equal(row.key, key);
        assert_string_equal(row.depot, "01");
        assert_int_equal(row.available, i - 50);
    }
    assert_int_equal(stock_spool_next(spool, &row), 0);
    stock_spool_close(spool);
    stock_seen_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_units), cmocka_unit_test(test_replies),
                                       cmocka_unit_test(test_seen_and_spool)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
