/* The breaker, as a story in steps: which failures make Prima count as down, who may probe, what
 * closes it. And the catalogue's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "posting/breaker.h"
#include "facts/catalogue.h"

enum { KEYS = 3, INTERVAL_MS = 100 };

static enum prima_type type_of(char letter)
{
    return letter == 's'   ? PRIMA_ORDER_STATUS
           : letter == 'p' ? PRIMA_PRODUCT_READ
                           : PRIMA_NEW_ORDER;
}

static bool is_open(const struct breaker *b)
{
    for (size_t i = 0; i < PRIMA_TYPE_COUNT; i++)
        if (b->gates[i].is_open)
            return true;
    return false;
}

/* What one step says: "f KEY" a failure, "c KEY" a certain one (either is followed by "!" when the
 * gate is open after it), "s" a success,
 * "+MS" time passes, "l" and "L" the gates nobody asks for lapse, somebody and nobody being there,
 * "?KEY" asks: y or n. The write is meant, unless a second letter says "s", the status, or "p", the
 * products: "fs a!", "ss", "?s a". */
static bool take(struct breaker *b, const char *step, int64_t *now, char *answers)
{
    const enum prima_type type = type_of(step[1]);
    const size_t at = type == PRIMA_NEW_ORDER ? 2 : 3;
    const char key[2] = {step[0] == 'f' || step[0] == 'c' ? step[at] : '\0', '\0'};
    switch (step[0]) {
    case '+':
        *now += strtoll(step + 1, NULL, 10);
        return true;
    case '?':
        answers[strlen(answers)] =
            breaker_allows(b, type, step + (type == PRIMA_NEW_ORDER ? 1 : 3), *now) ? 'y' : 'n';
        return true;
    case 's':
        breaker_success(b, type, *now);
        return true;
    case 'l':
    case 'L':
        return breaker_lapse(b, step[0] == 'L', *now) == !is_open(b);
    default:
        return breaker_failure(b, type, key, step[0] == 'c', *now) == (step[at + 1] == '!');
    }
}

