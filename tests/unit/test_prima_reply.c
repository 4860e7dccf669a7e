/* Replies: envelopes and inner documents, well meant and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>

#include "prima/envelope.h"
#include "prima/reply.h"

#define NS "http://schemas.xmlsoap.org/soap/envelope/"
#define OPEN "<e:Envelope xmlns:e='" NS "'><e:Body>"
#define CLOSE "</e:Body></e:Envelope>"

static struct xml_reader *reader;

static int make_reader(void **state)
{
    (void)state;
    reader = xml_reader_new();
    return reader == NULL;
}

static int free_reader(void **state)
{
    (void)state;
    xml_reader_free(reader);
    return 0;
}

static void test_envelope(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes, *charset;
        int result;
        const char *text;
        bool is_fault;
    } rows[] = {
        {"escaped",
         OPEN "<n:xResponse xmlns:n='u'><r>&lt;A b=\"1 &amp;amp; 2\"/&gt;</r></n:xResponse>" CLOSE,
         .text = "<A b=\"1 &amp; 2\"/>"},
        {"CDATA", OPEN "<xResponse><r><![CDATA[<A/>]]></r></xResponse>" CLOSE, .text = "<A/>"},
        {"CDATA and text in turn",
         OPEN "<xResponse><r>&lt;<![CDATA[A]]>/&gt;</r></xResponse>" CLOSE, .text = "<A/>"},
        {"comments between", OPEN "<xResponse><r>&lt;A<!-- no -->/&gt;</r></xResponse>" CLOSE,
         .text = "<A/>"},
        {"character references", OPEN "<xResponse><r>&#60;\xC3\xA9&#233;</r></xResponse>" CLOSE,
         .text = "<\xC3\xA9\xC3\xA9"},
        {"other prefixes, a header, blanks",
         "<?xml version='1.0'?>\n<S:Envelope xmlns:S='" NS
         "'>\n<S:Header><x>no</x></S:Header>\n<S:Body>\n<q:comwsomhandlerResponse"
         " xmlns:q='v'>\n <ns9:result "
         "xmlns:ns9='w'>yes</ns9:result>\n</q:comwsomhandlerResponse>\n</S:Body>\n</S:Envelope>\n",
         .text = "yes"},
        {"no prefix at all",
         "<Envelope xmlns='" NS "'><Body><xResponse><r>yes</r></xResponse></Body></Envelope>",
         .text = "yes"},
        {"the first child counts", OPEN "<xResponse><r>one</r><r>two</r></xResponse>" CLOSE,
         .text = "one"},
        {"text of inner elements does not", OPEN "<xResponse><r>a<b>c</b>d</r></xResponse>" CLOSE,
         .text = "ad"},
        {"an empty child", OPEN "<xResponse><r/></xResponse>" CLOSE, .text = ""},
        {"Latin-1, declared",
         "<?xml version='1.0' encoding='ISO-8859-1'?>" OPEN
         "<xResponse><r>\xE9</r></xResponse>" CLOSE,
         .text = "\xC3\xA9"},
        {"Latin-1 by the header", OPEN "<xResponse><r>\xE9</r></xResponse>" CLOSE, "ISO-8859-1",
         .text = "\xC3\xA9"},
        {"the declaration goes before the header",
         "<?xml version='1.0' encoding='ISO-8859-1'?>" OPEN
         "<xResponse><r>\xE9</r></xResponse>" CLOSE,
         "utf-8", .text = "\xC3\xA9"},
        {"a fault",
         OPEN "<e:Fault><faultcode>e:Server</faultcode><faultstring>so &amp; "
              "so</faultstring><detail><x>y</x></detail></e:Fault>" CLOSE,
         .text = "so & so", .is_fault = true},
        {"a fault without words", OPEN "<e:Fault/>" CLOSE, .text = "", .is_fault = true},
        {"a fault before a response", OPEN "<Fault/><xResponse><r>a</r></xResponse>" CLOSE,
         .text = "", .is_fault = true},
        {"a fault behind a response",
         OPEN "<xResponse><r>a</r></xResponse><Fault><faultstring>no</faultstring></Fault>" CLOSE,
         .text = "no", .is_fault = true},
        {"a fault that a comment follows",
         OPEN "<Fault><faultstring>no</faultstring></Fault><!-- -->" CLOSE, .text = "no",
         .is_fault = true},
        {"a response that a comment follows", OPEN "<xResponse><r>a</r></xResponse><!-- -->" CLOSE,
         .text = "a"},
        {"a fault in a second body",
         OPEN "<xResponse><r>a</r></xResponse></e:Body><e:Body><Fault/>" CLOSE, .text = "",
         .is_fault = true},
        {"something else behind a fault",
         OPEN "<Fault><faultstring>no</faultstring></Fault><x><y>z</y></x>" CLOSE, .text = "no",
         .is_fault = true},
        {"declared UTF-8, is not",
         "<?xml version='1.0' encoding='UTF-8'?>" OPEN "<xResponse><r>\xE9</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"undeclared and not UTF-8", OPEN "<xResponse><r>\xE9</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"an unknown encoding",
         "<?xml version='1.0' encoding='X-NONE'?>" OPEN "<xResponse><r>a</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"cut", OPEN "<xResponse><r>&lt;A/&gt;</r></xResp", .result = -EBADMSG},
        {"text after the end", OPEN "<xResponse><r>a</r></xResponse>" CLOSE "x",
         .result = -EBADMSG},
        {"a second document after the end", OPEN "<xResponse><r>a</r></xResponse>" CLOSE "<b/>",
         .result = -EBADMSG},
        {"a response with no child", OPEN "<xResponse>text</xResponse>" CLOSE, .result = -EBADMSG},
        {"a body with something else", OPEN "<html><r>a</r></html>" CLOSE, .result = -EBADMSG},
        {"an HTML error page", "<html><body><h1>502</h1></body></html>", .result = -EBADMSG},
        {"a response outside of a body",
         "<e:Envelope xmlns:e='" NS
         "'><e:Head><xResponse><r>a</r></xResponse></e:Head></e:Envelope>",
         .result = -EBADMSG},
        {"no XML", "OK", .result = -EBADMSG},
        {"a DOCTYPE", "<!DOCTYPE Envelope>" OPEN "<xResponse><r>a</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"an entity of its own",
         "<!DOCTYPE Envelope [<!ENTITY a 'b'>]>" OPEN "<xResponse><r>&a;</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a file as an entity",
         "<!DOCTYPE e [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" OPEN
         "<xResponse><r>&a;</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a DTD from the network",
         "<!DOCTYPE e SYSTEM 'http://127.0.0.1:9/x.dtd'>" OPEN
         "<xResponse><r>a</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a parameter entity",
         "<!DOCTYPE e [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]>" OPEN
         "<xResponse><r>a</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a billion laughs",
         "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "
         "'&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
         "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY f "
         "'&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]>" OPEN "<xResponse><r>&f;</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"an entity that nobody declared", OPEN "<xResponse><r>&nbsp;</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a character that XML forbids", OPEN "<xResponse><r>a&#1;b</r></xResponse>" CLOSE,
         .result = -EBADMSG},
        {"a text beyond the cap",
         OPEN
         "<xResponse><r>0123456789012345678901234567890123456789012345678901234567890123456789</"
         "r></xResponse>" CLOSE,
         .result = -E2BIG},
        {"empty", "", .result = -EBADMSG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct envelope_reply reply = {.is_fault = false};
        buf_init(&reply.text, 64);
        assert_int_equal(
            envelope_read(reader, rows[i].bytes, strlen(rows[i].bytes), rows[i].charset, &reply),
            rows[i].result);
        if (rows[i].result == 0) {
            assert_string_equal(reply.text.data, rows[i].text);
            assert_int_equal(reply.is_fault, rows[i].is_fault);
        }
        buf_release(&reply.text);
    }
}

static void test_deep(void **state)
{
    (void)state;
    struct buf deep;
    buf_init(&deep, 10000000);
    buf_text(&deep, OPEN "<xResponse><r>");
    for (int i = 0; i < 1000000; i++)
        buf_text(&deep, "<a>");
    struct envelope_reply reply = {.is_fault = false};
    buf_init(&reply.text, 64);
    assert_int_equal(envelope_read(reader, deep.data, deep.size, NULL, &reply), -EBADMSG);
    buf_release(&deep);
    buf_release(&reply.text);
}

static void test_wide(void **state)
{
    (void)state;
    struct buf wide;
    buf_init(&wide, 10000000);
    buf_text(&wide, OPEN "<xResponse");
    for (int i = 0; i < 257; i++)
        buf_printf(&wide, " a%d=''", i);
    buf_text(&wide, "><r>x</r></xResponse>" CLOSE);
    struct envelope_reply reply = {.is_fault = false};
    buf_init(&reply.text, 64);
    assert_int_equal(envelope_read(reader, wide.data, wide.size, NULL, &reply), -EBADMSG);
    buf_release(&wide);
    buf_release(&reply.text);
}

/* A parser of libxml2 remembers every name for good: a stream of new ones must not make it grow. */
static void test_names_do_not_pile_up(void **state)
{
    (void)state;
    static char document[600 * 1024];
    const size_t before = mallinfo2().uordblks; /* 0, always, under a sanitizer */
    for (int round = 0; round < 20; round++) {  /* 20 times half a megabyte of names */
        size_t size = (size_t)snprintf(document, sizeof document, "<r>");
        for (int i = 0; i < 1000; i++)
            size += (size_t)snprintf(document + size, sizeof document - size, "<n%d_%d_%0500d/>",
                                     round, i, 0);
        size += (size_t)snprintf(document + size, sizeof document - size, "</r>");
        assert_int_equal(xml_read(reader, document, size, NULL, false,
                                  &(const struct xml_events){.open = NULL}, NULL),
                         0);
    }
    assert_true(mallinfo2().uordblks - before < 3 * 1024 * 1024);
}

