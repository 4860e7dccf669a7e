/* The goods of an order: what of it a channel changes by itself, or tells by one way of export and
 * not by another, and what makes Prima's document another one.
 *
 * The golden vector was computed by a program of its own (Python, from the definition in
 * codec/identity.h and the schema's JSON). It never changes: Redis and committed results hold it for
 * longer than a release lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec_support.h"
#include "domain/events/order_event.h"

static void goods_of(struct codec *codec, const json_t *json,
                     char text[static 2 * CODEC_PART_SIZE + 1])
{
    uint8_t goods[CODEC_PART_SIZE];
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    struct buf bytes;
    codec_test_frame(codec, "OrderEvent", json, &bytes);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &event),
        PF_OK);
    codec_goods(codec, &order_event_record, &event, goods);
    (void)digest_hex(goods, sizeof goods, text);
    buf_release(&bytes);
    arena_free(arena);
}

static void test_golden(void **state)
{
    char text[2 * CODEC_PART_SIZE + 1];
    json_t *full = codec_test_json("order_full.json");
    goods_of(*state, full, text);
    assert_string_equal(text, "019c5fbd1eefdcc2ce2f80a674104174");
    json_decref(full);
}

static void test_changes(void **state)
{
    static const struct {
        const char *name, *path, *value;
        bool same;
    } rows[] = {
        /* the rest */
        {"another tag", "tags", "[\"vip\", \"new\"]", true},
        {"a note of the staff", "note", "\"Ring once\"", true},
        {"goods have been sent", "fulfilment_state", "\"fulfilled\"", true},
        {"... from somewhere", "lines.0.location_id", "\"77\"", true},
        {"a product was deleted", "lines.0.product_id", "null", true},
        {"... its variant", "lines.0.variant_id", "null", true},
        {"... its title", "lines.0.title", "\"Gone\"", true},
        {"customers were merged", "customer.customer_id", "\"9\"", true},
        {"another e-mail address", "customer.email", "\"other@example.org\"", true},
        {"nobody known any more", "customer", "null", true},
        {"another phone at the address", "shipping_address.phone", "\"0123\"", true},
        {"a tax is called otherwise", "lines.0.tax_lines.0.title", "\"VAT\"", true},
        {"carriage is called otherwise", "shipping_lines.0.title", "\"Post\"", true},
        {"a total that one export has", "totals.subtotal", "null", true},
        {"cancelled: told by the kind", "cancelled_at", "1795400000000", true},
        /* money */
        {"another transaction", "tenders.0.transaction_id", "\"t-2\"", true},
        {"a payment that failed", "tenders.0.status", "\"failed\"", true},
        {"outstanding money", "totals.outstanding.shop_minor", "1", true},
        {"another payment status", "payment_status", "\"paid\"", true},
        /* goods */
        {"another postcode", "shipping_address.postcode", "\"LS2 2BB\"", false},
        {"another name on the parcel", "shipping_address.surname", "\"Smythe\"", false},
        {"no invoice address", "billing_address", "null", false},
        {"one unit less after an edit", "lines.0.current_quantity", "1", false},
        {"another SKU", "lines.0.sku", "\"X\"", false},
        {"a penny more", "lines.0.unit_price.shop_minor", "2001", false},
        {"another tax rate", "lines.0.tax_lines.0.rate_ppm", "50000", false},
        {"a line less", "shipping_lines", "[]", false},
        {"another kind of charge", "charges.0.kind", "\"tip\"", false},
        {"another total", "totals.total.shop_minor", "6711", false},
        {"another currency", "currency", "\"EUR\"", false},
        {"another message", "gift_message", "\"Hello\"", false},
    };
    json_t *full = codec_test_json("order_full.json");
    char before[2 * CODEC_PART_SIZE + 1], after[2 * CODEC_PART_SIZE + 1];
    goods_of(*state, full, before);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        json_t *changed = json_deep_copy(full);
        codec_test_set(changed, rows[i].path, rows[i].value);
        goods_of(*state, changed, after);
        assert_int_equal(strcmp(before, after) == 0, rows[i].same);
        json_decref(changed);
    }
    json_decref(full);
}

/* Reverses every list, at every depth. */
static void turn_round(json_t *json)
{
    const char *name;
    json_t *value;
    size_t index;
    json_object_foreach(json, name, value) turn_round(value);
    json_array_foreach(json, index, value) turn_round(value);
    for (size_t i = 0, last = json_array_size(json); last > 0 && i < --last; i++) {
        json_t *first = json_incref(json_array_get(json, i));
        assert_int_equal(json_array_set(json, i, json_array_get(json, last)), 0);
        assert_int_equal(json_array_set_new(json, last, first), 0);
    }
}

static void test_the_order_of_lists_is_no_matter(void **state)
{
    json_t *full = codec_test_json("order_full.json"), *turned = json_deep_copy(full);
    char before[2 * CODEC_PART_SIZE + 1], after[2 * CODEC_PART_SIZE + 1];
    assert_true(json_array_size(json_object_get(full, "lines")) > 1);
    turn_round(turned);
    goods_of(*state, full, before);
    goods_of(*state, turned, after);
    assert_string_equal(before, after);
    /* ... but a line twice is not a line once */
    json_t *lines = json_object_get(turned, "lines");
    assert_int_equal(json_array_append(lines, json_array_get(lines, 0)), 0);
    goods_of(*state, turned, after);
    assert_string_not_equal(before, after);
    json_decref(full);
    json_decref(turned);
}

static int open_codec(void **state)
{
    *state = codec_test_open("schemas");
    return 0;
}

static int close_codec(void **state)
{
    codec_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_the_order_of_lists_is_no_matter),
    };
    return cmocka_run_group_tests(tests, open_codec, close_codec);
}
