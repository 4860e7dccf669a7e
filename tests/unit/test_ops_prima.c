/* What the command line asks of Prima: the state of one order, and a range of documents page after
 * page, with a Prima that answers by a script. */
#include "test_ops_world.h"

#include "core/prima_ask.h"
#include "core/prima_search.h"

static struct config_message message;

static const struct config *config_with(const char *const overrides[])
{
    return ops_config(world_ops(overrides));
}

static void test_the_state_of_an_order(void **state)
{
    static const struct world_answer answers[] = {
        {.fate = PRIMA_OK, .http_status = 200, .order_status = "Despatched"},
        {.fate = PRIMA_OK, .http_status = 200, .order_status = NULL},
        {.fate = PRIMA_ABSENT, .http_status = 200},
        {.fate = PRIMA_UNKNOWN, .http_status = 503},
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct prima_answer answer = {.http_status = -1};
        world_reset();
        world.answers[0] = answers[i];
        world.answer_count = 1;
        assert_int_equal(prima_ask_status(config_with(NULL), "01", "2015001", &answer, &message),
                         0);
        assert_int_equal(answer.fate, answers[i].fate);
        assert_int_equal(answer.http_status, answers[i].http_status);
        assert_string_equal(answer.status,
                            answers[i].order_status != NULL ? answers[i].order_status : "");
        assert_string_equal(world.trace, "only reads | OrderStatus of '01'");
        assert_non_null(strstr(world.prima_asked[0], "2015001"));
    }
}

static void test_what_cannot_be_asked(void **state)
{
    static const char *const nowhere[] = {"prima.patterns=/nowhere", NULL};
    struct prima_answer answer = {.http_status = -1};
    (void)state;
    world_reset();
    assert_int_equal(prima_ask_status(config_with(NULL), "01", "2 1", &answer, &message), -EINVAL);
    assert_string_equal(message.text, "'2 1' cannot be an order number");
    assert_int_equal(prima_ask_status(config_with(nowhere), "01", "21", &answer, &message),
                     -EINVAL);
    assert_non_null(strstr(message.text, "/nowhere"));
    assert_int_equal(answer.http_status, -1);
    assert_int_equal(world.prima_count, 0);
}

/* ---- searching ---- */

static char seen[600];

static void each(void *user, const char *company, const struct prima_document *document)
{
    const size_t used = strlen(seen);
    assert_ptr_equal(user, seen);
    (void)snprintf(seen + used, sizeof seen - used, "%s%s/%s", used > 0 ? " " : "", company,
                   document->number);
}

#define DOCUMENT(n)                                                                                \
    {                                                                                              \
        .type = "Order", .number = n, .date = "", .currency = "", .net = "", .tax = "",            \
        .gross = "", .hold = ""                                                                    \
    }
static const struct prima_document documents[] = {DOCUMENT("1"), DOCUMENT("2"), DOCUMENT("3"),
                                                  DOCUMENT("4"), DOCUMENT("5")};

static struct world_answer page(size_t first, size_t count, int64_t pages)
{
    return (struct world_answer){.fate = PRIMA_OK,
                                 .http_status = 200,
                                 .pages = pages,
                                 .documents = &documents[first],
                                 .document_count = count};
}

static int search(int page_size)
{
    seen[0] = message.text[0] = '\0';
    return prima_search(config_with(NULL), "01", "2026-11-01", "2026-11-30", page_size, each, seen,
                        &message);
}

