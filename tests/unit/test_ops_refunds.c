/* Refunds without a credit note: where each stands by what the topics tell, what Redis corrects, in
 * which order they are listed, and what they add up to. */
#include "test_refund_topics.h"

#include "core/refund_report.h"

static struct refund_report report;
static struct ops_error error;
static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    world_reset();
    arena = arena_new(SUPPORT_ARENA);
    report = (struct refund_report){.row_count = 0};
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    refund_report_release(&report);
    arena_free(arena);
    world_release();
    return 0;
}

enum { NOW = 20 };
#define AT(day) ((day)*REFUND_DAY_MS + 43200000) /* noon */

static enum ops_kind make(struct ops *ops)
{
    const struct refund_report_options options = {.since_ms = 1, .now_ms = AT(NOW)};
    refund_report_release(&report);
    return refund_report_make(ops, &options, &report, &error);
}

static const struct result_delivery first = {.topic = "refunds.raw", .partition = 0, .offset = 1},
                                    second = {.topic = "refunds.raw", .partition = 0, .offset = 2};

/* ---- where it stands ---- */

enum step {
    LAST,
    INPUT,
    INPUT_2,
    WAIT,
    WAIT_2,
    DEAD,
    DEAD_2,
    PARK,
    BEHIND,
    CONFLICT,
    POSTED,
    POSTED_2,
    DUPLICATE_2,
    SUPERSEDED,
    NO_MONEY,
    NO_MONEY_2,
    RESOLVES_2,
    RESOLVES_CONFLICT
};

static void put_step(struct ops *ops, enum step step, int64_t at_ms)
{
    const bool is_second =
        step == INPUT_2 || step == WAIT_2 || step == DEAD_2 || step == BEHIND || step == CONFLICT;
    struct put_refund r = {
        .at_ms = at_ms, .offset = is_second ? 2 : 1, .version = is_second ? 2 : 1};
    struct put_refund_result result = {.at_ms = at_ms, .delivery = &first};
    const char *delivery = is_second ? "refunds.raw/0/2" : "refunds.raw/0/1";
    switch (step) {
    case INPUT:
    case INPUT_2:
        put_refund(ops, arena, &r);
        return;
    case WAIT:
    case WAIT_2:
        r.topic = "refunds.raw.retry.10s";
        r.code = step == WAIT ? "refund_money_pending" : "deferred";
        break;
    case DEAD:
    case DEAD_2:
        r.topic = "refunds.raw.dlq";
        r.code = step == DEAD ? "refund_mismatch" : "refund_tender_unmapped";
        break;
    case PARK:
    case BEHIND:
        r.topic = "refunds.raw.dlq";
        r.code = step == PARK ? "outcome_unknown" : "parked_behind";
        break;
    case CONFLICT:
        r.topic = "refunds.raw.dlq";
        r.code = "refund_money_failed_after_credit";
        break;
    case POSTED:
    case POSTED_2:
    case DUPLICATE_2:
    case SUPERSEDED:
    case NO_MONEY:
    case NO_MONEY_2:
    case RESOLVES_2:
    case RESOLVES_CONFLICT:
        result.delivery =
            step == POSTED || step == SUPERSEDED || step == NO_MONEY || step == RESOLVES_CONFLICT
                ? &first
                : &second;
        result.resolves = step == RESOLVES_2 ? &first : step == RESOLVES_CONFLICT ? &second : NULL;
        result.outcome = step == POSTED || step == POSTED_2                 ? OUTCOME_POSTED
                         : step == DUPLICATE_2 || step == RESOLVES_CONFLICT ? OUTCOME_DUPLICATE
                         : step == SUPERSEDED                               ? OUTCOME_SUPERSEDED
                                                                            : OUTCOME_NO_MONEY;
        put_refund_result(ops, &result);
        return;
    default:
        fail();
    }
    r.delivery = delivery;
    put_refund(ops, arena, &r);
}

