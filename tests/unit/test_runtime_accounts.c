/* Accounts known to the process: the same customer and nobody else; bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "facts/accounts.h"

static void test_who_is_who(void **state)
{
    static const char *const others[][3] = {
        {"02", "shopify/uk/7001", "a@example.org"}, /* another company */
        {"01", "shopify/eu/7001", "a@example.org"}, /* another shop */
        {"01", "shopify/uk/7001",
         "b@example.org"},           /* another address: Redis is asked, which goes by the id */
        {"01", "", "a@example.org"}, /* a guest */
        {"01", "shopify/uk/7001", ""},
        {"01s", "hopify/uk/7001", "a@example.org"}, /* the same bytes, cut elsewhere */
    };
    struct accounts *a = accounts_new();
    const struct account_tag known = accounts_tag("01", "shopify/uk/7001", "a@example.org");
    (void)state;
    assert_null(accounts_find(a, &known));
    accounts_add(a, &known, "C000123");
    assert_string_equal(accounts_find(a, &known), "C000123");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct account_tag other = accounts_tag(others[i][0], others[i][1], others[i][2]);
        assert_null(accounts_find(a, &other));
    }
    accounts_free(a);
}

static void test_a_code_too_long_is_left_to_redis(void **state)
{
    struct accounts *a = accounts_new();
    const struct account_tag tag = accounts_tag("01", "x", "");
    char code[ACCOUNT_CODE_MAX + 2];
    (void)state;
    memset(code, 'C', sizeof code);
    code[ACCOUNT_CODE_MAX + 1] = '\0';
    accounts_add(a, &tag, code);
    assert_null(accounts_find(a, &tag));
    code[ACCOUNT_CODE_MAX] = '\0';
    accounts_add(a, &tag, code);
    assert_string_equal(accounts_find(a, &tag), code);
    accounts_free(a);
}

/* Ten times as many customers as there are places: each is known with its own account or not at
 * all. */
static void test_a_place_taken_twice(void **state)
{
    struct accounts *a = accounts_new();
    int known = 0;
    (void)state;
    for (int i = 0; i < 10 * ACCOUNTS_PLACES; i++) {
        char id[24], code[24];
        (void)snprintf(id, sizeof id, "c%d", i);
        (void)snprintf(code, sizeof code, "A%d", i);
        const struct account_tag tag = accounts_tag("01", id, "");
        accounts_add(a, &tag, code);
        assert_string_equal(accounts_find(a, &tag), code);
    }
    for (int i = 0; i < 10 * ACCOUNTS_PLACES; i++) {
        char id[24], code[24];
        (void)snprintf(id, sizeof id, "c%d", i);
        (void)snprintf(code, sizeof code, "A%d", i);
        const struct account_tag tag = accounts_tag("01", id, "");
        const char *found = accounts_find(a, &tag);
        if (found != NULL)
            assert_string_equal(found, code);
        known += found != NULL;
    }
    assert_in_range(known, ACCOUNTS_PLACES / 2, ACCOUNTS_PLACES);
    accounts_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_is_who),
                                       cmocka_unit_test(test_a_code_too_long_is_left_to_redis),
                                       cmocka_unit_test(test_a_place_taken_twice)};
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
