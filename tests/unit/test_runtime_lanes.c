/* Lanes against a naive model: any order of entering and leaving, as chance has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "posting/lanes.h"

enum { ITEMS = 1200, KEYS = 2100, STEPS = 60000 };

static uint64_t chance;

static unsigned draw(unsigned below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 11) % below);
}

/* The model: every item that is in, in the order of entering. */
struct entry {
    unsigned key;
    struct lane_item *item;
};
static struct entry entries[ITEMS];
static size_t entry_count;

static struct lane_item *first_of(unsigned key)
{
    for (size_t i = 0; i < entry_count; i++)
        if (entries[i].key == key)
            return entries[i].item;
    return NULL;
}

static size_t deepest(void)
{
    static size_t count[KEYS];
    size_t most = 0;
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < entry_count; i++)
        if (++count[entries[i].key] > most)
            most = count[entries[i].key];
    return most;
}

static size_t key_text(unsigned key, char text[40])
{
    const int size = snprintf(text, 40, "01/web/shop%c%u", (int)(key % 3),
                              key); /* keys are bytes, a NUL among them */
    assert_true(size > 0);
    return strlen("01/web/shop") + 1 + (size_t)snprintf(NULL, 0, "%u", key);
}

static void enter(struct lanes *lanes, struct lane_item *item, unsigned keys)
{
    const unsigned key = draw(keys);
    char text[40];
    const size_t size = key_text(key, text);
    const bool may_run = lanes_enter(lanes, item, text, size);
    memset(text, 'x', sizeof text); /* it was copied */
    assert_int_equal(may_run, first_of(key) == NULL);
    entries[entry_count++] = (struct entry){key, item};
}

static void leave(struct lanes *lanes, struct lane_item *item)
{
    size_t at = 0;
    while (entries[at].item != item)
        at++;
    const unsigned key = entries[at].key;
    const bool was_head = first_of(key) == item;
    for (entry_count--; at < entry_count; at++)
        entries[at] = entries[at + 1];
    const struct lane_item *next = was_head ? first_of(key) : NULL;
    assert_ptr_equal(lanes_leave(lanes, item), next != NULL ? next->owner : NULL);
}

static void check(const struct lanes *lanes)
{
    assert_int_equal(lanes->items, entry_count);
    assert_int_equal(lanes_deepest(lanes), deepest());
    for (size_t i = 0; i < entry_count; i++)
        assert_int_equal(lanes_is_head(entries[i].item),
                         first_of(entries[i].key) == entries[i].item);
}

/* How many slots the table came to. */
static size_t run(uint64_t seed, unsigned keys)
{
    struct lanes lanes;
    static struct lane_item items[ITEMS];
    chance = seed;
    entry_count = 0;
    memset(items, 0, sizeof items);
    lanes_init(&lanes);
    for (int step = 0; step < STEPS; step++) {
        struct lane_item *item = &items[draw(ITEMS)];
        item->owner = item;
        if (item->lane == NULL)
            enter(&lanes, item, keys);
        else if (draw(3) > 0)
            leave(&lanes, item);
        if (step % 1000 == 0)
            check(&lanes);
    }
    while (entry_count > 0)
        leave(&lanes, entries[draw((unsigned)entry_count)].item);
    assert_int_equal(lanes.table.count, 0);
    const size_t room = lanes.table.room;
    lanes_release(&lanes);
    return room;
}

static void test_few_keys(void **state)
{
    (void)state;
    (void)run(20261123, 5);
}

static void test_many_keys(void **state)
{
    (void)state;
    assert_true(run(7, KEYS) > run(7, 5)); /* the table grows, amid items */
}

static void test_one_item(void **state)
{
    struct lanes lanes;
    struct lane_item a = {.owner = &a}, b = {.owner = &b};
    (void)state;
    lanes_init(&lanes);
    assert_null(lanes_leave(&lanes, &a)); /* in none */
    assert_false(lanes_is_head(&a));
    assert_true(lanes_enter(&lanes, &a, "", 0)); /* an empty key is a key */
    assert_false(lanes_enter(&lanes, &b, "", 0));
    assert_ptr_equal(lanes_leave(&lanes, &a), &b);
    assert_null(lanes_leave(&lanes, &a));
    assert_null(lanes_leave(&lanes, &b));
    assert_int_equal(lanes.table.count, 0);
    lanes_release(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_item),
                                       cmocka_unit_test(test_few_keys),
                                       cmocka_unit_test(test_many_keys)};
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
