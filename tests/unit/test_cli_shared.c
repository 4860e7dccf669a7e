/* What every command shares, run from main(): how it is found, helped with, configured, refused, and
 * how it ends. */
#include "test_cli_run.h"

#include <fcntl.h>
#include <unistd.h>

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    return 0;
}

static void test_help_and_version(void **state)
{
    static const struct {
        const char *name;
        const char *words[4];
        const char *out;
    } rows[] = {
        {"version", {"--version"}, "primaflow " PF_VERSION "\n"},
        {"version, whatever stands behind",
         {"--version", "frobnicate"},
         "primaflow " PF_VERSION "\n"},
        {"help", {"--help"}, "usage: primaflow [--config FILE]"},
        {"help, as a word", {"help"}, "usage: primaflow [--config FILE]"},
        {"of a command", {"ledger", "show", "--help"}, "usage: primaflow ledger show ID\n\n"},
        {"of a command, as a word",
         {"help", "ledger", "show"},
         "usage: primaflow ledger show ID\n"},
        {"of one with options", {"why", "-h"}, "usage: primaflow why ID [options]\n\n"},
        {"of one without words", {"doctor", "--help"}, "usage: primaflow doctor\n\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(run(w[0], w[1], w[2], w[3], (char *)NULL), CLI_DONE);
        if (strncmp(run_out, rows[i].out, strlen(rows[i].out)) != 0)
            fail_msg("%s: %s", rows[i].name, run_out);
        assert_string_equal(run_err, "");
    }
}

static void test_help_names_every_command_and_option(void **state)
{
    static const char *const all[] = {"  generate orders ",
                                      "  generate refunds ",
                                      "  produce ",
                                      "  consume ",
                                      "  topics create ",
                                      "  topics check ",
                                      "  why ",
                                      "  amended ",
                                      "  ledger import ",
                                      "  ledger show ",
                                      "  mappings check ",
                                      "  report shadow ",
                                      "  doctor ",
                                      "  exceptions ",
                                      "  config reference ",
                                      "  import shopify orders ",
                                      "--print-config",
                                      "-o KEY=VALUE"};
    (void)state;
    assert_int_equal(run("--help", NULL), CLI_DONE);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        run_has(run_out, all[i]);
    assert_int_equal(run("why", "--help", NULL), CLI_DONE);
    run_has(run_out, "\n\n  --since AGE                age of the oldest");
    run_has(run_out, "\n  --all-partitions           for producers");
    run_has(run_out, "\nID is the channel's order id");
    assert_int_equal(run("config", "reference", "--help", NULL), CLI_DONE);
    run_has(run_out, "print every configuration key, as Markdown\n\nOptions of every command: ");
}

static void test_what_is_no_command(void **state)
{
    static const struct {
        const char *words[3];
        const char *err;
    } rows[] = {
        {{NULL}, "usage: primaflow "},
        {{"frob"}, "primaflow: error: unknown command 'frob'; see: primaflow --help\n"},
        {{"ledger"},
         "primaflow: error: unknown command 'ledger'; did you mean: ledger import, ledger show; "
         "see: primaflow --help\n"},
        {{"ledger", "shew"}, "primaflow: error: unknown command 'ledger'; did you mean: ledger"},
        {{"wy"}, "primaflow: error: unknown command 'wy'; did you mean: why; see"},
        {{"gen"},
         "primaflow: error: unknown command 'gen'; did you mean: generate orders, "
         "generate refunds; see"},
        {{"--frob"}, "primaflow: error: option: '--frob' is none of primaflow's own, or lacks"},
        {{"a_word_that_is_longer_than_the_name_of_any_command_and_than_the_room_for_one", "show"},
         "primaflow: error: unknown command 'a_word_that_is_longer_than"},
        {{"import", "a_word_that_is_longer_than_the_name_of_any_command_and_the_room", "x"},
         "primaflow: error: unknown command 'import'; did you mean: import shopify orders"},
        {{"--help", "frob"}, "primaflow: error: unknown command 'frob'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(run(w[0], w[1], w[2], (char *)NULL), CLI_USAGE);
        if (strncmp(run_err, rows[i].err, strlen(rows[i].err)) != 0)
            fail_msg("%s: %s", w[0], run_err);
        assert_string_equal(run_out, "");
    }
}

static void test_words_behind_a_name(void **state)
{
    (void)state;
    assert_int_equal(run("exceptions", "a", "b", NULL), CLI_USAGE);
    run_has(run_err, "exceptions: unexpected argument 'b'; usage: primaflow exceptions [CODE]");
    assert_int_equal(run("ledger", "show", NULL), CLI_USAGE);
    run_has(run_err, "ledger show: missing argument; usage: primaflow ledger show ID");
    assert_int_equal(run("config", "reference", "x", NULL), CLI_USAGE);
    run_has(run_err, "config reference: unexpected argument 'x'");
}

static void test_options_that_do_not_fit(void **state)
{
    static const struct {
        const char *words[4];
        const char *err;
    } rows[] = {
        {{"topics", "check", "--partitions", "0"},
         "primaflow: error: topics check --partitions: '0' is not a number from 1 to 10000; see: "
         "primaflow topics check --help\n"},
        {{"generate", "orders", "--count", "x"},
         "primaflow: error: generate orders --count: 'x' is not a number from 0 to 1000000000; "
         "see"},
        {{"consume", "t", "--count", "-1"},
         "primaflow: error: consume --count: '-1' is not a number from 0 to 9223372036854775807;"},
        {{"why", "1", "--since", "soon"},
         "primaflow: error: why --since: 'soon' is not a duration such as 500ms, 10s, 5m, 2h, 30d"},
        {{"report", "shadow", "--since", "x"},
         "primaflow: error: report shadow --since: 'x' is not a time such as 2026-11-23 or"},
        {{"why", "1", "--frob"},
         "primaflow: error: why option: '--frob' is not one of its options; see: primaflow why"},
        {{"why", "1", "--all-partitions=1"},
         "primaflow: error: why option: '--all-partitions=1' is not wanted: the option takes no"},
        {{"why", "1", "--since"},
         "primaflow: error: why option: '--since' is not complete: a value must follow; see"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const *w = rows[i].words;
        assert_int_equal(run(w[0], w[1], w[2], w[3], (char *)NULL), CLI_USAGE);
        if (strncmp(run_err, rows[i].err, strlen(rows[i].err)) != 0)
            fail_msg("said: %s", run_err);
        assert_string_equal(world.trace, "");
    }
}

static void test_configuration_without_a_command(void **state)
{
    (void)state;
    assert_int_equal(run("--check", NULL), CLI_DONE);
    assert_string_equal(run_err, "primaflow: configuration is valid\n");
    assert_int_equal(run("--config", run_file("redis:\n  prefix: x\n"), "--check", NULL), CLI_DONE);
    run_has(run_err, "primaflow: configuration is valid: /proc/self/fd/");
    assert_int_equal(run("--print-config", "-o", "redis.prefix=y", NULL), CLI_DONE);
    run_has(run_out, "redis.prefix");
    run_has(run_out, "y");
    assert_int_equal(run("doctor", "--print-config", NULL), CLI_DONE); /* nothing is done */
    assert_string_equal(world.trace, "");
    assert_int_equal(run("--check", "-o", "rdkafka.check.crcs=false", NULL), CLI_DONE);
    run_has(run_out, "note: rdkafka.check.crcs (-o rdkafka.check.crcs) is overruled: ");
    assert_int_equal(run("--check", "-o", "redis.prefux=y", NULL), CLI_CONFIG);
    run_has(run_err, "primaflow: error: ");
    run_has(run_err, "redis.prefux");
    assert_int_equal(run("--check", "-o", "redis.prefix", NULL), CLI_USAGE);
    assert_int_equal(run("--config", "/nowhere", "doctor", NULL), CLI_CONFIG);
}

static void test_exit_codes_of_the_librarys_kinds(void **state)
{
    static const struct {
        enum ops_kind kind;
        int code;
    } rows[] = {{OPS_DONE, 0},         {OPS_USAGE, 64},  {OPS_DATA, 65},
                {OPS_UNAVAILABLE, 69}, {OPS_CONFIG, 78}, {OPS_DEFECT, 70}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(cli_exit(rows[i].kind), rows[i].code);
}

/* A full disk is an error of whatever was asked; a reader who has seen enough is none. */
static void test_an_output_that_takes_nothing(void **state)
{
    int ends[2];
    (void)state;
    run_stdout = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(run_stdout >= 0);
    assert_int_equal(run("exceptions", NULL), CLI_UNAVAILABLE);
    run_has(run_err, "primaflow: error: stdout cannot be written: No space left on device\n");
    assert_int_equal(run("--version", NULL), CLI_UNAVAILABLE);
    assert_int_equal(run("--help", NULL), CLI_UNAVAILABLE);
    assert_int_equal(run("--check", NULL), CLI_DONE);             /* it has nothing to print */
    assert_int_equal(run("exceptions", "frob", NULL), CLI_USAGE); /* its own error stays */
    assert_int_equal(run("generate", "orders", "--count", "200", NULL), CLI_UNAVAILABLE);
    run_has(run_err, "stdout cannot be written");
    (void)close(run_stdout);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    run_stdout = ends[1];
    assert_int_equal(run("exceptions", NULL), CLI_DONE);
    assert_string_equal(run_err, "");
    (void)close(ends[1]);
    run_stdout = -1;
}

static void test_without_memory(void **state)
{
    (void)state;
    world.memory_max = 8000;
    assert_int_equal(run("topics", "check", NULL), CLI_UNAVAILABLE);
    assert_string_equal(run_err, "primaflow: error: no memory\n");
    assert_int_equal(run("why", "1001", NULL), CLI_UNAVAILABLE);
    assert_string_equal(run_err, "primaflow: error: no memory\n");
    assert_string_equal(run_out, "");
}

/* ---- the tables that the program is made from ---- */

static void test_exceptions(void **state)
{
    (void)state;
    assert_int_equal(run("exceptions", NULL), CLI_DONE);
    run_has(run_out, "| code | class | owner | severity | meaning | next step |\n|---|");
    run_has(run_out, "\n| `framing_unknown` | dead_letter | operations | error | ");
    assert_int_equal(run("exceptions", "framing_unknown", NULL), CLI_DONE);
    assert_memory_equal(run_out, "framing_unknown (dead_letter, owner operations, error)\n", 55);
    run_has(run_out, "\nNext: ");
    assert_int_equal(run("exceptions", "framing_unknown", "--json", NULL), CLI_DONE);
    assert_memory_equal(run_out, "{\"code\":\"framing_unknown\",\"class\":\"dead_letter\"", 47);
    assert_int_equal(run("exceptions", "--json", NULL), CLI_DONE);
    assert_memory_equal(run_out, "{\"code\":\"", 9);
    size_t lines = 0;
    for (const char *c = run_out; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, PF_ERROR_COUNT - 1);
    assert_int_equal(run("exceptions", "frob", NULL), CLI_USAGE);
    run_has(run_err, "unknown code 'frob'; primaflow exceptions lists them all");
}

static void test_config_reference(void **state)
{
    (void)state;
    assert_int_equal(run("config", "reference", NULL), CLI_DONE);
    run_has(run_out, "`redis.prefix`");
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_help_and_version),
        TEST(test_help_names_every_command_and_option),
        TEST(test_what_is_no_command),
        TEST(test_words_behind_a_name),
        TEST(test_options_that_do_not_fit),
        TEST(test_configuration_without_a_command),
        TEST(test_exit_codes_of_the_librarys_kinds),
        TEST(test_an_output_that_takes_nothing),
        TEST(test_without_memory),
        TEST(test_exceptions),
        TEST(test_config_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
