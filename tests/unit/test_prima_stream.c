/* Stock replies read as they arrive: the rows are told as they are in the document, wherever it is
 * cut into pieces; what is not whole, not well-formed or not ours never ends well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/buf.h"
#include "prima/reply_stream.h"
#include "prima/xml_push.h"

#define NS "http://schemas.xmlsoap.org/soap/envelope/"
#define OPEN "<e:Envelope xmlns:e='" NS "'><e:Body>"
#define CLOSE "</e:Body></e:Envelope>"
#define RESPONSE(text) OPEN "<xResponse><r>" text "</r></xResponse>" CLOSE
#define OK_ROOT "&lt;Response RequestStatus=\"OK\"&gt;&lt;Data&gt;"
#define END_ROOT "&lt;/Data&gt;&lt;/Response&gt;"
#define ROW(attributes) "&lt;sku " attributes "/&gt;"

static const struct prima_names names = {.request_status = "RequestStatus",
                                         .request_error = "RequestError",
                                         .stock_warehouse = "Warehouse",
                                         .stock_read = "ProductAvailableToSell"};

struct heard {
    struct buf rows;
    size_t count, stop_after; /* 0: never */
    int result;
    char status, error[64], fault[64];
    size_t told;
    bool has_data, has_inner_error;
};

static bool on_row(void *user, const struct prima_stock_row *row)
{
    struct heard *h = user;
    h->count++;
    buf_printf(&h->rows, "%s:%s:%s:%s:%s@%s=%s,%s%s;", row->product, row->matrix[0], row->matrix[1],
               row->matrix[2], row->matrix[3], row->warehouse, row->available, row->date,
               row->is_too_long ? "!" : "");
    return h->count != h->stop_after;
}

