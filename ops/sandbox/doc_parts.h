/* The inside of a document, for the two ways of filling it: by libxml2 (doc.c), and quickly (doc_quick.c). */
#ifndef SANDBOX_DOC_PARTS_H
#define SANDBOX_DOC_PARTS_H

#include "doc.h"

#include <libxml/parser.h>
#include <stdbool.h>

enum { DEPTH_MAX = 32, ELEMENTS_MAX = 100000 };

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

/* Makes room for `need` items in a growing array. False: no memory. */
bool doc_grow(void **array, size_t *room, size_t need, size_t item);

/* The quick way into an emptied document that has room for size + 1 bytes of text. False: this text is not plain, its document is half
 * filled. */
bool doc_parse_quickly(struct doc *d, const char *text, size_t size);

/* The thorough way, which decides what is a document and what is not. As doc_parse. */
__attribute__((warn_unused_result)) int doc_parse_thoroughly(struct doc *d, const char *text, size_t size);

#endif
