/* What every flow's records tell alike: where they stand, what a dead letter says, what a retry waits
 * for; see why.h. */
#include "core/flow_topics.h"
#include "core/why.h"

#include "kafka/headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 10000 };

static const char *header_get(const struct kafka_record *record, const char *name,
                              char text[static 200])
{
    text[0] = '\0';
    (void)kafka_header_text(record, name, text, 200);
    return text;
}

void why_event_dead(struct why_event *e, const struct kafka_record *record)
{
    char code[200], owner[200], delivery[200], count[200];
    const char *name = header_get(record, HEADER_CODE, code);
    e->code = pf_error_find(name);
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s",
                   header_get(record, HEADER_DELIVERY, delivery));
    (void)snprintf(e->text, sizeof e->text, "dead letter: %s, owner %s%s%s",
                   name[0] != '\0' ? name : "no code", header_get(record, HEADER_OWNER, owner),
                   header_get(record, HEADER_REPLAY_COUNT, count)[0] != '\0'
                       ? ", redriven or replayed before: "
                       : "",
                   count);
}

void why_event_waits(struct why_event *e, const struct kafka_record *record)
{
    char reason[200], attempts[200], delivery[200];
    (void)snprintf(e->delivery, sizeof e->delivery, "%.150s",
                   header_get(record, HEADER_DELIVERY, delivery));
    const char *name = header_get(record, HEADER_RETRY_REASON, reason);
    e->code = pf_error_find(name);
    (void)snprintf(e->text, sizeof e->text, "waits: %s, attempt %s", name,
                   header_get(record, HEADER_ATTEMPTS, attempts));
}

struct why_event *why_event_add(struct why_order *order, enum why_kind kind,
                                const struct kafka_record *record)
{
    if (order->event_count == EVENTS_MAX)
        return NULL;
    if (order->event_count % 64 == 0) {
        struct why_event *more = realloc(order->events, (order->event_count + 64) * sizeof *more);
        if (more == NULL)
            return NULL;
        order->events = more;
    }
    struct why_event *e = &order->events[order->event_count++];
    *e = (struct why_event){.at_ms = record->timestamp_ms,
                            .partition = record->partition,
                            .offset = record->offset,
                            .kind = kind};
    (void)snprintf(e->topic, sizeof e->topic, "%s", record->topic);
    return e;
}

enum why_kind why_kind_of(const struct flow *flow, const char *topic)
{
    static const enum why_kind kinds[] = {
        [TOPIC_INPUT] = WHY_INPUT,     [TOPIC_DEAD_LETTERS] = WHY_DEAD, [TOPIC_RETRY] = WHY_WAITS,
        [TOPIC_REPLAY] = WHY_REPLAYED, [TOPIC_RESULTS] = WHY_RESULT,    [TOPIC_LEDGER] = WHY_LEDGER,
    };
    enum topic_role role;
    return flow_topic_role(flow, topic, &role) ? kinds[role] : WHY_INPUT;
}

static int event_compare(const void *a_, const void *b_)
{
    const struct why_event *a = a_, *b = b_;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void why_events_sort(struct why_order *order)
{
    if (order->event_count > 0)
        qsort(order->events, order->event_count, sizeof *order->events, event_compare);
}
