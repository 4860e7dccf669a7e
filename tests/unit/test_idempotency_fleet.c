/* What the fleet shares in Redis: its limit on Prima, pauses, slots. And what a settled key costs. */
#include "test_idempotency_support.h"

#include "base/clock.h"

enum { CLASSES_MAX = 3 };

static const uint8_t content[IDENTITY_SIZE] = "A";

static struct answer permit(struct keyspace *ks)
{
    struct answer a;
    answer_begin(&a);
    keys_permit(ks, answer_take, &a);
    answer_wait(&a);
    return a;
}

/* ---- shares of the limit ---- */

struct class
{
    const char *name;
    int weight, taken;
};

/* All ask as often as they can for `ms`; on a busy machine it may become more, and is returned. What a bucket holds bridges what we are not
 * let run. */
static int64_t ask_all(struct keyspace *ks, struct class *classes, size_t count, int64_t ms)
{
    const int64_t began = clock_monotonic_ms();
    while (clock_monotonic_ms() < began + ms)
        for (size_t i = 0; i < count; i++) {
            ks->limit_class = classes[i].name;
            ks->limit_weight = classes[i].weight;
            const struct answer a = permit(ks);
            assert_true(a.verdict == VERDICT_GO || (a.verdict == VERDICT_WAIT && a.numbers[1] > 0 && a.numbers[1] < 10000));
            classes[i].taken += a.verdict == VERDICT_GO;
        }
    return clock_monotonic_ms() - began;
}

/* Until every bucket is empty, so that from now on only what flows in can be taken. */
static void empty_buckets(struct keyspace *ks, struct class *classes, size_t count)
{
    for (size_t waiting = 0; waiting < count;) {
        waiting = 0;
        for (size_t i = 0; i < count; i++) {
            ks->limit_class = classes[i].name;
            ks->limit_weight = classes[i].weight;
            waiting += permit(ks).verdict == VERDICT_WAIT;
            classes[i].taken = 0;
        }
    }
}

static void test_no_cap_no_wait(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    for (int i = 0; i < 200; i++)
        assert_int_equal(permit(ks).verdict, VERDICT_GO);
}

static void test_alone_has_all_of_it(void **state)
{
    struct keyspace *ks = world_fresh();
    struct class stock = {"stock", 1, 0};
    (void)state;
    ks->limit_rate = 200;
    ks->limit_burst = 100;
    const int64_t ms = ask_all(ks, &stock, 1, 500);
    const double due = 100 + 0.2 * (double)ms; /* 100 at once and 200 a second */
    if (stock.taken < due - 5 || stock.taken > due + 5)
        fail_msg("alone, %d permits in %d ms", stock.taken, (int)ms);
}

