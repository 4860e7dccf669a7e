/* The workers' command line: exit codes, what goes on, and what is said where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/command_line.h"
#include "config/options.h"

enum { ARGS_MAX = 514, GOES_ON = -1 };

static char outputs[2][16384]; /* stdout, stderr */

/* options_read with both outputs caught. */
static int run(const char *const args[], struct options *ret_options)
{
    char *argv[ARGS_MAX + 2] = {strdup("/usr/bin/primaflow-test")};
    int argc = 1, saved[2], files[2];
    for (; argc <= ARGS_MAX && args[argc - 1] != NULL; argc++)
        argv[argc] = strdup(args[argc - 1]);
    (void)fflush(stdout);
    for (int i = 0; i < 2; i++) {
        FILE *file = tmpfile();
        assert_non_null(file);
        files[i] = dup(fileno(file));
        (void)fclose(file);
        saved[i] = dup(i + 1);
        assert_true(dup2(files[i], i + 1) >= 0);
    }
    const int result = options_read(argc, argv, "Moves test records.", ret_options);
    (void)fflush(stdout);
    for (int i = 0; i < 2; i++) {
        assert_true(dup2(saved[i], i + 1) >= 0);
        (void)close(saved[i]);
        const ssize_t n = pread(files[i], outputs[i], sizeof outputs[i] - 1, 0);
        assert_true(n >= 0);
        outputs[i][n] = '\0';
        (void)close(files[i]);
    }
    if (result == GOES_ON) { /* values point into argv */
        static char slot[64], http[64];
        (void)snprintf(slot, sizeof slot, "%s", ret_options->slot != NULL ? ret_options->slot : "");
        (void)snprintf(http, sizeof http, "%s", ret_options->http != NULL ? ret_options->http : "");
        ret_options->slot = ret_options->slot != NULL ? slot : NULL;
        ret_options->http = ret_options->http != NULL ? http : NULL;
    }
    while (argc > 0)
        free(argv[--argc]);
    return result;
}

static void test_codes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *args[8];
        int code, output; /* 0 stdout, 1 stderr */
        const char *says;
    } rows[] = {
        {"help", {"--help"}, 0, 0, "usage: primaflow-test [options]\n\nMoves test records.\n"},
        {"help lists keys", {"--help"}, 0, 0, "\n  prima.url ("},
        {"help tells of the environment",
         {"--help"},
         0,
         0,
         "\nKeys are also read from PRIMAFLOW_<KEY>, and from KAFKA_BOOTSTRAP_SERVERS"},
        {"help warns of secrets", {"--help"}, 0, 0, "never a secret"},
        {"help before a wrong key", {"--help", "-o", "x=y"}, 0, 0, "usage: "},
        {"version", {"--version"}, 0, 0, "primaflow-test " PF_VERSION "\n"},
        {"what is in effect",
         {"-o", "limit.rate=7", "--print-config"},
         0,
         0,
         "limit.rate: 7 # -o limit.rate\n"},
        {"no such option",
         {"--slots", "3"},
         64,
         1,
         "primaflow-test: unknown option --slots; see primaflow-test --help\n"},
        {"no such letter", {"-x"}, 64, 1, "unknown option -x"},
        {"an argument", {"orders.raw"}, 64, 1, "unexpected argument: orders.raw"},
        {"missing value", {"--config"}, 64, 1, "missing value after --config"},
        {"missing value after -o", {"-o"}, 64, 1, "missing value after -o"},
        {"-o without equals", {"-o", "limit.rate"}, 64, 1, "-o requires key=value, not limit.rate"},
        {"a slot with a slash", {"--slot", "a/b"}, 64, 1, "--slot requires 1 to 32"},
        {"an empty slot", {"--slot", ""}, 64, 1, "--slot requires 1 to 32"},
        {"a slot too long",
         {"--slot", "123456789012345678901234567890123"},
         64,
         1,
         "--slot requires 1 to 32"},
        {"a wrong key",
         {"-o", "limit.rat=3"},
         78,
         1,
         "primaflow-test: -o limit.rat: unknown key limit.rat; did you mean limit.rate?\n"},
        {"a wrong value, printed or not",
         {"-o", "limit.rate=x", "--print-config"},
         78,
         1,
         "wants a whole number"},
        {"no such file",
         {"--config", "/nonexistent.yaml"},
         78,
         1,
         "/nonexistent.yaml: cannot be read"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct options o = {.slot = "untouched"};
        assert_int_equal(run(rows[i].args, &o), rows[i].code);
        assert_string_equal(o.slot, "untouched");
        assert_non_null(strstr(outputs[rows[i].output], rows[i].says));
        assert_string_equal(outputs[1 - rows[i].output], "");
    }
}