static void test_pages_until_the_last(void **state)
{
    static const struct world_answer absent = {.fate = PRIMA_ABSENT, .http_status = 200};
    const struct {
        const char *name;
        struct world_answer answers[4];
        size_t answer_count, asked;
        const char *seen;
    } rows[] = {
        {"one page that is not full", {page(0, 1, 0)}, 1, 1, "01/1"},
        {"a full one is followed",
         {page(0, 2, 0), page(2, 2, 0), page(4, 1, 0)},
         3,
         3,
         "01/1 01/2 01/3 01/4 01/5"},
        {"the last is full, too",
         {page(0, 2, 0), page(2, 2, 0), absent},
         3,
         3,
         "01/1 01/2 01/3 01/4"},
        {"none", {absent}, 1, 1, ""},
        {"Prima says how many: as many",
         {page(0, 2, 2), page(2, 2, 2)},
         2,
         2,
         "01/1 01/2 01/3 01/4"},
        {"Prima says how many: short pages do not end it",
         {page(0, 1, 3), page(2, 1, 3), page(4, 1, 3)},
         3,
         3,
         "01/1 01/3 01/5"},
        {"an empty page ends it, whatever Prima says",
         {page(0, 2, 9), page(0, 0, 9)},
         2,
         2,
         "01/1 01/2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        memcpy(world.answers, rows[i].answers, sizeof rows[i].answers);
        world.answer_count = rows[i].answer_count;
        assert_int_equal(search(2), 0);
        if (strcmp(seen, rows[i].seen) != 0 || world.prima_count != rows[i].asked)
            fail_msg("%s: %zu asked, %s", rows[i].name, world.prima_count, seen);
    }
    assert_non_null(strstr(world.trace, "only reads | OrderSearch of '01'"));
    assert_non_null(strstr(world.prima_asked[0], "2026-11-01"));
    assert_non_null(strstr(world.prima_asked[0], "2026-11-30"));
    assert_non_null(strstr(world.prima_asked[0], "=\"1\""));
    assert_non_null(strstr(world.prima_asked[1], "=\"2\""));
}

/* A Prima that does not know the name of the page's attribute would be read for ever. */
static void test_the_same_page_again_is_told_and_not_counted_twice(void **state)
{
    (void)state;
    world_reset();
    world.answers[0] = page(0, 2, 0);
    world.answer_count = 1;
    assert_int_equal(search(2), -EPROTO);
    assert_string_equal(seen, "01/1 01/2");
    assert_int_equal(world.prima_count, 2);
    assert_non_null(strstr(message.text, "prima.name.search_page"));
}

/* "Not now" is obeyed: as long as Prima says, within bounds, and not for ever. */
static void test_not_now_is_obeyed(void **state)
{
    static const struct {
        int64_t retry_after_ms, slept_ms;
    } rows[] = {{-1, 1000}, {0, 1000}, {1, 1}, {2500, 2500}, {60000, 60000}, {900000, 60000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answers[0] = (struct world_answer){.fate = PRIMA_NOT_ACCEPTED,
                                                 .http_status = 429,
                                                 .retry_after_ms = rows[i].retry_after_ms};
        world.answers[1] = page(0, 1, 0);
        world.answer_count = 2;
        assert_int_equal(search(2), 0);
        assert_string_equal(seen, "01/1");
        assert_int_equal(world.slept_ms, rows[i].slept_ms);
    }
    world_reset();
    world.answers[0] =
        (struct world_answer){.fate = PRIMA_NOT_ACCEPTED, .http_status = 429, .retry_after_ms = 10};
    world.answer_count = 1;
    assert_int_equal(search(2), -EIO);
    assert_int_equal(world.prima_count, 6);
    assert_int_equal(world.slept_ms, 50);
    assert_string_equal(message.text, "Prima query failed: not_accepted; see primaflow doctor");
}

static void test_what_is_no_answer_to_a_search(void **state)
{
    static const struct {
        enum prima_fate fate;
        int http_status, rc;
        const char *text;
    } rows[] = {
        {PRIMA_NOT_SENT, 0, -EIO, "Prima query failed: not_sent; see primaflow doctor"},
        {PRIMA_DENIED, 401, -EIO, "Prima query failed: denied; see primaflow doctor"},
        {PRIMA_UNKNOWN, 502, -EPROTO, "Prima does not answer OrderSearch (unknown, HTTP 502)"},
        {PRIMA_UNCLASSIFIED, 200, -EPROTO,
         "Prima does not answer OrderSearch (unclassified, HTTP 200)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_reset();
        world.answers[0] = (struct world_answer){.fate = rows[i].fate,
                                                 .http_status = rows[i].http_status,
                                                 .documents = documents,
                                                 .document_count = 2};
        world.answer_count = 1;
        assert_int_equal(search(2), rows[i].rc);
        assert_memory_equal(message.text, rows[i].text, strlen(rows[i].text));
        assert_string_equal(seen, ""); /* what comes with a failure is nobody's document */
        assert_int_equal(world.prima_count, 1);
    }
    static const char *const nowhere[] = {"prima.patterns=/nowhere", NULL};
    world_reset();
    assert_int_equal(prima_search(config_with(nowhere), "01", "", "", 2, each, seen, &message),
                     -EINVAL);
    assert_non_null(strstr(message.text, "/nowhere"));
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
        cmocka_unit_test(test_the_state_of_an_order),
        cmocka_unit_test(test_what_cannot_be_asked),
        cmocka_unit_test(test_pages_until_the_last),
        cmocka_unit_test(test_the_same_page_again_is_told_and_not_counted_twice),
        cmocka_unit_test(test_not_now_is_obeyed),
        cmocka_unit_test(test_what_is_no_answer_to_a_search),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
