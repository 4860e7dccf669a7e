/* What a record's headers say to us: lineage is believed only where we wrote it. */
#include "test_record_support.h"

#include "base/clock.h"
#include "posting/outputs.h"

/* ---- lineage ---- */

#define TOPIC_OF_159                                                                               \
    "orders.raw.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789."     \
    "0123456789.0123456789.0123456789.0123456789."                                                 \
    "0123456789.0123456789.01234"
_Static_assert(sizeof TOPIC_OF_159 == ENTRY_TOPIC_MAX, "the longest topic that there is room for");

static void test_lineage(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        const char *header, *value, *delivery, *parent;
        int64_t attempts, replays, unknown_since;
        bool resolve_first;
    } rows[] = {
        {"none", TOPIC_INPUT, NULL, NULL, "orders.raw/3/77", "", 0, 0, 0, false},
        {"a stranger's delivery", TOPIC_INPUT, HEADER_DELIVERY, "orders.raw/1/5", "orders.raw/3/77",
         "", 0, 0, 0, false},
        {"a stranger's parent", TOPIC_INPUT, HEADER_PARENT, "orders.raw/1/5", "orders.raw/3/77", "",
         0, 0, 0, false},
        {"a stranger's attempts", TOPIC_INPUT, HEADER_ATTEMPTS, "7", "orders.raw/3/77", "", 0, 0, 0,
         false},
        {"a stranger's replays", TOPIC_INPUT, HEADER_REPLAY_COUNT, "7", "orders.raw/3/77", "", 0, 0,
         0, false},
        {"a stranger's unknown outcome", TOPIC_INPUT, HEADER_UNKNOWN_SINCE, "7", "orders.raw/3/77",
         "", 0, 0, 0, false},
        {"a stranger's wish to be resolved", TOPIC_INPUT, HEADER_RESOLVE_FIRST, "1",
         "orders.raw/3/77", "", 0, 0, 0, false},
        {"a retry keeps its delivery", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5",
         "orders.raw/1/5", "", 0, 0, 0, false},
        {"a delivery to the last character", TOPIC_RETRY, HEADER_DELIVERY,
         TOPIC_OF_159 "/2147483646/9223372036854775806",
         TOPIC_OF_159 "/2147483646/9223372036854775806", "", 0, 0, 0, false},
        {"a delivery of a topic that cannot be ours", TOPIC_RETRY, HEADER_DELIVERY,
         TOPIC_OF_159 "x/1/5", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a retry without one", TOPIC_RETRY, NULL, NULL, "orders.raw.retry.1/3/77", "", 0, 0, 0,
         false},
        {"a delivery without offset", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery with more behind it", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/5/9",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery without topic", TOPIC_RETRY, HEADER_DELIVERY, "/1/5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery that is no text of ours", TOPIC_RETRY, HEADER_DELIVERY, "orders raw",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a redrive's parent", TOPIC_RETRY, HEADER_PARENT, "orders.raw/1/5",
         "orders.raw.retry.1/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"a replay's parent", TOPIC_REPLAY, HEADER_PARENT, "orders.raw/1/5",
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 0, 0, false},
        {"attempts", TOPIC_RETRY, HEADER_ATTEMPTS, "2", "orders.raw.retry.1/3/77", "", 2, 0, 0,
         false},
        {"attempts that are no number", TOPIC_RETRY, HEADER_ATTEMPTS, "2x",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"attempts that are empty", TOPIC_RETRY, HEADER_ATTEMPTS, "", "orders.raw.retry.1/3/77", "",
         0, 0, 0, false},
        {"attempts below nothing", TOPIC_RETRY, HEADER_ATTEMPTS, "-3", "orders.raw.retry.1/3/77",
         "", 0, 0, 0, false},
        {"attempts beyond counting", TOPIC_RETRY, HEADER_ATTEMPTS, "9223372036854775807",
         "orders.raw.retry.1/3/77", "", 1000000000, 0, 0, false},
        {"replays beyond counting reach the limit", TOPIC_REPLAY, HEADER_REPLAY_COUNT,
         "99999999999999999999", "orders.raw.replay/3/77", "", 0, 1000000000, 0, false},
        {"a delivery before the first", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/1/-5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery of no partition", TOPIC_RETRY, HEADER_DELIVERY, "orders.raw/-1/5",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"a delivery behind the last", TOPIC_RETRY, HEADER_DELIVERY,
         "orders.raw/1/9223372036854775807", "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"unknown since long before", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "-7",
         "orders.raw.retry.1/3/77", "", 0, 0, 0, false},
        {"replays", TOPIC_REPLAY, HEADER_REPLAY_COUNT, "3", "orders.raw.replay/3/77", "", 0, 3, 0,
         false},
        {"since when it is unknown", TOPIC_RETRY, HEADER_UNKNOWN_SINCE, "1700000000000",
         "orders.raw.retry.1/3/77", "", 0, 0, 1700000000000, false},
        {"resolve first", TOPIC_RETRY, HEADER_RESOLVE_FIRST, "1", "orders.raw.retry.1/3/77", "", 0,
         0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].header != NULL)
            add_text(&raw, rows[i].header, rows[i].value);
        struct record *r = record_of(&raw);
        if (strcmp(r->lineage.delivery, rows[i].delivery) != 0 ||
            strcmp(r->lineage.parent, rows[i].parent) != 0 ||
            r->lineage.attempts != rows[i].attempts || r->lineage.replays != rows[i].replays ||
            r->heard.unknown_since_ms != rows[i].unknown_since ||
            (r->lineage.resolve_first != RESOLVE_AS_NEEDED) != rows[i].resolve_first)
            fail_msg("%s: delivery %s parent %s attempts %d replays %d resolve first %d",
                     rows[i].name, r->lineage.delivery, r->lineage.parent, (int)r->lineage.attempts,
                     (int)r->lineage.replays, r->lineage.resolve_first);
        record_free(r);
    }
}

