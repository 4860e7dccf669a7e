/* People's edits of an event: where a path leads, what an edit may do, and that hostile texts are refused
 * with a fault that shows no value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "codec/overlay.h"
#include "codec_support.h"
#include "domain/events/order_event.h"

static struct codec *codec;

static json_t *read_json(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    return json;
}

static void test_apply(void **state)
{
    static const struct {
        const char *name, *before, *overlay, *after; /* after NULL: refused, and `why` begins so */
        const char *why;
    } rows[] = {
        {"nothing", "{\"a\": 1}", "[]", "{\"a\": 1}", NULL},
        {"a field", "{\"a\": 1, \"b\": 2}", "[[\"a\", \"x\"]]", "{\"a\": \"x\", \"b\": 2}", NULL},
        {"an item's field", "{\"l\": [{\"a\": 1}, {\"a\": 2}]}", "[[\"l[1].a\", 3]]",
         "{\"l\": [{\"a\": 1}, {\"a\": 3}]}", NULL},
        {"a list in a list", "{\"l\": [[1, 2]]}", "[[\"l[0][1]\", 3]]", "{\"l\": [[1, 3]]}", NULL},
        {"a record that was absent", "{\"r\": null}", "[[\"r.a.b\", 1]]",
         "{\"r\": {\"a\": {\"b\": 1}}}", "r.a.b: the event has no such place"},
        {"a field of a record that was absent", "{\"r\": null}", "[[\"r.a\", 1]]",
         "{\"r\": {\"a\": 1}}", NULL},
        {"an item more", "{\"l\": [1]}", "[[\"l[1]\", 2], [\"l[2]\", 3]]", "{\"l\": [1, 2, 3]}",
         NULL},
        {"an item less", "{\"l\": [1, 2, 3]}", "[[\"l[1]\", null]]", "{\"l\": [1, 3]}", NULL},
        {"places are those of the original", "{\"l\": [1, 2, 3]}",
         "[[\"l[0]\", null], [\"l[2]\", 9]]", "{\"l\": [2, 9]}", NULL},
        {"a whole, and its part", "{\"l\": [{\"a\": 1, \"b\": 1}]}",
         "[[\"l[0]\", {\"a\": 2, \"b\": 2}], [\"l[0].b\", 3]]", "{\"l\": [{\"a\": 2, \"b\": 3}]}",
         NULL},
        {"far behind the last item", "{\"l\": [1]}", "[[\"l[3]\", 2]]", NULL,
         "l[3]: the event has no such place"},
        {"no item taken out behind the last", "{\"l\": [1]}", "[[\"l[1]\", null]]", NULL,
         "l[1]: the event has no such place"},
        {"a text's field", "{\"a\": \"x\"}", "[[\"a.b\", 1]]", NULL,
         "a.b: the event has no such place"},
        {"a record's index", "{\"a\": {}}", "[[\"a[0]\", 1]]", NULL,
         "a[0]: the event has no such place"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct codec_fault fault = {PF_OK, ""};
        json_t *event = read_json(rows[i].before);
        json_t *overlay = overlay_read(rows[i].overlay, strlen(rows[i].overlay), &fault);
        if (overlay == NULL)
            fail_msg("%s: %s", rows[i].name, fault.message);
        const int rc = overlay_apply(event, overlay, &fault);
        if (rc != 0) {
            assert_int_equal(fault.code, PF_E_event_invalid);
            if (rows[i].why == NULL || strcmp(fault.message, rows[i].why) != 0)
                fail_msg("%s: %s", rows[i].name, fault.message);
        } else {
            json_t *after = rows[i].after != NULL ? read_json(rows[i].after) : NULL;
            char *is = json_dumps(event, JSON_COMPACT);
            if (after == NULL || !json_equal(event, after))
                fail_msg("%s: %s", rows[i].name, is);
            free(is);
            json_decref(after);
        }
        json_decref(overlay);
        json_decref(event);
    }
}

static void test_texts_that_are_none(void **state)
{
    static const char *const rows[][2] = {
        {"", "the edit is no list of fields"},
        {"{}", "the edit is no list of fields"},
        {"[", "the edit is no list of fields"},
        {"[[\"a\"]]", "the edit has what is no path of a field"},
        {"[[\"a\", 1, 2]]", "the edit has what is no path of a field"},
        {"[[1, 1]]", "the edit has what is no path of a field"},
        {"[[\"\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a.\", 1]]", "the edit has what is no path of a field"},
        {"[[\".a\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a..b\", 1]]", "the edit has what is no path of a field"},
        {"[[\"[0]\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a[]\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a[-1]\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a[01]\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a[1\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a[9999999]\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a b\", 1]]", "the edit has what is no path of a field"},
        {"[[\"a\\u001b[2J\", 1]]", "the edit has what is no path of a field"},
        {"[[\"b\", 1], [\"a\", 1]]", "a: twice in the edit, or out of order"},
        {"[[\"a\", 1], [\"a\", 2]]", "a: twice in the edit, or out of order"},
    };
    struct codec_fault fault;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(overlay_read(rows[i][0], strlen(rows[i][0]), &fault));
        assert_int_equal(fault.code, PF_E_event_invalid);
        if (strcmp(fault.message, rows[i][1]) != 0)
            fail_msg("%s: %s", rows[i][0], fault.message);
    }
    static char large[OVERLAY_TEXT_MAX + 2];
    memset(large, '[', sizeof large - 1);
    assert_null(overlay_read(large, sizeof large - 1, &fault));
    assert_string_equal(fault.message, "the edit is longer than 16 KiB");
    assert_null(overlay_read(large, 4000, &fault)); /* deep, and no JSON */
}

