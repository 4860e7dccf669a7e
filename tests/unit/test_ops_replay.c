/* Replays: which records, as what copies, how far each has come and what a kill or a refusal leaves of it. */
#include "test_ops_world.h"

#include "base/clock.h"
#include "core/replay_copy.h"
#include "core/replay_ends.h"
#include "core/replay_keys.h"
#include "core/replay_run.h"
#include "core/replay_status.h"
#include "kafka/headers.h"

#include <jansson.h>

#define DAY INT64_C(86400000)

static struct ops_error error;

/* ---- which ---- */

static void test_choice(void **state)
{
    static const struct {
        const char *name, *key, *wanted_key, *channel, *store;
        int32_t partition;
        int64_t offset, at_ms, from_ms, until_ms;
        bool is_chosen;
    } rows[] = {
        {"any", "01/web/uk/1", NULL, NULL, NULL, 0, 5, 9, 0, 0, true},
        {"without a key", NULL, NULL, NULL, NULL, 0, 5, 9, 0, 0, true},
        {"the first offset", "k", NULL, NULL, NULL, 0, 3, 9, 0, 0, true},
        {"before it", "k", NULL, NULL, NULL, 0, 2, 9, 0, 0, false},
        {"the last offset", "k", NULL, NULL, NULL, 0, 9, 9, 0, 0, true},
        {"behind it", "k", NULL, NULL, NULL, 0, 10, 9, 0, 0, false},
        {"another partition's offset", "k", NULL, NULL, NULL, 1, 3, 9, 0, 0, false},
        {"no partition of it", "k", NULL, NULL, NULL, 7, 3, 9, 0, 0, false},
        {"its key", "01/web/uk/1", "01/web/uk/1", NULL, NULL, 0, 5, 9, 0, 0, true},
        {"a key that begins so", "01/web/uk/12", "01/web/uk/1", NULL, NULL, 0, 5, 9, 0, 0, false},
        {"no key, one is wanted", NULL, "01/web/uk/1", NULL, NULL, 0, 5, 9, 0, 0, false},
        {"its channel", "01/web/uk/1", NULL, "web", NULL, 0, 5, 9, 0, 0, true},
        {"a channel that begins so", "01/webshop/uk/1", NULL, "web", NULL, 0, 5, 9, 0, 0, false},
        {"no key, a channel is wanted", NULL, NULL, "web", NULL, 0, 5, 9, 0, 0, false},
        {"a key of one part", "web", NULL, "web", NULL, 0, 5, 9, 0, 0, false},
        {"its store", "01/web/uk/1", NULL, NULL, "uk", 0, 5, 9, 0, 0, true},
        {"the id is no store", "01/web/uk", NULL, NULL, "uk", 0, 5, 9, 0, 0, false},
        {"another store", "01/web/eu/1", NULL, "web", "uk", 0, 5, 9, 0, 0, false},
        {"of its time", "k", NULL, NULL, NULL, 0, 5, 9, 9, 10, true},
        {"before its time", "k", NULL, NULL, NULL, 0, 5, 8, 9, 10, false},
        {"behind its time", "k", NULL, NULL, NULL, 0, 5, 10, 9, 10, false},
    };
    struct kafka_span spans[] = {{0, 3, 10}, {1, 4, 10}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct replay_choice c = {.spans = spans,
                                        .span_count = 2,
                                        .key = rows[i].wanted_key,
                                        .channel = rows[i].channel,
                                        .store = rows[i].store,
                                        .from_ms = rows[i].from_ms,
                                        .until_ms = rows[i].until_ms,
                                        .outcome = REPLAY_ANY};
        const struct kafka_record r = {.partition = rows[i].partition,
                                       .offset = rows[i].offset,
                                       .timestamp_ms = rows[i].at_ms,
                                       .key = rows[i].key,
                                       .key_size = rows[i].key != NULL ? strlen(rows[i].key) : 0};
        if (replay_is_chosen(&c, &r) != rows[i].is_chosen)
            fail_msg("%s: chosen %d", rows[i].name, !rows[i].is_chosen);
    }
}

static void test_outcomes(void **state)
{
    int outcome = 0;
    (void)state;
    assert_true(replay_outcome_read("posted", &outcome));
    assert_int_equal(outcome, OUTCOME_POSTED);
    assert_true(replay_outcome_read("dead_letter", &outcome));
    assert_int_equal(outcome, REPLAY_DEAD_LETTER);
    assert_string_equal(replay_outcome_name(outcome), "dead_letter");
    assert_false(replay_outcome_read("post", &outcome));
    assert_string_equal(replay_outcome_name(REPLAY_ANY), "");
}

