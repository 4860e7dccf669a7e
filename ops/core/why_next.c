/* What is to be done about an order or a refund, from its state, its last events and what Prima has. What
 * an order and its refunds have to do with each other: why_next_refund.c. Pure. */
#include "core/why_next.h"

#include "order_flow.h"
#include "refund_flow.h"

#include <inttypes.h>

static const struct flow *flow_of(const struct why_order *o)
{
    return o->id.is_refund ? &refund_flow : &order_flow;
}

/* The last event of a kind, or NULL. */
static const struct why_event *last_of(const struct why_order *o, enum why_kind kind)
{
    for (size_t i = o->event_count; i > 0; i--)
        if (o->events[i - 1].kind == kind)
            return &o->events[i - 1];
    return NULL;
}

/* Ends of one transaction have the times at which the broker appended them, topic by topic;
 * deliveries of one partition end in the order in which they came. */
static bool ended_before(const struct why_event *a, const struct why_event *b)
{
    const char *a_offset = strrchr(a->delivery, '/'), *b_offset = strrchr(b->delivery, '/');
    const size_t place = a_offset != NULL ? (size_t)(a_offset - a->delivery) : 0;
    if (place > 0 && b_offset != NULL && place == (size_t)(b_offset - b->delivery) &&
        memcmp(a->delivery, b->delivery, place) == 0) {
        const int64_t a_came = strtoll(a_offset + 1, NULL, 10),
                      b_came = strtoll(b_offset + 1, NULL, 10);
        if (a_came != b_came)
            return a_came < b_came;
    }
    return true; /* as they are listed: by time */
}

static const struct why_event no_end = {.kind = WHY_INPUT};

/* How the last delivery ended, or no_end. */
static const struct why_event *last_end(const struct why_order *o)
{
    const struct why_event *last = &no_end;
    for (size_t i = 0; i < o->event_count; i++)
        if ((o->events[i].kind == WHY_RESULT || o->events[i].kind == WHY_DEAD) &&
            (last == &no_end || ended_before(last, &o->events[i])))
            last = &o->events[i];
    return last;
}

static bool has_outcome(const struct why_order *o, const char *outcome)
{
    for (size_t i = 0; i < o->event_count; i++)
        if (strcmp(o->events[i].outcome, outcome) == 0)
            return true;
    return false;
}

static bool is_answered(const struct why_order *o, const char *delivery)
{
    for (size_t i = 0; i < o->event_count; i++)
        if ((o->events[i].kind == WHY_RESULT || o->events[i].kind == WHY_DEAD) &&
            strcmp(o->events[i].delivery, delivery) == 0)
            return true;
    return false;
}

/* What contradicts itself comes first: nobody else will tell. */
static void next_contradictions(const struct why_order *o, struct next *next)
{
    bool posted = has_outcome(o, "posted") || has_outcome(o, "posted_on_hold");
    if (!o->prima.is_asked)
        return;
    if (posted && o->prima.answer == WHY_PRIMA_ABSENT)
        next_say(next,
                 "A result says posted, but Prima does not have %s %s now: ask whether it was "
                 "deleted there; else report a defect.",
                 o->id.is_refund ? "credit note" : "order", o->id.number);
    if (o->prima.answer == WHY_PRIMA_FOUND && !posted && o->redis.is_asked &&
        o->redis.state != 'p' && o->redis.state != 's' && o->redis.state != 'k')
        next_say(next,
                 "Prima has %s %s, and nothing here says that we sent it: see who created it "
                 "there.",
                 o->id.is_refund ? "a credit note" : "an order", o->id.number);
}

static void next_under_way(const struct why_order *o, struct next *next)
{
    const struct key_view *s = &o->redis;
    if ((s->state == 'c' || s->state == 's') && s->lease_left_ms > 0)
        next_say(next,
                 "A worker is processing it; its lease ends in %" PRId64 " s. Look again then.",
                 (s->lease_left_ms + 999) / 1000);
    else if (s->state == '?')
        next_say(next,
                 "Redis has a value there that this version cannot read: find out which tool or "
                 "which later version wrote it.");
    else if (s->state == 'c' || s->state == 's')
        next_say(next,
                 "Its worker is gone; the next worker that reads the record %s. If this persists: "
                 "is a primaflow-%s running (/status)?",
                 s->state == 's' ? "looks it up in Prima and continues from there" : "begins again",
                 flow_of(o)->name);
    if ((s->state == 'k' || (s->state == 's' && s->lease_left_ms <= 0)) && s->senders[0] != '\0')
        next_say(
            next,
            "Not proven: that the worker of slot %s, which sent it, has ended. Where Prima does "
            "not enforce unique numbers it is not sent "
            "again "
            "before; end that worker, or its machine.",
            s->senders);
    const struct why_event *waits = last_of(o, WHY_WAITS);
    if (waits != NULL && (s->deferred > 0 || !is_answered(o, waits->delivery)) && s->state != 'p')
        next_say(next, "It waits in %s and is retried automatically.", waits->topic);
    else
        return;
    if (pf_error_info(waits->code)->class == PF_CLASS_HOLD ||
        pf_error_info(waits->code)->class == PF_CLASS_DEAD_LETTER)
        next_say_code(next, waits->code); /* by policy: for a mapping, or for payment */
}

static void next_unread(const struct why_order *o, struct next *next)
{
    size_t count = 0;
    for (size_t i = 0; i < o->event_count; i++)
        count += o->events[i].kind == WHY_INPUT && !is_answered(o, o->events[i].delivery);
    if (count > 0 && o->redis.state != 'c' && o->redis.state != 's' && o->redis.deferred == 0 &&
        last_of(o, WHY_WAITS) == NULL)
        next_say(next,
                 "%zu event%s not settled yet: is a primaflow-%s running, and what is its lag "
                 "(/status)?",
                 count, count == 1 ? " is" : "s are", flow_of(o)->name);
}

/* However many duplicates came since. `said` is told already. */
static void next_open(const struct why_order *o, const struct why_event *said, struct next *next)
{
    for (size_t i = o->event_count; i > 0; i--) {
        const struct why_event *dead = &o->events[i - 1];
        if (dead != said && why_is_open(o, dead) &&
            (said->kind != WHY_DEAD || said->code != dead->code))
            next_say_code(next, dead->code);
    }
}

size_t why_next(const struct why_order *o, char ret_next[static WHY_NEXT_MAX][700])
{
    struct next next = {.texts = ret_next};
    const struct why_event *last = last_end(o);

    next_contradictions(o, &next);
    if (o->redis.state == 'k')
        next_say_code(&next, pf_error_find(o->redis.code));
    next_under_way(o, &next);
    next_unread(o, &next);
    if (last->kind == WHY_DEAD && o->redis.state != 'k')
        next_say_code(&next, last->code);
    next_open(o, last, &next);
    for (size_t i = o->event_count; i > 0;
         i--) { /* on hold stays so until a person releases it, whatever came later */
        if (strcmp(o->events[i - 1].outcome, "posted_on_hold") != 0)
            continue;
        next_say_code(&next, o->events[i - 1].code);
        break;
    }
    if (o->id.is_refund)
        next_of_refund(o, &next);
    else
        next_of_refunds(o, &next);
    if (next.count == 0 && o->event_count == 0 && o->redis.state == '\0')
        next_say(&next, "Nothing found: check the id, and whether the channel sent it.");
    else if (next.count == 0)
        next_say(&next, "No action needed.");
    return next.count;
}
