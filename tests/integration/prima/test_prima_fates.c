/* What the client says of a server that does anything but answer plainly, and how many POSTs that
 * server saw. One row a hostility. */
#include "harness.h"

#include "../../support/raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>

struct row {
    const char *name;
    raw_serve serve;
    const char *reply; /* for serve functions that send one */
    /* the connection has carried a request already: libcurl's resend happens only there */
    bool is_warm;
    const char *overrides[3];
    enum prima_type type;
    enum prima_fate fate;
    int http_status;
    size_t posts; /* that reached the server whole, the warming one not counted */
};

/* Answers the warming request. False: there is none left to serve. */
static bool warm(struct raw_connection *c, const struct row *row)
{
    if (!row->is_warm || c->number > 0)
        return true;
    if (!raw_read(c))
        return false;
    raw_text(c, harness_reply(OK_REPLY));
    return true;
}

static void serve_reply(struct raw_connection *c, void *user)
{
    const struct row *row = user;
    if (!warm(c, row))
        return;
    while (raw_read(c))
        raw_text(c, row->reply != NULL ? row->reply : harness_reply(OK_REPLY));
}

static void serve_reply_and_close(struct raw_connection *c, void *user)
{
    const struct row *row = user;
    if (warm(c, row) && raw_read(c))
        raw_text(c, row->reply);
}

static void serve_close_after_read(struct raw_connection *c, void *user)
{
    if (warm(c, user))
        (void)raw_read(c);
}

static void serve_reset_after_read(struct raw_connection *c, void *user)
{
    if (warm(c, user) && raw_read(c))
        raw_reset(c);
}

static void serve_reset_after_head(struct raw_connection *c, void *user)
{
    if (warm(c, user) && raw_read_head(c))
        raw_reset(c);
}

static void serve_reset_at_first_byte(struct raw_connection *c, void *user)
{
    (void)user;
    char byte;
    if (recv(c->fd, &byte, 1, 0) == 1)
        raw_reset(c);
}

/* The server's idle limit: closes between two requests. */
static void serve_close_when_idle(struct raw_connection *c, void *user)
{
    const struct row *row = user;
    if (c->number == 0)
        (void)warm(c, row);
    else
        serve_reply(c, user);
}

static void serve_drip(struct raw_connection *c, void *user)
{
    (void)user;
    if (!raw_read(c))
        return;
    for (const char *reply = harness_reply(OK_REPLY); *reply != '\0'; reply++) {
        raw_send(c, reply, 1);
        raw_sleep_ms(20);
    }
}

static void serve_nothing(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c)) {
    }
}

static void serve_continue(struct raw_connection *c, void *user)
{
    (void)user;
    while (raw_read(c)) {
        raw_text(c, "HTTP/1.1 100 Continue\r\nRetry-After: 7\r\n\r\n");
        raw_text(c, harness_reply(OK_REPLY));
    }
}

static void serve_endless(struct raw_connection *c, void *user)
{
    const struct row *row = user;
    static char chunk[64 * 1024];
    memset(chunk, 'x', sizeof chunk);
    if (!raw_read(c))
        return;
    raw_text(c, row->reply);
    for (size_t sent = 0; sent < 100 * 1024 * 1024; sent += sizeof chunk)
        raw_send(c, chunk, sizeof chunk); /* fails, fast, once the client has gone */
}

static void serve_endless_headers(struct raw_connection *c, void *user)
{
    (void)user;
    if (!raw_read(c))
        return;
    raw_text(c, "HTTP/1.1 200 OK\r\n");
    for (size_t i = 0; i < 1000000; i++)
        raw_text(c, "X-Filler: 0123456789012345678901234567890123456789\r\n");
}

/* A good answer with as much filling as the row wants, in the headers or behind the document. */
static void serve_long(struct raw_connection *c, void *user)
{
    const struct row *row = user;
    static char headers[200 * 1024], body[200 * 1024];
    const bool is_in_headers = strcmp(row->reply, "headers") == 0;
    headers[0] = '\0';
    for (size_t size = 0; is_in_headers && size < 100 * 1024;)
        size += (size_t)snprintf(headers + size, sizeof headers - size,
                                 "X-Filler: 0123456789012345678901234567890123456789\r\n");
    (void)snprintf(body, sizeof body, "%s%*s", strstr(harness_reply(OK_REPLY), "<?xml"),
                   is_in_headers ? 1 : 100 * 1024, "");
    while (raw_read(c)) {
        char length[64];
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", strlen(body));
        raw_text(c, "HTTP/1.1 200 OK\r\n");
        raw_text(c, headers);
        raw_text(c, length);
        raw_text(c, body);
    }
}

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n"
#define BODY(type, length, text)                                                                   \
    "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: " length "\r\n\r\n" text
