/* Where a partition is begun to be read; see start.h. */
#include "stream/start.h"

#include <stdio.h>

#include "kafka/kafka.h"

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The offset lies before what the topic still has. What the group had read further than that before
 * its offset was set back is not missing. */
static struct start behind_the_beginning(const struct start_facts *f)
{
    const int64_t missing = f->low - greater(f->committed, f->remembered);
    if (missing <= 0)
        return (struct start){.kind = START_AGAIN,
                              .offset = f->low,
                              .ground = f->remembered < f->high ? f->remembered : f->high};
    /* All that is written to our own topics is written in transactions, and behind the last record
     * is the mark of its transaction. When retention has taken all there was, a single offset that
     * is missing is that mark. */
    if (!f->is_input && missing == 1 && f->low == f->high)
        return (struct start){.kind = START_PASSES_MARKER, .offset = f->low};
    return (struct start){.kind = START_DELETED,
                          .offset = f->is_input ? -1 : f->low,
                          .missing = missing,
                          .asks = f->is_input};
}

static struct start without_an_offset(const struct start_facts *f)
{
    /* What another group has ended, before worker.group was renamed, gets no second end. */
    const int64_t others = f->has_endings ? f->high : 0;
    if (f->remembered >= 0 && f->remembered != f->noted)
        return (struct start){.kind = START_VANISHED,
                              .offset = f->is_input ? -1 : f->low,
                              .ground = f->high,
                              .asks = f->is_input};
    if (!f->is_input)
        return (struct start){.kind = f->lived ? START_NEW : START_FIRST,
                              .offset = f->low,
                              .ground = f->lived ? f->high : others};
    if (f->noted >= 0)
        return (struct start){
            .kind = START_NOTED, .offset = greater(f->noted, f->low), .ground = others};
    if (f->is_begun || f->has_siblings)
        return (struct start){.kind = START_NEW, .offset = f->low};
    if (f->lived)
        return (struct start){
            .kind = START_VANISHED, .offset = -1, .ground = f->high, .asks = true};
    return (struct start){.kind = START_FIRST, .offset = -1, .ground = others};
}

struct start start_decide(const struct start_facts *f)
{
    if (f->committed < 0)
        return without_an_offset(f);
    if (f->committed < f->low)
        return behind_the_beginning(f);
    if (f->committed > f->high)
        return (struct start){.kind = START_BEYOND,
                              .offset = f->is_input ? -1 : f->low,
                              .ground = f->high,
                              .asks = f->is_input};
    const int64_t before = greater(f->remembered, f->ground);
    if (before > f->committed) /* beyond the end: of a topic that was made anew since */
        return (struct start){.kind = START_AGAIN,
                              .offset = f->committed,
                              .ground = before < f->high ? before : f->high};
    return (struct start){.kind = START_GOES_ON, .offset = f->committed};
}

int64_t start_answer(const struct start *start, const struct start_facts *f, int64_t answer)
{
    int64_t offset = f->low;
    if (answer >= 0)
        return -1;
    if (answer == KAFKA_START_END)
        offset = f->high;
    else if (answer == START_REMEMBERED && start->kind != START_DELETED)
        offset = greater(f->remembered, f->low);
    return offset < f->high ? offset : f->high;
}

const char *start_describe(const struct start *start, const struct start_facts *f,
                           const char *topic, int32_t partition, char *text, size_t room)
{
    const long long committed = f->committed, low = f->low, high = f->high,
                    remembered = f->remembered;
    switch (start->kind) {
    case START_VANISHED:
        if (remembered < 0)
            (void)snprintf(text, room,
                           "%.150s/%d: the group's offset is gone, and no record of it exists",
                           topic, partition);
        else
            (void)snprintf(text, room,
                           "%.150s/%d: the group's offset is gone; it was at least %lld", topic,
                           partition, remembered);
        break;
    case START_DELETED:
        (void)snprintf(text, room,
                       "%.150s/%d: the group has read up to %lld, and the topic begins at %lld "
                       "now: %lld offsets are missing",
                       topic, partition, low - (long long)start->missing, low,
                       (long long)start->missing);
        break;
    case START_BEYOND:
        (void)snprintf(text, room,
                       "%.150s/%d: the group's offset is %lld, and the topic ends at %lld: it was "
                       "recreated, or its end was lost",
                       topic, partition, committed, high);
        break;
    case START_AGAIN:
        (void)snprintf(text, room,
                       "%.150s/%d: the group's offset is %lld, and records below %lld may have "
                       "been read before",
                       topic, partition, committed, (long long)start->ground);
        break;
    case START_PASSES_MARKER:
        (void)snprintf(text, room,
                       "%.150s/%d: what was deleted behind %lld is the mark of a transaction",
                       topic, partition, committed);
        break;
    default:
        (void)snprintf(text, room, "%.150s/%d", topic, partition);
        break;
    }
    return text;
}
