/* Looking up a group: from memory and from Kafka, while it is replaced, compacted and deleted
 * meanwhile, and when Kafka does not answer (test_table_world.h; nothing is cached but what a
 * question holds). */
#include "test_table_world.h"

#include <errno.h>

#include "obs/metrics.h"
#include "table/reading.h"

#define ONE_GROUP "c17439"
#define OTHER_GROUP "c24164"

static void follow(void)
{
    ktable_follow(world.table, 0);
    ktable_follow(world.table, 1);
    world_turn();
}

static void answered(size_t at, const char *text)
{
    char found[ANSWER_TEXT + 40];
    assert_true(at < world.answer_count);
    const struct world_answer *a = &world.answers[at];
    (void)snprintf(found, sizeof found, "%d %d %lld: %s", a->asked, (int)a->how,
                   (long long)a->read_to, a->text);
    assert_string_equal(found, text);
}

/* ---- what is there ---- */

static void test_a_group(void **state)
{
    (void)state;
    log_put(0, "g", "old");
    log_put(0, "g/2", "b");
    log_put(0, "gg", "another");
    log_put(0, "g/1", "a");
    log_put(1, "g", "elsewhere");
    log_put(0, "g", "new");
    log_put(0, "g/3", "gone");
    log_put(0, "g/3", NULL);
    log_put(0, "h", NULL); /* of nothing that was */
    follow();
    assert_string_equal(world_asks(0, "g"), "8: g/2=b@1 g/1=a@3 g=new@4");
    assert_string_equal(world_asks(0, "gg"), "8: gg=another@2");
    assert_string_equal(world_asks(0, "h"), "8:");
    assert_string_equal(world_asks(0, ""), "8:");
    assert_string_equal(world_asks(1, "g"), "1: g=elsewhere@0");
    log_put(0, "g/3", "back");
    log_put(0, "g/1", NULL);
    world_turn();
    assert_string_equal(world_asks(0, "g"), "10: g/2=b@1 g=new@4 g/3=back@8");
    log_put(0, "h", ""); /* an empty value is one */
    world_turn();
    assert_string_equal(world_asks(0, "h"), "11: h=@10");
}

static void test_from_memory(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "2");
    follow();
    world_ask(7, 0, "g"); /* at once */
    answered(0, "7 0 2: g=1@0 g/1=2@1");
    assert_int_equal(world.begun, 0);
}

static void test_before_anything_was_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    ktable_follow(world.table, 0);
    world_ask(0, 0, "g");
    assert_int_equal(world.answers[0].how, KTABLE_AWAY);
    assert_string_equal(world.answers[0].why, "Nothing of the partition was read yet.");
    assert_string_equal(world_asks(1, "g"), "left: The partition is not this process's.");
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    assert_string_equal(world_asks(-1, "g"), "left: The partition is not this process's.");
}

/* Who asks while it is being restored is told as of when. */
static void test_amid_the_restore(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g", "2");
    log_put(0, "g/1", "3");
    world.logs[0].fetchable = 1;
    follow();
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    log_compact(0, 3); /* it is replaced, by what was not read yet */
    world_ask(1, 0, "g");
    world_settle();
    assert_int_equal(world.answer_count, 1);
    world.logs[0].fetchable = 1; /* its replacement comes, not yet the end */
    world_pass(1000);
    world_settle();
    assert_int_equal(world.answer_count, 1);
    world.logs[0].fetchable = INT64_MAX;
    world_pass(1000);
    world_settle();
    answered(1, "1 0 3: g=2@1 g/1=3@2");
}

/* ---- while it is read ---- */

/* The answer is as of when it was asked for. */
static void test_it_changes_while_it_is_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    world_ask(1, 0, "g");
    log_put(0, "g", "2");
    log_put(0, "g/1", "3");
    world_turn();
    assert_true(world_read());
    answered(0, "1 0 1: g=1@0");
    assert_string_equal(world_asks(0, "g"), "3: g=2@1 g/1=3@2");
}

