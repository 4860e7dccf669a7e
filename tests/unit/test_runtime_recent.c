/* The last answers that others had, by which a record's failures are judged (test_runtime_blame.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/recent.h"

/* Steps: "p KEY" passed, "f KEY" failed, a millisecond each; keys are of company 01, upper case
 * ones of 02. What 01/k sees of all after `since`: passed, failed, and the last one's failure. */
static void test_recent(void **state)
{
    static const struct {
        const char *name, *steps;
        int64_t since;
        size_t passed, failed;
        bool last_failed;
    } rows[] = {
        {"nobody", "", 0, 0, 0, false},
        {"itself alone", "p k;f k;f k", 0, 0, 0, false},
        {"others", "p a;p b;f c", 0, 2, 1, true},
        {"each once, by its newest answer", "f a;f a;f b;p a;p a", 0, 1, 1, false},
        {"... which may be a failure", "p a;p b;f a", 0, 1, 1, true},
        {"from then on", "p a;p b;f c;p d", 2, 1, 1, false},
        {"... not of the same moment", "p a;p b", 2, 0, 0, false},
        {"the last one, however old", "f a", 100, 0, 0, true},
        {"... of others", "p a;f k", 0, 1, 0, false},
        {"another company", "p A;p B;f C", 0, 0, 0, false},
        {"... beside", "p A;f a;p B", 0, 0, 1, true},
        {"as many as it holds", "p a;p b;p c;p d;p e;p f;p g;p h;f i;f j;f l;f m;f n;f o;f p;f q",
         0, 8, 8, true},
        {"the oldest goes",
         "p a;p b;p c;p d;p e;p f;p g;p h;f i;f j;f l;f m;f n;f o;f p;f q;f r;p s", 0, 7, 9, false},
        {"who fails alone does not count", "p a;f b;p c;f b", 0, 2, 0, false},
        {"... again", "p a;f b;p c;f b;f b", 0, 2, 0, false},
        {"... until it passes", "p a;f b;p c;f b;p b;f b", 0, 2, 1, true},
        {"... not because it fails again and again", "p a;f b;f b;f b", 0, 1, 1, true},
        {"... while others fail, too", "p a;f b;f c;f b", 0, 1, 2, true},
        {"who comes again is the newest",
         "p a;f b;f c;f d;f e;f f;f g;f h;f i;f j;f l;f m;f n;f o;f p;f q;p a;f r", 0, 1, 15, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recent recent;
        char steps[200], *save = NULL;
        int64_t at = 0;
        recent_init(&recent, 1000);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save)) {
            char key[40];
            (void)snprintf(key, sizeof key, "%s/orders/%s", step[2] < 'a' ? "02" : "01", step + 2);
            recent_add(&recent, PRIMA_NEW_ORDER, key, step[0] == 'p', ++at);
        }
        const struct recent_others others =
            recent_others_of(&recent, PRIMA_NEW_ORDER, "01/orders/k", rows[i].since);
        if (others.passed != rows[i].passed || others.failed != rows[i].failed ||
            others.last_failed != rows[i].last_failed)
            fail_msg("%s: %zu passed, %zu failed, last %d", rows[i].name, others.passed,
                     others.failed, others.last_failed);
        assert_int_equal(recent_others_of(&recent, PRIMA_ORDER_STATUS, "01/orders/k", 0).passed,
                         0); /* each type its own */
    }
}

/* More companies than there is room for share it, and none is lost. */
static void test_recent_companies(void **state)
{
    struct recent recent;
    char key[40];
    (void)state;
    recent_init(&recent, 1000);
    for (int i = 0; i < 3 * RECENT_COMPANIES; i++) {
        (void)snprintf(key, sizeof key, "%d/orders/1", i);
        recent_add(&recent, PRIMA_NEW_ORDER, key, true, i);
    }
    assert_int_equal(recent_others_of(&recent, PRIMA_NEW_ORDER, "0/orders/2", -1).passed > 0, true);
    (void)snprintf(key, sizeof key, "%d/orders/2", 3 * RECENT_COMPANIES - 1);
    assert_int_equal(recent_others_of(&recent, PRIMA_NEW_ORDER, key, -1).passed > 0, true);
}

