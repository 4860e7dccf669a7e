/* librdkafka's own lines: what our log makes of them, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "obs/log.h"
#include "obs/log_limit.h"
#include "kafka/internal.h"

static char captured[64 * 1024];
static int64_t now_ms;

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (fd != STDERR_FILENO)
        return __real_write(fd, bytes, size);
    const size_t had = strlen(captured);
    assert_true(had + size < sizeof captured);
    memcpy(captured + had, bytes, size);
    captured[had + size] = '\0';
    return (ssize_t)size;
}

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

/* The one line that is written, or NULL. */
static json_t *say(int level, const char *facility, const char *text)
{
    captured[0] = '\0';
    kafka_log_line(NULL, level, facility, text);
    if (captured[0] == '\0')
        return NULL;
    assert_ptr_equal(strchr(captured, '\n'), captured + strlen(captured) - 1);
    json_t *line = json_loads(captured, 0, NULL);
    assert_non_null(line);
    return line;
}

static const char *text_of(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    return text != NULL ? text : "";
}

static void test_levels(void **state)
{
    (void)state;
    log_configure("test", true, LOG_LEVEL_DEBUG);
    static const struct {
        int level;
        const char *facility, *ours;
    } rows[] = {{0, "CRASH", "error"},       {2, "CRIT", "error"},    {3, "FAIL3", "warning"},
                {4, "SESSTMOUT", "warning"}, {5, "REQTMOUT", "info"}, {6, "FAIL6", "info"},
                {7, "FETCH", "debug"},       {4, "CONFWARN", "debug"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *line = say(rows[i].level, rows[i].facility, "[thrd:main]: \"words\"\nof theirs");
        assert_non_null(line);
        assert_string_equal(text_of(line, "level"), rows[i].ours);
        assert_string_equal(text_of(line, "reason"), rows[i].facility);
        assert_string_equal(text_of(line, "detail"), "[thrd:main]: \"words\"\nof theirs");
        json_decref(line);
    }
}

static void test_floods(void **state)
{
    (void)state;
    log_configure("test", true, LOG_LEVEL_INFO);
    now_ms = 1000000;
    int written = 0;
    for (int i = 0; i < 1000; i++) {
        json_t *line = say(3, "FLOOD", "refused");
        written += line != NULL;
        json_decref(line);
    }
    assert_int_equal(written, LOG_LIMIT_LINES);
    json_t *other = say(4, "ANOTHER", "one"); /* is not drowned by it */
    assert_non_null(other);
    json_decref(other);
    now_ms += LOG_LIMIT_MS;
    json_t *later = say(3, "FLOOD", "refused");
    assert_int_equal(json_integer_value(json_object_get(later, "count")), 1000 - LOG_LIMIT_LINES);
    json_decref(later);
    later = say(3, "FLOOD", "refused");
    assert_null(json_object_get(later, "count")); /* said once */
    json_decref(later);
}

static void test_more_kinds_than_places(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    char name[80];
    int64_t left_out, written = 0;
    for (int turn = 0; turn < 20; turn++)
        for (int i = 0; i < 100; i++) {
            (void)snprintf(name, sizeof name, "a-rather-long-name-%d-of-a-kind",
                           i); /* told apart by its beginning alone */
            written += log_limit_allows(&limit, i % 2 ? name : name + 19, 5, &left_out);
        }
    assert_true(written <= (int64_t)LOG_LIMIT_KINDS * LOG_LIMIT_LINES);
    assert_true(written > LOG_LIMIT_LINES);
}

/* A kind that was heard of once keeps its place, and counts for itself. */
static void test_kinds_count_for_themselves(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    int64_t left_out = 7;
    static const char *const kinds[] = {"a", "b", "c"};
    for (int line = 0; line <= LOG_LIMIT_LINES; line++)
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(log_limit_allows(&limit, kinds[i], 5, &left_out),
                             line < LOG_LIMIT_LINES);
    for (size_t i = 0; i < 3; i++) {
        assert_true(log_limit_allows(&limit, kinds[i], 5 + LOG_LIMIT_MS, &left_out));
        assert_int_equal(left_out, 1);
        assert_true(log_limit_allows(&limit, kinds[i], 5 + LOG_LIMIT_MS, &left_out));
        assert_int_equal(left_out, 0);
        assert_string_equal(limit.kinds[i].name, kinds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_more_kinds_than_places),
        cmocka_unit_test(test_kinds_count_for_themselves),
    };
    return cmocka_run_group_tests_name("kafka log", tests, NULL, NULL);
}
