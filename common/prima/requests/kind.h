/* What each file of this folder gives: how the reply to its request is read, and what the request
 * asks about. Its writer is a function of request.h, beside them, so that both sides of a name are
 * seen at once. Included by this folder, reply.c and asked.c. */
#ifndef PRIMAFLOW_PRIMA_REQUESTS_KIND_H
#define PRIMAFLOW_PRIMA_REQUESTS_KIND_H

#include "prima/reply_scan.h"
#include "prima/request_subject.h"

struct request_kind {
    /* NULL where there is nothing to read. Of each Data; of each child of a Data, which may set
     * `has_parts`; of each child of such a one. */
    void (*data)(struct scan *s, const struct xml_attribute *attributes, size_t count);
    void (*row)(struct scan *s, const char *name, const struct xml_attribute *attributes,
                size_t count);
    void (*part)(struct scan *s, const char *name, const struct xml_attribute *attributes,
                 size_t count);
    /* NULL: it is not kept. Fills what the request asks about. */
    void (*subject)(const struct prima_names *names, const char *request, size_t size,
                    struct asked *asked);
};

#define PRIMA_REQUEST(ID, id, ...) extern const struct request_kind request_kind_##id;
#include "prima/requests.def"
#undef PRIMA_REQUEST

#endif
