/* The reference pages in docs/ are made from the tables that the programs are made from. After a
 * change of a table: test_references --write, from the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/errors.h"
#include "config/config.h"

enum { PAGE_MAX = 1 << 20 };

/* ---- pieces ---- */

static void append_origin(struct buf *out, const char *table)
{
    buf_printf(out,
               "<!-- Made from %s by tests/unit/test_references.c; do not edit. "
               "After a change of the table: test_references --write, from the tree's top. -->\n\n",
               table);
}

/* A table's cell: a bar would end it. */
static void append_cell(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            buf_byte(out, '\\');
        buf_byte(out, (uint8_t)*text);
    }
}

/* ---- pages ---- */

static void append_configuration(struct buf *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    config_reference(stream);
    assert_int_equal(fclose(stream), 0);
    append_origin(out, "common/config/keys.def");
    buf_append(out, text, size);
    free(text);
}

static void append_metrics(struct buf *out)
{
    static const struct {
        const char *kind, *name, *label, *help;
    } metrics[] = {
#define METRIC(id, kind, name, label, help) {#kind, name, label, help},
#include "obs/metrics.def"
#undef METRIC
    };
    append_origin(out, "common/obs/metrics.def");
    buf_text(out,
             "# Metrics\n\n"
             "Served at `/metrics` of `--http ADDR` in Prometheus' text format. Each metric has "
             "one label at most; label values\n"
             "come from bounded sets (outcomes, codes, reasons, topics) and never from records. "
             "Histograms count seconds.\n"
             "Alert rules: [ops/alerts](../ops/alerts/primaflow.rules.yml).\n\n"
             "| metric | type | label | what it counts |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        buf_printf(out, "| `%s` | ", metrics[i].name);
        for (const char *p = metrics[i].kind; *p != '\0'; p++)
            buf_byte(out, (uint8_t)(*p | 0x20)); /* lower case */
        buf_printf(out, metrics[i].label[0] != '\0' ? " | `%s` | " : " | %s| ", metrics[i].label);
        append_cell(out, metrics[i].help);
        buf_text(out, " |\n");
    }
}

static const char *const topic_words[][2] = {
    {"INPUT", "input"},       {"KEYED", "keyed"},          {"SINGLE", "one partition"},
    {"DELETE", "delete"},     {"COMPACT", "compact"},      {"COMPACT_DELETE", "compact, delete"},
    {"CREATE", "CreateTime"}, {"APPEND", "LogAppendTime"}, {"PERSONAL", "yes"},
    {"PLAIN", "no"},
};

static const char *topic_word(const char *name)
{
    for (size_t i = 0; i < sizeof topic_words / sizeof *topic_words; i++)
        if (strcmp(topic_words[i][0], name) == 0)
            return topic_words[i][1];
    fail_msg("topics.def has the word %s, which docs/TOPICS.md has no text for", name);
    return name;
}

