/* A writer's schema that is not today's: what is read all the same, what takes a default, what is
 * refused. One field of each record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "codec_support.h"

#define BYTES(text) text, sizeof(text) - 1
#define PART                                                                                       \
    "{\"type\":\"record\",\"name\":\"Part\",\"fields\":[{\"name\":\"n\",\"type\":\"long\","        \
    "\"default\":4}]}"
#define COLOURS(more) "{\"type\":\"enum\",\"name\":\"Colour\",\"symbols\":[" more "]}"

struct part {
    int64_t n;
};

struct value {
    bool has_v;
    union {
        const char *text;
        struct bound_bytes bytes;
        struct bound_array array;
        const struct part *part;
        struct part inlined;
        bool truth;
        int32_t narrow;
        int64_t wide;
        double real;
        int symbol;
    } v;
};

static const struct binding part_fields[] = {BIND(struct part, n, BIND_LONG)};
static const struct bound_record part_record = BOUND_RECORD("Part", struct part, part_fields);
static const char *const colours[] = {"red", "blue", NULL};

/* The bound value as text, so that a row can say what it expects. */
static void show(const struct value *value, const struct binding *row, char text[static 100])
{
    const struct part *parts = value->v.array.items;
    text[0] = '\0';
    if (row->has_offset != SIZE_MAX && !value->has_v) {
        (void)snprintf(text, 100, "absent");
        return;
    }
    switch (row->kind) {
    case BIND_TEXT:
        (void)snprintf(text, 100, "%s", value->v.text != NULL ? value->v.text : "absent");
        break;
    case BIND_BYTES:
        (void)snprintf(text, 100, "%zu bytes", value->v.bytes.size);
        break;
    case BIND_BOOL:
        (void)snprintf(text, 100, "%s", value->v.truth ? "true" : "false");
        break;
    case BIND_INT:
        (void)snprintf(text, 100, "%d", value->v.narrow);
        break;
    case BIND_LONG:
        (void)snprintf(text, 100, "%lld", (long long)value->v.wide);
        break;
    case BIND_DOUBLE:
        (void)snprintf(text, 100, "%.3f", value->v.real);
        break;
    case BIND_ENUM:
        (void)snprintf(text, 100, "%s", colours[value->v.symbol]);
        break;
    case BIND_RECORD:
        (void)snprintf(text, 100, value->v.part != NULL ? "n %lld" : "absent",
                       value->v.part != NULL ? (long long)value->v.part->n : 0);
        break;
    case BIND_INLINE:
        (void)snprintf(text, 100, "n %lld", (long long)value->v.inlined.n);
        break;
    case BIND_ARRAY:
        for (size_t i = 0; i < value->v.array.count; i++)
            (void)snprintf(text + strlen(text), 100 - strlen(text), "n %lld;",
                           (long long)parts[i].n);
    }
}

static enum pf_error resolve(const char *written, const char *today, const struct binding *row,
                             const char *bytes, size_t size, char text[static 100])
{
    const struct bound_record record = {
        .name = "T", .size = sizeof(struct value), .fields = row, .field_count = 1};
    char *folder = codec_test_folder(today, written);
    struct codec *codec = codec_test_open(folder);
    struct arena *arena = arena_new(1 << 16);
    struct value value;
    struct buf frame;
    codec_test_frame_of(written, &frame);
    buf_append(&frame, bytes, size);
    const enum pf_error error =
        codec_test_decode(codec, &record, frame.data, frame.size, arena, &value);
    text[0] = '\0';
    if (error == PF_OK)
        show(&value, row, text);
    buf_release(&frame);
    arena_free(arena);
    codec_close(codec);
    codec_test_folder_remove(folder);
    return error;
}

