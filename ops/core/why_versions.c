/* What each version of an order changed, and what the dead letters of an order in Prima are about;
 * see why.h. */
#include "core/why.h"

#include "domain/difference/difference.h"

#include <string.h>

/* The arena's end is no failure of the story: what is left is told without what changed. */
static const struct differences *differences_of(const struct codec *codec, struct why_order *o,
                                                const struct order_event *from,
                                                const struct order_event *to)
{
    struct differences *d = arena_alloc(o->memory, sizeof *d);
    if (d == NULL || order_differences(codec, from, to, o->memory, d) != 0)
        return NULL;
    return d;
}

static const struct why_event *input_of(const struct why_order *o, const char *delivery)
{
    for (size_t i = 0; i < o->event_count; i++)
        if (o->events[i].version != NULL && strcmp(o->events[i].delivery, delivery) == 0)
            return &o->events[i];
    return NULL;
}

/* The delivery of the version that Prima holds, as far as `before` could know. Redis has its
 * content, which a person's word may have moved on; the results have what was posted at first. "":
 * none is known. */
static const char *posted_delivery(const struct why_order *o, const struct why_event *before)
{
    for (size_t i = (size_t)(before - o->events); i > 0 && o->redis.state == 'p'; i--) {
        const struct why_event *e = &o->events[i - 1];
        if (e->version != NULL && e->content[0] != '\0' &&
            strcmp(e->content, o->redis.content) == 0 && strcmp(e->delivery, before->delivery) != 0)
            return e->delivery;
    }
    for (size_t i = o->event_count; i > 0; i--)
        if (strncmp(o->events[i - 1].outcome, "posted", strlen("posted")) == 0)
            return o->events[i - 1].delivery;
    return o->redis.state == 'p' ? o->redis.delivery : "";
}

static void about_posted(const struct codec *codec, struct why_order *o, struct why_event *dead)
{
    const char *posted = posted_delivery(o, dead);
    if (pf_error_info(dead->code)->class != PF_CLASS_CONFLICT || posted[0] == '\0')
        return;
    const struct why_event *from = input_of(o, posted), *to = input_of(o, dead->delivery);
    dead->is_compared = to != NULL && from != NULL;
    dead->is_former_gone = to != NULL && from == NULL;
    if (dead->is_compared)
        dead->changes = differences_of(codec, o, from->version, to->version);
}

void why_versions_compare(const struct codec *codec, struct why_order *o)
{
    const struct order_event *before = NULL;
    for (size_t i = 0; i < o->event_count; i++) {
        struct why_event *e = &o->events[i];
        if (e->kind == WHY_DEAD)
            about_posted(codec, o, e);
        if (e->kind != WHY_INPUT || e->version == NULL)
            continue;
        if (before != NULL) {
            e->changes = differences_of(codec, o, before, e->version);
            e->is_compared = true;
        }
        before = e->version;
    }
    for (size_t i = 0; i < o->event_count; i++)
        o->events[i].version = NULL; /* it holds personal data, and its use is over */
}
