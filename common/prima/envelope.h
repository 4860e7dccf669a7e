/* SOAP 1.1 around Prima's documents: a request's text into an envelope, and out of a reply's
 * envelope its text.
 *
 * The envelope is ASCII: what of the Latin-1 request is beyond it becomes a character reference, so
 * no header, proxy or toolkit can read it wrongly. Prepared once, constant then: any thread. */
#ifndef PRIMAFLOW_PRIMA_ENVELOPE_H
#define PRIMAFLOW_PRIMA_ENVELOPE_H

#include "base/buf.h"
#include "prima/names.h"
#include "prima/xml.h"

struct envelope {
    struct buf head;       /* up to comwsomhandler's company */
    struct buf middle;     /* between company and request */
    struct buf tail;       /* after the request */
    struct buf head_alone; /* wsomhandler: no company */
    struct buf tail_alone;
};

/* 0 or -ENOMEM. envelope_release accepts what a failed init left. */
__attribute__((warn_unused_result)) int envelope_init(struct envelope *e,
                                                      const struct prima_names *names);
void envelope_release(struct envelope *e);

/* Appends the envelope of `request` (Latin-1) for `company` (UTF-8; NULL or "": wsomhandler, which
 * has none). -ENOMEM: `out` is full. */
__attribute__((warn_unused_result)) int envelope_write(const struct envelope *e,
                                                       const char *company, const char *request,
                                                       size_t size, struct buf *out);

/* What a reply's envelope holds. */
struct envelope_reply {
    bool is_fault;
    /* UTF-8: the text of the first child of <...Response>, or the fault's <faultstring> */
    struct buf text;
};

/* Into *ret_reply, emptied first. 0; -EBADMSG: not an envelope with a response or a fault in it;
 * -E2BIG: text beyond its cap; -ENOMEM. */
__attribute__((warn_unused_result)) int envelope_read(struct xml_reader *reader, const char *bytes,
                                                      size_t size, const char *charset,
                                                      struct envelope_reply *ret_reply);

/* An envelope as it arrives, for replies that are too large to be held: the events of one
 * (xml_push.h), whose text goes to `text` in pieces. A fault's goes to reply->text; then what `text`
 * was given is void. Where in the reply we are: Envelope is depth 1, Body 2, <...Response> or Fault
 * 3, the text's element 4. */
struct envelope_scan {
    struct envelope_reply *reply;
    void (*text)(void *user, const char *text, size_t size); /* NULL: it is kept */
    void *user;
    size_t depth;
    bool is_envelope, is_in_body, is_in_answer, is_in_text, has_text;
};
extern const struct xml_events envelope_events; /* user: a struct envelope_scan */

/* Once the envelope was whole: as envelope_read. */
__attribute__((warn_unused_result)) int envelope_verdict(const struct envelope_scan *scan);

#endif
