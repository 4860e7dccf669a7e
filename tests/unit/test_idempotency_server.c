/* What a server says of itself, and which ones keys are trusted to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "redis/redis.h"

static void test_info(void **state)
{
    struct redis_server server = {.run_id = ""};
    (void)state;
    redis_server_read("# Server\r\nredis_version:7.0.15\r\nx_run_id:no\r\nrun_id:abc\r\n", &server);
    redis_server_read("# Replication\r\nrole:master\r\nmaster_replid:def\r\nmaster_replid2:000\r\n",
                      &server);
    assert_string_equal(server.version, "7.0.15");
    assert_string_equal(server.run_id, "abc");
    assert_string_equal(server.role, "master");
    assert_string_equal(server.replication_id, "def");
    char longer[300] = "run_id:";
    memset(longer + 7, 'a', sizeof longer - 8);
    redis_server_read(longer, &server);
    assert_int_equal(strlen(server.run_id), sizeof server.run_id - 1);
}

static void test_check(void **state)
{
    static const struct {
        struct redis_server server;
        int result;
        const char *words;
    } rows[] = {
        {{"abc", "def", "master", "noeviction", "7.0.15"}, 0, ""},
        {{"abc", "", "", "", ""}, 0, ""}, /* tells little, as a managed one may */
        {{"abc", "def", "master", "noeviction", "10.2"}, 0, ""},
        {{"", "def", "master", "noeviction", "7.0.15"}, -EINVAL, "run_id"},
        {{"abc", "def", "master", "noeviction", "6.2.14"}, -EINVAL, "6.2.14"},
        {{"abc", "def", "master", "allkeys-lru", "7.0.15"}, -EINVAL, "noeviction"},
        {{"abc", "def", "slave", "noeviction", "7.0.15"}, -EAGAIN, "replica"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char words[200] = "";
        const int result = redis_server_check(&rows[i].server, words);
        if (result != rows[i].result || strstr(words, rows[i].words) == NULL)
            fail_msg("row %zu: %d, %s", i, result, words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_info), cmocka_unit_test(test_check)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