/* ---- copies ---- */

static void copies(const char *drops, bool resolve_first, int64_t at_ms, const char *expected)
{
    static const struct kafka_header headers[] = {
        {"note", "a", 1},           {"primaflow.code", "stranger", 8},
        {"traceparent", "00-1", 4}, {"note", "b", 1},
        {"none", NULL, 0},          {"__dlq.errors.message", "x", 1},
        {"drop-me", "x", 1},        {"primaflowish", "y", 1}};
    struct kafka_record copy, record = {.topic = "orders.raw",
                                        .partition = 3,
                                        .offset = 77,
                                        .timestamp_ms = at_ms,
                                        .key = "k",
                                        .key_size = 1,
                                        .value = "\0v",
                                        .value_size = 2,
                                        .headers = (struct kafka_header *)(uintptr_t)headers,
                                        .header_count = sizeof headers / sizeof *headers};
    char option[100], found[600] = "";
    const char *overrides[] = {option, NULL};
    struct replay_copier copier;
    (void)snprintf(option, sizeof option, "replay.drop_headers=%s", drops);
    assert_int_equal(replay_copier_init(&copier, ops_config(world_ops(overrides))), 0);
    const struct replay_mark mark = {.id = "r1", .count = 2, .resolve_first = resolve_first};
    assert_int_equal(replay_copy(&copier, &record, &mark, &copy), 0);
    assert_ptr_equal(copy.key, record.key);
    assert_ptr_equal(copy.value, record.value);
    assert_int_equal(copy.value_size, 2);
    assert_int_equal(copy.partition, -1);
    assert_int_equal(copy.timestamp_ms, 0);
    for (size_t i = 0; i < copy.header_count; i++) {
        const struct kafka_header *h = &copy.headers[i];
        (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s=%.*s ", h->name,
                       h->value != NULL ? (int)h->size : 1,
                       h->value != NULL ? (const char *)h->value : "-");
    }
    assert_string_equal(found, expected);
    replay_copier_release(&copier);
}

#define OURS "primaflow.replay-id=r1 primaflow.replay-of=orders.raw/3/77 primaflow.replay-count=2 "

static void test_copies(void **state)
{
    (void)state;
    world_reset();
    copies("", false, 5,
           OURS "primaflow.original-timestamp=5 note=a traceparent-link=00-1 note=b none=- "
                "drop-me=x primaflowish=y ");
    copies("drop-me, note", true, 5,
           OURS "primaflow.original-timestamp=5 primaflow.resolve-first=2 traceparent-link=00-1 "
                "none=- primaflowish=y ");
    copies(",,none", false, -1,
           OURS "note=a traceparent-link=00-1 note=b drop-me=x primaflowish=y ");
}

static void test_too_many_drops(void **state)
{
    char option[400] = "replay.drop_headers=";
    const char *overrides[] = {option, NULL};
    struct replay_copier copier;
    (void)state;
    world_reset();
    for (int i = 0; i <= REPLAY_DROPS_MAX; i++)
        (void)snprintf(option + strlen(option), sizeof option - strlen(option), "h%d,", i);
    assert_int_equal(replay_copier_init(&copier, ops_config(world_ops(overrides))), -EINVAL);
}

/* ---- keys ---- */

static int64_t count_keys(int distinct, bool *ret_exact)
{
    struct replay_keys *keys = malloc(sizeof *keys);
    assert_non_null(keys);
    assert_int_equal(replay_keys_init(keys), 0);
    for (int times = 0; times < 2; times++)
        for (int i = 0; i < distinct; i++) {
            char key[40];
            const int size = snprintf(key, sizeof key, "01/web/shop/%d", i);
            replay_keys_add(keys, key, (size_t)size);
        }
    const int64_t count = replay_keys_count(keys, ret_exact);
    replay_keys_release(keys);
    free(keys);
    return count;
}

static void test_keys(void **state)
{
    bool exact;
    (void)state;
    assert_int_equal(count_keys(0, &exact), 0);
    assert_int_equal(count_keys(1000, &exact), 1000);
    assert_int_equal(count_keys(REPLAY_KEYS_EXACT, &exact), REPLAY_KEYS_EXACT);
    assert_true(exact);
    const int64_t about = count_keys(400000, &exact);
    assert_false(exact);
    assert_in_range(about, 400000 * 97 / 100, 400000 * 103 / 100);
}

/* ---- a replay ---- */