static void test_where_a_refund_stands(void **state)
{
    static const struct {
        const char *name;
        enum step steps[6];
        enum refund_place place;
        const char *reason;
        enum pf_owner owner;
        int64_t since; /* of its steps, the first is 1; 0: not looked at */
    } rows[] = {
        {"nobody has read it", {INPUT}, REFUND_UNREAD, "not_processed", PF_OWNER_OPERATIONS, 1},
        {"posted", {INPUT, POSTED}, REFUND_CREDITED, "posted", PF_OWNER_NONE, 2},
        {"posted, and its input is seen last",
         {POSTED, INPUT},
         REFUND_CREDITED,
         "posted",
         PF_OWNER_NONE,
         1},
        {"stopped", {INPUT, DEAD}, REFUND_STOPPED, "refund_mismatch", PF_OWNER_FINANCE, 2},
        {"parked", {INPUT, PARK}, REFUND_PARKED, "outcome_unknown", PF_OWNER_FINANCE, 2},
        {"parked, another behind it",
         {INPUT, PARK, INPUT_2, BEHIND},
         REFUND_PARKED,
         "outcome_unknown",
         PF_OWNER_FINANCE,
         2},
        {"waits", {INPUT, WAIT}, REFUND_WAITING, "refund_money_pending", PF_OWNER_FINANCE, 2},
        {"waits again, since the first time",
         {INPUT, WAIT, WAIT},
         REFUND_WAITING,
         "refund_money_pending",
         PF_OWNER_FINANCE,
         2},
        {"waits for no one's word",
         {INPUT_2, WAIT_2},
         REFUND_WAITING,
         "retry",
         PF_OWNER_OPERATIONS,
         2},
        {"waited, then posted", {INPUT, WAIT, POSTED}, REFUND_CREDITED, "posted", PF_OWNER_NONE, 3},
        {"waits, its newer version was posted",
         {INPUT, WAIT, INPUT_2, POSTED_2},
         REFUND_CREDITED,
         "posted",
         PF_OWNER_NONE,
         4},
        {"superseded after that",
         {WAIT, POSTED_2, SUPERSEDED},
         REFUND_CREDITED,
         "posted",
         PF_OWNER_NONE,
         2},
        {"superseded, the newer one stopped",
         {WAIT, DEAD_2, SUPERSEDED},
         REFUND_STOPPED,
         "refund_tender_unmapped",
         PF_OWNER_ECOMMERCE,
         2},
        {"stopped, then posted by a redrive",
         {DEAD, POSTED_2},
         REFUND_CREDITED,
         "posted",
         PF_OWNER_NONE,
         2},
        {"stopped, then ended without a note",
         {DEAD, NO_MONEY_2},
         REFUND_SETTLED,
         "no_money",
         PF_OWNER_NONE,
         2},
        {"stopped, ended by its next version",
         {DEAD, RESOLVES_2},
         REFUND_SETTLED,
         "no_money",
         PF_OWNER_NONE,
         2},
        {"ended without a note, then money came",
         {NO_MONEY, INPUT_2, DEAD_2},
         REFUND_STOPPED,
         "refund_tender_unmapped",
         PF_OWNER_ECOMMERCE,
         3},
        {"ended without a note, a newer one is not read",
         {INPUT, NO_MONEY, INPUT_2},
         REFUND_UNREAD,
         "not_processed",
         PF_OWNER_OPERATIONS,
         3},
        {"a duplicate of what was posted long ago",
         {DUPLICATE_2},
         REFUND_CREDITED,
         "duplicate",
         PF_OWNER_NONE,
         1},
        {"money failed after the note",
         {POSTED, CONFLICT},
         REFUND_CREDITED,
         "refund_money_failed_after_credit",
         PF_OWNER_FINANCE,
         2},
        {"... and went back after all",
         {POSTED, CONFLICT, RESOLVES_CONFLICT},
         REFUND_CREDITED,
         "posted",
         PF_OWNER_NONE,
         1},
        {"... of a note that is older",
         {CONFLICT},
         REFUND_CREDITED,
         "refund_money_failed_after_credit",
         PF_OWNER_FINANCE,
         1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        struct ops *ops = world_ops(NULL);
        for (size_t k = 0; k < 6 && rows[i].steps[k] != LAST; k++)
            put_step(ops, rows[i].steps[k], AT((int64_t)k + 1));
        assert_int_equal(make(ops), OPS_DONE);
        assert_int_equal(report.book.count, 1);
        struct refund_standing s = refund_judge(report.book.cases[0]);
        if (s.place != rows[i].place || strcmp(refund_reason(&s), rows[i].reason) != 0 ||
            refund_owner(&s) != rows[i].owner || s.since_ms != AT(rows[i].since))
            fail_msg("%s: %s, %s, %s, since step %lld", rows[i].name, refund_place_name(s.place),
                     refund_reason(&s), pf_owner_name(refund_owner(&s)),
                     (long long)(s.since_ms / REFUND_DAY_MS));
        const bool is_listed = rows[i].place != REFUND_CREDITED && rows[i].place != REFUND_SETTLED;
        assert_int_equal(report.row_count, is_listed);
    }
}

/* ---- who it is, its money ---- */

static void test_what_is_told_of_one(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena, /* its later version came first */
               &(struct put_refund){
                   .at_ms = AT(7), .offset = 2, .version = 2, .minor = 1999, .went_at = AT(7)});
    put_refund(ops, arena, &(struct put_refund){.at_ms = AT(8), .went_at = AT(6), .offset = 1});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.row_count, 1);
    const struct refund_row *row = &report.rows[0];
    assert_string_equal(row->refund->natural, "01/refunds/shopify/uk/R1");
    assert_string_equal(row->refund->order, REFUND_ORDER);
    assert_string_equal(row->refund->company, "01");
    assert_string_equal(row->refund->refund_id, "R1");
    assert_string_equal(row->refund->money.currency, "GBP");
    assert_int_equal(row->refund->money.back_minor, 1999); /* of the newest version */
    assert_int_equal(row->refund->money.pending_minor, 0);
    assert_int_equal(row->age_ms, (NOW - 7) * REFUND_DAY_MS);
    assert_true(row->has_days_left);
    assert_int_equal(row->days_left, 14 - (NOW - 7));
    assert_string_equal(world.trace, "read refunds.raw,... | redis");
    assert_int_equal(world.range.from, KAFKA_FROM_TIME);
    assert_int_equal(world.range.from_value, 1);
    assert_int_equal(world.range.partition, -1);
    assert_string_equal(world.range_key, "");
}

