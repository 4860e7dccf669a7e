/* What the fleet shares in Redis: its limit on Prima, pauses, slots. */
#include "test_idempotency_support.h"

#include "base/clock.h"

static const uint8_t content[IDENTITY_SIZE] = "A";

static struct answer permits(struct keyspace *ks, size_t wanted)
{
    struct answer a;
    answer_begin(&a);
    keys_permit(ks, wanted, answer_take, &a);
    answer_wait(&a);
    return a;
}

static struct answer permit(struct keyspace *ks)
{
    return permits(ks, 1);
}

/* ---- shares of the limit ---- */

struct class
{
    const char *name;
    int weight, given;
    int64_t due_us; /* of the last permit that it was given, from the beginning on */
};

static struct keyspace *limited(int rate, int burst)
{
    struct keyspace *ks = world_fresh();
    ks->limit_rate = rate;
    ks->limit_burst = burst;
    return ks;
}

/* Takes what is given, before its time: what a limit lets through is seen from when the permits are
 * due, however busy the machine is. */
static struct answer take(struct keyspace *ks, struct class *class, int64_t began_ms, size_t wanted)
{
    ks->limit_class = class->name;
    ks->limit_weight = class->weight;
    const struct answer a = permits(ks, wanted);
    assert_int_equal(a.verdict, VERDICT_GO);
    class->given += (int)a.numbers[1];
    class->due_us =
        (clock_monotonic_ms() - began_ms) * 1000 + a.numbers[2] + (a.numbers[1] - 1) * a.numbers[3];
    return a;
}

static void test_no_cap_no_wait(void **state)
{
    struct keyspace *ks = world_fresh();
    (void)state;
    for (int i = 0; i < 200; i++)
        assert_int_equal(permit(ks).verdict, VERDICT_GO);
}

static void due_is(const char *name, const struct class *class, double seconds)
{
    const double is = (double)class->due_us / 1e6;
    if (is < seconds - 0.15 || is > seconds + 0.15)
        fail_msg("%s: %s' permit %d is due after %.3f s, not %.3f", name, class->name, class->given,
                 is, seconds);
}

static void test_alone_has_all_of_it(void **state)
{
    struct keyspace *ks = limited(200, 100);
    struct class stock = {"stock", 1, 0, 0};
    (void)state;
    const int64_t began = clock_monotonic_ms();
    while (stock.given < 700)
        (void)take(ks, &stock, began, 10);
    due_is("alone", &stock, (700 - 100) / 200.0); /* 100 at once and 200 a second */
}

static void test_shares_by_weight(void **state)
{
    static const struct {
        const char *name;
        struct class classes[3];
        size_t count;
        int weights;
    } rows[] = {
        {"two to one", {{"orders", 6, 0, 0}, {"refunds", 3, 0, 0}}, 2, 9},
        {"the smallest has its tenth",
         {{"orders", 6, 0, 0}, {"refunds", 3, 0, 0}, {"stock", 1, 0, 0}},
         3,
         10},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyspace *ks = limited(400, 20);
        struct class classes[3];
        memcpy(classes, rows[i].classes, sizeof classes);
        const int64_t began = clock_monotonic_ms();
        for (size_t c = 0; c < rows[i].count; c++)
            (void)take(ks, &classes[c], began, 1); /* they know of each other from now on */
        for (int turn = 0; turn < 60; turn++)
            for (size_t c = 0; c < rows[i].count;
                 c++) { /* each as much as its weight: all of them for about as long */
                const struct answer a = take(ks, &classes[c], began, (size_t)classes[c].weight * 2);
                const int64_t each = (1000000 * rows[i].weights + 400 * classes[c].weight - 1) /
                                     (400 * classes[c].weight);
                assert_in_range(a.numbers[3], each - 1, each + 1);
            }
        for (size_t c = 0; c < rows[i].count; c++) {
            const double share = (double)classes[c].weight / rows[i].weights;
            due_is(rows[i].name, &classes[c], (classes[c].given - 20 * share) / (400 * share));
        }
    }
}

/* Who has not asked for a second, and has no permits to come, gives its share back. */
static void test_a_share_nobody_asks_for_is_the_others(void **state)
{
    struct keyspace *ks = limited(200, 100);
    struct class orders = {"orders", 6, 0, 0}, stock = {"stock", 1, 0, 0};
    (void)state;
    const int64_t began = clock_monotonic_ms();
    (void)take(ks, &orders, began, 10);
    assert_int_equal(take(ks, &stock, began, 1).numbers[3], 35000);
    while (clock_monotonic_ms() - began < 1200)
        ;
    assert_int_equal(take(ks, &stock, began, 1).numbers[3], 5000);
}

/* ---- before their time ---- */

