/* The envelope around a request: what an XML parser reads in it is the request, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

#include "config/config.h"
#include "prima/envelope.h"

static struct envelope envelope;

static int set_up(void **state)
{
    struct config *config;
    struct config_message message;
    struct prima_names names;
    (void)state;
    if (config_load(NULL, NULL, 0, &config, &message) != 0 ||
        prima_names_read(config, &names, &message) != 0)
        return -1;
    const int rc = envelope_init(&envelope, &names);
    config_free(config);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    envelope_release(&envelope);
    return 0;
}

/* The nth element below the operation; its text is the caller's. */
static char *parameter(xmlDoc *document, size_t nth, char name[static 64])
{
    xmlNode *operation = xmlDocGetRootElement(document);
    while (operation != NULL && strcmp((const char *)operation->name, "Body") != 0)
        operation = strcmp((const char *)operation->name, "Envelope") == 0
                        ? xmlFirstElementChild(operation)
                        : xmlNextElementSibling(operation);
    operation = operation != NULL ? xmlFirstElementChild(operation) : NULL;
    assert_non_null(operation);
    xmlNode *child = xmlFirstElementChild(operation);
    for (; child != NULL && nth > 0; nth--)
        child = xmlNextElementSibling(child);
    (void)snprintf(name, 64, "%s", (const char *)operation->name);
    return child != NULL ? (char *)xmlNodeGetContent(child) : NULL;
}

static void test_whole(void **state)
{
    (void)state;
    static const struct {
        const char *name, *company, *request, *operation, *company_read, *request_read;
    } rows[] = {
        {"plain", "01", "<Request a=\"1\"/>", "comwsomhandler", "01", "<Request a=\"1\"/>"},
        {"no company", "", "<R/>", "wsomhandler", NULL, "<R/>"},
        {"nor this", NULL, "<R/>", "wsomhandler", NULL, "<R/>"},
        {"Latin-1", "01", "<R a=\"M\xFCller &amp; S\xF6hne\"/>", "comwsomhandler", "01",
         "<R a=\"M\xC3\xBCller &amp; S\xC3\xB6hne\"/>"},
        {"a company that must be escaped", "<&>", "<R/>", "comwsomhandler", "<&>", "<R/>"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out;
        char operation[64];
        print_message("  %s\n", rows[i].name);
        buf_init(&out, 1 << 16);
        assert_int_equal(envelope_write(&envelope, rows[i].company, rows[i].request,
                                        strlen(rows[i].request), &out),
                         0);
        xmlDoc *document = xmlReadMemory(out.data, (int)out.size, NULL, NULL, XML_PARSE_NONET);
        assert_non_null(document);
        const size_t at = rows[i].company_read != NULL ? 1 : 0;
        char *request = parameter(document, at, operation);
        assert_string_equal(operation, rows[i].operation);
        assert_string_equal(request, rows[i].request_read);
        if (at == 1) {
            char *company = parameter(document, 0, operation);
            assert_string_equal(company, rows[i].company_read);
            xmlFree(company);
        }
        assert_null(parameter(document, at + 1, operation));
        xmlFree(request);
        xmlFreeDoc(document);
        buf_release(&out);
    }
}

static void test_no_room(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 40);
    assert_int_equal(envelope_write(&envelope, "01", "<R/>", 4, &out), -ENOMEM);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole),
                                       cmocka_unit_test(test_no_room)};
    return cmocka_run_group_tests_name("prima_envelope", tests, set_up, tear_down);
}
