/* The stream of events: which order is next, whether it is new, a resend, or wrong. */
#include "order_gen_parts.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_EVENTS = 1, STREAM_KEYS = 2, LOOK_BACK = 64 };

static const struct order_fault_info faults[] = {
    [ORDER_FAULT_NONE] = {"none", FAULT_IN_ORDER, "posted", "", "nothing wrong"},
#define ORDER_FAULT(name, shape, outcome, code, meaning)                                           \
    [ORDER_FAULT_##name] = {#name, FAULT_##shape, outcome, code, meaning},
#include "order_faults.def"
#undef ORDER_FAULT
};

const struct order_fault_info *order_fault_info(enum order_fault fault)
{
    return &faults[fault];
}

enum order_fault order_fault_find(const char *name)
{
    for (int i = 1; i < ORDER_FAULT_COUNT; i++)
        if (strcmp(faults[i].name, name) == 0)
            return (enum order_fault)i;
    return ORDER_FAULT_NONE;
}

/* What is remembered of an order: how it came first, and what came after. */
struct history {
    uint8_t fault; /* enum order_fault of its first event */
    bool is_made, is_cancelled;
    bool is_amended; /* came last with another quantity than was posted */
};

struct order_gen {
    struct order_gen_options options;
    struct history *orders; /* by index */
    int64_t order_count;    /* made so far, without --keys: indexes below it */
    int64_t number;         /* of the next event */
    double *shares;         /* with --keys: the cumulative shares of Zipf's law */
    enum order_fault last_fault;
};

struct order_gen *order_gen_new(const struct order_gen_options *options)
{
    struct order_gen *gen = calloc(1, sizeof *gen);
    int64_t orders = options->keys > 0 ? options->keys : options->count;
    if (gen == NULL)
        return NULL;
    gen->options = *options;
    gen->orders = calloc((size_t)orders + 1, sizeof *gen->orders);
    gen->shares = options->keys > 0 ? calloc((size_t)options->keys, sizeof *gen->shares) : NULL;
    if (gen->orders == NULL || (options->keys > 0 && gen->shares == NULL)) {
        order_gen_free(gen);
        return NULL;
    }
    skew_fill(gen->shares, options->keys, options->skew);
    return gen;
}

void order_gen_free(struct order_gen *gen)
{
    if (gen == NULL)
        return;
    free(gen->orders);
    free(gen->shares);
    free(gen);
}

/* The next of the faults asked for, in turn, so that a few events show them all. */
static enum order_fault fault_choose(struct order_gen *gen)
{
    for (int i = 0; i < ORDER_FAULT_COUNT; i++) {
        gen->last_fault = gen->last_fault + 1 < ORDER_FAULT_COUNT ? gen->last_fault + 1 : 1;
        if (gen->options.faults & (UINT64_C(1) << gen->last_fault))
            return gen->last_fault;
    }
    return ORDER_FAULT_NONE;
}

static bool is_posted(const struct history *h)
{
    return h->is_made && !h->is_cancelled && faults[h->fault].shape == FAULT_IN_ORDER &&
           strcmp(faults[h->fault].outcome, "ignored_test") != 0;
}

/* An earlier order that Prima is to have by now, or -1. */
static int64_t earlier_choose(const struct order_gen *gen, struct chance *c)
{
    for (int i = 0; i < LOOK_BACK && gen->order_count > 0; i++) {
        int64_t index = chance_below(c, gen->order_count);
        if (is_posted(&gen->orders[index]))
            return index;
    }
    return -1;
}

static void new_order(struct order_gen *gen, int64_t index, enum order_fault fault,
                      struct order_gen_event *e)
{
    *e = (struct order_gen_event){.index = index,
                                  .fault = fault,
                                  .outcome = faults[fault].outcome,
                                  .code = faults[fault].code};
    gen->orders[index] = (struct history){.fault = (uint8_t)fault, .is_made = true};
    if (index >= gen->order_count)
        gen->order_count = index + 1;
    e->event = made_order_event(&gen->options, index,
                                faults[fault].shape == FAULT_IN_ORDER ? fault : ORDER_FAULT_NONE, 0,
                                gen->number, false);
}

static void resend(struct order_gen *gen, int64_t index, struct order_gen_event *e)
{
    enum order_fault fault = (enum order_fault)gen->orders[index].fault;
    bool posted = is_posted(&gen->orders[index]);
    *e = (struct order_gen_event){.index = index,
                                  .is_resend = true,
                                  .outcome = posted ? "duplicate" : faults[fault].outcome,
                                  .code = ""};
    gen->orders[index].is_amended = false;
    e->event = made_order_event(&gen->options, index, fault, 0, gen->number, false);
}

/* An amendment or a cancellation of an order that was posted. An amendment that comes again is one
 * exception. */
static void follow_up(struct order_gen *gen, int64_t index, enum order_fault fault,
                      struct order_gen_event *e)
{
    bool cancels = fault == ORDER_FAULT_cancelled;
    *e = (struct order_gen_event){
        .index = index,
        .is_resend = true,
        .fault = fault,
        .outcome = !cancels && gen->orders[index].is_amended ? "duplicate" : faults[fault].outcome,
        .code = faults[fault].code};
    gen->orders[index].is_cancelled = cancels;
    gen->orders[index].is_amended |= !cancels;
    e->event = made_order_event(&gen->options, index, (enum order_fault)gen->orders[index].fault,
                                cancels ? 0 : 1, gen->number, cancels);
}

static void next_by_key(struct order_gen *gen, struct chance *c, struct order_gen_event *e)
{
    int64_t index = skew_choose(gen->shares, gen->options.keys, c);
    if (gen->orders[index].is_made)
        resend(gen, index, e);
    else
        new_order(gen, index, ORDER_FAULT_NONE, e);
}

bool order_gen_next(struct order_gen *gen, struct order_gen_event *ret_event)
{
    const struct order_gen_options *o = &gen->options;
    struct chance c = chance_of(o->seed, STREAM_EVENTS, (uint64_t)gen->number),
                  keys = chance_of(o->seed, STREAM_KEYS, (uint64_t)gen->number);
    if (gen->number == o->count)
        return false;
    bool is_duplicate = chance_percent(&c, o->duplicates),
         is_faulty = !is_duplicate && chance_percent(&c, o->faulty);
    int64_t earlier = is_duplicate || is_faulty ? earlier_choose(gen, &c) : -1;
    enum order_fault fault = is_faulty ? fault_choose(gen) : ORDER_FAULT_NONE;
    if (o->keys > 0)
        next_by_key(gen, &keys, ret_event);
    else if (is_duplicate && earlier >= 0)
        resend(gen, earlier, ret_event);
    else if (faults[fault].shape == FAULT_AFTER_ORDER && earlier >= 0)
        follow_up(gen, earlier, fault, ret_event);
    else
        new_order(gen, gen->order_count,
                  faults[fault].shape == FAULT_AFTER_ORDER ? ORDER_FAULT_NONE : fault, ret_event);
    gen->number++;
    return true;
}

void order_gen_break(enum order_fault fault, uint8_t *bytes, int64_t *size)
{
    switch (fault) {
    case ORDER_FAULT_truncated:
        *size = *size * 2 / 3;
        break;
    case ORDER_FAULT_trailing:
        memset(bytes + *size, 0x5a, 3);
        *size += 3;
        break;
    case ORDER_FAULT_garbage:
        memset(bytes, 0x7b, 2); /* neither C3 01 nor 00 */
        break;
    case ORDER_FAULT_unknown_schema:
        for (int i = 2; i < 10; i++)
            bytes[i] ^= 0xa5;
        break;
    case ORDER_FAULT_tombstone:
        *size = -1;
        break;
    default:
        break;
    }
}
