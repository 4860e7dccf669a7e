/* The catalogue as a whole: what every row must be, so that a new one cannot be half a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "base/errors.h"

/* A sentence that stands in a table of the manual: begins with a capital or our name, ends with a
 * full stop, is one line, has no cell's bar. */
static bool is_sentence(const char *text)
{
    const size_t size = strlen(text);
    return size >= 10 && size <= 250 &&
           ((text[0] >= 'A' && text[0] <= 'Z') || strncmp(text, "primaflow ", 10) == 0) &&
           text[size - 1] == '.' && strpbrk(text, "\n|\t") == NULL && strstr(text, "  ") == NULL;
}

static void test_every_row(void **state)
{
    (void)state;
    for (int i = 1; i < PF_ERROR_COUNT; i++) {
        const struct pf_error_info *info = pf_error_info((enum pf_error)i);
        print_message("  %s\n", info->name);
        assert_int_equal(pf_error_find(info->name), i); /* names are unique */
        assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(info->name));
        assert_true(strlen(info->name) <= 40);
        assert_int_not_equal(info->class, PF_CLASS_NONE);
        assert_int_not_equal(info->owner, PF_OWNER_NONE); /* nobody's exception is nobody's work */
        assert_true(info->owner < PF_OWNER_COUNT);
        assert_true(is_sentence(info->meaning));
        assert_true(is_sentence(info->next_step));
        assert_int_equal(info->class == PF_CLASS_WORLD,
                         info->severity ==
                             PF_SEVERITY_NONE); /* an infrastructure failure is no exception */
        if (info->class == PF_CLASS_WORLD)
            assert_int_equal(info->owner, PF_OWNER_OPERATIONS);
        if (info->class == PF_CLASS_HOLD || info->class == PF_CLASS_FLAG)
            assert_int_equal(info->severity, PF_SEVERITY_WARNING); /* it is in Prima, waiting */
    }
}

static void test_ok_and_unknown(void **state)
{
    (void)state;
    assert_string_equal(pf_error_info(PF_OK)->name, "ok");
    assert_int_equal(pf_error_info(PF_OK)->class, PF_CLASS_NONE);
    static const char *const rows[] = {"no_such_code", "", "TAX_MISMATCH", "tax_mismatc",
                                       "tax_mismatch "};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(pf_error_find(rows[i]), PF_OK);
}

static void test_names_of_classes_and_owners(void **state)
{
    (void)state;
    /* they stand in results, headers and metrics: other people's programs and alerts know them */
    static const char *const owners[] = {"none", "finance", "ecommerce", "operations"};
    static const char *const classes[] = {"none",     "hold", "flag", "dead_letter",
                                          "conflict", "park", "world"};
    static const char *const severities[] = {"none", "warning", "error"};
    for (int i = 0; i < PF_OWNER_COUNT; i++)
        assert_string_equal(pf_owner_name((enum pf_owner)i), owners[i]);
    for (int i = 0; i <= PF_CLASS_WORLD; i++)
        assert_string_equal(pf_class_name((enum pf_class)i), classes[i]);
    for (int i = 0; i <= PF_SEVERITY_ERROR; i++)
        assert_string_equal(pf_severity_name((enum pf_severity)i), severities[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_ok_and_unknown),
        cmocka_unit_test(test_names_of_classes_and_owners),
    };
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
