/* libxml2's SAX2 interface as our events: what xml.c, which has the whole document, and xml_push.c,
 * which has it as it arrives, share. Nobody else includes this.
 *
 * A context's userData is its struct xml_sax. One thread a struct. */
#ifndef PRIMAFLOW_PRIMA_XML_SAX_H
#define PRIMAFLOW_PRIMA_XML_SAX_H

#include "prima/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

struct xml_sax {
    xmlParserCtxtPtr context;
    const struct xml_events *events;
    void *user;
    bool is_refused; /* well-formed or not, we do not take it */
    bool has_root;
};

void xml_sax_fill(xmlSAXHandler *sax);
void xml_sax_refuse(struct xml_sax *sax); /* ends the parsing, as not taken */

/* Does the document say its encoding itself, in its first XML_DECLARATION_MAX bytes? */
enum { XML_DECLARATION_MAX = 200 };
bool xml_declares_encoding(const char *bytes, size_t size);

#endif