static void test_reply(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum prima_type type;
        int result;
        struct reply reply;
    } rows[] = {
        {"declared Latin-1, is UTF-8 by now",
         "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><R RequestStatus='ERROR' "
         "RequestError='Pr\xC3\xA9nom &amp; co'/>",
         PRIMA_NEW_ORDER, .reply = {.status = REPLY_STATUS_ERROR, .error = "Pr\xC3\xA9nom & co"}},
        {"status in lower case", "<R RequestStatus='ok'/>", PRIMA_NEW_ORDER,
         .reply = {.status = REPLY_STATUS_OK, .error = ""}},
        {"another status", "<R RequestStatus='WARN'/>", PRIMA_NEW_ORDER,
         .reply = {.status = REPLY_STATUS_OTHER, .error = ""}},
        {"status on the Data alone", "<R><Data RequestStatus='OK'/></R>", PRIMA_NEW_ORDER,
         .reply = {.status = REPLY_STATUS_OK, .error = "", .has_data = true}},
        {"OK over a Data that failed",
         "<R RequestStatus='OK'><Data RequestStatus='ERROR' RequestError='no'/></R>",
         PRIMA_NEW_ORDER,
         .reply =
             {.status = REPLY_STATUS_OK, .error = "no", .has_data = true, .has_inner_error = true}},
        {"OK over a second Data that failed",
         "<R RequestStatus='OK'><Data/><Data RequestError='no'/></R>", PRIMA_NEW_ORDER,
         .reply =
             {.status = REPLY_STATUS_OK, .error = "no", .has_data = true, .has_inner_error = true}},
        {"rows in either case, others passed over",
         "<R><Data><SKU Product='a' MtrxCode2='m'/><other Product='x'/><sku "
         "Product='b'/></Data></R>",
         PRIMA_PRODUCT_READ, .reply = {.error = "", .has_data = true, .product_count = 2}},
        {"rows before a comment are not told twice",
         "<R RequestError='no'><Data><sku Product='a'/><!-- --><sku Product='b'/></Data></R>",
         PRIMA_PRODUCT_READ, .reply = {.error = "no", .has_data = true, .product_count = 2}},
        {"rows outside of Data do not count", "<R><sku Product='a'/><x><sku Product='b'/></x></R>",
         PRIMA_PRODUCT_READ, .reply = {.error = ""}},
        {"rows of rows do not count", "<R><Data><x><sku Product='b'/></x></Data></R>",
         PRIMA_PRODUCT_READ, .reply = {.error = "", .has_data = true}},
        {"documents, and lines within them",
         "<R RequestStatus='OK'><Data Pages='3'><Document "
         "OrderNumber='1'><Line/><x/><Line/></Document>"
         "<Document/></Data></R>",
         PRIMA_ORDER_SEARCH,
         .reply = {.status = REPLY_STATUS_OK,
                   .error = "",
                   .has_data = true,
                   .document_count = 2,
                   .pages = 3}},
        {"a line outside of a document", "<R><Data><Document/></Data><x><y><Line/></y></x></R>",
         PRIMA_ORDER_SEARCH, .reply = {.error = "", .has_data = true, .document_count = 1}},
        {"pages that are no number", "<R><Data Pages='many'><Document/></Data></R>",
         PRIMA_ORDER_SEARCH, .reply = {.error = "", .has_data = true, .document_count = 1}},
        {"more pages than can be", "<R><Data Pages='99999999999999999999'/></R>",
         PRIMA_ORDER_SEARCH, .reply = {.error = "", .has_data = true}},
        {"documents in another read's reply", "<R><Data Pages='3'><Document/></Data></R>",
         PRIMA_PRODUCT_READ, .reply = {.error = "", .has_data = true}},
        {"an account without a code is none", "<R><Data><Customer CustomerRef='r'/></Data></R>",
         PRIMA_CUSTOMER_SEARCH, .reply = {.error = "", .has_data = true}},
        {"the new account is on the Data", "<R RequestStatus='OK'><Data Account='C9'/></R>",
         PRIMA_NEW_CUSTOMER,
         .reply = {.status = REPLY_STATUS_OK, .error = "", .has_data = true, .account_count = 1}},
        {"not XML", "ERROR: out of cheese", PRIMA_NEW_ORDER, .result = -EBADMSG},
        {"empty", "", PRIMA_NEW_ORDER, .result = -EBADMSG},
        {"a DOCTYPE inside the text", "<!DOCTYPE R [<!ENTITY a 'OK'>]><R RequestStatus='&a;'/>",
         PRIMA_NEW_ORDER, .result = -EBADMSG},
        {"an attribute twice", "<R RequestStatus='OK' RequestStatus='ERROR'/>", PRIMA_NEW_ORDER,
         .result = -EBADMSG},
    };
    struct config *config;
    struct config_message message;
    struct prima_names names;
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(100000);
        struct reply reply;
        assert_int_equal(reply_read(reader, &names, rows[i].type, rows[i].text,
                                    strlen(rows[i].text), arena, &reply),
                         rows[i].result);
        if (rows[i].result == 0) {
            assert_int_equal(reply.status, rows[i].reply.status);
            assert_string_equal(reply.error, rows[i].reply.error);
            assert_int_equal(reply.has_data, rows[i].reply.has_data);
            assert_int_equal(reply.has_inner_error, rows[i].reply.has_inner_error);
            assert_int_equal(reply.account_count, rows[i].reply.account_count);
            assert_int_equal(reply.product_count, rows[i].reply.product_count);
            assert_int_equal(reply.document_count, rows[i].reply.document_count);
            assert_int_equal(reply.pages, rows[i].reply.pages);
        }
        arena_free(arena);
    }
    config_free(config);
}

