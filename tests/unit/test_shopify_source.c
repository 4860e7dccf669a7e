/* The forms in which orders come out of a file, and what is said of a file that is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "import_file.h"
#include "shopify_order.h"

#include <errno.h>

#include <stdlib.h>
#include <string.h>

struct taken {
    char ids[200]; /* "path:line:id " of each */
    size_t refuse; /* the order with this id */
};

static bool take(void *user, struct import_source *source, const struct import_at *order)
{
    struct taken *taken = user;
    const size_t used = strlen(taken->ids);
    const json_int_t id = json_integer_value(json_object_get(order->json, "id"));
    if (order->json == NULL || (taken->refuse > 0 && (size_t)id == taken->refuse)) {
        import_complain(&source->reader, order, "is refused");
        return false;
    }
    (void)snprintf(taken->ids + used, sizeof taken->ids - used, "%zu:%lld ", source->line,
                   (long long)id);
    return true;
}

/* Reads `size` bytes with what is complained of in `said`, as it is printed. */
static struct import_source read_said(const char *text, size_t size, struct taken *taken,
                                      char *said, size_t said_size)
{
    struct import_source source;
    FILE *in = fmemopen((char *)(uintptr_t)text, size, "r");
    assert_non_null(in);
    import_source_init(&source, &shopify_orders_form);
    int rc = import_source_read(&source, in, take, taken);
    size_t used = 0;
    said[0] = '\0';
    for (size_t i = 0; i < complaints_kept(&source.complaints) && used < said_size; i++)
        used += (size_t)snprintf(said + used, said_size - used, "orders.json:%zu: %s\n",
                                 source.complaints.first[i].line, source.complaints.first[i].text);
    (void)fclose(in);
    assert_int_equal(rc, 0);
    return source;
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *ids;
    } table[] = {
        {"bare", "{\"id\": 1}", "1:1 "},
        {"wrapped", "{\"order\": {\"id\": 1}}\n", "1:1 "},
        {"a list", "{\"orders\": [{\"id\": 1}, {\"id\": 2}]}", "1:1 1:2 "},
        {"an empty list", "{\"orders\": []}", ""},
        {"a list without its name", "[{\"id\": 1}, {\"id\": 2}]", "1:1 1:2 "},
        {"one a line", "{\"id\": 1}\n{\"order\": {\"id\": 2}}\n{\"id\": 3}", "1:1 2:2 3:3 "},
        {"pages, one a line",
         "{\"orders\": [{\"id\": 1}]}\n{\"orders\": [{\"id\": 2}, {\"id\": 3}]}\n", "1:1 2:2 2:3 "},
        {"blank lines", "\n  \r\n{\"id\": 1}\r\n\n{\"id\": 2}\n\n", "3:1 5:2 "},
        {"a document over lines", "\n{\n \"orders\": [\n  {\"id\": 1},\n  {\"id\": 2}\n ]\n}\n",
         "2:1 2:2 "},
        {"a bare one over lines", "{\n\"id\": 1\n}\n", "1:1 "},
        {"a byte order mark", "\xef\xbb\xbf{\"id\": 1}\n", "1:1 "},
        {"nothing", "\n", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char said[1000];
        struct taken taken = {.ids = ""};
        print_message("  %s\n", table[i].name);
        const struct import_source source =
            read_said(table[i].text, strlen(table[i].text), &taken, said, sizeof said);
        assert_string_equal(said, "");
        assert_string_equal(taken.ids, table[i].ids);
        assert_int_equal(source.wrong, 0);
    }
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_what_is_no_such_file(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t size;
        const char *said;
    } table[] = {
        {"cut off in a document", TEXT("{\n \"orders\": [\n  {\"id\": 1},\n  {\"id\""),
         "orders.json:4: not JSON, at column 7: ':' expected; the file is cut off: export it "
         "again\n"},
        {"cut off in a line", TEXT("{\"id\": 1}\n{\"id\": 2"),
         "orders.json:2: not JSON, at column 8: '}' expected; the file is cut off: export it "
         "again\n"},
        {"a key twice", TEXT("{\"id\": 1}\n{\"id\": 1, \"id\": 2}\n"),
         "orders.json:2: not JSON, at column 14: duplicate object key; a key twice has two "
         "meanings: export it again\n"},
        {"not a number", TEXT("{\"id\": NaN}\n"),
         "orders.json:1: not JSON, at column 10: invalid token; export it again\n"},
        {"no UTF-8", TEXT("{\"id\": 1, \"name\": \"\xff\"}\n"),
         "orders.json:1: not JSON, at column 19: unable to decode byte 0xff; export it again\n"},
        {"half a character", TEXT("{\"id\": 1, \"name\": \"\xc5\"}\n"),
         "orders.json:1: not JSON, at column 19: unable to decode byte 0xc5; export it again\n"},
        {"a NUL in the file", TEXT("{\"id\": 1\0}\n"),
         "orders.json:1: $: has NUL bytes, so it is damaged or UTF-16; export it again, as "
         "UTF-8\n"},
        {"in a document", TEXT("{\n\"id\": 1\0}\n"),
         "orders.json:1: $: has NUL bytes, so it is damaged or UTF-16; export it again, as "
         "UTF-8\n"},
        {"a NUL in a text", TEXT("{\"id\": 1, \"name\": \"a\\u0000b\"}\n"),
         "orders.json:1: not JSON, at column 28: \\u0000 is not allowed without JSON_ALLOW_NUL; "
         "export it again\n"},
        {"a number beyond any", TEXT("{\"id\": 99999999999999999999}\n"),
         "orders.json:1: not JSON, at column 27: too big integer; export it again\n"},
        {"two documents over lines", TEXT("{\n\"id\": 1}\n{\"id\": 2}\n"),
         "orders.json:3: not JSON, at column 1: end of file expected; a file is one document, or "
         "one order on each line: put it "
         "into one of these "
         "forms\n"},
        {"CSV", TEXT("Name,Email\n#1001,ada@example.com\n"), NULL},
        {"an error of Shopify", TEXT("{\"errors\": \"[API] Invalid API key\"}\n"),
         "orders.json:1: $: holds no orders but an error that Shopify answered; repeat the "
         "export\n"},
        {"something else", TEXT("{\"products\": []}\n"),
         "orders.json:1: $: has neither \"orders\", a list, nor \"order\" nor an \"id\"; what is "
         "read is in primaflow import shopify "
         "orders --help\n"},
        {"a person in it", TEXT("{\"name\": \"Ada\" \"Example\"}\n"),
         "orders.json:1: not JSON, at column 24: '}' expected; export it again\n"},
        {"not even an object", TEXT("{\"id\": 1}\n7\n"), NULL},
        {"a hole in the list", TEXT("{\"orders\": [{\"id\": 1}, null]}\n"),
         "orders.json:1: $.orders[1]: is refused\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char said[2000];
        struct taken taken = {.ids = ""};
        print_message("  %s\n", table[i].name);
        const struct import_source source =
            read_said(table[i].text, table[i].size, &taken, said, sizeof said);
        if (table[i].said != NULL && strcmp(said, table[i].said) != 0)
            fail_msg("said: %swanted: %s", said, table[i].said);
        assert_true(source.wrong > 0 && source.complaints.count > 0);
        assert_null(strstr(said, "ada@example.com"));
    }
}

static bool refuse(void *user, struct import_source *source, const struct import_at *order)
{
    (void)user;
    const struct import_at field = import_field(order, "id");
    import_complain(&source->reader, &field, "is refused");
    return false;
}

/* A complaint names the order as the shop's staff looks for it, and its texts are texts. */
static void test_an_order_is_named(void **state)
{
    static const struct {
        const char *order, *said;
    } rows[] = {
        {"{\"id\": 450789469, \"name\": \"#1001\"}", "order #1001 (450789469): $.id: is refused"},
        {"{\"id\": \"gid%s%n\", \"name\": \"#%s%n\"}", "order #%s%n (gid%s%n): $.id: is refused"},
        {"{\"id\": 450789469}", "order 450789469: $.id: is refused"},
        {"{\"id\": \"5%d\"}", "order 5%d: $.id: is refused"},
        {"{\"order\": {\"name\": \"#1001\"}}", "order #1001: $.order.id: is refused"},
        {"{\"id\": 7, \"name\": \"0123456789012345678901234567890123456789\"}",
         "order 0123456789012345678901234567890123456789 (7): $.id: is refused"},
        {"{\"id\": 7, \"name\": \"01234567890123456789012345678901234567890\"}",
         "order 7: $.id: is refused"},
        {"{\"id\": \"0123456789012345678901234567890123456789012345678901234567890123\"}",
         "$.id: is refused"},
        {"{\"order\": {\"x\": 1}}", "$.order.id: is refused"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct import_source source;
        FILE *in = fmemopen((char *)(uintptr_t)rows[i].order, strlen(rows[i].order), "r");
        assert_non_null(in);
        import_source_init(&source, &shopify_orders_form);
        assert_int_equal(import_source_read(&source, in, refuse, NULL), 0);
        (void)fclose(in);
        assert_int_equal(source.complaints.count, 1);
        assert_string_equal(source.complaints.first[0].text, rows[i].said);
    }
}

/* Two lines, then the disk breaks. */
static ssize_t break_off(void *cookie, char *bytes, size_t size)
{
    static const char text[] = "{\"id\": 1}\n{\"id\": 2}\n";
    bool *given = cookie;
    if (*given) {
        errno = EIO;
        return -1;
    }
    *given = true;
    assert_true(size >= sizeof text - 1);
    memcpy(bytes, text, sizeof text - 1);
    return sizeof text - 1;
}

static void test_a_file_that_breaks_off(void **state)
{
    (void)state;
    struct taken taken = {.ids = ""};
    struct import_source source;
    bool given = false;
    FILE *in = fopencookie(&given, "r", (cookie_io_functions_t){.read = break_off});
    assert_non_null(in);
    import_source_init(&source, &shopify_orders_form);
    assert_int_equal(import_source_read(&source, in, take, &taken), -EIO);
    assert_string_equal(taken.ids, "1:1 2:2 ");
    assert_int_equal(source.line, 2);
    (void)fclose(in);

    const struct shopify_order_options options = {.channel = "shopify", .store = "uk"};
    const struct import_job job = {
        .form = &shopify_orders_form, .make = shopify_order_make, .options = &options};
    struct imported imported = {.line = 0};
    given = false;
    in = fopencookie(&given, "r", (cookie_io_functions_t){.read = break_off});
    assert_non_null(in);
    assert_int_equal(import_file(in, &job, &imported), -EIO);
    assert_int_equal(imported.line, 2);
    assert_int_equal(imported.wrong, 2);
    (void)fclose(in);
}

static void test_one_wrong_order_does_not_hide_the_next(void **state)
{
    (void)state;
    static const char *const text = "{\"id\": 1}\n{\"id\": 2}\n{\"id\": \n{\"id\": 4}\n";
    char said[1000];
    struct taken taken = {.ids = "", .refuse = 2};
    const struct import_source source = read_said(text, strlen(text), &taken, said, sizeof said);
    assert_string_equal(taken.ids, "1:1 4:4 ");
    assert_int_equal(source.found, 3);
    assert_int_equal(source.wrong, 2);
    assert_non_null(strstr(said, "orders.json:2: order 2: $: is refused"));
    assert_non_null(strstr(said, "orders.json:3: not JSON"));
}

static void test_complaints_are_bounded_and_counted(void **state)
{
    (void)state;
    char said[8000], text[1001] = "";
    struct taken taken = {.ids = "", .refuse = 7};
    for (size_t i = 0; i < 100; i++)
        memcpy(text + 10 * i, "{\"id\": 7}\n", 11);
    const struct import_source source = read_said(text, strlen(text), &taken, said, sizeof said);
    assert_int_equal(source.wrong, 100);
    assert_int_equal(source.complaints.count, 100);
    assert_non_null(strstr(said, "orders.json:20: "));
    assert_null(strstr(said, "orders.json:21: "));
}

static void test_depth_and_size_are_bounded(void **state)
{
    (void)state;
    enum { DEEP = 5000 };
    char said[1000];
    struct taken taken = {.ids = ""};
    char *text = malloc((size_t)IMPORT_DOCUMENT_MAX + 100);
    assert_non_null(text);
    memset(text, '[', DEEP);
    struct import_source source = read_said(text, DEEP, &taken, said, sizeof said);
    assert_int_equal(source.wrong, 1);
    assert_non_null(strstr(said, "maximum parsing depth reached"));

    memset(text, 'x', (size_t)IMPORT_DOCUMENT_MAX + 100);
    source = read_said(text, (size_t)IMPORT_DOCUMENT_MAX + 100, &taken, said, sizeof said);
    assert_int_equal(source.wrong, 1);
    assert_non_null(strstr(said, "orders.json:1: $: is longer than the 64 MiB that are read at a "
                                 "time; export fewer orders into one document\n"));
    free(text);
}

/* A line is let go before the next one is read: a file of any length needs the memory of its
 * longest line. */
static void test_lines_stream(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    char said[1000];
    struct buf text;
    struct taken taken = {.ids = ""};
    buf_init(&text, 64 << 20);
    for (int i = 0; i < LINES; i++)
        buf_printf(&text, "{\"id\": %d, \"note\": \"%1000d\"}\n", i, i);
    assert_true(text.size > 19 << 20);
    const struct import_source source = read_said(text.data, text.size, &taken, said, sizeof said);
    assert_int_equal(source.found, LINES);
    assert_int_equal(source.line, LINES);
    assert_int_equal(source.wrong, 0);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_what_is_no_such_file),
        cmocka_unit_test(test_an_order_is_named),
        cmocka_unit_test(test_a_file_that_breaks_off),
        cmocka_unit_test(test_one_wrong_order_does_not_hide_the_next),
        cmocka_unit_test(test_complaints_are_bounded_and_counted),
        cmocka_unit_test(test_depth_and_size_are_bounded),
        cmocka_unit_test(test_lines_stream),
    };
    return cmocka_run_group_tests_name("import_source", tests, NULL, NULL);
}
