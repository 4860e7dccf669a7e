/* A Redis that knows less than it has answered says so, before it writes anything, and to
 * everybody: the marker goes. And the marker itself changes only from what was seen. */
#include "test_idempotency_support.h"

enum { LEASE_MS = 60000, MANY = 1000 };

static const uint8_t content[IDENTITY_SIZE] = "A";
static char slot_key[60], marker_key[60], record_key[80];

static struct keyspace *fresh(void)
{
    struct keyspace *ks = world_fresh();
    (void)keys_name(ks, "e", "orders:0", slot_key, sizeof slot_key);
    (void)keys_name(ks, "marker", "orders", marker_key, sizeof marker_key);
    (void)keys_name(ks, "k", "K", record_key, sizeof record_key);
    return ks;
}

static enum verdict claim(struct keyspace *ks)
{
    const struct key_work w = {.natural = "K", .identity = content, .delivery = "d", .parent = ""};
    struct answer a;
    answer_begin(&a);
    keys_claim(ks, &w, LEASE_MS, LEASE_MS, answer_take, &a);
    answer_wait(&a);
    return a.verdict;
}

static enum verdict renew(struct keyspace *ks)
{
    struct answer a;
    answer_begin(&a);
    keys_slot_renew(ks, "p1", LEASE_MS, answer_take, &a);
    answer_wait(&a);
    return a.verdict;
}

static void test_each_command_counts(void **state)
{
    long long epoch, first, second, at;
    char text[400], value[60];
    struct keyspace *ks = fresh();
    (void)state;
    (void)snprintf(value, sizeof value, "5 %014lld 0", (long long)redis_answered(ks->redis));
    (void)REDIS_ASK(text, "SET", slot_key, value);
    assert_int_equal(claim(ks), VERDICT_CLAIMED);
    assert_int_equal(
        sscanf(REDIS_ASK(text, "GET", slot_key), "%lld %lld %lld", &epoch, &first, &at), 3);
    assert_int_equal(epoch, 5);
    assert_true(at > 1600000000 && at < 16000000000);
    assert_int_equal(first, redis_answered(ks->redis));
    assert_int_equal(renew(ks), VERDICT_RENEWED);
    assert_int_equal(sscanf(REDIS_ASK(text, "GET", slot_key), "%lld %lld", &epoch, &second), 2);
    assert_int_equal(second, first); /* a renewal would not be missed */
    assert_int_equal(claim(ks), VERDICT_CLAIMED);
    assert_int_equal(sscanf(REDIS_ASK(text, "GET", slot_key), "%lld %lld", &epoch, &second), 2);
    assert_int_equal(second, first + 1);
}

/* What the slot's key may have become, by the way it was lost. */
static void test_less_than_was_answered(void **state)
{
    static const struct {
        const char *name, *value;
        int64_t number; /* < 0: by so much less than was answered */
        bool lost;
    } rows[] = {
        {"all of it", NULL, 0, true},
        {"the last command", "5 %014lld 0", -1, true},
        {"the count", "5", 0, true},
        {"our taking the slot", "4 %014lld 0", 0, true},
        {"nothing", "5 %014lld 0", 0, false},
        {"nothing, and an answer was", "5 %014lld 0", 1, false},
        {"its meaning", "x", 0, true},
    };
    char value[60], text[400];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int idle = 0; idle < 2; idle++) {
            struct keyspace *ks = fresh();
            assert_int_equal(renew(ks), VERDICT_RENEWED);
            (void)REDIS_ASK(text, "DEL", slot_key);
            (void)snprintf(value, sizeof value, "%s", rows[i].value != NULL ? rows[i].value : "");
            if (strcmp(value + 1, " %014lld 0") == 0)
                (void)snprintf(value, sizeof value, "%c %014lld 0", rows[i].value[0],
                               (long long)(redis_answered(ks->redis) + rows[i].number));
            if (rows[i].value != NULL)
                (void)REDIS_ASK(text, "SET", slot_key, value);
            const enum verdict verdict = idle ? renew(ks) : claim(ks);
            const bool marked = strcmp(REDIS_ASK(text, "GET", marker_key), "m") == 0;
            if ((verdict == VERDICT_SUSPECT) != rows[i].lost || marked == rows[i].lost)
                fail_msg("lost: %s: verdict %d, marker %s", rows[i].name, (int)verdict, text);
            assert_string_equal(REDIS_ASK(text, "EXISTS", record_key),
                                !idle && !rows[i].lost ? "1" : "");
            if (rows[i].lost && rows[i].value != NULL)
                assert_string_equal(REDIS_ASK(text, "GET", slot_key), value);
        }
}

/* A command of a connection that was given up arrives behind later ones: it takes back no number,
 * or the next one would find that Redis lacks what it had answered. */
static void test_a_late_command_takes_no_number_back(void **state)
{
    char value[60], text[400];
    struct keyspace *ks = fresh();
    (void)state;
    assert_int_equal(claim(ks), VERDICT_CLAIMED);
    (void)snprintf(value, sizeof value, "5 %014lld 1900000000",
                   (long long)(redis_answered(ks->redis) + 7));
    (void)REDIS_ASK(text, "SET", slot_key, value);
    assert_int_equal(claim(ks), VERDICT_CLAIMED);
    assert_string_equal(REDIS_ASK(text, "GET", slot_key), value);
    assert_string_equal(REDIS_ASK(text, "GET", marker_key), "m");
}

