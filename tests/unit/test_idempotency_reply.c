/* What a script's reply says: each reader takes its items from where the scripts put them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "idempotency/keys_reply.h"

#define TEXT(text_)                                                                                \
    {                                                                                              \
        text_, sizeof(text_) - 1, 0                                                                \
    }
#define NUMBER(number_)                                                                            \
    {                                                                                              \
        NULL, 0, number_                                                                           \
    }
#define IDENTITY "0123456789abcdef0123456789abcdefF"

static void check_bytes(struct redis_bytes bytes, const char *text)
{
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
        enum verdict verdict;
    } rows[] = {
        {"suspect", NULL, VERDICT_SUSPECT},
        {"claimed", NULL, VERDICT_CLAIMED},
        {"moved", NULL, VERDICT_MOVED},
        {"superseded", NULL, VERDICT_SUPERSEDED},
        {"unreadable", NULL, VERDICT_UNREADABLE},
        {"claim", NULL, VERDICT_DEFECT},
        {"claimed.", NULL, VERDICT_DEFECT},
        {"", NULL, VERDICT_DEFECT},
        {NULL, NULL, VERDICT_DEFECT},
        {"claimed", "OOM", VERDICT_DEFECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct redis_reply reply = {
            .error = rows[i].error, .count = 1, .items = {{.text = rows[i].text}}};
        assert_int_equal(keys_verdict(&reply), rows[i].verdict);
    }
    assert_int_equal(keys_verdict(&(struct redis_reply){.count = 0}), VERDICT_DEFECT);
}

static void test_takeover(void **state)
{
    (void)state;
    const struct redis_reply reply = {
        .count = 10,
        .items = {TEXT("takeover"), NUMBER(0), TEXT(IDENTITY), TEXT("request"), TEXT("summary"),
                  NUMBER(5), NUMBER(6000), NUMBER(1), NUMBER(0), TEXT("senders")}};
    struct keys_takeover t = keys_takeover(&reply);
    assert_memory_equal(t.identity, IDENTITY, IDENTITY_SIZE);
    check_bytes(t.request, "request");
    check_bytes(t.summary, "summary");
    check_bytes(t.senders, "senders");
    assert_int_equal(t.version, 5);
    assert_int_equal(t.absence_wait_ms, 6000);
    assert_true(t.proven && !t.is_from_lost_redis);
    struct redis_reply other = reply;
    other.items[2] = (struct redis_item)TEXT("short");
    other.items[7].number = 0;
    other.items[8].number = 1;
    t = keys_takeover(&other);
    assert_null(t.identity);
    assert_true(!t.proven && t.is_from_lost_redis);
}

static void test_parked(void **state)
{
    (void)state;
    struct redis_reply reply = {.count = 7,
                                .items = {TEXT("parked"), NUMBER(1), TEXT("outcome_unknown"),
                                          TEXT(IDENTITY), TEXT("summary"), NUMBER(7), NUMBER(0)}};
    struct keys_parked p = keys_parked(&reply);
    assert_true(p.may_be_ours && !p.proven);
    assert_string_equal(p.code, "outcome_unknown");
    assert_memory_equal(p.identity, IDENTITY, IDENTITY_SIZE);
    check_bytes(p.summary, "summary");
    assert_int_equal(p.number, 0); /* it takes no credit */
    reply.count = 8;
    reply.items[7].number = 9007199254740991;
    assert_int_equal(keys_parked(&reply).number, 9007199254740991);
    reply.items[1].number = 0;
    reply.items[2] = (struct redis_item){0};
    reply.items[3] = (struct redis_item){0};
    reply.items[6].number = 1;
    p = keys_parked(&reply);
    assert_true(!p.may_be_ours && p.proven);
    assert_string_equal(p.code, "");
    assert_null(p.identity);
}

static void test_posted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum keys_posted_by by;
    } rows[] = {{"own", POSTED_BY_OWN_DELIVERY},
                {"same", POSTED_WITH_SAME_CONTENT},
                {"other", POSTED_WITH_OTHER_CONTENT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct redis_reply reply = {.count = 6,
                                          .items = {TEXT("posted"),
                                                    {rows[i].text, strlen(rows[i].text), 0},
                                                    TEXT("orders.raw/0/7"),
                                                    TEXT("summary"),
                                                    NUMBER(4),
                                                    NUMBER(5000)}};
        const struct keys_posted p = keys_posted(&reply);
        assert_int_equal(p.by, rows[i].by);
        check_bytes(p.publisher, "orders.raw/0/7");
        check_bytes(p.summary, "summary");
        assert_int_equal(p.version, 4);
        assert_int_equal(p.at_ms, 5000);
        assert_int_equal(p.document.size, 0); /* nobody has spoken for another version */
        assert_int_equal(p.number, 0);        /* it takes no credit */
    }
    const struct redis_reply amended = {
        .count = 8,
        .items = {TEXT("posted"), TEXT("amended"), TEXT("orders.raw/0/7"), TEXT("summary"),
                  NUMBER(4), NUMBER(5000), TEXT("orders.raw/0/9"), TEXT("orders.raw/0/8")}};
    const struct keys_posted p = keys_posted(&amended);
    assert_int_equal(p.by, POSTED_AMENDED);
    check_bytes(p.exception, "orders.raw/0/9");
    check_bytes(p.document, "orders.raw/0/8");
    const struct redis_reply with_credit = {
        .count = 9,
        .items = {TEXT("posted"), TEXT("own"), TEXT("refunds.raw/0/7"), TEXT("summary"), NUMBER(4),
                  NUMBER(5000), TEXT(""), TEXT(""), NUMBER(9007199254740991)}};
    assert_int_equal(keys_posted(&with_credit).number, 9007199254740991);
}