/* Rows by their configured names; a row that lacks one has "" there. */
static void test_accounts(void **state)
{
    static const char text[] =
        "<R RequestStatus='OK'><Data>"
        "<Customer Account='C1' CustomerRef='201-7' CustomerEmail='a@b.example'/>"
        "<Customer Account='C2'/><Customer CustomerEmail='c@d.example'/>"
        "<Customer Account='C3'/><Customer Account='C4'/>"
        "<Customer Account='C5' CustomerRef='201-8'/></Data></R>";
    static const char *const refs[] = {"201-7", "", "", "", "201-8"};
    struct config *config;
    struct config_message message;
    struct prima_names names;
    struct reply reply;
    struct arena *arena = arena_new(100000);
    (void)state;
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    assert_int_equal(
        reply_read(reader, &names, PRIMA_CUSTOMER_SEARCH, text, sizeof text - 1, arena, &reply), 0);
    assert_int_equal(reply.account_count, 5);
    for (size_t i = 0; i < 5; i++) {
        const char account[] = {'C', (char)('1' + i), '\0'};
        assert_string_equal(reply.accounts[i].account, account);
        assert_string_equal(reply.accounts[i].customer_ref, refs[i]);
        assert_string_equal(reply.accounts[i].email, i == 0 ? "a@b.example" : "");
    }
    arena_free(arena);
    config_free(config);
}

