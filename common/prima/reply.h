/* Prima's inner reply document as values: what it says, not yet what that proves (judge.h).
 *
 * All text is UTF-8 in the arena that reply_read was given. */
#ifndef PRIMAFLOW_PRIMA_REPLY_H
#define PRIMAFLOW_PRIMA_REPLY_H

#include "base/arena.h"
#include "prima/answer.h"
#include "prima/names.h"
#include "prima/xml.h"

enum reply_status { REPLY_STATUS_MISSING, REPLY_STATUS_OK, REPLY_STATUS_ERROR, REPLY_STATUS_OTHER };

struct reply {
    enum reply_status status; /* of the root; when the root has none, of the first Data */
    bool has_data;
    bool has_inner_error;     /* a Data below says ERROR or has an error text of its own: never trusted as OK */
    const char *error;        /* RequestError, of the root or else of the first Data that has one; "" */
    const char *order_status; /* NULL: none */
    const char *echo;         /* NULL: none */
    const struct prima_account *accounts;
    size_t account_count;
    const struct prima_product *products;
    size_t product_count;
    const struct prima_document *documents;
    size_t document_count;
    int64_t pages; /* 0: not said, or no number */
};

/* `text` is the envelope's text. 0; -EBADMSG: not well-formed, or more than 100,000 rows; -ENOMEM: the arena is full. */
__attribute__((warn_unused_result)) int reply_read(struct xml_reader *reader, const struct prima_names *names, enum prima_type type,
                                                   const char *text, size_t size, struct arena *arena, struct reply *ret_reply);

#endif
