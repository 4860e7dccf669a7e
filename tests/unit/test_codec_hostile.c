/* Bytes that nobody vouches for: malformed at every byte, absurd counts, deep nesting. Each ends as
 * a fault of the record, never as a crash, and takes neither memory nor time without bound: the
 * whole program runs under rlimits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/resource.h>

#include "../support/effort.h"
#include "codec/wire.h"
#include "codec_support.h"
#include "domain/events/order_event.h"

#define BYTES(text) text, sizeof(text) - 1

struct target {
    union {
        const char *text;
        struct bound_bytes bytes;
        struct bound_array array;
        bool truth;
        int32_t narrow;
        int64_t wide;
        double real;
        int symbol;
    } v;
};

static const char *const colours[] = {"red", "blue", NULL};

/* Decodes one field `v` of a given type three ways: into a struct, dropped, and into JSON. All must
 * agree. */
static enum pf_error decode_three_ways(const char *type, const char *fallback,
                                       enum binding_kind kind, const char *bytes, size_t size)
{
    char schema[1000];
    (void)snprintf(schema, sizeof schema,
                   "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"v\",\"type\":%s,"
                   "\"default\":%s}]}",
                   type, fallback);
    const struct binding row = {.name = "v",
                                .kind = kind,
                                .offset = 0,
                                .has_offset = SIZE_MAX,
                                .symbols = kind == BIND_ENUM ? colours : NULL};
    const struct bound_record bound = {
        .name = "T", .size = sizeof(struct target), .fields = &row, .field_count = 1};
    const struct bound_record dropped = {.name = "T", .size = sizeof(struct target)};
    char *folder = codec_test_folder(schema, NULL);
    struct codec *codec = codec_test_open(folder);
    struct arena *arena = arena_new(1 << 20);
    struct target target;
    struct buf frame;
    codec_test_frame_of(schema, &frame);
    buf_append(&frame, bytes, size);

    const enum pf_error drop =
        codec_test_decode(codec, &dropped, frame.data, frame.size, arena, &target);
    const enum pf_error bind =
        codec_test_decode(codec, &bound, frame.data, frame.size, arena, &target);
    struct codec_fault fault = {.code = PF_OK};
    json_t *json = codec_to_json(codec, frame.data, frame.size, &fault);
    assert_true((json != NULL) == (bind == PF_OK));
    if (json == NULL)
        assert_int_equal(fault.code, bind);
    assert_int_equal(drop, bind);
    json_decref(json);
    buf_release(&frame);
    arena_free(arena);
    codec_close(codec);
    codec_test_folder_remove(folder);
    return bind;
}