/* The worker has said whose a dead letter is; what has no such word, and cannot be read, is nobody's. */
static void test_what_cannot_be_read(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = AT(3),
                                    .is_broken = true,
                                    .delivery = "refunds.raw/0/1",
                                    .code = "prima_invalid"});
    put_refund(ops, arena,
               &(struct put_refund){.topic = "refunds.raw.dlq",
                                    .at_ms = AT(4),
                                    .is_broken = true,
                                    .is_unnamed = true,
                                    .delivery = "refunds.raw/0/2",
                                    .code = "framing_unknown"});
    put_refund(ops, arena, &(struct put_refund){.at_ms = AT(4), .is_broken = true});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.row_count, 1);
    assert_int_equal(report.unnamed, 1);
    assert_false(report.rows[0].refund->has_money);
    assert_false(report.rows[0].has_days_left);
    assert_int_equal(report.rows[0].age_ms, (NOW - 3) * REFUND_DAY_MS); /* since it stopped */
    assert_int_equal(report.sum_count, 1);
    assert_string_equal(report.sums[0].currency, "");
    assert_int_equal(report.sums[0].count, 1);
}

/* Days are counted from when the customer has been repaid, and only where a law counts them. */
static void test_days_left(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena, &(struct put_refund){.id = "LATE", .at_ms = AT(2), .offset = 1});
    put_refund(ops, arena,
               &(struct put_refund){.id = "PENDING", .at_ms = AT(1), .offset = 2, .minor = -1});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.row_count, 2);
    assert_string_equal(report.rows[0].refund->refund_id, "LATE"); /* though the other is older */
    assert_int_equal(report.rows[0].days_left, 14 - (NOW - 2));
    assert_false(report.rows[1].has_days_left);
    assert_int_equal(report.rows[1].refund->money.back_minor, 0);
    assert_int_equal(report.rows[1].refund->money.pending_minor, 2500);
}

