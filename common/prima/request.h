/* Requests to Prima, from plain values to the inner ISO-8859-1 document: shapes and names as
 * Prima's connectors send them.
 *
 * Text is UTF-8 in, Latin-1 out (latin1.h). What Latin-1 cannot hold is transliterated ("Łukasz" →
 * "Lukasz"), and the original is kept in the order's special instructions: "[Original:
 * CustomerForename={U+0141}ukasz]". What identifies (e-mail, references, codes, warehouse,
 * transaction) is never transliterated, or it would match somebody or something else: it is spelled
 * from the start. Never a silent '?', never a broken request. NULL and "" mean absent. Amounts are
 * texts already ("12.34"): this layer knows no money. Pure functions, any thread: the same values
 * give the same bytes. */
#ifndef PRIMAFLOW_PRIMA_REQUEST_H
#define PRIMAFLOW_PRIMA_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>

struct prima_names; /* prima/names.h, read from the configuration once */

struct prima_address {
    const char *title, *forename, *surname, *lines[6], *post_code, *country, *email, *phone,
        *mobile;
};

struct prima_order_line {
    const char *product, *matrix[4], *quantity, *price, *warehouse, *tax /* ExtTaxVal */,
        *discount /* TrDisc */, *narrative, *reference, *promotion, *promotion_value, *voucher;
    bool reserve;
};

struct prima_order_charge {
    const char *charge, *value;
};

struct prima_order_payment {
    const char *method, *sub_method, *amount, *provider, *auth_ref, *transaction_id,
        *voucher_number, *exchange_number /* ExchCreditNo */;
};

struct prima_order {
    const char *order_number, *customer /* account, "" by_prima */, *order_type, *order_channel,
        *customer_ref, *payment_terms, *delivery_fao;
    bool vat_inclusive, hold;
    const char *hold_narrative;
    struct prima_address delivery, invoice;
    const char *special_instructions, *shipping_instructions, *currency,
        *order_date /* YYYY-MM-DD */, *carrier, *carrier_service, *source_media, *order_category,
        *brand, *season, *order_contact, *order_paid /* amount text */;
    const struct prima_order_line *lines;
    size_t line_count;
    const struct prima_order_charge *charges;
    size_t charge_count;
    const struct prima_order_payment *payments;
    size_t payment_count;
};

struct prima_customer {
    const char *customer_ref;
    struct prima_address address;
};

struct prima_credit_line {
    const char *order_line, *product, *matrix[4], *quantity, *price, *tax, *warehouse;
    bool restock; /* the goods are on hand again, in the warehouse */
};

struct prima_credit_charge {
    const char *charge, *value, *tax;
};

struct prima_credit_payment {
    const char *method, *sub_method, *amount, *provider, *transaction_id, *voucher_number,
        *exchange_number /* ExchCreditNo */;
};

/* Where quantity is "0" nothing comes back, and price is the line's amount. */
struct prima_credit_note {
    const char *credit_number, *order_number, *currency;
    bool vat_inclusive;
    const char *refund_date, *post_date; /* YYYY-MM-DD */
    const char *reason;
    const struct prima_credit_line *lines;
    size_t line_count;
    const struct prima_credit_charge *charges;
    size_t charge_count;
    const struct prima_credit_payment *payments;
    size_t payment_count;
};

/* A page of the documents whose date lies in a range of days. */
struct prima_search {
    const char *from, *to; /* YYYY-MM-DD, both included */
    int page, page_size;   /* from 1 */
};

struct prima_sku {
    const char *product, *matrix[4];
};

/* Both stock reads: `warehouse` asks for one depot; NULL or "": all of them together. Of a range of
 * products, both ends included; from and to NULL or "": open. */
__attribute__((warn_unused_result)) int prima_request_stock_read(const struct prima_names *names,
                                                                 const char *from, const char *to,
                                                                 const char *warehouse,
                                                                 struct buf *out);
/* ... of some products. -EINVAL: none. */
__attribute__((warn_unused_result)) int prima_request_stock_of(const struct prima_names *names,
                                                               const struct prima_sku *skus,
                                                               size_t count, const char *warehouse,
                                                               struct buf *out);

/* How every request begins, up to its name (guard.h relies on it). */
#define PRIMA_REQUEST_OPENING                                                                      \
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Request RequestType=\""

/* Each appends the whole inner document. 0; -ENOMEM: `out` is full; -EINVAL: the order number is
 * empty, longer than 50 bytes or has characters that no number has (blanks, quotes, <, >, &, \,
 * anything beyond ASCII), or a credit note's is; no line (new_order), neither line nor charge
 * (new_credit_note), no SKU (product_read), neither reference nor e-mail
 * (search). */
__attribute__((warn_unused_result)) int prima_request_new_order(const struct prima_names *names,
                                                                const struct prima_order *order,
                                                                struct buf *out);
__attribute__((warn_unused_result)) int prima_request_order_status(const char *order_number,
                                                                   struct buf *out);
__attribute__((warn_unused_result)) int prima_request_customer_search(
    const struct prima_names *names, const char *customer_ref, const char *email, struct buf *out);
__attribute__((warn_unused_result)) int prima_request_new_customer(
    const struct prima_names *names, const struct prima_customer *customer, struct buf *out);
__attribute__((warn_unused_result)) int prima_request_new_credit_note(
    const struct prima_names *names, const struct prima_credit_note *note, struct buf *out);
__attribute__((warn_unused_result)) int prima_request_credit_note_status(
    const struct prima_names *names, const char *credit_number, struct buf *out);
__attribute__((warn_unused_result)) int prima_request_order_search(
    const struct prima_names *names, const struct prima_search *search, struct buf *out);
__attribute__((warn_unused_result)) int prima_request_product_read(const struct prima_sku *skus,
                                                                   size_t count, struct buf *out);

#endif