#define NULLS "{\"type\":\"array\",\"items\":\"null\"}"
#define TEXTS "{\"type\":\"array\",\"items\":\"string\"}"
#define COLOUR "{\"type\":\"enum\",\"name\":\"Colour\",\"symbols\":[\"red\",\"blue\"]}"

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *fallback;
        enum binding_kind kind;
        const char *bytes;
        size_t size;
        enum pf_error code;
    } rows[] = {
        {"nothing at all", "\"int\"", "0", BIND_INT, BYTES(""), PF_E_avro_truncated},
        {"a byte too many", "\"int\"", "0", BIND_INT, BYTES("\x02\x00"), PF_E_avro_trailing},
        {"boolean 2", "\"boolean\"", "false", BIND_BOOL, BYTES("\x02"), PF_E_avro_malformed},
        {"boolean 1", "\"boolean\"", "false", BIND_BOOL, BYTES("\x01"), PF_OK},
        {"largest int", "\"int\"", "0", BIND_INT, BYTES("\xfe\xff\xff\xff\x0f"), PF_OK},
        {"an int of 33 bits", "\"int\"", "0", BIND_INT, BYTES("\x80\x80\x80\x80\x10"),
         PF_E_avro_malformed},
        {"largest long", "\"long\"", "0", BIND_LONG,
         BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), PF_OK},
        {"a long of 65 bits", "\"long\"", "0", BIND_LONG,
         BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03"), PF_E_avro_malformed},
        {"a varint of 11 bytes", "\"long\"", "0", BIND_LONG,
         BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), PF_E_avro_malformed},
        {"a varint without end", "\"long\"", "0", BIND_LONG, BYTES("\x80\x80"),
         PF_E_avro_truncated},
        {"half a double", "\"double\"", "0", BIND_DOUBLE, BYTES("\0\0\0\0"), PF_E_avro_truncated},
        {"text of negative length", "\"string\"", "\"\"", BIND_TEXT, BYTES("\x01"),
         PF_E_avro_malformed},
        {"text longer than the record", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x06"
               "ab"),
         PF_E_avro_truncated},
        {"text of 2^62 bytes", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), PF_E_avro_truncated},
        {"text of four alphabets", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x14"
               "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x82"),
         PF_OK},
        {"text that is Latin-1", "\"string\"", "\"\"", BIND_TEXT, BYTES("\x02\xe9"),
         PF_E_avro_malformed},
        {"overlong text", "\"string\"", "\"\"", BIND_TEXT, BYTES("\x04\xc0\xaf"),
         PF_E_avro_malformed},
        {"overlong text of three bytes", "\"string\"", "\"\"", BIND_TEXT, BYTES("\x06\xe0\x80\xaf"),
         PF_E_avro_malformed},
        {"half a surrogate pair", "\"string\"", "\"\"", BIND_TEXT, BYTES("\x06\xed\xa0\x80"),
         PF_E_avro_malformed},
        {"a character beyond Unicode", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x08\xf4\x90\x80\x80"), PF_E_avro_malformed},
        {"a character cut at the end", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x04"
               "a\xc3"),
         PF_E_avro_malformed},
        {"a NUL in text", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x06"
               "a\0b"),
         PF_E_avro_malformed},
        {"a NUL among eight of ASCII", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x10"
               "1234\0"
               "678"),
         PF_E_avro_malformed},
        {"a NUL in the ninth place", "\"string\"", "\"\"", BIND_TEXT,
         BYTES("\x14"
               "12345678\0a"),
         PF_E_avro_malformed},
        {"any bytes are bytes", "\"bytes\"", "\"\"", BIND_BYTES, BYTES("\x06\xff\x00\x80"), PF_OK},
        {"a fixed cut short", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "\"abc\"",
         BIND_BYTES, BYTES("ab"), PF_E_avro_truncated},
        {"enum 2 of 2", COLOUR, "\"red\"", BIND_ENUM, BYTES("\x04"), PF_E_avro_malformed},
        {"enum 100", COLOUR, "\"red\"", BIND_ENUM, BYTES("\xc8\x01"), PF_E_avro_malformed},
        {"enum -1", COLOUR, "\"red\"", BIND_ENUM, BYTES("\x01"), PF_E_avro_malformed},
        {"branch 2 of 2", "[\"null\",\"string\"]", "null", BIND_TEXT, BYTES("\x04"),
         PF_E_avro_malformed},
        {"branch -1", "[\"null\",\"string\"]", "null", BIND_TEXT, BYTES("\x01"),
         PF_E_avro_malformed},
        {"branch null", "[\"null\",\"string\"]", "null", BIND_TEXT, BYTES("\x00"), PF_OK},
        {"items in blocks, with and without size", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x02\x02"
               "a\x03\x08\x02"
               "b\x02"
               "c\x00"),
         PF_OK},
        {"a block shorter than it says", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x01\x08\x02"
               "a\x00\x00\x00"),
         PF_E_avro_malformed},
        {"a block longer than it says", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x01\x02\x02"
               "a\x00"),
         PF_E_avro_malformed},
        {"a block beyond the record", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x01\x40\x02"
               "a\x00"),
         PF_E_avro_truncated},
        {"a block of negative size", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x01\x01\x02"
               "a\x00"),
         PF_E_avro_malformed},
        {"a block of INT64_MIN items", TEXTS, "[]", BIND_ARRAY,
         BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x00"), PF_E_avro_truncated},
        {"an array without end", TEXTS, "[]", BIND_ARRAY,
         BYTES("\x02\x02"
               "a"),
         PF_E_avro_truncated},
        {"two thousand million texts", TEXTS, "[]", BIND_ARRAY, BYTES("\x80\xd0\xac\xf3\x0e\x00"),
         PF_E_avro_truncated},
        {"INT64_MAX texts", TEXTS, "[]", BIND_ARRAY,
         BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), PF_E_avro_truncated},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(decode_three_ways(rows[i].type, rows[i].fallback, rows[i].kind,
                                           rows[i].bytes, rows[i].size),
                         rows[i].code);
    }
}

