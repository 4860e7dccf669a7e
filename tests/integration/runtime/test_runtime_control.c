/* What the fleet remembers in Kafka: incidents that open and close across each other, generations,
 * and readings that wait for open transactions. */
#include "kafka_harness.h"
#include "stream/past.h"

#include <errno.h>
#include <pthread.h>

#include "kafka/admin.h"
#include "kafka/reader.h"
#include "stream/control.h"

static char group[80], message[KAFKA_TEXT_MAX];
static struct control control;

static void open_incident(const char *name, const char *run_id)
{
    struct kafka_place ends[] = {{"orders.raw", 0, 17}, {"orders.raw.retry.10s", 3, 0}};
    struct control c = {.detected_ms = 1700000000123, .ends = ends, .end_count = 2};
    (void)snprintf(c.incident, sizeof c.incident, "%s", name);
    (void)snprintf(c.server.run_id, sizeof c.server.run_id, "%s", run_id);
    assert_int_equal(control_open(config, group, &c, message), 0);
}

static void clear_incident(const char *name)
{
    assert_int_equal(control_clear(config, group, name, message), 0);
}

static void reads(const char *incident, const char *cleared)
{
    if (control_read(config, group, &control, message) != 0)
        fail_msg("%s", message);
    assert_string_equal(control.incident, incident);
    assert_string_equal(control.cleared, cleared);
}

static void test_incidents_across_each_other(void **state)
{
    (void)state;
    (void)fresh_name("group", group);
    reads("", "");
    assert_int_equal(control.end_count, 0);
    open_incident("A", "run-1");
    reads("A", "");
    assert_string_equal(control.server.run_id, "run-1");
    assert_int_equal(control.detected_ms, 1700000000123);
    assert_int_equal(control.end_count, 2);
    assert_string_equal(control.ends[1].topic, "orders.raw.retry.10s");
    assert_int_equal(control.ends[1].partition, 3);
    assert_int_equal(control.ends[0].offset, 17);
    open_incident("B", "run-2"); /* Redis was lost once more, while A's end was being written */
    clear_incident("A");
    reads("B", "A"); /* B is still open */
    assert_string_equal(control.server.run_id, "run-2");
    clear_incident("B");
    reads("B", "B");
    /* somebody slow, who still had A in mind, has hidden that B was cleared: B counts as open,
     * never the other way round */
    clear_incident("A");
    reads("B", "A");
}

static void test_a_server_is_accepted_within_an_incident(void **state)
{
    struct control c = {
        .left = {{"run-1", "replid-1"}}, .left_count = 1, .server = {"run-2", "replid-2"}};
    (void)state;
    (void)fresh_name("group", group);
    open_incident("A", "run-1");
    (void)snprintf(c.incident, sizeof c.incident, "A");
    assert_int_equal(control_accept(config, group, &c, message), 0);
    reads("A", "");
    assert_string_equal(control.server.run_id, "run-2");
    assert_string_equal(control.server.replication_id, "replid-2");
    assert_int_equal(control.left_count, 1);
    assert_string_equal(control.left[0].run_id, "run-1");
    assert_true(control_server_is(&control.server, "run-2", "replid-2"));
    assert_false(control_server_is(
        &control.server, "run-2",
        "replid-3")); /* promoted once more: it may have been somebody's replica */
    assert_false(
        control_server_is(&control.server, "run-3", "replid-2")); /* a replica has its master's */
    assert_int_equal(control.end_count, 2);
    open_incident("B", "run-3");
    reads("B", "");
    assert_string_equal(control.server.run_id, "run-3"); /* what was accepted for A holds for A */
    assert_true(control_server_is(&control.server, "run-3",
                                  "any")); /* an older release did not write it down */
}

static const struct control_member *member(const char *slot)
{
    for (size_t i = 0; i < control.member_count; i++)
        if (strcmp(control.members[i].slot, slot) == 0)
            return &control.members[i];
    fail_msg("no member in slot %s", slot);
    return NULL;
}

static void test_members_by_slot(void **state)
{
    char longer[90];
    struct control_member one = {.slot = "0",
                                 .incident = "A",
                                 .epoch = 17,
                                 .reach = 900,
                                 .process = "p1",
                                 .former = "p0"},
                          other = one;
    (void)state;
    (void)fresh_name("group", group);
    (void)snprintf(longer, sizeof longer, "%s/0", group); /* its slot 1 is not our slot "0/1" */
    assert_int_equal(control_enter(config, group, &one, message), 0);
    (void)snprintf(other.slot, sizeof other.slot, "1");
    assert_int_equal(control_enter(config, longer, &other, message), 0);
    assert_int_equal(control_enter(config, group, &other, message), 0);
    one.stopped = true;
    one.number = 4711;
    assert_int_equal(control_enter(config, group, &one, message), 0);
    reads("", "");
    assert_int_equal(control.member_count, 2);
    assert_true(member("0")->stopped);
    assert_int_equal(member("0")->number, 4711);
    assert_int_equal(member("0")->epoch, 17);
    assert_int_equal(member("0")->reach, 900);
    assert_string_equal(member("0")->incident, "A");
    assert_string_equal(member("1")->process, "p1");
    assert_string_equal(member("1")->former, "p0");
    assert_false(member("1")->stopped);
}