static void test_credit(void **state)
{
    (void)state;
    const struct redis_reply none = {
        .count = 6, .items = {TEXT("known"), NUMBER(-1), TEXT(""), NUMBER(0), NUMBER(0), TEXT("")}};
    struct keys_credit c = keys_credit(&none);
    assert_int_equal(c.position, -1);
    assert_string_equal(c.stamp, "");
    assert_false(c.is_blocked);
    assert_int_equal(c.count, 0);
    const struct redis_reply two = {.count = 6,
                                    .items = {TEXT("moved"), NUMBER(77), TEXT("9007199254740991"),
                                              NUMBER(1), NUMBER(2),
                                              TEXT("         0     2         5    9007199254740991"
                                                   "         7     3         0                   6"
                                                   "k1first"
                                                   "key")}};
    c = keys_credit(&two);
    assert_int_equal(c.position, 77);
    assert_string_equal(c.stamp, "9007199254740991");
    assert_true(c.is_blocked);
    assert_int_equal(c.count, 2);
    struct keys_credit_item item;
    keys_credit_at(&two, 0, &item);
    check_bytes(item.key, "k1");
    check_bytes(item.summary, "first");
    assert_int_equal(item.number, 9007199254740991);
    keys_credit_at(&two, 1, &item);
    check_bytes(item.key, "key");
    check_bytes(item.summary, "");
    assert_int_equal(item.number, 6);
    check_bytes(item.owed_by, "");
    const struct redis_reply owed = {.count = 6,
                                     .items = {TEXT("known"), NUMBER(77), TEXT("9"), NUMBER(0),
                                               NUMBER(2),
                                               TEXT("         0     3        19                   0"
                                                    "        22     2         4                   0"
                                                    "~k1in.raw/0/8 -12 a bc"
                                                    "~k9 8 ")}};
    keys_credit_at(&owed, 0, &item);
    check_bytes(item.key, "k1");
    check_bytes(item.owed_by, "in.raw/0/8");
    assert_int_equal(item.version, -12);
    check_bytes(item.summary, "a bc");
    keys_credit_at(&owed, 1, &item); /* no byte behind its end */
    check_bytes(item.key, "k");
    check_bytes(item.owed_by, "9");
    assert_int_equal(item.version, 8);
    check_bytes(item.summary, "");
}

static void test_numbers(void **state)
{
    (void)state;
    const struct redis_reply reply = {.count = 4,
                                      .items = {TEXT("go"), NUMBER(11), NUMBER(22), NUMBER(33)}};
    assert_int_equal(keys_wait_ms(&reply), 11);
    assert_int_equal(keys_stale_fence(&reply), 11);
    assert_int_equal(keys_sends(&reply), 11);
    assert_int_equal(keys_finished_ms(&reply), 11);
    assert_int_equal(keys_finished_number(&reply), 22);
    assert_int_equal(keys_parked_number(&reply), 11);
    const struct keys_permits permits = keys_permits(&reply);
    assert_int_equal(permits.count, 11);
    assert_int_equal(permits.first_us, 22);
    assert_int_equal(permits.each_us, 33);
    const struct keys_answer answer = keys_answer(&reply);
    assert_int_equal(answer.absence_wait_ms, 11);
    assert_true(answer.proven);
    const struct keys_absence absence = keys_absence(&reply);
    assert_int_equal(absence.unanswered, 11);
    assert_int_equal(absence.since_ms, 22);
    const struct redis_reply unproven = {.count = 3, .items = {TEXT("sent"), NUMBER(11)}};
    assert_false(keys_answer(&unproven).proven);
    const struct redis_reply texts = {.count = 3,
                                      .items = {TEXT("refused"), TEXT("code"), TEXT("senders")}};
    assert_string_equal(keys_refused_code(&texts), "code");
    check_bytes(keys_senders(&texts), "senders");
    assert_string_equal(keys_refused_code(&unproven), "");
}

static void test_slot(void **state)
{
    (void)state;
    const struct redis_reply taken = {
        .count = 5, .items = {TEXT("taken"), NUMBER(3), NUMBER(2), NUMBER(90), NUMBER(1700)}};
    struct keys_slot s = keys_slot(&taken);
    assert_true(s.is_taken);
    assert_int_equal(s.epoch, 3);
    assert_int_equal(s.former_epoch, 2);
    assert_int_equal(s.former_number, 90);
    assert_int_equal(s.former_at_ms, 1700000);
    assert_null(s.holder);
    const struct redis_reply busy = {.count = 3,
                                     .items = {TEXT("busy"), NUMBER(800), TEXT("host/12/3")}};
    s = keys_slot(&busy);
    assert_false(s.is_taken);
    assert_int_equal(s.busy_ms, 800);
    assert_string_equal(s.holder, "host/12/3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts), cmocka_unit_test(test_takeover),
        cmocka_unit_test(test_parked),   cmocka_unit_test(test_posted),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_slot),
        cmocka_unit_test(test_credit),
    };
    return cmocka_run_group_tests_name("idempotency_reply", tests, NULL, NULL);
}
