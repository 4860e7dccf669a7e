/* What is to be done about an order, from its state, its last events and what Prima has. Pure. */
#include "why.h"

#include <inttypes.h>

struct next {
    char (*texts)[700];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void say(struct next *next, const char *format, ...)
{
    va_list args;
    if (next->count == WHY_NEXT_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(next->texts[next->count++], sizeof next->texts[0], format, args);
    va_end(args);
}

static void say_code(struct next *next, enum pf_error code)
{
    const struct pf_error_info *info = pf_error_info(code);
    if (code != PF_OK)
        say(next, "%s (%s): %s %s", info->name, pf_owner_name(info->owner), info->meaning, info->next_step);
}

/* The last event of a kind, or NULL. */
static const struct why_event *last_of(const struct why_order *o, enum why_kind kind)
{
    for (size_t i = o->event_count; i > 0; i--)
        if (o->events[i - 1].kind == kind)
            return &o->events[i - 1];
    return NULL;
}

/* Ends of one transaction have the times at which the broker appended them, topic by topic; deliveries of one partition end in the order in
 * which they came. */
static bool ended_before(const struct why_event *a, const struct why_event *b)
{
    const char *a_offset = strrchr(a->delivery, '/'), *b_offset = strrchr(b->delivery, '/');
    const size_t place = a_offset != NULL ? (size_t)(a_offset - a->delivery) : 0;
    if (place > 0 && b_offset != NULL && place == (size_t)(b_offset - b->delivery) && memcmp(a->delivery, b->delivery, place) == 0) {
        const int64_t a_came = strtoll(a_offset + 1, NULL, 10), b_came = strtoll(b_offset + 1, NULL, 10);
        if (a_came != b_came)
            return a_came < b_came;
    }
    return a->at_ms <= b->at_ms;
}

/* How the last delivery ended, or NULL. */
static const struct why_event *last_end(const struct why_order *o)
{
    const struct why_event *last = NULL;
    for (size_t i = 0; i < o->event_count; i++)
        if ((o->events[i].kind == WHY_RESULT || o->events[i].kind == WHY_DEAD) && (last == NULL || ended_before(last, &o->events[i])))
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
        if ((o->events[i].kind == WHY_RESULT || o->events[i].kind == WHY_DEAD) && strcmp(o->events[i].delivery, delivery) == 0)
            return true;
    return false;
}

/* What contradicts itself comes first: nobody else will tell. */
static void contradictions(const struct why_order *o, struct next *next)
{
    bool posted = has_outcome(o, "posted") || has_outcome(o, "posted_on_hold");
    if (!o->prima.is_asked)
        return;
    if (posted && o->prima.answer == WHY_PRIMA_ABSENT)
        say(next, "A result says posted, but Prima does not have order %s now: ask whether it was deleted there; else report a defect.",
            o->id.order_number);
    if (o->prima.answer == WHY_PRIMA_FOUND && !posted && o->redis.is_asked && o->redis.state != 'p' && o->redis.state != 's' &&
        o->redis.state != 'k')
        say(next, "Prima has an order %s, and nothing here says that we sent it: see who created it there.", o->id.order_number);
}

static void under_way(const struct why_order *o, struct next *next)
{
    const struct why_state *s = &o->redis;
    if ((s->state == 'c' || s->state == 's') && s->lease_left_ms > 0)
        say(next, "A worker is at it now; its lease ends in %" PRId64 " s. Look again then.", (s->lease_left_ms + 999) / 1000);
    else if (s->state == 'c' || s->state == 's')
        say(next,
            "Whoever worked at it has gone; the next worker that reads the record %s. If that lasts: is a primaflow-orders running "
            "(/status)?",
            s->state == 's' ? "asks Prima whether it was applied, and goes on from there" : "begins again");
    const struct why_event *waits = last_of(o, WHY_WAITS);
    if (waits != NULL && (s->deferred > 0 || !is_answered(o, waits->delivery)) && s->state != 'p')
        say(next, "It waits in %s and is tried again by itself.", waits->topic);
    else
        return;
    if (pf_error_info(waits->code)->class == PF_CLASS_HOLD || pf_error_info(waits->code)->class == PF_CLASS_DEAD_LETTER)
        say_code(next, waits->code); /* by policy: for a mapping, or for payment */
}

static void unread(const struct why_order *o, struct next *next)
{
    size_t count = 0;
    for (size_t i = 0; i < o->event_count; i++)
        count += o->events[i].kind == WHY_INPUT && !is_answered(o, o->events[i].delivery);
    if (count > 0 && o->redis.state != 'c' && o->redis.state != 's' && o->redis.deferred == 0 && last_of(o, WHY_WAITS) == NULL)
        say(next, "%zu event%s not settled yet: does a primaflow-orders run, and how far behind is it (/status)?", count,
            count == 1 ? " is" : "s are");
}

size_t why_next(const struct why_order *o, char ret_next[static WHY_NEXT_MAX][700])
{
    struct next next = {.texts = ret_next};
    const struct why_event *last = last_end(o);

    contradictions(o, &next);
    if (o->redis.state == 'k')
        say_code(&next, pf_error_find(o->redis.code));
    under_way(o, &next);
    unread(o, &next);
    if (last != NULL && last->kind == WHY_DEAD && o->redis.state != 'k')
        say_code(&next, last->code);
    for (size_t i = o->event_count; i > 0; i--) { /* on hold stays so until a person releases it, whatever came later */
        if (strcmp(o->events[i - 1].outcome, "posted_on_hold") != 0)
            continue;
        say_code(&next, o->events[i - 1].code);
        break;
    }
    if (next.count == 0 && o->event_count == 0 && o->redis.state == '\0')
        say(&next, "Nothing is known of it here: is the id right, and did the channel send it?");
    else if (next.count == 0)
        say(&next, "Nothing is to be done.");
    return next.count;
}
