/* An XML document without a tree: elements in document order with their attributes, which is all
 * that Prima's documents use.
 *
 * Invariants: elements[0] is the root; an element's descendants are the elements after it up to
 * `end`; every name and value is NUL-terminated and holds Latin-1 characters only, in UTF-8: what
 * Prima's code page does not have becomes '?' and is counted in `lossy`. Entities beyond XML's
 * five, DTDs and the network are off: a DOCTYPE is malformed here. Ownership: a struct doc owns all
 * that it points to and is reused from parse to parse; pointers last until the next one. One
 * thread. */
#ifndef SANDBOX_DOC_H
#define SANDBOX_DOC_H

#include <stddef.h>

struct doc_attribute {
    const char *name, *value;
};

struct doc_element {
    const char *name;
    size_t first_attribute, attribute_count;
    size_t end; /* index after its last descendant */
    int depth;  /* the root: 0 */
};

struct doc;

struct doc *doc_new(void); /* NULL: no memory */
void doc_free(struct doc *d);

/* Parses `text`, which is UTF-8 whatever its XML declaration says: it arrived inside an envelope
 * that was decoded already. -EINVAL: malformed (doc_error says why); -E2BIG: deeper than 32 or more
 * elements than 100,000; -ENOMEM. */
__attribute__((warn_unused_result)) int doc_parse(struct doc *d, const char *text, size_t size);

const char *doc_error(const struct doc *d); /* of the last failed parse */
size_t doc_count(const struct doc *d);
unsigned doc_lossy(const struct doc *d);
const struct doc_element *doc_at(const struct doc *d, size_t index);

/* The attribute's value; absent and empty are the same: "". */
const char *doc_attribute(const struct doc *d, const struct doc_element *e, const char *name);

#endif