/* ... unless that is gone: then as of now, all of it. */
static void test_it_is_compacted_while_it_is_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "x");
    follow();
    world_ask(1, 0, "g");
    log_put(0, "g", "2");
    log_put(0, "g/2", "y");
    log_compact(0, 4);
    world_turn();
    world_settle();
    answered(0, "1 0 4: g/1=x@1 g=2@2 g/2=y@3");
}

/* A tombstone took it, and was compacted away itself, as those are after delete.retention.ms. */
static void test_it_is_ended_while_it_is_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "x");
    follow();
    world_ask(1, 0, "g");
    log_put(0, "g/1", NULL);
    world_turn();
    log_compact(0, 3);
    log_drop_tombstones(0, 3);
    world_settle();
    answered(0, "1 0 3: g=1@0");
}

/* Compacted by what the table has not heard of yet: it is waited for, and the end's markers with it. */
static void test_the_table_lags_behind_compaction(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "x");
    follow();
    world.logs[0].fetchable = 0;
    log_put(0, "g", "2");
    log_marker(0);
    log_compact(0, 3);
    world_ask(1, 0, "g");
    world_settle();
    assert_int_equal(world.answer_count, 0);
    assert_int_equal(world.readings, 1);
    world.logs[0].fetchable = 1;
    world_pass(1000);
    world_settle();
    assert_int_equal(world.answer_count, 0); /* the marker is behind it */
    world.logs[0].fetchable = 1;
    world_pass(1000);
    world_settle();
    answered(0, "1 0 4: g/1=x@1 g=2@2");
}

/* ... and what replaced it is compacted away itself before the table has read it. */
static void test_the_replacement_is_replaced(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    world.logs[0].fetchable = 0;
    log_put(0, "g", "2");
    log_compact(0, 2);
    world_ask(1, 0, "g");
    world_settle();
    log_put(0, "x", "y");
    log_put(0, "g", "3");
    log_compact(0, 4);
    world.logs[0].fetchable = 1; /* x: read to 3, where the end was when it was missing */
    world_pass(1000);
    world_settle();
    assert_int_equal(world.answer_count, 0);
    world.logs[0].fetchable = INT64_MAX;
    world_pass(1000);
    world_settle();
    answered(0, "1 0 4: g=3@3");
}

/* Its age took it: no tombstone comes, and that is heard of by where the partition begins. */
static void test_it_is_deleted_by_age(void **state)
{
    struct ktable_progress now;
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "h", "2");
    log_put(0, "g/1", "x");
    follow();
    log_delete(0, 2);
    assert_string_equal(world_asks(0, "g"), "3: g/1=x@2");
    ktable_progress(world.table, &now);
    assert_int_equal(now.keys, 2); /* h was not asked for yet */
    const int readings = world.readings;
    assert_string_equal(world_asks(0, "h"), "3:");
    assert_int_equal(world.readings, readings + 1);
    assert_string_equal(world_asks(0, "h"), "3:");
    assert_int_equal(world.readings, readings + 1); /* it is known now */
}

/* Deleted by age while a newer one of the same key was written: that one counts. */
static void test_it_is_deleted_and_there_again(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "h", "2");
    follow();
    world_ask(1, 0, "g");
    log_put(0, "g", "3");
    world_turn();
    log_delete(0, 1);
    world_settle();
    answered(0, "1 0 3: g=3@2");
}

/* ---- what cannot be ---- */

static const char gone[] = "gone: topic/0: a record that must be there cannot be read, nor a newer "
                           "one of its key; see the broker's log of this partition";

static void test_it_is_not_where_it_must_be(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "2");
    follow();
    world.logs[0].is_unreadable = true; /* a corrupt batch, as lookups hear of it */
    assert_string_equal(world_asks(0, "g"), gone);
    assert_string_equal(world_asks(0, "g"), gone); /* never taken for absent */
    world.logs[0].is_unreadable = false;
    assert_string_equal(world_asks(0, "g"), "2: g=1@0 g/1=2@1");
}