/* Three keys open a gate, a probe each 100 ms. */
static void test_breaker(void **state)
{
    static const struct {
        const char *name, *steps, *answers;
    } rows[] = {
        {"closed", "?a;?a", "yy"},
        {"one key, again and again", "f a;f a;f a;f a;?a", "y"},
        {"fewer keys than it takes", "f a;f b;?a", "y"},
        {"as many keys as it takes", "f a;f b;f c!;?a;?x", "nn"},
        {"... not in a row: one key came through between", "f a;f b;s;f c;?a", "y"},
        {"... one of them twice", "f a;f b;f a;?a;f c!;?a", "yn"},
        {"certain: at once", "c a!;?x", "n"},
        {"certain, but others pass at the moment", "s;+99;c a;?x", "y"},
        {"certain, and the last pass is a while ago", "s;+100;c a!;?x", "n"},
        {"certain, while others pass, and others say so, too", "s;c a;c b;c c!;?x", "n"},
        {"no probe before its time", "c a!;+99;?x", "n"},
        {"one probe at its time, and one only", "c a!;+100;?x;?y", "yn"},
        {"a probe each interval", "c a!;+100;?x;?y;+99;?y;+1;?y;?z", "ynnyn"},
        {"a probe that fails keeps it open", "c a!;+100;?x;f x!;?y", "yn"},
        {"a probe that succeeds closes it", "c a!;+100;?x;s;?a;?b", "yyy"},
        {"closed again, it counts anew", "f a;f b;f c!;s;f a;f b;?a;f c!;?a", "yn"},

        {"the one that failed waits for another interval", "c a!;+199;?a;+1;?a", "ny"},
        {"... so that another comes first", "c a!;+100;?a;?b", "ny"},
        {"... each time", "c a!;+100;?b;f b!;+100;?b;?a;+25;?a", "ynny"},
        {"who failed longest ago comes first", "f a;f b;f c!;+125;?c;?b;?a", "nny"},
        {"... then the next", "f a;f b;f c!;+162;?c;?b", "ny"},
        {"... and one that never failed before them", "f a;f b;f c!;+100;?a;?b;?c;?x", "nnny"},
        {"alone in the world, it does probe", "c a!;+200;?a;f a!;+199;?a;+1;?a", "yny"},

        {"writes that fail are no fault of reads", "f a;f b;f c!;?a;?s a;?p a", "nyy"},
        {"... nor does a read speak for writes", "f a;f b;f c!;ss;?a", "n"},
        {"... before it is open, either", "f a;ss;f b;ss;f c!;?a", "n"},
        {"reads that fail do not stop writes", "fs a;fs b;fs c!;?s a;?a", "ny"},
        {"... and a write speaks for reads", "fs a;fs b;fs c!;s;?s a", "y"},
        {"... before it is open, too", "fs a;fs b;s;fs c;?s a", "y"},
        {"each type on its own: three keys in all, none three times", "f a;fs b;fp c;?x", "y"},
        {"certain: of all types", "cs a!;?a;?s a;?p a", "nnn"},
        {"... until anything passes", "cs a!;sp;?a;?s a;?p a", "yyy"},
        {"... but what keys have shown stays", "f a;f b;cs a!;sp;f c!;?x;?s x", "ny"},

        {"nobody asks: a gate does not stay for ever", "f a;f b;f c!;+399;l;?x;?x;+401;l;?x;?x",
         "ynyy"},
        {"... somebody asks: it does", "f a;f b;f c!;+390;?x;+90;l;?y", "yn"},
        {"... somebody asks in vain: it does, too", "f a;f b;f c!;+190;?c;+210;l;?x;?y", "nyn"},
        {"... closed but for the next failure", "f a;f b;f c!;+500;l;?x;f x!;?x", "yn"},
        {"nobody is there: as soon as a probe is due", "c a!;+99;L;?x;+1;L;?x;f x!;?x", "nyn"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct breaker b;
        char steps[100], answers[20] = "", *save = NULL;
        int64_t now = 5000;
        breaker_init(&b, PRIMA_NEW_ORDER, KEYS, INTERVAL_MS);
        (void)snprintf(steps, sizeof steps, "%s", rows[i].steps);
        for (char *step = strtok_r(steps, ";", &save); step != NULL;
             step = strtok_r(NULL, ";", &save))
            if (!take(&b, step, &now, answers) || b.is_open != is_open(&b))
                fail_msg("%s: step \"%s\"", rows[i].name, step);
        if (strcmp(answers, rows[i].answers) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, answers, rows[i].answers);
    }
}

/* Everybody who waits for as long as it is told has its turn, and two that always fail keep no
 * third one out. */
static void test_breaker_rounds(void **state)
{
    static const char *const keys[] = {"poison", "another poison", "c", "d", "e"};
    enum { COUNT = sizeof keys / sizeof *keys };
    struct breaker b;
    int64_t wakes[COUNT], probes[COUNT] = {0};
    (void)state;
    breaker_init(&b, PRIMA_NEW_ORDER, KEYS, INTERVAL_MS);
    for (size_t i = 0; i < KEYS; i++)
        (void)breaker_failure(&b, PRIMA_NEW_ORDER, keys[i], false, 0);
    for (size_t i = 0; i < COUNT; i++)
        wakes[i] = breaker_wait_ms(&b, PRIMA_NEW_ORDER, keys[i], 0);
    for (int64_t now = 1; now <= 20 * INTERVAL_MS; now++)
        for (size_t i = 0; i < COUNT; i++) { /* the poisons always first */
            if (now < wakes[i])
                continue;
            if (breaker_allows(&b, PRIMA_NEW_ORDER, keys[i], now)) {
                assert_true(breaker_failure(&b, PRIMA_NEW_ORDER, keys[i], false, now));
                probes[i]++;
            }
            wakes[i] = now + breaker_wait_ms(&b, PRIMA_NEW_ORDER, keys[i], now);
        }
    for (size_t i = 0; i < COUNT; i++)
        assert_in_range(probes[i], 2, 5);
    breaker_success(&b, PRIMA_NEW_ORDER, 5000);
    assert_int_equal(breaker_wait_ms(&b, PRIMA_NEW_ORDER, "poison", 5000), 0);
}

/* How long each is told to wait, and how many keys have failed where a gate is open. */
static void test_breaker_waits(void **state)
{
    static const struct {
        const char *key;
        int64_t wait_ms;
    } rows[] = {{"x", 100}, {"a", 125}, {"b", 162}, {"c", 200}};
    struct breaker b;
    (void)state;
    breaker_init(&b, PRIMA_NEW_ORDER, KEYS, INTERVAL_MS);
    (void)breaker_failure(&b, PRIMA_ORDER_STATUS, "a", false, 1);
    (void)breaker_failure(&b, PRIMA_ORDER_STATUS, "b", false, 1);
    assert_int_equal(breaker_failed_keys(&b), 0); /* none is open */
    assert_int_equal(breaker_wait_ms(&b, PRIMA_ORDER_STATUS, "a", 1), 0);
    for (size_t i = 1; i < sizeof rows / sizeof *rows; i++)
        (void)breaker_failure(&b, PRIMA_NEW_ORDER, rows[i].key, false, 1);
    assert_int_equal(breaker_failed_keys(&b), 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t due = 1 + rows[i].wait_ms;
        assert_int_equal(breaker_wait_ms(&b, PRIMA_NEW_ORDER, rows[i].key, 1), rows[i].wait_ms);
        assert_int_equal(breaker_wait_ms(&b, PRIMA_NEW_ORDER, rows[i].key, due), 1);
        assert_true(breaker_forbids(&b, PRIMA_NEW_ORDER, rows[i].key, due - 1));
        assert_false(breaker_forbids(&b, PRIMA_NEW_ORDER, rows[i].key, due));
    }
}

static void test_breaker_bounds(void **state)
{
    struct breaker b;
    char key[24];
    (void)state;
    breaker_init(&b, PRIMA_NEW_ORDER, 10000,
                 100); /* more than it can tell apart: as many as it can */
    for (int i = 0; i < BREAKER_KEYS_MAX - 1; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        assert_false(breaker_failure(&b, PRIMA_NEW_ORDER, key, false, 1));
    }
    assert_true(breaker_failure(&b, PRIMA_NEW_ORDER, "the last", false, 1));
    for (int i = 0; i < 3 * BREAKER_KEYS_MAX; i++) {
        (void)snprintf(key, sizeof key, "one more %d", i);
        assert_true(breaker_failure(&b, PRIMA_NEW_ORDER, key, false, 1));
    }
    for (int i = 0; i < 2 * BREAKER_KEYS_MAX; i++) { /* known ones, from the middle */
        (void)snprintf(key, sizeof key, "one more %d", 3 * BREAKER_KEYS_MAX - 1 - i % 40);
        assert_true(breaker_failure(&b, PRIMA_NEW_ORDER, key, false, 1));
        assert_int_equal(breaker_failed_keys(&b), BREAKER_KEYS_MAX);
    }
    assert_int_equal(b.last_success_ms, 0);
    breaker_success(&b, PRIMA_NEW_ORDER, 77);
    assert_int_equal(b.last_success_ms, 77);
}

static bool has(const struct catalogue *c, const char *company, const struct prima_sku *sku,
                int64_t now_ms)
{
    const struct product_tag tag = catalogue_tag(company, sku);
    return catalogue_has(c, &tag, now_ms);
}

static void heard(struct catalogue *c, const char *company, const struct prima_sku *sku,
                  int64_t heard_ms)
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
    const struct prima_sku a = {.product = one, .matrix = {one, one, one, one}},
                           b = {.product = one, .matrix = {one, one, one, two}};
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker),         cmocka_unit_test(test_breaker_rounds),
        cmocka_unit_test(test_breaker_waits),   cmocka_unit_test(test_breaker_bounds),
        cmocka_unit_test(test_catalogue),       cmocka_unit_test(test_catalogue_long),
        cmocka_unit_test(test_catalogue_grows), cmocka_unit_test(test_catalogue_full)};
    return cmocka_run_group_tests_name("breaker and catalogue", tests, NULL, NULL);
}
