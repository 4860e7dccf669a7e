/* The breaker, as a story in steps: which failures make Prima count as down, who may probe, what closes it. And the catalogue's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/breaker.h"
#include "runtime/catalogue.h"

/* Steps: "f KEY" a failure, "c KEY" a certain one (each is followed by "!" when it opens now), "s" a success, "+MS" time passes, "?" asks:
 * the answers, in a row, are y and n. Three keys open it, a probe each 100 ms. */
static void test_breaker(void **state)
{
    static const struct {
        const char *name, *steps, *answers;
    } rows[] = {
        {"closed", "?;?", "yy"},
        {"one key, again and again", "f a;f a;f a;f a;?", "y"},
        {"fewer keys than it takes", "f a;f b;?", "y"},
        {"as many keys as it takes", "f a;f b;f c!;?;?", "nn"},
        {"... not in a row: one key came through between", "f a;f b;s;f c;?", "y"},
        {"... one of them twice", "f a;f b;f a;?;f c!;?", "yn"},
        {"opens once", "f a;f b;f c!;f d;f e;?", "n"},
        {"certain: at once", "c a!;?", "n"},
        {"certain: opens once", "c a!;c b;?", "n"},
        {"no probe before its time", "c a!;+99;?", "n"},
        {"one probe at its time, and one only", "c a!;+100;?;?", "yn"},
        {"a probe each interval", "c a!;+100;?;+99;?;+1;?;?", "ynyn"},
        {"a probe that fails keeps it open", "c a!;+100;?;f b;?", "yn"},
        {"a probe that succeeds closes it", "c a!;+100;?;s;?;?", "yyy"},
        {"closed again, it counts anew", "f a;f b;f c!;s;f a;f b;?;f c!;?", "yn"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct breaker b;
        char steps[100], answers[20] = "", *save = NULL;
        int64_t now = 5000;
        size_t asked = 0;
        breaker_init(&b, 3, 100);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL; step = strtok_r(NULL, ";", &save)) {
            const char key[2] = {step[0] == 'f' || step[0] == 'c' ? step[2] : '\0', '\0'};
            if (step[0] == '+')
                now += strtoll(step + 1, NULL, 10);
            else if (step[0] == '?')
                answers[asked++] = breaker_allows(&b, now) ? 'y' : 'n';
            else if (step[0] == 's')
                breaker_success(&b, now);
            else if (breaker_failure(&b, key, step[0] == 'c', now) != (step[3] == '!'))
                fail_msg("%s: step \"%s\"", rows[i].name, step);
        }
        if (strcmp(answers, rows[i].answers) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, answers, rows[i].answers);
    }
}

static void test_breaker_bounds(void **state)
{
    struct breaker b;
    char key[20];
    (void)state;
    breaker_init(&b, 10000, 100); /* more than it can tell apart: as many as it can */
    for (int i = 0; i < BREAKER_KEYS_MAX - 1; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        assert_false(breaker_failure(&b, key, false, 1));
    }
    assert_true(breaker_failure(&b, "the last", false, 1));
    assert_false(breaker_failure(&b, "one more", false, 1));
    assert_int_equal(b.last_success_ms, 0);
    breaker_success(&b, 77);
    assert_int_equal(b.last_success_ms, 77);
}

static bool has(const struct catalogue *c, const char *company, const struct prima_sku *sku, int64_t now_ms)
{
    const struct product_tag tag = catalogue_tag(company, sku);
    return catalogue_has(c, &tag, now_ms);
}

static void heard(struct catalogue *c, const char *company, const struct prima_sku *sku, int64_t heard_ms)
{
    const struct product_tag tag = catalogue_tag(company, sku);
    catalogue_add(c, &tag, heard_ms);
}

