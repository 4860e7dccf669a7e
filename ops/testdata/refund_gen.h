/* Refunds of the orders that order_gen.h makes up from the same seed: for demo, tests and benchmarks.
 *
 * Invariants
 *   - The same options give the same events, byte for byte, as for orders.
 *   - A refund is of an order as it was made first, without a fault: its ids, units, amounts, taxes
 *     and tenders are that order's. It is a function of (seed, order, the order's refunds before it):
 *     a resend is made again, not remembered.
 *   - What its parts come to is what goes back to the minor unit, but where its kind says otherwise;
 *     no two refunds of an order give back the same unit or penny; `final` gives back all that the
 *     others left, in money and in tax.
 *   - What becomes of each is known when it is made: kinds that would spoil another's end do not come
 *     before it.
 * One thread. */
#ifndef PRIMAFLOW_REFUND_GEN_H
#define PRIMAFLOW_REFUND_GEN_H

#include "order_gen.h"

enum refund_kind_made {
#define REFUND_KIND(name, shape, weight, waits, outcome, code, meaning) REFUND_MADE_##name,
#include "refund_kinds.def"
#undef REFUND_KIND
    REFUND_MADE_COUNT
};

struct refund_kind_info {
    const char *name;
    enum { REFUND_USUAL, REFUND_FAULTY, REFUND_IN_BYTES } shape;
    int weight;
    const char *waits;   /* with this code before; "": it does not wait */
    const char *outcome; /* of results, or "dead_letter" */
    const char *code, *meaning;
};
const struct refund_kind_info *refund_kind_info(enum refund_kind_made kind);
enum refund_kind_made refund_kind_find(const char *name); /* REFUND_MADE_COUNT: there is none */

struct refund_gen_options {
    uint64_t seed;
    int64_t count;     /* events */
    double duplicates; /* per cent of the events */
    double faulty;     /* per cent of the events */
    int64_t keys;      /* refunds are of so many orders, the first ones */
    double skew;       /* Zipf's exponent over them; 0: all alike */
    int64_t start_ms;  /* wall time of the first order */
    uint64_t kinds;    /* bit (1 << enum refund_kind_made): those that may come */
};

struct refund_gen_event {
    json_t *event; /* owned by the caller; as schemas/RefundEvent.avsc */
    /* of an exchange that comes for the first time: what was sent, as an order of its own, as
     * schemas/OrderEvent.avsc; owned by the caller. NULL: none */
    json_t *order;
    enum refund_kind_made kind;
    bool is_resend;
    int64_t index;     /* of the order */
    const char *waits; /* as refund_kind_info */
    const char *outcome, *code;
};

struct refund_gen;
/* NULL: no memory. */
struct refund_gen *refund_gen_new(const struct refund_gen_options *options);
void refund_gen_free(struct refund_gen *gen);
/* False after the last one, and before it when nothing of these kinds is left to be refunded or sent
 * again. */
bool refund_gen_next(struct refund_gen *gen, struct refund_gen_event *ret_event);

void refund_gen_event_free(struct refund_gen_event *event); /* event and order */

/* For order_gen_break: what is done to the encoded record; ORDER_FAULT_NONE but for REFUND_IN_BYTES. */
enum order_fault refund_kind_breaks(enum refund_kind_made kind);

#endif
