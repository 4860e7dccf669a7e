/* What libxml2 says, as our events; see xml_sax.h. */
#include "prima/xml_sax.h"

#include <string.h>

enum { ATTRIBUTES_MAX = 256 /* of one element: Prima's widest has about 60 */ };

void xml_sax_refuse(struct xml_sax *r)
{
    r->is_refused = true;
    xmlStopParser(r->context);
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    xml_sax_refuse(user);
}

static void on_open(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                    int namespaces, const xmlChar **namespace_list, int count, int defaulted,
                    const xmlChar **list)
{
    (void)prefix, (void)uri, (void)namespaces, (void)namespace_list, (void)defaulted;
    struct xml_sax *r = user;
    r->has_root = true;
    if (r->is_refused)
        return;
    if (count > ATTRIBUTES_MAX) {
        xml_sax_refuse(r);
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
    struct xml_sax *r = user;
    if (!r->is_refused && r->events->close != NULL)
        r->events->close(r->user, (const char *)name);
}

static void on_text(void *user, const xmlChar *text, int size)
{
    struct xml_sax *r = user;
    if (!r->is_refused && r->events->text != NULL)
        r->events->text(r->user, (const char *)text, (size_t)size);
}

static void on_error(void *user, xmlErrorPtr error)
{
    /* the verdict is read from the context afterwards; the words would quote the document */
    (void)user, (void)error;
}

void xml_sax_fill(xmlSAXHandler *sax)
{
    *sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .startElementNs = on_open,
        .endElementNs = on_close,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
}

bool xml_declares_encoding(const char *bytes, size_t size)
{
    const size_t head = size < XML_DECLARATION_MAX ? size : XML_DECLARATION_MAX;
    const char *end = memmem(bytes, head, "?>", 2);
    return size > 5 && memcmp(bytes, "<?xml", 5) == 0 && end != NULL &&
           memmem(bytes, (size_t)(end - bytes), "encoding", 8) != NULL;
}
