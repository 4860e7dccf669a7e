/* The connection that heals itself, against a real Redis that is killed, frozen, full, loading, or
 * somebody else's: every command is answered exactly once, in order, with its own reply, and none
 * leaves before the owner has seen the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../support/redis_server.h"
#include "base/clock.h"
#include "idempotency/keys.h"
#include "redis/once.h"

enum { COMMANDS = 300, PATIENCE_MS = 20000, TIMEOUT_MS = 300 };

struct world {
    struct redis_server_process server;
    uv_loop_t loop;
    struct redis *redis;
    struct keyspace keys;
    int seen, lost, refuse, ready_when_asked; /* times on_server, on_lost were called */
    char run_id[64], eviction[32], reason[200];
    int answered, wrong; /* commands, in order; replies that were not the expected ones */
    const char *claims_say;
};

struct command {
    struct world *world;
    int number, answers;
    bool is_claim;
};
static struct command commands[COMMANDS];

static bool on_server(void *user, const struct redis_server *server)
{
    struct world *w = user;
    w->seen++;
    (void)snprintf(w->run_id, sizeof w->run_id, "%s", server->run_id);
    (void)snprintf(w->eviction, sizeof w->eviction, "%s", server->eviction);
    w->ready_when_asked |= w->redis != NULL && redis_is_ready(w->redis);
    return !w->refuse;
}

static void on_lost(void *user, const char *reason)
{
    struct world *w = user;
    w->lost++;
    (void)snprintf(w->reason, sizeof w->reason, "%s", reason);
}

/* ---- a server, a connection ---- */

static void connect_to(struct world *w, const char *url)
{
    char message[300];
    const struct redis_hooks hooks = {.on_server = on_server, .on_lost = on_lost, .user = w};
    if (redis_new(&w->loop, url, scripts_all(), TIMEOUT_MS, &hooks, &w->redis, message) != 0)
        fail_msg("%s", message);
    w->keys = (struct keyspace){.redis = w->redis,
                                .prefix = "t",
                                .flow = "orders",
                                .marker = "m",
                                .slot = "0",
                                .ttl_ms = 60000};
}

static void begin(struct world *w, const char *const args[])
{
    *w = (struct world){.claims_say = "claimed"};
    assert_int_equal(uv_loop_init(&w->loop), 0);
    redis_server_start(&w->server, args);
}

static void end(struct world *w)
{
    redis_free(w->redis);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    redis_server_end(&w->server);
}

