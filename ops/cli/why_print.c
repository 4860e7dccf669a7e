/* An order's life for people and for machines. */
#include "why.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>

static const char *const kind_names[] = {"event", "retry", "replay", "result", "dead_letter", "ledger"};

const char *why_state_words(const struct why_state *s)
{
    switch (s->state) {
    case 'c':
        return "claimed";
    case 's':
        return "sent";
    case 'p':
        return "posted";
    case 'r':
        return "refused";
    case 'k':
        return "parked";
    case 'd':
        return "discarded";
    case 'x':
        return "cancelled before posting";
    default:
        return "unknown to Redis";
    }
}

static const char *prima_words(const struct why_prima *p)
{
    return !p->is_asked ? "not known" : p->answer == WHY_PRIMA_FOUND ? "has it" : "does not have it";
}

void why_print_text(const struct why_order *o)
{
    char next[WHY_NEXT_MAX][700], time[CLOCK_TEXT_MAX];
    printf("%s%s%s\n", o->id.natural, o->id.order_number[0] != '\0' ? "  Prima's number " : "", o->id.order_number);
    for (size_t i = 0; i < o->event_count; i++) {
        const struct why_event *e = &o->events[i];
        char where[140];
        (void)snprintf(where, sizeof where, "%s/%" PRId32 "/%" PRId64, e->topic, e->partition, e->offset);
        printf("  %s  %-26s %s%s%s%s\n", clock_format(e->at_ms, time), where, e->text, e->content[0] != '\0' ? " [" : "", e->content,
               e->content[0] != '\0' ? "]" : "");
    }
    if (o->redis.is_asked) {
        const struct why_state *s = &o->redis;
        printf("  Redis: %s", why_state_words(s));
        if (s->code[0] != '\0')
            printf(", %s", s->code);
        if (s->delivery[0] != '\0')
            printf(", for %s", s->delivery);
        if (s->at_ms > 0)
            printf(", since %s", clock_format(s->at_ms, time));
        if (s->content[0] != '\0')
            printf(", content [%s]", s->content);
        if (s->unanswered > 0)
            printf(", %" PRId64 " unanswered send%s", s->unanswered, s->unanswered == 1 ? "" : "s");
        if (s->deferred > 0)
            printf(", %" PRId64 " in retry", s->deferred);
        if (s->ttl_left_ms > 0)
            printf(", kept for %" PRId64 " days", s->ttl_left_ms / 86400000);
        printf("\n");
    }
    printf("  Prima: %s%s%s\n", prima_words(&o->prima), o->prima.status[0] != '\0' ? ", " : "", o->prima.status);
    for (size_t i = 0, count = why_next(o, next); i < count; i++)
        printf("  %s %s\n", i == 0 ? "Next: " : "      ", next[i]);
}

static json_t *event_json(const struct why_event *e)
{
    char time[CLOCK_TEXT_MAX];
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s}", "at", clock_format(e->at_ms, time), "kind", kind_names[e->kind],
                     "topic", e->topic, "partition", (int)e->partition, "offset", (json_int_t)e->offset, "delivery", e->delivery, "outcome",
                     e->outcome, "code", e->code != PF_OK ? pf_error_info(e->code)->name : "", "content", e->content, "text", e->text);
}

void why_print_json(const struct why_order *o)
{
    char next[WHY_NEXT_MAX][700];
    const struct why_state *s = &o->redis;
    json_t *events = json_array(), *steps = json_array();
    for (size_t i = 0; i < o->event_count; i++)
        (void)json_array_append_new(events, event_json(&o->events[i]));
    for (size_t i = 0, count = why_next(o, next); i < count; i++)
        (void)json_array_append_new(steps, json_string(next[i]));
    json_t *redis = !s->is_asked ? json_null()
                                 : json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I}", "state", why_state_words(s), "code", s->code,
                                             "delivery", s->delivery, "at_ms", (json_int_t)s->at_ms, "content", s->content,
                                             "unanswered_sends", (json_int_t)s->unanswered, "in_retry", (json_int_t)s->deferred,
                                             "lease_left_ms", (json_int_t)(s->lease_left_ms > 0 ? s->lease_left_ms : 0));
    json_t *order = json_pack("{s:s, s:s, s:s, s:o, s:o, s:{s:s, s:s}, s:o}", "key", o->id.natural, "topic_key", o->id.kafka,
                              "order_number", o->id.order_number, "events", events, "redis", redis, "prima", "answer",
                              prima_words(&o->prima), "status", o->prima.status, "next", steps);
    (void)json_dumpf(order, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(order);
}
