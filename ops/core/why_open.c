/* Exceptions of an order that Prima has, which are open: its channel differs, and nothing has ended
 * that. Pure. */
#include "core/why.h"

#include <string.h>

/* A person has said that Prima holds this dead letter's version, or a later one. */
static bool is_amended(const struct why_order *o, const struct why_event *dead)
{
    bool since = false;
    for (size_t i = 0; o->redis.state == 'p' && i < o->event_count; i++) {
        const struct why_event *e = &o->events[i];
        since |= e->kind != WHY_DEAD && strcmp(e->delivery, dead->delivery) == 0;
        if (since && e->kind == WHY_INPUT && e->content[0] != '\0' &&
            strcmp(e->content, o->redis.content) == 0)
            return true;
    }
    return false;
}

/* Of an order that Prima has: its channel differs, and nothing since has ended that. */
bool why_is_open(const struct why_order *o, const struct why_event *dead)
{
    if (dead->kind != WHY_DEAD || pf_error_info(dead->code)->class != PF_CLASS_CONFLICT ||
        is_amended(o, dead))
        return false;
    for (size_t i = 0; i < o->event_count; i++) {
        const struct why_event *e = &o->events[i];
        if (strcmp(e->resolves, dead->delivery) == 0 ||
            (e > dead && dead->code == PF_E_payment_lost &&
             strcmp(e->outcome, "payment_updated") == 0))
            return false;
    }
    return true;
}

size_t why_open(const struct why_order *o, enum pf_error ret_codes[static WHY_OPEN_MAX])
{
    size_t count = 0;
    for (size_t i = o->event_count; i > 0 && count < WHY_OPEN_MAX; i--) {
        const struct why_event *dead = &o->events[i - 1];
        bool is_told = !why_is_open(o, dead);
        for (size_t k = 0; k < count; k++)
            is_told |= ret_codes[k] == dead->code;
        if (!is_told)
            ret_codes[count++] = dead->code;
    }
    return count;
}
