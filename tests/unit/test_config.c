/* Configuration: precedence and origin, types and bounds, what is refused and in which words, and
 * what a print gives away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/internal.h"

static char folder[] = "/tmp/primaflow-config.XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/x.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static const char *file_of(const char *text)
{
    if (text == NULL)
        return NULL;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Loads with at most one environment variable ("NAME=value") and one override. */
static int load(const char *file, const char *variable, const char *override,
                struct config **ret_config, struct config_message *ret_message)
{
    assert_int_equal(clearenv(), 0);
    if (variable != NULL) {
        char name[100];
        const size_t n = strcspn(variable, "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)n, variable);
        assert_int_equal(setenv(name, variable + n + 1, 1), 0);
    }
    const int result =
        config_load(file_of(file), &override, override != NULL, ret_config, ret_message);
    assert_int_equal(clearenv(), 0);
    return result;
}

static void print_to(char **ret_text, void (*print)(const struct config *, FILE *),
                     const struct config *config)
{
    static size_t size; /* stays, for the compiler believes that the stream still points to it */
    FILE *out = open_memstream(ret_text, &size);
    assert_non_null(out);
    print(config, out);
    assert_int_equal(fclose(out), 0);
}

static void print_the_reference(const struct config *config, FILE *out)
{
    (void)config;
    config_reference(out);
}

/* What is refused never gets here: the others have no effect, and that is said. */
static void test_overruled_properties_are_named(void **state)
{
    static const char *const overrides[] = {
        "rdkafka.check.crcs=false", "rdkafka.socket.nagle.disable=false",
        "rdkafka.enable.partition.eof=false", "rdkafka.message.copy.max.bytes=1"};
    struct config *c;
    struct config_message message;
    char *text = NULL;
    size_t size = 0;
    (void)state;
    assert_int_equal(config_load(NULL, overrides, 4, &c, &message), 0);
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(config_print_overruled(c, out), 3);
    (void)fclose(out);
    assert_non_null(strstr(
        text, "note: rdkafka.check.crcs (-o rdkafka.check.crcs) is overruled: a corrupt batch "
              "must stop the worker, not be read; remove it\n"));
    assert_non_null(strstr(text, "rdkafka.enable.partition.eof (-o "));
    assert_non_null(strstr(text, "rdkafka.message.copy.max.bytes (-o "));
    assert_null(strstr(text, "nagle"));
    free(text);
    config_free(c);
    assert_true(config_rdkafka_is_ours("isolation.level"));
    assert_true(config_rdkafka_is_ours("check.crcs"));
    assert_false(config_rdkafka_is_ours("client.id"));
}

/* The defaults of keys.def are values of their own types within their own bounds; variables and
 * files cannot mistake one key for another. */
static void test_table(void **state)
{
    (void)state;
    struct config *c = NULL;
    struct config_message message = {""};
    const int result = load(NULL, NULL, NULL, &c, &message);
    assert_string_equal(message.text, "");
    assert_int_equal(result, 0);
    assert_null(config_file(c));
    for (int i = 0; i < CFG_COUNT; i++) {
        const struct config_row *row = &config_rows[i];
        print_message("  %s\n", row->key);
        assert_string_equal(c->values[i].source, "default");
        assert_int_equal(config_find(row->key), i);
        assert_int_equal(strspn(row->key, "abcdefghijklmnopqrstuvwxyz0123456789._"),
                         strlen(row->key));
        assert_true(strlen(row->help) > 10 && strchr(row->help, '\n') == NULL);
        assert_true(row->min <= row->max);
        assert_true(!row->secret ||
                    row->type ==
                        CONFIG_TEXT); /* a wrong value is shown, and a text cannot be wrong */
        for (int k = 0; k < i;
             k++) { /* no key is another's map: a: 1 and a.b: 2 cannot stand in one file */
            const char *a = config_rows[k].key;
            const size_t n = strlen(a), m = strlen(row->key), least = n < m ? n : m;
            assert_false(strncmp(a, row->key, least) == 0 && (n > m ? a : row->key)[least] == '.');
        }
    }
    config_free(c);
    config_free(NULL);
}

static void test_precedence(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *variable, *override, *value, *source;
    } rows[] = {
        {"default", NULL, NULL, NULL, "http://127.0.0.1:8080/wsalive/wsalive", "default"},
        {"file over default", "prima.url: http://f\n", NULL, NULL, "http://f", "x.yaml:1:1"},
        {"nested is dotted", "prima:\n  max_apply_delay: 1s\n  url: http://n\n", NULL, NULL,
         "http://n", "x.yaml:3:3"},
        {"environment over file", "prima.url: http://f\n", "PRIMAFLOW_PRIMA_URL=http://e", NULL,
         "http://e", "environment PRIMAFLOW_PRIMA_URL"},
        {"the well-known variable too", "prima.url: http://f\n", "PRIMA_URL=http://w", NULL,
         "http://w", "environment PRIMA_URL"},
        {"a well-known variable that is empty says nothing", "prima.url: http://f\n",
         "PRIMA_URL=", NULL, "http://f", "x.yaml:1:1"},
        {"option over all", "prima.url: http://f\n", "PRIMAFLOW_PRIMA_URL=http://e",
         "prima.url=http://o?a=b", "http://o?a=b", "-o prima.url"},
        {"a file without keys", "# none\n", NULL, NULL, "http://127.0.0.1:8080/wsalive/wsalive",
         "default"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct config *c = NULL;
        struct config_message message;
        assert_int_equal(load(rows[i].file, rows[i].variable, rows[i].override, &c, &message), 0);
        assert_string_equal(config_text(c, CFG_prima_url), rows[i].value);
        assert_non_null(strstr(c->values[CFG_prima_url].source, rows[i].source));
        config_free(c);
    }
    struct config *c = NULL;
    struct config_message message;
    assert_int_equal(setenv("REDIS_URL", "redis://known", 1), 0);
    assert_int_equal(setenv("PRIMAFLOW_REDIS_URL", "redis://own", 1), 0);
    assert_int_equal(config_load(NULL, NULL, 0, &c, &message), 0);
    assert_string_equal(config_text(c, CFG_redis_url),
                        "redis://own"); /* our own name over the well-known one */
    config_free(c);
    const char *twice[] = {"limit.rate=1", "limit.rate=2"};
    assert_int_equal(config_load(NULL, twice, 2, &c, &message), 0);
    assert_int_equal(config_int(c, CFG_limit_rate), 2); /* the later option */
    config_free(c);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *file, *variable, *override, *message;
    } rows[] = {
        {"an unknown key with one like it", NULL, NULL, "prima.ulr=x",
         "-o prima.ulr: unknown key prima.ulr; did you mean prima.url?"},
        {"a dash for a dot", NULL, NULL, "prima-url=x", "did you mean prima.url?"},
        {"an unknown key like none", NULL, NULL, "colour=x",
         "unknown key colour; `primaflow config reference` lists them all"},
        {"in a file", "redis:\n  urll: x\n", NULL, NULL,
         "x.yaml:2:3: unknown key redis.urll; did you mean redis.url?"},
        {"a variable with our prefix", NULL, "PRIMAFLOW_REDIS_ULR=x", NULL,
         "environment PRIMAFLOW_REDIS_ULR: unknown key redis.ulr; did you mean redis.url?"},
        {"no number", "limit.rate: many\n", NULL, NULL,
         "x.yaml:1:1: limit.rate wants a whole number; it is \"many\""},
        {"a fraction", NULL, NULL, "limit.rate=1.5", "wants a whole number"},
        {"an empty number", NULL, NULL, "limit.rate=", "wants a whole number"},
        {"a number beyond 64 bits", NULL, NULL, "limit.rate=99999999999999999999",
         "wants a whole number"},
        {"below the bound", NULL, NULL, "worker.max_in_flight=0",
         "worker.max_in_flight is out of bounds: choose from 1 to 4096; it is \"0\""},
        {"above the bound", NULL, NULL, "worker.max_in_flight=4097", "choose from 1 to 4096"},
        {"bounds of durations are durations", NULL, NULL, "commit.transaction_timeout=16s",
         "choose from 1s to 15s"},
        {"a duration without unit", NULL, NULL, "slot.wait=10", "wants a duration with its unit"},
        {"no boolean", NULL, NULL, "prima.enforces_unique_order_number=yes", "wants true or false"},
        {"no such choice", NULL, NULL, "log.format=xml", "wants one of logfmt|json"},
        {"half of a choice", NULL, NULL, "log.format=log", "wants one of logfmt|json"},
        {"the whole list is no choice", NULL, NULL, "log.format=logfmt|json",
         "wants one of logfmt|json"},
        {"a wrong line does not hide behind an option", "limit.rate: x\n", NULL, "limit.rate=1",
         "x.yaml:1:1: limit.rate"},
        {"a key twice, nested and dotted", "prima.url: a\nprima:\n  url: b\n", NULL, NULL,
         "x.yaml:3:3: prima.url is set a second time, first at "},
        {"a list", "prima.url: [a, b]\n", NULL, NULL,
         "x.yaml:1:1: prima.url wants one value, not a list"},
        {"a file that is a list", "- a\n", NULL, NULL, "x.yaml:1:1: not a map of keys"},
        {"broken YAML", "a: [\n", NULL, NULL, "x.yaml:2:1: not YAML"},
        {"an option without value", NULL, NULL, "prima.url", "-o prima.url: write -o key=value"},
        {"an option without key", NULL, NULL, "=x", "write -o key=value"},
        {"librdkafka's own that is ours", NULL, NULL, "rdkafka.enable.auto.commit=true",
         "rdkafka.enable.auto.commit is not open to configuration: offsets"},
        {"the same by the environment", NULL, "PRIMAFLOW_RDKAFKA_ISOLATION_LEVEL=read_uncommitted",
         NULL, "rdkafka.isolation.level is not open"},
        {"the same by a file", "rdkafka:\n  transactional.id: x\n", NULL, NULL,
         "x.yaml:2:3: rdkafka.transactional.id is not open"},
        {"no property's name", NULL, NULL, "rdkafka.=x", "lacks the property's name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct config *c = NULL;
        struct config_message message = {""};
        assert_int_equal(load(rows[i].file, rows[i].variable, rows[i].override, &c, &message),
                         -EINVAL);
        assert_null(c);
        if (strstr(message.text, rows[i].message) == NULL)
            fail_msg("it says: %s", message.text);
    }
    struct config *c = NULL;
    struct config_message message;
    assert_int_equal(config_load("/nonexistent.yaml", NULL, 0, &c, &message), -EINVAL);
    assert_string_equal(message.text,
                        "/nonexistent.yaml: cannot be read: No such file or directory");
}

/* A slip in a key leads back to that key and not to another that is merely near. */
static void test_nearest(void **state)
{
    (void)state;
    for (int i = 0; i < CFG_COUNT; i++) {
        char slip[100];
        print_message("  %s\n", config_rows[i].key);
        (void)snprintf(slip, sizeof slip, "%sx", config_rows[i].key);
        assert_string_equal(config_nearest(slip), config_rows[i].key);
    }
    char huge[500];
    memset(huge, 'a', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    assert_null(config_nearest(huge));
    assert_null(config_nearest(""));
}

static void test_foreign_variables(void **state)
{
    (void)state;
    static const char *const rows[] = {"PRIMAFLOW_BIN=/x",
                                       "PRIMAFLOW_CACHE=/x",
                                       "PRIMAFLOW_FAIL=a:kill",
                                       "PRIMAFLOW_TEST_KILLS=3",
                                       "PRIMAFLOW_CONSOLE_SERVICE_HOST=10.0.0.1",
                                       "PRIMAFLOW_CONSOLE_SERVICE_PORT_HTTP=80",
                                       "PRIMAFLOW_CONSOLE_PORT=tcp://10.0.0.1:80",
                                       "PRIMAFLOW_CONSOLE_PORT_80_TCP_ADDR=10.0.0.1"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i]);
        struct config *c = NULL;
        struct config_message message;
        assert_int_equal(load(NULL, rows[i], NULL, &c, &message), 0);
        config_free(c);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct config *c = NULL;
    struct config_message message;
    assert_int_equal(load("schema.folder: sub/s\nprima.enforces_unique_order_number: "
                          "true\nslot.wait: 2m\nlog.level: error\n"
                          "rdkafka:\n  debug: cgrp\n  socket.nagle.disable: \"true\"\n",
                          "PRIMAFLOW_RDKAFKA_SOCKET_NAGLE_DISABLE=false", NULL, &c, &message),
                     0);
    char wanted[sizeof path];
    (void)snprintf(wanted, sizeof wanted, "%s/sub/s", folder);
    assert_string_equal(config_text(c, CFG_schema_folder),
                        wanted); /* relative to the file that names it */
    assert_string_equal(config_file(c), path);
    assert_true(config_bool(c, CFG_prima_enforces_unique_order_number));
    assert_int_equal(config_int(c, CFG_slot_wait), 120000);
    assert_string_equal(config_text(c, CFG_log_level), "error");
    const char *name, *value;
    assert_true(config_rdkafka(c, 0, &name, &value));
    assert_string_equal(name, "debug");
    assert_true(config_rdkafka(c, 1, &name, &value));
    assert_string_equal(name, "socket.nagle.disable");
    assert_string_equal(value, "false"); /* replaced, not doubled */
    assert_false(config_rdkafka(c, 2, &name, &value));
    config_free(c);
    static const struct {
        const char *name, *file, *override, *path;
    } paths[] = {
        {"absolute stays", "schema.folder: /s\n", NULL, "/s"},
        {"empty stays", "schema.folder: ''\n", NULL, ""},
        {"an option's is the caller's folder's", "limit.rate: 1\n", "schema.folder=s", "s"},
        {"a default's too", "limit.rate: 1\n", NULL, "schemas"},
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        print_message("  %s\n", paths[i].name);
        assert_int_equal(load(paths[i].file, NULL, paths[i].override, &c, &message), 0);
        assert_string_equal(config_text(c, CFG_schema_folder), paths[i].path);
        config_free(c);
    }
}

static void test_too_many_properties(void **state)
{
    (void)state;
    char text[8192] = "";
    size_t size = 0;
    for (int i = 0; i <= RDKAFKA_MAX; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "rdkafka.p%d: x\n", i);
    struct config *c = NULL;
    struct config_message message;
    assert_int_equal(load(text, NULL, NULL, &c, &message), -EINVAL);
    assert_non_null(strstr(message.text, "x.yaml:65:1: more than 64 rdkafka properties"));
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t ms;
    } rows[] = {
        {"500ms", 0, 500},
        {"10s", 0, 10000},
        {"5m", 0, 300000},
        {"2h", 0, 7200000},
        {"30d", 0, 2592000000},
        {"0s", 0, 0},
        {"0", -EINVAL, 0},
        {"10", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"1.5s", -EINVAL, 0},
        {"1 s", -EINVAL, 0},
        {"1S", -EINVAL, 0},
        {" 1s", -EINVAL, 0},
        {"+1s", -EINVAL, 0},
        {"1sx", -EINVAL, 0},
        {"106751991167d", 0, INT64_C(9223372036828800000)},
        {"106751991168d", -EINVAL, 0},
        {"213503982335d", -EINVAL, 0}, /* 2^64 ms and a little */
        {"99999999999999999999ms", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  \"%s\"\n", rows[i].text);
        int64_t ms = 77;
        assert_int_equal(config_parse_ms(rows[i].text, &ms), rows[i].result);
        assert_true(ms == (rows[i].result == 0 ? rows[i].ms : 77));
    }
}

