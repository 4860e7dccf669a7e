/* Stock keys: one SKU has one key and one key one SKU; and the message keys made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain/stock/stock_key.h"

enum { ARENA = 1 << 20 };

static bool same_code(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static void test_both_ways(void **state)
{
    (void)state;
    static const struct {
        struct prima_sku sku;
        const char *key;
    } rows[] = {
        {{"MUG", {0}}, "MUG"},
        {{"SHIRT", {"RED", "M"}}, "SHIRT:RED:M"},
        {{"SHIRT", {"RED", "", "M", ""}}, "SHIRT:RED::M"},
        {{"SHIRT", {NULL, NULL, NULL, "M"}}, "SHIRT::::M"},
        {{"A", {"1", "2", "3", "4"}}, "A:1:2:3:4"},
        {{"A/B", {"C:D", "50%"}}, "A%2FB:C%3AD:50%25"},
        {{"TEA CUP", {"caf\xc3\xa9"}}, "TEA%20CUP:caf%C3%A9"},
        {{"\x01\x7f~!", {0}}, "%01%7F~!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].key);
        char key[STOCK_KEY_BYTES_MAX + 1];
        struct prima_sku back = {.product = "x"};
        struct arena *arena = arena_new(ARENA);
        assert_int_equal(stock_key_write(&rows[i].sku, key, sizeof key), strlen(rows[i].key));
        assert_string_equal(key, rows[i].key);
        assert_int_equal(stock_key_read(key, arena, &back), 0);
        assert_string_equal(back.product, rows[i].sku.product);
        for (size_t j = 0; j < 4; j++)
            assert_true(same_code(back.matrix[j], rows[i].sku.matrix[j]));
        arena_free(arena);
    }
}

static void test_no_keys(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",    ":RED", "MUG:",  "MUG::", "A:1:2:3:4:5", "A/B",  "A B", "caf\xc3\xa9",
        "50%", "50%2", "50%2x", "A%2f",  "A%41",        "A%00", "A%:", "\x7f",
    };
    struct arena *arena = arena_new(ARENA);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i]);
        struct prima_sku sku = {.product = "untouched"};
        assert_int_equal(stock_key_read(rows[i], arena, &sku), -EINVAL);
        assert_string_equal(sku.product, "untouched");
    }
    char longer[STOCK_KEY_BYTES_MAX + 2];
    memset(longer, 'A', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    struct prima_sku sku;
    assert_int_equal(stock_key_read(longer, arena, &sku), -EINVAL);
    longer[STOCK_KEY_BYTES_MAX] = '\0';
    assert_int_equal(stock_key_read(longer, arena, &sku), 0);
    arena_free(arena);
}

static void test_bounds(void **state)
{
    (void)state;
    char key[STOCK_KEY_BYTES_MAX + 10], product[STOCK_KEY_BYTES_MAX + 2];
    memset(product, 'A', sizeof product);
    product[STOCK_KEY_BYTES_MAX] = '\0';
    struct prima_sku sku = {.product = product};
    assert_int_equal(stock_key_write(&sku, key, sizeof key), STOCK_KEY_BYTES_MAX);
    sku.matrix[0] = "B";
    assert_int_equal(stock_key_write(&sku, key, sizeof key), -ENAMETOOLONG);
    product[STOCK_KEY_BYTES_MAX - 2] = '/'; /* three bytes now */
    sku.matrix[0] = NULL;
    assert_int_equal(stock_key_write(&sku, key, sizeof key), -ENAMETOOLONG);
    sku = (struct prima_sku){.product = "ABC"};
    assert_int_equal(stock_key_write(&sku, key, 3), -ENOSPC);
    assert_int_equal(stock_key_write(&sku, key, 4), 3);
    sku.product = "";
    assert_int_equal(stock_key_write(&sku, key, sizeof key), -EINVAL);
    const char *const five[] = {"1", "2", "3", "4", "5"}, *const blank[] = {"1", "", "", "", ""};
    assert_int_equal(stock_key_write_parts("A", five, 5, key, sizeof key), -EINVAL);
    assert_int_equal(stock_key_write_parts("A", blank, 5, key, sizeof key), 3);
    assert_string_equal(key, "A:1");
    assert_int_equal(stock_key_write_parts("A", NULL, 0, key, sizeof key), 1);
}

/* Random codes, of bytes that are apt to be confused: what is read is what was written, and two
 * SKUs never share a key. */
