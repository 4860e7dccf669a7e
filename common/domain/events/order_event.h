/* An order as a channel has it now, as a C struct: schemas/OrderEvent.avsc says what each field
 * means, which may be absent, and which make up its identity; this file only lays them out.
 *
 * Invariants
 *   - Money is in integer minor units of the order's currencies (`currency`,
 *     `presentment_currency`).
 *   - A decoded struct points into the arena that it was decoded with and is read only; absent
 *     texts and records are NULL.
 *   - An enum's value is the index into its *_names, in the order of the schema's symbols; never
 *     out of range after decoding.
 * Plain data: any thread. */
#ifndef PRIMAFLOW_ORDER_EVENT_H
#define PRIMAFLOW_ORDER_EVENT_H

#include "domain/events/event_parts.h"

enum order_kind { ORDER_CREATED, ORDER_EDITED, ORDER_CANCELLED, ORDER_KIND_COUNT };
enum tender_status {
    TENDER_STATUS_UNKNOWN,
    TENDER_STATUS_PENDING,
    TENDER_STATUS_AUTHORIZED,
    TENDER_STATUS_CAPTURED,
    TENDER_STATUS_FAILED,
    TENDER_STATUS_VOIDED,
    TENDER_STATUS_COUNT
};
enum payment_status {
    PAYMENT_UNKNOWN,
    PAYMENT_PENDING,
    PAYMENT_AUTHORIZED,
    PAYMENT_PARTIALLY_PAID,
    PAYMENT_PAID,
    PAYMENT_PARTIALLY_REFUNDED,
    PAYMENT_REFUNDED,
    PAYMENT_VOIDED,
    PAYMENT_STATUS_COUNT
};

extern const char *const order_kind_names[];
extern const char *const tender_status_names[];
extern const char *const payment_status_names[];

struct tax_line {
    const char *title;
    int64_t rate_ppm;        /* parts per million: 200000 is 20 % */
    struct money_set amount; /* for the whole line */
    bool channel_liable;     /* the channel pays it itself */
};

struct order_discount {
    const char *code;        /* may be NULL */
    const char *title;       /* may be NULL */
    struct money_set amount; /* for the whole line, positive */
};

struct order_property {
    const char *name;
    const char *value;
};

struct order_address {
    const char *title;        /* may be NULL */
    const char *forename;     /* may be NULL */
    const char *surname;      /* may be NULL */
    const char *company;      /* may be NULL */
    const char *line1;        /* may be NULL */
    const char *line2;        /* may be NULL */
    const char *line3;        /* may be NULL */
    const char *city;         /* may be NULL */
    const char *region;       /* may be NULL */
    const char *postcode;     /* may be NULL */
    const char *country_code; /* ISO 3166-1 alpha-2; may be NULL */
    const char *phone;        /* may be NULL */
};

struct order_customer {
    const char *customer_id; /* NULL: a guest */
    const char *email;       /* may be NULL */
    const char *title;       /* may be NULL */
    const char *forename;    /* may be NULL */
    const char *surname;     /* may be NULL */
    const char *company;     /* may be NULL */
    const char *phone;       /* may be NULL */
    const char *mobile;      /* may be NULL */
};

struct order_business {
    const char *company_id; /* may be NULL */
    const char *name;
    const char *location_id;    /* may be NULL */
    const char *location_name;  /* may be NULL */
    const char *vat_number;     /* may be NULL */
    const char *purchase_order; /* may be NULL */
};

struct order_line {
    const char *line_id;
    const char *parent_line_id; /* may be NULL */
    const char *sku;            /* NULL or "" happens */
    const char *product_id;     /* may be NULL */
    const char *variant_id;     /* may be NULL */
    const char *title;
    const char *variant_title; /* may be NULL */
    int32_t quantity;          /* units ordered at first */
    bool has_current_quantity;
    int32_t current_quantity;    /* after edits, refunds not counted; absent: as quantity */
    struct money_set unit_price; /* of one unit, before discounts */
    ARRAY_OF(struct order_discount) discounts;
    ARRAY_OF(struct tax_line) tax_lines;
    bool taxable;
    bool gift_card;
    bool requires_shipping;
    const char *location_id;  /* decides the depot; may be NULL */
    const char *gift_message; /* may be NULL */
    ARRAY_OF(struct order_property) properties;
};

