/* Who goes to Prima next under a limit, and who waits for what another record finds out: with
 * records of the test's own, its own clock, and what Redis would say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/posting.h"

enum { RECORDS = 10, BEGINNING_MS = 1000000 };

static struct stream stream;
static struct posting posting;
static struct worker worker;
static struct partition partitions[2];
static struct record records[RECORDS];
static int64_t now_ms;
static bool has_room;
static char went[100]; /* letters of those that went, in order */

static struct {
    size_t count, wanted;
    redis_done done;
    void *user;
} questions;

int64_t __wrap_clock_monotonic_ms(void);
bool __wrap_send_queue_has_room(const struct worker *w);
void __wrap_keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user);

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

bool __wrap_send_queue_has_room(const struct worker *w)
{
    (void)w;
    return has_room;
}

void __wrap_keys_permit(struct keyspace *ks, size_t wanted, redis_done done, void *user)
{
    (void)ks;
    questions.count++;
    questions.wanted = wanted;
    questions.done = done;
    questions.user = user;
}

static int set_up(void **state)
{
    (void)state;
    stream = (struct stream){0};
    posting = (struct posting){.in_flight_max = 8};
    worker = (struct worker){.stream = &stream, .posting = &posting};
    worker.keys.limit_rate = 10;
    ready_init(&worker.posting->ready);
    worker.posting->send_queue.last = &worker.posting->send_queue.first;
    now_ms = BEGINNING_MS;
    has_room = true;
    went[0] = '\0';
    memset(&questions, 0, sizeof questions);
    for (int i = 0; i < RECORDS; i++)
        records[i] = (struct record){.worker = &worker,
                                     .partition = &partitions[i % 2],
                                     .timing.fetched = (uint64_t)i + 1,
                                     .timing.deadline_ms = BEGINNING_MS + 5000};
    partitions[0].going = partitions[1].going = false;
    return uv_loop_init(&worker.host.loop) == 0
               ? (timers_init(&worker.host.timers, &worker.host.loop), 0)
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(worker.posting->permit_line.heap);
    free(worker.posting->findings.list);
    timers_release(&worker.host.timers);
    (void)uv_run(&worker.host.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&worker.host.loop);
}

static void goes(struct record *r)
{
    const char letter[] = {(char)('a' + (r - records)), '\0'};
    (void)snprintf(went + strlen(went), sizeof went - strlen(went), "%s", letter);
    permit_line_use(r);
}

static void enter(const char *letters, bool writes)
{
    for (; *letters != '\0'; letters++)
        permit_line_enter(&records[*letters - 'a'], writes, goes);
}

/* Redis gives what was asked for: `count` permits from now + first_ms on. */
static void answer(size_t count, int64_t first_ms, int64_t each_ms)
{
    const struct redis_reply reply = {.count = 4,
                                      .items = {{"go", 2, 0},
                                                {NULL, 0, (int64_t)count},
                                                {NULL, 0, first_ms * 1000},
                                                {NULL, 0, each_ms * 1000}}};
    questions.done(questions.user, &reply);
}

static void serve_for(int64_t ms)
{
    for (const int64_t until = now_ms + ms; now_ms < until; now_ms++)
        permit_line_serve(&worker);
}

/* ---- the line ---- */

static void test_who_was_fetched_first_goes_first(void **state)
{
    (void)state;
    enter("eidg", true);
    permit_line_serve(&worker);
    assert_int_equal(questions.count, 1);
    assert_int_equal(questions.wanted, 4);
    answer(4, 0, 100);
    serve_for(150);
    assert_string_equal(went, "de");
    enter("b", false); /* fetched before them: its second request is before their first */
    serve_for(100);
    assert_string_equal(went, "deb");
    serve_for(200);
    assert_string_equal(went, "debg");
    assert_int_equal(records[3].held, 0);
}

/* However often the loop turns, Redis is asked once, and again shortly before the last permit is
 * due. */
static void test_redis_is_not_asked_in_vain(void **state)
{
    (void)state;
    enter("abcdefgh", true);
    serve_for(500);
    assert_int_equal(questions.count, 1);
    answer(2, 1000, 1000);
    serve_for(1900);
    assert_string_equal(went, "a");
    assert_int_equal(questions.count, 1);
    serve_for(200);
    assert_string_equal(went, "ab");
    assert_int_equal(questions.count, 2);
    assert_int_equal(questions.wanted,
                     6); /* of the seven that wait then, one has its permit in hand */
}

static void test_nobody_waits_nobody_asks(void **state)
{
    (void)state;
    serve_for(100);
    enter("a", true);
    serve_for(1);
    answer(1, 0, 100);
    serve_for(1000);
    assert_string_equal(went, "a");
    assert_int_equal(questions.count, 1);
}

/* A write takes no permit before it may have a connection; who stands behind it does not
 * overtake. */
static void test_a_write_needs_room(void **state)
{
    (void)state;
    has_room = false;
    enter("a", true);
    enter("b", false);
    serve_for(50);
    assert_int_equal(questions.count, 0);
    has_room = true;
    serve_for(1);
    answer(2, 0, 10);
    has_room = false;
    serve_for(50);
    assert_string_equal(went, "");
    has_room = true;
    serve_for(50);
    assert_string_equal(went, "ab");
}