static void put(int32_t partition, int64_t offset, const char *key, int64_t at_ms)
{
    world_put(&(struct world_put){.topic = "orders.raw",
                                  .key = key,
                                  .value = key,
                                  .size = strlen(key),
                                  .partition = partition,
                                  .offset = offset,
                                  .at_ms = at_ms});
}

static void begin_world(void)
{
    world_reset();
    world.keeps = "ops.audit";
    const int64_t now = clock_wall_ms();
    put(0, 11, "01/web/uk/1", now);
    put(1, 21, "01/web/uk/2", now);
    put(0, 12, "01/app/uk/3", now);
    put(1, 22, "01/web/uk/4", now);
}

static void begin(struct ops *ops, struct replay_choice *choice, const struct replay_wanted *wanted,
                  char id[static REPLAY_ID_MAX])
{
    const struct kafka_range all = {.partition = -1};
    assert_int_equal(replay_choose(ops, "orders.raw", &all, -1, choice, &error), OPS_DONE);
    assert_int_equal(replay_begin(ops, choice, wanted, id, &error), OPS_DONE);
    replay_choice_release(choice);
    choice->spans = NULL;
}

static const struct replay_wanted plain = {.who = "ann@host", .reason = "why", .rate = 1000};

static void go_on(struct ops *ops, const char *id, int64_t rate, enum ops_kind wanted,
                  struct replay_progress *ret_progress)
{
    const struct replay_going going = {.rate = rate};
    const enum ops_kind kind = replay_go_on(ops, id, "bob@host", &going, ret_progress, &error);
    if (kind != wanted)
        fail_msg("kind %d, wanted %d: %s", kind, wanted, kind != OPS_DONE ? error.text : "");
}

static struct replay_entry *entry_of(struct ops *ops, struct replay_book *book, const char *id)
{
    *book = (struct replay_book){.count = 0};
    assert_int_equal(replay_book_read(ops, book, &error), OPS_DONE);
    struct replay_entry *e = replay_book_find(book, id);
    assert_non_null(e);
    return e;
}

/* Copies and how far they reach: one transaction, under the replay's own id. */
static void test_one_batch(void **state)
{
    char id[REPLAY_ID_MAX], expected[500];
    struct replay_choice choice = {.channel = "web", .outcome = REPLAY_ANY};
    struct replay_progress progress;
    struct replay_book book;
    (void)state;
    begin_world();
    struct ops *ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    (void)snprintf(expected, sizeof expected,
                   "spans orders.raw | as primaflow.cli.replay.%s | partitions of "
                   "orders.raw.replay | begin | add ops.audit replay | commit | free",
                   id);
    assert_string_equal(world.trace, expected);
    world_untrace();
    go_on(ops, id, 0, OPS_DONE, &progress);
    (void)snprintf(expected, sizeof expected,
                   "read ops.audit | as primaflow.cli.replay.%s | read ops.audit | spans "
                   "orders.raw | read orders.raw | begin | add orders.raw.replay 01/web/uk/1 | add "
                   "orders.raw.replay 01/web/uk/2 | add orders.raw.replay 01/web/uk/4 | add "
                   "ops.audit replay | commit | free",
                   id);
    assert_string_equal(world.trace, expected);
    assert_int_equal(progress.sent, 3);
    assert_int_equal(progress.left, 0);
    assert_true(progress.is_done);
    const struct replay_entry *e = entry_of(ops, &book, id);
    assert_int_equal(e->state, REPLAY_DONE);
    assert_int_equal(e->sent, 3);
    assert_string_equal(e->choice.channel, "web");
    assert_null(e->choice.key);
    assert_string_equal(e->who, "ann@host");
    assert_int_equal(e->next[0], 13);
    assert_int_equal(e->next[1], 23);
    replay_book_release(&book);
    go_on(ops, id, 0, OPS_DATA, &progress);
    assert_non_null(strstr(error.text, "is done already"));
}

/* A batch that fails has sent nothing, whatever of it was added; the next run sends it. */
static void test_failures(void **state)
{
    static const char *const steps[] = {"begin", "add 1", "add 5", "commit"};
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char id[REPLAY_ID_MAX];
        struct replay_choice choice = {.outcome = REPLAY_ANY};
        struct replay_progress progress;
        begin_world();
        struct ops *ops = world_ops(NULL);
        begin(ops, &choice, &plain, id);
        world.fails_at = steps[i];
        world.writer_rc = -EIO;
        world.refusal = "Kafka is gone";
        go_on(ops, id, 0, OPS_UNAVAILABLE, &progress);
        assert_string_equal(error.text, "Kafka is gone");
        assert_int_equal(progress.sent, 0);
        world.fails_at = NULL;
        go_on(ops, id, 0, OPS_DONE, &progress);
        assert_int_equal(progress.sent, 4);
    }
}

