/* One order's or refund's whole life: which is meant, then Redis, the topics, what is creditable,
 * Prima. */
#include "core/why.h"

#include <stdlib.h>
#include <string.h>

struct gathering {
    struct ops *ops;
    const struct why_options *options;
    struct why_story *story;
};

bool why_is_posted(const struct why_order *o)
{
    for (size_t i = 0; i < o->event_count; i++)
        if (strncmp(o->events[i].outcome, "posted", strlen("posted")) == 0)
            return true;
    return o->redis.state == 'p';
}

bool why_is_known(const struct why_order *o)
{
    return o->event_count > 0 || o->redis.state != '\0' || o->redis.deferred > 0;
}

/* Keeps the orders that something is known of. */
static void known_keep(struct why_story *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (why_is_known(&w->orders[i]))
            w->orders[kept++] = w->orders[i]; /* what is behind `count` is nobody's */
        else
            why_release(&w->orders[i]);
    }
    w->count = kept;
}

static bool has_input(const struct why_order *o)
{
    for (size_t i = 0; i < o->event_count; i++)
        if (o->events[i].kind == WHY_INPUT)
            return true;
    return false;
}

/* Reads the topics: the partition of each known key; all partitions where that has no event of it,
 * or where only the topics can tell which key is meant. */
static enum ops_kind topics_read(const struct gathering *g, struct ops_error *ret_error)
{
    struct why_story *w = g->story;
    const int64_t since_ms = g->options->since_ms;
    const bool guesses = w->count > 1 && !why_is_known(&w->orders[0]);
    for (size_t i = 0; i < w->count; i++)
        w->orders[i].is_elsewhere = guesses || g->options->all_partitions;
    if (guesses || g->options->all_partitions)
        return why_topics(g->ops, w->orders, w->count, since_ms, true, ret_error);
    enum ops_kind kind = OPS_DONE;
    for (size_t i = 0; kind == OPS_DONE && i < w->count; i++) {
        kind = why_topics(g->ops, &w->orders[i], 1, since_ms, false, ret_error);
        if (kind != OPS_DONE || w->orders[i].id.is_refund || has_input(&w->orders[i]))
            continue; /* which order a refund is of was not known: all was read */
        why_release(&w->orders[i]);
        w->orders[i].is_elsewhere = true;
        kind = why_topics(g->ops, &w->orders[i], 1, since_ms, true, ret_error);
    }
    return kind;
}

/* A key names one; a bare id may be an order's as well as a refund's. */
static enum ops_kind ids_find(struct ops *ops, const char *text,
                              struct why_id ids[static WHY_ORDERS_MAX], size_t *ret_count,
                              struct ops_error *ret_error)
{
    size_t count = 0;
    enum ops_kind kind = OPS_DONE;
    if (strchr(text, '/') != NULL)
        kind = why_refund_ids(ops, text, ids, &count, ret_error);
    if (kind == OPS_DONE && count == 0)
        kind = why_ids(ops, text, ids, &count, ret_error);
    if (kind == OPS_DONE && strchr(text, '/') == NULL)
        kind = why_refund_ids(ops, text, ids, &count, ret_error);
    if (kind == OPS_DONE)
        *ret_count = count;
    return kind;
}

/* A refund's order: what is open of it. */
static enum ops_kind order_gather(const struct gathering *g, struct why_order *refund,
                                  struct ops_error *ret_error)
{
    struct why_id ids[WHY_ORDERS_MAX];
    size_t count = 0;
    char why_not[400] = "";
    enum ops_kind kind = why_ids(g->ops, refund->id.kafka, ids, &count, ret_error);
    if (kind != OPS_DONE || count != 1)
        return OPS_DONE; /* a key that is none: told by its events */
    refund->order = calloc(1, sizeof *refund->order);
    if (refund->order == NULL)
        return ops_fail_memory(ret_error);
    refund->order->id = ids[0];
    if (!why_redis(g->ops, refund->order, 1, why_not)) {
        g->story->is_incomplete = true;
        (void)snprintf(g->story->redis_why_not, sizeof g->story->redis_why_not, "%s", why_not);
    }
    return why_topics(g->ops, refund->order, 1, g->options->since_ms, g->options->all_partitions,
                      ret_error);
}

/* What remains creditable, where a refund could ask for it; and an order's stock. */
static enum ops_kind credit_gather(const struct gathering *g, struct why_order *o,
                                   struct ops_error *ret_error)
{
    const struct why_options options = {.since_ms = g->options->since_ms,
                                        .all_partitions = o->is_elsewhere};
    enum ops_kind kind = OPS_DONE;
    if (o->id.kafka[0] == '\0' || !why_is_known(o))
        return OPS_DONE;
    if (o->id.is_refund)
        kind = order_gather(g, o, ret_error);
    if (kind == OPS_DONE)
        kind = why_credit_gather(g->ops, o->id.kafka, o->id.is_refund || why_is_posted(o), &options,
                                 &o->credit, ret_error);
    g->story->is_incomplete |= o->credit.why_not[0] != '\0';
    if (kind == OPS_DONE && !o->id.is_refund)
        kind = why_stock_gather(g->ops, o->id.kafka, &options, &o->stock, ret_error);
    g->story->is_incomplete |= o->stock.why_not[0] != '\0';
    return kind;
}

enum ops_kind ops_why(struct ops *ops, const char *id, const struct why_options *options,
                      struct why_story *ret_story, struct ops_error *ret_error)
{
    const struct gathering g = {ops, options, ret_story};
    struct why_story *w = ret_story;
    struct why_id ids[WHY_ORDERS_MAX];
    size_t count = 0;
    enum ops_kind kind = ids_find(ops, id, ids, &count, ret_error);
    if (kind != OPS_DONE)
        return kind;
    for (size_t i = 0; i < count; i++)
        w->orders[i] = (struct why_order){.id = ids[i]};
    w->count = count;
    const bool single = count == 1;
    w->is_incomplete = !why_redis(ops, w->orders, w->count, w->redis_why_not);
    for (size_t i = 0; !single && i < w->count; i++)
        if (why_is_known(&w->orders[i])) { /* Redis knows which are meant */
            known_keep(w);
            break;
        }
    kind = topics_read(&g, ret_error);
    if (kind != OPS_DONE)
        return kind;
    if (!single)
        known_keep(w);
    for (size_t i = 0; kind == OPS_DONE && i < w->count; i++)
        kind = credit_gather(&g, &w->orders[i], ret_error);
    if (kind != OPS_DONE)
        return kind;
    for (size_t i = 0; i < w->count; i++) {
        w->is_incomplete |= !why_prima(ops, &w->orders[i]);
        w->is_known |= why_is_known(&w->orders[i]) || w->orders[i].prima.answer == WHY_PRIMA_FOUND;
    }
    return OPS_DONE;
}

void why_release(struct why_order *order)
{
    /* The analyzer forgets the NULL below when topics are read in between.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    free(order->events);
    order->events = NULL;
    order->event_count = 0;
    arena_free(order->memory);
    order->memory = NULL;
    why_credit_release(&order->credit);
    why_stock_release(&order->stock);
    if (order->order != NULL)
        why_release(order->order);
    free(order->order);
    order->order = NULL;
}

void why_story_release(struct why_story *story)
{
    for (size_t i = 0; i < story->count; i++)
        why_release(&story->orders[i]);
    story->count = 0;
}