static void spin(struct world *w, int64_t ms)
{
    const struct timespec moment = {0, 200000};
    for (const int64_t until = clock_monotonic_ms() + ms; clock_monotonic_ms() < until;
         (void)nanosleep(&moment, NULL))
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* Until *count has reached `wanted`. */
static void wait_for(struct world *w, const int *count, int wanted)
{
    const int64_t began = clock_monotonic_ms();
    while (*count < wanted) {
        spin(w, 1);
        if (clock_monotonic_ms() - began > PATIENCE_MS)
            fail_msg("waited for %d, there are %d; the last reason was: %s", wanted, *count,
                     w->reason);
    }
}

/* By another connection; what its first item says. */
static void command_aside(const struct world *w, const char *const words[], char text[static 200])
{
    struct redis_bytes bytes[REDIS_ARGS_MAX];
    struct redis_reply reply;
    struct redis_server server;
    struct redis_once *side;
    char message[300];
    size_t count = 0;
    for (; words[count] != NULL; count++)
        bytes[count] = (struct redis_bytes){words[count], strlen(words[count])};
    if (redis_once_open(w->server.url, 5000, &side, &server, message) != 0)
        fail_msg("%s", message);
    assert_int_equal(redis_once_command(side, bytes, count, &reply), 0);
    if (reply.error != NULL)
        fail_msg("%s: %s", words[0], reply.error);
    (void)snprintf(text, 200, "%.*s", (int)reply.items[0].size,
                   reply.items[0].text != NULL ? reply.items[0].text : "");
    redis_once_close(side);
}
#define ASIDE(w, ...) command_aside(w, (const char *const[]){__VA_ARGS__, NULL}, (char[200]){""})

/* ---- commands and their answers ---- */

static void take(void *user, const struct redis_reply *reply)
{
    struct command *c = user;
    char expected[20];
    (void)snprintf(expected, sizeof expected, "echo %d", c->number);
    const char *wanted = c->is_claim ? c->world->claims_say : expected;
    const struct redis_item *item = &reply->items[0];
    if (c->number != c->world->answered)
        fail_msg("command %d was answered when it was %d's turn", c->number, c->world->answered);
    if (reply->error != NULL || reply->count == 0 || item->text == NULL ||
        item->size != strlen(wanted) || memcmp(item->text, wanted, item->size) != 0)
        c->world->wrong++;
    c->answers++;
    c->world->answered++;
}

/* Five in eight are scripts, side by side, so that they go as one. */
static void give(struct world *w, int first, int count)
{
    static const uint8_t identity[IDENTITY_SIZE] = "A";
    for (int i = first; i < first + count; i++) {
        struct command *c = &commands[i];
        char text[20];
        *c = (struct command){.world = w, .number = i, .is_claim = i % 8 >= 3};
        const int size = snprintf(text, sizeof text, "echo %d", i);
        if (c->is_claim) {
            const struct key_work work = {
                .natural = text, .identity = identity, .delivery = text, .parent = ""};
            keys_claim(&w->keys, &work, 60000, 60000, take, c);
        } else {
            const struct redis_bytes words[] = {{"ECHO", 4}, {text, (size_t)size}};
            redis_command(w->redis, words, 2, take, c);
        }
    }
}

static void all_answered(struct world *w, int count)
{
    wait_for(w, &w->answered, count);
    spin(w, 20); /* an answer too many would come now */
    for (int i = 0; i < count; i++)
        assert_int_equal(commands[i].answers, 1);
    assert_int_equal(w->answered, count);
    assert_int_equal(redis_waiting(w->redis), 0);
    assert_int_equal(w->wrong, 0);
}

static void set_marker(const struct world *w)
{
    ASIDE(w, "SET", "t:marker:orders", "m");
    ASIDE(w, "SET", "t:e:orders:0", "0 00000000000000 0"); /* our slot is taken */
}

/* ---- tests ---- */

static void test_healthy(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    assert_false(redis_is_ready(w.redis));
    give(&w, 0, COMMANDS); /* before it is connected */
    assert_int_equal(redis_waiting(w.redis), COMMANDS);
    all_answered(&w, COMMANDS);
    assert_in_range(
        w.seen, 1,
        2); /* the first use of a script begins a new connection, so that the order stays */
    assert_false(w.ready_when_asked);
    assert_true(redis_is_ready(w.redis));
    assert_int_equal(w.lost, 0);
    assert_int_equal(strlen(w.run_id), 40);
    assert_string_equal(w.eviction, "noeviction");
    end(&w);
}

static void test_connection_killed(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    while (!redis_is_ready(w.redis))
        (void)uv_run(&w.loop, UV_RUN_ONCE);
    for (int i = 0; i < 6; i++) {
        give(&w, i * 50, 50);
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
        ASIDE(&w, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }
    all_answered(&w, COMMANDS);
    assert_true(w.seen >= 2 && w.lost >= 1);
    end(&w);
}

/* The bytes are at a server that will never read them. */
static void test_server_killed_with_commands_on_the_wire(void **state)
{
    struct world w;
    char before[64];
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    give(&w, 0, 100);
    wait_for(&w, &w.answered, 100);
    (void)snprintf(before, sizeof before, "%s", w.run_id);
    redis_server_freeze(&w.server);
    give(&w, 100, 100);
    spin(&w, 20);
    assert_int_equal(w.answered, 100);
    redis_server_kill(&w.server);
    spin(&w, 100); /* nobody listens for a while */
    give(&w, 200, 100);
    w.claims_say = "suspect"; /* an empty Redis says so inside every script */
    redis_server_restart(&w.server, NULL, 1);
    all_answered(&w, COMMANDS);
    assert_true(w.lost >= 1);
    assert_string_not_equal(w.run_id, before); /* the owner saw that it is another one */
    end(&w);
}

/* A late reply must not be taken for another command's: a connection that was silent too long is
 * given up whole. */
static void test_server_frozen_past_the_timeout(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    give(&w, 0, 10);
    wait_for(&w, &w.answered, 10);
    redis_server_freeze(&w.server);
    give(&w, 10, 100);
    wait_for(&w, &w.lost, 1);
    assert_string_equal(w.reason, "no answer in time");
    assert_int_equal(w.answered, 10);
    spin(&w, 2 * TIMEOUT_MS); /* reconnecting meets the same silence */
    redis_server_thaw(&w.server);
    give(&w, 110, 190);
    all_answered(&w, COMMANDS);
    end(&w);
}

static void test_frozen_for_less_is_nothing(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    give(&w, 0, 10);
    wait_for(&w, &w.answered, 10);
    redis_server_freeze(&w.server);
    give(&w, 10, 10);
    spin(&w, TIMEOUT_MS / 4);
    redis_server_thaw(&w.server);
    all_answered(&w, 20);
    assert_int_equal(w.lost, 0);
    end(&w);
}

static void test_scripts_flushed(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    for (int i = 0; i < 3; i++) {
        give(&w, i * 100, 100);
        if (i > 0) /* once with all answered, once with commands on the way */
            spin(&w, i == 1 ? 100 : 0);
        ASIDE(&w, "SCRIPT", "FLUSH");
    }
    all_answered(&w, COMMANDS);
    assert_int_equal(w.lost, 0); /* nobody's fault */
    end(&w);
}

static void test_out_of_memory(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    give(&w, 0, 40);
    wait_for(&w, &w.answered, 40);
    ASIDE(&w, "CONFIG", "SET", "maxmemory", "1");
    give(&w, 40, 40);
    wait_for(&w, &w.lost, 2); /* it tries again, and again */
    assert_non_null(strstr(w.reason, "OOM"));
    assert_true(w.answered < 80);
    ASIDE(&w, "CONFIG", "SET", "maxmemory", "0");
    all_answered(&w, 80);
    end(&w);
}

static void test_loading(void **state)
{
    static const char *const slowly[] = {"--key-load-delay", "200",
                                         "--loading-process-events-interval-bytes", "1024", NULL};
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    ASIDE(&w, "EVAL", "for i = 1, 3000 do redis.call('SET', 'fill' .. i, 'xxxxxxxxxx') end", "0");
    connect_to(&w, w.server.url);
    give(&w, 0, 40);
    wait_for(&w, &w.answered, 40);
    ASIDE(&w, "SAVE"); /* it loads everything that it has answered */
    redis_server_kill(&w.server);
    redis_server_restart(&w.server, slowly, 0);
    give(&w, 40, 40);
    while (strstr(w.reason, "LOADING") == NULL && w.answered < 80)
        spin(&w, 1);
    assert_non_null(strstr(w.reason, "LOADING"));
    all_answered(&w, 80); /* the saved marker is there again, so claims are claims */
    end(&w);
}

static void test_owner_refuses_the_server(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    w.refuse = 1;
    connect_to(&w, w.server.url);
    give(&w, 0, 20);
    wait_for(&w, &w.seen, 1);
    spin(&w, 300);
    assert_int_equal(w.seen, 1); /* and does not come again */
    assert_int_equal(w.answered, 0);
    assert_int_equal(redis_waiting(w.redis), 20);
    char text[200];
    command_aside(
        &w,
        (const char *const[]){
            "EVAL",
            "return string.match(redis.call('INFO', 'commandstats'), 'cmdstat_echo') or 'none'",
            "0", NULL},
        text);
    assert_string_equal(text, "none");
    end(&w);
}

static void test_owner_lets_it_in_after_all(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    w.refuse = 1;
    connect_to(&w, w.server.url);
    give(&w, 0, 20);
    wait_for(&w, &w.seen, 1);
    spin(&w, 2 * TIMEOUT_MS); /* a refused connection is nobody's late answer */
    redis_connect_again(w.redis);
    wait_for(&w, &w.seen, 2);
    w.refuse = 0;
    redis_connect_again(w.redis);
    all_answered(&w, 20);
    assert_int_equal(w.seen, 3);
    assert_int_equal(w.lost, 0);
    end(&w);
}

/* No connection breaks, and yet it is not what it was. */
static void test_server_changes_behind_the_connection(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    set_marker(&w);
    connect_to(&w, w.server.url);
    give(&w, 0, 10);
    wait_for(&w, &w.answered, 10);
    ASIDE(&w, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    wait_for(&w, &w.lost, 2);
    assert_non_null(strstr(w.reason, "noeviction"));
    give(&w, 10, 10);
    spin(&w, 100);
    assert_int_equal(w.answered, 10);
    ASIDE(&w, "CONFIG", "SET", "maxmemory-policy", "noeviction");
    wait_for(&w, &w.answered, 20);
    w.lost = 0;
    ASIDE(&w, "REPLICAOF", "127.0.0.1", "1"); /* nobody is there: a replica without a master */
    wait_for(&w, &w.lost, 1);
    assert_non_null(strstr(w.reason, "replica"));
    give(&w, 20, 10);
    ASIDE(&w, "REPLICAOF", "NO", "ONE");
    all_answered(&w, 30);
    end(&w);
}

static void test_freed_with_commands_waiting(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    connect_to(&w, w.server.url);
    give(&w, 0, 4);
    wait_for(&w, &w.answered, 4);
    redis_server_freeze(&w.server);
    give(&w, 4, 40);
    spin(&w, 20);
    redis_free(w.redis);
    w.redis = NULL;
    redis_server_thaw(&w.server);
    spin(&w, 50);
    assert_int_equal(w.answered, 4); /* no callbacks any more */
    end(&w);
}

static void test_nobody_listens_at_first(void **state)
{
    struct world w;
    (void)state;
    begin(&w, NULL);
    redis_server_kill(&w.server);
    connect_to(&w, w.server.url);
    give(&w, 0, 12);
    wait_for(&w, &w.lost, 2);
    w.claims_say = "suspect";
    redis_server_restart(&w.server, NULL, 1);
    all_answered(&w, 12);
    end(&w);
}

static void test_no_address(void **state)
{
    uv_loop_t loop;
    char message[300] = "";
    struct redis *redis = NULL;
    const struct redis_hooks hooks = {.on_server = on_server};
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(
        redis_new(&loop, "http://h", scripts_all(), TIMEOUT_MS, &hooks, &redis, message), -EINVAL);
    assert_string_not_equal(message, "");
    assert_null(redis);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_password(void **state)
{
    static const char *const guarded[] = {"--requirepass", "right-7153", NULL};
    char url[100];
    struct world w;
    (void)state;
    begin(&w, guarded);
    (void)snprintf(url, sizeof url, "redis://:wrong-2846@127.0.0.1:%d", w.server.port);
    connect_to(&w, url);
    give(&w, 0, 3);
    wait_for(&w, &w.lost, 2);
    assert_non_null(strstr(w.reason, "WRONGPASS"));
    assert_null(strstr(w.reason, "wrong-2846"));
    assert_int_equal(w.seen, 0);
    assert_int_equal(w.answered, 0);
    redis_free(w.redis);
    connect_to(&w, w.server.url); /* none at all */
    w.lost = 0;
    wait_for(&w, &w.lost, 1);
    assert_non_null(strstr(w.reason, "NOAUTH"));
    redis_free(w.redis);
    (void)snprintf(url, sizeof url, "redis://default:right-7153@127.0.0.1:%d", w.server.port);
    connect_to(&w, url);
    give(&w, 0, 3);
    all_answered(&w, 3);
    redis_free(w.redis);
    (void)snprintf(url, sizeof url, "redis://:right-7153@127.0.0.1:%d", w.server.port);
    connect_to(&w, url); /* without a user */
    w.answered = w.wrong = 0;
    give(&w, 0, 3);
    all_answered(&w, 3);
    end(&w);
}

static void test_database_and_unix_socket(void **state)
{
    char url[100], path[80], text[200];
    const char *const args[] = {"--unixsocket", path, NULL};
    struct world w;
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/pf-redis-%d.sock", (int)getpid());
    begin(&w, args);
    (void)snprintf(url, sizeof url, "%s/1", w.server.url);
    connect_to(&w, url);
    const struct redis_bytes words[] = {{"SET", 3}, {"here", 4}, {"1", 1}};
    struct command c = {.world = &w};
    redis_command(w.redis, words, 3, take, &c);
    wait_for(&w, &w.answered, 1);
    command_aside(&w,
                  (const char *const[]){"EVAL",
                                        "redis.call('SELECT', 1) return redis.call('GET', 'here')",
                                        "0", NULL},
                  text);
    assert_string_equal(text, "1");
    redis_free(w.redis);
    w.answered = w.wrong = 0;
    (void)snprintf(url, sizeof url, "unix://%s", path);
    connect_to(&w, url);
    give(&w, 0, 3);
    all_answered(&w, 3);
    end(&w);
    (void)remove(path);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy),
        cmocka_unit_test(test_connection_killed),
        cmocka_unit_test(test_server_killed_with_commands_on_the_wire),
        cmocka_unit_test(test_server_frozen_past_the_timeout),
        cmocka_unit_test(test_frozen_for_less_is_nothing),
        cmocka_unit_test(test_scripts_flushed),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_loading),
        cmocka_unit_test(test_owner_refuses_the_server),
        cmocka_unit_test(test_owner_lets_it_in_after_all),
        cmocka_unit_test(test_server_changes_behind_the_connection),
        cmocka_unit_test(test_freed_with_commands_waiting),
        cmocka_unit_test(test_nobody_listens_at_first),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_database_and_unix_socket),
    };
    return cmocka_run_group_tests_name("a connection that heals itself", tests, NULL, NULL);
}
