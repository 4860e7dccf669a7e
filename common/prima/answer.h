/* What Prima is asked, and what its answer proves: plain values, which the adapter's parts share and its callers read. */
#ifndef PRIMAFLOW_PRIMA_ANSWER_H
#define PRIMAFLOW_PRIMA_ANSWER_H

#include "base/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prima_type {
    PRIMA_NEW_ORDER,
    PRIMA_ORDER_STATUS,
    PRIMA_CUSTOMER_SEARCH,
    PRIMA_NEW_CUSTOMER,
    PRIMA_PRODUCT_READ,
    PRIMA_ORDER_SEARCH,
    PRIMA_TYPE_COUNT
};

/* What an answer proves; before the colon, which request types can give it. */
enum prima_fate {
    PRIMA_OK,           /* all: done, or the read's content. OK with an error text is never this but PRIMA_UNKNOWN */
    PRIMA_EXISTS,       /* writes: a document of this number is there already */
    PRIMA_REFUSED,      /* writes: a definite no, by a pattern of class refused; `code` says which */
    PRIMA_UNCLASSIFIED, /* writes: ERROR in words that no pattern knows: to be resolved before it is believed */
    PRIMA_ABSENT,       /* reads: a reply known to mean "no such order / customer / product", or an OK list of no rows */
    PRIMA_UNKNOWN,      /* all: timeout, reset, cut or garbled reply, 5xx, SOAP fault, OK with an error text: may have been applied */
    PRIMA_NOT_ACCEPTED, /* all: 429, a 503 that configuration knows as not accepted, or words that mean "busy": not applied; retry_after_ms
                         */
    PRIMA_NOT_SENT,     /* all: no byte left */
    PRIMA_DENIED,       /* all: 401 or 403: not applied, and the world's fault */
    PRIMA_FATE_COUNT
};

struct prima_account {
    const char *account, *customer_ref, *email;
};

struct prima_product {
    const char *product, *matrix[4]; /* "" where absent */
};

struct prima_document { /* an order as Prima has it; texts "" where absent */
    const char *type, *number, *date, *currency, *net, *tax, *gross, *hold;
    size_t line_count;
};

struct prima_reply {
    enum prima_fate fate;
    enum pf_error code;     /* PRIMA_REFUSED, PRIMA_UNCLASSIFIED; else PF_OK */
    int http_status;        /* 0: none arrived */
    bool is_soap_fault;     /* HTTP 500 with a Fault: may be this record's own */
    int64_t retry_after_ms; /* -1: not given; capped by prima.retry_after_max */
    const char *words; /* RequestError or faultstring, "" when none; UTF-8, at most 300 bytes; may carry personal data: dead letters only,
                          never logs */
    const char *order_status;             /* PRIMA_ORDER_STATUS: "Despatched", ... or NULL */
    const char *echo;                     /* PRIMA_ORDER_STATUS, where an echo field is configured and came: our own mark; else NULL */
    const struct prima_account *accounts; /* PRIMA_CUSTOMER_SEARCH, PRIMA_NEW_CUSTOMER */
    size_t account_count;
    const struct prima_product *products; /* PRIMA_PRODUCT_READ: those that Prima has */
    size_t product_count;
    const struct prima_document *documents; /* PRIMA_ORDER_SEARCH */
    size_t document_count;
    int64_t pages;        /* PRIMA_ORDER_SEARCH: how many there are; 0: Prima does not say */
    bool is_refused_here; /* a write in a client that only reads: nothing left (PRIMA_NOT_SENT), and a defect above let it come this far */
    int64_t took_us;      /* from the first byte out to the last byte in */
};

const char *prima_type_name(enum prima_type type); /* "NewOrder", ...: Prima's own name for it; for metrics */
const char *prima_fate_name(enum prima_fate fate);

#endif
