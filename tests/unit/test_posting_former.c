/* Former versions, read again to name what differs: one client for many, one reading at a time, and
 * nobody waits for long. Behind kafka/lookup.h stands a fake; the pool and the loop are real, the clock
 * is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "kafka/lookup.h"
#include "kafka/headers.h"
#include "posting/former.h"
#include "posting/posting.h"

enum { ASKED_MAX = 400 };

static struct posting posting;
static struct worker worker;
static atomic_int_fast64_t now_ms;

/* what the fake does */
static int read_ms, result_of_reading;
static atomic_int opened, closed, readings, under_way;
static atomic_int_fast64_t spread; /* of the offsets of one partition in one reading, at most */
static uv_mutex_t gate;            /* held while a test asks: no reading ends meanwhile */

/* what was answered, in order */
static struct {
    int asked;
    enum former_how how;
    char value[8], why[120];
} answers[ASKED_MAX];
static size_t answer_count;

int64_t __wrap_clock_monotonic_ms(void);
int __wrap_kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                            char ret_message[static KAFKA_TEXT_MAX]);
int __wrap_kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[],
                             size_t count, int64_t patience_ms,
                             void (*seen)(void *user, const struct kafka_record *record),
                             void *user, char ret_message[static KAFKA_TEXT_MAX]);
void __wrap_kafka_lookup_free(struct kafka_lookup *lookup);

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

int __wrap_kafka_lookup_new(const struct config *config, struct kafka_lookup **ret_lookup,
                            char ret_message[static KAFKA_TEXT_MAX])
{
    (void)config, (void)ret_message;
    *ret_lookup = malloc(1);
    opened++;
    return 0;
}

/* Records of offset 6 were edited; records of 8 have the key "other", those of 9 are gone, all others "k". */
int __wrap_kafka_lookup_read(struct kafka_lookup *lookup, const struct kafka_place places[],
                             size_t count, int64_t patience_ms,
                             void (*seen)(void *user, const struct kafka_record *record),
                             void *user, char ret_message[static KAFKA_TEXT_MAX])
{
    assert_non_null(lookup);
    assert_int_equal(patience_ms, FORMER_READ_MS);
    assert_int_equal(under_way++, 0);
    readings++;
    uv_mutex_lock(&gate);
    now_ms += read_ms;
    uv_mutex_unlock(&gate);
    for (size_t i = 0; i < count && result_of_reading == 0; i++) {
        bool was_shown = false;
        for (size_t k = 0; k < i; k++) {
            const int64_t apart = places[i].offset - places[k].offset;
            spread = apart > spread ? apart : spread;
            was_shown |= apart == 0;
        }
        const bool is_other = places[i].offset == 8;
        struct kafka_header edit = {HEADER_OVERLAY, "[]", 2};
        if (places[i].offset != 9 && !was_shown)
            seen(user, &(struct kafka_record){.topic = places[i].topic,
                                              .partition = places[i].partition,
                                              .offset = places[i].offset,
                                              .key = is_other ? "other" : "k",
                                              .key_size = is_other ? 5 : 1,
                                              .headers = &edit,
                                              .header_count = places[i].offset == 6,
                                              .value = "v",
                                              .value_size = 1});
    }
    if (result_of_reading != 0)
        (void)snprintf(ret_message, KAFKA_TEXT_MAX, "as Kafka says");
    under_way--;
    return result_of_reading;
}

void __wrap_kafka_lookup_free(struct kafka_lookup *lookup)
{
    closed += lookup != NULL;
    free(lookup);
}

static void on_answer(void *user, enum former_how how, const struct former_version *version,
                      const char *why)
{
    answers[answer_count].asked = *(const int *)user;
    answers[answer_count].how = how;
    answers[answer_count].value[0] = '\0';
    if (version != NULL)
        (void)snprintf(answers[answer_count].value, sizeof answers->value, "%.*s%.*s",
                       (int)version->size, (const char *)version->value, (int)version->overlay.size,
                       version->overlay.text != NULL ? version->overlay.text : "");
    (void)snprintf(answers[answer_count++].why, sizeof answers->why, "%s", why);
}

static int numbers[ASKED_MAX];

static void ask(int number, const char *delivery)
{
    numbers[number] = number;
    former_read(&worker, delivery, "k", 1, on_answer, &numbers[number]);
}

/* Places so many offsets from one to the next. */
static void ask_all(int count, int step)
{
    char delivery[60];
    uv_mutex_lock(&gate);
    for (int i = 0; i < count; i++) {
        (void)snprintf(delivery, sizeof delivery, "orders.raw/0/%d", 10 + i * step);
        ask(i, delivery);
    }
    uv_mutex_unlock(&gate);
}

static void run_until(size_t count)
{
    while (answer_count < count)
        (void)uv_run(&worker.host.loop, UV_RUN_ONCE);
}

static int set_up(void **state)
{
    (void)state;
    posting = (struct posting){.in_flight_max = 1};
    worker = (struct worker){.posting = &posting};
    now_ms = 1000000;
    read_ms = 1;
    result_of_reading = 0;
    opened = closed = readings = 0;
    spread = 0;
    answer_count = 0;
    assert_int_equal(uv_mutex_init(&gate), 0);
    assert_int_equal(uv_loop_init(&worker.host.loop), 0);
    timers_init(&worker.host.timers, &worker.host.loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    former_release(&worker);
    assert_int_equal(opened, closed);
    timers_release(&worker.host.timers);
    uv_mutex_destroy(&gate);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.host.loop);
}

