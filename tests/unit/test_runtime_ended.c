/* Which deliveries have ended: by place and content, and where one lives on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stream/ended.h"
#include "posting/posting.h"

static const uint8_t one[IDENTITY_SIZE] = {1}, other[IDENTITY_SIZE] = {2};
static const char key[] = "01/orders/shopify/uk/1001", delivery[] = "orders.raw/3/17";

static void test_endings(void **state)
{
    struct ended *e = ended_new();
    (void)state;
    for (int i = 0; i < 3000; i++) { /* more than the first room, in no order */
        char place[40];
        (void)snprintf(place, sizeof place, "orders.raw/1/%d", (i * 7919) % 3001);
        ended_add(e, place, key, one);
    }
    ended_add(e, delivery, key, one);
    ended_add_bytes(e, "orders.raw/0/5", "k", 1, "not avro", 8);
    ended_add_bytes(e, "orders.raw/0/6", NULL, 0, NULL, 0);
    ended_sort(e);
    assert_true(ended_knows(e, delivery, key, one));
    assert_true(ended_knows(e, "orders.raw/1/2999", key, one));
    assert_false(ended_knows(e, delivery, key, other)); /* the topic was made anew */
    assert_false(ended_knows(e, delivery, "01/orders/shopify/uk/1002", one));
    assert_false(ended_knows(e, "orders.raw/3/18", key, one));
    assert_true(ended_knows_bytes(e, "orders.raw/0/5", "k", 1, "not avro", 8));
    assert_false(
        ended_knows_bytes(e, "orders.raw/0/5", "kn", 2, "ot avro", 7)); /* the border counts */
    assert_true(ended_knows_bytes(e, "orders.raw/0/6", NULL, 0, NULL, 0));
    assert_false(ended_knows_bytes(e, "orders.raw/0/6", "", 0, NULL, 0)); /* absent is not empty */
    ended_free(e);
}

/* A record as it lies in a topic, until the next call. */
static const struct kafka_record *forwarded(const char *value, int64_t at_ms)
{
    static struct kafka_record record;
    record = (struct kafka_record){.key = "k",
                                   .key_size = 1,
                                   .value = value,
                                   .value_size = strlen(value),
                                   .timestamp_ms = at_ms};
    return &record;
}

static void test_forwards(void **state)
{
    struct ended *e = ended_new();
    (void)state;
    ended_add_forward(e, delivery, forwarded("order", 3000), "orders.raw.retry.2s/0/9");
    ended_add_forward(e, delivery, forwarded("order", 1000), "orders.raw.retry.1s/0/4");
    ended_add_forward(e, "orders.raw/3/18", forwarded("order", 2000), "orders.raw.retry.1s/0/5");
    ended_sort(e);
    assert_true(ended_lives_on(e, delivery, forwarded("order", 0), delivery));
    assert_true(ended_lives_on(e, delivery, forwarded("order", 0), "orders.raw.retry.1s/0/4"));
    assert_false(ended_lives_on(e, delivery, forwarded("order", 0),
                                "orders.raw.retry.2s/0/9")); /* this is it */
    assert_false(
        ended_lives_on(e, "orders.raw/3/18", forwarded("order", 0), "orders.raw.retry.1s/0/5"));
    assert_false(ended_lives_on(e, "orders.raw/3/19", forwarded("order", 0),
                                "orders.raw/3/19")); /* never forwarded */
    /* Another topic had its name and its places before: other bytes, and not this record. */
    assert_false(ended_lives_on(e, delivery, forwarded("another", 0), delivery));
    ended_add_forward(e, delivery, forwarded("another", 500), "orders.raw.retry.4s/1/2");
    ended_sort(e);
    assert_true(ended_lives_on(e, delivery, forwarded("another", 0), delivery));
    assert_false(ended_lives_on(e, delivery, forwarded("another", 0), "orders.raw.retry.4s/1/2"));
    assert_true(ended_lives_on(e, delivery, forwarded("order", 0), "orders.raw.retry.1s/0/4"));
    ended_free(e);
}

static void test_an_empty_one(void **state)
{
    struct ended *e = ended_new();
    (void)state;
    ended_sort(e);
    assert_false(ended_knows(e, delivery, key, one));
    assert_false(ended_lives_on(e, delivery, forwarded("order", 0), delivery));
    ended_free(e);
    ended_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_endings),
                                       cmocka_unit_test(test_forwards),
                                       cmocka_unit_test(test_an_empty_one)};
    return cmocka_run_group_tests_name("runtime: deliveries that have ended", tests, NULL, NULL);
}
