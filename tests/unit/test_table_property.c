/* Whatever happens to a topic, in whatever order, a table's answer has each key's newest record, if
 * that lies below read_to: none left out, no other (test_table_world.h). It may lack what was deleted
 * by age meanwhile; and of keys whose newest record lies behind read_to, it has an older one or
 * none. */
#include "test_table_world.h"

#include <errno.h>

enum { RUNS = 100, STEPS = 400, KEYS = 12, GROUPS = 4, GROUP_KEYS = KEYS / GROUPS };

/* All that was ever committed to partition 0, compacted or not. */
static struct {
    int64_t offset;
    unsigned key;
    bool is_tombstone;
    char value[20];
} history[STEPS + 1];
static size_t history_count;
static unsigned asked_group[ANSWERS_MAX];
static size_t asked_count, checked_count;

static uint64_t seed;
static unsigned run;

static unsigned chance(unsigned of)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % of;
}

static const char *key_name(unsigned key, char text[static 20])
{
    if (key % GROUP_KEYS == 0)
        (void)snprintf(text, 20, "g%u", key / GROUP_KEYS);
    else
        (void)snprintf(text, 20, "g%u/%u", key / GROUP_KEYS, key % GROUP_KEYS);
    return text;
}

static void write_one(void)
{
    char name[20];
    const unsigned key = chance(KEYS);
    const unsigned what = chance(10);
    if (what == 0) {
        (void)log_aborted(0, key_name(key, name), "aborted");
    } else if (what == 1) {
        log_marker(0);
    } else {
        const bool is_tombstone = what < 4;
        (void)snprintf(history[history_count].value, sizeof history->value, "v%zu", history_count);
        history[history_count].key = key;
        history[history_count].is_tombstone = is_tombstone;
        history[history_count].offset =
            log_put(0, key_name(key, name), is_tombstone ? NULL : history[history_count].value);
        history_count++;
    }
    if (chance(3) == 0) /* an open transaction: seen by nobody yet */
        world.logs[0].stable = world.logs[0].end - 1;
}

static void ask_one(void)
{
    char group[20];
    asked_group[asked_count] = chance(GROUPS);
    (void)snprintf(group, sizeof group, "g%u", asked_group[asked_count]);
    world_ask((int)asked_count++, 0, group);
}

/* -1: none. */
static int64_t newest(unsigned key)
{
    for (size_t i = history_count; i-- > 0;)
        if (history[i].key == key)
            return (int64_t)i;
    return -1;
}

static bool is_in(const char *text, size_t at)
{
    char wanted[80], name[20];
    (void)snprintf(wanted, sizeof wanted, "%s=%s@%lld", key_name(history[at].key, name),
                   history[at].value, (long long)history[at].offset);
    return !history[at].is_tombstone && strstr(text, wanted) != NULL;
}

/* One of its records at most. */
static size_t older_ones(const struct world_answer *a, unsigned key)
{
    size_t found = 0;
    for (size_t i = 0; i < history_count; i++)
        found += history[i].key == key && is_in(a->text, i);
    assert_true(found <= 1);
    return found;
}

static void check(const struct world_answer *a, unsigned group)
{
    size_t found = 0, there = a->text[0] != '\0';
    for (const char *at = a->text; *at != '\0'; at++)
        there += *at == ' ';
    for (unsigned k = group * GROUP_KEYS; k < (group + 1) * GROUP_KEYS; k++) {
        const int64_t at = newest(k);
        if (at < 0)
            continue;
        if (history[at].offset >= a->read_to)
            found += older_ones(a, k);
        else if (is_in(a->text, (size_t)at))
            found++;
        else if (!history[at].is_tombstone && history[at].offset >= world.logs[0].begin)
            fail_msg("run %u: to %lld lacks %s@%lld: %s", run, (long long)a->read_to,
                     history[at].value, (long long)history[at].offset, a->text);
    }
    if (found != there)
        fail_msg("run %u: to %lld has more than it may: %s", run, (long long)a->read_to, a->text);
}