/* Headers that a dead letter, or a replay, brings along: which delivery it is, and what it
 * continues. Each has been tried before, and was seen a year ago. */
static void test_replayed(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        const char *mark; /* a header that only a dead letter has, or NULL */
        const char *was, *before;
        const char *delivery, *parent;
        int64_t attempts, replays;
        bool is_old;
    } rows[] = {
        {"a dead letter in the replay topic", TOPIC_REPLAY, HEADER_CODE, "orders.raw/1/5", NULL,
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 3, false},
        {"... by its standard headers alone", TOPIC_REPLAY, HEADER_DLQ_MESSAGE, "orders.raw/1/5",
         NULL, "orders.raw.replay/3/77", "orders.raw/1/5", 0, 3, false},
        {"... that was a redrive itself", TOPIC_REPLAY, HEADER_CODE, "orders.raw.replay/1/5",
         "orders.raw/1/4", "orders.raw.replay/3/77", "orders.raw.replay/1/5", 0, 3, false},
        {"... without any", TOPIC_REPLAY, HEADER_CODE, NULL, NULL, "orders.raw.replay/3/77", "", 0,
         3, false},
        {"a dead letter in a retry topic", TOPIC_RETRY, HEADER_CODE, "orders.raw/1/5", NULL,
         "orders.raw.retry.1/3/77", "orders.raw/1/5", 0, 3, false},
        {"a dead letter in the input topic", TOPIC_INPUT, HEADER_CODE, "orders.raw/1/5",
         "orders.raw/1/4", "orders.raw/3/77", "", 0, 0, false},
        {"a replay that names a delivery", TOPIC_REPLAY, NULL, "orders.raw/1/5", NULL,
         "orders.raw.replay/3/77", "orders.raw/1/5", 0, 2, false},
        {"... and a parent", TOPIC_REPLAY, NULL, "orders.raw/1/5", "orders.raw/1/4",
         "orders.raw.replay/3/77", "orders.raw/1/4", 0, 2, false},
        {"our own forward", TOPIC_RETRY, NULL, "orders.raw/1/5", "orders.raw/1/4", "orders.raw/1/5",
         "orders.raw/1/4", 7, 2, true},
        {"... beside a producer's header that is almost one of ours", TOPIC_RETRY, "__dlq.other",
         "orders.raw/1/5", NULL, "orders.raw/1/5", "", 7, 2, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].was != NULL)
            add_text(&raw, HEADER_DELIVERY, rows[i].was);
        if (rows[i].before != NULL)
            add_text(&raw, HEADER_PARENT, rows[i].before);
        add_text(&raw, HEADER_ATTEMPTS, "7");
        add_text(&raw, HEADER_REPLAY_COUNT, "2");
        add_text(&raw, HEADER_FAULTS, "3");
        add_text(&raw, HEADER_PRIMA_TEXT, "No.");
        add_text(&raw, HEADER_FIRST_SEEN, "1700000000000");
        if (rows[i].mark != NULL)
            add_text(&raw, rows[i].mark, "waited_too_long");
        struct record *r = record_of(&raw);
        const bool is_old = r->lineage.first_seen_ms == 1700000000000;
        if (strcmp(r->lineage.delivery, rows[i].delivery) != 0 ||
            strcmp(r->lineage.parent, rows[i].parent) != 0 ||
            r->lineage.attempts != rows[i].attempts || r->lineage.replays != rows[i].replays ||
            is_old != rows[i].is_old || (r->heard.blame.faults == 3) != rows[i].is_old ||
            (strcmp(r->heard.words, "No.") == 0) != rows[i].is_old)
            fail_msg("%s: delivery %s parent %s attempts %d replays %d old %d faults %d",
                     rows[i].name, r->lineage.delivery, r->lineage.parent, (int)r->lineage.attempts,
                     (int)r->lineage.replays, is_old, r->heard.blame.faults);
        record_free(r);
    }
}

