/* How many records may be read: what is in hand, what waits behind an earlier one of its key, and
 * what a pause lets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/posting.h"

enum {
    REDIS = 1 << PAUSE_REDIS,
    KAFKA = 1 << PAUSE_KAFKA,
    PRIMA = 1 << PAUSE_PRIMA,
    DENIED = 1 << PAUSE_DENIED,
    REGISTRY = 1 << PAUSE_REGISTRY,
    SURGE = 1 << PAUSE_SURGE
};

static struct posting posting;
static struct worker worker = {.posting = &posting};

static void test_room(void **state)
{
    static const struct {
        const char *name;
        struct window window;
        size_t items, lanes, failed; /* in lanes; keys that have failed of an open breaker */
        unsigned pauses;
        size_t room;
    } rows[] = {
        {"nothing in hand: half as many again as may be under way", .room = 12},
        {"some in hand", {.buffered = 5, .unsettled = 5}, .room = 7},
        {"one more", {.buffered = 11, .unsettled = 11}, .room = 1},
        {"as many", {.buffered = 12, .unsettled = 12}, .room = 0},
        {"the rest has settled", {.buffered = 15, .unsettled = 2}, .room = 5},
        {"all that may be kept", {.buffered = 20}, .room = 0},
        {"bytes, just below", {.buffered = 1, .bytes = (64 << 20) - 1}, .room = 12},
        {"bytes", {.buffered = 1, .bytes = 64 << 20}, .room = 0},
        {"three wait for an earlier one of their key", .items = 10, .lanes = 7, .room = 15},
        {"... and hold back what settles behind them",
         {.buffered = 50, .unsettled = 2},
         .items = 10,
         .lanes = 7,
         .room = 6},
        {"a hot key: not without bound",
         {.buffered = 50, .unsettled = 30},
         .items = 101,
         .lanes = 1,
         .room = 10},
        {"... of those that are under way",
         {.buffered = 44, .unsettled = 44},
         .items = 101,
         .lanes = 1,
         .room = 0},
        {"... of what is kept",
         {.buffered = 60, .unsettled = 1},
         .items = 101,
         .lanes = 1,
         .room = 0},
        {"Redis is away", .pauses = REDIS, .room = 0},
        {"Kafka is away", .pauses = KAFKA, .room = 0},
        {"a surge: nobody probes", .pauses = SURGE, .room = 0},
        {"... also while Prima is away", .pauses = SURGE | PRIMA, .room = 0},
        {"Prima is away: a first one is let in", .pauses = PRIMA, .room = 12},
        {"... and no more",
         {.buffered = 1, .unsettled = 1},
         .items = 1,
         .lanes = 1,
         .pauses = PRIMA,
         .room = 0},
        {"... of which it is not known whose it is",
         {.buffered = 1, .unsettled = 1},
         .pauses = PRIMA,
         .room = 0},
        {"... one more when all of them have failed",
         {.buffered = 2, .unsettled = 2},
         .items = 2,
         .lanes = 2,
         .failed = 2,
         .pauses = PRIMA,
         .room = 10},
        {"... and not when one has not",
         {.buffered = 2, .unsettled = 2},
         .items = 2,
         .lanes = 2,
         .failed = 1,
         .pauses = PRIMA,
         .room = 0},
        {"... and one is not in its lane yet: it may be another key's",
         {.buffered = 3, .unsettled = 3},
         .items = 2,
         .lanes = 2,
         .failed = 2,
         .pauses = PRIMA,
         .room = 0},
        {"denied: as when it is away",
         {.buffered = 1, .unsettled = 1},
         .items = 1,
         .lanes = 1,
         .failed = 1,
         .pauses = DENIED,
         .room = 11},
        {"the registry is away: a first one asks it", .pauses = REGISTRY, .room = 12},
        {"... alone", {.buffered = 1}, .pauses = REGISTRY, .room = 0},
        {"both are", .pauses = REGISTRY | PRIMA, .room = 12},
        {"Redis, too", .pauses = REGISTRY | REDIS, .room = 0},
        {"Kafka, too", .pauses = PRIMA | KAFKA, .room = 0},
        {"full, whatever is away", {.buffered = 20}, .pauses = PRIMA, .room = 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        posting =
            (struct posting){.in_flight_max = 8,
                             .buffered_max = 20,
                             .window = rows[i].window,
                             .lanes = {.items = rows[i].items, .table.count = rows[i].lanes},
                             .breaker.gates[0] = {.is_open = true, .failed_count = rows[i].failed}};
        worker.host.pauses.bits = rows[i].pauses;
        if (window_room(&worker) != rows[i].room)
            fail_msg("%s: %zu", rows[i].name, window_room(&worker));
    }
}

static void test_counts(void **state)
{
    struct window w = {0};
    (void)state;
    window_fetched(&w, 10);
    window_fetched(&w, 20);
    assert_true(w.buffered == 2 && w.unsettled == 2 && w.bytes == 30);
    window_settled(&w);
    assert_true(w.buffered == 2 && w.unsettled == 1 && w.bytes == 30);
    window_let_go(&w, 10, true);
    assert_true(w.buffered == 1 && w.unsettled == 1 && w.bytes == 20);
    window_let_go(&w, 20, false);
    assert_true(w.buffered == 0 && w.unsettled == 0 && w.bytes == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_room), cmocka_unit_test(test_counts)};
    return cmocka_run_group_tests_name("posting: how much is read", tests, NULL, NULL);
}