/* Another record stands there: the topic was made anew, and nobody has noticed yet. */
static void test_another_record_is_there(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    (void)snprintf(world.logs[0].records[0].key, sizeof world.logs[0].records[0].key, "h");
    assert_string_equal(world_asks(0, "g"), gone);
    world.logs[0].records[0].is_tombstone = true;
    (void)snprintf(world.logs[0].records[0].key, sizeof world.logs[0].records[0].key, "g");
    assert_string_equal(world_asks(0, "g"), gone);
}

static void test_it_is_cut_while_it_is_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "2");
    log_put(1, "g", "other");
    follow();
    world_ask(1, 0, "g");
    world_ask(2, 1, "g");
    world_ask(3, 0, "g");
    log_cut(0, 1);
    world_turn();
    answered(0, "1 1 -1: ");
    answered(1, "3 1 -1: ");
    assert_string_equal(world.answers[0].why, "topic/0: offset_gone");
    log_put(0, "g", "new"); /* at the offset of another one */
    world_pass(1000);
    assert_true(world_read()); /* of before */
    world_settle();
    answered(world.answer_count - 1, "2 0 1: g=other@0");
    assert_string_equal(world_asks(0, "g"), "2: g=new@1");
}

/* ... and was read from before: another record is at its place now, of the same key. */
static void test_what_was_read_before_the_cut_is_no_answer(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "old");
    follow();
    world_ask(1, 0, "g");
    world_run();
    log_cut(0, 1);
    world_turn();
    log_put(0, "g/1", "new");
    world_pass(1000);
    world_ask(2, 0, "g");
    assert_true(world_read());
    world_settle();
    answered(0, "1 1 -1: ");
    answered(1, "2 0 2: g=1@0 g/1=new@1");
}

/* So many others come that nothing else is in the cache. */
static void fill_the_cache(void)
{
    char key[20];
    for (int i = 0; i < 5500; i++) {
        (void)snprintf(key, sizeof key, "f%d", i);
        log_put(1, key, "v");
    }
    world_turn();
}

/* Cached. */
static void test_what_was_read_before_the_cut_is_not_kept(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "g/1", "old");
    follow();
    fill_the_cache();
    world_ask(1, 0, "g");
    world_run();
    log_cut(0, 1);
    world_turn();
    log_put(0, "g/1", "new");
    world_pass(1000);
    world.logs[1].count = 0;
    fill_the_cache();
    assert_true(world_read());
    assert_string_equal(world_asks(0, "g"), "2: g=1@0 g/1=new@1");
}

/* Cached. */
static void test_what_was_read_is_kept(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    fill_the_cache();
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    assert_int_equal(world.readings, 1);
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    assert_int_equal(world.readings, 1);
}

/* The first 32 bits of their SHA-256 are the same. */
static void test_two_groups_in_one_chain(void **state)
{
    (void)state;
    assert_int_equal(key_index_group_of(ONE_GROUP, strlen(ONE_GROUP)),
                     key_index_group_of(OTHER_GROUP, strlen(OTHER_GROUP)));
    log_put(0, ONE_GROUP, "1");
    log_put(0, OTHER_GROUP, "2");
    log_put(0, ONE_GROUP "/1", "3");
    follow();
    assert_string_equal(world_asks(0, ONE_GROUP), "3: " ONE_GROUP "=1@0 " ONE_GROUP "/1=3@2");
    assert_string_equal(world_asks(0, OTHER_GROUP), "3: " OTHER_GROUP "=2@1");
    log_put(0, ONE_GROUP, NULL);
    log_put(0, ONE_GROUP "/1", NULL);
    world_turn();
    assert_string_equal(world_asks(0, ONE_GROUP), "5:");
    assert_string_equal(world_asks(0, OTHER_GROUP), "5: " OTHER_GROUP "=2@1");
}