/* What is near its last day, alone when that is asked for; the counts are of all. */
static void test_what_is_near(void **state)
{
    static const struct {
        const char *id;
        int32_t days_left;
    } wanted[] = {{"LATE", -1}, {"LAST", 0}, {"THIRD", 3}};
    const struct refund_report_options near = {
        .since_ms = 1, .now_ms = AT(NOW), .has_days_max = true, .days_max = 3};
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.id = "FOURTH", .at_ms = AT(NOW - 10), .offset = 1});
    put_refund(ops, arena, &(struct put_refund){.id = "THIRD", .at_ms = AT(NOW - 11), .offset = 2});
    put_refund(ops, arena, &(struct put_refund){.id = "LATE", .at_ms = AT(NOW - 15), .offset = 3});
    put_refund(ops, arena, &(struct put_refund){.id = "LAST", .at_ms = AT(NOW - 14), .offset = 4});
    put_refund(ops, arena,
               &(struct put_refund){.id = "PENDING", .at_ms = AT(1), .offset = 5, .minor = -1});
    for (int i = 0; i < 2; i++) {
        refund_report_release(&report);
        assert_int_equal(i == 0 ? make(ops) : refund_report_make(ops, &near, &report, &error),
                         OPS_DONE);
        assert_int_equal(report.many, 1);
        assert_int_equal(report.few, 2);
        assert_int_equal(report.late, 1);
        assert_int_equal(report.uncounted, 1);
        assert_int_equal(report.row_count, i == 0 ? 5 : 3);
        assert_int_equal(report.sums[0].count, i == 0 ? 5 : 3); /* of what is listed */
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_string_equal(report.rows[i].refund->refund_id, wanted[i].id);
        assert_int_equal(report.rows[i].days_left, wanted[i].days_left);
    }
}

static void test_order_of_rows(void **state)
{
    static const char *const wanted[] = {"A", "B", "C", "D", "F", "E"};
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.id = "E", .at_ms = AT(9), .offset = 1, .minor = -1});
    put_refund(ops, arena, &(struct put_refund){.id = "D", .at_ms = AT(12), .offset = 2});
    put_refund(ops, arena, &(struct put_refund){.id = "C", .at_ms = AT(9) + 5, .offset = 3});
    put_refund(ops, arena, &(struct put_refund){.id = "A", .at_ms = AT(8), .offset = 4});
    put_refund(ops, arena, &(struct put_refund){.id = "B", .at_ms = AT(9), .offset = 5});
    put_refund(ops, arena,
               &(struct put_refund){.id = "F", .at_ms = AT(8), .offset = 6, .minor = -1});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.row_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(report.rows[i].refund->refund_id, wanted[i]);
}

/* ---- sums ---- */

