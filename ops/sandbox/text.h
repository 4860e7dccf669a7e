/* XML's text, byte by byte: escapes in and out, and UTF-8. Shared by soap.c's quick way and
 * the answers. Pure functions, any thread. */
#ifndef SANDBOX_TEXT_H
#define SANDBOX_TEXT_H

#include "base/buf.h"

/* The size of the entity or decimal reference at p, whose character goes to *text in UTF-8 and
 * moves it on; never more bytes than were read. 0: none of the five entities and no plain reference
 * (hexadecimal, beyond U+D7FF, a control character): libxml2's to decide. */
size_t text_entity_read(const char *p, const char *end, char **text);

/* The size of the UTF-8 character at p, or 0 for what is malformed or rare enough to be left to
 * libxml2 (beyond three bytes, U+FFF0 and up). */
size_t text_utf8_size(const char *p, const char *end);

/* Appends text with XML's special characters escaped; control characters that XML cannot carry
 * become '?'. */
void text_escape(struct buf *out, const char *text, size_t size);

#endif
