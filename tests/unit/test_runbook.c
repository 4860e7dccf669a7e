/* The operations manual and the catalogue say the same: ops/runbook/exceptions.md is made from
 * errors.def, and the manual explains every code. After a change of errors.def: test_runbook
 * --write, from the tree's top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>

#include "base/buf.h"
#include "base/errors.h"

#define PAGE "ops/runbook/exceptions.md"
#define MANUAL "ops/runbook/README.md"

static void append_rows(struct buf *out, enum pf_owner owner, bool world)
{
    static const char *const where[] = {
        [PF_CLASS_HOLD] = "in Prima, on hold",
        [PF_CLASS_FLAG] = "in Prima",
        [PF_CLASS_DEAD_LETTER] = "not in Prima; dead letter",
        [PF_CLASS_CONFLICT] = "an earlier version is in Prima; dead letter",
        [PF_CLASS_PARK] = "unclear, nobody sends it; dead letter",
    };
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        const struct pf_error_info *e = pf_error_info((enum pf_error)i);
        if ((e->class == PF_CLASS_WORLD) != world || (!world && e->owner != owner))
            continue;
        buf_printf(out, "| <a id=\"%s\"></a>`%s` | ", e->name, e->name);
        if (!world)
            buf_printf(out, "%s | %s | ", where[e->class], pf_severity_name(e->severity));
        buf_printf(out, "%s | %s |\n", e->meaning, e->next_step);
    }
}

static void append_page(struct buf *out)
{
    static const struct {
        enum pf_owner owner;
        const char *title;
    } owners[] = {{PF_OWNER_FINANCE, "Finance"},
                  {PF_OWNER_ECOMMERCE, "E-commerce"},
                  {PF_OWNER_OPERATIONS, "Operations"}};
    buf_text(
        out,
        "# Exceptions: every code, by whose turn it is\n\n"
        "<!-- Made from common/base/errors.def by tests/unit/test_runbook.c; do not edit. -->\n\n"
        "What to do step by step, and what the words mean, is in the [operations "
        "manual](README.md). The code stands in results, "
        "in the header\n"
        "`primaflow.code` of dead letters, in the narrative of orders on hold, and in metrics.\n");
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        buf_printf(out,
                   "\n## %s\n\n| code | where the order is | severity | what it means | what to do "
                   "|\n|---|---|---|---|---|\n",
                   owners[i].title);
        append_rows(out, owners[i].owner, false);
    }
    buf_text(out, "\n## Pauses: no order is at fault\n\n"
                  "Workers wait and resume by themselves; none of these is ever a dead "
                  "letter.\n\n| code | what it means | what to do "
                  "|\n|---|---|---|\n");
    append_rows(out, PF_OWNER_NONE, true);
}

static void read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s cannot be read; tests run from the tree's top", path);
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_append(out, bytes, n);
    (void)fclose(file);
}

static void test_page_is_up_to_date(void **state)
{
    (void)state;
    struct buf wanted, found;
    buf_init(&wanted, 1 << 20);
    buf_init(&found, 1 << 20);
    append_page(&wanted);
    read_file(PAGE, &found);
    assert_false(wanted.failed);
    if (strcmp(wanted.data, found.data) != 0)
        fail_msg(PAGE " is not what errors.def says: run test_runbook --write");
    buf_release(&wanted);
    buf_release(&found);
}

static void test_manual_explains_every_code(void **state)
{
    (void)state;
    struct buf manual;
    buf_init(&manual, 1 << 20);
    read_file(MANUAL, &manual);
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        char quoted[80];
        (void)snprintf(quoted, sizeof quoted, "`%s`", pf_error_info((enum pf_error)i)->name);
        if (strstr(manual.data, quoted) == NULL)
            fail_msg(MANUAL " does not say what to do about %s", quoted);
    }
    buf_release(&manual);
}

/* GitHub's anchor of a heading: lower case, blanks to dashes, punctuation gone. */
static void anchor_of(const char *heading, size_t size, char anchor[static 200])
{
    size_t n = 0;
    for (size_t i = 0; i < size && n < 198; i++) {
        const unsigned char c = (unsigned char)heading[i];
        if (isalnum(c) || c == '-' || c == '_')
            anchor[n++] = (char)tolower(c);
        else if (c == ' ')
            anchor[n++] = '-';
    }
    anchor[n] = '\0';
}

