/* libxml2's SAX2 interface; see xml.h. One parser context is used again and again: making one costs
 * more than parsing a reply. */
#include "prima/xml.h"

#include "prima/xml_plain.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <libxml/parser.h>
#include <libxml/dict.h>
#include <libxml/parserInternals.h>

enum {
    ATTRIBUTES_MAX = 256, /* of one element: Prima's widest has about 60 */
    NAMES_BYTES_MAX =
        64 * 1024,          /* what a context may remember of names; one grown beyond is replaced */
    SCRATCH_MAX = 64 * 1024 /* a plain document beyond is left to libxml2, too */
};

struct xml_reader {
    xmlParserCtxtPtr context;
    const struct xml_events *events;
    void *user;
    bool is_refused; /* well-formed or not, we do not take it */
    bool has_root;
    char scratch[SCRATCH_MAX + 1];
};

static void xml_refuse(struct xml_reader *r)
{
    r->is_refused = true;
    xmlStopParser(r->context);
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    xml_refuse(user);
}

static void on_open(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                    int namespaces, const xmlChar **namespace_list, int count, int defaulted,
                    const xmlChar **list)
{
    (void)prefix, (void)uri, (void)namespaces, (void)namespace_list, (void)defaulted;
    struct xml_reader *r = user;
    r->has_root = true;
    if (r->is_refused)
        return;
    if (count > ATTRIBUTES_MAX) {
        xml_refuse(r);
        return;
    }
    if (r->events->open == NULL)
        return;
    struct xml_attribute attributes[ATTRIBUTES_MAX];
    for (int i = 0; i < count; i++, list += 5) /* name, prefix, URI, value, its end */
        attributes[i] = (struct xml_attribute){(const char *)list[0], (const char *)list[3],
                                               (size_t)(list[4] - list[3])};
    r->events->open(r->user, (const char *)name, attributes, (size_t)count);
}

static void on_close(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)prefix, (void)uri;
    struct xml_reader *r = user;
    if (!r->is_refused && r->events->close != NULL)
        r->events->close(r->user, (const char *)name);
}

static void on_text(void *user, const xmlChar *text, int size)
{
    struct xml_reader *r = user;
    if (!r->is_refused && r->events->text != NULL)
        r->events->text(r->user, (const char *)text, (size_t)size);
}

static void on_error(void *user, xmlErrorPtr error)
{
    /* the verdict is read from the context afterwards; the words would quote the document */
    (void)user, (void)error;
}

static int make_context(struct xml_reader *r)
{
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (context == NULL)
        return -ENOMEM;
    *context->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .startElementNs = on_open,
        .endElementNs = on_close,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
    context->userData = r;
    if (r->context != NULL)
        xmlFreeParserCtxt(r->context);
    r->context = context;
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
    xmlFreeParserCtxt(r->context);
    free(r);
}

/* Does the document say its encoding itself, in its first 200 bytes? */
static bool declares_encoding(const char *bytes, size_t size)
{
    const size_t head = size < 200 ? size : 200;
    const char *end = memmem(bytes, head, "?>", 2);
    return size > 5 && memcmp(bytes, "<?xml", 5) == 0 && end != NULL &&
           memmem(bytes, (size_t)(end - bytes), "encoding", 8) != NULL;
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
    if ((size_t)xmlDictGetUsage(r->context->dict) > NAMES_BYTES_MAX && make_context(r) < 0)
        return -ENOMEM;
    r->events = events;
    r->user = user;
    r->is_refused = r->has_root = false;
    /* libxml2 2.9 forgets no IGNORE_ENC: after one inner document no envelope's declaration would
     * count */
    r->context->options = 0;
    /* NOENT: without it "&amp;" in an attribute comes as "&#38;"; no document gets as far as
     * declaring an entity of its own */
    const int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING | (is_utf8 ? XML_PARSE_IGNORE_ENC : 0);
    const char *encoding = is_utf8 || declares_encoding(bytes, size) ? NULL : charset;
    xmlDocPtr none = xmlCtxtReadMemory(r->context, bytes, (int)size, NULL, encoding, options);
    xmlFreeDoc(none); /* our handlers build no tree: NULL */
    /* Out of memory it stops, and still calls what it has read well-formed: half a list of rows, or
     * nothing at all. */
    if (r->context->errNo == XML_ERR_NO_MEMORY ||
        (r->context->wellFormed != 0 && !r->has_root && !r->is_refused))
        return -ENOMEM;
    return r->is_refused || r->context->wellFormed == 0 ? -EBADMSG : 0;
}