/* Another process has our slot: no loss, and not ours to count in. */
static void test_a_ghost_takes_nothing_away(void **state)
{
    char text[400];
    struct keyspace *ks = fresh();
    (void)state;
    (void)REDIS_ASK(text, "SET", slot_key, "6 0 0");
    assert_int_equal(claim(ks), VERDICT_SLOT_LOST);
    assert_int_equal(renew(ks), VERDICT_SLOT_LOST);
    assert_string_equal(REDIS_ASK(text, "GET", slot_key), "6 0 0");
    assert_string_equal(REDIS_ASK(text, "GET", marker_key), "m");
}

/* Redis is another one: what it says is no sign that it has counted. */
static void test_suspect_is_no_answer(void **state)
{
    char text[400];
    struct keyspace *ks = fresh();
    (void)state;
    assert_int_equal(claim(ks), VERDICT_CLAIMED);
    const int64_t answered = redis_answered(ks->redis);
    (void)REDIS_ASK(text, "SET", marker_key, "other");
    assert_int_equal(claim(ks), VERDICT_SUSPECT);
    assert_int_equal(renew(ks), VERDICT_SUSPECT);
    assert_int_equal(redis_answered(ks->redis), answered);
}

/* ---- the blocking connection ---- */

static struct redis_once *open_once(void)
{
    char message[300];
    struct redis_server server;
    struct redis_once *redis = NULL;
    if (redis_once_open(world_url(), 5000, &redis, &server, message) != 0)
        fail_msg("%s", message);
    assert_int_equal(redis_server_check(&server, message), 0);
    assert_int_equal(strlen(server.replication_id), 40);
    assert_string_equal(server.role, "master");
    return redis;
}

static enum verdict mark(struct redis_once *redis, const char *seen, const char *marker,
                         const char *epoch)
{
    struct redis_reply reply;
    const char *const texts[] = {marker_key, slot_key, seen, marker, epoch};
    struct redis_bytes args[5];
    for (size_t i = 0; i < 5; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    assert_int_equal(redis_once_run(redis, script_of(SCRIPT_MARK), args, 2, 3, &reply), 0);
    return keys_verdict(&reply);
}

static void test_the_marker_changes_from_what_was_seen(void **state)
{
    char text[400];
    (void)state;
    (void)fresh();
    struct redis_once *redis = open_once();
    assert_int_equal(mark(redis, "m", "rebuild:x", "5"), VERDICT_RENEWED);
    assert_int_equal(mark(redis, "m", "x", "5"), VERDICT_SUSPECT);
    (void)REDIS_ASK(text, "DEL", marker_key);
    assert_int_equal(mark(redis, "rebuild:x", "x", "5"), VERDICT_SUSPECT); /* emptied meanwhile */
    assert_int_equal(mark(redis, "", "x", "5"), VERDICT_RENEWED);
    assert_string_equal(REDIS_ASK(text, "GET", marker_key), "x");
    assert_int_equal(mark(redis, "x", "", "5"), VERDICT_RENEWED);
    assert_string_equal(REDIS_ASK(text, "EXISTS", marker_key), "");
    (void)REDIS_ASK(text, "DEL", slot_key);
    assert_int_equal(mark(redis, "", "x", "5"),
                     VERDICT_SUSPECT); /* it is not the Redis that we took our slot in */
    assert_string_equal(REDIS_ASK(text, "EXISTS", marker_key), "");
    redis_once_close(redis);
}

/* A thousand scripts are given before one is answered; then Redis forgets, and the next one hears
 * of it. */
static void give_restore(const struct keyspace *ks, struct redis_once *redis, int i)
{
    char name[80], natural[20];
    (void)snprintf(natural, sizeof natural, "%d", i);
    const char *const texts[] = {
        marker_key, slot_key, keys_name(ks, "k", natural, name, sizeof name),
        "m",        "5",      "0",
        "5",        "60000",  "p",
        "F",        "d",      "1",
        "",         "1"};
    struct redis_bytes args[14];
    for (size_t k = 0; k < 14; k++)
        args[k] = (struct redis_bytes){texts[k], strlen(texts[k])};
    assert_int_equal(redis_once_give(redis, script_of(SCRIPT_RESTORE), args, 3, 11), 0);
}

static void test_many_are_given_at_once(void **state)
{
    char text[400];
    struct redis_reply reply;
    struct keyspace *ks = fresh();
    (void)state;
    struct redis_once *redis = open_once();
    assert_int_equal(redis_once_load(redis, script_of(SCRIPT_RESTORE)), 0);
    for (int i = 0; i < MANY; i++)
        give_restore(ks, redis, i % (MANY / 2));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(redis_once_take(redis, &reply), 0);
        assert_int_equal(keys_verdict(&reply), i < MANY / 2 ? VERDICT_RESTORED : VERDICT_KEPT);
    }
    (void)REDIS_ASK(text, "SET", slot_key, "5 00000000000999 0"); /* one less than MANY */
    give_restore(ks, redis, MANY);
    assert_int_equal(redis_once_take(redis, &reply), 0);
    assert_int_equal(keys_verdict(&reply), VERDICT_SUSPECT);
    assert_string_equal(REDIS_ASK(text, "EXISTS", marker_key), "");
    redis_once_close(redis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_command_counts),
        cmocka_unit_test(test_less_than_was_answered),
        cmocka_unit_test(test_a_late_command_takes_no_number_back),
        cmocka_unit_test(test_a_ghost_takes_nothing_away),
        cmocka_unit_test(test_suspect_is_no_answer),
        cmocka_unit_test(test_the_marker_changes_from_what_was_seen),
        cmocka_unit_test(test_many_are_given_at_once),
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
