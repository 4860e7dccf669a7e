/* Deferral marks after a loss: each key's in the order in which its records entered, whatever
 * clocks and topics say; none for those that wait by policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "stream/forwards.h"
#include "kafka/headers.h"

static void see(struct forwards *f, const char *topic, int64_t offset, const char *key,
                const char *delivery, const char *first_seen, bool by_policy)
{
    struct kafka_header headers[] = {{HEADER_IDEMPOTENCY_KEY, key, strlen(key)},
                                     {HEADER_DELIVERY, delivery, strlen(delivery)},
                                     {HEADER_FIRST_SEEN, first_seen, strlen(first_seen)},
                                     {HEADER_WAITS_BY_POLICY, "1", 1}};
    const struct kafka_record record = {
        .topic = topic, .offset = offset, .headers = headers, .header_count = by_policy ? 4 : 3};
    forwards_see(f, &record);
}

static void join(void *user, const char *natural, const char *delivery)
{
    char *text = user;
    const size_t at = strlen(text);
    (void)snprintf(text + at, 600 - at, "%s=%s ", natural, delivery);
}

static void test_order(void **state)
{
    const struct kafka_place committed[] = {{"r.1", 0, 10}, {"r.2", 0, 0}};
    char text[600] = "";
    (void)state;
    struct forwards *f = forwards_new(committed, 2);
    see(f, "r.1", 9, "a", "in/0/1", "1000", false); /* committed: it has ended */
    see(f, "r.1", 10, "b", "in/0/12", "5000", false);
    see(f, "r.1", 11, "b", "in/0/9", "6000",
        false); /* first seen later, by a worker whose clock is ahead; it entered earlier */
    see(f, "r.1", 12, "c", "in/1/7", "5500", true);
    see(f, "r.2", 0, "c", "in/1/8", "4000", false);
    see(f, "r.2", 1, "d", "in/0/100", "6000", false);
    see(f, "r.2", 2, "d", "replay/0/3", "5999", false);
    forwards_in_order(f, join, text);
    assert_string_equal(text, "c=in/1/8 d=replay/0/3 b=in/0/9 b=in/0/12 d=in/0/100 ");
    forwards_free(f);
}

/* Many of one millisecond: a sort that is not stable would mix them. */
enum { COUNT = 500 };

struct seen {
    int64_t offsets[COUNT];
    size_t count;
};

static void note(void *user, const char *natural, const char *delivery)
{
    struct seen *seen = user;
    (void)natural;
    assert_true(seen->count < COUNT);
    seen->offsets[seen->count++] = strtoll(strrchr(delivery, '/') + 1, NULL, 10);
}

static void test_one_millisecond(void **state)
{
    struct seen seen = {.count = 0};
    (void)state;
    struct forwards *f = forwards_new(NULL, 0);
    for (int i = 0; i < COUNT; i++) {
        char delivery[40];
        (void)snprintf(delivery, sizeof delivery, "in/0/%d", (i * 7) % COUNT);
        see(f, "r.1", i, "k", delivery, "1000", false);
    }
    forwards_in_order(f, note, &seen);
    assert_int_equal(seen.count, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(seen.offsets[i], i);
    forwards_free(f);
}

static void test_none(void **state)
{
    char text[600] = "";
    (void)state;
    struct forwards *f = forwards_new(NULL, 0);
    forwards_in_order(f, join, text);
    assert_string_equal(text, "");
    forwards_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_one_millisecond),
                                       cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
