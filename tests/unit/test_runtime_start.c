/* Where a partition is begun to be read, row by row; and what start.vanished makes of what is
 * gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka/kafka.h"
#include "stream/past.h"
#include "stream/start.h"

static void test_decisions(void **state)
{
    static const struct {
        const char *name;
        struct start_facts facts;
        struct start start;
    } rows[] = {
        {"as always",
         {.is_input = true,
          .committed = 7,
          .high = 9,
          .remembered = 5,
          .noted = 0,
          .is_begun = true,
          .lived = true},
         {START_GOES_ON, .offset = 7}},
        {"at its very end, all deleted",
         {.is_input = true, .committed = 9, .low = 9, .high = 9, .remembered = 9, .noted = 0},
         {START_GOES_ON, .offset = 9}},
        {"a first start",
         {.is_input = true, .committed = -1, .high = 9, .remembered = -1, .noted = -1},
         {START_FIRST, .offset = -1}},
        {"a first start of a retry topic",
         {.committed = -1, .low = 2, .high = 9, .remembered = -1, .noted = -1},
         {START_FIRST, .offset = 2}},
        {"... of a renamed group: another one has ended some of it",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = -1,
          .has_endings = true},
         {START_FIRST, .offset = -1, .ground = 9}},
        {"... and of its retry topics",
         {.committed = -1, .low = 2, .high = 9, .remembered = -1, .noted = -1, .has_endings = true},
         {START_FIRST, .offset = 2, .ground = 9}},
        {"... killed before its first commit",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = 4,
          .is_begun = true,
          .lived = true,
          .has_endings = true},
         {START_NOTED, .offset = 4, .ground = 9}},
        {"killed before its first commit",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = 4,
          .is_begun = true,
          .lived = true},
         {START_NOTED, .offset = 4}},
        {"... and what it noted is gone",
         {.is_input = true,
          .committed = -1,
          .low = 6,
          .high = 9,
          .remembered = -1,
          .noted = 4,
          .is_begun = true},
         {START_NOTED, .offset = 6}},
        {"nothing was ever read, then the group was deleted",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = 4,
          .noted = 4,
          .is_begun = true,
          .lived = true},
         {START_NOTED, .offset = 4}},
        {"a partition was added",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = -1,
          .is_begun = true,
          .lived = true},
         {START_NEW, .offset = 0}},
        {"a partition was added to an old group",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = -1,
          .has_siblings = true,
          .lived = true},
         {START_NEW, .offset = 0}},
        {"a retry topic was added",
         {.committed = -1,
          .low = 1,
          .high = 9,
          .remembered = -1,
          .noted = -1,
          .is_begun = true,
          .lived = true},
         {START_NEW, .offset = 1, .ground = 9}},
        {"the group was deleted",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = 7,
          .noted = 0,
          .is_begun = true,
          .lived = true},
         {START_VANISHED, .offset = -1, .ground = 9, .asks = true}},
        {"the group was deleted, and nobody had noted a thing",
         {.is_input = true,
          .committed = -1,
          .high = 9,
          .remembered = -1,
          .noted = -1,
          .lived = true},
         {START_VANISHED, .offset = -1, .ground = 9, .asks = true}},
        {"the group was deleted; its retry topic",
         {.committed = -1, .low = 3, .high = 9, .remembered = 7, .noted = -1, .lived = true},
         {START_VANISHED, .offset = 3, .ground = 9}},
        {"set back",
         {.is_input = true, .committed = 2, .high = 9, .remembered = 7, .noted = 0},
         {START_AGAIN, .offset = 2, .ground = 7}},
        {"set back in a retry topic",
         {.committed = 2, .high = 9, .remembered = 7, .noted = -1},
         {START_AGAIN, .offset = 2, .ground = 7}},
        {"in the middle of what was read before",
         {.is_input = true, .committed = 4, .high = 12, .remembered = 4, .ground = 9, .noted = 0},
         {START_AGAIN, .offset = 4, .ground = 9}},
        {"set back to what is not there any more: no unread records are missing",
         {.is_input = true, .committed = 0, .low = 4, .high = 9, .remembered = 7, .noted = 0},
         {START_AGAIN, .offset = 4, .ground = 7}},
        {"set back, of a topic that was made anew",
         {.is_input = true, .committed = 2, .high = 5, .remembered = 70, .noted = 0},
         {START_AGAIN, .offset = 2, .ground = 5}},
        {"deleted before it was read",
         {.is_input = true, .committed = 4, .low = 6, .high = 9, .remembered = 4, .noted = 0},
         {START_DELETED, .offset = -1, .missing = 2, .asks = true}},
        {"one offset: of the input it may be an order",
         {.is_input = true, .committed = 4, .low = 5, .high = 5, .remembered = 4, .noted = 0},
         {START_DELETED, .offset = -1, .missing = 1, .asks = true}},
        {"... of our own topics it is the mark of a transaction",
         {.committed = 4, .low = 5, .high = 5, .remembered = 4, .noted = -1},
         {START_PASSES_MARKER, .offset = 5}},
        {"... or not, with more behind it",
         {.committed = 4, .low = 5, .high = 6, .remembered = 4, .noted = -1},
         {START_DELETED, .offset = 5, .missing = 1}},
        {"forwards were deleted",
         {.committed = 4, .low = 9, .high = 9, .remembered = -1, .noted = -1},
         {START_DELETED, .offset = 9, .missing = 5}},
        {"beyond the end",
         {.is_input = true, .committed = 40, .low = 0, .high = 5, .remembered = 40, .noted = 0},
         {START_BEYOND, .offset = -1, .ground = 5, .asks = true}},
        {"beyond the end of a retry topic",
         {.committed = 40, .low = 1, .high = 5, .remembered = 40, .noted = -1},
         {START_BEYOND, .offset = 1, .ground = 5}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct start got = start_decide(&rows[i].facts), *want = &rows[i].start;
        if (got.kind != want->kind || got.offset != want->offset || got.ground != want->ground ||
            got.missing != want->missing || got.asks != want->asks)
            fail_msg("%s: kind %d, offset %lld, ground %lld, missing %lld, asks %d", rows[i].name,
                     (int)got.kind, (long long)got.offset, (long long)got.ground,
                     (long long)got.missing, got.asks);
    }
}

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        struct start_facts facts;
        int64_t answer, offset;
    } rows[] = {
        {"vanished, beginning",
         {.committed = -1, .low = 2, .high = 9, .remembered = 7},
         KAFKA_START_BEGINNING,
         2},
        {"vanished, end",
         {.committed = -1, .low = 2, .high = 9, .remembered = 7},
         KAFKA_START_END,
         9},
        {"vanished, remembered",
         {.committed = -1, .low = 2, .high = 9, .remembered = 7},
         START_REMEMBERED,
         7},
        {"vanished, remembered, deleted since",
         {.committed = -1, .low = 8, .high = 9, .remembered = 7},
         START_REMEMBERED,
         8},
        {"vanished, remembered of a topic that was made anew",
         {.committed = -1, .low = 0, .high = 3, .remembered = 7},
         START_REMEMBERED,
         3},
        {"vanished, remembered, and nothing is",
         {.committed = -1, .low = 2, .high = 9, .remembered = -1},
         START_REMEMBERED,
         2},
        {"a time", {.committed = -1, .low = 2, .high = 9, .remembered = 7}, 1700000000000, -1},
    };
    static const struct start vanished = {.kind = START_VANISHED},
                              deleted = {.kind = START_DELETED};
    static const struct start_facts gone = {
        .is_input = true, .committed = 4, .low = 6, .high = 9, .remembered = 4};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (start_answer(&vanished, &rows[i].facts, rows[i].answer) != rows[i].offset)
            fail_msg("%s: %lld", rows[i].name,
                     (long long)start_answer(&vanished, &rows[i].facts, rows[i].answer));
    assert_int_equal(start_answer(&deleted, &gone, START_REMEMBERED), 6);
    assert_int_equal(start_answer(&deleted, &gone, KAFKA_START_BEGINNING), 6);
    assert_int_equal(start_answer(&deleted, &gone, KAFKA_START_END), 9);
}

static void test_words(void **state)
{
    const struct start_facts facts = {
        .is_input = true, .committed = 17, .low = 42, .high = 50, .remembered = 20};
    const struct start start = start_decide(&facts);
    char text[300];
    (void)state;
    (void)start_describe(&start, &facts, "orders.raw", 2, text, sizeof text);
    assert_non_null(strstr(text, "orders.raw/2"));
    assert_non_null(
        strstr(text, "22 offsets are missing")); /* 20 was read, 42 is the first that is there */
}

/* A worker that began with a retry topic alone has left a position there: the input was not read. */
static void test_what_was_read(void **state)
{
    struct past_position positions[] = {{.place = {"orders.raw.retry.1s", 0, 0}},
                                        {.place = {"orders.raw", 3, 7}}};
    const struct past both = {.positions = positions, .count = 2},
                      retry = {.positions = positions, .count = 1};
    (void)state;
    assert_true(past_has_read(&both, "orders.raw"));
    assert_false(past_has_read(&retry, "orders.raw"));
    assert_true(past_has_read(&retry, "orders.raw.retry.1s"));
    assert_false(past_has_read(&both, "orders"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions), cmocka_unit_test(test_what_was_read),
        cmocka_unit_test(test_answers), cmocka_unit_test(test_words)};
    return cmocka_run_group_tests_name("runtime: where partitions begin", tests, NULL, NULL);
}
