/* What one refund takes of its order's credit, as a C struct: schemas/RefundCredit.avsc says what
 * each field means and which may be absent.
 *
 * It is beside the order's entry (ledger_entry.h) in the same partition of the same topic, under a
 * message key of its own (ledger/ledger_key.h). Refunds write these and never entries; ledger/ledger_fold.h
 * puts both together.
 *
 * Invariants: no personal data; the latest record of a key replaces earlier ones, a tombstone takes
 * it away; places are named by what they are, never by an index, so that they are found in the next
 * entry of the order as well. Plain data that points into its maker's memory: any thread. */
#ifndef PRIMAFLOW_LEDGER_CREDIT_H
#define PRIMAFLOW_LEDGER_CREDIT_H

#include "codec/binding.h"

enum credit_state {
    CREDIT_OPEN,     /* a person must tell whether its note exists */
    CREDIT_CREDITED, /* its note is posted */
    CREDIT_OWED,     /* an edit took units away, without money */
    CREDIT_UNPOSTED, /* the order ended without a document */
    CREDIT_STATE_COUNT
};
extern const char *const credit_state_names[];

enum credit_place {
    CREDIT_AT_LINE,
    CREDIT_AT_CHARGE,
    CREDIT_AT_OWED,
    CREDIT_AT_ORDER,
    CREDIT_PLACE_COUNT
};
extern const char *const credit_place_names[];

struct ledger_credit_tax {
    int64_t rate_ppm; /* parts per million */
    int64_t tax_minor;
};

struct ledger_credit_part {
    enum credit_place what;
    /* line, owed: OrderLine in Prima; charge: which of those with this code and line_id, from 0 */
    int32_t number;
    const char *code;    /* charge; else NULL */
    const char *line_id; /* charge; may be NULL */
    int32_t mark;        /* line, owed: ledger_line_mark; 0: not known */
    const char *edit_id; /* owed; else NULL */
    int32_t quantity;
    int64_t gross_minor;                      /* tax included */
    ARRAY_OF(struct ledger_credit_tax) taxes; /* as many as the place has, in its order */
};

struct ledger_credit_tender {
    const char *kind;
    const char *gateway;   /* may be NULL */
    const char *parent_id; /* may be NULL */
    int64_t amount_minor;
};

struct ledger_credit_taken {
    int32_t number; /* OrderLine in Prima */
    int32_t mark;   /* ledger_line_mark; 0: not known */
    int32_t units;
};

struct ledger_credit {
    const char *key;   /* K; "" of CREDIT_UNPOSTED */
    const char *order; /* topic key of the order */
    const char *company;
    const char *channel;
    const char *store;
    const char *order_id;
    const char *refund_id; /* "" of CREDIT_UNPOSTED */
    enum credit_state state;
    bool all;             /* CREDIT_OPEN: keeps all that remains */
    const char *outcome;  /* CREDIT_UNPOSTED; else NULL */
    const char *document; /* CREDIT_CREDITED; else NULL */
    const char *currency; /* ISO 4217; "" of CREDIT_UNPOSTED */
    int64_t amount_minor; /* tax included */
    int64_t tax_minor;
    int64_t account_minor;  /* of it, taken off what is outstanding */
    int64_t at;             /* ms since 1970 UTC */
    int64_t event_time;     /* ms since 1970 UTC; 0: not known */
    int64_t source_version; /* of the event; 0: not known */
    ARRAY_OF(struct ledger_credit_part) parts;
    ARRAY_OF(struct ledger_credit_tender) tenders;
    ARRAY_OF(struct ledger_credit_taken) taken; /* CREDIT_OWED */
};

extern const struct bound_record ledger_credit_record;

#endif