static void test_sizes_and_bounds(void **state)
{
    (void)state;
    static const struct config_row size_row = {"x.size", CONFIG_BYTES, "", 1024,
                                               1 << 30,  false,        ""};
    static const struct {
        const char *text;
        int result;
        int64_t bytes;
    } rows[] = {{"1024", 0, 1024},     {"64k", 0, 65536},          {"4m", 0, 4194304},
                {"1g", 0, 1073741824}, {"1023", -EINVAL, 0},       {"2g", -EINVAL, 0},
                {"4mb", -EINVAL, 0},   {"9999999999g", -EINVAL, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  \"%s\"\n", rows[i].text);
        char why[200];
        int64_t bytes = 77;
        assert_int_equal(config_read_value(&size_row, rows[i].text, &bytes, why), rows[i].result);
        assert_true(bytes == (rows[i].result == 0 ? rows[i].bytes : 77));
    }
    static const struct config_row choice_row = {"x.choice", CONFIG_CHOICE, "a|bc|d", 0,
                                                 0,          false,         ""};
    static const struct {
        const char *text;
        int result;
    } choices[] = {{"a", 0},         {"bc", 0},     {"d", 0},       {"b", -EINVAL},
                   {"bcd", -EINVAL}, {"", -EINVAL}, {"c", -EINVAL}, {"a|bc", -EINVAL}};
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        char why[200] = "";
        int64_t number;
        if (config_read_value(&choice_row, choices[i].text, &number, why) != choices[i].result)
            fail_msg("%s", choices[i].text);
        assert_string_equal(why, choices[i].result == 0 ? "" : "wants one of a|bc|d");
    }
    static const struct {
        enum config_type type;
        int64_t number;
        const char *text;
    } numbers[] = {
        {CONFIG_MS, 90000, "90s"},  {CONFIG_MS, 86400000, "1d"},  {CONFIG_MS, 1, "1ms"},
        {CONFIG_MS, 0, "0ms"},      {CONFIG_BYTES, 65536, "64k"}, {CONFIG_BYTES, 1000, "1000"},
        {CONFIG_INT, 1024, "1024"}, {CONFIG_BOOL, 1, "true"},     {CONFIG_BOOL, 0, "false"}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[32];
        config_format_number(numbers[i].type, numbers[i].number, text);
        assert_string_equal(text, numbers[i].text);
    }
}

