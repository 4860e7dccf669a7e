/* libxml2's SAX2 interface; see xml.h. One parser context is used again and again: making one costs
 * more than parsing a reply. */
#include "prima/xml.h"

#include "prima/xml_plain.h"
#include "prima/xml_sax.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <libxml/dict.h>

enum {
    NAMES_BYTES_MAX =
        64 * 1024,          /* what a context may remember of names; one grown beyond is replaced */
    SCRATCH_MAX = 64 * 1024 /* a plain document beyond is left to libxml2, too */
};

struct xml_reader {
    struct xml_sax sax;
    char scratch[SCRATCH_MAX + 1];
};

static int make_context(struct xml_reader *r)
{
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (context == NULL)
        return -ENOMEM;
    xml_sax_fill(context->sax);
    context->userData = &r->sax;
    if (r->sax.context != NULL)
        xmlFreeParserCtxt(r->sax.context);
    r->sax.context = context;
    return 0;
}

struct xml_reader *xml_reader_new(void)
{
    xmlInitParser();
    struct xml_reader *r = calloc(1, sizeof *r);
    if (r != NULL && make_context(r) < 0) {
        free(r);
        return NULL;
    }
    return r;
}

void xml_reader_free(struct xml_reader *r)
{
    if (r == NULL)
        return;
    xmlFreeParserCtxt(r->sax.context);
    free(r);
}

/* Is ASCII written in it as ASCII? */
static bool keeps_ascii(const char *charset)
{
    static const char *const names[] = {"utf-8", "iso-8859-1", "us-ascii", "windows-1252"};
    for (size_t i = 0; charset != NULL && i < sizeof names / sizeof *names; i++)
        if (strcasecmp(charset, names[i]) == 0)
            return true;
    return charset == NULL;
}

static void xml_begin(const struct xml_events *events, void *user)
{
    if (events->begin != NULL)
        events->begin(user);
}

int xml_read(struct xml_reader *r, const char *bytes, size_t size, const char *charset,
             bool is_utf8, const struct xml_events *events, void *user)
{
    if (size == 0 || size > INT_MAX)
        return -EBADMSG;
    xml_begin(events, user);
    if (size <= SCRATCH_MAX && (is_utf8 || keeps_ascii(charset)) &&
        xml_plain_read(bytes, size, r->scratch, events, user))
        return 0;
    xml_begin(events, user);
    if ((size_t)xmlDictGetUsage(r->sax.context->dict) > NAMES_BYTES_MAX && make_context(r) < 0)
        return -ENOMEM;
    r->sax.events = events;
    r->sax.user = user;
    r->sax.is_refused = r->sax.has_root = false;
    /* libxml2 2.9 forgets no IGNORE_ENC: after one inner document no envelope's declaration would
     * count */
    r->sax.context->options = 0;
    /* NOENT: without it "&amp;" in an attribute comes as "&#38;"; no document gets as far as
     * declaring an entity of its own */
    const int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING | (is_utf8 ? XML_PARSE_IGNORE_ENC : 0);
    const char *encoding = is_utf8 || xml_declares_encoding(bytes, size) ? NULL : charset;
    xmlDocPtr none = xmlCtxtReadMemory(r->sax.context, bytes, (int)size, NULL, encoding, options);
    xmlFreeDoc(none); /* our handlers build no tree: NULL */
    /* Out of memory it stops, and still calls what it has read well-formed: half a list of rows, or
     * nothing at all. */
    if (r->sax.context->errNo == XML_ERR_NO_MEMORY ||
        (r->sax.context->wellFormed != 0 && !r->sax.has_root && !r->sax.is_refused))
        return -ENOMEM;
    return r->sax.is_refused || r->sax.context->wellFormed == 0 ? -EBADMSG : 0;
}
