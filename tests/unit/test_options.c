/* The workers' command line: exit codes, what goes on, and what is said where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/options.h"

enum { ARGS_MAX = 8, GOES_ON = -1 };

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
        const char *name, *args[ARGS_MAX];
        int code, output; /* 0 stdout, 1 stderr */
        const char *says;
    } rows[] = {
        {"help", {"--help"}, 0, 0, "usage: primaflow-test [options]\n\nMoves test records.\n"},
        {"help lists keys", {"--help"}, 0, 0, "\n  prima.url ("},
        {"help warns of secrets", {"--help"}, 0, 0, "never a secret"},
        {"help before a wrong key", {"--help", "-o", "x=y"}, 0, 0, "usage: "},
        {"version", {"--version"}, 0, 0, "primaflow-test " PF_VERSION "\n"},
        {"what is in effect", {"-o", "limit.rate=7", "--print-config"}, 0, 0, "limit.rate: 7 # -o limit.rate\n"},
        {"no such option", {"--slots", "3"}, 64, 1, "primaflow-test: there is no option --slots; see primaflow-test --help\n"},
        {"no such letter", {"-x"}, 64, 1, "there is no option -x"},
        {"an argument", {"orders.raw"}, 64, 1, "no argument is expected: orders.raw"},
        {"a value is missing", {"--config"}, 64, 1, "a value is missing after --config"},
        {"a value is missing after -o", {"-o"}, 64, 1, "a value is missing after -o"},
        {"-o without equals", {"-o", "limit.rate"}, 64, 1, "-o wants key=value, not limit.rate"},
        {"a slot with a slash", {"--slot", "a/b"}, 64, 1, "--slot wants 1 to 32"},
        {"an empty slot", {"--slot", ""}, 64, 1, "--slot wants 1 to 32"},
        {"a slot too long", {"--slot", "123456789012345678901234567890123"}, 64, 1, "--slot wants 1 to 32"},
        {"a wrong key",
         {"-o", "limit.rat=3"},
         78,
         1,
         "primaflow-test: -o limit.rat: there is no key limit.rat; did you mean limit.rate?\n"},
        {"a wrong value, printed or not", {"-o", "limit.rate=x", "--print-config"}, 78, 1, "wants a whole number"},
        {"no such file", {"--config", "/nonexistent.yaml"}, 78, 1, "/nonexistent.yaml: cannot be read"},
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
        const char *name, *args[ARGS_MAX], *slot, *http;
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

static int clean_environment(void **state)
{
    (void)state;
    return clearenv();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_goes_on),
    };
    return cmocka_run_group_tests_name("options", tests, clean_environment, NULL);
}
