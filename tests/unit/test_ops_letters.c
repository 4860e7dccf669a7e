/* Dead letters by themselves: what is read of one, what its cause is, and what became of each by results,
 * later letters and people's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/letter_book.h"

/* ---- one letter ---- */

struct header_row {
    const char *name, *value;
};

static bool letter_of(const char *topic, const struct header_row rows[], const char *value,
                      struct dead_letter *ret_letter)
{
    struct kafka_header headers[16];
    struct kafka_record record = {.topic = topic,
                                  .partition = 3,
                                  .offset = 17,
                                  .timestamp_ms = 1700000000000,
                                  .key = "k",
                                  .key_size = 1,
                                  .value = value,
                                  .value_size = value != NULL ? strlen(value) : 0,
                                  .headers = headers};
    for (; rows[record.header_count].name != NULL; record.header_count++)
        headers[record.header_count] =
            (struct kafka_header){rows[record.header_count].name, rows[record.header_count].value,
                                  strlen(rows[record.header_count].value)};
    return dead_letter_read(&record, ret_letter);
}

static void test_reading(void **state)
{
    static const struct header_row all[] = {{HEADER_CODE, "event_invalid"},
                                            {HEADER_IDEMPOTENCY_KEY, "01/orders/shopify/uk/5001"},
                                            {HEADER_DELIVERY, "orders.raw/3/4"},
                                            {HEADER_PARENT, "orders.raw/3/1"},
                                            {HEADER_SOURCE_VERSION, "7"},
                                            {HEADER_REPLAY_COUNT, "2"},
                                            {HEADER_HTTP_STATUS, "502"},
                                            {HEADER_FIRST_FAILED_AT, "2023-11-14T22:13:00.000Z"},
                                            {HEADER_DLQ_MESSAGE,
                                             "A field that an order cannot do without is empty or "
                                             "contradicts another one. line 5001-1: "
                                             "quantity is 0. Prima's text: Mr Smith is unknown"},
                                            {NULL, NULL}};
    static const struct header_row none[] = {{NULL, NULL}};
    static const struct header_row hostile[] = {
        {HEADER_CODE, "no_such_code"},          {HEADER_SOURCE_VERSION, "-5"},
        {HEADER_HTTP_STATUS, "99999999999999"}, {HEADER_FIRST_FAILED_AT, "yesterday"},
        {HEADER_DLQ_MESSAGE, "\x1b[2J"},        {NULL, NULL}};
    struct dead_letter l;
    char place[LETTER_PLACE_MAX];
    (void)state;
    assert_true(letter_of("orders.raw.dlq", all, "\xc3\x01", &l));
    assert_int_equal(l.code, PF_E_event_invalid);
    assert_string_equal(l.natural, "01/orders/shopify/uk/5001");
    assert_string_equal(l.delivery, "orders.raw/3/4");
    assert_string_equal(l.parent, "orders.raw/3/1");
    assert_int_equal(l.version, 7);
    assert_int_equal(l.replays, 2);
    assert_int_equal(l.http_status, 502);
    assert_int_equal(l.first_failed_ms, 1699999980000);
    assert_string_equal(l.text, "line 5001-1: quantity is 0.");
    assert_string_equal(l.flow->name, "orders");
    assert_false(l.is_cut);
    dead_letter_place(&l, place);
    assert_string_equal(place, "orders.raw.dlq/3/17");

    assert_true(letter_of("refunds.raw.dlq", none, NULL, &l));
    assert_int_equal(l.code, PF_OK);
    assert_string_equal(l.natural, "");
    assert_int_equal(l.first_failed_ms, l.at_ms);
    assert_string_equal(l.flow->name, "refunds");

    assert_true(letter_of("orders.raw.dlq", hostile, "{\"digest\":1}", &l));
    assert_int_equal(l.code, PF_OK);
    assert_int_equal(l.version, 0);
    assert_int_equal(l.http_status, 0);
    assert_int_equal(l.first_failed_ms, l.at_ms);
    assert_true(l.is_cut);

    assert_false(letter_of("orders.raw", none, "x", &l));
    assert_false(letter_of("ops.audit", none, "x", &l));
}

