/* A refund, or an edit that took something away, as a C struct: schemas/RefundEvent.avsc says what
 * each field means, which may be absent, and which make up its identity; this file only lays them
 * out.
 *
 * Invariants
 *   - Money is in integer minor units of the shop's and the customer's currency.
 *   - A decoded struct points into the arena that it was decoded with and is read only; absent
 *     texts and records are NULL.
 *   - An enum's value is the index into its *_names, in the order of the schema's symbols; never
 *     out of range after decoding.
 * Plain data: any thread. */
#ifndef PRIMAFLOW_REFUND_EVENT_H
#define PRIMAFLOW_REFUND_EVENT_H

#include "domain/events/event_parts.h"

enum refund_kind { REFUND_KIND_REFUND, REFUND_KIND_EDIT, REFUND_KIND_COUNT };
enum restock {
    RESTOCK_UNKNOWN,
    RESTOCK_NONE,   /* money only */
    RESTOCK_CANCEL, /* the units never left */
    RESTOCK_RETURN, /* they come back to a location */
    RESTOCK_COUNT
};
enum adjustment_kind {
    ADJUSTMENT_OTHER,
    ADJUSTMENT_CARRIAGE,
    ADJUSTMENT_DISCREPANCY,
    ADJUSTMENT_RESTOCKING_FEE,
    ADJUSTMENT_KIND_COUNT
};
enum transaction_type {
    TRANSACTION_OTHER,
    TRANSACTION_REFUND,
    TRANSACTION_VOID,
    TRANSACTION_TYPE_COUNT
};
enum transaction_status {
    TRANSACTION_UNKNOWN,
    TRANSACTION_PENDING,
    TRANSACTION_SUCCEEDED,
    TRANSACTION_FAILED,
    TRANSACTION_STATUS_COUNT
};

extern const char *const refund_kind_names[];
extern const char *const restock_names[];
extern const char *const adjustment_kind_names[];
extern const char *const transaction_type_names[];
extern const char *const transaction_status_names[];

struct refund_tax {
    int64_t rate_ppm; /* parts per million */
    struct money_set amount;
};

struct refund_line {
    const char *line_id;
    int32_t quantity; /* 0: an amount alone */
    enum restock restock;
    const char *location_id;     /* may be NULL */
    struct money_set amount;     /* for all units, after discounts */
    const struct money_set *tax; /* NULL: not said */
    ARRAY_OF(struct refund_tax) tax_lines;
    struct money_set discount; /* taken off the amount already */
};

struct refund_carriage {
    const char *line_id; /* may be NULL */
    struct money_set amount;
    const struct money_set *tax; /* NULL: not said */
    ARRAY_OF(struct refund_tax) tax_lines;
};

struct refund_charge {
    enum charge_kind kind;
    const char *code;    /* may be NULL */
    const char *line_id; /* may be NULL */
    struct money_set amount;
    const struct money_set *tax; /* NULL: not said */
    ARRAY_OF(struct refund_tax) tax_lines;
};

struct refund_adjustment {
    enum adjustment_kind kind;
    struct money_set amount;     /* with the channel's sign */
    const struct money_set *tax; /* NULL: not said */
};

struct refund_sent {
    const char *line_id;
    int32_t quantity;
    struct money_set amount; /* tax contained */
};

struct refund_transaction {
    const char *transaction_id; /* may be NULL */
    const char *parent_id;      /* may be NULL */
    enum transaction_type type;
    enum transaction_status status;
    bool offline;
    enum tender_kind kind;
    const char *gateway;  /* may be NULL */
    const char *method;   /* may be NULL */
    const char *currency; /* NULL: the shop's */
    struct money_set amount;
    const char *voucher_number; /* may be NULL */
    bool has_processed_at;
    int64_t processed_at; /* ms since 1970 UTC */
    bool test;
};

struct refund_event {
    const char *event_id;
    int64_t event_time; /* ms since 1970 UTC */
    enum refund_kind kind;
    int64_t source_version; /* grows with every change in the channel */
    const char *channel;
    const char *store;
    const char *order_id;
    const char *refund_id;
    const char *order_name; /* may be NULL */
    int64_t created_at;     /* ms since 1970 UTC */
    bool test;
    bool deleted;
    const char *currency;             /* ISO 4217 */
    const char *presentment_currency; /* ISO 4217; NULL: as currency */
    const char *reason;               /* may be NULL */
    const char *note;                 /* may be NULL */
    const char *return_id;            /* may be NULL */
    ARRAY_OF(struct refund_line) lines;
    ARRAY_OF(struct refund_carriage) carriage;
    ARRAY_OF(struct refund_charge) charges;
    ARRAY_OF(struct refund_adjustment) adjustments;
    const struct money_set *order_amount; /* NULL: none told apart */
    ARRAY_OF(struct refund_tax) taxes;    /* tax alone */
    ARRAY_OF(struct refund_sent) sent;
    struct money_set set_off;
    bool transactions_told;
    ARRAY_OF(struct refund_transaction) transactions;
    struct money_set succeeded;    /* what of the transactions has gone back */
    const struct money_set *total; /* NULL: not stated */
};

extern const struct bound_record refund_tax_record;
extern const struct bound_record refund_line_record;
extern const struct bound_record refund_carriage_record;
extern const struct bound_record refund_charge_record;
extern const struct bound_record refund_adjustment_record;
extern const struct bound_record refund_sent_record;
extern const struct bound_record refund_transaction_record;
extern const struct bound_record refund_event_record;

#endif
