/* The stream of refunds: which order is next, what is done of it, and what came before. */
#include "refund_gen_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    STREAM_REFUND_EVENTS = 32,
    STREAM_REFUND_KEYS = 33,
    STREAM_REFUND_TURNS = 34,
    LOOK_AROUND = 64,
    LATER_MAX = 5 /* so many events after a pending refund comes the version that ends it */
};

static const struct refund_kind_info kinds[REFUND_MADE_COUNT] = {
#define REFUND_KIND(name, shape, weight, waits, outcome, code, meaning)                            \
    [REFUND_MADE_##name] = {#name, REFUND_##shape, weight, waits, outcome, code, meaning},
#include "refund_kinds.def"
#undef REFUND_KIND
};

const struct refund_kind_info *refund_kind_info(enum refund_kind_made kind)
{
    return &kinds[kind];
}

enum refund_kind_made refund_kind_find(const char *name)
{
    int i = 0;
    while (i < REFUND_MADE_COUNT && strcmp(kinds[i].name, name) != 0)
        i++;
    return (enum refund_kind_made)i;
}

enum order_fault refund_kind_breaks(enum refund_kind_made kind)
{
    return kinds[kind].shape == REFUND_IN_BYTES ? order_fault_find(kinds[kind].name)
                                                : ORDER_FAULT_NONE;
}

struct refund_gen {
    struct refund_gen_options options;
    struct order_gen_options orders;  /* of which they are */
    struct made_story *stories;       /* by order: `keys`, and those that are not there yet */
    double *shares;                   /* cumulative, of Zipf's law */
    int64_t number;                   /* of the next event */
    int64_t early;                    /* refunds of orders that are not there yet */
    int64_t turns[REFUND_MADE_COUNT]; /* the highest is next; in the long run by weight */
    struct {
        int64_t due, index; /* due: number of the event; 0: nothing is due */
        int step;
    } later; /* the version that ends a pending refund */
};

static bool is_of_lot(const struct refund_gen *gen, int kind, bool faulty)
{
    return (kinds[kind].shape != REFUND_USUAL) == faulty &&
           (gen->options.kinds & (UINT64_C(1) << kind)) != 0;
}

static int64_t lot_weight(const struct refund_gen *gen, bool faulty)
{
    int64_t all = 0;
    for (int i = 0; i < REFUND_MADE_COUNT; i++)
        all += is_of_lot(gen, i, faulty) ? kinds[i].weight : 0;
    return all;
}

/* Who is first is chance, so that rare kinds come among a few events, too. */
static void turns_shuffle(struct refund_gen *gen)
{
    struct chance c = chance_of(gen->options.seed, STREAM_REFUND_TURNS, 0);
    for (int i = 0; i < REFUND_MADE_COUNT; i++) {
        const int64_t all = lot_weight(gen, kinds[i].shape != REFUND_USUAL);
        gen->turns[i] = all > 0 ? chance_below(&c, all) : 0;
    }
}

struct refund_gen *refund_gen_new(const struct refund_gen_options *options)
{
    struct refund_gen *gen = calloc(1, sizeof *gen);
    if (gen == NULL)
        return NULL;
    gen->options = *options;
    gen->orders = (struct order_gen_options){
        .seed = options->seed, .customers = 1, .start_ms = options->start_ms};
    gen->stories = calloc((size_t)(options->keys + options->count) + 1, sizeof *gen->stories);
    gen->shares = calloc((size_t)options->keys + 1, sizeof *gen->shares);
    if (gen->stories == NULL || gen->shares == NULL) {
        refund_gen_free(gen);
        return NULL;
    }
    skew_fill(gen->shares, options->keys, options->skew);
    turns_shuffle(gen);
    return gen;
}

void refund_gen_free(struct refund_gen *gen)
{
    if (gen == NULL)
        return;
    free(gen->stories);
    free(gen->shares);
    free(gen);
}

/* ---- one event ---- */

/* A refund of an order's story again, and what was left before it. */
static void make_again(const struct refund_gen *gen, int64_t index, int step,
                       struct made_left *ret_left, struct made_refund *ret_refund)
{
    const struct made_story *story = &gen->stories[index];
    made_left_open(&gen->orders, index, story, step, ret_left);
    (void)made_refund_make(&gen->orders, ret_left, index, step,
                           (enum refund_kind_made)story->kinds[step],
                           ret_refund); /* it could be made before */
}

static void emit(const struct refund_gen *gen, int64_t index, int step, enum made_version version,
                 struct refund_gen_event *e)
{
    struct made_left left;
    struct made_refund refund;
    make_again(gen, index, step, &left, &refund);
    *e = (struct refund_gen_event){.kind = refund.kind,
                                   .index = index,
                                   .waits = kinds[refund.kind].waits,
                                   .outcome = kinds[refund.kind].outcome,
                                   .code = kinds[refund.kind].code};
    e->event = made_refund_event(&gen->orders, &left, &refund, gen->number, version);
    if (refund.kind == REFUND_MADE_exchange && version == VERSION_FIRST)
        e->order = made_exchange_order(&gen->orders, &left, &refund, e->event);
}

static bool is_due(const struct refund_gen *gen, int64_t index, int step)
{
    return gen->later.due != 0 && gen->later.index == index && gen->later.step == step;
}

static bool is_lost(const struct refund_gen *gen, int64_t index, int step)
{
    return (gen->stories[index].lost & (1U << step)) != 0;
}

/* Its credit note is there, and nothing was said of it since. */
static bool is_posted(const struct refund_gen *gen, int64_t index, int step)
{
    return made_kind_is_credited((enum refund_kind_made)gen->stories[index].kinds[step]) &&
           !is_lost(gen, index, step) && !is_due(gen, index, step);
}

static bool has_money(const struct refund_gen *gen, int64_t index, int step)
{
    struct made_left left;
    struct made_refund refund;
    make_again(gen, index, step, &left, &refund);
    return refund.transaction_count > 0;
}

/* The first posted one from a random place on; -1: there is none. */
static int posted_choose(const struct refund_gen *gen, int64_t index, bool by_money,
                         struct chance *c)
{
    const int count = gen->stories[index].count;
    const int from = count > 0 ? (int)chance_below(c, count) : 0;
    for (int i = 0; i < count; i++) {
        const int step = (from + i) % count;
        if (is_posted(gen, index, step) && (!by_money || has_money(gen, index, step)))
            return step;
    }
    return -1;
}

/* ---- what comes again ---- */

static void resend(const struct refund_gen *gen, int64_t index, int step,
                   struct refund_gen_event *e)
{
    const bool posted = is_posted(gen, index, step),
               was_pending = gen->stories[index].kinds[step] == REFUND_MADE_pending_paid;
    emit(gen, index, step, was_pending ? VERSION_PAID : VERSION_FIRST, e);
    e->is_resend = true;
    json_decref(e->order);
    e->order = NULL;
    if (!posted)
        return; /* the same becomes of it as at first */
    e->waits = e->code = "";
    e->outcome = "duplicate";
}

static bool resend_earlier(const struct refund_gen *gen, struct chance *c,
                           struct refund_gen_event *e)
{
    for (int i = 0; i < LOOK_AROUND; i++) {
        const int64_t index = skew_choose(gen->shares, gen->options.keys, c);
        const int step = posted_choose(gen, index, false, c);
        if (step >= 0) {
            resend(gen, index, step, e);
            return true;
        }
    }
    return false;
}

/* Whatever there is, when nothing new can be made of the orders around. */
static bool resend_any(const struct refund_gen *gen, int64_t index, struct chance *c,
                       struct refund_gen_event *e)
{
    for (int64_t i = 0; i < LOOK_AROUND && i < gen->options.keys; i++) {
        const int64_t at = (index + i) % gen->options.keys;
        const int posted = posted_choose(gen, at, false, c), step = posted >= 0 ? posted : 0;
        if (gen->stories[at].count > 0 && !is_due(gen, at, step) && !is_lost(gen, at, step)) {
            resend(gen, at, step, e);
            return true;
        }
    }
    return false;
}

/* The version that says that pending money has arrived. */
static void end_pending(struct refund_gen *gen, struct refund_gen_event *e)
{
    gen->later.due = 0;
    emit(gen, gen->later.index, gen->later.step, VERSION_PAID, e);
    e->waits = "";
    e->outcome = "posted";
}

static bool lose_money(const struct refund_gen *gen, int64_t index, struct chance *c,
                       struct refund_gen_event *e)
{
    const enum refund_kind_made kind = REFUND_MADE_money_lost;
    const int step = posted_choose(gen, index, true, c);
    if (step < 0)
        return false;
    emit(gen, index, step, VERSION_LOST, e);
    gen->stories[index].lost |= (uint16_t)(1U << step);
    e->kind = kind;
    e->waits = kinds[kind].waits;
    e->outcome = kinds[kind].outcome;
    e->code = kinds[kind].code;
    return true;
}

/* ---- what is new ---- */

static bool begin_order(const struct refund_gen *gen, int64_t index, enum refund_kind_made kind,
                        struct refund_gen_event *e)
{
    struct made_story *story = &gen->stories[index];
    struct made_left left;
    struct made_refund refund;
    if (story->count == REFUND_STEPS_MAX)
        return false;
    made_left_open(&gen->orders, index, story, story->count, &left);
    if (!made_refund_make(&gen->orders, &left, index, story->count, kind, &refund))
        return false;
    story->kinds[story->count++] = (uint8_t)kind;
    emit(gen, index, story->count - 1, VERSION_FIRST, e);
    return true;
}

static bool begin_pending(struct refund_gen *gen, int64_t index, struct chance *c,
                          struct refund_gen_event *e)
{
    const int64_t due = gen->number + 1 + chance_below(c, LATER_MAX);
    if (gen->later.due != 0 || due >= gen->options.count ||
        !begin_order(gen, index, REFUND_MADE_pending_paid, e))
        return false;
    gen->later.due = due;
    gen->later.index = index;
    gen->later.step = gen->stories[index].count - 1;
    return true;
}

static bool begin(struct refund_gen *gen, int64_t index, enum refund_kind_made kind,
                  struct chance *c, struct refund_gen_event *e)
{
    switch (kind) {
    case REFUND_MADE_money_lost:
        return lose_money(gen, index, c, e);
    case REFUND_MADE_pending_paid:
        return begin_pending(gen, index, c, e);
    case REFUND_MADE_before_order:
        if (!begin_order(gen, gen->options.keys + gen->early, kind, e))
            return false;
        gen->early++;
        return true;
    default:
        return begin_order(gen, index, kind, e);
    }
}

/* The kind whose turn it is; REFUND_MADE_COUNT: all were tried. */
static enum refund_kind_made kind_choose(const struct refund_gen *gen, bool faulty, uint64_t tried)
{
    int best = REFUND_MADE_COUNT;
    for (int i = 0; i < REFUND_MADE_COUNT; i++)
        if (is_of_lot(gen, i, faulty) && (tried & (UINT64_C(1) << i)) == 0 &&
            (best == REFUND_MADE_COUNT || gen->turns[i] > gen->turns[best]))
            best = i;
    return (enum refund_kind_made)best;
}

/* Each kind of the lot comes nearer to its turn by its weight; who has it pays for all. */
static bool begin_any(struct refund_gen *gen, int64_t first, bool faulty, struct chance *c,
                      struct refund_gen_event *e)
{
    const int64_t all = lot_weight(gen, faulty);
    for (int i = 0; i < REFUND_MADE_COUNT; i++)
        if (is_of_lot(gen, i, faulty))
            gen->turns[i] += kinds[i].weight;
    for (int64_t i = 0; i < LOOK_AROUND && i < gen->options.keys; i++) {
        const int64_t index = (first + i) % gen->options.keys;
        uint64_t tried = 0;
        enum refund_kind_made kind;
        if (gen->later.due != 0 && gen->later.index == index)
            continue; /* what is left of it depends on which comes first */
        while ((kind = kind_choose(gen, faulty, tried)) != REFUND_MADE_COUNT) {
            tried |= UINT64_C(1) << kind;
            if (begin(gen, index, kind, c, e)) {
                gen->turns[kind] -= all;
                return true;
            }
        }
    }
    return false;
}

void refund_gen_event_free(struct refund_gen_event *event)
{
    json_decref(event->event);
    json_decref(event->order);
}

bool refund_gen_next(struct refund_gen *gen, struct refund_gen_event *ret_event)
{
    const struct refund_gen_options *o = &gen->options;
    struct chance c = chance_of(o->seed, STREAM_REFUND_EVENTS, (uint64_t)gen->number),
                  keys = chance_of(o->seed, STREAM_REFUND_KEYS, (uint64_t)gen->number);
    if (gen->number == o->count)
        return false;
    const bool is_duplicate = chance_percent(&c, o->duplicates),
               is_faulty = !is_duplicate && chance_percent(&c, o->faulty);
    const int64_t index = skew_choose(gen->shares, o->keys, &keys);
    bool is_made = true;
    if (gen->later.due != 0 && gen->later.due <= gen->number)
        end_pending(gen, ret_event);
    else if (!is_duplicate || !resend_earlier(gen, &c, ret_event))
        is_made = begin_any(gen, index, is_faulty, &c, ret_event) ||
                  resend_any(gen, index, &c, ret_event);
    gen->number += is_made;
    return is_made;
}
