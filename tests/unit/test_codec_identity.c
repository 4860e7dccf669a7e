/* Identity F: what changes it, what must not, and golden vectors.
 *
 * The golden vectors were computed by a program of its own (Python, from the definition in
 * codec/identity.h and the schema's JSON). They never change: Redis and committed results hold F
 * for longer than a release lives, and another F for the same content is a conflict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec_support.h"
#include "domain/events/order_event.h"

static void identity_of_bytes(struct codec *codec, const struct buf *bytes,
                              char text[static 2 * CODEC_IDENTITY_SIZE + 1])
{
    uint8_t identity[CODEC_IDENTITY_SIZE];
    struct order_event event;
    struct arena *arena = arena_new(1 << 20);
    assert_int_equal(
        codec_test_decode(codec, &order_event_record, bytes->data, bytes->size, arena, &event),
        PF_OK);
    codec_identity(codec, &order_event_record, &event, identity);
    (void)digest_hex(identity, sizeof identity, text);
    arena_free(arena);
}

static void identity_of(struct codec *codec, const json_t *json,
                        char text[static 2 * CODEC_IDENTITY_SIZE + 1])
{
    struct buf bytes;
    codec_test_frame(codec, "OrderEvent", json, &bytes);
    identity_of_bytes(codec, &bytes, text);
    buf_release(&bytes);
}

static void test_golden(void **state)
{
    char text[2 * CODEC_IDENTITY_SIZE + 1];
    json_t *full = codec_test_json("order_full.json"),
           *little = codec_test_json("order_small.json");
    struct buf older;
    identity_of(*state, full, text);
    assert_string_equal(text, "01e8333b30382a8d0e779fa3f71b8e46ede03e21622a293a2df3ae58f2915a03ce");
    identity_of(*state, little, text);
    assert_string_equal(text, "0137dfcd2e8a72458f1c3dc87f9cfa18a2238f49709c24bd0fdcdecc43a8a0d8fe");
    codec_test_hex("order_v1.hex", &older);
    identity_of_bytes(*state, &older, text);
    assert_string_equal(text, "017b2bf6a51ece50999786c341640ea8baa8796e977c44a0bdaea7723bd67555c2");
    buf_release(&older);
    json_decref(full);
    json_decref(little);
}

static void test_changes(void **state)
{
    static const struct {
        const char *name, *path, *value;
        bool same;
    } rows[] = {
        {"another event id", "event_id", "\"other\"", true},
        {"a later event time", "event_time", "1", true},
        {"a newer source version", "source_version", "99", true},
        {"a resend that the channel calls created", "kind", "\"created\"", true},
        {"another tag", "tags", "[\"vip\", \"new\"]", true},
        {"goods have been sent", "fulfilment_state", "\"fulfilled\"", true},
        {"a refund moved the payment status", "payment_status", "\"partially_refunded\"", true},
        {"an application's attribute", "properties", "[]", true},
        {"a profile's name", "customer.forename", "\"Janet\"", true},
        {"a default spelt out", "tax_exempt", "false", true},
        {"a default left out", "test", NULL, true},
        {"an absent value left out", "lines.0.parent_line_id", NULL, true},
        {"another order", "order_id", "\"5001009\"", false},
        {"another store", "store", "\"ie\"", false},
        {"a test order", "test", "true", false},
        {"another e-mail address", "customer.email", "\"other@example.org\"", false},
        {"nobody known", "customer", "null", false},
        {"another postcode", "shipping_address.postcode", "\"LS2 2BB\"", false},
        {"one unit less after an edit", "lines.0.current_quantity", "1", false},
        {"an edit to nothing is not \"never edited\"", "lines.1.current_quantity", "0", false},
        {"a penny more", "lines.0.unit_price.shop_minor", "2001", false},
        {"a penny more in the customer's currency", "lines.0.unit_price.presentment_minor", "2401",
         false},
        {"no amount in the customer's currency", "lines.0.unit_price.presentment_minor", "null",
         false},
        {"another tax rate", "lines.0.tax_lines.0.rate_ppm", "50000", false},
        {"an empty SKU is not a missing one", "lines.1.sku", "\"\"", false},
        {"a line less", "shipping_lines", "[]", false},
        {"a payment that failed", "tenders.0.status", "\"failed\"", false},
        {"another kind of charge", "charges.0.kind", "\"tip\"", false},
        {"another total", "totals.total.shop_minor", "6711", false},
        {"outstanding money", "totals.outstanding.shop_minor", "1", false},
        {"cancelled", "cancelled_at", "1795400000000", false},
        {"another note", "note", "\"Ring once\"", false},
    };
    json_t *full = codec_test_json("order_full.json");
    char before[2 * CODEC_IDENTITY_SIZE + 1], after[2 * CODEC_IDENTITY_SIZE + 1];
    identity_of(*state, full, before);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        json_t *changed = json_deep_copy(full);
        codec_test_set(changed, rows[i].path, rows[i].value);
        identity_of(*state, changed, after);
        assert_int_equal(strcmp(before, after) == 0, rows[i].same);
        json_decref(changed);
    }
    json_decref(full);
}

/* Text may move between neighbours without changing the characters in sequence: F must see it. */
static void test_borders(void **state)
{
    static const char *const rows[][2] = {
        {"[{\"name\": \"ab\", \"value\": \"c\"}]", "[{\"name\": \"a\", \"value\": \"bc\"}]"},
        {"[{\"name\": \"a\", \"value\": \"b\"}, {\"name\": \"c\", \"value\": \"d\"}]",
         "[{\"name\": \"a\", \"value\": \"bcd\"}]"},
        {"[{\"name\": \"a\", \"value\": \"b\"}, {\"name\": \"c\", \"value\": \"d\"}]",
         "[{\"name\": \"c\", \"value\": \"d\"}, {\"name\": \"a\", \"value\": \"b\"}]"},
    };
    json_t *json = codec_test_json("order_full.json");
    char a[2 * CODEC_IDENTITY_SIZE + 1], b[2 * CODEC_IDENTITY_SIZE + 1];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        codec_test_set(json, "lines.0.properties", rows[i][0]);
        identity_of(*state, json, a);
        codec_test_set(json, "lines.0.properties", rows[i][1]);
        identity_of(*state, json, b);
        assert_string_not_equal(a, b);
    }
    json_decref(json);
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
        cmocka_unit_test(test_borders),
    };
    return cmocka_run_group_tests_name("codec_identity", tests, open_codec, close_codec);
}