/* Batch by batch at a rate; killed behind the second one, it goes on with the third record. */
static void test_resumes(void **state)
{
    char id[REPLAY_ID_MAX];
    struct replay_choice choice = {.outcome = REPLAY_ANY};
    struct replay_progress progress;
    struct replay_book book;
    (void)state;
    begin_world();
    struct ops *ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    world.fails_at = "add 3"; /* of batches of two, whose third record is the audit's */
    world.writer_rc = -EIO;
    go_on(ops, id, 2, OPS_UNAVAILABLE, &progress);
    assert_int_equal(progress.sent, 0);
    world.fails_at = NULL;
    go_on(ops, id, 1, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 4);
    assert_int_equal(world.slept_ms, 4000); /* one a second */
    const struct replay_entry *e = entry_of(ops, &book, id);
    assert_int_equal(e->sent, 4);
    replay_book_release(&book);

    /* as a process leaves it that died behind the first of two batches */
    begin_world();
    ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    char value[400];
    (void)snprintf(value, sizeof value,
                   "{\"replay\":{\"id\":\"%s\",\"event\":\"sent\",\"sent\":2,\"left_out\":{\"old\":"
                   "0,\"limited\":0,\"large\":1},\"next\":{\"0\":12,\"1\":22}}}",
                   id);
    world_put(&(struct world_put){
        .topic = "ops.audit", .key = "replay", .value = value, .size = strlen(value)});
    world_untrace();
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_null(strstr(world.trace, "01/web/uk/1"));
    assert_null(strstr(world.trace, "01/web/uk/2"));
    assert_non_null(strstr(world.trace, "01/app/uk/3"));
    assert_non_null(strstr(world.trace, "01/web/uk/4"));
    assert_int_equal(progress.sent, 4);
    assert_int_equal(progress.left_out.large, 1);
}

/* Each earlier replay of a record counts; older than keys are kept; both are left out and counted. */
static void test_left_out(void **state)
{
    const char *const once[] = {"replay.max_count=1", NULL};
    char id[REPLAY_ID_MAX];
    struct replay_choice choice = {.outcome = REPLAY_ANY},
                         apps = {.channel = "app", .outcome = REPLAY_ANY};
    struct replay_progress progress;
    (void)state;
    begin_world();
    struct ops *ops = world_ops(once);
    begin(ops, &apps, &plain, id);
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 1);
    begin(ops, &choice, &plain, id);
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 3);
    assert_int_equal(progress.left_out.limited, 1);

    begin_world();
    put(0, 13, "01/web/uk/5", clock_wall_ms() - 46 * DAY);
    ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 4);
    assert_int_equal(progress.left_out.old, 1);
    struct replay_wanted first = plain;
    first.resolve_first = true;
    begin(ops, &choice, &first, id);
    world_untrace();
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 5);
    assert_non_null(strstr(world.trace, "01/web/uk/5"));
}

/* What the log cannot hold is refused before anything is written. */
static void test_not_utf8(void **state)
{
    char id[REPLAY_ID_MAX];
    struct replay_choice choice = {.channel = "w\xff", .outcome = REPLAY_ANY};
    const struct kafka_range all = {.partition = -1};
    (void)state;
    begin_world();
    struct ops *ops = world_ops(NULL);
    assert_int_equal(replay_choose(ops, "orders.raw", &all, -1, &choice, &error), OPS_DONE);
    assert_int_equal(replay_begin(ops, &choice, &plain, id, &error), OPS_CONFIG);
    assert_non_null(strstr(error.text, "is not UTF-8"));
    assert_null(strstr(world.trace, "commit"));
    replay_choice_release(&choice);
}

static void test_cancelled(void **state)
{
    char id[REPLAY_ID_MAX];
    struct replay_choice choice = {.outcome = REPLAY_ANY};
    struct replay_progress progress;
    (void)state;
    begin_world();
    struct ops *ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    assert_int_equal(replay_cancel(ops, "nobody", "bob@host", "why", &error), OPS_DATA);
    assert_int_equal(replay_cancel(ops, id, "bob@host", "why", &error), OPS_DONE);
    go_on(ops, id, 0, OPS_DATA, &progress);
    assert_non_null(strstr(error.text, "is cancelled already"));
    assert_int_equal(replay_cancel(ops, id, "bob@host", "why", &error), OPS_DATA);
}

