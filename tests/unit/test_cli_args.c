/* A command's words and options: what is taken, and what is refused as usage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "cli.h"

struct options {
    bool flag;
    const char *text;
    int64_t number, ms, time;
};

static const struct options defaults = {.text = "default", .number = 7};
static const struct arg args_table[] = {
    {"--flag", ARG_FLAG, offsetof(struct options, flag), NULL, "", 0, 0},
    {"--text", ARG_TEXT, offsetof(struct options, text), "T", "", 0, 0},
    {"--number", ARG_INT, offsetof(struct options, number), "N", "", 1, 100},
    {"--ms", ARG_MS, offsetof(struct options, ms), "D", "", 10, 0},
    {"--time", ARG_TIME, offsetof(struct options, time), "T", "", 0, 0},
};
static const struct command command = {
    .name = "try",
    .synopsis = "A [B]",
    .summary = "tries",
    .help = "",
    .args = args_table,
    .arg_count = 5,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .words_min = 1,
    .words_max = 2,
};

struct row {
    const char *name;
    char *argv[8];
    bool taken;
    struct options options;
    int words;
};

static void test_arguments(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"words", {"a", "b"}, true, {false, "default", 7, 0, 0}, 2},
        {"dash is a word", {"-"}, true, {false, "default", 7, 0, 0}, 1},
        {"options anywhere", {"--flag", "a", "--text", "x", "--number=12"}, true, {true, "x", 12, 0, 0}, 1},
        {"an empty value", {"a", "--text="}, true, {false, "", 7, 0, 0}, 1},
        {"behind -- all are words", {"a", "--", "--flag"}, true, {false, "default", 7, 0, 0}, 2},
        {"a duration", {"a", "--ms", "5s"}, true, {false, "default", 7, 5000, 0}, 1},
        {"a date", {"a", "--time", "1970-01-02"}, true, {false, "default", 7, 0, 86400000}, 1},
        {"no word", {"--flag"}, false, {0}, 0},
        {"too many words", {"a", "b", "c"}, false, {0}, 0},
        {"an unknown option", {"a", "--flags"}, false, {0}, 0},
        {"a flag with a value", {"a", "--flag=1"}, false, {0}, 0},
        {"no value", {"a", "--text"}, false, {0}, 0},
        {"no number", {"a", "--number", "x"}, false, {0}, 0},
        {"half a number", {"a", "--number", "1x"}, false, {0}, 0},
        {"too small", {"a", "--number", "0"}, false, {0}, 0},
        {"too large", {"a", "--number", "101"}, false, {0}, 0},
        {"beyond all numbers", {"a", "--number", "99999999999999999999"}, false, {0}, 0},
        {"no duration", {"a", "--ms", "soon"}, false, {0}, 0},
        {"too short", {"a", "--ms", "5ms"}, false, {0}, 0},
        {"no time", {"a", "--time", "yesterday"}, false, {0}, 0},
    };
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct options options = {0};
        struct args args = {.word_count = -1};
        int argc = 0;
        while (r->argv[argc] != NULL)
            argc++;
        print_message("  %s\n", r->name);
        int rc = args_read(&command, argc, (char **)(uintptr_t)r->argv, &options, &args);
        assert_int_equal(rc == 0, r->taken);
        if (!r->taken) {
            assert_int_equal(args.word_count, -1); /* untouched */
            continue;
        }
        assert_int_equal(args.word_count, r->words);
        assert_int_equal(options.flag, r->options.flag);
        assert_string_equal(options.text, r->options.text);
        assert_int_equal(options.number, r->options.number);
        assert_int_equal(options.ms, r->options.ms);
        assert_int_equal(options.time, r->options.time);
    }
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