/* Reads `bytes` in pieces of `piece` bytes, behind a first one of `first`. */
static void hear(struct heard *h, const char *bytes, size_t size, size_t first, size_t piece,
                 const char *charset)
{
    const size_t stop_after = h->stop_after;
    *h = (struct heard){.stop_after = stop_after};
    buf_init(&h->rows, 1 << 20);
    struct arena *arena = arena_new(1 << 16);
    struct reply_stream *stream = reply_stream_new(&names, PRIMA_STOCK_READ, arena, 200, on_row, h);
    assert_non_null(stream);
    for (size_t at = 0; at < size && h->result == 0;) {
        size_t some = at == 0 && first > 0 ? first : piece;
        some = some < size - at ? some : size - at;
        h->result = reply_stream_feed(stream, charset, bytes + at, some);
        at += some;
    }
    const int ended = reply_stream_end(stream);
    if (h->result == 0)
        h->result = ended;
    else
        assert_int_equal(ended, h->result); /* an error stays */
    const char *fault = NULL;
    const struct reply *reply = h->result == 0 ? reply_stream_reply(stream, &fault) : NULL;
    if (reply != NULL) {
        h->status = "-oex"[reply->status];
        (void)snprintf(h->error, sizeof h->error, "%s", reply->error);
        h->told = reply->product_count;
        h->has_data = reply->has_data;
        h->has_inner_error = reply->has_inner_error;
    } else if (h->result == 0) {
        (void)snprintf(h->fault, sizeof h->fault, "%s", fault);
    }
    reply_stream_free(stream);
    arena_free(arena);
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes, *charset;
        int result;
        const char *rows;
        char status;
    } cases[] = {
        {"rows",
         RESPONSE(OK_ROOT ROW("Product=\"A\" MtrxCode1=\"R\" MtrxCode2=\"M\" "
                              "Warehouse=\"01\" AvailableQuantity=\"5\" "
                              "AvailableDate=\"2026-12-01\"")
                      ROW("Product=\"B\" AvailableQuantity=\"-3\"") END_ROOT),
         .rows = "A:R:M::@01=5,2026-12-01;B::::@=-3,;", .status = 'o'},
        {"rows named SKU",
         RESPONSE(OK_ROOT "&lt;SKU Product=\"A\"/&gt;&lt;other Product=\"C\"/&gt;" END_ROOT),
         .rows = "A::::@=,;", .status = 'o'},
        {"in CDATA",
         RESPONSE("<![CDATA[<Response RequestStatus=\"OK\"><Data><sku "
                  "Product='A&amp;B'/></Data></Response>]]>"),
         .rows = "A&B::::@=,;", .status = 'o'},
        {"two Data, a declaration that is not so",
         RESPONSE(
             "&lt;?xml version=\"1.0\" encoding=\"ISO-8859-1\"?&gt;&lt;Response "
             "RequestStatus=\"OK\"&gt;&lt;Data&gt;" ROW(
                 "Product=\"\xC3\x89T\xC3\x89\"") "&lt;/Data&gt;&lt;Data&gt;" ROW("Product=\"B\"")
                 END_ROOT),
         .rows = "\xC3\x89T\xC3\x89::::@=,;B::::@=,;", .status = 'o'},
        {"Latin-1, declared",
         "<?xml version='1.0' encoding='ISO-8859-1'?>" RESPONSE(OK_ROOT ROW("Product=\"\xC9T\xC9\"")
                                                                    END_ROOT),
         .rows = "\xC3\x89T\xC3\x89::::@=,;", .status = 'o'},
        {"Latin-1, by HTTP", RESPONSE(OK_ROOT ROW("Product=\"\xC9T\xC9\"") END_ROOT),
         .charset = "ISO-8859-1", .rows = "\xC3\x89T\xC3\x89::::@=,;", .status = 'o'},
        {"Latin-1 that says UTF-8", RESPONSE(OK_ROOT ROW("Product=\"\xC9T\xC9\"") END_ROOT),
         .result = -EBADMSG},
        {"a charset that nobody knows", RESPONSE(OK_ROOT END_ROOT), .charset = "x-none",
         .result = -EBADMSG},
        {"no rows", RESPONSE(OK_ROOT END_ROOT), .rows = "", .status = 'o'},
        {"rows without a status",
         RESPONSE("&lt;R&gt;&lt;Data&gt;" ROW("Product=\"A\"") "&lt;/Data&gt;&lt;/R&gt;"),
         .rows = "A::::@=,;", .status = '-'},
        {"ERROR behind rows of a Data",
         RESPONSE("&lt;R&gt;&lt;Data&gt;" ROW(
             "Product=\"A\"") "&lt;/Data&gt;&lt;Data RequestStatus=\"ERROR\"/&gt;&lt;/R&gt;"),
         .rows = "A::::@=,;", .status = 'e'},
        {"the inner document ends too early",
         RESPONSE(OK_ROOT ROW("Product=\"A\"") "&lt;/Data&gt;"), .result = -EBADMSG},
        {"... within a row", RESPONSE(OK_ROOT "&lt;sku Product=\"A"), .result = -EBADMSG},
        {"something behind its end", RESPONSE(OK_ROOT END_ROOT "&lt;x/&gt;"), .result = -EBADMSG},
        {"an attribute twice", RESPONSE(OK_ROOT ROW("Product=\"A\" Product=\"B\"") END_ROOT),
         .result = -EBADMSG},
        {"the envelope ends too early", OPEN "<xResponse><r>" OK_ROOT END_ROOT "</r></xResponse>",
         .result = -EBADMSG},
        {"no envelope", "<html><body>busy</body></html>", .result = -EBADMSG},
        {"an envelope without text", OPEN CLOSE, .result = -EBADMSG},
        {"nothing", "", .result = -EBADMSG},
        {"a DOCTYPE outside", "<!DOCTYPE e [<!ENTITY x 'y'>]>" RESPONSE(OK_ROOT END_ROOT),
         .result = -EBADMSG},
        {"a DOCTYPE inside",
         RESPONSE("&lt;!DOCTYPE R [&lt;!ENTITY x 'y'&gt;]&gt;" OK_ROOT END_ROOT),
         .result = -EBADMSG},
        {"an entity of its own", RESPONSE(OK_ROOT ROW("Product=\"&amp;x;\"") END_ROOT),
         .result = -EBADMSG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t size = strlen(cases[i].bytes);
        for (size_t piece = 1; piece <= size + 1; piece += piece < 8 ? 1 : size / 3 + 1) {
            struct heard h = {0};
            hear(&h, cases[i].bytes, size, 0, piece, cases[i].charset);
            if (h.result != cases[i].result ||
                (h.result == 0 && (strcmp(h.rows.data, cases[i].rows) != 0 ||
                                   h.status != cases[i].status || h.told != h.count)))
                fail_msg("%s, pieces of %zu: %d, status %c, rows %s", cases[i].name, piece,
                         h.result, h.status, h.rows.data);
            buf_release(&h.rows);
        }
    }
}

/* However it is cut into two, the same comes out; and no beginning of it passes for the whole. */
static void test_each_cut(void **state)
{
    (void)state;
    static const char bytes[] = "<?xml version='1.0' encoding='UTF-8'?>" RESPONSE(
        "&lt;?xml version=\"1.0\"?&gt;" OK_ROOT ROW(
            "Product=\"A&amp;amp;\xC3\xA9\" AvailableQuantity=\"5\"")
            ROW("Product=\"B\" AvailableQuantity=\"7\"") END_ROOT);
    const size_t size = sizeof bytes - 1;
    for (size_t cut = 1; cut < size; cut++) {
        struct heard h = {0};
        hear(&h, bytes, size, cut, size, NULL);
        if (h.result != 0 || strcmp(h.rows.data, "A&\xC3\xA9::::@=5,;B::::@=7,;") != 0)
            fail_msg("cut at %zu: %d %s", cut, h.result, h.rows.data);
        buf_release(&h.rows);
        hear(&h, bytes, cut, 0, size, NULL);
        if (h.result != -EBADMSG)
            fail_msg("the first %zu bytes pass: %d", cut, h.result);
        buf_release(&h.rows);
    }
}