#define FAULT                                                                                      \
    "<e:Envelope "                                                                                 \
    "xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultcode>e:Server</"   \
    "faultcode><faultstring>ABL "                                                                  \
    "&amp; "                                                                                       \
    "error</faultstring></e:Fault></e:Body></e:Envelope>"
#define CHUNK_1                                                                                    \
    "<E:Envelope "                                                                                 \
    "xmlns:E=\"http://schemas.xmlsoap.org/soap/envelope/\"><E:Body><x:comwsomhandlerResponse "     \
    "xmlns:x=\"u\"><a><![CDATA["
#define CHUNK_2 OK_REPLY "]]></a></x:comwsomhandlerResponse></E:Body></E:Envelope>"

static const struct row rows[] = {
    {"a plain answer", serve_reply, .fate = PRIMA_OK, .http_status = 200, .posts = 1},
    {"a reused connection that closes before the reply's first byte is not sent on again",
     serve_close_after_read, .is_warm = true, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"a reused connection that is reset before the reply's first byte is not sent on again",
     serve_reset_after_read, .is_warm = true, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"a reused connection that is reset between head and body", serve_reset_after_head,
     .is_warm = true, .fate = PRIMA_UNKNOWN},
    {"a connection that the server closed while idle is replaced", serve_close_when_idle,
     .is_warm = true, .fate = PRIMA_OK, .http_status = 200, .posts = 1},
    {"closed after the request was read", serve_close_after_read, .fate = PRIMA_UNKNOWN,
     .posts = 1},
    {"reset after the request was read", serve_reset_after_read, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"reset at the request's first byte", serve_reset_at_first_byte, .fate = PRIMA_UNKNOWN},
    {"a reply cut short of its length", serve_reply_and_close,
     BODY("text/xml", "900", "<Envelope>"), .fate = PRIMA_UNKNOWN, .posts = 1},
    {"a reply without length, cut", serve_reply_and_close,
     "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" CHUNK_1, .fate = PRIMA_UNKNOWN,
     .http_status = 200, .posts = 1},
    {"a chunked reply without its last chunk", serve_reply_and_close,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<?xml\r\n", .fate = PRIMA_UNKNOWN,
     .posts = 1},
    {"a reply that drips past the deadline", serve_drip,
     .overrides = {"prima.deadline.new_order=300ms"}, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"no reply until the deadline", serve_nothing, .overrides = {"prima.deadline.new_order=200ms"},
     .fate = PRIMA_UNKNOWN, .posts = 1},
    {"100 Continue first", serve_continue, .fate = PRIMA_OK, .http_status = 200, .posts = 1},
    {"a redirect is not followed", serve_reply, HEAD("302 Found") "Location: /elsewhere\r\n\r\n",
     .fate = PRIMA_UNKNOWN, .http_status = 302, .posts = 1},
    {"a redirect that keeps the method is not followed either", serve_reply,
     HEAD("307 Temporary Redirect") "Location: /elsewhere\r\n\r\n", .fate = PRIMA_UNKNOWN,
     .http_status = 307, .posts = 1},
    {"a chunked reply", serve_reply,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7a\r\n" CHUNK_1 "\r\n87\r\n" CHUNK_2
     "\r\n0\r\n\r\n",
     .fate = PRIMA_OK, .http_status = 200, .posts = 1},
    {"HTTP/1.0, ended by closing", serve_reply_and_close, "HTTP/1.0 200 OK\r\n\r\n" CHUNK_1 CHUNK_2,
     .fate = PRIMA_OK, .http_status = 200, .posts = 1},
    {"a garbled status line", serve_reply_and_close, "HTTP/banana\r\n\r\n", .fate = PRIMA_UNKNOWN,
     .posts = 1},
    {"no status line at all", serve_reply_and_close, CHUNK_1 CHUNK_2, .fate = PRIMA_UNKNOWN,
     .posts = 1},
    {"an empty 200", serve_reply, HEAD("200 OK") "\r\n", .fate = PRIMA_UNKNOWN, .http_status = 200,
     .posts = 1},
    {"another 2xx proves nothing", serve_reply, HEAD("202 Accepted") "\r\n", .fate = PRIMA_UNKNOWN,
     .http_status = 202, .posts = 1},
    {"404", serve_reply, HEAD("404 Not Found") "\r\n", .fate = PRIMA_UNKNOWN, .http_status = 404,
     .posts = 1},
    {"401", serve_reply, HEAD("401 Unauthorized") "\r\n", .fate = PRIMA_DENIED, .http_status = 401,
     .posts = 1},
    {"403", serve_reply, HEAD("403 Forbidden") "\r\n", .fate = PRIMA_DENIED, .http_status = 403,
     .posts = 1},
    {"429", serve_reply, HEAD("429 Too Many Requests") "\r\n", .fate = PRIMA_NOT_ACCEPTED,
     .http_status = 429, .posts = 1},
    {"503 with Retry-After", serve_reply, HEAD("503 Busy") "retry-after: 9\r\n\r\n",
     .fate = PRIMA_NOT_ACCEPTED, .http_status = 503, .posts = 1},
    {"503 without", serve_reply, HEAD("503 Busy") "\r\n", .fate = PRIMA_UNKNOWN, .http_status = 503,
     .posts = 1},
    {"503 with a Retry-After that is nonsense", serve_reply,
     HEAD("503 Busy") "Retry-After: soon\r\n\r\n", .fate = PRIMA_UNKNOWN, .http_status = 503,
     .posts = 1},
    {"503 that configuration always believes", serve_reply, HEAD("503 Busy") "\r\n",
     .overrides = {"prima.not_accepted_503=always"}, .fate = PRIMA_NOT_ACCEPTED, .http_status = 503,
     .posts = 1},
    {"503 that configuration never believes", serve_reply,
     HEAD("503 Busy") "Retry-After: 9\r\n\r\n", .overrides = {"prima.not_accepted_503=never"},
     .fate = PRIMA_UNKNOWN, .http_status = 503, .posts = 1},
    {"500 without a fault", serve_reply, HEAD("500 Oops") "\r\n", .fate = PRIMA_UNKNOWN,
     .http_status = 500, .posts = 1},
    {"an endless reply is cut by the cap", serve_endless,
     BODY("text/xml", "104857600", "<Envelope>"), .overrides = {"prima.reply_bytes_max=64k"},
     .fate = PRIMA_UNKNOWN, .posts = 1},
    {"a long reply within the cap", serve_long, "body", .fate = PRIMA_OK, .http_status = 200,
     .posts = 1},
    {"the same reply beyond the cap", serve_long, "body",
     .overrides = {"prima.reply_bytes_max=64k"}, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"more headers than anybody needs", serve_long, "headers", .fate = PRIMA_UNKNOWN, .posts = 1},
    {"endless headers are cut", serve_endless_headers, .fate = PRIMA_UNKNOWN, .posts = 1},
    {"bytes that are not what the declaration says", serve_reply_and_close,
     "HTTP/1.0 200 OK\r\n\r\n<?xml version='1.0' encoding='UTF-8'?><e:Envelope "
     "xmlns:e='u'><e:Body><xResponse><a>\xE9</a></xResponse></e:Body></e:Envelope>",
     .fate = PRIMA_UNKNOWN, .http_status = 200, .posts = 1},
    {"a DOCTYPE", serve_reply_and_close,
     "HTTP/1.0 200 OK\r\n\r\n<!DOCTYPE Envelope [<!ENTITY a 'b'>]>" CHUNK_1 CHUNK_2,
     .fate = PRIMA_UNKNOWN, .http_status = 200, .posts = 1},
};