/* What a person replays is told in results, also behind our own retry topic; but nobody's role is taken
 * over, for what is replayed has published. */
static void test_replay_of(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        const char *of, *delivery, *replay_of;
    } rows[] = {
        {"a replay", TOPIC_REPLAY, "orders.raw/1/5", NULL, "orders.raw/1/5"},
        {"its forward", TOPIC_RETRY, "orders.raw/1/5", "orders.raw.replay/0/2", "orders.raw/1/5"},
        {"a stranger's", TOPIC_INPUT, "orders.raw/1/5", NULL, ""},
        {"none", TOPIC_REPLAY, NULL, NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct flow_shadow shadow;
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].of != NULL)
            add_text(&raw, HEADER_REPLAY_OF, rows[i].of);
        if (rows[i].delivery != NULL)
            add_text(&raw, HEADER_DELIVERY, rows[i].delivery);
        struct record *r = record_of(&raw);
        if (strcmp(r->lineage.replay_of, rows[i].replay_of) != 0 || r->lineage.parent[0] != '\0' ||
            strcmp(outputs_settlement(r, OUTCOME_DUPLICATE, &shadow).origin, rows[i].replay_of) !=
                0)
            fail_msg("%s: of %s, parent %s", rows[i].name, r->lineage.replay_of, r->lineage.parent);
        record_free(r);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        bool has_headers;
        int64_t timestamp_ms, event_ms, first_seen_ms; /* ms ago; -1: none, 0: now */
    } rows[] = {
        {"an input's timestamp is its own", TOPIC_INPUT, false, 5000, 5000, 0},
        {"... whatever its headers say", TOPIC_INPUT, true, 5000, 5000, 0},
        {"none at all", TOPIC_INPUT, false, -1, 0, 0},
        {"a retry's is when it was written; headers know better", TOPIC_RETRY, true, 5000, 90000,
         80000},
        {"a retry without them", TOPIC_RETRY, false, 5000, 5000, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t now = clock_wall_ms();
        char original[32], seen[32];
        struct kafka_record raw = raw_from(rows[i].role);
        raw.timestamp_ms = rows[i].timestamp_ms < 0 ? -1 : now - rows[i].timestamp_ms;
        (void)snprintf(original, sizeof original, "%lld", (long long)now - 90000);
        (void)snprintf(seen, sizeof seen, "%lld", (long long)now - 80000);
        if (rows[i].has_headers) {
            add_text(&raw, HEADER_ORIGINAL_TIMESTAMP, original);
            add_text(&raw, HEADER_FIRST_SEEN, seen);
        }
        struct record *r = record_of(&raw);
        if (llabs(now - rows[i].event_ms - r->lineage.event_ms) > 1000 ||
            llabs(now - rows[i].first_seen_ms - r->lineage.first_seen_ms) > 1000)
            fail_msg("%s: the event is %lld ms old, first seen %lld ms ago", rows[i].name,
                     (long long)(now - r->lineage.event_ms),
                     (long long)(now - r->lineage.first_seen_ms));
        record_free(r);
    }
}