static void test_places(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
    } rows[] = {{"orders.raw.dlq/0/17", true},
                {"refunds.raw.dlq/12/0", true},
                {"orders.raw.dlq/0", false},
                {"orders.raw.dlq/0/17x", false},
                {"orders.raw.dlq/-1/17", false},
                {"orders.raw.dlq/0/-1", false},
                {"orders.raw/0/17", false},
                {"orders.results/0/17", true}, /* of what is on hold */
                {"orders.ledger/0/17", false},
                {"", false},
                {"/0/17", false},
                {"orders.raw.dlq/0/17/2", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct letter_place place;
        if (letter_place_read(rows[i].text, &place) != rows[i].is_one)
            fail_msg("%s", rows[i].text);
    }
}

static void test_causes(void **state)
{
    static const struct {
        enum pf_error code;
        const char *text, *cause;
    } rows[] = {
        {PF_E_event_invalid, "line 5001-1: quantity is 0.", "line # quantity is #"},
        {PF_E_event_invalid, "total 51.95 GBP, parts 51,90 GBP", "total # GBP, parts # GBP"},
        {PF_E_event_invalid, "SKU00042 is unknown",
         "SKU00042 is unknown"}, /* what is to be mended */
        {PF_E_event_invalid, "  two   words ", "two words"},
        {PF_E_event_invalid, "", ""},
        {PF_E_order_amended, "units from 1 to 2", ""}, /* each differs in its own way */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dead_letter l = {.code = rows[i].code};
        char cause[LETTER_CAUSE_MAX];
        (void)snprintf(l.text, sizeof l.text, "%s", rows[i].text);
        dead_letter_cause(&l, cause);
        assert_string_equal(cause, rows[i].cause);
    }
    struct dead_letter longest = {.code = PF_E_event_invalid};
    char cause[LETTER_CAUSE_MAX];
    memset(longest.text, 'a', sizeof longest.text - 1);
    dead_letter_cause(&longest, cause);
    assert_int_equal(strlen(cause), LETTER_CAUSE_MAX - 1);
}

/* ---- the book ---- */

static struct letter_book book;

