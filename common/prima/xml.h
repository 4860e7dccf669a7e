/* The adapter of libxml2: untrusted XML as a stream of events. No tree is built.
 *
 * Invariants
 *   - A DOCTYPE ends the reading with an error: there are no entities but XML's own five, no
 *     external anything, no network.
 *   - Depth <= 256, a name or attribute <= 10 MB (libxml2's own limits, never lifted); the caller
 *     caps the whole.
 *   - Only well-formed documents give 0: events already given of one that turns out broken are to
 *     be forgotten.
 *   - `begin` comes before the first event, and perhaps once more: what was given so far is void,
 *     the same document begins anew.
 *   - What names a hostile stream of documents leaves in the reader is bounded.
 * Names are local names without prefix. Nothing is printed. A reader is used by one thread at a
 * time. */
#ifndef PRIMAFLOW_PRIMA_XML_H
#define PRIMAFLOW_PRIMA_XML_H

#include <stdbool.h>
#include <stddef.h>

struct xml_attribute {
    const char *name;  /* ends with a NUL */
    const char *value; /* UTF-8, does not end with a NUL */
    size_t size;
};

struct xml_events { /* strings live until the function returns; any function may be NULL */
    void (*open)(void *user, const char *name, const struct xml_attribute *attributes,
                 size_t count);
    void (*text)(void *user, const char *text,
                 size_t size); /* in as many pieces as libxml2 likes; CDATA too */
    void (*close)(void *user, const char *name);
    void (*begin)(void *user);
};

struct xml_reader;

struct xml_reader *xml_reader_new(void);         /* NULL: no memory */
void xml_reader_free(struct xml_reader *reader); /* accepts NULL */

/* `charset`: of the HTTP header, used when the document declares none; NULL: UTF-8 then. `is_utf8`:
 * it is UTF-8 whatever it declares (text that came out of another document). 0; -EBADMSG: not
 * well-formed, a DOCTYPE, an unknown or wrong encoding; -ENOMEM. */
__attribute__((warn_unused_result)) int xml_read(struct xml_reader *reader, const char *bytes,
                                                 size_t size, const char *charset, bool is_utf8,
                                                 const struct xml_events *events, void *user);

#endif
