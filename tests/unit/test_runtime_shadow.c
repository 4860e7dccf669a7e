/* What a shadow finds out survives in the key's summary: sealed behind the flow's own, and taken
 * apart again; and it never sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "posting/shadow.h"
#include "posting/transitions.h"
#include "posting/posting.h"

void __wrap_record_transition(struct record *record, enum life_event event);

static int sum_result;
static const struct flow_amounts sum = {"GBP", "2026-11-20", true, 3, -4375, INT64_MAX, INT64_MIN};
static enum life_event happened;

static int amounts(const char *request, size_t size, const void *rules,
                   struct flow_amounts *ret_amounts)
{
    (void)rules;
    assert_int_equal(size, 7);
    assert_memory_equal(request, "request", 7);
    *ret_amounts = sum;
    return sum_result;
}

static const struct flow flow_of_test = {.amounts = amounts};

void __wrap_record_transition(struct record *record, enum life_event event)
{
    (void)record;
    happened = event;
}

static struct posting posting;
static struct worker worker = {.flow = &flow_of_test, .posting = &posting, .shadow = true};

static struct record new_record(const char *summary, size_t size)
{
    return (struct record){.worker = &worker,
                           .arena = arena_new(4096),
                           .decision.request = {"request", 7},
                           .decision.summary = {summary, size}};
}

static void test_sealed_and_opened(void **state)
{
    static const char summary[] = {1, 0, 'S', 'H', 'D', '1', 7};
    char digest[65];
    uint8_t hash[DIGEST_SIZE];
    (void)state;
    sum_result = 0;
    digest_sha256("request", 7, hash);
    for (int bits = 0; bits < 4; bits++) {
        struct record r = new_record(summary, sizeof summary);
        struct redis_bytes flow;
        struct flow_shadow shadow;
        r.claim.creates_customer = bits & 1;
        shadow_compared(&r, (bits & 2) != 0);
        assert_int_equal(happened, COMPARED);
        assert_int_equal(r.decision.summary.size, sizeof summary + SHADOW_SEAL_SIZE);
        assert_true(shadow_open(r.decision.summary, &flow, &shadow));
        assert_int_equal(flow.size, sizeof summary);
        assert_memory_equal(flow.data, summary, sizeof summary);
        assert_int_equal(shadow.creates_customer, bits & 1);
        assert_int_equal(shadow.in_prima, (bits & 2) != 0);
        assert_true(shadow.amounts.hold);
        assert_string_equal(shadow.request_digest, digest_hex(hash, sizeof hash, digest));
        assert_string_equal(shadow.amounts.currency, "GBP");
        assert_string_equal(shadow.amounts.date, "2026-11-20");
        assert_int_equal(shadow.amounts.line_count, 3);
        assert_true(shadow.amounts.net_minor == sum.net_minor &&
                    shadow.amounts.tax_minor == sum.tax_minor &&
                    shadow.amounts.gross_minor == sum.gross_minor);
        arena_free(r.arena);
    }
}

#define LONG_SUMMARY                                                                               \
    "a summary of the flow alone, which is longer than any seal and so could have one: "           \
    "it must not be taken for one because of its length"

/* A summary that was rebuilt after a loss, or that ends by chance as a seal begins. */
static void test_without_a_seal(void **state)
{
    static const char *const texts[] = {"", "SHD1", LONG_SUMMARY};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct redis_bytes flow;
        struct flow_shadow shadow;
        assert_false(shadow_open((struct redis_bytes){texts[i], strlen(texts[i])}, &flow, &shadow));
        assert_int_equal(flow.size, strlen(texts[i]));
    }
}

static void test_a_request_that_adds_up_to_nothing(void **state)
{
    (void)state;
    sum_result = -1;
    struct record r = new_record("s", 1);
    shadow_compared(&r, false);
    assert_int_equal(happened, NOT_ACCEPTABLE);
    assert_int_equal(r.end.code, PF_E_defect);
    assert_int_equal(r.decision.summary.size, 1);
    arena_free(r.arena);
}

/* The rows: from a shadow's plan, by what a shadow may hear, nothing leads to SENT. The events that
 * do are PLANNED, RESEND and what follows them; the worker that runs as a shadow in the integration
 * tests counts what reached Prima. */
static void test_no_way_to_sent(void **state)
{
    static const enum life_event of_shadow[] = {SHADOWED, COMPARED, CANNOT_TELL, ABSENT_EARLY,
                                                FINISHED, TOO_LATE, FORWARDED,   TOO_OLD};
    bool reached[LIFE_STATES] = {[CLAIMED] = true};
    (void)state;
    for (int rounds = 0; rounds < LIFE_STATES; rounds++)
        for (unsigned i = 0; i < transitions.count; i++)
            for (size_t e = 0; e < sizeof of_shadow / sizeof *of_shadow; e++)
                if (transitions.rows[i].event == of_shadow[e] && reached[transitions.rows[i].from])
                    reached[transitions.rows[i].to] = true;
    assert_true(reached[RESOLVING] && reached[SETTLED]);
    assert_false(reached[SENT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sealed_and_opened),
                                       cmocka_unit_test(test_without_a_seal),
                                       cmocka_unit_test(test_a_request_that_adds_up_to_nothing),
                                       cmocka_unit_test(test_no_way_to_sent)};
    return cmocka_run_group_tests_name("shadow mode", tests, NULL, NULL);
}
