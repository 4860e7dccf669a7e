/* The Latin-1 policy: what becomes of each kind of character, and that a loss is never silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prima/latin1.h"

static void test_append(void **state)
{
    (void)state;
    static const struct {
        const char *name, *utf8, *latin1;
        bool lost;
    } rows[] = {
        {"ASCII", "Smith & \"Co\" <x>", "Smith & \"Co\" <x>", false},
        {"Latin-1 stays", "M\u00FCller \u00A3 \u00FF", "M\xFCller \xA3 \xFF", false},
        {"Polish", "\u0141ukasz \u017B\u00F3\u0142\u0107", "Lukasz Z\xF3lc", true},
        {"Czech, Hungarian, Romanian, Turkish", "\u0158\u011B\u0151\u0219\u0130\u0131", "ReosIi",
         true},
        {"Greek", "\u03A0\u03B1\u03C0\u03AC\u03C2 \u1F08\u03B8\u1FC6\u03BD\u03B1\u03B9",
         "Papas Athinai", true},
        {"Cyrillic", "\u0429\u0443\u043A\u0438\u043D \u0404\u0432\u0433\u0435\u043D",
         "Shchukin Yevgen", true},
        {"Vietnamese", "Nguy\u1EC5n", "Nguyen", true},
        {"German capital sharp s", "STRA\u1E9EE", "STRASSE", true},
        {"typographic", "\u201CIt\u2019s\u201D \u2013 \u2026 5\u202F\u20AC \u2122",
         "\"It's\" - ... 5 EUR TM", true},
        {"ligature and full width", "\uFB01\uFF21", "fiA", true},
        {"a letter and its mark are joined", "Cafe\u0301 A\u030A c\u0327", "Caf\xE9 \xC5 \xE7",
         false},
        {"a mark that nothing joins goes", "z\u0301", "z", true},
        {"two marks on one letter", "e\u0301\u0323", "\xE9", true},
        {"a mark joins no escape", "&\u0301", "&", true},
        {"a mark at the start", "\u0301a", "a", true},
        {"emoji is spelled", "Hi \U0001F600!", "Hi [U+1F600]!", false},
        {"Chinese is spelled", "\u4E2D", "[U+4E2D]", false},
        {"a family of emoji", "\U0001F468\u200D\U0001F469", "[U+1F468][U+1F469]", true},
        {"direction marks go", "a\u202Eb\u200F\uFEFF", "ab", true},
        {"controls that XML forbids go",
         "a\x01\x1F"
         "b\x7F",
         "ab", true},
        {"C1 controls go",
         "a\xC2\x92"
         "b",
         "ab", true},
        {"line breaks and tabs stay", "a\n\tb\r", "a\n\tb\r", false},
        {"not UTF-8", "a\x80\xFFz", "a[0x80][0xFF]z", false},
        {"overlong", "\xC0\xAF", "[0xC0][0xAF]", false},
        {"surrogate", "\xED\xA0\x80", "[0xED][0xA0][0x80]", false},
        {"cut at the end", "a\xE2\x82", "a[0xE2][0x82]", false},
        {"beyond Unicode", "\xF4\x90\x80\x80", "[0xF4][0x90][0x80][0x80]", false},
        {"NULL", NULL, "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf out;
        buf_init(&out, 1000);
        assert_int_equal(latin1_append(rows[i].utf8, LATIN1_PLAIN, &out), rows[i].lost);
        assert_string_equal(out.data, rows[i].latin1);
        assert_int_equal(latin1_loses(rows[i].utf8), rows[i].lost);
        buf_release(&out);
    }
}

static void test_attribute(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    assert_true(latin1_append("<&>\"' \n\r\t\u201E\u2039\u00E9\x07", LATIN1_ATTRIBUTE, &out));
    assert_string_equal(out.data, "&lt;&amp;&gt;&quot;' &#10;&#13;&#9;&quot;&lt;\xE9");
    buf_release(&out);
}

static void test_spell(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    latin1_spell("\u0141u & \u00E9\x01\x80\U0001F600", LATIN1_ATTRIBUTE, &out);
    assert_string_equal(out.data, "{U+0141}u &amp; \xE9{U+0001}{0x80}{U+1F600}");
    buf_release(&out);
}

/* A full buffer keeps what it had, and the verdict does not depend on it. */
static void test_full(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 2);
    assert_true(latin1_append("abe\u0301\u0141", LATIN1_PLAIN, &out));
    assert_true(out.failed);
    assert_true(out.size <= 2);
    buf_release(&out);
}

/* The table is searched by halves: its rows must rise, and none may bring back what XML or Latin-1
 * has not. */
static void test_table(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *text;
    } rows[] = {
#define T(code, text) {code, text},
#include "prima/latin1_table.def"
#undef T
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(i == 0 || rows[i].code > rows[i - 1].code);
        assert_true(rows[i].code > 0xFF);
        assert_in_range(strlen(rows[i].text), 1, 5);
        for (const char *p = rows[i].text; *p != '\0'; p++)
            assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    }
}

/* The first and the last of each kind of mark without a glyph go, and their neighbours do not. */
static void test_where_marks_begin_and_end(void **state)
{
    (void)state;
    static const uint32_t ranges[][2] = {
        {0x300, 0x36F},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0x200B, 0x200F},
        {0x202A, 0x202E}, {0x2060, 0x206F}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int step = -1; step <= 1; step++)
            for (size_t end = 0; end < 2; end++) {
                const uint32_t code =
                    ranges[i][end] +
                    (uint32_t)(end == 0 ? step : -step); /* outside, at the end, inside */
                const bool goes = code >= ranges[i][0] && code <= ranges[i][1];
                const char text[] = {'q',
                                     (char)(code < 0x800 ? 0xC0 | code >> 6 : 0xE0 | code >> 12),
                                     (char)(0x80 | (code < 0x800 ? code & 0x3F : code >> 6 & 0x3F)),
                                     (char)(code < 0x800 ? 0 : 0x80 | (code & 0x3F)), 0};
                struct buf out;
                buf_init(&out, 100);
                (void)latin1_append(text, LATIN1_PLAIN, &out);
                if ((strcmp(out.data, "q") == 0) != goes)
                    fail_msg("U+%04X becomes \"%s\"", code, out.data);
                buf_release(&out);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_marks_begin_and_end),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_attribute),
        cmocka_unit_test(test_spell),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests_name("prima.latin1", tests, NULL, NULL);
}