/* Keys that Redis may have forgotten are asked about first. */
static void test_resolve_first(void **state)
{
    (void)state;
    struct kafka_record raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.times.ttl_ms - 60000;
    struct record *r = record_of(&raw);
    assert_int_equal(r->lineage.resolve_first, RESOLVE_FIRST_IN_DOUBT);
    record_free(r);
    raw = raw_from(TOPIC_INPUT);
    raw.timestamp_ms = clock_wall_ms() - worker.times.ttl_ms + 60000;
    r = record_of(&raw);
    assert_int_equal(r->lineage.resolve_first, RESOLVE_AS_NEEDED);
    record_free(r);
}

/* What waited in a retry topic names the loss in which it may have been forgotten: proof about that
 * one says nothing about an earlier one's senders. */
static void test_of_which_loss(void **state)
{
    static const struct {
        const char *header;
        enum resolve_first first;
    } rows[] = {{"loss", RESOLVE_FIRST_AFTER_LAST_LOSS},
                {"an earlier one", RESOLVE_FIRST_AFTER_OLD_LOSS},
                {"1", RESOLVE_FIRST_AFTER_OLD_LOSS},
                {HEADER_CAUTION, RESOLVE_FIRST_IN_DOUBT}};
    (void)state;
    (void)snprintf(worker.stream->control.incident, sizeof worker.stream->control.incident, "loss");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(TOPIC_RETRY);
        add_text(&raw, HEADER_RETRY_REASON, "stale");
        add_text(&raw, HEADER_DELIVERY, "orders.raw/1/5");
        add_text(&raw, HEADER_RESOLVE_FIRST, rows[i].header);
        struct record *r = record_of(&raw);
        assert_int_equal(r->lineage.resolve_first, rows[i].first);
        record_free(r);
    }
}

/* After a loss: what somebody may have sent must be proven absent by somebody else's word than
 * Redis'; what nobody can have sent is asked for out of caution, and so is everything once nobody
 * can be sending any more. */
