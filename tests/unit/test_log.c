/* Log lines as their reader sees them: captured from stderr, parsed by jansson or compared as
 * text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <unistd.h>

#include "obs/log.h"

static char captured[3 * PIPE_BUF];
static int writes; /* calls of write(2) on stderr */

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (fd != STDERR_FILENO)
        return __real_write(fd, bytes, size);
    if (writes++ == 0) { /* the first is interrupted: it must be repeated */
        errno = EINTR;
        return -1;
    }
    const size_t had = strlen(captured);
    assert_true(had + size < sizeof captured);
    memcpy(captured + had, bytes, size);
    captured[had + size] = '\0';
    return (ssize_t)size;
}

/* What log_write writes, without "time=... level=..." */
static const char *say(enum log_level level, const struct log_fields *fields)
{
    captured[0] = '\0';
    writes = 0;
    log_write(level, fields);
    const char *message = strstr(captured, " message=");
    return message != NULL ? message + 1 : captured;
}

static void test_logfmt(void **state)
{
    (void)state;
    log_configure("test", false, LOG_LEVEL_INFO);
    static const struct {
        const char *name;
        struct log_fields fields;
        const char *line;
    } rows[] = {
        {"a plain word needs no quotes", {.message = "ready"}, "message=ready\n"},
        {"a sentence does", {.message = "two words"}, "message=\"two words\"\n"},
        {"empty is said", {.message = "x", .detail = ""}, "message=x detail=\"\"\n"},
        {"partition and offset 0 are said",
         {.message = "x", .topic = "t", .partition = 1, .offset = 1},
         "message=x topic=t partition=0 offset=0\n"},
        {"nothing is said of what is not known",
         {.message = "x", .count = -1, .ms = 0},
         "message=x\n"},
        {"a quote cannot end the value",
         {.message = "x", .detail = "a\" level=error"},
         "message=x detail=\"a\\\" level=error\"\n"},
        {"a line break cannot begin a line",
         {.message = "x", .detail = "a\ntime=1"},
         "message=x detail=\"a\\ntime=1\"\n"},
        {"an equals sign is quoted", {.message = "a=b"}, "message=\"a=b\"\n"},
        {"a terminal's escape is shown",
         {.message = "x", .detail = "\033[2J"},
         "message=x detail=\"\\u001b[2J\"\n"},
        {"C1 control", {.message = "x", .detail = "\xc2\x9b"}, "message=x detail=\"\\u009b\"\n"},
        {"a change of direction",
         {.message = "x", .detail = "\xe2\x80\xae"},
         "message=x detail=\"\\u202e\"\n"},
        {"letters of other scripts stay",
         {.message = "x", .detail = "\xc5\x81\xc3\xb3\x64\xc5\xba"},
         "message=x detail=\"\xc5\x81\xc3\xb3\x64\xc5\xba\"\n"},
        {"a lone byte is replaced",
         {.message = "x", .detail = "a\xff"},
         "message=x detail=\"a\xef\xbf\xbd\"\n"},
        {"an overlong slash is replaced",
         {.message = "x", .detail = "\xc0\xaf"},
         "message=x detail=\"\xef\xbf\xbd\xef\xbf\xbd\"\n"},
        {"an overlong slash of three bytes",
         {.message = "x", .detail = "\xe0\x80\xaf"},
         "message=x detail=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"},
        {"half of a surrogate pair",
         {.message = "x", .detail = "\xed\xa0\x80"},
         "message=x detail=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"},
        {"beyond the last character",
         {.message = "x", .detail = "\xf4\x90\x80\x80"},
         "message=x detail=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n"},
        {"a lead byte does not swallow what follows",
         {.message = "x", .detail = "\xc3("},
         "message=x detail=\"\xef\xbf\xbd(\"\n"},
        {"a cut character at the end is replaced",
         {.message = "x", .detail = "\xe2\x82"},
         "message=x detail=\"\xef\xbf\xbd\xef\xbf\xbd\"\n"},
        {"every field",
         {.message = "m",
          .detail = "d",
          .topic = "t",
          .key = "k",
          .code = "c",
          .outcome = "o",
          .owner = "w",
          .slot = "s",
          .reason = "r",
          .file = "f",
          .remedy = "y",
          .partition = 2,
          .offset = 3,
          .count = 4,
          .ms = 5},
         "message=m slot=s topic=t partition=1 offset=2 key=k outcome=o code=c owner=w reason=r "
         "count=4 ms=5 file=f remedy=y detail=d\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_string_equal(say(LOG_LEVEL_INFO, &rows[i].fields), rows[i].line);
        assert_int_equal(writes, 2); /* the interrupted one, and one for the whole line */
    }
}

static void test_head(void **state)
{
    (void)state;
    log_configure("primaflow-orders", false, LOG_LEVEL_INFO);
    (void)say(LOG_LEVEL_WARNING, &(struct log_fields){.message = "x"});
    assert_int_equal(strncmp(captured, "time=20", 7), 0);
    assert_non_null(strstr(captured, "Z level=warning program=primaflow-orders message=x\n"));
}

static void test_json(void **state)
{
    (void)state;
    log_configure("test", true, LOG_LEVEL_INFO);
    const char *nasty = "quote \" slash \\ line \n tab \t esc \033 byte \xff end";
    (void)say(
        LOG_LEVEL_ERROR,
        &(struct log_fields){.message = "m", .detail = nasty, .offset = INT64_MAX, .partition = 1});
    json_error_t error;
    json_t *line = json_loads(captured, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(line, "detail")),
                        "quote \" slash \\ line \n tab \t esc \033 byte \xef\xbf\xbd end");
    assert_true(json_integer_value(json_object_get(line, "offset")) == INT64_MAX - 1);
    assert_true(json_is_integer(json_object_get(line, "partition")));
    assert_null(json_object_get(line, "cut"));
    json_decref(line);
}