static void test_sums_by_owner(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.id = "R1",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = AT(3),
                                    .delivery = "refunds.raw/0/1",
                                    .code = "refund_tender_unmapped"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R2",
                                    .topic = "refunds.raw.dlq",
                                    .at_ms = AT(3),
                                    .minor = 1000,
                                    .delivery = "refunds.raw/0/2",
                                    .code = "refund_mismatch"});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R3",
                                    .topic = "refunds.raw.retry.10s",
                                    .at_ms = AT(3),
                                    .minor = -1,
                                    .delivery = "refunds.raw/0/3",
                                    .code = "refund_money_pending"});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .id = "R4", .outcome = OUTCOME_POSTED, .at_ms = AT(4), .delivery = &first});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .id = "R5", .outcome = OUTCOME_NO_MONEY, .at_ms = AT(4), .delivery = &first});
    put_refund_result(
        ops, &(struct put_refund_result){
                 .id = "R6", .outcome = OUTCOME_CONTAINED, .at_ms = AT(4), .delivery = &first});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.sum_count, 2);
    assert_int_equal(report.sums[0].owner, PF_OWNER_FINANCE);
    assert_int_equal(report.sums[0].count, 2);
    assert_int_equal(report.sums[0].back_minor, 1000);
    assert_int_equal(report.sums[0].pending_minor, 2500);
    assert_int_equal(report.sums[1].owner, PF_OWNER_ECOMMERCE);
    assert_int_equal(report.sums[1].back_minor, 2500);
    assert_int_equal(report.credited, 1);
    assert_int_equal(report.settled[OUTCOME_NO_MONEY], 1);
    assert_int_equal(report.settled[OUTCOME_CONTAINED], 1);
    assert_false(report.sums[0].is_too_large);
}

static void test_sums_too_large(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    put_refund(ops, arena,
               &(struct put_refund){.id = "R1", .at_ms = AT(3), .offset = 1, .minor = INT64_MAX});
    put_refund(ops, arena,
               &(struct put_refund){.id = "R2", .at_ms = AT(3), .offset = 2, .minor = 1});
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.sum_count, 1);
    assert_int_equal(report.sums[0].count, 2);
    assert_true(report.sums[0].is_too_large);
}

/* ---- Redis ---- */

static void test_redis_corrects(void **state)
{
    static const struct {
        char state;
        size_t rows;
        int64_t credited, discarded;
    } rows[] = {{'k', 1, 0, 0}, {'p', 0, 1, 0}, {'d', 0, 0, 1}, {'\0', 1, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct key_view view = {.state = rows[i].state};
        world_reset();
        struct ops *ops = world_ops(NULL);
        put_step(ops, PARK, AT(3));
        world_view("01/refunds/shopify/uk/R1", &view);
        assert_int_equal(make(ops), OPS_DONE);
        assert_int_equal(report.row_count, rows[i].rows);
        assert_int_equal(report.credited, rows[i].credited);
        assert_int_equal(report.discarded, rows[i].discarded);
        assert_string_equal(report.redis_why_not, "");
    }
}

static void test_redis_is_away(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world.redis_rc = -ECONNREFUSED;
    world.refusal = "refused";
    assert_int_equal(make(ops), OPS_DONE);
    assert_string_equal(report.redis_why_not, ""); /* nothing is open, and nothing is asked */
    put_step(ops, DEAD, AT(3));
    assert_int_equal(make(ops), OPS_DONE);
    assert_int_equal(report.row_count, 1);
    assert_string_equal(report.redis_why_not, "Redis not queried: refused");
    world.redis_rc = 0;
    world.view_rc = -EIO;
    world.refusal = "it broke off";
    assert_int_equal(make(ops), OPS_DONE);
    assert_string_equal(report.redis_why_not, "it broke off");
}

/* ---- what fails ---- */

static void test_topics_that_cannot_be_read(void **state)
{
    (void)state;
    struct ops *ops = world_ops(NULL);
    world.read_rc = -EIO;
    world.refusal = "Kafka is away";
    assert_int_equal(make(ops), OPS_UNAVAILABLE);
    assert_string_equal(error.text, "Kafka is away");
    world.read_rc = -ENOMEM;
    world.refusal = "";
    assert_int_equal(make(ops), OPS_UNAVAILABLE);
    assert_string_equal(error.remedy, "say --since");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_where_a_refund_stands), TEST(test_what_is_told_of_one),
        TEST(test_what_cannot_be_read),   TEST(test_days_left),
        TEST(test_what_is_near),          TEST(test_sums_by_owner),
        TEST(test_order_of_rows),         TEST(test_sums_by_owner),
        TEST(test_sums_too_large),        TEST(test_redis_corrects),
        TEST(test_redis_is_away),         TEST(test_topics_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
