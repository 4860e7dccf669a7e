/* What came over HTTP, interpreted: above all whether it is Prima's own word, or that of what
 * stands before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prima/interpret.h"

#define ENVELOPE(body)                                                                             \
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>" body                \
    "</e:Body></e:Envelope>"
#define REPLY(document)                                                                            \
    ENVELOPE("<n:xResponse xmlns:n='u'><r><![CDATA[" document "]]></r></n:xResponse>")
#define TAKEN REPLY("<Response RequestStatus='OK'><Data OrderNumber='2011'/></Response>")
#define FAULT                                                                                      \
    ENVELOPE(                                                                                      \
        "<e:Fault><faultcode>e:Server</faultcode><faultstring>ABL error</faultstring></e:Fault>")
#define PAGE "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
#define PAGE_XHTML "<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Fault</p></body></html>"

static struct prima_names names;
static struct interpreter interpreter;
static const struct asked asked = {.order_number = "2011"};
static struct config *config;
static struct patterns *patterns;

static int set_up(void **state)
{
    (void)state;
    struct config_message message;
    if (config_load(NULL, NULL, 0, &config, &message) < 0 ||
        prima_names_read(config, &names, &message) < 0 ||
        patterns_load("", &patterns, &message) < 0)
        return 1;
    interpreter = (struct interpreter){.names = &names,
                                       .patterns = patterns,
                                       .reader = xml_reader_new(),
                                       .retry_after_max_ms = 60000};
    buf_init(&interpreter.answer.text, 64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&interpreter.answer.text);
    xml_reader_free(interpreter.reader);
    patterns_free(patterns);
    config_free(config);
    return 0;
}

static void test_whose_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum post_end end;
        int status;
        const char *body;
        bool is_primas_own, is_soap_fault;
        enum prima_fate fate;
    } rows[] = {
        {"a reply", POST_ANSWERED, 200, TAKEN, true, false, PRIMA_OK},
        {"a no in words", POST_ANSWERED, 200,
         REPLY("<Response RequestStatus='ERROR' RequestError='hm'/>"), true, false,
         PRIMA_UNCLASSIFIED},
        {"a SOAP fault", POST_ANSWERED, 500, FAULT, true, true, PRIMA_UNKNOWN},
        {"a SOAP fault under 200, as some toolkits send it", POST_ANSWERED, 200, FAULT, true, true,
         PRIMA_UNKNOWN},
        {"a reply under 500", POST_ANSWERED, 500, TAKEN, true, false, PRIMA_UNKNOWN},
        {"a reply whose document is none", POST_ANSWERED, 200, REPLY("hm"), true, false,
         PRIMA_UNKNOWN},
        {"a 500 of somebody's: a page", POST_ANSWERED, 500, PAGE, false, false, PRIMA_UNKNOWN},
        {"a 500 of somebody's: XHTML", POST_ANSWERED, 500, PAGE_XHTML, false, false, PRIMA_UNKNOWN},
        {"a 500 of somebody's: plain text", POST_ANSWERED, 500, "Internal Server Error", false,
         false, PRIMA_UNKNOWN},
        {"a 500 of somebody's: nothing", POST_ANSWERED, 500, "", false, false, PRIMA_UNKNOWN},
        {"a page under 200: a sign-in, a captive portal", POST_ANSWERED, 200, PAGE, false, false,
         PRIMA_UNKNOWN},
        {"an envelope of another service", POST_ANSWERED, 200, ENVELOPE("<hello/>"), false, false,
         PRIMA_UNKNOWN},
        {"a proxy got no answer", POST_ANSWERED, 502, PAGE, false, false, PRIMA_UNKNOWN},
        {"a gateway got no answer, and says so in SOAP", POST_ANSWERED, 502, FAULT, false, false,
         PRIMA_UNKNOWN},
        {"a gateway is full, and says so in SOAP", POST_ANSWERED, 503, FAULT, false, false,
         PRIMA_UNKNOWN},
        {"a gateway waited too long, and says so in SOAP", POST_ANSWERED, 504, FAULT, false, false,
         PRIMA_UNKNOWN},
        {"a good reply under a gateway's status", POST_ANSWERED, 504, TAKEN, false, false,
         PRIMA_UNKNOWN},
        {"too large for a proxy", POST_ANSWERED, 413, PAGE, false, false, PRIMA_UNKNOWN},
        {"a firewall's no", POST_ANSWERED, 403, PAGE, false, false, PRIMA_DENIED},
        {"too many requests", POST_ANSWERED, 429, "slow down", false, false, PRIMA_NOT_ACCEPTED},
        {"a fault that was cut", POST_ANSWERED, 500,
         "<e:Envelope xmlns:e='u'><e:Body><e:Fault><faultstring>A", false, false, PRIMA_UNKNOWN},
        {"lost in the middle of a good one", POST_LOST, 200, TAKEN, false, false, PRIMA_UNKNOWN},
        {"not sent", POST_NOT_SENT, 0, "", false, false, PRIMA_NOT_SENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct arena *arena = arena_new(64 * 1024);
        const struct post_result came = {.end = rows[i].end,
                                         .status = rows[i].status,
                                         .body = rows[i].body,
                                         .size = strlen(rows[i].body)};
        const struct prima_reply reply =
            interpret(&interpreter, PRIMA_NEW_ORDER, &asked, &came, 0, arena);
        assert_int_equal(reply.is_primas_own, rows[i].is_primas_own);
        assert_int_equal(reply.is_soap_fault, rows[i].is_soap_fault);
        assert_string_equal(prima_fate_name(reply.fate), prima_fate_name(rows[i].fate));
        arena_free(arena);
    }
}

static void test_words_are_cut_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first;
        size_t words, shown; /* words: how many two-byte characters follow `first` */
    } rows[] = {
        {"short", "a", 10, 21},
        {"to the byte", "", 150, 300},
        {"one too many", "", 151, 300},
        {"the limit falls into a character", "a", 150, 299},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("  %s\n", rows[i].name);
        struct buf body;
        buf_init(&body, 64 * 1024);
        buf_printf(&body, "<e:Envelope xmlns:e='u'><e:Body><e:Fault><faultstring>%s",
                   rows[i].first);
        for (size_t k = 0; k < rows[i].words; k++)
            buf_text(&body, "\xC3\xA9");
        buf_text(&body, "</faultstring></e:Fault></e:Body></e:Envelope>");
        struct arena *arena = arena_new(64 * 1024);
        const struct post_result came = {
            .end = POST_ANSWERED, .status = 500, .body = body.data, .size = body.size};
        assert_int_equal(
            strlen(interpret(&interpreter, PRIMA_NEW_ORDER, &asked, &came, 0, arena).words),
            rows[i].shown);
        arena_free(arena);
        buf_release(&body);
    }
}

/* No arena: what was said in words is not understood, and nothing is taken for proven. */
static void test_no_memory(void **state)
{
    (void)state;
    const struct post_result came = {
        .end = POST_ANSWERED, .status = 200, .body = TAKEN, .size = strlen(TAKEN)};
    const struct prima_reply reply =
        interpret(&interpreter, PRIMA_NEW_ORDER, &asked, &came, 0, NULL);
    assert_int_equal(reply.fate, PRIMA_UNKNOWN);
    assert_false(reply.is_primas_own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_word),
        cmocka_unit_test(test_words_are_cut_between_characters),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("prima.interpret", tests, set_up, tear_down);
}
