/* Documents by libxml2's SAX interface: no tree is built, so a thousand lines cost what their bytes
 * cost. See doc.h. */
#include "doc.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DEPTH_MAX = 32,
    ELEMENTS_MAX = 100000,
    ATTRIBUTE_FIELDS = 5, /* localname, prefix, URI, value, end: libxml2's layout */
    /* names stay in a context's dictionary: a new one now and then keeps hostile names from piling
     * up */
    PARSES_A_CONTEXT = 10000,
};

struct doc {
    xmlParserCtxtPtr parser;
    unsigned parses;
    char *text; /* all names and values; what is decoded is never longer than what was parsed */
    size_t text_used, text_room;
    struct doc_element *elements;
    size_t count, room;
    struct doc_attribute *attributes;
    size_t attribute_count, attribute_room;
    size_t open[DEPTH_MAX];
    int depth;
    unsigned lossy;
    int failure; /* negative errno that stopped the parse */
    char error[160];
};

static void doc_stop(struct doc *d, int failure, const char *why)
{
    if (d->failure == 0) {
        d->failure = failure;
        (void)snprintf(d->error, sizeof d->error, "%s", why);
    }
    xmlStopParser(d->parser);
}

/* Copies UTF-8, replacing what is beyond U+00FF: lead bytes C2 and C3 are Latin-1, every other one
 * is not. */
static const char *doc_keep(struct doc *d, const char *bytes, size_t size)
{
    char *start = d->text + d->text_used, *out = start;
    for (size_t i = 0; i < size;) {
        const unsigned char c = (unsigned char)bytes[i];
        if (c < 0xC4) {
            *out++ = bytes[i++];
            continue;
        }
        *out++ = '?';
        d->lossy++;
        for (i++; i < size && ((unsigned char)bytes[i] & 0xC0) == 0x80; i++)
            ;
    }
    *out++ = '\0';
    d->text_used += (size_t)(out - start);
    return start;
}

/* Makes room for `need` items in a growing array. False: no memory. */
static bool doc_grow(void **array, size_t *room, size_t need, size_t item)
{
    if (need <= *room)
        return true;
    const size_t more = *room == 0 ? 64 : *room * 2;
    void *p = realloc(*array, more * item);
    if (p == NULL)
        return false;
    *array = p;
    *room = more;
    return true;
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted_count, const xmlChar **attributes)
{
    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces, (void)defaulted_count;
    struct doc *d = ((xmlParserCtxtPtr)user)->_private;
    if (d->failure != 0)
        return;
    if (d->depth == DEPTH_MAX || d->count == ELEMENTS_MAX) {
        doc_stop(d, -E2BIG,
                 d->depth == DEPTH_MAX ? "elements nested deeper than 32"
                                       : "more than 100000 elements");
        return;
    }
    if (!doc_grow((void **)&d->elements, &d->room, d->count + 1, sizeof *d->elements)) {
        doc_stop(d, -ENOMEM, "out of memory");
        return;
    }
    struct doc_element *e = &d->elements[d->count];
    *e = (struct doc_element){doc_keep(d, (const char *)name, strlen((const char *)name)),
                              d->attribute_count, 0, 0, d->depth};
    for (int i = 0; i < attribute_count; i++) {
        const xmlChar **field = attributes + i * ATTRIBUTE_FIELDS;
        if (field[3] == field[4])
            continue; /* empty is absent, and most are */
        if (!doc_grow((void **)&d->attributes, &d->attribute_room, d->attribute_count + 1,
                      sizeof *d->attributes)) {
            doc_stop(d, -ENOMEM, "out of memory");
            return;
        }
        struct doc_attribute *a = &d->attributes[d->attribute_count++];
        a->name = doc_keep(d, (const char *)field[0], strlen((const char *)field[0]));
        a->value = doc_keep(d, (const char *)field[3], (size_t)(field[4] - field[3]));
        e->attribute_count++;
    }
    d->open[d->depth++] = d->count++;
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name, (void)prefix, (void)uri;
    struct doc *d = ((xmlParserCtxtPtr)user)->_private;
    if (d->failure == 0 && d->depth > 0)
        d->elements[d->open[--d->depth]].end = d->count;
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *public_id,
                       const xmlChar *system_id)
{
    (void)name, (void)public_id, (void)system_id;
    doc_stop(((xmlParserCtxtPtr)user)->_private, -EINVAL, "a document type is not allowed");
}

static void on_error(void *user, xmlErrorPtr error)
{
    struct doc *d = ((xmlParserCtxtPtr)user)->_private;
    if (error->level < XML_ERR_ERROR || d->failure != 0 || d->error[0] != '\0')
        return;
    const size_t length = error->message == NULL ? 0 : strcspn(error->message, "\n");
    (void)snprintf(d->error, sizeof d->error, "line %d: %.*s", error->line,
                   (int)(length > 120 ? 120 : length), length == 0 ? "" : error->message);
}

static bool parser_renew(struct doc *d)
{
    xmlFreeParserCtxt(d->parser);
    d->parses = 0;
    d->parser = xmlNewParserCtxt();
    if (d->parser == NULL)
        return false;
    *d->parser->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    d->parser->_private = d;
    return true;
}

struct doc *doc_new(void)
{
    return calloc(1, sizeof(struct doc));
}

void doc_free(struct doc *d)
{
    if (d == NULL)
        return;
    if (d->parser != NULL)
        xmlFreeParserCtxt(d->parser);
    free(d->text);
    free(d->elements);
    free(d->attributes);
    free(d);
}

static void doc_begin(struct doc *d)
{
    d->text_used = d->count = d->attribute_count = 0;
    d->depth = d->failure = 0;
    d->lossy = 0;
    d->error[0] = '\0';
}

int doc_parse(struct doc *d, const char *text, size_t size)
{
    doc_begin(d);
    if (size > INT32_MAX)
        return -E2BIG;
    if (size + 1 > d->text_room) {
        free(d->text);
        d->text_room = (size + 1) * 2;
        if ((d->text = malloc(d->text_room)) == NULL) {
            d->text_room = 0;
            return -ENOMEM;
        }
    }
    if ((d->parser == NULL || ++d->parses == PARSES_A_CONTEXT) && !parser_renew(d))
        return -ENOMEM;
    /* No encoding is given and the declared one is ignored: libxml2 then reads UTF-8. */
    const xmlDocPtr none = xmlCtxtReadMemory(d->parser, text, (int)size, NULL, NULL,
                                             XML_PARSE_NONET | XML_PARSE_NOENT |
                                                 XML_PARSE_IGNORE_ENC | XML_PARSE_NOWARNING);
    if (none != NULL)
        xmlFreeDoc(none);
    if (d->failure == 0 && (!d->parser->wellFormed || d->count == 0)) {
        d->failure = -EINVAL;
        if (d->error[0] == '\0')
            (void)snprintf(d->error, sizeof d->error, "not an XML document");
    }
    return d->failure;
}

const char *doc_error(const struct doc *d)
{
    return d->error;
}

size_t doc_count(const struct doc *d)
{
    return d->count;
}

unsigned doc_lossy(const struct doc *d)
{
    return d->lossy;
}

const struct doc_element *doc_at(const struct doc *d, size_t index)
{
    return &d->elements[index];
}

const char *doc_attribute(const struct doc *d, const struct doc_element *e, const char *name)
{
    for (size_t i = e->first_attribute; i < e->first_attribute + e->attribute_count; i++)
        if (d->attributes[i].name[0] == name[0] && strcmp(d->attributes[i].name, name) == 0)
            return d->attributes[i].value;
    return "";
}
