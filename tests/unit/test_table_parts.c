/* The table's parts: the index of keys by groups, and the cache of values, each beside a model that
 * is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/key_index.h"
#include "table/value_cache.h"

static uint64_t seed;

static unsigned chance(unsigned of)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % of;
}

/* ---- the index ---- */

enum { GROUPS = 90, KEYS = 4, STEPS = 60000 };

static struct key_index_key key_of(unsigned group, unsigned key, uint32_t bits)
{
    return (struct key_index_key){.digest = {group, key}, .group = bits};
}

static void chain_is(const struct key_index *ix, uint32_t bits, int64_t (*wanted)[KEYS],
                     uint32_t (*bits_of)(unsigned group))
{
    size_t count = 0, expected = 0;
    for (const struct key_index_entry *e = key_index_first(ix, bits); e != NULL;
         e = key_index_next(ix, e), count++)
        assert_int_equal(e->offset, wanted[e->digest[0]][e->digest[1]]);
    for (unsigned g = 0; g < GROUPS; g++)
        for (unsigned k = 0; k < KEYS && bits_of(g) == bits; k++)
            expected += wanted[g][k] >= 0;
    assert_int_equal(count, expected);
}

static uint32_t bits_apart(unsigned group)
{
    return group * 2654435761U;
}

static uint32_t bits_in_one_slot(unsigned group)
{
    return group << 20; /* one home for all, whatever the room */
}

static uint32_t bits_shared(unsigned group)
{
    return group / 3; /* three groups have one chain */
}

static uint32_t bits_at_the_end(unsigned group)
{
    return UINT32_MAX - group % 5; /* runs go over the end of the slots */
}

static void index_beside_its_model(uint32_t (*bits_of)(unsigned group))
{
    static int64_t wanted[GROUPS][KEYS];
    struct key_index ix = {.count = 0};
    int64_t count = 0;
    memset(wanted, -1, sizeof wanted);
    for (int64_t step = 0; step < STEPS; step++) {
        const unsigned g = chance(GROUPS), k = chance(KEYS);
        const struct key_index_key key = key_of(g, k, bits_of(g));
        const int64_t before = wanted[g][k];
        assert_int_equal(key_index_find(&ix, &key), before);
        if (chance(100) < (step / 1000 % 2 == 0 ? 70 : 30)) { /* it fills and empties by turns */
            assert_int_equal(key_index_put(&ix, &key, step), before);
            wanted[g][k] = step;
            count += before < 0;
        } else {
            assert_int_equal(key_index_remove(&ix, &key), before);
            wanted[g][k] = -1;
            count -= before >= 0;
        }
        assert_int_equal(ix.count, count);
        chain_is(&ix, bits_of(g), wanted, bits_of);
    }
    assert_true(ix.used <= GROUPS * KEYS); /* what is free is used again */
    key_index_release(&ix);
    assert_null(key_index_first(&ix, bits_of(0)));
}

static void test_the_index_beside_its_model(void **state)
{
    (void)state;
    index_beside_its_model(bits_apart);
    index_beside_its_model(bits_in_one_slot);
    index_beside_its_model(bits_shared);
    index_beside_its_model(bits_at_the_end);
}

static void test_an_empty_index(void **state)
{
    struct key_index ix = {.count = 0};
    const struct key_index_key key = key_index_key_of("k", 1, 1);
    (void)state;
    assert_int_equal(key_index_find(&ix, &key), -1);
    assert_int_equal(key_index_remove(&ix, &key), -1);
    assert_null(key_index_first(&ix, key.group));
    assert_int_equal(key_index_bytes(&ix), 0);
    key_index_release(&ix);
}

static void test_keys(void **state)
{
    const struct key_index_key group = key_index_key_of("a/b", 3, 3),
                               key = key_index_key_of("a/b/c", 5, 3),
                               other = key_index_key_of("a/c", 3, 3);
    (void)state;
    assert_int_equal(group.group, key_index_group_of("a/b", 3));
    assert_int_equal(key.group, group.group);
    assert_int_not_equal(other.group, group.group);
    assert_memory_not_equal(key.digest, group.digest, sizeof key.digest);
}

/* 1 M orders, one in ten with a credit: the bound of the design is 200 bytes an order, all in all. */
static void test_bytes(void **state)
{
    enum { ORDERS = 200000 };
    struct key_index ix = {.count = 0};
    size_t most = 0;
    (void)state;
    for (uint64_t i = 0; i < ORDERS; i++) {
        const uint32_t bits = (uint32_t)(i * 2654435761U);
        struct key_index_key key = {.digest = {i, 0}, .group = bits};
        (void)key_index_put(&ix, &key, (int64_t)i);
        key.digest[1] = 1;
        if (i % 10 == 0)
            (void)key_index_put(&ix, &key, (int64_t)i);
        if (i >= ORDERS / 2 && key_index_bytes(&ix) / (i + 1) > most)
            most = key_index_bytes(&ix) / (i + 1);
    }
    assert_in_range(most, 40, 75);
    key_index_release(&ix);
}

