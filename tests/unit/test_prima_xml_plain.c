/* Plain documents against libxml2: what the short way takes, libxml2 takes, too, and tells the
 * same; on documents good, damaged at random, and put together from the parts that make trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/effort.h"
#include "base/buf.h"
#include "prima/xml_plain.h"

enum { DOCUMENT_MAX = 4096 };

static struct xml_reader *reader;

/* ---- what was told, as text ---- */

static struct buf told;

static void end_text(void)
{
    if (told.size > 0 && told.data[told.size - 1] != '\n')
        buf_byte(&told, '\n');
}

static void on_open(void *user, const char *name, const struct xml_attribute *attributes,
                    size_t count)
{
    (void)user;
    end_text();
    buf_printf(&told, "<%s", name);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&told, " %s=", attributes[i].name);
        for (size_t k = 0; k < attributes[i].size; k++)
            buf_printf(&told, "%02x", (unsigned char)attributes[i].value[k]);
    }
    buf_text(&told, ">\n");
}

static void on_text(void *user, const char *text, size_t size)
{
    (void)user;
    for (size_t i = 0; i < size; i++)
        buf_printf(&told, "%02x", (unsigned char)text[i]);
}

static void on_close(void *user, const char *name)
{
    (void)user;
    end_text();
    buf_printf(&told, "/%s\n", name);
}

static void on_begin(void *user)
{
    (void)user;
    buf_clear(&told);
}

static const struct xml_events events = {on_open, on_text, on_close, on_begin};

static bool tell_plain(const char *bytes, size_t size)
{
    char scratch[DOCUMENT_MAX + 2];
    buf_clear(&told);
    scratch[size + 1] = '!';
    const bool is_plain = xml_plain_read(bytes, size, scratch, &events, NULL);
    assert_int_equal(scratch[size + 1], '!');
    return is_plain;
}

/* A comment at the end changes nothing of a document but that it is not plain. */
static int tell_libxml2(const char *bytes, size_t size)
{
    static const char comment[] = "<!---->";
    char document[DOCUMENT_MAX + sizeof comment];
    memcpy(document, bytes, size);
    memcpy(document + size, comment, sizeof comment - 1);
    buf_clear(&told);
    return xml_read(reader, document, size + sizeof comment - 1, NULL, false, &events, NULL);
}

/* Whether it is plain. What is must be well-formed to libxml2, and the same. */
static bool compare(const char *bytes, size_t size)
{
    if (!tell_plain(bytes, size))
        return false;
    char *plain = strdup(told.data);
    assert_non_null(plain);
    if (tell_libxml2(bytes, size) != 0)
        fail_msg("taken for plain, and libxml2 refuses it: %.*s", (int)size, bytes);
    if (strcmp(plain, told.data) != 0)
        fail_msg("%.*s\nplain:\n%slibxml2:\n%s", (int)size, bytes, plain, told.data);
    free(plain);
    return true;
}

/* ---- documents ---- */

static const char envelope[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope "
    "xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>"
    "<ns:comwsomhandlerResponse xmlns:ns=\"urn:omlink\"><result>&lt;?xml "
    "version=&quot;1.0&quot;?&gt;&lt;Response "
    "RequestType=&quot;NewOrder&quot; "
    "RequestStatus=&quot;OK&quot; RequestError=&quot;&quot;&gt;&lt;Data "
    "OrderNumber=&quot;201&#49;&quot;/&gt;&lt;/Response&gt;</result>"
    "</ns:comwsomhandlerResponse></soap:Body></soap:Envelope>";

static const char response[] = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<Response "
                               "RequestType=\"NewOrder\" RequestStatus=\"ERROR\" RequestError=\"It "
                               "isn&apos;t &lt;ours&gt;\">"
                               "<Data OrderNumber='2011'/></Response>\n";

static const char *const good[] = {
    envelope,
    response,
    "<Response><Data><SKU Product=\"A\" MtrxCode1=\"RED\" AvailableQuantity=\"3\"/><sku "
    "Product=\"B\"></sku >text ]] "
    "&#x41;\n\tmore</Data></Response>",
    "<a/>",
    "  <a b=\"&amp;&amp;\" c='\"'>  </a>  ",
    "<_a.b-c1 x=\"a b\"  y=\"\" />",
};

static const char *const not_plain[] = {
    "",
    "text",
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "</a>",
    "<a b=\"1\" b=\"2\"/>",
    "<a b=\"<\"/>",
    "<a b=\"&unknown;\"/>",
    "<a b=\"1\"c=\"2\"/>",
    "<a>]]></a>",
    "<a>&</a>",
    "<a>&#0;</a>",
    "<a>&#10;</a>",
    "<a>&#1114112;</a>",
    "<a>\x80</a>",
    "<a>\r</a>",
    "<a><![CDATA[x]]></a>",
    "<a><!-- --></a>",
    "<!DOCTYPE a><a/>",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
    "<?xml version=\"1.1\"?><a/>",
    "<?xml version=\"1.0\"?><?pi?><a/>",
    "<a x:b=\"1\" xmlns:x=\"u\"/>",
    "<x:a xmlns:x=\"\"/>",
    "<a:b:c/>",
    "<a b=\"\t\"/>",
    "< a/>",
    "<a b = \"1\"/>",
};

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!compare(good[i], strlen(good[i])))
            fail_msg("not taken for plain: %s", good[i]);
    for (size_t i = 0; i < sizeof not_plain / sizeof *not_plain; i++)
        if (tell_plain(not_plain[i], strlen(not_plain[i])))
            fail_msg("taken for plain: %s", not_plain[i]);
}

