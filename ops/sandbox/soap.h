/* SOAP 1.1 in RPC style as OpenEdge's web services speak it: one operation, one string in, one
 * string out.
 *
 * Parameters are taken by position, whatever they are called: wsomhandler(request),
 * comwsomhandler(company, request). Invariant: the quick way (see soap.c) gives exactly what
 * libxml2 gives, or is not taken. Ownership: a struct soap_call's buffers belong to the caller and
 * are reused. One thread. */
#ifndef SANDBOX_SOAP_H
#define SANDBOX_SOAP_H

#include "base/buf.h"

struct soap;

struct soap_call {
    struct buf company;    /* "" for wsomhandler */
    struct buf request;    /* the inner document, UTF-8 */
    const char *operation; /* static text: "wsomhandler" or "comwsomhandler" */
};

struct soap *soap_new(void); /* NULL: no memory */
void soap_free(struct soap *s);

void soap_call_init(struct soap_call *call, size_t cap);
void soap_call_release(struct soap_call *call);

/* Reads an envelope. `charset` is HTTP's, or NULL. -EINVAL: not such a call (soap_error says why,
 * for a Fault); -ENOMEM. */
__attribute__((warn_unused_result)) int soap_parse(struct soap *s, const char *charset,
                                                   const char *body, size_t size,
                                                   struct soap_call *call);
const char *soap_error(const struct soap *s);  /* of the last failed parse */
size_t soap_quick_count(const struct soap *s); /* how many parses took the quick way */

void soap_reply(struct buf *out, const char *operation, const char *document, size_t size);
void soap_fault(struct buf *out, const char *code,
                const char *text); /* code: "Client", "Server", "VersionMismatch" */
void soap_wsdl(struct buf *out,
               const char *host); /* host: as the caller named it, "127.0.0.1:8080" */

#endif
