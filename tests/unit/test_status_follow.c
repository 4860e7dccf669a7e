/* A topic that is followed in steps: from its places, to its end, behind what was deleted
 * (test_kafka_cluster.h). */
#include "test_kafka_cluster.h"

#include "base/clock.h"
#include "status_follow.h"

enum { PATIENCE_MS = 15000, STEP_MS = 50 };

struct seen {
    char text[600];
    int fails_at; /* the record that is refused; 0: none */
    int count;
};

static int see(void *user, const struct kafka_record *record)
{
    struct seen *s = user;
    if (++s->count == s->fails_at)
        return -7;
    const size_t used = strlen(s->text);
    (void)snprintf(s->text + used, sizeof s->text - used, "%d@%lld:%.*s ", record->partition,
                   (long long)record->offset, (int)record->value_size, (const char *)record->value);
    return 0;
}

/* Reads until all that was there when following began was read. */
static void read_through(struct status_follow *f, const char *expected)
{
    const int64_t patience = clock_monotonic_ms() + PATIENCE_MS;
    struct seen s = {.text = ""};
    while (!status_follow_is_through(f) && clock_monotonic_ms() < patience)
        assert_int_equal(status_follow_read(f, 100, STEP_MS, see, &s, words), 0);
    assert_string_equal(s.text, expected);
}

static void test_through(void **state)
{
    const int64_t beginning[] = {-1};
    struct status_follow f = {.topic = NULL};
    (void)state;
    cluster_has("through", 1);
    cluster_holds("through", 0, "a", 0);
    cluster_holds("through", 0, "b", 0);
    assert_int_equal(status_follow_open(&f, config, "through", 1, beginning, words), 0);
    assert_false(status_follow_is_through(&f));
    read_through(&f, "0@0:a 0@1:b ");
    assert_int_equal(f.parts[0].position, 2);
    status_follow_close(&f);
    status_follow_close(&f); /* twice is once */
    /* from its place: only what came since */
    const int64_t place[] = {1};
    assert_int_equal(status_follow_open(&f, config, "through", 1, place, words), 0);
    read_through(&f, "0@1:b ");
    assert_true(f.parts[0].has_moved);
    status_follow_close(&f);
}

static void test_empty(void **state)
{
    const int64_t beginning[] = {-1, -1, -1};
    struct status_follow f = {.topic = NULL};
    (void)state;
    cluster_has("empty", 3);
    assert_int_equal(status_follow_open(&f, config, "empty", 3, beginning, words), 0);
    read_through(&f, "");
    assert_true(status_follow_is_at_end(&f));
    status_follow_close(&f);
}

/* What Kafka has not, deleted or never written, is no end: it begins at what there is. */
static void test_gone(void **state)
{
    const int64_t beyond[] = {1000};
    struct status_follow f = {.topic = NULL};
    (void)state;
    cluster_has("gone", 1);
    cluster_holds("gone", 0, "a", 0);
    assert_int_equal(status_follow_open(&f, config, "gone", 1, beyond, words), 0);
    const int64_t patience = clock_monotonic_ms() + PATIENCE_MS;
    struct seen s = {.text = ""};
    while (s.count == 0 && clock_monotonic_ms() < patience)
        assert_int_equal(status_follow_read(&f, 100, STEP_MS, see, &s, words), 0);
    assert_string_equal(s.text, "0@0:a ");
    assert_int_equal(f.parts[0].position, 1);
    status_follow_close(&f);
}

/* A record that is refused ends the step, and is the place from which the next one goes on. */
static void test_refused(void **state)
{
    const int64_t beginning[] = {-1};
    struct status_follow f = {.topic = NULL};
    struct seen s = {.fails_at = 2};
    int result = 0;
    (void)state;
    cluster_has("refused", 1);
    cluster_holds("refused", 0, "a", 0);
    cluster_holds("refused", 0, "b", 0);
    assert_int_equal(status_follow_open(&f, config, "refused", 1, beginning, words), 0);
    const int64_t patience = clock_monotonic_ms() + PATIENCE_MS;
    while (result == 0 && clock_monotonic_ms() < patience)
        result = status_follow_read(&f, 100, STEP_MS, see, &s, words);
    assert_int_equal(result, -7);
    assert_int_equal(f.parts[0].position, 1);
    status_follow_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, cluster_set_up, cluster_tear_down);
}