/* What was answered since. */
static void check_all(void)
{
    for (; checked_count < world.answer_count; checked_count++) {
        const struct world_answer *a = &world.answers[checked_count];
        assert_int_not_equal(a->how, KTABLE_GONE);
        assert_int_not_equal(a->how, KTABLE_REFUSED);
        if (a->how == KTABLE_FOUND)
            check(a, asked_group[a->asked]);
    }
}

/* What was compacted for what is lost now is lost as well. */
static void history_keep(void)
{
    const struct fake_log *log = &world.logs[0];
    size_t kept = 0;
    for (size_t i = 0; i < history_count; i++) {
        bool is_there = false;
        for (size_t at = 0; at < log->count; at++)
            is_there |= log->records[at].offset == history[i].offset;
        if (is_there)
            history[kept++] = history[i];
    }
    history_count = kept;
}

/* Its end is lost, and what was read with it; the table hears of it before anything is written. */
static void cut(void)
{
    struct fake_log *log = &world.logs[0];
    const int64_t end = log->end - chance(5);
    if (end < log->begin || end >= ktable_read_to(world.table, 0))
        return;
    log->obstacle = KAFKA_CLEAR; /* or it would not */
    log_cut(0, end);
    history_keep();
    world_turn();
    check_all();
    world_pass(1000);
}

static void leave_and_follow(void)
{
    ktable_leave(world.table, 0);
    check_all();
    world_pass(chance(2) == 0 ? KTABLE_LINGER_MS : 10);
    check_all();
    ktable_follow(world.table, 0);
}

/* Only those that the table has read, as delete.retention.ms is there for. */
static void drop_tombstones(void)
{
    const int64_t below = ktable_read_to(world.table, 0);
    if (below < 0)
        return;
    log_compact(0, below);
    log_drop_tombstones(0, below);
}

static void happen(void)
{
    static const enum kafka_obstacle obstacles[] = {KAFKA_TROUBLE, KAFKA_UNREADABLE};
    struct fake_log *log = &world.logs[0];
    const unsigned what = chance(100);
    if (what < 35)
        write_one();
    else if (what < 60)
        ask_one();
    else if (what < 70)
        (void)world_read();
    else if (what < 75)
        log->fetchable = chance(4);
    else if (what < 80)
        log_compact(0, log->begin + chance((unsigned)(log->stable - log->begin) + 1));
    else if (what < 83)
        drop_tombstones();
    else if (what < 85)
        log_delete(0, log->begin + chance((unsigned)(log->stable - log->begin) / 2 + 1));
    else if (what < 88)
        log->stable = log->end;
    else if (what < 90)
        log->obstacle = obstacles[chance(2)];
    else if (what < 92)
        world.lookup_result = chance(3) == 0 ? -EIO : 0;
    else if (what < 93)
        cut();
    else if (what < 94)
        leave_and_follow();
    else if (what < 96)
        world_pass(1000);
    else
        log->fetchable = INT64_MAX;
    world_turn();
    check_all();
}

static void test_whatever_happens(void **state)
{
    (void)state;
    history_count = asked_count = checked_count = 0;
    seed = ++run;
    ktable_follow(world.table, 0);
    for (int i = 0; i < STEPS; i++)
        happen();
    world.logs[0].stable = world.logs[0].end;
    world.logs[0].fetchable = INT64_MAX;
    world.lookup_result = 0;
    world_pass(2 * KTABLE_WAIT_MS);
    world_settle();
    check_all();
    assert_int_equal(ktable_read_to(world.table, 0), world.logs[0].end);
    for (unsigned g = 0; g < GROUPS; g++) {
        char group[20];
        (void)snprintf(group, sizeof group, "g%u", g);
        (void)world_asks(0, group);
        assert_int_equal(world.answers[world.answer_count - 1].how, KTABLE_FOUND);
        check(&world.answers[world.answer_count - 1], g);
    }
    assert_int_equal(world.answer_count, asked_count + GROUPS); /* nobody was forgotten */
}

int main(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test_setup_teardown(test_whatever_happens, world_set_up_without_cache,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(test_whatever_happens, world_set_up, world_tear_down),
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    struct CMUnitTest tests[RUNS];
    for (size_t i = 0; i < RUNS; i++)
        tests[i] = rows[i % ROWS];
    return cmocka_run_group_tests_name("table: whatever happens", tests, NULL, NULL);
}