static void append_topics(struct buf *out)
{
    append_origin(out, "common/kafka/topics.def");
    buf_text(out,
             "# Topics\n\n"
             "`primaflow topics create` makes them, `primaflow topics check` compares a cluster "
             "with this list.\n"
             "Keyed topics have `topics.partitions` partitions, and a key's records stay in order "
             "in one of them. Topics stamped\n"
             "`LogAppendTime` receive records that may be older than their retention: under "
             "`CreateTime` Kafka deletes such\n"
             "records within half a minute of acknowledging them. Topics with personal data have a "
             "finite retention.\n\n"
             "| topic | shape | cleanup | retention | timestamps | personal data | holds |\n"
             "|---|---|---|---|---|---|---|\n");
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)                          \
    buf_printf(out, "| `%s` | %s | %s | %s | %s | %s | %s |\n", name, topic_word(#shape),          \
               topic_word(#cleanup), retention, topic_word(#stamps), topic_word(#data), meaning);
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT
    buf_text(out, "\n## Of each input\n\n"
                  "Keyed, deleted after their retention, stamped by the broker.\n\n"
                  "| suffix | retention | holds |\n|---|---|---|\n");
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning)
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)                                       \
    buf_printf(out, "| `<input>%s%s` | %s | %s |\n", suffix,                                       \
               strcmp(#each, "DELAY") == 0 ? "<delay>" : "", retention, meaning);
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT
    buf_text(out,
             "\n`<delay>` is each of `retry.delays`.\n\n## Of shadow mode\n\n"
             "Made by `primaflow topics create --shadow`. The shadow's dead letters and retries "
             "are in\n"
             "`shadow.<input>.dlq` and `shadow.<input>.retry.<delay>`.\n\n"
             "| topic | input | retention | holds |\n|---|---|---|---|\n");
#define TOPIC(id, name, shape, cleanup, retention, stamps, data, meaning)
#define TOPIC_SHADOW(id, name, input, retention, meaning)                                          \
    buf_printf(out, "| `%s` | `%s` | %s | %s |\n", name, input, retention, meaning);
#define TOPIC_OF_INPUT(id, suffix, each, retention, meaning)
#include "kafka/topics.def"
#undef TOPIC
#undef TOPIC_SHADOW
#undef TOPIC_OF_INPUT
}

static void append_errors(struct buf *out)
{
    append_origin(out, "common/base/errors.def");
    buf_text(out,
             "# Error codes\n\n"
             "A code stands in results, in the header `primaflow.code` of dead letters, in the "
             "narrative of documents on hold\n"
             "and in metrics. Its **class** decides what happens to the record; texts never do.\n\n"
             "| class | what happens |\n|---|---|\n"
             "| `hold` | posted in Prima, on hold, with a narrative |\n"
             "| `dead_letter` | nothing exists in Prima; the record goes to `<input>.dlq` |\n"
             "| `conflict` | Prima has other content for this key, which is not overwritten; dead "
             "letter |\n"
             "| `park` | the outcome cannot be proven; dead letter, and the key waits for a person "
             "|\n"
             "| `world` | infrastructure failure: the worker pauses, probes and resumes; no "
             "attempt is counted, no dead letter written |\n\n"
             "What to do about each code: [exceptions](../ops/runbook/exceptions.md), by owner. On "
             "a command line: `primaflow exceptions`.\n\n"
             "| code | class | owner | severity | meaning |\n|---|---|---|---|---|\n");
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        const struct pf_error_info *e = pf_error_info((enum pf_error)i);
        buf_printf(out, "| [`%s`](../ops/runbook/exceptions.md#%s) | `%s` | %s | %s | ", e->name,
                   e->name, pf_class_name(e->class), pf_owner_name(e->owner),
                   pf_severity_name(e->severity));
        append_cell(out, e->meaning);
        buf_text(out, " |\n");
    }
}

static const struct page {
    const char *path;
    void (*append)(struct buf *out);
} pages[] = {
    {"docs/CONFIGURATION.md", append_configuration},
    {"docs/METRICS.md", append_metrics},
    {"docs/TOPICS.md", append_topics},
    {"docs/ERRORS.md", append_errors},
};

/* ---- the test ---- */

static void test_page_is_current(void **state)
{
    const struct page *page = *state;
    struct buf wanted, found;
    buf_init(&wanted, PAGE_MAX);
    buf_init(&found, PAGE_MAX);
    page->append(&wanted);
    assert_false(wanted.failed);
    FILE *file = fopen(page->path, "r");
    if (file == NULL)
        fail_msg("%s cannot be read; tests run from the tree's top", page->path);
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_append(&found, bytes, n);
    (void)fclose(file);
    if (strcmp(wanted.data, found.data) != 0)
        fail_msg("%s is stale: run test_references --write", page->path);
    buf_release(&wanted);
    buf_release(&found);
}

static int write_pages(void)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct buf page;
        buf_init(&page, PAGE_MAX);
        pages[i].append(&page);
        FILE *file = fopen(pages[i].path, "w");
        const bool written = file != NULL && fputs(page.data, file) >= 0;
        if (file == NULL || fclose(file) != 0 || !written) {
            perror(pages[i].path);
            return 1;
        }
        buf_release(&page);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_pages();
    struct CMUnitTest tests[sizeof pages / sizeof *pages];
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        tests[i] = (struct CMUnitTest){.name = pages[i].path,
                                       .test_func = test_page_is_current,
                                       .initial_state = (void *)(uintptr_t)&pages[i]};
    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
