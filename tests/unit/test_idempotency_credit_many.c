/* Many refunds of one order at once, and reservations of any bytes. */
#include "test_idempotency_support.h"

#include <stdlib.h>

enum { REFUNDS = 40, LEASE_MS = 60000, PARTITION = 7 };

static const char order[] = "01/web/shop/1001";
static const uint8_t content[IDENTITY_SIZE] = "A";
static char naturals[REFUNDS][40];

static struct keyspace *fresh(void)
{
    char name[100], text[400];
    for (int i = 0; i < REFUNDS; i++)
        (void)snprintf(naturals[i], sizeof naturals[i], "01/refunds/web/shop/%d", i);
    struct keyspace *ks = world_fresh();
    (void)REDIS_ASK(text, "SET", keys_name(ks, "at", "orders:7", name, sizeof name), "10");
    return ks;
}

static const struct key_credit decided = {
    .order = order, .partition = PARTITION, .stamp = "", .read_to = 100};

static struct key_work work_at(int i, const struct key_credit *credit)
{
    struct key_work w = {.natural = naturals[i],
                         .identity = content,
                         .delivery = naturals[i],
                         .parent = "",
                         .credit = credit};
    memset(w.token, '1', TOKEN_SIZE);
    return w;
}

static void claim(struct keyspace *ks, int i, struct answer *a)
{
    const struct key_work w = work_at(i, &decided);
    answer_begin(a);
    keys_claim(ks, &w, LEASE_MS, LEASE_MS, answer_take, a);
}

static void sent(struct keyspace *ks, int i, const char *stamp, struct redis_bytes summary,
                 struct answer *a)
{
    struct key_credit credit = decided;
    credit.stamp = stamp;
    const struct key_work w = work_at(i, &credit);
    answer_begin(a);
    keys_sent(ks, &w, i + 1, LEASE_MS, LEASE_MS, content, (struct redis_bytes){"req", 3}, summary,
              answer_take, a);
}

static void wait_all(struct answer *answers, size_t count, enum verdict verdict)
{
    for (size_t i = 0; i < count; i++) {
        answer_wait(&answers[i]);
        assert_int_equal(answers[i].verdict, verdict);
    }
}

/* Each on the stamp of the one before. */
static void send_all(struct keyspace *ks, struct redis_bytes summary)
{
    struct answer answers[REFUNDS];
    for (int i = 0; i < REFUNDS; i++)
        claim(ks, i, &answers[i]);
    wait_all(answers, REFUNDS, VERDICT_CLAIMED);
    for (int i = 0; i < REFUNDS; i++) {
        char stamp[20] = "";
        if (i > 0)
            (void)snprintf(stamp, sizeof stamp, "%d", i);
        sent(ks, i, stamp, summary, &answers[i]);
    }
    wait_all(answers, REFUNDS, VERDICT_SENT);
}

static int scripts_run(void)
{
    static const char calls[] = "return string.match(redis.call('INFO', 'commandstats'), "
                                "'cmdstat_evalsha:calls=(%d+)') or '0'";
    char text[400];
    return (int)strtol(REDIS_ASK(text, "EVAL", calls, "0"), NULL, 10);
}

/* In one command, too, the second one is decided anew. */
static void test_two_in_one_turn(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[2];
    (void)state;
    claim(ks, 0, &answers[0]);
    claim(ks, 1, &answers[1]);
    wait_all(answers, 2, VERDICT_CLAIMED);
    const int before = scripts_run();
    sent(ks, 0, "", (struct redis_bytes){"sum", 3}, &answers[0]);
    sent(ks, 1, "", (struct redis_bytes){"sum", 3}, &answers[1]);
    answer_wait(&answers[0]);
    answer_wait(&answers[1]);
    assert_int_equal(scripts_run() - before, 1);
    assert_int_equal(answers[0].verdict, VERDICT_SENT);
    assert_int_equal(answers[1].verdict, VERDICT_MOVED);
    assert_int_equal(answers[1].numbers[4], 1); /* reservations */
}

static void test_done_together(void **state)
{
    struct keyspace *ks = fresh();
    struct answer answers[REFUNDS];
    char name[100], text[400];
    (void)state;
    send_all(ks, (struct redis_bytes){"sum", 3});
    const int before = scripts_run();
    for (int i = 0; i < REFUNDS; i++) {
        answer_begin(&answers[i]);
        keys_credit_done(ks, order, PARTITION, naturals[i], i + 1, NULL, 100 - i, NULL, answer_take,
                         &answers[i]);
    }
    wait_all(answers, REFUNDS, VERDICT_RELEASED);
    assert_int_equal(scripts_run() - before, 3); /* sixteen, sixteen, eight */
    assert_string_equal(REDIS_ASK(text, "EXISTS", keys_name(ks, "o", order, name, sizeof name)),
                        "");
    assert_string_equal(REDIS_ASK(text, "GET", keys_name(ks, "at", "orders:7", name, sizeof name)),
                        "100");
}

/* ---- bytes ---- */

struct looked {
    struct answer answer;
    size_t count;
    bool is_found[REFUNDS];
    struct redis_bytes summary;
};

static void look_take(void *user, const struct redis_reply *reply)
{
    struct looked *l = user;
    const struct keys_credit c = keys_credit(reply);
    l->count = c.count;
    for (size_t i = 0; i < c.count; i++) {
        struct keys_credit_item item;
        keys_credit_at(reply, i, &item);
        assert_in_range(item.number, 1, REFUNDS);
        const char *natural = naturals[item.number - 1];
        assert_int_equal(item.key.size, strlen(natural));
        assert_memory_equal(item.key.data, natural, item.key.size);
        assert_int_equal(item.summary.size, l->summary.size);
        assert_memory_equal(item.summary.data, l->summary.data, l->summary.size);
        assert_false(l->is_found[item.number - 1]);
        l->is_found[item.number - 1] = true;
    }
    answer_take(&l->answer, reply);
}

/* All of them come back as they were, each beside its own K and number, whatever they are made of. */
static void test_any_bytes(void **state)
{
    char bytes[2 * 256];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i < 256 ? 255 - i : i);
    const struct redis_bytes rows[] = {
        {bytes, sizeof bytes}, {"", 0}, {"\0", 1}, {"7 7", 3}, {" ", 1}, {"\n%d%s", 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyspace *ks = fresh();
        struct looked l = {.summary = rows[i]};
        send_all(ks, rows[i]);
        answer_begin(&l.answer);
        keys_credit_look(ks, order, PARTITION, look_take, &l);
        answer_wait(&l.answer);
        assert_int_equal(l.answer.verdict, VERDICT_KNOWN);
        assert_int_equal(l.count, REFUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_in_one_turn),
        cmocka_unit_test(test_done_together),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests_name("idempotency_credit_many", tests, world_set_up,
                                       world_tear_down);
}