static void test_fates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        print_message("  %s\n", row->name);
        struct raw_server *server = raw_server_new(row->serve, (void *)(uintptr_t)row, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false, row->overrides);
        if (row->is_warm) {
            assert_int_equal(harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>").fate, PRIMA_OK);
            raw_sleep_ms(50);
        }
        const struct answer a = harness_ask(&h, row->type, "<Request/>");
        assert_string_equal(prima_fate_name(a.fate), prima_fate_name(row->fate));
        assert_int_equal(
            a.is_primas_own,
            row->fate == PRIMA_OK); /* nothing else in this table is an envelope that came whole */
        if (row->http_status != 0)
            assert_int_equal(a.http_status, row->http_status);
        raw_sleep_ms(50); /* a second sending would arrive by now */
        assert_int_equal(raw_server_posts(server) - (row->is_warm ? 1 : 0), row->posts);
        assert_true(raw_server_heads(server) <= 1U + row->is_warm);
        assert_int_equal(prima_client_in_flight(h.client), 0);
        harness_release(&h);
        raw_server_free(server);
    }
}

static void serve_fault(struct raw_connection *c, void *user)
{
    (void)user;
    char reply[1024];
    (void)snprintf(reply, sizeof reply,
                   "HTTP/1.1 500 Internal Server Error\r\nContent-Type: "
                   "text/xml\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(FAULT), FAULT);
    while (raw_read(c))
        raw_text(c, reply);
}

static void test_soap_fault(void **state)
{
    (void)state;
    struct raw_server *server = raw_server_new(serve_fault, NULL, NULL);
    struct harness h;
    harness_init(&h, raw_server_port(server), false, NULL);
    const struct answer a = harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>");
    assert_int_equal(a.fate, PRIMA_UNKNOWN);
    assert_true(a.is_soap_fault);
    assert_true(a.is_primas_own);
    assert_string_equal(a.words, "ABL & error");
    harness_release(&h);
    raw_server_free(server);
}

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reply;
        int64_t ms;
    } cases[] = {
        {"seconds", HEAD("429 Slow") "Retry-After: 9\r\n\r\n", 9000},
        {"absurd is capped", HEAD("429 Slow") "Retry-After: 99999999999999999999999\r\n\r\n",
         60000},
        {"negative is none", HEAD("429 Slow") "Retry-After: -4\r\n\r\n", -1},
        {"a date gone by is now",
         HEAD("429 Slow") "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n", 0},
        {"none", HEAD("429 Slow") "\r\n", -1},
        {"an interim reply's does not count",
         "HTTP/1.1 102 Processing\r\nRetry-After: 3\r\n\r\n" HEAD("429 Slow") "\r\n", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  %s\n", cases[i].name);
        struct row row = {.reply = cases[i].reply};
        struct raw_server *server = raw_server_new(serve_reply, &row, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false,
                     (const char *const[]){"prima.retry_after_max=60s", NULL});
        const struct answer a = harness_ask(&h, PRIMA_NEW_ORDER, "<Request/>");
        assert_int_equal(a.fate, PRIMA_NOT_ACCEPTED);
        assert_int_equal(a.retry_after_ms, cases[i].ms);
        harness_release(&h);
        raw_server_free(server);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *inner;
        enum prima_type type;
        enum prima_fate fate;
        enum pf_error code;
        const char *words, *order_status, *account, *echo;
        size_t accounts, products;
    } cases[] = {
        {"an order's status, and our mark on it",
         "<Response RequestStatus=\"OK\"><Data OrderStatus=\"Part Despatched\" "
         "CustomerRef=\"m&#233;1\"/></Response>",
         PRIMA_ORDER_STATUS, PRIMA_OK, .words = "", .order_status = "Part Despatched",
         .account = "",
         .echo = "m\xC3\xA9"
                 "1"},
        {"no such order", "<Response RequestStatus=\"ERROR\" RequestError=\"Order 1 not found\"/>",
         PRIMA_ORDER_STATUS, PRIMA_ABSENT, .words = "Order 1 not found", .order_status = "",
         .account = "", .echo = ""},
        {"an order refused by name",
         "<Response RequestStatus=\"ERROR\" RequestError=\"Unknown product AB&amp;C\"/>",
         PRIMA_NEW_ORDER, PRIMA_REFUSED, PF_E_prima_unknown_product,
         .words = "Unknown product AB&C", .order_status = "", .account = "", .echo = ""},
        {"two accounts",
         "<Response RequestStatus=\"OK\"><Data><Customer Account=\"A1\"/><Customer "
         "Account=\"A2\"/></Data></Response>",
         PRIMA_CUSTOMER_SEARCH, PRIMA_OK, .words = "", .order_status = "", .account = "A1",
         .echo = "", .accounts = 2},
        {"rows in either case",
         "<Response><Data><SKU Product=\"P\"/><sku Product=\"Q\"/></Data></Response>",
         PRIMA_PRODUCT_READ, PRIMA_OK, .words = "", .order_status = "", .account = "", .echo = "",
         .products = 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  %s\n", cases[i].name);
        char reply[4096];
        (void)snprintf(reply, sizeof reply, "%s", harness_reply(cases[i].inner));
        struct row row = {.reply = reply};
        struct raw_server *server = raw_server_new(serve_reply, &row, NULL);
        struct harness h;
        harness_init(&h, raw_server_port(server), false,
                     (const char *const[]){"prima.name.echo=CustomerRef", NULL});
        const struct answer a = harness_ask(&h, cases[i].type, "<Request/>");
        assert_string_equal(prima_fate_name(a.fate), prima_fate_name(cases[i].fate));
        assert_int_equal(a.code, cases[i].code);
        assert_string_equal(a.words, cases[i].words);
        assert_string_equal(a.order_status, cases[i].order_status);
        assert_string_equal(a.account, cases[i].account);
        assert_string_equal(a.echo, cases[i].echo);
        assert_int_equal(a.account_count, cases[i].accounts);
        assert_int_equal(a.product_count, cases[i].products);
        harness_release(&h);
        raw_server_free(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_soap_fault),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests_name("prima.fates", tests, NULL, NULL);
}