static void test_goes_on(void **state)
{
    (void)state;
    static const struct {
        const char *name, *args[8], *slot, *http;
        bool check;
        int64_t rate;
    } rows[] = {
        {"nothing", {NULL}, NULL, NULL, false, 0},
        {"a slot", {"--slot", "orders-3"}, "orders-3", NULL, false, 0},
        {"with equals", {"--slot=3", "--http=:9100"}, "3", ":9100", false, 0},
        {"check", {"--check"}, NULL, NULL, true, 0},
        {"the key for --http", {"-o", "http.listen=:1"}, NULL, ":1", false, 0},
        {"--http over its key", {"--http", ":2", "-o", "http.listen=:1"}, NULL, ":2", false, 0},
        {"the last -o", {"-o", "limit.rate=1", "-olimit.rate=2"}, NULL, NULL, false, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct options o = {.slot = NULL};
        assert_int_equal(run(rows[i].args, &o), GOES_ON);
        assert_string_equal(outputs[0], "");
        assert_string_equal(outputs[1], "");
        assert_int_equal(o.slot != NULL, rows[i].slot != NULL);
        assert_int_equal(o.http != NULL, rows[i].http != NULL);
        if (o.slot != NULL)
            assert_string_equal(o.slot, rows[i].slot);
        if (o.http != NULL)
            assert_string_equal(o.http, rows[i].http);
        assert_int_equal(o.check, rows[i].check);
        assert_int_equal(config_int(o.config, CFG_limit_rate), rows[i].rate);
        config_free(o.config);
    }
}

static void test_too_many_keys(void **state)
{
    const char *args[ARGS_MAX + 1] = {NULL};
    struct options o;
    (void)state;
    for (size_t i = 0; i < 256; i++) {
        args[2 * i] = "-o";
        args[2 * i + 1] = "limit.rate=3";
    }
    assert_int_equal(run(args, &o), GOES_ON);
    config_free(o.config);
    args[512] = "-o";
    args[513] = "limit.rate=4";
    assert_int_equal(run(args, &o), 64);
    assert_string_equal(outputs[1], "primaflow-test: too many -o; use a file; see primaflow-test "
                                    "--help\n");
}

static int clean_environment(void **state)
{
    (void)state;
    return clearenv();
}

/* The table itself: which row, which value, which words, and what is wrong. */
static void test_table(void **state)
{
    (void)state;
    enum { FILE_ROW, FORCE, FORMAT, KEY, ROWS };
    static const struct command_option table[ROWS] = {
        [FILE_ROW] = {"file", 'f', "FILE", "reads it", "none.yaml"},
        [FORCE] = {"force", '\0', NULL, "goes on", NULL},
        [FORMAT] = {"format", '\0', "F", "how it looks", ""},
        [KEY] = {NULL, 'o', "K=V", "one key", NULL},
    };
    static const struct {
        const char *name, *args[8];
        int which;
        const char *value, *at; /* value NULL: none; at NULL: not compared */
        int words;
    } rows[] = {
        {"nothing", {NULL}, COMMAND_LINE_END, NULL, NULL, 0},
        {"words", {"a", "-", "b"}, COMMAND_LINE_END, NULL, NULL, 3},
        {"behind -- all are words", {"--", "--force"}, COMMAND_LINE_END, NULL, NULL, 1},
        {"a flag behind a word", {"a", "--force"}, FORCE, NULL, NULL, 0},
        {"a value behind it", {"--file", "x"}, FILE_ROW, "x", NULL, 0},
        {"a value in it", {"--file=x"}, FILE_ROW, "x", NULL, 0},
        {"an empty value", {"--file="}, FILE_ROW, "", NULL, 0},
        {"a letter", {"-f", "x"}, FILE_ROW, "x", NULL, 0},
        {"a letter and its value in one", {"-ok=v"}, KEY, "k=v", NULL, 0},
        {"shortened", {"--fi", "x"}, FILE_ROW, "x", NULL, 0},
        {"too short to tell", {"--fo"}, COMMAND_LINE_UNKNOWN, NULL, "--fo", 0},
        {"unknown", {"--none"}, COMMAND_LINE_UNKNOWN, NULL, "--none", 0},
        {"an unknown letter", {"-x"}, COMMAND_LINE_UNKNOWN, NULL, "-x", 0},
        {"no value", {"--file"}, COMMAND_LINE_NO_VALUE, NULL, "--file", 0},
        {"no value of a letter", {"-o"}, COMMAND_LINE_NO_VALUE, NULL, "-o", 0},
        {"a value too many", {"--force=1"}, COMMAND_LINE_ONE_VALUE, NULL, "--force=1", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char *argv[ARGS_MAX + 2] = {strdup("test")};
        int argc = 1;
        for (size_t arg = 0;
             arg < sizeof rows[i].args / sizeof *rows[i].args && rows[i].args[arg] != NULL; arg++)
            argv[argc++] = strdup(rows[i].args[arg]);
        struct command_line line;
        assert_int_equal(command_line_init(&line, table, ROWS, argc, argv), 0);
        assert_int_equal(command_line_next(&line), rows[i].which);
        if (rows[i].which >= 0) {
            assert_true((line.value == NULL) == (rows[i].value == NULL));
            if (rows[i].value != NULL)
                assert_string_equal(line.value, rows[i].value);
        }
        if (rows[i].at != NULL)
            assert_string_equal(line.at, rows[i].at);
        if (rows[i].which == COMMAND_LINE_END)
            assert_int_equal(line.word_count, rows[i].words);
        command_line_release(&line);
        while (argc > 0)
            free(argv[--argc]);
    }
    char text[400] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    command_line_help(table, ROWS, 16, out);
    (void)fclose(out);
    assert_string_equal(text, "  -f, --file FILE  reads it (default: none.yaml)\n"
                              "  --force          goes on\n"
                              "  --format F       how it looks (default: none)\n"
                              "  -o K=V           one key\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_too_many_keys),
    };
    return cmocka_run_group_tests_name("options", tests, clean_environment, NULL);
}
