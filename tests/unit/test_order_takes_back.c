/* Whether a later version only takes units back: then it is no amendment. And nothing of the former one
 * is touched by the question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "codec_support.h"
#include "domain/difference/difference.h"

enum { ARENA = 8 << 20 };

static struct order_event *decode(struct codec *codec, const json_t *json, struct arena *arena)
{
    struct buf bytes;
    struct order_event *event = arena_alloc(arena, sizeof *event);
    codec_test_frame(codec, "OrderEvent", json, &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, event), PF_OK);
    buf_release(&bytes);
    return event;
}

static json_t *line(json_t *order, size_t at)
{
    return json_array_get(json_object_get(order, "lines"), at);
}

static void nothing(json_t *order)
{
    (void)order;
}
static void one_unit_less(json_t *order)
{
    (void)json_object_set_new(line(order, 0), "current_quantity", json_integer(1));
}
static void all_units(json_t *order)
{
    (void)json_object_set_new(line(order, 0), "current_quantity", json_integer(0));
}
static void a_line_less(json_t *order)
{
    (void)json_array_remove(json_object_get(order, "lines"), 0);
}
static void a_unit_more(json_t *order)
{
    (void)json_object_set_new(line(order, 0), "current_quantity", json_integer(3));
}
static void one_less_one_more(json_t *order)
{
    one_unit_less(order);
    (void)json_object_set_new(line(order, 1), "quantity", json_integer(900));
    (void)json_object_set_new(line(order, 1), "current_quantity", json_integer(900));
}
static void a_line_more(json_t *order)
{
    one_unit_less(order);
    json_t *more = json_deep_copy(line(order, 0));
    (void)json_object_set_new(more, "line_id", json_string("77"));
    (void)json_array_append_new(json_object_get(order, "lines"), more);
}
static void another_product(json_t *order)
{
    one_unit_less(order);
    (void)json_object_set_new(line(order, 0), "sku", json_string("OTHER"));
}
static void another_address(json_t *order)
{
    one_unit_less(order);
    (void)json_object_set_new(json_object_get(order, "shipping_address"), "postcode",
                              json_string("ZZ1 1ZZ"));
}
static void its_total(json_t *order)
{
    one_unit_less(order);
    (void)json_object_set_new(json_object_get(json_object_get(order, "totals"), "total"),
                              "shop_minor", json_integer(1));
}

static void test_takes_back(void **state)
{
    static const struct {
        const char *name;
        void (*change)(json_t *order);
        bool takes;
    } rows[] = {
        {"nothing", nothing, false},
        {"a unit less", one_unit_less, true},
        {"all units of a line", all_units, true},
        {"a line less", a_line_less, true},
        {"what follows from it in the totals", its_total, true},
        {"a unit more", a_unit_more, false},
        {"one less, others more", one_less_one_more, false},
        {"one less, and a line more", a_line_more, false},
        {"one less, and another product", another_product, false},
        {"one less, and another address", another_address, false},
    };
    struct codec *codec = *state;
    json_t *first = codec_test_json("order_full.json");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *arena = arena_new(ARENA);
        json_t *next = json_deep_copy(first);
        rows[i].change(next);
        const struct order_event *former = decode(codec, first, arena),
                                 *now = decode(codec, next, arena);
        const size_t size = former->lines.count * sizeof *former->lines.items;
        void *before = malloc(size);
        assert_non_null(before);
        memcpy(before, former->lines.items, size);
        if (order_only_takes_back(codec, former, now, arena) != rows[i].takes)
            fail_msg("%s", rows[i].name);
        assert_memory_equal(former->lines.items, before, size);
        free(before);
        json_decref(next);
        arena_free(arena);
    }
    struct arena *arena = arena_new(ARENA), *small = arena_new(100);
    json_t *next = json_deep_copy(first);
    one_unit_less(next);
    assert_false(order_only_takes_back(codec, decode(codec, first, arena),
                                       decode(codec, next, arena),
                                       small)); /* no memory: an amendment, which a person sees */
    json_decref(next);
    json_decref(first);
    arena_free(arena);
    arena_free(small);
}

static int open_codec(void **state)
{
    char message[300];
    *state = codec_test_open("schemas");
    return codec_check(*state, &order_event_record, message);
}

static int close_codec(void **state)
{
    codec_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_takes_back)};
    return cmocka_run_group_tests_name("order: units taken back", tests, open_codec, close_codec);
}
