/* Reads until their ends: what is complete, and what ends the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "read_stage.h"

static struct stage_place place = {.offset = 0, .now_ms = 1000, .partition = 3};

static struct stock_event event_of(enum stock_kind kind, const char *id, int64_t token,
                                   int64_t began_at)
{
    return (struct stock_event){.kind = kind,
                                .company = "ACME",
                                .snapshot = id,
                                .token = token,
                                .began_at = began_at,
                                .partition = 3,
                                .available = 7};
}

static struct stage_news row(struct read_stage *stage, const char *id, int64_t token,
                             int64_t began_at)
{
    struct stage_news news;
    const struct stock_event event = event_of(STOCK_ROW, id, token, began_at);
    place.offset++;
    read_stage_row(stage, &event, "MUG", 1, 1, &place, &news);
    return news;
}

static struct stage_news end_of(struct read_stage *stage, const char *id, int64_t token,
                                int64_t began_at, int64_t count, const struct stock_sum *sum)
{
    struct stage_news news;
    struct stock_event event = event_of(STOCK_END, id, token, began_at);
    event.count = count;
    event.checksum = stock_sum_value(sum);
    place.offset++;
    read_stage_end(stage, &event, &place, &news);
    return news;
}

static struct stock_sum sum_of(int64_t rows)
{
    struct stock_sum sum = {0};
    for (int64_t i = 0; i < rows; i++)
        stock_sum_add(&sum, "MUG", NULL, 7, NULL);
    return sum;
}

static void expect(struct stage_news *news, size_t at, const char *id, enum snapshot_fault fault)
{
    assert_true(at < news->count);
    assert_string_equal(news->ended[at]->id, id);
    assert_int_equal(news->ended[at]->fault, fault);
    staged_read_free(news->ended[at]);
}

static void begin(struct read_stage *stage)
{
    *stage = (struct read_stage){.open = NULL};
    place.offset = 0;
}

static void test_complete(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum sum = sum_of(2);
    assert_int_equal(read_stage_first_offset(&stage), -1);
    assert_int_equal(row(&stage, "a", 1, 10).count, 0);
    assert_int_equal(row(&stage, "a", 1, 10).count, 0);
    assert_int_equal(read_stage_first_offset(&stage), 1);
    assert_int_equal(read_stage_rows(&stage), 2);
    struct stage_news news = end_of(&stage, "a", 1, 10, 2, &sum);
    assert_int_equal(news.count, 1);
    assert_int_equal(news.ended[0]->count, 2);
    assert_int_equal(news.ended[0]->end_offset, 3);
    expect(&news, 0, "a", SNAPSHOT_FAULT_NONE);
    assert_int_equal(read_stage_first_offset(&stage), -1);
    read_stage_release(&stage);
}

/* A read that has nothing in this partition. */
static void test_none(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum sum = sum_of(0);
    struct stage_news news = end_of(&stage, "a", 1, 10, 0, &sum);
    expect(&news, 0, "a", SNAPSHOT_FAULT_NONE);
    read_stage_release(&stage);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t rows, told, summed;
        int32_t partition;
        enum snapshot_fault fault;
    } cases[] = {
        {"all", 3, 3, 3, 3, SNAPSHOT_FAULT_NONE},
        {"a row less", 2, 3, 3, 3, SNAPSHOT_FAULT_COUNT},
        {"a row more", 4, 3, 3, 3, SNAPSHOT_FAULT_COUNT},
        {"other rows", 3, 3, 2, 3, SNAPSHOT_FAULT_CHECKSUM},
        {"another partition's end", 3, 3, 3, 4, SNAPSHOT_FAULT_COUNT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  %s\n", cases[i].name);
        struct read_stage stage;
        begin(&stage);
        for (int64_t r = 0; r < cases[i].rows; r++)
            (void)row(&stage, "a", 1, 10);
        const struct stock_sum sum = sum_of(cases[i].summed);
        struct stock_event event = event_of(STOCK_END, "a", 1, 10);
        event.count = cases[i].told;
        event.checksum = stock_sum_value(&sum);
        event.partition = cases[i].partition;
        struct stage_news news;
        read_stage_end(&stage, &event, &place, &news);
        expect(&news, 0, "a", cases[i].fault);
        read_stage_release(&stage);
    }
}