static void test_resolve(void **state)
{
    (void)state;
    enum { PLAIN, OPTIONAL };
    static const struct {
        const char *name;
        const char *written; /* the writer's fields */
        const char *bytes;
        size_t size;
        const char *today; /* type and default */
        enum binding_kind kind;
        int optional;
        enum pf_error code;
        const char *expected; /* the value, or a part of the fault's message */
    } rows[] = {
        {"an int becomes a long", "{\"name\":\"v\",\"type\":\"int\"}", BYTES("\x0a"), "\"long\"",
         BIND_LONG, PLAIN, PF_OK, "5"},
        {"an int becomes a double", "{\"name\":\"v\",\"type\":\"int\"}", BYTES("\x0a"),
         "\"double\"", BIND_DOUBLE, PLAIN, PF_OK, "5.000"},
        {"a float becomes a double", "{\"name\":\"v\",\"type\":\"float\"}", BYTES("\0\0\0\x3f"),
         "\"double\"", BIND_DOUBLE, PLAIN, PF_OK, "0.500"},
        {"a long does not become an int", "{\"name\":\"v\",\"type\":\"long\"}", BYTES("\x0a"),
         "\"int\"", BIND_INT, PLAIN, PF_E_schema_unfit, "v: its writer's schema has another type"},
        {"a double does not become money", "{\"name\":\"v\",\"type\":\"double\"}",
         BYTES("\0\0\0\0\0\0\0\0"), "\"long\"", BIND_LONG, PLAIN, PF_E_schema_unfit,
         "v: its writer's schema has another type"},
        {"text becomes bytes", "{\"name\":\"v\",\"type\":\"string\"}",
         BYTES("\x04"
               "ab"),
         "\"bytes\"", BIND_BYTES, PLAIN, PF_OK, "2 bytes"},
        {"bytes become text", "{\"name\":\"v\",\"type\":\"bytes\"}",
         BYTES("\x04"
               "ab"),
         "\"string\"", BIND_TEXT, PLAIN, PF_OK, "ab"},
        {"bytes that are no text", "{\"name\":\"v\",\"type\":\"bytes\"}", BYTES("\x02\xff"),
         "\"string\"", BIND_TEXT, PLAIN, PF_E_avro_malformed, "v: not text"},
        {"a field that is now optional", "{\"name\":\"v\",\"type\":\"long\"}", BYTES("\x0a"),
         "[\"null\",\"long\"]", BIND_LONG, OPTIONAL, PF_OK, "5"},
        {"an optional field is absent", "{\"name\":\"v\",\"type\":[\"null\",\"long\"]}",
         BYTES("\x00"), "[\"null\",\"long\"]", BIND_LONG, OPTIONAL, PF_OK, "absent"},
        {"a union in the other order", "{\"name\":\"v\",\"type\":[\"int\",\"null\"]}",
         BYTES("\x00\x0a"), "[\"null\",\"long\"]", BIND_LONG, OPTIONAL, PF_OK, "5"},
        {"a union whose value fits", "{\"name\":\"v\",\"type\":[\"string\",\"int\"]}",
         BYTES("\x02\x0a"), "\"long\"", BIND_LONG, PLAIN, PF_OK, "5"},
        {"a union whose value does not", "{\"name\":\"v\",\"type\":[\"string\",\"int\"]}",
         BYTES("\x00\x02"
               "5"),
         "\"long\"", BIND_LONG, PLAIN, PF_E_schema_unfit,
         "v: its writer's schema has another type"},
        {"null where it may not be", "{\"name\":\"v\",\"type\":[\"null\",\"string\"]}",
         BYTES("\x00"), "\"string\"", BIND_TEXT, PLAIN, PF_E_schema_unfit,
         "v: absent, but it may not be"},
        {"a field that the writer lacks", "{\"name\":\"w\",\"type\":\"string\"}",
         BYTES("\x02"
               "x"),
         "\"long\",\"default\":7", BIND_LONG, PLAIN, PF_OK, "7"},
        {"a lacking optional field", "{\"name\":\"w\",\"type\":\"string\"}",
         BYTES("\x02"
               "x"),
         "[\"null\",\"long\"],\"default\":null", BIND_LONG, OPTIONAL, PF_OK, "absent"},
        {"a lacking field whose default is there", "{\"name\":\"w\",\"type\":\"null\"}", BYTES(""),
         "[\"long\",\"null\"],\"default\":3", BIND_LONG, OPTIONAL, PF_OK, "3"},
        {"a lacking field without default", "{\"name\":\"w\",\"type\":\"string\"}",
         BYTES("\x02"
               "x"),
         "\"long\"", BIND_LONG, PLAIN, PF_E_schema_unfit, "v: missing from the writer's schema"},
        {"a field more",
         "{\"name\":\"w\",\"type\":{\"type\":\"map\",\"values\":\"int\"}},{\"name\":\"v\",\"type\":"
         "\"boolean\"}",
         BYTES("\x02\x02"
               "k\x08\x00\x01"),
         "\"boolean\"", BIND_BOOL, PLAIN, PF_OK, "true"},
        {"a field more is walked",
         "{\"name\":\"w\",\"type\":\"boolean\"},{\"name\":\"v\",\"type\":\"boolean\"}",
         BYTES("\x02\x01"), "\"boolean\"", BIND_BOOL, PLAIN, PF_E_avro_malformed,
         "w: not what its schema says"},
        {"symbols in another order", "{\"name\":\"v\",\"type\":" COLOURS("\"blue\",\"red\"") "}",
         BYTES("\x00"), COLOURS("\"red\",\"blue\""), BIND_ENUM, PLAIN, PF_OK, "blue"},
        {"a new symbol and no default",
         "{\"name\":\"v\",\"type\":" COLOURS("\"red\",\"green\"") "}", BYTES("\x02"),
         COLOURS("\"red\",\"blue\""), BIND_ENUM, PLAIN, PF_E_avro_malformed,
         "v: a symbol that is not known"},
        {"a new symbol and a default", "{\"name\":\"v\",\"type\":" COLOURS("\"red\",\"green\"") "}",
         BYTES("\x02"),
         "{\"type\":\"enum\",\"name\":\"Colour\",\"symbols\":[\"red\",\"blue\"],\"default\":"
         "\"blue\"}",
         BIND_ENUM, PLAIN, PF_OK, "blue"},
        {"an enum of another name",
         "{\"name\":\"v\",\"type\":{\"type\":\"enum\",\"name\":\"Other\",\"symbols\":[\"red\"]}}",
         BYTES("\x00"), COLOURS("\"red\""), BIND_ENUM, PLAIN, PF_E_schema_unfit,
         "v: its writer's schema has another type"},
        {"a record", "{\"name\":\"v\",\"type\":" PART "}", BYTES("\x0a"), "[\"null\"," PART "]",
         BIND_RECORD, PLAIN, PF_OK, "n 5"},
        {"a lacking record is its default", "{\"name\":\"w\",\"type\":\"null\"}", BYTES(""),
         PART ",\"default\":{}", BIND_INLINE, PLAIN, PF_OK, "n 4"},
        {"a record inside", "{\"name\":\"v\",\"type\":" PART "}", BYTES("\x0a"), PART, BIND_INLINE,
         PLAIN, PF_OK, "n 5"},
        {"a record that lacks a field",
         "{\"name\":\"v\",\"type\":{\"type\":\"record\",\"name\":\"Part\",\"fields\":[]}}",
         BYTES(""), PART, BIND_INLINE, PLAIN, PF_OK, "n 4"},
        {"a record of another name",
         "{\"name\":\"v\",\"type\":{\"type\":\"record\",\"name\":\"Piece\",\"fields\":[]}}",
         BYTES(""), PART, BIND_INLINE, PLAIN, PF_E_schema_unfit,
         "v: its writer's schema has another type"},
        {"an array of records", "{\"name\":\"v\",\"type\":{\"type\":\"array\",\"items\":" PART "}}",
         BYTES("\x02\x0a\x01\x02\x0c\x00"), "{\"type\":\"array\",\"items\":" PART "}", BIND_ARRAY,
         PLAIN, PF_OK, "n 5;n 6;"},
        {"an array of optional records",
         "{\"name\":\"v\",\"type\":{\"type\":\"array\",\"items\":[\"null\"," PART "]}}",
         BYTES("\x04\x02\x0a\x00\x00"), "{\"type\":\"array\",\"items\":" PART "}", BIND_ARRAY,
         PLAIN, PF_E_schema_unfit, "v[1]: absent, but it may not be"},
        {"a fixed of another size",
         "{\"name\":\"v\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}}", BYTES("x"),
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", BIND_BYTES, PLAIN, PF_E_schema_unfit,
         "v: its writer's schema has another type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char written[1000], today[1000], text[100];
        (void)snprintf(written, sizeof written,
                       "{\"type\":\"record\",\"name\":\"T\",\"namespace\":\"old\",\"fields\":[%s]}",
                       rows[i].written);
        (void)snprintf(
            today, sizeof today,
            "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"v\",\"type\":%s}]}",
            rows[i].today);
        const struct binding row = {.name = "v",
                                    .kind = rows[i].kind,
                                    .offset = offsetof(struct value, v),
                                    .has_offset =
                                        rows[i].optional ? offsetof(struct value, has_v) : SIZE_MAX,
                                    .record = &part_record,
                                    .symbols = colours};
        const enum pf_error error =
            resolve(written, today, &row, rows[i].bytes, rows[i].size, text);
        assert_int_equal(error, rows[i].code);
        if (error == PF_OK)
            assert_string_equal(text, rows[i].expected);
        else
            assert_ptr_equal(strstr(codec_test_message, rows[i].expected), codec_test_message);
    }
}

/* What only a programmer can break: a table that does not fit today's schema. */
static void test_check(void **state)
{
    (void)state;
    static const struct {
        const char *name, *field;
        struct binding row;
        int result;
        const char *message;
    } rows[] = {
        {"fits",
         "\"v\",\"type\":\"long\"",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         0,
         ""},
        {"of another kind",
         "\"v\",\"type\":\"long\"",
         {.name = "v", .kind = BIND_INT, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.v: the struct's row"},
        {"cannot be absent",
         "\"v\",\"type\":[\"null\",\"long\"]",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.v: the struct's row"},
        {"is never absent",
         "\"v\",\"type\":\"long\"",
         {.name = "v", .kind = BIND_LONG, .has_offset = 0},
         -EINVAL,
         "T.v: the struct's row"},
        {"a row too many",
         "\"w\",\"type\":\"long\",\"default\":0",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.v: the schema has no such field"},
        {"a field without row or default",
         "\"w\",\"type\":\"long\"",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.w: the struct has no row"},
        {"a default of another type",
         "\"v\",\"type\":\"long\",\"default\":\"x\"",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.v: its default"},
        {"a union of two values",
         "\"v\",\"type\":[\"long\",\"string\"]",
         {.name = "v", .kind = BIND_LONG, .has_offset = SIZE_MAX},
         -EINVAL,
         "T.v:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const struct bound_record record = {
            .name = "T", .size = sizeof(struct value), .fields = &rows[i].row, .field_count = 1};
        const struct bound_record stranger = {.name = "U", .size = 1};
        char schema[300], message[300] = "";
        (void)snprintf(schema, sizeof schema,
                       "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":%s}]}",
                       rows[i].field);
        char *folder = codec_test_folder(schema, NULL);
        struct codec *codec = codec_test_open(folder);
        assert_int_equal(codec_check(codec, &record, message), rows[i].result);
        assert_ptr_equal(strstr(message, rows[i].message), message);
        assert_int_equal(codec_check(codec, &stranger, message), -ENOENT);
        codec_close(codec);
        codec_test_folder_remove(folder);
    }
}

static void test_open_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *schema;
        int result;
        const char *message;
    } rows[] = {
        {"no JSON", "{", -EINVAL, "test.avsc: line 1"},
        {"no record", "\"int\"", -EINVAL, "must be a record"},
        {"an unknown type",
         "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"v\",\"type\":\"money\"}]}",
         -EINVAL, "type money is not defined"},
    };
    struct codec *codec = NULL;
    char message[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        char *folder = codec_test_folder(rows[i].schema, NULL);
        assert_int_equal(codec_open(folder, NULL, codec_test_limits, &codec, message),
                         rows[i].result);
        assert_non_null(strstr(message, rows[i].message));
        codec_test_folder_remove(folder);
    }
    assert_int_equal(codec_open("/nonexistent", NULL, codec_test_limits, &codec, message), -ENOENT);
    assert_non_null(strstr(message, "/nonexistent"));
    assert_int_equal(codec_open("tests/fixtures/codec", NULL, codec_test_limits, &codec, message),
                     -ENOENT);
    assert_int_equal(codec_open("schemas", "ftp://127.0.0.1", codec_test_limits, &codec, message),
                     -EINVAL);
    assert_null(codec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_open_refuses),
    };
    return cmocka_run_group_tests_name("codec_resolve", tests, NULL, NULL);
}
