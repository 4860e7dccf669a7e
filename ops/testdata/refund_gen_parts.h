/* What the parts of the refund generator share; nobody else includes it. */
#ifndef PRIMAFLOW_REFUND_GEN_PARTS_H
#define PRIMAFLOW_REFUND_GEN_PARTS_H

#include "order_gen_parts.h"
#include "refund_gen.h"

/* So many refunds has an order at most; what comes then are resends. */
enum { REFUND_STEPS_MAX = 16, MADE_TAXES_MAX = MADE_LINES_MAX + 2 };

/* What came of an order so far: enough to make each of its refunds again. */
struct made_story {
    uint8_t kinds[REFUND_STEPS_MAX]; /* enum refund_kind_made */
    uint8_t count;
    uint16_t lost; /* bit by step: its money was lost after it was posted */
};

/* ---- what is left of an order ---- */

struct made_rest {
    int32_t units;
    struct made_money amount, tax, discount; /* amount: as priced */
};

struct made_left {
    struct made_order order;
    struct made_rest lines[MADE_LINES_MAX], shipping, wrap;
    struct made_money tenders[MADE_TENDERS_MAX];
    struct made_money gross; /* of the whole order */
    /* something was given back, or is owed, that is not in its line's rest: whatever else is given
     * back is money alone */
    bool is_by_money;
    bool is_over; /* voided */
};

/* ---- one refund ---- */

struct made_back {
    size_t line; /* index into the order's lines */
    struct made_rest rest;
    const char *restock, *location; /* location may be NULL */
};

struct made_refund {
    enum refund_kind_made kind;
    int64_t index;
    int step;
    struct made_back lines[MADE_LINES_MAX];
    size_t line_count;
    struct made_rest carriage, wrap; /* amount 0: none */
    struct made_money order_amount;  /* 0: none */
    struct {
        int64_t rate_ppm;
        struct made_money amount;
    } taxes[MADE_TAXES_MAX]; /* tax alone */
    size_t tax_count;
    struct made_money sent, set_off; /* of an exchange */
    struct made_money gross;         /* what its parts come to, tax contained */
    struct made_money back;          /* what the transactions come to */
    struct made_transaction {
        const char *kind, *gateway, *method;
        size_t tender; /* of the order's, that it pays back */
        struct made_money amount;
    } transactions[MADE_TENDERS_MAX];
    size_t transaction_count;
};

/* What is left before the story's step `steps`. */
void made_left_open(const struct order_gen_options *orders, int64_t index,
                    const struct made_story *story, int steps, struct made_left *ret_left);
/* False: what is left does not allow this kind. */
bool made_refund_make(const struct order_gen_options *orders, const struct made_left *left,
                      int64_t index, int step, enum refund_kind_made kind,
                      struct made_refund *ret_refund);
/* Takes off what the refund gives back, once it is posted. */
void made_left_take(struct made_left *left, const struct made_refund *refund);

/* A credit note is posted of it: now, or when its newer version comes. */
bool made_kind_is_credited(enum refund_kind_made kind);

enum made_version {
    VERSION_FIRST,
    VERSION_PAID, /* the money that was pending has arrived */
    VERSION_LOST  /* the money that had arrived failed after all */
};
/* Of an exchange: what was sent, as an order of its own (domain/keys/exchange.h), whose event is made at
 * the time of the refund. NULL: no price of one article comes to what was sent, to the minor unit. */
json_t *made_exchange_order(const struct order_gen_options *orders, const struct made_left *left,
                            const struct made_refund *refund, const json_t *refund_event);

/* Its event. `number` is the event's own, from which its id and source_version follow. */
json_t *made_refund_event(const struct order_gen_options *orders, const struct made_left *left,
                          const struct made_refund *refund, int64_t number,
                          enum made_version version);

#endif