/* Rows that are dead letters of their own are counted, the others apply. */
static void test_malformed(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum sum = sum_of(2);
    (void)row(&stage, "a", 1, 10);
    read_stage_malformed(&stage, "ACME", 4);
    read_stage_malformed(&stage, "ACM", 3);
    read_stage_malformed(&stage, "BOLT", 4);
    struct stage_news news = end_of(&stage, "a", 1, 10, 2, &sum);
    assert_int_equal(news.ended[0]->malformed, 1);
    assert_int_equal(news.ended[0]->count, 1);
    expect(&news, 0, "a", SNAPSHOT_FAULT_NONE);
    (void)row(&stage, "b", 1, 20);
    read_stage_malformed(&stage, "ACME", 4);
    news = end_of(&stage, "b", 1, 20, 1, &sum);
    expect(&news, 0, "b", SNAPSHOT_FAULT_COUNT);
    read_stage_release(&stage);
}

static void test_superseded(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t token, began_at;
        bool newer_wins;
    } cases[] = {
        {"a newer poller", 2, 5, true},
        {"the same poller, later", 1, 11, true},
        {"the same poller, earlier", 1, 9, false},
        {"a ghost", 0, 99, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  %s\n", cases[i].name);
        struct read_stage stage;
        begin(&stage);
        const struct stock_sum one = sum_of(1), two = sum_of(2);
        (void)row(&stage, "a", 1, 10);
        struct stage_news news = row(&stage, "b", cases[i].token, cases[i].began_at);
        assert_int_equal(news.count, 1);
        expect(&news, 0, cases[i].newer_wins ? "a" : "b", SNAPSHOT_FAULT_SUPERSEDED);
        /* what comes of it afterwards is told no more */
        assert_int_equal(row(&stage, cases[i].newer_wins ? "a" : "b",
                             cases[i].newer_wins ? 1 : cases[i].token,
                             cases[i].newer_wins ? 10 : cases[i].began_at)
                             .count,
                         0);
        if (cases[i].newer_wins) {
            assert_int_equal(end_of(&stage, "a", 1, 10, 2, &two).count, 0);
            news = end_of(&stage, "b", cases[i].token, cases[i].began_at, 1, &one);
            expect(&news, 0, "b", SNAPSHOT_FAULT_NONE);
        } else {
            news = end_of(&stage, "a", 1, 10, 1, &one);
            expect(&news, 0, "a", SNAPSHOT_FAULT_NONE);
        }
        read_stage_release(&stage);
    }
}

/* A poller that was replaced says nothing any more, not even after the newer one's read, and not
 * after a restart. */
static void test_fenced(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum one = sum_of(1);
    read_stage_heard(&stage, "ACME", 5);
    struct stage_news news = row(&stage, "ghost", 4, 99);
    expect(&news, 0, "ghost", SNAPSHOT_FAULT_SUPERSEDED);
    assert_int_equal(end_of(&stage, "ghost", 4, 99, 1, &one).count, 0);
    assert_int_equal(row(&stage, "own", 5, 10).count, 0);
    news = end_of(&stage, "own", 5, 10, 1, &one);
    expect(&news, 0, "own", SNAPSHOT_FAULT_NONE);
    read_stage_release(&stage);
}

static void test_timeout(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum one = sum_of(1);
    (void)row(&stage, "a", 1, 10);
    assert_null(read_stage_expired(&stage, place.now_ms + 500, 500));
    struct staged_read *read = read_stage_expired(&stage, place.now_ms + 501, 500);
    assert_non_null(read);
    assert_int_equal(read->fault, SNAPSHOT_FAULT_TIMEOUT);
    assert_false(read->has_told);
    staged_read_free(read);
    assert_int_equal(read_stage_first_offset(&stage), -1);
    /* its end, late: it counts no more */
    assert_int_equal(end_of(&stage, "a", 1, 10, 1, &one).count, 0);
    read_stage_release(&stage);
}

/* Another company's read goes on beside it. */
static void test_companies(void **state)
{
    (void)state;
    struct read_stage stage;
    begin(&stage);
    const struct stock_sum one = sum_of(1);
    struct stage_news news;
    struct stock_event event = event_of(STOCK_ROW, "b", 9, 99);
    event.company = "BOLT";
    (void)row(&stage, "a", 1, 10);
    read_stage_row(&stage, &event, "MUG", 2, 2, &place, &news);
    assert_int_equal(news.count, 0);
    news = end_of(&stage, "a", 1, 10, 1, &one);
    expect(&news, 0, "a", SNAPSHOT_FAULT_NONE);
    assert_true(read_stage_first_offset(&stage) > 0);
    read_stage_release(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),   cmocka_unit_test(test_none),
        cmocka_unit_test(test_faults),     cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_superseded), cmocka_unit_test(test_fenced),
        cmocka_unit_test(test_timeout),    cmocka_unit_test(test_companies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