static void test_catalogue(void **state)
{
    static const struct prima_sku a = {.product = "P1", .matrix = {"RED", "M", NULL, NULL}};
    static const struct prima_sku same = {.product = "P1", .matrix = {"RED", "M", "", ""}};
    static const struct {
        const char *name, *company;
        struct prima_sku sku;
    } others[] = {
        {"another company", "02", {.product = "P1", .matrix = {"RED", "M"}}},
        {"another product", "01", {.product = "P2", .matrix = {"RED", "M"}}},
        {"another colour", "01", {.product = "P1", .matrix = {"BLUE", "M"}}},
        {"fewer parts", "01", {.product = "P1", .matrix = {"RED"}}},
        {"more parts", "01", {.product = "P1", .matrix = {"RED", "M", "X"}}},
        {"parts elsewhere", "01", {.product = "P1", .matrix = {"REDM", ""}}},
        {"no parts", "01", {.product = "P1RED", .matrix = {"M"}}},
        {"a part with our separator", "01", {.product = "P1", .matrix = {"RED1:M"}}},
    };
    struct catalogue *c = catalogue_new(1000);
    (void)state;
    assert_false(has(c, "01", &a, 5000));
    heard(c, "01", &a, 5000);
    assert_true(has(c, "01", &a, 5000));
    assert_true(has(c, "01", &same, 5000)); /* absent and empty are the same */
    assert_true(has(c, "01", &a, 5999));
    assert_false(has(c, "01", &a, 6000)); /* heard too long ago */
    heard(c, "01", &a, 6000);
    assert_true(has(c, "01", &a, 6999));
    heard(c, "01", &a, 5500);
    assert_true(has(c, "01", &a, 6999)); /* an older word does not make it older */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (has(c, others[i].company, &others[i].sku, 6000))
            fail_msg("%s is known", others[i].name);
    catalogue_free(c);
}

/* Codes of any length: what is cut off would make two products one. */
static void test_catalogue_long(void **state)
{
    struct catalogue *c = catalogue_new(1000);
    char one[2000], two[2000];
    memset(one, 'X', sizeof one);
    memset(two, 'X', sizeof two);
    one[sizeof one - 1] = two[sizeof two - 1] = '\0';
    two[sizeof two - 2] = 'Y';
    const struct prima_sku a = {.product = one, .matrix = {one, one, one, one}}, b = {.product = one, .matrix = {one, one, one, two}};
    (void)state;
    heard(c, one, &a, 5000);
    assert_true(has(c, one, &a, 5000));
    assert_false(has(c, one, &b, 5000));
    assert_false(has(c, two, &a, 5000));
    catalogue_free(c);
}

/* It grows before it is crowded: hardly one is forgotten. */
static void test_catalogue_grows(void **state)
{
    enum { COUNT = CATALOGUE_SLOTS_MAX / 8 };
    struct catalogue *c = catalogue_new(1000);
    char name[20];
    const struct prima_sku sku = {.product = name};
    int kept = 0;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "SKU%d", i);
        heard(c, "01", &sku, 5000);
    }
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "SKU%d", i);
        kept += has(c, "01", &sku, 5000);
    }
    assert_in_range(kept, COUNT * 99 / 100, COUNT);
    catalogue_free(c);
}

/* Bounded: whoever shares a place is forgotten, never mistaken. */
static void test_catalogue_full(void **state)
{
    struct catalogue *c = catalogue_new(1000);
    char name[20];
    const struct prima_sku sku = {.product = name};
    int kept = 0;
    (void)state;
    for (int i = 0; i < 3 * CATALOGUE_SLOTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "SKU%d", i);
        assert_false(has(c, "01", &sku, 5000));
        heard(c, "01", &sku, 5000);
        assert_true(has(c, "01", &sku, 5000));
    }
    for (int i = 0; i < 3 * CATALOGUE_SLOTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "SKU%d", i);
        kept += has(c, "01", &sku, 5000);
    }
    assert_in_range(kept, CATALOGUE_SLOTS_MAX * 9 / 10, CATALOGUE_SLOTS_MAX);
    catalogue_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_breaker),         cmocka_unit_test(test_breaker_bounds),
                                       cmocka_unit_test(test_catalogue),       cmocka_unit_test(test_catalogue_long),
                                       cmocka_unit_test(test_catalogue_grows), cmocka_unit_test(test_catalogue_full)};
    return cmocka_run_group_tests_name("breaker and catalogue", tests, NULL, NULL);
}