struct chain {
    const struct chain *next;
    ARRAY_OF(struct chain) many;
    char ballast[3000];
};

extern const struct bound_record chain_record;
static const struct binding chain_fields[] = {
    BIND_SUB(struct chain, next, BIND_RECORD, chain_record),
    BIND_SUB(struct chain, many, BIND_ARRAY, chain_record),
};
const struct bound_record chain_record = BOUND_RECORD("Chain", struct chain, chain_fields);

#define CHAIN                                                                                      \
    "{\"type\":\"record\",\"name\":\"Chain\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\","   \
    "\"Chain\"],\"default\":null},"                                                                \
    "{\"name\":\"nulls\",\"type\":" NULLS ",\"default\":[]},"                                      \
    "{\"name\":\"map\",\"type\":{\"type\":\"map\",\"values\":\"null\"},\"default\":{}},"           \
    "{\"name\":\"many\",\"type\":{\"type\":\"array\",\"items\":\"Chain\"},\"default\":[]}]}"

static enum pf_error decode_chain(const char *bytes, size_t size)
{
    char *folder = codec_test_folder(CHAIN, NULL);
    struct codec *codec = codec_test_open(folder);
    struct arena *arena = arena_new(1 << 20);
    struct chain chain;
    struct buf frame;
    codec_test_frame_of(CHAIN, &frame);
    buf_append(&frame, bytes, size);
    const enum pf_error error =
        codec_test_decode(codec, &chain_record, frame.data, frame.size, arena, &chain);
    struct codec_fault fault;
    json_t *json = codec_to_json(codec, frame.data, frame.size, &fault);
    assert_true(json == NULL || error == PF_OK ||
                strstr(codec_test_message, "more memory") != NULL);
    json_decref(json);
    buf_release(&frame);
    arena_free(arena);
    codec_close(codec);
    codec_test_folder_remove(folder);
    return error;
}