static int begin(void **state)
{
    (void)state;
    book = (struct letter_book){.count = 0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    letter_book_release(&book);
    return 0;
}

struct entered {
    const char *id; /* of its order; NULL: nobody can tell */
    enum pf_error code;
    int64_t at_ms, offset, version; /* delivery: orders.raw/0/<offset> */
    int64_t parent;                 /* offset of the delivery that it continues; 0 none */
};

static struct letter_case *enter(const struct entered *e)
{
    struct letter_case *c = NULL;
    struct dead_letter l = {.flow = flows[0],
                            .topic = "orders.raw.dlq",
                            .offset = e->offset,
                            .at_ms = e->at_ms,
                            .code = e->code,
                            .version = e->version};
    const char *key = e->id != NULL ? e->id : "?";
    if (e->id != NULL)
        (void)snprintf(l.natural, sizeof l.natural, "01/orders/shopify/uk/%s", e->id);
    (void)snprintf(l.delivery, sizeof l.delivery, "orders.raw/0/%d", (int)e->offset);
    if (e->parent > 0)
        (void)snprintf(l.parent, sizeof l.parent, "orders.raw/0/%d", (int)e->parent);
    assert_int_equal(letter_book_enter(&book, &l, key, strlen(key), &c), 0);
    return c;
}

enum word { NOTHING, RETRIED, DISCARDED, AMENDED_1, AMENDED_2 };

static void test_what_became_of_them(void **state)
{
    static const struct {
        const char *name;
        struct entered letters[3];
        struct {
            int64_t at_ms;
            const char *resolves, *origin;
        } result;       /* at_ms 0: none */
        enum word word; /* about the first */
        enum letter_state states[3];
    } rows[] = {
        {"nobody did anything",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN}},
        {"its key ended later",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {11, NULL, NULL},
         NOTHING,
         {LETTER_RESOLVED}},
        {"... and in the same millisecond",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {10, NULL, NULL},
         NOTHING,
         {LETTER_RESOLVED}},
        {"its key had ended before",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {9, NULL, NULL},
         NOTHING,
         {LETTER_OPEN}},
        {"parked, and ended",
         {{"1", PF_E_outcome_unknown, 10, 1, 1, 0}},
         {11, NULL, NULL},
         NOTHING,
         {LETTER_RESOLVED}},
        {"a difference is not ended by what comes later",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}},
         {11, NULL, NULL},
         NOTHING,
         {LETTER_OPEN}},
        {"... but by what names it",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}},
         {11, "orders.raw/0/1", NULL},
         NOTHING,
         {LETTER_RESOLVED}},
        {"... or a person's word about its version",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}},
         {0},
         AMENDED_2,
         {LETTER_RESOLVED}},
        {"... not about an older one",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}},
         {0},
         AMENDED_1,
         {LETTER_OPEN}},
        {"amended ends nothing that is not in Prima",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {0},
         AMENDED_2,
         {LETTER_OPEN}},
        {"a newer version",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"1", PF_E_event_invalid, 20, 2, 2, 0}},
         {0},
         NOTHING,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"entered the other way round",
         {{"1", PF_E_event_invalid, 20, 2, 2, 0}, {"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_REPLACED}},
        {"the same version again",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"1", PF_E_prima_invalid, 20, 2, 1, 0}},
         {0},
         NOTHING,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"an older version comes late",
         {{"1", PF_E_event_invalid, 10, 1, 2, 0}, {"1", PF_E_event_invalid, 20, 2, 1, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_OPEN}},
        {"another order's",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"2", PF_E_event_invalid, 20, 2, 2, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_OPEN}},
        {"nobody knows whose they are",
         {{NULL, PF_E_tombstone, 10, 1, 0, 0}, {NULL, PF_E_tombstone, 20, 2, 0, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_OPEN}},
        {"parked is replaced by nothing",
         {{"1", PF_E_outcome_unknown, 10, 1, 1, 0}, {"1", PF_E_parked_behind, 20, 2, 2, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_OPEN}},
        {"... but by its own retry",
         {{"1", PF_E_outcome_unknown, 10, 1, 1, 0}, {"1", PF_E_outcome_unknown, 20, 2, 1, 1}},
         {0},
         NOTHING,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"of two differences the later",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}, {"1", PF_E_order_amended, 20, 2, 3, 0}},
         {0},
         NOTHING,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"a difference does not replace what was not in Prima",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"1", PF_E_order_amended, 20, 2, 3, 0}},
         {0},
         NOTHING,
         {LETTER_OPEN, LETTER_OPEN}},
        {"retried", {{"1", PF_E_event_invalid, 10, 1, 1, 0}}, {0}, RETRIED, {LETTER_RETRIED}},
        {"retried, and ended",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {11, NULL, NULL},
         RETRIED,
         {LETTER_RESOLVED}},
        {"retried, and failed again",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"1", PF_E_event_invalid, 20, 2, 1, 1}},
         {0},
         RETRIED,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"... of an unknown key",
         {{NULL, PF_E_company_unmapped, 10, 1, 0, 0}, {NULL, PF_E_company_unmapped, 20, 2, 0, 1}},
         {0},
         RETRIED,
         {LETTER_REPLACED, LETTER_OPEN}},
        {"the retry of an unknown key ended",
         {{NULL, PF_E_company_unmapped, 10, 1, 0, 0}},
         {11, NULL, "orders.raw/0/1"},
         RETRIED,
         {LETTER_RESOLVED}},
        {"the retry of a difference found nothing new",
         {{"1", PF_E_order_amended, 10, 1, 2, 0}},
         {11, NULL, "orders.raw/0/1"},
         RETRIED,
         {LETTER_OPEN}},
        {"discarded", {{"1", PF_E_event_invalid, 10, 1, 1, 0}}, {0}, DISCARDED, {LETTER_DISCARDED}},
        {"discarded, and ended all the same",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}},
         {11, NULL, NULL},
         DISCARDED,
         {LETTER_RESOLVED}},
        {"discarded; a newer version came",
         {{"1", PF_E_event_invalid, 10, 1, 1, 0}, {"1", PF_E_event_invalid, 20, 2, 2, 0}},
         {0},
         DISCARDED,
         {LETTER_REPLACED, LETTER_OPEN}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct letter_case *cases[3] = {NULL};
        begin(NULL);
        for (size_t k = 0; k < 3 && rows[i].letters[k].at_ms > 0; k++)
            cases[k] = enter(&rows[i].letters[k]);
        if (rows[i].result.at_ms > 0)
            letter_book_result(
                &book,
                &(const struct letter_end){
                    .natural = "01/orders/shopify/uk/1",
                    .resolves = rows[i].result.resolves != NULL ? rows[i].result.resolves : "",
                    .origin = rows[i].result.origin != NULL ? rows[i].result.origin : "",
                    .at_ms = rows[i].result.at_ms});
        cases[0]->is_retried = rows[i].word == RETRIED;
        cases[0]->is_discarded = rows[i].word == DISCARDED;
        if (rows[i].word >= AMENDED_1)
            letter_book_amended(&book, "01/orders/shopify/uk/1", rows[i].word - AMENDED_1 + 1);
        assert_int_equal(letter_book_judge(&book), 0);
        for (size_t k = 0; k < 3 && cases[k] != NULL; k++)
            if (cases[k]->state != rows[i].states[k])
                fail_msg("%s: letter %zu is %s", rows[i].name, k,
                         letter_state_name((enum letter_state)cases[k]->state));
        end(NULL);
    }
}

