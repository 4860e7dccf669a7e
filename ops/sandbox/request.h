/* A request that Prima understands: read from the inner document, carried out on the ledger,
 * answered by an inner document.
 *
 * Life: request_read (what is asked, and of which key: enough to choose a hostility), then
 * request_apply once, or never. Invariants: request_apply writes to the ledger all of a request or
 * nothing; the document it gives always says RequestStatus and RequestError. The ledger holds one
 * parsed document at a time: between read and apply of one request no other may be read. One
 * thread. */
#ifndef SANDBOX_REQUEST_H
#define SANDBOX_REQUEST_H

#include "base/buf.h"
#include "ledger.h"

enum { ACCOUNT_MAX = 24 }; /* an account code with its NUL */

enum outcome {
    OUTCOME_APPLIED,     /* it wrote */
    OUTCOME_READ,        /* a read was answered */
    OUTCOME_REFUSED,     /* RequestStatus="ERROR" by Prima's own rules */
    OUTCOME_MALFORMED,   /* no request at all */
    OUTCOME_NOT_APPLIED, /* a hostility kept it from being looked at */
    OUTCOME_PENDING,     /* to be applied later */
    OUTCOME_COUNT
};

struct request;

struct request_type {
    /* key: the attribute of Data that is its natural key, or of Data's first row where Data has
     * none */
    const char *name, *key;
    enum outcome (*apply)(struct request *r);
    const char
        *otherwise; /* the attribute of Data that is its key when that one is empty; NULL: none */
};

struct request {
    struct ledger *ledger;
    const char *company;
    int64_t id, now_ms;              /* id: of its row in requests */
    const struct request_type *type; /* NULL: unknown RequestType, or none */
    const char *type_name,
        *key; /* as sent; key "" when there is none. They last until the next request_read */
    struct buf *reply;
    bool duplicate; /* set by apply: refused because its number is there already */
    bool second;    /* set by apply: accepted although its number is there already */
};

/* Parses; sets type, type_name and key. -EINVAL: not a request, doc_error says why. */
__attribute__((warn_unused_result)) int request_read(struct request *r, const char *text,
                                                     size_t size);

/* Carries it out and appends the reply's document. Call after a successful request_read. */
enum outcome request_apply(struct request *r);

const char *request_outcome_name(enum outcome outcome);

/* For the implementations of request types: */
void reply_begin(struct request *r, const char *status, const char *error);
void reply_end(struct request *r);
void reply_posted(struct request *r, const char *name, const char *number); /* a yes, whole */
void reply_attribute(struct request *r, const char *name, const char *value);
enum outcome reply_refusal(struct request *r, enum wording wording,
                           const char *detail); /* the whole document */

enum outcome apply_new_order(struct request *r);
enum outcome apply_order_status(struct request *r);
enum outcome apply_order_search(struct request *r);
enum outcome apply_new_credit_note(struct request *r);
enum outcome apply_credit_note_status(struct request *r);
enum outcome apply_customer_search(struct request *r);
enum outcome apply_new_customer(struct request *r);
enum outcome apply_multi_available(struct request *r);
enum outcome apply_product_available(struct request *r);

/* For the readers of documents: an attribute of what may be NULL, ""; "Yes" whatever its case; a
 * day, YYYY-MM-DD; a product as a person names it. */
const char *request_attribute(const struct request *r, const struct doc_element *e,
                              const char *name);
bool request_says_yes(const char *text);
bool request_is_date(const char *text);
int request_refuse(struct request *r, enum wording wording, const char *detail); /* -EINVAL */
/* The product that an element names. NULL: unknown, and refused. */
struct product *request_product(struct request *r, const struct doc_element *e);

/* The first child of the root called Data, or NULL. */
const struct doc_element *request_data(const struct request *r);

/* The account that Prima matches to this Data, by e-mail and then by CustomerRef, "" when there is
 * none. Lasts until the next query. */
const char *customer_match(struct request *r, const struct doc_element *data);
/* Adds an account from Data's attributes; its code goes to ret_account. -EEXIST: CustomerRef is
 * taken. */
__attribute__((warn_unused_result)) int customer_add(struct request *r,
                                                     const struct doc_element *data,
                                                     char ret_account[static ACCOUNT_MAX]);
void customer_fold(const char *email, char ret_email[static 256]); /* lower case, as matched */

#endif
