/* Calls of one script that were given in one turn of the loop go as one: each still has its own
 * answer and its own effect, as if alone. */
#include "test_idempotency_support.h"

#include <stdlib.h>

enum { KEYS = 40, LEASE_MS = 60000, LONG_REQUEST = 20000 };

static const uint8_t content[IDENTITY_SIZE] = "A";
static char naturals[KEYS][40];

static struct key_work work_at(int i, char token)
{
    struct key_work w = {
        .natural = naturals[i], .identity = content, .delivery = naturals[i], .parent = ""};
    memset(w.token, token, TOKEN_SIZE);
    return w;
}

static struct keyspace *fresh(void)
{
    for (int i = 0; i < KEYS; i++)
        (void)snprintf(naturals[i], sizeof naturals[i], "01/order/web/shop/%d", i);
    return world_fresh();
}

static void claim(struct keyspace *ks, int i, char token, struct answer *a)
{
    const struct key_work w = work_at(i, token);
    answer_begin(a);
    keys_claim(ks, &w, LEASE_MS, LEASE_MS, answer_take, a);
}

static void sent(struct keyspace *ks, int i, char token, const char *request, size_t size,
                 struct answer *a)
{
    const struct key_work w = work_at(i, token);
    answer_begin(a);
    keys_sent(ks, &w, i + 1, LEASE_MS, LEASE_MS, content, (struct redis_bytes){request, size},
              (struct redis_bytes){"sum", 3}, answer_take, a);
}

static void finish(struct keyspace *ks, int i, char token, struct answer *a)
{
    const struct key_work w = work_at(i, token);
    answer_begin(a);
    keys_finish(ks, &w, FINISH_OK, content, true,
                (struct redis_bytes){w.natural, strlen(w.natural)}, answer_take, a);
}

static void wait_all(struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        answer_wait(&answers[i]);
}

static void all_say(const struct answer *answers, size_t count, enum verdict verdict)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(answers[i].verdict, verdict);
}

static void claim_all(struct keyspace *ks, char token)
{
    struct answer answers[KEYS];
    for (int i = 0; i < KEYS; i++)
        claim(ks, i, token, &answers[i]);
    wait_all(answers, KEYS);
    all_say(answers, KEYS, VERDICT_CLAIMED);
}

/* How many times Redis has run a script for us. */
static int scripts_run(void)
{
    static const char calls[] = "return string.match(redis.call('INFO', 'commandstats'), "
                                "'cmdstat_evalsha:calls=(%d+)') or '0'";
    char text[400];
    return (int)strtol(REDIS_ASK(text, "EVAL", calls, "0"), NULL, 10);
}

/* A field of a key's packed record, or the request behind it. */
static const char *stored(const struct keyspace *ks, int i, const char *expression,
                          char text[static 400])
{
    char name[100], script[300];
    (void)snprintf(script, sizeof script,
                   "local raw = redis.call('GET', KEYS[1]) local at, rec = "
                   "cmsgpack.unpack_one(raw) local request = string.sub(raw, at + 1) return "
                   "tostring(%s)",
                   expression);
    return REDIS_ASK(text, "EVAL", script, "1", keys_name(ks, "k", naturals[i], name, sizeof name));
}

static void test_each_has_its_own_answer(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[KEYS];
    (void)state;
    for (int i = 0; i < KEYS; i += 3)
        claim(ks, i, '1', &answers[i]);
    for (int i = 0; i < KEYS; i += 3)
        answer_wait(&answers[i]);
    const int before = scripts_run();
    for (int i = 0; i < KEYS; i++)
        claim(ks, i, '2', &answers[i]);
    wait_all(answers, KEYS);
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(answers[i].verdict, i % 3 == 0 ? VERDICT_BUSY : VERDICT_CLAIMED);
    assert_int_equal(scripts_run() - before, (KEYS + 15) / 16);
}

/* Calls of several scripts, by turns: those of each go together, past those of the others. */
static void test_each_has_its_own_effect(void **state)
{
    struct keyspace *ks = fresh();
    struct answer sents[KEYS / 2], finishes[KEYS / 2], claims[KEYS / 2];
    char text[400];
    (void)state;
    claim_all(ks, '1');
    for (int i = 0; i < KEYS / 2; i++)
        sent(ks, i, '1', naturals[i], strlen(naturals[i]), &sents[i]);
    wait_all(sents, KEYS / 2);
    const int before = scripts_run();
    for (int i = 0; i < KEYS / 2; i++) {
        finish(ks, i, '1', &finishes[i]);
        sent(ks, KEYS / 2 + i, '1', naturals[i], strlen(naturals[i]), &sents[i]);
        claim(ks, KEYS / 2 + i, '1', &claims[i]);
    }
    wait_all(finishes, KEYS / 2);
    wait_all(sents, KEYS / 2);
    wait_all(claims, KEYS / 2);
    assert_int_equal(scripts_run() - before, 6); /* sixteen and four, three times */
    all_say(finishes, KEYS / 2, VERDICT_FINISHED);
    all_say(sents, KEYS / 2, VERDICT_SENT);
    for (int i = 0; i < KEYS / 2; i++) {
        char wanted[60];
        (void)snprintf(wanted, sizeof wanted, "p%.40s", naturals[i]);
        assert_string_equal(stored(ks, i, "rec[1] .. rec[11]", text), wanted);
        (void)snprintf(wanted, sizeof wanted, "s1%.40s", naturals[i]);
        assert_string_equal(stored(ks, KEYS / 2 + i, "rec[1] .. #rec[12] .. request", text),
                            wanted);
    }
}

