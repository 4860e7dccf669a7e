/* What remains creditable of one posted order, as a C struct: schemas/LedgerEntry.avsc says what
 * each field means and which may be absent.
 *
 * Invariants: no personal data; 0 <= credited <= posted for each quantity and amount; the latest
 * entry of a key replaces earlier ones. Plain data that points into its maker's memory: any
 * thread. */
#ifndef PRIMAFLOW_LEDGER_ENTRY_H
#define PRIMAFLOW_LEDGER_ENTRY_H

#include "codec/binding.h"

enum money_chosen { MONEY_SHOP, MONEY_PRESENTMENT, MONEY_CHOSEN_COUNT };

extern const char *const money_chosen_names[];

struct ledger_tax {
    int64_t rate_ppm; /* parts per million */
    int64_t tax_minor;
    int64_t credited_minor;
};

struct ledger_line {
    const char *line_id;
    int32_t number; /* OrderLine in Prima */
    const char *product;
    ARRAY_OF(const char *) matrix_codes;
    const char *depot; /* may be NULL */
    bool gift_card;
    int32_t quantity;
    int64_t amount_minor;   /* after discounts */
    int64_t discount_minor; /* positive */
    ARRAY_OF(struct ledger_tax) taxes;
    int32_t credited_quantity;
    int64_t credited_minor;
    int32_t bundle_quantity;    /* 0: not of a bundle */
    const char *bundle_line_id; /* may be NULL */
};

struct ledger_charge {
    const char *code;
    const char *kind;
    const char *line_id;  /* may be NULL */
    int64_t amount_minor; /* after discounts */
    ARRAY_OF(struct ledger_tax) taxes;
    int64_t credited_minor;
};

struct ledger_tender {
    const char *kind;
    const char *gateway;        /* may be NULL */
    const char *method;         /* may be NULL */
    const char *transaction_id; /* may be NULL */
    int64_t amount_minor;
    int64_t credited_minor;
};

struct ledger_note {
    const char *refund_id;
    const char *document;
    int64_t amount_minor; /* tax included */
    int64_t tax_minor;
    int64_t posted_at; /* ms since 1970 UTC */
};

struct ledger_share { /* credited for the whole order, at one combination of rates */
    int64_t credited_minor;
    ARRAY_OF(struct ledger_tax) taxes;
};

struct ledger_owed { /* an edit after posting took units away, and no money came back yet */
    const char *edit_id;
    int64_t event_time; /* ms since 1970 UTC */
    int32_t number;     /* OrderLine in Prima */
    int32_t quantity;
    int64_t amount_minor;
    int64_t discount_minor;
    ARRAY_OF(struct ledger_tax) taxes;
};

struct ledger_entry {
    const char *key;
    const char *company;
    const char *channel;
    const char *store;
    const char *order_id;
    const char *order_number;
    const char *document;
    const char *account;  /* may be NULL */
    int64_t version;      /* grows with each entry of the key */
    const char *currency; /* ISO 4217 */
    enum money_chosen money;
    bool tax_included;
    const char *identity;
    const char *goods, *payment; /* digests of the posted version; "": not known */
    int64_t source_version;      /* 0: not known */
    int64_t event_time;          /* of the posted version, ms since 1970 UTC; 0: not known */
    const char *order_date;      /* YYYY-MM-DD */
    int64_t posted_at;           /* ms since 1970 UTC */
    int64_t total_minor;
    int64_t tax_minor;
    int64_t outstanding_minor;
    int64_t outstanding_credited_minor;
    ARRAY_OF(struct ledger_line) lines;
    ARRAY_OF(struct ledger_charge) charges;
    ARRAY_OF(struct ledger_tender) tenders;
    ARRAY_OF(struct ledger_note) credits;
    ARRAY_OF(struct ledger_share) shares;
    ARRAY_OF(struct ledger_owed) owed; /* the oldest first */
};

extern const struct bound_record ledger_tax_record;
extern const struct bound_record ledger_line_record;
extern const struct bound_record ledger_charge_record;
extern const struct bound_record ledger_tender_record;
extern const struct bound_record ledger_note_record;
extern const struct bound_record ledger_share_record;
extern const struct bound_record ledger_owed_record;
extern const struct bound_record ledger_entry_record;

#endif
