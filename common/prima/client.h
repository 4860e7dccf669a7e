/* The one adapter that knows Prima's wire: sends a request string, says what the answer proves.
 *
 * Invariants
 *   - A request that was begun is answered exactly once, by the callback, on the loop thread, never from inside prima_client_send.
 *   - libcurl never sends a POST twice: the body is read once and cannot be rewound; a connection that dies is `PRIMA_UNKNOWN`.
 *   - PRIMA_NOT_SENT is said only when not one byte of the request left (no connection, refused, TLS failed before the request).
 *   - What was an answer in words becomes a code here, by the pattern table; nothing beyond this folder reads Prima's words.
 *   - In a client that only reads (worker.shadow, or prima_client_only_reads) no write leaves, whatever is called: see guard.h.
 *   - Replies are parsed with entities, DTDs and network off, and capped at `reply_bytes_max`.
 * Loop thread only. */
#ifndef PRIMAFLOW_PRIMA_CLIENT_H
#define PRIMAFLOW_PRIMA_CLIENT_H

#include "base/errors.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct prima_client;
struct prima_order_sum;
struct prima_names;

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

/* The reply and all that it points to live until the callback returns. */
typedef void (*prima_done)(void *user, const struct prima_reply *reply);

/* `config` gives URL, TLS, authentication, names, patterns, deadlines (keys prima.*); it must outlive the client. -EINVAL with the key, or
 * the file and line, and the remedy in ret_message; -ENOMEM. */
__attribute__((warn_unused_result)) int prima_client_new(uv_loop_t *loop, const struct config *config, struct prima_client **ret_client,
                                                         struct config_message *ret_message);
/* Abandons what is under way (no callbacks any more) and frees once the loop has closed its handles. Accepts NULL; may be called in a
 * callback. */
void prima_client_free(struct prima_client *client);

/* From here on no write leaves this client; there is no way back. */
void prima_client_only_reads(struct prima_client *client);

/* Posts `request` (the inner document, ISO-8859-1) for `company` (NULL or "": none); both are copied. Never fails: what cannot be begun is
 * answered PRIMA_NOT_SENT. The deadline of the type counts from here; no byte of the request leaves after it. At most prima.connections_max
 * requests are on the wire, the rest wait for a connection; the caller bounds how many it begins. */
void prima_client_send(struct prima_client *client, enum prima_type type, const char *company, const char *request, size_t size,
                       prima_done done, void *user);

/* The names that requests to this Prima are written with (prima/request.h); they live as long as the client. */
const struct prima_names *prima_client_names(const struct prima_client *client);

/* What a NewOrder request of ours comes to in Prima (order_sum.h), prices read as prima.price_basis says. 0; -EBADMSG; -ERANGE. */
__attribute__((warn_unused_result)) int prima_client_sum_order(struct prima_client *client, const char *request, size_t size,
                                                               struct prima_order_sum *ret_sum);

/* Milliseconds after which a request of this type is given up. */
int64_t prima_deadline_ms(const struct prima_client *client, enum prima_type type);

size_t prima_client_in_flight(const struct prima_client *client);
const char *prima_type_name(enum prima_type type); /* "NewOrder", ... for metrics */
const char *prima_fate_name(enum prima_fate fate);

#endif