static void test_shares_by_weight(void **state)
{
    static const struct {
        const char *name;
        struct class classes[CLASSES_MAX];
        size_t count;
    } rows[] = {
        {"two to one", {{"orders", 6, 0}, {"refunds", 3, 0}}, 2},
        {"the smallest has its tenth", {{"orders", 6, 0}, {"refunds", 3, 0}, {"stock", 1, 0}}, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyspace *ks = world_fresh();
        struct class classes[CLASSES_MAX];
        int weights = 0, taken = 0;
        memcpy(classes, rows[i].classes, sizeof classes);
        ks->limit_rate = 400;
        ks->limit_burst = 200;
        empty_buckets(ks, classes, rows[i].count); /* they know of each other then, too */
        const int64_t ms = ask_all(ks, classes, rows[i].count, 500);
        for (size_t c = 0; c < rows[i].count; c++) {
            weights += classes[c].weight;
            taken += classes[c].taken;
        }
        assert_true(taken > 0.4 * 0.9 * (double)ms - 5 && taken < 0.4 * 1.1 * (double)ms + 5);
        for (size_t c = 0; c < rows[i].count; c++) {
            const double share = (double)classes[c].taken / taken, due = (double)classes[c].weight / weights;
            if (share < due * 0.8 || share > due * 1.25)
                fail_msg("%s: %s has %.2f of the permits, %.2f is its share", rows[i].name, classes[c].name, share, due);
        }
    }
}

/* Who has not asked for a second gives its share back. */
static void test_a_share_nobody_asks_for_is_the_others(void **state)
{
    struct keyspace *ks = world_fresh();
    struct class both[] = {{"orders", 6, 0}, {"stock", 1, 0}};
    (void)state;
    ks->limit_rate = 200;
    ks->limit_burst = 100;
    (void)ask_all(ks, both, 2, 50);
    (void)ask_all(ks, both + 1, 1, 1100);
    empty_buckets(ks, both + 1, 1);
    const int64_t ms = ask_all(ks, both + 1, 1, 300);
    if (both[1].taken < 0.2 * 0.9 * (double)ms - 5)
        fail_msg("alone again, %d permits in %d ms", both[1].taken, (int)ms);
}

/* ---- a send takes the permit, once ---- */

static struct answer sent(struct keyspace *ks, int64_t number)
{
    struct key_work w = {.natural = "k", .identity = content, .delivery = "d1", .parent = ""};
    struct answer a;
    answer_begin(&a);
    keys_sent(ks, &w, number, 60000, 60000, content, (struct redis_bytes){"r", 1}, (struct redis_bytes){"s", 1}, answer_take, &a);
    answer_wait(&a);
    return a;
}

static void claim_key(struct keyspace *ks, const char *natural)
{
    struct key_work w = {
        .natural = natural, .identity = content, .delivery = "orders.raw/3/1234567", .parent = "", .version = 1700000000000};
    struct answer a;
    answer_begin(&a);
    keys_claim(ks, &w, 60000, 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_CLAIMED);
}

static void test_a_send_waits_for_its_permit(void **state)
{
    struct keyspace *ks = world_fresh();
    char name[60], before[400], after[400];
    (void)state;
    ks->limit_rate = 1;
    ks->limit_burst = 1;
    claim_key(ks, "k");
    assert_int_equal(sent(ks, 11).verdict, VERDICT_SENT);
    assert_int_equal(sent(ks, 11).verdict, VERDICT_SENT); /* its answer was lost: the same send, no second permit */
    (void)REDIS_ASK(before, "GET", keys_name(ks, "k", "k", name, sizeof name));
    const struct answer a = sent(ks, 12);
    assert_int_equal(a.verdict, VERDICT_WAIT);
    assert_in_range(a.numbers[1], 1, 1000);
    assert_string_equal(REDIS_ASK(after, "GET", name), before); /* and no send on record */
}

static void pause_fleet(struct keyspace *ks, int64_t ms)
{
    for (int i = 0; i < 2; i++) {
        struct answer a;
        answer_begin(&a);
        keys_pause(ks, ms, answer_take, &a);
        answer_wait(&a);
        assert_int_equal(a.verdict, VERDICT_PAUSED);
    }
}

static void test_a_pause_holds_for_all(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    claim_key(ks, "k");
    pause_fleet(ks, 5000);
    pause_fleet(ks, 1); /* a shorter one shortens nothing */
    struct answer a = permit(ks);
    assert_int_equal(a.verdict, VERDICT_WAIT);
    assert_in_range(a.numbers[1], 3000, 5000);
    assert_int_equal(sent(ks, 11).verdict, VERDICT_WAIT);
    pause_fleet(ks, 9000);
    a = permit(ks);
    assert_in_range(a.numbers[1], 5001, 9000);
}

static void test_a_pause_ends(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    pause_fleet(ks, 60);
    assert_int_equal(permit(ks).verdict, VERDICT_WAIT);
    const int64_t began = clock_monotonic_ms();
    while (permit(ks).verdict == VERDICT_WAIT)
        assert_true(clock_monotonic_ms() - began < 2000);
    assert_true(clock_monotonic_ms() - began >= 30);
}

static void test_a_ghost_gets_no_permit(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    (void)snprintf(ks->marker, sizeof ks->marker, "another");
    assert_int_equal(permit(ks).verdict, VERDICT_SUSPECT);
}

/* ---- slots ---- */

static struct answer slot(struct keyspace *ks, const char *token, const char *ms, const char *what, const char *dead)
{
    char lease[60], epoch[60];
    const char *const texts[] = {
        keys_name(ks, "s", "orders:0", lease, sizeof lease), keys_name(ks, "e", "orders:0", epoch, sizeof epoch), token, ms, what, dead};
    struct redis_bytes args[6];
    struct answer a;
    for (size_t i = 0; i < 6; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    answer_begin(&a);
    redis_run(ks->redis, SCRIPT_SLOT, args, 2, 4, answer_take, &a);
    answer_wait(&a);
    return a;
}

static void test_slot(void **state)
{
    struct keyspace *ks = world_fresh();
    char text[400], epoch[60];
    (void)state;
    struct answer a = slot(ks, "p1", "60000", "take", "");
    assert_int_equal(a.verdict, VERDICT_TAKEN);
    const int64_t first = a.numbers[1];
    assert_true(first >= clock_wall_ms() - 60000); /* epochs follow the clock, so that a lost one is still exceeded */
    a = slot(ks, "p2", "60000", "take", "");
    assert_int_equal(a.verdict, VERDICT_BUSY);
    assert_true(a.numbers[1] > 50000 && a.numbers[1] <= 60000);
    assert_non_null(strstr(a.text, "p1"));
    assert_int_equal(slot(ks, "p2", "60000", "take", "p9").verdict, VERDICT_BUSY); /* somebody else is dead */
    a = slot(ks, "p2", "60000", "take", "p1");
    assert_int_equal(a.verdict, VERDICT_TAKEN);
    assert_true(a.numbers[1] > first);
    assert_int_equal(slot(ks, "p1", "60000", "renew", "").verdict, VERDICT_SLOT_LOST);
    a = slot(ks, "p2", "60000", "renew", "");
    assert_int_equal(a.verdict, VERDICT_RENEWED);
    assert_int_equal(slot(ks, "p2", "60000", "renew", "").verdict, VERDICT_RENEWED);
    const int64_t second = strtoll(REDIS_ASK(text, "GET", keys_name(ks, "e", "orders:0", epoch, sizeof epoch)), NULL, 10);
    assert_true(second > first);
    assert_true(slot(ks, "p2", "60000", "take", "").numbers[1] > second); /* a start-over: the former self is a ghost */
}

static void test_slot_lease_ends(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    assert_int_equal(slot(ks, "p1", "30", "take", "").verdict, VERDICT_TAKEN);
    const int64_t began = clock_monotonic_ms();
    while (slot(ks, "p2", "60000", "take", "").verdict != VERDICT_TAKEN)
        assert_true(clock_monotonic_ms() - began < 5000);
    struct answer a;
    answer_begin(&a);
    (void)snprintf(ks->slot, sizeof ks->slot, "0");
    keys_slot_renew(ks, "p1", 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_SLOT_LOST);
    answer_begin(&a);
    keys_slot_renew(ks, "p2", 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_RENEWED);
}

/* ---- memory ---- */

static void test_bytes_of_a_settled_key(void **state)
{
    struct keyspace *ks = world_fresh();
    struct key_work w = {.natural = "01/order/shopify/uk-store/5678901234567", .delivery = "orders.raw/3/1234567", .parent = ""};
    char name[100], text[400];
    uint8_t f[IDENTITY_SIZE], summary[120];
    struct answer a;
    (void)state;
    for (size_t i = 0; i < sizeof f; i++)
        f[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < sizeof summary; i++)
        summary[i] = (uint8_t)(i * 11 + 3);
    w.identity = f;
    memset(w.token, 0x9c, TOKEN_SIZE);
    claim_key(ks, w.natural);
    answer_begin(&a);
    keys_finish(ks, &w, FINISH_OK, f, true, (struct redis_bytes){(const char *)summary, sizeof summary}, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_FINISHED);
    const long bytes = strtol(REDIS_ASK(text, "MEMORY", "USAGE", keys_name(ks, "k", w.natural, name, sizeof name)), NULL, 10);
    print_message("a posted key with a summary of %zu bytes: %ld bytes in Redis\n", sizeof summary, bytes);
    assert_in_range(bytes, 150, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cap_no_wait),
        cmocka_unit_test(test_alone_has_all_of_it),
        cmocka_unit_test(test_shares_by_weight),
        cmocka_unit_test(test_a_share_nobody_asks_for_is_the_others),
        cmocka_unit_test(test_a_send_waits_for_its_permit),
        cmocka_unit_test(test_a_pause_holds_for_all),
        cmocka_unit_test(test_a_pause_ends),
        cmocka_unit_test(test_a_ghost_gets_no_permit),
        cmocka_unit_test(test_slot),
        cmocka_unit_test(test_slot_lease_ends),
        cmocka_unit_test(test_bytes_of_a_settled_key),
    };
    return cmocka_run_group_tests_name("the fleet's share of Redis", tests, world_set_up, world_tear_down);
}