static void test_the_time_in_line_is_not_the_records(void **state)
{
    (void)state;
    enter("a", true);
    serve_for(1);
    answer(1, 7000, 100);
    serve_for(7100);
    assert_string_equal(went, "a");
    assert_in_range(records[0].timing.deadline_ms, BEGINNING_MS + 5000 + 6990,
                    BEGINNING_MS + 5000 + 7010);
}

static void test_a_pause(void **state)
{
    const struct redis_reply wait = {.count = 2, .items = {{"wait", 4, 0}, {NULL, 0, 3000}}};
    (void)state;
    enter("ab", true);
    serve_for(1);
    questions.done(questions.user, &wait);
    serve_for(2900);
    assert_int_equal(questions.count, 1);
    serve_for(200);
    assert_int_equal(questions.count, 2);
    answer(2, 0, 10);
    permit_line_hold(&worker, 500); /* Prima said it to another request of this process */
    serve_for(400);
    assert_string_equal(went, "");
    serve_for(200);
    assert_string_equal(went, "ab");
}

static void keeps(struct record *r)
{
    (void)r;
}

static void test_given_back(void **state)
{
    (void)state;
    permit_line_enter(&records[0], true, keeps);
    enter("b", true);
    serve_for(1);
    answer(1, 0, 1000);
    serve_for(1);
    assert_true(records[0].permit.is_held);
    assert_false(permit_line_is_needed(&records[0]));
    permit_line_give_back(&records[0]);
    permit_line_give_back(&records[0]); /* once */
    assert_true(permit_line_is_needed(&records[0]));
    serve_for(2);
    assert_string_equal(went, "b");
}

/* Records of a partition that goes are put aside, those that are dropped leave; the others go
 * on. */
static void test_leaving(void **state)
{
    (void)state;
    enter("abcdef", true);
    serve_for(1);
    permit_line_leave(&records[2]);
    permit_line_leave(&records[2]);
    partitions[1].going = true; /* b, d, f */
    worker.stream->revoke.is_open = true;
    for (int i = 0; i < 4; i++) /* a turn may not see all of them */
        permit_line_serve(&worker);
    assert_int_equal(worker.posting->permit_line.count, 2);
    for (int i = 1; i < 6; i++)
        assert_int_equal(records[i].held, i == 4);
    answer(6, 0, 1);
    serve_for(20);
    assert_string_equal(went, "ae");
}

static void test_no_limit_no_line(void **state)
{
    (void)state;
    worker.keys.limit_rate = 0;
    assert_false(permit_line_is_needed(&records[0]));
    assert_int_equal(permit_line_wait_ms(&records[0]), 0);
}

/* ---- what one finds out for all ---- */

static const uint8_t product[FINDING_TAG_SIZE] = "product", customer[FINDING_TAG_SIZE] = "customer";

static size_t count_ready(void)
{
    size_t count = 0;
    for (const struct record *r = worker.posting->ready.first; r != NULL; r = r->ready.next)
        count++;
    return count;
}

static void run_ready(void)
{
    while (worker.posting->ready.first != NULL) {
        struct record *r = worker.posting->ready.first;
        worker.posting->ready.first = r->ready.next;
        r->ready.is_queued = false;
        r->ready.resume(r);
    }
    ready_init(&worker.posting->ready);
}

static void test_waiting_for_a_finding(void **state)
{
    (void)state;
    findings_begin(&records[0], product);
    findings_begin(&records[0], product);
    findings_begin(&records[1], customer);
    assert_true(findings_is_under_way(&records[2], product));
    assert_false(findings_is_under_way(&records[0], product)); /* not to itself */
    findings_wait(&records[2], 2000, goes);
    findings_wait(&records[3], 2000, goes);
    findings_wait(&records[4], 2000, goes);
    findings_leave(&records[3]);
    timers_cancel(&worker.host.timers, &records[3].ready.timer);
    assert_int_equal(count_ready(), 0);
    findings_end(&records[0]);
    findings_end(&records[0]);
    assert_false(findings_is_under_way(&records[2], product));
    assert_true(findings_is_under_way(&records[2], customer));
    assert_int_equal(count_ready(), 2);
    findings_end(&records[1]); /* who is awake is not woken twice */
    assert_int_equal(count_ready(), 2);
    run_ready();
    assert_int_equal(strlen(went), 2);
    assert_null(worker.posting->findings.waiting);
    assert_int_equal(worker.posting->findings.count, 0);
}

/* Whoever finds it out is dropped: the others look for themselves. */
static void test_a_finder_leaves(void **state)
{
    (void)state;
    findings_begin(&records[0], product);
    findings_wait(&records[1], 2000, goes);
    findings_leave(&records[0]);
    run_ready();
    assert_string_equal(went, "b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_was_fetched_first_goes_first),
        TEST(test_redis_is_not_asked_in_vain),
        TEST(test_nobody_waits_nobody_asks),
        TEST(test_a_write_needs_room),
        TEST(test_the_time_in_line_is_not_the_records),
        TEST(test_a_pause),
        TEST(test_given_back),
        TEST(test_leaving),
        TEST(test_no_limit_no_line),
        TEST(test_waiting_for_a_finding),
        TEST(test_a_finder_leaves),
    };
    return cmocka_run_group_tests_name("the line before the limit", tests, NULL, NULL);
}