/* A line stays within PIPE_BUF whatever it is told, remains whole (JSON parses), and says that it
 * was cut. */
static void test_long_lines_are_cut(void **state)
{
    (void)state;
    static char huge[20000];
    static const char *const units[] = {"x", "\033", "\xe2\x82\xac", "\""};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        for (size_t shift = 0; shift < 80;
             shift += 7) { /* every position of a unit at the end of the room */
            const size_t size = strlen(units[u]);
            memset(huge, '.', shift);
            for (size_t i = shift; i + size < sizeof huge; i += size)
                memcpy(huge + i, units[u], size);
            huge[shift + (sizeof huge - 1 - shift) / size * size] = '\0';
            log_configure("test", true, LOG_LEVEL_INFO);
            (void)say(LOG_LEVEL_INFO,
                      &(struct log_fields){.message = "m", .remedy = huge, .detail = "lost"});
            assert_in_range(strlen(captured), PIPE_BUF - 128, PIPE_BUF);
            json_t *line = json_loads(captured, 0, NULL);
            assert_non_null(line);
            assert_true(json_is_true(json_object_get(line, "cut")));
            assert_null(json_object_get(line, "detail"));
            json_decref(line);
            log_configure("test", false, LOG_LEVEL_INFO);
            (void)say(LOG_LEVEL_INFO,
                      &(struct log_fields){.message = "m", .remedy = huge, .detail = "lost"});
            assert_true(strlen(captured) <= PIPE_BUF);
            assert_string_equal(captured + strlen(captured) - 10, " cut=true\n");
        }
}

static void test_levels(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_ERROR;
    assert_int_equal(log_level_find("loud", &level), -EINVAL);
    assert_int_equal(level, LOG_LEVEL_ERROR);
    static const char *const names[] = {"debug", "info", "warning", "error"};
    for (int least = LOG_LEVEL_DEBUG; least <= LOG_LEVEL_ERROR; least++) {
        assert_int_equal(log_level_find(names[least], &level), 0);
        assert_int_equal(level, least);
        log_configure("test", false, level);
        for (int said = LOG_LEVEL_DEBUG; said <= LOG_LEVEL_ERROR; said++) {
            (void)say((enum log_level)said, &(struct log_fields){.message = "x"});
            assert_int_equal(captured[0] != '\0', said >= least);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logfmt), cmocka_unit_test(test_head),
        cmocka_unit_test(test_json),   cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
