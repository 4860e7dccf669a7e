/* The names of Prima's wire: the README's table, the keys' defaults and names.def say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "prima/names.h"

static const struct {
    const char *id, *mark, *name, *what;
} rows[] = {
#define PRIMA_KNOWN(id, name, what) {#id, "known", name, what},
#define PRIMA_ASSUMED(id, name, what) {#id, "assumed", name, what},
#include "prima/names.def"
#undef PRIMA_KNOWN
#undef PRIMA_ASSUMED
};
enum { ROWS = sizeof rows / sizeof *rows };

static void test_readme(void **state)
{
    (void)state;
    static char text[64 * 1024];
    FILE *file = fopen("common/prima/README.md", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    char *table = strstr(text, "|---|---|---|---|\n"), *end = strstr(text, "<!-- /names -->");
    assert_non_null(table);
    assert_non_null(end);
    *end = '\0';
    size_t count = 0;
    for (const char *line = strchr(table, '\n'); line[1] != '\0'; line = strchr(line + 1, '\n'))
        count++;
    assert_int_equal(count, ROWS); /* none too many */
    for (size_t i = 0; i < ROWS; i++) {
        char wanted[400];
        (void)snprintf(wanted, sizeof wanted, "\n| `%s` | %s | `%s` | %s |\n", rows[i].id,
                       rows[i].mark, rows[i].name, rows[i].what);
        if (strstr(table, wanted) == NULL)
            fail_msg("README.md lacks: %s", wanted);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *config;
    struct config_message message;
    struct prima_names names;
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
#define PRIMA_KNOWN(id, name, what) assert_string_equal(names.id, name);
#define PRIMA_ASSUMED(id, name, what) assert_string_equal(names.id, name);
#include "prima/names.def"
#undef PRIMA_KNOWN
#undef PRIMA_ASSUMED
    assert_string_equal(names.order_request, "MultiNewOrder");
    assert_true(names.sends_empty);
    config_free(config);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *override;
        int result;
    } cases[] = {
        {"another name", "prima.name.account=CustCode", 0},
        {"an element that is none", "prima.name.request_parameter=a b", -EINVAL},
        {"an element that closes", "prima.name.request_parameter=a><b", -EINVAL},
        {"an element that begins with a digit", "prima.name.prefix=1a", -EINVAL},
        {"no element", "prima.name.company_parameter=", -EINVAL},
        {"no echo", "prima.name.echo=", 0},
        {"an echo that is no name", "prima.name.echo=a\"b", -EINVAL},
        {"a namespace", "prima.name.namespace=http://x/y?z=1", 0},
        {"a namespace that ends its attribute", "prima.name.namespace=u\"x", -EINVAL},
        {"no SOAPAction", "prima.name.soap_action=", 0},
        {"a SOAPAction that ends its header", "prima.name.soap_action=a\r\nX: y", -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  %s\n", cases[i].name);
        struct config *config;
        struct config_message message = {.text = ""};
        struct prima_names names;
        assert_int_equal(config_load(NULL, &cases[i].override, 1, &config, &message), 0);
        message.text[0] = '\0';
        assert_int_equal(prima_names_read(config, &names, &message), cases[i].result);
        if (cases[i].result < 0)
            assert_non_null(strstr(message.text, "prima.name."));
        config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readme),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests_name("prima.names", tests, NULL, NULL);
}