static void test_masked(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    static const struct {
        const char *name, *value;
        bool secret;
        const char *shown;
    } rows[] = {
        {"a plain secret", "hunter2", true, "***"},
        {"an empty one has nothing to hide", "", true, ""},
        {"no secret", "hunter2", false, "hunter2"},
        {"a URL's password", "redis://user:hunter2@h:1/0", true, "redis://user:***@h:1/0"},
        {"a URL's password without user", "redis://:hunter2@h", true, "redis://:***@h"},
        {"a token in the user's place", "redis://hunter2@h", true, "redis://***@h"},
        {"a password with an at sign", "redis://u:hun@ter2@h", true, "redis://u:***@h"},
        {"a password with a slash", "redis://u:hun/ter2@h", true, "redis://u:***@h"},
        {"a password with a colon", "redis://u:hun:ter2@h", true, "redis://u:***@h"},
        {"a URL without password is shown", "redis://127.0.0.1:6379/0", true,
         "redis://127.0.0.1:6379/0"},
        {"a secret's query", "redis://h?password=hunter2", true, "***"},
        {"any URL's password, secret or not", "http://u:hunter2@h/p", false, "http://u:***@h/p"},
        {"any URL's query is shown", "http://h/p?x=y", false, "http://h/p?x=y"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_string_equal(config_masked(arena, rows[i].value, rows[i].secret), rows[i].shown);
    }
    struct arena *full = arena_new(1); /* memory ran out: still nothing is given away */
    assert_string_equal(config_masked(full, "redis://u:hunter2@h", true), "***");
    arena_free(full);
    arena_free(arena);
}

static void test_print(void **state)
{
    (void)state;
    struct config *c = NULL, *again = NULL;
    struct config_message message;
    assert_int_equal(load("redis.prefix: \"a \\\"quoted\\\" \\x01 one "
                          "\xc3\xa9\\u0085\\u2028\\ufeff\\ufffe\\uffff\"\nredis.url: "
                          "redis://:hunter2@h\nrdkafka.sasl.password: hunter2\n"
                          "rdkafka.debug: all\nslot.wait: 3s\n",
                          "PRIMAFLOW_RDKAFKA_SSL_KEY_PASSWORD=hunter2", "log.level=debug", &c,
                          &message),
                     0);
    char *text = NULL;
    print_to(&text, config_print, c);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "redis.url: \"redis://:***@h\" # "));
    assert_non_null(strstr(text, "rdkafka.sasl.password: \"***\" # "));
    assert_non_null(strstr(text, "log.level: \"debug\" # -o log.level\n"));
    assert_non_null(strstr(text, "slot.wait: 3s # "));
    assert_non_null(strstr(text, "limit.rate: 0 # default\n"));
    for (int i = 0; i < CFG_COUNT; i++) {
        char line[80];
        (void)snprintf(line, sizeof line, "%s: ", config_rows[i].key);
        assert_non_null(strstr(text, line));
    }
    assert_int_equal(load(text, NULL, NULL, &again, &message), 0); /* what is printed can be read */
    for (int i = 0; i < CFG_COUNT; i++)
        if (!config_rows[i].secret && config_rows[i].type != CONFIG_PATH)
            assert_string_equal(config_text(again, (enum config_key)i),
                                config_text(c, (enum config_key)i));
    config_free(c);
    config_free(again);
    free(text);
}