static void test_random(void **state)
{
    (void)state;
    static const char bytes[] = "AB%:/2F \xc3\xa9\x01";
    enum { COUNT = 2000, CODE = 4 };
    static char codes[2][5][CODE + 1], keys[2][STOCK_KEY_BYTES_MAX + 1];
    srand(7);
    for (size_t i = 0; i < COUNT; i++) {
        struct prima_sku skus[2] = {0};
        for (size_t s = 0; s < 2; s++) {
            for (size_t c = 0; c < 5; c++) {
                const size_t size = (size_t)rand() % (CODE + 1);
                for (size_t b = 0; b < size; b++)
                    codes[s][c][b] = bytes[(size_t)rand() % (sizeof bytes - 1)];
                codes[s][c][size] = '\0';
                if (c > 0)
                    skus[s].matrix[c - 1] = codes[s][c];
            }
            if (codes[s][0][0] == '\0')
                memcpy(codes[s][0], "A", 2);
            skus[s].product = codes[s][0];
            assert_true(stock_key_write(&skus[s], keys[s], sizeof keys[s]) > 0);
        }
        struct arena *arena = arena_new(ARENA);
        struct prima_sku back;
        bool same = strcmp(skus[0].product, skus[1].product) == 0;
        assert_int_equal(stock_key_read(keys[0], arena, &back), 0);
        assert_string_equal(back.product, skus[0].product);
        for (size_t c = 0; c < 4; c++) {
            assert_true(same_code(back.matrix[c], skus[0].matrix[c]));
            same = same && same_code(skus[0].matrix[c], skus[1].matrix[c]);
        }
        assert_int_equal(strcmp(keys[0], keys[1]) == 0, same);
        arena_free(arena);
    }
}

static void test_message_keys(void **state)
{
    (void)state;
    static const char order[] = "01/orders/shopify/uk/5001";
    struct arena *arena = arena_new(ARENA);
    struct stock_reservation_key parts;
    assert_string_equal(stock_key_of_topic(arena, "01", "SHIRT:RED"), "01/SHIRT:RED");
    const char *key = stock_key_of_reservation(arena, "01", "SHIRT:RED", "D/1", order);
    assert_string_equal(key, "01/SHIRT:RED/D%2F1/01/orders/shopify/uk/5001");
    assert_int_equal(stock_key_split(key, strlen(key), arena, &parts), 0);
    assert_string_equal(parts.company, "01");
    assert_string_equal(parts.sku, "SHIRT:RED");
    assert_string_equal(parts.depot, "D/1");
    assert_string_equal(parts.order, order);
    assert_int_equal(stock_key_place(key, strlen(key)), strlen("01/SHIRT:RED"));
    assert_int_equal(stock_key_place("01/SHIRT:RED", 12), 12);
    key = stock_key_of_reservation(arena, "01", "MUG", "", order);
    assert_string_equal(key, "01/MUG//01/orders/shopify/uk/5001");
    assert_int_equal(stock_key_split(key, strlen(key), arena, &parts), 0);
    assert_string_equal(parts.depot, "");
    assert_string_equal(parts.order, order);
    char depot[STOCK_DEPOT_BYTES_MAX + 2];
    memset(depot, 'D', sizeof depot);
    depot[sizeof depot - 1] = '\0';
    assert_null(stock_key_of_reservation(arena, "01", "MUG", depot, order));

    static const char *const none[] = {"", "01", "/MUG", "01/", "01//"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(stock_key_place(none[i], strlen(none[i])), 0);
    static const char *const unsplit[] = {
        "",         "01/MUG",       "01/MUG/D1",   "01/MUG/D1/",   "/MUG/D1/x",
        "01//D1/x", "01/MUG:/D1/x", "01/MUG/D%/x", "01/MUG/D 1/x",
    };
    for (size_t i = 0; i < sizeof unsplit / sizeof *unsplit; i++) {
        print_message("  %s\n", unsplit[i]);
        assert_int_equal(stock_key_split(unsplit[i], strlen(unsplit[i]), arena, &parts), -EINVAL);
    }
    assert_int_equal(stock_key_split("01/M\0G/D1/x", 11, arena, &parts), -EINVAL);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),    cmocka_unit_test(test_no_keys),
        cmocka_unit_test(test_bounds),       cmocka_unit_test(test_random),
        cmocka_unit_test(test_message_keys),
    };
    return cmocka_run_group_tests_name("stock_key", tests, NULL, NULL);
}
