/* Documents of the plain form, read without libxml2: nearly every reply of Prima is one.
 *
 * Why by hand: one reply of NewOrder (the envelope, then the document in it) takes, in alternation,
 * 0.70 us and 17,300 instructions here, 5.2 us and 69,600 with libexpat 2.5, 4.9 us and 86,300 with
 * libxml2 2.9 alone (callgrind; parsers reused, no tree). Of an order's 460,000 instructions and
 * 85 us in the worker, libexpat would cost 11 % and 5 %: both libraries make themselves ready anew
 * for each document, and hand over each of a reply's many references by itself. So libexpat would
 * replace neither this file nor, as the slower one by time, libxml2 behind it.
 *
 * Plain is: ASCII; a declaration of version 1.0 and of no encoding, UTF-8, ISO-8859-1 or US-ASCII,
 * or none; elements, with a prefix or without, their attributes without one (namespaces are
 * declared as anybody likes); text; XML's own five entities and references to printable ASCII. No
 * comment, no CDATA, no processing instruction, no DOCTYPE, no carriage return; depth <= 32,
 * attributes <= 64. Whatever else there is, broken documents above all, is left to libxml2; a test
 * compares the two on damaged documents. */
#ifndef PRIMAFLOW_PRIMA_XML_PLAIN_H
#define PRIMAFLOW_PRIMA_XML_PLAIN_H

#include "prima/xml.h"

/* True: it is plain and well-formed, and was given to `events`, like libxml2 would. False: what was
 * given, up to where it is not plain, is void. `scratch` has room for size + 1 bytes. */
bool xml_plain_read(const char *bytes, size_t size, char *scratch, const struct xml_events *events,
                    void *user);

#endif
