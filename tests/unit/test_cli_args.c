/* A command's words and options: what is taken, and what is refused as usage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "cli.h"
#include "globals.h"

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
        {"options anywhere",
         {"--flag", "a", "--text", "x", "--number=12"},
         true,
         {true, "x", 12, 0, 0},
         1},
        {"an empty value", {"a", "--text="}, true, {false, "", 7, 0, 0}, 1},
        {"behind -- all are words", {"a", "--", "--flag"}, true, {false, "default", 7, 0, 0}, 2},
        {"a duration", {"a", "--ms", "5s"}, true, {false, "default", 7, 5000, 0}, 1},
        {"the shortest duration", {"a", "--ms", "10ms"}, true, {false, "default", 7, 10, 0}, 1},
        {"the smallest number", {"a", "--number", "1"}, true, {false, "default", 1, 0, 0}, 1},
        {"the largest", {"a", "--number", "100"}, true, {false, "default", 100, 0, 0}, 1},
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
        char program[] = "primaflow", name[] = "try", *argv[10] = {program, name};
        int argc = 2;
        for (; r->argv[argc - 2] != NULL; argc++)
            argv[argc] = r->argv[argc - 2];
        print_message("  %s\n", r->name);
        struct globals globals = {.json = false};
        errno = ERANGE; /* of something before */
        int rc = args_read(&command, argc, argv, &globals, &options, &args);
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

/* The options of every command stand anywhere, among the words of its name as well. */
static void test_globals(void **state)
{
    (void)state;
    static const struct globals_row {
        const char *name;
        char *argv[12];
        bool taken;
        struct globals globals;
        const char *text;
    } rows[] = {
        {"before the command",
         {"--config", "a.yaml", "-o", "x=1", "try", "a"},
         true,
         {.config_file = "a.yaml", .overrides = {"x=1"}, .override_count = 1},
         "default"},
        {"behind it, among its own",
         {"try", "--text", "t", "a", "--config=b.yaml", "-ox=1", "-o", "y=2", "--json"},
         true,
         {.config_file = "b.yaml", .overrides = {"x=1", "y=2"}, .override_count = 2, .json = true},
         "t"},
        {"the last file",
         {"--config", "a", "try", "a", "--config", "b"},
         true,
         {.config_file = "b"},
         "default"},
        {"checks",
         {"try", "a", "--check", "--print-config"},
         true,
         {.check = true, .print_config = true},
         "default"},
        {"an option's value is none of them",
         {"try", "a", "--text", "--json"},
         true,
         {.json = false},
         "--json"},
        {"no file", {"try", "a", "--config"}, false, {0}, NULL},
        {"no key", {"try", "a", "-o"}, false, {0}, NULL},
        {"a key without a value", {"-o", "x", "try", "a"}, false, {0}, NULL},
        {"a flag with a value", {"try", "a", "--json=1"}, false, {0}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct globals_row *r = &rows[i];
        char program[] = "primaflow", *argv[14] = {program};
        struct options options;
        struct globals globals = {.json = false};
        struct args args;
        int argc = 1;
        for (; r->argv[argc - 1] != NULL; argc++)
            argv[argc] = r->argv[argc - 1];
        print_message("  %s\n", r->name);
        assert_int_equal(args_read(&command, argc, argv, &globals, &options, &args) == 0, r->taken);
        if (!r->taken)
            continue;
        assert_int_equal(args.word_count, 1);
        assert_string_equal(args.words[0], "a");
        assert_string_equal(options.text, r->text);
        assert_int_equal(globals.config_file != NULL, r->globals.config_file != NULL);
        if (globals.config_file != NULL)
            assert_string_equal(globals.config_file, r->globals.config_file);
        assert_int_equal(globals.override_count, r->globals.override_count);
        for (size_t k = 0; k < globals.override_count; k++)
            assert_string_equal(globals.overrides[k], r->globals.overrides[k]);
        assert_int_equal(globals.json, r->globals.json);
        assert_int_equal(globals.check, r->globals.check);
        assert_int_equal(globals.print_config, r->globals.print_config);
    }
}

/* 64 keys, and no more. */
static void test_overrides_are_bounded(void **state)
{
    (void)state;
    struct globals globals = {.json = false};
    enum { KEY_ROW = 1 };
    assert_int_equal(globals_rows[KEY_ROW].letter, 'o');
    for (size_t i = 0; i < GLOBALS_OVERRIDES_MAX; i++)
        assert_int_equal(globals_take(&globals, KEY_ROW, "x=1"), 0);
    assert_int_equal(globals_take(&globals, KEY_ROW, "x=1"), -EINVAL);
    assert_int_equal(globals.override_count, GLOBALS_OVERRIDES_MAX);
}

/* Before the command is known: its words are found, its own options are passed over. */
static void test_first_look(void **state)
{
    (void)state;
    char *argv[] = {"primaflow", "--config", "f",  "topics",    "--json", "create",
                    "--from",    "x",        "-h", "--version", NULL};
    struct globals_seen seen;
    globals_look(10, argv, &seen);
    assert_true(seen.help && seen.version && !seen.check && !seen.print_config);
    assert_int_equal(seen.word_count, 3);
    assert_string_equal(seen.words[0], "topics");
    assert_string_equal(seen.words[1], "create");
    assert_string_equal(seen.unknown, "--from");
    char *none[] = {"primaflow", "--check", "--print-config", NULL};
    globals_look(3, none, &seen);
    assert_true(seen.check && seen.print_config && !seen.help && !seen.version);
    assert_int_equal(seen.word_count, 0);
    assert_null(seen.unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments), cmocka_unit_test(test_globals),
        cmocka_unit_test(test_overrides_are_bounded), cmocka_unit_test(test_first_look)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
