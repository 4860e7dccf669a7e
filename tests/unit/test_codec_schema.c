/* Schemas: what is one, its canonical form, its fingerprint. Expected forms and fingerprints are
 * fastavro's, and the Avro specification's for "int". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "codec/schema.h"

static void test_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name, *schema, *canonical;
        uint64_t fingerprint;
    } rows[] = {
        {"null", "\"null\"", "\"null\"", 0x63dd24e7cc258f8a},
        {"boolean", "\"boolean\"", "\"boolean\"", 0x9f42fc78a4d4f764},
        {"int, in an object", "{\"type\": \"int\"}", "\"int\"", 0x7275d51a3f395c8f},
        {"long", "\"long\"", "\"long\"", 0xd054e14493f41db7},
        {"float", "\"float\"", "\"float\"", 0x4d7c02cb3ea8d790},
        {"double", "\"double\"", "\"double\"", 0x8e7535c032ab957e},
        {"bytes", "\"bytes\"", "\"bytes\"", 0x4fc016dac3201965},
        {"string", "\"string\"", "\"string\"", 0x8f014872634503c7},
        {"a namespace beside the name",
         "{\"type\":\"fixed\",\"name\":\"foo\",\"size\":15,\"namespace\":\"x.y\"}",
         "{\"name\":\"x.y.foo\",\"type\":\"fixed\",\"size\":15}", 0x7c880d2890fb8ef1},
        {"a namespace inside the name wins",
         "{\"type\":\"fixed\",\"name\":\"a.b.foo\",\"size\":15,\"namespace\":\"x.y\"}",
         "{\"name\":\"a.b.foo\",\"type\":\"fixed\",\"size\":15}", 0x7e93dbe280670f2d},
        {"an enum loses its doc",
         "{\"type\":\"enum\",\"name\":\"foo\",\"symbols\":[\"A1\",\"B\"],\"doc\":\"d\"}",
         "{\"name\":\"foo\",\"type\":\"enum\",\"symbols\":[\"A1\",\"B\"]}", 0xc706ab953b59d3f9},
        {"array", "{\"type\":\"array\",\"items\":\"long\"}",
         "{\"type\":\"array\",\"items\":\"long\"}", 0x5416c98ba22e5e71},
        {"map of a union with a logical type",
         "{\"type\":\"map\",\"values\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-"
         "millis\"}]}",
         "{\"type\":\"map\",\"values\":[\"null\",\"long\"]}", 0xac0f01ab3bdf3989},
        {"a record that contains itself, with defaults",
         "{\"type\":\"record\",\"name\":\"foo\",\"namespace\":\"x\",\"doc\":\"it's\",\"fields\":[{"
         "\"name\":\"f1\",\"type\":\"boolean\","
         "\"default\":true},{\"name\":\"f2\",\"type\":[\"null\",\"foo\"],\"doc\":\"x\"}]}",
         "{\"name\":\"x.foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":"
         "\"boolean\"},{\"name\":\"f2\",\"type\":[\"null\","
         "\"x.foo\"]}]}",
         0x855026997a641534},
        {"names are inherited, and written in full once",
         "{\"type\":\"record\",\"name\":\"a.R\",\"fields\":[{\"name\":\"e\",\"type\":{\"type\":"
         "\"enum\",\"name\":\"E\",\"symbols\":[\"X\"]}"
         "},"
         "{\"name\":\"again\",\"type\":\"E\"},{\"name\":\"far\",\"type\":{\"type\":\"fixed\","
         "\"name\":\"F\",\"namespace\":\"b\",\"size\":2}"
         "},"
         "{\"name\":\"farther\",\"type\":\"b.F\"}]}",
         "{\"name\":\"a.R\",\"type\":\"record\",\"fields\":[{\"name\":\"e\",\"type\":{\"name\":\"a."
         "E\",\"type\":\"enum\",\"symbols\":["
         "\"X\"]}},"
         "{\"name\":\"again\",\"type\":\"a.E\"},{\"name\":\"far\",\"type\":{\"name\":\"b.F\","
         "\"type\":\"fixed\",\"size\":2}},"
         "{\"name\":\"farther\",\"type\":\"b.F\"}]}",
         0xb6d63c3daabfe3ae},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct schema *schema = NULL;
        struct buf canonical;
        char message[200] = "";
        buf_init(&canonical, 10000);
        assert_int_equal(schema_parse(rows[i].schema, strlen(rows[i].schema), &schema, message), 0);
        schema_canonical(schema, &canonical);
        assert_string_equal(canonical.data, rows[i].canonical);
        assert_true(schema->fingerprint == rows[i].fingerprint);
        buf_release(&canonical);
        schema_free(schema);
    }
    assert_true(schema_crc64("", 0) == 0xc15d213aa4d7a795);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *schema, *message;
    } rows[] = {
        {"no JSON", "{", "line 1"},
        {"empty", "", "line 1"},
        {"a number", "7", "neither text"},
        {"an unknown type", "\"integer\"", "not defined before its use"},
        {"a type that is used before it is defined",
         "[\"R\",{\"type\":\"record\",\"name\":\"R\",\"fields\":[]}]", "not defined before"},
        {"a record without fields", "{\"type\":\"record\",\"name\":\"R\"}", "no fields"},
        {"a record without name", "{\"type\":\"record\",\"fields\":[]}", "without a valid name"},
        {"a name with a quote", "{\"type\":\"record\",\"name\":\"R\\\"\",\"fields\":[]}",
         "without a valid name"},
        {"a name with an empty part", "{\"type\":\"record\",\"name\":\"a..R\",\"fields\":[]}",
         "without a valid name"},
        {"two fields of one name",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{"
         "\"name\":\"a\",\"type\":\"int\"}]}",
         "two fields"},
        {"a field without type",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\"}]}", "a type is missing"},
        {"two types of one name",
         "[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\","
         "\"size\":1}]",
         "twice"},
        {"an enum without symbols", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}",
         "no symbols"},
        {"a symbol twice", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", "twice"},
        {"an enum's foreign default",
         "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
         "none of its symbols"},
        {"a fixed of negative size", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}",
         "no valid size"},
        {"an array of nothing", "{\"type\":\"array\"}", "a type is missing"},
        {"an empty union", "[]", "empty union"},
        {"a union in a union", "[\"int\",[\"null\"]]", "inside a union"},
        {"a union of two texts", "[\"string\",\"string\"]", "two branches"},
        {"a name with a NUL", "{\"type\":\"fixed\",\"name\":\"F\\u0000G\",\"size\":1}",
         "without a valid name"},
        {"a type with a NUL", "\"int\\u0000\"", "neither text"},
        {"a key twice", "{\"type\":\"int\",\"type\":\"long\"}", "line 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct schema *schema = NULL;
        char message[200] = "";
        assert_int_equal(schema_parse(rows[i].schema, strlen(rows[i].schema), &schema, message),
                         -EINVAL);
        assert_null(schema);
        assert_non_null(strstr(message, rows[i].message));
    }
}

static void test_deep(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_text(&text, "{\"type\":\"array\",\"items\":");
    buf_text(&text, "\"int\"");
    for (int i = 0; i < 1000; i++)
        buf_text(&text, "}");
    struct schema *schema = NULL;
    char message[200] = "";
    assert_int_equal(schema_parse(text.data, text.size, &schema, message), -EINVAL);
    assert_non_null(strstr(message, "deeper"));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests_name("codec_schema", tests, NULL, NULL);
}