static void test_groups_are_apart(void **state)
{
    char other[80];
    (void)state;
    (void)fresh_name("group", other);
    (void)fresh_name("group", group);
    open_incident("A", "run-1");
    assert_int_equal(control_generation(config, group, "orders", "pf", 1, 7, message), 0);
    assert_int_equal(control_read(config, other, &control, message), 0);
    assert_string_equal(control.incident, "");
    assert_int_equal(control.generation, 0);
}

static void test_the_highest_generation_counts(void **state)
{
    static const struct {
        int64_t epoch, generation, read_epoch, read_generation;
    } rows[] = {{0, 3, 0, 3}, {0, 9, 0, 9},  {0, 4, 0, 9},
                {1, 1, 1, 1}, {0, 12, 1, 1}, {1, 2, 1, 2}};
    (void)state;
    (void)fresh_name("group", group);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(control_generation(config, group, "orders", "pf", rows[i].epoch,
                                            rows[i].generation, message),
                         0);
        reads("", "");
        if (control.epoch != rows[i].read_epoch || control.generation != rows[i].read_generation)
            fail_msg("after row %zu: %d/%d", i, (int)control.epoch, (int)control.generation);
    }
}

/* ---- readings to the end ---- */

struct waiting {
    struct open_transaction *transaction;
    pthread_t thread;
    bool is_begun;
    char text[100];
};

static void *commit_later(void *transaction)
{
    const struct timespec t = {1, 0};
    (void)nanosleep(&t, NULL);
    transaction_commit(transaction);
    return NULL;
}

/* The first record is read: only now, and a second later, is the transaction behind it
 * committed. */
static void see_and_commit(void *user, const struct kafka_record *record)
{
    struct waiting *w = user;
    const size_t at = strlen(w->text);
    (void)snprintf(w->text + at, sizeof w->text - at, "%.*s ", (int)record->value_size,
                   (const char *)record->value);
    if (!w->is_begun)
        assert_int_equal(pthread_create(&w->thread, NULL, commit_later, w->transaction), 0);
    w->is_begun = true;
}

/* ---- a group's past ---- */

static void test_how_far_a_group_came(void **state)
{
    char mine[80], longer[100];
    struct past past;
    (void)state;
    (void)fresh_name("past", mine);
    (void)snprintf(longer, sizeof longer, "%s/orders.raw",
                   mine); /* any name is allowed, and none is part of another */
    const struct past_of of = {mine, "orders", "pf"};
    assert_int_equal(past_read(config, &of, &past, message), 0);
    assert_false(past_is_begun(&past, NULL) || past.has_generation || past.count > 0);
    past_release(&past);
    const struct kafka_place begun[] = {{"orders.raw", 0, 5}, {"orders.raw", 1, 0}};
    const struct past_position first[] = {{{"orders.raw", 1, 3}, 0},
                                          {{"orders.raw.retry.1s", 1, 4}, 9}},
                               later = {{"orders.raw", 1, 7}, 0},
                               others = {{"orders.raw", 1, 99}, 0};
    assert_int_equal(past_begin(config, mine, begun, 2, message), 0);
    assert_int_equal(past_remember(config, mine, first, 2, message), 0);
    assert_int_equal(past_remember(config, mine, &later, 1, message), 0);
    assert_int_equal(past_remember(config, longer, &others, 1, message), 0);
    assert_int_equal(past_read(config, &of, &past, message), 0);
    assert_int_equal(past.count, 2);
    assert_int_equal(past_position(&past, &later.place)->place.offset, 7);
    assert_int_equal(past_position(&past, &first[1].place)->ground, 9);
    assert_null(past_position(&past, &begun[0]));
    assert_int_equal(past_begun(&past, "orders.raw", 0), 5);
    assert_int_equal(past_begun(&past, "orders.raw", 1), 0);
    assert_int_equal(past_begun(&past, "orders.raw", 2), -1);
    past_release(&past);
}

