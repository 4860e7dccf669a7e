/* The sandbox's XML: documents, on what clients send, on oddities, and on all of it damaged byte by
 * byte; envelopes, the quick way of soap.c against libxml2, which is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "doc.h"
#include "soap.h"

static const char *const documents[] = {
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Request RequestType=\"NewOrder\"><Data "
    "A=\"1\" B=\"\" Long_Name9=\"x y\"><L "
    "Q=\"2\"/><L Q=\"3\" R=\"&lt;&amp;"
    "&quot;&apos;&gt;\"></L></Data></Request>",
    ("<?xml version=\"1.0\"?>\n<R a=\"&#233;&#10;&#9;\"\tb=\"Zo\xC3\xAB \xC5\x81 \xE2\x82\xAC\" "
     ">\n "
     " <S/>\r\n</R >\n"),
    "<R a='single' b=\"&#xE9;\"><!-- comment --><![CDATA[text]]>text<?pi x?></R>",
    "<R a=\"1\" a=\"2\"/>",
    "<R aZa=\"1\" aYb=\"2\" abb=\"\" aZa=\"3\"/>",
    "<R><S></R></S>",
    "<R/><R/>",
    "<R a=\"]]>\" b=\"it's\" c=\"a\tb\" d=\"a\nb\"/>",
    "<R a=\"&bad;\"/>",
    "<R a=\"&#0;\" b=\"&#55296;\"/>",
    "<R a=\"\xC3(\"/>",
    "<R a=\"\xED\xA0\x80\"/>",
    "<R a=\"\xEF\xBF\xBF\"/>",
    "<R a=\"\xF0\x9F\x8E\x82\"/>",
    "<n:R xmlns:n=\"urn:x\" n:a=\"1\"/>",
    "<R xmlns=\"urn:x\" a=\"1\"/>",
    "<R a=\"1\"b=\"2\"/>",
    "<R a = \"1\"/>",
    "<R a=\"x<y\"/>",
    "<R-x a-b=\"1\" c.d=\"2\"/>",
    "<R \xC3\xA9=\"1\"/>",
    "<!DOCTYPE R [<!ENTITY e \"x\">]><R a=\"&e;\"/>",
    "<?xml version=\"1.1\"?><R/>",
    "<?xml version=\"1.0\" standalone=\"yes\"?><R/>",
    "<?xml version=\"1.0\" encoding=\"_\"?><R/>",
    "",
    "<",
    "text",
};
enum { DOCUMENTS = sizeof documents / sizeof *documents };

/* What was taken is a tree in document order, whatever it came from. */
static void check_tree(const struct doc *d)
{
    assert_true(doc_count(d) > 0);
    assert_int_equal(doc_at(d, 0)->depth, 0);
    assert_int_equal(doc_at(d, 0)->end, doc_count(d));
    for (size_t i = 0; i < doc_count(d); i++) {
        const struct doc_element *e = doc_at(d, i);
        assert_true(e->end > i && e->end <= doc_count(d));
        for (size_t below = i + 1; below < e->end; below++)
            assert_true(doc_at(d, below)->depth > e->depth && doc_at(d, below)->end <= e->end);
    }
}

static bool parse_exactly(struct doc *d, const char *text, size_t size)
{
    char *exact =
        malloc(size == 0 ? 1 : size); /* so that the sanitizer sees a read beyond the end */
    assert_non_null(exact);
    memcpy(exact, text, size);
    const int result = doc_parse(d, exact, size);
    free(exact);
    assert_true(result == 0 || result == -EINVAL);
    assert_true(result == 0 || doc_error(d)[0] != '\0');
    if (result == 0)
        check_tree(d);
    return result == 0;
}

static void test_damaged(void **state)
{
    (void)state;
    struct doc *d = doc_new();
    static const char alphabet[] = "<>/\"'&;=# \n\tRa1:-x?![]\x80\xC3\xA9\xE2";
    size_t taken = 0, tried = 0;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        const size_t size = strlen(documents[i]);
        char copy[400];
        taken += parse_exactly(d, documents[i], size);
        for (size_t at = 0; at < size; at++) {
            (void)parse_exactly(d, documents[i], at); /* cut */
            for (size_t c = 0; c < sizeof alphabet - 1; c++) {
                memcpy(copy, documents[i], size); /* one byte changed */
                copy[at] = alphabet[c];
                taken += parse_exactly(d, copy, size);
                memmove(copy + at + 1, documents[i] + at, size - at); /* one byte put in */
                taken += parse_exactly(d, copy, size + 1);
                tried += 2;
            }
            memcpy(copy, documents[i], at); /* one byte taken out */
            memcpy(copy + at, documents[i] + at + 1, size - at - 1);
            taken += parse_exactly(d, copy, size - 1);
        }
    }
    print_message("  %zu damaged documents, %zu of them taken\n", tried, taken);
    assert_true(taken > tried / 50);
    doc_free(d);
}

