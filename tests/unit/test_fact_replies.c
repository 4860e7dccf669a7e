/* What the scripts of customers and products answer: each reader takes its own items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "facts/fact_calls.h"

#define TEXT(text_)                                                                                \
    {                                                                                              \
        text_, sizeof(text_) - 1, 0                                                                \
    }
#define NUMBER(number_)                                                                            \
    {                                                                                              \
        NULL, 0, number_                                                                           \
    }

static void check_bytes(struct redis_bytes bytes, const char *text)
{
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
}

static void test_account(void **state)
{
    (void)state;
    const struct redis_reply reply = {.count = 2, .items = {TEXT("known"), TEXT("C000123")}};
    check_bytes(fact_calls_account(&reply), "C000123");
}

static void test_creation(void **state)
{
    (void)state;
    const struct redis_reply reply = {
        .count = 5, .items = {TEXT("unsure"), NUMBER(11), TEXT("senders"), NUMBER(33), NUMBER(2)}};
    const struct customer_creation creation = fact_calls_creation(&reply);
    assert_int_equal(creation.absence_wait_ms, 11);
    check_bytes(creation.senders, "senders");
    assert_int_equal(creation.since_ms, 33);
    assert_int_equal(creation.sends, 2);
}

static void test_products(void **state)
{
    (void)state;
    const struct redis_reply reply = {.count = 3,
                                      .items = {TEXT("known"), NUMBER(1700), TEXT("5 -1 -2")}};
    const struct known_products known = fact_calls_products(&reply);
    assert_int_equal(known.now_ms, 1700);
    check_bytes(known.ages, "5 -1 -2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_creation),
        cmocka_unit_test(test_products),
    };
    return cmocka_run_group_tests_name("fact_replies", tests, NULL, NULL);
}