/* What could take time or memory out of all proportion to its bytes. */
static void test_amplification(void **state)
{
    (void)state;
    static char deep[100000], wide[40000];
    memset(deep, 2, sizeof deep);
    memset(wide, 0, sizeof wide);
    wide[3] = (char)0xd0; /* 1000 chains of 4 bytes, each of 3 kB in the struct */
    wide[4] = 0x0f;
    static const struct {
        const char *name, *bytes;
        size_t size;
        enum pf_error code;
        const char *message;
    } rows[] = {
        {"the smallest chain", BYTES("\0\0\0\0"), PF_OK, ""},
        {"a chain of two", BYTES("\2\0\0\0\0\0\0\0"), PF_OK, ""},
        {"a chain of 100000", deep, sizeof deep, PF_E_avro_too_large, "next: nested deeper"},
        {"two thousand million nulls", BYTES("\0\x80\xd0\xac\xf3\x0e\0\0\0"), PF_E_avro_too_large,
         "nulls: more items"},
        {"INT64_MIN nulls in a block of no bytes",
         BYTES("\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0"), PF_E_avro_too_large,
         "nulls: more items"},
        {"5000 nulls three times over", BYTES("\0\x90\x4e\x90\x4e\x90\x4e\0\0\0"),
         PF_E_avro_too_large, "nulls: more items"},
        {"as many nulls as there may be", BYTES("\0\xa0\x9c\x01\0\0\0"), PF_OK, ""},
        {"one null more", BYTES("\0\xa2\x9c\x01\0\0\0"), PF_E_avro_too_large, "nulls: more items"},
        {"a map of more entries than bytes", BYTES("\0\0\x90\x4e\0\0\0"), PF_E_avro_truncated,
         "map: more items"},
        {"structs larger than the arena", wide, 5 + 4000 + 1, PF_E_avro_too_large,
         "many: more memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(decode_chain(rows[i].bytes, rows[i].size), rows[i].code);
        assert_non_null(strstr(codec_test_message, rows[i].message));
    }
}

static void test_frames(void **state)
{
    (void)state;
    struct codec *codec = codec_test_open("schemas");
    static char large[(1 << 20) + 1] = "\xc3\x01";
    static const struct {
        const char *name, *bytes;
        size_t size;
        enum pf_error code;
    } rows[] = {
        {"a tombstone", NULL, 0, PF_E_tombstone},
        {"an empty value", BYTES(""), PF_E_framing_unknown},
        {"JSON", BYTES("{\"order\": 1}"), PF_E_framing_unknown},
        {"half a mark", BYTES("\xc3"), PF_E_framing_unknown},
        {"a mark of another version",
         BYTES("\xc3\x02"
               "12345678"),
         PF_E_framing_unknown},
        {"a frame cut short",
         BYTES("\xc3\x01"
               "1234567"),
         PF_E_avro_truncated},
        {"an unknown fingerprint",
         BYTES("\xc3\x01"
               "12345678"),
         PF_E_schema_unknown},
        {"a registry's id, and no registry", BYTES("\0\0\0\0\1x"), PF_E_schema_unknown},
        {"a registry's id cut short", BYTES("\0\0\0\0"), PF_E_avro_truncated},
        {"more bytes than a record may have", large, sizeof large, PF_E_avro_too_large},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(1 << 20);
        struct order_event event;
        struct codec_fault fault = {.code = PF_OK};
        assert_int_equal(codec_test_decode(codec, &order_event_record, rows[i].bytes, rows[i].size,
                                           arena, &event),
                         rows[i].code);
        assert_null(codec_to_json(codec, rows[i].bytes, rows[i].size, &fault));
        assert_int_equal(fault.code, rows[i].code);
        arena_free(arena);
    }
    codec_close(codec);
}

/* Decodes a copy in memory of exactly its size, so that a read beyond the end is seen; what can be
 * read must be writable and have an identity. */
static enum pf_error decode_order(struct codec *codec, const char *bytes, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    struct order_event event;
    char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const enum pf_error error =
        codec_test_decode(codec, &order_event_record, copy, size, arena, &event);
    struct codec_fault fault;
    json_t *json = codec_to_json(codec, copy, size, &fault);
    if (error == PF_OK) {
        uint8_t identity[CODEC_IDENTITY_SIZE], again[CODEC_IDENTITY_SIZE];
        struct buf out;
        buf_init(&out, 1 << 20);
        codec_identity(codec, &order_event_record, &event, identity);
        assert_int_equal(codec_encode(codec, &order_event_record, &event, &out), 0);
        assert_int_equal(
            codec_test_decode(codec, &order_event_record, out.data, out.size, arena, &event),
            PF_OK);
        codec_identity(codec, &order_event_record, &event, again);
        assert_memory_equal(identity, again, sizeof identity);
        assert_non_null(json);
        buf_release(&out);
    } else {
        assert_null(
            strstr(codec_test_message, "ample")); /* no name, street or address of the fixture */
    }
    json_decref(json);
    free(copy);
    arena_free(arena);
    return error;
}

static void test_truncated_everywhere(void **state)
{
    (void)state;
    static const char *const files[] = {"order_full.hex", "order_v1.hex"};
    struct codec *codec = codec_test_open("schemas");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct buf bytes;
        codec_test_hex(files[i], &bytes);
        for (size_t size = 2; size < bytes.size; size++)
            assert_int_equal(decode_order(codec, bytes.data, size), PF_E_avro_truncated);
        assert_int_equal(decode_order(codec, bytes.data, bytes.size), PF_OK);
        buf_byte(&bytes, 0);
        assert_int_equal(decode_order(codec, bytes.data, bytes.size), PF_E_avro_trailing);
        buf_release(&bytes);
    }
    codec_close(codec);
}