/* While there are places each company has its own. */
static void test_companies_are_apart(void **state)
{
    struct recent recent;
    char key[40];
    (void)state;
    recent_init(&recent, 1000);
    for (int i = 0; i < RECENT_COMPANIES; i++)
        for (int order = 0; order <= i; order++) {
            (void)snprintf(key, sizeof key, "%d/orders/%d", i, order);
            recent_add(&recent, PRIMA_NEW_ORDER, key, true, 5);
        }
    for (int i = 0; i < RECENT_COMPANIES && i < RECENT_KEYS; i++) {
        (void)snprintf(key, sizeof key, "%d/orders/other", i);
        assert_int_equal(recent_others_of(&recent, PRIMA_NEW_ORDER, key, -1).passed, i + 1);
    }
}

static void test_recent_is_well(void **state)
{
    static const struct {
        const char *name;
        int64_t passes[6], at;
        bool is_well;
    } rows[] = {
        {"never", {0}, 5000, false},
        {"only now", {5000}, 5000, false},
        {"for a while", {1000, 1600, 2100}, 2100, true},
        {"not long enough", {1000, 1600, 1900}, 1999, false},
        {"twice, far from each other", {1000, 2100}, 2100, false},
        {"again after a gap", {1000, 1900, 4000, 4500}, 4900, false},
        {"... and for long enough", {1000, 1900, 4000, 4500}, 5000, true},
        {"not any more", {1000, 1900, 2500}, 3501, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recent recent;
        recent_init(&recent, 1000);
        for (size_t j = 0; j < 6 && rows[i].passes[j] > 0; j++)
            recent_add(&recent, PRIMA_NEW_ORDER, "01/orders/a", true, rows[i].passes[j]);
        recent_add(&recent, PRIMA_NEW_ORDER, "01/orders/poison", false,
                   rows[i].at); /* one that always fails changes nothing */
        if (recent_is_well(&recent, PRIMA_NEW_ORDER, "01/orders/k", rows[i].at) != rows[i].is_well)
            fail_msg("%s", rows[i].name);
    }
}

/* "p KEY", "f KEY" as above, "+MS" time passes: for how long has nothing passed? */
static void test_failing(void **state)
{
    static const struct {
        const char *name, *steps;
        int64_t failing_ms;
    } rows[] = {
        {"nobody tried", "+500", 0},
        {"all pass", "p a;+500;p b;+500", 0},
        {"one fails, alone in the world", "f a;+500;f a;+500", 1000},
        {"... one try", "f a;+700", 700},
        {"... and nobody tries any more", "f a;+500;f a;+1001", 0},
        {"... but later", "f a;+500;f a;+1001;f b;+300", 300},
        {"several fail", "f a;+500;f b;+500;f c;+500", 1500},
        {"one passes", "f a;+500;p b;+500", 0},
        {"... and they fail again", "f a;+500;p b;+100;f a;+500", 500},
        {"another company's passes", "f a;+500;p B;+500", 1000},
        {"the one that fails for longest", "f a;+500;f B;+500", 1000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recent recent;
        char steps[200], *save = NULL;
        int64_t at = 1;
        recent_init(&recent, 1000);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save)) {
            char key[40];
            if (step[0] == '+') {
                at += strtoll(step + 1, NULL, 10);
                continue;
            }
            (void)snprintf(key, sizeof key, "%s/orders/%s", step[2] < 'a' ? "02" : "01", step + 2);
            recent_add(&recent, PRIMA_NEW_ORDER, key, step[0] == 'p', at);
        }
        const int64_t failing_ms = recent_failing_ms(&recent, PRIMA_NEW_ORDER, at);
        if (failing_ms != rows[i].failing_ms)
            fail_msg("%s: %lld ms", rows[i].name, (long long)failing_ms);
        assert_int_equal(recent_failing_ms(&recent, PRIMA_ORDER_STATUS, at), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recent), cmocka_unit_test(test_recent_companies),
        cmocka_unit_test(test_companies_are_apart), cmocka_unit_test(test_recent_is_well),
        cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("the last answers", tests, NULL, NULL);
}