/* ---- Kafka does not answer ---- */

static void test_answers_of_readings(void **state)
{
    static const struct {
        const char *name;
        int make, read, bounds;
        bool is_replaced;
        const char *answer;
    } rows[] = {
        {"away", 0, -EIO, 0, false, "away: as Kafka says"},
        {"denied", 0, -EACCES, 0, false, "refused: as Kafka says"},
        {"refused", -EINVAL, 0, 0, false, "refused: as the configuration is"},
        {"no bounds", 0, 0, -EIO, true, "away: no bounds"},
        {"no bounds are allowed", 0, 0, -EACCES, true, "refused: no bounds"},
    };
    (void)state;
    log_put(0, "g", "1");
    follow();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world.lookup_new_result = rows[i].make;
        world.lookup_result = rows[i].read;
        world.lookup_sees_nothing = true;
        world.bounds_result = rows[i].bounds;
        world.logs[0].is_unreadable = rows[i].is_replaced;
        const char *answer = world_asks(0, "g");
        if (strcmp(answer, rows[i].answer) != 0)
            fail_msg("%s: %s", rows[i].name, answer);
        assert_int_equal(world.lookups_open, 0); /* one that failed is not used again */
    }
    world.lookup_new_result = world.lookup_result = world.bounds_result = 0;
    world.logs[0].is_unreadable = false;
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    assert_int_equal(world.lookups_open, 1);
}

/* One partition's broker is away: who asks for others is answered. */
static void test_one_broker_is_away(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(1, "g", "2");
    log_put(1, "h", "3");
    follow();
    world.lookup_result = -EIO;
    world.logs[0].is_unreadable = true;
    world_ask(1, 1, "h"); /* read at once; the others together then */
    world_ask(2, 0, "g");
    world_ask(3, 1, "g");
    world_settle();
    answered(0, "1 0 2: h=3@1");
    answered(1, "2 1 -1: ");
    answered(2, "3 0 2: g=2@0");
}

/* Silence: who was first waits for it, nobody behind that one. */
static void test_silence(void **state)
{
    char key[20];
    (void)state;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof key, "g%d", i);
        log_put(0, key, "v");
    }
    follow();
    world.lookup_result = -EIO;
    world.lookup_sees_nothing = true;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof key, "g%d", i);
        world_ask(i, 0, key);
    }
    world_settle();
    assert_int_equal(world.answer_count, 200);
    assert_int_equal(world.begun, 1);
    for (int i = 0; i < 200; i++)
        assert_int_equal(world.answers[i].how, KTABLE_AWAY);
}

/* Nobody waits for ever, whatever is waited for; and each has its own time. */
static void test_too_late(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "h", "2");
    follow();
    world_ask(1, 0, "g"); /* and the reading takes its time */
    world_pass(KTABLE_WAIT_MS / 2);
    world_ask(2, 0, "h");
    world_pass(KTABLE_WAIT_MS / 2 - 1);
    assert_int_equal(world.answer_count, 0);
    world_pass(1);
    answered(0, "1 1 -1: ");
    assert_string_equal(world.answers[0].why, "Kafka is too slow: too much is looked up at once.");
    assert_int_equal(world.answer_count, 1);
    world_pass(KTABLE_WAIT_MS / 2 - 1);
    assert_int_equal(world.answer_count, 1);
    world_pass(1);
    answered(1, "2 1 -1: ");
    assert_true(world_read()); /* for nobody */
    assert_int_equal(world.answer_count, 2);
    assert_string_equal(world_asks(0, "g"), "2: g=1@0");
}

/* What a lagging table waits for may never come. */
static void test_too_late_behind_compaction(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    world.logs[0].fetchable = 0;
    log_put(0, "g", "2");
    log_compact(0, 2);
    world_ask(1, 0, "g");
    world_settle();
    world_pass(KTABLE_WAIT_MS - 1);
    assert_int_equal(world.answer_count, 0);
    world_pass(1);
    answered(0, "1 1 -1: ");
}

