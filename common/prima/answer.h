/* What Prima is asked, and what its answer proves: plain values, which the adapter's parts share
 * and its callers read. */
#ifndef PRIMAFLOW_PRIMA_ANSWER_H
#define PRIMAFLOW_PRIMA_ANSWER_H

#include "base/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prima_type {
#define PRIMA_REQUEST(ID, ...) PRIMA_##ID,
#include "prima/requests.def"
#undef PRIMA_REQUEST
    PRIMA_TYPE_COUNT
};

/* What an answer proves; before the colon, which request types can give it. */
enum prima_fate {
    /* all: done, or the read's content. OK with an error text is never this but PRIMA_UNKNOWN */
    PRIMA_OK,
    PRIMA_EXISTS,  /* writes: a document of this number is there already */
    PRIMA_REFUSED, /* writes: a definite no, by a pattern of class refused; `code` says which */
    /* writes: ERROR in words that no pattern knows: to be resolved before it is believed */
    PRIMA_UNCLASSIFIED,
    /* reads: a reply known to mean "no such order / customer / product", or an OK list of no
     * rows */
    PRIMA_ABSENT,
    /* all: timeout, reset, cut or garbled reply, 5xx, SOAP fault, OK with an error text, an answer
     * that names another request, or (NewOrder, unnamed_ok.h) none: may have been applied */
    PRIMA_UNKNOWN,
    /* all: 429, a 503 that configuration knows as not accepted, or words that mean "busy": not
     * applied; retry_after_ms */
    PRIMA_NOT_ACCEPTED,
    PRIMA_NOT_SENT, /* all: no byte left */
    /* all: 401 or 403: not applied; an infrastructure failure or this request's own: posting/blame.h */
    PRIMA_DENIED,
    PRIMA_FATE_COUNT
};

struct prima_account {
    const char *account, *customer_ref, *email;
};

struct prima_product {
    const char *product, *matrix[4]; /* "" where absent */
};

/* A row of a stock read, each value as Prima wrote it: "" where absent, cut after
 * PRIMA_STOCK_TEXT_MAX bytes (is_too_long). Whether they are any good is not this layer's business. */
enum { PRIMA_STOCK_TEXT_MAX = 120 };
struct prima_stock_row {
    const char *product, *matrix[4], *warehouse, *available, *date;
    bool is_too_long;
};
/* One row, which lives until the function returns. False: no more of them; the read ends
 * PRIMA_UNKNOWN. */
typedef bool (*prima_stock_seen)(void *user, const struct prima_stock_row *row);

/* Of an order what left together, each value as Prima wrote it: "" where absent. Whether they are any
 * good is not this layer's business. */
struct prima_despatch_line {
    const char *order_line, *quantity;
};
struct prima_despatch {
    const char *number, *date, *carrier, *service, *tracking_number, *tracking_url;
    const struct prima_despatch_line *lines;
    size_t line_count;
};

struct prima_document { /* an order as Prima has it; texts "" where absent */
    const char *type, *number, *date, *currency, *net, *tax, *gross, *hold;
    size_t line_count;
};

struct prima_reply {
    enum prima_fate fate;
    enum pf_error code; /* PRIMA_REFUSED, PRIMA_UNCLASSIFIED; else PF_OK */
    int http_status;    /* 0: none arrived */
    bool is_soap_fault; /* HTTP 500 with a Fault: may be this record's own */
    /* a SOAP envelope under 200 or 500: Prima has done with the request. Not: any other status, or
     * a page in HTML or plain text, which a proxy writes that gave up while Prima may still be at
     * work; nor what came cut or garbled */
    bool is_primas_own;
    /* Prima's own word, and a no: ERROR or a SOAP fault, whatever else is proven by it */
    bool is_no;
    /* PRIMA_UNKNOWN: the answer names another request than ours (asked.h); then it is not
     * is_primas_own either */
    bool is_of_another;
    int64_t retry_after_ms; /* -1: not given; capped by prima.retry_after_max */
    /* RequestError or faultstring, "" when none; UTF-8, at most 300 bytes; may carry personal data:
     * dead letters only, never logs */
    const char *words;
    const char *order_status; /* PRIMA_ORDER_STATUS: "Despatched", ... or NULL */
    /* PRIMA_ORDER_STATUS, where an echo field is configured and came: our own mark; else NULL */
    const char *echo;
    const struct prima_despatch *despatches; /* PRIMA_ORDER_STATUS: none where Prima tells none */
    size_t despatch_count;
    const struct prima_account *accounts; /* PRIMA_CUSTOMER_SEARCH, PRIMA_NEW_CUSTOMER */
    size_t account_count;
    const struct prima_product *products; /* PRIMA_PRODUCT_READ: those that Prima has */
    size_t product_count; /* of a read as it arrives: rows that were told; products is NULL then */
    const struct prima_document *documents; /* PRIMA_ORDER_SEARCH */
    size_t document_count;
    int64_t pages; /* PRIMA_ORDER_SEARCH: how many there are; 0: Prima does not say */
    /* a write in a client that only reads: nothing left (PRIMA_NOT_SENT), and a defect above let it
     * come this far */
    bool is_refused_here;
    int64_t took_us; /* from the first byte out to the last byte in */
};

const char *prima_type_name(
    enum prima_type type); /* "NewOrder", ...: Prima's own name for it; for metrics */
const char *prima_fate_name(enum prima_fate fate);

#endif
