/* libxml2's tree; see fuzz_xml.h. */
#include "fuzz_xml.h"

#include <libxml/parser.h>

enum { ATTRIBUTES_MAX = 256 };

static bool is_too_wide(xmlNode *node)
{
    for (node = fuzz_xml_element(node); node != NULL; node = fuzz_xml_element(node->next)) {
        size_t count = 0;
        for (xmlAttr *a = node->properties; a != NULL; a = a->next)
            count++;
        if (count > ATTRIBUTES_MAX || is_too_wide(node->children))
            return true;
    }
    return false;
}

xmlDoc *fuzz_xml_read(const char *bytes, size_t size, const char *encoding)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    if (size == 0)
        return NULL;
    xmlDoc *doc = xmlReadMemory(bytes, (int)size, NULL, encoding,
                                options | (encoding != NULL ? XML_PARSE_IGNORE_ENC : 0));
    if (doc != NULL && (doc->intSubset != NULL || is_too_wide(xmlDocGetRootElement(doc)))) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

const char *fuzz_xml_name(const xmlChar *name)
{
    const char *colon = strrchr((const char *)name, ':');
    return colon != NULL ? colon + 1 : (const char *)name;
}

xmlNode *fuzz_xml_element(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

char *fuzz_xml_value(xmlAttr *attribute)
{
    xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
    char *text = strdup(value != NULL ? (const char *)value : "");
    FUZZ_CHECK(text != NULL);
    xmlFree(value);
    return text;
}

char *fuzz_xml_text(xmlNode *element)
{
    struct buf text;
    buf_init(&text, 16 << 20);
    for (xmlNode *n = element->children; n != NULL; n = n->next)
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            buf_text(&text, (const char *)n->content);
    FUZZ_CHECK(!text.failed);
    char *copy = strdup(text.data);
    FUZZ_CHECK(copy != NULL);
    buf_release(&text);
    return copy;
}

void fuzz_xml_envelope(const char *document, size_t size, struct buf *out)
{
    buf_text(out, "<s:Envelope "
                  "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/"
                  "\"><s:Body><wsomhandlerResponse><result>");
    for (size_t i = 0; i < size; i++)
        switch (document[i]) {
        case '&':
            buf_text(out, "&amp;");
            break;
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        default:
            buf_byte(out, (uint8_t)document[i]);
        }
    buf_text(out, "</result></wsomhandlerResponse></s:Body></s:Envelope>");
}