/* The last one given is moved up, and another one is given before any answer came: none is
 * forgotten. */
static void test_the_last_is_moved_up(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[4];
    (void)state;
    claim_all(ks, '1');
    claim(ks, 0, '1', &answers[0]);
    sent(ks, 1, '1', "request", 7, &answers[1]);
    claim(ks, 2, '1', &answers[2]);
    (void)uv_run(world_loop(), UV_RUN_NOWAIT);
    claim(ks, 3, '1', &answers[3]);
    wait_all(answers, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(answers[i].verdict, i == 1 ? VERDICT_SENT : VERDICT_CLAIMED);
}

/* `finish` keeps a record's higher fence; the next record of the same call must not inherit it. */
static void test_a_fence_is_one_keys(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[3];
    char text[400];
    (void)state;
    ks->fence = 9;
    claim(ks, 0, '1', &answers[0]);
    answer_wait(&answers[0]);
    ks->fence = 5;
    claim(ks, 1, '1', &answers[1]);
    claim(ks, 2, '1', &answers[2]);
    wait_all(answers, 3);
    for (int i = 0; i < 3; i++)
        finish(ks, i, '1', &answers[i]);
    wait_all(answers, 3);
    all_say(answers, 3, VERDICT_FINISHED);
    assert_string_equal(stored(ks, 0, "rec[5]", text), "9");
    assert_string_equal(stored(ks, 1, "rec[5]", text), "5");
    assert_string_equal(stored(ks, 2, "rec[5]", text), "5");
}

/* A call under another generation has its own. */
static void test_only_what_is_shared_goes_together(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[4];
    char text[400];
    (void)state;
    const int before = scripts_run();
    for (int i = 0; i < 4; i++) {
        ks->fence = 5 + i / 2;
        claim(ks, i, '1', &answers[i]);
    }
    wait_all(answers, 4);
    all_say(answers, 4, VERDICT_CLAIMED);
    assert_int_equal(scripts_run() - before, 2);
    assert_string_equal(stored(ks, 1, "rec[5]", text), "5");
    assert_string_equal(stored(ks, 2, "rec[5]", text), "6");
}

static void test_long_ones_go_in_several(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[9];
    char text[400], *request = malloc(LONG_REQUEST);
    (void)state;
    assert_non_null(request);
    memset(request, 'r', LONG_REQUEST);
    claim_all(ks, '1');
    const int before = scripts_run();
    for (int i = 0; i < 9; i++)
        sent(ks, i, '1', request, LONG_REQUEST, &answers[i]);
    wait_all(answers, 9);
    all_say(answers, 9, VERDICT_SENT);
    assert_int_equal(scripts_run() - before, 3); /* three of them are not yet 64 KiB */
    assert_string_equal(stored(ks, 8, "#request", text), "20000");
    free(request);
}

/* What is wrong with the world is wrong for all of them. */
static void test_a_broken_marker_is_said_to_all(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[KEYS];
    (void)state;
    (void)snprintf(ks->marker, sizeof ks->marker, "another");
    for (int i = 0; i < KEYS; i++)
        claim(ks, i, '1', &answers[i]);
    wait_all(answers, KEYS);
    all_say(answers, KEYS, VERDICT_SUSPECT);
}

/* The fleet's pause is asked for once for all of them, and holds each. */
static void test_a_pause_is_said_to_each(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[KEYS], pause;
    (void)state;
    claim_all(ks, '1');
    answer_begin(&pause);
    keys_pause(ks, 60000, answer_take, &pause);
    answer_wait(&pause);
    for (int i = 0; i < KEYS; i++)
        sent(ks, i, '1', "request", 7, &answers[i]);
    wait_all(answers, KEYS);
    all_say(answers, KEYS, VERDICT_WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_has_its_own_answer),
        cmocka_unit_test(test_each_has_its_own_effect),
        cmocka_unit_test(test_the_last_is_moved_up),
        cmocka_unit_test(test_a_fence_is_one_keys),
        cmocka_unit_test(test_only_what_is_shared_goes_together),
        cmocka_unit_test(test_long_ones_go_in_several),
        cmocka_unit_test(test_a_broken_marker_is_said_to_all),
        cmocka_unit_test(test_a_pause_is_said_to_each),
    };
    return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
