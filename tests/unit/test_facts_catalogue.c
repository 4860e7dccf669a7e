/* What the process keeps of products: as much as it knows, no more than its bound, and each by a tag of
 * its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "facts/catalogue.h"

void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);

static size_t largest; /* what was asked for at once */

void *__wrap_calloc(size_t count, size_t size)
{
    largest = count * size > largest ? count * size : largest;
    return __real_calloc(count, size);
}

static struct product_tag tag_of(int number)
{
    char name[20];
    (void)snprintf(name, sizeof name, "P%d", number);
    return catalogue_tag("01", &(struct prima_sku){.product = name});
}

static size_t grown_to(struct catalogue *c, int from, int to)
{
    for (int i = from; i < to; i++) {
        const struct product_tag tag = tag_of(i);
        catalogue_add(c, &tag, 5);
    }
    return largest;
}

static void test_grows_with_what_it_knows(void **state)
{
    (void)state;
    largest = 0;
    struct catalogue *c = catalogue_new(1000);
    const size_t least = largest, slot = least / CATALOGUE_SLOTS_MIN;
    assert_true(least > 0);
    assert_int_equal(grown_to(c, 0, CATALOGUE_SLOTS_MIN / 4), least);
    assert_int_equal(grown_to(c, 0, CATALOGUE_SLOTS_MIN / 4), least); /* they are there already */
    for (int i = 0; i < 100; i++) {                                   /* and take no place twice */
        const struct product_tag tag = tag_of(i);
        catalogue_forget(c, &tag);
        catalogue_forget(c, &tag);
    }
    assert_int_equal(grown_to(c, 0, CATALOGUE_SLOTS_MIN / 4), least);
    assert_int_equal(grown_to(c, 0, CATALOGUE_SLOTS_MIN / 4 + 8), 2 * least); /* a full bucket */
    assert_int_equal(grown_to(c, 0, 40000), CATALOGUE_SLOTS_MAX * slot);
    catalogue_free(c);
}

/* No two products have one tag, however their parts run into each other. */
static void test_tags(void **state)
{
    static char long_a[3000], long_b[3000];
    static const struct prima_sku skus[] = {
        {.product = "AB", .matrix = {"C"}},
        {.product = "A", .matrix = {"BC"}},
        {.product = "ABC"},
        {.product = "", .matrix = {"ABC"}},
        {.product = "ABC", .matrix = {"", "D"}},
        {.product = "ABC", .matrix = {"D"}},
        {.product = "ABC", .matrix = {"", "", "D"}},
        {.product = "ABC", .matrix = {"", "", "", "D"}},
        {.product = long_a},
        {.product = long_b},
    };
    enum { COUNT = sizeof skus / sizeof *skus };
    struct product_tag tags[COUNT];
    (void)state;
    memset(long_a, 'x', sizeof long_a - 1);
    memset(long_b, 'x', sizeof long_b - 1);
    long_b[sizeof long_b - 2] = 'y'; /* at their very end */
    for (size_t i = 0; i < COUNT; i++) {
        tags[i] = catalogue_tag("01", &skus[i]);
        for (size_t j = 0; j < i; j++)
            if (memcmp(tags[i].bytes, tags[j].bytes, sizeof tags[i].bytes) == 0)
                fail_msg("%zu and %zu", i, j);
        const struct product_tag other = catalogue_tag("02", &skus[i]),
                                 again = catalogue_tag("01", &skus[i]);
        assert_memory_not_equal(tags[i].bytes, other.bytes, sizeof other.bytes);
        assert_memory_equal(tags[i].bytes, again.bytes, sizeof again.bytes);
        assert_int_equal(tags[i].bucket, again.bucket);
    }
    /* Workers of two releases share them in Redis: each part behind its length. */
    static const char bytes[] = "\0\2"
                                "01"
                                "\0\3"
                                "ABC"
                                "\0\0\0\1"
                                "D"
                                "\0\0\0";
    uint8_t hash[DIGEST_SIZE];
    digest_sha256(bytes, sizeof bytes, hash);
    assert_memory_equal(tags[4].bytes, hash, sizeof tags[4].bytes);
    const struct prima_sku none = {.product = "ABC", .matrix = {NULL}},
                           empty = {.product = "ABC", .matrix = {"", "", "", ""}};
    assert_memory_equal(catalogue_tag("01", &none).bytes, catalogue_tag("01", &empty).bytes,
                        sizeof tags[0].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows_with_what_it_knows),
                                       cmocka_unit_test(test_tags)};
    return cmocka_run_group_tests_name("facts: the catalogue", tests, NULL, NULL);
}
