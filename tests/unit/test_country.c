/* Names of countries, as people and shops write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/country.h"

#include <string.h>

static void test_names(void **state)
{
    static const struct {
        const char *name, *code;
    } rows[] = {
        {"United Kingdom", "GB"},
        {"united kingdom", "GB"},
        {" United  Kingdom.", "GB"},
        {"Great Britain", "GB"},
        {"GB", "GB"},
        {"gbr", "GB"},
        {"United States", "US"},
        {"U.S.A.", "US"},
        {"The Netherlands", "NL"},
        {"South Korea", "KR"},
        {"Korea, Republic of", "KR"},
        {"Trinidad & Tobago", "TT"},
        {"Trinidad and Tobago", "TT"},
        {"C\xc3\xb4te d'Ivoire", "CI"},
        {"Guinea", "GN"},
        {"Guinea-Bissau", "GW"},
        {"Niger", "NE"},
        {"Nigeria", "NG"},
        {"", NULL},
        {" . ", NULL},
        {"the ", NULL},
        {"Kingdom", NULL},
        {"United", NULL},
        {"Atlantis", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *code = country_find(rows[i].name);
        if ((code == NULL) != (rows[i].code == NULL) ||
            (code != NULL && strcmp(code, rows[i].code) != 0))
            fail_msg("'%s' is %s", rows[i].name, code != NULL ? code : "not known");
    }
}

/* Each name in the table finds its own code: no name stands for two countries. */
static void test_each_name_is_one_country(void **state)
{
    static const char *const rows[][2] = {
#define COUNTRY(code, name) {code, name},
#include "base/country.def"
#undef COUNTRY
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (country_find(rows[i][1]) == NULL || strcmp(country_find(rows[i][1]), rows[i][0]) != 0)
            fail_msg("%s is %s, not %s", rows[i][1], country_find(rows[i][1]), rows[i][0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_each_name_is_one_country),
    };
    return cmocka_run_group_tests_name("countries", tests, NULL, NULL);
}