static void test_resolve_first_after_a_loss(void **state)
{
    static const struct {
        const char *name;
        enum topic_role role;
        int64_t below;
        bool over;
        const char *header;
        bool caution;
        int64_t lost_ago_ms; /* 0: an hour, and what waits in the retry topic was not due then */
    } rows[] = {
        {"may have been sent", TOPIC_INPUT, 78, false, NULL, false, 0},
        {"beyond what anybody can have sent", TOPIC_INPUT, 77, false, NULL, true, 0},
        {"in a partition that is new", TOPIC_INPUT, 0, false, NULL, true, 0},
        {"waited in a retry topic, and was never sent", TOPIC_RETRY, 78, false, NULL, true, 0},
        {"... but had just been due when Redis was lost", TOPIC_RETRY, 78, false, NULL, false, 1},
        {"... and may have been sent", TOPIC_RETRY, 78, false, HEADER_SENT, false, 0},
        {"... written by an older release", TOPIC_RETRY, 78, false, HEADER_UNKNOWN_SINCE, false, 0},
        {"forwarded by one that may have been sent", TOPIC_RETRY, 77, false, HEADER_RESOLVE_FIRST,
         false, 0},
        {"a replay, of a key that may have been sent", TOPIC_REPLAY, 77, false, NULL, false, 0},
        {"... when all senders are over", TOPIC_REPLAY, 77, true, NULL, true, 0},
        {"all senders are over", TOPIC_INPUT, 78, true, NULL, true, 0},
    };
    (void)state;
    worker.stream->trust.is_suspect = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_record raw = raw_from(rows[i].role);
        if (rows[i].header != NULL)
            add_text(&raw, rows[i].header, "1");
        partition.suspect_below = rows[i].below;
        worker.stream->control.senders_over = rows[i].over;
        worker.stream->control.detected_ms =
            raw.timestamp_ms - (rows[i].lost_ago_ms > 0 ? rows[i].lost_ago_ms : 3600000);
        struct record *r = record_of(&raw);
        const enum resolve_first first =
            rows[i].caution ? RESOLVE_FIRST_IN_DOUBT
            : rows[i].header != NULL && strcmp(rows[i].header, HEADER_RESOLVE_FIRST) == 0
                ? RESOLVE_FIRST_AFTER_OLD_LOSS
                : RESOLVE_FIRST_AFTER_LAST_LOSS;
        if (r->lineage.resolve_first != first)
            fail_msg("%s: %d", rows[i].name, r->lineage.resolve_first);
        record_free(r);
    }
    worker.stream->trust.is_suspect = worker.stream->control.senders_over = false;
    partition.suspect_below = 0;
}

/* Asked for first, and absent: a cancellation goes on only if nobody can have sent the order. */
static void test_goes_on_absent(void **state)
{
    static const struct {
        bool unique, caution, cancels, is_empty, sends_nothing, goes_on;
    } rows[] = {
        {.unique = true, .goes_on = true},
        {.unique = false, .goes_on = false},
        {.unique = false, .caution = true, .goes_on = true},
        {.unique = false, .sends_nothing = true, .goes_on = true},
        {.unique = true, .cancels = true, .sends_nothing = true, .goes_on = false},
        {.unique = false, .cancels = true, .sends_nothing = true, .goes_on = false},
        {.unique = true, .is_empty = true, .sends_nothing = true, .goes_on = false},
        {.unique = true, .cancels = true, .sends_nothing = true, .caution = true, .goes_on = true},
    };
    const bool unique = worker.posting->unique;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct record r = {.worker = &worker,
                                 .key.cancels = rows[i].cancels,
                                 .key.is_empty = rows[i].is_empty,
                                 .lineage.resolve_first = rows[i].caution
                                                              ? RESOLVE_FIRST_IN_DOUBT
                                                              : RESOLVE_FIRST_AFTER_OLD_LOSS,
                                 .claim.sends_nothing = rows[i].sends_nothing};
        worker.posting->unique = rows[i].unique;
        if (record_goes_on_absent(&r) != rows[i].goes_on)
            fail_msg("row %zu", i);
    }
    worker.posting->unique = unique;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lineage),
        cmocka_unit_test(test_replayed),
        cmocka_unit_test(test_replay_of),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_resolve_first),
        cmocka_unit_test(test_of_which_loss),
        cmocka_unit_test(test_resolve_first_after_a_loss),
        cmocka_unit_test(test_goes_on_absent),
    };
    return cmocka_run_group_tests_name("a record's headers", tests, set_up, tear_down);
}
