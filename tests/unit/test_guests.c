/* Who has to go when a small server is full: whoever asked for something longest ago. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "obs/guests.h"

enum { MAX = 3 };

static struct guests guests;
static struct guest *g[8];

/* In order, the one that goes next first. */
static void are(const char *order)
{
    size_t count = 0;
    const struct guest *before = NULL;
    for (const struct guest *one = guests.first; one != NULL; one = one->after) {
        assert_int_equal(one->fd, order[count++] - '0');
        assert_ptr_equal(one->before, before);
        before = one;
    }
    assert_int_equal(order[count], '\0');
    assert_ptr_equal(guests.last, before);
    assert_int_equal(guests.count, count);
}

static int comes(int fd)
{
    int goes;
    g[fd] = guests_come(&guests, fd, &goes);
    assert_non_null(g[fd]);
    return goes;
}

static void test_guests(void **state)
{
    (void)state;
    guests_init(&guests, MAX);
    are("");
    assert_int_equal(comes(1), -1);
    assert_int_equal(comes(2), -1);
    assert_int_equal(comes(3), -1);
    are("123");
    guests_ask(&guests, g[1]);
    are("231");
    guests_ask(&guests, g[3]); /* from the middle */
    are("213");
    guests_ask(&guests, g[3]); /* the last */
    are("213");
    guests_ask(&guests, NULL);
    assert_int_equal(comes(4), 2); /* there is no room for two */
    are("134");
    guests_ask(&guests, g[2]); /* it had to go: it does not come back */
    are("134");
    guests_leave(&guests, g[2]);
    are("134");
    assert_int_equal(comes(5), 1);
    guests_ask(&guests, g[1]);
    are("345");
    guests_leave(&guests, g[4]);
    are("35");
    guests_leave(&guests, g[3]);
    are("5");
    guests_leave(&guests, g[1]);
    guests_leave(&guests, NULL);
    guests_leave(&guests, g[5]);
    are("");
    assert_int_equal(comes(6), -1);
    assert_int_equal(comes(7), -1);
    guests_leave(&guests, g[7]); /* the last one */
    are("6");
    guests_leave(&guests, g[6]);
    are("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_guests)};
    return cmocka_run_group_tests_name("obs: guests", tests, NULL, NULL);
}