static void test_changed_everywhere(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xc0, 0xff};
    struct codec *codec = codec_test_open("schemas");
    struct buf bytes;
    codec_test_hex("order_full.hex", &bytes);
    for (size_t at = 10; at < bytes.size; at++)
        for (size_t v = 0; v < sizeof values; v++) {
            const char before = bytes.data[at];
            bytes.data[at] = (char)values[v];
            (void)decode_order(codec, bytes.data, bytes.size);
            bytes.data[at] = before;
        }
    buf_release(&bytes);
    codec_close(codec);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Some bytes changed, removed or doubled. */
static size_t mutate(char *bytes, size_t size, uint64_t *seed)
{
    for (uint64_t edits = 1 + next_random(seed) % 4; edits > 0; edits--) {
        const size_t at = 10 + next_random(seed) % (size - 10);
        const size_t run = 1 + next_random(seed) % 8;
        switch (next_random(seed) % 3) {
        case 0:
            bytes[at] = (char)next_random(seed);
            break;
        case 1:
            if (at + run < size) {
                memmove(bytes + at, bytes + at + run, size - at - run);
                size -= run;
            }
            break;
        default:
            memmove(bytes + at + run, bytes + at, size - at);
            size += run;
        }
    }
    return size;
}

static void test_random(void **state)
{
    (void)state;
    static const char *const files[] = {"order_full.hex", "order_v1.hex"};
    const int64_t rounds = test_effort(2000);
    struct codec *codec = codec_test_open("schemas");
    uint64_t seed = 0x9e3779b97f4a7c15;
    unsigned good = 0, bad = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct buf bytes;
        char changed[2048];
        codec_test_hex(files[i], &bytes);
        for (int64_t round = 0; round < rounds; round++) {
            memcpy(changed, bytes.data, bytes.size);
            const size_t size = mutate(changed, bytes.size, &seed);
            if (decode_order(codec, changed, size) == PF_OK)
                good++;
            else
                bad++;
        }
        buf_release(&bytes);
    }
    print_message("  %u still records, %u refused\n", good, bad);
    assert_true(good > 100 && bad > 100); /* else it would prove nothing */
    codec_close(codec);
}

/* Address space only without sanitizers: their shadow needs terabytes. */
static void bound_resources(void)
{
    const rlim_t seconds = (rlim_t)test_effort(60);
    const struct rlimit cpu = {.rlim_cur = seconds, .rlim_max = seconds};
    assert_int_equal(setrlimit(RLIMIT_CPU, &cpu), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit space = {.rlim_cur = 256 << 20, .rlim_max = 256 << 20};
    assert_int_equal(setrlimit(RLIMIT_AS, &space), 0);
#endif
}

/* Texts are looked through eight bytes at a time: a bad byte is found wherever it stands, and a
 * character of two bytes is none. */
static void test_bad_bytes_at_every_place(void **state)
{
    static const uint8_t bad[] = {0x00, 0x80, 0xc0, 0xff};
    (void)state;
    for (size_t size = 1; size <= 40; size++)
        for (size_t at = 0; at < size; at++) {
            uint8_t text[40];
            memset(text, 'a', sizeof text);
            assert_true(wire_text_valid(text, size));
            for (size_t i = 0; i < sizeof bad; i++) {
                text[at] = bad[i];
                if (wire_text_valid(text, size))
                    fail_msg("byte %02x at %zu of %zu was let through", bad[i], at, size);
            }
            text[at] = 0xc3;
            assert_false(wire_text_valid(text, size));
            if (at + 1 < size) {
                text[at + 1] = 0xa9;
                assert_true(wire_text_valid(text, size));
            }
        }
}

int main(void)
{
    bound_resources();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_bytes_at_every_place),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_truncated_everywhere),
        cmocka_unit_test(test_changed_everywhere),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("codec_hostile", tests, NULL, NULL);
}
