/* A company's open orders on a real Redis: who may touch them, what is kept of each, and what a second
 * reading of the same topics changes (nothing). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../support/redis_server.h"
#include "schedule/open_orders.h"

static struct redis_server_process server;
static struct redis_once *side;

static int set_up(void **state)
{
    char message[300];
    struct redis_server info;
    (void)state;
    redis_server_start(&server, NULL);
    return redis_once_open(server.url, 5000, &side, &info, message);
}

static int tear_down(void **state)
{
    (void)state;
    redis_once_close(side);
    redis_server_end(&server);
    return 0;
}

static void command(const char *a, const char *b, const char *c)
{
    const struct redis_bytes words[] = {{a, strlen(a)},
                                        {b != NULL ? b : "", b != NULL ? strlen(b) : 0},
                                        {c != NULL ? c : "", c != NULL ? strlen(c) : 0}};
    struct redis_reply r;
    assert_int_equal(redis_once_command(side, words, c != NULL ? 3 : b != NULL ? 2 : 1, &r), 0);
    assert_null(r.error);
}

static struct open_orders fresh(void)
{
    struct open_orders set = {
        .redis = side, .prefix = "t", .company = "01", .lease = "poller-01", .token = 7};
    command("FLUSHALL", NULL, NULL);
    command("SET", "t:lease:poller-01", "host/1 7");
    assert_int_equal(open_orders_begin(&set), 0);
    return set;
}

static void look(struct open_orders *set, const char *key, const char *facts, const char *last)
{
    struct open_orders_one one;
    assert_int_equal(open_orders_look(set, key, &one), 0);
    assert_string_equal(one.facts, facts);
    assert_int_equal(one.last_size, strlen(last));
    assert_memory_equal(one.last, last, one.last_size);
}

static void is_due(struct open_orders *set, size_t max, const char *keys)
{
    struct open_orders_due due;
    char text[200] = "";
    assert_int_equal(open_orders_due(set, max, &due), 0);
    assert_true(due.now_ms > INT64_C(1600000000000));
    for (size_t i = 0; i < due.count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", due.keys[i]);
    assert_string_equal(text, keys);
}

static int tell(struct open_orders *set, const char *key, int64_t version, const char *record,
                int64_t due_ms)
{
    const struct open_orders_told told = {.key = key,
                                          .version = version,
                                          .record = record,
                                          .record_size = strlen(record),
                                          .facts = "- 5 told",
                                          .due_ms = due_ms,
                                          .forget_ms = INT64_C(9000000000000)};
    return open_orders_tell(set, &told);
}

/* The longest due comes first; what is added again is as it was. */
static void test_added_and_due(void **state)
{
    struct open_orders set = fresh();
    struct open_orders_sums sums;
    (void)state;
    assert_int_equal(open_orders_add(&set, "b", "- 2 B", 20), 0);
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    assert_int_equal(open_orders_add(&set, "late", "- 3 L", INT64_C(9000000000000)), 0);
    assert_int_equal(open_orders_add(&set, "a", "h 9 other", 5), 0);
    is_due(&set, 8, "a b ");
    is_due(&set, 1, "a ");
    is_due(&set, 100, "a b ");
    look(&set, "a", "- 1 A", "");
    look(&set, "nobody", "", "");
    assert_int_equal(set.added, 3);
    assert_int_equal(open_orders_count(&set, &sums), 0);
    assert_int_equal(sums.open, 3);
    assert_int_equal(sums.first_due_ms, 10);
    assert_int_equal(open_orders_wait(&set, "a", 30), 0);
    assert_int_equal(open_orders_wait(&set, "nobody", 1), 0);
    is_due(&set, 8, "b a ");
}

/* What was published last is kept by version, whatever is read again, and in any order. */
static void test_told(void **state)
{
    struct open_orders set = fresh();
    (void)state;
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    assert_int_equal(tell(&set, "a", 5, "five", 40), 0);
    assert_int_equal(tell(&set, "a", 4, "four", 30), 0);
    assert_int_equal(tell(&set, "a", 5, "again", 30), 0);
    look(&set, "a", "- 1 A", "5 five");
    assert_int_equal(tell(&set, "new", 1, "one", 20), 0); /* found again from what was published */
    look(&set, "new", "- 5 told", "1 one");
    is_due(&set, 8, "new a ");
    assert_int_equal(tell(&set, "big", INT64_C(1795514400123), "x", 50), 0);
    assert_int_equal(tell(&set, "big", INT64_C(1795514400124), "y", 50), 0);
    look(&set, "big", "- 5 told", "1795514400124 y");
}

/* An order that is over does not come back, by a result that is read again or by an older record, until
 * that is forgotten. */