static bool has_heading(const char *manual, const char *wanted, size_t size)
{
    for (const char *line = manual; line != NULL; line = strchr(line, '\n'), line += line != NULL) {
        const size_t marks = strspn(line, "#");
        char anchor[200];
        if (marks == 0 || line[marks] != ' ')
            continue;
        anchor_of(line + marks + 1, strcspn(line + marks + 1, "\n"), anchor);
        if (strlen(anchor) == size && strncmp(anchor, wanted, size) == 0)
            return true;
    }
    return false;
}

static void test_links_lead_somewhere(void **state)
{
    (void)state;
    struct buf manual;
    buf_init(&manual, 1 << 20);
    read_file(MANUAL, &manual);
    int links = 0;
    for (const char *p = manual.data; (p = strstr(p, "](#")) != NULL; links++) {
        p += 3;
        const size_t size = strcspn(p, ")");
        if (!has_heading(manual.data, p, size))
            fail_msg(MANUAL " links to #%.*s, which is no heading", (int)size, p);
    }
    assert_true(links > 5);
    buf_release(&manual);
}

/* What the manual calls a metric or a configuration key exists under that name. */
static void test_metrics_exist(void **state)
{
    (void)state;
    static const char *const metrics[] = {
#define METRIC(id, kind, name, label, help) name,
#include "obs/metrics.def"
#undef METRIC
    };
    struct buf manual;
    buf_init(&manual, 1 << 20);
    read_file(MANUAL, &manual);
    int found = 0;
    for (const char *p = manual.data; (p = strstr(p, "`primaflow_")) != NULL; found++) {
        p++;
        const size_t size = strcspn(p, "`");
        bool known = false;
        for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
            known = known || (strlen(metrics[i]) == size && strncmp(metrics[i], p, size) == 0);
        if (!known)
            fail_msg(MANUAL " speaks of the metric %.*s, which does not exist", (int)size, p);
    }
    assert_true(found > 3);
    buf_release(&manual);
}

static void test_keys_exist(void **state)
{
    (void)state;
    static const char *const keys[] = {
#define CONFIG_KEY(id, key, type, def, min, max, secret, help) key,
#include "config/keys.def"
#undef CONFIG_KEY
    };
    static const char *const spaces[] = {"`worker.", "`slot.",  "`prima.", "`limit.",
                                         "`log.",    "`retry.", "`redis.", "`commit."};
    struct buf manual;
    buf_init(&manual, 1 << 20);
    read_file(MANUAL, &manual);
    int found = 0;
    for (size_t s = 0; s < sizeof spaces / sizeof *spaces; s++)
        for (const char *p = manual.data; (p = strstr(p, spaces[s])) != NULL; found++) {
            p++;
            const size_t size = strcspn(p, "`:*"); /* `prima.deadline.*` is several */
            bool known = false;
            for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
                known = known || (strncmp(keys[i], p, size) == 0 &&
                                  (keys[i][size] == '\0' || p[size] == '*'));
            if (!known)
                fail_msg(MANUAL " speaks of the key %.*s, which does not exist", (int)size, p);
        }
    assert_true(found > 5);
    buf_release(&manual);
}

static int write_page(void)
{
    struct buf page;
    buf_init(&page, 1 << 20);
    append_page(&page);
    FILE *file = fopen(PAGE, "w");
    const bool written = file != NULL && fputs(page.data, file) >= 0;
    if (file == NULL || fclose(file) != 0 || !written) {
        perror(PAGE);
        return 1;
    }
    buf_release(&page);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_page();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_is_up_to_date),
        cmocka_unit_test(test_manual_explains_every_code),
        cmocka_unit_test(test_links_lead_somewhere),
        cmocka_unit_test(test_metrics_exist),
        cmocka_unit_test(test_keys_exist),
    };
    return cmocka_run_group_tests_name("runbook", tests, NULL, NULL);
}