static void test_a_batch_is_small(void **state)
{
    static const struct {
        int rate, wanted, given;
    } rows[] = {{1, 1, 1},     {1, 50, 2},       {5, 50, 2},  {100, 5, 5},
                {100, 50, 10}, {1000, 500, 100}, {1000, 7, 7}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(permits(limited(rows[i].rate, 10), (size_t)rows[i].wanted).numbers[1],
                         rows[i].given);
}

/* Whoever asks gets a later time than those before; nobody asks in vain, and together they come to
 * the limit. */
static void test_each_has_its_own_turn(void **state)
{
    struct keyspace *ks = limited(10, 1);
    int64_t given = 0;
    (void)state;
    const int64_t began = clock_monotonic_ms();
    for (int i = 0; i < 20; i++) {
        const struct answer a = permits(ks, 2);
        assert_int_equal(a.verdict, VERDICT_GO);
        assert_int_equal(a.numbers[1], 2);
        assert_int_equal(a.numbers[3], 100000);
        const int64_t due = clock_monotonic_ms() - began + a.numbers[2] / 1000,
                      wanted = 100 * given;
        if (due < wanted - 60 || due > wanted + 60 + (clock_monotonic_ms() - began))
            fail_msg("permit %d is due after %d ms, not %d", (int)given, (int)due, (int)wanted);
        given += a.numbers[1];
    }
}

/* A queue of a minute is long enough: whoever comes then asks again later. */
static void test_not_further_than_a_minute(void **state)
{
    struct keyspace *ks = limited(1, 1);
    struct answer a;
    int given = 0;
    (void)state;
    while ((a = permits(ks, 2)).verdict == VERDICT_GO && given < 1000)
        given += (int)a.numbers[1];
    assert_int_equal(a.verdict, VERDICT_WAIT);
    assert_in_range(given, 58, 66);
    assert_in_range(a.numbers[1], 1, 3000);
}

/* Redis' clock goes back by an hour, as seen from the bucket: its times lie an hour ahead. Nothing
 * is lost but what would have flowed in. */
static void test_a_clock_set_back(void **state)
{
    struct keyspace *ks = limited(100, 1);
    char name[60], hour[32], text[400];
    (void)state;
    (void)permits(ks, 2);
    (void)snprintf(hour, sizeof hour, "%lld", (long long)clock_wall_ms() + 3600000);
    (void)REDIS_ASK(text, "HSET", keys_name(ks, "bucket", "", name, sizeof name), "at:orders",
                    hour);
    (void)REDIS_ASK(text, "HSET", name, "seen:stock:6", hour);
    for (int i = 0; i < 3; i++) {
        const struct answer a = permit(ks);
        assert_int_equal(a.verdict, VERDICT_GO);
        assert_in_range(a.numbers[2] + 20000, 0, 70000); /* some 10 ms each, not an hour */
        assert_in_range(a.numbers[3], 10000,
                        10000); /* nor is there a class that asked in an hour's time */
    }
}

/* A class whose permits are still to come is there, also when it has not asked for a second. */
static void test_permits_to_come_are_a_share(void **state)
{
    struct keyspace *ks = limited(1, 1);
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)permits(ks, 2);
    ks->limit_class = "stock";
    const int64_t began = clock_monotonic_ms();
    while (clock_monotonic_ms() - began < 1200) /* its last time is in some five seconds */
        ;
    assert_in_range(permit(ks).numbers[3], 2000000, 2000000);
}

/* ---- what a send asks ---- */

static struct answer sent(struct keyspace *ks, int64_t number)
{
    struct key_work w = {.natural = "k", .identity = content, .delivery = "d1", .parent = ""};
    struct answer a;
    answer_begin(&a);
    keys_sent(ks, &w, number, 60000, 60000, content, (struct redis_bytes){"r", 1},
              (struct redis_bytes){"s", 1}, answer_take, &a);
    answer_wait(&a);
    return a;
}

static void claim_key(struct keyspace *ks, const char *natural)
{
    struct key_work w = {.natural = natural,
                         .identity = content,
                         .delivery = "orders.raw/3/1234567",
                         .parent = "",
                         .version = 1700000000000};
    struct answer a;
    answer_begin(&a);
    keys_claim(ks, &w, 60000, 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_CLAIMED);
}

