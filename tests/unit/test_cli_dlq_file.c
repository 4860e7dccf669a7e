/* primaflow dlq export and import: every byte survives, nothing is sent twice, what was changed is refused, and a
 * full disk or closed pipe is said. */
#include "test_cli_run.h"

#include "base/clock.h"
#include "core/letter_file.h"
#include "kafka/headers.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "orders.raw.dlq/0/1"

static int64_t now_ms;
static char folder[] = "/tmp/pf-export-XXXXXX", path[64], part[70];

static int begin(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    world_reset();
    now_ms = clock_wall_ms();
    (void)unlink(path);
    (void)unlink(part);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_release();
    return 0;
}

static int folder_make(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/letters", folder);
    (void)snprintf(part, sizeof part, "%s/letters.part", folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(part);
    return rmdir(folder);
}

/* Bytes that are no text, headers that stand twice, are empty, or absent. */
static void put_letters(int count)
{
    static char delivery[4][40], natural[4][60]; /* as long as the records */
    assert_true(count < 4);
    for (int i = 1; i <= count; i++) {
        (void)snprintf(delivery[i], sizeof delivery[i], "orders.raw/0/%d", i);
        (void)snprintf(natural[i], sizeof natural[i], "01/orders/shopify/uk/%d", i);
        world_put(&(struct world_put){.topic = "orders.raw.dlq",
                                      .key = "01/shopify/uk/1",
                                      .value = "\x1b[2J\0\xff!",
                                      .size = 7,
                                      .at_ms = now_ms - 60000,
                                      .offset = i,
                                      .headers = {{HEADER_CODE, "event_invalid"},
                                                  {HEADER_DELIVERY, delivery[i]},
                                                  {HEADER_IDEMPOTENCY_KEY, natural[i]},
                                                  {"traceparent", "one"},
                                                  {"traceparent", "two"},
                                                  {"empty", ""},
                                                  {"absent", NULL},
                                                  {"odd", "\x1b\xff"}}});
    }
}

static char *read_path(void)
{
    static char text[20000];
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    (void)fclose(in);
    return text;
}

static void export_all(void)
{
    if (run("dlq", "export", path, "--code", "event_invalid", "--reason", "kept", NULL) != 0)
        fail_msg("%s", run_err);
}

/* The letters themselves have gone. */
static void lose_letters(void)
{
    world_release();
    world_reset();
}

static void test_every_byte(void **state)
{
    struct stat status;
    struct letter_line line;
    char why[300];
    (void)state;
    put_letters(2);
    world_untrace();
    export_all();
    run_has(run_err, "2 of 2 dead letters exported");
    run_has(world.trace, "begin | add ops.audit dlq export | commit | free | read");
    run_has(world.sent[0], "\"written\":2");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(access(part, F_OK), -1);
    char *text = read_path(), *second = strchr(text, '\n') + 1;
    assert_null(strchr(text, '\x1b'));
    second[-1] = '\0';
    json_t *json = json_loads(text, 0, NULL);
    assert_int_equal(letter_file_read(json, &line, why), 0);
    const struct kafka_record *r = &line.record;
    assert_string_equal(r->topic, "orders.raw.dlq");
    assert_int_equal(r->offset, 1);
    assert_int_equal(r->timestamp_ms, now_ms - 60000);
    assert_int_equal(r->key_size, 15);
    assert_memory_equal(r->key, "01/shopify/uk/1", 15);
    assert_int_equal(r->value_size, 7);
    assert_memory_equal(r->value, "\x1b[2J\0\xff!", 7);
    assert_int_equal(r->header_count, 8);
    assert_string_equal(r->headers[3].name, "traceparent");
    assert_memory_equal(r->headers[3].value, "one", 3);
    assert_memory_equal(r->headers[4].value, "two", 3);
    assert_non_null(r->headers[5].value);
    assert_int_equal(r->headers[5].size, 0);
    assert_null(r->headers[6].value);
    assert_memory_equal(r->headers[7].value, "\x1b\xff", 2);
    assert_int_equal(line.letter.code, PF_E_event_invalid);
    letter_line_release(&line);
    json_decref(json);

    assert_int_equal(run("dlq", "export", path, "--code", "event_invalid", "--reason", "x", NULL),
                     64);
    run_has(run_err, "is there already");
}

/* What comes out of the file is what was in Kafka. */
static void test_import_sends_it(void **state)
{
    char headers[sizeof world.last_headers];
    (void)state;
    put_letters(1);
    export_all();
    world.fails_at = "add 1";
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run("dlq", "retry", PLACE, "--yes", "--reason", "x", NULL), 69);
    memcpy(headers, world.last_headers, sizeof headers);
    lose_letters();
    world.fails_at = "add 1";
    world.writer_rc = -EIO;
    world.refusal = "full";
    assert_int_equal(run("dlq", "import", path, "--yes", "--reason", "x", NULL), 69);
    assert_string_equal(world.last_headers, headers);
    assert_int_equal(world.sent_size[0], 7);
    assert_memory_equal(world.sent[0], "\x1b[2J\0\xff!", 7);
    world.fails_at = NULL;
    world_untrace();
    assert_int_equal(run("dlq", "import", path, "--yes", "--reason", "back", NULL), 0);
    run_has(run_out, "1 of 1 sent again");
    run_has(world.trace, "begin | add orders.raw.retry.10s 01/shopify/uk/1 | add ops.decisions "
                         "01/orders/shopify/uk/1 | add ops.audit dlq import | commit");
}

