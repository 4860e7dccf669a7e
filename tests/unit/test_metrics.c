/* The exposition text, judged by a strict reader of Prometheus' text format that shares nothing
 * with the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <math.h>

#include "obs/metrics.h"

enum { SAMPLES_MAX = 4000 };

struct sample {
    char name[80], labels[300]; /* labels as written: a="b",c="d" */
    double value;
};
static struct sample samples[SAMPLES_MAX];
static size_t sample_count;

static const char *read_name(const char *p, char name[static 80])
{
    size_t n = 0;
    assert_true(isalpha((unsigned char)*p) || *p == '_' || *p == ':');
    while (isalnum((unsigned char)*p) || *p == '_' || *p == ':') {
        assert_true(n < 79);
        name[n++] = *p++;
    }
    name[n] = '\0';
    return p;
}

/* {a="b",c="d"} with \\ \" \n as the only escapes */
static const char *read_labels(const char *p)
{
    char name[80];
    do {
        p = read_name(p + 1, name);
        assert_int_equal(*p++, '=');
        assert_int_equal(*p++, '"');
        for (; *p != '"'; p++) {
            assert_true(*p != '\0' && *p != '\n');
            if (*p == '\\') {
                p++;
                assert_true(*p == '\\' || *p == '"' || *p == 'n');
            }
        }
        p++;
    } while (*p == ',');
    assert_int_equal(*p, '}');
    return p + 1;
}

static double read_value(const char *p)
{
    if (strcmp(p, "+Inf") == 0)
        return INFINITY;
    if (strcmp(p, "-Inf") == 0)
        return -INFINITY;
    char *end;
    assert_true(isdigit((unsigned char)*p) || *p == '-');
    const double value = strtod(p, &end);
    assert_int_equal(*end, '\0');
    return value;
}

static void read_sample(const char *line, const char *family, const char *type)
{
    assert_true(sample_count < SAMPLES_MAX);
    struct sample *s = &samples[sample_count];
    const char *p = read_name(line, s->name), *labels = p;
    const size_t n = strlen(family);
    assert_int_equal(strncmp(s->name, family, n), 0);
    const char *suffix = s->name + n;
    if (strcmp(type, "histogram") == 0)
        assert_true(strcmp(suffix, "_bucket") == 0 || strcmp(suffix, "_sum") == 0 ||
                    strcmp(suffix, "_count") == 0);
    else
        assert_string_equal(suffix, "");
    if (*p == '{')
        p = read_labels(p);
    (void)snprintf(s->labels, sizeof s->labels, "%.*s", (int)(p - labels), labels);
    assert_int_equal(*p++, ' ');
    s->value = read_value(p);
    for (size_t i = 0; i < sample_count; i++)
        assert_false(strcmp(samples[i].name, s->name) == 0 &&
                     strcmp(samples[i].labels, s->labels) == 0);
    sample_count++;
}

/* HELP, TYPE, samples; each family once; the last line ends. */
static void read_exposition(const char *text)
{
    char family[80] = "", type[16] = "", families[METRIC_COUNT + 1][80];
    size_t family_count = 0;
    sample_count = 0;
    while (*text != '\0') {
        char line[600];
        const char *end = strchr(text, '\n');
        assert_non_null(end);
        assert_true((size_t)(end - text) < sizeof line);
        (void)snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        text = end + 1;
        if (strncmp(line, "# HELP ", 7) == 0) {
            const char *help = read_name(line + 7, family);
            assert_true(help[0] == ' ' && help[1] != '\0');
            type[0] = '\0';
            for (size_t i = 0; i < family_count; i++)
                assert_string_not_equal(families[i], family);
            assert_true(family_count < METRIC_COUNT);
            (void)snprintf(families[family_count++], 80, "%s", family);
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            char name[80];
            assert_string_equal(type, "");
            const char *p = read_name(line + 7, name);
            assert_string_equal(name, family);
            assert_true(strcmp(p, " counter") == 0 || strcmp(p, " gauge") == 0 ||
                        strcmp(p, " histogram") == 0);
            (void)snprintf(type, sizeof type, "%s", p + 1);
            if (strcmp(type, "counter") == 0)
                assert_string_equal(name + strlen(name) - 6, "_total");
        } else {
            assert_string_not_equal(type, "");
            read_sample(line, family, type);
        }
    }
    assert_int_equal(family_count, METRIC_COUNT);
}

static const struct sample *find(const char *name, const char *labels)
{
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].name, name) == 0 && strcmp(samples[i].labels, labels) == 0)
            return &samples[i];
    return NULL;
}

static double value_of(const char *name, const char *labels)
{
    const struct sample *s = find(name, labels);
    assert_non_null(s);
    return s->value;
}

static void expose(void)
{
    struct buf out;
    buf_init(&out, 4 << 20);
    metrics_write(&out);
    assert_false(out.failed);
    read_exposition(out.data);
    buf_release(&out);
}

