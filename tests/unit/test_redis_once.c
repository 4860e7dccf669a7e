/* The blocking connection, against a real Redis: logging in, what a reply becomes, scripts and their
 * numbers, and a connection that breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/redis_server.h"
#include "redis/once.h"

static struct redis_server_process process;
static struct redis_once *redis;
static struct redis_server server;
static char words[300];

static int begin(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    redis_server_start(&process, NULL);
    return redis_once_open(process.url, 5000, &redis, &server, words);
}

static int end(void **state)
{
    (void)state;
    redis_once_close(redis);
    redis_once_close(NULL);
    redis_server_end(&process);
    return 0;
}

/* "SET a 1" as words. */
static size_t split(const char *command, struct redis_bytes list[static 20])
{
    static char text[500];
    size_t count = 0;
    char *save = NULL;
    (void)snprintf(text, sizeof text, "%s", command);
    for (char *word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
        list[count++] = (struct redis_bytes){word, strlen(word)};
    return count;
}

static int run(const char *command, struct redis_reply *ret_reply)
{
    struct redis_bytes list[20];
    const size_t count = split(command, list);
    return redis_once_command(redis, list, count, ret_reply);
}

static int text_of(const char *command, char *text, size_t room)
{
    struct redis_bytes list[20];
    const size_t count = split(command, list);
    return redis_once_text(redis, list, count, text, room);
}

/* ---- replies ---- */

static void test_replies(void **state)
{
    struct redis_reply reply;
    (void)state;
    assert_int_equal(run("SET a one", &reply), 0);
    assert_true(reply.error == NULL && reply.count == 1);
    assert_string_equal(reply.items[0].text, "OK");
    assert_int_equal(run("GET a", &reply), 0);
    assert_int_equal(reply.items[0].size, 3);
    assert_memory_equal(reply.items[0].text, "one", 3);
    assert_int_equal(run("GET none", &reply), 0);
    assert_int_equal(reply.count, 1);
    assert_null(reply.items[0].text);
    assert_int_equal(run("INCRBY n 41", &reply), 0);
    assert_int_equal(reply.items[0].number, 41);
    assert_null(reply.items[0].text);
    assert_int_equal(run("NOSUCH", &reply), 0);
    assert_non_null(strstr(reply.error, "unknown command"));
    assert_int_equal(reply.count, 0);
    assert_int_equal(run("RPUSH l 0 1 2 3 4 5 6 7 8 9 10 11", &reply), 0);
    assert_int_equal(run("LRANGE l 0 2", &reply), 0);
    assert_int_equal(reply.count, 3);
    assert_memory_equal(reply.items[2].text, "2", 1);
    assert_int_equal(run("LRANGE l 0 9", &reply), 0);
    assert_int_equal(reply.count, REDIS_ITEMS_MAX);
    assert_int_equal(run("LRANGE l 0 -1", &reply), 0);
    assert_int_equal(reply.count, REDIS_ITEMS_MAX); /* no more than there is room for */
    assert_int_equal(run("MGET a none a", &reply), 0);
    assert_null(reply.items[1].text);
    assert_memory_equal(reply.items[2].text, "one", 3);
}

static void test_texts(void **state)
{
    char text[20] = "?";
    (void)state;
    assert_int_equal(text_of("SET b %s%d", text, sizeof text), 0);
    assert_string_equal(text, "OK");
    assert_int_equal(text_of("GET b", text, sizeof text), 0);
    assert_string_equal(text, "%s%d");
    assert_int_equal(text_of("GET none", text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(text_of("SET c 0123456789012345678901234567890", text, sizeof text), 0);
    assert_int_equal(text_of("GET c", text, sizeof text), 0);
    assert_string_equal(text, "0123456789012345678");
    assert_int_equal(text_of("LPOP b", text, sizeof text), -EREMOTEIO);
    assert_string_equal(text, "WRONGTYPE Operation"); /* cut to its room */
}

/* ---- scripts ---- */

static struct redis_script counted = {.name = "counted",
                                      .source = "",
                                      .is_counted = true,
                                      .text =
                                          (char[]){"return {KEYS[1], ARGV[1], ARGV[2], ARGV[3]}"}},
                           uncounted = {.name = "uncounted",
                                        .source = "",
                                        .text =
                                            (char[]){
                                                "return {KEYS[1], ARGV[1], ARGV[2], ARGV[3]}"}},
                           fails = {.name = "fails",
                                    .source = "",
                                    .is_counted = true,
                                    .text = (char[]){"return redis.error_reply('NO')"}};
static const struct redis_bytes args[] = {{"key", 3}, {"argument", 8}};

static void says(const struct redis_reply *reply, const char *number, const char *answered)
{
    assert_null(reply->error);
    assert_int_equal(reply->count, 4);
    assert_string_equal(reply->items[0].text, "key");
    assert_string_equal(reply->items[1].text, "argument");
    assert_string_equal(reply->items[2].text, number);
    assert_string_equal(reply->items[3].text, answered);
}

static void test_scripts(void **state)
{
    struct redis_reply reply;
    (void)state;
    assert_int_equal(redis_once_run(redis, &counted, args, 1, 1, &reply), 0);
    says(&reply, "00000000000001", "00000000000000");
    assert_int_equal(redis_once_run(redis, &counted, args, 1, 1, &reply), 0);
    says(&reply, "00000000000002", "00000000000001");
    assert_int_equal(redis_once_run(redis, &uncounted, args, 1, 1, &reply), 0);
    says(&reply, "00000000000002", "00000000000002");
    assert_int_equal(redis_once_run(redis, &fails, args, 1, 1, &reply), 0);
    assert_non_null(reply.error);
    assert_int_equal(redis_once_run(redis, &counted, args, 1, 1, &reply), 0);
    says(&reply, "00000000000004", "00000000000002"); /* what was refused has no answer */
}

/* Many without waiting for each: answered in order. */
static void test_many(void **state)
{
    struct redis_reply reply;
    char sha[41];
    const struct redis_bytes load[] = {
        {"SCRIPT", 6}, {"LOAD", 4}, {counted.text, strlen(counted.text)}};
    (void)state;
    assert_int_equal(redis_once_text(redis, load, 3, sha, sizeof sha), 0);
    memcpy(counted.sha1, sha, sizeof counted.sha1);
    assert_int_equal(text_of("SCRIPT FLUSH", sha, sizeof sha), 0);
    assert_int_equal(redis_once_load(redis, &counted), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(redis_once_give(redis, &counted, args, 1, 1), 0);
    for (int i = 0; i < 3; i++) {
        char number[20];
        assert_int_equal(redis_once_take(redis, &reply), 0);
        (void)snprintf(number, sizeof number, "%014d", 5 + i);
        says(&reply, number, "00000000000004");
    }
    assert_int_equal(redis_once_run(redis, &counted, args, 1, 1, &reply), 0);
    says(&reply, "00000000000008", "00000000000007");
    for (int i = 0; i < 2; i++)
        assert_int_equal(redis_once_give(redis, &counted, args, 1, 1), 0);
    assert_int_equal(redis_once_take(redis, &reply), 0);
    assert_int_equal(redis_once_give(redis, &counted, args, 1, 1), 0);
    assert_int_equal(redis_once_take(redis, &reply), 0);
    assert_int_equal(redis_once_take(redis, &reply), 0);
    says(&reply, "00000000000011", "00000000000009");
    struct redis_script broken = {.text = (char[]){"this is no Lua"}};
    assert_int_equal(redis_once_load(redis, &broken), -EIO);
}

/* ---- opening ---- */

static void test_the_server(void **state)
{
    (void)state;
    assert_int_equal(strlen(server.run_id), 40);
    assert_int_equal(strlen(server.replication_id), 40);
    assert_string_equal(server.role, "master");
    assert_string_equal(server.eviction, "noeviction");
    assert_true(server.version[0] >= '6');
}

static void opens(const char *name, const char *url, int result, const char *says_so)
{
    struct redis_once *other = NULL;
    struct redis_server its;
    words[0] = '\0';
    const int got = redis_once_open(url, 300, &other, &its, words);
    if (got != result || strstr(words, says_so) == NULL || (got < 0) != (other == NULL))
        fail_msg("%s: %d, %s", name, got, words);
    redis_once_close(other);
}

static void test_logins(void **state)
{
    static const char *const guarded[] = {"--requirepass", "right", NULL};
    struct redis_server_process its;
    char url[120];
    (void)state;
    redis_server_start(&its, guarded);
    struct redis_bytes list[20];
    struct redis_once *admin;
    struct redis_server info;
    (void)snprintf(url, sizeof url, "redis://:right@127.0.0.1:%d", its.port);
    assert_int_equal(redis_once_open(url, 5000, &admin, &info, words), 0);
    assert_int_equal(redis_once_text(admin, list, split("ACL SETUSER jane on >hers ~* +@all", list),
                                     url, sizeof url),
                     0);
    redis_once_close(admin);
    static const struct {
        const char *name, *login, *says;
        int result;
    } rows[] = {
        {"the password", ":right@", "", 0},
        {"a user's", "jane:hers@", "", 0},
        {"a wrong one", ":wrong@", "Redis refuses the login of redis.url: WRONGPASS", -EACCES},
        {"another user's", "jane:right@", "correct user or password", -EACCES},
        {"none", "", "Redis does not answer INFO: NOAUTH", -EACCES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(url, sizeof url, "redis://%s127.0.0.1:%d", rows[i].login, its.port);
        opens(rows[i].name, url, rows[i].result, rows[i].says);
        assert_null(strstr(words, "wrong@"));
    }
    redis_server_freeze(&its);
    (void)snprintf(url, sizeof url, "redis://:right@127.0.0.1:%d", its.port);
    opens("frozen", url, -ECONNREFUSED, "Redis does not answer INFO: connection lost");
    redis_server_thaw(&its);
    redis_server_end(&its);
    opens("nobody listens", url, -ECONNREFUSED, "cannot reach Redis at 127.0.0.1: ");
    opens("no URL", "http://x", -EINVAL, "");
}

static void test_a_database_and_a_policy(void **state)
{
    char url[120], path[80], text[60];
    const char *const its_args[] = {"--unixsocket", path, "--maxmemory-policy", "allkeys-lru",
                                    NULL};
    struct redis_server_process its;
    struct redis_once *other;
    struct redis_server info;
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/pf-once-%d.sock", (int)getpid());
    redis_server_start(&its, its_args);
    (void)snprintf(url, sizeof url, "%s/1", its.url);
    assert_int_equal(redis_once_open(url, 5000, &other, &info, words), 0);
    const struct redis_bytes set[] = {{"SET", 3}, {"here", 4}, {"1", 1}},
                             get[] = {{"GET", 3}, {"here", 4}};
    assert_int_equal(redis_once_text(other, set, 3, text, sizeof text), 0);
    redis_once_close(other);
    (void)snprintf(url, sizeof url, "unix://%s", path);
    assert_int_equal(redis_once_open(url, 5000, &other, &info, words), 0);
    assert_string_equal(info.eviction, "allkeys-lru");
    assert_int_equal(redis_once_text(other, get, 2, text, sizeof text), 0);
    assert_string_equal(text, ""); /* database 0 has it not */
    redis_once_close(other);
    opens("no such database", (snprintf(url, sizeof url, "%s/999", its.url), url), -EINVAL,
          "Redis refuses database 999 of redis.url: ERR DB index is out of range");
    redis_server_end(&its);
    (void)remove(path);
}

/* ---- a connection that breaks ---- */

static void test_broken(void **state)
{
    struct redis_server_process its;
    struct redis_once *other;
    struct redis_server info;
    struct redis_reply reply;
    char text[20] = "untouched";
    const struct redis_bytes ping[] = {{"PING", 4}};
    (void)state;
    redis_server_start(&its, NULL);
    assert_int_equal(redis_once_open(its.url, 300, &other, &info, words), 0);
    assert_int_equal(redis_once_load(other, &counted), 0);
    redis_server_kill(&its);
    assert_int_equal(redis_once_command(other, ping, 1, &reply), -EIO);
    assert_int_equal(redis_once_text(other, ping, 1, text, sizeof text), -EIO);
    assert_string_equal(text, "untouched");
    assert_int_equal(redis_once_run(other, &counted, args, 1, 1, &reply), -EIO);
    assert_int_equal(redis_once_load(other, &counted), -EIO);
    assert_int_equal(redis_once_give(other, &counted, args, 1, 1), 0);
    assert_int_equal(redis_once_take(other, &reply), -EIO);
    redis_once_close(other);
    redis_server_end(&its);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_the_server),
        cmocka_unit_test(test_logins),
        cmocka_unit_test(test_a_database_and_a_policy),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests_name("redis: a blocking connection", tests, begin, end);
}