/* The topic has another end than the chosen offsets, or a beginning behind them. */
static void test_another_topic(void **state)
{
    static const char anew[] =
        "{\"replay\":{\"id\":\"r\",\"event\":\"begun\",\"sent\":0,\"rate\":1000,\"choice\":{"
        "\"topic\":\"orders.raw\",\"spans\":[[0,0,99]]}}}",
                      earlier[] =
                          "{\"replay\":{\"id\":\"r\",\"event\":\"begun\",\"sent\":0,\"rate\":1000,"
                          "\"choice\":{\"topic\":\"orders.raw\",\"spans\":[[0,5,13]]}}}";
    struct replay_progress progress;
    (void)state;
    begin_world();
    world_put(&(struct world_put){
        .topic = "ops.audit", .key = "replay", .value = anew, .size = sizeof anew - 1});
    go_on(world_ops(NULL), "r", 0, OPS_DATA, &progress);
    assert_non_null(strstr(error.text, "the topic was made anew"));
    begin_world();
    world_put(&(struct world_put){
        .topic = "ops.audit", .key = "replay", .value = earlier, .size = sizeof earlier - 1});
    go_on(world_ops(NULL), "r", 0, OPS_DONE, &progress);
    assert_int_equal(progress.gone, 6);
    assert_int_equal(progress.sent, 2);
}

/* What a stranger writes into ops.audit under our key begins nothing, and ends nothing. */
static void test_strange_log(void **state)
{
    static const char *const values[] = {
        "?",
        "[]",
        "{\"replay\":7}",
        "{\"replay\":{\"id\":\"r\",\"event\":\"sent\"}}",
        "{\"replay\":{\"id\":\"r\",\"event\":\"begun\",\"choice\":{\"topic\":\"x\"}}}",
        "{\"replay\":{\"id\":\"r\",\"event\":\"begun\",\"choice\":{\"topic\":\"orders.raw\","
        "\"outcome\":\"x\"}}}"};
    struct replay_book book = {.count = 0};
    (void)state;
    begin_world();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        world_put(&(struct world_put){
            .topic = "ops.audit", .key = "replay", .value = values[i], .size = strlen(values[i])});
    world_put(&(struct world_put){.topic = "ops.audit", .key = "replay"});
    assert_int_equal(replay_book_read(world_ops(NULL), &book, &error), OPS_DONE);
    assert_int_equal(book.count, 0);
    replay_book_release(&book);
}

/* ---- by outcome ---- */

static void test_dead_letters_only(void **state)
{
    char id[REPLAY_ID_MAX];
    struct replay_choice choice = {.outcome = REPLAY_DEAD_LETTER};
    struct replay_progress progress;
    (void)state;
    begin_world();
    static const char *const deliveries[] = {"orders.raw/1/21",  "orders.raw/7/21",
                                             "orders.raw/0/99",  "refunds.raw/0/11",
                                             "orders.raw/0/11x", ""};
    for (size_t i = 0; i < sizeof deliveries / sizeof *deliveries; i++)
        world_put(&(struct world_put){
            .topic = "orders.raw.dlq",
            .headers = {{HEADER_CODE, "event_invalid"}, {HEADER_DELIVERY, deliveries[i]}}});
    struct ops *ops = world_ops(NULL);
    begin(ops, &choice, &plain, id);
    world_untrace();
    go_on(ops, id, 0, OPS_DONE, &progress);
    assert_int_equal(progress.sent, 1);
    assert_non_null(strstr(world.trace, "add orders.raw.replay 01/web/uk/2"));
}

static void test_status(void **state)
{
    struct replay_status status;
    (void)state;
    begin_world();
    world.end = 30;
    world.committed = 12;
    assert_int_equal(replay_status_read(world_ops(NULL), &status, &error), OPS_DONE);
    assert_string_equal(status.lags[0].topic, "orders.raw.replay");
    assert_int_equal(status.lags[0].copies, 18);
    assert_non_null(strstr(world.trace, "offsets of primaflow.orders"));
    replay_book_release(&status.book);
    world.admin_rc = -EIO;
    assert_int_equal(replay_status_read(world_ops(NULL), &status, &error), OPS_DONE);
    assert_int_equal(status.lags[0].copies, -1);
    replay_book_release(&status.book);
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),      cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_copies),      cmocka_unit_test(test_too_many_drops),
        cmocka_unit_test(test_keys),        cmocka_unit_test(test_one_batch),
        cmocka_unit_test(test_failures),    cmocka_unit_test(test_resumes),
        cmocka_unit_test(test_left_out),    cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_cancelled),   cmocka_unit_test(test_another_topic),
        cmocka_unit_test(test_strange_log), cmocka_unit_test(test_dead_letters_only),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests_name("replays", tests, NULL, end);
}
