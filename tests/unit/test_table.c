/* The hash table against the simplest of all: an array that says what is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/effort.h"
#include "base/table.h"

enum { KEYS = 700, STEPS = 200000 };

static bool is_number(const void *item, const void *key)
{
    return *(const unsigned *)item == *(const unsigned *)key;
}

/* `bits`: how many different hashes there are; few make every look-up a walk. */
static uint64_t hash_of(unsigned key, unsigned bits)
{
    const uint64_t hash = table_hash(TABLE_HASH_BEGIN, &key, sizeof key);
    return bits == 64 ? hash : hash & ((1U << bits) - 1);
}

static void check_all(const struct table *t, const unsigned numbers[], const bool is_there[])
{
    bool seen[KEYS] = {false};
    size_t at = 0, count = 0;
    for (const unsigned *item; (item = table_next(t, &at)) != NULL; count++) {
        assert_true(is_there[*item] && !seen[*item]);
        seen[*item] = true;
    }
    assert_int_equal(count, t->count);
    for (unsigned k = 0; k < KEYS; k++)
        assert_true(seen[k] == is_there[k] && numbers[k] == k);
}

static void test_as_array(void **state)
{
    (void)state;
    static const unsigned bits[] = {64, 6, 1, 0};
    static unsigned numbers[KEYS];
    uint64_t random = 88172645463325252;
    for (unsigned k = 0; k < KEYS; k++)
        numbers[k] = k;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        print_message("  hashes of %u bits\n", bits[i]);
        struct table t = {.count = 0};
        bool is_there[KEYS] = {false};
        const unsigned keys = bits[i] < 64 ? KEYS / 10 : KEYS;
        assert_null(table_find(&t, hash_of(3, bits[i]), is_number, &numbers[3]));
        for (int64_t step = 0; step < test_effort(STEPS); step++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            unsigned k = (unsigned)(random % keys);
            const uint64_t hash = hash_of(k, bits[i]);
            assert_ptr_equal(table_find(&t, hash, is_number, &k), is_there[k] ? &numbers[k] : NULL);
            if (is_there[k])
                table_remove(&t, hash, &numbers[k]);
            else if ((random >> 40) % 3 != 0) /* more often half empty than full */
                assert_int_equal(table_add(&t, hash, &numbers[k]), 0);
            else
                continue;
            is_there[k] = !is_there[k];
            if (step % 1000 == 0)
                check_all(&t, numbers, is_there);
        }
        check_all(&t, numbers, is_there);
        table_release(&t);
        assert_null(table_find(&t, hash_of(3, bits[i]), is_number, &numbers[3]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_array)};
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