/* Its permit was taken before it: it is not counted a second time. */
static void test_a_send_takes_no_permit(void **state)
{
    struct keyspace *ks = limited(1, 1);
    (void)state;
    claim_key(ks, "k");
    (void)permits(ks, 2);
    assert_int_equal(sent(ks, 11).verdict, VERDICT_SENT);
    assert_int_equal(sent(ks, 11).verdict, VERDICT_SENT); /* its answer was lost: the same send */
    assert_in_range(permit(ks).numbers[2], 1000000, 2000000);
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
    char name[60], before[400], after[400];
    (void)REDIS_ASK(before, "GET", keys_name(ks, "k", "k", name, sizeof name));
    pause_fleet(ks, 5000);
    pause_fleet(ks, 1); /* a shorter one shortens nothing */
    struct answer a = permit(ks);
    assert_int_equal(a.verdict, VERDICT_WAIT);
    assert_in_range(a.numbers[1], 3000, 5000);
    assert_int_equal(permits(ks, 0).verdict, VERDICT_WAIT);
    assert_int_equal(sent(ks, 11).verdict, VERDICT_WAIT);
    assert_string_equal(REDIS_ASK(after, "GET", name), before); /* and no send on record */
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

static struct answer slot(struct keyspace *ks, const char *token, const char *ms, const char *what,
                          const char *dead)
{
    char lease[60], epoch[60], marker[60];
    const char *const texts[] = {keys_name(ks, "s", "orders:0", lease, sizeof lease),
                                 keys_name(ks, "e", "orders:0", epoch, sizeof epoch),
                                 keys_name(ks, "marker", "orders", marker, sizeof marker),
                                 token,
                                 ms,
                                 what,
                                 dead};
    struct redis_bytes args[7];
    struct answer a;
    for (size_t i = 0; i < 7; i++)
        args[i] = (struct redis_bytes){texts[i], strlen(texts[i])};
    answer_begin(&a);
    redis_run(ks->redis, script_of(SCRIPT_SLOT), args, 3, 4, answer_take, &a);
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
    assert_true(first >=
                clock_wall_ms() -
                    60000); /* epochs follow the clock, so that a lost one is still exceeded */
    a = slot(ks, "p2", "60000", "take", "");
    assert_int_equal(a.verdict, VERDICT_BUSY);
    assert_true(a.numbers[1] > 50000 && a.numbers[1] <= 60000);
    assert_non_null(strstr(a.text, "p1"));
    assert_int_equal(slot(ks, "p2", "60000", "take", "p9").verdict,
                     VERDICT_BUSY); /* somebody else is dead */
    a = slot(ks, "p2", "60000", "take", "p1");
    assert_int_equal(a.verdict, VERDICT_TAKEN);
    assert_true(a.numbers[1] > first);
    assert_int_equal(slot(ks, "p1", "60000", "keep", "").verdict, VERDICT_SLOT_LOST);
    a = slot(ks, "p2", "60000", "keep", "");
    assert_int_equal(a.verdict, VERDICT_RENEWED);
    assert_int_equal(slot(ks, "p2", "60000", "keep", "").verdict, VERDICT_RENEWED);
    const int64_t second = strtoll(
        REDIS_ASK(text, "GET", keys_name(ks, "e", "orders:0", epoch, sizeof epoch)), NULL, 10);
    assert_true(second > first);
    (void)REDIS_ASK(text, "SET", epoch, "4000000000000 17 1700000000000");
    a = slot(ks, "p2", "60000", "take",
             ""); /* a start-over: the former self is a ghost, and what it left behind is told */
    assert_int_equal(a.numbers[1], 4000000000001);
    assert_int_equal(a.numbers[2], 4000000000000);
    assert_int_equal(a.numbers[3], 17);
    assert_int_equal(a.numbers[4], 1700000000000);
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
    world_take_slot();
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

/* An engine without keys has no marker: it looks for none, nor at what Redis has lost of its slot. */
static void test_a_lease_alone(void **state)
{
    struct keyspace *ks = world_fresh();
    struct answer a;
    (void)state;
    (void)snprintf(ks->slot, sizeof ks->slot, "0"); /* nobody took it here */
    ks->marker[0] = '\0';                           /* and Redis has one */
    answer_begin(&a);
    keys_slot_renew(ks, "p1", 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_RENEWED);
    assert_int_equal(slot(ks, "p2", "60000", "take", "").verdict, VERDICT_BUSY);
    assert_int_equal(slot(ks, "p2", "60000", "take", "p1").verdict, VERDICT_TAKEN);
    answer_begin(&a);
    keys_slot_renew(ks, "p1", 60000, answer_take, &a);
    answer_wait(&a);
    assert_int_equal(a.verdict, VERDICT_SLOT_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cap_no_wait),
        cmocka_unit_test(test_a_lease_alone),
        cmocka_unit_test(test_alone_has_all_of_it),
        cmocka_unit_test(test_shares_by_weight),
        cmocka_unit_test(test_a_share_nobody_asks_for_is_the_others),
        cmocka_unit_test(test_a_batch_is_small),
        cmocka_unit_test(test_each_has_its_own_turn),
        cmocka_unit_test(test_not_further_than_a_minute),
        cmocka_unit_test(test_a_clock_set_back),
        cmocka_unit_test(test_permits_to_come_are_a_share),
        cmocka_unit_test(test_a_send_takes_no_permit),
        cmocka_unit_test(test_a_pause_holds_for_all),
        cmocka_unit_test(test_a_pause_ends),
        cmocka_unit_test(test_a_ghost_gets_no_permit),
        cmocka_unit_test(test_slot),
        cmocka_unit_test(test_slot_lease_ends),
    };
    return cmocka_run_group_tests_name("the fleet's share of Redis", tests, world_set_up,
                                       world_tear_down);
}