/* Sent, discarded or settled since: the log knows, whether Kafka has the letter or not. */
static void test_once(void **state)
{
    static const char retried[] = "{\"decision\":\"retried\",\"delivery\":\"orders.raw/0/1\"}",
                      discarded[] = "{\"decision\":\"discarded\",\"delivery\":\"orders.raw/0/2\"}";
    (void)state;
    put_letters(3);
    export_all();
    for (int is_there = 0; is_there < 2; is_there++) {
        lose_letters();
        if (is_there)
            put_letters(3);
        world_put(&(struct world_put){.topic = "ops.decisions",
                                      .key = "k",
                                      .value = retried,
                                      .size = sizeof retried - 1,
                                      .at_ms = now_ms});
        world_put(&(struct world_put){.topic = "ops.decisions",
                                      .key = "k",
                                      .value = discarded,
                                      .size = sizeof discarded - 1,
                                      .at_ms = now_ms});
        assert_int_equal(run("dlq", "import", path, NULL), 0);
        run_has(run_out, "1 left out: retried already; --again sends them once more\n"
                         "1 left out: discarded already\n"
                         "1 dead letters to be sent. Nothing was sent");
        assert_int_equal(world.sent_count, 0);
        assert_int_equal(run("--json", "dlq", "import", path, "--again", NULL), 0);
        run_has(run_out, "{\"sent\":false,\"letters\":2,\"left_out\":{\"discarded\":1}}");
        assert_int_equal(run("dlq", "import", path, "--yes", "--reason", "x", "--first", "0", NULL),
                         0);
        run_has(run_out, "1 of 1 sent again");
    }
}

static void test_lines_that_are_wrong(void **state)
{
    static const struct {
        const char *name, *from, *to, *says;
    } rows[] = {
        {"a value that was changed", "\"value\":{\"base64\":\"", "\"value\":{\"base64\":\"QUJD",
         ":1: sha256: the line was changed since it was exported"},
        {"a header less", "[\"traceparent\",", "[\"traceparen\",",
         ":1: sha256: the line was changed"},
        {"a time", "\"timestamp_ms\":1", "\"timestamp_ms\":2", ":1: sha256: the line was changed"},
        {"another topic", "orders.raw.dlq\",\"partition", "orders.raw\",\"partition",
         ":1: sha256: the line was changed"},
        {"no base64", "\"base64\":\"", "\"base64\":\"*", ":1: key, value: no base64"},
        {"no offset", "\"offset\":", "\"off\":", ":1: record: not a line of primaflow dlq export"},
        {"no headers", "\"headers\":[", "\"heads\":[", ":1: record: without key, value or a list"},
        {"not JSON", "{", "", ":1: not JSON"},
    };
    static char text[20000];
    (void)state;
    put_letters(1);
    export_all();
    char *whole = read_path();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(whole, rows[i].from);
        if (at == NULL)
            fail_msg("%s: %s", rows[i].name, whole);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, rows[i].to,
                       at + strlen(rows[i].from));
        assert_int_equal(run("dlq", "import", run_file(text), "--yes", "--reason", "x", NULL), 65);
        run_has(run_err, rows[i].says);
        run_has(run_err, "1 of 1 lines are wrong; nothing was sent");
    }
    assert_int_equal(world.sent_count, 1); /* the export's audit */
}

/* Of many, the one that cannot be read stops all. */
static void test_all_or_nothing(void **state)
{
    static char text[20000];
    (void)state;
    put_letters(2);
    export_all();
    (void)snprintf(text, sizeof text, "%s{}\n", read_path());
    assert_int_equal(run("dlq", "import", run_file(text), "--yes", "--reason", "x", NULL), 65);
    run_has(run_err, ":3: record: not a line of primaflow dlq export");
    run_has(run_err, "1 of 3 lines are wrong; nothing was sent");
    assert_int_equal(world.sent_count, 1);
    (void)snprintf(text, sizeof text, "%s%s", read_path(), read_path()); /* twice the same */
    assert_int_equal(
        run("dlq", "import", run_file(text), "--first", "0", "--yes", "--reason", "x", NULL), 0);
    run_has(run_out, "2 of 2 sent again");
}

static void test_nobody_reads(void **state)
{
    int ends[2];
    (void)state;
    put_letters(2);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    (void)signal(SIGPIPE, SIG_IGN);
    run_stdout = ends[1];
    const int code = run("dlq", "export", "-", "--reason", "x", NULL);
    run_stdout = -1;
    (void)close(ends[1]);
    assert_int_equal(code, 0); /* head has seen enough: as of every command */
    run_stdout = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(run("dlq", "export", "-", "--reason", "x", NULL), 69);
    (void)close(run_stdout);
    run_stdout = -1;
}

static void test_no_audit_no_export(void **state)
{
    (void)state;
    put_letters(1);
    world.fails_at = "add 1";
    world.writer_rc = -EACCES;
    world.refusal = "not authorized to write to ops.audit";
    assert_int_equal(run("dlq", "export", path, "--reason", "x", NULL), 69);
    run_has(run_err, "not authorized to write to ops.audit");
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(run("dlq", "export", path, NULL), 64);
    run_has(run_err, "--reason TEXT is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_byte, begin, end),
        cmocka_unit_test_setup_teardown(test_import_sends_it, begin, end),
        cmocka_unit_test_setup_teardown(test_once, begin, end),
        cmocka_unit_test_setup_teardown(test_lines_that_are_wrong, begin, end),
        cmocka_unit_test_setup_teardown(test_all_or_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_nobody_reads, begin, end),
        cmocka_unit_test_setup_teardown(test_no_audit_no_export, begin, end),
    };
    return cmocka_run_group_tests_name("cli.dlq_file", tests, folder_make, folder_remove);
}