/* Every attribute of a document by its configured name, and each document's own lines. */
static void test_documents(void **state)
{
    static const char text[] = "<R RequestStatus='OK'><Data>"
                               "<Document DocumentType='Order' OrderNumber='2011' "
                               "DocumentDate='2026-11-20' Currency='GBP' Net='83.33' Tax='16.67'"
                               " GrossTotal='100.00' Gross='1.00' Hold='Yes' "
                               "Status='Held'><Line/><Line/><Line/></Document>"
                               "<Document OrderNumber='2012'/></Data></R>";
    static const char *const override[] = {"prima.name.document_gross=GrossTotal"};
    struct config *config;
    struct config_message message;
    struct prima_names names;
    struct reply reply;
    struct arena *arena = arena_new(100000);
    (void)state;
    assert_int_equal(config_load(NULL, override, 1, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    assert_int_equal(
        reply_read(reader, &names, PRIMA_ORDER_SEARCH, text, sizeof text - 1, arena, &reply), 0);
    assert_int_equal(reply.document_count, 2);
    const struct prima_document *d = &reply.documents[0];
    assert_string_equal(d->type, "Order");
    assert_string_equal(d->number, "2011");
    assert_string_equal(d->date, "2026-11-20");
    assert_string_equal(d->currency, "GBP");
    assert_string_equal(d->net, "83.33");
    assert_string_equal(d->tax, "16.67");
    assert_string_equal(d->gross, "100.00");
    assert_string_equal(d->hold, "Yes");
    assert_int_equal(d->line_count, 3);
    assert_string_equal(reply.documents[1].number, "2012");
    assert_string_equal(reply.documents[1].gross, "");
    assert_int_equal(reply.documents[1].line_count, 0);
    static const char outside[] = "<R><Data><Document/></Data><x><y><Line/></y></x></R>";
    assert_int_equal(
        reply_read(reader, &names, PRIMA_ORDER_SEARCH, outside, sizeof outside - 1, arena, &reply),
        0);
    assert_int_equal(reply.document_count, 1);
    assert_int_equal(reply.documents[0].line_count, 0);
    arena_free(arena);
    config_free(config);
}

/* Parcels of an order by their configured names, and each parcel's own lines. */
static void test_parcels(void **state)
{
    static const char text[] =
        "<R RequestStatus='OK'><Data OrderNumber='2011' OrderStatus='Part Despatched'>"
        "<Despatch DespatchNumber='D1' DespatchDate='2026-11-20' Courier='DPD' Carrier='other' "
        "CarrServ='24' TrackingNumber='T 1' TrackingURL='https://t.example/1'>"
        "<Line OrderLine='1' Quantity='2'/><Line OrderLine='2' Quantity='1'/><Other/></Despatch>"
        "<Despatch DespatchNumber='D2'/><Despatch><Line/></Despatch>"
        "<Note><Line OrderLine='9' Quantity='9'/></Note></Data></R>";
    static const char *const override[] = {"prima.name.despatch_carrier=Courier"};
    struct config *config;
    struct config_message message;
    struct prima_names names;
    struct reply reply;
    struct arena *arena = arena_new(100000);
    (void)state;
    assert_int_equal(config_load(NULL, override, 1, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    assert_int_equal(
        reply_read(reader, &names, PRIMA_ORDER_STATUS, text, sizeof text - 1, arena, &reply), 0);
    assert_int_equal(reply.despatch_count, 3);
    const struct prima_despatch *d = reply.despatches;
    assert_string_equal(d[0].number, "D1");
    assert_string_equal(d[0].date, "2026-11-20");
    assert_string_equal(d[0].carrier, "DPD");
    assert_string_equal(d[0].service, "24");
    assert_string_equal(d[0].tracking_number, "T 1");
    assert_string_equal(d[0].tracking_url, "https://t.example/1");
    assert_int_equal(d[0].line_count, 2);
    assert_string_equal(d[0].lines[0].order_line, "1");
    assert_string_equal(d[0].lines[1].quantity, "1");
    assert_int_equal(d[1].line_count, 0);
    assert_string_equal(d[1].tracking_number, "");
    assert_string_equal(d[2].number, "");
    assert_int_equal(d[2].line_count, 1);
    assert_string_equal(d[2].lines[0].order_line, "");
    arena_free(arena);
    config_free(config);
}

static void test_products(void **state)
{
    static const char text[] =
        "<R><Data><sku Product='P' MtrxCode1='a' MtrxCode2='b' MtrxCode3='c' MtrxCode4='d'/>"
        "<SKU MtrxCode4='e' MtrxCode5='f'/></Data></R>";
    static const char *const parts[2][4] = {{"a", "b", "c", "d"}, {"", "", "", "e"}};
    const struct prima_names names = {
        .request_status = "RequestStatus", .request_error = "RequestError", .echo = ""};
    struct arena *arena = arena_new(100000);
    struct reply reply;
    (void)state;
    assert_int_equal(
        reply_read(reader, &names, PRIMA_PRODUCT_READ, text, sizeof text - 1, arena, &reply), 0);
    assert_int_equal(reply.product_count, 2);
    assert_string_equal(reply.products[0].product, "P");
    assert_string_equal(reply.products[1].product, "");
    for (size_t row = 0; row < 2; row++)
        for (size_t i = 0; i < 4; i++)
            assert_string_equal(reply.products[row].matrix[i], parts[row][i]);
    arena_free(arena);
}

/* A page's count is a whole number of few digits, or it is not known. */
static void test_pages(void **state)
{
    static const struct {
        const char *pages;
        int64_t count;
    } rows[] = {{"0", 0},   {"9", 9},   {"10", 10},        {"109", 109}, {"2147483647", 2147483647},
                {"-1", 0},  {"1:", 0},  {"1/", 0},         {"", 0},      {" 3", 0},
                {"3.0", 0}, {"007", 7}, {"99999999999", 0}};
    struct config *config;
    struct config_message message;
    struct prima_names names;
    (void)state;
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        struct reply reply;
        struct arena *arena = arena_new(100000);
        const int size =
            snprintf(text, sizeof text, "<R><Data Pages='%s' Page='2'/></R>", rows[i].pages);
        assert_int_equal(
            reply_read(reader, &names, PRIMA_ORDER_SEARCH, text, (size_t)size, arena, &reply), 0);
        if (reply.pages != rows[i].count)
            fail_msg("\"%s\": %lld", rows[i].pages, (long long)reply.pages);
        assert_string_equal(reply.page, "2");
        arena_free(arena);
    }
    config_free(config);
}

/* An order's state and our own mark, where they say something. */
static void test_order_status(void **state)
{
    static const struct {
        const char *echo, *data, *status, *mark;
    } rows[] = {
        {"Mark", "OrderStatus='Open' Mark='m'", "Open", "m"},
        {"Mark", "OrderStatus='' Mark=''", NULL, NULL},
        {"Mark", "", NULL, NULL},
        {"", "OrderStatus='Open' Mark='m'", "Open", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct prima_names names = {.request_status = "RequestStatus",
                                          .request_error = "RequestError",
                                          .order_status = "OrderStatus",
                                          .echo = rows[i].echo};
        char text[100];
        struct reply reply;
        struct arena *arena = arena_new(100000);
        const int size = snprintf(text, sizeof text, "<R><Data %s/></R>", rows[i].data);
        assert_int_equal(
            reply_read(reader, &names, PRIMA_ORDER_STATUS, text, (size_t)size, arena, &reply), 0);
        assert_int_equal(reply.order_status != NULL, rows[i].status != NULL);
        assert_int_equal(reply.echo != NULL, rows[i].mark != NULL);
        if (rows[i].status != NULL)
            assert_string_equal(reply.order_status, rows[i].status);
        if (rows[i].mark != NULL)
            assert_string_equal(reply.echo, rows[i].mark);
        arena_free(arena);
    }
}

/* Envelope and document are read in turn by one reader: neither may hear of the other's
 * encoding. */
static void test_encodings_in_turn(void **state)
{
    static const char latin1[] = "<?xml version='1.0' encoding='ISO-8859-1'?>" OPEN
                                 "<xResponse><r>\xE9</r></xResponse>" CLOSE;
    static const char inner[] =
        "<?xml version='1.0' encoding='ISO-8859-1'?><R a='\xC3\xA9'/>"; /* UTF-8 whatever it
                                                                           declares */
    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        struct envelope_reply reply = {.is_fault = false};
        buf_init(&reply.text, 64);
        assert_int_equal(
            envelope_read(reader, latin1, sizeof latin1 - 1, turn == 2 ? "utf-8" : NULL, &reply),
            0);
        assert_string_equal(reply.text.data, "\xC3\xA9");
        buf_release(&reply.text);
        assert_int_equal(xml_read(reader, inner, sizeof inner - 1, NULL, true,
                                  &(const struct xml_events){.open = NULL}, NULL),
                         0);
    }
}

/* More rows than the array's first room, all kept in order; a full arena is an error, not a short
 * list. */
static void test_many_rows(void **state)
{
    (void)state;
    static char text[40000];
    size_t size = (size_t)snprintf(text, sizeof text, "<R><Data>");
    for (int i = 0; i < 1000; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "<sku Product='P%d'/>", i);
    size += (size_t)snprintf(text + size, sizeof text - size, "</Data></R>");
    const struct prima_names names = {
        .request_status = "RequestStatus", .request_error = "RequestError", .echo = ""};
    struct arena *arena = arena_new(1000000);
    struct reply reply;
    assert_int_equal(reply_read(reader, &names, PRIMA_PRODUCT_READ, text, size, arena, &reply), 0);
    assert_int_equal(reply.product_count, 1000);
    assert_string_equal(reply.products[0].product, "P0");
    assert_string_equal(reply.products[999].product, "P999");
    assert_string_equal(reply.products[999].matrix[3], "");
    arena_free(arena);
    arena = arena_new(5000);
    assert_int_equal(reply_read(reader, &names, PRIMA_PRODUCT_READ, text, size, arena, &reply),
                     -ENOMEM);
    arena_free(arena);
}

/* A note's own number is its proof; the order's beside it is no number of a note. */
static void test_credit_notes(void **state)
{
    (void)state;
    static const char posted[] = "<R RequestStatus=\"OK\"><Data CreditNumber=\"201R7\" "
                                 "OrderNumber=\"2011\"/></R>",
                      asked[] = "<R RequestStatus=\"OK\"><Data CreditNumber=\"201R7\" "
                                "CreditStatus=\"Posted\"/></R>";
    struct config *config;
    struct config_message message;
    struct prima_names names;
    struct reply reply;
    struct arena *arena = arena_new(100000);
    assert_int_equal(config_load(NULL, NULL, 0, &config, &message), 0);
    assert_int_equal(prima_names_read(config, &names, &message), 0);
    assert_int_equal(
        reply_read(reader, &names, PRIMA_NEW_CREDIT_NOTE, posted, sizeof posted - 1, arena, &reply),
        0);
    assert_int_equal(reply.number_count, 1);
    assert_string_equal(reply.order_numbers[0], "201R7");
    assert_int_equal(reply_read(reader, &names, PRIMA_CREDIT_NOTE_STATUS, asked, sizeof asked - 1,
                                arena, &reply),
                     0);
    assert_int_equal(reply.number_count, 1);
    assert_string_equal(reply.order_status, "Posted");
    /* A product read that is answered about a document: noticed by the number (asked.h). */
    assert_int_equal(
        reply_read(reader, &names, PRIMA_PRODUCT_READ, posted, sizeof posted - 1, arena, &reply),
        0);
    assert_int_equal(reply.number_count, 1);
    assert_string_equal(reply.order_numbers[0], "2011");
    arena_free(arena);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_encodings_in_turn),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_names_do_not_pile_up),
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_parcels),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_order_status),
        cmocka_unit_test(test_credit_notes),
    };
    return cmocka_run_group_tests_name("prima.reply", tests, make_reader, free_reader);
}