/* A secret is in no message either, though its key was misspelt. */
static void test_messages_keep_secrets(void **state)
{
    (void)state;
    struct config *c = NULL;
    struct config_message message;
    assert_int_equal(load(NULL, NULL, "redis.ulr=redis://:hunter2@h", &c, &message), -EINVAL);
    assert_null(strstr(message.text, "hunter2"));
}

static void test_reference(void **state)
{
    (void)state;
    char *text = NULL;
    print_to(&text, print_the_reference, NULL);
    for (int i = 0; i < CFG_COUNT; i++) {
        char row[200];
        (void)snprintf(row, sizeof row, "\n| `%s` | ", config_rows[i].key);
        assert_non_null(strstr(text, row));
    }
    assert_non_null(strstr(
        text, "| `worker.max_in_flight` | number, 1 to 4096 | `128` | maximum records in flight"));
    assert_non_null(strstr(text, "| `log.format` | one of logfmt\\|json | `logfmt` | "));
    for (const char *line = strchr(strstr(text, "|---"), '\n') + 1; *line != '\0';
         line = strchr(line, '\n') + 1) {
        int cells = 0; /* every row has four cells, whatever its texts hold */
        for (const char *p = line; *p != '\n'; p++)
            cells += *p == '|' && (p == line || p[-1] != '\\');
        assert_int_equal(cells, 5);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overruled_properties_are_named),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_foreign_variables),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_too_many_properties),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes_and_bounds),
        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_messages_keep_secrets),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests_name("config", tests, make_folder, remove_folder);
}