static void test_answers(void **state)
{
    static const struct {
        const char *delivery;
        int result;
        enum former_how how;
        const char *value, *why;
    } rows[] = {
        {"orders.raw/0/7", 0, FORMER_READ, "v", ""},
        {"orders.raw/0/6", 0, FORMER_READ, "v[]", ""},
        {"orders.raw/0/8", 0, FORMER_GONE, "", "The version that was posted is no longer in"},
        {"orders.raw/0/9", 0, FORMER_GONE, "", "The version that was posted is no longer in"},
        {"orders.raw/0/7", -EIO, FORMER_AWAY, "", "as Kafka says"},
        {"orders.raw/0/7", -EACCES, FORMER_REFUSED, "", "as Kafka says"},
        {"", 0, FORMER_GONE, "", "Where the posted version came from is not known."},
        {"orders.raw/0/7/x", 0, FORMER_GONE, "", "Where the posted version came from"},
        {"orders.raw/-1/7", 0, FORMER_GONE, "", "Where the posted version came from"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        answer_count = 0;
        result_of_reading = rows[i].result;
        ask(0, rows[i].delivery);
        run_until(1);
        assert_int_equal(answers[0].how, rows[i].how);
        assert_string_equal(answers[0].value, rows[i].value);
        if (strncmp(answers[0].why, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("%s: %s", rows[i].delivery, answers[0].why);
    }
}

static void test_one_client_for_many(void **state)
{
    (void)state;
    ask_all(100, 1);
    run_until(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(answers[i].how, FORMER_READ);
    assert_int_equal(opened, 1);
    assert_int_equal(readings, 3); /* the first alone, 64, the others */
    result_of_reading = -EIO;      /* one that failed is not used again */
    ask(0, "orders.raw/0/7");
    run_until(101);
    assert_int_equal(closed, 1);
    result_of_reading = 0;
    ask(0, "orders.raw/0/7");
    run_until(102);
    assert_int_equal(opened, 2);
}

/* Several versions of one order. */
static void test_one_place_for_many(void **state)
{
    (void)state;
    ask_all(20, 0);
    run_until(20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(answers[i].how, FORMER_READ);
}

/* Far apart in their partition they are not read through to in one go. */
static void test_far_apart(void **state)
{
    (void)state;
    ask_all(40, FORMER_SPREAD / 4);
    run_until(40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(answers[i].how, FORMER_READ);
    assert_in_range(readings, 10, 40);
    assert_in_range(spread, FORMER_SPREAD / 4, FORMER_SPREAD - 1);
}

/* As time passes in the worker. */
static void pass(int64_t ms)
{
    now_ms += ms;
    while (worker.host.timers.count > 0 && worker.host.timers.heap[1]->at_ms <= now_ms) {
        struct timer *timer = worker.host.timers.heap[1];
        timers_cancel(&worker.host.timers, timer);
        timer->fire(timer->owner);
    }
}

static void test_an_idle_client_is_closed(void **state)
{
    (void)state;
    ask(0, "orders.raw/0/7");
    run_until(1);
    pass(FORMER_IDLE_MS / 2);
    ask(1, "orders.raw/0/7"); /* its time begins anew */
    run_until(2);
    pass(FORMER_IDLE_MS - 1);
    assert_int_equal(closed, 0);
    pass(1);
    ask(2, "orders.raw/0/7"); /* while it is closed */
    run_until(3);
    assert_int_equal(answers[2].how, FORMER_READ);
    assert_int_equal(opened, 2);
    assert_int_equal(closed, 1);
}

/* 400 at once, and each reading takes 200 ms: they are named for as long as they may wait, and the
 * others go on at once. */
static void test_a_storm(void **state)
{
    enum { EACH_MS = 200, READINGS = FORMER_WAIT_MS / EACH_MS + 1 };
    const int64_t begun = now_ms;
    (void)state;
    read_ms = EACH_MS;
    ask_all(ASKED_MAX, 1);
    run_until(ASKED_MAX);
    assert_int_equal(readings, READINGS);
    assert_true(now_ms - begun <= FORMER_WAIT_MS + EACH_MS);
    size_t named = 0;
    for (size_t i = 0; i < ASKED_MAX; i++) {
        named += answers[i].how == FORMER_READ;
        if (answers[i].how != FORMER_READ)
            assert_non_null(strstr(answers[i].why, "Too many orders were amended at once"));
    }
    assert_int_equal(named, 1 + (READINGS - 1) * FORMER_BATCH_MAX);
    answer_count = 0; /* and it is over */
    ask(0, "orders.raw/0/7");
    run_until(1);
    assert_int_equal(answers[0].how, FORMER_READ);
}

/* Kafka is silent: who was first waits for it, nobody waits behind that one. */
static void test_silence(void **state)
{
    (void)state;
    read_ms = FORMER_READ_MS;
    result_of_reading = -EIO;
    ask_all(100, 1);
    run_until(100);
    assert_int_equal(readings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_client_for_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_place_for_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_far_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_idle_client_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_storm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("posting.former", tests, NULL, NULL);
}
