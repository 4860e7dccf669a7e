/* What open orders cost in memory, and how long they take to restore: 100,000 of them, as a process
 * has them after it was assigned a partition. */
#include "test_reservation_world.h"

#include "base/clock.h"
#include "kafka/topics.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ORDERS = 100000,
    BYTES_AN_ORDER_MAX = 300, /* stated in reservation_keep.h */
    SANITIZED =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        1
#else
        0
#endif
};

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    assert_int_equal(fclose(file), 0);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_open_orders(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, "on_post");
    const struct world_record event = world_version(&world, 1, 2, 1);
    world_hear(&world, &event);
    world_commit(&world);
    const struct world_kept *kept = NULL;
    for (size_t i = 0; i < world.kept_count; i++)
        if (world.kept[i].topic == topic_stock_orders)
            kept = &world.kept[i];
    assert_non_null(kept);
    world_kill(&world);
    (void)malloc_trim(0);
    const size_t before = resident_bytes();
    const int64_t began = clock_monotonic_ms();
    for (int64_t i = 0; i < ORDERS; i++) {
        char key[60];
        const int size =
            snprintf(key, sizeof key, "01/shopify/uk/%lld", 5001234500000LL + (long long)i);
        const struct kafka_record record = {.topic = topic_stock_orders,
                                            .key = key,
                                            .key_size = (size_t)size,
                                            .value = kept->value,
                                            .value_size = kept->size};
        assert_int_equal(reservation_remember(&world.maker, &record), 0);
    }
    const int64_t took = clock_monotonic_ms() - began;
    const size_t each = (resident_bytes() - before) / ORDERS;
    print_message(
        "  an order of two lines: %zu bytes in stock.orders, %zu in memory; %d restored in "
        "%lld ms\n",
        kept->size, each, ORDERS, (long long)took);
    assert_int_equal(world.maker.keep.open, ORDERS + 1);
    if (!SANITIZED)
        assert_true(each <= BYTES_AN_ORDER_MAX);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_open_orders)};
    return cmocka_run_group_tests_name("reservation_memory", tests, NULL, NULL);
}