struct shipping_line {
    const char *line_id; /* may be NULL */
    const char *code;    /* decides the charge code; may be NULL */
    const char *title;
    const char *carrier;    /* may be NULL */
    struct money_set price; /* before discounts */
    ARRAY_OF(struct order_discount) discounts;
    ARRAY_OF(struct tax_line) tax_lines;
};

struct order_charge {
    enum charge_kind kind;
    const char *code; /* may be NULL */
    const char *title;
    const char *line_id; /* NULL: the whole order's */
    struct money_set amount;
    ARRAY_OF(struct order_discount) discounts;
    ARRAY_OF(struct tax_line) tax_lines;
};

struct order_tender {
    const char *transaction_id; /* may be NULL */
    enum tender_kind kind;
    const char *gateway;     /* may be NULL */
    const char *method;      /* may be NULL */
    struct money_set amount; /* positive */
    enum tender_status status;
    const char *authorization;  /* may be NULL */
    const char *voucher_number; /* may be NULL */
    bool has_processed_at;
    int64_t processed_at; /* ms since 1970 UTC */
    bool test;
};

struct payment_terms {
    const char *name;
    bool has_due_at;
    int64_t due_at; /* ms since 1970 UTC */
};

struct order_totals {
    const struct money_set *subtotal;  /* NULL: not stated */
    const struct money_set *discounts; /* NULL: not stated */
    const struct money_set *shipping;  /* NULL: not stated */
    const struct money_set *charges;   /* NULL: not stated */
    struct money_set tax;
    struct money_set total; /* tax included */
    struct money_set outstanding;
};

struct order_event {
    const char *event_id;
    int64_t event_time; /* ms since 1970 UTC */
    enum order_kind kind;
    int64_t source_version; /* grows with every change in the channel */
    const char *channel;
    const char *store;
    const char *order_id;
    const char *order_name;  /* may be NULL */
    const char *source_name; /* web, pos; may be NULL */
    const char *location_id; /* may be NULL */
    bool test;
    int64_t created_at;               /* the order's date */
    const char *currency;             /* ISO 4217 */
    const char *presentment_currency; /* ISO 4217; NULL: as currency */
    bool taxes_included;              /* true: prices contain tax */
    bool tax_exempt;
    const struct order_customer *customer;        /* may be NULL */
    const struct order_business *business;        /* may be NULL */
    const struct order_address *billing_address;  /* may be NULL */
    const struct order_address *shipping_address; /* may be NULL */
    ARRAY_OF(struct order_line) lines;
    ARRAY_OF(struct shipping_line) shipping_lines;
    ARRAY_OF(struct order_charge) charges;
    ARRAY_OF(struct order_tender) tenders;
    enum payment_status payment_status;
    const struct payment_terms *payment_terms; /* may be NULL */
    struct order_totals totals;
    const char *note;                  /* may be NULL */
    const char *gift_message;          /* may be NULL */
    const char *delivery_instructions; /* may be NULL */
    ARRAY_OF(struct order_property) properties;
    ARRAY_OF(const char *) tags;
    const char *fulfilment_state; /* may be NULL */
    bool has_cancelled_at;
    int64_t cancelled_at;      /* set exactly when kind is cancelled */
    const char *cancel_reason; /* may be NULL */
};

extern const struct bound_record tax_line_record;
extern const struct bound_record order_discount_record;
extern const struct bound_record order_property_record;
extern const struct bound_record order_address_record;
extern const struct bound_record order_customer_record;
extern const struct bound_record order_business_record;
extern const struct bound_record order_line_record;
extern const struct bound_record shipping_line_record;
extern const struct bound_record order_charge_record;
extern const struct bound_record order_tender_record;
extern const struct bound_record payment_terms_record;
extern const struct bound_record order_totals_record;
extern const struct bound_record order_event_record;

#endif