/* ---- the cache ---- */

enum { OFFSETS = 60 };

static size_t bytes_of(size_t size)
{
    struct value_cache one = {.bytes_max = 1 << 20};
    struct table_value *v = table_value_new(0, 0, "k", 1, "", 0);
    value_cache_put(&one, v);
    const size_t bytes = one.bytes + size;
    table_value_unref(v);
    value_cache_release(&one);
    return bytes;
}

static void put(struct value_cache *cache, int32_t partition, int64_t offset, size_t size)
{
    static const char zeros[2000];
    struct table_value *v = table_value_new(partition, offset, "k", 1, zeros, size);
    value_cache_put(cache, v);
    table_value_unref(v);
}

static bool has(struct value_cache *cache, int32_t partition, int64_t offset)
{
    struct table_value *v = value_cache_get(cache, partition, offset);
    const bool is_there = v != NULL;
    assert_true(!is_there || (v->partition == partition && v->offset == offset));
    table_value_unref(v);
    return is_there;
}

static void test_the_oldest_goes(void **state)
{
    struct value_cache cache = {.bytes_max = 3 * bytes_of(100)};
    (void)state;
    for (int i = 0; i < 3; i++)
        put(&cache, 0, i, 100);
    assert_true(has(&cache, 0, 0)); /* asked for: 1 is the oldest now */
    put(&cache, 0, 3, 100);
    assert_false(has(&cache, 0, 1));
    assert_true(has(&cache, 0, 0) && has(&cache, 0, 2) && has(&cache, 0, 3));
    put(&cache, 0, 4, 200 + (bytes_of(0) - 0)); /* as much as two: two go */
    assert_false(has(&cache, 0, 0) || has(&cache, 0, 2));
    assert_true(has(&cache, 0, 3) && has(&cache, 0, 4));
    put(&cache, 0, 5, 1900); /* too large: nobody goes */
    assert_false(has(&cache, 0, 5));
    assert_true(has(&cache, 0, 3) && has(&cache, 0, 4));
    put(&cache, 0, 4, 1); /* is there */
    assert_true(cache.bytes <= cache.bytes_max);
    value_cache_release(&cache);
    assert_int_equal(cache.bytes, 0);
}

static void test_what_is_held_stays(void **state)
{
    struct value_cache cache = {.bytes_max = bytes_of(4)};
    struct table_value *v = table_value_new(1, 7, "key", 3, "value", 5);
    (void)state;
    put(&cache, 1, 6, 4);
    struct table_value *held = value_cache_get(&cache, 1, 6);
    assert_non_null(held);
    put(&cache, 1, 8, 4);
    assert_false(has(&cache, 1, 6));
    assert_memory_equal(held->bytes, "k", 1); /* by the sanitizer, too */
    table_value_unref(held);
    assert_memory_equal(v->bytes, "key", 3);
    assert_memory_equal(table_value_bytes(v), "value", 5);
    table_value_unref(v);
    table_value_unref(NULL);
    value_cache_release(&cache);
}

static void test_no_room_at_all(void **state)
{
    struct value_cache cache = {.bytes_max = 0};
    (void)state;
    put(&cache, 0, 1, 0);
    assert_false(has(&cache, 0, 1));
    value_cache_release(&cache);
}

static void test_the_cache_beside_its_model(void **state)
{
    static bool is_there[2][OFFSETS];
    struct value_cache cache = {.bytes_max = 1 << 20}; /* nobody is thrown out: all by name */
    (void)state;
    for (int step = 0; step < 20000; step++) {
        const int32_t p = (int32_t)chance(2);
        const int64_t at = chance(OFFSETS);
        assert_int_equal(has(&cache, p, at), is_there[p][at]);
        if (chance(2) == 0) {
            put(&cache, p, at, chance(50));
            is_there[p][at] = true;
        } else {
            value_cache_drop(&cache, p, at);
            is_there[p][at] = false;
        }
        if (chance(500) == 0) {
            value_cache_drop_partition(&cache, p);
            memset(is_there[p], 0, sizeof is_there[p]);
        }
    }
    for (int32_t p = 0; p < 2; p++)
        value_cache_drop_partition(&cache, p);
    assert_int_equal(cache.bytes, 0);
    assert_null(cache.newest);
    value_cache_release(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_index_beside_its_model),
        cmocka_unit_test(test_an_empty_index),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test(test_what_is_held_stays),
        cmocka_unit_test(test_no_room_at_all),
        cmocka_unit_test(test_the_cache_beside_its_model),
    };
    return cmocka_run_group_tests_name("table: index and cache", tests, NULL, NULL);
}
