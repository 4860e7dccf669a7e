/* An order's or a refund's life for people and for machines. */
#include "why_print.h"
#include "cli.h"

#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>

/* A line of text, for one part; the JSON form has every difference. */
enum { CHANGES_MAX = 2000, CHANGES_ARENA_MAX = 256 * 1024 };

static const char *const kind_names[] = {"event",  "retry",       "replay",
                                         "result", "dead_letter", "ledger"};

static const char *state_words(const struct key_view *s)
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
    case 'w':
        return strcmp(s->code, "nothing_left") == 0 ? "nothing left to post" : "waiting by policy";
    case '?':
        return "not readable";
    default:
        return "unknown to Redis";
    }
}

static const char *prima_words(const struct why_prima *p)
{
    return !p->is_asked                   ? "not known"
           : p->answer == WHY_PRIMA_FOUND ? "has it"
                                          : "does not have it";
}

static void changes_print(const struct why_event *e)
{
    static const char *const parts[PART_COUNT] = {"goods", "money", "the rest"};
    const char *what = e->kind == WHY_DEAD ? "differs from what was posted" : "changed";
    size_t told = 0;
    if (e->is_former_gone)
        printf("      the posted version is no longer in the topics: compare the order in Prima\n");
    if (!e->is_compared)
        return;
    struct arena *arena = arena_new(CHANGES_ARENA_MAX);
    /* the rest makes nobody work, so that a dead letter is never about it */
    const int parts_told = e->kind == WHY_DEAD ? PART_REST : PART_COUNT;
    for (int part = 0; arena != NULL && e->changes != NULL && part < parts_told; part++) {
        const struct difference_list *list = &e->changes->parts[part];
        const char *text = differences_text(list, CHANGES_MAX, arena);
        if (list->count == 0)
            continue;
        printf("      %s, %s: %s\n", what, parts[part], text != NULL ? text : "no memory to tell");
        told++;
    }
    if (told == 0 && e->changes == NULL)
        printf("      too large to be compared\n");
    else if (told == 0)
        printf("      nothing %s\n", what);
    arena_free(arena);
}

void why_print_text(const struct why_order *o)
{
    char next[WHY_NEXT_MAX][700], time[CLOCK_TEXT_MAX];
    printf("%s%s%s\n", o->id.natural, o->id.number[0] != '\0' ? "  Prima's number " : "",
           o->id.number);
    for (size_t i = 0; i < o->event_count; i++) {
        const struct why_event *e = &o->events[i];
        char where[140];
        (void)snprintf(where, sizeof where, "%s/%" PRId32 "/%" PRId64, e->topic, e->partition,
                       e->offset);
        printf("  %s  %-26s %s%s%s%s\n", clock_format(e->at_ms, time), where, e->text,
               e->content[0] != '\0' ? " [" : "", e->content, e->content[0] != '\0' ? "]" : "");
        changes_print(e);
    }
    if (o->redis.is_asked) {
        const struct key_view *s = &o->redis;
        printf("  Redis: %s", state_words(s));
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
        if (s->senders[0] != '\0')
            printf(", from slot %s", s->senders);
        if (s->deferred > 0)
            printf(", %" PRId64 " in retry", s->deferred);
        if (s->ttl_left_ms > 0)
            printf(", kept for %" PRId64 " days", s->ttl_left_ms / 86400000);
        printf("\n");
    }
    why_refunds_text(o);
    why_stock_text(o);
    printf("  Prima: %s%s%s\n", prima_words(&o->prima), o->prima.status[0] != '\0' ? ", " : "",
           o->prima.status);
    for (size_t i = 0, count = why_next(o, next); i < count; i++)
        printf("  %s %s\n", i == 0 ? "Next: " : "      ", next[i]);
}

/* {"goods": [{"where", "field", "change", "before", "after"}], ..., "more": 0} */
static json_t *changes_json(const struct differences *d)
{
    static const char *const changes[] = {"changed", "added", "removed"};
    json_t *all = json_object();
    size_t more = 0;
    for (int part = 0; part < PART_COUNT; part++) {
        const struct difference_list *list = &d->parts[part];
        json_t *items = json_array();
        for (size_t i = 0; i < list->count; i++) {
            const struct difference *one = &list->items[i];
            (void)json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "where",
                                                         one->where, "field", one->field, "change",
                                                         changes[one->change], "before",
                                                         one->before, "after", one->after));
        }
        (void)json_object_set_new(all, difference_part_names[part], items);
        more += list->more;
    }
    (void)json_object_set_new(all, "more", json_integer((json_int_t)more));
    return all;
}

static json_t *event_json(const struct why_event *e)
{
    char time[CLOCK_TEXT_MAX];
    json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s}", "at",
                             clock_format(e->at_ms, time), "kind", kind_names[e->kind], "topic",
                             e->topic, "partition", (int)e->partition, "offset",
                             (json_int_t)e->offset, "delivery", e->delivery, "outcome", e->outcome,
                             "code", e->code != PF_OK ? pf_error_info(e->code)->name : "",
                             "content", e->content, "text", e->text);
    if (json != NULL && e->changes != NULL)
        (void)json_object_set_new(json, "changes", changes_json(e->changes));
    return json;
}

void why_print_json(const struct why_order *o)
{
    char next[WHY_NEXT_MAX][700];
    const struct key_view *s = &o->redis;
    json_t *events = json_array(), *steps = json_array();
    for (size_t i = 0; i < o->event_count; i++)
        (void)json_array_append_new(events, event_json(&o->events[i]));
    for (size_t i = 0, count = why_next(o, next); i < count; i++)
        (void)json_array_append_new(steps, json_string(next[i]));
    json_t *redis =
        !s->is_asked
            ? json_null()
            : json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:s, s:I, s:I}", "state", state_words(s),
                        "code", s->code, "delivery", s->delivery, "at_ms", (json_int_t)s->at_ms,
                        "content", s->content, "unanswered_sends", (json_int_t)s->unanswered,
                        "senders", s->senders, "in_retry", (json_int_t)s->deferred, "lease_left_ms",
                        (json_int_t)(s->lease_left_ms > 0 ? s->lease_left_ms : 0));
    json_t *order =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:{s:s, s:s}, s:o}", "key", o->id.natural, "topic_key",
                  o->id.kafka, o->id.is_refund ? "credit_number" : "order_number", o->id.number,
                  "events", events, "redis", redis, "prima", "answer", prima_words(&o->prima),
                  "status", o->prima.status, "next", steps);
    why_refunds_json(o, order);
    why_stock_json(o, order);
    cli_print_json(order, JSON_COMPACT);
}