static void test_document(void **state)
{
    (void)state;
    struct doc *d = doc_new();
    for (int pass = 0; pass < 2; pass++) { /* with a new parser, and with one that was used */
        const char *text = "<R a=\"Zo\xC3\xAB \xC5\x81ukasz &#322;\" b=\"\"><S t=\"1\"/></R>";
        assert_int_equal(doc_parse(d, text, strlen(text)), 0);
        assert_string_equal(doc_attribute(d, doc_at(d, 0), "a"), "Zo\xC3\xAB ?ukasz ?");
        assert_string_equal(doc_attribute(d, doc_at(d, 0), "b"), "");
        assert_string_equal(doc_attribute(d, doc_at(d, 0), "none"), "");
        assert_int_equal(doc_lossy(d), 2);
        assert_int_equal(doc_at(d, 0)->end, 2);
    }
    const char *bomb =
        "<!DOCTYPE R [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><R a=\"&b;\"/>";
    assert_int_equal(doc_parse(d, bomb, strlen(bomb)), -EINVAL);
    assert_string_equal(doc_error(d), "a document type is not allowed");
    char deep[400] = "";
    for (int i = 0; i < 40; i++)
        memcpy(deep + i * 3, "<R>", 3);
    assert_int_equal(doc_parse(d, deep, 120), -E2BIG);
    doc_free(d);
}

#define ENVELOPE(body)                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope "                                       \
    "xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\">" body "</e:Envelope>"
#define CALL(text)                                                                                 \
    ENVELOPE("<e:Body><o:comwsomhandler xmlns:o=\"urn:omlink\"><c>01</c><r>" text                  \
             "</r></o:comwsomhandler></e:Body>")

static void test_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *name, *charset, *text, *company, *request,
            *error; /* error NULL: it is a call */
    } rows[] = {
        {"with a company", NULL, CALL("&lt;R a=\"1\"/&gt;"), "01", "<R a=\"1\"/>", NULL},
        {"without", NULL,
         ENVELOPE("<e:Body><wsomhandler><x>&#60;R/&gt;</x></wsomhandler></e:Body>"), "", "<R/>",
         NULL},
        {"a header is passed over", NULL,
         ENVELOPE("<e:Header><h>&lt;x</h></e:Header><e:Body><wsomhandler><x>y</x></wsomhandler></"
                  "e:Body>"),
         "", "y", NULL},
        {"CDATA is text", NULL, CALL("<![CDATA[<R/>]]>"), "01", "<R/>", NULL},
        {"a comment is none", NULL, CALL("a<!-- x -->b"), "01", "ab", NULL},
        {"HTTP's charset beats the declaration", "ISO-8859-1", CALL("\xEB"), "01", "\xC3\xAB",
         NULL},
        {"UTF-8", NULL, CALL("Zo\xC3\xAB"), "01", "Zo\xC3\xAB", NULL},
        {"an unescaped request", NULL, CALL("<R/>"), NULL, NULL,
         "a parameter has markup inside: the request is a string, so its markup must be escaped"},
        {"another operation", NULL, ENVELOPE("<e:Body><delete><x>y</x></delete></e:Body>"), NULL,
         NULL, "no such operation: wsomhandler and comwsomhandler are all"},
        {"a parameter short", NULL,
         ENVELOPE("<e:Body><comwsomhandler><x>y</x></comwsomhandler></e:Body>"), NULL, NULL,
         "a parameter is missing"},
        {"an empty Body", NULL, ENVELOPE("<e:Body/>"), NULL, NULL, "no operation in the Body"},
        {"no Body", NULL, ENVELOPE(""), NULL, NULL, "no Body"},
        {"two operations", NULL,
         ENVELOPE(
             "<e:Body><wsomhandler><x/></wsomhandler><wsomhandler><x/></wsomhandler></e:Body>"),
         NULL, NULL, "more than one operation in the Body"},
        {"SOAP 1.2", NULL, "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>",
         NULL, NULL, "not a SOAP 1.1 Envelope"},
        {"a document type", NULL, "<!DOCTYPE x><x/>", NULL, NULL,
         "a document type is not allowed in SOAP"},
        {"no XML", NULL, "hello", NULL, NULL, "line 1: Start tag expected, '<' not found"},
        {"a charset that nobody has", "x-none", CALL("y"), NULL, NULL,
         "a charset that is not known here"},
    };
    struct soap *s = soap_new();
    struct soap_call call;
    soap_call_init(&call, 10000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        const int result =
            soap_parse(s, rows[i].charset, rows[i].text, strlen(rows[i].text), &call);
        assert_int_equal(result, rows[i].error == NULL ? 0 : -EINVAL);
        if (rows[i].error == NULL) {
            assert_string_equal(call.company.data, rows[i].company);
            assert_string_equal(call.request.data, rows[i].request);
        } else {
            assert_string_equal(soap_error(s), rows[i].error);
        }
    }
    soap_call_release(&call);
    soap_free(s);
}