static void test_epochs_of_groups_that_share_keys(void **state)
{
    char mine[80], other[80], prefix[80];
    struct past past;
    (void)state;
    (void)fresh_name("group", mine);
    (void)fresh_name("other", other);
    (void)fresh_name("prefix", prefix);
    const struct past_of of = {mine, "orders", prefix};
    assert_int_equal(control_generation(config, other, "orders", prefix, 2, 7, message), 0);
    assert_int_equal(past_read(config, &of, &past, message), 0);
    assert_int_equal(past_epoch(&past), 3); /* new, with keys that the other one wrote */
    past_release(&past);
    assert_int_equal(control_generation(config, mine, "orders", prefix, 3, 1, message), 0);
    assert_int_equal(control_generation(config, other, "refunds", prefix, 9, 1, message),
                     0); /* other keys */
    assert_int_equal(past_read(config, &of, &past, message), 0);
    assert_int_equal(past_epoch(&past), 3);
    past_release(&past);
}

static void test_a_scan_waits_for_an_open_transaction(void **state)
{
    char topic[80], id[80];
    struct waiting w = {.text = ""};
    (void)state;
    topic_new(fresh_name("scan", topic), 2, NULL);
    record_write(topic, "before", 0);
    w.transaction = transaction_open(fresh_name("id", id), topic, "within");
    record_write(topic, "after", 0);
    assert_int_equal(kafka_scan(config, topic, NULL, see_and_commit, &w, message), 0);
    assert_string_equal(w.text, "before within after ");
    assert_int_equal(pthread_join(w.thread, NULL), 0);
}

static atomic_int give_up;

static void *give_up_later(void *unused)
{
    const struct timespec t = {1, 0};
    (void)nanosleep(&t, NULL);
    give_up = 1;
    return unused;
}

static void count(void *user, const struct kafka_record *record)
{
    (void)record;
    ++*(int *)user;
}

static void test_a_scan_can_be_given_up(void **state)
{
    char topic[80], id[80];
    pthread_t thread;
    int seen = 0;
    (void)state;
    topic_new(fresh_name("scan", topic), 1, NULL);
    struct open_transaction *open = transaction_open(fresh_name("id", id), topic, "within");
    assert_int_equal(pthread_create(&thread, NULL, give_up_later, NULL), 0);
    assert_int_equal(kafka_scan(config, topic, &give_up, count, &seen, message), -ECANCELED);
    assert_int_equal(seen, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    transaction_commit(open);
}

static void test_ends_and_missing_topics(void **state)
{
    char topic[80], missing[80];
    struct kafka_place *places = NULL;
    size_t place_count = 0;
    int64_t retention = 0;
    int seen = 0;
    (void)state;
    topic_new(fresh_name("ends", topic), 3, NULL);
    (void)fresh_name("missing", missing);
    record_write(topic, "x", 0);
    record_write(topic, "y", 0);
    const char *const names[] = {topic, missing};
    if (kafka_ends(config, names, 1, KAFKA_END_HIGH, &places, &place_count, message) != 0)
        fail_msg("%s", message);
    assert_int_equal(place_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(places[i].topic, topic);
        assert_int_equal(places[i].partition, i);
        assert_int_equal(places[i].offset, i == 0 ? 2 : 0);
    }
    free(places);
    assert_int_equal(kafka_ends(config, names, 2, KAFKA_END_HIGH, &places, &place_count, message),
                     -ENOENT);
    assert_non_null(strstr(message, missing));
    assert_int_equal(kafka_scan(config, missing, NULL, count, &seen, message), -ENOENT);
    assert_non_null(strstr(message, "primaflow topics create"));
    assert_int_equal(kafka_topic_setting(config, "retention.ms", &names[0], 1, &retention, message),
                     0);
    assert_int_equal(retention, 604800000);
    assert_int_equal(kafka_topic_setting(config, "retention.ms", &names[1], 1, &retention, message),
                     -EIO);
    assert_int_equal(kafka_topics_exist(config, names, 1, message), 0);
    assert_int_equal(kafka_topics_exist(config, names, 2, message), -ENOENT);
    assert_non_null(strstr(message, missing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_far_a_group_came),
        cmocka_unit_test(test_epochs_of_groups_that_share_keys),
        cmocka_unit_test(test_incidents_across_each_other),
        cmocka_unit_test(test_groups_are_apart),
        cmocka_unit_test(test_a_server_is_accepted_within_an_incident),
        cmocka_unit_test(test_members_by_slot),
        cmocka_unit_test(test_the_highest_generation_counts),
        cmocka_unit_test(test_a_scan_waits_for_an_open_transaction),
        cmocka_unit_test(test_a_scan_can_be_given_up),
        cmocka_unit_test(test_ends_and_missing_topics),
    };
    return cmocka_run_group_tests_name("what the fleet remembers", tests, harness_set_up,
                                       harness_tear_down);
}