static void test_depth_and_attributes_are_bounded(void **state)
{
    static const int depths[] = {1, 31, 32, 33, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        struct buf b;
        buf_init(&b, 16384);
        for (int k = 0; k < depths[i]; k++)
            buf_text(&b, "<a>");
        for (int k = 0; k < depths[i]; k++)
            buf_text(&b, "</a>");
        if (b.size <= DOCUMENT_MAX)
            assert_int_equal(compare(b.data, b.size), depths[i] <= 32);
        buf_clear(&b);
        buf_text(&b, "<a");
        for (int k = 0; k < depths[i]; k++)
            buf_printf(&b, " a%d=\"\"", k);
        buf_text(&b, "/>");
        if (b.size <= DOCUMENT_MAX)
            assert_int_equal(compare(b.data, b.size), depths[i] <= 64);
        buf_release(&b);
    }
}

/* ---- at random ---- */

static uint64_t chance = 20261126;

static unsigned draw(unsigned below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)((chance >> 11) % below);
}

static void test_damaged(void **state)
{
    static const char troublesome[] = "<>&;\"'/=:?!-[]#x \n\t\rAz09_.\x01\x7f\x80\xe9";
    size_t plain = 0;
    (void)state;
    for (int i = 0; i < test_effort(100000); i++) {
        char document[DOCUMENT_MAX];
        const char *from = good[draw(sizeof good / sizeof *good)];
        size_t size = strlen(from);
        memcpy(document, from, size);
        for (unsigned times = 1 + draw(3); times > 0 && size > 1; times--) {
            const size_t at = draw((unsigned)size), length = 1 + draw(8);
            switch (draw(3)) {
            case 0: /* another byte */
                document[at] = troublesome[draw(sizeof troublesome - 1)];
                break;
            case 1: /* bytes fewer */
                if (at + length < size) {
                    memmove(document + at, document + at + length, size - at - length);
                    size -= length;
                }
                break;
            default: /* bytes twice */
                if (at + length < size && size + length < DOCUMENT_MAX) {
                    memmove(document + at + length, document + at, size - at);
                    size += length;
                }
            }
        }
        plain += compare(document, size);
    }
    assert_true(plain > 1000); /* the comparison has had something to compare */
}

static void test_put_together(void **state)
{
    static const char *const parts[] = {"<a>",
                                        "</a>",
                                        "<a/>",
                                        "<b x=\"1\">",
                                        "</b>",
                                        "<p:a>",
                                        "</p:a>",
                                        "<a xmlns=\"u\">",
                                        "<a xmlns:p=\"u\">",
                                        " ",
                                        "\n",
                                        "text",
                                        "&lt;",
                                        "&#65;",
                                        "&#x7e;",
                                        "&bogus;",
                                        "]]",
                                        ">",
                                        "<a a='",
                                        "'/>",
                                        "\"",
                                        "<?xml version=\"1.0\"?>",
                                        "<!---->",
                                        "<![CDATA[]]>",
                                        "<a b=\"1\" b=\"1\"/>"};
    size_t plain = 0;
    (void)state;
    for (int i = 0; i < test_effort(100000); i++) {
        char document[DOCUMENT_MAX];
        size_t size = 0;
        for (unsigned count = 1 + draw(8); count > 0; count--) {
            const char *part = parts[draw(sizeof parts / sizeof *parts)];
            memcpy(document + size, part, strlen(part));
            size += strlen(part);
        }
        plain += compare(document, size);
    }
    assert_true(plain > 500);
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&told, 1 << 20);
    reader = xml_reader_new();
    return reader == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    xml_reader_free(reader);
    buf_release(&told);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_depth_and_attributes_are_bounded),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_put_together),
    };
    return cmocka_run_group_tests_name("plain XML", tests, set_up, tear_down);
}
