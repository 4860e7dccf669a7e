/* XML read a second time, with libxml2's tree instead of its events, for targets that compare. What
 * is allocated is the caller's. */
#ifndef PRIMAFLOW_FUZZ_XML_H
#define PRIMAFLOW_FUZZ_XML_H

#include "base/buf.h"
#include "fuzz_target.h"

#include <stdbool.h>

#include <libxml/tree.h>

/* A document that the product must take; NULL: one that it must refuse (not well-formed, a DOCTYPE,
 * an element of more than 256 attributes). `encoding` overrides what it declares; NULL: as it
 * declares. */
xmlDoc *fuzz_xml_read(const char *bytes, size_t size, const char *encoding);

const char *fuzz_xml_name(
    const xmlChar *name); /* without a prefix, which the tree keeps where nobody declared it */
xmlNode *fuzz_xml_element(
    xmlNode *node); /* this one or the next of its siblings that is an element; NULL: none */
char *fuzz_xml_value(xmlAttr *attribute); /* never NULL */
char *fuzz_xml_text(
    xmlNode *element); /* what stands directly in it, without its children's; never NULL */

/* Appends an envelope around a document, escaped as a text. */
void fuzz_xml_envelope(const char *document, size_t size, struct buf *out);

#endif
