/* The memory of what waits by policy: the newest version of a key, in bounded room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/waiting.h"

static struct waiting waiting;

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *name, *natural;
        int64_t noted, asked;
        bool has_newer;
    } rows[] = {
        {"nothing waits", "01/orders/shopify/uk/1", 0, 1, false},
        {"an older one asks", "01/orders/shopify/uk/1", 5, 4, true},
        {"itself", "01/orders/shopify/uk/1", 5, 5, false},
        {"a newer one asks", "01/orders/shopify/uk/1", 5, 6, false},
        {"an older one waits, too: the newer is remembered", "01/orders/shopify/uk/1", 3, 4, true},
        {"another key", "01/orders/shopify/uk/2", 1, 1, false},
        {"a channel without versions is not remembered", "01/orders/shopify/uk/3", 0, -1, false},
        {"nor asked about", "01/orders/shopify/uk/1", 5, 0, false},
    };
    memset(&waiting, 0, sizeof waiting);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        waiting_note(&waiting, rows[i].natural, rows[i].noted);
        assert_int_equal(waiting_has_newer(&waiting, rows[i].natural, rows[i].asked), rows[i].has_newer);
    }
}

/* More keys than places: some are forgotten, none is taken for another. */
static void test_bounded(void **state)
{
    (void)state;
    enum { KEYS = 4 * WAITING_PLACES };
    size_t remembered = 0;
    char natural[40];
    memset(&waiting, 0, sizeof waiting);
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(natural, sizeof natural, "01/orders/shopify/uk/%d", i);
        waiting_note(&waiting, natural, i + 2);
    }
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(natural, sizeof natural, "01/orders/shopify/uk/%d", i);
        assert_false(waiting_has_newer(&waiting, natural, i + 2));
        remembered += waiting_has_newer(&waiting, natural, i + 1);
    }
    print_message("  %zu of %d\n", remembered, KEYS);
    assert_true(remembered > WAITING_PLACES / 2 && remembered <= WAITING_PLACES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests_name("runtime_waiting", tests, NULL, NULL);
}