static void test_a_discard_after_a_retry(void **state)
{
    struct letter_case *c = enter(&(const struct entered){"1", PF_E_event_invalid, 10, 1, 1, 0});
    (void)state;
    c->is_retried = true;
    assert_int_equal(letter_book_judge(&book), 0);
    c->is_discarded = true; /* decided meanwhile, and judged again */
    assert_int_equal(letter_book_judge(&book), 0);
    assert_int_equal(c->state, LETTER_DISCARDED);
}

static void test_finding(void **state)
{
    struct letter_place place;
    struct dead_letter stranger = {
        .flow = flows[0], .topic = "orders.raw.dlq", .partition = 2, .offset = 9, .at_ms = 5};
    struct letter_case *c,
        *named = enter(&(const struct entered){"1", PF_E_event_invalid, 10, 1, 1, 0});
    (void)state;
    assert_int_equal(letter_book_enter(&book, &stranger, NULL, 0, &c), 0);
    assert_ptr_equal(letter_book_find(&book, "orders.raw/0/1"), named);
    assert_ptr_equal(letter_book_find(&book, "orders.raw.dlq/2/9"), c); /* it has no delivery */
    assert_null(letter_book_find(&book, "orders.raw/0/2"));
    assert_null(letter_book_find(&book, ""));
    assert_true(letter_place_read("orders.raw.dlq/2/9", &place));
    assert_ptr_equal(letter_book_find_place(&book, &place), c);
    assert_true(letter_place_read("refunds.raw.dlq/2/9", &place));
    assert_null(letter_book_find_place(&book, &place));
    assert_true(letter_book_concerns(&book, "1", 1));
    assert_false(letter_book_concerns(&book, "2", 1));
    assert_false(letter_book_concerns(&book, NULL, 0));
}

/* One cause is one line, whatever order it is about. */
static void test_the_causes_of_many(void **state)
{
    enum { MANY = 20000 };
    (void)state;
    for (int i = 0; i < MANY; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", i);
        (void)enter(&(const struct entered){
            id, i % 2 == 0 ? PF_E_event_invalid : PF_E_prima_invalid, i + 1, i + 1, 1, 0});
    }
    assert_int_equal(book.count, MANY);
    assert_int_equal(book.cause_count, 2);
    assert_string_equal(book.causes[0].shop, "01/shopify/uk");
    assert_int_equal(letter_book_judge(&book), 0);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(letter_book_at(&book, (size_t)i)->state, LETTER_OPEN);
}

/* Thousands of versions of one order do not take squares of time, and one of them is open. */
static void test_many_of_one_key(void **state)
{
    enum { MANY = 20000 };
    size_t open = 0;
    (void)state;
    for (int i = 1; i <= MANY; i++)
        (void)enter(&(const struct entered){"1", PF_E_event_invalid, i, i, i, 0});
    assert_int_equal(letter_book_judge(&book), 0);
    for (int i = 0; i < MANY; i++)
        open += letter_book_at(&book, (size_t)i)->state == LETTER_OPEN;
    assert_int_equal(open, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_causes),
        cmocka_unit_test(test_what_became_of_them),
        cmocka_unit_test_setup_teardown(test_a_discard_after_a_retry, begin, end),
        cmocka_unit_test_setup_teardown(test_finding, begin, end),
        cmocka_unit_test_setup_teardown(test_the_causes_of_many, begin, end),
        cmocka_unit_test_setup_teardown(test_many_of_one_key, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
