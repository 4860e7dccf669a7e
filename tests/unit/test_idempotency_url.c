/* redis.url: what is understood, what is refused, and that no message shows a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "redis/url.h"

#define LONG_TEXT                                                                                  \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_understood(void **state)
{
    static const struct {
        const char *url, *host, *user, *password;
        int port, database;
        bool unix_socket;
    } rows[] = {
        {"redis://localhost", "localhost", "", "", 6379, 0, false},
        {"redis://localhost/", "localhost", "", "", 6379, 0, false},
        {"redis://10.0.0.1:6380", "10.0.0.1", "", "", 6380, 0, false},
        {"redis://10.0.0.1:6380/", "10.0.0.1", "", "", 6380, 0, false},
        {"redis://10.0.0.1:6380/5", "10.0.0.1", "", "", 6380, 5, false},
        {"redis://h/15", "h", "", "", 6379, 15, false},
        {"redis://:s3cret@h", "h", "", "s3cret", 6379, 0, false},
        {"redis://s3cret@h", "h", "", "s3cret", 6379, 0, false},
        {"redis://anna:s3cret@h:1/2", "h", "anna", "s3cret", 1, 2, false},
        {"redis://anna:p@ss:w@h:65535", "h", "anna", "p@ss:w", 65535, 0, false},
        {"unix:///run/redis.sock", "/run/redis.sock", "", "", 6379, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_address a;
        char message[300];
        if (redis_parse_url(rows[i].url, &a, message) != 0)
            fail_msg("%s: %s", rows[i].url, message);
        if (strcmp(a.host, rows[i].host) != 0 || strcmp(a.user, rows[i].user) != 0 ||
            strcmp(a.password, rows[i].password) != 0 || a.port != rows[i].port ||
            a.database != rows[i].database || a.unix_socket != rows[i].unix_socket)
            fail_msg("%s: host %s user %s password %s port %d database %d", rows[i].url, a.host,
                     a.user, a.password, a.port, a.database);
    }
}

static void test_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "localhost",
        "http://h",
        "redis:/h",
        "redis://",
        "redis://:6379",
        "redis://s3cret@",
        "redis://u:s3cret@:6379",
        "redis://u:s3cret@h:",
        "redis://u:s3cret@h:0",
        "redis://u:s3cret@h:65536",
        "redis://u:s3cret@h:port",
        "redis://u:s3cret@h:-1",
        "redis://u:s3cret@h:6379x",
        "redis://u:s3cret@h/x",
        "redis://u:s3cret@h/-1",
        "redis://u:s3cret@h/0/1",
        "redis://u:s3cret@h:6379?db=1",
        "unix://",
        "rediss://u:s3cret@h",
        "redis://u:s3cret@" LONG_TEXT LONG_TEXT LONG_TEXT,
        "redis://u:s3cret" LONG_TEXT LONG_TEXT LONG_TEXT "@h",
        "redis://" LONG_TEXT ":s3cret@h",
        "unix:///" LONG_TEXT LONG_TEXT LONG_TEXT,
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_address a = {.port = -1};
        char message[300] = "";
        if (redis_parse_url(rows[i], &a, message) != -EINVAL)
            fail_msg("%s is taken for good", rows[i]);
        assert_int_equal(a.port, -1); /* untouched */
        if (strstr(message, "redis.url") == NULL || strstr(message, "s3cret") != NULL)
            fail_msg("%s: %s", rows[i], message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_understood),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("redis.url", tests, NULL, NULL);
}