static void test_writing(void **state)
{
    struct codec_fault fault;
    json_t *fields = read_json("{\"b\": null, \"a[1].x\": \"\\u001b\", \"a\": [1]}");
    char *text = overlay_write(fields, &fault);
    (void)state;
    assert_string_equal(text, "[[\"a\",[1]],[\"a[1].x\",\"\\u001B\"],[\"b\",null]]");
    json_t *read = overlay_read(text, strlen(text), &fault);
    assert_int_equal(json_array_size(read), 3);
    uint8_t one[OVERLAY_DIGEST_SIZE], other[OVERLAY_DIGEST_SIZE];
    overlay_digest(text, strlen(text), one);
    overlay_digest("[]", 2, other);
    assert_memory_not_equal(one, other, sizeof one);
    json_decref(read);
    free(text);
    for (int i = 0; i < OVERLAY_FIELDS_MAX; i++) {
        char path[20];
        (void)snprintf(path, sizeof path, "c%d", i);
        assert_int_equal(json_object_set_new(fields, path, json_integer(i)), 0);
    }
    assert_null(overlay_write(fields, &fault));
    assert_string_equal(fault.message, "more fields than one edit may have");
    json_decref(fields);
}

static void test_finding(void **state)
{
    json_t *event = read_json("{\"l\": [{\"a\": 1}], \"n\": null}");
    (void)state;
    assert_int_equal(json_integer_value(overlay_find(event, "l[0].a")), 1);
    assert_true(json_is_null(overlay_find(event, "n")));
    assert_null(overlay_find(event, "n.x"));
    assert_null(overlay_find(event, "l[1]"));
    assert_null(overlay_find(event, "l[0].b"));
    assert_null(overlay_find(event, ""));
    assert_null(overlay_find(event, "l[0"));
    json_decref(event);
}

/* From struct to JSON and back an order is the same; an edit of it is checked by the schema. */
static void test_order(void **state)
{
    struct arena *arena = arena_new(1 << 22);
    struct order_event order, again;
    struct codec_fault fault = {PF_OK, ""};
    struct buf bytes;
    uint8_t before[CODEC_IDENTITY_SIZE], after[CODEC_IDENTITY_SIZE];
    (void)state;
    json_t *fixture = codec_test_json("order_full.json");
    codec_test_frame(codec, "OrderEvent", fixture, &bytes);
    assert_int_equal(
        codec_decode(codec, &order_event_record, bytes.data, bytes.size, arena, &order, &fault), 0);
    json_t *json = codec_struct_to_json(codec, &order_event_record, &order);
    assert_non_null(json);
    assert_int_equal(codec_json_to_struct(codec, &order_event_record, json, arena, &again, &fault),
                     0);
    codec_identity(codec, &order_event_record, &order, before);
    codec_identity(codec, &order_event_record, &again, after);
    assert_memory_equal(before, after, sizeof before);

    static const char *const rows[][2] = {
        {"[[\"lines[0].sku\", 7]]", "lines[0].sku: not text"},
        {"[[\"lines[0].quantity\", \"two\"]]", "lines[0].quantity: not a whole number"},
        {"[[\"lines[0].colour\", \"red\"]]", "lines[0].colour: no such field"},
        {"[[\"note\", \"a\\u0000b\"]]", "the edit is no list of fields"},
        {"[[\"kind\", \"lost\"]]", "kind: none of its symbols"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *copy = json_deep_copy(json);
        json_t *overlay = overlay_read(rows[i][0], strlen(rows[i][0]), &fault);
        int rc = overlay != NULL ? overlay_apply(copy, overlay, &fault) : -EBADMSG;
        if (rc == 0)
            rc = codec_json_to_struct(codec, &order_event_record, copy, arena, &again, &fault);
        assert_int_equal(rc, -EBADMSG);
        if (strstr(fault.message, rows[i][1]) != fault.message)
            fail_msg("%s: %s", rows[i][0], fault.message);
        json_decref(overlay);
        json_decref(copy);
    }
    json_decref(json);
    json_decref(fixture);
    buf_release(&bytes);
    arena_free(arena);
}

int main(void)
{
    char message[300];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),   cmocka_unit_test(test_texts_that_are_none),
        cmocka_unit_test(test_writing), cmocka_unit_test(test_finding),
        cmocka_unit_test(test_order),
    };
    codec = codec_test_open("schemas");
    if (codec_check(codec, &order_event_record, message) != 0)
        return 1;
    const int failed = cmocka_run_group_tests_name("codec_overlay", tests, NULL, NULL);
    codec_close(codec);
    return failed;
}