static void test_fault(void **state)
{
    (void)state;
    static const char bytes[] = OPEN
        "<xResponse><r>" OK_ROOT ROW("Product=\"A\"") "</r></xResponse><e:Fault><faultstring>out "
                                                      "of order</faultstring></e:Fault>" CLOSE;
    struct heard h = {0};
    hear(&h, bytes, sizeof bytes - 1, 0, 7, NULL);
    assert_int_equal(h.result, 0);
    assert_string_equal(h.fault, "out of order");
    buf_release(&h.rows);
}

static void test_error_text(void **state)
{
    (void)state;
    static const char bytes[] = RESPONSE("&lt;R RequestStatus=\"OK\"&gt;&lt;Data&gt;" ROW(
        "Product=\"A\"") "&lt;/Data&gt;&lt;Data RequestError=\"index corrupt\"/&gt;&lt;/R&gt;");
    struct heard h = {0};
    hear(&h, bytes, sizeof bytes - 1, 0, 7, NULL);
    assert_int_equal(h.result, 0);
    assert_string_equal(h.error, "index corrupt");
    assert_true(h.has_inner_error);
    buf_release(&h.rows);
}

static void test_caller_stops(void **state)
{
    (void)state;
    static const char bytes[] =
        RESPONSE(OK_ROOT ROW("Product=\"A\"") ROW("Product=\"B\"") ROW("Product=\"C\"") END_ROOT);
    struct heard h = {.stop_after = 2};
    hear(&h, bytes, sizeof bytes - 1, 0, 5, NULL);
    assert_int_equal(h.result, -ECANCELED);
    assert_string_equal(h.rows.data, "A::::@=,;B::::@=,;");
    buf_release(&h.rows);
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    buf_text(&bytes, OPEN "<xResponse><r>" OK_ROOT "&lt;sku Product=\"");
    for (int i = 0; i < 1000; i++)
        buf_byte(&bytes, 'x');
    buf_text(&bytes, "\" AvailableQuantity=\"5\"/&gt;" ROW("Product=\"B\"") END_ROOT
             "</r></xResponse>" CLOSE);
    struct heard h = {0};
    hear(&h, bytes.data, bytes.size, 0, 4096, NULL);
    assert_int_equal(h.result, 0);
    assert_int_equal(strcspn(h.rows.data, ":"), PRIMA_STOCK_TEXT_MAX);
    assert_non_null(strstr(h.rows.data, "=5,!;B::::@=,;"));
    buf_release(&h.rows);
    buf_release(&bytes);
}

/* What never ends is refused while it arrives. */
static void test_bounds(void **state)
{
    (void)state;
    static const char *const beginnings[] = {
        "<a b='",                                           /* a value of the envelope */
        OPEN "<xResponse><r>" OK_ROOT "&lt;sku Product=\"", /* a value of a row */
        "<!--",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        struct buf bytes;
        buf_init(&bytes, 1 << 20);
        buf_text(&bytes, beginnings[i]);
        while (bytes.size < 300000)
            buf_text(&bytes, "0123456789abcdef");
        struct heard h = {0};
        hear(&h, bytes.data, 250000, 0, 1000, NULL);
        assert_int_equal(h.result, -EBADMSG);
        buf_release(&h.rows);
        buf_release(&bytes);
    }
}

static void test_depth_and_names(void **state)
{
    (void)state;
    struct buf bytes;
    buf_init(&bytes, 4 << 20);
    buf_text(&bytes, OPEN "<xResponse><r>" OK_ROOT);
    for (int i = 0; i < 300; i++)
        buf_text(&bytes, "&lt;a&gt;");
    struct heard h = {0};
    hear(&h, bytes.data, bytes.size, 0, 1000, NULL);
    assert_int_equal(h.result, -EBADMSG);
    buf_release(&h.rows);
    buf_clear(&bytes);
    buf_text(&bytes, OPEN "<xResponse><r>" OK_ROOT);
    for (int i = 0; i < 40000; i++)
        buf_printf(&bytes, "&lt;a%08d/&gt;", i);
    buf_text(&bytes, END_ROOT "</r></xResponse>" CLOSE);
    hear(&h, bytes.data, bytes.size, 0, 1000, NULL);
    assert_int_equal(h.result, -EBADMSG);
    buf_release(&h.rows);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_each_cut),
        cmocka_unit_test(test_fault),        cmocka_unit_test(test_error_text),
        cmocka_unit_test(test_caller_stops), cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_bounds),       cmocka_unit_test(test_depth_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