/* One parser that has learnt the frame, and a new one for each text, which never has. */
static void test_frame_is_libxml2(void **state)
{
    (void)state;
    static const char alphabet[] = "<>&;]\"'# \n\r\tax0!-[\x01\x80\xC3\xA9\xEF";
    static const char text[] =
        CALL("&lt;R a=\"1 &amp;amp; Zo\xC3\xAB &#233;&#13;\"&gt;] &gt;&apos;&lt;/R&gt;");
    struct soap *learnt = soap_new();
    struct soap_call quick, thorough;
    soap_call_init(&quick, 10000);
    soap_call_init(&thorough, 10000);
    assert_int_equal(soap_parse(learnt, NULL, text, sizeof text - 1, &quick), 0);
    assert_int_equal(soap_parse(learnt, NULL, text, sizeof text - 1, &quick), 0);
    assert_int_equal(soap_quick_count(learnt), 1);
    size_t tried = 0;
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t c = 0; c < sizeof alphabet - 1; c++) {
            char copy[sizeof text];
            memcpy(copy, text, at);
            copy[at] = alphabet[c];
            memcpy(copy + at + 1, text + at, sizeof text - 1 - at); /* one byte put in */
            struct soap *fresh = soap_new();
            const int expected = soap_parse(fresh, NULL, copy, sizeof text, &thorough);
            const int result = soap_parse(learnt, NULL, copy, sizeof text, &quick);
            if (result != expected ||
                (result == 0 && (strcmp(quick.request.data, thorough.request.data) != 0 ||
                                 quick.operation != thorough.operation ||
                                 strcmp(quick.company.data, thorough.company.data) != 0)))
                fail_msg("quick %d '%s', libxml2 %d '%s': %s", result, quick.request.data, expected,
                         thorough.request.data, copy);
            soap_free(fresh);
            tried++;
        }
    print_message("  %zu damaged calls, %zu read the quick way\n", tried, soap_quick_count(learnt));
    assert_true(soap_quick_count(learnt) > tried / 20);
    soap_call_release(&quick);
    soap_call_release(&thorough);
    soap_free(learnt);
}

/* A frame that is declared as Latin-1 must not be learnt as UTF-8. */
static void test_frame_of_another_encoding(void **state)
{
    (void)state;
    static const char text[] = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><e:Envelope "
                               "xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>"
                               "<wsomhandler><r>Zo\xC3\xAB</r></wsomhandler></e:Body></e:Envelope>";
    struct soap *s = soap_new();
    struct soap_call call;
    soap_call_init(&call, 1000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(soap_parse(s, NULL, text, sizeof text - 1, &call), 0);
        assert_string_equal(call.request.data, "Zo\xC3\x83\xC2\xAB");
    }
    assert_int_equal(soap_quick_count(s), 0);
    assert_int_equal(soap_parse(s, "utf-8", text, sizeof text - 1, &call),
                     0); /* HTTP says otherwise, this once */
    assert_string_equal(call.request.data, "Zo\xC3\xAB");
    assert_int_equal(soap_parse(s, NULL, text, sizeof text - 1, &call), 0);
    assert_string_equal(call.request.data, "Zo\xC3\x83\xC2\xAB");
    soap_call_release(&call);
    soap_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_frame_is_libxml2),
        cmocka_unit_test(test_frame_of_another_encoding),
    };
    return cmocka_run_group_tests_name("sandbox xml", tests, NULL, NULL);
}