/* ---- partitions that go ---- */

static void test_it_is_left_while_it_is_read(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    log_put(1, "g", "2");
    follow();
    world_ask(1, 0, "g");
    ktable_leave(world.table, 0);
    world_settle();
    answered(0, "1 0 1: g=1@0"); /* it lingers */
    ktable_follow(world.table, 0);
    world_ask(2, 0, "g");
    world_ask(3, 1, "g");
    ktable_leave(world.table, 0);
    world.now_ms += 2 * KTABLE_LINGER_MS; /* the loop stood still: all at once */
    world_pass(0);
    answered(1, "2 1 -1: ");
    answered(2, "3 1 -1: ");
    assert_false(world.logs[0].is_followed);
    world_settle();
    assert_string_equal(world_asks(1, "g"), "1: g=2@0");
}

/* ---- readings ---- */

static void ask_all(int count, int step)
{
    char key[20];
    for (int i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "g%d", i * step);
        world_ask(i, 0, key);
    }
}

static void put_all(int count)
{
    char key[20];
    for (int i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "g%d", i);
        log_put(0, key, "v");
    }
    follow();
}

static void test_one_client_for_many(void **state)
{
    (void)state;
    put_all(200);
    ask_all(200, 1);
    world_settle();
    assert_int_equal(world.answer_count, 200);
    for (int i = 0; i < 200; i++) {
        char expected[60];
        (void)snprintf(expected, sizeof expected, "%d 0 200: g%d=v@%d", i, i, i);
        answered((size_t)i, expected);
    }
    assert_int_equal(world.readings, 5); /* the first alone, three of 64, the others */
    assert_int_equal(world.lookups_open, 1);
}

/* Far apart in their partition they are not read through to in one go. */
static void test_far_apart(void **state)
{
    (void)state;
    put_all(5000);
    ask_all(40, 120);
    world_settle();
    assert_int_equal(world.answer_count, 40);
    assert_in_range(world.spread, 240, READING_SPREAD - 1);
    assert_in_range(world.readings, 5, 20);
    for (int i = 0; i < 40; i++) { /* the other way */
        char key[20];
        (void)snprintf(key, sizeof key, "g%d", 4999 - i * 120);
        world_ask(i, 0, key);
    }
    world_settle();
    assert_int_equal(world.answer_count, 80);
    assert_in_range(world.spread, 240, READING_SPREAD - 1);
}

static void test_a_large_group(void **state)
{
    char key[20];
    (void)state;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(key, sizeof key, "g/%d", i);
        log_put(0, key, "");
    }
    follow();
    world_ask(1, 0, "g");
    world_settle();
    assert_int_equal(world.answers[0].how, KTABLE_FOUND);
    assert_int_equal(world.answers[0].read_to, 300);
    assert_int_equal(world.readings, 5);
    assert_non_null(strstr(world.answers[0].text, "g/0=@0 g/1=@1 g/2=@2 "));
}

static void test_an_idle_client_is_closed(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    assert_string_equal(world_asks(0, "g"), "1: g=1@0");
    world_pass(READING_IDLE_MS / 2);
    assert_string_equal(world_asks(0, "g"), "1: g=1@0"); /* its time begins anew */
    world_pass(READING_IDLE_MS - 1);
    assert_false(world_read());
    assert_int_equal(world.lookups_open, 1);
    world_pass(1);
    world_ask(1, 0, "g"); /* while it is closed */
    assert_true(world_read());
    assert_int_equal(world.lookups_open, 0);
    world_settle();
    answered(2, "1 0 1: g=1@0");
    assert_int_equal(world.lookups_open, 1);
}