static void test_counters_and_gauges(void **state)
{
    (void)state;
    expose();
    assert_true(value_of("primaflow_in_flight", "") == 0); /* without label: there from the start */
    assert_null(find("primaflow_records_total", "{outcome=\"posted\"}"));
    metrics_add(METRIC_records, "posted", 2);
    metrics_add(METRIC_records, "posted", 0.5);
    metrics_add(METRIC_records, "duplicate", 1);
    metrics_set(METRIC_in_flight, "", 9007199254740991.0);
    metrics_add(METRIC_in_flight, "", -1);
    metrics_set(METRIC_oldest_in_flight, "", INFINITY);
    expose();
    assert_true(value_of("primaflow_records_total", "{outcome=\"posted\"}") == 2.5);
    assert_true(value_of("primaflow_records_total", "{outcome=\"duplicate\"}") == 1);
    assert_true(fabs(value_of("primaflow_in_flight", "") - 9007199254740990.0) <
                10); /* 15 digits */
    assert_true(isinf(value_of("primaflow_oldest_in_flight_seconds", "")));
    assert_true(metrics_value(METRIC_records, "posted") == 2.5);
    assert_true(metrics_value(METRIC_records, "never") == 0);
}

static void test_label_values_are_escaped(void **state)
{
    (void)state;
    metrics_set(METRIC_lag, "a\"b\\c\nd", 3);
    expose();
    assert_true(value_of("primaflow_lag_records", "{topic=\"a\\\"b\\\\c\\nd\"}") == 3);
}

static void test_labels_are_bounded(void **state)
{
    (void)state;
    char label[16];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(label, sizeof label, "s%d", i);
        metrics_add(METRIC_redis_commands, label, 1);
    }
    metrics_add(METRIC_redis_commands, "s3", 1); /* an early one still has its own */
    expose();
    size_t series = 0;
    double sum = 0;
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].name, "primaflow_redis_scripts_total") == 0) {
            series++;
            sum += samples[i].value;
        }
    assert_int_equal(series, METRICS_LABELS_MAX);
    assert_true(sum == 201); /* none is lost */
    assert_true(value_of("primaflow_redis_scripts_total", "{script=\"s3\"}") == 2);
    assert_true(value_of("primaflow_redis_scripts_total", "{script=\"other\"}") ==
                200 - (METRICS_LABELS_MAX - 1));
}

static void test_histogram(void **state)
{
    (void)state;
    static const double seconds[] = {0, 0.001, 0.0011, 0.05, 59.9, 60, 60.1, 1e9};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        metrics_observe(METRIC_prima_seconds, "NewOrder", seconds[i]);
    expose();
    static const struct {
        const char *le;
        double count;
    } rows[] = {{"0.001", 2}, {"0.0025", 3}, {"0.025", 3}, {"0.05", 4},
                {"30", 4},    {"60", 6},     {"+Inf", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char labels[80];
        (void)snprintf(labels, sizeof labels, "{type=\"NewOrder\",le=\"%s\"}", rows[i].le);
        print_message("  le %s\n", rows[i].le);
        assert_true(value_of("primaflow_prima_seconds_bucket", labels) == rows[i].count);
    }
    assert_true(value_of("primaflow_prima_seconds_count", "{type=\"NewOrder\"}") == 8);
    assert_true(fabs(value_of("primaflow_prima_seconds_sum", "{type=\"NewOrder\"}") -
                     1000000180.0521) < 1e-3);
    double before = 0; /* cumulative: never falls */
    for (size_t i = 0; i < sample_count; i++)
        if (strcmp(samples[i].name, "primaflow_prima_seconds_bucket") == 0) {
            assert_true(samples[i].value >= before);
            before = samples[i].value;
        }
    assert_true(value_of("primaflow_commit_seconds_bucket", "{le=\"+Inf\"}") ==
                0); /* without label: there from the start */
}

static void test_process(void **state)
{
    (void)state;
    metrics_start();
    metrics_refresh_process();
    FILE *file = fopen("/dev/null", "r");
    assert_non_null(file);
    const double before = metrics_value(METRIC_process_fds, "");
    metrics_refresh_process();
    expose();
    assert_true(value_of("process_open_fds", "") == before + 1);
    assert_true(value_of("process_resident_memory_bytes", "") > 100000);
    assert_true(value_of("process_cpu_seconds_total", "") >= 0);
    assert_true(value_of("primaflow_start_time_seconds", "") > 1.6e9);
    assert_true(value_of("primaflow_exceptions_total", "{code=\"defect\"}") ==
                0); /* so that its first increase is one */
    assert_null(find("primaflow_exceptions_total", "{code=\"prima_unavailable\"}"));
    assert_true(value_of("primaflow_build_info", "{version=\"" PF_VERSION "\"}") == 1);
    (void)fclose(file);
}

/* A buffer that is too small is a failure that can be seen, not half an answer. */
static void test_full_buffer(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 200);
    metrics_write(&out);
    assert_true(out.failed);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_and_gauges),
        cmocka_unit_test(test_label_values_are_escaped),
        cmocka_unit_test(test_labels_are_bounded),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
