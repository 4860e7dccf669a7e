/* What an inner reply document says, as values. */
#ifndef PRIMAFLOW_PRIMA_REPLY_VALUES_H
#define PRIMAFLOW_PRIMA_REPLY_VALUES_H

#include "prima/answer.h"

enum reply_status { REPLY_STATUS_MISSING, REPLY_STATUS_OK, REPLY_STATUS_ERROR, REPLY_STATUS_OTHER };

struct reply {
    enum reply_status status; /* of the root; when the root has none, of the first Data */
    bool has_data;
    bool has_inner_error; /* a Data below says ERROR or has an error text of its own: never trusted
                             as OK */
    const char *request_type; /* of the root; "" */
    const char *const
        *order_numbers; /* of PRIMA_NEW_ORDER and PRIMA_ORDER_STATUS: each that a Data names */
    size_t number_count;
    const char *page;  /* PRIMA_ORDER_SEARCH: which one it is; "": not said */
    const char *error; /* RequestError, of the root or else of the first Data that has one; "" */
    const char *order_status; /* NULL: none */
    const char *echo;         /* NULL: none */
    const struct prima_despatch *despatches;
    size_t despatch_count;
    const struct prima_account *accounts;
    size_t account_count;
    const struct prima_product *products;
    size_t product_count; /* rows of a stock read as it arrives, too: products is NULL then */
    const struct prima_document *documents;
    size_t document_count;
    int64_t pages; /* 0: not said, or no number */
};

#endif