static void test_over(void **state)
{
    struct open_orders set = fresh();
    struct open_orders_sums sums;
    (void)state;
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    assert_int_equal(tell(&set, "a", 5, "five", 0), 0);
    look(&set, "a", "", "");
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    assert_int_equal(tell(&set, "a", 4, "four", 30), 0);
    assert_int_equal(open_orders_wait(&set, "a", 1), 0);
    look(&set, "a", "", "");
    is_due(&set, 8, "");
    assert_int_equal(open_orders_count(&set, &sums), 0);
    assert_int_equal(sums.open, 0);
    assert_int_equal(sums.first_due_ms, -1);
    assert_int_equal(sums.closed, 1);
    /* of one that was over before it was known here */
    assert_int_equal(tell(&set, "b", 1, "one", 0), 0);
    assert_int_equal(open_orders_add(&set, "b", "- 1 B", 10), 0);
    look(&set, "b", "", "");
    /* forgotten */
    const struct open_orders_told told = {
        .key = "c", .version = 1, .record = "r", .record_size = 1, .facts = "", .forget_ms = 1000};
    assert_int_equal(open_orders_tell(&set, &told), 0);
    assert_int_equal(open_orders_count(&set, &sums), 0);
    assert_int_equal(sums.closed, 2);
}

static void test_marks(void **state)
{
    struct open_orders set = fresh();
    (void)state;
    assert_int_equal(open_orders_add(&set, "a", "h- 1 c", 10), 0);
    assert_int_equal(open_orders_mark(&set, "a", "c"), 0);
    assert_int_equal(open_orders_mark(&set, "a", "c"), 0);
    assert_int_equal(open_orders_mark(&set, "nobody", "c"), 0);
    look(&set, "a", "ch- 1 c", "");
    look(&set, "nobody", "", "");
}

static void test_places(void **state)
{
    struct open_orders set = fresh();
    int64_t offset;
    (void)state;
    assert_int_equal(open_orders_where(&set, "orders.results", 3, &offset), 0);
    assert_int_equal(offset, -1);
    assert_int_equal(open_orders_place(&set, "orders.results", 3, 42), 0);
    assert_int_equal(open_orders_where(&set, "orders.results", 3, &offset), 0);
    assert_int_equal(offset, 42);
    assert_int_equal(open_orders_where(&set, "orders.results", 30, &offset), 0);
    assert_int_equal(offset, -1);
}

/* Whoever lost the lease is refused, by another holder's token as by none. */
static void test_fenced(void **state)
{
    static const char *const leases[] = {"host/2 8", "", "host/1 70", "7"};
    (void)state;
    for (size_t i = 0; i < sizeof leases / sizeof *leases; i++) {
        struct open_orders set = fresh();
        struct open_orders_due due;
        int64_t offset;
        assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
        assert_int_equal(open_orders_settle(&set), 0);
        command("SET", "t:lease:poller-01", leases[i]);
        assert_int_equal(open_orders_add(&set, "b", "- 1 B", 10), 0);
        assert_int_equal(tell(&set, "a", 5, "five", 0), 0);
        assert_int_equal(open_orders_place(&set, "t", 0, 1), 0);
        assert_int_equal(open_orders_settle(&set), -ECANCELED);
        assert_int_equal(open_orders_due(&set, 8, &due), -ECANCELED);
        assert_int_equal(open_orders_where(&set, "t", 0, &offset), -ECANCELED);
        command("SET", "t:lease:poller-01", "host/1 7");
        look(&set, "a", "- 1 A", "");
        look(&set, "b", "", "");
    }
}

/* More than are sent together. */
static void test_many(void **state)
{
    struct open_orders set = fresh();
    struct open_orders_sums sums;
    char key[20];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(open_orders_add(&set, key, "- 1 K", i + 1), 0);
    }
    assert_int_equal(open_orders_count(&set, &sums), 0);
    assert_int_equal(sums.open, 1000);
    assert_int_equal(set.added, 1000);
}

/* Redis that ends in the middle is an error, not an answer; what is lost is made again. */
static void test_cut(void **state)
{
    struct open_orders set = fresh();
    struct open_orders_sums sums;
    char message[300];
    struct redis_server info;
    (void)state;
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    redis_server_kill(&server);
    assert_int_equal(open_orders_settle(&set), -EIO);
    assert_int_equal(open_orders_count(&set, &sums), -EIO);
    redis_server_restart(&server, NULL, 1);
    redis_once_close(side);
    assert_int_equal(redis_once_open(server.url, 5000, &side, &info, message), 0);
    set = fresh();
    assert_int_equal(open_orders_add(&set, "a", "- 1 A", 10), 0);
    is_due(&set, 8, "a ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_added_and_due), cmocka_unit_test(test_told),
        cmocka_unit_test(test_over),          cmocka_unit_test(test_marks),
        cmocka_unit_test(test_places),        cmocka_unit_test(test_fenced),
        cmocka_unit_test(test_many),          cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
