/* Credentials that are refused: of one order, or of all? A read tells (test_posting_world.h). */
#include "test_posting_world.h"

static void test_denied(void **state)
{
    static const struct way ways[] = {
        {.name = "a read is allowed: it is its own, and it waits elsewhere",
         .script = "claimed;sent 1;no rights;claimed 0 0;missing;deferred;released",
         .trace = "claim sent:R1 post:R1 answered ask defer release | retry settle_deadline"},
        {.name = "a read is denied, too: tried again",
         .script = "claimed;sent 1;no rights;claimed 0 0;no rights;sent 2;ok;finished 5",
         .trace = "claim sent:R1 post:R1 answered ask sent:R1 post:R1 finish:ok | posted"},
        {.name = "no answer to the read: tried again, and compared again",
         .script = "claimed;sent 1;no rights;claimed 0 0;timeout;sent 2;no rights;claimed 0 0;"
                   "missing;deferred;released",
         .trace = "claim sent:R1 post:R1 answered ask sent:R1 post:R1 answered ask defer release "
                  "| retry settle_deadline"},
    };
    (void)state;
    WALK(ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_denied)};
    return cmocka_run_group_tests_name("posting_denial", tests, set_up, tear_down);
}
