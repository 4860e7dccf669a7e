/* XML as it arrives: the events of xml.h while the document is still on its way, for documents that
 * are too large to be held.
 *
 * Invariants
 *   - As xml.h's: no DOCTYPE, no entities but XML's five, depth <= 256, local names.
 *   - What is held back of a document is the tag or reference at its end, at most 64 KiB beside the
 *     slice that was given; a longer one is refused.
 *   - Names that a hostile document makes up are refused beyond 256 KiB of them.
 *   - Only xml_push_end says whether the document was well-formed and whole. Until then every event
 *     is provisional; `begin` comes once, before the first.
 * One thread at a time. An event's function must not free the push. */
#ifndef PRIMAFLOW_PRIMA_XML_PUSH_H
#define PRIMAFLOW_PRIMA_XML_PUSH_H

#include "prima/xml.h"

struct xml_push;

/* `charset` and `is_utf8` as of xml_read. NULL: no memory. */
struct xml_push *xml_push_new(const char *charset, bool is_utf8, const struct xml_events *events,
                              void *user);
void xml_push_free(struct xml_push *push); /* accepts NULL */

/* The next bytes. 0; -EBADMSG: not well-formed so far, or refused; -ENOMEM. After an error every
 * further call gives it again. */
__attribute__((warn_unused_result)) int xml_push_feed(struct xml_push *push, const char *bytes,
                                                      size_t size);
/* There are no more. 0: the document was whole. */
__attribute__((warn_unused_result)) int xml_push_end(struct xml_push *push);

#endif
