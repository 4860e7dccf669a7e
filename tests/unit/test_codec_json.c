/* JSON by people: what is refused, with the path, and what is filled in. The schema has every type
 * that Avro has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "codec_support.h"

#define SCHEMA                                                                                     \
    "{\"type\": \"record\", \"name\": \"All\", \"fields\": ["                                      \
    "{\"name\": \"nothing\", \"type\": \"null\", \"default\": null},"                              \
    "{\"name\": \"truth\", \"type\": \"boolean\", \"default\": true},"                             \
    "{\"name\": \"narrow\", \"type\": \"int\", \"default\": -7},"                                  \
    "{\"name\": \"wide\", \"type\": \"long\", \"default\": 9007199254740993},"                     \
    "{\"name\": \"time\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}, " \
    "\"default\": 0},"                                                                             \
    "{\"name\": \"small_real\", \"type\": \"float\", \"default\": 0.5},"                           \
    "{\"name\": \"real\", \"type\": \"double\", \"default\": 1},"                                  \
    "{\"name\": \"raw\", \"type\": \"bytes\", \"default\": \"\\u0001\\u00ff\"},"                   \
    "{\"name\": \"pair\", \"type\": {\"type\": \"fixed\", \"name\": \"Pair\", \"size\": 2}, "      \
    "\"default\": \"ab\"},"                                                                        \
    "{\"name\": \"text\", \"type\": \"string\"},"                                                  \
    "{\"name\": \"colour\", \"type\": {\"type\": \"enum\", \"name\": \"Colour\", \"symbols\": "    \
    "[\"red\", \"blue\"]}, \"default\": "                                                          \
    "\"blue\"},"                                                                                   \
    "{\"name\": \"list\", \"type\": {\"type\": \"array\", \"items\": \"int\"}, \"default\": [1, "  \
    "2]},"                                                                                         \
    "{\"name\": \"map\", \"type\": {\"type\": \"map\", \"values\": \"string\"}, \"default\": {}}," \
    "{\"name\": \"choice\", \"type\": [\"null\", \"int\", \"string\", \"Colour\"], \"default\": "  \
    "null},"                                                                                       \
    "{\"name\": \"self\", \"type\": [\"null\", \"All\"], \"default\": null}]}"

static json_t *read_json(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json == NULL)
        print_message("%s\n", error.text);
    assert_non_null(json);
    return json;
}

static void test_round_trip(void **state)
{
    struct codec *codec = *state;
    static const struct {
        const char *name, *given, *back;
    } rows[] = {
        {"defaults", "{\"text\": \"\"}",
         "{\"nothing\": null, \"truth\": true, \"narrow\": -7, \"wide\": 9007199254740993, "
         "\"time\": 0, \"small_real\": 0.5, \"real\": "
         "1.0, "
         "\"raw\": \"\\u0001\\u00ff\", \"pair\": \"ab\", \"text\": \"\", \"colour\": \"blue\", "
         "\"list\": [1, 2], \"map\": {}, \"choice\": "
         "null, \"self\": null}"},
        {"everything",
         "{\"nothing\": null, \"truth\": false, \"narrow\": 2147483647, \"wide\": "
         "-9223372036854775808, \"time\": "
         "\"1970-01-01T00:00:01.5+00:00\", \"small_real\": -2, \"real\": 1e300, \"raw\": "
         "\"\\u0000\", \"pair\": \"\\u0080\\u0001\", "
         "\"text\": "
         "\"\xe2\x82\xac\", \"colour\": \"red\", \"list\": [], \"map\": {\"k\": \"v\", \"\": "
         "\"w\"}, \"choice\": 5, \"self\": {\"text\": "
         "\"in\", \"list\": [0]}}",
         "{\"nothing\": null, \"truth\": false, \"narrow\": 2147483647, \"wide\": "
         "-9223372036854775808, \"time\": 1500, \"small_real\": "
         "-2.0, \"real\": 1e300, \"raw\": \"\\u0000\", \"pair\": \"\\u0080\\u0001\", \"text\": "
         "\"\xe2\x82\xac\", \"colour\": \"red\", "
         "\"list\": "
         "[], "
         "\"map\": {\"k\": \"v\", \"\": \"w\"}, \"choice\": 5, \"self\": {\"nothing\": null, "
         "\"truth\": true, \"narrow\": -7, \"wide\": "
         "9007199254740993, \"time\": 0, \"small_real\": 0.5, \"real\": 1.0, \"raw\": "
         "\"\\u0001\\u00ff\", \"pair\": \"ab\", \"text\": "
         "\"in\", \"colour\": \"blue\", \"list\": [0], \"map\": {}, \"choice\": null, \"self\": "
         "null}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf bytes;
        struct codec_fault fault = {.message = ""};
        json_t *given = read_json(rows[i].given), *expected = read_json(rows[i].back);
        codec_test_frame(codec, "All", given, &bytes);
        json_t *back = codec_to_json(codec, bytes.data, bytes.size, &fault);
        assert_string_equal(fault.message[0] != '\0' && back == NULL ? fault.message : "", "");
        assert_true(json_equal(back, expected));
        json_decref(back);
        json_decref(expected);
        json_decref(given);
        buf_release(&bytes);
    }
}

static void test_refused(void **state)
{
    struct codec *codec = *state;
    static const struct {
        const char *name, *given, *message;
    } rows[] = {
        {"no object", "7", "not an object"},
        {"a field is missing", "{}", "text: missing, and it has no default"},
        {"a field is misspelt", "{\"text\": \"\", \"colur\": \"red\"}", "colur: no such field"},
        {"text for a number", "{\"text\": \"\", \"wide\": \"5\"}", "wide: not a whole number"},
        {"a fraction of a penny", "{\"text\": \"\", \"wide\": 5.5}", "wide: not a whole number"},
        {"an int that is too large", "{\"text\": \"\", \"narrow\": 2147483648}",
         "narrow: does not fit into 32 bits"},
        {"no such time", "{\"text\": \"\", \"time\": \"yesterday\"}", "time: neither milliseconds"},
        {"a number for text", "{\"text\": 5}", "text: not text"},
        {"a NUL in text", "{\"text\": \"a\\u0000b\"}", "text: text with a NUL"},
        {"null where it may not be", "{\"text\": null}", "text: not text"},
        {"no such symbol", "{\"text\": \"\", \"colour\": \"green\"}",
         "colour: none of its symbols"},
        {"a number for a truth", "{\"text\": \"\", \"truth\": 1}", "truth: neither true nor false"},
        {"bytes beyond 255", "{\"text\": \"\", \"raw\": \"\\u0100\"}",
         "raw: not text of the code points"},
        {"a fixed of another size", "{\"text\": \"\", \"pair\": \"abc\"}", "pair: not of the size"},
        {"an object for a list", "{\"text\": \"\", \"list\": {}}", "list: not a list"},
        {"a wrong item", "{\"text\": \"\", \"list\": [1, 2, \"x\"]}",
         "list[2]: not a whole number"},
        {"a wrong map entry is not named", "{\"text\": \"\", \"map\": {\"secret\": 1}}",
         "map[0]: not text"},
        {"no branch of a union", "{\"text\": \"\", \"choice\": 1.5}", "choice: none of the types"},
        {"inside a union's only value",
         "{\"text\": \"\", \"self\": {\"text\": \"\", \"list\": [null]}}",
         "self.list[0]: not a whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf out;
        struct codec_fault fault = {.message = ""};
        json_t *given = read_json(rows[i].given);
        buf_init(&out, 1 << 16);
        buf_text(&out, "before");
        assert_int_equal(codec_from_json(codec, "All", given, &out, &fault), -EBADMSG);
        assert_int_equal(fault.code, PF_E_event_invalid);
        assert_ptr_equal(strstr(fault.message, rows[i].message), fault.message);
        assert_string_equal(out.data, "before");
        buf_release(&out);
        json_decref(given);
    }
    json_t *nothing = json_object();
    struct codec_fault fault;
    struct buf out;
    buf_init(&out, 100);
    assert_int_equal(codec_from_json(codec, "Unheard", nothing, &out, &fault), -ENOENT);
    json_decref(nothing);
}

static void test_deep(void **state)
{
    json_t *json = json_object(), *next;
    struct codec_fault fault = {.message = ""};
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_int_equal(json_object_set_new(json, "text", json_string("")), 0);
    for (int depth = 1; depth < 150; depth++) {
        next = json_pack("{s:s, s:o}", "text", "", "self", json);
        assert_non_null(next);
        json = next;
    }
    assert_int_equal(codec_from_json(*state, "All", json, &out, &fault), -EBADMSG);
    assert_non_null(strstr(fault.message, "nested too deeply"));
    json_decref(json);
    buf_release(&out);
}

int main(void)
{
    char *folder = codec_test_folder(SCHEMA, NULL);
    void *codec = codec_test_open(folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_round_trip, codec),
        cmocka_unit_test_prestate(test_refused, codec),
        cmocka_unit_test_prestate(test_deep, codec),
    };
    const int failed = cmocka_run_group_tests_name("codec_json", tests, NULL, NULL);
    codec_close(codec);
    codec_test_folder_remove(folder);
    return failed;
}