/* Freed while a reading is under way: tear_down sees to it that nobody is answered. */
static void test_freed_amid_a_reading(void **state)
{
    (void)state;
    log_put(0, "g", "1");
    follow();
    assert_string_equal(world_asks(0, "g"), "1: g=1@0"); /* the client is open */
    world_ask(1, 0, "g");
    world_ask(2, 0, "g");
}

static void test_labels(void **state)
{
    static const char *const labels[] = {"memory", "kafka", "away", "refused", "gone", "left"};
    double before[6];
    (void)state;
    for (size_t i = 0; i < 6; i++)
        before[i] = metrics_value(METRIC_table_lookups, labels[i]);
    log_put(0, "g", "1");
    follow();
    (void)world_asks(0, "nothing");
    (void)world_asks(0, "g");
    (void)world_asks(2, "g");
    world.logs[0].is_unreadable = true;
    (void)world_asks(0, "g");
    world.lookup_sees_nothing = true;
    world.lookup_result = -EIO;
    (void)world_asks(0, "g");
    world.lookup_result = -EACCES;
    (void)world_asks(0, "g");
    for (size_t i = 0; i < 6; i++)
        assert_int_equal((int)(metrics_value(METRIC_table_lookups, labels[i]) - before[i]), 1);
}

/* ---- whoever is answered may ask again ---- */

static int asked_again;

static void on_found_again(void *user, const struct ktable_answer *answer)
{
    const char *const *group = user;
    assert_int_equal(answer->how, KTABLE_FOUND);
    assert_int_equal(answer->count, 1);
    if (asked_again++ > 50)
        return;
    ktable_follow(world.table, 2);
    ktable_find(world.table, 0, *group, on_found_again, user);
    ktable_leave(world.table, 2);
}

static void test_whoever_is_answered_may_ask_again(void **state)
{
    static const char *g = "g", *h = "h";
    (void)state;
    log_put(0, "g", "1");
    log_put(0, "h", "2");
    follow();
    asked_again = 0;
    ktable_find(world.table, 0, g, on_found_again, &g);
    ktable_find(world.table, 0, h, on_found_again, &h);
    world_settle();
    assert_int_equal(asked_again, 53);
}

int main(void)
{
#define CACHED(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
#define ROW(test) cmocka_unit_test_setup_teardown(test, world_set_up_without_cache, world_tear_down)
    const struct CMUnitTest tests[] = {
        CACHED(test_a_group),
        ROW(test_a_group),
        CACHED(test_from_memory),
        ROW(test_before_anything_was_read),
        ROW(test_amid_the_restore),
        ROW(test_it_changes_while_it_is_read),
        ROW(test_it_is_compacted_while_it_is_read),
        ROW(test_it_is_ended_while_it_is_read),
        ROW(test_the_table_lags_behind_compaction),
        ROW(test_the_replacement_is_replaced),
        ROW(test_it_is_deleted_by_age),
        ROW(test_it_is_deleted_and_there_again),
        ROW(test_it_is_not_where_it_must_be),
        ROW(test_another_record_is_there),
        ROW(test_it_is_cut_while_it_is_read),
        ROW(test_what_was_read_before_the_cut_is_no_answer),
        CACHED(test_what_was_read_before_the_cut_is_not_kept),
        CACHED(test_what_was_read_is_kept),
        ROW(test_two_groups_in_one_chain),
        ROW(test_answers_of_readings),
        ROW(test_one_broker_is_away),
        ROW(test_silence),
        ROW(test_too_late),
        ROW(test_too_late_behind_compaction),
        ROW(test_it_is_left_while_it_is_read),
        ROW(test_one_client_for_many),
        ROW(test_far_apart),
        ROW(test_a_large_group),
        ROW(test_an_idle_client_is_closed),
        ROW(test_freed_amid_a_reading),
        ROW(test_labels),
        ROW(test_whoever_is_answered_may_ask_again),
    };
#undef ROW
#undef CACHED
    return cmocka_run_group_tests_name("table: lookups", tests, NULL, NULL);
}
