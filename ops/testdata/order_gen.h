/* Orders that could be real, made up from a seed: for demo, tests and benchmarks.
 *
 * Invariants
 *   - The same options give the same events, byte for byte, on every machine and at any time: no
 *     clock, no randomness but the seed's.
 *   - An order without a fault is right to the minor unit: lines less discounts, plus carriage and
 *     charges, plus tax where prices are net, are its total; tenders and outstanding come to that
 *     total; every tax line is its rate on its line, rounded half up.
 *   - An order is a function of (seed, its index): a resend is made again, not remembered.
 *   - People, addresses and numbers are invented; mail goes to example.com, telephones are of the
 *     ranges kept for fiction.
 * One thread. */
#ifndef PRIMAFLOW_CLI_ORDER_GEN_H
#define PRIMAFLOW_CLI_ORDER_GEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum order_fault {
    ORDER_FAULT_NONE,
#define ORDER_FAULT(name, shape, outcome, code, meaning) ORDER_FAULT_##name,
#include "order_faults.def"
#undef ORDER_FAULT
    ORDER_FAULT_COUNT
};

struct order_fault_info {
    const char *name;
    enum { FAULT_IN_ORDER, FAULT_AFTER_ORDER, FAULT_IN_BYTES } shape;
    const char *outcome; /* of the record: an outcome of results, or "dead_letter" */
    const char *code;
    const char *meaning;
};
const struct order_fault_info *order_fault_info(enum order_fault fault);
enum order_fault order_fault_find(const char *name); /* ORDER_FAULT_NONE: there is none */

struct order_gen_options {
    uint64_t seed;
    int64_t count;     /* events */
    double duplicates; /* per cent of the events */
    double faulty;     /* per cent of the events */
    int64_t keys;      /* distinct orders; 0: every event that is no resend is a new one */
    double skew;       /* Zipf's exponent over the keys; 0: all alike */
    int64_t customers; /* how many people order */
    int64_t start_ms;  /* wall time of the first order */
    uint64_t faults;   /* bit (1 << enum order_fault): those that --faulty may take */
};

struct order_gen_event {
    json_t *event;          /* owned by the caller; as schemas/OrderEvent.avsc */
    enum order_fault fault; /* FAULT_IN_BYTES: to be done to the encoded bytes by order_gen_break */
    bool is_resend;
    int64_t index; /* of the order */
    /* what is to become of it, "" for no code; holds if the records before it went as expected */
    const char *outcome, *code;
};

struct order_gen;
/* NULL: no memory. */
struct order_gen *order_gen_new(const struct order_gen_options *options);
void order_gen_free(struct order_gen *gen);
/* False after the last one. */
bool order_gen_next(struct order_gen *gen, struct order_gen_event *ret_event);

/* Does a FAULT_IN_BYTES to a framed record in place: *size may shrink or grow by up to
 * ORDER_BREAK_ROOM bytes; -1 makes it a tombstone. */
enum { ORDER_BREAK_ROOM = 8 };
void order_gen_break(enum order_fault fault, uint8_t *bytes, int64_t *size);

#endif
