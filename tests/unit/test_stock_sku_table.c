/* The table of SKUs and rows: each once, whatever order they come in, and no more memory than said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sku_table.h"

static void test_empty(void **state)
{
    (void)state;
    struct sku_table t = {0};
    assert_int_equal(sku_table_find(&t, "ACME", "MUG"), 0);
    sku_table_release(&t);
}

static void test_each_once(void **state)
{
    (void)state;
    struct sku_table t = {0};
    const uint32_t mug = sku_table_put(&t, "ACME", "MUG"), red = sku_table_put(&t, "ACME", "MUG:R"),
                   other = sku_table_put(&t, "BOLT", "MUG");
    assert_int_equal(mug, 1);
    assert_true(mug != red && red != other && mug != other);
    assert_int_equal(sku_table_put(&t, "ACME", "MUG"), mug);
    assert_int_equal(sku_table_find(&t, "BOLT", "MUG"), other);
    assert_int_equal(sku_table_find(&t, "BOLT", "MUG:R"), 0);
    assert_string_equal(sku_table_key(&t, red), "MUG:R");
    assert_string_equal(sku_table_company(&t, other), "BOLT");
    sku_table_release(&t);
}

static void test_rows(void **state)
{
    (void)state;
    struct sku_table t = {0};
    const uint32_t mug = sku_table_put(&t, "ACME", "MUG"), cup = sku_table_put(&t, "ACME", "CUP");
    const uint32_t a = sku_table_row_put(&t, mug, "A"), none = sku_table_row_put(&t, mug, ""),
                   cup_a = sku_table_row_put(&t, cup, "A");
    assert_true(a != none && a != cup_a && none != cup_a && a != 0);
    assert_int_equal(sku_table_row_put(&t, mug, "A"), a);
    assert_int_equal(sku_table_row(&t, cup, ""), 0);
    assert_int_equal(sku_table_row(&t, cup, "B"), 0);
    assert_int_equal(sku_row_began(&t.rows[a]), 0);
    const int64_t at = 1796056000123;
    sku_row_set_began(&t.rows[a], at);
    assert_int_equal(sku_row_began(&t.rows[a]), at);
    assert_string_equal(sku_table_depot(&t, a), "A");
    assert_string_equal(sku_table_depot(&t, none), "");
    sku_table_release(&t);
}

static void test_marks(void **state)
{
    (void)state;
    struct sku_table t = {0};
    const uint32_t mug = sku_table_put(&t, "ACME", "MUG");
    assert_true(sku_table_mark(&t, mug, SKU_UNSAVED));
    assert_false(sku_table_mark(&t, mug, SKU_UNSAVED));
    assert_true(sku_table_mark(&t, mug, SKU_CHANGED));
    sku_table_unmark(&t, mug, SKU_UNSAVED);
    assert_false(sku_table_mark(&t, mug, SKU_CHANGED));
    assert_true(sku_table_mark(&t, mug, SKU_UNSAVED));
    sku_table_release(&t);
}

/* Keys that are hostile in length are refused, and change nothing. */
static void test_too_long(void **state)
{
    (void)state;
    struct sku_table t = {0};
    char key[300];
    memset(key, 'x', sizeof key);
    key[sizeof key - 1] = '\0';
    assert_int_equal(sku_table_put(&t, "ACME", key), 0);
    assert_int_equal(t.sku_count, 0);
    sku_table_release(&t);
}

static void test_names_bounded(void **state)
{
    (void)state;
    struct sku_table t = {0};
    char name[16];
    const uint32_t mug = sku_table_put(&t, "ACME", "MUG");
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof name, "D%d", i);
        assert_true(sku_table_row_put(&t, mug, name) != 0);
    }
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof name, "D%d", i);
        assert_string_equal(sku_table_depot(&t, sku_table_row(&t, mug, name)), name);
    }
    assert_int_equal(t.row_count, 500);
    sku_table_release(&t);
}

static void test_many(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    struct sku_table t = {0};
    char key[32];
    for (uint32_t i = 0; i < COUNT; i++) {
        (void)snprintf(key, sizeof key, "P%06u:RED:M", i);
        const uint32_t sku = sku_table_put(&t, "ACME", key);
        assert_int_equal(sku, i + 1);
        assert_int_equal(sku_table_row_put(&t, sku, "MAIN"), i + 1);
    }
    for (uint32_t i = 0; i < COUNT; i += 7) {
        (void)snprintf(key, sizeof key, "P%06u:RED:M", i);
        assert_int_equal(sku_table_find(&t, "ACME", key), i + 1);
        assert_string_equal(sku_table_key(&t, i + 1), key);
    }
    print_message("  %zu bytes a row\n", sku_table_bytes(&t) / COUNT);
    assert_true(sku_table_bytes(&t) <= (size_t)60 * COUNT);
    sku_table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),    cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_marks),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_names_bounded),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
